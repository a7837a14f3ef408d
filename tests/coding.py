"""Small texts for the coders: one document, one answer; whatever is proposed must be known to the codebook."""

from kb.answer.coders import propose
from kb.questions import read_codebook
from tests.build import make_reading


def code(text, question, heading="Rules", **fields):
    """Propose from one provision, or from pairs of eid and text; returns the proposals to a question."""
    parts = [("a", text)] if isinstance(text, str) else text
    found = propose(make_reading(*parts, heading=heading, **fields))
    assert [] == [problem for one in found for problem in list_unknown(one)]
    return [one for one in found if one.question == question]


def code_values(text, question, heading="Rules"):
    return [one.value for one in code(text, question, heading)]


def list_unknown(proposal):
    """Return what of a proposal its question does not know: the value, a detail, a dimension of its scope."""
    question = read_codebook().find(proposal.question)
    values = {choice.id for choice in question.values}
    details = {detail.id for detail in question.details}
    return [
        *({proposal.value} - values),
        *(set(proposal.details) - details),
        *(set(proposal.scope) - set(question.scope)),
    ]
