"""Those who run the site see whether it is well, and what was asked, never by whom or for what words."""

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from kb.generations import POINTER, ForeignGenerationError, Pointer, write_pointer
from kb.telling import open_current
from kb.web import operating, swap
from kb.web.tables import make_metadata, read_tables
from tests.sites import copy_data, make_data, open_site, publish_at


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return make_data(folder / "data", folder / "web")


@pytest.fixture
def data(made, tmp_path):
    return copy_data(made, tmp_path / "data")


def get(site, path, **keys):
    async def ask():
        return await site.client.get(path, **keys)

    return asyncio.run(ask())


def test_site_tells_that_it_is_well(monkeypatch, data):
    publish_at(data)

    answer = get(open_site(monkeypatch, data), "/-/health")

    assert {"status": "ok", "generation": 1, "published_at": "2024-03-01T01:00:00Z", "refused": False} == answer.json()
    assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])


def test_site_tells_that_nothing_is_published(monkeypatch, data):
    answer = get(open_site(monkeypatch, data), "/-/health")

    assert (503, "unpublished") == (answer.status_code, answer.json()["status"])


def test_site_tells_that_a_newer_generation_was_refused(monkeypatch, data):
    publish_at(data)
    site = open_site(monkeypatch, data)
    get(site, "/")
    write_pointer(data / "public", Pointer(2, "000002.db", "2024-03-01T01:02:00Z", {}))

    answer = get(site, "/-/health")

    assert (200, 1, True) == (answer.status_code, answer.json()["generation"], answer.json()["refused"])


def spoil_form(data, file="000001.db"):
    """Make a generation one that another version of the program published."""
    with closing(sqlite3.connect(data / "public" / file)) as db:
        db.execute("PRAGMA user_version = 7")


@pytest.mark.parametrize(("path", "kind"), [("/", "text/html"), ("/api/v1/changes", "application/problem+json")])
def test_site_says_that_another_version_published_what_is_there(monkeypatch, data, path, kind):
    publish_at(data)
    spoil_form(data)
    site = open_site(monkeypatch, data)
    answer = get(site, path)

    assert (503, kind) == (answer.status_code, answer.headers["content-type"].partition(";")[0])
    assert "another version" in answer.text
    assert "kb publish" in answer.text
    assert (503, True) == (get(site, "/-/health").status_code, get(site, "/-/health").json()["refused"])


def test_site_keeps_the_last_good_edition_until_one_is_made_anew(monkeypatch, data):
    publish_at(data)
    site = open_site(monkeypatch, data)
    get(site, "/")
    publish_at(data)
    spoil_form(data, "000002.db")
    write_pointer(data / "public", Pointer(2, "000002.db", "2024-03-01T01:02:00Z", {}))
    kept = get(site, "/-/health").json()
    publish_at(data)

    assert (1, True) == (kept["generation"], kept["refused"])
    assert (3, False) == tuple(get(site, "/-/health").json()[name] for name in ("generation", "refused"))


def test_reports_are_not_written_from_what_another_version_published(data):
    publish_at(data)
    spoil_form(data)

    with pytest.raises(ForeignGenerationError, match="run: kb publish"), open_current(data):
        pass


def test_site_whose_pages_wait_is_not_well(monkeypatch, data):
    publish_at(data)
    monkeypatch.setattr(operating, "HEALTH_SECONDS", 0.05)
    monkeypatch.setattr(swap.GenerationDatabase, "read_page", lambda *_: asyncio.sleep(1))

    answer = get(open_site(monkeypatch, data), "/-/health")

    assert (503, "slow") == (answer.status_code, answer.json()["status"])


def test_log_tells_every_request_and_nobody(monkeypatch, data, tmp_path):
    publish_at(data)
    log = tmp_path / "access.jsonl"
    monkeypatch.setenv("KB_ACCESS_LOG", str(log))
    site = open_site(monkeypatch, data)
    headers = {"user-agent": "Somebody/1", "x-forwarded-for": "203.0.113.9", "referer": "https://example.org/secret"}

    for path in ("/search?q=my+own+words&page=1", "/search?q=my+own+words&page=1", "/nowhere", "/-/health"):
        get(site, path, headers=headers)

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [
        ("/search", ["page", "q"], 200, "miss", 1),
        ("/search", ["page", "q"], 200, "hit", 1),
        ("/nowhere", [], 404, "miss", 1),
        ("/-/health", [], 200, "", 1),
    ] == [tuple(line[name] for name in ("path", "asked", "status", "cache", "generation")) for line in lines]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["at"]) and line["bytes"] > 0 for line in lines)
    assert not re.search(r"own|Somebody|203\.0|127\.0|example\.org", log.read_text())


def test_no_log_is_written_unless_asked_for(monkeypatch, data, tmp_path):
    publish_at(data)
    monkeypatch.delenv("KB_ACCESS_LOG", raising=False)

    get(open_site(monkeypatch, data), "/")

    assert {"data"} == {path.name for path in tmp_path.iterdir()}
    assert (data / "public" / POINTER).is_file()


def test_one_generation_can_be_published_as_plain_tables(data, tmp_path):
    publish_at(data)
    shutil.copy(data / "public" / "000001.db", tmp_path / "kb.db")
    (tmp_path / "metadata.json").write_text(json.dumps(make_metadata()))

    page = ask_plain(tmp_path, "/kb/changes")
    ready = ask_plain(tmp_path, "/kb/search_changes.json?words=thirty+days&_shape=array")
    refused = ask_plain(tmp_path, "/kb.json?sql=select+1")

    assert (0, True) == (page.returncode, read_tables()["changes"].columns["signals"] in page.stdout)
    assert (0, 3, 1) == (ready.returncode, len(json.loads(ready.stdout)), refused.returncode)


def ask_plain(folder, path):
    """Ask Datasette alone, as docs/operate.md publishes it, in a process that knows nothing of our site."""
    settings = ("--setting", "default_allow_sql", "off", "--setting", "allow_download", "off")
    command = [sys.executable, "-P", "-m", "datasette", "serve", "kb.db", "--metadata", "metadata.json", *settings]
    asked = [*command, "--get", path]
    return subprocess.run(asked, check=False, cwd=folder, capture_output=True, text=True, timeout=60)
