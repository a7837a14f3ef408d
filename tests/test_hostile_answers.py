"""Answers in which every text is an attack: each arrives as words, whatever page, form or file prints it."""

import io
import json
from contextlib import closing

import pytest
from openpyxl import load_workbook

from kb.sheets import FORMULA
from tests.answers import using_domain
from tests.hostile_answers import BAD, IMAGE, MARK, QUESTIONS, fill_hostile
from tests.test_web_pages import ask, open_generation, read, text_of

TODAY = "2026-11-28"
PLACES = ("us", "us-ak", "us-al", "us-ar", "us-az", "us-ca", "us-co", "us-ct", "us-xx")
# What crawled text or a coder's may never become.
ACTIVE = (
    "script, img, iframe, object, embed, form[action^=http], [onerror], [onclick], [style], a[href^='javascript:' i]"
)


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    with using_domain(folder / "domain", QUESTIONS), closing(open_generation(fill_hostile(folder))) as opened:
        yield opened


@pytest.fixture(scope="module")
def paths(db):
    facts = [row["fact"] for row in db.execute("SELECT fact FROM facts ORDER BY fact")]
    questions = [question.id for question in QUESTIONS]
    asked = f"question={','.join(questions)}&jurisdiction={','.join(PLACES[1:])}"
    return [
        "/j",
        "/q",
        "/compare",
        f"/compare?{asked}",
        f"/compare?{asked}&layout=stack",
        f"/compare?{asked}&as_of=2020-01-01",
        "/search?q=hacked",
        *(f"/j/{place}" for place in PLACES),
        "/j/us-xx?as_of=2031-01-01",
        *(f"/q/{name}" for name in questions),
        "/q/duty?profession=nurse",
        "/q/kinds?value=some",
        *(f"/f/{fact}" for fact in facts),
        *(f"/f/{fact}/bundle" for fact in facts),
    ]


def test_no_text_of_an_answer_becomes_markup_or_a_link_that_runs(db, paths):
    found = {
        path: [node.html for node in read(db, path, TODAY).css(ACTIVE) if "statusquo" not in node.html]
        for path in paths
    }

    assert {} == {path: nodes for path, nodes in found.items() if nodes}


def test_hostile_text_is_read_as_it_was_written(db):
    told = text_of(read(db, "/q/duty", TODAY), "h1", gap="")[0]

    assert MARK in told
    assert IMAGE in told
    assert "\u202e" not in told


def test_no_page_turns_the_reading_order_round(db, paths):
    assert [] == [path for path in paths if "\u202e" in ask(db, path, TODAY).body]


@pytest.mark.parametrize(
    "path",
    [
        f"/j/{MARK}",
        f"/q/{MARK}",
        f"/f/{MARK.replace('/', '').replace('.', '')}",
        f"/compare?question={MARK}",
        f"/compare?jurisdiction={MARK}",
        f"/j/us-xx?as_of={MARK}",
        f"/q/duty?profession={MARK}",
        f"/compare?layout={MARK}",
    ],
)
def test_what_a_stranger_asks_arrives_as_words(db, path):
    path = path.replace("</script>", "").replace("'", "%27")
    answer = ask(db, path, TODAY)

    assert answer.status in (400, 404)
    assert [] == read(db, path, TODAY).css(ACTIVE)


def test_contradiction_shows_both_with_their_citations(db):
    (fact,) = [row["fact"] for row in db.execute("SELECT fact FROM facts WHERE quote <> ''")]
    tree = read(db, f"/f/{fact}", TODAY)

    assert 2 == len(tree.css(".disagree > section"))
    assert "≠ Sources disagree" in text_of(tree, ".status .chip")
    assert "§ 2" in text_of(tree, ".disagree")[0]
    assert text_of(tree, ".redline ins")


def test_empty_cells_of_every_kind_say_why(db):
    said = {
        place: text_of(read(db, f"/j/{place}", TODAY).css_first("tr[id=duty]"), "td > .chip")[:1] for place in PLACES
    }

    assert {
        "us-ak": ["Not yet: starts later"],
        "us-ar": ["Only proposed so far"],
        "us-ca": ["? Looked, found nothing"],
        "us-co": ["Not looked at yet"],
        "us-xx": ["≠ Sources disagree"],
    } == {place: said[place] for place in ("us-ak", "us-ar", "us-ca", "us-co", "us-xx")}


def test_what_a_rule_fell_back_to_is_the_answer(db):
    row = read(db, "/j/us-az", TODAY).css_first("tr[id=duty]")

    assert "no" == text_of(row, ".told-lines a")[0][-2:]
    assert "What was coded ended on 2024" in row.text()


def test_bundle_is_json_whatever_it_holds(db, paths):
    for path in paths:
        if path.startswith("/f/") and not path.endswith("/bundle"):
            assert json.loads(ask(db, f"{path}.json", TODAY).body)["ok"]


def test_no_cell_of_a_file_is_a_formula(db):
    asked = "question=duty,label&jurisdiction=us-xx,us-al"
    lines = ask(db, f"/compare.csv?{asked}", TODAY).body
    book = load_workbook(io.BytesIO(ask(db, f"/compare.xlsx?{asked}", TODAY).file))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]

    assert BAD.partition(" ")[0] in lines
    assert [] == [cell.value for cell in cells if cell.data_type == "f"]
    assert [] == [line for line in lines.splitlines() if FORMULA.match(line)]
