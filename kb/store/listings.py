"""Lists read page by page: what each holds, by what it can be filtered, and in which order it goes on.

A page ends with the key of its last row; the next one begins after that key, found in an index, however long the list.
"""

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

Row = dict[str, object]
# Of so many provisions with the words asked for the nearest are looked for: as many as a few milliseconds allow.
MOST_RANKED = 800
LAST_ROW = 2**63 - 1
Key = Sequence[str | int]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One list as SQL: its columns and tables, a condition for each filter, and columns that order its rows uniquely.

    ``is_latest_first`` turns the order of the first of these columns round. ``counted`` names the filters by which
    filter_counts tells that nothing passes: without it a list of nothing would read every row.
    """

    columns: str
    tables: str
    order: tuple[str, ...]
    filters: Mapping[str, str] = {}
    is_latest_first: bool = False
    counted: frozenset[str] = frozenset()


# The snapshot a change was told from: the first version of its strand that its wave brought.
TOLD_FROM = """
    (SELECT {column} FROM versions AS told
    WHERE (told.document, told.strand, told.source) = (changes.document, changes.strand, changes.source)
        AND told.wave_at = changes.wave_at
    ORDER BY told.observed_from, told.version LIMIT 1)
"""
# The text of a document's strand shown now, else the last one that was.
LATEST = """
    (SELECT own.version FROM versions AS own
    WHERE (own.document, own.strand, own.source) = (documents.document, documents.strand, documents.source)
    ORDER BY own.closed_at IS NULL DESC, own.observed_from DESC, own.version LIMIT 1)
"""
VERSION_COLUMNS = """
    versions.version, versions.document, versions.strand, versions.source, sources.jurisdiction, versions.citation,
    versions.heading, versions.text_hash, versions.valid_from, versions.valid_to, versions.valid_basis,
    versions.observed_from, versions.last_seen, versions.closed_at, versions.url AS official_url, versions.sha256,
    versions.observed_from AS captured_at, versions.last_seen AS last_checked
