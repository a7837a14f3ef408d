"""What is asked of the databases: read-only questions, each one function, answered in a fixed order.

Instants are compared without their closing Z, so that fractions of a second sort rightly.
"""

import sqlite3
from collections.abc import Collection, Iterator
from datetime import date

import msgspec

from kb.models import Act, ChangeRow, Kind, Nature, Part, Strand

CHANGE_COLUMNS = ", ".join(ChangeRow.__struct_fields__)
CHANGE_LISTS = ("signals", "topics", "professions", "see_also")
# An instant after all others, for questions that leave nothing out.
END_OF_TIME = "9999"
# Any filter left empty lets everything pass.
WHERE_CHANGES = """
    WHERE RTRIM(observed_at, 'Z') BETWEEN :since AND :until
        AND (:document = '' OR :document IN (document, old_document))
        AND (:jurisdictions = '[]' OR jurisdiction IN (SELECT value FROM JSON_EACH(:jurisdictions)))
        AND (:sources = '[]' OR source IN (SELECT value FROM JSON_EACH(:sources)))
        AND (:natures = '[]' OR nature IN (SELECT value FROM JSON_EACH(:natures)))
        AND (:kinds = '[]' OR kind IN (SELECT value FROM JSON_EACH(:kinds)))
        AND (:parts = '[]' OR part IN (SELECT value FROM JSON_EACH(:parts)))
        AND (:notes OR part <> 'note')
        AND (:topics = '[]' OR EXISTS (
            SELECT 1 FROM JSON_EACH(changes.topics) AS own
            WHERE own.value IN (SELECT value FROM JSON_EACH(:topics)))
            OR (id || ' ' || source) IN (SELECT value FROM JSON_EACH(:on_topic)))
        AND (:only IS NULL OR (id || ' ' || source) IN (SELECT value FROM JSON_EACH(:only)))
"""
# So many names are compared with one that is not found: as many as a page has time for.
MOST_NAMED = 2_000
# A citation without what typists leave out or print in several ways: "D.C. Code § 1–2" and "D.C. CODE 1-2" are alike.
FOLDED_CITATION = "REPLACE(REPLACE(REPLACE(REPLACE(LOWER(citation), '–', '-'), '‑', '-'), '§', ''), ' ', '')"

# What stands behind the last slash of a document's id: its number. A generation has an index of it, and of the above.
LAST_NUMBER = "SUBSTR(document, LENGTH(RTRIM(document, REPLACE(document, '/', ''))) + 1)"

# The latest good reading of a location: while the document stood there, as far as waves were known.
LOCATION_SEEN = """
    SELECT MAX(RTRIM(seen.observed_at, 'Z')) || 'Z' FROM verdicts AS seen
    WHERE seen.source = locations.source AND seen.url = locations.url
        AND seen.verdict IN ('version', 'same')
        AND RTRIM(seen.wave_at, 'Z') <= :cut
        AND RTRIM(seen.observed_at, 'Z') >= RTRIM(locations.first_seen, 'Z')
        AND (locations.gone_at IS NULL OR RTRIM(locations.gone_wave, 'Z') > :cut
            OR RTRIM(seen.observed_at, 'Z') < RTRIM(locations.gone_at, 'Z'))
"""
# The latest good reading of any of its URLs while the version was shown.
VERSION_SEEN = """
    SELECT MAX(RTRIM(seen.observed_at, 'Z')) || 'Z' FROM locations
    CROSS JOIN verdicts AS seen ON seen.source = locations.source AND seen.url = locations.url
    WHERE locations.document = versions.document AND locations.strand = versions.strand
        AND locations.source = versions.source
        AND seen.verdict IN ('version', 'same')
        AND RTRIM(locations.wave_at, 'Z') <= :cut
        AND RTRIM(seen.wave_at, 'Z') <= :cut
        AND RTRIM(seen.observed_at, 'Z') >= RTRIM(locations.first_seen, 'Z')
        AND (locations.gone_at IS NULL OR RTRIM(locations.gone_wave, 'Z') > :cut
            OR RTRIM(seen.observed_at, 'Z') < RTRIM(locations.gone_at, 'Z'))
        AND RTRIM(seen.observed_at, 'Z') >= RTRIM(versions.observed_from, 'Z')
        AND (versions.closed_at IS NULL OR RTRIM(versions.closed_wave, 'Z') > :cut
            OR RTRIM(seen.observed_at, 'Z') < RTRIM(versions.closed_at, 'Z'))
"""


class ChangeFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes are asked for: empty lets all pass; instants bound the first sight and are included.

    ``document`` matches the document's id now or before; ``notes`` False leaves out changes of notes; ``limit`` keeps
    the latest so many, 0 all. ``only`` names changes by (id, source), None all; those of ``on_topic`` count as on the
    topics asked for, whatever their own words say.
    """

    since: str = ""
    until: str = ""
    document: str = ""
    jurisdictions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    natures: tuple[Nature, ...] = ()
    kinds: tuple[Kind, ...] = ()
    parts: tuple[Part, ...] = ()
    notes: bool = True
    limit: int = 0
    only: frozenset[tuple[str, str]] | None = None
    on_topic: frozenset[tuple[str, str]] = frozenset()


class Tally(msgspec.Struct, frozen=True):
    """How many changes there are of one nature and part."""

    nature: Nature
    part: Part
    count: int


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """A source as it was watched: its declaration in short, first and last good reading ("" if none), its sizes."""

    source: str
    jurisdiction: str
    title: str
    platform: str
    cadence: str
    since: str
    last_checked: str
    waves: int
    documents: int


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One version without its text; ``closed_at`` and ``closed_wave`` are None while it is shown."""

    version: str
    document: str
    strand: Strand
    source: str
    citation: str
    heading: str
    url: str
    sha256: str
    valid_from: date | None
    valid_to: date | None
    valid_basis: str
    acts: tuple[Act, ...]
    observed_from: str
    wave_at: str
    closed_at: str | None
    closed_wave: str | None


class Named(msgspec.Struct, frozen=True):
    """A document and its citation as printed."""

    document: str
    citation: str


class Standing(msgspec.Struct, frozen=True):
    """A URL on which a strand stood: since when, last seen there, and since when no longer (None: it stands)."""

    url: str
    first_seen: str
    last_seen: str
    gone_at: str | None


class Lead(msgspec.Struct, frozen=True):
    """Where an old number leads: document and eid before and after, since when, and the wave that told it."""

    old_document: str
    old_eid: str
    document: str
    eid: str
    since: str
    wave_at: str


class OpenSuspect(msgspec.Struct, frozen=True):
    """A page whose latest answer is not to be trusted: since when, and why."""

    source: str
    url: str
    observed_at: str
    reasons: tuple[str, ...]


class ProblemCount(msgspec.Struct, frozen=True):
    """How often a problem happened in a source, when last, and its latest message."""

    source: str
    code: str
    count: int
    last_at: str
    message: str


# --- changes


def read_changes(db: sqlite3.Connection, wanted: ChangeFilter) -> Iterator[ChangeRow]:
    """Yield the changes asked for by (first sight, source, document, place in the document)."""
    rows = db.execute(
        f"""
        SELECT {CHANGE_COLUMNS} FROM (
            SELECT *, RTRIM(observed_at, 'Z') AS instant FROM changes {WHERE_CHANGES}
            ORDER BY instant DESC, source DESC, document DESC, wave_at DESC, place DESC
            LIMIT :limit
        )
        ORDER BY instant, source, document, wave_at, place
        """,
        _bind_filter(wanted),
    )
    for row in rows:
        lists = {name: msgspec.json.decode(row[name]) for name in CHANGE_LISTS}
        yield msgspec.convert({**dict(row), **lists}, ChangeRow)


def tally_changes(db: sqlite3.Connection, wanted: ChangeFilter) -> list[Tally]:
    """Count the changes asked for by nature and part, whatever the limit."""
    rows = db.execute(
        f"""
        SELECT nature, part, COUNT(*) FROM changes {WHERE_CHANGES}
        GROUP BY nature, part
        ORDER BY nature, part
        """,
        _bind_filter(wanted),
    )
    return [Tally(*row) for row in rows]


def _bind_filter(wanted: ChangeFilter) -> dict[str, object]:
    lists = ("jurisdictions", "sources", "topics", "natures", "kinds", "parts")
    return {
        **{name: msgspec.json.encode(getattr(wanted, name)).decode() for name in lists},
        "since": wanted.since.rstrip("Z"),
        "until": wanted.until.rstrip("Z") or END_OF_TIME,
        "document": wanted.document,
        "notes": wanted.notes,
        "limit": wanted.limit or -1,
        "on_topic": _spell_keys(wanted.on_topic),
        "only": None if wanted.only is None else _spell_keys(wanted.only),
    }


