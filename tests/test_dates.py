"""Dates are read as American publishers print them; what is no day of the calendar is no date."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.read.dates import find_dates, parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("January 23, 2023", date(2023, 1, 23)),
        ("Jan. 1, 2024", date(2024, 1, 1)),
        ("JULY 4, 2021", date(2021, 7, 4)),
        ("Sept. 9, 2014", date(2014, 9, 9)),
        ("May 1st, 1999", date(1999, 5, 1)),
        ("7/1/2021", date(2021, 7, 1)),
        ("6/18/24", date(2024, 6, 18)),
        ("07/01/2027", date(2027, 7, 1)),
        ("1-1-12", date(2012, 1, 1)),
        ("12-31-85", date(1985, 12, 31)),
        ("3-4-2013", date(2013, 3, 4)),
        ("2022-12-29", date(2022, 12, 29)),
        ("eff.8/28/2003.", date(2003, 8, 28)),
        ("effective 1/20/2023through 7/17/2023", date(2023, 1, 20)),
    ],
)
def test_every_printed_form_is_read(text: str, expected: date) -> None:
    assert expected == parse_date(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "February 30, 2023",
        "13/1/2021",
        "2022-13-01",
        "0/0/2020",
        "in January 2023",
        "may 5 or more",
        "1/2",
        "May 10",
    ],
)
def test_what_is_no_day_gives_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    "text", ["§ 4-1-10", "section 4-1-10", "844 IAC 5-5-19", "246-945-330", "1-1-101", "16.3-1-12"]
)
def test_section_numbers_are_no_dates(text: str) -> None:
    assert () == find_dates(text)


def test_all_dates_come_in_printed_order_without_the_impossible() -> None:
    text = "filed 2/30/2020; effective July 1, 2020 and again 2021-07-01"

    assert (date(2020, 7, 1), date(2021, 7, 1)) == find_dates(text)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_a_day_written_in_any_full_form_comes_back(day: date) -> None:
    forms = [f"{day:%B} {day.day}, {day.year}", day.isoformat(), f"{day.month}/{day.day}/{day.year}"]

    assert [day] * 3 == [parse_date(form) for form in forms]
