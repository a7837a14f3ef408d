"""Move fetches between archives: read them whole in the order they were recorded, and restore runs as they were."""

import sqlite3
from collections.abc import Iterator, Sequence

import msgspec

from kb.merkle import write_canonical_json
from kb.models import Run, Transfer
from kb.store.connection import transaction

# The end of time as text: after every instant.
FOREVER = "9999-12-31T23:59:59.999999"

SELECT_TRANSFERS = """
    SELECT fetches.run, runs.kind, runs.started_at, runs.closed_at, fetches.seq, fetches.source, fetches.url,
        fetches.final_url, fetches.redirects, fetches.observed_at, fetches.status, fetches.outcome,
        fetches.media_type, fetches.charset, fetches.headers, fetches.sha256, fetches.elapsed_ms, fetches.error
    FROM fetches
    JOIN runs ON runs.run = fetches.run
    WHERE runs.closed_at IS NOT NULL
        AND (:every OR fetches.source IN (SELECT value FROM JSON_EACH(:sources)))
        AND RTRIM(fetches.observed_at, 'Z') BETWEEN RTRIM(:since, 'Z') AND RTRIM(:until, 'Z')
    ORDER BY fetches.seq
"""

SELECT_SAME_FETCH = """
    SELECT 1 FROM fetches
    WHERE source = :source AND url = :url AND observed_at = :observed_at AND run = :run AND status = :status
"""

SELECT_BODY_AT = """
    SELECT sha256 FROM fetches
    WHERE source = :source AND url = :url AND RTRIM(observed_at, 'Z') = RTRIM(:at, 'Z') AND sha256 IS NOT NULL
    ORDER BY seq
    LIMIT 1
"""


class TransferFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which fetches to move: of these sources (none: all), observed from ``since`` to ``until`` (UTC instants)."""

    sources: Sequence[str] = ()
    since: str = ""
    until: str = FOREVER


class BodyAt(msgspec.Struct, frozen=True):
    """Names a capture by its source, its URL and its instant."""

    source: str
    url: str
    at: str


def count_transfers(db: sqlite3.Connection, wanted: TransferFilter) -> int:
    """Count the fetches of closed runs that are wanted."""
    return sum(1 for _ in db.execute(SELECT_TRANSFERS, _name_values(wanted)))


def read_transfers(db: sqlite3.Connection, wanted: TransferFilter) -> Iterator[Transfer]:
    """Read the fetches of closed runs that are wanted, in the order they were recorded."""
    for row in db.execute(SELECT_TRANSFERS, _name_values(wanted)):
        facts = dict(row)
        run = Run(*(facts.pop(name) for name in Run.__struct_fields__))
        facts["redirects"] = msgspec.json.decode(row["redirects"], type=tuple[str, ...])
        facts["headers"] = msgspec.json.decode(row["headers"], type=dict[str, str])
        yield Transfer(run=run, **facts)


def restore_run(db: sqlite3.Connection, run: Run) -> bool:
    """Begin a run that another archive recorded, or go on with one whose restoring was interrupted.

    Until ``close_restored`` it is an import that is not built. Returns False where the archive holds it, closed.
    """
    with transaction(db):
        db.execute(
            """
            INSERT INTO runs (run, kind, started_at, note)
            VALUES (:run, 'import', :started_at, 'restored')
            ON CONFLICT (run) DO NOTHING
            """,
            {"run": run.run, "started_at": run.started_at},
        )
        row = db.execute("SELECT closed_at, note FROM runs WHERE run = :run", {"run": run.run}).fetchone()
    return bool(row["closed_at"] is None and row["note"] == "restored")


def close_restored(db: sqlite3.Connection, run: Run) -> None:
    """Close a restored run as it was closed where it was recorded: now it is built, in the waves it had there."""
    with transaction(db):
        db.execute(
            """
            UPDATE runs SET closed_at = :closed_at, kind = :kind
            WHERE run = :run AND closed_at IS NULL AND note = 'restored'
            """,
            {"run": run.run, "closed_at": run.closed_at, "kind": run.kind},
        )


def has_fetch(db: sqlite3.Connection, transfer: Transfer) -> bool:
    """Tell whether the archive holds this very fetch."""
    values = {name: getattr(transfer, name) for name in ("source", "url", "observed_at", "status")}
    return db.execute(SELECT_SAME_FETCH, {**values, "run": transfer.run.run}).fetchone() is not None


def find_body_at(db: sqlite3.Connection, capture: BodyAt) -> str | None:
    """Find the hash of the bytes that a capture of an instant had, None if the archive holds no such capture."""
    row = db.execute(SELECT_BODY_AT, msgspec.structs.asdict(capture)).fetchone()
    return None if row is None else str(row["sha256"])


def _name_values(wanted: TransferFilter) -> dict[str, object]:
    return {
        "every": not wanted.sources,
        "sources": write_canonical_json(list(wanted.sources)).decode(),
        "since": wanted.since,
        "until": wanted.until,
    }
