"""Draw how an answer moved over time: one step line for each place whose rules state more than one answer in turn."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise

import msgspec

from kb.answer.facts import Fact
from kb.answer.scope import name_scope
from kb.questions import Question
from kb.web.pages.answer_words import print_stated

# Units of the drawing, and the days shown before the first stated day and after the last.
WIDTH, ROW, MARGIN = 240, 14, 365


class Span(msgspec.Struct, frozen=True):
    """One answer in words, its first day and its last as stated; "" where none is."""

    label: str
    begins: str
    ends: str


class StepLine(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of a place in turn: as an SVG path, where today stands on it, and as a sentence."""

    jurisdiction: str
    within: str
    path: str
    today_at: float
    height: int
    sentence: str


def draw_steps(question: Question, facts: Iterable[Fact], today: str) -> list[StepLine]:
    """Return the step lines of a question by place, in the order of the facts.

    A place whose answers overlap, or follow without a stated day, gets none: their order would be a guess.
    """
    groups: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.value is not None and fact.is_binding and not fact.superseded_on:
            groups[fact.jurisdiction, name_scope(fact.scope)].append(fact)
    lines = []
    for (jurisdiction, within), own in groups.items():
        spans = list_spans(question, own)
        if len({span.label for span in spans}) > 1 and _is_in_turn(spans):
            lines.append(_draw_line(jurisdiction, within, spans, today))
    return lines


def list_spans(question: Question, facts: Sequence[Fact]) -> list[Span]:
    """Return the answers by their first day, the same one renewed as one; at last what the latest reverts to."""
    spans: list[Span] = []
    for fact in sorted(facts, key=lambda fact: (fact.effective_from, fact.effective_to)):
        span = Span(question.say(fact.value), fact.effective_from, fact.effective_to)
        if spans and _is_renewed(spans[-1], span):
            before = spans.pop()
            span = Span(span.label, before.begins, max(before.ends, span.ends) if span.ends else "")
        spans.append(span)
    last = max(facts, key=lambda fact: (not fact.effective_to, fact.effective_to))
    if last.effective_to and last.reverts_to is not None:
        spans.append(Span(question.say(last.reverts_to), last.effective_to, ""))
    return spans


def _is_renewed(before: Span, span: Span) -> bool:
    if before.label != span.label or not before.ends or not span.begins:
        return False
    return _count_day(span.begins) - _count_day(before.ends) <= 1


def _is_in_turn(spans: Sequence[Span]) -> bool:
    return all(before.ends and later.begins and before.ends <= later.begins for before, later in pairwise(spans))


def _draw_line(jurisdiction: str, within: str, spans: Sequence[Span], today: str) -> StepLine:
    days = [_count_day(day) for span in spans for day in (span.begins, span.ends) if day]
    now = _count_day(today)
    first, last = min(days) - MARGIN, max(now, *days) + MARGIN
    levels = list(dict.fromkeys(span.label for span in spans))
    scale = {day: round(WIDTH * (day - first) / (last - first), 1) for day in (*days, now, first, last)}
    return StepLine(
        jurisdiction=jurisdiction,
        within=within,
        path=" ".join(_draw_span(span, levels.index(span.label), scale) for span in spans),
        today_at=scale[now],
        height=ROW * len(levels),
        sentence="; ".join(map(_tell_span, [None, *spans], spans)) + ".",
    )


def _draw_span(span: Span, level: int, scale: Mapping[int, float]) -> str:
    left = scale[_count_day(span.begins)] if span.begins else 0.0
    right = scale[_count_day(span.ends)] if span.ends else float(WIDTH)
    return f"M{left} {ROW * level + ROW // 2}H{right}"


def _tell_span(before: Span | None, span: Span) -> str:
    ends = f" until {print_stated(span.ends)}" if span.ends else ""
    if before is not None and before.ends == span.begins:
        return f"then “{span.label}”{ends}"
    return f"“{span.label}”{f' from {print_stated(span.begins)}' if span.begins else ''}{ends}"


def _count_day(stated: str) -> int:
    """Return a stated day, month or year as the number of its (first) day."""
    return date.fromisoformat(f"{stated}-01-01" if len(stated) == 4 else f"{stated}-01"[:10]).toordinal()
