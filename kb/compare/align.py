"""Pair the provisions of two readings of one document: which old provision is which new one.

Order of belief (DESIGN.md §5): identical text under the same number; identical text elsewhere; a paragraph that only
holds others goes where they went; an entry of a list of short ones stays itself; the same number below the same
parent; then alikeness of what is left. A pair is never undone by a weaker reason.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import msgspec
from rapidfuzz import fuzz

from kb.compare.eids import is_unnumbered, parent_of
from kb.compare.wording import PLACEHOLDER
from kb.models import Provision
from kb.read.canonical import fold_text
from kb.read.notes import is_repealed

# A text this short ("Repealed.", "and") proves nothing when it stands elsewhere too.
LEAST_TEXT = 25
# Similarity (0-100, rapidfuzz ratio of words) from which texts under other numbers are one provision, edited. Below
# it they are told as removed and added, each naming the other, down to AKIN.
SAME_EDITED = 97.0
AKIN = 60.0
# Similarity from which texts are one provision, edited, where their place speaks for it too: between one pair of
# neighbours, or under one number below one parent.
BETWEEN = 75.0
# What an equal number adds to the similarity of two texts between the same neighbours, where few stand there.
KEPT_NUMBER = 40.0
# Below this, two unnumbered paragraphs of one parent are not one paragraph edited.
OTHER_TEXT = 35.0
# A word triple that stands in more provisions than this tells nothing about which is which.
COMMON_TRIPLE = 12
# Fewer short entries than this are no list ("Ketamine", "Esketamine", …).
LEAST_LIST = 3
# Above this product of two counts only paragraphs that share word triples are held against each other.
MOST_SCORED = 10_000

Triple = tuple[str, str, str]
Scored = tuple[float, str, str]


class Pair(msgspec.Struct, frozen=True):
    """An old and a new provision that are one and the same; one side is None where it was added or removed."""

    old: Provision | None
    new: Provision | None


def align_provisions(old: Sequence[Provision], new: Sequence[Provision]) -> list[Pair]:
    """Pair every provision of two readings (without their roots).

    Returns one Pair for each provision of either side, in the order of the new reading, removed ones last.
    """
    table = _Table(old, new)
    table.pair_same_number_and_text()
    table.pair_same_text()
    table.pair_same_subtrees()
    table.pair_holders()
    table.pair_stubs()
    table.pair_entries()
    table.pair_between()
    table.pair_same_number()
    table.pair_unnumbered()
    table.pair_short_paragraphs()
    table.pair_similar()
    table.pair_same_number()
    before = {part.eid: part for part in old}
    pairs = [Pair(before.get(table.origin.get(after.eid, "")), after) for after in new]
    pairs.extend(Pair(part, None) for part in old if part.eid in table.old)
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
    """The provisions not paired yet, by eid, and the new eid of each one that is."""

    def __init__(self, old: Sequence[Provision], new: Sequence[Provision]) -> None:
        self.old = {part.eid: part for part in old}
        self.new = {part.eid: part for part in new}
        self.sides = (old, new)
        self.keys = {id(part): _key(part) for part in (*old, *new)}
        self.partner = {"": ""}
        self.origin = {"": ""}
        self.below = (_group_children(old), _group_children(new))

    def take(self, before: Provision, after: Provision) -> None:
        self.partner[before.eid] = after.eid
        self.origin[after.eid] = before.eid
        del self.old[before.eid]
        del self.new[after.eid]

    def pair_same_number_and_text(self) -> None:
        """Pair what stands unchanged in its place; a few words wait for the paragraph above, or for those below."""
        for eid in [eid for eid in self.old if eid in self.new]:
            before, after = self.old[eid], self.new[eid]
            if self.keys[id(before)] == self.keys[id(after)] and not self._must_wait(before):
                self.take(before, after)

    def _must_wait(self, part: Provision) -> bool:
        """Tell whether equal words prove nothing yet: a few of them ("By letter;") are the paragraph's above."""
        if len(self.keys[id(part)]) >= LEAST_TEXT:
            return False
        parent = parent_of(part.eid)
        return self.partner.get(parent) != parent or any(part.eid in side for side in self.below)

    def pair_same_text(self) -> None:
        """Pair texts that stand equally often on both sides under other numbers, in their order."""
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

    def pair_same_subtrees(self) -> None:
        """Pair subtrees of the same words as a whole ("Except: (A) Thiopental; (B) …"), however they are divided."""
        before = self._subtrees(self.old, self.below[0])
        after = self._subtrees(self.new, self.below[1])
        for text in sorted(before.keys() & after.keys(), key=lambda text: (-len(text), text)):
            olds, news = before[text], after[text]
            if len(olds) == len(news) == 1:
                self._take_subtree(olds[0], news[0])

    def _take_subtree(self, olds: Sequence[Provision], news: Sequence[Provision]) -> None:
        """Pair the roots, and what stands below them where both are divided alike, unless it is paired by now."""
        if any(part.eid not in self.old for part in olds) or any(part.eid not in self.new for part in news):
            return
        shapes = [[(self.keys[id(part)], is_unnumbered(part.eid)) for part in parts] for parts in (olds, news)]
        alike = shapes[0] == shapes[1]
        for one, other in zip(olds, news, strict=True) if alike else [(olds[0], news[0])]:
            self.take(one, other)

    def _subtrees(
        self, side: dict[str, Provision], below: dict[str, list[Provision]]
    ) -> dict[str, list[list[Provision]]]:
        """Return the subtrees of a side that are wholly unpaired and say enough, by their words as a whole."""
        found: dict[str, list[list[Provision]]] = defaultdict(list)
        words: dict[str, str] = {}
        for eid, root in side.items():
            parts = _walk(root, below)
            if is_unnumbered(eid) or not all(part.eid in side for part in parts):
                continue
            words[eid] = text = " ".join(filter(None, (self.keys[id(part)] for part in parts)))
            if len(text) >= LEAST_TEXT and words.get(parent_of(eid)) != text:
                found[text].append(parts)
        return found

    def pair_holders(self) -> None:
        """Pair a paragraph of few words of its own ("Fees:") with the equal one that now holds most of what it held.

        One without any words ("(2)(A) …" opens it) is told from another by nothing printed: it keeps its number,
        unless its number is another such paragraph's now, or the number it would have was another's.
        """
        for eid in sorted(self.old, key=lambda eid: -eid.count("__")):
            before = self.old[eid]
            equal = [place for place in self._find_holders(eid) if self._is_equal(before, self.new[place])]
            if equal and self.keys[id(before)]:
                self.take(before, self.new[equal[0]])
        self._pair_wordless()

    def _find_holders(self, eid: str) -> list[str]:
        """Return the new provisions that hold most of what an old one held, or have it from it, most first."""
        held = self.below[0].get(eid, ())
        went = Counter(parent_of(self.partner[child.eid]) for child in held if child.eid in self.partner)
        return [
            place
            for place, count in went.most_common()
            if place in self.new and count * 2 > min(len(held), len(self.below[1].get(place, ())))
        ]

    def _is_equal(self, before: Provision, after: Provision) -> bool:
        return self.keys[id(before)] == self.keys[id(after)]

    def _pair_wordless(self) -> None:
        for depth in sorted({eid.count("__") for eid in self.old}, reverse=True):
            wordless = [eid for eid in self.old if eid.count("__") == depth and not self.keys[id(self.old[eid])]]
            found = {eid: [at for at in self._find_holders(eid) if not self.keys[id(self.new[at])]] for eid in wordless}
            moved = {eid: places[0] for eid, places in found.items() if places}
            taken = set(moved.values())
            for eid, place in moved.items():
                pushed = moved.get(place, place) != place or eid in taken
                if place in self.new and place != eid and pushed:
                    self.take(self.old[eid], self.new[place])

    def pair_stubs(self) -> None:
        """Pair sections that say alike that they are repealed, in their order, where as many do as before."""
        before, after = (
            [part for part in side.values() if not is_unnumbered(part.eid) and is_repealed(part.heading)]
            for side in (self.old, self.new)
        )
        if len(before) == len(after):
            for one, other in zip(before, after, strict=True):
                self.take(one, other)

    def pair_entries(self) -> None:
        """Pair the entries of a list of short ones ("Ketamine") by their words, whatever number they have now."""
        for parent, place in self._list_parents():
            before, after = (
                self._entries(side.get(eid, ())) for side, eid in zip(self.below, (parent, place), strict=True)
            )
            for key in before.keys() & after.keys():
                if before[key].eid in self.old and after[key].eid in self.new:
                    self.take(before[key], after[key])

    def _list_parents(self) -> list[tuple[str, str]]:
        """Return the paired provisions, old and new eid, below which something is unpaired yet."""
        parents = dict.fromkeys(map(parent_of, self.old))
        return [(parent, self.partner[parent]) for parent in parents if parent in self.partner]

    def _entries(self, parts: Sequence[Provision]) -> dict[str, Provision]:
        """Return the short entries among the numbered provisions of one parent, by text, if they make up a list."""
        numbered = [part for part in parts if not is_unnumbered(part.eid)]
        short = [part for part in numbered if 0 < len(self.keys[id(part)]) < LEAST_TEXT]
        if len(short) < LEAST_LIST or len(short) * 2 <= len(numbered):
            return {}
        times = Counter(self.keys[id(part)] for part in short)
        entries = {self.keys[id(part)]: part for part in short}
        return {key: part for key, part in sorted(entries.items()) if times[key] == 1 and not _is_stub(key)}

    def pair_between(self) -> None:
        """Pair edited paragraphs that stand between the same neighbours, where those neighbours were renumbered."""
        for parent, place in self._list_parents():
            olds, news = (
                [part for part in side.get(eid, ()) if not is_unnumbered(part.eid)]
                for side, eid in zip(self.below, (parent, place), strict=True)
            )
            for before, after in self._find_gaps(olds, news):
                self._take_best(self._score_gap(before, after), BETWEEN)

    def _find_gaps(
        self, olds: Sequence[Provision], news: Sequence[Provision]
    ) -> Iterator[tuple[Sequence[Provision], Sequence[Provision]]]:
        """Yield the unpaired stretches between neighbours that kept their order, one of them renumbered."""
        places = {part.eid: at for at, part in enumerate(news)}
        found = [(at, places.get(self.partner.get(part.eid, ""), -1)) for at, part in enumerate(olds)]
        i = j = 0
        shifted = False
        for at, to in [*_drop_crossed([pair for pair in found if pair[1] >= 0]), (len(olds), len(news))]:
            renumbered = at < len(olds) and _last(olds[at].eid) != _last(news[to].eid)
            if (shifted or renumbered) and i < at and j < to:
                yield olds[i:at], news[j:to]
            i, j, shifted = at + 1, to + 1, renumbered

    def _score_gap(self, olds: Sequence[Provision], news: Sequence[Provision]) -> list[Scored]:
        """Return the scores of what is unpaired in a stretch; in a short one, an equal number is preferred."""
        if len(olds) * len(news) > MOST_SCORED:
            return []
        before = {part.eid: self._spell(part, self.below[0]) for part in olds if part.eid in self.old}
        after = {part.eid: self._spell(part, self.below[1]) for part in news if part.eid in self.new}
        scored = [
            (fuzz.ratio(words, others), one, other) for one, words in before.items() for other, others in after.items()
        ]
        bonus = KEPT_NUMBER if min(len(before), len(after)) < LEAST_LIST else 0.0
        return [
            (score + bonus if _last(one) == _last(other) else score, one, other)
            for score, one, other in scored
            if score >= (AKIN if _last(one) == _last(other) else BETWEEN)
        ]

    def _spell(self, part: Provision, below: dict[str, list[Provision]]) -> list[str]:
        """Return the words of a provision, those below it too where it has few of its own."""
        own = self.keys[id(part)]
        parts = [part] if len(own) >= LEAST_TEXT else _walk(part, below)
        return " ".join(self.keys[id(one)] for one in parts).split()

    def pair_same_number(self) -> None:
        """Pair equal numbers below one parent (a table row's is its first cell); below a renumbered one alike texts.

        Below one that stands under another parent now, nothing but the same text is believed.
        """
        for before in list(self.old.values()):
            after = self.new.get(self._place_now(before.eid))
            if after is None or _is_paragraph(before.eid):
                continue
            least = BETWEEN if self._only_renumbered(parent_of(before.eid)) else SAME_EDITED
            if before.eid == after.eid or self._score(before, after) >= least:
                self.take(before, after)

    def _only_renumbered(self, eid: str) -> bool:
        """Tell whether a provision and all above it kept their parents, whatever their numbers are now."""
        while eid:
            parent = parent_of(eid)
            if parent_of(self.partner.get(eid, "")) != self.partner.get(parent) or eid not in self.partner:
                return False
            eid = parent
        return True

    def pair_short_paragraphs(self) -> None:
        """Pair what is left of paragraphs of a few words ("Fee: $50") by their place; a status word has no place."""
        for before in list(self.old.values()):
            after = self.new.get(self._place_now(before.eid))
            if after is None or not _is_paragraph(before.eid):
                continue
            texts = [self.keys[id(before)], self.keys[id(after)]]
            if all(0 < len(text) < LEAST_TEXT and not _is_stub(text) for text in texts):
                self.take(before, after)

    def _place_now(self, eid: str) -> str:
        """Return the eid that a provision has below its parent's new number."""
        now = self._parent_now(eid)
        if now is None:
            return ""
        return f"{now}__{_last(eid)}" if now else _last(eid)

    def _parent_now(self, eid: str) -> str | None:
        """Return the parent's new number, its own where neither is paired, None where that is another's."""
        parent = parent_of(eid)
        return self.partner.get(parent, parent if parent not in self.origin else None)

    def pair_unnumbered(self) -> None:
        """Pair paragraphs without a number within one parent, most alike first."""
        olds: dict[str, list[Provision]] = defaultdict(list)
        news: dict[str, list[Provision]] = defaultdict(list)
        for part in self.old.values():
            parent = self._parent_now(part.eid)
            if is_unnumbered(part.eid) and parent is not None:
                olds[parent].append(part)
        for part in self.new.values():
            if is_unnumbered(part.eid):
                news[parent_of(part.eid)].append(part)
        for parent, parts in olds.items():
            self._take_best(self._score_all(parts, news.get(parent, ())), OTHER_TEXT)

    def _take_best(self, scored: Iterable[Scored], least: float) -> None:
        for score, one, other in self._rank(scored):
            if score >= least and one in self.old and other in self.new:
                self.take(self.old[one], self.new[other])

    def _rank(self, scored: Iterable[Scored]) -> list[Scored]:
        """Return scored pairs, most alike first, then those that stand first: the same seen from both sides."""
        found = list(scored)
        if len(found) < 2:
            return found
        before, after = ({part.eid: at for at, part in enumerate(side)} for side in self.sides)
        return sorted(found, key=lambda pair: (-pair[0], before[pair[1]] + after[pair[2]], before[pair[1]]))

    def _score_all(self, olds: Sequence[Provision], news: Sequence[Provision]) -> list[Scored]:
        if len(olds) * len(news) > MOST_SCORED:
            return self._score_sharing(olds, news)
        return [(self._score(before, after), before.eid, after.eid) for before in olds for after in news]

    def pair_similar(self) -> None:
        scored = self.score_by_words()
        self._take_best((one for one in scored if is_unnumbered(one[1]) == is_unnumbered(one[2])), SAME_EDITED)

    def score_by_words(self) -> list[Scored]:
        """Return (score, old eid, new eid) of the unpaired provisions that share word triples, most alike first."""
        return self._rank(self._score_sharing(self.old.values(), self.new.values()))

    def _score_sharing(self, olds: Iterable[Provision], news: Iterable[Provision]) -> list[Scored]:
        before = {part.eid: _word_triples(self.keys[id(part)]) for part in olds}
        after = {part.eid: _word_triples(self.keys[id(part)]) for part in news}
        found = _candidates(before, after)
        return [(self._score(self.old[one], self.new[other]), one, other) for one, other in found]

    def _score(self, before: Provision, after: Provision) -> float:
        one, other = self.keys[id(before)], self.keys[id(after)]
        if len(one) < LEAST_TEXT or len(other) < LEAST_TEXT:
            return 100.0 if one == other else 0.0
        return fuzz.ratio(one.split(), other.split())


