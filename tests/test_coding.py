"""Coded answers as they are read: what the codebook and the vocabulary do not know is refused with file and line."""

import json
from collections import Counter
from pathlib import Path

import pytest

from kb.coding import SHIPPED, count_facts, read_facts
from kb.errors import DeclarationError
from kb.jurisdictions import read_jurisdictions
from kb.questions import GAPS, map_questions, read_codebook
from kb.registry import read_deny_list
from kb.scopes import read_terms
from kb.topics import read_vocabulary

ROOT = Path(__file__).parents[1]
RESEARCH = ROOT.parent / "shared" / "research" / "jurisdictions.jsonl"
ENTRY = {
    "question": "refill_limit",
    "value": "5_in_6_months",
    "citation": "Example Code § 12-305",
    "coded_on": "2024-05-01",
    "coded_by": "coder-1",
}


def write_facts(folder, *entries, name="us-xx"):
    """Write entries as one jurisdiction's file; JSON is YAML. A key given as None is left out."""
    path = folder / f"{name}.yml"
    kept = [{key: value for key, value in entry.items() if value is not None} for entry in entries]
    path.write_text("\n".join(f"- {json.dumps(entry)}" for entry in kept) + "\n", "utf-8")
    return folder


def refuse(folder, **altered):
    with pytest.raises(DeclarationError) as refusal:
        read_facts([write_facts(folder, {**ENTRY, **altered})])
    return str(refusal.value)


# --- reading


def test_an_entry_becomes_a_fact_with_typed_values(tmp_path):
    anchor = {"document": "us-xx/code/12-305", "quote": "not more than five times"}
    entry = {**ENTRY, "details": {"validity": "P6M", "refills": 5}, "scope": {"drug": ["ketamine"]}, "anchor": anchor}

    (fact,) = read_facts([write_facts(tmp_path, entry)])

    assert ("us-xx", "refill_limit", "5_in_6_months", None) == (
        fact.jurisdiction,
        fact.question,
        fact.value,
        fact.gap,
    )
    assert {"validity": "P6M", "refills": 5} == fact.details
    assert {"drug": ("ketamine",)} == fact.scope
    assert ("us-xx/code/12-305", "", "not more than five times") == (
        fact.anchor.document,
        fact.anchor.eid,
        fact.anchor.quote,
    )
    assert str(tmp_path / "us-xx.yml") == fact.file


def test_an_entry_without_answer_has_a_gap_and_no_value(tmp_path):
    (fact,) = read_facts([write_facts(tmp_path, {**ENTRY, "value": "not_found", "searched": ["the code's index"]})])

    assert (None, "not_found", ("the code's index",)) == (fact.value, fact.gap, fact.searched)


def test_several_choices_are_read_in_their_order(tmp_path):
    value = ["registration", "accreditation"]

    (fact,) = read_facts([write_facts(tmp_path, {**ENTRY, "question": "facility_requirement", "value": value})])

    assert ("registration", "accreditation") == fact.value


def test_a_folder_of_ones_own_is_read_beside_the_shipped_one(tmp_path):
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    own.mkdir()
    shipped.mkdir()
    write_facts(shipped, ENTRY, name="us-tx")
    write_facts(own, ENTRY, name="us-ri")

    facts = read_facts([shipped, own])

    assert ["us-ri", "us-tx"] == [fact.jurisdiction for fact in facts]


def test_the_id_of_an_answer_outlives_its_review_and_its_note(tmp_path):
    (before,) = read_facts([write_facts(tmp_path, ENTRY)])
    reviewed = {"reviewed_on": "2024-06-01", "reviewed_by": "reviewer-1", "note": "Read again."}

    (after,) = read_facts([write_facts(tmp_path, {**ENTRY, **reviewed})])

    assert before.id == after.id


