"""Coding duties to send prescriptions electronically, and what only looks like one."""

import pytest

from tests.coding import code, code_values

QUESTION = "eprescribing_mandate"
DUTIES = {
    "in the passive": (
        "A prescription for a Schedule III drug must be issued as an electronic prescription.",
        "controlled_substances",
    ),
    "with an adverb": (
        "Prescriptions for controlled substances shall be electronically transmitted.",
        "controlled_substances",
    ),
    "in the active": (
        "A prescriber shall transmit prescriptions for schedules II through V electronically.",
        "controlled_substances",
    ),
    "as a bar": (
        (
            "A practitioner shall not issue a prescription for a Schedule III drug unless it is an "
            "electronic prescription."
        ),
        "controlled_substances",
    ),
    "as a bar on dispensing": (
        "No controlled substance may be dispensed without an electronic prescription of a practitioner.",
        "controlled_substances",
    ),
    "by means": (
        "A dentist must prescribe controlled substances only by electronic prescription.",
        "controlled_substances",
    ),
    "all": ("All prescriptions shall be transmitted electronically to a pharmacy.", "all_prescriptions"),
    "opioids": (
        "A prescription that contains an opioid shall be issued as an electronic prescription.",
        "not_for_ketamine",
    ),
    "Schedule II": ("No Schedule II drug may be dispensed without an electronic prescription.", "not_for_ketamine"),
    "those with records": (
        "A prescriber who keeps electronic health records must electronically transmit prescriptions for drugs.",
        "record_system_users",
    ),
    "every form": (
        (
            "No Schedule III drug may be dispensed without a written prescription, an oral one, or an "
            "electronic prescription."
        ),
        "none",
    ),
}
SILENT = [
    "A prescription for a Schedule III drug may be transmitted electronically.",
    "Each pharmacy shall submit prescription data for controlled substances electronically.",
    "An electronic prescription for a controlled substance shall bear the date of issue.",
    "A written, oral or electronic prescription for a controlled substance shall be kept for two years.",
    "A prescriber shall sign the written or electronic prescription for a controlled substance.",
    "A prescription for a controlled substance must be issued as a written or electronic prescription.",
    "A prescription for a controlled substance is not required to be issued as an electronic prescription.",
    (
        '"Electronic prescription" means a prescription for a controlled substance that must be '
        "transmitted electronically."
    ),
    "It shall be unprofessional to prescribe a controlled substance on the ground of a form sent by electronic means.",
]


@pytest.mark.parametrize("case", DUTIES)
def test_duty_is_read_by_its_drugs(case):
    text, value = DUTIES[case]

    (found,) = code(text, QUESTION)

    assert value == found.value
    assert found.quote in text


@pytest.mark.parametrize("text", SILENT)
def test_what_is_no_duty_is_passed_over(text):
    assert [] == code_values(text, QUESTION)


def test_schedules_and_profession_of_a_duty_are_told():
    (found,) = code("A dentist shall send prescriptions of Schedules II through IV electronically.", QUESTION)

    assert ({"schedules": "II, III, IV"}, {"profession": ("dentist",)}) == (found.details, found.scope)


def test_exceptions_are_told_where_the_duty_or_another_provision_names_them():
    duty = "A prescription for a controlled substance must be issued as an electronic prescription."
    alone = [("c", duty)]
    named = [("c", f"Except as provided in (d), {duty}")]
    elsewhere = [("c", duty), ("d", "Subsection (c) does not apply to animals.")]

    told = ["exceptions" in code(parts, QUESTION)[0].reason for parts in (alone, named, elsewhere)]

    assert [False, True, True] == told
