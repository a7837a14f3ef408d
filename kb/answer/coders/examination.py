"""Find what examination the law asks for before a controlled substance is prescribed, and whether a remote one suffices.

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
from kb.answer.coders.vocabulary import find_professions, has_words, match_words

QUESTION = "telehealth_prescribing"
EXAM = f"(?P<exam>{match_words('exams').pattern})"
REMOTE = f"(?P<remote>{match_words('remote').pattern})"
# "physician-patient relationship"  "practitioner-patient or practitioner-client relationship"
RELATION = r"\b(?:patient|client)\b[\w\s/-]{0,40}?\brelationships?\b"
GIVING = r"(?:prescri\w+|dispens\w+|administ\w+|issu\w+|furnish\w*)"
MAKING = r"(?:establish\w*|form(?:ed|s)?|creat\w+|initiat\w+|made|commence\w*)"
NEAR = r"[^.;]{0,260}?"
# "No physician shall prescribe a controlled substance except after a physical examination"
BARRED = re.compile(rf"\b(?:no|not|never|unlawful)\b{NEAR}\b{GIVING}{NEAR}\b(?:except|unless|without|until|prior to|before)\b{NEAR}{EXAM}", re.I)
# "shall conduct an in-person examination before prescribing"
FIRST = re.compile(rf"\b(?:shall|must|(?:is|are) required to)\b{NEAR}{EXAM}{NEAR}\b(?:before|prior to)\b{NEAR}\b{GIVING}", re.I)
# "Before prescribing a controlled substance a practitioner shall perform an in-person evaluation"
BEFORE = re.compile(rf"\b(?:before|prior to)\b{NEAR}\b{GIVING}{NEAR}\b(?:shall|must|(?:is|are) required to)\b{NEAR}{EXAM}", re.I)
# "may not prescribe a controlled substance through telemedicine"
PROHIBITED = re.compile(rf"\b(?:(?:may|shall|must|is|are) not|no)\b{NEAR}\b{GIVING}{NEAR}\b(?:by|through|via|using|during|on the basis of)\b[^.;]{{0,60}}?{REMOTE}", re.I)
# "A physician-patient relationship may be established via telehealth"
MADE = re.compile(rf"{RELATION}[^.;]{{0,90}}?\b(?:may|can|is|shall)\s+(?:also\s+)?be\s+{MAKING}\b[^.;]{{0,90}}?{REMOTE}", re.I)
# "may establish a patient relationship through telemedicine"  "may use telehealth to establish a patient relationship"
MAKES = re.compile(rf"\b(?:may|can)\s+(?:use\s+{match_words('remote').pattern}\s+to\s+)?{MAKING}\b[^.;]{{0,90}}?{RELATION}(?:[^.;]{{0,90}}?{REMOTE})?", re.I)
# "Telemedicine may be used to establish a valid relationship"
USED = re.compile(rf"{REMOTE}[^.;]{{0,60}}?\b(?:may|can)\s+be\s+used\s+to\s+{MAKING}\b[^.;]{{0,60}}?{RELATION}", re.I)
# A relationship "with respect to telemedicine … is created by mutual consent"
CREATED = re.compile(rf"{RELATION}[^.;]{{0,40}}?{REMOTE}[^.;]{{0,40}}?\bis\s+{MAKING}\s+by\b", re.I)
# "may prescribe a controlled substance by telehealth"
ALLOWED = re.compile(rf"\bmay\s+(?!not\b)(?:\w+\s+){{0,4}}?(?:prescribe|issue a prescription)\b{NEAR}\b(?:by|through|via|using|during)\b[^.;]{{0,60}}?{REMOTE}", re.I)
# "an in-person examination is not required"
NEEDLESS = re.compile(rf"{EXAM}[^.;]{{0,60}}?\b(?:is|are|shall|may|need)\s+not\s+(?:be\s+)?(?:required|necessary|a prerequisite|a precondition)", re.I)
# "in compliance with federal law" on controlled substances
FEDERAL = re.compile(r"\b(?:comply|complies|compliance|accordance|consistent)\b[^.;]{0,140}?\bfederal\b", re.I)
# "within the previous 24 months"
RECENT = re.compile(rf"\bwithin\s+(?:the\s+)?(?:previous|preceding|prior|past|last)\s+{DURATION.pattern}", re.I)
# "at least annually"  "at least every twelve months"
AGAIN = re.compile(rf"\b(?:at least|no less than|not less than)\s+(?:once\s+)?(?:{RATE.pattern}|every\s+{DURATION.pattern.replace('?P<', '?P<again_')})", re.I)
# Under "a prescription may only be issued by telehealth if:" an examination is a condition
BAR_ABOVE = re.compile(r"\b(?:only|unless|except|not|no)\b", re.I)
# What makes a permission conditional, and who lifts a bar
CONDITION = re.compile(r"\b(?:if|provided that|only when|only if|as long as)\b", re.I)
BOARD = re.compile(r"\b(?:unless|except)\b[^.;]{0,120}\b(?:board|commission)\b", re.I)
NEGATED = re.compile(r"\b(?:not|never|no|nothing)\b", re.I)


# A quick look before all others
SPOKEN_OF = re.compile(r"\bexamin|relationship|tele|\bperson\b|present with|face", re.I)


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
    reach = judge_reach(f"{passage.lead_in} {words}")
    if reach != "ketamine":
        return None
    for pattern in (BARRED, FIRST, BEFORE) if has_words("exams", words) else ():
        match = pattern.search(words)
        if match is not None:
            return _weigh_exam(words, match)
    if BAR_ABOVE.search(passage.lead_in) is not None and re.search(GIVING, passage.lead_in, re.I) is not None:
        match = re.search(EXAM, words, re.I)
        if match is not None and NEGATED.search(words[: match.start()]) is None:
            return _weigh_exam(words, match)
    attended = match_words("attended").search(words)
    if attended is not None and re.search(GIVING, words, re.I) is not None:
        return Rule("in_person_or_attended", "medium", attended, "a practitioner must be with the patient")
    match = PROHIBITED.search(words) if has_words("remote", words) else None
    if match is None:
        return None
    if BOARD.search(words) is not None:
        return Rule("board_permission", "medium", match, "no prescription by telehealth unless the board allows it")
    certain: Confidence = "low" if "unless" in words or "except" in words else "high"
    return Rule("not_permitted", certain, match, "no prescription of such a drug by telehealth")


def _weigh_exam(words: str, match: re.Match[str]) -> Rule:
    """Return what a bar without an examination comes to: first, recent, or a remote one is enough."""
    if has_words("remote", words[match.start("exam") : match.end("exam") + 120]):
        return Rule("telehealth_suffices", "medium", match, "an examination is asked for, and a remote one is taken")
    if RECENT.search(words, match.start("exam")) is not None:
        return Rule("in_person_recent", "high", match, "an examination in person within a set time before")
    bodily = "person" not in match["exam"].lower() and "face" not in match["exam"].lower()
    reason = "no such prescription without a physical examination" if bodily else "an examination in person comes first"
    return Rule("in_person_first", "medium" if bodily else "high", match, reason)


def _read_permissions(passage: Passage, sentence: Sentence) -> Rule | None:
    """Return what a sentence lets be done by telehealth."""
    words = sentence.words
    if not (has_words("remote", words) or NEEDLESS.search(words) is not None):
        return None
    for pattern in (MADE, MAKES, USED, CREATED):
        match = pattern.search(words)
        if match is not None and NEGATED.search(match.group()) is None and has_words("remote", match.group()):
            certain: Confidence = "low" if pattern is CREATED else "medium"
            return Rule("telehealth_suffices", certain, match, "the relationship with the patient may begin by telehealth")
    reach = judge_reach(f"{passage.lead_in} {words}")
    match = ALLOWED.search(words)
    if match is not None and reach == "ketamine":
        conditional = CONDITION.search(words) is not None
        value = "telehealth_with_conditions" if conditional else "telehealth_suffices"
        return Rule(value, "medium", match, "drugs that take in ketamine may be prescribed by telehealth")
    match = NEEDLESS.search(words)
    if match is not None and reach != "others" and re.search(GIVING, words, re.I) is not None:
        return Rule("telehealth_suffices", "medium", match, "no examination in person is asked for")
    match = FEDERAL.search(words)
    if match is not None and reach == "ketamine" and re.search(r"\bprescri", words, re.I) is not None:
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
