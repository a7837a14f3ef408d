"""Answers side by side: which jurisdictions, which cells, what a table, a file and a workbook say of them."""

import csv
import io
import json

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from kb.cli import main
from kb.sheets import LEGEND, guard_formula
from tests.answers import QUESTIONS, list_facts, list_steps, record_answers, using_domain
from tests.build import make_fact
from tests.sites import HOSTILE


@pytest.fixture(scope="module", autouse=True)
def domain(tmp_path_factory):
    with using_domain(tmp_path_factory.mktemp("domain")):
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    facts = list_facts()
    return record_answers(tmp_path_factory.mktemp("answers") / "data", facts, list_steps(facts))


def run(data, *words, columns=120):
    """Compare as of a fixed day, whose knowledge is that of the same day unless told."""
    dates = [] if "--as-of" in words else ["--as-of", "2026-11-28"]
    dates += [] if "--known-at" in words else ["--known-at", "2026-11-28"]
    environment = {"KB_DATA": str(data), "COLUMNS": str(columns)}
    return CliRunner(env=environment).invoke(main, ["compare", *map(str, words), *dates])


def read_rows(data, *words):
    result = run(data, *words, "--format", "csv")
    return {(row["jurisdiction"], row["question"]): row for row in csv.DictReader(io.StringIO(result.stdout))}


def test_every_jurisdiction_and_question_has_a_row_that_says_something(data):
    rows = read_rows(data, "--all")

    assert 57 * len(QUESTIONS) == len(rows)
    assert {row["state"] for row in rows.values()} == {
        "answered", "limited", "conflict", "coming", "pending", "not_found", "law_silent", "not_checked", "not_asked"
    }  # fmt: skip
    assert all(row["label"] and row["why"] for row in rows.values())


def test_federal_floor_stands_first_and_the_stricter_side_is_named(data):
    rows = read_rows(data, "duty")

    sides = {place: row["stricter"] for (place, _), row in rows.items()}
    assert "us" == next(iter(sides))
    assert {
        "us": "", "us-al": "state", "us-ak": "federal", "us-az": "not_comparable", "us-ar": "not_comparable",
        "us-ca": "federal", "us-co": "federal_only", "us-ct": "federal_only", "us-de": "federal_only",
        "us-fl": "federal", "us-ga": "state", "us-hi": "state", "us-id": "equal",
    } == sides  # fmt: skip


@pytest.mark.parametrize(
    ("place", "label", "notes"),
    [
        ("us-al", "All", "stricter than federal"),
        ("us-az", "None / Most", "only for dentist / nurse; not comparable to federal"),
        ("us-ar", "All / None", "contradictory: § 1 / § 2; not comparable to federal"),
        ("us-ca", "None", "ends 2026; federal is stricter"),
        ("us-co", "coming", "from 2027-02: All"),
        ("us-ct", "pending", "bill pending: All; proposal pending: All"),
        ("us-de", "not found", "searched: the code"),
        ("us-fl", "law silent", "federal is stricter"),
        ("us-hi", "All", "regulation stricter than statute (Some); stricter than federal"),
        ("us-id", "Some", "policy asks for more (All); as federal"),
    ],
)
def test_cell_says_the_answer_and_what_to_know_beside_it(data, place, label, notes):
    row = read_rows(data, "duty")[place, "duty"]

    order = set(row["label"].split(" / ")), set(row["notes"].split("; "))
    assert (set(label.split(" / ")), set(notes.split("; "))) == order


def test_question_of_one_level_compares_nothing(data):
    rows = read_rows(data, "--all")

    assert {"", "not_asked"} == {rows["us-al", "label"][name] for name in ("stricter", "state")}
    assert {"", "answered"} == {rows["us-al", "limit"][name] for name in ("stricter", "state")}


def test_rows_carry_where_an_answer_comes_from(data):
    row = read_rows(data, "duty")["us-al", "duty"]

    assert ("verified", "official", "https://law.example.gov/1", "2026-05", "ab" * 32, "2021-07") == tuple(
        row[name] for name in ("proof", "evidence", "evidence_url", "seen_on", "sha256", "effective_from")
    )


def test_limit_turns_a_partial_answer_into_the_answer(data):
    row = read_rows(data, "duty", "--scope", "profession=nurse")["us-az", "duty"]

    assert ("answered", "most", "nurse", "state") == (row["state"], row["value"], row["scopes"], row["stricter"])


def test_law_of_a_later_day_shows_what_came_and_what_it_reverted_to(data):
    rows = read_rows(data, "duty", "--as-of", "2027-03-01")

    assert ("all", "until 2026: None; stricter than federal") == tuple(
        rows["us-ca", "duty"][name] for name in ("value", "notes")
    )
    assert "all" == rows["us-co", "duty"]["value"]


