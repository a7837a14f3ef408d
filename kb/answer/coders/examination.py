"""Find what examination comes before a controlled substance is prescribed, and whether a remote one suffices.

Rules for opioids or Schedule II alone, for animals, for cannabis certificates, and on questionnaires are other rules.
"""

import re
from collections.abc import Iterator

import msgspec

from kb.answer.coders.figures import DURATION, RATE, RATES, find_lengths
from kb.answer.coders.finding import Finding
from kb.answer.coders.passages import Passage
from kb.answer.coders.printed import Sentence
from kb.answer.coders.proposal import Confidence
from kb.answer.coders.reach import judge_reach
from kb.answer.coders.vocabulary import Shape, find_professions, has_words, match_words

QUESTION = "telehealth_prescribing"
# "physician-patient relationship"  "practitioner-patient or practitioner-client relationship"
RELATION = r"\b(?:patient|client)\b[\w\s/-]{0,40}?\brelationships?\b"
EXAM = Shape("{exams}")
BARS = tuple(
    map(
        Shape,
        (
            # "No physician shall prescribe a controlled substance except after a physical examination"
            "{denying} … {giving} … {barring} … {exams}",
            # "shall conduct an in-person examination before prescribing"
            "{must} … {exams} … {ahead} … {giving}",
            # "Before prescribing a controlled substance a practitioner shall perform an in-person evaluation"
            "{ahead} … {giving} … {must} … {exams}",
        ),
    )
)
# Under "It is unprofessional conduct to:": "prescribe a controlled substance without an in-person examination"
MISCONDUCT = Shape(r"^\W*{giving} … {barring} … {exams}")
# "may not prescribe a controlled substance through telemedicine"
PROHIBITED = Shape("{denying} … {giving} … {by_means} ‥ {remote}")
BEGINNINGS = tuple(
    map(
        Shape,
        (
            # "A physician-patient relationship may be established via telehealth"
            RELATION + r" ‥ (?:may|can|is|shall) (?:also )?be {making} ‥ {remote}",
            # "may establish a patient relationship through telemedicine"
            r"\b(?:may|can) {making} ‥ " + RELATION + " ‥ {remote}",
            # "may use telehealth to establish a patient relationship"
            r"\b(?:may|can) use {remote} to {making} ‥ " + RELATION,
            # "Telemedicine may be used to establish a valid relationship"
            r"{remote} ‥ (?:may|can) be used to {making} ‥ " + RELATION,
        ),
    )
)
# A relationship "with respect to telemedicine … is created by mutual consent"
CREATED = Shape(RELATION + r" ‥ {remote} ‥ is {making} by\b")
# "may prescribe a controlled substance by telehealth"
ALLOWED = Shape(
    r"\bmay(?:,[^.;]{3,120}?,)? (?!not\b)(?:\w+ ){0,4}?(?:prescribe|issue a prescription) … {by_means} ‥ {remote}"
)
# "an in-person examination is not required"
NEEDLESS = Shape("{exams} ‥ (?:is|are|shall|may|need) not (?:be )?(?:required|necessary|a prerequisite|a precondition)")
# "in compliance with federal law" on controlled substances
FEDERAL = Shape(r"\b(?:comply|complies|compliance|accordance|consistent) … federal\b")
# "within the previous 24 months"
RECENT = Shape(r"\bwithin (?:the )?(?:previous|preceding|prior|past|last) " + DURATION.pattern)
# "at least annually"  "at least every twelve months"
AGAIN = Shape(rf"\b(?:at least|no less than|not less than) (?:once )?(?:{RATE.pattern}|every {DURATION.pattern})")
# Under "a prescription may only be issued by telehealth if:" an examination is a condition
BAR_ABOVE = re.compile(r"\b(?:only|unless|except|not|no)\b", re.IGNORECASE)
# What makes a permission conditional, and who lifts a bar
CONDITION = re.compile(r"\b(?:if|provided that|only when|only if|as long as)\b", re.IGNORECASE)
BOARD = re.compile(r"\b(?:unless|except)\b[^.;]{0,120}\b(?:board|commission)\b", re.IGNORECASE)
# "unless the prescriber has an in-person relationship"
VISIT = Shape("unless … (?:in-person|in person|face-to-face)")
NEGATED = re.compile(r"\b(?:not|never|no|nothing)\b", re.IGNORECASE)


# A quick look before all others
SPOKEN_OF = re.compile(r"\bexamin|relationship|tele|\bperson\b|present with|face", re.IGNORECASE)


class Rule(msgspec.Struct, frozen=True):
    """What a sentence says of examinations: the value, how surely, and the words that say so."""

    value: str
    confidence: Confidence
    match: re.Match[str]
    reason: str


def code_examination(passage: Passage) -> Iterator[Finding]:
    """Yield what each sentence of a passage asks before ketamine may be prescribed."""
    if _is_foreign(passage):
        return
    for sentence in passage.sentences:
        rule = _read_bars(passage, sentence) or _read_permissions(passage, sentence)
        if rule is not None:
            yield _make_finding(sentence, rule)


