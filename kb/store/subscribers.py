"""subscribers.db: who follows what, what they were told, and what is still to be sent. Personal data stays in it.

It stands beside the other two files and is never attached to the site, copied into a publication, or exported but by
the ledger. What is sent was written here first: a message has its id before anybody sees it.
"""

import os
import sqlite3
from pathlib import Path

from kb.store.connection import open_database

FILE = "subscribers.db"
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
        outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'deferred', 'failed', 'unknown', 'bounced')),
        reply TEXT NOT NULL
    ) STRICT;
    CREATE INDEX tries_by_message ON tries (message, at);
    CREATE TRIGGER tries_stay BEFORE UPDATE ON tries BEGIN SELECT RAISE(ABORT, 'the ledger is never altered'); END;
    CREATE TRIGGER tries_last BEFORE DELETE ON tries BEGIN SELECT RAISE(ABORT, 'the ledger is never removed'); END;
    """,
)


def open_subscribers(data: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open subscribers.db of a data folder, made where missing; only its owner may read the file.

    Raises what ``open_database`` raises.
    """
    path = data / FILE
    if not read_only and not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    return open_database(path, application="statusquo subscribers", migrations=MIGRATIONS, read_only=read_only)
