"""No URL is lost between a lease and its answer, and none is fetched without end."""

import pytest

from kb.store.archive import open_archive
from kb.store.frontier import Lease, acknowledge, add_urls, lease_urls, release

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
