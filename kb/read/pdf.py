"""Read a PDF as lines: the text of its pages in printed order, without running heads, joined into paragraphs.

A PDF holds glyphs at places, no paragraphs; kb.read.paragraphs makes them. It is called in a process of its own
(kb.read.bounds): pdfium is a large program in C++, and the bytes come from strangers.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from ctypes import byref, create_string_buffer
from itertools import pairwise
from math import hypot, isfinite

import msgspec
import pypdfium2
import pypdfium2.raw as pdfium

from kb.models import Extract, Flaw
from kb.read.jobs import Picture, RecognisedPage, Rendition
from kb.read.paragraphs import join_pages
from kb.read.printed import PrintedLine

# pdfium's sign for a hyphen at the end of a line; it prints no line break after it.
LINE_HYPHEN = "\x02"
# A whole PDF ends with this mark within its last 1,024 bytes (ISO 32000-1, annex H, note 18).
END_MARK, END_REACH = b"%%EOF", 1024
LOCKED = (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY)
# Characters that no one prints: controls, private use, unassigned. More than this share: the fonts hide the text.
UNPRINTABLE = frozenset(("Cc", "Cn", "Co", "Cs"))
MOST_UNPRINTABLE = 0.05
# A page on which more than this share has no letter is read as a picture; bullets of symbol fonts have none either.
HIDDEN = 0.2
# So few characters beside a picture that covers so much of the page are a stamp or a page number on a scan.
STAMP, COVERED = 60, 0.5
# A gap of so many times the size of the type parts two cells, columns, or a label and its text. Two spaces of a
# typewriter are 1.2 times as wide.
WIDE_GAP = 1.25
# Pages are drawn for recognition with so many dots an inch, what tesseract is trained on, and no more dots in all.
DOTS, POINTS, MOST_DOTS = 300, 72, 40_000_000
RECOGNISED_SIZE = 10.0
# No page is larger, in points (ISO 32000-1, annex C).
LARGEST = 14_400.0


class _Found(msgspec.Struct):
    """What the pages of a PDF hold: printed lines, which pages are pictures, and why the text may be incomplete."""

    pages: list[list[PrintedLine]] = []
    pictures: list[int] = []


def read_pdf(body: bytes, rendition: Rendition | None = None) -> Extract:
    """Read the paragraphs, headings and table rows of a PDF in printed order.

    ``rendition`` holds what was recognised on pages that are pictures. Returns the lines (tag "h2", "p" or "tr",
    numbers left in the text), what runs along the pages, and why the text may be incomplete: ``unreadable`` (damaged or
    cut off: no lines), ``locked`` (opens with a password only), ``empty`` (no pages, or all are blank) or ``needs_ocr``
    (pages that are pictures, or text whose fonts hide its letters). No bytes raise an error.
    """
    flaw = _check_whole(body)
    if flaw is not None:
        return Extract(flaws=(flaw,))
    try:
        found = _read_pages(body)
    except pypdfium2.PdfiumError as error:
        return Extract(flaws=(_name_error(error),))
    recognised = {} if rendition is None else {one.page: _set_lines(one) for one in rendition.pages}
    waiting = [page for page in found.pictures if page not in recognised]
    pages = [recognised.get(number, page) for number, page in enumerate(found.pages, 1)]
    lines, left_out = join_pages(pages)
    return Extract(lines, tuple(_check_pages(pages, waiting)), left_out)


def _set_lines(page: RecognisedPage) -> list[PrintedLine]:
    """Return recognised lines as printed ones; pictures tell no size of type that could be trusted."""
    return [
        PrintedLine(text=text, page=page.page, left=left, right=right, bottom=bottom, size=RECOGNISED_SIZE)
        for text, left, right, bottom in page.lines
    ]


def _check_whole(body: bytes) -> Flaw | None:
    """Refuse a PDF that was cut off, which pdfium would read in part."""
    if END_MARK in body[-END_REACH:]:
        return None
    return Flaw("unreadable", f"PDF of {len(body)} bytes is cut off: it has no end mark")


def _name_error(error: pypdfium2.PdfiumError) -> Flaw:
    if error.err_code in LOCKED:
        return Flaw("locked", "PDF is encrypted and opens only with a password")
    if error.err_code == pdfium.FPDF_ERR_FILE:
        return Flaw("empty", "PDF has no pages")
    return Flaw("unreadable", f"PDF is damaged: {error}")


def _read_pages(body: bytes) -> _Found:
    """Read the printed lines of each page and the numbers of pages that are pictures.

    What is written in the fields of a form is printed text. Raises pypdfium2.PdfiumError when the file or one of its
    pages cannot be opened.
    """
    found = _Found()
    # pdfium names its last error, also that of another file, where it finds no page: a name that no bytes give is set.
    pdfium.FPDF_LoadDocument(b"", None)
    with pypdfium2.PdfDocument(body) as document:
        has_form = document.init_forms()
        for number in range(1, len(document) + 1):
            page = _open_page(document, number, flat=has_form)
            lines = list(read_printed_lines(page.get_textpage(), number))
            if is_picture(page, lines):
                found.pictures.append(number)
            found.pages.append(lines)
            page.close()
    return found


def _open_page(document: pypdfium2.PdfDocument, number: int, *, flat: bool) -> pypdfium2.PdfPage:
    """Open a page; ``flat`` makes what its form fields show part of what it prints."""
    page = document[number - 1]
    if not flat or page.flatten() != pdfium.FLATTEN_SUCCESS:
        return page
    page.close()
    return document[number - 1]


def _check_pages(pages: Sequence[Sequence[PrintedLine]], pictures: Sequence[int]) -> Iterator[Flaw]:
    """Report pages without text and text that fonts hide; a blank page is no flaw, a blank document is."""
    if pictures:
        told = f"{len(pictures)} of {len(pages)} pages show no text: {_say_pages(pictures)}"
        yield Flaw("needs_ocr", f"{told}; kb convert recognises them where tesseract is installed")
    elif not any(pages):
        yield Flaw("empty", f"PDF shows nothing on its {len(pages)} pages")
    signs = "".join(line.text for lines in pages for line in lines)
    hidden = _count_hidden(signs)
    if hidden > MOST_UNPRINTABLE * len(signs):
        yield Flaw("needs_ocr", f"{hidden} of {len(signs)} characters have no letter: fonts hide the text")


def _count_hidden(signs: str) -> int:
    """Count the characters of a text that no one prints."""
    categories = Counter(map(unicodedata.category, signs))
    return sum(categories[category] for category in UNPRINTABLE) + signs.count("\ufffd")


def is_picture(page: pypdfium2.PdfPage, lines: Sequence[PrintedLine]) -> bool:
    """Tell whether a page shows what its text does not say: no text or a stamp beside a picture, or hidden letters."""
    signs = "".join(line.text for line in lines)
    if not signs:
        return next(page.get_objects(max_depth=1), None) is not None
    if _count_hidden(signs) > HIDDEN * len(signs):
        return True
    return len(signs) < STAMP and max(_measure_pictures(page), default=0.0) >= COVERED


def _measure_pictures(page: pypdfium2.PdfPage) -> Iterator[float]:
    """Yield the share of its page that each picture covers."""
    width, height = page.get_size()
    for each in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = each.get_bounds()
        yield (right - left) * (top - bottom) / max(1.0, width * height)


def _say_pages(pages: Sequence[int]) -> str:
    shown = ", ".join(map(str, pages[:10]))
    return f"page{'s' if len(pages) > 1 else ''} {shown}{', …' if len(pages) > 10 else ''}"


def read_printed_lines(text: pypdfium2.PdfTextPage, page: int) -> Iterator[PrintedLine]:
    """Yield the lines of one page in the order pdfium reads them, each with its place and font, cut at wide gaps."""
    signs = [chr(pdfium.FPDFText_GetUnicode(text, at)) for at in range(text.count_chars())]
    start = 0
    for at, sign in enumerate([*signs, "\n"]):
        if sign not in ("\r", "\n", LINE_HYPHEN):
            continue
        words = _find_words(signs, start, at)
        for piece in _cut_at_gaps(text, words):
            hyphen = "-" if sign == LINE_HYPHEN and piece[-1] == words[-1] else ""
            yield _measure_piece(text, page, piece, " ".join("".join(signs[a : b + 1]) for a, b in piece) + hyphen)
        start = at + 1


def _find_words(signs: Sequence[str], start: int, end: int) -> list[tuple[int, int]]:
    """Return the places of the first and the last sign of each word of a line."""
    words: list[tuple[int, int]] = []
    for at in range(start, end):
        if signs[at].isspace():
            continue
        if words and words[-1][1] == at - 1:
            words[-1] = (words[-1][0], at)
        else:
            words.append((at, at))
    return words


def _cut_at_gaps(text: pypdfium2.PdfTextPage, words: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Cut the words of a line where a wide gap stands between two of them."""
    pieces = [[word] for word in words[:1]]
    if len(words) > 1:
        wide = WIDE_GAP * _measure_size(text, words[0][0])
        box = pdfium.FS_RECTF()
        for before, word in pairwise(words):
            pdfium.FPDFText_GetLooseCharBox(text, before[1], byref(box))
            right = box.right
            pdfium.FPDFText_GetLooseCharBox(text, word[0], byref(box))
            if box.left - right > wide:
                pieces.append([])
            pieces[-1].append(word)
    return pieces


