"""Opening a database so that what is committed stays committed, and so that only the right version is touched."""

import fcntl
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kb.errors import BusyError, NewerDatabaseError, StatusQuoError

# A backup or a reader may hold the file for half a minute; waiting twice as long loses nothing.
BUSY_SECONDS = 60
LOCK_POLL_SECONDS = 0.05


class MissingDatabaseError(StatusQuoError):
    """Raised when a database that should only be read does not exist."""


class ForeignDatabaseError(StatusQuoError):
    """Raised when a file is not a database or belongs to another application."""


class OlderDatabaseError(StatusQuoError):
    """Raised when a database that should only be read must first be brought up to the running version."""


def open_database(
    path: Path, *, application: str, migrations: Sequence[str], read_only: bool = False
) -> sqlite3.Connection:
    """Open the database of ``application``, making it or bringing it up to date first.

    ``migrations`` are SQL scripts in order; the n-th leads from version n-1 to n, in one transaction each. Returns a
    connection in autocommit mode (group writes with ``transaction``) whose rows are read by name. Raises
    NewerDatabaseError, ForeignDatabaseError, and for ``read_only`` MissingDatabaseError and OlderDatabaseError.
    """
    if read_only and not path.is_file():
        raise MissingDatabaseError(f"{path}: expected the {application} database, found no file")
    if read_only:
        return _open_checked(path, application, migrations, read_only=True)
    # The step to write-ahead logging does not wait for others, as all later writes do: one opener at a time.
    with data_lock(path.parent, f"{path.name}.open", wait_seconds=BUSY_SECONDS):
        return _open_checked(path, application, migrations, read_only=False)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Do all of the enclosed writes or none; inside an open transaction, become part of it."""
    if db.in_transaction:
        yield
        return
    db.execute("BEGIN IMMEDIATE")
    with ExitStack() as on_failure:
        on_failure.callback(_roll_back, db)
        yield
        db.execute("COMMIT")
        on_failure.pop_all()


@contextmanager
def data_lock(folder: Path, name: str, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lock ``name`` of a data folder; a second holder waits ``wait_seconds``, then gets BusyError.

    The lock belongs to the process: it is freed by the operating system when the process ends in whatever way.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.lock"
    with path.open("a+", encoding="ascii") as file:
        _await_lock(file.fileno(), path, wait_seconds)
        try:
            os.ftruncate(file.fileno(), 0)
            os.pwrite(file.fileno(), str(os.getpid()).encode("ascii"), 0)
            yield
        finally:
            fcntl.flock(file.fileno(), fcntl.LOCK_UN)


def _open_checked(path: Path, application: str, migrations: Sequence[str], *, read_only: bool) -> sqlite3.Connection:
    """Connect, check whose database it is and of which version, and make it ready; closed again on any failure."""
    address = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    db = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    with ExitStack() as on_failure:
        on_failure.callback(db.close)
        db.row_factory = sqlite3.Row
        _check_application(db, path, application)
        _check_version(db, path, expected=len(migrations), read_only=read_only)
        if not read_only:
            _set_durable(db)
            _migrate(db, application, migrations)
        db.execute("PRAGMA foreign_keys = ON")
        on_failure.pop_all()
    return db


def _roll_back(db: sqlite3.Connection) -> None:
    """Undo the open transaction, unless SQLite has done so itself (a full disk, say)."""
    if db.in_transaction:
        db.execute("ROLLBACK")


def _await_lock(descriptor: int, path: Path, wait_seconds: float) -> None:
    """Take the lock of an open file, trying again until the time is over; raises BusyError."""
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = path.read_text("ascii") or "unknown"
                raise BusyError(
                    f"{path}: held by process {holder}; wait until it has ended, or end it, then try again"
                ) from None
        time.sleep(LOCK_POLL_SECONDS)


def _check_application(db: sqlite3.Connection, path: Path, application: str) -> None:
    """Refuse a file that is no database or another application's; an empty database is everybody's."""
    try:
        found = _read_number(db, "PRAGMA application_id")
        tables = _read_number(db, "SELECT COUNT(*) FROM sqlite_schema")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname != "SQLITE_NOTADB":
            raise
        raise ForeignDatabaseError(f"{path}: expected the {application} database, found no database") from error
    expected = _number_application(application)
    if found != expected and (found != 0 or tables != 0):
        raise ForeignDatabaseError(
            f"{path}: expected the {application} database (application id {expected}), found application id {found}"
        )


def _check_version(db: sqlite3.Connection, path: Path, *, expected: int, read_only: bool) -> None:
    """Refuse a database of a newer version, and for reading also one of an older version."""
    found = _read_version(db)
    if found > expected:
        raise NewerDatabaseError(
            f"{path}: expected schema version {expected} or lower, found {found}; it was written by a newer version "
            "of statusquo: upgrade statusquo, or use the data folder that belongs to this version"
        )
    if read_only and found < expected:
        raise OlderDatabaseError(
            f"{path}: expected schema version {expected}, found {found}; run any writing command once to bring it up"
        )


def _set_durable(db: sqlite3.Connection) -> None:
    """Make every commit survive a crash and a power cut, with readers that never wait for the writer."""
    if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")


def _migrate(db: sqlite3.Connection, application: str, migrations: Sequence[str]) -> None:
    """Bring the schema up, one version a transaction: killed in between, it goes on from there."""
    for version in range(_read_version(db), len(migrations)):
        with transaction(db):
            for statement in _split_statements(migrations[version]):
                db.execute(statement)
            db.execute(f"PRAGMA application_id = {_number_application(application)}")
            db.execute(f"PRAGMA user_version = {version + 1}")


def _split_statements(script: str) -> Iterator[str]:
    """Split a script into statements as SQLite itself sees them, triggers included (executescript would commit)."""
    statement = ""
    for piece in script.split(";"):
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _number_application(application: str) -> int:
    """Turn an application's name into the positive 32-bit number SQLite keeps in a file's header."""
    return zlib.crc32(application.encode()) & 0x7FFFFFFF


def _read_version(db: sqlite3.Connection) -> int:
    return _read_number(db, "PRAGMA user_version")


def _read_number(db: sqlite3.Connection, question: str) -> int:
    return int(db.execute(question).fetchone()[0])
