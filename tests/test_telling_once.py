"""Never twice, never lost, never about ourselves: what happens to pages and to us, and how many notices it makes."""

import os
import shutil
import signal
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kb.telling
from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.generations import FOLDER, POINTER
from kb.publish import publish
from kb.store.notices import list_told
from kb.store.outbox import read_message
from kb.store.subscribers import open_subscribers, read_follows, read_subscriber
from kb.subscribing import Mine, start_again, stop
from kb.telling import open_current, replay, tell
from tests.example_web import (
    DUTIES,
    FEE,
    LONG,
    RULE_ONE,
    RULE_TWO,
    RULES,
    SEALS,
    SITE,
    WEEKS,
    declare,
    record,
    show_list,
    show_rules,
    show_section,
)
from tests.sites import SOURCES, make_page
from tests.telling import EVERYTHING, SETTINGS, collect_week, later, subscribe

LAW = {"1-1": ("Fees", FEE), "1-2": ("Duties", DUTIES), "1-3": ("Inspections", LONG), "1-4": ("Seals", SEALS)}
BOARD = show_rules(RULE_ONE, RULE_TWO)


def show(folder="sections", law=LAW, **answers):
    """Return what the two sites of the State of Example answer, by address; ``answers`` are pages by number."""
    pages = {number: show_section(number, *text) for number, text in law.items()}
    pages |= {name.removeprefix("s").replace("_", "-"): page for name, page in answers.items() if name != "board"}
    listed = {f"{SITE}/": show_list(folder, *law), RULES: answers.get("board", BOARD)}
    return {**listed, **{f"{SITE}/{folder}/{number}.html": page for number, page in pages.items()}}


def amend(number, old, new):
    """Return the law with other words in one section."""
    title, lines = LAW[number]
    changed = tuple(line.replace(old, new) for line in lines)
    assert changed != lines
    return {**LAW, number: (title, changed)}


def dress(pages):
    """Return the same law in another dress: other markup round every paragraph and a menu beside it."""
    other = {"<body>": "<body class=new><nav>Home</nav><div>", "<p>": "<p class=law>"}
    dressed = dict(pages)
    for old, new in other.items():
        dressed = {url: page and page.replace(old, new) for url, page in dressed.items()}
    return dressed


def take(folder, week, pages):
    """Bring in what the sites answered in a week and publish it; returns the instant of that."""
    return collect_week(folder, week, [(week, url, page) for url, page in pages.items()])


def tell_all(folder, rounds):
    """Take round after round and tell after each; returns the notices that each made."""
    found = []
    for week, pages in zip(WEEKS, rounds, strict=False):
        at = take(folder, week, pages)
        found.append(tell(folder / "data", later(at, minutes=1), SETTINGS).notices)
        if week == WEEKS[0]:
            subscribe(folder / "data", "all", (EVERYTHING,))
            subscribe(folder / "data", "rules")
    return found


def read_all(data, query, *values):
    with closing(open_subscribers(data)) as db:
        return [tuple(row) for row in db.execute(query, values)]


def list_messages(data):
    """Return which changes each message told to whom."""
    with closing(open_subscribers(data)) as db:
        rows = db.execute("SELECT id, subscriber FROM messages ORDER BY seq").fetchall()
        return [(row["subscriber"], list_told(db, row["id"])) for row in rows]


RAISED = amend("1-1", "40", "60")
NO_PAGE = {"s1_4": None}
SHRUNK = show_section("1-3", "Inspections", LONG[:1])
BASE = show()

