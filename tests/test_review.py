"""Which facts a person is shown, and which words can confirm one."""

from contextlib import closing
from datetime import date

import pytest

from kb.answer.urgency import list_cases
from kb.coding import read_facts
from kb.errors import NotFoundError, UsageError
from kb.review import (
    Wanted,
    choose_cases,
    find_case,
    find_standings,
    find_strangers,
    list_uncoded,
    name_reviewer,
    read_cases,
    read_words,
)
from kb.store.knowledge import open_knowledge
from tests.coded import (  # noqa: F401 - a fixture
    FILE,
    TEXT,
    build_texts,
    codebook,
    make_desk,
    make_fact,
    make_step,
    open_desk,
    record_answers,
)

pytestmark = pytest.mark.usefixtures("codebook")
TODAY = date(2026, 6, 1)


@pytest.fixture
def asked(tmp_path):
    """Record three facts, one of which is anchored; returns the facts and kb.db open for reading."""
    make_desk(tmp_path)
    with closing(open_knowledge(tmp_path / "data" / "kb.db", read_only=True)) as db:
        yield read_facts((tmp_path / "facts",)), db


def test_the_queue_is_read_from_the_files_and_the_steps_built(asked):
    facts, db = asked

    cases = read_cases(db, facts, TODAY)

    assert [("refill_limit", "unreviewed"), ("prescribers", "address"), ("query_duty", "rest")] == [
        (case.fact.question, case.urgency) for case in cases
    ]


@pytest.mark.parametrize(
    ("wanted", "questions"),
    [
        ({}, ["refill_limit", "prescribers", "query_duty"]),
        ({"questions": ("query_duty", "prescribers")}, ["prescribers", "query_duty"]),
        ({"states": ("anchored",)}, ["refill_limit"]),
        ({"jurisdictions": ("us-tx",)}, []),
        ({"jurisdictions": ("us-xx",), "states": ("reported",)}, ["prescribers", "query_duty"]),
    ],
)
def test_the_queue_is_filtered_by_place_question_and_state(asked, wanted, questions):
    facts, db = asked
    cases = read_cases(db, facts, TODAY)

    assert questions == [case.fact.question for case in choose_cases(cases, Wanted(**wanted))]


