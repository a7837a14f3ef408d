"""A PDF is read as the paragraphs a person sees, whatever the width it was set in, and never half."""

from kb.models import Flaw, Line
from kb.read.pdf import read_pdf
from tests.typesetter import Placed, draw_page, set_column, set_line, write_pdf


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
    pages = [set_column(["The fee is paid.", "It is one goat."], top) for top in (700, 600)]

    texts = read_texts(*pages)

    assert ["The fee is paid. It is one goat."] * 2 == texts


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
