"""Fold a text to its canonical form: what is hashed and compared, so that a re-typed page is no change of law.

Only typography is folded: white space, quotation marks, dashes, leaders of dots, invisible signs and Unicode
composition. The law's
own words, their case and its numbers are never folded.
"""

import re
import unicodedata
from functools import lru_cache

SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4\u1ffd"
DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
# Soft hyphen, zero-width signs, direction marks and the byte order mark: nothing a reader can see.
INVISIBLE = (
    "\u00ad\u034f\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
# White space of every kind is folded by str.split; what it leaves alone is the Braille blank and the Hangul fillers.
BLANKS = "\u2800\u3164\uffa0"

TYPOGRAPHY: dict[str, str] = {
    **dict.fromkeys(SINGLE_QUOTES, "'"),
    **dict.fromkeys(DOUBLE_QUOTES, '"'),
    **dict.fromkeys(DASHES, "-"),
    **dict.fromkeys(BLANKS, " "),
    **dict.fromkeys(INVISIBLE, ""),
}

# "Sec.8." "Subdivision1.": the word that names what is numbered
UNIT_WORD = re.compile(r"^(?:SECTION|Sec(?:tion|s?\.)|Subd(?:ivision|\.)|Subsec(?:tion|\.))(?=\d)")
# "Ketamine ............ 7285"  "Fee . . . . . . $5": dots that lead the eye to the next column
LEADER = re.compile(r"(?:\s?\.){5,}")
# One pair of outer parentheses: "(a-1)" but not "(a)(1)".
OUTER_PARENTHESES = re.compile(r"\(([^()]*)\)")
# Everything that is neither letter nor digit: "; and (a)" -> "; ", " (", ")".
NOT_LETTER_OR_DIGIT = re.compile(r"[\W_]+")

_ASCII_LOWER = bytes(range(128)).lower() + bytes(range(128, 256))
_ASCII_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())


def fold_text(text: str) -> str:
    """Fold a printed text to the form that is hashed and compared.

    Returns the text on one line in Unicode form NFC, with single spaces, straight quotes and plain hyphens, and
    without invisible signs. Folding a folded text changes nothing.
    """
    return _fold_short(text) if len(text) < SHORT else _fold(text)


def _fold(text: str) -> str:
    plain = text if text.isascii() else _fold_signs(text)
    if "...." in plain or ". . ." in plain:
        plain = LEADER.sub(" ", plain)
    return " ".join(plain.split())


# One comparison folds a paragraph half a dozen times; long texts are few and would fill the memory.
SHORT = 2_000
_fold_short = lru_cache(maxsize=8_192)(_fold)


def squeeze_text(text: str) -> str:
    """Reduce a text to its letters and digits in lower case: equal when only punctuation, case or spacing differ.

    Signs that carry meaning are lost too ("1.5" and "15" are alike): a caller who must tell numbers apart compares
    them as well. Returns the squeezed text.
    """
    if text.isascii():
        return text.encode("ascii").translate(_ASCII_LOWER, _ASCII_SIGNS).decode("ascii")
    return NOT_LETTER_OR_DIGIT.sub("", _fold_signs(text).lower())


def fold_number(number: str) -> str:
    """Turn a printed number into its segment of an eid: "(a-1)" becomes "a-1", "1." becomes "1", "§ 12." becomes "12".

    Outer parentheses, closing stops, stars, section signs, words for the unit ("Subd. 2.") and spaces go; the letters'
    case and a codifier's square brackets stay, for "[1]" beside "1" is another provision. Returns the segment, "" if
    nothing is left.
    """
    segment = UNIT_WORD.sub("", fold_text(number).replace(" ", "").lstrip("§*"))
    enclosed = OUTER_PARENTHESES.fullmatch(segment.rstrip("."))
    if enclosed is not None:
        return enclosed[1].rstrip(".")
    return segment.rstrip(".") if "(" in segment else segment.rstrip(".)")


def _fold_signs(text: str) -> str:
    """Fold quotes, dashes, blanks and invisible signs, then compose letters and their accents; white space stays."""
    for sign, plain in TYPOGRAPHY.items():
        # Search and replace beat str.translate 20 times on real pages, where few of the signs occur.
        if sign in text:
            text = text.replace(sign, plain)
    return unicodedata.normalize("NFC", text)
