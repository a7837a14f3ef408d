"""Write the canonical export: the derived tables as JSON lines whose bytes depend on nothing but the archive."""

import sqlite3
from typing import BinaryIO

import msgspec

from kb.store.dumps import dump_rows


def write_export(db: sqlite3.Connection, out: BinaryIO, *, known_at: str | None = None) -> int:
    """Write one JSON object a line, ``{"table": …, …}``, sorted by content; two equal archives give equal bytes.

    ``known_at`` (a UTC instant) cuts at what was known then: later rows, endings and sightings are left out. Rows are
    written as they are read, none are gathered. Returns the number of lines.
    """
    encoder = msgspec.json.Encoder()
    lines = 0
    for row in dump_rows(db, known_at):
        out.write(encoder.encode(row) + b"\n")
        lines += 1
    return lines
