"""Numbers of printed lines are taken off; numbers of law, of items and of rows stay."""

import pytest

from kb.models import Line
from kb.read.line_numbers import drop_line_numbers

WORDS = ["the board shall tell each owner", "of a kite what he or she owes it", "and when it is due, and may then"]
WORDS += ["ask for more than the owner owes", "if the owner has agreed to it or", "if a court of this state says so"]
WORDS += ["and the owner was told of this by", "the board."]


def number(words, first=1, sign=" "):
    return [Line(f"{at}{sign}{each}") for at, each in enumerate(words, first)]


def texts(lines):
    kept, dropped = drop_line_numbers(lines)
    return [line.text for line in kept], dropped


def test_lines_of_type_become_one_paragraph():
    assert ([" ".join(WORDS)], tuple("12345678")) == texts(number(WORDS))


def test_numbers_begin_anew_on_each_page():
    kept, dropped = texts([*number(WORDS), *number(WORDS[:3])])

    assert ([" ".join([*WORDS, *WORDS[:3]])], ("1", "2", "3")) == (kept, dropped[-3:])


@pytest.mark.parametrize(
    "lines",
    [
        number(WORDS[:7]),
        [Line(f"{at} | {drug * 9}", tag="tr") for at, drug in enumerate("abcdefghij", 1)],
        [Line(f"{at} | {words} | $5", tag="tr") for at, words in enumerate(WORDS, 1)],
        [Line(f"{at} | {'a copy of the form ' * (at % 4)}signed", tag="tr") for at in range(1, 12)],
        [Line(f"{at} Kites shall be blue.") for at in range(1, 12)],
        [Line(f"{at} the board shall") for at in (1, 2, 3, 5, 6, 7, 9, 10, 11)],
        [Line(f"{at}. the board shall") for at in range(1, 12)],
        [Line("1 the board shall " + "x" * 200), *number(WORDS, first=2)[:7]],
        [Line("The board shall act in 30 days.")],
        [],
    ],
    ids=["few", "names", "fees", "phrases", "sentences", "gaps", "labels", "a long line", "law", "nothing"],
)
def test_numbers_that_are_no_line_numbers_stay(lines):
    assert ([line.text for line in lines], ()) == texts(lines)


def test_law_round_the_lines_of_type_is_untouched():
    kept, _ = texts([Line("AN ACT"), *number(WORDS), Line("Section 1. Fees.")])

    assert ("AN ACT", "Section 1. Fees.", 3) == (kept[0], kept[-1], len(kept))
