"""The site's own pages: what they say, what they hide, and that nothing a page of the web prints becomes markup."""

import re
from contextlib import closing
from itertools import pairwise
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.publish import publish
from kb.share import share_path
from kb.store import public
from kb.store.pages import SourceState
from kb.tell import words
from kb.web.api.page import API_PAGES
from kb.web.guard import guard_connection
from kb.web.pages import PAGES, sources
from kb.web.pages.frame import Slice
from kb.web.pages.navigation import BAR
from kb.web.pages.sources import group_lasting, judge_state, make_card
from tests.build import make_line, write_captures
from tests.example_web import SITE, WEEKS, build_web
from tests.sites import HOSTILE, LONG, declare, escape_page, make_data, make_page
from tests.test_health import make_incident

TODAY = "2024-07-20"
AMENDED, CONFIRMED_LATER, REMOVED = "ffe7441d50ee66cb", "bf48d757224540b5", "74acc32cd6726224"
PATHS = (
    "/",
    "/changes",
    "/changes?nature=any&part=any",
    "/changes/report",
    "/calendar",
    f"/c/{AMENDED}",
    "/e/e96c256018b47844",
    "/d/us-xx/code/1-4",
    "/d/us-xx/code/1-1?as_of=2024-01-10",
    "/d/us-xx/code/1-1/diff/2024-01-08..2024-01-20",
    "/d/us-xx/code/1-1/diff/2024-01-08..2024-01-20?view=side&all=1",
    "/d/us-xx/code/1-4/beside/us-xx/code/1-20",
    "/beside",
    "/sources",
    "/sources?state=failing&jurisdiction=us-xx",
    "/s/us-xx-code",
    "/search?q=nurse",
    "/search?q=zzz",
    "/changes?since=soon",
    "/calendar?since=soon",
    "/d/us-xx/code/9-9",
    "/d/us-xx/code/1-4/diff/x..y",
)
# Pages of Datasette and of the desk: test_site_browser.py walks them too.
OTHERS = ("/kb", "/subscribe")
# "--link: #0b57a4;" in the style sheet
TOKEN = re.compile(r"--([a-z-]+):\s*(#[0-9a-f]{3,6});")


def open_generation(path):
    """Open a generation as the site does: guarded."""
    db = public.open_published(path)
    guard_connection(db)
    return db


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    data = build_web(tmp_path_factory.mktemp("example"))
    with closing(open_generation(publish(data, "2024-07-18T06:00:00Z").path)) as db:
        yield db


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    data = make_data(folder / "data", folder / "web")
    with closing(open_generation(publish(data, "2024-03-01T06:00:00Z").path)) as db:
        yield db


