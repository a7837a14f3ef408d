"""Crawl: ``python -m crawlers.run [--due | --source ID … | --jurisdiction XX …] [--replay FILE --at DATE] …``.

One crawl at a time works on a data folder. A crawl that was killed or stopped is gone on with: the same run, the same
pages, none lost and none twice. The last line of standard output is the summary as JSON.
"""

import argparse
import logging
import os
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import msgspec
from scrapy import signals
from scrapy.crawler import CrawlerProcess
from scrapy.settings import Settings

from crawlers import settings as house_settings
from crawlers.certificates import collect_exceptions
from crawlers.forecast import forecast_sources
from crawlers.hosts import HostBook
from crawlers.ledger import MOST_LOOKS, REPLAY_WINDOW, WINDOW, Course, Ledger
from crawlers.masking import MaskingFilter
from crawlers.plan import (
    Chosen,
    Opened,
    Wanted,
    add_left_over,
    choose_sources,
    open_crawl,
    restrict_to_replay,
    seed_frontier,
    set_aside_held,
)
from crawlers.progress import Mode, showing
from crawlers.recorded import RecordedWeb, read_recorded_web
from crawlers.replay import ReplayServer
from crawlers.spider import StatusQuoSpider
from crawlers.summary import CrawlSummary, summarise_run
from kb.captures import read_captures
from kb.errors import StatusQuoError, UsageError
from kb.forecasts import Forecast
from kb.sources import Source, read_declared
from kb.store.archive import close_run, open_archive, open_empty_archive
from kb.store.connection import data_lock
from kb.store.crawls import has_wave_at, read_suspect_urls
from kb.store.frontier import list_open_sources
from kb.store.hosts import read_latest_notes
from kb.store.knowledge import open_knowledge

logger = logging.getLogger(__name__)

# Who asks; whoever runs this names an address of their own, so that publishers can reach them and not us.
CONTACT_VARIABLE = "KB_CONTACT"
DEFAULT_CONTACT = "no contact given; set KB_CONTACT"

# Scrapy lists its components at every start; a line a minute that says how far the crawl is stays.
LOG_LEVELS = {
    "scrapy.downloadermiddlewares.robotstxt": logging.CRITICAL,
    "scrapy": logging.WARNING,
    "scrapy.extensions.logstats": logging.INFO,
    "crawlers": logging.INFO,
}


class UnwritableArchiveError(StatusQuoError):
    """Raised when answers cannot be stored: the disk is full, or another process holds the archive for too long."""

    exit_code = 3


class CrawlRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to crawl into which data folder; ``web`` is the recorded web to replay, None for the live one."""

    data: Path
    sources: Sequence[Source]
    wanted: Wanted = Wanted()
    web: RecordedWeb | None = None
    allow_loopback: bool = False
    progress: Mode = "auto"


def main(arguments: Sequence[str] | None = None) -> int:
    """Crawl as the command line says; returns the exit code: 0 done, 2 wrong usage, 3 some sources failed."""
    given = _make_parser().parse_args(arguments)
    try:
        request = _read_request(given)
        if given.dry_run:
            _print_forecast(request)
            return 0
        summary = crawl(request)
    except StatusQuoError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
    return summary.exit_code


def crawl(request: CrawlRequest) -> CrawlSummary:
    """Crawl until the frontier of the chosen sources is empty; returns what came of it.

    Starts Scrapy, so a process can do this once. Raises BusyError while another crawl works on the data folder,
    UnknownSourceError, and UnwritableArchiveError.
    """
    with ExitStack() as stack:
        stack.enter_context(data_lock(request.data, "crawl"))
        db = stack.enter_context(closing(open_archive(request.data / "archive.db")))
        chosen, opened = _prepare(db, request)
        server = None if request.web is None else stack.enter_context(ReplayServer(request.web))
        known = () if request.web is not None else read_latest_notes(db)
        ledger = Ledger(db, _make_course(request, chosen, opened), HostBook(known))
        if chosen.sources:
            archive = request.data / "archive.db"
            tally = stack.enter_context(showing(archive, chosen.sources, opened.due_at, request.progress))
            ledger.listeners.append(tally.count)
            _run_spider(ledger, make_settings(request, chosen.sources.values(), 0 if server is None else server.port))
        closed = _close_if_done(db, ledger, opened)
        found = summarise_run(db, opened.run)
        return CrawlSummary(opened.run, closed, dict(sorted((found | chosen.set_aside).items())))


def forecast(request: CrawlRequest) -> list[Forecast]:
    """Say what a crawl would ask of whom and when; sends nothing and writes nothing."""
    path = request.data / "archive.db"
    with closing(open_archive(path, read_only=True) if path.is_file() else open_empty_archive()) as db:
        delays = collect_delays(request.sources)
        return list(forecast_sources(db, request.sources, request.wanted, _tell_now("seconds"), delays))


def _print_forecast(request: CrawlRequest) -> None:
    for one in forecast(request):
        sys.stdout.write(msgspec.json.encode(one).decode() + "\n")


def make_settings(request: CrawlRequest, sources: Any, replay_port: int) -> Settings:
    """Put together the settings of a crawl: the house's, what the sources ask for, and those of a replay."""
    sources = tuple(sources)
    collect_exceptions(sources)  # a bad one is told before anything is asked
    delays = collect_delays(sources)
    values = Settings()
    values.setmodule(house_settings, priority="project")
    values.set("USER_AGENT", f"StatusQuo/{_read_version()} (+{os.environ.get(CONTACT_VARIABLE, DEFAULT_CONTACT)})")
    values.set("KB_HOST_DELAYS", delays)
    values.set("DOWNLOAD_SLOTS", {host: {"concurrency": 1, "delay": delay} for host, delay in delays.items()})
    values.set("KB_ALLOW_LOOPBACK", request.allow_loopback)
    if replay_port:
        values.update({**house_settings.REPLAY, "DOWNLOAD_SLOTS": {}, "KB_REPLAY_PORT": replay_port})
    return values


def collect_delays(sources: Any) -> dict[str, float]:
    """Return the seconds between two requests by host; where sources share one, the most patient of them counts."""
    delays: dict[str, float] = {}
    for source in sources:
        for host in source.hosts:
            delays[host] = max(delays.get(host, 0.0), source.host_delay)
    return delays


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kb crawl", description="Fetch the pages of sources into the archive.")
    parser.add_argument("--due", action="store_true", help="only sources whose cadence has passed")
    parser.add_argument("--source", action="append", default=[], metavar="ID", help="this source (repeatable)")
    parser.add_argument("--jurisdiction", action="append", default=[], metavar="XX", help="its sources (repeatable)")
    parser.add_argument("--sources", action="append", default=[], type=Path, metavar="DIR", help="more declarations")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="crawl this recorded web instead of the live one")
    parser.add_argument("--at", metavar="DATE", help="with --replay: the day or instant at which it stands")
    parser.add_argument("--dry-run", action="store_true", help="say what would be asked, as JSON lines; ask nobody")
    parser.add_argument("--allow-loopback", action="store_true", help="allow pages of this machine")
    parser.add_argument("--progress", choices=get_args(Mode), default="auto", help="how progress is shown on stderr")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KB_DATA", "data")), metavar="DIR")
    return parser


def _read_request(given: argparse.Namespace) -> CrawlRequest:
    if (given.replay is None) != (given.at is None):
        raise UsageError("--replay and --at: expected both or neither")
    if given.dry_run and given.replay is not None:
        raise UsageError("--dry-run and --replay: expected one of them; a replay asks nobody")
    web = None if given.replay is None else read_recorded_web(read_captures(given.replay), given.at)
    return CrawlRequest(
        data=given.data,
        sources=_list_concerned(read_declared(given.sources), web),
        wanted=Wanted(sources=tuple(given.source), jurisdictions=tuple(given.jurisdiction), due=given.due),
        web=web,
        allow_loopback=given.allow_loopback,
        progress=given.progress,
    )


