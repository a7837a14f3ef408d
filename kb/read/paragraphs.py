"""Join printed lines to paragraphs: where one ends is judged from label, indent, gap and line length.

The same text set anew in another width gives the same paragraphs.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from statistics import median

import msgspec

from kb.models import LeftOut, Line
from kb.read.columns import order_lines
from kb.read.printed import Pages, PrintedLine
from kb.read.running import clear_pages

# What begins a paragraph: (a), (12-a), 1., A., iv., 2.4.1, § 3, Sec. 4., a bullet
LABEL = re.compile(
    r"\(\[?[0-9A-Za-z]{1,5}(?:[-.][0-9A-Za-z]{1,3})?\]?\)|(?:\d{1,3}[A-Za-z]?|[A-Za-z]|[ivxIVX]{2,5})\.\s|"
    r"\d{1,4}(?:\.\d{1,4})+\.?\s|§|(?:Sec(?:tion|\.)|SECTION|Art(?:icle|\.)|Rule|Part|Chapter)\s\d|[•●▪◦–]\s"
)
# "under subsection", "paragraphs (a) and", "§": the label on the next line belongs to a reference
REFERS = re.compile(
    r"(?:\b(?:(?:sub)?(?:section|paragraph|division|part)s?|clauses?|items?|rules?|chapters?|articles?|titles?|sec\."
    r"|under|in|by|to|of|with|through)|§|(?<![;,]\s)(?:(?<=\)\s)and|(?<=\)\s)or)|\),)$",
    re.IGNORECASE,
)
# How a sentence ends: a stop, perhaps in quotes, or a list going on with "; and"
SENTENCE_END = re.compile(r"(?:[.:;!?][”\"’)\]]*|[;,] (?:and|or))$")
# "non-regula-" at a line's end, "tion" at the next line's start
BROKEN_WORD = re.compile(r"([^\W_]+(?:-[^\W_]+)*)[-\u00ad\u2010]$")
WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


class Layout(msgspec.Struct, frozen=True):
    """The measures of a document, in points: size of its body text, margins, distance of two lines, and its words.

    ``bold`` tells that the body itself is bold, so that boldness marks no heading.
    """

    size: float
    left: float
    right: float
    pitch: float
    bold: bool
    words: frozenset[str]


def join_pages(pages: Pages) -> tuple[tuple[Line, ...], tuple[LeftOut, ...]]:
    """Return the paragraphs, headings and table rows of printed pages, and what runs along the pages as left out."""
    cleared = clear_pages(pages)
    left_out = tuple(LeftOut("layout", text) for text in cleared.dropped)
    printed = order_lines(cleared.lines)
    return (tuple(join_paragraphs(printed, measure_layout(printed))) if printed else ()), left_out


def measure_layout(lines: Sequence[PrintedLine]) -> Layout:
    """Measure body size, margins and line distance over all lines, weighing lines by their length."""
    lengths: Counter[float] = Counter()
    for line in lines:
        lengths[round(line.size * 2) / 2] += len(line.text)
    size = lengths.most_common(1)[0][0] or 1.0
    rights = sorted(line.right for line in lines)
    return Layout(
        size=size,
        left=min(line.left for line in lines),
        right=rights[int(len(rights) * 0.95)],
        pitch=measure_pitch(lines, size),
        bold=sum(len(line.text) for line in lines if line.bold) * 2 > lengths.total(),
        words=frozenset(WORD.findall("\n".join(line.text for line in lines).lower())),
    )


def measure_pitch(lines: Sequence[PrintedLine], size: float) -> float:
    """Return the usual distance of two lines in points: the median of those below four times the body size."""
    steps = (above.bottom - below.bottom for above, below in pairwise(lines) if above.page == below.page)
    return median([step for step in steps if 0 < step < 4 * size] or [1.2 * size])


def join_paragraphs(lines: Sequence[PrintedLine], layout: Layout) -> Iterator[Line]:
    """Yield the paragraphs and headings that the printed lines make."""
    paragraph = [lines[0]]
    for line in lines[1:]:
        if starts_paragraph(paragraph, line, layout):
            yield make_line(paragraph, layout)
            paragraph = []
        paragraph.append(line)
    yield make_line(paragraph, layout)


def starts_paragraph(paragraph: Sequence[PrintedLine], line: PrintedLine, layout: Layout) -> bool:
    """Tell whether a line begins a new paragraph after the lines of the one before it."""
    before = paragraph[-1]
    if before.row or line.row or is_heading(before, layout) != is_heading(line, layout):
        return True
    if abs(before.size - line.size) > 0.15 * layout.size:
        return True
    if LABEL.match(line.text) is not None and REFERS.search(before.text) is None:
        return True
    if before.page == line.page and before.bottom - line.bottom > 1.35 * layout.pitch:
        return True
    return ends_early(before, line, layout) or breaks_indent(paragraph, line, layout)


def ends_early(before: PrintedLine, line: PrintedLine, layout: Layout) -> bool:
    """Tell whether a sentence ends with a line that had room left, also for the first word of the next line."""
    if SENTENCE_END.search(before.text) is None:
        return False
    edge = before.edge or layout.right
    room = edge - before.right
    letter = (line.right - line.left) / max(1, len(line.text))
    return room > 0.12 * (edge - layout.left) and room > letter * (len(line.text.partition(" ")[0]) + 1)


def breaks_indent(paragraph: Sequence[PrintedLine], line: PrintedLine, layout: Layout) -> bool:
    """Tell whether a line stands further in or out than the paragraph before it goes on.

    The second line of a paragraph may stand further out (first-line indent) or, under a label, further in (hanging).
    """
    before = paragraph[-1]
    shift = line.left - before.left
    if abs(shift) < 0.8 * layout.size or line.page != before.page or line.bottom > before.bottom:
        return False
    if len(paragraph) > 1:
        return True
    return shift > 0 and LABEL.match(before.text) is None and not is_heading(line, layout)


def is_heading(line: PrintedLine, layout: Layout) -> bool:
    """Tell whether a line is set as a heading: larger, bold in a document that is not, or capitals in the middle."""
    if line.row:
        return False
    if line.size >= 1.15 * layout.size or (line.bold and not layout.bold):
        return True
    edge = line.edge or layout.right
    inset, width = (line.left - layout.left, edge - line.right), edge - layout.left
    return min(inset) > 0.1 * width and abs(inset[0] - inset[1]) < 0.05 * width and line.text.isupper()


def make_line(paragraph: Sequence[PrintedLine], layout: Layout) -> Line:
    """Join the printed lines of one paragraph."""
    ended = (end_line(line.text, after.text, layout.words) for line, after in pairwise(paragraph))
    tag = "tr" if paragraph[0].row else "h2" if is_heading(paragraph[0], layout) else "p"
    lead = paragraph[0].lead if tag == "p" and not layout.bold else ""
    return Line("".join((*ended, paragraph[-1].text)), tag=tag, lead=lead)


def end_line(text: str, more: str, words: Collection[str]) -> str:
    """Return a line as it stands before the next one of its sentence; ``words`` are those the document prints whole.

    A space follows it, but for a word that its end parted: the hyphen goes when the joined word is printed elsewhere,
    or when a small letter follows and the hyphenated word is printed nowhere.
    """
    broken, rest = BROKEN_WORD.search(text), WORD.match(more)
    if broken is None or rest is None:
        return text if text.endswith(("—", "/")) else f"{text} "
    head, tail = broken[1], rest[0]
    whole, hyphened = f"{head}{tail}".lower(), f"{head}-{tail}".lower()
    if whole in words or (hyphened not in words and head[-1].isalpha() and tail[0].islower()):
        return text[:-1]
    return text
