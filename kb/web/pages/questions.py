"""The questions: the list by topic, and one with its map, all its answers, the codebook's entry and its history."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

import msgspec

from kb.answer.scope import name_scope
from kb.declarations import suggest
from kb.errors import UsageError
from kb.jurisdictions import read_jurisdictions
from kb.matrix import FEDERAL, parse_scope
from kb.questions import Question
from kb.scopes import DIMENSIONS, read_terms
from kb.store.answers import (
    Asked,
    count_answered,
    count_limits,
    list_days,
    list_moved,
    read_published_questions,
)
from kb.topics import read_vocabulary
from kb.web.answer import Answer
from kb.web.pages.cells import (
    END_OF_DAY,
    CellView,
    Moment,
    compute_cells,
    find_seen,
    read_cell_views,
    tell_checked,
    tell_since,
)
from kb.web.pages.frame import Frame, read_frame, render, render_missing
from kb.web.pages.question_map import count_standings, draw_question, is_mixed, list_values
from kb.web.pages.words import parse_day, print_day

MOVES_SHOWN = 30
DAYS_SHOWN = 200
LIMITS_SHOWN = 12
SORTS = ("name", "answer", "since")


class Topic(msgspec.Struct, frozen=True):
    """A topic with its questions, each with in how many places it is answered."""

    id: str
    title: str
    questions: tuple[tuple[Question, int], ...]


class Limit(msgspec.Struct, frozen=True):
    """A limit one may ask within: dimension, term, its name, and the path of the same page with it."""

    dimension: str
    term: str
    name: str
    path: str
    is_chosen: bool


def view_questions(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/q": every question by topic, with how many places answer it."""
    known = read_published_questions(db)
    return render("questions.html", read_frame(db, asked), topics=group_topics(known, count_answered(db)))


def group_topics(known: Mapping[str, Asked], counts: Mapping[str, int]) -> list[Topic]:
    """Return the questions by topic, in the order of the codebook."""
    grouped = groupby((one.question for one in known.values()), key=lambda question: question.topic)
    return [
        Topic(topic, name_topic(topic), tuple((one, counts.get(one.id, 0)) for one in questions))
        for topic, questions in grouped
    ]


def name_topic(topic: str) -> str:
    """Return a topic's title, its id in words where none is declared."""
    titles = {one.id: one.title for one in read_vocabulary().topics}
    return titles.get(topic) or topic.replace("_", " ").capitalize()


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
    return _render_question(db, show_moment(frame, moment), (one, cells, moment), asked)


def explain_question(db: sqlite3.Connection, question: str) -> list[str]:
    """Say which question is nearest to one there is not."""
    known = read_published_questions(db)
    nearest = suggest(question, known)
    return [f"We ask no question with the id “{question}”{nearest}.", f"We ask {len(known)}; /q lists them by topic."]


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


def read_answers(db: sqlite3.Connection, question: Question, moment: Moment | None) -> list[CellView]:
    """Return the cells of a question, the federal one first, then by name."""
    cells = read_cell_views(db, [question.id])
    if moment is not None:
        cells = compute_cells(db, {question.id: question}, [cell.jurisdiction for cell in cells], moment)
    names = {place.id: place.name for place in read_jurisdictions()}
    return sorted(cells, key=lambda cell: (cell.jurisdiction != FEDERAL, names.get(cell.jurisdiction, "")))


def _render_question(
    db: sqlite3.Connection,
    frame: Frame,
    found: tuple[Asked, Sequence[CellView], Moment | None],
    asked: Mapping[str, str],
) -> Answer:
    one, cells, moment = found
    question = one.question
    values = list_values(question, cells)
    value = asked.get("value", "") if asked.get("value", "") in {name for name, _, _ in values} else ""
    if not value and values:
        value = values[0][0]
    concerned = [cell for cell in cells if cell.state != "not_asked"]
    seen = find_seen(db, cells)
    limits = list_limits(db, question, asked)
    pictured, part = cells, ""
    within = name_scope(moment.scope) if moment is not None else ""
    if not values and limits and (moment is None or not moment.scope) and is_mixed(concerned):
        part = limits[0].name
        places = [cell.jurisdiction for cell in cells]
        pictured = compute_cells(db, {question.id: question}, places, narrow(frame, moment, limits[0]))
    answer = render(
        "question.html",
        frame,
        one=one,
        question=question,
        topic=name_topic(question.topic),
        cells=sort_cells(concerned, asked.get("sort", "")),
        sort=asked.get("sort", "") if asked.get("sort", "") in SORTS else SORTS[0],
        sorts=SORTS,
        floor=next((cell for cell in concerned if cell.jurisdiction == FEDERAL), None),
        counts=count_standings(concerned),
        map=draw_question(question, pictured, value, title_map(frame, question, part or within)),
        mapped_for=part,
        value=value,
        values=values,
        moment=moment,
        limits=limits,
        within=within,
        checked={cell.jurisdiction: tell_checked(cell.first, seen) for cell in cells if cell.first is not None},
        since={cell.jurisdiction: tell_since(cell.first) for cell in cells if cell.first is not None},
        is_watched=any(line.part.document for cell in cells for line in cell.lines),
        moves=list_moved(db, question.id, MOVES_SHOWN),
        days=list_days(db, question=question.id, limit=DAYS_SHOWN),
        asked=asked,
        write=lambda **changed: write_path(question.id, asked, changed),
    )
    headers = {"Link": f'</q/{question.id}>; rel="canonical"'}
    return msgspec.structs.replace(answer, headers=headers)


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


def write_query(path: str, values: Mapping[str, str]) -> str:
    """Return a path with its query, names in order, empty ones left out; commas and colons stay readable."""
    told = sorted((name, value) for name, value in values.items() if value)
    return f"{path}?{urlencode(told, safe=',:')}" if told else path
