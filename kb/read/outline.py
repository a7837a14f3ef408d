"""Turn the lines of one document into a tree of provisions, by their printed numbers.

Each number is placed by the cheapest of three moves: it continues a sequence that is open, it opens the next level
with a first number, or it starts an odd sequence. Ties (is "(i)" the ninth letter or the first roman numeral?) are
decided by which successor comes first further down.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from kb.models import Line, Provision
from kb.read.canonical import fold_number
from kb.read.labels import HEADING_TAGS, LABEL, SECTION, Rank, match_section, read_label

# How many lines ahead are tried under each reading of a tie.
LOOK_AHEAD = 14
# Cost of a move: 0 is a plain successor or a first number; more is odder. Moves closer than TIE are a tie.
GAP, ODD_START, REPEAT, RESTART, BACK, OTHER_MARK, ODD_INDENT, TIE = 2.0, 5.0, 5.5, 6.0, 8.0, 0.7, 0.5, 0.1
# A bold run or a bare section number stands below every heading element.
LEAD_DEPTH = 7
# No law nests deeper; numbers that would are put beside the deepest. And no line begins with more numbers.
MOST_LEVELS, MOST_NUMBERS = 20, 8
# "Fees. The fee is $5.": the catchline of a plain line and what follows it
CATCHLINE = re.compile(r"[^.]{2,150}\.(?=\s+[A-Z(\[“\"]|\Z)")
# A catchline names its matter; these words make a rule of it.
SPEAKS = re.compile(r"\b(?:shall|must|may|means|is|are)\b")
# "Section 1. Definitions. (1) A kite is": a catchline and the first number below it run into one line
RUN_IN = re.compile(r"([A-Z][^.;:()]{2,80}\.) (?=(\([1a]\)) [A-Z“\"])")
# How an item ends that the next one goes on with.
CONNECTORS = ("; and", "; or", ", and", ", or")
# "961.38 (2)(d)(d) The": the whole citation before the number it ends with
CITED_NUMBER = re.compile(
    r"\d[\d.:-]*((?:\([0-9A-Za-z]{1,4}\))*(\([0-9A-Za-z]{1,4}\)|(?<=\))\d{1,2}\.))\s*\2(?=[\s(A-Z“]|\Z)"
)
# "961.38(2)(d)(d)" → (d)   "961.38(2)(d)1.1." → 1.
LAST_LABEL = re.compile(r"(?:[(\[]+[^()\[\]]{1,10}[)\]]+|\w{1,4}\.)\Z")
# "(2)(cm)1." → 2, cm, 1
STEP = re.compile(r"[0-9A-Za-z]+")
# "Ketamine | 7285" → ketamine
_ROW_NAME = re.compile(r"[^a-z0-9.]+")


# A page prints the same few numbers again and again.
_segment = lru_cache(maxsize=20_000)(fold_number)


@lru_cache(maxsize=20_000)
def _path_segments(path: tuple[str, ...]) -> tuple[str, ...]:
    """Return the segments of a chain of numbers that a publisher states."""
    return tuple(_segment(step if step[:1] == "[" else f"({step})") for step in path[:MOST_LEVELS])


class _Move(msgspec.Struct, frozen=True):
    """One way to place a number: what it costs, how many levels stay open, and the rank it is read as."""

    cost: float
    keep: int
    rank: Rank


class _Level:
    """An open provision: the place its number stands for, its eid, its indent, and how many pN it holds.

    ``listed`` says that it is an item of a list of the page, whose end the markup tells; ``before`` is the last
    provision of the item before it.
    """

    __slots__ = ("before", "eid", "indent", "listed", "paragraphs", "rank", "segment")

    def __init__(self, eid: str, rank: Rank | None, indent: int, segment: str = "", *, listed: bool = False) -> None:
        self.before: _Draft | None = None
        self.eid = eid
        self.segment = segment
        self.rank = rank
        self.indent = indent
        self.listed = listed
        self.paragraphs = 0


class _Draft:
    """A provision being written."""

    __slots__ = ("eid", "heading", "note", "number", "text")

    def __init__(self, eid: str, number: str, heading: str, text: str) -> None:
        self.eid = eid
        self.number = number
        self.heading = heading
        self.text = text
        self.note = ""


def build_provisions(lines: Sequence[Line], notes: Sequence[tuple[int, str]] = ()) -> list[Provision]:
    """Return the provisions under a document's root, in reading order, with their eids; the root itself is not made.

    Only lines of part text are expected; a heading line inside the document opens an unnumbered provision of its own.
    ``notes`` are printed below one line each, told by its place: they are notes of the provision it stands in.
    """
    outline = _Outline(lines)
    own: dict[int, list[str]] = {}
    for at, note in notes:
        own.setdefault(at, []).append(note)
    for at, line in enumerate(outline.lines):
        outline.place(at, line)
        if own and at in own:
            outline.drafts[-1].note = "\n".join(own[at])
    return [Provision(draft.eid, draft.number, draft.heading, draft.text, draft.note) for draft in outline.drafts]


def _split_numbers(line: Line) -> tuple[tuple[str, ...], str]:
    """Return the printed numbers at the start of a line and the text after them: "(a)(1) The board" → (a), (1)."""
    numbers = (LABEL.findall(line.number) or [line.number]) if line.number else []
    text = line.text
    if line.path is None and text[:1] in _LABEL_STARTS:
        found = LABEL.match(text)
        while found is not None and len(numbers) < MOST_NUMBERS:
            numbers.append(found[1])
            text = text[found.end() :]
            found = LABEL.match(text) if text.startswith(("(", "[")) or found[1].endswith(".") else None
    return tuple(numbers), text


def _is_joined(text: str) -> bool:
    """Tell whether a text ends with a sign or word that the next item goes on with."""
    last = text[-1:]
    return last in (";", ",") or (last in ("d", "r") and text.endswith(CONNECTORS))


def _read_citation(line: Line) -> Line:
    """Take the chain of numbers from a line that prints its whole citation before its number."""
    cited = CITED_NUMBER.match(line.text) if line.path is None and not line.number and line.text else None
    if cited is None:
        return line
    steps = tuple(STEP.findall(cited[1]))
    return msgspec.structs.replace(line, text=line.text[cited.end() :].strip(), number=cited[0], path=steps)


_DIGITS = frozenset("0123456789")
# A line whose path is stated needs no number found in it.
_NO_NUMBERS: tuple[tuple[str, ...], str] = ((), "")
_LABEL_STARTS = frozenset("([§*0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class _Outline:
    """The open levels and the provisions so far."""

    def __init__(self, lines: Sequence[Line]) -> None:
        if any(line.text[:1] in _DIGITS for line in lines):
            lines = [_read_citation(line) for line in lines]
        self.lines = lines
        self.numbered = [_split_numbers(line) if line.path is None else _NO_NUMBERS for line in lines]
        self.levels = [_Level("", None, -1)]
        self.drafts: list[_Draft] = []
        self.used: dict[str, int] = {}

    def place(self, at: int, line: Line) -> None:
        """Put one line where its numbers, path or indent say it belongs."""
        numbers, text = self.numbered[at]
        if line.path is not None:
            self._follow_path(line)
        elif line.tag == "tr" and not numbers:
            self._add(self._owner(line).eid, "r_" + _row_name(text), "", "", text)
        elif numbers:
            catchline = self._find_run_in(at, numbers[-1], text) if text.find(". (", 2, 90) > 0 else ""
            self._follow_numbers(at, numbers, line, catchline or text)
            if catchline:
                rest = msgspec.structs.replace(line, text=text[len(catchline) :].strip(), number="")
                inner, words = _split_numbers(rest)
                self._follow_numbers(at, inner, rest, words)
        elif line.tag in HEADING_TAGS or line.lead:
            self._place_headed(line)
        elif text[:1] in "§S" and (section := match_section(text)) is not None:
            self._place_section(at, line, section)
        else:
            self._place_plain(line)

    def _find_run_in(self, at: int, number: str, text: str) -> str:
        """Return the catchline that a line's first inner number ran into, "" where no second number follows below."""
        found = RUN_IN.match(text)
        if found is None:
            return ""
        first = read_label(found[2])[0]
        styles = {first.style, *(rank.style for rank in read_label(number))}
        ahead = (ranks[0] for ranks, _ in self._ranks_ahead(at) if ranks and ranks[0].style in styles)
        after = next(ahead, None)
        return found[1] if after is not None and (after.style, after.value) == (first.style, 2) else ""

    def _place_plain(self, line: Line) -> None:
        if self._fills_empty():
            self.drafts[-1].text = line.text
        else:
            self._add_paragraph(self._owner(line), line.text)

    def _place_headed(self, line: Line) -> None:
        """Put a line that is, or begins with, a heading; a section's number in it names the provision it opens."""
        heading = line.text if line.tag in HEADING_TAGS else line.lead
        section = SECTION.match(heading)
        if section is not None:
            self._open_heading(line, section[1], heading[section.end() :], line.text[len(heading) :].strip())
        elif line.tag in HEADING_TAGS:
            self._open_heading(line, "", heading, "")
        else:
            self._place_plain(line)

    def _place_section(self, at: int, line: Line, section: re.Match[str]) -> None:
        """Put a plain line that begins with a section's number: its catchline, and what it says after it."""
        words = line.text[section.end() :]
        catchline = CATCHLINE.match(words)
        heading = catchline[0] if catchline is not None else words
        if SPEAKS.search(heading) is not None:
            heading = ""
        self._open_heading(line, section[1], heading, "")
        rest = msgspec.structs.replace(line, text=words[len(heading) :].strip(), number="")
        numbers, text = _split_numbers(rest)
        if numbers:
            self._follow_numbers(at, numbers, rest, text)
        else:
            self.drafts[-1].text = text

    def _fills_empty(self) -> bool:
        """Tell whether a paragraph is the text of a number that stood alone on the line before."""
        if not self.drafts or not self.drafts[-1].number:
            return False
        last = self.drafts[-1]
        return not last.text and not last.heading and last.eid == self.levels[-1].eid

    def _add(self, parent: str, segment: str, number: str, heading: str, text: str) -> str:
        eid = f"{parent}__{segment}" if parent else segment
        count = self.used.get(eid, 0) + 1
        self.used[eid] = count
        if count > 1:
            eid = f"{eid}~{count}"
        self.drafts.append(_Draft(eid, number, heading, text))
        return eid

    def _add_paragraph(self, owner: _Level, text: str) -> str:
        owner.paragraphs += 1
        return self._add(owner.eid, f"p{owner.paragraphs}", "", "", text)

    def _owner(self, line: Line) -> _Level:
        """Return the level an unnumbered line belongs to: by indent or list if told, else by how the text before ended.

        A line outside a list belongs to none of its items; a line without an indent may stand anywhere.
        """
        if line.level:
            return next(level for level in reversed(self.levels) if level.indent <= line.level)
        if self.levels[-1].listed:
            return next(level for level in reversed(self.levels) if not level.listed)
        last = self.drafts[-1].text if self.drafts else ""
        if len(self.levels) > 2 and _is_joined(last):
            return self.levels[-2]
        if last.endswith(".") and self.drafts[-1].eid == self.levels[-1].eid:
            # Where a sentence ran through the items and has ended, what follows flush belongs to what holds them.
            while self.levels[-1].before is not None and _is_joined(self.levels[-1].before.text):
                self.levels.pop()
        return self.levels[-1]

    def _open_heading(self, line: Line, number: str, heading: str, text: str) -> None:
        depth = int(line.tag[1]) if line.tag in HEADING_TAGS else LEAD_DEPTH
        while self.levels[-1].rank is not None and not self._holds(self.levels[-1], depth):
            self.levels.pop()
        owner = self.levels[-1]
        if number:
            eid = self._add(owner.eid, fold_number(number), number, heading, text)
        else:
            eid = self._add_paragraph(owner, "")
            self.drafts[-1].heading = heading
        self.levels.append(_Level(eid, Rank(f"h{depth}", 1), -1))

    @staticmethod
    def _holds(level: _Level, depth: int) -> bool:
        return level.rank is not None and level.rank.style[0] == "h" and int(level.rank.style[1]) < depth

    def _follow_path(self, line: Line) -> None:
        """Take the chain of numbers the publisher states; a step not met before is opened without text."""
        steps = _path_segments(line.path or ())
        keep, most = 1, min(len(self.levels), len(steps))
        while keep < most and self.levels[keep].segment == steps[keep - 1]:
            keep += 1
        del self.levels[keep:]
        if keep == len(steps) and (line.number.count("(") == 1 or line.number[:1] != "("):
            eid = self._add(self.levels[-1].eid, steps[-1], line.number, "", line.text)
            self.levels.append(_Level(eid, _last_rank(line.number), line.level, steps[-1]))
            return
        many = line.number.count("(") > 1 and line.number[:1] == "("
        printed = LABEL.findall(line.number) if many else [line.number]
        for depth in range(keep, len(steps) + 1):
            last = depth == len(steps)
            number = printed[depth - len(steps) - 1] if len(steps) - depth < len(printed) else f"({steps[depth - 1]})"
            eid = self._add(self.levels[-1].eid, steps[depth - 1], number, "", line.text if last else "")
            self.levels.append(_Level(eid, _first(read_label(number)), line.level, steps[depth - 1]))

    def _follow_numbers(self, at: int, numbers: tuple[str, ...], line: Line, text: str) -> None:
        """Place each number of the line in turn; only the last one holds the line's text."""
        heading = text if line.tag in HEADING_TAGS else ""
        for place, number in enumerate(numbers):
            last = place == len(numbers) - 1
            ranks = read_label(number)
            keep, rank = self._choose(at, ranks, line) if ranks else (len(self.levels), Rank("?", 1))
            keep = min(keep, MOST_LEVELS)
            listed = line.tag == "li" or self._is_listed(keep, line.level)
            before = self.drafts[-1] if keep < len(self.levels) and self.drafts else None
            del self.levels[keep:]
            own_text = text if last and not heading else ""
            segment = _segment(number)
            eid = self._add(self.levels[-1].eid, segment, number, heading if last else "", own_text)
            self.levels.append(_Level(eid, rank, line.level, segment, listed=listed))
            self.levels[-1].before = before

    def _is_listed(self, keep: int, indent: int) -> bool:
        """Tell whether a number takes the place of a list's item: a paragraph that goes on with the list's numbers."""
        return keep < len(self.levels) and self.levels[keep].listed and self.levels[keep].indent == indent

    def _choose(self, at: int, ranks: tuple[Rank, ...], line: Line) -> tuple[int, Rank]:
        """Return how many levels stay open and the rank read: the cheapest move, ties decided by what follows."""
        plain = self._find_plain(ranks, line.level)
        if plain is not None:
            return plain
        open_ranks = [(level.rank, level.indent) for level in self.levels]
        moves = _moves(open_ranks, ranks, line.level)
        best = [move for move in moves if move.cost < moves[0].cost + TIE]
        if len(best) > 1:
            ahead = self._ranks_ahead(at)
            deep = -1 if self.drafts and self.drafts[-1].text.endswith((":", "—", "-")) else 1
            best.sort(key=lambda move: (round(_cost_ahead(open_ranks, move, ahead), 1), deep * move.keep))
        return best[0].keep, best[0].rank

    def _find_plain(self, ranks: tuple[Rank, ...], indent: int) -> tuple[int, Rank] | None:
        """Return the one place where a number follows or begins a sequence without any doubt; most need no weighing.

        Doubt is a second reading of the number, a second open sequence of its kind, a gap, or another indent.
        """
        if len(ranks) > 1 or ranks[0].suffix:
            return None
        rank = ranks[0]
        kind = rank.style[1:]
        same = [at for at, level in enumerate(self.levels) if level.rank is not None and level.rank.style[1:] == kind]
        if not same:
            deeper = not indent or indent > self.levels[-1].indent
            return (len(self.levels), rank) if rank.value == 1 and deeper else None
        before = self.levels[same[0]]
        if len(same) > 1 or before.indent != indent or before.rank is None or before.rank.style != rank.style:
            return None
        return (same[0], rank) if rank.value == before.rank.value + 1 else None

    def _ranks_ahead(self, at: int) -> list[tuple[tuple[Rank, ...], int]]:
        """Return the ranks and indents of the next numbered lines, as far as a tie looks ahead."""
        return [
            (read_label(number), self.lines[place].level)
            for place in range(at + 1, min(at + LOOK_AHEAD, len(self.numbered)))
            for number in self.numbered[place][0]
        ]


