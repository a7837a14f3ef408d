"""Put the pieces of printed pages into reading order: columns one after the other, table rows cell by cell.

A gutter is a strip that hardly anything crosses, with filled lines on both sides; a table's cells are short and stand
below each other.
"""

from collections.abc import Sequence
from itertools import accumulate, groupby, pairwise, takewhile

import msgspec

from kb.read.labels import LABEL
from kb.read.printed import PrintedLine, is_beside

# A page of fewer pieces has no columns; a column has so many, the last one of a page perhaps fewer.
FEWEST_PIECES, FEWEST_LINES = 12, 5
# A gutter is this wide (points) and is crossed by no line, or by one of these shares at most: headings and the like.
GUTTER, CROSSED = 5, (0.0, 0.04, 0.12)
# A column's lines fill this share of it, half of them; the widest column is so many times the narrowest.
FILLED, HALF, UNEVEN = 0.65, 0.5, 1.8
# Letters of a line of prose, at least, in the middle of a column.
PROSE = 12
# How far the edges of cells of one column may differ, in points.
ALIGNED = 3.0
# A row whose distance is no more than so many times the smallest one goes on with the row above.
WRAPPED = 1.2


def order_lines(lines: Sequence[PrintedLine]) -> list[PrintedLine]:
    """Return the lines of all pages in reading order, those of one row joined.

    Columns too short to be told by themselves stand where those of the page before stood.
    """
    ordered: list[PrintedLine] = []
    bounds: list[float] = []
    for _, each in groupby(lines, key=lambda line: line.page):
        page = list(each)
        found = find_columns(page)
        if found or not _stand_apart(page, bounds):
            bounds = found
        ordered.extend(_order_page(page, bounds))
    return ordered


def _order_page(lines: list[PrintedLine], bounds: Sequence[float]) -> list[PrintedLine]:
    if not bounds:
        return join_rows(lines)
    spans = [*pairwise(bounds)]
    columns = [_measure(lines, span) for span in spans]
    ordered: list[PrintedLine] = []
    bands: list[list[PrintedLine]] = [[] for _ in spans]
    for line in sorted(lines, key=lambda line: (-line.bottom, line.left)):
        at = next((at for at, span in enumerate(spans) if _is_inside(line, span)), -1)
        if at >= 0:
            bands[at].append(_shift(line, columns[0][0] - columns[at][0], columns[at]))
            continue
        ordered.extend(_close_bands(bands))
        bands = [[] for _ in spans]
        ordered.append(line)
    return [*ordered, *_close_bands(bands)]


def _measure(lines: Sequence[PrintedLine], span: tuple[float, float]) -> tuple[float, float]:
    """Return the left and right edge of what stands in a span; its own edges where nothing does."""
    own = [line for line in lines if _is_inside(line, span)]
    return (min(line.left for line in own), max(line.right for line in own)) if own else span


def _stand_apart(lines: Sequence[PrintedLine], bounds: Sequence[float]) -> bool:
    """Tell whether hardly a line of a page crosses the columns of another one, and some stand in the second."""
    spans = [*pairwise(bounds)]
    inside = [sum(_is_inside(line, span) for line in lines) for span in spans]
    return len(spans) > 1 and inside[1] > 0 and len(lines) - sum(inside) <= CROSSED[-1] * len(lines)


def _close_bands(bands: Sequence[list[PrintedLine]]) -> list[PrintedLine]:
    return [line for band in bands for line in join_rows(band)]


def _shift(line: PrintedLine, by: float, column: tuple[float, float]) -> PrintedLine:
    """Return a line as if its column stood where the first one does."""
    return msgspec.structs.replace(line, left=line.left + by, right=line.right + by, edge=column[1] + by)


def _is_inside(line: PrintedLine, column: tuple[float, float]) -> bool:
    return line.left >= column[0] - 1 and line.right <= column[1] + 1


def find_columns(lines: Sequence[PrintedLine]) -> list[float]:
    """Return where the columns of a page begin and end: n + 1 bounds of n columns, [] where it has one."""
    if len(lines) < FEWEST_PIECES:
        return []
    # The strictest first: of a short last column all lines may be no more than what may cross a gutter.
    return next((found for most in CROSSED if (found := _try_columns(lines, most))), [])


def _try_columns(lines: Sequence[PrintedLine], most: float) -> list[float]:
    """Return the bounds of columns whose gutters this share of the lines crosses at most, [] where none are."""
    left, right = min(line.left for line in lines), max(max(line.left, line.right) for line in lines)
    bounds = [left, *_find_gutters(lines, (left, right), most), right]
    spans = [*pairwise(bounds)]
    inside = [[line for line in lines if _is_inside(line, span)] for span in spans]
    *first, last = [_is_prose(own, span) for own, span in zip(inside, spans, strict=True)]
    if not first or not all(first) or not (last or _begins_beside(inside[-1], inside[0])):
        return []
    edges = [_measure(own, span) for own, span in zip(inside, spans, strict=True)][: None if last else -1]
    widths = [end - start for start, end in edges]
    return bounds if max(widths) <= UNEVEN * min(widths) else []


def _begins_beside(lines: Sequence[PrintedLine], first: Sequence[PrintedLine]) -> bool:
    """Tell whether a few lines are a column that ends soon: they begin beside the first one, set closely.

    A head may stand above the first one.
    """
    if not lines or len(lines) > len(first) / 2:
        return False
    heights = sorted((line.bottom for line in lines), reverse=True)
    tops = sorted((line.bottom for line in first), reverse=True)[:3]
    size = lines[0].size
    beside = any(abs(heights[0] - top) <= size for top in tops)
    return beside and all(above - below <= 2 * size for above, below in pairwise(heights))


