"""Choose the main part of a page that declares no selector: the box that holds the text, without the frame round it.

Losing law is far worse than keeping a row of buttons. So a box is left out for what it is, not for its share of the
page; no box with a numbered line is left out, but what HTML itself calls navigation or dialog; and the step from a box
to one inside it is taken only when nothing but frame stands beside that one. This also makes the choice the same for
two captures of a page with other menus or one paragraph more (docs/decisions/0016).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec
from selectolax.lexbor import LexborNode

from kb.read.boxes import BOX_TAGS, PARTS, Box, weigh_boxes

# Elements of HTML that are never the text itself, and whose links name nothing that the page lists.
FRAME_SELECTOR = "nav, dialog"
# Landmarks that say "here is the text", the wider first.
LANDMARK_SELECTORS = ("main, [role=main]", "article")
BOXES = ", ".join(BOX_TAGS)
# role="navigation", role="search": landmarks of ARIA that are never the text itself
FRAME_ROLE = re.compile(r'\brole="(?:navigation|banner|contentinfo|search|dialog|alertdialog)"')
# hidden="", aria-hidden="true"
HIDDEN = re.compile(r'(?<![\w-])hidden(?:="|\s|$)|\baria-hidden="true"')
# role="tabpanel", role="region": panels of a text that folds, hidden until they are opened
FOLDED = re.compile(r'\brole="(?:tabpanel|region)"|\bhidden="until-found"')
# id="panel-3" aria-labelledby="head-3": what tells one panel of a row from the next
ID = re.compile(r'\b(?:id|aria-labelledby|aria-controls)="[^"]*"')
# class="site-footer share-bar", id="menu": the names a box goes by
NAMES = re.compile(r'\b(?:class|id)="([^"]*)"')
# What authors of pages call boxes that are not the text. A name is one vote of two.
FRAME_NAMES = re.compile(
    r"(?<![a-z])(?:comments?|disqus|related|recommend\w*|recirc\w*|trending|popular|promos?|promo\w+|teasers?|share\w*|"
    r"sharing|social\w*|sidebar\w*|footer\w*|nav|navbar|navigation|menu\w*|breadcrumbs?|cookies?|consent|newsletter\w*|"
    r"subscri\w+|sign-?up|advert\w*|ads?|sponsor\w*|popup|modal|overlay|lightbox|widgets?|toolbar|feedback|login)"
    r"(?![a-z])|(?<![a-z])(?:comment|related|social|share|cookie|sidebar|newsletter)(?=[A-Z_-])",
)
# class="site-header", id="masthead": where the name of a site stands
SITE_NAMES = re.compile(r"(?<![a-z])(?:(?:site|global)[-_]?(?:header|name|title)|masthead|logo|brand\w*)(?![a-z])")
# Lists that stand among paragraphs belong to them, even if each item is a link.
LISTS = frozenset(("ul", "ol", "dl", "table"))
# Boxes that are parts of a text and never all of it.
NEVER_ALONE = frozenset(("ul", "ol", "dl", "tr", "tbody", "blockquote", "details", "figure", "aside"))
# A text of so few signs is not told from its title and what stands with that.
SHORT = 200
# Share of the page's sentences a landmark must hold to be believed.
LEAST_SHARE = 0.3
# A box is links when they make up more than half of its signs and so many times its sentences.
LINKS, LINKS_TO_PROSE = 0.5, 5
# So many rows of several cells are a schedule.
ROWS = 3
# So many boxes that each begin with a link are a row of them.
TEASERS = 3
# A name is believed only while the box holds less than this share of the page's sentences; links of this share of its
# signs speak for the name.
MOST_NAMED, SOME_LINKS = 0.5, 0.2
# What stands beside a box is text if its sentences are this share of the box's, or hold hardly a link.
BESIDE, PURE = 0.1, 0.02
# So many items of a list or table with few links are text.
ITEMS = 4


class MainPart(msgspec.Struct, frozen=True):
    """What was chosen: the nodes that hold the text in reading order, and those inside them that are left out."""

    nodes: tuple[LexborNode, ...]
    dropped: tuple[LexborNode, ...] = ()


def choose_main_part(body: LexborNode) -> MainPart:
    """Return the nodes of a body that hold the page's text; the tree is left as it is."""
    top = _find_landmark(body)
    boxes = weigh_boxes(top.html or "")
    nodes = top.css(BOXES)
    if len(nodes) != len(boxes) - 1:
        return MainPart((top,))
    texts = _list_texts(boxes)
    frame = _leave_out_frame(boxes, texts, menus=top.tag == "body")
    chosen = _step_in(boxes[0], frame, texts)
    node = top if chosen.parent is None else nodes[chosen.at]
    dropped = tuple(nodes[box.at] for box in _list_dropped(chosen, frame))
    return MainPart((*_find_title(body, chosen), node), dropped)


