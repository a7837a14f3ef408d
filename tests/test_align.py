"""Pairing provisions: which old provision is which new one, and on what proof."""

from itertools import pairwise

import pytest

from kb.compare.align import align_provisions, find_akin
from kb.compare.eids import is_unnumbered, parent_of
from tests.build import make_provision

LETTERS = "abcdefghijklmnopqrstuvwxyz"
FEE = "An applicant pays a fee of fifty dollars to the board."
TERM = "A permit lasts two years and ends on the last day of June."
RECORD = "The clinic keeps a record of each dose it has given."
NOTICE = "The board sends a notice before any hearing is held."


def pair(old, new):
    """Return (old eid, new eid) of every provision of both sides, each side a mapping of eids to texts."""
    sides = [[make_provision(eid, text) for eid, text in side.items()] for side in (old, new)]
    return [(one.old and one.old.eid, one.new and one.new.eid) for one in align_provisions(*sides)]


def count_up(texts, first=0):
    return {LETTERS[first + at]: text for at, text in enumerate(texts)}


def test_equal_text_under_the_same_number_is_believed_before_equal_text_elsewhere():
    found = pair({"a": FEE, "b": TERM}, {"a": FEE, "b": FEE, "c": TERM})

    assert [("a", "a"), (None, "b"), ("b", "c")] == found


def test_a_paragraph_inserted_first_moves_every_other_and_is_alone_new():
    texts = [f"A clinic of class {name} files report number {at}." for at, name in enumerate(LETTERS[:20])]

    found = pair(count_up(texts), {"a": FEE, **count_up(texts, 1)})

    assert [(None, "a"), *pairwise(LETTERS[:21])] == found


def test_a_paragraph_repealed_in_the_middle_is_alone_removed():
    found = pair(count_up([FEE, TERM, RECORD, NOTICE]), count_up([FEE, RECORD, NOTICE]))

    assert [("a", "a"), ("c", "b"), ("d", "c"), ("b", None)] == found


def test_texts_that_change_places_keep_their_identity():
    assert [("b", "a"), ("a", "b")] == pair({"a": FEE, "b": TERM}, {"a": TERM, "b": FEE})


def test_a_rewritten_text_keeps_its_number():
    assert [("a", "a")] == pair({"a": FEE}, {"a": "Nothing of the former words stands here today at all."})


def test_shifted_unnumbered_paragraphs_are_paired_by_their_text():
    found = pair({"p1": FEE, "p2": TERM}, {"p1": NOTICE, "p2": FEE, "p3": TERM})

    assert [(None, "p1"), ("p1", "p2"), ("p2", "p3")] == found


def test_an_edited_unnumbered_paragraph_finds_the_most_alike_one_of_its_parent():
    old = {"a__p1": FEE, "a__p2": RECORD, "b__p1": TERM}
    new = {"a__p1": RECORD.replace("each", "every"), "a__p2": FEE.replace("fifty", "sixty"), "b__p1": NOTICE}

    found = pair(old, new)

    assert [("a__p2", "a__p1"), ("a__p1", "a__p2"), (None, "b__p1"), ("b__p1", None)] == found


def test_an_edited_paragraph_of_a_few_words_keeps_its_place():
    assert [("p1", "p1")] == pair({"p1": "Fee: $50"}, {"p1": "Fee: $75"})
    assert [(None, "p1"), ("p1", None)] == pair({"p1": "Repealed."}, {"p1": "Fee: $75"})


def test_a_numbered_paragraph_is_never_taken_for_an_unnumbered_one():
    assert [(None, "a"), ("p1", None)] == pair({"p1": FEE}, {"a": FEE})


def test_table_rows_are_paired_by_their_first_cell_however_short():
    old = {"r_ketamine": "Ketamine | III", "r_heroin": "Heroin | I"}
    new = {"r_heroin": "Heroin | I", "r_ketamine": "Ketamine | II", "r_xylazine": "Xylazine | III"}

    found = pair(old, new)

    assert [("r_heroin", "r_heroin"), ("r_ketamine", "r_ketamine"), (None, "r_xylazine")] == found


