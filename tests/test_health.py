"""How a source stands is computed for a day from what is known until then, and from nothing else."""

from datetime import date

import pytest

from kb.health import Rhythm, Subject, find_outages, find_rhythm, find_silence, find_steady, judge
from kb.store.incidents import Incident

TODAY = date(2024, 6, 30)


def make_incident(cause="http_5xx", host="a.example.gov", **facts):
    usual = {
        "source": "us-xx-rules",
        "opened_at": "2024-06-20T08:00:00Z",
        "closed_at": None,
        "last_seen": "2024-06-29T08:00:00Z",
        "pages": 3,
        "asked": 3,
        "first_url": f"https://{host}/1",
        "first_message": "status 503",
        "last_url": f"https://{host}/1",
        "last_message": "status 503",
    }
    return Incident(cause=cause, **{**usual, **facts})


def judge_rules(day=TODAY, **facts):
    usual = {
        "source": "us-xx-rules",
        "jurisdiction": "us-xx",
        "title": "Rules",
        "since": "2024-01-01T08:00:00Z",
        "last_checked": "2024-06-29T08:00:00Z",
        "steady_since": "2024-01-01T08:00:00Z",
    }
    return judge(Subject(**{**usual, **facts}), day)


@pytest.mark.parametrize(
    ("facts", "state", "since", "cause"),
    [
        ({}, "fresh", "2024-01-01", ""),
        ({"incidents": (make_incident(closed_at="2024-06-25T08:00:00Z"),)}, "fresh", "2024-06-25", ""),
        ({"last_checked": "2024-06-01T08:00:00Z"}, "stale", "2024-06-16", ""),
        ({"incidents": (make_incident(),)}, "failing", "2024-06-20", "http_5xx"),
        ({"incidents": (make_incident("http_403"),)}, "blocked", "2024-06-20", "http_403"),
        ({"incidents": (make_incident("suspect_content"),)}, "suspect", "2024-06-20", "suspect_content"),
        ({"incidents": (make_incident("suspect_content"), make_incident("dns"))}, "failing", "2024-06-20", "dns"),
        ({"crawl_state": "forbidden", "policy_since": "2024-02-02"}, "closed", "2024-02-02", "policy"),
        ({"crawl_state": "blocked", "policy_since": "2024-02-02"}, "blocked", "2024-02-02", "policy"),
        ({"since": "", "last_checked": "", "steady_since": ""}, "never", "", ""),
    ],
)
def test_state_and_since_when(facts, state, since, cause):
    health = judge_rules(**facts)

    assert (state, since, cause) == (health.state, health.since[:10], health.cause)


def test_the_same_rows_are_fresh_on_one_day_and_stale_on_a_later_one():
    states = [judge_rules(day).state for day in (date(2024, 7, 13), date(2024, 7, 14))]

    assert ["fresh", "stale"] == states


def test_a_few_pages_in_trouble_are_told_and_leave_the_source_readable():
    health = judge_rules(incidents=(make_incident(pages=2, asked=500),))

    assert ("fresh", True, False) == (health.state, health.is_partial, health.is_pressing)


def test_a_policy_that_was_declared_needs_nobody_today():
    assert not judge_rules(crawl_state="blocked").is_pressing
    assert judge_rules(incidents=(make_incident("http_403"),)).is_pressing


def test_an_unknown_cause_is_told_with_its_words():
    health = judge_rules(incidents=(make_incident("other"),))

    assert ("failing", "other") == (health.state, health.cause)
    assert "status 503" in health.reason


WEEKLY = tuple(f"2024-01-{day:02}" for day in (1, 8, 15, 22, 29))


@pytest.mark.parametrize(
    ("moves", "day", "silent"),
    [
        (WEEKLY, date(2024, 2, 19), False),
        (WEEKLY, date(2024, 2, 20), True),
        (WEEKLY[:4], date(2030, 1, 1), False),
        ((), date(2030, 1, 1), False),
        (("2022-01-01", "2023-01-01", *WEEKLY), date(2024, 6, 1), False),
    ],
    ids=["three intervals", "longer", "too little history", "no history", "was once silent for longer"],
)
def test_silence_is_told_against_the_rhythm_of_the_source_itself(moves, day, silent):
    assert silent == (find_silence(find_rhythm(moves), day) is not None)


def test_rhythm_is_the_middle_and_the_longest_time_between_two_days():
    moves = ("2024-01-01T06:00:00Z", "2024-01-08", "2024-01-10", "2024-02-10")

    assert Rhythm(4, "2024-02-10", 7, 31) == find_rhythm(moves)
    assert Rhythm(1, "2024-01-08", 0, 0) == find_rhythm(moves[1:2])
    assert Rhythm() == find_rhythm(())


def test_silence_can_be_declared_for_a_source_without_history():
    quiet = find_silence(find_rhythm(WEEKLY[:1]), date(2024, 3, 1), expected=30)

    assert ("2024-01-01", 60, True) == (quiet.since, quiet.days, quiet.declared)
    assert find_silence(find_rhythm(WEEKLY[:1]), date(2024, 1, 31), expected=30) is None


def test_a_silent_source_is_fresh_and_needs_a_person():
    health = judge_rules(rhythm=find_rhythm(WEEKLY))

    assert ("fresh", True) == (health.state, health.is_pressing)
    assert "usually" not in health.advice
    assert health.advice


def test_a_source_that_was_not_looked_at_is_stale_and_not_silent():
    health = judge_rules(rhythm=find_rhythm(WEEKLY), last_checked="2024-02-05T08:00:00Z")

    assert ("stale", None) == (health.state, health.silence)


def test_fresh_since_the_reading_after_the_last_gap():
    good = ["2024-01-01T08:00:00Z", "2024-01-08T08:00:00Z", "2024-03-01T08:00:00Z", "2024-03-08T08:00:00Z"]

    assert good[2] == find_steady(good, "weekly")
    assert good[0] == find_steady(good, "monthly")


def test_the_trouble_of_a_host_is_told_once_for_all_its_sources():
    healths = [
        judge_rules(source=name, incidents=(make_incident("dns", source=name, host=host),))
        for name, host in (("us-xx-a", "one.gov"), ("us-xx-b", "one.gov"), ("us-xx-c", "two.gov"))
    ]

    (outage,) = find_outages(healths)

    assert ("one.gov", "dns", ("us-xx-a", "us-xx-b")) == (outage.host, outage.cause, outage.sources)
