"""Tell a cell of the matrix in parts, one for each fact it rests on, as they are published and printed."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from kb.answer.answers import Answer, Status
from kb.answer.facts import EvidenceKind, FactState, spell_value
from kb.answer.scope import name_scope

# What a fact does in a cell: it speaks for the jurisdiction, gives way to another, or speaks for a part of what is
# asked; it begins later, ended, is only proposed, or is not known to have begun; it is a lead nobody followed yet.
Role = Literal["leading", "yielding", "narrower", "coming", "lapsed", "pending", "unseen", "lead"]
# The nearest to the law's own words first.
KINDS: tuple[EvidenceKind, ...] = ("official", "mirror", "secondary", "knowledge")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One fact in a cell: what it does there, what it says within which scope, and what it rests on.

    ``value`` is as coded, "" for a gap. ``kind`` is that of the best page read, ``seen_on`` the day it was read (""
    unknown); ``captured_at`` is when the quoted words were first seen in archived text, ``document`` where they stand.
    """

    role: Role
    fact: str
    value: str
    label: str
    scope: str
    proof: FactState
    binding: str
    citation: str
    url: str
    note: str
    effective_from: str
    effective_to: str
    confidence: str
    kind: str
    seen_on: str
    coded_on: str
    document: str
    captured_at: str
    contested: bool = False
    also: tuple[str, ...] = ()


def list_parts(told: Status) -> list[Part]:
    """Return what a cell tells, the facts that lead first; every fact that has a say stands once."""
    roles: dict[str, Part] = {}
    for role, answer in _list_answers(told):
        roles.setdefault(answer.fact, _make_part(role, answer))
    return list(roles.values())


def _list_answers(told: Status) -> Iterator[tuple[Role, Answer]]:
    yield from (("leading", one) for one in told.leading)
    yield from (("yielding", one) for one in told.answers)
    yield from (("narrower", one) for one in told.narrower)
    yield from (("coming", one) for one in told.coming)
    yield from (("pending", one) for one in told.pending)
    yield from (("unseen", one) for one in told.unseen)
    yield from (("lead", one) for one in told.leads)
    yield from (("lapsed", one) for one in told.lapsed)


def _make_part(role: Role, answer: Answer) -> Part:
    pages = sorted(answer.evidence, key=lambda page: KINDS.index(page.kind))
    is_proven = answer.state != "reported"
    return Part(
        role=role,
        fact=answer.fact,
        value=spell_value(answer.value),
        label=answer.label,
        scope=name_scope(answer.scope),
        proof=answer.state,
        binding=answer.binding,
        citation=answer.citation,
        url=answer.url,
        note=answer.note,
        effective_from=answer.effective_from,
        effective_to=answer.effective_to,
        confidence=answer.confidence,
        kind=pages[0].kind if pages else "",
        seen_on=pages[0].seen_on if pages else "",
        coded_on=answer.coded_on,
        document=answer.document if is_proven else "",
        captured_at=answer.captured_at if is_proven else "",
        contested=answer.contested,
        also=answer.also,
    )
