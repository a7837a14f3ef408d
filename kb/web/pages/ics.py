"""Days as iCalendar (RFC 5545, RFC 7986): what a subscribed calendar shows, moves and strikes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar, Event, Timezone, TimezoneStandard

from kb.agenda import Day, link_day
from kb.store.pages import Edition
from kb.tell.words import DAY_VERBS, count_of, name_page, print_day

MEDIA_TYPE = "text/calendar; charset=utf-8"
MAKER = "-//Status Quo//What rules say and when//EN"


def write_ics(days: Sequence[Day], title: str, edition: Edition, address: str) -> str:
    """Return days as an iCalendar file (RFC 5545, RFC 7986): all-day events with permanent ids.

    A day that moved keeps its UID and counts SEQUENCE; one that was dropped is CANCELLED.
    """
    calendar = Calendar()
    for name, value in (("prodid", MAKER), ("version", "2.0"), ("method", "PUBLISH"), ("name", title)):
        calendar.add(name, value)
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", timedelta(hours=12), parameters={"VALUE": "DURATION"})
    for day in days:
        calendar.add_component(_make_event(day, edition, address))
    if not days:
        calendar.add_component(_make_zone())
    return bytes(calendar.to_ical()).decode("utf-8")


def _make_event(day: Day, edition: Edition, address: str) -> Event:
    event = Event()
    place = edition.names.get(day.jurisdiction) or day.jurisdiction.upper()
    path = link_day(day)
    stamp = datetime.fromisoformat(day.known_at or edition.published_at).astimezone(UTC)
    fields: tuple[tuple[str, Any], ...] = (
        ("uid", day.id),
        ("dtstamp", stamp),
        ("last-modified", stamp),
        ("dtstart", day.day),
        ("summary", f"{place}: {day.citation} {DAY_VERBS[day.kind]}"),
        ("description", "\n".join(_describe(day, address + path if address and path else ""))),
        ("sequence", day.sequence),
        ("status", "CANCELLED" if day.is_dropped else "CONFIRMED"),
        ("transp", "TRANSPARENT"),
        ("categories", [day.kind, *day.topics]),
    )
    for name, value in fields:
        event.add(name, value)
    if address and path:
        event.add("url", address + path)
    return event


def _describe(day: Day, link: str) -> list[str]:
    moved = ", ".join(print_day(old) for old in day.moved_from)
    told = (
        day.title,
        "From a coded answer." if day.question else "",
        "The text that announced this day was withdrawn before it came." if day.is_dropped else "",
        f"Moved from {moved}." if moved else "",
        f"{count_of(day.changes, 'rule change')}." if day.changes else "",
        f"{name_page(day.strand).capitalize()}: {day.url}" if day.url else "",
        f"Text and proof: {link}" if link else "",
        "Not legal advice: read the official page before you rely on it.",
    )
    return [line for line in told if line]


def _make_zone() -> Timezone:
    """Return the zone UTC: a calendar must hold something (RFC 5545 § 3.6), and this one has no day to tell."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "Etc/UTC")
    offset = timedelta(0)
    for name, value in (("dtstart", datetime(1970, 1, 1)), ("tzoffsetfrom", offset), ("tzoffsetto", offset)):  # noqa: DTZ001 - a zone's own beginning has no zone
        standard.add(name, value)
    zone.add_component(standard)
    return zone
