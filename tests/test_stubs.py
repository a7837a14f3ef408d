"""A provision whose place a stub took is one removal, with all that stood in it."""

import pytest

from kb.compare.readings import compare_readings
from kb.compare.stubs import fold_repealed
from kb.models import Change
from tests.build import make_provision, make_reading

FEE = "An applicant pays a fee of fifty dollars to the board."
TERM = "A permit lasts two years and ends on the last day of June."
RECORD = "The clinic keeps a record of each dose it has given."
OTHER = [make_provision("6", heading="Records"), make_provision("6__a", RECORD)]


def make_law(*texts, heading="Fees"):
    below = [make_provision(f"5__{letter}", text) for letter, text in zip("abcdef", texts, strict=False)]
    return make_reading(make_provision("5", heading=heading), *below, *OTHER)


def note_removal(parts):
    return Change(kind="removed", part="text", nature="substantive", eid=None, old_eid=parts[0].eid)


def tell(changes):
    return [(change.kind, change.part, change.old_eid, change.eid) for change in changes]


@pytest.mark.parametrize("stub", ["[Repealed]", "Repealed.", "[Repealed by Law 9-9]"])
def test_a_section_that_became_a_stub_is_one_removal_with_what_stood_in_it(stub):
    (change,) = compare_readings(make_law(FEE, TERM), make_law(heading=stub))

    assert ("removed", "substantive", "5", None, 3) == (
        change.kind,
        change.nature,
        change.old_eid,
        change.eid,
        change.count,
    )
    assert FEE in change.old_text
    assert TERM in change.old_text
    assert f"repealed, “{stub}” stands in its place" == change.reason


def test_a_stub_that_says_so_below_its_heading_too_is_one_removal():
    assert 1 == len(compare_readings(make_law(FEE, TERM), make_law("Repealed.", heading="[Repealed]")))


def test_a_stub_with_law_below_it_is_no_stub():
    changes = compare_readings(make_law(FEE, TERM), make_law(FEE, heading="[Repealed]"))

    assert ("amended", "heading", "5", "5") in tell(changes)
    assert ("removed", "text", "5__b", None) in tell(changes)


def test_what_was_a_stub_before_is_not_repealed_again():
    old, new = make_law(heading="[Repealed]"), make_law(heading="[Repealed by Law 9-9]")

    assert [] == [change for change in compare_readings(old, new) if change.kind == "removed"]


def test_a_lone_text_that_became_a_stub_stays_one_change_as_it_is():
    old, new = (make_reading(("a", text), *OTHER) for text in (FEE, "Repealed."))

    assert 1 == len(compare_readings(old, new))


def test_changes_outside_of_the_stub_and_notes_stay():
    edit = Change(kind="amended", part="text", nature="substantive", eid="6__a", old_eid="6__a")
    head = Change(kind="amended", part="heading", nature="substantive", eid="5", old_eid="5", old_text="Fees")
    note = Change(kind="amended", part="note", nature="editorial", eid="5", old_eid="5")
    below = Change(kind="removed", part="text", nature="substantive", eid=None, old_eid="5__a")
    come = Change(kind="added", part="text", nature="substantive", eid="5__p1", old_eid=None)

    old, new = make_law(FEE), make_law(heading="[Repealed]")
    told = fold_repealed([edit, head, note, below, come], old, new, note_removal)

    assert [edit, note] == told[:2]
    assert [("removed", "text", "5", None)] == tell(told[2:])


def test_where_nothing_was_repealed_the_changes_are_the_same():
    changes = [Change(kind="amended", part="heading", nature="editorial", eid="5", old_eid="5", old_text="Fees")]

    assert changes is fold_repealed(changes, make_law(FEE), make_law(FEE, heading="Costs"), note_removal)
