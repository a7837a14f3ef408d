"""Ask hosts politely: their Retry-After, their Crawl-delay, and peace for those that do not answer.

All of it stands at the last step before the connection, where also requests that already waited in line are held.
"""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from scrapy import Request, signals
from scrapy.core.downloader import Slot
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from crawlers.addresses import REFUSED
from crawlers.certificates import ExceptionalContexts, collect_exceptions
from crawlers.connections import bound_headers
from crawlers.crowd import Crowd
from crawlers.hosts import find_book
from crawlers.outcomes import NO_ANSWER, RefusedError, explain_failure
from crawlers.patience import Bounds, HostPatience

# Besides 5xx: answers that say the host has too much of us (RFC 6585, 4).
FAILING = (429,)
NOT_MODIFIED = 304


def read_retry_after(value: str, now: datetime) -> float | None:
    """Read a Retry-After header: seconds or an HTTP date; returns the seconds from ``now``, None if it says nothing."""
    text = value.strip()
    if text.isdecimal():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = until if until.tzinfo is not None else until.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def read_wait(response: Response, now: datetime) -> float | None:
    """Read from an answer how many seconds its host wants to be left alone (RFC 9110, 10.2.3), None where it is mute.

    A date is held against the server's own clock where it tells it, and ours: the later instant counts.
    """
    value = response.headers.get("Retry-After")
    if value is None or response.status < 300 or response.status == NOT_MODIFIED:
        return None
    text = value.decode("latin-1")
    clocks = [now]
    with suppress(ValueError, OverflowError):
        told = parsedate_to_datetime((response.headers.get("Date") or b"").decode("latin-1"))
        clocks.append(told if told.tzinfo is not None else told.replace(tzinfo=UTC))
    waits = [wait for clock in clocks if (wait := read_retry_after(text, clock)) is not None]
    return max(waits, default=None)


class Shared:
    """What the handlers of http and https hold in common: a host is one machine, and memory is one."""

    def __init__(self, crawler: Crawler) -> None:
        values = crawler.settings
        bounds = Bounds(
            longest_wait=values.getfloat("KB_LONGEST_WAIT"),
            longest_later=values.getfloat("KB_LONGEST_LATER"),
            dead_after=values.getint("KB_DEAD_AFTER"),
            pause=values.getfloat("KB_DEAD_PAUSE"),
            longest_pause=values.getfloat("KB_LONGEST_PAUSE"),
        )
        self.patience = HostPatience(bounds, find_book(crawler), time.monotonic())
        self.crowd = Crowd(crawler, values.getint("KB_ROOM"))
        self.connections = asyncio.Semaphore(values.getint("KB_CONNECTIONS"))


SHARED: WeakKeyDictionary[Crawler, Shared] = WeakKeyDictionary()


class PoliteHandler(HTTP11DownloadHandler):
    """Scrapy's handler of http and https, held back by what hosts ask for."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        shared = SHARED.get(crawler) or Shared(crawler)
        SHARED[crawler] = shared
        self.patience, self.crowd, self.connections = shared.patience, shared.crowd, shared.connections
        self.retry_wait = crawler.settings.getfloat("KB_RETRY_WAIT")
        bound_headers(self._pool)
        spider: Any = crawler.spider
        exceptions = collect_exceptions(spider.ledger.course.sources.values())
        self._contextFactory: Any = ExceptionalContexts(self._contextFactory, exceptions, find_book(crawler))

    async def download_request(self, request: Request) -> Response:
        """Fetch one URL when its host may be asked; raises GivenUpError and RefusedError besides Scrapy's errors."""
        host = urlsplit(request.url).hostname or ""
        attempts = request.meta.get("attempts", 0)
        if attempts:
            self.patience.hold(host, self.retry_wait * 4 ** (attempts - 1), time.monotonic())
        await self._wait(host, is_page="job" in request.meta)
        try:
            async with self.connections:
                response = await self.crowd.fetch(request, super().download_request)
        except NO_ANSWER as error:
            self._note_failure(host, error)
            raise
        self._note_answer(host, request, response)
        return response

    async def _wait(self, host: str, *, is_page: bool) -> None:
        while wait := self.patience.tell_wait(host, time.monotonic()):
            await asyncio.sleep(wait)
        self.patience.check(host, time.monotonic(), is_page=is_page)

    def _note_failure(self, host: str, error: BaseException) -> None:
        if host in REFUSED:
            raise RefusedError("address", REFUSED[host]) from error
        outcome, reason = explain_failure(error)
        if outcome == "refused":
            self.patience.note_answer(host)
        else:
            self.patience.note_failure(host, reason, time.monotonic())

    def _note_answer(self, host: str, request: Request, response: Response) -> None:
        if response.status not in FAILING and response.status < 500:
            # A robots.txt is a file even where the machine behind the pages is down.
            if "job" in request.meta:
                self.patience.note_answer(host)
        elif not request.meta.get("attempts"):
            # Further attempts at the same page tell nothing new of the host.
            self.patience.note_failure(host, f"status {response.status}", time.monotonic())
        wait = read_wait(response, datetime.now(UTC))
        if wait is not None:
            self.patience.note_later(host, wait, time.monotonic())


class PoliteThrottle(AutoThrottle):
    """AutoThrottle that never goes below the delay a source declares or a robots.txt asks for."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.least: dict[str, float] = dict(crawler.settings.getdict("KB_HOST_DELAYS"))
        self.usual = crawler.settings.getfloat("DOWNLOAD_DELAY")
        self.longest = crawler.settings.getfloat("AUTOTHROTTLE_MAX_DELAY")
        crawler.signals.connect(self._read_robots, signal=signals.robots_parsed)

    def _read_robots(self, robotparser: RobotParser, request: Request) -> None:
        delay = robotparser.crawl_delay(self.crawler.settings["USER_AGENT"])
        host = urlsplit(request.url).hostname or ""
        if delay is None:
            return
        self.least[host] = max(self.least.get(host, self.usual), min(float(delay), self.longest))
        slot = self.crawler.engine.downloader.slots.get(host)
        if slot is not None:
            slot.delay = max(slot.delay, self.least[host])

    def _adjust_delay(self, slot: Slot, latency: float, response: Response) -> None:
        self.mindelay = self.least.get(urlsplit(response.url).hostname or "", self.usual)
        super()._adjust_delay(slot, latency, response)
