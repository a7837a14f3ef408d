"""Read rich text (RTF) as lines, by the library striprtf. It is called in a process of its own (kb.read.bounds)."""

import re

from striprtf.striprtf import rtf_to_text

from kb.models import Extract, Flaw, Line

# \pntext: the number of a list's item as printed, in files of older programs; the library drops it, and knows the newer
# word for the same.
OLD_LABEL, NEW_LABEL = r"\pntext", r"\listtext"
# What the library writes between two cells, and after the last one of a row.
CELL = re.compile(r"\s*\|\s*")


def read_rtf(body: bytes) -> Extract:
    """Read the paragraphs and table rows of rich text; flaws are ``empty`` (no words) and ``unreadable``."""
    if not body.rstrip(b"\0 \r\n").endswith(b"}"):
        return Extract(flaws=(Flaw("unreadable", f"rich text of {len(body)} bytes is cut off: its group is open"),))
    source = body.decode("latin-1").replace(OLD_LABEL, NEW_LABEL)
    try:
        text: str = rtf_to_text(source, errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, LookupError, OverflowError, TypeError) as error:
        return Extract(flaws=(Flaw("unreadable", f"rich text is damaged: {error}"),))
    lines = tuple(line for printed in text.splitlines() if (line := _make_line(printed)) is not None)
    return Extract(lines, () if lines else (Flaw("empty", "rich text holds no words"),))


def _make_line(printed: str) -> Line | None:
    text = " ".join(printed.split())
    if text.endswith("|"):
        return Line(" | ".join(CELL.split(text[:-1].strip())), tag="tr") if text.strip("| ") else None
    return Line(text) if text else None
