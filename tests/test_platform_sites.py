"""Each platform against a small server that publishes so, over HTTP: crawled, built, and crawled again."""

import json
import os
import sqlite3
from urllib.parse import unquote

import pytest

from bench.typesetter import typeset
from bench.word_writer import paragraph, write_docx
from kb.build import BuildRequest, build
from kb.read.listing import MOST_PAGES
from kb.sources import read_sources
from tests.crawling import Site, crawl, read_rows, write_sources

RULE = """<html><body><main><h1>{number} {title}</h1><p>(a) A license is renewed within {days} days.</p></main>
    </body></html>"""
KEY = "s3cr3t/key"


class Pages(dict):
    """Pages of a server that answers any question put to a path in the same way, unless one is known."""

    def get(self, path):
        return super().get(path) or super().get(path.partition("?")[0])


class Place:
    """A server and the data folder it is crawled into."""

    def __init__(self, folder):
        self.folder = folder
        self.data = folder / "data"
        self.site = Site({})
        self.url = self.site.url

    def put(self, path, body, media="text/html"):
        content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        kind = "application/json" if isinstance(body, dict | list) else media
        self.site.pages[path] = lambda handler: handler.answer(200, content, Content_Type=kind)

    def crawl(self, environment=None, **source):
        """Declare one source, crawl and build it; returns the paths asked for, the summary and the log."""
        entry = {"id": "us-xx-a", "match": f"{self.url}/", **source}
        folder = write_sources(self.folder / "sources", entry)
        self.site.asked.clear()
        env = {**os.environ, **environment} if environment else None
        _, summary, log = crawl(self.data, "--sources", folder, "--allow-loopback", environment=env)
        assert summary is not None, log
        build(self.data, BuildRequest(sources=read_sources([folder])))
        return [path for path, _ in self.site.asked if path != "/robots.txt"], summary["sources"]["us-xx-a"], log

    def read(self, query):
        with sqlite3.connect(self.data / "kb.db") as db:
            return list(db.execute(query))

    def list_documents(self):
        return [row[0] for row in self.read("SELECT DISTINCT document FROM versions ORDER BY document")]

    def list_problems(self):
        return [row[0] for row in self.read("SELECT message FROM problems")]

    def list_changes(self):
        return self.read("SELECT kind, document FROM changes ORDER BY document")


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    yield place
    place.site.close()


CODE = {"work": "code", "pattern": r"/s/(?P<citation>[^/?#]+)"}


def print_rule(number, days="ten", title="Renewal"):
    return RULE.format(number=number, title=title, days=days)


def print_sitemap(url, *numbers, moved="2020-01-01"):
    inside = "".join(f"<url><loc>{url}/s/{number}</loc><lastmod>{moved}</lastmod></url>" for number in numbers)
    return f'<?xml version="1.0"?><urlset>{inside}</urlset>'


def test_sitemap_leads_to_its_pages_and_proves_a_removal(place):
    index = f"<sitemapindex><sitemap><loc>{place.url}/map-1.xml</loc></sitemap></sitemapindex>"
    place.put("/map.xml", index, "text/xml")
    place.put("/map-1.xml", print_sitemap(place.url, "1", "2", "3"), "text/xml")
    for number in "123":
        place.put(f"/s/{number}", print_rule(number))
    declared = {"platform": "sitemap", "start": f"{place.url}/map.xml", "document": CODE}
    place.crawl(**declared)
    assert ["us-xx/code/1", "us-xx/code/2", "us-xx/code/3"] == place.list_documents()

    place.put("/map-1.xml", print_sitemap(place.url, "1", "2"), "text/xml")
    del place.site.pages["/s/3"]
    place.crawl(**declared)

    assert [("removed", "us-xx/code/3")] == place.list_changes()


