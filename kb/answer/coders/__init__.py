"""Coders: propose answers from provisions whose law is regular, each with the words it rests on.

A proposal is work for a reviewer, never a fact. A coder knows words of law, not places; where it does not understand,
it says nothing, and it never concludes from what is not there.
"""

from collections.abc import Callable, Iterator

from kb.answer.coders.electronic import code_electronic
from kb.answer.coders.examination import code_examination
from kb.answer.coders.finding import Finding
from kb.answer.coders.monitoring import code_monitoring
from kb.answer.coders.passages import Passage, list_passages
from kb.answer.coders.proposal import Proposal
from kb.answer.coders.refills import code_refills
from kb.answer.coders.schedules import code_schedules
from kb.answer.coders.supplies import code_supplies
from kb.answer.coders.terms import read_term
from kb.models import Reading

__all__ = ["Proposal", "propose"]

CODERS: tuple[Callable[[Passage], Iterator[Finding]], ...] = (
    code_schedules,
    code_monitoring,
    code_refills,
    code_supplies,
    code_electronic,
    code_examination,
)


# Questions whose answer "not for ketamine" is silent where the same document has a duty that reaches ketamine.
NARROW, CONDITIONAL = "not_for_ketamine", "conditional"


def propose(reading: Reading) -> tuple[Proposal, ...]:
    """Propose answers from one document; returns them in reading order, one a provision, question and value."""
    found: dict[tuple[int, str, str], Proposal] = {}
    for place, passage in enumerate(list_passages(reading)):
        for finding in _code(passage):
            found.setdefault((place, finding.question, str(finding.value)), _make_proposal(passage, finding))
    return _drop_narrow(tuple(found.values()))


def _code(passage: Passage) -> Iterator[Finding]:
    for coder in CODERS if passage.provision.text else (code_schedules,):
        yield from coder(passage)


def _drop_narrow(proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    wide = {one.question for one in proposals if one.value not in (NARROW, CONDITIONAL)}
    return tuple(one for one in proposals if one.value != NARROW or one.question not in wide)


def _make_proposal(passage: Passage, finding: Finding) -> Proposal:
    term = read_term(passage, finding.sentence)
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
        effective_from=term.begins.isoformat() if term.begins is not None else "",
        effective_to=term.ends.isoformat() if term.ends is not None else "",
    )
