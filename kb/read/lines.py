"""Cut written-out HTML into lines: paragraphs, headings, list items with their markers, table rows.

Input is HTML as lexbor writes it: well-formed, lower-case tags, attributes in double quotes.
"""

import re
from functools import lru_cache
from hashlib import blake2b
from html import unescape
from itertools import pairwise

from kb.models import Line, Part
from kb.read.labels import HEADING_TAGS, LABEL, ListFrame

# <p class="x">, </li>, <br>: every element that ends a line; "<" first, so that the search runs at memory speed
BLOCK = re.compile(
    r"<(/?)(p|div|li|h[1-6]|t[rdh]|[ou]l|[bh]r|d[dltr]|table|article|aside|section|main|center|blockquote|body|caption|"
    r"nav|header|footer|form|fieldset|figure|figcaption|address|pre|details|dialog|hgroup|menu|dir|summary|tbody|thead|"
    r'tfoot)\b([^>"]*(?:"[^"]*"[^>"]*)*)>'
)
# <a href="…">, </span>: what is left between two blocks
INLINE = re.compile(r'<[^>"]*(?:"[^"]*"[^>"]*)*>')
# </a> </cite> , : the white space that a link's end leaves before a stop is no printed space
LINK_END = re.compile(r"</(?:a|cite)>\s*(?:</[a-z]+>\s*)*(?=[.,;:)])")
# id="t21c28s21-28-2.08"
ID = re.compile(r'\bid="([^"]*)"')
# <span class="num" id="(a)(1)(A)">(A)</span>: a publisher that spells the whole chain of numbers in an id
STATED_PATH = re.compile(r'\s*<[a-z]+ [^<>]*?\bid="\(([^()"\s]+(?:\)\([^()"\s]+)*)\)"[^<>]*>([^<\ue000]*)</[a-z]+>')
# "(a)(1)": what such an element prints
NUMBERS = re.compile(f"(?:{LABEL.pattern})+")
# <b>414.025 Definitions.</b> at the start of a block, inside any number of spans
LEAD = re.compile(r"\s*(?:<(?:span|font|a|u|i|em)\b[^>]*>\s*)*<(?:b|strong)\b[^>]*>(.*?)</(?:b|strong)>", re.DOTALL)
# <i>Acts 2016, ch. 12, § 3.</i>: a line in its own type is its own line
WHOLLY_SET_APART = re.compile(r"\s*<(i|em|small)\b[^<>]*>[^<]*</\1>\s*")
# class="text-indent-2", class="level3", class="pad_1"
INDENT_CLASS = re.compile(r'class="[^"]*?(?:indent|level|lvl|tab|pad)[^"\d]{0,8}(\d)')
# style="margin-left:1.5in", style="text-indent: 36pt"
INDENT_STYLE = re.compile(r"(?:margin-left|padding-left|text-indent)\s*:\s*(-?[\d.]+)\s*(in|pt|px|em|cm)")
# Stands for a link's end until white space is collapsed: a private-use sign.
_TIGHT = "\ue002"
POINTS = {"in": 72.0, "pt": 1.0, "px": 0.75, "em": 12.0, "cm": 28.3}
# A blank line before a capital, a label or a quote: the author laid the text out with white space. The bounds keep
# endless white space from costing its length squared.
LAID_OUT = re.compile(r"\n[ \t\r]{0,200}\n(?=[ \t\r\n]{0,400}[(\[A-Z§\"“\d])")


def clean_text(fragment: str) -> str:
    """Return the printed text of an HTML fragment: tags dropped, entities resolved, white space collapsed."""
    tight = False
    if "<" in fragment:
        if "</a" in fragment or "</cite" in fragment:
            fragment, found = LINK_END.subn(_TIGHT, fragment)
            tight = found > 0
        fragment = INLINE.sub("", fragment)
    if "&" in fragment:
        fragment = unescape(fragment)
    text = fragment.strip() if _is_collapsed(fragment) else " ".join(fragment.split())
    return text.replace(" " + _TIGHT, "").replace(_TIGHT, "") if tight else text


def _is_collapsed(text: str) -> bool:
    """Tell whether white space stands single already, as on most lines: asking is a quarter of the cost of doing it."""
    return text.isascii() and not ("\n" in text or "  " in text or "\t" in text or "\r" in text or "\f" in text)


def build_lines(written: str, part: Part = "text") -> tuple[list[Line], str]:
    """Cut HTML written out by lexbor into lines.

    Returns the lines in reading order and the shape of the markup: a hash of its block tags and their attributes.
    """
    pieces = _cut_blocks(written)
    shape = blake2b("".join(pieces[3::4]).encode() + "".join(pieces[2::4]).encode())
    return _build(pieces, part), shape.hexdigest()[:16]


def list_lines(written: str, part: Part) -> list[Line]:
    """Return the lines that build_lines returns, without the shape."""
    return _build(_cut_blocks(written), part)


