"""Follow one source through its waves: from pages read to verdicts, versions, changes and events.

Strictly causal: ``track_wave`` sees what earlier waves left behind (SourceState) and one wave, and only adds rows.
"""

from collections.abc import Sequence
from datetime import date
from typing import get_args

import msgspec

from kb.compare.ahead import Ahead, ReadSeen, frame_page, is_same_answer, look_ahead
from kb.compare.doubts import Doubt, Sight, doubt_page, is_outgrown, is_proven
from kb.compare.ids import event_id, text_hash, version_id
from kb.compare.moves import law_key, pair_moves
from kb.compare.proof import is_missing_long
from kb.compare.readings import added_document, removed_document
from kb.compare.rerender import Compared, is_rendered_anew, settle_rendering
from kb.compare.rows import RowMaker, link_akin
from kb.compare.state import (
    Closing,
    DocumentRow,
    EventPage,
    Gone,
    LocationRow,
    Now,
    PageState,
    Seen,
    Showing,
    SourceState,
    StrandState,
    Told,
    WaveResult,
)
from kb.compare.twins import Load, compare_strand, order_twins
from kb.compare.volatile import LEAST_PAGES, MOST_PAGES, mask_reading
from kb.models import ChangeRow, EventKind, Fetch, Flaw, Page, Place, Reading, Shown, Strand, Verdict, Version, Wave
from kb.sources import Source

# A page whose frame alone differed in so many waves in a row is restless: that it differs again tells nothing.
RESTLESS_AFTER = 2
STRANDS: tuple[Strand, ...] = get_args(Strand)


def track_wave(source: Source, state: SourceState, wave: Wave, see: ReadSeen, load: Load) -> WaveResult:
    """Take one wave of a source: judge its fetches, compare its documents, and bring the state up to it.

    ``see`` reads a fetch's page, ``load`` returns the reading of a known version. Returns the rows the wave adds.
    """
    tracker = _Tracker(source, state, wave, load)
    tracker.look_ahead(see)
    for fetch in wave.fetches:
        tracker.take(fetch, see)
    tracker.settle_documents()
    tracker.settle_missing()
    tracker.finish()
    state.waves += 1
    return tracker.result


