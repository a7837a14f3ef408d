"""Guess what a declaration needs, from the page itself; only what reads better than the automatic reading is kept."""

import re
from collections import Counter

import msgspec
from selectolax.lexbor import LexborHTMLParser

from kb.adding.declaring import Body, Guess
from kb.models import Page
from kb.read.decode import decode_text
from kb.read.page import read_page
from kb.sources import parse_source

# Where publishers put the text, the most telling first.
MAIN_PARTS = ("main", "article", "[role=main]", "#main-content", "#content", "#main", ".main-content", ".content")
# How often more text a declared main part must give than the automatic reading to be guessed.
MUCH_BETTER = 1.5
# Headings that begin with a number of their own, and what is printed so.
HEADING_PATTERNS = (
    r"§+ ?(?P<citation>\d+(?:[.-]\d+)+)",  # § 12-301
    r"Sec(?:tion|\.) (?P<citation>\d+(?:[.-]\d+)+)",  # Section 12-301, Sec. 08.02.010
    r"Rule (?P<citation>\d+(?:[.-]\d+)+)",  # Rule 1.1
    r"(?P<citation>\d+(?:[.-]\d+)+)\.? ",  # 12.10. Office anesthesia
)
LEAST_HEADINGS = 3
HEADING_SHARE = 0.8
HEADING_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LONGEST_TITLE = 120


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A page to guess from: the declaration so far, its URL, and its bytes with their type and charset."""

    declared: Body
    url: str
    body: bytes
    media_type: str = ""
    charset: str = ""


def guess_keys(sample: Sample) -> Guess:
    """Guess the title, the main part where the automatic reading is poor, and the headings that begin documents."""
    page = read_sample(sample, {})
    if not _is_html(sample):
        return Guess(page=page)
    tree = LexborHTMLParser(decode_text(sample.body, sample.charset).text)
    guess = Guess(title=_find_title(tree), page=page)
    return _guess_documents(sample, tree, _guess_main(sample, tree, guess))


def read_sample(sample: Sample, keys: Body) -> Page:
    """Read a page under its declaration with further keys."""
    source = parse_source({**sample.declared, **keys}, "the declaration")
    return read_page(sample.body, source, sample.url, media_type=sample.media_type, charset=sample.charset)


def _is_html(sample: Sample) -> bool:
    return "html" in sample.media_type or sample.media_type in ("", "text/plain")


def _find_title(tree: LexborHTMLParser) -> str:
    """Return the page's only main heading, else its title."""
    mains = [" ".join(node.text().split()) for node in tree.css("h1")]
    titles = [" ".join(node.text().split()) for node in tree.css("title")]
    chosen = mains if len(mains) == 1 and mains[0] else titles
    return chosen[0][:LONGEST_TITLE] if chosen else ""


def _guess_documents(sample: Sample, tree: LexborHTMLParser, guess: Guess) -> Guess:
    """Guess that headings begin documents, where most headings of one level begin with a number."""
    if "document" in sample.declared or not sample.declared.get("urls"):
        return guess
    for tag in HEADING_TAGS:
        headings = [" ".join(node.text().split()) for node in tree.css(tag)]
        counts = Counter(pattern for text in headings for pattern in HEADING_PATTERNS if re.match(pattern, text))
        if not counts or max(counts.values()) < max(LEAST_HEADINGS, HEADING_SHARE * len(headings)):
            continue
        pattern, count = counts.most_common(1)[0]
        keys = {**guess.keys, "document": {"work": "rules", "from": "heading", "pattern": pattern}}
        page = read_sample(sample, keys)
        if len(page.readings) >= LEAST_HEADINGS and not page.flaws:
            reason = f"guessed: {count} of {len(headings)} {tag} headings begin so"
            return msgspec.structs.replace(guess, keys=keys, reasons={**guess.reasons, "document": reason}, page=page)
    return guess


def _guess_main(sample: Sample, tree: LexborHTMLParser, guess: Guess) -> Guess:
    """Guess the main part where one of the usual elements gives much more text than the automatic reading."""
    for selector in MAIN_PARTS:
        if len(tree.css(selector)) != 1:
            continue
        keys = {**guess.keys, "select": selector}
        page = read_sample(sample, keys)
        if not page.flaws and (guess.page.flaws or page.length > MUCH_BETTER * guess.page.length):
            reason = f"guessed: {page.length:,} characters of text, {guess.page.length:,} without"
            return msgspec.structs.replace(guess, keys=keys, reasons={**guess.reasons, "select": reason}, page=page)
    return guess
