"""Tell of every change which answers it touches: what compliance must look at again when a rule moved."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from kb.answer.facts import Effect, Fact, FactState, Step, Value, spell_value
from kb.answer.impact import Touch, find_hold, find_touches
from kb.models import ChangeRow
from kb.questions import Question, map_questions
from kb.store.facts import read_recorded_facts, read_steps
from kb.store.impacts import read_changes_of

# A change and the source that tells it: ids are unique within a source.
ChangeKey = tuple[str, str]


class Impact(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that a change touches: what it answers, how it stands now, what the change did to its words and where.

    ``document`` and ``eid`` are where its words stood when the change came; ``gap`` says why there is no value.
    """

    fact: str
    jurisdiction: str
    question: str
    topic: str
    value: Value | None
    label: str
    gap: str | None
    state: FactState
    superseded_on: str
    effect: Effect
    quote_stands: bool
    document: str
    eid: str


def find_impacts(db: sqlite3.Connection, *, beside: bool = False) -> dict[ChangeKey, tuple[Impact, ...]]:
    """Return the facts that each change of kb.db touches, by jurisdiction and in the order they were coded.

    A change that touches none is not named. ``beside`` adds facts anchored elsewhere in the same document. Left out
    are facts superseded before the change came, and earlier entries of an answer that was only reviewed again.
    """
    facts = read_recorded_facts(db)
    steps = read_steps(db)
    by_document = _group_facts(facts, steps)
    found: dict[ChangeKey, list[Impact]] = defaultdict(list)
    for replica, changes in _read_events(db, list(by_document)):
        told = [(fact, touch) for fact in _choose_facts(changes, by_document) for touch in _touch(fact, steps, changes)]
        for fact, touch in told:
            if fact.replica == replica and (beside or touch.effect != "beside"):
                found[touch.change.id, touch.change.source].append(_show(fact, touch, steps))
    return {key: tuple(impacts) for key, impacts in found.items()}


def list_impacts(db: sqlite3.Connection) -> Iterator[dict[str, object]]:
    """Yield the facts that changes touch as rows of the public table."""
    for (change, source), impacts in sorted(find_impacts(db).items()):
        for impact in impacts:
            told = ("fact", "jurisdiction", "question", "effect", "document", "eid")
            yield {
                "change": change,
                "source": source,
                **{name: getattr(impact, name) for name in told},
                "quote_stands": int(impact.quote_stands),
            }


def describe_impact(impact: Impact) -> str:
    """Say in one line what is touched: "touches: us-xx refill_limit = five times (anchored), its words changed"."""
    told = impact.label or (impact.gap or "").replace("_", " ")
    ended = f", superseded {impact.superseded_on}" if impact.superseded_on else ""
    return (
        f"touches: {impact.jurisdiction} {impact.question} = {told} ({impact.state}{ended}), "
        f"{_tell_effect(impact)} · topic {impact.topic}"
    )


def _tell_effect(impact: Impact) -> str:
    if impact.effect == "words_changed" and impact.quote_stands:
        return "its provision changed, the quoted words stand"
    return {
        "words_changed": "its words changed",
        "moved": "its words moved",
        "gone": "its words are gone",
        "around": "what stands above or below its words changed",
        "beside": "another provision of its section changed",
    }[impact.effect]


def _group_facts(facts: Iterable[Fact], steps: Mapping[str, Sequence[Step]]) -> dict[str, list[Fact]]:
    """Return the facts by every document their words ever stood in."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        declared = [fact.anchor.document] if fact.anchor is not None else []
        for document in dict.fromkeys([*declared, *(step.document for step in steps.get(fact.id, []))]):
            found[document].append(fact)
    return found


def _read_events(db: sqlite3.Connection, documents: Sequence[str]) -> Iterator[tuple[bool, list[ChangeRow]]]:
    """Yield the changes of each event together, with whether it is told by a replica."""
    events: dict[tuple[str, str], tuple[bool, list[ChangeRow]]] = {}
    for change, replica in read_changes_of(db, documents):
        events.setdefault((change.event_id, change.observed_at), (replica, []))[1].append(change)
    yield from events.values()


def _choose_facts(changes: Sequence[ChangeRow], by_document: Mapping[str, Sequence[Fact]]) -> list[Fact]:
    """Return the facts that stood when the changes came, of the entries of one answer the last."""
    day = changes[0].observed_at[:10]
    names = dict.fromkeys(name for one in changes for name in (one.document, one.old_document or one.document))
    near = {fact.id: fact for name in names for fact in by_document.get(name, ())}
    standing = [fact for fact in near.values() if not fact.superseded_on or fact.superseded_on > day]
    last = {fact.id.partition("-")[0]: fact for fact in sorted(standing, key=lambda fact: fact.place)}
    return sorted(last.values(), key=lambda fact: (fact.jurisdiction, fact.place))


def _touch(fact: Fact, steps: Mapping[str, Sequence[Step]], changes: Sequence[ChangeRow]) -> Iterator[Touch]:
    hold = find_hold(fact, steps.get(fact.id, ()), changes[0].observed_at)
    return iter(()) if hold is None else find_touches(changes, hold)


def _show(fact: Fact, touch: Touch, steps: Mapping[str, Sequence[Step]]) -> Impact:
    question = map_questions().get(fact.question, Question(id=fact.question, topic="", title=fact.question))
    own = steps.get(fact.id, [])
    return Impact(
        fact=fact.id,
        jurisdiction=fact.jurisdiction,
        question=fact.question,
        topic=question.topic,
        value=fact.value,
        label=question.say(fact.value) if fact.value is not None else "",
        gap=fact.gap,
        state=own[-1].state if own else "reported",
        superseded_on=fact.superseded_on,
        effect=touch.effect,
        quote_stands=touch.quote_stands,
        document=touch.hold.document,
        eid=touch.hold.eid,
    )


def spell_impact(impact: Impact) -> dict[str, object]:
    """Return an impact as plain values, as a line of JSON has it."""
    return {**msgspec.structs.asdict(impact), "value": spell_value(impact.value)}
