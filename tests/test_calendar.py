"""The calendar: every stated day once, with one identity through its moves, as a list and as iCalendar."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from icalendar import Calendar
from selectolax.lexbor import LexborHTMLParser

from kb.agenda import Day, follow_days, link_day, list_days
from kb.corrected_days import list_corrected
from kb.publish import publish
from kb.publish_answers import list_facts, list_questions
from kb.store import public
from kb.store.agenda import CodedDay, StatedText, read_coded_days
from kb.store.connection import transaction
from kb.store.facts import record_facts
from kb.store.knowledge import open_knowledge
from kb.store.pages import Edition
from kb.upcoming import list_public_dates
from kb.web.pages.calendar import group_months, keep_nearest
from kb.web.pages.ics import write_ics
from tests.answers import place_facts, using_domain
from tests.build import make_fact
from tests.example_web import IN_FORCE, RULE_ONE, RULES, SITE, WEEKS, build_web, show_rules, show_section
from tests.test_feeds import ask
from tests.test_web_pages import open_generation, text_of

LONG_AGO = date(2024, 1, 1)


def show_twins(day):
    old = (f"1.2 Records [Effective until {day}]", ("(1) Records are kept for seven years.",))
    new = (f"1.2 Records [Effective {day}]", ("(1) Records are kept for ten years.",))
    return show_rules(RULE_ONE, old, new)


FIRST, TWINS, MOVED = show_rules(RULE_ONE, IN_FORCE), show_twins("July 1, 2024"), show_twins("October 1, 2024")


def publish_rules(folder, *pages):
    """Publish the board's rules as its page showed them week by week; returns the open generation."""
    section = show_section("1-1", "Fees", ("(a) A fee is due.",))
    rules = [(at, RULES, page) for at, page in zip(WEEKS, pages, strict=False)]
    data = build_web(folder, [*rules, (WEEKS[0], f"{SITE}/sections/1-1.html", section)])
    return open_generation(publish(data, "2024-07-18T06:00:00Z").path)


@pytest.fixture(scope="module")
def announced(tmp_path_factory):
    with closing(publish_rules(tmp_path_factory.mktemp("announced"), FIRST, TWINS)) as db:
        yield db


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    with closing(publish_rules(tmp_path_factory.mktemp("moved"), FIRST, TWINS, MOVED)) as db:
        yield db


@pytest.fixture(scope="module")
def dropped(tmp_path_factory):
    with closing(publish_rules(tmp_path_factory.mktemp("dropped"), FIRST, TWINS, MOVED, FIRST)) as db:
        yield db


def read_events(db, url="/calendar.ics", today="2024-02-01"):
    answer = ask(db, url, today=today)
    assert (200, "text/calendar; charset=utf-8") == (answer.status, answer.content_type)
    return Calendar.from_ical(answer.body).walk("VEVENT")


# --- days and their moves


def test_day_of_a_coming_text_is_told_once_with_the_changes_it_brings(announced):
    (day,) = list_days(announced, LONG_AGO)

    assert ("effective", date(2024, 7, 1), "Example Rule 1.2") == (day.kind, day.day, day.citation)
    assert (1, 0, False) == (day.changes, day.sequence, day.is_dropped)


def test_day_that_moved_keeps_its_id_and_counts_the_move(announced, moved):
    (before,), (after,) = (list_days(db, LONG_AGO) for db in (announced, moved))

    assert before.id == after.id
    assert (date(2024, 10, 1), (date(2024, 7, 1),), 1) == (after.day, after.moved_from, after.sequence)
    assert WEEKS[2] == after.known_at


def test_day_whose_text_was_withdrawn_before_it_came_is_dropped(moved, dropped):
    (before,), (after,) = (list_days(db, LONG_AGO) for db in (moved, dropped))

    assert before.id == after.id
    assert (True, 2, WEEKS[3]) == (after.is_dropped, after.sequence, after.known_at)


