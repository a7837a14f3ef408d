"""Find the heading of a document, and leave in it what is its catchline: without its number, and printed once."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from kb.models import Line
from kb.read.canonical import DASHES, squeeze_text
from kb.read.labels import HEADING_TAGS

# "(a)"  "(1)": where the text begins that a copy of the catchline ran into
FIRST_LABEL = re.compile(r"\((?:a|A|1|i|I)\)\Z")
# "§ 3–1201.01. Definitions."  "HTMLPDF 246-945-330": what may stand before the number, links to other formats included
BEFORE_NUMBER = re.compile(
    r"\W*(?:(?:html|pdf|rtf|docx?|xml|print)\s*)*(?:(?:section|sections|secs?|rule|part|chapter|article)\b\.?)?\W*",
    re.IGNORECASE,
)
# "— 21-1-15. Repealed."  ", 37-2519."  "to 7-1-108.": the heading speaks of more than one number, and keeps them
RANGE = re.compile(r"\s*(?:[—–,&-]|to\b|and\b|through\b)\s*(?:§+\s*)?\d")
# How many lines above a repeated heading are looked through.
MOST_ABOVE = 40
# What parts a number from its catchline: "12-305.  Fees"  "12-305 — Fees"  "12-305: Fees"
_GLUE = " .:;-—–\u2003"
_PLAIN_DASHES = dict.fromkeys(map(ord, DASHES), "-")


class Titled(NamedTuple):
    """A document's catchline ("" if there is none), the lines without it, and what of its printing stands in neither.

    ``dropped`` holds the document's own number as printed before the catchline, and what repeats the heading.
    """

    heading: str
    body: list[Line]
    dropped: tuple[str, ...] = ()


def take_heading(lines: Sequence[Line], citation: str) -> Titled:
    """Split a page's lines into the catchline of its one document and the lines below it.

    The heading is the declared one, else the first top heading, else a lone heading or a bold run that opens the
    text. Returns the catchline without the document's own number, and the lines without it.
    """
    at = _find_heading(lines)
    if at is None:
        return _take_lead(lines, citation)
    told = f"{lines[at].number} {lines[at].text}".strip()
    return _take_printed(trim_heading(told, citation, [*lines[:at], *lines[at + 1 :]]), citation)


def _take_printed(titled: Titled, citation: str) -> Titled:
    """Prefer a heading printed with sign and number in the text to one that a copyist made of something else."""
    for at in _text_lines(titled.body)[:MOST_ABOVE]:
        text = titled.body[at].text
        words = text.split() if text.startswith(("§", "[§")) else ()
        if words and words[0].strip("§[].").translate(_PLAIN_DASHES) == citation:
            size = next((place + 1 for place, word in enumerate(words) if place and word.endswith(".")), 0)
            return _cut_heading(titled, at, size, citation) if size else titled
    return titled


def trim_heading(told: str, citation: str, body: list[Line]) -> Titled:
    """Return the catchline of a heading as printed, and the body without a repetition of the heading.

    Where the heading is repeated with its number further down, what stands above it (the title of a chapter that
    begins here, its notes) is no law of this document: it becomes notes.
    """
    heading = strip_citation(told, citation)
    if heading.translate(_PLAIN_DASHES).strip(_GLUE) == citation and body and body[0].lead == body[0].text != "":
        # The number stands on a line of its own, the catchline, as bold, on the next.
        return Titled(body[0].text, body[1:], (told,))
    numbered = heading != told
    titled = Titled(heading, body, _cut_off(told, heading))
    tried = _text_lines(body)[: MOST_ABOVE if numbered else 1]
    if not tried:
        return titled
    # A first word of signs alone ("§ 12-305") is known by its sign.
    told_initial, initial = _heading_words(told)[1][:1] or told[:1], _heading_words(heading)[1][:1] or heading[:1]
    for at in tried:
        # Most lines begin otherwise, and squeezing costs.
        opening = body[at].text[:4].lower()
        if told_initial not in opening and initial not in opening:
            continue
        size = _match_repeat(told, body[at]) or (0 if numbered and at else _match_repeat(heading, body[at]))
        if size:
            return _cut_heading(titled, at, size, citation)
    return titled


def _cut_off(told: str, heading: str) -> tuple[str, ...]:
    """Return what stands round a catchline in the heading as printed."""
    before, _, after = told.partition(heading)
    return tuple(piece for piece in (before.strip(), after.strip()) if piece)


def _cut_heading(titled: Titled, at: int, size: int, citation: str) -> Titled:
    """Take the first words of a line as the heading in place of the one before; the lines above it become notes."""
    body = titled.body
    words = body[at].text.split()
    rest = " ".join(words[size:])
    below = [msgspec.structs.replace(body[at], text=rest, lead="", tag="p")] if rest else []
    above = [msgspec.structs.replace(line, part="note") if line.part == "text" else line for line in body[:at]]
    told = " ".join(words[:size])
    heading = strip_citation(told, citation)
    dropped = (*titled.dropped, titled.heading, *_cut_off(told, heading))
    return Titled(heading, [*above, *below, *body[at + 1 :]], dropped)


def _text_lines(body: Sequence[Line]) -> list[int]:
    """Return where the first lines of text stand; none where the publisher states paths: nothing is repeated there."""
    opening = next((line for line in body if line.part == "text"), None)
    if opening is None or opening.path is not None:
        return []
    return [at for at, line in enumerate(body[: 2 * MOST_ABOVE]) if line.part == "text"]


def strip_citation(told: str, citation: str) -> str:
    """Drop a document's own number from the start of its heading; a heading that is nothing else stays whole."""
    plain = told.translate(_PLAIN_DASHES).lower()
    number = citation.translate(_PLAIN_DASHES).lower()
    at = plain.find(number)
    if at < 0 or BEFORE_NUMBER.fullmatch(told[:at]) is None:
        return told
    rest = told[at + len(number) :]
    if told[:at].lstrip().startswith("["):
        rest = rest.removeprefix("]")
    if RANGE.match(rest) is not None or rest[:1].isalnum():
        return told
    return (rest.strip(_GLUE) and rest.lstrip(_GLUE).rstrip()) or told


