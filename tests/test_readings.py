"""Comparing two readings: every difference is told once, at its root, as what it is."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.compare.connectors import CONNECTOR_ALONE
from kb.compare.eids import subtree_text
from kb.compare.readings import added_document, compare_readings, removed_document
from kb.compare.wording import CONNECTOR_MOVED
from kb.models import PARTS
from kb.read.canonical import fold_text
from tests.build import make_provision, make_reading

LETTERS = "abcdefghijklmnopqrstuvwxyz"
FEE = "An applicant pays a fee of fifty dollars to the board."
TERM = "A permit lasts two years and ends on the last day of June."
RECORD = "The clinic keeps a record of each dose it has given."
NOTICE = "The board sends a notice before any hearing is held."


def compare(old, new):
    """Return the changes between two mappings of eids to texts."""
    return compare_readings(make_reading(*old.items()), make_reading(*new.items()))


def tell(changes):
    return [(change.kind, change.part, change.nature, change.old_eid, change.eid) for change in changes]


def list_sections(first, classes):
    return {LETTERS[first + at]: f"A clinic of class {name} files reports." for at, name in enumerate(classes)}


def test_a_paragraph_inserted_before_twenty_is_one_rule_change():
    changes = compare(list_sections(0, LETTERS[:20]), {"a": FEE, **list_sections(1, LETTERS[:20])})

    rules = [change for change in changes if change.nature == "substantive"]
    labels = [change for change in changes if change.nature == "structural"]
    assert [("added", "text", "substantive", None, "a")] == tell(rules)
    assert [("renumbered", LETTERS[at], LETTERS[at + 1]) for at in range(20)] == [
        (change.kind, change.old_eid, change.eid) for change in labels
    ]


def test_a_drug_inserted_into_a_list_of_drugs_is_one_rule_change():
    drugs = ["Alprazolam", "Esketamine", "Ketamine", "Midazolam", "Zolpidem"]
    old = {str(at): drug for at, drug in enumerate(drugs, 1)}
    new = {"1": "Alfaxalone", **{str(at): drug for at, drug in enumerate(drugs, 2)}}

    changes = compare(old, new)

    assert ["Alfaxalone"] == [change.new_text.split()[-1] for change in changes if change.nature == "substantive"]
    assert 5 == sum(change.nature == "structural" for change in changes)


def test_what_only_follows_its_renumbered_parent_is_not_told():
    below = {"__1": FEE, "__1__A": TERM, "__2": "By card"}
    old = {"a": RECORD, **{f"a{step}": text for step, text in below.items()}}
    new = {"a": NOTICE, "b": RECORD, **{f"b{step}": text for step, text in below.items()}}

    changes = compare(old, new)

    assert [("renumbered", "text", "structural", "a", "b"), ("added", "text", "substantive", None, "a")] == tell(
        changes
    )


def test_a_paragraph_repealed_in_the_middle_is_one_rule_change():
    changes = compare({"a": FEE, "b": TERM, "c": RECORD}, {"a": FEE, "b": RECORD})

    assert [("renumbered", "text", "structural", "c", "b"), ("removed", "text", "substantive", "b", None)] == tell(
        changes
    )


def test_texts_that_change_places_change_no_rule():
    changes = compare({"a": FEE, "b": TERM}, {"a": TERM, "b": FEE})

    assert [("renumbered", "b", "a"), ("renumbered", "a", "b")] == [(c.kind, c.old_eid, c.eid) for c in changes]
    assert {"structural"} == {change.nature for change in changes}


def test_a_rewritten_text_under_its_number_is_amended():
    changes = compare({"b": "A report is due in 30 days."}, {"b": "A report is due in 45 days."})

    assert [("amended", "text", "substantive", "b", "b")] == tell(changes)
    assert ("A report is due in 30 days.", "A report is due in 45 days.") == (changes[0].old_text, changes[0].new_text)
    assert ("number",) == changes[0].signals


def test_a_text_renumbered_and_edited_is_amended_with_both_numbers():
    long = f"{FEE} {TERM} {RECORD} {NOTICE}"

    changes = compare({"a": FEE, "b": long}, {"a": FEE, "c": long.replace("fifty", "sixty")})

    assert [("amended", "text", "substantive", "b", "c")] == tell(changes)
    assert ("(b)", "(c)") == (changes[0].old_number, changes[0].new_number)


def test_a_text_under_another_parent_is_moved():
    changes = compare({"a": FEE, "a__1": TERM, "b": RECORD}, {"a": FEE, "b": RECORD, "b__1": TERM})

    assert [("moved", "text", "structural", "a__1", "b__1")] == tell(changes)


def test_an_unnumbered_paragraph_under_another_parent_is_moved_not_renumbered():
    changes = compare({"a": FEE, "a__p1": TERM, "b": RECORD, "b__p1": NOTICE}, {
        "a": FEE, "b": RECORD, "b__p1": NOTICE, "b__p2": TERM,
    })  # fmt: skip

    assert [("moved", "text", "structural", "a__p1", "b__p2")] == tell(changes)


def test_shifted_unnumbered_paragraphs_are_no_change():
    changes = compare({"p1": FEE, "p2": TERM}, {"p1": NOTICE, "p2": FEE, "p3": TERM})

    assert [("added", "text", "substantive", None, "p1")] == tell(changes)


def test_a_table_row_with_another_schedule_is_amended():
    changes = compare(
        {"r_heroin": "Heroin | I", "r_ketamine": "Ketamine | III"},
        {"r_ketamine": "Ketamine | II", "r_heroin": "Heroin | I"},
    )

    assert [("amended", "text", "substantive", "r_ketamine", "r_ketamine")] == tell(changes)


def test_alike_texts_that_left_and_came_name_each_other():
    old, new = f"{FEE} {TERM} {RECORD}", f"{FEE} {TERM} {NOTICE}"

    changes = compare({"a": RECORD, "b": old}, {"a": RECORD, "c": new})

    assert [("removed", "b", ("c",)), ("added", "c", ("b",))] == [
        (change.kind, change.old_eid or change.eid, change.akin) for change in changes
    ]


def test_a_new_subtree_is_one_change_with_its_count():
    new = {"b": TERM, "b__1": "By card", "b__2": "By cheque", "b__2__A": RECORD}

    changes = compare({"a": FEE}, {"a": FEE, **new})

    assert [("added", "text", "substantive", None, "b")] == tell(changes)
    assert 4 == changes[0].count
    assert f"(b) {TERM}\n(1) By card\n(2) By cheque\n(A) {RECORD}" == changes[0].new_text


def test_a_vanished_subtree_is_one_change_with_its_count():
    changes = compare({"a": FEE, "b": TERM, "b__1": RECORD}, {"a": FEE})

    assert [("removed", 2, f"(b) {TERM}\n(1) {RECORD}")] == [(c.kind, c.count, c.old_text) for c in changes]


@pytest.mark.parametrize(
    ("part", "nature"), [("heading", "substantive"), ("note", "editorial"), ("pending", "substantive")]
)
def test_each_part_is_told_by_itself(part, nature):
    old = make_reading(make_provision("a", FEE, **{part: "Fees of nurses"}))
    new = make_reading(make_provision("a", FEE, **{part: "Fees of dentists"}))

    assert [("amended", part, nature, "a", "a")] == tell(compare_readings(old, new))


def test_parts_of_the_document_itself_are_compared():
    old = make_reading(("a", FEE), heading="Licenses", note="Law 1-1")
    new = make_reading(("a", FEE), heading="Licences", note="Law 1-1; Law 2-2", pending="Changes on May 1, 2024.")

    assert [("heading", ""), ("note", ""), ("pending", "")] == [(c.part, c.eid) for c in compare_readings(old, new)]


def test_a_note_that_moves_to_its_paragraph_changes_no_law():
    note = "[PL 2015, c. 488, §9 (NEW).]"
    old = make_reading(("1", "The fee is $5."), ("2", "It is due in May."), note=note)
    new = make_reading(make_provision("1", "The fee is $5.", note=note), ("2", "It is due in May."))

    changes = compare_readings(old, new)

    assert {"note"} == {change.part for change in changes}
    assert [] == [change for change in changes if change.nature == "substantive"]


@pytest.mark.parametrize(("part", "nature"), [("note", "editorial"), ("pending", "substantive")])
def test_a_note_or_banner_that_comes_or_goes_without_law_is_told(part, nature):
    plain = make_reading(("a", FEE))
    noted = make_reading(("a", FEE), make_provision("p1", "", **{part: "Editor's remark on fees"}))

    assert [("added", part, nature, None, "p1")] == tell(compare_readings(plain, noted))
    assert [("removed", part, nature, "p1", None)] == tell(compare_readings(noted, plain))


def test_a_whole_document_is_one_change():
    reading = make_reading(("a", FEE), ("b", TERM))

    added, removed = added_document(reading), removed_document(reading)

    text = f"Licenses\n(a) {FEE}\n(b) {TERM}"
    assert ("added", None, "", 3, "", text) == (
        added.kind, added.old_eid, added.eid, added.count, added.old_text, added.new_text,
    )  # fmt: skip
    assert ("removed", "", None, 3, text, "") == (
        removed.kind, removed.old_eid, removed.eid, removed.count, removed.old_text, removed.new_text,
    )  # fmt: skip
    assert text == subtree_text(reading.provisions)


@pytest.mark.parametrize("stub", ["Repealed.", "Not funded.", "[Expired]"])
def test_a_status_word_in_place_of_a_vanished_text_is_not_told_beside_it(stub):
    full = {"a": FEE, "b": TERM}

    assert ["removed", "removed"] == [change.kind for change in compare(full, {"p1": stub})]
    assert ["added", "added"] == [change.kind for change in compare({"p1": stub}, full)]


def test_a_short_text_that_vanishes_beside_other_law_is_told():
    changes = compare({"a": FEE, "p1": "No exceptions apply."}, {"a": FEE, "b": TERM})

    assert ["No exceptions apply."] == [change.old_text for change in changes if change.old_text]


def test_a_text_divided_into_paragraphs_is_told_at_the_first_of_them():
    whole = f"{FEE} {TERM}"

    changes = compare({"a": whole, "b": RECORD}, {"a": "", "a__1": FEE, "a__2": TERM, "b": RECORD})

    assert [("added", "a", "a__1"), ("added", None, "a__2")] == [(c.kind, c.old_eid, c.eid) for c in changes]
    assert whole == changes[0].old_text


def test_paragraphs_joined_into_one_text_are_told_at_the_first_of_them():
    whole = f"{FEE} {TERM}"

    changes = compare({"a": "", "a__1": FEE, "a__2": TERM, "b": RECORD}, {"a": whole, "b": RECORD})

    assert [("removed", "a__1", "a"), ("removed", "a__2", None)] == [(c.kind, c.old_eid, c.eid) for c in changes]
    assert whole == changes[0].new_text


def test_a_list_connector_is_drafting_beside_a_new_paragraph():
    changes = compare(
        {"1": "Holds a degree from a school; and", "2": "Has passed the test."},
        {"1": "Holds a degree from a school;", "2": "Has passed the test; and", "3": TERM},
    )

    assert [CONNECTOR_MOVED] * 2 == [change.reason for change in changes if change.kind == "amended"]
    assert [("3", "substantive")] == [(c.eid, c.nature) for c in changes if c.nature != "editorial"]


def test_a_list_connector_alone_may_join_or_part_duties():
    changes = compare({"1": "Holds a degree from a school; or"}, {"1": "Holds a degree from a school;"})

    assert [("substantive", CONNECTOR_ALONE)] == [(change.nature, change.reason) for change in changes]


STEPS = st.sampled_from(["a", "b", "c", "1", "2", "p1", "p2", "r_fee"])


def test_a_number_that_comes_or_goes_without_words_is_structural():
    old = {"a": RECORD, "b": "", "b__1": TERM}
    new = {"a": RECORD, "b": "", "b__1": NOTICE, "c": "", "c__1": TERM}

    assert ("added", "text", "structural", None, "c") in tell(compare(old, new))
    assert ("removed", "text", "structural", "c", None) in tell(compare(new, old))


@pytest.mark.parametrize(
    ("citation", "old", "new"),
    [
        ("§ 21-28.6-3", "chapter 5 of title 21", "chapter 5 of this title"),
        ("§ 21-28.6-3", "under chapter 28.6", "under this chapter"),
        ("Sec. 08.64.360", "under chapter 64", "under this chapter"),
        ("§ 165.420", "under chapter 165", "under this chapter"),
    ],
)
def test_a_document_may_name_its_own_title_and_chapter_either_way(citation, old, new):
    texts = [("a", f"{FEE} It is paid {text} alone.") for text in (old, new)]

    own, others = ([make_reading(text, citation=number) for text in texts] for number in (citation, "§ 9-9-9"))

    assert ["editorial"] == [change.nature for change in compare_readings(*own)]
    assert ["substantive"] == [change.nature for change in compare_readings(*others)]


@pytest.mark.parametrize(
    ("old", "new", "nature"),
    [
        (RECORD, RECORD.replace("dose", "vial"), "editorial"),
        (RECORD, RECORD.replace("each dose", "each dose or vial"), "substantive"),
        (f"{RECORD} A vial is no dose.", f"{RECORD.replace('dose', 'vial')} A vial is small.", "substantive"),
    ],
)
def test_a_heading_follows_a_term_that_its_texts_gave_up_for_another(old, new, nature):
    sides = make_reading(("a", old), heading="Record of dose"), make_reading(("a", new), heading="Record of vial")

    assert [nature] == [change.nature for change in compare_readings(*sides) if change.part == "heading"]


EIDS = st.lists(STEPS, min_size=1, max_size=3).map("__".join)
TEXTS = st.sampled_from(
    [
        "",
        "",
        FEE,
        TERM,
        RECORD,
        NOTICE,
        f"{FEE} {TERM}",
        FEE.replace("fifty", "sixty"),
        "Repealed.",
        "Fees:",
        "Ketamine",
    ]
)
NOTES = st.sampled_from(["", "", "", "Law 1-1"])


@st.composite
def readings(draw):
    texts = draw(st.dictionaries(EIDS, st.tuples(TEXTS, TEXTS, NOTES, NOTES), max_size=9))
    order = sorted({"__".join(eid.split("__")[: depth + 1]) for eid in texts for depth in range(eid.count("__") + 1)})
    parts = []
    for eid in order:
        text, heading, note, pending = texts.get(eid, ("", "", "", ""))
        parts.append(make_provision(eid, text, heading=heading, note=note, pending=pending))
    return make_reading(*parts, heading=draw(TEXTS))


@given(readings())
@settings(max_examples=150, deadline=None)
def test_a_reading_does_not_differ_from_itself(reading):
    again = msgspec.structs.replace(reading, provisions=tuple(map(msgspec.structs.replace, reading.provisions)))

    assert [] == compare_readings(reading, again)


def flatten(text):
    return fold_text(text).replace("\n", " ")


def list_words(reading, part):
    return [(one.eid, fold_text(getattr(one, part))) for one in reading.provisions if fold_text(getattr(one, part))]


@given(readings(), readings())
@settings(max_examples=300, deadline=None)
def test_no_word_that_came_or_left_goes_untold(old, new):
    changes = compare_readings(old, new)

    for part in PARTS:
        before, after = list_words(old, part), list_words(new, part)
        left = [flatten(change.old_text) for change in changes if change.kind != "renumbered"]
        came = [flatten(change.new_text) for change in changes if change.kind != "renumbered"]
        gone = {words for _, words in before} - {words for _, words in after}
        fresh = {words for _, words in after} - {words for _, words in before}
        short = {"Repealed.", "Fees:", "Ketamine"}
        if part in {"text", "heading"}:
            assert [] == [words for words in gone - short if not any(words in told for told in left)]
            assert [] == [words for words in fresh - short if not any(words in told for told in came)]
        for words in (gone | fresh) & short:
            assert changes, words


@given(readings(), readings())
@settings(max_examples=200, deadline=None)
def test_equal_law_under_equal_numbers_is_the_only_silence(old, new):
    changes = compare_readings(old, new)

    words = [[sorted(list_words(reading, part)) for part in ("text", "heading")] for reading in (old, new)]
    printed = [[[text for _, text in part] for part in side] for side in words]
    assert changes or printed[0] == printed[1]
