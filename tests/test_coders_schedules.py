"""Coding lists of controlled substances: named under an announced schedule, in many layouts; nothing from absence."""

import pytest

from kb.answer.coders import propose
from tests.build import make_provision, make_reading

ENTRY = "Ketamine, its salts, isomers, and salts of isomers"
# The same list in layouts that publishers use: (heading of the document, provisions below it).
LAYOUTS = {
    "title of the section": ("Schedule III.", [("c", "Depressants:"), ("c__7", f"{ENTRY};")]),
    "title says enumerated": ("Schedule III enumerated.", [("c", "Depressants:"), ("c__7", ENTRY)]),
    "title of a list of one kind": ("Depressants specifically included in Schedule III.", [("7", ENTRY)]),
    "sentence above": (
        "Lists",
        [("a", "The controlled substances listed in this section are included in Schedule III."), ("g", ENTRY)],
    ),
    "sentence above, figures": (
        "Lists",
        [("1", "The following substances are included in schedule 3:"), ("1__a", ENTRY)],
    ),
    "all schedules in one section": (
        "Contents of schedules.",
        [
            make_provision("p1", heading="Schedule II"),
            ("p1__a", "Amobarbital"),
            make_provision("p2", heading="Schedule III"),
            ("p2__a", "Unless listed in another schedule, the following depressants:"),
            ("p2__a__1", ENTRY),
            make_provision("p3", heading="Schedule IV"),
            ("p3__a", "Diazepam"),
        ],
    ),
    "flat paragraphs": (
        "Controlled substances.",
        [("p1", "Schedule II"), ("p2", "Codeine"), ("p3", "SCHEDULE III"), ("p4", ENTRY), ("p5", "SCHEDULE IV")],
    ),
    "one running paragraph": (
        "Schedules",
        [
            (
                "3",
                (
                    f"SCHEDULE III.—It has less potential for abuse. (a) Any of these: 1. Chlorhexadol. "
                    f"2. {ENTRY}. 3. Lysergic acid."
                ),
            )
        ],
    ),
    "rows of a table": (
        "Schedule III",
        [("b", "Depressants"), ("b__r_7", "(7) Ketamine, its salts, isomers, and salts of isomers | 7285")],
    ),
    "row that begins with the code": ("Schedule III", [("r_7285", "7285 | Ketamine, its salts, isomers")]),
    "consists of": ("Lists", [("c", "Schedule III consists of:"), ("c__i", "depressants:"), ("c__i__A", ENTRY)]),
    "entry with its own catchline": (
        "Schedule III; substances included",
        [make_provision("g", "Ketamine, its salts and isomers.", heading="Ketamine.")],
    ),
    "entry in the heading": ("Schedule III", [make_provision("g", heading="Ketamine, its isomers.")]),
}
# What must say nothing: (heading of the document, provisions below it).
SILENT = {
    "no schedule announced": ("Sale of drugs.", [("a", "Drugs kept apart:"), ("a__1", ENTRY)]),
    "penalties": ("Penalties for Schedule III substances.", [("a", "Possession of:"), ("a__1", "Ketamine, 5 grams;")]),
    "mention in a sentence": ("Schedule III.", [("a", "A practitioner who gives ketamine keeps records.")]),
    "taken out": ("Schedule III.", [("a", "This list does not include:"), ("a__1", "Ketamine in veterinary form.")]),
    "taken from the list": ("Schedule III.", [("c", "Depressants:"), ("c__7", "Ketamine (rescheduled in 2030)")]),
    "a schedule named in passing": (
        "Crimes",
        [("a", "A Schedule III drug is one listed in Schedule III. Ketamine, sold, is.")],
    ),
    "repealed": ("Schedule III.", [("c", "[Repealed.]"), ("c__1", ENTRY)]),
    "a list beside it": (
        "Lists",
        [
            ("b", "The following drugs, of whatever kind, name or form they may be, are included in Schedule III:"),
            ("b__1", "Chlorhexadol"),
            ("c", "Drugs kept apart:"),
            ("c__1", ENTRY),
        ],
    ),
    "repealed section": ("Schedule III. [Repealed.]", []),
    "a schedule mentioned, not announced": (
        "Lists",
        [("a", "Compounds of a stimulant listed in Schedule III and of other drugs:"), ("a__1", "Ketamine.")],
    ),
    "a list without it": ("Schedule III.", [("c", "Depressants:"), ("c__1", "Chlorhexadol;")]),
    "definition": ("Definitions.", [("1", "Schedule III includes:"), ("1__a", ENTRY)]),
    "class unknown to the codebook": ("Schedule I.", [("a", "Drugs:"), ("a__1", ENTRY)]),
}


def code(heading, provisions, question="ketamine_schedule"):
    return [one for one in propose(make_reading(*provisions, heading=heading)) if one.question == question]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_ketamine_is_found_in_schedule_iii_in_every_layout(layout):
    found = code(*LAYOUTS[layout])

    assert [("schedule_iii", "high")] == [(one.value, one.confidence) for one in found]
    assert "etamine" in found[0].quote


@pytest.mark.parametrize("case", SILENT)
def test_nothing_is_proposed_where_no_list_of_a_schedule_names_it(case):
    heading, provisions = SILENT[case]

    assert () == propose(make_reading(*provisions, heading=heading))


def test_a_class_of_a_state_of_its_own_keeps_its_letter():
    found = code(
        "Schedule IVA.", [("b", "Schedule IVA includes the following substances:"), ("b__1", "ketamine hydrochloride")]
    )

    assert ["schedule_iv_a"] == [one.value for one in found]


def test_esketamine_follows_from_isomers_in_the_entry_with_less_certainty():
    provisions = [("c", "Depressants:"), ("c__7", ENTRY)]

    found = code("Schedule III.", provisions, "esketamine_schedule")

    assert [("schedule_iii", {"as_isomer": True}, "medium")] == [
        (one.value, one.details, one.confidence) for one in found
    ]


def test_isomers_taken_in_above_the_entry_count_with_little_certainty():
    provisions = [("c", "Any of the following substances, their salts and isomers:"), ("c__7", "Ketamine")]

    found = code("Schedule III.", provisions, "esketamine_schedule")

    assert [("schedule_iii", "low")] == [(one.value, one.confidence) for one in found]


def test_a_class_that_the_question_does_not_know_is_not_proposed():
    provisions = [("b", "Schedule IVA includes the following substances:"), ("b__1", "Ketamine and its isomers")]

    assert [] == code("Schedule IVA.", provisions, "esketamine_schedule")


def test_esketamine_named_itself_is_certain():
    found = code("Schedule III.", [("c", "Depressants:"), ("c__8", "Esketamine")], "esketamine_schedule")

    assert [("schedule_iii", "high")] == [(one.value, one.confidence) for one in found]


def test_salts_alone_say_nothing_of_esketamine():
    assert [] == code("Schedule III.", [("c__7", "Ketamine hydrochloride")], "esketamine_schedule")


def test_the_nearest_schedule_above_counts():
    provisions = [("p1", "Schedule III"), ("p2", "Codeine"), ("p3", "Schedule IV"), ("p4", "Ketamine")]

    assert ["schedule_iv"] == [one.value for one in code("Controlled substances.", provisions)]


def test_the_quote_of_a_long_list_is_the_entry_alone():
    heading, provisions = LAYOUTS["one running paragraph"]

    (found,) = code(heading, provisions)

    assert found.quote.startswith(ENTRY)
