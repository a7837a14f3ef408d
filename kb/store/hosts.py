"""What hosts told the crawler: when it may ask again, and what their robots.txt allowed; kept beside the fetches.

A note about a host is never altered; its latest one of a kind is in force. All instants are passed in: UTC,
"2024-02-08T12:00:00Z". A host is a name without port, as patience is owed to a machine; a robots.txt belongs to
host and port (RFC 9309).
"""

import sqlite3
from collections.abc import Iterable
from typing import Literal

import msgspec

from kb.store.connection import transaction

# later: it told us when to come back; open: it failed so often that it is left alone; closed: it answers again;
# certificate: a declared exception was used for it.
NoteKind = Literal["later", "open", "closed", "certificate"]

HOSTS = """
    CREATE TABLE host_notes (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL REFERENCES runs (run),
        host TEXT NOT NULL,
        noted_at TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('later', 'open', 'closed', 'certificate')),
        until TEXT NOT NULL,
        pause INTEGER NOT NULL,
        reason TEXT NOT NULL
    ) STRICT;
    CREATE INDEX host_notes_by_host ON host_notes (host, id);

    CREATE TABLE robots_texts (
        sha256 TEXT NOT NULL PRIMARY KEY CHECK (LENGTH(sha256) = 64),
        body BLOB NOT NULL
    ) STRICT;

    -- What one run was told by the robots.txt of one host, and for how many pages each of its rules decided.
    CREATE TABLE robots_decisions (
        run TEXT NOT NULL REFERENCES runs (run),
        host TEXT NOT NULL,
        sha256 TEXT REFERENCES robots_texts (sha256),
        status INTEGER NOT NULL,
        read_at TEXT NOT NULL,
        crawl_delay REAL,
        rule TEXT NOT NULL,
        allowed INTEGER NOT NULL CHECK (allowed IN (0, 1)),
        pages INTEGER NOT NULL,
        first_url TEXT NOT NULL,
        PRIMARY KEY (run, host, read_at, rule, allowed)
    ) STRICT;

    CREATE TRIGGER host_notes_stay BEFORE UPDATE ON host_notes
    BEGIN SELECT RAISE(ABORT, 'notes about hosts are never altered'); END;
"""

# The latest note that holds a host back or frees it; told instants count beside it until they pass.
LATEST_NOTES = """
    SELECT host, kind, until, pause, reason
    FROM host_notes
    WHERE id IN (
        SELECT MAX(id) FROM host_notes
        WHERE kind <> 'certificate'
        GROUP BY host, kind = 'later'
    )
    ORDER BY host, id
"""

ADD_DECISION = """
    INSERT INTO robots_decisions
        (run, host, sha256, status, read_at, crawl_delay, rule, allowed, pages, first_url)
    VALUES (:run, :host, :sha256, :status, :read_at, :crawl_delay, :rule, :allowed, :pages, :first_url)
    ON CONFLICT (run, host, read_at, rule, allowed) DO UPDATE SET pages = pages + excluded.pages
"""


class HostNote(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a host told us: ``until`` ("": no instant) it is left alone, after a pause of so many seconds."""

    host: str
    kind: NoteKind
    until: str = ""
    pause: int = 0
    reason: str = ""


class RobotsText(msgspec.Struct, frozen=True):
    """The robots.txt a host gave: its hash and bytes (None: it gave none), status, and when it was read."""

    host: str
    status: int
    read_at: str
    sha256: str | None = None
    body: bytes | None = None
    crawl_delay: float | None = None


class RobotsDecision(msgspec.Struct, frozen=True):
    """For how many pages one rule ("": none fits) of a robots.txt decided, and the first of them."""

    text: RobotsText
    rule: str
    allowed: bool
    pages: int
    first_url: str


def record_notes(db: sqlite3.Connection, run: str, noted_at: str, notes: Iterable[HostNote]) -> None:
    """Keep notes about hosts, in order; part of the caller's transaction if one is open."""
    rows = [{"run": run, "noted_at": noted_at, **msgspec.structs.asdict(note)} for note in notes]
    with transaction(db):
        db.executemany(
            """
            INSERT INTO host_notes (run, host, noted_at, kind, until, pause, reason)
            VALUES (:run, :host, :noted_at, :kind, :until, :pause, :reason)
            """,
            rows,
        )


def record_decisions(db: sqlite3.Connection, run: str, decisions: Iterable[RobotsDecision]) -> None:
    """Keep what robots.txt files decided, adding to what the run already counted."""
    found = list(decisions)
    texts = {one.text.sha256: one.text.body for one in found if one.text.sha256 is not None}
    with transaction(db):
        db.executemany(
            """
            INSERT INTO robots_texts (sha256, body)
            VALUES (:sha256, :body)
            ON CONFLICT (sha256) DO NOTHING
            """,
            [{"sha256": sha256, "body": body} for sha256, body in texts.items()],
        )
        db.executemany(ADD_DECISION, [_make_row(run, one) for one in found])


def read_held_hosts(db: sqlite3.Connection, now: str) -> dict[str, HostNote]:
    """Return the hosts that are not to be asked at an instant, each with the note that holds it back longest."""
    held: dict[str, HostNote] = {}
    for note in read_latest_notes(db):
        known = held.get(note.host)
        if note.until > now and (known is None or note.until > known.until):
            held[note.host] = note
    return held


def read_latest_notes(db: sqlite3.Connection) -> list[HostNote]:
    """Return of each host the latest instant it told us, and whether it was left alone or answers again."""
    return [HostNote(**dict(row)) for row in db.execute(LATEST_NOTES)]


def read_crawl_delays(db: sqlite3.Connection) -> dict[str, float]:
    """Return the Crawl-delay in seconds that each host's robots.txt last asked for, by host and port."""
    rows = db.execute(
        """
        SELECT host, crawl_delay, MAX(read_at) AS read_at
        FROM robots_decisions
        GROUP BY host
        """
    )
    return {row["host"]: row["crawl_delay"] for row in rows if row["crawl_delay"] is not None}


def _make_row(run: str, one: RobotsDecision) -> dict[str, object]:
    text = {key: getattr(one.text, key) for key in ("host", "status", "read_at", "sha256", "crawl_delay")}
    counted = {"rule": one.rule, "allowed": int(one.allowed), "pages": one.pages, "first_url": one.first_url}
    return {"run": run, **text, **counted}
