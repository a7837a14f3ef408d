"""The filters of every list of changes: read from a URL, checked, counted, said in words, and written back."""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args
from urllib.parse import urlencode

import msgspec
from markupsafe import Markup, escape

from kb.compare.redline import spell_controls
from kb.models import Kind, Nature, Part
from kb.store.pages import Wanted
from kb.store.queries import find_named
from kb.store.timeline import Combination, list_known
from kb.tell.words import BINDINGS, KIND_LABELS, NATURE_LABELS, PART_LABELS, parse_day, print_day, say_id
from kb.topics import read_vocabulary

# In the order in which a form shows them.
FILTERS = (
    "jurisdiction",
    "topic",
    "profession",
    "nature",
    "kind",
    "binding",
    "part",
    "source",
    "since",
    "until",
    "document",
)
# What counts of a list are taken over; the others narrow the list before.
FACETS = ("jurisdiction", "topic", "profession", "nature", "kind", "binding", "part", "source")
FILTER_LABELS: Mapping[str, str] = {
    "jurisdiction": "Jurisdiction",
    "topic": "Topic",
    "profession": "Profession",
    "nature": "What moved",
    "kind": "Kind",
    "binding": "How binding",
    "part": "In which part",
    "source": "Source",
    "since": "First seen since",
    "until": "First seen until",
    "document": "Document",
}
ANY = "any"
# What a list shows unless asked for more: rule changes.
RULE_NATURES: tuple[Nature, ...] = ("substantive",)
RULE_PARTS: tuple[Part, ...] = ("text", "heading")
VALUE_LABELS: Mapping[str, Mapping[str, str]] = {
    "nature": {ANY: "anything", **{str(value): label for value, label in NATURE_LABELS.items()}},
    "kind": {str(value): label for value, label in KIND_LABELS.items()},
    "part": {ANY: "any part", **{str(value): label for value, label in PART_LABELS.items()}},
}
# The longest value that any filter can have: an id of a document.
LONGEST_VALUE = 200


class Option(msgspec.Struct, frozen=True):
    """A value a filter can take: its id, what readers see, and how many changes it would show."""

    value: str
    label: str
    count: int


class Facet(msgspec.Struct, frozen=True):
    """A filter with its options; ``every`` is what the list shows while none is chosen."""

    name: str
    label: str
    every: str
    options: tuple[Option, ...]


class Listing(msgspec.Struct, frozen=True):
    """What a list of changes is asked to show: its filters as chosen, what is wrong with them, the changes wanted."""

    chosen: Mapping[str, str]
    errors: Sequence[str]
    wanted: Wanted


def read_listing(db: sqlite3.Connection, asked: Mapping[str, str]) -> Listing:
    """Return what is asked of a list; filters that cannot be understood are kept and named, and narrow nothing."""
    chosen = {name: asked[name].strip() for name in FILTERS if asked.get(name, "").strip()}
    errors = check_filters(db, chosen)
    named = [] if errors or "document" not in chosen else find_named(db, chosen["document"])
    if named:
        chosen["document"] = named[0].document
    return Listing(chosen, errors, read_wanted({} if errors else chosen))


def widen(wanted: Wanted) -> Wanted:
    """Return the changes wanted whatever the facets: only days, document and event narrow them."""
    return Wanted(since=wanted.since, until=wanted.until, document=wanted.document, event=wanted.event)


def check_filters(db: sqlite3.Connection, chosen: Mapping[str, str]) -> list[str]:
    """Return a sentence for each filter that cannot be understood, with what there is."""
    known = list_known(db)
    vocabulary = read_vocabulary()
    topics = [entry.id for entry in vocabulary.topics]
    allowed: dict[str, Sequence[str]] = {
        "kind": get_args(Kind),
        "nature": (*get_args(Nature), ANY),
        "part": (*get_args(Part), ANY),
        "binding": BINDINGS,
        "profession": [entry.id for entry in vocabulary.professions],
        **known,
        "topic": list(dict.fromkeys([*topics, *known["topic"]])),
    }
    errors = [_refuse_value(name, chosen[name], allowed[name]) for name in chosen if name in allowed]
    return [error for error in (*errors, *check_days(chosen), _check_document(db, chosen)) if error]


