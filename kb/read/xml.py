"""Read published XML as documents and lines: one table of element roles per vocabulary, chosen by the root element.

Vocabularies: Open Law Library (https://github.com/DCCouncil/law-xml-codified; Maryland's has its own namespace), USLM
(https://github.com/usgpo/uslm), eCFR (https://github.com/usgpo/bulk-data, ECFR-XML-User-Guide), the upper-case statute
markup whose root is CRS, and that of Utah's code (titles, chapters, parts and sections with catchlines).
A new vocabulary is a new entry of VOCABULARIES. Elements of other namespaces are instructions, never printed text.
"""

import re
from collections.abc import Callable, Container, Iterable, Iterator
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Literal

import msgspec
from lxml import etree

from kb.models import Act, Flaw, LeftOut, Line, Part
from kb.read.canonical import fold_number

# document: cited on its own; level: a numbered part; block: holds text or blocks; quote: words of another text, whose
# numbers name nothing here; space: inline, set off by spaces; an element without a role is read as inline text.
Role = Literal["document", "level", "number", "heading", "block", "quote", "note", "row", "inline", "space", "skip"]
CUTTING: frozenset[str] = frozenset({"document", "level", "heading", "block", "quote", "note", "row"})
# "§ 812.", "§48-653.": what stands round the number of a document
CITATION_FRAME = " §.:—–"


class XmlDocument(msgspec.Struct, frozen=True):
    """One citable unit of an XML page: its ``citation`` ("48-653"), ``heading``, lines, acts and the publisher's id.

    A line with a ``number`` opens the provision its ``path`` names; one without belongs to the nearest provision above
    with no greater ``level`` (1 = the document's own text; 0 = the vocabulary does not tell). Where numbers are left in
    the text, ``number`` is "" and ``path`` None. ``left_out`` is its own number as printed; of the first document also
    what is printed outside all of them.
    """

    citation: str
    heading: str
    lines: tuple[Line, ...]
    acts: tuple[Act, ...] = ()
    identifier: str = ""
    left_out: tuple[LeftOut, ...] = ()


class Vocabulary(msgspec.Struct, frozen=True):
    """How one family of XML is read: root elements, the role of each element, and where it keeps fields.

    ``roots`` empty = any element of ``namespaces``. ``citation`` and ``identifier`` are attributes of a document,
    ``unprinted`` one of a number that is not shown, ``label`` one of a note (its kind), ``marker`` the class of inline
    footnote marks; ``counted`` is an attribute of a level that ends with the number it prints, where no element holds
    it; ``said`` are words that are printed before what a note holds, by the note's element; ``acts`` is an XPath of
    history entries with ``doc`` and ``eff``; ``trailing`` says that notes follow their document as siblings.
    """

    namespaces: frozenset[str]
    roles: MappingProxyType[str, Role]
    roots: frozenset[str] = frozenset()
    citation: str = ""
    identifier: str = ""
    unprinted: str = ""
    label: str = ""
    marker: str = ""
    acts: str = ""
    trailing: bool = False
    counted: str = ""
    said: MappingProxyType[str, str] = MappingProxyType({})


def assign_roles(**names: str) -> MappingProxyType[str, Role]:
    """Turn a list of element names per role into a role per element name."""
    table = {name: msgspec.convert(role, Role) for role, listed in names.items() for name in listed.split()}
    return MappingProxyType(table)


