"""Find the links of a list page that lead to pages of the same source."""

from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode

from kb.read.decode import decode_text
from kb.sources import Source

# A list page of the largest code measured names 3,000 sections; beyond seven times that a page is a trap.
MOST_LINKS = 20_000
# What servers and browsers agree on; longer ones are traps that grow by a parameter a round.
LONGEST_URL = 2083
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
    """The URLs found, each once in page order, and what is wrong with the page or its declaration, as sentences."""

    urls: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


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
    hrefs = (href for nodes in chosen.values() for node in nodes for href in _list_hrefs(node))
    urls = list(dict.fromkeys(url for href in hrefs if (url := _resolve(base, href)) and source.matches(url)))
    if len(urls) > MOST_LINKS:
        problems.append(f"expected at most {MOST_LINKS} links in {source.id} ({page.url}), found {len(urls)}")
    return Links(tuple(urls[:MOST_LINKS]), tuple(problems))


def _find_base(tree: LexborHTMLParser, url: str) -> str:
    base = tree.css_first("base[href]")
    href = base.attributes.get("href") if base is not None else None
    return _resolve(url, href or "") or url


def _list_hrefs(node: LexborNode) -> Iterator[str]:
    """Yield where a chosen element leads: itself a link, or the links inside it."""
    links = [node] if node.tag in ("a", "area") else node.css("a[href], area[href]")
    yield from (href for link in links if (href := link.attributes.get("href")))


def _resolve(base: str, href: str) -> str:
    """Return the absolute URL of a link, "" for one that is no page of the web or carries a user name."""
    try:
        url = urldefrag(urljoin(base, href.strip())).url
        address = urlsplit(url)
    except ValueError:
        return ""
    usable = address.scheme in ("http", "https") and address.hostname and "@" not in address.netloc
    return url.replace(" ", "%20") if usable and len(url) <= LONGEST_URL else ""
