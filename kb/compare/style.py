"""Tell a drafting pass from an edit of one word: "shall" that became "must" is style where it did so throughout.

A drafter who puts one "must" for one "shall" and leaves every other "shall" of the document as it is may mean it. That
is a doubt, and in doubt a change is substantive (DESIGN.md §5, docs/decisions/0014).
"""

import re

import msgspec

from kb.compare.wording import NUMBER_RESTATED, ONLY_STYLE, find_edits
from kb.models import Change, Reading
from kb.read.canonical import fold_text

# "may not" is read as a ban and as a mere lack of duty: where it takes the place of a plain ban there is a doubt.
PLAIN_BANS, AMBIGUOUS_BAN = ("shall not", "must not"), "may not"
# "shall", "must", "may not": words of duty, alike in force but not in print
DUTY = re.compile(r"shall not|may not|must not|shall|must", re.IGNORECASE)


def weigh_style(changes: list[Change], new: Reading) -> list[Change]:
    """Return the changes, drafting style told from what may be meant.

    A lone word of duty put for its like is substantive where the text keeps the old one; a number that came to be
    stated twice, or ceased to, is style where more of the text was edited with it.
    """
    edited = [change for change in changes if change.part in ("text", "heading") and change.nature != "structural"]
    if len(edited) > 1:
        changes = [_accept(change) if change.reason.startswith(NUMBER_RESTATED) else change for change in changes]
    found = {at: duties for at, change in enumerate(changes) if (duties := _find_duties(change)) is not None}
    if len(found) != 1:
        return changes
    (at, (old, kept)), *_ = found.items()
    doubtful = (old in PLAIN_BANS and kept == AMBIGUOUS_BAN) or _is_kept(old, changes[at], new)
    return [*changes[:at], _tell(changes[at], old, kept), *changes[at + 1 :]] if doubtful else changes


def _accept(change: Change) -> Change:
    return msgspec.structs.replace(change, nature="editorial", signals=())


def _find_duties(change: Change) -> tuple[str, str] | None:
    """Return the words of duty that the one edit of a change exchanged, old and new; None for any other change."""
    if change.part != "text" or change.nature != "editorial" or not change.reason.startswith(ONLY_STYLE):
        return None
    edits = find_edits(fold_text(change.old_text), fold_text(change.new_text), styled=False)
    if len(edits) != 1:
        return None
    ban = " not" if edits[0].after and edits[0].after[0].key == "not" else ""
    old, new = (f"{text.lower()}{ban}" for text in (edits[0].old_text, edits[0].new_text))
    return (old, new) if DUTY.fullmatch(old) is not None and DUTY.fullmatch(new) is not None else None


def _is_kept(duty: str, change: Change, new: Reading) -> bool:
    """Tell whether other provisions still say the old word."""
    pattern = re.compile(rf"\b{re.escape(duty)}\b", re.IGNORECASE)
    return any(pattern.search(part.text) for part in new.provisions if part.eid != change.eid)


def _tell(change: Change, old: str, new: str) -> Change:
    reason = f"“{old}” became “{new}” here and nowhere else"
    return msgspec.structs.replace(change, nature="substantive", signals=("modality",), reason=reason)
