"""What a citation leads to, and what the words of the site's addresses and labels are."""

from contextlib import closing

import pytest

from kb.errors import NotFoundError
from kb.lookup import find_targets, match_targets
from kb.publish import publish
from kb.store.queries import find_named, read_version_rows
from kb.store.timeline import Combination
from kb.tell.words import link_diff, say_id
from kb.web.pages.cited import LONGEST_QUERY, advise, find_cited, recall
from kb.web.pages.diff import find_side, tell_counts
from kb.web.pages.filters import Option, label_value, list_facets, path_without, tell_filters
from kb.web.pages.search import redirect
from tests.example_web import IN_FORCE, RULE_ONE, RULES, SITE, WEEKS, build_web, show_rules, show_section
from tests.test_calendar import show_twins
from tests.test_feeds import site  # noqa: F401 - the fixture
from tests.test_web_pages import ask, open_generation, read, text_of

TODAY = "2024-07-20"


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """Two rules on one page, one of them with a coming text beside the present one."""
    section = show_section("1-1", "Fees", ("(a) A fee is due.",))
    pages = [(WEEKS[0], RULES, show_rules(RULE_ONE, IN_FORCE)), (WEEKS[1], RULES, show_twins("July 1, 2024"))]
    data = build_web(tmp_path_factory.mktemp("rules"), [*pages, (WEEKS[0], f"{SITE}/sections/1-1.html", section)])
    with closing(open_generation(publish(data, "2024-02-01T06:00:00Z").path)) as db:
        yield db


# --- citations


def test_address_that_shows_several_documents_cites_all_of_them(rules):
    cited = find_cited(rules, RULES, "2024-02-01")

    assert ["Example Rule 1.1", "Example Rule 1.2"] == [one.citation for one in cited]


def test_search_for_such_an_address_lets_the_reader_choose(rules):
    tree = read(rules, f"/search?q={RULES}", "2024-02-01")

    assert ["/d/us-xx/rules/1.1", "/d/us-xx/rules/1.2"] == [
        node.attributes["href"] for node in tree.css("ul.hits a.hit")
    ]


def test_words_that_cite_nothing_cite_nothing(site):  # noqa: F811
    assert [] == find_cited(site, "nurse", TODAY)
    assert [] == find_cited(site, "", TODAY)
    assert [] == find_cited(site, "1-4" + " " * LONGEST_QUERY, TODAY)


def test_nearest_documents_are_named_when_nothing_fits(site):  # noqa: F811
    with pytest.raises(NotFoundError) as helpful:
        find_targets(site, "Example Code 1-44")

    assert [] == match_targets(site, "Example Code 1-44")
    assert "the nearest are:" in str(helpful.value)
    assert str(helpful.value).splitlines() == advise(site, "Example Code 1-44")


def test_nothing_is_advised_of_what_is_a_citation(site):  # noqa: F811
    assert [] == advise(site, "Example Code § 1-4")


def test_address_nobody_stands_on_cites_nothing_and_is_advised_on(site):  # noqa: F811
    address = "https://code.example.gov/code/1-5x.html"

    assert [] == match_targets(site, address)
    assert "no document we hold stands or stood there; the nearest are:" in advise(site, address)[0]


def test_search_is_recalled_only_on_the_page_it_led_to(site):  # noqa: F811
    here, elsewhere = (recall(site, "Example Code 1-2", f"us-xx/code/{number}", TODAY) for number in ("1-20", "1-4"))

    assert ("Example Code § 1-2 is now Example Code § 1-20, since 2024-02-19",) == here.notes
    assert elsewhere is None


def test_redirect_keeps_strand_and_provision(site):  # noqa: F811
    (cited,) = find_cited(site, "Example Code 1-4(b)", TODAY)
    location = redirect(cited, "a b&c#d").headers["location"]

    assert "/d/us-xx/code/1-4?searched=a+b%26c%23d#b" == location


# --- sides of a comparison