# What happens week by week, and how many notices each week makes for one who follows all and one who follows rules.
SCENES = {
    "nothing moves": ([BASE, BASE, BASE], [0, 0, 0]),
    "a rule is amended": ([BASE, show(law=RAISED), show(law=RAISED)], [0, 2, 0]),
    "a rule is amended and amended back": ([BASE, show(law=RAISED), BASE], [0, 2, 2]),
    "two rules of one source move": ([BASE, show(law={**RAISED, "1-4": amend("1-4", "24", "12")["1-4"]})], [0, 2]),
    "rules of two sources move": ([BASE, show(law=RAISED, board=show_rules(RULE_ONE))], [0, 4]),
    "only wording moves": ([BASE, show(law=amend("1-2", "shall keep", "must keep"))], [0, 1]),
    "the site is rebuilt": ([BASE, dress(BASE), dress(BASE)], [0, 0, 0]),
    "the site is rebuilt and a rule moves": ([BASE, dress(show(law=RAISED))], [0, 2]),
    "addresses move": ([BASE, {**dict.fromkeys(BASE), **show("code")}, show("code")], [0, 0, 0]),
    "a page is missing once": ([BASE, show(**NO_PAGE), BASE], [0, 0, 0]),
    "a page is gone for good": ([BASE, show(**NO_PAGE), show(**NO_PAGE), show(**NO_PAGE)], [0, 0, 2, 0]),
    "a page breaks and recovers": ([BASE, show(s1_4="<<<<<<< HEAD"), show(board=""), BASE], [0, 0, 0, 0]),
    "a page shrinks and is whole again": ([BASE, show(s1_3=SHRUNK), BASE], [0, 0, 0]),
    "a page shrinks and stays so": ([BASE, show(s1_3=SHRUNK), show(s1_3=f"{SHRUNK} ")], [0, 0, 2]),
    "a held page is proven while another rule moves": (
        [BASE, show(s1_3=SHRUNK), show(law=RAISED, s1_3=f"{SHRUNK} "), show(law=RAISED, s1_3=SHRUNK)],
        [0, 0, 2, 0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("scene", SCENES)
def test_so_many_notices_and_no_more(tmp_path, scene):
    rounds, expected = SCENES[scene]

    assert expected == tell_all(tmp_path, rounds)
    assert sum(expected) == len(read_all(tmp_path / "data", "SELECT * FROM notices WHERE message IS NOT NULL"))


# --- where telling begins, whom it concerns, and from when


@pytest.fixture
def begun(tmp_path):
    """A data folder in which one round was told, and somebody who follows everything."""
    tell(tmp_path / "data", take(tmp_path, WEEKS[0], BASE), SETTINGS)
    subscribe(tmp_path / "data", "all", (EVERYTHING,))
    return tmp_path


def count_notices(folder, week, pages):
    """Take a round, tell it and return how many notices it made."""
    return tell(folder / "data", later(take(folder, week, pages), minutes=1), SETTINGS).notices


def test_who_confirmed_before_the_first_run_is_told_what_came_since(tmp_path):
    data = tmp_path / "data"
    at = take(tmp_path, WEEKS[0], BASE)
    subscribe(data, "all", (EVERYTHING,), confirmed_at=later(at, days=1))

    found = tell(data, later(take(tmp_path, WEEKS[1], show(law=RAISED)), minutes=1), SETTINGS)

    assert (False, 1, 1) == (found.is_first, found.notices, found.reports)


def test_who_confirmed_before_anything_was_published_is_told_nothing_of_what_was_there(tmp_path):
    subscribe(tmp_path / "data", "all", (EVERYTHING,), confirmed_at="2024-01-01T00:00:00Z")

    assert [0, 1] == [
        count_notices(tmp_path, week, pages) for week, pages in zip(WEEKS, (BASE, show(law=RAISED)), strict=False)
    ]


def test_first_run_tells_nothing_that_was_published_before_anybody_confirmed(tmp_path):
    data = tmp_path / "data"
    take(tmp_path, WEEKS[0], BASE)
    at = take(tmp_path, WEEKS[1], show(law=RAISED))
    subscribe(data, "all", (EVERYTHING,), confirmed_at=later(at, minutes=5))

    found = tell(data, later(at, hours=1), SETTINGS)

    assert (True, 0) == (found.is_first, found.notices)
    assert 1 == count_notices(tmp_path, WEEKS[2], BASE)


def test_source_new_after_the_first_run_is_told_from_its_second_round_on(tmp_path):
    first = {url: page for url, page in BASE.items() if url != RULES}
    data = tmp_path / "data"
    tell(data, take(tmp_path, WEEKS[0], first), SETTINGS)
    subscribe(data, "all", (EVERYTHING,))

    assert [0, 1] == [
        count_notices(tmp_path, week, pages)
        for week, pages in zip(WEEKS[1:], (BASE, show(board=show_rules(RULE_ONE))), strict=False)
    ]


def test_history_of_a_new_source_is_not_told(begun):
    old = [("2023-01-02T12:00:00Z", RULES, show_rules(RULE_ONE)), ("2023-02-06T12:00:00Z", RULES, BOARD)]
    data, sources = record(begun, old, run="history")
    build(data, BuildRequest(sources=sources))
    publish(data, later(WEEKS[0], days=2), declared=sources)

    found = tell(data, later(WEEKS[0], days=3), SETTINGS)

    assert (0, 0) == (found.stories, found.notices)


def test_edition_taken_back_and_put_forth_again_tells_nothing_twice(begun):
    data = begun / "data"
    before = shutil.copytree(data / FOLDER, begun / "before")
    assert 1 == count_notices(begun, WEEKS[1], show(law=RAISED))
    after = shutil.copytree(data / FOLDER, begun / "after")

    for number, folder in enumerate((before, after, before), 1):
        for file in [*folder.glob("*.db"), folder / POINTER]:
            shutil.copy(file, data / FOLDER / file.name)
        found = tell(data, later(WEEKS[1], days=number), SETTINGS)
        assert (0, 0, 0) == (found.stories, found.notices, found.reports)
    assert 1 == count_notices(begun, WEEKS[2], BASE)


def test_older_knowledge_put_back_and_built_again_tells_nothing_twice(begun):
    data = begun / "data"
    older = shutil.copy(data / "kb.db", begun / "older.db")
    assert 1 == count_notices(begun, WEEKS[1], show(law=RAISED))
    sources = declare(begun / "sources")

    shutil.copy(older, data / "kb.db")
    for days in (1, 2):
        publish(data, later(WEEKS[1], days=days), declared=sources)
        assert 0 == tell(data, later(WEEKS[1], days=days, hours=1), SETTINGS).notices
        build(data, BuildRequest(sources=sources))


def test_who_stops_is_told_nothing_that_waited_and_starts_anew(begun):
    data = begun / "data"
    subscribe(data, "week", (EVERYTHING,), cadence="weekly", told_until=WEEKS[1])
    at = take(begun, WEEKS[1], show(law=RAISED))
    tell(data, later(at, minutes=1), SETTINGS)
    with closing(open_subscribers(data)) as db:
        mine = Mine(read_subscriber(db, "week"), read_follows(db, "week"))
        stop(db, mine, later(at, hours=1))
        start_again(db, Mine(read_subscriber(db, "week"), mine.follows), later(at, hours=2))
    tell(data, later(at, days=8), SETTINGS)

    assert ["all"] == [name for name, _ in list_messages(data)]

    tell(data, later(take(begun, WEEKS[2], BASE), days=8), SETTINGS)

    assert ["all", "all", "week"] == sorted(name for name, _ in list_messages(data))


def test_replay_tells_again_and_leaves_alone_what_waits(begun):
    data = begun / "data"
    subscribe(data, "week", (EVERYTHING,), cadence="weekly", told_until=WEEKS[1])
    at = take(begun, WEEKS[1], show(law=RAISED))
    tell(data, later(at, minutes=1), SETTINGS)
    counts = []
    for name in ("week", "all", "all"):
        with open_current(data) as public, closing(open_subscribers(data)) as db:
            counts.append(replay(db, public, read_subscriber(db, name), (EVERYTHING,), "2024-01-01T00:00:00Z"))
    tell(data, later(at, days=8), SETTINGS)
    told = list_messages(data)

    assert [0, 1, 0] == counts
    assert ["all", "all", "week"] == sorted(name for name, _ in told)
    assert [1, 1, 1] == [len(stories) for _, stories in told]


def test_replay_of_what_no_run_told_yet_tells_it_once(begun):
    data = begun / "data"
    at = take(begun, WEEKS[1], show(law=RAISED))
    late = subscribe(data, "late", (EVERYTHING,), confirmed_at=later(at, hours=1))
    with open_current(data) as public, closing(open_subscribers(data)) as db:
        again = [replay(db, public, one, (EVERYTHING,), WEEKS[0]) for one in (late, read_subscriber(db, "all"))]
    tell(data, later(at, hours=2), SETTINGS)

    assert [1, 0] == again
    assert [("all", 1), ("late", 1)] == sorted((name, len(stories)) for name, stories in list_messages(data))


def test_texts_that_others_own_are_told_once_and_not_sent(tmp_path):
    data = tmp_path / "data"
    subscribe(data, "all", (EVERYTHING,))
    for number, days in enumerate(("nineteen", "thirtyseven")):
        text = make_page("§ 1-1. Renewal.", f"(a) A license is renewed within {days} days of zygomorphic rest.")
        withheld(tmp_path, WEEKS[number], text)
        found = tell(data, later(WEEKS[number], hours=2), SETTINGS)
    ((_, stories),) = list_messages(data)
    ((body,),) = read_all(data, "SELECT body FROM stories")
    with closing(open_subscribers(data)) as db:
        names = [row["id"] for row in db.execute("SELECT id FROM messages")]
        parts = [part for name in names for part in message_from_bytes(read_message(db, name), policy=default).walk()]
    sent = " ".join(part.get_content() for part in parts if not part.is_multipart())

    assert (1, 1) == (found.notices, len(stories))
    assert "Others hold rights" in " ".join(sent.split())
    assert "thirtyseven" not in sent
    assert "zygomorphic" not in body


def withheld(folder, week, page):
    """Take one page of a source whose texts must not go out, and publish it."""
    source = SOURCES[2]
    number = week[:10]
    (folder / f"{number}.html").write_bytes(page)
    line = {"url": "https://rules.example.gov/withheld/1-1", "observed_at": week, "status": 200}
    file = folder / f"{number}.jsonl"
    file.write_bytes(msgspec.json.encode({**line, "path": f"{number}.html", "media_type": "text/html"}))
    import_captures(folder / "data", ImportRequest(file=file, sources=(source,), now=week, token=number))
    build(folder / "data", BuildRequest(sources=(source,)))
    publish(folder / "data", later(week, hours=1), declared=(source,))


# --- a run that is killed


def tell_until_killed(data, now, place):
    """Tell in a process of its own that is killed (SIGKILL) before its write of a number; returns whether it was."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1] == signal.SIGKILL
    writes = iter(range(place))

    def watch(statement):
        if (
            statement.split(None, 1)[0] in ("INSERT", "UPDATE", "DELETE", "COMMIT", "BEGIN")
            and next(writes, None) is None
        ):
            os.kill(os.getpid(), signal.SIGKILL)

    def open_watched(folder):
        db = open_subscribers(folder)
        db.set_trace_callback(watch)
        return db

    kb.telling.open_subscribers = open_watched
    try:
        tell(data, now, SETTINGS)
    finally:
        os._exit(0)


def test_run_killed_at_any_write_leaves_everything_to_be_told_once(begun):
    data = begun / "data"
    subscribe(data, "rules", cadence="daily")
    at = take(begun, WEEKS[1], show(law=RAISED, board=show_rules(RULE_ONE)))
    before = shutil.copytree(data, begun / "before")
    now = later(at, days=1)
    tell(data, now, SETTINGS)
    expected = sorted(list_messages(data))
    killed = 0
    while True:
        shutil.rmtree(data)
        shutil.copytree(before, data)
        if not tell_until_killed(data, now, killed):
            break
        killed += 1
        tell(data, now, SETTINGS)
        tell(data, later(now, minutes=1), SETTINGS)
        assert expected == sorted(list_messages(data))

    assert [("all", 2), ("rules", 2)] == [(name, len(stories)) for name, stories in expected]
    assert killed > 20


# --- periods


ZONES = ("UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory):
    """A publication in which nothing moved, and a file of subscribers with nobody in it."""
    folder = tmp_path_factory.mktemp("quiet")
    tell(folder / "data", take(folder, WEEKS[0], BASE), SETTINGS)
    return folder / "data"


@settings(max_examples=40, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    cadence=st.sampled_from(["daily", "weekly"]),
    begins=st.integers(0, 2 * 365 * 24 * 60),
    steps=st.lists(st.integers(1, 20 * 24 * 60), min_size=1, max_size=8),
)
def test_reports_of_any_runs_in_any_zone_tile_time(quiet, zone, cadence, begins, steps):
    with closing(open_subscribers(quiet)) as db:
        for table in ("notices", "messages", "follows", "subscribers"):
            db.execute(f"DELETE FROM {table}")
    data, at = quiet, later("2024-01-09T00:00:00Z", minutes=begins)
    subscribe(data, "one", (EVERYTHING,), zone=zone, cadence=cadence, tells_quiet=True, confirmed_at=at, told_until=at)
    runs = [at]
    for minutes in steps:
        runs.append(later(runs[-1], minutes=minutes))
        tell(data, runs[-1], SETTINGS)
    periods = read_all(data, "SELECT since, until FROM messages ORDER BY seq")

    assert [at, *(until for _, until in periods)] == [
        *(since for since, _ in periods),
        *([periods[-1][1]] if periods else [at]),
    ]
    assert periods == sorted(set(periods))
    for since, until in periods:
        assert has_end_between(since, until, cadence, zone)
    last = periods[-1][1] if periods else at
    assert not has_end_between(last, runs[-1], cadence, zone)


def has_end_between(since, until, cadence, zone):
    """Tell, by trying every day, whether a period ends after one instant and not after another."""
    first, last = (datetime.fromisoformat(text).astimezone(UTC) for text in (since, until))
    day = first.astimezone(ZoneInfo(zone)).date()
    while day <= last.astimezone(ZoneInfo(zone)).date():
        end = datetime(day.year, day.month, day.day, 7, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if first < end <= last and (cadence == "daily" or day.weekday() == 0):
            return True
        day += timedelta(days=1)
    return False
