"""Choose the main part of a page that declares no selector: the box that holds the text, without the frame round it."""

from selectolax.lexbor import LexborHTMLParser, LexborNode

# Landmarks of HTML and ARIA that are never the text itself.
FRAME_SELECTOR = (
    "nav, body > header, body > footer, [role=navigation], [role=banner], [role=contentinfo], [role=search], "
    "[aria-hidden=true], [hidden]"
)
# Landmarks that say "here is the text", best first.
MAIN_SELECTORS = ("main", "[role=main]", "article")
# Share of the body's text a landmark must hold to be believed.
LEAST_SHARE = 0.3
# A child that holds this share of its parent's text is the box we look for.
BOX_SHARE = 0.85
# No page nests its text deeper on purpose; each step measures all that is below it.
MOST_DEPTH = 100


def choose_main_part(tree: LexborHTMLParser) -> LexborNode | None:
    """Return the node that holds the page's text, None when the page has no body.

    The frame's landmarks are removed from the tree; then a landmark for main text is taken if it holds enough of what
    is left, else the innermost box that holds nearly all of it.
    """
    body = tree.body
    if body is None:
        return None
    for node in body.css(FRAME_SELECTOR):
        node.decompose()
    total = _size(body)
    for selector in MAIN_SELECTORS:
        found = body.css(selector)
        if len(found) == 1 and _size(found[0]) >= LEAST_SHARE * total:
            return found[0]
    return _innermost_box(body)


def _innermost_box(node: LexborNode) -> LexborNode:
    """Walk down while one child holds nearly all of the text that is not links."""
    for _ in range(MOST_DEPTH):
        size = _size(node)
        boxes = [child for child in node.iter() if child.tag in ("div", "section", "article", "main", "table", "tbody")]
        heavy = [child for child in boxes if _size(child) >= BOX_SHARE * size]
        if len(heavy) != 1 or size == 0:
            break
        node = heavy[0]
    return node


def _size(node: LexborNode) -> int:
    """Return the number of characters printed outside links."""
    return len(node.text()) - sum(len(link.text()) for link in node.css("a"))
