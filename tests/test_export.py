"""The canonical export: fixed tables, fixed order, sightings computed from verdicts, and the cut at a day."""

import json

import pytest

from tests.example_web import WEEKS, build_web, export

TABLES = (
    "documents locations versions provisions changes events citations crosswalk facts fact_history problems".split()
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return build_web(tmp_path_factory.mktemp("whole"))


def read_rows(data, table, known_at=None):
    return [row for row in map(json.loads, export(data, known_at)) if row["table"] == table]


def test_tables_come_in_their_order(whole):
    tables = list(dict.fromkeys(json.loads(line)["table"] for line in export(whole)))

    assert [table for table in TABLES if table in tables] == tables
    assert {"documents", "locations", "versions", "provisions", "changes", "events", "crosswalk", "problems"} <= {
        *tables
    }


def test_lists_and_truth_values_are_json_and_no_row_number_leaves(whole):
    change, document = read_rows(whole, "changes")[0], read_rows(whole, "documents")[0]

    assert [list, list, bool] == [type(change["signals"]), type(change["see_also"]), type(document["baseline"])]
    assert not {"rowid", "seq"} & {*change, *document}


def test_last_seen_is_the_last_good_reading_while_the_text_stood(whole):
    seen = {(row["document"], row["observed_from"]): row["last_seen"] for row in read_rows(whole, "versions")}

    # 1-1 was read anew at its new address in week 3, 1-4 again in week 6 and broken in week 9.
    assert WEEKS[2] == seen["us-xx/code/1-1", WEEKS[1]]
    assert WEEKS[5] == seen["us-xx/code/1-4", WEEKS[0]]


def test_location_that_was_left_was_last_seen_before_it_was_gone(whole):
    rows = [row for row in read_rows(whole, "locations") if row["url"].endswith("/sections/1-4.html")]

    assert [(WEEKS[0], WEEKS[1], WEEKS[2])] == [(row["first_seen"], row["last_seen"], row["gone_at"]) for row in rows]


def test_cut_undoes_endings_that_were_not_known_yet(whole):
    ends = [
        [row["closed_at"] for row in read_rows(whole, "versions", week) if row["observed_from"] == WEEKS[1]
         and row["document"] == "us-xx/code/1-1"]
        for week in WEEKS[4:6]
    ]  # fmt: skip

    assert [[None], [WEEKS[4]]] == ends


def test_cut_before_everything_is_empty(whole):
    assert [] == export(whole, known_at="2020-01-01T00:00:00Z")
