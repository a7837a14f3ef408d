"""The filters of a list of changes: all in the URL, counted, kept, and helpful where they leave nothing."""

import pytest

from kb.publish import publish
from kb.web.pages.filters import Facet, Option, list_facets, mark_options, tell_filters, write_path
from tests.example_web import build_web
from tests.test_feeds import ask, site  # noqa: F401 - the fixture
from tests.test_web_pages import open_generation, read, text_of

__all__ = ["build_web", "open_generation", "publish"]


def read_options(db, url, name):
    """Return what a filter's select shows: each option's words, and the value chosen."""
    select = read(db, url).css_first(f"#f-{name}")
    chosen = [option.attributes["value"] for option in select.css("option[selected]")]
    return [option.text() for option in select.css("option")], chosen


def test_each_value_of_a_filter_says_how_many_changes_it_would_show(site):  # noqa: F811
    options, _ = read_options(site, "/changes", "kind")

    assert "all (13)" == options[0]
    for option in options[1:]:
        label, _, count = option.rpartition(" (")
        kind = {"New": "added", "Removed": "removed", "Changed": "amended"}[label]
        assert count == f"{len(read(site, f'/changes?kind={kind}').css('a.line'))})"


def test_counts_follow_the_other_filters_not_their_own(site):  # noqa: F811
    options, chosen = read_options(site, "/changes?kind=added&source=us-xx-code", "kind")
    sources, _ = read_options(site, "/changes?kind=added&source=us-xx-code", "source")

    assert ["added"] == chosen
    assert "all (12)" == options[0]
    assert ["all (2)", "us-xx-code (2)"] == sources


def test_value_that_shows_nothing_is_still_chosen(site):  # noqa: F811
    options, chosen = read_options(site, "/changes?topic=minors", "topic")

    assert ["minors"] == chosen
    assert "Age limits and minors (0)" in options


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("binding=statute", 12),
        ("topic=clinics", 0),
        ("topic=nursing&nature=any&part=any", 3),
        ("profession=physician&nature=any", 1),
        ("nature=structural", 3),
        ("nature=any&part=any", 18),
        ("since=2024-02-01&until=2024-02-28", 1),
        ("document=us-xx/code/1-4", 1),
        ("document=Example+Code+§+1-4", 1),
    ],
)
def test_each_filter_narrows_the_list_in_the_database(site, query, count):  # noqa: F811
    tree = read(site, f"/changes?{query}")

    assert count == len(tree.css("ul.lines li"))


def test_filters_in_force_are_said_in_words_with_a_way_out_of_each(site):  # noqa: F811
    tree = read(site, "/changes?jurisdiction=us-xx&binding=statute&since=2024-01-20")

    assert [
        "× Remove filter Jurisdiction: State of Example",
        "× Remove filter How binding: statute",
        "× Remove filter First seen since: Jan 20, 2024",
    ] == text_of(tree, "ul.active a")
    assert "State of Example; how binding: statute; first seen since: Jan 20, 2024" in tree.css_first("title").text()


def test_list_links_the_feeds_of_exactly_its_filter(site):  # noqa: F811
    tree = read(site, "/changes?kind=removed&page=1")
    links = [node.attributes["href"] for node in tree.css(".follow a")]

    assert [
        "/changes.atom?kind=removed",
        "/changes.json?kind=removed",
        "/subscribe?kind=removed",
        "/changes/report?kind=removed",
    ] == links
    assert links[:2] == [node.attributes["href"] for node in tree.css("link[rel=alternate]")]


def test_list_that_filters_leave_empty_says_what_each_of_them_hides(site):  # noqa: F811
    ways = text_of(read(site, "/changes?kind=removed&topic=clinics"), "ul.ways li")

    assert ["Without “topic”: 8 changes"] == ways


def test_list_of_a_place_not_watched_says_so(site):  # noqa: F811
    (first, *_) = text_of(read(site, "/changes?jurisdiction=us-tx"), "ul.ways li")

    assert "We do not watch Texas yet. What we watch: the sources." == first


