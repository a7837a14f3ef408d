"""kb review: the queue as a list and as lines of JSON, decisions from scripts, and what is refused."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from kb.cli import main
from kb.coding import read_facts
from kb.declarations import load_yaml
from tests.coded import FILE, TEXT_HASH, codebook, make_desk  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("codebook")
# Coded long before any clock these tests meet.
OLD = FILE.replace("2026-01-05", "2020-01-05")


def run(tmp_path, *words, width=80, name="ana"):
    env = {"KB_DATA": str(tmp_path / "data"), "KB_FACTS": str(tmp_path / "facts"), "COLUMNS": str(width)}
    return CliRunner(env={**env, "KB_REVIEWER": name}).invoke(main, ["review", *map(str, words)])


def read_entries(tmp_path):
    return load_yaml(tmp_path / "facts" / "us-xx.yml")


def list_ids(tmp_path):
    return {fact.question: fact.id for fact in read_facts((tmp_path / "facts",)) if not fact.superseded_on}


def today():
    return datetime.now(UTC).date().isoformat()


@pytest.fixture
def ids(tmp_path):
    """Record three facts of a file, the first anchored in official words; returns their ids by question."""
    make_desk(tmp_path, OLD)
    return list_ids(tmp_path)


def test_the_list_names_what_to_look_at_by_urgency(tmp_path, ids):
    lines = run(tmp_path, "--list").stdout.splitlines()

    assert "3 facts to look at" == lines[0]
    assert ["not confirmed yet (1)", "reported, official page known (1)", "the rest (1)"] == lines[1::2]
    assert [f"  {ids['refill_limit'][:8]}", "  us-xx  refill_limit  five, Example Code § 1-1"] == [
        lines[2][:10],
        lines[2][10:],
    ]


def test_without_a_person_at_the_terminal_it_lists(tmp_path, ids):
    assert run(tmp_path, "--list").stdout == run(tmp_path).stdout


@pytest.mark.parametrize(
    ("words", "questions"),
    [
        ((), ["refill_limit", "prescribers", "query_duty"]),
        (("--question", "query_duty"), ["query_duty"]),
        (("--jurisdiction", "us-tx"), []),
        (("--state", "anchored", "--state", "verified"), ["refill_limit"]),
        (("--limit", 1), ["refill_limit"]),
        (("--second", "--list"), ["refill_limit", "prescribers"]),
    ],
)
def test_programs_read_one_line_a_fact(tmp_path, ids, words, questions):
    lines = [json.loads(line) for line in run(tmp_path, "--format", "jsonl", *words).stdout.splitlines()]

    assert questions == [line["question"] for line in lines]
    assert [ids[question] for question in questions] == [line["fact"] for line in lines]


def test_a_line_holds_what_a_program_needs_to_decide(tmp_path, ids):
    (line,) = run(tmp_path, "--format", "jsonl", "--question", "refill_limit").stdout.splitlines()

    told = json.loads(line)

    assert {
        "urgency": "unreviewed",
        "state": "anchored",
        "value": "five",
        "quote": "refilled at most five times",
        "text_hash": TEXT_HASH,
        "barrier": "",
        "coded_by": "coder-1",
    }.items() <= told.items()


@pytest.mark.parametrize("width", [80, 120])
def test_a_fact_is_shown_whole_within_the_terminal(tmp_path, ids, width):
    result = run(tmp_path, ids["refill_limit"], width=width)

    lines = result.stdout.splitlines()
    assert (0, "State of Example (us-xx): How often a prescription may be refilled") == (result.exit_code, lines[0])
    assert "How many times may a prescription be refilled?" in lines
    rows = dict(re.split(r" {2,}", line, maxsplit=1) for line in lines if re.match(r"\S+( \S+)? {2,}", line))
    assert {
        "Answer": "Five times in six months (five)",
        "Note": "Five refills.",
        "Citation": "Example Code § 1-1",
        "Why now": "its words were found, and nobody confirmed them yet",
        "Words": "A prescription may be »refilled at most five times«.",
        "Official": "https://rules.example.gov/1",
        "Evidence": "official, seen 2026-01-02",
        "Coded": "2020-01-05 by coder-1, confidence high",
    }.items() <= {**rows, "Official": rows.get("Official", rows["Text"])}.items()
    assert [] == [line for line in lines if len(line) > width]


def test_an_acceptance_is_written_and_says_where(tmp_path, ids):
    result = run(tmp_path, ids["refill_limit"][:6], "--accept", "--as", "ben")

    path = tmp_path / "facts" / "us-xx.yml"
    assert [
        f"{ids['refill_limit']}: confirmed by these very words",
        f"written to {path}; git diff shows it, kb build takes it up",
    ] == result.stdout.splitlines()
    entry = read_entries(tmp_path)[0]
    assert (today(), "ben", TEXT_HASH) == (entry["reviewed_on"], entry["reviewed_by"], entry["reviewed_text"])


def test_what_is_only_reported_is_accepted_as_looked_at_and_the_terminal_says_why(tmp_path, ids):
    result = run(tmp_path, ids["query_duty"], "--accept")

    assert (
        f"{ids['query_duty']}: recorded as looked at, not verified: no official text of it is archived, it is only "
        "reported"
    ) == result.stdout.splitlines()[0]
    assert ("ana", None) == (read_entries(tmp_path)[1]["reviewed_by"], read_entries(tmp_path)[1].get("reviewed_text"))


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("--value", "two"), {"value": "two", "coded_by": "ana", "reviewed_text": TEXT_HASH}),
        (
            ("--set", "scope.profession=nurse", "--set", "effective_to=2031", "--note", "Narrower."),
            {"scope": {"profession": ["nurse"]}, "effective_to": "2031", "value": "five"},
        ),
        (("--reject", "Another drug."), {"value": "not_checked", "coded_by": "ana"}),
    ],
)
def test_scripts_decide_with_options(tmp_path, ids, words, keys):
    result = run(tmp_path, ids["refill_limit"], *words)

    assert 0 == result.exit_code
    assert keys.items() <= read_entries(tmp_path)[-1].items()
    assert today() == read_entries(tmp_path)[0]["superseded_on"]


def test_a_note_alone_decides_nothing(tmp_path, ids):
    run(tmp_path, ids["query_duty"], "--note", "Ask the board.")

    assert f"{today()} ana: Ask the board." == read_entries(tmp_path)[1]["review_note"]
    assert "reviewed_on" not in read_entries(tmp_path)[1]


def test_a_second_coder_records_a_value_from_a_script(tmp_path, ids):
    run(tmp_path, ids["query_duty"], "--second", "--value", "no", "--as", "coder-9")

    assert {"value": False, "coded_on": today(), "coded_by": "coder-9"} == read_entries(tmp_path)[1]["second"]
    assert OLD.count("\n") == (tmp_path / "facts" / "us-xx.yml").read_text().count("\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("0123abcd", "--accept"), "no fact '0123abcd'"),
        (("{id}", "--accept", "--reject", "x"), "one decision at a time: expected one, found accept and reject"),
        (("--accept",), "a decision needs its FACT"),
        (("{id}", "--second"), "--second of one FACT needs --value"),
        (("{id}", "--second", "--value", "two", "--as", "coder-1"), "the second coder must be somebody else"),
        (("--second",), "--second asks a person at a terminal"),
        (("{id}", "--accept", "--as", "Ana Lee"), "expected a short name"),
        (("{id}", "--reject", " "), "a rejection needs its reason"),
        (("{id}", "--set", "value"), "expected KEY=TEXT"),
        (("{id}", "--set", "coded_on=2020-01-01"), "--set coded_on: expected one of value"),
        (("{id}", "--value", "tow"), "unknown value 'tow' for refill_limit"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(tmp_path, ids, words, message):
    result = run(tmp_path, *(word.format(id=ids["refill_limit"]) for word in words))

    assert (2, True) == (result.exit_code, message in result.stderr), result.stderr
    assert OLD == (tmp_path / "facts" / "us-xx.yml").read_text()


def test_a_decision_without_a_name_is_refused_and_git_is_not_asked(tmp_path, ids):
    result = run(tmp_path, ids["refill_limit"], "--accept", name="")

    assert (2, True) == (result.exit_code, "give --as NAME or set KB_REVIEWER" in result.stderr)


def test_a_file_that_may_not_be_written_is_named(tmp_path, ids):
    path = tmp_path / "facts" / "us-xx.yml"
    path.chmod(0o444)

    result = run(tmp_path, ids["refill_limit"], "--accept")

    assert (2, True) == (result.exit_code, f"Error: {path}: may not be written" in result.stderr)


def test_before_anything_is_built_it_says_what_to_run(tmp_path):
    (tmp_path / "facts").mkdir()

    result = run(tmp_path, "--list")

    assert (2, True) == (result.exit_code, "nothing has been built in this data folder yet; run kb" in result.stderr)


def test_an_empty_queue_says_why_it_is_empty(tmp_path, ids):
    told = [run(tmp_path, "--list", *words).stdout for words in (("--jurisdiction", "us-tx"), ("--state", "broken"))]
    for name in ids.values():
        run(tmp_path, name, "--reject", "Wrong.")
    settled = run(tmp_path, "--list", "--state", "verified").stdout
    (tmp_path / "facts" / "us-xx.yml").write_text("[]\n")
    empty = run(tmp_path, "--list").stdout.splitlines()

    assert "None of 3 facts is of the jurisdiction and question asked for.\n" == told[0]
    assert "None of 3 facts is as asked; states: reported anchored verified" in told[1]
    assert "None of 3 facts is as asked" in settled
    assert "No fact is coded: kb/facts holds those that ship, --facts names a folder of" == empty[0]
    assert "3 facts of kb.db stand in no folder given here" in empty[2]


def test_confirmed_facts_leave_the_queue(tmp_path, ids):
    run(tmp_path, ids["refill_limit"], "--accept")

    result = run(tmp_path, "--list", "--question", "refill_limit")

    assert "Nothing is left to look at: of 3 facts those asked for are confirmed.\n" == result.stdout


def test_divergence_is_told_by_question_without_any_build(tmp_path):
    coded = [
        f"- {{question: refill_limit, value: {first}, citation: § {number}, coded_on: 2020-01-05, coded_by: a, "
        f"second: {{value: {second}, coded_on: 2020-02-01, coded_by: b}}}}\n"
        for number, (first, second) in enumerate([("five", "five")] * 3 + [("two", "two")] * 2 + [("five", "two")])
    ]
    duty = "- {question: query_duty, value: true, coded_on: 2020-01-05, coded_by: a, "
    second = "second: {value: false, coded_on: 2020-02-01, coded_by: b}}\n"
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "us-xx.yml").write_text("".join([*coded, duty + second]))

    lines = run(tmp_path, "--divergence").stdout.splitlines()
    told = [json.loads(line) for line in run(tmp_path, "--divergence", "--format", "jsonl").stdout.splitlines()]

    assert ["question", "coded", "twice", "alike", "divergence", "kappa"] == lines[0].split()
    assert [["query_duty", "1", "0", "100%", "too", "few"], ["refill_limit", "6", "5", "17%", "0.67"]] == [
        line.split() for line in lines[1:]
    ]
    assert [None, pytest.approx(2 / 3)] == [one["kappa"] for one in told]


def test_without_a_second_coding_divergence_says_how_to_begin(tmp_path, ids):
    assert "No answer was coded twice yet: kb review --second begins.\n" == run(tmp_path, "--divergence").stdout


def await_words(terminal, words, seconds=30):
    """Read what a terminal shows until words stand in it."""
    shown, deadline = "", time.monotonic() + seconds
    while words not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536).decode("utf-8", "replace")
    return shown


def press(terminal, key, words):
    """Press a key until words are shown: keys pressed before the terminal waits for one are dropped."""
    shown = ""
    for _ in range(10):
        os.write(terminal, key)
        shown += await_words(terminal, words, seconds=3)
        if words in shown:
            return True
    return shown


def test_at_a_terminal_one_key_decides(tmp_path, ids):
    ours, theirs = pty.openpty()
    env = {**os.environ, "KB_DATA": str(tmp_path / "data"), "KB_FACTS": str(tmp_path / "facts"), "TERM": "xterm"}
    command = [sys.executable, "-c", "from kb.cli import main; main()", "review", "--as", "ana"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env) as process:
        shown = ["1 of 3" in await_words(ours, "help")]
        shown.append(press(ours, b"a", "confirmed by these very words"))
        shown.append(press(ours, b"q", "1 confirmed"))
        os.close(theirs)
    os.close(ours)

    assert [True, True, True] == shown
    assert (0, "ana") == (process.returncode, read_entries(tmp_path)[0]["reviewed_by"])
