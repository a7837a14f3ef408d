"""List the days ahead: when rules take effect, end, or can be commented on, and which announced days were moved.

A day has one identity for as long as the texts of its strand announce it: moved to another day it keeps its id and
counts the move; dropped before it came, it stays in the list as dropped.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Literal, get_args
from uuid import NAMESPACE_URL, uuid5

import msgspec

from kb.models import Strand
from kb.store.agenda import (
    CodedDay,
    Effect,
    StatedText,
    read_coded_days,
    read_effects,
    read_stated_texts,
)
from kb.tell.words import link_document

DayKind = Literal["effective", "expiry", "sunset", "reverts", "comment"]
DAY_KINDS: tuple[DayKind, ...] = get_args(DayKind)
# Names of our ids: the same day has the same id in every edition and on every host.
IDS = uuid5(NAMESPACE_URL, "https://statusquo.invalid/calendar")
Key = tuple[str, Strand, str]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the calendar.

    ``id`` is permanent; ``sequence`` counts how often the day was moved or dropped; ``moved_from`` are the days
    announced before, ``known_at`` the instant at which the latest word on it was known. ``document`` is "" where a
    coded answer states the day; then ``question`` names the question.
    """

    id: str
    kind: DayKind
    day: date
    jurisdiction: str
    citation: str
    title: str
    url: str
    known_at: str = ""
    document: str = ""
    strand: Strand = "current"
    source: str = ""
    question: str = ""
    topics: tuple[str, ...] = ()
    event: str = ""
    changes: int = 0
    sequence: int = 0
    moved_from: tuple[date, ...] = ()
    is_dropped: bool = False


def link_day(day: Day) -> str:
    """Return the path of the text that a day is about: as of that day, of an end as of the day before; "" for none."""
    if not day.document:
        return ""
    moment = day.day - timedelta(days=1) if day.kind == "expiry" else day.day
    return link_document(day.document, "", None if day.is_dropped else moment, day.strand)


class Thread(msgspec.Struct):
    """A day that versions of one strand announce, followed from the first to the last of them."""

    first: date
    day: date
    latest: StatedText
    known_at: str
    moved_from: tuple[date, ...] = ()

    def is_moved_by(self, text: StatedText) -> bool:
        """Tell whether a text took this day's place: it came when the last one went, before the day had come."""
        gone = self.latest.closed_wave
        return gone is not None and gone == text.wave_at and self.is_ahead()

    def is_ahead(self) -> bool:
        """Tell whether the last text that announced the day went before it came."""
        gone = self.latest.closed_at
        return gone is not None and date.fromisoformat(gone[:10]) < self.day


def list_days(db: sqlite3.Connection, since: date, corrected: Iterable[Day] = ()) -> list[Day]:
    """Return the days from one on, and those moved or dropped since, in order.

    ``corrected`` are days of answers that were corrected (``kb.corrected_days``); without them such a day stands as it
    is told now.
    """
    first = since.isoformat()
    stated = list(_list_stated(read_stated_texts(db, first)))
    coded = _join_corrected(map(_make_coded, read_coded_days(db, first)), corrected)
    days = [*_join_effects(stated, read_effects(db, first)), *coded]
    kept = (one for one in days if one.day >= since)
    return sorted(kept, key=lambda one: (one.day, one.jurisdiction, one.citation, one.kind, one.id))


def _list_stated(texts: Iterable[StatedText]) -> Iterator[Day]:
    for _, group in groupby(texts, key=_key):
        versions = list(group)
        starts = follow_days(versions, "effective")
        ends = follow_days(versions, "expiry")
        # Where a new text follows an old one on a day, the old one's end is told by the new one's beginning.
        begun = {thread.day for thread in starts}
        yield from (_make_stated(thread, "effective") for thread in starts)
        yield from (_make_stated(thread, "expiry") for thread in ends if thread.day not in begun)


