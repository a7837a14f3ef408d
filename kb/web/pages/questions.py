"""The questions: the list by topic, and one with its map, all its answers, the codebook's entry and its history."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from kb.answer.scope import name_scope
from kb.declarations import suggest
from kb.errors import UsageError
from kb.jurisdictions import read_jurisdictions
from kb.matrix import FEDERAL
from kb.questions import Question
from kb.scopes import DIMENSIONS, read_terms
from kb.store.answers import (
    Asked,
    count_answered,
    count_limits,
    list_days,
    list_moved,
    read_published_facts,
    read_published_questions,
)
from kb.tell.words import print_day
from kb.web.answer import Answer
from kb.web.pages.cells import CellView, find_seen, read_cell_views, tell_checked, tell_since
from kb.web.pages.frame import Frame, read_frame, render, render_missing
from kb.web.pages.moments import Moment, compute_cells, read_moment, show_moment, write_query
from kb.web.pages.question_map import count_standings, draw_question, is_mixed, list_values
from kb.web.pages.steps import StepLine, draw_steps
from kb.web.pages.topics import group_topics, name_topic

MOVES_SHOWN = 30
DAYS_SHOWN = 200
LIMITS_SHOWN = 12
SORTS = ("name", "answer", "since")


class Limit(msgspec.Struct, frozen=True):
    """A limit one may ask within: dimension, term, its name, and the path of the same page with it."""

    dimension: str
    term: str
    name: str
    path: str
    is_chosen: bool


class Put(msgspec.Struct, frozen=True):
    """A question as it was put: with its cells, and for which other dates and limits, None for the published ones."""

    one: Asked
    cells: Sequence[CellView]
    moment: Moment | None

    @property
    def within(self) -> str:
        """Return the limits it was put within, in words."""
        return name_scope(self.moment.scope) if self.moment is not None else ""


def view_questions(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/q": every question by topic, with how many places answer it."""
    known = read_published_questions(db)
    return render("questions.html", read_frame(db, asked), topics=group_topics(known, count_answered(db)))


