"""Texts that installed programs made of archived files, kept beside them in the archive: the first one made stands."""

import sqlite3

import msgspec

from kb.read.jobs import Rendition
from kb.store.connection import transaction


class Candidate(msgspec.Struct, frozen=True):
    """A snapshot that may need a program to be read: its hash, an address it was had from, and what it was called."""

    sha256: str
    url: str
    media_type: str


def list_candidates(db: sqlite3.Connection) -> list[Candidate]:
    """List the snapshots that are no web pages by name and were not looked at yet, by address and hash."""
    rows = db.execute(
        """
        SELECT fetches.sha256 AS sha256, MIN(fetches.url) AS url, MIN(fetches.media_type) AS media_type
        FROM fetches
        JOIN snapshots ON snapshots.sha256 = fetches.sha256
        LEFT JOIN renditions ON renditions.sha256 = fetches.sha256
        WHERE renditions.sha256 IS NULL
            AND snapshots.body IS NOT NULL
            AND fetches.outcome = 'ok'
            AND (fetches.media_type NOT LIKE '%html%' OR fetches.url LIKE '%.pdf%' OR fetches.url LIKE '%.doc%')
            AND fetches.media_type NOT LIKE '%xml'
            AND fetches.media_type NOT LIKE 'text/plain'
        GROUP BY fetches.sha256
        ORDER BY 2, 1
        """
    )
    return [Candidate(**dict(row)) for row in rows]


def record_rendition(db: sqlite3.Connection, sha256: str, rendition: Rendition, made_at: str) -> None:
    """Keep what was made of a snapshot, unless something was; a rendition without a tool says that none is needed."""
    with transaction(db):
        db.execute(
            """
            INSERT INTO renditions (sha256, tool, made_at, body)
            VALUES (:sha256, :tool, :made_at, :body)
            ON CONFLICT (sha256) DO NOTHING
            """,
            {
                "sha256": sha256,
                "tool": rendition.tool,
                "made_at": made_at,
                "body": msgspec.json.encode(rendition).decode(),
            },
        )


def read_rendition(db: sqlite3.Connection, sha256: str) -> Rendition | None:
    """Return what a program made of a snapshot, None where nothing was made."""
    row = db.execute("SELECT body FROM renditions WHERE sha256 = :sha256 AND tool <> ''", {"sha256": sha256}).fetchone()
    return None if row is None else msgspec.json.decode(row["body"], type=Rendition)


def read_tools(db: sqlite3.Connection) -> dict[str, str]:
    """Return the program and version that made a text of each snapshot of which one was made."""
    return {row["sha256"]: row["tool"] for row in db.execute("SELECT sha256, tool FROM renditions WHERE tool <> ''")}
