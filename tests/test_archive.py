"""What is archived stays as it was received, is proved by the log, and is read back in wave order."""

import hashlib
import json
import sqlite3

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.errors import DamagedSnapshotError, NotFoundError
from kb.merkle import compute_root
from kb.snapshots import hash_body
from kb.store import archive
from kb.store.archive import (
    ClosedRunError,
    close_run,
    compute_tree_head,
    ensure_log,
    fingerprint_waves,
    list_waves,
    open_archive,
    read_declarations,
    read_snapshot,
    read_waves,
    record_captures,
    record_declarations,
    start_run,
)
from kb.store.connection import transaction
from kb.store.frontier import add_urls, lease_urls
from tests.build import NOW, URL, make_capture

SOURCE, OTHER = "us-xx-rules", "us-xx-board"


@pytest.fixture
def db(tmp_path):
    db = open_archive(tmp_path / "archive.db")
    ensure_log(db, "log-1", NOW)
    return db


def record(db, run, *captures, kind="import", close=True, **options):
    start_run(db, run, kind, NOW)
    counts = record_captures(db, run, captures, **options)
    if close:
        close_run(db, run, NOW)
    return counts


def list_rows(db, query, **values):
    return [tuple(row) for row in db.execute(query, values)]


def tell_waves(db):
    """Reduce waves to what a build may see: everything but run and row number."""
    return [
        (wave.at, wave.source, [msgspec.structs.replace(fetch, seq=0, run="") for fetch in wave.fetches])
        for wave in read_waves(db)
    ]


def test_fetch_keeps_the_transport_facts(db):
    capture = make_capture(
        final_url=f"{URL}/",
        redirects=(f"{URL}/",),
        media_type="text/html; charset=UTF-8",
        headers={"ETag": '"7"', "Set-Cookie": "session=1"},
        elapsed_ms=12,
    )
    gone = make_capture(status=404, outcome="missing", body=None, error="not found")

    counts = record(db, "run-1", capture, gone)

    first, second = [dict(row) for row in db.execute("SELECT * FROM fetches ORDER BY seq")]
    assert {
        "seq": 0,
        "run": "run-1",
        "source": SOURCE,
        "url": URL,
        "final_url": f"{URL}/",
        "redirects": f'["{URL}/"]',
        "observed_at": NOW,
        "status": 200,
        "outcome": "ok",
        "media_type": "text/html",
        "charset": "utf-8",
        "headers": '{"etag":"\\"7\\""}',
        "sha256": hash_body(capture.body),
        "size": len(capture.body),
        "elapsed_ms": 12,
        "error": "",
    } == first
    assert (URL, "missing", None, 0, "not found") == tuple(
        second[name] for name in ("final_url", "outcome", "sha256", "size", "error")
    )
    assert (2, 1, len(capture.body)) == (counts.fetches, counts.snapshots, counts.raw_bytes)


def test_leaf_of_a_fetch_can_be_computed_from_its_row_alone(db):
    record(db, "run-1", make_capture(headers={"etag": '"7"', "set-cookie": "session=1"}), make_capture(body=None))
    names = ("observed_at", "run", "seq", "sha256", "status", "url")

    rows = db.execute("SELECT fetches.*, leaves.hash FROM fetches JOIN leaves USING (seq)").fetchall()

    leaves = [{**{n: row[n] for n in names}, "headers": json.loads(row["headers"]), "log": "log-1"} for row in rows]
    encoded = [json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode() for leaf in leaves]
    assert [hashlib.sha256(b"\0" + leaf).digest() for leaf in encoded] == [row["hash"] for row in rows]
    assert (2, compute_root(row["hash"] for row in rows)) == compute_tree_head(db)


def test_log_gets_its_id_once(db):
    assert "log-1" == ensure_log(db, "log-2", NOW)


def test_equal_bytes_are_stored_once(db):
    first = record(db, "run-1", make_capture(), make_capture(f"{URL}0"), make_capture(body=b"other"))
    second = record(db, "run-2", make_capture(), make_capture(body=b""))

    assert (3, 2) == (first.fetches, first.snapshots)
    assert (2, 1) == (second.fetches, second.snapshots)
    assert b"" == read_snapshot(db, hash_body(b""))


def test_fetches_are_numbered_from_zero_without_gaps(db):
    record(db, "run-1", *[make_capture()] * 3)
    start_run(db, "run-2", "import", NOW)
    with pytest.raises(sqlite3.IntegrityError):
        record_captures(db, "run-2", [make_capture(), make_capture(observed_at="yesterday")])
    record_captures(db, "run-2", [make_capture()])

    assert [(0,), (1,), (2,), (3,)] == list_rows(db, "SELECT seq FROM fetches ORDER BY seq")
    assert [(4,)] == list_rows(db, "SELECT COUNT(*) FROM leaves")


