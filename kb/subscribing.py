"""Subscribe: ask, confirm, alter and end, by signed links and without an account. Nothing here tells who subscribes.

Asking is no consent: a wish counts when the link in the mail (or in the first webhook) was followed and confirmed.
Asking again for an address that is known looks the same from outside: what there is to know goes to that address.
"""

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from kb.errors import StatusQuoError, UsageError
from kb.mail_settings import MailSettings
from kb.models import Channel
from kb.store.connection import transaction
from kb.store.notices import forget_waiting
from kb.store.outbox import Draft, drop_waiting, erase_unaddressed, write_message
from kb.store.subscribers import (
    SIGNING,
    Subscriber,
    add_asks,
    add_subscriber,
    alter_subscriber,
    count_asks,
    find_subscriber,
    keep_secret,
    read_follows,
    read_subscriber,
    write_follows,
)
from kb.tell.addresses import check_address
from kb.tell.follow import Follow, describe_follow
from kb.tell.letters import Letter, compose_note
from kb.tell.period import CADENCES, Cadence, check_zone
from kb.tell.targets import parse_target
from kb.tell.tokens import BadTokenError, Purpose, link_token, read_token

MOST_FOLLOWS = 20
# How often something may be asked for: by address in a day, by who asks in an hour, by all together in an hour.
PER_TARGET, PER_CLIENT, PER_ALL = 3, 10, 200
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TITLES = {"confirm": "Start your reports?", "manage": "You already get reports"}


class TooManyError(StatusQuoError):
    """Raised where something was asked for too often; says when to try again."""


class EndedError(StatusQuoError):
    """Raised where a link would start reports that were stopped."""


class NotConfiguredError(StatusQuoError):
    """Raised where a service cannot send what is asked for, as nobody set it up."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for: by which channel and where, what they follow, how often, in which time zone."""

    channel: Channel
    target: str
    follows: tuple[Follow, ...]
    cadence: Cadence = "immediate"
    zone: str = "UTC"
    tells_quiet: bool = False


class Asked(msgspec.Struct, frozen=True):
    """What came of asking: where the confirmation goes, and to an operator a new webhook's signing secret.

    Who asks on the site proves nothing yet: the secret is shown to who confirms.
    """

    target: str
    secret: bytes


def check_wish(wish: Wish, *, allow_loopback: bool = False) -> Wish:
    """Return a wish as it is kept; raises UsageError and its kind, in words that hold no address."""
    if wish.channel == "mail":
        target = check_address(wish.target)
    else:
        parse_target(wish.target, allow_loopback=allow_loopback)
        target = wish.target
    return msgspec.structs.replace(check_choice(wish), target=target)


def check_choice(wish: Wish) -> Wish:
    """Return a wish whose choice is as it is kept, whatever its target; raises UsageError."""
    if wish.cadence not in CADENCES:
        raise UsageError(f"cadence: expected one of {', '.join(CADENCES)}")
    if not 1 <= len(wish.follows) <= MOST_FOLLOWS:
        raise UsageError(f"follows: expected 1 to {MOST_FOLLOWS} choices, found {len(wish.follows)}")
    return msgspec.structs.replace(wish, zone=check_zone(wish.zone))


def ask(db: sqlite3.Connection, wish: Wish, now: str, settings: MailSettings, client: str = "") -> Asked:
    """Take a checked wish and write the message that asks for its confirmation into the outbox.

    ``client`` tells askers apart ("" for an operator, who is not limited). Raises NotConfiguredError and TooManyError.
    Two who ask for one address at the same time are one subscriber.
    """
    if not settings.address or (wish.channel == "mail" and not settings.is_set):
        raise NotConfiguredError("this site sends no reports by this way: nobody has set it up yet")
    secret = keep_secret(db, SIGNING, secrets.token_bytes(32))
    if client:
        _count_ask(db, secret, wish, client, now)
    with transaction(db):
        known = find_subscriber(db, wish.channel, wish.target)
        if known is not None and known.state == "active":
            _write_note(db, known, "manage", now, settings)
            return Asked(known.target, b"")
        one = _make_subscriber(wish, now) if known is None else known
        if known is None:
            add_subscriber(db, one, wish.follows)
        else:
            _apply(db, one.id, wish)
        if one.state == "asked":
            # Asked anew, it is kept for another week: the new link has to find it.
            alter_subscriber(db, one.id, created_at=now)
        _write_note(db, msgspec.structs.replace(one, cadence=wish.cadence), "confirm", now, settings)
    return Asked(one.target, one.secret if wish.channel == "webhook" and not client else b"")


