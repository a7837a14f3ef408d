"""Hold what was read of a page against what it prints: nothing may be lost, nothing added, nothing told twice.

The printed characters are counted here by a walk of the page's tree, apart from the code that cuts it into lines; white
space counts for nothing, for printing moves it. What a reader may add is named: the sign between two cells of a row,
the numbers that a list prints beside its items or that the publisher states in an id, the kind of a note that XML
states in an attribute, and what two texts of one document share.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
from lxml import etree
from selectolax.lexbor import LexborNode

from kb.errors import UnreadablePageError
from kb.evaluate.corpus import CorpusLine
from kb.evaluate.figures import Figure, make_count, make_share
from kb.models import Page, Reading
from kb.read.decode import decode_text
from kb.read.html import Selectors, find_main_nodes
from kb.read.labels import ListFrame
from kb.read.page import read_page
from kb.read.xml import Vocabulary, attribute_of, choose_vocabulary, parse_safely, role_of
from kb.sources import Source, find_source

CELL_SIGN = "|"


class Account(msgspec.Struct, frozen=True):
    """The characters of one page, white space aside: printed, lost, added, and printed outside any document."""

    printed: int
    lost: str
    added: str
    outside: int


def account_page(body: bytes, source: Source, url: str) -> Account | None:
    """Return the account of a page of HTML or XML; None where it has no main part to read, or is neither."""
    page = read_page(body, source, url)
    if page.shape in ("", "pdf"):
        return None
    if page.shape == "xml":
        return _account_xml(page, parse_safely(body))
    selectors = Selectors(main=source.select.main or "", remove=source.remove)
    try:
        return balance_account(page, find_main_nodes(decode_text(body).text, selectors))
    except UnreadablePageError:
        return None


def balance_account(page: Page, nodes: Sequence[LexborNode]) -> Account:
    """Return the account of what was read against the elements it was read from."""
    printed = count_characters(text for node in nodes for text in _list_texts(node))
    return _balance(page, printed, count_characters(mark for node in nodes for mark in _list_marks(node)))


def _account_xml(page: Page, root: etree._Element) -> Account | None:
    """Return the account of a page of XML: the kinds of its notes are told, though they stand in attributes."""
    vocabulary = choose_vocabulary(root)
    if vocabulary is None:
        return None
    labels = (element.get(vocabulary.label, "") for element in root.iter() if vocabulary.label)
    return _balance(page, count_characters(_list_xml_texts(root, vocabulary)), count_characters(labels))


def _list_xml_texts(element: etree._Element, vocabulary: Vocabulary) -> Iterator[str]:
    unprinted = role_of(element, vocabulary) == "number" and attribute_of(element, vocabulary.unprinted)
    if role_of(element, vocabulary) == "skip" or unprinted:
        return
    yield element.text or ""
    for child in element:
        yield from _list_xml_texts(child, vocabulary)
        yield child.tail or ""


def _balance(page: Page, printed: Counter[str], excused: Counter[str]) -> Account:
    told = count_characters(_list_told(page))
    excused[CELL_SIGN] = told[CELL_SIGN]
    excused += count_characters(_list_shared(page))
    return Account(
        printed=printed.total(),
        lost="".join(sorted((printed - told).elements())),
        added="".join(sorted((told - printed - excused).elements())),
        outside=count_characters(piece.text for piece in page.left_out if piece.why == "outside").total(),
    )


def count_characters(texts: Iterable[str]) -> Counter[str]:
    """Count the characters of texts but for white space."""
    counts = Counter("".join(texts))
    for sign in [sign for sign in counts if sign.isspace()]:
        del counts[sign]
    return counts


def _list_texts(node: LexborNode) -> Iterator[str]:
    for found in node.traverse(include_text=True):
        if found.tag == "-text":
            yield found.text(deep=False) or ""


def _list_told(page: Page) -> Iterator[str]:
    """Yield each part of every provision, and what was left out of all of them."""
    for reading in page.readings:
        yield from _list_words(reading)
    yield from (piece.text for piece in page.left_out)


def _list_words(reading: Reading) -> Iterator[str]:
    for part in reading.provisions:
        yield from (part.number, part.heading, part.text, part.note, part.pending)


def _list_shared(page: Page) -> Iterator[str]:
    """Yield the words of a later text of a document that the page also holds in another text."""
    seen: set[tuple[str, str]] = set()
    for reading in page.readings:
        if (reading.document, reading.strand) in seen:
            yield from _list_words(reading)
        seen.add((reading.document, reading.strand))


def _list_marks(node: LexborNode) -> Iterator[str]:
    """Yield the numbers that lists print beside their items, and those stated in ids such as "(a)(1)"."""
    for found in node.css("ol"):
        frame = ListFrame("ol", _print_attributes(found))
        own = [item for item in found.css("li") if _list_of(item) == found.mem_id]
        yield from (frame.mark_item(_print_attributes(item)) for item in own)
    yield from (found.attributes.get("id") or "" for found in node.css("[id^='(']"))


def _list_of(item: LexborNode) -> int:
    """Return the id of the list an item stands in, 0 where it stands in none."""
    parent = item.parent
    while parent is not None and parent.tag not in ("ol", "ul", "menu", "dir"):
        parent = parent.parent
    return parent.mem_id if parent is not None else 0


def _print_attributes(node: LexborNode) -> str:
    return "".join(f' {name}="{value or ""}"' for name, value in node.attributes.items())


def score_completeness(
    corpus: Path, lines: Sequence[CorpusLine], sources: Sequence[Source]
) -> tuple[list[Figure], list[str]]:
    """Return how many pages of a set lose and add nothing, and each page that does as a sentence."""
    accounts: dict[str, Account] = {}
    for line in lines:
        source = find_source(sources, line.url)
        if line.path is not None and line.status == 200 and line.path not in accounts and source is not None:
            account = account_page((corpus / line.path).read_bytes(), source.at(line.observed_at), line.url)
            if account is not None:
                accounts[line.path] = account
    whole = sum(not (account.lost or account.added) for account in accounts.values())
    figures = [
        make_share("reading: pages that lose and add nothing", whole, len(accounts)),
        make_count("reading: characters printed", sum(account.printed for account in accounts.values())),
        make_count("reading: characters lost", sum(len(account.lost) for account in accounts.values()), ceiling=0),
        make_count("reading: characters added", sum(len(account.added) for account in accounts.values()), ceiling=0),
        make_count("reading: characters of no document", sum(account.outside for account in accounts.values())),
    ]
    return figures, [
        f"reading of {path}: lost {account.lost[:60]!r}, added {account.added[:60]!r}"
        for path, account in sorted(accounts.items())
        if account.lost or account.added
    ]
