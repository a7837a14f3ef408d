"""One wave of a source in progress: what was found so far, and the rows it adds.

Judging, settling and ending share this draft; each fills its part of it, and nothing in it outlives the wave but the
state and the rows.
"""

from collections.abc import Callable, Iterable

import msgspec

from kb.compare.rerender import Compared
from kb.compare.state import Gone, LocationRow, PageState, Showing, SourceState, StrandState, WaveResult
from kb.compare.volatile import mask_reading
from kb.models import Fetch, Flaw, Judged, Place, Problem, Reading, Verdict, Wave

Load = Callable[[str], Reading]


class SourceRule(msgspec.Struct, frozen=True):
    """What a source's declaration says of judging: ``name`` returns the strand that an address names, None if none.

    ``declared`` says that selectors tell where the main part of a page is.
    """

    name: Callable[[str], Place | None]
    declared: bool = False


class WaveDraft:
    """One wave in progress. ``load_known`` returns the reading of a version that an earlier wave made.

    ``found`` holds what pages show of each strand, ``vanished`` documents that left a page, ``unlisted`` those that
    left a list, ``missing`` addresses without a page (and whether that proves anything), ``read_well`` URLs that were
    believed, ``changed_urls`` those whose law or notes moved, ``relocated`` those a document came to.
    """

    def __init__(self, state: SourceState, wave: Wave, load_known: Load, rule: SourceRule) -> None:
        """Begin a wave with nothing found."""
        self.rule = rule
        self.state = state
        self.wave = wave
        self.load_known = load_known
        self.made: dict[str, Reading] = {}
        self.result = WaveResult(source=wave.source, wave_at=wave.at)
        self.found: dict[Place, list[Showing]] = {}
        self.vanished: dict[tuple[Place, str], Gone] = {}
        self.unlisted: dict[str, Fetch] = {}
        self.missing: list[tuple[Fetch, PageState, bool]] = []
        # Addresses without a page that name a document which is known at other addresses only.
        self.missing_names: list[tuple[Fetch, PageState, Place, bool]] = []
        self.read_well: set[str] = set()
        self.changed_urls: set[str] = set()
        self.relocated: set[str] = set()
        self.touched: dict[str, PageState] = {}
        self.accepted: list[Fetch] = []
        # Pages whose bytes differ: by another rendering, for no reason at all, or by words between the same tags.
        self.rerendered: set[str] = set()
        self.restless: set[str] = set()
        self.reworded: set[str] = set()
        # Pages read for the first time, and pages whose first sight proved to be no rule.
        self.first_read: set[str] = set()
        self.outgrown: set[str] = set()
        # The documents of pages that another program rendered, by URL.
        self.anew: dict[str, list[Compared]] = {}
        self.gone: dict[Place, Gone] = {}
        self.new: dict[Place, Showing] = {}

    def load(self, version: str) -> Reading:
        """Return the reading of a version, be it of an earlier wave or of this one, without its learned lines."""
        made = self.made.get(version)
        return mask_reading(made if made is not None else self.load_known(version), self.state.learned)

    def load_page(self, page: PageState) -> list[Reading]:
        """Return what a page showed when it was last believed: the latest reading of each of its documents."""
        strands = (self.state.strands.get(place) for place in page.places)
        return [self.load(strand.shown[-1].version) for strand in strands if strand is not None and strand.shown]

    def touch(self, url: str) -> PageState:
        """Return the state of a page, to be kept with the wave."""
        page = self.state.pages.get(url)
        if page is None:
            page = self.state.pages[url] = PageState(url)
        self.touched[url] = page
        return page

    def judge(self, fetch: Fetch, verdict: Verdict, *reasons: str) -> None:
        """Record the verdict on a fetch, with its reasons."""
        self.result.judged.append(
            Judged(
                source=self.wave.source,
                wave_at=self.wave.at,
                url=fetch.url,
                observed_at=fetch.observed_at,
                status=fetch.status,
                sha256=fetch.sha256,
                verdict=verdict,
                reasons=reasons,
            )
        )

    def suspect(self, fetch: Fetch, flaws: Iterable[Flaw]) -> None:
        """Record that a fetch is not believed, and why."""
        told = tuple(flaws)
        self.judge(fetch, "suspect", *(flaw.message for flaw in told))
        for flaw in told:
            self.note_problem(fetch, flaw)

    def is_shown(self, place: Place | None) -> bool:
        """Tell whether a strand is known and was shown when last seen."""
        strand = self.state.strands.get(place) if place is not None else None
        return strand is not None and bool(strand.shown)

    def note_problem(self, fetch: Fetch, flaw: Flaw) -> None:
        """Record a problem met on a fetch."""
        self.result.problems.append(
            Problem(
                source=self.wave.source,
                url=fetch.url,
                observed_at=fetch.observed_at,
                wave_at=self.wave.at,
                code=flaw.code,
                message=flaw.message,
            )
        )

    def note_rendering(self, url: str, place: Place, old: Reading | None, new: Reading | None) -> None:
        """Keep both sides of a document on a page that another program rendered."""
        if url in self.anew:
            self.anew[url].append(Compared(place, old, new))

    def stands_elsewhere(self, place: Place, strand: StrandState, url: str) -> str:
        """Return another address that shows the document in this wave, "" if none does."""
        others = (other for other in reversed(strand.urls) if other != url and other in self.read_well)
        return next((other for other in others if place in self.state.pages[other].places), "")

    def leave(self, place: Place, gone: Gone) -> None:
        """Take a document from an address."""
        strand = self.state.strands[place]
        if gone.url in strand.urls:
            strand.urls.remove(gone.url)
            self.result.locations.append(LocationRow(place, gone.url, gone.first_sight, gone=True))