def _measure_piece(
    text: pypdfium2.PdfTextPage, page: int, words: Sequence[tuple[int, int]], spelled: str
) -> PrintedLine:
    """Measure a piece of a line by its first and last visible characters."""
    first, last = words[0][0], words[-1][1]
    left, bottom, _, _ = text.get_charbox(first, loose=True)
    _, _, right, _ = text.get_charbox(last, loose=True)
    whole = " ".join(spelled.encode("utf-16", "surrogatepass").decode("utf-16", "replace").split())
    bold = (_is_bold(text, first), _is_bold(text, last))
    return PrintedLine(
        text=whole,
        page=page,
        left=_bound(left),
        right=_bound(right),
        bottom=_bound(bottom),
        size=_bound(max(_measure_size(text, at) for at in (first, last))),
        bold=all(bold),
        lead=" ".join(whole.split()[: _count_bold(text, words)]) if bold == (True, False) else "",
        second=_bound(text.get_charbox(words[1][0], loose=True)[0]) if whole[:1].isdigit() and len(words) > 1 else 0.0,
    )


def _count_bold(text: pypdfium2.PdfTextPage, words: Sequence[tuple[int, int]]) -> int:
    """Return how many words at the beginning of a line are bold."""
    return next((at for at, (_, last) in enumerate(words) if not _is_bold(text, last)), len(words))


