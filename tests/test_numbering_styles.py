"""Every style of numbering that publishers of law use is read as the tree it prints; all texts are invented."""

import pytest

from kb.models import Line
from kb.read.outline import build_provisions

LETTERS = "abcdefghijklmnopqrstuvwxyz"

# Style -> the printed lines, and the eids they must give.
STYLES = {
    "(a)(1)(A)(i)(I)": (
        ["(a) x", "(1) x", "(A) x", "(i) x", "(I) x", "(II) x", "(ii) x", "(B) x", "(2) x", "(b) x"],
        "a a__1 a__1__A a__1__A__i a__1__A__i__I a__1__A__i__II a__1__A__ii a__1__B a__2 b",
    ),
    "(a)(i)(A)(I)(1.)": (
        ["(a) x", "(i) x", "(A) x", "(I) x", "(1.) x", "(B) x", "(ii) x", "(b) x"],
        "a a__i a__i__A a__i__A__I a__i__A__I__1 a__i__B a__ii b",
    ),
    "(1)(a)(I)(A), points": (
        ["(1) x", "(a) x", "(I) x", "(A) x", "(B) x", "(II) x", "(b) x", "(1.5) x", "(a.5) x", "(2) x"],
        "1 1__a 1__a__I 1__a__I__A 1__a__I__B 1__a__II 1__b 1.5 1.5__a.5 2",
    ),
    "(1)(a)1.a.": (
        ["(1) x", "(a) x", "1. x", "a. x", "b. x", "2. x", "(b) x"],
        "1 1__a 1__a__1 1__a__1__a 1__a__1__b 1__a__2 1__b",
    ),
    "(a)(1)a.1.": (
        ["(a) x", "(1) x", "a. x", "1. x", "2. x", "b. x", "(2) x", "(b) x"],
        "a a__1 a__1__a a__1__a__1 a__1__a__2 a__1__b a__2 b",
    ),
    "(A)(1)(a)(i)": (
        ["(A) x", "(1) x", "(a) x", "(i) x", "(ii) x", "(b) x", "(2) x", "(B) x"],
        "A A__1 A__1__a A__1__a__i A__1__a__ii A__1__b A__2 B",
    ),
    "A.1.(a)": (["A. x", "1. x", "(a) x", "(b) x", "2. x", "B. x"], "A A__1 A__1__a A__1__b A__2 B"),
    "A.(1)(a)(i)": (["A. x", "(1) x", "(a) x", "(i) x", "(2) x", "B. x"], "A A__1 A__1__a A__1__a__i A__2 B"),
    "A.1.a.(1)": (
        ["A. x", "1. x", "a. x", "(1) x", "(2) x", "b. x", "2. x", "B. x"],
        "A A__1 A__1__a A__1__a__1 A__1__a__2 A__1__b A__2 B",
    ),
    "1.a.(1)": (["1. x", "a. x", "(1) x", "(2) x", "b. x", "2. x"], "1 1__a 1__a__1 1__a__2 1__b 2"),
    "1.(1)(a)a.": (
        ["1. x", "(1) x", "(a) x", "a. x", "(b) x", "(2) x", "2. x"],
        "1 1__1 1__1__a 1__1__a__a 1__1__b 1__2 2",
    ),
    "I, I-a, (a)": (
        ["I. x", "I-a. x", "(a) x", "(b) x", "II. x", "II-a. x", "III. x"],
        "I I-a I-a__a I-a__b II II-a III",
    ),
    "I. A. 1.": (["I. x", "A. x", "B. x", "1. x", "II. x", "A. x"], "I I__A I__B I__B__1 II II__A"),
    "1) a)": (["1) x", "2) x", "a) x", "b) x", "3) x"], "1 2 2__a 2__b 3"),
    "8.4.1 a.": (["8.4.1. x", "8.4.2. x", "a. x", "b. x", "8.4.3. x"], "8.4.1 8.4.2 8.4.2__a 8.4.2__b 8.4.3"),
    "8.2, 8.2.1": (
        ["8.1 Scope. x", "8.2 Fees. x", "8.2.1 x", "8.2.2 x", "8.3 Hours. x", "8.3.1 x"],
        "8.1 8.2 8.2__8.2.1 8.2__8.2.2 8.3 8.3__8.3.1",
    ),
    "5.1.5.1": (
        ["5.1 Fees", "5.1.1 x", "5.1.5 x", "5.1.5.1 x", "5.1.5.2 x", "5.2 Hours"],
        "5.1 5.1__5.1.1 5.1__5.1.5 5.1__5.1.5__5.1.5.1 5.1__5.1.5__5.1.5.2 5.2",
    ),
    "1203.1 (a)(1)(A)": (
        ["1203.1 The board x", "(a) x", "(1) x", "(A) x", "1203.2 The fee x"],
        "1203.1 1203.1__a 1203.1__a__1 1203.1__a__1__A 1203.2",
    ),
    "Sec. 8. (a)(3)(B)(ii)": (
        ["Sec. 8. (a) x", "(1) x", "(2) x", "(3) x", "(A) x", "(B) x", "(i) x", "(ii) x", "(b) x"],
        "8 8__a 8__a__1 8__a__2 8__a__3 8__a__3__A 8__a__3__B 8__a__3__B__i 8__a__3__B__ii 8__b",
    ),
    "Section 1. (1)(a)1.": (
        ["Section 1. Words. x", "(1) x", "(a) x", "1. x", "2. x", "(2) x", "Section 2. Fees. x", "(1) x"],
        "1 1__1 1__1__a 1__1__a__1 1__1__a__2 1__2 2 2__1",
    ),
    "Subdivision 1. (a)(1)": (
        ["Subdivision 1. Scope. x", "(a) x", "(1) x", "Subd. 2. Fees. x", "(a) x", "Subd. 2a. x", "Subd. 3. x"],
        "1 1__a 1__a__1 2 2__a 2a 3",
    ),
    "§ 1.": (["§ 1. Fees. x", "(a) x", "§ 2. Hours. x"], "1 1__a 2"),
    "letters doubled after z": (
        [*(f"({letter}) x" for letter in LETTERS), "(aa) x", "(bb) x", "(cc) x"],
        " ".join([*LETTERS, "aa", "bb", "cc"]),
    ),
    "letters doubled as a level": (
        ["(a) x", "(1) x", "(A) x", "(i) x", "(I) x", "(aa) x", "(bb) x", "(II) x"],
        "a a__1 a__1__A a__1__A__i a__1__A__i__I a__1__A__i__I__aa a__1__A__i__I__bb a__1__A__i__II",
    ),
    "inserted (v.1), (B-i)": (
        ["(A) x", "(i) x", "(ii) x", "(iii) x", "(iv) x", "(v) x", "(v.1) x", "(vi) x", "(B) x", "(B-i) x", "(C) x"],
        "A A__i A__ii A__iii A__iv A__v A__v.1 A__vi B B-i C",
    ),
    "inserted (9a)": (["(8) x", "(9) x", "(9a) x", "(9b) x", "(10) x"], "8 9 9a 9b 10"),
    "inserted 9a.": (["8. x", "9. x", "9a. x", "10. x"], "8 9 9a 10"),
    "inserted (1g)(1n)(1r)": (
        ["(1) x", "(1g) x", "(a) x", "(b) x", "(1n) x", "(1r) x", "(2) x"],
        "1 1g 1g__a 1g__b 1n 1r 2",
    ),
    "inserted (am), (cm)": (
        ["(a) x", "(am) x", "(b) x", "(c) x", "(cm) x", "1. x", "2. x", "(d) x"],
        "a am b c cm cm__1 cm__2 d",
    ),
    "(i) after (h)": (["(g) x", "(h) x", "(i) x", "(j) x"], "g h i j"),
    "(i) under (h)": (["(g) x", "(h) x", "(i) x", "(ii) x", "(i) x", "(j) x"], "g h h__i h__ii i j"),
    "(I) after (H)": (["(H) x", "(I) x", "(J) x"], "H I J"),
    "(v) and (x) as letters": (["(t) x", "(u) x", "(v) x", "(w) x", "(x) x", "(y) x"], "t u v w x y"),
    "stars of a schedule": (
        ["A. x", "(1) x", "(9) x", "*(10) x", "B. x", "*(1) x", "(2) x"],
        "A A__1 A__9 A__10 B B__1 B__2",
    ),
    "a codifier's brackets": (["([1]) x", "([2]) x"], "[1] [2]"),
    "labels glued to their text": (["(a)The board", "(1)Each", "(i)Text"], "a a__1 a__1__i"),
    "two labels glued": (["(1)(i)Text", "(ii)More", "(2)Text"], "1 1__i 1__ii 2"),
    "1.The": (["1.The board", "2.A fee", "3.Each person"], "1 2 3"),
    "A.The": (["A.The board", "1.The fee", "B.A person"], "A A__1 B"),
    "citation printed before the number": (
        ["961.3(2)(c)(c) x", "961.3(2)(d)(d) The", "961.3(2)(d)1.1. x", "2. y"],
        "2 2__c 2__d 2__d__1 2__d__2",
    ),
    "hyphens that do not break": (["(a\u20111) The", "(a\u20112) The"], "a-1 a-2"),
    "spaces that do not break": (["(a)\u00a0The", "(1)\u00a0The", "(b)\u00a0The"], "a a__1 b"),
    "text flush after items": (
        ["(a) The board, if:", "(1) one; and", "(A) two; or", "(B) three.", "shall act.", "It may not.", "(b) x"],
        "a a__1 a__1__A a__1__B a__1__p1 a__1__p2 b",
    ),
    "text flush after one sentence of items": (
        ["(a) The board shall:", "(1) act; and", "(2) tell.", "A fee is due.", "It is $5.", "(b) x"],
        "a a__1 a__2 a__p1 a__p2 b",
    ),
    "catchline run into the first number": (
        ["Section 1. Words. (1) A kite", "(a) x", "(2) A line", "Section 2. Fees. The fee under (1) X."],
        "1 1__1 1__1__a 1__2 2",
    ),
    "number of a sentence": (["(a) See it. (1) Of this", "(b) x", "(2) y"], "a b b__2"),
    "second paragraph of an item": (["(1) One.", "(2) Two.", "More of two.", "(3) x"], "1 2 2__p1 3"),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_style_is_read_as_the_tree_it_prints(style):
    lines, expected = STYLES[style]

    parts = build_provisions([Line(" ".join(line.split(" "))) for line in lines])

    assert expected.split() == [part.eid for part in parts]


@pytest.mark.parametrize(
    "text",
    [
        "(or) the board may act.",
        "U.S. Code applies.",
        "D.C. Law 24-45 applies.",
        "W.Va. boards meet.",
        "2.5 kg of kites",
        "A kite is a toy.",
        "* * *",
        "I fly kites.",
        "(including kites) and lines",
        "1999.12 was the year",
    ],
)
def test_words_are_no_number(text):
    assert [("p1", "", text)] == [(part.eid, part.number, part.text) for part in build_provisions([Line(text)])]


def test_number_is_kept_as_printed():
    lines = [Line("*(1) Kite"), Line("Subd. 2. Line"), Line("961.3(2)(d)(d) Fee")]

    assert ["*(1)", "Subd. 2.", "(2)", "961.3(2)(d)(d)"] == [part.number for part in build_provisions(lines)]
