"""Notes about hosts: the latest is in force, what robots.txt files decided is counted, nothing is altered."""

import sqlite3

import pytest

from crawlers.hosts import HostBook
from kb.store.archive import open_archive, start_run
from kb.store.hosts import (
    HostNote,
    RobotsText,
    read_crawl_delays,
    read_held_hosts,
    read_latest_notes,
    record_decisions,
    record_notes,
)

RUN, NOW = "2024-06-01T08:00:00Z-x", "2024-06-01T08:00:00Z"
HOST = "rules.example.gov"


@pytest.fixture
def db(tmp_path):
    db = open_archive(tmp_path / "archive.db")
    start_run(db, RUN, "crawl", NOW)
    return db


def note(kind, until="", host=HOST):
    return HostNote(host=host, kind=kind, until=until, reason=kind)


def test_latest_note_is_in_force_and_told_instants_stay_beside_a_breaker(db):
    notes = [note("later", "2024-06-03T00:00:00Z"), note("open", "2024-06-02T00:00:00Z"), note("certificate")]
    record_notes(db, RUN, NOW, notes)
    held = [read_held_hosts(db, now).get(HOST) for now in (NOW, "2024-06-02T12:00:00Z", "2024-06-03T00:00:00Z")]
    record_notes(db, RUN, NOW, [note("later", "2024-06-01T09:00:00Z"), note("closed")])

    assert ["later", "later", None] == [one and one.kind for one in held]
    assert ["later", "closed"] == [one.kind for one in read_latest_notes(db)]
    assert {HOST: "2024-06-01T09:00:00Z"} == {one.host: one.until for one in read_held_hosts(db, NOW).values()}
    with pytest.raises(sqlite3.IntegrityError, match="never altered"):
        db.execute("UPDATE host_notes SET until = ''")


def test_decisions_are_counted_over_batches_of_a_run(db):
    told = RobotsText(HOST, 200, NOW, "a" * 64, b"Disallow: /x", 2.0)
    book = HostBook()
    for urls in (("/1", "/2"), ("/3",)):
        for url in urls:
            book.count(told, "", f"https://{HOST}{url}", allowed=True)
        record_decisions(db, RUN, book.take()[1])

    (row,) = db.execute("SELECT pages, first_url, allowed, sha256 FROM robots_decisions")
    assert (3, f"https://{HOST}/1", 1, "a" * 64) == tuple(row)
    assert [b"Disallow: /x"] == [row["body"] for row in db.execute("SELECT body FROM robots_texts")]
    assert {HOST: 2.0} == read_crawl_delays(db)
    assert not book.has_news
