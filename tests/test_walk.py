"""The walk of docs/add-a-source.md does what it says: its commands are run, and print what it shows."""

import re
import shlex
import subprocess
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from kb.cli import main
from kb.cli.frame import read_clock
from tests.crawling import Site

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "add-a-source.md"
PAGES = Path(__file__).parent / "saved_sources" / "pages" / "us-xx-kite-rules"
# A block of the walk: a command after "$ ", then what it prints.
STEP = re.compile(r"^\$ (.+)\n((?:(?!\$ |```).*\n)*)", re.MULTILINE)
WALK = re.compile(r"## A walk from nothing\n(.*?)\n## ", re.DOTALL)
SITE = "https://kites.example.gov"
# Read in 0.4 ms
TIME = re.compile(r"\d+\.\d ms")
# The days of the walk: whenever it is run, the first stands for today.
FIRST, SECOND = "2026-11-27", "2027-01-15"


def list_days():
    """Return today, and the day that lies as long after it as the walk's second day after its first."""
    today = read_clock()[:10]
    return today, str(date.fromisoformat(today) + (date.fromisoformat(SECOND) - date.fromisoformat(FIRST)))


def list_steps():
    return STEP.findall(WALK.search(GUIDE.read_text("utf-8"))[1])


@pytest.fixture
def site():
    body = (PAGES / "2024-02-08.html").read_bytes()
    served = Site({"/rules.html": lambda handler: handler.answer(200, body)})
    yield served
    served.close()


def run_step(command, site, days):
    """Run one command as a reader would, with the site of the walk on this machine."""
    words = shlex.split(command.replace(SITE, site.url).replace(SECOND, days[1]).replace(FIRST, days[0]))
    if words[0] != "kb":
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout
    more = ["--allow-loopback"] if words[1:3] == ["sources", "new"] else []
    result = CliRunner(env={"COLUMNS": "100"}).invoke(main, words[1:] + more)
    return result.stdout + result.stderr


def level(text, site, days):
    """Take out what differs from day to day and from machine to machine."""
    return TIME.sub("0.0 ms", text.replace(site.url, SITE).replace(days[1], SECOND).replace(days[0], FIRST))


def test_every_step_of_the_walk_prints_what_the_guide_shows(tmp_path, monkeypatch, site):
    (tmp_path / "later.html").write_bytes((PAGES / "2024-05-08.html").read_bytes())
    monkeypatch.chdir(tmp_path)
    steps, days = list_steps(), list_days()

    for command, shown in steps:
        found = level(run_step(command, site, days), site, days)
        assert TIME.sub("0.0 ms", shown).rstrip() == found.rstrip(), f"$ {command}"

    assert len(steps) >= 8
    assert {"new", "try", "expect", "check"} <= {command.split()[2] for command, _ in steps if command[:2] == "kb"}
