"""What must never be kept, planted wherever a server or a declaration can put it, is found nowhere afterwards."""

import os
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from kb.build import BuildRequest, build
from kb.cli import main
from kb.publish import publish
from kb.sources import read_sources
from kb.store.archive import open_archive, read_snapshot
from tests.crawling import Site, crawl, read_fetches, write_sources

KEY = "pl4nted/key+value"
QUOTED = "pl4nted%2Fkey%2Bvalue"
COOKIE, CLIENT, TOKEN = "pl4nted-cookie", "203.0.113.77", "pl4nted-bearer"
PLANTED = [spelled.encode() for spelled in (KEY, QUOTED, "pl4nted", CLIENT)]
NOW = "2030-01-01T00:00:00Z"
RULE = {"work": "r", "pattern": r"/(?P<citation>[a-z]+)(\?|$)"}
# Headers with which servers and proxies tell a client about itself; each would name it for good.
TELLING = {
    "Set_Cookie": f"session={COOKIE}; Path=/",
    "Authorization": f"Bearer {TOKEN}",
    "X_Authorization_Echo": f"Bearer {TOKEN}",
    "X_Forwarded_For": CLIENT,
    "X_Client_IP": CLIENT,
    "Forwarded": f"for={CLIENT}",
    "Via": f"1.1 {CLIENT}",
    "X_Request_Url": f"/rules?key={QUOTED}",
    "Link": f'</rules?key={QUOTED}>; rel="canonical"',
    "ETag": '"one"',
}
LAW = b"<main><h1>Rule 1</h1><p>A license is required to practice in this state.</p></main>"


def answer(handler, body=LAW, status=200, **more):
    handler.answer(status, body, **{**TELLING, **more})


def hang_up(handler):
    handler.close_connection = True


PAGES = {
    f"/rules?key={QUOTED}": answer,
    f"/moved?key={QUOTED}": lambda h: answer(h, b"", 302, Location=f"/final?key={QUOTED}&client=1"),
    f"/final?key={QUOTED}&client=1": answer,
    f"/away?key={QUOTED}": lambda h: answer(h, b"", 302, Location=f"http://elsewhere.example.gov/?key={QUOTED}"),
    f"/echo?key={QUOTED}": lambda h: answer(h, b"<main>You asked with " + KEY.encode() + b"</main>"),
    f"/wrong?key={QUOTED}": lambda h: answer(h, b"Bad key: " + QUOTED.encode(), 403),
    f"/silent?key={QUOTED}": hang_up,
    f"/list?key={QUOTED}": lambda h: answer(h, f'<a href="/rules?key={QUOTED}">1</a>'.encode()),
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Crawl pages that plant, build, publish and export; returns the folder and what was logged and printed."""
    folder = tmp_path_factory.mktemp("secrets")
    site = Site(PAGES)
    urls = [f"{site.url}{path.replace(QUOTED, '${RULES_KEY}')}" for path in PAGES]
    source = {"id": "us-xx-rules", "urls": urls, "document": RULE, "platform": "index"}
    source |= {"start": f"{site.url}/list?key=${{RULES_KEY}}", "match": f"{site.url}/", "follow": "a"}
    sources = write_sources(folder / "sources", source)
    environment = {**os.environ, "RULES_KEY": KEY}
    _, summary, log = crawl(folder / "data", "--sources", sources, "--allow-loopback", environment=environment)
    declared = read_sources([sources])
    build(folder / "data", BuildRequest(sources=declared))
    publish(folder / "data", NOW, declared=declared)
    export = CliRunner().invoke(main, ["export", "--data", str(folder / "data")]).stdout.encode()
    CliRunner().invoke(main, ["export", "--data", str(folder / "data"), "--warc", str(folder / "data" / "all.warc")])
    yield folder / "data", site, log + str(summary), export
    site.close()


def test_key_reached_the_server(kept):
    _, site, _, _ = kept

    assert set(PAGES) <= {path for path, _ in site.asked}


def test_planted_words_are_in_no_file_log_or_export(kept):
    data, _, said, export = kept

    files = {path.name: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    places = {**files, "log": said.encode(), "export": export, **_unpack(data)}

    assert {"archive.db", "kb.db", "000001.db", "all.warc"} <= files.keys()
    assert b"A license is required" in files["all.warc"]
    assert len(export) > 0
    assert [] == [(name, word) for name, bytes_ in places.items() for word in PLANTED if word in bytes_]


def _unpack(data):
    with closing(open_archive(data / "archive.db", read_only=True)) as db:
        hashes = [row["sha256"] for row in db.execute("SELECT sha256 FROM snapshots")]
        bodies = {sha256: read_snapshot(db, sha256) for sha256 in hashes}
    # SQLite keeps what was written to a page before: every text of every table as well.
    with closing(sqlite3.connect(data / "archive.db")) as db:
        dump = "\n".join(db.iterdump()).encode()
    return {**bodies, "dump": dump}


def test_page_that_repeats_its_secret_is_refused_and_says_so(kept):
    data, _, said, _ = kept

    rows = read_fetches(data)
    key = "?key=${RULES_KEY}"

    for name, status in (("echo", 200), ("wrong", 403), ("list", 200)):
        row = rows[name + key]
        assert ("refused", status, None) == (row["outcome"], row["status"], row["sha256"])
        assert row["error"].startswith("secret: the page repeats a secret")
    assert ("ok", "ok") == (rows["rules" + key]["outcome"], rows["moved" + key]["outcome"])
    assert "the page repeats a secret of its request" in said
