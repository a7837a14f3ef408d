"""One event: the changes seen together, by document."""

import sqlite3
from collections.abc import Mapping
from itertools import groupby

import msgspec

from kb.store.pages import Listed, Wanted, count_changes, find_event, list_changes, read_sources
from kb.store.timeline import find_next_events, list_force, list_successions
from kb.tell.words import WEIGHT_LABELS, Weight, count_weight, link_diff, weigh
from kb.web.answer import Answer
from kb.web.pages.frame import Slice, read_frame, read_page_number, render, render_missing, show_sources

# An event is read as a whole; the largest known has 250 changes.
EVENT_PAGE_SIZE = 200
# An id that is none is printed no further than this.
LONGEST_SHOWN = 40
RANKS = {weight: rank for rank, weight in enumerate(WEIGHT_LABELS)}


class DocumentChanges(msgspec.Struct, frozen=True):
    """One document's changes in an event, rule changes first, each weight in reading order."""

    first: Listed
    changes: tuple[Listed, ...]


def view_event(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/e/<id>": what an event is, how many changes it holds of each weight, and the changes by document."""
    frame = read_frame(db, asked)
    event = find_event(db, asked["event"])
    if event is None:
        return render_missing(frame, "No such event", explain_missing(asked["event"]))
    wanted = Wanted(event=event.id)
    weights: dict[Weight, int] = {}
    for one in count_changes(db, wanted):
        weights[weigh(one)] = weights.get(weigh(one), 0) + one.count
    shown = Slice(read_page_number(asked), sum(weights.values()), EVENT_PAGE_SIZE)
    changes = list_changes(db, wanted, shown.size, shown.offset)
    older, newer = find_next_events(db, event)
    force = list_force(db, event.id)
    groups = [list(group) for _, group in groupby(changes, key=lambda one: (one.document, one.strand))]
    return render(
        "event.html",
        show_sources(frame, [event.source]),
        event=event,
        source=next(iter(read_sources(db, event.source)), None),
        weights=[count_weight(weight, weights[weight]) for weight in WEIGHT_LABELS if weight in weights],
        shown=shown,
        documents=[DocumentChanges(_lead(group), tuple(sorted(group, key=_rank_weight))) for group in groups],
        older=older,
        newer=newer,
        days=sorted({day for day, _ in force if day}),
        causes=list(dict.fromkeys(cause for _, cause in force if cause)),
        redlines={
            (one.document, one.strand): link_diff(one.document, one.old, one.new) for one in list_successions(db, event)
        },
        path_to=lambda page: f"/e/{event.id}" + (f"?page={page}" if page > 1 else ""),
    )


def explain_missing(event: str) -> list[str]:
    """Say that there is no such event and how to find one."""
    shown = event if len(event) <= LONGEST_SHOWN else f"{event[:LONGEST_SHOWN]}…"
    return [
        f"We hold no event with the id “{shown}”. An id is 16 figures and letters, as in the addresses of “Changes”.",
        "An id stays for good: one that is not here is of another site, or of a base filled from other pages.",
    ]


def _lead(group: list[Listed]) -> Listed:
    """Return the change that speaks for its document: the first that says when it takes effect, else the first."""
    return next((change for change in group if change.effective_on is not None), group[0])


def _rank_weight(change: Listed) -> int:
    return RANKS[weigh(change)]
