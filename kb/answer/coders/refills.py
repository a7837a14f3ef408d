"""Find how long and how often a prescription may be filled, and how large a supply may be.

Limits on partial filling, transfers, records and emergencies are other rules and are passed over; so are limits on
classes ketamine does not belong to (Schedule II, opioids).
"""

import re
from collections.abc import Iterator

import msgspec

from kb.answer.coders.figures import DURATION, REFILLS, TIMES, find_lengths, read_number
from kb.answer.coders.finding import Finding
from kb.answer.coders.passages import Passage
from kb.answer.coders.printed import Sentence
from kb.answer.coders.proposal import Confidence
from kb.answer.coders.reach import judge_reach
from kb.answer.coders.vocabulary import Shape, has_words

QUESTION = "refill_limit"
# "not be filled or refilled more than": what makes a figure a limit
LIMIT = re.compile(
    r"\b(?:not|no|never|nor|only|void|expires?|invalid|valid|maximum|up to|unless|limited|exceed\w*|within)\b",
    re.IGNORECASE,
)
FILLING = re.compile(r"\b(?:(?:re)?fill\w*|dispens\w+|valid|void|expires?|effective)\b", re.IGNORECASE)
# Before the length: "more than" six months, "within" 180 days; after it: "after the date", "from issuance"
BEFORE = re.compile(
    r"\b(?:more than|later than|greater than|longer than|after|beyond|over|exceed\w*|within|up to|for"
    r"|not to exceed|expires?|void|invalid|lapses?)\s+(?:a period of\s+|an?\s+)?$",
    re.IGNORECASE,
)
AFTER = re.compile(
    r"\s*(?:period\s+)?(?:after|from|of|following|beyond|past|since)\s+(?:the\s+|its\s+)?(?:original\s+)?"
    r"(?:date|day|issu\w+|writing|written|sign\w+|prescri\w+|time\s+(?:of|the))",
    re.IGNORECASE,
)
# "within six months" of what was named before: "five times within six months unless renewed"
LOOSE = re.compile(r"\b(?:within|in)\s+(?:an?\s+|any\s+|the\s+)?$", re.IGNORECASE)
# "refilled more than five times": the figure belongs to refilling
REFILLED = re.compile(r"\brefill\w*\b[^.;]{0,120}$", re.IGNORECASE)
# "those schedule III substances which the commissioner may require": not all of the class
QUALIFIED = re.compile(
    r"\bafter which\b|\b(?:which|that|as|if) the (?:commissioner|board|department|secretary|director|administrator)\b",
    re.IGNORECASE,
)
REFILL = re.compile(r"\brefill", re.IGNORECASE)
# "shall not be refilled": no refill at all
NOT_REFILLED = re.compile(
    r"\bnot\s+be\s+refilled(?:\s*[.;]|\s*$|\s+(?:and|without|unless|except)\b)|\bno\s+refills?\b", re.IGNORECASE
)


# What the federal rule allows (21 CFR 1306.22): the value of the codebook goes by it.
MOST_REFILLS, LONGEST_DAYS = 5, 180
DAYS = {"D": 1, "W": 7, "M": 30, "Y": 360, "H": 0}
# "and all refills together shall not exceed a 120-day supply"
FURTHER = re.compile(rf"\b(?:exceed|more than|total)\b[^.;]{{0,60}}?{DURATION.pattern}[\s-]*supply", re.IGNORECASE)
# "may not be dispensed other than in accordance with federal requirements regarding prescriptions"
FEDERAL = Shape(
    r"(?:{denying}|{must}) … (?:dispens|fill|refill)\w* … federal (?:law|laws|requirements|regulations|rules)"
    r" (?:regarding|for|governing|on) (?:\w+ ){0,2}?(?:prescriptions|refills|refilling)\b"
)
# What is kept so long, and not filled: "shall be retained for two years from the date"
KEPT = re.compile(r"\b(?:retain|kept|keep|maintain|preserv|record|file)\w*\b[^.;]{0,90}$", re.IGNORECASE)


def code_refills(passage: Passage) -> Iterator[Finding]:
    """Yield the limit on refills and validity that a passage sets for Schedule III or all controlled substances."""
    limits = [limit for sentence in passage.sentences if (limit := _read_limit(passage, sentence)) is not None]
    if not limits:
        yield from _take_over(passage)
        return
    details: dict[str, object] = {name: value for limit in reversed(limits) for name, value in limit.details.items()}
    value = choose_value(details)
    if value:
        yield msgspec.structs.replace(limits[0], value=value, details=details)


