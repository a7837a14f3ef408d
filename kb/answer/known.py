"""Tell what was known of facts at an instant: entries, reviews and anchors that came later are left out."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec

from kb.answer.facts import Fact, FactState, Step
from kb.answer.when import find_first_day, find_last_day

# How a fact stands to a date: it applies; not yet; no more; it is no law at all but a bill or a proposal; nobody knows,
# for when it began was not recorded and the date is before it was first seen.
Phase = Literal["in_force", "coming", "lapsed", "pending", "unseen"]
# States in which the words that prove a fact were read in the law's own text.
PROVEN: tuple[FactState, ...] = ("anchored", "verified")


def select_known(facts: Iterable[Fact], known_at: str) -> list[Fact]:
    """Return the entries that stood at the end of a day, without what later reviews added to them.

    An entry stands from the day it was coded, one that repeats an earlier answer (a later review of it) from the day
    that one was superseded; it stands until the day before it was superseded itself. ``known_at`` is a UTC instant;
    entries are dated to the day, so that those of its day count.
    """
    day = known_at[:10]
    standing = []
    ended: dict[str, str] = {}
    for fact in facts:
        answer = fact.id.partition("-")[0]
        since = ended.get(answer, fact.coded_on)
        ended[answer] = fact.superseded_on
        if since and since <= day and not (fact.superseded_on and fact.superseded_on <= day):
            standing.append(_forget_review(fact, day))
    return standing


def find_first_coding(facts: Iterable[Fact]) -> str:
    """Return the day the first of the entries was coded, "" if there is none."""
    return min((fact.coded_on for fact in facts), default="")


def find_step(steps: Sequence[Step], known_at: str) -> Step | None:
    """Return the last step of an anchor that was told by an instant, None if there was none yet."""
    cut = known_at.rstrip("Z")
    return next((step for step in reversed(steps) if step.wave_at.rstrip("Z") <= cut), None)


def find_first_seen(fact: Fact, steps: Sequence[Step], known_at: str) -> date:
    """Return the first day on which a fact is known to have stood, as known at an instant.

    It is the day its evidence was seen, its words were captured, it was coded, or its last one, whichever is first.
    """
    cut = known_at.rstrip("Z")
    captured = [step.captured_at[:10] for step in steps if step.state in PROVEN and step.wave_at.rstrip("Z") <= cut]
    stated = (*captured, *(page.seen_on for page in fact.evidence), fact.coded_on)
    days = [*map(find_first_day, stated), find_last_day(fact.effective_to)]
    return min((day for day in days if day is not None), default=date.min)


def find_state(steps: Sequence[Step], known_at: str) -> FactState:
    """Return how a fact stood to the law's own words at an instant; before any text was seen it is reported."""
    step = find_step(steps, known_at)
    return "reported" if step is None else step.state


def _forget_review(fact: Fact, day: str) -> Fact:
    if fact.reviewed_on <= day:
        return fact
    return msgspec.structs.replace(fact, reviewed_on="", reviewed_by="", reviewed_text="", review_note="")


def find_phase(fact: Fact, as_of: date, seen: date) -> Phase:
    """Tell how a fact stands to a date; the days it begins and ends on count as its own.

    ``seen`` is the day from which it is known to have stood: where no beginning is stated, earlier days are not
    answered. That something was looked for in vain holds for any day.
    """
    if not fact.is_binding:
        return "pending"
    begins, ends = find_first_day(fact.effective_from), find_last_day(fact.effective_to)
    if begins is not None and begins > as_of:
        return "coming"
    if ends is not None and ends < as_of:
        return "lapsed"
    is_voice = fact.gap in (None, "law_silent")
    return "unseen" if begins is None and is_voice and as_of < seen else "in_force"
