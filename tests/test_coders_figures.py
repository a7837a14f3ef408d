"""Reading numbers, lengths of time and schedules as law prints them."""

import pytest

from kb.answer.coders.figures import count_words, find_classes, find_lengths

LENGTHS = {
    "six (6) months": ["P6M"],
    "one hundred eighty (180) days": ["P180D"],
    "one hundred and twenty days": ["P120D"],
    "a thirty-day (30) supply": ["P30D"],
    "90-day": ["P90D"],
    "forty-eight hours": ["PT48H"],
    "two calendar years, or 3 weeks": ["P2Y", "P3W"],
    "title 21, section 4-5 months": [],
    "a month": [],
}
CLASSES = {
    "Schedule III": [("III",)],
    "schedules II, III, IV, or V": [("II", "III", "IV", "V")],
    "Schedules II through V": [("II", "III", "IV", "V")],
    "Schedule II-V": [("II", "III", "IV", "V")],
    "schedule ll, lll or lV": [("II", "III", "IV")],
    "schedule 3": [("III",)],
    "Schedule IVA": [("IVA",)],
    "Schedule II or Schedule III": [("II", "III")],
    "Schedule II through Schedule VI": [("II", "III", "IV", "V", "VI")],
    "a drug of schedule II; schedule III": [("II", "III")],
    "a schedule of fees": [],
    "Schedule A": [],
    "schedule important dates": [],
}


@pytest.mark.parametrize("text", LENGTHS)
def test_lengths_of_time_are_read(text):
    assert LENGTHS[text] == [one.iso for one in find_lengths(text)]


@pytest.mark.parametrize("text", CLASSES)
def test_schedules_are_read(text):
    assert CLASSES[text] == [one.names for one in find_classes(text)]


def test_words_are_counted():
    assert [7, 45, 100, 365] == [
        count_words(words) for words in ("seven", "forty-five", "hundred", "three hundred sixty-five")
    ]
