"""What a listing says of a page stands in the fragment of the page's address, so that it can be read on its own.

``https://code.example.gov/v/81#citation=12-3&valid_from=2021-03-31&past=1`` is the page ``/v/81``, of which its
listing said which section it is, since when it applied and that it is an earlier text. A server never sees a fragment.
"""

from collections.abc import Mapping
from datetime import date
from urllib.parse import parse_qsl, urldefrag, urlencode

# Which document, its heading, its term, the words of the link, that it is an earlier text, and what to send with POST.
NAMES = frozenset({"citation", "heading", "published", "type", "valid_from", "valid_to", "link", "past", "post"})
LONGEST_MARK = 4_000


def mark_address(url: str, marks: Mapping[str, str]) -> str:
    """Return an address that says what is known of its page; marks without a value are left out."""
    told = {name: value[:LONGEST_MARK] for name, value in sorted(marks.items()) if value}
    plain = urldefrag(url).url
    return f"{plain}#{urlencode(told)}" if told else plain


def read_marks(url: str) -> dict[str, str]:
    """Return what an address says of its page; an ordinary fragment says nothing."""
    fragment = url.partition("#")[2]
    if "=" not in fragment:
        return {}
    told = parse_qsl(fragment)
    return dict(told) if all(name in NAMES for name, _ in told) else {}


def is_past(url: str) -> bool:
    """Tell whether an address is one of an earlier text."""
    return "past=" in url and "past" in read_marks(url)


def read_day(text: str) -> date | None:
    """Return the day at the beginning of a text ("2024-02-08T00:00:00"), None if there is none."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
