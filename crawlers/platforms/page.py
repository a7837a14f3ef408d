"""Pages named one by one: each URL is fetched, no link is followed."""

from crawlers.platforms.links import NO_LINKS, Links, ListPage
from kb.sources import Source


def is_list(source: Source, url: str, depth: int) -> bool:  # noqa: ARG001 - the same for every platform
    """Tell that no page of this platform leads to others."""
    return False


def find_links(source: Source, page: ListPage) -> Links:  # noqa: ARG001
    """Find no links."""
    return NO_LINKS
