"""Name every way in which a request can end without an answer we keep, in the words of the archive.

A reason reads ``code: sentence``; the code is what summaries count by.
"""

from collections.abc import Iterator

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    UnsupportedURLSchemeError,
)
from service_identity import VerificationError
from twisted.internet.error import ConnectError, ConnectionLost
from twisted.python.failure import Failure

from kb.models import Outcome

LONGEST_REASON = 300


class RefusedError(IgnoreRequest):
    """Raised when we refuse to ask or to keep: a robots.txt, a private address, a redirect elsewhere, a size."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")


class GivenUpError(IgnoreRequest):
    """Raised when a page cannot be had in this crawl: redirects without end, a host that is dead or wants peace."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}")


class HeaderFloodError(Exception):
    """Raised when a server sends more header lines than any answer needs."""


# What an exception means; the first class that fits counts.
MEANINGS: tuple[tuple[type[BaseException], Outcome, str], ...] = (
    (HeaderFloodError, "refused", "size"),
    (DownloadTimeoutError, "error", "timeout"),
    (CannotResolveHostError, "error", "dns"),
    (DownloadConnectionRefusedError, "error", "connection"),
    (DownloadCancelledError, "refused", "size"),
    (UnsupportedURLSchemeError, "refused", "scheme"),
    (SSL.Error, "error", "tls"),
    (VerificationError, "error", "tls"),
    (DownloadFailedError, "error", "connection"),
    (ConnectError, "error", "connection"),
    (ConnectionLost, "error", "connection"),
    (OSError, "error", "connection"),
)
# What a connection may end in; anything else is a fault of ours.
NO_ANSWER = tuple(kind for kind, _, _ in MEANINGS)


def explain_failure(error: BaseException) -> tuple[Outcome, str]:
    """Tell what came of a request that ended in an exception: the outcome, and the reason."""
    if isinstance(error, RefusedError):
        return "refused", str(error)
    if isinstance(error, GivenUpError):
        return "error", str(error)
    causes = list(_list_causes(error))
    for kind, outcome, code in MEANINGS:
        if any(isinstance(cause, kind) for cause in causes):
            return outcome, _write_reason(code, error)
    return "error", _write_reason("unexpected", error)


def is_passing(error: BaseException) -> bool:
    """Tell whether another attempt may bring an answer: not where we refused, nor for names and certificates."""
    outcome, reason = explain_failure(error)
    return outcome == "error" and not isinstance(error, GivenUpError) and not reason.startswith(("tls:", "unexpected:"))


def _write_reason(code: str, error: BaseException) -> str:
    sentence = " ".join(str(error).split()) or type(error).__name__
    return f"{code}: {sentence}"[:LONGEST_REASON]


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what caused it: Twisted hides causes in lists of failures."""
    waiting, seen = [error], set()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        hidden = [found.value for found in getattr(one, "reasons", ()) or () if isinstance(found, Failure)]
        waiting += [cause for cause in (one.__cause__, *hidden) if cause is not None]
