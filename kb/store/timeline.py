"""What lists and feeds of changes ask of a published generation: counts by every filter, events and their changes."""

import sqlite3
from collections.abc import Collection
from functools import lru_cache

import msgspec

from kb.models import Kind, Nature, Part, Strand
from kb.store.pages import LISTED_COLUMNS, EventRow, Listed, Wanted, bind_wanted, join_conditions

# How many changes of one event a feed or report reads; the others are counted and linked.
MOST_OF_EVENT = 10
COMBINED = "jurisdiction, source, topics, professions, nature, kind, part, binding"


class Combination(msgspec.Struct, frozen=True):
    """How many changes share all that a list can be filtered by."""

    jurisdiction: str
    source: str
    topics: tuple[str, ...]
    professions: tuple[str, ...]
    nature: Nature
    kind: Kind
    part: Part
    binding: str
    count: int


class FeedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as a feed tells it: only its changes that pass the feed's filters are counted."""

    id: str
    source: str
    jurisdiction: str
    confirmed_at: str
    changes: int
    documents: int


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """A change as feeds and reports tell it: its line, both texts, its redline as markup of ours, its addresses.

    ``is_cut`` tells that the source's rights let out only part of the texts.
    """

    change: Listed
    old_text: str
    new_text: str
    redline: str
    url: str
    binding: str
    topics: tuple[str, ...]
    professions: tuple[str, ...]
    confirmed_at: str
    is_cut: bool


class NextEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Another event of the same source that holds changes: when it was seen, and how many rule changes it brought."""

    id: str
    wave_at: str
    changes: int
    rule_changes: int


class Succession(msgspec.Struct, frozen=True, kw_only=True):
    """A version that an event brought to a strand of a document, and the one it took the place of."""

    document: str
    strand: Strand
    old: str
    new: str


def combine_changes(db: sqlite3.Connection, wanted: Wanted) -> list[Combination]:
    """Count the changes wanted by each combination of values that a list can be filtered by.

    Those of all documents were counted by day when the generation was published.
    """
    if wanted == Wanted():
        rows = db.execute(f"""SELECT {COMBINED}, changes FROM filter_counts""")
    elif wanted == Wanted(since=wanted.since, until=wanted.until):
        rows = db.execute(
            f"""
            SELECT {COMBINED}, own.changes FROM (
                SELECT combination, SUM(changes) AS changes FROM daily_filter_counts
                WHERE day >= :since AND (:until = '' OR day <= :until)
                GROUP BY combination
            ) AS own
            CROSS JOIN filter_counts USING (combination)
            """,
            bind_wanted(wanted),
        )
    else:
        rows = db.execute(
            f"""
            SELECT {COMBINED}, COUNT(*) FROM changes WHERE {join_conditions(wanted)}
            GROUP BY {COMBINED}
            """,
            bind_wanted(wanted),
        )
    return [
        Combination(place, source, read_names(topics), read_names(professions), *rest)
        for place, source, topics, professions, *rest in rows
    ]


def list_feed_events(db: sqlite3.Connection, wanted: Wanted, limit: int, offset: int) -> list[FeedEvent]:
    """Return one page of the events that hold changes wanted, the latest proven first.

    Only text that moved is told: a rebuilt site, a new address and trouble with a site are no events of a feed.
    Sources that never had such a change, as was counted at publication, are not looked at, nor rounds before the first
    day asked for: what is first seen on a day is recorded by no earlier round.
    """
    lasting = msgspec.structs.replace(wanted, since="", until="", document="", event="")
    rows = db.execute(
        f"""
        SELECT event_id AS id, changes.source, jurisdiction, MAX(confirmed_at) AS confirmed_at, COUNT(*) AS changes,
            COUNT(DISTINCT document) AS documents
        FROM (
            SELECT id FROM events
            WHERE kind = 'revision' AND (:source = '' OR source = :source)
                AND +source IN (SELECT source FROM filter_counts AS changes WHERE {join_conditions(lasting)})
                AND wave_at >= :since AND EXISTS (
                    SELECT 1 FROM changes INDEXED BY changes_by_event
                    WHERE event_id = events.id AND {join_conditions(wanted)})
            ORDER BY wave_at DESC, id
            LIMIT :limit OFFSET :offset
        ) AS chosen
        CROSS JOIN changes ON changes.event_id = chosen.id
        WHERE {join_conditions(wanted)}
        GROUP BY event_id
        ORDER BY confirmed_at DESC, event_id
        """,
        {**bind_wanted(wanted), "limit": limit, "offset": offset},
    )
    return [FeedEvent(**dict(row)) for row in rows]


def read_tellings(db: sqlite3.Connection, wanted: Wanted, events: Collection[str]) -> dict[str, list[Telling]]:
    """Return the first changes wanted of each of these events, in reading order, by event."""
    rows = db.execute(
        f"""
        SELECT {LISTED_COLUMNS}, old_text, new_text, COALESCE(html, '') AS redline, COALESCE(url, old_url, '') AS url,
            binding, topics, professions, confirmed_at, cut
        FROM (
            SELECT *, ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY document, place) AS rank FROM changes
            WHERE {join_conditions(wanted)} AND event_id IN (SELECT value FROM JSON_EACH(:events))
        ) AS changes
        LEFT JOIN redlines ON redlines.change = changes.id AND redlines.source = changes.source
        WHERE rank <= :most
        ORDER BY event_id, rank
        """,
        {**bind_wanted(wanted), "events": msgspec.json.encode(list(events)).decode(), "most": MOST_OF_EVENT},
    )
    found: dict[str, list[Telling]] = {}
    for row in rows:
        found.setdefault(row["event_id"], []).append(_make_telling(row))
    return found


def list_tellings(db: sqlite3.Connection, wanted: Wanted, limit: int) -> list[Telling]:
    """Return the changes wanted with their texts, by jurisdiction, the latest first."""
    rows = db.execute(
        f"""
        SELECT {LISTED_COLUMNS}, old_text, new_text, COALESCE(html, '') AS redline, COALESCE(url, old_url, '') AS url,
            binding, topics, professions, confirmed_at, cut
        FROM changes
        LEFT JOIN redlines ON redlines.change = changes.id AND redlines.source = changes.source
        WHERE {join_conditions(wanted)}
        ORDER BY jurisdiction, observed_at DESC, changes.source, document, wave_at, place
        LIMIT :limit
        """,
        {**bind_wanted(wanted), "limit": limit},
    )
    return [_make_telling(row) for row in rows]


def find_next_events(db: sqlite3.Connection, event: EventRow) -> tuple[NextEvent | None, NextEvent | None]:
    """Return the events with changes before and after one in its source; None at the ends."""
    asked = {"source": event.source, "wave": event.wave_at, "id": event.id}
    before = db.execute(
        """
        SELECT id, wave_at, changes, rule_changes FROM events
        WHERE source = :source AND changes > 0 AND (wave_at, id) < (:wave, :id)
        ORDER BY wave_at DESC, id DESC LIMIT 1
        """,
        asked,
    ).fetchone()
    after = db.execute(
        """
        SELECT id, wave_at, changes, rule_changes FROM events
        WHERE source = :source AND changes > 0 AND (wave_at, id) > (:wave, :id)
        ORDER BY wave_at, id LIMIT 1
        """,
        asked,
    ).fetchone()
    made = [None if row is None else NextEvent(**dict(row)) for row in (before, after)]
    return made[0], made[1]


def list_successions(db: sqlite3.Connection, event: EventRow) -> list[Succession]:
    """Return which version followed which in an event, by document; of twins the first pair."""
    rows = db.execute(
        """
        SELECT fresh.document, fresh.strand, MIN(gone.version) AS old, MIN(fresh.version) AS new
        FROM versions AS fresh
        JOIN versions AS gone ON (gone.document, gone.strand, gone.source)
            = (fresh.document, fresh.strand, fresh.source) AND gone.closed_wave = fresh.wave_at
        WHERE fresh.source = :source AND fresh.wave_at = :wave
            AND fresh.document IN (SELECT document FROM changes WHERE event_id = :event)
        GROUP BY fresh.document, fresh.strand
        ORDER BY fresh.document, fresh.strand
        """,
        {"source": event.source, "wave": event.wave_at, "event": event.id},
    )
    return [Succession(**dict(row)) for row in rows]


def list_force(db: sqlite3.Connection, event: str) -> list[tuple[str, str]]:
    """Return when the changes of an event take effect, and by which act: each day and cause once, "" where not told."""
    rows = db.execute(
        """
        SELECT DISTINCT COALESCE(effective_on, '') AS day, cause FROM changes
        WHERE event_id = :event AND (effective_on IS NOT NULL OR cause <> '')
        ORDER BY day, cause
        """,
        {"event": event},
    )
    return [(row["day"], row["cause"]) for row in rows]


def list_known(db: sqlite3.Connection) -> dict[str, list[str]]:
    """Return the ids that exist of jurisdictions, sources and the topics that sources declare, by these words."""
    topics = """SELECT DISTINCT value FROM sources, JSON_EACH(sources.topics) ORDER BY 1"""
    return {
        "topic": [row[0] for row in db.execute(topics)],
        "jurisdiction": [row[0] for row in db.execute("""SELECT jurisdiction FROM jurisdictions ORDER BY 1""")],
        "source": [row[0] for row in db.execute("""SELECT source FROM sources ORDER BY 1""")],
    }


def read_beginnings(db: sqlite3.Connection) -> tuple[int, str]:
    """Return how many sources were read at least once, and when the first of them was; "" where none was."""
    row = db.execute("""SELECT COUNT(*), COALESCE(MIN(since), '') FROM sources WHERE since <> ''""").fetchone()
    return int(row[0]), str(row[1])


def read_first_day(db: sqlite3.Connection, jurisdiction: str = "") -> str:
    """Return the day on which the record of all sources, or of one jurisdiction's, begins; "" where none was read."""
    row = db.execute(
        """
        SELECT MIN(since) FROM sources WHERE since <> '' AND :jurisdiction IN ('', jurisdiction)
        """,
        {"jurisdiction": jurisdiction},
    ).fetchone()
    return str(row[0] or "")[:10]


def read_text_hashes(db: sqlite3.Connection, document: str) -> dict[str, str]:
    """Return the hash of the whole text of each version of a document, by the version's id."""
    rows = db.execute("""SELECT version, text_hash FROM versions WHERE document = :document""", {"document": document})
    return dict(rows.fetchall())


@lru_cache(maxsize=4_096)
def read_names(text: str) -> tuple[str, ...]:
    """Return a list of ids that a table holds as JSON; there are few different ones, of which each is read once."""
    return msgspec.json.decode(text, type=tuple[str, ...])


def _read_lists(row: sqlite3.Row) -> dict[str, object]:
    return {name: read_names(row[name]) for name in ("topics", "professions")}


def _make_telling(row: sqlite3.Row) -> Telling:
    lists = _read_lists(row)
    change = msgspec.convert({name: row[name] for name in Listed.__struct_fields__}, Listed)
    texts = {name: row[name] for name in ("old_text", "new_text", "redline", "url", "binding", "confirmed_at")}
    return msgspec.convert({"change": change, **texts, **lists, "is_cut": bool(row["cut"])}, Telling)
