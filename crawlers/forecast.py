"""Say what a crawl would ask of whom and when, from what is declared and archived; nothing is sent or written."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from crawlers.plan import Chosen, Wanted, choose_sources, is_wanted, list_pages, set_aside_held
from crawlers.settings import AUTOTHROTTLE_MAX_DELAY, DOWNLOAD_DELAY
from crawlers.summary import describe_policy
from kb.forecasts import Forecast
from kb.sources import Source
from kb.store.crawls import read_last_crawls, read_validators
from kb.store.hosts import HostNote, read_crawl_delays, read_held_hosts


def forecast_sources(
    db: sqlite3.Connection, declared: Sequence[Source], wanted: Wanted, now: str, delays: Mapping[str, float]
) -> Iterator[Forecast]:
    """Yield what would be asked, by source and host, then every other source with the reason why it would not.

    ``delays`` are the seconds between two requests by host as declared. Raises what choose_sources raises.
    """
    chosen = set_aside_held(db, choose_sources(db, declared, wanted, now), now)
    held = read_held_hosts(db, now)
    told = _find_told_delays(db)
    for source in chosen.sources.values():
        for host, urls in _group_by_host(list_pages(db, source)).items():
            delay = max(delays.get(host, DOWNLOAD_DELAY), min(told.get(host, 0.0), AUTOTHROTTLE_MAX_DELAY))
            yield _forecast_host(db, source, urls, (now, delay, held.get(host)))
    yield from _explain_others(declared, chosen, wanted, read_last_crawls(db))


def _forecast_host(
    db: sqlite3.Connection, source: Source, urls: list[str], terms: tuple[str, float, HostNote | None]
) -> Forecast:
    now, delay, note = terms
    known = sum(1 for found in read_validators(db, source.id, urls, now).values() if found.etag or found.last_modified)
    return Forecast(
        source=source.id,
        host=urlsplit(urls[0]).hostname or "",
        pages=len(urls),
        conditional=known,
        whole=len(urls) - known,
        delay=delay,
        earliest=now if note is None else note.until,
        seconds=round(delay * len(urls), 1),
    )


def _explain_others(
    declared: Sequence[Source], chosen: Chosen, wanted: Wanted, last: Mapping[str, str]
) -> Iterator[Forecast]:
    """Say of every source that is not asked why: its policy, its host, not due, or not wanted."""
    for source in declared:
        aside = chosen.set_aside.get(source.id)
        if aside is not None:
            yield Forecast(source=source.id, skipped=aside.skipped)
        elif source.id not in chosen.sources:
            crawled = f"not due: {source.cadence}, last crawled {last.get(source.id, '')}"
            reason = describe_policy(source) or (crawled if wanted.due and is_wanted(source, wanted) else "not named")
            yield Forecast(source=source.id, skipped=reason)


def _group_by_host(urls: Sequence[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for url in urls:
        groups.setdefault(urlsplit(url).hostname or "", []).append(url)
    return groups


def _find_told_delays(db: sqlite3.Connection) -> dict[str, float]:
    """Return the longest Crawl-delay that the robots.txt files of a host last asked for."""
    delays: dict[str, float] = {}
    for netloc, delay in read_crawl_delays(db).items():
        host = urlsplit(f"//{netloc}").hostname or ""
        delays[host] = max(delays.get(host, 0.0), delay)
    return delays
