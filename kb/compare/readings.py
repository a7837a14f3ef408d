"""Compare two readings of one document: which parts of which provisions moved, and how."""

from collections.abc import Sequence

from kb.compare.align import Pair, align_provisions, is_unnumbered, parent_of
from kb.compare.classify import Judgement, classify_edit, classify_whole
from kb.models import Change, Kind, Part, Provision, Reading
from kb.read.canonical import fold_text

# "Repealed.", "Not funded.", "(b) [Reserved]": a status printed in place of a text
MOST_STUB_WORDS = 3
SIDE_PARTS: tuple[Part, ...] = ("heading", "note", "pending")


def compare_readings(old: Reading, new: Reading) -> list[Change]:
    """Return the changes from one reading to the next: none when every part folds to the same text.

    A new or vanished subtree is one change at its root; a provision that only follows its renumbered parent is none.
    """
    pairs = [Pair(old.provisions[0], new.provisions[0]), *align_provisions(old.provisions[1:], new.provisions[1:])]
    partner = {pair.old.eid: pair.new.eid for pair in pairs if pair.old is not None and pair.new is not None}
    changes: list[Change] = []
    for pair in pairs:
        if pair.old is not None and pair.new is not None:
            changes.extend(_compare_pair(pair.old, pair.new, partner))
    removed = [pair.old for pair in pairs if pair.new is None and pair.old is not None]
    added = [pair.new for pair in pairs if pair.old is None and pair.new is not None]
    changes.extend(_report_whole(removed, "removed"))
    changes.extend(_report_whole(added, "added"))
    return _drop_stubs(changes)


def _drop_stubs(changes: list[Change]) -> list[Change]:
    """Drop the word that stands in for a text ("Repealed.", "Not funded.") where the change of that text is told.

    What remains says the same once: the subtree that left, or the one that came.
    """
    whole = [change for change in changes if change.count > 1 or not _is_stub(change)]
    told = {parent_of(change.eid or change.old_eid or "") for change in whole if change.kind in ("added", "removed")}
    return [change for change in changes if not _is_stub(change) or _stub_place(change) not in told]


def _stub_place(change: Change) -> str:
    eid = change.eid or change.old_eid or ""
    return parent_of(eid) if is_unnumbered(eid) else eid


def _is_stub(change: Change) -> bool:
    if change.part != "text" or bool(change.old_text) == bool(change.new_text) or change.count > 1:
        return False
    return len((change.old_text or change.new_text).split()) <= MOST_STUB_WORDS


def added_document(reading: Reading) -> Change:
    """Return the one change that a whole new document is."""
    return _report_document(reading, "added")


def removed_document(reading: Reading) -> Change:
    """Return the one change that a vanished document is."""
    return _report_document(reading, "removed")


def _report_document(reading: Reading, kind: Kind) -> Change:
    text = subtree_text(reading.provisions)
    judgement = classify_whole(text or reading.provisions[0].heading, kind)
    return _make_change(kind, "text", judgement, reading.provisions[0], text=text, count=len(reading.provisions))


def _compare_pair(old: Provision, new: Provision, partner: dict[str, str]) -> list[Change]:
    changes: list[Change] = []
    renumbered = _is_renumbered(old, new, partner)
    if fold_text(old.text) != fold_text(new.text):
        changes.append(_amend(old, new, "text", classify_edit(old.text, new.text, part="text")))
    elif renumbered:
        kind: Kind = "renumbered" if _last(old.eid) != _last(new.eid) else "moved"
        reason = f"text unchanged, {old.number or old.eid} is now {new.number or new.eid}"
        changes.append(_amend(old, new, "text", Judgement("structural", (), reason), kind=kind))
    for part in SIDE_PARTS:
        before, after = getattr(old, part), getattr(new, part)
        if before != after and fold_text(before) != fold_text(after):
            changes.append(_amend(old, new, part, classify_edit(before, after, part=part)))
    return changes


def _last(eid: str) -> str:
    return eid.rpartition("__")[2]


def _is_renumbered(old: Provision, new: Provision, partner: dict[str, str]) -> bool:
    """Tell whether a printed number changed: not a shifted pN, and not one that merely follows its parent."""
    if old.eid == new.eid:
        return False
    follows = partner.get(parent_of(old.eid)) == parent_of(new.eid)
    if follows and (_last(old.eid) == _last(new.eid) or (is_unnumbered(old.eid) and is_unnumbered(new.eid))):
        return False
    return True


def _report_whole(parts: Sequence[Provision], kind: Kind) -> list[Change]:
    """Report added or removed provisions, each subtree once at its root."""
    eids = {part.eid for part in parts}
    roots: dict[str, list[Provision]] = {}
    for part in parts:
        root = part.eid
        while parent_of(root) in eids and root:
            root = parent_of(root)
        roots.setdefault(root, []).append(part)
    return [
        _make_change(kind, "text", classify_whole(subtree_text(under), kind), under[0], text=subtree_text(under), count=len(under))
        for under in roots.values()
        if any(part.text or part.heading for part in under)
    ]


def subtree_text(parts: Sequence[Provision]) -> str:
    """Return the text of provisions, one line each, numbers and headings as printed."""
    lines = (" ".join(filter(None, (part.number, part.heading, part.text))) for part in parts)
    return "\n".join(line for line in lines if line)


def _amend(old: Provision, new: Provision, part: Part, judgement: Judgement, *, kind: Kind = "amended") -> Change:
    before, after = getattr(old, part), getattr(new, part)
    return Change(
        kind=kind,
        part=part,
        nature=judgement.nature,
        eid=new.eid,
        old_eid=old.eid,
        new_number=new.number,
        old_number=old.number,
        heading=new.heading or old.heading,
        old_text=before,
        new_text=after,
        signals=judgement.signals,
        reason=judgement.reason,
    )


def _make_change(kind: Kind, part: Part, judgement: Judgement, root: Provision, *, text: str, count: int) -> Change:
    gone = kind == "removed"
    return Change(
        kind=kind,
        part=part,
        nature=judgement.nature,
        eid=None if gone else root.eid,
        old_eid=root.eid if gone else None,
        new_number="" if gone else root.number,
        old_number=root.number if gone else "",
        heading=root.heading,
        old_text=text if gone else "",
        new_text="" if gone else text,
        signals=judgement.signals,
        reason=judgement.reason,
        count=count,
    )
