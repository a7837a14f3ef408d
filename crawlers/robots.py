"""Obey robots.txt, and keep what it decided: which text, which rule, for how many pages of each run."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from protego import Protego
from protego._utils import _quote_path
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from crawlers.hosts import find_book, write_instant
from crawlers.outcomes import GivenUpError, RefusedError, explain_failure
from kb.snapshots import hash_body
from kb.store.hosts import RobotsText

logger = logging.getLogger(__name__)

# Bytes of a robots.txt that are read; RFC 9309 (2.5) asks for this many at least.
MOST_BYTES = 500 * 1024
# 429 says nothing of what may be fetched, only that we ask too much: as for a 5xx, nothing is.
TOO_MANY = 429


class RobotsMiddleware(RobotsTxtMiddleware):
    """Obeys robots.txt; one that cannot be had forbids or allows as RFC 9309 (2.3.1) says."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.turns: dict[str, asyncio.Lock] = {}
        self.unreachable: dict[str, str] = {}
        self.texts: dict[str, RobotsText] = {}
        self.agent: str = crawler.settings["USER_AGENT"]

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules of a host, None where there are none.

        One request of a host at a time: Scrapy 2.19 hands the rules to the first that waits for them and None, which
        allows everything, to the others (seen in tests/test_spider.py).
        """
        netloc = urlsplit(request.url).netloc
        async with self.turns.setdefault(netloc, asyncio.Lock()):
            return await super().robot_parser(request)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Let a request pass, or raise RefusedError where it is forbidden, GivenUpError where nobody can tell."""
        netloc = urlsplit(request.url).netloc
        if netloc in self.unreachable:
            self._count(request, "cannot be had", allowed=False)
            code, _, sentence = self.unreachable[netloc].partition(": ")
            raise GivenUpError(code, f"robots.txt of {netloc} cannot be had: {sentence}")
        rule = self._name_rule(rp, request.url)
        try:
            super().process_request_2(rp, request)
        except IgnoreRequest as error:
            self._count(request, rule, allowed=False)
            raise RefusedError("robots", f"robots.txt of {netloc} forbids it ({rule})") from error
        self._count(request, rule, allowed=True)

    def _count(self, request: Request, rule: str, *, allowed: bool) -> None:
        """Count a page once for the rule that decided, by its address as it may be kept."""
        job = request.meta.get("job")
        text = self.texts.get(urlsplit(request.url).netloc)
        if job is not None and text is not None and not request.meta.get("attempts"):
            find_book(self.crawler).count(text, rule, job.lease.url, allowed=allowed)

    def _name_rule(self, rp: RobotParser | None, url: str) -> str:
        text = self.texts.get(urlsplit(url).netloc)
        if text is not None and text.sha256 is None:
            forbids = text.status >= 500 or text.status == TOO_MANY
            return f"status {text.status} {'forbids' if forbids else 'allows'} all"
        rules: Any = getattr(rp, "rp", None)
        return find_rule(rules, url, self.agent) if isinstance(rules, Protego) else ""

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        """Take note of a host whose robots.txt did not answer: none of its pages may be fetched."""
        self.texts[netloc] = RobotsText(netloc, 0, write_instant(datetime.now(UTC)))
        self.unreachable[netloc] = explain_failure(exc)[1]
        logger.warning("robots.txt of %s cannot be had (%s): none of its pages is asked for", netloc, exc)
        super()._robots_error(exc, netloc)

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        """Take a robots.txt that is missing as "all may be fetched", one that the server fails on as "nothing may"."""
        status, body = response.status, response.body[:MOST_BYTES]
        if status >= 500 or status == TOO_MANY:
            body = b"User-agent: *\nDisallow: /\n"
        elif status >= 300:
            body = b""
        read_at = write_instant(datetime.now(UTC))
        if status < 300:
            delay = Protego.parse(body.decode("utf-8-sig", "ignore")).crawl_delay(self.agent)
            self.texts[netloc] = RobotsText(netloc, status, read_at, hash_body(body), body, delay)
        else:
            self.texts[netloc] = RobotsText(netloc, status, read_at)
        await super()._parse_robots(response.replace(body=body), netloc, request)


def find_rule(rules: Protego, url: str, agent: str) -> str:
    """Name the rule of a robots.txt that decides about a URL ("Disallow: /private (User-agent: *)"), "" for none.

    Protego says only whether a page may be fetched; the rule is the first that fits in its own order of weight.
    """
    group = rules._get_matching_rule_set(agent)  # noqa: SLF001 - there is no other way to name the rule
    if group is None:
        return ""
    path = _quote_path(url)
    prefixes = group._plain_prefixes  # noqa: SLF001 - set by the first can_fetch, which spares the search below
    tried = group._rules if prefixes is None or path.startswith(prefixes) else group._special_rules  # noqa: SLF001
    for rule in tried:
        if rule.value.match(path):
            return f"{rule.field.capitalize()}: {rule.value._pattern} (User-agent: {group.user_agent})"  # noqa: SLF001
    return ""