def _spell_keys(keys: Collection[tuple[str, str]]) -> str:
    return msgspec.json.encode(sorted(" ".join(key) for key in keys)).decode()


# --- sources


def read_watches(db: sqlite3.Connection) -> list[Watch]:
    """Return every source built, by id, with the first and last page of it that could be read."""
    rows = db.execute(
        """
        SELECT sources.source, jurisdiction, title, platform,
            COALESCE(JSON_EXTRACT(body, '$.cadence'), 'weekly') AS cadence,
            COALESCE(good.since, '') AS since, COALESCE(good.until, '') AS last_checked,
            (SELECT COUNT(*) FROM waves WHERE waves.source = sources.source) AS waves,
            (SELECT COUNT(DISTINCT document) FROM documents WHERE documents.source = sources.source) AS documents
        FROM sources
        LEFT JOIN (
            SELECT source, MIN(observed_at) AS since, MAX(observed_at) AS until FROM verdicts
            WHERE verdict IN ('version', 'same') GROUP BY source
        ) AS good ON good.source = sources.source
        ORDER BY sources.source
        """
    )
    return [Watch(**dict(row)) for row in rows]


def read_open_suspects(db: sqlite3.Connection) -> list[OpenSuspect]:
    """Return the pages whose latest verdict is ``suspect``, by (source, URL)."""
    rows = db.execute(
        """
        SELECT source, url, observed_at, reasons FROM (
            SELECT *, ROW_NUMBER() OVER (
                PARTITION BY source, url ORDER BY RTRIM(observed_at, 'Z') DESC, wave_at DESC, verdict
            ) AS age FROM verdicts
        )
        WHERE age = 1 AND verdict = 'suspect'
        ORDER BY source, url
        """
    )
    return [
        OpenSuspect(
            row["source"], row["url"], row["observed_at"], msgspec.json.decode(row["reasons"], type=tuple[str, ...])
        )
        for row in rows
    ]


def count_problems(db: sqlite3.Connection) -> list[ProblemCount]:
    """Count the problems of each source by code, with the latest message of each."""
    rows = db.execute(
        """
        SELECT source, code, COUNT(*), MAX(observed_at), message FROM problems
        GROUP BY source, code
        ORDER BY source, code
        """
    )
    return [ProblemCount(*row) for row in rows]


