"""Find ketamine and esketamine in lists of controlled substances; of a list without them nothing is said.

An entry counts only under a schedule that is announced: by the heading of the list, or by a sentence that says what is
included in the schedule. A mention of a schedule inside another entry announces none.
"""

import re
from collections.abc import Iterator

import msgspec

from kb.answer.coders.figures import Classes, find_classes
from kb.answer.coders.finding import Finding
from kb.answer.coders.passages import Passage
from kb.answer.coders.printed import Sentence, fold_printed
from kb.answer.coders.vocabulary import has_words, match_words, read_vocabulary
from kb.models import Provision

# Where an entry of a list may begin: at the start, after a mark of the list, in a cell of a table.
ENTRY = r"(?:^[\W\d]*|[|;:.]\s*|\([\w]{1,5}\)\s*|\b\d{1,3}[a-z]?[.)]\s*|\b7285\W+)"
# "Schedule III shall consist of"  "Schedule IVA includes"  "Schedule III controlled substances consist of"
CONSISTS = re.compile(
    r"\W{0,3}(?:controlled substances? |drugs? )?(?:shall |must )?"
    r"(?:consists?|includes?|comprises?|contains?|(?:be|is) (?:composed|comprised))\b",
    re.IGNORECASE,
)
# "The controlled substances listed in this section are included in" schedule III
INCLUDED = re.compile(
    r"(?:\b(?:listed|enumerated|named|described|set forth) (?:in|under|by|below)\b(?: this [\w ]{4,20})?"
    r"|\bfollowing\b|\bsubstances?\b|\bdrugs?\b|\bketamine\b)"
    r"[^.;:]{0,160}?\b(?:are|is|be|were)\s+(?:hereby\s+)?(?:the\s+|a\s+)?"
    r"(?:included|placed|listed|classified|designated|controlled|scheduled|enumerated|added)?"
    r"(?:\s+(?:in|on|to|under|as|within))?(?:\s+(?:a|the))?\s*$",
    re.IGNORECASE,
)
# An announcement that reaches beyond its own paragraph: "listed in this section"
WIDE = re.compile(
    r"\b(?:in|by|under) this (?:\w+ )?(?:section|schedule|rule|regulation|part|chapter|subsection|act)\b", re.IGNORECASE
)


# A paragraph shorter than this may be a title on its own.
SHORT = 60


def code_schedules(passage: Passage) -> Iterator[Finding]:
    """Yield the class of ketamine and of esketamine for each entry that names them under an announced schedule."""
    for name in ("esketamine", "ketamine"):
        entry = _find_entry(passage, name)
        if entry is not None:
            yield from _code_entry(passage, name, entry)


def _find_entry(passage: Passage, name: str) -> re.Match[str] | None:
    plain = passage.printed.plain
    if not has_words(name, plain):
        return None
    return re.search(rf"{ENTRY}(?P<name>{match_words(name).pattern})", plain, re.IGNORECASE)


def _code_entry(passage: Passage, name: str, entry: re.Match[str]) -> Iterator[Finding]:
    words = _cut_entry(passage, entry)
    found = find_schedule(passage, words.start)
    if (
        not found
        or has_words("gone", words.words)
        or has_words("taken_out", " ".join((words.words, *passage.leads[:2])))
    ):
        return
    own = has_words("isomers", words.words)
    details: dict[str, object] = {"isomers_named": True} if own and name == "ketamine" else {}
    yield from _make_finding(name, found, words, details=details)
    if name == "ketamine" and (own or any(has_words("isomers", lead) for lead in passage.leads[:1])):
        where = "the entry" if own else "the paragraph above the entry"
        for one in _make_finding("esketamine", found, words, details={"as_isomer": True}):
            reason = f"{where} takes the isomers of ketamine into Schedule {found}; esketamine is one"
            yield msgspec.structs.replace(one, reason=reason, confidence="medium" if own else "low")


def _make_finding(name: str, found: str, words: Sentence, *, details: dict[str, object]) -> Iterator[Finding]:
    """Yield the finding of a drug in a class, nothing where the question on the drug does not know the class."""
    value = read_vocabulary().schedule_values[name].get(found)
    if value is not None:
        yield Finding(
            question=f"{name}_schedule",
            value=value,
            sentence=words,
            start=words.start,
            end=words.start + len(words.words),
            reason=f"named in the list of Schedule {found}",
            confidence="high",
            details=details,
        )


def _cut_entry(passage: Passage, entry: re.Match[str]) -> Sentence:
    """Return the entry to its end: the next mark of the list, or the end of the paragraph."""
    plain = passage.printed.plain
    rest = re.compile(r";|\s\(\d{1,3}\)\s|\|\s*\d{4}").search(plain, entry.end())
    end = rest.start() if rest is not None else len(plain)
    start = entry.start("name")
    return Sentence(plain[start : min(end, start + 300)], start)


def find_schedule(passage: Passage, place: int) -> str:
    """Return the class ("III", "IVA") announced nearest above a place of a passage, "" if none is."""
    own = read_announcement(passage.printed.plain[:place], short=0)
    if own:
        return own
    return next((found for text in _list_announcements(passage) if (found := read_announcement(text))), "")


def _list_announcements(passage: Passage) -> Iterator[str]:
    """Yield the texts that may announce a schedule for a passage, nearest first: above it, or elder beside those."""
    order = passage.reading.provisions
    above = {one.eid for one in passage.above}
    place = next(n for n, one in enumerate(order) if one is passage.provision)
    for one in reversed(order[: place + 1]):
        if one.eid in above or one is passage.provision:
            yield from _list_parts(one, own=one is passage.provision)
        elif one.eid.rpartition("__")[0] in above and _reaches_on(one):
            yield from _list_parts(one)


def _list_parts(provision: Provision, *, own: bool = False) -> Iterator[str]:
    if provision.text and not own:
        yield fold_printed(provision.text).plain
    if provision.heading:
        yield f"{fold_printed(provision.heading).plain}\n"


def _reaches_on(provision: Provision) -> bool:
    """Tell whether an elder paragraph speaks for those after it: a title on its own, or of "this section"."""
    text = fold_printed(provision.text or provision.heading).plain
    return len(text) < SHORT or WIDE.search(text) is not None


def read_announcement(text: str, *, short: int = SHORT) -> str:
    """Return the class a text announces a list of, the last one if several; "" if none.

    A heading ends in a line break or is shorter than ``short``, names one schedule, and no word that is foreign to
    lists (penalties, prescriptions, tests).
    """
    found = ""
    for classes in find_classes(text):
        if len(classes.names) == 1 and _announces(text, classes, short):
            found = classes.names[0]
    return found


def _announces(text: str, classes: Classes, short: int) -> bool:
    before, after = text[: classes.start], text[classes.end :]
    if CONSISTS.match(after) is not None or INCLUDED.search(before[-300:]) is not None:
        return True
    leads = not before.strip("()[]. ") and re.match(r"\s*[.:|-]", after) is not None
    return (text.endswith("\n") or len(text) < short or leads) and not has_words("not_a_list", text[:200])
