"""What coders propose from standing texts, beside the facts: shown to a person, never recorded, never published."""

import json
from contextlib import closing

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from kb.build import BuildRequest, build
from kb.cli import main
from kb.coding import read_facts
from kb.demo import FACTS, SOURCES, DemoRequest, demo_facts, demo_sources, import_day, run_demo
from kb.proposing import list_suggestions
from kb.store.facts import read_recorded_facts
from kb.store.knowledge import open_knowledge, read_version
from kb.store.queries import read_version_rows


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    run_demo(folder, DemoRequest(collect=import_day))
    return folder


@pytest.fixture
def db(data):
    with closing(open_knowledge(data / "kb.db", read_only=True)) as connection:
        yield connection


def review(data, *words):
    command = ["review", "--proposals", "--data", str(data), "--sources", str(SOURCES), "--facts", str(FACTS), *words]
    return CliRunner().invoke(main, command)


def test_a_proposal_stands_in_the_text_it_names(db):
    found = list(list_suggestions(db, demo_facts()))

    assert found
    for one in found:
        shown = [row for row in read_version_rows(db, one.proposal.document) if row.closed_at is None]
        parts = {part.eid: part for row in shown for part in read_version(db, row.version).provisions}
        assert one.proposal.quote in parts[one.proposal.eid].text


def test_a_proposal_is_set_beside_the_facts_there_are(db):
    facts = demo_facts()
    hawaii = [fact for fact in facts if (fact.jurisdiction, fact.question) == ("us-hi", "refill_limit")]

    told = {
        name: [(one.standing, set(one.facts) <= {fact.id for fact in hawaii}) for one in list_suggestions(db, known)]
        for name, known in (("with", hawaii), ("without", ()))
    }

    assert ("known", True) in told["with"]
    assert {"new"} == {standing for standing, _ in told["without"]}


def test_a_fact_coded_otherwise_is_said_to_differ(db):
    (fact, *_) = [
        one
        for one in demo_facts()
        if (one.jurisdiction, one.question, one.superseded_on) == ("us-hi", "refill_limit", "")
    ]
    other = msgspec.structs.replace(fact, value="5_in_6_months")

    found = list(list_suggestions(db, [other], jurisdictions=["us-hi"], questions=["refill_limit"]))

    assert [("differs", (fact.id,))] == [(one.standing, one.facts) for one in found]


def test_proposals_are_chosen_by_jurisdiction_and_question(db):
    everything = list(list_suggestions(db, ()))

    chosen = list(list_suggestions(db, (), jurisdictions=["us"], questions=["ketamine_schedule"]))

    assert {("us", "ketamine_schedule")} == {(one.jurisdiction, one.proposal.question) for one in chosen}
    assert len(chosen) < len(everything)


def test_nothing_is_recorded_when_proposals_are_shown(data, db):
    before = read_recorded_facts(db)

    done = review(data)

    assert 0 == done.exit_code
    assert before == read_recorded_facts(db)


def test_a_person_reads_value_quote_reason_and_standing(data):
    lines = review(data, "--jurisdiction", "us", "--question", "ketamine_schedule").stdout.splitlines()

    assert "us ketamine_schedule: Schedule III" == lines[0]
    assert lines[1].startswith("  “Ketamine")
    assert any(line.startswith("  coded, and anchored in this document") for line in lines)
    assert "1 proposal: 1 coded, and anchored in this document. Proposals are never" in " ".join(lines)


def test_programs_read_a_line_each(data):
    lines = review(data, "--format", "jsonl", "--limit", "2").stdout.splitlines()

    assert 2 == len(lines)
    assert {"jurisdiction", "proposal", "label", "citation", "url", "standing", "facts"} == set(json.loads(lines[0]))


def test_entries_written_as_yaml_are_read_as_facts_once_signed(data, tmp_path):
    written = review(data, "--jurisdiction", "us", "--format", "yaml").stdout

    entries = [{**entry, "coded_on": "2026-11-28", "coded_by": "ana"} for entry in yaml.safe_load(written)]
    (tmp_path / "us.yml").write_text(yaml.safe_dump(entries), "utf-8")

    assert len(entries) == len(read_facts([tmp_path]))


def test_a_place_without_texts_has_no_proposals(data):
    assert "Nothing is proposed from the texts that stand here.\n" == review(data, "--jurisdiction", "us-me").stdout


def test_yaml_is_for_proposals_only(data):
    done = CliRunner().invoke(main, ["review", "--list", "--format", "yaml", "--data", str(data)])

    assert 2 == done.exit_code
    assert "--format yaml writes proposals only" in done.stderr


def test_a_build_says_which_facts_are_in_no_folder_any_more(tmp_path, data):
    request = BuildRequest(sources=demo_sources(), facts=demo_facts())
    build(data, request)

    done = build(data, BuildRequest(sources=demo_sources()))
    build(data, request)

    assert len(demo_facts()) == done.facts_dropped
