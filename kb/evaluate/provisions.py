"""Score changes against provision truth: which provisions moved, and how.

A verdict is (kind, old eid, new eid) with eids of numbered provisions: what happens to an unnumbered paragraph, a table
row or a repeat of a number is an amendment of the numbered provision that holds it; moved counts as renumbered. Changes
of part text count unless they are editorial.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from kb.evaluate.figures import Figure, make_scores, make_share, prefix_figures
from kb.evaluate.pages import Pair, locate_change
from kb.models import ChangeRow, Kind

# Precision and recall asked of moves: on pages with declared selectors, and on the same pages read without.
PROVISION_FLOORS, BARE_FLOORS, EXACT_FLOOR = (0.98, 0.98), (0.96, 0.96), 0.95
# "b__1~2" → "b__1"
REPEAT = re.compile(r"~\d*$")
# "p3", "r_ketamine"
UNNUMBERED = re.compile(r"p\d+|r_.*")


class Move(NamedTuple):
    """What happened to a numbered provision: eids before and after (None: it was or is not there, "": the section)."""

    kind: Kind
    old_eid: str | None
    new_eid: str | None


class ProvisionTruth(msgspec.Struct, frozen=True):
    """One provision known to have moved in a pair of versions of a section."""

    section: str
    to_version: str
    kind: Kind
    old_eid: str | None
    new_eid: str | None

    @property
    def pair(self) -> Pair:
        """Return the section and day under which this move is reported."""
        return Pair(self.section, self.to_version[:10])


def score_provisions(
    truth: Iterable[ProvisionTruth], changes: Iterable[ChangeRow], floors: tuple[float, float] = PROVISION_FLOORS
) -> tuple[list[Figure], list[str]]:
    """Return precision, recall and F1 of moves on the pairs of the truth, by kind, and every miss as a sentence."""
    true: defaultdict[Pair, set[Move]] = defaultdict(set)
    for one in truth:
        true[one.pair].add(fold_move(one.kind, one.old_eid, one.new_eid))
    said: defaultdict[Pair, set[Move]] = defaultdict(set)
    for change in changes:
        pair = locate_change(change)
        if pair in true and change.part == "text" and change.nature != "editorial":
            said[pair].add(fold_move(change.kind, change.old_eid, change.eid))
    wanted = [(pair, move) for pair, moves in true.items() for move in moves]
    told = [(pair, move) for pair, moves in said.items() for move in moves]
    right = set(wanted) & set(told)
    exact_floor = EXACT_FLOOR if floors == PROVISION_FLOORS else None
    exact = sum(said[pair] == moves for pair, moves in true.items())
    figures = [
        *make_scores(len(right), len(told), len(wanted), floors=floors),
        make_share("pairs with the exact set of moves", exact, len(true), floor=exact_floor),
        *_score_kinds(wanted, told),
    ]
    return prefix_figures("provision", figures), _list_misses(wanted, told)


def fold_move(kind: Kind, old_eid: str | None, new_eid: str | None) -> Move:
    """Return a change as the move of a numbered provision."""
    (old, old_inside), (new, new_inside) = _fold_eid(old_eid), _fold_eid(new_eid)
    if old_inside or new_inside:
        parent = old if new is None else new
        return Move("amended", parent, parent)
    known = "renumbered" if kind == "moved" else kind
    return Move(known, None if kind == "added" else old, None if kind == "removed" else new)


def _fold_eid(eid: str | None) -> tuple[str | None, bool]:
    """Return the numbered provision of an eid, and whether the eid names something unnumbered or repeated in it."""
    if eid is None:
        return None, False
    printed = [REPEAT.sub("", segment) for segment in eid.split("__") if segment]
    numbered = [segment for segment in printed if segment and UNNUMBERED.fullmatch(segment) is None]
    return "__".join(numbered), "~" in eid or len(numbered) < len(printed)


def _score_kinds(wanted: Sequence[tuple[Pair, Move]], told: Sequence[tuple[Pair, Move]]) -> list[Figure]:
    figures = []
    for kind in sorted({move.kind for _, move in (*wanted, *told)}):
        true = {one for one in wanted if one[1].kind == kind}
        said = {one for one in told if one[1].kind == kind}
        figures.extend(prefix_figures(kind, make_scores(len(true & said), len(said), len(true))))
    return figures


def _list_misses(wanted: Iterable[tuple[Pair, Move]], told: Iterable[tuple[Pair, Move]]) -> list[str]:
    true, said = set(wanted), set(told)
    missed = [("missed", *one) for one in true - said]
    false = [("false", *one) for one in said - true]
    return [
        f"{what} move: {pair.section} on {pair.day}: {move.kind} {_show(move.old_eid)} → {_show(move.new_eid)}"
        for what, pair, move in sorted([*missed, *false], key=lambda one: (one[1], one[0], str(one[2])))
    ]


def _show(eid: str | None) -> str:
    return "–" if eid is None else eid or "section"
