"""Answer "what does this rule say": find a document by citation or URL, and choose its text on both time axes.

The law's time is a date (``as_of``), our knowledge's an instant (``known_at``). Nothing is guessed: a day before the
first sight is answered as unknown, a text that was removed as removed.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from kb.compare.eids import parent_of, print_eid
from kb.errors import NotFoundError
from kb.lookup import Target, spell_url
from kb.models import Provision, Reading, Strand
from kb.store.knowledge import read_version
from kb.store.queries import (
    Lead,
    Standing,
    VersionRow,
    count_later_changes,
    find_named,
    read_last_seen,
    read_leads,
    read_standings,
    read_version_rows,
)

State = Literal["in_force", "expired", "coming", "removed", "unknown_before"]

STRAND_RANK: tuple[Strand, ...] = ("current", "permanent", "pending", "mirror")
# A text that is still shown past the end it states is open: the publisher's word goes before a strand of lower rank.
STATE_RANK: Mapping[State, int] = {"in_force": 0, "expired": 0, "coming": 1, "removed": 2, "unknown_before": 3}


class Moment(msgspec.Struct, frozen=True):
    """The law's date asked about, and the instant whose knowledge is asked for (UTC)."""

    as_of: date
    known_at: str


class Choice(msgspec.Struct, frozen=True):
    """The version that answers for a moment, and how it stands to it.

    ``version`` is None only before the first sight; else it is the text that held, or (``expired``, ``coming``,
    ``removed``) the nearest one and why it does not hold. ``since`` is the day of that state.
    """

    state: State
    since: str
    version: VersionRow | None = None


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything ``kb show`` says of a document at a moment.

    ``shown`` are the provisions asked for with their ancestors; ``others`` the names of its other strands; ``now`` the
    version that holds today as known now; ``notes`` are sentences a reader must know first.
    """

    target: Target
    moment: Moment
    choice: Choice
    now: Choice
    reading: Reading | None
    shown: tuple[Provision, ...]
    standings: tuple[Standing, ...]
    last_seen: str
    others: tuple[str, ...]
    later_changes: int
    notes: tuple[str, ...]

    @property
    def is_current(self) -> bool:
        """Tell whether the text shown is the one in force today, as known now."""
        now = self.now.version.version if self.now.version is not None else None
        mine = self.choice.version.version if self.choice.version is not None else None
        return self.choice.state == self.now.state == "in_force" and mine == now


# --- choose


def know_versions(rows: Iterable[VersionRow], known_at: str) -> list[VersionRow]:
    """Return the versions as they were known at an instant: those of later waves are left out, later endings undone."""
    cut = known_at.rstrip("Z")
    return [
        row
        if row.closed_wave is None or row.closed_wave.rstrip("Z") <= cut
        else msgspec.structs.replace(row, closed_at=None, closed_wave=None)
        for row in rows
        if row.wave_at.rstrip("Z") <= cut
    ]


def choose_version(versions: Sequence[VersionRow], as_of: date) -> Choice:
    """Choose the text of one strand that held on a date, of the versions known.

    Stated dates go before observed ones: a text holds from the day it states, else from its first sight, until the
    day it states, and never after it was last shown. Of several the one that began last holds.
    """
    held = [row for row in versions if _begins(row) <= as_of < _ends(row)]
    if held:
        best = max(held, key=lambda row: (row.valid_from is not None, _begins(row), _nearness(row, as_of)))
        return Choice("in_force", _begins(best).isoformat(), best)
    shown = [row for row in versions if _day(row.observed_from) <= as_of < _closed(row)]
    if shown:
        best = shown[-1]
        if best.valid_from is not None and best.valid_from > as_of:
            return Choice("coming", best.valid_from.isoformat(), best)
        return Choice("expired", _ends(best).isoformat(), best)
    past = [row for row in versions if _begins(row) <= as_of]
    if past:
        best = max(past, key=lambda row: (_closed(row), _begins(row)))
        return Choice("removed", _closed(best).isoformat(), best)
    first = min((_begins(row) for row in versions), default=date.max)
    return Choice("unknown_before", first.isoformat())


def _begins(row: VersionRow) -> date:
    return row.valid_from if row.valid_from is not None else _day(row.observed_from)


def _ends(row: VersionRow) -> date:
    return min(row.valid_to or date.max, _closed(row))


def _closed(row: VersionRow) -> date:
    return date.max if row.closed_at is None else _day(row.closed_at)


def _nearness(row: VersionRow, as_of: date) -> int:
    """Rank versions that state the same day: the latest seen by then, else the first seen after."""
    seen = _day(row.observed_from)
    return seen.toordinal() if seen <= as_of else -seen.toordinal()


def _day(instant: str) -> date:
    return date.fromisoformat(instant[:10])


def group_strands(rows: Iterable[VersionRow]) -> dict[tuple[Strand, str], list[VersionRow]]:
    """Group versions by strand and source, the first-ranked strand first."""
    groups: dict[tuple[Strand, str], list[VersionRow]] = {}
    for row in rows:
        groups.setdefault((row.strand, row.source), []).append(row)
    return {key: groups[key] for key in sorted(groups, key=lambda key: (STRAND_RANK.index(key[0]), key[1]))}


def choose_strand(strands: Mapping[tuple[Strand, str], Sequence[VersionRow]], as_of: date) -> Choice:
    """Choose the first-ranked strand whose text held on a date, else the first that can say anything of it."""
    choices = [choose_version(rows, as_of) for rows in strands.values()]
    return min(choices, key=lambda choice: STATE_RANK[choice.state])


# --- answer


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a document: the moment, the moment that is now, and the strand (None: the first-ranked)."""

    moment: Moment
    now: Moment
    strand: Strand | None = None


