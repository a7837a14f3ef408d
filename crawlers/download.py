"""Ask hosts politely: their Retry-After, their Crawl-delay, and peace for those that do not answer.

All of it stands at the last step before the connection, where also requests that already waited in line are held.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.core.downloader import Slot
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from crawlers.addresses import REFUSED
from crawlers.outcomes import NO_ANSWER, GivenUpError, RefusedError, explain_failure, is_passing

logger = logging.getLogger(__name__)

# Answers whose Retry-After speaks to us (RFC 9110, 10.2.3; RFC 6585, 4).
BUSY = (429, 503)


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


class HostPatience:
    """Knows until when a host is to be left alone, and which hosts are given up for this crawl.

    Instants are those of a clock that only goes forward, in seconds.
    """

    def __init__(self, *, longest_wait: float, dead_after: int) -> None:
        self.longest_wait = longest_wait
        self.dead_after = dead_after
        self.not_before: dict[str, float] = {}
        self.silent: dict[str, int] = {}
        self.given_up: dict[str, str] = {}

    def check(self, host: str) -> None:
        """Raise GivenUpError for a host that is not asked again in this crawl."""
        if host in self.given_up:
            raise GivenUpError("host", self.given_up[host])

    def hold(self, host: str, seconds: float, now: float) -> None:
        """Leave a host alone for some seconds; one that asks for more than we wait is given up for this crawl."""
        if seconds > self.longest_wait > 0:
            self.given_up[host] = f"{host} asks to be left alone for {seconds:.0f} seconds"
            logger.warning("%s: not asked again in this crawl", self.given_up[host])
        until = now + min(seconds, self.longest_wait)
        self.not_before[host] = max(self.not_before.get(host, 0.0), until)

    def tell_wait(self, host: str, now: float) -> float:
        """Return for how many seconds from now a host is still to be left alone."""
        return max(0.0, self.not_before.get(host, 0.0) - now)

    def note_answer(self, host: str) -> None:
        """Take note that a host answered, whatever it said."""
        self.silent.pop(host, None)

    def note_silence(self, host: str, reason: str) -> None:
        """Take note that a host gave no answer; after too many in a row it is given up for this crawl."""
        self.silent[host] = self.silent.get(host, 0) + 1
        if self.silent[host] == self.dead_after:
            self.given_up[host] = f"{host} gave no answer {self.dead_after} times in a row ({reason})"
            logger.warning("%s: not asked again in this crawl", self.given_up[host])


class PoliteHandler(HTTP11DownloadHandler):
    """Scrapy's handler of http and https, held back by what hosts ask for."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.patience = HostPatience(
            longest_wait=crawler.settings.getfloat("KB_LONGEST_WAIT"),
            dead_after=crawler.settings.getint("KB_DEAD_AFTER"),
        )
        self.retry_wait = crawler.settings.getfloat("KB_RETRY_WAIT")

    async def download_request(self, request: Request) -> Response:
        """Fetch one URL when its host may be asked; raises GivenUpError and RefusedError besides Scrapy's errors."""
        host = urlsplit(request.url).hostname or ""
        attempts = request.meta.get("attempts", 0)
        if attempts:
            self.patience.hold(host, self.retry_wait * 4 ** (attempts - 1), time.monotonic())
        await self._wait(host)
        try:
            response: Response = await super().download_request(request)
        except NO_ANSWER as error:
            self._note_failure(host, error)
            raise
        self.patience.note_answer(host)
        self._note_retry_after(host, response)
        return response

    async def _wait(self, host: str) -> None:
        self.patience.check(host)
        while wait := self.patience.tell_wait(host, time.monotonic()):
            await asyncio.sleep(wait)
            self.patience.check(host)

    def _note_failure(self, host: str, error: BaseException) -> None:
        if host in REFUSED:
            raise RefusedError("address", REFUSED[host]) from error
        if is_passing(error):
            self.patience.note_silence(host, explain_failure(error)[1])

    def _note_retry_after(self, host: str, response: Response) -> None:
        value = response.headers.get("Retry-After")
        if response.status not in BUSY or value is None:
            return
        seconds = read_retry_after(value.decode("latin-1"), datetime.now(UTC))
        if seconds is not None:
            self.patience.hold(host, seconds, time.monotonic())


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
