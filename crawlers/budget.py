"""Keep a day's crawl within what is asked of one host: what does not fit is left for the next day, oldest first."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit

from crawlers import settings
from crawlers.summary import SourceSummary
from kb.sources import Source
from kb.store.crawls import count_asked
from kb.store.frontier import read_depths


def fit_day(
    db: sqlite3.Connection, due: Iterable[Source], declared: Sequence[Source], last: Mapping[str, str], now: str
) -> dict[str, SourceSummary]:
    """Tell which of the sources due are left for another day, each with the reason.

    ``last`` holds when each was crawled last; the one whose turn is longest ago comes first. A source that alone has
    more pages than its host's budget is crawled whole on a day on which its host was not asked before.
    """
    budgets = collect_budgets(declared)
    spent = _count_hosts(count_asked(db, now[:10]))
    left: dict[str, SourceSummary] = {}
    for source in sorted(due, key=lambda source: (last.get(source.id, ""), source.id)):
        wanted = _expect(db, source)
        full = next((host for host in sorted(wanted) if not _fits(host, wanted, spent, budgets)), None)
        if full is None:
            spent += wanted
        else:
            left[source.id] = SourceSummary(skipped=_explain(full, wanted, spent, budgets))
    return left


def collect_budgets(declared: Iterable[Source]) -> dict[str, int]:
    """Return the requests a day that hosts allow, by host; the smallest wish of its sources counts."""
    budgets: dict[str, int] = {}
    for source in declared:
        for host in _count_hosts(dict.fromkeys((*source.start, *source.urls, *_list_prefixes(source)), 1)):
            if source.day_budget:
                budgets[host] = min(budgets.get(host, source.day_budget), source.day_budget)
    return budgets


def _list_prefixes(source: Source) -> list[str]:
    """List the beginnings of URLs that are a source's own; a pattern's escapes are dropped."""
    return [match.removeprefix("^").replace("\\", "") for match in source.match]


def _fits(host: str, wanted: Counter[str], spent: Counter[str], budgets: Mapping[str, int]) -> bool:
    budget = budgets.get(host, settings.KB_DAY_BUDGET)
    return spent[host] + wanted[host] <= budget or not spent[host]


def _explain(host: str, wanted: Counter[str], spent: Counter[str], budgets: Mapping[str, int]) -> str:
    budget = budgets.get(host, settings.KB_DAY_BUDGET)
    return (
        f"left for the next day: {spent[host]:,} of {budget:,} requests to {host} are taken today, "
        f"and it has {wanted[host]:,} pages there"
    )


def _expect(db: sqlite3.Connection, source: Source) -> Counter[str]:
    """Count the pages that a crawl of a source would ask for by what is known of it today, by host."""
    known = dict.fromkeys((*read_depths(db, source.id), *source.start, *source.urls), 1)
    return _count_hosts(known)


def _count_hosts(urls: Mapping[str, int]) -> Counter[str]:
    hosts: Counter[str] = Counter()
    for url, count in urls.items():
        host = urlsplit(url).hostname
        if host:
            hosts[host] += count
    return hosts
