"""Walk the tree of provisions by their eids, and print a subtree as text."""

from collections.abc import Sequence

from kb.models import Provision


def is_unnumbered(eid: str) -> bool:
    """Tell whether the last step of an eid is no printed number: a paragraph, a table row or a repeat's mark."""
    last = eid.rpartition("__")[2]
    return last.startswith("r_") or (last[:1] == "p" and last[1:].partition("~")[0].isdigit())


def parent_of(eid: str) -> str:
    """Return the eid one step up; the root's own is ""."""
    return eid.rpartition("__")[0]


def subtree_text(parts: Sequence[Provision]) -> str:
    """Return the text of provisions, one line each, numbers and headings as printed."""
    lines = (" ".join(filter(None, (part.number, part.heading, part.text))) for part in parts)
    return "\n".join(line for line in lines if line)