def _moves(levels: Sequence[tuple[Rank | None, int]], ranks: tuple[Rank, ...], indent: int) -> list[_Move]:
    """Return every way the ranks can continue or open a sequence, cheapest first."""
    moves = []
    top = len(levels)
    for rank in ranks:
        seen = False
        for keep in range(top - 1, 0, -1):
            before, indented = levels[keep]
            if before is None or before.style[1:] != rank.style[1:]:
                continue
            odd = 0.0 if indented == indent else ODD_INDENT
            if before.style == rank.style:
                seen = True
            else:
                odd += OTHER_MARK
            cost = _step_cost(before, rank)
            if cost is not None:
                moves.append(_Move(cost + odd + 0.01 * (top - keep), keep, rank))
        moves.append(_Move(_start_cost(rank, indent, levels[-1][1], seen=seen), top, rank))
    return sorted(moves, key=lambda move: move.cost)


def _start_cost(rank: Rank, indent: int, indented: int, *, seen: bool) -> float:
    """Return what it costs that a rank opens a new level; ``seen`` says that its style is open already."""
    start = 0.0 if rank.value == 1 and not rank.suffix else ODD_START
    deeper = not indent or indent > indented
    return start + (RESTART if seen else 0) + (0 if deeper else ODD_INDENT)


