"""Draw the answers to one question as a map: which look an answer has, in words that a legend can say."""

import re
import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

import msgspec

from kb.questions import Question
from kb.store.answers import JOINT
from kb.tell.words import count_of
from kb.web.pages.answer_words import STANDING_LABELS
from kb.web.pages.cells import CellView, read_cell_views
from kb.web.pages.tiles import Look, Tile, TileMap, draw_tiles

# Looks of values that are not ranked, the most frequent first; more values than these share the look of the others.
UNRANKED: tuple[Look, ...] = ("strong", "partial", "few", "none")
# Looks of ranks, by how many of them are needed; the strictest first.
RANKED: Mapping[int, tuple[Look, ...]] = {
    1: ("strong",),
    2: ("strong", "few"),
    3: ("strong", "partial", "few"),
    4: ("strong", "partial", "few", "none"),
}
AMONG, FOR_SOME = "among the answers", "among the answers, for some only"
MIXED, SILENT, UNKNOWN, OTHERS = (
    "differs or known for some only",
    "the law is silent",
    "no answer yet",
    "another answer",
)
# Labels named in a legend before "and others".
MOST_NAMED = 2
# First words of labels that are names.
PROPER = ("Schedule", "Medicaid", "Federal")
NOT_ASKED = "not_asked"
# "May not prescribe ketamine", "Prohibited", "Lay persons barred from owning"
FORBIDDING = re.compile(r"\b(may not|prohibited|barred|forbidden|banned)\b", re.IGNORECASE)


class Legend(msgspec.Struct, frozen=True):
    """Which look each value has, and what each look means, in the order of the legend."""

    looks: Mapping[str, Look]
    words: Mapping[Look, str]


def is_mixed(cells: Sequence[CellView]) -> bool:
    """Tell whether most answers differ by whom or what they are for, so that a map of all says little."""
    answered = [cell for cell in cells if cell.lines]
    return sum(len({line.part.value for line in cell.lines}) > 1 for cell in answered) * 2 > len(answered)


def draw_question(question: Question, cells: Sequence[CellView], value: str = "", title: str = "") -> TileMap:
    """Draw the cells of a question; of one with several choices it shows where ``value`` is among the answers."""
    if value:
        legend = Legend({}, {"strong": AMONG, "partial": FOR_SOME, "few": OTHERS})
    else:
        legend = _make_legend(question, cells)
    words = {**legend.words, "other": MIXED, "silent": SILENT, "unknown": UNKNOWN}
    tiles = {
        cell.jurisdiction: Tile(
            _choose_look(cell, legend, value),
            cell.words,
            f"/f/{cell.first.fact}" if cell.first is not None else f"/j/{cell.jurisdiction}#{question.id}",
            doubt=cell.is_doubtful,
        )
        for cell in cells
        if cell.state != NOT_ASKED
    }
    return draw_tiles(title or question.title, tiles, words)


def draw_published(db: sqlite3.Connection, question: Question) -> TileMap:
    """Draw the published answers to a question, of one with several choices its most frequent one."""
    cells = read_cell_views(db, [question.id])
    values = list_values(question, cells)
    return draw_question(question, cells, values[0][0] if values else "")


def list_values(question: Question, cells: Sequence[CellView]) -> list[tuple[str, str, int]]:
    """Return the choices that occur among answers with several: id, label and in how many cells, most first."""
    if question.type != "choices":
        return []
    found = Counter(value for cell in cells for value in _list_values(cell))
    return [(value, question.label(value), count) for value, count in sorted(found.items(), key=lambda one: -one[1])]


def _list_values(cell: CellView) -> set[str]:
    return {value for line in cell.lines for value in line.part.value.split(JOINT) if value}


def _choose_look(cell: CellView, legend: Legend, value: str) -> Look:
    if cell.state == "law_silent":
        return "silent"
    if not cell.lines:
        return "unknown"
    if value:
        if value not in _list_values(cell):
            return "few"
        return "strong" if cell.state == "answered" else "partial"
    told = {line.part.value for line in cell.lines}
    return legend.looks.get(told.pop(), "other") if len(told) == 1 else "other"