def follow_days(versions: Sequence[StatedText], kind: DayKind) -> list[Thread]:
    """Follow each announced day through the versions of one strand, given in the order they were seen."""
    threads: list[Thread] = []
    for text in versions:
        day = text.valid_from if kind == "effective" else text.valid_to
        if day is None:
            continue
        same = next((thread for thread in threads if thread.day == day), None)
        moved = next((thread for thread in threads if thread.is_moved_by(text)), None)
        if same is not None:
            # Of several texts with one day the one that still stands speaks for it.
            same.latest = text if same.latest.closed_at is not None else same.latest
        elif moved is not None:
            moved.moved_from = (*moved.moved_from, moved.day)
            moved.day, moved.latest, moved.known_at = day, text, text.wave_at
        else:
            threads.append(Thread(day, day, text, text.wave_at))
    return threads


def _make_stated(thread: Thread, kind: DayKind) -> Day:
    text = thread.latest
    dropped = thread.is_ahead()
    return Day(
        id=make_id(kind, *_key(text), thread.first.isoformat()),
        kind=kind,
        day=thread.day,
        jurisdiction=text.jurisdiction,
        citation=text.citation,
        title=text.heading,
        url=text.url,
        known_at=(text.closed_wave or thread.known_at) if dropped else thread.known_at,
        document=text.document,
        strand=text.strand,
        source=text.source,
        topics=text.topics,
        sequence=len(thread.moved_from) + dropped,
        moved_from=thread.moved_from,
        is_dropped=dropped,
    )


def _join_effects(stated: Iterable[Day], effects: Iterable[Effect]) -> Iterator[Day]:
    """Yield the days of texts, each with the changes it brings, then the days that only changes state."""
    told = {(*_key(effect), effect.day): effect for effect in effects}
    for day in stated:
        for old in day.moved_from:
            told.pop((*_key(day), old), None)
        effect = told.pop((*_key(day), day.day), None) if day.kind == "effective" else None
        yield day if effect is None else _add_effect(day, effect)
    yield from map(_make_effect, told.values())


def _add_effect(day: Day, effect: Effect) -> Day:
    topics = tuple(dict.fromkeys([*day.topics, *effect.topics]))
    return msgspec.structs.replace(day, changes=effect.changes, event=effect.event, topics=topics)


def _make_effect(effect: Effect) -> Day:
    return Day(
        id=make_id("effective", *_key(effect), effect.day.isoformat()),
        kind="effective",
        day=effect.day,
        jurisdiction=effect.jurisdiction,
        citation=effect.citation,
        title=effect.heading,
        url=effect.url,
        known_at=effect.confirmed_at,
        document=effect.document,
        strand=effect.strand,
        source=effect.source,
        topics=effect.topics,
        event=effect.event,
        changes=effect.changes,
    )


def _make_coded(row: CodedDay) -> Day:
    return Day(
        id=make_id(row.kind, row.jurisdiction, row.question or row.subject, row.title, row.day),
        kind=msgspec.convert(row.kind, DayKind),
        day=date.fromisoformat(row.day),
        jurisdiction=row.jurisdiction,
        citation=row.citation,
        title=row.title,
        url=row.url,
        question=row.question,
        topics=(row.topic,) if row.topic else (),
    )


def _join_corrected(coded: Iterable[Day], corrected: Iterable[Day]) -> Iterator[Day]:
    """Yield the days that answers state, those that were moved under their first ids, then those that were dropped.

    A day that another answer still states stays as it is: one id is never told twice.
    """
    days = {(one.jurisdiction, one.kind, one.question, one.title, one.day): one for one in coded}
    taken = {one.id for one in days.values()}
    for one in corrected:
        key = (one.jurisdiction, one.kind, one.question, one.title, one.day)
        if one.id in taken or (key not in days and not one.is_dropped):
            continue
        taken.add(one.id)
        if one.is_dropped:
            yield one
        else:
            stated = days[key]
            days[key] = msgspec.structs.replace(one, citation=stated.citation, url=stated.url)
    yield from days.values()


def _key(one: StatedText | Effect | Day) -> Key:
    return one.document, one.strand, one.source


def make_id(*names: str) -> str:
    """Return the permanent id of a day from what names it: its kind, what states it, the day told first."""
    return str(uuid5(IDS, "\n".join(names)))
