"""When reports are due: days and weeks end at a fixed hour of the subscriber's own clock."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from kb.declarations import suggest
from kb.errors import UsageError

Cadence = Literal["immediate", "daily", "weekly"]
CADENCES: Mapping[Cadence, str] = {"immediate": "as soon as it is seen", "daily": "once a day", "weekly": "once a week"}
# A day's or a week's report is made at this hour, a week's on the first day of the week.
DUE_AT = time(7)
MONDAY = 0


def check_zone(name: str) -> str:
    """Return a time zone's name as the tz database has it; raises UsageError for one it does not know."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        nearest = suggest(name[:60], available_timezones())
        expected = "zone: expected a name of the tz database as America/Chicago"
        raise UsageError(f"{expected}, found {name[:60]!r}{nearest}") from None
    return name


def find_period_end(now: str, cadence: Cadence, zone: str) -> str:
    """Return the end of the last period that is over at an instant: now itself for immediate reports.

    Of a day that is the last 07:00 of the subscriber's clock, of a week the last Monday's. All are UTC instants
    ("2026-11-28T13:00:00Z"). The hours of a clock that is put forward or back are those of the tz database.
    """
    if cadence == "immediate":
        return now
    here = _read_instant(now).astimezone(ZoneInfo(zone))
    day = here.date()
    if cadence == "weekly":
        day -= timedelta(days=(day.weekday() - MONDAY) % 7)
    end = datetime.combine(day, DUE_AT, ZoneInfo(zone))
    if end.astimezone(UTC) > _read_instant(now):
        day -= timedelta(days=7 if cadence == "weekly" else 1)
        end = datetime.combine(day, DUE_AT, ZoneInfo(zone))
    return end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def find_today(now: str, zone: str) -> str:
    """Return the day on the subscriber's clock at an instant ("2026-11-28")."""
    return _read_instant(now).astimezone(ZoneInfo(zone)).date().isoformat()


def _read_instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
