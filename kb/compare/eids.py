"""Walk the tree of provisions by their eids, and print a subtree as text."""

import re
from collections.abc import Sequence

from kb.models import Provision

# An unnumbered paragraph's step of an eid: "p2", "p2~2"
UNNUMBERED = re.compile(r"p(\d+(?:~\d+)?)")


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


def print_eid(eid: str) -> str:
    """Return an eid as a person cites it: "a__1" as "(a)(1)", "a__p2" as "(a) ¶2", "r_ketamine" as "row ketamine"."""
    return "".join(_print_step(step) for step in eid.split("__")).strip() if eid else ""


def _print_step(step: str) -> str:
    unnumbered = UNNUMBERED.fullmatch(step)
    if unnumbered is not None:
        return f" ¶{unnumbered[1]}"
    return f" row {step[2:]}" if step.startswith("r_") else f"({step})"
