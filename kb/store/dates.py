"""The days that texts state: when a change takes effect, from when and until when a text says it applies."""

import sqlite3
from collections.abc import Iterator

DATES = """
    SELECT jurisdiction, day, kind, document, MAX(heading) AS heading, MAX(citation) AS citation, MAX(url) AS url,
        MIN(source) AS source
    FROM (
        SELECT jurisdiction, effective_on AS day, 'effective' AS kind, document, heading, citation, url, source
        FROM changes WHERE effective_on IS NOT NULL AND RTRIM(wave_at, 'Z') <= :cut
        UNION ALL
        SELECT sources.jurisdiction, valid_from, 'effective', document, heading, citation, versions.url, versions.source
        FROM versions JOIN sources ON sources.source = versions.source
        WHERE valid_basis = 'stated' AND valid_from IS NOT NULL AND RTRIM(wave_at, 'Z') <= :cut
        UNION ALL
        SELECT sources.jurisdiction, valid_to, 'expiry', document, heading, citation, versions.url, versions.source
        FROM versions JOIN sources ON sources.source = versions.source
        WHERE valid_basis = 'stated' AND valid_to < '9999' AND RTRIM(wave_at, 'Z') <= :cut
    )
    WHERE day >= :since
    GROUP BY jurisdiction, day, kind, document
    ORDER BY day, jurisdiction, document, kind
"""


def read_stated_dates(knowledge: sqlite3.Connection, known_at: str, since: str = "") -> Iterator[dict[str, str]]:
    """Yield the days from one on that documents stated by an instant, each once for a document: by day and place."""
    for row in knowledge.execute(DATES, {"cut": known_at.rstrip("Z"), "since": since}):
        yield dict(row)
