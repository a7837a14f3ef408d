"""Federal floor and state rule side by side: the stricter one is named, or it is said that none can be."""

from datetime import date

import pytest

from kb.answer.answers import Asked
from kb.answer.compose import compose
from kb.answer.status import status
from kb.answer.strictness import compare_values, rank_value
from kb.questions import Choice
from tests.build import make_fact, make_question


def ask(jurisdiction, facts, question):
    asked = Asked(jurisdiction=jurisdiction, question=question, as_of=date(2024, 6, 1), known_at="2024-06-01T00:00:00Z")
    return status([one for one in facts if one is not None], {}, asked)


def put_together(state, federal, question=None):
    question = question or make_question()
    facts = [value if value is None else make_fact(**value) for value in state]
    floor = [make_fact(jurisdiction="us", **value) for value in federal]
    return compose(ask("us-xx", facts, question), ask("us", floor, question), question)


@pytest.mark.parametrize(
    ("state", "federal", "stricter"),
    [
        (["all"], ["some"], "state"),
        (["none"], ["some"], "federal"),
        (["some"], ["some"], "equal"),
        ([], ["some"], "federal_only"),
        (["some"], [], "state_only"),
        ([], [], "neither"),
        (["all", "none"], ["some"], "not_comparable"),
        (["all", "most"], ["some"], "state"),
    ],
)
def test_stricter_side_is_named(state, federal, stricter):
    found = put_together([{"value": one} for one in state], [{"value": one} for one in federal])

    assert stricter == found.stricter == found.why.code


def test_reason_names_both_values_as_data_and_in_a_sentence():
    found = put_together([{"value": "all"}], [{"value": "some"}])

    assert "The state is stricter: All rather than Some." == found.why.sentence
    assert {"state": "All", "federal": "Some"} == found.why.values


def test_silent_state_leaves_the_federal_floor():
    found = put_together([{"gap": "law_silent"}], [{"value": "some"}])

    assert "federal" == found.stricter


def test_values_that_are_not_ranked_cannot_be_compared_unless_they_are_the_same():
    question = make_question(type="number", values=(), unit="days")

    found = [put_together([{"value": 30}], [{"value": days}], question).stricter for days in (90, 30)]

    assert ["not_comparable", "equal"] == found


def test_two_values_of_one_rank_are_equally_strict():
    question = make_question(values=(Choice("days", "By days", 2), Choice("visits", "By visits", 2)))

    found = put_together([{"value": "days"}], [{"value": "visits"}], question)

    assert ("equal", "Both ask for as much: By days, federally By visits.") == (found.stricter, found.why.sentence)


def test_state_that_answers_for_parts_is_compared_only_where_all_parts_agree():
    parts = [{"value": "all", "scope": {"profession": "nurse"}}, {"value": "most", "scope": {"profession": "dentist"}}]

    found = [put_together(parts, [{"value": floor}]).stricter for floor in ("some", "most")]

    assert ["state", "not_comparable"] == found


def test_leading_answer_stands_for_a_state_whose_board_is_stricter():
    layers = [{"value": "some", "binding": "statute"}, {"value": "all", "binding": "regulation"}]

    found = put_together(layers, [{"value": "most"}])

    assert "state" == found.stricter


def test_bill_of_a_state_compares_with_nothing():
    found = put_together([{"value": "all", "binding": "bill"}], [{"value": "some"}])

    assert "federal_only" == found.stricter


@pytest.mark.parametrize(
    ("value", "gap", "rank"),
    [
        ("all", None, 3),
        (("none", "most"), None, 2),
        (True, None, None),
        (None, "law_silent", -1),
        (None, "not_found", None),
    ],
)
def test_rank_is_that_of_the_strictest_value(value, gap, rank):
    assert rank == rank_value(make_question(), value, gap)


def test_what_was_not_found_compares_with_nothing():
    found = [
        compare_values(make_question(), (None, "not_found"), other) for other in ((None, "not_found"), ("all", None))
    ]

    assert ["not_comparable", "not_comparable"] == found
