"""Derive the answers of a knowledge base: its facts, and the steps of their anchors through the texts of every wave."""

import sqlite3
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from textwrap import shorten

import msgspec

from kb.answer.facts import Fact
from kb.answer.follow import follow_anchor
from kb.answer.trail import Course, Doubt, Place, Text, end_day
from kb.answer.when import find_first_day, find_last_day
from kb.consult import Choice, choose_strand, group_strands, know_versions
from kb.models import Problem, Provision
from kb.registry import read_deny_list
from kb.sources import Source
from kb.store.connection import transaction
from kb.store.facts import read_anchor_problems, read_recorded_facts, read_steps, record_anchor_problems, record_facts
from kb.store.knowledge import read_built_waves, read_version
from kb.store.queries import END_OF_TIME, Lead, VersionRow, read_leads, read_version_rows

# Places of a quote that a problem names.
MOST_PLACES = 5
# States of an anchor that ask a person to look.
FLAGGED = ("needs_review", "broken")
# Characters of a quote that a problem prints.
LONGEST_QUOTE = 80


class Derived(msgspec.Struct, frozen=True):
    """What deriving the answers did: whether anything is another than before, how many facts it flagged and dropped.

    Flagged is a fact whose latest step is a new one to ``needs_review`` or ``broken``; dropped one that was recorded
    before and is in no folder read now.
    """

    is_other: bool = False
    flagged: int = 0
    dropped: int = 0


def derive_answers(knowledge: sqlite3.Connection, facts: Sequence[Fact], sources: Mapping[str, Source]) -> Derived:
    """Put the facts in place of those recorded, and follow each anchor through the waves that are built.

    ``sources`` are the declarations built with, by id. Where nothing is another than before, nothing is written.
    """
    courses = follow_facts(knowledge, facts, sources)
    steps = {name: list(course.steps) for name, course in courses.items() if course.steps}
    problems = [_make_problem(fact, doubt) for fact in facts for doubt in courses[fact.id].doubts]
    known = {fact.id: msgspec.structs.replace(fact, file="") for fact in facts}
    before = {fact.id: fact for fact in read_recorded_facts(knowledge)}
    told = sorted(problems, key=msgspec.structs.astuple)
    steps_before = read_steps(knowledge)
    if before == known and steps_before == steps and read_anchor_problems(knowledge) == told:
        return Derived()
    with transaction(knowledge):
        record_facts(knowledge, facts, steps)
        record_anchor_problems(knowledge, told)
    new = [own[-1] for name, own in steps.items() if own[-1] not in steps_before.get(name, [])]
    flagged = sum(1 for step in new if step.state in FLAGGED)
    return Derived(is_other=True, flagged=flagged, dropped=len(before.keys() - known.keys()))


def follow_facts(
    knowledge: sqlite3.Connection, facts: Sequence[Fact], sources: Mapping[str, Source]
) -> dict[str, Course]:
    """Follow the anchor of every fact; returns the course of each by the fact's id."""
    library = Library(knowledge, sources)
    return {fact.id: follow_anchor(fact, FactTrail(library, fact)) for fact in facts}


def _make_problem(fact: Fact, doubt: Doubt) -> Problem:
    quote = "" if fact.anchor is None else shorten(fact.anchor.quote, LONGEST_QUOTE, placeholder="…")
    places = " and ".join(doubt.places[:MOST_PLACES])
    more = f" and {len(doubt.places) - MOST_PLACES} more" if len(doubt.places) > MOST_PLACES else ""
    return Problem(
        source=doubt.source,
        url=doubt.url,
        observed_at=doubt.observed_at,
        wave_at=doubt.wave_at,
        code="anchor_ambiguous",
        message=f"{fact.jurisdiction}, {fact.question}: {quote!r} stands more than once in {doubt.citation}: "
        f"{places}{more}; quote more words",
    )


# --- the way an anchor goes


