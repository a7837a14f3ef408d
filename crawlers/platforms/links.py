"""Find the links of a list page that lead to pages of the same source."""

from collections.abc import Iterator, Mapping
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser

from kb.marks import is_past, mark_address, read_marks
from kb.platform_rules import DAYS
from kb.read.dates import find_dates
from kb.read.decode import decode_text
from kb.read.link_words import list_links
from kb.sources import Source, find_naming, name_link

# A list page of the largest code measured names 3,000 sections; beyond seven times that a page is a trap.
MOST_LINKS = 20_000
# What servers and browsers agree on; longer ones are traps that grow by a parameter a round.
LONGEST_URL = 2083
# A chain of so many earlier texts does not end by itself.
MOST_VERSIONS = 200
EVERY_LINK = ("a[href], area[href]",)


class ListPage(msgspec.Struct, frozen=True):
    """A page that may name others: the URL asked for and the one that answered, its bytes and charset, its depth.

    ``depth`` counts the links between a start page (0) and this one.
    """

    url: str
    base: str
    body: bytes
    charset: str = ""
    depth: int = 0


class Links(msgspec.Struct, frozen=True):
    """The URLs found, each once in page order, and what is wrong with the page or its declaration, as sentences.

    ``moved_on`` holds when a page last moved, for those of which a trusted list says so.
    """

    urls: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    moved_on: Mapping[str, str] = {}


NO_LINKS = Links()


def follow_links(source: Source, page: ListPage) -> Links:
    """Find the links that the source's ``follow`` selectors choose and that belong to the source; undeclared: all.

    Returns them without fragments. A selector that matches nothing on a start page is named as a problem, as is a page
    with more links than are taken.
    """
    tree = LexborHTMLParser(decode_text(page.body, page.charset).text)
    base = _find_base(tree, page.base)
    chosen = {selector: list(tree.css(selector)) for selector in source.follow or EVERY_LINK}
    problems = [
        f"follow {selector!r} matched 0 elements in {source.id} ({page.url})"
        for selector, nodes in chosen.items()
        if not nodes and page.depth == 0
    ]
    links = (link for nodes in chosen.values() for node in nodes for link in list_links(node, find_naming(source)))
    named = (name_link(source, _resolve(base, href), words) for href, words in links)
    urls = list(dict.fromkeys(url for url in named if url and source.matches(url) and not _is_earlier(source, url)))
    if len(urls) > MOST_LINKS:
        problems.append(f"expected at most {MOST_LINKS} links in {source.id} ({page.url}), found {len(urls)}")
    return Links(tuple(urls[:MOST_LINKS]), tuple(problems))


def _find_base(tree: LexborHTMLParser, url: str) -> str:
    base = tree.css_first("base[href]")
    href = base.attributes.get("href") if base is not None else None
    return _resolve(url, href or "") or url


def find_versions(source: Source, page: ListPage) -> Links:
    """Find the links of a document's page that lead to its earlier texts, each with the days it applied.

    Days stand in the address or in the words of the link; a text without an end ends when the next one begins.
    """
    rule = source.versions
    if rule is None or not lists_versions(source, page.url) or page.depth > MOST_VERSIONS:
        return NO_LINKS
    tree = LexborHTMLParser(decode_text(page.body, page.charset).text)
    base = _find_base(tree, page.base)
    found: dict[str, dict[str, str]] = {}
    for selector in rule.follow or EVERY_LINK:
        for href, words in (link for node in tree.css(selector) for link in list_links(node, find_naming(source))):
            url = source.canonicalise(_resolve(base, href))
            marks = rule.read_marks(unquote(url)) if url and source.matches(url) else None
            if marks is not None:
                found.setdefault(url, _date_marks(words) | marks)
    return Links(tuple(_mark_versions(source, page.url, found))[:MOST_LINKS])


def lists_versions(source: Source, url: str) -> bool:
    """Tell whether a page may lead to earlier texts: one of today's does, an earlier text where they form a chain."""
    return source.versions is not None and (source.versions.chain or not is_past(url))


def _date_marks(words: str) -> dict[str, str]:
    return dict(zip(DAYS, (day.isoformat() for day in find_dates(words)), strict=False))


def _mark_versions(source: Source, url: str, found: Mapping[str, dict[str, str]]) -> Iterator[str]:
    identity = source.identify(url)
    named = {} if identity is None else {"citation": identity.citation}
    told = [read_marks(url), *found.values()]
    begins = sorted({marks["valid_from"] for marks in told if "valid_from" in marks})
    # A chain is followed back in time alone: what leads on from an earlier text is known already.
    own = read_marks(url).get("valid_from", "9")
    for address, marks in found.items():
        if marks.get("valid_from", "") >= own:
            continue
        later = (day for day in begins if day > marks.get("valid_from", "9"))
        yield mark_address(address, {"past": "1", **named, "valid_to": next(later, ""), **marks})


def _is_earlier(source: Source, url: str) -> bool:
    return source.versions is not None and source.versions.pattern.search(unquote(url)) is not None


def _resolve(base: str, href: str) -> str:
    """Return the absolute URL of a link, "" for one that is no page of the web or carries a user name."""
    try:
        url = urldefrag(urljoin(base, href.strip())).url
        address = urlsplit(url)
    except ValueError:
        return ""
    usable = address.scheme in ("http", "https") and address.hostname and "@" not in address.netloc
    return url.replace(" ", "%20") if usable and len(url) <= LONGEST_URL else ""
