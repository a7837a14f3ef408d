"""Cut a provision into words for comparing, in one drafting style, and find which of them an edit moved."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from kb.compare.redline import TOKEN, Run, count_alike, match_words, tidy_runs
from kb.read.canonical import squeeze_text

# Signs that carry meaning; all other signs are punctuation.
MEANING_SIGNS = frozenset("§$%<>=+±≤≥°µ¢£€")
# "long-term" and "30-day" are two words each; "25-101", "a-1", "VIII-A" and "and/or" stay one.
SPLIT_WORD = re.compile(r"(?:\d+|[a-z]{2,})(?:-[a-z]{2,})+")
PIECE = re.compile(r"[^-]+")
# Punctuation that does not stand between two digits: "(" and ")" of "(1)a", not "." of "1.5".
LOOSE_SIGN = re.compile(r"(?<!\d)[^\w§$%<>=+±≤≥°µ¢£€]|[^\w§$%<>=+±≤≥°µ¢£€](?!\d)")
# A calendar year, a month or a date in figures: "2024", "January", "1/1/24" ("May" before a day is "month-may").
DATE_WORD = re.compile(
    r"(?:19|20)\d\d|\d+/\d+/\d+"
    r"|january|february|march|april|month-may|june|july|august|september|october|november|december"
)
# Signs of unchanged text that are read before and after the edits: longer than any phrase of STYLES.
CONTEXT = 80
# The number of a section or provision: "25-101.05", "12:3", "a-1".
REFERENCE_NUMBER = re.compile(r"\d+\w*[-:]\d[\w.:-]*|\d+(?:\.\d+){2,}|[a-z]{1,2}-\d+|[ivx]+-[a-z]")

SMALL_NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
TENS = {word: 10 * ten for ten, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
NUMBER_WORDS = {word: str(value) for value, word in enumerate(SMALL_NUMBERS)} | {word: str(TENS[word]) for word in TENS}
# Drafting styles without effect: every phrase of a line means the line's first (DESIGN: shall be -> is, shall -> must,
# may not -> shall not, his or her -> the person's). Longer phrases win.
STYLES = """
must|shall
is|are|shall be|must be
is not|are not|shall not be|must not be|may not be|cannot be|can not be
shall be construed|may be construed|is construed|are construed
no person is|no person shall be|no person may be|no person must be
no person shall|no person may|no person must
this chapter|the provisions of this chapter
this §|this section|the provisions of this section
this title|the provisions of this title
this part|the provisions of this part
this article|the provisions of this article
this act|the provisions of this act
must not|shall not|may not|cannot|can not
means|mean|shall mean|must mean
includes|include|shall include|must include
excludes|does not include|do not include|shall not include|must not include
has|have|shall have|must have
applies|apply|shall apply|must apply
does not apply|do not apply|shall not apply|must not apply
consists|consist|shall consist|must consist
constitutes|constitute|shall constitute|must constitute
takes effect|take effect|shall take effect|becomes effective|shall become effective
under|pursuant to|in accordance with|in conformity with
under|under the provisions of|pursuant to the provisions of|in accordance with the provisions of
before|prior to
after|subsequent to
on|upon
if|in the event that
until|until such time as
to|in order to
each|each and every
that|which
ensure|assure
begin|commence
begins|commences
use|utilize
about|regarding|concerning|relating to|with respect to|with regard to
for purposes of|for the purpose of|for the purposes of
at least|not less than|no less than|not fewer than|no fewer than|a minimum of
at most|not more than|no more than|not to exceed|not exceeding|up to|a maximum of
no later than|not later than
provided that|provided however that|provided further that
%|percent|per cent|per centum
u s c|united states code|u s c a
u s|united states
january|jan
february|feb
august|aug
september|sept
october|oct
november|nov
december|dec
c f r|code of federal regulations
§|section|sections|sec|secs
described in|set forth in|set out in|specified in|as described in|as set forth in|as set out in|as specified in
instead of|in lieu of
because|for the reason that
immediately|forthwith
when|whenever|at such time as
chair|chairman|chairwoman|chairperson
their|his or her|her or his|his/her|his|her|the person's|the individual's
they|he or she|she or he|he/she|he|she
them|him or her|her or him|him/her|him
themself|himself or herself|himself|herself|themselves
100|hundred|one hundred
1000|thousand|one thousand
"""
PHRASES: dict[tuple[str, ...], tuple[str, ...]] = {
    **{(word,): (value,) for word, value in NUMBER_WORDS.items()},
    **{(ten, SMALL_NUMBERS[one]): (str(value + one),) for ten, value in TENS.items() for one in range(1, 10)},
    **{
        tuple(phrase.split()): tuple(line.partition("|")[0].split())
        for line in STYLES.strip().splitlines()
        for phrase in line.split("|")
    },
}
# Single words of one force, for telling which words moved.
SAME_FORCE = NUMBER_WORDS | {"shall": "must"}
# How long the longest phrase with this first word is: most words begin none.
LONGEST_PHRASE = {first: max(len(phrase) for phrase in PHRASES if phrase[0] == first) for first, *_ in PHRASES}

# The reason given when phrases of one effect were exchanged; style.py holds it against the rest of the document.
ONLY_STYLE = "only drafting style"
# The reason given when a number came to stand in words and figures, or ceased to; style.py weighs that too.
NUMBER_RESTATED = "number stated twice, or no longer"
# A codifier's placeholder: "[Reserved]", "(Omitted.)", "Reserved for future use".
PLACEHOLDER = re.compile(
    r"^\W*(?:reserved|vacant|blank|omitted|unassigned|unused|not used|intentionally (?:omitted|left blank))"
    r"(?: for (?:future|expansion)[\w ]*)?\W*$",
    re.IGNORECASE,
)

# A connector at the end of a list item: "…; and", "…, or".
CONNECTOR = re.compile(r"(?:[;,.:]\s*)?\b(and|or)\W*$", re.IGNORECASE)
# The reason given when nothing but "; and" came or went; it is held against the paragraphs beside it.
CONNECTOR_MOVED = "only a list connector moved"

# Words that name a division of a law wherever they stand, and those that do before a number or after "this".
SINGLE_DIVISIONS = "chapter clause edition paragraph subchapter subparagraph subpart subsection subtitle".split()
SURE_DIVISIONS = frozenset(["§", *SINGLE_DIVISIONS, *(f"{word}s" for word in SINGLE_DIVISIONS)])
DIVISIONS = SURE_DIVISIONS | frozenset(
    "act appendix article articles class division part parts rule rules schedule schedules title titles unit".split()
)
NUMBER_SIGNS = frozenset("$ % ¢ £ € < > ≤ ≥ = + ±".split())
# What a number beside one of these words measures.
UNITS = {
    "deadline": frozenset("day days week weeks month months year years hour hours minutes".split()),
    "amount": frozenset("$ ¢ £ € dollars".split()),
    "rate": frozenset("% percent".split()),
}
# A lone word that was replaced is quoted with such a word before it ("$") or after it ("30 days", "may not").
LEADING_QUOTED = UNITS["amount"]
TRAILING_QUOTED = UNITS["deadline"] | UNITS["rate"] | frozenset("not be later less fewer more include apply".split())


class Word(NamedTuple):
    """A word for comparing (``key``), its place in the folded text, and whether it stood alone in parentheses."""

    key: str
    start: int
    end: int
    label: bool


class Edit(msgspec.Struct, frozen=True, dict=True):
    """Words that were replaced, with two kept words before and after, and both sides as printed.

    ``shown`` are the sides as a reason quotes them, a lone word with the word that belongs to it. What is derived is
    found when first asked for, and kept: an edit may be a whole page long.
    """

    old: tuple[Word, ...]
    new: tuple[Word, ...]
    before: tuple[Word, ...]
    after: tuple[Word, ...]
    old_text: str
    new_text: str
    shown: tuple[str, str]

    @cached_property
    def restyled(self) -> tuple[list[Word], list[Word]]:
        """Return both sides in the common style."""
        return restyle_words(self.old), restyle_words(self.new)

    @cached_property
    def moved(self) -> frozenset[tuple[str, str]]:
        """Return (kind, key) of each word that stands on one side only or more often.

        Kinds are reference, date, number and plain. A word counts only when it does so both as printed and in the
        common style: neither "shall be" against "is" nor "shall be" against "shall" moves a duty.
        """
        before = self.before[-1].key if self.before else ""
        return _count_moved(self.old, self.new, before) & _count_moved(*self.restyled, before)


def cut_words(text: str, *, styled: bool = True) -> list[Word]:
    """Cut a folded text into words for comparing: lower case, no punctuation, "30-day" as two words.

    With ``styled`` phrases of one effect are brought to one form (see STYLES) and numbers to figures. Returns the
    words with their places.
    """
    words = [word for match in TOKEN.finditer(text) for word in _cut_token(match, text)]
    return restyle_words(words) if styled else words


def restyle_words(words: Sequence[Word]) -> list[Word]:
    """Bring phrases of one effect to one form; "thirty (30)" and "§§" become one word. Returns the words."""
    styled: list[Word] = []
    place, last, printed = 0, "", ""
    while place < len(words):
        first = words[place]
        size = 1
        found: tuple[Word, ...] = (first,)
        # Most words begin no phrase.
        if first.key in LONGEST_PHRASE and not first.label:
            size, found = _match_phrase(words, place)
        for word in found:
            twice = printed == first.key == "§" or (word.label and word.key.isdigit())
            if word.key != last or not twice:
                styled.append(word)
            last = word.key
        printed = first.key
        place += size
    return styled


def get_keys(words: Iterable[Word]) -> list[str]:
    """Return the words' keys."""
    return [word.key for word in words]