def _make_legend(question: Question, cells: Sequence[CellView]) -> Legend:
    """Return looks for the values that stand alone in a cell: by strictness where ranked, else by how many have it."""
    alone = (cell.lines[0].part for cell in cells if len({line.part.value for line in cell.lines}) == 1)
    counts = Counter(part.value for part in alone if part.value)
    barred: dict[str, Look] = {value: "forbid" for value in counts if FORBIDDING.search(question.say(value))}
    counts -= Counter(dict.fromkeys(barred, counts.total()))
    order = [choice.id for choice in question.values]
    frequent = [value for value, _ in sorted(counts.items(), key=lambda one: (-one[1], _place(order, one[0])))]
    ranks = {value: rank for value in frequent if (rank := question.rank(value)) is not None}
    looks: dict[str, Look]
    if counts and len(ranks) == len(counts):
        looks = _rank_looks(counts, ranks)
    else:
        looks = dict(zip(frequent, UNRANKED, strict=False))
        looks |= dict.fromkeys(frequent[len(UNRANKED) :], UNRANKED[-1])
    looks |= barred
    return Legend(looks, _name_looks(question, looks))


def _rank_looks(counts: Mapping[str, int], ranks: Mapping[str, int]) -> dict[str, Look]:
    """Return the look of each value: neighbouring ranks share one where there are more ranks than looks.

    They are parted so that as few places as possible stand under a look that another value gives its name.
    """
    levels = sorted(set(ranks.values()), reverse=True)
    steps = RANKED[min(len(levels), max(RANKED))]
    places = range(1, len(levels))
    parted = min(combinations(places, len(steps) - 1), key=lambda cuts: _count_unnamed(counts, ranks, levels, cuts))
    shared = {level: steps[bisect_right(parted, at)] for at, level in enumerate(levels)}
    return {value: shared[rank] for value, rank in ranks.items()}


def _count_unnamed(
    counts: Mapping[str, int], ranks: Mapping[str, int], levels: Sequence[int], cuts: Sequence[int]
) -> int:
    """Count the cells whose value is not the most frequent one of its group of ranks."""
    groups: dict[int, list[int]] = {}
    for value, rank in ranks.items():
        groups.setdefault(bisect_right(cuts, levels.index(rank)), []).append(counts[value])
    return sum(sum(group) - max(group) for group in groups.values())


def _name_looks(question: Question, looks: Mapping[str, Look]) -> dict[Look, str]:
    """Return what each look means: the labels that have it, the most frequent of them by name."""
    named: dict[Look, list[str]] = {look: [] for look in UNRANKED if look in looks.values()}
    for value, look in looks.items():
        told = "yes" if value == "yes" else "no" if value == "no" else question.say(value)
        named.setdefault(look, []).append(told)
    return {
        look: "; or ".join([labels[0], *map(_lower, labels[1:MOST_NAMED])])
        + (f"; or {count_of(len(labels) - MOST_NAMED, 'other', 'others')}" if len(labels) > MOST_NAMED else "")
        for look, labels in named.items()
    }


def _lower(label: str) -> str:
    """Return a label as it stands within a sentence; names and numbers keep their capitals."""
    first = label.split(" ", 1)[0]
    return label if first in PROPER or (first[1:] and not first[1:].islower()) else label[0].lower() + label[1:]


def _place(order: Sequence[str], value: str) -> int:
    return order.index(value) if value in order else len(order)


def count_standings(cells: Sequence[CellView]) -> list[tuple[str, int]]:
    """Count cells by how far they are answered, in words; all of them are counted."""
    found: Counter[str] = Counter(cell.state for cell in cells)
    return [(label, found[state]) for state, label in STANDING_LABELS.items() if found[state]]
