"""No URL is lost between a lease and its answer, and none is fetched without end."""

import pytest

from kb.store.archive import open_archive
from kb.store.frontier import (
    Claim,
    Lease,
    acknowledge,
    add_urls,
    lease_source,
    lease_urls,
    list_open_sources,
    read_depths,
    read_latest_due,
    release,
    take_over,
)

NOW, LATER, MUCH_LATER = "2024-06-01T08:00:00Z", "2024-06-01T08:01:00Z", "2024-06-02T08:00:00Z"
SOURCE = "us-xx-rules"


@pytest.fixture
def db(tmp_path):
    return open_archive(tmp_path / "archive.db")


def lease(db, now=NOW, owner="one", limit=10):
    return [lease.url for lease in lease_urls(db, owner, now, 60, limit)]


def test_urls_are_leased_by_priority_then_due_date_then_name(db):
    add_urls(db, SOURCE, ["d", "c"], due_at=NOW)
    add_urls(db, SOURCE, ["b"], due_at="2024-05-01T00:00:00Z")
    add_urls(db, SOURCE, ["first"], due_at=NOW, priority=5)
    add_urls(db, SOURCE, ["future"], due_at=LATER, priority=9)

    leases = lease_urls(db, "one", NOW, 60, 3)

    assert [Lease(SOURCE, "first", 1, 5), Lease(SOURCE, "b", 1, 0), Lease(SOURCE, "c", 1, 0)] == leases
    assert ["d"] == lease(db)


def test_leased_url_is_nobody_elses_until_the_lease_ends(db):
    add_urls(db, SOURCE, ["a"], due_at=NOW)
    first = lease(db)

    too_early = lease(db, now="2024-06-01T08:00:59Z", owner="two")
    leases = lease_urls(db, "two", LATER, 60, 10)

    assert (["a"], []) == (first, too_early)
    assert [Lease(SOURCE, "a", 2, 0)] == leases


def test_acknowledged_url_is_not_leased_again(db):
    add_urls(db, SOURCE, ["a", "b"], due_at=NOW)
    lease(db)

    acknowledge(db, [(SOURCE, "a"), ("us-xx-other", "b"), (SOURCE, "unknown")])

    assert ["b"] == lease(db, now=MUCH_LATER)


def test_pages_of_one_crawl_may_name_each_other_without_end(db):
    add_urls(db, SOURCE, ["a"], due_at=NOW)
    lease(db)
    acknowledge(db, [(SOURCE, "a")])

    add_urls(db, SOURCE, ["a"], due_at=NOW)
    same_crawl = lease(db, now=MUCH_LATER)
    add_urls(db, SOURCE, ["a"], due_at=LATER)
    next_crawl = lease_urls(db, "one", LATER, 60, 10)

    assert [] == same_crawl
    assert [Lease(SOURCE, "a", 1, 0)] == next_crawl


def test_known_url_keeps_the_higher_priority_and_the_later_date(db):
    add_urls(db, SOURCE, ["a"], due_at=LATER, priority=1)
    add_urls(db, SOURCE, ["a"], due_at=NOW, priority=3)

    assert [] == lease(db)
    assert [Lease(SOURCE, "a", 1, 3)] == lease_urls(db, "one", LATER, 60, 10)


def test_adding_a_leased_url_does_not_free_it(db):
    add_urls(db, SOURCE, ["a"], due_at=NOW)
    lease(db)

    add_urls(db, SOURCE, ["a"], due_at=NOW)

    assert [] == lease(db, owner="two")


def test_released_url_waits_for_its_new_date(db):
    add_urls(db, SOURCE, ["a"], due_at=NOW)
    lease(db)

    release(db, "one", [(SOURCE, "a")], due_at=LATER)

    assert [] == lease(db)
    assert ["a"] == lease(db, now=LATER)


def test_only_the_holder_can_release(db):
    add_urls(db, SOURCE, ["a"], due_at=NOW)
    lease(db)
    lease(db, now=LATER, owner="two")

    release(db, "one", [(SOURCE, "a")], due_at=NOW)

    assert [] == lease(db, now=LATER, owner="three")


def test_one_source_is_leased_from_however_many_urls_others_have(db):
    add_urls(db, "us-xx-large", [str(number) for number in range(50)], due_at=NOW, priority=5)
    add_urls(db, SOURCE, ["a", "b", "c"], due_at=NOW)

    leases = lease_source(db, SOURCE, Claim("one", NOW, 60, 2))

    assert ["a", "b"] == [lease.url for lease in leases]
    assert ["c"] == [lease.url for lease in lease_source(db, SOURCE, Claim("one", NOW, 60, 2))]


def test_leases_of_the_dead_are_taken_over_at_once(db):
    add_urls(db, SOURCE, ["a", "b"], due_at=NOW)
    lease(db, limit=2)
    acknowledge(db, [(SOURCE, "b")])

    assert 1 == take_over(db)
    assert ["a"] == lease(db, owner="two")


def test_open_sources_are_those_with_urls_due_and_not_done(db):
    add_urls(db, SOURCE, ["a", "b"], due_at=NOW)
    add_urls(db, "us-xx-done", ["a"], due_at=NOW)
    add_urls(db, "us-xx-later", ["a"], due_at=LATER)
    acknowledge(db, [("us-xx-done", "a"), (SOURCE, "a")])
    lease(db)

    assert [SOURCE] == list_open_sources(db, NOW)
    assert LATER == read_latest_due(db)


def test_known_urls_keep_their_priority_when_done(db):
    add_urls(db, SOURCE, ["a"], due_at=NOW, priority=-2)
    add_urls(db, SOURCE, ["b"], due_at=NOW)
    acknowledge(db, [(SOURCE, "a")])

    assert {"a": -2, "b": 0} == read_depths(db, SOURCE)
    assert {} == read_depths(db, "us-xx-other")
