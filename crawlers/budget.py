"""Keep a day's crawl within what is asked of one host: what does not fit is left for the next day, oldest first."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from crawlers import settings
from crawlers.summary import SourceSummary
from kb.sources import Source
from kb.store.crawls import count_asked


def fit_day(
    db: sqlite3.Connection, due: Mapping[str, Iterable[str]], declared: Iterable[Source], now: str
) -> dict[str, SourceSummary]:
    """Tell which of the sources due are left for another day, each with the reason.

    ``due`` holds the URLs that each would ask for, by source id, the one whose turn is longest ago first. A source that
    alone has more pages than its host's budget is crawled whole on a day on which its host was not asked before.
    """
    budgets = collect_budgets(declared)
    spent = _count_hosts(count_asked(db, now[:10]))
    left: dict[str, SourceSummary] = {}
    for name, urls in due.items():
        wanted = _count_hosts(dict.fromkeys(urls, 1))
        full = next((host for host in sorted(wanted) if not _fits(host, wanted, spent, budgets)), None)
        if full is None:
            spent += wanted
        else:
            left[name] = SourceSummary(skipped=_explain(full, wanted, spent, budgets))
    return left


def collect_budgets(declared: Iterable[Source]) -> dict[str, int]:
    """Return the requests a day that hosts allow, by host; the smallest wish of its sources counts."""
    budgets: dict[str, int] = {}
    for source in declared:
        for host in source.hosts if source.day_budget else ():
            budgets[host] = min(budgets.get(host, source.day_budget), source.day_budget)
    return budgets


def _fits(host: str, wanted: Counter[str], spent: Counter[str], budgets: Mapping[str, int]) -> bool:
    budget = budgets.get(host, settings.KB_DAY_BUDGET)
    return spent[host] + wanted[host] <= budget or not spent[host]


def _explain(host: str, wanted: Counter[str], spent: Counter[str], budgets: Mapping[str, int]) -> str:
    budget = budgets.get(host, settings.KB_DAY_BUDGET)
    return (
        f"left for the next day: {spent[host]:,} of {budget:,} requests to {host} are taken today, "
        f"and it has {wanted[host]:,} pages there"
    )


def _count_hosts(urls: Mapping[str, int]) -> Counter[str]:
    hosts: Counter[str] = Counter()
    for url, count in urls.items():
        host = urlsplit(url).hostname
        if host:
            hosts[host] += count
    return hosts
