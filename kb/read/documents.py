"""Cut the lines of a page into documents, and each document into its root and provisions with their parts."""

import re
from collections.abc import Sequence

import msgspec

from kb.models import Act, LeftOut, Line, Provision, Reading, Reference, Strand, Validity
from kb.read.citations import read_references
from kb.read.headings import Titled, take_heading, trim_heading
from kb.read.labels import HEADING_TAGS
from kb.read.notes import is_history, is_notice, is_stamp, read_acts, read_expiry, read_term, read_validity
from kb.read.outline import build_provisions
from kb.read.parts import part_lines, print_line
from kb.read.twin_texts import make_validities, split_twin_texts
from kb.sources import Identity, Source

# "NOTE: Subsection A eff. until Jan. 1, 2024": a mark of a part says nothing of the whole
OF_PART = re.compile(r"\b(?:(?:sub)?section|paragraph|subdivision|division|item|clause|part) \(?\w", re.IGNORECASE)
# What document ids may hold
_NOT_ID = re.compile(r"[^a-z0-9._:()-]+")


class Section(msgspec.Struct, frozen=True):
    """The lines of one document: its citation as printed, its strand, its heading and the lines below it.

    ``left_out`` is what was printed with the heading or under the document's lines and belongs to neither;
    ``validity`` is when the text applies, where the page tells it from another text of the same document.
    """

    citation: str
    strand: Strand
    heading: str
    lines: tuple[Line, ...]
    left_out: tuple[LeftOut, ...] = ()
    validity: Validity | None = None


def document_id(source: Source, citation: str) -> str:
    """Return jurisdiction/work/citation in lower case with the characters DESIGN.md §2 allows."""
    name = _NOT_ID.sub("-", citation.lower().replace("§", "").strip()).strip("-")
    return f"{source.jurisdiction}/{source.document.work}/{name}"


def cut_sections(lines: Sequence[Line], source: Source, url: str) -> list[Section]:
    """Cut a page's lines into documents as the source's document rule says; without a rule the page is one document."""
    if source.document.origin == "heading":
        return _cut_at_headings(lines, source)
    identity = identify_page(source, url)
    return [_make_section(identity, take_heading(lines, identity.citation))]


def _make_section(identity: Identity, titled: Titled, outside: Sequence[Line] = ()) -> Section:
    left_out = (
        *(LeftOut("heading", text) for text in titled.dropped),
        *(LeftOut("outside", print_line(line)) for line in outside),
    )
    return Section(identity.citation, identity.strand, titled.heading, tuple(titled.body), left_out)


def identify_page(source: Source, url: str) -> Identity:
    """Return which document a page of its own holds; where nothing else names it, the URL's path does."""
    if source.document.origin in ("url", "link"):
        told = source.identify(url)
        if told is not None:
            return told
    elif len(source.urls) == 1 and not source.match:
        return Identity(source.id, source.document.strand)
    address = url.partition("://")[2].partition("#")[0]
    return Identity(address.partition("/")[2].strip("/") or address, source.document.strand)


def _cut_at_headings(lines: Sequence[Line], source: Source) -> list[Section]:
    declared = source.select.heading is not None
    tried = [(at, line) for at, line in enumerate(lines) if not declared or line.part == "heading"]
    marks = [(at, found) for at, line in tried if (found := _match_heading(line, source)) is not None]
    ends = [*(at for at, _ in marks[1:]), len(lines)][: len(marks)]
    sections = [
        _cut_section(lines[at], found, lines[at + 1 : end]) for (at, found), end in zip(marks, ends, strict=True)
    ]
    if sections:
        above = tuple(LeftOut("outside", print_line(line)) for line in lines[: marks[0][0]])
        sections[0] = msgspec.structs.replace(sections[0], left_out=(*above, *sections[0].left_out))
    return sections


