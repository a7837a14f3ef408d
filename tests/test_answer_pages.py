"""The pages of answers: every place and question has one, no cell is empty without a reason, every fact shows proof."""

import io
import json
from collections import Counter
from contextlib import closing
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from openpyxl import load_workbook

from kb.bundles import PROVES, PROVES_NOT, find_misfits, read_bundle
from kb.coding import SHIPPED
from kb.demo import DemoRequest, demo_sources, import_day, run_demo
from kb.matrix import Wanted, list_places, read_cells, show_cell
from kb.publish import publish
from kb.questions import map_questions, read_questions
from kb.sheets import FORMULA
from kb.store.answers import parse_value, read_published_facts, read_published_questions
from kb.store.facts import read_recorded_facts
from kb.store.knowledge import open_knowledge
from kb.web.pages.answer_words import (
    ANSWERED,
    CAUSE_LABELS,
    STANDING_LABELS,
    UNANSWERED,
    open_sentence,
    print_length,
    print_stated,
    shorten,
    spell_days,
)
from kb.web.pages.cells import read_cell_views
from kb.web.pages.compare import MOST_PLACES, MOST_QUESTIONS
from kb.web.pages.fact import mark_quote
from kb.web.pages.moments import Moment, compute_cells
from kb.web.pages.question_map import draw_question, is_mixed, list_values
from kb.web.refusal import speak
from tests.test_web_pages import ask, main_text, open_generation, read, text_of

NOW, TODAY = "2026-11-28T06:00:00Z", "2026-11-28"
# What a page of answers may take, in seconds of CPU; the test allows for a busy machine.
MOST_ASKED = 25
PAIR = "question=ketamine_schedule,pdmp_query_duty&jurisdiction=us-ca,us-tx"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        # The demonstration as people see it: with the facts that ship.
        patch.setenv("KB_FACTS", str(SHIPPED))
        run_demo(folder, DemoRequest(collect=import_day))
    publish(folder, NOW, declared=demo_sources())
    return folder


@pytest.fixture(scope="module")
def db(data):
    name = json.loads((data / "public" / "current.json").read_bytes())["file"]
    with closing(open_generation(data / "public" / name)) as opened:
        yield opened


@pytest.fixture(scope="module")
def knowledge(data):
    with closing(open_knowledge(data / "kb.db", read_only=True)) as opened:
        yield opened


@pytest.fixture(scope="module")
def places(knowledge):
    return list_places(knowledge)


@pytest.fixture(scope="module")
def states(db):
    """A fact of the State of Example that stands, by how it stands to the law's own words."""
    rows = db.execute(
        "SELECT facts.fact, state FROM facts WHERE jurisdiction = 'us-xx' AND gap IS NULL ORDER BY superseded_on DESC"
    )
    return {state: fact for fact, state in rows}


def get(db, path):
    return ask(db, path, TODAY)


def page(db, path):
    return read(db, path, TODAY)


def words(db, path):
    return main_text(db, path, TODAY)


# --- what is published is what was coded


def test_published_facts_are_the_coded_ones(db, knowledge):
    questions = {name: one.question for name, one in read_published_questions(db).items()}
    forgotten = {"file": "", "second": None}

    coded = [msgspec.structs.replace(fact, **forgotten) for fact in read_recorded_facts(knowledge)]

    assert coded == read_published_facts(db, questions)


def test_published_codebook_is_the_shipped_one(db):
    assert list(read_questions()) == [one.question for one in read_published_questions(db).values()]


def test_cells_computed_for_the_day_of_the_edition_are_the_published_ones(db, places):
    questions = {name: one.question for name, one in read_published_questions(db).items()}
    moment = Moment(as_of=date.fromisoformat(TODAY), known_at=NOW)

    computed = {(one.question, one.jurisdiction): one for one in compute_cells(db, questions, places, moment)}

    assert {(one.question, one.jurisdiction): one for one in read_cell_views(db)} == computed


