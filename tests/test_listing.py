"""Listings that are no web pages: what they name, whether they name all, and what hostile ones get."""

import gzip

import msgspec
import pytest

from kb.marks import mark_address, read_marks
from kb.read.fields import find_text, find_values, parse_answer
from kb.read.listing import MOST_ENTRIES, read_listing
from kb.read.page import read_page
from kb.sources import name_link, parse_source

HOST = "https://rules.example.gov/"
DOCUMENT = {"work": "code", "pattern": r"/s/(?P<citation>[^/?]+)"}


def make(platform, start=f"{HOST}start", **facts):
    body = {"id": "us-xx-a", "jurisdiction": "us-xx", "platform": platform, "start": start, "match": HOST}
    return parse_source({**body, "document": DOCUMENT, **facts}, "a test")


def read(source, body, url=f"{HOST}start"):
    return read_listing(body if isinstance(body, bytes) else body.encode(), source, url)


def list_urls(listing):
    return [entry.url.removeprefix(HOST) for entry in listing.entries]


def print_sitemap(*paths, root="urlset", item="url"):
    inside = "".join(f"<{item}><loc>{path}</loc><lastmod>2024-02-01</lastmod></{item}>" for path in paths)
    return f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{inside}</{root}>'


FEEDS = {
    "rss": f"<rss><channel><link>{HOST}</link><item><title>x</title><link>{HOST}s/1</link></item>"
    f"<item><guid>{HOST}s/2</guid></item></channel></rss>",
    "rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
    f"<item><link>{HOST}s/1</link></item><item><link>{HOST}s/2</link></item></rdf:RDF>",
    "atom": '<feed xmlns="http://www.w3.org/2005/Atom"><entry><link rel="self" href="/x"/><link href="/s/1"/></entry>'
    f"<entry><id>{HOST}s/2</id></entry></feed>",
    "json": msgspec.json.encode(
        {"version": "https://jsonfeed.org/version/1", "items": [{"url": f"{HOST}s/1"}, {"external_url": f"{HOST}s/2"}]}
    ).decode(),
    "broken": f"<rss><channel><item><link>{HOST}s/1</link><title>A & B</item><item><link>{HOST}s/2</link></item>",
}


@pytest.mark.parametrize("kind", FEEDS)
def test_feeds_of_every_kind_name_their_items_and_never_all_there_is(kind):
    listing = read(make("feed"), FEEDS[kind])

    assert ["s/1", "s/2"] == list_urls(listing)
    assert not listing.complete


def test_entities_of_a_feed_are_not_expanded():
    bomb = (
        '<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
    )
    listing = read(make("feed"), f"{bomb}<rss><item><link>{HOST}s/&b;&f;1</link></item></rss>")

    assert all("aaa" not in entry.url for entry in listing.entries)


def test_sitemap_names_all_pages_and_when_they_moved_packed_or_not():
    plain = print_sitemap(f"{HOST}s/1", f"{HOST}s/2").encode()

    for body in (plain, gzip.compress(plain)):
        listing = read(make("sitemap"), body)
        assert (["s/1", "s/2"], True) == (list_urls(listing), listing.complete)
        assert {"2024-02-01"} == {entry.moved_on for entry in listing.entries}


def test_sitemap_of_sitemaps_leads_on_and_is_not_complete_itself():
    listing = read(make("sitemap"), print_sitemap(f"{HOST}map-1.xml", root="sitemapindex", item="sitemap"))

    assert ((f"{HOST}map-1.xml",), False, ()) == (listing.more, listing.complete, listing.entries)


def test_sitemap_that_was_cut_or_bursts_is_not_complete_and_says_so():
    whole = print_sitemap(f"{HOST}s/1", f"{HOST}s/2")
    cut = read(make("sitemap"), whole[:-30])
    burst = read(make("sitemap"), gzip.compress(b"x" * 60_000_000))

    assert not cut.complete
    assert "ends before its end in us-xx-a (https://rules.example.gov/start)" in cut.problems[0]
    assert "more than 52428800 bytes when unpacked in us-xx-a (https://rules.example.gov/start)" == burst.problems[0]


def test_list_of_a_million_foreign_links_is_bounded_and_named():
    body = print_sitemap(*(f"https://elsewhere.example.com/{number}" for number in range(MOST_ENTRIES + 10)))
    listing = read(make("sitemap"), body)

    assert (0, False) == (len(listing.entries), listing.complete)
    assert f"expected at most {MOST_ENTRIES} entries in us-xx-a ({HOST}start)" in listing.problems[0]
    assert "addresses of other places in us-xx-a" in listing.problems[1]


API = {"items": "result.sections", "each": "/s/{id}", "text": "section.body"}


def test_interface_names_its_entries_and_counts_its_pages_until_one_is_empty():
    source = make("api", api={**API, "page": {"parameter": "offset", "first": 0, "step": 2}})
    full = read(source, '{"result": {"sections": [{"id": "1 a"}, {"id": 2}]}}')
    empty = read(source, '{"result": {"sections": []}}', f"{HOST}start?offset=2")

    assert (["s/1%20a", "s/2"], (f"{HOST}start?offset=2",)) == (list_urls(full), full.more)
    assert ((), (), ()) == (empty.entries, empty.more, empty.problems)


def test_value_in_the_body_of_a_post_cannot_end_its_string():
    rule = {**API, "post": {"each": '{"id": "{id}"}'}}
    (entry,) = read(make("api", api=rule), '{"result": {"sections": [{"id": "a\\"b"}]}}').entries

    assert {"id": 'a"b'} == msgspec.json.decode(read_marks(entry.url)["post"])


