"""Compare two readings of one document: which parts of which provisions moved, and how."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

from kb.compare.align import Pair, align_provisions, find_akin
from kb.compare.classify import Judgement, classify_edit, classify_whole
from kb.compare.connectors import weigh_connectors
from kb.compare.divided import fold_divided
from kb.compare.eids import is_unnumbered, parent_of, print_eid, subtree_text
from kb.compare.order import find_reordered
from kb.compare.regrouped import settle_regrouped
from kb.compare.stubs import fold_repealed
from kb.compare.style import weigh_style
from kb.compare.targets import compare_links
from kb.compare.wording import find_edits
from kb.models import Change, Kind, Part, Provision, Reading
from kb.read.canonical import fold_text, squeeze_text

# "Repealed.", "Not funded.", "(b) [Reserved]": a status printed in place of a text
MOST_STUB_WORDS = 3
# "21-28.6-3"  "08.64.360"  "12:3-1.2": a document's own number
OWN_NUMBER = re.compile(r"\d[\w.]*(?:[-:][\w.]+)+|\d+(?:\.\d+)+")
# "cannabis": a word that a text may use as a term
TERM = re.compile(r"(?<![\w-])[a-z]{4,}(?![\w-])")
SIDE_PARTS: tuple[Part, ...] = ("heading", "note", "pending")


def compare_readings(old: Reading, new: Reading) -> list[Change]:
    """Return the changes from one reading to the next: none when every part folds to the same text.

    A new or vanished subtree is one change at its root; a provision that only follows its renumbered parent is none.
    """
    pairs = [Pair(old.provisions[0], new.provisions[0]), *align_provisions(old.provisions[1:], new.provisions[1:])]
    both = [(pair.old, pair.new) for pair in pairs if pair.old is not None and pair.new is not None]
    partner = {before.eid: after.eid for before, after in both}
    same = _renumbered_names(both) | _own_names(new.citation)
    changes = [change for before, after in both for change in _compare_pair(before, after, partner, same)]
    removed = [pair.old for pair in pairs if pair.new is None and pair.old is not None]
    added = [pair.new for pair in pairs if pair.old is None and pair.new is not None]
    akin = find_akin(removed, added) if removed and added else []
    changes.extend(_report_whole(removed, "removed", akin))
    changes.extend(_report_whole(added, "added", [(other, one) for one, other in akin]))
    changes = fold_divided(_drop_stubs(_follow_terms(changes, old, new), old, new), new, partner, "added")
    changes = fold_divided(changes, old, {after: before for before, after in partner.items()}, "removed")
    changes = settle_regrouped(changes, old, new, partner)
    changes = weigh_connectors(changes, old, new, partner)
    changes.extend(find_reordered(both, old.provisions))
    changes = weigh_style(fold_repealed(changes, old, new, _remove), new)
    return [*changes, *compare_links(old, new, [(one, other) for one, other in both if one.text == other.text])]


def _follow_terms(changes: list[Change], old: Reading, new: Reading) -> list[Change]:
    """Judge headings anew where the texts gave up one term for another: the subject is the same under its new name."""
    if not any(change.part == "heading" and change.nature == "substantive" for change in changes):
        return changes
    before, after = _find_terms(old), _find_terms(new)
    gone, came = before - after, after - before
    return [_judge_renamed(change, gone, came) if change.part == "heading" else change for change in changes]


def _find_terms(reading: Reading) -> set[str]:
    """Return the lower-case words of all texts: names of bodies are no terms."""
    return {term for part in reading.provisions for term in TERM.findall(part.text)}


def _judge_renamed(change: Change, gone: set[str], came: set[str]) -> Change:
    edits = find_edits(fold_text(change.old_text), fold_text(change.new_text), styled=False)
    words = [(edit.old[0].key, edit.new[0].key) for edit in edits if len(edit.old) == len(edit.new) == 1]
    same = {before: after for before, after in words if before in gone and after in came}
    if not same or change.kind != "amended":
        return change
    judgement = classify_edit(change.old_text, change.new_text, part=change.part, same=same)
    return msgspec.structs.replace(change, nature=judgement.nature, signals=judgement.signals, reason=judgement.reason)


def _drop_stubs(changes: list[Change], old: Reading, new: Reading) -> list[Change]:
    """Drop the words that stood alone in place of a text ("Repealed.", "Not funded.") where that text's change is told.

    What remains says the same once: the subtree that left, or the one that came. A lead ("Fees:") that a paragraph
    below it repeats now is dropped likewise.
    """
    if not any(_is_stub(change) for change in changes):
        return changes
    whole = [change for change in changes if change.kind in ("added", "removed") and not _is_stub(change)]
    came = {parent_of(change.eid) for change in whole if change.eid is not None}
    left = {parent_of(change.old_eid) for change in whole if change.old_eid is not None}
    alone_then, alone_now = _hold_one_text(old), _hold_one_text(new)

    def is_told(change: Change) -> bool:
        place = _stub_place(change)
        beside, alone, other = (came, alone_then, new) if change.old_text else (left, alone_now, old)
        if place in beside and place in alone:
            return True
        return place in came | left and _stands_below(change.old_text or change.new_text, place, other)

    return [change for change in changes if not (_is_stub(change) and is_told(change))]


def _stands_below(words: str, place: str, reading: Reading) -> bool:
    """Tell whether a paragraph below a place has these words, whatever their signs."""
    sought = squeeze_text(words)
    return any(part.eid.startswith(f"{place}__") and sought in squeeze_text(part.text) for part in reading.provisions)


def _hold_one_text(reading: Reading) -> set[str]:
    """Return the provisions in and below which a single text stands."""
    texts: Counter[str] = Counter()
    for part in reading.provisions:
        if part.text:
            steps = part.eid.split("__")
            texts.update({"__".join(steps[:depth]) for depth in range(len(steps) + 1)})
    return {eid for eid, count in texts.items() if count == 1}


def _stub_place(change: Change) -> str:
    eid = change.eid or change.old_eid or ""
    return parent_of(eid) if is_unnumbered(eid) else eid


def _is_stub(change: Change) -> bool:
    if change.part != "text" or bool(change.old_text) == bool(change.new_text) or change.count > 1:
        return False
    return len((change.old_text or change.new_text).split()) <= MOST_STUB_WORDS


def added_document(reading: Reading) -> Change:
    """Return the one change that a whole new document is."""
    return _make_whole("added", reading.provisions, text=subtree_text(reading.provisions))


def removed_document(reading: Reading) -> Change:
    """Return the one change that a vanished document is."""
    return _make_whole("removed", reading.provisions, text=subtree_text(reading.provisions))


def _renumbered_names(both: Sequence[tuple[Provision, Provision]]) -> dict[str, str]:
    """Return printed numbers that other changes prove to be one thing now: a reference may follow them."""
    proven = {
        (old.number, new.number)
        for old, new in both
        if old.number and new.number and old.number != new.number and fold_text(old.text) == fold_text(new.text)
    }
    times = Counter(old for old, _ in proven)
    return {old: new for old, new in sorted(proven) if times[old] == 1}


def _own_names(citation: str) -> dict[str, str]:
    """Return how a document may name the title and chapter it stands in, by its own number.

    In "§ 21-28.6-3" title 21 is "this title" and chapter 28.6 "this chapter"; of two steps either may be meant.
    """
    found = OWN_NUMBER.search(citation)
    if found is None:
        return {}
    number = found[0].replace(":", "-")
    steps = [step.lstrip("0") for step in number.split("-" if "-" in number else ".")]
    named = {"title": steps[0], "chapter": steps[1] if len(steps) > 2 else steps[0]}
    return {f"{word} {step}": f"this {word}" for word, step in named.items()}


def _compare_pair(old: Provision, new: Provision, partner: dict[str, str], same: dict[str, str]) -> list[Change]:
    changes: list[Change] = []
    if old.text != new.text and fold_text(old.text) != fold_text(new.text):
        changes.append(_amend(old, new, "text", classify_edit(old.text, new.text, part="text", same=same)))
    elif _is_renumbered(old, new, partner):
        printed = _last(old.eid) != _last(new.eid) and not (is_unnumbered(old.eid) and is_unnumbered(new.eid))
        kind: Kind = "renumbered" if printed else "moved"
        reason = f"text unchanged, {print_eid(old.eid)} is now {print_eid(new.eid)}"
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
    unprinted = is_unnumbered(old.eid) and is_unnumbered(new.eid)
    return not follows or not (unprinted or _last(old.eid) == _last(new.eid))


def _report_whole(
    parts: Sequence[Provision], kind: Literal["added", "removed"], akin: Sequence[tuple[str, str]]
) -> list[Change]:
    """Report added or removed provisions, each subtree once at its root, with its kin on the other side."""
    eids = {part.eid for part in parts}
    roots: dict[str, list[Provision]] = {}
    for part in parts:
        roots.setdefault(_root_of(part.eid, eids), []).append(part)
    kin: dict[str, list[str]] = {}
    for one, other in akin:
        kin.setdefault(_root_of(one, eids), []).append(other)
    changes = []
    for root, under in roots.items():
        if any(part.text or part.heading for part in under):
            changes.append(_make_whole(kind, under, text=subtree_text(under), akin=kin.get(root, ())))
        else:
            changes.extend(_report_notes(under, kind))
            if under[0].number:
                changes.append(_report_number(under[0], kind))
    return changes


def _report_number(part: Provision, kind: Literal["added", "removed"]) -> Change:
    """Report a number that came or went without words of its own: what it holds stood, or stands, elsewhere."""
    judgement = Judgement("structural", (), f"only the number was {kind}, no words under it")
    change = _amend(part, part, "text", judgement, kind=kind)
    return msgspec.structs.replace(change, **({"old_eid": None} if kind == "added" else {"eid": None}))


def _report_notes(parts: Sequence[Provision], kind: Literal["added", "removed"]) -> list[Change]:
    """Report the notes and banners of provisions that came or went without any law in them."""
    changes = []
    for part in parts:
        nothing = Provision(part.eid)
        old, new = (nothing, part) if kind == "added" else (part, nothing)
        for side in SIDE_PARTS:
            if getattr(part, side):
                judgement = classify_edit(getattr(old, side), getattr(new, side), part=side)
                change = _amend(old, new, side, judgement, kind=kind)
                without = {"old_eid": None} if kind == "added" else {"eid": None}
                changes.append(msgspec.structs.replace(change, **without))
    return changes


def _root_of(eid: str, eids: set[str]) -> str:
    while eid and parent_of(eid) in eids:
        eid = parent_of(eid)
    return eid


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


def _remove(parts: Sequence[Provision]) -> Change:
    return _make_whole("removed", parts, text=subtree_text(parts))


def _make_whole(kind: Kind, parts: Sequence[Provision], *, text: str, akin: Sequence[str] = ()) -> Change:
    """Make the change of a whole subtree or document; its root is the first of its parts."""
    gone = kind == "removed"
    root = parts[0]
    judgement = classify_whole(text or root.heading, "removed" if gone else "added")
    return Change(
        kind=kind,
        part="text",
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
        count=len(parts),
        akin=tuple(akin),
    )