@pytest.mark.parametrize(("as_of", "known_at"), [("2019-01-01", NOW), ("2027-06-01", NOW), (TODAY, "2024-01-01")])
def test_cells_of_another_day_are_those_of_the_knowledge_base(db, knowledge, places, as_of, known_at):
    questions = {name: map_questions()[name] for name in ("pdmp_query_duty", "refill_limit", "prescriber_professions")}
    wanted = Wanted(
        questions=tuple(questions.values()), jurisdictions=places, as_of=date.fromisoformat(as_of), known_at=known_at
    )
    expected = [show_cell(cell) for cell in read_cells(knowledge, wanted)]

    found = compute_cells(db, questions, places, Moment(as_of=wanted.as_of, known_at=known_at))

    assert [(row["jurisdiction"], row["state"], row["proof"]) for row in expected] == [
        (cell.jurisdiction, cell.state, cell.proof) for cell in found
    ]


def test_every_kind_of_value_comes_back_as_it_was_coded():
    of = {kind: msgspec.structs.replace(read_questions()[0], type=kind) for kind in ("choices", "boolean", "number")}

    assert ("a", "b") == parse_value("a + b", of["choices"])
    assert [True, False] == [parse_value(text, of["boolean"]) for text in ("yes", "no")]
    assert [30, 0.5] == [parse_value(text, of["number"]) for text in ("30", "0.5")]
    assert "law_silent" == parse_value("law_silent", of["boolean"])


# --- every page, every cell


def test_every_place_and_every_question_has_a_page_and_all_their_cells(db, places):
    questions = [question.id for question in read_questions()]
    for place in places:
        tree = page(db, f"/j/{place}")
        shown = [node.attributes["id"] for node in tree.css("table.answers tbody tr, p.meta > a[id]")]
        assert sorted(questions) == sorted(shown), place
    for question in questions:
        shown = [node.attributes["id"] for node in page(db, f"/q/{question}").css("table.answers tbody tr")]
        asked = [place for place in places if map_questions()[question].concerns(place)]
        assert sorted(asked) == sorted(shown), question


def test_no_cell_is_empty_without_a_reason(db, places):
    cells = read_cell_views(db)

    assert len(places) * len(read_questions()) == len(cells)
    assert set() == {cell.state for cell in cells} - set(STANDING_LABELS)
    assert [] == [(one.jurisdiction, one.question) for one in cells if not one.why or not all(one.why)]
    assert [] == [one for one in cells if bool(one.lines) != (one.state in ANSWERED)]
    assert [] == [one for one in cells for line in one.lines if not line.label or not line.part.proof]


def test_no_cell_of_any_table_is_printed_empty(db, places):
    empty = [
        (path, row.attributes["id"])
        for path in [*(f"/j/{place}" for place in places), *(f"/q/{question.id}" for question in read_questions())]
        for row in page(db, path).css("table.answers tbody tr")
        for cell in row.css("td, th")
        if not cell.text(strip=True)
    ]

    assert [] == empty


def test_every_standing_is_either_an_answer_or_none():
    assert set(STANDING_LABELS) == {*ANSWERED, *UNANSWERED}


def test_page_asks_the_database_a_bounded_number_of_times(db, places):
    paths = [
        *(f"/j/{place}" for place in places[::9]),
        *(f"/q/{question.id}" for question in read_questions()[::6]),
        f"/compare?{PAIR}",
        f"/compare?{PAIR}&as_of=2020-01-01",
        "/j",
        "/q",
    ]
    asked, counts = [], {}
    db.set_trace_callback(asked.append)
    try:
        for path in paths:
            asked.clear()
            get(db, path)
            counts[path] = len(asked)
    finally:
        db.set_trace_callback(None)

    assert {} == {path: count for path, count in counts.items() if not 0 < count <= MOST_ASKED}


# --- a place


def test_place_begins_with_a_summary_in_plain_words(db):
    tree = page(db, "/j/us-tx")
    told = dict(zip(text_of(tree, ".summary dt"), text_of(tree, ".summary dd"), strict=True))

    assert ["Ketamine in Texas: what the rules say"] == text_of(tree, "h1")
    assert told["How long and how often a prescription may be filled"].startswith("Five refills in six months . Tex.")
    assert {"Reported", "Quoted"} - set(text_of(tree, ".means strong")) == {"Quoted"}


def test_summary_has_a_line_for_each_topic_that_is_answered(db, places):
    for place in places[:12]:
        tree = page(db, f"/j/{place}")
        topics = {map_questions()[one.question].topic for one in read_cell_views(db, (), [place]) if one.is_answered}
        assert len(topics) == len(tree.css(".summary dt")), place


