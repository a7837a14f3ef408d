"""A crawl killed at any moment goes on where it was: nothing is lost and nothing is fetched twice."""

import random
import signal
import sqlite3
import subprocess
from contextlib import closing

from tests.build import make_line, write_captures
from tests.crawling import ROOT, make_command, read_rows, write_sources

KILLS = 20
PAGES = 250
AT = "2024-06-01T08:00:00Z"
SITE = "https://rules.example.gov"


def write_site(folder):
    """Record a list and its pages; returns the captures file."""
    links = "".join(f'<a href="/{number}">{number}</a>' for number in range(PAGES))
    bodies = {"list.html": f"<ul>{links}</ul>".encode()}
    bodies |= {f"{number}.html": f"<p>A license of class {number} is required.</p>".encode() for number in range(PAGES)}
    lines = [make_line(f"{SITE}/{name.removesuffix('.html')}", path=name) for name in bodies]
    folder.mkdir()
    return write_captures(folder, *lines, bodies=bodies)


def is_killed(command, delay):
    """Start a crawl and kill it after a delay; tells whether it was still at work."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(delay)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def is_ended(data):
    if not (data / "archive.db").exists():
        return False
    try:
        return read_rows(data, "SELECT 1 FROM runs WHERE closed_at IS NOT NULL") != []
    except sqlite3.OperationalError:  # killed before the tables were made
        return False


def check_archive(data):
    """Assert that one closed run holds each page exactly once, with its leaf, and that nothing is left to do."""
    with closing(sqlite3.connect(data / "archive.db")) as db:
        assert "ok" == db.execute("PRAGMA integrity_check").fetchone()[0]
        assert [] == db.execute("PRAGMA foreign_key_check").fetchall()
    fetches = read_rows(data, "SELECT seq, url, outcome FROM fetches ORDER BY seq")
    assert PAGES + 1 == len(fetches) == len({row["url"] for row in fetches})
    assert {"ok"} == {row["outcome"] for row in fetches}
    assert list(range(PAGES + 1)) == [row["seq"] for row in fetches]
    assert [row["seq"] for row in fetches] == [row["seq"] for row in read_rows(data, "SELECT seq FROM leaves")]
    assert [True] == [row["closed_at"] is not None for row in read_rows(data, "SELECT closed_at FROM runs")]
    assert [{"state": "done"}] == read_rows(data, "SELECT DISTINCT state FROM frontier")


def test_crawl_killed_twenty_times_loses_no_page_and_fetches_none_twice(tmp_path):
    captures = write_site(tmp_path / "site")
    sources = write_sources(
        tmp_path / "sources",
        {"id": "us-xx-rules", "platform": "index", "start": f"{SITE}/list", "match": f"{SITE}/", "follow": "ul a"},
    )
    chance = random.Random(20)  # noqa: S311 - the same moments at every run of the test
    kills, crawls = 0, 0

    while kills < KILLS:
        data = tmp_path / f"data{crawls}"
        command = make_command(data, "--sources", sources, "--replay", captures, "--at", AT)
        while kills < KILLS and not is_ended(data):
            kills += is_killed(command, chance.uniform(0.2, 2.0))
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        check_archive(data)
        crawls += 1

    assert KILLS == kills
