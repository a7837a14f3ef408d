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
from kb.answer.coders.vocabulary import Shape, find_events, find_professions, has_words

QUESTION = "pdmp_query_duty"
DUTY = r"(?:{must}|has a duty to|(?:has|have|shall have) the (?:professional )?responsibility to)"
# "shall promptly review"  "must, before prescribing …, query"  "shall (1) review"
ACTIVE = Shape(
    rf"\b(?P<duty>{DUTY})(?! not\b| be (?!required))(?:,[^.;]{{3,380}}?,|:)?(?:\s+\W?\w+\W?){{0,9}}? {{queries}}"
)
# The program "shall be reviewed"
PASSIVE = Shape(r"\b(?:shall|must) (?:first |also )?be {queries}")
# Under "the regulations must provide": "that a practitioner review"
DEMANDED = Shape(r"^\W*(?:that|require) (?:an?|each|every|the|all) [\w\s,-]{3,60}? (?:to )?{queries}")
DEMANDING = re.compile(
    r"\b(?:regulations?|rules?|board|department|policy|policies)\b.*\b(?:provide|require|include)\b", re.IGNORECASE
)
# Under "A prescriber shall:": "review …"
LISTED = Shape(r"^\W*(?:\w+ly )?{queries}")
ENDS_IN_DUTY = Shape(rf"\b{DUTY}(?: \w+)?\W*(?:do (?:all of )?the following\W*)?$")
# "to review" is a verb of the one bound only here: "responsibility to", "shall authorize a designee to"
BOUND_TO = re.compile(
    r"\b(?:responsibility|required|effort|attempts?|employee|delegate|designee)\s+to\s+$", re.IGNORECASE
)
# "must provide that a practitioner is not required to"; not "not later than"
NEGATED = re.compile(r"\bnot\b(?! (?:later|less|more|fewer)\b)", re.IGNORECASE)
# "shall obtain registration", "and maintain an account": what is obtained is no report
OTHER_OBJECT = Shape(r" (?:and maintain )?(?:an? |the )?{other_objects}")
# "the patient's controlled substance history": with a "database", what a monitoring program holds
HISTORY = Shape(
    r"\b(?:controlled[\s-]substances?|prescription|prescribing|dispensing|medication)(?: \w+)?"
    r" (?:history|records?|reports?)\b"
    r"|\binformation (?:about|regarding|concerning|on) (?:an?|the) patient\b"
)
# "Each licensing board shall adopt rules requiring its licensees to query"
BOARD_RULES = Shape(
    r"{bodies} (?:shall|must) (?:adopt|promulgate|establish|make) (?:\w+ ){0,3}?rules? … requir\w* … {queries}"
)
# "before prescribing"  "prior to issuing"  "when dispensing"  "each time a prescriber issues"
TRIGGER = Shape(
    r"\b(?:before|prior to|when|whenever|upon|each time|every time|if|at the time of)\b[^.;:]{0,90}?"
    r"(?P<opened>{opening}(?P<object>[^;]{0,200}))"
)
# "at least every six months"  "every 90 days"
REPEAT = Shape(r"\b(?:every|each) " + DURATION.pattern)
# "for the preceding twelve months"
BACK = Shape(r"\b(?:preceding|previous|prior|past|last) " + DURATION.pattern)
# "more than a seven-day supply"
LONGER = Shape("{lengths} (?:an? )?" + DURATION.pattern)
# "the controlled substances identified in subdivision (e)(4)": a class told elsewhere in the document
ELSEWHERE = Shape(
    r"\b(?:substances?|drugs?) (?:that (?:is|are) )?(?:identified|listed|described|specified|designated)"
    r" (?:in|under|pursuant to) (?:this )?(?:sub)?(?:division|section|paragraph)"
)
# "The controlled substances that trigger a check … include": what such a reference may lead to
LISTING = Shape(r"\bcontrolled substances … include\b")
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
        elif _names_program(passage, sentence.words):
            yield from _code_mandate(sentence)


def _code_mandate(sentence: Sentence) -> Iterator[Finding]:
    """Yield the duty of boards to demand queries by rule: each of them then decides."""
    match = BOARD_RULES.search(sentence.words)
    if match is not None:
        start, end = match.span()
        yield Finding(
            question=QUESTION,
            value="by_board_rule",
            sentence=sentence,
            start=sentence.start + start,
            end=sentence.start + end,
            reason="boards must demand the query by rules of their own",
            confidence="medium",
        )


def find_duty(passage: Passage, sentence: Sentence) -> re.Match[str] | None:
    """Return where a sentence lays down a duty to query the program, None where it does not."""
    words = sentence.words
    if not has_words("queries", words) or not _names_program(passage, words):
        return None
    found = [match for pattern in (ACTIVE, PASSIVE) for match in pattern.finditer(words) if _binds(words, match)]
    if not found and _is_demanded(passage.lead_in, words):
        found = [match for match in [DEMANDED.search(words)] if match is not None]
    if not found and ENDS_IN_DUTY.search(passage.lead_in) is not None:
        found = [match for match in [LISTED.search(words)] if match is not None]
    return found[0] if found else None


def _is_demanded(lead_in: str, words: str) -> bool:
    """Tell whether the text above says what rules or a program must demand, which an item then does."""
    required = words.lower().startswith("require") and ENDS_IN_DUTY.search(lead_in) is not None
    return required or DEMANDING.search(lead_in) is not None


def _names_program(passage: Passage, words: str) -> bool:
    if has_words("programs", words):
        return True
    if not has_words("programs_in_short", words):
        return False
    return HISTORY.search(words) is not None or has_words("programs", " ".join((passage.title, *passage.leads)))


def _binds(words: str, match: re.Match[str]) -> bool:
    """Tell whether a match is a verb of a practitioner, not denied, and no body's."""
    verb = match.start("queries")
    last = words[:verb].split()[-1:]
    if last == ["to"] and BOUND_TO.search(words[:verb]) is None:
        return False
    if has_words("no_verb", " ".join(last)) or OTHER_OBJECT.match(words, match.end("queries")) is not None:
        return False
    if match.re is PASSIVE.pattern:
        return True
    denied = NEGATED.search(words, match.end("duty"), verb) is not None
    return not denied and not _is_body(words[: match.start()])


def _is_body(subject: str) -> bool:
    """Tell whether a department or board is bound: its name ends the subject, and no practitioner is named near."""
    return has_words("bodies", " ".join(subject.split()[-1:])) and not has_words("bound", subject[-90:])


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
        "profession": find_professions(f"{passage.lead_in} {sentence.words[: match.start('queries')]}"),
        "event": find_events(" ".join(one["opened"][:60] for one in triggers)),
    }
    yield Finding(
        question=QUESTION,
        value=value,
        sentence=sentence,
        start=sentence.start + match.start(),
        end=sentence.start + match.end(),
        reason=f"{REASONS[value]}{drugs.remark}",
        confidence=min(drugs.confidence, "medium" if match.re is DEMANDED.pattern else "high", key=CONFIDENCES.index),
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
    return "first_and_repeat" if _find_repeat(words) and not has_words("each", words) else "each_time"


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
