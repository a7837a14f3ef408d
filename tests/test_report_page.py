"""The report page: what moved in a time, in four forms; no more than can be read at once, then a link."""

import json
import tempfile
from contextlib import closing
from datetime import date

import pytest
from jsonschema import Draft202012Validator

from bench.site_base import find_base
from kb.share import share_path
from kb.stories import bound_days, find_first_day, list_period
from kb.tell.follow import ANY, Follow, parse_follow
from kb.web.pages import report as page
from tests.test_timeline import MANY, busy  # noqa: F401 - fixture
from tests.test_web_pages import ask, main_text, open_generation, read, text_of

TODAY = "2026-11-28"
SINCE, UNTIL = date(2026, 2, 1), date(2026, 11, 28)
TIME = f"since={SINCE}&until={UNTIL}"
ALL = Follow()
MOST = 40


@pytest.fixture(scope="module")
def moving(tmp_path_factory):
    """Invented law of every jurisdiction that moved on many days."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("bench")))
        path = find_base(3_000) / "public" / "000001.db"
    with closing(open_generation(path)) as db:
        yield db


@pytest.fixture
def few(monkeypatch):
    """Let a page tell so many changes."""
    monkeypatch.setattr(page, "MOST_CHANGES", MOST)


def list_changes(db, follow, since, until):
    stories = list_period(db, [follow], *bound_days(since, until))
    return [(story.id, moved.id) for story in stories for moved in story.moved]


@pytest.mark.parametrize("form", ["", ".txt", ".md", ".json"])
@pytest.mark.usefixtures("few")
def test_every_form_says_since_when_and_where_the_time_before_is_told(moving, form):
    answer = ask(moving, f"/report{form}?{TIME}&address=https://law.example", TODAY)

    first = find_first_day(moving, [ALL], SINCE, UNTIL, MOST)
    assert SINCE < first
    assert 200 == answer.status
    assert f"until={date.fromordinal(first.toordinal() - 1)}" in answer.body
    assert form == ".json" or "more moved in the time asked for than one report" in " ".join(answer.body.split())


@pytest.mark.usefixtures("few")
def test_reports_that_follow_one_another_tell_everything_once(moving):
    told, until, days = [], UNTIL, []
    while until:
        first = find_first_day(moving, [ALL], SINCE, until, MOST)
        told = list_changes(moving, ALL, first, until) + told
        days.append(len(list_changes(moving, ALL, first, until)))
        shown = json.loads(ask(moving, f"/report.json?since={SINCE}&until={until}", TODAY).body)
        assert f"{first}T00:00:00Z" == shown["since"]
        until = date.fromisoformat(shown["earlier"].rpartition("until=")[2]) if shown["earlier"] else None

    assert list_changes(moving, ALL, SINCE, UNTIL) == told
    assert len(days) > 3
    assert max(days) <= MOST


def test_time_of_few_changes_is_told_whole(moving):
    shown = json.loads(ask(moving, f"/report.json?{TIME}&jurisdiction=us-tx", TODAY).body)

    assert ("", f"{SINCE}T00:00:00Z") == (shown["earlier"], shown["since"])
    assert {"us-tx"} == {story["jurisdiction"] for story in shown["stories"]}


def test_only_what_is_followed_is_counted(moving):
    follow = parse_follow({"jurisdiction": ["us-tx", "us-gu"], "nature": [ANY], "part": [ANY]})
    number = len(list_changes(moving, follow, SINCE, UNTIL))

    assert SINCE == find_first_day(moving, [follow], SINCE, UNTIL, number)
    assert SINCE < find_first_day(moving, [follow], SINCE, UNTIL, number - 1)


def test_day_of_too_many_changes_is_told_whole_and_first(busy, monkeypatch):  # noqa: F811
    monkeypatch.setattr(page, "MOST_CHANGES", 5)
    tree = read(busy, "/report?since=2024-01-01&until=2024-03-01", "2024-03-02")

    assert text_of(tree, "h1")[0].startswith(f"{MANY + 1} rule changes") or str(MANY + 1) in main_text(
        busy, "/report?since=2024-01-01&until=2024-03-01", "2024-03-02"
    )
    assert "until=2024-02-" in tree.css_first("p[role=note] a").attributes["href"]


def test_json_of_the_page_fits_its_schema(moving):
    schema = json.loads(share_path("schemas", "report.schema.json").read_text("utf-8"))

    Draft202012Validator(schema).validate(json.loads(ask(moving, f"/report.json?{TIME}", TODAY).body))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("since=2026-13-01", "expected a day as 2026-01-31"),
        ("since=2026-06-01&until=2026-05-01", "is after"),
        ("jurisdiction=us-zz", "jurisdiction: expected one of"),
        ("topic=telehelth", "telehealth"),
        ("nature=grand", "nature: expected one of"),
    ],
)
@pytest.mark.parametrize("form", ["", ".json", ".txt"])
def test_report_that_cannot_be_made_says_what_there_is(moving, query, said, form):
    answer = ask(moving, f"/report{form}?{query}", TODAY)

    assert 400 == answer.status
    assert said in answer.body


def test_quiet_time_says_what_was_checked(moving):
    assert "sources" in text_of(read(moving, "/report", TODAY), ".lead")[0]
