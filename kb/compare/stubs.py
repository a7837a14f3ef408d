"""Tell a repeal once: a provision whose place a stub took ("§ 5 [Repealed]") is one removal, with what stood in it."""

from collections.abc import Callable, Sequence

import msgspec

from kb.compare.eids import parent_of
from kb.models import Change, Provision, Reading
from kb.read.notes import is_repealed

Remove = Callable[[Sequence[Provision]], Change]


def fold_repealed(changes: list[Change], old: Reading, new: Reading, remove: Remove) -> list[Change]:
    """Return the changes with those in and below a provision that became a stub told as one removal at it.

    Only a provision that held others is folded; a lone text that became "Repealed." stays one change as it is.
    ``remove`` makes the change that the removal of a subtree is.
    """
    partners = _find_repealed(changes, old, new)
    if not partners:
        return changes
    told = [
        msgspec.structs.replace(
            remove(_take_subtree(old, eid)), reason=f"repealed, “{stub.heading.strip()}” stands in its place"
        )
        for eid, stub in partners.items()
    ]
    return [change for change in changes if not _is_within(change, partners)] + told


def _find_repealed(changes: Sequence[Change], old: Reading, new: Reading) -> dict[str, Provision]:
    """Return the eids of old provisions with others below that are stubs now, and the stub of each."""
    stubs = {
        part.eid: part
        for part in new.provisions
        if part.eid and is_repealed(part.heading) and _says_nothing(_take_subtree(new, part.eid))
    }
    held = {parent_of(part.eid) for part in old.provisions}
    return {
        change.old_eid: stubs[change.eid]
        for change in changes
        if change.part == "heading"
        and change.eid in stubs
        and change.old_eid in held
        and not is_repealed(change.old_text)
    }


def _says_nothing(parts: Sequence[Provision]) -> bool:
    """Tell whether all that stands in and below a stub says that it is one."""
    return all(not text or is_repealed(text) for part in parts for text in (part.heading, part.text))


def _take_subtree(reading: Reading, eid: str) -> list[Provision]:
    return [part for part in reading.provisions if part.eid == eid or part.eid.startswith(f"{eid}__")]


def _is_within(change: Change, partners: dict[str, Provision]) -> bool:
    if change.part not in ("text", "heading"):
        return False
    olds, news = tuple(partners), tuple(stub.eid for stub in partners.values())
    return _stands_in(change.old_eid, olds) or (change.old_eid is None and _stands_in(change.eid, news))


def _stands_in(eid: str | None, roots: Sequence[str]) -> bool:
    return eid is not None and any(eid == root or eid.startswith(f"{root}__") for root in roots)
