"""The jurisdictions: the list, and one with a summary for one sheet, every answer by topic, dates, changes, sources."""

import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from kb.declarations import suggest
from kb.errors import UsageError
from kb.matrix import FEDERAL
from kb.questions import Question, read_codebook
from kb.store.answers import Asked, Head, count_heads, list_authorities, list_days, read_published_questions
from kb.store.incidents import list_published
from kb.store.lagging import count_stale
from kb.store.overview import count_months, count_sources
from kb.store.pages import Wanted, count_changes, list_changes, read_sources
from kb.web.answer import Answer
from kb.web.pages.cells import CellView, find_seen, read_cell_views, tell_checked, tell_since
from kb.web.pages.charts import draw_months
from kb.web.pages.filters import RULE_NATURES, RULE_PARTS
from kb.web.pages.frame import Frame, read_frame, render, render_missing
from kb.web.pages.moments import compute_cells, read_moment, show_moment
from kb.web.pages.question_map import count_standings
from kb.web.pages.sources import Card, judge_state, make_card
from kb.web.pages.stale import tell_counts
from kb.web.pages.tiles import Look, Tile, TileMap, draw_tiles
from kb.web.pages.topics import name_topic

DAYS_SHOWN = 12
CHANGES_SHOWN = 8
MONTHS_SHOWN = 24
# Lines of an answer in the summary, which stands on one sheet of paper.
SUMMARY_LINES = 2
ANSWERED_WORDS: Mapping[Look, str] = {
    "strong": "half of the questions and more answered",
    "partial": "a quarter and more answered",
    "few": "some answered",
    "none": "none answered",
    "unknown": "not asked",
}
HALF, QUARTER = 2, 4


class Group(msgspec.Struct, frozen=True):
    """The cells of a jurisdiction in a topic: those asked of it, and the questions that only another level answers."""

    id: str
    title: str
    rows: tuple[tuple[Question, CellView], ...]
    elsewhere: tuple[Question, ...]


