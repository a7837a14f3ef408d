"""Make the published rows of a wave: changes with their ids, cause and dates, and the events that bundle them."""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import msgspec

from kb.compare.classify import Judgement
from kb.compare.eids import parent_of, subtree_text
from kb.compare.ids import change_id, event_id
from kb.compare.state import Gone, Showing, Told
from kb.models import (
    Act,
    Change,
    ChangeRow,
    Event,
    EventKind,
    Found,
    Kind,
    Place,
    Reading,
)
from kb.read.canonical import fold_text
from kb.read.notes import cite_acts, is_history, read_acts
from kb.sources import Source
from kb.topics import find_professions, find_topics

# A law of fewer signs than this ("(a) Repealed.") may stand anywhere: it names no document.
LEAST_LAW = 40

# "For temporary amendment of this section, see …"  "2016 Amendments. P.L. 2016, ch. 180, inserted …"
AMENDING = re.compile(
    r"\b(?:amend|creat|enact|repeal|add)\w*\b.{0,60}\b(?:section|rule|chapter|§)|^\d{4} [Aa]mendments?\."
)
TITLES: dict[EventKind, str] = {
    "revision": "rules or notes changed",
    "rerender": "pages rendered anew, the text is the same",
    "relocation": "documents moved to other addresses, the text is the same",
    "incident": "pages that could not be trusted or reached",
}


class RowMaker:
    """Makes the rows of one wave of one source."""

    def __init__(self, source: Source, wave_at: str) -> None:
        """Keep what all rows of the wave share."""
        self.source = source
        self.wave_at = wave_at
        self.event = event_id(source.id, wave_at, "revision")
        self.found_words: list[tuple[str, Found]] = []

    @staticmethod
    def law_hash(reading: Reading) -> str:
        """Return the hash of a document's law without its heading and notes: the same law under another number.

        "" where the law is too short to prove anything ("Repealed.").
        """
        root, *below = reading.provisions
        law = fold_text("\n".join(filter(None, (root.text, subtree_text(below)))))
        return hashlib.sha256(law.encode()).hexdigest()[:16] if len(law) >= LEAST_LAW else ""

    def make(self, place: Place, told: Told, reading: Reading, showing: Showing) -> ChangeRow:
        """Return the row of a change; ``reading`` is the text it is found in, a change without an old one is new."""
        old = told.old
        acts = [act for act in reading.acts if old is None or act not in old.acts]
        row = self._row(place, told.change, reading, showing.first_sight)
        return msgspec.structs.replace(
            row,
            url=showing.fetch.url,
            old_url=showing.old_url or None,
            old_document=old.document if old is not None else None,
            old_citation=old.citation if old is not None else None,
            confirmed_at=showing.fetch.observed_at,
            effective_on=told.effective_on or _latest(acts),
            cause=name_causes(old, reading),
        )

    def make_removed(self, place: Place, change: Change, reading: Reading, gone: Gone) -> ChangeRow:
        """Return the row of a vanished document; its URL is where it was last seen."""
        row = self._row(place, change, reading, gone.first_sight)
        return msgspec.structs.replace(
            row,
            url=gone.url,
            old_url=gone.url,
            old_document=place.document,
            old_citation=reading.citation,
            confirmed_at=gone.proven_at,
        )

    def make_renumbered(self, place: Place, reading: Reading, old: Reading, showing: Showing) -> ChangeRow:
        """Return the row of a document that stands with the same law under another citation."""
        reason = f"text unchanged, {old.citation} is now {reading.citation}"
        judgement = Judgement("structural", (), reason)
        change = Change(
            kind="renumbered",
            part="text",
            nature=judgement.nature,
            eid="",
            old_eid="",
            heading=reading.provisions[0].heading,
            reason=judgement.reason,
            count=len(reading.provisions),
        )
        return self.make(place, Told(change, old=old), reading, showing)

    def _row(self, place: Place, change: Change, reading: Reading, observed_at: str) -> ChangeRow:
        name = change_id(place, change, observed_at)
        texts = _context(reading, change)
        topics, professions = find_topics(texts), find_professions(texts)
        self.found_words.extend((name, found) for found in (*topics, *professions))
        return ChangeRow(
            id=name,
            event_id=self.event,
            event_kind="revision",
            kind=change.kind,
            part=change.part,
            nature=change.nature,
            signals=change.signals,
            reason=change.reason,
            count=change.count,
            jurisdiction=self.source.jurisdiction,
            source=self.source.id,
            strand=place.strand,
            document=place.document,
            old_document=None,
            citation=reading.citation,
            old_citation=None,
            url="",
            old_url=None,
            eid=change.eid,
            old_eid=change.old_eid,
            old_number=change.old_number,
            new_number=change.new_number,
            heading=change.heading or reading.provisions[0].heading,
            old_text=change.old_text,
            new_text=change.new_text,
            topics=_union(self.source.topics, topics),
            professions=_union(self.source.professions, professions),
            binding=self.source.binding,
            observed_at=observed_at,
            confirmed_at=observed_at,
            effective_on=None,
            cause="",
            see_also=(),
        )

    def rename(self, renamed: Mapping[str, str]) -> None:
        """Keep the words found for changes that bear another id now; those of a change that is gone go."""
        told = [(renamed.get(name, name), found) for name, found in self.found_words]
        self.found_words = list(dict.fromkeys(one for one in told if one[0]))

    def make_events(self, changes: Sequence[ChangeRow], covered: Mapping[EventKind, Collection[str]]) -> list[Event]:
        """Return the events of the wave: one for each kind that happened, with the pages and changes it covers.

        ``covered`` holds the URLs of the pages of each kind but ``revision``, whose pages are those of its changes.
        """
        revised = {change.url for change in changes if change.event_kind == "revision"}
        pages: dict[EventKind, int] = {"revision": len(revised), **{kind: len(urls) for kind, urls in covered.items()}}
        return [
            Event(
                id=event_id(self.source.id, self.wave_at, kind),
                source=self.source.id,
                wave_at=self.wave_at,
                kind=kind,
                title=TITLES[kind],
                pages=count,
                changes=sum(1 for change in changes if change.event_kind == kind),
            )
            for kind, count in pages.items()
            if count
        ]


