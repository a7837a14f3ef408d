"""Read plain text as lines: hard-wrapped paragraphs are joined as those of a printed page are.

A text of a typewriter's kind is a page of letters of one width; form feeds part pages. A text that is not wrapped has a
paragraph a line.
"""

from kb.models import Extract, Line
from kb.read.paragraphs import join_pages
from kb.read.printed import PrintedLine

# A letter's width and a line's height in points, as on a page of 10-point type.
WIDTH, HEIGHT, SIZE = 6.0, 12.0, 10.0
# No typist's line is longer: where one is, lines are paragraphs.
LONGEST_TYPED = 160
TAB = 8


def read_plain(text: str) -> Extract:
    """Read the paragraphs of a decoded plain text; running heads, page numbers and line numbers are left out."""
    pages = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(TAB).split("\f")
    if max(map(len, text.splitlines()), default=0) > LONGEST_TYPED:
        told = (" ".join(line.split()) for page in pages for line in page.split("\n"))
        return Extract(tuple(Line(text) for text in told if text))
    printed = [_print_page(page, number) for number, page in enumerate(pages, 1)]
    lines, left_out = join_pages([page for page in printed if page])
    return Extract(lines, (), left_out)


def _print_page(page: str, number: int) -> list[PrintedLine]:
    """Return the lines of a page as if a typewriter had set them; blank ones leave a gap."""
    rows = enumerate(page.split("\n"))
    return [piece for at, row in rows if row.strip() for piece in _cut_row(row, -HEIGHT * at, number)]


def _cut_row(row: str, bottom: float, number: int) -> list[PrintedLine]:
    """Cut a row where three spaces or more stand: between cells or columns, or after a label."""
    pieces: list[PrintedLine] = []
    start = len(row) - len(row.lstrip())
    for words in row.strip().split("   "):
        text = " ".join(words.split())
        if text:
            left = start + len(words) - len(words.lstrip())
            first = text.partition(" ")[0]
            pieces.append(
                PrintedLine(
                    text=text,
                    page=number,
                    left=left * WIDTH,
                    right=(left + len(words.strip())) * WIDTH,
                    bottom=bottom,
                    size=SIZE,
                    second=(left + len(first) + 1) * WIDTH if text[0].isdigit() and " " in text else 0.0,
                )
            )
        start += len(words) + 3
    return pieces
