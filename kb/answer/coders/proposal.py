"""What a coder hands over: a value that the words of one provision speak for, and those words."""

from typing import Literal

import msgspec

Confidence = Literal["high", "medium", "low"]
Value = str | bool | float | tuple[str, ...]


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One proposed answer: for a person to accept, edit or reject, never published as a fact.

    ``quote`` is a piece of what the provision ``eid`` of ``document`` prints, at most 300 characters, with the words
    that decide. ``reason`` says in our words why the value follows. ``effective_from``, ``effective_to`` (the last day
    it applies) and ``reverts_to`` are ISO dates and a value where the law states them, else "".
    """

    question: str
    value: Value
    details: dict[str, object]
    scope: dict[str, tuple[str, ...]]
    document: str
    eid: str
    quote: str
    reason: str
    confidence: Confidence
    effective_from: str = ""
    effective_to: str = ""
    reverts_to: str = ""
