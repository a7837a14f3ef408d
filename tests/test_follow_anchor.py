"""An anchor takes a step when state, place or words are others: moved, changed, gone, back, reviewed, doubtful."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.answer.facts import Anchor, Fact, hash_words
from kb.answer.follow import follow_anchor
from kb.answer.trail import Place, Text
from tests.build import make_reading

DOCUMENT = "us-xx/code/1-1"
FEE, MORE = "A clinic shall pay a fee of 40 dollars.", "A clinic shall pay a fee of 60 dollars."
SEAL, HOURS = "Every vial bears a seal of wax.", "On holidays the clinic may close."
CODED, REVIEWED = "2024-01-02", "2024-01-05"
DAYS = [f"2024-01-{day:02}T12:00:00" for day in range(1, 10)]


class Shelf:
    """A way along texts given by day: parts, or None where the document is removed."""

    def __init__(self, texts, own=(), **fields):
        self.texts = dict(sorted(texts.items()))
        self.moments = sorted({*texts, *(f"{day}T23:59:59" for day in own)})
        self.fields = fields
        self.asked = []

    def find_next(self, after):
        return next((moment for moment in self.moments if moment > after), None)

    def look(self, place, at, since):
        self.asked.append((place, since))
        shown = [day for day in self.texts if day <= at]
        fields = {"at": f"{at}Z", **self.fields}
        return [] if not shown else [make_text(shown[-1], self.texts[shown[-1]], place.eid, **fields)]


def make_text(day, parts, eid, **fields):
    plain = {
        "document": DOCUMENT,
        "eid": eid,
        "citation": "Code § 1-1",
        "version": day,
        "source": "us-xx-code",
        "url": "https://code.example.gov/1-1",
        "sha256": "0" * 64,
        "captured_at": f"{day}Z",
        "at": f"{day}Z",
        "parts": None if parts is None else make_reading(*parts).provisions,
        "is_official": True,
    }
    return Text(**{**plain, **fields})


def make_fact(quote="pay a fee of 40 dollars", eid="a", **fields):
    plain = {
        "id": "f",
        "jurisdiction": "us-xx",
        "question": "q",
        "place": 0,
        "value": "yes",
        "gap": None,
        "anchor": Anchor(DOCUMENT, eid, quote),
        "coded_on": CODED,
        "coded_by": "coder",
    }
    return Fact(**{**plain, **fields})


def follow(fact, *days, **fields):
    """Follow a fact through texts of 1 January on, one a day; a day given as ... shows nothing new."""
    own = [day for day in (fact.coded_on, fact.reviewed_text and fact.reviewed_on) if day]
    texts = {at: parts for at, parts in zip(DAYS, days, strict=False) if parts is not ...}
    return follow_anchor(fact, Shelf(texts, own, **fields))


def tell(course):
    return [(step.wave_at[8:10], step.state, step.cause, step.eid) for step in course.steps]


def review(text, **fields):
    told = {"reviewed_on": REVIEWED, "reviewed_by": "jane", "reviewed_text": hash_words(text)}
    return make_fact(**told, **fields)


def test_words_that_stay_take_one_step():
    course = follow(make_fact(), [("a", FEE)], ..., ..., [("a", f"{FEE} "), ("b", SEAL)])

    assert [("01", "anchored", "resolved", "a")] == tell(course)
    assert "the quote stands in Code § 1-1 (a)" == course.steps[0].reason


def test_a_fact_without_anchor_or_archived_text_takes_no_step():
    assert ([], []) == (tell(follow(make_fact(anchor=None), [("a", FEE)])), tell(follow(make_fact())))


def test_changed_words_need_a_review_and_show_the_text_coded_and_the_one_that_stands():
    course = follow(make_fact(), [("a", FEE)], ..., ..., [("a", MORE)])

    assert ("04", "needs_review", "words", "a") == tell(course)[-1]
    assert (FEE, MORE, "fuzzy") == (course.steps[-1].old_text, course.steps[-1].new_text, course.steps[-1].how)


def test_a_change_beside_the_quote_needs_a_review_too():
    course = follow(make_fact(), [("a", FEE)], ..., ..., [("a", f"{FEE} The board may waive it.")])

    assert ("needs_review", "exact") == (course.steps[-1].state, course.steps[-1].how)


def test_a_change_of_another_provision_takes_no_step():
    course = follow(make_fact(), [("a", FEE), ("b", SEAL)], ..., ..., [("a", FEE), ("b", HOURS)])

    assert ["01"] == [day for day, *_ in tell(course)]


def test_text_changed_before_the_coding_day_becomes_the_text_coded():
    course = follow(make_fact(coded_on="2024-01-04"), [("a", f"{FEE} Or not.")], ..., [("a", FEE)], ..., [("a", MORE)])

    assert [("01", "anchored"), ("03", "anchored"), ("05", "needs_review")] == [step[:2] for step in tell(course)]
    assert FEE == course.steps[-1].old_text


def test_quote_that_was_not_there_yet_before_the_coding_day_is_not_called_broken():
    course = follow(make_fact(coded_on="2024-01-04"), [("a", SEAL)], [("a", MORE)], [("a", FEE)])

    assert [("03", "anchored", "resolved", "a")] == tell(course)


def test_quote_that_never_stood_there_is_broken_from_the_coding_day_on():
    course = follow(make_fact(), [("a", SEAL)])

    assert [("02", "broken", "gone", "a")] == tell(course)
    assert ("pay a fee of 40 dollars", SEAL) == (course.steps[0].quote, course.steps[0].new_text)


def test_quote_nearly_found_when_coded_needs_a_review():
    course = follow(make_fact(), [("a", MORE)])

    assert [("02", "needs_review", "resolved", "a")] == tell(course)
    assert ("pay a fee of 40 dollars", "pay a fee of 60 dollars") == (
        course.steps[0].old_text,
        course.steps[0].new_text,
    )


def test_words_that_moved_within_the_document_are_anchored_anew_without_a_review():
    course = follow(make_fact(), [("a", FEE), ("b", SEAL)], ..., ..., [("a", SEAL), ("b", FEE)])

    assert ("04", "anchored", "moved", "b") == tell(course)[-1]
    assert "the words of Code § 1-1 (a) stand in Code § 1-1 (b)" == course.steps[-1].reason


def test_words_that_moved_are_looked_for_at_their_new_place_from_then_on():
    shelf = Shelf({DAYS[0]: [("a", FEE)], DAYS[3]: [("b", FEE)], DAYS[5]: [("b", FEE), ("a", FEE)]}, [CODED])

    course = follow_anchor(make_fact(), shelf)

    assert (Place(DOCUMENT, "b"), DAYS[3]) == shelf.asked[-1]
    assert ["a", "b"] == [step.eid for step in course.steps]


def test_words_that_stood_elsewhere_all_along_have_not_moved_there():
    course = follow(make_fact(), [("a", FEE), ("c", FEE)], ..., ..., [("a", SEAL), ("c", FEE)])

    assert ("04", "needs_review", "moved", "c") == tell(course)[-1]
    assert "the same words stand elsewhere too: Code § 1-1 (c) may not be the place meant" == course.steps[-1].reason
    assert ("", "") == (course.steps[-1].old_text, course.steps[-1].new_text)


def test_quote_that_stands_on_in_other_words_elsewhere_needs_a_review():
    course = follow(make_fact(), [("a", FEE)], ..., ..., [("a", SEAL), ("b", f"Each year {FEE.lower()}"), ("c", HOURS)])

    assert ("04", "needs_review", "words", "b") == tell(course)[-1]


def test_words_that_are_gone_are_broken_and_keep_where_they_stood():
    course = follow(make_fact(), [("a", FEE)], ..., ..., [("a", SEAL)], [("a", HOURS)])

    assert ("04", "broken", "gone", "a") == tell(course)[-1]
    assert (FEE, SEAL, "") == (course.steps[-1].old_text, course.steps[-1].new_text, course.steps[-1].how)
    assert "the quote stands nowhere in Code § 1-1; it stood in Code § 1-1 (a)" == course.steps[-1].reason


def test_a_document_that_was_removed_breaks_its_anchor():
    course = follow(make_fact(), [("a", FEE)], ..., ..., None)

    assert ("04", "broken", "gone", "a") == tell(course)[-1]
    assert "Code § 1-1 was removed; it stood in Code § 1-1 (a)" == course.steps[-1].reason


def test_words_that_come_back_are_anchored_again():
    course = follow(make_fact(), [("a", FEE)], ..., [("a", MORE)], [("a", FEE)], [("a", SEAL)], [("a", FEE)])

    assert ["anchored", "needs_review", "anchored", "broken", "anchored"] == [step.state for step in course.steps]
    assert ["resolved", "words", "restored", "gone", "restored"] == [step.cause for step in course.steps]


def test_words_a_person_confirmed_are_verified_from_the_end_of_that_day():
    course = follow(review(FEE), [("a", FEE)], ..., ..., ..., ..., [("b", FEE)], [("b", MORE)])

    assert [
        ("01", "anchored", "resolved", "a"),
        ("05", "verified", "review", "a"),
        ("06", "verified", "moved", "b"),
        ("07", "needs_review", "words", "b"),
    ] == tell(course)
    assert "2024-01-05T23:59:59Z" == course.steps[1].at == course.steps[1].wave_at
    assert "jane confirmed the words of Code § 1-1 (a)" == course.steps[1].reason


def test_a_review_settles_words_that_changed_and_the_next_redline_begins_there():
    last = FEE.replace("40", "80")

    course = follow(review(MORE), [("a", FEE)], ..., [("a", MORE)], ..., ..., [("a", last)])

    assert ["anchored", "needs_review", "verified", "needs_review"] == [step.state for step in course.steps]
    assert (MORE, last) == (course.steps[-1].old_text, course.steps[-1].new_text)


def test_a_review_of_an_earlier_text_confirms_nothing_of_the_one_that_stands():
    course = follow(review(FEE), [("a", FEE)], ..., ..., [("a", MORE)], ..., [("a", f"{MORE} A year.")])

    assert [("04", "needs_review"), ("06", "needs_review")] == [step[:2] for step in tell(course)][1:3]
    assert "verified" not in {step.state for step in course.steps}
    assert (FEE, "the words of Code § 1-1 (a) are not those that were reviewed") == (
        course.steps[-1].old_text,
        course.steps[-1].reason,
    )


def test_a_review_of_words_that_only_nearly_hold_the_quote_confirms_them():
    course = follow(review(MORE), [("a", MORE)])

    assert [("02", "needs_review", "resolved", "a"), ("05", "verified", "review", "a")] == tell(course)


def test_a_review_without_the_text_it_saw_confirms_nothing():
    course = follow(make_fact(reviewed_on=REVIEWED, reviewed_by="jane"), [("a", FEE)])

    assert [("01", "anchored", "resolved", "a")] == tell(course)


def test_a_text_that_is_not_the_publishers_own_is_never_verified():
    course = follow(review(FEE), [("a", FEE)], ..., [("a", MORE)], [("a", FEE)], is_official=False)

    assert {"anchored", "needs_review"} == {step.state for step in course.steps}


def test_a_confirmed_copy_says_that_it_is_one():
    course = follow(review(MORE), [("a", FEE)], ..., [("a", MORE)], is_official=False)

    assert "jane confirmed the words of Code § 1-1 (a), in a text that is not the publisher's own" == (
        course.steps[-1].reason
    )


def test_a_superseded_fact_is_followed_to_the_day_it_was_superseded():
    course = follow(make_fact(superseded_on="2024-01-04"), [("a", FEE)], ..., ..., [("a", MORE)], [("a", SEAL)])

    assert [("01", "anchored"), ("04", "needs_review")] == [step[:2] for step in tell(course)]


def test_a_quote_that_stands_twice_is_doubted_once_with_both_places():
    twice = f"{FEE} No clinic shall pay a fee of 40 dollars twice."

    course = follow(make_fact(), [("a", twice)], ..., [("a", twice), ("b", SEAL)])

    assert [("2024-01-01T12:00:00Z", ("(a) from character 16", "(a) from character 57"))] == [
        (doubt.wave_at, doubt.places) for doubt in course.doubts
    ]
    assert ["anchored"] == [step.state for step in course.steps]


def test_a_quote_that_stands_in_two_provisions_and_not_in_the_one_named_needs_a_review():
    course = follow(make_fact(eid="c"), [("a", FEE), ("b", f"Twice a year {FEE}"), ("c", SEAL)])

    assert [("02", "needs_review", "resolved", "a")] == tell(course)
    assert [("(a) from character 16", "(b) from character 29")] == [doubt.places for doubt in course.doubts]
    assert "the quote stands in Code § 1-1 more than once: which place is meant is not known" == course.steps[0].reason


@pytest.mark.parametrize("days", [1, 3, 5, 7])
def test_what_is_known_on_a_day_is_what_all_days_told_cut_there(days):
    texts = [[("a", FEE)], [("b", FEE)], [("b", MORE)], None, [("b", FEE), ("c", FEE)], [("c", FEE)], [("a", SEAL)]]

    whole, early = follow(review(FEE), *texts), follow(review(FEE), *texts[:days])

    cut = DAYS[days - 1]
    assert [step for step in whole.steps if step.wave_at[:-1] <= cut] == [
        step for step in early.steps if step.wave_at[:-1] <= cut
    ]


TEXTS = st.lists(
    st.sampled_from(
        [..., None, *([(eid, text), ("b", SEAL)] for eid in "abc" for text in (FEE, MORE, f"{FEE} Or not."))]
    ),
    min_size=1,
    max_size=9,
)


@given(TEXTS, st.integers(1, 9), st.sampled_from(DAYS), st.sampled_from([FEE, MORE]), st.integers(1, 9))
def test_no_later_text_alters_a_step_told_before(texts, days, coded, reviewed, review_day):
    fact = review(reviewed, coded_on=coded[:10])
    fact = msgspec.structs.replace(fact, reviewed_on=max(coded[:10], f"2024-01-0{review_day}"))
    cut = f"{DAYS[days - 1]}Z"

    whole, early = follow(fact, *texts), follow(fact, *texts[:days])

    assert [step for step in whole.steps if step.wave_at <= cut] == [
        step for step in early.steps if step.wave_at <= cut
    ]
    assert [doubt for doubt in whole.doubts if doubt.wave_at <= cut] == [
        doubt for doubt in early.doubts if doubt.wave_at <= cut
    ]


@given(TEXTS, st.sampled_from(DAYS))
def test_only_words_that_were_confirmed_are_ever_verified(texts, coded):
    course = follow(review(FEE, coded_on=coded[:10]), *texts)

    assert {hash_words(FEE)} >= {step.text_hash for step in course.steps if step.state == "verified"}
    assert [] == [step for step in course.steps if step.state == "verified" and step.wave_at[:10] < REVIEWED]


@given(TEXTS, st.sampled_from(DAYS))
def test_each_step_differs_from_the_one_before(texts, coded):
    steps = follow(review(FEE, coded_on=coded[:10]), *texts).steps

    told = [(step.state, step.document, step.eid, step.text_hash) for step in steps]
    assert [] == [pair for pair in pairwise(told) if pair[0] == pair[1]]
    assert [] == [step for step in steps if step.state == "needs_review" and step.old_text == step.new_text != ""]
