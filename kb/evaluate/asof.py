"""Score answers as of past dates against a table that experts coded: the share of every year in which a law applied.

Each state's law is loaded as a fact with its date and asked about month by month. The share of a year is told in
months: a law counts for January from the 7th on, for any other month from the 3rd on, as the table's description says.
"""

import csv
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec

from kb.answer.answers import Asked
from kb.answer.facts import Evidence, Fact
from kb.answer.status import status
from kb.evaluate.figures import Figure, make_count, make_share
from kb.questions import Question
from kb.store.connection import transaction
from kb.store.facts import read_recorded_facts, record_facts
from kb.store.knowledge import open_knowledge

TABLE = "optic_pdmp_dev_states.csv"
# Columns of the table: the share of a year, and the date of the law.
LAWS: Mapping[str, str] = {
    "mustaccess_partial": "date_mustaccess",
    "AnyPDMP_partial": "date_AnyPDMP",
    "Any_PMP_Horowitz_partial": "date_Any_PMP_Horowitz",
    "Op_PDMP_partial": "date_Op_PDMP",
    "electronic_partial": "date_electronic",
}
JANUARY_DAY, MONTH_DAY = 7, 3
# The table was added to its collection on this day.
CODED_ON, KNOWN_AT = "2021-01-07", "2021-01-07T23:59:59Z"
# Shares in the table are rounded to three digits.
CLOSE = 0.000501


class StateYear(msgspec.Struct, frozen=True):
    """One law in one state and year: the share of the year it applied, as experts say."""

    law: str
    jurisdiction: str
    year: int
    share: float


def score_as_of(folder: Path, database: Path) -> tuple[list[Figure], list[str]]:
    """Load the table of a folder as facts into a new database, ask them as of every month, and score each year."""
    rows = list(read_table(folder))
    with closing(open_knowledge(database)) as db:
        with transaction(db):
            record_facts(db, list_facts(rows), {})
        told = list(read_years(rows))
        misses = [miss for law in LAWS for miss in _find_misses(db, [one for one in told if one.law == law])]
    right = len(told) - len(misses)
    figures = [
        make_share("as-of answers right by state and year", right, len(told), floor=1.0),
        make_count("states", len({one.jurisdiction for one in told})),
        make_count("months asked about", 12 * len(told)),
    ]
    return figures, misses


def read_table(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the rows of the table, by column."""
    with (folder / TABLE).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read_years(rows: Sequence[Mapping[str, str]]) -> Iterator[StateYear]:
    """Yield the share of the year of every law, state and year of the table."""
    for row in rows:
        for law in LAWS:
            yield StateYear(law, name_place(row["state"]), int(row["year"]), float(row[law]))


def list_facts(rows: Sequence[Mapping[str, str]]) -> list[Fact]:
    """Return a fact for every law and state: from its date on, or the law's silence where the table has no date."""
    dated = {(law, row["state"]): row[column] for row in rows for law, column in LAWS.items()}
    return [
        Fact(
            id=f"{law}_{state}",
            jurisdiction=name_place(state),
            question=law,
            place=place,
            value=True if begins else None,
            gap=None if begins else "law_silent",
            effective_from=begins,
            evidence=(Evidence("", "secondary", CODED_ON),),
            coded_on=CODED_ON,
            coded_by="experts",
        )
        for place, ((law, state), begins) in enumerate(sorted(dated.items()))
    ]


def name_place(state: str) -> str:
    """Return the jurisdiction of a state's postal code: "us-ak" for AK."""
    return f"us-{state.lower()}"


def _find_misses(db: sqlite3.Connection, told: Sequence[StateYear]) -> Iterator[str]:
    """Yield a sentence for every state and year whose answers give another share than the table."""
    facts: dict[str, list[Fact]] = {}
    for one in told:
        law, place = one.law, one.jurisdiction
        if place not in facts:
            facts[place] = read_recorded_facts(db, jurisdiction=place, question=law)
        question = Question(id=law, topic="", title=law, type="boolean")
        answered = [_applies(facts[place], question, place, day) for day in list_days(one.year)]
        share = sum(answered) / len(answered)
        if abs(share - one.share) > CLOSE:
            yield f"{law} {place} {one.year}: expected {one.share:.3f} of the year, answered {share:.3f}"


def list_days(year: int) -> list[date]:
    """Return the day of each month of a year by which a law must apply for the month to count."""
    return [date(year, month, JANUARY_DAY if month == 1 else MONTH_DAY) for month in range(1, 13)]


def _applies(facts: Sequence[Fact], question: Question, jurisdiction: str, day: date) -> bool:
    asked = Asked(jurisdiction=jurisdiction, question=question, as_of=day, known_at=KNOWN_AT)
    return status(facts, {}, asked).state == "answered"