def _is_stub(text: str) -> bool:
    """Tell whether a text only states that a paragraph is repealed or reserved: such words belong to no paragraph."""
    return is_repealed(text) or PLACEHOLDER.search(text) is not None


def _drop_crossed(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs of places, in order of the first, that stand in one order with all others."""
    highest = list(accumulate((to for _, to in pairs), max, initial=-1))
    lowest = list(accumulate((to for _, to in reversed(pairs)), min, initial=len(pairs) + max(highest, default=0)))
    return [(at, to) for n, (at, to) in enumerate(pairs) if highest[n] < to < lowest[len(pairs) - 1 - n]]


def _last(eid: str) -> str:
    return eid.rpartition("__")[2]


def _group_children(parts: Iterable[Provision]) -> dict[str, list[Provision]]:
    found: dict[str, list[Provision]] = defaultdict(list)
    for part in parts:
        found[parent_of(part.eid)].append(part)
    return found


def _is_paragraph(eid: str) -> bool:
    """Tell whether the last step is a mere count of paragraphs (p3), which proves nothing."""
    return is_unnumbered(eid) and not _last(eid).startswith("r_")


def _walk(root: Provision, below: dict[str, list[Provision]]) -> list[Provision]:
    """Return a provision and all that stands below it, in reading order."""
    return [root, *(part for child in below.get(root.eid, ()) for part in _walk(child, below))]


def _key(part: Provision) -> str:
    return fold_text(f"{part.heading} {part.text}" if part.heading else part.text)


def _word_triples(text: str) -> set[Triple]:
    words = text.split()
    return set(zip(words, words[1:], words[2:], strict=False))


def _candidates(old: dict[str, set[Triple]], new: dict[str, set[Triple]]) -> list[tuple[str, str]]:
    """Return the pairs of eids that share enough word triples to be worth comparing."""
    before, after = _find_places(old), _find_places(new)
    telling = {triple: after[triple] for triple in before.keys() & after.keys()}
    return [
        (eid, other)
        for eid, triples in old.items()
        for other, count in Counter(other for triple in triples for other in telling.get(triple, ())).items()
        if count * 3 >= min(len(triples), len(new[other]))
    ]


def _find_places(side: dict[str, set[Triple]]) -> dict[Triple, list[str]]:
    """Return where each word triple stands; one that stands everywhere tells nothing."""
    places: dict[Triple, list[str]] = defaultdict(list)
    for eid, triples in side.items():
        for triple in triples:
            places[triple].append(eid)
    return {triple: eids for triple, eids in places.items() if len(eids) <= COMMON_TRIPLE}