class Library:
    """What is read of a knowledge base while its anchors are followed, each thing once."""

    def __init__(self, db: sqlite3.Connection, sources: Mapping[str, Source]) -> None:
        self.db = db
        self.replicas = {name for name, source in sources.items() if source.replica}
        self.waves: dict[str, list[str]] = {}
        for source, wave_at in sorted(read_built_waves(db), key=lambda one: _plain(one[1])):
            self.waves.setdefault(source, []).append(_plain(wave_at))
        self._rows: dict[str, list[VersionRow]] = {}
        self._leads: dict[str, list[Lead]] = {}
        self._moments: dict[tuple[str, bool], list[str]] = {}
        self._parts: dict[str, tuple[Provision, ...]] = {}

    def list_rows(self, document: str, *, replica: bool) -> list[VersionRow]:
        """Return the versions of a document that may prove a fact: replicas those of a demonstration only."""
        if document not in self._rows:
            self._rows[document] = read_version_rows(self.db, document)
        return [row for row in self._rows[document] if (row.source in self.replicas) is replica]

    def list_leads(self, document: str) -> list[Lead]:
        """Return where a document and its provisions ever went, the latest first."""
        if document not in self._leads:
            self._leads[document] = read_leads(self.db, document, END_OF_TIME)
        return self._leads[document]

    def read_parts(self, version: str) -> tuple[Provision, ...]:
        """Return the provisions of a version."""
        if version not in self._parts:
            self._parts[version] = read_version(self.db, version).provisions
        return self._parts[version]

    def list_moments(self, document: str, *, replica: bool) -> list[str]:
        """Return the waves at which the text of a document may be another, in order."""
        key = (document, replica)
        if key not in self._moments:
            rows = self.list_rows(document, replica=replica)
            leads = (_plain(lead.wave_at) for lead in self.list_leads(document))
            self._moments[key] = sorted({*leads, *(moment for row in rows for moment in self._list_row_moments(row))})
        return self._moments[key]

    def _list_row_moments(self, row: VersionRow) -> Iterator[str]:
        """Yield the waves that show and that close a version, and the first ones after it begins or ends to apply."""
        yield _plain(row.wave_at)
        if row.closed_wave is not None:
            yield _plain(row.closed_wave)
        waves = self.waves.get(row.source, [])
        for day in (row.valid_from, row.valid_to):
            after = max(_plain(row.wave_at), "" if day is None else f"{day}")
            at = bisect_right(waves, after)
            if day is not None and at < len(waves):
                yield waves[at]


