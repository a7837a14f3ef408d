"""What a published generation holds of pages that could not be read or trusted. Read-only questions."""

import sqlite3

import msgspec


class PageTrouble(msgspec.Struct, frozen=True):
    """A page that could not be read or trusted: where, when, and why in a sentence."""

    url: str
    observed_at: str
    code: str
    message: str


def read_suspects(db: sqlite3.Connection, source: str, limit: int) -> list[PageTrouble]:
    """Return the pages of a source whose latest answer is held back, by URL, at most ``limit``."""
    rows = db.execute(
        """
        SELECT url, MAX(observed_at) AS observed_at, status, reasons FROM suspects
        WHERE source = :source AND resolved_at IS NULL
        GROUP BY url
        ORDER BY url
        LIMIT :limit
        """,
        {"source": source, "limit": limit},
    )
    return [
        PageTrouble(row["url"], row["observed_at"], str(row["status"]), "; ".join(msgspec.json.decode(row["reasons"])))
        for row in rows
    ]


def read_problems(db: sqlite3.Connection, source: str, limit: int) -> list[PageTrouble]:
    """Return what went wrong in a source, the latest first, at most ``limit``."""
    rows = db.execute(
        """
        SELECT url, observed_at, code, message FROM problems
        WHERE source = :source
        ORDER BY observed_at DESC, url, code
        LIMIT :limit
        """,
        {"source": source, "limit": limit},
    )
    return [PageTrouble(*row) for row in rows]
