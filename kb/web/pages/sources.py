"""The sources: how each stands, what is watched since when, and what is held back."""

import sqlite3
from collections.abc import Mapping
from typing import Literal

import msgspec

from kb.store.pages import (
    SourceState,
    Wanted,
    list_changes,
    list_held,
    read_incidents,
    read_problems,
    read_sources,
    read_suspects,
)
from kb.store.published import read_learned
from kb.web.answer import Answer
from kb.web.pages.changes import RULE_NATURES, RULE_PARTS
from kb.web.pages.frame import Slice, read_frame, read_page_number, render, render_missing, show_sources
from kb.web.pages.words import POLICY_LABELS, count_of, days_between, is_late

Health = Literal["read", "late", "held", "closed", "never"]
HEALTH_LABELS: Mapping[Health, str] = {
    "read": "Read on time",
    "late": "Late",
    "held": "Pages held back",
    "closed": "Cannot be read",
    "never": "Not read yet",
}
INCIDENTS_SHOWN = 12
CHANGES_SHOWN = 8


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A source as shown: its state, its health in a word and why in a sentence."""

    state: SourceState
    health: Health
    label: str
    reason: str


def view_sources(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/sources": every source with its state, the troubled ones counted first."""
    frame = read_frame(db, asked)
    cards = [make_card(state, frame.today) for state in read_sources(db)]
    counts = {health: sum(card.health == health for card in cards) for health in HEALTH_LABELS}
    return render(
        "sources.html",
        show_sources(frame, [card.state.source for card in cards]),
        cards=cards,
        counts=[(HEALTH_LABELS[health], count) for health, count in counts.items() if count],
    )


def view_source(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/s/<source>": one source with its policy, troubles, latest rule changes and documents."""
    frame = read_frame(db, asked)
    name = asked["source"]
    found = read_sources(db, name)
    if not found:
        return render_missing(frame, "No such source", [f"We watch no source named “{name}”."])
    rules = Wanted(source=name, natures=RULE_NATURES, parts=RULE_PARTS)
    shown = Slice(read_page_number(asked), found[0].documents)
    return render(
        "source.html",
        show_sources(frame, [name]),
        card=make_card(found[0], frame.today),
        suspects=read_suspects(db, name, INCIDENTS_SHOWN),
        problems=read_problems(db, name, INCIDENTS_SHOWN),
        events=read_incidents(db, name, INCIDENTS_SHOWN),
        learned=read_learned(db, name, INCIDENTS_SHOWN),
        changes=list_changes(db, rules, CHANGES_SHOWN, 0),
        shown=shown,
        documents=list_held(db, name, shown.size, shown.offset),
        path_to=lambda page: f"/s/{name}" + (f"?page={page}" if page > 1 else ""),
    )


def make_card(state: SourceState, today: str) -> Card:
    """Judge how a source stands on a day, and say why."""
    health, reason = judge_health(state, today)
    return Card(state=state, health=health, label=HEALTH_LABELS[health], reason=reason)


def judge_health(state: SourceState, today: str) -> tuple[Health, str]:
    """Return how a source stands, the worst first, and a sentence that says why."""
    if state.crawl_state != "open":
        return "closed", f"{POLICY_LABELS[state.crawl_state]}: {state.crawl_reason.rstrip('.') or 'no reason kept'}."
    if not state.last_checked:
        return "never", "No page of it was read yet."
    if is_late(state.last_checked, state.cadence, today):
        age = count_of(days_between(state.last_checked, today), "day")
        return "late", f"Last read {age} ago; expected {state.cadence}."
    if state.suspects:
        return (
            "held",
            f"The latest answer of {count_of(state.suspects, 'page')} is not trusted; the last good text stands.",
        )
    return "read", f"Expected {state.cadence}."
