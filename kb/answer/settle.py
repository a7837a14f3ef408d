"""Settle what facts say that fit a question equally well: what agrees is one answer, what cannot stand is a conflict.

A statute and a board's rule in one scope both apply: the stricter one is named. Guidance never outranks law.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations

import msgspec

from kb.answer.answers import Answer, Asked, Conflict, Reason, explain, make_answer
from kb.answer.facts import Fact, FactState, Step
from kb.answer.scope import ScopeKey, key_scope
from kb.answer.strictness import GUIDANCE, compare_values, rank_value
from kb.answer.when import find_first_day, find_last_day, find_next_day
from kb.questions import GAPS, Question

# Which of several facts that say the same stands for them: best proven, most binding, surest.
STATES: tuple[FactState, ...] = ("verified", "anchored", "needs_review", "reported", "broken")
BINDINGS = (
    "statute", "regulation", "order", "declaratory_ruling", "advisory_opinion", "position_statement", "policy", "faq",
    "bill", "proposal", "",
)  # fmt: skip
CONFIDENCES = ("high", "medium", "low")


class Settled(msgspec.Struct, frozen=True):
    """What came of facts that fit equally well: the answers, the leading one first, and the conflicts among them."""

    answers: tuple[Answer, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def settle(answers: Sequence[Answer], question: Question) -> Settled:
    """Return one answer for each scope and value told, what agrees taken together, and the pairs that contradict."""
    merged = _merge(answers)
    reasons: defaultdict[str, list[Reason]] = defaultdict(list)
    contradictions = []
    for one, other in combinations(merged, 2):
        if (one.value, one.gap) == (other.value, other.gap):
            continue
        if not _can_stand(one, other, question):
            contradictions.append((one.fact, other.fact))
        else:
            told, reason = _relate(one, other, question)
            reasons[told].append(reason)
    contested = {name for pair in contradictions for name in pair}
    done = {
        one.fact: msgspec.structs.replace(one, contested=one.fact in contested, why=(*one.why, *reasons[one.fact]))
        for one in sorted(merged, key=lambda one: _rank(one, question))
    }
    conflicts = tuple(_contradict(done[first], done[second]) for first, second in contradictions)
    return Settled(tuple(done.values()), conflicts)


def answer_now(fact: Fact, steps: Sequence[Step], asked: Asked) -> Answer:
    """Return a fact in force as an answer that says since when it is."""
    answer = make_answer(fact, steps, asked)
    return msgspec.structs.replace(answer, why=tuple(_explain_time(fact, asked)))


def revert(fact: Fact, steps: Sequence[Step], asked: Asked) -> Answer:
    """Return what applies since a fact ended, as it says itself, from the day after its last one on."""
    value, begins = fact.reverts_to, find_next_day(fact.effective_to)
    gap = next((name for name in GAPS if name == value), None)
    after = msgspec.structs.replace(
        fact,
        value=None if gap is not None else value,
        gap=gap,
        effective_from="" if begins is None else begins.isoformat(),
        effective_to="",
        reverts_to=None,
    )
    answer = make_answer(after, steps, asked)
    told = answer.label if gap is None else "nothing of it"
    why = explain("reverted", effective_to=fact.effective_to, value=told)
    return msgspec.structs.replace(answer, reverted=True, why=(why,))


def find_reverting(lapsed: Sequence[Fact], taken: set[ScopeKey]) -> list[Fact]:
    """Return the facts whose end brought something else into force: of each scope nothing else speaks for, the last."""
    scopes: defaultdict[ScopeKey, list[Fact]] = defaultdict(list)
    for fact in lapsed:
        scopes[key_scope(fact.scope)].append(fact)
    found = []
    for key, ended in scopes.items():
        last = max(_end(fact) for fact in ended)
        if key not in taken:
            found += [fact for fact in ended if _end(fact) == last and fact.reverts_to is not None]
    return found


def _end(fact: Fact) -> date:
    return find_last_day(fact.effective_to) or date.max


def _explain_time(fact: Fact, asked: Asked) -> Iterator[Reason]:
    if fact.effective_from:
        yield explain("since", as_of=asked.as_of, effective_from=fact.effective_from)
    else:
        days = [find_first_day(one) for one in (*(page.seen_on for page in fact.evidence), fact.coded_on)]
        seen = min(day for day in days if day is not None)
        code = "start_unknown" if asked.as_of < seen else "in_force"
        yield explain(code, seen_on=seen, as_of=asked.as_of)
    if fact.effective_to:
        yield explain("ends", effective_to=fact.effective_to)


def _merge(answers: Sequence[Answer]) -> list[Answer]:
    """Return one answer for each scope and value: the best proven, which names the others."""
    alike: defaultdict[object, list[Answer]] = defaultdict(list)
    for one in answers:
        alike[key_scope(one.scope), one.value, type(one.value), one.gap].append(one)
    merged = []
    for group in alike.values():
        first, *others = sorted(group, key=_weigh)
        merged.append(msgspec.structs.replace(first, also=tuple(one.fact for one in others)))
    return merged


def _weigh(answer: Answer) -> tuple[int, int, int, int]:
    """Return what orders facts that say the same: best proven, most binding, longest in force, surest."""
    last = find_last_day(answer.effective_to) or date.max
    return (
        STATES.index(answer.state),
        BINDINGS.index(answer.binding),
        -last.toordinal(),
        CONFIDENCES.index(answer.confidence),
    )


def _rank(answer: Answer, question: Question) -> tuple[bool, int, tuple[int, int, int, int]]:
    """Return what orders answers: law before guidance, the stricter first, the better proven first."""
    rank = rank_value(question, answer.value, answer.gap)
    return (answer.binding in GUIDANCE, 0 if rank is None else -rank, _weigh(answer))


def _can_stand(one: Answer, other: Answer, question: Question) -> bool:
    """Tell whether two answers can both hold: their values add up, or of two kinds of text one is stricter."""
    if one.gap is None and other.gap is None and not question.contradicts(one.value, other.value):
        return True
    verdict = compare_values(question, (one.value, one.gap), (other.value, other.gap))
    layered = bool(one.binding and other.binding) and one.binding != other.binding
    return layered and verdict in ("stricter", "laxer")


def _relate(one: Answer, other: Answer, question: Question) -> tuple[str, Reason]:
    """Return how two answers that both hold stand to each other, and the fact it is told with."""
    verdict = compare_values(question, (one.value, one.gap), (other.value, other.gap))
    if verdict == "laxer":
        one, other = other, one
    if verdict not in ("stricter", "laxer") or one.binding == other.binding:
        return one.fact, explain("both", other=other.label)
    told = {"value": one.label, "other": other.label}
    told |= {
        name: text.replace("_", " ") for name, text in (("binding", one.binding), ("other_binding", other.binding))
    }
    is_guidance = one.binding in GUIDANCE and other.binding not in GUIDANCE
    return one.fact, explain("guidance" if is_guidance else "stricter", **told)


def _contradict(one: Answer, other: Answer) -> Conflict:
    told = [f"{answer.label} ({answer.citation or answer.binding or answer.fact})" for answer in (one, other)]
    return Conflict(one, other, explain("conflict", value=told[0], other=told[1]))
