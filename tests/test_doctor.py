"""The doctor finds what is missing, damaged, foreign, unbuilt, stale or suspect, and says what to do."""

import sqlite3
from contextlib import closing
from datetime import date

import pytest

from kb.doctor import Examination, examine, is_damaged, needs_action
from tests.build import make_source
from tests.example_web import WEEKS, build_web, declare, list_pages, record

TODAY = date(2024, 7, 17)


def list_codes(data, weight="act", **facts):
    findings = examine(data, Examination(**{"today": TODAY, **facts}))
    return [finding.code for finding in findings if finding.weight == weight]


def build_calm(folder):
    """Build only the first week, in which nothing is wrong."""
    return build_web(folder, [page for page in list_pages() if page[0] == WEEKS[0] and page[2] is not None])


def test_sound_fresh_and_built_folder_needs_nobody(tmp_path):
    data = build_calm(tmp_path)

    findings = examine(data, Examination(today=date(2024, 1, 10), deep=True))

    assert not needs_action(findings)
    assert {"sound", "fresh", "rehashed"} == {finding.code for finding in findings}


def test_missing_databases_are_named_with_what_makes_them(tmp_path):
    findings = examine(tmp_path, Examination(today=TODAY))

    assert ["kb import FILE fills it", "kb build makes it"] == [finding.advice for finding in findings]


def test_source_not_read_for_two_rounds_is_stale(tmp_path):
    data = build_calm(tmp_path)

    codes = [list_codes(data, today=day) for day in (date(2024, 1, 22), date(2024, 1, 23))]

    assert [[], ["stale", "stale"]] == codes


def test_pages_not_trusted_now_are_listed_with_their_reasons(tmp_path):
    data = build_web(tmp_path)

    findings = examine(data, Examination(today=TODAY))
    suspects = [finding.message for finding in findings if finding.code == "suspect"]

    assert [True] == ["not found; unavailable since" in message for message in suspects]


def test_problems_are_told_but_need_nobody(tmp_path):
    data = build_web(tmp_path)

    assert {"problem"} == set(list_codes(data, weight="note"))


def test_waves_not_built_are_named(tmp_path):
    data = build_calm(tmp_path)
    record(tmp_path, [page for page in list_pages() if page[0] == WEEKS[1]], run="b")

    findings = examine(data, Examination(today=date(2024, 1, 16)))
    waiting = [finding.message for finding in findings if finding.code == "unbuilt"]

    assert [f"2 waves are not built: us-xx-board-rules {WEEKS[1]}; us-xx-code {WEEKS[1]}"] == waiting


def test_source_declared_but_never_captured_is_silent(tmp_path):
    data = build_calm(tmp_path)

    codes = list_codes(data, today=date(2024, 1, 10), sources=[make_source("us-xx-fees")])

    assert ["silent"] == codes


def test_source_without_any_declaration_is_foreign(tmp_path):
    data = build_calm(tmp_path)
    with closing(sqlite3.connect(data / "archive.db")) as db, db:
        db.execute("DELETE FROM declarations WHERE source = 'us-xx-code'")

    assert "foreign" in list_codes(data, today=date(2024, 1, 10))
    assert "foreign" not in list_codes(data, today=date(2024, 1, 10), sources=declare(tmp_path / "again"))


def test_only_a_deep_look_finds_a_damaged_snapshot(tmp_path):
    data = build_calm(tmp_path)
    with closing(sqlite3.connect(data / "archive.db")) as db, db:
        db.execute("UPDATE snapshots SET body = x'00' WHERE id = 1")

    shallow, deep = (examine(data, Examination(today=TODAY, deep=deep)) for deep in (False, True))

    assert [False, True] == [is_damaged(shallow), is_damaged(deep)]


@pytest.mark.parametrize("name", ["archive.db", "kb.db"])
def test_file_that_is_no_database_needs_somebody(tmp_path, name):
    data = build_calm(tmp_path)
    for leftover in data.glob(f"{name}-*"):
        leftover.unlink()
    (data / name).write_bytes(b"not a database at all" * 100)

    assert ["unreadable"] == [code for code in list_codes(data) if code == "unreadable"]


def test_page_overwritten_inside_a_database_is_damage(tmp_path):
    data = build_calm(tmp_path)
    with closing(sqlite3.connect(data / "kb.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = db.execute("PRAGMA page_size").fetchone()[0]
        root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'versions'").fetchone()[0]
    raw = bytearray((data / "kb.db").read_bytes())
    raw[(root - 1) * size : root * size] = b"\xff" * size
    (data / "kb.db").write_bytes(raw)

    assert ["damaged_file"] == list_codes(data, weight="damage")


def test_source_whose_pages_were_never_read_is_told(tmp_path):
    data = build_web(tmp_path, [(WEEKS[0], "https://code.example.gov/code/1-1.html", None)])

    assert ["unread"] == list_codes(data)
