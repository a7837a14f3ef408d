"""Keep a data folder up to date: crawl what is due, convert, build, publish; one at a time, and safe to run from cron.

Each step continues where an interrupted run left off: the crawl resumes its open run, the build reads the waves that
are new, and a generation is published whenever kb.db knows more than the current one shows.
"""

import os
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from kb.answer.facts import Fact
from kb.build import BuildRequest, BuildResult, build
from kb.convert import Converted, convert
from kb.errors import SOME_FAILED, StatusQuoError
from kb.generations import FOLDER, read_pointer
from kb.incidents import OTHER, find_cause, map_causes
from kb.models import ChangeRow
from kb.publish import Published, publish
from kb.reports import describe_change
from kb.sources import Source
from kb.store.connection import data_lock
from kb.store.knowledge import open_knowledge
from kb.store.public import has_own_form, open_published
from kb.store.published import list_shown, read_change_keys, read_shown
from kb.store.queries import ChangeFilter, read_changes, read_watches

# Exit codes with which the crawler refuses: wrong usage, a data folder in use, damaged data.
REFUSALS = (2, 4)
# Rule changes named one by one after an update; `kb changes` lists all.
MOST_NAMED = 5
# What is said at once after Ctrl-C.
STOPPING = "\nstopping: pages on their way are stored first; the same command goes on where this one ends\n"
# A rule change is a substantive one of text or heading (DESIGN.md §5).
RULE_CHANGES = ChangeFilter(natures=("substantive",), parts=("text", "heading"))


class CrawlFailedError(StatusQuoError):
    """Raised when the crawler ends without a summary, with the exit code it gave; what it said stands on stderr."""

    def __init__(self, returned: int) -> None:
        super().__init__(f"the crawler ended with {returned} and no summary; its message stands above")
        self.exit_code = returned if returned in REFUSALS else SOME_FAILED


class SourceOutcome(msgspec.Struct, frozen=True):
    """What came of one source in a crawl: pages by kind, failures by reason, and why it was not crawled at all."""

    fetched: int = 0
    same: int = 0
    new: int = 0
    changed: int = 0
    missing: int = 0
    failed: dict[str, int] = {}
    skipped: str = ""

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing came of it that is worth a line: all pages as before, or not crawled at all."""
        return not (self.new or self.changed or self.missing or self.failed)


class CrawlOutcome(msgspec.Struct, frozen=True):
    """What came of a crawl: its run ("" when nothing was due), whether it reached its end, and each source."""

    run: str
    closed: bool
    sources: dict[str, SourceOutcome]

    @property
    def failed_sources(self) -> list[str]:
        """Return the ids of the sources of which a page could not be had."""
        return [name for name, outcome in self.sources.items() if outcome.failed]

    @property
    def skipped_sources(self) -> dict[str, str]:
        """Return why each source that was not crawled was not, by id."""
        return {name: outcome.skipped for name, outcome in self.sources.items() if outcome.skipped}

    @property
    def is_failed(self) -> bool:
        """Tell whether a page could not be had, or the crawl stopped before its end."""
        return not self.closed or self.failed_sources != []


class UpdateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to update: declarations, facts, the instant, how many processes read, further options of the crawler."""

    sources: Sequence[Source]
    now: str
    facts: Sequence[Fact] = ()
    workers: int = 1
    crawl: Sequence[str] = ("--due",)


class UpdateResult(msgspec.Struct, frozen=True):
    """What an update did: the crawl, texts made by programs, the build, what was published (None: nothing), what moved.

    ``moved`` holds the rule changes that the generation before did not have, earliest first.
    """

    crawl: CrawlOutcome
    converted: Converted
    build: BuildResult
    published: Published | None
    moved: tuple[ChangeRow, ...]


class _News(msgspec.Struct, frozen=True):
    """What kb.db has beyond the current generation: whether anything at all, and its rule changes."""

    is_any: bool
    moved: tuple[ChangeRow, ...]


def crawl(data: Path, options: Sequence[str]) -> CrawlOutcome:
    """Run the crawler in a process of its own; its log goes to stderr, and what would end us ends it in good order.

    Call it from the main thread. Returns what came of it, failed sources included. Raises CrawlFailedError when it ends
    without a summary.
    """
    command = [sys.executable, "-P", "-m", "crawlers.run", "--data", str(data), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ) as crawler:  # noqa: S603
        said = _await_summary(crawler)
    if crawler.returncode not in (0, SOME_FAILED) or not said:
        raise CrawlFailedError(crawler.returncode)
    return msgspec.json.decode(said[-1], type=CrawlOutcome)


