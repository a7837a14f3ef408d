"""Tell when a fact applies: dates as coded (a day, a month or a year) as the first and the last day they mean."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

from kb.answer.facts import Fact

# How a fact stands to a date: it applies; not yet; no more; it is no law at all but a bill or a proposal; nobody knows,
# for when it began was not recorded and the date is before it was first seen.
Phase = Literal["in_force", "coming", "lapsed", "pending", "unseen"]


def find_first_day(stated: str) -> date | None:
    """Return the day a stated beginning means: of a month or a year its first. None for "", which is not known."""
    return date.fromisoformat(f"{stated}-01-01"[:10]) if stated else None


def find_last_day(stated: str) -> date | None:
    """Return the day a stated end means: of a month or a year its last. None for "", which is no end."""
    if not stated:
        return None
    year, month, day = (*map(int, stated.split("-")), 0, 0)[:3]
    month = month or 12
    return date(year, month, day or monthrange(year, month)[1])


def find_next_day(stated: str) -> date | None:
    """Return the first day after a stated end, None if there is no end (or no day after the last one there is)."""
    last = find_last_day(stated)
    return None if last is None or last == date.max else last + timedelta(days=1)


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
