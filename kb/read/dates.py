"""Find dates as American publishers print them."""

import re
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Two digits below this are of this century ("1-1-12"), others of the last ("7-1-85").
PIVOT = 50

# "January 23, 2023"  "Jan. 1, 2024"  "Sept. 9, 2014"  "26 March 1998" is not seen in American notes
WORDED = (
    r"\b(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?\s*(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})(?!\d)"
)
# "2022-12-29"
ISO = r"(?<![\w./-])(?P<iso_year>\d{4})-(?P<iso_month>\d{2})-(?P<iso_day>\d{2})(?![\w/-])"
# "7/1/2021"  "6/18/24"  "1-1-12"  "1/20/2023through"; not "§ 4-1-10", "section 4-1-10", "IAC 4-1-10"
NUMERIC = (
    r"(?<![\w/-])(?<!\d\.)(?<!§)(?<!§ )(?<!ection )(?<!ections )(?-i:(?<![A-Z][A-EG-Z] ))"
    r"(?P<num_month>\d{1,2})(?P<mark>[/-])(?P<num_day>\d{1,2})(?P=mark)(?P<num_year>\d{4}|\d{2})(?![\d/-])(?!\.\d)"
)
# For one use inside a larger pattern whose match ``read_match`` reads.
DATE_PATTERN = f"(?i:{WORDED}|{ISO}|{NUMERIC})"
# The same shapes without group names, for places where it only matters that a date stands there.
DATE_SHAPE = re.sub(r"\?P<\w+>", "?:", DATE_PATTERN).replace("(?P=mark)", "[/-]")
DATE = re.compile(DATE_PATTERN)


def find_dates(text: str) -> tuple[date, ...]:
    """Find every date in a text, in the order printed; returns real calendar days only."""
    found = (read_match(match) for match in DATE.finditer(text))
    return tuple(day for day in found if day is not None)


def parse_date(text: str) -> date | None:
    """Read the first date of a text; returns None where there is none or it is not in the calendar."""
    match = DATE.search(text)
    return read_match(match) if match else None


def read_match(match: re.Match[str]) -> date | None:
    """Turn a match of ``DATE_PATTERN``, alone or inside a larger pattern, into a day; None if impossible."""
    if match["year"]:
        numbers = int(match["year"]), MONTHS.index(match["month"][:3].lower()) + 1, int(match["day"])
    elif match["iso_year"]:
        numbers = int(match["iso_year"]), int(match["iso_month"]), int(match["iso_day"])
    else:
        numbers = _full_year(match["num_year"]), int(match["num_month"]), int(match["num_day"])
    try:
        return date(*numbers)
    except ValueError:
        return None


def _full_year(digits: str) -> int:
    year = int(digits)
    if len(digits) == 4:
        return year
    return 2000 + year if year < PIVOT else 1900 + year
