"""Score changes against page truth: whether the rule of a section moved between two of its versions.

A rule change is a change of part text or heading with nature substantive (DESIGN.md §5). A pair is *flagged* when such
a change is reported for its section with the first sight on the day of the later version.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple
from urllib.parse import unquote

import msgspec

from kb.evaluate.figures import Figure, make_count, make_scores, make_share, prefix_figures
from kb.models import ChangeRow, Kind

PRECISION_FLOOR, RECALL_FLOOR, TOLD_FLOOR = 0.995, 0.995, 0.98
CLASS_FLOOR, ACTS_FLOOR = 0.97, 0.95
MARKUP_ONLY = "markup-or-navigation-only"
# The classes of a modified page, the weightiest first; a page that shows several changes is of the first of theirs.
CLASSES = ("substantive", "editorial", "note-only", "pending-banner-only", MARKUP_ONLY)
# …/sections/48-902.08.html, …/sections/48-902.08/index.html
PAGE_ENDING = re.compile(r"(?:/index)?\.html$")


class Pair(NamedTuple):
    """A section and the day (YYYY-MM-DD) on which its later version was first seen."""

    section: str
    day: str


class PageTruth(msgspec.Struct, frozen=True):
    """What is known of one pair: how its page moved, what class of change that was, and the acts that made it."""

    section: str
    kind: Literal["modified", "added", "removed", "moved"]
    label: str = msgspec.field(name="class")
    to_version: str
    new_history_docs: tuple[str, ...] = ()

    @property
    def pair(self) -> Pair:
        """Return the section and day under which changes of this pair are reported."""
        return Pair(self.section, self.to_version[:10])


def locate_url(url: str, instant: str) -> Pair:
    """Return the section (the last part of the URL's path) and day of what was seen on a page."""
    parts = PAGE_ENDING.sub("", unquote(url)).split("/")
    return Pair(next((part for part in reversed(parts) if part), ""), instant[:10])


def locate_change(change: ChangeRow) -> Pair:
    """Return the section and day a change was reported for."""
    return locate_url(change.url or change.old_url or "", change.observed_at)


def is_rule_change(change: ChangeRow) -> bool:
    """Tell whether a change moves the rule itself."""
    return change.part in ("text", "heading") and change.nature == "substantive"


def score_pages(truth: Sequence[PageTruth], changes: Iterable[ChangeRow]) -> tuple[list[Figure], list[str]]:
    """Return precision, recall and F1 of flagged pairs, what was told of each class, and every miss as a sentence."""
    rows = list(changes)
    flags: defaultdict[Pair, set[Kind]] = defaultdict(set)
    for change in rows:
        if is_rule_change(change):
            flags[locate_change(change)].add(change.kind)
    classes = _class_pairs(rows)
    figures = [
        *_score_modified(truth, flags),
        _score_classes(truth, classes),
        *_score_whole(truth, flags),
        _count_moves(truth, rows),
        *_score_acts(truth, rows),
    ]
    return prefix_figures("page", figures), [*_list_misses(truth, flags), *_list_classes(truth, classes)]


def _scored(truth: Iterable[PageTruth]) -> list[PageTruth]:
    """Return the modified pairs; those on which two official sources disagree are not scored."""
    return [one for one in truth if one.kind == "modified" and one.label != "disputed"]


def _score_modified(truth: Sequence[PageTruth], flags: Mapping[Pair, set[Kind]]) -> list[Figure]:
    scored = _scored(truth)
    told = [one for one in scored if one.pair in flags]
    right = sum(one.label == "substantive" for one in told)
    classes = Counter(one.label for one in scored)
    flagged = Counter(one.label for one in told)
    return [
        *make_scores(right, len(told), classes["substantive"], floors=(PRECISION_FLOOR, RECALL_FLOOR)),
        *(make_share(f"flagged of class {label}", flagged[label], classes[label]) for label in sorted(classes)),
    ]


def _class_pairs(changes: Iterable[ChangeRow]) -> dict[Pair, str]:
    """Return the class that the changes of a pair tell together: that of the weightiest of them."""
    ranks: dict[Pair, int] = {}
    for change in changes:
        pair = locate_change(change)
        ranks[pair] = min(ranks.get(pair, len(CLASSES)), CLASSES.index(_class_change(change)))
    return {pair: CLASSES[rank] for pair, rank in ranks.items()}


def _class_change(change: ChangeRow) -> str:
    if change.part in ("text", "heading"):
        return "substantive" if change.nature == "substantive" else "editorial"
    return "note-only" if change.part == "note" else "pending-banner-only"


def _score_classes(truth: Sequence[PageTruth], told: Mapping[Pair, str]) -> Figure:
    """Return of how many pairs the class was told rightly; one without any change is markup or navigation only."""
    scored = _scored(truth)
    right = sum(told.get(one.pair, MARKUP_ONLY) == one.label for one in scored)
    return make_share("class told rightly", right, len(scored), floor=CLASS_FLOOR)


def _list_classes(truth: Iterable[PageTruth], told: Mapping[Pair, str]) -> list[str]:
    """Return the pairs whose class was told wrongly, but for those where a rule change was missed or made up."""
    return [
        f"class told wrongly: {one.section} on {one.pair.day}: {told.get(one.pair, MARKUP_ONLY)} ({one.label})"
        for one in _scored(truth)
        if told.get(one.pair, MARKUP_ONLY) != one.label and "substantive" not in (told.get(one.pair), one.label)
    ]


def _score_whole(truth: Sequence[PageTruth], flags: Mapping[Pair, set[Kind]]) -> list[Figure]:
    """Return how many new and vanished sections were reported as such."""
    told: Counter[str] = Counter()
    all_of: Counter[str] = Counter()
    for one in truth:
        if one.kind in ("added", "removed"):
            all_of[one.kind] += 1
            told[one.kind] += one.kind in flags.get(one.pair, ())
    return [
        make_share("added and removed told", told.total(), all_of.total(), floor=TOLD_FLOOR),
        *(make_share(f"{kind} told", told[kind], all_of[kind]) for kind in ("added", "removed")),
    ]


def _count_moves(truth: Iterable[PageTruth], changes: Iterable[ChangeRow]) -> Figure:
    """Count the rule changes reported for pages whose URL moved while their law stood still."""
    still = {one.pair for one in truth if one.kind == "moved" and one.label != "substantive"}
    false = sum(is_rule_change(change) and locate_change(change) in still for change in changes)
    return make_count("rule changes from moved URLs", false, ceiling=0)


def _score_acts(truth: Iterable[PageTruth], changes: Iterable[ChangeRow]) -> list[Figure]:
    """Return of how many changed pairs all acts that made the change are named, and how many name one that did not.

    An act is told by its number.
    """
    causes: defaultdict[Pair, set[str]] = defaultdict(set)
    for change in changes:
        causes[locate_change(change)].update(filter(None, change.cause.split("; ")))
    asked = [one for one in _scored(truth) if one.label == "substantive" and one.new_history_docs]
    named = sum(all(_names(causes[one.pair], act) for act in one.new_history_docs) for one in asked)
    others = sum(any(not _is_named(said, one.new_history_docs) for said in causes[one.pair]) for one in asked)
    return [
        make_share("all acts named", named, len(asked), floor=ACTS_FLOOR),
        make_share("named an act beyond the truth", others, len(asked)),
    ]


def _names(said: Iterable[str], act: str) -> bool:
    return any(_is_named(one, (act,)) for one in said)


def _is_named(said: str, acts: Iterable[str]) -> bool:
    """Tell whether what was named as a cause bears the number of one of the acts."""
    return any(re.search(re.escape(act.split()[-1]) + r"\b", said) is not None for act in acts)


def _list_misses(truth: Sequence[PageTruth], flags: Mapping[Pair, set[Kind]]) -> list[str]:
    misses = []
    for one in _scored(truth):
        if (one.pair in flags) != (one.label == "substantive"):
            what = "false rule change" if one.pair in flags else "missed rule change"
            misses.append(f"{what}: {one.section} on {one.pair.day} ({one.label})")
    misses.extend(
        f"{one.kind} not told: {one.section} on {one.pair.day}"
        for one in truth
        if one.kind in ("added", "removed") and one.kind not in flags.get(one.pair, ())
    )
    return misses
