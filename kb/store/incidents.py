"""Incidents in kb.db: what each wave says of them, in rows that only come; those that last, for the next wave."""

import sqlite3
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import msgspec

from kb.models import OpenIncident, Sighting

INCIDENTS = """
    CREATE TABLE incident_waves (
        source TEXT NOT NULL, cause TEXT NOT NULL, opened_at TEXT NOT NULL, wave_at TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'closed')), at TEXT NOT NULL, pages INTEGER NOT NULL,
        asked INTEGER NOT NULL, url TEXT NOT NULL, message TEXT NOT NULL,
        PRIMARY KEY (source, cause, wave_at)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE open_incidents (
        source TEXT NOT NULL, cause TEXT NOT NULL, opened_at TEXT NOT NULL, urls TEXT NOT NULL,
        PRIMARY KEY (source, cause)
    ) STRICT, WITHOUT ROWID;
    UPDATE sources SET digest = '';
"""
INSERT_SIGHTING = """
    INSERT INTO incident_waves (source, cause, opened_at, wave_at, state, at, pages, asked, url, message)
    VALUES (:source, :cause, :opened_at, :wave_at, :state, :at, :pages, :asked, :url, :message)
"""
# Of an incident's waves the first tells how it began, the last how it stands.
LIST_INCIDENTS = """
    WITH told AS (
        SELECT *,
            ROW_NUMBER() OVER (PARTITION BY source, cause, opened_at ORDER BY RTRIM(wave_at, 'Z')) AS nth,
            ROW_NUMBER() OVER (PARTITION BY source, cause, opened_at ORDER BY RTRIM(wave_at, 'Z') DESC) AS age,
            MAX(CASE state WHEN 'open' THEN at END) OVER (PARTITION BY source, cause, opened_at) AS last_seen,
            MAX(pages) OVER (PARTITION BY source, cause, opened_at) AS most
        FROM incident_waves
        WHERE RTRIM(wave_at, 'Z') <= RTRIM(:until, 'Z')
    )
    SELECT last.source AS source, last.cause AS cause, last.opened_at AS opened_at,
        CASE last.state WHEN 'closed' THEN last.at END AS closed_at, last.last_seen AS last_seen,
        CASE last.state WHEN 'closed' THEN last.most ELSE last.pages END AS pages, last.asked AS asked,
        first.url AS first_url, first.message AS first_message, last.url AS last_url, last.message AS last_message
    FROM told AS last
    JOIN told AS first ON (first.source, first.cause, first.opened_at) = (last.source, last.cause, last.opened_at)
        AND first.nth = 1
    WHERE last.age = 1
    ORDER BY last.source, last.opened_at, last.cause
"""
# Later than every instant.
END_OF_TIME = "9999"


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as it stands: when it opened, was last seen and closed (None: open), pages, first and last evidence.

    ``pages`` are those in trouble now, or the most there were of a closed one; ``asked`` those the last wave asked for.
    """

    source: str
    cause: str
    opened_at: str
    closed_at: str | None
    last_seen: str
    pages: int
    asked: int
    first_url: str
    first_message: str
    last_url: str
    last_message: str

    @property
    def host(self) -> str:
        """Return the host in trouble."""
        return urlsplit(self.last_url).hostname or ""


class Rounds(msgspec.Struct, frozen=True):
    """When a source was looked at, read well, and on which days its rules moved: instants or days, earliest first."""

    waves: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    moves: tuple[str, ...] = ()


def read_open_incidents(db: sqlite3.Connection, source: str) -> dict[str, OpenIncident]:
    """Return the incidents of a source that last, by cause."""
    rows = db.execute(
        """SELECT cause, opened_at, urls FROM open_incidents WHERE source = :source""", {"source": source}
    )
    return {
        row["cause"]: OpenIncident(row["opened_at"], msgspec.json.decode(row["urls"], type=tuple[str, ...]))
        for row in rows
    }


def record_incidents(
    db: sqlite3.Connection, source: str, sightings: Iterable[Sighting], after: Mapping[str, OpenIncident]
) -> None:
    """Write what a wave says of incidents, and those that last after it; call it inside the wave's transaction."""
    db.executemany(INSERT_SIGHTING, [msgspec.structs.asdict(one) for one in sightings])
    db.execute("""DELETE FROM open_incidents WHERE source = :source""", {"source": source})
    db.executemany(
        """INSERT INTO open_incidents (source, cause, opened_at, urls) VALUES (?, ?, ?, ?)""",
        [(source, cause, one.opened_at, msgspec.json.encode(one.urls).decode()) for cause, one in after.items()],
    )


def read_incidents(db: sqlite3.Connection, until: str = END_OF_TIME) -> list[Incident]:
    """Return every incident as known at an instant, by (source, opened, cause)."""
    return [Incident(**dict(row)) for row in db.execute(LIST_INCIDENTS, {"until": until})]


def read_rounds(db: sqlite3.Connection, until: str = END_OF_TIME) -> dict[str, Rounds]:
    """Return the rounds of every source until an instant, by source id."""
    facts = {"until": until}
    waves = _gather(db, "SELECT source, wave_at AS at FROM waves WHERE wave_at <= :until ORDER BY wave_at", facts)
    good = _gather(
        db,
        """
        SELECT source, MAX(observed_at) AS at FROM verdicts
        WHERE verdict IN ('version', 'same') AND wave_at <= :until
        GROUP BY source, wave_at
        ORDER BY at
        """,
        facts,
    )
    moves = _gather(
        db,
        """
        SELECT DISTINCT source, SUBSTR(wave_at, 1, 10) AS at FROM events
        WHERE kind = 'revision' AND wave_at <= :until
        ORDER BY at
        """,
        facts,
    )
    return {name: Rounds(waves[name], good.get(name, ()), moves.get(name, ())) for name in waves}


def list_published(db: sqlite3.Connection, source: str = "", limit: int = -1) -> list[Incident]:
    """Return the incidents of a published generation, of one source if named: those that last first, the latest first.

    A negative ``limit`` returns all.
    """
    rows = db.execute(
        f"""
        SELECT {", ".join(Incident.__struct_fields__)} FROM incidents
        WHERE :source = '' OR source = :source
        ORDER BY closed_at IS NOT NULL, RTRIM(COALESCE(closed_at, opened_at), 'Z') DESC, source, cause
        LIMIT :limit
        """,
        {"source": source, "limit": limit},
    )
    return [Incident(**dict(row)) for row in rows]


def read_built_bodies(db: sqlite3.Connection) -> dict[str, str]:
    """Return the declaration each source was built with, as JSON, by id."""
    return {row["source"]: row["body"] for row in db.execute("SELECT source, body FROM sources ORDER BY source")}


def _gather(db: sqlite3.Connection, query: str, facts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for row in db.execute(query, facts):
        found.setdefault(row["source"], []).append(row["at"])
    return {name: tuple(instants) for name, instants in found.items()}
