"""What a crawl learns of hosts: kept in memory until the ledger stores it, and known again to the next crawl."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from scrapy.crawler import Crawler

from kb.store.hosts import HostNote, NoteKind, RobotsDecision, RobotsText


def tell_wall_clock() -> datetime:
    """Return the instant now."""
    return datetime.now(UTC)


class HostBook:
    """Takes notes about hosts; ``known`` holds the latest ones of earlier crawls."""

    def __init__(self, known: Iterable[HostNote] = (), clock: Callable[[], datetime] = tell_wall_clock) -> None:
        self.known = tuple(known)
        self.clock = clock
        self.notes: list[HostNote] = []
        self.counted: dict[tuple[RobotsText, str, bool], RobotsDecision] = {}

    @property
    def has_news(self) -> bool:
        """Tell whether anything was noted since it was last taken."""
        return bool(self.notes or self.counted)

    def note(self, host: str, kind: NoteKind, reason: str, *, seconds: float = 0, pause: float = 0) -> None:
        """Note what a host told: ``seconds`` from now until when it holds (0: no instant), rounded up to a second."""
        until = write_instant(self.clock() + timedelta(seconds=seconds)) if seconds else ""
        self.notes.append(HostNote(host=host, kind=kind, until=until, pause=ceil(pause), reason=reason))

    def tell_seconds(self, note: HostNote) -> float:
        """Return for how many seconds from now a note of an earlier crawl holds."""
        if not note.until:
            return 0.0
        return max(0.0, (datetime.fromisoformat(note.until) - self.clock()).total_seconds())

    def count(self, text: RobotsText, rule: str, url: str, *, allowed: bool) -> None:
        """Count one page for the rule of a robots.txt that decided about it."""
        key = (text, rule, allowed)
        known = self.counted.get(key)
        pages, first = (known.pages, known.first_url) if known is not None else (0, url)
        self.counted[key] = RobotsDecision(text, rule, allowed, pages + 1, first)

    def take(self) -> tuple[list[HostNote], list[RobotsDecision]]:
        """Return what was noted since it was last taken, and begin anew."""
        taken = self.notes, list(self.counted.values())
        self.notes, self.counted = [], {}
        return taken


def write_instant(moment: datetime) -> str:
    """Write an instant to the second, rounded up: a host is never asked earlier than it said."""
    up = moment if moment.microsecond == 0 else moment.replace(microsecond=0) + timedelta(seconds=1)
    return up.strftime("%Y-%m-%dT%H:%M:%SZ")


def find_book(crawler: Crawler) -> HostBook:
    """Return the book of the crawl that a component of Scrapy works for."""
    spider: Any = crawler.spider
    book: HostBook = spider.ledger.hosts
    return book