def test_sitemap_that_is_trusted_spares_pages_that_have_not_moved(place):
    place.put("/map.xml", print_sitemap(place.url, "1", "2"), "text/xml")
    for number in "12":
        place.put(f"/s/{number}", print_rule(number))
    declared = {"platform": "sitemap", "start": f"{place.url}/map.xml", "document": CODE}
    first, _, _ = place.crawl(**declared, sitemap={"lastmod": "trusted"})
    spared, _, _ = place.crawl(**declared, sitemap={"lastmod": "trusted"})
    place.put("/map.xml", print_sitemap(place.url, "1", "2", moved="2999-01-01"), "text/xml")
    moved, _, _ = place.crawl(**declared, sitemap={"lastmod": "trusted"})
    every, _, _ = place.crawl(**declared)

    assert [3, 1, 3, 3] == [len(asked) for asked in (first, spared, moved, every)]
    assert [] == place.list_changes()


def test_feed_leads_to_its_items_and_one_that_left_it_is_not_removed(place):
    def feed(*numbers):
        items = "".join(f"<item><link>{place.url}/s/{number}</link></item>" for number in numbers)
        return f"<rss version='2.0'><channel>{items}</channel></rss>"

    place.put("/feed", feed("1", "2"), "application/rss+xml")
    for number in "123":
        place.put(f"/s/{number}", print_rule(number))
    declared = {"platform": "feed", "start": f"{place.url}/feed", "document": CODE}
    place.crawl(**declared)
    place.put("/feed", feed("2", "3"), "application/rss+xml")
    place.crawl(**declared)

    assert ["us-xx/code/1", "us-xx/code/2", "us-xx/code/3"] == place.list_documents()
    assert [] == place.list_changes()


API = {
    "items": "result.sections",
    "each": "/s/{id}?key=${TEST_KEY}",
    "page": {"parameter": "offset", "first": 0, "step": 2},
    "text": "section.body",
    "heading": "section.title",
    "valid_from": "section.from",
    "headers": {"X-Api-Key": "${TEST_KEY}"},
}


def serve_api(place, days="ten"):
    key = "key=s3cr3t%2Fkey"
    ids = ["12-1", "12-2", "12-3"]
    for offset in (0, 2, 4):
        query = f"{key}&offset={offset}" if offset else key
        place.put(f"/list?{query}", {"result": {"sections": [{"id": one} for one in ids[offset : offset + 2]]}})
    for one in ids:
        body = f"<p>(a) A license is renewed within {days} days.</p>"
        place.put(f"/s/{one}?{key}", {"section": {"title": f"{one} Renewal", "body": body, "from": "2024-01-01"}})


def test_interface_is_paged_through_with_a_key_that_is_kept_nowhere(place):
    serve_api(place)
    declared = {"platform": "api", "start": f"{place.url}/list?key=${{TEST_KEY}}", "document": CODE, "api": API}
    asked, summary, log = place.crawl({"TEST_KEY": KEY}, **declared)

    assert (6, {}) == (len(asked), summary["failed"])
    assert ["us-xx/code/12-1", "us-xx/code/12-2", "us-xx/code/12-3"] == place.list_documents()
    assert [("2024-01-01",)] == place.read("SELECT DISTINCT valid_from FROM versions")
    assert all(KEY == dict(headers)["X-Api-Key"] for path, headers in place.site.asked if path != "/robots.txt")
    assert b"s3cr3t" not in b"".join(path.read_bytes() for path in place.data.iterdir() if path.is_file())
    assert "s3cr3t" not in log

    serve_api(place, days="thirty")
    place.crawl({"TEST_KEY": KEY}, **declared)
    assert [("amended", f"us-xx/code/12-{number}") for number in "123"] == place.list_changes()


def test_key_that_is_not_set_is_a_refused_page(place):
    declared = {"platform": "api", "start": f"{place.url}/list", "document": CODE, "api": {**API, "each": "/s/{id}"}}
    asked, summary, _ = place.crawl(**declared)

    assert ([], {"secret": 1}) == (asked, summary["failed"])


def test_interface_that_knows_only_post_is_asked_so(place):
    def answer(handler):
        told = json.loads(handler.sent)
        if "section" in told["query"]:
            number = told["query"].split()[-1]
            found = {"data": {"section": {"number": number, "text": f"(a) Fee {number} is due."}}}
        else:
            found = {"data": {"sections": [{"code": "1-1"}, {"code": "1-2"}]}}
        handler.answer(200, json.dumps(found).encode(), Content_Type="application/json")

    place.site.pages["/graphql"] = answer
    rule = {
        "items": "data.sections",
        "each": "/graphql",
        "citation": "code",
        "text": "data.section.text",
        "post": {"list": '{"query": "all"}', "each": '{"query": "section {code}"}'},
    }
    place.crawl(platform="api", start=f"{place.url}/graphql", api=rule)

    assert ["us-xx/page/1-1", "us-xx/page/1-2"] == place.list_documents()


