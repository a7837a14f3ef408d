"""Show how a crawl goes, host by host: live to a person at a terminal, else a line now and then, or JSON lines.

Answers are counted where they are taken; all else (rates, the queue, drawing) is done by a thread of its own, so that
the crawl never waits for it.
"""

import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, TextIO
from urllib.parse import urlsplit

import msgspec
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from crawlers import settings
from crawlers.ledger import Answer
from kb.sources import Source
from kb.store.archive import open_archive
from kb.store.frontier import count_open

Mode = Literal["auto", "live", "lines", "jsonl", "none"]
# Seconds between two drawings to a person who watches.
REDRAW_SECONDS = 0.5
# Rates are those of the last minute: a slow host is seen soon, a pause does not make them jump.
RATE_SECONDS = 60.0
# Rows of hosts that fit a terminal of 24 lines; those with the longest queue are shown.
MOST_HOSTS = 15
# Outcomes that brought a page.
GOOD = ("ok", "not_modified")
MINUTE, HOUR = 60, 3600


class HostState(msgspec.Struct):
    """How far the crawl of one host is: answers by outcome, pages still to ask for, pages a minute, seconds left."""

    host: str
    outcomes: dict[str, int]
    queue: int
    per_minute: float
    eta_seconds: float | None

    @property
    def answered(self) -> int:
        """Return how many answers were taken."""
        return sum(self.outcomes.values())

    @property
    def failed(self) -> int:
        """Return how many of them brought no page."""
        return self.answered - sum(self.outcomes.get(name, 0) for name in GOOD)


class CrawlState(msgspec.Struct):
    """How far a crawl is: seconds since it began, every host, and the seconds that the slowest one still needs."""

    seconds: float
    hosts: list[HostState]
    eta_seconds: float | None


# How often a display wants to be told, in seconds, and what takes the state.
Display = tuple[float, Callable[[CrawlState], None]]


