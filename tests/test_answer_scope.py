"""Whether a fact answers within a scope, and the most specific first; what dates mean; what was known when."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.answer.known import find_phase, find_state, select_known
from kb.answer.scope import key_scope, match_scope, name_scope
from kb.answer.when import find_first_day, find_last_day, find_next_day
from kb.scopes import DIMENSIONS, read_terms, widen_term
from tests.build import make_fact, make_step

SCOPES = st.dictionaries(st.sampled_from(DIMENSIONS), st.just(()), max_size=3).flatmap(
    lambda keys: st.fixed_dictionaries(
        {
            name: st.lists(st.sampled_from(sorted(read_terms()[name])), min_size=1, max_size=2).map(tuple)
            for name in keys
        }
    )
)
DAYS = st.dates(date(1990, 1, 1), date(2030, 12, 31))


def scope(**terms):
    return {name: tuple(text.split()) for name, text in terms.items()}


@pytest.mark.parametrize(
    ("own", "asked", "covers", "rank"),
    [
        ({}, {}, True, (0, 0)),
        ({}, scope(profession="nurse"), True, (0, 0)),
        (scope(profession="nurse"), scope(profession="nurse"), True, (-1, 0)),
        (scope(profession="nurse dentist"), scope(profession="dentist"), True, (-1, 0)),
        (scope(drug="schedule_iii"), scope(drug="ketamine"), True, (-1, 1)),
        (scope(drug="controlled_substance"), scope(drug="compounded_ketamine"), True, (-1, 3)),
        (scope(profession="nurse", event="prescribe"), scope(profession="nurse", event="renew"), True, (-2, 1)),
        (scope(profession="nurse"), {}, False, (0, 0)),
        (scope(drug="ketamine"), scope(drug="schedule_iii"), False, (0, 0)),
        (scope(profession="nurse"), scope(profession="nurse dentist"), False, (0, 0)),
    ],
)
def test_scope_of_a_fact_covers_what_is_asked_or_a_part_of_it(own, asked, covers, rank):
    found = match_scope(own, asked)

    assert (covers, rank) == (found.covers, found.rank)


@pytest.mark.parametrize(
    ("own", "asked"),
    [
        (scope(profession="nurse"), scope(profession="physician")),
        (scope(drug="opioid"), scope(drug="ketamine")),
        (scope(profession="nurse", event="own"), scope(profession="nurse", event="prescribe")),
    ],
)
def test_fact_on_something_else_is_no_answer(own, asked):
    found = match_scope(own, asked)

    assert found is None


@given(SCOPES, SCOPES)
def test_fact_that_covers_a_question_covers_it_with_more_limits_too(own, asked):
    found = match_scope(own, {**asked, **own})

    assert found is not None
    assert (True, len(own), 0) == (found.covers, found.dimensions, found.distance)


@given(SCOPES, SCOPES, SCOPES)
def test_covering_holds_through_a_scope_between(own, middle, asked):
    through = [match_scope(own, middle), match_scope(middle, asked)]

    if all(found is not None and found.covers for found in through):
        assert match_scope(own, asked).covers


@given(SCOPES, SCOPES)
def test_one_scope_fits_the_other_or_neither_does(own, asked):
    found = [match_scope(own, asked), match_scope(asked, own)]

    assert (found[0] is None) == (found[1] is None)


def test_term_is_as_far_as_its_shortest_way():
    assert {"schedule_iii": 1, "anesthetic": 1, "controlled_substance": 2, "ketamine": 0} == widen_term(
        "drug", "ketamine"
    )


def test_scope_has_one_spelling_and_reads_as_words():
    one, other = (
        scope(event="prescribe", profession="nurse dentist"),
        scope(profession="dentist nurse", event="prescribe"),
    )

    assert key_scope(one) == key_scope(other)
    assert "prescribing; nurse, dentist" == name_scope(one)


@pytest.mark.parametrize(
    ("stated", "first", "last"),
    [
        ("2021", "2021-01-01", "2021-12-31"),
        ("2021-07", "2021-07-01", "2021-07-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2023-02", "2023-02-01", "2023-02-28"),
        ("2021-07-04", "2021-07-04", "2021-07-04"),
    ],
)
def test_month_or_year_means_its_first_and_its_last_day(stated, first, last):
    assert (date.fromisoformat(first), date.fromisoformat(last)) == (find_first_day(stated), find_last_day(stated))


def test_unknown_dates_are_no_days():
    assert [None, None, None, None] == [
        find_first_day(""), find_last_day(""), find_next_day(""), find_next_day("9999-12-31")
    ]  # fmt: skip


@given(DAYS, DAYS, DAYS)
def test_first_and_last_day_count_as_in_force(one, other, as_of):
    begins, ends = min(one, other), max(one, other)
    fact = make_fact(effective_from=begins.isoformat(), effective_to=ends.isoformat())

    expected = "coming" if as_of < begins else "lapsed" if as_of > ends else "in_force"

    assert expected == find_phase(fact, as_of, date.min)
    assert find_next_day(fact.effective_to) - timedelta(days=1) == ends


@pytest.mark.parametrize("binding", ["bill", "proposal"])
def test_bill_is_pending_whatever_its_dates(binding):
    fact = make_fact(binding=binding, effective_from="2020", effective_to="2021")

    assert ["pending"] * 3 == [find_phase(fact, date(year, 6, 1), date.max) for year in (2019, 2020, 2022)]


def test_entry_stands_from_its_coding_until_it_is_superseded():
    old = make_fact("some", coded_on="2024-01-05", superseded_on="2024-03-01")
    new = make_fact("all", coded_on="2024-03-01")

    found = {day: [fact.value for fact in select_known([old, new], f"{day}T00:00:00Z")] for day in (
        "2024-01-04", "2024-01-05", "2024-02-29", "2024-03-01"
    )}  # fmt: skip

    assert {"2024-01-04": [], "2024-01-05": ["some"], "2024-02-29": ["some"], "2024-03-01": ["all"]} == found


def test_later_review_of_the_same_answer_stands_from_the_day_it_took_the_place_of_the_first():
    first = make_fact(id="a", note="first", superseded_on="2024-03-01")
    second = make_fact(id="a-2", note="second", reviewed_on="2024-03-01", reviewed_by="r", superseded_on="2024-06-01")
    third = make_fact(id="a-3", note="third", reviewed_on="2024-06-01", reviewed_by="r")

    found = [[fact.note for fact in select_known([first, second, third], f"2024-{month}-15T00:00:00Z")] for month in (
        "02", "04", "07"
    )]  # fmt: skip

    assert [["first"], ["second"], ["third"]] == found


def test_review_is_not_known_before_it():
    fact = make_fact(reviewed_on="2024-03-01", reviewed_by="r", reviewed_text="0" * 64, review_note="fine")

    before, after = (select_known([fact], f"{day}T12:00:00Z")[0] for day in ("2024-02-29", "2024-03-01"))

    assert ("", "", "", "") == (before.reviewed_on, before.reviewed_by, before.reviewed_text, before.review_note)
    assert fact == after


def test_state_is_that_of_the_last_wave_told_by_the_instant():
    fact = make_fact()
    steps = [
        make_step(fact, "2024-02-01T08:00:00Z"),
        make_step(fact, "2024-03-01T23:59:59.999999Z", "verified"),
        make_step(fact, "2024-04-01T08:00:00.5Z", "needs_review"),
    ]

    found = [find_state(steps, at) for at in (
        "2024-02-01T07:59:59Z", "2024-02-01T08:00:00Z", "2024-03-01T23:59:59Z", "2024-03-02T00:00:00Z",
        "2024-04-01T08:00:00Z", "2024-04-01T08:00:00.500001Z",
    )]  # fmt: skip

    assert ["reported", "anchored", "anchored", "verified", "verified", "needs_review"] == found
