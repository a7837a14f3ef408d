"""Weigh the boxes of a page: how much each holds of sentences, numbered lines, links and fields to fill in.

Input is HTML as lexbor writes it: well-formed, lower-case tags, attributes in double quotes, "<" and ">" escaped in
them. One pass over the tags does it; walking the tree node by node from Python costs several times as much.
"""

import re
from collections.abc import Sequence

from kb.read.labels import HEADING_TAGS, LABEL, SECTION
from kb.read.lines import drop_comments

# Elements that group what belongs together: only these are chosen or left out, never a paragraph or an item.
BOX_TAGS = (
    "div", "section", "article", "main", "aside", "header", "footer", "nav", "form", "fieldset", "details", "dialog",
    "figure", "center", "blockquote", "ul", "ol", "dl", "table", "tbody", "tr", "td",
)  # fmt: skip
# Boxes whose lines are items of a list or cells of a table.
LISTS = frozenset(("ul", "ol", "dl", "td", "tr"))
# <div class="x">, </p>, <br>, <input type="text">: boxes, what else ends a line, and fields
TAG = re.compile(
    rf"<(/?)({'|'.join(BOX_TAGS)}|p|h[1-6]|li|d[dt]|t[rh]|[bh]r|pre|figcaption|caption|address|summary|hgroup|thead|tfoot|"
    r'input)\b([^>"]*(?:"[^"]*"[^>"]*)*)>'
)
# <span class="x">, </b>: what may stand within a line
INLINE = re.compile(r'<[^>"]*(?:"[^"]*"[^>"]*)*>')
# <a href="…">, </a>
LINK_TAG = re.compile(r'<(/?)a\b([^>"]*(?:"[^"]*"[^>"]*)*)>')
# What a line with a printed number may begin with: "(a) ", "1. ", "§ 12", "Sec. 8.", "12-3.4 "
LABEL_SIGNS = frozenset("([§0123456789")
# "© 2024 State of …", "Copyright 2024 …": who owns the page is no sentence of it
OWNED = re.compile(r"(?:©|\(c\)|copyright\b)", re.IGNORECASE)
# "… of the board." "… until then:" "… »": how a sentence ends
SENTENCE_END = tuple('.!?:;…"”’»)]。！？')
# A line of so many signs is a sentence, with a stop at its end or without one.
SENTENCE, LONG = 40, 80
_BOXES = frozenset(BOX_TAGS)
# Elements within which a header or footer is one of a part, not of the page: HTML says so.
PARTS = frozenset(("article", "aside", "main", "section"))


class Box:
    """One box: its place among the boxes of the page, its parent, and what all of it holds, in signs.

    ``plain`` is printed outside links, ``linked`` inside them, ``prose`` in sentences; ``labels`` counts boxes with a
    line that begins with a printed number, ``entries`` such lines that are links, ``items`` lines of lists and tables
    outside links, ``fields`` what is to be filled in, ``titles`` the top headings. ``own`` is the prose that stands in
    no box inside it, ``introduced`` says that the line before it ended with a colon, ``led`` that its first line is a
    link and nothing else (None: it has no line), ``within`` that it stands in a part of the page.
    """

    __slots__ = (
        "at", "attrs", "boxes", "entries", "fields", "introduced", "items", "labels", "led", "linked", "own", "parent",
        "plain", "prose", "tag", "titles", "within",
    )  # fmt: skip

    def __init__(self, at: int, tag: str, attrs: str, parent: "Box | None", *, introduced: bool = False) -> None:
        self.at = at
        self.tag = tag
        self.attrs = attrs
        self.parent = parent
        self.boxes: list[Box] = []
        self.plain = self.linked = self.prose = self.own = 0
        self.labels = self.entries = self.items = self.fields = self.titles = 0
        self.introduced = introduced
        self.led: bool | None = None
        self.within: bool = parent is not None and (parent.within or parent.tag in PARTS)

    def add(self, other: "Box") -> None:
        """Count what another box holds as held by this one."""
        self.plain += other.plain
        self.linked += other.linked
        self.prose += other.prose
        self.labels += other.labels
        self.entries += other.entries
        self.items += other.items
        self.fields += other.fields
        self.titles += other.titles


