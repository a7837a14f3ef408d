"""Words that only stand in other paragraphs now change no rule; one word more or less does."""

import pytest

from kb.compare.readings import compare_readings
from kb.compare.regrouped import REASON
from tests.build import make_provision, make_reading

ORDER = "An online order is a meal ordered by a customer through"
PLATFORM = "a delivery platform, for pickup or delivery in the county."
FEE = "An applicant pays a fee of fifty dollars to the board."
TERM = "A permit lasts two years and ends on the last day of June."


def compare(old, new):
    return compare_readings(make_reading(*old.items()), make_reading(*new.items()))


def list_natures(changes):
    return [(change.kind, change.nature, change.old_eid, change.eid) for change in changes]


BROKEN = {"3": ORDER, "3__p1": PLATFORM}
WHOLE = {"3": f"{ORDER} {PLATFORM}"}


def test_a_paragraph_broken_in_two_is_structural_both_ways():
    assert [("amended", "structural", "3", "3"), ("added", "structural", None, "3__p1")] == list_natures(
        compare(WHOLE, BROKEN)
    )
    assert [("amended", "structural", "3", "3"), ("removed", "structural", "3__p1", None)] == list_natures(
        compare(BROKEN, WHOLE)
    )
    assert {REASON} == {change.reason for change in compare(WHOLE, BROKEN)}


def test_a_word_that_left_with_the_break_is_a_rule_change():
    changes = compare(WHOLE, {**BROKEN, "3__p1": PLATFORM.replace("pickup or ", "")})

    assert {"substantive"} == {change.nature for change in changes}


def test_numbers_keep_their_points_when_words_are_held_against_each_other():
    rate = "The rate is 1.5 percent of the sum, and"

    changes = compare({"3": f"{rate} {FEE}"}, {"3": rate.replace("1.5", "15"), "3__p1": FEE})

    assert {"substantive"} == {change.nature for change in changes}


def test_sentences_that_got_numbers_of_their_own_are_structural():
    changes = compare({"a": f"{FEE} {TERM}"}, {"a": "", "a__1": FEE, "a__2": TERM})

    assert [("added", "structural", "a", "a__1"), ("added", "structural", None, "a__2")] == list_natures(changes)


def test_words_that_became_the_heading_of_their_paragraph_are_structural():
    old = make_reading(make_provision("a", f"Fees of clinics. {FEE}"))
    new = make_reading(make_provision("a", FEE, heading="Fees of clinics."))

    changes = compare_readings(old, new)

    assert {("text", "structural"), ("heading", "structural")} == {(one.part, one.nature) for one in changes}


def test_what_changes_beside_regrouped_words_keeps_its_nature():
    changes = compare({**WHOLE, "4": FEE}, {**BROKEN, "4": FEE.replace("fifty", "sixty")})

    assert [("amended", "substantive", "4", "4")] == [one for one in list_natures(changes) if one[1] == "substantive"]


def test_a_paragraph_divided_under_another_number_is_one_paragraph():
    changes = compare({"a": FEE, "g": f"{ORDER} {PLATFORM}"}, {"a": FEE, "h": ORDER, "h__p1": PLATFORM})

    assert ("amended", "structural", "g", "h") in list_natures(changes)
    assert {"structural"} == {change.nature for change in changes}


@pytest.mark.parametrize("place", ["", "b"])
def test_paragraphs_that_change_places_are_not_regrouped(place):
    step = f"{place}__" if place else ""
    above = {place: "A clinic:"} if place else {}
    old = {**above, f"{step}p1": FEE, f"{step}p2": f"{TERM} Twice."}
    new = {**above, f"{step}p1": f"{TERM} Thrice.", f"{step}p2": FEE}

    assert "substantive" in {change.nature for change in compare(old, new)}
