"""What the pages of the site ask of a published generation: read-only questions, each answered in a fixed order.

The tables are those of kb.store.public.
"""

import sqlite3
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import msgspec

from kb.models import ChangeRow, EventKind, Kind, Nature, Part, Strand

# What the contract calls a rule change (DESIGN.md §5).
RULE_CHANGE = "nature = 'substantive' AND part IN ('text', 'heading')"
RULE_FILTER = (("substantive",), ("text", "heading"))
RULE_DOCUMENTS = f"""
    (SELECT COUNT(DISTINCT document) FROM changes WHERE event_id = events.id AND {RULE_CHANGE})
"""
# What each filter asks; one left empty is not asked at all, so that an index serves those that are.
CONDITIONS = {
    "since": "observed_at >= :since",
    # Every instant of a day stands before the day followed by U: "2024-07-01T…" < "2024-07-01U".
    "until": "observed_at < :until || 'U'",
    "document": "(document = :document OR old_document = :document)",
    "event": "event_id = :event",
    "jurisdiction": "jurisdiction = :jurisdiction",
    "source": "changes.source = :source",
    "kind": "changes.kind = :kind",
    "natures": "nature IN (SELECT value FROM JSON_EACH(:natures))",
    "parts": "part IN (SELECT value FROM JSON_EACH(:parts))",
    "topic": "EXISTS (SELECT 1 FROM JSON_EACH(changes.topics) WHERE value = :topic)",
    "profession": "EXISTS (SELECT 1 FROM JSON_EACH(changes.professions) WHERE value = :profession)",
    "binding": "changes.binding = :binding",
}
LISTS = ("signals", "topics", "professions", "see_also")


class Edition(msgspec.Struct, frozen=True, kw_only=True):
    """What a generation is and knows: its number and instant, its last good reading ("" if none), its replicas.

    ``recorded`` tells that every source of it is a replica: a demonstration.
    """

    generation: int
    published_at: str
    last_checked: str
    replicas: frozenset[str]
    recorded: bool
    names: dict[str, str]


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """A source and how it stands: what is declared of it, when it was read, what moved, what is held back.

    ``last_tried`` is the last attempt of any outcome, ``last_changed`` the day of the last rule change; "" if none.
    ``suspects`` counts pages whose latest answer is held back. Its rules moved on ``moving_days`` days, the
    last of them ``last_moved``, with so many days between two of them as a rule and at most.
    """

    source: str
    jurisdiction: str
    authority: str
    authority_url: str
    title: str
    platform: str
    url: str
    cadence: str
    publish: str
    crawl_state: str
    crawl_reason: str
    policy_since: str
    fallback: str
    moves_within: int
    since: str
    steady_since: str
    last_checked: str
    last_tried: str
    last_changed: str
    documents: int
    rule_changes: int
    suspects: int
    problems: int
    moving_days: int
    last_moved: str
    usual_gap: float
    longest_gap: int


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A change as one line of a list."""

    id: str
    event_id: str
    event_kind: EventKind
    kind: Kind
    part: Part
    nature: Nature
    reason: str
    count: int
    jurisdiction: str
    source: str
    strand: Strand
    document: str
    citation: str
    eid: str | None
    old_eid: str | None
    heading: str
    observed_at: str
    effective_on: date | None
    cause: str
    binding: str


LISTED_COLUMNS = ", ".join(f"changes.{name}" for name in Listed.__struct_fields__)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes a list shows: "" and () let all pass; days are included. ``event`` is an event's id."""

    since: str = ""
    until: str = ""
    document: str = ""
    event: str = ""
    jurisdiction: str = ""
    source: str = ""
    kind: str = ""
    topic: str = ""
    profession: str = ""
    binding: str = ""
    natures: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()


class Count(msgspec.Struct, frozen=True):
    """How many changes there are of one nature and part."""

    nature: Nature
    part: Part
    count: int


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its source, and how many of its changes are rule changes in how many documents."""

    id: str
    source: str
    jurisdiction: str
    wave_at: str
    kind: EventKind
    title: str
    pages: int
    changes: int
    rule_changes: int
    rule_documents: int


class FullChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change with all its columns, the wave that derived it and its place there, its redline as markup of ours.

    ``is_cut`` tells that the source's rights let out only part of the texts.
    """

    row: ChangeRow
    wave_at: str
    place: int
    redline: str
    is_cut: bool


class WaveCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many changes of one nature and part a wave brought to a strand of a document."""

    source: str
    strand: Strand
    wave_at: str
    observed_at: str
    nature: Nature
    part: Part
    count: int


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A version as proof: the bytes it was read from, and when it was seen first."""

    version: str
    document: str
    strand: Strand
    url: str
    sha256: str
    observed_from: str
    valid_from: date | None


class Address(msgspec.Struct, frozen=True):
    """A URL on which a text stood: since when, and since when no longer (None: it stands)."""

    url: str
    first_seen: str
    gone_at: str | None


class Held(msgspec.Struct, frozen=True):
    """A document as a list of documents names it."""

    document: str
    citation: str
    heading: str
    standing: int


# --- the generation


def name_columns(rows: sqlite3.Cursor) -> Iterator[dict[str, Any]]:
    """Yield rows by column; ``dict(row)`` looks for each name among all names, which wide rows in hundreds feel."""
    names = [column[0] for column in rows.description]
    return (dict(zip(names, row, strict=True)) for row in rows)


def read_edition(db: sqlite3.Connection) -> Edition:
    """Return what the generation is and how far its knowledge goes."""
    release = db.execute(
        """
        SELECT generation, published_at FROM releases
        ORDER BY generation DESC LIMIT 1
        """
    ).fetchone()
    last_checked, recorded = db.execute(
        """
        SELECT COALESCE(MAX(last_checked), ''), COALESCE(MIN(replica), 0) FROM sources
        """
    ).fetchone()
    replicas = db.execute("""SELECT source FROM sources WHERE replica""").fetchall()
    names = db.execute("""SELECT jurisdiction, name FROM jurisdictions""").fetchall()
    return Edition(
        generation=release["generation"],
        published_at=release["published_at"],
        last_checked=last_checked,
        replicas=frozenset(row["source"] for row in replicas),
        recorded=bool(recorded),
        names=dict(names),
    )


def count_holdings(db: sqlite3.Connection) -> dict[str, int]:
    """Count documents (as each source has them), versions and rule changes, by these words, from counts made before."""
    row = db.execute(
        """
        SELECT (SELECT COALESCE(SUM(documents), 0) FROM sources) AS documents,
            (SELECT COALESCE(MAX(rows), 0) FROM downloads WHERE name = 'versions') AS versions,
            (SELECT COALESCE(SUM(rule_changes), 0) FROM sources) AS rule_changes
        """
    ).fetchone()
    return dict(row)


# --- sources


def read_sources(db: sqlite3.Connection, source: str = "") -> list[SourceState]:
    """Return every source and its state, or the one asked for, by id."""
    rows = db.execute(
        """
        SELECT source, sources.jurisdiction, title, platform, sources.url, cadence, publish, crawl_state, crawl_reason,
            policy_since, fallback, moves_within, since, steady_since, last_checked, last_tried, last_changed,
            documents, rule_changes, open_suspects AS suspects, problems, moving_days, last_moved, usual_gap,
            longest_gap,
            COALESCE(authorities.name, sources.authority, '') AS authority,
            COALESCE(authorities.url, '') AS authority_url
        FROM sources
        LEFT JOIN authorities ON authorities.authority = sources.authority
        WHERE :source = '' OR source = :source
        ORDER BY source
        """,
        {"source": source},
    )
    return [SourceState(**row) for row in name_columns(rows)]


def list_held(db: sqlite3.Connection, source: str, limit: int, offset: int) -> list[Held]:
    """Return the documents of a source by id, one page of the list."""
    rows = db.execute(
        """
        SELECT document, citation, heading, MAX(standing) AS standing FROM documents
        WHERE source = :source
        GROUP BY document
        ORDER BY document
        LIMIT :limit OFFSET :offset
        """,
        {"source": source, "limit": limit, "offset": offset},
    )
    return [Held(**dict(row)) for row in rows]


# --- changes and events


def list_changes(db: sqlite3.Connection, wanted: Wanted, limit: int, offset: int) -> list[Listed]:
    """Return one page of the changes wanted, the latest first; those of one document in its reading order."""
    rows = db.execute(
        f"""
        SELECT {LISTED_COLUMNS} FROM changes WHERE {join_conditions(wanted)}
        ORDER BY changes.observed_at DESC, changes.source, document, wave_at, place
        LIMIT :limit OFFSET :offset
        """,
        {**bind_wanted(wanted), "limit": limit, "offset": offset},
    )
    return [msgspec.convert(row, Listed) for row in name_columns(rows)]