XHTML_TABLE = "table thead tbody tfoot colgroup caption"
VOCABULARIES: tuple[Vocabulary, ...] = (
    Vocabulary(
        namespaces=frozenset({"https://code.dccouncil.us/schemas/dc-library", "https://open.law/schemas/library"}),
        roles=assign_roles(
            document="section",
            level="para",
            number="num",
            heading="heading",
            block=f"text aftertext p container {XHTML_TABLE}",
            quote="include",
            note="annotations annotation",
            row="tr",
            inline="cite em b i strong sup sub td th",
            space="br",
            skip="reason meta prefix",
        ),
        unprinted="undesignated",
        label="type",
        acts=".//*[@type='History'][@doc][not(@display='false')]",
    ),
    Vocabulary(
        namespaces=frozenset(
            {"http://xml.house.gov/schemas/uslm/1.0", "http://schemas.gpo.gov/xml/uslm", "http://www.w3.org/1999/xhtml"}
        ),
        roles=assign_roles(
            document="section courtRule",
            level="level subsection paragraph subparagraph clause subclause item subitem subsubitem",
            number="num",
            heading="heading subheading crossHeading",
            block=f"content chapeau continuation proviso text p layout list listItem listContent {XHTML_TABLE}",
            quote="quotedContent quotedText",
            note="notes note sourceCredit statutoryNote editorialNote changeNote authority source",
            row="tr row header",
            inline="ref b i sup sub inline term date shortTitle def em strong del ins elided column td th",
            space="br",
            skip="meta toc page marker img",
        ),
        identifier="identifier",
        marker="footnoteRef",
    ),
    Vocabulary(
        namespaces=frozenset({""}),
        roots=frozenset(["ECFR", "DLPSTEXTCLASS", *(f"DIV{rank}" for rank in range(1, 10))]),
        roles=assign_roles(
            document="DIV8 DIV9",
            heading="HEAD HD1 HD2 HD3",
            block="P FP PSPACE DIV EXTRACT EXAMPLE LDRWK TABLE THEAD TBODY",
            note="CITA AUTH SOURCE NOTE EDNOTE EFFDNOT CROSSREF SECAUTH FTNT XREF APPRO PARAUTH",
            row="TR",
            inline="I E B SU SUP TD TH",
            space="BR",
            skip="img",
        ),
        citation="N",
    ),
    Vocabulary(
        namespaces=frozenset({""}),
        roots=frozenset({"CRS"}),
        roles=assign_roles(
            document="SECTION-TEXT",
            number="RHFTO",
            heading="CATCH-LINE",
            block="P",
            note="SOURCE-NOTE EDITORS-NOTE XREF-NOTE ANNO-NOTE COMMENT-HEAD COMMENT-TEXT AN-DIV ANNO-TEXT ANNO-TOC",
            inline="M I N RT",
            space="B NL",
        ),
        trailing=True,
    ),
    Vocabulary(
        namespaces=frozenset({""}),
        roots=frozenset({"title", "chapter", "part", "section"}),
        roles=assign_roles(
            document="section",
            level="subsection",
            heading="catchline",
            block="table tbody thead",
            note="effdate enddate histories history",
            row="tr",
            inline="xref modchap td th b i u sup sub",
            space="tab eol",
            skip="modyear",
        ),
        citation="number",
        counted="number",
        said=MappingProxyType({"effdate": "Effective", "enddate": "Superseded"}),
    ),
)
# "59-10-104(2)(a)": the number that a level prints ends the one that names it
LAST_NUMBER = re.compile(r"\([^()]+\)$")


class Place(msgspec.Struct, frozen=True):
    """Where the reader stands: vocabulary, chain of numbers so far, depth (0: untold), part, quotation."""

    vocabulary: Vocabulary
    path: tuple[str, ...]
    level: int
    part: Part = "text"
    quoted: bool = False


def read_xml_lines(body: bytes) -> tuple[tuple[XmlDocument, ...], tuple[Flaw, ...]]:
    """Read every citable unit of an XML page, in reading order.

    Returns the documents and why they may be incomplete: ``unreadable`` (malformed, or with entities of its own),
    ``unknown_vocabulary``, ``no_document`` (none of them with documents), ``unknown_element`` (read as text). No bytes
    raise an error.
    """
    try:
        root = parse_safely(body)
    except etree.XMLSyntaxError as error:
        return (), (Flaw("unreadable", f"XML cannot be parsed: {error.msg}"),)
    if next(root.iter(etree.Entity), None) is not None or declares_entities(root):
        return (), (Flaw("unreadable", "XML uses entities of its own, which are never expanded"),)
    vocabulary = choose_vocabulary(root)
    if vocabulary is None:
        return (), (Flaw("unknown_vocabulary", f"no vocabulary has the root element {root.tag}"),)
    elements = tuple(find_documents(root, vocabulary))
    if not elements:
        return (), (Flaw("no_document", f"no citable unit found below {root.tag}"),)
    first, *others = (read_document(each, vocabulary) for each in elements)
    taken = {*elements, *chain.from_iterable(trailing_notes(each, vocabulary) for each in elements)}
    outside = tuple(LeftOut("outside", text) for text in list_outside(root, vocabulary, taken))
    first = msgspec.structs.replace(first, left_out=(*outside, *first.left_out))
    return (first, *others), find_unknown(elements, vocabulary)


