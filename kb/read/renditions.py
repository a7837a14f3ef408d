"""Read the text that an installed program made of a file which no library of ours reads: an old Word document.

A rendition is kept in the archive beside the bytes it was made from, so that reading stays a pure function of what is
archived (docs/decisions/0024). Pages recognised in pictures are put in their places by kb.read.pdf.
"""

from kb.models import Extract, Line
from kb.read.jobs import Rendition


def read_converted(rendition: Rendition) -> Extract:
    """Return the lines of a text that a converter made, a paragraph a line, a table's row between upright strokes."""
    printed = (" ".join(line.split()) for line in rendition.text.splitlines())
    return Extract(tuple(_make_line(text) for text in printed if text.strip("| ")))


def _make_line(text: str) -> Line:
    if len(text) > 2 and text.startswith("|") and text.endswith("|"):
        return Line(" | ".join(cell.strip() for cell in text[1:-1].split("|")), tag="tr")
    return Line(text)
