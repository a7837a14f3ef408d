"""A generation: the public tables, how they are filled from archive and kb.db, and what must hold before they go out.

Tables and columns are described in schemas/tables.yml. Those that kb.db has too keep their names and columns, so that
the questions of kb.store.queries about changes, documents and versions can be asked of a generation as well.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

import msgspec

from kb.models import ChangeRow
from kb.store.connection import transaction
from kb.store.dumps import QUERIES
from kb.store.public_tables import COUNTS, FINISH, FORM, SCHEMA
from kb.store.queries import END_OF_TIME, check_integrity

Row = Mapping[str, object]

# What is read from kb.db, beyond the tables of the export.
VERDICTS = """
    SELECT source, url, observed_at, sha256, status, verdict, reasons FROM (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY source, url ORDER BY RTRIM(observed_at, 'Z') DESC, wave_at DESC, verdict
        ) AS age FROM verdicts
    )
    WHERE age = 1 OR verdict IN ('version', 'removed', 'suspect')
"""
SUSPECTS = """
    SELECT source, url, observed_at, wave_at, status, sha256, reasons, (
        SELECT MIN(RTRIM(good.observed_at, 'Z')) || 'Z' FROM verdicts AS good
        WHERE good.source = bad.source AND good.url = bad.url AND good.verdict IN ('version', 'same', 'removed')
            AND RTRIM(good.observed_at, 'Z') > RTRIM(bad.observed_at, 'Z')
    ) AS resolved_at
    FROM verdicts AS bad
    WHERE verdict = 'suspect'
    ORDER BY source, url, observed_at, wave_at
"""
CHANGES = f"""
    SELECT {", ".join(ChangeRow.__struct_fields__)}, wave_at, place FROM changes
    ORDER BY RTRIM(observed_at, 'Z'), source, document, wave_at, place
"""
LEARNED = "SELECT source, text, since, reason FROM learned ORDER BY source, key"
EVENTS = (
    "SELECT id, source, wave_at, kind, title, pages, changes FROM events ORDER BY RTRIM(wave_at, 'Z'), source, kind"
)
DOCUMENTS = """
    SELECT document, strand, source, citation, MIN(watched_since) AS watched_since, MIN(baseline) AS baseline,
        MAX(wave_at) AS wave_at
    FROM documents GROUP BY document, strand, source ORDER BY document, strand, source
"""
# What is read from the archive.
RUNS = """
    SELECT runs.run, kind, started_at, closed_at, note, COUNT(seq) AS fetches,
        COALESCE(SUM(outcome NOT IN ('ok', 'not_modified', 'redirected')), 0) AS failures
    FROM runs LEFT JOIN fetches ON fetches.run = runs.run
    GROUP BY runs.run ORDER BY started_at, runs.run
"""
SNAPSHOTS = """
    SELECT snapshots.sha256, snapshots.size, COALESCE(MAX(media_type), '') AS media_type,
        COALESCE(MIN(observed_at), '') AS first_seen, COALESCE(MAX(observed_at), '') AS last_seen,
        COUNT(seq) AS fetches, body IS NULL AS taken_down
    FROM snapshots LEFT JOIN fetches ON fetches.sha256 = snapshots.sha256
    GROUP BY snapshots.sha256 ORDER BY snapshots.sha256
"""
FETCHES = """
    SELECT seq, run, source, url, observed_at, status, outcome, media_type, size, sha256 FROM fetches ORDER BY seq
