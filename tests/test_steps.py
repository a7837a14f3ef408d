"""Answers in turn are drawn and told; what has no stated order is not put into one."""

import msgspec
import pytest

from kb.answer.facts import Fact
from kb.questions import read_questions
from kb.web.pages.steps import draw_steps

TODAY = "2026-11-28"
QUESTION = next(one for one in read_questions() if len(one.values) > 1)
ONE, OTHER = QUESTION.values[0], QUESTION.values[1]


def fact(value, begins, ends="", **more):
    told = {"id": f"{value}{begins}", "jurisdiction": "us-xx", "question": QUESTION.id, "place": 1, "gap": None}
    return Fact(**told, value=value, effective_from=begins, effective_to=ends, **more)


def test_two_answers_in_turn_are_one_line_with_the_same_in_words():
    facts = [fact(OTHER.id, "2024-01-01"), fact(ONE.id, "2020-07", "2023-12-31")]

    (line,) = draw_steps(QUESTION, facts, TODAY)

    told = f"“{ONE.label}” from Jul 2020 until Dec 31, 2023; “{OTHER.label}” from Jan 1, 2024."
    assert ("us-xx", told, 28, 2) == (line.jurisdiction, line.sentence, line.height, line.path.count("M"))


def test_later_stands_to_the_right_and_on_another_level():
    (line,) = draw_steps(QUESTION, [fact(ONE.id, "2020", "2024-01-01"), fact(OTHER.id, "2024-01-01")], TODAY)

    first, second = (piece.removeprefix("M").replace("H", " ").split() for piece in line.path.split(" M"))
    assert first[2] == second[0]
    assert ("7", "21", "240.0") == (first[1], second[1], second[2])
    assert float(second[0]) < line.today_at < 240


def test_what_an_answer_reverts_to_follows_it():
    (line,) = draw_steps(QUESTION, [fact(ONE.id, "", "2027-12-31", reverts_to=OTHER.id)], TODAY)

    assert f"“{ONE.label}” until Dec 31, 2027; then “{OTHER.label}”." == line.sentence


def test_an_answer_renewed_is_one_until_it_ends_for_good():
    renewed = [fact(ONE.id, "2023-05-11", "2024-12-31"), fact(ONE.id, "2023-11-11", "2023-12-31")]
    last = fact(ONE.id, "2025-01-01", "2026-12-31", reverts_to=OTHER.id)

    (line,) = draw_steps(QUESTION, [*renewed, last], TODAY)

    assert f"“{ONE.label}” from May 11, 2023 until Dec 31, 2026; then “{OTHER.label}”." == line.sentence


@pytest.mark.parametrize(
    "facts",
    [
        [fact(ONE.id, "2020")],
        [fact(ONE.id, "2020", "2023"), fact(ONE.id, "2024")],
        [fact(ONE.id, "2020"), fact(OTHER.id, "2024")],
        [fact(ONE.id, "2020", "2025"), fact(OTHER.id, "2024")],
        [fact(ONE.id, "", "2023"), fact(OTHER.id, "")],
        [fact(ONE.id, "2020", "2023", superseded_on="2025-01-01"), fact(OTHER.id, "2024")],
        [fact(ONE.id, "2020", "2023"), fact(OTHER.id, "2024", binding="bill")],
        [fact(ONE.id, "2020", "2023"), msgspec.structs.replace(fact(OTHER.id, "2024"), jurisdiction="us-yy")],
    ],
    ids=("one", "same", "no end", "overlap", "no day", "superseded", "bill", "two places"),
)
def test_no_line_where_nothing_moved_or_the_order_is_a_guess(facts):
    assert [] == draw_steps(QUESTION, facts, TODAY)
