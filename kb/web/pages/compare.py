"""Compare: questions put to jurisdictions that the reader chooses, on any two dates, side by side or as a file."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from kb.declarations import suggest
from kb.errors import StatusQuoError, UsageError
from kb.matrix import FEDERAL, Cell, Wanted, compare_facts
from kb.questions import Question, read_codebook
from kb.sheets import Sheets, encode_matrix, write_csv, write_workbook
from kb.store.answers import Asked, count_heads, read_fact_steps, read_published_facts, read_published_questions
from kb.web.answer import Answer
from kb.web.pages.cells import CellView, read_cell_views, tell_since
from kb.web.pages.frame import Frame, read_frame, render, render_json
from kb.web.pages.moments import Moment, compute_cells, read_moment, show_moment, write_query
from kb.web.pages.topics import group_topics

# A page shows so many columns and rows, a file holds so many cells; a question more than that is answered in words.
MOST_PLACES, MOST_QUESTIONS, MOST_CELLS = 8, 12, 600
# Boxes of the form are named so that each stands alone: q.pdmp_query_duty=1, j.us-tx=1.
QUESTION_BOX, PLACE_BOX = "q.", "j."
KEPT = ("as_of", "known_at", "differ", "layout")
LAYOUTS = ("", "stack")
# What a cell says.
Told = tuple[tuple[str, str], ...]
FILE_TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class TooLargeError(StatusQuoError):
    """Raised when more is to be compared than a page or a file holds."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared: questions by id, jurisdictions (the federal one apart), and the rest of the address."""

    questions: Mapping[str, Question]
    places: tuple[str, ...]
    kept: Mapping[str, str]

    def write(self, path: str = "/compare", **changed: str) -> str:
        """Return the address of this comparison, altered."""
        told = {"question": ",".join(self.questions), "jurisdiction": ",".join(self.places), **self.kept, **changed}
        return write_query(path, told)


class Row(msgspec.Struct, frozen=True):
    """A question with the federal cell and one for each jurisdiction, in the order chosen, and whether they differ.

    ``usual`` is what most of them say, () where no two say the same.
    """

    question: Question
    floor: CellView
    cells: tuple[CellView, ...]
    differs: bool
    usual: Told

    def is_other(self, cell: CellView) -> bool:
        """Tell whether a cell answers something else than most of its row; of no answer it is not said."""
        return self.differs and bool(self.usual) and cell.is_answered and tell(cell) != self.usual


class Table(msgspec.Struct, frozen=True):
    """What is shown: the rows, how many are left out because nothing differs in them, or why nothing is shown."""

    rows: tuple[Row, ...] = ()
    hidden: int = 0
    error: str = ""
    is_past: bool = False


def view_compare(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/compare" and "/compare.<csv, json or xlsx>"; boxes of the form lead to the address that holds them."""
    form = asked.get("form", "")
    boxes = gather_boxes(asked)
    if boxes is not None and not form:
        return Answer(303, "", headers={"Location": boxes})
    frame = read_frame(db, asked)
    known = read_published_questions(db)
    try:
        chosen = read_chosen(db, known, asked)
        moment = read_moment({name: asked.get(name, "") for name in ("as_of", "known_at")}, frame, None)
        check_size(chosen, form)
    except StatusQuoError as error:
        return _refuse(db, frame, str(error), asked)
    if form:
        return write_file(db, frame, chosen, form)
    return _render(db, show_moment(frame, moment), chosen, read_table(db, chosen, moment))


def read_table(db: sqlite3.Connection, chosen: Chosen, moment: Moment | None) -> Table:
    """Return the rows to show: as published, or computed for other dates; only differing ones where asked."""
    if not chosen.questions or not chosen.places:
        return Table(is_past=moment is not None)
    everywhere = [FEDERAL, *chosen.places]
    if moment is None:
        cells = read_cell_views(db, chosen.questions, everywhere)
    else:
        cells = compute_cells(db, chosen.questions, everywhere, moment)
    rows = make_rows(chosen, cells)
    shown = tuple(row for row in rows if row.differs or not chosen.kept.get("differ"))
    return Table(shown, len(rows) - len(shown), is_past=moment is not None)


def gather_boxes(asked: Mapping[str, str]) -> str | None:
    """Return the address that the form's boxes mean, None where none is ticked."""
    questions = [name.removeprefix(QUESTION_BOX) for name in asked if name.startswith(QUESTION_BOX)]
    places = [name.removeprefix(PLACE_BOX) for name in asked if name.startswith(PLACE_BOX)]
    if not questions and not places:
        return None
    kept = {name: asked.get(name, "") for name in KEPT}
    return write_query("/compare", {"question": ",".join(questions), "jurisdiction": ",".join(places), **kept})


def read_chosen(db: sqlite3.Connection, known: Mapping[str, Asked], asked: Mapping[str, str]) -> Chosen:
    """Return what is to be compared; a topic stands for its questions. Raises UsageError for what is unknown."""
    questions: dict[str, Question] = {}
    for name in split_names(asked.get("question", "")):
        found = [one.question for one in known.values() if name in (one.question.id, one.question.topic)]
        if not found:
            raise UsageError(f"no question or topic “{name}”{suggest(name, known)}; /q lists them")
        questions |= {one.id: one for one in found}
    places = [head.jurisdiction for head in count_heads(db)]
    chosen = []
    for name in split_names(asked.get("jurisdiction", "").lower()):
        if name not in places:
            raise UsageError(f"no jurisdiction “{name}”{suggest(name, places)}; /j lists them")
        chosen.append(name)
    layout = asked.get("layout", "")
    if layout not in LAYOUTS:
        raise UsageError(f"layout: “{layout}” is none of stack, or nothing")
    kept = {name: asked[name] for name in KEPT if asked.get(name)}
    return Chosen(
        questions=questions, places=tuple(name for name in dict.fromkeys(chosen) if name != FEDERAL), kept=kept
    )


def split_names(text: str) -> list[str]:
    """Return the names in a list parted by commas, each once."""
    return list(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))


