"""Say why a person should look at a fact and how urgent that is; the day is an argument.

The order: words that changed or are gone; dates that come within 90 days or passed unseen; answers of one scope that
contradict each other; words that nobody confirmed yet; reports whose official address is known; the rest.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import permutations
from typing import Literal, get_args

import msgspec

from kb.answer.facts import Fact, FactState, Step, spell_value
from kb.answer.when import find_first_day, find_last_day
from kb.questions import map_questions

Urgency = Literal["changed", "broken", "dates", "conflict", "unreviewed", "address", "rest"]
URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
# A date is in sight so long before it comes.
AHEAD = timedelta(days=90)


class Standing(msgspec.Struct, frozen=True):
    """How the words that prove a fact stand: its latest step (None: no official text archived).

    ``barrier`` says why its words can confirm nothing ("" where they can), ``address`` is its official address, if any.
    """

    step: Step | None = None
    barrier: str = ""
    address: str = ""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One fact to look at: how its words stand, why it is here, how urgent, the day it is about ("" none)."""

    fact: Fact
    standing: Standing
    state: FactState
    urgency: Urgency
    reason: str
    due: str = ""

    @property
    def is_settled(self) -> bool:
        """Tell whether nothing is left to do: a person confirmed these very words, and no date is in sight."""
        return self.state == "verified" and self.urgency == "rest"


class _Look(msgspec.Struct, frozen=True):
    """What the rules look at: a fact, how its words stand, those that contradict it, and the day."""

    fact: Fact
    standing: Standing
    state: FactState
    rivals: Sequence[Fact]
    today: date

    @property
    def since(self) -> str:
        """Return the day its words came to stand as they do, "" if they stand nowhere."""
        return "" if self.standing.step is None else self.standing.step.at[:10]


# A reason and the day it is about; None: no reason.
_Reason = tuple[str, str] | None


def list_cases(facts: Iterable[Fact], standings: Mapping[str, Standing], today: date) -> list[Case]:
    """Return every standing fact as a case, the most urgent first; within one urgency by day, place and order coded.

    ``standings`` tells by fact how its words stand; a fact it does not name has no official text.
    """
    standing = [fact for fact in facts if not fact.superseded_on]
    rivals = find_rivals(standing)
    cases = [_judge(fact, standings.get(fact.id, Standing()), rivals.get(fact.id, ()), today) for fact in standing]
    return sorted(cases, key=_rank)


def tell_state(fact: Fact, standing: Standing) -> FactState:
    """Tell the state of a fact: that of its latest step, and what was decided since that was built.

    Verified is only what a person confirmed by the very words that stand, where these can confirm anything.
    """
    step = standing.step
    if step is None:
        return "reported"
    if step.state == "broken":
        return "broken"
    if fact.reviewed_text and fact.reviewed_text == step.text_hash and not standing.barrier:
        return "verified"
    return "anchored" if step.state == "verified" else step.state