"""
JURISDICTIONS = Listing(
    columns="""
        jurisdictions.jurisdiction, name, kind, COALESCE(state, 'not_watched') AS state,
        COALESCE(sources, 0) AS sources, COALESCE(documents, 0) AS documents, COALESCE(changes, 0) AS changes,
        COALESCE(rule_changes, 0) AS rule_changes, NULLIF(since, '') AS since, NULLIF(last_checked, '') AS last_checked
    """,
    tables="jurisdictions LEFT JOIN coverage USING (jurisdiction)",
    order=("jurisdictions.jurisdiction",),
    filters={"jurisdiction": "jurisdictions.jurisdiction = :jurisdiction"},
)
SOURCES = Listing(
    columns="""
        sources.source, sources.jurisdiction, sources.authority, COALESCE(authorities.name, '') AS authority_name,
        title, platform, binding, topics, cadence, publish AS rights, replica, crawl_state, crawl_reason,
        NULLIF(since, '') AS since, documents, changes, rule_changes, open_suspects, NULLIF(sources.url, '')
            AS official_url, NULL AS sha256, NULL AS captured_at, NULLIF(last_checked, '') AS last_checked
    """,
    tables="sources LEFT JOIN authorities ON authorities.authority = sources.authority",
    order=("sources.source",),
    filters={
        "source": "sources.source = :source",
        "jurisdiction": "sources.jurisdiction = :jurisdiction",
        "crawl_state": "crawl_state = :crawl_state",
    },
)
DOCUMENTS = Listing(
    columns="""
        documents.document, documents.strand, documents.source, documents.jurisdiction, documents.citation,
        documents.heading, documents.binding, documents.versions, documents.changes, documents.standing,
        documents.watched_since, latest.version, latest.url AS official_url, latest.sha256,
        latest.observed_from AS captured_at, documents.last_seen AS last_checked
    """,
    tables=f"documents LEFT JOIN versions AS latest ON latest.version = {LATEST}",
    order=("documents.document", "documents.strand", "documents.source"),
    filters={
        "jurisdiction": "documents.jurisdiction = :jurisdiction",
        "source": "documents.source = :source",
        "binding": "documents.binding = :binding",
        "citation": "documents.citation = :citation",
        "standing": "documents.standing = :standing",
    },
)
VERSIONS = Listing(
    columns=VERSION_COLUMNS,
    tables="versions LEFT JOIN sources ON sources.source = versions.source",
    order=("versions.document", "versions.strand", "versions.observed_from", "versions.version"),
    filters={
        "version": "versions.version = :version",
        "document": "versions.document = :document",
        "strand": "versions.strand = :strand",
        "source": "versions.source = :source",
        "sha256": "versions.sha256 = :sha256",
    },
)
PROVISIONS = Listing(
    columns="""
        provisions.version, versions.document, versions.strand, versions.source, versions.citation, provisions.place,
        provisions.eid, provisions.number, provisions.heading, provisions.text, provisions.note, provisions.pending,
        provisions.sha256 AS text_sha256, provisions.cut, versions.url AS official_url, versions.sha256,
        versions.observed_from AS captured_at, versions.last_seen AS last_checked
    """,
    tables="provisions JOIN versions ON versions.version = provisions.version",
    order=("provisions.version", "provisions.place"),
    filters={
        "version": "provisions.version = :version",
        "eid": "(provisions.eid = :eid OR provisions.eid LIKE :eid || '\\_\\_%' ESCAPE '\\')",
    },
)
CHANGES = Listing(
    columns=f"""
        changes.id, event_id, event_kind, kind, part, nature, signals, reason, count, changes.jurisdiction,
        changes.source, strand, document, old_document, citation, old_citation, eid, old_eid, old_number, new_number,
        heading, old_text, new_text, changes.topics, professions, changes.binding, observed_at, confirmed_at,
        effective_on, cause, see_also, cut, COALESCE(NULLIF(changes.url, ''), old_url) AS official_url,
        {TOLD_FROM.format(column="told.sha256")} AS sha256, {TOLD_FROM.format(column="told.observed_from")}
            AS captured_at, NULLIF(sources.last_checked, '') AS last_checked
    """,
    tables="changes LEFT JOIN sources ON sources.source = changes.source",
    order=("observed_at", "changes.source", "document", "changes.wave_at", "changes.place"),
    is_latest_first=True,
    counted=frozenset("jurisdiction source kind nature part binding topic profession rules".split()),
    filters={
        "id": "changes.id = :id",
        "since": "observed_at >= :since",
        # Every instant of a day stands before the day followed by U: "2024-07-01T…" < "2024-07-01U".
        "until": "observed_at < :until || 'U'",
        "effective_since": "effective_on >= :effective_since",
        "effective_until": "effective_on <= :effective_until",
        "jurisdiction": "changes.jurisdiction = :jurisdiction",
        "source": "changes.source = :source",
        "document": "document = :document",
        "event": "event_id = :event",
        "kind": "kind = :kind",
        "nature": "nature = :nature",
        "part": "part = :part",
        "strand": "strand = :strand",
        "binding": "changes.binding = :binding",
        "topic": "EXISTS (SELECT 1 FROM JSON_EACH(changes.topics) WHERE value = :topic)",
        "profession": "EXISTS (SELECT 1 FROM JSON_EACH(professions) WHERE value = :profession)",
        "signal": "EXISTS (SELECT 1 FROM JSON_EACH(signals) WHERE value = :signal)",
        "rules": "(nature = 'substantive' AND part IN ('text', 'heading')) = :rules",
    },
)
EVENTS = Listing(
    columns="""
        events.id, events.source, sources.jurisdiction, events.kind, events.title, events.wave_at AS observed_at,
        events.pages, events.changes, events.rule_changes, NULLIF(sources.url, '') AS official_url, NULL AS sha256,
        events.wave_at AS captured_at, NULLIF(sources.last_checked, '') AS last_checked
    """,
    tables="events LEFT JOIN sources ON sources.source = events.source",
    order=("events.wave_at", "events.id"),
    is_latest_first=True,
    filters={
        "id": "events.id = :id",
        "since": "events.wave_at >= :since",
        "until": "events.wave_at < :until || 'U'",
        "source": "events.source = :source",
        "jurisdiction": "sources.jurisdiction = :jurisdiction",
        "kind": "events.kind = :kind",
    },
)
QUESTIONS = Listing(
    columns="""
        question, topic, title, wording, asked_of, type, unit, choices, details, scope, coding, silent, edition
    """,
    tables="questions",
    order=("place", "question"),
    filters={"topic": "topic = :topic"},
)
ANSWERS = Listing(
    columns="""
        jurisdiction, question, state, value, label, notes, proof, confidence, citation, url AS official_url,
        effective_from, effective_to, stricter_than_federal, conflicts, scopes, searched, why, fact
    """,
    tables="answers",
    order=("jurisdiction", "question"),
    filters={
        "jurisdiction": "jurisdiction = :jurisdiction",
        "question": "question = :question",
        "state": "state = :state",
    },
)
FACTS = Listing(
    columns="""
        fact, jurisdiction, question, value, label, gap, state, scope, details, basis, binding, authority, citation,
        url AS official_url, note, effective_from, effective_to, reverts_to, document, eid, quote, evidence,
        confidence, coded_on, reviewed_on, superseded_on, replica
    """,
    tables="facts",
    order=("jurisdiction", "question", "fact"),
    filters={
        "fact": "fact = :fact",
        "jurisdiction": "jurisdiction = :jurisdiction",
        "question": "question = :question",
        "state": "state = :state",
    },
)


def list_rows(
    db: sqlite3.Connection, listing: Listing, asked: Mapping[str, object], after: Key | None, limit: int
) -> tuple[list[Row], Key | None]:
    """Return a page of a list: the rows that pass the filters asked for, and the key after which the next one begins.

    The key is None at the list's end; names that are no filter of the list are not looked at.
    """
    values = {name: value for name, value in asked.items() if name in listing.filters}
    if not _may_pass(db, listing, values):
        return [], None
    conditions = [listing.filters[name] for name in values]
    if after is not None:
        conditions.append(_go_on(listing))
        values |= {f"after_{place}": value for place, value in enumerate(after)}
    turned = " DESC" if listing.is_latest_first else ""
    keys = [f"{column} AS key_{place}" for place, column in enumerate(listing.order)]
    found = db.execute(
        f"""
        SELECT {listing.columns}, {", ".join(keys)} FROM {listing.tables}
        WHERE {" AND ".join(conditions) or "TRUE"}
        ORDER BY {", ".join((listing.order[0] + turned, *listing.order[1:]))}
        LIMIT {limit + 1:d}
        """,
        values,
    ).fetchall()
    rows = [{name: value for name, value in dict(row).items() if not name.startswith("key_")} for row in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    return rows, None if last is None else [last[f"key_{place}"] for place in range(len(listing.order))]


def _may_pass(db: sqlite3.Connection, listing: Listing, values: Mapping[str, object]) -> bool:
    counted = [listing.filters[name] for name in values if name in listing.counted]
    if not counted:
        return True
    question = f"""SELECT EXISTS (SELECT 1 FROM filter_counts AS changes WHERE {" AND ".join(counted)})"""
    return bool(db.execute(question, values).fetchone()[0])


def search_words(db: sqlite3.Connection, words: Sequence[str], limit: int) -> list[Row]:
    """Return provisions of the texts shown now that hold all words, in any of their forms, the nearest first."""
    if not words:
        return []
    match = match_words(words)
    rows = db.execute(
        """
        SELECT versions.document, versions.citation, versions.source, versions.strand, sources.jurisdiction,
            versions.heading AS title, provisions.eid, provisions.heading, provisions.text,
            versions.url AS official_url, versions.sha256, versions.observed_from AS captured_at,
            versions.last_seen AS last_checked
        FROM provisions_fts
        JOIN provisions ON provisions.rowid = provisions_fts.rowid
        JOIN versions ON versions.version = provisions.version
        JOIN sources ON sources.source = versions.source
        WHERE provisions_fts MATCH :match AND provisions_fts.rowid <= :last AND versions.closed_at IS NULL
        ORDER BY provisions_fts.rank, versions.document, versions.strand, provisions.place
        LIMIT :limit
        """,
        {"match": match, "last": bound_matches(db, match), "limit": limit},
    )
    return [dict(row) for row in rows]


def match_words(words: Sequence[str]) -> str:
    """Return the full-text question for provisions that hold all words in their heading or text."""
    quoted = ('"' + word.replace('"', '""').replace(chr(0), " ") + '"' for word in words)
    return "{heading text} : (" + " ".join(quoted) + ")"


def bound_matches(db: sqlite3.Connection, match: str) -> int:
    """Return the last row to rank: a word that stands in more than MOST_RANKED provisions is ranked among the first.

    Ranking costs time for each match. Provisions stand in the order of their versions' ids, which are hashes: the first
    ones are a fair sample of all.
    """
    row = db.execute(
        """
        SELECT rowid FROM provisions_fts WHERE provisions_fts MATCH :match
        ORDER BY rowid LIMIT 1 OFFSET :most
        """,
        {"match": match, "most": MOST_RANKED},
    ).fetchone()
    return LAST_ROW if row is None else int(row[0])


def _go_on(listing: Listing) -> str:
    """Return the condition of the rows behind a key, so that an index finds the first of them."""
    places = range(len(listing.order))
    if not listing.is_latest_first:
        return f"({', '.join(listing.order)}) > ({', '.join(f':after_{place}' for place in places)})"
    first, *rest = listing.order
    behind = ", ".join(f":after_{place}" for place in places[1:])
    return f"({first} <= :after_0 AND ({first} < :after_0 OR ({', '.join(rest)}) > ({behind})))"
