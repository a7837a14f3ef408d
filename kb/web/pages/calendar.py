"""The calendar: days on which rules take effect, end or can be commented on, as a list by month and as iCalendar."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

import msgspec

from kb.agenda import DAY_KINDS, Day, DayKind, link_day, list_days
from kb.corrected_days import list_corrected
from kb.store.agenda import MOST_ROWS
from kb.store.pages import count_holdings
from kb.store.timeline import list_known
from kb.tell.words import DAY_VERBS, MONTH_NAMES, parse_day
from kb.topics import read_vocabulary
from kb.web.answer import Answer
from kb.web.pages.feeds import refuse_feed
from kb.web.pages.filters import (
    LONGEST_VALUE,
    Facet,
    Option,
    check_days,
    label_value,
    mark_options,
    path_without,
    write_path,
)
from kb.web.pages.frame import Frame, read_frame, render_errors, show_sources
from kb.web.pages.ics import MEDIA_TYPE, write_ics

BASE = "/calendar"
FILTERS = ("jurisdiction", "topic", "kind", "source", "since", "until")
FACETS = ("jurisdiction", "topic", "kind", "source")
LABELS: Mapping[str, str] = {
    "jurisdiction": "Jurisdiction",
    "topic": "Topic",
    "kind": "What happens",
    "source": "Source",
    "since": "From",
    "until": "Until",
}
# What happens on a day, for a list of choices.
KIND_LABELS: Mapping[DayKind, str] = {
    "effective": "Takes effect",
    "expiry": "Ends",
    "sunset": "Sunset, last day",
    "reverts": "Falls back",
    "comment": "Comments due",
}
# So long a passed or dropped day stays in the list and in subscribed calendars, which must learn of what was dropped.
DAYS_KEPT = 90
MOST_SHOWN = 200


class Month(msgspec.Struct, frozen=True):
    """The days of one month, named "July 2026"."""

    id: str
    name: str
    days: tuple[Day, ...]


class Question(msgspec.Struct, frozen=True):
    """What is asked of the calendar: its filters as chosen, what is wrong with them, and its first day."""

    chosen: Mapping[str, str]
    errors: Sequence[str]
    since: date


def view_calendar(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/calendar": the days ahead by month, passed ones folded, each with its rule."""
    frame = read_frame(db, asked)
    question = read_question(db, asked)
    chosen = question.chosen
    days = [] if question.errors else list_days(db, question.since, list_corrected(db))
    passing = [one for one in days if _passes(one, chosen)]
    ahead = [one for one in passing if one.day.isoformat() >= frame.today]
    passed = [one for one in passing if one.day.isoformat() < frame.today]
    return render_errors(
        "calendar.html",
        show_sources(frame, {one.source for one in passing}),
        question.errors,
        chosen=chosen,
        mark_options=mark_options,
        facets=list_facets(days, chosen),
        active=_list_active(frame, chosen),
        ahead=ahead,
        most=MOST_SHOWN,
        months=group_months(ahead[:MOST_SHOWN]),
        passed=passed[::-1][:MOST_SHOWN],
        since=question.since,
        ics=write_path("/calendar.ics", {name: value for name, value in chosen.items() if name != "since"}),
        address=asked.get("address", ""),
        holdings=count_holdings(db),
        everything=len(days),
        is_cut=len(days) >= MOST_ROWS,
        verbs=DAY_VERBS,
        path_of=link_day,
    )


def view_ics(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/calendar.ics": the same days as an iCalendar file to subscribe to."""
    question = read_question(db, asked)
    if question.errors:
        return refuse_feed("ics", question.errors)
    frame = read_frame(db, asked)
    days = [one for one in list_days(db, question.since, list_corrected(db)) if _passes(one, question.chosen)]
    title = "; ".join(["Status Quo: dates of rules", *(words for words, _ in _list_active(frame, question.chosen))])
    nearest = keep_nearest(days, frame.today, MOST_SHOWN)
    body = write_ics(nearest, title, frame.edition, asked.get("address", ""))
    return Answer(200, body, MEDIA_TYPE, {"content-disposition": 'inline; filename="calendar.ics"'})


def read_question(db: sqlite3.Connection, asked: Mapping[str, str]) -> Question:
    """Return the filters asked for and a sentence for each that cannot be understood."""
    chosen = {name: asked[name].strip() for name in FILTERS if asked.get(name, "").strip()}
    known = list_known(db)
    topics = dict.fromkeys([*(entry.id for entry in read_vocabulary().topics), *known["topic"]])
    allowed: Mapping[str, Sequence[str]] = {**known, "topic": list(topics), "kind": DAY_KINDS}
    errors = [
        f"{name}: “{value[:LONGEST_VALUE]}” is none of {', '.join(allowed[name])}"
        for name, value in chosen.items()
        if name in allowed and value not in allowed[name]
    ]
    errors += check_days(chosen)
    usual = date.fromisoformat(asked["today"]) - timedelta(days=DAYS_KEPT)
    return Question(chosen, errors, parse_day(chosen.get("since", "")) or usual)


def _passes(day: Day, chosen: Mapping[str, str]) -> bool:
    return all(_has_value(day, name, value) for name, value in chosen.items())


def _has_value(day: Day, name: str, value: str) -> bool:
    if name in ("since", "until"):
        return day.day.isoformat() <= value or name == "since"
    return value in _list_values(day, name)


def _list_values(day: Day, name: str) -> Sequence[str]:
    return day.topics if name == "topic" else [str(getattr(day, name))]


def list_facets(days: Sequence[Day], chosen: Mapping[str, str]) -> list[Facet]:
    """Return every facet with the values that occur under the other filters, and the chosen one, each counted."""
    facets = []
    for name in FACETS:
        others = {key: value for key, value in chosen.items() if key != name}
        left = [one for one in days if _passes(one, others)] if others else days
        counts = {chosen[name]: 0} if name in chosen else {}
        for value in (value for one in left for value in _list_values(one, name) if value):
            counts[value] = counts.get(value, 0) + 1
        options = tuple(Option(value, _label(name, value), counts[value]) for value in sorted(counts))
        facets.append(Facet(name, LABELS[name], f"all ({len(left):,})", options))
    return facets


def _label(name: str, value: str) -> str:
    kinds: Mapping[str, str] = {str(kind): label for kind, label in KIND_LABELS.items()}
    return kinds.get(value, value) if name == "kind" else label_value(name, value)


def _list_active(frame: Frame, chosen: Mapping[str, str]) -> list[tuple[str, str]]:
    names = frame.edition.names
    return [
        (f"{LABELS[name]}: {names.get(value) or _label(name, value)}", path_without(BASE, chosen, name))
        for name, value in chosen.items()
    ]


def keep_nearest(days: Sequence[Day], today: str, most: int) -> list[Day]:
    """Return, of days in order, so many before today and so many from today on, those nearest to it."""
    passed = [one for one in days if one.day.isoformat() < today]
    return [*passed[-most:], *days[len(passed) :][:most]]


def group_months(days: Iterable[Day]) -> list[Month]:
    """Group days, given in order, by month."""
    groups = groupby(days, key=lambda one: (one.day.year, one.day.month))
    return [
        Month(f"{year}-{month:02}", f"{MONTH_NAMES[month - 1]} {year}", tuple(group)) for (year, month), group in groups
    ]