def parse_safely(body: bytes) -> etree._Element:
    """Parse XML with no entities, no network, no DTD and bounded depth (256, libxml2's own limit)."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    return etree.fromstring(body, parser)


def declares_entities(root: etree._Element) -> bool:
    """Tell whether the document type of a page defines entities: words of the page that its markup does not show."""
    declared = root.getroottree().docinfo.internalDTD
    return declared is not None and next(declared.iterentities(), None) is not None


def choose_vocabulary(root: etree._Element) -> Vocabulary | None:
    """Return the vocabulary that knows the root element, None if none does."""
    name = etree.QName(root)
    for vocabulary in VOCABULARIES:
        known = not vocabulary.roots or name.localname in vocabulary.roots
        if known and (name.namespace or "") in vocabulary.namespaces:
            return vocabulary
    return None


def role_of(element: etree._Element, vocabulary: Vocabulary) -> Role | None:
    """Return the role of an element, None if its vocabulary gives it none; foreign elements are skipped."""
    if not isinstance(element.tag, str):
        return "skip"
    namespace, _, name = element.tag.rpartition("}")
    if namespace[1:] not in vocabulary.namespaces:
        return "skip"
    if vocabulary.marker and attribute_of(element, "class") == vocabulary.marker:
        return "skip"
    return vocabulary.roles.get(name)


def attribute_of(element: etree._Element, name: str) -> str:
    """Return the value of an attribute, "" where it is missing or its vocabulary names none."""
    return (element.get(name) or "") if name else ""


def find_documents(root: etree._Element, vocabulary: Vocabulary) -> Iterator[etree._Element]:
    """Yield the outermost citable units below ``root``, leaving out what notes and quotations hold."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        role = role_of(element, vocabulary)
        if role == "document":
            yield element
        elif role not in ("note", "quote", "skip"):
            waiting.extend(reversed(element))


def list_outside(root: etree._Element, vocabulary: Vocabulary, taken: Container[etree._Element]) -> Iterator[str]:
    """Yield what is printed below ``root`` outside the elements in ``taken``, in reading order."""
    waiting: list[etree._Element | str] = [root]
    while waiting:
        piece = waiting.pop()
        if isinstance(piece, str):
            if fold_space(piece):
                yield fold_space(piece)
        elif piece not in taken and role_of(piece, vocabulary) != "skip":
            below = [part for child in piece for part in (child, child.tail or "")]
            waiting.extend(reversed([piece.text or "", *below]))


def find_unknown(elements: Iterable[etree._Element], vocabulary: Vocabulary) -> tuple[Flaw, ...]:
    """Name the elements without a role that stand directly in a document or level; their text was read as a line."""
    unknown = {
        str(etree.QName(child).localname)
        for document in elements
        for holder in document.iter()
        if role_of(holder, vocabulary) in ("document", "level")
        for child in holder
        if role_of(child, vocabulary) is None
    }
    if not unknown:
        return ()
    return (Flaw("unknown_element", f"elements without a role, read as text: {', '.join(sorted(unknown))}"),)


def read_document(element: etree._Element, vocabulary: Vocabulary) -> XmlDocument:
    """Read one citable unit; text printed before its heading is a note about it, as are trailing siblings."""
    place = Place(vocabulary, path=(), level=1 if "level" in vocabulary.roles.values() else 0)
    heading = first_child(element, "heading", vocabulary)
    number = first_child(element, "number", vocabulary)
    if number is None and heading is not None:
        number = first_child(heading, "number", vocabulary)
    early = list_early_blocks(heading, vocabulary)
    trailing = trailing_notes(element, vocabulary)
    lines = [
        *read_notes(early, place),
        *read_lines(element, place, (number, heading, *early)),
        *read_notes(trailing, place),
    ]
    citation = (attribute_of(element, vocabulary.citation) or text_of(number, vocabulary)).strip(CITATION_FRAME)
    told = text_of(heading, vocabulary, without=number)
    catchline = strip_citation(told, citation)
    dropped = (text_of(number, vocabulary), told.removesuffix(catchline).strip())
    return XmlDocument(
        citation=citation,
        heading=catchline,
        lines=tuple(drop_repeated_labels(lines)),
        acts=read_acts(element, vocabulary),
        identifier=attribute_of(element, vocabulary.identifier),
        left_out=tuple(LeftOut("heading", text) for text in dropped if text),
    )