def count_changes(db: sqlite3.Connection, wanted: Wanted) -> list[Count]:
    """Count the changes wanted by nature and part."""
    rows = db.execute(
        f"""
        SELECT nature, part, COUNT(*) FROM changes WHERE {join_conditions(wanted)}
        GROUP BY nature, part ORDER BY nature, part
        """,
        bind_wanted(wanted),
    )
    return [Count(*row) for row in rows]


def join_conditions(wanted: Wanted) -> str:
    """Return the conditions a list of changes must meet, as SQL over the table of changes."""
    asked = {name: condition for name, condition in CONDITIONS.items() if getattr(wanted, name)}
    if (wanted.natures, wanted.parts) == RULE_FILTER:
        # Said in the words of the partial indexes, which serve nothing else.
        asked |= {"natures": RULE_CHANGE, "parts": "TRUE"}
    return " AND ".join(asked.values()) or "TRUE"


def bind_wanted(wanted: Wanted) -> dict[str, str]:
    """Return the values those conditions are bound to."""
    values = msgspec.structs.asdict(wanted)
    return {name: msgspec.json.encode(v).decode() if isinstance(v, tuple) else v for name, v in values.items()}


def count_waves(db: sqlite3.Connection, document: str) -> list[WaveCount]:
    """Count the changes of a document by strand, wave, nature and part, the earliest first."""
    rows = db.execute(
        """
        SELECT source, strand, wave_at, MIN(observed_at) AS observed_at, nature, part, COUNT(*) AS count FROM changes
        WHERE document = :document
        GROUP BY source, strand, wave_at, nature, part
        ORDER BY wave_at, nature DESC, part
        """,
        {"document": document},
    )
    return [WaveCount(**dict(row)) for row in rows]


def find_changes(db: sqlite3.Connection, ids: Collection[str]) -> list[Listed]:
    """Return the changes of these ids, the earliest first; ids there are not are left out."""
    rows = db.execute(
        f"""
        SELECT {LISTED_COLUMNS} FROM changes WHERE id IN (SELECT value FROM JSON_EACH(:ids))
        ORDER BY observed_at, document, place
        """,
        {"ids": msgspec.json.encode(list(ids)).decode()},
    )
    return [msgspec.convert(row, Listed) for row in name_columns(rows)]


def find_change(db: sqlite3.Connection, change: str) -> FullChange | None:
    """Return one change by its id, None if there is none; of several sources' one shown in full."""
    row = db.execute(
        """
        SELECT changes.*, html FROM changes LEFT JOIN redlines ON redlines.change = changes.id
        WHERE id = :id
        ORDER BY cut, source LIMIT 1
        """,
        {"id": change},
    ).fetchone()
    if row is None:
        return None
    values = dict(row)
    lists = {name: msgspec.json.decode(values[name]) for name in LISTS}
    return FullChange(
        row=msgspec.convert({**values, **lists}, ChangeRow),
        wave_at=values["wave_at"],
        place=values["place"],
        redline=values["html"] or "",
        is_cut=bool(values["cut"]),
    )


def find_neighbours(db: sqlite3.Connection, change: FullChange) -> tuple[Listed | None, Listed | None]:
    """Return the changes before and after one in its event, as the event's page lists them; None at the ends."""
    key = {"event": change.row.event_id, "document": change.row.document, "place": change.place}
    before = db.execute(
        f"""
        SELECT {LISTED_COLUMNS} FROM changes WHERE event_id = :event AND (document, place) < (:document, :place)
        ORDER BY document DESC, place DESC LIMIT 1
        """,
        key,
    ).fetchone()
    after = db.execute(
        f"""
        SELECT {LISTED_COLUMNS} FROM changes WHERE event_id = :event AND (document, place) > (:document, :place)
        ORDER BY document, place LIMIT 1
        """,
        key,
    ).fetchone()
    made = [None if row is None else msgspec.convert(dict(row), Listed) for row in (before, after)]
    return made[0], made[1]


