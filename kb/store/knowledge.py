"""kb.db: everything derived from the archive. It may be deleted at any time; a build makes it again, byte for byte.

Rows only come; what ends is marked with the instant it ended and the wave that proved it, so that the knowledge of any
past day can be told from the rows alone.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import msgspec

from kb.compare.state import Learned, PageState, SourceState, StrandState, WaveResult
from kb.models import WEB, Act, Place, Provision, Reading, Reference, Shown, Validity
from kb.store.connection import open_database
from kb.store.facts import FACTS
from kb.store.incidents import INCIDENTS

APPLICATION = "statusquo knowledge base"
MIGRATIONS = (
    """
    CREATE TABLE sources (
        source TEXT PRIMARY KEY, jurisdiction TEXT NOT NULL, authority TEXT NOT NULL, title TEXT NOT NULL,
        platform TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE waves (
        source TEXT NOT NULL, wave_at TEXT NOT NULL, fingerprint TEXT NOT NULL, PRIMARY KEY (source, wave_at)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE verdicts (
        source TEXT NOT NULL, wave_at TEXT NOT NULL, url TEXT NOT NULL, observed_at TEXT NOT NULL,
        status INTEGER NOT NULL, sha256 TEXT, verdict TEXT NOT NULL, reasons TEXT NOT NULL
    ) STRICT;
    CREATE INDEX verdicts_by_url ON verdicts (source, url, observed_at);
    CREATE TABLE documents (
        document TEXT NOT NULL, strand TEXT NOT NULL, source TEXT NOT NULL, citation TEXT NOT NULL,
        watched_since TEXT NOT NULL, baseline INTEGER NOT NULL, wave_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX documents_by_id ON documents (document);
    CREATE TABLE locations (
        document TEXT NOT NULL, strand TEXT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL,
        first_seen TEXT NOT NULL, wave_at TEXT NOT NULL, gone_at TEXT, gone_wave TEXT
    ) STRICT;
    CREATE INDEX locations_by_document ON locations (document);
    CREATE INDEX locations_by_url ON locations (url);
    CREATE TABLE versions (
        version TEXT PRIMARY KEY, document TEXT NOT NULL, strand TEXT NOT NULL, source TEXT NOT NULL,
        citation TEXT NOT NULL, heading TEXT NOT NULL, url TEXT NOT NULL, sha256 TEXT NOT NULL, text_hash TEXT NOT NULL,
        valid_from TEXT, valid_to TEXT, valid_basis TEXT NOT NULL, acts TEXT NOT NULL,
        observed_from TEXT NOT NULL, wave_at TEXT NOT NULL, closed_at TEXT, closed_wave TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX versions_by_document ON versions (document, strand, observed_from);
    CREATE TABLE provisions (
        version TEXT NOT NULL, place INTEGER NOT NULL, eid TEXT NOT NULL, number TEXT NOT NULL, heading TEXT NOT NULL,
        text TEXT NOT NULL, note TEXT NOT NULL, pending TEXT NOT NULL, PRIMARY KEY (version, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE citations (
        version TEXT NOT NULL, place INTEGER NOT NULL, eid TEXT NOT NULL, text TEXT NOT NULL, work TEXT NOT NULL,
        number TEXT NOT NULL, target_eid TEXT NOT NULL, PRIMARY KEY (version, place)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE changes (
        id TEXT NOT NULL, event_id TEXT NOT NULL, event_kind TEXT NOT NULL, kind TEXT NOT NULL, part TEXT NOT NULL,
        nature TEXT NOT NULL, signals TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
        jurisdiction TEXT NOT NULL, source TEXT NOT NULL, strand TEXT NOT NULL, document TEXT NOT NULL,
        old_document TEXT, citation TEXT NOT NULL, old_citation TEXT, url TEXT NOT NULL, old_url TEXT,
        eid TEXT, old_eid TEXT, old_number TEXT NOT NULL, new_number TEXT NOT NULL, heading TEXT NOT NULL,
        old_text TEXT NOT NULL, new_text TEXT NOT NULL, topics TEXT NOT NULL, professions TEXT NOT NULL,
        binding TEXT NOT NULL, observed_at TEXT NOT NULL, confirmed_at TEXT NOT NULL, effective_on TEXT,
        cause TEXT NOT NULL, see_also TEXT NOT NULL, wave_at TEXT NOT NULL, place INTEGER NOT NULL,
        PRIMARY KEY (id, source)
    ) STRICT;
    CREATE INDEX changes_by_day ON changes (observed_at);
    CREATE INDEX changes_by_document ON changes (document);
    CREATE TABLE events (
        id TEXT PRIMARY KEY, source TEXT NOT NULL, wave_at TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL,
        pages INTEGER NOT NULL, changes INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE problems (
        source TEXT NOT NULL, url TEXT NOT NULL, observed_at TEXT NOT NULL, wave_at TEXT NOT NULL, code TEXT NOT NULL,
        message TEXT NOT NULL
    ) STRICT;
    CREATE TABLE crosswalk (
        old_document TEXT NOT NULL, old_eid TEXT NOT NULL, document TEXT NOT NULL, eid TEXT NOT NULL,
        since TEXT NOT NULL, source TEXT NOT NULL, wave_at TEXT NOT NULL, change TEXT NOT NULL
    ) STRICT;
    CREATE INDEX crosswalk_by_old ON crosswalk (old_document, old_eid);
    CREATE TABLE change_topics (
        change TEXT NOT NULL, topic TEXT NOT NULL, words TEXT NOT NULL, source TEXT NOT NULL, wave_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX change_topics_by_change ON change_topics (change);
    CREATE TABLE facts (fact TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE fact_history (fact TEXT NOT NULL, wave_at TEXT NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE TABLE page_states (source TEXT NOT NULL, url TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (source, url))
        STRICT, WITHOUT ROWID;
    CREATE TABLE removed_laws (source TEXT NOT NULL, law TEXT NOT NULL, change TEXT NOT NULL, PRIMARY KEY (source, law))
        STRICT, WITHOUT ROWID;
    """,
    # What an earlier reader derived is derived anew: its texts were read and named otherwise.
    """
    DELETE FROM sources; DELETE FROM waves; DELETE FROM verdicts; DELETE FROM documents; DELETE FROM locations;
    DELETE FROM versions; DELETE FROM provisions; DELETE FROM citations; DELETE FROM changes; DELETE FROM events;
    DELETE FROM problems; DELETE FROM crosswalk; DELETE FROM change_topics; DELETE FROM page_states;
    DELETE FROM removed_laws;
    CREATE TABLE learned (
        source TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, since TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (source, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE event_pages (
        event_id TEXT NOT NULL, url TEXT NOT NULL, source TEXT NOT NULL, PRIMARY KEY (event_id, url)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE added_laws (
        source TEXT NOT NULL, law TEXT NOT NULL, change TEXT NOT NULL, PRIMARY KEY (source, law)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX added_laws_by_law ON added_laws (law);
    -- Sources are derived each on its own, so what moved from one to another is told by the same law: gone here, new
    -- there. A law that came to several places leads nowhere.
    ALTER TABLE crosswalk RENAME TO own_crosswalk;
    CREATE VIEW crosswalk AS
        SELECT old_document, old_eid, document, eid, since, source, wave_at, change FROM own_crosswalk
        UNION
        SELECT gone.document, gone.old_eid, came.document, came.eid, MAX(gone.observed_at, came.observed_at),
            came.source, MAX(gone.wave_at, came.wave_at), came.id
        FROM removed_laws
        JOIN added_laws ON added_laws.law = removed_laws.law AND added_laws.source <> removed_laws.source
        JOIN changes AS gone ON gone.id = removed_laws.change AND gone.source = removed_laws.source
        JOIN changes AS came ON came.id = added_laws.change AND came.source = added_laws.source
        WHERE (SELECT COUNT(*) FROM added_laws AS others WHERE others.law = removed_laws.law) = 1;
    """,
    # Incidents of waves built before are derived with their sources, anew.
    INCIDENTS,
    FACTS,
    # Only places known by then count against a lead: a place that the same law comes to later withdraws nothing.
    """
    DROP VIEW crosswalk;
    CREATE VIEW crosswalk AS
        SELECT old_document, old_eid, document, eid, since, source, wave_at, change FROM own_crosswalk
        UNION
        SELECT gone.document, gone.old_eid, came.document, came.eid, MAX(gone.observed_at, came.observed_at),
            came.source, MAX(gone.wave_at, came.wave_at), came.id
        FROM removed_laws
        JOIN added_laws ON added_laws.law = removed_laws.law AND added_laws.source <> removed_laws.source
        JOIN changes AS gone ON gone.id = removed_laws.change AND gone.source = removed_laws.source
        JOIN changes AS came ON came.id = added_laws.change AND came.source = added_laws.source
        WHERE (
            SELECT COUNT(*) FROM added_laws AS others
            JOIN changes AS told ON told.id = others.change AND told.source = others.source
            WHERE others.law = removed_laws.law
                AND RTRIM(told.wave_at, 'Z') <= RTRIM(MAX(gone.wave_at, came.wave_at), 'Z')
        ) = 1;
    """,
)
DERIVED = (
    "incident_waves", "open_incidents",
    "waves", "verdicts", "documents", "locations", "changes", "events", "problems", "own_crosswalk", "page_states",
    "removed_laws", "added_laws", "change_topics", "learned", "event_pages",
)  # fmt: skip
# Kinds that give a text a new citation or number: old links lead on.
MOVING = ("renumbered", "moved", "amended")


def open_knowledge(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open kb.db, making or migrating it when needed.

    Raises NewerDatabaseError for a file written by a newer version, MissingDatabaseError when there is none to read.
    """
    return open_database(path, application=APPLICATION, migrations=MIGRATIONS, read_only=read_only)


def read_built_waves(db: sqlite3.Connection) -> dict[tuple[str, str], str]:
    """Return the fingerprint of every wave already built, by (source, wave)."""
    rows = db.execute("SELECT source, wave_at, fingerprint FROM waves")
    return {(row["source"], row["wave_at"]): row["fingerprint"] for row in rows}


def read_digests(db: sqlite3.Connection) -> dict[str, str]:
    """Return the digest of the declaration each source was built with."""
    return {row["source"]: row["digest"] for row in db.execute("SELECT source, digest FROM sources")}


def delete_source(db: sqlite3.Connection, source: str) -> None:
    """Drop everything derived from a source, so that it can be derived anew."""
    for table in ("provisions", "citations"):
        db.execute(
            f"""DELETE FROM {table} WHERE version IN (SELECT version FROM versions WHERE source = :source)""",
            {"source": source},
        )
    for table in (*DERIVED, "versions", "sources"):
        db.execute(f"""DELETE FROM {table} WHERE source = :source""", {"source": source})


def record_source(db: sqlite3.Connection, row: Mapping[str, str]) -> None:
    """Keep the declaration a source is built with (keys are the columns of ``sources``)."""
    db.execute(
        """INSERT OR REPLACE INTO sources (source, jurisdiction, authority, title, platform, digest, body)
           VALUES (:source, :jurisdiction, :authority, :title, :platform, :digest, :body)""",
        row,
    )


def record_wave(db: sqlite3.Connection, result: WaveResult, fingerprint: str) -> None:
    """Write all rows of one wave; call it inside a transaction."""
    key = {"source": result.source, "wave_at": result.wave_at}
    db.execute(
        """INSERT INTO waves (source, wave_at, fingerprint) VALUES (:source, :wave_at, :fingerprint)""",
        {**key, "fingerprint": fingerprint},
    )
    _record_pages(db, result)
    _record_versions(db, result)
    _record_places(db, result)
    _record_changes(db, result)
    _record_topics(db, result)


def _record_pages(db: sqlite3.Connection, result: WaveResult) -> None:
    db.executemany(
        """INSERT INTO verdicts (source, wave_at, url, observed_at, status, sha256, verdict, reasons)
           VALUES (:source, :wave_at, :url, :observed_at, :status, :sha256, :verdict, :reasons)""",
        [{**msgspec.structs.asdict(judged), "reasons": _json(judged.reasons)} for judged in result.judged],
    )
    db.executemany(
        """INSERT INTO problems (source, url, observed_at, wave_at, code, message)
           VALUES (:source, :url, :observed_at, :wave_at, :code, :message)""",
        [msgspec.structs.asdict(problem) for problem in result.problems],
    )
    db.executemany(
        """INSERT OR REPLACE INTO page_states (source, url, state) VALUES (?, ?, ?)""",
        [(result.source, page.url, _json(page)) for page in result.pages],
    )
    db.executemany(
        """INSERT OR REPLACE INTO removed_laws (source, law, change) VALUES (?, ?, ?)""",
        [(result.source, law, change) for law, change in result.removed.items()],
    )
    db.executemany(
        """INSERT OR REPLACE INTO added_laws (source, law, change) VALUES (?, ?, ?)""",
        [(result.source, law, change) for law, change in result.added.items()],
    )
    db.executemany(
        """INSERT OR IGNORE INTO learned (source, key, text, since, reason) VALUES (?, ?, ?, ?, ?)""",
        [(result.source, one.key, one.text, one.since, one.reason) for one in result.learned],
    )
    db.executemany(
        """INSERT OR IGNORE INTO event_pages (event_id, url, source) VALUES (?, ?, ?)""",
        [(page.event_id, page.url, result.source) for page in result.event_pages],
    )


def _record_versions(db: sqlite3.Connection, result: WaveResult) -> None:
    db.executemany(
        """INSERT OR REPLACE INTO versions (version, document, strand, source, citation, heading, url, sha256,
               text_hash, valid_from, valid_to, valid_basis, acts, observed_from, wave_at)
           VALUES (:version, :document, :strand, :source, :citation, :heading, :url, :sha256, :text_hash, :valid_from,
               :valid_to, :valid_basis, :acts, :observed_from, :wave_at)""",
        [
            {
                **{name: getattr(one, name) for name in ("version", "source", "url", "sha256", "text_hash")},
                "document": one.reading.document,
                "strand": one.reading.strand,
                "citation": one.reading.citation,
                "heading": one.reading.provisions[0].heading,
                "valid_from": _day(one.reading.validity.valid_from),
                "valid_to": _day(one.reading.validity.valid_to),
                "valid_basis": one.reading.validity.basis,
                "acts": _json(one.reading.acts),
                "observed_from": one.observed_from,
                "wave_at": one.wave_at,
            }
            for one in result.versions
        ],
    )
    db.executemany(
        """INSERT OR REPLACE INTO provisions (version, place, eid, number, heading, text, note, pending)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            (one.version, place, part.eid, part.number, part.heading, part.text, part.note, part.pending)
            for one in result.versions
            for place, part in enumerate(one.reading.provisions)
        ),
    )
    db.executemany(
        """INSERT OR REPLACE INTO citations (version, place, eid, text, work, number, target_eid)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            (one.version, place, ref.eid, ref.text, ref.work, ref.number, ref.target_eid)
            for one in result.versions
            for place, ref in enumerate(one.reading.references)
        ),
    )
    db.executemany(
        """UPDATE versions SET closed_at = ?, closed_wave = ? WHERE version = ?""",
        [(closing.at, result.wave_at, closing.version) for closing in result.closings],
    )


def _record_places(db: sqlite3.Connection, result: WaveResult) -> None:
    db.executemany(
        """INSERT INTO documents (document, strand, source, citation, watched_since, baseline, wave_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        [
            (row.place.document, row.place.strand, result.source, row.citation, row.at, row.baseline, result.wave_at)
            for row in result.documents
        ],
    )
    for row in result.locations:
        place = (row.place.document, row.place.strand, result.source, row.url)
        if row.gone:
            db.execute(
                """UPDATE locations SET gone_at = ?, gone_wave = ? WHERE document = ? AND strand = ? AND source = ?
                   AND url = ? AND gone_at IS NULL""",
                (row.at, result.wave_at, *place),
            )
        else:
            db.execute(
                """INSERT INTO locations (document, strand, source, url, first_seen, wave_at)
                   VALUES (?, ?, ?, ?, ?, ?)""",
                (*place, row.at, result.wave_at),
            )


def _record_changes(db: sqlite3.Connection, result: WaveResult) -> None:
    rows = [
        {
            **msgspec.structs.asdict(change),
            "signals": _json(change.signals),
            "topics": _json(change.topics),
            "professions": _json(change.professions),
            "see_also": _json(change.see_also),
            "effective_on": _day(change.effective_on),
            "wave_at": result.wave_at,
            "place": place,
        }
        for place, change in enumerate(result.changes)
    ]
    if rows:
        names = ", ".join(rows[0])
        values = ", ".join(f":{name}" for name in rows[0])
        db.executemany(
            f"""INSERT OR IGNORE INTO changes ({names}) VALUES ({values})""",
            rows,
        )
    db.executemany(
        """INSERT OR REPLACE INTO events (id, source, wave_at, kind, title, pages, changes)
           VALUES (:id, :source, :wave_at, :kind, :title, :pages, :changes)""",
        [msgspec.structs.asdict(event) for event in result.events],
    )
    db.executemany(
        """INSERT INTO own_crosswalk (old_document, old_eid, document, eid, since, source, wave_at, change)
           VALUES (:old_document, :old_eid, :document, :eid, :observed_at, :source, :wave_at, :id)""",
        [
            row
            for row in rows
            if row["kind"] in MOVING
            and row["part"] == "text"
            and (row["old_eid"], row["old_document"]) != (row["eid"], row["document"])
        ],
    )


def _record_topics(db: sqlite3.Connection, result: WaveResult) -> None:
    db.executemany(
        """INSERT INTO change_topics (change, topic, words, source, wave_at) VALUES (?, ?, ?, ?, ?)""",
        [(change, found.id, found.words, result.source, result.wave_at) for change, found in result.found_words],
    )


def read_state(db: sqlite3.Connection, source: str) -> SourceState:
    """Return what the waves built so far left behind for a source."""
    key = {"source": source}
    state = SourceState()
    state.waves = db.execute("SELECT COUNT(*) FROM waves WHERE source = :source", key).fetchone()[0]
    for row in db.execute("SELECT url, state FROM page_states WHERE source = :source", key):
        page = msgspec.json.decode(row["state"], type=PageState)
        state.pages[row["url"]] = page
        state.fresh.update(page.fresh)
    for row in db.execute("SELECT document, strand, citation FROM documents WHERE source = :source", key):
        state.strands.setdefault(Place(row["document"], row["strand"]), StrandState(row["citation"]))
    _read_shown(db, key, state)
    rows = db.execute("SELECT law, change FROM removed_laws WHERE source = :source", key)
    state.removed = {row["law"]: row["change"] for row in rows}
    rows = db.execute("SELECT key, text, since, reason FROM learned WHERE source = :source", key)
    state.learned = {row["key"]: Learned(*row) for row in rows}
    return state


def _read_shown(db: sqlite3.Connection, key: Mapping[str, str], state: SourceState) -> None:
    rows = db.execute(
        """SELECT document, strand, version, text_hash, valid_from, valid_to FROM versions
           WHERE source = :source AND closed_at IS NULL ORDER BY document, strand, valid_from, text_hash""",
        key,
    )
    for row in rows:
        shown = {name: row[name] for name in ("version", "text_hash", "valid_from", "valid_to")}
        state.strands[Place(row["document"], row["strand"])].shown.append(msgspec.convert(shown, Shown))
    rows = db.execute(
        """SELECT document, strand, url FROM locations WHERE source = :source AND gone_at IS NULL
           ORDER BY wave_at, rowid""",
        key,
    )
    for row in rows:
        state.strands[Place(row["document"], row["strand"])].urls.append(row["url"])


def read_past_keys(db: sqlite3.Connection, source: str) -> set[tuple[str, str, str, date | None, date | None]]:
    """Return what tells apart the earlier texts of a source that are recorded: document, strand, text hash, term."""
    rows = db.execute(
        """SELECT document, strand, text_hash, valid_from, valid_to FROM versions
           WHERE source = :source AND INSTR(url, 'past=') > INSTR(url, '#') AND INSTR(url, '#') > 0""",
        {"source": source},
    )
    return {msgspec.convert(tuple(row), tuple[str, str, str, date | None, date | None]) for row in rows}


def read_version(db: sqlite3.Connection, version: str) -> Reading:
    """Return the reading of a known version, with provisions, acts and links (other references are left out)."""
    row = db.execute("SELECT * FROM versions WHERE version = :version", {"version": version}).fetchone()
    parts = db.execute(
        """SELECT eid, number, heading, text, note, pending FROM provisions WHERE version = :version ORDER BY place""",
        {"version": version},
    )
    return Reading(
        document=row["document"],
        citation=row["citation"],
        strand=row["strand"],
        provisions=tuple(Provision(*part) for part in parts),
        validity=msgspec.convert(
            {"valid_from": row["valid_from"], "valid_to": row["valid_to"], "basis": row["valid_basis"]}, Validity
        ),
        acts=msgspec.json.decode(row["acts"], type=tuple[Act, ...]),
        references=read_references(db, version, work=WEB),
    )


def read_references(db: sqlite3.Connection, version: str, *, work: str | None = None) -> tuple[Reference, ...]:
    """Return the citations printed in a version, in reading order; ``work`` asks for those of one body of law."""
    rows = db.execute(
        """SELECT eid, text, work, number, target_eid FROM citations
           WHERE version = :version AND (:work IS NULL OR work = :work) ORDER BY place""",
        {"version": version, "work": work},
    )
    return tuple(Reference(*row) for row in rows)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _day(day: object) -> str | None:
    return None if day is None else str(day)


def count_rows(db: sqlite3.Connection, tables: Iterable[str]) -> dict[str, int]:
    """Return how many rows each of the tables holds."""
    return {table: db.execute(f"""SELECT COUNT(*) FROM {table}""").fetchone()[0] for table in tables}
