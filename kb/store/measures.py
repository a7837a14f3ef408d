"""What is counted when the quality of a build is measured: read-only questions, answered in a fixed order."""

import sqlite3

import msgspec

from kb.models import EventKind, Verdict


class EventCount(msgspec.Struct, frozen=True):
    """An event in short: its source, wave, kind and the changes it covers."""

    source: str
    wave_at: str
    kind: EventKind
    changes: int


class EventPage(msgspec.Struct, frozen=True):
    """A page that an event without changes of its own covers: rendered anew, moved to, or not to be trusted."""

    event_id: str
    kind: EventKind
    url: str


class NumberedPlace(msgspec.Struct, frozen=True):
    """A provision with a printed number in a version, by the URL and the instant the version was first seen at."""

    url: str
    observed_from: str
    eid: str


class Standing(msgspec.Struct, frozen=True):
    """A document that stood on a URL once a wave was built."""

    url: str
    wave_at: str
    document: str


def list_events(db: sqlite3.Connection) -> list[EventCount]:
    """Return all events by (wave, source, kind)."""
    rows = db.execute("SELECT source, wave_at, kind, changes FROM events ORDER BY wave_at, source, kind")
    return [EventCount(*row) for row in rows]


def list_event_pages(db: sqlite3.Connection) -> list[EventPage]:
    """Return the pages that were rendered anew, moved to or distrusted, by (wave, event, URL)."""
    rows = db.execute(
        """
        SELECT event_pages.event_id, events.kind, event_pages.url FROM event_pages
        JOIN events ON events.id = event_pages.event_id
        ORDER BY events.wave_at, events.id, event_pages.url
        """
    )
    return [EventPage(*row) for row in rows]


def count_waves(db: sqlite3.Connection) -> dict[str, int]:
    """Return how many waves of each source were built."""
    return dict(tuple(row) for row in db.execute("SELECT source, COUNT(*) FROM waves GROUP BY source ORDER BY source"))


def count_verdicts(db: sqlite3.Connection) -> dict[Verdict, int]:
    """Return how many fetches got each verdict."""
    rows = db.execute("SELECT verdict, COUNT(*) FROM verdicts GROUP BY verdict ORDER BY verdict")
    return dict(tuple(row) for row in rows)


def list_numbered_places(db: sqlite3.Connection) -> list[NumberedPlace]:
    """Return every provision that has a printed number, of every version, by version in reading order."""
    rows = db.execute(
        """
        SELECT versions.url, versions.observed_from, provisions.eid FROM versions
        JOIN provisions ON provisions.version = versions.version
        WHERE provisions.number <> ''
        ORDER BY versions.version, provisions.place
        """
    )
    return [NumberedPlace(*row) for row in rows]


def list_standing(db: sqlite3.Connection) -> list[Standing]:
    """Return, for every page that could be read in a wave, the documents that stood on it after that wave."""
    rows = db.execute(
        """
        SELECT DISTINCT verdicts.url, verdicts.wave_at, locations.document FROM verdicts
        JOIN locations ON locations.source = verdicts.source AND locations.url = verdicts.url
            AND RTRIM(locations.wave_at, 'Z') <= RTRIM(verdicts.wave_at, 'Z')
            AND (locations.gone_wave IS NULL OR RTRIM(locations.gone_wave, 'Z') > RTRIM(verdicts.wave_at, 'Z'))
        WHERE verdicts.verdict IN ('version', 'same')
        ORDER BY verdicts.url, verdicts.wave_at, locations.document
        """
    )
    return [Standing(*row) for row in rows]