def test_interface_whose_entries_hold_their_texts_is_read_page_by_page(place):
    def answer(number, following):
        return {"rules": [{"number": f"1.{number}", "text": f"Fee {number} is due."}], "next": following}

    place.put("/rules", answer(1, "/rules?after=1"))
    place.put("/rules?after=1", answer(2, None))
    rule = {"items": "rules", "text": "text", "citation": "number", "next": "next"}
    document = {"work": "rules", "pattern": "never (?P<citation>x)"}
    place.crawl(platform="api", start=f"{place.url}/rules", document=document, api=rule)

    assert ["us-xx/rules/1.1", "us-xx/rules/1.2"] == place.list_documents()
    assert [] == place.list_problems()


def test_listing_that_never_ends_is_left_after_so_many_pages_and_told(place):
    def answer(handler):
        handler.answer(200, b'{"result": {"sections": [{"id": "1"}]}}', Content_Type="application/json")

    for number in range(1, MOST_PAGES + 20):
        place.site.pages[f"/list?offset={number}"] = answer
    place.site.pages["/list"] = answer
    place.put("/s/1", {"section": {"body": "A fee is due."}})
    rule = {"items": "result.sections", "each": "/s/{id}", "text": "section.body", "page": {"parameter": "offset"}}
    asked, _, log = place.crawl(platform="api", start=f"{place.url}/list", document=CODE, api=rule, host_delay=0.1)

    assert MOST_PAGES + 2 == len(asked)
    assert f"expected a listing of at most {MOST_PAGES} pages in us-xx-a" in log


def test_listing_that_names_other_hosts_is_told_and_they_are_not_asked(place):
    many = {"result": {"sections": [{"id": "1"}, {"id": "https://elsewhere.example.com/x"}]}}
    place.put("/list", many)
    place.put("/s/1", {"section": {"body": "A fee is due."}})
    rule = {"items": "result.sections", "each": "{id}", "text": "section.body"}
    _, _, log = place.crawl(platform="api", start=f"{place.url}/list", document=CODE, api=rule)

    assert "1 addresses of other places in us-xx-a" in log
    assert "elsewhere" not in "".join(row["url"] for row in read_rows(place.data, "SELECT url FROM fetches"))


def test_interface_whose_path_finds_nothing_is_a_problem_with_its_name(place):
    place.put("/list", {"error": "moved"})
    rule = {"items": "result.sections", "each": "/s/{id}", "text": "section.body"}
    place.crawl(platform="api", start=f"{place.url}/list", document=CODE, api=rule)

    assert [f"path 'result.sections' found nothing in us-xx-a ({place.url}/list)"] == place.list_problems()


def print_part(*sections, days="ten"):
    inside = "".join(
        f'<DIV8 N="§ {one}" TYPE="SECTION"><HEAD>§ {one} Renewal.</HEAD><P>(a) Renewed within {days} days.</P></DIV8>'
        for one in sections
    )
    return f'<?xml version="1.0"?><DIV5 N="1308" TYPE="PART"><HEAD>PART 1308</HEAD>{inside}</DIV5>'


def serve_ecfr(place, day, days="ten"):
    titles = [{"number": 21, "up_to_date_as_of": day}, {"number": 22, "up_to_date_as_of": "2099-01-01"}]
    place.put("/v1/titles.json", {"titles": titles})
    place.put(f"/v1/full/{day}/title-21.xml?part=1308", print_part("1308.13", "1308.14", days=days), "text/xml")


ECFR = {"platform": "ecfr", "document": {"work": "cfr", "cite": "21 CFR {citation}"}}


