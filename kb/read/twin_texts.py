"""Tell apart two texts of one section that a page prints one after the other, each with the time it applies.

Publishers print the text in force and the coming one together, under "(Text of Section before amendment by …)" and
"… after amendment by …", or print one paragraph twice under "Subsection A eff. until …" and "Subsection A eff. …".
Each becomes a version of its own; what stands under neither mark belongs to both.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from kb.models import Act, Line, Validity
from kb.read.dates import DATE_PATTERN, read_match
from kb.read.labels import LABEL, read_label
from kb.read.notes import is_history, read_acts

# (Text of Section before amendment by P.A. 103-881)
OF_AMENDMENT = re.compile(
    r"\W*Text of (?:this )?\w+ (?P<side>before|after) amendment by (?P<act>[^()\[\]]{3,80}?)\W*", re.IGNORECASE
)
# NOTE: Subsection A eff. until Jan. 1, 2024.   NOTE: Subsection (a) effective Jan. 1, 2024
OF_DATE = re.compile(
    r"\W*(?:NOTE: ?)?(?:subsection|paragraph|subdivision|item|clause) \(?(?P<label>\w{1,4})\)? (?:is )?"
    rf"eff(?:ective|\.) (?P<until>until )?(?:on )?{DATE_PATTERN}\W*",
    re.IGNORECASE,
)
# The number that names an act: "P.A. 103-881" → 103-881
NUMBER = re.compile(r"\d[\w-]*\d|\d")


class Texts(NamedTuple):
    """Two texts of one section, and the day on which the second takes the place of the first."""

    before: tuple[Line, ...]
    after: tuple[Line, ...]
    day: date


class Stretch(NamedTuple):
    """The lines under a mark, its own first: from ``start`` up to ``end``; ``coming`` tells the later text's."""

    start: int
    end: int
    coming: bool


def split_twin_texts(lines: Sequence[Line]) -> Texts | None:
    """Return the two texts that the lines of a section hold; None where they hold one, or state no day for sure."""
    marks = [(at, found) for at, line in enumerate(lines) if (found := _match_mark(line)) is not None]
    if len(marks) != 2:
        return None
    (first, one), (second, other) = marks
    if one.re is not other.re:
        return None
    if one.re is OF_AMENDMENT:
        whole = (Stretch(first, second, _is_coming(one)), Stretch(second, len(lines), _is_coming(other)))
        return _make_texts(lines, whole, _find_day(lines, whole, other["act"]) if one["act"] == other["act"] else None)
    if one["label"] != other["label"] or read_match(one) != read_match(other):
        return None
    ends = (min(second, _end_of(lines, first, one["label"])), _end_of(lines, second, other["label"]))
    parts = (Stretch(first, ends[0], _is_coming(one)), Stretch(second, ends[1], _is_coming(other)))
    return _make_texts(lines, parts, read_match(one))


def make_validities(day: date) -> tuple[Validity, Validity]:
    """Return when the first text applies (until the day) and when the second does (from it on)."""
    return Validity(None, day, "stated"), Validity(day, None, "stated")


def _match_mark(line: Line) -> re.Match[str] | None:
    # One of these words is in every mark; to look for them costs next to nothing.
    if len(line.text) > 160 or not ("ext of " in line.text or " eff" in line.text):
        return None
    return OF_AMENDMENT.fullmatch(line.text) or OF_DATE.fullmatch(line.text)


def _is_coming(mark: re.Match[str]) -> bool:
    return mark["side"].lower() == "after" if mark.re is OF_AMENDMENT else mark["until"] is None


def _make_texts(lines: Sequence[Line], stretches: Sequence[Stretch], day: date | None) -> Texts | None:
    """Return both texts; None where the day is not known or both marks say the same."""
    if day is None or len({stretch.coming for stretch in stretches}) != len(stretches):
        return None
    noted = [_note_mark(line, at, stretches) for at, line in enumerate(lines)]
    before, after = (
        tuple(line for at, line in enumerate(noted) if _belongs(at, stretches, coming=coming))
        for coming in (False, True)
    )
    return Texts(before, after, day)


def _note_mark(line: Line, at: int, stretches: Sequence[Stretch]) -> Line:
    is_mark = any(at == stretch.start for stretch in stretches)
    return msgspec.structs.replace(line, part="note") if is_mark and line.part == "text" else line


def _belongs(at: int, stretches: Sequence[Stretch], *, coming: bool) -> bool:
    return not any(stretch.start <= at < stretch.end and stretch.coming != coming for stretch in stretches)


def _find_day(lines: Sequence[Line], stretches: Sequence[Stretch], act: str) -> date | None:
    """Return the day on which the amending act takes effect, as the history of the later text states it."""
    later = next((stretch for stretch in stretches if stretch.coming), None)
    numbers = NUMBER.findall(act)
    if later is None or not numbers:
        return None
    notes = (line.text for line in lines[later.start : later.end] if is_history(line.text))
    days = {day for note in notes for day in _days_of(read_acts(note), numbers)}
    return days.pop() if len(days) == 1 else None


def _days_of(acts: Iterable[Act], numbers: Sequence[str]) -> Iterator[date]:
    for act in acts:
        if act.effective_on is not None and any(act.name.endswith(number) for number in numbers):
            yield act.effective_on


def _end_of(lines: Sequence[Line], mark: int, label: str) -> int:
    """Return where a paragraph ends: at the next number of its own style, or with the section."""
    style = ""
    for at in range(mark + 1, len(lines)):
        found = LABEL.match(f"{lines[at].number} {lines[at].text}".strip())
        if found is None:
            continue
        ranks = read_label(found[1])
        if not style and found[1].strip("(). ") == label:
            style = ranks[0].style if ranks else ""
        elif style and any(rank.style == style for rank in ranks):
            return at
    return len(lines)
