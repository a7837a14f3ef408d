"""The list of pages names every kind of page once, all of them answer, and robots are told what to leave alone."""

import re
from urllib.parse import urlsplit

import pytest
from lxml import etree

from kb.errors import NotFoundError
from kb.web.pages import sitemap
from tests.test_answer_pages import data, db  # noqa: F401 - the demonstration with its answers
from tests.test_feeds import ask

ADDRESS = "https://law.example"


def list_addresses(db, path):  # noqa: F811
    answer = ask(db, path, ADDRESS, "2026-11-28")
    tree = etree.fromstring(answer.body.encode())
    return [node.text for node in tree.iter(f"{{{sitemap.NAMESPACE}}}loc")]


def test_every_page_of_the_sitemap_answers_and_none_is_named_twice(db):  # noqa: F811
    parts = list_addresses(db, "/sitemap.xml")
    named = [one for part in parts for one in list_addresses(db, urlsplit(part).path)]
    paths = [urlsplit(one).path for one in named if not one.endswith("/api")]

    assert len(named) == len(set(named))
    assert {"", "changes", "j", "q", "d", "s", "f", "e", "c", "report", "citations"} <= {
        path.split("/")[1] for path in paths
    }
    assert [] == [path for path in paths if ask(db, path, ADDRESS, "2026-11-28").status != 200]


def test_long_lists_come_in_parts_that_hold_all(db, monkeypatch):  # noqa: F811
    (whole,) = list_addresses(db, "/sitemap.xml")
    everything = list_addresses(db, urlsplit(whole).path)
    monkeypatch.setattr(sitemap, "PART_SIZE", 100)
    parts = list_addresses(db, "/sitemap.xml")

    assert len(parts) > 5
    assert everything == [one for part in parts for one in list_addresses(db, urlsplit(part).path)]
    with pytest.raises(NotFoundError, match="parts"):
        list_addresses(db, "/sitemap-999.xml")


def test_without_an_address_the_list_says_what_is_missing(db):  # noqa: F811
    with pytest.raises(NotFoundError, match="KB_ADDRESS"):
        ask(db, "/sitemap.xml", "")


def test_robots_are_told_where_the_list_is_and_what_to_leave_alone(db):  # noqa: F811
    told = ask(db, "/robots.txt", ADDRESS).body

    assert "Sitemap: https://law.example/sitemap.xml" in told
    assert {"/kb", "/search", "/subscription"} <= set(re.findall(r"Disallow: (.+)", told))
    assert "Sitemap" not in ask(db, "/robots.txt", "").body
