"""An update crawls, builds and publishes, one at a time; ended anywhere, the next one finishes its work."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest

from kb.build import BuildRequest, build
from kb.errors import BusyError
from kb.generations import FOLDER, read_pointer
from kb.sources import read_sources
from kb.store.connection import data_lock
from kb.update import CrawlFailedError, UpdateRequest, crawl, describe_moved, update
from tests.crawling import ROOT, Site, read_rows, write_sources

SOURCE = "us-xx-rules"
NOW = "2024-06-01T08:00:00Z"
STARTER = """
import sys
from pathlib import Path
from kb.sources import read_sources
from kb.update import UpdateRequest, update
data, folder, *options = sys.argv[1:]
request = UpdateRequest(sources=read_sources([Path(folder)]), now="2024-06-01T08:00:00Z", crawl=options)
print("closed" if update(Path(data), request).crawl.closed else "not at its end")
"""


def say(text):
    return lambda handler: handler.answer(200, f"<main><h1>§ 1-1. Renewal.</h1><p>(a) {text}</p></main>".encode())


@pytest.fixture
def site():
    made = Site({"/1-1": say("A license is renewed within ten days."), "/1-2": say("A fee is due.")})
    yield made
    made.close()


@pytest.fixture
def folder(site, tmp_path):
    document = {"work": "code", "pattern": r"/(?P<citation>[^/]+)$"}
    return write_sources(
        tmp_path / "sources",
        {"id": SOURCE, "urls": [f"{site.url}/1-1", f"{site.url}/1-2"], "select": "main", "document": document},
    )


def list_options(folder, *more):
    return ["--sources", str(folder), "--source", SOURCE, "--allow-loopback", *more]


def run(data, folder, *more):
    return update(data, UpdateRequest(sources=read_sources([folder]), now=NOW, crawl=list_options(folder, *more)))


def start(data, folder):
    """Start an update in a process group of its own."""
    command = [sys.executable, "-c", STARTER, str(data), str(folder), *list_options(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)


def wait_until(condition):
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited a minute for what did not come")


def count_fetches(data):
    """Return how often each page was stored."""
    return {row["url"].rpartition("/")[2]: row["n"] for row in read_rows(data, COUNT)}


COUNT = "SELECT url, COUNT(*) AS n FROM fetches GROUP BY url"


class Gate:
    """A page that is answered only once the gate is open."""

    def __init__(self):
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, handler):
        self.reached.set()
        self.open.wait(60)
        handler.answer()


@pytest.fixture
def gate(site):
    site.pages["/1-2"] = Gate()
    yield site.pages["/1-2"]
    site.pages["/1-2"].open.set()


def test_second_update_with_nothing_due_publishes_nothing(site, folder, tmp_path):
    first = run(tmp_path / "data", folder, "--due")
    second = run(tmp_path / "data", folder, "--due")

    assert (1, 2) == (first.published.generation, first.build.versions)
    assert (None, (), {}, 0) == (second.published, second.moved, second.crawl.sources, second.build.waves)


def test_edition_of_another_version_is_made_anew_and_tells_no_old_news(site, folder, tmp_path):
    first = run(tmp_path / "data", folder, "--due")
    with closing(sqlite3.connect(tmp_path / "data" / FOLDER / "000001.db")) as db:
        db.execute("PRAGMA user_version = 7")
    second = run(tmp_path / "data", folder, "--due")

    assert (1, 2) == (first.published.generation, second.published.generation)
    assert () == second.moved


def test_pages_that_did_not_change_are_published_as_checked_again(site, folder, tmp_path):
    run(tmp_path / "data", folder)

    second = run(tmp_path / "data", folder)

    assert (2, (), 2) == (second.published.generation, second.moved, second.crawl.sources[SOURCE].same)


def test_rule_changes_since_the_last_publication_are_told_once(site, folder, tmp_path):
    data = tmp_path / "data"
    run(data, folder)
    site.pages["/1-1"] = say("A license is renewed within thirty days.")

    second, third = run(data, folder), run(data, folder)

    assert ["us-xx/code/1-1"] == [change.document for change in second.moved]
    assert () == third.moved


def test_moved_rules_are_counted_by_place_and_the_latest_named(site, folder, tmp_path):
    run(tmp_path / "data", folder)
    site.pages["/1-1"] = say("A license is renewed within thirty days.")
    [change] = run(tmp_path / "data", folder).moved

    lines = describe_moved([change] * 7)

    assert "rule changes since the last publication: us-xx 7" == lines[0]
    assert f"{change.citation} ~ amended (a) · substantive · number: {change.reason}" == lines[1][13:]
    assert (7, "  and 2 before: kb changes") == (len(lines), lines[-1])
    assert ["no rule change since the last publication"] == describe_moved([])


def test_second_update_at_the_same_time_is_refused(folder, tmp_path):
    with data_lock(tmp_path / "data", "update"), pytest.raises(BusyError, match="held by process"):
        run(tmp_path / "data", folder)

    assert not (tmp_path / "data/archive.db").exists()


def test_update_beside_a_crawl_is_refused_with_wrong_usage(folder, tmp_path, capfd):
    with data_lock(tmp_path / "data", "crawl"), pytest.raises(CrawlFailedError) as refused:
        run(tmp_path / "data", folder)

    assert 2 == refused.value.exit_code
    assert "crawl.lock: held by process" in capfd.readouterr().err


def test_page_that_fails_keeps_nothing_else_from_being_published(site, folder, tmp_path):
    site.pages["/1-2"] = lambda handler: handler.answer(403)

    result = run(tmp_path / "data", folder)

    assert (True, [SOURCE]) == (result.crawl.is_failed, result.crawl.failed_sources)
    assert (1, 1) == (result.published.generation, result.published.tables["documents"])


def test_update_killed_while_it_crawls_is_finished_by_the_next(site, folder, tmp_path, gate):
    data = tmp_path / "data"
    with start(data, folder) as killed:
        gate.reached.wait(60)
        wait_until(lambda: count_fetches(data) == {"1-1": 1})
        os.killpg(killed.pid, signal.SIGKILL)
    gate.open.set()

    result = run(data, folder)

    assert {"1-1": 1, "1-2": 1} == count_fetches(data)
    assert 1 == sum(path == "/1-1" for path, _ in site.asked)
    assert (True, 1) == (result.crawl.closed, result.published.generation)


def test_update_asked_to_end_stores_what_it_has_and_the_next_goes_on(site, tmp_path, gate):
    data, names = tmp_path / "data", [f"1-{number}" for number in range(1, 31)]
    site.pages.update({f"/{name}": say("A fee is due.") for name in names if name != "1-2"})
    folder = write_sources(tmp_path / "sources", {"id": SOURCE, "urls": [f"{site.url}/{name}" for name in names]})
    with start(data, folder) as ended:
        gate.reached.wait(60)
        ended.send_signal(signal.SIGTERM)
        gate.open.set()
        said = ended.communicate()[0]
    stored = count_fetches(data)

    result = run(data, folder)

    assert (0, "not at its end\n", True) == (ended.returncode, said, {"1-1", "1-2"} <= stored.keys() < set(names))
    assert (True, dict.fromkeys(names, 1)) == (result.crawl.closed, count_fetches(data))


def test_what_was_built_and_not_published_is_published_by_the_next(site, folder, tmp_path):
    data = tmp_path / "data"
    run(data, folder)
    site.pages["/1-1"] = say("A license is renewed within thirty days.")
    crawl(data, list_options(folder))
    build(data, BuildRequest(sources=read_sources([folder])))

    result = run(data, folder, "--due")

    assert (0, 2) == (result.build.waves, result.published.generation)
    assert ["us-xx/code/1-1"] == [change.document for change in result.moved]
    assert 2 == read_pointer(data / FOLDER).generation


def test_crawler_that_ends_without_a_summary_is_an_error(tmp_path, capfd):
    with pytest.raises(CrawlFailedError, match="ended with 2 and no summary") as failed:
        crawl(tmp_path, ["--source", "us-xx-nowhere"])

    assert 2 == failed.value.exit_code
    assert "us-xx-nowhere" in capfd.readouterr().err
