"""Provisions that changed places among their siblings are named, the fewest that explain the new order."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.compare.order import find_reordered
from kb.compare.readings import compare_readings
from tests.build import make_provision, make_reading

LETTERS = "abcdefgh"
TEXTS = {letter: f"A boat of class {letter} carries {at} lanterns." for at, letter in enumerate(LETTERS, 3)}


def reorder(old, new, parent=""):
    """Return the eids named when siblings in one order stand in another."""
    before, after = ([make_provision(f"{parent}{eid}", TEXTS[eid]) for eid in side] for side in (old, new))
    places = {part.eid: part for part in before}
    return [change.eid for change in find_reordered([(places[part.eid], part) for part in after], before)]


@pytest.mark.parametrize(("new", "named"), [("abcd", []), ("bcda", ["a"]), ("dabc", ["d"])])
def test_the_sibling_that_the_others_passed_by_is_named(new, named):
    assert named == reorder("abcd", new)


def test_a_move_among_siblings_is_structural_and_carries_its_text():
    before = [make_provision(eid, TEXTS[eid]) for eid in "abc"]

    (change,) = find_reordered([(before[at], before[at]) for at in (1, 2, 0)], before)

    assert ("moved", "text", "structural", "a", "a", "(a)") == (
        change.kind,
        change.part,
        change.nature,
        change.eid,
        change.old_eid,
        change.new_number,
    )
    assert (TEXTS["a"], TEXTS["a"]) == (change.old_text, change.new_text)
    assert "text unchanged, (a) stands elsewhere among its siblings" == change.reason


def test_children_of_different_parents_do_not_pass_each_other():
    before = [make_provision(eid, TEXTS[eid[0]]) for eid in ("a", "a__b", "c", "c__d")]
    after = [before[2], before[3], before[0], before[1]]

    named = [change.eid for change in find_reordered([(one, one) for one in after], before)]

    assert 1 == len(named)
    assert {"a", "c"} >= set(named)


def test_paragraphs_without_numbers_and_renumbered_ones_are_told_elsewhere():
    plain = [make_provision(f"p{at}", text) for at, text in enumerate("xyz", 1)]
    one, two = make_provision("a", TEXTS["a"]), make_provision("b", TEXTS["b"])

    assert [] == find_reordered([(part, part) for part in reversed(plain)], plain)
    assert [] == find_reordered([(two, one), (one, two)], [one, two])


def test_two_readings_that_differ_in_order_alone_differ_in_one_move():
    old, new = (make_reading(*((eid, TEXTS[eid]) for eid in side)) for side in ("abcd", "bcda"))

    assert [("moved", "structural", "a")] == [(one.kind, one.nature, one.eid) for one in compare_readings(old, new)]


def count_fewest(order):
    """Return how many must leave a series so that the rest rises, by trying every choice."""
    for size in range(len(order), 0, -1):
        if any(list(kept) == sorted(kept) for kept in combinations(order, size)):
            return len(order) - size
    return 0


@given(st.permutations(LETTERS[:7]))
def test_of_any_permutation_the_fewest_passed_siblings_are_named_and_the_others_kept_their_order(new):
    named = reorder(LETTERS[:7], new)

    kept = [eid for eid in new if eid not in named]
    assert kept == sorted(kept)
    assert count_fewest(new) == len(named) == len(set(named))


@given(st.permutations(LETTERS[:5]))
def test_the_depth_of_siblings_alters_nothing(new):
    assert [f"x__{eid}" for eid in reorder(LETTERS[:5], new)] == reorder(LETTERS[:5], new, "x__")