def test_day_that_came_before_its_text_went_is_not_dropped(tmp_path):
    section = show_section("1-1", "Fees", ("(a) A fee is due.",))
    pages = [(WEEKS[0], RULES, FIRST), (WEEKS[3], RULES, TWINS), (WEEKS[7], RULES, FIRST)]
    data = build_web(tmp_path, [*pages, (WEEKS[0], f"{SITE}/sections/1-1.html", section)])

    with closing(open_generation(publish(data, "2024-07-18T06:00:00Z").path)) as db:
        days = list_days(db, LONG_AGO)

    assert [(date(2024, 7, 1), False, 0)] == [(day.day, day.is_dropped, day.sequence) for day in days]


def state_text(valid_from, wave, closed=None):
    return StatedText(
        document="us-xx/code/1",
        strand="current",
        source="us-xx-code",
        jurisdiction="us-xx",
        citation="Example Code § 1",
        heading="Fees",
        url="https://code.example.gov/1",
        topics=(),
        valid_from=valid_from,
        valid_to=None,
        wave_at=wave,
        closed_at=closed,
        closed_wave=closed,
    )


def test_two_days_announced_at_once_are_two_days():
    first, second = state_text(date(2024, 7, 1), WEEKS[0]), state_text(date(2025, 1, 1), WEEKS[0])

    assert [date(2024, 7, 1), date(2025, 1, 1)] == [thread.day for thread in follow_days([first, second], "effective")]


def test_text_edited_under_the_same_day_leaves_the_day_as_it_is():
    before = state_text(date(2024, 7, 1), WEEKS[0], closed=WEEKS[1])
    after = state_text(date(2024, 7, 1), WEEKS[1])

    (thread,) = follow_days([before, after], "effective")

    assert (False, ()) == (thread.is_ahead(), thread.moved_from)


def test_day_that_comes_long_after_another_was_withdrawn_is_another_day():
    before = state_text(date(2024, 7, 1), WEEKS[0], closed=WEEKS[1])
    after = state_text(date(2025, 7, 1), WEEKS[3])

    threads = follow_days([before, after], "effective")

    assert [True, False] == [thread.is_ahead() for thread in threads]


# --- coded days


DATES = """
    CREATE TABLE dates (
        jurisdiction TEXT NOT NULL, day TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        question TEXT NOT NULL, title TEXT NOT NULL, citation TEXT NOT NULL, url TEXT NOT NULL
    ) STRICT;
    CREATE TABLE questions (question TEXT PRIMARY KEY, topic TEXT NOT NULL) STRICT;
    INSERT INTO questions VALUES ('telehealth_prescribing', 'telehealth');
    INSERT INTO dates VALUES
        ('us', '2026-12-31', 'sunset', 'f1', 'telehealth_prescribing', 'Flexibility', '21 CFR 1307.41', 'https://a.example/'),
        ('us', '2026-12-31', 'sunset', 'f2', 'telehealth_prescribing', 'Flexibility', '21 CFR 1307', ''),
        ('us', '2026-12-31', 'reverts', 'f2', 'telehealth_prescribing', 'Flexibility', '21 CFR 1307', ''),
        ('us-xx', '2026-08-01', 'comment', 'us-xx/notice/1', '', 'Comments', 'Notice 1', 'https://b.example/'),
        ('us-xx', '2026-07-01', 'effective', 'us-xx/code/1', '', 'Fees', 'Example Code § 1', 'https://c.example/');
"""


def test_days_of_answers_and_of_comments_join_once_their_table_is_there():
    with closing(sqlite3.connect(":memory:")) as db:
        db.row_factory = sqlite3.Row
        before = read_coded_days(db, "2026-01-01")
        db.executescript(DATES)
        after = read_coded_days(db, "2026-01-01")

    assert [] == before
    assert [
        ("us-xx/notice/1", "comment", "", "https://b.example/"),
        ("f1", "sunset", "telehealth", "https://a.example/"),
        ("f2", "reverts", "telehealth", ""),
    ] == [(row.subject, row.kind, row.topic, row.url) for row in after]
    assert isinstance(after[0], CodedDay)


