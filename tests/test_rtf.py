"""Rich text is read as its paragraphs and rows, with the numbers its program printed."""

import pytest

from kb.models import Line
from kb.read.rtf import read_rtf

HEAD = rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Times;}}{\*\generator A Program;}"


def read_lines(body):
    extract = read_rtf(HEAD + body + b"}")
    assert () == extract.flaws
    return list(extract.lines)


def test_paragraphs_with_signs_and_printed_numbers_are_read():
    lines = read_lines(
        rb"\pard \'a7 7\u8211?1.  Goats\par {\listtext\pard\plain (a)\tab}A keeper \b shall\b0  water\line it.\par"
        rb"{\pntext\pard (b)\tab}No goat is sold.\par\page {\header Head}{\footnote Note}Last."
    )

    words = ["§ 7–1. Goats", "(a) A keeper shall water", "it.", "(b) No goat is sold.", "Last."]
    assert [Line(text) for text in words] == lines


def test_a_table_is_read_row_by_row():
    lines = read_lines(rb"\trowd\cellx1\cellx2 Drug\cell Code\cell\row Ketamine\cell 7285\cell\row")

    assert [Line("Drug | Code", tag="tr"), Line("Ketamine | 7285", tag="tr")] == lines


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (rb"{\rtf1 }", "empty"),
        (rb"{\rtf1 A goat eats", "unreadable"),
        (rb"{\rtf1 \u99999999 Goat}", "unreadable"),
    ],
)
def test_what_holds_no_words_or_breaks_is_named(body, code):
    assert [code] == [flaw.code for flaw in read_rtf(body).flaws]
