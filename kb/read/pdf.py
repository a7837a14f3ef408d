"""Read a PDF as lines: the text of its pages in printed order, without running heads, joined into paragraphs.

A PDF holds glyphs at places, no paragraphs. Where one ends is judged from label, indent, gap and line length, so that
the same text set anew in another width gives the same lines.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from ctypes import create_string_buffer
from itertools import chain, pairwise
from math import hypot
from statistics import median
from typing import TypeVar

import msgspec
import pypdfium2
import pypdfium2.raw as pdfium

from kb.models import Flaw, Line

# pdfium's sign for a hyphen at the end of a line; it prints no line break after it.
LINE_HYPHEN = "\x02"
# A whole PDF ends with this mark within its last 1,024 bytes (ISO 32000-1, annex H, note 18).
END_MARK, END_REACH = b"%%EOF", 1024
# "Page 3 of 12", "iv": what differs between two copies of a running head
COUNTED = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
# "12 Chapter 3", "Chapter 3 12": where a page number stands in a running head; "12." is a label
PAGE_NUMBER = re.compile(r"^\d{1,4}(?=\s|$)|(?<=\s)\d{1,4}$")
# What begins a paragraph: (a), (12-a), 1., A., iv., 2.4.1, § 3, Sec. 4., a bullet
LABEL = re.compile(
    r"\(\[?[0-9A-Za-z]{1,5}(?:[-.][0-9A-Za-z]{1,3})?\]?\)|(?:\d{1,3}[A-Za-z]?|[A-Za-z]|[ivxIVX]{2,5})\.\s|"
    r"\d{1,4}(?:\.\d{1,4})+\.?\s|§|(?:Sec(?:tion|\.)|Art(?:icle|\.)|Rule|Part|Chapter)\s\d|[•●▪◦–]\s"
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
# Characters that no one prints: controls, private use, unassigned. More than this share: the fonts hide the text.
UNPRINTABLE = frozenset(("Cc", "Cn", "Co", "Cs"))
MOST_UNPRINTABLE = 0.05


Mark = TypeVar("Mark", bound=Hashable)


class PrintedLine(msgspec.Struct, frozen=True):
    """One line as set on a page: its text, page number from 1, edges and font size in points, boldness."""

    text: str
    page: int
    left: float
    right: float
    bottom: float
    size: float
    bold: bool


class EdgeLine(msgspec.Struct, frozen=True):
    """A line near the top edge of its page, or near the bottom edge."""

    line: PrintedLine
    top: bool


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


def read_pdf_lines(body: bytes) -> tuple[tuple[Line, ...], tuple[Flaw, ...]]:
    """Read the paragraphs and headings of a PDF in printed order.

    Returns the lines (tag "h2" or "p", numbers left in the text) and why they may be incomplete: ``unreadable``
    (damaged, cut off or locked: no lines) or ``needs_ocr`` (pages that are pictures, or text whose fonts hide its
    letters). No bytes raise an error.
    """
    if END_MARK not in body[-END_REACH:]:
        return (), (Flaw("unreadable", f"PDF of {len(body)} bytes is cut off: it has no end mark"),)
    try:
        pages, pictures = read_pages(body)
    except pypdfium2.PdfiumError as error:
        return (), (Flaw("unreadable", f"PDF cannot be read: {error}"),)
    printed = drop_running_lines(pages)
    flaws = check_pages(pages, pictures)
    return (tuple(join_paragraphs(printed, measure_layout(printed))) if printed else ()), flaws


def read_pages(body: bytes) -> tuple[list[list[PrintedLine]], list[int]]:
    """Read the printed lines of each page and the numbers of pages that show something but hold no text.

    Raises pypdfium2.PdfiumError when the file or one of its pages cannot be opened.
    """
    pages, pictures = [], []
    with pypdfium2.PdfDocument(body) as document:
        for number in range(1, len(document) + 1):
            page = document[number - 1]
            lines = list(read_printed_lines(page.get_textpage(), number))
            if not lines and next(page.get_objects(max_depth=1), None) is not None:
                pictures.append(number)
            pages.append(lines)
    return pages, pictures


def check_pages(pages: Sequence[Sequence[PrintedLine]], pictures: Sequence[int]) -> tuple[Flaw, ...]:
    """Report pages without text and text that fonts hide; a blank page is no flaw, a blank document is."""
    flaws = []
    if pictures or not any(pages):
        shown = ", ".join(map(str, pictures[:10])) + (", …" if len(pictures) > 10 else "")
        flaws.append(
            Flaw("needs_ocr", f"{len(pictures)} of {len(pages)} pages show no text: {shown or 'all are blank'}")
        )
    letters = Counter(unicodedata.category(sign) for lines in pages for line in lines for sign in line.text)
    hidden = sum(letters[category] for category in UNPRINTABLE) + letters["\ufffd"]
    if hidden > MOST_UNPRINTABLE * letters.total():
        flaws.append(Flaw("needs_ocr", f"{hidden} of {letters.total()} characters have no letter: fonts hide the text"))
    return tuple(flaws)


def read_printed_lines(text: pypdfium2.PdfTextPage, page: int) -> Iterator[PrintedLine]:
    """Yield the lines of one page in the order pdfium reads them, each with its place and font."""
    signs = [chr(pdfium.FPDFText_GetUnicode(text, at)) for at in range(text.count_chars())]
    start = 0
    for at, sign in enumerate([*signs, "\n"]):
        if sign not in ("\r", "\n", LINE_HYPHEN):
            continue
        inked = [place for place in range(start, at) if not signs[place].isspace()]
        if inked:
            spelled = "".join(signs[start:at]) + ("-" if sign == LINE_HYPHEN else "")
            yield measure_line(text, page, spelled, (inked[0], inked[-1]))
        start = at + 1


def measure_line(text: pypdfium2.PdfTextPage, page: int, spelled: str, ends: tuple[int, int]) -> PrintedLine:
    """Measure a line by its first and last visible characters."""
    first, last = ends
    left, bottom, _, _ = text.get_charbox(first, loose=True)
    _, _, right, _ = text.get_charbox(last, loose=True)
    whole = spelled.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return PrintedLine(
        text=" ".join(whole.split()),
        page=page,
        left=left,
        right=right,
        bottom=bottom,
        size=max(measure_size(text, at) for at in ends),
        bold=is_bold(text, first) and is_bold(text, last),
    )


def measure_size(text: pypdfium2.PdfTextPage, at: int) -> float:
    """Return the size of a character in points, as scaled by its text matrix."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(text, at, matrix)
    return float(pdfium.FPDFText_GetFontSize(text, at)) * hypot(matrix.c, matrix.d)


