"""Bound the memory of answers that are still coming, over all hosts: endless ones may come from many at once.

While there is room all may come together. Beyond it only the largest goes on; each other that brings more is cut, waits
until there is room, and is asked for again.
"""

import asyncio
import gc
from collections.abc import Awaitable, Callable

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import StopDownload
from scrapy.http import Response

from crawlers.outcomes import GivenUpError

# Times one page is cut before it is given up for this crawl.
MOST_CUTS = 5


class Crowd:
    """Counts the bytes of unfinished answers by request."""

    def __init__(self, crawler: Crawler, room: int) -> None:
        self.room = room
        self.total = 0
        self.sizes: dict[Request, int] = {}
        self.turn = asyncio.Lock()
        self.eased = asyncio.Event()
        crawler.signals.connect(self._count, signal=signals.bytes_received)

    async def fetch(self, request: Request, download: Callable[[Request], Awaitable[Response]]) -> Response:
        """Download a page when there is room for it; raises GivenUpError where there never was."""
        response = await self._try(request, download)
        if response is not None:
            return response
        # What came so far hangs in a circle of frames and failures; a cut is rare, and its bytes are many.
        gc.collect()
        # Those that were cut go on one by one.
        async with self.turn:
            for _ in range(MOST_CUTS):
                while self.total > self.room // 2:
                    self.eased.clear()
                    await self.eased.wait()
                response = await self._try(request, download)
                if response is not None:
                    return response
        raise GivenUpError("crowded", f"cut {MOST_CUTS + 1} times: other answers left no room for it")

    async def _try(self, request: Request, download: Callable[[Request], Awaitable[Response]]) -> Response | None:
        try:
            return await download(request)
        except StopDownload as stopped:
            stopped.response = None
            return None
        finally:
            self.total -= self.sizes.pop(request, 0)
            self.eased.set()

    def _count(self, data: bytes, request: Request) -> None:
        size = self.sizes.get(request, 0) + len(data)
        self.sizes[request] = size
        self.total += len(data)
        if self.total > self.room and size < max(self.sizes.values()):
            raise StopDownload(fail=True)
