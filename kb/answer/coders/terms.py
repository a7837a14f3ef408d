"""Read from when and until when a provision applies, where the document states it.

The last day of what is in force until, or repealed on, a date is the day before, for the next text begins with it; but
a date that is the last of its month is itself the last day, as it is of what expires, sunsets or runs through a date.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from kb.answer.coders.passages import Passage
from kb.answer.coders.printed import Sentence, fold_printed
from kb.answer.coders.vocabulary import Shape
from kb.models import Reading

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# "January 1, 2023"  "Jan. 1, 2024"
DAY = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>(?:19|20)\d\d)\b"
)
# "until January 1, 2023"  "is repealed on April 1, 2022"  "Repeal and reenactment on December 31, 2027"
UNTIL = r"until|before|prior to|repeal(?:ed)?(?: and re-?enact\w+)?(?: (?:effective|on))?"
# "through June 30, 2024"  "expires on June 30, 2024"
THROUGH = r"through|(?:ending|expires?|expiration|sunsets?|terminates?)(?: on)?"
ENDS = Shape(rf"\b(?:(?P<open>{UNTIL})|(?:{THROUGH})) (?:and including )?{DAY}")
# "on or after January 1, 2021"  "Effective January 1, 2023"  "effective on and after October 1, 2020"
FROM = (
    r"on (?:or|and) after|(?<!repealed\s)effective(?: on| as of| from)?(?: (?:or|and) after)?"
    r"|(?:beginning|starting|commencing|takes? effect)(?: on)?|no sooner than|not earlier than|as of"
    r"|from and after|since"
)
BEGINS = Shape(rf"\b(?:{FROM}) {DAY}")
# "Subsection (f) of this section shall be effective"  "This section is repealed": a provision on the term of others
OTHERS = Shape(
    r"\W*(?:this (?:section|article|rule|chapter|act|part)"
    r"|(?:sub)?(?:section|division|paragraph)s? \((?P<number>\w{1,4})\))"
)
# What such a provision says of the term
SPEAKS_OF_TERM = re.compile(
    r"\b(?:effective|effect|repealed|expires?|sunsets?|terminates?|operative|apply|applies|remain|void)\b",
    re.IGNORECASE,
)
# "[… effective until …. For subsection effective …, see below.]": from here on a bracket speaks of the other text
OTHER_TEXT = re.compile(
    r"\b(?:for (?:the )?(?:sub)?(?:section|text|version|paragraph|provisions?)|see (?:version|also|below|above))\b",
    re.IGNORECASE,
)
# Where a sentence's own term begins: at its head, or after an opening clause ("Subject to (d), on or after").
# Elsewhere a date belongs to what the sentence speaks of ("prescriptions issued before").
HEAD = 90
# What a rule demands only from a date on: "no sooner than January 1, 2020"
LATER = re.compile(rf"\b(?:no sooner|not earlier|no earlier) than {DAY}", re.IGNORECASE)


class Term(msgspec.Struct, frozen=True):
    """From when and until when (the last day) a provision applies, None where it is not told."""

    begins: date | None = None
    ends: date | None = None

    def fill(self, other: "Term") -> "Term":
        """Return this term, completed by another where it is silent."""
        return Term(self.begins or other.begins, self.ends or other.ends)


def read_term(passage: Passage, sentence: Sentence) -> Term:
    """Return the term of a sentence: told by itself, by brackets above it, by another provision, or by the document."""
    own = _read_own(sentence)
    for text in _list_brackets(passage):
        own = own.fill(find_term(text))
    for text in _list_clauses(passage):
        own = own.fill(find_term(text))
    return own.fill(_read_validity(passage.reading))


def find_term(text: str) -> Term:
    """Return the term that a text states; the first date of each kind counts."""
    other = OTHER_TEXT.search(text)
    own = text[: other.start()] if other is not None else text
    return _make_term(BEGINS.search(own), ENDS.search(own))


def _make_term(begins: re.Match[str] | None, ends: re.Match[str] | None) -> Term:
    last = _read_day(ends) if ends is not None else None
    if last is not None and ends is not None and ends["open"] is not None and not _ends_month(last):
        last -= timedelta(days=1)
    first = _read_day(begins) if begins is not None else None
    # Dates that contradict each other are not both of one text: neither is believed.
    return Term() if first is not None and last is not None and first > last else Term(first, last)


def _read_own(sentence: Sentence) -> Term:
    """Return the term a sentence states for itself: at its head, by its last words, or as when its demand begins."""
    begins, ends = (_find_leading(shape, sentence.words) for shape in (BEGINS, ENDS))
    return _make_term(begins, ends).fill(_make_term(LATER.search(sentence.words), None))


def _find_leading(shape: Shape, words: str) -> re.Match[str] | None:
    match = shape.search(words)
    if match is None:
        return None
    if shape is ENDS and not words[match.end() :].strip(" .;"):
        return match
    if match.start() > HEAD:
        return None
    before = words[: match.start()].strip(" [(")
    return match if not before or before.endswith(",") else None


def _list_brackets(passage: Passage) -> Iterator[str]:
    """Yield the bracketed remarks at the head of a provision, of those above it, and of the document's heading."""
    for text in (passage.printed.plain, *passage.leads):
        yield from re.findall(r"^\W{0,3}(\[[^\]]{5,200}\])", text)
    for one in (passage.provision, *passage.above):
        yield from re.findall(r"[\[(][^\])]{5,200}[\])]", fold_printed(one.heading).plain)
        if one.pending:
            yield fold_printed(one.pending).plain


def _list_clauses(passage: Passage) -> Iterator[str]:
    """Yield the provisions elsewhere in the document that speak of the term of the section, or of a part of it."""
    numbers = set(passage.provision.eid.split("__"))
    for one in passage.reading.provisions:
        clause = OTHERS.match(fold_printed(one.text).plain)
        if clause is None or len(one.text) > 400 or SPEAKS_OF_TERM.search(one.text) is None:
            continue
        if clause["number"] is None or clause["number"] in numbers:
            yield fold_printed(one.text).plain


def _read_validity(reading: Reading) -> Term:
    """Return the term the reader found the document to state; its end is exclusive there."""
    if reading.validity.basis != "stated":
        return Term()
    end = reading.validity.valid_to
    return Term(reading.validity.valid_from, end - timedelta(days=1) if end is not None else None)


def _read_day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["year"]), MONTHS.index(match["month"][:3].lower()) + 1, int(match["day"]))
    except ValueError:
        return None


def _ends_month(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]
