"""Write a comparison to take along: CSV, JSON, or a workbook with its facts, its codebook and what it is.

A spreadsheet takes a text that begins with = + - or @ for a formula: it is written as text, never run.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from kb.answer.answers import Answer
from kb.answer.facts import Fact, Step, spell_value
from kb.answer.known import find_first_seen, find_phase, find_state
from kb.answer.scope import name_scope
from kb.jurisdictions import read_jurisdictions
from kb.matrix import Cell, Wanted, list_notes, name_state
from kb.questions import Question

Row = Mapping[str, str | int]
# What the states mean, in plain words: those of a fact, then those of a cell without an answer.
LEGEND: Mapping[str, str] = {
    "reported": "coded from research; official text not archived yet",
    "anchored": "its words were found in archived official text",
    "verified": "a person confirmed it against this very text",
    "needs_review": "the official words changed since they were last agreed to",
    "broken": "the words that proved it are gone from the official text",
    "conflict": "entries contradict each other; both are shown",
    "limited": "known for some professions, drugs, events or settings only",
    "law_silent": "the law was looked at and says nothing of it",
    "coming": "nothing applies yet; what comes is listed",
    "lapsed": "what was known has ended; what applies since is not known",
    "pending": "only bills or proposals",
    "not_found": "looked for, not found",
    "not_checked": "nothing was coded yet; a lead names what may answer",
    "not_asked": "not asked of this level of law",
    "unknown_before": "nothing was coded or seen by that day",
}
# Where a formula begins, or what some programs skip before one.
FORMULA = re.compile(r"^[=+\-@\t\r\n]")  # "=1+1"
# Signs that XML, and so a workbook, cannot hold.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # "\x07"
LONGEST_CELL = 32_000
# Columns whose texts are long are this wide, in characters; others as their heads.
WIDE, NARROW = 40, 14
LONG = frozenset(
    {"label", "title", "notes", "why", "quote", "note", "wording", "coding", "silent", "values", "meaning"}
)


class Sheets(msgspec.Struct, frozen=True, kw_only=True):
    """What a workbook or a JSON file holds: the comparison, the facts behind it, and how it was asked."""

    wanted: Wanted
    cells: tuple[Cell, ...]
    facts: tuple[Fact, ...]
    steps: Mapping[str, Sequence[Step]]
    edition: int
    is_current: bool


def flatten_cell(cell: Cell) -> Row:
    """Return a cell as a row: the answer, how sure it is, and where it comes from."""
    told = cell.status
    first = told.leading[0] if told.leading else None
    names = {place.id: place.name for place in read_jurisdictions()}
    return {
        "jurisdiction": told.jurisdiction,
        "name": names.get(told.jurisdiction, told.jurisdiction),
        "topic": cell.question.topic,
        "question": told.question,
        "title": cell.question.title,
        "state": told.state,
        "value": cell.value,
        "label": cell.label,
        "notes": "; ".join(list_notes(cell)),
        "answers": len(told.answers) + len(told.narrower),
        "scopes": " | ".join(dict.fromkeys(name_scope(one.scope) for one in told.leading if one.scope)),
        "proof": name_state(told.leading),
        **_show_proof(first),
        "stricter": "" if cell.composition is None else cell.composition.stricter,
        "compared": "" if cell.composition is None else cell.composition.why.sentence,
        "conflicts": len(told.conflicts),
        "searched": "; ".join(told.searched),
        "why": " ".join(reason.sentence for reason in told.why),
    }


def _show_proof(answer: Answer | None) -> Row:
    """Return the columns that say where an answer comes from, empty where there is none."""
    texts = ("confidence", "binding", "citation", "url", "effective_from", "effective_to", "quote", "document", "eid")
    seen = ("sha256", "captured_at", "note", "coded_on", "reviewed_on")
    page = next(iter(answer.evidence), None) if answer is not None else None
    return {
        **{name: "" if answer is None else str(getattr(answer, name)) for name in (*texts, *seen)},
        "evidence": "" if page is None else page.kind,
        "evidence_url": "" if page is None else page.url,
        "seen_on": "" if page is None else page.seen_on,
        "fact": "" if answer is None else answer.fact,
    }


def flatten_fact(fact: Fact, question: Question, wanted: Wanted, steps: Sequence[Step]) -> Row:
    """Return a fact as a row, with how it stands to the date asked about and to the law's own words."""
    page = next(iter(fact.evidence), None)
    plain = ("basis", "binding", "authority", "citation", "url", "effective_from", "effective_to")
    known = ("confidence", "coded_on", "coded_by", "reviewed_on", "reviewed_by", "superseded_on")
    return {
        "fact": fact.id,
        "jurisdiction": fact.jurisdiction,
        "question": fact.question,
        "value": spell_value(fact.value) or str(fact.gap or ""),
        "label": question.say(fact.value, fact.gap),
        "phase": find_phase(fact, wanted.as_of, find_first_seen(fact, steps, wanted.known_at)),
        "proof": find_state(steps, wanted.known_at),
        "scope": name_scope(fact.scope),
        "details": "; ".join(f"{name}: {spell_value(value)}" for name, value in fact.details.items()),
        **{name: str(getattr(fact, name)) for name in plain},
        "reverts_to": spell_value(fact.reverts_to),
        "note": fact.note,
        "searched": "; ".join(fact.searched),
        "document": "" if fact.anchor is None else fact.anchor.document,
        "quote": "" if fact.anchor is None else fact.anchor.quote,
        "evidence": "" if page is None else page.kind,
        "evidence_url": "" if page is None else page.url,
        "seen_on": "" if page is None else page.seen_on,
        **{name: str(getattr(fact, name)) for name in known},
    }


