"""The captures behind published texts: what each was, when it was seen first, whether it was taken down."""

import sqlite3

import msgspec


class Original(msgspec.Struct, frozen=True):
    """A capture of a published text: what it was said to be, when it was seen first, whether it was taken down."""

    media_type: str
    first_seen: str
    taken_down: bool


def find_original(db: sqlite3.Connection, sha256: str) -> Original | None:
    """Return a capture that a published text was read from, if its source is shown whole; None for others."""
    row = db.execute(
        """
        SELECT media_type, first_seen, taken_down FROM snapshots
        WHERE sha256 = :sha256 AND EXISTS (
            SELECT 1 FROM versions JOIN sources ON sources.source = versions.source
            WHERE versions.sha256 = :sha256 AND publish = 'text'
        ) AND NOT EXISTS (
            SELECT 1 FROM versions JOIN sources ON sources.source = versions.source
            WHERE versions.sha256 = :sha256 AND publish <> 'text'
        )
        """,
        {"sha256": sha256},
    ).fetchone()
    return None if row is None else Original(row["media_type"], row["first_seen"], bool(row["taken_down"]))
