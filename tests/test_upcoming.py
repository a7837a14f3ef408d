"""Which days matter: those of answers, whose ends and reversions follow from what was coded, and those of texts."""

from contextlib import closing
from datetime import date

import msgspec
import pytest

from kb.answer.dates import list_fact_dates
from kb.store.connection import transaction
from kb.store.facts import record_facts
from kb.store.knowledge import open_knowledge
from kb.upcoming import list_dates, list_public_dates
from tests.answers import using_domain
from tests.build import make_fact, make_question
from tests.example_web import build_web, declare

NOW = "2024-08-01T00:00:00Z"


def list_days(**fields):
    question = make_question()
    return [(row.kind, row.day, row.stated) for row in list_fact_dates([make_fact(**fields)], {"duty": question})]


@pytest.mark.parametrize("binding", ["", "statute", "regulation"])
def test_law_begins_and_has_a_sunset(binding):
    found = list_days(binding=binding, effective_from="2024-02", effective_to="2024-02")

    assert [("effective", "2024-02-01", "2024-02"), ("sunset", "2024-02-29", "2024-02")] == found


@pytest.mark.parametrize("binding", ["order", "declaratory_ruling", "advisory_opinion", "policy", "faq"])
def test_what_is_no_law_expires(binding):
    assert [("expiry", "2024-12-31", "2024")] == list_days(binding=binding, effective_to="2024")


def test_day_after_the_end_is_that_of_what_follows():
    found = list_days(effective_to="2024-06-30", reverts_to="all")

    assert [("sunset", "2024-06-30", "2024-06-30"), ("reverts", "2024-07-01", "2024-06-30")] == found


def test_end_of_a_proposal_is_when_comments_are_due_and_a_bill_has_no_days():
    dates = {"effective_from": "2025", "effective_to": "2024-10-01", "reverts_to": "all"}

    assert [("comment", "2024-10-01", "2024-10-01")] == list_days(binding="proposal", **dates)
    assert [] == list_days(binding="bill", **dates)


@pytest.mark.parametrize("gap", ["not_found", "not_checked"])
def test_what_is_no_answer_has_no_days(gap):
    assert [] == list_days(gap=gap, effective_from="2024")


def test_silence_of_a_law_may_begin():
    assert [("effective", "2024-01-01", "2024")] == list_days(gap="law_silent", effective_from="2024")


def test_question_that_is_no_longer_asked_has_no_days():
    assert [] == list(list_fact_dates([make_fact(effective_from="2024")], {}))


@pytest.mark.parametrize(
    ("fields", "titles"),
    [
        ({"value": "some", "effective_from": "2024"}, ["Whether there is a duty: Some"]),
        (
            {"value": "some", "effective_to": "2024", "reverts_to": "law_silent"},
            ["Whether there is a duty: Some", "Whether there is a duty: law silent"],
        ),
        ({"gap": "law_silent", "effective_from": "2024"}, ["Whether there is a duty: law silent"]),
    ],
)
def test_title_says_what_begins_or_ends(fields, titles):
    rows = list_fact_dates([make_fact(**fields)], {"duty": make_question()})

    assert titles == [row.title for row in rows]


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory):
    """A built web whose texts state days, and one fact of a state whose answer begins later."""
    data = build_web(tmp_path_factory.mktemp("whole"))
    with using_domain(tmp_path_factory.mktemp("domain")), closing(open_knowledge(data / "kb.db")) as db:
        facts = [make_fact("all", effective_from="2024-07", coded_on="2024-03-01", citation="§ 5")]
        with transaction(db):
            record_facts(db, facts, {})
        yield db


def list_told(rows):
    return [(row.day, row.kind, row.citation, row.title) for row in rows]


def test_days_of_texts_and_answers_stand_in_one_order(knowledge):
    rows = list_told(list_dates(knowledge, NOW, hides=lambda _: False))

    assert [
        ("2024-07-01", "effective", "Example Rule 1.2", "Records [Effective July 1, 2024]"),
        ("2024-07-01", "expiry", "Example Rule 1.2", "Records [Effective until July 1, 2024]"),
        ("2024-07-01", "effective", "§ 5", "Whether there is a duty: All"),
    ] == rows


@pytest.mark.parametrize(("since", "count"), [("2024-07-01", 3), ("2024-07-02", 0)])
def test_days_before_the_one_asked_for_are_left_out(knowledge, since, count):
    rows = list(list_dates(knowledge, NOW, since=date.fromisoformat(since), hides=lambda _: False))

    assert count == len(rows)


def test_answer_that_was_coded_later_had_no_day_then(knowledge):
    rows = list(list_dates(knowledge, "2024-02-28T23:59:59Z", hides=lambda _: False))

    assert ["", ""] == [row.question for row in rows]


def test_text_that_was_seen_later_had_no_day_then(knowledge):
    told = [list_dates(knowledge, f"2024-01-{day}T12:00:00Z", hides=lambda _: False) for day in (21, 28, 29)]

    assert [0, 0, 2] == [len(list(rows)) for rows in told]


def test_headings_of_withheld_sources_stay_out(knowledge):
    shown = list_told(list_dates(knowledge, NOW, hides=lambda _: False))
    hidden = list_told(list_dates(knowledge, NOW, hides=lambda name: name == "us-xx-board-rules"))

    assert [(*row[:3], row[3] if row[2] == "§ 5" else "") for row in shown] == hidden


@pytest.mark.parametrize(("rights", "titles"), [("text", 3), ("quotes", 3), ("none", 1)])
def test_published_days_follow_the_rights_of_their_sources(knowledge, tmp_path, rights, titles):
    declared = {source.id: source for source in declare(tmp_path / "sources")}
    sources = {name: msgspec.structs.replace(source, publish=rights) for name, source in declared.items()}

    rows = list(list_public_dates(knowledge, NOW, sources))

    assert (3, titles) == (len(rows), sum(1 for row in rows if row["title"]))
    assert {"jurisdiction", "day", "kind", "subject", "question", "title", "citation", "url", "stated"} == set(rows[0])
