"""A second domain is data: naloxone in two invented states goes the whole road with declarations and pages only.

Every step is a command in a process of its own, as a person would run it, with KB_DOMAIN naming the folder.
"""

import ast
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from kb.share import MissingDomainError, domain_path
from tests.test_layers import load_modules

ROOT = Path(__file__).parents[1]
DOMAIN = ROOT / "tests" / "second_domain"
KB = [sys.executable, "-c", "from kb.cli import main; main()"]
STATES = "SELECT jurisdiction, question, state FROM facts"
# Words of the domain that ships; none of them may be needed for another one.
FIRST_DOMAIN = re.compile(r"ketamin|sedat|anesth", re.IGNORECASE)
BASIS, RESCUER, DOSES = "dispensing_basis", "rescuer_protection", "school_doses"
# How each answer stands to the words of the second day: they stayed, moved, changed, went, or never proved anything.
FOLLOWED = {
    ("us-xy", BASIS): "anchored",
    ("us-xy", RESCUER): "anchored",
    ("us-xy", DOSES): "needs_review",
    ("us-xz", BASIS): "broken",
    ("us-xz", RESCUER): "reported",
    ("us-xz", DOSES): "broken",
}


def run(*words, data, **environment):
    """Run a command of its own process; returns what it printed. Fails where it ends with anything but 0."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    known = {**own, "KB_DOMAIN": str(DOMAIN), "KB_DATA": str(data), "COLUMNS": "200", **environment}
    done = subprocess.run([*KB, *map(str, words)], cwd=ROOT, env=known, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, f"kb {' '.join(map(str, words))}: {done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("second") / "data"
    run("import", DOMAIN / "captures.jsonl", data=folder)
    run("build", data=folder)
    run("publish", data=folder)
    return folder


@pytest.fixture(scope="module")
def changes(data):
    return [json.loads(line) for line in run("changes", "--format", "jsonl", "--impact", data=data).splitlines()]


def ask(data, query, *values):
    path = data / "public" / json.loads((data / "public" / "current.json").read_text("utf-8"))["file"]
    db = sqlite3.connect(f"file:{path}?immutable=1", uri=True)
    try:
        return db.execute(query, values).fetchall()
    finally:
        db.close()


def test_declarations_and_facts_of_the_domain_are_all_that_is_checked(tmp_path):
    told = run("sources", "check", data=tmp_path)

    assert "5 facts coded in 5 cells of 6 (2 jurisdictions, 3 questions)" in told
    assert "3 sources of 2 jurisdictions: all valid" in told


def test_what_moved_between_the_two_days_is_told_with_the_domains_own_topics(changes):
    told = {(row["citation"], row["kind"], row["nature"], row["eid"] or row["old_eid"]) for row in changes}

    expected = {
        ("Aldermark Code § 5-102", "added", "substantive", "b"),
        ("Aldermark Code § 5-102", "renumbered", "structural", "c"),
        ("Aldermark Code § 5-102", "renumbered", "structural", "d"),
        ("Aldermark Code § 5-103", "amended", "substantive", "a"),
        ("Laws of Brookfen 9.40", "amended", "substantive", "1"),
        ("Brookfen Health Rule 30.2", "removed", "substantive", "b"),
        ("Brookfen Health Rule 30.2", "renumbered", "structural", "b"),
    }
    assert expected == told
    assert {"access", "rescuers", "schools"} == {topic for row in changes for topic in row["topics"]}
    assert {"pharmacist", "school_nurse"} == {one for row in changes for one in row["professions"]}


def test_every_change_of_an_answers_words_names_the_answer(changes):
    touched = {
        (row["kind"], impact["jurisdiction"], impact["question"], impact["effect"], impact["value"])
        for row in changes
        for impact in row["impact"]
    }

    expected = {
        ("renumbered", "us-xy", RESCUER, "moved", "good_faith"),
        ("amended", "us-xy", DOSES, "words_changed", "2"),
        ("amended", "us-xz", BASIS, "words_changed", "individual_prescription"),
        ("removed", "us-xz", DOSES, "gone", "1"),
    }
    assert expected <= touched


def test_answers_are_published_in_the_words_of_the_domains_codebook(data):
    rows = ask(data, "SELECT jurisdiction, question, label, gap FROM facts ORDER BY jurisdiction, place")

    expected = [
        ("us-xy", BASIS, "On a standing order of a health officer", None),
        ("us-xy", RESCUER, "Protected, if acting in good faith", None),
        ("us-xy", DOSES, "2 doses", None),
        ("us-xz", BASIS, "Only on a prescription of the person's own", None),
        ("us-xz", RESCUER, "", "law_silent"),
        ("us-xz", DOSES, "1 doses", None),
    ]
    assert expected == rows


def test_answers_stand_as_their_words_do_on_the_second_day(data):
    states = {(place, question): state for place, question, state in ask(data, STATES)}

    assert FOLLOWED == states


def test_tables_hold_the_domain_and_nothing_else(data):
    places = ask(data, "SELECT jurisdiction, sources FROM coverage ORDER BY 1")
    questions = ask(data, "SELECT question FROM questions ORDER BY place")
    sources = ask(data, "SELECT source FROM sources ORDER BY 1")

    assert [("us-xy", 1), ("us-xz", 2)] == places
    assert [(BASIS,), (RESCUER,), (DOSES,)] == questions
    assert [("us-xy-code",), ("us-xz-code",), ("us-xz-rules",)] == sources


def test_sources_of_the_domain_stand_as_told_on_a_day(data):
    assert "3 sources: 3 fresh" in run("status", "--at", "2025-09-03", data=data)


def test_rule_that_lags_behind_the_statute_it_cites_is_named(data):
    told = run("status", "--citations", data=data)

    assert "Brookfen Health Rule 30.1 (a) cites “section 9.40” (us-xz/laws/9.40)" in told
    assert "1 stale citation in the texts that stand." in told


def test_second_build_of_the_domain_finds_nothing_new(data):
    assert "nothing new" in run("build", data=data)


def test_domain_is_data_in_its_own_words():
    files = sorted(path for path in DOMAIN.rglob("*") if path.is_file())

    assert {".yml", ".jsonl", ".html"} == {path.suffix for path in files}
    assert [] == [path.name for path in files if FIRST_DOMAIN.search(path.read_text("utf-8"))]


def test_domain_that_is_no_folder_is_refused_and_never_replaced_by_the_shipped_one(tmp_path, monkeypatch):
    monkeypatch.setenv("KB_DOMAIN", str(tmp_path / "nowhere"))

    with pytest.raises(MissingDomainError, match="KB_DOMAIN: expected a folder"):
        domain_path("questions.yml")


def test_file_the_domain_lacks_is_the_shipped_one(tmp_path, monkeypatch):
    (tmp_path / "topics.yml").write_text("topics: []\n", "utf-8")
    monkeypatch.setenv("KB_DOMAIN", str(tmp_path))

    found = [domain_path(name) for name in ("topics.yml", "deny.yml")]

    assert [tmp_path / "topics.yml", ROOT / "schemas" / "deny.yml"] == found


def test_code_names_nothing_of_the_domain_that_ships():
    """Coders propose answers to questions of that domain, by their ids; for another codebook they have none."""
    modules = [one for one in load_modules("kb", "crawlers") if not one.is_in(("kb.answer.coders",))]

    named = [
        one.at(node, node.value[:40])
        for one in modules
        for node in one.nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and FIRST_DOMAIN.search(node.value)
        if id(node) not in {id(doc.value) for doc in one.docstrings}
    ]

    assert [] == named
