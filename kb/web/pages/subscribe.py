"""The pages of subscribers: ask for reports, confirm, see and change what is followed, end it; without an account."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import get_args
from urllib.parse import urlsplit

import msgspec

from kb.errors import StatusQuoError, UsageError
from kb.hooks import spell_secret
from kb.mail_settings import MailSettings
from kb.models import Channel
from kb.store.outbox import list_titles
from kb.store.subscribers import SIGNING, keep_secret
from kb.stories import MOST_CHANGES, bound_days, find_first_day, list_period
from kb.subscribing import (
    EndedError,
    Mine,
    NotConfiguredError,
    TooManyError,
    Wish,
    ask,
    change,
    check_wish,
    confirm,
    erase,
    may_start_again,
    open_link,
    slow_down,
    start_again,
    stop,
)
from kb.tell.follow import ANY, NATURES, RULE_NATURES, Follow, describe_follow, list_terms, parse_follow
from kb.tell.period import CADENCES, Cadence
from kb.tell.tokens import BadTokenError, ExpiredTokenError, Purpose, link_token
from kb.tell.view import tell_head
from kb.tell.words import NATURE_LABELS
from kb.web.answer import Answer
from kb.web.pages.filters import write_path
from kb.web.pages.frame import Frame, read_frame, render, render_missing

# What the form may hold besides the choices.
PREVIEW_DAYS = 90
MOST_PREVIEWED = 5
TITLES_SHOWN = 12
# Zones of the United States and its territories; any other one of the tz database may be typed.
ZONES = (
    "UTC",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "Pacific/Guam",
    "Pacific/Pago_Pago",
)
CHOICES = ("jurisdiction", "topic", "profession", "binding")
LEGENDS = {
    "jurisdiction": "Places",
    "topic": "Topics",
    "profession": "Professions",
    "binding": "How binding the text is",
}
# Every value of a field of a form that was sent, by its name.
Fields = Mapping[str, Sequence[str]]


class ClosedError(StatusQuoError):
    """Raised where the file of subscribers cannot be opened or written now; never says where it stands."""


class Preview(msgspec.Struct, frozen=True):
    """How many stories would have been told since a day, and the headlines of the last of them."""

    since: date
    count: int
    lines: list[str]


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit to one of these pages: the publication, the subscribers, what was asked, and who asks (a keyless mark).

    ``fields`` is None for a visit that only looks. ``tell`` is called when a message was written that should go now.
    The file of subscribers is opened when it is first needed: who only looks at the form does not touch it.
    """

    public: sqlite3.Connection
    open_file: Callable[[], sqlite3.Connection]
    asked: Mapping[str, str]
    fields: Fields | None
    settings: MailSettings
    now: str
    client: str
    tell: Callable[[], None]
    allow_loopback: bool = False

    @property
    def subscribers(self) -> sqlite3.Connection:
        """Return the file of subscribers; raises ClosedError."""
        return self.open_file()

    @property
    def frame(self) -> Frame:
        """Return the frame of the page."""
        return read_frame(self.public, self.asked)

    def read(self, name: str) -> str:
        """Return a field's first value, "" where it has none."""
        return next(iter((self.fields or {}).get(name, ())), "")


def view_subscribe(visit: Visit) -> Answer:
    """Answer "/subscribe": the form, with what it would have told; sent, it writes the message that asks back."""
    if visit.fields is None:
        given = {name: value.split(",") for name, value in visit.asked.items()}
        return _render_form(visit, given, status=200)
    try:
        wish = read_wish(visit)
        told = ask(visit.subscribers, wish, visit.now, visit.settings, visit.client)
    except TooManyError as error:
        return _render_form(visit, visit.fields, str(error), status=429)
    except NotConfiguredError as error:
        return _render_form(visit, visit.fields, str(error), status=503)
    except UsageError as error:
        return _render_form(visit, visit.fields, str(error), status=400)
    visit.tell()
    return render("asked.html", visit.frame, target=told.target, channel=wish.channel)