def find_rivals(facts: Iterable[Fact]) -> dict[str, list[Fact]]:
    """Find by id the facts that contradict a fact: of one jurisdiction, question, scope and time, both binding."""
    groups: defaultdict[tuple[object, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.value is not None and fact.is_binding:
            scope = frozenset((name, frozenset(terms)) for name, terms in fact.scope.items())
            groups[fact.jurisdiction, fact.question, scope].append(fact)
    found: dict[str, list[Fact]] = {}
    for one, other in (pair for group in groups.values() for pair in permutations(group, 2)):
        if _contradict(one, other):
            found.setdefault(one.id, []).append(other)
    return found


def _contradict(one: Fact, other: Fact) -> bool:
    question = map_questions().get(one.question)
    if question is None or not question.contradicts(one.value, other.value):
        return False
    # Of two kinds of text that are not equally strict both apply, as a statute and a board's rule do.
    is_layered = one.binding and other.binding and one.binding != other.binding
    ranks = {question.rank(one.value), question.rank(other.value)}
    return _overlap(one, other) and not (is_layered and None not in ranks and len(ranks) > 1)


def _overlap(one: Fact, other: Fact) -> bool:
    """Tell whether there is a day on which both apply."""
    begins = max(find_first_day(fact.effective_from) or date.min for fact in (one, other))
    return begins <= min(find_last_day(fact.effective_to) or date.max for fact in (one, other))


def _judge(fact: Fact, standing: Standing, rivals: Sequence[Fact], today: date) -> Case:
    look = _Look(fact, standing, tell_state(fact, standing), rivals, today)
    urgency, (reason, due) = next((name, told) for name, find in RULES.items() if (told := find(look)) is not None)
    return Case(fact=fact, standing=standing, state=look.state, urgency=urgency, reason=reason, due=due)


def _rank(case: Case) -> tuple[object, ...]:
    """Rank the most urgent first; among the rest what nobody looked at, then what was looked at longest ago."""
    fact = case.fact
    looked = fact.reviewed_on if case.urgency == "rest" else ""
    return URGENCIES.index(case.urgency), case.is_settled, looked, case.due, fact.jurisdiction, fact.place, fact.id


def _find_changed(look: _Look) -> _Reason:
    """Words changed; where they can confirm nothing, one look since is enough."""
    if look.state != "needs_review" or (look.standing.barrier and look.fact.reviewed_on >= look.since):
        return None
    step, fact = look.standing.step, look.fact
    agreed = f"since {fact.reviewed_by} confirmed them on {fact.reviewed_on}" if fact.reviewed_text else ""
    moved = f"its words changed on {look.since}, {agreed or 'since they were found'}"
    if step is None or not step.reason:
        return moved, ""
    return f"{moved if step.old_text else f'in doubt since {look.since}'}: {step.reason}", ""


def _find_broken(look: _Look) -> _Reason:
    step = look.standing.step
    why = f" ({step.reason})" if step is not None and step.reason else ""
    return (f"its words are gone since {look.since}{why}", "") if look.state == "broken" else None


def _find_date(look: _Look) -> _Reason:
    """Look for the nearest date in sight that nobody saw coming, then for one that passed since anybody looked."""
    fact, today = look.fact, look.today
    seen = max(fact.reviewed_on, fact.coded_on)
    for day, coming, past in sorted(_list_dates(fact)):
        warned = fact.reviewed_on >= (day - AHEAD).isoformat()
        if today <= day <= today + AHEAD and not warned:
            return f"it {coming} {day}, {_say_distance((day - today).days)}", day.isoformat()
        if seen <= day.isoformat() < today.isoformat():
            return f"it {past} {day}, and nobody looked at it since", day.isoformat()
    return None


def _say_distance(days: int) -> str:
    return "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"


def _list_dates(fact: Fact) -> Iterator[tuple[date, str, str]]:
    """Yield the days a fact begins and ends to apply, with the words for a day to come and for one that passed."""
    begins, ends = find_first_day(fact.effective_from), find_last_day(fact.effective_to)
    if begins is not None:
        yield begins, "applies from", "began to apply on"
    if ends is not None:
        yield ends, "ends on", "ended on"


def _find_conflict(look: _Look) -> _Reason:
    """Contradictions stand until somebody looked at the fact after the last of them was coded."""
    if not look.rivals or look.fact.reviewed_on >= max(fact.coded_on for fact in (look.fact, *look.rivals)):
        return None
    others = ", ".join(f"{spell_value(rival.value)} ({rival.citation or rival.id})" for rival in look.rivals)
    return f"another answer of the same scope contradicts it: {others}", ""


def _find_unreviewed(look: _Look) -> _Reason:
    done = look.fact.reviewed_on if look.standing.barrier else look.fact.reviewed_text
    is_open = look.state == "anchored" and not done
    return ("its words were found, and nobody confirmed them yet", "") if is_open else None


def _find_address(look: _Look) -> _Reason:
    is_open = look.state == "reported" and look.standing.address and not look.fact.reviewed_on
    return ("reported; its official page is known, its text is not archived yet", "") if is_open else None


def _find_rest(look: _Look) -> tuple[str, str]:
    fact = look.fact
    if look.state == "verified":
        return f"confirmed by {fact.reviewed_by} on {fact.reviewed_on}", ""
    if fact.reviewed_on:
        return f"looked at by {fact.reviewed_by} on {fact.reviewed_on}", ""
    return ("no answer yet" if fact.gap is not None else "reported; no official page of it is known"), ""


RULES: Mapping[Urgency, Callable[[_Look], _Reason]] = {
    "changed": _find_changed,
    "broken": _find_broken,
    "dates": _find_date,
    "conflict": _find_conflict,
    "unreviewed": _find_unreviewed,
    "address": _find_address,
    "rest": _find_rest,
}
