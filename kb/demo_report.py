"""Tell what the demonstration found: by day, what was checked, what moved, what was held back, and what to do next."""

import sqlite3
from collections.abc import Iterable
from itertools import groupby

import msgspec
from rich.console import Console

from kb.models import ChangeRow
from kb.reports import is_rule_change, view_days
from kb.store.days import (
    DayCheck,
    DayEvent,
    DayProblem,
    read_day_checks,
    read_day_events,
    read_day_problems,
)
from kb.store.queries import ChangeFilter, read_changes
from kb.terminal import INDENT, print_change, print_line

# More documents of one source that moved on one day are only counted.
MOST_DOCUMENTS = 4
# Events that say "no law moved here", in words.
QUIET = {
    "rerender": "rendered anew with the same words: no change of law",
    "relocation": "moved to a new address with the same words: no change of law",
}
INTRODUCTION = (
    "A small recorded web, collected day by day as it stood then. Its pages are paraphrases made for this "
    "demonstration, not official texts. Changes of real states are real, with their dates; the State of Example "
    "(us-xx) does not exist."
)
NEXT = (
    ("kb changes", "every change; try --jurisdiction us-or, --since 2026-01-01, --format md"),
    ('kb show "OAR 850-060-0223" --as-of 2022-06-01', "a rule as it stood on a day"),
    ('kb show "21 CFR 1307.41"', "a rule that ends by itself"),
    ("kb compare telehealth_prescribing", "what the states answer, beside federal law; kb compare lists the questions"),
    ("kb sources list", "what is watched, since when, last checked"),
    ("kb serve", "all of this as a site on http://127.0.0.1:8001"),
)


class DayReport(msgspec.Struct, frozen=True):
    """One day of the report: what was checked, the changes proven (but those of notes), events, what was held back."""

    check: DayCheck
    changes: tuple[ChangeRow, ...]
    notes: int
    events: tuple[DayEvent, ...]
    problems: tuple[DayProblem, ...]


def read_report(db: sqlite3.Connection) -> list[DayReport]:
    """Read the report from the knowledge base; returns its days, earliest first."""
    changes = sorted(read_changes(db, ChangeFilter()), key=lambda row: (row.confirmed_at[:10], row.source))
    events, problems = read_day_events(db), read_day_problems(db)
    return [
        DayReport(
            check=check,
            changes=tuple(row for row in changes if row.confirmed_at[:10] == check.day and row.part != "note"),
            notes=sum(1 for row in changes if row.confirmed_at[:10] == check.day and row.part == "note"),
            events=tuple(event for event in events if event.day == check.day and event.kind in QUIET),
            problems=tuple(problem for problem in problems if problem.day == check.day),
        )
        for check in read_day_checks(db)
    ]


def print_report(console: Console, days: Iterable[DayReport]) -> None:
    """Print the whole report to a terminal, wrapped to its width, coloured where it can be."""
    told = list(days)
    print_line(console, "Status Quo: the demonstration", style="bold")
    print_line(console, INTRODUCTION)
    for day in told:
        _print_day(console, day)
    _print_end(console, told)


def _print_day(console: Console, day: DayReport) -> None:
    console.print()
    print_line(console, day.check.day, style="bold reverse" if console.is_terminal else "bold")
    print_line(console, f"Checked: {_describe_check(day.check)}.")
    _print_moved(console, day)
    for event in day.events:
        print_line(console, f"= {_count(event.pages, 'page')} of {event.source} {QUIET[event.kind]}", indent=INDENT)
    if day.problems:
        print_line(console, "Held back (an answer that is not the rule makes no change):", style="yellow")
        for problem in day.problems:
            told = problem.message if problem.url in problem.message else f"{problem.url}: {problem.message}"
            print_line(console, f"! {told}", indent=INDENT)


def _print_moved(console: Console, day: DayReport) -> None:
    if not day.changes:
        print_line(console, "Moved: nothing.")
        return
    rules = sum(1 for row in day.changes if is_rule_change(row.nature, row.part))
    others = len(day.changes) - rules
    aside = f", {_count(others, 'other change')}" if others else ""
    notes = f", {_count(day.notes, 'note')} edited" if day.notes else ""
    print_line(console, f"Moved: {_count(rules, 'rule change')}{aside}{notes}.")
    for source, rows in groupby(day.changes, key=lambda row: row.source):
        _print_source(console, source, list(rows))


def _print_source(console: Console, source: str, rows: list[ChangeRow]) -> None:
    documents = [document for view in view_days(rows) for document in view.documents]
    for document in documents[:MOST_DOCUMENTS]:
        print_line(console, document.title, style="bold", indent=INDENT)
        for change in document.changes:
            print_change(console, change, indent=2 * INDENT)
    if len(documents) > MOST_DOCUMENTS:
        rest = _count(len(documents) - MOST_DOCUMENTS, "more document")
        print_line(console, f"… and {rest}: kb changes --source {source}", indent=INDENT)


def _print_end(console: Console, days: list[DayReport]) -> None:
    rows = [row for day in days for row in day.changes]
    rules = [row for row in rows if is_rule_change(row.nature, row.part)]
    places = [name for name, _ in groupby(sorted(row.jurisdiction for row in rules))]
    pages = sum(day.check.pages for day in days)
    held = sum(len(day.problems) for day in days)
    console.print()
    print_line(console, "In all", style="bold")
    print_line(
        console,
        f"{_count(pages, 'page')} read on {_count(len(days), 'day')}: {_count(len(rules), 'rule change')} in "
        f"{_count(len(places), 'jurisdiction')}, {_count(held, 'answer')} held back.",
    )
    console.print()
    print_line(console, "What to do next", style="bold")
    for command, purpose in NEXT:
        print_line(console, command, style="cyan", indent=INDENT)
        print_line(console, purpose, indent=2 * INDENT)


def _describe_check(check: DayCheck) -> str:
    new = f", {check.first} of them for the first time: their text is the baseline" if check.first else ""
    return f"{_count(check.pages, 'page')} of {_count(check.sources, 'source')}{new}"


def _count(number: int, thing: str) -> str:
    """Write a number with its thing, "1 page", "3 pages"."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
