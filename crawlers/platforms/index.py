"""A list that leads to pages: the links of the start pages are followed, and those of lists they continue on.

A page is a list when it is a start page or when its URL names no document (a second page of results, say). Pages of
documents are leaves.
"""

from crawlers.platforms.links import Links, ListPage, follow_links
from kb.sources import Source

# A list that is paged through one link at a time: 100 pages of results.
DEEPEST = 100


def is_list(source: Source, url: str, depth: int) -> bool:
    """Tell whether a page of this source leads to others."""
    if url in source.start:
        return True
    return depth < DEEPEST and source.document.origin in ("url", "link") and source.identify(url) is None


def find_links(source: Source, page: ListPage) -> Links:
    """Find the pages a list leads to."""
    return follow_links(source, page)
