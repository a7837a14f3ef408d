"""What kb.db tells of the changes in documents that facts are anchored in."""

import sqlite3
from collections.abc import Collection, Iterator

import msgspec

from kb.models import ChangeRow
from kb.store.queries import CHANGE_COLUMNS, CHANGE_LISTS

# Strands in the order in which a document's text is taken from them.
RANK = "CASE strand WHEN 'current' THEN 0 WHEN 'permanent' THEN 1 WHEN 'pending' THEN 2 ELSE 3 END"


def read_changes_of(db: sqlite3.Connection, documents: Collection[str]) -> Iterator[tuple[ChangeRow, bool]]:
    """Yield the changes of law and announcements of documents, now or before, by first sight, source and place.

    Only those of a document's first-ranked strand: that a text "without temporary law" ends moves nothing in the text.
    Beside each: whether its source is a replica, whose texts prove nothing outside their demonstration.
    """
    columns = ", ".join(f"changes.{name}" for name in CHANGE_COLUMNS.split(", "))
    rows = db.execute(
        f"""
        SELECT {columns}, COALESCE(JSON_EXTRACT(sources.body, '$.replica'), 0) AS replica FROM changes
        JOIN sources ON sources.source = changes.source
        WHERE part <> 'note' AND (
            document IN (SELECT value FROM JSON_EACH(:documents))
            OR old_document IN (SELECT value FROM JSON_EACH(:documents)))
            AND changes.strand = (
                SELECT strand FROM documents AS own WHERE own.document = changes.document ORDER BY {RANK} LIMIT 1)
        ORDER BY RTRIM(observed_at, 'Z'), changes.source, document, wave_at, place
        """,
        {"documents": msgspec.json.encode(sorted(documents)).decode()},
    )
    for row in rows:
        fields = dict(row)
        replica = bool(fields.pop("replica"))
        lists = {name: msgspec.json.decode(row[name]) for name in CHANGE_LISTS}
        yield msgspec.convert({**fields, **lists}, ChangeRow), replica