def is_bold(text: pypdfium2.PdfTextPage, at: int) -> bool:
    """Tell whether a character is set bold: by its font's weight (from 600) or, where untold, by its font's name."""
    if pdfium.FPDFText_GetFontWeight(text, at) >= 600:
        return True
    name = create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(text, at, name, len(name), None)
    return b"bold" in name.value.lower()


def drop_running_lines(pages: Sequence[Sequence[PrintedLine]]) -> list[PrintedLine]:
    """Return the lines of all pages without running heads, running feet and page numbers.

    Only the two highest and two lowest lines of a page are asked. A line runs when it says the same, numbers aside,
    in the same size and height on two fifths of the pages (left and right pages may differ). One line of a page also
    runs when it holds the page's number, counted as on two fifths of the pages, where another page holds its own.
    """
    edges = [edge for lines in pages for edge in find_edge_lines(lines)]
    enough = max(2, 0.4 * len(pages))
    running = find_repeated_lines(edges, enough) | find_page_numbers(edges, enough)
    return [line for line in chain.from_iterable(pages) if id(line) not in running]


def find_edge_lines(lines: Sequence[PrintedLine]) -> list[EdgeLine]:
    """Return the two highest and the two lowest lines of a page."""
    order = sorted(lines, key=lambda line: -line.bottom)
    return [EdgeLine(line, top=True) for line in order[:2]] + [EdgeLine(line, top=False) for line in order[2:][-2:]]