def _cut_blocks(written: str) -> list[str]:
    return BLOCK.split(drop_comments(written) if "<!--" in written else written)


def _build(pieces: list[str], part: Part) -> list[Line]:
    builder = _Builder(part)
    builder.emit(pieces[0])
    for at in range(1, len(pieces), 4):
        tag, chunk = pieces[at + 1], pieces[at + 3]
        if tag in _PLAIN:
            builder.start(pieces[at], tag, pieces[at + 2])
        else:
            builder.step(pieces[at], tag, pieces[at + 2])
        if chunk and not chunk.isspace():
            builder.emit(chunk)
    return builder.lines


def drop_comments(written: str) -> str:
    """Cut comments out in one pass; a comment's sign inside an attribute is none."""
    first, *rest = written.split("<!--")
    kept = [first]
    for piece in rest:
        within_tag = kept[-1].rfind("<") > kept[-1].rfind(">")
        kept.append(f"<!--{piece}" if within_tag else piece.partition("-->")[2])
    return "".join(kept)


@lru_cache(maxsize=4096)
def read_indent(attrs: str) -> int:
    """Return the level that a block's class or style tells by its indent, 0 where it tells none."""
    found = INDENT_CLASS.search(attrs)
    if found is not None:
        return int(found[1])
    style = INDENT_STYLE.findall(attrs) if "style" in attrs else ()
    return max(0, round(sum(float(size) * POINTS[unit] for size, unit in style) / 18.0))


class _Row:
    """A table row being read: where its lines begin, and where each of its cells begins."""

    __slots__ = ("cells", "start")

    def __init__(self, start: int) -> None:
        self.start = start
        self.cells: list[int] = []


class _Builder:
    """The state of one pass over the blocks: open lists and rows, the current element, the lines so far.

    ``term`` is where the line of a defined term stands until its definition joins it, -1 where none waits.
    """

    __slots__ = ("attrs", "breaks", "defining", "filled", "lines", "lists", "marker", "part", "rows", "tag", "term")

    def __init__(self, part: Part) -> None:
        self.part = part
        self.lines: list[Line] = []
        self.lists: list[ListFrame] = []
        self.rows: list[_Row] = []
        self.marker = ""
        self.term = -1
        self.defining = False
        self.tag = "p"
        self.attrs = ""
        # Whether the current block has a line already, and how many <br> stand since.
        self.filled = False
        self.breaks = 0

    def start(self, close: str, tag: str, attrs: str) -> None:
        """Take the tag of a block that only begins or ends a line."""
        self.breaks = 0
        self.filled = False
        if close:
            self.tag, self.attrs = "p", ""
        else:
            self.tag, self.attrs = tag, attrs

    def step(self, close: str, tag: str, attrs: str) -> None:
        """Take the tag of a block that opens or closes a list, a row or a cell, or breaks a line."""
        if tag == "br":
            self.breaks += 1
            return
        self.start(close, tag, attrs)
        action = _CLOSERS.get(tag) if close else _OPENERS.get(tag)
        if action is not None:
            action(self)

    def open_list(self) -> None:
        self.lists.append(ListFrame(self.tag, self.attrs))

    def close_list(self) -> None:
        if self.lists:
            self.lists.pop()
        self.marker = ""

    def open_item(self) -> None:
        if self.lists:
            self.marker = self.lists[-1].mark_item(self.attrs)

    def close_item(self) -> None:
        self.marker = ""

    def open_term(self) -> None:
        self.term = len(self.lines)
        self.defining = False

    def open_definition(self) -> None:
        """Let the definition join its term, where that is one line."""
        self.defining = 0 <= self.term == len(self.lines) - 1
        self.term = -1

    def open_row(self) -> None:
        self.rows.append(_Row(len(self.lines)))

    def open_cell(self) -> None:
        if self.rows:
            self.rows[-1].cells.append(len(self.lines))

    def close_row(self) -> None:
        if self.rows:
            row = self.rows.pop()
            self.lines[row.start :] = _join_row(self.lines, row)

    def emit(self, chunk: str) -> None:
        """Add the text between two block tags as a line, or to the line before when a single <br> parted them."""
        if self.breaks == 1 and self.filled and self._continues(chunk):
            self.breaks = 0
            return
        self.breaks = 0
        before = len(self.lines)
        if "\n" in chunk and LAID_OUT.search(chunk) is not None:
            for piece in LAID_OUT.split(chunk):
                self._add(piece, _white_indent(piece))
        else:
            self._add(chunk, self._level() if self.attrs or self.lists else 0)
        self.filled = self.filled or len(self.lines) > before

    def _continues(self, chunk: str) -> bool:
        text = clean_text(chunk)
        if not text or LABEL.match(text) is not None or WHOLLY_SET_APART.fullmatch(chunk) is not None:
            return not text
        last = self.lines[-1]
        if last.tag != self.tag:
            return False
        joined, lead = f"{last.text} {text}", last.lead
        if lead == last.text:
            # A bold line that goes on in bold is one heading: the number above, the catchline below.
            bold = LEAD.match(chunk)
            lead = joined if bold is not None and clean_text(bold[1]) == text else lead
        self.lines[-1] = Line(joined, last.part, last.number, last.path, last.level, last.tag, last.anchor, lead)
        return True

    def _level(self) -> int:
        return len(self.lists) if self.lists else read_indent(self.attrs)

    def _add(self, chunk: str, level: int) -> None:
        path: tuple[str, ...] | None = None
        number = ""
        if 'id="(' in chunk:
            path, number, chunk = _stated_path(chunk)
        lead = ""
        if "<b" in chunk or "<strong" in chunk:
            bold = LEAD.match(chunk)
            lead = clean_text(bold[1]) if bold is not None else ""
        text = clean_text(chunk)
        if not text and not number:
            return
        tag = self.tag
        if self.marker:
            tag = "li"
            number, text = (number, text) if number else _merge_marker(self.marker, text)
            self.marker = ""
        if self.defining:
            self.defining = False
            self._define(text)
            return
        found = ID.search(self.attrs) if "id=" in self.attrs else None
        self.lines.append(Line(text, self.part, number, path, level, tag, found[1] if found is not None else "", lead))

    def _define(self, text: str) -> None:
        """Add a definition to the line of its term; a label set as a term is the number of what it labels."""
        last = self.lines[-1]
        if LABEL.fullmatch(f"{last.text} ") is not None:
            self.lines[-1] = Line(text, last.part, last.text, None, last.level, "p", last.anchor)
        else:
            told = f"{last.text} {text}"
            self.lines[-1] = Line(told, last.part, last.number, last.path, last.level, "p", last.anchor, last.text)


