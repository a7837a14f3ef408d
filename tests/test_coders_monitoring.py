"""Coding duties to query the monitoring program: who must look, before what, for which drugs, how often."""

import pytest

from tests.coding import code, code_values

QUESTION = "pdmp_query_duty"
DUTIES = {
    "each time": (
        "A prescriber shall query the prescription monitoring program before prescribing a controlled substance.",
        "each_time",
    ),
    "by schedules": (
        (
            "Before dispensing a drug of Schedule II, III or IV, a pharmacist must check the "
            "prescription drug monitoring database."
        ),
        "each_time",
    ),
    "in the passive": (
        "The monitoring program shall be reviewed prior to prescribing any controlled substance.",
        "each_time",
    ),
    "the first time": (
        (
            "A practitioner must consult the prescription drug registry before the initial prescribing "
            "of any controlled substance."
        ),
        "first_time",
    ),
    "again at intervals": (
        (
            "A physician shall review the monitoring program before first prescribing a Schedule III drug and at "
            "least every 90 days while treatment lasts."
        ),
        "first_and_repeat",
    ),
    "an interposed clause": (
        (
            "A practitioner, other than a veterinarian, shall, before issuing an initial Schedule III prescription and "
            "once every six months thereafter, obtain a patient utilization report from the board."
        ),
        "first_and_repeat",
    ),
    "over a length": (
        (
            "Before prescribing more than a 3-day supply of a controlled substance, a prescriber shall "
            "check the monitoring program."
        ),
        "over_threshold",
    ),
    "yearly": (
        (
            "A prescriber shall review the PDMP before issuing a prescription for any controlled "
            "substance and annually thereafter."
        ),
        "first_and_repeat",
    ),
    "each time and at intervals": (
        (
            "A prescriber shall review the PDMP before each prescription for any controlled substance is "
            "issued and every 90 days."
        ),
        "each_time",
    ),
    "a prescription over a length": (
        "Prescribers must check the PDMP when a prescription for a controlled substance exceeds a seven day supply.",
        "over_threshold",
    ),
    "left to boards": (
        "Each board shall adopt rules requiring licensees to query the PDMP before prescribing a controlled substance.",
        "by_board_rule",
    ),
    "on suspicion": (
        (
            "A prescriber shall obtain a patient utilization report before prescribing a Schedule III drug if one "
            "reasonably believes that the patient seeks it for another reason."
        ),
        "conditional",
    ),
    "opioids": (
        "A prescriber shall query the prescription monitoring program before prescribing an opioid.",
        "not_for_ketamine",
    ),
    "opioids of all schedules": (
        (
            "Before issuing a prescription for an opioid or benzodiazepine listed in schedule II, III or IV, one shall "
            "review the prescription monitoring program."
        ),
        "not_for_ketamine",
    ),
    "narcotics of the class": (
        (
            "A prescriber shall utilize the monitoring program prior to issuing a prescription for a "
            "narcotic drug of schedule II or III."
        ),
        "not_for_ketamine",
    ),
    "Schedule II alone": ("A nurse shall check the PDMP before prescribing a Schedule II drug.", "not_for_ketamine"),
    "an open class beside a narrow one": (
        "A prescriber must review the PDMP before prescribing an opioid or any other controlled substance.",
        "each_time",
    ),
    "a list that runs on": (
        "Before prescribing a Schedule III drug a practitioner shall: (a) Query the PDMP; and (b) Take a history.",
        "each_time",
    ),
    "one who is registered with the program": (
        "Prescribers registered with the monitoring program shall, before prescribing a Schedule III drug, query it.",
        "each_time",
    ),
    "a class of its own name": (
        "A prescriber shall review the PDMP before prescribing a targeted controlled substance.",
        "not_for_ketamine",
    ),
    "nonnarcotic drugs": (
        "A prescriber must review the PDMP before prescribing a nonnarcotic Schedule III drug.",
        "each_time",
    ),
    "the patient's history in a database": (
        (
            "A health professional shall consult a state database to review the patient's controlled substance history "
            "before prescribing a Schedule IV or Schedule III drug."
        ),
        "each_time",
    ),
}
SILENT = {
    "access that is allowed": (
        "Prescribers shall be allowed access to the PDMP before prescribing a controlled substance."
    ),
    "a permission": (
        "A prescriber may review the prescription monitoring program before prescribing a controlled substance."
    ),
    "a negation": (
        "A prescriber is not required to query the monitoring program before prescribing a controlled substance."
    ),
    "a duty of the state": (
        "The department shall review the monitoring program before prescribing rules on controlled substances."
    ),
    "a negation within a duty": (
        "Rules must say that one is not required to check the PDMP before prescribing a controlled substance."
    ),
    "a purpose": "A pharmacy shall install software to check the PDMP before dispensing a controlled substance.",
    "registration": (
        "Before prescribing a controlled substance a prescriber shall register with the monitoring program."
    ),
    "registration obtained": (
        "Before prescribing a controlled substance one shall obtain registration with the monitoring program."
    ),
    "reports": (
        "A pharmacist shall report to the monitoring program each controlled substance before the end of the day."
    ),
    "a failure": (
        "A prescriber who fails to check the monitoring program before prescribing a controlled substance is fined."
    ),
    "access at the site": (
        "Before dispensing a controlled substance the clinic shall provide for access to the monitoring program."
    ),
    "no program": "A prescriber shall review the patient's chart before prescribing a controlled substance.",
    "no drugs told": "A prescriber shall review the monitoring program at each visit.",
    "a definition": (
        '"Query" means that a prescriber shall check the monitoring program before prescribing a controlled substance.'
    ),
    "repealed": (
        "[Repealed.] A prescriber shall check the monitoring program before prescribing a controlled substance."
    ),
}


