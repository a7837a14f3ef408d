"""A captures file is read whole or refused whole, and every refusal says where and why."""

import contextlib
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.captures import LARGEST_BODY, normalise_instant, order_instant, read_captures, tell_outcome
from kb.errors import CapturesError
from kb.snapshots import hash_body
from tests.build import URL, make_line, write_captures


def test_line_is_read_with_its_instant_in_utc(tmp_path):
    line = make_line(observed_at="2024-02-08T07:00:00-05:00", headers={"ETag": '"7"'}, set="ignored")
    path = write_captures(tmp_path, line, "", bodies={"page.html": b"12345"})

    (capture,) = read_captures(path)

    assert (1, URL, "2024-02-08T12:00:00Z", 200) == (capture.line, capture.url, capture.observed_at, capture.status)
    assert (tmp_path.resolve() / "page.html", 5) == (capture.path, capture.size)
    assert ("text/html", {"etag": '"7"'}) == (capture.media_type, capture.headers)


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"url": None}, "url: expected an http or https address without a user name, found None"),
        ({"url": "  "}, "url: expected"),
        ({"url": "ftp://rules.example.gov/1"}, "url: expected"),
        ({"url": "https:///1"}, "url: expected"),
        ({"url": "https://[rules/1"}, "url: expected"),
        ({"url": "https://rules.example.gov:0x1/1"}, "url: expected"),
        ({"url": "https://rules.example.gov/a b"}, "url: expected"),
        ({"url": "https://me:secret@rules.example.gov/"}, "url: expected"),
        ({"observed_at": "None-01-01T12:00:00+00:00"}, "found 'None-01-01T12:00:00+00:00'"),
        ({"observed_at": "2024-02-30T12:00:00Z"}, "observed_at: expected"),
        ({"observed_at": "2024-02-08T12:00:00"}, "observed_at: expected"),
        ({"observed_at": "2024-02-08"}, "observed_at: expected"),
        ({"observed_at": "9999-12-31T23:00:00-05:00"}, "observed_at: expected"),
        ({"observed_at": 1707393600}, "observed_at: expected"),
        ({"status": None}, "status: expected a whole number from 100 to 599, found None"),
        ({"status": 0}, "found 0"),
        ({"status": 999}, "found 999"),
        ({"status": "200"}, "found '200'"),
        ({"status": True}, "found True"),
        ({"path": None}, "path: expected a file or a revisit for status 200, found None"),
        ({"path": None, "revisit": False}, "path: expected a file or a revisit for status 200"),
        ({"path": "absent.html"}, "path: expected an existing file, found 'absent.html'"),
        ({"path": "."}, "path: expected an existing file"),
        ({"path": "a\0b"}, "path: expected an existing file"),
        ({"path": "a" * 5000}, "path: expected an existing file"),
        ({"path": "../captures.jsonl"}, "path: expected a file in the captures file's own folder"),
        ({"path": "/etc/hostname"}, "path: expected a path relative to the captures file, or null"),
        ({"path": 7}, "path: expected"),
        ({"path": None, "revisit": "yes"}, "revisit: expected"),
        ({"path": None, "revisit": True}, "revisit: expected an earlier capture of this URL with these bytes"),
        ({"media_type": 7}, "media_type: expected a text, found 7"),
        ({"headers": ["etag"]}, "headers: expected an object of texts"),
        ({"headers": {"etag": None}}, "headers: expected an object of texts"),
    ],
)
def test_wrong_line_is_refused_with_file_line_and_finding(tmp_path, fields, found):
    path = write_captures(tmp_path, make_line(), make_line(**{"url": "https://rules.example.gov/2", **fields}))

    with pytest.raises(CapturesError) as caught:
        read_captures(path)

    title, finding = str(caught.value).split("\n")
    assert f"{path}: refused whole, nothing was imported: 1 line is wrong" == title
    assert finding.startswith(f"{path}:2: ")
    assert found in finding


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"url": "\\ud800"}', "[" * 100_000, '{"url": NaN}'])
def test_line_that_is_no_json_object_is_refused(tmp_path, text):
    path = write_captures(tmp_path, text)

    with pytest.raises(CapturesError, match=":1: line: expected one JSON object, found"):
        read_captures(path)


def test_path_through_a_link_out_of_the_folder_is_refused(tmp_path):
    folder = tmp_path / "web"
    folder.mkdir()
    (tmp_path / "outside.html").write_bytes(b"not ours")
    (folder / "inside.html").symlink_to(tmp_path / "outside.html")
    path = write_captures(folder, make_line(path="inside.html"))

    with pytest.raises(CapturesError, match="own folder"):
        read_captures(path)


def test_twenty_findings_are_listed_and_the_others_counted(tmp_path):
    path = write_captures(tmp_path, *[make_line(status=0)] * 23)

    with pytest.raises(CapturesError) as caught:
        read_captures(path)

    lines = str(caught.value).split("\n")
    assert 22 == len(lines)
    assert lines[0].endswith("23 lines are wrong")
    assert "… and 3 more" == lines[-1]


