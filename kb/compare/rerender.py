"""Tell what a re-rendered page changed from what its rendering moved: labels, lists, text under the next heading.

When a publisher renders a title page anew, list markers become printed numbers, a cross-reference loses its
subdivision, a paragraph slips under the heading beside it. The words of the page stay. So a change on such a page is a
change of law only if it holds words or numbers that the page as a whole gained or lost.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from kb.models import ChangeRow, Place, Reading
from kb.read.canonical import fold_text, squeeze_text

# Below this share of common markup (tags with their classes) a page was rendered by another program.
SAME_MARKUP = 0.9
# "(63)"  "(xi)"  "(B-1)": labels, which renderings print, drop and misprint
LABEL = re.compile(r"\([0-9A-Za-z.-]{1,6}\)")
# "prescription"  "30"  "1.5": what carries meaning; single letters are labels too
WORD = re.compile(r"[A-Za-z]{2,}|\d+(?:\.\d+)?")
REASON = "page rendered anew: its words are the same, only their labels or places differ"


class Compared(msgspec.Struct, frozen=True):
    """A document before and after, None where it did not stand."""

    place: Place
    old: Reading | None
    new: Reading | None


def is_rendered_anew(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Tell whether a page's markup is another program's: counts of its tags with classes before and after."""
    both = before.keys() | after.keys()
    shared = sum(min(before.get(tag, 0), after.get(tag, 0)) for tag in both)
    whole = sum(max(before.get(tag, 0), after.get(tag, 0)) for tag in both)
    return bool(before and after) and shared < SAME_MARKUP * whole


def find_unmoved(compared: Sequence[Compared]) -> set[Place]:
    """Return the documents of a re-rendered page whose words did not change, though their labels or places did."""
    old = {one.place: _words(one.old) for one in compared}
    new = {one.place: _words(one.new) for one in compared}
    total_old, total_new = sum(old.values(), Counter[str]()), sum(new.values(), Counter[str]())
    moved = {*(total_old - total_new), *(total_new - total_old)}
    return {
        one.place
        for one in compared
        if moved.isdisjoint({*(old[one.place] - new[one.place]), *(new[one.place] - old[one.place])})
        or _squeezed(one.old) == _squeezed(one.new)
    }


def settle_rendering(
    changes: Sequence[ChangeRow], compared: Mapping[str, Sequence[Compared]], event_id: str
) -> list[ChangeRow]:
    """Return the changes of a wave with those of re-rendered pages told under the ``rerender`` event.

    ``compared`` holds the documents of each re-rendered page by its URL. Only changes of documents whose words moved
    keep their nature and their event; notes of such a page go with its rendering.
    """
    unmoved = {url: find_unmoved(documents) for url, documents in compared.items()}
    return [
        change
        if change.url not in unmoved
        else _tell_rendering(change, event_id, moved=Place(change.document, change.strand) not in unmoved[change.url])
        for change in changes
    ]


def _tell_rendering(row: ChangeRow, event_id: str, *, moved: bool) -> ChangeRow:
    if moved and row.nature == "substantive":
        return row
    told = msgspec.structs.replace(row, event_id=event_id, event_kind="rerender")
    if row.part in ("note", "pending") or row.nature != "substantive":
        return told
    return msgspec.structs.replace(told, nature="structural", signals=(), reason=REASON)


def _law(reading: Reading | None) -> str:
    parts = reading.provisions if reading is not None else ()
    return LABEL.sub(" ", fold_text("\n".join(f"{part.heading}\n{part.text}" for part in parts)))


def _words(reading: Reading | None) -> Counter[str]:
    return Counter(WORD.findall(_law(reading).lower()))


def _squeezed(reading: Reading | None) -> str:
    return squeeze_text(_law(reading))