def first_child(element: etree._Element, role: Role, vocabulary: Vocabulary) -> etree._Element | None:
    """Return the first child with a role, None if there is none."""
    return next((child for child in element if role_of(child, vocabulary) == role), None)


def list_early_blocks(heading: etree._Element | None, vocabulary: Vocabulary) -> list[etree._Element]:
    """Return the blocks of text that stand before a document's heading, in reading order."""
    before = [] if heading is None else list(heading.itersiblings(preceding=True))[::-1]
    return [each for each in before if role_of(each, vocabulary) == "block"]


def trailing_notes(element: etree._Element, vocabulary: Vocabulary) -> Iterator[etree._Element]:
    """Yield the notes that follow a document as its siblings, up to the first element that is none."""
    for sibling in element.itersiblings() if vocabulary.trailing else ():
        if role_of(sibling, vocabulary) != "note":
            return
        yield sibling


def strip_citation(heading: str, citation: str) -> str:
    """Take a repeated citation ("§ 1306.07 Filling") and the stop after it off the front of a heading."""
    rest = heading.lstrip(CITATION_FRAME)
    if citation and rest.startswith(citation):
        rest = rest[len(citation) :]
    return rest.lstrip(CITATION_FRAME)


def drop_repeated_labels(lines: Iterable[Line]) -> Iterator[Line]:
    """Yield the lines without a note label that repeats the label before it."""
    label = ""
    for line in lines:
        if line.part == "note" and line.tag == "h4":
            if line.text == label:
                continue
            label = line.text
        yield line


def read_acts(element: etree._Element, vocabulary: Vocabulary) -> tuple[Act, ...]:
    """List the acts of a document's history entries with the dates they state, each once."""
    entries = element.xpath(vocabulary.acts) if vocabulary.acts else ()
    return tuple(dict.fromkeys(Act(each.get("doc"), read_date(each.get("eff", ""))) for each in entries))


def read_date(stated: str) -> date | None:
    """Read an ISO date ("2022-12-21"); None where the attribute holds no date ("notfunded")."""
    try:
        return date.fromisoformat(stated)
    except ValueError:
        return None


def read_lines(element: etree._Element, place: Place, omit: tuple[etree._Element | None, ...] = ()) -> list[Line]:
    """Read what an element holds, but for the children in ``omit``, as lines in reading order."""
    lines: list[Line] = []
    for piece in cut_pieces(element, place.vocabulary, omit):
        if isinstance(piece, str):
            lines.append(make_line(piece, place))
        else:
            role = role_of(piece, place.vocabulary)
            lines.extend(READERS[role](piece, place) if role in READERS else read_lines(piece, place))
    return lines


def cut_pieces(
    element: etree._Element, vocabulary: Vocabulary, omit: tuple[etree._Element | None, ...]
) -> Iterator[str | etree._Element]:
    """Cut mixed content into runs of folded text and elements that are lines of their own.

    A note inside a sentence (a footnote) does not cut the sentence: it follows it.
    """
    run, notes = [element.text or ""], []
    for child in element:
        role = role_of(child, vocabulary)
        if role == "note":
            notes.append(child)
        elif cuts(child, role, vocabulary) and child not in omit:
            yield from close_run(run, notes)
            yield child
            run, notes = [], []
        elif child not in omit:
            run.append(spell(child, vocabulary))
        run.append(child.tail or "")
    yield from close_run(run, notes)


def cuts(element: etree._Element, role: Role | None, vocabulary: Vocabulary) -> bool:
    """Tell whether an element ends the sentence before it: by its role, or because it holds such an element."""
    if role in (None, "inline", "space"):
        return any(role_of(each, vocabulary) in CUTTING for each in element.iterdescendants())
    return role in CUTTING


def close_run(run: list[str], notes: list[etree._Element]) -> Iterator[str | etree._Element]:
    """Yield a run of text if it holds words, then the notes met inside it."""
    text = fold_space("".join(run))
    if text:
        yield text
    yield from notes


def spell(element: etree._Element, vocabulary: Vocabulary, without: etree._Element | None = None) -> str:
    """Return the unfolded text of an element, spaces round what is printed apart, nothing of what is not printed."""
    role = role_of(element, vocabulary)
    if role == "skip" or element is without:
        return ""
    parts = [element.text or ""]
    for child in element:
        parts += (spell(child, vocabulary, without), child.tail or "")
    inner = "".join(parts)
    return f" {inner} " if role == "space" or role in CUTTING else inner