def test_place_says_what_to_look_at_before_one_relies_on_it(db):
    told = text_of(page(db, "/j/us-xx"), ".doubt")

    assert ["✕ Quoted words are gone What a clinic may advertise : look before you rely on it."] == told


def test_place_without_sources_says_that_no_change_would_be_seen(db):
    assert "We watch no source of Alabama yet, so no change of its rules would be seen here." in words(db, "/j/us-al")


def test_place_names_its_leads_and_where_was_searched(db):
    told = words(db, "/j/us-fl")

    assert "Lead: Fla. Stat. 893.03(3)(g)" in told
    assert "There is a lead that nobody has followed yet; it is no answer." in told


def test_place_of_a_past_day_says_so_and_leads_to_today(db):
    tree = page(db, "/j/us-tx?as_of=2019-01-01")

    assert text_of(tree, ".banner")[0].startswith("Law as of Jan 1, 2019 . These are not the answers of today.")
    assert "/j/us-tx" == tree.css_first(".banner a").attributes["href"]
    assert "noindex" == tree.css_first("meta[name=robots]").attributes["content"]
    assert "Five refills" not in tree.css_first(".summary").text()


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/j/us-zz", "We know no jurisdiction “us-zz”"),
        ("/j/tx", "did you mean Texas (/j/us-tx)?"),
        ("/j/new-york", "did you mean New York (/j/us-ny)?"),
        ("/q/pdmp_duty", "did you mean 'pdmp_query_duty'?"),
        ("/f/feed", "We hold no answer with the id “feed”."),
    ],
)
def test_what_there_is_not_is_told_with_what_is_near(db, path, told):
    assert 404 == get(db, path).status
    assert told in words(db, path)


@pytest.mark.parametrize(
    "path", ["/j/us-tx?as_of=soon", "/q/step_therapy?known_at=1", "/q/step_therapy?profession=frog"]
)
def test_what_cannot_be_read_is_named(db, path):
    assert 400 == get(db, path).status
    assert urlsplit(path).query.split("=")[1] in words(db, path)


def test_list_of_places_counts_what_is_answered(db):
    rows = {text_of(row, "th")[0]: text_of(row, "td") for row in page(db, "/j").css("tbody tr")}

    assert ["18 of 38", "0", "0", "1"] == rows["Texas"]
    assert ["10 of 38", "9", "1"] == rows["State of Example"][:3]


# --- a question


def test_counts_of_a_question_add_up_to_all_places(db, places):
    (told,) = text_of(page(db, "/q/pdmp_query_duty"), ".status p")[:1]
    numbers = [int(node.text()) for node in page(db, "/q/pdmp_query_duty").css(".status strong")]

    assert f"of {sum(numbers)} places" in told
    assert len(places) - 1 == sum(numbers)


def test_question_tells_its_codebook_entry_and_what_silence_means(db):
    told = words(db, "/q/pdmp_query_duty")
    question = map_questions()["pdmp_query_duty"]

    for said in (question.silent, question.coding, question.why.providers, question.values[0].label):
        assert " ".join(said.split()) in told


def test_federal_law_stands_first_where_it_is_asked(db):
    first = page(db, "/q/ketamine_schedule").css_first("table.answers tbody tr")

    assert ("us", "floor") == (first.attributes["id"], first.attributes["class"])


def test_tiles_of_the_map_lead_to_the_evidence_or_to_the_place(db):
    links = [node.attributes["href"] for node in page(db, "/q/pdmp_query_duty").css(".tilemap a")]

    assert {"/f", "/j"} == {link.rpartition("/")[0] for link in links}
    assert {200} == {get(db, link.partition("#")[0]).status for link in links}


def test_question_within_a_limit_answers_for_that_one_only(db):
    path = "/q/prescriber_professions?profession=physician_assistant"
    row = page(db, path).css_first("tr[id=us-ak]")

    assert "asked for physician assistant" in words(db, path)
    assert ["Physician assistant: Only under a collaboration or practice agreement"] == text_of(row, ".told-lines li")


def test_map_of_answers_that_differ_by_profession_is_drawn_for_one(db):
    tree = page(db, "/q/prescriber_professions")

    assert "(advanced practice nurse), law as of Nov 28, 2026" in text_of(tree, "figcaption")[0]
    assert len(tree.css(".tile.other")) < len(tree.css(".tile.strong"))


