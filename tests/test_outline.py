"""Lines become a tree of provisions by their printed numbers."""

import pytest

from kb.models import Line
from kb.read.outline import MOST_LEVELS, build_provisions


def eids(*texts):
    """Read texts as unindented paragraphs and return the eids of their provisions."""
    return [part.eid for part in build_provisions([Line(text) for text in texts])]


def test_numbers_nest_by_their_styles():
    assert ["a", "a__1", "a__1__A", "a__1__A__i", "a__2", "b"] == eids(
        "(a) One", "(1) Two", "(A) Three", "(i) Four", "(2) Five", "(b) Six"
    )


def test_letter_i_after_h_is_a_letter():
    assert ["g", "h", "i", "j"] == [eid for eid in eids(*(f"({c}) x" for c in "abcdefghij")) if eid >= "g"]


def test_i_that_opens_a_list_is_roman():
    before = [f"({letter}) x" for letter in "abcdefg"]

    assert ["h", "h__i", "h__ii", "i"] == eids(*before, "(h) x:", "(i) y", "(ii) y", "(i) x")[-4:]


def test_numbers_on_one_line_open_one_provision_each_and_the_last_holds_the_text():
    parts = build_provisions([Line("(2)(a) The fee.")])

    assert [("2", ""), ("2__a", "The fee.")] == [(part.eid, part.text) for part in parts]


def test_inserted_and_skipped_numbers_stay_in_their_sequence():
    assert ["a", "a-1", "b", "d"] == eids("(a) x", "(a-1) x", "(b) x", "(d) x")


def test_misprinted_second_number_is_kept_apart():
    assert ["a", "b", "b~2", "c"] == eids("(a) x", "(b) x", "(b) y", "(c) x")


def test_a_number_that_goes_back_stands_beside_its_own_kind_and_a_first_one_opens_a_list():
    lettered = ["(w) x", "(x)(1) x", "(2) x"]

    assert ["w", "x", "x__1", "x__2", "[(w)]", "y"] == eids(*lettered, "[(w)] x", "(y) x")
    assert ["c", "c__1", "c__1__i", "d"] == eids("(c) x", "(1) x", "(i) x", "(d) x")


def test_an_outline_finds_back_after_a_letter_it_could_not_place():
    lines = ["(a) x", "(b)(1) x", "(i) x", "(9) x", "(c) x", "(1) x", "(d) x", "(e) x"]

    assert ["d", "e"] == eids(*lines)[-2:]


def test_stated_path_is_followed_and_missing_steps_are_opened():
    lines = [Line("x", number="(1)", path=("a", "1")), Line("y", number="(b)", path=("b",))]

    parts = build_provisions(lines)

    assert [("a", "(a)"), ("a__1", "(1)"), ("b", "(b)")] == [(part.eid, part.number) for part in parts]


def test_unnumbered_paragraphs_count_under_their_parent():
    assert ["p1", "a", "a__p1", "a__p2"] == eids("Intro.", "(a) One.", "More.", "Still more.")


def test_paragraph_outside_a_list_belongs_to_none_of_its_items():
    items = [Line("One.", number="a.", level=1, tag="li"), Line("Two.", number="1.", level=2, tag="li")]
    lines = [*items, Line("Out.")]

    assert ["a", "a__1", "p1"] == [part.eid for part in build_provisions(lines)]


def test_paragraph_after_an_unfinished_list_belongs_to_its_parent():
    assert "a__p1" == eids("(a) One:", "(1) two; or", "shall be fined.")[-1]


def test_number_alone_takes_the_text_of_the_next_line():
    assert [("a", "(a)", "Text.")] == [
        (p.eid, p.number, p.text) for p in build_provisions([Line("(a)"), Line("Text.")])
    ]


def test_table_row_is_named_by_its_first_cell():
    assert ["p1", "r_ketamine", "r_ketamine~2"] == [
        part.eid
        for part in build_provisions(
            [Line("Drugs:"), Line("Ketamine | III", tag="tr"), Line("Ketamine | IV", tag="tr")]
        )
    ]


def test_heading_opens_a_provision_and_wider_headings_close_it():
    lines = [Line("Part 1", tag="h2"), Line("Fees", tag="h3"), Line("(a) x"), Line("Part 2", tag="h2"), Line("y")]

    parts = build_provisions(lines)

    assert ["p1", "p1__p1", "p1__p1__a", "p2", "p2__p1"] == [part.eid for part in parts]
    assert ["Part 1", "Fees", "", "Part 2", ""] == [part.heading for part in parts]


def test_section_number_in_a_heading_names_its_provision():
    parts = build_provisions([Line("§ 12-101. Fees.", tag="h3"), Line("(a) x"), Line("§ 12-102. Hours.", tag="h3")])

    assert ["12-101", "12-101__a", "12-102"] == [part.eid for part in parts]
    assert ("§ 12-101.", "Fees.") == (parts[0].number, parts[0].heading)


def test_bold_run_with_a_section_number_is_a_heading_and_the_rest_its_text():
    part = build_provisions([Line("§ 12-101. Fees. The fee is $5.", lead="§ 12-101. Fees.")])[0]

    assert ("12-101", "Fees.", "The fee is $5.") == (part.eid, part.heading, part.text)


def test_indent_decides_between_levels_of_one_style():
    lines = [Line("(1) x", level=1), Line("(1) y", level=2), Line("(2) y", level=2), Line("(2) x", level=1)]

    assert ["1", "1__1", "1__2", "2"] == [part.eid for part in build_provisions(lines)]


def test_printed_number_goes_on_with_a_lists_own():
    lines = [Line("x", number="1.", level=1, tag="li"), Line("(2) y", level=1)]

    assert ["1", "2"] == [part.eid for part in build_provisions(lines)]


@pytest.mark.parametrize("label", ["(a)", "(R)", "(44)"])
def test_endless_numbers_do_not_nest_without_end(label):
    depths = [eid.count("__") for eid in eids(*(f"{label * 50} x" for _ in range(50)))]

    assert max(depths) < MOST_LEVELS
