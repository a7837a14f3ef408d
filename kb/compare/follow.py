"""Tell a cross-reference that follows a renumbering from one that reaches other law (DESIGN.md §5).

"§ 12-1(6)" that became "§ 12-1(8)" is editorial where this very wave saw (6) of § 12-1 become (8). Nothing else about
the text may differ, and every reference in it must be the same or follow.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

import msgspec

from kb.compare.eids import parent_of
from kb.models import ChangeRow, Reference
from kb.read.canonical import fold_text
from kb.read.citations import read_references

# A provision named by the number of its document, in lower case, and its eid.
Target = tuple[str, str]
# Stands for a reference while the words round it are compared: a private-use sign.
MARK = "\ue004"


def follow_references(changes: Sequence[ChangeRow]) -> list[ChangeRow]:
    """Return the changes of a wave, amendments that only follow other changes of the wave told as editorial."""
    renames = {
        (_number(row.old_document or row.document), row.old_eid): (_number(row.document), row.eid)
        for row in changes
        if row.part == "text" and row.old_eid is not None and row.eid is not None and _is_renamed(row)
    }
    return [_follow(row, renames) for row in changes] if renames else list(changes)


def _is_renamed(row: ChangeRow) -> bool:
    return row.nature == "structural" and (row.old_document or row.document, row.old_eid) != (row.document, row.eid)


def _number(document: str) -> str:
    return document.rpartition("/")[2].partition(":")[0]


def _follow(row: ChangeRow, renames: Mapping[Target, Target]) -> ChangeRow:
    if row.kind != "amended" or row.part != "text" or row.nature != "substantive":
        return row
    old = read_references(row.old_eid or "", row.old_text, row.document)
    new = read_references(row.eid or "", row.new_text, row.document)
    if len(old) != len(new) or _mask(row.old_text, old) != _mask(row.new_text, new):
        return row
    own = _number(row.document)
    moved = [pair for pair in zip_longest(old, new) if _target(pair[0], own) != _target(pair[1], own)]
    if not moved or any(_lead(_target(was, own), renames) != _target(now, own) for was, now in moved):
        return row
    reason = f"reference follows its target: {moved[0][0].text} → {moved[0][1].text}"
    return msgspec.structs.replace(row, nature="editorial", signals=(), reason=reason)


def _mask(text: str, references: Sequence[Reference]) -> str:
    """Return a text with a sign for each of its references, in canonical form."""
    for one in references:
        text = text.replace(one.text, MARK, 1)
    return fold_text(text)


def _target(one: Reference, own: str) -> Target:
    return (one.number.lower() or own, one.target_eid)


def _lead(target: Target, renames: Mapping[Target, Target]) -> Target:
    """Return where a provision, or the nearest one above it that was renamed, stands now."""
    number, eid = target
    above = eid
    while (number, above) not in renames and above:
        above = parent_of(above)
    if (number, above) not in renames:
        return target
    there = renames[number, above]
    below = eid[len(above) :].removeprefix("__")
    return (there[0], "__".join(filter(None, (there[1], below))))
