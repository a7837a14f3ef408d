"""What one coder found in one sentence, before the document's dates and the printed quote are added."""

import msgspec

from kb.answer.coders.printed import Sentence
from kb.answer.coders.proposal import Confidence, Value


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A value that a sentence speaks for: the words that decide run from ``start`` to ``end`` of the folded text."""

    question: str
    value: Value
    sentence: Sentence
    start: int
    end: int
    reason: str
    confidence: Confidence
    details: dict[str, object] = {}
    scope: dict[str, tuple[str, ...]] = {}
