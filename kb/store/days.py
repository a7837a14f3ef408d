"""What happened on each day of capture: pages checked, events, and what was not believed. Read-only questions."""

import sqlite3

import msgspec

from kb.models import EventKind


class DayCheck(msgspec.Struct, frozen=True):
    """What was looked at on one day (UTC): sources, pages, and sources never looked at before."""

    day: str
    sources: int
    pages: int
    first: int


class DayEvent(msgspec.Struct, frozen=True):
    """An event by its day, with the pages and changes it covers."""

    day: str
    source: str
    kind: EventKind
    title: str
    pages: int
    changes: int


class DayProblem(msgspec.Struct, frozen=True):
    """An answer that was not taken for the rule: where, and why."""

    day: str
    source: str
    url: str
    code: str
    message: str


def read_day_checks(db: sqlite3.Connection) -> list[DayCheck]:
    """Return what was checked on each day that has a wave, earliest first."""
    rows = db.execute(
        """
        SELECT SUBSTR(wave_at, 1, 10) AS day, COUNT(DISTINCT source), COUNT(*), COUNT(DISTINCT CASE
            WHEN wave_at = (SELECT MIN(wave_at) FROM waves WHERE waves.source = verdicts.source) THEN source END)
        FROM verdicts
        GROUP BY day
        ORDER BY day
        """
    )
    return [DayCheck(*row) for row in rows]


def read_day_events(db: sqlite3.Connection) -> list[DayEvent]:
    """Return every event by (day, source, kind)."""
    rows = db.execute(
        """
        SELECT SUBSTR(wave_at, 1, 10) AS day, source, kind, title, pages, changes FROM events
        ORDER BY day, source, kind
        """
    )
    return [DayEvent(*row) for row in rows]


def read_day_problems(db: sqlite3.Connection) -> list[DayProblem]:
    """Return every answer that was not taken for the rule, by (day, source, URL, code)."""
    rows = db.execute(
        """
        SELECT SUBSTR(wave_at, 1, 10) AS day, source, url, code, message FROM problems
        ORDER BY day, source, url, code
        """
    )
    return [DayProblem(*row) for row in rows]