class _Weighing:
    """The state of one pass: the box being read, the heading in it, whether a link is open or a colon stands before."""

    __slots__ = ("box", "boxes", "colon", "heading", "linking")

    def __init__(self) -> None:
        self.boxes = [Box(-1, "body", "", None)]
        self.box = self.boxes[0]
        self.heading = ""
        self.linking = False
        self.colon = False

    def take_tag(self, close: str, tag: str, attrs: str) -> None:
        if tag in _BOXES:
            self._leave() if close else self._enter(tag, attrs)
        elif tag == "input":
            self.box.fields += 'type="hidden"' not in attrs
        elif tag in HEADING_TAGS:
            self.heading = "" if close else tag

    def _enter(self, tag: str, attrs: str) -> None:
        box = Box(len(self.boxes) - 1, tag, attrs, self.box, introduced=self.colon)
        self.colon = False
        self.box.boxes.append(box)
        self.boxes.append(box)
        self.box = box

    def _leave(self) -> None:
        if self.box.parent is not None:
            self.box = self.box.parent

    def weigh_line(self, written: str) -> None:
        """Weigh the line between two tags and add it to its box."""
        linked = self._measure_links(written) if self.linking or "<a" in written or "</a" in written else 0
        text = (INLINE.sub("", written) if "<" in written else written).strip()
        if not text:
            return
        plain = _measure(text) - linked
        box = self.box
        box.plain += plain
        box.linked += linked
        self.colon = text[-1] == ":"
        if box.led is None:
            _note_lead(box, led=plain == 0)
        if plain <= linked:
            box.entries += _is_labelled(text)
            return
        if not box.labels and _is_labelled(text):
            # One tells all: asking each line would cost more than all else that is weighed.
            box.labels = 1
        if box.tag in LISTS:
            box.items += 1
        if self.heading:
            box.titles += self.heading == "h1"
        elif _is_sentence(text, plain):
            box.prose += plain
            box.own += plain

    def _measure_links(self, written: str) -> int:
        """Return the signs printed inside links that lead away; one may be open from a line before."""
        pieces = LINK_TAG.split(written)
        linked = _measure(INLINE.sub("", pieces[0]).strip()) if self.linking else 0
        for close, attrs, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            # A link to a place on the page itself leads nowhere else: "§ 12-3" as its own permanent link.
            self.linking = not close and 'href="' in attrs and 'href="#' not in attrs
            if self.linking and text:
                linked += _measure((INLINE.sub("", text) if "<" in text else text).strip())
        return linked


def _note_lead(box: Box | None, *, led: bool) -> None:
    """Note of a box, and of those it begins, whether their first line is a link."""
    while box is not None and box.led is None:
        box.led = led
        box = box.parent


def _measure(text: str) -> int:
    """Return the number of signs of a text, however its white space is laid out."""
    return len(" ".join(text.split())) if "\n" in text or "  " in text else len(text)


def _is_sentence(text: str, plain: int) -> bool:
    long = plain >= LONG or (plain >= SENTENCE and text.endswith(SENTENCE_END))
    return long and OWNED.match(text) is None


def _is_labelled(text: str) -> bool:
    if text[0] not in LABEL_SIGNS and "." not in text[1:8]:
        return False
    return LABEL.match(text) is not None or SECTION.match(text) is not None


def weigh_boxes(written: str) -> Sequence[Box]:
    """Return the boxes of a written-out body in the order in which they begin, the body itself first.

    ``at`` of each is its number among all elements with one of BOX_TAGS, from 0; that of the body is -1. Each box
    counts only what stands in it and in no box inside it.
    """
    pieces = TAG.split(drop_comments(written) if "<!--" in written else written)
    weighing = _Weighing()
    weighing.weigh_line(pieces[0])
    for at in range(1, len(pieces), 4):
        tag = pieces[at + 1]
        if tag != "p" and tag != "br":
            weighing.take_tag(pieces[at], tag, pieces[at + 2])
        text = pieces[at + 3]
        if text and not text.isspace():
            weighing.weigh_line(text)
    return weighing.boxes
