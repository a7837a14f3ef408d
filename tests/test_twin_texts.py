"""Two texts of one section on one page become two versions, each with the time it applies."""

from datetime import date

import pytest

from kb.compare.readings import compare_readings
from kb.evaluate.completeness import account_page
from kb.models import Line, Validity
from kb.read.page import read_page
from kb.read.twin_texts import split_twin_texts
from kb.sources import parse_source

URL = "https://rules.example.gov/fees"
SOURCE = parse_source(
    {"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "match": ["https://rules.example.gov/"]},
    "a test",
)
AMENDED = [
    "(Text of Section before amendment by P.A. 103-881)",
    "(a) The fee is $5.",
    "(b) It is due.",
    "(Source: P.A. 102-490, eff. 1-1-24.)",
    "(Text of Section after amendment by P.A. 103-881)",
    "(a) The fee is $9.",
    "(b) It is due.",
    "(Source: P.A. 102-490, eff. 1-1-24; 103-881, eff. 1-1-25.)",
]
DATED = [
    "NOTE: Subsection A eff. until Jan. 1, 2024.",
    "A. The fee is $5.",
    "(1) At once.",
    "NOTE: Subsection A eff. Jan. 1, 2024.",
    "A. The fee is $9.",
    "B. It is due.",
]


def page_of(texts):
    body = "".join(f"<p>{text}</p>" for text in texts)
    return f"<html><body><main><h1>Fees</h1>{body}</main></body></html>".encode()


def law_of(reading):
    return [(part.eid, part.text) for part in reading.provisions if part.text]


def test_text_before_and_after_an_amendment_part_on_the_day_its_history_states():
    readings = read_page(page_of(AMENDED), SOURCE, URL).readings

    day = date(2025, 1, 1)
    assert [Validity(None, day, "stated"), Validity(day, None, "stated")] == [one.validity for one in readings]
    assert [[("a", "The fee is $5."), ("b", "It is due.")], [("a", "The fee is $9."), ("b", "It is due.")]] == [
        law_of(one) for one in readings
    ]
    assert 1 == len({one.document for one in readings})


def test_paragraph_printed_twice_parts_the_section_on_the_day_its_notes_state():
    readings = read_page(page_of(DATED), SOURCE, URL).readings

    assert [date(2024, 1, 1), None] == [one.validity.valid_to for one in readings]
    assert [
        [("A", "The fee is $5."), ("A__1", "At once."), ("B", "It is due.")],
        [("A", "The fee is $9."), ("B", "It is due.")],
    ] == [law_of(one) for one in readings]


def test_later_text_does_not_change_when_the_earlier_is_dropped():
    later = read_page(page_of(DATED), SOURCE, URL).readings[1]
    alone = read_page(page_of(DATED[4:]), SOURCE, URL).readings[0]

    assert {"note"} >= {change.part for change in compare_readings(later, alone)}


@pytest.mark.parametrize("texts", [AMENDED, DATED])
def test_both_texts_together_hold_every_printed_character(texts):
    account = account_page(page_of(texts), SOURCE, URL)

    assert ("", "") == (account.lost, account.added)


@pytest.mark.parametrize(
    "texts",
    [
        [*AMENDED[:7], "(Source: P.A. 102-490, eff. 1-1-24; 103-881.)"],
        [*AMENDED[:4], "(Text of Section after amendment by P.A. 103-999)", *AMENDED[5:]],
        [*AMENDED[:4], AMENDED[0], *AMENDED[5:]],
        AMENDED[:4],
        [*DATED[:3], "NOTE: Subsection A eff. Feb. 1, 2024.", *DATED[4:]],
        [*DATED[:3], "NOTE: Subsection B eff. Jan. 1, 2024.", *DATED[4:]],
        [AMENDED[0], *DATED],
        ["(a) Text of the notice before it is sent", "(b) The rule is eff. until Jan. 1, 2024."],
    ],
    ids=["no day", "other act", "one side", "one text", "other day", "other part", "three marks", "law"],
)
def test_nothing_is_parted_without_two_marks_and_one_day(texts):
    assert split_twin_texts([Line(text) for text in texts]) is None
