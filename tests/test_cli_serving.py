"""The commands that crawl, update, publish and serve: what they print, what they refuse, how they end."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection

import pytest
from click.testing import CliRunner

from kb.cli import main
from tests.build import make_line, write_captures
from tests.crawling import ROOT, write_sources

SITE = "https://rules.example.gov"
JANUARY, FEBRUARY = "2024-01-10T12:00:00Z", "2024-02-10T12:00:00Z"
KB = [sys.executable, "-c", "from kb.cli import main; main()"]


def run(*words, data):
    return CliRunner(env={"KB_DATA": str(data)}).invoke(main, [str(word) for word in words])


def make_page(days):
    return f"<main><h1>§ 1-1. Renewal.</h1><p>(a) A license is renewed within {days} days.</p></main>".encode()


def record(folder, *lines):
    """Record a rule whose deadline moved in February, a list that names it and a page never recorded, and more."""
    bodies = {
        "ten.html": make_page("ten"),
        "thirty.html": make_page("thirty"),
        "list.html": b'<main><a href="/code/1-1">1-1</a> <a href="/code/9-9">9-9</a></main>',
        "robots.txt": b"User-agent: *\nDisallow: /no",
    }
    rules = [
        make_line(f"{SITE}/list", observed_at=JANUARY, path="list.html"),
        make_line(f"{SITE}/code/1-1", observed_at=JANUARY, path="ten.html"),
        make_line(f"{SITE}/code/1-1", observed_at=FEBRUARY, path="thirty.html"),
    ]
    folder.mkdir()
    return write_captures(folder, *rules, *lines, bodies=bodies)


def make_recording(tmp_path):
    """Return the options that crawl the recorded rule."""
    sources = write_sources(
        tmp_path / "sources",
        {
            "id": "us-xx-code",
            "platform": "index",
            "start": f"{SITE}/list",
            "match": [f"{SITE}/code/", f"{SITE}/list"],
            "follow": "a",
            "document": {"work": "code", "pattern": r"/code/(?P<citation>[^/]+)$"},
        },
    )
    return ["--sources", sources, "--replay", record(tmp_path / "web")]


@pytest.fixture
def recorded(tmp_path):
    return make_recording(tmp_path)


@pytest.fixture
def failing(tmp_path):
    """Return the options that crawl a source in order, one whose page fails, one forbidden by robots and one by us."""
    lines = [
        make_line("https://bad.example.gov/1", observed_at=JANUARY, status=500, path=None),
        make_line("https://shy.example.gov/robots.txt", observed_at=JANUARY, path="robots.txt"),
        make_line("https://shy.example.gov/no/1", observed_at=JANUARY, path="ten.html"),
        make_line("https://closed.example.gov/1", observed_at=JANUARY, path="ten.html"),
    ]
    policy = {"state": "forbidden", "reason": "its terms forbid robots", "checked_on": "2024-01-02"}
    sources = write_sources(
        tmp_path / "sources",
        {"id": "us-xx-good", "urls": [f"{SITE}/code/1-1"]},
        {"id": "us-xx-bad", "urls": ["https://bad.example.gov/1"]},
        {"id": "us-xx-shy", "urls": ["https://shy.example.gov/no/1"]},
        {"id": "us-xx-closed", "urls": ["https://closed.example.gov/1"], "crawl_policy": policy},
    )
    return ["--sources", sources, "--replay", record(tmp_path / "web", *lines), "--at", "2024-01-10"]


# --- crawl


def test_page_the_replay_lacks_is_missing_and_said_so(recorded, tmp_path, capfd):
    result = run("crawl", *recorded, "--at", "2024-01-10", data=tmp_path / "data")

    assert 0 == result.exit_code
    assert "us-xx-code: 2 pages (2 new, 0 changed, 0 the same), 1 missing\n" in result.stdout
    assert f"the replay holds no page for {SITE}/code/9-9 at {JANUARY}" in capfd.readouterr().err


def test_failed_refused_and_forbidden_sources_are_shown_and_the_others_stored(failing, tmp_path):
    result = run("crawl", *failing, data=tmp_path / "data")

    assert 3 == result.exit_code
    assert "us-xx-good: 1 page (1 new" in result.stdout
    assert re.search(r"us-xx-bad: 0 pages .*, 1 failed: status 500\n", result.stdout)
    assert re.search(r"us-xx-shy: 0 pages .*, 1 failed: robots\n", result.stdout)
    assert "us-xx-closed: not crawled (forbidden: its terms forbid robots; checked on 2024-01-02)" in result.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("crawl --at yesterday", "--at: expected a day or an instant"),
        ("update --at yesterday", "--at: expected a day or an instant"),
        ("crawl", "--replay and --at: expected both or neither"),
        ("update", "--replay and --at: expected both or neither"),
        ("crawl --at 2024-01-10 --source us-xx-nowhere", "us-xx-nowhere: expected ids or jurisdictions"),
    ],
)
def test_wrong_usage_ends_with_two_and_says_what_was_expected(recorded, tmp_path, capfd, words, told):
    result = run(*words.split(), *recorded, data=tmp_path / "data")

    assert (2, "") == (result.exit_code, result.stdout)
    assert told in capfd.readouterr().err


def test_nothing_to_crawl_is_told(recorded, tmp_path):
    result = run("crawl", *recorded, "--at", "2020-01-01", data=tmp_path / "data")

    assert (0, "nothing to crawl: no source is declared or due\n") == (result.exit_code, result.stdout)


# --- update and publish


def test_update_says_what_moved_and_once_more_that_nothing_did(recorded, tmp_path):
    data = tmp_path / "data"

    first, second, third = (
        run("update", *recorded, "--at", day, data=data) for day in ("2024-01-10", "2024-02-10", "2024-02-10")
    )

    assert [0, 0, 0] == [result.exit_code for result in (first, second, third)]
    assert "no rule change since the last publication\npublished generation 1" in first.stdout
    assert "rule changes since the last publication: us-xx 1\n  2024-02-10 1-1 ~ amended (a)" in second.stdout
    assert "published generation 2" in second.stdout
    assert "nothing new: every wave of the archive is built\n" in third.stdout
    assert "nothing new to publish: the site is up to date\n" in third.stdout


def test_update_with_failures_publishes_the_others_and_says_what_to_do(failing, tmp_path):
    result = run("update", *failing, data=tmp_path / "data")

    assert 3 == result.exit_code
    assert "published generation 1" in result.stdout
    assert "to try now: kb crawl --source us-xx-bad --source us-xx-shy\n" in result.stdout


def test_publishing_before_anything_is_built_says_what_to_run(recorded, tmp_path):
    empty, crawled = tmp_path / "empty", tmp_path / "data"
    run("crawl", *recorded, "--at", "2024-01-10", data=crawled)

    results = [run("publish", data=data) for data in (empty, crawled)]

    assert [2, 2] == [result.exit_code for result in results]
    assert "run kb import FILE, then kb build" in results[0].stderr
    assert "run kb build" in results[1].stderr


# --- serve


def find_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def read_home(port):
    """Ask a site for its first page as soon as it answers; returns status and words."""
    for _ in range(600):
        asked = HTTPConnection("127.0.0.1", port)
        try:
            asked.request("GET", "/")
            answer = asked.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionRefusedError:
            time.sleep(0.05)
        finally:
            asked.close()
    pytest.fail("the site did not answer")


def test_site_says_what_to_run_until_something_is_published_and_ends_with_ctrl_c(recorded, tmp_path):
    data, port = tmp_path / "data", find_port()
    environment = {**os.environ, "KB_DATA": str(data)}
    with subprocess.Popen([*KB, "serve", "--port", str(port)], cwd=ROOT, env=environment) as served:
        empty = read_home(port)
        run("update", *recorded, "--at", "2024-01-10", data=data)
        filled = read_home(port)
        served.send_signal(signal.SIGINT)

    assert (503, True) == (empty[0], "kb import captures.jsonl\nkb build\nkb publish\n" in empty[1])
    assert (200, True) == (filled[0], "Nothing is published yet" not in filled[1])
    assert 0 == served.returncode


def test_taken_port_ends_with_two(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        result = run("serve", "--port", taken.getsockname()[1], data=tmp_path)

    assert (2, True) == (result.exit_code, "is the port taken? Try --port" in result.stderr)


# --- demo


def test_demo_fills_publishes_reports_and_may_be_run_again(tmp_path):
    first, second = (run("demo", data=tmp_path / "data") for _ in range(2))

    assert [0, 0] == [first.exit_code, second.exit_code]
    assert "kb serve" in first.stdout
    assert first.stdout == second.stdout
    assert (tmp_path / "data/public/current.json").is_file()
