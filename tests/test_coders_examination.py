"""Coding what examination comes before a prescription, in person or by telehealth."""

import pytest

from tests.coding import code, code_values

QUESTION = "telehealth_prescribing"
RULES = {
    "a bar": (
        "No physician may prescribe a controlled substance except after an in-person examination.",
        "in_person_first",
    ),
    "a bodily examination": (
        "A drug of Schedule III shall not be prescribed without a physical examination.",
        "in_person_first",
    ),
    "a duty before": (
        "Before prescribing a controlled substance, one shall conduct a face-to-face evaluation.",
        "in_person_first",
    ),
    "a duty first": (
        "A nurse must perform an in-person visit before prescribing a Schedule III drug.",
        "in_person_first",
    ),
    "a recent one": (
        (
            "No controlled substance shall be prescribed unless an in-person examination took place "
            "within the preceding 12 months."
        ),
        "in_person_recent",
    ),
    "in person or remote": (
        "No controlled substance shall be prescribed without a physical examination, which may be made by telehealth.",
        "telehealth_suffices",
    ),
    "a prohibition": ("A practitioner may not prescribe a Schedule III drug through telemedicine.", "not_permitted"),
    "a ban that a visit lifts": (
        "No Schedule III drug may be prescribed by telemedicine unless the prescriber has an in-person relationship.",
        "in_person_first",
    ),
    "allowed after a clause": (
        (
            "A prescriber may, within the scope of a license, prescribe Schedule III drugs via telemedicine, if the "
            "visit is live."
        ),
        "telehealth_with_conditions",
    ),
    "leave of the board": (
        "Schedule III drugs shall not be prescribed by telehealth except those the board has named.",
        "board_permission",
    ),
    "someone beside the patient": (
        "A controlled substance may be prescribed when a licensed provider is present with the patient.",
        "in_person_or_attended",
    ),
    "a relationship by telehealth": (
        "A physician-patient relationship may be established through telehealth.",
        "telehealth_suffices",
    ),
    "to establish one": ("A provider may establish a patient relationship by telemedicine.", "telehealth_suffices"),
    "used to establish one": (
        "Telemedicine may be used to establish a valid patient relationship.",
        "telehealth_suffices",
    ),
    "prescribing allowed": ("A physician may prescribe a controlled substance by telehealth.", "telehealth_suffices"),
    "prescribing allowed on terms": (
        "A physician may prescribe a controlled substance through telehealth if the visit is live.",
        "telehealth_with_conditions",
    ),
    "needless": ("An in-person examination is not required before prescribing by telehealth.", "telehealth_suffices"),
    "federal law": (
        "One who prescribes controlled substances by telehealth shall comply with federal law.",
        "nothing_beyond_federal",
    ),
}
SILENT = {
    "opioids": "No opioid may be prescribed by telehealth.",
    "Schedule II": "A Schedule II drug may be prescribed only after an in-person examination.",
    "other drugs": "A drug that is not a controlled substance shall not be prescribed without a physical examination.",
    "no drug": "A physical examination shall be conducted before the therapy.",
    "a relationship denied": "A patient relationship may not be established through telehealth.",
    "animals": "A veterinarian-client-patient relationship may be established through telehealth.",
    "cannabis": "For cannabis certificates a patient relationship may be established through telehealth.",
    "payment": "An insurer shall pay for a controlled substance visit by telehealth as for one in person.",
    "a definition": '"Telehealth" means a visit where a patient relationship may be established by telehealth.',
}


@pytest.mark.parametrize("case", RULES)
def test_rule_is_read(case):
    text, value = RULES[case]

    (found,) = code(text, QUESTION)

    assert value == found.value
    assert found.quote in text


@pytest.mark.parametrize("case", SILENT)
def test_other_rules_are_passed_over(case):
    assert [] == code_values(SILENT[case], QUESTION)


def test_a_condition_in_a_list_is_a_condition():
    parts = [
        ("b", "A controlled substance may only be prescribed by telehealth if:"),
        ("b__1", "the visit is live; and"),
        ("b__2", "the patient had an in-person visit within the past 24 months."),
    ]

    found = code(parts, QUESTION)

    assert [("b__2", "in_person_recent", "P24M")] == [(one.eid, one.value, one.details["seen_within"]) for one in found]


def test_misconduct_listed_is_a_bar():
    parts = [
        ("a", "It is unprofessional conduct to do any of the following:"),
        ("a__7", "Prescribe a controlled substance without first conducting an in-person examination."),
    ]

    assert [("a__7", "in_person_first")] == [(one.eid, one.value) for one in code(parts, QUESTION)]


def test_a_visit_that_must_be_repeated_tells_how_often():
    text = "No Schedule III drug may be prescribed without an in-person examination, repeated at least annually."

    assert ["P1Y"] == [one.details["in_person_every"] for one in code(text, QUESTION)]


def test_cannabis_law_is_passed_over_whole():
    parts = [("a", "This part is about cannabis."), ("b", "A patient relationship may be established by telehealth.")]

    assert [] == code_values(parts, QUESTION)
