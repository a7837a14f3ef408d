"""The ways places publish, one file each, shared by all sources that publish so."""

from collections.abc import Callable, Mapping

import msgspec

from crawlers.platforms import contents, index, listed, page
from crawlers.platforms.links import Links, ListPage, find_versions, lists_versions
from kb.errors import StatusQuoError
from kb.marks import is_past
from kb.sources import Source


class UnknownPlatformError(StatusQuoError):
    """Raised when a source is to be crawled whose platform has no crawler; the message names those there are."""


class Platform(msgspec.Struct, frozen=True):
    """How a place is crawled: whether a page (source, URL, depth) leads to others, and to which.

    ``list_start`` lists its first listings; ``is_web`` tells that only web pages lead on.
    """

    is_list: Callable[[Source, str, int], bool]
    find_links: Callable[[Source, ListPage], Links]
    list_start: Callable[[Source], tuple[str, ...]] = listed.list_start
    is_web: bool = False


# A page by its media type, or by the lack of one, in which links are looked for.
WEB_TYPES = ("", "text/html", "application/xhtml+xml")


PLATFORMS: Mapping[str, Platform] = {
    "api": Platform(listed.is_list, listed.find_links),
    "contents": Platform(contents.is_list, contents.find_links, is_web=True),
    "ecfr": Platform(listed.is_list, listed.find_links, listed.list_titles),
    "federal_register": Platform(listed.is_list, listed.find_links, listed.list_register),
    "feed": Platform(listed.is_list, listed.find_links),
    "index": Platform(index.is_list, index.find_links, is_web=True),
    "page": Platform(page.is_list, page.find_links, is_web=True),
    "sitemap": Platform(listed.is_list, listed.find_links),
    "uslm": Platform(listed.is_list, listed.find_library_links),
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
    platform = PLATFORMS.get(source.platform)
    start = source.start if platform is None else platform.list_start(source)
    return tuple(dict.fromkeys((*start, *source.urls)))


def starts_over(source: Source) -> bool:
    """Tell whether the pages of a source are asked for only where a list names them anew.

    So it is where the list tells which page is today's: of files whose names change, of the Code of Federal
    Regulations by its day, of the Federal Register, and of a sitemap that is trusted to say what moved.
    """
    listed_anew = source.platform in ("ecfr", "federal_register") or source.trusts_lastmod
    return listed_anew or source.document.origin == "link"


def is_settled(source: Source, url: str) -> bool:
    """Tell whether a page once had is never asked for again: an earlier text, or what was printed in a register."""
    return is_past(url) or (source.platform == "federal_register" and "#citation=" in url)


def leads_on(source: Source, url: str, depth: int, media_type: str) -> bool:
    """Tell whether links are looked for in a page of a source."""
    platform = find_platform(source)
    is_web = media_type in WEB_TYPES
    leads = platform.is_list(source, url, depth) and (is_web or not platform.is_web)
    return leads or (is_web and lists_versions(source, url))


def find_all_links(source: Source, page: ListPage) -> Links:
    """Find where a page leads: to the pages of its list, and to the earlier texts of its document."""
    platform = find_platform(source)
    found = platform.find_links(source, page) if platform.is_list(source, page.url, page.depth) else Links()
    earlier = find_versions(source, page)
    urls = dict.fromkeys((*found.urls, *earlier.urls))
    return Links(tuple(urls), (*found.problems, *earlier.problems), found.moved_on)
