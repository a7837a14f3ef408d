"""List the days that matter to a fact: when it begins, when it ends, what follows, until when one may comment."""

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec

from kb.answer.facts import Fact, Value
from kb.answer.when import find_first_day, find_last_day, find_next_day
from kb.questions import GAPS, Question

DateKind = Literal["effective", "sunset", "expiry", "comment", "reverts"]
# Law that ends has a sunset; what binds otherwise (orders, rulings, guidance) expires.
LAW = ("statute", "regulation", "")


class DateRow(msgspec.Struct, frozen=True, kw_only=True):
    """A day that matters, of a fact or of a text: ``subject`` is the fact's or the document's id.

    ``stated`` is the date as it was told: a month or a year means its first day of a beginning, its last of an end.
    """

    jurisdiction: str
    day: str
    kind: DateKind
    subject: str
    question: str
    title: str
    citation: str
    url: str
    stated: str


def list_fact_dates(facts: Iterable[Fact], questions: dict[str, Question]) -> Iterator[DateRow]:
    """Yield the days of facts that stand; of a proposal only the day its comments are due by, of a bill none."""
    for fact in facts:
        question = questions.get(fact.question)
        if fact.gap in ("not_found", "not_checked") or question is None:
            continue
        for kind, day, stated, value in _list_days(fact):
            label = question.say(value, next((name for name in GAPS if name == value), None))
            yield DateRow(
                jurisdiction=fact.jurisdiction,
                day=day,
                kind=kind,
                subject=fact.id,
                question=fact.question,
                title=f"{question.title}: {label or (fact.gap or '').replace('_', ' ')}",
                citation=fact.citation,
                url=fact.url,
                stated=stated,
            )


def _list_days(fact: Fact) -> Iterator[tuple[DateKind, str, str, Value | None]]:
    begins, ends = find_first_day(fact.effective_from), find_last_day(fact.effective_to)
    if not fact.is_binding:
        if fact.binding == "proposal" and ends is not None:
            yield "comment", ends.isoformat(), fact.effective_to, fact.value
        return
    if begins is not None:
        yield "effective", begins.isoformat(), fact.effective_from, fact.value
    if ends is None:
        return
    yield "sunset" if fact.binding in LAW else "expiry", ends.isoformat(), fact.effective_to, fact.value
    after = find_next_day(fact.effective_to)
    if fact.reverts_to is not None and after is not None:
        yield "reverts", after.isoformat(), fact.effective_to, fact.reverts_to