def test_ecfr_is_asked_for_the_day_its_title_states_and_a_new_day_is_no_new_place(place):
    serve_ecfr(place, "2024-05-01")
    declared = {**ECFR, "start": f"{place.url}/v1/", "ecfr": {"title": 21, "parts": [1308]}}
    asked, _, _ = place.crawl(**declared)
    assert ["/v1/titles.json", "/v1/full/2024-05-01/title-21.xml?part=1308"] == asked

    del place.site.pages["/v1/full/2024-05-01/title-21.xml?part=1308"]
    serve_ecfr(place, "2024-05-08", days="thirty")
    asked, _, _ = place.crawl(**declared)

    assert ["/v1/titles.json", "/v1/full/2024-05-08/title-21.xml?part=1308"] == asked
    assert ["us-xx/cfr/1308.13", "us-xx/cfr/1308.14"] == place.list_documents()
    assert [("amended", "us-xx/cfr/1308.13"), ("amended", "us-xx/cfr/1308.14")] == place.list_changes()
    assert [("revision",)] == place.read("SELECT DISTINCT event_kind FROM changes")
    assert [] == place.read("SELECT kind FROM events WHERE kind = 'relocation'")


def test_title_without_declared_parts_is_read_by_its_structure(place):
    serve_ecfr(place, "2024-05-01")
    chapter = {"type": "chapter", "identifier": "II", "children": [{"type": "part", "identifier": "1308"}]}
    place.put("/v1/structure/2024-05-01/title-21.json", {"type": "title", "identifier": "21", "children": [chapter]})
    asked, _, _ = place.crawl(**ECFR, start=f"{place.url}/v1/", ecfr={"title": 21})

    assert "/v1/full/2024-05-01/title-21.xml?part=1308" == asked[-1]
    assert ["us-xx/cfr/1308.13", "us-xx/cfr/1308.14"] == place.list_documents()


def test_title_whose_day_is_told_nowhere_is_not_asked_for_by_todays(place):
    place.put("/v1/titles.json", {"titles": [{"number": 22, "up_to_date_as_of": "2024-05-01"}]})
    asked, _, log = place.crawl(**ECFR, start=f"{place.url}/v1/", ecfr={"title": 21, "parts": [1308]})

    assert ["/v1/titles.json"] == asked
    assert f"no up_to_date_as_of of title 21 in us-xx-a ({place.url}/v1/titles.json)" in log
    assert [] != place.list_problems()


def test_page_named_by_its_address_is_asked_for_as_it_stands(place):
    serve_ecfr(place, "2024-05-01")
    place.put("/current/title-21", print_rule("1"))
    declared = {**ECFR, "start": f"{place.url}/v1/", "ecfr": {"title": 21, "parts": [1308]}}
    asked, _, _ = place.crawl(**declared, urls=[f"{place.url}/current/title-21"])

    assert "/current/title-21" in asked


def test_ecfr_history_is_read_section_by_section_with_its_terms(place):
    serve_ecfr(place, "2024-05-01")
    versions = [
        {"type": "section", "identifier": "1308.13", "date": date, "part": "1308", "removed": False}
        for date in ("2016-01-01", "2020-06-01")
    ]
    place.put("/v1/versions/title-21.json?part=1308", {"content_versions": versions})
    for date, days in (("2016-01-01", "five"), ("2020-06-01", "seven")):
        body = print_part("1308.13", days=days)
        place.put(f"/v1/full/{date}/title-21.xml?part=1308&section=1308.13", body, "text/xml")
    declared = {**ECFR, "start": f"{place.url}/v1/", "ecfr": {"title": 21, "parts": [1308], "history": True}}
    place.crawl(**declared)
    asked, _, _ = place.crawl(**declared)

    rows = place.read("SELECT valid_from, valid_to FROM versions WHERE document = 'us-xx/cfr/1308.13' ORDER BY 1")
    assert [(None, None), ("2016-01-01", "2020-06-01"), ("2020-06-01", None)] == rows
    assert 3 == len(asked)
    assert ([], []) == (place.list_changes(), place.list_problems())


