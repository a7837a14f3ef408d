"""Printed numbers: what they look like at the start of a line, and which place in a sequence they can stand for.

The grammar knows styles, not sites: ``(a) (1) (A) (i) (I) (aa)``, ``a. 1. A. I.``, ``1) a)``, ``8.4.1``, ``Sec. 8.``,
inserted numbers such as ``(v.1)``, ``(B-i)``, ``9a``, ``(1g)``, ``(cm)`` and ``I-a``, and labels glued to their text.
"(i)" may be the ninth letter or the first roman numeral: ``read_label`` returns every reading and the outline decides
by sequence.
"""

import re
from functools import lru_cache
from typing import Literal

import msgspec

Style = Literal["d", "a", "A", "i", "I", "aa", "AA", "x", "s"]

# Elements whose text is a heading, widest first.
HEADING_TAGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
# 12, 3A, 12B, b, B, aa, BBB, xiv, XIV, a1; then -1, -i, .1, -A1 (numbers inserted later)
_CORE = (
    r"(?:\d{1,3}[A-Za-z]{0,2}|[A-Za-z]\d{0,2}(?![A-Za-z])|[ivxlcdm]{1,7}|[IVXLCDM]{1,7}|"
    r"aa+|bb+|cc+|dd+|ee+|ff+|gg+|hh+|ii+|jj+|kk+|ll+|mm+|nn+|oo+|pp+|qq+|rr+|ss+|tt+|uu+|vv+|ww+|xx+|yy+|zz+|"
    r"AA+|BB+|CC+|DD+|EE+|FF+|GG+|HH+|JJ+|KK+|LL+|NN+|OO+|PP+|QQ+|RR+|SS+|TT+|UU+|VV+|WW+|YY+|ZZ+)"
    r"(?:[-.\u2010-\u2013][0-9A-Za-z]{1,4}){0,2}"
)
# (cm), (am), (bg): a letter put in after another one; short words in parentheses are none
_TWO_LETTERS = r"(?!(?:an|as|at|be|by|do|eg|go|he|ie|if|in|is|it|me|my|no|of|on|or|so|to|up|us|we)\b)[a-z]{2}"
_SHORT = r"(?:\d{1,3}[A-Za-z]?|[A-Za-z]|[ivx]{1,5}|[IVX]{1,5})"
# "(a) ", "*(1) ", "([1])", "(1.)", "1. ", "iv. ", "I-a. ", "2) ", "8.4.1 ", "Sec. 8. ", "Subd. 2. ", "§ 3. "; "1.The"
LABEL = re.compile(
    rf"((?:(?:\*{{1,3}} ?)?\(\[?(?:{_CORE}|{_TWO_LETTERS})\]?\.?\)|\[\(?{_CORE}\)?\])(?=[\s(\[“\"‘'A-Z]|$)"
    rf"|{_SHORT}(?:(?:[-\u2010-\u2013][A-Za-z0-9]{{1,2}})?\.(?=[\s(]|[A-Z][a-z]*\s)|\)(?=\s))|"
    r"\d{1,4}(?:\.\d{1,3}){2,6}\.?(?=\s)|\d{1,4}\.\d{1,3}\.?(?=\s+[A-Z“\"])|"
    r"(?:Sec(?:tion|\.)|Subd(?:ivision|\.)|Subsec(?:tion|\.)|§)\s*\d{1,3}[A-Za-z]?\.(?=\s|$|\())\s*"
)
# "§ 12-305. Fees."  "Sec. 08.04.020. Board"  "12:3-1.2 Scope": a section's own number before its catchline
SECTION = re.compile(
    r"((?:§+\s*|(?:SECTION|Sec(?:tion|s?\.))\s*)?\d+[A-Z]?(?:[-\u2010-\u2013.:]\d+[A-Za-z]?)+\.?)(?:\s*[—–-])?\s+(?=[A-Z\[“\"(])"
)
# How a section's own number begins on a plain line; with the last two a stop must follow it, for sentences begin so.
_SECTION_MARKS = ("§", "SECTION ", "Sec. ", "Section ")
# type="a"
_TYPE = re.compile(r'\btype="([1aAiI])"')
# class="alpha", class="lower-roman": the usual names of list styles in style sheets
_STYLE_NAME = re.compile(r'(?:class|style)="[^"]*?\b(?:(lower|upper)-)?(alpha|latin|roman|decimal)\b')
# start="3", value="12"
_START = re.compile(r'\b(?:start|value)="(\d+)"')
# (12)(B-i): the leading digits or letters, then what was inserted
_PIECES = re.compile(r"(\d+|[A-Za-z]+)(.*)")


def match_section(text: str) -> re.Match[str] | None:
    """Return a section's own number at the start of a plain line ("Sec. 12.305. Fees."), None where there is none."""
    if not text.startswith(_SECTION_MARKS):
        return None
    found = SECTION.match(text)
    sure = found is not None and (found[1].endswith(".") or not text.startswith("Sec"))
    return found if sure else None


