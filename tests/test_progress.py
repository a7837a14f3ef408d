"""How a crawl goes is shown live to a person, else in lines or JSON, counted without holding the crawl up."""

import io
import json
import os
import pty
import select
import subprocess
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from crawlers.progress import Tally, choose_mode, draw, write_line
from kb.cli.serving import print_crawl
from kb.forecasts import describe_skipped
from kb.update import CrawlOutcome, SourceOutcome, describe_failures
from tests.crawling import ROOT, Site, crawl, make_command, write_sources

FAST = "settings.KB_PROGRESS_SECONDS = 0.2"
# A page a host gives after a moment, so that a crawl lasts for some displays.
PAGES = {f"/{number}": lambda handler: (time.sleep(0.15), handler.answer()) for number in range(8)}


def make_answer(url, outcome="ok"):
    return SimpleNamespace(
        job=SimpleNamespace(lease=SimpleNamespace(url=url)), capture=SimpleNamespace(outcome=outcome)
    )


def tally_crawl(seconds=30.0):
    now = [0.0]
    tally = Tally(lambda: now[0])
    for number in range(20):
        tally.count(make_answer(f"https://a.example.gov/{number}", "ok" if number % 4 else "not_modified"))
    tally.count(make_answer("https://b.example.gov/1", "error"))
    now[0] = seconds
    return tally


def test_rates_queue_and_time_left_are_told_by_host():
    state = tally_crawl().describe({"a.example.gov": 10, "b.example.gov": 2})

    first, second = state.hosts
    assert ("a.example.gov", 20, 0, 10) == (first.host, first.answered, first.failed, first.queue)
    assert (40.0, 15.0) == (first.per_minute, first.eta_seconds)
    assert (1, 1, 60.0) == (second.answered, second.failed, second.eta_seconds)
    assert 60.0 == state.eta_seconds


def test_time_left_is_not_guessed_where_a_host_gives_nothing():
    state = tally_crawl().describe({"silent.example.gov": 5})

    assert state.eta_seconds is None
    assert "? left" in write_line(state)


@pytest.mark.parametrize("width", [80, 160])
def test_the_live_table_fits_the_terminal(width):
    stream = io.StringIO()
    queue = {f"a-host-with-a-rather-long-name-{number}.example.gov": number for number in range(60)}

    Console(file=stream, width=width).print(draw(tally_crawl().describe(queue)))

    lines = stream.getvalue().splitlines()
    assert len(lines) <= 20
    assert max(map(len, lines)) <= width
    assert "all hosts, 47 not shown" in stream.getvalue()


def test_a_person_watches_only_a_terminal():
    assert "lines" == choose_mode("auto", io.StringIO())
    assert "live" == choose_mode("auto", SimpleNamespace(isatty=lambda: True))
    assert "jsonl" == choose_mode("jsonl", io.StringIO())


@pytest.fixture
def folder(tmp_path):
    site = Site(dict(PAGES))
    yield write_sources(tmp_path / "sources", {"id": "us-xx-a", "urls": [f"{site.url}{path}" for path in PAGES]})
    site.close()


def test_where_nobody_watches_a_line_tells_now_and_then(folder, tmp_path):
    options = ("--sources", folder, "--source", "us-xx-a", "--allow-loopback")

    _, said, log = crawl(tmp_path / "data", *options, prelude=FAST)

    lines = [line for line in log.splitlines() if line.startswith("crawling: ")]
    assert lines
    assert "\x1b" not in log
    assert 8 == said["sources"]["us-xx-a"]["fetched"]


def test_machines_read_lines_of_json(folder, tmp_path):
    options = ("--sources", folder, "--source", "us-xx-a", "--allow-loopback", "--progress", "jsonl")
    _, _, log = crawl(tmp_path / "data", *options, prelude=FAST)

    told = [json.loads(line) for line in log.splitlines() if line.startswith('{"seconds"')]

    assert {"127.0.0.1"} == {host["host"] for state in told for host in state["hosts"]}


def test_at_a_terminal_the_table_is_drawn(folder, tmp_path):
    options = ("--sources", folder, "--source", "us-xx-a", "--allow-loopback")
    ours, theirs = pty.openpty()
    command = make_command(tmp_path / "data", *options)
    environment = {**os.environ, "TERM": "xterm"}
    crawler = subprocess.Popen(command, cwd=ROOT, stderr=theirs, stdout=subprocess.PIPE, env=environment)
    os.close(theirs)

    drawn = read_terminal(ours, crawler)

    assert 0 == crawler.wait()
    crawler.stdout.close()
    assert b"127.0.0.1" in drawn
    assert b"queue" in drawn


def read_terminal(ours, process):
    """Read what a process draws until it ends."""
    drawn = b""
    while process.poll() is None or select.select([ours], [], [], 0)[0]:
        try:
            if select.select([ours], [], [], 0.1)[0]:
                drawn += os.read(ours, 65536)
        except OSError:
            break
    os.close(ours)
    return drawn


def test_what_failed_is_told_by_cause_with_what_to_do():
    sources = {
        "us-xx-a": SourceOutcome(failed={"dns": 3, "status 403": 1}),
        "us-xx-b": SourceOutcome(failed={"dns": 2}),
        "us-xx-c": SourceOutcome(failed={"sunspots": 1}),
    }

    first, *others = describe_failures(CrawlOutcome("run", closed=True, sources=sources))

    assert first.startswith("failed: Name not found: 5 pages of us-xx-a, us-xx-b → look the host up")
    assert any("Refused by the server" in line and "1 page of us-xx-a" in line for line in others)
    assert any("Another cause (sunspots): 1 page of us-xx-c" in line for line in others)


def test_a_crawl_without_failures_says_nothing_of_them():
    assert [] == describe_failures(CrawlOutcome("run", closed=True, sources={"us-xx-a": SourceOutcome(fetched=1)}))


def test_sources_not_crawled_are_told_by_reason_and_not_one_by_one():
    budget = "left for the next day: 5,000 of 5,000 requests to code.example.gov are taken today, and it has {} pages"
    sources = {f"us-xx-{number}": SourceOutcome(skipped=budget.format(number)) for number in range(7)}
    sources["us-xx-z"] = SourceOutcome(skipped="forbidden: its terms forbid robots")

    left, barred = describe_skipped(CrawlOutcome("run", closed=True, sources=sources).skipped_sources)

    assert "not crawled: left for the next day: us-xx-0, us-xx-1, us-xx-2, us-xx-3, us-xx-4 and 2 more" == left
    assert "not crawled: forbidden: us-xx-z" == barred


def test_of_many_sources_only_those_with_news_have_a_line_of_their_own(capsys):
    closed = {f"us-xx-closed-{number}": SourceOutcome(skipped="forbidden: no robots") for number in range(30)}
    same = {f"us-xx-same-{number}": SourceOutcome(fetched=1, same=1) for number in range(20)}
    moved = {"us-xx-moved": SourceOutcome(fetched=1, changed=1)}

    print_crawl(CrawlOutcome("run", closed=True, sources={**closed, **same, **moved}))

    lines = capsys.readouterr().out.splitlines()
    assert 3 == len(lines)
    assert lines[0].startswith("  us-xx-moved: 1 page (0 new, 1 changed")
    assert "  and 20 sources with no new, changed or missing page" == lines[1]
    assert lines[2].startswith("not crawled: forbidden: us-xx-closed-0, ")
