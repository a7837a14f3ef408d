"""Make stories and reports of a published generation: what moved, whom it concerns, what was read and what was not."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from kb.agenda import Day, link_day, list_days
from kb.cadence import tell_patience
from kb.incidents import map_causes
from kb.jurisdictions import read_jurisdictions
from kb.scopes import read_terms
from kb.store.news import (
    Cited,
    Proven,
    WatchedSource,
    find_confirmation,
    list_news,
    list_proven,
    list_watched,
    make_moved,
    make_story,
    read_cited,
)
from kb.store.pages import Edition, read_edition
from kb.tell.follow import Follow, describe_follow, narrow_story, select_moved
from kb.tell.story import Ahead, Links, Moved, Report, Story, Touched, Unread, Watch
from kb.tell.words import DAY_VERBS, POLICY_LABELS, cite, days_between, print_day

# How far a report looks ahead, in days.
AHEAD_DAYS = 90
# Days ahead that one report tells.
MOST_AHEAD = 20
# More changes are too many to read on one page, and to make it from in an instant; the time before has its own page.
MOST_CHANGES = 500
# "{jurisdiction}" in a sentence of the codebook
SLOT = re.compile(r"\{(\w+)\}")
# An answer whose words stand in the archived text may tell what to do; any other one may not.
PROVEN = ("anchored", "verified")


class Period(msgspec.Struct, frozen=True):
    """The time a report is about: after one instant and until another, and the reader's day."""

    since: str
    until: str
    today: date


def read_stories(db: sqlite3.Connection, after: Mapping[str, str], *, default_after: str) -> list[Story]:
    """Return what was proven after an instant by source, ``default_after`` for sources not named; earliest first."""
    return list(_tell(db, list_news(db, after, default_after)))


def list_period(db: sqlite3.Connection, follows: Sequence[Follow], since: str, until: str) -> list[Story]:
    """Return what was proven after one instant and until another, only the changes that match any of the follows."""
    stories = _tell(db, list_proven(db, _span(follows, since, until)))
    chosen = ((story, select_moved(story, follows)) for story in stories)
    return [narrow_story(story, found) for story, found in chosen if found]


def find_first_day(db: sqlite3.Connection, follows: Sequence[Follow], since: date, until: date, most: int) -> date:
    """Return the day from which on a report of a period tells at most so many changes, its first day where all do fit.

    At least one day on which anything moved is told, however much that is.
    """
    span = _span(follows, *bound_days(since, until))
    beyond = find_confirmation(db, span, most)
    if not beyond:
        return since
    last = date.fromisoformat(find_confirmation(db, span, 0)[:10])
    return min(last, date.fromisoformat(beyond[:10]) + timedelta(days=1))


def bound_days(since: date, until: date) -> tuple[str, str]:
    """Return the first and the last instant of a period of days."""
    return f"{since}T00:00:00Z", f"{until}T23:59:59.999999Z"


def _span(follows: Sequence[Follow], since: str, until: str) -> Proven:
    """Return what has to be read for what is followed: topics and professions are told apart afterwards."""
    every = any(not follow.jurisdictions for follow in follows)
    return Proven(
        since=since,
        until=until,
        jurisdictions=() if every else tuple({place for follow in follows for place in follow.jurisdictions}),
        natures=tuple({nature for follow in follows for nature in follow.natures}),
        parts=tuple({part for follow in follows for part in follow.parts}),
    )


def _tell(db: sqlite3.Connection, groups: Iterable[list[sqlite3.Row]]) -> Iterator[Story]:
    release = read_edition(db).generation
    for rows in groups:
        cited = read_cited(db, [(row["id"], row["source"]) for row in rows])
        moved = tuple(_tell_change(row, cited.get((row["id"], row["source"]), [])) for row in rows)
        yield make_story(rows, moved, release)


def _tell_change(row: sqlite3.Row, cited: Sequence[Cited]) -> Moved:
    place = cite(row["citation"], row["eid"] if row["eid"] is not None else row["old_eid"])
    return make_moved(row, place, tuple(fill_action(one) for one in cited))


def fill_action(cited: Cited) -> Touched:
    """Return an answer with the codebook's sentence on what to do, filled; "" where it may not or cannot be said.

    It is said of an answer whose words stand in the archived text after the change alone. A sentence of which any slot
    has no value is not said at all.
    """
    touched = cited.touched
    if touched.state not in PROVEN or not (touched.quote_stands or touched.became):
        return touched
    names = {one.id: one.name for one in read_jurisdictions()}
    values = {
        "value": touched.became or touched.label,
        "jurisdiction": names.get(touched.jurisdiction, ""),
        "citation": cited.citation,
        "effective_from": _print_stated(cited.effective_from),
        **{name: _name_terms(name, terms) for name, terms in cited.scope.items()},
    }
    slots = SLOT.findall(cited.action)
    if not cited.action or any(not values.get(name) for name in slots):
        return touched
    said = SLOT.sub(lambda slot: str(values[slot[1]]), cited.action)
    return msgspec.structs.replace(touched, action=" ".join(said.split()))


