"""A snapshot becomes a page with readings and flaws; bad bytes become flaws, never an exception."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.read.page import read_page
from kb.sources import parse_source, read_sources

SAVED = Path(__file__).parent / "pages"
URL = "https://rules.example.gov/1"


def make_page_source(**keys):
    body = {"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "match": ["https://rules.example.gov/"]}
    return parse_source({**body, **keys}, "a test")


def read(html, **keys):
    body = html if isinstance(html, bytes) else f"<html><body>{html}</body></html>".encode()
    return read_page(body, make_page_source(**keys), URL)


def codes(page):
    return [flaw.code for flaw in page.flaws]


CODE = {"work": "code", "from": "heading", "pattern": r"§ (?P<citation>\d+-\d+)"}
SECTION = "<h3>§ 1-{0}. Fees</h3><p>The fee is ${0}.</p>"


def test_sound_page_has_no_flaws_and_its_length():
    page = read("<h1>Fees</h1><p>(a) The fee is $5.</p>")

    assert ([], len("Fees") + len("The fee is $5.")) == (codes(page), page.length)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<html><frameset></frameset></html>", "unreadable"),
        (b"<html><body></body></html>", "no_text"),
        (b"<html><body><p>The fee is $5.</p><p class", "truncated"),
        (b"\0" * 4000, "binary"),
        (b"<p>\x01\x02\x03\x04\x05 fee</p>", "encoding"),
        (b"<p>Fee</p>\n<<<<<<< HEAD\n<p>Fees</p>\n", "conflict_markers"),
        (b"%PDF-1.7 and no more", "unreadable"),
        (b'<?xml version="1.0"?><act><b>', "unreadable"),
    ],
)
def test_bad_bytes_are_named(body, code):
    assert code in codes(read(body))


def test_huge_page_is_not_read(monkeypatch):
    monkeypatch.setattr("kb.read.page.MOST_BYTES", 1000)

    assert ["huge"] == codes(read("x" * 1001))


def test_selector_that_matches_nothing_names_source_and_url():
    page = read("<p>x</p>", select="#law")

    assert f"select '#law' matched 0 elements in us-xx-rules ({URL})" == page.flaws[0].message


def test_page_without_its_documents_is_flawed():
    assert ["no_document"] == codes(read("<p>Please wait</p>", document=CODE))


def test_page_that_tells_most_documents_twice_is_flawed():
    once = "".join(SECTION.format(number) for number in range(1, 6))

    assert ["doubled"] == codes(read(once + once, document=CODE))
    assert [] == codes(read(once, document=CODE))


def test_second_document_of_one_number_gets_an_id_of_its_own():
    page = read(SECTION.format(1) + SECTION.format(2) + SECTION.format(1), document=CODE)

    assert ["us-xx/code/1-1", "us-xx/code/1-2", "us-xx/code/1-1:2"] == [each.document for each in page.readings]


@pytest.mark.parametrize(
    ("checks", "code"),
    [
        ({"provisions_min": 9}, "too_few"),
        ({"documents_min": 2}, "too_few"),
        ({"length_min": 900}, "too_few"),
        ({"must_contain": ["kite"]}, "lacks_text"),
        ({"must_not_contain": ["fee  is"]}, "holds_text"),
    ],
)
def test_declared_checks_are_held(checks, code):
    assert [code] == codes(read("<p>The fee is $5.</p>", checks=checks))


def test_list_page_names_its_documents():
    rule = {"work": "code", "pattern": r"/s/(?P<citation>[^/]+)$"}
    page = read('<ul><li><a href="s/1-2">Fees</a></li><li><a href="/s/1-3">Hours</a></li></ul>', document=rule)

    assert ((), ("us-xx/code/1-2", "us-xx/code/1-3"), True) == (page.readings, page.names, page.complete)


def test_link_that_is_no_address_names_nothing():
    rule = {"work": "code", "pattern": r"/s/(?P<citation>[^/]+)$"}

    page = read('<p><a href="http://[/s/1-2">Fees</a><a href="/s/1-3">Hours</a></p>', document=rule)

    assert ("us-xx/code/1-3",) == page.names


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 5000 + "(a) Text",
        "<p>Text</p>" + "<aside>x" * 2000,
        "<ol><li>x" * 2000,
        "<p>" + "(a)" * 20000,
        "<!--" * 20000,
        "<table><tr><td>x" * 500,
    ],
    ids=["boxes", "asides", "lists", "numbers", "comments", "tables"],
)
def test_page_nested_without_end_is_read(html):
    assert "unreadable" not in codes(read(html))


SOURCES = {source.id: source for source in read_sources([SAVED])}
BODIES = {name: (SAVED / f"{name}.html").read_bytes() for name in SOURCES}


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from(sorted(BODIES)),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.1), st.binary(max_size=12)), min_size=1, max_size=5),
)
def test_damaged_page_never_raises(name, cuts):
    body = BODIES[name]
    for place, share, instead in cuts:
        start = int(place * len(body))
        body = body[:start] + instead + body[start + int(share * len(body)) :]

    page = read_page(body, SOURCES[name], URL)

    assert page.readings or page.names or page.flaws


NAMES = "board shall issue kite permit within days unless owner asks".split()
WORDS = st.lists(st.sampled_from(NAMES), min_size=3, max_size=9)
MARKS = st.sampled_from(["", "(a) ", "(1) ", "(i) ", "(B) ", "2. ", "§ 4-5. "])
BLOCKS = st.sampled_from(
    [
        "<p>{}</p>",
        "<div>{}</div>",
        "<h3>{}</h3>",
        "<aside>{}</aside>",
        "<div>{}<aside>{}</aside>{}</div>",
        "<p><b>{}</b> {}</p>",
        "<p>{}<br>{}</p>",
        "<ul><li>{}</li></ul>",
        "<ol type=a><li>{}<ol><li>{}</li></ol></li></ol>",
        "<table><tr><td>{}</td><td>{}</td></tr></table>",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(BLOCKS, MARKS, WORDS), min_size=1, max_size=12))
def test_every_visible_word_stands_in_exactly_one_part(blocks):
    html = "".join(
        block.replace("{}", f"{mark}{' '.join(words)}x{at}.") for at, (block, mark, words) in enumerate(blocks)
    )
    visible = Counter(re.findall(r"[a-z]{2,}\d*", re.sub(r"<[^>]*>", " ", html)))

    parts = read(f"<main>{html}</main>", select="main").readings[0].provisions

    told = " ".join(f"{part.heading} {part.text} {part.note} {part.pending}" for part in parts)
    assert visible == Counter(re.findall(r"[a-z]{2,}\d*", told))


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(BODIES)))
def test_reading_is_the_same_every_time(name):
    assert read_page(BODIES[name], SOURCES[name], URL) == read_page(BODIES[name], SOURCES[name], URL)