def test_what_is_settled_is_shown_only_when_verified_facts_are_asked_for(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.accept(cases["refill_limit"])
    _, cases = open_desk(tmp_path)

    shown = [choose_cases(cases.values(), Wanted(states=states)) for states in ((), ("verified",))]

    assert [["prescribers", "query_duty"], ["refill_limit"]] == [[case.fact.question for case in one] for one in shown]


def test_a_fact_is_found_by_its_id_or_the_beginning_of_one(asked):
    facts, db = asked
    cases = read_cases(db, facts, TODAY)
    name = cases[0].fact.id

    assert [name, name] == [find_case(cases, facts, asked).fact.id for asked in (name, name[:6])]


def test_unknown_ambiguous_and_superseded_ids_are_refused_by_name():
    facts = [make_fact("aaaa1111"), make_fact("aaaa2222"), make_fact("bbbb3333", superseded_on="2026-05-01")]
    cases = list_cases(facts, {}, TODAY)
    told = []
    for asked in ("aaaa", "aaa", "bbbb3333", "cccc"):
        with pytest.raises(NotFoundError) as error:
            find_case(cases, facts, asked)
        told.append(str(error.value))

    assert "'aaaa' is the beginning of 2 facts: aaaa1111, aaaa2222" == told[0]
    assert "no fact 'aaa'" in told[1]
    assert "fact bbbb3333 was superseded on 2026-05-01; kb review --list names what stands" == told[2]
    assert "no fact 'cccc'; kb review --list names all there are" == told[3]


def test_an_entry_written_since_the_build_has_the_steps_of_the_anchor_it_shares(asked):
    facts, db = asked
    anchored = next(fact for fact in facts if fact.anchor is not None)
    rewritten = make_fact("new", anchor=anchored.anchor)

    standings = find_standings(db, [anchored, rewritten, make_fact("bare")])

    assert standings[anchored.id].step is not None
    assert (standings[anchored.id].step, None) == (standings["new"].step, standings["bare"].step)


def test_why_words_can_confirm_nothing(tmp_path):
    versions = build_texts(tmp_path, "official", "mirror", "lead", "replica")
    steps = [make_step(name, **version) for name, version in versions.items()]
    steps += [
        make_step("lost", version="0" * 16),
        make_step("gone", **versions["official"], state="broken", cause="gone"),
        make_step("demo", **versions["replica"]),
    ]
    facts = [make_fact(step.fact, replica=step.fact == "demo") for step in steps]
    record_answers(tmp_path, facts, *steps)

    with closing(open_knowledge(tmp_path / "kb.db", read_only=True)) as db:
        standings = find_standings(db, [*facts, make_fact("unread")])

    assert {
        "official": "",
        "demo": "",
        "mirror": "its words were read from a mirror, not from their publisher",
        "lead": "law.justia.com is not official (mirror)",
        "replica": "its words stand in a replica, which proves nothing outside its demonstration",
        "lost": "the text its words stand in is not in kb.db",
        "gone": "its words are gone",
        "unread": "no official text of it is archived, it is only reported",
    } == {name: standing.barrier for name, standing in standings.items()}


def test_the_address_of_a_lead_is_no_official_page(asked):
    _, db = asked
    facts = [make_fact("code", url="https://rules.example.gov/1"), make_fact("lead", url="https://law.justia.com/1")]

    assert {"code": "https://rules.example.gov/1", "lead": ""} == {
        name: standing.address for name, standing in find_standings(db, facts).items()
    }


def test_facts_of_kb_db_that_no_file_holds_are_named(asked):
    facts, db = asked

    assert ([], [facts[0].id]) == (find_strangers(db, facts), [fact.id for fact in find_strangers(db, facts[1:])])


def test_the_words_are_those_of_the_provision_and_what_is_below_it(asked):
    facts, db = asked
    step = find_standings(db, facts)[facts[0].id].step
    lost = make_step(version="0" * 16)

    assert [TEXT] == [part.text for part in read_words(db, step)]
    assert ((), ()) == (read_words(db, None), read_words(db, lost))


def test_a_second_coder_gets_what_others_coded_once_words_first(asked):
    facts, db = asked
    cases = list(reversed(read_cases(db, facts, TODAY)))

    assert [["refill_limit", "prescribers"], ["refill_limit"]] == [
        [case.fact.question for case in list_uncoded(cases, name)] for name in ("ana", "coder-2")
    ]


def test_words_that_are_gone_are_not_coded_again(tmp_path):
    _, cases = make_desk(tmp_path, state="broken", cause="gone")

    assert ["prescribers"] == [case.fact.question for case in list_uncoded(cases.values(), "ben")]


def test_a_fact_coded_twice_is_not_coded_again(tmp_path):
    desk, cases = make_desk(tmp_path)
    desk.code_second(cases["refill_limit"], "two")

    _, cases = open_desk(tmp_path)

    assert ["prescribers"] == [case.fact.question for case in list_uncoded(cases.values(), "ben")]


@pytest.mark.parametrize(
    ("name", "message"), [("", "give --as NAME or set KB_REVIEWER"), ("Ana Lee", "no address"), ("a@b.c", "no address")]
)
def test_a_reviewer_needs_a_short_name(name, message):
    with pytest.raises(UsageError, match=message):
        name_reviewer(name, "2026-06-01")


def test_a_file_read_before_is_what_a_desk_begins_with(tmp_path):
    desk, _ = make_desk(tmp_path)

    assert {tmp_path / "facts" / "us-xx.yml": FILE.encode()} == desk.files