def text_of(element: etree._Element | None, vocabulary: Vocabulary, without: etree._Element | None = None) -> str:
    """Return the folded text of an element ("" for None) but for one element inside it."""
    return "" if element is None else fold_space(spell(element, vocabulary, without))


def fold_space(text: str) -> str:
    """Collapse white space of any kind to single spaces and trim the ends."""
    return " ".join(text.split())


def make_line(text: str, place: Place, tag: str = "p") -> Line:
    """Make the line of a text at a place."""
    return Line(text, part=place.part, level=place.level, tag=tag)


def read_level(element: etree._Element, place: Place) -> list[Line]:
    """Read a numbered part: its number and heading open its first line, or a line of their own where it has no text.

    A number marked as unprinted names nothing: what it holds belongs to the part above.
    """
    vocabulary = place.vocabulary
    number = first_child(element, "number", vocabulary)
    heading = first_child(element, "heading", vocabulary)
    printed = read_number(element, number, vocabulary)
    inside = enter_level(place, printed)
    lines = read_lines(element, inside, (number, heading))
    lead = text_of(heading, vocabulary)
    if not printed and not lead:
        return lines
    opening = make_line("", inside)
    if lines and msgspec.structs.replace(lines[0], text="") == opening:
        opening = lines.pop(0)
    return [open_provision(opening, inside, printed, lead), *lines]


def read_number(element: etree._Element, number: etree._Element | None, vocabulary: Vocabulary) -> str:
    """Return the number a level prints, "" where it prints none."""
    if number is None:
        counted = LAST_NUMBER.search(attribute_of(element, vocabulary.counted))
        return counted[0] if counted is not None else ""
    return "" if attribute_of(number, vocabulary.unprinted) else text_of(number, vocabulary)


def enter_level(place: Place, printed: str) -> Place:
    """Return the place one level down; in a quotation or for an unprinted number the chain of numbers stays."""
    path = (*place.path, fold_number(printed)) if printed and not place.quoted else place.path
    return msgspec.structs.replace(place, path=path, level=place.level + 1)


def open_provision(line: Line, place: Place, printed: str, lead: str) -> Line:
    """Put number, path and heading on a line; a number in a quotation stays words of the text."""
    if place.quoted or not printed:
        return msgspec.structs.replace(line, text=fold_space(f"{printed} {lead} {line.text}"), lead=lead)
    text = fold_space(f"{lead} {line.text}")
    return msgspec.structs.replace(line, text=text, number=printed, path=place.path, lead=lead)


def read_note(element: etree._Element, place: Place) -> list[Line]:
    """Read a note as lines of part note, under a label line where the vocabulary names the note's kind."""
    inside = msgspec.structs.replace(place, part="note", quoted=True)
    lines = read_lines(element, inside)
    said = place.vocabulary.said.get(str(etree.QName(element).localname))
    if said is not None and lines:
        lines[0] = msgspec.structs.replace(lines[0], text=f"{said} {lines[0].text}")
    label = fold_space(attribute_of(element, place.vocabulary.label))
    return [make_line(label, inside, "h4"), *lines] if label and lines else lines


def read_notes(elements: Iterable[etree._Element], place: Place) -> Iterator[Line]:
    """Read elements as notes, in order."""
    return chain.from_iterable(read_note(element, place) for element in elements)


def read_quote(element: etree._Element, place: Place) -> list[Line]:
    """Read words of another text: lines of the part that quotes them."""
    return read_lines(element, msgspec.structs.replace(place, quoted=True))


def read_heading(element: etree._Element, place: Place) -> list[Line]:
    """Read a heading that stands between lines."""
    text = text_of(element, place.vocabulary)
    return [make_line(text, place, "h4")] if text else []


def read_row(element: etree._Element, place: Place) -> list[Line]:
    """Read a table row as one line, its cells joined by " | "; a row of empty cells is no line."""
    cells = [text_of(cell, place.vocabulary) for cell in element]
    return [make_line(" | ".join(cells).strip(), place, "tr")] if any(cells) else []


READERS: MappingProxyType[str | None, Callable[[etree._Element, Place], list[Line]]] = MappingProxyType(
    {
        "document": read_level,
        "level": read_level,
        "note": read_note,
        "quote": read_quote,
        "heading": read_heading,
        "row": read_row,
    }
)
