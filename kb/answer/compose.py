"""Put the federal floor and a state's rule side by side, and name the stricter one with the reason."""

from typing import Literal

import msgspec

from kb.answer.answers import Answer, Reason, Status
from kb.answer.strictness import Verdict, compare_values
from kb.questions import Question

# Which of the two asks for more, as far as that can be told.
Stricter = Literal["state", "federal", "equal", "not_comparable", "state_only", "federal_only", "neither"]
SENTENCES: dict[Stricter, str] = {
    "state": "The state is stricter: {state} rather than {federal}.",
    "federal": "Federal law is stricter: {federal} rather than {state}.",
    "equal": "Both ask for as much: {state}, federally {federal}.",
    "not_comparable": "Which is stricter cannot be told: {state}, federally {federal}.",
    "state_only": "Only the state is known to answer: {state}.",
    "federal_only": "Only federal law is known to answer: {federal}.",
    "neither": "Neither is known to answer.",
}
SIDES: dict[Verdict, Stricter] = {
    "stricter": "state",
    "laxer": "federal",
    "equal": "equal",
    "not_comparable": "not_comparable",
}


class Composition(msgspec.Struct, frozen=True):
    """A state's answer and the federal one to the same question, and which of them is stricter, with the reason."""

    state: Status
    federal: Status
    stricter: Stricter
    why: Reason


def compose(state: Status, federal: Status, question: Question) -> Composition:
    """Return both with the stricter named; where either side tells several values, only if all compare alike."""
    ours, theirs = _list_told(state), _list_told(federal)
    if ours and theirs:
        verdicts = {
            compare_values(question, (one.value, one.gap), (other.value, other.gap)) for one in ours for other in theirs
        }
        found = SIDES[verdicts.pop()] if len(verdicts) == 1 else "not_comparable"
    elif ours or theirs:
        found = "state_only" if ours else "federal_only"
    else:
        found = "neither"
    words = {"state": _name_values(ours), "federal": _name_values(theirs)}
    return Composition(state, federal, found, Reason(found, SENTENCES[found].format(**words), words))


def _list_told(side: Status) -> list[Answer]:
    """Return what a side asks for: of answers that all hold the leading one, of contradicting or partial ones all."""
    leading = side.leading
    alone = bool(side.answers) and not any(one.contested for one in leading)
    return list(leading[:1] if alone else leading)


def _name_values(answers: list[Answer]) -> str:
    return " / ".join(dict.fromkeys(one.label for one in answers))
