"""Compare what a strand shows now with what it showed before, when it may show a text and its coming successor.

Twins ("effective until …" and "effective on …") are versions of one strand with disjoint validity. A coming text is
reported once, when first seen, against the text in force the day before; when its day comes and the old twin is
dropped, nothing has changed.
"""

from collections.abc import Callable, Sequence
from datetime import date

from kb.compare.classify import BRACKET, Judgement
from kb.compare.readings import compare_readings
from kb.compare.state import Now, Told
from kb.models import Change, Reading, Shown
from kb.read.canonical import fold_text

Load = Callable[[str], Reading]


def order_twins(readings: Sequence[Now]) -> list[Now]:
    """Return the readings of one strand, the one in force first, coming ones by the date they begin."""
    return sorted(readings, key=lambda now: (now.begins or date.min, now.text_hash))


def compare_strand(before: Sequence[Shown], now: Sequence[Now], today: date, load: Load) -> list[Told]:
    """Return what changed between the versions shown before and the readings shown now, both in order of validity.

    ``today`` is the day of the capture; ``load`` returns the reading of a known version.
    """
    return _Twins(before, now, today, load).compare()


class _Twins:
    """One strand in one wave: what it showed, what it shows, and which text follows which."""

    def __init__(self, before: Sequence[Shown], now: Sequence[Now], today: date, load: Load) -> None:
        self.before = before
        self.now = now
        self.today = today
        self.load = load
        current = {one.text_hash for one in now}
        self.known = {shown.text_hash: shown for shown in before}
        self.gone = [shown for shown in before if shown.text_hash not in current]
        self.fresh = [one for one in now if one.text_hash not in self.known]
        self.former: dict[str, Shown] = {}

    def compare(self) -> list[Told]:
        self._follow_announced()
        self._follow_in_force()
        told = []
        for place, one in enumerate(self.now):
            if one.text_hash in self.known:
                told.extend(self._compare_dates(self.known[one.text_hash], one))
            else:
                told.extend(self._compare_text(place, one))
        return [*told, *self._tell_withdrawn()]

    def _is_coming(self, begins: date | None) -> bool:
        return begins is not None and begins > self.today

    def _follow_announced(self) -> None:
        """Let coming texts follow the announced ones they replace: of the same day first, then in order."""
        announced = [shown for shown in self.gone if self._is_coming(shown.valid_from)]
        coming = [one for one in self.fresh if self._is_coming(one.begins)]
        days = {shown.valid_from: shown for shown in announced}
        same = {one.text_hash: days.pop(one.begins) for one in coming if one.begins in days}
        others = [one for one in coming if one.text_hash not in same]
        left = [shown for shown in announced if shown not in same.values()]
        self.former |= same | {one.text_hash: shown for one, shown in zip(others, left, strict=False)}

    def _follow_in_force(self) -> None:
        """Let texts in force follow those they replace, the latest the latest; one may be announced law come early."""
        gone = [shown for shown in self.gone if not self._is_coming(shown.valid_from)]
        fresh = [one for one in self.fresh if not self._is_coming(one.begins)]
        announced = [shown for shown in self._find_unfollowed() if self._is_coming(shown.valid_from)]
        if fresh and announced and self._is_same_law(announced[0], fresh[-1]):
            self.former[fresh.pop().text_hash] = announced[0]
        pairs = zip(reversed(fresh), reversed(gone), strict=False)
        self.former |= {one.text_hash: shown for one, shown in pairs}

    def _is_same_law(self, shown: Shown, one: Now) -> bool:
        changes = compare_readings(self.load(shown.version), one.reading)
        return not any(change.nature == "substantive" for change in changes)

    def _find_unfollowed(self) -> list[Shown]:
        followed = {shown.version for shown in self.former.values()}
        return [shown for shown in self.gone if shown.version not in followed]

    def _compare_text(self, place: int, one: Now) -> list[Told]:
        """Report a new text against the one it follows; a moved date is told once, at the text that begins then."""
        former = self.former.get(one.text_hash)
        base = self.load(former.version) if former is not None else self._find_base(place, one)
        if base is None:
            return []
        coming = one.begins if self._is_coming(one.begins) else None
        dates = self._compare_dates(former, one) if former is not None else []
        dated = bool(dates) or (self._has_moved_end(former, one) if former is not None else coming is not None)
        changes = [
            change for change in compare_readings(base, one.reading) if not (dated and _moves_only_bracket(change))
        ]
        return [*(Told(change, coming, base, one.reading) for change in changes), *dates]

    def _find_base(self, place: int, one: Now) -> Reading | None:
        """Return the text that a new one is set beside: the text before it on the page, or the latest in force."""
        if place and self._is_coming(one.begins):
            return self.now[place - 1].reading
        in_force = [shown for shown in self.before if not self._is_coming(shown.valid_from)] or self.before
        return self.load(in_force[-1].version) if in_force else None

    def _has_moved_end(self, former: Shown, one: Now) -> bool:
        """Tell whether the text's end moved in step with the beginning of a text that was announced."""
        was, now = former.valid_to, one.reading.validity.valid_to
        if was is None or now is None or was == now:
            return False
        return was in {shown.valid_from for shown in self.before} and now in {other.begins for other in self.now}

    def _compare_dates(self, shown: Shown, one: Now) -> list[Told]:
        """Report a coming text whose date moved; a mark that is dropped once its day has come is no change."""
        if shown.valid_from is None or not self._is_coming(shown.valid_from) or one.begins == shown.valid_from:
            return []
        after = f"effective {one.begins.isoformat()}" if one.begins is not None else "in force"
        reason = f"coming text now {after}, before effective {shown.valid_from.isoformat()}"
        change = _date_change(f"effective {shown.valid_from.isoformat()}", after, reason)
        return [Told(change, one.begins, self.load(shown.version), one.reading)]

    def _tell_withdrawn(self) -> list[Told]:
        """Report coming texts that are no longer announced although their day has not come."""
        told = []
        for shown in self._find_unfollowed() if len(self.before) > 1 else ():
            day = shown.valid_from
            if day is not None and self._is_coming(day):
                reason = f"the text announced for {day.isoformat()} is withdrawn"
                change = _date_change(f"effective {day.isoformat()}", "", reason)
                told.append(Told(change, day, self.load(shown.version), self.now[-1].reading))
        return told


def _moves_only_bracket(change: Change) -> bool:
    """Tell whether an edit moved nothing but a codifier's bracket: "[Effective until July 1]"."""
    return change.kind == "amended" and fold_text(BRACKET.sub("", change.old_text)) == fold_text(
        BRACKET.sub("", change.new_text)
    )


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