def drop_frame(body: LexborNode) -> None:
    """Remove from a body what HTML itself calls no part of its text."""
    # Innermost first: what stood in a node that is gone is gone too, and must not be touched again.
    for node in reversed(body.css(FRAME_SELECTOR)):
        node.decompose()


def _find_landmark(body: LexborNode) -> LexborNode:
    """Return the one node marked as the text, the body where none is or where it holds too little to be believed."""
    top = body
    for selector in LANDMARK_SELECTORS:
        found = top.css(selector)
        if len(found) != 1 or found[0].mem_id == top.mem_id or _holds_title_alone(top, found[0]):
            continue
        if _is_believed(found[0], top):
            top = found[0]
    return top


def _is_believed(landmark: LexborNode, top: LexborNode) -> bool:
    """Tell whether a landmark holds much of the text; or, as the main one, the page's title with text below it.

    A repealed section is its title and a word: less than the address of its publisher below.
    """
    size = len(landmark.text())
    if size >= LEAST_SHARE * len(top.text()):
        return True
    title = landmark.css_first("h1") if landmark.tag != "article" else None
    return title is not None and bool(landmark.text().replace(title.text(), "", 1).strip())


def _holds_title_alone(top: LexborNode, inner: LexborNode) -> bool:
    """Tell whether a landmark holds the page's title outside the one inside it: what stands between belongs to both."""
    return top.tag == "main" and len(top.css("h1")) == 1 and inner.css_first("h1") is None


def _list_texts(boxes: Sequence[Box]) -> set[int]:
    """Return the boxes that are text even if they hold links alone.

    On a page that holds nothing else all are; elsewhere schedules, and what is laid out like the boxes beside it that
    speak.
    """
    if not any(box.own or box.labels for box in boxes):
        return {box.at for box in boxes}
    spoken = [box.own + box.labels for box in boxes]
    rows = [int(_is_row_of_data(box)) for box in boxes]
    for at in range(len(boxes) - 1, 0, -1):
        up = boxes[at].parent
        if up is not None:
            spoken[up.at + 1] += spoken[at]
            rows[up.at + 1] += rows[at]
    kinds = Counter(_kind(box) for box, said in zip(boxes, spoken, strict=True) if said and 'class="' in box.attrs)
    alike: set[int] = set()
    for box, said in zip(boxes, spoken, strict=True):
        if not said and box.parent is not None and (kinds[_kind(box)] > 1 or box.parent.at in alike):
            alike.add(box.at)
    return alike | {box.at for box, count in zip(boxes, rows, strict=True) if count >= ROWS}


def _kind(box: Box) -> tuple[int, str, str]:
    return (-1 if box.parent is None else box.parent.at, box.tag, box.attrs)


def _is_row_of_data(box: Box) -> bool:
    """Tell whether a box is a row of a table with several cells that are filled and hold no boxes."""
    if box.tag != "tr" or any(cell.tag != "td" or cell.boxes for cell in box.boxes):
        return False
    return sum(cell.plain + cell.linked > 0 for cell in box.boxes) > 1


def _leave_out_frame(boxes: Sequence[Box], texts: set[int], *, menus: bool) -> set[int]:
    """Add what boxes hold to those round them, without what is frame; returns the places of the boxes left out.

    ``menus`` says that links alone make a box frame: not in a landmark, whose lists of links may be its text.
    """
    prose = sum(box.own for box in boxes)
    frame: set[int] = set()
    for box in reversed(boxes[1:]):
        menu = menus and box.at not in texts and (_is_made_of_links(box) or _is_made_of_teasers(box, prose))
        if menu or _is_frame(box, prose):
            frame.add(box.at)
        elif box.parent is not None:
            box.parent.add(box)
    return frame


def _is_frame(box: Box, prose: int) -> bool:
    """Tell whether a box is no part of the text, by what it holds and by what it is called."""
    if box.labels or box.introduced:
        return False
    votes = _read_votes(box.tag, box.attrs)
    if votes.hidden or (box.tag == "footer" and not box.titles and not box.within):
        return True
    if box.prose > MOST_NAMED * prose:
        return False
    if votes.role or (box.tag == "header" and not box.within):
        return True
    if votes.named and _has_second_vote(box):
        return box.prose == 0 or not _stands_among_paragraphs(box)
    return False


class _Votes(msgspec.Struct, frozen=True):
    """What a box's tag and attributes say of it: hidden, a landmark of the frame, a note, named like frame."""

    hidden: bool
    role: bool
    note: bool
    named: bool


@lru_cache(maxsize=4096)
def _read_votes(tag: str, attrs: str) -> _Votes:
    return _Votes(
        hidden=HIDDEN.search(attrs) is not None and FOLDED.search(attrs) is None,
        role=FRAME_ROLE.search(attrs) is not None,
        note=tag == "aside" or 'role="note"' in attrs,
        named=any(FRAME_NAMES.search(names) is not None for names in NAMES.findall(attrs)),
    )


def _is_list_of_text(box: Box) -> bool:
    return box.items >= ITEMS and box.linked < SOME_LINKS * box.plain


