"""Folding without losing the place, cutting sentences, quoting verbatim; and provisions that say nothing."""

from hypothesis import given
from hypothesis import strategies as st

from kb.answer.coders.passages import list_passages
from kb.answer.coders.printed import MOST_QUOTED, Sentence, fold_printed
from tests.build import make_provision, make_reading


def cut(text):
    return [one.words for one in fold_printed(text).cut_sentences()]


def test_sentences_end_at_stops_and_not_at_abbreviations():
    text = "See 21 C.F.R. Part 1306 and Sec. 5. Each refill counts. No. 3 applies! “New” text."

    assert ["See 21 C.F.R. Part 1306 and Sec. 5.", "Each refill counts.", "No. 3 applies!", '"New" text.'] == cut(text)


def test_folding_keeps_the_way_back_to_print():
    printed = fold_printed("The “keta\u00admine” list")

    start = printed.plain.index("ketamine")

    assert "keta\u00admine" == printed.cut(start, start + len("ketamine"))


@given(st.text(alphabet='ab.“”—\u00ad\u200b\u00a0 "Ab\n', max_size=200), st.integers(0, 200), st.integers(0, 200))
def test_every_cut_is_a_piece_of_what_is_printed(text, start, length):
    printed = fold_printed(text)
    end = min(len(printed.plain), start + length)

    assert printed.cut(start, end) in text
    assert len(printed.places) == len(printed.plain)


@given(st.text(alphabet="abcd. ", min_size=1, max_size=1200), st.integers(0, 1100), st.integers(1, 200))
def test_every_quote_is_short_and_verbatim_and_holds_its_words(text, start, length):
    printed = fold_printed(text)
    start = min(start, len(text) - 1)
    end = min(len(text), start + length)

    quote = printed.quote(start, end, Sentence(printed.plain, 0))

    assert quote in text
    assert len(quote) <= MOST_QUOTED
    assert text[start:end].strip() in quote


def list_eids(*parts, **fields):
    return [one.provision.eid for one in list_passages(make_reading(*parts, **fields))]


def test_repealed_text_is_passed_over_with_all_below_it():
    parts = [
        ("a", "[Repealed.]"),
        ("a__1", "Still printed."),
        ("b", "Repealed effective July 1, 2030, this stays."),
        ("c", "Law."),
    ]

    assert ["", "b", "c"] == list_eids(*parts)


def test_a_repealed_section_is_passed_over_whole():
    found = [
        list_eids(("a", "Law."), heading=heading) for heading in ("Repealed.", "[Reserved]", "§ 12-3 Expired.", "Law.")
    ]

    assert [[], [], [], ["", "a"]] == found


def test_a_section_whose_first_words_say_so_is_gone():
    parts = [("p1", "Repealed by Laws 2019, chapter 4."), ("p2", "A prescriber was bound.")]

    assert [] == list_eids(*parts)
    assert ["", "a"] == list_eids(("a", "Law."), ("p1", "Repealed by Laws 2019, chapter 4."))


def test_what_a_board_may_provide_is_no_law_yet():
    text = "The state medical board may by rule limit refills. The board may not limit visits. A person may ask."

    (_, passage) = list_passages(make_reading(("a", text)))

    assert ["The board may not limit visits.", "A person may ask."] == [one.words for one in passage.sentences]


def test_definitions_are_passed_over():
    parts = [
        ("a", "As used in this section:"),
        ("a__1", "A drug is anything."),
        ("b", "“Prescriber” means a person."),
        ("c", "The term “refill” has the same meaning as elsewhere."),
        ("d", "A prescriber is bound."),
    ]

    assert ["", "a", "d"] == list_eids(*parts)
    assert [] == list_eids(("a", "A drug."), heading="Definitions.")


def test_what_a_list_completes_is_read_with_it():
    parts = [
        ("a", "First. A practitioner shall:"),
        ("a__1", "before prescribing"),
        ("a__1__A", "look;"),
        ("a__1__B", "ask."),
    ]

    passages = {one.provision.eid: one for one in list_passages(make_reading(*parts))}

    assert ("A practitioner shall: before prescribing", "look; ask.") == (
        passages["a__1__A"].lead_in,
        passages["a__1"].tail,
    )
    assert ("", "") == (passages["a"].lead_in, passages["a__1__B"].tail)


def test_a_provision_whose_parent_is_not_printed_has_what_is():
    (root, orphan) = list_passages(make_reading(make_provision("a__1__ii", "Text.")))

    assert ["", ()] == [orphan.above[0].eid, root.above]
