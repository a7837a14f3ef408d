"""Say what came of a crawl, source by source, from what the archive holds of its run."""

import sqlite3

import msgspec

from kb.sources import Source
from kb.store.crawls import RunFetch, read_run_fetches


class SourceSummary(msgspec.Struct):
    """What came of one source: pages fetched with bytes or unchanged, of them the same as before, new, changed.

    ``failed`` counts pages that could not be had, by reason; ``skipped`` says why the source was not crawled at all.
    """

    fetched: int = 0
    same: int = 0
    new: int = 0
    changed: int = 0
    missing: int = 0
    failed: dict[str, int] = {}
    skipped: str = ""

    @property
    def is_failed(self) -> bool:
        """Tell whether any page of the source could not be had."""
        return bool(self.failed)


class CrawlSummary(msgspec.Struct):
    """What came of a crawl: its run ("": nothing was to be crawled), whether it was ended, and each source by id."""

    run: str
    closed: bool
    sources: dict[str, SourceSummary]

    @property
    def exit_code(self) -> int:
        """Return 0 where all is done, 3 where a source failed or the crawl was stopped before its end."""
        return 3 if not self.closed or any(source.is_failed for source in self.sources.values()) else 0


def summarise_run(db: sqlite3.Connection, run: str) -> dict[str, SourceSummary]:
    """Count what came of every page of a run, by source id."""
    sources: dict[str, SourceSummary] = {}
    for fetch in read_run_fetches(db, run):
        _count(sources.setdefault(fetch.source, SourceSummary()), fetch)
    return dict(sorted(sources.items()))


def describe_policy(source: Source) -> str:
    """Say why a source is not crawled, "" for one that is."""
    policy = source.crawl_policy
    if policy.state == "open":
        return ""
    details = "; ".join(filter(None, (policy.reason, policy.checked_on and f"checked on {policy.checked_on}")))
    return f"{policy.state}: {details}" if details else policy.state


def _count(summary: SourceSummary, fetch: RunFetch) -> None:
    if fetch.outcome in ("ok", "not_modified"):
        summary.fetched += 1
        if fetch.outcome == "not_modified" or fetch.sha256 == fetch.before:
            summary.same += 1
        elif fetch.before is None:
            summary.new += 1
        else:
            summary.changed += 1
    elif fetch.outcome == "missing":
        summary.missing += 1
    else:
        reason = fetch.error.partition(":")[0] or fetch.outcome
        summary.failed[reason] = summary.failed.get(reason, 0) + 1