def _has_second_vote(box: Box) -> bool:
    """Tell whether anything but its name speaks for a box being frame: no sentences, links, fields, its element."""
    return (
        (box.prose == 0 and not _is_list_of_text(box))
        or box.linked > SOME_LINKS * (box.plain + box.linked)
        or box.fields > 0
        or box.tag in ("aside", "footer", "header", "form")
        or len(box.boxes) > 2
    )


def _is_made_of_links(box: Box) -> bool:
    """Tell whether a box is a menu: links and hardly a sentence, no note, no list that belongs to paragraphs."""
    if box.tag in ("td", "tr", "tbody") or box.labels or box.introduced:
        return False
    if box.tag in LISTS and _stands_among_paragraphs(box):
        return False
    links = box.linked > LINKS * (box.plain + box.linked) and box.linked > LINKS_TO_PROSE * box.prose
    return links and not _read_votes(box.tag, box.attrs).note


def _is_made_of_teasers(box: Box, prose: int) -> bool:
    """Tell whether a box is a row of invitations to read on elsewhere: boxes alike that each begin with a link."""
    if box.labels or box.entries or box.prose > MOST_NAMED * prose or len(box.boxes) < TEASERS:
        return False
    alike = Counter(one.tag for one in box.boxes if one.led and one.linked)
    return max(alike.values(), default=0) >= max(TEASERS, len(box.boxes) / 2) and box.own == 0


def _stands_among_paragraphs(box: Box) -> bool:
    return box.parent is not None and box.parent.own > 0


def _step_in(box: Box, frame: set[int], texts: set[int]) -> Box:
    """Step into the box that holds the text as long as nothing but frame stands beside it."""
    while True:
        inner = [one for one in box.boxes if one.at not in frame and (one.plain or one.linked)]
        heavy = max(inner, key=_mass, default=None)
        if heavy is None or _stands_with_text(heavy, box, inner):
            return box
        if any((one.at in texts or one.tag in LISTS) and one.linked > one.plain for one in inner if one is not heavy):
            return box
        box = heavy


def _mass(box: Box) -> tuple[int, int]:
    return box.prose, box.plain


def _stands_with_text(heavy: Box, box: Box, inner: Sequence[Box]) -> bool:
    """Tell whether text stands in a box beside the heaviest box inside it, so that the two belong together."""
    if heavy.tag in NEVER_ALONE or _read_votes(heavy.tag, heavy.attrs).note:
        return True
    if heavy.tag == "table" and heavy.prose == 0 and box.plain > sum(one.plain for one in box.boxes):
        # A schedule of fees without a sentence: what is printed right above and below it belongs to it.
        return True
    if box.titles and not heavy.titles and (box.tag == "main" or heavy.prose < SHORT):
        return True
    if box.labels > sum(one.labels for one in inner) or box.own > BESIDE * heavy.prose:
        return True
    return any(_is_text_beside(one, heavy) for one in inner if one is not heavy)


def _is_text_beside(box: Box, heavy: Box) -> bool:
    if box.labels or (box.tag == heavy.tag and _strip_id(box) == _strip_id(heavy) != ""):
        return True
    if heavy.prose == 0 and box.prose == 0:
        # A page of a few words: only what stands above its title is surely none of them.
        return not (heavy.titles and box.at < heavy.at)
    if _is_list_of_text(box):
        return True
    return box.prose > 0 and (box.prose >= BESIDE * heavy.prose or box.linked < PURE * box.prose)


def _strip_id(box: Box) -> str:
    return ID.sub("", box.attrs).strip()


def _list_dropped(chosen: Box, frame: set[int]) -> Iterator[Box]:
    """Yield the boxes that are left out of a chosen one, each without those inside it."""
    waiting = list(chosen.boxes)
    while waiting:
        box = waiting.pop()
        if box.at in frame:
            yield box
        else:
            waiting.extend(box.boxes)


def _find_title(body: LexborNode, chosen: Box) -> list[LexborNode]:
    """Return the page's top heading where it stands outside the box that was chosen; the site's name is none."""
    if chosen.parent is None or chosen.titles:
        return []
    titles = body.css("h1")
    return titles if len(titles) == 1 and not _names_site(titles[0]) else []


def _names_site(title: LexborNode) -> bool:
    """Tell whether a heading is a link, or stands where sites print their name and does not begin the page's title."""
    words = title.text().split()
    if any(link.text().split() == words for link in title.css("a[href]")):
        return True
    parent, at_head, within = title.parent, False, False
    while parent is not None and parent.tag != "body":
        names = f"{parent.attributes.get('class') or ''} {parent.attributes.get('id') or ''}"
        at_head = at_head or (parent.tag == "header" and not within) or SITE_NAMES.search(names) is not None
        within = within or parent.tag in PARTS
        parent = parent.parent
    told = parent.parent.css_first("title") if at_head and parent is not None and parent.parent is not None else None
    return at_head and (told is None or told.text().split()[: len(words)] != words)
