"""Who is told what: everything that is proven once, nothing of our own doings, whatever happens in between."""

import shutil
from contextlib import closing

import msgspec
import pytest

from kb.build import BuildRequest, build
from kb.publish import publish
from kb.store.knowledge import open_knowledge
from kb.store.notices import list_told, read_cursors
from kb.store.subscribers import alter_subscriber, open_subscribers, read_subscriber
from kb.telling import tell
from tests.example_web import WEEKS, declare, list_pages, record
from tests.telling import EVERYTHING, SETTINGS, START, collect_week, later, run_weeks, subscribe


def list_proven(data, after):
    """Return the changes that rounds after an instant proved, as kb.db has them."""
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        rows = db.execute("SELECT id FROM changes WHERE confirmed_at > ? ORDER BY id", (after,))
        return [row["id"] for row in rows]


def list_told_to(data, name):
    """Return the changes told to a subscriber in messages, each as often as it was told."""
    with closing(open_subscribers(data)) as db:
        messages = [row["id"] for row in db.execute("SELECT id FROM messages WHERE subscriber = ?", (name,))]
        return sorted(change for message in messages for _, changes in list_told(db, message) for change in changes)


def read_all(data, query):
    with closing(open_subscribers(data)) as db:
        return [tuple(row) for row in db.execute(query)]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Ten weeks, each told after its publication, to somebody who follows everything, from the first week on."""
    folder = tmp_path_factory.mktemp("weeks")
    at = collect_week(folder, WEEKS[0])
    first = tell(folder / "data", at, SETTINGS)
    subscribe(folder / "data", "all", (EVERYTHING,))
    subscribe(folder / "data", "rules")
    subscribe(folder / "data", "twice", (EVERYTHING, EVERYTHING))
    subscribe(folder / "data", "elsewhere", (msgspec.structs.replace(EVERYTHING, jurisdictions=("us-or",)),))
    return folder / "data", first, run_weeks(folder, WEEKS[1:])


@pytest.fixture
def copied(told, tmp_path):
    """The ten weeks in a folder of one's own."""
    return shutil.copytree(told[0], tmp_path / "data"), declare(tmp_path / "sources")


def test_first_run_only_begins(told):
    assert (True, 0, 0) == (told[1].is_first, told[1].stories, told[1].reports)


def test_everything_proven_is_told_once_and_nothing_else(told):
    data, _, _ = told

    assert list_proven(data, WEEKS[0]) == list_told_to(data, "all")
    assert list_proven(data, WEEKS[0]) != []


def test_two_follows_that_match_tell_once(told):
    assert list_told_to(told[0], "all") == list_told_to(told[0], "twice")


def test_who_follows_another_place_is_told_nothing(told):
    assert [] == list_told_to(told[0], "elsewhere")


def test_rule_changes_are_told_by_default_and_wording_is_not(told):
    data, _, _ = told
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        rules = db.execute(
            "SELECT id FROM changes WHERE confirmed_at > ? AND nature = 'substantive' AND part <> 'note' ORDER BY id",
            (WEEKS[0],),
        )
        expected = [row["id"] for row in rows] if (rows := list(rules)) else []

    assert expected == list_told_to(data, "rules")
    assert len(expected) < len(list_told_to(data, "all"))


def test_what_was_held_back_is_told_in_the_week_that_proved_it(told):
    late = read_all(
        told[0],
        "SELECT stories.confirmed_at, messages.created_at FROM notices JOIN stories ON stories.id = story "
        "JOIN messages ON messages.id = message WHERE notices.subscriber = 'all'",
    )
    held = read_all(
        told[0],
        "SELECT id FROM stories WHERE json_extract(body, '$.observed_at') < confirmed_at",
    )

    assert held != []
    assert all(created == later(confirmed, hours=1, minutes=1) for confirmed, created in late)


def test_rebuilt_sites_new_addresses_and_trouble_are_not_told(told):
    with closing(open_knowledge(told[0] / "kb.db", read_only=True)) as db:
        kinds = {row["kind"] for row in db.execute("SELECT DISTINCT kind FROM events")}
        others = {row["id"] for row in db.execute("SELECT id FROM events WHERE kind <> 'revision'")}

    assert {"relocation", "revision"} <= kinds
    assert others.isdisjoint(one[0] for one in read_all(told[0], "SELECT json_extract(body, '$.event') FROM stories"))


def expect_silence(data, at):
    """Tell again and hold it against what was told before."""
    before = read_all(data, "SELECT id FROM messages ORDER BY id")
    found = tell(data, at, SETTINGS)

    assert (0, 0, 0) == (found.stories, found.notices, found.reports)
    assert before == read_all(data, "SELECT id FROM messages ORDER BY id")


def test_publishing_again_tells_nothing(copied):
    data, sources = copied
    publish(data, "2024-08-01T00:00:00Z", declared=sources)

    expect_silence(data, "2024-08-01T01:00:00Z")


def test_building_from_scratch_tells_nothing(copied):
    data, sources = copied
    (data / "kb.db").unlink()
    build(data, BuildRequest(sources=sources))
    publish(data, "2024-08-01T00:00:00Z", declared=sources)

    expect_silence(data, "2024-08-01T01:00:00Z")


def test_other_ids_of_a_better_reader_tell_nothing(copied):
    data, sources = copied
    with closing(open_knowledge(data / "kb.db")) as db:
        db.execute("UPDATE changes SET id = SUBSTR(id, 2) || 'f', old_text = old_text || ' read better'")
    publish(data, "2024-08-01T00:00:00Z", declared=sources)

    expect_silence(data, "2024-08-01T01:00:00Z")


