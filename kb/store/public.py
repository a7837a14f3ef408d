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
from kb.store.queries import END_OF_TIME, check_integrity

Row = Mapping[str, object]

# Every table of the contract stands here, those without rows yet too: a page and a query may count on them.
SCHEMA = """
    CREATE TABLE jurisdictions (
        jurisdiction TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, tile_row INTEGER NOT NULL,
        tile_col INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE authorities (
        authority TEXT PRIMARY KEY, jurisdiction TEXT NOT NULL REFERENCES jurisdictions (jurisdiction),
        name TEXT NOT NULL, kind TEXT NOT NULL, url TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sources (
        source TEXT PRIMARY KEY, jurisdiction TEXT NOT NULL REFERENCES jurisdictions (jurisdiction),
        authority TEXT REFERENCES authorities (authority), title TEXT NOT NULL, platform TEXT NOT NULL,
        url TEXT NOT NULL, binding TEXT NOT NULL, topics TEXT NOT NULL, cadence TEXT NOT NULL, publish TEXT NOT NULL,
        replica INTEGER NOT NULL, crawl_state TEXT NOT NULL, crawl_reason TEXT NOT NULL, since TEXT NOT NULL,
        last_checked TEXT NOT NULL, waves INTEGER NOT NULL, documents INTEGER NOT NULL,
        changes INTEGER NOT NULL DEFAULT 0, rule_changes INTEGER NOT NULL DEFAULT 0,
        open_suspects INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE coverage (
        jurisdiction TEXT PRIMARY KEY REFERENCES jurisdictions (jurisdiction), state TEXT NOT NULL,
        sources INTEGER NOT NULL, documents INTEGER NOT NULL, changes INTEGER NOT NULL, rule_changes INTEGER NOT NULL,
        since TEXT NOT NULL, last_checked TEXT NOT NULL
    ) STRICT;
    CREATE TABLE runs (
        run TEXT PRIMARY KEY, kind TEXT NOT NULL, started_at TEXT NOT NULL, closed_at TEXT, note TEXT NOT NULL,
        fetches INTEGER NOT NULL, failures INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE snapshots (
        sha256 TEXT PRIMARY KEY, size INTEGER NOT NULL, media_type TEXT NOT NULL, first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL, fetches INTEGER NOT NULL, taken_down INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE fetches (
        seq INTEGER PRIMARY KEY, run TEXT NOT NULL REFERENCES runs (run), source TEXT NOT NULL, url TEXT NOT NULL,
        observed_at TEXT NOT NULL, status INTEGER NOT NULL, outcome TEXT NOT NULL, media_type TEXT NOT NULL,
        size INTEGER NOT NULL, sha256 TEXT REFERENCES snapshots (sha256), verdict TEXT NOT NULL,
        reasons TEXT NOT NULL, is_last INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE documents (
        document TEXT NOT NULL, strand TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        jurisdiction TEXT NOT NULL, citation TEXT NOT NULL, heading TEXT NOT NULL DEFAULT '', binding TEXT NOT NULL,
        watched_since TEXT NOT NULL, last_seen TEXT NOT NULL DEFAULT '', baseline INTEGER NOT NULL,
        standing INTEGER NOT NULL DEFAULT 0, versions INTEGER NOT NULL DEFAULT 0,
        changes INTEGER NOT NULL DEFAULT 0, wave_at TEXT NOT NULL, PRIMARY KEY (document, strand, source)
    ) STRICT;
    CREATE TABLE locations (
        document TEXT NOT NULL, strand TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        url TEXT NOT NULL, first_seen TEXT NOT NULL, last_seen TEXT NOT NULL, wave_at TEXT NOT NULL, gone_at TEXT,
        gone_wave TEXT, PRIMARY KEY (document, strand, source, url, first_seen, wave_at)
    ) STRICT;
    CREATE TABLE versions (
        version TEXT PRIMARY KEY, document TEXT NOT NULL, strand TEXT NOT NULL,
        source TEXT NOT NULL REFERENCES sources (source), citation TEXT NOT NULL, heading TEXT NOT NULL,
        url TEXT NOT NULL, sha256 TEXT NOT NULL, text_hash TEXT NOT NULL, valid_from TEXT, valid_to TEXT,
        valid_basis TEXT NOT NULL, acts TEXT NOT NULL, observed_from TEXT NOT NULL, last_seen TEXT NOT NULL,
        wave_at TEXT NOT NULL, closed_at TEXT, closed_wave TEXT
    ) STRICT;
    CREATE TABLE provisions (
        version TEXT NOT NULL REFERENCES versions (version), place INTEGER NOT NULL, eid TEXT NOT NULL,
        number TEXT NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL, note TEXT NOT NULL, pending TEXT NOT NULL,
        sha256 TEXT NOT NULL, cut INTEGER NOT NULL, PRIMARY KEY (version, place)
    ) STRICT;
    CREATE TABLE events (
        id TEXT PRIMARY KEY, source TEXT NOT NULL REFERENCES sources (source), wave_at TEXT NOT NULL,
        kind TEXT NOT NULL, title TEXT NOT NULL, pages INTEGER NOT NULL, changes INTEGER NOT NULL,
        rule_changes INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE TABLE changes (
        id TEXT NOT NULL, event_id TEXT NOT NULL REFERENCES events (id), event_kind TEXT NOT NULL, kind TEXT NOT NULL,
        part TEXT NOT NULL, nature TEXT NOT NULL, signals TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
        jurisdiction TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source), strand TEXT NOT NULL,
        document TEXT NOT NULL, old_document TEXT, citation TEXT NOT NULL, old_citation TEXT, url TEXT NOT NULL,
        old_url TEXT, eid TEXT, old_eid TEXT, old_number TEXT NOT NULL, new_number TEXT NOT NULL,
        heading TEXT NOT NULL, old_text TEXT NOT NULL, new_text TEXT NOT NULL, topics TEXT NOT NULL,
        professions TEXT NOT NULL, binding TEXT NOT NULL, observed_at TEXT NOT NULL, confirmed_at TEXT NOT NULL,
        effective_on TEXT, cause TEXT NOT NULL, see_also TEXT NOT NULL, wave_at TEXT NOT NULL, place INTEGER NOT NULL,
        old_sha256 TEXT NOT NULL, new_sha256 TEXT NOT NULL, cut INTEGER NOT NULL, PRIMARY KEY (id, source)
    ) STRICT;
    CREATE TABLE redlines (
        change TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source), html TEXT NOT NULL,
        PRIMARY KEY (change, source)
    ) STRICT;
    CREATE TABLE citations (
        version TEXT NOT NULL REFERENCES versions (version), place INTEGER NOT NULL, eid TEXT NOT NULL,
        text TEXT NOT NULL, work TEXT NOT NULL, number TEXT NOT NULL, target_eid TEXT NOT NULL,
        PRIMARY KEY (version, place)
    ) STRICT;
    CREATE TABLE crosswalk (
        old_document TEXT NOT NULL, old_eid TEXT NOT NULL, document TEXT NOT NULL, eid TEXT NOT NULL,
        since TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source), wave_at TEXT NOT NULL,
        change TEXT NOT NULL
    ) STRICT;
    CREATE TABLE questions (question TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE facts (fact TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE fact_history (fact TEXT NOT NULL, wave_at TEXT NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE incidents (
        source TEXT NOT NULL REFERENCES sources (source), url TEXT NOT NULL, observed_at TEXT NOT NULL,
        wave_at TEXT NOT NULL, status INTEGER NOT NULL, sha256 TEXT, reasons TEXT NOT NULL, resolved_at TEXT
    ) STRICT;
    CREATE TABLE problems (
        source TEXT NOT NULL REFERENCES sources (source), url TEXT NOT NULL, observed_at TEXT NOT NULL,
        wave_at TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL
    ) STRICT;
    CREATE TABLE learned (source TEXT NOT NULL, text TEXT NOT NULL, since TEXT NOT NULL, reason TEXT NOT NULL) STRICT;
    CREATE TABLE quality (
        corpus TEXT NOT NULL, measure TEXT NOT NULL, value REAL NOT NULL, cases INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE releases (
        generation INTEGER PRIMARY KEY, published_at TEXT NOT NULL, log_id TEXT NOT NULL, log_size INTEGER NOT NULL,
        tree_head TEXT NOT NULL
    ) STRICT;
    CREATE TABLE corrections (published_at TEXT NOT NULL, subject TEXT NOT NULL, message TEXT NOT NULL) STRICT;
    CREATE TABLE daily_counts (
        day TEXT NOT NULL, jurisdiction TEXT NOT NULL, source TEXT NOT NULL REFERENCES sources (source),
        changes INTEGER NOT NULL, rule_changes INTEGER NOT NULL, PRIMARY KEY (day, source)
    ) STRICT;
"""
# Indexes stand where a canned query or a page sorts or looks up. The full text comes last of all: it names rows by
# rowid, which compacting may alter.
FINISH = """
    CREATE INDEX sources_by_jurisdiction ON sources (jurisdiction);
    CREATE INDEX fetches_by_url ON fetches (url, observed_at);
    CREATE INDEX fetches_by_snapshot ON fetches (sha256);
    CREATE INDEX documents_by_source ON documents (source);
    CREATE INDEX documents_by_citation ON documents (citation);
    CREATE INDEX locations_by_url ON locations (url);
    CREATE INDEX versions_by_snapshot ON versions (sha256);
    CREATE INDEX changes_by_event ON changes (event_id);
    CREATE INDEX changes_by_day ON changes (observed_at);
    CREATE INDEX changes_by_jurisdiction ON changes (jurisdiction, observed_at);
    CREATE INDEX changes_by_source ON changes (source, observed_at);
    CREATE INDEX events_by_wave ON events (wave_at);
    CREATE INDEX events_by_source ON events (source, wave_at);
    CREATE INDEX citations_by_number ON citations (work, number);
    CREATE INDEX crosswalk_by_old ON crosswalk (old_document, old_eid);
    CREATE INDEX incidents_by_source ON incidents (source, observed_at);
    CREATE INDEX problems_by_source ON problems (source, observed_at);
    CREATE VIRTUAL TABLE provisions_fts USING FTS5 (
        heading, text, note, pending, content='provisions', tokenize='porter unicode61'
    );
    INSERT INTO provisions_fts (provisions_fts) VALUES ('rebuild');
    CREATE VIRTUAL TABLE changes_fts USING FTS5 (
        citation, heading, old_text, new_text, reason, content='changes', tokenize='porter unicode61'
    );
    INSERT INTO changes_fts (changes_fts) VALUES ('rebuild');
    ANALYZE;
"""
# A rule change: DESIGN.md § 5.
IS_RULE_CHANGE = "(part IN ('text', 'heading') AND nature = 'substantive')"
COUNTS = f"""
    INSERT INTO daily_counts (day, jurisdiction, source, changes, rule_changes)
        SELECT SUBSTR(observed_at, 1, 10), jurisdiction, source, COUNT(*), TOTAL({IS_RULE_CHANGE})
        FROM changes GROUP BY 1, 3;
    UPDATE events SET rule_changes = (
        SELECT COUNT(*) FROM changes WHERE changes.event_id = events.id AND {IS_RULE_CHANGE});
    UPDATE sources SET
        changes = (SELECT COALESCE(SUM(changes), 0) FROM daily_counts AS own WHERE own.source = sources.source),
        rule_changes = (SELECT COALESCE(SUM(rule_changes), 0) FROM daily_counts AS own
            WHERE own.source = sources.source),
        open_suspects = (SELECT COUNT(DISTINCT url) FROM incidents AS own
            WHERE own.source = sources.source AND resolved_at IS NULL);
    INSERT INTO coverage (jurisdiction, state, sources, documents, changes, rule_changes, since, last_checked)
        SELECT jurisdictions.jurisdiction,
            CASE WHEN COUNT(source) = 0 THEN 'not_watched' WHEN MAX(last_checked) = '' THEN 'declared'
                ELSE 'watched' END,
            COUNT(source), COALESCE(SUM(documents), 0), COALESCE(SUM(changes), 0), COALESCE(SUM(rule_changes), 0),
            COALESCE(MIN(NULLIF(since, '')), ''), COALESCE(MAX(last_checked), '')
        FROM jurisdictions LEFT JOIN sources ON sources.jurisdiction = jurisdictions.jurisdiction
        GROUP BY 1 ORDER BY 1;
    CREATE INDEX versions_by_document ON versions (document, strand, observed_from);
    CREATE INDEX changes_by_document ON changes (document, strand, source);
    UPDATE documents SET
        heading = COALESCE((SELECT heading FROM versions AS own WHERE (own.document, own.strand, own.source)
            = (documents.document, documents.strand, documents.source)
            ORDER BY closed_at IS NULL DESC, RTRIM(observed_from, 'Z') DESC, version LIMIT 1), ''),
        (versions, last_seen, standing) = (
            SELECT COUNT(*), COALESCE(MAX(last_seen), ''), COALESCE(MAX(closed_at IS NULL), 0) FROM versions AS own
            WHERE (own.document, own.strand, own.source) = (documents.document, documents.strand, documents.source)),
        changes = (SELECT COUNT(*) FROM changes AS own WHERE (own.document, own.strand, own.source)
            = (documents.document, documents.strand, documents.source));
"""

