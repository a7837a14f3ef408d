"""Ctrl-C at a terminal ends a crawl in good order and says how to go on."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

from tests.crawling import ROOT, Site, read_rows, write_sources

COUNT = "SELECT COUNT(*) AS n FROM fetches"


def count_fetches(data):
    """Count what is stored; 0 as long as the crawler has not made its tables."""
    try:
        return read_rows(data, COUNT)[0]["n"] if (data / "archive.db").is_file() else 0
    except sqlite3.OperationalError:
        return 0


def test_ctrl_c_stores_what_is_on_its_way_and_says_how_to_go_on(tmp_path):
    site = Site({f"/{number}": lambda handler: handler.answer() for number in range(40)})
    folder = write_sources(tmp_path / "sources", {"id": "us-xx-a", "urls": [f"{site.url}/{n}" for n in range(40)]})
    data = tmp_path / "data"
    options = ["--data", str(data), "--sources", str(folder), "--source", "us-xx-a", "--allow-loopback"]
    command = [sys.executable, "-c", "from kb.cli import main; main()", "crawl", *options]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    crawling = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **streams)
    while not count_fetches(data):
        assert crawling.poll() is None
        time.sleep(0.1)

    os.killpg(crawling.pid, signal.SIGINT)
    said, log = crawling.communicate()
    site.close()

    assert 3 == crawling.returncode
    assert "the same command goes on where this one ends" in log
    assert "the crawl is not at its end: run it again to go on" in said
    assert 0 < count_fetches(data) < 40