def _take_over(passage: Passage) -> Iterator[Finding]:
    """Yield the federal limit where a passage lets controlled substances go by the federal rules on prescriptions."""
    for sentence in passage.sentences:
        match = FEDERAL.search(sentence.words)
        if match is not None and judge_reach(sentence.words) == "ketamine":
            yield Finding(
                question=QUESTION,
                value="5_in_6_months",
                sentence=sentence,
                start=sentence.start + match.start(),
                end=sentence.start + match.end(),
                reason="takes over the federal rules on prescriptions; the limit itself stands there (21 CFR 1306.22)",
                confidence="low",
            )


def _read_limit(passage: Passage, sentence: Sentence) -> Finding | None:
    words = sentence.words
    if LIMIT.search(words) is None or FILLING.search(words) is None:
        return None
    if has_words("other_filling", f"{passage.lead_in} {words}"):
        return None
    details = {**read_refills(words), **read_validity(words)}
    confidence = _judge_drugs(passage, sentence) if details else None
    return _make_finding(sentence, details, confidence) if confidence is not None else None


def choose_value(details: dict[str, object]) -> str:
    """Return the value of the codebook for a number of refills and a validity; "" where they tell too little."""
    refills, validity = details.get("refills"), str(details.get("validity", ""))
    if refills == 0:
        return "no_refills"
    days = int(validity[1:-1]) * DAYS[validity[-1]] if validity.startswith("P") and validity[1:-1].isdigit() else None
    if (isinstance(refills, int) and refills < MOST_REFILLS) or (days is not None and days < LONGEST_DAYS):
        return "fewer_or_shorter"
    if days is None or days > LONGEST_DAYS + DAYS["W"]:
        return ""
    if refills == MOST_REFILLS:
        return "5_in_6_months_capped" if "all_refills_supply" in details else "5_in_6_months"
    return "6_months" if refills is None else ""


def _judge_drugs(passage: Passage, sentence: Sentence) -> Confidence | None:
    """Return how surely a limit reaches ketamine, None where it does not: by the nearest text that tells the drugs."""
    context = " ".join((sentence.words, passage.title, *passage.leads))
    if not has_words("prescriptions", context) and REFILL.search(context) is None:
        return None
    for text in passage.find_governing(sentence):
        reach = judge_reach(text)
        if reach != "unsaid":
            own = text == sentence.words or text in passage.lead_in
            return ("high" if own else "medium") if reach == "ketamine" else None
    return None


def read_refills(words: str) -> dict[str, object]:
    """Return the number of refills a sentence allows at most, {} if it tells none."""
    for match in TIMES.finditer(words):
        if REFILLED.search(words[: match.start()]) is not None:
            return {"refills": read_number(match)}
    for match in REFILLS.finditer(words):
        return {"refills": read_number(match)}
    barred = NOT_REFILLED.search(words) is not None and QUALIFIED.search(words) is None
    return {"refills": 0} if barred else {}


def read_validity(words: str) -> dict[str, object]:
    """Return how long after its issue a prescription may be filled, and a cap on all refills; {} if none is told."""
    further = FURTHER.search(words)
    told: dict[str, object] = {"all_refills_supply": next(find_lengths(further.group())).iso} if further else {}
    for length in find_lengths(words):
        before, after = words[: length.start], words[length.end :]
        if KEPT.search(before) is not None:
            continue
        dated = BEFORE.search(before) is not None and AFTER.match(after) is not None
        if dated or (LOOSE.search(before) is not None and REFILLED.search(before) is not None):
            return {"validity": length.iso, **told}
    return told


def _make_finding(sentence: Sentence, details: dict[str, object], confidence: Confidence) -> Finding:
    marks = [match.span() for pattern in (TIMES, REFILLS, DURATION) for match in pattern.finditer(sentence.words)]
    start, end = min((mark[0] for mark in marks), default=0), max((mark[1] for mark in marks), default=1)
    return Finding(
        question=QUESTION,
        value="",
        sentence=sentence,
        start=sentence.start + start,
        end=sentence.start + end,
        reason="a limit on filling and refilling prescriptions for drugs that take in ketamine",
        confidence=confidence,
        details=details,
    )
