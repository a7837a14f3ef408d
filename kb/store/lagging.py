"""What a publication says beside its texts: what lags, what is not watched, what is proven, and a list of it all."""

import sqlite3
from collections import Counter

import msgspec


class Inclusion(msgspec.Struct, frozen=True, kw_only=True):
    """That a capture stands in the archive's log: its leaf, the path to the head, and the release that published it."""

    log_id: str
    seq: int
    leaf: str
    path: tuple[str, ...]
    size: int
    tree_head: str
    release: int


def read_inclusion(db: sqlite3.Connection, sha256: str, url: str) -> Inclusion | None:
    """Return the proof of a capture, None where the publication holds none."""
    row = db.execute(
        """
        SELECT proofs.*, generation, log_size, tree_head FROM proofs
        JOIN releases ON generation = (SELECT MAX(generation) FROM releases)
        WHERE sha256 = :sha256 AND url = :url
        """,
        {"sha256": sha256, "url": url},
    ).fetchone()
    if row is None:
        return None
    return Inclusion(
        log_id=row["log_id"],
        seq=row["seq"],
        leaf=row["leaf"],
        path=tuple(msgspec.json.decode(row["path"])),
        size=row["log_size"],
        tree_head=row["tree_head"],
        release=row["generation"],
    )


class Original(msgspec.Struct, frozen=True):
    """A capture of a published text: what it was said to be, when it was seen first, whether it was taken down."""

    media_type: str
    first_seen: str
    taken_down: bool


def find_original(db: sqlite3.Connection, sha256: str) -> Original | None:
    """Return a capture that a published text was read from, if its source is shown whole; None for others."""
    row = db.execute(
        """
        SELECT media_type, first_seen, taken_down FROM snapshots
        WHERE sha256 = :sha256 AND EXISTS (
            SELECT 1 FROM versions JOIN sources ON sources.source = versions.source
            WHERE versions.sha256 = :sha256 AND publish = 'text'
        ) AND NOT EXISTS (
            SELECT 1 FROM versions JOIN sources ON sources.source = versions.source
            WHERE versions.sha256 = :sha256 AND publish <> 'text'
        )
        """,
        {"sha256": sha256},
    ).fetchone()
    return None if row is None else Original(row["media_type"], row["first_seen"], bool(row["taken_down"]))


class StaleCitation(msgspec.Struct, frozen=True, kw_only=True):
    """A citation, in a text that stands, of law that moved: as its public table has it."""

    why: str
    jurisdiction: str
    source: str
    document: str
    citation: str
    binding: str
    url: str
    eid: str
    text: str
    age_on: str
    age_basis: str
    cited_document: str
    cited_eid: str
    since: str
    change: str
    now_document: str
    now_eid: str


def count_stale(db: sqlite3.Connection, jurisdiction: str) -> Counter[str]:
    """Count the citations that lag, of a jurisdiction or of all (""), by why."""
    rows = db.execute(
        """
        SELECT why, COUNT(*) FROM stale_citations WHERE :jurisdiction IN ('', jurisdiction) GROUP BY why
        """,
        {"jurisdiction": jurisdiction},
    )
    return Counter(dict(rows.fetchall()))


def list_stale(db: sqlite3.Connection, jurisdiction: str, why: str, page: tuple[int, int]) -> list[StaleCitation]:
    """Return one page (size, offset) of the citations that lag, the latest first."""
    rows = db.execute(
        f"""
        SELECT {", ".join(StaleCitation.__struct_fields__)} FROM stale_citations
        WHERE :jurisdiction IN ('', jurisdiction) AND :why IN ('', why)
        ORDER BY since DESC, document, eid, text LIMIT :size OFFSET :offset
        """,
        {"jurisdiction": jurisdiction, "why": why, "size": page[0], "offset": page[1]},
    )
    return [StaleCitation(**dict(row)) for row in rows]


def read_watched_topics(db: sqlite3.Connection) -> dict[str, set[str]]:
    """Return the jurisdictions of the sources that declare each topic."""
    rows = db.execute(
        """
        SELECT DISTINCT topic.value AS topic, jurisdiction FROM sources, JSON_EACH(sources.topics) AS topic
        """
    )
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["topic"], set()).add(row["jurisdiction"])
    return found


LISTED = """
    SELECT 1 AS rank, 'jurisdiction' AS kind, jurisdiction AS name FROM jurisdictions
    UNION ALL SELECT 2, 'question', question FROM questions
    UNION ALL SELECT 3, 'source', source FROM sources
    UNION ALL SELECT 4, 'fact', fact FROM facts WHERE superseded_on = ''
    UNION ALL SELECT DISTINCT 5, 'document', document FROM documents
"""


def count_listed(db: sqlite3.Connection) -> int:
    """Count what a list of all pages names: places, questions, sources, answers that stand, documents."""
    return int(db.execute(f"SELECT COUNT(*) FROM ({LISTED})").fetchone()[0])


def list_listed(db: sqlite3.Connection, limit: int, offset: int) -> list[tuple[str, str]]:
    """Return a part of what a list of all pages names: kind and id, always in the same order."""
    rows = db.execute(
        f"SELECT kind, name FROM ({LISTED}) ORDER BY rank, name LIMIT :limit OFFSET :offset",
        {"limit": limit, "offset": offset},
    )
    return [(row["kind"], row["name"]) for row in rows]
