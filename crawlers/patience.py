"""Know which hosts are to be left alone: those that said when to come back, and those that fail again and again.

The second is a circuit breaker: after too many failures in a row a host is open, it is not asked; after a pause one
page is let through (half-open); it closes the breaker, or opens it for twice as long. Instants are those of a clock
that only goes forward, in seconds; what must outlive the crawl goes into the book of hosts.
"""

import logging

import msgspec

from crawlers.hosts import HostBook
from crawlers.outcomes import GivenUpError
from kb.store.hosts import HostNote

logger = logging.getLogger(__name__)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How patient we are, in seconds: longest wait within a crawl, longest "later" believed, pauses of the breaker.

    ``dead_after`` is the number of failures in a row that opens it.
    """

    longest_wait: float
    longest_later: float
    dead_after: int
    pause: float
    longest_pause: float


class Closed(msgspec.Struct, frozen=True):
    """Until when a host is not asked at all, and why."""

    until: float
    reason: str


class HostPatience:
    """Knows until when each host is to be left alone."""

    def __init__(self, bounds: Bounds, book: HostBook, now: float) -> None:
        self.bounds = bounds
        self.book = book
        self.not_before: dict[str, float] = {}
        self.closed: dict[str, Closed] = {}
        self.failures: dict[str, int] = {}
        # Hosts whose breaker is open or half-open, with their last pause; and those where a page is trying.
        self.tripped: dict[str, float] = {}
        self.probing: set[str] = set()
        for note in book.known:
            self._recall(note, now)

    def check(self, host: str, now: float, *, is_page: bool = True) -> None:
        """Raise GivenUpError for a host that is not to be asked now; a robots.txt goes with the page it is for."""
        closed = self.closed.get(host)
        if closed is not None and now < closed.until:
            raise GivenUpError("host", closed.reason)
        if host not in self.tripped or not is_page:
            return
        if host in self.probing:
            raise GivenUpError("host", f"{host} failed before, and one page is trying whether it answers again")
        self.probing.add(host)

    def hold(self, host: str, seconds: float, now: float) -> None:
        """Leave a host alone for some seconds within this crawl."""
        self.not_before[host] = max(self.not_before.get(host, 0.0), now + seconds)

    def note_later(self, host: str, seconds: float, now: float) -> None:
        """Take note that a host wants to be left alone; one that asks for long is given up until then."""
        told = min(seconds, self.bounds.longest_later)
        if told <= 0 or self.bounds.longest_wait <= 0:
            return
        reason = f"{host} asks to be left alone for {seconds:.0f} seconds"
        self.book.note(host, "later", reason, seconds=told)
        if told > self.bounds.longest_wait:
            self._close(host, Closed(now + told, reason), now)
        else:
            self.hold(host, told, now)

    def tell_wait(self, host: str, now: float) -> float:
        """Return for how many seconds from now a host is still to be left alone."""
        return max(0.0, self.not_before.get(host, 0.0) - now)

    def note_answer(self, host: str) -> None:
        """Take note that a host answered a page as a sound server does."""
        self.failures.pop(host, None)
        self.probing.discard(host)
        if self.tripped.pop(host, None) is not None:
            self.book.note(host, "closed", f"{host} answers again")

    def note_failure(self, host: str, reason: str, now: float) -> None:
        """Take note that a host failed; after too many failures in a row, or a failed try, it is left alone."""
        self.probing.discard(host)
        self.failures[host] = self.failures.get(host, 0) + 1
        if host in self.tripped:
            self._trip(host, min(2 * self.tripped[host], self.bounds.longest_pause), reason, now)
        elif self.failures[host] >= self.bounds.dead_after:
            self._trip(host, self.bounds.pause, reason, now)

    def _trip(self, host: str, pause: float, reason: str, now: float) -> None:
        self.tripped[host] = pause
        said = f"{host} failed {self.failures[host]} times in a row ({reason})"
        self.book.note(host, "open", said, seconds=pause, pause=pause)
        self._close(host, Closed(now + pause, said), now)

    def _close(self, host: str, closed: Closed, now: float) -> None:
        if self._until(host) < closed.until:
            self.closed[host] = closed
            logger.warning("%s: not asked again for %.0f seconds", closed.reason, closed.until - now)

    def _recall(self, note: HostNote, now: float) -> None:
        """Take over what an earlier crawl noted."""
        left = self.book.tell_seconds(note)
        if note.kind == "open":
            self.tripped[note.host] = float(note.pause)
        if left <= 0:
            return
        if note.kind == "later" and left <= self.bounds.longest_wait:
            self.hold(note.host, left, now)
        else:
            self.closed[note.host] = Closed(max(now + left, self._until(note.host)), note.reason)

    def _until(self, host: str) -> float:
        return self.closed[host].until if host in self.closed else 0.0