def test_documents_of_the_federal_register_take_effect_as_their_fields_say(place):
    def answer(number, effective):
        return {
            "document_number": number,
            "title": f"Rule {number}",
            "type": "Rule",
            "publication_date": "2024-03-01",
            "effective_on": effective,
            "raw_text_url": f"{place.url}/text/{number}.txt",
        }

    first = {"results": [answer("2024-1", "2024-04-01")], "next_page_url": f"{place.url}/documents.json?page=2"}
    rule = {"agencies": ["example-agency"], "cfr": {"title": 21, "part": 1308}, "types": ["RULE"], "term": "fee"}
    place.put("/documents.json?page=2", {"results": [answer("2024-2", None)]})
    for number in ("2024-1", "2024-2"):
        place.put(f"/text/{number}.txt", f"<html><body><pre>A fee is due under {number}.</pre></body></html>")
    declared = {
        "platform": "federal_register",
        "start": f"{place.url}/documents.json",
        "document": {"work": "fr", "pattern": r"/text/(?P<citation>[\d-]+)\.txt"},
        "federal_register": rule,
    }
    seed = find_seed(place, declared)
    place.put(seed, first)
    asked, _, _ = place.crawl(**declared)
    again, _, _ = place.crawl(**declared)

    for words in ("conditions[agencies][]=example-agency", "conditions[cfr][part]=1308", "conditions[term]=fee"):
        assert words in unquote(asked[0])
    rows = place.read("SELECT document, valid_from FROM versions ORDER BY document")
    assert [("us-xx/fr/2024-1", "2024-04-01"), ("us-xx/fr/2024-2", None)] == rows
    assert (4, 2) == (len(asked), len(again))
    assert ([], []) == (place.list_changes(), place.list_problems())


def find_seed(place, declared):
    """Return the question a source begins with, as the server sees it."""
    asked, _, _ = place.crawl(**declared)
    place.data = place.folder / "data-2"
    return asked[0]


def test_xml_library_is_followed_to_its_sections(place):
    schema = "https://code.dccouncil.us/schemas/dc-library"
    include = '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="./s/{}.xml"/>'
    included = include.format("1-101") + include.format("1-102")
    index = f'<?xml version="1.0"?><container xmlns="{schema}">{included}</container>'
    place.put("/code/index.xml", index, "application/xml")
    for number in ("1-101", "1-102"):
        inside = f"<num>{number}</num><heading>Fees</heading><text>A fee is due.</text>"
        section = f'<?xml version="1.0"?><section xmlns="{schema}">{inside}</section>'
        place.put(f"/code/s/{number}.xml", section, "application/xml")
    document = {"work": "code", "pattern": r"/s/(?P<citation>[^/]+)\.xml$"}
    place.crawl(platform="uslm", start=f"{place.url}/code/index.xml", document=document)

    assert ["us-xx/code/1-101", "us-xx/code/1-102"] == place.list_documents()
    assert [] == place.list_problems()


def print_chapter(kind, days="ten"):
    """Return a file that holds the rule, and what servers call its kind."""
    words = ["12 Renewal", f"(a) A license is renewed within {days} days.", "(b) The board keeps the fee."]
    page = "".join(f"<p>{text}</p>" for text in words[1:])
    made = {
        "html": (f"<html><body><main><h1>{words[0]}</h1>{page}</main></body></html>", "text/html"),
        "pdf": (typeset(words, head="Rules of the Board"), "application/pdf"),
        "docx": (write_docx(*map(paragraph, words)), "application/octet-stream"),
    }
    return made[kind]


@pytest.mark.parametrize("kind", ["html", "pdf", "docx"])
def test_new_file_for_the_same_chapter_is_the_same_document(place, kind):
    def index(file):
        return f'<html><body><main><a href="/files/{file}">Chapter 12 (revised)</a></main></body></html>'

    declared = {
        "platform": "index",
        "start": f"{place.url}/rules/",
        "document": {"work": "rules", "from": "link", "pattern": r"Chapter (?P<citation>\d+)"},
    }
    place.put("/rules/", index(f"ch12-2023.{kind}"))
    place.put(f"/files/ch12-2023.{kind}", *print_chapter(kind))
    place.crawl(**declared)
    place.put("/rules/", index(f"final_v2.{kind}"))
    place.put(f"/files/final_v2.{kind}", *print_chapter(kind, days="thirty"))
    asked, _, _ = place.crawl(**declared)

    assert ["/rules/", f"/files/final_v2.{kind}"] == asked
    assert ["us-xx/rules/12"] == place.list_documents()
    assert [("amended", "us-xx/rules/12")] == place.list_changes()


