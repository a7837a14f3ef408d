"""The answers as they are published: the codebook, and every fact with how it stands now."""

import sqlite3
from collections.abc import Iterator

import msgspec

from kb.answer.facts import Fact, spell_value
from kb.questions import Question, map_questions, read_codebook
from kb.store.facts import read_recorded_facts, read_steps


def list_questions() -> Iterator[dict[str, object]]:
    """Yield the codebook's questions as rows, in their order."""
    book = read_codebook()
    for place, question in enumerate(book.questions):
        yield {
            "question": question.id,
            "place": place,
            **{name: getattr(question, name) for name in ("topic", "title", "wording", "asked_of", "type", "unit")},
            "choices": _json(question.values),
            "details": _json(question.details),
            "compatible": _json(question.compatible),
            "contradicting": _json(question.contradicting),
            "scope": _json(question.scope),
            "coding": question.coding,
            "silent": question.silent,
            "for_compliance": question.why.compliance,
            "for_journalists": question.why.journalists,
            "for_providers": question.why.providers,
            "action": question.action,
            "edition": book.version,
        }


def list_facts(knowledge: sqlite3.Connection) -> Iterator[dict[str, object]]:
    """Yield every fact as a row, with its value in words and the state its anchor reached."""
    questions = map_questions()
    steps = read_steps(knowledge)
    for fact in read_recorded_facts(knowledge):
        own = steps.get(fact.id, [])
        yield _show_fact(fact, own[-1].state if own else "reported", questions[fact.question])


def _show_fact(fact: Fact, state: str, question: Question) -> dict[str, object]:
    told = ("jurisdiction", "question", "place", "gap", "basis", "binding", "authority", "citation", "url", "note")
    dated = ("effective_from", "effective_to", "confidence", "coded_on", "coded_by", "superseded_on", "replica")
    reviewed = ("reviewed_on", "reviewed_by", "reviewed_text", "review_note")
    anchor = fact.anchor
    return {
        "fact": fact.id,
        **{name: getattr(fact, name) for name in (*told, *dated, *reviewed)},
        "value": spell_value(fact.value),
        "label": question.say(fact.value),
        "state": state,
        "details": _json(fact.details),
        "scope": _json(fact.scope),
        "searched": _json(fact.searched),
        "reverts_to": spell_value(fact.reverts_to),
        "document": "" if anchor is None else anchor.document,
        "eid": "" if anchor is None else anchor.eid,
        "quote": "" if anchor is None else anchor.quote,
        "evidence": _json(fact.evidence),
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
