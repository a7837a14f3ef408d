"""Read one snapshot: bytes to documents, with the checks that tell a page that is the rule from one that is not.

Reading is pure: the same bytes, URL and declaration give the same page, on any machine, in any order.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from html import unescape
from urllib.parse import urldefrag, urljoin

import msgspec

from kb.errors import UnreadablePageError
from kb.marks import mark_address, read_day, read_marks
from kb.models import Extract, Flaw, LeftOut, Line, Page, Reading, Validity
from kb.read.answers import Told, read_answer
from kb.read.bounds import read_bounded
from kb.read.canonical import fold_text
from kb.read.decode import decode_text
from kb.read.documents import Section, cut_sections, document_id, read_section, split_section
from kb.read.html import Markup, Selectors, read_links, read_markup
from kb.read.jobs import Job, Rendition
from kb.read.kinds import Kind, is_encrypted, tell_kind
from kb.read.line_numbers import drop_line_numbers
from kb.read.link_words import list_chosen_links
from kb.read.links import read_web_links
from kb.read.listing import Listing, read_listing
from kb.read.parts import print_line
from kb.read.renditions import read_converted
from kb.read.xml import XmlDocument, read_xml_lines
from kb.sources import Checks, Source, find_naming, name_link

# Where the page made of an interface's answer holds its text, heading and history.
API_PARTS = ("[data-part=main]", "[data-part=heading]", "[data-part=note]")
# The largest page that is read, after decompression; the largest known title page has 4 MB.
MOST_BYTES = 48 * 1024 * 1024
# The most tags of a page that is read, closing ones counted: the largest known title page has a quarter of them, and a
# page of a million links took 900 MB.
MOST_TAGS = 600_000
# <<<<<<< HEAD, =======, >>>>>>> origin/main: a merge that was never finished
CONFLICT = re.compile(r"(?:^|\s)(?:<{7}|>{7})\s+\S+", re.MULTILINE)
# The page ends inside a tag: the transfer was cut.
CUT_TAG = re.compile(r"<[a-zA-Z/][^<>]*\Z")
# How the formats that are not HTML are called, by what a page of them bears as its shape.
FORMATS = {
    "pdf": "PDF", "xml": "XML", "docx": "Word (DOCX)", "doc": "Word (DOC)", "rtf": "RTF", "text": "plain text",
    "zip": "ZIP",
}  # fmt: skip
# Share of documents told twice on one page from which the page is taken for broken.
MOST_DOUBLES = 0.2


def read_page(body: bytes, source: Source, url: str, *, media_type: str = "", charset: str = "") -> Page:
    """Read the documents of one snapshot as its source declares.

    Returns the page with its readings and flaws; a page with flaws is not to be taken for the rule. Never raises for
    bad bytes: what cannot be read comes back as a flaw that says what was expected and found. What kind of file it is
    its bytes tell; a PDF, a Word document or rich text is read in a process apart (kb.read.bounds).
    """
    unfit = _refuse_size(body, url)
    if unfit is not None:
        return unfit
    listing = read_listing(body, source, url)
    if listing is not None:
        return _read_listing(listing, source)
    return apply_marks(_read_documents(body, source, url, (media_type, charset)), source, url)


def _read_documents(body: bytes, source: Source, url: str, declared: tuple[str, str]) -> Page:
    """Read the documents of a page that is no listing; ``declared`` is its media type and charset by the answer."""
    media_type, charset = declared
    try:
        if source.api is not None and body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"[", b"<"):
            return _read_api(body, source, url)
        kind = tell_kind(body, media_type)
        if kind == "html":
            return _read_html(body, charset, source, url)
        if kind == "xml":
            return _read_xml(body, source, url)
        extract = _extract_text(body, charset) if kind == "text" else _extract_file(body, kind)
    except UnreadablePageError as error:
        return _unread("unreadable", f"{error} in {source.id} ({url})")
    return _read_extract(extract, kind, source, url)


def read_rendered(body: bytes, source: Source, url: str, rendition: Rendition) -> Page:
    """Read the documents of a snapshot of which an installed program made a text; else as read_page."""
    unfit = _refuse_size(body, url)
    if unfit is not None:
        return unfit
    kind = tell_kind(body, "")
    extract = read_bounded(Job("pdf", body, rendition)).extract if kind == "pdf" else read_converted(rendition)
    page = _read_extract(extract, kind, source, url)
    readings = tuple(_mark_made(reading, rendition.tool.partition(" ")[0]) for reading in page.readings)
    return apply_marks(msgspec.structs.replace(page, readings=readings, tool=rendition.tool), source, url)


def _mark_made(reading: Reading, tool: str) -> Reading:
    """Say above a document that a program made its text; its version is left out, for it says nothing of the law."""
    root, *below = reading.provisions
    mark = f"[Text made by a program ({tool}), not by the publisher: letters may be wrong.]"
    note = f"{mark}\n{root.note}" if root.note else mark
    return msgspec.structs.replace(reading, provisions=(msgspec.structs.replace(root, note=note), *below))


def name_format(shape: str) -> str:
    """Return the format of a page by its shape ("HTML", "PDF"), "" where nothing was read."""
    return FORMATS.get(shape, "HTML") if shape else ""


def _refuse_size(body: bytes, url: str) -> Page | None:
    if not body.strip():
        return _unread("empty", f"the body of {url} is empty")
    if len(body) > MOST_BYTES:
        return _unread("huge", f"{url} has {len(body)} bytes, more than {MOST_BYTES}")
    return None


def _unread(code: str, message: str) -> Page:
    return Page(readings=(), length=0, shape="", flaws=(Flaw(code, message),))


def _read_listing(listing: Listing, source: Source) -> Page:
    """Return what a listing says as a page: the documents it names, and whether it names all of them."""
    found = (source.identify(entry.url) for entry in listing.entries)
    names = tuple(dict.fromkeys(document_id(source, one.citation) for one in found if one is not None))
    flaws = tuple(Flaw("listing", problem) for problem in listing.problems) if not listing.entries else ()
    whole = listing.complete and not listing.more
    return Page((), sum(map(len, names)), "listing", flaws, names=names, complete=whole)


def _read_api(body: bytes, source: Source, url: str) -> Page:
    """Read the documents that an answer of an interface holds."""
    if source.api is not None and not source.api.text:
        return _read_html(body, "", source, url)
    pages = [_read_told(told, source, url) for told in read_answer(body, source, url)]
    readings = [reading for page in pages for reading in page.readings]
    return _page(readings, "api", _check_readings(readings, source, url))


def _read_told(told: Told, source: Source, url: str) -> Page:
    markup = read_markup(told.page, Selectors(*API_PARTS, "", tuple(source.remove)))
    named = mark_address(url, {**read_marks(url), "citation": told.citation}) if told.citation else url
    readings, left_out = _read_lines(markup.lines, source, named)
    if told.valid_from is not None or told.valid_to is not None:
        term = Validity(told.valid_from, told.valid_to, "stated")
        readings = [msgspec.structs.replace(reading, validity=term) for reading in readings]
    return _page(readings, markup.shape, (), left_out)


def apply_marks(page: Page, source: Source, url: str) -> Page:
    """Return a page with what its listing said of it: when its text applies, and which section was asked for."""
    marks = read_marks(url)
    begins, ends = (read_day(marks.get(name, "")) for name in ("valid_from", "valid_to"))
    if not marks or (begins is None and ends is None):
        return page
    wanted = document_id(source, marks["citation"]) if "citation" in marks else ""
    held = [one for one in page.readings if one.document == wanted] or list(page.readings)
    term = Validity(begins, ends, "stated")
    return msgspec.structs.replace(
        page, readings=tuple(msgspec.structs.replace(reading, validity=term) for reading in held)
    )


def _read_html(body: bytes, charset: str, source: Source, url: str) -> Page:
    if (tags := body.count(b"<")) > MOST_TAGS:
        return _unread("huge", f"{url} has {tags} tags, more than {MOST_TAGS}")
    decoded = decode_text(body, charset)
    select = source.select
    listing = source.document.origin in ("url", "link") and source.identify(url) is None
    markup = read_markup(
        decoded.text,
        Selectors(
            select.main or "", select.heading or "", select.note or "", select.pending or "", tuple(source.remove)
        ),
        listing=listing,
    )
    naming = find_naming(source) if source.follow else None
    links = list_chosen_links(decoded.text, source.follow, naming) if naming else read_links(markup)
    names = _named_documents(links, source, url) if listing else ()
    if names:
        return Page(
            readings=(),
            length=len(markup.written),
            shape=markup.shape,
            names=names,
            complete=markup.closed,
            left_out=_list_outside(markup.lines),
        )
    readings, left_out = _read_lines(markup.lines, source, url)
    if len(readings) == 1 and (' href="http' in markup.written or ' href="//' in markup.written):
        readings = [_add_web_links(readings[0], markup, source, url)]
    flaws = [*decoded.flaws, *_check_text(decoded.text), *_check_readings(readings, source, url)]
    return msgspec.structs.replace(_page(readings, markup.shape, flaws, left_out), complete=markup.closed)


def _read_lines(lines: Sequence[Line], source: Source, url: str) -> tuple[list[Reading], tuple[LeftOut, ...]]:
    """Read the documents that the lines of a page hold; returns them and what of the lines stands in none."""
    plain, numbers = drop_line_numbers(lines)
    layout = tuple(LeftOut("layout", number) for number in numbers)
    sections = cut_sections(plain, source, url)
    if not sections:
        return [], (*layout, *_list_outside(plain))
    left_out = (piece for section in sections for piece in section.left_out)
    texts = (text for section in sections for text in split_section(section))
    return [read_section(text, source) for text in texts], (*layout, *left_out)


def _list_outside(lines: Sequence[Line]) -> tuple[LeftOut, ...]:
    return tuple(LeftOut("outside", print_line(line)) for line in lines)


def _named_documents(hrefs: Iterable[tuple[str, str]], source: Source, url: str) -> tuple[str, ...]:
    """Return the ids of the documents of its source that a list page links to."""
    links = dict.fromkeys(name_link(source, _resolve(url, href), words) for href, words in hrefs)
    found = (source.identify(link) for link in links if source.matches(link))
    return tuple(dict.fromkeys(document_id(source, one.citation) for one in found if one is not None))


def _add_web_links(reading: Reading, markup: Markup, source: Source, url: str) -> Reading:
    """Return the reading of a page of its own with the links of its text that lead to pages of others."""
    links = (link for link in read_links(markup) if not source.matches(link[0]))
    found = read_web_links(links, reading.provisions, url)
    return msgspec.structs.replace(reading, references=(*reading.references, *found))


def _resolve(url: str, href: str) -> str:
    """Return the address a link leads to, without its fragment; "" for one that is no address ("http://[")."""
    try:
        return urldefrag(urljoin(url, href)).url
    except ValueError:
        return ""


def _extract_text(body: bytes, charset: str) -> Extract:
    decoded = decode_text(body, charset)
    found = read_bounded(Job("text", decoded.text.encode("utf-8", "replace"))).extract
    return msgspec.structs.replace(found, flaws=(*decoded.flaws, *found.flaws))


def _extract_file(body: bytes, kind: Kind) -> Extract:
    """Return the lines of a file that is neither a page nor a text: read apart, or not to be read as it is."""
    if kind in ("pdf", "docx", "rtf"):
        return read_bounded(Job(kind, body)).extract
    if kind == "zip":
        return Extract(flaws=(Flaw("unreadable", "a ZIP package, and no Word document"),))
    if is_encrypted(body):
        return Extract(flaws=(Flaw("locked", "Word document is encrypted and opens only with a password"),))
    old = "a Word document of the old kind (.doc): install antiword or catdoc, then run kb convert"
    return Extract(flaws=(Flaw("needs_converter", old),))


def _read_extract(extract: Extract, kind: Kind, source: Source, url: str) -> Page:
    """Read the documents of a file's lines; one that holds no line says why, and nothing else."""
    if not extract.lines:
        where = f"in {source.id} ({url})"
        told = extract.flaws or (Flaw("no_text", "expected text, found none"),)
        flaws = tuple(Flaw(flaw.code, f"{flaw.message} {where}") for flaw in told)
        return Page((), 0, kind, flaws, left_out=extract.left_out)
    readings, left_out = _read_lines(extract.lines, source, url)
    found = [*extract.flaws, *_check_readings(readings, source, url)]
    page = _page(readings, kind, found, (*extract.left_out, *left_out))
    # A file that was cut off is not read at all; of a text no one can tell.
    return msgspec.structs.replace(page, complete=kind != "text")


