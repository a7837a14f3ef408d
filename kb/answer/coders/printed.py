"""Look for words in a printed text without losing where they stand, so that every quote is a piece of what is printed.

Typography is folded sign by sign (curly quotes, dashes, blanks), invisible signs are left out and remembered: a place
in the folded text always leads back to the printed one.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

# The longest quote a proposal bears.
MOST_QUOTED = 300
# Soft hyphen, zero-width signs and direction marks: nothing a reader can see.
INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")
FOLDED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\t\n", " "),
    }
)
# The end of a sentence, before a capital, a quotation mark or a parenthesis: "… issued. Each refill …"
STOP = re.compile(r"(?<=[.?!])[\"')\]]*\s+(?=[\"'(\[]*[A-Z])")
# Stops that end no sentence: "U.S. Code", "C.F.R. pt.", "Sec. 5", "No. 3", "Dr. Smith", "(b)(1). "
ABBREVIATED = re.compile(
    r"(?:\b[A-Za-z]|\b(?:[Ss]ecs?|[Nn]os?|[Aa]rts?|[Cc]h|[Pp]ts?|[Ss]tat|[Aa]nn|[Dd]r|[Ss]t|vs?|e\.g|i\.e))\.$"
)


class Sentence(msgspec.Struct, frozen=True):
    """One sentence of a folded text and where it begins there."""

    words: str
    start: int


class Printed(msgspec.Struct, frozen=True):
    """A printed text, its folded form, and for each folded sign its place in print."""

    text: str
    plain: str
    places: Sequence[int]

    def cut_sentences(self) -> Iterator[Sentence]:
        """Yield the sentences of the folded text, in order; an abbreviation's stop ends none."""
        start = 0
        for stop in STOP.finditer(self.plain):
            if ABBREVIATED.search(self.plain[start : stop.start()]) is None:
                yield Sentence(self.plain[start : stop.start()], start)
                start = stop.end()
        if start < len(self.plain):
            yield Sentence(self.plain[start:], start)

    def quote(self, start: int, end: int, around: Sentence) -> str:
        """Return what is printed of a sentence: whole if it is short, else the words from start to end and more.

        ``start`` and ``end`` are places in the folded text. Cut at blanks; at most MOST_QUOTED characters.
        """
        first, last = around.start, around.start + len(around.words.rstrip())
        if last - first > MOST_QUOTED:
            room = max(0, MOST_QUOTED - (end - start)) // 2
            near = first if end - first <= MOST_QUOTED else max(first, start - room)
            first = self._step(near, first, forward=True)
            last = self._step(min(last, first + MOST_QUOTED), last, forward=False)
        return self.cut(first, last)

    def cut(self, start: int, end: int) -> str:
        """Return what is printed from one place of the folded text to another, at most MOST_QUOTED characters."""
        if start >= end:
            return ""
        return self.text[self.places[start] : self.places[end - 1] + 1][:MOST_QUOTED].strip()

    def _step(self, place: int, bound: int, *, forward: bool) -> int:
        """Return the nearest blank to a place inside a sentence, so that no word is cut."""
        if place == bound:
            return place
        found = self.plain.find(" ", place) if forward else self.plain.rfind(" ", 0, place + 1)
        return place if found < 0 else found + forward


def fold_printed(text: str) -> Printed:
    """Return a printed text with its folded form."""
    if INVISIBLE.isdisjoint(text):
        return Printed(text, text.translate(FOLDED), range(len(text)))
    places = [place for place, sign in enumerate(text) if sign not in INVISIBLE]
    return Printed(text, "".join(text[place] for place in places).translate(FOLDED), places)
