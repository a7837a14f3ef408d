"""Send what waits in the outbox: each message under its one id, again after trouble, never twice where we know."""

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from kb.errors import BusyError
from kb.hooks import HookError, Resolve, make_headers, resolve_host, send_hook
from kb.mail_settings import MailSettings
from kb.mailing import Handed, MailConnection
from kb.store.connection import data_lock
from kb.store.outbox import (
    Ending,
    Kind,
    Outcome,
    Waiting,
    Wanted,
    begin_try,
    drop_waiting,
    end_try,
    erase_bodies,
    list_due,
)
from kb.store.subscribers import alter_subscriber, open_subscribers
from kb.tell.targets import BadTargetError

LOCK = "deliver"
KINDS: tuple[Kind, ...] = ("confirm", "manage", "report")
BATCH = 200
# Webhooks that are sent side by side: a receiver that takes its time keeps nobody else waiting.
LANES = 16
# Waits between tries, in minutes; each is stretched by up to half, so that not all come back at once. Two days in all.
WAITS = (1, 5, 15, 60, 180, 480, 960, 1440)
# A message that was handed over so often without an answer is not sent again by itself: a copy may have come each time.
MOST_DOUBTS = 2
# Messages to one domain in one minute: more, and large mail services take us for a nuisance.
PER_DOMAIN = 300
KEPT_BODIES = timedelta(days=30)
GONE_STATUS = 410
SUCCESS = range(200, 300)


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: how many messages were sent, put off, and parked for good.

    ``limited`` tells that some wait because their domain got enough in this minute, ``busy`` that another run goes on.
    """

    sent: int = 0
    deferred: int = 0
    parked: int = 0
    limited: bool = False
    busy: bool = False


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How a run delivers: its settings, its clock, which kinds, and who resolves names."""

    settings: MailSettings
    tell_now: Callable[[], str]
    kinds: Collection[Kind] = KINDS
    wait_seconds: float = 0
    allow_loopback: bool = False
    resolve: Resolve = resolve_host


def deliver(data: Path, how: Delivery) -> Delivered:
    """Send every message that is due; returns what came of it. What another run at the same time does stays its own."""
    try:
        with data_lock(data, LOCK, wait_seconds=how.wait_seconds), closing(open_subscribers(data)) as db:
            return _deliver_all(db, how)
    except BusyError:
        return Delivered(busy=True)


def _deliver_all(db: sqlite3.Connection, how: Delivery) -> Delivered:
    counts: Counter[str] = Counter()
    with MailConnection(how.settings) as mail:
        limited = how.settings.is_set and _deliver_mail(db, mail, how, counts)
    _deliver_hooks(db, how, counts)
    now = datetime.fromisoformat(how.tell_now())
    erase_bodies(db, _print(now - KEPT_BODIES))
    return Delivered(sent=counts["sent"], deferred=counts["waiting"], parked=counts["parked"], limited=limited)


def _deliver_mail(db: sqlite3.Connection, mail: MailConnection, how: Delivery, counts: Counter[str]) -> bool:
    """Send mail that is due, as much as each domain takes in a minute; returns whether some waits for the next minute.

    Where the server cannot be reached the rest waits as it is: it is not each message's trouble.
    """
    sent_to: Counter[tuple[str, str]] = Counter()
    while due := list_due(db, _want_mail(how, sent_to, BATCH)):
        for message in due:
            minute = (how.tell_now()[:16], message.target.rpartition("@")[2])
            if sent_to[minute] < PER_DOMAIN:
                sent_to[minute] += 1
                counts[_deliver_one(db, message, mail, how)] += 1
            if mail.is_down:
                return False
    return bool(sent_to and list_due(db, _want_mail(how, Counter(), 1)))


def _want_mail(how: Delivery, sent_to: Counter[tuple[str, str]], limit: int) -> Wanted:
    now = how.tell_now()
    full = [domain for (minute, domain), count in sent_to.items() if minute == now[:16] and count >= PER_DOMAIN]
    return Wanted(now=now, kinds=how.kinds, channel="mail", limit=limit, without=full)


