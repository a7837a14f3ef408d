"""What holds for every two statutes: each provision is paired once, nothing differs from itself, and k edits are k."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from kb.compare.align import align_provisions
from kb.compare.readings import compare_readings
from tests.build import make_reading

WORDS = (
    "applicant board clinic county deadline dose examiner fee hearing inspector license notice nurse office owner"
    " permit physician record register report sample schedule seal storage vial"
).split()
STYLES = (string.ascii_lowercase, [str(at) for at in range(1, 30)], string.ascii_uppercase)
SHORT = ["By card", "Repealed.", "[Reserved]", "Fees:", "", "Ketamine"]


def write(seed):
    """Return a sentence that no other seed gives."""
    words = [WORDS[(seed * step + at) % len(WORDS)] for at, step in enumerate((1, 3, 7, 9, 11, 13))]
    return f"The {' '.join(words)} under number {seed} is kept by the {WORDS[seed % 24]}."


def print_tree(tree, prefix="", depth=0):
    """Return (eid, text) of a tree of (text, children), lettered and numbered by their order."""
    parts = []
    for at, (text, children) in enumerate(tree):
        eid = f"{prefix}__{STYLES[depth][at]}" if prefix else STYLES[depth][at]
        parts.append((eid, text))
        parts.extend(print_tree(children, eid, depth + 1))
    return parts


def read_tree(tree):
    return make_reading(*print_tree(tree))


@st.composite
def statutes(draw, least=2):
    """Draw a statute of lettered paragraphs, some of them with numbered ones below, every text another."""
    sizes = draw(st.lists(st.integers(0, 4), min_size=least, max_size=8))
    seeds = iter(draw(st.permutations(range(60))))
    return [(write(next(seeds)), [(write(next(seeds)), []) for _ in range(size)]) for size in sizes]


TEXTS = st.one_of(st.integers(60, 75).map(write), st.sampled_from(SHORT))


@st.composite
def messes(draw, repeated=True):
    """Draw any reading: short texts, empty ones, unnumbered paragraphs and rows among numbers, texts that repeat."""
    steps = st.sampled_from(["a", "b", "c", "1", "2", "p1", "p2", "r_fee"])
    eids = draw(st.sets(st.lists(steps, min_size=1, max_size=3).map("__".join), max_size=10))
    every = {"__".join(eid.split("__")[:depth]) for eid in eids for depth in range(1, eid.count("__") + 2)}
    parts = [(eid, draw(TEXTS)) for eid in sorted(every)]
    long = [text for _, text in parts if len(text) > 24]
    return make_reading(*((eid, text) for eid, text in parts if repeated or text not in long or long.count(text) == 1))


@given(messes(), messes())
@settings(max_examples=300, deadline=None)
def test_every_provision_is_paired_once_or_told_as_alone(old, new):
    pairs = align_provisions(old.provisions[1:], new.provisions[1:])

    assert sorted(part.eid for part in old.provisions[1:]) == sorted(pair.old.eid for pair in pairs if pair.old)
    assert [part.eid for part in new.provisions[1:]] == [pair.new.eid for pair in pairs if pair.new]


@given(messes())
@settings(max_examples=150, deadline=None)
def test_nothing_differs_from_itself(reading):
    assert [] == compare_readings(reading, reading)


@given(messes(repeated=False), messes(repeated=False))
@settings(max_examples=300, deadline=None)
def test_pairs_are_the_same_seen_from_both_sides(old, new):
    there = align_provisions(old.provisions[1:], new.provisions[1:])
    back = align_provisions(new.provisions[1:], old.provisions[1:])

    assert {(one.old and one.old.eid, one.new and one.new.eid) for one in there} == {
        (one.new and one.new.eid, one.old and one.old.eid) for one in back
    }


MIRRORED = {"added": "removed", "removed": "added"}


@given(statutes(), statutes())
@settings(max_examples=200, deadline=None)
def test_a_comparison_backwards_tells_the_same_with_added_and_removed_changed(old, new):
    there = compare_readings(read_tree(old), read_tree(new))
    back = compare_readings(read_tree(new), read_tree(old))

    assert sorted((c.kind, c.old_eid or "", c.eid or "", c.part) for c in there) == sorted(
        (MIRRORED.get(c.kind, c.kind), c.eid or "", c.old_eid or "", c.part) for c in back
    )


def list_rules(changes):
    return sorted(change.kind for change in changes if change.nature == "substantive")


@given(statutes(), st.data())
@settings(max_examples=200, deadline=None)
def test_paragraphs_inserted_anywhere_are_exactly_those_rule_changes(statute, data):
    count = data.draw(st.integers(1, 4))
    grown = list(statute)
    for seed in range(100, 100 + count):
        below = [(write(seed * 10 + at), []) for at in range(data.draw(st.integers(0, 2)))]
        grown.insert(data.draw(st.integers(0, len(grown))), (write(seed), below))

    changes = compare_readings(read_tree(statute), read_tree(grown))

    assert ["added"] * count == list_rules(changes)
    assert {write(seed) for seed in range(100, 100 + count)} == {
        change.new_text.splitlines()[0].partition(" ")[2] for change in changes if change.kind == "added"
    }


@given(statutes(least=4), st.data())
@settings(max_examples=200, deadline=None)
def test_paragraphs_repealed_anywhere_are_exactly_those_rule_changes(statute, data):
    gone = data.draw(st.sets(st.integers(0, len(statute) - 1), min_size=1, max_size=3))
    left = [paragraph for at, paragraph in enumerate(statute) if at not in gone]

    changes = compare_readings(read_tree(statute), read_tree(left))

    assert ["removed"] * len(gone) == list_rules(changes)


@given(statutes(), st.data())
@settings(max_examples=200, deadline=None)
def test_paragraphs_in_another_order_change_no_rule(statute, data):
    shuffled = data.draw(st.permutations(statute))

    changes = compare_readings(read_tree(statute), read_tree(shuffled))

    assert [] == list_rules(changes)
    assert {"renumbered"} >= {change.kind for change in changes}


@given(statutes(), st.data())
@settings(max_examples=200, deadline=None)
def test_paragraphs_edited_beside_an_inserted_one_are_exactly_those_rule_changes(statute, data):
    edited = data.draw(st.integers(0, len(statute) - 1))
    grown = [(text.replace("is kept", "was kept") if at == edited else text, below)
             for at, (text, below) in enumerate(statute)]  # fmt: skip
    grown.insert(data.draw(st.integers(0, len(grown))), (write(100), []))

    changes = compare_readings(read_tree(statute), read_tree(grown))

    assert ["added", "amended"] == list_rules(changes)


@given(statutes(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_paragraph_divided_or_joined_without_another_word_changes_no_rule(statute, data):
    at = data.draw(st.integers(0, len(statute) - 1))
    text, _ = statute[at]
    head, tail = text.split(" under ")
    divided = [*statute[:at], ("", [(head, []), (f"under {tail}", [])]), *statute[at + 1 :]]
    whole = [*statute[:at], (text, []), *statute[at + 1 :]]

    changes = [compare_readings(read_tree(one), read_tree(other))
               for one, other in ((whole, divided), (divided, whole))]  # fmt: skip

    assert [[], []] == [list_rules(one) for one in changes]
    assert all(changes)
