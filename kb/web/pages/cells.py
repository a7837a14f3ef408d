"""A cell of the matrix as pages print it."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec

from kb.answer.answers import Reason, Standing
from kb.parts import Part
from kb.store.answers import read_cell_rows, read_last_seen
from kb.tell.words import print_day
from kb.web.pages.answer_words import ANSWERED, PAGE_SHORT_LABELS, STANDING_LABELS, print_stated, spell_days

# States of proof in which a reader must look before relying on an answer.
DOUBTFUL = ("needs_review", "broken")


class Line(msgspec.Struct, frozen=True):
    """One answer in a cell: for whom or what ("" all), in words, and the fact that says so."""

    scope: str
    label: str
    part: Part


class CellView(msgspec.Struct, frozen=True, kw_only=True):
    """A cell as shown: the answers that lead, the other facts that have a say, and why it is what it is."""

    jurisdiction: str
    question: str
    state: Standing
    proof: str
    notes: str
    stricter: str
    lines: tuple[Line, ...]
    others: tuple[Part, ...]
    why: tuple[str, ...]
    searched: tuple[str, ...]

    @property
    def is_answered(self) -> bool:
        """Tell whether it holds an answer, the law's silence included."""
        return self.state in ANSWERED

    @property
    def has_lead(self) -> bool:
        """Tell whether nobody looked yet, though there is a lead."""
        return self.state == "not_checked" and any(part.role == "lead" for part in self.others)

    @property
    def first(self) -> Part | None:
        """Return the fact that leads, None in an empty cell."""
        return self.lines[0].part if self.lines else None

    @property
    def words(self) -> str:
        """Return the answer in one line: what leads, or why there is nothing."""
        told = dict.fromkeys(line.label for line in self.lines)
        return " / ".join(told) if told else STANDING_LABELS[self.state]

    @property
    def chip(self) -> str:
        """Return which chip tells best how it stands: contradiction first, then how it is proven, then why empty."""
        return "conflict" if self.state == "conflict" else self.proof or self.state

    @property
    def is_doubtful(self) -> bool:
        """Tell whether one must look before relying on it."""
        return self.state == "conflict" or self.proof in DOUBTFUL


def view_cell(row: Mapping[str, Any]) -> CellView:
    """Return a row of the table ``answers`` as a cell to print."""
    parts = msgspec.json.decode(row["parts"], type=list[Part])
    lines: dict[tuple[str, str], Line] = {}
    for part in parts:
        if part.role == "leading":
            # What is silent is told by the state; a label would only repeat it.
            label = part.label if part.value else STANDING_LABELS["law_silent"]
            lines.setdefault((part.scope, label), Line(part.scope, label, part))
    shown = {line.part.fact for line in lines.values()}
    return CellView(
        jurisdiction=row["jurisdiction"],
        question=row["question"],
        state=row["state"],
        proof=row["proof"],
        notes=row["notes"],
        stricter=row["stricter_than_federal"],
        lines=tuple(lines.values()),
        others=tuple(part for part in parts if part.fact not in shown),
        why=tuple(spell_days(reason.sentence) for reason in msgspec.json.decode(row["why"], type=list[Reason])),
        searched=tuple(msgspec.json.decode(row["searched"])),
    )


def read_cell_views(
    db: sqlite3.Connection, questions: Collection[str] = (), jurisdictions: Collection[str] = ()
) -> list[CellView]:
    """Return the published cells of the questions and jurisdictions named (none named: of all)."""
    return [view_cell(row) for row in read_cell_rows(db, questions, jurisdictions)]


def find_seen(db: sqlite3.Connection, cells: Iterable[CellView]) -> dict[str, str]:
    """Return when the documents that prove cells were last read again."""
    documents = {line.part.document for cell in cells for line in cell.lines if line.part.document}
    return read_last_seen(db, documents) if documents else {}


def tell_checked(part: Part, seen: Mapping[str, str]) -> str:
    """Say when the words an answer rests on were last read, or that nobody watches them and when it was coded."""
    if part.document:
        return print_day(seen.get(part.document, part.captured_at))
    return f"Not watched ({tell_reading(part)})"


def tell_since(part: Part) -> str:
    """Say from when (and until when) an answer applies, as coded; that the day is not recorded where it is not."""
    begins = print_stated(part.effective_from) or "Day not recorded"
    return f"{begins}, until {print_stated(part.effective_to)}" if part.effective_to else begins


def tell_reading(part: Part) -> str:
    """Say where a coder read what is only reported, and when: "official page, May 2026"."""
    where = next((label for kind, label in PAGE_SHORT_LABELS.items() if kind == part.kind), "no page named")
    return f"{where}, {print_stated(part.seen_on)}" if part.seen_on else where
