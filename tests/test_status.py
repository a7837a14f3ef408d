"""kb status: what needs a person first, why, since when, and what to do."""

import json
import re

import pytest
from click.testing import CliRunner

from kb.build import BuildRequest, build
from kb.cli import main
from tests.build import day
from tests.crawling import write_sources
from tests.test_incidents import PAGE, SOURCE, record_wave


def run(*words, data, width=80):
    return CliRunner(env={"KB_DATA": str(data), "COLUMNS": str(width)}).invoke(main, ["status", *map(str, words)])


@pytest.fixture
def data(tmp_path):
    record_wave(tmp_path, day(1), PAGE, PAGE)
    record_wave(tmp_path, day(2), "dns", "dns")
    record_wave(tmp_path, day(3), "dns", "dns")
    build(tmp_path, BuildRequest(sources=[SOURCE]))
    return tmp_path


def test_what_fails_stands_first_with_cause_since_when_and_advice(data):
    result = run("--at", day(3)[:10], data=data)

    assert 0 == result.exit_code
    lines = result.stdout.splitlines()
    assert "1 source of 1 needs you, 2024-01-03" == lines[0]
    assert "failing: Name not found (1)" in lines
    assert re.search(r"us-xx-rules +2024-01-02 +2 pages: dns: no such name", result.stdout)
    assert "→ look the host up" in result.stdout
    assert "1 source: 1 failing" in lines


def test_an_earlier_day_is_told_as_it_was_known_then(data):
    result = run("--at", day(1)[:10], "--exit-code", data=data)

    assert (0, "Nothing needs you, 2024-01-01") == (result.exit_code, result.stdout.splitlines()[0])


def test_exit_code_tells_that_something_needs_a_person(data):
    codes = [run("--at", day(3)[:10], *options, data=data).exit_code for options in ((), ("--exit-code",))]

    assert [0, 1] == codes


def test_programs_read_lines_of_json(data):
    (line,) = run("--at", day(3)[:10], "--format", "jsonl", data=data).stdout.splitlines()

    told = json.loads(line)

    assert ("failing", "dns", day(2)) == (told["state"], told["cause"], told["since"])
    assert [("dns", 2)] == [(one["cause"], one["pages"]) for one in told["incidents"]]


def test_sources_are_chosen_by_state_place_and_id(tmp_path, data):
    folder = write_sources(tmp_path / "sources", {"id": "us-xx-board", "urls": ["https://board.example.gov/"]})
    given = ("--sources", folder, "--format", "jsonl")
    chosen = [
        [json.loads(line)["source"] for line in run(*given, *words, data=data).stdout.splitlines()]
        for words in ((), ("--state", "never"), ("--jurisdiction", "us-xx"), ("--source", "us-xx-rules"))
    ]

    both = ["us-xx-board", "us-xx-rules"]
    assert [both, ["us-xx-board"], both, ["us-xx-rules"]] == [
        [name for name in names if name in both] for names in chosen
    ]


def test_where_nothing_was_ever_crawled_it_says_how_to_begin(tmp_path):
    barred = {"crawl_policy": {"state": "forbidden", "reason": "its terms forbid robots", "checked_on": "2024-01-01"}}
    entries = [{"id": f"us-xx-{name}", "urls": [f"https://{name}.example.gov/"]} for name in ("board", "code")]
    folder = write_sources(tmp_path / "sources", entries[0], entries[1] | barred)

    result = run("--sources", folder, "--jurisdiction", "us-xx", "--exit-code", data=tmp_path / "data")

    assert 0 == result.exit_code
    assert result.stdout.startswith("Nothing was read yet")
    assert "2 sources: 1 never, 1 closed" in result.stdout
    assert "kb update" in result.stdout


def test_where_no_source_is_as_asked_it_says_so(tmp_path):
    result = run("--source", "us-xx-nowhere", data=tmp_path)

    assert "No source is declared, or none is as asked for" in result.stdout


@pytest.mark.parametrize("width", [80, 160])
def test_lines_fit_the_terminal(data, width):
    lines = run("--at", day(3)[:10], data=data, width=width).stdout.splitlines()

    assert max(map(len, lines)) <= width