def test_a_later_review_of_the_same_answer_is_numbered(tmp_path):
    first = {**ENTRY, "reviewed_on": "2024-06-01", "reviewed_by": "reviewer-1", "superseded_on": "2024-07-01"}
    later = {**ENTRY, "reviewed_on": "2024-07-01", "reviewed_by": "reviewer-2"}

    facts = read_facts([write_facts(tmp_path, first, later)])

    assert [facts[0].id, f"{facts[0].id}-2"] == [fact.id for fact in facts]


# --- refusals


@pytest.mark.parametrize(
    ("altered", "words"),
    [
        ({"question": "refil_limit"}, "unknown question 'refil_limit'; did you mean 'refill_limit'? in question"),
        ({"value": "6_in_5_months"}, "unknown value '6_in_5_months' for refill_limit: expected one of"),
        ({"value": True}, "unknown value True for refill_limit"),
        ({"value": "not_found"}, "not_found without 'searched': say where it was looked for"),
        ({"scope": {"drug": ["ketamin"]}}, "unknown drug 'ketamin'; did you mean 'ketamine'? in scope.drug"),
        ({"scope": {"place": ["home"]}}, "unknown key 'place' in scope"),
        ({"details": {"refils": 5}}, "unknown detail 'refils' of refill_limit; did you mean 'refills'?"),
        ({"details": {"validity": "six months"}}, "expected a duration, found 'six months' in details.validity"),
        ({"effective_from": "2024-03", "effective_to": "2024-02-28"}, "it ends on 2024-02-28, before it begins"),
        ({"effective_from": "2024-13"}, "expected something like '2026-01-31', found '2024-13' in effective_from"),
        ({"effective_to": "2025-02-29"}, "no calendar has the day 2025-02-29 in effective_to"),
        ({"coded_on": "2026-06-31"}, "no calendar has the day 2026-06-31 in coded_on"),
        ({"reverts_to": "law_silent"}, "reverts_to without effective_to: say when"),
        ({"reviewed_on": "2024-04-30", "reviewed_by": "r"}, "reviewed_on 2024-04-30 is before coded_on 2024-05-01"),
        ({"reviewed_on": "2024-06-01"}, "reviewed_on and reviewed_by stand together"),
        ({"coded_by": "jane@example.org"}, "coded_by"),
        ({"basis": "listd"}, "expected one of listed incorporated federal_default, found 'listd' in basis; did"),
        ({"coded_on": None}, "missing key 'coded_on'"),
        ({"anchor": {"document": "us-xx/code/1", "quote": "short"}}, "expected at least 8"),
    ],
)
def test_what_is_not_known_is_refused_with_the_reason(tmp_path, altered, words):
    told = refuse(tmp_path, **altered)

    assert words in told
    assert f"{tmp_path / 'us-xx.yml'} line 1: " in told


def test_the_line_of_a_problem_is_that_of_its_key(tmp_path):
    (tmp_path / "us-xx.yml").write_text(
        "- question: refill_limit\n  value: 5_in_6_months\n  coded_on: 2024-05-01\n  coded_by: coder-1\n"
        "- question: refill_limit\n  # counted from the date of issue\n  value: five\n  coded_on: 2024-05-01\n"
        "  coded_by: coder-1\n",
        "utf-8",
    )

    with pytest.raises(DeclarationError) as refusal:
        read_facts([tmp_path])

    assert str(refusal.value).startswith(f"{tmp_path / 'us-xx.yml'} line 7: unknown value 'five' for refill_limit")


def test_an_unknown_jurisdiction_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(DeclarationError, match="unknown jurisdiction 'us-zx'"):
        read_facts([write_facts(tmp_path, ENTRY, name="us-zx")])


def test_a_jurisdiction_of_ones_own_sources_is_known(tmp_path):
    (fact,) = read_facts([write_facts(tmp_path, ENTRY, name="us-zx")], invented=["us-zx"])

    assert "us-zx" == fact.jurisdiction


def test_the_same_answer_twice_is_refused(tmp_path):
    with pytest.raises(DeclarationError, match="2 entries of refill_limit are the same answer"):
        read_facts([write_facts(tmp_path, ENTRY, ENTRY)])


