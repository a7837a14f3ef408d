"""What lists, feeds and events ask of a generation: the same figures as counting by hand gives."""

from contextlib import closing
from datetime import date

import msgspec
import pytest

from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.publish import publish
from kb.store.listings import CHANGES, list_rows
from kb.store.pages import Wanted, find_event, join_conditions, list_changes
from kb.store.timeline import (
    MOST_OF_EVENT,
    combine_changes,
    find_next_events,
    list_feed_events,
    list_force,
    list_known,
    list_successions,
    list_tellings,
    read_beginnings,
    read_first_day,
    read_tellings,
    read_text_hashes,
)
from kb.web.pages.feeds import LONGEST_ENTRY, LONGEST_REDLINE, make_feed, strip_markup, write_content
from kb.web.pages.filters import Listing, count_passing, list_tests, read_wanted, widen
from tests.build import make_line, write_captures
from tests.sites import FIRST, HOST, SECOND, declare, make_page
from tests.test_feeds import site  # noqa: F401 - the fixture
from tests.test_web_pages import open_generation, read, text_of

RULES = read_wanted({})
EVERYTHING = Wanted()
MANY = 2 * MOST_OF_EVENT
LONG = "The holder of a license keeps a record of each dose that was given to a patient, and by whom. " * 60


def spell(number):
    """Return a number as letters, so that no two paragraphs of the tests look alike."""
    return " ".join(f"{'abcdefghij'[int(figure)] * 3}" for figure in f"{number:03}")


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """One section of which many paragraphs change at once, one of them very long; and another that moves a little."""
    folder = tmp_path_factory.mktemp("busy")
    source = declare("us-xx-open", "open", binding="statute", topics=["clinics"])
    bodies = {}
    for at, word in ((FIRST, "shall"), (SECOND, "may")):
        parts = [f"({n}) The {spell(n)} clinic {word} keep its {spell(n)} register shut." for n in range(1, MANY)]
        longest = f"({MANY}) {LONG if word == 'may' else LONG.replace('record', 'note')}"
        bodies[f"{at[:10]}/1-1.html"] = make_page("§ 1-1. Registers.", *parts, longest)
        bodies[f"{at[:10]}/1-2.html"] = make_page(
            "§ 1-2. Fees.", f"(a) A fee of {4 if word == 'may' else 5} dollars is due."
        )
    lines = [
        make_line(f"{HOST}open/{number}", observed_at=at, path=f"{at[:10]}/{number}.html")
        for at in (FIRST, SECOND)
        for number in ("1-1", "1-2")
    ]
    file = write_captures(folder, *lines, bodies=bodies)
    request = ImportRequest(file=file, sources=(source,), now="2024-03-01T00:00:00Z", token="t")  # noqa: S106 - an id
    import_captures(folder / "data", request)
    build(folder / "data", BuildRequest(sources=(source,)))
    with closing(open_generation(publish(folder / "data", "2024-03-01T06:00:00Z").path)) as db:
        yield db


def count(db, where="TRUE", **values):
    return db.execute(f"SELECT COUNT(*) FROM changes WHERE {where}", values).fetchone()[0]


# --- counts


def test_combinations_add_up_to_all_changes(site):  # noqa: F811
    combined = combine_changes(site, EVERYTHING)

    assert count(site) == sum(one.count for one in combined)
    assert len(combined) == len(
        {(one.source, one.topics, one.professions, one.nature, one.kind, one.part) for one in combined}
    )


