"""Links that lead to other publishers are kept with the provision that prints their words; the rest are not."""

import pytest

from kb.models import Reference
from kb.read.links import name_target, read_web_links
from kb.read.page import read_page
from tests.build import URL, make_provision, make_source

OWN = "example.gov"


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://law.example.org/usc/21/829", "law.example.org/usc/21/829"),
        ("http://www.law.example.org/usc/21/829/", "law.example.org/usc/21/829"),
        ("//law.example.org/usc#a_1", "law.example.org/usc#a_1"),
        ("https://LAW.example.org/a;jsessionid=0A1B/b", "law.example.org/a/b"),
        ("https://law.example.org/a?utm_source=x&page=2&PHPSESSID=q&fbclid=z", "law.example.org/a?page=2"),
        ("https://law.example.org/a?b=2&a=1", "law.example.org/a?a=1&b=2"),
        ("https://ads.example.org/click/8f14e45fceea167a5a36/go", "ads.example.org/click/*/go"),
        ("https://law.example.org/a?key=8f14e45fceea167a5a36", "law.example.org/a"),
        ("https://law.example.org/a#:~:text=kite", "law.example.org/a"),
        ("/privacy", ""),
        ("#top", ""),
        ("mailto:board@example.org", ""),
        ("https://example.gov/fees", ""),
        ("https://www.docs.example.gov/fees", ""),
        ("https://[bad", ""),
        ("https:///nowhere", ""),
        (f"https://law.example.org/{'a' * 2_000}", ""),
    ],
)
def test_target_is_named_without_what_names_a_visit_and_only_away_from_the_site(href, expected):
    assert expected == name_target(href, OWN)


def test_links_stand_at_the_provisions_that_print_their_words_in_order():
    provisions = [make_provision("", "Kites"), make_provision("a", "See the act."), make_provision("b", "See the act.")]
    links = [("https://law.example.org/1", "the act"), ("/own", "See"), ("https://law.example.org/2", "elsewhere")]

    found = read_web_links([*links, ("https://law.example.org/3", "")], provisions, URL)

    assert (Reference("a", "the act", "web", "law.example.org/1"),) == found


def test_words_that_stand_above_the_link_before_are_found_too():
    provisions = [make_provision("a", "the act"), make_provision("b", "the code")]

    found = read_web_links(
        [("https://l.example.org/2", "the code"), ("https://l.example.org/1", "the act")], provisions, URL
    )

    assert [("b", "l.example.org/2"), ("a", "l.example.org/1")] == [(one.eid, one.number) for one in found]


def read_references(body, source=None):
    page = read_page(body.encode(), source or make_source(), URL)
    return [(one.eid, one.number) for one in page.readings[0].references if one.work == "web"]


def test_page_of_its_own_keeps_where_the_links_of_its_text_lead():
    law = '<p>(a) See <a href="https://law.example.org/1">the act</a> and <a href="/fees">the fees</a>.</p>'
    menu = '<nav><a href="https://law.example.org/menu">Laws</a></nav><aside><a href="https://law.example.org/n">N</a></aside>'

    assert [("a", "law.example.org/1")] == read_references(f"<main><h1>Kites</h1>{law}{menu}</main>")


def test_a_document_of_the_same_source_on_another_host_is_no_page_of_others():
    source = make_source(match="https://rules.example.gov/")
    wide = make_source(match="^https://(rules.example.gov|law.example.org)/")
    body = '<main><p>(a) See <a href="https://law.example.org/1">the act</a>.</p></main>'

    assert [[("a", "law.example.org/1")], []] == [read_references(body, one) for one in (source, wide)]
