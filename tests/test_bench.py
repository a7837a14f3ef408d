"""The bench measures what it says: the same pages every time, other bytes or other law only where it claims so."""

import msgspec
import pytest

from bench.core import COLUMNS, Limit, Row, Task, describe_limit, judge, make_row, run_task
from bench.statutes import mark_up, write_statutes, write_title
from bench.tables import format_markdown, format_table
from bench.tasks import (
    SECTION_PAGES,
    TITLE_PAGE,
    Inputs,
    edit_law,
    measure_edited,
    measure_import,
    measure_new,
    measure_restamped,
    measure_same,
    measure_tree,
    read_all,
    read_tree,
)
from kb.read.page import read_page
from kb.sources import parse_source

COST = {"seconds": 0.5, "bare_seconds": 0.1, "pages": 200, "peak_bytes": 70_000_000, "raw_bytes": 1, "stored_bytes": 1}


@pytest.fixture
def inputs():
    bodies = write_statutes(2, 1_000)
    restamped = write_statutes(2, 1_000, stamp="served today")
    urls = [f"https://code.example.gov/12-{page}.html" for page in (100, 101)]
    return Inputs(parse_source(SECTION_PAGES, "a test"), urls, bodies, restamped, [edit_law(body) for body in bodies])


def test_the_same_pages_are_generated_every_time_and_no_two_are_alike():
    pages = write_statutes(5, 1_000)

    assert pages == write_statutes(5, 1_000)
    assert 5 == len(set(pages))


@pytest.mark.parametrize("page", [write_statutes(1)[0], mark_up(write_statutes(1, 13_500)[0])])
def test_a_generated_page_has_twenty_kilobytes(page):
    assert 17_000 < len(page) < 23_000


def test_a_title_page_holds_two_thousand_sections_in_four_megabytes():
    page = write_title()

    read = read_page(page, parse_source(TITLE_PAGE, "a test"), "https://code.example.gov/title-7.html")

    assert (2_000, ()) == (len(read.readings), read.flaws)
    assert 3_800_000 < len(page) < 4_300_000


def test_a_stamp_alters_the_bytes_and_not_the_law_and_an_edit_alters_the_law(inputs):
    assert inputs.bodies[0] != inputs.restamped[0]
    assert read_all(inputs, inputs.bodies) == read_all(inputs, inputs.restamped)
    assert read_all(inputs, inputs.bodies) != read_all(inputs, inputs.edited)


def test_markup_alters_no_provision(inputs):
    marked = [mark_up(body) for body in inputs.bodies]

    assert read_all(inputs, inputs.bodies) == read_all(inputs, marked)


def test_the_text_and_tree_measured_are_those_of_the_whole_reading(inputs):
    whole = read_all(inputs, inputs.bodies)[0]

    (bare,) = read_tree(inputs, 0)

    assert msgspec.structs.replace(whole, acts=(), references=()) == bare


@pytest.mark.parametrize(
    "measure", [measure_tree, measure_import, measure_new, measure_same, measure_restamped, measure_edited]
)
def test_every_measurement_of_pages_ends_with_its_cost_and_a_bare_parse_beside_it(inputs, measure):
    cost = measure(inputs)

    assert (2, sum(map(len, inputs.bodies))) == (cost.pages, cost.raw_bytes)
    assert cost.seconds > 0
    assert cost.bare_seconds > 0


def test_a_measurement_runs_in_a_process_of_its_own_and_tells_its_peak_memory():
    cost = run_task(Task("redline", "sentence"))

    assert 394_000 <= cost["raw_bytes"] <= 410_000
    assert cost["peak_bytes"] > 10_000_000


def test_a_row_says_what_was_measured_beside_its_target():
    row = make_row(Task("read", "tree", "statutes", Limit("times", 5)), COST)

    assert ("400 pages per CPU-second", "5.0", "70", "≤ 5× lxml", "yes") == row[2:]


@pytest.mark.parametrize(
    ("limit", "words", "passed"),
    [
        (None, "", ""),
        (Limit("times", 2.5), "≤ 2.5× lxml", "no"),
        (Limit("rate", 3000, at_most=False), "≥ 3,000 pages per CPU-second", "no"),
        (Limit("rate", 400, at_most=False), "≥ 400 pages per CPU-second", "yes"),
        (Limit("ms", 500), "≤ 500 ms", "yes"),
    ],
)
def test_a_target_is_met_at_its_bound(limit, words, passed):
    values = {"times": 5.0, "rate": 400.0, "ms": 500.0}

    assert (words, passed) == (describe_limit(limit), judge(limit, values))


def test_tables_hold_every_row_for_the_terminal_and_for_the_documents():
    row = Row("read", "pages", "1 ms", "", "7", "", "")

    assert ["what", "read"] == [line.split()[0] for line in format_table(COLUMNS, [row])]
    assert "| read | pages | 1 ms |  | 7 |  |  |" == list(format_markdown(COLUMNS, [row]))[-1]
