"""A redline gives back both texts exactly, cuts no word and reads as a person would mark it."""

import re
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.compare import redline as module
from kb.compare.redline import (
    CONTROL_SIGN,
    Span,
    match_words,
    redline,
    redline_html,
    redline_json,
    redline_markdown,
    redline_text,
    shorten_redline,
    spell_controls,
)

# Texts with few words, so that they share some, and every kind of space and border.
PROSE = st.lists(
    st.sampled_from(["the", "board", "may", "shall", "30", "1.5", "days", ",", ";", ".", "|", "(a)", " ", "\n", "  "])
).map(" ".join)


def join(spans, *ops):
    return "".join(span.text for span in spans if span.op in ops)


@given(st.one_of(st.text(), PROSE), st.one_of(st.text(), PROSE))
def test_applying_a_redline_gives_both_texts_exactly(old, new):
    spans = redline(old, new)

    assert (old, new) == (join(spans, "equal", "delete"), join(spans, "equal", "insert"))


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["The board may act. ", "It shall not; ", "A fee of $5 is due.\n", "x "]), max_size=40))
def test_long_texts_split_at_sentences_give_both_texts_exactly(sentences):
    filler = "".join(f"Rule {number} applies to all. " for number in range(500))
    old, new = "".join(sentences) + filler, filler[:9000] + "".join(reversed(sentences)) + filler[9000:]

    spans = redline(old, new)

    assert (old, new) == (join(spans, "equal", "delete"), join(spans, "equal", "insert"))


@given(PROSE)
def test_equal_texts_have_no_edits(text):
    assert all(span.op == "equal" for span in redline(text, text))


def find_cut_words(spans, *ops):
    """Return the places where a word of one text is torn between two spans."""
    texts = [span.text for span in spans if span.op in ops]
    return [pair for pair in pairwise(texts) if re.fullmatch(r"\w\w", pair[0][-1] + pair[1][0])]


@given(PROSE, PROSE)
def test_no_word_is_cut(old, new):
    spans = redline(old, new)

    assert [] == find_cut_words(spans, "equal", "delete") + find_cut_words(spans, "equal", "insert")


@given(PROSE, PROSE)
def test_deletions_stand_before_insertions(old, new):
    spans = redline(old, new)

    operations = [span.op for span in spans]
    assert ("insert", "delete") not in pairwise(operations)


@pytest.mark.parametrize(
    ("old", "new", "marked"),
    [
        ("within 30 days.", "within 45 days.", "within [-30-] {+45+} days."),
        ("A fee of 1.5 percent", "A fee of 1.75 percent", "A fee of [-1.5-] {+1.75+} percent"),
        ("a nurse may act", "a licensed nurse may act", "a {+licensed+} nurse may act"),
        ("The board may not act.", "The board may act.", "The board may [-not-] act."),
        ("under § 25-101(b)", "under § 25-102(b)", "under § [-25-101-] {+25-102+}(b)"),
        ("the board", "", "[-the board-]"),
    ],
)
def test_edits_are_marked_by_whole_words(old, new, marked):
    shown = redline_text(redline(old, new))

    assert marked == shown


def test_words_that_only_glue_two_edits_join_them():
    old, new = "notify the director of the agency in writing", "notify the chair of a board in writing"

    spans = redline(old, new)

    assert ["equal", "delete", "insert", "equal"] == [span.op for span in spans]


def test_sentences_part_edits_even_when_little_is_kept_between():
    spans = redline("A doctor shall act. Nurses shall wait.", "A nurse shall act. Doctors shall wait.")

    assert 2 == sum(span.op == "delete" for span in spans)


def test_an_inserted_item_stands_at_the_seam_of_its_list():
    spans = redline("a dentist, a nurse, or a doctor", "a dentist, a doula, a nurse, or a doctor")

    assert ["a doula,"] == [span.text.strip() for span in spans if span.op == "insert"]


def test_a_rewritten_text_is_shown_as_old_and_new_block():
    old = "Records of each patient must be kept by the clinic for five years after the last visit."
    new = "No person may administer the drug unless two trained monitors watch vital signs until discharge."

    assert (Span("delete", old), Span("insert", new)) == redline(old, new)


def test_a_moved_sentence_is_numbered_at_both_places():
    moved, kept = "Every clinic must keep a crash cart. ", "The board may inspect records at any time. "

    spans = redline(moved + kept * 2 + "End.", kept * 2 + moved + "End.")

    assert [("delete", 1), ("insert", 1)] == [(span.op, span.moved) for span in spans if span.op != "equal"]


def test_cells_of_a_table_row_are_edited_one_by_one():
    spans = redline("Ketamine | III | 7285", "Esketamine | III | 7286")

    assert ["Ketamine", "7285"] == [span.text.strip() for span in spans if span.op == "delete"]


def test_too_large_pairs_are_matched_at_unique_words_only(monkeypatch):
    monkeypatch.setattr(module, "EXACT_CELLS", 20)

    runs = match_words("a x b y c d".split(), "a z b w c d e".split())

    assert [True, False, True, False, True, False] == [run.kept for run in runs]


def test_long_unchanged_runs_are_cut_to_the_words_next_to_an_edit():
    old = "one two three four five six 30 seven eight nine ten eleven twelve"

    shown = redline_text(shorten_redline(redline(old, old.replace("30", "45")), context=2))

    assert "… five six [-30-] {+45+} seven eight …" == shown


SPANS = (Span("equal", "fee of "), Span("delete", "<$5>"), Span("insert", "*$6*"), Span("equal", "\x1b[2J"))


def test_terminal_output_spells_out_control_signs():
    assert "fee of [-<$5>-]{+*$6*+}⟨U+001B⟩[2J" == redline_text(SPANS)


def test_colours_mark_deletions_and_insertions():
    assert "\x1b[31;9m<$5>\x1b[0m\x1b[32;4m*$6*\x1b[0m" in redline_text(SPANS, color=True)


def test_html_is_escaped_and_says_aloud_what_a_mark_means():
    expected = (
        'fee of <del><span class="vh">[removed: </span>&lt;$5&gt;<span class="vh">]</span></del>'
        '<ins><span class="vh">[added: </span>*$6*<span class="vh">]</span></ins>⟨U+001B⟩[2J'
    )

    assert expected == redline_html(SPANS)


def test_html_says_that_a_run_moved():
    html = redline_html([Span("delete", "all of it", 1), Span("insert", "all of it", 1)])

    assert ('<del class="moved">' in html, "[moved from here: " in html, "[moved here: " in html) == (True, True, True)


def test_markdown_keeps_its_meaning_as_plain_text():
    assert "fee of ~~[removed: \\<$5\\>]~~**[added: \\*$6\\*]**⟨U+001B⟩\\[2J" == redline_markdown(SPANS)


def test_json_lists_operations_and_texts():
    spans = [Span("equal", "a "), Span("delete", "b", 1)]

    assert '[{"op":"equal","text":"a "},{"op":"delete","text":"b","moved":1}]' == redline_json(spans)


def test_every_sign_that_is_spelled_out_is_told_from_printable_text():
    signs = [chr(code) for code in range(sys.maxunicode + 1) if CONTROL_SIGN.match(chr(code))]

    assert signs != []
    assert [f"a⟨U+{ord(sign):04X}⟩b\n" for sign in signs] == [spell_controls(f"a{sign}b\n") for sign in signs]
    assert [] == [sign for sign in signs if sign.isprintable()]
