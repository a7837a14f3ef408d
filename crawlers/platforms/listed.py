"""Pages named by a listing that is no web page: a sitemap, a feed, an interface, the Federal Register, a library.

What such a listing says is read by ``kb.read.listing``, the same for crawling and for building.
"""

from urllib.parse import urlencode

from crawlers.platforms.links import NO_LINKS, Links, ListPage, follow_links
from kb.marks import is_past, mark_address
from kb.read.listing import MOST_PAGES, read_following, read_listing
from kb.sources import Source

# What is asked of each document of the Federal Register, and how many of them at once (its own limit).
REGISTER_FIELDS = (
    "document_number",
    "title",
    "type",
    "publication_date",
    "effective_on",
    "raw_text_url",
    "body_html_url",
)
REGISTER_PAGE = 1000


def is_list(source: Source, url: str, depth: int) -> bool:  # noqa: ARG001 - the same for every platform
    """Tell whether a page may be a listing: its bytes say so, unless it is too far from the start."""
    return depth <= MOST_PAGES and not is_past(url)


def find_links(source: Source, page: ListPage) -> Links:
    """Find the pages a listing names and the listings it continues on, with what is wrong with it."""
    found = read_listing(page.body, source, page.url, page.base)
    if found is None:
        found = read_following(page.body, source, page.url, page.base)
    if found is None:
        return NO_LINKS
    more, problems = found.more, list(found.problems)
    if page.depth >= MOST_PAGES and more:
        problems.append(f"expected a listing of at most {MOST_PAGES} pages in {source.id} ({page.url}), found more")
        more = ()
    moved_on = {entry.url: entry.moved_on for entry in found.entries if entry.moved_on} if source.trusts_lastmod else {}
    urls = dict.fromkeys((*more, *(entry.url for entry in found.entries)))
    return Links(tuple(urls), tuple(problems), moved_on)


def find_library_links(source: Source, page: ListPage) -> Links:
    """Find the pages an XML library includes, or those its web page links to."""
    found = find_links(source, page)
    is_web = page.body.lstrip()[:1] == b"<" and b"<html" in page.body[:1000].lower()
    return follow_links(source, page) if found is NO_LINKS and is_web else found


def list_start(source: Source) -> tuple[str, ...]:
    """List where listings start; what is asked for with POST is kept with the address."""
    posted = "" if source.api is None else source.api.post.list
    return tuple(mark_address(url, {"post": posted}) if posted else url for url in source.start)


def list_titles(source: Source) -> tuple[str, ...]:
    """List where the titles of the Code of Federal Regulations and their days are told."""
    # Without a title there is nothing to ask of the versioner.
    return tuple(f"{url.rstrip('/')}/titles.json" for url in source.start) if source.ecfr is not None else ()


def list_register(source: Source) -> tuple[str, ...]:
    """List the question to the Federal Register that the filters of a source make."""
    rule = source.federal_register
    # Unfiltered it would be all that was ever printed.
    if rule is None:
        return ()
    asked: list[tuple[str, str]] = [("per_page", str(REGISTER_PAGE)), ("order", "newest")]
    asked += [("fields[]", name) for name in REGISTER_FIELDS]
    asked += [("conditions[agencies][]", name) for name in rule.agencies]
    asked += [("conditions[type][]", name) for name in rule.types]
    asked += [(f"conditions[cfr][{name}]", str(value)) for name, value in sorted(rule.cfr.items())]
    asked += [("conditions[term]", rule.term)] if rule.term else []
    asked += [("conditions[publication_date][gte]", rule.since)] if rule.since else []
    return tuple(f"{url}?{urlencode(asked, safe='[]')}" for url in source.start)