def test_question_with_several_choices_is_mapped_one_by_one(db):
    question = map_questions()["emergency_equipment"]
    cells = read_cell_views(db, [question.id])
    (value, _, count), *_ = list_values(question, cells)

    drawn = draw_question(question, cells, value)
    shown = {group.look: len(group.names) for group in drawn.groups}

    assert count == shown.get("strong", 0) + shown.get("partial", 0)


def test_legend_names_the_answer_that_most_places_of_a_look_share(db):
    question = map_questions()["pdmp_query_duty"]
    cells = read_cell_views(db, [question.id])
    told = Counter(question.say(cell.lines[0].part.value) for cell in cells if len(cell.lines) == 1)
    ((most, count),) = told.most_common(1)

    groups = draw_question(question, cells).groups
    (named,) = [group for group in groups if group.words.startswith(most)]

    assert ["strong", "partial", "few", "none"] == [group.look for group in groups][:4]
    assert count * 2 > len(named.names)


def test_map_without_any_answer_is_blank(db):
    question = map_questions()["research_registration"]
    cells = read_cell_views(db, [question.id])

    assert {"unknown"} == {group.look for group in draw_question(question, cells).groups}
    assert not is_mixed(cells)


def test_question_tells_what_became_of_its_answers(db):
    told = text_of(page(db, "/q/adverse_event_reporting"), ".timeline li")

    assert told[0].startswith("Dec 10, 2024 State of Example: Deaths must be reported · Confirmed by a person")
    assert any("Words changed" in step for step in told)


def test_answers_in_turn_are_drawn_for_today_and_not_for_a_past_day(db):
    today = page(db, "/q/telehealth_prescribing").css("svg.steps")
    past = page(db, "/q/telehealth_prescribing?as_of=2024-01-01").css("svg.steps")

    told = "“A telehealth examination suffices” from Mar 16, 2020 until Dec 31, 2026; then “At least one in-person"
    assert [told] == [one.attributes["aria-label"][: len(told)] for one in today]
    assert [] == past


@pytest.mark.parametrize(("sort", "first"), [("name", "Alabama"), ("answer", "Arkansas"), ("since", "Alaska")])
def test_answers_can_be_sorted_without_a_script(db, sort, first):
    tree = page(db, f"/q/step_therapy?sort={sort}")

    assert 1 == len(tree.css("[aria-sort=ascending]"))
    assert text_of(tree, "table.answers tbody th")[0]


def test_list_of_questions_has_all_by_topic(db):
    tree = page(db, "/q")

    assert [question.title for question in read_questions()] == text_of(tree, ".asks dt")
    assert "Answered in" in tree.css_first(".asks dd").text()


# --- compare


def test_boxes_of_the_form_lead_to_an_address_that_can_be_shared(db):
    answer = get(db, "/compare?q.step_therapy=1&q.pdmp_query_duty=1&j.us-tx=1&j.us-ca=1&as_of=2024-01-01")

    assert 303 == answer.status
    assert (
        "/compare?as_of=2024-01-01&jurisdiction=us-tx,us-ca&question=step_therapy,pdmp_query_duty"
        == (answer.headers["Location"])
    )


def test_comparison_has_the_federal_floor_and_a_column_for_each_place(db):
    tree = page(db, f"/compare?{PAIR}")

    assert ["Question", "Federal law", "California", "Texas"] == text_of(tree, ".matrix thead th")
    assert {"0"} == {node.attributes["tabindex"] for node in tree.css(".matrix")}
    assert all(row.css("th[scope=row]") for row in tree.css(".matrix tbody tr"))


def test_what_differs_is_said_in_words(db):
    path = "/compare?question=telehealth_prescribing&jurisdiction=us-ca,us-fl,us-ny"
    (row,) = page(db, path).css(".matrix tbody tr")

    assert [False, False, True] == ["Differs" in cell.text() for cell in row.css("td")[1:]]
    assert "1 of 1 differ between the places" in words(db, path)


def test_an_unanswered_cell_differs_from_nothing(db):
    row = page(db, "/compare?question=ketamine_schedule&jurisdiction=us-ca,us-fl").css_first(".matrix tbody tr")

    assert "Differs" not in row.text()
    assert "All differ" not in row.text()


