"""Telling whether the drugs a text names take in ketamine, and the words that the coders know."""

import pytest

from kb.answer.coders.reach import cover_programs, judge_reach, name_others
from kb.answer.coders.vocabulary import compile_words, find_events, find_professions, read_vocabulary

REACHES = {
    "ketamine": [
        "a controlled substance",
        "a drug of Schedule III",
        "schedules II through V",
        "a nonnarcotic Schedule III drug",
        "a non-opioid controlled substance",
        "an opioid or any other controlled substance",
        "a Schedule II opioid or a Schedule III drug",
        "an opioid; drugs of Schedule III",
        "controlled substances, including opioids",
    ],
    "others": [
        "an opioid",
        "a Schedule II drug",
        "a Schedule II or III narcotic",
        "an opioid analgesic or benzodiazepine listed in schedule II, III or IV",
        "a controlled substance containing an opioid",
        "a drug that is not a controlled substance",
        "schedules IV and V",
    ],
    "unsaid": ["a drug", "tablets", ""],
}


@pytest.mark.parametrize(("reach", "text"), [(reach, text) for reach, texts in REACHES.items() for text in texts])
def test_reach_of_a_class(reach, text):
    assert reach == judge_reach(text)


def test_narrow_classes_are_named_once_and_shortly():
    text = "opioids, opioids, benzodiazepines, barbiturates, carisoprodol, stimulants and gabapentin"

    assert ["opioids, benzodiazepines, barbiturates, carisoprodol", "Schedule II"] == [
        name_others(text, most=55),
        name_others("a Schedule II drug"),
    ]


def test_the_name_of_a_program_is_no_class_of_drugs():
    text = "the controlled substance database"

    assert ("ketamine", "unsaid", len(text)) == (
        judge_reach(text),
        judge_reach(cover_programs(text)),
        len(cover_programs(text)),
    )


def test_a_longer_name_of_a_profession_is_not_the_shorter_one():
    found = [
        find_professions(text) for text in ("a physician assistant", "a physician or nurse practitioner", "a person")
    ]

    assert [("physician_assistant",), ("physician", "advanced_practice_nurse"), ()] == found


def test_events_are_named_in_their_order():
    assert ("prescribe", "dispense", "administer") == find_events("administering, dispensing or issuing a prescription")


def test_a_blank_matches_a_hyphen_and_a_star_any_ending():
    pattern = compile_words(["in person exam*"])

    found = [
        pattern.search(text) is not None
        for text in ("an in-person examination", "in  person exam", "in personal exams")
    ]

    assert [True, True, False] == found


def test_classes_have_the_values_of_the_question_on_the_drug():
    values = read_vocabulary().schedule_values

    assert ["schedule_iii", "schedule_iii"] == [classes["III"] for classes in values.values()]
    assert ["schedule_iv_a", None] == [values[drug].get("IVA") for drug in ("ketamine", "esketamine")]
