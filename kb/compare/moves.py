"""Find text that left one document of a source and came to another in the same wave: it moved, the law stands.

Told apart, a section that changes its page would be a repeal here and a new rule there. Only whole, equal texts are
paired, each once; what is merely alike stays removed and added (docs/decisions/0005).
"""

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from kb.compare.eids import print_eid
from kb.compare.ids import change_id, content_id
from kb.models import Change, ChangeRow, Kind, Place
from kb.read.canonical import fold_text

# A text of fewer signs ("Repealed.", "See § 12-3.") may stand anywhere.
LEAST_LAW = 40


class Moved(msgspec.Struct, frozen=True):
    """The changes of a wave once moves are told as such, and the new id of each change that a move took up."""

    changes: list[ChangeRow]
    renamed: dict[str, str]


def pair_moves(changes: Sequence[ChangeRow]) -> Moved:
    """Return the changes with each equal pair of a removal and an addition in other documents told as one move."""
    left, came = (_group_by_law(changes, kind) for kind in ("removed", "added"))
    partners: dict[str, ChangeRow] = {}
    taken: set[str] = set()
    for law, arrivals in came.items():
        departures = left.get(law, [])
        if len(arrivals) == len(departures):
            pairs = zip(departures, arrivals, strict=True)
            partners.update({new.id: old for old, new in pairs if old.document != new.document})
    told, renamed = [], {}
    for row in changes:
        former = partners.get(row.id)
        if former is not None:
            told.append(_tell_move(former, row))
            renamed[row.id] = told[-1].id
            taken.add(former.id)
        else:
            told.append(row)
    return Moved([row for row in told if row.id not in taken], renamed | dict.fromkeys(taken, ""))


def law_key(row: ChangeRow) -> str:
    """Return a hash of the text that came or went, without its own printed number; "" if it is too short to tell."""
    text, number = (row.new_text, row.new_number) if row.kind == "added" else (row.old_text, row.old_number)
    law = fold_text(text.removeprefix(number))
    return content_id("law", law) if len(law) >= LEAST_LAW else ""


def _group_by_law(changes: Sequence[ChangeRow], kind: Kind) -> dict[str, list[ChangeRow]]:
    found: defaultdict[str, list[ChangeRow]] = defaultdict(list)
    for row in changes:
        if row.kind == kind and row.part == "text" and (law := law_key(row)):
            found[law].append(row)
    return found


def _tell_move(old: ChangeRow, new: ChangeRow) -> ChangeRow:
    """Return the one change that a removal and an addition of the same text are."""
    kind: Kind = "moved" if old.old_number == new.new_number else "renumbered"
    change = Change(
        kind=kind,
        part="text",
        nature="structural",
        eid=new.eid,
        old_eid=old.old_eid,
        old_text=old.old_text,
        new_text=new.new_text,
    )
    return msgspec.structs.replace(
        new,
        id=change_id(Place(new.document, new.strand), change, new.observed_at),
        kind=kind,
        nature=change.nature,
        signals=(),
        reason=f"text unchanged, {_cite(old.citation, old.old_eid)} is now {_cite(new.citation, new.eid)}",
        old_document=old.document,
        old_citation=old.citation,
        old_url=old.url,
        old_eid=old.old_eid,
        old_number=old.old_number,
        old_text=old.old_text,
        see_also=(),
    )


def _cite(citation: str, eid: str | None) -> str:
    return f"{citation} {print_eid(eid)}" if eid else citation