def test_rows_without_a_difference_can_be_left_out(db):
    path = "/compare?question=ketamine_schedule,pdmp_query_duty&jurisdiction=us-ca,us-ny&differ=1"

    assert ["When the prescription monitoring program must be queried"] == [
        told.partition(" All differ")[0] for told in text_of(page(db, path), ".matrix tbody th")
    ]
    assert "1 without a difference left out" in words(db, path)


def test_a_topic_stands_for_its_questions(db):
    told = text_of(page(db, "/compare?question=pdmp,trials&jurisdiction=us-ca"), ".matrix tbody th")

    assert 3 == len(told)


def test_comparison_of_a_past_day_says_so_and_its_file_is_named_so(db):
    path = f"{PAIR}&as_of=2019-01-01&known_at=2026-11-28"

    assert "Law as of Jan 1, 2019" in words(db, f"/compare?{path}")
    assert (
        'attachment; filename="compare-2019-01-01-known-2026-11-28.csv"'
        == (get(db, f"/compare.csv?{path}").headers["Content-Disposition"])
    )


def test_nothing_was_known_before_anything_was_coded(db):
    chips = text_of(page(db, f"/compare?{PAIR}&known_at=2020-01-01"), ".matrix tbody td .chip")

    assert {"No record before this date", "Not a question for this level of law"} == set(chips)


def test_stacked_comparison_has_a_section_for_each_question(db):
    tree = page(db, f"/compare?{PAIR}&layout=stack")

    assert 2 == len(tree.css("dl.stack"))
    assert [] == tree.css(".matrix")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("question=pdmp_duty&jurisdiction=us-ca", "no question or topic “pdmp_duty”; did you mean 'pdmp_query_duty'?"),
        ("question=pdmp&jurisdiction=us-qq", "no jurisdiction “us-qq”"),
        ("question=pdmp&jurisdiction=us-ca&as_of=2024-13-01", "as_of: “2024-13-01” is no date"),
        ("question=pdmp&jurisdiction=us-ca&layout=wide", "layout: “wide”"),
    ],
)
def test_comparison_that_cannot_be_read_says_what_is_near(db, query, told):
    answer = get(db, f"/compare?{query}")
    machine = get(db, f"/compare.json?{query}")

    assert (400, 400) == (answer.status, machine.status)
    assert told in words(db, f"/compare?{query}")
    assert told in json.loads(machine.body)["error"]


def test_more_than_a_page_holds_is_refused_with_the_way_to_a_file(db, places):
    many = ",".join(places[1 : MOST_PLACES + 2])
    too_wide = words(db, f"/compare?question=pdmp&jurisdiction={many}")
    topics = "legal_status,clinics,telehealth,delivery"

    assert f"({MOST_QUESTIONS} and {MOST_PLACES})" in too_wide
    assert 400 == get(db, f"/compare?question={topics}&jurisdiction=us-ca").status
    assert 400 == get(db, f"/compare.csv?question={topics}&jurisdiction={','.join(places)}").status
    assert 400 == get(db, "/compare.xlsx?question=pdmp").status


def test_files_hold_the_cells_of_the_page(db):
    rows = get(db, f"/compare.csv?{PAIR}").body.splitlines()
    matrix = json.loads(get(db, f"/compare.json?{PAIR}").body)
    book = load_workbook(io.BytesIO(get(db, f"/compare.xlsx?{PAIR}").file))

    assert 2 * 3 + 1 == len(rows)
    assert (True, TODAY, 6) == (matrix["is_current"], matrix["as_of"], len(matrix["cells"]))
    assert ["answers", "facts", "codebook", "about"] == book.sheetnames
    assert not any(FORMULA.match(cell) for row in rows for cell in row.split(","))


def test_nothing_chosen_offers_examples_that_answer(db):
    links = [node.attributes["href"] for node in page(db, "/compare").css("main ul a[href^='/compare?']")]

    assert 2 == len(links)
    assert {200} == {get(db, link).status for link in links}


# --- a fact


@pytest.mark.parametrize("state", ["verified", "anchored", "broken"])
def test_fact_shows_the_words_that_prove_it_in_their_place(db, states, state):
    tree = page(db, f"/f/{states[state]}")
    quote = db.execute(
        "SELECT quote, sha256 FROM fact_history WHERE fact = ? ORDER BY place DESC", [states[state]]
    ).fetchone()

    assert [quote["quote"]] == text_of(tree, ".context mark")
    assert quote["sha256"] in text_of(tree, ".hash")
    assert tree.css_first(".status .chip").attributes["data-state"] == state


