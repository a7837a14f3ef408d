"""What happens to a request on its way out and to its answer on the way back, between spider and connection."""

import zlib
from traceback import clear_frames
from urllib.parse import urldefrag, urljoin, urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from crawlers.masking import mask
from crawlers.outcomes import GivenUpError, RefusedError, is_passing
from kb.sources import Source

REDIRECTS = (301, 302, 303, 307, 308)
# Answers that may be another at the next attempt: busy, overloaded, in maintenance, a gateway's (522, 524: Cloudflare).
PASSING = (408, 429, 500, 502, 503, 504, 522, 524)
CONDITIONS = ("If-None-Match", "If-Modified-Since")
# gzip, x-gzip
GZIP = (b"gzip", b"x-gzip")


class RetryMiddleware:
    """Asks again, a few times, where an answer may still come; crawlers.download waits before each attempt."""

    def __init__(self, crawler: Crawler) -> None:
        self.retries = crawler.settings.getint("KB_RETRIES")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RetryMiddleware":
        """Make it with the crawl's settings."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the answer, or the request once more for one that says "later" or was cut."""
        again = response.status in PASSING or "dataloss" in response.flags
        return (self._repeat(request) if again else None) or response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return the request once more where no answer came, None to give up."""
        return self._repeat(request) if is_passing(exception) else None

    def _repeat(self, request: Request) -> Request | None:
        attempts = request.meta.get("attempts", 0) + 1
        if attempts > self.retries:
            return None
        return request.replace(meta={**request.meta, "attempts": attempts}, dont_filter=True)


class RedirectMiddleware:
    """Follows redirects within a source, a bounded number of times, and remembers every address on the way."""

    def __init__(self, crawler: Crawler) -> None:
        self.longest = crawler.settings.getint("KB_REDIRECTS")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "RedirectMiddleware":
        """Make it with the crawl's settings."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the answer, or the request it redirects to.

        Raises RefusedError where that leaves the source, GivenUpError where redirects do not end.
        """
        location = response.headers.get("Location")
        if response.status not in REDIRECTS or location is None:
            return response
        target = urldefrag(urljoin(request.url, location.decode("utf-8", "replace").strip())).url
        hops = (*request.meta.get("hops", ()), request.url)
        request.meta["answer"] = response
        self._check(request, hops, target)
        meta = {**request.meta, "hops": hops, "attempts": 0}
        followed: Request = request.replace(url=target, meta=meta, dont_filter=True)
        dropped = [] if target == request.meta.get("last_final_url") else list(CONDITIONS)
        if _name_server(target) != _name_server(request.url):
            # What was meant for one server (a key) is not for another, nor for the same without encryption.
            dropped += [name.decode() for name in followed.headers if name.decode() not in CONDITIONS]
        for name in dropped:
            followed.headers.pop(name, None)
        return followed

    def _check(self, request: Request, hops: tuple[str, ...], target: str) -> None:
        # A robots.txt may lie with somebody else (RFC 9309, 2.3.1.2).
        if "job" in request.meta:
            self._check_aim(request, hops[0], target)
        if target in hops:
            raise GivenUpError("redirects", "redirects in a circle")
        if len(hops) > self.longest:
            raise GivenUpError("redirects", f"more than {self.longest} redirects")

    def _check_aim(self, request: Request, origin: str, target: str) -> None:
        """Refuse a redirect that leaves the source, or that leads into one that must not be crawled."""
        source: Source = request.meta["source"]
        shown = mask(target, request.meta.get("secrets", {}))
        if not may_follow(source, origin, target):
            raise RefusedError("offsite", f"redirect to {shown} leaves the source")
        for barred in request.meta["barred"]:
            if barred.matches(target) and not source.matches(target):
                raise RefusedError("policy", f"redirect to {shown} leads into {barred.id}, which must not be crawled")


def may_follow(source: Source | None, origin: str, target: str) -> bool:
    """Tell whether a redirect stays where it may: on its host (with or without www.), in the source, where declared."""
    address = urlsplit(target)
    if address.scheme not in ("http", "https") or not address.hostname or "@" in address.netloc:
        return False
    if _name_site(target) == _name_site(origin):
        return True
    return source is not None and (source.matches(target) or address.hostname in source.redirects)


def _name_server(url: str) -> tuple[str, str]:
    address = urlsplit(url)
    return address.scheme, address.netloc


def _name_site(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


class BoundedCompressionMiddleware(HttpCompressionMiddleware):
    """Unpacks answers, and says so where one is too large when unpacked."""

    def process_response(
        self,
        request: Request,
        response: Response,
        spider: Spider | None = None,  # noqa: ARG002 - Scrapy's signature
    ) -> Request | Response:
        """Return the answer unpacked; raises RefusedError for one beyond the limit."""
        try:
            return super().process_response(request, response)
        except IgnoreRequest as error:
            _release(error)
            raise RefusedError("size", f"more than {self._max_size} bytes when unpacked") from error
        except (OSError, zlib.error, EOFError) as error:
            raise GivenUpError("encoding", f"cannot be unpacked: {error}") from error


def _release(error: BaseException) -> None:
    """Let go of what the frames of an exception hold: a half unpacked bomb would stay until the next collection."""
    for one in (error, error.__cause__):
        if one is not None:
            clear_frames(one.__traceback__)


class TransportMiddleware:
    """Notes what is known of an answer only before it is unpacked: its headers as sent, and whether it is whole."""

    def __init__(self, crawler: Crawler) -> None:
        self.largest = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "TransportMiddleware":
        """Make it with the crawl's settings."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the answer, flagged "dataloss" where its packing ends too early."""
        request.meta["sent_headers"] = read_headers(response)
        encoding = (response.headers.get("Content-Encoding") or b"").strip().lower()
        if encoding in GZIP and response.body and is_cut_gzip(response.body, self.largest):
            return response.replace(flags=[*response.flags, "dataloss"])
        return response


def read_headers(response: Response) -> dict[str, str]:
    """Return the headers of an answer by lower-case name, repeated ones joined by commas (RFC 9110, 5.3)."""
    return {
        name.decode("latin-1").lower(): ", ".join(value.decode("utf-8", "replace") for value in values)
        for name, values in response.headers.items()
    }


def is_cut_gzip(body: bytes, largest: int) -> bool:
    """Tell whether gzip data (RFC 1952) ends before its own end mark.

    What is unpacked is thrown away in small pieces; data of more than ``largest`` bytes is not judged.
    """
    unpack = zlib.decompressobj(wbits=31)
    rest, size = body, 0
    try:
        while rest and not unpack.eof and size <= largest:
            size += len(unpack.decompress(rest, 1 << 16))
            rest = unpack.unconsumed_tail
    except zlib.error:
        return False
    return not unpack.eof and size <= largest
