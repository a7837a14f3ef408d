"""A page that is the rule and one that merely answers: how much is kept, what broke off, what says nothing of law."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.compare.trust import (
    Cut,
    count_numbered,
    find_cut,
    has_lost_structure,
    is_doubled,
    list_texts,
    looks_refused,
    loses_whole_sections,
    measure_kept,
    speaks_of_law,
)
from kb.models import Act, Reference
from tests.build import make_provision, make_reading

FEE = "An applicant pays a fee of fifty dollars to the board before the hearing is held."
TERM = "A permit lasts two years and ends on the last day of June unless it is renewed."
RECORD = "The clinic keeps a record of each dose it has given and shows it on request."
SEALS = "Every vial bears a seal that is broken before two witnesses and no earlier."
LAW = (("a", FEE), ("b", TERM), ("c", RECORD), ("d", SEALS))


def make_section(number, *texts, heading=""):
    """Make a section with a heading and paragraphs below it."""
    head = make_provision(number, heading=heading or f"Section {number}")
    return [head, *(make_provision(f"{number}__{at}", text) for at, text in enumerate(texts, 1))]


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_an_equal_page_keeps_all_and_another_page_nothing():
    law = make_reading(*LAW)

    assert 1.0 == measure_kept([law], [law])
    assert 0.0 == measure_kept([law], [make_reading(("a", "Wholly unlike words stand here today."), heading="Sorry")])


def test_text_under_another_number_is_kept():
    moved = make_reading(*((f"x__{eid}", text) for eid, text in LAW))

    assert 1.0 == measure_kept([make_reading(*LAW)], [moved])


def test_a_page_that_showed_nothing_keeps_all():
    assert 1.0 == measure_kept([], [make_reading(*LAW)]) == measure_kept([make_reading(heading="")], [])


def test_of_texts_that_are_gone_the_runs_of_words_that_remain_count():
    edited = make_reading(*((eid, text.replace("the", "each")) for eid, text in LAW))

    assert 0.25 < measure_kept([make_reading(*LAW)], [edited]) < 1.0


def test_single_words_count_for_a_short_text_unless_runs_are_asked_for():
    old, new = (make_reading(("p1", text), heading="") for text in ("the of to and", "to the and of"))

    assert measure_kept([old], [new]) > measure_kept([old], [new], words=3)


def test_what_a_stub_stands_for_and_what_came_elsewhere_is_not_missed():
    old = make_reading(*make_section("1", FEE, TERM, RECORD), *make_section("2", SEALS))
    stub = make_reading(make_provision("1", heading="[Repealed]"), *make_section("2", SEALS))
    left = make_reading(*make_section("2", SEALS))

    assert 1.0 == measure_kept([old], [stub])
    assert measure_kept([old], [left]) < measure_kept([old], [left], {FEE, TERM, RECORD}) < 1.0


def test_a_stub_of_another_document_stands_for_nothing():
    old = make_reading(*make_section("1", FEE, TERM, RECORD))
    other = make_reading(make_provision("1", heading="[Repealed]"), document="us-xx/code/9-9")

    assert measure_kept([old], [other]) < 0.25


TEXTS = st.lists(st.text(st.sampled_from("abc ."), min_size=1, max_size=30), max_size=6)


def read_texts(texts):
    return make_reading(*((f"p{at}", text) for at, text in enumerate(texts, 1)), heading="")


@given(TEXTS, TEXTS)
def test_the_kept_share_is_a_share_and_one_for_equal_pages(old, new):
    before, after = read_texts(old), read_texts(new)

    assert 0.0 <= measure_kept([before], [after]) <= 1.0
    assert 1.0 == measure_kept([before], [before])
    assert 1.0 == measure_kept([before], [read_texts([*old, *new])])


# -- whole sections ---------------------------------------------------------------------------------------------------

SECTIONS = (make_section("1", FEE), make_section("2", TERM), make_section("3", RECORD), make_section("4", SEALS))


def make_title(*numbers, **fields):
    return make_reading(*(part for number in numbers for part in SECTIONS[number - 1]), **fields)


@pytest.mark.parametrize("left", [(2, 3, 4), (1, 2, 4), (1, 4), (3, 4), (1, 2, 3)])
def test_sections_lost_as_wholes_are_believed(left):
    assert loses_whole_sections(make_title(1, 2, 3, 4), make_title(*left))


@pytest.mark.parametrize("left", [(1, 2), (1,)])
def test_several_sections_lost_at_the_end_may_have_been_cut(left):
    assert not loses_whole_sections(make_title(1, 2, 3, 4), make_title(*left))


def test_nothing_lost_nothing_left_something_altered_or_another_heading_is_no_loss_of_sections():
    whole = make_title(1, 2, 3, 4)
    altered = make_reading(*SECTIONS[0], *make_section("2", TERM.replace("two", "three")))

    others = [whole, make_reading(), altered, make_title(1, 2, 4, heading="Sorry")]

    assert [False] * 4 == [loses_whole_sections(whole, other) for other in others]


def test_paragraphs_without_headings_are_no_sections():
    assert not loses_whole_sections(make_reading(*LAW), make_reading(*LAW[:2]))


# -- refusals ---------------------------------------------------------------------------------------------------------


def test_a_short_page_without_numbers_that_refuses_twice_over_looks_refused():
    assert looks_refused([make_reading(("p1", "Please try again after you sign in."), heading="")])


@pytest.mark.parametrize(
    "reading",
    [
        make_reading(("p1", "The permit is unavailable to minors."), heading=""),
        make_reading(("a", "Please try again after you sign in."), heading=""),
        make_reading(("p1", "Try again after you sign in. " + FEE * 20), heading=""),
    ],
)
def test_one_such_word_a_number_or_a_long_text_is_no_refusal(reading):
    assert not looks_refused([reading])


def test_printed_numbers_are_counted_and_paragraphs_are_not():
    assert 2 == count_numbered([make_reading(("a", FEE), ("b", TERM), ("p1", RECORD))])


def test_structure_is_lost_when_three_numbers_became_none():
    plain = make_reading(("p1", "Sorry"))

    assert has_lost_structure([make_reading(*LAW[:3])], [plain])
    assert not has_lost_structure([make_reading(*LAW[:2])], [plain])
    assert not has_lost_structure([make_reading(*LAW)], [make_reading(*LAW[:1])])


# -- texts that break off ---------------------------------------------------------------------------------------------

BROKEN = "A permit lasts two years and ends on"


def test_a_text_that_breaks_off_with_nothing_of_the_rest_is_cut_and_tells_how_much_is_gone():
    assert Cut(BROKEN, 2) == find_cut(make_reading(*LAW), make_reading(LAW[0], ("b", BROKEN)))


def test_a_line_of_the_page_s_frame_behind_it_alters_nothing():
    assert Cut(BROKEN, 2) == find_cut(make_reading(*LAW), make_reading(LAW[0], ("b", BROKEN), ("p1", "Contact us")))


def test_a_text_under_another_number_is_found_to_break_off_too():
    assert Cut(BROKEN, 2) == find_cut(make_reading(*LAW), make_reading(LAW[0], ("a__b", BROKEN)))


def test_the_last_text_shortened_lost_nothing_behind_it():
    assert Cut("Every vial bears a seal", 0) == find_cut(make_reading(*LAW), make_reading(*LAW[:3], ("d", SEALS[:23])))


@pytest.mark.parametrize(
    "parts",
    [
        LAW,
        LAW[:2],
        (LAW[0], ("b", BROKEN), LAW[2]),
        (LAW[0], ("b", f"{BROKEN}.")),
        (LAW[0], ("b", "Other words that end without")),
        (LAW[0], ("b", "A permit")),
        (),
    ],
)
def test_a_text_that_goes_on_ends_or_never_was_longer_is_not_cut(parts):
    assert find_cut(make_reading(*LAW), make_reading(*parts)) is None


# -- doubled pages ----------------------------------------------------------------------------------------------------


def test_a_page_with_most_texts_twice_is_doubled_and_an_equal_one_is_not():
    once, twice = make_reading(*LAW), make_reading(*LAW, *((f"{eid}~2", text) for eid, text in LAW))

    assert is_doubled([once], [twice])
    assert not is_doubled([once], [once])
    assert not is_doubled([twice], [twice])


@pytest.mark.parametrize("count", [1, 2])
def test_a_page_with_half_of_its_texts_twice_or_too_few_of_them_is_not_doubled(count):
    again = [(f"{eid}~2", text) for eid, text in LAW[:count]]

    assert not is_doubled([make_reading(*LAW)], [make_reading(*LAW, *again)])
    assert not is_doubled([make_reading(*LAW[:2])], [make_reading(*LAW[:2], *again)])


# -- what speaks of law -----------------------------------------------------------------------------------------------

OLD = [make_reading(*make_section("12-103", FEE, heading="Permits for moorings"), heading="Moorings")]


@pytest.mark.parametrize(
    "text",
    ["The panel shall decide.", "Superseded in May.", "See § 4.", "[Reserved]", "12-103 is no more.",
     "Permits for moorings: ask the panel."],
)  # fmt: skip
def test_words_of_law_and_the_page_s_own_names_speak_of_law(text):
    assert speaks_of_law(OLD, [make_reading(("p1", text), heading="")])


@pytest.mark.parametrize("text", ["Moorings", "Back on Monday.", "You may try again.", "Section 8 of the library", ""])
def test_common_words_do_not(text):
    assert not speaks_of_law(OLD, [make_reading(("p1", text), heading="")])


def test_the_number_at_the_head_of_a_text_names_a_section_too():
    old = [make_reading(("p1", f"Rule 7-201. {FEE}"), heading="")]

    told = [speaks_of_law(old, [make_reading(("p1", text), heading="")]) for text in ("7-201 is gone", "201 is gone")]

    assert [True, False] == told


def test_citations_and_acts_do():
    cites = make_reading(references=(Reference("", "Title 40", "code", "40"),))
    acts = make_reading(acts=(Act("Law 9-9"),))

    assert [True, True] == [speaks_of_law((), [reading]) for reading in (cites, acts)]


def test_texts_are_listed_in_canonical_form_headings_first():
    assert ["Fees", "a “b”".replace("“", '"').replace("”", '"')] == list_texts(
        make_reading(("a", "a\u00a0 “b”"), heading="Fees")
    )
