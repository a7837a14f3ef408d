"""Answer a question on both time axes: what applies on a date, as far as it was known at an instant, and why.

What agrees is one answer, what cannot stand together is a conflict. A statute and a board's rule in one scope both
apply: the stricter one is named. Guidance never outranks law.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, combinations
from typing import get_args

import msgspec

from kb.answer.answers import (
    Answer,
    Asked,
    Conflict,
    Reason,
    Standing,
    Status,
    answer_now,
    explain,
    make_answer,
    revert,
)
from kb.answer.facts import Fact, FactState, Step
from kb.answer.known import Phase, find_first_coding, find_first_seen, find_phase, select_known
from kb.answer.scope import Match, ScopeKey, key_scope, match_scope, name_scope
from kb.answer.strictness import GUIDANCE, compare_values, rank_value
from kb.answer.when import find_first_day, find_last_day
from kb.questions import Question
from kb.scopes import Scope

# Which of several facts that say the same stands for them: best proven, most binding, surest.
STATES: tuple[FactState, ...] = ("verified", "anchored", "needs_review", "reported", "broken")
BINDINGS = (
    "statute", "regulation", "order", "declaratory_ruling", "advisory_opinion", "position_statement", "policy", "faq",
    "bill", "proposal", "",
)  # fmt: skip
CONFIDENCES = ("high", "medium", "low")
Steps = Mapping[str, Sequence[Step]]


class _Found(msgspec.Struct, frozen=True):
    """The facts that fit what is asked, by how they stand to its date, and how each fits."""

    phases: Mapping[Phase, Sequence[Fact]]
    matches: Mapping[str, Match]


class Settled(msgspec.Struct, frozen=True):
    """What came of facts that fit equally well: who leads, who gives way to a stricter or higher text; conflicts."""

    leading: tuple[Answer, ...] = ()
    yielding: tuple[Answer, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


class _Spoken(msgspec.Struct, frozen=True):
    """What the facts in force say: answers to all of what is asked, to a part of it, and where they contradict."""

    answers: tuple[Answer, ...]
    narrower: tuple[Answer, ...]
    conflicts: tuple[Conflict, ...]


def status(facts: Sequence[Fact], steps: Steps, asked: Asked) -> Status:
    """Return all that is known of a question in a jurisdiction on a date, as known at an instant.

    ``facts`` and ``steps`` (by fact) may hold more than what is asked; entries coded, reviewed, superseded or seen
    after ``known_at`` alter nothing. Of the facts in force the most specific answers; of those that fit equally well
    the stricter law leads, and contradictions are conflicts. What lapsed answers with what it reverts to, where nothing
    else speaks in its scope. Bills and proposals never answer.
    """
    own = [one for one in facts if (one.jurisdiction, one.question) == (asked.jurisdiction, asked.question.id)]
    known = select_known(own, asked.known_at)
    if not known:
        return _tell_nothing(own, asked)
    found = _find(known, steps, asked)
    in_force, lapsed = found.phases["in_force"], found.phases["lapsed"]
    voices = [fact for fact in in_force if fact.gap in (None, "law_silent")]
    reverting = find_reverting(lapsed, {key_scope(fact.scope) for fact in voices})
    spoken = _speak(
        [
            *(answer_now(fact, steps.get(fact.id, ()), asked) for fact in voices),
            *(revert(fact, steps.get(fact.id, ()), asked) for fact in reverting),
        ],
        found.matches,
        asked.question,
    )
    told = Status(
        jurisdiction=asked.jurisdiction,
        question=asked.question.id,
        scope=asked.scope,
        as_of=asked.as_of,
        known_at=asked.known_at,
        state="not_checked",
        answers=spoken.answers,
        narrower=spoken.narrower,
        conflicts=spoken.conflicts,
        searched=tuple(dict.fromkeys(chain.from_iterable(fact.searched for fact in in_force))),
        coming=_show("coming", found, steps, asked),
        lapsed=_show("lapsed", found, steps, asked),
        pending=_show("pending", found, steps, asked),
        unseen=_show("unseen", found, steps, asked),
        leads=tuple(make_answer(fact, steps.get(fact.id, ()), asked) for fact in in_force if fact.gap == "not_checked"),
    )
    gaps = {fact.gap for fact in in_force}
    state: Standing = _name_state(told) or ("not_found" if "not_found" in gaps else "not_checked")
    apart = [fact.scope for fact in known if fact.id not in found.matches]
    return msgspec.structs.replace(told, state=state, why=tuple(_explain_state(told, state, apart)))


def _tell_nothing(own: Sequence[Fact], asked: Asked) -> Status:
    """Return the status of a question of which nothing stood at the instant: why, and since when that is otherwise."""
    first = find_first_coding(own)
    why = explain("withdrawn") if own else explain("not_checked")
    state: Standing = "not_checked"
    if first > asked.known_at[:10]:
        state, why = "unknown_before", explain("unknown_before", since=first)
    elif not own and not asked.question.concerns(asked.jurisdiction):
        state, why = "not_asked", explain("not_asked")
    return Status(
        jurisdiction=asked.jurisdiction,
        question=asked.question.id,
        scope=asked.scope,
        as_of=asked.as_of,
        known_at=asked.known_at,
        state=state,
        why=(why,),
    )


def _find(known: Sequence[Fact], steps: Steps, asked: Asked) -> _Found:
    phases: dict[Phase, list[Fact]] = {name: [] for name in get_args(Phase)}
    matches = {}
    for fact in known:
        match = match_scope(fact.scope, asked.scope)
        if match is not None:
            matches[fact.id] = match
            seen = find_first_seen(fact, steps.get(fact.id, ()), asked.known_at)
            phases[find_phase(fact, asked.as_of, seen)].append(fact)
    return _Found(phases, matches)


def _speak(voices: Sequence[Answer], matches: Mapping[str, Match], question: Question) -> _Spoken:
    """Return the answers to all of what is asked, those to a part of it, and the conflicts that matter."""
    covering: defaultdict[tuple[int, int], list[Answer]] = defaultdict(list)
    partial: defaultdict[ScopeKey, list[Answer]] = defaultdict(list)
    for voice in voices:
        match = matches[voice.fact]
        if match.covers:
            covering[match.rank].append(voice)
        else:
            partial[key_scope(voice.scope)].append(voice)
    settled = [settle(covering[rank], question) for rank in sorted(covering)]
    parts = [settle(partial[key], question) for key in sorted(partial)]
    # A contradiction among answers that a more specific one goes before decides nothing.
    conflicts = chain.from_iterable(group.conflicts for group in (*settled[:1], *parts))
    return _Spoken(
        tuple(_place(chain.from_iterable((group.leading, group.yielding) for group in settled))),
        tuple(chain.from_iterable(_place((group.leading, group.yielding)) for group in parts)),
        tuple(conflicts),
    )


def _place(groups: Iterable[Sequence[Answer]]) -> Iterator[Answer]:
    """Yield answers with their level: that of the first group is 0."""
    for level, group in enumerate(filter(None, groups)):
        for one in group:
            yield msgspec.structs.replace(one, level=level)


def _show(phase: Phase, found: _Found, steps: Steps, asked: Asked) -> tuple[Answer, ...]:
    """Return what is no answer on the date, each with the reason: the next to come and the last to go first."""
    shown = []
    for fact in found.phases[phase]:
        own = steps.get(fact.id, ())
        told = {
            **{name: getattr(fact, name) for name in ("effective_from", "effective_to", "binding")},
            "seen_on": find_first_seen(fact, own, asked.known_at),
            "as_of": asked.as_of,
        }
        answer = make_answer(fact, own, asked)
        shown.append((fact, msgspec.structs.replace(answer, why=(explain(phase, **told),))))
    if phase == "lapsed":
        shown.sort(key=lambda pair: find_last_day(pair[0].effective_to) or asked.as_of, reverse=True)
    elif phase == "coming":
        shown.sort(key=lambda pair: find_first_day(pair[0].effective_from) or asked.as_of)
    return tuple(answer for _, answer in shown)


def _name_state(told: Status) -> Standing | None:
    """Return the state that what is told adds up to, None where there is neither an answer nor what is none yet."""
    if told.answers:
        if any(one.contested for one in told.leading):
            return "conflict"
        return "law_silent" if told.answers[0].gap is not None else "answered"
    states: tuple[tuple[Standing, tuple[Answer, ...]], ...] = (
        ("limited", told.narrower),
        ("unknown_before", told.unseen),
        ("coming", told.coming),
        ("lapsed", told.lapsed),
        ("pending", told.pending),
    )
    return next((state for state, answers in states if answers), None)


def _explain_state(told: Status, state: Standing, apart: Sequence[Scope]) -> list[Reason]:
    """Return why the state is what it is: the leading answer's own reasons, or what there is instead."""
    if told.answers:
        first = told.answers[0]
        specific = [explain("specific", scope=name_scope(first.scope))] if first.scope else []
        silent = [explain("law_silent")] if state == "law_silent" and not first.reverted else []
        return [*(one.why for one in told.conflicts), *silent, *first.why, *specific]
    if state == "limited":
        return [explain("limited", scope="; ".join(dict.fromkeys(name_scope(one.scope) for one in told.narrower)))]
    others = {"coming": told.coming, "lapsed": told.lapsed, "pending": told.pending, "unknown_before": told.unseen}
    shown = others.get(state, ())
    if shown:
        return list(shown[0].why)
    if state == "not_found":
        return [explain("not_found", searched="; ".join(told.searched))]
    if told.leads:
        named = [one.citation or one.url for one in told.leads]
        return [explain("lead", citation="; ".join(dict.fromkeys(filter(None, named))) or "no citation")]
    if apart:
        return [explain("elsewhere", scope="; ".join(dict.fromkeys(map(name_scope, apart))))]
    return [explain("not_checked")]


