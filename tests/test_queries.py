"""Questions to kb.db: filters combine, order is fixed, columns are exact."""

from contextlib import closing

import msgspec
import pytest

from kb.models import ChangeRow
from kb.store.knowledge import open_knowledge
from kb.store.queries import (
    ChangeFilter,
    count_problems,
    find_named,
    find_numbered,
    find_standing,
    read_changes,
    read_open_suspects,
    read_version_rows,
    read_watches,
    tally_changes,
)
from tests.example_web import WEEKS, build_web


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    data = build_web(tmp_path_factory.mktemp("whole"))
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        yield db


def list_changes(db, **wanted):
    return list(read_changes(db, ChangeFilter(**wanted)))


def test_changes_have_the_columns_of_the_contract_in_their_order(db):
    line = msgspec.json.decode(msgspec.json.encode(list_changes(db)[0]))

    assert list(ChangeRow.__struct_fields__) == list(line)


def test_changes_come_by_first_sight_source_and_document(db):
    rows = [(row.observed_at, row.source, row.document) for row in list_changes(db)]

    assert sorted(rows) == rows


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"since": WEEKS[9]}, {"us-xx/code/1-4"}),
        ({"until": WEEKS[1], "kinds": ("amended",)}, {"us-xx/code/1-1"}),
        ({"topics": ("nursing",)}, {"us-xx/rules/1.2"}),
        ({"sources": ("us-xx-board-rules",), "parts": ("heading",)}, {"us-xx/rules/1.2"}),
        ({"natures": ("structural",)}, {"us-xx/code/1-2", "us-xx/code/1-20"}),
        ({"document": "us-xx/code/1-2", "kinds": ("renumbered",)}, {"us-xx/code/1-2", "us-xx/code/1-20"}),
        ({"jurisdictions": ("us-yy",)}, set()),
        ({"jurisdictions": ("us-yy", "us-xx"), "since": WEEKS[9]}, {"us-xx/code/1-4"}),
    ],
    ids=range(8),
)
def test_filters_combine(db, wanted, expected):
    found = {row.document for row in list_changes(db, **wanted)}

    assert expected == found


def test_limit_keeps_the_latest_in_order(db):
    rows = list_changes(db)

    assert rows[-3:] == list_changes(db, limit=3)


def test_bounds_include_their_instant(db):
    rows = list_changes(db, since=WEEKS[9], until=WEEKS[9])

    assert [WEEKS[9]] == [row.observed_at for row in rows]


def test_tallies_add_up_to_the_changes(db):
    tallies = tally_changes(db, ChangeFilter(limit=1))

    assert len(list_changes(db)) == sum(tally.count for tally in tallies)


def test_watches_tell_when_a_page_could_last_be_read(db):
    watches = {watch.source: (watch.since, watch.last_checked, watch.documents) for watch in read_watches(db)}

    assert (WEEKS[0], WEEKS[9], 7) == watches["us-xx-code"]
    assert (WEEKS[0], WEEKS[7], 2) == watches["us-xx-board-rules"]


def test_open_suspects_are_pages_whose_latest_answer_is_not_trusted(db):
    suspects = {suspect.url: suspect.reasons for suspect in read_open_suspects(db)}

    assert {"https://board.example.gov/rules"} == set(suspects)


def test_problems_are_counted_by_source_and_code(db):
    counts = {(problem.source, problem.code): problem.count for problem in count_problems(db)}

    # The page that its list dropped in the same wave is proven gone, and no problem.
    assert 1 == counts["us-xx-code", "unavailable"]
    assert 1 == counts["us-xx-code", "shrunk"]


@pytest.mark.parametrize("name", ["Example Code § 1-4", "example code 1–4", "us-xx/code/1-4", "US-XX/code/1-4"])
def test_documents_are_named_by_id_and_citation_however_typed(db, name):
    assert ["us-xx/code/1-4"] == [one.document for one in find_named(db, name)]


def test_number_finds_whole_last_parts_only(db):
    assert [] == find_numbered(db, ["4", "code/1-4x", "_-4"])
    assert ["us-xx/code/1-4"] == [one.document for one in find_numbered(db, ["1-4"])]


def test_page_finds_every_document_that_stood_there(db):
    assert ["us-xx/rules/1.1", "us-xx/rules/1.2"] == [
        one.document for one in find_standing(db, ["https://board.example.gov/rules"])
    ]


def test_versions_come_by_first_sight(db):
    rows = read_version_rows(db, "us-xx/rules/1.2")

    assert [WEEKS[0], WEEKS[3], WEEKS[3], WEEKS[7]] == [row.observed_from for row in rows]
    assert ["2024-07-01", "2024-07-01"] == [str(rows[1].valid_to), str(rows[2].valid_from)]