def _name_terms(dimension: str, terms: Sequence[str]) -> str:
    known = read_terms().get(dimension, {})
    return ", ".join(known[term].name if term in known else term for term in terms)


def _print_stated(text: str) -> str:
    """Return a stated date as words: a day in full, a month or a year as it stands."""
    return print_day(text) if len(text) == len("2026-11-28") else text


# --- what a report rests on


class Almanac(msgspec.Struct, frozen=True):
    """What of a publication every report says: its edition, its sources as they stand, its days to come."""

    edition: Edition
    watched: tuple[WatchedSource, ...]
    days: tuple[Day, ...]


def read_almanac(db: sqlite3.Connection) -> Almanac:
    """Return what of a publication every report says; its days are those from its own on."""
    edition = read_edition(db)
    return Almanac(
        edition, tuple(list_watched(db)), tuple(list_days(db, date.fromisoformat(edition.published_at[:10])))
    )


def tell_watched(almanac: Almanac, follows: Sequence[Follow], since: str, until: str) -> Watch:
    """Return which sources of what is followed were read in a period, and why the others were not.

    A source that was not due in the period is neither: it is counted as resting. One that was read in it but is late by
    now counts as not read: what moved since its last reading is not known.
    """
    own = [one for one in almanac.watched if any(_concerns(follow, one) for follow in follows)]
    unread = [one for one in own if _is_unread(one, since, until)]
    resting = [one for one in own if one not in unread and not _is_read(one, since)]
    return Watch(
        checked=len(own) - len(unread) - len(resting),
        unread=tuple(_tell_unread(one, until) for one in unread),
        last_checked=max((one.last_checked for one in own), default=""),
        resting=len(resting),
    )


def _concerns(follow: Follow, source: WatchedSource) -> bool:
    """Tell whether a source may hold what is followed; one that declares no topic may hold any."""
    is_there = not follow.jurisdictions or source.jurisdiction in follow.jurisdictions
    return is_there and (not follow.topics or not source.topics or not set(follow.topics).isdisjoint(source.topics))


def _is_read(source: WatchedSource, since: str) -> bool:
    return source.last_checked.rstrip("Z") > since.rstrip("Z")


def _is_unread(source: WatchedSource, since: str, until: str) -> bool:
    """Tell whether a source could not be checked: in trouble and not read in the period, or late at its end."""
    if not source.last_checked or days_between(source.last_checked, until) > tell_patience(source.cadence).days:
        return True
    return not _is_read(source, since) and bool(source.cause or source.crawl_state != "open")


def _tell_unread(source: WatchedSource, until: str) -> Unread:
    causes = map_causes()
    if source.crawl_state != "open":
        reason = POLICY_LABELS.get(source.crawl_state, source.crawl_state)
    elif source.cause:
        reason = causes[source.cause].title if source.cause in causes else source.cause
    elif source.last_checked:
        reason = f"not read for {days_between(source.last_checked, until)} days (expected {source.cadence})"
    else:
        reason = "never read yet"
    return Unread(
        source=source.source,
        jurisdiction=source.jurisdiction,
        place=source.place,
        title=source.title or source.source,
        since=source.last_checked,
        reason=reason,
        url=source.url,
    )


def list_ahead(almanac: Almanac, follows: Sequence[Follow], today: date) -> tuple[Ahead, ...]:
    """Return the days to come that concern what is followed, the next first."""
    last = today + timedelta(days=AHEAD_DAYS)
    names = almanac.edition.names
    found = [
        Ahead(
            day=one.day,
            jurisdiction=one.jurisdiction,
            place=names.get(one.jurisdiction) or one.jurisdiction.upper(),
            sentence=f"{one.citation or one.title} {DAY_VERBS[one.kind]}",
            path=link_day(one),
        )
        for one in almanac.days
        if today <= one.day <= last and not one.is_dropped and any(_expects(follow, one) for follow in follows)
    ]
    return tuple(found[:MOST_AHEAD])


def _expects(follow: Follow, day: Day) -> bool:
    """Tell whether a day may concern what is followed; one of which no topic is known may."""
    is_there = not follow.jurisdictions or day.jurisdiction in follow.jurisdictions
    return is_there and (not follow.topics or not day.topics or not set(follow.topics).isdisjoint(day.topics))


def make_report(
    almanac: Almanac, follows: Sequence[Follow], period: Period, stories: Sequence[Story], links: Links
) -> Report:
    """Return the report of a period: the stories given, and what of the publication every report says besides."""
    return Report(
        since=period.since,
        until=period.until,
        today=period.today,
        release=almanac.edition.generation,
        published_at=almanac.edition.published_at,
        stories=tuple(stories),
        watch=tell_watched(almanac, follows, period.since, period.until),
        ahead=list_ahead(almanac, follows, period.today),
        follows=tuple(dict.fromkeys(describe_follow(follow) for follow in follows)),
        links=links,
    )
