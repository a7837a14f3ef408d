"""Facts as values: a coded answer with its evidence and anchor, and each step its anchor took through the texts."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Literal

import msgspec

from kb.models import Gap
from kb.read.canonical import fold_text

# A choice's id, several of them, a truth, a figure, a duration (ISO 8601) or a short text, as the question's type says.
Value = str | bool | int | float | tuple[str, ...]
Basis = Literal["", "listed", "incorporated", "federal_default"]
EvidenceKind = Literal["official", "mirror", "secondary", "knowledge"]
Confidence = Literal["high", "medium", "low"]
# How a fact stands to the law's own words (docs/concepts.md).
# What a change did to a fact's provision: its own words are others, it stands elsewhere, it is no more; or what
# changed stands above or below it (a lead-in, one of its own items), or only beside it in the same document.
Effect = Literal["words_changed", "moved", "gone", "around", "beside"]
FactState = Literal["reported", "anchored", "verified", "needs_review", "broken"]
How = Literal["", "exact", "canonical", "fuzzy"]
Cause = Literal["resolved", "moved", "words", "review", "restored", "gone"]


class Anchor(msgspec.Struct, frozen=True):
    """The words that prove a fact: the document, the address of the provision in it, and the quote as printed."""

    document: str
    eid: str
    quote: str


class Evidence(msgspec.Struct, frozen=True):
    """What was read: its address ("" for what nobody read), its kind, and the day it was seen ("" unknown)."""

    url: str
    kind: EvidenceKind
    seen_on: str = ""


class SecondCoding(msgspec.Struct, frozen=True):
    """What a second coder made of the same law, without seeing the first one's value."""

    value: Value
    coded_on: str
    coded_by: str


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of a jurisdiction to a question within a scope, or why there is none (``gap``).

    Dates are text as coded: a day, a month ("2021-07") or a year. ``file`` and ``line`` say where it is declared;
    ``place`` is its place in the order of its jurisdiction. ``superseded_on`` ends an entry that another replaced.
    """

    id: str
    jurisdiction: str
    question: str
    place: int
    value: Value | None
    gap: Gap | None
    details: Mapping[str, Value] = {}
    scope: Mapping[str, tuple[str, ...]] = {}
    basis: Basis = ""
    binding: str = ""
    authority: str = ""
    citation: str = ""
    url: str = ""
    note: str = ""
    searched: tuple[str, ...] = ()
    effective_from: str = ""
    effective_to: str = ""
    reverts_to: Value | None = None
    anchor: Anchor | None = None
    evidence: tuple[Evidence, ...] = ()
    confidence: Confidence = "low"
    coded_on: str = ""
    coded_by: str = ""
    second: SecondCoding | None = None
    reviewed_on: str = ""
    reviewed_by: str = ""
    reviewed_text: str = ""
    review_note: str = ""
    superseded_on: str = ""
    replica: bool = False
    file: str = ""

    @property
    def is_binding(self) -> bool:
        """Tell whether it states law or guidance in being: a bill or a proposal does not."""
        return self.binding not in ("bill", "proposal")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """How a fact's anchor stood from an instant on, and why: one row of ``fact_history``.

    ``at`` is the instant it came about, ``wave_at`` the wave (or the end of the day of review) that told it.
    ``document``, ``eid`` and ``version`` say where the words stand (of a broken one: stood last); ``sha256`` and
    ``captured_at`` name the snapshot. ``text_hash`` is that of the provision's words (``hash_words``). ``old_text``
    and ``new_text`` are the provision's text when last agreed to and now, where they differ.
    """

    fact: str
    at: str
    wave_at: str
    state: FactState
    cause: Cause
    how: How
    score: float
    document: str
    eid: str
    citation: str
    version: str
    source: str
    url: str
    sha256: str
    captured_at: str
    quote: str
    prefix: str
    suffix: str
    text_hash: str
    old_text: str
    new_text: str
    reason: str


def hash_words(text: str) -> str:
    """Return the hash of a provision's words: SHA-256 of its canonical text, so that a new layout leaves it alone."""
    return sha256(fold_text(text).encode("utf-8", "surrogatepass")).hexdigest()


def spell_value(value: Value | None) -> str:
    """Write a value as text: ids as they are, several joined by " + ", truths as yes or no, "" for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " + ".join(value) if isinstance(value, tuple) else str(value)