def test_side_is_named_by_version_day_or_today(rules):
    (named,) = find_named(rules, "us-xx/rules/1.2")
    rows = read_version_rows(rules, named.document)
    by_id = find_side(rules, named, rows, rows[0].version, "2024-02-01")
    by_day = find_side(rules, named, rows, "2024-08-01", "2024-02-01")
    today = find_side(rules, named, rows, "today", "2024-02-01")

    assert rows[0] == by_id
    assert ("2024-07-01", None) == (str(by_day.valid_from), by_day.valid_to)
    assert ("None", "2024-07-01") == (str(today.valid_from), str(today.valid_to))


def test_two_texts_for_different_times_are_compared_as_versions_are(rules):
    tree = read(rules, "/d/us-xx/rules/1.2/diff/today..2024-08-01", "2024-02-01")

    assert "[added: ten]" in text_of(tree, "ins", gap="")
    assert text_of(tree, ".lead")[0].startswith("2 rule changes")


def test_no_changes_come_to_no_words():
    assert "" == tell_counts([])


# --- words and paths


def test_ids_of_vocabularies_are_said_with_spaces():
    assert "advanced practice nurse" == say_id("advanced_practice_nurse")


@pytest.mark.parametrize(
    ("name", "value", "label"),
    [
        ("topic", "pdmp", "Prescription monitoring program"),
        ("topic", "our_own", "our own"),
        ("profession", "nurse_anesthetist", "nurse anesthetist"),
        ("kind", "renumbered", "New number"),
        ("nature", "any", "anything"),
        ("part", "note", "editor’s notes"),
        ("binding", "advisory_opinion", "advisory opinion"),
        ("since", "2024-07-01", "Jul 1, 2024"),
        ("since", "soon", "soon"),
        ("source", "us-xx-code", "us-xx-code"),
    ],
)
def test_values_of_filters_are_said_in_words(name, value, label):
    assert label == label_value(name, value)


def test_no_filter_is_nothing_to_say():
    assert "" == tell_filters({}, {})


def test_path_of_a_redline_keeps_the_signs_of_ids():
    assert "/d/us-xx/code/7-1(a)/diff/a..b" == link_diff("us-xx/code/7-1(a)", "a", "b")


def test_filter_is_taken_from_a_path_alone():
    assert "/changes?kind=added" == path_without("/changes", {"kind": "added", "topic": "pdmp"}, "topic")


def combine(**fields):
    values = {"jurisdiction": "us-xx", "source": "us-xx-code", "topics": (), "professions": (), "binding": "statute"}
    return Combination(**{**values, "nature": "substantive", "kind": "amended", "part": "text", "count": 1, **fields})


def test_change_of_several_topics_counts_under_each():
    combined = [combine(topics=("pdmp", "clinics"), count=2), combine(topics=("clinics",), count=3)]
    facets = {facet.name: facet for facet in list_facets(combined, {})}

    assert [("clinics", 5), ("pdmp", 2)] == [(one.value, one.count) for one in facets["topic"].options]
    assert "all (5)" == facets["topic"].every


def test_usual_nature_and_part_are_the_rule_and_its_heading():
    combined = [combine(), combine(part="heading"), combine(part="note"), combine(nature="editorial", count=4)]
    facets = {facet.name: facet for facet in list_facets(combined, {})}

    assert "the rule (2)" == facets["nature"].every
    assert "text and headings (2)" == facets["part"].every
    assert Option("any", "any nature", 6) == facets["nature"].options[-1]


def test_chosen_part_counts_what_it_shows_alone():
    combined = [combine(), combine(part="note", count=7)]
    facets = {facet.name: facet for facet in list_facets(combined, {"part": "note", "nature": "any"})}

    assert "all (7)" == facets["kind"].every
    assert ["text", "note", "any"] == [one.value for one in facets["part"].options]


# --- pages of pages


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("/d/us-xx/code/1-1/diff/2024-01-08..2024-01-20", "/d/us-xx/code/1-1/diff/"),
        ("/beside?left=1-4&right=1-20", "/d/us-xx/code/1-4/beside/us-xx/code/1-20"),
        ("/d/us-xx/code/1-4?as_of=2024-03-01", "/d/us-xx/code/1-4>"),
    ],
)
def test_pages_name_the_address_they_want_to_be_known_by(site, path, link):  # noqa: F811
    assert ask(site, path).headers["Link"].startswith(f"<{link}")
