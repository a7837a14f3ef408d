"""Law is told from history notes, annotations, notices and banners."""

import pytest

from kb.models import Line
from kb.read.parts import part_lines


def law(*lines):
    return [line.text for line in part_lines(lines).law]


@pytest.mark.parametrize(
    "line",
    [
        Line("History of Section.", tag="h4"),
        Line("Cross References", tag="h4"),
        Line("NOTES TO DECISIONS", tag="h4"),
        Line("History. P.L. 2001, ch. 4.", lead="History."),
        Line("Editor's Notes. — Amended in 2001.", lead="Editor's Notes. —"),
        Line("[L 1972, c 10, §3; am L 2008, c 8, §2]"),
        Line("Case Notes"),
    ],
)
def test_what_follows_a_note_heading_or_history_is_notes(line):
    parted = part_lines([Line("The fee is $5."), line, Line("A kite is a kite. 1 Ex. 22.")])

    assert ["The fee is $5."] == [each.text for each in parted.law]
    assert (line.text, "A kite is a kite. 1 Ex. 22.") == parted.notes


@pytest.mark.parametrize(
    "line",
    [
        Line("Authority. The board may fine.", lead="Authority."),
        Line("Applicability", tag="h3"),
        Line("History and physical examination. The nurse takes one.", lead="History and physical examination."),
        Line("(a) Sources", number="(a)"),
    ],
)
def test_headings_that_stand_over_law_start_no_notes(line):
    assert [line.text, "More law."] == law(line, Line("More law."))


def test_heading_as_wide_as_one_over_law_ends_the_notes():
    lines = [
        Line("Permits", tag="h3"),
        Line("Text."),
        Line("History", tag="h4"),
        Line("[1999 c 12 s 3]"),
        Line("Fees", tag="h3"),
        Line("More."),
    ]

    assert ["Permits", "Text.", "Fees", "More."] == law(*lines)


def test_next_section_number_ends_the_notes():
    lines = [Line("Text."), Line("[1999 c 12 s 3]"), Line("Note 1."), Line("§ 12-102. Lines."), Line("More.")]

    assert ["Text.", "§ 12-102. Lines.", "More."] == law(*lines)


def test_history_in_brackets_at_the_end_of_a_line_is_cut_off():
    parted = part_lines([Line("The fee is $5. [1999 c.12 §1; 2005 c.3 §2]")])

    assert ("The fee is $5.", ("[1999 c.12 §1; 2005 c.3 §2]",)) == (parted.law[0].text, parted.notes)


def test_stub_of_a_repealed_section_stays_law():
    assert ["[1965 c.556 §1; repealed by 1967 c.502 §21]"] == law(Line("[1965 c.556 §1; repealed by 1967 c.502 §21]"))


def test_notice_and_banner_are_told_apart_and_law_goes_on():
    parted = part_lines(
        [
            Line("There are pending amendments to this section."),
            Line("*NOTE: This section includes temporary law."),
            Line("Text."),
        ]
    )

    assert ("Text.",) == tuple(line.text for line in parted.law)
    assert ("*NOTE: This section includes temporary law.",) == parted.notes
    assert ("There are pending amendments to this section.",) == parted.pending


def test_parts_told_by_markup_are_kept():
    parted = part_lines([Line("a", part="note"), Line("b", part="pending"), Line("c")])

    assert (("a",), ("b",), "c") == (parted.notes, parted.pending, parted.law[0].text)


def test_block_of_a_note_heading_alone_leaves_its_note_outside():
    parted = part_lines([Line("Text."), Line("History of Section.", part="note"), Line("P.L. 1959, § 1.")])

    assert ("History of Section.", "P.L. 1959, § 1.") == parted.notes


def test_links_left_in_the_text_are_no_law():
    assert ["Text."] == law(Line("Text."), Line("Previous"), Line("Vol01_Ch0012"), Line("Next"))