def _refuse_value(name: str, value: str, allowed: Sequence[str]) -> str:
    if value in allowed:
        return ""
    if name == "source":
        return f"source: “{_cut(value)}” is none of the {len(allowed)} sources that the page “Sources” lists"
    return f"{name}: “{_cut(value)}” is none of {', '.join(allowed)}"


def check_days(chosen: Mapping[str, str]) -> list[str]:
    """Return a sentence for each day that is none, and for a first day after the last."""
    days = {name: parse_day(chosen[name]) for name in ("since", "until") if name in chosen}
    errors = [
        f"{name}: “{_cut(chosen[name])}” is no date; write it as 2024-07-01"
        for name, day in days.items()
        if day is None
    ]
    since, until = days.get("since"), days.get("until")
    if since is not None and until is not None and since > until:
        errors.append(f"since {print_day(since)} lies after until {print_day(until)}: no day is left between them")
    return errors


def _check_document(db: sqlite3.Connection, chosen: Mapping[str, str]) -> str:
    document = chosen.get("document", "")
    if not document or (len(document) <= LONGEST_VALUE and find_named(db, document)):
        return ""
    return f"document: “{_cut(document)}” is no id of a document we hold; search for its citation to find the id"


def _cut(value: str) -> str:
    return value if len(value) <= LONGEST_VALUE else f"{value[:LONGEST_VALUE]}…"


def read_wanted(chosen: Mapping[str, str]) -> Wanted:
    """Return the changes asked for; rule changes only, where neither nature nor part is chosen."""
    plain = {name: chosen[name] for name in FILTERS if name in chosen and name not in ("nature", "part")}
    nature, part = chosen.get("nature", ""), chosen.get("part", "")
    return Wanted(
        **plain,
        natures=RULE_NATURES if not nature else () if nature == ANY else (nature,),
        parts=RULE_PARTS if not part else () if part == ANY else (part,),
    )


def count_passing(combinations: Iterable[Combination], wanted: Wanted) -> int:
    """Count the changes that pass the filters."""
    tests = list_tests(wanted).values()
    return sum(one.count for one in combinations if all(test(one) for test in tests))


def list_tests(wanted: Wanted) -> dict[str, Callable[[Combination], bool]]:
    """Return a test for each facet that narrows the list, by its name."""
    tests: dict[str, Callable[[Combination], bool]] = {
        "jurisdiction": lambda one: one.jurisdiction == wanted.jurisdiction,
        "source": lambda one: one.source == wanted.source,
        "kind": lambda one: one.kind == wanted.kind,
        "binding": lambda one: one.binding == wanted.binding,
        "topic": lambda one: wanted.topic in one.topics,
        "profession": lambda one: wanted.profession in one.professions,
        "nature": lambda one: one.nature in wanted.natures,
        "part": lambda one: one.part in wanted.parts,
    }
    empty = {name for name in tests if not getattr(wanted, {"nature": "natures", "part": "parts"}.get(name, name))}
    return {name: test for name, test in tests.items() if name not in empty}


def list_facets(combinations: Sequence[Combination], chosen: Mapping[str, str]) -> list[Facet]:
    """Return every facet with the values that occur under the other filters, and the chosen one, each counted."""
    passing, nearly = _split(combinations, list_tests(read_wanted(chosen)))
    return [_make_facet(name, [*passing, *nearly[name]], chosen.get(name, "")) for name in FACETS]


def _split(
    combinations: Iterable[Combination], tests: Mapping[str, Callable[[Combination], bool]]
) -> tuple[list[Combination], Mapping[str, list[Combination]]]:
    """Return what passes all tests, and by facet what fails its test alone."""
    passing: list[Combination] = []
    nearly: dict[str, list[Combination]] = {name: [] for name in FACETS}
    for one in combinations:
        failed = [name for name, test in tests.items() if not test(one)]
        if len(failed) == 1:
            nearly[failed[0]].append(one)
        elif not failed:
            passing.append(one)
    return passing, nearly


