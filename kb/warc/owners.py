"""Find the source that owns a recorded URL, whatever spelling the recorder gave it.

Web archives write ``http://www.example.gov:80/rules`` for a page that is ``https://www.example.gov/rules`` today. Of
the spellings that lead to one page, the one a source claims is its name here, so that its history is one.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import urldefrag, urlsplit, urlunsplit

from kb.captures import LineError, read_address
from kb.sources import Source, find_source

PORTS = {"http": 80, "https": 443}
OTHER = {"http": "https", "https": "http"}


def list_spellings(url: str) -> Iterator[str]:
    """Yield a URL as it stands, without what says nothing (port 80, capitals of its host), then with the other scheme.

    Yields nothing for what is no web address, or one with a user name in it.
    """
    try:
        plain = urldefrag(read_address(url)).url
        address = urlsplit(plain)
        port = address.port
    except (LineError, ValueError):
        return
    scheme, host = address.scheme.lower(), (address.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port in (None, PORTS[scheme]) else f"{shown}:{port}"
    tidy = urlunsplit((scheme, netloc, address.path or "/", address.query, ""))
    yield plain
    yield tidy
    if netloc == shown:
        yield urlunsplit((OTHER[scheme], shown, address.path or "/", address.query, ""))


class Owners:
    """Knows which source owns a URL, whatever its spelling; a recording names one again and again."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = sources
        self.find = lru_cache(maxsize=4096)(self._find)

    def _find(self, url: str) -> tuple[Source, str] | None:
        """Return the source that owns a URL and the spelling it claims, None if none does.

        Raises DeclarationError where two sources claim one.
        """
        for spelling in list_spellings(url):
            source = find_source(self.sources, spelling)
            if source is not None:
                return source, spelling
        return None