def _deliver_one(db: sqlite3.Connection, message: Waiting, mail: MailConnection, how: Delivery) -> str:
    """Send one mail and write down what came of it; returns its state."""
    if message.doubts >= MOST_DOUBTS:
        ending = Ending(state="parked", outcome="failed", reply="handed over twice without an answer: not sent again")
        end_try(db, message.id, ending, how.tell_now())
        return ending.state
    handed, was_begun = _send_mail(db, message, mail, how)
    return _record(db, message, handed, how.tell_now(), was_begun=was_begun)


def _deliver_hooks(db: sqlite3.Connection, how: Delivery, counts: Counter[str]) -> None:
    """Post webhooks that are due, one of each subscriber at a time; receivers know one that comes again by its id."""

    def post(message: Waiting) -> Handed:
        return _send_hook(message, how)

    with ThreadPoolExecutor(LANES) as lanes:
        while due := list_due(db, Wanted(now=how.tell_now(), kinds=how.kinds, channel="webhook", limit=LANES)):
            for message in due:
                begin_try(db, message.id, how.tell_now())
            for message, handed in zip(due, lanes.map(post, due), strict=True):
                counts[_record(db, message, handed, how.tell_now(), was_begun=True)] += 1


def _record(db: sqlite3.Connection, message: Waiting, handed: Handed, now: str, *, was_begun: bool) -> str:
    """Write down what came of a message; returns its state. Who is gone gets nothing more."""
    ending = judge(handed, message, now, was_begun=was_begun)
    end_try(db, message.id, ending, now)
    if handed.result == "gone":
        alter_subscriber(db, message.subscriber, state="parked", reason=handed.reply)
        drop_waiting(db, message.subscriber, "the address takes nothing", now)
    return ending.state


def _send_mail(db: sqlite3.Connection, message: Waiting, mail: MailConnection, how: Delivery) -> tuple[Handed, bool]:
    begun = []

    def begin() -> None:
        begin_try(db, message.id, how.tell_now())
        begun.append(True)

    return mail.send(message.target, message.body, begin), bool(begun)


def _send_hook(message: Waiting, how: Delivery) -> Handed:
    """Post a webhook; returns what its receiver said."""
    headers = make_headers(message.secret, message.id, how.tell_now(), message.body)
    try:
        answered = send_hook(
            message.target, headers, message.body, resolve=how.resolve, allow_loopback=how.allow_loopback
        )
    except BadTargetError as error:
        return Handed("failed", str(error))
    except HookError as error:
        return Handed("deferred", str(error))
    reply = f"HTTP {answered.status}"
    if answered.status in SUCCESS:
        return Handed("sent", reply)
    if answered.status == GONE_STATUS:
        return Handed("gone", reply)
    return Handed("deferred", reply, answered.retry_after)


def judge(handed: Handed, message: Waiting, now: str, *, was_begun: bool) -> Ending:
    """Return what a result means for a message: sent, tried again later, or parked for good with its reason.

    A server that is down is no try of the message: it waits for as long as that takes.
    """
    if handed.result == "sent":
        return Ending(state="sent", outcome="sent", reply=handed.reply, settles=was_begun)
    if handed.result in ("failed", "gone"):
        return Ending(state="parked", outcome="failed", reply=handed.reply, settles=was_begun)
    if handed.result == "down":
        later = _print(datetime.fromisoformat(now) + plan_wait(0, random.random()))  # noqa: S311 - no secret
        return Ending(state="waiting", outcome="deferred", reply=handed.reply, next_at=later, is_counted=False)
    outcome: Outcome = "unknown" if handed.result == "unknown" else "deferred"
    settles = was_begun and outcome == "deferred"
    if message.tries >= len(WAITS):
        reply = f"given up after {message.tries + 1} tries: {handed.reply}"
        return Ending(state="parked", outcome="failed", reply=reply, settles=settles)
    wait = max(plan_wait(message.tries, random.random()), timedelta(seconds=handed.wait))  # noqa: S311 - no secret
    later = _print(datetime.fromisoformat(now) + wait)
    return Ending(state="waiting", outcome=outcome, reply=handed.reply, next_at=later, settles=settles)


def plan_wait(tries: int, draw: float) -> timedelta:
    """Return how long to wait after so many tries; ``draw`` (0 to 1) stretches it by up to half."""
    return timedelta(minutes=WAITS[min(tries, len(WAITS) - 1)]) * (1 + draw / 2)


def _print(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