def test_line_with_a_stated_path_is_always_law():
    assert ["Case Notes"] == law(Line("Case Notes", path=("a",)))


def own(*texts):
    """Part plain paragraphs; return (law, notes of single paragraphs with the law they stand below, other notes)."""
    parted = part_lines([Line(text) for text in texts])
    below = [(parted.law[at].text, note) for at, note in parted.own_notes]
    return [line.text for line in parted.law], below, list(parted.notes)


NEW, AMENDED = "[PL 2015, c. 488, §9 (NEW).]", "[PL 2017, c. 1, §2 (AMD).]"


def test_history_below_a_paragraph_is_its_own_where_the_numbers_go_on():
    told = own("1. Words. They mean:", "A. A kite; and", NEW, "B. A line.", AMENDED, NEW, "2. Fees. None.", NEW)

    law = ["1. Words. They mean:", "A. A kite; and", "B. A line.", "2. Fees. None."]
    below = [(law[1], NEW), (law[2], AMENDED), (law[2], NEW), (law[3], NEW)]
    assert (law, below, []) == told


def test_history_at_the_end_of_a_paragraph_is_its_own_where_the_numbers_go_on():
    told = own(f"(1) One. {NEW}", f"(2) Two. {NEW}")

    assert (["(1) One.", "(2) Two."], [("(1) One.", NEW), ("(2) Two.", NEW)], []) == told


def test_paragraph_without_a_number_goes_on_with_a_history_of_its_own():
    law, below, notes = own(
        "The board meets.", NEW, "Its fee is $5.", AMENDED, "SECTION HISTORY", "PL 2015, c. 488, §9 (NEW)."
    )

    assert (["The board meets.", "Its fee is $5."], 2) == (law, len(below))
    assert ["SECTION HISTORY", "PL 2015, c. 488, §9 (NEW)."] == notes


@pytest.mark.parametrize(
    "texts",
    [
        ("(1) One.", "(2) Two.", NEW, "NOTES:", "(3) Found. [2013 c 19 s 1.]"),
        ("(1) One.", "(2) Two.", NEW, "(1) Found in 1 Ex. 2."),
        ("(1) One.", "(2) Two.", NEW, "Amendment of 2017: a word."),
        ("(1) One.", "(2) Two.", "History: 2001 c. 5", "(3) Three."),
    ],
    ids=["notes below", "another count", "words", "labelled history"],
)
def test_history_at_the_end_of_the_law_is_that_of_the_whole(texts):
    law, below, notes = own(*texts)

    assert (["(1) One.", "(2) Two."], [], list(texts[2:])) == (law, below, notes)


def test_history_told_by_markup_below_a_paragraph_is_its_own():
    lines = [Line("(1) One."), Line(NEW, part="note"), Line("(2) Two."), Line(AMENDED, part="note")]

    assert ((0, NEW), (1, AMENDED)) == part_lines(lines).own_notes


def test_history_before_the_next_section_stays_with_the_whole():
    parted = part_lines([Line("§ 1-1. Fees."), Line("One."), Line(NEW), Line("§ 1-2. Hours."), Line("Two.")])

    assert ((NEW,), ()) == (parted.notes, parted.own_notes)


def test_stamps_and_marks_on_a_line_of_their_own_are_notes():
    assert ["The fee is $5."] == law(
        Line("Effective: March 31, 2021"), Line("The fee is $5."), Line("Last Update: 7/18/24")
    )


def test_facts_above_the_law_are_notes_and_the_law_below_them_is_law():
    facts = ["Effective: March 31, 2021", "Latest Legislation: House Bill 24 - 133rd General Assembly"]

    parted = part_lines([Line(text) for text in (*facts, "The board meets.", "Prior Effective Dates: 2/19/2018")])

    assert (["The board meets."], (*facts, "Prior Effective Dates: 2/19/2018")) == (
        [line.text for line in parted.law],
        parted.notes,
    )


