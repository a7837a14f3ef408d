"""Coders: propose answers from provisions whose law is regular, each with the words it rests on.

A proposal is work for a reviewer, never a fact. A coder knows words of law, not places; where it does not understand, it
says nothing, and it never concludes from what is not there.
"""

from collections.abc import Callable, Iterator

from kb.answer.coders.finding import Finding
from kb.answer.coders.passages import Passage, list_passages
from kb.answer.coders.proposal import Proposal
from kb.answer.coders.schedules import code_schedules
from kb.models import Reading

__all__ = ["Proposal", "propose"]

CODERS: tuple[Callable[[Passage], Iterator[Finding]], ...] = (code_schedules,)


def propose(reading: Reading) -> tuple[Proposal, ...]:
    """Propose answers from one document; returns them in reading order, none twice for one provision and question."""
    return tuple(
        _make_proposal(passage, finding)
        for passage in list_passages(reading)
        for coder in CODERS
        for finding in coder(passage)
    )


def _make_proposal(passage: Passage, finding: Finding) -> Proposal:
    return Proposal(
        question=finding.question,
        value=finding.value,
        details=finding.details,
        scope=finding.scope,
        document=passage.reading.document,
        eid=passage.provision.eid,
        quote=passage.printed.quote(finding.start, finding.end, finding.sentence),
        reason=finding.reason,
        confidence=finding.confidence,
    )
