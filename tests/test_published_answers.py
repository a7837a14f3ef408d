"""The published answers: SQL and Python agree on every fact and date, and every cell of the matrix has a row."""

import json
from contextlib import closing
from datetime import date

import pytest

from kb.answer.known import find_first_seen, find_phase, find_state, select_known
from kb.matrix import list_answers
from kb.publish_answers import list_facts, list_questions
from kb.store import public
from kb.store.canned import CANNED
from kb.store.connection import transaction
from kb.store.facts import record_facts
from kb.store.knowledge import open_knowledge
from kb.upcoming import list_public_dates
from tests.answers import NOW, QUESTIONS, list_steps, place_facts, using_domain
from tests.answers import list_facts as list_coded
from tests.build import make_fact, make_step

BEGINNINGS = ("", "2024", "2024-02", "2024-02-29", "2024-12")
ENDS = ("", "2023", "2024-02", "2024-04-30", "2024", "2025-02")
AS_OF = ("2023-12-31", "2024-01-01", "2024-02-01", "2024-02-29", "2024-03-01", "2024-04-30", "2024-05-01", "2024-12-31",
         "2025-02-28", "2025-03-01")  # fmt: skip
KNOWN_AT = ("2025-12-31", "2026-01-01", "2026-02-14T12:00:00Z", "2026-03-01", "2026-03-01T08:00:00Z",
            "2026-03-01T08:00:00.5Z", "2026-04-01", "2026-09-01T23:59:59.999999Z")  # fmt: skip


def list_many():
    """Return facts of every pair of dates, then chains of reviews and corrections, bills, and what came later."""
    pairs = [(begins, ends) for begins in BEGINNINGS for ends in ENDS if not ends or ends[:4] >= begins[:4]]
    usual = {"coded_on": "2026-01-01"}
    facts = [make_fact("some", effective_from=begins, effective_to=ends, **usual) for begins, ends in pairs]
    facts += [
        make_fact("all", id="chain", superseded_on="2026-02-14", **usual),
        make_fact("all", id="chain-2", superseded_on="2026-03-01", reviewed_on="2026-02-14", reviewed_by="r", **usual),
        make_fact("all", id="chain-3", reviewed_on="2026-03-01", reviewed_by="r", **usual),
        make_fact("most", id="late", coded_on="2026-04-01"),
        make_fact("none", id="withdrawn", superseded_on="2026-01-01", **usual),
        make_fact("none", id="bill", binding="bill", effective_from="2024", **usual),
        make_fact("none", id="proposal", binding="proposal", effective_to="2024-04", **usual),
        make_fact(gap="law_silent", id="silent", jurisdiction="us-al", **usual),
    ]
    steps = [
        make_step(fact, at, state)
        for fact in facts[::3]
        for at, state in (
            ("2026-02-14T11:59:59.9Z", "anchored"),
            ("2026-03-01T08:00:00.25Z", "verified"),
            ("2026-03-01T23:59:59.999999Z", "needs_review"),
        )
    ]
    return place_facts(facts), steps


@pytest.fixture(scope="module", autouse=True)
def domain(tmp_path_factory):
    with using_domain(tmp_path_factory.mktemp("domain")):
        yield


def fill(folder, facts, steps):
    """Record facts in a kb.db and publish them in a generation of their own; returns both databases."""
    knowledge = open_knowledge(folder / "kb.db")
    told = {}
    for step in steps:
        told.setdefault(step.fact, []).append(step)
    with transaction(knowledge):
        record_facts(knowledge, facts, told)
    draft = public.make_draft(folder / "public.db")
    release = {"generation": 1, "published_at": NOW, "log_id": "l", "log_size": 0, "tree_head": ""}
    tables = {
        "releases": [release],
        "questions": list_questions(),
        "facts": list_facts(knowledge),
        "fact_history": public.read_exported(knowledge, "fact_history"),
        "answers": list_answers(knowledge, NOW),
        "dates": list_public_dates(knowledge, NOW, {}),
    }
    for table, rows in tables.items():
        public.insert_rows(draft, table, rows)
    return knowledge, draft


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    facts, steps = list_many()
    knowledge, draft = fill(tmp_path_factory.mktemp("many"), facts, steps)
    with closing(knowledge), closing(draft):
        yield facts, steps, draft


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    facts = place_facts(list_coded())
    steps = [step for own in list_steps(facts).values() for step in own]
    knowledge, draft = fill(tmp_path_factory.mktemp("published"), facts, steps)
    with closing(knowledge), closing(draft):
        yield draft


def ask(db, name, **params):
    return [dict(row) for row in db.execute(CANNED[name].sql, params)]