def ask(db, url, today=TODAY):
    """Answer a path as the site does: the first pattern that matches, groups before the query."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    route, match = next((route, found) for route in (*PAGES, *API_PAGES) if (found := re.search(route.pattern, path)))
    return route.view(db, {**dict(parse_qsl(parts.query)), **match.groupdict(), "today": today})


def read(db, url, today=TODAY):
    return LexborHTMLParser(ask(db, url, today).body)


def text_of(tree, selector, gap=" "):
    return [" ".join(node.text(separator=gap).split()) for node in tree.css(selector)]


def main_text(db, url, today=TODAY):
    return text_of(read(db, url, today), "main")[0]


# --- every page


@pytest.mark.parametrize("path", PATHS)
def test_page_says_as_of_known_at_last_checked_and_edition(site, path):
    (stamp,) = text_of(read(site, path), ".stamp")

    for words_of in ("Law as of", "known at Jul 18, 2024", "last checked", "edition 1"):
        assert words_of in stamp


@pytest.mark.parametrize("path", PATHS)
def test_page_is_sound_for_readers_who_do_not_see_it(site, path):
    tree = read(site, path)
    levels = [int(node.tag[1]) for node in tree.css("h1, h2, h3, h4, h5")]
    ids = [node.attributes["id"] for node in tree.css("[id]")]

    assert 1 == levels.count(1) == levels[:1].count(1)
    assert [] == [(a, b) for a, b in pairwise(levels) if b > a + 1]
    assert sorted(set(ids)) == sorted(ids)
    assert {"main", "header", "footer"} <= {node.tag for node in tree.css("main, header, footer")}
    targets = {node.attributes["href"][1:] for node in tree.css("a.skip")}
    assert targets <= set(ids)
    labelled = {node.attributes["for"] for node in tree.css("label")}
    fields = [node for node in tree.css("input, select, textarea") if node.attributes.get("type") != "hidden"]
    assert {node.attributes["id"] for node in fields} <= labelled


@pytest.mark.parametrize("path", PATHS)
def test_page_asks_nobody_else_and_holds_no_inline_script_or_style(site, path):
    tree = read(site, path)

    assert [] == tree.css("script, style, [style], iframe, img, [src]")
    assert [] == [n for node in tree.css("*") for n in node.attributes if n.startswith("on")]
    assert all(node.attributes["href"].startswith("/") for node in tree.css("link"))


def test_every_link_within_the_site_leads_to_a_page_and_place_that_are_there(site):
    seen = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        tree = LexborHTMLParser("" if path.endswith(".csv") else ask(site, path).body)
        seen[path] = {node.attributes["id"] for node in tree.css("[id]")}
        links = [node.attributes["href"] for node in tree.css("main a, header a, form") if "href" in node.attributes]
        for link in links:
            target, _, place = link.partition("#")
            if target.startswith("/") and not target.startswith(OTHERS) and target not in {*seen, *waiting}:
                assert ask(site, target).status == 200, f"{path} leads to {target}"
                waiting.append(target)
            if place and (target or path) in seen:
                assert unquote(place) in seen[target or path], f"{path} leads to {link}"

    kinds = {path.split("/")[1].partition("?")[0] for path in seen}
    assert {"", "changes", "c", "e", "d", "sources", "s"} <= kinds


def test_generation_without_any_reading_says_what_to_run(tmp_path):
    draft = public.make_draft(tmp_path / "empty.db")
    row = {"generation": 1, "published_at": "2024-07-18T06:00:00Z", "log_id": "", "log_size": 0, "tree_head": ""}
    public.insert_rows(draft, "releases", [row])
    public.compact(draft, tmp_path / "1.db")
    draft.close()

    with closing(open_generation(tmp_path / "1.db")) as db:
        answers = {path: ask(db, path) for path in ("/", "/changes", "/sources", "/search?q=a")}

    assert {200} == {answer.status for answer in answers.values()}
    assert "kb update" in answers["/"].body


# --- home


def test_home_tells_how_many_rules_changed_lately_and_shows_each_with_its_reason(site):
    tree = read(site, "/")

    assert ["1 rule change since Jul 16, 2024"] == text_of(tree, "h1")
    (first, *_) = text_of(tree, "article.event")
    assert "us-xx".upper() in first or "Example" in first
    assert 'deadline changed: "24 hours" → "12 hours"' in first


def test_home_says_it_cannot_say_where_most_sources_were_not_read(site):
    (headline,) = text_of(read(site, "/", today="2024-12-01"), "h1")

    assert headline.startswith("We cannot say that nothing moved: 2 of 2 sources not read since")


def test_home_of_a_quiet_day_says_since_when_nothing_moved_and_what_was_read(site):
    tree = read(site, "/", today="2024-07-29")

    assert ["No rule has moved since Jul 16, 2024"] == text_of(tree, "h1")
    assert ["1 of 2 sources was read on time, the last on Jul 16, 2024, 12:00 UTC."] == text_of(tree, ".lead")
    assert "1 late or in trouble · 1 page held back · how each source stands" == text_of(tree, ".round .meta")[0]


def test_home_tells_how_fresh_the_whole_record_is(site):
    assert ["within 1 day 0 % 0", "within 7 days 14 % 1", "within 30 days 42 % 3"] == text_of(
        read(site, "/"), ".shares div"
    )[:3]


def test_home_shows_what_is_coming_with_its_date(site):
    assert [] == text_of(read(site, "/"), ".ahead li")
    (coming,) = text_of(read(site, "/", today="2024-02-01"), ".ahead li")
    assert coming.startswith("Jul 1, 2024 Example Rule 1.2")


def test_home_maps_what_is_watched_and_where_rules_moved(site):
    watched, moved = (text_of(read(site, path), ".map details dt") for path in ("/", "/?map=changes"))

    assert ["Watched (1)", "Not watched (57)"] == watched
    assert ["5 to 19 (1)", "Not watched (57)"] == moved


def test_bar_of_links_leads_only_to_pages_that_are_answered(site):
    links = [node.attributes["href"] for node in read(site, "/changes").css("header nav a")]

    assert {"/changes", "/sources"} <= set(links) <= {entry.path for entry in BAR}
    assert {200} == {ask(site, link).status for link in links}
    assert ["page"] == [node.attributes["aria-current"] for node in read(site, "/changes").css("nav [aria-current]")]


# --- changes


def test_list_shows_rule_changes_and_says_what_it_hides(site):
    (found,) = text_of(read(site, "/changes"), ".lead", gap="")

    assert "13 rule changes. Hidden here: 2 changes of wording only, 3 provisions moved or renumbered." == found


def test_filters_narrow_the_list_and_can_be_taken_away(site):
    tree = read(site, "/changes?source=us-xx-board-rules&since=2024-01-20")

    assert 1 == len(tree.css("ul.lines li"))
    assert {"/changes?since=2024-01-20", "/changes?source=us-xx-board-rules"} == {
        node.attributes["href"] for node in tree.css("ul.active a")
    }


def test_filters_that_cannot_be_read_are_named_and_kept(site):
    answer = ask(site, "/changes?since=soon&kind=melted")

    assert 400 == answer.status
    assert "since: “soon” is no date" in answer.body
    assert "kind: “melted” is none of added" in answer.body


def test_page_of_a_list_beyond_its_end_is_empty_not_an_error(site):
    assert 200 == ask(site, "/changes?page=999").status
    assert 200 == ask(site, "/changes?page=-1").status


# --- a change


def test_change_shows_its_redline_in_marks_and_words(site):
    tree = read(site, f"/c/{AMENDED}")

    assert ["[removed: 40]"] == text_of(tree, ".redline .law del", gap="")
    assert ["[added: 60]"] == text_of(tree, ".redline .law ins", gap="")
    assert text_of(tree, ".gist")[0].startswith("1 word removed, 1 word added.")


def test_change_tells_when_it_was_seen_and_when_proven(site):
    found = main_text(site, f"/c/{CONFIRMED_LATER}")

    assert "First seen Jan 29, 2024, 12:00 UTC" in found
    assert "Confirmed Feb 5, 2024, 12:00 UTC Until this later round we held it back" in found


def test_removed_document_has_a_text_before_and_none_after(site):
    tree = read(site, f"/c/{REMOVED}")

    assert 1 == len(tree.css("del.block"))
    facts = text_of(tree, "section[aria-labelledby=proof] .facts > div")
    assert facts[0].startswith("Text before as of Jan 15, 2024")
    assert "Text after none: the text is gone" == facts[1]


def test_coming_change_names_the_text_that_will_apply(site):
    tree = read(site, "/c/2439a8ccfbe9d808", today="2024-02-01")
    found = text_of(tree, "main")[0]

    assert "In force from Jul 1, 2024 From this day the new text will apply" in found
    after = text_of(tree, "section[aria-labelledby=proof] .facts > div")[1]
    assert after.startswith("Text after as of Jul 1, 2024")


def test_citation_names_the_lawmakers_page_before_this_site(site):
    (sentence, _) = [node.text() for node in read(site, f"/c/{AMENDED}").css("textarea")]

    assert sentence.index("https://code.example.gov") < sentence.index("Status Quo") < sentence.index(f"/c/{AMENDED}")


@pytest.mark.parametrize("path", ["/c/", "/e/", "/d/"])
def test_ids_of_any_length_are_answered_shortly(site, path):
    answer = ask(site, path + "nothing" * 2000)

    assert 404 == answer.status
    assert len(answer.body) < 20_000


def test_day_before_the_first_sight_of_a_document_leads_to_its_first_text(site):
    answer = ask(site, "/d/us-xx/code/1-4?as_of=2023-03-01")
    (link,) = LexborHTMLParser(answer.body).css(".banner a")

    assert 404 == answer.status
    assert ("/d/us-xx/code/1-4?as_of=2024-01-08", "Go to the first text") == (link.attributes["href"], link.text())


@pytest.mark.parametrize("path", ["/c/nothing", "/e/nothing", "/s/nothing", "/d/nothing"])
def test_unknown_ids_are_told_with_what_there_is(site, path):
    answer = ask(site, path)

    assert 404 == answer.status
    assert "nothing" in answer.body


def test_change_stands_side_by_side_when_asked_and_links_the_whole_document(site):
    tree = read(site, f"/c/{AMENDED}?view=side")
    cells = text_of(tree, "table.pairs td.law")

    assert ["[removed: 40 ]", "[added: 60 ]"] == [" ".join(re.findall(r"\[.*\]", cell)) for cell in cells]
    (whole,) = (
        a.attributes["href"] for a in tree.css(".switch a") if a.text() == "the whole document before and after"
    )
    assert 200 == ask(site, whole).status
    assert 400 == ask(site, f"/c/{AMENDED}?view=upside").status


def test_change_says_first_when_it_applies_why_it_counts_and_what_caused_it(site):
    keys = text_of(read(site, f"/c/{AMENDED}"), ".key > div")

    assert "In force from not stated" == keys[0]
    assert "First seen Jan 15, 2024" == keys[1]
    assert "How binding statute" == keys[3]
    assert (
        'Why “rule changed” amount changed: "$40" → "$60" Rule changed'
        in text_of(read(site, f"/c/{AMENDED}"), ".facts")[0]
    )


def test_change_names_its_subjects_in_words_that_lead_to_others_alike(site):
    row = site.execute("SELECT id FROM changes WHERE professions LIKE '%physician%'").fetchone()
    links = [(a.text(), a.attributes["href"]) for a in read(site, f"/c/{row['id']}").css(".facts a")]

    assert ("physician", "/changes?profession=physician") in links


# --- an event


def test_event_links_the_redline_of_each_document_and_its_neighbours(site):
    tree = read(site, "/e/e96c256018b47844")
    (redline, *_) = (a.attributes["href"] for a in tree.css(".group a") if a.text().startswith("redline of the whole"))

    assert 200 == ask(site, redline).status
    assert ["After: Feb 5, 2024 , 7 rule changes"] == text_of(tree, "nav.beside li")


def test_event_counts_by_weight_and_puts_rule_changes_first(site):
    tree = read(site, "/e/e96c256018b47844")

    assert "3 pages, 5 changes: 3 rule changes, 2 provisions moved or renumbered" in text_of(tree, ".facts")[0]
    lines = [node.attributes["class"] for node in tree.css("section[aria-label$='1-2'] a.line")]
    assert ["line rule", "line moved", "line moved"] == lines


def test_event_without_changes_says_that_no_law_moved(site):
    found = main_text(site, "/e/3e80d6d9973bb72e")

    assert "New addresses, same words" in found
    assert "No change of law is part of this event." in found


# --- a document


@pytest.mark.parametrize(
    ("url", "banner"),
    [
        ("/d/us-xx/code/1-4", []),
        ("/d/us-xx/code/1-4?as_of=2024-03-01", ["Past text, not current."]),
        ("/d/us-xx/code/1-1", ["Not current."]),
        ("/d/us-xx/code/1-4?as_of=2023-03-01", ["No record."]),
    ],
)
def test_document_says_where_it_is_not_current(site, url, banner):
    assert banner == text_of(read(site, url), ".banner strong")


def test_document_can_be_followed_and_compared(site):
    tree = read(site, "/d/us-xx/code/1-4")

    assert "/changes.atom?document=us-xx/code/1-4" == tree.css_first("link[rel=alternate]").attributes["href"]
    assert ["/d/us-xx/code/1-4", "/d/us-xx/code/1-4/diff", "/beside"] == [
        form.attributes["action"] for form in tree.css("main form")
    ]


def test_document_with_many_parts_has_contents_two_levels_deep(hostile_site):
    tree = read(hostile_site, "/d/us-xx/code/1-2", today="2024-03-02")

    assert ["Contents, 7 parts"] == text_of(tree, ".contents summary")
    assert "#a" == tree.css_first(".contents a").attributes["href"]


def test_document_under_an_old_number_leads_to_the_new_one(site):
    (link,) = read(site, "/d/us-xx/code/1-2").css(".banner a")

    assert "/d/us-xx/code/1-20" == link.attributes["href"]


def test_document_shows_the_text_of_the_day_asked_for(site):
    before, after = (
        text_of(read(site, f"/d/us-xx/code/1-1?as_of={day}"), "li[id=a]") for day in ("2024-01-10", "2024-01-20")
    )

    assert ["(a) A clinic shall pay a fee of 40 dollars."] == before
    assert ["(a) A clinic shall pay a fee of 60 dollars."] == after


def test_knowledge_of_a_past_day_leaves_out_what_came_later(site):
    tree = read(site, "/d/us-xx/rules/1.2?as_of=2024-07-10&known_at=2024-01-20")

    assert "seven years" in text_of(tree, "ol.law")[0]
    assert "As we knew it on Jan 20, 2024" in text_of(tree, ".banner")[0]


def test_text_for_another_time_stands_beside_the_one_shown(site):
    tree = read(site, "/d/us-xx/rules/1.2?as_of=2024-02-01&known_at=2024-02-01", today="2024-02-01")

    assert "until Jul 1, 2024" in text_of(tree, "main")[0]
    assert any("same text for another time" in line for line in text_of(tree, ".acts li"))


def test_document_nests_provisions_under_their_anchors(hostile_site):
    tree = read(hostile_site, "/d/us-xx/code/1-2", today="2024-03-02")

    assert ["a", "b", "c", "d", "e", "f", "g"] == [node.attributes["id"] for node in tree.css("ol.law > li")]


def test_document_tells_its_history(site):
    steps = text_of(read(site, "/d/us-xx/code/1-4"), ".timeline li")

    assert [
        "Jul 16, 2024 1 rule change · the text shown · what it changed",
        "Jan 8, 2024 watched since · text of Jan 8, 2024 · against today",
    ] == steps


def test_text_not_read_for_long_is_called_late(site):
    assert [] == text_of(read(site, "/d/us-xx/code/1-4"), ".late")
    (late,) = text_of(read(site, "/d/us-xx/code/1-4", today="2024-09-01"), ".late")
    assert "Not read again since Jul 16, 2024, 47 days ago (expected weekly)." == late


@pytest.mark.parametrize("query", ["as_of=soon", "known_at=2024-02-31", "strand=upside"])
def test_question_that_cannot_be_read_is_refused_with_its_reason(site, query):
    answer = ask(site, f"/d/us-xx/code/1-4?{query}")

    assert 400 == answer.status
    assert query.partition("=")[2] in answer.body


def test_strand_a_document_does_not_have_is_told(site):
    answer = ask(site, "/d/us-xx/code/1-4?strand=mirror")

    assert 404 == answer.status
    assert "it has current" in answer.body


# --- sources


def test_sources_tell_how_each_stands(site):
    rows = text_of(read(site, "/sources"), "tbody tr")

    assert 2 == len(rows)
    assert "Read on time" in rows[1]
    assert "checked Jul 16, 2024" in rows[1]
    assert "Cannot be read since Jul 16, 2024 Not found, 1 page" in rows[0]
    assert all("since" in row for row in rows)


def test_sources_tell_the_trouble_that_lasts_once_for_cause_and_host(site):
    page = read(site, "/sources")

    told = text_of(page, "h2 + .troubles li")[0]
    assert told.startswith("Not found since Jul 16, 2024 , us-xx-board-rules , 1 page board.example.gov not found")
    assert "What helps: look for the new address" in told


def test_trouble_of_a_host_is_grouped_and_an_unknown_cause_keeps_its_words():
    known = [make_incident("dns", source=f"us-xx-{name}") for name in "ba"]
    odd = make_incident("other", last_message="sunspots: nobody declared this")

    both = group_lasting([odd, *known])

    assert [["us-xx-a", "us-xx-b"], ["us-xx-rules"]] == [one.sources for one in both]
    assert "sunspots: nobody declared this" == both[1].message


def test_sources_are_narrowed_by_state_and_place_while_the_counts_stay_those_of_all(site):
    tree = read(site, "/sources?state=failing")

    assert ["/s/us-xx-board-rules"] == [node.attributes["href"] for node in tree.css("tbody a")]
    assert "1 source with these filters. All sources" in text_of(tree, "p.lead")
    assert "1 cannot be read , 1 read on time ." in text_of(tree, "p.lead")
    assert "/sources?state=fresh" in [node.attributes["href"] for node in tree.css("p.lead a")]
    assert ["all (2)", "Cannot be read (1)", "Read on time (1)"] == text_of(tree, "#f-state option")
    assert ["all (1)", "State of Example (1)"] == text_of(tree, "#f-jurisdiction option")


def test_source_filter_without_a_source_says_so_and_one_that_cannot_be_read_what_there_is(site):
    nothing, wrong = ask(site, "/sources?jurisdiction=us-tx"), ask(site, "/sources?state=sunny&jurisdiction=us-zz")

    assert (200, 400) == (nothing.status, wrong.status)
    assert "No source fits these filters." in nothing.body
    assert "state: “sunny” is none of failing, blocked," in wrong.body
    assert "jurisdiction: “us-zz” is none of" in wrong.body


def test_sources_stand_on_pages_that_follow_each_other_without_gap(site, monkeypatch):
    monkeypatch.setattr(sources, "Slice", lambda page, total: Slice(page, total, 1))
    first, second, beyond = (read(site, f"/sources?page={number}") for number in (1, 2, 3))

    rows = [[node.attributes["href"] for node in tree.css("tbody a")] for tree in (first, second, beyond)]
    assert [["/s/us-xx-board-rules"], ["/s/us-xx-code"], []] == rows
    assert ["/sources?page=2"] == [node.attributes["href"] for node in first.css("nav.pager a[rel=next]")]
    assert ["/sources"] == [node.attributes["href"] for node in second.css("nav.pager a[rel=prev]")]
    assert ["2 sources watched"] == text_of(second, "h1") == text_of(first, "h1")
    assert ["Trouble that lasts", "Trouble that ended"] == [name for name in text_of(first, "h2") if "Trouble" in name]
    assert [] == [name for name in text_of(second, "h2") if "Trouble" in name]
    assert "1–1 of 2" in text_of(first, "caption")[0]
    assert "The list ends before this page." in beyond.css_first("main").text()


def test_source_names_each_page_held_back_with_its_reason(site):
    held = text_of(read(site, "/s/us-xx-board-rules"), ".troubles li")[0]

    assert held.startswith("https://board.example.gov/rules")


def test_source_that_may_not_be_read_says_why():
    state = make_state(crawl_state="blocked", crawl_reason="Every request is answered 403.")

    card = make_card(judge_state(state, TODAY, []))

    assert ("blocked", "Refused") == (card.health, card.label)
    assert "blocked: Every request is answered 403." == card.reason


def test_source_in_trouble_says_since_when_and_why():
    state = make_state(source="us-xx-rules", since=WEEKS[0], last_checked=WEEKS[1])

    card = make_card(judge_state(state, TODAY, [make_incident("dns")]))

    assert ("failing", "2024-06-20") == (card.health, card.since[:10])
    assert ["Name not found"] == [trouble.title for trouble in card.troubles]


def make_state(**fields):
    values = dict.fromkeys(SourceState.__struct_fields__, "") | dict.fromkeys(
        (
            "documents",
            "rule_changes",
            "suspects",
            "problems",
            "moves_within",
            "moving_days",
            "usual_gap",
            "longest_gap",
        ),
        0,
    )
    return SourceState(**{**values, "cadence": "weekly", "crawl_state": "open", **fields})


# --- search


@pytest.mark.parametrize("query", ['"', "a* OR b*", "NEAR(", "text:(", "%27%22%3B--", "-", "^", "(", "\x02a\x03"])
def test_signs_of_the_search_language_are_only_words(site, query):
    assert 200 == ask(site, f"/search?q={query}").status


def test_search_without_a_hit_names_the_nearest_documents(site):
    tree = read(site, "/search?q=Example+Code+1-44")

    assert "/d/us-xx/code/1-4" in [node.attributes["href"] for node in tree.css("p.told a")]


# --- rights, replicas, hostile text


def publish_one(folder, **keys):
    """Publish one source whose only section says ten days at first and thirty later; returns the generation."""
    source = declare("us-xx-one", "one", **keys)
    pages = {
        f"2024-0{month}-10": f"(a) Renewed within {days} days. {LONG}" for month, days in ((1, "ten"), (2, "thirty"))
    }
    url = "https://rules.example.gov/one/1-1"
    lines = [make_line(url, observed_at=f"{day}T12:00:00Z", path=f"{day}.html") for day in pages]
    bodies = {f"{day}.html": make_page("§ 1-1. Fees.", text) for day, text in pages.items()}
    file = write_captures(folder, *lines, bodies=bodies)
    request = ImportRequest(file=file, sources=(source,), now="2024-03-01T00:00:00Z", token="t")  # noqa: S106 - an id
    import_captures(folder / "data", request)
    build(folder / "data", BuildRequest(sources=(source,)))
    return open_generation(publish(folder / "data", "2024-03-01T06:00:00Z").path)


@pytest.mark.parametrize(("rights", "shown"), [("quotes", True), ("none", False)])
def test_texts_of_others_are_not_shown_in_full_and_the_page_says_why(tmp_path, rights, shown):
    with closing(publish_one(tmp_path, publish=rights)) as db:
        change = main_text(db, read(db, "/changes").css_first("a.line").attributes["href"])
        document = main_text(db, "/d/us-xx/code/1-1")

    for found in (change, document):
        assert "Others hold rights in this edition" in found
        assert shown is ("within" in found)
        assert LONG.strip() not in found


def test_replica_is_called_a_paraphrase_on_every_page_that_shows_it(tmp_path):
    with closing(publish_one(tmp_path, replica=True)) as db:
        change = read(db, "/changes").css_first("a.line").attributes["href"]
        event = read(db, change).css_first(".crumbs a:nth-of-type(2)").attributes["href"]
        paths = ("/", "/changes", change, event, "/d/us-xx/code/1-1", "/sources", "/s/us-xx-one", "/search?q=days")
        bars = [text_of(read(db, path), ".replica strong") for path in paths]

    assert [["Demonstration: paraphrase."]] * len(paths) == bars


def test_hostile_text_arrives_as_words_on_every_page_that_prints_it(hostile_site):
    change = sorted(node.attributes["href"] for node in read(hostile_site, "/changes", "2024-03-02").css("a.line"))
    paths = [
        "/",
        "/changes",
        *change,
        "/d/us-xx/code/1-2",
        "/search?q=hacked",
        "/search?q=%3Cscript%3Ealert(1)%3C/script%3E",
    ]

    for path in paths:
        answer = ask(hostile_site, path, "2024-03-02")
        tree = LexborHTMLParser(answer.body)
        assert [] == tree.css("script, img, iframe, [onerror]"), path
        assert [] == [n for n in tree.css("a") if n.attributes.get("href", "").startswith("javascript")], path
        assert "\u202e" not in answer.body, path
    assert escape_page(HOSTILE[0]).replace("'", "&#39;") in ask(hostile_site, "/d/us-xx/code/1-2", "2024-03-02").body
    assert "⟨U+202E⟩" in ask(hostile_site, "/d/us-xx/code/1-2", "2024-03-02").body


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " javascript:x", "", None])
def test_only_web_addresses_become_links(url):
    assert "" == words.keep_web(url)
    assert "https://a.example/" == words.keep_web("https://a.example/")


# --- words and colours


def test_dates_and_numbers_are_said_in_words():
    assert "Jul 1, 2024" == words.print_day("2024-07-01T12:00:00Z")
    assert "" == words.print_day(None)
    assert ("1 page", "1,200 pages") == (words.count_of(1, "page"), words.count_of(1200, "page"))
    assert "/d/us-xx/code/7-1(a)?as_of=2024-07-01&strand=permanent#r_%E2%80%9Ca%22" == words.link_document(
        "us-xx/code/7-1(a)", 'r_“a"', "2024-07-01", "permanent"
    )


def measure_light(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(sign * 2 for sign in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def measure_contrast(one, other):
    light, dark = sorted((measure_light(one), measure_light(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_colours_of_both_themes_keep_the_contrast_of_wcag_aa(theme):
    sheet = share_path("datasette", "static", "statusquo.css").read_text("utf-8")
    light, dark = (
        dict(TOKEN.findall(part)) for part in sheet.partition("@media print")[0].split("prefers-color-scheme")
    )
    tokens = (light, dark)[theme]
    pairs = [(name, ground) for name in ("text", "muted", "link", "visited") for ground in ("page", "surface")]
    pairs += [(name, f"{name}-tint") for name in ("blue", "orange", "purple", "grey", "teal", "bar")]

    weak = {pair: measure_contrast(tokens[pair[0]], tokens[pair[1]]) for pair in pairs}

    assert {} == {pair: round(ratio, 2) for pair, ratio in weak.items() if ratio < 4.5}
    assert measure_contrast(tokens["border"], tokens["page"]) >= 3 <= measure_contrast(tokens["focus"], tokens["page"])


# --- what is left out of comparing


def stamp(number, copy):
    """Make a section whose text begins with a stamp that every fetch prints anew."""
    law = f"<p>(a) A clinic keeps record {number} of each visit for {number} years.</p>"
    page = f"<article><h1>§ {number}. Records</h1><p>Printed for you as copy {copy}</p>{law}</article>"
    return f"<html><body>{page}</body></html>"


def test_a_source_page_shows_the_lines_that_are_left_out_of_comparing_and_why(tmp_path):
    urls = {number: f"{SITE}/sections/{number}.html" for number in ("1-1", "1-2", "1-3")}
    pages = [(WEEKS[week], url, stamp(number, 7 + week)) for week in (0, 1) for number, url in urls.items()]
    data = build_web(tmp_path, pages)

    with closing(open_generation(publish(data, "2024-07-18T06:00:00Z").path)) as db:
        told = main_text(db, "/s/us-xx-code")
        quiet = main_text(db, "/s/us-xx-board-rules")

    assert "Printed for you as copy 8 since Jan 15, 2024 : differed on 3 of 3 pages at once" in told
    assert "None seen since" in told
    assert "Left out of comparing" not in quiet
