"""The replay answers as the recorded web stood, and what is crawled from it is what an import would archive."""

import logging
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from crawlers.recorded import RecordedWeb, choose_instant, name_page
from crawlers.replay import ReplayServer
from kb.build import BuildRequest, build
from kb.captures import read_captures
from kb.collect import ImportRequest, import_captures
from kb.errors import UsageError
from kb.sources import read_sources
from tests.build import make_line, write_captures
from tests.crawling import crawl, read_rows, write_sources

SITE = "https://code.example.gov"
JANUARY, FEBRUARY, MARCH = "2024-01-10T12:00:00Z", "2024-02-10T12:00:00Z", "2024-03-10T12:00:00Z"


@pytest.fixture
def captures(tmp_path):
    bodies = {"old.html": b"<p>within 30 days</p>", "new.html": b"<p>within 45 days</p>"}
    lines = [
        make_line(f"{SITE}/1(a)", observed_at=JANUARY, path="old.html"),
        make_line(f"{SITE}/1(a)", observed_at=MARCH, path="new.html"),
        make_line(f"{SITE}/1(a)", observed_at=FEBRUARY, path=None, status=304, revisit=None),
        make_line(f"{SITE}/2", observed_at=FEBRUARY, status=404, path=None),
        make_line(f"{SITE}/3", observed_at=JANUARY, status=301, path=None, headers={"Location": f"{SITE}/4"}),
        make_line(f"{SITE}/5", observed_at=JANUARY, path="old.html", headers={"Content-Length": "999"}),
    ]
    (tmp_path / "web").mkdir()
    return read_captures(write_captures(tmp_path / "web", *lines, bodies=bodies))


def ask(server, path, **headers):
    """Ask the replay as the crawler does; returns status, headers and body."""
    request = Request(f"http://127.0.0.1:{server.port}{path}", headers={"Host": "code.example.gov", **headers})
    try:
        with urlopen(request) as answer:  # noqa: S310 - an address of this test
            return answer.status, answer.headers, answer.read()
    except HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def test_latest_capture_up_to_the_date_answers(captures):
    def tell(at):
        found = RecordedWeb(captures, at).find(f"{SITE}/1%28a%29#b")
        return None if found is None else found.body

    assert None is tell("2023-12-31T00:00:00Z")
    assert b"<p>within 30 days</p>" == tell(JANUARY)
    assert b"<p>within 30 days</p>" == tell("2024-03-10T11:59:59Z")
    assert b"<p>within 45 days</p>" == tell(MARCH)


def test_unchanged_page_is_answered_without_its_bytes(captures):
    with ReplayServer(RecordedWeb(captures, MARCH)) as server:
        https = {"X-Replay-Scheme": "https"}
        status, headers, body = ask(server, "/1(a)", **https)
        by_tag = ask(server, "/1(a)", **https, **{"If-None-Match": headers["ETag"]})
        by_date = ask(server, "/1(a)", **https, **{"If-Modified-Since": headers["Last-Modified"]})
        by_old_tag = ask(server, "/1(a)", **https, **{"If-None-Match": '"other"'})

    assert (200, b"<p>within 45 days</p>") == (status, body)
    assert "Sun, 10 Mar 2024 12:00:00 GMT" == headers["Last-Modified"]
    assert [(304, b""), (304, b"")] == [(by_tag[0], by_tag[2]), (by_date[0], by_date[2])]
    assert 200 == by_old_tag[0]


def test_missing_and_unknown_pages_answer_not_found_and_only_the_unknown_is_logged(captures, caplog):
    caplog.set_level(logging.WARNING)
    with ReplayServer(RecordedWeb(captures, MARCH)) as server:
        statuses = [ask(server, path, **{"X-Replay-Scheme": "https"})[0] for path in ("/2", "/9", "/robots.txt")]

    assert [404, 404, 404] == statuses
    assert [f"the replay holds no page for {SITE}/9 at {MARCH}"] == caplog.messages


def test_http_and_https_are_told_apart(captures):
    with ReplayServer(RecordedWeb(captures, MARCH)) as server:
        assert 404 == ask(server, "/1(a)")[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Code.Example.gov", f"{SITE}/"),
        (f"{SITE}/1%28a%29?x=%31#top", f"{SITE}/1(a)?x=1"),
    ],
)
def test_spellings_of_one_url_meet(url, expected):
    assert expected == name_page(url)


def test_day_stands_for_its_last_recorded_instant(captures):
    assert FEBRUARY == choose_instant(captures, "2024-02-10")
    assert "2024-02-11T23:59:59Z" == choose_instant(captures, "2024-02-11")
    assert "2024-02-11T05:00:00Z" == choose_instant(captures, "2024-02-11T00:00:00-05:00")
    for wrong in ("February", "2024-02-31", "2024-02-11T00:00:00"):
        with pytest.raises(UsageError):
            choose_instant(captures, wrong)