def _read_xml(body: bytes, source: Source, url: str) -> Page:
    documents, flaws = read_xml_lines(body)
    readings = [_read_xml_document(document, source) for document in documents]
    fatal = [flaw for flaw in flaws if flaw.code != "unknown_element"]
    left_out = tuple(piece for document in documents for piece in document.left_out)
    return _page(readings, "xml", fatal or _check_readings(readings, source, url), left_out)


def _read_xml_document(document: XmlDocument, source: Source) -> Reading:
    section = Section(document.citation, source.document.strand, document.heading, document.lines)
    reading = read_section(section, source)
    return msgspec.structs.replace(reading, acts=document.acts) if document.acts else reading


def _page(readings: Sequence[Reading], shape: str, flaws: Sequence[Flaw], left_out: tuple[LeftOut, ...] = ()) -> Page:
    return Page(
        readings=_tell_apart(readings),
        length=_length(readings),
        shape=shape,
        flaws=tuple(flaws),
        left_out=left_out,
    )


def _length(readings: Sequence[Reading]) -> int:
    return sum(len(part.text) + len(part.heading) for reading in readings for part in reading.provisions)


def _tell_apart(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Give a second document of the same id, strand and validity an id of its own ("…~2"), so that none is lost."""
    seen: Counter[tuple[str, str, Validity]] = Counter()
    told = []
    for reading in readings:
        key = (reading.document, reading.strand, reading.validity)
        seen[key] += 1
        again = f"{reading.document}:{seen[key]}"
        told.append(msgspec.structs.replace(reading, document=again) if seen[key] > 1 else reading)
    return tuple(told)


def _check_text(text: str) -> list[Flaw]:
    flaws = []
    if "&lt;&lt;&lt;" in text or "&gt;&gt;&gt;" in text:
        text = unescape(text)
    if (">>>>>>>" in text or "<<<<<<<" in text) and CONFLICT.search(text) is not None:
        flaws.append(Flaw("conflict_markers", "the page holds markers of an unfinished merge"))
    if CUT_TAG.search(text[-2000:]) is not None:
        flaws.append(Flaw("truncated", "the page ends inside a tag"))
    return flaws


def _check_readings(readings: Sequence[Reading], source: Source, url: str) -> list[Flaw]:
    """Hold what was read against what any page of law has and what the source declares."""
    where = f"in {source.id} ({url})"
    if not readings:
        pattern = source.document.pattern
        expected = f"a document by '{pattern.pattern}'" if pattern is not None else "a document"
        return [Flaw("no_document", f"expected {expected}, found none {where}")]
    flaws = []
    if not any(part.text or part.heading for reading in readings for part in reading.provisions):
        flaws.append(Flaw("no_text", f"expected text in the main part, found none {where}"))
    flaws.extend(_check_doubles(readings, where))
    flaws.extend(_check_declared(readings, source, where))
    return flaws


def _check_doubles(readings: Sequence[Reading], where: str) -> list[Flaw]:
    counts = Counter((reading.document, reading.strand, reading.validity) for reading in readings)
    doubles = sum(1 for count in counts.values() if count > 1)
    if doubles > max(2, MOST_DOUBLES * len(counts)):
        return [Flaw("doubled", f"{doubles} of {len(counts)} documents stand twice on the page {where}")]
    return []


def _check_declared(readings: Sequence[Reading], source: Source, where: str) -> list[Flaw]:
    checks = source.checks
    sizes = (
        ("provisions", checks.provisions_min, sum(len(reading.provisions) for reading in readings)),
        ("documents", checks.documents_min, len(readings)),
        ("characters of law", checks.length_min, _length(readings)),
    )
    flaws = [
        Flaw("too_few", f"expected at least {least} {what}, found {found} {where}")
        for what, least, found in sizes
        if found < least
    ]
    if checks.must_contain or checks.must_not_contain:
        flaws.extend(_check_words(fold_text(_all_text(readings)), checks, where))
    return flaws


def _check_words(text: str, checks: Checks, where: str) -> list[Flaw]:
    lacking = [words for words in checks.must_contain if fold_text(words) not in text]
    unwanted = [words for words in checks.must_not_contain if fold_text(words) in text]
    return [
        *(Flaw("lacks_text", f"expected the words '{words}', found none {where}") for words in lacking),
        *(Flaw("holds_text", f"expected no words '{words}', found them {where}") for words in unwanted),
    ]


def _all_text(readings: Sequence[Reading]) -> str:
    """Return every printed part of the page's documents, one a line."""
    parts = (part for reading in readings for part in reading.provisions)
    return "\n".join(text for part in parts for text in (part.heading, part.text, part.note, part.pending) if text)
