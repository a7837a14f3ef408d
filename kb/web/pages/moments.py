"""The two dates pages of answers can be asked for: reading them, and computing the cells of another day."""

import sqlite3
from collections.abc import Collection, Mapping
from datetime import date
from urllib.parse import urlencode

import msgspec

from kb.errors import UsageError
from kb.matrix import FEDERAL, Wanted, compare_facts, parse_scope, show_cell
from kb.questions import Question
from kb.scopes import DIMENSIONS, Scope
from kb.store.answers import read_fact_steps, read_published_facts
from kb.tell.words import parse_day
from kb.web.pages.cells import CellView, view_cell
from kb.web.pages.frame import Frame

END_OF_DAY = "T23:59:59.999999Z"


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """For when and within which limits cells are computed."""

    as_of: date
    known_at: str
    scope: Scope = {}


def compute_cells(
    db: sqlite3.Connection, questions: Mapping[str, Question], jurisdictions: Collection[str], moment: Moment
) -> list[CellView]:
    """Return cells for another date, another day of knowledge or within limits, computed from the published facts."""
    wanted = Wanted(
        questions=tuple(questions.values()),
        jurisdictions=tuple(jurisdictions),
        as_of=moment.as_of,
        known_at=moment.known_at,
        scope=moment.scope,
    )
    facts = read_published_facts(db, questions, {*jurisdictions, FEDERAL})
    steps = read_fact_steps(db, [fact.id for fact in facts if fact.anchor is not None])
    return [view_cell(show_cell(cell)) for cell in compare_facts(facts, steps, wanted)]


def read_moment(asked: Mapping[str, str], frame: Frame, question: Question | None) -> Moment | None:
    """Return what other dates and limits are asked for, None where the published answers serve.

    Raises UsageError for a date that is none and a limit that is unknown.
    """
    given = {name: asked[name] for name in ("as_of", "known_at") if asked.get(name)}
    for name, text in given.items():
        if parse_day(text) is None:
            raise UsageError(f"{name}: “{text}” is no date; write it as 2024-07-01")
    dimensions = question.scope if question is not None else DIMENSIONS
    scope = parse_scope([f"{name}={asked[name]}" for name in dimensions if asked.get(name)])
    if not given and not scope:
        return None
    return Moment(
        as_of=parse_day(given.get("as_of", "")) or date.fromisoformat(frame.today),
        known_at=f"{given['known_at']}{END_OF_DAY}" if "known_at" in given else frame.known_at,
        scope=scope,
    )


def show_moment(frame: Frame, moment: Moment | None) -> Frame:
    """Return the frame that names the dates the answers stand for: published ones are those of the edition's day.

    Of a demonstration it says so.
    """
    frame = msgspec.structs.replace(frame, shows_replica=frame.edition.recorded)
    if moment is None:
        return msgspec.structs.replace(frame, as_of=frame.known_at[:10])
    return msgspec.structs.replace(frame, as_of=moment.as_of.isoformat(), known_at=moment.known_at)


def write_query(path: str, values: Mapping[str, str]) -> str:
    """Return a path with its query, names in order, empty ones left out; commas and colons stay readable."""
    told = sorted((name, value) for name, value in values.items() if value)
    return f"{path}?{urlencode(told, safe=',:')}" if told else path