class Tally:
    """Counts answers by host and outcome; cheap enough to be told of every one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.began = clock()
        self.outcomes: dict[str, Counter[str]] = {}
        self.marks: list[tuple[float, dict[str, int]]] = []

    def count(self, answer: Answer) -> None:
        """Count one answer."""
        host = urlsplit(answer.job.lease.url).hostname or ""
        self.outcomes.setdefault(host, Counter())[answer.capture.outcome] += 1

    def describe(self, queue: Mapping[str, int]) -> CrawlState:
        """Tell how far the crawl is; ``queue`` holds the pages still to ask for by host."""
        now = self.clock()
        totals = {host: counts.total() for host, counts in list(self.outcomes.items())}
        self.marks = [mark for mark in self.marks if now - mark[0] <= RATE_SECONDS]
        since, before = self.marks[0] if self.marks else (self.began, {})
        self.marks.append((now, totals))
        minutes = max(now - since, 0.001) / MINUTE
        hosts = []
        for host in sorted({*totals, *queue}):
            rate = (totals.get(host, 0) - before.get(host, 0)) / minutes
            left = queue.get(host, 0)
            eta = 0.0 if not left else left / rate * MINUTE if rate else None
            hosts.append(HostState(host, dict(self.outcomes.get(host, {})), left, round(rate, 1), eta))
        known = [host.eta_seconds for host in hosts if host.eta_seconds is not None]
        is_known = len(known) == len(hosts) and bool(hosts)
        return CrawlState(round(now - self.began, 1), hosts, max(known) if is_known else None)


@contextmanager
def showing(path: Path, sources: Mapping[str, Source], due_at: str, mode: Mode) -> Iterator[Tally]:
    """Show how the crawl into an archive goes for as long as the block runs; yields what to tell of each answer."""
    tally = Tally()
    chosen = choose_mode(mode, sys.stderr)
    if chosen == "none":
        yield tally
        return
    queue = _Queue(path, due_at, {name: _find_host(source) for name, source in sources.items()})
    end = threading.Event()
    with _open_display(chosen, sys.stderr) as show:
        thread = threading.Thread(target=_watch, args=(queue, tally, end, show), daemon=True)
        thread.start()
        try:
            yield tally
        finally:
            end.set()
            thread.join()


def choose_mode(mode: Mode, stream: TextIO) -> Mode:
    """Return how progress is shown: ``auto`` is live where a person watches, lines otherwise."""
    if mode != "auto":
        return mode
    return "live" if stream.isatty() else "lines"


def draw(state: CrawlState) -> Table:
    """Draw how a crawl goes as a table: those with the longest queue, and a line for all."""
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    table.add_column("host", overflow="ellipsis", no_wrap=True, ratio=1)
    for name in ("pages", "unchanged", "failed", "queue", "a minute", "left"):
        table.add_column(name, justify="right", no_wrap=True)
    waiting = sorted(state.hosts, key=lambda host: (-host.queue, -host.answered, host.host))
    for host in waiting[:MOST_HOSTS]:
        failed = Text(f"{host.failed:,}", style="bold red" if host.failed else "dim")
        same = host.outcomes.get("not_modified", 0)
        shown = (f"{host.answered:,}", f"{same:,}", failed, f"{host.queue:,}", f"{host.per_minute:g}")
        table.add_row(host.host, *shown, _print_time(host.eta_seconds))
    more = len(waiting) - MOST_HOSTS
    title = f"{len(waiting)} hosts, {_print_time(state.seconds)}" if more <= 0 else f"all hosts, {more} not shown"
    total = [sum(values) for values in zip(*((h.answered, h.failed, h.queue) for h in waiting), strict=True)] or [0] * 3
    same = sum(host.outcomes.get("not_modified", 0) for host in waiting)
    rate = f"{sum(host.per_minute for host in waiting):g}"
    counts = (f"{total[0]:,}", f"{same:,}", f"{total[1]:,}", f"{total[2]:,}", rate)
    table.add_row(title, *counts, _print_time(state.eta_seconds), style="bold")
    return table


def write_line(state: CrawlState) -> str:
    """Write how a crawl goes in one line."""
    answered, failed, queue = (sum(getattr(h, name) for h in state.hosts) for name in ("answered", "failed", "queue"))
    rate = sum(host.per_minute for host in state.hosts)
    busy = max(state.hosts, key=lambda host: host.queue, default=None)
    longest = f"; longest queue {busy.host} ({busy.queue:,})" if busy is not None and busy.queue else ""
    return (
        f"crawling: {answered:,} pages ({failed:,} failed), {queue:,} in the queue, {rate:g} a minute, "
        f"{_print_time(state.eta_seconds)} left{longest}"
    )


@contextmanager
def _open_display(mode: Mode, stream: TextIO) -> Iterator[Display]:
    """Open a display; yields how often it wants to be told, in seconds, and what takes the state."""
    if mode == "live":
        console = Console(file=stream, highlight=False, markup=False, emoji=False)
        with Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False) as live:
            yield REDRAW_SECONDS, lambda state: live.update(draw(state), refresh=True)
        return
    write = write_line if mode == "lines" else lambda state: msgspec.json.encode(state).decode()

    def show(state: CrawlState) -> None:
        stream.write(f"{write(state)}\n")
        stream.flush()

    yield settings.KB_PROGRESS_SECONDS, show


def _watch(queue: "_Queue", tally: Tally, end: threading.Event, display: Display) -> None:
    seconds, show = display
    with closing(open_archive(queue.path, read_only=True)) as db:
        while not end.wait(seconds):
            show(tally.describe(queue.count(db)))


class _Queue(msgspec.Struct, frozen=True):
    """What is still to be asked for: the archive, the due date of the crawl, and the host of each source."""

    path: Path
    due_at: str
    hosts: Mapping[str, str]

    def count(self, db: sqlite3.Connection) -> Counter[str]:
        queue: Counter[str] = Counter()
        for source, count in count_open(db, self.due_at).items():
            if source in self.hosts:
                queue[self.hosts[source]] += count
        return queue


def _find_host(source: Source) -> str:
    """Return the host a source's pages are counted under."""
    begins = (*source.start, *source.urls, *(match.removeprefix("^").replace("\\", "") for match in source.match))
    return next((host for url in begins if (host := urlsplit(url).hostname)), "")


def _print_time(seconds: float | None) -> str:
    """Print a time as a person says it: "12 s", "3 min", "1 h 20 min"; "?" where it is not known."""
    if seconds is None:
        return "?"
    if seconds < MINUTE:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / MINUTE), MINUTE)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
