"""Look at a whole wave before judging any page of it: what moves everywhere, and what many addresses say alike.

Only pages known before are looked at (a first sight teaches nothing but by a second fetch), so that memory stays that
of the pages that changed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import msgspec

from kb.compare.ids import content_id, text_hash
from kb.compare.moves import LEAST_LAW
from kb.compare.state import Learned, Now, PageState, Seen, SourceState
from kb.compare.trust import LEAST_KEPT, list_texts, measure_kept
from kb.compare.volatile import LEAST_PAGES, Restless, learn_lines, mask_reading, take_frame
from kb.models import Fetch, Page, Place, Reading, Wave
from kb.read.canonical import fold_text

ReadSeen = Callable[[Fetch], Seen]
LoadShown = Callable[[PageState], list[Reading]]
# Two fetches of a page no further apart than this are one visit: law does not change between them.
ONE_VISIT = timedelta(minutes=10)

LONG_PAGE = 4_000
WITHOUT_DIGITS = dict.fromkeys(map(ord, "0123456789"))


class Ahead(msgspec.Struct, frozen=True):
    """What a wave shows as a whole: its pages by fetch, the lines it teaches, and the addresses that share a text.

    ``frames`` tells what each page with another text says, figures aside, by fetch; ``fresh`` are texts of law that
    came to a page which did not show them before.
    """

    seen: dict[int, Seen] = {}
    learned: tuple[Learned, ...] = ()
    alike: dict[str, set[str]] = {}
    frames: dict[int, str] = {}
    fresh: set[str] = set()


def look_ahead(state: SourceState, wave: Wave, see: ReadSeen, load: LoadShown) -> Ahead:
    """Read the changed pages of a wave; ``load`` returns what a page showed when it was last believed."""
    ahead = Ahead(seen={fetch.seq: see(fetch) for fetch in _list_wanted(state, wave)})
    other = {seq: seen for seq, seen in ahead.seen.items() if not _says_the_same(state, seen.page)}
    pairs: list[tuple[Fetch, Restless]] = []
    for fetch in wave.fetches:
        page = state.pages.get(fetch.url)
        seen = other.get(fetch.seq)
        if page is None or not page.places or fetch.outcome not in ("ok", "not_modified"):
            if seen is not None and not seen.page.flaws:
                ahead.fresh.update(law for reading in seen.page.readings for law in _list_laws(reading))
            continue
        found = _pair_readings(page, seen, load) if seen is not None else None
        if found is not None:
            pairs.append((fetch, found))
            ahead.fresh.update(_list_laws(found.new) - _list_laws(found.old))
    # A recording may hold the changed pages alone: most of them are not most pages.
    known = sum(1 for page in state.pages.values() if page.places)
    visits = list(_pair_visits(wave, ahead.seen))
    frames = _frame_seen(other, wave, state.learned)
    taught = learn_lines([*_drop_merged(pairs, frames), *visits], known, wave.at)
    fresh = {one.key: one for one in taught if one.key not in state.learned}
    if fresh:
        frames = _frame_seen(other, wave, state.learned | fresh)
    if len(set(frames.values())) < len(frames):
        # Pages that say what another always said: it may be among those whose text stayed.
        frames = _frame_seen(ahead.seen, wave, state.learned | fresh)
    alike = _group_alike(wave, frames)
    return msgspec.structs.replace(ahead, learned=tuple(fresh.values()), alike=alike, frames=frames)


def _group_alike(wave: Wave, frames: Mapping[int, str]) -> dict[str, set[str]]:
    """Return which addresses say the same, by what they say."""
    alike: defaultdict[str, set[str]] = defaultdict(set)
    for fetch in wave.fetches:
        if fetch.seq in frames:
            alike[frames[fetch.seq]].add(fetch.url)
    return alike


def _drop_merged(pairs: Sequence[tuple[Fetch, Restless]], frames: Mapping[int, str]) -> list[Restless]:
    """Return the pairs without those whose addresses said different things and say the same now: they teach nothing."""
    groups: defaultdict[str, list[tuple[Fetch, Restless]]] = defaultdict(list)
    for fetch, pair in pairs:
        groups[frames[fetch.seq]].append((fetch, pair))
    merged = [group for group in groups.values() if len(group) >= LEAST_PAGES and _said_otherwise(group)]
    dropped = {fetch.seq for group in merged for fetch, _ in group}
    return [pair for fetch, pair in pairs if fetch.seq not in dropped]


def _said_otherwise(group: Sequence[tuple[Fetch, Restless]]) -> bool:
    return len({frame_readings([pair.old], fetch.url) for fetch, pair in group}) >= LEAST_PAGES


def show_reading(reading: Reading, learned: Mapping[str, Learned]) -> Now:
    """Return a reading as it is compared: without its learned lines, and with the hash of what is left."""
    masked = mask_reading(reading, learned)
    return Now(masked, text_hash(masked), None if masked is reading else reading)


def is_known(state: SourceState, now: Now) -> bool:
    """Tell whether a strand shows this very text already."""
    strand = state.strands.get(Place(now.reading.document, now.reading.strand))
    return strand is not None and any(shown.text_hash == now.text_hash for shown in strand.shown)


def _says_the_same(state: SourceState, page: Page) -> bool:
    """Tell whether other bytes say what is known word for word: such a page teaches nothing and is not doubted."""
    shows = (show_reading(reading, state.learned) for reading in page.readings)
    return bool(page.readings) and not page.flaws and all(is_known(state, now) for now in shows)


def _frame_seen(seen: Mapping[int, Seen], wave: Wave, learned: Mapping[str, Learned]) -> dict[int, str]:
    """Return what each page read ahead says, its restless lines aside, by its fetch."""
    return {
        fetch.seq: frame_readings(
            [mask_reading(reading, learned) for reading in seen[fetch.seq].page.readings], fetch.url
        )
        for fetch in wave.fetches
        if fetch.seq in seen
    }


def is_same_answer(page: PageState, fetch: Fetch) -> bool:
    """Tell whether an address answered as it did when it was last believed: the same bytes from the same place."""
    if fetch.outcome == "not_modified":
        return True
    return fetch.sha256 is not None and fetch.sha256 == page.sha256 and fetch.final_url == page.final_url


def frame_readings(readings: Iterable[Reading], url: str) -> str:
    """Return a hash of what a page says without figures, session names and its own address.

    Error pages differ in those alone.
    """
    path = unquote(urlsplit(url).path).lower()
    # A lone word ("/fees") may be one of the page's own.
    names = [name for name in (url.lower(), path, path.rpartition("/")[2]) if len(name) > 1 and not name.isalpha()]
    said = "\n".join(f"{part.heading} {part.text}" for reading in readings for part in reading.provisions).lower()
    for name in names:
        said = said.replace(name, "0")
    # Session names and moments stand on pages of a few words; law as long as this differs in its words or not at all.
    return content_id(take_frame(said) if len(said) < LONG_PAGE else fold_text(said.translate(WITHOUT_DIGITS)))


def _list_laws(reading: Reading) -> set[str]:
    return {text for text in list_texts(reading) if len(text) >= LEAST_LAW}


def _list_wanted(state: SourceState, wave: Wave) -> Iterator[Fetch]:
    """Yield the fetches whose page must be read to know it: known pages with other bytes, and pages fetched twice."""
    times: defaultdict[str, int] = defaultdict(int)
    for fetch in wave.fetches:
        times[fetch.url] += fetch.outcome == "ok"
    for fetch in wave.fetches:
        page = state.pages.get(fetch.url)
        # Of a source watched before, new pages are few: text may have moved there.
        known = not is_same_answer(page, fetch) if page is not None and page.places else state.waves > 0
        if fetch.outcome == "ok" and fetch.sha256 is not None and (known or times[fetch.url] > 1):
            yield fetch


def _pair_readings(page: PageState, seen: Seen, load: LoadShown) -> Restless | None:
    """Return what a page of one document said and says, None where it cannot teach: broken, or another page."""
    if seen.page.flaws or len(seen.page.readings) != 1 or len(page.places) != 1:
        return None
    old, new = load(page), seen.page.readings[0]
    if not old or measure_kept(old, [new]) < LEAST_KEPT:
        return None
    return Restless(old[-1], new, page.read_at)


def _pair_visits(wave: Wave, seen: dict[int, Seen]) -> Iterator[Restless]:
    """Yield the readings of pages that were fetched twice in one visit."""
    for first, second in pairwise(wave.fetches):
        one, other = seen.get(first.seq), seen.get(second.seq)
        if first.url != second.url or one is None or other is None or first.sha256 == second.sha256:
            continue
        apart = datetime.fromisoformat(second.observed_at) - datetime.fromisoformat(first.observed_at)
        before, after = one.page.readings, other.page.readings
        if not timedelta() < apart <= ONE_VISIT or len(before) != 1 or len(after) != 1:
            continue
        if measure_kept(before, after) >= LEAST_KEPT:
            yield Restless(before[0], after[0], first.observed_at, at_once=True)
