"""Words for comparing: one form for what is printed in many ways, and what kind of word an edit moved."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.compare.wording import cut_words, find_edits, get_keys, has_same_words


def show_keys(text, *, styled=True):
    return " ".join(get_keys(cut_words(text, styled=styled)))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("The Board, [or its] agent;", "the board or its agent"),
        ("a 30-day long-term plan", "a 30 day long term plan"),
        ("§ 25-101(a-1) and/or VIII-A", "§ 25-101 a-1 and/or viii-a"),
        ("$1,000.50 or 5%", "$ 1000.50 or 5 %"),
        ("it may act by May 4", "it may act by month-may 4"),
    ],
)
def test_words_are_cut_without_punctuation(text, keys):
    assert keys == show_keys(text, styled=False)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("thirty (30) days", "30 days"),
        ("twenty-one days", "21 days"),
        ("shall not be issued pursuant to sections 5", "may not be issued under §§ 5"),
        ("shall be licensed", "is licensed"),
        ("no later than", "not later than"),
        ("his or her license", "the person's license"),
        ("5 per cent", "5%"),
    ],
)
def test_phrases_of_one_effect_have_one_form(one, other):
    assert show_keys(one) == show_keys(other)


@pytest.mark.parametrize(
    ("one", "other"), [("may act", "shall act"), ("within 5 days", "by 5 days"), ("(2) rules", "rules"), ("1.5", "15")]
)
def test_phrases_of_other_effect_stay_apart(one, other):
    assert show_keys(one) != show_keys(other)


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("one third; and", "One-third, and", True),
        ("§ 21-11 .13", "§ 21-11.13", True),
        ("(1) a fee", "1. a fee", True),
        ("1.5 mg", "15 mg", False),
        ("5%", "5", False),
        ("a fee", "the fee", False),
    ],
)
def test_punctuation_case_and_spacing_are_told_from_words(old, new, same):
    assert same == has_same_words(old, new)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("within 30 days of", "within 45 days of", ("30 days", "45 days")),
        ("a fee of $500 is", "a fee of $1,000 is", ("$500", "$1,000")),
        ("until May 4 of", "until May 14 of", ("May 4", "May 14")),
        ("paragraph (b) of", "paragraph (c) of", ("(b)", "(c)")),
        ("a nurse may act", "a doctor may act", ("nurse", "doctor")),
    ],
)
def test_a_lone_word_is_shown_with_what_belongs_to_it(old, new, shown):
    edits = find_edits(old, new)

    assert [shown] == [edit.shown for edit in edits]


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        ("within 30 days", "within 45 days", {("number", "30"), ("number", "45")}),
        ("under § 5", "under § 6", {("reference", "5"), ("reference", "6")}),
        ("by May 4, 2024", "by June 4, 2024", {("date", "month-may"), ("date", "june")}),
        ("this chapter", "this title", {("reference", "chapter"), ("reference", "title")}),
        ("shall act", "must serve", {("plain", "act"), ("plain", "serve")}),
    ],
)
def test_the_kind_of_each_moved_word_is_told(old, new, moved):
    edits = find_edits(old, new, styled=False)

    assert moved == set().union(*(edit.moved for edit in edits))


@given(st.text(), st.text())
def test_any_text_can_be_compared_and_equal_texts_have_no_edits(old, new):
    assert [] == find_edits(old, old)
    assert all(edit.old or edit.new for edit in find_edits(old, new))


def test_edits_far_apart_in_a_long_text_are_all_found():
    filler = "The board adopts rules for every clinic. " * 50

    edits = find_edits(f"Old {filler} 30 {filler} end", f"New {filler} 45 {filler} end")

    assert [("Old", "New"), ("30", "45")] == [edit.shown for edit in edits]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A permit shall not be transferable.", "A permit is not transferable."),
        ("No person shall sell a vial.", "No person may sell a vial."),
        ("No person shall be served.", "No person is served."),
        ("Nothing shall be construed to bar it.", "Nothing may be construed to bar it."),
        ("The provisions of this chapter apply to vials.", "This chapter applies to vials."),
        ("A vial described in § 12-1 is sealed.", "A vial as set forth in § 12-1 is sealed."),
        ("It is sealed pursuant to the provisions of § 12-1.", "It is sealed under § 12-1."),
        ("A vial is given in lieu of a dose.", "A vial is given instead of a dose."),
    ],
)
def test_phrases_of_one_effect_are_one_style(old, new):
    assert [] == find_edits(old, new)
