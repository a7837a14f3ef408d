"""The API's questions, answers and facts, over the demonstration with the facts that ship."""

import json
from contextlib import closing

import pytest

from kb.coding import SHIPPED
from kb.demo import DemoRequest, demo_sources, import_day, run_demo
from kb.publish import publish
from kb.questions import read_questions
from kb.web.api.endpoint import make_view
from kb.web.api.endpoints import ENDPOINTS
from tests.test_web_pages import open_generation

NOW = "2026-11-28T08:00:00Z"
VIEWS = {endpoint.name: make_view(endpoint) for endpoint in ENDPOINTS}


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KB_FACTS", str(SHIPPED))
        run_demo(folder, DemoRequest(collect=import_day))
    publish(folder, NOW, declared=demo_sources())
    name = json.loads((folder / "public" / "current.json").read_bytes())["file"]
    with closing(open_generation(folder / "public" / name)) as opened:
        yield opened


def read(db, name, **asked):
    answer = VIEWS[name](db, {"today": "2026-11-28", **asked})
    assert 200 == answer.status
    return json.loads(answer.body)


def read_all(db, name, **asked):
    """Read a list to its end, page by page."""
    found, page = [], read(db, name, limit="200", **asked)
    found += page["data"]
    while page["next_cursor"] is not None:
        page = read(db, name, limit="200", cursor=page["next_cursor"], **asked)
        found += page["data"]
    return found


def test_questions_come_in_the_order_of_the_codebook_with_their_values(db):
    found = read_all(db, "list_questions")

    assert [question.id for question in read_questions()] == [one["question"] for one in found]
    assert [[choice.id for choice in question.values] for question in read_questions()] == [
        [choice["id"] for choice in one["choices"]] for one in found
    ]


def test_every_cell_has_a_state_and_a_reason(db):
    found = read_all(db, "list_answers")

    assert db.execute("SELECT COUNT(*) FROM answers").fetchone()[0] == len(found)
    assert [] == [(one["jurisdiction"], one["question"]) for one in found if not one["state"] or not one["why"]]


def test_cells_are_chosen_by_place_question_and_state(db):
    (cell,) = read_all(db, "list_answers", jurisdiction="us-tx", question="ketamine_schedule")
    silent = read_all(db, "list_answers", state="law_silent")

    assert ("answered", "schedule_iii", "reported") == (cell["state"], cell["value"], cell["proof"])
    assert silent
    assert {"law_silent"} == {one["state"] for one in silent}


def test_the_fact_that_leads_a_cell_is_found_with_its_evidence(db):
    (cell,) = read_all(db, "list_answers", jurisdiction="us-tx", question="ketamine_schedule")

    fact = read(db, "get_fact", fact=cell["fact"])["data"]

    assert ("us-tx", "ketamine_schedule", "schedule_iii") == (fact["jurisdiction"], fact["question"], fact["value"])
    assert fact["evidence"]
    assert f"/f/{cell['fact']}" == fact["permalink"]


def test_every_fact_is_listed_once_those_replaced_too(db):
    found = read_all(db, "list_facts")

    assert db.execute("SELECT COUNT(*) FROM facts").fetchone()[0] == len(found)
    assert len(found) == len({one["fact"] for one in found})
    assert any(one["superseded_on"] for one in found)


def test_a_proven_fact_carries_its_words(db):
    proven = read_all(db, "list_facts", state="verified")

    assert proven
    assert all(one["quote"] and one["document"] for one in proven)
