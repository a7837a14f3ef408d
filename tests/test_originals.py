"""Captured pages are handed out where the operator wishes so: as attachments, only whole texts, never as pages."""

import asyncio
import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bench.shots import find_browser, open_browser
from kb.serve import ServeRequest, start_server, stop_server
from tests.sites import FIRST, SECOND, find_port, list_pages, make_data, open_site, publish_at
from tests.test_subscribe_site import _await, ask

PAGES = list_pages()


def name_page(path, at=SECOND):
    return hashlib.sha256(PAGES[at, path]).hexdigest()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    made = make_data(folder / "data", folder / "web")
    publish_at(made)
    return made


@pytest.fixture
def site(data, monkeypatch):
    monkeypatch.setenv("KB_SERVE_ARCHIVE", "1")
    return open_site(monkeypatch, data)


def get(site, path):
    async def run():
        return await site.client.get(path)

    return asyncio.run(run())


@pytest.mark.parametrize("at", [FIRST, SECOND])
def test_page_is_handed_out_byte_for_byte_as_an_attachment_of_plain_text(site, at):
    sha256 = name_page("open/1-2", at)
    answer = get(site, f"/snapshots/{sha256}")

    assert (200, PAGES[at, "open/1-2"]) == (answer.status_code, answer.content)
    assert "text/plain; charset=utf-8" == answer.headers["content-type"]
    assert f'attachment; filename="{sha256[:12]}.txt"' == answer.headers["content-disposition"]
    assert ("nosniff", "sandbox; default-src 'none'") == (
        answer.headers["x-content-type-options"],
        answer.headers["content-security-policy"],
    )


@pytest.mark.parametrize("path", ["quoted/1-1", "withheld/1-1"])
def test_pages_in_which_others_hold_rights_are_not_handed_out(site, path):
    # The same bytes stand in a source that may be shown: that others hold rights in them counts.
    assert PAGES[SECOND, path] == PAGES[SECOND, "open/1-1"]
    assert 404 == get(site, f"/snapshots/{name_page(path)}").status_code


@pytest.mark.parametrize("name", ["0" * 64, "xyz", "../archive.db", "A" * 64, "0" * 63])
def test_what_was_never_published_is_not_there(site, name):
    answer = get(site, f"/snapshots/{name}")

    assert 404 == answer.status_code
    assert "attachment" not in answer.headers.get("content-disposition", "")


def test_without_the_operators_wish_nothing_is_handed_out_and_the_page_says_why(data, monkeypatch):
    monkeypatch.delenv("KB_SERVE_ARCHIVE", raising=False)
    site = open_site(monkeypatch, data)
    answer = get(site, f"/snapshots/{name_page('open/1-2')}")

    assert 404 == answer.status_code
    assert "kb serve --archive" in answer.text
    assert "page as captured" not in get(site, "/d/us-xx/code/1-2").text


def test_text_leads_to_the_pages_it_was_read_from(site):
    assert f"/snapshots/{name_page('open/1-2')}" in get(site, "/d/us-xx/code/1-2").text


def test_page_that_was_taken_down_is_gone_and_its_hash_stays(data, monkeypatch):
    monkeypatch.setenv("KB_SERVE_ARCHIVE", "1")
    sha256 = name_page("open/1-3")
    with closing(sqlite3.connect(data / "archive.db")) as db:
        (body,) = db.execute("SELECT body FROM snapshots WHERE sha256 = ?", (sha256,)).fetchone()
        db.execute("UPDATE snapshots SET body = NULL WHERE sha256 = ?", (sha256,))
        db.commit()
    try:
        assert 404 == get(open_site(monkeypatch, data), f"/snapshots/{sha256}").status_code
        publish_at(data)
        answer = get(open_site(monkeypatch, data), f"/snapshots/{sha256}")
        assert 410 == answer.status_code
        assert "taken down" in answer.text.lower()
        assert sha256 in answer.text
    finally:
        with closing(sqlite3.connect(data / "archive.db")) as db:
            db.execute("UPDATE snapshots SET body = ? WHERE sha256 = ?", (body, sha256))
            db.commit()


def test_hostile_page_is_saved_and_never_shown(data):
    if find_browser() is None:
        pytest.skip("no browser: on Debian, apt-get install --no-install-recommends chromium")
    port = find_port()
    server = start_server(ServeRequest(data, port=port, archive=True))
    try:
        _await(lambda: ask(port, "GET", "/-/health")[0] == 200)
        with open_browser() as browser:
            tab = browser.new_page(accept_downloads=True)
            tab.goto(f"http://127.0.0.1:{port}/d/us-xx/code/1-2")
            with tab.expect_download() as saved:
                tab.click(f"a[href='/snapshots/{name_page('open/1-2')}']")
            assert PAGES[SECOND, "open/1-2"] == Path(saved.value.path()).read_bytes()
            assert "hacked" not in tab.title()
    finally:
        stop_server(server)
