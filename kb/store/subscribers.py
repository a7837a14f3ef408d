"""subscribers.db: who follows what, what they were told, and what is still to be sent. Personal data stays in it.

It stands beside the other two files and is never attached to the site, copied into a publication, or exported but by
the ledger. What is sent was written here first: a message has its id before anybody sees it.
"""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from kb.models import Channel
from kb.store.connection import BUSY_SECONDS, open_database, transaction
from kb.tell.follow import Follow
from kb.tell.period import Cadence

State = Literal["asked", "active", "parked", "stopped"]
FILE = "subscribers.db"
# The secret that signs the links of subscribers.
SIGNING = "links"
MIGRATIONS = (
    """
    -- Signing keys, made when the file is.
    CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;

    -- target: an e-mail address or a webhook's URL, '' once it was erased (some time after stopping).
    -- told_until: the end of the last period a report was made for; new subscribers start with their confirmation.
    CREATE TABLE subscribers (
        id TEXT PRIMARY KEY,
        channel TEXT NOT NULL CHECK (channel IN ('mail', 'webhook')),
        target TEXT NOT NULL,
        secret BLOB NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('asked', 'active', 'parked', 'stopped')),
        reason TEXT NOT NULL DEFAULT '',
        cadence TEXT NOT NULL CHECK (cadence IN ('immediate', 'daily', 'weekly')),
        zone TEXT NOT NULL,
        tells_quiet INTEGER NOT NULL CHECK (tells_quiet IN (0, 1)),
        created_at TEXT NOT NULL,
        confirmed_at TEXT,
        ended_at TEXT,
        told_until TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX subscribers_by_target ON subscribers (channel, target) WHERE state <> 'stopped';

    -- One choice of changes a row: kb.tell.follow.Follow as JSON.
    CREATE TABLE follows (
        subscriber TEXT NOT NULL REFERENCES subscribers (id),
        place INTEGER NOT NULL,
        body TEXT NOT NULL CHECK (JSON_VALID(body)),
        PRIMARY KEY (subscriber, place)
    ) STRICT;

    -- How often something was asked for, by a keyed hash of who asked; old rows are removed.
    CREATE TABLE asks (key TEXT NOT NULL, asked_at TEXT NOT NULL) STRICT;
    CREATE INDEX asks_by_key ON asks (key, asked_at);

    -- Through which wave the changes of a source were told: what a later wave proves is news.
    CREATE TABLE cursors (source TEXT PRIMARY KEY, told_through TEXT NOT NULL) STRICT;

    -- kb.tell.story.Story as JSON, made when it was first published.
    CREATE TABLE stories (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL,
        confirmed_at TEXT NOT NULL,
        release INTEGER NOT NULL,
        body TEXT NOT NULL CHECK (JSON_VALID(body))
    ) STRICT;

    -- Whom a story concerns and which of its changes (places in it, JSON); message: the report that told it.
    CREATE TABLE notices (
        subscriber TEXT NOT NULL REFERENCES subscribers (id),
        story TEXT NOT NULL REFERENCES stories (id),
        moved TEXT NOT NULL CHECK (JSON_VALID(moved)),
        message TEXT REFERENCES messages (id),
        PRIMARY KEY (subscriber, story)
    ) STRICT;
    CREATE INDEX notices_waiting ON notices (subscriber) WHERE message IS NULL;
    CREATE INDEX notices_by_message ON notices (message);

    -- The outbox. id: Message-ID or webhook id, fixed here; body: what is sent, compressed, NULL some time later.
    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        subscriber TEXT NOT NULL REFERENCES subscribers (id),
        kind TEXT NOT NULL CHECK (kind IN ('report', 'confirm', 'manage')),
        release INTEGER,
        since TEXT NOT NULL,
        until TEXT NOT NULL,
        title TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        body BLOB,
        created_at TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'parked', 'dropped')),
        tries INTEGER NOT NULL DEFAULT 0,
        doubts INTEGER NOT NULL DEFAULT 0,
        next_at TEXT NOT NULL,
        ended_at TEXT,
        reason TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX messages_waiting ON messages (next_at, seq) WHERE state = 'waiting';
    CREATE INDEX messages_by_subscriber ON messages (subscriber, seq);

    -- The ledger: every try and what came of it, never altered.
    CREATE TABLE tries (
        message TEXT NOT NULL REFERENCES messages (id),
        at TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('begun', 'sent', 'deferred', 'failed', 'unknown', 'bounced')),
        reply TEXT NOT NULL
    ) STRICT;
    CREATE INDEX tries_by_message ON tries (message, at);
    CREATE TRIGGER tries_stay BEFORE UPDATE ON tries BEGIN SELECT RAISE(ABORT, 'the ledger is never altered'); END;
    CREATE TRIGGER tries_last BEFORE DELETE ON tries BEGIN SELECT RAISE(ABORT, 'the ledger is never removed'); END;
    """,
)


