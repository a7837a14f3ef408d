"""A table of contents: title, chapter, part, each a page that leads further down, until pages lead nowhere."""

from crawlers.platforms.links import Links, ListPage, follow_links
from kb.sources import Source

# Title, subtitle, chapter, subchapter, article, part, section, paragraph: the deepest code known has seven levels.
DEEPEST = 8


def is_list(source: Source, url: str, depth: int) -> bool:
    """Tell whether a page of this source may lead to others: every one that is not too deep."""
    return url in source.start or depth < DEEPEST


def find_links(source: Source, page: ListPage) -> Links:
    """Find the pages a part of the contents leads to."""
    return follow_links(source, page)