@pytest.mark.parametrize("known_at", KNOWN_AT)
def test_sql_and_python_agree_on_every_fact_at_many_dates(many, known_at):
    facts, steps, db = many
    instant = f"{known_at}T23:59:59.999999Z" if len(known_at) == 10 else known_at
    known = {fact.id: fact for fact in select_known(facts, instant)}

    for as_of in AS_OF:
        rows = ask(db, "status", jurisdiction="", question="", as_of=as_of, known_at=known_at)

        expected = {
            name: (
                find_phase(
                    fact,
                    date.fromisoformat(as_of),
                    find_first_seen(fact, [step for step in steps if step.fact == name], instant),
                ),
                find_state([step for step in steps if step.fact == name], instant),
                fact.reviewed_on,
            )
            for name, fact in known.items()
        }
        assert expected == {row["fact"]: (row["phase"], row["state"], row["reviewed_on"]) for row in rows}


def test_status_is_limited_to_a_jurisdiction_and_a_question(many):
    found = [
        [row["fact"] for row in ask(many[2], "status", as_of="", known_at="", **asked)]
        for asked in (
            {"jurisdiction": "us-al", "question": ""},
            {"jurisdiction": "us-al", "question": "limit"},
            {"jurisdiction": "", "question": "limit"},
        )
    ]

    assert [["silent"], [], []] == found


def test_empty_dates_are_those_of_the_generation(many):
    row = ask(many[2], "status", jurisdiction="us-al", question="", as_of="", known_at="")[0]

    assert (NOW[:10], NOW) == (row["as_of"], row["known_at"])


def test_what_is_in_force_stands_first(many):
    rows = ask(many[2], "status", jurisdiction="us-xx", question="duty", as_of="2024-03-01", known_at="")

    phases = [row["phase"] for row in rows]
    assert phases == sorted(phases, key=lambda phase: (phase != "in_force", phase))
    assert {"in_force", "coming", "lapsed", "pending", "unseen"} == set(phases)


def test_upcoming_answers_begin_with_the_day_of_the_generation(published):
    rows = ask(published, "upcoming_answers", jurisdiction="", question="", from_date="")

    assert [
        ("2026-12-31", "us-al", "expiry"),
        ("2026-12-31", "us-ca", "sunset"),
        ("2027-01-01", "us-ca", "reverts"),
        ("2027-01-15", "us-ct", "comment"),
        ("2027-02-01", "us-co", "effective"),
    ] == [(row["day"], row["jurisdiction"], row["kind"]) for row in rows]
    assert ["us-ca"] * 2 == [
        row["jurisdiction"]
        for row in ask(published, "upcoming_answers", jurisdiction="us-ca", question="duty", from_date="2020-01-01")
    ]


def test_every_jurisdiction_and_question_has_an_answer_row(published):
    rows = [dict(row) for row in published.execute("SELECT * FROM answers")]

    assert 57 * len(QUESTIONS) == len({(row["jurisdiction"], row["question"]) for row in rows}) == len(rows)
    assert [] == [row for row in rows if not row["label"] or not json.loads(row["why"])]


def test_answer_rows_name_the_stricter_side_and_the_proof(published):
    rows = {
        row["jurisdiction"]: (row["state"], row["value"], row["proof"], row["stricter_than_federal"], row["conflicts"])
        for row in published.execute("SELECT * FROM answers WHERE question = 'duty'")
    }

    assert {
        "us": ("answered", "some", "reported", "", 0),
        "us-al": ("answered", "all", "verified", "yes", 0),
        "us-ak": ("answered", "none", "reported", "no", 0),
        "us-ar": ("conflict", "", "needs_review", "not_comparable", 1),
        "us-fl": ("law_silent", "law_silent", "reported", "no", 0),
        "us-wy": ("not_checked", "", "", "", 0),
    } == {place: rows[place] for place in ("us", "us-al", "us-ak", "us-ar", "us-fl", "us-wy")}


def test_answer_rows_lead_to_their_facts(published):
    lost = published.execute(
        "SELECT COUNT(*) FROM answers WHERE fact IS NOT NULL AND fact NOT IN (SELECT fact FROM facts)"
    ).fetchone()[0]
    led = published.execute("SELECT COUNT(*) FROM answers WHERE fact IS NOT NULL").fetchone()[0]

    assert (0, 12) == (lost, led)


def test_questions_are_published_with_their_codebook(published):
    row = dict(published.execute("SELECT * FROM questions WHERE question = 'duty'").fetchone())

    assert ("Read it.", "Nothing applies.", 7) == (row["coding"], row["silent"], row["edition"])
    assert [("none", 0), ("some", 1), ("most", 2), ("all", 3)] == [
        (choice["id"], choice["strictness"]) for choice in json.loads(row["choices"])
    ]


def test_published_fact_keeps_what_was_coded(published):
    row = dict(published.execute("SELECT * FROM facts WHERE citation = '=1+1'").fetchone())

    assert ("all", "All", "verified", "2021-07", None) == tuple(
        row[name] for name in ("value", "label", "state", "effective_from", "gap")
    )
    assert [{"url": "https://law.example.gov/1", "kind": "official", "seen_on": "2026-05"}] == json.loads(
        row["evidence"]
    )