class _Tracker:
    """One wave in progress."""

    def __init__(self, source: Source, state: SourceState, wave: Wave, load: Load) -> None:
        self.source = source
        self.state = state
        self.wave = wave
        self.load_known = load
        self.made: dict[str, Reading] = {}
        self.result = WaveResult(source=source.id, wave_at=wave.at)
        self.rows = RowMaker(source, wave.at)
        self.found: dict[Place, list[Showing]] = {}
        self.vanished: dict[tuple[Place, str], Gone] = {}
        self.unlisted: dict[str, Fetch] = {}
        self.missing: list[tuple[Fetch, PageState, bool]] = []
        self.read_well: set[str] = set()
        self.changed_urls: set[str] = set()
        self.rerendered: set[str] = set()
        self.restless: set[str] = set()
        # Pages rendered with the same tags as before, round other words.
        self.reworded: set[str] = set()
        self.relocated: set[str] = set()
        self.touched: dict[str, PageState] = {}
        self.accepted: list[Fetch] = []
        self.ahead = Ahead()
        # Pages read for the first time, and pages whose first sight proved to be no rule.
        self.first_read: set[str] = set()
        self.outgrown: set[str] = set()
        # The documents of pages that were rendered anew, by URL.
        self.anew: dict[str, list[Compared]] = {}
        self.gone: dict[Place, Gone] = {}
        self.new: dict[Place, Showing] = {}

    def load(self, version: str) -> Reading:
        """Return the reading of a version, be it of an earlier wave or of this one."""
        made = self.made.get(version)
        return mask_reading(made if made is not None else self.load_known(version), self.state.learned)

    def load_page(self, page: PageState) -> list[Reading]:
        """Return what a page showed when it was last believed: the latest reading of each of its documents."""
        strands = (self.state.strands.get(place) for place in page.places)
        return [self.load(strand.shown[-1].version) for strand in strands if strand is not None and strand.shown]

    def look_ahead(self, see: ReadSeen) -> None:
        """Read the pages that changed, and learn from them as a whole what moves for no reason."""
        self.ahead = look_ahead(self.state, self.wave, see, self.load_page)
        self.result.learned.extend(self.ahead.learned)
        self.state.learned.update({one.key: one for one in self.ahead.learned})

    # -- one fetch ------------------------------------------------------------------------------------------------

    def take(self, fetch: Fetch, see: ReadSeen) -> None:
        """Judge one fetch and note what its page shows."""
        page = self._touch(fetch.url)
        if fetch.outcome in ("missing", "redirected"):
            self._take_missing(fetch, page)
        elif fetch.outcome == "not_modified" and page.suspect_at:
            self._judge(fetch, "suspect", "not modified since a page that is not trusted")
        elif is_same_answer(page, fetch):
            page.missing_at = page.suspect_at = page.suspect_text = ""
            page.confirmed = page.confirmed or fetch.url not in self.first_read
            self.read_well.add(fetch.url)
            self.unlisted.update(dict.fromkeys(page.doubted, fetch))
            self._judge(fetch, "same")
        elif fetch.outcome != "ok" or fetch.sha256 is None:
            self._suspect(fetch, [Flaw("not_retrieved", f"{fetch.outcome}, status {fetch.status}")])
        else:
            seen = self.ahead.seen.pop(fetch.seq, None)
            self._take_page(fetch, page, seen if seen is not None else see(fetch))

    def _touch(self, url: str) -> PageState:
        """Return the state of a page, to be kept with the wave."""
        page = self.state.pages.get(url)
        if page is None:
            page = self.state.pages[url] = PageState(url)
        self.touched[url] = page
        return page

    def _take_missing(self, fetch: Fetch, page: PageState) -> None:
        """Take an answer without a page: not found, or led elsewhere, which alone never proves that law is gone."""
        missing = fetch.outcome == "missing"
        page.was_missing = page.was_missing or missing
        page.sha256 = ""
        self.read_well.discard(fetch.url)
        if not page.places and not page.names:
            self._judge(fetch, "noise", "not found, and nothing is known to stand there")
            return
        if not page.missing_at or (missing and not page.missing_wave):
            page.missing_at, page.missing_wave = fetch.observed_at, self.wave.at if missing else ""
        proven = fetch.status == 410 or (
            missing and page.missing_wave != self.wave.at and is_missing_long(page.missing_at, fetch.observed_at)
        )
        self.missing.append((fetch, page, proven))

    def _take_page(self, fetch: Fetch, page: PageState, seen: Seen) -> None:
        read = seen.page
        if read.flaws:
            self._suspect(fetch, read.flaws)
            page.suspect_at, page.suspect_wave, page.suspect_text = fetch.observed_at, self.wave.at, ""
            return
        shows = [self._mask(reading) for reading in read.readings]
        whole = " ".join([*(now.text_hash for now in shows), *read.names])
        sight = self._sight(seen, shows)
        doubt = doubt_page(page, sight)
        first_sight = fetch.observed_at
        if is_outgrown(page, sight):
            self.outgrown.add(fetch.url)
        elif doubt is not None:
            if not is_proven(doubt, page, whole, fetch.observed_at, self.wave.at):
                self._distrust(fetch, page, doubt, (whole, frame_page(read)))
                return
            first_sight = page.suspect_at
        self._accept(fetch, page, seen, shows, first_sight)

    def _mask(self, reading: Reading) -> Now:
        masked = mask_reading(reading, self.state.learned)
        return Now(masked, text_hash(masked), None if masked is reading else reading)

    def _sight(self, seen: Seen, shows: Sequence[Now]) -> Sight:
        """Set a page beside what is known of it, and count the addresses that say, or once said in error, the same."""
        frame = frame_page(seen.page) if self.ahead.alike and seen.page.readings else ""
        others = {url for url, page in self.state.pages.items() if frame and page.suspect_frame == frame}
        return Sight(
            seen=seen,
            known=tuple(self._is_known(now.reading, now.text_hash) for now in shows),
            alike=len(others | self.ahead.alike.get(frame, set())),
            load=self.load_page,
            elsewhere=self.ahead.fresh,
            declared=self.source.declared,
        )

    def _distrust(self, fetch: Fetch, page: PageState, doubt: Doubt, said: tuple[str, str]) -> None:
        whole, page.suspect_frame = said
        if page.suspect_text != whole:
            page.suspect_at, page.suspect_wave, page.suspect_text = fetch.observed_at, self.wave.at, whole
        self._suspect(fetch, [doubt.flaw])

    def _is_known(self, reading: Reading, hashed: str) -> bool:
        strand = self.state.strands.get(_place(reading))
        return strand is not None and any(shown.text_hash == hashed for shown in strand.shown)

    def _accept(
        self, fetch: Fetch, page: PageState, seen: Seen, shows: Sequence[Now], first_sight: str
    ) -> None:
        read, by_place = seen.page, dict[Place, list[Now]]()
        for now in shows:
            by_place.setdefault(_place(now.reading), []).append(now)
        if not page.places and not page.names:
            self.first_read.add(fetch.url)
        page.confirmed = page.confirmed or self.source.declared or fetch.url not in self.first_read | self.outgrown
        provable = page.was_missing or bool(page.places)
        for place, twins in by_place.items():
            self.found.setdefault(place, []).append(Showing(fetch, tuple(order_twins(twins)), first_sight, provable))
        for place in page.places:
            if place not in by_place:
                self.vanished[place, fetch.url] = Gone(fetch.url, first_sight, fetch.observed_at)
                self.changed_urls.add(fetch.url)
        if read.names and read.complete:
            self._take_list(fetch, page, read)
        self._note_frame(fetch, page, seen)
        page.sha256, page.final_url = fetch.sha256 or "", fetch.final_url
        if is_rendered_anew(page.markup, seen.markup):
            self.anew.setdefault(fetch.url, [])
        page.shape, page.frame, page.length, page.markup = read.shape, seen.frame, read.length, seen.markup
        page.tags = seen.tags
        page.complete = read.complete
        page.places = tuple(by_place)
        page.missing_at = page.suspect_at = page.suspect_text = ""
        self.read_well.add(fetch.url)
        self.accepted.append(fetch)

    def _take_list(self, fetch: Fetch, page: PageState, read: Page) -> None:
        """Take what a completely read list proves: documents it no longer names are gone, newly named ones are new."""
        before, now = {*page.names, *page.doubted}, set(read.names)
        if page.names:
            self.unlisted.update(dict.fromkeys(sorted(before - now), fetch))
            fresh = [name for name in read.names if name not in before]
            page.fresh = (*page.fresh, *fresh)
            self.state.fresh.update(fresh)
            if before != now:
                self.changed_urls.add(fetch.url)
        page.names, page.doubted = read.names, ()

    def _note_frame(self, fetch: Fetch, page: PageState, seen: Seen) -> None:
        """Remember a page whose bytes differ; whether only its rendering does is known when its text is compared."""
        if not page.frame or page.frame == seen.frame:
            return
        if page.shape == seen.page.shape:
            self.restless.add(fetch.url)
        if page.shape != seen.page.shape or page.restless < RESTLESS_AFTER:
            self.rerendered.add(fetch.url)
            self.reworded |= {fetch.url} if page.tags == seen.tags else set()

    def _suspect(self, fetch: Fetch, flaws: Sequence[Flaw]) -> None:
        self._judge(fetch, "suspect", *(flaw.message for flaw in flaws))
        self.result.problems.extend(self.rows.make_problem(fetch, flaw) for flaw in flaws)

    def _judge(self, fetch: Fetch, verdict: Verdict, *reasons: str) -> None:
        self.result.judged.append(self.rows.make_judged(fetch, verdict, reasons))

    # -- the wave as a whole --------------------------------------------------------------------------------------

    def settle_documents(self) -> None:
        """Compare every strand that a page shows with what it showed before; open its new locations."""
        for place in sorted(self.found, key=lambda place: (place.document, place.strand)):
            showings = self.found[place]
            strand = self.state.strands.get(place)
            known = strand is not None
            strand = strand or self.state.strands.setdefault(place, StrandState(showings[0].now[0].reading.citation))
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
            page = self._touch(url)
            page.dissents = tuple(other for other in page.dissents if other != place)
            if url != teller and _hashes(showing) != said:
                page.dissents = (*page.dissents, place)
                self.changed_urls.add(url)
                message = f"{place.document} reads otherwise at {url} than at {teller}"
                self.result.problems.append(self.rows.make_problem(showing.fetch, Flaw("disagreement", message)))
        return chosen

    def _find_teller(self, place: Place, strand: StrandState, showings: list[Showing]) -> str:
        """Return the latest address of a document that was read well in this wave and did not read otherwise before.

        An address that dissented stays a witness while another stands, whatever either of them says next.
        """
        urls = [showing.fetch.url for showing in showings]
        trusted = [url for url in strand.urls if place not in self.state.pages[url].dissents]
        read = next((url for url in reversed(trusted) if url in self.read_well), None)
        new = (url for url in urls if url not in strand.urls)
        return read or next(new, trusted[-1] if trusted else urls[0])

    def _settle_showing(self, place: Place, strand: StrandState, showing: Showing, *, known: bool) -> None:
        if not strand.shown:
            provable = known or showing.provable or place.document in self.state.fresh
            self.new[place] = msgspec.structs.replace(showing, provable=provable and self.state.waves > 0)
        else:
            self._forget_learned(strand, showing)
            today = date.fromisoformat(showing.first_sight[:10])
            self._note_rendering(showing.fetch.url, place, self.load(strand.shown[-1].version), showing.now[-1].reading)
            if showing.fetch.url not in self.outgrown:
                self._report(place, strand, showing, compare_strand(strand.shown, showing.now, today, self.load))
        self._show(place, strand, showing)

    def _forget_learned(self, strand: StrandState, showing: Showing) -> None:
        """Name what was shown before by what is left of it without the lines learned since: they part no versions."""
        now = set(_hashes(showing))
        if self.state.learned and any(shown.text_hash not in now for shown in strand.shown):
            strand.shown = [
                msgspec.structs.replace(shown, text_hash=text_hash(self.load(shown.version))) for shown in strand.shown
            ]

    def _note_rendering(self, url: str, place: Place, old: Reading | None, new: Reading | None) -> None:
        if url in self.anew:
            self.anew[url].append(Compared(place, old, new))

    def _report(self, place: Place, strand: StrandState, showing: Showing, told: Sequence[Told]) -> None:
        seen = msgspec.structs.replace(showing, old_url=strand.urls[-1] if strand.urls else "")
        rows = [self.rows.make(place, one, one.new or showing.now[-1].reading, seen) for one in told]
        linked = link_akin(rows, [one.change for one in told])
        # Twins may move alike: the same words at the same place are one change.
        self.result.changes.extend({row.id: row for row in linked}.values())

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
        self.result.closings.extend(Closing(shown.version, showing.first_sight) for shown in before.values())
        strand.shown = shown_now

    def _add_version(self, place: Place, showing: Showing, now: Now) -> Shown:
        validity = now.reading.validity
        dates = (validity.valid_from, validity.valid_to)
        name = version_id(self.source.id, place, now.text_hash, dates, showing.first_sight)
        self.changed_urls.add(showing.fetch.url)
        printed = now.reading if now.printed is None else now.printed
        self.made[name] = printed
        self.result.versions.append(
            Version(
                version=name,
                source=self.source.id,
                url=showing.fetch.url,
                sha256=showing.fetch.sha256 or "",
                text_hash=now.text_hash,
                observed_from=showing.first_sight,
                wave_at=self.wave.at,
                reading=printed,
            )
        )
        return Shown(name, now.text_hash, *dates)

    def _open_location(self, place: Place, strand: StrandState, showing: Showing) -> None:
        url = showing.fetch.url
        if url not in strand.urls:
            if strand.urls and not self._stands_elsewhere(place, strand, url):
                self.relocated.add(url)
            strand.urls.append(url)
            self.result.locations.append(LocationRow(place, url, showing.first_sight))

    def _stands_elsewhere(self, place: Place, strand: StrandState, url: str) -> str:
        """Return another address that shows the document in this wave, "" if none does."""
        others = (other for other in reversed(strand.urls) if other != url and other in self.read_well)
        return next((other for other in others if place in self.state.pages[other].places), "")

    def settle_missing(self) -> None:
        """Decide what became of addresses that answered "not found" and of documents that left a page or list."""
        self._settle_lists()
        for fetch, page, proven in self.missing:
            self._settle_address(fetch, page, proven=proven)
        for (place, url), gone in self.vanished.items():
            if place in self.state.pages[url].places:
                continue
            if self.state.strands[place].urls == [url]:
                self.gone[place] = gone
            else:
                self._leave(place, gone)
        self._report_gone_and_new()

    def _settle_lists(self) -> None:
        """Take documents that no list names any more for gone, unless their own page was read in this very wave."""
        named = {name for page in self.state.pages.values() for name in page.names} if self.unlisted else set()
        for name, fetch in self.unlisted.items():
            places = [Place(name, strand) for strand in STRANDS] if name not in named else []
            for place in places:
                strand = self.state.strands.get(place)
                if strand is None or not strand.shown or place in self.gone:
                    continue
                if self._stands_elsewhere(place, strand, ""):
                    self._touch(fetch.url).doubted += (name,)
                    message = f"{name} is no longer listed at {fetch.url}, but its own page stands"
                    self.result.problems.append(self.rows.make_problem(fetch, Flaw("unlisted", message)))
                else:
                    url = strand.urls[-1] if strand.urls else fetch.url
                    self.gone[place] = Gone(url, fetch.observed_at, fetch.observed_at)

    def _settle_address(self, fetch: Fetch, page: PageState, *, proven: bool) -> None:
        if not page.missing_at:
            self._judge(fetch, "suspect", "not found, but found again in the same wave")
            return
        gone = Gone(fetch.url, page.missing_at, fetch.observed_at)
        page.places = tuple(place for place in page.places if not self._leaves_address(place, gone, proven=proven))
        if page.places or (page.names and not proven):
            message = f"not found; unavailable since {page.missing_at}"
            self._suspect(fetch, [Flaw("unavailable", message)])
        else:
            page.length = 0
            self._judge(fetch, "removed", f"not found since {page.missing_at}")

    def _leaves_address(self, place: Place, gone: Gone, *, proven: bool) -> bool:
        """Take a document from a missing address if it stands elsewhere or its absence is proven."""
        if place in self.gone:
            return True
        strand = self.state.strands[place]
        other = self._stands_elsewhere(place, strand, gone.url)
        if other:
            self.relocated.add(other)
        elif not proven:
            return False
        if strand.urls == [gone.url]:
            self.gone[place] = gone
        else:
            self._leave(place, gone)
        return True

    def _leave(self, place: Place, gone: Gone) -> None:
        strand = self.state.strands[place]
        if gone.url in strand.urls:
            strand.urls.remove(gone.url)
            self.result.locations.append(LocationRow(place, gone.url, gone.first_sight, gone=True))

    def _report_gone_and_new(self) -> None:
        """Report documents that left and came; one that came with the law of one that left was renumbered."""
        left = {place: (gone, reading) for place, gone in self.gone.items() if (reading := self._close(place, gone))}
        by_law = {
            (place.strand, self.rows.law_hash(reading)): place
            for place, (_, reading) in left.items()
            if place not in self.new
        }
        for place, showing in self.new.items():
            law = self.rows.law_hash(showing.now[-1].reading)
            former = by_law.pop((place.strand, law), None) if law else None
            self._report_new(place, showing, left.pop(former) if former is not None else None)
        for place, (gone, reading) in left.items():
            self._note_rendering(gone.url, place, reading, None)
            row = self.rows.make_removed(place, removed_document(reading), reading, gone)
            self.result.changes.append(row)
            law = self.rows.law_hash(reading)
            if law:
                self.result.removed[law] = row.id
        self.state.removed.update(self.result.removed)

    def _close(self, place: Place, gone: Gone) -> Reading | None:
        """Close what a document showed and its last locations; returns its last reading, None if it showed nothing."""
        strand = self.state.strands[place]
        reading = self.load(strand.shown[-1].version) if strand.shown else None
        self.result.closings.extend(Closing(shown.version, gone.first_sight) for shown in strand.shown)
        strand.shown = []
        for url in list(strand.urls):
            page = self._touch(url)
            page.places = tuple(other for other in page.places if other != place)
            self._leave(place, msgspec.structs.replace(gone, url=url))
        return reading

    def _report_new(self, place: Place, showing: Showing, former: tuple[Gone, Reading] | None) -> None:
        """Report a new document unless it is baseline; ``former`` is the one it was renumbered from, if any."""
        reading = showing.now[-1].reading
        baseline = former is None and not showing.provable
        citation = self.state.strands[place].citation
        self.result.documents.append(DocumentRow(place, citation, showing.first_sight, baseline))
        if former is not None:
            gone, old = former
            seen = msgspec.structs.replace(showing, old_url=gone.url)
            self.result.changes.append(self.rows.make_renumbered(place, reading, old, seen))
        elif not baseline:
            self._note_rendering(showing.fetch.url, place, None, reading)
            today = date.fromisoformat(showing.first_sight[:10])
            begins = showing.now[0].begins
            coming = begins if begins is not None and begins > today else None
            row = self.rows.make(place, Told(added_document(reading), coming), reading, showing)
            removed = self.state.removed.get(self.rows.law_hash(reading))
            self.result.changes.append(msgspec.structs.replace(row, see_also=(removed,) if removed else ()))

    def _settle_restless(self) -> None:
        """Take pages for restless when most of a wave's have other words between the same tags: no one renders so."""
        if len(self.reworded) >= max(LEAST_PAGES, MOST_PAGES * len(self.read_well)):
            self.rerendered -= self.reworded
            for url in self.reworded:
                self.state.pages[url].restless = RESTLESS_AFTER

    def _settle_moves(self) -> None:
        """Tell text that went from one document to another as moved; remember what left, name what it came from."""
        moved = pair_moves(self.result.changes)
        self.rows.rename(moved.renamed)
        self.result.changes = [self._link_removed(row) for row in moved.changes]
        self.result.removed.update(
            {law: row.id for row in moved.changes if row.kind == "removed" and (law := law_key(row))}
        )
        self.state.removed.update(self.result.removed)

    def _link_removed(self, row: ChangeRow) -> ChangeRow:
        """Let text that came name the change that told of its end in an earlier wave, if one did."""
        former = self.state.removed.get(law_key(row)) if row.kind == "added" and row.part == "text" else None
        return row if former is None or row.see_also else msgspec.structs.replace(row, see_also=(former,))

    def finish(self) -> None:
        """Write the verdicts on accepted pages, the events, and the state of the pages touched."""
        for fetch in self.accepted:
            self._judge(fetch, "version" if fetch.url in self.changed_urls else "same")
        self._settle_restless()
        rerendered = {url for url in self.rerendered if url not in self.changed_urls or url in self.anew}
        self._settle_moves()
        rendering = event_id(self.source.id, self.wave.at, "rerender")
        self.result.changes = settle_rendering(self.result.changes, self.anew, rendering)
        for url in self.rerendered | self.restless - self.changed_urls:
            page = self.state.pages[url]
            page.restless = page.restless + 1 if url in self.restless else 0
        suspects = {judged.url for judged in self.result.judged if judged.verdict == "suspect"}
        covered: dict[EventKind, set[str]] = {
            "rerender": rerendered,
            "relocation": self.relocated,
            "incident": suspects,
        }
        self.result.events.extend(self.rows.make_events(self.result.changes, covered))
        self.result.event_pages.extend(
            EventPage(event_id(self.source.id, self.wave.at, kind), url)
            for kind, urls in covered.items()
            for url in sorted(urls)
        )
        self.result.pages.extend(self.touched.values())
        self.result.found_words.extend(self.rows.found_words)


def _place(reading: Reading) -> Place:
    return Place(reading.document, reading.strand)


def _hashes(showing: Showing) -> list[str]:
    return [now.text_hash for now in showing.now]