class Trace(msgspec.Struct, frozen=True):
    """Where a question led: the document and provision that answer it, the text chosen, and what a reader must know.

    ``reading`` is None where no text answers.
    """

    target: Target
    choice: Choice
    reading: Reading | None
    notes: tuple[str, ...]


def consult(db: sqlite3.Connection, target: Target, question: Question) -> Answer:
    """Answer what a document said at a moment; follows old numbers and raises as ``trace`` does."""
    found = trace(db, target, question)
    choice = found.choice
    rows = read_version_rows(db, found.target.document)
    now = _choose(rows, question.now, choice.version.strand if choice.version is not None else question.strand)
    answer = _answer(found.target, question, choice=choice, now=now, notes=found.notes)
    if choice.version is None or found.reading is None:
        return answer
    standings = tuple(read_standings(db, choice.version, question.moment.known_at))
    return msgspec.structs.replace(
        answer,
        notes=(*found.notes, *_note_address(standings, found.target.url)),
        reading=found.reading,
        shown=select_provisions(found.reading, found.target.eid),
        standings=standings,
        last_seen=read_last_seen(db, choice.version, question.moment.known_at),
        others=tuple(sorted({row.strand for row in rows} - {choice.version.strand})),
        later_changes=count_later_changes(db, choice.version, question.now.known_at),
    )


def trace(
    db: sqlite3.Connection, target: Target, question: Question, *, visited: frozenset[str] = frozenset()
) -> Trace:
    """Find what answers a question about a document or provision that may have another number by then.

    A document that has another number by then is answered under that number, a provision that stands in another
    document by then in that one, with a note. Raises NotFoundError for a strand or provision there is not, and for a
    document not known yet at the moment. ``visited`` are documents a provision was looked for in before.
    """
    target, choice, notes = _follow(db, target, question)
    if choice.version is None:
        return Trace(target, choice, None, tuple(notes))
    reading = read_version(db, choice.version.version)
    lead_away = _find_departure(db, target, reading, question)
    if lead_away is not None and lead_away.document not in visited:
        there = Target(lead_away.document, _cite(db, lead_away.document), lead_away.eid, "")
        found = trace(db, there, question, visited=visited | {target.document})
        moved = f"{target.citation} {print_eid(target.eid)} stands in {there.citation} since {lead_away.since[:10]}"
        return msgspec.structs.replace(found, notes=(*notes, moved, *found.notes))
    target, lead = _find_eid(db, target, reading, question.moment.known_at)
    return Trace(target, choice, reading, (*notes, *lead))


def _answer(target: Target, question: Question, *, choice: Choice, now: Choice, notes: tuple[str, ...]) -> Answer:
    return Answer(
        target=target,
        moment=question.moment,
        choice=choice,
        now=now,
        reading=None,
        shown=(),
        standings=(),
        last_seen="",
        others=(),
        later_changes=0,
        notes=notes,
    )


def choose_text(db: sqlite3.Connection, target: Target, question: Question) -> Choice:
    """Choose the version of a document that answers a question; raises NotFoundError for a strand there is not."""
    return _choose(read_version_rows(db, target.document), question.moment, question.strand)