def _cut_section(line: Line, identity: Identity, below: Sequence[Line]) -> Section:
    told = _heading_text(line)
    rest = line.text[len(told) :].strip()
    opening = [msgspec.structs.replace(line, text=rest, lead="", tag="p", part="text", number="")] if rest else []
    own = _count_own(below, line)
    titled = trim_heading(f"{line.number} {told}".strip(), identity.citation, [*opening, *below[:own]])
    return _make_section(identity, titled, below[own:])


def _heading_text(line: Line) -> str:
    """Return what may be a document's heading in a line: all of a heading element, else the bold run it begins with."""
    return line.text if line.tag in HEADING_TAGS or line.part == "heading" else line.lead


def _match_heading(line: Line, source: Source) -> Identity | None:
    text = _heading_text(line) if line.part != "note" else ""
    return source.identify(text) if text else None


def _count_own(lines: Sequence[Line], heading: Line) -> int:
    """Return how many lines belong to a document: up to a heading that stands above its own (the next chapter's)."""
    if heading.tag not in HEADING_TAGS:
        return len(lines)
    wider = (at for at, line in enumerate(lines) if line.tag in HEADING_TAGS and line.tag <= heading.tag)
    return next(wider, len(lines))


def split_section(section: Section) -> tuple[Section, ...]:
    """Return a section's two texts where its page prints both, else the section itself."""
    texts = split_twin_texts(section.lines)
    if texts is None:
        return (section,)
    validities = make_validities(texts.day)
    return (
        msgspec.structs.replace(section, lines=texts.before, validity=validities[0]),
        msgspec.structs.replace(section, lines=texts.after, validity=validities[1], left_out=()),
    )


def read_section(section: Section, source: Source, *, fields: bool = True) -> Reading:
    """Read one document: provisions with parts, validity, acts and references (the last two only with ``fields``)."""
    parted = part_lines(section.lines)
    notes = (*(note for _, note in parted.own_notes), *parted.notes) if parted.own_notes else parted.notes
    root = Provision(eid="", heading=section.heading, note="\n".join(parted.notes), pending="\n".join(parted.pending))
    provisions = (root, *build_provisions(parted.law, parted.own_notes))
    document = document_id(source, section.citation)
    return Reading(
        document=document,
        citation=source.document.print_citation(section.citation),
        strand=section.strand,
        provisions=provisions,
        validity=section.validity or _read_validity(section, parted.law, notes),
        acts=_read_acts(notes) if fields else (),
        references=_read_references(provisions, document) if fields else (),
    )


def _read_validity(section: Section, law: Sequence[Line], notes: Sequence[str]) -> Validity:
    """Return what the heading, the first line or a temporary-law note says about when the text applies."""
    opening = (note for note in notes[:1] if note[:1] == "[")
    for text in (section.heading, *(line.text for line in law[:1]), *opening):
        told = read_validity(text)
        if told is not None:
            return told
    marks = {read_validity(note) for note in notes if is_stamp(note) and OF_PART.search(note) is None} - {None}
    if len(marks) == 1:
        return marks.pop() or Validity()
    for note in notes:
        term = _read_note_term(note)
        if term is not None:
            return term
    return Validity()


def _read_note_term(note: str) -> Validity | None:
    """Return the term that a notice of temporary law or a rule's history states, None where neither does."""
    if "xpire" in note and is_notice(note):
        until = read_expiry(note)
        return Validity(None, until, "stated") if until is not None else None
    # Without one of these words a history states no term; to look for them costs next to nothing.
    return read_term(note) if "through" in note or "until" in note or "xpires" in note else None


def _read_acts(notes: Sequence[str]) -> tuple[Act, ...]:
    acts = [act for note in notes if is_history(note) for act in read_acts(note)]
    return tuple(dict.fromkeys(acts))


def _read_references(provisions: Sequence[Provision], document: str) -> tuple[Reference, ...]:
    return tuple(
        reference
        for provision in provisions
        if provision.text
        for reference in read_references(provision.eid, provision.text, document)
    )
