"""What notices and reports ask of a published generation: the changes proven in a time, and the answers they touch."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby

import msgspec

from kb.tell.story import Moved, Story, Touched

# Instants are compared without their last letter: "…00.5Z" comes after "…00Z".
CHANGES = """
    SELECT changes.*, sources.title AS source_title, sources.replica, jurisdictions.name AS place_name
    FROM changes
    JOIN sources ON sources.source = changes.source
    JOIN jurisdictions ON jurisdictions.jurisdiction = changes.jurisdiction
"""
ORDER = """ ORDER BY RTRIM(confirmed_at, 'Z'), changes.source, event_id, document, changes.place, changes.id"""


# Of some jurisdictions, or of all where none is named; natures and parts are always named.
IS_SOUGHT = """
    event_kind = 'revision' AND confirmed_at >= RTRIM(:since, 'Z') AND confirmed_at <= :until
    AND (:every OR changes.jurisdiction IN (SELECT value FROM JSON_EACH(:jurisdictions)))
    AND nature IN (SELECT value FROM JSON_EACH(:natures)) AND part IN (SELECT value FROM JSON_EACH(:parts))
"""


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """Which changes are read: proven from one instant until another; () names all jurisdictions."""

    since: str
    until: str
    jurisdictions: tuple[str, ...]
    natures: tuple[str, ...]
    parts: tuple[str, ...]


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """A coded answer that a change touches, with what its codebook's sentence is filled from."""

    touched: Touched
    topic: str
    action: str
    citation: str
    effective_from: str
    scope: Mapping[str, tuple[str, ...]]


def list_news(db: sqlite3.Connection, after: Mapping[str, str], otherwise: str) -> Iterator[list[sqlite3.Row]]:
    """Yield the changes proven after an instant by source (``otherwise`` for sources not named), a story at a time."""
    rows = db.execute(
        f"""
        {CHANGES} LEFT JOIN JSON_EACH(:after) AS told ON told.key = changes.source
        WHERE event_kind = 'revision'
            AND RTRIM(confirmed_at, 'Z') > RTRIM(COALESCE(told.value, :otherwise), 'Z') {ORDER}
        """,
        {"after": msgspec.json.encode(dict(after)).decode(), "otherwise": otherwise},
    )
    yield from _group(rows)


def list_proven(db: sqlite3.Connection, proven: Proven) -> Iterator[list[sqlite3.Row]]:
    """Yield the changes proven, by story, the earliest first."""
    yield from _group(db.execute(f"{CHANGES} WHERE {IS_SOUGHT} {ORDER}", _bind(proven)))


def find_confirmation(db: sqlite3.Connection, proven: Proven, later: int) -> str:
    """Return when the change was confirmed after which so many of those proven follow, "" where fewer do."""
    row = db.execute(
        f"""
        SELECT confirmed_at FROM changes INDEXED BY changes_by_proof WHERE {IS_SOUGHT}
        ORDER BY confirmed_at DESC LIMIT 1 OFFSET :later
        """,
        {**_bind(proven), "later": later},
    ).fetchone()
    return "" if row is None else str(row[0])


def _bind(proven: Proven) -> dict[str, object]:
    lists = {
        name: msgspec.json.encode(getattr(proven, name)).decode() for name in ("jurisdictions", "natures", "parts")
    }
    return {"since": proven.since, "until": proven.until, "every": not proven.jurisdictions, **lists}


def _group(rows: sqlite3.Cursor) -> Iterator[list[sqlite3.Row]]:
    for _, group in groupby(rows, key=lambda row: (row["source"], row["event_id"], row["confirmed_at"])):
        yield list(group)


def read_cited(db: sqlite3.Connection, changes: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[Cited]]:
    """Return the coded answers that changes, named by id and source, touch, in the order of the codebook."""
    rows = db.execute(
        """
        SELECT impacts.change, impacts.source, impacts.fact, impacts.jurisdiction, impacts.question, effect,
            impacts.quote_stands, title, topic, action, label, facts.state, superseded_on, facts.citation,
            effective_from, facts.scope, COALESCE((
                SELECT next.fact FROM facts AS next
                WHERE (next.jurisdiction, next.question, next.scope) = (facts.jurisdiction, facts.question, facts.scope)
                    AND next.coded_on >= facts.superseded_on AND next.place > facts.place
                    AND facts.superseded_on >= SUBSTR(changes.observed_at, 1, 10)
                ORDER BY next.place LIMIT 1
            ), '') AS successor
        FROM JSON_EACH(:changes) AS wanted
        JOIN impacts ON impacts.change = JSON_EXTRACT(wanted.value, '$[0]')
            AND impacts.source = JSON_EXTRACT(wanted.value, '$[1]')
        JOIN changes ON changes.id = impacts.change AND changes.source = impacts.source
        JOIN facts ON facts.fact = impacts.fact
        JOIN questions ON questions.question = impacts.question
        WHERE effect <> 'beside'
        ORDER BY impacts.jurisdiction, questions.place, facts.place
        """,
        {"changes": msgspec.json.encode([list(one) for one in changes]).decode()},
    ).fetchall()
    later = _read_facts(db, {row["successor"] for row in rows if row["successor"]})
    found: dict[tuple[str, str], list[Cited]] = {}
    for row in rows:
        # What became of an answer is told with it, not beside it.
        if row["fact"] not in later:
            found.setdefault((row["change"], row["source"]), []).append(_make_cited(row, later.get(row["successor"])))
    return found