def settle(answers: Sequence[Answer], question: Question) -> Settled:
    """Return one answer for each scope and value told, what agrees taken together, and the pairs that contradict."""
    merged = _merge(answers)
    reasons: defaultdict[str, list[Reason]] = defaultdict(list)
    contradictions = []
    yielding: set[str] = set()
    for one, other in combinations(merged, 2):
        if (one.value, one.gap) == (other.value, other.gap):
            continue
        if not _can_stand(one, other, question):
            contradictions.append((one.fact, other.fact))
            continue
        teller, reason, loser = _relate(one, other, question)
        reasons[teller].append(reason)
        yielding |= {loser} if loser else set()
    contested = {name for pair in contradictions for name in pair}
    done = {
        one.fact: msgspec.structs.replace(one, contested=one.fact in contested, why=(*one.why, *reasons[one.fact]))
        for one in sorted(merged, key=lambda one: _rank(one, question))
    }
    return Settled(
        tuple(one for one in done.values() if one.fact not in yielding),
        tuple(one for one in done.values() if one.fact in yielding),
        tuple(_contradict(done[first], done[second]) for first, second in contradictions),
    )


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


def _stand_together(one: Answer, other: Answer, question: Question) -> bool:
    """Tell whether the codebook lets two values add up."""
    return one.gap is None and other.gap is None and not question.contradicts(one.value, other.value)


