"""Anchors through the waves of a recorded web: each step, what alters nothing, and what can never be verified."""

import json
import sqlite3
from contextlib import closing

import msgspec
import pytest

from kb.answer.facts import Anchor, Fact, hash_words
from kb.build import BuildRequest, BuildResult, build
from kb.cli.filling import describe_build
from kb.collect import ImportRequest, import_captures
from kb.publish import publish
from kb.sources import read_sources
from tests.example_web import (
    DECLARATIONS,
    FEE,
    HOURS,
    NOW,
    RULE_ONE,
    RULES,
    SITE,
    WEEKS,
    build_web,
    export,
    list_pages,
    record,
    show_rules,
    show_section,
    write_recording,
)

SEAL = "Every vial bears a seal."


def make_fact(document, eid, quote, **fields):
    """Make a fact of the second day of the recorded web; its id is its document's number and eid unless told."""
    plain = {
        "id": f"{document.rpartition('/')[2]}#{eid}",
        "jurisdiction": "us-xx",
        "question": "refill_limit",
        "place": 0,
        "value": "no_refills",
        "gap": None,
        "anchor": Anchor(f"us-xx/{document}", eid, quote),
        "coded_on": "2024-01-09",
        "coded_by": "coder",
    }
    return Fact(**{**plain, **fields})


def review(text, **fields):
    return {"reviewed_on": "2024-02-07", "reviewed_by": "jane", "reviewed_text": hash_words(text), **fields}


