"""Read a listing that is no web page: a sitemap, a feed, or the answer of an interface that names documents.

The crawler follows what a listing names; the build takes from the same reading which documents it names and whether
it names all. Whatever the bytes are, a listing is bounded, and what is wrong with it comes back as sentences.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, quote, urldefrag, urlencode, urljoin, urlsplit, urlunsplit

import msgspec
from lxml import etree

from kb.errors import UnreadablePageError
from kb.marks import mark_address, read_day, read_marks
from kb.read.fields import fill_template, find_text, find_values, has_path, parse_answer, print_value, refuse_parts
from kb.sources import Source

# The largest sitemap the protocol allows, after decompression (https://www.sitemaps.org/protocol.html).
MOST_BYTES = 50 * 1024 * 1024
# So many addresses the protocol allows in one sitemap; any other listing known is smaller.
MOST_ENTRIES = 50_000
LONGEST_URL = 2083
# A listing of so many pages does not end by itself: it is a trap.
MOST_PAGES = 200
# What the addresses of a feed stand below, where it says so.
XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"


def plain_address(address: str) -> str:
    """Return an address as a listing prints it without its fragment: only we say there what is known of a page."""
    return address.strip().partition("#")[0]


class Entry(msgspec.Struct, frozen=True):
    """A page that a listing names, with what the listing says of it in its fragment, and when it last moved."""

    url: str
    moved_on: str = ""


class Listing(msgspec.Struct, frozen=True):
    """What a listing names: its entries, further listings, whether it names all there is, and what is wrong."""

    entries: tuple[Entry, ...] = ()
    more: tuple[str, ...] = ()
    complete: bool = False
    problems: tuple[str, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """A listing to read: its source, the address asked for and the one that answered."""

    source: Source
    url: str
    base: str


def read_listing(body: bytes, source: Source, url: str, base: str = "") -> Listing | None:
    """Read what a listing of a source names.

    ``base`` is the address that answered, where it is another. Returns None where the page is no listing of its
    platform, and a listing without entries that says so where it should be one and cannot be read.
    """
    read = READERS.get(source.platform)
    if read is None or not body.strip():
        return None
    asked = Asked(source, url, base or url)
    try:
        plain = _unpack(body)
        refuse_parts(plain)
        found = read(plain, asked)
    except UnreadablePageError as error:
        return Listing(problems=(f"{error} in {source.id} ({url})",))
    return None if found is None else _bound(found, asked)


def read_following(body: bytes, source: Source, url: str, base: str = "") -> Listing | None:
    """Read where an answer goes on whose entries are documents themselves; None where it is none."""
    rule = source.api
    if rule is None or not rule.items or rule.each or not body.strip():
        return None
    asked = Asked(source, url, base or url)
    try:
        tree = parse_answer(body)
    except UnreadablePageError as error:
        return Listing(problems=(f"{error} in {source.id} ({url})",))
    return _bound(Listing(more=_find_next(tree, find_values(tree, rule.items), asked)), asked)


def _unpack(body: bytes) -> bytes:
    """Return the bytes of a listing that may be packed with gzip; raises UnreadablePageError when it bursts."""
    if body[:2] != b"\x1f\x8b":
        return body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise UnreadablePageError(f"broken gzip: {error}") from error
    if unpacker.unconsumed_tail:
        raise UnreadablePageError(f"more than {MOST_BYTES} bytes when unpacked")
    if not unpacker.eof:
        raise UnreadablePageError("gzip that ends before its end")
    return text


def _bound(found: Listing, asked: Asked) -> Listing:
    """Resolve, filter and bound what a listing names, and say what was left out."""
    source, where = asked.source, f"in {asked.source.id} ({asked.url})"
    problems, foreign = list(found.problems), []
    if len(found.entries) > MOST_ENTRIES:
        problems.append(f"expected at most {MOST_ENTRIES} entries {where}, found more")
    host = urlsplit(asked.url).hostname
    entries: dict[str, Entry] = {}
    for entry in found.entries[:MOST_ENTRIES]:
        url = _resolve(asked, entry.url)
        if url and source.matches(url):
            entries.setdefault(url, Entry(url, entry.moved_on))
        elif urlsplit(url).hostname != host:
            foreign.append(entry.url)
    more = [url for one in found.more[:MOST_ENTRIES] if (url := _resolve(asked, one))]
    kept = tuple(dict.fromkeys(url for url in more if urlsplit(url).hostname == host or source.matches(url)))
    foreign += [url for url in more if url not in kept]
    if foreign:
        problems.append(f"{len(foreign)} addresses of other places {where}, such as {foreign[0][:200]!r}: not followed")
    complete = found.complete and not found.problems and len(found.entries) <= MOST_ENTRIES
    return Listing(tuple(entries.values()), kept, complete, tuple(problems))


def _resolve(asked: Asked, address: str) -> str:
    """Return the one absolute address of an entry with its marks, "" for one that is no page of the web."""
    try:
        url = urljoin(asked.base, address.strip())
        parts = urlsplit(url)
    except ValueError:
        return ""
    usable = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    if not usable or len(urldefrag(url).url) > LONGEST_URL:
        return ""
    url = mark_address(asked.source.canonicalise(urldefrag(url).url), read_marks(url))
    return url.replace(" ", "%20")


def _parse_loosely(body: bytes) -> etree._Element | None:
    """Return the root of XML that may be broken, None where nothing can be made of it; entities are never expanded."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if etree.iselement(root) else None


