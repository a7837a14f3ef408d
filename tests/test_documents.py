"""The lines of a page are cut into documents as its source declares."""

from datetime import date

from kb.models import Line, Validity
from kb.read.documents import cut_sections, document_id, identify_page, read_section
from kb.sources import parse_source

URL = "https://rules.example.gov/s/12-7.html"


def make_rule(select=None, **document):
    body = {"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "match": ["https://rules.example.gov/"]}
    if select:
        body["select"] = select
    return parse_source({**body, "document": {"work": "code", **document}} if document else body, "a test")


HEADINGS = make_rule(**{"from": "heading", "pattern": r"§ (?P<citation>\d+-\d+)", "cite": "Code § {citation}"})


def cut(*lines, source=HEADINGS):
    sections = cut_sections(lines, source, URL)
    return [(each.citation, each.heading, [line.text for line in each.lines]) for each in sections]


def test_document_id_holds_only_the_characters_of_an_id():
    assert "us-xx/code/12-7-a-b" == document_id(HEADINGS, "§ 12-7 A/B")


def test_page_of_many_documents_is_cut_at_its_headings():
    lines = [Line("Contents"), Line("§ 1-1. Fees", tag="h3"), Line("x"), Line("§ 1-2. Hours", tag="h3"), Line("y")]

    assert [("1-1", "Fees", ["x"]), ("1-2", "Hours", ["y"])] == cut(*lines)


def test_next_chapters_title_belongs_to_no_section():
    section = [Line("§ 1-1. Fees", tag="h3"), Line("x"), Line("Part", tag="h4")]
    lines = [*section, Line("Chapter 2", tag="h2"), Line("List")]

    assert [("1-1", "Fees", ["x", "Part"])] == cut(*lines)


def test_bold_run_opens_a_document_and_the_rest_of_its_line_is_text():
    assert [("1-1", "Fees.", ["The fee is $5."])] == cut(Line("§ 1-1 Fees. The fee is $5.", lead="§ 1-1 Fees."))


def test_only_declared_headings_are_tried_where_they_are_declared():
    source = make_rule(select={"heading": "h3"}, **{"from": "heading", "pattern": r"§ (?P<citation>\d+-\d+)"})
    lines = [Line("§ 1-1. Fees", part="heading", tag="h3"), Line("§ 1-2. See.", lead="§ 1-2. See.")]

    assert [("1-1", "Fees", ["§ 1-2. See."])] == cut(*lines, source=source)


def test_page_without_a_matching_heading_holds_no_document():
    assert [] == cut(Line("Chapter 1", tag="h2"), Line("x"))


def test_page_is_named_by_its_url_its_source_or_its_path():
    by_url = make_rule(pattern=r"/s/(?P<citation>[^/]+)\.html")
    single = parse_source({"id": "us-xx-page", "jurisdiction": "us-xx", "platform": "page", "urls": [URL]}, "a test")

    assert "12-7" == identify_page(by_url, URL).citation
    assert "us-xx-page" == identify_page(single, URL).citation
    assert "s/12-7.html" == identify_page(make_rule(), URL).citation


def read(*lines, heading="Fees."):
    [section] = cut_sections([Line(f"§ 1-1 {heading}", tag="h3"), *lines], HEADINGS, URL)
    return read_section(section, HEADINGS)


def test_reading_holds_root_provisions_and_acts():
    reading = read(Line("(a) The fee is $5."), Line("[1999 c.12 §1; 2005 c.3 §2]"))

    assert ("us-xx/code/1-1", "Code § 1-1", "current") == (reading.document, reading.citation, reading.strand)
    assert ["", "a"] == [part.eid for part in reading.provisions]
    assert ("Fees.", "[1999 c.12 §1; 2005 c.3 §2]") == (reading.provisions[0].heading, reading.provisions[0].note)
    assert ["1999 c.12", "2005 c.3"] == [act.name for act in reading.acts]


def test_validity_is_read_from_heading_first_line_or_temporary_note():
    day = date(2030, 1, 1)

    assert Validity(None, day, "stated") == read(Line("x"), heading="Fees. [Effective until January 1, 2030.]").validity
    assert Validity(day, None, "stated") == read(Line("[Effective January 1, 2030.]"), Line("x")).validity
    note = Line("*NOTE: This section includes temporary legislation that will expire on January 1, 2030.")
    assert Validity(None, day, "stated") == read(Line("x"), note).validity
    assert Validity() == read(Line("x")).validity


def test_validity_is_read_from_a_mark_below_the_law_and_from_the_term_of_a_temporary_rule():
    mark = read(Line("The fee."), Line("Effective: March 31, 2021"))
    rule = read(Line("The fee."), Line("BP 5-2023, temporary amend filed 1/2/2023, effective 1/2/2023through 7/1/2023"))

    assert Validity(date(2021, 3, 31), None, "stated") == mark.validity
    assert Validity(date(2023, 1, 2), date(2023, 7, 2), "stated") == rule.validity


def test_history_of_a_single_paragraph_is_the_note_of_its_provision():
    one, two = "[PL 2015, c. 488, §9 (NEW).]", "[PL 2017, c. 1, §2 (AMD).]"

    reading = read(Line("1. Fees. None."), Line(one), Line("2. Hours. All."), Line(two), Line("SECTION HISTORY"))

    assert [("", "SECTION HISTORY"), ("1", one), ("2", two)] == [(part.eid, part.note) for part in reading.provisions]
    assert ["PL 2015, c. 488", "PL 2017, c. 1"] == [act.name for act in reading.acts]
