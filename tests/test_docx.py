"""A Word document is read as it prints: with the numbers that Word counts, without what was deleted."""

import pytest

from bench.word_writer import W, paragraph, say, table, write_docx
from kb.models import Line
from kb.read.docx import MOST_BYTES, read_docx


def read_lines(*blocks, **keys):
    extract = read_docx(write_docx(*blocks, **keys))
    assert () == extract.flaws
    return extract.lines


def read_texts(*blocks, **keys):
    return [f"{line.number} {line.text}".strip() for line in read_lines(*blocks, **keys)]


def read_flaws(body):
    extract = read_docx(body)
    assert () == extract.lines
    return [flaw.code for flaw in extract.flaws]


def test_numbers_are_printed_as_word_counts_them():
    levels = [0, 1, 2, 2, 3, 1, 4, 0, 1, 6]

    texts = read_texts(*(paragraph("Goat", item=(1, level)) for level in levels))

    labels = ["(a)", "(1)", "(i)", "(ii)", "A.", "(2)", "a.2.1", "(b)", "(1)", ""]
    assert [f"{label} Goat".strip() for label in labels] == texts


def test_numbers_in_a_printed_chain_take_the_form_of_their_own_level():
    texts = read_texts(paragraph("Herd", item=(1, 0)), paragraph("Bell", item=(1, 4)), paragraph("Fee", item=(1, 5)))

    assert ["(a) Herd", "a.1.1 Bell", "First Article Fee"] == texts


def test_a_list_that_begins_anew_counts_from_its_own_start():
    texts = read_texts(*(paragraph("Goat", item=(name, 0)) for name in (1, 1, 2, 2, 1)))

    assert ["(a) Goat", "(b) Goat", "(c) Goat", "(d) Goat", "(e) Goat"] == texts


def test_a_list_may_belong_to_a_style_and_a_paragraph_may_leave_it():
    out = paragraph("Three.", style="Item", item=(0, 0))

    texts = read_texts(paragraph("One.", style="Item"), paragraph("Two.", style="Item"), out)

    assert ["I. One.", "II. Two.", "Three."] == texts


def test_a_paragraph_without_words_is_counted_and_not_printed():
    assert ["(b) Goat"] == read_texts(paragraph("", item=(1, 0)), paragraph("Goat", item=(1, 0)))


def test_headings_are_told_by_their_style_and_hold_their_number():
    lines = read_lines(
        paragraph("Licences", style="Section", item=(1, 0)),
        paragraph("Outlined", rule='<w:outlineLvl w:val="1"/>'),
        paragraph(say("Fees.", "<w:b/>"), " The fee is $5."),
    )

    headings = [Line("(a) Licences", tag="h1"), Line("Outlined", tag="h2")]
    assert [*headings, Line("Fees. The fee is $5.", lead="Fees.")] == list(lines)


def test_tracked_insertions_are_text_and_deletions_are_not():
    deleted = "<w:del><w:r><w:delText>one goat</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom>{say('and here')}</w:moveFrom><w:moveTo>{say('and there')}</w:moveTo>"

    texts = read_texts(paragraph("A keeper owns ", deleted, f"<w:ins>{say('two goats ')}</w:ins>", moved))

    assert ["A keeper owns two goats and there"] == texts


def test_a_paragraph_whose_end_was_deleted_goes_on_with_the_next():
    joined = paragraph("One goat ", item=(1, 0), rule="<w:rPr><w:del/></w:rPr>")

    assert ["(a) One goat and two."] == read_texts(joined, paragraph("and two.", item=(1, 0)))


def test_a_table_is_read_row_by_row():
    rows = (["Drug", "Code", ""], ["Ketamine", "7285", "III"], ["(1)", "A goat."], ["One cell"])

    lines = read_lines(table(*rows))

    told = [Line("Drug | Code | ", tag="tr"), Line("Ketamine | 7285 | III", tag="tr"), Line("A goat.", number="(1)")]
    assert [*told, Line("One cell")] == list(lines)


def test_a_deleted_row_and_hidden_text_are_not_printed():
    row = table(["Old", "Row"]).replace("<w:tr>", "<w:tr><w:trPr><w:del/></w:trPr>")

    assert ["Kept."] == read_texts(row, paragraph("Kept.", say(" Hidden.", "<w:vanish/>")))


def test_a_footnote_is_a_note_below_its_paragraph():
    mark = '<w:r><w:footnoteReference w:id="1"/></w:r>'

    lines = read_lines(paragraph("A goat", mark, " eats."), paragraph("More."), notes=("Of any age.",))

    assert [Line("A goat eats."), Line("Of any age.", part="note"), Line("More.")] == list(lines)


def test_a_box_of_text_is_read_once():
    box = f"<w:txbxContent>{paragraph('Boxed.')}</w:txbxContent>"
    choice = f"<mc:Choice><wps:txbx>{box}</wps:txbx></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback>"
    spaces = 'xmlns:mc="m" xmlns:wps="p"'

    texts = read_texts(paragraph("Before", f"<w:r><mc:AlternateContent {spaces}>{choice}</mc:AlternateContent></w:r>"))

    assert ["Before", "Boxed."] == texts


def test_fields_links_and_controls_print_what_they_show():
    field = (
        '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> REF x </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    control = f"<w:sdt><w:sdtPr><w:alias w:val='n'/></w:sdtPr><w:sdtContent>{say('7')}</w:sdtContent></w:sdt>"
    signs = '<w:r><w:tab/><w:t>x</w:t><w:noBreakHyphen/><w:sym w:font="Wingdings" w:char="F0A8"/><w:br/></w:r>'

    texts = read_texts(paragraph("See ", field, f"<w:hyperlink>{say('section ')}</w:hyperlink>", control, signs))

    assert ["See section 7 x\u2011•"] == texts


def test_strict_files_differ_only_in_their_namespaces():
    strict = W.replace("http://schemas.openxmlformats.org/wordprocessingml/2006/main", "urn:strict")
    text = f"<w:document {strict}><w:body>{paragraph('Goat')}</w:body></w:document>"

    assert ["Goat"] == read_texts(parts={"word/document.xml": text})


def test_an_entity_of_the_files_own_is_refused():
    bomb = f'<!DOCTYPE d [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><w:document {W}><w:body><w:p/></w:body></w:document>'
    outside = bomb.replace('"x"', 'SYSTEM "file:///etc/hostname"').replace("<w:p/>", paragraph("&a;"))

    flaws = [read_flaws(write_docx(parts={"word/document.xml": text})) for text in (bomb, outside)]

    assert [["unreadable"]] * 2 == flaws


def test_a_part_that_swells_when_unpacked_is_refused():
    text = b"<a>" + b" " * (MOST_BYTES + 10)

    assert ["huge"] == read_flaws(write_docx(parts={"word/document.xml": text}))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"PK\x03\x04 and no more", "unreadable"),
        (write_docx(paragraph("Goat"))[:-40], "unreadable"),
        (write_docx(parts={"[Content_Types].xml": "<Types/>"}), "unreadable"),
        (write_docx(parts={"word/document.xml": "<w:document"}), "unreadable"),
        (write_docx(), "empty"),
    ],
)
def test_what_is_no_whole_word_document_is_named(body, code):
    assert [code] == read_flaws(body)


def test_flipped_bytes_never_raise():
    whole = write_docx(paragraph("Goat", item=(1, 0)), table(["a", "b"]))

    for at in range(0, len(whole), 11):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        extract = read_docx(bytes(damaged))
        assert extract.lines or extract.flaws
