"""The archive: every answer of the web ever recorded, append-only, with the log that proves it unaltered.

One file, ``archive.db``, holds all that cannot be derived and is the only thing to back up. ``seq`` numbers fetches
from 0 without gaps and is the index of the fetch's leaf in the log.
"""

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Literal

import msgspec

from kb.errors import NotFoundError, StatusQuoError
from kb.merkle import Leaf, compute_root, encode_leaf, hash_leaf, write_canonical_json
from kb.models import Capture, Fetch, Wave
from kb.snapshots import Packed, hash_body, keep_headers, pack, read_content_type, unpack
from kb.store.connection import open_database, transaction
from kb.store.frontier import acknowledge as acknowledge_urls
from kb.store.hosts import HOSTS

RunKind = Literal["import", "crawl"]

# A batch is one transaction: large enough that its sync to disk costs little, small enough to stay in memory.
BATCH_CAPTURES = 500
BATCH_BYTES = 32 * 1024 * 1024

MIGRATIONS = (
    """
    CREATE TABLE log (
        log_id TEXT NOT NULL PRIMARY KEY,
        created_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE runs (
        run TEXT NOT NULL PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('import', 'crawl')),
        started_at TEXT NOT NULL,
        closed_at TEXT,
        note TEXT NOT NULL DEFAULT ''
    ) STRICT;

    -- A takedown leaves the row and takes its body.
    CREATE TABLE snapshots (
        id INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL UNIQUE CHECK (LENGTH(sha256) = 64),
        size INTEGER NOT NULL,
        codec TEXT NOT NULL,
        base INTEGER REFERENCES snapshots (id),
        body BLOB
    ) STRICT;

    CREATE TABLE fetches (
        seq INTEGER PRIMARY KEY CHECK (seq >= 0),
        run TEXT NOT NULL REFERENCES runs (run),
        source TEXT NOT NULL,
        url TEXT NOT NULL,
        final_url TEXT NOT NULL,
        redirects TEXT NOT NULL CHECK (JSON_VALID(redirects)),
        observed_at TEXT NOT NULL CHECK (observed_at GLOB '????-??-??T??:??:??*Z'),
        status INTEGER NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN
            ('ok', 'not_modified', 'redirected', 'missing', 'blocked', 'refused', 'error', 'truncated')),
        media_type TEXT NOT NULL,
        charset TEXT NOT NULL,
        headers TEXT NOT NULL CHECK (JSON_VALID(headers)),
        sha256 TEXT REFERENCES snapshots (sha256),
        size INTEGER NOT NULL,
        elapsed_ms INTEGER NOT NULL,
        error TEXT NOT NULL
    ) STRICT;
    CREATE INDEX fetches_by_run ON fetches (run, source, observed_at);
    CREATE INDEX fetches_by_source ON fetches (source, observed_at, run);

    CREATE TABLE leaves (
        seq INTEGER PRIMARY KEY REFERENCES fetches (seq),
        hash BLOB NOT NULL CHECK (LENGTH(hash) = 32)
    ) STRICT;

    CREATE TABLE frontier (
        source TEXT NOT NULL,
        url TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'leased', 'done')),
        due_at TEXT NOT NULL,
        leased_until TEXT,
        lease_owner TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        priority INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (source, url),
        CHECK ((state = 'leased') = (leased_until IS NOT NULL AND lease_owner IS NOT NULL))
    ) STRICT;
    CREATE INDEX frontier_open ON frontier (priority DESC, due_at, source, url) WHERE state <> 'done';

    -- In order of use (id), as clocks may go back.
    CREATE TABLE declarations (
        id INTEGER PRIMARY KEY,
        source TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        first_used_at TEXT NOT NULL,
        body TEXT NOT NULL CHECK (JSON_VALID(body))
    ) STRICT;
    CREATE INDEX declarations_by_source ON declarations (source, id);

    CREATE TRIGGER fetches_stay BEFORE UPDATE ON fetches BEGIN SELECT RAISE(ABORT, 'fetches are never altered'); END;
    CREATE TRIGGER fetches_last BEFORE DELETE ON fetches BEGIN SELECT RAISE(ABORT, 'fetches are never removed'); END;
    CREATE TRIGGER leaves_stay BEFORE UPDATE ON leaves BEGIN SELECT RAISE(ABORT, 'leaves are never altered'); END;
    CREATE TRIGGER leaves_last BEFORE DELETE ON leaves BEGIN SELECT RAISE(ABORT, 'leaves are never removed'); END;
    """,
    # A crawl asks for the last answer of a page and for the open pages of one source.
    """
    CREATE INDEX fetches_by_url ON fetches (source, url, observed_at);
    CREATE INDEX frontier_by_source ON frontier (source, priority DESC, due_at, url) WHERE state <> 'done';
    """,
    # What an installed program made of a snapshot; the build reads it and never runs one. A row without a tool says
    # that the snapshot was looked at and needs none.
    """
    CREATE TABLE renditions (
        sha256 TEXT NOT NULL PRIMARY KEY REFERENCES snapshots (sha256),
        tool TEXT NOT NULL,
        made_at TEXT NOT NULL,
        body TEXT NOT NULL CHECK (JSON_VALID(body))
    ) STRICT;
    CREATE TRIGGER renditions_stay BEFORE UPDATE ON renditions
    BEGIN SELECT RAISE(ABORT, 'renditions are never altered'); END;
    """,
    HOSTS,
)

