"""A PDF is read as the paragraphs a person sees, whatever the width it was set in, and never half."""

from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.typesetter import Placed, break_lines, draw_page, set_column, set_columns, set_line, typeset, wrap, write_pdf
from kb.compare.readings import compare_readings
from kb.evaluate.completeness import count_characters
from kb.models import Flaw, LeftOut, Line
from kb.read.labels import print_ordinal
from kb.read.page import read_page
from kb.read.pdf import read_pdf
from kb.sources import parse_source

DEMO = Path(__file__).parents[1] / "kb" / "demo_web"
URL = "https://rules.example.gov/1"
DECLARED = {"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "urls": [URL]}
SOURCE = parse_source(DECLARED, "a test")


def read_texts(*pages: list[Placed]) -> list[str]:
    extract = read_pdf(write_pdf([draw_page(page) for page in pages]))
    assert () == extract.flaws
    return [line.text for line in extract.lines]


def read_lines(body: bytes) -> tuple[tuple[Line, ...], tuple[Flaw, ...]]:
    extract = read_pdf(body)
    return extract.lines, extract.flaws


WIDE = [
    "(a) A keeper shall water each goat at dawn and shall write down the hour",
    "in the book of the herd, as subsection",
    "(c) of this section says, and keep the book.",
    "(b) A keeper shall not:",
    "(1) sell a goat that limps; or",
    "(2) let a goat near the orchard without a bell.",
]


def test_lines_are_joined_to_paragraphs_and_a_label_begins_one() -> None:
    texts = read_texts(set_column(WIDE))

    begin = "(a) A keeper shall water each goat at dawn and shall write down the hour in the book of the herd, as"
    expected = [f"{begin} subsection (c) of this section says, and keep the book.", *WIDE[3:]]
    assert expected == texts


def test_the_same_words_set_narrower_give_the_same_paragraphs() -> None:
    narrow = [
        "(a) A keeper shall water each goat at",
        "dawn and shall write down the hour in",
        "the book of the herd, as subsection (c)",
        "of this section says, and keep the book.",
        "(b) A keeper shall not:",
        "(1) sell a goat that limps; or",
        "(2) let a goat near the orchard with-",
        "out a bell.",
    ]

    assert read_texts(set_column(WIDE)) == read_texts(set_column(narrow))


def test_a_gap_an_indent_or_a_short_last_line_begins_a_paragraph() -> None:
    page = [
        *set_column(["The board keeps a list of every goat in the state and", "prints it each spring."]),
        *set_column(["It is sold at the counter for the price of its paper and"], top=676),
        set_line("is read aloud to whoever asks the clerk for it on a day", 664),
        set_line("A reader who cannot come is sent the list by the clerk, as", 652, x=90),
        set_line("long as the clerk has stamps.", 640),
        set_line("The clerk counts the stamps on the first day of the month.", 610),
    ]

    texts = read_texts(page)

    assert ["The board", "It is", "A reader", "The clerk"] == [" ".join(text.split()[:2]) for text in texts]


def test_a_hanging_paragraph_stays_one() -> None:
    page = [
        set_line("1. The keeper of a herd of more than nine goats shall hold a", 700),
        set_line("licence which the board gives for a year and which names", 688, x=90),
        set_line("each goat of the herd by its own name.", 676, x=90),
        set_line("2. A licence may not be lent.", 664),
    ]

    texts = read_texts(page)

    assert 2 == len(texts)
    assert texts[0].endswith("names each goat of the herd by its own name.")


def test_a_hyphen_at_the_end_of_a_line_goes_only_from_a_broken_word() -> None:
    page = set_column(
        [
            "The regulation of goats is a matter of self-care, and a regula-",
            "tion that names sheep is void. A keeper who practises self-",
            "care may keep a goat under the rule in section 48-",
            "902 and is called a well-",
            "known keeper of goats.",
        ]
    )

    text = " ".join(read_texts(page))

    assert "a regulation that names" in text
    assert "practises self-care may" in text
    assert "section 48-902 and" in text


def test_running_heads_and_page_numbers_are_dropped_and_a_sentence_goes_on_over_the_page() -> None:
    bodies = [
        [
            "A goat that is found straying shall be led to the pound and",
            "fed there at the cost of its keeper, who may fetch it on",
        ],
        ["any day but Sunday, and who pays the pound master before", "the goat is led out."],
        ["1. The pound master keeps a bell.", "2. The bell is rung at noon."],
    ]
    pages = [
        [set_line("Goat Rules of the State", 760), *set_column(body), set_line(f"Page {at}", 30, x=290)]
        for at, body in enumerate(bodies, 1)
    ]

    texts = read_texts(*pages)

    assert 3 == len(texts)
    assert "who may fetch it on any day but Sunday" in texts[0]
    assert bodies[2] == texts[1:]


def test_a_page_number_inside_a_changing_head_is_found_by_counting() -> None:
    heads = ["5 Herds", "Of fences 6", "7 Pounds", "Of bells 8"]
    rules = ["count his herd.", "mend the fence.", "sweep a pound.", "ring the bell."]
    pages = [
        [set_line(head, 760), *set_column([f"On day {head} and no other a keeper shall", rule])]
        for head, rule in zip(heads, rules, strict=True)
    ]

    texts = read_texts(*pages)

    assert [
        f"On day {head} and no other a keeper shall {rule}" for head, rule in zip(heads, rules, strict=True)
    ] == texts


def test_equal_sentences_at_unequal_heights_are_no_running_line() -> None:
    lines = ["The fee is paid by its keeper to the clerk.", "It is one goat."]
    pages = [set_column(lines, top) for top in (700, 600)]

    texts = read_texts(*pages)

    assert [" ".join(lines)] * 2 == texts


def test_section_numbers_that_happen_to_equal_the_page_are_kept() -> None:
    pages = [set_column([f"{at}. {word} is a word with a meaning."]) for at, word in enumerate(["Goat", "Herd"], 1)]

    texts = read_texts(*pages)

    assert ["1. Goat is a word with a meaning.", "2. Herd is a word with a meaning."] == texts


def test_larger_bold_and_centred_capital_lines_are_headings() -> None:
    body = "A keeper of goats shall hold a licence from the board for each of the"
    page = [
        set_line("Chapter 7 Goats", 700, size=14),
        set_line("§ 7-101. Licence.", 670, font="Bold"),
        *set_column([body, "goats that the keeper owns."], top=655),
        set_line("PART TWO", 620, x=196),
        *set_column([body, "sheep."], top=600),
    ]

    lines, _ = read_lines(write_pdf([draw_page(page)]))

    assert ["h2", "h2", "p", "h2", "p"] == [line.tag for line in lines]
    assert Line("§ 7-101. Licence.", tag="h2") == lines[1]


def test_a_bold_run_that_a_paragraph_begins_with_is_its_lead_and_may_head_a_document() -> None:
    rest = ["A keeper of goats shall hold a licence from the", "board. It is shown to whoever asks for it."]
    first = [set_line("§ 7-101. Licence.", 700, font="Bold"), set_line(rest[0], 700, x=165), set_line(rest[1], 688)]
    fee = "It is nine dollars a year for each goat."
    second = [set_line("§ 7-102. Fee.", 664, font="Bold"), set_line(fee, 664, x=145)]
    rule = {"work": "code", "from": "heading", "pattern": r"§ (?P<citation>\d+-\d+)"}
    body = write_pdf([draw_page([*first, *second])])

    lines, _ = read_lines(body)
    page = read_page(body, parse_source({**DECLARED, "document": rule}, "a test"), URL)

    text = [f"§ 7-101. Licence. {' '.join(rest)}", f"§ 7-102. Fee. {fee}"]
    assert [Line(text[0], lead="§ 7-101. Licence."), Line(text[1], lead="§ 7-102. Fee.")] == list(lines)
    assert ["Licence.", "Fee."] == [reading.provisions[0].heading for reading in page.readings]
    assert [] == list(page.flaws)


def test_boldness_marks_no_heading_in_a_document_that_is_bold_throughout() -> None:
    page = [
        set_line(text, 700 - 12 * at, font="Bold") for at, text in enumerate(["All of this is", "set in bold type."])
    ]

    lines, _ = read_lines(write_pdf([draw_page(page)]))

    assert (Line("All of this is set in bold type."),) == lines


def test_a_page_that_is_a_picture_is_reported_and_the_others_are_read() -> None:
    picture = b"q 100 0 0 100 72 600 cm 0 0 1 1 re f Q"

    lines, flaws = read_lines(write_pdf([draw_page([set_line("Goats only.", 700)]), picture]))

    assert (Line("Goats only."),) == lines
    assert ["needs_ocr"] == [flaw.code for flaw in flaws]
    assert "1 of 2 pages show no text: page 2" in flaws[0].message


def test_a_scan_with_a_stamp_is_a_picture_and_a_small_one_beside_text_is_none() -> None:
    scanned = b"q 600 0 0 780 6 6 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80\nEI Q\n"
    seal = scanned.replace(b"600 0 0 780", b"60 0 0 60")
    stamp = draw_page([set_line("FILED 1/2/2024", 770)])
    text = draw_page([set_line("A goat eats.", 700)])

    answers = [read_lines(write_pdf([text, page])) for page in (scanned + stamp, seal + stamp, seal)]

    assert [["needs_ocr"], [], ["needs_ocr"]] == [[flaw.code for flaw in flaws] for _, flaws in answers]
    assert "1 of 2 pages show no text: page 2" in answers[0][1][0].message


def test_a_page_whose_font_hides_its_letters_is_a_picture() -> None:
    hidden = draw_page([set_line("Goats are hidden in this line.", 700)]).replace(b"Goats are hidden", b"\x03" * 16)
    text = draw_page([set_line(LEFT[:90], 700 - 12 * at) for at in range(9)])

    _, flaws = read_lines(write_pdf([text, hidden]))

    assert ["needs_ocr"] == [flaw.code for flaw in flaws]


def test_a_blank_page_is_no_flaw_but_a_blank_document_is() -> None:
    text = draw_page([set_line("Goats only.", 700)])

    _, flaws_of_text = read_lines(write_pdf([text, b""]))
    lines, flaws_of_blank = read_lines(write_pdf([b""]))

    assert () == flaws_of_text
    assert () == lines
    assert ["empty"] == [flaw.code for flaw in flaws_of_blank]


def test_bytes_that_are_no_whole_pdf_give_a_flaw_and_no_line() -> None:
    whole = write_pdf([draw_page(set_column(WIDE))])
    damaged = [b"", b"%PDF-1.4", b"<html></html>", whole[: len(whole) // 2], b"%PDF-1.4 nothing %%EOF"]

    answers = [read_lines(body) for body in damaged]

    assert [((), ["unreadable"])] * 5 == [(lines, [flaw.code for flaw in flaws]) for lines, flaws in answers]


def test_flipped_bytes_never_raise() -> None:
    whole = write_pdf([draw_page(set_column(WIDE))])

    for at in range(0, len(whole), 7):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        lines, flaws = read_lines(bytes(damaged))
        assert lines or flaws


LEFT = (
    "The board keeps a register of goats in which each keeper of a herd is named with the day on which the licence was "
    "given and the day on which it ends. A keeper who moves to another county tells the board within ten days."
)
THIRD = (
    "Whoever finds a goat that strays leads it to the pound, where the pound master feeds it at the cost of its keeper "
    "and rings a bell at noon. On the ninth day the goat is sold to whoever offers most, and the price is paid to the "
    "county, less what was spent on hay"
)
MORE = "No keeper sells a goat to a child, and no child buys one, unless a parent of the child is there and says so."
HAY = "Hay is kept dry under a roof of tin or slate, is turned each month, and is given to no goat unsmelled."
BELLS = "A bell is of brass or iron and is heard at a hundred paces; the clerk hangs one in the office, to compare."
RIGHT = (
    "A notice of a hearing is printed no less than thirty days before it is held. Whoever wishes to speak writes to "
    "the clerk and says how long. The clerk puts the names on a list and reads it aloud when the hearing begins."
)


@pytest.mark.parametrize("columns", [[LEFT, RIGHT], [LEFT, f"{RIGHT[:-1]}", THIRD]], ids=["two", "three"])
def test_columns_are_read_one_after_the_other_below_what_crosses_them(columns: list[str]) -> None:
    head = set_line("REGISTER OF THE STATE OF EXAMPLE, SET ACROSS ALL OF THE COLUMNS", 740)
    wide = 78 // len(columns)
    page = [head, *set_columns([wrap(text, wide) for text in columns], gap=500 / len(columns))]

    assert " ".join([head[2], *columns]) == " ".join(read_texts(page))


@pytest.mark.parametrize(("columns", "wide", "rows"), [(2, 40, 8), (2, 36, 11), (3, 26, 9)])
def test_a_text_set_in_columns_over_pages_is_that_set_in_one(columns: int, wide: int, rows: int) -> None:
    told = [LEFT, RIGHT, f"{THIRD}.", MORE, HAY, BELLS]
    text = [f"({label}) {one}" for label, one in zip("abcdef", told, strict=True)]
    lines = [line for one in text for line in wrap(one, wide)]
    parts = [lines[at : at + rows] for at in range(0, len(lines), rows)]
    sheets = [parts[at : at + columns] for at in range(0, len(parts), columns)]
    pages = [
        [set_line("STATE REGISTER", 740), *set_columns(sheet, gap=510 / columns), set_line(f"{number}", 30, 300)]
        for number, sheet in enumerate(sheets, 1)
    ]

    assert text == read_texts(*pages)


def test_a_sentence_goes_on_from_column_to_column_and_from_page_to_page() -> None:
    lines = wrap(f"{LEFT} {RIGHT} {THIRD}".replace(".", ","), 38)
    pages = [set_columns([lines[:6], lines[6:12]]), set_columns([lines[12:18], lines[18:]])]

    assert [" ".join(lines)] == read_texts(*pages)


def test_a_table_is_read_row_by_row_and_a_cell_of_two_lines_is_one() -> None:
    rows = [["Drug", "Code", "Schedule"], ["Ketamine", "7285", "III"], ["Midazolam", "2884", "IV, as"]]
    placed = [(700 - 18 * at, 72 + 150 * place, cell) for at, row in enumerate(rows) for place, cell in enumerate(row)]
    cells = [set_line(cell, y, x) for y, x, cell in placed]
    page = [set_line("The board lists these drugs and no others:", 720), *cells, set_line("listed", 654, 372)]

    lines, _ = read_lines(write_pdf([draw_page(page)]))

    told = [Line(" | ".join(row), tag="tr") for row in rows[:2]]
    assert (*told, Line("Midazolam | 2884 | IV, as listed", tag="tr")) == lines[1:]


@pytest.mark.parametrize("apart", [0, 30], ids=["glued", "in a margin"])
def test_numbers_of_printed_lines_are_left_out_on_each_page(apart: int) -> None:
    lines = wrap(f"{LEFT} {RIGHT} {THIRD}", 50)
    pages = []
    for part in (lines[:9], lines[9:]):
        numbered = [(700 - 20 * at, str(at + 1), text) for at, text in enumerate(part)]
        apart_lines = [one for y, number, text in numbered for one in (set_line(number, y, 50), set_line(text, y, 80))]
        pages.append(apart_lines if apart else [set_line(f"{number} {text}", y, 50) for y, number, text in numbered])

    extract = read_pdf(write_pdf([draw_page(page) for page in pages]))

    assert [" ".join(lines)] == [line.text for line in extract.lines]
    numbers = [*range(1, 10), *range(1, len(lines) - 8)]
    assert [LeftOut("layout", str(number)) for number in numbers] == list(extract.left_out)


def test_a_numbered_list_keeps_its_numbers() -> None:
    items = [f"{at} The keeper of herd {at} owns a goat." for at in range(1, 12)]

    assert " ".join(items) == " ".join(read_texts(set_column(items)))


def test_what_is_written_in_a_form_is_text() -> None:
    field = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Goat Keeper Smith) /Rect [150 600 350 620] /F 4 "
        "/DA (/Helv 10 Tf 0 g) >>"
    )
    form = "/AcroForm << /Fields [8 0 R] /DR << /Font << /Helv 3 0 R >> >> /NeedAppearances true >>"
    extra = {"catalog": form, "page 1": "/Annots [8 0 R]", "field": field}

    lines, flaws = read_lines(write_pdf([draw_page([set_line("Name of keeper:", 605)])], extra))

    assert ((Line("Name of keeper: Goat Keeper Smith"),), ()) == (lines, flaws)


TEXT = [
    "Section 7-101. Licences.",
    f"(a) {LEFT}",
    f"(b) {RIGHT}",
    "(1) a goat that limps; or",
    f"(2) a goat without a bell. {LEFT}",
    f"(c) Notwithstanding subsection (a), {RIGHT}",
]


def test_a_text_set_anew_gives_the_same_paragraphs() -> None:
    first = read_pdf(typeset(TEXT, wide=72))
    others = [
        typeset(TEXT, wide=50, rows=18, head="Goat Rules of the State"),
        typeset(TEXT, wide=95, size=8),
        typeset(TEXT, wide=61, size=12, rows=15, head="GOATS 2024"),
    ]

    assert TEXT == [line.text for line in first.lines]
    assert [first.lines] * 3 == [read_pdf(body).lines for body in others]


@settings(max_examples=60, deadline=None)
@given(
    # Equal lines at one height of two pages would be a running head.
    sentences=st.lists(st.sampled_from(f"{LEFT} {RIGHT} {THIRD}.".split(". ")), min_size=1, unique=True),
    wide=st.integers(38, 96),
    rows=st.integers(9, 45),
    head=st.sampled_from(["", "Goat Rules of the State", "CHAPTER 7. GOATS"]),
)
def test_no_width_page_or_head_alters_what_is_read(sentences: list[str], wide: int, rows: int, head: str) -> None:
    text = [f"({print_ordinal('a', at + 1)}) {sentence.rstrip('.')}." for at, sentence in enumerate(sentences)]
    # A head is told from text by standing on more than one page.
    pages = sum(len(break_lines(one, wide)) + 1 for one in text) > rows

    lines, flaws = read_lines(typeset(text, wide=wide, rows=rows, head=head if pages else ""))

    assert (text, ()) == ([line.text for line in lines], flaws)


def test_a_changed_word_in_a_text_set_anew_is_that_one_change() -> None:
    edited = [text.replace("within ten days", "within thirty days") if text[:3] == "(a)" else text for text in TEXT]
    before = read_page(typeset(TEXT, wide=72), SOURCE, URL).readings[0]
    same = read_page(typeset(TEXT, wide=50, rows=18, head="Goat Rules of the State"), SOURCE, URL).readings[0]
    after = read_page(typeset(edited, wide=50, rows=18, head="Goat Rules of the State"), SOURCE, URL).readings[0]

    (change,) = compare_readings(before, after)

    assert [] == list(compare_readings(before, same))
    assert ("amended", "text", "substantive", "7-101__a") == (change.kind, change.part, change.nature, change.eid)
    assert change.new_text == edited[1][4:]


def test_locked_damaged_and_empty_files_are_told_apart() -> None:
    page = draw_page([set_line("Goats only.", 700)])
    bodies = [write_pdf([page], key="goat"), write_pdf([page])[:-40], write_pdf([]), write_pdf([b""])]

    answers = [read_pdf(body) for body in bodies]

    assert [()] * 4 == [answer.lines for answer in answers]
    assert ["locked", "unreadable", "empty", "empty"] == [answer.flaws[0].code for answer in answers]


def test_every_character_pdfium_prints_is_told_once_but_hyphens_of_broken_words() -> None:
    bodies = [
        typeset(TEXT, wide=50, rows=18, head="Goat Rules of the State"),
        write_pdf([draw_page(set_columns([wrap(LEFT, 38), wrap(RIGHT, 38)]))]),
        *(path.read_bytes() for path in sorted(DEMO.rglob("*.pdf"))),
    ]

    accounts = [account(body) for body in bodies]

    assert [({}, {})] * len(bodies) == accounts


def account(body: bytes) -> tuple[dict[str, int], dict[str, int]]:
    """Return the characters that are lost and those that are added, beside a plain print of the file's pages."""
    page = read_page(body, SOURCE, URL)
    with pypdfium2.PdfDocument(body) as document:
        printed = [document[at].get_textpage().get_text_range() for at in range(len(document))]
    parted = sum(text.count("\ufffe") + text.count("\x02") for text in printed)
    counted = count_characters(text.replace("\ufffe", "-").replace("\x02", "-") for text in printed)
    parts = [part for reading in page.readings for part in reading.provisions]
    words = [text for part in parts for text in (part.number, part.heading, part.text, part.note, part.pending)]
    told = count_characters([*words, *(piece.text for piece in page.left_out)])
    lost, added = counted - told, told - counted
    if 0 < lost["-"] <= parted + sum(line.endswith("-") for text in printed for line in text.splitlines()):
        del lost["-"]
    return dict(lost), dict(added)