def check_integrity(db: sqlite3.Connection) -> list[str]:
    """Let SQLite check a database file; returns what it found wrong, nothing for a sound one."""
    try:
        found = [str(row[0]) for row in db.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        return [str(error)]
    return [] if found == ["ok"] else found


def list_snapshots(db: sqlite3.Connection) -> list[str]:
    """Return the hashes of all snapshots of an archive that have bytes, in order."""
    return [row[0] for row in db.execute("SELECT sha256 FROM snapshots WHERE body IS NOT NULL ORDER BY sha256")]


# --- documents


def find_named(db: sqlite3.Connection, name: str) -> list[Named]:
    """Find documents by their id, whatever its case, or by their citation as printed, but for spaces, case and "§"."""
    rows = db.execute(
        f"""
        SELECT document, citation FROM documents WHERE document = LOWER(:name)
        UNION
        SELECT document, citation FROM documents
        WHERE {FOLDED_CITATION} = {FOLDED_CITATION.replace("citation", ":name")}
        ORDER BY document
        """,
        {"name": name},
    )
    return [Named(*row) for row in rows]


def find_numbered(db: sqlite3.Connection, numbers: Collection[str]) -> list[Named]:
    """Find documents whose id ends in one of these numbers ("48-902.08")."""
    rows = db.execute(
        f"""
        SELECT DISTINCT document, citation FROM JSON_EACH(:numbers) AS wanted
        CROSS JOIN documents ON {LAST_NUMBER} = LOWER(wanted.value)
        ORDER BY document
        """,
        {"numbers": msgspec.json.encode(list(numbers)).decode()},
    )
    return [Named(*row) for row in rows]


def find_standing(db: sqlite3.Connection, urls: Collection[str]) -> list[Named]:
    """Find the documents that stand or stood on one of these URLs."""
    rows = db.execute(
        """
        SELECT DISTINCT documents.document, documents.citation FROM locations
        JOIN documents ON documents.document = locations.document
        WHERE url IN (SELECT value FROM JSON_EACH(:urls))
        ORDER BY documents.document
        """,
        {"urls": msgspec.json.encode(list(urls)).decode()},
    )
    return [Named(*row) for row in rows]


def list_named(db: sqlite3.Connection, home: str = "", digits: str = "") -> list[Named]:
    """Return documents by id, MOST_NAMED at most: those whose id begins so ("us-tx/") and holds these digits."""
    rows = db.execute(
        """
        SELECT document, MIN(citation) FROM documents
        WHERE document >= :home AND (:home = '' OR document < SUBSTR(:home, 1, LENGTH(:home) - 1) || '0')
            AND (:digits = '' OR INSTR(document, :digits))
        GROUP BY document ORDER BY document
        LIMIT :most
        """,
        {"home": home, "digits": digits, "most": MOST_NAMED},
    )
    return [Named(*row) for row in rows]


def list_urls(db: sqlite3.Connection) -> list[str]:
    """Return all URLs on which documents stand or stood, in order."""
    return [row[0] for row in db.execute("SELECT DISTINCT url FROM locations ORDER BY url")]


def read_version_rows(db: sqlite3.Connection, document: str) -> list[VersionRow]:
    """Return the versions of all strands of a document, by first sight."""
    rows = db.execute(
        f"""
        SELECT {", ".join(VersionRow.__struct_fields__)} FROM versions
        WHERE document = :document
        ORDER BY RTRIM(observed_from, 'Z'), valid_from, version
        """,
        {"document": document},
    )
    return [_make_version_row(row) for row in rows]


def find_version_row(db: sqlite3.Connection, version: str) -> VersionRow | None:
    """Return one version by its id, None if there is none."""
    row = db.execute(
        f"""SELECT {", ".join(VersionRow.__struct_fields__)} FROM versions WHERE version = :version""",
        {"version": version},
    ).fetchone()
    return None if row is None else _make_version_row(row)


def _make_version_row(row: sqlite3.Row) -> VersionRow:
    return msgspec.convert({**dict(row), "acts": msgspec.json.decode(row["acts"])}, VersionRow)


def read_standings(db: sqlite3.Connection, version: VersionRow, known_at: str) -> list[Standing]:
    """Return the URLs of a version's strand in its source, the latest last, as known at an instant."""
    rows = db.execute(
        f"""
        SELECT url, first_seen,
            COALESCE(({LOCATION_SEEN}), first_seen) AS last_seen,
            CASE WHEN RTRIM(gone_wave, 'Z') <= :cut THEN gone_at END AS gone_at
        FROM locations
        WHERE document = :document AND strand = :strand AND source = :source AND RTRIM(wave_at, 'Z') <= :cut
        ORDER BY first_seen, url
        """,
        {
            "document": version.document,
            "strand": version.strand,
            "source": version.source,
            "cut": known_at.rstrip("Z"),
        },
    )
    return [Standing(*row) for row in rows]


def read_last_seen(db: sqlite3.Connection, version: VersionRow, known_at: str) -> str:
    """Return when a version was last read on one of its URLs while it was shown, as known at an instant."""
    row = db.execute(
        f"""SELECT COALESCE(({VERSION_SEEN}), observed_from) FROM versions WHERE version = :version""",
        {"version": version.version, "cut": known_at.rstrip("Z")},
    ).fetchone()
    return str(row[0])


def read_leads(db: sqlite3.Connection, document: str, known_at: str) -> list[Lead]:
    """Return where a document and its provisions went when they got other numbers, the latest first."""
    rows = db.execute(
        """
        SELECT old_document, old_eid, document, eid, since, wave_at FROM crosswalk
        WHERE old_document = :document AND RTRIM(wave_at, 'Z') <= :cut
        ORDER BY since DESC, old_eid, document, eid
        """,
        {"document": document, "cut": known_at.rstrip("Z")},
    )
    return [Lead(*row) for row in rows]


def count_later_changes(db: sqlite3.Connection, version: VersionRow, known_at: str) -> int:
    """Count the changes of a version's strand seen after it, as known at an instant."""
    row = db.execute(
        """
        SELECT COUNT(*) FROM changes
        WHERE document = :document AND strand = :strand AND source = :source
            AND RTRIM(observed_at, 'Z') > :since AND RTRIM(wave_at, 'Z') <= :cut
        """,
        {
            "document": version.document,
            "strand": version.strand,
            "source": version.source,
            "since": version.observed_from.rstrip("Z"),
            "cut": known_at.rstrip("Z"),
        },
    ).fetchone()
    return int(row[0])
