"""Search: citations lead straight to their provision, words to the texts shown now and to what moved."""

from contextlib import closing

import pytest

from kb.store import searching
from kb.store.searching import MARK_END, MARK_START, Sought, search_provisions
from kb.web.pages.search import mark_snippet
from tests.test_feeds import ask, hostile_site, site  # noqa: F401 - fixtures
from tests.test_web_pages import main_text, publish_one, read, text_of

FORMS = (
    "Example Code § 1-4(b)",
    "example code 1-4(b)",
    "Example Code §1-4 (b)",
    "1-4(b)",
    "§ 1-4(b)",
    "us-xx/code/1-4#b",
    "/d/us-xx/code/1-4#b",
)


@pytest.mark.parametrize("form", FORMS)
def test_citation_in_any_usual_form_leads_straight_to_its_provision(site, form):  # noqa: F811
    answer = ask(site, f"/search?q={form.replace('#', '%23').replace('§', '%C2%A7').replace(' ', '+')}")

    assert 303 == answer.status
    path, _, place = answer.headers["location"].partition("#")
    assert ("/d/us-xx/code/1-4", "b") == (path.partition("?")[0], place)


def test_address_of_an_official_page_leads_to_its_document(site):  # noqa: F811
    answer = ask(site, "/search?q=https://code.example.gov/code/1-4.html")

    assert answer.headers["location"].startswith("/d/us-xx/code/1-4?searched=")


def test_page_a_citation_led_to_offers_the_words_instead(site):  # noqa: F811
    tree = read(site, ask(site, "/search?q=Example+Code+1-4(b)").headers["location"].partition("#")[0])
    (note,) = text_of(tree, "p[role=note]")

    assert "You searched the citation “ Example Code 1-4(b) ”. Search the words instead" == note
    assert "/search?words=1&q=Example%20Code%201-4%28b%29" == tree.css_first("p[role=note] a").attributes["href"]


def test_old_number_leads_to_the_new_one_and_the_page_says_so(site):  # noqa: F811
    location = ask(site, "/search?q=Example+Code+1-2").headers["location"]
    note = text_of(read(site, location), "p[role=note]")[0]

    assert location.startswith("/d/us-xx/code/1-20?")
    assert "Example Code § 1-2 is now Example Code § 1-20, since 2024-02-19" in note


def test_old_number_of_a_provision_leads_to_its_new_place(site):  # noqa: F811
    location = ask(site, "/search?q=Example+Code+1-2(b)").headers["location"]

    assert location.startswith("/d/us-xx/code/1-20?")


def test_provision_a_document_does_not_have_leads_to_the_document_with_what_it_has(site):  # noqa: F811
    location = ask(site, "/search?q=Example+Code+1-4(z)").headers["location"]

    assert "#" not in location
    assert "has no (z) in the text asked for: it has (a), (b)" in text_of(read(site, location), "p[role=note]")[0]


def test_nothing_is_said_of_a_search_that_does_not_lead_to_the_page(site):  # noqa: F811
    tree = read(site, "/d/us-xx/code/1-4?searched=This+law+is+repealed&note=This+law+is+repealed")

    assert [] == tree.css("p[role=note]")
    assert "This law is repealed" not in tree.body.text()


def test_words_are_asked_for_even_where_a_citation_was_typed(site):  # noqa: F811
    answer = ask(site, "/search?q=1-4&words=1")

    assert 200 == answer.status
    assert "You cited" in answer.body


def test_words_are_found_in_the_texts_shown_now_and_marked(site):  # noqa: F811
    tree = read(site, "/search?q=12+hours")
    first = tree.css_first("ol.hits")

    assert ["Example Code § 1-4(b)"] == text_of(first, "a.hit")
    assert ["12", "hours"] == text_of(first, "mark")
    assert "/d/us-xx/code/1-4#b" == first.css_first("a.hit").attributes["href"]


def test_other_forms_of_a_word_are_found_and_marked(site):  # noqa: F811
    marks = text_of(read(site, "/search?q=inspectors"), "ol.hits mark")

    assert {"inspector", "inspectors"} & {mark.lower() for mark in marks}


def test_past_texts_are_found_when_asked_for_and_say_so(site):  # noqa: F811
    now, past = (read(site, f"/search?q=24+hours{more}") for more in ("", "&past=1"))

    assert "No provision" in text_of(now, ".lead")[0]
    assert "past text , shown until Jul 16, 2024" in text_of(past, "ol.hits li")[0]
    assert "/d/us-xx/code/1-4?as_of=2024-01-08#b" == past.css_first("a.hit").attributes["href"]