def check_size(chosen: Chosen, form: str) -> None:
    """Raise TooLargeError where more is asked for than a page, or a file, holds."""
    count = len(chosen.questions) * (len(chosen.places) + 1)
    if form and count > MOST_CELLS:
        raise TooLargeError(
            f"{count} cells are more than a file holds here ({MOST_CELLS}); the whole matrix is /data/answers.csv"
        )
    if form and not (chosen.questions and chosen.places):
        raise TooLargeError("a file needs at least one question and one jurisdiction: ?question=…&jurisdiction=…")
    if not form and (len(chosen.places) > MOST_PLACES or len(chosen.questions) > MOST_QUESTIONS):
        raise TooLargeError(
            f"{len(chosen.questions)} questions and {len(chosen.places)} jurisdictions are more than a page shows "
            f"({MOST_QUESTIONS} and {MOST_PLACES}); take fewer, or the file: {chosen.write('/compare.csv')}"
        )


def make_rows(chosen: Chosen, cells: Sequence[CellView]) -> list[Row]:
    """Return a row for each question, its cells in the order the jurisdictions were chosen."""
    found = {(cell.question, cell.jurisdiction): cell for cell in cells}
    rows = []
    for question in chosen.questions.values():
        own = tuple(found[question.id, place] for place in chosen.places)
        told = [tell(cell) for cell in own if cell.is_answered]
        usual = max(told, key=told.count, default=())
        has_most = told.count(usual) > 1
        rows.append(Row(question, found[question.id, FEDERAL], own, len(set(told)) > 1, usual if has_most else ()))
    return rows


def tell(cell: CellView) -> Told:
    """Return what a cell says, to be compared: each answer with whom or what it is for."""
    return tuple((line.scope, line.label) for line in cell.lines)


def _refuse(db: sqlite3.Connection, frame: Frame, message: str, asked: Mapping[str, str]) -> Answer:
    """Answer a question that cannot be read, in the form it was asked for; the form keeps what was typed."""
    if asked.get("form"):
        return render_json({"ok": False, "error": message, "status": 400, "title": "This cannot be compared"}, 400)
    kept = {name: asked[name] for name in KEPT if asked.get(name)}
    empty = Chosen(questions={}, places=(), kept=kept)
    page = _render(db, frame, empty, Table(error=message))
    return msgspec.structs.replace(page, status=400, trouble=("This cannot be compared", message))


def _render(db: sqlite3.Connection, frame: Frame, chosen: Chosen, table: Table) -> Answer:
    shown = [cell for row in table.rows for cell in (row.floor, *row.cells) if cell.first is not None]
    return render(
        "compare.html",
        frame,
        chosen=chosen,
        table=table,
        topics=group_topics(read_published_questions(db), {}),
        places=list_places(db, frame),
        since={(cell.question, cell.jurisdiction): tell_since(cell.first) for cell in shown if cell.first is not None},
        layout=chosen.kept.get("layout", ""),
        files=[(form.upper(), chosen.write(f"/compare.{form}")) for form in FILE_TYPES],
        most=(MOST_QUESTIONS, MOST_PLACES),
        examples=read_codebook().comparisons,
    )


def list_places(db: sqlite3.Connection, frame: Frame) -> list[tuple[str, str]]:
    """Return the jurisdictions to choose from, by name: id and name."""
    return [
        (one.jurisdiction, frame.edition.names[one.jurisdiction])
        for one in count_heads(db)
        if one.jurisdiction != FEDERAL
    ]


def write_file(db: sqlite3.Connection, frame: Frame, chosen: Chosen, form: str) -> Answer:
    """Return the comparison as a file, computed from the published facts for the dates asked."""
    asked = {name: chosen.kept.get(name, "") for name in ("as_of", "known_at")}
    moment = read_moment(asked, frame, None)
    wanted = Wanted(
        questions=tuple(chosen.questions.values()),
        jurisdictions=(FEDERAL, *chosen.places),
        as_of=moment.as_of if moment is not None else date.fromisoformat(frame.known_at[:10]),
        known_at=moment.known_at if moment is not None else frame.known_at,
    )
    facts = read_published_facts(db, chosen.questions, wanted.jurisdictions)
    steps = read_fact_steps(db, [fact.id for fact in facts if fact.anchor is not None])
    cells: tuple[Cell, ...] = tuple(compare_facts(facts, steps, wanted))
    sheets = Sheets(
        wanted=wanted,
        cells=cells,
        facts=tuple(facts),
        steps=steps,
        edition=next(iter(read_published_questions(db).values())).edition,
        is_current=moment is None,
    )
    name = f"compare-{wanted.as_of}{f'-known-{wanted.known_at[:10]}' if asked['known_at'] else ''}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'} if form != "json" else {}
    if form == "xlsx":
        return Answer(200, "", FILE_TYPES[form], headers, write_workbook(sheets))
    body = "".join(write_csv(cells)) if form == "csv" else encode_matrix(sheets) + "\n"
    return Answer(200, body, FILE_TYPES[form], headers)
