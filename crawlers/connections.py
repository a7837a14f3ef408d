"""Bound what a server may send before its answer begins: a flood of headers ends the connection."""

from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)

from crawlers.outcomes import HeaderFloodError

# Bytes of all header lines of an answer; common servers send one or two KB, browsers take 256 KB.
MOST_HEADER_BYTES = 256 * 1024


class _BoundedParser(_LenientHTTPClientParser):
    """Counts the bytes of header lines; raises HeaderFloodError, which ends the connection."""

    header_bytes = 0

    def lineReceived(self, line: bytes) -> None:  # noqa: N802 - the interface of Twisted
        self.header_bytes += len(line)
        if self.header_bytes > MOST_HEADER_BYTES:
            raise HeaderFloodError(f"more than {MOST_HEADER_BYTES} bytes of headers")
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002, N802
        raise HeaderFloodError(f"a header line of more than {self.MAX_LENGTH} bytes")


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    """Parses answers with bounded headers."""

    def request(self, request: Any) -> Any:
        """Send a request; Twisted names the class of the parser itself, so that it can only be replaced."""
        answered = super().request(request)
        if self._parser is not None:
            self._parser.__class__ = _BoundedParser
        return answered


class BoundedFactory(_LenientHTTP11ClientFactory):
    """Makes connections whose answers have bounded headers."""

    def buildProtocol(self, addr: Any) -> Any:  # noqa: ARG002, N802 - the interface of Twisted
        """Make the protocol of one connection."""
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


def bound_headers(pool: Any) -> None:
    """Let all connections of a pool have bounded headers."""
    pool._factory = BoundedFactory  # noqa: SLF001 - Scrapy sets it so too