"""
# What is read from kb.db first, and from the last generation.
SOURCES = "SELECT source, body FROM sources ORDER BY source"
RELEASES = "SELECT generation, published_at, log_id, log_size, tree_head FROM releases ORDER BY generation"

# Tables that a generation may not lack rows of where kb.db has some.
CARRIED = (
    "sources", "documents", "locations", "versions", "provisions", "changes", "events", "citations", "crosswalk",
    "facts", "fact_history", "problems",
)  # fmt: skip
# SQLite maps no more of a file than it was built for, 2 GB as a rule; the rest is read as before.
MOST_MAPPED = 1 << 40
# The only markup a generation holds: what kb.compare.redline makes, '<ins class="moved">', '<span class="vh">'.
REDLINE_TAG = re.compile(r'</?(?:ins|del)>|<(?:ins|del) class="moved">|<span class="vh">|</span>')


class FetchKey(msgspec.Struct, frozen=True):
    """What a verdict and a fetch have in common."""

    source: str
    url: str
    observed_at: str
    sha256: str | None
    status: int


def make_draft(path: Path) -> sqlite3.Connection:
    """Make a new, empty generation to fill; it may be lost in a crash, so nothing waits for the disk."""
    db = sqlite3.connect(path, isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute(f"PRAGMA user_version = {FORM:d}")
    db.executescript(SCHEMA)
    return db


def open_published(path: Path) -> sqlite3.Connection:
    """Open a generation that nobody alters any more, for reading."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


def has_own_form(db: sqlite3.Connection) -> bool:
    """Tell whether a generation has the tables of this version of the program, not those of another one."""
    return bool(db.execute("PRAGMA user_version").fetchone()[0] == FORM)


def freeze(db: sqlite3.Connection) -> None:
    """See a database from now on as it is at the first question, whatever others write to it meanwhile."""
    db.execute("BEGIN")


def map_file(db: sqlite3.Connection) -> None:
    """Read a published file through the system's own cache of it, shared by all connections, with no copy of a page."""
    db.execute(f"PRAGMA mmap_size = {MOST_MAPPED:d}")


def limit_heap(db: sqlite3.Connection, size: int) -> None:
    """Bound what SQLite may hold in memory, in bytes, for all connections of this process together."""
    db.execute(f"PRAGMA hard_heap_limit = {size:d}")


def read_generation(db: sqlite3.Connection) -> int:
    """Return the number a generation says it has; raises sqlite3.DatabaseError if it is none."""
    return int(db.execute("SELECT MAX(generation) FROM releases").fetchone()[0])