def view_places(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/j": every jurisdiction asked, with how much of what is asked is answered."""
    heads = count_heads(db)
    return render(
        "jurisdictions.html",
        read_frame(db, asked),
        heads=heads,
        map=_draw_heads(heads),
        sources=count_sources(db),
    )


def _draw_heads(heads: Sequence[Head]) -> TileMap:
    tiles = {
        one.jurisdiction: Tile(
            _choose_look(one),
            f"{one.answered} of {one.asked} questions answered",
            f"/j/{one.jurisdiction}",
            str(one.answered) if one.answered else "",
            doubt=bool(one.doubtful),
        )
        for one in heads
    }
    return draw_tiles("How much is answered", tiles, ANSWERED_WORDS)


def _choose_look(one: Head) -> Look:
    if not one.answered:
        return "none"
    if one.answered * HALF >= one.asked:
        return "strong"
    return "partial" if one.answered * QUARTER >= one.asked else "few"


def view_place(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/j/<jurisdiction>": for other dates where asked, else as published."""
    frame = read_frame(db, asked)
    name = asked["jurisdiction"].lower()
    if name not in frame.edition.names:
        return render_missing(frame, "No such place", explain_place(db, name, frame))
    try:
        moment = read_moment({key: asked.get(key, "") for key in ("as_of", "known_at")}, frame, None)
    except UsageError as error:
        return render_missing(frame, "We cannot read this question", [str(error)], status=400)
    questions = read_published_questions(db)
    if moment is None:
        cells = read_cell_views(db, jurisdictions=[name])
    else:
        cells = compute_cells(db, {key: one.question for key, one in questions.items()}, [name], moment)
    return _render_place(db, show_moment(frame, moment), (name, questions, cells), asked)


def explain_place(db: sqlite3.Connection, name: str, frame: Frame) -> list[str]:
    """Say which jurisdiction is nearest to one there is not; two letters or a name are taken for a state."""
    names = frame.edition.names
    known = {key: key for key in names} | {key.partition("-")[2]: key for key in names if "-" in key}
    known |= {title.lower(): key for key, title in names.items()}
    found = known.get(name) or known.get(name.replace("-", " "))
    nearest = f"; did you mean {names[found]} (/j/{found})?" if found else suggest(name, known)
    return [f"We know no jurisdiction “{name}”{nearest}", f"We ask {len(count_heads(db))} of them; /j lists all."]


def _render_place(
    db: sqlite3.Connection,
    frame: Frame,
    found: tuple[str, Mapping[str, Asked], Sequence[CellView]],
    asked: Mapping[str, str],
) -> Answer:
    name, questions, cells = found
    seen = find_seen(db, cells)
    groups = group_cells(questions, cells)
    cards = list_cards(db, name, frame)
    rules = Wanted(jurisdiction=name, natures=RULE_NATURES, parts=RULE_PARTS)
    is_replica = any(card.state.source in frame.edition.replicas for card in cards)
    answer = render(
        "jurisdiction.html",
        msgspec.structs.replace(frame, shows_replica=frame.shows_replica or is_replica),
        name=name,
        subject=read_codebook().subject,
        groups=groups,
        summary=summarise(groups),
        summary_lines=SUMMARY_LINES,
        counts=count_standings([cell for cell in cells if cell.state != "not_asked"]),
        asked_count=sum(cell.state != "not_asked" for cell in cells),
        answered=sum(cell.is_answered for cell in cells),
        proven=sum(cell.proof in ("anchored", "verified") for cell in cells),
        doubtful=[(questions[cell.question].question, cell) for cell in cells if cell.is_doubtful],
        checked={cell.question: tell_checked(cell.first, seen) for cell in cells if cell.first is not None},
        since={cell.question: tell_since(cell.first) for cell in cells if cell.first is not None},
        days=list_days(db, jurisdiction=name, since=frame.as_of, limit=DAYS_SHOWN),
        changes=list_changes(db, rules, CHANGES_SHOWN, 0),
        changes_total=sum(one.count for one in count_changes(db, rules)),
        months=draw_months(count_months(db, jurisdiction=name), frame.today, MONTHS_SHOWN, "rule change"),
        stale=tell_counts(count_stale(db, name)),
        authorities=list_authorities(db, name),
        cards=cards,
        blocked=[card for card in cards if card.health in ("blocked", "failing", "closed")],
        is_federal=name == FEDERAL,
        moment=bool(asked.get("as_of") or asked.get("known_at")),
        asked=asked,
    )
    return msgspec.structs.replace(answer, headers={"Link": f'</j/{name}>; rel="canonical"'})


def group_cells(questions: Mapping[str, Asked], cells: Sequence[CellView]) -> list[Group]:
    """Return the cells by topic in the order of the codebook; every cell stands in exactly one group."""
    pairs = [(questions[cell.question].question, cell) for cell in cells]
    return [
        Group(
            topic,
            name_topic(topic),
            tuple((question, cell) for question, cell in own if cell.state != "not_asked"),
            tuple(question for question, cell in own if cell.state == "not_asked"),
        )
        for topic, group in groupby(pairs, key=lambda pair: pair[0].topic)
        for own in [list(group)]
    ]


def summarise(groups: Sequence[Group]) -> list[tuple[Question, CellView]]:
    """Return what the summary tells: of each topic the first question that is answered."""
    firsts = (next((row for row in group.rows if row[1].is_answered), None) for group in groups)
    return [row for row in firsts if row is not None]


def list_cards(db: sqlite3.Connection, name: str, frame: Frame) -> list[Card]:
    """Return how the sources of a jurisdiction stand, by id."""
    own = [one for one in read_sources(db) if one.jurisdiction == name]
    return [make_card(judge_state(one, frame.today, list_published(db, one.source))) for one in own]
