"""Propose answers from the texts that stand now, and say of each whether it is coded already: work for a reviewer.

Nothing here is recorded or published: a proposal becomes a fact only when a person writes it into a file of facts.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from kb.answer.coders import Proposal, propose
from kb.answer.facts import Fact
from kb.coding import parse_value
from kb.questions import map_questions
from kb.store.facts import list_standing_texts
from kb.store.knowledge import read_version

# What a proposal is to the facts of its jurisdiction and question: nothing is coded yet; one says the same, and is tied
# to words of this provision or not; those there are say otherwise.
Standing = Literal["new", "known", "anchors", "differs"]


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal and how it stands to the coded facts: their ids are those that say the same, or else all.

    ``label`` is the value in words; ``citation`` and ``url`` name the document it was read in.
    """

    jurisdiction: str
    proposal: Proposal
    label: str
    citation: str
    url: str
    standing: Standing
    facts: tuple[str, ...]

    def write_entry(self) -> dict[str, object]:
        """Return it as an entry for a file of facts, without who coded it and when."""
        one = self.proposal
        dates = {name: getattr(one, name) for name in ("effective_from", "effective_to", "reverts_to")}
        told = {
            "question": one.question,
            "value": list(one.value) if isinstance(one.value, tuple) else one.value,
            "details": one.details,
            "scope": {name: list(terms) for name, terms in one.scope.items()},
            "citation": self.citation,
            "url": self.url,
            **dates,
            "note": one.reason,
            "anchor": {"document": one.document, "eid": one.eid, "quote": one.quote},
            "confidence": one.confidence,
        }
        return {name: value for name, value in told.items() if value not in ("", {}, [])}


def list_suggestions(
    db: sqlite3.Connection, facts: Sequence[Fact], *, jurisdictions: Sequence[str] = (), questions: Sequence[str] = ()
) -> Iterator[Suggestion]:
    """Yield what is proposed from the texts that stand in the jurisdictions (empty: all), document by document.

    Only questions of the codebook, and values it allows, are proposed; ``questions`` chooses among them.
    """
    known = map_questions()
    coded: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.gap is None and not fact.superseded_on:
            coded[fact.jurisdiction, fact.question].append(fact)
    for text in list_standing_texts(db, jurisdictions):
        for one in propose(read_version(db, text.version)):
            question = known.get(one.question)
            plain = list(one.value) if isinstance(one.value, tuple) else one.value
            if question is None or parse_value(question, plain) is None or one.question not in (questions or known):
                continue
            standing, named = _compare(one, coded[text.jurisdiction, one.question])
            yield Suggestion(
                jurisdiction=text.jurisdiction,
                proposal=one,
                label=question.say(one.value),
                citation=text.citation,
                url=text.url,
                standing=standing,
                facts=tuple(fact.id for fact in named),
            )


def _compare(one: Proposal, coded: Sequence[Fact]) -> tuple[Standing, Sequence[Fact]]:
    alike = [fact for fact in coded if fact.value == one.value]
    tied = [fact for fact in alike if fact.anchor is not None and fact.anchor.document == one.document]
    if tied:
        return "known", tied
    if alike:
        return "anchors", alike
    return ("differs", coded) if coded else ("new", ())
