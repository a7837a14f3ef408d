"""The outbox: messages whose id was fixed before anybody saw them, every try to send them, and what came of it."""

import hashlib
import sqlite3
import zlib
from collections.abc import Collection, Iterator
from typing import Literal

import msgspec

from kb.models import Channel
from kb.store.connection import transaction

Kind = Literal["report", "confirm", "manage"]
MessageState = Literal["waiting", "sent", "parked", "dropped"]
Outcome = Literal["begun", "sent", "deferred", "failed", "unknown", "bounced"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be written: its id, to whom, of which kind, about which time and release, its title and bytes."""

    id: str
    subscriber: str
    kind: Kind
    release: int | None
    since: str
    until: str
    title: str
    body: bytes


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A message to be sent now: with its body, where it goes, and how often it was tried.

    ``doubts`` counts tries of which nobody knows whether they reached their target: handed over, and no answer came.
    """

    seq: int
    id: str
    subscriber: str
    kind: Kind
    channel: Channel
    target: str
    secret: bytes
    body: bytes
    tries: int
    doubts: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which messages are asked for: due at an instant, of some kinds, by one channel, to other domains than some."""

    now: str
    kinds: Collection[Kind]
    channel: Channel
    limit: int
    without: Collection[str] = ()


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages are in a state for a reason, and since when the oldest of them is."""

    state: MessageState
    kind: Kind
    reason: str
    count: int
    oldest: str


def write_message(db: sqlite3.Connection, draft: Draft, now: str) -> None:
    """Write a message into the outbox, due at once; part of the caller's transaction."""
    db.execute(
        """
        INSERT INTO messages (id, subscriber, kind, release, since, until, title, sha256, body, created_at, state,
            next_at)
        VALUES (:id, :subscriber, :kind, :release, :since, :until, :title, :sha256, :packed, :now, 'waiting', :now)
        """,
        {
            **msgspec.structs.asdict(draft),
            "sha256": hashlib.sha256(draft.body).hexdigest(),
            "packed": zlib.compress(draft.body),
            "now": now,
        },
    )


def list_due(db: sqlite3.Connection, wanted: Wanted) -> list[Waiting]:
    """Return messages to be sent now: of each subscriber only the first of a kind that is not done yet.

    Answers to what people did at this moment (confirm, manage) go first, then the oldest.
    """
    rows = db.execute(
        """
        SELECT messages.seq, messages.id, subscriber, kind, channel, target, secret, body, tries, doubts
        FROM messages
        JOIN subscribers ON subscribers.id = subscriber
        WHERE messages.state = 'waiting' AND next_at <= :now
            AND kind IN (SELECT value FROM JSON_EACH(:kinds)) AND channel = :channel
            AND SUBSTR(target, INSTR(target, '@') + 1) NOT IN (SELECT value FROM JSON_EACH(:without))
            AND target <> '' AND (subscribers.state = 'active' OR kind <> 'report')
            AND NOT EXISTS (
                SELECT 1 FROM messages AS earlier
                WHERE earlier.subscriber = messages.subscriber AND earlier.seq < messages.seq
                    AND earlier.state = 'waiting' AND earlier.kind = messages.kind
            )
        ORDER BY kind = 'report', messages.seq LIMIT :limit
        """,
        {
            "now": wanted.now,
            "kinds": msgspec.json.encode(sorted(wanted.kinds)).decode(),
            "channel": wanted.channel,
            "without": msgspec.json.encode(sorted(wanted.without)).decode(),
            "limit": wanted.limit,
        },
    )
    return [msgspec.convert({**dict(row), "body": zlib.decompress(row["body"])}, Waiting) for row in rows]


def find_next_due(db: sqlite3.Connection) -> str:
    """Return the instant at which the next waiting message is due, "" where none waits."""
    return str(db.execute("SELECT COALESCE(MIN(next_at), '') FROM messages WHERE state = 'waiting'").fetchone()[0])


def begin_try(db: sqlite3.Connection, message: str, now: str) -> None:
    """Write down that a message is handed over now: until the answer is written down, nobody knows what came of it."""
    with transaction(db):
        db.execute("UPDATE messages SET doubts = doubts + 1 WHERE id = ?", (message,))
        db.execute("INSERT INTO tries VALUES (?, ?, 'begun', '')", (message, now))


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try: the message's new state, when it is tried again where it waits, and what was answered.

    ``settles`` tells that an answer came to a message that was handed over, so that it is in doubt no more;
    ``is_counted`` that this was one of its tries, of which it has so many.
    """

    state: MessageState
    outcome: Outcome
    reply: str
    next_at: str = ""
    settles: bool = False
    is_counted: bool = True


def end_try(db: sqlite3.Connection, message: str, ending: Ending, now: str) -> None:
    """Write down what came of a try."""
    with transaction(db):
        db.execute("INSERT INTO tries VALUES (?, ?, ?, ?)", (message, now, ending.outcome, ending.reply))
        db.execute(
            """
            UPDATE messages SET state = :state, tries = tries + :counted, doubts = doubts - :settled,
                next_at = CASE WHEN :next = '' THEN next_at ELSE :next END,
                ended_at = CASE WHEN :state = 'waiting' THEN NULL ELSE :now END,
                reason = CASE WHEN :state = 'sent' THEN '' ELSE :reply END
            WHERE id = :message
            """,
            {
                "message": message,
                "state": ending.state,
                "settled": int(ending.settles),
                "counted": int(ending.is_counted),
                "next": ending.next_at,
                "reply": ending.reply,
                "now": now,
            },
        )


def record_bounce(db: sqlite3.Connection, message: str, status: str, now: str) -> None:
    """Write down that a message came back."""
    db.execute("INSERT INTO tries VALUES (?, ?, 'bounced', ?)", (message, now, status))


def count_bounced(db: sqlite3.Connection, subscriber: str) -> int:
    """Count the messages to a subscriber that came back for good."""
    row = db.execute(
        """
        SELECT COUNT(DISTINCT message) FROM tries JOIN messages ON messages.id = message
        WHERE subscriber = ? AND outcome = 'bounced' AND reply LIKE '5.%'
        """,
        (subscriber,),
    ).fetchone()
    return int(row[0])


def drop_waiting(db: sqlite3.Connection, subscriber: str, reason: str, now: str) -> int:
    """Drop what still waits for a subscriber; returns how many messages."""
    return db.execute(
        """
        UPDATE messages SET state = 'dropped', reason = ?, ended_at = ?, body = NULL
        WHERE subscriber = ? AND state = 'waiting'
        """,
        (reason, now, subscriber),
    ).rowcount


def retry_parked(db: sqlite3.Connection, message: str, now: str) -> int:
    """Put a parked message back, or all of them ("all"), and those they go to where a refusal parked them.

    Whoever stopped, complained or bounced stays as they are, and so do the messages to them. Returns how many messages.
    """
    chosen = {"message": message, "now": now}
    with transaction(db):
        db.execute(
            """
            UPDATE subscribers SET state = 'active', reason = ''
            WHERE state = 'parked' AND reason NOT LIKE 'bounced: %' AND EXISTS (
                SELECT 1 FROM messages WHERE subscriber = subscribers.id AND messages.state = 'parked'
                    AND body IS NOT NULL AND :message IN ('all', messages.id)
            )
            """,
            chosen,
        )
        return db.execute(
            """
            UPDATE messages SET state = 'waiting', next_at = :now, tries = 0, doubts = 0, ended_at = NULL
            WHERE state = 'parked' AND body IS NOT NULL AND :message IN ('all', id)
                AND (kind <> 'report' OR subscriber IN (SELECT id FROM subscribers WHERE state = 'active'))
            """,
            chosen,
        ).rowcount


def erase_bodies(db: sqlite3.Connection, before: str) -> int:
    """Erase what was sent before an instant; its hash and its ledger stay. Returns how many bodies."""
    return db.execute(
        "UPDATE messages SET body = NULL WHERE body IS NOT NULL AND state IN ('sent', 'dropped') AND ended_at < ?",
        (before,),
    ).rowcount


def erase_unaddressed(db: sqlite3.Connection, now: str) -> int:
    """Erase the text of every message to somebody whose address was erased: it names them; what waits is dropped.

    Returns how many messages.
    """
    return db.execute(
        """
        UPDATE messages SET body = NULL, ended_at = COALESCE(ended_at, :now),
            reason = CASE state WHEN 'waiting' THEN 'the address was erased' ELSE reason END,
            state = CASE state WHEN 'waiting' THEN 'dropped' ELSE state END
        WHERE body IS NOT NULL AND subscriber IN (SELECT id FROM subscribers WHERE target = '')
        """,
        {"now": now},
    ).rowcount


def count_messages(db: sqlite3.Connection) -> list[Count]:
    """Count messages by state, kind and reason."""
    rows = db.execute(
        """
        SELECT state, kind, reason, COUNT(*) AS count, MIN(created_at) AS oldest FROM messages
        GROUP BY state, kind, reason ORDER BY state, kind, count DESC, reason
        """
    )
    return [Count(**dict(row)) for row in rows]


def read_message(db: sqlite3.Connection, message: str) -> bytes | None:
    """Return the bytes of a message that are still kept, None where there is no such message or they were erased."""
    row = db.execute("SELECT body FROM messages WHERE id = ?", (message,)).fetchone()
    return None if row is None or row["body"] is None else zlib.decompress(row["body"])


def find_subscriber_of(db: sqlite3.Connection, message: str) -> str:
    """Return the subscriber of a message, "" where there is no such message."""
    row = db.execute("SELECT subscriber FROM messages WHERE id = ?", (message,)).fetchone()
    return "" if row is None else str(row["subscriber"])


def list_ledger(db: sqlite3.Connection, since: str, until: str) -> Iterator[sqlite3.Row]:
    """Yield every try in a time, in order: message, subscriber, kind, release, period, title, hash, outcome, reply."""
    yield from db.execute(
        """
        SELECT tries.at, tries.outcome, tries.reply, messages.id AS message, messages.subscriber, messages.kind,
            channel, release, since, until, title, sha256, target
        FROM tries
        JOIN messages ON messages.id = tries.message
        JOIN subscribers ON subscribers.id = messages.subscriber
        WHERE tries.at >= :since AND tries.at <= :until
        ORDER BY tries.at, tries.rowid
        """,
        {"since": since, "until": until},
    )


def list_titles(db: sqlite3.Connection, subscriber: str, limit: int) -> list[tuple[str, str, str]]:
    """Return the last reports of a subscriber: instant, title and state, the latest first."""
    rows = db.execute(
        """
        SELECT created_at, title, state FROM messages
        WHERE subscriber = ? AND kind = 'report' ORDER BY seq DESC LIMIT ?
        """,
        (subscriber, limit),
    )
    return [(row["created_at"], row["title"], row["state"]) for row in rows]


def list_waiting_messages(db: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Return what waits to be sent: each message's id, where it goes, and its title."""
    rows = db.execute(
        """
        SELECT messages.id, target, title FROM messages JOIN subscribers ON subscribers.id = subscriber
        WHERE messages.state = 'waiting' ORDER BY seq
        """
    )
    return [(row["id"], row["target"], row["title"]) for row in rows]
