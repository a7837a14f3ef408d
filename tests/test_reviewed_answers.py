"""Reviews are appended to the file of a jurisdiction: what was answered for past days stays the same, to the byte."""

from contextlib import closing
from datetime import date

import msgspec
import pytest

from kb.coding import read_facts
from kb.matrix import Wanted, read_cells
from kb.questions import map_questions
from kb.sheets import flatten_cell
from kb.store.knowledge import open_knowledge
from tests.answers import record_answers, using_domain
from tests.build import make_step

CODED = "question: duty, citation: § 1, evidence: [{kind: mirror}]"
SOME = f"{CODED}, value: some, coded_on: 2026-01-05, coded_by: coder-1"
PART = "question: duty, value: none, scope: {profession: [nurse]}, coded_on: 2026-02-01, coded_by: coder-1"
FIRST = [
    f"{{{SOME}}}",
    f"{{{PART}}}",
]
# The first entry is confirmed, confirmed again, then corrected; the other one is withdrawn.
REVIEWED = [
    f"{{{SOME}, superseded_on: 2026-04-01}}",
    f"{{{PART}, superseded_on: 2026-05-01}}",
    f"{{{SOME}, reviewed_on: 2026-04-01, reviewed_by: r, superseded_on: 2026-06-01}}",
    f"{{{SOME}, reviewed_on: 2026-06-01, reviewed_by: r, superseded_on: 2026-07-01}}",
    f"{{{CODED}, value: all, coded_on: 2026-07-01, coded_by: coder-2, effective_from: 2026-08-01}}",
]
PAST = ("2026-01-04", "2026-01-31", "2026-03-31")
LATER = ("2026-04-15", "2026-06-15", "2026-07-15", "2026-08-15")


@pytest.fixture(scope="module", autouse=True)
def domain(tmp_path_factory):
    with using_domain(tmp_path_factory.mktemp("domain")):
        yield


def answer(folder, entries, days, *, steps=()):
    """Write entries as a jurisdiction's file, record them, and answer for days of knowledge; returns cells by day."""
    facts_folder = folder / "facts"
    facts_folder.mkdir(parents=True)
    (facts_folder / "us-al.yml").write_text("".join(f"- {entry}\n" for entry in entries), "utf-8")
    facts = read_facts([facts_folder])
    told = {}
    for fact in facts:
        told[fact.id] = [make_step(fact, at, state) for at, state in steps]
    data = record_answers(folder / "data", facts, told)
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        return {day: next(read_cells(db, want(day))) for day in days}


def want(day):
    return Wanted(
        questions=(map_questions()["duty"],),
        jurisdictions=("us-al",),
        as_of=date.fromisoformat(day),
        known_at=f"{day}T23:59:59.999999Z",
    )


def test_answers_of_past_days_are_the_same_after_reviews_were_appended(tmp_path):
    seen = [("2026-03-01T08:00:00Z", "anchored")]
    before = answer(tmp_path / "before", FIRST, PAST, steps=seen)

    later = [*seen, ("2026-04-01T23:59:59.999999Z", "verified"), ("2026-06-20T08:00:00Z", "needs_review")]
    after = answer(tmp_path / "after", REVIEWED, PAST, steps=later)

    assert [msgspec.json.encode(cell.status) for cell in before.values()] == [
        msgspec.json.encode(cell.status) for cell in after.values()
    ]
    assert [flatten_cell(cell) for cell in before.values()] == [flatten_cell(cell) for cell in after.values()]
    assert ["unknown_before", "answered", "answered"] == [cell.status.state for cell in after.values()]
    assert ["", "reported", "anchored"] == [flatten_cell(cell)["proof"] for cell in after.values()]


def test_later_days_see_the_reviews_and_the_correction(tmp_path):
    cells = answer(tmp_path, REVIEWED, LATER)

    found = {day: (cell.value, flatten_cell(cell)["reviewed_on"], cell.status.state) for day, cell in cells.items()}
    assert {
        "2026-04-15": ("some", "2026-04-01", "answered"),
        "2026-06-15": ("some", "2026-06-01", "answered"),
        "2026-07-15": ("", "", "coming"),
        "2026-08-15": ("all", "", "answered"),
    } == found


def test_withdrawn_part_is_gone_from_its_day_on(tmp_path):
    cells = answer(tmp_path, REVIEWED, ("2026-04-30", "2026-05-01"))

    assert [["none"], []] == [[one.value for one in cell.status.narrower] for cell in cells.values()]
