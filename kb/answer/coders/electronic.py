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
from kb.answer.coders.vocabulary import Shape, find_professions, has_words

QUESTION = "eprescribing_mandate"
SHAPES = tuple(
    map(
        Shape,
        (
            # A prescription "must be issued as an electronic prescription"; "shall be transmitted electronically"
            r"\bprescriptions? … (?:{must}|may only) [\w ]{0,27}?\b(?:{sending}|by|electronic) ‥ {electronic}",
            # A prescription "shall be electronically transmitted"
            r"\bprescriptions? … {must} be (?:only )?electronically (?:{sending}|prescribed)\b",
            # A prescriber "shall sign and transmit electronic prescriptions for controlled substances"
            r"{must} (?!not\b|be\b)(?:[\w,]+ ){0,12}?(?:electronically {sending}|{sending} … {electronic})",
            # "No person shall issue a prescription … unless it is an electronic prescription"
            r"{denying} … (?:prescri|dispens)\w+ … (?:unless|without|except|other than by) … {electronic}",
        ),
    )
)
# One form among others: "written, oral or electronic", "electronic or written"
AMONG = Shape(
    r"{other_forms}[^.;]{0,40}?(?:,|\bor\b|\band\b)\s*(?:an? )?electronic"
    r"|electronic\w*(?: prescriptions?)?(?: orders?)?\s*(?:,|\bor\b|\band\b)\s*(?:an? |by )?{other_forms}"
)
# "Subsection (c) does not apply to prescriptions": the duty has exceptions
EXCEPT = re.compile(r"\b(?:does not apply|do not apply|shall not apply|except|exempt|unless|waiver)\b", re.IGNORECASE)
# "Subject to subsection (d)"  "Except as provided in"
SUBJECT_TO = re.compile(r"\b(?:subject to (?:sub)?section|except (?:as|for|when)|unless)\b", re.IGNORECASE)
# A law that takes every form: "written, … oral … or … electronic prescription"
EVERY_FORM = re.compile(
    r"\bwithout\b[^.;]{0,60}\bwritten\b[^.;]{0,120}\boral\b[^.;]{0,120}\belectronic prescription", re.IGNORECASE
)


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
    for shape in SHAPES:
        match = shape.search(sentence.words)
        if match is not None and not has_words("other_sendings", match.group()):
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
ALL = re.compile(r"\b(?:all|any|every|each)\s+(?:\w+\s+){0,3}?prescriptions?\b|\bno prescription\b", re.IGNORECASE)
# "maintains a system of electronic health records"
RECORD_SYSTEM = re.compile(r"\belectronic (?:health|medical) records?\b", re.IGNORECASE)
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
    """Tell whether a duty is subject to exceptions: it says so, or another provision says that it does not apply."""
    if SUBJECT_TO.search(passage.printed.plain) is not None:
        return True
    last = passage.provision.eid.rpartition("__")[2]
    named = re.compile(rf"\({re.escape(last)}\)[^.;]{{0,60}}{EXCEPT.pattern}", re.IGNORECASE)
    return any(named.search(one.text) is not None for one in passage.reading.provisions)
