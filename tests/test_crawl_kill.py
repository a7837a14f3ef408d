"""A crawl killed at any moment goes on where it was: nothing is lost and nothing is fetched twice."""

import multiprocessing
import os
import random
import signal
import sqlite3
import sys
from contextlib import closing

import pytest

from crawlers import run, settings
from tests.build import make_line, write_captures
from tests.crawling import QUICK, read_rows, write_sources

# KB_KILLS=50 pytest tests/test_crawl_kill.py
KILLS = int(os.environ.get("KB_KILLS", "20"))
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


def crawl_silently(arguments):
    """Crawl in this process, which was made for it, and end it with the crawl's exit code."""
    for name, value in QUICK.items():
        setattr(settings, name, value)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    sys.exit(run.main(arguments))


@pytest.fixture(scope="module")
def nursery():
    """Make processes that have Scrapy imported already: the kills strike the crawl, not the start of Python."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def is_killed(process, delay):
    """Start a crawl and kill it after a delay (None: never); tells whether it was still at work."""
    process.start()
    process.join(delay)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


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


def test_crawl_killed_many_times_loses_no_page_and_fetches_none_twice(tmp_path, nursery):
    captures = write_site(tmp_path / "site")
    sources = write_sources(
        tmp_path / "sources",
        {"id": "us-xx-rules", "platform": "index", "start": f"{SITE}/list", "match": f"{SITE}/", "follow": "ul a"},
    )
    chance = random.Random(20)  # noqa: S311 - the same moments at every run of the test
    kills, crawls = 0, 0

    while kills < KILLS:
        data = tmp_path / f"data{crawls}"
        options = ("--data", data, "--sources", sources, "--replay", captures, "--at", AT)
        arguments = [[str(option) for option in options]]
        while kills < KILLS and not is_ended(data):
            kills += is_killed(nursery.Process(target=crawl_silently, args=arguments), chance.uniform(0.05, 0.8))
        assert not is_killed(nursery.Process(target=crawl_silently, args=arguments), None)
        check_archive(data)
        crawls += 1

    assert KILLS == kills
