"""A host is asked so much a day and no more; what does not fit comes the next day, the longest waiting first."""

import pytest

from crawlers import settings
from crawlers.budget import collect_budgets, fit_day
from crawlers.plan import Wanted, choose_sources
from kb.sources import parse_source
from kb.store.archive import close_run, ensure_log, open_archive, record_captures, start_run
from kb.store.crawls import count_asked
from kb.store.frontier import add_urls
from tests.build import make_capture
from tests.crawling import Site, crawl, write_sources

HOST = "rules.example.gov"
DAYS = [f"2024-06-{day:02}T04:00:00Z" for day in range(1, 15)]


def declare(name, pages, **keys):
    urls = [f"https://{HOST}/{name}/{page}" for page in range(pages)]
    return parse_source({"id": name, "jurisdiction": "us-xx", "platform": "page", "urls": urls, **keys}, "a test")


@pytest.fixture
def db(tmp_path):
    db = open_archive(tmp_path / "archive.db")
    ensure_log(db, "log", "2024-01-01T00:00:00Z")
    return db


def record_crawl(db, now, sources, **facts):
    start_run(db, now, "crawl", now)
    urls = [(source.id, url) for source in sources for url in source.urls]
    record_captures(db, now, [make_capture(url, source=name, observed_at=now, **facts) for name, url in urls])
    close_run(db, now, now)


def record_missing(db, now, urls):
    start_run(db, now, "crawl", now)
    gone = {"source": "us-xx-a", "observed_at": now, "outcome": "missing", "status": 404, "body": None}
    record_captures(db, now, [make_capture(url, **gone) for url in urls])
    close_run(db, now, now)


def choose(db, declared, now):
    return choose_sources(db, declared, Wanted(due=True), now)


def test_what_does_not_fit_is_left_for_the_next_day_with_the_reason(db):
    declared = [declare(f"us-xx-{name}", 4, day_budget=10) for name in "abc"]

    chosen = choose(db, declared, DAYS[0])

    assert ["us-xx-a", "us-xx-b"] == list(chosen.sources)
    assert "left for the next day: 8 of 10 requests to rules.example.gov" in chosen.set_aside["us-xx-c"].skipped


def test_two_crawls_of_one_day_share_its_budget_and_the_next_day_has_its_own(db):
    declared = [declare(f"us-xx-{name}", 4, day_budget=10) for name in "abc"]
    record_crawl(db, DAYS[0], declared[:2])

    chosen = [list(choose(db, declared, now).sources) for now in ("2024-06-01T23:00:00Z", "2024-06-02T00:10:00Z")]

    assert [[], ["us-xx-c"]] == chosen


def test_redirects_count_as_the_requests_they_are(db):
    source = declare("us-xx-a", 2)

    record_crawl(db, DAYS[0], [source], redirects=(f"https://{HOST}/old",))

    assert 4 == sum(count_asked(db, DAYS[0][:10]).values())


def test_nothing_starves(db):
    declared = [declare(f"us-xx-{name}", 4, day_budget=10, cadence="daily") for name in "abcde"]
    seen = {source.id: 0 for source in declared}

    for now in DAYS[:10]:
        chosen = choose(db, declared, now)
        record_crawl(db, now, chosen.sources.values())
        for name in chosen.sources:
            seen[name] += 1

    assert 20 == sum(seen.values())
    assert min(seen.values()) >= 3


def test_pages_that_are_long_gone_take_nothing_of_the_budget(db):
    keys = {"day_budget": 10, "cadence": "daily"}
    declared = [declare(f"us-xx-{name}", 5, match=f"https://{HOST}/us-xx-{name}/", **keys) for name in "ab"]
    gone = [f"https://{HOST}/us-xx-a/gone/{page}" for page in range(5)]
    add_urls(db, "us-xx-a", gone, due_at=DAYS[0])
    for now in DAYS[:2]:
        record_crawl(db, now, declared)
        record_missing(db, f"{now[:10]}T05:00:00Z", gone)

    chosen = choose(db, declared, DAYS[2])

    assert ["us-xx-a", "us-xx-b"] == sorted(chosen.sources)


def test_a_source_larger_than_the_budget_has_a_day_of_its_own(db):
    declared = [declare("us-xx-a", 3, day_budget=10, cadence="daily"), declare("us-xx-large", 30, cadence="daily")]
    rounds = []

    for now in DAYS[:4]:
        chosen = choose(db, declared, now)
        record_crawl(db, now, chosen.sources.values())
        rounds.append(list(chosen.sources))

    assert [["us-xx-a"], ["us-xx-large"], ["us-xx-a"], ["us-xx-large"]] == rounds


def test_the_smallest_wish_of_a_host_counts_and_other_hosts_are_undisturbed(db):
    other = parse_source(
        {"id": "us-xx-z", "jurisdiction": "us-xx", "platform": "page", "urls": ["https://b.example.gov/1"]}, "a test"
    )
    declared = [declare("us-xx-a", 1, day_budget=9), declare("us-xx-b", 1, day_budget=1), other]

    left = fit_day(db, {source.id: source.urls for source in declared}, declared, DAYS[0])

    assert {HOST: 1} == collect_budgets(declared)
    assert ["us-xx-b"] == list(left)


def test_the_default_is_a_setting(db, monkeypatch):
    declared = [declare("us-xx-a", 2), declare("us-xx-b", 2)]
    monkeypatch.setattr(settings, "KB_DAY_BUDGET", 3)

    assert ["us-xx-a"] == list(choose(db, declared, DAYS[0]).sources)


def test_a_source_asked_for_by_name_is_crawled_whatever_was_asked(db):
    declared = [declare("us-xx-a", 4, day_budget=1)]
    record_crawl(db, DAYS[0], declared)

    chosen = choose_sources(db, declared, Wanted(sources=("us-xx-a",)), DAYS[0])

    assert ["us-xx-a"] == list(chosen.sources)


def test_over_http_the_second_source_of_a_host_is_not_asked_for_today(tmp_path):
    site = Site({"/a": lambda handler: handler.answer(), "/b": lambda handler: handler.answer()})
    entries = [{"id": f"us-xx-{name}", "urls": [f"{site.url}/{name}"], "day_budget": 1} for name in "ab"]
    folder = write_sources(tmp_path / "sources", *entries)

    rounds = [crawl(tmp_path / "data", "--sources", folder, "--due", "--allow-loopback") for _ in range(2)]
    site.close()

    assert [0, 0] == [code for code, _, _ in rounds]
    assert ["/a"] == [path for path, _ in site.asked if path != "/robots.txt"]
    assert all("left for the next day" in said["sources"]["us-xx-b"]["skipped"] for _, said, _ in rounds)
