"""Write a public table as one CSV file, always the same bytes from the same generation, so that a checksum holds.

Tables too large to be written at once are offered by the site as streams instead, without a checksum.
"""

import csv
import io
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

import msgspec

# A larger file is not made for a reader who waits, nor held in memory; in bytes.
LARGEST_FILE = 8_000_000
# Spreadsheets run a cell that begins so (OWASP, CSV injection); full-width forms are folded by some of them.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Download(msgspec.Struct, frozen=True):
    """A table offered as a file: the table, its rows, the file's size in bytes and the SHA-256 of its bytes.

    Of a table that is too large ``size`` is 0 and ``sha256`` is empty.
    """

    table: str
    rows: int
    size: int
    sha256: str


def disarm_cells(row: Sequence[str]) -> list[str]:
    """Put an apostrophe before every cell that a spreadsheet would run as a formula."""
    return [f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in row]


def write_table(db: sqlite3.Connection, table: str) -> str | None:
    """Return a public table as CSV, column names first, rows as they were published; None if it is too large.

    ``table`` is the name of a public table, never a reader's words.
    """
    found = db.execute(f"""SELECT * FROM {table} ORDER BY rowid""")
    out = io.StringIO()
    size = 0
    for line in _write_lines([column[0] for column in found.description], found):
        size += len(line.encode())
        if size > LARGEST_FILE:
            return None
        out.write(line)
    return out.getvalue()


def _write_lines(names: Sequence[str], rows: Iterable[sqlite3.Row]) -> Iterator[str]:
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(names)
    for row in rows:
        yield line.getvalue()
        line.seek(0)
        line.truncate()
        writer.writerow(disarm_cells(["" if value is None else str(value) for value in row]))
    yield line.getvalue()


def record_downloads(db: sqlite3.Connection, tables: Iterable[str]) -> Iterator[dict[str, object]]:
    """Yield a row of the table ``downloads`` for each public table of a filled draft."""
    for table in tables:
        body = write_table(db, table)
        rows = db.execute(f"""SELECT COUNT(*) FROM {table}""").fetchone()[0]
        data = b"" if body is None else body.encode()
        digest = "" if body is None else sha256(data).hexdigest()
        yield {"name": table, "rows": rows, "size": len(data), "sha256": digest}


def list_downloads(db: sqlite3.Connection) -> dict[str, Download]:
    """Return what is offered as files, by table."""
    rows = db.execute("""SELECT name, rows, size, sha256 FROM downloads ORDER BY name""")
    return {row["name"]: Download(*row) for row in rows}