# What is read from kb.db, beyond the tables of the export.
VERDICTS = """
    SELECT source, url, observed_at, sha256, status, verdict, reasons FROM (
        SELECT *, ROW_NUMBER() OVER (
            PARTITION BY source, url ORDER BY RTRIM(observed_at, 'Z') DESC, wave_at DESC, verdict
        ) AS age FROM verdicts
    )
    WHERE age = 1 OR verdict IN ('version', 'removed', 'suspect')
"""
INCIDENTS = """
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
LOG = "SELECT log_id FROM log"
# What is read from kb.db first, and from the last generation.
SOURCES = "SELECT source, body FROM sources ORDER BY source"
RELEASES = "SELECT generation, published_at, log_id, log_size, tree_head FROM releases ORDER BY generation"

# Tables that a generation may not lack rows of where kb.db has some.
CARRIED = (
    "sources", "documents", "locations", "versions", "provisions", "changes", "events", "citations", "crosswalk",
    "facts", "fact_history", "problems",
)  # fmt: skip
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
    db.executescript(SCHEMA)
    return db


def open_published(path: Path) -> sqlite3.Connection:
    """Open a generation that nobody alters any more, for reading."""
    db = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)
    db.row_factory = sqlite3.Row
    return db


def freeze(db: sqlite3.Connection) -> None:
    """See a database from now on as it is at the first question, whatever others write to it meanwhile."""
    db.execute("BEGIN")


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


def read_log_id(archive: sqlite3.Connection) -> str:
    """Return the id of the archive's log."""
    return str(archive.execute(LOG).fetchone()[0])


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