@pytest.mark.parametrize(
    ("chosen", "where"),
    [
        ({}, "nature = 'substantive' AND part IN ('text', 'heading')"),
        ({"nature": "any", "part": "any"}, "TRUE"),
        ({"nature": "any"}, "part IN ('text', 'heading')"),
        ({"kind": "removed", "nature": "any", "part": "any"}, "kind = 'removed'"),
        ({"topic": "nursing", "nature": "any", "part": "any"}, "topics LIKE '%nursing%'"),
        ({"profession": "physician", "nature": "any", "part": "any"}, "professions LIKE '%physician%'"),
        ({"binding": "statute", "nature": "any", "part": "any"}, "binding = 'statute'"),
        ({"jurisdiction": "us-xx", "source": "us-xx-code", "nature": "any", "part": "any"}, "source = 'us-xx-code'"),
        ({"since": "2024-01-20", "nature": "any", "part": "any"}, "observed_at >= '2024-01-20'"),
        ({"until": "2024-01-20", "nature": "any", "part": "any"}, "observed_at < '2024-01-21'"),
    ],
)
def test_counted_filters_and_those_of_the_database_pass_the_same(site, chosen, where):  # noqa: F811
    wanted = read_wanted(chosen)

    counted = count_passing(combine_changes(site, widen(wanted)), wanted)
    told = list_tellings(site, wanted, 100)

    assert count(site, where) == counted == len(told)


@pytest.mark.parametrize(
    "days", [{"since": "2024-01-20"}, {"until": "2024-01-20"}, {"since": "2024-01-10", "until": "2024-02-01"}]
)
def test_combinations_counted_by_day_are_those_of_the_changes_themselves(site, days):  # noqa: F811
    wanted = Wanted(**days)
    by_hand = {}
    for one in combine_changes(site, Wanted(**days, natures=("substantive", "editorial", "structural"))):
        by_hand[one] = one.count

    assert by_hand != {}
    assert by_hand == {one: one.count for one in combine_changes(site, wanted)}


def test_far_pages_of_rule_changes_are_found_in_an_index(site):  # noqa: F811
    plan = site.execute(
        f"""
        EXPLAIN QUERY PLAN SELECT id, heading FROM changes WHERE {join_conditions(RULES)}
        ORDER BY changes.observed_at DESC, changes.source, document, wave_at, place LIMIT 50 OFFSET 30000
        """
    ).fetchall()

    assert ["SCAN changes USING INDEX rule_changes_listed"] == [row["detail"] for row in plan]


def test_only_facets_that_are_chosen_narrow():
    assert {"nature", "part"} == set(list_tests(RULES))
    assert {} == list_tests(EVERYTHING)
    assert {"kind", "topic"} == set(list_tests(Wanted(kind="added", topic="pdmp")))


def test_days_document_and_event_stay_when_facets_are_taken_away():
    wanted = Wanted(
        since="2024-01-01", until="2024-02-01", document="a", event="b", topic="pdmp", natures=("editorial",)
    )

    assert Wanted(since="2024-01-01", until="2024-02-01", document="a", event="b") == widen(wanted)


# --- events of a feed


def test_events_are_those_with_changes_wanted_the_latest_first(site):  # noqa: F811
    found = list_feed_events(site, RULES, 50, 0)
    by_hand = site.execute(
        """
        SELECT event_id, COUNT(*), COUNT(DISTINCT document), MAX(confirmed_at) AS at FROM changes
        WHERE nature = 'substantive' AND part IN ('text', 'heading') GROUP BY event_id ORDER BY at DESC, event_id
        """
    )

    assert [tuple(row) for row in by_hand] == [(one.id, one.changes, one.documents, one.confirmed_at) for one in found]


def test_pages_of_events_follow_each_other_without_gap(site):  # noqa: F811
    whole = list_feed_events(site, RULES, 50, 0)

    assert whole == [one for page in range(len(whole)) for one in list_feed_events(site, RULES, 1, page)]


def test_event_of_many_changes_tells_the_first_and_counts_the_others(busy):
    (event,) = list_feed_events(busy, RULES, 5, 0)
    told = read_tellings(busy, RULES, [event.id])[event.id]

    assert (MANY + 1, 2) == (event.changes, event.documents)
    assert MOST_OF_EVENT == len(told)
    assert [f"{n}" for n in range(1, MOST_OF_EVENT + 1)] == [one.change.eid for one in told]