def test_fact_tells_every_step_with_both_texts(db):
    fact = db.execute("SELECT fact FROM fact_history WHERE cause = 'words' ORDER BY fact").fetchone()["fact"]
    tree = page(db, f"/f/{fact}")
    steps = text_of(tree, "section[aria-labelledby=steps] .timeline > li")
    days = [node.attributes["datetime"][:10] for node in tree.css("section[aria-labelledby=steps] .when time")]

    assert any(CAUSE_LABELS["words"] in step and "Agreed to:" in step for step in steps)
    assert any(CAUSE_LABELS["resolved"] in step for step in steps)
    assert any("Coded" in step for step in steps)
    assert days == sorted(days, reverse=True)


def test_words_that_are_gone_are_told_with_what_stood_there(db, states):
    tree = page(db, f"/f/{states['broken']}")

    assert "Do not rely on this answer." in text_of(tree, ".status")[0]
    assert text_of(tree, ".redline del")


def test_reported_fact_is_honest_and_useful(db):
    fact = db.execute(
        "SELECT fact FROM facts WHERE jurisdiction = 'us-tx' AND question = 'pdmp_query_duty'"
    ).fetchone()["fact"]
    told = words(db, f"/f/{fact}")

    assert "Reported, text not archived" in told
    assert "The rule is named: read it before you rely on the answer." in told
    assert "another publisher’s copy of the law" in told
    (official,) = page(db, f"/f/{fact}").css("[aria-labelledby=rule] a.official")
    assert official.attributes["href"].startswith("https://statutes.capitol")


def test_superseded_fact_leads_to_the_one_that_stands(db):
    rows = db.execute("SELECT fact FROM facts WHERE superseded_on <> '' ORDER BY jurisdiction DESC, fact")
    trees = [page(db, f"/f/{row['fact']}") for row in rows]
    leading = [link.attributes["href"] for tree in trees for link in tree.css(".banner a")]

    assert {True} == {bool(tree.css(".banner")) for tree in trees}
    assert leading
    assert set() == {link.removeprefix("/f/") for link in leading} & {
        row["fact"] for row in db.execute("SELECT fact FROM facts WHERE superseded_on <> ''")
    }


def test_bundle_holds_what_one_cites_with_and_proves_itself(db, states):
    answer = get(db, f"/f/{states['verified']}.json")
    bundle = json.loads(answer.body)
    step = db.execute("SELECT * FROM fact_history WHERE fact = ? ORDER BY place DESC", [states["verified"]]).fetchone()

    assert answer.content_type.startswith("application/json")
    assert {name: step[name] for name in ("quote", "sha256", "captured_at")} == {
        name: bundle[name] for name in ("quote", "sha256", "captured_at")
    }
    assert (f"/f/{states['verified']}", step["url"]) == (bundle["permalink"], bundle["captured_from"])
    assert [] == find_misfits(read_bundle(answer.body.encode()))
    assert (PROVES, PROVES_NOT) == (bundle["proves"], bundle["proves_not"])


def test_bundle_of_no_fact_is_told_in_json(db):
    answer = speak(get(db, "/f/feed.json"), "/f/feed.json", "*/*")

    assert (404, False) == (answer.status, json.loads(answer.body)["ok"])


def test_every_fact_has_a_page_and_a_bundle(db):
    facts = [row["fact"] for row in db.execute("SELECT fact FROM facts ORDER BY fact")]

    assert [] == [fact for fact in facts[::7] if get(db, f"/f/{fact}").status != 200]
    assert [] == [fact for fact in facts[::7] if not json.loads(get(db, f"/f/{fact}.json").body)["cite_as"]]


def test_a_quote_that_is_not_there_to_the_letter_marks_nothing():
    assert "a &lt;b&gt; c" == mark_quote("a <b> c", "x")
    assert "a <mark>&lt;b&gt;</mark> c" == mark_quote("a <b> c", "<b>")


# --- beside texts, changes, on the first page, in the search


