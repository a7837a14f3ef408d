"""Every character a page prints stands in exactly one part of one provision, or is told as left out."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from kb.evaluate.completeness import account_page, balance_account, count_characters, score_completeness
from kb.evaluate.corpus import CAPTURES, CorpusLine, date_line, read_lines
from kb.evaluate.sets import CORPUS, SOURCES
from kb.models import LeftOut, Page
from kb.read.page import read_page
from kb.sources import parse_source, read_sources
from tests.build import make_provision, make_reading

PAGES = Path(__file__).parent / "pages"
DEMO = Path(__file__).parents[1] / "kb" / "demo_web"
URL = "https://rules.example.gov/1"
# Every so many of a set's pages is read in the suite; `kb eval` reads them all.
EVERY = 60


def make_page_source(**keys):
    body = {"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "match": ["https://rules.example.gov/"]}
    return parse_source({**body, **keys}, "a test")


def account(html, **keys):
    """Return (lost, added) of a page with this body."""
    found = account_page(f"<html><body>{html}</body></html>".encode(), make_page_source(**keys), URL)
    return found.lost, found.added


def nodes_of(html):
    return [LexborHTMLParser(html).body]


def test_a_part_that_is_missing_is_lost_and_one_told_twice_is_added():
    nodes = nodes_of("<p>(a) Kite</p>")
    page = Page((make_reading(make_provision("a", "Kite"), heading=""),), 4, "s")
    twice = Page((make_reading(make_provision("a", "Kite"), heading="Kite"),), 4, "s")

    accounts = [balance_account(one, nodes) for one in (page, twice, Page((), 0, "s"))]

    assert [("", ""), ("", "Keit"), ("()Kaeit", "")] == [(one.lost, one.added) for one in accounts]


def test_what_is_told_as_left_out_is_not_lost():
    page = Page((), 0, "s", left_out=(LeftOut("outside", "Contents"),))

    found = balance_account(page, nodes_of("<p>Contents</p>"))

    assert ("", "", 8) == (found.lost, found.added, found.outside)


def test_only_a_lists_own_numbers_and_cell_signs_may_be_added():
    page = Page((make_reading(make_provision("1", "x | y", number="1."), heading=""),), 4, "s")

    accounts = [balance_account(page, nodes_of(html)) for html in ("<ol><li>xy</ol>", "<p>xy</p>")]

    assert [("", ""), ("", ".1")] == [(one.lost, one.added) for one in accounts]


def test_characters_are_counted_without_white_space_of_any_kind():
    assert {"a": 2, "§": 1} == count_characters(["a \t\n\u00a0", "\u2003§a"])


@pytest.mark.parametrize(
    "html",
    [
        "<h1>§ 1. Fees</h1><p>§ 1. Fees. (a) The fee is $5.</p>",
        "<p><b>1. Fees.</b> The fee is $5.</p><p>[1999 c.12 §1]</p>",
        "<h1>Fees</h1><h1>Fees</h1><p>Fees are due.</p>",
        "<h2>Part 1</h2><h3>§ 1-1. Fees</h3><p>x</p><h2>Part 2</h2><p>y</p><h3>§ 1-2. Hours</h3>",
        "<p>Previous</p><p>Next</p><p>Text.</p>",
        "<ol type=a><li>x<ol start=4><li>y<p>z</p></ol><li>(b) w</ol>",
        "<dl><dt>Kite</dt><dd>A toy.</dd><dd>More.</dd><dt>(a)</dt><dd>x</dd><dt>Line</dt></dl>",
        "<table><tr><td>(1)</td><td>Ketamine</td><td>7285</td></tr><tr><th>III<td></table>",
        "<div>x<aside>History <aside>inner</aside></aside>y<span class=history>z</span>w</div>",
        '<p><span id="(a)(1)">(1)</span> The board.</p><p><span id="(b)(2)">(2)</span> x</p>',
        "<pre>     (a) One.\n\n     (b) Two.</pre>",
        "<p>[Effective until January 1, 2023.] The fee &amp; more &lt;b&gt;.</p>",
    ],
)
@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"document": {"work": "code", "from": "heading", "pattern": r"§ (?P<citation>\d+-\d+)"}},
        {"select": {"main": "body", "heading": "h1", "note": "aside, .history", "pending": "th"}},
    ],
    ids=["plain", "headings", "selectors"],
)
def test_no_layout_loses_or_adds_a_character(html, keys):
    assert ("", "") == account(html, **keys)


WORDS = st.sampled_from(
    "board kite fee (a) (1) (i) (B) (cm) 2. I-a. 8.4.1 § *(1) Sec. 8. History. [1999 shall; 72 | .... é “x”".split()
)
TEXT = st.lists(WORDS, max_size=6).map(" ".join)
TAGS = st.sampled_from(
    "p div h1 h2 h3 b i span a ul ol li table tr td th dl dt dd blockquote aside section pre center em article".split()
)
ATTRIBUTES = st.sampled_from(
    ["", " class=history", ' id="(a)(1)"', " type=a", " style='margin-left:1in'", " class=indent2", " start=3"]
)
ELEMENTS = st.recursive(
    TEXT,
    lambda inside: st.builds(
        lambda tag, attributes, parts, close: f"<{tag}{attributes}>{''.join(parts)}{f'</{tag}>' if close else ''}",
        TAGS,
        ATTRIBUTES,
        st.lists(st.one_of(inside, st.just("<br>")), max_size=4),
        st.booleans(),
    ),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None)
@given(st.lists(ELEMENTS, min_size=1, max_size=6).map("".join))
def test_no_generated_page_loses_or_adds_a_character(html):
    assert ("", "") == account(html, select={"main": "body"})


XML = """<section xmlns="https://code.dccouncil.us/schemas/dc-library"><num>1-101</num><reason>n</reason>
<heading>Fees.</heading><para><num>(a)</num><heading>When.</heading><text>The fee is <em>due</em>.</text></para>
<para><num undesignated="yes">()</num><text>More.</text></para><table><tr><td>III</td><td>7285</td></tr></table>
<annotations><annotation type="History">2001 c. 4</annotation></annotations></section>"""


def test_xml_loses_and_adds_nothing_but_the_kinds_of_its_notes():
    found = account_page(b'<?xml version="1.0"?>' + XML.encode(), make_page_source(), URL)

    assert ("", "") == (found.lost, found.added)
    assert found.printed == 49


def test_what_xml_prints_outside_its_documents_is_told():
    body = f'<?xml version="1.0"?><code xmlns="https://code.dccouncil.us/schemas/dc-library"><num>1</num>{XML}</code>'

    page = read_page(body.encode(), make_page_source(), URL)

    assert [("outside", "1"), ("heading", "1-101")] == [(piece.why, piece.text) for piece in page.left_out]


def test_every_saved_page_and_every_page_of_the_demonstration_is_whole():
    saved = [(PAGES / f"{source.id}.html", source) for source in read_sources([PAGES])]
    sources = read_sources([DEMO / "sources"])
    lines = [msgspec.json.decode(line, type=CorpusLine) for line in (DEMO / CAPTURES).read_bytes().splitlines()]

    accounts = [account_page(path.read_bytes(), source, URL) for path, source in saved]
    figures, misses = score_completeness(DEMO, lines, sources)

    assert [("", "")] * len(saved) == [(one.lost, one.added) for one in accounts]
    assert [] == misses
    assert figures[1].value > 0


@pytest.mark.skipif(not (CORPUS / CAPTURES).is_file(), reason="the corpus of recorded pages is not unpacked here")
def test_recorded_pages_are_whole():
    sources = read_sources([SOURCES])
    lines = [date_line(line) for line in read_lines(CORPUS / CAPTURES) if line.status == 200 and line.path is not None]
    chosen = [line for name in sorted({line.set for line in lines}) for line in _sample(lines, name)]

    _, misses = score_completeness(CORPUS, chosen, sources)

    assert [] == misses


def _sample(lines, name):
    own = {line.path: line for line in lines if line.set == name}
    return [own[path] for path in sorted(own)[::EVERY]]


def test_a_page_read_into_documents_tells_what_stands_outside_them():
    rule = {"work": "code", "from": "heading", "pattern": r"§ (?P<citation>\d+-\d+)"}
    html = "<p>Contents</p><h3>§ 1-1. Fees</h3><p>x</p><h2>Chapter 2</h2><p>y</p><h3>§ 1-2. Hours</h3>"
    body = f"<html><body>{html}</body></html>".encode()

    page = read_page(body, make_page_source(document=rule), URL)

    told = [(piece.why, piece.text) for piece in page.left_out]
    outside = [("outside", "Contents"), ("outside", "Chapter 2"), ("outside", "y")]
    assert sorted([*outside, ("heading", "§ 1-1."), ("heading", "§ 1-2.")]) == sorted(told)
