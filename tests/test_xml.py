"""Published XML is read by its vocabulary: each printed number once, words of others never taken for provisions."""

from datetime import date

import pytest

from kb.models import Act, Line
from kb.read.page import read_page
from kb.read.xml import XmlDocument, read_xml_lines
from kb.sources import parse_source

DC = 'xmlns="https://code.dccouncil.us/schemas/dc-library" xmlns:codify="https://code.dccouncil.us/schemas/codify"'
USLM = 'xmlns="http://xml.house.gov/schemas/uslm/1.0" xmlns:dc="http://purl.org/dc/elements/1.1/"'


def read_only(body: str) -> XmlDocument:
    documents, flaws = read_xml_lines(body.encode())
    assert () == flaws
    assert 1 == len(documents)
    return documents[0]


def read_section(inner: str) -> XmlDocument:
    return read_only(f"<section {DC}><num>9-101</num>{inner}</section>")


def list_codes(body: bytes) -> list[str]:
    documents, flaws = read_xml_lines(body)
    assert () == documents
    return [flaw.code for flaw in flaws]


def test_numbers_stand_in_number_and_path_and_not_in_the_text() -> None:
    document = read_section(
        "<heading>Goats.</heading>"
        "<text>For this chapter:</text>"
        "<para><num>(a)</num><text>A goat\n   is <em>any</em> goat.</text>"
        "<para><num>(1)</num><para><num>(A)</num><text>Young.</text></para></para>"
        "<aftertext>Sheep are no goats.</aftertext></para>"
    )

    assert ("9-101", "Goats.") == (document.citation, document.heading)
    expected = (
        Line("For this chapter:", level=1),
        Line("A goat is any goat.", number="(a)", path=("a",), level=2),
        Line("", number="(1)", path=("a", "1"), level=3),
        Line("Young.", number="(A)", path=("a", "1", "A"), level=4),
        Line("Sheep are no goats.", level=2),
    )
    assert expected == document.lines


def test_an_undesignated_number_prints_nothing_and_its_children_belong_to_the_part_above() -> None:
    document = read_section(
        '<heading>Goats.</heading><para><num undesignated="true">(a)</num><text>A goat:</text>'
        "<para><num>(1)</num><text>eats;</text></para></para>"
    )

    expected = (Line("A goat:", level=2), Line("eats;", number="(1)", path=("1",), level=3))
    assert expected == document.lines


def test_a_heading_inside_a_paragraph_leads_its_first_line() -> None:
    document = read_section(
        "<heading>Goats.</heading><para><num>(a)</num><heading>Bells. —</heading><text>A bell rings.</text></para>"
        "<para><num>(b)</num><heading>Herds. —</heading><para><num>(1)</num><text>Nine.</text></para></para>"
    )

    bells, herds, _ = document.lines
    assert Line("Bells. — A bell rings.", number="(a)", path=("a",), level=2, lead="Bells. —") == bells
    assert Line("Herds. —", number="(b)", path=("b",), level=2, lead="Herds. —") == herds


def test_text_before_the_heading_is_a_note() -> None:
    document = read_section("<text>*NOTE: ends in May.*</text><heading>Goats.</heading><text>Goats eat.</text>")

    assert [("note", "*NOTE: ends in May.*"), ("text", "Goats eat.")] == [(ln.part, ln.text) for ln in document.lines]


def test_annotations_become_labelled_notes_and_displayed_history_becomes_acts() -> None:
    document = read_section(
        "<heading>Goats.</heading><text>Goats eat.</text><annotations>"
        '<annotation type="History" doc="Law 1-2" path="§3">May 1, 1970, Law 1-2, § 3</annotation>'
        '<annotation type="History" doc="Law 9-8" eff="2022-12-21"/>'
        '<annotation type="History" doc="Law 9-8" eff="2022-12-21" path="§4"/>'
        '<annotation type="History" doc="Act 9-7" eff="2022-10-01" display="false"/>'
        '<annotation type="Short Title">Goat Act.</annotation><annotation type="Short Title">Bell Act.</annotation>'
        "</annotations>"
    )

    assert (Act("Law 1-2"), Act("Law 9-8", date(2022, 12, 21))) == document.acts
    notes = [(line.tag, line.text) for line in document.lines if line.part == "note"]
    expected = [
        ("h4", "History"),
        ("p", "May 1, 1970, Law 1-2, § 3"),
        ("h4", "Short Title"),
        ("p", "Goat Act."),
        ("p", "Bell Act."),
    ]
    assert expected == notes


def test_instructions_of_foreign_namespaces_are_not_read() -> None:
    document = read_section(
        "<reason>Repealed</reason><heading>Goats.</heading><text>Repealed.</text>"
        "<codify:insert><text>New words elsewhere.</text></codify:insert>"
    )

    assert ["Repealed."] == [line.text for line in document.lines]


