"""The recorded web as it stood on a date: for each URL the latest capture up to then."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote, urldefrag, urlsplit

import msgspec

from kb.captures import CaptureLine, normalise_instant, order_instant
from kb.errors import UsageError
from kb.snapshots import hash_body

NOT_MODIFIED = 304


class Recorded(msgspec.Struct, frozen=True):
    """The answer of the recorded web for one URL: the capture, its bytes and their hash."""

    capture: CaptureLine
    body: bytes
    sha256: str


class RecordedWeb:
    """The captures of a file, by URL and instant, as they stood at one instant."""

    def __init__(self, captures: Iterable[CaptureLine], at: str) -> None:
        self.at = at
        self.latest: dict[str, CaptureLine] = {}
        for capture in sorted(captures, key=lambda capture: (order_instant(capture.observed_at), capture.line)):
            key = name_page(capture.url)
            # "Not modified" says nothing by itself: the capture before it goes on.
            repeats = capture.status == NOT_MODIFIED and key in self.latest
            if order_instant(capture.observed_at) <= order_instant(at) and not repeats:
                self.latest[key] = capture

    def list_captures(self) -> Iterator[CaptureLine]:
        """Yield the capture that stands for each URL."""
        yield from self.latest.values()

    def find(self, url: str) -> Recorded | None:
        """Return what a URL answered at the instant, None where nothing was recorded of it by then."""
        capture = self.latest.get(name_page(url))
        if capture is None:
            return None
        body = b"" if capture.path is None else capture.path.read_bytes()
        return Recorded(capture, body, hash_body(body))


def name_page(url: str) -> str:
    """Return the key under which spellings of one URL meet: no fragment, %-escapes decoded, host in lower case."""
    address = urlsplit(urldefrag(url).url)
    query = f"?{address.query}" if address.query else ""
    return f"{address.scheme.lower()}://{address.netloc.lower()}{unquote((address.path or '/') + query)}"


def choose_instant(captures: Sequence[CaptureLine], at: str) -> str:
    """Return the instant a replay stands at: an instant as given, or for a day its last recorded one.

    A day without captures stands for its last second. Raises UsageError for what is neither.
    """
    if "T" in at:
        try:
            return normalise_instant(at)
        except ValueError as error:
            raise UsageError(f"--at: expected a day or an instant with its offset, found {at!r}") from error
    try:
        day = datetime.strptime(at, "%Y-%m-%d").replace(tzinfo=UTC).date().isoformat()
    except ValueError as error:
        raise UsageError(f"--at: expected a day or an instant (2024-02-08), found {at!r}") from error
    instants = [capture.observed_at for capture in captures if capture.observed_at.startswith(day)]
    return max(instants, key=order_instant, default=f"{day}T23:59:59Z")


def read_recorded_web(captures: Sequence[CaptureLine], at: str) -> RecordedWeb:
    """Set up the recorded web as it stood at a day or instant; raises UsageError for a date that is none."""
    return RecordedWeb(captures, choose_instant(captures, at))
