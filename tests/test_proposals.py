"""Scoring proposals: by provision, question and value; what is not labelled is wrong, what is invented is counted."""

import msgspec
import pytest
from click.testing import CliRunner

from kb.answer.coders import Proposal
from kb.cli import main
from kb.errors import DeclarationError
from kb.evaluate.proposals import (
    NOTHING,
    ProposalLabel,
    Proposed,
    is_quoted,
    is_within,
    read_proposal_labels,
    score_proposals,
)
from kb.questions import read_codebook
from tests.build import make_reading
from tests.crawling import write_sources
from tests.test_evaluate import DAY, NEXT_DAY, SITE, make_captures, value_of, write_corpus
from tests.test_natures import CODE, LABELS

DOCUMENT = "us-xx/code/7-1"
LIMIT = "A Schedule III prescription shall not be refilled more than two times."


def make_proposal(eid="a", value="fewer_or_shorter", **fields):
    place = {"question": "refill_limit", "document": DOCUMENT, "quote": LIMIT, "reason": "", "confidence": "high"}
    return Proposal(**{"eid": eid, "value": value, "details": {}, "scope": {}, **place, **fields})


def make_label(eid="a", value="fewer_or_shorter", **fields):
    return ProposalLabel(**{"document": DOCUMENT, "eid": eid, "question": "refill_limit", "value": value, **fields})


def score(labels, *proposals, quoted=True):
    return score_proposals(labels, [Proposed(one, quoted) for one in proposals])


def test_a_proposal_is_right_by_provision_question_and_value():
    labels = [make_label("a"), make_label("b", value="no_refills")]
    proposals = [make_proposal("a"), make_proposal("b"), make_proposal("c"), make_proposal("a", question="other")]

    figures, misses = score(labels, *proposals)

    assert 0.25 == value_of(figures, "all: precision")
    assert 0.5 == value_of(figures, "all: recall")
    assert 3 == value_of(figures, "refill_limit: proposed")
    assert 1 / 3 == value_of(figures, "refill_limit: precision")
    assert 4 == len(misses)


def test_a_proposal_where_nothing_is_to_be_proposed_is_wrong_and_the_miss_says_so():
    figures, misses = score([make_label("a", value=NOTHING)], make_proposal("a"))

    assert [0.0, 0.0, 1] == [
        value_of(figures, label) for label in ("all: precision", "all: recall", "labels: nothing to propose")
    ]
    assert ["labelled none_here"] == [miss.partition(", ")[2].partition(":")[0] for miss in misses]


def test_a_label_may_name_the_provision_above_or_below():
    figures, misses = score([make_label("a__1"), make_label("b")], make_proposal("a"), make_proposal("b__2__i"))

    assert [1.0, 1.0, []] == [value_of(figures, "all: precision"), value_of(figures, "all: recall"), misses]


def test_provisions_hold_each_other_by_their_numbers():
    pairs = [("a__1", "a"), ("a", ""), ("a", "a"), ("a1", "a"), ("", "a"), ("a", "a__1")]

    assert [True, True, True, False, False, False] == [is_within(*pair) for pair in pairs]


def test_dates_are_scored_apart_where_they_are_stated():
    labels = [make_label("a", effective_to="2024-12-31"), make_label("b"), make_label("c")]
    right = make_proposal("a", effective_to="2024-12-31")
    too_much = make_proposal("b", effective_from="2020-01-01")

    figures, _ = score(labels, right, too_much, make_proposal("c"))

    assert [1.0, 0.5] == [value_of(figures, "all: precision"), value_of(figures, "dates: right of those stated")]


def test_precision_is_told_by_confidence():
    proposals = [make_proposal("a"), make_proposal("b", confidence="low"), make_proposal("a", confidence="low")]

    figures, _ = score([make_label("a")], *proposals)

    told = [value_of(figures, f"proposed with {one} confidence: precision") for one in ("high", "medium", "low")]
    assert [1.0, 0.0, 0.5] == told


def test_an_invented_quote_fails_the_measurement():
    reading = make_reading(("a", f"First. {LIMIT}"))
    quotes = [LIMIT, "", "A Schedule III prescription may be refilled."]

    assert [True, False, False] == [is_quoted(make_proposal(quote=quote), reading) for quote in quotes]
    assert not is_quoted(make_proposal("b"), reading)

    figures, _ = score([make_label()], make_proposal(), quoted=False)

    assert [("invented: quote not in its provision", 1)] == [
        (one.label, one.value) for one in figures if not one.passed
    ]


def test_nothing_proposed_and_nothing_labelled_passes_no_floor():
    figures, _ = score([])

    assert {"all: precision", "all: recall"} == {figure.label for figure in figures if not figure.passed}


def test_labels_that_are_no_labels_are_refused(tmp_path):
    path = tmp_path / "proposals.yml"
    path.write_text("labels:\n- {document: a, eid: b, question: c, valu: d}\n", "utf-8")

    with pytest.raises(DeclarationError, match=r"proposals\.yml: .*valu"):
        read_proposal_labels(path)


def run_evaluation(folder, *options):
    """Measure a corpus of two days of one page: the later text is the one proposed from."""
    page = "<html><body><main><h1>Refills</h1><p>(a) {}</p></main></body></html>"
    texts = {"one.html": page.format("A prescription bears its date."), "two.html": page.format(LIMIT)}
    url = f"{SITE}7-1.html"
    lines = make_captures("xx", (url, DAY, 200, "one.html"), (url, NEXT_DAY, 200, "two.html"))
    write_corpus(folder / "corpus", lines, texts)
    write_sources(folder / "sources", CODE)
    labels = {"sets": ["xx"], "labels": [msgspec.to_builtins(make_label())]}
    (folder / "labels").mkdir(exist_ok=True)
    (folder / "labels" / "proposals.yml").write_bytes(msgspec.yaml.encode(labels))
    where = ["--corpus", folder / "corpus", "--sources", folder / "sources", "--labels", folder / "labels"]
    return CliRunner().invoke(main, ["eval", "proposals", *map(str, where), "--gate", *options])


def test_proposals_of_an_unseen_corpus_are_measured_by_its_labels(tmp_path):
    result = run_evaluation(tmp_path)

    assert 0 == result.exit_code, result.output
    assert "proposals: passed" in result.output
    assert "all: recall" in result.output


def test_labels_of_a_corpus_that_is_not_there_fail_the_gate(tmp_path):
    run_evaluation(tmp_path)
    nowhere = ["--corpus", str(tmp_path / "nowhere"), "--sources", str(tmp_path / "sources")]

    result = CliRunner().invoke(main, ["eval", "proposals", *nowhere, "--labels", str(tmp_path / "labels"), "--gate"])

    assert 1 == result.exit_code
    assert "NOT FOUND" in result.output


def test_shipped_labels_speak_of_questions_that_are_asked_and_of_each_place_once():
    labels = read_proposal_labels(LABELS / "proposals.yml").labels
    places = [(one.document, one.eid, one.question, one.effective_from) for one in labels]
    known = {(question.id, choice.id) for question in read_codebook().questions for choice in question.values}

    assert len(set(places)) == len(places) > 60
    assert set() == {(one.question, one.value) for one in labels if one.value != NOTHING} - known
    assert [] == [one for one in labels if one.value == NOTHING and not one.why]