class Rank(msgspec.Struct, frozen=True):
    """One place a label can stand for: its ``style`` with delimiter, its ordinal ``value`` and an inserted ``suffix``.

    ``style`` begins with "(", ")" or "." for the delimiter; ``value`` counts from 1. Dotted chains count by their last
    step, each length of chain in a style of its own ("x2" holds "x3").
    """

    style: str
    value: int
    suffix: str = ""


class ListFrame:
    """A list of the page being read: what its next item prints as its marker."""

    __slots__ = ("count", "style")

    def __init__(self, tag: str, attrs: str) -> None:
        """Open a list by its tag and attributes; ``ul`` prints no number."""
        start = _START.search(attrs) if attrs else None
        self.count = int(start[1]) - 1 if start is not None else 0
        self.style = _list_style(attrs) if tag == "ol" else ""

    def mark_item(self, attrs: str) -> str:
        """Return the marker of the next item ("a.", "3."), "" in an unnumbered list."""
        if not self.style:
            return ""
        value = _START.search(attrs) if "value=" in attrs else None
        self.count = int(value[1]) if value is not None else self.count + 1
        return f"{print_ordinal(self.style, self.count)}."


def _list_style(attrs: str) -> str:
    kind = _TYPE.search(attrs)
    if kind is not None:
        return {"1": "d"}.get(kind[1], kind[1])
    named = _STYLE_NAME.search(attrs)
    if named is None:
        return "d"
    letter = {"alpha": "a", "latin": "a", "roman": "i", "decimal": "d"}[named[2]]
    return letter.upper() if named[1] == "upper" and letter != "d" else letter


def print_ordinal(style: str, value: int) -> str:
    """Return the number a style prints for an ordinal: ("a", 2) → "b", ("i", 4) → "iv", ("aa", 2) → "bb"."""
    if style == "d":
        return str(value)
    if style in ("i", "I"):
        return _print_roman(value) if style == "i" else _print_roman(value).upper()
    times = 2 if style in ("aa", "AA") else 1 + (value - 1) // 26
    letter = chr(ord("a") + (value - 1) % 26) * times
    return letter if style[0] == "a" else letter.upper()


def _print_roman(value: int) -> str:
    text = ""
    for size, numeral in (
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
        (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ):  # fmt: skip
        text += numeral * (value // size)
        value %= size
    return text


def _read_roman(text: str) -> int:
    """Return the value of a well-formed lower-case roman numeral, 0 for anything else."""
    total = 0
    for here, after in zip(text, text[1:] + " ", strict=True):
        value = _ROMAN_VALUES.get(here, 0)
        total += -value if _ROMAN_VALUES.get(after, 0) > value else value
    return total if 0 < total < 200 and _print_roman(total) == text else 0


@lru_cache(maxsize=20_000)
def read_label(number: str) -> tuple[Rank, ...]:
    """Return every place in a sequence that a printed number can stand for, () when it is no sequence number."""
    bare = number.strip("()[]*. ")
    if bare.startswith(("Sec", "Sub", "§")):
        found = re.search(r"\d+", bare)
        return (Rank("s", int(found[0]), bare[found.end() :]),) if found is not None else ()
    delimiter = "(" if "(" in number or number.startswith("[") else number[-1:] if number.endswith(")") else "."
    last = bare.rpartition(".")[2]
    if delimiter == "." and bare[:1].isdigit() and "." in bare and last.isdecimal():
        return (Rank(f".x{bare.count('.') + 1}", int(last), ""),)
    pieces = _PIECES.fullmatch(bare)
    if pieces is None:
        return ()
    ranks = [Rank(delimiter + style, value, pieces[2]) for style, value in _readings(pieces[1])]
    if _may_be_inserted(pieces[1]) and not pieces[2]:
        ranks.append(Rank(f"{delimiter}a", ord(pieces[1][0]) - 96, pieces[1][1]))
    return tuple(ranks)


def _may_be_inserted(text: str) -> bool:
    """Tell whether two letters can be one put in after another: "(cm)" after "(c)"; "(iv)" is the fourth everywhere."""
    return len(text) == 2 and text.islower() and text[0] != text[1] and not 0 < _read_roman(text) < 100


def _readings(text: str) -> list[tuple[str, int]]:
    if text.isdigit():
        return [("d", int(text))]
    lower = text.lower()
    upper = text.isupper()
    found: list[tuple[str, int]] = []
    if len(set(text)) == 1:
        place = ord(lower[0]) - 96
        found.append(("A" if upper else "a", place + 26 * (len(text) - 1)))
        if len(text) == 2:
            found.append(("AA" if upper else "aa", place))
    if text == "L":
        # Printed for "(l)" between "(k)" and "(m)", where a small l would look like a one.
        found.append(("a", 12))
    roman = _read_roman(lower)
    if roman:
        found.append(("I" if upper else "i", roman))
    return found
