"""Hosts are left alone as long as they said, and as long as they fail; what is noted outlives the crawl."""

from datetime import UTC, datetime, timedelta

import pytest

from crawlers.hosts import HostBook, write_instant
from crawlers.outcomes import GivenUpError
from crawlers.patience import Bounds, HostPatience
from kb.store.hosts import HostNote

HOST, OTHER = "rules.example.gov", "other.example.gov"
BOUNDS = Bounds(longest_wait=300, longest_later=1000, dead_after=3, pause=60, longest_pause=200)
NOW = datetime(2024, 6, 1, 8, 0, 0, tzinfo=UTC)


def make_patience(*known, now=0.0):
    return HostPatience(BOUNDS, HostBook(known, clock=lambda: NOW), now)


def list_notes(patience):
    return [(note.kind, note.until, note.pause) for note in patience.book.take()[0]]


def say(seconds):
    return write_instant(NOW + timedelta(seconds=seconds))


def test_host_is_left_alone_as_long_as_the_most_patient_answer_asks():
    patience = make_patience()

    patience.note_later(HOST, 60, now=1000)
    patience.note_later(HOST, 10, now=1000)

    assert (60, 1, 0) == tuple(patience.tell_wait(HOST, now) for now in (1000, 1059, 1061))
    assert 0 == patience.tell_wait(OTHER, 1000)
    assert [("later", say(60), 0), ("later", say(10), 0)] == list_notes(patience)


def test_host_that_asks_for_more_patience_than_we_have_is_given_up_until_then_and_no_longer_than_believed():
    patience = make_patience()

    patience.note_later(HOST, 86400, now=0)

    with pytest.raises(GivenUpError, match=r"host: .* asks to be left alone for 86400 seconds"):
        patience.check(HOST, 999)
    patience.check(HOST, 1000)
    patience.check(OTHER, 0)
    assert [("later", say(1000), 0)] == list_notes(patience)


def test_only_failures_without_interruption_open_the_breaker():
    patience = make_patience()
    for _ in range(2):
        patience.note_failure(HOST, "timeout", 0)
    patience.note_answer(HOST)
    for _ in range(2):
        patience.note_failure(HOST, "timeout", 0)
    patience.check(HOST, 0)

    patience.note_failure(HOST, "timeout: 60 seconds", 0)

    with pytest.raises(GivenUpError, match=r"failed 3 times in a row \(timeout: 60 seconds\)"):
        patience.check(HOST, 59)
    assert [("open", say(60), 60)] == list_notes(patience)


def test_after_the_pause_one_page_tries_and_decides():
    patience = make_patience()
    for _ in range(3):
        patience.note_failure(HOST, "status 500", 0)

    patience.check(HOST, 60, is_page=False)
    patience.check(HOST, 60)
    with pytest.raises(GivenUpError, match="one page is trying"):
        patience.check(HOST, 60)
    patience.note_failure(HOST, "status 500", 60)
    with pytest.raises(GivenUpError, match="failed 4 times"):
        patience.check(HOST, 179)
    patience.check(HOST, 180)
    patience.note_failure(HOST, "status 500", 180)
    patience.check(HOST, 380)
    patience.note_answer(HOST)
    patience.check(HOST, 380)
    patience.check(HOST, 380)

    assert [("open", 60), ("open", 120), ("open", 200), ("closed", 0)] == [
        (kind, pause) for kind, _, pause in list_notes(patience)
    ]


def test_what_an_earlier_crawl_noted_goes_on():
    later = HostNote(host=HOST, kind="later", until=say(100))
    long = HostNote(host="long.example.gov", kind="later", until=say(400), reason="tomorrow")
    opened = HostNote(host="open.example.gov", kind="open", until=say(50), pause=60, reason="it failed")
    passed = HostNote(host="past.example.gov", kind="open", until=say(-50), pause=60)

    patience = make_patience(later, long, opened, passed, now=7)

    assert 100 == patience.tell_wait(HOST, 7)
    with pytest.raises(GivenUpError, match="tomorrow"):
        patience.check(long.host, 406)
    with pytest.raises(GivenUpError, match="it failed"):
        patience.check(opened.host, 56)
    patience.check(opened.host, 57)
    patience.check(passed.host, 7)
    with pytest.raises(GivenUpError, match="one page is trying"):
        patience.check(passed.host, 7)


def test_instants_are_rounded_up_to_the_second():
    assert "2024-06-01T08:00:01Z" == write_instant(NOW + timedelta(microseconds=1))
    assert "2024-06-01T08:00:00Z" == write_instant(NOW)
