"""Answers as of past dates are those that experts coded, state by state and year by year."""

import csv

import pytest

from kb.evaluate.asof import LAWS, TABLE, list_days, list_facts, score_as_of
from kb.evaluate.sets import CORPUS, evaluate_sets

FOLDER = CORPUS / "legal-epi"


def write_table(folder, *rows):
    """Write a table of one law (the others never applied): (state, year, share, date)."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = ["state", "year", *LAWS, *LAWS.values()]
    with (folder / TABLE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for state, year, share, begins in rows:
            others = dict.fromkeys(LAWS, "0")
            writer.writerow(
                {"state": state, "year": year, **others, "mustaccess_partial": share, "date_mustaccess": begins}
            )
    return folder


def score(tmp_path, *rows):
    figures, misses = score_as_of(write_table(tmp_path / "set", *rows), tmp_path / "kb.db")
    return figures[0], misses


@pytest.mark.skipif(not (FOLDER / TABLE).is_file(), reason="the corpus is not unpacked here")
def test_answers_match_for_every_state_and_year(tmp_path):
    figures, misses = score_as_of(FOLDER, tmp_path / "kb.db")

    told = {figure.label: figure.value for figure in figures}
    assert [] == misses
    assert (1.0, 26, 26 * 28 * 5 * 12) == (
        told["as-of answers right by state and year"], told["states"], told["months asked about"]
    )  # fmt: skip
    assert "3640 of 3640" == figures[0].basis


def test_share_of_a_year_counts_the_months_from_the_date_on(tmp_path):
    rows = [("AA", 2012, "0", "2013-07-13"), ("AA", 2013, "0.417", "2013-07-13"), ("AA", 2014, "1", "2013-07-13")]

    figure, misses = score(tmp_path, *rows)

    assert ([], "15 of 15") == (misses, figure.basis)


def test_wrong_share_is_named_with_state_and_year(tmp_path):
    figure, misses = score(tmp_path, ("AA", 2013, "0.5", "2013-07-13"), ("BB", 2013, "0.25", ""))

    assert (False, "8 of 10") == (figure.passed, figure.basis)
    assert [
        "mustaccess_partial us-aa 2013: expected 0.500 of the year, answered 0.417",
        "mustaccess_partial us-bb 2013: expected 0.250 of the year, answered 0.000",
    ] == misses


def test_law_without_a_date_is_silence_and_counts_for_no_year(tmp_path):
    rows = [{"state": "AA", "year": "2013", **dict.fromkeys((*LAWS, *LAWS.values()), "")}]

    facts = list_facts(rows)

    assert {"law_silent"} == {fact.gap for fact in facts}
    assert ([], "5 of 5") == (lambda told: (told[1], told[0].basis))(score(tmp_path, ("AA", 2013, "0", "")))


def test_month_counts_by_its_third_day_and_january_by_its_seventh():
    assert ["2013-01-07", "2013-02-03", "2013-12-03"] == [list_days(2013)[month].isoformat() for month in (0, 1, 11)]


def test_set_is_measured_by_its_name(tmp_path):
    write_table(tmp_path / "legal-epi", ("AA", 2013, "1", "2013-01-01"))

    (result,) = evaluate_sets(["legal-epi"], tmp_path, [])

    assert ("legal-epi", True, True) == (result.name, result.found, result.passed)
