"""Printed numbers are read as every place in a sequence they can stand for."""

import pytest

from kb.read.labels import LABEL, SECTION, ListFrame, Rank, print_ordinal, read_label


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("(a) The board", "(a)"),
        ("(iv) The board", "(iv)"),
        ("(a-1) The board", "(a-1)"),
        ("([1]) The board", "([1])"),
        ("12. The board", "12."),
        ("B. The board", "B."),
        ("8.4.1 The board", "8.4.1"),
        ("Sec. 8. The board", "Sec. 8."),
        ("Subd. 2. The board", "Subd. 2."),
        ("§ 3. The board", "§ 3."),
        ("(12)(B) The board", "(12)"),
    ],
)
def test_number_is_found_at_the_start_of_a_line(text, number):
    assert number == LABEL.match(text)[1]


@pytest.mark.parametrize(
    "text", ["A kite", "(except kites)", "2.5 kg of kites", "(2016) kites", "I fly", "1999 was windy"]
)
def test_words_and_quantities_are_no_numbers(text):
    assert LABEL.match(text) is None


def test_ambiguous_letter_keeps_both_readings():
    assert (Rank("(a", 9), Rank("(i", 1)) == read_label("(i)")


def test_doubled_letter_is_the_twenty_seventh_or_the_first_of_its_own_style():
    assert (Rank("(a", 27), Rank("(aa", 1)) == read_label("(aa)")


def test_capital_l_may_stand_for_a_small_one():
    assert Rank("(a", 12) in read_label("(L)")


def test_inserted_number_keeps_its_suffix():
    assert (Rank("(d", 9, "a"),) == read_label("(9a)")
    assert Rank("(a", 1, "-1") in read_label("(a-1)")


def test_dotted_chain_counts_by_its_last_step():
    assert (Rank(".x3", 1),) == read_label("8.4.1")


def test_word_is_no_sequence_number():
    assert () == read_label("(see)")


@pytest.mark.parametrize(
    ("style", "value", "printed"),
    [("d", 12, "12"), ("a", 2, "b"), ("A", 27, "AA"), ("i", 14, "xiv"), ("I", 9, "IX"), ("aa", 2, "bb")],
)
def test_ordinals_print_in_their_style(style, value, printed):
    assert printed == print_ordinal(style, value)


def test_list_counts_from_its_start_and_jumps_to_a_value():
    frame = ListFrame("ol", ' type="a" start="3"')

    markers = [frame.mark_item(""), frame.mark_item(' value="7"'), frame.mark_item("")]

    assert ["c.", "g.", "h."] == markers


def test_list_style_may_be_told_by_a_class_name():
    assert "I." == ListFrame("ol", ' class="upper-roman"').mark_item("")
    assert "a." == ListFrame("ol", ' class="alpha"').mark_item("")


def test_unordered_list_prints_no_number():
    assert "" == ListFrame("ul", "").mark_item("")


@pytest.mark.parametrize(
    ("heading", "number"),
    [
        ("§ 12-305. Fees", "§ 12-305."),
        ("Sec. 8.4.2 Fees", "Sec. 8.4.2"),
        ("12:3-1 Scope", "12:3-1"),
        ("9.010 Kites", "9.010"),
    ],
)
def test_section_number_is_told_from_its_catchline(heading, number):
    assert number == SECTION.match(heading)[1]


@pytest.mark.parametrize("text", ["§ 12-305 and what follows", "12 Fees", "Fees of 12-305"])
def test_reference_is_no_section_heading(text):
    assert SECTION.match(text) is None
