"""Full-text search over a published generation: provisions and changes that hold all words asked for."""

import sqlite3

import msgspec

from kb.models import Kind, Nature, Part, Strand
from kb.store.public_tables import TERM_PREFIX

# Signs no crawled text holds (they are spelled out on reading pages), put round the words found.
MARK_START, MARK_END = "\x02", "\x03"
# Of so many provisions that hold the words the nearest are chosen: ranking a million takes seconds.
MOST_RANKED = 1_000
# So many that hold the words are looked at for their place and time; they lie in no order, so that a part of them is
# no choice. A word that stands in more of them ("shall") tells nothing.
MOST_SCANNED = 50_000
# No row comes after it.
LAST_ROW = 2**63 - 1
# What a word counts for in a heading, in text, in notes, in notices of coming change, and as the name of a place.
WEIGHTS = "5.0, 1.0, 0.2, 0.5, 0.0"
SNIPPET_WORDS = 32


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for: words, all of which must be there in any of their forms, and what narrows the search.

    ``terms`` are those of a topic: one of them must be there too. ``past`` looks in texts that are shown no more.
    """

    words: tuple[str, ...]
    jurisdiction: str = ""
    topic: str = ""
    terms: tuple[str, ...] = ()
    past: bool = False


class FoundProvision(msgspec.Struct, frozen=True, kw_only=True):
    """A provision in which words were found, with a stretch of it; MARK_START and MARK_END stand round the words."""

    document: str
    citation: str
    jurisdiction: str
    source: str
    strand: Strand
    title: str
    eid: str
    snippet: str
    observed_from: str
    valid_from: str | None
    closed_at: str | None


class FoundChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change in which words were found, with a stretch of it; MARK_START and MARK_END stand round the words."""

    id: str
    kind: Kind
    nature: Nature
    part: Part
    citation: str
    eid: str | None
    old_eid: str | None
    jurisdiction: str
    source: str
    heading: str
    observed_at: str
    snippet: str


def count_found(db: sqlite3.Connection, sought: Sought) -> dict[str, int]:
    """Count the provisions found by jurisdiction, whatever the one asked for, of the first MOST_RANKED of them."""
    rows = db.execute(
        """
        SELECT jurisdiction, COUNT(*) FROM (
            SELECT jurisdiction
            FROM (SELECT rowid AS id FROM provisions_fts WHERE provisions_fts MATCH :match LIMIT :scanned) AS matched
            CROSS JOIN provision_places ON provision = matched.id
            WHERE :past OR standing
            LIMIT :most
        )
        GROUP BY jurisdiction ORDER BY jurisdiction
        """,
        {
            "match": _match_provisions(sought),
            "past": sought.past,
            "most": MOST_RANKED,
            "scanned": MOST_SCANNED,
        },
    )
    return dict(rows.fetchall())


def search_provisions(db: sqlite3.Connection, sought: Sought, limit: int) -> list[FoundProvision]:
    """Return the provisions that hold all words, the nearest first."""
    asked = {"match": _match_places(sought), "past": sought.past}
    best = db.execute(
        f"""
        SELECT id FROM (
            SELECT provision AS id, BM25(provisions_fts, {WEIGHTS}) AS score FROM provisions_fts
            CROSS JOIN provision_places ON provision = provisions_fts.rowid
            WHERE provisions_fts MATCH :match AND (:past OR standing)
                AND provisions_fts.rowid < COALESCE((
                    SELECT rowid FROM provisions_fts WHERE provisions_fts MATCH :match LIMIT 1 OFFSET :scanned), :all)
            LIMIT :most
        )
        ORDER BY score, id LIMIT :limit
        """,
        {**asked, "most": MOST_RANKED, "scanned": MOST_SCANNED, "all": LAST_ROW, "limit": limit},
    )
    chosen = [row[0] for row in best]
    rows = db.execute(
        f"""
        SELECT provisions_fts.rowid AS id, versions.document, versions.citation, sources.jurisdiction, versions.source,
            versions.strand, versions.heading AS title, provisions.eid, observed_from, valid_from, closed_at,
            SNIPPET(provisions_fts, -1, '{MARK_START}', '{MARK_END}', '…', {SNIPPET_WORDS}) AS snippet
        FROM provisions_fts
        JOIN provisions ON provisions.rowid = provisions_fts.rowid
        JOIN versions ON versions.version = provisions.version
        JOIN sources ON sources.source = versions.source
        WHERE provisions_fts MATCH :match AND provisions_fts.rowid IN (SELECT value FROM JSON_EACH(:chosen))
        """,
        {"match": _match_provisions(sought), "chosen": msgspec.json.encode(chosen).decode()},
    )
    found = {row["id"]: {name: row[name] for name in FoundProvision.__struct_fields__} for row in rows}
    return [msgspec.convert(found[one], FoundProvision) for one in chosen if one in found]


def search_changes(db: sqlite3.Connection, sought: Sought, limit: int) -> list[FoundChange]:
    """Return the changes that hold all words in their texts, citation or reason, the nearest first.

    Of more than MOST_RANKED only the latest are ranked: changes stand in the order in which they were seen.
    """
    columns = ", ".join(f"changes.{name}" for name in FoundChange.__struct_fields__ if name != "snippet")
    rows = db.execute(
        f"""
        SELECT {columns},
            SNIPPET(changes_fts, -1, '{MARK_START}', '{MARK_END}', '…', {SNIPPET_WORDS}) AS snippet
        FROM changes_fts
        CROSS JOIN changes ON changes.rowid = changes_fts.rowid
        WHERE changes_fts MATCH :match AND changes_fts.rowid >= COALESCE((
                SELECT rowid FROM changes_fts WHERE changes_fts MATCH :match
                ORDER BY rowid DESC LIMIT 1 OFFSET :most), 0) AND :jurisdiction IN ('', changes.jurisdiction)
            AND (:topic = '' OR EXISTS (SELECT 1 FROM JSON_EACH(changes.topics) WHERE value = :topic))
        ORDER BY changes_fts.rank, observed_at DESC, changes.id
        LIMIT :limit
        """,
        {
            "match": " ".join(map(_quote, sought.words)),
            "jurisdiction": sought.jurisdiction,
            "topic": sought.topic,
            "most": MOST_RANKED,
            "limit": limit,
        },
    )
    return [msgspec.convert(dict(row), FoundChange) for row in rows]


def count_word(db: sqlite3.Connection, word: str) -> int:
    """Count the provisions, of all times, that hold one word; no further than MOST_RANKED."""
    row = db.execute(
        """
        SELECT COUNT(*) FROM (SELECT 1 FROM provisions_fts WHERE provisions_fts MATCH :match LIMIT :most)
        """,
        {"match": _quote(word), "most": MOST_RANKED},
    ).fetchone()
    return int(row[0])


def _match_places(sought: Sought) -> str:
    """Return the full-text question for what is sought in the jurisdiction asked for."""
    words = _match_provisions(sought)
    return f"{words} AND term : {TERM_PREFIX}{sought.jurisdiction.encode().hex()}" if sought.jurisdiction else words


def _match_provisions(sought: Sought) -> str:
    words = "{heading text} : (" + " AND ".join(map(_quote, sought.words)) + ")"
    terms = " OR ".join(_quote_term(term) for term in sought.terms)
    return f"{words} AND {{heading text note pending}} : ({terms})" if terms else words


def _quote(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'


def _quote_term(term: str) -> str:
    """Return a term of the vocabulary as the search engine reads it; a star at its end takes any ending."""
    quoted = _quote(term.replace("*", ""))
    return f"{quoted} *" if term.endswith("*") else quoted
