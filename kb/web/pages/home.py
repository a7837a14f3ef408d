"""The first page, made for the day on which nothing moved: what was read, when, and that nothing moved.

Then what moved last, where, what is coming, and how fresh and how wide the whole record is.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from urllib.parse import urlencode

import msgspec

from kb.questions import Question
from kb.store.answers import read_published_questions
from kb.store.overview import (
    Coverage,
    Standing,
    count_ages,
    count_covered,
    count_months,
    count_moved,
    find_moves,
    list_coming,
    list_standings,
    read_coverage,
)
from kb.store.pages import EventRow, Listed, Wanted, count_changes, count_holdings, list_changes, read_events
from kb.tell.words import (
    WEIGHT_LABELS,
    Weight,
    count_of,
    count_weight,
    is_late,
    print_day,
    print_instant,
    weigh,
)
from kb.web.answer import Answer
from kb.web.pages.charts import draw_ages, draw_months
from kb.web.pages.frame import Frame, read_frame, render, show_sources
from kb.web.pages.navigation import ROUTES
from kb.web.pages.question_map import draw_published
from kb.web.pages.tiles import Look, Tile, TileMap, color_steps, draw_tiles

EVENTS_SHOWN = 6
DOCUMENTS_SHOWN = 5
LINES_SHOWN = 3
# Of one event so many changes are read: enough for the documents and lines shown, few enough to be quick.
CHANGES_READ = 60
COMING_SHOWN = 6
# What moved within so many days is news; before that nothing moved is.
NEWS_DAYS = 7
# What moved beside the rules is counted for so long.
MONTH_DAYS = 30
# The map and the row of months reach so far back.
MONTHS_SHOWN = 24
MAP_DAYS = 365
RULE_CHANGES = Wanted(natures=("substantive",), parts=("text", "heading"))
COVERAGE, MOVED = "coverage", "changes"
COVERAGE_LOOKS: Mapping[str, Look] = {"watched": "strong", "declared": "partial", "not_watched": "unknown"}
COVERAGE_WORDS: Mapping[Look, str] = {
    "strong": "watched",
    "partial": "declared, not read yet",
    "unknown": "not watched",
}
# From so many rule changes on a state's tile is drawn as some, and as many.
MOVED_BOUNDS = (5, 20)
MOVED_WORDS: Mapping[Look, str] = {
    "strong": "20 and more",
    "partial": "5 to 19",
    "few": "1 to 4",
    "none": "none seen",
    "unknown": "not watched",
}

# Shown where they are answered.
FEEDS = (
    ("Reports by e-mail or webhook", "/subscribe"),
    ("Atom feed of rule changes", "/changes.atom"),
    ("JSON Feed of rule changes", "/changes.json"),
    ("Calendar of dates (ICS)", "/calendar.ics"),
)


class DocumentGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A document's changes in an event: the first lines and how many more there are (of those read)."""

    first: Listed
    lines: tuple[Listed, ...]
    more: int


