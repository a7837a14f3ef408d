"""Follow one source through its waves: from pages read to verdicts, versions, changes and events.

Strictly causal: ``track_wave`` sees what earlier waves left behind (SourceState) and one wave, and only adds rows.
"""

from collections.abc import Sequence
from datetime import date
from functools import partial

import msgspec

from kb.compare.ahead import ReadSeen
from kb.compare.draft import Load, SourceRule, WaveDraft
from kb.compare.endings import settle_endings
from kb.compare.follow import follow_references
from kb.compare.ids import event_id, text_hash, version_id
from kb.compare.judge import RESTLESS_AFTER, judge_fetches
from kb.compare.moves import law_key, pair_moves
from kb.compare.readings import added_document, removed_document
from kb.compare.rerender import settle_rendering
from kb.compare.rows import RowMaker, link_akin
from kb.compare.state import (
    Closing,
    DocumentRow,
    EventPage,
    Gone,
    LocationRow,
    Now,
    Showing,
    SourceState,
    StrandState,
    Told,
    WaveResult,
)
from kb.compare.twins import compare_strand, order_twins
from kb.compare.volatile import LEAST_PAGES, MOST_PAGES
from kb.models import ChangeRow, EventKind, Flaw, Place, Reading, Shown, Version, Wave
from kb.read.documents import document_id
from kb.sources import Source


def track_wave(source: Source, state: SourceState, wave: Wave, see: ReadSeen, load: Load) -> WaveResult:
    """Take one wave of a source: judge its fetches, compare its documents, and bring the state up to it.

    ``see`` reads a fetch's page, ``load`` returns the reading of a known version. Returns the rows the wave adds.
    """
    draft = WaveDraft(state, wave, load, SourceRule(partial(_name_place, source), source.declared))
    judge_fetches(draft, see)
    tracker = _Tracker(draft, RowMaker(source, wave.at))
    tracker.settle_documents()
    settle_endings(draft)
    tracker.report_gone_and_new()
    tracker.finish()
    state.waves += 1
    return draft.result


def _name_place(source: Source, url: str) -> Place | None:
    """Return the strand of the document that an address names by the source's pattern, None if it names none."""
    found = source.identify(url) if source.document.origin == "url" else None
    return None if found is None else Place(document_id(source, found.citation), found.strand)


