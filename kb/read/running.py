"""Take off printed pages what belongs to the page and not to the text: heads, feet, numbers of pages and lines.

What is taken off is told, so that every printed character is accounted for.
"""

import re
from collections.abc import Sequence
from statistics import median

import msgspec

from kb.read.line_numbers import FEWEST, LONG, LOWER, UNENDED
from kb.read.printed import Pages, PrintedLine, count_pages, group_rows

# "Page 3 of 12", "iv": what differs between two copies of a running head
COUNTED = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
# "12 Chapter 3", "Chapter 3 12": where a page number stands in a running head; "12." is a label
PAGE_NUMBER = re.compile(r"^\d{1,4}(?=\s|$)|(?<=\s)\d{1,4}$")
# "1", "- 1 -", "Page 1 of 1": all that the foot of a single page may say
LONE_NUMBER = re.compile(r"\W*(?:page )?1(?: (?:of|/) 1)?\W*", re.IGNORECASE)
# "7 the board", "12": the number before a printed line
LINE_NUMBER = re.compile(r"(\d{1,2})(?:\s+|$)")
# A page whose rows are numbered bears numbers on this share of them.
NUMBERED = 0.6
# How far the numbers of another page may stand from those of a numbered page, in points.
ASIDE = 15.0
ENDS = (".", ";", ":", "?", "!", "”", '"')


class Edge(msgspec.Struct, frozen=True):
    """A line near the top edge of its page, or near the bottom edge."""

    line: PrintedLine
    top: bool


class Cleared(msgspec.Struct, frozen=True):
    """The lines of pages without what runs along them, and what was taken off, as printed."""

    lines: tuple[PrintedLine, ...]
    dropped: tuple[str, ...]


def clear_pages(pages: Pages) -> Cleared:
    """Take line numbers, running heads, feet and page numbers off all pages."""
    numbers = find_line_numbers(pages)
    # Bare text first: the numbers of lines, and how they move with every edit, would hide what runs.
    bare = [[_drop_number(line) if id(line) in numbers else line for line in page] for page in pages]
    kept = [[line for line in page if line.text] for page in bare]
    running = find_running_lines(kept)
    return Cleared(
        lines=tuple(line for page in kept for line in page if id(line) not in running),
        dropped=(
            *(line.text.split()[0] for page in pages for line in page if id(line) in numbers),
            *(line.text for page in kept for line in page if id(line) in running),
        ),
    )


def find_running_lines(pages: Pages) -> set[int]:
    """Return the id() of every line that is a running head, a running foot or a page number.

    Only what stands on the two highest and two lowest rows of a page is asked. A line runs when it says the same,
    numbers aside, in the same size and height on two fifths of the pages (left and right pages may differ). One line
    of a page also runs when it holds the page's number, counted as on two fifths of the pages, where another page holds
    its own.
    """
    if len(pages) == 1:
        return find_lone_number(pages[0])
    edges = [edge for lines in pages for edge in find_edge_lines(lines)]
    enough = max(2, 0.4 * len(pages))
    return find_repeated_lines(edges, enough) | find_page_numbers(edges, enough)


def find_lone_number(lines: Sequence[PrintedLine]) -> set[int]:
    """Return the id() of the line at the foot of an only page that says nothing but its number."""
    below = group_rows(lines)[1:][-1:]
    return {id(line) for row in below for line in row if len(row) == 1 and LONE_NUMBER.fullmatch(line.text)}


def find_edge_lines(lines: Sequence[PrintedLine]) -> list[Edge]:
    """Return what stands on the two highest and on the two lowest rows of a page."""
    rows = group_rows(lines)
    return [Edge(line, top=True) for row in rows[:2] for line in row] + [
        Edge(line, top=False) for row in rows[2:][-2:] for line in row
    ]


def find_repeated_lines(edges: Sequence[Edge], enough: float) -> set[int]:
    """Return the id() of every edge line that says the same on enough pages."""
    counts = count_pages((mark_text(edge), edge.line.page) for edge in edges)
    return {id(edge.line) for edge in edges if counts[mark_text(edge)] >= enough}


def find_page_numbers(edges: Sequence[Edge], enough: float) -> set[int]:
    """Return, for each page that has one, the id() of the line that holds its number."""
    counts = count_pages((offset, edge.line.page) for edge in edges for offset in page_offsets(edge.line))
    offsets = {offset for offset, count in counts.items() if count >= enough}
    return choose_page_numbers([edge.line for edge in edges if not offsets.isdisjoint(page_offsets(edge.line))])


def choose_page_numbers(numbered: Sequence[PrintedLine]) -> set[int]:
    """Return the id() of one line a page: of those that hold its number, the one where most pages have theirs."""
    spots = count_pages((mark_spot(line), line.page) for line in numbered)
    likely = {line.page: line for line in sorted(numbered, key=lambda line: spots[mark_spot(line)])}
    return {id(line) for line in likely.values() if spots[mark_spot(line)] >= 2}


def mark_text(edge: Edge) -> tuple[bool, str, int, int]:
    """Return what all copies of a running line have in common: edge, text without numbers, size, height."""
    return edge.top, COUNTED.sub("#", edge.line.text), round(edge.line.size), mark_spot(edge.line)


def mark_spot(line: PrintedLine) -> int:
    """Return the height of a line on its page, in steps of 4 points."""
    return round(line.bottom / 4)


def page_offsets(line: PrintedLine) -> set[int]:
    """Return by how much the numbers at either end of a line differ from the number of its page in the file."""
    return {int(number) - line.page for number in PAGE_NUMBER.findall(line.text)}


def find_line_numbers(pages: Pages) -> set[int]:
    """Return the id() of every line that begins with the number of a printed line, as bills and typed opinions do.

    Once a page is numbered throughout, shorter pages are too where their numbers stand at the same place.
    """
    margins = [_read_margin(lines) for lines in pages]
    sure = [margin for margin, lines in zip(margins, pages, strict=True) if _is_numbered(margin, lines)]
    if not sure:
        return set()
    place = median(line.left for margin in sure for line in margin)
    return {id(line) for margin in margins for line in margin if abs(line.left - place) <= ASIDE}


def _read_margin(lines: Sequence[PrintedLine]) -> list[PrintedLine]:
    """Return the lines of a page that begin its rows with the numbers 1, 2, 3 and so on, one after the other."""
    margin: list[PrintedLine] = []
    for row in group_rows(lines):
        found = LINE_NUMBER.match(row[0].text)
        if found is not None and int(found[1]) == len(margin) + 1:
            margin.append(row[0])
    return margin


def _is_numbered(margin: Sequence[PrintedLine], lines: Sequence[PrintedLine]) -> bool:
    """Tell the lines of a numbered page from the rows of a list: they break off in the middle of a sentence."""
    rows = group_rows(lines)
    if len(margin) < max(FEWEST, NUMBERED * len(rows)):
        return False
    told = [" ".join(line.text for line in row) for row in rows if row[0] in margin]
    texts = [text for text in (LINE_NUMBER.sub("", text, count=1) for text in told) if text]
    unended = sum(not text.endswith(ENDS) for text in texts)
    lower = sum(text[0].islower() for text in texts)
    plain = len(texts) >= FEWEST and unended >= UNENDED * len(texts) and lower >= LOWER * len(texts)
    return plain and median(map(len, texts)) >= LONG


def _drop_number(line: PrintedLine) -> PrintedLine:
    """Return a line without the number it begins with; "" remains of one that is nothing else."""
    text = LINE_NUMBER.sub("", line.text, count=1)
    return msgspec.structs.replace(line, text=text, left=line.second or line.left)
