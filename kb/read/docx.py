"""Read a Word document (DOCX) as lines: what it prints, with the numbers that Word counts by itself.

Only the text's own parts are read (document, numbering, styles, notes); nothing a file points to is ever followed, and
no macro is looked at. It is called in a process of its own (kb.read.bounds). Insertions that are tracked are text,
deletions are not. The format is ECMA-376 part 1; elements are told by their names alone, for strict files differ from
others only in their namespaces.
"""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from itertools import takewhile

import msgspec
from lxml import etree

from kb.models import Extract, Flaw, Line
from kb.read.docx_numbers import Numbers, find_child, is_on, name_of, read_count, read_lists, read_value
from kb.read.labels import LABEL
from kb.read.xml import parse_safely

# The largest part that is unpacked. The largest known rule has 6 MB of XML.
MOST_BYTES = 64 * 1024 * 1024
CONTENT_TYPES = "[Content_Types].xml"
# What a part's declared content type ends with, by the part's role; templates and files with macros have a text too.
ROLES = {
    "text": ("document.main+xml", "template.main+xml", "macroEnabled.main+xml", "macroEnabledTemplate.main+xml"),
    "numbering": ("numbering+xml",),
    "styles": ("styles+xml",),
    "footnotes": ("footnotes+xml",),
    "endnotes": ("endnotes+xml",),
}
# Elements that hold blocks or runs that are not printed: deleted text, what a field is told to do, older copies.
UNPRINTED = frozenset(
    ("del", "moveFrom", "instrText", "delInstrText", "delText", "Fallback", "pPr", "rPr", "sdtPr", "sdtEndPr", "tblPr")
)
# What single elements print.
SIGNS = {"tab": " ", "ptab": " ", "br": " ", "cr": " ", "noBreakHyphen": "\u2011"}
# Characters of symbol fonts stand in this range; what they draw depends on the font: mostly a bullet or a box.
PRIVATE_USE = range(0xE000, 0xF900)
# What unpacking damaged bytes raises.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
)
# A style based on another that is based on … (circles included).
MOST_STYLES = 12


class NotWordError(Exception):
    """Raised when a file is no Word document that can be read; ``flaw`` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.flaw = Flaw(code, f"Word document {message}")


class Style(msgspec.Struct, frozen=True):
    """What a paragraph style says: the style below it, its heading level (0: none), its list and whether it is bold."""

    below: str = ""
    heading: int = 0
    list_id: str = ""
    list_level: int = -1
    bold: bool | None = None


class Run(msgspec.Struct, frozen=True):
    """A piece of a paragraph: its text, whether it is bold (None: as its style says)."""

    text: str
    bold: bool | None = None


class Paragraph(msgspec.Struct):
    """A paragraph as far as it is read: its runs, the notes it refers to, and the boxes of text anchored in it."""

    runs: list[Run] = []
    notes: list[str] = []
    boxes: list[etree._Element] = []


def read_docx(body: bytes) -> Extract:
    """Read the paragraphs, headings, table rows and notes of a Word document in reading order.

    Returns the lines (numbers that Word counts in ``number``, of headings in the text) and why there are none:
    ``unreadable`` (damaged, or no Word document), ``locked`` (encrypted), ``huge`` (a part larger than 64 MB when
    unpacked) or ``empty``. No bytes raise an error.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as package:
            lines = tuple(_Reader(_read_parts(package)).read())
    except NotWordError as error:
        return Extract(flaws=(error.flaw,))
    except DAMAGE as error:
        return Extract(flaws=(Flaw("unreadable", f"Word document is damaged: {error}"),))
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        return Extract(flaws=(Flaw("unreadable", f"Word document holds damaged XML: {error.msg}"),))
    return Extract(lines, () if lines else (Flaw("empty", "Word document holds no text"),))


def _read_parts(package: zipfile.ZipFile) -> dict[str, etree._Element]:
    """Parse the parts that hold text, by their role."""
    types = _parse_part(package, CONTENT_TYPES)
    declared = ((read_value(one, "PartName").lstrip("/"), read_value(one, "ContentType")) for one in types)
    names = {role: name for name, kind in declared for role, ends in ROLES.items() if kind.endswith(ends)}
    if "text" not in names:
        raise NotWordError("unreadable", "lacks a text: the package is of another kind")
    known = {role: name for role, name in names.items() if role == "text" or name in package.namelist()}
    return {role: _parse_part(package, name) for role, name in known.items()}


