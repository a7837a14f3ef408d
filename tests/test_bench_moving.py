"""A moving web is watched by the real spiders with nothing declared, and told by page and day."""

import json

import msgspec
import pytest

from bench import impatient, moving
from crawlers import run, settings
from tests.crawling import Site as Server
from tests.crawling import redirect_to
from tests.moving_site import FAULTS, Site


class MovingServer:
    """One publisher's site on this machine: a first page that names its list, and an address that switches the day."""

    def __init__(self, days):
        self.days = days
        self.server = Server({})
        self.url = self.server.url
        self.show(0)

    def show(self, epoch):
        self.server.pages = {
            "/": answer(b'<a href="/law/">Laws</a> <a href="#top">Top</a> <a href="/about.html">About</a>'),
            **{f"/__epoch/{day}": self.switch(day) for day in range(len(self.days))},
            **{path: page if callable(page) else answer(page) for path, page in self.days[epoch].items()},
        }

    def switch(self, day):
        def handle(handler):
            self.show(day)
            handler.answer(200, b"ok")

        return handle


def answer(body):
    return lambda handler: handler.answer(200, body)


def list_paths(site, wave):
    return {url.partition(".example.gov")[2]: body for url, body in site.show_all(wave).items()}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Watch three days: an amendment and a fault, then a recovery and an address that leads to another."""
    folder = tmp_path_factory.mktemp("moving")
    site = Site("word", 1, 6)
    days = [list_paths(site, 0)]
    site.amend("title-2")
    days.append({**list_paths(site, 1), "/law/title-4.html": FAULTS["maintenance"](site, "title-4", 1)})
    moved = list_paths(site, 2)
    renamed = moved["/law/title-6.html"]
    moved["/law/"] = moved["/law/"].replace(b"title-6.html", b"title-60.html")
    days.append({**moved, "/law/title-60.html": renamed, "/law/title-6.html": redirect_to("/law/title-60.html")})
    served = MovingServer(days)
    lines = folder / "report.jsonl"
    code = moving.main(["--root", str(folder), "--url", served.url, "--epochs", str(len(days)), "--report", str(lines)])
    served.server.close()
    told = [msgspec.json.decode(line, type=moving.Line) for line in lines.read_bytes().splitlines()]
    return code, served.url, told


def tell(report, epoch):
    _, url, lines = report
    return [(line.url.removeprefix(f"{url}/law/"), line.kind, line.nature) for line in lines if line.epoch == epoch]


def test_the_first_day_tells_nothing(report):
    assert (0, []) == (report[0], tell(report, 0))


def test_an_amendment_and_the_page_of_an_incident_are_told_on_their_day(report):
    assert [("title-2.html", "amended", "substantive"), ("title-4.html", "incident", "structural")] == sorted(
        tell(report, 1)
    )


def test_a_recovery_tells_nothing_and_a_moved_page_no_rule_change(report):
    told = tell(report, 2)

    assert {"structural"} == {nature for _, _, nature in told}
    assert {"title-6.html", "title-60.html"} == {page for page, kind, _ in told if kind == "renumbered"}


def test_what_was_told_once_is_not_told_again(report):
    lines = [(line.url, line.kind, line.part) for line in report[2]]

    assert len(lines) == len(set(lines))


def test_each_list_that_the_first_page_names_is_a_source_with_nothing_else_declared(tmp_path):
    server = Server(
        {"/": answer(b'<a href="/st/AL/">AL</a><a class=x href="/st/New York/">NY</a><a href="/st/AL/">A</a>')}
    )

    sources = moving.declare_lists(server.url, tmp_path)
    server.close()

    assert ["us-xx-1-st-al", "us-xx-2-st-new-york"] == [source.id for source in sources]
    assert [(f"{server.url}/st/AL/",), (f"{server.url}/st/New York/",)] == [source.start for source in sources]
    assert {"id", "platform", "start"} == set(json.loads((tmp_path / "0001.yml").read_text())["sources"][0])


def test_crawling_impatiently_waits_for_no_one_and_is_else_the_same_crawl(monkeypatch):
    given = []
    for name in ("DOWNLOAD_DELAY", "AUTOTHROTTLE_ENABLED", "LOG_LEVEL", "CONCURRENT_REQUESTS_PER_DOMAIN"):
        monkeypatch.setattr(settings, name, getattr(settings, name))
    monkeypatch.setattr(run, "collect_delays", run.collect_delays)
    monkeypatch.setattr(run, "main", lambda arguments: given.extend(arguments) or 3)

    code = impatient.main(["--data", "somewhere"])

    assert (3, ["--data", "somewhere", "--allow-loopback"]) == (code, given)
    assert (0, False, {}) == (settings.DOWNLOAD_DELAY, settings.AUTOTHROTTLE_ENABLED, run.collect_delays([1]))
