"""What of a publication lags or is missing: citations of law that moved, and topics that sources declare."""

import sqlite3
from collections import Counter

import msgspec


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
