"""Find provisions that stand elsewhere among their siblings, under their old number and with their old words."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from kb.compare.eids import is_unnumbered, parent_of, print_eid
from kb.models import Change, Provision

Both = tuple[Provision, Provision]


def find_reordered(both: Iterable[Both], old: Sequence[Provision]) -> list[Change]:
    """Return a change of kind ``moved`` for each numbered provision that its siblings passed by.

    ``both`` are the pairs of old and new provisions in the order of the new reading. Of siblings that changed places
    the fewest are named. A provision whose number or parent changed is told by that, not here.
    """
    places = {part.eid: at for at, part in enumerate(old)}
    siblings: defaultdict[str, list[Both]] = defaultdict(list)
    for before, after in both:
        if before.eid == after.eid and before.number and not is_unnumbered(after.eid):
            siblings[parent_of(after.eid)].append((before, after))
    return [_tell(*pair) for group in siblings.values() for pair in _find_passed(group, places)]


def _find_passed(group: Sequence[Both], places: dict[str, int]) -> Iterator[Both]:
    """Yield the pairs that lie outside the longest series of siblings that kept their order."""
    order = [places[before.eid] for before, _ in group]
    if order == sorted(order):
        return
    kept = set(_longest_rising(order))
    yield from (pair for pair, place in zip(group, order, strict=True) if place not in kept)


def _longest_rising(order: Sequence[int]) -> Iterator[int]:
    tops: list[int] = []
    chain: list[int] = []
    before: list[int] = []
    for at, place in enumerate(order):
        rank = bisect_left(tops, place)
        before.append(chain[rank - 1] if rank else -1)
        tops[rank : rank + 1] = [place]
        chain[rank : rank + 1] = [at]
    at = chain[-1] if chain else -1
    while at >= 0:
        yield order[at]
        at = before[at]


def _tell(old: Provision, new: Provision) -> Change:
    return Change(
        kind="moved",
        part="text",
        nature="structural",
        eid=new.eid,
        old_eid=old.eid,
        new_number=new.number,
        old_number=old.number,
        heading=new.heading,
        old_text=old.text,
        new_text=new.text,
        reason=f"text unchanged, {print_eid(new.eid)} stands elsewhere among its siblings",
    )