def publish_coded(folder, *entries, at="2026-06-01T08:00:00Z"):
    """Publish answers of a small codebook; returns the open generation."""
    facts = place_facts([make_fact(**{"binding": "regulation", "citation": "§ 1", **one}) for one in entries])
    folder.mkdir()
    knowledge = open_knowledge(folder / "kb.db")
    with transaction(knowledge):
        record_facts(knowledge, facts, {})
    db = public.make_draft(folder / "public.db")
    release = {"generation": 1, "published_at": at, "log_id": "l", "log_size": 0, "tree_head": ""}
    public.insert_rows(db, "releases", iter([release]))
    public.insert_rows(db, "questions", iter(list_questions()))
    public.insert_rows(db, "facts", iter(list_facts(knowledge)))
    public.insert_rows(db, "dates", list_public_dates(knowledge, at, {}))
    knowledge.close()
    return db


def list_coded(db, since=LONG_AGO):
    with closing(db):
        days = list_days(db, since, list_corrected(db))
    return [(day.id, day.day, day.sequence, day.is_dropped, day.moved_from) for day in days]


ENDS, NEXT, LAST = (date(2026, month, 30) for month in (9, 11, 12))
FIRST_TOLD = {"effective_to": "2026-09-30", "coded_on": "2026-01-01"}


@pytest.fixture
def codebook(tmp_path):
    with using_domain(tmp_path / "domain"):
        yield


def list_moves(folder, *days, last=""):
    """Publish after each correction of an answer; returns what each edition says of its day."""
    entries = [{"id": f"f{n}", "effective_to": day, "coded_on": f"2026-0{n}-01"} for n, day in enumerate(days, 1)]
    found = []
    for count in range(1, len(days) + 1):
        ends = [one["coded_on"] for one in entries[1:count]] + [last if count == len(days) else ""]
        told = list(map(end_on, entries, ends))
        found += [list_coded(publish_coded(folder / str(count), *told))]
    return found


def test_day_of_a_corrected_answer_keeps_its_id_and_counts_the_moves(codebook, tmp_path):
    [first], [second], [third] = list_moves(tmp_path, "2026-09-30", "2026-11-30", "2026-12-30")

    assert first[0] == second[0] == third[0]
    assert (ENDS, 0, False, ()) == first[1:]
    assert (NEXT, 1, False, (ENDS,)) == second[1:]
    assert (LAST, 2, False, (ENDS, NEXT)) == third[1:]


def test_day_of_an_answer_that_no_longer_ends_is_cancelled(codebook, tmp_path):
    [first], [second] = list_moves(tmp_path, "2026-09-30", "")

    assert (first[0], ENDS, 1, True, ()) == second


def test_day_of_an_answer_that_was_withdrawn_is_cancelled(codebook, tmp_path):
    [[one]] = list_moves(tmp_path, "2026-09-30", last="2026-05-01")

    assert (ENDS, 1, True, ()) == one[1:]


def test_day_that_came_before_its_answer_was_corrected_was_not_moved(codebook, tmp_path):
    [first], [second] = list_moves(tmp_path, "2026-01-30", "2026-11-30")

    assert (NEXT, 0, False, ()) == second[1:]
    assert first[0] != second[0]


def test_correction_that_leaves_the_day_alone_leaves_it_alone(codebook, tmp_path):
    first, second = list_moves(tmp_path, "2026-09-30", "2026-09-30")

    assert first == second