@pytest.mark.parametrize("stub", ["Repealed.", "[Reserved]", "Expired."])
def test_a_status_word_never_proves_that_two_numbers_are_one(stub):
    found = pair(
        {"a": FEE, "b": stub, "c": "Fees.", "d": "Terms."}, {"a": FEE, "c": stub, "d": "Terms.", "e": "Forms."}
    )

    assert ("b", "c") not in found
    assert ("b", None) in found


def test_entries_of_a_list_keep_their_identity_when_a_short_one_is_inserted():
    old = count_up(["Alprazolam", "Esketamine", "Ketamine", "Zolpidem"])
    new = count_up(["Alfaxalone", "Alprazolam", "Esketamine", "Ketamine", "Zolpidem"])

    assert [(None, "a"), ("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")] == pair(old, new)


def test_short_texts_among_long_ones_are_no_list():
    old = {"a": FEE, "b": TERM, "c": "No fee is due."}
    new = {"a": FEE, "b": "No fee is due.", "c": RECORD}

    assert ("c", "b") not in pair(old, new)


def test_a_lead_of_few_words_goes_where_its_paragraphs_went():
    old = {"a": "Fees:", "a__1": FEE, "a__2": TERM}
    new = {"a": "Fees:", "a__1": RECORD, "a__2": NOTICE, "b": "Fees:", "b__1": FEE, "b__2": TERM}

    found = pair(old, new)

    assert [(None, "a"), (None, "a__1"), (None, "a__2"), ("a", "b"), ("a__1", "b__1"), ("a__2", "b__2")] == found


def test_short_paragraphs_follow_their_renumbered_parent():
    old = {"a": FEE, "a__1": "By card", "a__2": "By cheque"}
    new = {"a": TERM, "a__1": "In June", "b": FEE, "b__1": "By card", "b__2": "By cheque"}

    found = pair(old, new)

    assert [(None, "a"), (None, "a__1"), ("a", "b"), ("a__1", "b__1"), ("a__2", "b__2")] == found


def test_nearly_equal_text_under_another_number_is_one_provision_and_half_equal_text_is_not():
    long = f"{FEE} {TERM} {RECORD} {NOTICE}"

    near = pair({"a": long}, {"b": long.replace("fifty", "sixty")})
    half = pair({"a": f"{FEE} {TERM}"}, {"b": f"{FEE} {RECORD}"})

    assert [("a", "b")] == near
    assert [(None, "b"), ("a", None)] == half


def test_every_provision_of_both_sides_is_told_exactly_once():
    old = {**count_up([FEE, FEE, TERM, "Repealed.", "", RECORD]), "f__p1": NOTICE, "f__p2": NOTICE}
    new = {**count_up([TERM, FEE, FEE, FEE, "Repealed."]), "e__p1": NOTICE}

    found = pair(old, new)

    assert sorted(old) == sorted(one for one, _ in found if one is not None)
    assert list(new) == [other for _, other in found if other is not None]


def test_a_text_that_stands_twice_now_is_one_provision_renumbered_and_one_added():
    assert [("a", "c"), (None, "d")] == pair({"a": FEE}, {"c": FEE, "d": FEE})


def test_akin_texts_are_named_once_each_the_most_alike_first():
    removed = [make_provision("a", f"{FEE} {TERM}"), make_provision("b", f"{FEE} {RECORD}")]
    added = [make_provision("x", f"{FEE} {RECORD} {NOTICE}"), make_provision("y", "Other words stand here only now.")]

    assert [("b", "x")] == find_akin(removed, added)


def test_many_paragraphs_that_were_all_reworded_are_still_paired():
    old = {f"p{at}": f"Clinic {at} stores {at} doses in cabinet {at} under lock." for at in range(1, 121)}
    new = {f"p{at}": f"Clinic {at} stores {at} doses in cabinet {at} under seal." for at in range(1, 121)}

    assert [(eid, eid) for eid in old] == pair(old, new)


