"""Small texts for the coders: one document, one answer asked for."""

from kb.answer.coders import propose
from tests.build import make_reading


def code(text, question, heading="Rules", **fields):
    """Propose from one provision, or from pairs of eid and text; returns the proposals to a question."""
    parts = [("a", text)] if isinstance(text, str) else text
    return [one for one in propose(make_reading(*parts, heading=heading, **fields)) if one.question == question]


def code_values(text, question, heading="Rules"):
    return [one.value for one in code(text, question, heading)]