def test_file_moves_and_strikes_the_day_of_a_corrected_answer(codebook, tmp_path):
    entries = [
        {"id": "f1", **FIRST_TOLD},
        {"id": "f2", "effective_to": "2026-11-30", "coded_on": "2026-02-01"},
        {"id": "f3", "coded_on": "2026-03-01"},
    ]
    told = []
    for count in (1, 2, 3):
        ends = [one["coded_on"] for one in entries[1:count]] + [""]
        with closing(publish_coded(tmp_path / str(count), *map(end_on, entries[:count], ends))) as db:
            text = ask(db, "/calendar.ics", today="2026-04-01").body.replace("\r\n ", "")
        told.append(dict(line.partition(":")[::2] for line in text.split("\r\n")))

    names = ("DTSTART;VALUE=DATE", "SEQUENCE", "STATUS")
    assert [("20260930", "0", "CONFIRMED"), ("20261130", "1", "CONFIRMED"), ("20261130", "2", "CANCELLED")] == [
        tuple(one[name] for name in names) for one in told
    ]
    assert 1 == len({one["UID"] for one in told})
    assert "20260201T000000Z" == told[1]["LAST-MODIFIED"]


def end_on(entry, day):
    return {**entry, "superseded_on": day}


def test_day_keeps_its_id_when_the_answer_is_corrected_and_the_day_is_not(codebook, tmp_path):
    entries = [
        {"id": "f1", "value": "some", **FIRST_TOLD, "superseded_on": "2026-02-01"},
        {"id": "f2", "value": "all", "effective_to": "2026-09-30", "coded_on": "2026-02-01"},
    ]
    [before] = list_coded(publish_coded(tmp_path / "before", {**entries[0], "superseded_on": ""}))
    [after] = list_coded(publish_coded(tmp_path / "after", *entries))

    assert before == after


def test_correction_dated_after_the_edition_is_not_known_to_it(codebook, tmp_path):
    entries = [
        {"id": "f1", **FIRST_TOLD, "superseded_on": "2026-07-01"},
        {"id": "f2", "effective_to": "2026-11-30", "coded_on": "2026-07-01"},
    ]
    [one] = list_coded(publish_coded(tmp_path / "now", *entries))

    assert (ENDS, 0, False, ()) == one[1:]


def test_day_that_another_answer_still_states_is_not_told_twice(codebook, tmp_path):
    nurses, others = {"scope": {"profession": "nurse"}}, {"scope": {"profession": "dentist"}}
    entries = [
        {"id": "f1", **FIRST_TOLD, **nurses, "superseded_on": "2026-02-01"},
        {"id": "f2", "effective_to": "2026-11-30", "coded_on": "2026-02-01", **nurses},
        {"id": "f3", **FIRST_TOLD, **others},
    ]
    days = list_coded(publish_coded(tmp_path / "now", *entries))

    assert [ENDS, NEXT] == [one[1] for one in days]
    assert 2 == len({one[0] for one in days})


# --- the page


def read(db, url, today="2024-02-01"):
    return LexborHTMLParser(ask(db, url, today=today).body)


def test_page_lists_days_by_month_with_what_happens(announced):
    tree = read(announced, "/calendar")

    assert ["July 2024"] == text_of(tree, ".month h2")
    (day,) = text_of(tree, ".dates li")
    assert day.startswith("Jul 1, 2024 State of Example: Example Rule 1.2 takes effect")
    assert "1 rule change" in day
    assert "/d/us-xx/rules/1.2?as_of=2024-07-01" == tree.css_first(".dates strong a").attributes["href"]


def test_page_says_where_a_day_was_moved_from_and_what_was_withdrawn(moved, dropped):
    assert "moved: Jul 1, 2024 → Oct 1, 2024" in text_of(read(moved, "/calendar"), ".dates li")[0]
    assert "withdrawn before it came" in text_of(read(dropped, "/calendar"), ".dates li")[0]


def test_passed_days_are_folded_and_leave_after_ninety(announced):
    just, long = (read(announced, "/calendar", day) for day in ("2024-07-20", "2024-12-20"))

    assert ["1 date passed since Apr 21, 2024"] == text_of(just, ".passed summary")
    assert [] == long.css(".dates li")
    assert "No date ahead is known in the 3 documents we read." == text_of(long, ".lead")[0]


