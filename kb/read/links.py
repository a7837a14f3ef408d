"""Read where the links of a text lead, outside the publisher's own site.

A link within the site is furniture: its address changes with every new layout. One that leads to another publisher
sends the reader of a rule elsewhere, so it is kept as a reference whose work is "web" and whose number is its address.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from kb.models import WEB, Provision, Reference

# ";jsessionid=0A1B2C" at the end of a step of a path
PATH_PARAMETER = re.compile(r";[^/]*")
# utm_source=…, fbclid=…, sid=…, PHPSESSID=…: parts of an address that name the visit and not the page
VISIT = re.compile(
    r"utm_\w+|(?:fb|g|ms|y|dc)clid|mc_[ce]id|_ga|_gl|\w*sess(?:ion)?_?(?:id|key)?\w*|sid|cfid|cftoken|\w*token|nonce|"
    r"timestamp|ts|rand(?:om)?|cachebuster",
    re.IGNORECASE,
)
# 8f14e45fceea167a, dGhpcyBpcyBhIHNlc3Npb24x: a value drawn anew for every visit
DRAWN = re.compile(r"[0-9a-fA-F]{16,}|(?=\w*\d)(?=\w*[a-zA-Z])[\w-]{24,}")
# A link's words that are kept with it; no address or page of law is so long or has so many links on purpose.
MOST_WORDS, LONGEST_HREF, MOST_LINKS = 80, 2_000, 1_000


def read_web_links(
    links: Iterable[tuple[str, str]], provisions: Sequence[Provision], url: str
) -> tuple[Reference, ...]:
    """Return the links that lead away from a page's site, each at the provision that prints its words.

    ``links`` are (href, words) in reading order. A link whose words stand in no text of a provision is left out.
    """
    own = _name_site(urlsplit(url).hostname)
    found, start = [], 0
    for href, words in islice(links, MOST_LINKS):
        target = name_target(href, own)
        if target and words:
            at = _find_words(words, provisions, start)
            if at is not None:
                start = at
                found.append(Reference(provisions[at].eid, words[:MOST_WORDS], WEB, target))
    return tuple(found)


def name_target(href: str, own_site: str) -> str:
    """Return the address a link leads to without what names a visit, "" where it stays on its own site.

    Scheme, "www.", a closing slash, session ids, tracking and values drawn at random tell no page from another.
    """
    if not href.startswith(("http://", "https://", "//")) or len(href) > LONGEST_HREF:
        return ""
    try:
        parts = urlsplit(href)
        host, query = (parts.hostname or "").removeprefix("www."), parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return ""
    if not host or _name_site(host) == own_site:
        return ""
    path = DRAWN.sub("*", PATH_PARAMETER.sub("", unquote(parts.path))).rstrip("/")
    kept = [(key, value) for key, value in query if VISIT.fullmatch(key) is None and DRAWN.fullmatch(value) is None]
    asked = f"?{urlencode(sorted(kept))}" if kept else ""
    fragment = f"#{parts.fragment}" if parts.fragment and not parts.fragment.startswith(":~:") else ""
    return f"{host}{path}{asked}{fragment}"


def _name_site(host: str | None) -> str:
    """Return the last two names of a host: "docs.example.gov" and "www.example.gov" are one site."""
    return ".".join((host or "").split(".")[-2:])


def _find_words(words: str, provisions: Sequence[Provision], start: int) -> int | None:
    """Return which provision prints the words of a link, looking on from the one of the link before."""
    places = (*range(start, len(provisions)), *range(start))
    return next((at for at in places if words in provisions[at].text), None)
