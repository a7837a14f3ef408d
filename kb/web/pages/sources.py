"""The sources: how each stands, what is watched since when, and what is held back."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from kb.health import Health, Rhythm, Subject, describe_silence, judge
from kb.incidents import map_causes
from kb.store.incidents import Incident, list_published
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
from kb.web.pages.filters import (
    LONGEST_VALUE,
    RULE_NATURES,
    RULE_PARTS,
    Facet,
    Option,
    mark_options,
    write_path,
)
from kb.web.pages.frame import Frame, Slice, read_frame, read_page_number, render, render_missing, show_sources
from kb.web.pages.gaps import find_gaps

BASE = "/sources"
FILTER_LABELS: Mapping[str, str] = {"state": "How it stands", "jurisdiction": "Jurisdiction"}
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
HEALTH_ORDER = tuple(HEALTH_LABELS)
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


class Judged(msgspec.Struct, frozen=True):
    """A source as its row tells of it, how it was judged, and its health in a word of HEALTH_LABELS."""

    state: SourceState
    told: Health
    health: str


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A source as shown: its state, its health in a word, since when, why in a sentence, and its open incidents."""

    state: SourceState
    health: str
    label: str
    since: str
    reason: str
    troubles: list[Trouble]


def view_sources(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/sources": one page of the sources with their states, the troubled ones first, counted over all of them.

    ``state`` and ``jurisdiction`` narrow the list; what lasts and what ended stands on its first page.
    """
    frame = read_frame(db, asked)
    chosen = {name: asked[name].strip() for name in FILTER_LABELS if asked.get(name, "").strip()}
    errors = list(_check_filters(chosen, frame))
    if errors:
        return render_missing(frame, "These filters cannot be read", errors, status=400)
    incidents = list_published(db)
    known = _group_incidents(incidents)
    judged = [judge_state(one, frame.today, known.get(one.source, [])) for one in read_sources(db)]
    judged.sort(key=lambda one: HEALTH_ORDER.index(one.health))
    kept = [one for one in judged if _passes(one, chosen)]
    shown = Slice(read_page_number(asked), len(kept))
    cards = [make_card(one) for one in kept[shown.offset :][: shown.size]]
    counts = Counter(one.health for one in judged)
    lasting = group_lasting(one for one in incidents if one.closed_at is None)
    ended = [_show_trouble(one) for one in incidents if one.closed_at is not None][:INCIDENTS_SHOWN]
    return render(
        "sources.html",
        show_sources(frame, [card.state.source for card in cards]),
        cards=cards,
        total=len(judged),
        counts=[(health, HEALTH_LABELS[health], counts[health]) for health in HEALTH_ORDER if counts[health]],
        chosen=chosen,
        facets=[_make_facet(name, judged, chosen) for name in FILTER_LABELS],
        mark_options=mark_options,
        shown=shown,
        path_to=lambda page: write_path(BASE, {**chosen, "page": str(page)}),
        path_of=lambda health: write_path(BASE, {"state": health}),
        lasting=lasting[:INCIDENTS_SHOWN],
        more_lasting=len(lasting[INCIDENTS_SHOWN:]),
        ended=ended,
        gaps=find_gaps(db, [one.state for one in judged]) if shown.page == 1 else None,
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
        card=make_card(judge_state(found[0], frame.today, incidents)),
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


def judge_state(state: SourceState, today: str, incidents: Iterable[Incident]) -> Judged:
    """Judge how a source stands on a day."""
    health = judge(
        Subject(
            source=state.source,
            jurisdiction=state.jurisdiction,
            title=state.title,
            cadence=state.cadence,
            crawl_state=state.crawl_state,
            crawl_reason=state.crawl_reason,
            policy_since=state.policy_since,
            fallback=state.fallback,
            moves_within=state.moves_within,
            since=state.since,
            last_checked=state.last_checked,
            steady_since=state.steady_since,
            rhythm=Rhythm(state.moving_days, state.last_moved, state.usual_gap, state.longest_gap),
            incidents=tuple(incidents),
        ),
        date.fromisoformat(today[:10]),
    )
    return Judged(state, health, health.state if health.silence is None else SILENT)


def make_card(one: Judged) -> Card:
    """Say how a source stands, since when and why."""
    quiet = one.told.silence
    return Card(
        state=one.state,
        health=one.health,
        label=HEALTH_LABELS[one.health],
        since=one.told.since if quiet is None else quiet.since,
        reason=one.told.reason if quiet is None else describe_silence(quiet),
        troubles=[_show_trouble(incident) for incident in one.told.incidents],
    )


def _check_filters(chosen: Mapping[str, str], frame: Frame) -> Iterator[str]:
    """Yield a sentence for each filter whose value there is not."""
    allowed: Mapping[str, Sequence[str]] = {"state": HEALTH_ORDER, "jurisdiction": sorted(frame.edition.names)}
    for name, value in chosen.items():
        if value not in allowed[name]:
            yield f"{name}: “{value[:LONGEST_VALUE]}” is none of {', '.join(allowed[name])}"


def _make_facet(name: str, judged: Sequence[Judged], chosen: Mapping[str, str]) -> Facet:
    """Return a filter with the values there are, each with the sources it would show under the other filter."""
    others = {key: value for key, value in chosen.items() if key != name}
    counts = Counter(_tell_value(one, name) for one in judged if _passes(one, others))
    values = {*counts, *([chosen[name]] if name in chosen else [])}
    order = [value for value in HEALTH_ORDER if value in values] if name == "state" else sorted(values)
    options = tuple(Option(value, HEALTH_LABELS.get(value, value), counts[value]) for value in order)
    return Facet(name, FILTER_LABELS[name], f"all ({counts.total():,})", options)


def _tell_value(one: Judged, name: str) -> str:
    return one.health if name == "state" else one.state.jurisdiction


def _passes(one: Judged, chosen: Mapping[str, str]) -> bool:
    return all(_tell_value(one, name) == value for name, value in chosen.items())


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
