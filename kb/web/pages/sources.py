"""The sources: how each stands, what is watched since when, and what is held back."""

import sqlite3
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from kb.health import Subject, describe_silence, judge
from kb.incidents import map_causes
from kb.store.incidents import Incident, list_published, read_moves
from kb.store.overview import count_months
from kb.store.pages import (
    SourceState,
    Wanted,
    list_changes,
    list_held,
    read_incidents,
    read_sources,
)
from kb.store.published import read_learned
from kb.store.troubles import read_problems, read_suspects
from kb.web.answer import Answer
from kb.web.pages.charts import draw_months
from kb.web.pages.filters import RULE_NATURES, RULE_PARTS
from kb.web.pages.frame import Slice, read_frame, read_page_number, render, render_missing, show_sources

SILENT = "silent"
# The states of kb.health, the worst first, as readers are told.
HEALTH_LABELS: Mapping[str, str] = {
    "failing": "Cannot be read",
    "blocked": "Refused",
    "suspect": "Held back",
    "stale": "Late",
    SILENT: "Silent",
    "never": "Not read yet",
    "closed": "Not open to us",
    "fresh": "Read on time",
}
INCIDENTS_SHOWN = 12
CHANGES_SHOWN = 8
MONTHS_SHOWN = 24


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """An incident as shown: with the title of its cause, and what helps against it."""

    incident: Incident
    title: str
    advice: str


class Outbreak(msgspec.Struct, frozen=True, kw_only=True):
    """Open incidents of one cause on one host, told once: since the first, what they say, sources and pages hit."""

    title: str
    message: str
    advice: str
    host: str
    since: str
    pages: int
    sources: list[str]


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A source as shown: its state, its health in a word, since when, why in a sentence, and its open incidents."""

    state: SourceState
    health: str
    label: str
    since: str
    reason: str
    troubles: list[Trouble]


def view_sources(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/sources": every source with its state, the troubled ones counted first."""
    frame = read_frame(db, asked)
    known = _group_incidents(list_published(db))
    moves = read_moves(db)
    states = read_sources(db)
    cards = [make_card(one, frame.today, known.get(one.source, []), moves.get(one.source, ())) for one in states]
    cards.sort(key=lambda card: list(HEALTH_LABELS).index(card.health))
    lasting = group_lasting([one.incident for card in cards for one in card.troubles])
    counts = {health: sum(card.health == health for card in cards) for health in HEALTH_LABELS}
    return render(
        "sources.html",
        show_sources(frame, [card.state.source for card in cards]),
        cards=cards,
        counts=[(health, HEALTH_LABELS[health], count) for health, count in counts.items() if count],
        lasting=lasting[:INCIDENTS_SHOWN],
        more_lasting=len(lasting[INCIDENTS_SHOWN:]),
        ended=[_show_trouble(one) for one in list_published(db) if one.closed_at is not None][:INCIDENTS_SHOWN],
    )


def view_source(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/s/<source>": one source with its policy, troubles, latest rule changes and documents."""
    frame = read_frame(db, asked)
    name = asked["source"]
    found = read_sources(db, name)
    if not found:
        return render_missing(frame, "No such source", [f"We watch no source named “{name}”."])
    incidents = list_published(db, name)
    rules = Wanted(source=name, natures=RULE_NATURES, parts=RULE_PARTS)
    shown = Slice(read_page_number(asked), found[0].documents)
    return render(
        "source.html",
        show_sources(frame, [name]),
        card=make_card(found[0], frame.today, incidents, read_moves(db, name).get(name, ())),
        ended=[_show_trouble(one) for one in incidents if one.closed_at is not None][:INCIDENTS_SHOWN],
        months=draw_months(count_months(db, name), frame.today, MONTHS_SHOWN, "rule change"),
        suspects=read_suspects(db, name, INCIDENTS_SHOWN),
        problems=read_problems(db, name, INCIDENTS_SHOWN),
        events=read_incidents(db, name, INCIDENTS_SHOWN),
        learned=read_learned(db, name, INCIDENTS_SHOWN),
        changes=list_changes(db, rules, CHANGES_SHOWN, 0),
        shown=shown,
        documents=list_held(db, name, shown.size, shown.offset),
        path_to=lambda page: f"/s/{name}" + (f"?page={page}" if page > 1 else ""),
    )


def make_card(state: SourceState, today: str, incidents: Iterable[Incident], moves: tuple[str, ...]) -> Card:
    """Judge how a source stands on a day, and say since when and why."""
    facts = {name: getattr(state, name) for name in Subject.__struct_fields__ if hasattr(state, name)}
    judged = judge(Subject(**facts, moves=moves, incidents=tuple(incidents)), date.fromisoformat(today[:10]))
    quiet = judged.silence
    health = judged.state if quiet is None else SILENT
    return Card(
        state=state,
        health=health,
        label=HEALTH_LABELS[health],
        since=judged.since if quiet is None else quiet.since,
        reason=judged.reason if quiet is None else describe_silence(quiet),
        troubles=[_show_trouble(one) for one in judged.incidents],
    )


def group_lasting(incidents: Iterable[Incident]) -> list[Outbreak]:
    """Group open incidents by cause and host, those that hit most sources first, then the oldest."""
    grouped: dict[tuple[str, str], list[Incident]] = {}
    for one in incidents:
        grouped.setdefault((one.cause, one.host), []).append(one)
    found = [
        Outbreak(
            title=map_causes()[cause].title,
            message=told[0].last_message,
            advice=map_causes()[cause].advice,
            host=host,
            since=min(one.opened_at for one in told),
            pages=sum(one.pages for one in told),
            sources=sorted(one.source for one in told),
        )
        for (cause, host), told in grouped.items()
    ]
    return sorted(found, key=lambda one: (-len(one.sources), one.since, one.host, one.title))


def _group_incidents(incidents: Iterable[Incident]) -> dict[str, list[Incident]]:
    grouped: dict[str, list[Incident]] = {}
    for one in incidents:
        grouped.setdefault(one.source, []).append(one)
    return grouped


def _show_trouble(incident: Incident) -> Trouble:
    cause = map_causes()[incident.cause]
    return Trouble(incident=incident, title=cause.title, advice=cause.advice)
