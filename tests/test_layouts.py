"""Every way of setting law in HTML that publishers use is read as the provisions it prints; all texts are invented."""

import pytest

from kb.read.page import read_page
from kb.sources import parse_source

URL = "https://rules.example.gov/fees"
SOURCE = parse_source(
    {"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "match": ["https://rules.example.gov/"]},
    "a test",
)


def read_bytes(body):
    """Return (eid, number, heading, text) of the provisions below the root of a page."""
    parts = read_page(body, SOURCE, URL).readings[0].provisions[1:]
    return [(part.eid, part.number, part.heading, part.text) for part in parts]


def read(html):
    return read_bytes(f"<html><body><main><h1>Fees</h1>{html}</main></body></html>".encode())


def short(*parts):
    """Return provisions without heading as (eid, number, heading, text)."""
    return [(eid, number, "", text) for eid, number, text in parts]


def test_word_html_with_ignored_list_marks_and_conditional_comments():
    html = """<p class=MsoNormal style='margin-left:.5in;text-indent:-.25in'><span style='mso-list:Ignore'>(a)<span
    style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp;&nbsp; </span></span>The fee.<o:p></o:p></p>
    <p class=MsoListParagraph><![if !supportLists]><span>1.<span>&nbsp;&nbsp;</span></span><![endif]>The
    board.<o:p>&nbsp;</o:p></p><!--[if gte mso 9]><xml><w:x>No</w:x></xml><![endif]-->
    <p class=MsoNormal>2.<span style='mso-tab-count:1'>   </span>An owner.</p>"""

    assert short(("a", "(a)", "The fee."), ("a__1", "1.", "The board."), ("a__2", "2.", "An owner.")) == read(html)


def test_tags_that_are_never_closed():
    html = (
        "<p>(a) One<p>(b) Two<table><tr><td>III<td>7285<td>Ketamine<tr><td>IV<td>2<td>Other</table><ul><li>x<li>y</ul>"
    )

    rows = [("b__r_iii", "", "III | 7285 | Ketamine"), ("b__r_iv", "", "IV | 2 | Other")]
    items = [("b__p1", "", "x"), ("b__p2", "", "y")]
    assert short(("a", "(a)", "One"), ("b", "(b)", "Two"), *rows, *items) == read(html)


def test_terms_and_their_definitions():
    html = "<dl><dt>Kite</dt><dd><p>A toy that flies.</p></dd><dd>Not a drone.</dd><dt>Line</dt><dd>A rope.</dd></dl>"

    told = short(("p1", "", "Kite A toy that flies."), ("p2", "", "Not a drone."), ("p3", "", "Line A rope."))
    assert told == read(html)


def test_labels_set_as_terms():
    assert short(("a", "(a)", "One"), ("b", "(b)", "Two")) == read("<dl><dt>(a)<dd>One<dt>(b)<dd>Two</dl>")


def test_term_without_a_definition_stays():
    assert short(("p1", "", "Kite"), ("p2", "", "Line A rope.")) == read(
        "<dl><dt>Kite</dt><dt>Line</dt><dd>A rope.</dd></dl>"
    )


def test_schedule_with_a_column_of_numbers_and_one_of_codes():
    html = "<table><tr><td>(1)</td><td>Alfentanil<td>9737</td></tr><tr><td>(2)</td><td>Ketamine<td>7285</td></table>"

    assert short(("1", "(1)", "Alfentanil | 9737"), ("2", "(2)", "Ketamine | 7285")) == read(html)


def test_table_inside_a_note_is_no_law():
    html = "<p>The fee is due.</p><aside><table><tr><td>2001</td><td>c. 4</td></tr></table></aside>"

    assert short(("p1", "", "The fee is due.")) == read(html)


def test_number_and_text_in_cells_of_their_own():
    html = "<table><tr><td>(a)</td><td>One</td></tr><tr><td>(b)</td><td>Two</td></tr></table>"

    assert short(("a", "(a)", "One"), ("b", "(b)", "Two")) == read(html)


def test_indents_typed_with_spaces():
    html = "<pre>\n     (a) The board may:\n\n          (1) act; or\n\n          (2) rest.\n\n     (b) The fee.\n</pre>"

    told = [
        ("a", "(a)", "The board may:"),
        ("a__1", "(1)", "act; or"),
        ("a__2", "(2)", "rest."),
        ("b", "(b)", "The fee."),
    ]
    assert short(*told) == read(html)


def test_lines_wrapped_hard_and_labels_after_a_break():
    html = "<div>(a) The board may<br>issue a permit.<br>(1) One.<br>(2) Two.<br><br>(b) More.</div>"

    told = [("a", "(a)", "The board may issue a permit."), ("a__1", "(1)", "One."), ("a__2", "(2)", "Two.")]
    assert short(*told, ("b", "(b)", "More.")) == read(html)


def test_break_before_anything_is_printed():
    assert short(("p1", "", "board")) == read("<b><br>board</b>")


def test_ordered_lists_number_what_they_do_not_print():
    html = "<ol type=A><li>One<ol><li>Two<li>Three</ol><li>(C) Four</ol>"

    told = [("A", "A.", "One"), ("A__1", "1.", "Two"), ("A__2", "2.", "Three"), ("C", "(C)", "Four")]
    assert short(*told) == read(html)


LINES = [
    "Providing for the fees of kites and their owners, and for",
    "the duties of the board of kites in relation to them, and",
    "for what an owner may ask in return, which is limited to:",
    "(a) permits, which are due each year and which the board",
    "may not refuse without a reason that it has given to the",
    "owner, and lines.",
    "(b) The board shall tell every owner what is due to it and",
    "when it is due, and may ask for more than that only if the",
    "owner has agreed to it in writing before the day on which",
    "it falls due.",
]
TYPED = short(
    ("p1", "", " ".join(LINES[:3])),
    ("a", "(a)", " ".join(LINES[3:6]).removeprefix("(a) ")),
    ("b", "(b)", " ".join(LINES[6:]).removeprefix("(b) ")),
)


@pytest.mark.parametrize(
    "html",
    [
        "<table>{}</table>".format("".join(f"<tr><td>{n}</td><td>{line}</td></tr>" for n, line in enumerate(LINES, 1))),
        "<p>{}</p>".format("<br>".join(f"{n}{line}" for n, line in enumerate(LINES, 1))),
        "<p>{}</p>".format("<br>".join(f"{n} {line}" for n, line in enumerate(LINES, 1))),
        "<p>{}</p>".format("<br>".join(f"4.{n} {line}" for n, line in enumerate(LINES, 11))),
        "<pre>{}</pre>".format("\n".join(f"{n:4}  {line}" for n, line in enumerate(LINES, 5))),
        "<div>{}</div>".format("".join(f"<p>{n} {line}</p>" for n, line in enumerate(LINES, 1))),
    ],
    ids=["column", "glued", "spaced", "page and line", "typed", "paragraphs"],
)
def test_line_numbers_are_no_words_and_no_numbers_of_law(html):
    assert TYPED == read(html)


def test_line_numbers_are_told_as_left_out():
    page = read_page(f"<p>{'<br>'.join(f'{n} {line}' for n, line in enumerate(LINES, 1))}</p>".encode(), SOURCE, URL)

    assert [("layout", str(number)) for number in range(1, 11)] == [(piece.why, piece.text) for piece in page.left_out]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "utf-16"])
