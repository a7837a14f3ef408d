"""Tell a list connector that moved along with a sibling from one that joins or parts duties.

"; and" stands once in a list, before its last paragraph. It is drafting when a paragraph beside it came, left or moved
and the list holds no more connectors for it; one that comes or goes alone, or stands twice now, is in doubt.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from kb.compare.eids import is_unnumbered, parent_of
from kb.compare.wording import CONNECTOR, CONNECTOR_MOVED
from kb.models import Change, Provision, Reading

CONNECTOR_ALONE = "list connector changed, no paragraph beside it did"
CONNECTOR_ADDED = "list has more or fewer connectors than before"


def weigh_connectors(changes: list[Change], old: Reading, new: Reading, partner: Mapping[str, str]) -> list[Change]:
    """Judge again what was taken for a moved list connector, by the paragraphs beside it.

    ``partner`` maps the eids of paired provisions, old to new. Returns the changes, in their order.
    """
    if not any(change.reason == CONNECTOR_MOVED for change in changes):
        return changes
    origin = {after: before for before, after in partner.items()}
    sides = _Lists(old.provisions), _Lists(new.provisions)
    moved = {
        parent_of(eid)
        for change in changes
        if change.kind != "amended" and change.part == "text"
        for eid in (change.eid, change.old_eid)
        if eid is not None
    }

    def judge(change: Change) -> str:
        """Return why a connector is in doubt, "" where it moved along."""
        lists = [place for place in sides[1].find_lists(change.eid or "") if place in moved]
        if not lists:
            return CONNECTOR_ALONE
        counts = [sides[0].count(origin.get(lists[0], lists[0])), sides[1].count(lists[0])]
        return CONNECTOR_ADDED if counts[0] != counts[1] and max(counts) > 1 else ""

    return [_doubt(change, judge(change)) if change.reason == CONNECTOR_MOVED else change for change in changes]


def _doubt(change: Change, reason: str) -> Change:
    if not reason:
        return change
    return msgspec.structs.replace(change, nature="substantive", signals=("scope",), reason=reason)


class _Lists:
    """The lists of a document: which numbered paragraphs stand below a provision, and how each of them ends."""

    def __init__(self, parts: Sequence[Provision]) -> None:
        self.ends: dict[str, dict[str, str]] = {}
        for part in parts[1:]:
            steps = part.eid.split("__")
            for depth in range(1, len(steps) + 1):
                item = "__".join(steps[:depth])
                if not is_unnumbered(item):
                    self.ends.setdefault(parent_of(item), {})[item] = part.text

    def count(self, place: str) -> int:
        """Count the paragraphs below a provision that end with a connector."""
        return sum(CONNECTOR.search(text) is not None for text in self.ends.get(place, {}).values())

    def find_lists(self, eid: str) -> Iterator[str]:
        """Yield the provision whose list a paragraph stands in, and those whose own last paragraph ends with it."""
        last = True
        while eid and last:
            place = parent_of(eid)
            yield place
            last = next(reversed(self.ends.get(place, {"": ""}))) == eid
            eid = place
