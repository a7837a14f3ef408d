"""Find duties to query the prescription monitoring program, and whether they reach ketamine.

A duty needs one who is bound, a word of duty, a word of looking up, and the program. Powers ("may review"), duties to
register or report, and what follows from a failure to look are none.
"""

import re
from collections.abc import Iterator

import msgspec

from kb.answer.coders.figures import DURATION, RATE, RATES, find_lengths
from kb.answer.coders.finding import Finding
from kb.answer.coders.passages import Passage
from kb.answer.coders.printed import Sentence
from kb.answer.coders.proposal import Confidence
from kb.answer.coders.reach import Reach, cover_programs, judge_reach, name_others
from kb.answer.coders.vocabulary import find_events, find_professions, has_words, match_words

QUESTION = "pdmp_query_duty"
QUERIES = match_words("queries").pattern
DUTY = r"(?:shall|must|(?:is|are) required to|has a duty to|(?:has|have|shall have) the (?:professional )?responsibility to)"
# "shall promptly review"  "must, before prescribing …, query"  "shall (1) review"
ACTIVE = re.compile(
    rf"\b(?P<duty>{DUTY})(?!\s+not\b)(?:,[^.;]{{3,380}}?,)?(?:\s+\W?\w+\W?){{0,9}}?\s+(?P<verb>{QUERIES})", re.IGNORECASE
)
# The program "shall be reviewed"
PASSIVE = re.compile(rf"\b(?:shall|must)\s+(?:first\s+|also\s+)?be\s+(?P<verb>{QUERIES})", re.IGNORECASE)
# Under "the regulations must provide": "that a practitioner review"
DEMANDED = re.compile(
    rf"^\W*(?:that\s+|require\s+)(?:an?|each|every|the|all)\s+[\w\s,-]{{3,60}}?\s(?:to\s+)?(?P<verb>{QUERIES})", re.IGNORECASE
)
DEMANDING = re.compile(
    r"\b(?:regulations?|rules?|board|department|policy|policies)\b.*\b(?:provide|require|include)\b", re.IGNORECASE
)
# Under "A prescriber shall:": "review …"
LISTED = re.compile(rf"^\W*(?:\w+ly\s+)?(?P<verb>{QUERIES})", re.IGNORECASE)
ENDS_IN_DUTY = re.compile(rf"\b{DUTY}(?:\s+\w+)?\W*(?:do (?:all of )?the following\W*)?$", re.IGNORECASE)
# Where a query is no verb of the one bound: "shall provide access to", "shall be subject to review"
NO_VERB = re.compile(
    r"\b(?:(?<!responsibility )(?<!required )(?<!effort )(?<!attempt )(?<!employee )(?<!delegate )(?<!designee )to|the|of|for|electronic|provide|provides|no|not|may|subject|upon|allow|permit|authorize|ensure)\s+$",
    re.IGNORECASE,
)
# "must provide that a practitioner is not required to"; not "not later than"
NEGATED = re.compile(r"\bnot\b(?! (?:later|less|more|fewer)\b)", re.IGNORECASE)
# "shall obtain registration": what is obtained is no report
OTHER_OBJECT = re.compile(
    r"\s+(?:and\s+maintain\s+)?(?:an?\s+|the\s+)?(?:registration|account|access|certificat\w+|approval|training|consent)\b",
    re.IGNORECASE,
)
# "the patient's controlled substance history": with a "database", what a monitoring program holds
HISTORY = re.compile(
    r"\b(?:controlled[\s-]substances?|prescription|prescribing|dispensing|medication)(?:\s+\w+)?\s+(?:history|records?|reports?)\b"
    r"|\binformation\s+(?:about|regarding|concerning|on)\s+(?:an?|the)\s+patient\b",
    re.IGNORECASE,
)
# Whose duty it is not
BODIES = re.compile(
    r"\b(?:departments?|boards?|directors?|commissioner|administrator|agency|committee|vendor|program|division)\W*$",
    re.IGNORECASE,
)
# "before prescribing"  "prior to issuing"  "when dispensing"  "each time a prescriber issues"
TRIGGER = re.compile(
    rf"\b(?:before|prior to|when|whenever|upon|each time|every time|if|at the time of)\b[^.;:]{{0,90}}?(?P<opened>{match_words('opening').pattern}"
    r"(?P<object>[^;]{0,200}))",
    re.IGNORECASE,
)
# "at least every six months"  "every 90 days"
REPEAT = re.compile(rf"\b(?:every|each)\s+{DURATION.pattern}", re.IGNORECASE)
# "for the preceding twelve months"
BACK = re.compile(rf"\b(?:preceding|previous|prior|past|last)\s+{DURATION.pattern}", re.IGNORECASE)
# "more than a seven-day supply"
LONGER = re.compile(rf"{match_words('lengths').pattern}\s+(?:an?\s+)?{DURATION.pattern}", re.IGNORECASE)
# "the controlled substances identified in subdivision (e)(4)": a class told elsewhere in the document
ELSEWHERE = re.compile(
    r"\b(?:substances?|drugs?)\s+(?:that (?:is|are)\s+)?(?:identified|listed|described|specified|designated)\s+(?:in|under|pursuant to)\s+(?:this\s+)?(?:sub)?(?:division|section|paragraph)",
    re.IGNORECASE,
)
# "The controlled substances that trigger a check … include": what such a reference may lead to
LISTING = re.compile(r"\bcontrolled substances\b.{0,140}\binclude\b", re.IGNORECASE)
REASONS = {
    "each_time": "a duty to look up before each such act, for drugs that take in ketamine",
    "first_time": "a duty to look up before the first such act, for drugs that take in ketamine",
    "first_and_repeat": "a duty to look up first and again at intervals, for drugs that take in ketamine",
    "over_threshold": "a duty to look up beyond a set length of supply or treatment, for drugs that take in ketamine",
    "conditional": "a duty to look up on suspicion, for drugs that take in ketamine",
    "not_for_ketamine": "a duty to look up, for drugs that ketamine is none of",
}
CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")