def _cut_token(match: re.Match[str], text: str) -> Iterable[Word]:
    """Return the words of one token: none for punctuation, two for "30-day"."""
    key = match[0].lower()
    if not key[0].isalnum() and key not in MEANING_SIGNS:
        return ()
    start, end = match.span()
    if "-" in key and SPLIT_WORD.fullmatch(key) is not None:
        return [Word(p[0], start + p.start(), start + p.end(), label=False) for p in PIECE.finditer(key)]
    if match[0] == "May" and text[end : end + 2].strip().isdigit():
        key = "month-may"
    if key[0].isdigit():
        key = key.replace(",", "")
    return (Word(key, start, end, label=text[end : end + 1] == ")" and start > 0 and text[start - 1] == "("),)


def _match_phrase(words: Sequence[Word], place: int) -> tuple[int, tuple[Word, ...]]:
    """Return the length of the longest known phrase that begins here, and the words of its form; else the word."""
    first = words[place]
    for size in range(min(LONGEST_PHRASE[first.key], len(words) - place), 0, -1):
        phrase = PHRASES.get(tuple(word.key for word in words[place : place + size]))
        if phrase is not None:
            end = words[place + size - 1].end
            rest = (Word(key, end, end, label=False) for key in phrase[1:])
            return size, (Word(phrase[0], first.start, end, label=False), *rest)
    return 1, (first,)


