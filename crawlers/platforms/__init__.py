"""The ways places publish, one file each, shared by all sources that publish so."""

from collections.abc import Callable, Mapping

import msgspec

from crawlers.platforms import contents, index, page
from crawlers.platforms.links import Links, ListPage
from kb.errors import StatusQuoError
from kb.sources import Source


class UnknownPlatformError(StatusQuoError):
    """Raised when a source is to be crawled whose platform has no crawler; the message names those there are."""


class Platform(msgspec.Struct, frozen=True):
    """How a place is crawled: whether a page (source, URL, depth) leads to others, and to which."""

    is_list: Callable[[Source, str, int], bool]
    find_links: Callable[[Source, ListPage], Links]


PLATFORMS: Mapping[str, Platform] = {
    "contents": Platform(contents.is_list, contents.find_links),
    "index": Platform(index.is_list, index.find_links),
    "page": Platform(page.is_list, page.find_links),
}


def find_platform(source: Source) -> Platform:
    """Return how a source is crawled; raises UnknownPlatformError where its platform cannot be crawled."""
    platform = PLATFORMS.get(source.platform)
    if platform is None:
        known = ", ".join(PLATFORMS)
        raise UnknownPlatformError(
            f"{source.id}: expected a platform that can be crawled ({known}), found {source.platform!r}"
        )
    return platform


def list_seeds(source: Source) -> tuple[str, ...]:
    """List the URLs at which the crawl of a source begins, each once: start pages, then pages named one by one."""
    return tuple(dict.fromkeys((*source.start, *source.urls)))
