"""Text that left one document and came to another is one move; everything else stays as it was told."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.compare.moves import LEAST_LAW, law_key, pair_moves
from tests.build import day, make_change_row

FEE = "An applicant pays a fee of fifty dollars to the board."
TERM = "A permit lasts two years and ends on the last day of June."


def take(name, document, text, kind, number="(a)", **fields):
    """Make the change of a text that came to or left a document."""
    gone = kind == "removed"
    sides = {
        "old_eid": "a" if gone else None,
        "eid": None if gone else "a",
        "old_number": number if gone else "",
        "new_number": "" if gone else number,
        "old_text": text if gone else "",
        "new_text": "" if gone else text,
    }
    citation = f"§ {document}"
    return make_change_row(id=name, kind=kind, document=f"us-xx/code/{document}", citation=citation, **sides, **fields)


def test_an_equal_text_gone_here_and_come_there_is_one_structural_move():
    left, came = take("old", "1-1", FEE, "removed"), take("new", "1-2", FEE, "added")

    moved = pair_moves([left, came])

    (row,) = moved.changes
    assert ("moved", "structural", "us-xx/code/1-1", "us-xx/code/1-2") == (
        row.kind,
        row.nature,
        row.old_document,
        row.document,
    )
    assert (FEE, FEE, "a", "a") == (row.old_text, row.new_text, row.old_eid, row.eid)
    assert ("§ 1-1", left.url, ()) == (row.old_citation, row.old_url, row.signals)
    assert "text unchanged, § 1-1 (a) is now § 1-2 (a)" == row.reason


def test_the_ids_of_both_changes_lead_to_the_move():
    left, came = take("old", "1-1", FEE, "removed"), take("new", "1-2", FEE, "added")

    moved = pair_moves([left, came])

    assert {"new": moved.changes[0].id, "old": ""} == moved.renamed
    assert moved.changes[0].id not in ("old", "new")


def test_under_another_number_it_is_renumbered():
    rows = [take("old", "1-1", FEE, "removed"), take("new", "1-2", FEE, "added", number="(b)")]

    assert ["renumbered"] == [row.kind for row in pair_moves(rows).changes]


def test_the_printed_number_is_no_part_of_the_text():
    rows = [take("old", "1-1", f"(a){FEE}", "removed"), take("new", "1-2", f"(b){FEE}", "added", number="(b)")]

    assert ["renumbered"] == [row.kind for row in pair_moves(rows).changes]


def test_within_one_document_nothing_is_paired():
    rows = [take("old", "1-1", FEE, "removed"), take("new", "1-1", FEE, "added")]

    assert rows == pair_moves(rows).changes


def test_a_text_that_came_to_more_places_than_it_left_is_no_move():
    rows = [take("old", "1-1", FEE, "removed"), take("new", "1-2", FEE, "added"), take("more", "1-3", FEE, "added")]

    assert rows == pair_moves(rows).changes


def test_two_equal_texts_that_left_two_places_for_two_others_are_two_moves():
    rows = [take(name, f"1-{at}", FEE, kind) for at, (name, kind) in
            enumerate([("a", "removed"), ("b", "removed"), ("c", "added"), ("d", "added")], 1)]  # fmt: skip

    moved = pair_moves(rows).changes

    assert [("us-xx/code/1-1", "us-xx/code/1-3"), ("us-xx/code/1-2", "us-xx/code/1-4")] == [
        (row.old_document, row.document) for row in moved
    ]


@pytest.mark.parametrize(
    "other",
    [
        take("new", "1-2", TERM, "added"),
        take("new", "1-2", FEE.replace("fifty", "sixty"), "added"),
        take("new", "1-2", FEE, "amended"),
        take("new", "1-2", FEE, "added", part="note"),
    ],
)
def test_another_text_kind_or_part_stays_as_it_is(other):
    rows = [take("old", "1-1", FEE, "removed"), other]

    assert (rows, {}) == (pair_moves(rows).changes, pair_moves(rows).renamed)


def test_a_short_text_may_stand_anywhere():
    short = "x" * (LEAST_LAW - 1)
    rows = [take("old", "1-1", short, "removed"), take("new", "1-2", short, "added")]

    assert rows == pair_moves(rows).changes
    assert ["", ""] == [law_key(row) for row in rows]


def test_a_law_has_one_key_whether_it_came_or_went_and_whatever_its_signs():
    curly = take("new", "1-2", FEE.replace(" ", "\u00a0"), "added")

    assert law_key(take("old", "1-1", FEE, "removed")) == law_key(curly) != ""


ROWS = st.lists(
    st.builds(
        lambda kind, document, text: (kind, f"1-{document}", text),
        st.sampled_from(["added", "removed", "amended", "renumbered"]),
        st.integers(1, 4),
        st.sampled_from([FEE, TERM, "Repealed."]),
    ),
    max_size=12,
)


@given(ROWS)
def test_every_change_that_is_no_move_is_kept_and_every_text_is_told_once(told):
    rows = [
        msgspec.structs.replace(take(f"r{at}", document, text, kind), observed_at=day(1 + at))
        for at, (kind, document, text) in enumerate(told)
    ]

    moved = pair_moves(rows)

    untouched = [row for row in rows if row.id not in moved.renamed]
    assert untouched == [row for row in moved.changes if row.id in {one.id for one in rows}]
    moves = len(moved.changes) - len(untouched)
    assert 2 * moves == len(moved.renamed)
    assert len(rows) == len(moved.changes) + moves
    assert not [row for row in rows if row.id in moved.renamed and row.kind not in ("added", "removed")]
