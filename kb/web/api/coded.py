"""What is answered: the codebook's questions, the matrix of answers, and the facts they rest on."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kb.answer.facts import FactState
from kb.errors import NotFoundError
from kb.store.listings import ANSWERS, FACTS, QUESTIONS, Row, list_rows
from kb.tell.words import keep_web
from kb.web.api.endpoint import Asked, Found, Paged, Parameters, check_known, list_asked, read_cursor
from kb.web.api.values import JurisdictionId, Record, Word

QuestionId = Annotated[str, Meta(pattern="^[a-z0-9_]{1,80}$", description="A question: pdmp_query_duty.")]
FactId = Annotated[str, Meta(pattern="^[0-9a-f]{16}(-[0-9]+)?$", description="A fact's id.")]
Proof = Annotated[
    FactState,
    Meta(
        description="How it stands to the law's own words: reported (no official text archived yet), anchored, "
        "verified, needs_review (its words changed since) or broken (they are gone)."
    ),
]
StandingState = Annotated[
    Literal[
        "answered", "conflict", "limited", "law_silent", "coming", "lapsed", "pending", "not_found", "not_checked",
        "not_asked", "unknown_before",
    ],
    Meta(description="What there is: an answer, contradicting ones, answers for a part only, or why there is none."),
]  # fmt: skip
STRUCTURED = ("choices", "details", "scope", "compatible", "contradicting", "scopes", "why", "searched", "evidence")


class QuestionRecord(Record, frozen=True, kw_only=True):
    """One thing asked of every jurisdiction: its wording, allowed values, coding rule and what silence means."""

    question: str
    topic: str
    title: str
    wording: str
    asked_of: Literal["states", "federal", "all"]
    type: str
    unit: str
    choices: tuple[dict[str, Any], ...]
    details: tuple[dict[str, Any], ...]
    scope: tuple[str, ...]
    coding: str
    silent: str
    edition: int
    permalink: str


class AnswerRecord(Record, frozen=True, kw_only=True):
    """What a jurisdiction answers to a question on the day of the edition; never empty: ``state`` and ``why`` say so.

    ``value`` is as coded, "" where there is no single one; ``fact`` is the one that leads, null in an empty cell.
    """

    jurisdiction: str
    question: str
    state: StandingState
    value: str
    label: str
    notes: str
    proof: Proof | Literal[""]
    confidence: str
    citation: str
    official_url: str | None
    effective_from: str
    effective_to: str
    stricter_than_federal: str
    conflicts: int
    scopes: tuple[dict[str, tuple[str, ...]], ...]
    searched: tuple[str, ...]
    why: tuple[dict[str, Any], ...]
    fact: str | None
    permalink: str


class FactRecord(Record, frozen=True, kw_only=True):
    """A coded answer within a scope, with its evidence and, where official text is archived, the words that prove it.

    ``superseded_on`` ends an entry that another replaced; ``gap`` says why there is no value.
    """

    fact: str
    jurisdiction: str
    question: str
    value: str
    label: str
    gap: str | None
    state: Proof
    scope: dict[str, tuple[str, ...]]
    details: dict[str, Any]
    basis: str
    binding: str
    authority: str
    citation: str
    official_url: str | None
    note: str
    effective_from: str
    effective_to: str
    reverts_to: str
    document: str
    eid: str
    quote: str
    evidence: tuple[dict[str, Any], ...]
    confidence: str
    coded_on: str
    reviewed_on: str
    superseded_on: str
    replica: bool
    permalink: str


class QuestionsAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of questions."""

    topic: Annotated[Word, Meta(description="A topic: pdmp.")] | UnsetType = UNSET


class AnswersAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of answers."""

    jurisdiction: JurisdictionId | UnsetType = UNSET
    question: QuestionId | UnsetType = UNSET
    state: StandingState | UnsetType = UNSET


class FactsAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of facts."""

    jurisdiction: JurisdictionId | UnsetType = UNSET
    question: QuestionId | UnsetType = UNSET
    state: Proof | UnsetType = UNSET


class FactAsked(Parameters, frozen=True, kw_only=True):
    """Parameters of one fact."""

    fact: FactId


def list_questions(asked: Asked) -> Found:
    """Return the questions in the codebook's order."""
    given: QuestionsAsked = asked.parameters
    rows, key = list_rows(asked.db, QUESTIONS, list_asked(given), read_cursor(given.cursor, 2), given.limit)
    return Found(data=[_make(QuestionRecord, row, f"/q/{row['question']}") for row in rows], after=key)


def list_answers(asked: Asked) -> Found:
    """Return the cells of the matrix, by question and jurisdiction."""
    given: AnswersAsked = asked.parameters
    check_known(asked, given.jurisdiction)
    rows, key = list_rows(asked.db, ANSWERS, list_asked(given), read_cursor(given.cursor, 2), given.limit)
    made = [_make(AnswerRecord, row, f"/j/{row['jurisdiction']}#{row['question']}") for row in rows]
    return Found(data=made, after=key)


def list_facts(asked: Asked) -> Found:
    """Return the facts by jurisdiction, in the order they were coded."""
    given: FactsAsked = asked.parameters
    check_known(asked, given.jurisdiction)
    rows, key = list_rows(asked.db, FACTS, list_asked(given), read_cursor(given.cursor, 3), given.limit)
    return Found(data=[_make(FactRecord, row, f"/f/{row['fact']}") for row in rows], after=key)


def find_fact(asked: Asked) -> Found:
    """Return one fact; raises NotFoundError."""
    given: FactAsked = asked.parameters
    rows, _ = list_rows(asked.db, FACTS, list_asked(given), None, 1)
    if not rows:
        raise NotFoundError(f"There is no fact “{given.fact}”; /api/v1/facts lists those there are")
    return Found(data=_make(FactRecord, rows[0], f"/f/{rows[0]['fact']}"))


def _make(kind: type[Record], row: Row, permalink: str) -> Record:
    """Return a row as a record: what is JSON read, truths told, addresses that are no web address left out."""
    plain = {name: msgspec.json.decode(str(value)) if name in STRUCTURED else value for name, value in row.items()}
    if "official_url" in plain:
        plain["official_url"] = keep_web(str(plain["official_url"] or "")) or None
    if "replica" in plain:
        plain["replica"] = bool(plain["replica"])
    return msgspec.convert({**plain, "permalink": permalink}, kind)
