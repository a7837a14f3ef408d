"""Texts divided into numbered paragraphs, or joined from them, are told at the paragraphs alone."""

import msgspec

from kb.compare.divided import fold_divided
from kb.models import Change
from tests.build import make_reading

WHOLE = "An applicant pays a fee and files a form."
# Every provision stands where it stood.
SAME = {eid: eid for eid in ("", "a", "b", "d")}
FIRST, SECOND = "An applicant pays a fee.", "An applicant files a form."


def make_change(kind, old_eid, eid, old="", new="", **fields):
    return Change(
        kind=kind, part="text", nature="substantive", old_eid=old_eid, eid=eid, old_text=old, new_text=new, **fields
    )


def test_an_emptied_text_is_carried_by_the_first_paragraph_below_it():
    emptied = make_change("amended", "a", "a", WHOLE, "")
    paragraphs = [make_change("added", None, "a__1", "", FIRST), make_change("added", None, "a__2", "", SECOND)]
    new = make_reading(("a", ""), ("a__1", FIRST), ("a__2", SECOND))

    found = fold_divided([emptied, *paragraphs], new, SAME, "added")

    assert [("a", "a__1", WHOLE, FIRST), (None, "a__2", "", SECOND)] == [
        (change.old_eid, change.eid, change.old_text, change.new_text) for change in found
    ]
    assert found[0].reason.startswith("divided into paragraphs; ")


def test_vanished_unnumbered_paragraphs_are_carried_together():
    gone = [make_change("removed", "p1", None, FIRST, ""), make_change("removed", "p2", None, SECOND, "")]
    came = make_change("added", None, "a", "", WHOLE)

    found = fold_divided([*gone, came], make_reading(("a", WHOLE)), SAME, "added")

    assert [("", "a", f"{FIRST}\n{SECOND}")] == [(change.old_eid, change.eid, change.old_text) for change in found]


def test_a_filled_text_is_carried_by_the_first_paragraph_that_left():
    filled = make_change("amended", "a", "a", "", WHOLE)
    gone = [make_change("removed", "a__1", None, FIRST, ""), make_change("removed", "a__2", None, SECOND, "")]
    old = make_reading(("a", ""), ("a__1", FIRST), ("a__2", SECOND))

    found = fold_divided([filled, *gone], old, SAME, "removed")

    assert [("a__1", "a", FIRST, WHOLE), ("a__2", None, SECOND, "")] == [
        (change.old_eid, change.eid, change.old_text, change.new_text) for change in found
    ]
    assert found[0].reason.startswith("paragraphs joined; ")


def test_a_paragraph_that_leaves_while_others_stay_unnumbered_is_told_by_itself():
    changes = [make_change("removed", "p1", None, FIRST, ""), make_change("added", None, "a", "", WHOLE)]
    new = make_reading(("p1", SECOND), ("a", WHOLE))

    assert changes == fold_divided(changes, new, SAME, "added")


def test_an_edited_text_a_renumbered_one_and_a_subtree_are_left_alone():
    changes = [
        make_change("amended", "a", "a", WHOLE, FIRST),
        make_change("amended", "b", "c", WHOLE, ""),
        make_change("removed", "p1", None, WHOLE, "", count=3),
        make_change("added", None, "a__1", "", SECOND),
        make_change("added", None, "b__1", "", SECOND),
        make_change("added", None, "d", "", SECOND),
    ]

    assert changes == fold_divided(changes, make_reading(), SAME, "added")


def test_a_changed_note_is_no_divided_text():
    note = Change(
        kind="amended", part="note", nature="editorial", old_eid="a", eid="a", old_text="Law 1-1", new_text=""
    )
    came = make_change("added", None, "a__1", "", FIRST)

    assert [note, came] == fold_divided([note, came], make_reading(), SAME, "added")


def test_an_emptied_text_is_carried_by_the_first_paragraph_that_was_edited_below_it():
    emptied = make_change("amended", "a", "a", WHOLE, "")
    edited = make_change("amended", "a__1", "a__1", "By card.", WHOLE)
    new = make_reading(("a", ""), ("a__1", WHOLE))

    found = fold_divided([emptied, edited], new, {**SAME, "a__1": "a__1"}, "added")

    assert [("a__1", "a__1", f"{WHOLE}\nBy card.", WHOLE)] == [
        (change.old_eid, change.eid, change.old_text, change.new_text) for change in found
    ]


def test_a_lead_that_came_above_edited_paragraphs_is_carried_by_the_first_of_them():
    lead = make_change("amended", "a", "a", "", "An applicant:")
    edited = make_change("amended", "a__1", "a__1", FIRST, "Pays a fee.")

    found = fold_divided([lead, edited], make_reading(("a", ""), ("a__1", FIRST)), SAME, "removed")

    assert [(FIRST, "An applicant:\nPays a fee.")] == [(change.old_text, change.new_text) for change in found]


def test_words_that_stand_nowhere_again_are_not_called_divided():
    emptied = make_change("amended", "a", "a", WHOLE, "")
    came = make_change("added", None, "a__1", "", "Nobody may enter the vault at night.")

    found = fold_divided([emptied, came], make_reading(("a", "")), SAME, "added")

    assert ["with the words above it; "] == [change.reason for change in found]


def test_a_structural_or_emptied_paragraph_carries_nothing():
    emptied = make_change("amended", "a", "a", WHOLE, "")
    others = [
        make_change("amended", "a__1", "a__1", FIRST, ""),
        msgspec.structs.replace(make_change("added", None, "a__2", "", SECOND), nature="structural"),
    ]

    assert [emptied, *others] == fold_divided([emptied, *others], make_reading(("a", "")), SAME, "added")


def test_a_vanished_paragraph_is_carried_below_its_parent_new_number():
    gone = make_change("removed", "a__p1", None, FIRST)
    came = [make_change("added", None, "a__1", "", SECOND), make_change("added", None, "b__1", "", FIRST)]

    found = fold_divided([gone, *came], make_reading(("b", "")), {"": "", "a": "b"}, "added")

    assert [(None, "a__1"), ("a", "b__1")] == [(change.old_eid, change.eid) for change in found]