def insert_rows(db: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    """Write rows, keyed by column, into a table; all of them have the columns of the first."""
    each = iter(rows)
    first = next(each, None)
    if first is None:
        return
    names = tuple(first.keys())
    values = ", ".join(f":{name}" for name in names)
    with transaction(db):
        db.executemany(f"""INSERT INTO {table} ({", ".join(names)}) VALUES ({values})""", chain([first], each))


def read_rows(db: sqlite3.Connection, query: str) -> Iterator[dict[str, object]]:
    """Yield the rows of a query, each by column."""
    for row in db.execute(query):
        yield dict(row)


def read_exported(knowledge: sqlite3.Connection, table: str) -> Iterator[dict[str, object]]:
    """Yield the rows of one of the export's tables as the canonical export has them, lists as JSON."""
    for row in knowledge.execute(QUERIES[table], {"cut": END_OF_TIME}):
        yield dict(row)


def read_verdicts(knowledge: sqlite3.Connection) -> dict[FetchKey, tuple[str, str]]:
    """Return verdict and reasons of the fetches worth showing: each page's last, and all that changed something."""
    return {
        FetchKey(row["source"], row["url"], row["observed_at"], row["sha256"], row["status"]): (
            row["verdict"],
            row["reasons"],
        )
        for row in knowledge.execute(VERDICTS)
    }


def read_fetches(
    archive: sqlite3.Connection, verdicts: Mapping[FetchKey, tuple[str, str]]
) -> Iterator[dict[str, object]]:
    """Yield the fetches that have one of the verdicts, each once, and the last fetch of every page."""
    last = {
        (row["source"], row["url"]): row["seq"]
        for row in archive.execute(
            """
            SELECT source, url, seq FROM fetches
            ORDER BY RTRIM(observed_at, 'Z'), seq
            """
        )
    }
    shown: set[FetchKey] = set()
    for row in archive.execute(FETCHES):
        key = FetchKey(row["source"], row["url"], row["observed_at"], row["sha256"], row["status"])
        is_last = last[key.source, key.url] == row["seq"]
        if is_last or (key in verdicts and key not in shown):
            verdict, reasons = verdicts.get(key, ("", "[]"))
            yield {**dict(row), "verdict": verdict, "reasons": reasons, "is_last": int(is_last)}
            shown.add(key)


def read_version_sources(knowledge: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield every version with the source it was read from."""
    for row in knowledge.execute("SELECT version, source FROM versions"):
        yield row["version"], row["source"]


def read_change_texts(draft: sqlite3.Connection) -> Iterator[tuple[str, str, str, str]]:
    """Yield id, source and both texts of every change, as they go out: sources have different rights."""
    for row in draft.execute("SELECT id, source, old_text, new_text FROM changes ORDER BY id, source"):
        yield row[0], row[1], row[2], row[3]


def count_up(db: sqlite3.Connection) -> None:
    """Fill what is counted from the rows already there: days, events, sources, documents, coverage."""
    db.executescript(COUNTS)


def compact(draft: sqlite3.Connection, path: Path) -> None:
    """Write a filled draft as one compact file, then its indexes and full text."""
    draft.execute("VACUUM INTO :path", {"path": str(path)})
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(FINISH)
    finally:
        db.close()


def count_tables(db: sqlite3.Connection) -> dict[str, int]:
    """Return the rows of every public table, by name."""
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
    return {
        name: int(db.execute(f"""SELECT COUNT(*) FROM {name}""").fetchone()[0])
        for name in names
        if "_fts" not in name and not name.startswith("sqlite_")
    }


def find_faults(db: sqlite3.Connection, knowledge: sqlite3.Connection) -> list[str]:
    """Check a finished generation against kb.db; returns a sentence for every fault, nothing for a sound one."""
    faults = check_integrity(db)
    if faults:
        return faults
    broken = db.execute("PRAGMA foreign_key_check").fetchall()
    faults += [f"{row[0]} row {row[1]} names a row of {row[2]} that is not there" for row in broken[:10]]
    faults += _find_missing(db, knowledge)
    faults += _find_markup(db)
    faults += _find_withheld(db)
    return faults


def _find_missing(db: sqlite3.Connection, knowledge: sqlite3.Connection) -> Iterator[str]:
    for table in CARRIED:
        question = f"""SELECT EXISTS (SELECT 1 FROM {table})"""
        if knowledge.execute(question).fetchone()[0] > db.execute(question).fetchone()[0]:
            yield f"{table}: expected the rows of kb.db, found none"
    for table in ("changes", "provisions", "versions"):
        question = f"""SELECT COUNT(*) FROM {table}"""
        expected, found = knowledge.execute(question).fetchone()[0], db.execute(question).fetchone()[0]
        if expected != found:
            yield f"{table}: expected {expected} rows as in kb.db, found {found}"
    lost = db.execute(
        """
        SELECT COUNT(*) FROM changes
        WHERE NOT EXISTS (SELECT 1 FROM redlines WHERE change = changes.id AND redlines.source = changes.source)
        """
    ).fetchone()[0]
    if lost:
        yield f"redlines: expected one for every change, found {lost} changes without"


def _find_markup(db: sqlite3.Connection) -> Iterator[str]:
    for row in db.execute("SELECT change, html FROM redlines"):
        if "<" in REDLINE_TAG.sub("", row["html"]):
            yield f"redline of change {row['change']}: expected only marks of edits, found other markup"


def _find_withheld(db: sqlite3.Connection) -> Iterator[str]:
    rows = db.execute(
        """
        SELECT sources.source, publish, MAX(LENGTH(text), LENGTH(note), LENGTH(pending)) AS length FROM sources
        JOIN versions ON versions.source = sources.source
        JOIN provisions ON provisions.version = versions.version
        WHERE publish <> 'text'
        UNION ALL
        SELECT sources.source, publish, MAX(LENGTH(old_text), LENGTH(new_text)) FROM sources
        JOIN changes ON changes.source = sources.source
        WHERE publish <> 'text'
        """
    )
    allowed = {"quotes": 300, "none": 0}
    for row in rows:
        if row["length"] > allowed[row["publish"]]:
            limit = allowed[row["publish"]]
            yield f"{row['source']}: expected at most {limit} characters a text, found {row['length']}"
            return
