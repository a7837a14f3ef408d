"""Rules of HTML e-mail that a machine can check: what readers strip, block or cut, and what people cannot read."""

import re
from collections import Counter
from itertools import pairwise

from selectolax.lexbor import LexborHTMLParser

from kb.tell.styles import DARK, STYLES

# Mail services cut a message's HTML at 102,400 bytes.
LARGEST = 100_000
FORBIDDEN = "script, link, img, iframe, form, input, video, audio, object, embed, svg, base"
FOREIGN = re.compile(r"url\(|@import|expression\(|javascript:", re.IGNORECASE)
# "@media print { … }"
THEMED = re.compile(r"@media[^{]*\{(?:[^{}]|\{[^{}]*\})*\}")
VAGUE = {"here", "click here", "more", "link", "read more", "this"}
COLOUR = re.compile(r"(?<!background-)(?<!border-)color: ?(#[0-9a-f]{6})")
BACKGROUND = re.compile(r"background-color: ?(#[0-9a-f]{6})")
LEAST_CONTRAST = 4.5


def list_faults(html):
    """Return every rule that a message breaks, in words; nothing for a good one."""
    tree = LexborHTMLParser(html)
    return [
        *_check_frame(html, tree),
        *(f"{node.tag} is stripped or blocked" for node in tree.css(FORBIDDEN)),
        *_check_styles(tree),
        *_check_tables(tree),
        *_check_links(tree),
        *_check_headings(tree),
    ]


def _check_frame(html, tree):
    if len(html.encode()) > LARGEST:
        yield f"{len(html.encode())} bytes"
    if not html.lstrip().lower().startswith("<!doctype html>"):
        yield "no doctype"
    if "lang" not in tree.css_first("html").attributes:
        yield "no language"
    if not tree.css_first("title").text().strip():
        yield "no title"
    names = {node.attributes.get("name") for node in tree.css("meta")}
    yield from (f"no meta {name}" for name in ("viewport", "color-scheme") if name not in names)
    if FOREIGN.search(html):
        yield "something is loaded from elsewhere"
    if any(name.startswith("on") for node in tree.css("*") for name in node.attributes):
        yield "a handler"


def _check_styles(tree):
    styles = tree.css("style")
    left = "".join(THEMED.sub("", style.text()) for style in styles)
    if len(styles) != 1 or left.strip():
        yield "a style sheet that not only dresses a theme or paper"
    needing = "h1, h2, h3, h4, p, ul, a, th, td, table, del, ins"
    yield from (
        f"{node.tag} without a style of its own" for node in tree.css(needing) if "style" not in node.attributes
    )


def _check_tables(tree):
    for table in tree.css("table"):
        is_layout = table.attributes.get("role") == "presentation"
        heads = table.css("th")
        if not is_layout and (not heads or any("scope" not in one.attributes for one in heads)):
            yield "a table of figures without heads"


def _check_links(tree):
    targets = {}
    for node in tree.css("a"):
        words, target = " ".join(node.text().split()), node.attributes.get("href", "")
        if words.lower() in VAGUE or not words:
            yield f"a link that says {words!r}"
        if not target.startswith(("https://", "http://", "mailto:")):
            yield f"a link to {target!r}"
        targets.setdefault(words, set()).add(target)
    yield from (f"{words!r} leads to {len(found)} places" for words, found in targets.items() if len(found) > 1)


def _check_headings(tree):
    levels = [int(node.tag[1]) for node in tree.css("h1, h2, h3, h4, h5, h6")]
    if Counter(levels)[1] != 1 or levels[:1] != [1]:
        yield "not one first heading"
    yield from (f"h{a} is followed by h{b}" for a, b in pairwise(levels) if b > a + 1)


def list_contrasts():
    """Return the contrast of every text of the styles with what stands behind it, by its name, in both themes."""
    light = BACKGROUND.search(STYLES["body"])[1]
    found = {f"light {name}": _contrast(style, light) for name, style in STYLES.items() if COLOUR.search(style)}
    dark = BACKGROUND.search(DARK)[1]
    rules = re.findall(r"(\.[^{}]+)\{([^{}]*)\}", DARK)
    return found | {f"dark {name.strip()}": _contrast(style, dark) for name, style in rules if COLOUR.search(style)}


def _contrast(style, page):
    behind = BACKGROUND.search(style)
    values = sorted((_luminance(COLOUR.search(style)[1]), _luminance(behind[1] if behind else page)), reverse=True)
    return round((values[0] + 0.05) / (values[1] + 0.05), 2)


def _luminance(colour):
    """Return the relative luminance of a colour (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
