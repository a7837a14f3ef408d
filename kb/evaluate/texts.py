"""Score the text that a page is read as against the text it is known to hold, by words.

What is read are the numbers, headings and texts of a page's provisions; with its notes it is scored apart. Both texts
are taken as multisets of words, in lower case and in canonical form: **precision** is the share of the words read that
are known, **recall** the share of the known ones that were read, **F1** their harmonic mean. Each is averaged over
pages.
"""

import gzip
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
from lxml import etree

from kb.evaluate.corpus import CorpusLine
from kb.evaluate.figures import Figure, make_mean, prefix_figures
from kb.evaluate.pages import locate_url
from kb.models import Page
from kb.read.canonical import fold_text
from kb.read.page import read_page
from kb.read.xml import read_xml_lines
from kb.sources import Source, find_source

GOLD_FLOOR, ARTICLE_FLOOR = 0.99, 0.90
WORD = re.compile(r"\w+")
# [terms](https://terms.example.org/a "title"), ![](seal.png): of a link in Markdown only its words are text
MARKDOWN_LINK = re.compile(r"\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
# \_ and \*: signs that Markdown had to escape
ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)
# Files of a set's folder that tell the text of a page: beside it, by section and day, all in one.
MARKDOWN, XML, ARTICLES = ".version.md", "xml", "ground-truth.json"


class Compared(NamedTuple):
    """One page by name: the page as read, and the text it is known to hold."""

    name: str
    page: Page
    known: str


class Article(msgspec.Struct, frozen=True):
    """One page of a collection whose main text was marked by people."""

    text: str = msgspec.field(name="articleBody")
    url: str = ""


class Scores(NamedTuple):
    """Precision, recall and F1 of one page."""

    precision: float
    recall: float
    f1: float


def score_texts(pages: Iterable[Compared], floor: float) -> tuple[list[Figure], list[str]]:
    """Return mean precision, recall and F1 without and with notes; the pages whose F1 is under the floor are misses."""
    plain: list[Scores] = []
    noted: list[Scores] = []
    misses: list[tuple[float, str]] = []
    for one in pages:
        scores = compare_words(print_page(one.page), one.known)
        plain.append(scores)
        noted.append(compare_words(print_page(one.page, notes=True), one.known))
        if scores.f1 < floor:
            said = f"precision {scores.precision:.2f}, recall {scores.recall:.2f}"
            misses.append((scores.f1, f"text of {one.name}: F1 {scores.f1:.2f} ({said})"))
    figures = [*_average(plain, floor), *prefix_figures("with notes", _average(noted, None))]
    return prefix_figures("text", figures), [miss for _, miss in sorted(misses)]


def _average(scores: Sequence[Scores], floor: float | None) -> list[Figure]:
    return [
        make_mean("precision", [one.precision for one in scores]),
        make_mean("recall", [one.recall for one in scores]),
        make_mean("F1", [one.f1 for one in scores], floor=floor),
    ]


def compare_words(read: str, known: str) -> Scores:
    """Return how far two texts hold the same words, each as often."""
    ours, theirs = count_words(read), count_words(known)
    both = (ours & theirs).total()
    return Scores(
        both / max(1, ours.total()), both / max(1, theirs.total()), 2 * both / max(1, ours.total() + theirs.total())
    )


def count_words(text: str) -> Counter[str]:
    """Return the words of a text in lower case, with how often each occurs."""
    return Counter(WORD.findall(fold_text(text).lower()))


def print_page(page: Page, *, notes: bool = False) -> str:
    """Return what a page was read as: numbers, headings and texts, with ``notes`` also notes and banners."""
    parts = (part for reading in page.readings for part in reading.provisions)
    return "\n".join(
        text
        for part in parts
        for text in (part.number, part.heading, part.text, *((part.note, part.pending) if notes else ()))
    )


def strip_markdown(text: str) -> str:
    """Return the printed words of a Markdown text, without the targets of links."""
    return ESCAPED.sub(r"\1", MARKDOWN_LINK.sub(" ", text))


def read_known_pages(corpus: Path, lines: Iterable[CorpusLine], sources: Sequence[Source]) -> Iterator[Compared]:
    """Yield the captures of a set whose text is known: from Markdown beside the page, or from its section's XML."""
    for line in lines:
        known = _find_known(corpus, line) if line.path is not None else None
        source = find_source(sources, line.url)
        if line.path is not None and known is not None and source is not None:
            body = (corpus / line.path).read_bytes()
            page = read_page(body, source.at(line.observed_at), line.url, media_type=line.media_type)
            yield Compared(line.path, page, known)


def _find_known(corpus: Path, line: CorpusLine) -> str | None:
    path = corpus / (line.path or "")
    beside = path.with_name(path.stem + MARKDOWN)
    if beside.is_file():
        return strip_markdown(beside.read_text("utf-8"))
    pair = locate_url(line.url, line.observed_at)
    official = corpus / line.set / XML / pair.section / f"{pair.day}.xml"
    return _print_official(official) if official.is_file() else None


def _print_official(file: Path) -> str:
    """Return the law of an official XML file without notes: headings, what became of it, numbers and texts."""
    body = file.read_bytes()
    documents, _ = read_xml_lines(body)
    law = (line for document in documents for line in document.lines if line.part in ("text", "heading"))
    # The heading's "[Repealed]" stands in an element of its own, which a reader of law takes for granted.
    statuses = (found.text or "" for found in etree.fromstring(body, _PARSER).findall("{*}reason"))
    headings = (document.heading for document in documents)
    return "\n".join([*headings, *statuses, *(f"{line.number} {line.text}" for line in law)])


def read_articles(folder: Path, source: Source) -> Iterator[Compared]:
    """Yield the pages of a collection (``html/*.html.gz``) beside the main texts that people marked in them."""
    marked: Mapping[str, Article] = msgspec.json.decode((folder / ARTICLES).read_bytes(), type=dict[str, Article])
    for name, article in sorted(marked.items()):
        body = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())
        yield Compared(f"{name[:12]} ({article.url})", read_page(body, source, article.url), article.text)
