"""Serve the recorded web as it stood on a date, over HTTP on this machine, so that the real spider can crawl it.

The crawler's requests for any host go to this server with their Host header kept, so the archive sees true URLs. For
each URL the latest capture up to the date answers, with its status, body, redirect and validators.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.download import PoliteHandler
from crawlers.recorded import NOT_MODIFIED, Recorded, RecordedWeb
from kb.captures import tell_outcome

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
# Tells the server whether the page was asked for over https; the way to it is plain HTTP.
SCHEME_HEADER = "X-Replay-Scheme"
# Recorded headers that are sent again; length and validators are the server's own.
SENT_HEADERS = ("content-language", "link", "location", "memento-datetime", "x-robots-tag")
NOT_FOUND = 404


class ReplayServer:
    """The loopback server: started with ``with``, it answers on ``port`` until the block ends."""

    def __init__(self, web: RecordedWeb) -> None:
        self.server = ThreadingHTTPServer((LOOPBACK, 0), type("Handler", (_Handler,), {"web": web}))
        self.server.daemon_threads = True
        self.port: int = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> "ReplayServer":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    web: RecordedWeb
    protocol_version = "HTTP/1.1"
    # Head and body leave in one packet: two small writes would wait 40 ms for each other's acknowledgement.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer as the recorded web did."""
        url = f"{self.headers.get(SCHEME_HEADER, 'http')}://{self.headers.get('Host', '')}{self.path}"
        recorded = self.web.find(url)
        if recorded is None:
            self._answer_unknown(url)
        elif self._is_unchanged(recorded):
            self._send(NOT_MODIFIED, self._validate(recorded), b"")
        else:
            self._answer(recorded)

    def _answer_unknown(self, url: str) -> None:
        if not url.endswith("/robots.txt"):
            logger.warning("the replay holds no page for %s at %s", url, self.web.at)
        self._send(NOT_FOUND, {"Content-Type": "text/plain"}, b"Not recorded.\n")

    def _answer(self, recorded: Recorded) -> None:
        capture = recorded.capture
        headers = {name: capture.headers[name] for name in SENT_HEADERS if name in capture.headers}
        media_type = capture.headers.get("content-type", capture.media_type)
        headers |= {"Content-Type": media_type} if media_type else {}
        if capture.status < 300:
            headers |= self._validate(recorded)
        cut = tell_outcome(capture.status, capture.headers, len(recorded.body)) == "truncated"
        announced = capture.headers.get("content-length") if cut else None
        self._send(capture.status, headers, recorded.body, announced=announced)

    def _validate(self, recorded: Recorded) -> dict[str, str]:
        changed = datetime.fromisoformat(recorded.capture.observed_at)
        return {"ETag": f'"{recorded.sha256}"', "Last-Modified": format_datetime(changed, usegmt=True)}

    def _is_unchanged(self, recorded: Recorded) -> bool:
        """Tell whether the crawler has these bytes: by its ETag, or without one by its date (RFC 9110, 13.2.2)."""
        if recorded.capture.path is None or recorded.capture.status >= 300:
            return False
        tag = self.headers.get("If-None-Match")
        if tag is not None:
            return recorded.sha256 in tag
        since = self.headers.get("If-Modified-Since")
        return since is not None and _is_not_later(recorded.capture.observed_at, since)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, *, announced: str | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value.encode("utf-8").decode("latin-1"))
        if status != NOT_MODIFIED:
            self.send_header("Content-Length", announced or str(len(body)))
        self.close_connection = self.close_connection or announced is not None
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the interface of http.server
        """Write no line a request."""


def _is_not_later(instant: str, since: str) -> bool:
    try:
        return datetime.fromisoformat(instant).replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


class ReplayHandler(PoliteHandler):
    """Sends every request to the replay on this machine, and gives its answers their true URLs."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.port = crawler.settings.getint("KB_REPLAY_PORT")

    async def download_request(self, request: Request) -> Response:
        """Fetch one URL from the replay."""
        address = urlsplit(request.url)
        target = f"http://{LOOPBACK}:{self.port}{address.path or '/'}{'?' + address.query if address.query else ''}"
        sent = request.replace(url=target)
        sent.headers["Host"] = address.netloc
        sent.headers[SCHEME_HEADER] = address.scheme
        response = await super().download_request(sent)
        request.meta["download_latency"] = sent.meta.get("download_latency", 0.0)
        answer: Response = response.replace(url=request.url)
        return answer
