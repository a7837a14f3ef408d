"""Show what moved between two texts, word by word, as one structure for every way of printing it.

Words are matched by longest common subsequence (rapidfuzz Indel). Long texts are first split at sentences that occur
once in both (patience), so that a large document with few edits costs little. Then the marks are tidied for a reader:
no word is cut, crumbs between two edits join them, deletions stand before insertions.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from html import escape
from itertools import groupby
from typing import Literal, NamedTuple

import msgspec
from rapidfuzz.distance import Indel

Op = Literal["equal", "delete", "insert"]

# A word with its inner hyphens and apostrophes, a number with its points, or one sign: "long-term", "25-101.05",
# "1,000", "physician's", ";", "§".
TOKEN = re.compile(r"\w+(?:(?:(?<=\d)[.,:](?=\d)|['’\-/‐‑–](?=\w))\w+)*|[^\w\s]")
# A sentence, clause or line with the white space after it: "issued; and" -> "issued; ", "and".
SENTENCE = re.compile(r".*?(?:[.;:]\s+|\n\s*|\Z)", re.DOTALL)
SENTENCE_MARKS = (". ", "; ", ": ", "\n")
# A sign no terminal, page or reader should obey, or that no XML may hold: "\x1b", "\u202e", "\uffff".
CONTROL_SIGN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
# A sign that Markdown would read as markup: "*", "_", "[".
MARKDOWN_SIGN = re.compile(r"([\\`*_\[\]<>~#|])")
# A word with the white space before it, for shortening: " days;".
SPACED_WORD = re.compile(r"\s*\S+")
# A text between its outer white space: " must " -> " ", "must", " ".
OUTER_SPACE = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)

# Unchanged words that only glue two edits together.
GLUE_WORDS = frozenset("a an and any as at by for from in is it its of on or such that the this to with".split())
# Between the cells of a table's row.
CELL_BORDER = "|"
# A cell's border and a sentence's end: an edit never grows across them.
BORDERS = frozenset(".;:" + CELL_BORDER)
KEPT_OPS: tuple[Op, ...] = ("equal",)
CHANGED_OPS: tuple[Op, ...] = ("delete", "insert")
# How well an edit begins after, or ends with, a sign; any word counts 0.
BREAK_RANKS = {"": 4, "|": 3, ".": 3, ";": 3, ":": 3, ",": 1, ")": 1}
# Texts longer than this (signs, both together) are matched by sentences first; below it words alone are faster.
LONG_TEXT = 20_000
# Above this product of two token counts the exact method's matrix (one bit a cell) would pass 16 MB.
EXACT_CELLS = 128_000_000
# A text of which less than this share of words is kept counts as rewritten: old block, new block, no word salad.
REWRITTEN_BELOW = 0.4
# Fewer words than this are never called rewritten.
REWRITTEN_WORDS = 8
# So many words deleted here and inserted there verbatim are a move.
MOVED_WORDS = 5

TERMINAL_SIGNS: dict[Op, tuple[str, str]] = {"equal": ("", ""), "delete": ("[-", "-]"), "insert": ("{+", "+}")}
TERMINAL_COLOURS: dict[Op, tuple[str, str]] = {
    "equal": ("", ""),
    "delete": ("\x1b[31;9m", "\x1b[0m"),
    "insert": ("\x1b[32;4m", "\x1b[0m"),
}
# The words that say what a mark means, for eyes, ears and copies alike: by operation and whether it is a move.
SPOKEN = {
    ("delete", False): "[removed: ",
    ("insert", False): "[added: ",
    ("delete", True): "[moved from here: ",
    ("insert", True): "[moved here: ",
}


class Span(msgspec.Struct, frozen=True, omit_defaults=True):
    """A run of text that was kept, deleted or inserted; ``moved`` > 0 pairs a deleted run with its new place."""

    op: Op
    text: str
    moved: int = 0


class Run(NamedTuple):
    """A stretch of tokens: ``old[i1:i2]`` against ``new[j1:j2]``, alike where ``kept``."""

    kept: bool
    i1: int
    i2: int
    j1: int
    j2: int

    @property
    def replaces(self) -> bool:
        """Tell whether words were both deleted and inserted here."""
        return self.i1 < self.i2 and self.j1 < self.j2

    @property
    def size(self) -> int:
        """Count the tokens of the longer side."""
        return max(self.i2 - self.i1, self.j2 - self.j1)


class Tokens(msgspec.Struct, frozen=True):
    """A text cut into words and signs; ``ends[n]`` is where token n ends; white space belongs to the token after it.

    The last token is always "": it owns the white space at the end and matches its like.
    """

    text: str
    words: list[str]
    ends: list[int]

    def slice(self, first: int, last: int) -> str:
        """Return the printed text of tokens first up to (not with) last, with the white space before each."""
        return self.text[self.ends[first - 1] if first else 0 : self.ends[last - 1] if last else 0]


def redline(old: str, new: str) -> tuple[Span, ...]:
    """Compare two texts word by word; fold them first where typography must not count.

    Returns spans in reading order: kept and deleted ones joined give ``old`` exactly, kept and inserted ones ``new``.
    Equal texts give one kept span, two empty texts none.
    """
    spans: list[Span] = []
    for before, after in _split_long(old, new):
        if before == after:
            spans.append(Span("equal", before))
        else:
            spans.extend(_redline_words(before, after))
    return _pair_moves(_join_spans(spans))


def cut_tokens(text: str) -> Tokens:
    """Cut a text into words, numbers and signs. Returns them with their places; see Tokens."""
    matches = list(TOKEN.finditer(text))
    return Tokens(text, [match[0] for match in matches] + [""], [match.end() for match in matches] + [len(text)])


def count_alike(limit: int, alike: Callable[[int, int], bool]) -> int:
    """Count how far two texts are alike, by halving: slices compare 100 times faster than signs one by one.

    ``alike(start, end)`` tells whether the stretches from start to end are; ``limit`` is the length of the shorter
    text. Returns the number of signs.
    """
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if alike(low, middle):
            low = middle
        else:
            high = middle - 1
    return low


def match_words(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Run]:
    """Match two sequences of words by longest common subsequence, or at words unique in both when too large for it.

    Returns runs that cover both, kept and changed ones in turn.
    """
    if len(old) * len(new) <= EXACT_CELLS:
        return list(_match_exactly(old, new))
    runs: list[Run] = []
    for run in _match_unique(old, new):
        if run.kept or (run.i2 - run.i1) * (run.j2 - run.j1) > EXACT_CELLS:
            runs.append(run)
        else:
            inner = _match_exactly(old[run.i1 : run.i2], new[run.j1 : run.j2])
            runs.extend(_shift(part, run.i1, run.j1) for part in inner)
    return _join_runs(runs)


def tidy_runs(runs: list[Run], old: Sequence[str], new: Sequence[str]) -> list[Run]:
    """Tidy matched runs for a reader: edits stand at natural seams, crumbs join them, a salad becomes one edit.

    Returns runs that cover both texts, kept and changed ones in turn.
    """
    runs = _join_crumbs(_slide_edits(runs, old, new), old)
    return [Run(False, 0, len(old), 0, len(new))] if _is_rewritten(runs, old) else runs


def shorten_redline(spans: Iterable[Span], *, context: int = 12) -> tuple[Span, ...]:
    """Cut long unchanged runs to ``context`` words on each side of an edit, with "…" for the rest.

    Returns spans for reading only: they no longer give back the whole texts.
    """
    line = list(spans)
    last = len(line) - 1
    return tuple(
        span if span.op != "equal" else Span("equal", _shorten(span.text, context, start=n == 0, end=n == last))
        for n, span in enumerate(line)
    )


def redline_text(spans: Iterable[Span], *, color: bool = False) -> str:
    """Print a redline for a terminal: "[-old-]{+new+}", or red struck and green underlined text with ``color``.

    Returns one text; control signs of the page are spelled out, never sent to the terminal.
    """
    marks = TERMINAL_COLOURS if color else TERMINAL_SIGNS
    return "".join(_wrap(spell_controls(span.text), *marks[span.op]) for span in spans)


def redline_markdown(spans: Iterable[Span]) -> str:
    """Print a redline as Markdown that keeps its meaning as plain text: ~~[removed: old]~~ **[added: new]**.

    Returns one text; signs of the law that Markdown would read as markup are escaped.
    """
    return "".join(_mark_down(span) for span in spans)


def redline_html(spans: Iterable[Span]) -> str:
    """Print a redline as HTML with <del> and <ins>, and in class "vh" the words that screen readers must hear.

    Returns escaped markup without block elements. Narrator and VoiceOver are silent on del and ins alone, and words
    made by CSS fail WCAG F87, hence real words.
    """
    return "".join(_mark_up(span) for span in spans)


def redline_json(spans: Iterable[Span]) -> str:
    """Print a redline as JSON: a list of {"op", "text"} and, for a move, the number "moved" of its pair."""
    return msgspec.json.encode(list(spans)).decode()


def spell_controls(text: str) -> str:
    """Spell out control and direction signs ("⟨U+202E⟩"), which could rewrite a terminal or a page; return the text."""
    # Nearly every text is free of them, and none of them is printable: that is told ten times sooner than matched.
    return text if text.isprintable() else CONTROL_SIGN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


def _split_long(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield the two texts in pairs of pieces; a long text is cut round its common ends and unique sentences."""
    if old == new or len(old) + len(new) <= LONG_TEXT:
        yield old, new
        return
    head, tail = _common_head(old, new), _common_tail(old, new)
    tail = min(tail, len(old) - head, len(new) - head)
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    yield old[:head], new[:head]
    yield from _split_sentences(before, after)
    yield old[len(old) - tail :], new[len(new) - tail :]