@pytest.mark.parametrize("case", DUTIES)
def test_duty_is_read_by_its_drugs_and_frequency(case):
    text, value = DUTIES[case]

    (found,) = code(text, QUESTION)

    assert value == found.value
    assert found.quote in text


@pytest.mark.parametrize("case", SILENT)
def test_what_is_no_duty_is_passed_over(case):
    assert [] == code_values(SILENT[case], QUESTION)


def test_figures_and_scope_of_a_duty_are_told():
    text = (
        "Before first prescribing or administering a Schedule III drug, a physician or physician "
        "assistant shall review the "
        "PDMP for the preceding twelve months and at least quarterly thereafter."
    )

    (found,) = code(text, QUESTION)

    assert {"repeat_every": "P3M", "look_back": "P12M"} == found.details
    assert ("physician", "physician_assistant") == found.scope["profession"]
    assert ("prescribe", "administer") == found.scope["event"]


def test_narrow_drugs_are_named():
    (found,) = code("A prescriber shall check the PDMP before prescribing an opioid or a benzodiazepine.", QUESTION)

    assert {"covers": "opioid, benzodiazepine"} == found.details


LIST = [("b", "A prescriber shall query the monitoring program before prescribing any of these:")]


def test_drugs_of_a_list_below_are_read_as_its_items():
    narrow = [*LIST, ("b__1", "an opioid; or"), ("b__2", "a benzodiazepine.")]
    wide = [*LIST, ("b__1", "a Schedule II drug; or"), ("b__2", "a Schedule III drug.")]

    found = [[(one.value, one.confidence) for one in code(parts, QUESTION)] for parts in (narrow, wide)]

    assert [[("not_for_ketamine", "medium")], [("each_time", "medium")]] == found


def test_a_duty_may_be_an_item_of_a_list():
    parts = [
        ("b", "Before prescribing a controlled substance, a practitioner shall:"),
        ("b__1", "Take a history; and"),
        ("b__2", "Query the prescription monitoring program."),
    ]

    assert [("b__2", "each_time")] == [(one.eid, one.value) for one in code(parts, QUESTION)]


def test_what_rules_must_demand_is_less_sure():
    parts = [
        ("k", "In its regulations the board shall provide"),
        ("k__4", "that a practitioner review the monitoring program before prescribing a schedule III drug."),
    ]

    assert [("each_time", "medium")] == [(one.value, one.confidence) for one in code(parts, QUESTION)]


def test_what_a_program_must_require_is_less_sure_too():
    parts = [
        ("2", "The monitoring program shall:"),
        ("2__e", "Require a practitioner to review records of the program before issuing a controlled substance."),
    ]

    assert [("2__e", "each_time", "medium")] == [(one.eid, one.value, one.confidence) for one in code(parts, QUESTION)]


def test_drugs_listed_elsewhere_are_looked_up():
    parts = [
        (
            "a",
            (
                "A prescriber shall check the monitoring program before prescribing controlled "
                "substances identified in subsection (d)."
            ),
        ),
        ("d", "The controlled substances that call for a check include all opioids and benzodiazepines."),
    ]

    found = code(parts, QUESTION)

    assert [("a", "not_for_ketamine", "low")] == [(one.eid, one.value, one.confidence) for one in found]


def test_a_reference_that_leads_nowhere_says_nothing():
    text = "A prescriber shall check the monitoring program before prescribing drugs listed in subsection (q)."

    assert [] == code_values(text, QUESTION)


def test_a_short_name_counts_where_the_document_is_about_the_program():
    text = "A prescriber shall check the database before prescribing a controlled substance."

    found = [code_values(text, QUESTION, heading) for heading in ("Controlled substance database", "Patents")]

    assert [["each_time"], []] == found


def test_a_narrow_duty_is_not_told_beside_one_that_reaches_ketamine():
    text = (
        "A prescriber shall check the PDMP before first prescribing a controlled substance. "
        "A prescriber shall check the PDMP each time before prescribing an opioid."
    )

    assert ["first_time"] == code_values(text, QUESTION)


def test_a_narrow_duty_stands_beside_one_on_suspicion():
    text = (
        "A prescriber shall check the PDMP before prescribing an opioid. A prescriber who suspects "
        "diversion shall check the "
        "PDMP before prescribing a controlled substance."
    )

    assert ["not_for_ketamine", "conditional"] == code_values(text, QUESTION)
