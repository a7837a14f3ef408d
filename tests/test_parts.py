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