class _Tracker:
    """The strands of one wave, compared with what they showed before."""

    def __init__(self, draft: WaveDraft, rows: RowMaker) -> None:
        self.draft = draft
        self.rows = rows

    def settle_documents(self) -> None:
        """Compare every strand that a page shows with what it showed before; open its new locations."""
        for place in sorted(self.draft.found, key=lambda place: (place.document, place.strand)):
            showings = [
                msgspec.structs.replace(showing, now=tuple(order_twins(showing.now)))
                for showing in self.draft.found[place]
            ]
            strand = self.draft.state.strands.get(place)
            known = strand is not None
            strand = strand or self.draft.state.strands.setdefault(
                place, StrandState(showings[0].now[0].reading.citation)
            )
            for showing in self._choose_showings(place, strand, showings):
                self._settle_showing(place, strand, showing, known=known)
            for showing in showings:
                self._open_location(place, strand, showing)

    def _choose_showings(self, place: Place, strand: StrandState, showings: list[Showing]) -> list[Showing]:
        """Return the showings of the URL that tells the strand's text; what others say otherwise is a problem."""
        teller = self._find_teller(place, strand, showings)
        chosen = [showing for showing in showings if showing.fetch.url == teller]
        said = _hashes(chosen[-1]) if chosen else [shown.text_hash for shown in strand.shown]
        for showing in showings:
            url = showing.fetch.url
            page = self.draft.touch(url)
            page.dissents = tuple(other for other in page.dissents if other != place)
            if url != teller and _hashes(showing) != said:
                page.dissents = (*page.dissents, place)
                self.draft.changed_urls.add(url)
                message = f"{place.document} reads otherwise at {url} than at {teller}"
                self.draft.note_problem(showing.fetch, Flaw("disagreement", message))
        return chosen

    def _find_teller(self, place: Place, strand: StrandState, showings: list[Showing]) -> str:
        """Return the latest address of a document that was read well in this wave and did not read otherwise before.

        An address that dissented stays a witness while another stands, whatever either of them says next. Of new ones
        the document's own comes before one that leads there.
        """
        urls = [showing.fetch.url for showing in sorted(showings, key=_is_led_elsewhere)]
        trusted = [url for url in strand.urls if place not in self.draft.state.pages[url].dissents]
        read = next((url for url in reversed(trusted) if url in self.draft.read_well), None)
        new = (url for url in urls if url not in strand.urls)
        return read or next(new, trusted[-1] if trusted else urls[0])

    def _settle_showing(self, place: Place, strand: StrandState, showing: Showing, *, known: bool) -> None:
        if not strand.shown:
            provable = known or showing.provable or place.document in self.draft.state.fresh
            self.draft.new[place] = msgspec.structs.replace(showing, provable=provable and self.draft.state.waves > 0)
        else:
            self._forget_learned(strand, showing)
            today = date.fromisoformat(showing.first_sight[:10])
            self.draft.note_rendering(
                showing.fetch.url, place, self.draft.load(strand.shown[-1].version), showing.now[-1].reading
            )
            if showing.fetch.url not in self.draft.outgrown:
                self._report(place, strand, showing, compare_strand(strand.shown, showing.now, today, self.draft.load))
        self._show(place, strand, showing)

    def _forget_learned(self, strand: StrandState, showing: Showing) -> None:
        """Name what was shown before by what is left of it without the lines learned since: they part no versions."""
        now = set(_hashes(showing))
        if self.draft.state.learned and any(shown.text_hash not in now for shown in strand.shown):
            strand.shown = [
                msgspec.structs.replace(shown, text_hash=text_hash(self.draft.load(shown.version)))
                for shown in strand.shown
            ]

    def _report(self, place: Place, strand: StrandState, showing: Showing, told: Sequence[Told]) -> None:
        seen = msgspec.structs.replace(showing, old_url=strand.urls[-1] if strand.urls else "")
        rows = [self.rows.make(place, one, one.new or showing.now[-1].reading, seen) for one in told]
        linked = link_akin(rows, [one.change for one in told])
        # Twins may move alike: the same words at the same place are one change.
        self.draft.result.changes.extend({row.id: row for row in linked}.values())

    def _show(self, place: Place, strand: StrandState, showing: Showing) -> None:
        """Make versions of what is shown and was not, and close those no longer shown."""
        before = {(shown.text_hash, shown.valid_from, shown.valid_to): shown for shown in strand.shown}
        shown_now = []
        for now in showing.now:
            validity = now.reading.validity
            key = (now.text_hash, validity.valid_from, validity.valid_to)
            shown = before.pop(key, None)
            if shown is None:
                shown = self._add_version(place, showing, now)
            shown_now.append(shown)
        self.draft.result.closings.extend(Closing(shown.version, showing.first_sight) for shown in before.values())
        strand.shown = shown_now

    def _add_version(self, place: Place, showing: Showing, now: Now) -> Shown:
        validity = now.reading.validity
        dates = (validity.valid_from, validity.valid_to)
        name = version_id(self.draft.wave.source, place, now.text_hash, dates, showing.first_sight)
        self.draft.changed_urls.add(showing.fetch.url)
        printed = now.reading if now.printed is None else now.printed
        self.draft.made[name] = printed
        self.draft.result.versions.append(
            Version(
                version=name,
                source=self.draft.wave.source,
                url=showing.fetch.url,
                sha256=showing.fetch.sha256 or "",
                text_hash=now.text_hash,
                observed_from=showing.first_sight,
                wave_at=self.draft.wave.at,
                reading=printed,
            )
        )
        return Shown(name, now.text_hash, *dates)

    def _open_location(self, place: Place, strand: StrandState, showing: Showing) -> None:
        url = showing.fetch.url
        if url not in strand.urls:
            if strand.urls and not self.draft.stands_elsewhere(place, strand, url):
                self.draft.relocated.add(url)
            strand.urls.append(url)
            self.draft.result.locations.append(LocationRow(place, url, showing.first_sight))

    def report_gone_and_new(self) -> None:
        """Report documents that left and came; one that came with the law of one that left was renumbered."""
        left = {
            place: (gone, reading) for place, gone in self.draft.gone.items() if (reading := self._close(place, gone))
        }
        by_law = {
            (place.strand, self.rows.law_hash(reading)): place
            for place, (_, reading) in left.items()
            if place not in self.draft.new
        }
        for place, showing in self.draft.new.items():
            law = self.rows.law_hash(showing.now[-1].reading)
            former = by_law.pop((place.strand, law), None) if law else None
            self._report_new(place, showing, left.pop(former) if former is not None else None)
        for place, (gone, reading) in left.items():
            self.draft.note_rendering(gone.url, place, reading, None)
            row = self.rows.make_removed(place, removed_document(reading), reading, gone)
            self.draft.result.changes.append(row)
            law = self.rows.law_hash(reading)
            if law:
                self.draft.result.removed[law] = row.id

    def _close(self, place: Place, gone: Gone) -> Reading | None:
        """Close what a document showed and its last locations; returns its last reading, None if it showed nothing."""
        strand = self.draft.state.strands[place]
        reading = self.draft.load(strand.shown[-1].version) if strand.shown else None
        self.draft.result.closings.extend(Closing(shown.version, gone.first_sight) for shown in strand.shown)
        strand.shown = []
        for url in list(strand.urls):
            page = self.draft.touch(url)
            page.places = tuple(other for other in page.places if other != place)
            self.draft.leave(place, msgspec.structs.replace(gone, url=url))
        return reading

    def _report_new(self, place: Place, showing: Showing, former: tuple[Gone, Reading] | None) -> None:
        """Report a new document unless it is baseline; ``former`` is the one it was renumbered from, if any."""
        reading = showing.now[-1].reading
        baseline = former is None and not showing.provable
        citation = self.draft.state.strands[place].citation
        self.draft.result.documents.append(DocumentRow(place, citation, showing.first_sight, baseline))
        if former is not None:
            gone, old = former
            seen = msgspec.structs.replace(showing, old_url=gone.url)
            self.draft.result.changes.append(self.rows.make_renumbered(place, reading, old, seen))
        elif not baseline:
            self.draft.note_rendering(showing.fetch.url, place, None, reading)
            today = date.fromisoformat(showing.first_sight[:10])
            begins = showing.now[0].begins
            coming = begins if begins is not None and begins > today else None
            row = self.rows.make(place, Told(added_document(reading), coming), reading, showing)
            law = self.rows.law_hash(reading)
            removed = self.draft.state.removed.get(law)
            self.draft.result.changes.append(msgspec.structs.replace(row, see_also=(removed,) if removed else ()))
            if law:
                self.draft.result.added[law] = row.id

    def _settle_restless(self) -> None:
        """Take pages for restless when most of a wave's have other words between the same tags: no one renders so."""
        if len(self.draft.reworded) >= max(LEAST_PAGES, MOST_PAGES * len(self.draft.read_well)):
            self.draft.rerendered -= self.draft.reworded
            for url in self.draft.reworded:
                self.draft.state.pages[url].restless = RESTLESS_AFTER

    def _settle_moves(self) -> None:
        """Tell text that went from one document to another as moved; remember what left, name what it came from."""
        result = self.draft.result
        moved = pair_moves(result.changes)
        self.rows.rename(moved.renamed)
        result.changes = [self._link_removed(row) for row in follow_references(moved.changes)]
        for kind, laws in (("removed", result.removed), ("added", result.added)):
            rows = [row for row in result.changes if row.kind == kind and row.part == "text"]
            told = {row.id for row in rows}
            laws |= {law_key(row): row.id for row in rows}
            for law in [law for law, change in laws.items() if not law or change not in told]:
                del laws[law]
        self.draft.state.removed.update(result.removed)

    def _link_removed(self, row: ChangeRow) -> ChangeRow:
        """Let text that came name the change that told of its end in an earlier wave, if one did."""
        former = self.draft.state.removed.get(law_key(row)) if row.kind == "added" and row.part == "text" else None
        return row if former is None or row.see_also else msgspec.structs.replace(row, see_also=(former,))

    def finish(self) -> None:
        """Write the verdicts on accepted pages, the events, and the state of the pages touched."""
        for fetch in self.draft.accepted:
            self.draft.judge(fetch, "version" if fetch.url in self.draft.changed_urls else "same")
        self._settle_restless()
        rerendered = {
            url for url in self.draft.rerendered if url not in self.draft.changed_urls or url in self.draft.anew
        }
        self._settle_moves()
        rendering = event_id(self.draft.wave.source, self.draft.wave.at, "rerender")
        self.draft.result.changes = settle_rendering(self.draft.result.changes, self.draft.anew, rendering)
        for url in self.draft.rerendered | self.draft.restless - self.draft.changed_urls:
            page = self.draft.state.pages[url]
            page.restless = page.restless + 1 if url in self.draft.restless else 0
        suspects = {judged.url for judged in self.draft.result.judged if judged.verdict == "suspect"}
        covered: dict[EventKind, set[str]] = {
            "rerender": rerendered,
            "relocation": self.draft.relocated,
            "incident": suspects,
        }
        self.draft.result.events.extend(self.rows.make_events(self.draft.result.changes, covered))
        self.draft.result.event_pages.extend(
            EventPage(event_id(self.draft.wave.source, self.draft.wave.at, kind), url)
            for kind, urls in covered.items()
            for url in sorted(urls)
        )
        self.draft.result.pages.extend(self.draft.touched.values())
        self.draft.result.found_words.extend(self.rows.found_words)


def _is_led_elsewhere(showing: Showing) -> bool:
    return showing.fetch.final_url not in ("", showing.fetch.url)


def _hashes(showing: Showing) -> list[str]:
    return [now.text_hash for now in showing.now]
