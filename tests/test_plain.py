"""A plain text is read as the paragraphs its typist meant, however wide the lines."""

import textwrap

from kb.read.plain import read_plain

PARAGRAPHS = [
    "SECTION 1. A keeper of goats shall hold a licence from the board for each goat, and shows it to who asks for it.",
    "(a) The fee is $5, and is paid to the clerk of the county in which the herd is kept on the first day of the year.",
    "(b) A goat without a licence is led to the pound.",
]


def wrap(wide, **keys):
    return "\n\n".join(textwrap.fill(text, wide, **keys) for text in PARAGRAPHS)


def read_texts(text):
    return [line.text for line in read_plain(text).lines]


def test_wrapped_lines_are_joined_whatever_their_width():
    indented = [wrap(50, subsequent_indent="    "), wrap(60, initial_indent="     ")]
    texts = [wrap(78), *indented, wrap(60).replace("\n\n", "\n")]

    assert [PARAGRAPHS] * 4 == [read_texts(text) for text in texts]


def test_a_text_that_is_not_wrapped_has_a_paragraph_a_line():
    long = "A keeper shall water each goat. " * 9

    assert [long.strip(), "Then it eats."] == read_texts(f"{long}\r\nThen it eats.\r\n")


def test_page_breaks_heads_and_page_numbers_are_left_out_and_a_sentence_goes_on_over_the_page():
    bodies = ["On the first day the keeper counts the herd and writes", "the number down.", "The clerk reads it."]
    pages = [f"GOAT RULES\n\n{body}\n\n{' ' * 30}- {at} -" for at, body in enumerate(bodies, 1)]

    extract = read_plain("\f".join(pages))

    assert [f"{bodies[0]} {bodies[1]}", bodies[2]] == [line.text for line in extract.lines]
    assert sorted(["GOAT RULES"] * 3 + ["- 1 -", "- 2 -", "- 3 -"]) == sorted(piece.text for piece in extract.left_out)


def test_numbers_of_printed_lines_are_left_out():
    told = f"{PARAGRAPHS[0][11:]} {PARAGRAPHS[1][4:]} And so on for ever and a day, as the clerk says to whoever asks."
    lines = textwrap.wrap(told, 34)
    numbered = "\n\n".join(f"{at:>2}   {line}" for at, line in enumerate(lines, 1))

    extract = read_plain(numbered)

    assert [" ".join(lines)] == [line.text for line in extract.lines]
    assert [str(at) for at in range(1, len(lines) + 1)] == [piece.text for piece in extract.left_out]


def test_cells_that_stand_below_each_other_are_a_table():
    rows = [("Drug", "Code"), ("Ketamine", "7285"), ("Midazolam", "2884")]

    texts = read_texts("\n".join(f"{drug:20}{code}" for drug, code in rows))

    assert [" | ".join(row) for row in rows] == texts


def test_a_label_set_apart_belongs_to_its_text():
    assert ["(a) The fee is $5.", "(b) No goat is sold."] == read_texts("(a)     The fee is $5.\n(b)\tNo goat is sold.")
