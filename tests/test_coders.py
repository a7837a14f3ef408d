"""What holds for every proposal, whatever is read: its quote is printed there, its value is one the question knows."""

import json
from functools import cache

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.answer.coders import propose
from kb.demo import WEB, demo_sources
from kb.read.page import read_page
from kb.sources import find_source
from tests.build import make_provision, make_reading

# Pieces of law, true and broken: any order of them may stand in a provision.
PIECES = (
    "A prescriber shall|may not|is not required to|query the prescription monitoring program|before "
    "prescribing|an opioid"
    "|a controlled substance|a Schedule III drug|Schedule II|.|;|, except|more than|six (6) "
    "months|five times|be refilled"
    "|after the date|a 30-day supply|must be issued as an electronic prescription|without|an in-person examination"
    "|by telehealth|A patient relationship may be established|Ketamine, its salts and "
    "isomers|esketamine|(7)|“|”|[Repealed.]"
    "|[Effective until January 1, 2023.]|The substances listed in this section are included in "
    "Schedule III:|keta\u00admine"
    "|\u00a0|Each|No|prescription|shall|:|A prescriber shall query the PDMP before prescribing a controlled substance."
    "|A Schedule III prescription shall not be refilled more than two times.|It may not exceed a 30-day supply."
).split("|")
TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join)
EIDS = st.sampled_from(["a", "a__1", "a__1__A", "b", "b__2", "p1", "c"])
PARTS = st.dictionaries(EIDS, st.tuples(TEXTS, TEXTS), max_size=6)


@cache
def read_demo():
    """Return every document of the demo's recorded web, each text once."""
    sources = demo_sources()
    lines = [json.loads(line) for line in (WEB / "captures.jsonl").read_text("utf-8").splitlines()]
    found = {}
    for line in lines:
        source = find_source(sources, line["url"])
        if source is not None and line["status"] == 200 and line.get("path"):
            page = read_page((WEB / line["path"]).read_bytes(), source, line["url"])
            found.update({msgspec.json.encode(reading): reading for reading in page.readings})
    return list(found.values())


def check_quotes(reading):
    """Return the proposals of a document whose quote is not printed, too long, or empty."""
    printed = {}
    for one in reading.provisions:
        printed.setdefault(one.eid, []).extend((one.text, one.heading))
    return [
        one
        for one in propose(reading)
        if not one.quote or len(one.quote) > 300 or not any(one.quote in text for text in printed[one.eid])
    ]


@settings(max_examples=300, deadline=None)
@given(PARTS, TEXTS)
def test_every_quote_of_a_fuzzed_document_is_printed_in_the_provision_named(parts, heading):
    below = [make_provision(eid, text, heading=title) for eid, (text, title) in parts.items()]
    reading = make_reading(*below, heading=heading)

    assert [] == check_quotes(reading)
    assert propose(reading) == propose(reading)


def test_every_quote_of_a_real_document_is_printed_in_the_provision_named():
    readings = read_demo()

    assert [] == [one for reading in readings for one in check_quotes(reading)]
    assert {"us/cfr/1308.13"} < {one.document for reading in readings for one in propose(reading)}


def test_what_is_proposed_of_the_demo_is_what_its_pages_say():
    found = {(one.document, one.question, one.value) for reading in read_demo() for one in propose(reading)}

    told = {
        ("us/cfr/1308.13", "ketamine_schedule", "schedule_iii"),
        ("us/cfr/1308.13", "esketamine_schedule", "schedule_iii"),
        ("us/cfr/1307.41", "telehealth_prescribing", "telehealth_suffices"),
        ("us-hi/hrs/329-38", "refill_limit", "fewer_or_shorter"),
        ("us-ut/code/58-37-22", "eprescribing_mandate", "controlled_substances"),
        ("us-ut/code/58-37-302", "eprescribing_mandate", "controlled_substances"),
    }
    assert set() == told - found


def test_proposals_come_in_reading_order_and_once_each():
    limit = (
        "A Schedule III prescription shall not be refilled more than two times. It shall be refilled up to two times."
    )
    query = "A prescriber shall query the PDMP before prescribing a controlled substance."

    found = propose(make_reading(("b", f"{query} {query}"), ("a", limit), ("c", query)))

    assert [("b", "pdmp_query_duty"), ("a", "refill_limit"), ("c", "pdmp_query_duty")] == [
        (one.eid, one.question) for one in found
    ]


def test_a_document_without_provisions_gives_nothing():
    reading = make_reading()

    assert () == propose(msgspec.structs.replace(reading, provisions=()))
