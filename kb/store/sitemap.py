"""What a list of all pages of a publication names."""

import sqlite3

LISTED = """
    SELECT 1 AS rank, 'jurisdiction' AS kind, jurisdiction AS name FROM jurisdictions
    UNION ALL SELECT 2, 'question', question FROM questions
    UNION ALL SELECT 3, 'source', source FROM sources
    UNION ALL SELECT 4, 'fact', fact FROM facts WHERE superseded_on = ''
    UNION ALL SELECT DISTINCT 5, 'document', document FROM documents
    UNION ALL SELECT 6, 'event', id FROM events
    UNION ALL SELECT DISTINCT 7, 'change', id FROM changes
"""


def count_listed(db: sqlite3.Connection) -> int:
    """Count what a list of all pages names: places, questions, sources, answers that stand, documents, moves."""
    return int(db.execute(f"SELECT COUNT(*) FROM ({LISTED})").fetchone()[0])


def list_listed(db: sqlite3.Connection, limit: int, offset: int) -> list[tuple[str, str]]:
    """Return a part of what a list of all pages names: kind and id, always in the same order."""
    rows = db.execute(
        f"SELECT kind, name FROM ({LISTED}) ORDER BY rank, name LIMIT :limit OFFSET :offset",
        {"limit": limit, "offset": offset},
    )
    return [(row["kind"], row["name"]) for row in rows]
