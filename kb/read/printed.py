"""What stands on printed pages before it is joined: lines with their places, whoever printed them.

A PDF gives lines in points, recognised pictures too, and a plain text is a page of letters of one width.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

Mark = TypeVar("Mark")


class PrintedLine(msgspec.Struct, frozen=True):
    """One line, or piece of a line, as set on a page: its text, page number from 1, edges and font size in points.

    ``second`` is the left edge of its second word, ``edge`` the right edge of its column (0: the page's own). ``row``
    says that it is a table's row, its cells joined by " | ". ``lead`` is the bold run that a plain line begins with.
    """

    text: str
    page: int
    left: float
    right: float
    bottom: float
    size: float
    bold: bool = False
    second: float = 0.0
    edge: float = 0.0
    row: bool = False
    lead: str = ""


Pages = Sequence[Sequence[PrintedLine]]


def group_rows(lines: Iterable[PrintedLine]) -> list[list[PrintedLine]]:
    """Return the lines of a page from top to bottom, those on one base line together, from left to right."""
    rows: list[list[PrintedLine]] = []
    for line in sorted(lines, key=lambda line: (-line.bottom, line.left)):
        if rows and is_beside(rows[-1][0], line):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.left) for row in rows]


def is_beside(line: PrintedLine, other: PrintedLine) -> bool:
    """Tell whether two lines of one page stand on one base line."""
    return abs(line.bottom - other.bottom) <= 0.4 * max(line.size, other.size)


def count_pages(marks: Iterable[tuple[Mark, int]]) -> Counter[Mark]:
    """Count on how many pages each mark stands, given marks with their pages."""
    return Counter(mark for mark, _ in set(marks))