FACTS = (
    make_fact("code/1-1", "a", "pay a fee of 40 dollars"),
    make_fact("code/1-2", "b", "open to inspectors of the board"),
    make_fact("code/1-3", "b", "shall show a card of office"),
    make_fact("code/1-4", "a", "vial bears a seal", **review(SEAL)),
    make_fact("code/1-4", "b", "reported within 24 hours", **review("Other words.")),
    make_fact("code/9-9", "", "a section nobody ever saw"),
    make_fact("rules/1.1", "", "nurse"),
    make_fact("rules/1.2", "1", "kept for seven years"),
    make_fact("rules/1.2", "1", "kept for ten years", id="coming", effective_from="2024-07", coded_on="2024-02-01"),
    make_fact("rules/1.2", "1", "kept for seven years", id="past", effective_to="2024-06-30"),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return build_web(tmp_path_factory.mktemp("whole"), facts=FACTS)


def read_rows(data, table, known_at=None):
    return [row for row in map(json.loads, export(data, known_at)) if row["table"] == table]


def list_steps(data, fact):
    rows = [row for row in read_rows(data, "fact_history") if row["fact"] == fact]
    return [(row["wave_at"][:10], row["state"], row["cause"], row["document"][6:], row["eid"]) for row in rows]


# --- steps


def test_words_amended_are_flagged_in_the_build_that_sees_it_and_removed_ones_break(whole):
    assert [
        ("2024-01-08", "anchored", "resolved", "code/1-1", "a"),
        ("2024-01-15", "needs_review", "words", "code/1-1", "a"),
        ("2024-02-12", "broken", "gone", "code/1-1", "a"),
    ] == list_steps(whole, "1-1#a")


def test_a_removal_came_about_when_the_page_was_first_missed(whole):
    gone = [row for row in read_rows(whole, "fact_history") if row["fact"] == "1-1#a"][-1]

    assert (WEEKS[4], WEEKS[5]) == (gone["at"], gone["wave_at"])


def test_words_are_followed_to_a_new_letter_and_a_new_section_without_a_review(whole):
    assert [
        ("2024-01-08", "anchored", "resolved", "code/1-2", "b"),
        ("2024-01-15", "anchored", "moved", "code/1-2", "c"),
        ("2024-02-19", "anchored", "moved", "code/1-20", "c"),
    ] == list_steps(whole, "1-2#b")


def test_a_page_that_shrank_breaks_an_anchor_only_when_seen_again(whole):
    assert ["2024-01-08", "2024-02-05"] == [day for day, *_ in list_steps(whole, "1-3#b")]


def test_words_confirmed_are_verified_and_other_words_are_not(whole):
    assert ("2024-02-07", "verified", "review", "code/1-4", "a") == list_steps(whole, "1-4#a")[-1]
    assert [("2024-02-07", "needs_review", "review"), ("2024-07-16", "needs_review", "words")] == [
        step[:3] for step in list_steps(whole, "1-4#b")[1:]
    ]


def test_a_coming_text_alters_nothing_before_its_day_and_is_flagged_in_the_first_wave_after(whole):
    assert [("2024-01-08", "anchored"), ("2024-07-02", "needs_review")] == [
        step[:2] for step in list_steps(whole, "1.2#1")
    ]


def test_a_fact_that_will_hold_is_anchored_in_the_coming_text_and_one_that_held_stays_in_the_past_one(whole):
    assert [("2024-01-29", "anchored")] == [step[:2] for step in list_steps(whole, "coming")]
    assert [("2024-01-08", "anchored")] == [step[:2] for step in list_steps(whole, "past")]


def test_a_step_names_the_snapshot_and_quotes_with_its_surroundings(whole):
    step = next(row for row in read_rows(whole, "fact_history") if row["fact"] == "1-2#b")
    version = next(row for row in read_rows(whole, "versions") if row["version"] == step["version"])

    assert (version["sha256"], version["url"], WEEKS[0]) == (step["sha256"], step["url"], step["captured_at"])
    assert ("The register is ", " at any hour.") == (step["prefix"], step["suffix"])


def test_a_document_that_is_not_archived_takes_no_step(whole):
    assert [] == list_steps(whole, "9-9#")


def test_an_ambiguous_quote_is_a_problem_that_names_the_fact_and_both_places(tmp_path):
    pages = [(WEEKS[0], RULES, show_rules(("1.1 Sedation", ("(1) A nurse shall stay.", "(2) No nurse shall go."))))]

    data = build_web(tmp_path, pages, facts=[make_fact("rules/1.1", "", "nurse shall")])

    assert [("us-xx-board-rules", RULES, WEEKS[0], WEEKS[0])] == [
        (row["source"], row["url"], row["observed_at"], row["wave_at"])
        for row in read_rows(data, "problems")
        if row["code"] == "anchor_ambiguous"
    ]
    assert (
        "us-xx, refill_limit: 'nurse shall' stands more than once in Example Rule 1.1: (1) from character 3 and (2) "
        "from character 4; quote more words"
    ) == read_rows(data, "problems")[0]["message"]


# --- what alters nothing


@pytest.mark.parametrize("week", WEEKS)
def test_history_of_the_first_waves_is_the_whole_history_cut_there(whole, tmp_path, week):
    early = build_web(tmp_path, [page for page in list_pages() if page[0] <= week], facts=FACTS)

    assert export(whole, known_at=week) == export(early, known_at=week)


def test_building_week_by_week_or_with_two_workers_gives_the_bytes_of_one_build(whole, tmp_path):
    for number, week in enumerate(WEEKS):
        data, sources = record(tmp_path / "steps", [page for page in list_pages() if page[0] == week], run=f"t{number}")
        build(data, BuildRequest(sources=sources, facts=FACTS))

    assert export(whole) == export(data)
    assert export(whole) == export(build_web(tmp_path / "both", facts=FACTS, workers=2))


def test_from_scratch_and_after_older_captures_came_in_late_the_bytes_are_the_same(whole, tmp_path):
    late, early = ([page for page in list_pages() if (page[0] > WEEKS[1]) is is_late] for is_late in (True, False))
    for run, pages in (("late", late), ("early", early)):
        data, sources = record(tmp_path, pages, run=run)
        build(data, BuildRequest(sources=sources, facts=FACTS))
    stepwise = export(data)

    build(data, BuildRequest(sources=sources, facts=FACTS, from_scratch=True))

    assert export(whole) == stepwise == export(data)


def test_a_build_counts_the_answers_whose_words_changed_or_are_gone_in_it(tmp_path):
    counts = []
    for number, week in enumerate(WEEKS):
        data, sources = record(tmp_path, [page for page in list_pages() if page[0] == week], run=f"t{number}")
        counts.append(build(data, BuildRequest(sources=sources, facts=FACTS)).flagged)

    # With the first wave alone, other words were reviewed (1-4) and the coming text is not there yet; then 1-1 is
    # amended, 1-3 shrinks, 1-1 goes, the twin comes into force, 1-4 is amended.
    assert [2, 1, 0, 0, 1, 1, 0, 1, 0, 1] == counts


@pytest.mark.parametrize(
    ("waves", "flagged", "words"),
    [
        (1, 2, "0 pages not trusted; the words of 2 answers changed or are gone"),
        (0, 1, "nothing new: every wave of the archive is built; the words of 1 answer changed or are gone"),
        (0, 0, "nothing new: every wave of the archive is built"),
    ],
)
def test_a_build_says_how_many_answers_it_flagged(waves, flagged, words):
    assert describe_build(BuildResult(waves=waves, flagged=flagged)).endswith(words)


def test_building_again_moves_no_answer_and_another_fact_does(tmp_path):
    data, sources = record(tmp_path, list_pages())
    counts = [
        build(data, BuildRequest(sources=sources, facts=facts)).answers_moved
        for facts in (FACTS, FACTS, FACTS[1:], FACTS[1:])
    ]

    assert [True, False, True, False] == counts


def test_a_later_review_alters_no_answer_of_a_day_before_it(whole, tmp_path):
    [first, *others] = FACTS
    later = {"reviewed_on": "2024-07-20", "reviewed_by": "jane", "reviewed_text": hash_words("A clinic shall pay.")}
    again = build_web(tmp_path, facts=[msgspec.structs.replace(first, **later), *others])

    days = ("2024-01-10T00:00:00Z", "2024-02-01T00:00:00Z", "2024-07-19T00:00:00Z")
    assert [read_rows(whole, "fact_history", day) for day in days] == [
        read_rows(again, "fact_history", day) for day in days
    ]


# --- what can never be verified


def build_declared(folder, declarations, pages, facts):
    """Build pages under other declarations than those of the example; returns the data folder."""
    (folder / "sources").mkdir()
    (folder / "sources" / "us-xx.yml").write_text(declarations, "utf-8")
    sources = read_sources([folder / "sources"])
    file = write_recording(folder / "recording", pages)
    import_captures(folder / "data", ImportRequest(file=file, sources=sources, now=NOW, token=folder.name))
    build(folder / "data", BuildRequest(sources=sources, facts=facts))
    return folder / "data"


CONFIRMED = make_fact("code/1-1", "b", "The board may waive the fee", **review("The board may waive the fee."))


def build_confirmed(folder, old, new, site=SITE, fact=CONFIRMED):
    declarations = DECLARATIONS.replace(SITE, site).replace(old, new)
    pages = [(WEEKS[0], f"{site}/sections/1-1.html", show_section("1-1", "Fees", FEE))]
    return list_steps(build_declared(folder, declarations, pages, [fact]), fact.id)


def test_words_confirmed_at_their_publisher_are_verified(tmp_path):
    assert ["anchored", "verified"] == [step[1] for step in build_confirmed(tmp_path, "", "")]


def test_a_mirror_verifies_nothing(tmp_path):
    steps = build_confirmed(tmp_path, "      work: code\n", "      work: code\n      strand: mirror\n")

    assert ["anchored"] == [step[1] for step in steps]


@pytest.mark.parametrize("host", ["https://law.justia.com", "https://statutes.github.com", "https://legalclarity.org"])
def test_a_host_that_is_never_official_verifies_nothing(tmp_path, host):
    assert ["anchored"] == [step[1] for step in build_confirmed(tmp_path, "", "", site=host)]


def test_a_replica_proves_facts_of_its_own_demonstration_only(tmp_path):
    (tmp_path / "shipped").mkdir()
    (tmp_path / "demo").mkdir()
    (tmp_path / "other").mkdir()
    marked = ("    platform: page\n", "    platform: page\n    replica: true\n")
    demo = msgspec.structs.replace(CONFIRMED, replica=True)

    assert [] == build_confirmed(tmp_path / "shipped", *marked)
    assert ["anchored", "verified"] == [step[1] for step in build_confirmed(tmp_path / "demo", *marked, fact=demo)]
    assert [] == build_confirmed(tmp_path / "other", "", "", fact=demo)


# --- from one source to another


def list_transfer():
    gone = f"{SITE}/sections/1-5.html"
    return [
        (WEEKS[0], gone, show_section("1-5", "Hours", HOURS)),
        (WEEKS[0], RULES, show_rules(RULE_ONE)),
        (WEEKS[1], gone, None),
        (WEEKS[1], RULES, show_rules(RULE_ONE, ("1.5 Opening", HOURS))),
        (WEEKS[2], gone, None),
        (WEEKS[3], RULES, show_rules(RULE_ONE, ("1.5 Opening", (HOURS[0].replace("five", "six"), HOURS[1])))),
    ]


TRANSFERRED = make_fact("code/1-5", "a", "is open on five days a week")


def test_words_are_followed_to_the_other_source_that_took_them_over(tmp_path):
    data = build_web(tmp_path, list_transfer(), facts=[TRANSFERRED])

    assert [
        ("2024-01-08", "anchored", "resolved", "code/1-5", "a"),
        ("2024-01-22", "anchored", "moved", "rules/1.5", "a"),
        ("2024-01-29", "needs_review", "words", "rules/1.5", "a"),
    ] == list_steps(data, "1-5#a")


@pytest.mark.parametrize("week", WEEKS[:4])
def test_history_over_two_sources_is_cut_alike(tmp_path, week):
    whole = build_web(tmp_path / "whole", list_transfer(), facts=[TRANSFERRED])
    early = build_web(tmp_path / "early", [page for page in list_transfer() if page[0] <= week], facts=[TRANSFERRED])

    assert read_rows(whole, "fact_history", week) == read_rows(early, "fact_history", week)


# --- what goes out


def read_published(folder, declarations):
    data = build_declared(folder, declarations, list_transfer(), [TRANSFERRED])
    path = publish(data, NOW).path
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT state, quote, old_text, new_text FROM fact_history ORDER BY place").fetchall()


def test_published_steps_show_both_texts(tmp_path):
    assert [("needs_review", "A clinic is open on five days a week.", "A clinic is open on six days a week.")] == [
        (state, old, new) for state, _, old, new in read_published(tmp_path, DECLARATIONS) if old
    ]


def test_words_that_may_not_go_out_stay_in_where_another_source_took_them_over(tmp_path):
    closed = DECLARATIONS.replace("    binding: statute", "    binding: statute\n    publish: none")

    rows = read_published(tmp_path, closed)

    assert ["anchored", "anchored", "needs_review"] == [row[0] for row in rows]
    assert ("", "is open on five days a week") == (rows[0][1], rows[1][1])
    assert ("", "") == rows[2][2:]


# --- terms