def test_path_that_finds_nothing_names_source_path_and_address():
    wanted = "path 'result.sections' found nothing in us-xx-a (https://rules.example.gov/start)"

    assert (wanted,) == read(make("api", api=API), '{"error": "moved"}').problems
    page = read_page(b'{"section": {}}', make("api", api=API), f"{HOST}s/1")
    assert "path 'section.body' found no text in us-xx-a (https://rules.example.gov/s/1)" == page.flaws[0].message


@pytest.mark.parametrize("body", ["{", '{"a": ', "[" * 100_000, "<a><b></a>", "\x00\x01", '{"a": "\ud83d"}'], ids=repr)
def test_malformed_answers_are_flaws_that_name_source_and_address(body):
    page = read_page(body.encode("utf-8", "surrogatepass"), make("api", api=API), f"{HOST}s/1")

    assert () == page.readings
    assert "us-xx-a (https://rules.example.gov/s/1)" in page.flaws[0].message


def test_text_of_an_answer_is_read_as_html_or_in_paragraphs():
    rule = {**API, "heading": "section.title", "note": "section.history", "valid_from": "section.from"}
    answer = {
        "section": {
            "title": "Renewal",
            "body": "  (a) A license is renewed\nwithin ten days.\n  (b) A fee is due.",
            "history": "Source: SL 2019, ch 1, § 1.",
            "from": "2024-01-01T00:00:00",
        }
    }
    written = "<p>(a) A license is renewed within ten days.</p><p>(b) A fee is due.</p>"
    html, flush = (
        {"section": {**answer["section"], "body": body}}
        for body in (written, "(a) A license is renewed\nwithin ten days.\n(b) A fee is due.")
    )

    for told in (answer, html, flush):
        (reading,) = read_page(msgspec.json.encode(told), make("api", api=rule), f"{HOST}s/12-3").readings
        parts = {part.eid: part.text for part in reading.provisions}
        assert ("us-xx/code/12-3", "Renewal") == (reading.document, reading.provisions[0].heading)
        assert {"": "", "a": "A license is renewed within ten days.", "b": "A fee is due."} == parts
        assert "Source: SL 2019" in reading.provisions[0].note
        assert ("2024-01-01", "stated") == (str(reading.validity.valid_from), reading.validity.basis)


def test_every_entry_of_a_listing_with_texts_is_a_document():
    rule = {"items": "rules", "text": "text", "citation": "number"}
    answer = {"rules": [{"number": "1.1", "text": "A fee is due."}, {"number": "1.2", "text": "No fee is due."}]}

    page = read_page(msgspec.json.encode(answer), make("api", api=rule), f"{HOST}start")

    assert ["us-xx/code/1.1", "us-xx/code/1.2"] == [reading.document for reading in page.readings]


def test_answers_in_xml_are_read_by_the_same_paths():
    rule = {"text": "rule.body", "heading": "rule.@title"}
    body = b'<answer xmlns="urn:x"><rule title="Fees"><body>(a) A fee is due.</body></rule></answer>'

    (reading,) = read_page(body, make("api", api=rule), f"{HOST}s/2").readings

    assert ("Fees", "A fee is due.") == (reading.provisions[0].heading, reading.provisions[1].text)


def test_paths_go_through_lists_take_places_and_any_depth():
    tree = parse_answer(b'{"a": [{"b": 1}, {"b": 2, "c": {"b": 3}}], "n": null}')

    assert [1, 2] == find_values(tree, "a.b") == find_values(tree, "a[*].b")
    assert [2] == find_values(tree, "a[1].b")
    assert [1, 2, 3] == sorted(find_values(tree, "**.b"))
    assert "" == find_text(tree, "n") == find_text(tree, "a.x")


def test_marks_of_an_address_are_read_back_and_ordinary_fragments_say_nothing():
    marks = {"citation": "12-3 & more", "valid_from": "2024-01-01"}

    assert marks == read_marks(mark_address(f"{HOST}s/1#top", marks))
    assert {} == read_marks(f"{HOST}s/1#top") == read_marks(f"{HOST}s/1#a=b")


def test_files_whose_names_change_are_known_by_the_words_of_their_link():
    source = make("index", document={"work": "rules", "from": "link", "pattern": r"Chapter (?P<citation>\d+)"})

    for file in ("ch12-2023.pdf", "ch12_final_v2.pdf"):
        assert "12" == source.identify(name_link(source, f"{HOST}{file}", " Chapter 12:\n Licensing ")).citation
    assert source.identify(f"{HOST}ch12-2023.pdf") is None


def test_session_tokens_leave_one_address_for_one_page():
    source = make("index", canonical=[{"pattern": r"/\(S\(\w+\)\)", "replace": ""}])

    assert {f"{HOST}s/1"} == {name_link(source, f"{HOST}(S({token}))/s/1", "") for token in ("abc", "x9z")}


def test_listing_cannot_say_in_a_fragment_what_only_we_say():
    mark = "#post=x&amp;past=1&amp;citation=9-9"
    bodies = {
        "sitemap": print_sitemap(f"{HOST}s/1{mark}"),
        "feed": f"<rss><item><link>{HOST}s/1{mark}</link></item></rss>",
        "api": f'{{"result": {{"sections": [{{"id": "{HOST}s/1#post=x"}}]}}}}',
    }

    for platform, body in bodies.items():
        facts = {"api": {**API, "each": "{id}"}} if platform == "api" else {}
        assert ["s/1"] == list_urls(read(make(platform, **facts), body))