def _list_concerned(sources: Sequence[Source], web: RecordedWeb | None) -> Sequence[Source]:
    """Leave out shipped sources of hosts a recorded web holds nothing of; nobody asked for those by name."""
    if web is None:
        return sources
    hosts = {urlsplit(capture.url).hostname for capture in web.list_captures()}
    return [source for source in sources if not source.shipped or hosts & source.hosts]


def _prepare(db: sqlite3.Connection, request: CrawlRequest) -> tuple[Chosen, Opened]:
    """Choose the sources, open the run and seed the frontier."""
    now, web = _tell_now("microseconds"), request.web
    chosen = choose_sources(db, request.sources, request.wanted, now)
    if web is None:
        _await_new_second(db, chosen)
        chosen = set_aside_held(db, chosen, now)
    else:
        chosen = restrict_to_replay(db, chosen, web)
    opened = open_crawl(db, chosen, now=now, token=secrets.token_hex(4), replay_at="" if web is None else web.at)
    chosen = add_left_over(db, chosen, request.sources, opened)
    seed_frontier(db, chosen.sources.values(), opened, web)
    return chosen, opened


def _await_new_second(db: sqlite3.Connection, chosen: Chosen) -> None:
    """Wait until no earlier crawl has answers of this very second: two waves of a source must not share an instant."""
    while any(has_wave_at(db, name, _tell_now("seconds")) for name in chosen.sources):
        time.sleep(0.05)


def _make_course(request: CrawlRequest, chosen: Chosen, opened: Opened) -> Course:
    at = "" if request.web is None else request.web.at
    clock: Callable[[], str] = (lambda: at) if at else partial(_tell_now, "seconds")
    suspects = _read_suspects(request.data / "kb.db", chosen)
    window = REPLAY_WINDOW if at else WINDOW
    barred = tuple(source for source in request.sources if source.crawl_policy.state == "forbidden")
    # A recorded web answers the same at every look.
    looks = 0 if at else MOST_LOOKS
    return Course(opened.run, opened.due_at, chosen.sources, clock, suspects, window, looks, barred)


def _read_suspects(path: Path, chosen: Chosen) -> dict[str, frozenset[str]]:
    """Read which pages the last build did not trust: they are fetched whole, so that they can be judged again."""
    if not path.is_file():
        return {}
    with closing(open_knowledge(path, read_only=True)) as knowledge:
        return {name: frozenset(read_suspect_urls(knowledge, name)) for name in chosen.sources}


def _run_spider(ledger: Ledger, values: Settings) -> None:
    """Run Scrapy to its end; raises UnwritableArchiveError, and any fault of ours as it is."""
    masking = MaskingFilter()
    logging.getLogger("scrapy.utils.log").setLevel(logging.WARNING)
    process = CrawlerProcess(values)
    for name, level in LOG_LEVELS.items():
        logging.getLogger(name).setLevel(level)
    for handler in logging.getLogger().handlers:
        handler.addFilter(masking)
    crawler = process.create_crawler(StatusQuoSpider)
    for fault in (signals.spider_error, signals.item_error):
        crawler.signals.connect(ledger.note_failure, signal=fault)
    process.crawl(crawler, ledger=ledger, masking=masking)
    process.start()
    if isinstance(ledger.failure, sqlite3.OperationalError):
        raise UnwritableArchiveError(
            f"the archive cannot be written ({ledger.failure}); make room, then start the crawl again: it goes on "
            "where it was"
        ) from ledger.failure
    if ledger.failure is not None:
        raise ledger.failure


def _close_if_done(db: sqlite3.Connection, ledger: Ledger, opened: Opened) -> bool:
    left = set(list_open_sources(db, opened.due_at)) & set(ledger.course.sources)
    if left:
        logger.warning("crawl %s is not done (%s): start it again to go on", opened.run, ", ".join(sorted(left)))
        return False
    if opened.run:
        close_run(db, opened.run, _tell_now("microseconds"))
    return True


def _tell_now(precision: str) -> str:
    return datetime.now(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _read_version() -> str:
    try:
        return version("statusquo")
    except PackageNotFoundError:
        return "0"


if __name__ == "__main__":
    sys.exit(main())