def _choose(rows: Sequence[VersionRow], moment: Moment, strand: Strand | None) -> Choice:
    known = know_versions(rows, moment.known_at)
    strands = group_strands(row for row in known if strand in (None, row.strand))
    if strands:
        return choose_strand(strands, moment.as_of)
    if strand is not None and strand not in {row.strand for row in rows}:
        there = ", ".join(sorted({row.strand for row in rows}))
        raise NotFoundError(f"{rows[0].citation} has no strand {strand!r}; it has {there}")
    first = min((row.wave_at for row in rows if strand in (None, row.strand)), default="")
    return Choice("unknown_before", first[:10])


def _follow(db: sqlite3.Connection, target: Target, question: Question) -> tuple[Target, Choice, list[str]]:
    """Follow a document that no longer holds to the number it has now; a circle of numbers ends where it began."""
    notes: list[str] = []
    visited = {target.document}
    choice = choose_text(db, target, question)
    while choice.state == "removed":
        leads = read_leads(db, target.document, question.moment.known_at)
        lead = next((lead for lead in leads if lead.document not in visited and _has_come(lead, question)), None)
        if lead is None:
            break
        visited.add(lead.document)
        citation = _cite(db, lead.document)
        notes.append(f"{target.citation} is now {citation}, since {lead.since[:10]}")
        target = Target(lead.document, citation, target.eid, target.url)
        choice = choose_text(db, target, question)
    return target, choice, notes


def _has_come(lead: Lead, question: Question) -> bool:
    return _day(lead.since) <= question.moment.as_of


def _cite(db: sqlite3.Connection, document: str) -> str:
    return next((one.citation for one in find_named(db, document)), document)


def _find_departure(db: sqlite3.Connection, target: Target, reading: Reading, question: Question) -> Lead | None:
    """Return where a provision went that its document does not hold any more, None if nothing says so."""
    if target.eid.lower() in {part.eid.lower() for part in reading.provisions}:
        return None
    for lead in read_leads(db, target.document, question.moment.known_at):
        is_under = target.eid == lead.old_eid or target.eid.startswith(f"{lead.old_eid}__")
        if lead.document != target.document and lead.old_eid and is_under and _has_come(lead, question):
            return msgspec.structs.replace(lead, eid=lead.eid + target.eid[len(lead.old_eid) :])
    return None


def _find_eid(db: sqlite3.Connection, target: Target, reading: Reading, known_at: str) -> tuple[Target, list[str]]:
    """Find the provision asked for in a text: as printed, whatever its case, else where its old number leads."""
    eids = [part.eid for part in reading.provisions]
    if target.eid in eids:
        return target, []
    alike = [eid for eid in eids if eid.lower() == target.eid.lower()]
    if alike:
        return msgspec.structs.replace(target, eid=alike[0]), []
    for lead in read_leads(db, target.document, known_at):
        eid = lead.eid + target.eid[len(lead.old_eid) :]
        is_under = target.eid == lead.old_eid or target.eid.startswith(f"{lead.old_eid}__")
        if lead.old_eid and is_under and eid in eids:
            note = f"{print_eid(target.eid)} is now {print_eid(eid)}, since {lead.since[:10]}"
            return msgspec.structs.replace(target, eid=eid), [note]
    parent = target.eid
    while parent and parent not in eids:
        parent = parent_of(parent)
    beside = ", ".join(print_eid(eid) for eid in eids if eid and parent_of(eid) == parent)
    there = f"{print_eid(parent) or 'it'} has {beside or 'no parts'}"
    raise NotFoundError(f"{target.citation} has no {print_eid(target.eid)} in the text asked for: {there}")


def _note_address(standings: Sequence[Standing], asked: str) -> list[str]:
    """Say where a document stands now that left the address it was asked by."""
    here = [one.url for one in standings if one.gone_at is None]
    if not asked or not here or set(here) & set(spell_url(asked)):
        return []
    return [f"{asked} is no longer its address: now at {here[-1]}"]


def select_provisions(reading: Reading, eid: str) -> tuple[Provision, ...]:
    """Return a provision with all below it and, for their numbers, its ancestors; everything for ""."""
    ancestors = set()
    above = eid
    while above:
        above = parent_of(above)
        ancestors.add(above)
    return tuple(
        part
        for part in reading.provisions
        if not eid or part.eid == eid or part.eid.startswith(f"{eid}__") or part.eid in ancestors
    )