def take(db: sqlite3.Connection, wish: Wish, now: str) -> tuple[Subscriber, bool]:
    """Subscribe somebody who agreed already, from now on; returns them, and whether they are new."""
    with transaction(db):
        known = find_subscriber(db, wish.channel, wish.target)
        if known is None:
            add_subscriber(db, _make_subscriber(wish, now), wish.follows)
        else:
            _apply(db, known.id, wish)
        one = find_subscriber(db, wish.channel, wish.target)
        assert one is not None  # noqa: S101 - written just now
        confirm(db, Mine(one, wish.follows), now)
    return one, known is None


def _make_subscriber(wish: Wish, now: str) -> Subscriber:
    return Subscriber(
        id=secrets.token_hex(12),
        channel=wish.channel,
        target=wish.target,
        secret=secrets.token_bytes(32),
        state="asked",
        cadence=wish.cadence,
        zone=wish.zone,
        tells_quiet=wish.tells_quiet,
        created_at=now,
        told_until=now,
    )


def _apply(db: sqlite3.Connection, subscriber: str, wish: Wish) -> None:
    write_follows(db, subscriber, wish.follows)
    alter_subscriber(db, subscriber, cadence=wish.cadence, zone=wish.zone, tells_quiet=wish.tells_quiet)


def _count_ask(db: sqlite3.Connection, secret: bytes, wish: Wish, client: str, now: str) -> None:
    """Write down that somebody asks, by hashes that only this file's key can make; raises TooManyError."""
    here = datetime.fromisoformat(now)
    keys = {
        name: hmac.new(secret, f"{name}:{value}".encode(), hashlib.sha256).hexdigest()
        for name, value in (("target", wish.target.lower()), ("client", client), ("all", ""))
    }
    limits = (
        ("target", PER_TARGET, DAY, "a day"),
        ("client", PER_CLIENT, HOUR, "an hour"),
        ("all", PER_ALL, HOUR, "an hour"),
    )
    with transaction(db):
        for name, most, span, words in limits:
            if count_asks(db, keys[name], _print(here - span)) >= most:
                raise TooManyError(f"This was asked for too often; try again in {words}.")
        add_asks(db, list(keys.values()), now, _print(here - DAY))


def _write_note(db: sqlite3.Connection, one: Subscriber, kind: Purpose, now: str, settings: MailSettings) -> None:
    """Write a message with one link: to confirm, or to see what is followed already."""
    secret = keep_secret(db, SIGNING, secrets.token_bytes(32))
    link = link_token(settings.address, secret, kind, one.id)
    title = TITLES[kind]
    if one.channel == "webhook":
        name = f"msg_{secrets.token_hex(16)}"
        body = msgspec.json.encode({"type": kind, "timestamp": now, "data": {"title": title, "link": link}})
    else:
        name = f"<{secrets.token_hex(16)}@{settings.domain}>"
        letter = Letter(sender=settings.sender, to=one.target, reply=settings.reply, message_id=name, at=now)
        lines, label = _word_note(kind, one, read_follows(db, one.id))
        body = compose_note(title, lines, link, label, letter)
    draft = Draft(
        id=name,
        subscriber=one.id,
        kind="confirm" if kind == "confirm" else "manage",
        release=None,
        since=now,
        until=now,
        title=title,
        body=body,
    )
    write_message(db, draft, now)


def _word_note(kind: Purpose, one: Subscriber, follows: Sequence[Follow]) -> tuple[list[str], str]:
    if kind == "confirm":
        lines = [
            "Somebody, you we hope, asked Status Quo to send change reports to this address:",
            *(describe_follow(follow) for follow in follows),
            f"How often: {CADENCES[one.cadence]}.",
            "The link leads to a page with a button; nothing is sent before you press it. It works for 48 hours.",
            "If it was not you, do nothing: the address is erased within a week.",
        ]
        return lines, "Confirm on the site"
    lines = [
        "Somebody asked Status Quo to send change reports to this address, which gets them already.",
        "Nothing was altered. The link leads to what you follow, where you can change or end it. It works for 90 days.",
    ]
    return lines, "See what you follow"


