"""What a re-rendered page changed, and what only its rendering moved."""

import msgspec

from kb.compare.rerender import Compared, find_unmoved, is_rendered_anew
from kb.models import Place, Provision, Reading


def law(document: str, *texts: str, numbers: str = "abcdefgh") -> Reading:
    parts = [
        Provision(eid=number, number=f"({number})", text=text) for number, text in zip(numbers, texts, strict=False)
    ]
    return Reading(
        document=document, citation=document, strand="current", provisions=(Provision(eid="", heading="Fees."), *parts)
    )


def compared(old: Reading | None, new: Reading | None) -> Compared:
    known = old or new
    assert known is not None
    return Compared(Place(known.document, known.strand), old, new)


def test_markup_of_another_program_is_told_from_one_more_paragraph():
    before = {"p": 900, 'h3 class="section"': 100}

    assert is_rendered_anew(before, {"p": 700, "h3": 100, "li": 200})
    assert not is_rendered_anew(before, {"p": 930, 'h3 class="section"': 101})
    assert not is_rendered_anew({}, before)


def test_labels_that_are_printed_otherwise_move_no_law():
    old = law("us-xx/code/1", "The fee under subsection (b)(2) is due.", "It is 30 dollars.")
    new = law("us-xx/code/1", "The fee under subsection is due.", "(1) It is 30 dollars.", numbers="12")

    assert {Place("us-xx/code/1", "current")} == find_unmoved([compared(old, new)])


def test_text_that_slips_under_the_next_heading_moves_no_law():
    first = (law("us-xx/code/1", "The fee is due.", "The board may waive it."), law("us-xx/code/1", "The fee is due."))
    second = (law("us-xx/code/2", "Records stay."), law("us-xx/code/2", "The board may waive it.", "Records stay."))

    found = find_unmoved([compared(*first), compared(*second)])

    assert {Place("us-xx/code/1", "current"), Place("us-xx/code/2", "current")} == found


def test_a_number_or_word_of_the_law_that_changed_is_never_taken_for_rendering():
    amended = compared(law("us-xx/code/1", "It is 30 dollars."), law("us-xx/code/1", "It is 45 dollars."))
    duty = compared(law("us-xx/code/2", "The board may act."), law("us-xx/code/2", "The board shall act."))
    moved = compared(law("us-xx/code/3", "(1) Text stays."), law("us-xx/code/3", "Text stays."))

    assert {Place("us-xx/code/3", "current")} == find_unmoved([amended, duty, moved])


def test_a_document_that_came_or_went_with_new_words_is_a_change():
    came = compared(None, law("us-xx/code/4", "A permit is required."))

    assert set() == find_unmoved([came])
    assert set() == find_unmoved([compared(law("us-xx/code/5", "A hearing is held."), None)])


def test_a_link_that_cuts_a_number_in_two_moves_no_law():
    old = law("us-xx/code/6", "See 21-17-10 for fees.")
    new = msgspec.structs.replace(law("us-xx/code/6", "See 21-17-1 0 for fees."))

    assert {Place("us-xx/code/6", "current")} == find_unmoved([compared(old, new)])