def _bound(measure: float) -> float:
    """Return a measure as it can be on a page; damaged files give any, also none."""
    return max(-LARGEST, min(LARGEST, measure)) if isfinite(measure) else 0.0


def _measure_size(text: pypdfium2.PdfTextPage, at: int) -> float:
    """Return the size of a character in points, as scaled by its text matrix."""
    matrix = pdfium.FS_MATRIX()
    pdfium.FPDFText_GetMatrix(text, at, matrix)
    return float(pdfium.FPDFText_GetFontSize(text, at)) * hypot(matrix.c, matrix.d)


def _is_bold(text: pypdfium2.PdfTextPage, at: int) -> bool:
    """Tell whether a character is set bold: by its font's weight (from 600) or, where untold, by its font's name."""
    if pdfium.FPDFText_GetFontWeight(text, at) >= 600:
        return True
    name = create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(text, at, name, len(name), None)
    return b"bold" in name.value.lower()


def draw_picture(body: bytes, start: int) -> Picture | None:
    """Draw the first page from ``start`` on that is a picture; None where no more is, or the PDF cannot be read."""
    if _check_whole(body) is not None:
        return None
    try:
        with pypdfium2.PdfDocument(body) as document:
            pages = ((number, document[number - 1]) for number in range(start, len(document) + 1))
            read = ((number, page, [*read_printed_lines(page.get_textpage(), number)]) for number, page in pages)
            return next((_draw(page, number) for number, page, lines in read if is_picture(page, lines)), None)
    except pypdfium2.PdfiumError:
        return None


def _draw(page: pypdfium2.PdfPage, number: int) -> Picture:
    width, height = page.get_size()
    scale = min(DOTS / POINTS, (MOST_DOTS / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    rows = bytes(bitmap.buffer)
    packed = b"".join(rows[at * bitmap.stride : at * bitmap.stride + bitmap.width] for at in range(bitmap.height))
    return Picture(number, bitmap.width, bitmap.height, scale, packed)