def test_entry_of_many_changes_links_the_rest_and_names_its_documents(busy):
    (entry,) = make_feed(busy, Listing({}, [], RULES), "atom", 1).entries

    assert MANY + 1 - MOST_OF_EVENT == entry.more
    assert f"{entry.more} more changes in this event" in strip_markup(write_content(entry, ""))
    assert f"State of Example: {MANY + 1} rule changes in 1-1 and 1 other document" == entry.title
    assert ("topic", "clinics") in entry.tags


def test_entry_leaves_out_the_redline_of_a_very_long_text(busy):
    wanted = Wanted(document="us-xx/code/1-1", kind="amended", since=SECOND[:10])
    told = [one for one in list_tellings(busy, wanted, 100) if one.change.eid == str(MANY)]
    feed = make_feed(busy, Listing({}, [], wanted), "json", 1)

    assert len(told[0].redline) > LONGEST_REDLINE
    assert all(len(change.redline) <= LONGEST_REDLINE for entry in feed.entries for change in entry.changes)
    assert all(len(write_content(entry, "")) < 2 * LONGEST_ENTRY for entry in feed.entries)


def test_entry_of_one_change_says_what_it_was(busy):
    wanted = Wanted(document="us-xx/code/1-2", kind="amended")
    (entry,) = make_feed(busy, Listing({}, [], wanted), "atom", 1).entries

    assert 'State of Example: 1-2(a): amount changed: "$5" → "$4"' == entry.title
    assert f"{HOST}open/1-2" == entry.official


def test_page_of_a_feed_beyond_its_end_is_empty_and_names_the_one_before(busy):
    feed = make_feed(busy, Listing({}, [], RULES), "atom", 9)

    assert () == feed.entries
    assert "/changes.atom?page=8" == feed.paths["previous"]
    assert "next" not in feed.paths


# --- tellings


def test_change_is_told_with_its_redline_texts_and_address(site):  # noqa: F811
    (told,) = list_tellings(site, Wanted(document="us-xx/code/1-4"), 10)

    assert "A broken seal is reported within 24 hours." == told.old_text
    assert "A broken seal is reported within 12 hours." == told.new_text
    assert "[added: " in told.redline
    assert ("https://code.example.gov/code/1-4.html", "statute", False) == (told.url, told.binding, told.is_cut)


def test_report_reads_no_more_than_it_prints(busy):
    assert 3 == len(list_tellings(busy, RULES, 3))


def test_long_report_says_how_many_it_prints(busy, monkeypatch):
    monkeypatch.setattr("kb.web.pages.changes.MOST_REPORTED", 5)
    tree = read(busy, "/changes/report", "2024-03-02")

    assert 5 == len(tree.css(".sheet"))
    assert "Only the first 5 are printed here" in text_of(tree, ".told")[0]
    assert text_of(tree, "h1")[0].startswith(f"{MANY + 1} rule changes")


# --- events beside events


def find(db, wave):
    row = db.execute(
        "SELECT id FROM events WHERE wave_at = ? AND kind = 'revision' AND source = 'us-xx-code'", [wave]
    ).fetchone()
    return find_event(db, row["id"])


def test_events_before_and_after_are_those_of_the_same_source_with_changes(site):  # noqa: F811
    waves = [row[0] for row in site.execute(
        "SELECT wave_at FROM events WHERE source = 'us-xx-code' AND changes > 0 ORDER BY wave_at, id"
    )]  # fmt: skip

    neighbours = [find_next_events(site, find(site, wave)) for wave in waves]

    assert [None, *waves[:-1]] == [before and before.wave_at for before, _ in neighbours]
    assert [*waves[1:], None] == [after and after.wave_at for _, after in neighbours]


def test_event_knows_which_version_followed_which(site):  # noqa: F811
    (one,) = list_successions(site, find(site, "2024-07-16T12:00:00Z"))
    rows = site.execute("SELECT version FROM versions WHERE document = 'us-xx/code/1-4' ORDER BY observed_from")

    assert ("us-xx/code/1-4", "current") == (one.document, one.strand)
    assert [one.old, one.new] == [row["version"] for row in rows]


