"""What is answered: an answer with its proof, two that contradict each other, and all of it for one question."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal

import msgspec

from kb.answer.facts import Basis, Confidence, Evidence, Fact, FactState, Step, Value
from kb.answer.known import find_step
from kb.answer.when import find_next_day
from kb.models import Gap
from kb.questions import GAPS, Question
from kb.scopes import Scope

# What there is for a question: answers, contradicting ones, answers for parts of what is asked only; the law's silence;
# only what comes, lapsed or is proposed; nothing found, nothing looked for, nothing asked; nothing known yet.
Standing = Literal[
    "answered", "conflict", "limited", "law_silent", "coming", "lapsed", "pending", "not_found", "not_checked",
    "not_asked", "unknown_before",
]  # fmt: skip

# What a step of an anchor tells of the words that prove a fact.
PROOF = ("quote", "document", "eid", "sha256", "captured_at")
# Why an answer is what it is: sentences by code, filled with the values that stand beside them.
SENTENCES: Mapping[str, str] = {
    "in_force": "In force on {as_of}.",
    "since": "In force on {as_of}, from {effective_from} on.",
    "unseen": "When it began was not recorded; it was first seen on {seen_on}, and {as_of} is earlier.",
    "reverted": "What was coded ended on {effective_to}; after it the law says {value}.",
    "specific": "It is limited to {scope} and goes before a more general answer.",
    "limited": "What is known is limited to {scope}.",
    "stricter": "Both apply, and the {binding} is stricter than the {other_binding}: {value} rather than {other}.",
    "guidance": "Guidance ({binding}) is stricter than the {other_binding}: {value} rather than {other}.",
    "both": "It stands together with: {other}.",
    "conflict": "Two entries contradict each other: {value} and {other}.",
    "ends": "It ends on {effective_to}.",
    "coming": "It begins on {effective_from}.",
    "lapsed": "It ended on {effective_to}; what applies since is not known.",
    "pending": "A {binding}: it is not law.",
    "law_silent": "The law was looked at and says nothing of it.",
    "not_found": "It was looked for and not found: {searched}.",
    "not_checked": "Nobody has looked yet.",
    "lead": "There is a lead that nobody has followed yet: {citation}.",
    "elsewhere": "What is known concerns {scope} only, not what is asked.",
    "withdrawn": "What was coded before has been withdrawn.",
    "not_asked": "It is not asked of this level of law.",
    "unknown_before": "Nothing was coded before {since}.",
}  # fmt: skip


class Reason(msgspec.Struct, frozen=True):
    """Why something is so: a code, the values it rests on, and both as a sentence."""

    code: str
    sentence: str
    values: Mapping[str, str] = {}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer as it stood: the value within a scope, and what proves it.

    ``state`` tells how it stands to the law's own words; ``quote`` is empty where none are archived. ``reverted`` says
    that the value is what applies since the fact itself ended. ``also`` names other facts that say the same in the same
    scope; ``contested`` says that another one contradicts it, ``level`` to how many groups of more specific,
    stricter or higher ones it gives way.
    """

    fact: str
    value: Value | None
    gap: Gap | None
    label: str
    state: FactState
    scope: Scope
    details: Mapping[str, Value]
    basis: Basis
    binding: str
    authority: str
    citation: str
    url: str
    note: str
    searched: tuple[str, ...]
    quote: str
    document: str
    eid: str
    sha256: str
    captured_at: str
    effective_from: str
    effective_to: str
    reverts_to: Value | None
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    coded_on: str
    reviewed_on: str
    reverted: bool = False
    contested: bool = False
    level: int = 0
    also: tuple[str, ...] = ()
    why: tuple[Reason, ...] = ()


class Conflict(msgspec.Struct, frozen=True):
    """Two answers that cannot both be right, each with its own proof."""

    one: Answer
    other: Answer
    why: Reason


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: a question, of whom, within which scope, on which date, with the knowledge of which instant."""

    jurisdiction: str
    question: Question
    as_of: date
    known_at: str
    scope: Scope = {}


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a question in a jurisdiction on a date, as known at an instant; never empty.

    ``answers`` hold for all that was asked, the most specific first and of those alike the stricter law first;
    ``narrower`` ones hold for a part. ``coming``, ``lapsed``, ``pending`` (bills, proposals) and ``unseen`` (when they
    began was not recorded, and the date is before they were first seen) are no answers.
    ``searched`` tells where it was looked for in vain; ``leads`` name what may hold the answer and was too weak to
    be coded; ``why`` explains ``state``.
    """

    jurisdiction: str
    question: str
    scope: Scope
    as_of: date
    known_at: str
    state: Standing
    answers: tuple[Answer, ...] = ()
    narrower: tuple[Answer, ...] = ()
    coming: tuple[Answer, ...] = ()
    lapsed: tuple[Answer, ...] = ()
    pending: tuple[Answer, ...] = ()
    unseen: tuple[Answer, ...] = ()
    leads: tuple[Answer, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    searched: tuple[str, ...] = ()
    why: tuple[Reason, ...] = ()

    @property
    def leading(self) -> tuple[Answer, ...]:
        """Return what speaks for the jurisdiction: the answers none goes before, else those for parts."""
        return tuple(one for one in self.answers or self.narrower if one.level == 0)


def explain(code: str, **values: object) -> Reason:
    """Return a reason with its sentence filled in."""
    told = {name: str(value) for name, value in values.items()}
    return Reason(code, SENTENCES[code].format(**told), told)


def make_answer(fact: Fact, steps: Sequence[Step], asked: Asked) -> Answer:
    """Return a fact as an answer, with the words that proved it at the instant asked about."""
    step = find_step(steps, asked.known_at)
    told: dict[str, Any] = {
        name: getattr(fact, name) for name in Answer.__struct_fields__ if name in Fact.__struct_fields__
    }
    anchor, empty = fact.anchor, dict.fromkeys(PROOF, "")
    told |= empty if anchor is None else empty | msgspec.structs.asdict(anchor)
    if step is not None:
        told |= {name: getattr(step, name) or told[name] for name in PROOF}
    told["state"] = "reported" if step is None else step.state
    return Answer(**told, fact=fact.id, label=asked.question.say(fact.value, fact.gap))


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


def _explain_time(fact: Fact, asked: Asked) -> Iterator[Reason]:
    if fact.effective_from:
        yield explain("since", as_of=asked.as_of, effective_from=fact.effective_from)
    else:
        yield explain("in_force", as_of=asked.as_of)
    if fact.effective_to:
        yield explain("ends", effective_to=fact.effective_to)