def find_repeated_lines(edges: Sequence[EdgeLine], enough: float) -> set[int]:
    """Return the id() of every edge line that says the same on enough pages."""
    counts = count_pages((mark_text(edge), edge.line.page) for edge in edges)
    return {id(edge.line) for edge in edges if counts[mark_text(edge)] >= enough}


def find_page_numbers(edges: Sequence[EdgeLine], enough: float) -> set[int]:
    """Return, for each page that has one, the id() of the line that holds its number."""
    counts = count_pages((offset, edge.line.page) for edge in edges for offset in page_offsets(edge.line))
    offsets = {offset for offset, count in counts.items() if count >= enough}
    return choose_page_numbers([edge.line for edge in edges if not offsets.isdisjoint(page_offsets(edge.line))])


def choose_page_numbers(numbered: Sequence[PrintedLine]) -> set[int]:
    """Return the id() of one line a page: of those that hold its number, the one where most pages have theirs."""
    spots = count_pages((mark_spot(line), line.page) for line in numbered)
    likely = {line.page: line for line in sorted(numbered, key=lambda line: spots[mark_spot(line)])}
    return {id(line) for line in likely.values() if spots[mark_spot(line)] >= 2}


def count_pages(marks: Iterable[tuple[Mark, int]]) -> Counter[Mark]:
    """Count on how many pages each mark stands, given marks with their pages."""
    return Counter(mark for mark, _ in set(marks))


def mark_text(edge: EdgeLine) -> tuple[bool, str, int, int]:
    """Return what all copies of a running line have in common: edge, text without numbers, size, height."""
    return edge.top, COUNTED.sub("#", edge.line.text), round(edge.line.size), mark_spot(edge.line)


def mark_spot(line: PrintedLine) -> int:
    """Return the height of a line on its page, in steps of 4 points."""
    return round(line.bottom / 4)


def page_offsets(line: PrintedLine) -> set[int]:
    """Return by how much the numbers at either end of a line differ from the number of its page in the file."""
    return {int(number) - line.page for number in PAGE_NUMBER.findall(line.text)}


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
    if is_heading(before, layout) != is_heading(line, layout) or abs(before.size - line.size) > 0.15 * layout.size:
        return True
    if LABEL.match(line.text) is not None and REFERS.search(before.text) is None:
        return True
    if before.page == line.page and before.bottom - line.bottom > 1.35 * layout.pitch:
        return True
    ended = SENTENCE_END.search(before.text) is not None
    if ended and before.right < layout.right - 0.12 * (layout.right - layout.left):
        return True
    return breaks_indent(paragraph, line, layout)


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
    if line.size >= 1.15 * layout.size or (line.bold and not layout.bold):
        return True
    inset = (line.left - layout.left, layout.right - line.right)
    width = layout.right - layout.left
    return min(inset) > 0.1 * width and abs(inset[0] - inset[1]) < 0.05 * width and line.text.isupper()


def make_line(paragraph: Sequence[PrintedLine], layout: Layout) -> Line:
    """Join the printed lines of one paragraph."""
    text = paragraph[0].text
    for line in paragraph[1:]:
        text = join_text(text, line.text, layout.words)
    return Line(text, tag="h2" if is_heading(paragraph[0], layout) else "p")


def join_text(text: str, more: str, words: Iterable[str]) -> str:
    """Join two pieces of a sentence that a line's end parted; ``words`` are those the document prints whole.

    A hyphen goes when the joined word is printed elsewhere, or when a small letter follows and the hyphenated word is
    printed nowhere.
    """
    broken, rest = BROKEN_WORD.search(text), WORD.match(more)
    if broken is None or rest is None:
        return f"{text}{'' if text.endswith(('—', '/')) else ' '}{more}"
    head, tail = broken[1], rest[0]
    whole, hyphened = f"{head}{tail}".lower(), f"{head}-{tail}".lower()
    if whole in words or (hyphened not in words and head[-1].isalpha() and tail[0].islower()):
        return text[:-1] + more
    return text + more
