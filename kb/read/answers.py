"""Take the documents out of the answer of an interface: text, heading, history and term, each by its declared path."""

from collections.abc import Iterator
from datetime import date
from html import escape
from typing import Any

import msgspec

from kb.errors import UnreadablePageError
from kb.marks import read_day, read_marks
from kb.read.bounds import read_bounded
from kb.read.fields import find_text, find_values, has_path, parse_answer, print_value
from kb.read.jobs import Job
from kb.read.parts import print_line
from kb.sources import Source

# "<p>", "</div>", "<br/>": a text that holds markup is HTML
MARKUP = ("</", "<br", "<p", "/>")


class Told(msgspec.Struct, frozen=True):
    """A document of an answer: its number ("" where its address names it), a page of HTML made of it, and its term."""

    citation: str
    page: str
    valid_from: date | None = None
    valid_to: date | None = None


def read_answer(body: bytes, source: Source, url: str) -> list[Told]:
    """Take the documents out of an answer as the paths of its source say.

    Raises UnreadablePageError where the answer is malformed or a path finds nothing; the message names the path.
    """
    rule = source.api
    if rule is None or not rule.text:
        raise UnreadablePageError("expected a path 'text' in the declaration, found none")
    tree = parse_answer(body)
    if not rule.items or rule.each:
        return [_tell(tree, source, read_marks(url))]
    if not has_path(tree, rule.items):
        raise UnreadablePageError(f"path {rule.items!r} found nothing")
    return [_tell(item, source, {}) for item in find_values(tree, rule.items)]


def _tell(tree: Any, source: Source, marks: dict[str, str]) -> Told:
    rule = source.api
    if rule is None:
        raise UnreadablePageError("expected the key 'api', found none")
    texts = []
    for path in rule.text:
        found = [text for value in find_values(tree, path) if (text := print_value(value)).strip()]
        if not found:
            raise UnreadablePageError(f"path {path!r} found no text")
        texts += found
    heading = find_text(tree, rule.heading) or marks.get("heading", "")
    note = find_text(tree, rule.note)
    return Told(
        marks.get("citation", "") or find_text(tree, rule.citation),
        "".join(_write_page(heading, texts, note)),
        read_day(find_text(tree, rule.valid_from)),
        read_day(find_text(tree, rule.valid_to)),
    )


def _write_page(heading: str, texts: list[str], note: str) -> Iterator[str]:
    yield '<html><body><main data-part="main">'
    if heading.strip():
        yield f'<h1 data-part="heading">{escape(heading)}</h1>'
    yield from (write_text(text) for text in texts)
    if note.strip():
        yield f'<div data-part="note">{write_text(note)}</div>'
    yield "</main></body></html>"


def write_text(text: str) -> str:
    """Return a text as HTML: as it is where it holds markup, else each paragraph of the plain text as one."""
    if any(mark in text for mark in MARKUP):
        return text
    plain = text.replace("\\n", "\n").encode("utf-8", "replace")
    lines = read_bounded(Job("text", plain)).extract.lines
    return "".join(f"<p>{escape(print_line(line))}</p>" for line in lines)