@pytest.mark.parametrize(
    ("eid", "unnumbered", "parent"),
    [("a", False, ""), ("b__p12", True, "b"), ("b__r_ketamine", True, "b"), ("p", False, ""), ("p1~2", True, "")],
)
def test_an_eid_tells_its_parent_and_whether_its_last_step_is_printed(eid, unnumbered, parent):
    assert (unnumbered, parent) == (is_unnumbered(eid), parent_of(eid))


def test_wordless_paragraphs_pushed_on_by_another_follow_what_they_hold():
    old = {"a": "", "a__1": FEE, "b": "", "b__1": TERM}
    new = {"a": "", "a__1": NOTICE, "b": "", "b__1": FEE, "c": "", "c__1": TERM}

    found = pair(old, new)

    assert [(None, "a"), (None, "a__1"), ("a", "b"), ("a__1", "b__1"), ("b", "c"), ("b__1", "c__1")] == found


def test_a_lone_wordless_paragraph_keeps_its_number():
    old, new = {"a": RECORD, "b": "", "b__1": TERM}, {"a": RECORD, "b": "", "b__1": NOTICE, "c": "", "c__1": TERM}

    found = pair(old, new)

    assert {("b", "b"), (None, "c"), ("b__1", "c__1")} <= set(found)


def test_a_few_equal_words_belong_to_the_paragraph_above_them():
    old = {"a": FEE, "a__1": "By card", "b": TERM, "b__1": "By card"}
    new = {"a": NOTICE, "a__1": "By card", "b": FEE, "b__1": "By card", "c": TERM, "c__1": "By card"}

    found = pair(old, new)

    assert [(None, "a"), (None, "a__1"), ("a", "b"), ("a__1", "b__1"), ("b", "c"), ("b__1", "c__1")] == found


def test_an_edited_paragraph_between_renumbered_ones_is_itself():
    edited = RECORD.replace("given", "used")

    found = pair(count_up([FEE, RECORD, TERM]), count_up([NOTICE, FEE, edited, TERM]))

    assert [(None, "a"), ("a", "b"), ("b", "c"), ("c", "d")] == found


def test_beside_one_renumbered_neighbour_a_text_keeps_its_number_unless_it_is_another():
    alike = NOTICE.replace("any hearing", "a vote")

    kept = pair({"a": FEE, "b": NOTICE}, {"a": TERM, "b": FEE, "c": NOTICE.replace("any", "each")})
    taken = pair({"e": FEE, "g": NOTICE}, {"f": FEE, "g": alike, "h": NOTICE.replace("any", "each")})

    assert ("b", "c") in kept
    assert [("e", "f"), ("g", "g"), (None, "h")] == taken


def test_an_edited_paragraph_below_a_renumbered_one_is_itself_and_below_a_moved_one_is_not():
    edited = RECORD.replace("given", "used")

    renumbered = pair({"a": FEE, "a__1": RECORD}, {"a": TERM, "b": FEE, "b__1": edited})
    moved = pair({"a": FEE, "a__1": RECORD}, {"c": TERM, "c__2": FEE, "c__2__1": edited})

    assert ("a__1", "b__1") in renumbered
    assert ("a__1", None) in moved


def test_of_two_equally_alike_texts_the_first_one_is_paired():
    long = f"{FEE} {TERM} {RECORD} {NOTICE}"

    found = pair({"5": long}, {"9": long.replace("fifty", "sixty"), "11": long.replace("fifty", "sixty")})

    assert [("5", "9"), (None, "11")] == found


def test_a_subtree_divided_otherwise_is_one_provision_under_its_new_number():
    assert ("g", "h") in pair({"a": TERM, "g": f"{FEE} {RECORD}"}, {"a": TERM, "h": FEE, "h__p1": RECORD})
