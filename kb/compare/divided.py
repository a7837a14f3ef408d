"""Report a text that was divided into numbered paragraphs, or joined from them, at the paragraphs alone.

When "(a) The board shall …" becomes "(a)(1) The board shall …; (2) …", the words under (a) did not vanish: they stand
in its new paragraphs. The first of those carries the old text, so that nothing is lost and nothing is told twice.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from kb.compare.eids import is_unnumbered, parent_of
from kb.models import Change, Kind, Reading

Side = Literal["added", "removed"]
DIVIDED: dict[Side, str] = {"added": "divided into paragraphs", "removed": "paragraphs joined"}


def fold_divided(changes: list[Change], other: Reading, partner: Mapping[str, str], kind: Side) -> list[Change]:
    """Fold the emptied text of a provision into the first paragraph that changed below it (``removed``: the reverse).

    That is one added there, else one amended there. ``other`` is the reading that no longer has the text (``removed``:
    that did not have it), ``partner`` maps eids to those of that reading. Returns the changes with the folded ones left
    out; order is kept.
    """
    if not any(_emptied_place(change, kind, partner) is not None for change in changes):
        return changes
    still_plain = {parent_of(part.eid) for part in other.provisions if part.text and is_unnumbered(part.eid)}
    below = _first_below(changes, kind)
    folded: dict[int, list[Change]] = {}
    for change in changes:
        place = _emptied_place(change, kind, partner)
        if place in below and not (place in still_plain and change.kind != "amended"):
            folded.setdefault(below[place], []).append(change)
    if not folded:
        return changes
    gone = {id(change) for group in folded.values() for change in group}
    standing = _find_triples([change.new_text if kind == "added" else change.old_text for change in changes])
    return [
        _carry(change, folded[at], kind, standing) if at in folded else change
        for at, change in enumerate(changes)
        if id(change) not in gone
    ]


def _first_below(changes: list[Change], kind: Side) -> dict[str, int]:
    """Return where the first numbered paragraph that carries a text stands among the changes, for each provision."""
    below: dict[str, int] = {}
    orders: tuple[Kind, ...] = (kind, "amended")
    for wanted in orders:
        for at, change in enumerate(changes):
            eid = change.eid if kind == "added" else change.old_eid
            if _is_told(change, wanted) and eid and not is_unnumbered(eid):
                below.setdefault(parent_of(eid), at)
    return below


def _is_told(change: Change, wanted: Kind) -> bool:
    """Tell whether a change is of the wanted kind and moves words of its own: one that may carry others."""
    if change.kind != wanted or change.part != "text" or change.nature != "substantive":
        return False
    return wanted != "amended" or bool(change.old_text and change.new_text)


def _emptied_place(change: Change, kind: Side, partner: Mapping[str, str]) -> str | None:
    """Return where the provision whose own text a change empties stands in the other reading, None if it does not."""
    if change.part != "text":
        return None
    gone, left = (change.old_text, change.new_text) if kind == "added" else (change.new_text, change.old_text)
    if not gone or left:
        return None
    if change.kind == "amended":
        return change.eid if kind == "added" else change.old_eid
    eid = change.old_eid if kind == "added" else change.eid
    if eid is None or not is_unnumbered(eid) or change.count > 1:
        return None
    return partner.get(parent_of(eid))


def _find_triples(texts: Sequence[str]) -> set[tuple[str, str, str]]:
    words = " ".join(texts).lower().split()
    return set(zip(words, words[1:], words[2:], strict=False))


def _carry(change: Change, folded: list[Change], kind: Side, standing: set[tuple[str, str, str]]) -> Change:
    """Return a paragraph's change with the words that stood above it, and where they stood if it is new itself.

    ``standing`` are the word triples of what was told on the other side: most of divided words are found there again.
    """
    carried = [other.old_text if kind == "added" else other.new_text for other in folded]
    triples = _find_triples(carried)
    divided = len(triples & standing) * 5 >= len(triples)
    label = DIVIDED[kind] if divided else "with the words above it"
    texts = {
        "old_text": "\n".join(filter(None, (*(other.old_text for other in folded), change.old_text))),
        "new_text": "\n".join(filter(None, (*(other.new_text for other in folded), change.new_text))),
    }
    source = folded[0].old_eid if kind == "added" else folded[0].eid
    place = {} if change.kind == "amended" else {"old_eid" if kind == "added" else "eid": _numbered_place(source)}
    return msgspec.structs.replace(change, **texts, **place, reason=f"{label}; {change.reason}"[:200])


def _numbered_place(eid: str | None) -> str | None:
    return parent_of(eid) if eid is not None and is_unnumbered(eid) else eid
