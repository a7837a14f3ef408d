"""How far two coders agree, on figures worked out by hand and in the literature."""

import pytest

from kb.answer.agreement import find_kappa, measure_agreement
from kb.answer.facts import SecondCoding
from tests.coded import make_fact


def code_twice(first, second, name, **fields):
    gap = first if first in ("law_silent", "not_found") else None
    value = None if gap else first
    other = SecondCoding(second, "2026-02-01", "coder-2")
    return make_fact(name, value=value, gap=gap, second=other, **fields)


@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        # Two readers of 50 grant proposals: agreement 0.70, by chance 0.50.
        ({("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}, 0.4),
        # The same agreement of 0.60, with unlike and with like margins.
        ({("yes", "yes"): 45, ("yes", "no"): 15, ("no", "yes"): 25, ("no", "no"): 15}, 0.1304),
        ({("yes", "yes"): 25, ("yes", "no"): 35, ("no", "yes"): 5, ("no", "no"): 35}, 0.2593),
        ({("a", "a"): 3, ("b", "b"): 3, ("c", "c"): 3}, 1.0),
        ({("a", "b"): 3, ("b", "a"): 3}, -1.0),
        ({("a", "a"): 4, ("a", "b"): 1}, 0.0),
    ],
)
def test_kappa_of_known_tables(table, kappa):
    pairs = [pair for pair, count in table.items() for _ in range(count)]

    assert kappa == pytest.approx(find_kappa(pairs), abs=0.00005)


@pytest.mark.parametrize("pairs", [[], [("a", "a")] * 2 + [("b", "a")] * 2, [("a", "a")] * 9])
def test_kappa_is_not_told_of_few_pairs_or_of_one_value_only(pairs):
    assert find_kappa(pairs) is None


def test_each_question_tells_how_often_it_was_coded_twice_and_how_far_apart():
    facts = [
        *(code_twice("a", "a", f"a{n}") for n in range(3)),
        code_twice("a", "b", "b"),
        code_twice("a", "b", "c", question="step_therapy"),
        make_fact("once"),
    ]

    found = measure_agreement(facts)

    assert [("refill_limit", 4, 3, 0.25, None), ("step_therapy", 1, 0, 1.0, None)] == [
        (one.question, one.coded_twice, one.agreeing, one.divergence, one.kappa) for one in found
    ]


def test_a_later_review_of_a_coding_is_no_second_pair_and_a_correction_does_not_make_them_agree():
    facts = [
        code_twice("a", "b", "0f", superseded_on="2026-03-01"),
        code_twice("a", "b", "0f-2", superseded_on="2026-04-01"),
        make_fact("77", value="b"),
    ]

    (found,) = measure_agreement(facts)

    assert (1, 0) == (found.coded_twice, found.agreeing)


def test_several_choices_agree_in_any_order_and_silence_of_the_law_is_an_answer():
    facts = [
        code_twice(("a", "b"), ("b", "a"), "one"),
        code_twice(("a", "b"), ("a",), "two"),
        code_twice("law_silent", "law_silent", "three"),
        code_twice("not_found", "a", "four"),
        code_twice(True, True, "five"),
        code_twice(False, True, "six"),
    ]

    (found,) = measure_agreement(facts)

    assert (6, 3) == (found.coded_twice, found.agreeing)
