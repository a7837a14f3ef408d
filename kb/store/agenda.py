"""What the calendar asks of a published generation: the days that texts, changes and coded answers state."""

import sqlite3
from datetime import date

import msgspec

from kb.models import Strand

# No calendar is read further than this; a list so long is narrowed by its dates.
MOST_ROWS = 5_000
# Where answers are coded: the table stands in generations of later editions only.
HAS_DATES = """SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'dates'"""


class StatedText(msgspec.Struct, frozen=True, kw_only=True):
    """A version with the days between which it says it applies, and how long its page showed it."""

    document: str
    strand: Strand
    source: str
    jurisdiction: str
    citation: str
    heading: str
    url: str
    topics: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    wave_at: str
    closed_at: str | None
    closed_wave: str | None


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """The rule changes of a strand that take effect on one day: how many, and when the first was proven."""

    document: str
    strand: Strand
    source: str
    jurisdiction: str
    citation: str
    heading: str
    url: str
    topics: tuple[str, ...]
    day: date
    changes: int
    event: str
    confirmed_at: str


class CodedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a coded answer or of a proposal's comments, as the table of dates has it."""

    jurisdiction: str
    day: str
    kind: str
    subject: str
    question: str
    title: str
    citation: str
    url: str
    topic: str


def read_stated_texts(db: sqlite3.Connection, since: str) -> list[StatedText]:
    """Return all versions of the strands that state a day from ``since`` on, in the order they were seen.

    Those without a day are among them: they tell which announced day was dropped.
    """
    rows = db.execute(
        """
        SELECT versions.document, versions.strand, versions.source, sources.jurisdiction, versions.citation,
            versions.heading, versions.url, sources.topics, valid_from, valid_to, wave_at, closed_at, closed_wave
        FROM (
            SELECT document, strand, source FROM versions WHERE valid_basis = 'stated' AND valid_from >= :since
            UNION
            SELECT document, strand, source FROM versions WHERE valid_basis = 'stated' AND valid_to >= :since
        ) AS stated
        CROSS JOIN versions USING (document, strand, source)
        JOIN sources ON sources.source = versions.source
        ORDER BY versions.document, versions.strand, versions.source, wave_at, valid_from, valid_to
        LIMIT :most
        """,
        {"since": since, "most": MOST_ROWS},
    )
    return [msgspec.convert({**dict(row), "topics": msgspec.json.decode(row["topics"])}, StatedText) for row in rows]


def read_effects(db: sqlite3.Connection, since: str) -> list[Effect]:
    """Return the days from ``since`` on at which rule changes take effect, by day and document."""
    rows = db.execute(
        """
        SELECT document, strand, source, jurisdiction, citation, heading, COALESCE(url, old_url, '') AS url,
            topics, effective_on AS day, COUNT(*) AS changes, MAX(event_id) AS event, MIN(confirmed_at) AS confirmed_at
        FROM changes
        WHERE effective_on >= :since AND nature = 'substantive' AND part IN ('text', 'heading')
        GROUP BY effective_on, document, strand, source
        ORDER BY effective_on, document, strand, source
        LIMIT :most
        """,
        {"since": since, "most": MOST_ROWS},
    )
    return [msgspec.convert({**dict(row), "topics": msgspec.json.decode(row["topics"])}, Effect) for row in rows]


def read_coded_days(db: sqlite3.Connection, since: str) -> list[CodedDay]:
    """Return the days from ``since`` on of coded answers, and those on which comments are due; none where none are.

    Days of texts stand in the same table, but are told from the texts, which know whether a day was moved. What several
    coded answers say alike is one day.
    """
    if not db.execute(HAS_DATES).fetchone()[0]:
        return []
    rows = db.execute(
        """
        SELECT jurisdiction, day, kind, MIN(subject) AS subject, dates.question, dates.title,
            MAX(citation) AS citation, MAX(url) AS url, COALESCE(MAX(questions.topic), '') AS topic
        FROM dates LEFT JOIN questions ON questions.question = dates.question
        WHERE day >= :since AND (dates.question <> '' OR kind = 'comment')
        GROUP BY jurisdiction, day, kind, dates.question, dates.title, CASE dates.question WHEN '' THEN subject END
        ORDER BY day, jurisdiction, subject, kind
        LIMIT :most
        """,
        {"since": since, "most": MOST_ROWS},
    )
    return [CodedDay(**dict(row)) for row in rows]
