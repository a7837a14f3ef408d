"""Lists lead to the pages of their source, and to no other."""

import msgspec
import pytest

from crawlers.platforms import PLATFORMS, UnknownPlatformError, find_platform, list_seeds
from crawlers.platforms.links import LONGEST_URL, ListPage, follow_links
from kb.sources import parse_source
from tests.crawling import Site, crawl, read_rows, write_sources

START = "https://code.example.gov/titles/"
OWN = "https://code.example.gov/"


def make_source(**facts):
    body = {
        "id": "us-xx-code",
        "jurisdiction": "us-xx",
        "platform": "index",
        "start": START,
        "match": OWN,
        "follow": "ul.sections",
        "document": {"work": "code", "pattern": r"/sections/(?P<citation>[^/]+)\.html$"},
    }
    return parse_source({**body, **facts}, "a test")


def find(html, source=None, base=START, depth=0):
    return follow_links(source or make_source(), ListPage(START, base, html.encode(), depth=depth))


def test_links_inside_what_a_selector_chooses_are_followed_once_and_in_order():
    html = """<a href="/other">x</a><ul class=sections><li><a href="../sections/2.html#top">2</a>
        <a href="/sections/1.html">1</a><a href="/sections/2.html">2</a></ul>"""

    assert (f"{OWN}sections/2.html", f"{OWN}sections/1.html") == find(html).urls


def test_every_link_of_an_undeclared_list_is_followed_that_leads_to_its_source():
    html = """<nav><a href="/titles/about.html">About</a></nav><a href="2.html#top">2</a><area href="3.html">
        <a name="x">here</a><a href="/elsewhere/4.html">4</a><a href="2.html">2</a>"""
    source = parse_source({"id": "us-xx-a", "jurisdiction": "us-xx", "platform": "index", "start": [START]}, "a test")

    found = find(html, source)

    assert (tuple(f"{START}{name}.html" for name in ("about", "2", "3")), ()) == (found.urls, found.problems)


def test_an_undeclared_list_without_a_link_is_named_as_a_problem_at_the_start_alone():
    source = parse_source({"id": "us-xx-a", "jurisdiction": "us-xx", "platform": "index", "start": [START]}, "a test")

    assert 1 == len(find("<p>Nothing here</p>", source).problems)
    assert () == find("<p>Nothing here</p>", source, depth=1).problems


def test_selector_may_choose_the_links_themselves():
    html = '<p><a class=next href="?page=2">next</a></p>'

    assert (f"{START}?page=2",) == find(html, make_source(follow=["a.next"])).urls


@pytest.mark.parametrize(
    "href",
    [
        "https://elsewhere.example.gov/1",
        "mailto:board@example.gov",
        "javascript:void(0)",
        "file:///etc/hostname",
        "http://[broken",
        "https://user:word@code.example.gov/1",
        "/" + "x" * LONGEST_URL,
    ],
)
def test_links_that_are_no_page_of_the_source_are_left(href):
    assert () == find(f'<ul class=sections><a href="{href}">1</a></ul>').urls


def test_links_are_relative_to_the_answering_address_or_the_base_the_page_states():
    link = '<ul class=sections><a href="1.html">1</a></ul>'

    assert (f"{OWN}new/1.html",) == find(link, base=f"{OWN}new/").urls
    assert (f"{OWN}old/1.html",) == find(f'<base href="/old/">{link}', base=f"{OWN}new/").urls


def test_selector_that_matches_nothing_on_a_start_page_is_named_with_source_and_page():
    assert (f"follow 'ul.sections' matched 0 elements in us-xx-code ({START})",) == find("<p>moved</p>").problems
    assert () == find("<p>a leaf</p>", depth=1).problems


@pytest.mark.parametrize(
    ("platform", "url", "depth", "expected"),
    [
        ("page", START, 0, False),
        ("index", START, 0, True),
        ("index", f"{START}?page=2", 1, True),
        ("index", f"{OWN}sections/1.html", 1, False),
        ("index", f"{START}?page=999", 100, False),
        ("contents", f"{OWN}title-1/chapter-2/", 2, True),
        ("contents", f"{OWN}too/deep/", 8, False),
    ],
)
def test_platform_says_which_pages_lead_on(platform, url, depth, expected):
    source = make_source(platform=platform)

    assert expected == find_platform(source).is_list(source, url, depth)


def test_platform_without_a_crawler_is_an_error_that_names_those_there_are():
    with pytest.raises(UnknownPlatformError, match=r"us-xx-code: expected .*api, contents, .*found 'gopher'"):
        find_platform(msgspec.structs.replace(make_source(), platform="gopher"))


def test_pages_named_one_by_one_lead_nowhere():
    source = make_source(platform="page", urls=[f"{OWN}1", START])

    assert (START, f"{OWN}1") == list_seeds(source)
    assert () == PLATFORMS["page"].find_links(source, ListPage(START, START, b'<a href="/1">1</a>')).urls


def answer_list(handler, *links, tag='"one"'):
    if handler.headers.get("If-None-Match") == tag:
        return handler.answer(304, b"")
    body = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    return handler.answer(200, f"<ul>{body}</ul>".encode(), ETag=tag)


def test_contents_are_followed_down_and_an_unchanged_list_still_leads_to_its_pages(tmp_path):
    def page(*links):
        return lambda handler: answer_list(handler, *links)

    site = Site(
        {
            "/contents/": page("title-1/", "/elsewhere"),
            "/contents/title-1/": page("a.html", "b.html"),
            "/contents/title-1/a.html": page(),
            "/contents/title-1/b.html": page("/contents/"),
        }
    )
    sources = write_sources(
        tmp_path / "sources",
        {"id": "us-xx-code", "platform": "contents", "start": f"{site.url}/contents/", "follow": "ul a"},
    )

    crawls = [crawl(tmp_path / "data", "--sources", sources, "--allow-loopback")[1] for _ in range(2)]
    site.close()

    query = "SELECT url, outcome, run FROM fetches ORDER BY run, url"
    rows = [(row["url"].removeprefix(site.url), row["outcome"]) for row in read_rows(tmp_path / "data", query)]
    pages = ["/contents/", "/contents/title-1/", "/contents/title-1/a.html", "/contents/title-1/b.html"]
    assert [(url, "ok") for url in pages] + [(url, "not_modified") for url in pages] == rows
    assert [(4, 0), (4, 4)] == [
        (found["sources"]["us-xx-code"]["fetched"], found["sources"]["us-xx-code"]["same"]) for found in crawls
    ]