def test_knowledge_of_an_earlier_day_leaves_out_what_came_later(data):
    rows = {day: read_rows(data, "duty", "--known-at", day) for day in ("2026-10-15", "2026-11-10", "2026-11-20")}

    found = {day: (told["us-ga", "duty"]["value"], told["us-al", "duty"]["state"]) for day, told in rows.items()}
    assert {
        "2026-10-15": ("some", "unknown_before"), "2026-11-10": ("some", "answered"), "2026-11-20": ("all", "answered")
    } == found  # fmt: skip
    assert ["anchored", "verified"] == [rows[day]["us-al", "duty"]["proof"] for day in ("2026-11-10", "2026-11-20")]


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 200])
def test_table_fits_its_terminal_and_explains_its_words(data, columns):
    result = run(data, "duty", columns=columns)

    lines = result.stdout.splitlines()
    assert 0 == result.exit_code
    assert max(map(len, lines)) <= columns
    assert f"reported: {LEGEND['reported']}" in " ".join(result.stdout.split())
    assert "44 jurisdictions without any fact left out" in " ".join(result.stdout.split())
    assert [line[:5].strip() for line in lines if line.startswith("us")][:3] == ["us", "us-al", "us-ak"]


@pytest.mark.parametrize("columns", [80, 120])
def test_one_jurisdiction_is_told_in_paragraphs_question_by_question(data, columns):
    result = run(data, "duty", "limit", "label", "--jurisdiction", "us-al", columns=columns)

    assert [
        "Whether there is a duty (duty)",
        "us-al  All",
        "verified · =1+1 · since 2021-07 · stricter than federal",
        "How many days (limit)",
        "us-al  30 days",
        "reported · order · ends 2026-12",
        "What the label says (label)",
        "us-al  not asked",
    ] == [line.strip() for line in result.stdout.splitlines() if line.strip()][:8]


def test_level_that_is_not_asked_is_left_out_beside_others(data):
    result = run(data, "limit", "--jurisdiction", "us", "--jurisdiction", "us-al", "--jurisdiction", "us-wy")

    assert ["us-al", "us-wy"] == [line.split()[0] for line in result.stdout.splitlines() if line.startswith("us")]


def test_contradictory_entries_are_shown_with_both_quotes(data):
    result = run(data, "duty", "--jurisdiction", "us-ar", columns=80)

    assert "us-ar contradicts itself:" in result.stdout
    assert {"All (§ 1): “every time”", "None (§ 2): no words recorded"} <= {
        line.strip() for line in result.stdout.splitlines()
    }


def test_other_dates_than_the_present_are_marked(data):
    result = run(data, "duty", "--as-of", "2025-01-01")

    assert "NOT CURRENT: As of 2025-01-01, as known at 2026-11-28." in result.stdout


def test_topic_stands_for_its_questions(data):
    result = run(data, "pdmp")

    assert ["Whether there is a duty (duty)", "How many days (limit)"] == [
        line.strip() for line in result.stdout.splitlines() if line.strip().endswith(")") and line[0].isupper()
    ]


