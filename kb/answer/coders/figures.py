"""Read numbers, lengths of time and schedules as law prints them: "six (6) months", "schedules II through V"."""

import re
from collections.abc import Iterator

import msgspec

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
TENS = {word: 10 * ten for ten, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
VALUES = {word: value for value, word in enumerate(SMALL)} | TENS | {"hundred": 100}
WORD = "|".join(sorted(VALUES, key=len, reverse=True))
# "six (6)"  "one hundred eighty (180)"  "thirty-day (30)"  "90"
NUMBER = (
    rf"(?:\b(?P<worded>(?:{WORD})(?:(?:[\s-]+(?:and\s+)?)(?:{WORD}))*)\b|(?<![\d.§-])(?P<digits>\d{{1,4}})(?![\d.]))"
)
FIGURES = r"(?:\s*\(\s*(?P<figures>\d{1,4})\s*\))?"
# "six (6) months"  "90-day"  "thirty-day (30) supply"
DURATION = re.compile(
    rf"{NUMBER}{FIGURES}[\s-]*(?:calendar\s+|consecutive\s+|business\s+)?(?P<unit>hour|day|week|month|year)s?\b",
    re.IGNORECASE,
)
# "five (5) times"
TIMES = re.compile(rf"{NUMBER}{FIGURES}\s+times\b", re.IGNORECASE)
# "five refills"  "five (5) refills"
REFILLS = re.compile(rf"{NUMBER}{FIGURES}\s+(?:authori[sz]ed\s+|additional\s+)?refills?\b", re.IGNORECASE)
# "annually"  "quarterly"
RATES = {
    "annually": "P1Y",
    "yearly": "P1Y",
    "quarterly": "P3M",
    "semiannually": "P6M",
    "semi-annually": "P6M",
    "monthly": "P1M",
}
RATE = re.compile(rf"\b(?:{'|'.join(RATES)})\b", re.IGNORECASE)

NUMERAL = r"(?:[IVl]{1,4}|[1-6])(?:-?[A-C](?![a-z]))?"
LINK = r"\s*(?:,\s*or|,\s*and|,\s*and/or|,|;|\bthrough\b|\bto\b|\bthru\b|\band/or\b|\bor\b|\band\b|-|/|&)\s*"
# "Schedule III"  "schedules II, III, or IV"  "Schedule II-V"  "schedule ll"
SCHEDULES = re.compile(
    rf"\bschedules?\s+(?P<numerals>{NUMERAL}(?:{LINK}(?:schedules?\s+)?{NUMERAL})*)(?!\w)", re.IGNORECASE
)
ONE = re.compile(rf"(?P<numeral>{NUMERAL})(?!\w)|(?P<range>\b(?:through|to|thru)\b|-)", re.IGNORECASE)
ROMAN = ("I", "II", "III", "IV", "V", "VI")
DIGITS = dict(zip("123456", ROMAN, strict=True))
UNITS = {"hour": "PT{}H", "day": "P{}D", "week": "P{}W", "month": "P{}M", "year": "P{}Y"}


class Length(msgspec.Struct, frozen=True):
    """A length of time, ISO 8601 ("P6M"), and where it stands in the text."""

    iso: str
    start: int
    end: int


def find_lengths(text: str) -> Iterator[Length]:
    """Yield every length of time in a text, in order."""
    for match in DURATION.finditer(text):
        yield Length(UNITS[match["unit"].lower()].format(read_number(match)), match.start(), match.end())


def read_number(match: re.Match[str]) -> int:
    """Return the number of a match: its digits, else the figures in parentheses, else its words."""
    if match["digits"]:
        return int(match["digits"])
    return int(match["figures"]) if match["figures"] else count_words(match["worded"])


def count_words(words: str) -> int:
    """Return the number that words say: "one hundred eighty" is 180."""
    total = 0
    for word in re.split(r"[\s-]+", words.lower()):
        total = max(total, 1) * 100 if word == "hundred" else total + VALUES.get(word, 0)
    return total


class Classes(msgspec.Struct, frozen=True):
    """The schedules one mention names ("II", "IVA") and where it stands."""

    names: tuple[str, ...]
    start: int
    end: int


def find_classes(text: str) -> Iterator[Classes]:
    """Yield every mention of schedules in a text, in order, ranges spelled out."""
    for match in SCHEDULES.finditer(text):
        names = _read_numerals(match["numerals"])
        if names:
            yield Classes(names, match.start(), match.end())


def _read_numerals(printed: str) -> tuple[str, ...]:
    names: list[str] = []
    spanning = False
    for match in ONE.finditer(printed):
        if match["range"]:
            spanning = True
            continue
        name = _name_class(match["numeral"])
        if spanning and names and names[-1] in ROMAN and name in ROMAN:
            names.extend(ROMAN[ROMAN.index(names[-1]) + 1 : ROMAN.index(name)])
        names.append(name)
        spanning = False
    return tuple(dict.fromkeys(name for name in names if name))


def _name_class(numeral: str) -> str:
    """Return a class as one name: "ll" typed for "II", "3" and "iva" too; "" for what is no class."""
    plain = numeral.replace("-", "").replace("l", "I").upper()
    letter = plain[-1] if plain[-1] in "ABC" else ""
    stem = DIGITS.get(plain.removesuffix(letter), plain.removesuffix(letter))
    return stem + letter if stem in ROMAN else ""