def read_wish(visit: Visit) -> Wish:
    """Return what a form asks for, checked; raises UsageError."""
    if visit.read("website"):
        raise UsageError("the field that people do not see was filled in")
    channel = visit.read("channel") or "mail"
    if channel not in get_args(Channel):
        raise UsageError(f"channel: expected one of {', '.join(get_args(Channel))}")
    target = visit.read("mail" if channel == "mail" else "hook").strip()
    settings = read_settings(visit)
    wish = msgspec.structs.replace(settings, channel=msgspec.convert(channel, Channel), target=target)
    return check_wish(wish, allow_loopback=visit.allow_loopback)


def read_settings(visit: Visit) -> Wish:
    """Return what a form chooses, without an address; raises UsageError."""
    cadence = visit.read("cadence") or "immediate"
    if cadence not in CADENCES:
        raise UsageError(f"cadence: expected one of {', '.join(CADENCES)}")
    return Wish(
        channel="mail",
        target="",
        follows=(read_follow(visit.fields or {}),),
        cadence=msgspec.convert(cadence, Cadence),
        zone=visit.read("zone").strip() or "UTC",
        tells_quiet=bool(visit.read("quiet")),
    )


def read_follow(given: Fields) -> Follow:
    """Return the choice a form or an address makes; "what" = any stands for wording, moves and notes too."""
    wide = ANY in given.get("what", ()) or ANY in given.get("nature", ())
    values = {name: given.get(name, ()) for name in CHOICES}
    return parse_follow({**values, **({"nature": (ANY,), "part": (ANY,)} if wide else {})})


def _render_form(visit: Visit, given: Fields, error: str = "", *, status: int) -> Answer:
    try:
        follow = read_follow(given)
    except UsageError as trouble:
        follow, error, status = Follow(), error or str(trouble), 400
    frame = visit.frame
    page = render(
        "subscribe.html",
        frame,
        status=status,
        error=error,
        choices=list_choices(follow),
        is_wide=follow.natures != RULE_NATURES,
        natures=[NATURE_LABELS[nature] for nature in NATURES],
        given={name: next(iter(values), "") for name, values in given.items()},
        cadences=CADENCES,
        zones=ZONES,
        by_mail=visit.settings.is_set,
        by_hook=bool(visit.settings.address),
        described=describe_follow(follow),
        preview=_preview(visit, follow, frame.today),
        feeds=[(form, write_path(f"/changes.{form}", _spell_filter(follow))) for form in ("atom", "json")],
    )
    return msgspec.structs.replace(page, trouble=("This cannot be subscribed to", error) if error else ())


def list_choices(follow: Follow) -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
    """Return the choices of a form: each kind with its legend, and its terms with whether they are chosen."""
    chosen: Mapping[str, Sequence[str]] = {
        "jurisdiction": follow.jurisdictions,
        "topic": follow.topics,
        "profession": follow.professions,
        "binding": follow.bindings,
    }
    return [
        (name, LEGENDS[name], [(term, label, term in chosen[name]) for term, label in list_terms(name).items()])
        for name in CHOICES
    ]


def _preview(visit: Visit, follow: Follow, today: str) -> Preview:
    """Return what of the last 90 days would have been told; of fewer days where more moved than one report tells."""
    until = date.fromisoformat(today)
    since = find_first_day(visit.public, [follow], until - timedelta(days=PREVIEW_DAYS), until, MOST_CHANGES)
    stories = list_period(visit.public, [follow], *bound_days(since, until))
    return Preview(since, len(stories), [tell_head(one, until).title for one in stories[::-1][:MOST_PREVIEWED]])


def _spell_filter(follow: Follow) -> dict[str, str]:
    """Return the filter of a list of changes that is nearest to a follow: of each kind it takes one term."""
    chosen = {
        "jurisdiction": follow.jurisdictions,
        "topic": follow.topics,
        "profession": follow.professions,
        "binding": follow.bindings,
    }
    return {name: values[0] for name, values in chosen.items() if len(values) == 1}


# --- with a link


def view_confirm(visit: Visit) -> Answer:
    """Answer "/subscribe/confirm/<token>": a page with a button; pressing it starts the reports."""
    return _with_link(visit, "confirm", _confirm)