def test_event_says_when_and_by_what_its_changes_apply(site):  # noqa: F811
    (event,) = site.execute("SELECT DISTINCT event_id FROM changes WHERE effective_on IS NOT NULL").fetchall()

    assert [("2024-07-01", "")] == list_force(site, event["event_id"])
    assert [] == list_force(site, "nothing")


def test_event_links_its_day_to_the_calendar(site):  # noqa: F811
    (event,) = site.execute("SELECT DISTINCT event_id FROM changes WHERE effective_on IS NOT NULL").fetchall()
    link = read(site, f"/e/{event['event_id']}").css_first(".facts a[href^='/calendar']").attributes["href"]

    assert "/calendar?since=2024-07-01&until=2024-07-01" == link
    assert 1 == len(read(site, link).css(".dates li"))


# --- what is known


def test_record_begins_with_the_first_reading_of_any_source_or_of_one_place(site):  # noqa: F811
    assert "2024-01-08" == read_first_day(site) == read_first_day(site, "us-xx")
    assert "" == read_first_day(site, "us-tx")
    assert (2, "2024-01-08") == (read_beginnings(site)[0], read_beginnings(site)[1][:10])


def test_known_values_are_those_of_the_base(site):  # noqa: F811
    known = list_known(site)

    assert ["us-xx-board-rules", "us-xx-code"] == known["source"]
    assert ["nursing"] == known["topic"]
    assert {"us", "us-tx", "us-xx"} <= set(known["jurisdiction"])


def test_texts_that_differ_have_different_hashes(site):  # noqa: F811
    hashes = read_text_hashes(site, "us-xx/code/1-4")

    assert 2 == len(hashes) == len(set(hashes.values()))


def test_day_and_dates_of_changes_are_dates(site):  # noqa: F811
    told = [one.change.effective_on for one in list_tellings(site, EVERYTHING, 100)]

    assert {date(2024, 7, 1), None} == set(told)


# --- the pages of a busy base


def test_event_of_many_changes_is_read_as_a_whole(busy):
    (event,) = list_feed_events(busy, RULES, 5, 0)

    assert MANY + 1 == len(read(busy, f"/e/{event.id}", "2024-03-02").css("a.line"))


def test_list_counts_topics_that_sources_declare(busy):
    options = [node.text() for node in read(busy, "/changes", "2024-03-02").css("#f-topic option")]

    assert [f"all ({MANY + 1})", f"Clinics, offices and their permits ({MANY + 1})"] == options


# --- what is counted spares looking


FILTERS = [
    {},
    {"jurisdiction": "us-xx"},
    {"jurisdiction": "us-yy"},
    {"topic": "clinics"},
    {"topic": "nothing"},
    {"profession": "nurse"},
    {"kind": "added"},
    {"binding": "statute"},
    {"binding": "guidance"},
    {"jurisdiction": "us-xx", "kind": "amended", "topic": "clinics"},
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("days", [{}, {"since": SECOND[:10]}, {"until": FIRST[:10]}], ids=str)
def test_feed_tells_every_event_that_holds_a_change_wanted(site, filters, days):  # noqa: F811
    wanted = Wanted(**filters, **days)
    changes = list_changes(site, wanted, 10_000, 0)
    revisions = {row["id"] for row in site.execute("SELECT id FROM events WHERE kind = 'revision'")}

    found = {event.id for event in list_feed_events(site, wanted, 10_000, 0)}

    assert {change.event_id for change in changes} & revisions == found


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_list_that_was_counted_is_the_list_that_was_not(site, filters):  # noqa: F811
    uncounted = msgspec.structs.replace(CHANGES, counted=frozenset())

    found, expected = (list_rows(site, listing, filters, None, 10_000) for listing in (CHANGES, uncounted))

    assert expected == found