def _find_heading(lines: Sequence[Line]) -> int | None:
    wanted = [at for at, line in enumerate(lines) if line.part == "heading"]
    if wanted:
        return wanted[0]
    tags = [line.tag if line.part == "text" else "" for line in lines]
    if "h1" in tags:
        return tags.index("h1")
    first = next((at for at, tag in enumerate(tags) if tag), None)
    if first is not None and tags[first] in HEADING_TAGS and tags.count(tags[first]) == 1:
        return first
    return None


def _take_lead(lines: Sequence[Line], citation: str) -> Titled:
    """Take a bold run with the document's number that opens the first line: "**12-305. Fees.** The fee is …"."""
    body = list(lines)
    at = next((at for at, line in enumerate(body) if line.part == "text"), None)
    if at is None or not body[at].lead or body[at].number or citation not in body[at].lead.translate(_PLAIN_DASHES):
        return Titled("", body)
    lead = body[at].lead
    rest = body[at].text[len(lead) :].strip()
    if not rest:
        return trim_heading(lead, citation, [*body[:at], *body[at + 1 :]])
    body[at] = msgspec.structs.replace(body[at], text=rest, lead="", tag="p")
    heading = strip_citation(lead, citation)
    return Titled(heading, body, _cut_off(lead, heading))


def _match_repeat(heading: str, line: Line) -> int:
    """Return how many words of a line repeat the heading above it, 0 if it does not.

    A heading that ran on into the text ("Schedule I. (a) The …") is repeated up to the first label. A repetition ends
    with a stop, a bold run or the line, for a sentence may well begin with the words of its heading.
    """
    words, opening = _heading_words(heading)
    if not words or squeeze_text(line.text.split(None, 1)[0] if line.text else "") != opening:
        return 0
    printed = line.text.split()
    size = next((at for at, word in enumerate(words) if at and FIRST_LABEL.match(word)), len(words))
    if len(printed) < size:
        return 0
    if words[size - 1].endswith(("…", "...")):
        return _match_cut(words, printed)
    if [squeeze_text(word) for word in words[:size]] != [squeeze_text(word) for word in printed[:size]]:
        return 0
    ended = len(printed) == size or printed[size - 1][-1] in ".:;]—" or FIRST_LABEL.match(printed[size]) is not None
    return size if ended or len(line.lead.split()) == size else 0


@lru_cache(maxsize=4)
def _heading_words(heading: str) -> tuple[tuple[str, ...], str]:
    """Return a heading's words and its first word squeezed; it is held against many lines."""
    words = tuple(heading.split())
    return words, squeeze_text(words[0]) if words else ""


def _match_cut(words: Sequence[str], printed: Sequence[str]) -> int:
    """Return how many words a heading that was cut short with dots has where it is printed whole."""
    size = len(words) - 1
    if [squeeze_text(word) for word in words[:size]] != [squeeze_text(word) for word in printed[:size]]:
        return 0
    return next((at + 1 for at in range(size, len(printed)) if printed[at].endswith(".")), 0)