def test_filters_of_the_calendar_narrow_it_and_count(announced):
    tree = read(announced, "/calendar?kind=expiry&jurisdiction=us-xx")

    assert [] == tree.css(".dates li")
    assert "No date ahead fits these filters: 1 date is known without them." == text_of(tree, ".lead")[0]
    assert ["all (1)", "Takes effect (1)", "Ends (0)"] == [node.text() for node in tree.css("#f-kind option")]
    assert "/calendar.ics?jurisdiction=us-xx&kind=expiry" == tree.css_first(".follow a[href^='/']").attributes["href"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("kind=party", "kind: “party” is none of effective, expiry"),
        ("since=soon", "since: “soon” is no date"),
        ("since=2024-07-02&until=2024-07-01", "since Jul 2, 2024 lies after until Jul 1, 2024"),
        ("jurisdiction=us-zz", "jurisdiction: “us-zz” is none of us,"),
        ("topic=sailing", "topic: “sailing” is none of legal_status"),
        ("source=" + "x" * 3000, "x” is none of us-xx-board-rules, us-xx-code"),
    ],
)
@pytest.mark.parametrize("path", ["/calendar", "/calendar.ics"])
def test_calendar_question_that_cannot_be_read_is_refused_with_what_there_is(announced, path, query, said):
    answer = ask(announced, f"{path}?{query}")

    assert 400 == answer.status
    assert said in answer.body


def test_topics_of_the_source_and_its_name_narrow_the_calendar(announced):
    for query in ("topic=nursing", "source=us-xx-board-rules", "until=2024-07-01", "since=2024-07-01"):
        assert 1 == len(read(announced, f"/calendar?{query}").css(".dates li")), query
    for query in ("topic=clinics", "source=us-xx-code", "until=2024-06-30", "since=2024-07-02"):
        assert [] == read(announced, f"/calendar?{query}").css(".dates li"), query


def test_filters_in_force_are_links_out_of_them(announced):
    tree = read(announced, "/calendar?kind=effective&jurisdiction=us-xx")

    assert ["/calendar?kind=effective", "/calendar?jurisdiction=us-xx"] == [
        node.attributes["href"] for node in tree.css("ul.active a")
    ]
    assert ["× Remove filter Jurisdiction: State of Example", "× Remove filter What happens: Takes effect"] == text_of(
        tree, "ul.active a"
    )


def test_calendar_that_cannot_list_all_days_says_so(announced, monkeypatch):
    monkeypatch.setattr("kb.web.pages.calendar.MOST_ROWS", 1)

    assert "More days are known than can be read at once" in text_of(read(announced, "/calendar"), ".told")[0]


def make_day(on, **fields):
    values = {"id": on, "kind": "effective", "jurisdiction": "us-xx", "citation": "Rule 1", "title": "Fees", "url": ""}
    return Day(**{**values, "day": date.fromisoformat(on), "document": "us-xx/rules/1", **fields})


def test_days_are_grouped_by_month_across_years():
    days = [make_day(on) for on in ("2024-12-31", "2025-01-01", "2025-01-31", "2026-01-01")]

    months = group_months(days)

    assert [("December 2024", 1), ("January 2025", 2), ("January 2026", 1)] == [(m.name, len(m.days)) for m in months]
    assert ["2024-12", "2025-01", "2026-01"] == [month.id for month in months]


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({}, "/d/us-xx/rules/1?as_of=2024-07-01"),
        ({"kind": "expiry"}, "/d/us-xx/rules/1?as_of=2024-06-30"),
        ({"is_dropped": True}, "/d/us-xx/rules/1"),
        ({"strand": "permanent"}, "/d/us-xx/rules/1?as_of=2024-07-01&strand=permanent"),
        ({"document": ""}, ""),
    ],
)
def test_day_leads_to_the_text_it_is_about(fields, path):
    assert path == link_day(make_day("2024-07-01", **fields))