def _read_facts(db: sqlite3.Connection, facts: Collection[str]) -> dict[str, sqlite3.Row]:
    rows = db.execute(
        """
        SELECT fact, label, state, citation, effective_from FROM facts
        WHERE superseded_on = '' AND fact IN (SELECT value FROM JSON_EACH(:facts))
        """,
        {"facts": msgspec.json.encode(sorted(facts)).decode()},
    )
    return {row["fact"]: row for row in rows}


def _make_cited(row: sqlite3.Row, successor: sqlite3.Row | None) -> Cited:
    """Return what a change touches; a later entry of the same answer tells what became of it and how it is proven."""
    speaks = successor or row
    touched = Touched(
        fact=row["fact"],
        jurisdiction=row["jurisdiction"],
        question=row["question"],
        title=row["title"],
        label=row["label"],
        state=speaks["state"],
        effect=row["effect"],
        quote_stands=bool(row["quote_stands"]),
        became="" if successor is None else successor["label"],
    )
    return Cited(
        touched=touched,
        topic=row["topic"],
        action=row["action"],
        citation=speaks["citation"],
        effective_from=speaks["effective_from"],
        scope=msgspec.json.decode(row["scope"] or "{}", type=dict[str, tuple[str, ...]]),
    )


class WatchedSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source as a report's account of what was read needs it."""

    source: str
    jurisdiction: str
    place: str
    title: str
    url: str
    topics: tuple[str, ...]
    cadence: str
    crawl_state: str
    crawl_reason: str
    last_checked: str
    cause: str


def list_watched(db: sqlite3.Connection) -> list[WatchedSource]:
    """Return every source with how it stands; ``cause`` is that of its oldest open incident, "" where none is open."""
    rows = db.execute(
        """
        SELECT source, sources.jurisdiction, jurisdictions.name AS place, title, url, topics, cadence, crawl_state,
            crawl_reason, last_checked, COALESCE((
                SELECT cause FROM incidents
                WHERE incidents.source = sources.source AND closed_at IS NULL ORDER BY opened_at LIMIT 1
            ), '') AS cause
        FROM sources
        JOIN jurisdictions ON jurisdictions.jurisdiction = sources.jurisdiction
        ORDER BY place, title, source
        """
    )
    return [WatchedSource(**{**dict(row), "topics": tuple(msgspec.json.decode(row["topics"]))}) for row in rows]


def read_last_waves(db: sqlite3.Connection) -> dict[str, str]:
    """Return the instant of the last round of each source that was ever read, by its id."""
    rows = db.execute("""SELECT source, last_checked FROM sources WHERE last_checked <> ''""")
    return dict(rows.fetchall())


def find_publication(db: sqlite3.Connection, until: str) -> str:
    """Return the instant of the last publication up to an instant, "" if there was none."""
    row = db.execute("""SELECT MAX(published_at) FROM releases WHERE published_at <= ?""", (until,)).fetchone()
    return row[0] or ""


def make_moved(row: sqlite3.Row, citation: str, touched: tuple[Touched, ...]) -> Moved:
    """Return a change as it is told, from its row."""
    plain = ("id", "document", "strand", "heading", "kind", "part", "nature", "reason", "count", "binding", "cause")
    return msgspec.convert(
        {
            **{name: row[name] for name in plain},
            "eid": (row["eid"] if row["eid"] is not None else row["old_eid"]) or "",
            "citation": citation,
            "signals": msgspec.json.decode(row["signals"]),
            "effective_on": row["effective_on"],
            "topics": msgspec.json.decode(row["topics"]),
            "professions": msgspec.json.decode(row["professions"]),
            "url": row["url"] or row["old_url"] or "",
            "old_text": row["old_text"],
            "new_text": row["new_text"],
            "is_cut": bool(row["cut"]),
            "touched": touched,
        },
        Moved,
    )


def make_story(rows: list[sqlite3.Row], moved: tuple[Moved, ...], release: int) -> Story:
    """Return what one round proved of an event, from the rows of its changes."""
    first = rows[0]
    return Story(
        id=f"{first['event_id']}:{first['confirmed_at']}",
        event=first["event_id"],
        jurisdiction=first["jurisdiction"],
        place=first["place_name"],
        source=first["source"],
        title=first["source_title"] or first["source"],
        observed_at=first["observed_at"],
        confirmed_at=first["confirmed_at"],
        release=release,
        replica=bool(first["replica"]),
        moved=moved,
    )