def update(data: Path, request: UpdateRequest) -> UpdateResult:
    """Crawl what is due, make texts where programs are needed for it, build and publish.

    Returns what was done. Raises BusyError while another update works on the folder, and what the steps raise.
    """
    with data_lock(data, "update"):
        crawled = crawl(data, request.crawl)
        converted = convert(data, request.now)
        built = build(data, BuildRequest(sources=request.sources, facts=request.facts, workers=request.workers))
        news = _find_news(data, request.sources)
        fresh = news.is_any or built.waves or built.rederived or built.answers_moved
        published = publish(data, request.now, declared=request.sources) if fresh else None
    return UpdateResult(crawled, converted, built, published, news.moved)


def describe_moved(moved: Sequence[ChangeRow]) -> list[str]:
    """Say what moved: the rule changes by jurisdiction, the latest ones with their reason, and where the others are."""
    if not moved:
        return ["no rule change since the last publication"]
    places = Counter(change.jurisdiction for change in moved)
    counted = ", ".join(f"{place} {count:,}" for place, count in sorted(places.items()))
    lines = [f"rule changes since the last publication: {counted}"]
    for change in moved[-MOST_NAMED:]:
        reason = f": {change.reason}" if change.reason else ""
        name = change.citation or change.old_citation
        lines.append(f"  {change.observed_at[:10]} {name} {describe_change(change)}{reason}")
    earlier = len(moved) - MOST_NAMED
    return [*lines, f"  and {earlier:,} before: kb changes"] if earlier > 0 else lines


def describe_failures(outcome: CrawlOutcome) -> list[str]:
    """Say by cause what failed: how many pages of which sources, and what to do about it; the most frequent first."""
    pages: Counter[str] = Counter()
    places: dict[str, dict[str, None]] = defaultdict(dict)
    words: dict[str, dict[str, None]] = defaultdict(dict)
    for name, came in outcome.sources.items():
        for reason, count in came.failed.items():
            cause = find_cause(reason)
            pages[cause.id] += count
            places[cause.id][name] = None
            words[cause.id][reason] = None
    lines = []
    for cause_id, count in pages.most_common():
        cause = map_causes()[cause_id]
        title = f"{cause.title} ({', '.join(words[cause_id])})" if cause_id == OTHER else cause.title
        names = list(places[cause_id])
        more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
        counted = "1 page" if count == 1 else f"{count:,} pages"
        lines.append(f"failed: {title}: {counted} of {', '.join(names[:MOST_NAMED])}{more} → {cause.advice}")
    return lines


def _await_summary(crawler: subprocess.Popen[str]) -> list[str]:
    """Wait for the crawler's end and return the lines it wrote; asked to end, let it store what it has first."""
    with _passing_on_end(crawler):
        try:
            return crawler.communicate()[0].splitlines()
        except KeyboardInterrupt:  # a terminal sends Ctrl-C to the crawler as well
            sys.stderr.write(STOPPING)
            return crawler.communicate()[0].splitlines()


@contextmanager
def _passing_on_end(child: subprocess.Popen[str]) -> Iterator[None]:
    """Hand the system's wish to end this process (SIGTERM) on to a child, as long as the block runs."""
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _find_news(data: Path, declared: Sequence[Source]) -> _News:
    """Compare kb.db with the current generation: an update that ended between building and publishing left news."""
    with closing(open_knowledge(data / "kb.db", read_only=True)) as knowledge:
        rules = tuple(read_changes(knowledge, RULE_CHANGES))
        now = list_shown(read_watches(knowledge), (source.id for source in declared))
    pointer = read_pointer(data / FOLDER)
    path = None if pointer is None else data / FOLDER / pointer.file
    if path is None or not path.is_file():
        return _News(is_any=True, moved=rules)
    with closing(open_published(path)) as published:
        known = read_change_keys(published)
        is_older = not has_own_form(published)
        shown = {} if is_older else read_shown(published)
    return _News(is_older or now != shown, tuple(change for change in rules if (change.id, change.source) not in known))