def test_day_of_a_coded_answer_says_so_in_the_file():
    day = make_day(
        "2026-12-31", kind="sunset", document="", question="telehealth_prescribing", url="https://a.example/"
    )
    edition = Edition(
        generation=1,
        published_at="2026-07-18T06:00:00Z",
        last_checked="",
        replicas=frozenset(),
        names={"us-xx": "Example"},
        recorded=False,
    )

    (event,) = Calendar.from_ical(write_ics([day], "Dates", edition, "https://law.example")).walk("VEVENT")

    assert "Example: Rule 1 applies for the last day" == event["summary"]
    assert ["Fees", "From a coded answer.", "Official page: https://a.example/"] == event["description"].splitlines()[
        :3
    ]
    assert datetime(2026, 7, 18, 6, tzinfo=UTC) == event.decoded("dtstamp")
    assert "url" not in event


# --- iCalendar


def test_file_holds_all_day_events_under_permanent_ids(announced):
    (event,) = read_events(announced)
    (again,) = read_events(announced, today="2024-06-30")

    assert date(2024, 7, 1) == event.decoded("dtstart")
    assert "State of Example: Example Rule 1.2 takes effect" == event["summary"]
    assert (0, "CONFIRMED") == (event["sequence"], event["status"])
    assert event.to_ical() == again.to_ical()
    assert "https://law.example/d/us-xx/rules/1.2?as_of=2024-07-01" == event["url"]


def test_moved_day_raises_its_sequence_and_a_dropped_one_is_cancelled(announced, moved, dropped):
    told = [read_events(db)[0] for db in (announced, moved, dropped)]

    assert 1 == len({str(event["uid"]) for event in told})
    assert [(0, "CONFIRMED"), (1, "CONFIRMED"), (2, "CANCELLED")] == [(one["sequence"], one["status"]) for one in told]
    assert datetime(2024, 1, 29, 12, tzinfo=UTC) == told[2].decoded("dtstamp")


def test_file_has_what_the_specification_asks_of_every_event_and_line(moved):
    body = ask(moved, "/calendar.ics", today="2024-02-01").body

    calendar = Calendar.from_ical(body)
    assert {"PRODID", "VERSION"} <= set(calendar)
    for event in calendar.walk("VEVENT"):
        assert {"UID", "DTSTAMP", "DTSTART"} <= set(event)
        assert [] == event.errors
    assert body.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in body.split("\r\n"))


def test_file_tells_what_moved_and_where_the_text_stands(moved):
    (event,) = read_events(moved)
    told = str(event["description"]).splitlines()

    assert "Moved from Jul 1, 2024." in told
    assert "Text and proof: https://law.example/d/us-xx/rules/1.2?as_of=2024-10-01" in told
    assert told[-1].startswith("Not legal advice")


def test_of_too_many_days_the_nearest_to_today_are_kept():
    days = [make_day(f"2024-0{month}-01") for month in range(1, 9)]

    kept = [day.id for day in keep_nearest(days, "2024-05-01", 2)]

    assert ["2024-03-01", "2024-04-01", "2024-05-01", "2024-06-01"] == kept


def test_file_of_a_filter_names_it(announced):
    calendar = Calendar.from_ical(ask(announced, "/calendar.ics?jurisdiction=us-xx", today="2024-02-01").body)

    assert "Status Quo: dates of rules; Jurisdiction: State of Example" == calendar["x-wr-calname"]


def test_file_without_a_day_is_still_a_calendar(announced):
    body = ask(announced, "/calendar.ics", today="2026-01-01").body

    assert ["VCALENDAR", "VTIMEZONE"] == [part.name for part in Calendar.from_ical(body).walk()][:2]


def test_file_carries_no_links_while_the_address_of_the_site_is_not_known(announced):
    body = ask(announced, "/calendar.ics", address="", today="2024-02-01").body

    assert "URL:" not in body
    assert "law.example" not in body