def flatten_question(question: Question) -> Row:
    """Return a question of the codebook as a row."""
    values = (
        f"{one.id}: {one.label}{'' if one.strictness is None else f' (strictness {one.strictness})'}"
        for one in question.values
    )
    return {
        "question": question.id,
        "topic": question.topic,
        "title": question.title,
        "wording": question.wording,
        "asked_of": question.asked_of,
        "type": question.type,
        "unit": question.unit,
        "values": "; ".join(values),
        "details": "; ".join(f"{one.id}: {one.label}" for one in question.details),
        "scope": ", ".join(question.scope),
        "coding": question.coding,
        "silent": question.silent,
    }


def write_csv(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield the comparison as CSV, line by line, the head first; a formula gets an apostrophe before it."""
    head: tuple[str, ...] = ()
    for cell in cells:
        row = flatten_cell(cell)
        if not head:
            head = tuple(row)
            yield _write_line(head)
        yield _write_line([guard_formula(str(value)) for value in row.values()])


def guard_formula(text: str) -> str:
    """Return a text that no spreadsheet runs: with an apostrophe before what would be a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def _write_line(values: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def encode_matrix(sheets: Sheets) -> str:
    """Return the comparison as one JSON object: how it was asked, each cell whole, its codebook and the legend."""
    wanted = sheets.wanted
    told = {
        "as_of": wanted.as_of,
        "known_at": wanted.known_at,
        "is_current": sheets.is_current,
        "scope": wanted.scope,
        "edition": sheets.edition,
        "legend": LEGEND,
        "questions": wanted.questions,
        "cells": [_encode_cell(cell) for cell in sheets.cells],
    }
    return msgspec.json.encode(told).decode()


def _encode_cell(cell: Cell) -> dict[str, Any]:
    federal = None
    if cell.composition is not None:
        floor = cell.composition.federal
        federal = {
            "stricter": cell.composition.stricter,
            "why": cell.composition.why,
            "state": floor.state,
            "answers": floor.leading,
        }
    told = {name: getattr(cell.status, name) for name in cell.status.__struct_fields__ if name != "scope"}
    return {**told, "label": cell.label, "notes": list_notes(cell), "federal": federal}


def write_workbook(sheets: Sheets) -> bytes:
    """Return the comparison as a workbook: answers, facts, codebook, about; heads frozen, filters on."""
    book = Workbook(write_only=True)
    questions = {question.id: question for question in sheets.wanted.questions}
    chosen = [fact for fact in sheets.facts if fact.question in questions]
    facts = [
        flatten_fact(fact, questions[fact.question], sheets.wanted, sheets.steps.get(fact.id, ())) for fact in chosen
    ]
    _add_sheet(book, "answers", [flatten_cell(cell) for cell in sheets.cells])
    _add_sheet(book, "facts", facts)
    _add_sheet(book, "codebook", [flatten_question(question) for question in questions.values()])
    _add_sheet(book, "about", list(_describe(sheets)))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _add_sheet(book: Workbook, title: str, rows: Sequence[Row]) -> None:
    """Add a sheet of rows that have the columns of the first, the head frozen and with filters."""
    sheet = book.create_sheet(title)
    head = list(rows[0]) if rows else ["nothing"]
    sheet.freeze_panes = "C2" if title == "answers" else "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(head))}{len(rows) + 1}"
    for number, name in enumerate(head, 1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDE if name in LONG else NARROW
    sheet.append([_make_cell(sheet, name, bold=True) for name in head])
    for row in rows:
        sheet.append([_make_cell(sheet, value) for value in row.values()])


def _make_cell(sheet: Any, value: str | int, *, bold: bool = False) -> WriteOnlyCell:
    shown = UNWRITABLE.sub("\ufffd", value)[:LONGEST_CELL] if isinstance(value, str) else value
    cell = WriteOnlyCell(sheet, value=shown)
    if isinstance(shown, str):
        cell.data_type = "s"
        cell.quotePrefix = bool(FORMULA.match(shown))
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    if bold:
        cell.font = Font(bold=True)
    return cell


def _describe(sheets: Sheets) -> Iterator[Row]:
    """Yield what the workbook is and how to read it, a line each."""
    wanted = sheets.wanted
    told = {
        "as of": wanted.as_of.isoformat(),
        "known at": wanted.known_at,
        "current": "yes" if sheets.is_current else "no: other dates than that of the day were asked about",
        "limited to": name_scope(wanted.scope) or "nothing",
        "jurisdictions": str(len(wanted.jurisdictions)),
        "questions": str(len(wanted.questions)),
        "edition of the codebook": str(sheets.edition),
        "advice": "Not legal advice: read the official text before you act.",
        "proof": "How the answer stands to the law's own words; the least proven answer of a cell speaks for it.",
        "sha256": "Of the archived page the quote stands on; captured_at is when it was fetched (UTC).",
        "stricter": "Which asks for more: state, federal, equal, not_comparable; or which alone answers.",
    }
    yield from ({"what": what, "meaning": meaning} for what, meaning in told.items())
    yield from ({"what": f"state {name}", "meaning": meaning} for name, meaning in LEGEND.items())
