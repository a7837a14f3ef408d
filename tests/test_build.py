"""The build is a function of the archive: cut, stepwise, from scratch, with more processes, the rows are the same."""

import json
import sqlite3
from contextlib import closing

import pytest

from kb.build import BuildRequest, build
from kb.errors import BusyError
from kb.store.connection import data_lock
from tests.example_web import WEEKS, build_web, export, list_pages, record, show_section


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return build_web(tmp_path_factory.mktemp("whole"))


def read_table(lines, table):
    return [row for row in map(json.loads, lines) if row["table"] == table]


@pytest.mark.parametrize("week", WEEKS)
def test_build_of_the_first_waves_is_the_whole_build_cut_there(whole, tmp_path, week):
    early = build_web(tmp_path, [page for page in list_pages() if page[0] <= week])

    lines = export(early)

    assert export(whole, known_at=week) == lines


def test_building_week_by_week_gives_the_same_bytes_at_every_step(whole, tmp_path):
    steps = []
    for number, week in enumerate(WEEKS):
        data, sources = record(tmp_path, [page for page in list_pages() if page[0] == week], run=f"t{number}")
        build(data, BuildRequest(sources=sources))
        steps.append(export(data) == export(whole, known_at=week))

    assert [True] * len(WEEKS) == steps


def test_two_workers_build_the_same_bytes_as_one(whole, tmp_path):
    data = build_web(tmp_path, workers=2)

    assert export(whole) == export(data)


def test_building_from_scratch_gives_the_same_bytes(tmp_path):
    data, sources = record(tmp_path, list_pages())
    build(data, BuildRequest(sources=sources))
    before = export(data)

    result = build(data, BuildRequest(sources=sources, from_scratch=True))

    assert before == export(data)
    assert result.waves > len(WEEKS)


def test_a_second_build_has_nothing_to_do(tmp_path):
    data, sources = record(tmp_path, list_pages())
    build(data, BuildRequest(sources=sources))

    result = build(data, BuildRequest(sources=sources))

    assert (0, 0) == (result.waves, result.changes)


def test_importing_older_captures_derives_their_source_anew(whole, tmp_path):
    late = [page for page in list_pages() if page[0] > WEEKS[1]]
    early = [page for page in list_pages() if page[0] <= WEEKS[1]]
    data, sources = record(tmp_path, late, run="late")
    build(data, BuildRequest(sources=sources))
    record(tmp_path, early, run="early")

    result = build(data, BuildRequest(sources=sources))

    assert ["us-xx-board-rules", "us-xx-code"] == sorted(result.rederived)
    assert export(whole) == export(data)


def test_first_wave_reports_nothing(whole):
    changes = read_table(export(whole, known_at=WEEKS[0]), "changes")

    assert [] == changes


def test_moved_site_reports_one_relocation_and_no_change(whole):
    lines = export(whole)

    changes = [row for row in read_table(lines, "changes") if row["wave_at"] == WEEKS[2]]
    moves = [row for row in read_table(lines, "events") if row["wave_at"] == WEEKS[2] and row["kind"] == "relocation"]

    assert [] == changes
    assert [5] == [row["pages"] for row in moves]


def test_address_that_was_tried_before_its_page_came_proves_an_addition(whole):
    added = [row for row in read_table(export(whole), "changes") if row["kind"] == "added" and row["eid"] == ""]

    assert [("us-xx/code/1-9", WEEKS[1], 3)] == [(row["document"], row["observed_at"], row["count"]) for row in added]


def test_page_met_late_without_proof_is_baseline(whole):
    rows = [row for row in read_table(export(whole), "documents") if row["document"] == "us-xx/code/1-5"]

    assert [True] == [row["baseline"] for row in rows]


def test_one_404_is_no_removal_and_the_second_proves_it(whole):
    before = read_table(export(whole, known_at=WEEKS[4]), "changes")
    after = read_table(export(whole, known_at=WEEKS[5]), "changes")

    removed = [row for row in after if row["kind"] == "removed" and row["old_eid"] == ""]

    assert not [row for row in before if row["kind"] == "removed" and row["old_eid"] == ""]
    assert [("us-xx/code/1-1", WEEKS[4], WEEKS[5])] == [
        (row["document"], row["observed_at"], row["confirmed_at"]) for row in removed
    ]


def test_shrunk_page_is_suspect_until_seen_again(whole):
    suspected = read_table(export(whole, known_at=WEEKS[3]), "problems")
    removed = [row for row in read_table(export(whole), "changes") if row["document"] == "us-xx/code/1-3"]

    assert ["shrunk"] == [row["code"] for row in suspected if row["wave_at"] == WEEKS[3]]
    assert {(WEEKS[3], WEEKS[4])} == {(row["observed_at"], row["confirmed_at"]) for row in removed}


def test_section_that_left_its_list_under_another_number_is_renumbered(whole):
    rows = [row for row in read_table(export(whole), "changes") if row["old_document"] != row["document"]]

    renumbered = [(row["old_document"], row["document"]) for row in rows if row["kind"] == "renumbered"]

    assert [("us-xx/code/1-2", "us-xx/code/1-20")] == renumbered


def test_coming_text_is_reported_once_with_its_date(whole):
    rows = [row for row in read_table(export(whole), "changes") if row["document"] == "us-xx/rules/1.2"]

    texts = [(row["observed_at"], row["effective_on"]) for row in rows if row["part"] == "text"]

    assert [(WEEKS[3], "2024-07-01")] == texts


def test_broken_pages_make_problems_and_neither_versions_nor_changes(whole):
    lines = export(whole)

    codes = {row["code"] for row in read_table(lines, "problems") if row["wave_at"] == WEEKS[8]}
    versions = [row for row in read_table(lines, "versions") if row["wave_at"] == WEEKS[8]]

    assert {"conflict_markers", "empty"} == codes
    assert [] == versions


def test_second_build_at_the_same_time_is_refused(tmp_path):
    data, sources = record(tmp_path, list_pages()[:1])

    with data_lock(data, "build"), pytest.raises(BusyError, match="held by process"):
        build(data, BuildRequest(sources=sources))


def test_damaged_snapshot_is_named_and_left_out(tmp_path):
    page = show_section("1-4", "Seals", ("(a) Every vial bears a seal.",))
    data, sources = record(tmp_path, [(WEEKS[0], "https://code.example.gov/code/1-4.html", page)])
    with closing(sqlite3.connect(data / "archive.db")) as db, db:
        db.execute("UPDATE snapshots SET body = ?", (b"rubbish",))

    result = build(data, BuildRequest(sources=sources))

    assert [True] == ["1-4.html" in name for name in result.damaged]
    assert [] == read_table(export(data), "versions")


def test_page_that_changes_within_one_wave_is_followed_through_it(tmp_path):
    url = "https://code.example.gov/code/1-4.html"
    texts = [(f"2024-01-{day:02}T{hour:02}:00:00Z", hours) for day, hour, hours in ((1, 9, 24), (2, 9, 12), (2, 15, 6))]
    pages = [(at, url, show_section("1-4", "Seals", (f"(a) Report within {hours} hours.",))) for at, hours in texts]

    lines = export(build_web(tmp_path, pages))

    steps = sorted((row["observed_at"], row["new_text"]) for row in read_table(lines, "changes"))
    assert [(texts[1][0], "Report within 12 hours."), (texts[2][0], "Report within 6 hours.")] == steps