def _find_gutters(lines: Sequence[PrintedLine], edges: tuple[float, float], most: float) -> list[float]:
    """Return where strips that hardly a line crosses are crossed least, away from the margins."""
    left, right = edges
    size = int(right - left) + 2
    steps = [0] * (size + 1)
    for line in lines:
        steps[max(0, int(line.left - left))] += 1
        steps[min(size, int(line.right - left) + 1)] -= 1
    crossed = [*accumulate(steps[:size])]
    strips: list[list[int]] = []
    for at in (at for at, crossing in enumerate(crossed) if crossing <= most * len(lines)):
        if strips and at == strips[-1][-1] + 1:
            strips[-1].append(at)
        else:
            strips.append([at])
    inner = [strip for strip in strips if strip[0] > 0.15 * size and strip[-1] < 0.85 * size]
    return [left + _choose_least(strip, crossed) + 0.5 for strip in inner if len(strip) >= GUTTER]


def _choose_least(strip: Sequence[int], crossed: Sequence[int]) -> int:
    least = min(crossed[at] for at in strip)
    places = [at for at in strip if crossed[at] == least]
    return places[len(places) // 2]


def _is_prose(lines: Sequence[PrintedLine], column: tuple[float, float]) -> bool:
    """Tell a column of prose from a table's: most of its lines are filled."""
    if len(lines) < FEWEST_LINES:
        return False
    width = max(line.right for line in lines) - min(line.left for line in lines)
    filled = sum(line.right - line.left >= FILLED * width for line in lines)
    lengths = sorted(len(line.text) for line in lines)
    wide = width >= 0.5 * (column[1] - column[0])
    return wide and filled >= HALF * len(lines) and lengths[len(lengths) // 2] >= PROSE


def join_rows(lines: Sequence[PrintedLine]) -> list[PrintedLine]:
    """Join the pieces that stand beside each other: by " | " in a table's rows, by a space elsewhere."""
    rows = _list_rows(lines)
    joined: list[PrintedLine] = []
    at = 0
    while at < len(rows):
        end = _find_table_end(rows, at)
        if end > at + 1:
            joined.extend(_join_table(rows[at:end]))
            at = end
        else:
            joined.append(_join_pieces(rows[at], " "))
            at += 1
    return joined


def _list_rows(lines: Sequence[PrintedLine]) -> list[list[PrintedLine]]:
    """Return the pieces in their order, those that follow each other on one base line together."""
    rows: list[list[PrintedLine]] = []
    for line in lines:
        before = rows[-1][-1] if rows else None
        if before is not None and is_beside(before, line) and line.left >= before.right - 1:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _join_pieces(row: Sequence[PrintedLine], sign: str) -> PrintedLine:
    if len(row) == 1:
        return row[0]
    bold = [*takewhile(lambda line: line.bold, row)]
    led = [line.text for line in bold] + [line.lead for line in row[len(bold) : len(bold) + 1] if line.lead]
    return msgspec.structs.replace(
        row[0],
        text=sign.join(line.text for line in row),
        right=row[-1].right,
        bold=len(bold) == len(row),
        row=sign != " ",
        lead=" ".join(led) if len(bold) < len(row) and sign == " " else "",
    )


def _find_table_end(rows: Sequence[Sequence[PrintedLine]], start: int) -> int:
    """Return where the table that begins with a row ends; the row's own place where none begins."""
    if not _has_cells(rows[start]):
        return start
    lefts = [line.left for line in rows[start]]
    end = start + 1
    while end < len(rows) and _goes_on(rows[end - 1], rows[end], lefts):
        lefts.extend(line.left for line in rows[end])
        end += 1
    return end if sum(map(_has_cells, rows[start:end])) > 1 else start


def _has_cells(row: Sequence[PrintedLine]) -> bool:
    """Tell whether a row is more than a line, or a label and its text."""
    return len(row) > 2 or (len(row) == 2 and LABEL.fullmatch(f"{row[0].text} ") is None)


def _goes_on(above: Sequence[PrintedLine], row: Sequence[PrintedLine], lefts: Sequence[float]) -> bool:
    """Tell whether a row belongs to the table above it: its pieces stand below cells, not at the first one alone."""
    far = above[0].bottom - row[0].bottom
    if not 0 < far <= 4 * row[0].size or row[0].page != above[0].page:
        return False
    aligned = [line for line in row if any(abs(line.left - left) <= ALIGNED for left in lefts)]
    inner = [line for line in aligned if line.left > min(lefts) + ALIGNED]
    return bool(inner) and (_has_cells(row) or len(aligned) == len(row))


def _join_table(rows: Sequence[Sequence[PrintedLine]]) -> list[PrintedLine]:
    """Make one line of each row; one without a first cell, or set close below another, goes on with that."""
    steps = [above[0].bottom - below[0].bottom for above, below in pairwise(rows)]
    close = WRAPPED * min(steps) if max(steps) > WRAPPED * min(steps) else 0.0
    first = min(row[0].left for row in rows)
    whole: list[list[PrintedLine]] = []
    for row, step in zip(rows, (0.0, *steps), strict=True):
        if whole and (row[0].left > first + ALIGNED or 0 < step <= close):
            whole[-1] = _add_cells(whole[-1], row)
        else:
            whole.append(list(row))
    return [_join_pieces(row, " | ") for row in whole]


def _add_cells(cells: list[PrintedLine], row: Sequence[PrintedLine]) -> list[PrintedLine]:
    """Add the pieces of a row to the cells they stand below."""
    grown = list(cells)
    for line in row:
        at = max((at for at, cell in enumerate(grown) if cell.left <= line.left + ALIGNED), default=0)
        joined = f"{grown[at].text} {line.text}"
        grown[at] = msgspec.structs.replace(grown[at], text=joined, right=max(grown[at].right, line.right))
    return grown