def test_without_a_question_the_questions_are_listed(data):
    result = run(data)

    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["pdmp", "duty", "13"] == [rows[1][0], rows[1][1], rows[1][-1]]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["dutty"], "no question or topic 'dutty'; did you mean 'duty'?"),
        (["duty", "--jurisdiction", "us-oj"], "no jurisdiction 'us-oj'; did you mean"),
        (["duty", "--scope", "profession=phisician"], "unknown profession 'phisician'; did you mean 'physician'?"),
        (["duty", "--scope", "profesion"], "scope 'profesion': expected DIMENSION=TERM"),
        (["duty", "--format", "xlsx"], "--format xlsx: expected --out FILE"),
        (["duty", "--out", "a.csv"], "--out: expected with --format csv, json or xlsx"),
        (["--upcoming", "--format", "csv"], "--upcoming: expected --format table or json"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_nearest(data, words, message):
    result = run(data, *words)

    assert 2 == result.exit_code
    assert message in result.stderr


def test_json_tells_how_it_was_asked_and_every_cell_whole(data, tmp_path):
    result = run(data, "duty", "--format", "json", "--out", tmp_path / "a.json")

    told = json.loads((tmp_path / "a.json").read_text("utf-8"))
    cells = {cell["jurisdiction"]: cell for cell in told["cells"]}
    assert f"{tmp_path / 'a.json'}: 13 answers\n" == result.stdout
    assert ("2026-11-28", "2026-11-28T23:59:59.999999Z", False, 7) == tuple(
        told[name] for name in ("as_of", "known_at", "is_current", "edition")
    )
    assert {"§ 1", "§ 2"} == {cells["us-ar"]["conflicts"][0][side]["citation"] for side in ("one", "other")}
    assert "some" == cells["us-al"]["federal"]["answers"][0]["value"]
    assert ["law_silent", "in_force"] == [reason["code"] for reason in cells["us-fl"]["why"]]


def test_present_is_called_current(data):
    result = CliRunner(env={"KB_DATA": str(data)}).invoke(main, ["compare", "duty", "--format", "json"])

    assert json.loads(result.stdout)["is_current"]


@pytest.fixture(scope="module")
def book(data, tmp_path_factory):
    path = tmp_path_factory.mktemp("book") / "matrix.xlsx"
    run(data, "--all", "--format", "xlsx", "--out", path)
    return load_workbook(path)


def test_workbook_has_answers_facts_codebook_and_what_it_is(book):
    counts = {sheet.title: sheet.max_row - 1 for sheet in book}

    assert ["answers", "facts", "codebook", "about"] == book.sheetnames
    assert (57 * 3, len(list_facts()), 3) == (counts["answers"], counts["facts"], counts["codebook"])
    assert ["C2", "A2", "A2", "A2"] == [sheet.freeze_panes for sheet in book]
    assert all(sheet.auto_filter.ref.endswith(str(sheet.max_row)) for sheet in book)


def test_workbook_holds_no_formula(book):
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    suspicious = {cell.value for cell in cells if str(cell.value)[:1] in "=+-@"}

    assert {"=1+1", "+SUM(A1)", "@each time"} == suspicious
    assert set() == {cell.value for cell in cells if cell.data_type == "f"}
    assert all(cell.quotePrefix for cell in cells if cell.value in suspicious)


def test_workbook_explains_every_state(book):
    rows = {row[0]: row[1] for row in book["about"].iter_rows(min_row=2, values_only=True)}

    assert {f"state {name}": meaning for name, meaning in LEGEND.items()} == {
        name: meaning for name, meaning in rows.items() if name.startswith("state ")
    }
    assert "2026-11-28" == rows["as of"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", HOSTILE[5]])
def test_text_that_would_run_is_guarded(text):
    assert f"'{text}" == guard_formula(text)


@pytest.mark.parametrize("text", ["§ 1", "1-1", "a=b", ""])
def test_harmless_text_stays_as_it_is(text):
    assert text == guard_formula(text)


def test_signs_a_workbook_cannot_hold_are_replaced(tmp_path):
    folder = record_answers(
        tmp_path / "data", [make_fact(jurisdiction="us-al", note="a\x07b\x00", citation="c" * 40_000)], {}
    )

    run(folder, "duty", "--format", "xlsx", "--out", tmp_path / "a.xlsx")

    row = dict(zip(*load_workbook(tmp_path / "a.xlsx")["facts"].iter_rows(values_only=True), strict=True))
    assert ("a\ufffdb\ufffd", 32_000) == (row["note"], len(row["citation"]))


def test_dates_ahead_are_listed_in_order(data):
    result = run(data, "--upcoming", "--format", "json")

    rows = [(row["day"], row["jurisdiction"], row["kind"], row["stated"]) for row in json.loads(result.stdout)["dates"]]
    assert [
        ("2026-12-31", "us-al", "expiry", "2026-12"),
        ("2026-12-31", "us-ca", "sunset", "2026"),
        ("2027-01-01", "us-ca", "reverts", "2026"),
        ("2027-01-15", "us-ct", "comment", "2027-01-15"),
        ("2027-02-01", "us-co", "effective", "2027-02"),
    ] == rows


def test_dates_ahead_can_be_limited_and_read(data):
    result = run(data, "duty", "--upcoming", "--jurisdiction", "us-ca")

    assert "2 dates from 2026-11-28 on, as known at 2026-11-28." in result.stdout
    assert "Whether there is a duty: All" in result.stdout


def test_superseded_answer_of_the_same_kind_leaves_no_date(tmp_path):
    old = make_fact("all", effective_from="2027", coded_on="2026-01-01", superseded_on="2026-06-01")
    new = make_fact("all", effective_from="2028", coded_on="2026-06-01")
    folder = record_answers(tmp_path / "data", [old, new], {})

    found = {}
    for day in ("2026-03-01", "2026-11-28"):
        told = json.loads(run(folder, "--upcoming", "--format", "json", "--known-at", day).stdout)
        found[day] = [row["day"] for row in told["dates"]]

    assert {"2026-03-01": ["2027-01-01"], "2026-11-28": ["2028-01-01"]} == found


def test_folder_in_which_nothing_was_built_says_what_to_run(tmp_path):
    result = run(tmp_path, "duty")

    assert (2, True) == (result.exit_code, "nothing has been built" in result.stderr)