# --- with a link


class Mine(msgspec.Struct, frozen=True):
    """A subscriber as the holder of their link sees it: who, and what they follow."""

    subscriber: Subscriber
    follows: tuple[Follow, ...]


def open_link(db: sqlite3.Connection, purpose: Purpose, token: str) -> Mine:
    """Return whose link it is; raises BadTokenError and ExpiredTokenError, and BadTokenError for one erased."""
    secret = keep_secret(db, SIGNING, secrets.token_bytes(32))
    found = read_subscriber(db, read_token(secret, purpose, token))
    if found is None or not found.target:
        raise BadTokenError("what this link was for has been erased")
    return Mine(found, read_follows(db, found.id))


def confirm(db: sqlite3.Connection, mine: Mine, now: str) -> None:
    """Start the reports of somebody who asked: from now on. Doing it again alters nothing.

    Raises EndedError for somebody who stopped since: an old link starts nothing again.
    """
    if mine.subscriber.state == "stopped":
        raise EndedError("These reports were stopped. To get them again, subscribe anew under /subscribe.")
    if mine.subscriber.state != "active":
        _start(db, mine, now)


def _start(db: sqlite3.Connection, mine: Mine, now: str) -> None:
    """Start reports from now on; what waited when they were stopped is not told."""
    with transaction(db):
        forget_waiting(db, mine.subscriber.id)
        values = {"state": "active", "reason": "", "confirmed_at": now, "ended_at": None, "told_until": now}
        alter_subscriber(db, mine.subscriber.id, **values)


def change(db: sqlite3.Connection, mine: Mine, wish: Wish) -> None:
    """Put what is followed and how often in place of what was; the address stays."""
    with transaction(db):
        _apply(db, mine.subscriber.id, check_choice(wish))


def slow_down(db: sqlite3.Connection, mine: Mine) -> None:
    """Send reports once a week from now on."""
    alter_subscriber(db, mine.subscriber.id, cadence="weekly")


def stop(db: sqlite3.Connection, mine: Mine, now: str, reason: str = "stopped by themselves") -> None:
    """End the reports at once; what waits is dropped. Doing it again alters nothing."""
    if mine.subscriber.state == "stopped":
        return
    with transaction(db):
        alter_subscriber(db, mine.subscriber.id, state="stopped", ended_at=now, reason=reason)
        drop_waiting(db, mine.subscriber.id, "the subscriber stopped", now)


def start_again(db: sqlite3.Connection, mine: Mine, now: str) -> None:
    """Start the reports of somebody who stopped by mistake again.

    A link to stop lasts for good and so must not do more than stop: it starts again what it ended for a day. Raises
    EndedError later, and UsageError where they go on or the address is subscribed anew.
    """
    if mine.subscriber.state != "stopped":
        raise UsageError("these reports have not stopped")
    if not may_start_again(mine, now):
        raise EndedError("These reports ended more than a day ago. To get them again, subscribe anew under /subscribe.")
    with transaction(db):
        if find_subscriber(db, mine.subscriber.channel, mine.subscriber.target) is not None:
            raise UsageError("this address is subscribed already")
        _start(db, mine, now)


def may_start_again(mine: Mine, now: str) -> bool:
    """Tell whether somebody stopped so lately that it may have been by mistake."""
    ended = mine.subscriber.ended_at
    is_stopped = mine.subscriber.state == "stopped" and ended is not None
    return is_stopped and datetime.fromisoformat(now) - datetime.fromisoformat(str(ended)) <= DAY


def erase(db: sqlite3.Connection, mine: Mine, now: str) -> None:
    """End the reports and erase the address at once, in what was sent to it too."""
    with transaction(db):
        stop(db, mine, now)
        alter_subscriber(db, mine.subscriber.id, target="", secret=b"")
        erase_unaddressed(db, now)


def _print(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
