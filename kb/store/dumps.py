"""The rows of the canonical export: each table's query, sorted by content, cut at what was known at an instant."""

import sqlite3
from collections.abc import Iterator, Mapping

import msgspec

from kb.models import ChangeRow
from kb.store.facts import STRUCTURED
from kb.store.queries import END_OF_TIME, LOCATION_SEEN, VERSION_SEEN

# The tables in their order. An ending that was not known yet is left out of its row.
QUERIES: Mapping[str, str] = {
    "documents": """
        SELECT document, strand, source, citation, watched_since, baseline, wave_at FROM documents
        WHERE RTRIM(wave_at, 'Z') <= :cut
        ORDER BY document, strand, source, watched_since, wave_at
    """,
    "locations": f"""
        SELECT document, strand, source, url, first_seen, COALESCE(({LOCATION_SEEN}), first_seen) AS last_seen, wave_at,
            CASE WHEN RTRIM(gone_wave, 'Z') <= :cut THEN gone_at END AS gone_at,
            CASE WHEN RTRIM(gone_wave, 'Z') <= :cut THEN gone_wave END AS gone_wave
        FROM locations
        WHERE RTRIM(wave_at, 'Z') <= :cut
        ORDER BY document, strand, source, url, first_seen, wave_at
    """,
    "versions": f"""
        SELECT version, document, strand, source, citation, heading, url, sha256, text_hash, valid_from, valid_to,
            valid_basis, acts, observed_from, COALESCE(({VERSION_SEEN}), observed_from) AS last_seen, wave_at,
            CASE WHEN RTRIM(closed_wave, 'Z') <= :cut THEN closed_at END AS closed_at,
            CASE WHEN RTRIM(closed_wave, 'Z') <= :cut THEN closed_wave END AS closed_wave
        FROM versions
        WHERE RTRIM(wave_at, 'Z') <= :cut
        ORDER BY version
    """,
    "provisions": """
        SELECT provisions.* FROM provisions
        JOIN versions ON versions.version = provisions.version
        WHERE RTRIM(versions.wave_at, 'Z') <= :cut
        ORDER BY provisions.version, provisions.place
    """,
    "changes": f"""
        SELECT {", ".join(ChangeRow.__struct_fields__)}, wave_at FROM changes
        WHERE RTRIM(wave_at, 'Z') <= :cut
        ORDER BY id, source
    """,
    "events": """
        SELECT id, source, wave_at, kind, title, pages, changes FROM events
        WHERE RTRIM(wave_at, 'Z') <= :cut
        ORDER BY id
    """,
    "citations": """
        SELECT citations.* FROM citations
        JOIN versions ON versions.version = citations.version
        WHERE RTRIM(versions.wave_at, 'Z') <= :cut
        ORDER BY citations.version, citations.place
    """,
    "crosswalk": """
        SELECT old_document, old_eid, document, eid, since, source, wave_at, change FROM crosswalk
        WHERE RTRIM(wave_at, 'Z') <= :cut
        ORDER BY old_document, old_eid, document, eid, since, source, wave_at, change
    """,
    "facts": """
        SELECT * FROM facts
        WHERE :cut = :cut
        ORDER BY fact
    """,
    "fact_history": """
        SELECT * FROM fact_history
        WHERE RTRIM(wave_at, 'Z') <= :cut
        ORDER BY fact, place
    """,
    "problems": """
        SELECT source, url, observed_at, wave_at, code, message FROM problems
        WHERE RTRIM(wave_at, 'Z') <= :cut
        ORDER BY source, url, observed_at, wave_at, code, message
    """,
}
JSON_COLUMNS = ("acts", "signals", "topics", "professions", "see_also", *STRUCTURED)
TRUTHS = ("baseline", "replica")


def dump_rows(db: sqlite3.Connection, known_at: str | None) -> Iterator[dict[str, object]]:
    """Yield every derived row, each with its ``table``, in the fixed order of the export.

    ``known_at`` (a UTC instant) leaves out what later waves told; None leaves out nothing.
    """
    cut = END_OF_TIME if known_at is None else known_at.rstrip("Z")
    for table, query in QUERIES.items():
        for row in db.execute(query, {"cut": cut}):
            yield {"table": table, **_decode_row(row)}


def _decode_row(row: sqlite3.Row) -> dict[str, object]:
    """Give lists and truth values back the form they have in JSON."""
    plain: dict[str, object] = dict(row)
    for name in JSON_COLUMNS:
        if plain.get(name) is not None:
            plain[name] = msgspec.Raw(str(plain[name]).encode())
    for name in TRUTHS:
        if name in plain:
            plain[name] = bool(plain[name])
    return plain