def test_all_problems_of_all_files_are_told_at_once(tmp_path):
    write_facts(tmp_path, {**ENTRY, "value": "five"}, name="us-ri")
    write_facts(tmp_path, {**ENTRY, "question": "refills"}, name="us-tx")

    with pytest.raises(DeclarationError) as refusal:
        read_facts([tmp_path])

    assert ["us-ri.yml", "us-tx.yml"] == [
        Path(line.split(" line ")[0]).name for line in str(refusal.value).splitlines()
    ]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DeclarationError, match="no folder of facts at"):
        read_facts([tmp_path / "nowhere"])


# --- the codebook


def test_every_question_says_what_a_coder_and_a_reader_need():
    lacking = [
        (question.id, name)
        for question in read_codebook().questions
        for name in ("wording", "coding", "silent", "action")
        if not getattr(question, name)
    ]

    assert [] == lacking
    whys = {one.id: (one.why.compliance, one.why.journalists, one.why.providers) for one in read_codebook().questions}
    assert [] == [name for name, why in whys.items() if not all(why)]


def test_choices_have_values_with_labels_of_their_own_and_no_gap_among_them():
    for question in read_codebook().questions:
        ids = [choice.id for choice in question.values]
        assert bool(ids) == (question.type in ("choice", "choices")), question.id
        assert len(ids) == len(set(ids)), question.id
        assert not set(ids) & set(GAPS), question.id
        assert len(ids) == len({choice.label for choice in question.values}), question.id


def test_values_are_ranked_all_or_none():
    ranked = {
        question.id: {choice.strictness is None for choice in question.values}
        for question in read_codebook().questions
        if question.values
    }

    assert [] == [name for name, kinds in ranked.items() if len(kinds) > 1]


def test_groups_of_values_name_values_of_the_question():
    for question in read_codebook().questions:
        named = {value for group in (*question.compatible, *question.contradicting) for value in group}
        assert named <= {choice.id for choice in question.values}, question.id


def test_every_topic_has_a_question_and_actions_use_known_fields():
    fields = {"jurisdiction", "value", "citation", "effective_from", "profession"}
    topics = {topic.id for topic in read_vocabulary().topics}

    assert topics == {question.topic for question in read_codebook().questions}
    for question in read_codebook().questions:
        question.action.format_map(dict.fromkeys(fields, "x"))


def test_terms_are_within_known_terms():
    for dimension, terms in read_terms().items():
        for term in terms.values():
            assert set(term.within) <= set(terms), (dimension, term.id)


def test_a_value_contradicts_another_unless_both_are_compatible():
    professions, ownership = map_questions()["prescriber_professions"], map_questions()["practice_ownership"]

    assert professions.contradicts("independent", "not_allowed")
    assert not professions.contradicts("collaboration", "independent_once_qualified")
    assert ownership.contradicts(("lay_barred",), ("no_general_bar",))
    assert not ownership.contradicts(("lay_barred",), ("fee_splitting_barred", "lay_barred"))


# --- the shipped facts


@pytest.fixture(scope="module")
def shipped():
    return read_facts([SHIPPED])


@pytest.fixture(scope="module")
def research():
    if not RESEARCH.is_file():
        pytest.skip("the research lies beside the checkout of its authors only")
    rows = [json.loads(line) for line in RESEARCH.read_text("utf-8").splitlines()]
    return [row for row in rows if row["kind"] == "fact" and "question" in row]


def is_usable(row):
    return row["confidence"] in ("high", "medium") and "evidence_warning" not in row and row.get("value") != "not_found"


def name_evidence(jurisdiction, url):
    return jurisdiction, url if url.startswith(("http", "github:")) else ""


def name_citation(citation):
    """Name a citation by its beginning: what stands in brackets behind it may be told in other words."""
    return citation.partition(" (")[0]


def test_the_count_of_facts_is_that_of_the_research(shipped, research):
    usable = [row for row in research if is_usable(row)]
    count = count_facts(shipped)

    assert (1044, 715) == (len(usable), len({(row["jurisdiction"], row["question"]) for row in usable}))
    assert (55, 54, 2090) == (count.jurisdictions, count.questions, count.asked)
    # Eight facts more than the research: the recorded law itself proves them, by their anchors.
    assert (1092 + 8, 741 + 8) == (count.facts, count.cells)


