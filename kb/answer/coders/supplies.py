"""Find how many days of treatment one prescription or one filling may cover, and whether the limit reaches ketamine.

What insurers pay for, what an emergency lets a pharmacist hand out, and lengths that only trigger another duty are
other rules.
"""

import re
from collections.abc import Iterator

from kb.answer.coders.figures import DURATION, find_lengths
from kb.answer.coders.finding import Finding
from kb.answer.coders.passages import Passage
from kb.answer.coders.printed import Sentence
from kb.answer.coders.reach import judge_reach
from kb.answer.coders.vocabulary import find_professions, has_words

QUESTION = "days_supply"
# "thirty-day (30) supply"  "90-day course"
SUPPLY = re.compile(rf"{DURATION.pattern}(?:\s*\(\d+\))?[\s-]*(?:supply|course)\b", re.IGNORECASE)
# "shall not exceed a"  "no more than a"  "limited to a"  "for a maximum of a"
LIMITING = re.compile(
    r"\b(?:(?:not|no|nor)\b[^.;]{0,160}?\b(?:more than|exceed\w*|greater than|in excess of|longer than|over|beyond)"
    r"|no (?:more|greater|longer) than|not (?:more|greater|longer) than|limited to|maximum(?: of)?"
    r"|may not exceed|up to)\s+(?:an?\s+|the\s+)?(?:total of\s+)?(?:\w+,\s+)?$",
    re.IGNORECASE,
)
GIVING = re.compile(r"\b(?:prescri\w+|dispens\w+|written|issu\w+|supplied|fill\w*)\b", re.IGNORECASE)
# What makes a limit one that reasons or permission may lengthen
LONGER = re.compile(r"\b(?:unless|except|provided (?:that|however)|however)\b", re.IGNORECASE)


def code_supplies(passage: Passage) -> Iterator[Finding]:
    """Yield each limit on the supply of one prescription or filling that reaches ketamine; others are passed over."""
    for sentence in passage.sentences:
        if "supply" not in sentence.words and "course" not in sentence.words:
            continue
        match = _find_limit(sentence.words)
        if match is None or has_words("other_supplies", f"{passage.title} {passage.lead_in} {sentence.words}"):
            continue
        if has_words("programs", sentence.words) or GIVING.search(f"{passage.lead_in} {sentence.words}") is None:
            continue
        yield from _code_limit(passage, sentence, match)


def _find_limit(words: str) -> re.Match[str] | None:
    for match in SUPPLY.finditer(words):
        if LIMITING.search(words[: match.start()]) is not None:
            return match
    return None


def _code_limit(passage: Passage, sentence: Sentence, match: re.Match[str]) -> Iterator[Finding]:
    told = next((one for one in passage.find_governing(sentence) if judge_reach(one) != "unsaid"), "")
    if judge_reach(told) != "ketamine":
        return
    reasoned = LONGER.search(sentence.words[match.end() :]) is not None
    named = find_professions(f"{passage.lead_in} {sentence.words[: match.start()]}")
    yield Finding(
        question=QUESTION,
        value="longer_with_reason" if reasoned else "fixed_limit",
        sentence=sentence,
        start=sentence.start + match.start(),
        end=sentence.start + match.end(),
        reason=f"a limit on the supply of drugs that take in ketamine{', with exceptions' if reasoned else ''}",
        confidence="high" if told == sentence.words else "medium",
        details={"longest": next(find_lengths(match.group())).iso},
        scope={"profession": named} if named else {},
    )