def test_name_and_value_of_a_fact_on_two_lines_are_one_note():
    texts = ["Effective:", "March 31, 2021", "Latest Legislation:", "House Bill 24", "The board may:", "Meet in 2021."]

    parted = part_lines([Line(text) for text in texts])

    assert ("Effective: March 31, 2021", "Latest Legislation: House Bill 24") == parted.notes
    assert ["The board may:", "Meet in 2021."] == [line.text for line in parted.law]


def test_history_above_nothing_but_notes_is_followed_by_notes():
    parted = part_lines([Line("History: 2001 c. 5; 2003 c. 6"), Line("A court held so in 2005.")])

    assert ((), 2) == (parted.law, len(parted.notes))


def test_heading_that_may_stand_over_law_is_a_note_above_a_history():
    source = "The provisions of this § 16.1 issued under act 5 of 2001."

    assert ["Text."] == law(Line("Text."), Line("Authority", tag="h4"), Line(source))
    assert ["Authority", "The board may fine."] == law(Line("Authority", tag="h4"), Line("The board may fine."))


def test_section_in_capitals_ends_the_notes():
    assert ["Text.", "SECTION 40-33-20. Lines."] == law(
        Line("Text."), Line("[1999 c 12]"), Line("SECTION 40-33-20. Lines.")
    )


POLICY = ("Ketamine clinics", "A physician must be on the premises.", "A clinic may be fined.")


@pytest.mark.parametrize(
    "history",
    [
        "Adopted March 5, 2020",
        "Adopted: 5/2/2019; Revised: 6/1/2021",
        "Authority: Business and Professions Code section 2000",
        "(Adopted March 5, 2020)",
    ],
)
def test_history_between_a_title_and_its_text_is_one_note(history):
    title, *texts = POLICY
    for above in ((), (title,)):
        parted = part_lines([Line(text) for text in (*above, history, *texts)])

        assert [*above, *texts] == [line.text for line in parted.law]
        assert parted.notes == (history,)


def test_several_histories_above_a_text_are_each_a_note():
    histories = ("Adopted March 5, 2020", "Amended June 1, 2021")
    parted = part_lines([Line(text) for text in (*histories, *POLICY)])

    assert list(POLICY) == [line.text for line in parted.law]
    assert parted.notes == histories


def test_only_the_histories_above_a_text_are_lifted_from_it():
    lines = ("Adopted March 5, 2020", "A physician must be on site.", "Amended June 1, 2021", "See the fee table.")
    parted = part_lines([Line(text) for text in lines])

    assert [lines[1]] == [line.text for line in parted.law]
    assert (lines[0], *lines[2:]) == parted.notes


@pytest.mark.parametrize(
    "lines",
    [
        ("Acts 2010, ch. 795, § 1, repealed by Acts 2018, ch. 883, § 3.", "The board may write rules to end it."),
        ("[Reserved]", "Acts 2010, ch. 795, § 1.", "The board shall write the rules by May."),
        ("Acts 2010, ch. 795, § 1.", "Editor's Notes.", "The board may write rules."),
        ("Acts 2010, ch. 795, § 1.", "Laws 2019, c. 4, says otherwise."),
    ],
)
def test_notes_of_a_text_that_ended_or_that_says_no_duty_stay_notes(lines):
    assert [] == [text for text in law(*map(Line, lines)) if text != "[Reserved]"]


def test_lines_of_a_law_with_sentences_keep_their_history_below():
    lines = ("The fee is $5.", "Adopted March 5, 2020", "The committee may write more.")

    assert law(*map(Line, lines)) == ["The fee is $5."]


def test_endless_histories_above_a_text_are_read_in_time():
    lines = [*(Line("Adopted March 5, 2020") for _ in range(20_000)), Line("The clinic must close.")]

    assert ["The clinic must close."] == [line.text for line in part_lines(lines).law]