def test_recorded_fetches_and_leaves_cannot_be_altered_or_removed(db):
    record(db, "run-1", make_capture())

    for statement in (
        "UPDATE fetches SET status = 404",
        "DELETE FROM fetches",
        "UPDATE leaves SET hash = ZEROBLOB(32)",
        "DELETE FROM leaves",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            db.execute(statement)


def test_nothing_is_recorded_in_a_run_that_is_closed_or_unknown(db):
    record(db, "run-1", make_capture())

    with pytest.raises(ClosedRunError, match="run run-1: expected an open run, found: closed at"):
        record_captures(db, "run-1", [make_capture()])
    with pytest.raises(ClosedRunError, match="found: no such run"):
        record_captures(db, "run-2", [])
    with pytest.raises(ClosedRunError):
        close_run(db, "run-1", NOW)


def test_url_is_acknowledged_in_the_transaction_that_stores_its_answer(db):
    add_urls(db, SOURCE, [URL], due_at=NOW)
    lease_urls(db, "crawler", NOW, 60, 1)
    start_run(db, "run-1", "crawl", NOW)
    bad = make_capture(observed_at="yesterday")

    with pytest.raises(sqlite3.IntegrityError):
        record_captures(db, "run-1", [make_capture(), bad], acknowledge=[(SOURCE, URL)])
    after_failure = list_rows(db, "SELECT state FROM frontier")
    record_captures(db, "run-1", [make_capture()], acknowledge=[(SOURCE, URL)])

    assert [("leased",)] == after_failure
    assert [("done", None, None)] == list_rows(db, "SELECT state, lease_owner, leased_until FROM frontier")


def test_last_full_batch_carries_the_acknowledgement(db, monkeypatch):
    monkeypatch.setattr(archive, "BATCH_CAPTURES", 2)
    add_urls(db, SOURCE, [URL], due_at=NOW)

    record(db, "run-1", *[make_capture()] * 4, acknowledge=[(SOURCE, URL)])

    assert [("done",)] == list_rows(db, "SELECT state FROM frontier")
    assert 4 == len(read_all(db))


def read_all(db):
    return list_rows(db, "SELECT seq FROM fetches")


@pytest.mark.parametrize("limit", [{"BATCH_CAPTURES": 3}, {"BATCH_BYTES": 30}])
def test_bodies_are_drawn_a_batch_at_a_time(db, monkeypatch, limit):
    for name, value in limit.items():
        monkeypatch.setattr(archive, name, value)
    stored = []

    def draw():
        for number in range(7):
            stored.append(len(read_all(db)))
            yield make_capture(body=b"%010d" % number)

    start_run(db, "run-1", "import", NOW)
    record_captures(db, "run-1", draw())

    assert [0, 0, 0, 0, 3, 3, 3] == stored
    assert 7 == len(read_all(db))


def test_crawl_makes_a_wave_of_each_source_of_a_run(db):
    early, late = "2024-06-01T23:59:00Z", "2024-06-02T00:01:00Z"
    captures = [
        make_capture(f"{URL}/b", observed_at=late),
        make_capture(f"{URL}/a", observed_at=early),
        make_capture(source=OTHER, observed_at=late),
    ]

    record(db, "run-1", *captures, kind="crawl")

    assert [(late, OTHER, [URL]), (late, SOURCE, [f"{URL}/a", f"{URL}/b"])] == [
        (wave.at, wave.source, [fetch.url for fetch in wave.fetches]) for wave in read_waves(db)
    ]


def test_imports_make_a_wave_of_each_source_and_day_over_all_runs(db):
    days = ["2024-06-02T00:00:00Z", "2024-06-01T23:59:59Z", "2024-06-01T00:00:00.5Z", "2024-06-01T00:00:00Z"]
    record(db, "run-1", make_capture(observed_at=days[0]), make_capture(observed_at=days[1]))
    record(db, "run-2", make_capture(observed_at=days[2]), make_capture(observed_at=days[3]))

    waves = list(read_waves(db))

    assert [days[1], days[0]] == [wave.at for wave in waves]
    assert [[days[3], days[2], days[1]], [days[0]]] == [[f.observed_at for f in wave.fetches] for wave in waves]


def test_open_run_is_in_no_wave(db):
    record(db, "run-1", make_capture(), close=False)
    record(db, "run-2", make_capture(f"{URL}/2"))
    before = [fetch.url for wave in read_waves(db) for fetch in wave.fetches]

    close_run(db, "run-1", NOW)

    assert [f"{URL}/2"] == before
    assert [URL, f"{URL}/2"] == [fetch.url for wave in read_waves(db) for fetch in wave.fetches]


def test_second_import_of_the_same_captures_alters_no_wave(db):
    captures = [make_capture(), make_capture(body=None, status=404, outcome="missing")]
    record(db, "run-1", *captures)
    waves, prints = tell_waves(db), list(fingerprint_waves(db))

    record(db, "run-2", *reversed(captures))

    assert waves == tell_waves(db)
    assert prints == list(fingerprint_waves(db))
    assert 4 == len(read_all(db))


def test_of_a_fetch_told_in_two_ways_the_cautious_one_counts(db):
    record(db, "run-1", make_capture(outcome="truncated"), make_capture(media_type="text/html"))
    record(db, "run-2", make_capture(f"{URL}/2"), make_capture(f"{URL}/2", media_type="text/html"))

    (wave,) = read_waves(db)

    assert [("truncated", ""), ("ok", "text/html")] == [(fetch.outcome, fetch.media_type) for fetch in wave.fetches]


def test_fingerprint_tells_the_wave_that_a_late_capture_altered(db):
    record(db, "run-1", make_capture(), make_capture(observed_at="2024-06-02T08:00:00Z"))
    before = {found.key: found.sha256 for found in fingerprint_waves(db)}

    record(db, "run-2", make_capture(f"{URL}/late", observed_at="2024-06-01T07:00:00Z"))

    after = {found.key: found.sha256 for found in fingerprint_waves(db)}
    assert [NOW] == [key.at for key in after if before[key] != after[key]]
    assert list(after) == list_waves(db)


CAPTURES = st.builds(
    make_capture,
    url=st.sampled_from([URL, f"{URL}/2"]),
    source=st.sampled_from([SOURCE, OTHER]),
    observed_at=st.sampled_from(["2024-06-01T00:00:00Z", "2024-06-01T00:00:00.25Z", "2024-06-02T00:00:00Z"]),
    body=st.sampled_from([None, b"one", b"two"]),
    media_type=st.sampled_from(["text/html", "text/plain"]),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(CAPTURES, max_size=12), st.randoms(use_true_random=False), st.integers(0, 12))
def test_waves_do_not_depend_on_the_order_or_split_of_imports(tmp_path_factory, captures, random, cut):
    one, other = [open_archive(tmp_path_factory.mktemp("archive") / "archive.db") for _ in range(2)]
    for db in (one, other):
        ensure_log(db, "log-1", NOW)
    shuffled = random.sample(captures, len(captures))

    record(one, "run-1", *captures)
    record(other, "run-1", *shuffled[:cut])
    record(other, "run-2", *shuffled[cut:], *shuffled[:3])

    assert tell_waves(one) == tell_waves(other)
    assert list(fingerprint_waves(one)) == list(fingerprint_waves(other))


def test_damaged_snapshot_is_named(db):
    record(db, "run-1", make_capture())
    sha256 = hash_body(make_capture().body)
    db.execute("UPDATE snapshots SET body = SUBSTR(body, 1, LENGTH(body) - 4)")

    with pytest.raises(DamagedSnapshotError, match=sha256):
        read_snapshot(db, sha256)


def test_snapshot_that_is_unknown_or_was_taken_down_is_not_found(db):
    record(db, "run-1", make_capture())
    sha256 = hash_body(make_capture().body)
    with transaction(db):
        db.execute("UPDATE snapshots SET body = NULL")

    for name in (sha256, hash_body(b"never seen")):
        with pytest.raises(NotFoundError, match=name):
            read_snapshot(db, name)


def test_declarations_are_kept_with_their_history(db):
    first, second = {"id": SOURCE, "title": "§ 1"}, {"id": SOURCE, "title": "§ 2"}
    for day, body in enumerate((first, first, second, first), start=1):
        record_declarations(db, {SOURCE: body, OTHER: {"id": OTHER}}, f"2024-06-0{day}T00:00:00Z")

    history = read_declarations(db)

    assert [
        (OTHER, "2024-06-01T00:00:00Z", {"id": OTHER}),
        (SOURCE, "2024-06-01T00:00:00Z", first),
        (SOURCE, "2024-06-03T00:00:00Z", second),
        (SOURCE, "2024-06-04T00:00:00Z", first),
    ] == [(found.source, found.first_used_at, json.loads(found.body)) for found in history]
    assert history[1].sha256 == history[3].sha256 == hashlib.sha256(history[1].body.encode()).hexdigest()
