"""Find words that only stand in other paragraphs now: divided, joined or relabelled, not a word more or less.

A page may break a paragraph in two, or a section may get numbers before its sentences. Where the words of a numbered
provision as a whole are the same in their order, nothing in it changes a rule.
"""

from collections.abc import Mapping, Sequence

import msgspec

from kb.compare.eids import is_unnumbered
from kb.compare.wording import strip_signs
from kb.models import Change, Provision, Reading
from kb.read.canonical import fold_text

REASON = "the same words, divided into other paragraphs"


def settle_regrouped(changes: list[Change], old: Reading, new: Reading, partner: Mapping[str, str]) -> list[Change]:
    """Make the changes inside a provision structural where its words as a whole stayed.

    ``partner`` maps the eids of paired provisions, old to new. Returns the changes, in their order.
    """
    suspects = [change for change in changes if _moves_words(change) and _may_regroup(change)]
    if not suspects:
        return changes
    words = _Words(old), _Words(new)
    origin = {after: before for before, after in partner.items()}
    same: dict[str, bool] = {}
    settled: dict[str, str] = {}
    for change in suspects:
        for place in filter(partner.__contains__, _list_holders(change, origin)):
            if place not in same:
                same[place] = words[0].spell(place) == words[1].spell(partner[place])
            if same[place]:
                settled[place] = partner[place]
                break
    return _settle(changes, settled) if settled else changes


class _Words:
    """The words of a document by provision, without signs, case and spaces."""

    def __init__(self, reading: Reading) -> None:
        self.parts = [(part.eid, strip_signs(fold_text(_print_law(part)))) for part in reading.provisions]

    def spell(self, place: str) -> str:
        """Return the words of a provision and all below it, in reading order."""
        return "".join(words for eid, words in self.parts if _is_within(eid, place))


def _print_law(part: Provision) -> str:
    return f"{part.heading} {part.text}"


def _moves_words(change: Change) -> bool:
    return change.part in ("text", "heading") and change.nature == "substantive"


def _may_regroup(change: Change) -> bool:
    """Tell whether words came or went as a whole: a paragraph's, or those of a heading."""
    return change.kind in ("added", "removed") or change.part == "heading" or not (change.old_text and change.new_text)


def _is_within(eid: str | None, place: str) -> bool:
    return eid is None or not place or eid == place or eid.startswith(f"{place}__")


def _list_holders(change: Change, origin: Mapping[str, str]) -> list[str]:
    """Return the old eids of the numbered provisions that held or hold what a change moved, the root last."""
    was = change.kind != "added"
    eid = (change.old_eid if was else change.eid) or ""
    steps = eid.split("__")
    whole = len(steps) if change.kind == "amended" else len(steps) - 1
    above = ["__".join(steps[:depth]) for depth in range(whole, 0, -1)]
    places = [place if was else origin.get(place) for place in (*above, "") if not is_unnumbered(place)]
    return [place for place in places if place is not None]


def _settle(changes: Sequence[Change], settled: Mapping[str, str]) -> list[Change]:
    """Return the changes, those within settled provisions as structural ones."""
    return [
        msgspec.structs.replace(change, nature="structural", signals=(), reason=REASON)
        if _moves_words(change)
        and any(_is_within(change.old_eid, old) and _is_within(change.eid, new) for old, new in settled.items())
        else change
        for change in changes
    ]