def test_changes_are_found_by_words_that_came_or_went(site):  # noqa: F811
    tree = read(site, "/search?q=24+hours")

    assert "Changes" in text_of(tree, "h2")
    assert "Changed: Example Code § 1-4(b)" == text_of(tree, "ol.hits a.hit")[-1]


def test_results_are_narrowed_by_jurisdiction_and_topic_and_counted(site):  # noqa: F811
    options = [node.text() for node in read(site, "/search?q=clinic").css("#s-jurisdiction option")]
    elsewhere = read(site, "/search?q=clinic&jurisdiction=us-tx")
    narrowed = read(site, "/search?q=register&topic=telehealth")

    assert ["all (4)", "State of Example (4)"] == options
    assert ["4 provisions in all states", "We do not watch Texas yet"] == text_of(elsewhere, ".ways li")
    assert ["State of Example (4)", "Texas (0)"] == [
        node.text() for node in elsewhere.css("#s-jurisdiction option")[1:]
    ]
    assert "whatever the topic" in text_of(narrowed, ".ways li")[0]


def test_topic_takes_one_of_its_terms_beside_the_words(site):  # noqa: F811
    found = search_provisions(site, Sought(words=("register",), terms=("physician*", "no such words")), 10)

    assert ["us-xx/code/1-20"] == [one.document for one in found]


def test_nothing_found_says_which_word_is_nowhere_and_what_else_there_is(site):  # noqa: F811
    ways = text_of(read(site, "/search?q=clinic+zzzz"), ".ways li")

    assert "“zzzz” stands in no text we hold: is it spelled so?" in ways
    assert any(way.startswith("“clinic” alone: ") for way in ways)


def test_search_without_a_hit_names_the_nearest_documents(site):  # noqa: F811
    tree = read(site, "/search?q=Example+Code+1-44")

    assert "/d/us-xx/code/1-4" in [node.attributes["href"] for node in tree.css("p.told a")]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("q=" + "x" * 5000, "at most 200 characters; this one has 5,000"),
        ("q=nurse&jurisdiction=us-zz", "jurisdiction: “us-zz” is none of us,"),
        ("q=nurse&topic=sailing", "topic: “sailing” is none of legal_status"),
    ],
)
def test_search_that_cannot_be_understood_is_refused_with_what_there_is(site, query, said):  # noqa: F811
    answer = ask(site, f"/search?{query}")

    assert 400 == answer.status
    assert said in answer.body


def test_search_before_anything_is_typed_says_what_can_be(site):  # noqa: F811
    assert "Type a citation as it is printed" in main_text(site, "/search")


def test_text_withheld_for_the_rights_of_others_is_not_found(tmp_path):
    with closing(publish_one(tmp_path, publish="none")) as db:
        tree = read(db, "/search?q=renewed")

    assert [] == tree.css("ol.hits li")


def test_snippets_escape_what_was_crawled_and_spell_out_its_signs():
    marked = mark_snippet(f"<b>a {MARK_START}nurse{MARK_END} & \u202e{MARK_START}<i>{MARK_END}")

    assert "&lt;b&gt;a <mark>nurse</mark> &amp; ⟨U+202E⟩<mark>&lt;i&gt;</mark>" == str(marked)


def test_hostile_text_stays_text_in_snippets(hostile_site):  # noqa: F811
    tree = read(hostile_site, "/search?q=hacked", "2024-03-02")

    assert len(tree.css("ol.hits li")) > 2
    assert [] == tree.css("script, img, iframe, [onerror]")


def test_places_of_provisions_are_those_of_their_versions(site):  # noqa: F811
    told = site.execute("SELECT provision, jurisdiction, term, standing FROM provision_places ORDER BY 1").fetchall()
    by_hand = site.execute(
        """
        SELECT provisions.rowid, sources.jurisdiction, versions.closed_at IS NULL FROM provisions
        JOIN versions USING (version) JOIN sources USING (source) ORDER BY 1
        """
    ).fetchall()

    assert [(row[0], row[1], f"in0{row[1].encode().hex()}".lower(), row[2]) for row in by_hand] == [
        (row["provision"], row["jurisdiction"], row["term"].lower(), row["standing"]) for row in told
    ]
    assert {0, 1} == {row["standing"] for row in told}


def test_of_words_found_too_often_the_first_are_looked_at(site, monkeypatch):  # noqa: F811
    monkeypatch.setattr(searching, "MOST_SCANNED", 1)
    sought = Sought(words=("nurse",), past=True)

    assert 1 == len(search_provisions(site, sought, 40)) < searching.count_word(site, "nurse")


def test_word_that_names_a_jurisdiction_inside_is_found_in_no_text(site):  # noqa: F811
    term = site.execute("SELECT term FROM provision_places LIMIT 1").fetchone()["term"]

    assert [] == search_provisions(site, Sought(words=(term,), past=True), 100)
