"""What the current generation shows of its sources, to tell whether kb.db knows more by now."""

import sqlite3
from collections.abc import Iterable

import msgspec

from kb.store.queries import Watch

SHOWN = "SELECT source, waves, last_checked, documents FROM sources"


class Shown(msgspec.Struct, frozen=True):
    """How far a source was watched: its waves, the instant of its last good page ("": none), its documents."""

    waves: int = 0
    last_checked: str = ""
    documents: int = 0


def read_shown(published: sqlite3.Connection) -> dict[str, Shown]:
    """Return how far the sources of a generation were watched when it was published, by source id."""
    rows = published.execute(SHOWN)
    return {row["source"]: Shown(row["waves"], row["last_checked"], row["documents"]) for row in rows}


def read_change_keys(published: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return id and source of every change of a generation, whatever version of this program published it."""
    return {(row["id"], row["source"]) for row in published.execute("""SELECT id, source FROM changes""")}


def list_shown(watches: Iterable[Watch], declared: Iterable[str]) -> dict[str, Shown]:
    """Return how far the sources of kb.db are watched now, by id; declared ones that were never read are shown too."""
    known = {watch.source: Shown(watch.waves, watch.last_checked, watch.documents) for watch in watches}
    return dict.fromkeys(declared, Shown()) | known


class LearnedLine(msgspec.Struct, frozen=True):
    """A line of a source's pages that is left out of comparing: its text once, since when, and why."""

    text: str
    since: str
    reason: str


def read_learned(db: sqlite3.Connection, source: str, limit: int) -> list[LearnedLine]:
    """Return the lines of a source that are left out of comparing, the latest first."""
    rows = db.execute(
        """
        SELECT text, since, reason FROM learned
        WHERE source = :source AND text <> ''
        GROUP BY text ORDER BY MIN(since) DESC, text LIMIT :limit
        """,
        {"source": source, "limit": limit},
    )
    return [LearnedLine(*row) for row in rows]


class TouchedAnswer(msgspec.Struct, frozen=True):
    """A coded answer that a change touches: whose, to what, the answer in words, how it stands, and what happened."""

    fact: str
    jurisdiction: str
    title: str
    label: str
    gap: str | None
    state: str
    citation: str
    superseded_on: str
    effect: str
    quote_stands: bool


def read_touched(db: sqlite3.Connection, change: str, source: str) -> list[TouchedAnswer]:
    """Return the answers that a change touches, by jurisdiction and in the order of the codebook."""
    rows = db.execute(
        """
        SELECT impacts.fact, impacts.jurisdiction, title, label, gap, state, citation, superseded_on, effect,
            quote_stands
        FROM impacts
        JOIN facts ON facts.fact = impacts.fact
        JOIN questions ON questions.question = impacts.question
        WHERE change = :change AND source = :source
        ORDER BY impacts.jurisdiction, questions.place, facts.place
        """,
        {"change": change, "source": source},
    )
    return [msgspec.convert({**dict(row), "quote_stands": bool(row["quote_stands"])}, TouchedAnswer) for row in rows]