def test_every_usable_line_of_the_research_is_coded_or_its_omission_explained(shipped, research):
    told = {
        (*name_evidence(fact.jurisdiction, page.url), name_citation(fact.citation))
        for fact in shipped
        for page in fact.evidence
        if fact.value is not None or fact.note or fact.searched
    }

    missing = [
        (row["jurisdiction"], row["question"], row.get("citation"))
        for row in research
        if is_usable(row)
        and (*name_evidence(row["jurisdiction"], row["evidence"]), name_citation(row.get("citation", ""))) not in told
    ]

    assert [] == missing


def test_every_cell_of_the_usable_research_has_an_entry(shipped, research):
    cells = {(row["jurisdiction"], row["question"]) for row in research if is_usable(row)}

    assert set() == cells - {(fact.jurisdiction, fact.question) for fact in shipped}


def test_no_fact_stands_without_a_usable_line_of_the_research_or_an_anchor(shipped, research):
    known = {
        (*name_evidence(row["jurisdiction"], row["evidence"]), name_citation(row.get("citation", "")))
        for row in research
        if is_usable(row)
    }

    alone = [
        (fact.jurisdiction, fact.question, fact.citation)
        for fact in shipped
        if fact.gap is None
        and fact.anchor is None
        and not any(
            (*name_evidence(fact.jurisdiction, page.url), name_citation(fact.citation)) in known
            for page in fact.evidence
        )
    ]

    assert [] == alone


def test_no_fact_is_surer_than_the_research(shipped, research):
    ranks = {"low": 0, "medium": 1, "high": 2}
    best = Counter()
    for row in research:
        key = (*name_evidence(row["jurisdiction"], row["evidence"]), name_citation(row.get("citation", "")))
        best[key] = max(best[key], ranks[row["confidence"]])

    surer = [
        (fact.jurisdiction, fact.question)
        for fact in shipped
        if fact.gap is None and fact.evidence and fact.anchor is None
        for page in fact.evidence[:1]
        if ranks[fact.confidence] > best[(*name_evidence(fact.jurisdiction, page.url), name_citation(fact.citation))]
    ]

    assert [] == surer


def test_what_nobody_read_is_never_of_high_confidence(shipped):
    unread = [
        fact.id
        for fact in shipped
        if fact.gap is None and fact.evidence and all(page.kind == "knowledge" for page in fact.evidence)
    ]

    assert unread
    assert [] == [fact.id for fact in shipped if fact.id in unread and fact.confidence == "high"]


def test_nothing_of_a_denied_host_is_evidence(shipped):
    deny = read_deny_list()

    assert [] == [page.url for fact in shipped for page in fact.evidence if deny.why_no_evidence(page.url)]


def test_no_shipped_fact_is_a_replicas(shipped):
    assert [] == [fact.id for fact in shipped if fact.replica]


def test_no_sentence_of_the_research_is_copied_into_notes(shipped, research):
    notes = " ".join(" ".join(fact.note.split()) for fact in shipped)

    openings = [row["statement"].split()[:9] for row in research]

    assert [] == [words for words in openings if len(words) == 9 and " ".join(words) in notes]


def test_every_empty_cell_says_why(shipped):
    gaps = [fact for fact in shipped if fact.gap is not None]

    assert [] == [fact.id for fact in gaps if fact.gap == "not_found" and not fact.searched]
    assert [] == [fact.id for fact in gaps if fact.gap == "not_checked" and not fact.note]


def test_comparisons_offered_name_places_and_questions_or_topics_there_are():
    places = {place.id for place in read_jurisdictions()}
    known = {*map_questions(), *(question.topic for question in read_codebook().questions)}

    for one in read_codebook().comparisons:
        assert set(one.jurisdictions) <= places, one.title
        assert set(one.questions) <= known, one.title