def has_same_words(old: str, new: str) -> bool:
    """Tell whether two folded texts differ in punctuation, case and spacing only; numbers keep their points."""
    if squeeze_text(old) != squeeze_text(new):
        return False
    if strip_signs(old) == strip_signs(new):
        return True
    return get_keys(cut_words(old, styled=False)) == get_keys(cut_words(new, styled=False))


def strip_signs(text: str) -> str:
    """Return the text in lower case without spaces and loose punctuation: "21-11 .13" and "21-11.13" are alike."""
    return LOOSE_SIGN.sub("", "".join(text.split())).lower()


def find_edits(old: str, new: str, *, styled: bool = True) -> list[Edit]:
    """Compare two folded texts by their words for comparing.

    Returns the edits in reading order: with ``styled`` the smallest possible, else as a reader would see them.
    """
    old, new = _trim_alike(old, new)
    before, after = cut_words(old, styled=styled), cut_words(new, styled=styled)
    runs = match_words(get_keys(before), get_keys(after))
    if not styled:
        runs = tidy_runs(runs, get_keys(before), get_keys(after))
    return [_make_edit(run, (old, new), (before, after)) for run in runs if not run.kept]


def _trim_alike(old: str, new: str) -> tuple[str, str]:
    """Return both texts without what is alike at their ends, but for a little context; words stay whole."""
    limit = min(len(old), len(new))
    head = count_alike(limit, lambda start, end: old[start:end] == new[start:end])
    head = old.rfind(" ", 0, max(head - CONTEXT, 0)) + 1
    old, new = old[head:], new[head:]
    a, b = len(old), len(new)
    tail = count_alike(min(a, b), lambda start, end: old[a - end : a - start] == new[b - end : b - start])
    cut = old.find(" ", a - max(tail - CONTEXT, 0))
    tail = a - cut if cut >= 0 else 0
    return old[: a - tail], new[: b - tail]