def test_session_tokens_in_links_do_not_make_new_pages(place):
    def index(token):
        return f'<html><body><main><a href="/(S({token}))/s/1">1</a></main></body></html>'

    declared = {
        "platform": "index",
        "start": f"{place.url}/list/",
        "document": CODE,
        "canonical": [{"pattern": r"/\(S\(\w+\)\)", "replace": ""}],
    }
    place.put("/list/", index("abc"))
    place.put("/s/1", print_rule("1"))
    place.crawl(**declared)
    place.put("/list/", index("xyz"))
    asked, _, _ = place.crawl(**declared)

    assert ["/list/", "/s/1"] == sorted(asked)
    assert [] == place.read("SELECT kind FROM events WHERE kind = 'relocation'")
    assert [] == place.list_changes()


def test_listing_that_has_not_changed_is_still_followed(place):
    body = print_sitemap(place.url, "1", "2").encode()

    def answer(handler):
        if handler.headers.get("If-None-Match") == '"one"':
            return handler.answer(304, b"")
        return handler.answer(200, body, Content_Type="text/xml", ETag='"one"')

    place.site.pages["/map.xml"] = answer
    place.put("/s/1", print_rule("1"))
    declared = {"platform": "sitemap", "start": f"{place.url}/map.xml", "document": CODE}
    place.crawl(**declared)
    place.put("/s/2", print_rule("2"))
    asked, _, _ = place.crawl(**declared)

    assert ["/map.xml", "/s/1", "/s/2"] == sorted(asked)
    rows = read_rows(place.data, "SELECT outcome FROM fetches WHERE url LIKE '%map.xml' ORDER BY seq")
    assert ["ok", "not_modified"] == [row["outcome"] for row in rows]


@pytest.mark.parametrize("platform", ["sitemap", "feed", "api", "ecfr", "federal_register"])
def test_malformed_listing_is_named_and_another_source_finishes(place, platform):
    place.site.pages["/broken"] = lambda handler: handler.answer(200, b'{"a": [', Content_Type="application/json")
    place.site.pages["/broken/titles.json"] = place.site.pages["/broken"]
    place.site.pages = Pages(place.site.pages)
    rules = {"api": API, "ecfr": {"title": 21}, "federal_register": {"term": "fee"}}
    needs = {platform: rules[platform]} if platform in rules else {}
    place.put("/fine", print_rule("1"))
    folder = write_sources(
        place.folder / "sources",
        {"id": "us-xx-bad", "platform": platform, "start": f"{place.url}/broken", **needs, "document": CODE},
        {"id": "us-xx-fine", "urls": [f"{place.url}/fine"]},
    )
    environment = {**os.environ, "TEST_KEY": KEY}
    _, summary, log = crawl(place.data, "--sources", folder, "--allow-loopback", environment=environment)

    assert 1 == summary["sources"]["us-xx-fine"]["fetched"]
    assert f"in us-xx-bad ({place.url}/broken" in log


def test_version_list_with_days_in_the_words_of_its_links(place):
    link = '<a href="/v/{}">Version of {} to {}</a>'
    links = link.format("u81", "7/1/2019", "5/6/2020") + link.format("u82", "5/6/2020", "1/1/2023")
    place.put("/s/58-1", print_rule("58-1", days="thirty").replace("</body>", f"<nav>{links}</nav></body>"))
    place.put("/v/u81", print_rule("58-1", days="five"))
    place.put("/v/u82", print_rule("58-1", days="seven"))
    place.crawl(
        urls=[f"{place.url}/s/58-1"], document=CODE, select="main", versions={"pattern": r"/v/u\d+$", "follow": "nav a"}
    )

    rows = place.read("SELECT document, valid_from, valid_to FROM versions ORDER BY valid_from")
    terms = [(None, None), ("2019-07-01", "2020-05-06"), ("2020-05-06", "2023-01-01")]
    assert [("us-xx/code/58-1", *term) for term in terms] == rows
    assert [] == place.list_changes()