def _is_foreign(passage: Passage) -> bool:
    """Tell whether a passage is about animals, abortion or cannabis, whose examinations are others."""
    if SPOKEN_OF.search(passage.printed.plain) is None:
        return True
    if has_words("foreign_care", f"{passage.title} {passage.printed.plain}"):
        return True
    return any(has_words("foreign_documents", one.text) for one in passage.reading.provisions)


def _read_bars(passage: Passage, sentence: Sentence) -> Rule | None:
    """Return what a sentence forbids before an examination, or by telehealth, for drugs that take in ketamine."""
    words = sentence.words
    if judge_reach(f"{passage.lead_in} {words}") != "ketamine":
        return None
    exam = _find_exam(passage.lead_in, words) if has_words("exams", words) else None
    if exam is not None:
        return _weigh_exam(words, exam)
    attended = match_words("attended").search(words)
    if attended is not None and has_words("giving", words):
        return Rule("in_person_or_attended", "medium", attended, "a practitioner must be with the patient")
    banned = PROHIBITED.search(words) if has_words("remote", words) else None
    return _weigh_ban(words, banned) if banned is not None else None


def _find_exam(lead_in: str, words: str) -> re.Match[str] | None:
    """Return where a sentence makes an examination a condition: by itself, or as an item of a list of conditions."""
    for shape in (*BARS, MISCONDUCT) if has_words("misconduct", lead_in) else BARS:
        match = shape.search(words)
        if match is not None:
            return match
    if BAR_ABOVE.search(lead_in) is None or not has_words("giving", lead_in):
        return None
    match = EXAM.search(words)
    return match if match is not None and NEGATED.search(words[: match.start()]) is None else None


def _weigh_ban(words: str, match: re.Match[str]) -> Rule:
    """Return what a ban on prescribing by telehealth comes to: who or what may lift it."""
    if VISIT.search(words, match.end()) is not None:
        return Rule("in_person_first", "low", match, "not by telehealth unless the patient was seen in person")
    if BOARD.search(words) is not None:
        return Rule("board_permission", "medium", match, "no prescription by telehealth unless the board allows it")
    certain: Confidence = "low" if "unless" in words or "except" in words else "high"
    return Rule("not_permitted", certain, match, "no prescription of such a drug by telehealth")


def _weigh_exam(words: str, match: re.Match[str]) -> Rule:
    """Return what a bar without an examination comes to: first, recent, or a remote one is enough."""
    if has_words("remote", words[match.start("exams") : match.end("exams") + 120]):
        return Rule("telehealth_suffices", "medium", match, "an examination is asked for, and a remote one is taken")
    if RECENT.search(words, match.start("exams")) is not None:
        return Rule("in_person_recent", "high", match, "an examination in person within a set time before")
    bodily = "person" not in match["exams"].lower() and "face" not in match["exams"].lower()
    reason = "no such prescription without a physical examination" if bodily else "an examination in person comes first"
    return Rule("in_person_first", "medium" if bodily else "high", match, reason)


def _read_permissions(passage: Passage, sentence: Sentence) -> Rule | None:
    """Return what a sentence lets be done by telehealth."""
    words = sentence.words
    if not (has_words("remote", words) or NEEDLESS.search(words) is not None):
        return None
    for pattern in (*BEGINNINGS, CREATED):
        match = pattern.search(words)
        if match is not None and NEGATED.search(match.group()) is None and has_words("remote", match.group()):
            certain: Confidence = "low" if pattern is CREATED else "medium"
            return Rule(
                "telehealth_suffices", certain, match, "the relationship with the patient may begin by telehealth"
            )
    reach = judge_reach(f"{passage.lead_in} {words}")
    match = ALLOWED.search(words)
    if match is not None and reach == "ketamine":
        conditional = CONDITION.search(words) is not None
        value = "telehealth_with_conditions" if conditional else "telehealth_suffices"
        return Rule(value, "medium", match, "drugs that take in ketamine may be prescribed by telehealth")
    match = NEEDLESS.search(words)
    if match is not None and reach != "others" and has_words("giving", words):
        return Rule("telehealth_suffices", "medium", match, "no examination in person is asked for")
    match = FEDERAL.search(words)
    if match is not None and reach == "ketamine" and re.search(r"\bprescri", words, re.IGNORECASE) is not None:
        return Rule("nothing_beyond_federal", "medium", match, "prescribing by telehealth must follow federal law")
    return None


def _make_finding(sentence: Sentence, rule: Rule) -> Finding:
    words = sentence.words
    recent, again = RECENT.search(words), AGAIN.search(words)
    details: dict[str, object] = {}
    if recent is not None and rule.value == "in_person_recent":
        details["seen_within"] = next(find_lengths(recent.group())).iso
    if again is not None and rule.value.startswith("in_person"):
        rate = RATE.search(again.group())
        details["in_person_every"] = RATES[rate.group().lower()] if rate else next(find_lengths(again.group())).iso
    named = find_professions(words)
    return Finding(
        question=QUESTION,
        value=rule.value,
        sentence=sentence,
        start=sentence.start + rule.match.start(),
        end=sentence.start + rule.match.end(),
        reason=rule.reason,
        confidence=rule.confidence,
        details=details,
        scope={"profession": named} if named else {},
    )