def test_included_words_of_another_text_open_no_provision() -> None:
    document = read_section(
        "<heading>Goats.</heading><para><num>(b)</num><text>Add:</text>"
        "<include><para><num>(c)</num><text>More goats.</text></para></include></para>"
    )

    assert [("(b)", "Add:"), ("", "(c) More goats.")] == [(line.number, line.text) for line in document.lines]


def test_table_rows_are_lines_with_their_cells_joined() -> None:
    document = read_section(
        "<heading>Fees.</heading><para><num>(a)</num><text>Fees:</text><text><table><tr><th>Goat</th><th>Fee</th></tr>"
        "<tr><td/><td/></tr><tr><td>One</td><td>$ 2</td></tr></table></text><text>Pay.</text></para>"
    )

    assert [("p", "Fees:"), ("tr", "Goat | Fee"), ("tr", "One | $ 2"), ("p", "Pay.")] == [
        (line.tag, line.text) for line in document.lines
    ]
    assert {2} == {line.level for line in document.lines}


TITLE = f"""<uscDoc {USLM}><meta><dc:title>Title 9</dc:title></meta><main><title><num value="9">Title 9—</num>
<heading>GOATS</heading><toc><p>Sec. 1</p></toc>
<notes><note><quotedContent><section><num value="7">§ 7.</num></section></quotedContent></note></notes>
<section identifier="/us/usc/t9/s1"><num value="1">§ 1.</num><heading> Bells</heading>
<subsection><num value="a">(a)</num><heading> In general.—</heading><chapeau>A keeper<ref class="footnoteRef">1</ref>
<note type="footnote"><num>1</num> So in original.</note> shall—</chapeau>
<paragraph><num value="1">(1)</num><content>ring; and</content></paragraph>
<continuation>for a year.</continuation></subsection>
<sourceCredit>(July 30, 1947.)</sourceCredit></section>
<section identifier="/us/usc/t9/s2"><num value="2">§ 2.</num><heading> Herds</heading>
<content><p>One.</p><p>Two.</p></content></section></title></main></uscDoc>"""


def test_a_title_of_the_united_states_code_gives_one_document_a_section() -> None:
    documents, flaws = read_xml_lines(TITLE.encode())

    assert () == flaws
    expected = [("1", "Bells", "/us/usc/t9/s1"), ("2", "Herds", "/us/usc/t9/s2")]
    assert expected == [(document.citation, document.heading, document.identifier) for document in documents]
    assert ["One.", "Two."] == [line.text for line in documents[1].lines]


def test_a_footnote_inside_a_sentence_does_not_cut_it() -> None:
    documents, _ = read_xml_lines(TITLE.encode())

    lead = "In general.—"
    expected = (
        Line("In general.— A keeper shall—", number="(a)", path=("a",), level=2, lead=lead),
        Line("1 So in original.", part="note", level=2),
        Line("ring; and", number="(1)", path=("a", "1"), level=3),
        Line("for a year.", level=2),
        Line("(July 30, 1947.)", part="note", level=1),
    )
    assert expected == documents[0].lines


def test_federal_regulations_keep_their_numbers_in_the_text() -> None:
    document = read_only(
        '<DIV5 N="9" TYPE="PART"><HEAD>PART 9</HEAD><AUTH><P>Goat Act.</P></AUTH><DIV8 N="9.4" TYPE="SECTION">'
        "<HEAD>§ 9.4   Goat <I>bells</I>.</HEAD><P>(a) Ring.</P><CITA>[57 FR 1]</CITA></DIV8></DIV5>"
    )

    assert ("9.4", "Goat bells.") == (document.citation, document.heading)
    assert (Line("(a) Ring."), Line("[57 FR 1]", part="note")) == document.lines


def test_notes_that_follow_a_section_as_siblings_belong_to_it() -> None:
    documents, flaws = read_xml_lines(
        b"<CRS><SECTION-TEXT><P></P><CATCH-LINE>\n<RHFTO>7-1</RHFTO>.\n<M>Goats.</M></CATCH-LINE>In this article:"
        b'<P N="(1)">(1)\n<M>"Goat" is a goat.</M></P></SECTION-TEXT>'
        b"<SOURCE-NOTE><B>Source:</B>L. 94</SOURCE-NOTE><ARTICLE-NUM>ARTICLE 2</ARTICLE-NUM>"
        b"<EDITORS-NOTE>On the article.</EDITORS-NOTE>"
        b"<SECTION-TEXT><CATCH-LINE><RHFTO>7-2</RHFTO>to 7-9. (Repealed)</CATCH-LINE></SECTION-TEXT></CRS>"
    )

    assert () == flaws
    assert [("7-1", "Goats."), ("7-2", "to 7-9. (Repealed)")] == [(each.citation, each.heading) for each in documents]
    expected = (Line("In this article:"), Line('(1) "Goat" is a goat.'), Line("Source: L. 94", part="note"))
    assert expected == documents[0].lines


