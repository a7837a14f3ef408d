"""Lists made to harm: none learns a secret, fills the memory, or has half an address asked for."""

import gzip
import json
import os

import pytest

from kb.read import fields
from kb.read.listing import MOST_ENTRIES, read_listing
from kb.read.page import read_page
from kb.sources import parse_source
from tests.crawling import Site, crawl, write_sources

HOST = "https://rules.example.gov"
START = f"{HOST}/all.xml"
API = {"items": "items", "each": f"{HOST}/rules/{{id}}", "text": "text"}


def make_listed(platform, **keys):
    body = {"platform": platform, "start": START, "match": f"{HOST}/rules/", **keys}
    return parse_source({"id": "us-xx-rules", "jurisdiction": "us-xx", **body}, "a test")


def make_sitemap(*paths):
    return f"<urlset>{''.join(f'<url><loc>{HOST}{path}</loc></url>' for path in paths)}</urlset>".encode()


def name_paths(body, source):
    return [entry.url.removeprefix(HOST) for entry in read_listing(body, source, START).entries]


def answer(body):
    return lambda handler: handler.answer(200, body.encode())


@pytest.fixture
def site():
    made = Site({})
    yield made
    made.close()


def test_link_of_a_page_cannot_ask_for_a_secret_that_its_source_does_not_name(site, tmp_path):
    links = '<a href="/rules/1?q=${OTHER_KEY}">1</a><a href="/rules/2">2</a>'
    site.pages = {
        "/list?key=mine": answer(f"<html><body><main>{links}</main></body></html>"),
        "/all.xml": answer(f"<urlset><url><loc>{site.url}/notes/1?q=${{OTHER_KEY}}</loc></url></urlset>"),
        "/rules/2": answer("<p>A license is required.</p>"),
    }
    start = f"{site.url}/list?key=${{MY_KEY}}"
    sources = write_sources(
        tmp_path,
        {"id": "us-xx-a", "platform": "index", "start": start, "match": f"{site.url}/rules/"},
        {"id": "us-xx-b", "platform": "sitemap", "start": f"{site.url}/all.xml", "match": f"{site.url}/notes/"},
    )
    environment = {**os.environ, "MY_KEY": "mine", "OTHER_KEY": "s3cret"}

    crawl(tmp_path / "data", "--sources", sources, "--allow-loopback", environment=environment)

    asked = [path for path, _ in site.asked if path != "/robots.txt"]
    assert ["/all.xml", "/list?key=mine", "/rules/2"] == sorted(asked)


def test_last_address_of_a_sitemap_that_breaks_off_is_not_asked_for():
    whole = make_sitemap("/rules/1", "/rules/23")

    assert ["/rules/1"] == name_paths(whole[: -len("3</loc></url></urlset>")], make_listed("sitemap"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_sitemap_of_endless_tags_is_refused_before_a_tree_is_made_of_it(pack, monkeypatch):
    monkeypatch.setattr(fields, "MOST_TAGS", 1_000)
    body = pack(b"<urlset>" + b"<a/>" * 2_000 + b"</urlset>")

    page = read_page(body, make_listed("sitemap"), START)

    assert [f"expected at most 1000 tags, found 2002 in us-xx-rules ({START})"] == [flaw.message for flaw in page.flaws]


def test_answer_of_endless_values_is_refused(monkeypatch):
    monkeypatch.setattr(fields, "MOST_COMMAS", 1_000)
    body = b'{"items": [' + b"[]," * 2_000 + b"[]]}"

    page = read_page(body, make_listed("api", api=API), START)

    assert [f"expected at most 1000 values, found 2000 in us-xx-rules ({START})"] == [
        flaw.message for flaw in page.flaws
    ]


def test_list_of_more_items_than_are_taken_is_not_complete():
    body = json.dumps({"items": [{"id": number} for number in range(MOST_ENTRIES + 5)]}).encode()

    found = read_listing(body, make_listed("api", api=API), START)

    assert (MOST_ENTRIES, False, 1) == (len(found.entries), found.complete, len(found.problems))


def test_answer_in_an_old_charset_is_read():
    page = read_page('{"text": "A café needs § 3."}'.encode("cp1252"), make_listed("api", api=API), f"{HOST}/rules/1")

    assert ["A café needs § 3."] == [part.text for part in page.readings[0].provisions if part.text]


@pytest.mark.parametrize("body", [b"null", b"[]", b"{}", b"5", b"<html><p>Be back soon</p></html>"])
def test_answer_of_the_register_without_results_is_a_flaw(body):
    source = make_listed("federal_register", federal_register={"term": "kites"})

    assert 1 == len(read_page(body, source, START).flaws)


def test_links_of_a_feed_stand_below_the_base_it_states():
    entry = '<entry><link href="1"/></entry>'
    body = f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{HOST}/rules/">{entry}</feed>'.encode()

    assert ["/rules/1"] == name_paths(body, make_listed("feed"))
