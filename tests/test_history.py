"""Earlier texts that a publisher keeps fill a document's history and are never changes of today."""

import sqlite3
from contextlib import closing
from datetime import date

import pytest

from kb.build import BuildRequest, build
from kb.consult import choose_version
from kb.publish import publish
from kb.sources import read_sources
from kb.store.knowledge import open_knowledge
from kb.store.public import open_published
from kb.store.queries import read_version_rows
from tests.crawling import Site, crawl, read_rows, write_sources

RULE = """<html><body><main><h1>12-3 Renewal</h1><p>(a) A license is renewed within {days} days.</p></main>{rest}
    </body></html>"""
LIST = b'<html><body><main><a href="/section-12-3">12-3</a></main></body></html>'
LINKS = """<ul class=versions><li><a href="/section-12-3/3-31-2021">March 31, 2021</a></li>
    <li><a href="/section-12-3/7-1-2019">July 1, 2019</a></li></ul>"""


def show(days, rest=""):
    return lambda handler: handler.answer(200, RULE.format(days=days, rest=rest).encode())


def read_versions(data):
    with sqlite3.connect(data / "kb.db") as db:
        query = """SELECT valid_from, valid_to, closed_at IS NOT NULL, text
            FROM versions JOIN provisions USING (version) WHERE eid = 'a' ORDER BY valid_from IS NULL, valid_from"""
        return [(*row[:3], row[3].split()[-2]) for row in db.execute(query)]


def count(data, table):
    with sqlite3.connect(data / "kb.db") as db:
        return db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]


@pytest.fixture
def site():
    site = Site(
        {
            "/laws/": lambda handler: handler.answer(200, LIST),
            "/section-12-3": show("thirty", LINKS),
            "/section-12-3/3-31-2021": show("twenty"),
            "/section-12-3/7-1-2019": show("ten"),
        }
    )
    yield site
    site.close()


@pytest.fixture
def sources(site, tmp_path):
    return write_sources(
        tmp_path / "sources",
        {
            "id": "us-xx-code",
            "platform": "index",
            "start": f"{site.url}/laws/",
            "match": f"{site.url}/section-",
            "select": "main",
            "document": {"work": "code", "pattern": r"/section-(?P<citation>[^/]+)$"},
            "versions": {
                "pattern": r"/section-(?P<citation>[^/]+)/(?P<valid_from>[\d-]+)$",
                "follow": ".versions a",
                "dates": "%m-%d-%Y",
            },
        },
    )


def update(data, sources):
    summary = crawl(data, "--sources", sources, "--allow-loopback")[1]
    build(data, BuildRequest(sources=read_sources([sources])))
    return summary


def test_earlier_texts_have_their_own_terms_and_are_no_changes_of_today(site, sources, tmp_path):
    data = tmp_path / "data"
    update(data, sources)

    expected = [("2019-07-01", "2021-03-31", 1, "ten"), ("2021-03-31", None, 1, "twenty"), (None, None, 0, "thirty")]
    assert expected == read_versions(data)
    assert (0, 0, 1) == (count(data, "changes"), count(data, "problems"), count(data, "documents"))


def test_days_before_first_sight_are_answered_from_the_history_and_it_is_published(sources, tmp_path):
    data = tmp_path / "data"
    update(data, sources)

    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        rows = read_version_rows(db, "us-xx/code/12-3")
    shown = date.fromisoformat(next(row.observed_from[:10] for row in rows if row.closed_at is None))
    days = [date(2018, 1, 1), date(2020, 1, 1), date(2022, 1, 1), shown]
    choices = [choose_version(rows, day) for day in days]
    began = [choice.version and choice.version.valid_from for choice in choices]

    assert ["unknown_before", "in_force", "in_force", "in_force"] == [choice.state for choice in choices]
    assert [None, date(2019, 7, 1), date(2021, 3, 31), None] == began
    published = publish(data, "2099-01-01T00:00:00Z", declared=read_sources([sources]))
    with closing(open_published(published.path)) as db:
        assert 3 == db.execute("SELECT COUNT(*) FROM versions").fetchone()[0]


def test_earlier_texts_are_asked_for_once_and_a_new_one_is_added_without_a_change(site, sources, tmp_path):
    data = tmp_path / "data"
    update(data, sources)
    site.asked.clear()
    link = '<ul class=versions><li><a href="/section-12-3/5-1-2017">May 1, 2017</a></li>'
    site.pages["/section-12-3"] = show("thirty", LINKS.replace("<ul class=versions>", link))
    site.pages["/section-12-3/5-1-2017"] = show("five")

    update(data, sources)

    asked = [path for path, _ in site.asked if path.startswith("/section")]
    assert ["/section-12-3", "/section-12-3/5-1-2017"] == asked
    assert ("2017-05-01", "2019-07-01", 1, "five") == read_versions(data)[0]
    assert 0 == count(data, "changes")


def test_change_of_today_is_reported_beside_a_history(site, sources, tmp_path):
    data = tmp_path / "data"
    update(data, sources)
    site.pages["/section-12-3"] = show("forty", LINKS)

    update(data, sources)

    assert 1 == count(data, "changes")
    before = read_versions(data)
    build(data, BuildRequest(sources=read_sources([sources]), from_scratch=True))
    assert before == read_versions(data)


def test_earlier_text_that_cannot_be_had_is_no_change_and_no_version(site, sources, tmp_path):
    data = tmp_path / "data"
    site.pages["/section-12-3/7-1-2019"] = lambda handler: handler.answer(404, b"")

    update(data, sources)

    assert ["twenty", "thirty"] == [row[3] for row in read_versions(data)]
    assert 4 == len(read_rows(data, "SELECT * FROM fetches"))
    assert 0 == count(data, "changes")


def test_chain_of_earlier_texts_is_followed_from_one_to_the_one_before(tmp_path):
    def link(number, day):
        return f'<p class=before><a href="/v/{number}">Version before, effective {day}</a></p>'

    site = Site(
        {
            "/r/1": show("thirty", link(2, "3/31/2021")),
            "/v/2": show("twenty", link(1, "7/1/2019")),
            "/v/1": show("ten", link(2, "3/31/2021")),
        }
    )
    declared = {
        "id": "us-xx-code",
        "urls": [f"{site.url}/r/1"],
        "match": f"{site.url}/",
        "select": "main",
        "document": {"work": "code", "pattern": r"/r/(?P<citation>[^/]+)$"},
        "versions": {"pattern": r"/v/\d+$", "follow": ".before a", "chain": True},
    }
    update(tmp_path / "data", write_sources(tmp_path / "sources", declared))
    site.close()

    expected = [("2019-07-01", "2021-03-31", 1, "ten"), ("2021-03-31", None, 1, "twenty"), (None, None, 0, "thirty")]
    assert expected == read_versions(tmp_path / "data")
