"""Set the provisions of two laws beside each other: which speak of the same, though nothing says they are one.

Numbers say nothing here: "(a)" of one state is not "(a)" of another. What counts is words: provisions that share most
of them, then those whose headings name the same subject. The rest stands alone on its side.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from rapidfuzz import fuzz, process

from kb.compare.align import find_akin
from kb.models import Provision
from kb.read.canonical import fold_text

# Likeness (of 100) from which two headings name one subject: "Telemedicine prescribing" and "Prescribing by
# telemedicine" do, "Records" and "Registration" do not.
SAME_SUBJECT = 85.0
# A shorter heading ("Fees") is one word that any other may hold: only its equal names the same.
LEAST_HEADING = 8


class Beside(msgspec.Struct, frozen=True):
    """Two provisions set beside each other, ``alike`` where they share most of their words; one side None if alone."""

    left: Provision | None
    right: Provision | None
    alike: bool = False


def set_beside(left: Sequence[Provision], right: Sequence[Provision]) -> list[Beside]:
    """Return every provision that holds words, once: those of the left in its order, then the right ones left alone."""
    lefts, rights = list(_keep_worded(left)), list(_keep_worded(right))
    akin = dict(find_akin(lefts, rights))
    partners = {**akin, **dict(_pair_headings(lefts, rights, akin))}
    there = {part.eid: part for part in rights}
    rows = [Beside(part, there.get(partners.get(part.eid, "\0")), part.eid in akin) for part in lefts]
    taken = set(partners.values())
    return [*rows, *(Beside(None, part) for part in rights if part.eid not in taken)]


def _keep_worded(provisions: Iterable[Provision]) -> Iterable[Provision]:
    return (part for part in provisions if part.text or part.heading)


def _pair_headings(
    lefts: Sequence[Provision], rights: Sequence[Provision], akin: dict[str, str]
) -> Iterable[tuple[str, str]]:
    """Yield (left eid, right eid) of those not paired whose headings name the same subject, the surest first."""
    taken = set(akin.values())
    free = {part.eid: _fold_heading(part.heading) for part in rights if part.heading and part.eid not in taken}
    scored = []
    for one in lefts:
        if one.heading and one.eid not in akin:
            scored += [(-score, one.eid, other) for other, score in _score_headings(_fold_heading(one.heading), free)]
    paired: set[str] = set()
    for _, eid, other in sorted(scored):
        if eid not in paired and other not in taken:
            paired.add(eid)
            taken.add(other)
            yield eid, other


def _score_headings(heading: str, others: Mapping[str, str]) -> Iterable[tuple[str, float]]:
    """Yield the eids of headings that name the subject of one, with their likeness."""
    if len(heading) < LEAST_HEADING:
        yield from ((eid, 100.0) for eid, other in others.items() if other == heading)
        return
    found = process.extract(heading, others, scorer=fuzz.ratio, limit=None, score_cutoff=SAME_SUBJECT)
    yield from ((str(eid), float(score)) for other, score, eid in found if len(other) >= LEAST_HEADING)


def _fold_heading(heading: str) -> str:
    """Return the words of a heading in the order of the alphabet: their order names no other subject."""
    return " ".join(sorted(fold_text(heading).lower().rstrip(".").split()))
