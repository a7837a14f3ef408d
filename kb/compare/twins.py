"""Compare what a strand shows now with what it showed before, when it may show a text and its coming successor.

Twins ("effective until …" and "effective on …") are versions of one strand with disjoint validity. A coming text is
reported once, when first seen, against the text in force the day before; when its day comes and the old twin is
dropped, nothing has changed.
"""

from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from kb.compare.classify import Judgement
from kb.compare.readings import compare_readings
from kb.models import Change, Reading, Shown

Load = Callable[[str], Reading]


class Told(msgspec.Struct, frozen=True):
    """A change found, and the date from which it applies where the twins state it."""

    change: Change
    effective_on: date | None = None


class Now(msgspec.Struct, frozen=True):
    """A reading that a page shows now, with the hash of its text."""

    reading: Reading
    text_hash: str


def order_twins(readings: Sequence[Now]) -> list[Now]:
    """Return the readings of one strand, the one in force first, coming ones by the date they begin."""
    return sorted(readings, key=lambda now: (now.reading.validity.valid_from or date.min, now.text_hash))


def compare_strand(before: Sequence[Shown], now: Sequence[Now], today: date, load: Load) -> list[Told]:
    """Return what changed between the versions shown before and the readings shown now, both in order of validity.

    ``today`` is the day of the capture; ``load`` returns the reading of a known version.
    """
    told: list[Told] = []
    known = {shown.text_hash: shown for shown in before}
    for place, one in enumerate(now):
        match = known.get(one.text_hash)
        if match is not None:
            told.extend(_compare_dates(match, one, today))
            continue
        begins = one.reading.validity.valid_from
        base = _base_of(place, before, now, today, load)
        if base is not None:
            coming = begins if begins is not None and begins > today else None
            told.extend(Told(change, coming) for change in compare_readings(base, one.reading))
    told.extend(_find_withdrawn(before, now, today))
    return told


def _base_of(place: int, before: Sequence[Shown], now: Sequence[Now], today: date, load: Load) -> Reading | None:
    """Return the text a new reading is compared with: its own earlier wording, or the text it will replace."""
    current = {one.text_hash for one in now}
    gone = [shown for shown in before if shown.text_hash not in current]
    if _is_coming(now[place].reading.validity.valid_from, today):
        announced = [shown for shown in gone if _is_coming(shown.valid_from, today)]
        if announced:
            return load(announced[0].version)
        if place > 0:
            return now[place - 1].reading
    in_force = [shown for shown in before if not _is_coming(shown.valid_from, today)]
    candidates = [shown for shown in in_force if shown in gone] or in_force or list(before)
    return load(candidates[-1].version) if candidates else None


def _is_coming(valid_from: date | None, today: date) -> bool:
    return valid_from is not None and valid_from > today


def _compare_dates(shown: Shown, now: Now, today: date) -> list[Told]:
    """Report a coming text whose date moved; a mark that is dropped once its day has come is no change."""
    begins = now.reading.validity.valid_from
    if shown.valid_from is None or shown.valid_from <= today or begins == shown.valid_from:
        return []
    after = f"effective {begins.isoformat()}" if begins is not None else "in force"
    reason = f"coming text now {after}, before effective {shown.valid_from.isoformat()}"
    return [Told(_date_change(f"effective {shown.valid_from.isoformat()}", after, reason), begins)]


def _find_withdrawn(before: Sequence[Shown], now: Sequence[Now], today: date) -> list[Told]:
    """Report coming texts that are no longer announced although their day has not come."""
    current = {one.text_hash for one in now}
    if len(before) < 2 or any(_is_coming(one.reading.validity.valid_from, today) for one in now):
        return []
    withdrawn = [
        shown.valid_from
        for shown in before
        if shown.valid_from is not None and shown.valid_from > today and shown.text_hash not in current
    ]
    return [
        Told(
            _date_change(f"effective {day.isoformat()}", "", f"the text announced for {day.isoformat()} is withdrawn"),
            day,
        )
        for day in withdrawn
    ]


def _date_change(old: str, new: str, reason: str) -> Change:
    judgement = Judgement("substantive", ("date",), reason)
    return Change(
        kind="amended",
        part="text",
        nature=judgement.nature,
        eid="",
        old_eid="",
        old_text=old,
        new_text=new,
        signals=judgement.signals,
        reason=judgement.reason,
    )
