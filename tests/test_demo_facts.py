"""The facts of the demonstration: what their anchors go through on its recorded web, and that they invent nothing."""

import json
from contextlib import closing
from io import BytesIO

import pytest

from kb.build import BuildRequest, build
from kb.coding import SHIPPED, read_facts
from kb.demo import FACTS, DemoRequest, demo_facts, demo_sources, import_day, list_demo_days, run_demo
from kb.export import write_export
from kb.store.facts import read_recorded_facts, read_steps
from kb.store.knowledge import open_knowledge
from kb.store.queries import count_problems


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    run_demo(folder, DemoRequest(collect=import_day))
    return folder


@pytest.fixture(scope="module")
def walks(data):
    """The steps of every fact by (jurisdiction, question, coded on, eid of its anchor)."""
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        facts, steps = read_recorded_facts(db), read_steps(db)
    anchored = [fact for fact in facts if fact.anchor is not None]
    return {
        (fact.jurisdiction, fact.question, fact.anchor.document.rpartition("/")[2], fact.coded_on): steps[fact.id]
        for fact in anchored
    }


def tell(steps):
    return [(step.wave_at[:10], step.state, step.cause, step.document.rpartition("/")[2], step.eid) for step in steps]


def test_every_anchor_is_found_in_the_recorded_web_as_printed(walks):
    wrong = [key for key, steps in walks.items() if steps[0].how != "exact" or steps[0].state != "anchored"]

    assert [] == wrong
    assert 24 == len(walks)


def test_no_quote_of_the_demonstration_is_ambiguous(data):
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        assert [] == [problem.message for problem in count_problems(db) if problem.code == "anchor_ambiguous"]


def test_a_paragraph_that_got_another_letter_stays_verified(walks):
    steps = walks["us-xx", "consent_and_monitoring", "12-703", "2023-07-10"]

    assert [
        ("2023-07-03", "anchored", "resolved", "12-703", "b"),
        ("2024-01-15", "verified", "review", "12-703", "b"),
        ("2024-12-02", "verified", "moved", "12-703", "c"),
    ] == tell(steps)


@pytest.mark.parametrize(
    ("key", "document", "eid"),
    [
        (("us-ut", "eprescribing_mandate", "58-37-22", "2022-01-15"), "us-ut/code/58-37-302", "1"),
        (("us-de", "facility_accreditation", "4408", "2016-03-20"), "us-de/admin-code-16/3335", "1.2"),
    ],
)
def test_a_renumbered_section_takes_its_anchor_along(walks, key, document, eid):
    last = walks[key][-1]

    assert ("anchored", "moved", document, eid, "") == (last.state, last.cause, last.document, last.eid, last.new_text)


def test_changed_words_need_a_review_and_both_texts_are_kept(walks):
    [_, changed] = walks["us-xx", "facility_requirement", "12-702", "2023-07-10"]

    assert ("2026-07-06", "needs_review", "words") == (changed.wave_at[:10], changed.state, changed.cause)
    assert ("A registration lasts two years.", "A registration lasts one year.") == (changed.old_text, changed.new_text)


def test_a_review_settles_a_mended_typing_error(walks):
    steps = walks["us-xx", "adverse_event_reporting", "12-707", "2023-07-10"]

    assert ["anchored", "needs_review", "verified"] == [step.state for step in steps]
    assert ("Deparment" in steps[1].old_text, "Department" in steps[1].new_text) == (True, True)


def test_a_repealed_section_breaks_its_anchor(walks):
    assert [("2023-07-03", "anchored"), ("2026-01-05", "broken")] == [
        step[:2] for step in tell(walks["us-xx", "clinic_advertising", "12-705", "2023-07-10"])
    ]


def test_a_superseded_entry_ends_with_its_flag_and_the_new_one_has_the_new_words(walks):
    old = walks["us-xx", "consent_and_monitoring", "2022-07", "2023-07-10"]
    new = walks["us-xx", "consent_and_monitoring", "2022-07", "2026-07-20"]

    assert ["anchored", "needs_review"] == [step.state for step in old]
    assert [old[-1].text_hash] == [step.text_hash for step in new]


def test_what_lapsed_is_proven_by_the_last_text_it_had_and_what_is_coming_by_the_coming_one(walks):
    lapsed = walks["us-hi", "pdmp_query_duty", "329-38.2", "2022-01-15"]
    extension = walks["us", "telehealth_prescribing", "1307.41", "2024-12-05"]
    coming = walks["us-xx", "facility_requirement", "12-706", "2026-01-10"]

    assert [("anchored", "2022-01-10")] == [(step.state, step.wave_at[:10]) for step in lapsed]
    assert [("anchored", "2024-12-02")] == [(step.state, step.wave_at[:10]) for step in extension]
    assert [("anchored", "2026-01-05")] == [(step.state, step.wave_at[:10]) for step in coming]


def test_captchas_moved_sites_and_new_skins_move_no_anchor(walks):
    keys = [("driving_warning", "44-4"), ("rn_administration", "2019-01"), ("telehealth_prescribing", "12-801")]

    assert [1, 2, 1] == [len(walks["us-xx", *key, "2023-07-10"]) for key in keys]


def test_building_it_at_once_tells_the_same_history(data, tmp_path):
    for day in list_demo_days():
        import_day(tmp_path, day)
    build(tmp_path, BuildRequest(sources=demo_sources(), facts=demo_facts(), workers=2))

    assert dump_history(data) == dump_history(tmp_path)


def dump_history(folder):
    out = BytesIO()
    with closing(open_knowledge(folder / "kb.db", read_only=True)) as db:
        write_export(db, out)
    return [line for line in out.getvalue().splitlines() if json.loads(line)["table"] == "fact_history"]


# --- what they say


def test_facts_of_the_demonstration_are_marked_and_anchored_in_documents_of_their_own_place():
    facts = read_facts([FACTS], invented=["us-xx"])

    assert {True} == {fact.replica for fact in facts}
    assert [] == [
        fact.id for fact in facts if fact.anchor and not fact.anchor.document.startswith(f"{fact.jurisdiction}/")
    ]


def test_facts_of_real_places_say_what_the_research_says():
    """Whatever the demonstration tells of a real place, its coded facts tell too, with the same dates."""
    real = [fact for fact in read_facts([FACTS], invented=["us-xx"]) if fact.jurisdiction != "us-xx"]
    told = read_facts([SHIPPED])

    unknown = [
        (fact.jurisdiction, fact.question, fact.value) for fact in real if not any(_says(one, fact) for one in told)
    ]

    assert [] == unknown
    assert 10 <= len(real)


def _says(one, fact):
    same = ("jurisdiction", "question", "value", "effective_to", "reverts_to")
    begins = not fact.effective_from or fact.effective_from == one.effective_from
    details = all(one.details.get(name) == value for name, value in fact.details.items())
    return all(getattr(one, name) == getattr(fact, name) for name in same) and begins and details
