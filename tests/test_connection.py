"""A database is durable, belongs to one application, and is never touched by the wrong version."""

import os
import sqlite3
import subprocess
import sys
import threading

import pytest

from kb.errors import BusyError, NewerDatabaseError
from kb.store.connection import (
    ForeignDatabaseError,
    MissingDatabaseError,
    OlderDatabaseError,
    data_lock,
    open_database,
    transaction,
)

FIRST = "CREATE TABLE rules (id TEXT PRIMARY KEY) STRICT;"
SECOND = """
    -- A comment; with a semicolon.
    CREATE TABLE pages (rule TEXT REFERENCES rules (id)) STRICT;
    CREATE TRIGGER rules_stay BEFORE DELETE ON rules BEGIN SELECT 1; SELECT RAISE(ABORT, 'stay; here'); END;
    INSERT INTO rules VALUES ('second')
"""


def open_rules(path, *migrations, **options):
    return open_database(path, application="rules", migrations=migrations or (FIRST,), **options)


def test_commits_are_durable_and_references_hold(tmp_path):
    db = open_rules(tmp_path / "new" / "rules.db", FIRST, SECOND)

    modes = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]

    full = 2
    assert ["wal", full, 1] == modes
    assert db.execute("PRAGMA busy_timeout").fetchone()[0] >= 30_000
    with pytest.raises(sqlite3.IntegrityError):
        db.execute("INSERT INTO pages VALUES ('unknown')")


def test_older_database_is_brought_up_and_keeps_its_rows(tmp_path):
    path = tmp_path / "rules.db"
    old = open_rules(path, FIRST)
    old.execute("INSERT INTO rules VALUES ('first')")
    old.close()

    db = open_rules(path, FIRST, SECOND)

    assert [("first",), ("second",)] == [tuple(row) for row in db.execute("SELECT id FROM rules ORDER BY id")]
    assert 2 == db.execute("PRAGMA user_version").fetchone()[0]
    with pytest.raises(sqlite3.IntegrityError, match="stay; here"):
        db.execute("DELETE FROM rules")


def test_failed_migration_leaves_the_version_before_it(tmp_path):
    path = tmp_path / "rules.db"
    with pytest.raises(sqlite3.OperationalError):
        open_rules(path, FIRST, "CREATE TABLE half (id TEXT) STRICT; CREATE TABLE rules (id TEXT) STRICT;")

    db = open_rules(path, FIRST)

    assert ["rules"] == [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]


def test_newer_database_is_refused_untouched(tmp_path):
    path = tmp_path / "rules.db"
    open_rules(path, FIRST, SECOND).close()
    before = path.read_bytes()

    with pytest.raises(NewerDatabaseError, match="expected schema version 1 or lower, found 2") as caught:
        open_rules(path, FIRST)

    assert str(path) in str(caught.value)
    assert before == path.read_bytes()


def test_database_of_another_application_is_refused(tmp_path):
    path = tmp_path / "rules.db"
    open_database(path, application="pages", migrations=(FIRST,)).close()

    with pytest.raises(ForeignDatabaseError, match="expected the rules database"):
        open_rules(path)


def test_stranger_with_tables_is_refused(tmp_path):
    path = tmp_path / "rules.db"
    stranger = sqlite3.connect(path)
    stranger.execute("CREATE TABLE notes (text TEXT)")
    stranger.close()

    with pytest.raises(ForeignDatabaseError, match="found application id 0"):
        open_rules(path)


def test_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "rules.db"
    path.write_bytes(b"<html>" * 200)

    with pytest.raises(ForeignDatabaseError, match="found no database"):
        open_rules(path)


def test_reading_neither_makes_nor_migrates_nor_writes(tmp_path):
    path = tmp_path / "rules.db"
    with pytest.raises(MissingDatabaseError, match="found no file"):
        open_rules(path, read_only=True)
    open_rules(path, FIRST).close()
    with pytest.raises(OlderDatabaseError, match="expected schema version 2, found 1"):
        open_rules(path, FIRST, SECOND, read_only=True)

    db = open_rules(path, FIRST, read_only=True)

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("INSERT INTO rules VALUES ('first')")


def test_many_may_open_a_new_database_at_once(tmp_path):
    failures = []
    start = threading.Barrier(8)

    def open_one():
        start.wait()
        try:
            open_rules(tmp_path / "rules.db", FIRST, SECOND).close()
        except sqlite3.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [] == failures


def insert_in_turn(db, *names):
    with transaction(db):
        for name in names:
            with transaction(db):
                db.execute("INSERT INTO rules VALUES (:name)", {"name": name})


def test_transaction_does_all_or_nothing(tmp_path):
    db = open_rules(tmp_path / "rules.db")
    with transaction(db):
        db.execute("INSERT INTO rules VALUES ('kept')")

    with pytest.raises(sqlite3.IntegrityError):
        insert_in_turn(db, "dropped", "dropped too", "kept")

    assert [("kept",)] == [tuple(row) for row in db.execute("SELECT id FROM rules")]


def test_second_holder_of_a_lock_is_told_who_holds_it(tmp_path):
    with (
        data_lock(tmp_path, "build"),
        pytest.raises(BusyError, match=rf"build\.lock: held by process {os.getpid()};.*wait"),
        data_lock(tmp_path, "build"),
    ):
        pass

    with data_lock(tmp_path, "build"), data_lock(tmp_path, "crawl"):
        pass


def test_second_holder_waits_if_told_to(tmp_path):
    held, order = threading.Event(), []

    def hold():
        with data_lock(tmp_path, "build"):
            held.set()
            order.append("first")
            threading.Event().wait(0.2)
            order.append("first is done")

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    with data_lock(tmp_path, "build", wait_seconds=60):
        order.append("second")
    holder.join()

    assert ["first", "first is done", "second"] == order


def test_lock_of_a_killed_process_is_free(tmp_path):
    script = (
        "import os, pathlib, sys; from kb.store.connection import data_lock\n"
        "with data_lock(pathlib.Path(sys.argv[1]), 'build'): os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)

    with data_lock(tmp_path, "build"):
        holder = (tmp_path / "build.lock").read_text()

    assert -9 == killed.returncode
    assert str(os.getpid()) == holder