def _stated_path(chunk: str) -> tuple[tuple[str, ...] | None, str, str]:
    """Return the chain of numbers stated at the start of a chunk, the numbers as printed ("(a)(1)"), and the rest."""
    path: tuple[str, ...] | None = None
    number = ""
    found = STATED_PATH.match(chunk)
    while found is not None and _is_number(printed := clean_text(found[2])):
        path = tuple(found[1].split(")("))
        number += printed
        chunk = chunk[found.end() :]
        found = STATED_PATH.match(chunk) if chunk.startswith("<") else None
    return path, number, chunk


@lru_cache(maxsize=20_000)
def _is_number(printed: str) -> bool:
    """Tell whether an element that states a chain of numbers prints numbers and nothing else, or nothing at all."""
    return not printed or NUMBERS.fullmatch(f"{printed} ") is not None


def _merge_marker(marker: str, text: str) -> tuple[str, str]:
    """Prefer a number printed in the text to the one the list would print."""
    printed = LABEL.match(text)
    if printed is None:
        return marker, text
    if printed[1].strip("().[]") == marker.strip("()."):
        return printed[1], text[printed.end() :]
    return "", text


def _white_indent(piece: str) -> int:
    """Return the level told by leading spaces: five to a level, as typists indent statutes."""
    stripped = piece.lstrip("\r\n")
    return (len(stripped) - len(stripped.lstrip(" \t"))) // 5


def _join_row(lines: list[Line], row: _Row) -> list[Line]:
    """Make one line of a data row; a row that lays out the page (blocks inside its cells) keeps its lines."""
    bounds = [*row.cells, len(lines)]
    cells = [lines[start:end] for start, end in pairwise(bounds)]
    inside = lines[row.start :]
    filled = [cell for cell in cells if cell]
    if len(filled) < 2 or any(len(cell) > 1 or cell[0].tag in HEADING_TAGS for cell in filled):
        return inside
    first = filled[0][0]
    label = LABEL.fullmatch(first.text + " ")
    if label is not None and len(filled) == 2:
        body = filled[1][0]
        return [Line(body.text, first.part, first.text, None, body.level, "p", first.anchor, body.lead)]
    texts = [" ".join(line.text for line in cell) for cell in (filled[1:] if label is not None else cells)]
    number = first.text if label is not None else ""
    return [Line(" | ".join(texts), first.part, number, None, first.level, "tr", first.anchor)]


# Blocks that only begin or end a line.
_PLAIN = frozenset(("p", "div", "section", "blockquote", "article", "main", *HEADING_TAGS))
_OPENERS = {
    "ol": _Builder.open_list,
    "ul": _Builder.open_list,
    "menu": _Builder.open_list,
    "dir": _Builder.open_list,
    "li": _Builder.open_item,
    "dt": _Builder.open_term,
    "dd": _Builder.open_definition,
    "tr": _Builder.open_row,
    "td": _Builder.open_cell,
    "th": _Builder.open_cell,
}
_CLOSERS = {
    "ol": _Builder.close_list,
    "ul": _Builder.close_list,
    "menu": _Builder.close_list,
    "dir": _Builder.close_list,
    "li": _Builder.close_item,
    "tr": _Builder.close_row,
}
