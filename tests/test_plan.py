"""What a crawl does is decided before it begins: which sources, which run, which pages."""

import msgspec
import pytest

from crawlers.plan import Chosen, Opened, Wanted, choose_due_date, choose_sources, is_due, open_crawl, seed_frontier
from kb.errors import UnknownSourceError
from kb.sources import parse_source
from kb.store.archive import close_run, open_archive, record_captures
from kb.store.frontier import Claim, lease_source
from tests.build import make_capture, make_source

NOW, LATER, MUCH_LATER = "2024-06-01T08:00:00.000000Z", "2024-06-02T08:00:00.000000Z", "2024-06-09T08:00:00.000000Z"
SOURCE = make_source()
TOKEN = "x"  # noqa: S105 - part of a run's name
CHOSEN = Chosen({SOURCE.id: SOURCE}, {})


@pytest.fixture
def db(tmp_path):
    return open_archive(tmp_path / "archive.db")


def begin(db, now=NOW, replay_at=""):
    return open_crawl(db, CHOSEN, now=now, token=TOKEN, replay_at=replay_at)


def record(db, run, outcome, observed_at, number=1):
    url = f"https://rules.example.gov/{number}"
    capture = make_capture(url, None, outcome=outcome, observed_at=observed_at)
    record_captures(db, run, [capture], acknowledge=[(SOURCE.id, url)])


def list_leases(db, due_at):
    return [lease.url for lease in lease_source(db, SOURCE.id, Claim("x", due_at, 60, 100))]


def test_source_is_due_when_nine_tenths_of_its_cadence_have_passed():
    assert [True, False, False, True] == [
        is_due(SOURCE, last, "2024-06-08T07:00:00Z")
        for last in ("", "2024-06-07T08:00:00Z", "2024-06-02T08:00:00Z", "2024-06-01T08:00:00Z")
    ]


def test_strange_names_are_refused_and_all_of_them_told(db):
    wanted = Wanted(sources=("us-xx-rules", "us-xx-no"), jurisdictions=("us-zz",))

    with pytest.raises(UnknownSourceError, match=r"us-xx-no, us-zz: .*us-xx-rules"):
        choose_sources(db, [SOURCE], wanted, NOW)


def test_among_many_sources_only_the_nearest_names_are_told(db):
    bodies = [{**SOURCE.body, "id": f"us-xx-rules-{number}"} for number in range(50)]
    many = [parse_source(body, "us-xx.yml") for body in bodies]

    with pytest.raises(UnknownSourceError, match=r"us-xx-rule-7: .*\(50, see kb sources list; near: .*us-xx-rules-7"):
        choose_sources(db, many, Wanted(sources=("us-xx-rule-7",)), NOW)


def test_source_of_which_no_address_is_known_is_set_aside(db):
    cited = parse_source(
        {
            "jurisdiction": "us-xx",
            "id": "us-xx-opinions",
            "platform": "page",
            "documents": [{"citation": "Doe v. Roe", "questions": ["practice_ownership"]}],
        },
        "us-xx.yml",
    )

    chosen = choose_sources(db, [cited, SOURCE], Wanted(), NOW)

    assert [SOURCE.id] == list(chosen.sources)
    assert "no address of it is known yet" == chosen.set_aside["us-xx-opinions"].skipped


def test_only_sources_that_are_due_are_crawled(db):
    opened = begin(db)
    record(db, opened.run, "ok", "2024-06-01T08:00:05Z")
    close_run(db, opened.run, NOW)

    chosen = [choose_sources(db, [SOURCE], Wanted(due=True), now).sources for now in (LATER, MUCH_LATER)]

    assert [[], [SOURCE.id]] == [list(sources) for sources in chosen]


def test_open_crawl_is_gone_on_with_and_one_of_another_kind_is_closed(db):
    first = begin(db)
    again = begin(db, LATER)
    replayed = begin(db, LATER, replay_at="2020-01-01T00:00:00Z")

    assert Opened(first.run, first.due_at, resumed=True) == again
    assert not replayed.resumed
    assert [(first.run, True), (replayed.run, False)] == [
        (row["run"], row["closed_at"] is not None) for row in db.execute("SELECT * FROM runs ORDER BY started_at")
    ]


def test_nothing_to_crawl_opens_no_run(db):
    assert "" == open_crawl(db, Chosen({}, {}), now=NOW, token=TOKEN).run
    assert [] == db.execute("SELECT run FROM runs").fetchall()


def test_due_dates_go_forward_even_if_the_clock_goes_back():
    assert LATER == choose_due_date(NOW, LATER)
    assert "2024-06-02T08:00:00.000001Z" == choose_due_date(LATER, NOW)


def test_known_pages_are_asked_for_again_until_they_are_long_gone(db):
    opened = begin(db)
    urls = [f"https://rules.example.gov/{number}" for number in (1, 2, 3)]
    seed = msgspec.structs.replace(SOURCE, urls=tuple(urls))
    seed_frontier(db, [seed], opened, None)
    seed_frontier(db, [seed], opened, None)
    asked = list_leases(db, opened.due_at)
    record(db, opened.run, "ok", "2024-06-01T08:00:05Z", 1)
    for number in (2, 3):
        record(db, opened.run, "missing", "2024-06-01T08:00:05Z", number)
    record(db, opened.run, "missing", "2024-06-01T20:00:05Z", 2)
    record(db, opened.run, "missing", "2024-06-02T08:00:05Z", 3)
    close_run(db, opened.run, NOW)

    later = begin(db, MUCH_LATER)
    seed_frontier(db, [SOURCE], later, None)

    assert urls == asked
    assert urls[:2] == list_leases(db, later.due_at)