def _cost_ahead(
    levels: Sequence[tuple[Rank | None, int]], move: _Move, ahead: Sequence[tuple[tuple[Rank, ...], int]]
) -> float:
    """Return what the next numbers cost when this move is made and each of them then takes its cheapest move."""
    stack = [*levels[: move.keep], (move.rank, levels[move.keep][1] if move.keep < len(levels) else 0)]
    total = move.cost
    for ranks, indent in ahead:
        if ranks:
            best = _moves(stack, ranks, indent)[0]
            total += best.cost
            stack[best.keep :] = [(best.rank, indent)]
    return total


def _step_cost(before: Rank, after: Rank) -> float | None:
    """Return what it costs that ``after`` follows ``before`` in one sequence, None when it cannot."""
    step = after.value - before.value
    if step == 1 and not after.suffix:
        return 0.0
    if step == 0 and after.suffix and after.suffix != before.suffix:
        return 0.0 if len(after.suffix) >= len(before.suffix) else 0.05
    if step == 0:
        # The publisher printed a number twice.
        return REPEAT if after.suffix == before.suffix else None
    if step == 1:
        return 0.2
    # A codifier prints the number an act gave in its square brackets, though it stood there before: "(x) … [(w)]".
    return GAP + min(step, 20) * 0.05 if step > 1 else BACK


def _first(ranks: tuple[Rank, ...]) -> Rank:
    return ranks[0] if ranks else Rank("?", 1)


@lru_cache(maxsize=20_000)
def _last_rank(number: str) -> Rank:
    """Return what the last of the printed numbers stands for."""
    label = LAST_LABEL.search(number)
    return _first(read_label(label[0] if label else ""))


def _row_name(text: str) -> str:
    return _ROW_NAME.sub("-", text.partition(" | ")[0].lower()).strip("-")[:40] or "row"