INSERT_SNAPSHOT = """
    INSERT INTO snapshots (sha256, size, codec, body)
    VALUES (:sha256, :size, :codec, :body)
    ON CONFLICT (sha256) DO NOTHING
"""

INSERT_FETCH = """
    INSERT INTO fetches (seq, run, source, url, final_url, redirects, observed_at, status, outcome, media_type,
        charset, headers, sha256, size, elapsed_ms, error)
    VALUES (:seq, :run, :source, :url, :final_url, :redirects, :observed_at, :status, :outcome, :media_type,
        :charset, :headers, :sha256, :size, :elapsed_ms, :error)
"""

# An import's wave is a source's UTC day over all imports, a crawl's wave a source's part of one run.
SELECT_WAVES = """
    SELECT fetches.source AS source,
        runs.kind AS kind,
        CASE runs.kind WHEN 'crawl' THEN fetches.run ELSE SUBSTR(fetches.observed_at, 1, 10) END AS part,
        MAX(RTRIM(fetches.observed_at, 'Z')) || 'Z' AS at
    FROM fetches
    JOIN runs ON runs.run = fetches.run
    WHERE runs.closed_at IS NOT NULL
    GROUP BY 1, 2, 3
    ORDER BY RTRIM(at, 'Z'), source, kind, part
"""

# Of a fetch recorded twice the same row is taken whatever the order of the imports, hence its facts before seq;
# falling, because that takes "truncated" before "ok" and a media type before none.
SELECT_WAVE_FETCHES = """
    SELECT fetches.seq, fetches.run, fetches.source, fetches.url, fetches.observed_at, fetches.status,
        fetches.outcome, fetches.sha256, fetches.media_type, fetches.charset, fetches.size, fetches.final_url
    FROM fetches
    JOIN runs ON runs.run = fetches.run
    WHERE runs.closed_at IS NOT NULL
        AND runs.kind = :kind
        AND fetches.source = :source
        AND {part}
    ORDER BY fetches.url, RTRIM(fetches.observed_at, 'Z'), fetches.sha256, fetches.status,
        fetches.outcome DESC, fetches.media_type DESC, fetches.charset DESC, fetches.seq
"""

# A day's instants lie between its 'T' and the letter after it.
WAVE_PARTS: Mapping[RunKind, str] = {
    "crawl": "fetches.run = :part",
    "import": "fetches.observed_at BETWEEN :part || 'T' AND :part || 'U'",
}


class ClosedRunError(StatusQuoError):
    """Raised when something is to be recorded in a run that is closed or was never started."""


