"""Coding limits on the supply of one prescription: those that reach ketamine, and what is another rule."""

import pytest

from tests.coding import code, code_values

QUESTION = "days_supply"
LIMITS = {
    "a filling": (
        "No more than a thirty day supply of a Schedule II or III drug shall be dispensed at one time.",
        "fixed_limit",
    ),
    "a prescription": ("A prescription for a controlled substance may not exceed a 90-day supply.", "fixed_limit"),
    "with figures": ("A Schedule III prescription is limited to a thirty-day (30) supply.", "fixed_limit"),
    "with reasons": (
        "A Schedule III prescription shall not be issued for more than a 30-day supply unless the chart states why.",
        "longer_with_reason",
    ),
}
SILENT = [
    "No opioid may be dispensed for more than a seven-day supply.",
    "A prescription for a Schedule II drug may not exceed a 30-day supply.",
    "A health plan shall cover a Schedule III drug for up to a 90-day supply.",
    "In an emergency a Schedule III drug may be dispensed for no more than a three-day supply.",
    (
        "Before prescribing more than a 3-day supply of a controlled substance, a prescriber shall query "
        "the monitoring program."
    ),
    "While the monitoring program is down, no more than a 3-day supply of a controlled substance may be dispensed.",
    "A dispenser of a seven-day supply of a controlled substance shall check the buyer's identity.",
    "Tablets may be dispensed up to a ninety-day supply.",
]


@pytest.mark.parametrize("case", LIMITS)
def test_limit_is_read_with_its_length(case):
    text, value = LIMITS[case]

    (found,) = code(text, QUESTION)

    assert (value, True) == (found.value, str(found.details["longest"]) in ("P30D", "P90D"))


@pytest.mark.parametrize("text", SILENT)
def test_other_limits_are_passed_over(text):
    assert [] == code_values(text, QUESTION)


def test_a_limit_of_one_profession_says_so():
    (found,) = code(
        "A physician assistant may not prescribe more than a 30-day supply of a Schedule III drug.", QUESTION
    )

    assert {"profession": ("physician_assistant",)} == found.scope


def test_a_heading_lends_its_class_only_where_it_names_schedules():
    text = "The units dispensed shall not exceed a ninety-day supply."

    found = [
        code_values(text, QUESTION, heading) for heading in ("Exclusion of controlled substances", "Schedule III drugs")
    ]

    assert [[], ["fixed_limit"]] == found
