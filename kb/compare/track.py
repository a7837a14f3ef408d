"""Follow one source through its waves: from pages read to verdicts, versions, changes and events.

Strictly causal: ``track_wave`` sees what earlier waves left behind (SourceState) and one wave, and only adds rows.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import msgspec

from kb.compare.ids import text_hash, version_id
from kb.compare.readings import added_document, removed_document
from kb.compare.rows import RowMaker, link_akin
from kb.compare.state import (
    Closing,
    DocumentRow,
    LocationRow,
    PageState,
    SourceState,
    StrandState,
    WaveResult,
)
from kb.compare.twins import Load, Now, Told, compare_strand, order_twins
from kb.models import Fetch, Flaw, Judged, Page, Place, Problem, Reading, Shown, Verdict, Version, Wave
from kb.read.canonical import squeeze_text
from kb.read.notes import is_repealed
from kb.sources import Source

# A document is gone when its address answered 404 in two waves this far apart (DESIGN.md §5).
MISSING_FOR = timedelta(hours=20)
# "Definitions. [Not Funded]": a status printed behind a heading
STATUS = re.compile(r"\[([^\]]{3,40})\]\.?$")
# A page that keeps less than this share of its known text is not believed at once.
LEAST_KEPT = 0.25


class Showing(msgspec.Struct, frozen=True):
    """What one page shows of a strand in this wave, since when, and whether an earlier wave could have shown it."""

    fetch: Fetch
    now: tuple[Now, ...]
    first_sight: str
    provable: bool
    old_url: str = ""


class Gone(msgspec.Struct, frozen=True):
    """Proof that a document left an address: the URL, the first sight of its absence, and when it was proven."""

    url: str
    first_sight: str
    proven_at: str


class Seen(msgspec.Struct, frozen=True):
    """A page as the archive holds it: what was read and the hash of its frame (its bytes without digits)."""

    page: Page
    frame: str


ReadSeen = Callable[[Fetch], Seen]


def track_wave(source: Source, state: SourceState, wave: Wave, see: ReadSeen, load: Load) -> WaveResult:
    """Take one wave of a source: judge its fetches, compare its documents, and bring the state up to it.

    ``see`` reads a fetch's page, ``load`` returns the reading of a known version. Returns the rows the wave adds.
    """
    tracker = _Tracker(source, state, wave, load)
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
        self.load = load
        self.result = WaveResult(source=source.id, wave_at=wave.at)
        self.rows = RowMaker(source, wave.at)
        self.found: dict[Place, list[Showing]] = {}
        self.vanished: dict[Place, Gone] = {}
        self.missing: list[tuple[Fetch, PageState, bool]] = []
        self.changed_urls: set[str] = set()
        self.rerendered: set[str] = set()
        self.relocated: set[str] = set()
        self.touched: dict[str, PageState] = {}
        self.accepted: list[Fetch] = []
        self.gone: dict[Place, Gone] = {}
        self.new: dict[Place, Showing] = {}

    # -- one fetch ------------------------------------------------------------------------------------------------

    def take(self, fetch: Fetch, see: ReadSeen) -> None:
        """Judge one fetch and note what its page shows."""
        page = self.state.pages.get(fetch.url)
        if page is None:
            page = self.state.pages[fetch.url] = PageState(fetch.url)
        self.touched[fetch.url] = page
        if fetch.outcome == "missing":
            self._take_missing(fetch, page)
        elif fetch.outcome == "not_modified" or (fetch.sha256 is not None and fetch.sha256 == page.sha256):
            page.missing_at = page.suspect_at = page.suspect_text = ""
            self._judge(fetch, "same")
        elif fetch.outcome != "ok" or fetch.sha256 is None:
            self._suspect(fetch, [Flaw("not_retrieved", f"{fetch.outcome}, status {fetch.status}")])
        else:
            self._take_page(fetch, page, see(fetch))

    def _take_missing(self, fetch: Fetch, page: PageState) -> None:
        page.was_missing = True
        page.sha256 = ""
        if not page.places:
            self._judge(fetch, "noise", "not there, and never was")
            return
        if not page.missing_at:
            page.missing_at, page.missing_wave = fetch.observed_at, self.wave.at
        proven = fetch.status == 410 or (
            page.missing_wave != self.wave.at and _instant(fetch.observed_at) - _instant(page.missing_at) >= MISSING_FOR
        )
        self.missing.append((fetch, page, proven))

    def _take_page(self, fetch: Fetch, page: PageState, seen: Seen) -> None:
        read = seen.page
        if read.flaws:
            self._suspect(fetch, read.flaws)
            page.suspect_at, page.suspect_wave, page.suspect_text = fetch.observed_at, self.wave.at, ""
            return
        shows = [(reading, text_hash(reading)) for reading in read.readings]
        whole = " ".join(hashed for _, hashed in shows)
        first_sight = fetch.observed_at
        if self._is_shrunk(page, read):
            if page.suspect_text != whole or page.suspect_wave == self.wave.at:
                if page.suspect_text != whole:
                    page.suspect_at, page.suspect_wave, page.suspect_text = fetch.observed_at, self.wave.at, whole
                kept = round(100 * read.length / page.length)
                self._suspect(fetch, [Flaw("shrunk", f"only {kept} % of the known text is left")])
                return
            first_sight = page.suspect_at
        self._accept(fetch, page, seen, shows, first_sight)

    @staticmethod
    def _is_shrunk(page: PageState, read: Page) -> bool:
        if not page.length or read.length >= LEAST_KEPT * page.length:
            return False
        return not any(proves_itself(reading) for reading in read.readings)

    def _accept(
        self, fetch: Fetch, page: PageState, seen: Seen, shows: Sequence[tuple[Reading, str]], first_sight: str
    ) -> None:
        read = seen.page
        by_place: dict[Place, list[Now]] = {}
        for reading, hashed in shows:
            by_place.setdefault(Place(reading.document, reading.strand), []).append(Now(reading, hashed))
        provable = page.was_missing or bool(page.places)
        for place, now in by_place.items():
            self.found.setdefault(place, []).append(Showing(fetch, tuple(order_twins(now)), first_sight, provable))
        for place in page.places:
            if place not in by_place:
                self.vanished.setdefault(place, Gone(fetch.url, first_sight, fetch.observed_at))
        if read.complete:
            self._take_list(fetch, page, read)
        self._note_frame(fetch, page, seen)
        page.sha256 = fetch.sha256 or ""
        page.shape, page.frame, page.length = read.shape, seen.frame, read.length
        page.places, page.names = tuple(by_place), read.names
        page.missing_at = page.suspect_at = page.suspect_text = ""
        self.accepted.append(fetch)

    def _take_list(self, fetch: Fetch, page: PageState, read: Page) -> None:
        """Take what a completely read list proves: documents it no longer names are gone, newly named ones are new."""
        if not page.names:
            return
        unlisted = set(page.names) - set(read.names)
        for place, strand in self.state.strands.items() if unlisted else ():
            if place.document in unlisted and strand.shown:
                url = strand.urls[0] if strand.urls else fetch.url
                self.vanished.setdefault(place, Gone(url, fetch.observed_at, fetch.observed_at))
        fresh = [name for name in read.names if name not in page.names]
        page.fresh = (*page.fresh, *fresh)
        self.state.fresh.update(fresh)

    def _note_frame(self, fetch: Fetch, page: PageState, seen: Seen) -> None:
        """Remember a page whose bytes differ; whether only its rendering does is known when its text is compared."""
        if not page.frame or page.frame == seen.frame:
            return
        if page.shape != seen.page.shape:
            self.rerendered.add(fetch.url)
        elif not page.restless:
            self.rerendered.add(fetch.url)
            page.restless = True

    def _suspect(self, fetch: Fetch, flaws: Sequence[Flaw]) -> None:
        self._judge(fetch, "suspect", *(flaw.message for flaw in flaws))
        self.result.problems.extend(self._problem(fetch, flaw) for flaw in flaws)

    def _problem(self, fetch: Fetch, flaw: Flaw) -> Problem:
        return Problem(
            source=self.source.id,
            url=fetch.url,
            observed_at=fetch.observed_at,
            wave_at=self.wave.at,
            code=flaw.code,
            message=flaw.message,
        )

    def _judge(self, fetch: Fetch, verdict: Verdict, *reasons: str) -> None:
        self.result.judged.append(
            Judged(
                source=self.source.id,
                wave_at=self.wave.at,
                url=fetch.url,
                observed_at=fetch.observed_at,
                status=fetch.status,
                sha256=fetch.sha256,
                verdict=verdict,
                reasons=reasons,
            )
        )

    # -- the wave as a whole --------------------------------------------------------------------------------------

    def settle_documents(self) -> None:
        """Compare every strand that a page shows with what it showed before; open its new locations."""
        for place in sorted(self.found, key=lambda place: (place.document, place.strand)):
            showings = self.found[place]
            strand = self.state.strands.get(place)
            if strand is None:
                citation = showings[0].now[0].reading.citation
                strand = self.state.strands[place] = StrandState(citation)
            told = self._choose_showings(place, strand, showings)
            for showing in told:
                self._settle_showing(place, strand, showing)
            for showing in showings:
                self._open_location(place, strand, showing)

    def _choose_showings(self, place: Place, strand: StrandState, showings: list[Showing]) -> list[Showing]:
        """Return the showings of the strand's own URL; other URLs that disagree with it are a problem, not a change."""
        urls = [showing.fetch.url for showing in showings]
        own = next((url for url in reversed(strand.urls) if url in urls), urls[0])
        chosen = [showing for showing in showings if showing.fetch.url == own]
        others = [showing for showing in showings if showing.fetch.url != own]
        said = _hashes(chosen[-1])
        for showing in others:
            if _hashes(showing) != said:
                message = f"{place.document} reads otherwise at {showing.fetch.url} than at {own}"
                self.result.problems.append(self._problem(showing.fetch, Flaw("disagreement", message)))
        return chosen

    def _settle_showing(self, place: Place, strand: StrandState, showing: Showing) -> None:
        if not strand.shown:
            known = bool(strand.urls) or place in self.gone
            provable = showing.provable or place.document in self.state.fresh or known
            baseline = self.state.waves == 0 or not provable
            row = DocumentRow(place, strand.citation, showing.first_sight, baseline)
            self.result.documents.append(row)
            if not baseline:
                self.new[place] = showing
        else:
            today = date.fromisoformat(showing.first_sight[:10])
            told = compare_strand(strand.shown, showing.now, today, self.load)
            self._report(place, strand, showing, told)
        self._show(place, strand, showing)

    def _report(self, place: Place, strand: StrandState, showing: Showing, told: Sequence[Told]) -> None:
        if not told:
            return
        old = self.load(strand.shown[-1].version)
        reading = showing.now[-1].reading
        seen = msgspec.structs.replace(showing, old_url=strand.urls[-1] if strand.urls else "")
        rows = [self.rows.make(place, one, reading, old, seen) for one in told]
        self.result.changes.extend(link_akin(rows, [one.change for one in told]))

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
        self.result.versions.append(
            Version(
                version=name,
                source=self.source.id,
                url=showing.fetch.url,
                sha256=showing.fetch.sha256 or "",
                text_hash=now.text_hash,
                observed_from=showing.first_sight,
                wave_at=self.wave.at,
                reading=now.reading,
            )
        )
        return Shown(name, now.text_hash, *dates)

    def _open_location(self, place: Place, strand: StrandState, showing: Showing) -> None:
        url = showing.fetch.url
        if url not in strand.urls:
            strand.urls.append(url)
            self.result.locations.append(LocationRow(place, url, showing.first_sight))

    def settle_missing(self) -> None:
        """Decide what became of addresses that answered "not found" and of documents that left a page or list."""
        for fetch, page, proven in self.missing:
            self._settle_address(fetch, page, proven=proven)
        for place, gone in self.vanished.items():
            strand = self.state.strands[place]
            elsewhere = [url for url in strand.urls if url != gone.url]
            if place in self.found or elsewhere:
                self._leave(place, strand, gone)
            else:
                self.gone[place] = gone
        self._report_gone_and_new()

    def _settle_address(self, fetch: Fetch, page: PageState, *, proven: bool) -> None:
        gone = Gone(fetch.url, page.missing_at, fetch.observed_at)
        page.places = tuple(place for place in page.places if not self._leaves_address(place, gone, proven=proven))
        if page.places:
            message = f"not found; unavailable since {page.missing_at}"
            self._suspect(fetch, [Flaw("unavailable", message)])
        else:
            self._judge(fetch, "removed", f"not found since {page.missing_at}")

    def _leaves_address(self, place: Place, gone: Gone, *, proven: bool) -> bool:
        """Take a document from a missing address if it stands elsewhere or its absence is proven."""
        strand = self.state.strands[place]
        if place in self.found:
            self._leave(place, strand, gone)
            self.relocated.add(gone.url)
            return True
        if not proven:
            return False
        if strand.urls == [gone.url]:
            self.gone[place] = gone
        else:
            self._leave(place, strand, gone)
        return True

    def _leave(self, place: Place, strand: StrandState, gone: Gone) -> None:
        if gone.url in strand.urls:
            strand.urls.remove(gone.url)
            self.result.locations.append(LocationRow(place, gone.url, gone.first_sight, gone=True))

    def _report_gone_and_new(self) -> None:
        """Report documents that left and came; one that came with the law of one that left was renumbered."""
        left = [(place, gone, self._close(place, gone)) for place, gone in self.gone.items()]
        by_law = {self.rows.law_hash(reading): (gone, reading) for _, gone, reading in left if reading is not None}
        renumbered = {self._report_new(place, showing, by_law) for place, showing in self.new.items()}
        for place, gone, reading in left:
            if reading is not None and reading.document not in renumbered:
                row = self.rows.make_removed(place, removed_document(reading), reading, gone)
                self.result.changes.append(row)
                self.result.removed[self.rows.law_hash(reading)] = row.id
        self.state.removed.update(self.result.removed)

    def _close(self, place: Place, gone: Gone) -> Reading | None:
        """Close what a document showed and its last location; returns its last reading, None if it showed nothing."""
        strand = self.state.strands[place]
        reading = self.load(strand.shown[-1].version) if strand.shown else None
        self.result.closings.extend(Closing(shown.version, gone.first_sight) for shown in strand.shown)
        strand.shown = []
        self._leave(place, strand, gone)
        return reading

    def _report_new(self, place: Place, showing: Showing, by_law: dict[str, tuple[Gone, Reading]]) -> str:
        """Report a new document; returns the id of the document it was renumbered from, "" if from none."""
        reading = showing.now[-1].reading
        law = self.rows.law_hash(reading)
        former = by_law.pop(law, None)
        if former is not None:
            gone, old = former
            seen = msgspec.structs.replace(showing, old_url=gone.url)
            self.result.changes.append(self.rows.make_renumbered(place, reading, old, seen))
            return old.document
        row = self.rows.make(place, Told(added_document(reading)), reading, None, showing)
        see_also = (self.state.removed[law],) if law in self.state.removed else ()
        self.result.changes.append(msgspec.structs.replace(row, see_also=see_also))
        return ""

    def finish(self) -> None:
        """Write the verdicts on accepted pages, the events, and the state of the pages touched."""
        for fetch in self.accepted:
            self._judge(fetch, "version" if fetch.url in self.changed_urls else "same")
        self.rerendered -= self.changed_urls
        suspects = {judged.url for judged in self.result.judged if judged.verdict == "suspect"}
        self.result.events.extend(
            self.rows.make_events(
                self.result.changes, relocated=self.relocated, rerendered=self.rerendered, suspects=suspects
            )
        )
        self.result.pages.extend(self.touched.values())
        self.result.found_words.extend(self.rows.found_words)


def _hashes(showing: Showing) -> list[str]:
    return [now.text_hash for now in showing.now]


def proves_itself(reading: Reading) -> bool:
    """Tell whether a short text says itself that the law is gone: "Repealed.", or the status its heading prints too."""
    root, *below = reading.provisions
    texts = [part.text for part in below if part.text]
    if is_repealed(root.heading) or any(is_repealed(text) for text in texts):
        return True
    status = STATUS.search(root.heading)
    return status is not None and squeeze_text(" ".join(texts)) in ("", squeeze_text(status[1]))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