def view_question(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/q/<question>": within a limit and for other dates where asked, else as published."""
    frame = read_frame(db, asked)
    known = read_published_questions(db, asked["question"])
    if asked["question"] not in known:
        return render_missing(frame, "No such question", explain_question(db, asked["question"]))
    one = known[asked["question"]]
    try:
        moment = read_moment(asked, frame, one.question)
    except UsageError as error:
        return render_missing(frame, "We cannot read this question", [str(error)], status=400)
    cells = read_answers(db, one.question, moment)
    return _render_question(db, show_moment(frame, moment), Put(one, cells, moment), asked)


def explain_question(db: sqlite3.Connection, question: str) -> list[str]:
    """Say which question is nearest to one there is not."""
    known = read_published_questions(db)
    nearest = suggest(question, known)
    return [f"We ask no question with the id “{question}”{nearest}.", f"We ask {len(known)}; /q lists them by topic."]


def read_answers(db: sqlite3.Connection, question: Question, moment: Moment | None) -> list[CellView]:
    """Return the cells of a question, the federal one first, then by name."""
    cells = read_cell_views(db, [question.id])
    if moment is not None:
        cells = compute_cells(db, {question.id: question}, [cell.jurisdiction for cell in cells], moment)
    names = {place.id: place.name for place in read_jurisdictions()}
    return sorted(cells, key=lambda cell: (cell.jurisdiction != FEDERAL, names.get(cell.jurisdiction, "")))


def _render_question(db: sqlite3.Connection, frame: Frame, put: Put, asked: Mapping[str, str]) -> Answer:
    question, cells = put.one.question, put.cells
    concerned = [cell for cell in cells if cell.state != "not_asked"]
    first = [(cell, cell.first) for cell in cells if cell.first is not None]
    values = list_values(question, cells)
    value = choose_value(values, asked.get("value", ""))
    limits = list_limits(db, question, asked)
    pictured, part = picture(db, frame, put, limits if not values else [])
    said = part or put.within or (question.label(value) if value else "")
    seen = find_seen(db, cells)
    answer = render(
        "question.html",
        frame,
        one=put.one,
        question=question,
        topic=name_topic(question.topic),
        cells=sort_cells(concerned, asked.get("sort", "")),
        sort=asked.get("sort", "") if asked.get("sort", "") in SORTS else SORTS[0],
        sorts=SORTS,
        floor=next((cell for cell in concerned if cell.jurisdiction == FEDERAL), None),
        counts=count_standings(concerned),
        map=draw_question(question, pictured, value, title_map(frame, question, said)),
        mapped_for=part,
        value=value,
        values=values,
        moment=put.moment,
        limits=limits,
        within=put.within,
        checked={cell.jurisdiction: tell_checked(leading, seen) for cell, leading in first},
        since={cell.jurisdiction: tell_since(leading) for cell, leading in first},
        is_watched=any(line.part.document for cell in cells for line in cell.lines),
        moves=list_moved(db, question.id, MOVES_SHOWN),
        steps=list_step_lines(db, put, asked["today"]),
        days=list_days(db, question=question.id, limit=DAYS_SHOWN),
        asked=asked,
        write=lambda **changed: write_path(question.id, asked, changed),
    )
    return msgspec.structs.replace(answer, headers={"Link": f'</q/{question.id}>; rel="canonical"'})


def list_step_lines(db: sqlite3.Connection, put: Put, today: str) -> list[StepLine]:
    """Return how answers moved over time as known today; none where a question is put for another day or limit."""
    if put.moment is not None:
        return []
    question = put.one.question
    return draw_steps(question, read_published_facts(db, {question.id: question}), today)


def choose_value(values: Sequence[tuple[str, str, int]], wanted: str) -> str:
    """Return which of several choices the map shows: the one asked for, else the most frequent; "" if there is none."""
    known = [value for value, _, _ in values]
    return wanted if wanted in known else next(iter(known), "")


def picture(db: sqlite3.Connection, frame: Frame, put: Put, limits: Sequence[Limit]) -> tuple[Sequence[CellView], str]:
    """Return the cells the map shows, and for whom or what only: where most answers differ, for the most frequent."""
    if not limits or put.within or not is_mixed(put.cells):
        return put.cells, ""
    places = [cell.jurisdiction for cell in put.cells]
    question = put.one.question
    return compute_cells(db, {question.id: question}, places, narrow(frame, put.moment, limits[0])), limits[0].name


def title_map(frame: Frame, question: Question, part: str) -> str:
    """Return what stands over the map: what is asked, for whom or what, and of which day the law is."""
    return f"{question.title}{f' ({part})' if part else ''}, law as of {print_day(frame.as_of)}"


def narrow(frame: Frame, moment: Moment | None, limit: Limit) -> Moment:
    """Return the moment the frame names, within a limit."""
    base = moment or Moment(as_of=date.fromisoformat(frame.as_of), known_at=frame.known_at)
    return msgspec.structs.replace(base, scope={limit.dimension: (limit.term,)})


def sort_cells(cells: Sequence[CellView], order: str) -> list[CellView]:
    """Return cells by answer (answered ones first) or by since when, the federal one always first; else as they are."""
    if order == "answer":
        return sorted(cells, key=lambda one: (one.jurisdiction != FEDERAL, not one.is_answered, one.words))
    if order == "since":
        return sorted(
            cells,
            key=lambda one: (
                one.jurisdiction != FEDERAL,
                one.first is None or not one.first.effective_from,
                _begin(one),
            ),
        )
    return list(cells)


def _begin(cell: CellView) -> str:
    return "" if cell.first is None else cell.first.effective_from


def list_limits(db: sqlite3.Connection, question: Question, asked: Mapping[str, str]) -> list[Limit]:
    """Return the limits that answers to a question have, the most frequent first, each as a link."""
    terms = read_terms()
    found = []
    for name, term in count_limits(db, question.id, LIMITS_SHOWN):
        chosen = asked.get(name) == term
        known = terms.get(name, {}).get(term)
        label = known.name if known is not None else term
        path = write_path(question.id, asked, {name: "" if chosen else term})
        found.append(Limit(name, term, label, path, chosen))
    return found


def write_path(question: str, asked: Mapping[str, str], changed: Mapping[str, str]) -> str:
    """Return the path of a question's page with what is asked already, altered."""
    kept = ("as_of", "known_at", "value", "sort", *DIMENSIONS)
    return write_query(f"/q/{question}", {name: asked.get(name, "") for name in kept} | dict(changed))
