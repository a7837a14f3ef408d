"""Every public table and column is described, once, and the descriptions are what readers see."""

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kb.declarations import load_yaml
from kb.share import share_path
from kb.store.canned import CANNED
from kb.store.public import count_up, insert_rows, make_draft, open_published
from kb.store.public_tables import FINISH
from kb.web.tables import make_metadata, make_queries, read_tables, write_tables_markdown
from tests.hostile import list_tables, make_change
from tests.sites import HOSTILE, make_data, open_site, publish_at

ROOT = Path(__file__).parents[1]
PARAMETER = re.compile(r":([a-z_]+)")  # ":since"
ASKED = {
    "changes_since": {"jurisdiction": "us-xx", "since": "2024-02-01"},
    "rule_changes_by_topic": {"topic": ""},
    "sources_not_checked": {"days": "10"},
    "versions_of_document": {"document": "us-xx/code/1-1"},
    "text_as_of": {"document": "us-xx/code/1-1", "date": "2024-01-20"},
    "search_provisions": {"words": 'fee "due'},
    "search_changes": {"words": "thirty days"},
    "upcoming": {"from_date": "2024-01-01"},
    "rules_behind_their_statute": {"jurisdiction": ""},
    "citations_to_the_repealed": {"jurisdiction": "us-xx"},
    "not_to_be_trusted": {},
    "rules_soon_after_their_statute": {"jurisdiction": "", "days": "30"},
    "longest_unchanged_schedules": {},
    "deadlines_and_fees_that_moved": {"jurisdiction": "us-xx"},
    "duties_that_came_or_went": {"jurisdiction": ""},
    "in_force_before_shown": {"days": ""},
    "words_that_vanished": {"words": "ten days"},
    "rewritten_most_often": {"jurisdiction": ""},
    "rule_changes_by_month": {},
    "rules_removed": {"jurisdiction": ""},
    "officials_who_refuse": {},
    "where_old_numbers_lead": {"document": ""},
    "status": {"jurisdiction": "", "question": "", "as_of": "2024-02-01", "known_at": "2024-02-01"},
    "upcoming_answers": {"jurisdiction": "", "question": "", "from_date": "2024-01-01"},
}
# Those that list rule changes by day, which an index finds in that order.
BY_DAY = ("deadlines_and_fees_that_moved", "duties_that_came_or_went", "rule_changes_by_topic")
# How many rows each gives on the recorded web.
FOUND = {
    "changes_since": 4,
    "rule_changes_by_topic": 4,
    "sources_not_checked": 3,
    "versions_of_document": 6,
    "text_as_of": 9,
    "search_provisions": 3,
    "search_changes": 3,
    "upcoming": 0,
    "rules_behind_their_statute": 0,
    "citations_to_the_repealed": 0,
    "not_to_be_trusted": 0,
    "rules_soon_after_their_statute": 0,
    "longest_unchanged_schedules": 0,
    "deadlines_and_fees_that_moved": 4,
    "duties_that_came_or_went": 0,
    "in_force_before_shown": 0,
    "words_that_vanished": 3,
    "rewritten_most_often": 0,
    "rule_changes_by_month": 1,
    "rules_removed": 0,
    "officials_who_refuse": 0,
    "where_old_numbers_lead": 0,
    "status": 0,
    "upcoming_answers": 0,
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    made = make_data(folder / "data", folder / "web")
    publish_at(made)
    return made


@pytest.fixture(scope="module")
def columns(data):
    """Every table of a real generation with its columns."""
    with closing(open_published(data / "public" / "000001.db")) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE 'CREATE TABLE%STRICT'")]
        return {name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in names}


def ask(data, monkeypatch, path, **params):
    site = open_site(monkeypatch, data)

    async def run():
        return await site.client.get(path, params=params)

    return asyncio.run(run())


def test_every_table_and_column_is_described_and_none_that_is_not_there(columns):
    described = {name: sorted(table.columns) for name, table in read_tables().items()}

    assert {name: sorted(found) for name, found in columns.items()} == described


def test_columns_named_for_sorting_and_labels_exist():
    wrong = [
        (name, column)
        for name, table in read_tables().items()
        for column in (table.sort, table.sort_desc, table.label)
        if column and column not in table.columns
    ]

    assert [] == wrong


def test_descriptions_say_something():
    empty = [
        (name, column)
        for name, table in read_tables().items()
        for column, words in {"": table.description, "title": table.title, **table.columns}.items()
        if len(words) < 2
    ]

    assert [] == empty


def test_document_is_written_from_the_descriptions():
    assert write_tables_markdown() == (ROOT / "docs" / "tables.md").read_text("utf-8"), (
        "write it anew with kb.web.tables.write_tables_markdown"
    )


def test_datasette_shows_the_descriptions(data, monkeypatch):
    page = ask(data, monkeypatch, "/kb/changes")

    assert read_tables()["changes"].columns["signals"] in page.text
    assert set(read_tables()) == set(make_metadata()["databases"]["kb"]["tables"])


def test_description_of_a_table_is_found_by_its_name_only(data, monkeypatch):
    listed = ask(data, monkeypatch, "/kb.json").json()

    shown = {table["name"] for table in listed["tables"] if not table["hidden"]}

    assert set(read_tables()) == shown


@pytest.mark.parametrize("name", CANNED)
def test_ready_made_query_answers(data, monkeypatch, name):
    answer = ask(data, monkeypatch, f"/kb/{name}.json", _shape="array", **ASKED[name])

    assert (200, FOUND[name]) == (answer.status_code, len(answer.json()))


@pytest.mark.parametrize("name", CANNED)
def test_ready_made_query_without_values_is_no_error(data, monkeypatch, name):
    answer = ask(data, monkeypatch, f"/kb/{name}")

    assert 200 == answer.status_code
    assert CANNED[name].title in answer.text


def test_parameters_of_every_ready_made_query_are_tried_here():
    named = {name: set(PARAMETER.findall(query.sql)) for name, query in CANNED.items()}

    assert {name: set(values) for name, values in ASKED.items()} == named
    assert set(CANNED) == set(make_queries())


@pytest.mark.parametrize("words", [*HOSTILE, "' OR 1=1 --", '"', "NEAR(", "*", "", "a:b", "\u0000"])
def test_search_takes_any_words(data, monkeypatch, words):
    answer = ask(data, monkeypatch, "/kb/search_provisions.json", words=words)

    assert 200 == answer.status_code


def test_sources_not_checked_counts_from_the_day_of_the_generation(data, monkeypatch):
    rows = ask(data, monkeypatch, "/kb/sources_not_checked.json", days="10", _shape="array").json()

    assert [19, 19, 19] == [row["days_ago"] for row in rows]


def test_text_as_of_a_date_is_the_text_shown_then(data, monkeypatch):
    texts = {}
    for date in ("2024-01-20", "2024-02-20"):
        rows = ask(
            data, monkeypatch, "/kb/text_as_of.json", document="us-xx/code/1-2", date=date, _shape="array"
        ).json()
        texts[date] = rows[-1]["text"]

    assert {"2024-01-20": "Within ten days.", "2024-02-20": "Within thirty days."} == texts


def test_jurisdictions_are_listed_once_each_on_a_tile_of_its_own():
    places = load_yaml(share_path("schemas", "jurisdictions.yml"))["jurisdictions"]

    assert 58 == len({place["id"] for place in places})
    assert 58 == len({(place["row"], place["col"]) for place in places})
    assert {"federal": 1, "state": 50, "district": 1, "territory": 5, "invented": 1} == {
        kind: sum(place["kind"] == kind for place in places)
        for kind in dict.fromkeys(place["kind"] for place in places)
    }


def test_page_of_a_table_is_cheap_to_ask_twice(data):
    with closing(sqlite3.connect(f"file:{data}/public/000001.db?immutable=1", uri=True)) as db:
        plans = [
            str(row[3])
            for query in ("changes_since", "versions_of_document", "upcoming")
            for row in db.execute(f"EXPLAIN QUERY PLAN {CANNED[query].sql}", ASKED[query])
        ]

    assert any("versions_by_document" in plan for plan in plans)


@pytest.mark.parametrize("name", BY_DAY)
def test_lists_of_rule_changes_are_read_in_the_order_of_an_index(data, name):
    with closing(sqlite3.connect(f"file:{data}/public/000001.db?immutable=1", uri=True)) as db:
        plan = [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {CANNED[name].sql}", ASKED[name])]

    assert any("rule_changes_by_day" in step for step in plan), plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan


STORY = (
    # id, kind, binding, topics, day, effective, old text, new text
    ("statute", "amended", "statute", ["pdmp"], "2024-02-01", None, "A nurse may query.", "A nurse shall query."),
    (
        "rule soon",
        "amended",
        "regulation",
        ["pdmp", "clinics"],
        "2024-02-20",
        "2024-02-01",
        "A clinic may.",
        "A clinic must.",
    ),
    ("rule late", "amended", "regulation", ["pdmp"], "2024-03-20", None, "Any clinic may.", "Any clinic must."),
    ("other topic", "removed", "regulation", ["clinics"], "2024-02-10", None, "Keep the register of doses.", ""),
)


@pytest.fixture
def story(tmp_path):
    """A generation with four rule changes that belong together or not."""
    path = tmp_path / "story.db"
    with closing(make_draft(path)) as draft:
        for table, rows in list_tables():
            if table in ("jurisdictions", "authorities", "sources", "events"):
                insert_rows(draft, table, rows)
        insert_rows(draft, "changes", (make_told(number, told) for number, told in enumerate(STORY)))
        count_up(draft)
        draft.executescript(FINISH)
        yield draft


def make_told(number, told):
    name, kind, binding, topics, day, effective, old, new = told
    own = {
        "id": name,
        "kind": kind,
        "binding": binding,
        "topics": json.dumps(topics),
        "effective_on": effective,
        "observed_at": f"{day}T12:00:00Z",
        "old_text": old,
        "new_text": new,
        "citation": name,
        "old_citation": name,
        "signals": '["modality"]',
        "document": f"us-xx/{name}",
        "old_eid": "a",
        "eid": "a",
    }
    return {**make_change(number, "x"), **own}


def answer_story(story, name, **asked):
    return [dict(row) for row in story.execute(CANNED[name].sql, asked)]


def test_rules_soon_after_their_statute_share_its_topic_and_follow_within_the_days(story):
    within = {
        days: answer_story(story, "rules_soon_after_their_statute", jurisdiction="", days=days) for days in ("", "60")
    }

    assert [("statute", "rule soon", 19, "pdmp")] == [
        (row["statute"], row["rule"], row["days_later"], row["topics"]) for row in within[""]
    ]
    assert ["rule late", "rule soon"] == [row["rule"] for row in within["60"]]


def test_rule_in_force_before_it_was_shown_is_told_with_its_days(story):
    assert [("rule soon", 19)] == [
        (row["citation"], row["days_late"]) for row in answer_story(story, "in_force_before_shown", days="")
    ]
    assert [] == answer_story(story, "in_force_before_shown", days="20")


def test_removed_rule_is_told_with_its_last_words(story, monkeypatch):
    found = answer_story(story, "rules_removed", jurisdiction="us-xx")

    assert [("other topic", "Keep the register of doses.")] == [(row["citation"], row["old_text"]) for row in found]
    assert ["statute"] == [row["citation"] for row in answer_story(story, "duties_that_came_or_went", jurisdiction="")][
        -1:
    ]
