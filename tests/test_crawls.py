"""A conditional request says only what the archive can stand for."""

import pytest

from kb.store.archive import close_run, ensure_log, open_archive, record_captures, start_run
from kb.store.crawls import (
    LastAnswer,
    has_wave_at,
    read_last_answers,
    read_run_fetches,
    read_validators,
)
from tests.build import URL, make_capture

SOURCE = "us-xx-rules"
NEVER = "2030-01-01T00:00:00Z"


@pytest.fixture
def db(tmp_path):
    db = open_archive(tmp_path / "archive.db")
    ensure_log(db, "log", "2024-01-01T00:00:00Z")
    for run in ("one", "two"):
        start_run(db, run, "crawl", "2024-01-01T00:00:00Z")
    return db


def record(db, day, outcome="ok", body=b"text", run="one", **headers):
    at = f"2024-01-{day:02}T00:00:00Z"
    kept = body if outcome == "ok" else None
    record_captures(db, run, [make_capture(body=kept, outcome=outcome, observed_at=at, headers=headers)])


def tell_tag(db, before=NEVER):
    found = read_validators(db, SOURCE, [URL, "https://unknown.example.gov/"], before)
    return found[URL].etag if URL in found else None


def test_validators_are_those_of_the_last_bytes_received(db):
    record(db, 1, etag="one")
    record(db, 2, body=b"new", etag="two")
    record(db, 3, "not_modified")

    assert "two" == tell_tag(db)


def test_page_whose_last_answer_was_not_good_is_asked_for_whole(db):
    record(db, 1, etag="one")
    record(db, 2, "blocked")

    assert tell_tag(db) is None


def test_later_knowledge_says_nothing_of_an_earlier_date(db):
    record(db, 5, etag="five")
    record(db, 1, etag="one")

    instants = (NEVER, "2024-01-05T00:00:00Z", "2024-01-01T00:00:00Z")
    assert ["five", "one", None] == [tell_tag(db, before) for before in instants]


def test_page_is_missing_since_the_first_time_after_it_was_last_there(db):
    for day, outcome in ((1, "missing"), (2, "ok"), (3, "missing"), (4, "missing")):
        record(db, day, outcome)

    assert {URL: LastAnswer("missing", "2024-01-04T00:00:00Z", "2024-01-03T00:00:00Z")} == read_last_answers(db, SOURCE)


def test_run_tells_which_bytes_a_page_had_before(db):
    record(db, 1, body=b"old")
    record(db, 2, body=b"new", run="two")

    (fetch,) = read_run_fetches(db, "two")

    assert (None, True) == (next(read_run_fetches(db, "one")).before, fetch.before not in (None, fetch.sha256))


def test_only_closed_runs_hold_the_pages_of_an_instant(db):
    record(db, 1)
    before = has_wave_at(db, SOURCE, "2024-01-01T00:00:00Z")
    close_run(db, "one", "2024-01-02T00:00:00Z")

    assert [False, True] == [before, has_wave_at(db, SOURCE, "2024-01-01T00:00:00Z")]
    assert not has_wave_at(db, SOURCE, "2024-01-01T00:00:01Z")
