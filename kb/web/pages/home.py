"""The first page: what moved lately, what was checked when, what is held back."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from kb.store.pages import (
    EventRow,
    Listed,
    SourceState,
    Wanted,
    count_holdings,
    list_changes,
    read_events,
    read_sources,
)
from kb.web.answer import Answer
from kb.web.pages.frame import Frame, read_frame, render, show_sources
from kb.web.pages.words import count_of, days_between, print_day

EVENTS_SHOWN = 6
DOCUMENTS_SHOWN = 5
LINES_SHOWN = 3
# Of one event so many changes are read: enough for the documents and lines shown, few enough to be quick.
CHANGES_READ = 60
RECENT_DAYS = 30
RULE_CHANGES = Wanted(natures=("substantive",), parts=("text", "heading"))


class DocumentGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A document's changes in an event: the first lines and how many more there are (of those read)."""

    first: Listed
    lines: tuple[Listed, ...]
    more: int


class EventGroup(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its first documents, and how many more documents it touched."""

    event: EventRow
    title: str
    documents: tuple[DocumentGroup, ...]
    more: int


def view_home(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/": what moved lately and what was checked when; says what to run while nothing is known."""
    sources = read_sources(db)
    frame = show_sources(read_frame(db, asked), [one.source for one in sources])
    if not frame.last_checked:
        return render("empty.html", frame, sources=sources)
    titles = {one.source: one.title or one.source for one in sources}
    events = [_group_event(db, event, titles) for event in read_events(db, EVENTS_SHOWN)]
    return render(
        "home.html",
        frame,
        headline=tell_headline(frame, sources, events),
        checks=tell_checks(frame, sources),
        events=events,
        sources=sources,
        holdings=count_holdings(db),
    )


def _group_event(db: sqlite3.Connection, event: EventRow, titles: Mapping[str, str]) -> EventGroup:
    wanted = msgspec.structs.replace(RULE_CHANGES, event=event.id)
    groups = group_documents(list_changes(db, wanted, CHANGES_READ, 0))[:DOCUMENTS_SHOWN]
    return EventGroup(
        event=event,
        title=titles.get(event.source, event.source),
        documents=tuple(groups),
        more=event.rule_documents - len(groups),
    )


def group_documents(changes: Sequence[Listed]) -> list[DocumentGroup]:
    """Group changes that follow each other by document, each with its first lines."""
    groups = (list(group) for _, group in groupby(changes, key=lambda change: (change.document, change.strand)))
    return [
        DocumentGroup(first=lines[0], lines=tuple(lines[:LINES_SHOWN]), more=max(0, len(lines) - LINES_SHOWN))
        for lines in groups
    ]


def tell_headline(frame: Frame, sources: Sequence[SourceState], events: Sequence[EventGroup]) -> str:
    """Say in one sentence what moved lately; never "nothing moved" where most sources were not read."""
    moved = [one.event for one in events if days_between(one.event.wave_at, frame.today) <= RECENT_DAYS]
    if moved:
        changes = sum(event.rule_changes for event in moved)
        return f"{count_of(changes, 'rule change')} since {print_day(moved[-1].wave_at)}"
    if sources and frame.edition.replicas.issuperset(one.source for one in sources):
        return f"A recorded web of {count_of(len(sources), 'source')}, last read {print_day(frame.last_checked)}"
    unread = len(sources) - len(_list_fresh(frame, sources))
    if unread * 2 > len(sources):
        since = print_day(frame.last_checked)
        return (
            f"We cannot say that nothing moved: {unread} of {count_of(len(sources), 'source')} not read since {since}"
        )
    last = print_day(events[0].event.wave_at) if events else ""
    return f"Nothing moved in the last {RECENT_DAYS} days" + (f"; the last rule change was seen {last}" if last else "")


def tell_checks(frame: Frame, sources: Sequence[SourceState]) -> str:
    """Say how many sources were read lately, and how many pages are held back."""
    fresh = len(_list_fresh(frame, sources))
    held = sum(one.suspects for one in sources)
    read = f"{fresh} of {count_of(len(sources), 'source')} read in the last {RECENT_DAYS} days"
    return f"{read}; {count_of(held, 'page') + ' held back' if held else 'no page is held back'}."


def _list_fresh(frame: Frame, sources: Sequence[SourceState]) -> list[SourceState]:
    return [one for one in sources if one.last_checked and days_between(one.last_checked, frame.today) <= RECENT_DAYS]