class Counts(msgspec.Struct, frozen=True):
    """What was recorded: fetches, snapshots not known before, and those snapshots' bytes raw and as stored."""

    fetches: int = 0
    snapshots: int = 0
    raw_bytes: int = 0
    stored_bytes: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        pairs = zip(msgspec.structs.astuple(self), msgspec.structs.astuple(other), strict=True)
        return Counts(*(mine + theirs for mine, theirs in pairs))


class WaveKey(msgspec.Struct, frozen=True):
    """Names a wave: its latest instant, its source, and the run (crawl) or the UTC day (import) it is made of."""

    at: str
    source: str
    kind: RunKind
    part: str


class WaveFingerprint(msgspec.Struct, frozen=True):
    """A wave and the hash over its fetches' facts in order: equal hashes build to equal rows."""

    key: WaveKey
    sha256: str


class Declaration(msgspec.Struct, frozen=True):
    """A source's declaration as a run used it: its hash, when it was first used, and its JSON."""

    source: str
    sha256: str
    first_used_at: str
    body: str


def open_archive(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open the archive, making it where there is none; raises what kb.store.connection.open_database raises."""
    return open_database(path, application="statusquo archive", migrations=MIGRATIONS, read_only=read_only)


def open_empty_archive() -> sqlite3.Connection:
    """Make an archive in memory that holds nothing: what a crawl knows where there is none yet."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    for script in MIGRATIONS:
        db.executescript(script)
    return db


def ensure_log(db: sqlite3.Connection, log_id: str, created_at: str) -> str:
    """Give a new archive's log its random id, once; returns the id the log has."""
    with transaction(db):
        db.execute(
            """
            INSERT INTO log (log_id, created_at)
            SELECT :log_id, :created_at WHERE NOT EXISTS (SELECT 1 FROM log)
            """,
            {"log_id": log_id, "created_at": created_at},
        )
        return read_log_id(db)


def start_run(db: sqlite3.Connection, run: str, kind: RunKind, started_at: str, note: str = "") -> None:
    """Start a run; what it records is not built before it is closed. ``run`` must be new."""
    with transaction(db):
        db.execute(
            """
            INSERT INTO runs (run, kind, started_at, note)
            VALUES (:run, :kind, :started_at, :note)
            """,
            {"run": run, "kind": kind, "started_at": started_at, "note": note},
        )


def close_run(db: sqlite3.Connection, run: str, closed_at: str) -> None:
    """Close a run, so that its waves are built; raises ClosedRunError if it is not open."""
    with transaction(db):
        _check_open(db, run)
        db.execute("UPDATE runs SET closed_at = :at WHERE run = :run", {"at": closed_at, "run": run})


def record_captures(
    db: sqlite3.Connection, run: str, captures: Iterable[Capture], *, acknowledge: Iterable[tuple[str, str]] = ()
) -> Counts:
    """Record captures with their snapshots and leaves, in order, in one transaction per batch.

    ``acknowledge`` names (source, url) pairs of the frontier that are done with the last batch, in its transaction.
    Bodies are drawn from ``captures`` a batch at a time. Returns what was recorded; raises ClosedRunError.
    """
    counts = Counts()
    for batch, is_last in _split_batches(captures):
        counts += _record_batch(db, run, batch, acknowledge if is_last else ())
    return counts


def record_declarations(db: sqlite3.Connection, declarations: Mapping[str, object], used_at: str) -> None:
    """Keep the declarations (by source id, plain data) a run uses, where they differ from the last ones used."""
    with transaction(db):
        latest = {declaration.source: declaration.sha256 for declaration in read_declarations(db)}
        for source, content in sorted(declarations.items()):
            body = write_canonical_json(content)
            sha256 = hash_body(body)
            if latest.get(source) == sha256:
                continue
            db.execute(
                """
                INSERT INTO declarations (source, sha256, first_used_at, body)
                VALUES (:source, :sha256, :used_at, :body)
                """,
                {"source": source, "sha256": sha256, "used_at": used_at, "body": body.decode()},
            )


def read_declarations(db: sqlite3.Connection) -> list[Declaration]:
    """Read every declaration ever used, by source, in the order of use: a source's last one is in force."""
    rows = db.execute("SELECT source, sha256, first_used_at, body FROM declarations ORDER BY source, id")
    return [Declaration(**dict(row)) for row in rows]


def read_snapshot(db: sqlite3.Connection, sha256: str) -> bytes:
    """Read the bytes of a snapshot; raises DamagedSnapshotError, and NotFoundError if the archive has no bytes."""
    row = db.execute(
        """
        SELECT sha256, size, codec, body FROM snapshots
        WHERE sha256 = :sha256 AND body IS NOT NULL
        """,
        {"sha256": sha256},
    ).fetchone()
    if row is None:
        raise NotFoundError(f"snapshot {sha256}: the archive holds no bytes of it")
    return unpack(Packed(**dict(row)))


def list_waves(db: sqlite3.Connection) -> list[WaveKey]:
    """List the waves of all closed runs in wave order: by (at, source)."""
    return [WaveKey(row["at"], row["source"], row["kind"], row["part"]) for row in db.execute(SELECT_WAVES)]


def read_wave(db: sqlite3.Connection, key: WaveKey) -> Wave:
    """Read one wave: its fetches by (url, instant, sha256), one recorded more than once appearing once."""
    query = SELECT_WAVE_FETCHES.format(part=WAVE_PARTS[key.kind])
    rows = db.execute(query, {"kind": key.kind, "source": key.source, "part": key.part})
    same = groupby(rows, key=lambda row: (row["url"], row["observed_at"], row["sha256"], row["status"]))
    return Wave(key.at, key.source, tuple(Fetch(**dict(next(repeats))) for _, repeats in same))


def read_errors(db: sqlite3.Connection, key: WaveKey) -> dict[tuple[str, str], str]:
    """Return what was said of the fetches of a wave that failed, by (URL, instant)."""
    query = f"""
        SELECT url, observed_at, MAX(error) AS error FROM fetches
        JOIN runs ON runs.run = fetches.run
        WHERE runs.closed_at IS NOT NULL AND runs.kind = :kind AND fetches.source = :source AND error <> ''
            AND {WAVE_PARTS[key.kind]}
        GROUP BY url, observed_at
    """
    rows = db.execute(query, {"kind": key.kind, "source": key.source, "part": key.part})
    return {(row["url"], row["observed_at"]): row["error"] for row in rows}


def read_waves(db: sqlite3.Connection) -> Iterator[Wave]:
    """Read the waves of all closed runs in wave order; bodies are read one by one with ``read_snapshot``."""
    for key in list_waves(db):
        yield read_wave(db, key)


def fingerprint_waves(db: sqlite3.Connection) -> Iterator[WaveFingerprint]:
    """Hash every wave in wave order, so that a build can tell which are new or altered since it last looked."""
    for key in list_waves(db):
        yield WaveFingerprint(key, fingerprint_wave(read_wave(db, key)))


def fingerprint_wave(wave: Wave) -> str:
    """Hash the facts of a wave's fetches in order (not run and seq, which a second import alters); 64 digits."""
    digest = hashlib.sha256()
    for fetch in wave.fetches:
        facts = msgspec.structs.asdict(fetch) | {"seq": None, "run": None}
        digest.update(write_canonical_json(facts) + b"\n")
    return digest.hexdigest()


def compute_tree_head(db: sqlite3.Connection) -> tuple[int, bytes]:
    """Compute the log's size and tree head (RFC 6962) from its leaves."""
    size = db.execute("SELECT COUNT(*) FROM leaves").fetchone()[0]
    return size, compute_root(row["hash"] for row in db.execute("SELECT hash FROM leaves ORDER BY seq"))


def _split_batches(captures: Iterable[Capture]) -> Iterator[tuple[list[Capture], bool]]:
    """Draw captures in batches, each with whether it is the last, which alone may be empty."""
    batch: list[Capture] = []
    size = 0
    for capture in captures:
        if len(batch) == BATCH_CAPTURES or size >= BATCH_BYTES:
            yield batch, False
            batch, size = [], 0
        batch.append(capture)
        size += len(capture.body or b"")
    yield batch, True


def _record_batch(
    db: sqlite3.Connection, run: str, captures: list[Capture], acknowledge: Iterable[tuple[str, str]]
) -> Counts:
    """Record one batch in one transaction; bytes are packed before it begins, as it holds up every other writer."""
    hashes = [None if capture.body is None else hash_body(capture.body) for capture in captures]
    packed = _pack_unknown(db, captures, hashes)
    with transaction(db):
        _check_open(db, run)
        db.executemany(INSERT_SNAPSHOT, [msgspec.structs.asdict(snapshot) for snapshot in packed])
        rows = _make_rows(run, _read_next_seq(db), captures, hashes)
        log_id = read_log_id(db)
        db.executemany(INSERT_FETCH, rows)
        db.executemany("INSERT INTO leaves (seq, hash) VALUES (:seq, :hash)", [_make_leaf(log_id, row) for row in rows])
        acknowledge_urls(db, acknowledge)
    return Counts(
        fetches=len(rows),
        snapshots=len(packed),
        raw_bytes=sum(snapshot.size for snapshot in packed),
        stored_bytes=sum(len(snapshot.body) for snapshot in packed),
    )


def _pack_unknown(db: sqlite3.Connection, captures: list[Capture], hashes: list[str | None]) -> list[Packed]:
    """Pack the bodies the archive does not have yet, each once."""
    known = db.execute(
        """
        SELECT sha256 FROM snapshots
        WHERE sha256 IN (SELECT value FROM JSON_EACH(:hashes))
        """,
        {"hashes": write_canonical_json(hashes).decode()},
    )
    skip = {row["sha256"] for row in known}
    bodies = {sha256: capture.body for sha256, capture in zip(hashes, captures, strict=True)}
    return [pack(body) for sha256, body in bodies.items() if body is not None and sha256 not in skip]


def _make_rows(run: str, first_seq: int, captures: list[Capture], hashes: list[str | None]) -> list[dict[str, object]]:
    """Turn captures into rows of fetches, dropping every header that is not kept."""
    return [
        _make_row(capture, {"run": run, "seq": first_seq + index, "sha256": sha256})
        for index, (capture, sha256) in enumerate(zip(captures, hashes, strict=True))
    ]


def _make_row(capture: Capture, identity: Mapping[str, object]) -> dict[str, object]:
    headers = keep_headers(capture.headers)
    media_type, charset = read_content_type(capture.media_type, headers)
    return {
        **identity,
        "source": capture.source,
        "url": capture.url,
        "final_url": capture.final_url or capture.url,
        "redirects": write_canonical_json(capture.redirects).decode(),
        "observed_at": capture.observed_at,
        "status": capture.status,
        "outcome": capture.outcome,
        "media_type": media_type,
        "charset": charset,
        "headers": write_canonical_json(headers).decode(),
        "size": len(capture.body or b""),
        "elapsed_ms": capture.elapsed_ms,
        "error": capture.error,
    }


def write_leaf(log_id: str, row: Mapping[str, object]) -> bytes:
    """Write the leaf of a row of fetches, from the very values that are stored."""
    facts = {**row, "log": log_id, "headers": msgspec.json.decode(str(row["headers"]))}
    return encode_leaf(msgspec.convert(facts, Leaf))


def _make_leaf(log_id: str, row: Mapping[str, object]) -> dict[str, object]:
    return {"seq": row["seq"], "hash": hash_leaf(write_leaf(log_id, row))}


def _check_open(db: sqlite3.Connection, run: str) -> None:
    row = db.execute("SELECT closed_at FROM runs WHERE run = :run", {"run": run}).fetchone()
    if row is None or row["closed_at"] is not None:
        found = "no such run" if row is None else f"closed at {row['closed_at']}"
        raise ClosedRunError(f"run {run}: expected an open run, found: {found}")


def _read_next_seq(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT COALESCE(MAX(seq) + 1, 0) FROM fetches").fetchone()[0])


def read_log_id(db: sqlite3.Connection) -> str:
    """Return the id of the archive's log."""
    return str(db.execute("SELECT log_id FROM log").fetchone()["log_id"])