class FactTrail:
    """The way of one fact: its own time bounds the day of the law, and only what was known by an instant counts."""

    def __init__(self, library: Library, fact: Fact) -> None:
        self.library = library
        self.replica = fact.replica
        self.start = "" if fact.anchor is None else fact.anchor.document
        self.begins = find_first_day(fact.effective_from) or date.min
        self.ends = find_last_day(fact.effective_to) or date.max
        days = (fact.coded_on, fact.reviewed_on if fact.reviewed_text else "")
        self.own = sorted({end_day(day) for day in days if day})

    def find_next(self, after: str) -> str | None:
        """Return the next instant at which the anchor may stand otherwise, None if there is none."""
        lists = [self.library.list_moments(name, replica=self.replica) for name in self._reach(after)]
        coming = (_first_after(moments, after) for moments in (self.own, *lists))
        return min((moment for moment in coming if moment is not None), default=None)

    def look(self, place: Place, at: str, since: str) -> Sequence[Text]:
        """Return the texts that may hold the words at an instant, the likeliest first; none: not known by then."""
        document, eid, choice = self._follow_document(place, at)
        if choice.version is None:
            return ()
        eid = self._follow_provision(document, eid, (since, at))
        away = [
            (lead.document, _lead_on(lead, eid))
            for lead in self._list_leads(document, at)
            if lead.document != document and lead.old_eid and _is_under(eid, lead.old_eid)
        ]
        elsewhere = [(name, there, self._choose(name, at)) for name, there in dict.fromkeys(away)]
        return [
            self._make_text(found, there, at)
            for _, there, found in ((document, eid, choice), *elsewhere)
            if found.version is not None
        ]

    def _reach(self, at: str) -> list[str]:
        """Return the documents that the words may stand in by an instant: the first one and all it led to."""
        reached = [self.start]
        for name in reached:
            leads = self.library.list_leads(name)
            new = {lead.document for lead in leads if _plain(lead.wave_at) <= at} - set(reached)
            reached.extend(sorted(new))
        return reached

    def _choose(self, document: str, at: str) -> Choice:
        known = know_versions(self.library.list_rows(document, replica=self.replica), at)
        strands = group_strands(known)
        return choose_strand(strands, self._clamp(at)) if strands else Choice("unknown_before", "")

    def _clamp(self, at: str) -> date:
        """Return the day of the law at an instant: today, within the term of the fact."""
        return min(max(date.fromisoformat(at[:10]), self.begins), self.ends)

    def _list_leads(self, document: str, at: str) -> list[Lead]:
        """Return where a document led by an instant, as far as it had come by the fact's own time."""
        day = self._clamp(at).isoformat()
        leads = self.library.list_leads(document)
        return [lead for lead in leads if _plain(lead.wave_at) <= at and lead.since[:10] <= day]

    def _follow_document(self, place: Place, at: str) -> tuple[str, str, Choice]:
        """Follow a document that was removed to the one it became; a circle of numbers ends where it began."""
        document, eid = place.document, place.eid
        choice = self._choose(document, at)
        visited = {document}
        while choice.state == "removed":
            leads = [one for one in self._list_leads(document, at) if one.document not in visited]
            lead = next((one for one in leads if _is_under(eid, one.old_eid)), None)
            there = Choice("unknown_before", "") if lead is None else self._choose(lead.document, at)
            if lead is None or there.version is None:
                break
            document, eid, choice = lead.document, _lead_on(lead, eid), there
            visited.add(document)
        return document, eid, choice

    def _follow_provision(self, document: str, eid: str, span: tuple[str, str]) -> str:
        """Follow the numbers that a provision got within its document after one instant and up to another."""
        leads = [
            lead
            for lead in self._list_leads(document, span[1])
            if lead.document == document and lead.old_eid and _plain(lead.wave_at) > span[0]
        ]
        for wave in sorted({_plain(lead.wave_at) for lead in leads}):
            mine = [lead for lead in leads if _plain(lead.wave_at) == wave and _is_under(eid, lead.old_eid)]
            if mine:
                eid = _lead_on(max(mine, key=lambda lead: len(lead.old_eid)), eid)
        return eid

    def _make_text(self, choice: Choice, eid: str, at: str) -> Text:
        row = choice.version
        if row is None:
            raise ValueError(f"{self.start}: no version was chosen")
        is_gone = choice.state == "removed"
        came, wave = (row.closed_at, row.closed_wave) if is_gone else (row.observed_from, row.wave_at)
        return Text(
            document=row.document,
            eid=eid,
            citation=row.citation,
            version=row.version,
            source=row.source,
            url=row.url,
            sha256=row.sha256,
            captured_at=row.observed_from,
            at=came if came is not None and wave is not None and _plain(wave) == at else f"{at}Z",
            parts=None if is_gone else self.library.read_parts(row.version),
            is_official=row.strand != "mirror" and not read_deny_list().why_no_source(row.url),
        )


def _plain(instant: str) -> str:
    return instant.rstrip("Z")


def _first_after(moments: Sequence[str], after: str) -> str | None:
    at = bisect_right(moments, after)
    return moments[at] if at < len(moments) else None


def _is_under(eid: str, above: str) -> bool:
    return not above or eid == above or eid.startswith(f"{above}__")


def _lead_on(lead: Lead, eid: str) -> str:
    """Return where an eid leads; a whole document leads to the same eid in another."""
    if not lead.old_eid:
        return f"{lead.eid}__{eid}".strip("_") if lead.eid else eid
    return lead.eid + eid[len(lead.old_eid) :]
