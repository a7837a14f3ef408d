"""The list of changes, filtered: says how many there are, what it hides, and where to follow it."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

import msgspec

from kb.store.pages import Listed, list_changes
from kb.store.timeline import Combination, combine_changes, list_tellings, read_beginnings, read_first_day
from kb.tell.words import WEIGHT_LABELS, Weight, count_of, count_weight, print_day, weigh
from kb.web.answer import Answer
from kb.web.pages.filters import (
    ANY,
    FILTER_LABELS,
    Listing,
    count_passing,
    label_value,
    list_facets,
    list_tests,
    mark_options,
    path_without,
    read_listing,
    read_wanted,
    tell_filters,
    widen,
    write_path,
)
from kb.web.pages.frame import (
    Frame,
    Slice,
    read_frame,
    read_page_number,
    render,
    render_errors,
    render_missing,
    show_sources,
)

BASE = "/changes"
# A report is one sheet after another: more changes than this are a feed or a table.
MOST_REPORTED = 200
# The filter that shows the changes of a weight alone.
WEIGHT_QUERIES: Mapping[Weight, Mapping[str, str]] = {
    "rule": {},
    "wording": {"nature": "editorial"},
    "moved": {"nature": "structural"},
    "note": {"nature": ANY, "part": "note"},
    "pending": {"nature": ANY, "part": "pending"},
}


class Way(msgspec.Struct, frozen=True):
    """A sentence, and the path it leads to ("" for none): what a list hides, or what helps where it is empty."""

    label: str
    path: str = ""


class DayGroup(msgspec.Struct, frozen=True):
    """The changes first seen on one day, by document."""

    observed_at: str
    documents: tuple[tuple[Listed, ...], ...]


def view_changes(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/changes": one page of the changes that pass the filters, grouped by day and document.

    Filters that cannot be understood are kept, named in a sentence, and answered with status 400.
    """
    frame = read_frame(db, asked)
    listing = read_listing(db, asked)
    chosen = listing.chosen
    combined = combine_changes(db, widen(listing.wanted))
    total = 0 if listing.errors else count_passing(combined, listing.wanted)
    shown = Slice(read_page_number(asked), total)
    changes = list_changes(db, listing.wanted, shown.size, shown.offset) if shown.total else []
    return render_errors(
        "changes.html",
        show_sources(frame, {change.source for change in changes}),
        listing.errors,
        chosen=chosen,
        shown=shown,
        days=group_days(changes),
        hidden=[] if listing.errors else list_hidden(combined, listing),
        mark_options=mark_options,
        facets=list_facets(combined, {} if listing.errors else chosen),
        active=list_active(frame, chosen),
        narrowed=tell_filters(chosen, frame.edition.names),
        ways=[] if total or listing.errors else list(tell_empty(db, listing, combined, frame)),
        feeds=list_feeds({} if listing.errors else chosen),
        path_to=lambda page: write_path(BASE, {**chosen, "page": str(page)}),
        span=_tell_span(db),
    )


def view_report(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/changes/report": the changes of the filters with their redlines, on sheets that print well."""
    frame = read_frame(db, asked)
    listing = read_listing(db, asked)
    if listing.errors:
        return render_missing(frame, "These filters cannot be read", listing.errors, status=400)
    combined = combine_changes(db, widen(listing.wanted))
    total = count_passing(combined, listing.wanted)
    told = list_tellings(db, listing.wanted, MOST_REPORTED) if total else []
    return render(
        "report.html",
        show_sources(frame, {one.change.source for one in told}),
        chosen=listing.chosen,
        narrowed=tell_filters(listing.chosen, frame.edition.names),
        total=total,
        places=[(place, list(group)) for place, group in groupby(told, key=lambda one: one.change.jurisdiction)],
        most=MOST_REPORTED,
        back=write_path(BASE, listing.chosen),
        span=_tell_span(db),
        ways=[] if told else list(tell_empty(db, listing, combined, frame)),
    )


def list_active(frame: Frame, chosen: Mapping[str, str]) -> list[Way]:
    """Return the filters in force in words, each with the path of the list without it."""
    names = frame.edition.names
    return [
        Way(f"{FILTER_LABELS[name]}: {names.get(value) or label_value(name, value)}", path_without(BASE, chosen, name))
        for name, value in chosen.items()
    ]


def list_feeds(chosen: Mapping[str, str]) -> dict[str, str]:
    """Return where exactly these changes can be followed, by the name of the form."""
    forms = {"atom": "/changes.atom", "json": "/changes.json", "report": "/changes/report", "subscribe": "/subscribe"}
    return {name: write_path(base, chosen) for name, base in forms.items()}


def list_hidden(combined: Sequence[Combination], listing: Listing) -> list[Way]:
    """Return what nature and part hide, by weight, each with the path that shows it."""
    tests = list_tests(listing.wanted)
    others = [test for name, test in tests.items() if name not in ("nature", "part")]
    hidden: dict[Weight, int] = {}
    for one in combined:
        if all(test(one) for test in others) and not all(test(one) for test in tests.values()):
            hidden[weigh(one)] = hidden.get(weigh(one), 0) + one.count
    kept = {name: value for name, value in listing.chosen.items() if name not in ("nature", "part")}
    return [
        Way(count_weight(weight, hidden[weight]), write_path(BASE, {**kept, **WEIGHT_QUERIES[weight]}))
        for weight in WEIGHT_LABELS
        if weight in hidden
    ]


def tell_empty(
    db: sqlite3.Connection, listing: Listing, combined: Sequence[Combination], frame: Frame
) -> Iterable[Way]:
    """Yield why a list is empty and what there is instead: not watched, before our time, or too narrow."""
    chosen = listing.chosen
    place = chosen.get("jurisdiction", "")
    first = read_first_day(db, place)
    if place and not first:
        name = frame.edition.names.get(place) or place
        yield Way(f"We do not watch {name} yet. What we watch: the sources.", "/sources")
    elif first and chosen.get("until", "9999") < first:
        yield Way(f"Our record starts {print_day(first)}: of earlier changes we know nothing.")
    for name in chosen:
        left = {key: value for key, value in chosen.items() if key != name}
        is_inside = name not in ("since", "until", "document")
        found = combined if is_inside else combine_changes(db, widen(read_wanted(left)))
        count = count_passing(found, read_wanted(left))
        if count:
            label = f"Without “{FILTER_LABELS[name].lower()}”: {count_of(count, 'change')}"
            yield Way(label, write_path(BASE, left))


def group_days(changes: Sequence[Listed]) -> list[DayGroup]:
    """Group changes by the day they were first seen, then by document."""
    groups = [(day, list(group)) for day, group in groupby(changes, key=lambda one: one.observed_at[:10])]
    return [
        DayGroup(day, tuple(tuple(lines) for _, lines in groupby(group, key=lambda one: (one.document, one.strand))))
        for day, group in groups
    ]


def _tell_span(db: sqlite3.Connection) -> str:
    sources, first = read_beginnings(db)
    return f"Our record of {count_of(sources, 'source')} starts {print_day(first)}." if sources else ""