def test_list_before_the_first_capture_says_when_our_record_starts(site):  # noqa: F811
    (first, *_) = text_of(read(site, "/changes?until=2023-12-31"), "ul.ways li")

    assert "Our record starts Jan 8, 2024: of earlier changes we know nothing." == first


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("jurisdiction=us-zz", "jurisdiction: “us-zz” is none of us,"),
        ("source=nobody", "source: “nobody” is none of the 2 sources"),
        ("binding=stone", "binding: “stone” is none of statute, regulation"),
        ("profession=sailor", "profession: “sailor” is none of physician"),
        ("since=2024-03-01&until=2024-02-01", "since Mar 1, 2024 lies after until Feb 1, 2024"),
        ("document=us-xx/code/99", "document: “us-xx/code/99” is no id of a document we hold"),
        ("document=" + "x" * 3000, "is no id of a document we hold"),
        ("kind=" + "x" * 3000, "x… is none of".replace("x… ", "…” ")),
    ],
)
@pytest.mark.parametrize("path", ["/changes", "/changes/report", "/changes.json"])
def test_filter_that_cannot_be_read_is_refused_with_what_there_is(site, path, query, said):  # noqa: F811
    answer = ask(site, f"{path}?{query}")

    assert 400 == answer.status
    assert said in answer.body
    assert len(answer.body) < 40_000


def test_report_prints_each_change_with_its_redline_in_marks_and_words(site):  # noqa: F811
    tree = read(site, "/changes/report?document=us-xx/code/1-4")

    assert ["1 rule change: document: us-xx/code/1-4"] == text_of(tree, "h1")
    assert ["[removed: 24]"] == text_of(tree, ".redline del", gap="")
    assert ["[added: 12]"] == text_of(tree, ".redline ins", gap="")
    assert ["https://code.example.gov/code/1-4.html"] == [n.attributes["href"] for n in tree.css("a.official")]


def test_report_of_nothing_says_why(site):  # noqa: F811
    tree = read(site, "/changes/report?kind=moved")

    assert ["0 rule changes: kind: New place"] == text_of(tree, "h1")
    assert ["Without “kind”: 13 changes"] == text_of(tree, "ul.ways li")


def test_paths_sort_their_filters_and_leave_out_what_is_usual():
    assert "/changes?kind=added&topic=pdmp" == write_path("/changes", {"topic": "pdmp", "kind": "added", "page": "1"})
    assert "/changes" == write_path("/changes", {"topic": ""})


def test_filters_are_said_in_the_words_of_readers():
    said = tell_filters({"jurisdiction": "us-tx", "topic": "pdmp", "part": "note"}, {"us-tx": "Texas"})

    assert "Texas; topic: Prescription monitoring program; in which part: editor’s notes" == said


def test_facets_of_no_changes_offer_nothing_but_all():
    facets = {facet.name: facet for facet in list_facets([], {})}

    assert () == facets["topic"].options
    assert ("all (0)", "the rule (0)") == (facets["topic"].every, facets["nature"].every)


def test_options_escape_and_spell_out_what_a_source_is_called():
    facet = Facet("source", "Source", "all (3)", (Option('a"<b>\u202e', 'a"<b>\u202e', 1_203), Option("b", "b", 2)))

    marked = mark_options(facet, "b", {})

    assert (
        '<option value="a&#34;&lt;b&gt;⟨U+202E⟩">a&#34;&lt;b&gt;⟨U+202E⟩ (1,203)</option>'
        '<option value="b" selected>b (2)</option>'
    ) == marked


def test_options_name_jurisdictions_and_shout_the_id_of_one_without_a_name():
    facet = Facet("jurisdiction", "Jurisdiction", "all (2)", (Option("us-tx", "us-tx", 1), Option("us-zz", "us-zz", 1)))

    marked = mark_options(facet, "", {"us-tx": "Texas"})

    assert ">Texas (1)<" in marked
    assert ">US-ZZ (1)<" in marked
    assert "selected" not in marked