def test_an_element_without_a_role_is_read_as_text_and_reported() -> None:
    documents, flaws = read_xml_lines(f"<section {DC}><num>1</num><rule>Goats eat.</rule></section>".encode())

    assert ["Goats eat."] == [line.text for line in documents[0].lines]
    assert [("unknown_element", True)] == [(flaw.code, "rule" in flaw.message) for flaw in flaws]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"<CRS><SECTION-TEXT>",
        b'<?xml version="1.0" encoding="nope"?><CRS/>',
        b'<!DOCTYPE CRS [<!ENTITY g "goat">]><CRS><SECTION-TEXT>&g;</SECTION-TEXT></CRS>',
        b'<!DOCTYPE CRS SYSTEM "http://localhost/crs.dtd"><CRS><SECTION-TEXT>a&nbsp;goat</SECTION-TEXT></CRS>',
        b"<CRS>" + b"<P>" * 300 + b"</P>" * 300 + b"</CRS>",
    ],
)
def test_malformed_too_deep_or_entity_bearing_xml_is_unreadable(body: bytes) -> None:
    assert ["unreadable"] == list_codes(body)


def test_entities_that_multiply_are_refused() -> None:
    entities = "".join(f'<!ENTITY g{at + 1} "{f"&g{at};" * 10}">' for at in range(9))
    body = f'<!DOCTYPE CRS [<!ENTITY g0 "{"goat" * 100}">{entities}]><CRS herd="&g9;"/>'

    assert ["unreadable"] == list_codes(body.encode())


def test_an_unknown_vocabulary_and_a_page_without_documents_are_told_apart() -> None:
    assert ["unknown_vocabulary"] == list_codes(b"<goats/>")
    assert ["no_document"] == list_codes(b"<CRS><TITLE-NUM>TITLE 7</TITLE-NUM></CRS>")


def test_the_deepest_nesting_a_parser_accepts_is_read() -> None:
    depth = 250
    inner = "".join(f"<level><num>({at})</num>" for at in range(depth)) + "goat" + "</level>" * depth

    document = read_only(f"<section {USLM}><num>1</num>{inner}</section>")

    assert depth == len(document.lines)
    assert depth == len(document.lines[-1].path or ())


def test_the_markup_of_utah_is_read_with_the_numbers_its_attributes_state() -> None:
    document = read_only(
        '<section number="9-10-104"><effdate>5/6/2026</effdate><histories><history>Amended by Chapter <modchap '
        'sess="2026GS">250</modchap>, 2026 General Session</history><modyear>2026</modyear></histories>'
        '<catchline>Goats -- Bells.</catchline><tab/>A keeper shall:<subsection number="9-10-104(1)">feed a goat; and'
        '</subsection><subsection number="9-10-104(2)">as <xref refnumber="9-1">Section 9-1</xref> says:'
        '<subsection number="9-10-104(2)(a)">ring<eol/>a bell.</subsection></subsection></section>'
    )

    notes = ["Effective 5/6/2026", "Amended by Chapter 250, 2026 General Session"]
    assert ("9-10-104", "Goats -- Bells.") == (document.citation, document.heading)
    assert notes == [line.text for line in document.lines if line.part == "note"]
    assert [
        ("", "A keeper shall:", None),
        ("(1)", "feed a goat; and", ("1",)),
        ("(2)", "as Section 9-1 says:", ("2",)),
        ("(a)", "ring a bell.", ("2", "a")),
    ] == [(line.number, line.text, line.path) for line in document.lines if line.part == "text"]


def test_a_title_of_utah_holds_its_sections_and_a_text_that_ends_states_its_day() -> None:
    body = (
        '<title number="9"><catchline>Herds</catchline><chapter number="9-1"><catchline>Goats</catchline>'
        '<section number="9-1-1"><enddate type="SC">10/1/2026</enddate><catchline>Policy.</catchline>Goats.</section>'
        '<section number="9-1-2"><catchline>Fee.</catchline>It is $5.</section></chapter></title>'
    )
    rule = {"id": "us-xx-code", "jurisdiction": "us-xx", "platform": "page", "urls": ["https://code.example.gov/9"]}

    page = read_page(body.encode(), parse_source(rule, "a test"), rule["urls"][0], media_type="application/xml")

    told = [(reading.document, reading.validity.valid_to) for reading in page.readings]
    assert [("us-xx/page/9-1-1", date(2026, 10, 1)), ("us-xx/page/9-1-2", None)] == told
    assert ["Herds", "Goats"] == [piece.text for piece in page.left_out if piece.why == "outside"]


def test_maryland_writes_the_same_markup_in_a_namespace_of_its_own() -> None:
    document = read_only(
        '<section xmlns="https://open.law/schemas/library"><prefix>Regulation</prefix><num>.04</num><heading>Goats.</heading>'
        "<para><num>A.</num><text>Goats eat.</text></para></section>"
    )

    assert ("04", "Goats.") == (document.citation, document.heading)
    assert (Line("Goats eat.", number="A.", path=("A",), level=2),) == document.lines