def test_redirects_cut_answers_and_missing_pages_are_crawled_as_recorded(captures, tmp_path):
    sources = write_sources(tmp_path / "sources", {"id": "us-xx-code", "match": f"{SITE}/"})
    file = tmp_path / "web" / "captures.jsonl"

    code, summary, log = crawl(tmp_path / "data", "--sources", sources, "--replay", file, "--at", MARCH)

    rows = {row["url"]: row for row in read_rows(tmp_path / "data", "SELECT * FROM fetches")}
    assert {MARCH} == {row["observed_at"] for row in rows.values()}
    assert ("missing", f"{SITE}/4") == (rows[f"{SITE}/3"]["outcome"], rows[f"{SITE}/3"]["final_url"])
    assert ("truncated", "missing") == (rows[f"{SITE}/5"]["outcome"], rows[f"{SITE}/2"]["outcome"])
    assert (3, {"cut": 1}) == (code, summary["sources"]["us-xx-code"]["failed"])
    assert f"the replay holds no page for {SITE}/4 at {MARCH}" in log


def test_replay_of_a_date_that_is_archived_already_adds_nothing(captures, tmp_path):
    sources = write_sources(tmp_path / "sources", {"id": "us-xx-code", "match": f"{SITE}/"})
    file = tmp_path / "web" / "captures.jsonl"
    crawl(tmp_path / "data", "--sources", sources, "--replay", file, "--at", JANUARY)
    before = read_rows(tmp_path / "data", "SELECT COUNT(*) FROM fetches")

    code, summary, _ = crawl(tmp_path / "data", "--sources", sources, "--replay", file, "--at", JANUARY)

    assert before == read_rows(tmp_path / "data", "SELECT COUNT(*) FROM fetches")
    assert (0, "already holds") == (code, summary["sources"]["us-xx-code"]["skipped"][12:25])


def write_history(folder):
    """Record twelve months of a small code: words that change, a removal, a return, a latecomer, a broken day."""
    folder.mkdir()
    lines, bodies = [], {}

    def record(month, number, text, **facts):
        name = f"{month}-{number}.html"
        bodies[name] = f"<main><h1>§ {number} Licenses</h1>{text}</main>".encode()
        at = f"2023-{month:02}-15T12:00:00Z"
        lines.append(make_line(f"{SITE}/sections/{number}", observed_at=at, path=name, media_type="text/html", **facts))

    def lose(month, number):
        at = f"2023-{month:02}-15T12:00:00Z"
        lines.append(make_line(f"{SITE}/sections/{number}", observed_at=at, path=None, status=404))

    for number in range(1, 9):
        for month in range(1, 13):
            if month == 1 or (month * number) % 5 == 0:
                more = "<p>(c) The board may waive the fee.</p>" if month > 6 else ""
                text = f"<p>(a) A license is required.</p><p>(b) Renewal is due within {10 * month} days.</p>{more}"
                record(month, number, text)
    lose(4, 1)
    lose(6, 1)
    record(9, 1, "<p>(a) A license is required again.</p>")
    record(7, 20, "<p>(a) A clinic shall register.</p>")
    record(8, 2, "<p>Checking your browser</p>")
    return write_captures(folder, *lines, bodies=bodies)


def read_changes(data):
    with closing(sqlite3.connect(data / "kb.db")) as db:
        return db.execute("SELECT * FROM changes ORDER BY id").fetchall()


def test_history_crawled_month_by_month_and_imported_at_once_gives_the_same_changes(tmp_path):
    file = write_history(tmp_path / "web")
    source = {
        "id": "us-xx-code",
        "match": f"{SITE}/sections/",
        "document": {"work": "code", "pattern": r"/sections/(?P<citation>\d+)$"},
        "select": "main",
    }
    folder = write_sources(tmp_path / "sources", source)
    sources = read_sources([Path(folder)])

    for month in range(1, 13):
        arguments = ("--sources", folder, "--replay", file, "--at", f"2023-{month:02}-15")
        assert 0 == crawl(tmp_path / "crawled", *arguments)[0]
    request = ImportRequest(file=file, sources=sources, now="2024-01-01T00:00:00Z", token=SITE)
    import_captures(tmp_path / "imported", request)
    for data in ("crawled", "imported"):
        build(tmp_path / data, BuildRequest(sources=sources))

    changes = read_changes(tmp_path / "imported")
    outcomes = {row["outcome"] for row in read_rows(tmp_path / "crawled", "SELECT outcome FROM fetches")}
    assert changes == read_changes(tmp_path / "crawled")
    assert len(changes) > 10
    assert {"ok", "not_modified", "missing"} == outcomes