def _name(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _children(element: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in element if _name(child) == name]


def _child_text(element: etree._Element, *names: str) -> str:
    found = (print_value(child).strip() for name in names for child in _children(element, name))
    return next((text for text in found if text), "")


# --- sitemaps


def _read_sitemap(body: bytes, asked: Asked) -> Listing | None:
    """Read a sitemap, or one that names others, in XML or as plain lines of addresses."""
    if body.lstrip()[:1] != b"<":
        lines = body.decode("utf-8", "replace").split()
        plain = bool(lines) and all(line.startswith(("http://", "https://")) for line in lines[:10])
        whole = Listing(tuple(Entry(plain_address(line)) for line in lines), complete=True)
        return whole if plain else _miss_start(asked, "a sitemap")
    root = _parse_loosely(body)
    if root is None or _name(root) not in ("urlset", "sitemapindex"):
        return _miss_start(asked, "a sitemap")
    broken = () if body.rstrip().endswith(b">") and _ends(body, root) else (_say_broken("sitemap", asked),)
    if _name(root) == "sitemapindex":
        return Listing(
            more=tuple(plain_address(_child_text(one, "loc")) for one in _children(root, "sitemap")), problems=broken
        )
    pages = _children(root, "url")
    # The last address of a sitemap that breaks off may itself be cut.
    pages = pages[:-1] if broken else pages
    entries = (Entry(plain_address(_child_text(one, "loc")), _child_text(one, "lastmod")) for one in pages)
    return Listing(tuple(entry for entry in entries if entry.url), complete=not broken, problems=broken)


def _ends(body: bytes, root: etree._Element) -> bool:
    """Tell whether XML was read to the end tag of its root."""
    return body.rstrip()[-80:].rpartition(b"</")[2].split(b":")[-1].rstrip(b"> \r\n") == _name(root).encode()


def _say_broken(kind: str, asked: Asked) -> str:
    return f"the {kind} ends before its end in {asked.source.id} ({asked.url})"


def _miss_start(asked: Asked, expected: str) -> Listing | None:
    """Say that a page a source starts at is not what it should be; of any other page that is no surprise."""
    if urldefrag(asked.url).url.partition("?")[0] not in {url.partition("?")[0] for url in asked.source.start}:
        return None
    return Listing(problems=(f"expected {expected}, found none in {asked.source.id} ({asked.url})",))


# --- feeds


def _read_feed(body: bytes, asked: Asked) -> Listing | None:
    """Read a feed: RSS 2.0, RSS 1.0, Atom or JSON Feed. A feed names what is new, so it is never complete."""
    start = body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    if start == b"{":
        return _read_json_feed(body, asked)
    root = _parse_loosely(body) if start == b"<" else None
    kind = "" if root is None else _name(root)
    if root is None or kind not in ("rss", "RDF", "feed"):
        return _miss_start(asked, "a feed")
    items = root.iter("{*}entry") if kind == "feed" else root.iter("{*}item")
    top = plain_address(root.get(XML_BASE, ""))
    entries = (Entry(urljoin(top, url)) for item in items if (url := plain_address(_find_link(item))))
    next_pages = (plain_address(link.get("href", "")) for link in root.iter("{*}link") if link.get("rel") == "next")
    return Listing(tuple(entries), tuple(next_pages))


def _find_link(item: etree._Element) -> str:
    """Return where an item of a feed leads: its link, else the address it is known by."""
    links = _children(item, "link")
    atom = [link.get("href", "") for link in links if link.get("rel", "alternate") == "alternate" and link.get("href")]
    return unescape(atom[0] if atom else _child_text(item, "link") or _read_permalink(item))


def _read_permalink(item: etree._Element) -> str:
    known = _child_text(item, "guid", "id")
    return known if known.startswith(("http://", "https://")) else ""


def _read_json_feed(body: bytes, asked: Asked) -> Listing | None:
    tree = parse_answer(body)
    items = find_values(tree, "items")
    if not find_text(tree, "version").startswith("https://jsonfeed.org/"):
        return _miss_start(asked, "a feed")
    urls = (find_text(item, "url") or find_text(item, "external_url") for item in items)
    following = find_text(tree, "next_url")
    return Listing(tuple(Entry(plain_address(url)) for url in urls if url), _list_following(following))


def _list_following(address: str) -> tuple[str, ...]:
    return (plain_address(address),) if address else ()


# --- interfaces


def _read_api(body: bytes, asked: Asked) -> Listing | None:
    """Read a listing of an interface as its paths say; an answer that holds a text of its own is none."""
    rule = asked.source.api
    if rule is None or not rule.items or not rule.each or "citation" in read_marks(asked.url):
        return None
    is_start = urldefrag(asked.url).url in asked.source.start
    try:
        tree = parse_answer(body)
    except UnreadablePageError:
        if is_start or rule.text:
            raise
        # A list in JSON may lead to texts that are pages of HTML.
        return None
    if not has_path(tree, rule.items):
        wanted = f"path {rule.items!r} found nothing in {asked.source.id} ({asked.url})"
        return Listing(problems=(wanted,)) if is_start else None
    items = find_values(tree, rule.items)
    entries = [Entry(url) for item in items if (url := _fill_entry(item, asked))]
    problems: tuple[str, ...] = ()
    if items and len(entries) < len(items):
        lost = len(items) - len(entries)
        problems = (f"each {rule.each!r} lacks a value in {lost} entries in {asked.source.id} ({asked.url})",)
    return Listing(tuple(entries), _find_next(tree, items, asked), complete=True, problems=problems)


def _spell_json(text: str) -> str:
    """Return a text as it stands within a string of JSON: a quotation mark of an entry must not end it."""
    return msgspec.json.encode(text).decode()[1:-1]


def _fill_entry(item: Any, asked: Asked) -> str:
    rule = asked.source.api
    if rule is None:
        return ""
    url = plain_address(fill_template(rule.each, item, _spell))
    told = {
        "citation": find_text(item, rule.citation),
        "valid_from": find_text(item, rule.valid_from)[:10],
        "valid_to": find_text(item, rule.valid_to)[:10],
        "heading": find_text(item, rule.heading),
        "post": fill_template(rule.post.each, item, _spell_json) if rule.post.each else "",
    }
    # Of an answer to POST the address alone does not say which document it is.
    kept = told if rule.citation or rule.post.each else {name: told[name] for name in ("valid_from", "valid_to")}
    return mark_address(url, kept) if url else ""


def _spell(value: str) -> str:
    """Write a value into an address: an address of its own as it is, anything else escaped."""
    return value if value.startswith(("http://", "https://", "/")) else quote(value, safe="/")


def _find_next(tree: Any, items: list[Any], asked: Asked) -> tuple[str, ...]:
    rule = asked.source.api
    if rule is None:
        return ()
    following = find_text(tree, rule.next)
    if following:
        return _list_following(following)
    if rule.page is None or not items:
        return ()
    parts = urlsplit(urldefrag(asked.url).url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    now = dict(query).get(rule.page.parameter, "")
    number = (int(now) if now.isascii() and now.isdigit() else rule.page.first) + rule.page.step
    others = [(name, value) for name, value in query if name != rule.page.parameter]
    counted = urlencode([*others, (rule.page.parameter, str(number))], safe="${}[]")
    return (mark_address(urlunsplit(parts._replace(query=counted)), read_marks(asked.url)),)


# --- the Code of Federal Regulations and the Federal Register


def _read_ecfr(body: bytes, asked: Asked) -> Listing | None:
    """Read the titles, a title's structure, or the list of a part's earlier texts, whichever an address names."""
    rule, address = asked.source.ecfr, urlsplit(asked.url).path
    if rule is None or not address.endswith(".json"):
        return None
    tree = parse_answer(body)
    root = asked.source.start[0].rstrip("/") + "/"
    if address.endswith("/titles.json"):
        return _read_titles(tree, root, asked)
    if "/structure/" in address:
        parts = [find_text(one, "identifier") for one in find_values(tree, "**") if find_text(one, "type") == "part"]
        return Listing(more=tuple(url for part in parts for url in _list_part(root, asked.source, part)))
    return _read_amendments(tree, root, asked)


def _read_titles(tree: Any, root: str, asked: Asked) -> Listing:
    rule = asked.source.ecfr
    if rule is None or not find_date(tree, rule.title):
        wanted = f"no up_to_date_as_of of title {rule.title if rule else ''}"
        return Listing(problems=(f"{wanted} in {asked.source.id} ({asked.url})",))
    if not rule.parts:
        return Listing(more=(f"{root}structure/current/title-{rule.title}.json",))
    return Listing(more=tuple(url for part in rule.parts for url in _list_part(root, asked.source, part)))


def find_date(tree: Any, title: int) -> str:
    """Return the day on which eCFR last brought a title up to date, of its list of titles, "" where it says none."""
    for one in find_values(tree, "titles"):
        if find_text(one, "number") == str(title):
            return find_text(one, "up_to_date_as_of")
    return ""


def _list_part(root: str, source: Source, part: str) -> Iterator[str]:
    rule = source.ecfr
    if rule is not None:
        yield f"{root}full/current/title-{rule.title}.xml?part={quote(part)}"
        if rule.history:
            yield f"{root}versions/title-{rule.title}.json?part={quote(part)}"


def _read_amendments(tree: Any, root: str, asked: Asked) -> Listing:
    """Read when each section of a part was amended: every text but the latest is an earlier one with its term."""
    rule = asked.source.ecfr
    if rule is None:
        return Listing()
    told: dict[str, list[Any]] = {}
    for one in find_values(tree, "content_versions"):
        if find_text(one, "type") == "section" and read_day(find_text(one, "date")) is not None:
            told.setdefault(find_text(one, "identifier"), []).append(one)
    entries = []
    for section, ones in told.items():
        ones.sort(key=lambda one: find_text(one, "date"))
        for one, following in zip(ones, [*ones[1:], None], strict=True):
            day = find_text(one, "date")
            if find_text(one, "removed") == "true" or one.get("removed") is True:
                continue
            query = urlencode({"part": find_text(one, "part"), "section": section})
            until = "" if following is None else find_text(following, "date")
            marks = {"past": "1", "citation": section, "valid_from": day, "valid_to": until}
            entries.append(Entry(mark_address(f"{root}full/{day}/title-{rule.title}.xml?{query}", marks)))
    return Listing(tuple(entries))


def _read_register(body: bytes, asked: Asked) -> Listing | None:
    """Read a page of Federal Register documents; the text of each carries what its fields say."""
    tree = parse_answer(body) if body.lstrip()[:1] == b"{" else None
    if not has_path(tree, "results") and not has_path(tree, "count"):
        return _miss_start(asked, "a list of documents ('results')")
    entries = [Entry(url) for one in find_values(tree, "results") if (url := _name_notice(one))]
    following = find_text(tree, "next_page_url")
    return Listing(tuple(entries), _list_following(following))


def _name_notice(one: Any) -> str:
    url = plain_address(find_text(one, "raw_text_url") or find_text(one, "body_html_url"))
    marks = {
        "citation": find_text(one, "document_number"),
        "heading": find_text(one, "title"),
        "published": find_text(one, "publication_date"),
        "type": find_text(one, "type"),
        "valid_from": find_text(one, "effective_on"),
    }
    return mark_address(url, marks) if url and marks["citation"] else ""


# --- libraries of XML


def _read_library(body: bytes, _: Asked) -> Listing | None:
    """Read an XML page that includes others (``include`` elements or ``href`` attributes of a contents)."""
    if body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] != b"<" or b"<html" in body[:300].lower():
        return None
    root = parse_answer(body)
    included = [plain_address(one.get("href", "")) for one in root.iter("{*}include") if one.get("href")]
    return Listing(tuple(Entry(href) for href in included), complete=True) if included else None


READERS: Mapping[str, Callable[[bytes, Asked], Listing | None]] = {
    "sitemap": _read_sitemap,
    "feed": _read_feed,
    "api": _read_api,
    "ecfr": _read_ecfr,
    "federal_register": _read_register,
    "uslm": _read_library,
}
