"""Judge the fetches of a wave: which pages are believed, which are not, and what the believed ones show."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from kb.compare.ahead import ReadSeen, frame_readings, is_known, is_same_answer, look_ahead, show_reading
from kb.compare.doubts import ALIKE, Doubt, Sight, doubt_page, is_outgrown, is_proven, says_little
from kb.compare.draft import WaveDraft
from kb.compare.proof import is_missing_long
from kb.compare.rerender import is_rendered_anew
from kb.compare.state import Gone, Now, PageState, Seen, Showing
from kb.models import Fetch, Flaw, Page, Place, Reading

# A page whose frame alone differed in so many waves in a row is restless: that it differs again tells nothing.
RESTLESS_AFTER = 2


def judge_fetches(draft: WaveDraft, see: ReadSeen) -> None:
    """Judge every fetch of the wave in order; ``see`` reads a fetch's page. What is found stands in the draft."""
    judge = _Judge(draft, see)
    for fetch in draft.wave.fetches:
        judge.take(fetch)


class _Judge:
    """The fetches of one wave, looked at as a whole first, then judged one by one."""

    def __init__(self, draft: WaveDraft, see: ReadSeen) -> None:
        self.draft = draft
        self.see = see
        self.ahead = look_ahead(draft.state, draft.wave, see, draft.load_page)
        draft.result.learned.extend(self.ahead.learned)
        draft.state.learned.update({one.key: one for one in self.ahead.learned})
        self.before: dict[str, dict[str, str]] = {}
        # The addresses that said the same when they were not believed, by what they said.
        self.refused: defaultdict[str, set[str]] = defaultdict(set)
        for url, page in draft.state.pages.items():
            if page.suspect_frame:
                self.refused[page.suspect_frame].add(url)
        self.first = Counter(page.first_frame for page in draft.state.pages.values())

    def take(self, fetch: Fetch) -> None:
        """Judge one fetch and note what its page shows."""
        page = self.draft.touch(fetch.url)
        if fetch.outcome in ("missing", "redirected"):
            self._take_missing(fetch, page)
        elif fetch.outcome == "not_modified" and page.suspect_at:
            self.draft.judge(fetch, "suspect", "not modified since a page that is not trusted")
        elif is_same_answer(page, fetch):
            page.missing_at = page.suspect_at = page.suspect_text = ""
            page.read_at = fetch.observed_at
            page.confirmed = page.confirmed or fetch.url not in self.draft.first_read
            self.draft.read_well.add(fetch.url)
            self.draft.unlisted.update(dict.fromkeys(page.doubted, fetch))
            self.draft.judge(fetch, "same")
        elif fetch.outcome != "ok" or fetch.sha256 is None:
            self.draft.suspect(fetch, [Flaw("not_retrieved", f"{fetch.outcome}, status {fetch.status}")])
        else:
            seen = self.ahead.seen.pop(fetch.seq, None)
            self._take_page(fetch, page, seen if seen is not None else self.see(fetch))

    def _take_missing(self, fetch: Fetch, page: PageState) -> None:
        """Take an answer without a page: not found, or led elsewhere, which alone never proves that law is gone."""
        missing = fetch.outcome == "missing"
        page.was_missing = page.was_missing or missing
        page.sha256 = ""
        self.draft.read_well.discard(fetch.url)
        named = None if page.places or page.names else self.draft.rule.name(fetch.url)
        if not page.places and not page.names and not self.draft.is_shown(named):
            self.draft.judge(fetch, "noise", "not found, and nothing is known to stand there")
            return
        if named is not None and page.missing_at <= self._last_read(named):
            page.missing_at = page.missing_wave = ""
        if not page.missing_at or (missing and not page.missing_wave):
            page.missing_at, page.missing_wave = fetch.observed_at, self.draft.wave.at if missing else ""
        proven = fetch.status == 410 or (
            missing and page.missing_wave != self.draft.wave.at and is_missing_long(page.missing_at, fetch.observed_at)
        )
        if named is not None:
            self.draft.missing_names.append((fetch, page, named, proven))
        else:
            self.draft.missing.append((fetch, page, proven))

    def _last_read(self, place: Place) -> str:
        """Return the instant at which a document was last read at any of its addresses."""
        urls = self.draft.state.strands[place].urls
        return max((self.draft.state.pages[url].read_at for url in urls), default="")

    def _take_page(self, fetch: Fetch, page: PageState, seen: Seen) -> None:
        read = seen.page
        if read.flaws:
            self.draft.suspect(fetch, read.flaws)
            page.suspect_at, page.suspect_wave, page.suspect_text = fetch.observed_at, self.draft.wave.at, ""
            return
        shows = [show_reading(reading, self.draft.state.learned) for reading in read.readings]
        whole = " ".join([*(now.text_hash for now in shows), *read.names])
        sight = self._sight(fetch, page, seen, shows)
        doubt = doubt_page(page, sight)
        first_sight = fetch.observed_at
        if is_outgrown(page, sight):
            self.draft.outgrown.add(fetch.url)
        elif doubt is not None:
            if not is_proven(doubt, page, sight.frame, fetch.observed_at, self.draft.wave.at):
                self._distrust(fetch, page, doubt, (whole, sight.frame))
                return
            first_sight = page.suspect_at if page.suspect_text == whole else fetch.observed_at
        self._accept(fetch, page, sight, shows, first_sight)

    def _sight(self, fetch: Fetch, page: PageState, seen: Seen, shows: Sequence[Now]) -> Sight:
        """Set a page beside what is known of it, and count the addresses that say, or once said in error, the same."""
        known = tuple(is_known(self.draft.state, now) for now in shows)
        ahead = self.ahead.frames.get(fetch.seq)
        frame = " ".join([ahead, *seen.page.names]) if ahead is not None else ""
        if not frame and not (page.places and known and all(known)):
            frame = self._frame(page, seen, shows)
        alike = self.refused.get(frame, set()) | self.ahead.alike.get(frame, set()) if frame else set()
        if len(alike) >= ALIKE and frame not in self.before:
            self.before[frame] = self._list_former(alike)
        before = self.before.get(frame, {})
        # Who always said it is believed; the others borrowed it.
        merged = set() if before.get(page.url) == frame else set(before.values())
        return Sight(
            seen=seen,
            known=known,
            alike=len(alike),
            load=self.draft.load_page,
            elsewhere=self.ahead.fresh,
            declared=self.draft.rule.declared,
            frame=frame,
            before=merged,
            former=self.first[page.first_frame] if page.first_frame else 0,
        )

    def _frame(self, page: PageState, seen: Seen, shows: Sequence[Now]) -> str:
        """Return what a page says, figures aside; "" for a first sight with too much law to answer for all."""
        plain = page.places or page.names or self.ahead.alike or says_little(seen.page)
        return " ".join([frame_readings([now.reading for now in shows], page.url), *seen.page.names]) if plain else ""

    def _list_former(self, urls: Collection[str]) -> dict[str, str]:
        """Return what addresses that say the same now said before, as frames."""
        pages = (page for url in urls if (page := self.draft.state.pages.get(url)) is not None and page.places)
        return {page.url: frame_readings(self.draft.load_page(page), page.url) for page in pages}

    def _distrust(self, fetch: Fetch, page: PageState, doubt: Doubt, said: tuple[str, str]) -> None:
        whole, page.suspect_frame = said
        if page.suspect_text != whole:
            page.suspect_at, page.suspect_wave, page.suspect_text = fetch.observed_at, self.draft.wave.at, whole
        self.draft.suspect(fetch, [doubt.flaw])

    def _accept(self, fetch: Fetch, page: PageState, sight: Sight, shows: Sequence[Now], first_sight: str) -> None:
        seen, read, by_place = sight.seen, sight.page, dict[Place, list[Now]]()
        for now in shows:
            by_place.setdefault(place_reading(now.reading), []).append(now)
        if not page.places and not page.names:
            self.draft.first_read.add(fetch.url)
            page.first_frame = sight.frame if says_little(read) else ""
        page.confirmed = (
            page.confirmed or self.draft.rule.declared or fetch.url not in self.draft.first_read | self.draft.outgrown
        )
        provable = page.was_missing or bool(page.places)
        for place, twins in by_place.items():
            self.draft.found.setdefault(place, []).append(Showing(fetch, tuple(twins), first_sight, provable))
        for place in page.places:
            if place not in by_place:
                self.draft.vanished[place, fetch.url] = Gone(fetch.url, first_sight, fetch.observed_at)
                self.draft.changed_urls.add(fetch.url)
        if read.names and read.complete:
            self._take_list(fetch, page, read)
        self._note_frame(fetch, page, seen)
        page.sha256, page.final_url = fetch.sha256 or "", fetch.final_url
        if is_rendered_anew(page.markup, seen.markup):
            self.draft.anew.setdefault(fetch.url, [])
        page.shape, page.frame, page.length, page.markup = read.shape, seen.frame, read.length, seen.markup
        page.tags = seen.tags
        page.complete = read.complete
        page.places = tuple(by_place)
        page.missing_at = page.suspect_at = page.suspect_text = ""
        page.read_at = fetch.observed_at
        self.draft.read_well.add(fetch.url)
        self.draft.accepted.append(fetch)

    def _take_list(self, fetch: Fetch, page: PageState, read: Page) -> None:
        """Take what a completely read list proves: documents it no longer names are gone, newly named ones are new."""
        before, now = {*page.names, *page.doubted}, set(read.names)
        if page.names:
            self.draft.unlisted.update(dict.fromkeys(sorted(before - now), fetch))
            fresh = [name for name in read.names if name not in before]
            page.fresh = (*page.fresh, *fresh)
            self.draft.state.fresh.update(fresh)
            if before != now:
                self.draft.changed_urls.add(fetch.url)
        page.names, page.doubted = read.names, ()

    def _note_frame(self, fetch: Fetch, page: PageState, seen: Seen) -> None:
        """Remember a page whose bytes differ; whether only its rendering does is known when its text is compared."""
        if not page.frame or page.frame == seen.frame:
            return
        if page.shape == seen.page.shape:
            self.draft.restless.add(fetch.url)
        if page.shape != seen.page.shape or page.restless < RESTLESS_AFTER:
            self.draft.rerendered.add(fetch.url)
            self.draft.reworded |= {fetch.url} if page.tags == seen.tags else set()


def place_reading(reading: Reading) -> Place:
    """Return the strand a reading belongs to."""
    return Place(reading.document, reading.strand)
