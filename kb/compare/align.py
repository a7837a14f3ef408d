"""Pair the provisions of two readings of one document: which old provision is which new one.

Order of belief (DESIGN.md §5): identical text under the same number; identical text elsewhere; the same number; the
same heading; then overlap of word triples between what is left. A pair is never undone by a weaker reason.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec
from rapidfuzz import fuzz

from kb.models import Provision
from kb.read.canonical import fold_text

# A text this short ("Repealed.", "and") proves nothing when it stands elsewhere too.
LEAST_TEXT = 25
# Similarity (0-100, rapidfuzz ratio of words) from which texts under other numbers are one provision, edited. Below
# it they are told as removed and added, each naming the other, down to AKIN.
SAME_EDITED = 97.0
AKIN = 60.0
# Below this, two unnumbered paragraphs of one parent are not one paragraph edited.
OTHER_TEXT = 35.0
# A word triple that stands in more provisions than this tells nothing about which is which.
COMMON_TRIPLE = 12


Triple = tuple[str, str, str]


class Pair(msgspec.Struct, frozen=True):
    """An old and a new provision that are one and the same; one side is None where it was added or removed."""

    old: Provision | None
    new: Provision | None


def is_unnumbered(eid: str) -> bool:
    """Tell whether the last step of an eid is no printed number: a paragraph, a table row or a repeat's mark."""
    last = eid.rpartition("__")[2]
    return last.startswith("r_") or (last[:1] == "p" and last[1:].partition("~")[0].isdigit())


def parent_of(eid: str) -> str:
    """Return the eid one step up; the root's own is ""."""
    return eid.rpartition("__")[0]


def align_provisions(old: Sequence[Provision], new: Sequence[Provision]) -> list[Pair]:
    """Pair every provision of two readings (without their roots).

    Returns one Pair for each provision of either side, in the order of the new reading, removed ones last.
    """
    table = _Table(old, new)
    table.pair_same_number_and_text()
    table.pair_same_text()
    table.pair_same_number()
    table.pair_unnumbered()
    table.pair_similar()
    partner = {id(after): before for before, after in table.pairs}
    pairs = [Pair(partner.get(id(after)), after) for after in new]
    taken = {id(before) for before, _ in table.pairs}
    pairs.extend(Pair(before, None) for before in old if id(before) not in taken)
    return pairs


def find_akin(removed: Sequence[Provision], added: Sequence[Provision]) -> list[tuple[str, str]]:
    """Return (old eid, new eid) of removed and added provisions that share most of their words, best pairs first.

    They are not paired, since no number and no full text proves it; a reader is told where else to look.
    """
    table = _Table(removed, added)
    taken: set[str] = set()
    found = []
    for score, one, other in table.score_by_words():
        if score >= AKIN and one not in taken and other not in taken:
            taken.update((one, other))
            found.append((one, other))
    return found


class _Table:
    """The provisions not paired yet, by eid, and the pairs so far."""

    def __init__(self, old: Sequence[Provision], new: Sequence[Provision]) -> None:
        self.old = {part.eid: part for part in old}
        self.new = {part.eid: part for part in new}
        self.keys = {id(part): _key(part) for part in (*old, *new)}
        self.pairs: list[tuple[Provision, Provision]] = []

    def take(self, before: Provision, after: Provision) -> None:
        self.pairs.append((before, after))
        del self.old[before.eid]
        del self.new[after.eid]

    def pair_same_number_and_text(self) -> None:
        for eid in [eid for eid in self.old if eid in self.new]:
            if self.keys[id(self.old[eid])] == self.keys[id(self.new[eid])]:
                self.take(self.old[eid], self.new[eid])

    def pair_same_text(self) -> None:
        """Pair texts that stand once on each side under another number; equal counts are paired in order."""
        before = self._by_text(self.old.values())
        after = self._by_text(self.new.values())
        for key, olds in before.items():
            news = after.get(key, [])
            numbered = {is_unnumbered(part.eid) for part in (*olds, *news)}
            if len(olds) == len(news) and len(numbered) == 1:
                for one, other in zip(olds, news, strict=True):
                    self.take(one, other)

    def _by_text(self, parts: Iterable[Provision]) -> dict[str, list[Provision]]:
        found: dict[str, list[Provision]] = defaultdict(list)
        for part in parts:
            key = self.keys[id(part)]
            if len(key) >= LEAST_TEXT:
                found[key].append(part)
        return found

    def pair_same_number(self) -> None:
        for eid in [eid for eid in self.old if eid in self.new and not is_unnumbered(eid)]:
            self.take(self.old[eid], self.new[eid])

    def pair_unnumbered(self) -> None:
        """Pair paragraphs and rows without a number within one parent, most alike first, then in order."""
        olds = [part for part in self.old.values() if is_unnumbered(part.eid)]
        news: dict[str, list[Provision]] = defaultdict(list)
        for part in self.new.values():
            if is_unnumbered(part.eid):
                news[parent_of(part.eid)].append(part)
        for before in olds:
            same_parent = news.get(parent_of(before.eid), [])
            best = max(same_parent, key=lambda after: self._score(before, after), default=None)
            if best is not None and self._score(before, best) >= OTHER_TEXT:
                same_parent.remove(best)
                self.take(before, best)

    def pair_similar(self) -> None:
        for score, one, other in self.score_by_words():
            if score >= SAME_EDITED and one in self.old and other in self.new:
                self.take(self.old[one], self.new[other])

    def score_by_words(self) -> list[tuple[float, str, str]]:
        """Return (score, old eid, new eid) of the unpaired provisions that share word triples, most alike first."""
        candidates = _candidates(self._triples(self.old), self._triples(self.new))
        scored = ((self._score(self.old[one], self.new[other]), one, other) for one, other in candidates)
        return sorted(scored, key=lambda found: (-found[0], found[1], found[2]))

    def _triples(self, parts: dict[str, Provision]) -> dict[str, set[tuple[str, str, str]]]:
        return {eid: _word_triples(self.keys[id(part)]) for eid, part in parts.items()}

    def _score(self, before: Provision, after: Provision) -> float:
        one, other = self.keys[id(before)], self.keys[id(after)]
        if len(one) < LEAST_TEXT or len(other) < LEAST_TEXT:
            return 100.0 if one == other else 0.0
        return fuzz.ratio(one.split(), other.split())


def _key(part: Provision) -> str:
    return fold_text(f"{part.heading} {part.text}" if part.heading else part.text)


def _word_triples(text: str) -> set[tuple[str, str, str]]:
    words = text.split()
    return set(zip(words, words[1:], words[2:], strict=False))


def _candidates(
    old: dict[str, set[tuple[str, str, str]]], new: dict[str, set[tuple[str, str, str]]]
) -> list[tuple[str, str]]:
    """Return the pairs of eids that share enough word triples to be worth comparing."""
    places: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for eid, triples in new.items():
        for triple in triples:
            places[triple].append(eid)
    return [
        (eid, other)
        for eid, triples in old.items()
        for other, count in _count_shared(triples, places).items()
        if count * 3 >= min(len(triples), len(new[other]))
    ]


def _count_shared(
    triples: Iterable[tuple[str, str, str]], places: dict[tuple[str, str, str], list[str]]
) -> Counter[str]:
    """Count the triples shared with each new provision; those that stand everywhere tell nothing."""
    return Counter(
        other for triple in triples if len(places.get(triple, ())) <= COMMON_TRIPLE for other in places.get(triple, ())
    )
