"""What the first page asks of a published generation: how sources stand in short, how old readings are, what comes.

All of it is counted at publication or found by an index: the first page is the one that everybody opens.
"""

import sqlite3
from collections.abc import Sequence

import msgspec

from kb.store.pages import LISTED_COLUMNS, RULE_CHANGE, Listed, name_columns


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A source in short: whose rules, when it was read last ("" if never), how often it should be, may we read it."""

    source: str
    jurisdiction: str
    cadence: str
    crawl_state: str
    since: str
    last_checked: str
    suspects: int


class Coverage(msgspec.Struct, frozen=True):
    """What is watched of a jurisdiction: "watched", "declared" (never read yet) or "not_watched", and how much."""

    jurisdiction: str
    kind: str
    state: str
    sources: int
    documents: int


class Release(msgspec.Struct, frozen=True):
    """A generation with the head of the archive's log at that time: its id, leaves, and root in hexadecimal digits."""

    generation: int
    published_at: str
    log_id: str
    log_size: int
    tree_head: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure; ``low`` and ``high`` bound a share of counted cases at 95 %, None for anything else."""

    corpus: str
    measure: str
    value: float
    cases: int
    low: float | None
    high: float | None
    asked: str
    code: str


class Correction(msgspec.Struct, frozen=True):
    """Something that was published wrong, and what is right."""

    published_at: str
    subject: str
    message: str


def list_standings(db: sqlite3.Connection) -> list[Standing]:
    """Return every source in short, by id."""
    rows = db.execute(
        """
        SELECT source, jurisdiction, cadence, crawl_state, since, last_checked, open_suspects AS suspects FROM sources
        ORDER BY source
        """
    )
    return [Standing(**row) for row in name_columns(rows)]


def count_sources(db: sqlite3.Connection) -> dict[str, int]:
    """Count the sources of each jurisdiction that has any."""
    return dict(db.execute("""SELECT jurisdiction, COUNT(*) FROM sources GROUP BY 1 ORDER BY 1""").fetchall())


def read_coverage(db: sqlite3.Connection) -> list[Coverage]:
    """Return what is watched of every jurisdiction, by id."""
    rows = db.execute(
        """
        SELECT coverage.jurisdiction, jurisdictions.kind, state, sources, documents FROM coverage
        JOIN jurisdictions USING (jurisdiction)
        ORDER BY coverage.jurisdiction
        """
    )
    return [Coverage(*row) for row in rows]


def count_ages(db: sqlite3.Connection) -> dict[str, int]:
    """Count the documents that stand by the day on which they were last read."""
    return dict(db.execute("""SELECT day, SUM(documents) FROM freshness GROUP BY day ORDER BY day""").fetchall())


def count_months(db: sqlite3.Connection, source: str = "", jurisdiction: str = "") -> dict[str, int]:
    """Count rule changes by the month in which they were first seen ("2024-07"), of a source, a place or of all."""
    rows = db.execute(
        """
        SELECT SUBSTR(day, 1, 7), SUM(rule_changes) FROM daily_counts
        WHERE :source IN ('', source) AND :jurisdiction IN ('', jurisdiction)
        GROUP BY 1 ORDER BY 1
        """,
        {"source": source, "jurisdiction": jurisdiction},
    )
    return dict(rows.fetchall())


def count_moved(db: sqlite3.Connection, since: str) -> dict[str, int]:
    """Count the rule changes first seen since a day, by jurisdiction; those without any are left out."""
    rows = db.execute(
        """
        SELECT jurisdiction, SUM(rule_changes) FROM daily_counts
        WHERE day >= :since GROUP BY jurisdiction HAVING SUM(rule_changes) > 0 ORDER BY jurisdiction
        """,
        {"since": since},
    )
    return dict(rows.fetchall())


def find_moves(db: sqlite3.Connection, since: str) -> tuple[int, str, str]:
    """Return how many rule changes were first seen since a day, the first day of them, and the last day of all."""
    row = db.execute(
        """
        SELECT COALESCE(SUM(rule_changes) FILTER (WHERE day >= :since), 0),
            COALESCE(MIN(day) FILTER (WHERE day >= :since), ''), COALESCE(MAX(day), '')
        FROM daily_counts WHERE rule_changes > 0
        """,
        {"since": since},
    ).fetchone()
    return int(row[0]), str(row[1]), str(row[2])


def list_coming(db: sqlite3.Connection, today: str, limit: int) -> list[Listed]:
    """Return rule changes that apply from a later day on, the nearest first."""
    rows = db.execute(
        f"""
        SELECT {LISTED_COLUMNS} FROM changes
        WHERE effective_on > :today AND {RULE_CHANGE}
        ORDER BY effective_on, document, place
        LIMIT :limit
        """,
        {"today": today, "limit": limit},
    )
    return [msgspec.convert(dict(row), Listed) for row in rows]


def read_release(db: sqlite3.Connection) -> Release:
    """Return what the generation at hand is."""
    row = db.execute(
        """
        SELECT generation, published_at, log_id, log_size, tree_head FROM releases
        ORDER BY generation DESC LIMIT 1
        """
    ).fetchone()
    return Release(*row)


def list_measured(db: sqlite3.Connection) -> list[Measured]:
    """Return every measured figure, set by set, in the order in which they were measured."""
    rows = db.execute(
        """
        SELECT corpus, measure, value, cases, low, high, asked, code FROM quality
        ORDER BY rowid
        """
    )
    return [Measured(**dict(row)) for row in rows]


def list_corrections(db: sqlite3.Connection) -> list[Correction]:
    """Return what was published wrong and has been put right, the latest first."""
    rows = db.execute("""SELECT published_at, subject, message FROM corrections ORDER BY published_at DESC, subject""")
    return [Correction(*row) for row in rows]


def count_covered(coverage: Sequence[Coverage]) -> tuple[int, int]:
    """Count the jurisdictions watched, and all there are to watch; the invented one is neither."""
    real = [one for one in coverage if one.kind != "invented"]
    return sum(one.state == "watched" for one in real), len(real)