def _make_edit(run: Run, texts: tuple[str, str], words: tuple[list[Word], list[Word]]) -> Edit:
    """Return the edit of one run of words."""
    old, new = words[0][run.i1 : run.i2], words[1][run.j1 : run.j2]
    before, after = words[0][max(run.i1 - 2, 0) : run.i1], words[0][run.i2 : run.i2 + 2]
    plain = _quote(texts[0], old), _quote(texts[1], new)
    head = len(old) == len(new) == 1 and bool(before) and _belongs_before(before[-1], old[0])
    tail = len(old) == len(new) == 1 and bool(after) and after[0].key in TRAILING_QUOTED
    shown = (
        _quote(texts[0], words[0][run.i1 - head : run.i2 + tail]),
        _quote(texts[1], words[1][run.j1 - head : run.j2 + tail]),
    )
    return Edit(tuple(old), tuple(new), tuple(before), tuple(after), *plain, shown)


def _belongs_before(before: Word, word: Word) -> bool:
    """Tell whether a lone word is read with the one before it: "$500", "January 1"."""
    return before.key in LEADING_QUOTED or (word.key.isdigit() and DATE_WORD.fullmatch(before.key) is not None)


def _quote(text: str, words: Sequence[Word]) -> str:
    """Return the printed text from the first word to the last, with the parentheses round labels."""
    if not words:
        return ""
    start, end = words[0].start - words[0].label, words[-1].end
    quote = text[start:end]
    return f"{quote})" if quote.count("(") > quote.count(")") and text[end : end + 1] == ")" else quote


def _count_moved(old: Sequence[Word], new: Sequence[Word], before: str) -> frozenset[tuple[str, str]]:
    """Return (kind, key) of each word that stands on one side only or more often."""
    old_side, new_side = Counter(_name_kinds(old, before)), Counter(_name_kinds(new, before))
    return frozenset((old_side - new_side) + (new_side - old_side))


def _name_kinds(words: Sequence[Word], before: str) -> Iterable[tuple[str, str]]:
    """Yield the kind and key of each word; words of one force share a key."""
    for word in words:
        yield _name_kind(word, before), SAME_FORCE.get(word.key, word.key)
        before = word.key


def _name_kind(word: Word, previous: str) -> str:
    """Return what a word is: reference, date, number or plain."""
    if word.label or REFERENCE_NUMBER.fullmatch(word.key) is not None or word.key in SURE_DIVISIONS:
        return "reference"
    if previous in DIVISIONS and (word.key[0].isdigit() or len(word.key) <= 2):
        return "reference"
    if word.key in DIVISIONS and previous == "this":
        return "reference"
    if DATE_WORD.fullmatch(word.key) is not None or (word.key.isdigit() and DATE_WORD.fullmatch(previous) is not None):
        return "date"
    return "number" if word.key[0].isdigit() or word.key in NUMBER_SIGNS or word.key in NUMBER_WORDS else "plain"
