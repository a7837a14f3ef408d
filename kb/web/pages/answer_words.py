"""The words pages say answers with: how far there is one, how it is proven, where it was read, what is beside it."""

import re
from collections.abc import Mapping
from typing import Literal

from kb.answer.facts import EvidenceKind, FactState
from kb.tell.words import MONTHS, print_day

# What a cell of the matrix is, and what that means.
STANDING_LABELS: Mapping[str, str] = {
    "answered": "Answered",
    "limited": "Answered for some",
    "conflict": "Sources disagree",
    "law_silent": "The law says nothing on this",
    "coming": "Not yet: starts later",
    "lapsed": "Ended; what follows is not known",
    "pending": "Only proposed so far",
    "not_found": "Looked, found nothing",
    "not_checked": "Not looked at yet",
    "not_asked": "Not a question for this level of law",
    "unknown_before": "No record before this date",
}
STANDING_SENTENCES: Mapping[str, str] = {
    "answered": "There is an answer to all of what is asked.",
    "limited": "Answers are known for some professions, drugs, events or settings; others may differ.",
    "conflict": "Entries contradict each other. All are shown; we do not choose.",
    "law_silent": "The law was read and says nothing of it.",
    "coming": "Nothing applies yet; what comes is shown with its date.",
    "lapsed": "What was known has ended; what applies since is not known.",
    "pending": "There are only bills or proposals: none of it is law.",
    "not_found": "It was looked for in the places named. That is no proof that no rule exists.",
    "not_checked": "Nobody has looked for it here yet. That says nothing about the law.",
    "not_asked": "This question is put to another level of law.",
    "unknown_before": "What applied then is not recorded here.",
}
# Cells that hold an answer, and those that hold none, in the order they are counted.
ANSWERED: tuple[str, ...] = ("answered", "limited", "conflict", "law_silent")
UNANSWERED: tuple[str, ...] = (
    "coming", "lapsed", "pending", "unknown_before", "not_found", "not_checked", "not_asked",
)  # fmt: skip
# A sign before a chip's words; nobody needs it to understand them.
CHIP_MARKS: Mapping[str, str] = {
    "verified": "✓",
    "anchored": "❝",
    "reported": "○",
    "needs_review": "△",
    "broken": "✕",
    "conflict": "≠",
    "law_silent": "–",
    "not_found": "?",
}
# What a chip says in a table, where the longer words of FACT_STATES would take a column.
SHORT_LABELS: Mapping[FactState, str] = {
    "verified": "Checked by a person",
    "anchored": "Quoted from the law",
    "reported": "Reported",
    "needs_review": "Wording changed since review",
    "broken": "Quoted words are gone",
}
# How a fact stands to the law's own words, said of one fact in full.
PROOF_SENTENCES: Mapping[FactState, str] = {
    "verified": "A person compared these exact words with the answer, and they have not changed since.",
    "anchored": "Our reader found these words in the archived text; no person has confirmed the answer yet.",
    "reported": "Coded from what was read elsewhere. The official text is not archived here, so its words cannot be "
    "quoted and nobody is told when they change. The rule is named: read it before you rely on the answer.",
    "needs_review": "The words changed after they were last agreed to. The answer may be out of date; both texts "
    "are shown below.",
    "broken": "The quoted words are no longer in the text. Do not rely on this answer.",
}
PAGE_LABELS: Mapping[EvidenceKind, str] = {
    "official": "an official page",
    "mirror": "another publisher’s copy of the law",
    "secondary": "a secondary source",
    "knowledge": "general knowledge, no page",
}
# The same in a table.
PAGE_SHORT_LABELS: Mapping[EvidenceKind, str] = {
    "official": "official page",
    "mirror": "copy of the law",
    "secondary": "secondary source",
    "knowledge": "from memory",
}
EVIDENCE_SENTENCES: Mapping[EvidenceKind, str] = {
    "official": "published by the body that makes or keeps the rule",
    "mirror": "the law’s text as somebody else publishes it; others hold rights in that edition",
    "secondary": "tells of the rule in its own words; a lead to the law, never proof of it",
    "knowledge": "told from memory: look it up before use",
}
ROLE_LABELS: Mapping[str, str] = {
    "leading": "Answer",
    "yielding": "Gives way to the above",
    "narrower": "Also, for a part",
    "coming": "Comes later",
    "lapsed": "Ended",
    "pending": "Proposed, not law",
    "unseen": "Seen only later",
    "lead": "Lead, not followed yet",
}
DATE_LABELS: Mapping[str, str] = {
    "effective": "takes effect",
    "sunset": "ends (sunset)",
    "expiry": "expires",
    "comment": "comments close",
    "reverts": "the rule falls back to this",
}
CAUSE_LABELS: Mapping[str, str] = {
    "resolved": "Found in the text",
    "moved": "Moved, same words",
    "words": "Words changed",
    "review": "Confirmed by a person",
    "restored": "Words are back",
    "gone": "Words are gone",
}
HOW_LABELS: Mapping[str, str] = {
    "": "",
    "exact": "as printed",
    "canonical": "but for typography",
    "fuzzy": "nearly, not to the letter",
}
ASKED_OF_LABELS: Mapping[Literal["states", "federal", "all"], str] = {
    "states": "the states, the district and the territories",
    "federal": "federal law",
    "all": "federal law, the states, the district and the territories",
}
STRICTER_LABELS: Mapping[str, str] = {
    "yes": "stricter than federal law",
    "no": "federal law is stricter",
    "equal": "as federal law",
    "not_comparable": "not comparable to federal law",
}
MONTH_SIGNS = 7
# Of several choices so many are named where room is short.
CHOICES_NAMED = 3
# "2026-11-28" within a sentence
DAYS_IN_TEXT = re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")
# "P90D", "PT24H", "P1Y6M"
DURATION = re.compile(
    r"P(?:(?P<year>\d+)Y)?(?:(?P<month>\d+)M)?(?:(?P<week>\d+)W)?(?:(?P<day>\d+)D)?"
    r"(?:T(?:(?P<hour>\d+)H)?(?:(?P<minute>\d+)M)?)?"
)


def print_stated(text: str) -> str:
    """Return a date as coded in letters, as exact as it was told: "2021", "Jul 2021", "Jul 1, 2021"."""
    if len(text) == MONTH_SIGNS:
        return f"{MONTHS[int(text[5:]) - 1]} {text[:4]}"
    return print_day(text) if len(text) > MONTH_SIGNS else text


def open_sentence(text: str) -> str:
    """Return a text that begins with a capital and is else as it was; ``capitalize`` would lower the rest."""
    return text[:1].upper() + text[1:]


def shorten(label: str) -> str:
    """Return a label of several choices with the first of them by name and the others counted."""
    parts = label.split("; ")
    if len(parts) <= CHOICES_NAMED + 1:
        return label
    return f"{'; '.join(parts[:CHOICES_NAMED])}; and {len(parts) - CHOICES_NAMED} more"


def spell_days(text: str) -> str:
    """Return a sentence with its days in letters: "In force on Nov 28, 2026." for "In force on 2026-11-28."."""
    return DAYS_IN_TEXT.sub(lambda found: print_stated(found[0]), text)


def print_length(text: str) -> str:
    """Return a duration (ISO 8601) in words, "90 days" for "P90D"; any other text as it is."""
    found = DURATION.fullmatch(text)
    if found is None:
        return text
    told = [
        f"{count} {noun if count == '1' else noun + 's'}"
        for noun, count in found.groupdict().items()
        if count is not None
    ]
    return " ".join(told) or text
