"""Keep a data folder up to date: crawl what is due, build, publish; one at a time, and safe to run from cron.

Each step continues where an interrupted run left off: the crawl resumes its open run, the build reads the waves that
are new, and a generation is published only when something was built since the last one.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kb.build import BuildRequest, BuildResult, build
from kb.errors import StatusQuoError
from kb.generations import FOLDER, read_pointer
from kb.publish import Published, publish
from kb.sources import Source
from kb.store.connection import data_lock

# Exit code of a crawl in which some sources failed; the others were stored.
SOME_FAILED = 3


class CrawlFailedError(StatusQuoError):
    """Raised when the crawler ends without a summary; what it said stands on stderr."""

    exit_code = 3


class SourceOutcome(msgspec.Struct, frozen=True):
    """What came of one source in a crawl: pages by kind, failures by reason, and why it was not crawled at all."""

    fetched: int = 0
    same: int = 0
    new: int = 0
    changed: int = 0
    missing: int = 0
    failed: dict[str, int] = {}
    skipped: str = ""


class CrawlOutcome(msgspec.Struct, frozen=True):
    """What came of a crawl: its run ("" when nothing was due), whether it reached its end, and each source."""

    run: str
    closed: bool
    sources: dict[str, SourceOutcome]

    @property
    def is_failed(self) -> bool:
        """Tell whether a page could not be had, or the crawl stopped before its end."""
        return not self.closed or any(outcome.failed for outcome in self.sources.values())


class UpdateRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to update: the declarations, how many processes read, the instant, and further options of the crawler."""

    sources: Sequence[Source]
    now: str
    workers: int = 1
    crawl: Sequence[str] = ("--due",)


class UpdateResult(msgspec.Struct, frozen=True):
    """What an update did: the crawl, the build, and the generation published, None when nothing was new."""

    crawl: CrawlOutcome
    build: BuildResult
    published: Published | None


def crawl(data: Path, options: Sequence[str]) -> CrawlOutcome:
    """Run the crawler in a process of its own; its log goes to stderr.

    Returns what came of it, failed sources included. Raises CrawlFailedError when it ends without a summary.
    """
    command = [sys.executable, "-m", "crawlers.run", "--data", str(data), *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, env=os.environ)  # noqa: S603
    lines = done.stdout.strip().splitlines()
    if done.returncode not in (0, SOME_FAILED) or not lines:
        raise CrawlFailedError(f"the crawler ended with {done.returncode} and no summary; see its messages above")
    return msgspec.json.decode(lines[-1], type=CrawlOutcome)


def update(data: Path, request: UpdateRequest) -> UpdateResult:
    """Crawl what is due, build and publish.

    Returns what was done. Raises BusyError while another update works on the folder, and what the steps raise.
    """
    data.mkdir(parents=True, exist_ok=True)
    with data_lock(data, "update"):
        crawled = crawl(data, request.crawl)
        built = build(data, BuildRequest(sources=request.sources, workers=request.workers))
        fresh = built.waves or built.rederived or read_pointer(data / FOLDER) is None
        published = publish(data, request.now, declared=request.sources) if fresh else None
    return UpdateResult(crawled, built, published)
