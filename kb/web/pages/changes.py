"""The list of changes, filtered: says how many there are and what it hides."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import get_args
from urllib.parse import urlencode

import msgspec

from kb.models import Kind, Nature, Part
from kb.store.pages import Count, Listed, SourceState, Wanted, count_changes, list_changes, read_sources
from kb.web.answer import Answer
from kb.web.pages.frame import Slice, read_frame, read_page_number, render, show_sources
from kb.web.pages.words import WEIGHT_LABELS, Weight, count_of, count_weight, parse_day, print_day, weigh

FILTERS = ("jurisdiction", "source", "document", "kind", "nature", "part", "since", "until")
# What a list shows unless asked for more: rule changes.
RULE_NATURES = ("substantive",)
RULE_PARTS = ("text", "heading")
ANY = "any"
# The filter that shows the changes of a weight alone.
WEIGHT_QUERIES: Mapping[Weight, Mapping[str, str]] = {
    "rule": {},
    "wording": {"nature": "editorial"},
    "moved": {"nature": "structural"},
    "note": {"nature": ANY, "part": "note"},
    "pending": {"nature": ANY, "part": "pending"},
}


class Hidden(msgspec.Struct, frozen=True):
    """What a list leaves out, counted in words, and the path that shows it."""

    label: str
    path: str


class DayGroup(msgspec.Struct, frozen=True):
    """The changes first seen on one day, by document."""

    observed_at: str
    documents: tuple[tuple[Listed, ...], ...]


def view_changes(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/changes": one page of the changes that pass the filters, grouped by day and document.

    Filters that cannot be understood are kept, named in a sentence, and answered with status 400.
    """
    frame = read_frame(db, asked)
    sources = read_sources(db)
    chosen = {name: asked[name].strip() for name in FILTERS if asked.get(name, "").strip()}
    errors = check_filters(chosen)
    wanted = read_wanted({} if errors else chosen)
    everything = count_changes(db, msgspec.structs.replace(wanted, natures=(), parts=()))
    shown = Slice(read_page_number(asked), 0 if errors else count_shown(everything, wanted))
    changes = list_changes(db, wanted, shown.size, shown.offset) if shown.total else []
    return render(
        "changes.html",
        show_sources(frame, {change.source for change in changes}),
        status=400 if errors else 200,
        chosen=chosen,
        errors=errors,
        shown=shown,
        days=group_days(changes),
        hidden=[] if errors else list_hidden(everything, wanted, chosen),
        choices=list_choices(sources),
        active=[(name, value, path_without(chosen, name)) for name, value in chosen.items()],
        path_to=lambda page: write_path({**chosen, "page": str(page)}),
        span=_tell_span(sources),
    )


def check_filters(chosen: Mapping[str, str]) -> list[str]:
    """Return a sentence for each filter that cannot be understood."""
    allowed = {"kind": get_args(Kind), "nature": (*get_args(Nature), ANY), "part": (*get_args(Part), ANY)}
    unknown = [
        f"{name}: “{chosen[name]}” is none of {', '.join(values)}"
        for name, values in allowed.items()
        if name in chosen and chosen[name] not in values
    ]
    days = [
        f"{name}: “{chosen[name]}” is no date; write it as 2024-07-01"
        for name in ("since", "until")
        if name in chosen and parse_day(chosen[name]) is None
    ]
    return unknown + days


def read_wanted(chosen: Mapping[str, str]) -> Wanted:
    """Return the changes asked for; rule changes only, where neither nature nor part is chosen."""
    plain = {name: chosen[name] for name in FILTERS if name in chosen and name not in ("nature", "part")}
    nature, part = chosen.get("nature", ""), chosen.get("part", "")
    return Wanted(
        **plain,
        natures=RULE_NATURES if not nature else () if nature == ANY else (nature,),
        parts=RULE_PARTS if not part else () if part == ANY else (part,),
    )


def count_shown(counts: Sequence[Count], wanted: Wanted) -> int:
    """Count the changes that pass the filters for nature and part."""
    return sum(one.count for one in counts if _passes(one, wanted))


def _passes(one: Count, wanted: Wanted) -> bool:
    return one.nature in (wanted.natures or (one.nature,)) and one.part in (wanted.parts or (one.part,))


def list_hidden(counts: Sequence[Count], wanted: Wanted, chosen: Mapping[str, str]) -> list[Hidden]:
    """Return what nature and part hide, by weight, each with the path that shows it."""
    hidden: dict[Weight, int] = {}
    for one in counts:
        if not _passes(one, wanted):
            hidden[weigh(one)] = hidden.get(weigh(one), 0) + one.count
    others = {name: value for name, value in chosen.items() if name not in ("nature", "part")}
    return [
        Hidden(count_weight(weight, hidden[weight]), write_path({**others, **WEIGHT_QUERIES[weight]}))
        for weight in WEIGHT_LABELS
        if weight in hidden
    ]


def group_days(changes: Sequence[Listed]) -> list[DayGroup]:
    """Group changes by the day they were first seen, then by document."""
    groups = [(day, list(group)) for day, group in groupby(changes, key=lambda one: one.observed_at[:10])]
    return [
        DayGroup(day, tuple(tuple(lines) for _, lines in groupby(group, key=lambda one: (one.document, one.strand))))
        for day, group in groups
    ]


def list_choices(sources: Sequence[SourceState]) -> dict[str, list[str]]:
    """Return what the filters can be set to, by filter."""
    return {
        "jurisdiction": sorted({one.jurisdiction for one in sources}),
        "source": [one.source for one in sources],
        "kind": list(get_args(Kind)),
    }


def write_path(chosen: Mapping[str, str]) -> str:
    """Return the path of the list under these filters; equal filters give equal paths."""
    kept = sorted((name, value) for name, value in chosen.items() if value and (name, value) != ("page", "1"))
    return "/changes" + (f"?{urlencode(kept)}" if kept else "")


def path_without(chosen: Mapping[str, str], name: str) -> str:
    """Return the path of the list with one filter taken away."""
    return write_path({key: value for key, value in chosen.items() if key != name})


def _tell_span(sources: Sequence[SourceState]) -> str:
    read = [one.since for one in sources if one.since]
    return f"Our record of {count_of(len(read), 'source')} starts {print_day(min(read))}." if read else ""
