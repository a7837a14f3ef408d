"""Read the words that say where a link of a list leads: its own, or those of the row it stands in."""

import re
from collections.abc import Iterable, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode


def list_chosen_links(text: str, selectors: Iterable[str], naming: re.Pattern[str] | None) -> Iterator[tuple[str, str]]:
    """Yield (href, words) of every link of a list page that the selectors choose; ``naming`` as for list_links."""
    tree = LexborHTMLParser(text)
    for selector in selectors:
        for node in tree.css(selector):
            yield from list_links(node, naming)


def list_links(node: LexborNode, naming: re.Pattern[str] | None) -> Iterator[tuple[str, str]]:
    """Yield where a chosen element leads, itself a link or the links inside it, and the words of each link.

    A row of a table may say what its one link ("PDF") leads to: where words name documents (``naming`` finds one in
    them) and those of the link name none, the words of the row are told.
    """
    links = [node] if node.tag in ("a", "area") else node.css("a[href], area[href]")
    for link in links:
        href = link.attributes.get("href")
        if href:
            yield href, _say_words(link, node if len(links) == 1 else link, naming)


def _say_words(link: LexborNode, row: LexborNode, naming: re.Pattern[str] | None) -> str:
    words = link.text()
    if naming is None or naming.search(" ".join(words.split())) is not None:
        return words
    return row.text(separator=" ")
