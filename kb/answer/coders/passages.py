"""Go through the provisions of a document that say law in force, each with what stands above it.

Passed over: repealed and reserved text with all below it, and definitions, which say what a word means and no duty.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from kb.answer.coders.figures import find_classes
from kb.answer.coders.printed import Printed, Sentence, fold_printed
from kb.answer.coders.vocabulary import Shape
from kb.models import Provision, Reading

# "[Repealed.]"  "(Reserved)"  "Repealed by Laws 2019"; a repeal still to come bears words before its date
GONE = Shape(r"\W*(?:(?:sub)?section |§+\s*[\w.-]+\W*)?{gone}(?!\s+(?:effective|on|and)\b)")
# "Definitions."  "Definitions — Requirements"
DEFINING = re.compile(
    r"\W*(?:general\s+|part\s+|chapter\s+)?(?:definitions?\b|meaning of|terms? defined)", re.IGNORECASE
)
# '"Practitioner" means'  '“Telehealth,” “telemedicine” … mean'
DEFINITION = re.compile(
    r"""\W*(?:notwithstanding[^"]{0,150}|the term\s+|(?:as used|for (?:the )?purposes?)[^"]{0,80})?"""
    r"""["'][^"]{1,90}["'][^.;]{0,160}?\b(?:means?|has the (?:same )?meaning|includes?|shall mean)\b""",
    re.IGNORECASE,
)
# "As used in this section:"  "In this section,"  "For purposes of this chapter:": what stands below are definitions
USED_HERE = re.compile(
    r"\W*(?:\[[^\]]*\]\s*)?(?:as used in|for (?:the )?purposes of|in) this [\w\s]{3,30}(?:,[^:]{0,60})?[:,]?\s*$",
    re.IGNORECASE,
)


# "The board may adopt rules": a power, no rule; not "the board may not"
POWER = Shape(r"\W*(?:\(\w{1,4}\)\s*)?[\w' -]{0,60}?{bodies}(?: \w+){0,4}? may (?!not\b)")
# A text that its list completes: "… shall:"  "… before prescribing"
OPEN = re.compile(r"[^.?!;\s][\"')\]]*\s*$")


class Passage:
    """One provision with its folded text, its sentences, and its document."""

    def __init__(self, reading: Reading, provision: Provision, above: tuple[Provision, ...]) -> None:
        """Keep a provision with those above it, the nearest first, the document itself last."""
        self.reading = reading
        self.provision = provision
        self.above = above

    @cached_property
    def printed(self) -> Printed:
        """The text of the provision, or its heading where it has no text, with its folded form."""
        return fold_printed(self.provision.text or self.provision.heading)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences of the provision that say law, in order: what a body may provide is none yet."""
        return tuple(one for one in self.printed.cut_sentences() if POWER.match(one.words) is None)

    @cached_property
    def leads(self) -> tuple[str, ...]:
        """The folded texts above, the nearest first; the heading of each where it has no text."""
        return tuple(fold_printed(one.text or one.heading).plain for one in self.above)

    @property
    def title(self) -> str:
        """The heading of the document."""
        return self.reading.provisions[0].heading if self.reading.provisions else ""

    @cached_property
    def lead_in(self) -> str:
        """The words above that the provision completes: "A practitioner shall:", with what that completes before it."""
        words: list[str] = []
        for text in self.leads[:-1]:
            if OPEN.search(text) is None:
                break
            words.insert(0, list(fold_printed(text).cut_sentences())[-1].words)
        return " ".join(words)

    @cached_property
    def tail(self) -> str:
        """The words below that complete the provision: the items of its list; "" where it needs none."""
        if OPEN.search(self.printed.plain) is None:
            return ""
        below = (one.text for one in self.reading.provisions if one.eid.rpartition("__")[0] == self.provision.eid)
        return fold_printed(" ".join(text for text in below if text)).plain if self.provision.eid else ""

    def find_governing(self, sentence: Sentence) -> Iterator[str]:
        """Yield what a sentence may take its subject from, nearest first: itself, those before it, the texts above.

        The document's own heading is one only where it names schedules: else it tells what all its provisions concern.
        """
        earlier = [one.words for one in self.sentences if one.start <= sentence.start]
        yield from reversed(earlier)
        yield from self.leads[:-1]
        yield from (title for title in self.leads[-1:] if any(find_classes(title)))


def list_passages(reading: Reading) -> Iterator[Passage]:
    """Yield the provisions of a document that say law in force, in reading order."""
    if any(not one.number and GONE.match(fold_printed(one.text).plain) for one in reading.provisions[1:2]):
        return  # a section whose first words say that it is gone
    known = {one.eid: one for one in reading.provisions}
    passed: set[str] = set()
    for provision in reading.provisions:
        above = tuple(known[eid] for eid in _climb(provision.eid) if eid in known)
        if any(one.eid in passed for one in above) or _says_nothing(provision, above):
            passed.add(provision.eid)
        else:
            yield Passage(reading, provision, above)


def _climb(eid: str) -> Iterator[str]:
    """Yield the eids above one, the nearest first, "" of the document last."""
    while eid:
        eid = eid.rpartition("__")[0]
        yield eid


def _says_nothing(provision: Provision, above: tuple[Provision, ...]) -> bool:
    heading, text = (fold_printed(part).plain for part in (provision.heading, provision.text))
    if GONE.match(heading) or GONE.match(text) or DEFINING.match(heading) or DEFINITION.match(text):
        return True
    return bool(above) and USED_HERE.match(above[0].text.strip()) is not None
