"""Follow the days of answers through corrections: which day took another's place, and which is no longer told."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from kb.answer.dates import DateRow, list_fact_dates
from kb.answer.facts import Fact
from kb.questions import Question


class CorrectedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day as the latest entry of an answer tells it (one that is dropped: as the last one told it).

    ``first`` is the day as it was told first, ``moved_from`` the days told before, ``known_on`` the day on which the
    latest word on it was coded.
    """

    latest: DateRow
    first: DateRow
    known_on: str
    moved_from: tuple[date, ...] = ()
    is_dropped: bool = False


def follow_corrections(facts: Iterable[Fact], questions: Mapping[str, Question]) -> list[CorrectedDay]:
    """Return the days of answers that were corrected; of a day that came before its entry ended, none."""
    by_scope: defaultdict[tuple[object, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        scope = tuple(sorted((name, tuple(terms)) for name, terms in fact.scope.items()))
        by_scope[fact.jurisdiction, fact.question, scope].append(fact)
    chains = [chain for entries in by_scope.values() for chain in _list_chains(entries)]
    return [one for chain in chains for one in _follow(chain, questions)]


def _list_chains(entries: Sequence[Fact]) -> Iterator[list[Fact]]:
    """Yield each entry that was superseded with those that took its place, one after another."""
    after = {one.id: _find_successor(one, entries) for one in entries if one.superseded_on}
    taken = {one.id for one in after.values() if one is not None}
    for entry in entries:
        if entry.id not in after or entry.id in taken:
            continue
        chain = [entry]
        while (successor := after.get(chain[-1].id)) is not None:
            chain.append(successor)
        yield chain


def _find_successor(fact: Fact, entries: Iterable[Fact]) -> Fact | None:
    later = (one for one in entries if one.place > fact.place and one.coded_on >= fact.superseded_on)
    return next(later, None)


def _follow(chain: Sequence[Fact], questions: Mapping[str, Question]) -> Iterator[CorrectedDay]:
    """Yield the days that a chain of entries told, each kind followed on its own."""
    told = [{row.kind: row for row in list_fact_dates([fact], dict(questions))} for fact in chain]
    for kind in dict.fromkeys(kind for rows in told for kind in rows):
        current: CorrectedDay | None = None
        ended_on = ""
        for fact, rows in zip(chain, told, strict=True):
            row = rows.get(kind)
            if current is not None and (row is None or ended_on >= current.latest.day):
                yield _end(current, ended_on)
                current = None
            if row is not None:
                current = _go_on(current, row, fact.coded_on)
            ended_on = fact.superseded_on
        if current is not None:
            yield _end(current, ended_on)


def _go_on(current: CorrectedDay | None, row: DateRow, coded_on: str) -> CorrectedDay:
    if current is None:
        return CorrectedDay(latest=row, first=row, known_on=coded_on)
    if row.day == current.latest.day:
        return msgspec.structs.replace(current, latest=row)
    moved_from = (*current.moved_from, date.fromisoformat(current.latest.day))
    return msgspec.structs.replace(current, latest=row, known_on=coded_on, moved_from=moved_from)


def _end(current: CorrectedDay, ended_on: str) -> CorrectedDay:
    """Return a day as dropped if the last entry that told it ended before it came."""
    if not ended_on or ended_on >= current.latest.day:
        return current
    return msgspec.structs.replace(current, is_dropped=True, known_on=ended_on)