def _parse_part(package: zipfile.ZipFile, name: str) -> etree._Element:
    """Unpack and parse one part; its declared size is not believed."""
    if name not in package.namelist():
        raise NotWordError("unreadable", f"lacks its part {name}")
    if package.getinfo(name).flag_bits & 1:
        raise NotWordError("locked", "is encrypted and opens only with a password")
    with package.open(name) as part:
        xml = part.read(MOST_BYTES + 1)
    if len(xml) > MOST_BYTES:
        raise NotWordError("huge", f"holds {name} of more than {MOST_BYTES} bytes when unpacked")
    root = parse_safely(xml)
    if root.getroottree().docinfo.doctype:
        raise NotWordError("unreadable", "declares a document type, which none does")
    return root


def _read_styles(root: etree._Element | None) -> dict[str, Style]:
    styles = {}
    for one in root if root is not None else ():
        named = read_value(find_child(one, "name")).lower()
        told = named.removeprefix("heading ")
        level = int(told) if named.startswith("heading ") and told in "123456" else 1 if named == "title" else 0
        outline = find_child(one, "pPr", "outlineLvl")
        bold = find_child(one, "rPr", "b")
        styles[read_value(one, "styleId")] = Style(
            below=read_value(find_child(one, "basedOn")),
            heading=level or _read_outline(outline),
            list_id=read_value(find_child(one, "pPr", "numPr", "numId")),
            list_level=read_count(find_child(one, "pPr", "numPr", "ilvl"), otherwise=-1),
            bold=None if bold is None else is_on(bold),
        )
    return styles


def _read_outline(outline: etree._Element | None) -> int:
    """Return the heading level that an outline level makes: body text is level 9, and none of a heading's from 6 on."""
    level = read_count(outline, otherwise=9)
    return level + 1 if level < 6 else 0


def _read_notes(root: etree._Element | None) -> dict[str, etree._Element]:
    """Return the notes of a part by id, but for the lines that part them from the text."""
    notes = root if root is not None else ()
    return {read_value(one, "id"): one for one in notes if read_value(one, "type") in ("", "normal")}


class _Reader:
    """A document being read: its styles, lists and notes, and what was counted so far."""

    def __init__(self, parts: Mapping[str, etree._Element]) -> None:
        self.body = find_child(parts["text"], "body")
        self.styles = _read_styles(parts.get("styles"))
        self.numbers = Numbers(read_lists(parts.get("numbering")))
        self.notes = {
            **{f"footnoteReference {name}": note for name, note in _read_notes(parts.get("footnotes")).items()},
            **{f"endnoteReference {name}": note for name, note in _read_notes(parts.get("endnotes")).items()},
        }

    def read(self) -> Iterator[Line]:
        if self.body is not None:
            yield from self.read_blocks(self.body)

    def read_blocks(self, holder: etree._Element) -> Iterator[Line]:
        """Yield the lines of paragraphs and tables; a paragraph whose end was deleted goes on with the next one."""
        held = Paragraph()
        for block in _list_blocks(holder):
            if name_of(block) == "tbl":
                yield from self.read_table(block)
                continue
            _fill(held, block)
            if find_child(block, "pPr", "rPr", "del") is None:
                yield from self.read_paragraph(block, held)
                held = Paragraph()
        if held.runs:
            yield from self.make_line(held, None)

    def read_paragraph(self, block: etree._Element, filled: Paragraph) -> Iterator[Line]:
        yield from self.make_line(filled, find_child(block, "pPr"))
        for name in filled.notes:
            # A note is text that is printed once, though it may be referred to again.
            note = self.notes.pop(name, None)
            lines = self.read_blocks(note) if note is not None else ()
            yield from (msgspec.structs.replace(line, part="note", number="", tag="p") for line in lines)
        for box in filled.boxes:
            yield from self.read_blocks(box)

    def make_line(self, filled: Paragraph, rule: etree._Element | None) -> Iterator[Line]:
        """Yield the line of a paragraph; one without text is counted in its list, and is none."""
        style = read_value(find_child(rule, "pStyle")) or "Normal"
        chain = self.list_styles(style)
        label, level = self.count(rule, style, chain)
        text = " ".join("".join(run.text for run in filled.runs).split())
        if not text:
            return
        outline = find_child(rule, "outlineLvl")
        heading = (
            _read_outline(outline) if outline is not None else next((one.heading for one in chain if one.heading), 0)
        )
        if heading:
            yield Line(f"{label} {text}".strip(), tag=f"h{heading}")
            return
        bold = next((one.bold for one in chain if one.bold is not None), False)
        led = takewhile(lambda run: (bold if run.bold is None else run.bold) or not run.text.strip(), filled.runs)
        lead = " ".join("".join(run.text for run in led).split())
        yield Line(text, number=label, level=level, tag="li" if level else "p", lead=lead)

    def list_styles(self, name: str) -> list[Style]:
        """Return a style and those it is based on."""
        chain: list[Style] = []
        while name in self.styles and len(chain) < MOST_STYLES:
            chain.append(self.styles[name])
            name = chain[-1].below
        return chain

    def count(self, rule: etree._Element | None, style: str, chain: list[Style]) -> tuple[str, int]:
        """Return what Word prints before a paragraph and the depth of its list, ("", 0) where it is in none."""
        own = find_child(rule, "numPr", "numId")
        named = read_value(own) or next((one.list_id for one in chain if one.list_id), "")
        if named in ("", "0"):
            return "", 0
        told = find_child(rule, "numPr", "ilvl")
        styled = next((one.list_level for one in chain if one.list_level >= 0), -1)
        level = read_count(told) if told is not None else styled
        level = level if level >= 0 else self.numbers.find_level(named, style)
        return self.numbers.count(named, level), level + 1

    def read_table(self, table: etree._Element) -> Iterator[Line]:
        """Yield a line for each row; a row that was deleted is none."""
        for row in _list_inside(table, "tr"):
            if find_child(row, "trPr", "del") is None:
                yield from _join_cells([list(self.read_blocks(cell)) for cell in _list_inside(row, "tc")])


