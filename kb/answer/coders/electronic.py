"""Find duties to send prescriptions electronically, and whether they reach ketamine.

Permissions ("may be transmitted electronically"), duties to report electronically, and rules on what an electronic
prescription must contain are none.
"""

import re
from collections.abc import Iterator


from kb.answer.coders.figures import find_classes
from kb.answer.coders.finding import Finding
from kb.answer.coders.passages import Passage
from kb.answer.coders.printed import Sentence
from kb.answer.coders.reach import judge_reach
from kb.answer.coders.vocabulary import find_professions, has_words, match_words

QUESTION = "eprescribing_mandate"
ELECTRONIC = match_words("electronic").pattern
SENDING = match_words("sending").pattern
# A prescription "must be issued as an electronic prescription"; "shall be transmitted electronically"
PASSIVE = re.compile(
    rf"\bprescriptions?\b(?P<drugs>[^.;]{{0,260}}?)\b(?:shall|must|(?:is|are) required to|may only)\s+(?:only\s+)?be\s+(?:only\s+)?(?:electronically\s+)?"
    rf"(?:{SENDING}|by|electronic)\b[^.;]{{0,60}}?{ELECTRONIC}",
    re.I,
)
# A prescription "shall be electronically transmitted"
ADVERB = re.compile(rf"\bprescriptions?\b(?P<drugs>[^.;]{{0,260}}?)\b(?:shall|must|(?:is|are) required to)\s+be\s+(?:only\s+)?electronically\s+(?:{SENDING}|prescribed)\b", re.I)
# A prescriber "shall sign and transmit electronic prescriptions for controlled substances"
ACTIVE = re.compile(
    rf"\b(?:shall|must|(?:is|are) required to)\s+(?!not\b|be\b)(?:[\w,]+\s+){{0,12}}?(?:electronically\s+(?:{SENDING})|(?:{SENDING})\b[^.;]{{0,160}}?(?:{ELECTRONIC}))(?P<drugs>[^.;]{{0,200}})",
    re.I,
)
# "No person shall issue a prescription … unless it is an electronic prescription"
UNLESS = re.compile(rf"\b(?:no|not)\b[^.;]{{0,200}}?\b(?:prescri|dispens)\w+(?P<drugs>[^.;]{{0,200}}?)\b(?:unless|without|except|other than by)\b[^.;]{{0,90}}?{ELECTRONIC}", re.I)
PATTERNS = (PASSIVE, ADVERB, ACTIVE, UNLESS)
# One form among others: "written, oral or electronic", "electronic or written"
AMONG = re.compile(
    rf"(?:{match_words('other_forms').pattern})[^.;]{{0,40}}?(?:,|\bor\b|\band\b)\s*(?:an?\s+)?electronic"
    rf"|electronic\w*(?:\s+prescriptions?)?(?:\s+orders?)?\s*(?:,|\bor\b|\band\b)\s*(?:an?\s+|by\s+)?{match_words('other_forms').pattern}",
    re.I,
)
# What is sent is no prescription, or the duty is no duty
OTHER = re.compile(r"\b(?:not required|not be required|report\w*|information|data|records?|claims?|monitoring|database|notice|application|prior authori[sz]ation|reimburse\w*)\b", re.I)
# "Subsection (c) does not apply to prescriptions": the duty has exceptions
EXCEPT = re.compile(r"\b(?:does not apply|do not apply|shall not apply|except|exempt|unless|waiver)\b", re.I)
# "Subject to subsection (d)"  "Except as provided in"
SUBJECT_TO = re.compile(r"\b(?:subject to (?:sub)?section|except (?:as|for|when)|unless)\b", re.I)
# A law that takes every form: "written, … oral … or … electronic prescription"
EVERY_FORM = re.compile(r"\bwithout\b[^.;]{0,60}\bwritten\b[^.;]{0,120}\boral\b[^.;]{0,120}\belectronic prescription", re.I)


def code_electronic(passage: Passage) -> Iterator[Finding]:
    """Yield each duty to send prescriptions electronically, and each rule that takes every form for Schedule III."""
    for sentence in passage.sentences:
        words = sentence.words
        if "lectronic" not in words or "prescri" not in words.lower():
            continue
        if EVERY_FORM.search(words) is not None and judge_reach(words) == "ketamine":
            yield _find(passage, sentence, EVERY_FORM.search(words), "none")
        elif AMONG.search(words) is None:
            yield from _code_duty(passage, sentence)


def _code_duty(passage: Passage, sentence: Sentence) -> Iterator[Finding]:
    for pattern in PATTERNS:
        match = pattern.search(sentence.words)
        if match is not None and OTHER.search(match.group()) is None:
            value = _choose_value(passage, sentence)
            if value:
                yield _find(passage, sentence, match, value)
            return


def _choose_value(passage: Passage, sentence: Sentence) -> str:
    """Return the value by the drugs the sentence, the list it opens or the texts above tell; "" if nobody tells."""
    for text in (sentence.words, passage.tail, passage.lead_in):
        reach = judge_reach(text)
        if reach != "unsaid":
            return "controlled_substances" if reach == "ketamine" else "not_for_ketamine"
    if RECORD_SYSTEM.search(sentence.words) is not None:
        return "record_system_users"
    return "all_prescriptions" if ALL.search(sentence.words) is not None else ""


# "all prescriptions"  "any prescription"  "every prescription"
ALL = re.compile(r"\b(?:all|any|every|each)\s+(?:\w+\s+){0,3}?prescriptions?\b|\bno prescription\b", re.I)
# "maintains a system of electronic health records"
RECORD_SYSTEM = re.compile(r"\belectronic (?:health|medical) records?\b", re.I)
REASONS = {
    "record_system_users": "those who keep electronic records must send prescriptions electronically",
    "none": "the written and the oral form are taken beside the electronic one",
    "controlled_substances": "prescriptions of drugs that take in ketamine must be electronic",
    "all_prescriptions": "all prescriptions must be electronic",
    "not_for_ketamine": "prescriptions must be electronic, of drugs that ketamine is none of",
}


def _find(passage: Passage, sentence: Sentence, match: re.Match[str] | None, value: str) -> Finding:
    start, end = match.span() if match is not None else (0, len(sentence.words))
    classes = next((one.names for one in find_classes(sentence.words)), ())
    reason = REASONS[value]
    if value != "none" and has_exceptions(passage):
        reason += "; there are exceptions"
    return Finding(
        question=QUESTION,
        value=value,
        sentence=sentence,
        start=sentence.start + start,
        end=sentence.start + end,
        reason=reason,
        confidence="medium" if value == "none" else "high",
        details={"schedules": ", ".join(classes)} if classes else {},
        scope={"profession": named} if (named := find_professions(sentence.words[:start])) else {},
    )


def has_exceptions(passage: Passage) -> bool:
    """Tell whether a duty is subject to exceptions: it says so itself, or another provision names it as not applying."""
    if SUBJECT_TO.search(passage.printed.plain) is not None:
        return True
    last = passage.provision.eid.rpartition("__")[2]
    named = re.compile(rf"\([{re.escape(last)}]\)[^.;]{{0,60}}{EXCEPT.pattern}", re.I) if len(last) == 1 else None
    return named is not None and any(named.search(one.text) is not None for one in passage.reading.provisions)