def test_missing_captures_file_is_refused(tmp_path):
    with pytest.raises(CapturesError, match="expected a captures file, found: No such file"):
        read_captures(tmp_path / "captures.jsonl")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_altered_bytes_are_read_or_refused_but_never_crash(tmp_path, data):
    text = bytearray(f"{make_line()}\n{make_line(path=None, revisit=True)}\n".encode())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    path = write_captures(tmp_path)
    path.write_bytes(text)

    with contextlib.suppress(CapturesError):
        captures = read_captures(path)
        assert all(100 <= capture.status <= 599 for capture in captures)


def test_revisit_has_the_bytes_of_the_last_capture_of_its_url_by_time(tmp_path):
    bodies = {"old.html": b"old", "new.html": b"newer", "other.html": b"other page"}
    path = write_captures(
        tmp_path,
        make_line(path=None, revisit=True, observed_at="2024-03-01T00:00:00Z"),
        make_line(path="new.html", observed_at="2024-02-01T00:00:00Z"),
        make_line(path="old.html", observed_at="2024-01-01T00:00:00Z"),
        make_line("https://rules.example.gov/2", path="other.html", observed_at="2024-02-02T00:00:00Z"),
        make_line(path=None, status=404, observed_at="2024-02-03T00:00:00Z"),
        bodies=bodies,
    )

    captures = read_captures(path)

    expected = ["new.html", "new.html", "old.html", "other.html", None]
    assert expected == [capture.path and capture.path.name for capture in captures]
    assert 5 == captures[0].size


def test_revisit_by_hash_has_those_bytes_or_is_refused(tmp_path):
    bodies = {"old.html": b"old", "new.html": b"new"}
    history = [
        make_line(path="old.html", observed_at="2024-01-01T00:00:00Z"),
        make_line(path="new.html", observed_at="2024-02-01T00:00:00Z"),
    ]
    again = make_line(path=None, revisit=hash_body(b"old"), observed_at="2024-03-01T00:00:00Z")
    never = make_line(path=None, revisit=hash_body(b"never"), observed_at="2024-03-01T00:00:00Z")

    captures = read_captures(write_captures(tmp_path, *history, again, bodies=bodies))

    assert ["old.html", "new.html", "old.html"] == [capture.path.name for capture in captures]
    with pytest.raises(CapturesError, match=":3: revisit: expected an earlier capture"):
        read_captures(write_captures(tmp_path, *history, never, bodies=bodies))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-08T12:00:00+00:00", "2024-02-08T12:00:00Z"),
        ("2024-02-08 12:00:00.000Z", "2024-02-08T12:00:00Z"),
        ("2024-02-08T12:00:00.250Z", "2024-02-08T12:00:00.25Z"),
        ("2023-12-31T23:30:00-01:00", "2024-01-01T00:30:00Z"),
    ],
)
def test_instants_are_written_in_one_way(text, expected):
    assert expected == normalise_instant(text)


@given(st.lists(st.datetimes(timezones=st.just(None)), min_size=2, max_size=5))
def test_instants_sort_in_the_order_of_time(instants):
    written = [normalise_instant(f"{instant.isoformat()}Z") for instant in sorted(instants)]

    assert sorted(written, key=order_instant) == written


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (200, "ok"),
        (203, "ok"),
        (204, "error"),
        (206, "truncated"),
        (301, "redirected"),
        (304, "not_modified"),
        (308, "redirected"),
        (400, "error"),
        (401, "blocked"),
        (403, "blocked"),
        (404, "missing"),
        (410, "missing"),
        (429, "error"),
        (451, "blocked"),
        (503, "error"),
        (100, "error"),
    ],
)
def test_outcome_follows_the_status(status, expected):
    assert expected == tell_outcome(status, {}, None)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"content-length": "10"}, "ok"),
        ({"content-length": "11"}, "truncated"),
        ({"content-length": "11", "content-encoding": "identity"}, "truncated"),
        ({"content-length": "4", "content-encoding": "gzip"}, "ok"),
        ({"content-length": "4", "transfer-encoding": "chunked"}, "ok"),
        ({"content-length": "many"}, "ok"),
    ],
)
def test_length_that_disagrees_with_the_bytes_tells_a_cut_answer(headers, expected):
    assert expected == tell_outcome(200, headers, 10)


def test_cut_error_page_stays_a_missing_page():
    assert "missing" == tell_outcome(404, {"content-length": "11"}, 10)


def test_file_beyond_the_limit_is_our_refusal(tmp_path):
    path = write_captures(tmp_path, make_line())
    os.truncate(tmp_path / "page.html", LARGEST_BODY + 1)

    (capture,) = read_captures(path)

    assert "refused" == tell_outcome(capture.status, capture.headers, capture.size)


def test_file_of_blank_lines_holds_no_captures(tmp_path):
    assert [] == read_captures(write_captures(tmp_path, "", "  "))
