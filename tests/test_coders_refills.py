"""Coding limits on refills and validity: by class, by figure, and what looks like a limit and is another rule."""

import pytest

from tests.coding import code, code_values

QUESTION = "refill_limit"
SIX_AND_FIVE = {"refills": 5, "validity": "P6M"}
LIMITS = {
    "both in one sentence": (
        (
            "A prescription for a Schedule III or IV drug shall not be filled or refilled over six months past the "
            "date or be refilled more than five times."
        ),
        "5_in_6_months",
        SIX_AND_FIVE,
    ),
    "in two sentences": (
        (
            "No prescription for a Schedule III substance may be filled more than 6 months after the date of issue. "
            "A prescription so authorized shall not be refilled more than five (5) times."
        ),
        "5_in_6_months",
        SIX_AND_FIVE,
    ),
    "positively": (
        (
            "Prescriptions for Schedules III and IV may be refilled up to five times within six months "
            "from the date of issue."
        ),
        "5_in_6_months",
        SIX_AND_FIVE,
    ),
    "by refills": (
        (
            "A Schedule III prescription carries a maximum of five refills and is void six months after "
            "the date it was written."
        ),
        "5_in_6_months",
        SIX_AND_FIVE,
    ),
    "stricter": (
        (
            "A controlled substance prescription may not be filled more than three months after its date, nor refilled "
            "more than two times."
        ),
        "fewer_or_shorter",
        {"refills": 2, "validity": "P3M"},
    ),
    "in days": (
        (
            "Prescriptions in schedules III, IV and V become void unless filled within one hundred "
            "eighty (180) days of the date."
        ),
        "6_months",
        {"validity": "P180D"},
    ),
    "within a period": (
        (
            "A Schedule III prescription may be refilled no more than five times in the six-month period "
            "from the date of issue."
        ),
        "5_in_6_months",
        SIX_AND_FIVE,
    ),
    "beyond": (
        "A Schedule III prescription may be refilled not more than five times and not beyond six months from the date.",
        "5_in_6_months",
        SIX_AND_FIVE,
    ),
    "it expires": (
        "Prescriptions for Schedule III expire six months after the date written.",
        "6_months",
        {"validity": "P6M"},
    ),
    "none at all": (
        "A prescription for a Schedule II or III drug shall not be refilled.",
        "no_refills",
        {"refills": 0},
    ),
    "with a cap on all": (
        (
            "A Schedule III prescription may not be filled over six months after its date, be refilled more than five "
            "times, or exceed a 120-day supply with all refills."
        ),
        "5_in_6_months_capped",
        {**SIX_AND_FIVE, "all_refills_supply": "P120D"},
    ),
}
SILENT = {
    "Schedule II": "A prescription for a Schedule II drug may not be refilled.",
    "opioids": "No opioid prescription may be refilled more than two times.",
    "narcotics of the class": "A Schedule III narcotic may not be refilled more than two times.",
    "kept, not filled": "Schedule III prescriptions are kept only on file, for three months from the date filled.",
    "partial fillings": (
        "The partial filling of a Schedule III prescription shall not occur more than six months after the date."
    ),
    "a dead prescriber": (
        "If the prescriber died, a Schedule III refill is given no more than 90 days from the date of death."
    ),
    "other drugs": (
        "A prescription for a drug that is not a controlled substance expires one year after the date of issue."
    ),
    "no class told": "A prescription shall not be refilled more than five times.",
    "animals": "A veterinarian's Schedule III prescription may be refilled no more than three times.",
    "a power": (
        "The board may adopt rules under which a Schedule III prescription may be refilled not more than three times."
    ),
    "what a label says": "The label of a Schedule III drug tells the date after which it may not be refilled.",
    "some of the class": "Schedule III drugs which the board may name by rule may not be refilled.",
    "too little told": "A Schedule III prescription may be refilled no more than nine times.",
}


@pytest.mark.parametrize("case", LIMITS)
def test_limit_is_read_with_its_figures(case):
    text, value, details = LIMITS[case]

    (found,) = code(text, QUESTION)

    assert (value, details) == (found.value, found.details)
    assert found.quote in text


@pytest.mark.parametrize("case", SILENT)
def test_what_is_no_limit_for_ketamine_is_passed_over(case):
    assert [] == code_values(SILENT[case], QUESTION)


def test_the_class_may_stand_in_the_sentence_before_or_above():
    limit = (
        "The prescription shall not be filled more than six months after the date or be refilled more than five times."
    )
    before = f"A drug of Schedule III shall not be dispensed without a prescription. {limit}"
    above = [("c", "Substances in schedule III or IV shall:"), ("c__2", f"not be given otherwise. {limit}")]

    found = [code(before, QUESTION), code(above, QUESTION)]

    values = [[(one.value, one.confidence) for one in each] for each in found]
    # What a list completes is one sentence with it; what stands in another sentence is less sure.
    assert [[("5_in_6_months", "medium")], [("5_in_6_months", "high")]] == values


def test_federal_rules_on_prescriptions_taken_over_are_proposed_with_little_certainty():
    texts = [
        "A controlled substance may not be dispensed but in accordance with federal rules regarding prescriptions.",
        "A controlled substance may not be dispensed other than in accordance with federal law.",
        "An opioid may not be dispensed other than in accordance with federal rules regarding prescriptions.",
    ]

    found = [[(one.value, one.confidence) for one in code(text, QUESTION)] for text in texts]

    assert [[("5_in_6_months", "low")], [], []] == found


def test_items_of_a_list_take_class_and_duty_from_above():
    parts = [
        ("c", "Controlled substances of schedule III shall:"),
        ("c__1", "Be dispensed only on a prescription."),
        ("c__2", "Not be filled or refilled more than six months after the date or be refilled more than five times."),
    ]

    assert [("c__2", "5_in_6_months")] == [(one.eid, one.value) for one in code(parts, QUESTION)]