def test_old_captures_brought_in_later_tell_nothing(tmp_path):
    pages = list_pages()
    gap = WEEKS[1]
    at = collect_week(tmp_path, WEEKS[0])
    tell(tmp_path / "data", at, SETTINGS)
    subscribe(tmp_path / "data", "all", (EVERYTHING,))
    run_weeks(tmp_path, [week for week in WEEKS[2:] if week != gap])
    data, sources = record(tmp_path, [page for page in pages if page[0] == gap], run="late")
    build(data, BuildRequest(sources=sources))
    publish(data, "2024-08-01T00:00:00Z", declared=sources)

    assert list_proven(data, gap[:10]) != []
    expect_silence(data, "2024-08-01T01:00:00Z")


def test_two_weeks_between_two_runs_are_told_together(tmp_path):
    tell(tmp_path / "data", collect_week(tmp_path, WEEKS[0]), SETTINGS)
    subscribe(tmp_path / "data", "all", (EVERYTHING,))
    for week in WEEKS[1:4]:
        at = collect_week(tmp_path, week)
    found = tell(tmp_path / "data", at, SETTINGS)

    assert 1 == found.reports
    assert list_proven(tmp_path / "data", WEEKS[0]) == list_told_to(tmp_path / "data", "all")


def test_who_confirms_later_is_told_only_what_comes_then(tmp_path):
    tell(tmp_path / "data", collect_week(tmp_path, WEEKS[0]), SETTINGS)
    at = collect_week(tmp_path, WEEKS[1])
    subscribe(tmp_path / "data", "late", (EVERYTHING,), confirmed_at=later(at, minutes=1))
    tell(tmp_path / "data", later(at, minutes=2), SETTINGS)

    assert [] == list_told_to(tmp_path / "data", "late")

    run_weeks(tmp_path, WEEKS[2:5])

    assert list_proven(tmp_path / "data", WEEKS[1]) == list_told_to(tmp_path / "data", "late")


@pytest.mark.parametrize("state", ["asked", "parked", "stopped"])
def test_only_active_subscribers_are_told(tmp_path, state):
    tell(tmp_path / "data", collect_week(tmp_path, WEEKS[0]), SETTINGS)
    subscribe(tmp_path / "data", "gone", (EVERYTHING,), state=state)

    assert [0] == [found.notices for found in run_weeks(tmp_path, WEEKS[1:2])]


def test_weekly_subscriber_gets_one_report_a_week_with_all_of_it(tmp_path):
    data = tmp_path / "data"
    tell(data, collect_week(tmp_path, WEEKS[0]), SETTINGS)
    subscribe(data, "week", (EVERYTHING,), cadence="weekly", zone="America/Chicago", told_until="2024-01-15T13:00:00Z")
    at = collect_week(tmp_path, WEEKS[1])
    for hours in (1, 30, 7 * 24):
        tell(data, later(at, hours=hours), SETTINGS)

    # The week of Jan 15 ends on Monday, Jan 22, at 07:00 in Chicago, which is 13:00 UTC.
    assert [("2024-01-15T13:00:00Z", "2024-01-22T13:00:00Z")] == read_all(data, "SELECT since, until FROM messages")
    assert list_proven(data, WEEKS[0]) == list_told_to(data, "week")


@pytest.mark.parametrize(("wishes", "expected"), [(True, 3), (False, 0)])
def test_quiet_days_are_told_to_who_wishes_so(tmp_path, wishes, expected):
    data = tmp_path / "data"
    at = collect_week(tmp_path, WEEKS[0])
    tell(data, at, SETTINGS)
    subscribe(data, "day", (EVERYTHING,), cadence="daily", tells_quiet=wishes, told_until=at)
    for days in (1, 2, 3):
        tell(data, later(at, days=days), SETTINGS)

    titles = [row[0] for row in read_all(data, "SELECT title FROM messages")]

    assert expected == len(titles)
    assert all(title.startswith("Nothing moved in ") for title in titles)


def test_without_mail_settings_reports_wait_and_are_told_later(tmp_path):
    data = tmp_path / "data"
    tell(data, collect_week(tmp_path, WEEKS[0]), SETTINGS)
    subscribe(data, "all", (EVERYTHING,))
    at = collect_week(tmp_path, WEEKS[1])
    held = tell(data, later(at, minutes=1), msgspec.structs.replace(SETTINGS, host=""))
    sent = tell(data, later(at, minutes=2), SETTINGS)

    assert ((1, 0), (0, 1)) == ((held.held, held.reports), (sent.held, sent.reports))
    assert list_proven(data, WEEKS[0]) == list_told_to(data, "all")


def test_cursors_never_go_back(copied):
    data, sources = copied
    with closing(open_subscribers(data)) as db:
        before = read_cursors(db)
    tell(data, "2024-08-01T01:00:00Z", SETTINGS)
    with closing(open_subscribers(data)) as db:
        assert all(before[name] <= at for name, at in read_cursors(db).items())
    assert sources


def test_address_of_who_stopped_is_erased_after_a_month(copied):
    data, _ = copied
    with closing(open_subscribers(data)) as db:
        alter_subscriber(db, "all", state="stopped", ended_at="2024-08-01T00:00:00Z")
    for at, expected in (("2024-08-20T00:00:00Z", "all@example.org"), ("2024-09-01T00:00:00Z", "")):
        tell(data, at, SETTINGS)
        with closing(open_subscribers(data)) as db:
            found = read_subscriber(db, "all")
            assert found is not None
            assert expected == found.target
    assert START < at