def read_events(db: sqlite3.Connection, limit: int) -> list[EventRow]:
    """Return the latest events that hold rule changes, the latest first."""
    rows = db.execute(
        f"""
        SELECT events.*, jurisdiction, {RULE_DOCUMENTS} AS rule_documents FROM events
        JOIN sources ON sources.source = events.source
        WHERE events.rule_changes > 0
        ORDER BY wave_at DESC, id
        LIMIT :limit
        """,
        {"limit": limit},
    )
    return [_make_event(row) for row in rows]


def find_event(db: sqlite3.Connection, event: str) -> EventRow | None:
    """Return one event by its id, None if there is none."""
    row = db.execute(
        f"""
        SELECT events.*, jurisdiction, {RULE_DOCUMENTS} AS rule_documents FROM events
        JOIN sources ON sources.source = events.source
        WHERE id = :event
        """,
        {"event": event},
    ).fetchone()
    return None if row is None else _make_event(row)


def read_incidents(db: sqlite3.Connection, source: str, limit: int) -> list[EventRow]:
    """Return what happened to a source that is no change of law, the latest first."""
    rows = db.execute(
        """
        SELECT events.*, jurisdiction, 0 AS rule_documents FROM events
        JOIN sources ON sources.source = events.source
        WHERE events.source = :source AND kind != 'revision'
        ORDER BY wave_at DESC, id
        LIMIT :limit
        """,
        {"source": source, "limit": limit},
    )
    return [_make_event(row) for row in rows]


def _make_event(row: sqlite3.Row) -> EventRow:
    return EventRow(**{name: row[name] for name in EventRow.__struct_fields__})


def find_snapshots(db: sqlite3.Connection, change: FullChange) -> tuple[Snapshot | None, Snapshot | None]:
    """Return the versions a change was told from: the last known before its wave, and the first known in it.

    Each is None where there is none: nothing stood there before an added document, nothing after a removed one.
    """
    row = change.row
    key = {"strand": row.strand, "source": row.source, "wave": change.wave_at}
    before = db.execute(
        """
        SELECT version, document, strand, url, sha256, observed_from, valid_from FROM versions
        WHERE document = :document AND strand = :strand AND source = :source AND wave_at < :wave
        ORDER BY observed_from DESC, version LIMIT 1
        """,
        {**key, "document": row.old_document or row.document},
    ).fetchone()
    after = db.execute(
        """
        SELECT version, document, strand, url, sha256, observed_from, valid_from FROM versions
        WHERE document = :document AND strand = :strand AND source = :source AND wave_at = :wave
        ORDER BY valid_from IS :effective_on DESC, observed_from, version LIMIT 1
        """,
        {**key, "document": row.document, "effective_on": row.effective_on and row.effective_on.isoformat()},
    ).fetchone()
    is_new, is_gone = row.kind == "added" and row.eid == "", row.kind == "removed" and row.old_eid == ""
    return _make_snapshot(None if is_new else before), _make_snapshot(None if is_gone else after)


def _make_snapshot(row: sqlite3.Row | None) -> Snapshot | None:
    return None if row is None else msgspec.convert(dict(row), Snapshot)


# --- texts


def list_addresses(db: sqlite3.Connection, version: str) -> list[Address]:
    """Return the URLs of a version's strand in its source, the latest last."""
    rows = db.execute(
        """
        SELECT locations.url, first_seen, gone_at FROM versions
        JOIN locations USING (document, strand, source)
        WHERE version = :version
        ORDER BY first_seen, locations.url
        """,
        {"version": version},
    )
    return [Address(*row) for row in rows]


def read_seen(db: sqlite3.Connection, version: str) -> str:
    """Return when a version was last read, as known in this generation; "" for a version there is not."""
    row = db.execute("""SELECT last_seen FROM versions WHERE version = :version""", {"version": version}).fetchone()
    return "" if row is None else str(row["last_seen"])


class Sample(msgspec.Struct, frozen=True):
    """A document of a generation with its source and jurisdiction: what examples name."""

    jurisdiction: str
    source: str
    document: str


def find_sample(db: sqlite3.Connection) -> Sample | None:
    """Return the document with most changes that stands now, None in a generation without documents."""
    row = db.execute(
        """
        SELECT jurisdiction, source, document FROM documents
        ORDER BY standing DESC, changes DESC, document, strand, source LIMIT 1
        """
    ).fetchone()
    return None if row is None else Sample(**dict(row))