def _list_blocks(holder: etree._Element) -> Iterator[etree._Element]:
    """Yield the paragraphs and tables of a body, cell, note or box, whatever they are wrapped in."""
    waiting = list(holder)[::-1]
    while waiting:
        element = waiting.pop()
        name = name_of(element)
        if name in ("p", "tbl"):
            yield element
        elif name not in UNPRINTED:
            waiting.extend(reversed(element))


def _list_inside(holder: etree._Element, wanted: str) -> Iterator[etree._Element]:
    """Yield the rows of a table or the cells of a row, whatever they are wrapped in, but none of a table inside."""
    waiting = list(holder)[::-1]
    while waiting:
        element = waiting.pop()
        name = name_of(element)
        if name == wanted:
            yield element
        elif name not in UNPRINTED and name not in ("p", "tbl", "tc"):
            waiting.extend(reversed(element))


def _fill(filled: Paragraph, block: etree._Element) -> None:
    """Add what a paragraph prints: its runs in order, the notes and boxes it holds."""
    waiting: list[tuple[etree._Element, bool | None]] = [(child, None) for child in reversed(block)]
    while waiting:
        element, bold = waiting.pop()
        name = name_of(element)
        if name in UNPRINTED or _is_hidden(element):
            continue
        if name in ("txbxContent", "footnoteReference", "endnoteReference"):
            _anchor(filled, element, name)
        elif name in SIGNS or name in ("t", "sym"):
            text = (element.text or "") if name == "t" else SIGNS.get(name) or _read_symbol(element)
            filled.runs.append(Run(text, bold))
        else:
            switch = find_child(element, "rPr", "b")
            told = bold if switch is None else is_on(switch)
            waiting.extend((child, told) for child in reversed(element))


def _is_hidden(element: etree._Element) -> bool:
    """Tell whether a run is set not to be printed."""
    return is_on(find_child(element, "rPr", "vanish"))


def _anchor(filled: Paragraph, element: etree._Element, name: str) -> None:
    """Keep a box of text or a reference to a note for after the paragraph."""
    if name == "txbxContent":
        filled.boxes.append(element)
    else:
        filled.notes.append(f"{name} {read_value(element, 'id')}")


def _read_symbol(element: etree._Element) -> str:
    """Return a character given by its number; one of a symbol font stands for a bullet."""
    told = read_value(element, "char")
    digits = all(sign in "0123456789abcdefABCDEF" for sign in told) and 0 < len(told) <= 5
    code = int(told, 16) if digits else 0
    return "•" if code in PRIVATE_USE else chr(code) if code >= ord(" ") and not 0xD800 <= code < 0xE000 else ""


def _join_cells(cells: list[list[Line]]) -> list[Line]:
    """Make one line of a row; one that lays out a page (headings, numbered paragraphs in its cells) keeps its lines.

    Notes of the row follow it.
    """
    printed = [[line for line in cell if line.part == "text"] for cell in cells]
    notes = [line for cell in cells for line in cell if line.part != "text"]
    filled = [cell for cell in printed if cell]
    inside = [line for cell in filled for line in cell]
    if len(filled) < 2 or any(line.tag.startswith("h") or line.number or line.tag == "tr" for line in inside):
        return [*inside, *notes]
    texts = [" ".join(line.text for line in cell) for cell in printed]
    label = LABEL.fullmatch(f"{filled[0][0].text} ") if len(filled[0]) == 1 else None
    if label is None:
        return [Line(" | ".join(texts), tag="tr"), *notes]
    rest = [" ".join(line.text for line in cell) for cell in filled[1:]]
    return [Line(" | ".join(rest), number=filled[0][0].text, tag="p" if len(rest) == 1 else "tr"), *notes]
