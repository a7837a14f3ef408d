"""Over HTTP: a site fails and comes back; the incident opens, is told, and closes by itself."""

import pytest
from click.testing import CliRunner

from kb.build import BuildRequest, build
from kb.cli import main
from kb.sources import read_sources
from kb.store.incidents import read_incidents
from kb.store.knowledge import open_knowledge
from tests.crawling import Site, crawl, read_rows, write_sources

TEXT = b"<main><h1>1. Licenses</h1><p>A license is required of every person who sedates.</p></main>"


def good(handler):
    handler.answer(200, TEXT)


def refuse(status):
    return lambda handler: handler.answer(status, b"no")


@pytest.fixture
def site():
    made = Site({"/a": good, "/b": good})
    yield made
    made.close()


def go_round(site, data, folder, **pages):
    """Crawl all sources once while the site answers so, build, and return the incidents."""
    site.pages.update({f"/{name}": page for name, page in pages.items()})
    crawl(data, "--sources", folder, "--allow-loopback", "--jurisdiction", "us-xx")
    build(data, BuildRequest(sources=read_sources([folder])))
    db = open_knowledge(data / "kb.db", read_only=True)
    found = read_incidents(db)
    db.close()
    return found


def declare(site, tmp_path):
    entries = [{"id": f"us-xx-{name}", "urls": [f"{site.url}/{name}"]} for name in "ab"]
    return write_sources(tmp_path / "sources", *entries)


def run_status(data, folder, *options):
    environment = {"KB_DATA": str(data), "COLUMNS": "100"}
    words = ["status", "--sources", str(folder), "--jurisdiction", "us-xx", *options]
    return CliRunner(env=environment).invoke(main, words)


def test_a_server_that_fails_and_comes_back_is_an_incident_that_ends(site, tmp_path):
    data, folder = tmp_path / "data", declare(site, tmp_path)
    rounds = [
        go_round(site, data, folder),
        go_round(site, data, folder, a=refuse(503)),
        go_round(site, data, folder, a=good),
    ]

    assert [] == rounds[0]
    assert [("us-xx-a", "http_5xx", True)] == [(one.source, one.cause, one.closed_at is None) for one in rounds[1]]
    assert [("us-xx-a", "http_5xx", False)] == [(one.source, one.cause, one.closed_at is None) for one in rounds[2]]


def test_a_host_that_refuses_all_its_sources_is_told_once(site, tmp_path):
    data, folder = tmp_path / "data", declare(site, tmp_path)
    go_round(site, data, folder)
    go_round(site, data, folder, a=refuse(403), b=refuse(403))
    day = read_rows(data, "SELECT MIN(observed_at) AS at FROM fetches WHERE status = 403")[0]["at"][:10]

    result = run_status(data, folder, "--exit-code")

    assert 1 == result.exit_code
    told = [line for line in result.stdout.splitlines() if line.startswith("host ")]
    assert [f"host 127.0.0.1: refused by the server (403 or a firewall) since {day}, 2 sources"] == told
    assert 1 == result.stdout.count("never disguise")


def test_a_robots_txt_that_forbids_is_named_as_the_cause(site, tmp_path):
    data, folder = tmp_path / "data", declare(site, tmp_path)
    go_round(site, data, folder)
    site.pages["/robots.txt"] = lambda handler: handler.answer(200, b"User-agent: *\nDisallow: /a\n")

    found = go_round(site, data, folder)

    assert [("us-xx-a", "robots")] == [(one.source, one.cause) for one in found]
    assert "robots.txt" in found[0].first_message


def test_a_site_that_is_gone_for_good_leaves_the_other_source_fresh(site, tmp_path):
    data, folder = tmp_path / "data", declare(site, tmp_path)
    go_round(site, data, folder)
    go_round(site, data, folder, a=refuse(410))

    result = run_status(data, folder)

    assert "us-xx-b" not in result.stdout
    assert "1 fresh" in result.stdout or "2 fresh" in result.stdout
