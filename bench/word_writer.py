"""Writes invented Word documents: paragraphs of runs, lists, styles and notes as parts of a package."""

import io
import struct
import zipfile

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
KINDS = "application/vnd.openxmlformats-officedocument.wordprocessingml."
PARTS = ("document.main", "numbering", "styles", "footnotes")
# (a) (1) (i) A., as statutes count; level 5 prints all above it, level 6 counts Articles in words.
FORMS = (
    ("lowerLetter", "(%1)"),
    ("decimal", "(%2)"),
    ("lowerRoman", "(%3)"),
    ("upperLetter", "%4."),
    ("decimal", "%1.%2.%5"),
    ("ordinalText", "%6 Article"),
    ("bullet", "·"),
)
STYLES = """
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Section"><w:name w:val="Section"/><w:basedOn w:val="Heading1"/></w:style>
<w:style w:type="paragraph" w:styleId="Item"><w:name w:val="Item"/>
<w:pPr><w:numPr><w:numId w:val="3"/></w:numPr></w:pPr></w:style>"""


def paragraph(*runs: str, style: str = "", item: tuple[int, int] | None = None, rule: str = "") -> str:
    """Write a paragraph; ``item`` is its list's id and level, ``rule`` further properties."""
    styled = f'<w:pStyle w:val="{style}"/>' if style else ""
    listed = f'<w:numPr><w:ilvl w:val="{item[1]}"/><w:numId w:val="{item[0]}"/></w:numPr>' if item else ""
    printed = "".join(run if run[:1] == "<" else say(run) for run in runs)
    return f"<w:p><w:pPr>{styled}{listed}{rule}</w:pPr>{printed}</w:p>"


def say(text: str, rule: str = "") -> str:
    """Write a run of text with its properties."""
    return f'<w:r><w:rPr>{rule}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def table(*rows: list[str]) -> str:
    """Write a table of rows of cells, each a text or blocks."""
    cells = ("".join(f"<w:tc>{cell if cell[:1] == '<' else paragraph(cell)}</w:tc>" for cell in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def numbering() -> str:
    """Write two definitions: one of seven levels (lists 1 and, begun anew at 3, 2) and one of a style (list 3)."""
    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for at, (form, text) in enumerate(FORMS)
    )
    styled = '<w:lvl w:ilvl="0"><w:numFmt w:val="upperRoman"/><w:pStyle w:val="Item"/><w:lvlText w:val="%1."/></w:lvl>'
    anew = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="3"/></w:lvlOverride>'
    return (
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum><w:abstractNum w:abstractNumId="1">{styled}'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
        f'<w:num w:numId="2"><w:abstractNumId w:val="0"/>{anew}</w:num>'
        '<w:num w:numId="3"><w:abstractNumId w:val="1"/></w:num>'
    )


def write_docx(*blocks: str, notes: tuple[str, ...] = (), parts: dict[str, str | bytes] | None = None) -> bytes:
    """Write a package whose text holds the blocks; ``notes`` are footnotes 1 and on, ``parts`` replace or add parts."""
    told = "".join(f'<w:footnote w:id="{at}">{paragraph(text)}</w:footnote>' for at, text in enumerate(notes, 1))
    types = "".join(
        f'<Override PartName="/word/{name.partition(".")[0]}.xml" ContentType="{KINDS}{name}+xml"/>' for name in PARTS
    )
    files: dict[str, str | bytes] = {
        "[Content_Types].xml": f"<Types>{types}</Types>",
        "word/document.xml": f"<w:document {W}><w:body>{''.join(blocks)}<w:sectPr/></w:body></w:document>",
        "word/numbering.xml": f"<w:numbering {W}>{numbering()}</w:numbering>",
        "word/styles.xml": f"<w:styles {W}>{STYLES}</w:styles>",
        "word/footnotes.xml": f'<w:footnotes {W}><w:footnote w:type="separator" w:id="0"/>{told}</w:footnotes>',
        **(parts or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def write_doc(*paragraphs: str) -> bytes:
    """Write an old Word document (Word 6) of plain paragraphs: one stream in a compound file ([MS-CFB], [MS-DOC])."""
    raw = "".join(f"{text}\r" for text in paragraphs).encode("cp1252")
    head = bytearray(0x400)
    struct.pack_into("<HHHH", head, 0, 0xA5DC, 0x65, 0, 0x409)
    struct.pack_into("<III", head, 0x18, 0x400, 0x400 + len(raw), 0x400 + len(raw))
    struct.pack_into("<I", head, 0x34, len(raw))
    stream = (bytes(head) + raw).ljust(4096, b"\0")
    stream += bytes(-len(stream) % 512)
    sectors = len(stream) // 512
    table = [0xFFFFFFFD, 0xFFFFFFFE, *(at + 3 for at in range(sectors - 1)), 0xFFFFFFFE]
    table += [0xFFFFFFFF] * (128 - len(table))
    folder = _name_entry("Root Entry", 5, (0xFFFFFFFE, 0), 1) + _name_entry("WordDocument", 2, (2, len(stream)))
    top = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    top += struct.pack("<9I109I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0, *[0xFFFFFFFF] * 108)
    return top + struct.pack("<128I", *table) + folder + _name_entry("", 0, (0, 0)) * 2 + stream


def _name_entry(name: str, kind: int, place: tuple[int, int], child: int = 0xFFFFFFFF) -> bytes:
    """Write an entry of a compound file's directory: a stream or the root, its first sector and its size."""
    spelled = f"{name}\0".encode("utf-16-le") if name else b""
    links = struct.pack("<HBBIII", len(spelled), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return spelled.ljust(64, b"\0") + links + bytes(36) + struct.pack("<III", *place, 0)