def name_causes(old: Reading | None, new: Reading) -> str:
    """Return the acts that a document's history and notes newly name, parted by "; ", each once."""
    came = [act.name for act in new.acts if old is None or act not in old.acts]
    named: list[str] = []
    for name in (*came, *(() if old is None else (*cited_acts(old, new), *noted_acts(old, new)))):
        if not any(known.endswith(name) for known in named):
            named.append(name)
    return "; ".join(named)


def cited_acts(old: Reading, new: Reading) -> list[str]:
    """Return the acts of entries that the history of enactment gained, though it named another section of them before.

    An act that is revived, or whose section the history corrects, is named again: "Law 1-1, § 6; revived by …".
    """
    known: dict[str, set[str]] = {}
    for name, section in _cite(old):
        known.setdefault(name, set()).add(section)
    return [
        name
        for name, section in _cite(new)
        if section and section not in known.get(name, {section}) and "" not in known[name]
    ]


def _cite(reading: Reading) -> list[tuple[str, str]]:
    lines = [line for line in reading.provisions[0].note.splitlines() if is_history(line)]
    return [cited for line in lines for cited in cite_acts(line)]


def noted_acts(old: Reading, new: Reading) -> list[str]:
    """Return the acts that newly printed notes say have amended the document, beside its history of enactment."""
    known = set(old.provisions[0].note.splitlines())
    fresh = [line for line in new.provisions[0].note.splitlines() if line not in known and AMENDING.search(line)]
    before = [act.name for act in old.acts]
    return [
        act.name for line in fresh for act in read_acts(line) if not any(name.endswith(act.name) for name in before)
    ]


def _union(declared: Sequence[str], found: Sequence[Found]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*declared, *(one.id for one in found))))


def _context(reading: Reading, change: Change) -> list[str]:
    """Return what a change's topics are looked for in: its texts, its ancestors' and the document's heading."""
    eid = change.eid if change.eid is not None else change.old_eid or ""
    above = {""}
    while eid:
        above.add(eid)
        eid = parent_of(eid)
    texts = [f"{part.heading}\n{part.text}" for part in reading.provisions if part.eid in above]
    return [change.heading, change.old_text, change.new_text, *texts] if change.part != "note" else texts[:1]


def link_akin(rows: Sequence[ChangeRow], changes: Sequence[Change]) -> list[ChangeRow]:
    """Let removed and added provisions that share most of their words name each other in ``see_also``."""
    ids = {(row.kind, row.old_eid if row.kind == "removed" else row.eid): row.id for row in rows}
    return [_name_akin(row, change, ids) for row, change in zip(rows, changes, strict=True)]


def _name_akin(row: ChangeRow, change: Change, ids: dict[tuple[Kind, str | None], str]) -> ChangeRow:
    other: Kind = "added" if change.kind == "removed" else "removed"
    found = dict.fromkeys(ids[other, eid] for eid in change.akin if (other, eid) in ids)
    return msgspec.structs.replace(row, see_also=tuple(found)) if found else row


def _latest(acts: Sequence[Act]) -> date | None:
    return max((act.effective_on for act in acts if act.effective_on is not None), default=None)
