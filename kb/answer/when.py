"""Read dates as coded (a day, a month or a year) as the first and the last day they mean."""

from calendar import monthrange
from datetime import date, timedelta


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