def test_document_shows_its_answers_beside_the_provision_they_rest_on(db):
    tree = page(db, "/d/us-xx/code/12-707")

    assert "Deaths must be reported" in text_of(tree, "li[id=a] .beside-facts")[0]
    assert [] == page(db, "/d/us-xx/code/12-707?as_of=2023-08-01").css(".beside-facts")


def test_change_leads_to_the_answers_it_touches(db):
    row = db.execute("SELECT change, fact FROM impacts ORDER BY change, fact").fetchone()
    links = [node.attributes["href"] for node in page(db, f"/c/{row['change']}").css("[aria-labelledby=touched] a")]

    assert f"/f/{row['fact']}" in links


def test_search_finds_answers_by_place_and_words(db):
    links = text_of(page(db, "/search?q=texas+refills"), "ul.hits .hit")

    assert "Texas: Five refills in six months" in links


def test_first_page_maps_a_question(db):
    tree = page(db, "/?map=pdmp_query_duty")

    assert "pdmp_query_duty" == tree.css_first("option[selected]").attributes["value"]
    assert tree.css(".tilemap a[href^='/f/']")


# --- words


@pytest.mark.parametrize(
    ("text", "printed"), [("", ""), ("2021", "2021"), ("2021-07", "Jul 2021"), ("2021-07-04", "Jul 4, 2021")]
)
def test_date_is_printed_as_exactly_as_it_was_told(text, printed):
    assert printed == print_stated(text)


@pytest.mark.parametrize(
    ("text", "printed"),
    [("P90D", "90 days"), ("PT24H", "24 hours"), ("P1Y6M", "1 year 6 months"), ("P", "P"), ("III-V", "III-V")],
)
def test_duration_is_printed_as_people_say_it(text, printed):
    assert printed == print_length(text)


def test_days_within_a_sentence_are_spelled():
    assert "In force on Nov 28, 2026, no 2026-13-01." == spell_days("In force on 2026-11-28, no 2026-13-01.")


def test_long_lists_of_choices_are_counted_and_names_keep_their_capitals():
    assert "a; b; c; and 2 more" == shorten("a; b; c; d; e")
    assert "a; b; c; d" == shorten("a; b; c; d")
    assert "Schedule III" == open_sentence("schedule III").replace("schedule", "Schedule")


def test_query_keeps_what_was_asked(db):
    links = [
        node.attributes["href"] for node in page(db, "/q/pdmp_query_duty?as_of=2020-01-01").css("a[href*='sort=']")
    ]

    assert links
    assert {"2020-01-01"} == {dict(parse_qsl(urlsplit(link).query))["as_of"] for link in links}


# --- what binds nobody


@pytest.mark.parametrize("path", ["/j/us-tx", "/changes?jurisdiction=us-tx"])
def test_proposals_never_look_like_law_in_a_list(db, path):
    lines = page(db, path).css("a.line")

    assert lines != []
    assert {"Proposed, not law"} == {node.text() for line in lines for node in line.css(".chip.proposed")}
    assert len(lines) == sum(len(line.css(".chip.proposed")) for line in lines)


def test_proposal_says_so_on_its_own_page_and_in_the_feed(db):
    (change,) = {line.attributes["href"] for line in page(db, "/changes?jurisdiction=us-tx").css("a.line")[:1]}

    assert "Rule changed Proposed, not law" in " ".join(text_of(page(db, change), ".told"))
    assert "Texas (proposed, not law): 9 rule changes" in get(db, "/changes.json?jurisdiction=us-tx").body
    assert "not law" not in words(db, "/changes?jurisdiction=us-or")


@pytest.mark.parametrize(
    ("asked", "places"),
    [("", None), ("&jurisdiction=us-tx", {"Texas"}), ("&jurisdiction=us-tx&topic=pdmp", {"Texas"})],
)
def test_answers_found_are_narrowed_by_place_and_topic(db, asked, places):
    links = page(db, f"/search?q=ketamine&words=1{asked}").css("ul.hits a.hit")
    told = {link.text().partition(":")[0] for link in links}

    assert links != []
    assert told == places if places else len(told) > 1
    if "topic" in asked:
        rows = db.execute("SELECT fact FROM facts JOIN questions USING (question) WHERE topic = 'pdmp'")
        assert {link.attributes["href"] for link in links} <= {f"/f/{fact}" for (fact,) in rows}