def _split_sentences(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield pairs of pieces between and at the sentences that stand once in both texts."""
    before, after = SENTENCE.findall(old), SENTENCE.findall(new)
    for run in _match_unique(before, after):
        yield "".join(before[run.i1 : run.i2]), "".join(after[run.j1 : run.j2])


def _common_head(old: str, new: str) -> int:
    """Measure the common beginning up to its last whole sentence, in signs."""
    length = count_alike(min(len(old), len(new)), lambda start, end: old[start:end] == new[start:end])
    found = [(old.rfind(mark, 0, length), len(mark)) for mark in SENTENCE_MARKS]
    return max((place + size for place, size in found if place >= 0), default=0)


def _common_tail(old: str, new: str) -> int:
    """Measure the common ending from its first whole sentence on, in signs."""
    a, b = len(old), len(new)
    length = count_alike(min(a, b), lambda start, end: old[a - end : a - start] == new[b - end : b - start])
    found = [(old.find(mark, a - length), len(mark)) for mark in SENTENCE_MARKS]
    return max((a - place - size for place, size in found if place >= 0), default=0)


def _redline_words(old: str, new: str) -> Iterator[Span]:
    """Yield the spans of two texts that are matched word by word."""
    before, after = cut_tokens(old), cut_tokens(new)
    for run in tidy_runs(match_words(before.words, after.words), before.words, after.words):
        yield from _spell_run(run, before, after)


def _match_exactly(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[Run]:
    """Yield kept and changed runs of a longest common subsequence."""
    codes: dict[Hashable, int] = {}
    before = [codes.setdefault(word, len(codes)) for word in old]
    after = [codes.setdefault(word, len(codes)) for word in new]
    for kept, group in groupby(Indel.opcodes(before, after), key=lambda code: code.tag == "equal"):
        part = list(group)
        yield Run(kept, part[0].src_start, part[-1].src_end, part[0].dest_start, part[-1].dest_end)


def _match_unique(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Run]:
    """Match only what stands once in both, in the longest common order (patience). Returns runs that cover both."""
    runs: list[Run] = []
    i = j = 0
    for i1, j1 in [*_unique_pairs(old, new), (len(old), len(new))]:
        runs += [Run(False, i, i1, j, j1), Run(True, i1, min(i1 + 1, len(old)), j1, min(j1 + 1, len(new)))]
        i, j = i1 + 1, j1 + 1
    return _join_runs(runs)


def _unique_pairs(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return the places of what stands once in both: the longest series that rises in both."""
    seen_old, seen_new = Counter(old), Counter(new)
    places = {word: place for place, word in enumerate(new)}
    pairs = [(i, places[word]) for i, word in enumerate(old) if seen_old[word] == 1 == seen_new[word]]
    tops: list[int] = []
    chain: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(pairs):
        rank = bisect_left(tops, j)
        before.append(chain[rank - 1] if rank else -1)
        tops[rank : rank + 1] = [j]
        chain[rank : rank + 1] = [n]
    rising: list[tuple[int, int]] = []
    n = chain[-1] if chain else -1
    while n >= 0:
        rising.append(pairs[n])
        n = before[n]
    return rising[::-1]


def _shift(run: Run, i: int, j: int) -> Run:
    """Return the run moved by i old and j new tokens."""
    return Run(run.kept, run.i1 + i, run.i2 + i, run.j1 + j, run.j2 + j)


def _join_runs(runs: Iterable[Run]) -> list[Run]:
    """Return the runs without empty ones, neighbours of one kind joined."""
    joined: list[Run] = []
    for run in runs:
        if run.size == 0:
            continue
        if joined and joined[-1].kept == run.kept:
            last = joined.pop()
            run = Run(run.kept, last.i1, run.i2, last.j1, run.j2)
        joined.append(run)
    return joined


def _slide_edits(runs: list[Run], old: Sequence[str], new: Sequence[str]) -> list[Run]:
    """Move each pure insertion or deletion, where its place is ambiguous, to the seam a reader would choose."""
    line = list(runs)
    for n in range(len(line)):
        run = line[n]
        if run.kept or run.replaces:
            continue
        words, first, last = (new, run.j1, run.j2) if run.i1 == run.i2 else (old, run.i1, run.i2)
        room = (line[n - 1].size if n else 0, line[n + 1].size if n + 1 < len(line) else 0)
        shift = _best_shift(words, first, last, room)
        line[n] = _shift(run, shift, shift)
        if n:
            line[n - 1] = line[n - 1]._replace(i2=line[n - 1].i2 + shift, j2=line[n - 1].j2 + shift)
        if n + 1 < len(line):
            line[n + 1] = line[n + 1]._replace(i1=line[n + 1].i1 + shift, j1=line[n + 1].j1 + shift)
    return _join_runs(line)


def _best_shift(words: Sequence[str], first: int, last: int, room: tuple[int, int]) -> int:
    """Return by how many tokens (left: negative) words[first:last] may slide to stand between the best seams."""
    left = right = 0
    while left < room[0] and words[first - 1 - left] == words[last - 1 - left]:
        left += 1
    while right < room[1] and words[first + right] == words[last + right]:
        right += 1
    shifts = range(-left, right + 1)
    return max(shifts, key=lambda shift: (_rank_seams(words, first + shift, last + shift), -abs(shift)))


def _rank_seams(words: Sequence[str], first: int, last: int) -> int:
    """Rank how naturally words[first:last] stands apart: after a stop, ending in a stop, not beginning with a sign."""
    before = words[first - 1] if first else ""
    awkward = words[first] in BREAK_RANKS
    return BREAK_RANKS.get(before, 0) + BREAK_RANKS.get(words[last - 1], 0) - 2 * awkward


def _join_crumbs(runs: list[Run], old: Sequence[str]) -> list[Run]:
    """Join edits that are parted by crumbs only. Returns kept and changed runs in turn."""
    line: list[Run] = []
    for run in runs:
        line.append(run)
        while len(line) > 2 and not run.kept and _is_crumb(line[-3], line[-2], line[-1], old):
            right, _, left = line.pop(), line.pop(), line.pop()
            line.append(Run(False, left.i1, right.i2, left.j1, right.j2))
    return line


def _is_crumb(left: Run, kept: Run, right: Run, old: Sequence[str]) -> bool:
    """Tell whether the kept words between two edits are too few to read alone, and joining shows a replacement."""
    between = old[kept.i1 : kept.i2]
    if not Run(False, left.i1, right.i2, left.j1, right.j2).replaces or not BORDERS.isdisjoint(between):
        return False
    words = [word for word in between if word[:1].isalnum()]
    if len(words) <= 2 and (GLUE_WORDS.issuperset(words) or left.replaces or right.replaces):
        return True
    return len(words) * 3 <= min(left.size, right.size)


def _is_rewritten(runs: list[Run], old: Sequence[str]) -> bool:
    """Tell whether so few words were kept that marks inside the text would be a salad."""
    kept = sum(run.size for run in runs if run.kept)
    edited = min(sum(run.i2 - run.i1 for run in runs), sum(run.j2 - run.j1 for run in runs)) - kept
    return edited >= REWRITTEN_WORDS and kept < REWRITTEN_BELOW * (kept + edited) and CELL_BORDER not in old


def _spell_run(run: Run, old: Tokens, new: Tokens) -> Iterator[Span]:
    """Yield the spans of one run; kept words whose white space differs show that white space as edited."""
    if not run.kept:
        yield Span("delete", old.slice(run.i1, run.i2))
        yield Span("insert", new.slice(run.j1, run.j2))
        return
    if old.slice(run.i1, run.i2) == new.slice(run.j1, run.j2):
        yield Span("equal", old.slice(run.i1, run.i2))
        return
    for i, j in zip(range(run.i1, run.i2), range(run.j1, run.j2), strict=True):
        word = old.words[i]
        gaps = old.slice(i, i + 1).removesuffix(word), new.slice(j, j + 1).removesuffix(word)
        if gaps[0] != gaps[1]:
            yield Span("delete", gaps[0])
            yield Span("insert", gaps[1])
        yield Span("equal", word if gaps[0] != gaps[1] else gaps[0] + word)


def _join_spans(spans: Iterable[Span]) -> list[Span]:
    """Return the spans without empty ones, neighbours of one operation joined, deletions before insertions."""
    joined: list[Span] = []
    for changed, group in groupby(spans, key=lambda span: span.op != "equal"):
        part = list(group)
        for op in CHANGED_OPS if changed else KEPT_OPS:
            text = "".join(span.text for span in part if span.op == op)
            if text:
                joined.append(Span(op, text))
    return joined


def _pair_moves(spans: list[Span]) -> tuple[Span, ...]:
    """Number each deleted run that was inserted verbatim elsewhere, and its new place, with the same number."""
    words = [tuple(span.text.split()) if span.op != "equal" else () for span in spans]
    deleted = {key: n for n, key in enumerate(words) if spans[n].op == "delete" and len(key) >= MOVED_WORDS}
    moved: dict[int, int] = {}
    for n, key in enumerate(words):
        if spans[n].op == "insert" and key in deleted:
            number = len(moved) // 2 + 1
            moved |= {n: number, deleted.pop(key): number}
    return tuple(msgspec.structs.replace(span, moved=moved.get(n, 0)) for n, span in enumerate(spans))


def _shorten(text: str, context: int, *, start: bool, end: bool) -> str:
    """Return the kept text with only the words next to an edit: its end at the start, its beginning at the end."""
    words = SPACED_WORD.findall(text)
    head, tail = 0 if start else context, 0 if end else context
    if len(words) <= head + tail + 1:
        return text
    kept_head = "".join(words[:head])
    return f"{kept_head}{' ' if head else ''}…{''.join(words[len(words) - tail :]) if tail else ''}"


def _wrap(text: str, before: str, after: str) -> str:
    """Return the text between two marks, its outer white space left outside of them."""
    match = OUTER_SPACE.fullmatch(text)
    if match is None or not match[2] or not before:
        return text
    return f"{match[1]}{before}{match[2]}{after}{match[3]}"


def _mark_down(span: Span) -> str:
    """Return one span as Markdown."""
    text = MARKDOWN_SIGN.sub(r"\\\1", spell_controls(span.text))
    if span.op == "equal":
        return text
    sign = "~~" if span.op == "delete" else "**"
    return _wrap(text, sign + SPOKEN[span.op, span.moved > 0], f"]{sign}")


def _mark_up(span: Span) -> str:
    """Return one span as HTML."""
    text = escape(spell_controls(span.text))
    if span.op == "equal":
        return text
    tag = "del" if span.op == "delete" else "ins"
    spoken = SPOKEN[span.op, span.moved > 0]
    kind = ' class="moved"' if span.moved else ""
    return f'<{tag}{kind}><span class="vh">{spoken}</span>{text}<span class="vh">]</span></{tag}>'