class EventGroup(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its first documents, and how many more documents it touched."""

    event: EventRow
    documents: tuple[DocumentGroup, ...]
    more: int


class Moves(msgspec.Struct, frozen=True):
    """Rule changes of the last days: how many, since when, and the day of the last one ever ("" if there is none)."""

    recent: int
    since: str
    last: str


class Rounds(msgspec.Struct, frozen=True, kw_only=True):
    """How the sources were read: those we may read, those read on time, those not open to us, pages held back."""

    due: int
    fresh: int
    closed: int
    held: int


def view_home(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/": what moved lately and what was checked when; says what to run while nothing is known.

    ``map`` chooses what the map shows: "changes", the answers to a question by its id, else coverage.
    """
    standings = list_standings(db)
    frame = show_sources(read_frame(db, asked), [one.source for one in standings])
    if not frame.last_checked:
        return render("empty.html", frame, sources=standings)
    moves = Moves(*find_moves(db, _days_before(frame.today, NEWS_DAYS)))
    rounds = count_rounds(standings, frame.today)
    coverage = read_coverage(db)
    chosen = _read_question(db, asked)
    return render(
        "home.html",
        frame,
        headline=tell_headline(frame, moves, rounds),
        checks=tell_checks(frame, rounds),
        gaps=list_gaps(rounds),
        moves=moves,
        beside=list_beside(db, frame.today),
        events=[_group_event(db, event) for event in read_events(db, EVENTS_SHOWN)],
        coming=list_coming(db, frame.today, COMING_SHOWN),
        months=draw_months(count_months(db), frame.today, MONTHS_SHOWN, "rule change"),
        ages=draw_ages(count_ages(db), frame.today),
        chosen=chosen.id if chosen is not None else MOVED if asked.get("map") == MOVED else COVERAGE,
        question=chosen,
        questions=[one.question for one in read_published_questions(db).values()],
        tiles=_draw_map(db, frame, chosen or asked.get("map", COVERAGE), coverage),
        covered=count_covered(coverage),
        sources=standings,
        holdings=count_holdings(db),
        feeds=[(label, path) for label, path in FEEDS if ROUTES.answer(path)],
    )


def _group_event(db: sqlite3.Connection, event: EventRow) -> EventGroup:
    wanted = msgspec.structs.replace(RULE_CHANGES, event=event.id)
    groups = group_documents(list_changes(db, wanted, CHANGES_READ, 0))[:DOCUMENTS_SHOWN]
    return EventGroup(event=event, documents=tuple(groups), more=event.rule_documents - len(groups))


def group_documents(changes: Sequence[Listed]) -> list[DocumentGroup]:
    """Group changes that follow each other by document, each with its first lines."""
    groups = (list(group) for _, group in groupby(changes, key=lambda change: (change.document, change.strand)))
    return [
        DocumentGroup(first=lines[0], lines=tuple(lines[:LINES_SHOWN]), more=max(0, len(lines) - LINES_SHOWN))
        for lines in groups
    ]


def count_rounds(standings: Sequence[Standing], today: str) -> Rounds:
    """Count sources by how they were read, as seen on a day; each is on time by its own cadence."""
    due = [one for one in standings if one.crawl_state == "open"]
    return Rounds(
        due=len(due),
        fresh=sum(one.last_checked != "" and not is_late(one.last_checked, one.cadence, today) for one in due),
        closed=len(standings) - len(due),
        held=sum(one.suspects for one in standings),
    )


def tell_headline(frame: Frame, moves: Moves, rounds: Rounds) -> str:
    """Say in one sentence what moved lately; never "nothing moved" where most sources were not read."""
    if moves.recent:
        return f"{count_of(moves.recent, 'rule change')} since {print_day(moves.since)}"
    if frame.edition.recorded:
        return f"A recorded web, last read {print_day(frame.last_checked)}"
    unread = rounds.due - rounds.fresh
    if unread * 2 > rounds.due:
        told = f"{unread} of {count_of(rounds.due, 'source')} not read since {print_day(frame.last_checked)}"
        return f"We cannot say that nothing moved: {told}"
    return f"No rule has moved since {print_day(moves.last)}" if moves.last else "No rule has moved since we began"


def tell_checks(frame: Frame, rounds: Rounds) -> str:
    """Say how many of the sources that we may read were read on time, and when the last reading was."""
    read = "was" if rounds.fresh == 1 else "were"
    told = f"{rounds.fresh} of {count_of(rounds.due, 'source')} {read} read on time"
    return f"{told}, the last on {print_instant(frame.last_checked)}."


def list_gaps(rounds: Rounds) -> list[str]:
    """Say what the headline does not stand on: sources not read on time, those not open to us, pages held back."""
    late = rounds.due - rounds.fresh
    gaps = [f"{late} late or in trouble"] if late else []
    gaps += [f"{rounds.closed} not open to us"] if rounds.closed else []
    return [*gaps, f"{count_of(rounds.held, 'page')} held back" if rounds.held else "no page held back"]


def list_beside(db: sqlite3.Connection, today: str) -> list[str]:
    """Count what moved lately and is no rule change, by weight, in words."""
    found: dict[Weight, int] = {}
    for one in count_changes(db, Wanted(since=_days_before(today, MONTH_DAYS))):
        found[weigh(one)] = found.get(weigh(one), 0) + one.count
    return [count_weight(weight, found[weight]) for weight in WEIGHT_LABELS if weight in found and weight != "rule"]


def draw_coverage(coverage: Sequence[Coverage]) -> TileMap:
    """Draw which jurisdictions are watched, with the number of their sources."""
    tiles = {
        one.jurisdiction: Tile(
            COVERAGE_LOOKS[one.state],
            f"{COVERAGE_WORDS[COVERAGE_LOOKS[one.state]]}, {count_of(one.sources, 'source')}",
            link_jurisdiction(one.jurisdiction) if one.sources else "",
            str(one.sources) if one.sources else "",
        )
        for one in coverage
        if one.sources or one.kind != "invented"
    }
    return draw_tiles("What we watch", tiles, COVERAGE_WORDS)


def _read_question(db: sqlite3.Connection, asked: Mapping[str, str]) -> Question | None:
    """Return the question the map shows: the one asked for, None for coverage, changes and what is no question."""
    found = read_published_questions(db, asked.get("map") or COVERAGE).values()
    return next((one.question for one in found), None)


def _draw_map(db: sqlite3.Connection, frame: Frame, shown: Question | str, coverage: Sequence[Coverage]) -> TileMap:
    if isinstance(shown, Question):
        return draw_published(db, shown)
    return _draw_moved(db, coverage, frame) if shown == MOVED else draw_coverage(coverage)


def _draw_moved(db: sqlite3.Connection, coverage: Sequence[Coverage], frame: Frame) -> TileMap:
    """Draw how many rule changes each watched jurisdiction had in the last year."""
    moved = count_moved(db, _days_before(frame.today, MAP_DAYS))
    counts = {one.jurisdiction: moved.get(one.jurisdiction, 0) for one in coverage if one.state == "watched"}
    tiles = color_steps(counts, MOVED_BOUNDS, lambda count: count_of(count, "rule change"), link_jurisdiction)
    return draw_tiles(f"Rule changes in the last {MAP_DAYS} days", tiles, MOVED_WORDS)


def link_jurisdiction(jurisdiction: str) -> str:
    """Return the path of a jurisdiction's page, of its changes where it has no page of its own."""
    own = f"/j/{jurisdiction}"
    return own if ROUTES.answer(own) else f"/changes?{urlencode({'jurisdiction': jurisdiction})}"


def _days_before(today: str, days: int) -> str:
    return (date.fromisoformat(today) - timedelta(days=days)).isoformat()
