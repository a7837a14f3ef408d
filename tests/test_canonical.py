"""Canonical text folds how law is printed and never what it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.read.canonical import fold_number, fold_text, squeeze_text

# Texts made of what folding touches: quotes, dashes, blanks, invisible signs, letters with loose accents.
PRINTED = st.text(st.sampled_from("aE1.;\u2019\u201c\u2013\u2014\u00a0\u2003\u00ad\u200b\ufeff\u0301\u0327\u1ffd \n\t"))


@pytest.mark.parametrize(
    ("printed", "folded"),
    [
        ("  The\tboard \n may ", "The board may"),
        ("\u201clicense\u201d of the board\u2019s", '"license" of the board\'s'),
        ("2019\u20132021 \u2014 long\u2011term \u22125", "2019-2021 - long-term -5"),
        ("\u00a7\u00a012", "\u00a7 12"),
        ("keta\u00admine\u200b", "ketamine"),
        ("cafe\u0301", "caf\u00e9"),
        ("", ""),
    ],
)
def test_typography_is_folded(printed, folded):
    assert folded == fold_text(printed)


@pytest.mark.parametrize(("one", "other"), [("Board", "board"), ("may", "shall"), ("30", "45"), ("1.5", "15")])
def test_words_case_and_numbers_are_not_folded(one, other):
    assert fold_text(one) != fold_text(other)


@given(st.one_of(st.text(), PRINTED))
def test_folding_twice_changes_nothing_more(text):
    folded = fold_text(text)

    assert folded == fold_text(folded)


@given(st.one_of(st.text(), PRINTED))
def test_squeezing_ignores_what_folding_folds(text):
    squeezed = squeeze_text(text)

    assert squeezed == squeeze_text(fold_text(text)) == squeeze_text(squeezed)


@pytest.mark.parametrize("text", ["The \u201cBoard\u201d may;", "the board, may.", "THE BOARD\u2014MAY"])
def test_squeezed_text_holds_letters_and_digits_only(text):
    assert "theboardmay" == squeeze_text(text)


@pytest.mark.parametrize(
    ("printed", "segment"),
    [
        ("(a)", "a"),
        ("1.", "1"),
        ("(a\u20111)", "a-1"),
        ("IV)", "IV"),
        (" (iii) ", "iii"),
        ("(2).", "2"),
        ("\u00a7 12-3.", "12-3"),
        ("8.4.1", "8.4.1"),
        ("[1]", "[1]"),
        ("[(2)]", "[(2)]"),
        ("(a)(1)", "(a)(1)"),
        ("", ""),
    ],
)
def test_printed_number_becomes_a_segment_of_the_eid(printed, segment):
    assert segment == fold_number(printed)


@pytest.mark.parametrize(
    ("printed", "folded"),
    [
        ("Ketamine ............ 7285", "Ketamine 7285"),
        ("Fee . . . . . . . $5", "Fee $5"),
        ("Fee ....... ", "Fee"),
        ("and so on ... or not", "and so on ... or not"),
        ("It ends. . . . Then", "It ends. . . . Then"),
        ("1.2.3.4.5.6", "1.2.3.4.5.6"),
    ],
)
def test_leaders_of_dots_are_folded_and_ellipses_are_not(printed, folded):
    assert folded == fold_text(printed) == fold_text(fold_text(printed))


@pytest.mark.parametrize(
    ("number", "segment"),
    [
        ("Sec. 8.", "8"),
        ("Section 8.", "8"),
        ("Subd. 2a.", "2a"),
        ("Subdivision 1.", "1"),
        ("*(10)", "10"),
        ("(1.)", "1"),
        ("2)", "2"),
        ("I-a.", "I-a"),
        ("Sec. 08.04.020.", "08.04.020"),
        ("8.4.1.", "8.4.1"),
    ],
)
def test_segment_holds_no_word_for_the_unit_and_no_mark(number, segment):
    assert segment == fold_number(number)
