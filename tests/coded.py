"""Facts and steps for tests, with defaults; a codebook, texts and files of facts to review."""

import shutil
from contextlib import closing
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from kb.answer.facts import Fact, Step, hash_words
from kb.build import BuildRequest, build
from kb.coding import read_facts
from kb.decisions import Desk
from kb.questions import read_codebook
from kb.review import Reviewer, read_cases, read_files
from kb.sources import parse_source
from kb.store.archive import close_run, ensure_log, open_archive, record_captures, record_declarations, start_run
from kb.store.connection import transaction
from kb.store.facts import record_facts
from kb.store.knowledge import open_knowledge
from tests.build import make_capture

NOW = "2026-03-01T08:00:00Z"

TEXT = "A prescription may be refilled at most five times."
TEXT_HASH = hash_words(TEXT)


def make_fact(name="fact", **fields):
    """Make a fact of the State of Example, coded at the beginning of 2026."""
    defaults = {
        "jurisdiction": "us-xx",
        "question": "refill_limit",
        "place": 0,
        "value": "five",
        "gap": None,
        "coded_on": "2026-01-05",
        "coded_by": "coder-1",
    }
    return Fact(id=name, **{**defaults, **fields})


def make_step(fact="fact", **fields):
    """Make the step by which a fact's words were found where they were looked for."""
    defaults = {
        "at": "2026-03-01T08:00:00Z",
        "wave_at": "2026-03-01T08:00:00Z",
        "state": "anchored",
        "cause": "resolved",
        "how": "exact",
        "score": 1.0,
        "document": "us-xx/code/1-1",
        "eid": "a",
        "citation": "Example Code § 1-1",
        "version": "",
        "source": "us-xx-rules",
        "url": "https://law.example.gov/1-1",
        "sha256": "0" * 64,
        "captured_at": "2026-03-01T08:00:00Z",
        "quote": "refilled at most five times",
        "prefix": "A prescription may be ",
        "suffix": ".",
        "text_hash": TEXT_HASH,
        "old_text": "",
        "new_text": "",
        "reason": "",
    }
    return Step(fact=fact, **{**defaults, **fields})


QUESTIONS = """
editions: [{version: 1, day: '2026-01-01', altered: First edition.}]
questions:
- id: refill_limit
  topic: prescription
  title: How often a prescription may be refilled
  wording: How many times may a prescription be refilled?
  asked_of: all
  type: choice
  values:
  - {id: five, label: Five times in six months, strictness: 1}
  - {id: two, label: Twice in three months, strictness: 2}
  - {id: some, label: As written}
  details: [{id: refills, type: number, label: Refills}, {id: within, type: duration, label: Within}]
  scope: [profession, event]
  coding: Code what the text says of Schedule III.
- {id: query_duty, topic: pdmp, title: Whether the program is queried, asked_of: all, type: boolean, scope: [event]}
- id: prescribers
  topic: prescribers
  title: Who may prescribe
  asked_of: all
  type: choices
  values: [{id: physician, label: Physicians}, {id: nurse, label: Nurses}]
- {id: days, topic: prescription, title: For how many days, asked_of: all, type: number, unit: days}
"""
PAGE = f"<main><h1>1. Refills</h1><p>(a) {TEXT}</p><p>(b) A refill is recorded.</p></main>".encode()
PLACES = {
    "official": {"match": ["https://rules.example.gov/"]},
    "mirror": {
        "match": ["https://mirror.example.gov/"],
        "document": {"work": "code", "pattern": r"/(?P<citation>\d+)$", "from": "url", "strand": "mirror"},
    },
    "lead": {"match": ["https://law.justia.com/"]},
    "replica": {"match": ["https://demo.example.gov/"], "replica": True},
}
FILE = """\
# Facts of the State of Example.
- question: refill_limit
  value: five
  citation: Example Code § 1-1
  url: https://rules.example.gov/1
  note: Five refills.
  anchor: {document: us-xx/code/1-1, quote: refilled at most five times}
  evidence:
  - {url: "https://rules.example.gov/1", kind: official, seen_on: 2026-01-02}   # the code
  confidence: high
  coded_on: 2026-01-05
  coded_by: coder-1

# --- others
- {question: query_duty, value: true, coded_on: 2026-01-05, coded_by: coder-1}
- question: prescribers
  value: [physician, nurse]
  url: https://rules.example.gov/2
  coded_on: 2026-01-05
  coded_by: coder-2
"""


@pytest.fixture
def codebook(tmp_path, monkeypatch):
    """Put a codebook of four questions in place of the one that ships."""
    folder = tmp_path / "domain"
    folder.mkdir()
    (folder / "questions.yml").write_text(QUESTIONS)
    monkeypatch.setenv("KB_DOMAIN", str(folder))
    read_codebook.cache_clear()
    yield folder
    read_codebook.cache_clear()


def declare_place(name):
    """Return the source of one kind of place where a text can stand."""
    declared = {"id": f"us-xx-{name}", "jurisdiction": "us-xx", "platform": "page", **PLACES[name]}
    return parse_source(declared, "a test")


def build_texts(data, *names):
    """Fill a data folder with one page at each kind of place; returns the versions read, by kind."""
    sources = {name: declare_place(name) for name in names}
    data.mkdir(exist_ok=True)
    with closing(open_archive(data / "archive.db")) as db:
        ensure_log(db, "log", NOW)
        record_declarations(db, {source.id: source.body for source in sources.values()}, NOW)
        start_run(db, "run", "crawl", NOW)
        pages = [
            make_capture(f"{source.match[0]}1", PAGE, source=source.id, observed_at=NOW) for source in sources.values()
        ]
        record_captures(db, "run", pages)
        close_run(db, "run", NOW)
    build(data, BuildRequest(sources=list(sources.values())))
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        rows = db.execute("SELECT version, document, source, url FROM versions").fetchall()
    return {row["source"].removeprefix("us-xx-"): dict(row) for row in rows}


def record_answers(data, facts, *steps):
    """Record facts, and the steps of their anchors as they are told."""
    by_fact = {}
    for step in steps:
        by_fact.setdefault(step.fact, []).append(step)
    with closing(open_knowledge(data / "kb.db")) as db, transaction(db):
        record_facts(db, facts, by_fact)


@cache
def _build_once(place):
    """Build the text of one kind of place once a run; the folder is kept as long as the tests run."""
    folder = TemporaryDirectory()
    return folder, build_texts(Path(folder.name), place)[place]


def make_desk(tmp_path, text=FILE, *, name="ana", today="2026-06-01", place="official", **step):
    """Lay out one text and a file of facts, the first of which is anchored in it; returns a desk and its cases."""
    folder = tmp_path / "facts"
    folder.mkdir()
    (folder / "us-xx.yml").write_text(text)
    built, version = _build_once(place)
    (tmp_path / "data").mkdir()
    shutil.copy(Path(built.name) / "kb.db", tmp_path / "data")
    facts = read_facts((folder,), invented=("us-xx",))
    record_answers(tmp_path / "data", facts, make_step(facts[0].id, **version, **step))
    return open_desk(tmp_path, name=name, today=today)


def open_desk(tmp_path, *, name="ana", today="2026-06-01"):
    """Open the files again as a new command would; returns a desk and its cases by question, in their order."""
    folder = tmp_path / "facts"
    files = read_files([folder])
    facts = read_facts((folder,), invented=("us-xx",))
    with closing(open_knowledge(tmp_path / "data" / "kb.db", read_only=True)) as db:
        cases = read_cases(db, facts, date.fromisoformat(today))
    return Desk(files, Reviewer(name, today)), {case.fact.question: case for case in cases}
