"""The list of URLs to fetch, with leases, so that a crawl killed at any moment loses no page.

A URL is ``pending`` until a crawler leases it, ``leased`` until it is acknowledged or its lease ends, then ``done``.
It is acknowledged in the transaction that stores its answer (kb.store.archive.record_captures). All instants are
passed in: UTC, "2024-02-08T12:00:00Z".
"""

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from kb.store.connection import transaction

# Due for work: pending and due, or leased by somebody whose time is over.
LEASE_URLS = """
    UPDATE frontier
    SET state = 'leased', lease_owner = :owner, leased_until = :until, attempts = attempts + 1
    WHERE (source, url) IN (
        SELECT source, url
        FROM frontier
        WHERE state <> 'done'
            AND {only}
            AND ((state = 'pending' AND due_at <= :now) OR (state = 'leased' AND leased_until <= :now))
        ORDER BY priority DESC, due_at, source, url
        LIMIT :limit
    )
    RETURNING source, url, attempts, priority, due_at
"""

# A URL that is done opens again only for a later due date than the one it was done for, so that the pages of one
# crawl may name each other without end.
ADD_URL = """
    INSERT INTO frontier (source, url, state, due_at, priority)
    VALUES (:source, :url, 'pending', :due_at, :priority)
    ON CONFLICT (source, url) DO UPDATE SET
        state = CASE WHEN state = 'done' AND excluded.due_at > due_at THEN 'pending' ELSE state END,
        attempts = CASE WHEN state = 'done' AND excluded.due_at > due_at THEN 0 ELSE attempts END,
        due_at = MAX(due_at, excluded.due_at),
        priority = MAX(priority, excluded.priority)
"""

ACKNOWLEDGE_URL = """
    UPDATE frontier
    SET state = 'done', lease_owner = NULL, leased_until = NULL
    WHERE source = :source AND url = :url
"""

# Only the holder of a lease can give it back: it may have ended and be somebody else's by now.
RELEASE_URL = """
    UPDATE frontier
    SET state = 'pending', lease_owner = NULL, leased_until = NULL, due_at = :due_at
    WHERE source = :source AND url = :url AND state = 'leased' AND lease_owner = :owner
"""


class Lease(msgspec.Struct, frozen=True):
    """A URL to fetch now; ``attempts`` counts the leases given for it, this one included."""

    source: str
    url: str
    attempts: int
    priority: int


class Claim(msgspec.Struct, frozen=True):
    """What a crawler asks for: who it is, the instant, for how many seconds, and at most how many URLs."""

    owner: str
    now: str
    seconds: int
    limit: int


def add_urls(db: sqlite3.Connection, source: str, urls: Iterable[str], *, due_at: str, priority: int = 0) -> None:
    """Add URLs of a source to be fetched from ``due_at`` on, those of high ``priority`` first.

    A known URL keeps the later due date and the higher priority; one that is done opens again only if ``due_at`` is
    later than the date it was done for.
    """
    rows = [{"source": source, "url": url, "due_at": due_at, "priority": priority} for url in urls]
    with transaction(db):
        db.executemany(ADD_URL, rows)


def lease_urls(db: sqlite3.Connection, owner: str, now: str, lease_seconds: int, limit: int) -> list[Lease]:
    """Lease at most ``limit`` due URLs to ``owner`` until ``now`` + ``lease_seconds``, leases that ended included.

    Returns them by falling priority, then due date, source and URL.
    """
    return _lease(db, Claim(owner, now, lease_seconds, limit), None)


def lease_source(db: sqlite3.Connection, source: str, claim: Claim) -> list[Lease]:
    """Lease due URLs of one source, as ``lease_urls`` does for all: a large source then cannot crowd out the rest."""
    return _lease(db, claim, source)


def take_over(db: sqlite3.Connection) -> int:
    """End every lease at once; returns how many there were.

    Only for a crawler that knows no other to be at work (it holds the lock of the data folder): the holders are dead.
    """
    with transaction(db):
        return db.execute(
            """
            UPDATE frontier
            SET state = 'pending', lease_owner = NULL, leased_until = NULL
            WHERE state = 'leased'
            """
        ).rowcount


def list_open_sources(db: sqlite3.Connection, due_at: str) -> list[str]:
    """List the sources with URLs that are not done and were due by ``due_at``, in alphabetical order."""
    rows = db.execute(
        """
        SELECT DISTINCT source FROM frontier
        WHERE state <> 'done' AND due_at <= :due_at
        ORDER BY source
        """,
        {"due_at": due_at},
    )
    return [row["source"] for row in rows]


def count_open(db: sqlite3.Connection, due_at: str) -> dict[str, int]:
    """Count the pages of each source that a crawl with this due date has still to ask for, by source id."""
    rows = db.execute(
        """
        SELECT source, COUNT(*) AS pages FROM frontier
        WHERE state <> 'done' AND due_at <= :due_at
        GROUP BY source
        """,
        {"due_at": due_at},
    )
    return {row["source"]: row["pages"] for row in rows}


def read_latest_due(db: sqlite3.Connection) -> str:
    """Return the latest due date of any URL, "" for an empty frontier."""
    return str(db.execute("SELECT COALESCE(MAX(due_at), '') FROM frontier").fetchone()[0])


def read_depths(db: sqlite3.Connection, source: str) -> dict[str, int]:
    """Return the priority of every URL of a source that was ever asked for, by URL."""
    rows = db.execute("SELECT url, priority FROM frontier WHERE source = :source", {"source": source})
    return {row["url"]: row["priority"] for row in rows}


def acknowledge(db: sqlite3.Connection, urls: Iterable[tuple[str, str]]) -> None:
    """Mark (source, url) pairs as done, whoever holds their lease; part of the caller's transaction if one is open."""
    with transaction(db):
        db.executemany(ACKNOWLEDGE_URL, [{"source": source, "url": url} for source, url in urls])


def release(db: sqlite3.Connection, owner: str, urls: Iterable[tuple[str, str]], *, due_at: str) -> None:
    """Give leased (source, url) pairs back to be fetched from ``due_at`` on (a Retry-After, say)."""
    rows = [{"source": source, "url": url, "owner": owner, "due_at": due_at} for source, url in urls]
    with transaction(db):
        db.executemany(RELEASE_URL, rows)


def _lease(db: sqlite3.Connection, claim: Claim, source: str | None) -> list[Lease]:
    end = datetime.fromisoformat(claim.now) + timedelta(seconds=claim.seconds)
    facts = {"owner": claim.owner, "now": claim.now, "until": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "limit": claim.limit}
    query = LEASE_URLS.format(only="TRUE" if source is None else "source = :source")
    with transaction(db):
        rows = db.execute(query, facts if source is None else {**facts, "source": source}).fetchall()
    rows.sort(key=lambda row: (-row["priority"], row["due_at"], row["source"], row["url"]))
    return [Lease(row["source"], row["url"], row["attempts"], row["priority"]) for row in rows]
