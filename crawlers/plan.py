"""Decide what a crawl does: which sources, which run, and at which pages it begins."""

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from crawlers.budget import fit_day
from crawlers.platforms import UnknownPlatformError, find_platform, is_settled, list_seeds, starts_over
from crawlers.recorded import RecordedWeb
from crawlers.settings import KB_LONGEST_WAIT
from crawlers.summary import SourceSummary, describe_policy
from kb.captures import order_instant, tell_outcome
from kb.declarations import list_known
from kb.errors import UnknownSourceError
from kb.sources import Source
from kb.store.archive import close_run, ensure_log, record_declarations, start_run
from kb.store.connection import transaction
from kb.store.crawls import (
    CrawlNote,
    LastAnswer,
    OpenCrawl,
    find_open_crawl,
    has_wave_at,
    read_last_answers,
    read_last_crawls,
    write_note,
)
from kb.store.frontier import add_urls, list_open_sources, read_depths, read_latest_due, take_over
from kb.store.hosts import HostNote, read_held_hosts

logger = logging.getLogger(__name__)

# Days between two crawls of a source. A tenth less counts as due, or a weekly crawl that ran some minutes longer than
# the one before would be put off by a whole week.
CADENCE_DAYS: Mapping[str, int] = {"daily": 1, "weekly": 7, "monthly": 30, "quarterly": 91, "yearly": 365}
DUE_SHARE = 0.9
# A page is not asked for again once it was missing in two crawls as far apart as the proof of a removal needs.
MISSING_FOR = timedelta(hours=20)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for: sources by id or jurisdiction (empty: all), and whether only those due are meant."""

    sources: tuple[str, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    due: bool = False


class Chosen(msgspec.Struct, frozen=True):
    """The sources to crawl by id, and what came at once of those that are not crawled."""

    sources: dict[str, Source]
    set_aside: dict[str, SourceSummary]


class Opened(msgspec.Struct, frozen=True):
    """The run a crawl works in ("": none), the due date its pages share, and whether an earlier process began it."""

    run: str
    due_at: str
    resumed: bool


def choose_sources(db: sqlite3.Connection, declared: Sequence[Source], wanted: Wanted, now: str) -> Chosen:
    """Choose the sources to crawl.

    Those whose policy forbids it, whose platform has no crawler, or (of those due) which do not fit into what their
    host is asked in a day are set aside with the reason. Raises UnknownSourceError for an id or jurisdiction that no
    source has.
    """
    _check_names(declared, wanted)
    last = read_last_crawls(db) if wanted.due else {}
    chosen = [source for source in declared if is_wanted(source, wanted)]
    if wanted.due:
        chosen = [source for source in chosen if is_due(source, last.get(source.id, ""), now)]
    set_aside = {source.id: aside for source in chosen if (aside := _set_aside(source)) is not None}
    if wanted.due:
        due = [source for source in chosen if source.id not in set_aside]
        waiting = sorted(due, key=lambda source: (last.get(source.id, ""), source.id))
        set_aside |= fit_day(db, {source.id: list_pages(db, source) for source in waiting}, declared, now)
    return Chosen({source.id: source for source in chosen if source.id not in set_aside}, set_aside)


def restrict_to_replay(db: sqlite3.Connection, chosen: Chosen, web: RecordedWeb) -> Chosen:
    """Keep the sources that the recorded web holds pages of and that the archive does not yet have for its instant."""
    sources, set_aside = {}, dict(chosen.set_aside)
    for name, source in chosen.sources.items():
        if has_wave_at(db, name, web.at):
            set_aside[name] = SourceSummary(skipped=f"the archive already holds its pages of {web.at}")
        elif any(source.matches(capture.url) for capture in web.list_captures()):
            sources[name] = source
    return Chosen(sources, set_aside)


def set_aside_held(db: sqlite3.Connection, chosen: Chosen, now: str) -> Chosen:
    """Set aside the sources none of whose hosts may be asked now, with the reason; they stay due."""
    held = {host: note for host, note in read_held_hosts(db, now).items() if _is_held_long(note, now)}
    if not held:
        return chosen
    sources, set_aside = {}, dict(chosen.set_aside)
    for name, source in chosen.sources.items():
        notes = [held.get(host) for host in list_known_hosts(db, source)]
        barring = [note for note in notes if note is not None]
        if barring and len(barring) == len(notes):
            set_aside[name] = SourceSummary(skipped=describe_held(min(barring, key=lambda note: note.until)))
        else:
            sources[name] = source
    return Chosen(sources, set_aside)


def _is_held_long(note: HostNote, now: str) -> bool:
    """Tell whether a crawl would not just wait until the instant of a note."""
    left = datetime.fromisoformat(note.until) - datetime.fromisoformat(now)
    return note.kind == "open" or left.total_seconds() > KB_LONGEST_WAIT


def list_known_hosts(db: sqlite3.Connection, source: Source) -> list[str]:
    """List the hosts of the pages a crawl of a source would ask for, each once."""
    return list(dict.fromkeys(urlsplit(url).hostname or "" for url in list_pages(db, source)))


def list_pages(db: sqlite3.Connection, source: Source) -> list[str]:
    """List the pages a crawl of a source would ask for, as far as they are known before it."""
    return list(dict.fromkeys((*list_seeds(source), *_list_known(db, source, read_last_answers(db, source.id)))))


def describe_held(note: HostNote) -> str:
    """Say why a host is not asked before an instant."""
    code = "breaker open" if note.kind == "open" else "told later"
    return f"{code}: {note.reason}; not asked before {note.until}"


def is_due(source: Source, last_crawl: str, now: str) -> bool:
    """Tell whether a source is to be crawled again: its cadence has passed since the last crawl began ("": never)."""
    if not last_crawl:
        return True
    age = datetime.fromisoformat(now) - datetime.fromisoformat(last_crawl)
    return age >= DUE_SHARE * timedelta(days=CADENCE_DAYS[source.cadence])


def open_crawl(db: sqlite3.Connection, chosen: Chosen, *, now: str, token: str, replay_at: str = "") -> Opened:
    """Go on with the crawl that was not ended, or begin one if there is something to crawl.

    An open crawl of another kind (the live web, or a replay of another instant) is closed as it stands: what it stored
    is good, and its pages left over are asked for when their source is crawled next.
    """
    take_over(db)
    left = find_open_crawl(db)
    if left is not None and left.note.replay_at == replay_at:
        logger.info("going on with crawl %s", left.run)
        return Opened(left.run, left.note.due_at, resumed=True)
    if not chosen.sources:
        return Opened("", now, resumed=False)
    due_at = choose_due_date(read_latest_due(db), now)
    run = f"{now}-{token}"
    with transaction(db):
        _close_left(db, left, now)
        ensure_log(db, run, now)
        start_run(db, run, "crawl", now, write_note(CrawlNote(due_at, replay_at)))
    return Opened(run, due_at, resumed=False)


def choose_due_date(latest: str, now: str) -> str:
    """Return the due date of a new crawl: now, but always after every earlier one, even if the clock was set back."""
    if latest < now:
        return now
    after = datetime.fromisoformat(latest) + timedelta(microseconds=1)
    return after.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def add_left_over(db: sqlite3.Connection, chosen: Chosen, declared: Iterable[Source], opened: Opened) -> Chosen:
    """Add the sources that a crawl gone on with had begun and not ended."""
    open_sources = set(list_open_sources(db, opened.due_at)) if opened.resumed else set()
    left = {
        source.id: source
        for source in declared
        if source.id in open_sources and source.id not in chosen.set_aside and _set_aside(source) is None
    }
    return Chosen(left | chosen.sources, chosen.set_aside)


def seed_frontier(db: sqlite3.Connection, sources: Iterable[Source], opened: Opened, web: RecordedWeb | None) -> None:
    """Put the pages at which each source begins into the frontier; done again for a crawl gone on with, it adds none.

    These are its start pages and pages named one by one; of the live web every page known from earlier crawls, unless
    it is long gone; of a replay every recorded page that is the source's.
    """
    for source in sources:
        depths = dict.fromkeys(list_seeds(source), 0)
        last = read_last_answers(db, source.id)
        if web is None:
            depths = _list_known(db, source, last) | depths
        else:
            depths = dict.fromkeys(_list_recorded(source, web, last), 0) | depths
        with transaction(db):
            record_declarations(db, {source.id: source.body}, opened.due_at)
            for priority in sorted(set(depths.values())):
                urls = [url for url, depth in depths.items() if depth == priority]
                add_urls(db, source.id, urls, due_at=opened.due_at, priority=priority)


def _check_names(declared: Sequence[Source], wanted: Wanted) -> None:
    known = {source.id for source in declared}
    places = {source.jurisdiction for source in declared}
    strange = [name for name in wanted.sources if name not in known]
    strange += [name for name in wanted.jurisdictions if name not in places]
    if strange:
        listed = list_known(known, strange)
        raise UnknownSourceError(f"{', '.join(strange)}: expected ids or jurisdictions of declared sources ({listed})")


def is_wanted(source: Source, wanted: Wanted) -> bool:
    """Tell whether a source was asked for, by itself, by its jurisdiction, or as one of all."""
    every = not wanted.sources and not wanted.jurisdictions
    return every or source.id in wanted.sources or source.jurisdiction in wanted.jurisdictions


def _set_aside(source: Source) -> SourceSummary | None:
    policy = describe_policy(source)
    if policy:
        return SourceSummary(skipped=policy)
    if not source.hosts:
        return SourceSummary(skipped="no address of it is known yet")
    try:
        find_platform(source)
    except UnknownPlatformError as error:
        logger.warning("%s", error)
        return SourceSummary(failed={"platform": 1}, skipped=str(error))
    return None


def _close_left(db: sqlite3.Connection, left: OpenCrawl | None, now: str) -> None:
    if left is not None:
        logger.warning("crawl %s was not ended; it is closed as it stands", left.run)
        close_run(db, left.run, now)


def _list_known(db: sqlite3.Connection, source: Source, last: Mapping[str, LastAnswer]) -> dict[str, int]:
    """List the pages of earlier crawls that are worth asking for again, with their priority."""
    named = set(list_seeds(source))
    if starts_over(source):
        return {}
    return {
        url: depth
        for url, depth in read_depths(db, source.id).items()
        if (url in named or source.matches(url))
        and not _is_long_gone(last.get(url))
        and not (url in last and is_good(last[url]) and is_settled(source, url))
    }


def is_good(answer: LastAnswer) -> bool:
    """Tell whether a page was had when it was last asked for."""
    return answer.outcome in ("ok", "not_modified")


def _is_long_gone(last: LastAnswer | None) -> bool:
    if last is None or not last.missing_since:
        return False
    return datetime.fromisoformat(last.observed_at) - datetime.fromisoformat(last.missing_since) >= MISSING_FOR


def _list_recorded(source: Source, web: RecordedWeb, last: Mapping[str, LastAnswer]) -> Iterator[str]:
    """List the recorded pages of a source; one recorded as missing is news only if it was recorded since last seen.

    A recording that says "not found" once must not become two proofs of a removal because it is replayed twice.
    """
    for capture in web.list_captures():
        if not source.matches(capture.url):
            continue
        seen = last.get(capture.url)
        is_news = seen is None or order_instant(seen.observed_at) < order_instant(capture.observed_at)
        if is_news or tell_outcome(capture.status, {}, None) != "missing":
            yield capture.url
