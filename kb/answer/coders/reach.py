"""Tell whether the drugs a text names take in ketamine: a Schedule III drug, no opioid, narcotic or benzodiazepine."""

import re
from typing import Literal

from kb.answer.coders.figures import Classes, find_classes
from kb.answer.coders.vocabulary import has_words, match_words

Reach = Literal["ketamine", "others", "unsaid"]

# The federal class of ketamine, which prescription law goes by.
CLASS = "III"
# "nonnarcotic"  "non-opioid": names what ketamine is, with the word for what it is not
NOT_NARROW = re.compile(r"\bnon-?\s?(?:narcotic|opioid|opiate)s?\b", re.IGNORECASE)
# "a drug that is not a controlled substance"  "noncontrolled"
NOT_CONTROLLED = re.compile(r"\b(?:not an?|not|other than an?|non-?)\s?controlled\b", re.IGNORECASE)
# "controlled substances, including opioids": the wider class counts
WIDER = re.compile(r"\b(?:substances?|drugs?|medications?),?\s+(?:including|such as)\b", re.IGNORECASE)
# What may stand between a narrow class and its schedules: "opioid analgesic or benzodiazepine listed in" schedule II
JOINED = re.compile(r"[\w\s,/-]{0,45}$")
# What starts another class: "an opioid or any other" controlled substance in schedule III
APART = re.compile(
    r"\b(?:or|and)\s+(?:a|an|any|any other|other|all|each)\s+(?:controlled|substance|drug|schedule)", re.IGNORECASE
)
# A narrow class right after its schedules: schedule II or III "opioid", "narcotic drug", "controlled substance opioid"
AFTER = re.compile(
    r"\s*(?:controlled\s+(?:substance|drug)s?\s+)?(?:that\s+is\s+an?\s+|containing\s+(?:an?\s+)?|which is an?\s+)?",
    re.IGNORECASE,
)


def judge_reach(text: str) -> Reach:
    """Tell whether a text's drugs take in ketamine ("ketamine"), do not ("others"), or are not told ("unsaid")."""
    plain = NOT_NARROW.sub(lambda match: " " * len(match.group()), text)
    if NOT_CONTROLLED.search(plain) is not None:
        return "others"
    if has_words("other_controlled", plain):
        return "ketamine"
    mentions = list(find_classes(plain))
    if mentions:
        return "ketamine" if any(_takes_in(plain, one) for one in mentions) else "others"
    narrow = has_words("other_classes", plain)
    if has_words("controlled", plain):
        return "others" if narrow and WIDER.search(plain) is None else "ketamine"
    return "others" if narrow else "unsaid"


def _takes_in(plain: str, mention: Classes) -> bool:
    if CLASS not in mention.names:
        return False
    after = AFTER.match(plain, mention.end)
    if after is not None and match_words("other_classes").match(plain, after.end()):
        return False
    before = plain[max(0, mention.start - 110) : mention.start]
    narrow = list(match_words("other_classes").finditer(before))
    if not narrow:
        return True
    between = before[narrow[-1].end() :]
    return JOINED.match(between) is None or APART.search(between + plain[mention.start : mention.start + 8]) is not None


def name_others(text: str, most: int = 60) -> str:
    """Return the narrow classes a text names, each once, "opioid, benzodiazepine"; at most so many characters."""
    plain = NOT_NARROW.sub(" ", text)
    names = dict.fromkeys(match.group().lower() for match in match_words("other_classes").finditer(plain))
    classes = dict.fromkeys(f"Schedule {' '.join(one.names)}" for one in find_classes(plain))
    named = ""
    for name in names or classes:
        longer = f"{named}, {name}" if named else name
        named = longer if len(longer) <= most else named
    return named


def cover_programs(text: str) -> str:
    """Return a text with the names of monitoring programs blanked, for they hold "controlled substance" themselves."""
    return match_words("programs").sub(lambda match: " " * len(match.group()), text)