def _make_facet(name: str, left: Sequence[Combination], value: str) -> Facet:
    counts = dict.fromkeys([value] if value and value != ANY else [], 0)
    for one in left:
        for found in _list_values(one, name):
            counts[found] = counts.get(found, 0) + one.count
    known = _list_order(name)
    order = sorted(counts, key=lambda found: (known.index(found) if found in known else len(known), found))
    options = [Option(found, label_value(name, found), counts[found]) for found in order]
    total = sum(one.count for one in left)
    if name not in ("nature", "part"):
        return Facet(name, FILTER_LABELS[name], f"all ({total:,})", tuple(options))
    usual: tuple[str, ...] = RULE_NATURES if name == "nature" else RULE_PARTS
    every = "the rule" if name == "nature" else "text and headings"
    shown = sum(counts.get(one, 0) for one in usual)
    kept = [one for one in options if name == "part" or one.value != "substantive" or one.value == value]
    return Facet(name, FILTER_LABELS[name], f"{every} ({shown:,})", (*kept, Option(ANY, f"any {name}", total)))


def mark_options(facet: Facet, chosen: str, names: Mapping[str, str]) -> Markup:
    """Return the values of a facet as <option> elements, the chosen one selected; jurisdictions by their names.

    A list of sources has hundreds: made here in one go, they cost a tenth of what a template takes for them.
    """
    return Markup("").join(
        Markup(  # noqa: S704 - every text in it is escaped
            f'<option value="{escape(spell_controls(option.value))}"{" selected" if option.value == chosen else ""}>'
            f"{escape(spell_controls(_name_option(facet.name, option, names)))} ({option.count:,})</option>"
        )
        for option in facet.options
    )


def _name_option(facet: str, option: Option, names: Mapping[str, str]) -> str:
    return names.get(option.value) or option.value.upper() if facet == "jurisdiction" else option.label


def _list_values(one: Combination, name: str) -> Sequence[str]:
    if name == "topic":
        return one.topics
    if name == "profession":
        return one.professions
    value = str(getattr(one, name))
    return [value] if value else []


def _list_order(name: str) -> list[str]:
    """Return the values of a filter in the order readers know them; none where the alphabet serves."""
    vocabulary = read_vocabulary()
    orders: Mapping[str, Sequence[str]] = {
        "topic": [entry.id for entry in vocabulary.topics],
        "profession": [entry.id for entry in vocabulary.professions],
        "nature": get_args(Nature),
        "kind": get_args(Kind),
        "part": get_args(Part),
        "binding": BINDINGS,
    }
    return list(orders.get(name, ()))


def label_value(name: str, value: str) -> str:
    """Return what readers see for a value of a filter; of jurisdictions the id, which the page names."""
    if name in ("since", "until"):
        return print_day(parse_day(value)) or value
    if name in ("jurisdiction", "source", "document"):
        return value
    if name == "topic":
        return next((entry.title for entry in read_vocabulary().topics if entry.id == value), say_id(value))
    return VALUE_LABELS.get(name, {}).get(value) or say_id(value)


def write_path(base: str, chosen: Mapping[str, str]) -> str:
    """Return the path of a list under these filters; equal filters give equal paths."""
    kept = sorted((name, value) for name, value in chosen.items() if value and (name, value) != ("page", "1"))
    return base + (f"?{urlencode(kept)}" if kept else "")


def path_without(base: str, chosen: Mapping[str, str], name: str) -> str:
    """Return the path of a list with one filter taken away."""
    return write_path(base, {key: value for key, value in chosen.items() if key != name})


def tell_filters(chosen: Mapping[str, str], names: Mapping[str, str]) -> str:
    """Say in words what a list is narrowed to: "Texas; topic: Prescription"; "" where nothing narrows it."""
    told = []
    for name, value in chosen.items():
        label = names.get(value, value) if name == "jurisdiction" else label_value(name, value)
        told.append(label if name == "jurisdiction" else f"{FILTER_LABELS[name].lower()}: {label}")
    return "; ".join(told)