def code_monitoring(passage: Passage) -> Iterator[Finding]:
    """Yield each duty to query that a passage lays down."""
    for sentence in passage.sentences:
        match = find_duty(passage, sentence)
        if match is not None:
            yield from _code_duty(passage, sentence, match)


def find_duty(passage: Passage, sentence: Sentence) -> re.Match[str] | None:
    """Return where a sentence lays down a duty to query the program, None where it does not."""
    words = sentence.words
    if not has_words("queries", words) or not _names_program(passage, words):
        return None
    found = [
        match for pattern in (ACTIVE, PASSIVE) for match in pattern.finditer(words) if _binds(passage, words, match)
    ]
    if not found and DEMANDING.search(passage.lead_in) is not None:
        found = [match for match in [DEMANDED.search(words)] if match is not None]
    if not found and ENDS_IN_DUTY.search(passage.lead_in) is not None:
        found = [match for match in [LISTED.search(words)] if match is not None]
    return found[0] if found else None


def _names_program(passage: Passage, words: str) -> bool:
    if has_words("programs", words):
        return True
    if not has_words("programs_in_short", words):
        return False
    return HISTORY.search(words) is not None or has_words("programs", " ".join((passage.title, *passage.leads)))


def _binds(passage: Passage, words: str, match: re.Match[str]) -> bool:
    """Tell whether a match is a verb of a practitioner, and no body's."""
    if NO_VERB.search(words[: match.start("verb")]) is not None or OTHER_OBJECT.match(words, match.end("verb")):
        return False
    if match.re is ACTIVE and NEGATED.search(words, match.end("duty"), match.start("verb")) is not None:
        return False
    before = words[: match.start()]
    return BODIES.search(before) is None or match.re is PASSIVE


def _code_duty(passage: Passage, sentence: Sentence, match: re.Match[str]) -> Iterator[Finding]:
    told = cover_programs(sentence.words)
    triggers = list(TRIGGER.finditer(told)) or list(TRIGGER.finditer(cover_programs(passage.lead_in)))
    drugs = _find_drugs(passage, told, [one["object"] for one in triggers])
    if drugs.reach == "unsaid" or (drugs.reach == "ketamine" and not triggers):
        return
    value = _choose_value(sentence.words) if drugs.reach == "ketamine" else "not_for_ketamine"
    details = _read_details(sentence.words)
    if drugs.reach == "others":
        details["covers"] = name_others(drugs.text)
    scope = {
        "profession": find_professions(f"{passage.lead_in} {sentence.words[: match.start('verb')]}"),
        "event": find_events(" ".join(one["opened"][:60] for one in triggers)),
    }
    yield Finding(
        question=QUESTION,
        value=value,
        sentence=sentence,
        start=sentence.start + match.start(),
        end=sentence.start + match.end(),
        reason=f"{REASONS[value]}{drugs.remark}",
        confidence=min(drugs.confidence, "medium" if match.re is DEMANDED else "high", key=CONFIDENCES.index),
        details={name: told for name, told in details.items() if told},
        scope={name: values for name, values in scope.items() if values},
    )


class Drugs(msgspec.Struct, frozen=True):
    """Whether a duty reaches ketamine, the text that says so, and how surely it does."""

    reach: Reach
    text: str = ""
    confidence: Confidence = "high"
    remark: str = ""


def _find_drugs(passage: Passage, told: str, objects: list[str]) -> Drugs:
    """Return the drugs of a duty: told after its trigger, else in its sentence, its list or above; or elsewhere."""
    if ELSEWHERE.search(told) is not None:
        return _look_up_drugs(passage)
    for text in (*objects, told):
        if judge_reach(text) != "unsaid":
            return Drugs(judge_reach(text), text)
    for text in (cover_programs(passage.tail), cover_programs(passage.lead_in)):
        if judge_reach(text) != "unsaid":
            return Drugs(judge_reach(text), text, "medium", "; the drugs stand in the list or above")
    return Drugs("unsaid")


def _look_up_drugs(passage: Passage) -> Drugs:
    """Return the drugs that another provision of the document lists as triggers; unsaid where none does."""
    for one in passage.reading.provisions:
        listing = LISTING.search(cover_programs(one.text))
        if listing is not None:
            text = cover_programs(one.text)[listing.end() : listing.end() + 160]
            return Drugs(judge_reach(text), text, "low", f"; the drugs are listed in another provision ({one.eid})")
    return Drugs("unsaid")


def _choose_value(words: str) -> str:
    if has_words("suspicion", words):
        return "conditional"
    if LONGER.search(words) is not None:
        return "over_threshold"
    if has_words("first", words):
        return "first_and_repeat" if _find_repeat(words) else "first_time"
    return "each_time"


def _find_repeat(words: str) -> str:
    match = REPEAT.search(words)
    if match is not None:
        return next(find_lengths(match.group())).iso
    rate = RATE.search(words)
    return RATES[rate.group().lower()] if rate is not None else ""


def _read_details(words: str) -> dict[str, object]:
    back, longer = BACK.search(words), LONGER.search(words)
    return {
        "repeat_every": _find_repeat(words),
        "look_back": next(find_lengths(back.group())).iso if back is not None else "",
        "threshold": next(find_lengths(longer.group())).iso if longer is not None else "",
    }