def _can_stand(one: Answer, other: Answer, question: Question) -> bool:
    """Tell whether two answers can both hold: their values add up, or of two kinds of text one is stricter."""
    verdict = compare_values(question, (one.value, one.gap), (other.value, other.gap))
    layered = bool(one.binding and other.binding) and one.binding != other.binding
    return _stand_together(one, other, question) or (layered and verdict in ("stricter", "laxer"))


def _relate(one: Answer, other: Answer, question: Question) -> tuple[str, Reason, str]:
    """Return how two answers that both hold stand to each other: who tells it, why, and who gives way ("" nobody)."""
    verdict = compare_values(question, (one.value, one.gap), (other.value, other.gap))
    if verdict == "laxer":
        one, other = other, one
    if verdict not in ("stricter", "laxer") or _stand_together(one, other, question):
        return one.fact, explain("both", other=other.label), ""
    told = {"value": one.label, "other": other.label}
    told |= {
        name: text.replace("_", " ") for name, text in (("binding", one.binding), ("other_binding", other.binding))
    }
    if one.binding in GUIDANCE and other.binding not in GUIDANCE:
        return one.fact, explain("guidance", **told), one.fact
    return one.fact, explain("stricter", **told), other.fact


def _contradict(one: Answer, other: Answer) -> Conflict:
    told = [f"{answer.label} ({answer.citation or answer.binding or answer.fact})" for answer in (one, other)]
    return Conflict(one, other, explain("conflict", value=told[0], other=told[1]))