def test_page_in_a_charset_it_does_not_declare(encoding):
    html = (
        '<html><head><meta charset="utf-8"></head><body><main><p>(a) The “fee” under § 5 – é.</p></main></body></html>'
    )

    assert short(("a", "(a)", "The “fee” under § 5 – é.")) == read_bytes(html.encode(encoding))


def test_page_encoded_twice_is_read_as_meant():
    html = "<html><body><main><p>§ 5 applies to café “owners”.</p></main></body></html>"
    twice = html.encode().decode("latin-1").replace("\u0080", "€").replace("\u009c", "œ")

    assert short(("p1", "", "§ 5 applies to café “owners”.")) == read_bytes(twice.encode())


def test_section_in_capitals_on_a_plain_line_opens_a_provision():
    told = [("40-33-20", "SECTION 40-33-20.", "Words.", ""), ("40-33-20__1", "(1)", "", "A kite.")]

    assert told == read("<p>Chapter 33</p><p>SECTION 40-33-20. Words.</p><p>(1) A kite.</p>")[1:]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Sec. 481.002. WORDS. In this chapter:", [("481.002", "Sec. 481.002.", "WORDS.", "In this chapter:")]),
        ("§ 5-1. Fees. (a) The fee is $5.", [("5-1", "§ 5-1.", "Fees.", ""), ("5-1__a", "(a)", "", "The fee is $5.")]),
        ("§ 5-1. The fee is $5.", [("5-1", "§ 5-1.", "", "The fee is $5.")]),
        ("§ 5-1 Fees", [("5-1", "§ 5-1", "Fees", "")]),
        ("Section 5-1 Applies to kites.", [("p1", "", "", "Section 5-1 Applies to kites.")]),
    ],
)
def test_section_on_a_plain_line_has_its_catchline_and_its_text(line, told):
    assert told == read(f"<p>{line}</p>")


def test_law_goes_on_after_a_history_with_the_next_section_on_a_plain_line():
    history = "Added by Acts 2017, 85th Leg., R.S., Ch. 485, Sec. 6, eff. September 1, 2017."

    told = read(f"<p>Sec. 1.001. ONE. Text.</p><p>{history}</p><p>Sec. 1.002. TWO. More.</p><p>{history}</p>")

    assert [("1.001", "Sec. 1.001.", "ONE.", "Text."), ("1.002", "Sec. 1.002.", "TWO.", "More.")] == told