def _confirm(visit: Visit, mine: Mine) -> Answer:
    done = visit.fields is not None
    if done or mine.subscriber.state == "stopped":
        confirm(visit.subscribers, mine, visit.now)
    is_news = done and mine.subscriber.channel == "webhook" and mine.subscriber.state != "active"
    secret = spell_secret(mine.subscriber.secret) if is_news else ""
    return _render_mine(visit, "confirm.html", mine, done=done, secret=secret)


def view_manage(visit: Visit) -> Answer:
    """Answer "/subscription/<token>": what is followed and what was told lately; the form changes it."""
    return _with_link(visit, "manage", _manage)


def _manage(visit: Visit, mine: Mine) -> Answer:
    error, done = "", False
    if visit.fields is not None:
        try:
            change(visit.subscribers, mine, read_settings(visit))
            mine, done = open_link(visit.subscribers, "manage", visit.asked["token"]), True
        except UsageError as trouble:
            error = str(trouble)
    return _render_mine(visit, "subscription.html", mine, done=done, error=error, status=400 if error else 200)


def view_stop(visit: Visit) -> Answer:
    """Answer "/stop/<token>": a button that ends it; mail readers press it by themselves (RFC 8058)."""
    return _with_link(visit, "stop", _stop)


def _stop(visit: Visit, mine: Mine) -> Answer:
    wished = visit.read("do") or "stop"
    error = ""
    if visit.fields is not None:
        try:
            _do(visit, mine, wished)
            if wished == "erase":
                return render("erased.html", visit.frame)
            mine = open_link(visit.subscribers, "stop", visit.asked["token"])
        except (EndedError, UsageError) as trouble:
            error = str(trouble)
    done = wished if visit.fields is not None and not error else ""
    return _render_mine(
        visit,
        "stop.html",
        mine,
        done=done,
        error=error,
        status=400 if error else 200,
        may_start=may_start_again(mine, visit.now),
        anew=write_path("/subscribe", _spell_filter(mine.follows[0] if mine.follows else Follow())),
    )


def _do(visit: Visit, mine: Mine, wished: str) -> None:
    deeds: Mapping[str, Callable[[], None]] = {
        "stop": lambda: stop(visit.subscribers, mine, visit.now),
        "start": lambda: start_again(visit.subscribers, mine, visit.now),
        "erase": lambda: erase(visit.subscribers, mine, visit.now),
        "weekly": lambda: start_again(visit.subscribers, mine, visit.now),
    }
    if wished not in deeds:
        raise UsageError(f"do: expected one of {', '.join(deeds)}")
    deeds[wished]()
    if wished == "weekly":
        slow_down(visit.subscribers, mine)


def _with_link(visit: Visit, purpose: Purpose, show: Callable[[Visit, Mine], Answer]) -> Answer:
    try:
        return show(visit, open_link(visit.subscribers, purpose, visit.asked["token"]))
    except ClosedError:
        raise
    except ExpiredTokenError:
        lines = ["Ask for a fresh one under “Get change reports” below: enter your address again, nothing is lost."]
        return render_missing(visit.frame, "This link has expired", lines, status=410)
    except BadTokenError as error:
        lines = [f"We cannot read this link: {error}. Copy it whole from the mail, or ask for a fresh one."]
        return render_missing(visit.frame, "This link does not work", lines, status=400)
    except EndedError as error:
        return render_missing(visit.frame, "These reports have ended", [str(error)], status=410)
    except StatusQuoError as error:
        return render_missing(visit.frame, "This cannot be done", [str(error)], status=400)


def _render_mine(visit: Visit, template: str, mine: Mine, *, status: int = 200, **values: object) -> Answer:
    one = mine.subscriber
    follow = mine.follows[0] if mine.follows else Follow()
    return render(
        template,
        visit.frame,
        status=status,
        mine=one,
        follows=[describe_follow(each) for each in mine.follows],
        cadences=CADENCES,
        zones=ZONES,
        choices=list_choices(follow),
        is_wide=follow.natures != RULE_NATURES,
        stop_path=urlsplit(link_token("", keep_secret(visit.subscribers, SIGNING, b""), "stop", one.id)).path,
        titles=list_titles(visit.subscribers, one.id, TITLES_SHOWN),
        **{"error": "", **values},
    )