def open_subscribers(data: Path, *, read_only: bool = False, wait_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open subscribers.db of a data folder, made where missing; only its owner may read the file.

    Who writes waits ``wait_seconds`` for others who do. Raises what ``open_database`` raises.
    """
    path = data / FILE
    if not read_only and not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    db = open_database(path, application="statusquo subscribers", migrations=MIGRATIONS, read_only=read_only)
    # What is erased is overwritten: no address stays readable in a page of the file that is free.
    db.execute("PRAGMA secure_delete = ON")
    db.execute(f"PRAGMA busy_timeout = {round(wait_seconds * 1000)}")
    return db


class Subscriber(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who gets reports: by which channel and where, in which state and why, how often, in which time zone.

    ``told_until`` is the instant until which reports were made. A stopped subscriber's ``target`` is erased later.
    """

    id: str
    channel: Channel
    target: str
    secret: bytes
    state: State
    reason: str = ""
    cadence: Cadence = "immediate"
    zone: str = "UTC"
    tells_quiet: bool = False
    created_at: str
    confirmed_at: str | None = None
    ended_at: str | None = None
    told_until: str


COLUMNS = ", ".join(Subscriber.__struct_fields__)
MARKS = ", ".join(f":{name}" for name in Subscriber.__struct_fields__)


def keep_secret(db: sqlite3.Connection, name: str, fresh: bytes) -> bytes:
    """Return the secret of a name, ``fresh`` from now on where none was kept yet.

    Who only opens a link writes nothing, and so does not wait for those who write.
    """
    kept = db.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
    if kept is not None:
        return bytes(kept[0])
    with transaction(db):
        db.execute("INSERT INTO secrets VALUES (?, ?) ON CONFLICT DO NOTHING", (name, fresh))
        return bytes(db.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()[0])


def add_subscriber(db: sqlite3.Connection, subscriber: Subscriber, follows: Sequence[Follow]) -> None:
    """Write a new subscriber with what they follow; raises sqlite3.IntegrityError where the target has one already."""
    with transaction(db):
        db.execute(f"INSERT INTO subscribers ({COLUMNS}) VALUES ({MARKS})", msgspec.structs.asdict(subscriber))
        write_follows(db, subscriber.id, follows)


def write_follows(db: sqlite3.Connection, subscriber: str, follows: Sequence[Follow]) -> None:
    """Put these follows in place of those a subscriber had."""
    with transaction(db):
        db.execute("DELETE FROM follows WHERE subscriber = ?", (subscriber,))
        db.executemany(
            "INSERT INTO follows VALUES (?, ?, ?)",
            [(subscriber, place, msgspec.json.encode(one).decode()) for place, one in enumerate(follows)],
        )


def find_subscriber(db: sqlite3.Connection, channel: Channel, target: str) -> Subscriber | None:
    """Return the subscriber of a target who has not stopped, None if there is none."""
    rows = db.execute(
        f"SELECT {COLUMNS} FROM subscribers WHERE channel = ? AND target = ? AND state <> 'stopped'", (channel, target)
    )
    return next(map(_make_subscriber, rows), None)


def read_subscriber(db: sqlite3.Connection, subscriber: str) -> Subscriber | None:
    """Return a subscriber by id, None if there is none."""
    rows = db.execute(f"SELECT {COLUMNS} FROM subscribers WHERE id = ?", (subscriber,))
    return next(map(_make_subscriber, rows), None)


def list_subscribers(db: sqlite3.Connection) -> list[Subscriber]:
    """Return all subscribers in the order in which they came."""
    rows = db.execute(f"SELECT {COLUMNS} FROM subscribers ORDER BY created_at, id")
    return [_make_subscriber(row) for row in rows]


def list_active(db: sqlite3.Connection) -> list[tuple[Subscriber, tuple[Follow, ...]]]:
    """Return the subscribers who get reports, each with what they follow."""
    followed = read_all_follows(db)
    return [(one, followed.get(one.id, ())) for one in list_subscribers(db) if one.state == "active"]


def read_follows(db: sqlite3.Connection, subscriber: str) -> tuple[Follow, ...]:
    """Return what a subscriber follows."""
    rows = db.execute("SELECT body FROM follows WHERE subscriber = ? ORDER BY place", (subscriber,))
    return tuple(msgspec.json.decode(row["body"], type=Follow) for row in rows)


def read_all_follows(db: sqlite3.Connection) -> dict[str, tuple[Follow, ...]]:
    """Return what every subscriber follows, by their id."""
    found: dict[str, tuple[Follow, ...]] = {}
    for row in db.execute("SELECT subscriber, body FROM follows ORDER BY subscriber, place"):
        found[row["subscriber"]] = (*found.get(row["subscriber"], ()), msgspec.json.decode(row["body"], type=Follow))
    return found


def alter_subscriber(db: sqlite3.Connection, subscriber: str, **values: object) -> None:
    """Set columns of a subscriber ("state", "cadence", "told_until", …)."""
    strange = set(values) - set(Subscriber.__struct_fields__)
    if strange:
        raise KeyError(f"subscribers: no column {', '.join(sorted(strange))}")
    told = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(f"UPDATE subscribers SET {told} WHERE id = :id", {**values, "id": subscriber})


def erase_targets(db: sqlite3.Connection, *, stopped_before: str, asked_before: str) -> int:
    """Erase addresses of those who stopped or never confirmed before an instant; returns how many."""
    with transaction(db):
        db.execute(
            """
            UPDATE subscribers SET state = 'stopped', ended_at = COALESCE(ended_at, :asked), reason = 'never confirmed'
            WHERE state = 'asked' AND created_at < :asked
            """,
            {"asked": asked_before},
        )
        return db.execute(
            """
            UPDATE subscribers SET target = '', secret = X''
            WHERE state = 'stopped' AND target <> '' AND (ended_at < :stopped OR reason = 'never confirmed')
            """,
            {"stopped": stopped_before},
        ).rowcount


def count_asks(db: sqlite3.Connection, key: str, since: str) -> int:
    """Count how often something was asked for since an instant."""
    return int(db.execute("SELECT COUNT(*) FROM asks WHERE key = ? AND asked_at >= ?", (key, since)).fetchone()[0])


def add_asks(db: sqlite3.Connection, keys: Sequence[str], now: str, forget_before: str) -> None:
    """Write down that something was asked for, and forget what is older than an instant."""
    with transaction(db):
        db.execute("DELETE FROM asks WHERE asked_at < ?", (forget_before,))
        db.executemany("INSERT INTO asks VALUES (?, ?)", [(key, now) for key in keys])


def _make_subscriber(row: sqlite3.Row) -> Subscriber:
    return msgspec.convert({**dict(row), "tells_quiet": bool(row["tells_quiet"])}, Subscriber)
