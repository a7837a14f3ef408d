"""A document's catchline is found, without its number, and printed once."""

import pytest

from kb.models import Line
from kb.read.headings import strip_citation, take_heading, trim_heading


@pytest.mark.parametrize(
    ("told", "catchline"),
    [
        ("§ 7–1201.01. Definitions.", "Definitions."),
        ("Sec. 7-1201.01. Definitions", "Definitions"),
        ("[§7-1201.01] Definitions.", "Definitions."),
        ("7-1201.01", "7-1201.01"),
        ("§ 7-1201.01 — 7-1201.05. Repealed.", "§ 7-1201.01 — 7-1201.05. Repealed."),
        ("§ 7-1201.012. Others", "§ 7-1201.012. Others"),
        ("Fees under 7-1201.01", "Fees under 7-1201.01"),
    ],
)
def test_own_number_is_dropped_from_a_heading(told, catchline):
    assert catchline == strip_citation(told, "7-1201.01")


def taken(*lines, citation="12-7"):
    heading, body, _ = take_heading(lines, citation)
    return heading, [(line.part, line.text) for line in body]


def test_declared_heading_comes_before_the_first_top_heading():
    assert ("Fees.", [("text", "Site"), ("text", "x")]) == taken(
        Line("Site", tag="h1"), Line("§ 12-7. Fees.", part="heading", tag="div"), Line("x")
    )


def test_lone_heading_that_opens_the_text_is_the_heading():
    assert ("Fees", [("text", "x")]) == taken(Line("Fees", tag="h2"), Line("x"))


def test_one_of_many_headings_is_not_the_documents():
    assert "" == taken(Line("Schedule I", tag="h2"), Line("x"), Line("Schedule II", tag="h2"))[0]


def test_bold_run_with_the_number_is_the_heading():
    line = Line("12-7. Fees. The fee is $5.", lead="12-7. Fees.")

    assert ("Fees.", [("text", "The fee is $5.")]) == taken(line)


def test_heading_repeated_in_the_text_is_printed_once():
    lines = [Line("§12-7 Fees.", tag="h1"), Line("§12-7 Fees. (a) The fee is $5.")]

    assert ("Fees.", [("text", "(a) The fee is $5.")]) == taken(*lines)


def test_sentence_that_begins_like_its_heading_is_whole():
    assert [("text", "Fees are due.")] == taken(Line("12-7 Fees", tag="h1"), Line("Fees are due."))[1]


def test_heading_that_ran_into_the_text_ends_before_the_first_label():
    lines = [Line("§12-7 Fees. (a) The fee is", tag="h1"), Line("§12-7 Fees. (a) The fee is $5.")]

    assert ("Fees.", [("text", "(a) The fee is $5.")]) == taken(*lines)


def test_heading_cut_with_dots_is_taken_whole_from_the_text():
    lines = [Line("§12-7 Fees and hours of the…", tag="h1"), Line("§12-7 Fees and hours of the board. The fee is $5.")]

    assert ("Fees and hours of the board.", [("text", "The fee is $5.")]) == taken(*lines)


def test_what_stands_above_a_repeated_heading_is_a_note():
    lines = [Line("§12-7 Fees.", tag="h1"), Line("PART II. MONEY"), Line("§12-7 Fees. The fee is $5.")]

    assert ("Fees.", [("note", "PART II. MONEY"), ("text", "The fee is $5.")]) == taken(*lines)


def test_heading_printed_with_its_number_is_preferred_to_another():
    lines = [Line("§12-7 to 12-9 do not include it.", tag="h1"), Line("§12-7 Fees. The fee is $5.")]

    assert ("Fees.", [("text", "The fee is $5.")]) == taken(*lines)


def test_a_bold_catchline_below_a_bold_number_is_the_heading():
    body = [Line("Formulary exclusions", lead="Formulary exclusions"), Line("The list is closed.")]

    assert ("Formulary exclusions", body[1:]) == trim_heading("850-060-0223", "850-060-0223", body)[:2]


def test_a_bold_run_that_opens_a_sentence_below_a_number_is_no_heading():
    body = [Line("Fees. The fee is 30 dollars.", lead="Fees.")]

    assert ("850-060-0223", body) == trim_heading("850-060-0223", "850-060-0223", body)[:2]


@pytest.mark.parametrize(
    ("lines", "dropped"),
    [
        ([Line("§ 12-7. Fees.", tag="h1"), Line("x")], ["§ 12-7."]),
        ([Line("Fees", tag="h1"), Line("Fees"), Line("x")], ["Fees"]),
        ([Line("§ 12-7. Fees.", tag="h1"), Line("§ 12-7. Fees. The fee is $5.")], ["§ 12-7.", "Fees.", "§ 12-7."]),
        ([Line("12-7. Fees. The fee is $5.", lead="12-7. Fees.")], ["12-7."]),
        ([Line("HTMLPDF12-7 Fees", tag="h1"), Line("x")], ["HTMLPDF12-7"]),
        ([Line("Fees", tag="h1"), Line("x")], []),
    ],
)
def test_what_is_dropped_from_a_heading_is_told(lines, dropped):
    assert dropped == list(take_heading(lines, "12-7").dropped)
