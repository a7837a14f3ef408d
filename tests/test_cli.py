"""The command as people and programs use it: what it prints, what it refuses, how it ends."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from kb.cli import main
from kb.models import ChangeRow
from kb.store.archive import MIGRATIONS, open_archive
from kb.store.connection import open_database
from tests.example_web import SITE, WEEKS, build_web, declare, list_pages, record, write_recording


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return build_web(tmp_path_factory.mktemp("whole"))


def run(*words, data=None):
    environment = {"KB_DATA": None if data is None else str(data), "COLUMNS": "100"}
    return CliRunner(env=environment).invoke(main, [str(word) for word in words])


def read_lines(result):
    return [json.loads(line) for line in result.stdout.splitlines()]


# --- filling


def test_new_folder_is_filled_built_and_asked(tmp_path):
    sources, folder = tmp_path / "sources", tmp_path / "data"
    declare(sources)
    file = write_recording(tmp_path / "recording", list_pages())

    results = [
        run("--data", folder, "init"),
        run("import", file, "--sources", sources, "--data", folder),
        run("build", "--sources", sources, "--data", folder),
        run("changes", "--data", folder),
    ]

    assert [0, 0, 0, 0] == [result.exit_code for result in results]
    assert "imported 40 captures of 2 sources" in results[1].stdout
    assert re.search(r"built 15 waves, 40 pages: \d+ new versions", results[2].stdout)
    assert "Example Code § 1-1" in results[3].stdout


def test_second_build_says_that_nothing_is_new(tmp_path):
    folder, _ = record(tmp_path, list_pages()[:3])
    run("build", data=folder)

    result = run("build", data=folder)

    assert "nothing new: every wave of the archive is built\n" == result.stdout


def test_recording_no_source_claims_is_refused_whole(tmp_path):
    file = write_recording(tmp_path, [(WEEKS[0], "https://elsewhere.example.org/x", "<p>x</p>")])

    result = run("import", file, data=tmp_path / "data")

    assert (2, "") == (result.exit_code, result.stdout)
    assert "https://elsewhere.example.org/x" in result.stderr


def test_bad_line_is_refused_with_its_number(tmp_path):
    file = tmp_path / "captures.jsonl"
    file.write_text("{broken\n", "utf-8")

    result = run("import", file, data=tmp_path / "data")

    assert 2 == result.exit_code
    assert "captures.jsonl:1:" in result.stderr


def test_damaged_snapshot_ends_the_build_with_four(tmp_path):
    folder, _ = record(tmp_path, list_pages()[1:2])
    archive = folder / "archive.db"
    damage(archive)

    result = run("build", data=folder)

    assert 4 == result.exit_code
    assert "damaged snapshot, left out" in result.stderr


def damage(archive):
    with closing(sqlite3.connect(archive)) as db, db:
        db.execute("UPDATE snapshots SET body = x'00'")


def test_sources_are_listed_with_what_was_captured(data, tmp_path):
    declare(tmp_path / "sources")

    result = run("sources", "list", "--sources", tmp_path / "sources", data=data)

    assert re.search(r"us-xx-code +7 +2024-07-16 +weekly +The Example Code", result.stdout)


def test_sources_a_knowledge_base_was_built_from_are_listed_without_their_declarations(data):
    result = run("sources", "list", data=data)

    assert re.search(r"us-xx-code +7 +2024-07-16 +weekly +The Example Code", result.stdout)
    assert "2 sources built from declarations not given here" in result.stdout


def test_bad_declaration_fails_the_check_with_key_and_file(tmp_path):
    (tmp_path / "us-xx.yml").write_text("jurisdiction: us-xx\nsources: [{id: us-xx-a, platfrom: page}]\n", "utf-8")

    checked, built = run("sources", "check", "--sources", tmp_path), run("build", "--sources", tmp_path)

    assert [1, 2] == [checked.exit_code, built.exit_code]
    assert "'platfrom'" in checked.stderr
    assert "us-xx.yml" in checked.stderr


# --- changes


def test_jsonl_has_exactly_the_columns_of_a_change(data):
    lines = read_lines(run("changes", "--format", "jsonl", data=data))

    assert {tuple(ChangeRow.__struct_fields__)} == {tuple(line) for line in lines}


def test_table_groups_by_day_and_document_and_marks_the_redline(data):
    result = run("changes", "--until", "2024-01-15", "--kind", "amended", data=data)

    day, document, change, words = (line.strip() for line in result.stdout.splitlines()[1:5])

    assert ["2024-01-15 · us-xx-code", "Example Code § 1-1: Fees"[:18]] == [day, document[:18]]
    assert change.startswith("~ amended (a) · substantive · number")
    assert "A clinic shall pay a fee of [-40-] {+60+} dollars." == words


def test_summary_counts_rule_changes_and_tells_how_it_was_watched(data):
    result = run("changes", "--document", "1-4", data=data)

    assert "1 change (1 rule change); 2 sources watched since 2024-01-08, last checked 2024-07-16." in result.stdout


def test_nothing_changed_is_told_apart_from_nothing_watched(data):
    moved, covered = run("changes", "--since", "2025-01-01", data=data), run("changes", "--source", "us-yy", data=data)

    assert "0 changes: 2 sources watched since 2024-01-08" in moved.stdout
    assert "0 changes: no source that is watched matches; watched are us-xx-board-rules" in covered.stdout


def test_nothing_built_is_told(tmp_path):
    run("init", data=tmp_path)

    made, missing = run("changes", data=tmp_path), run("changes", data=tmp_path / "none")

    assert (0, "0 changes: nothing has been built yet") == (made.exit_code, made.stdout[:37])
    assert 2 == missing.exit_code
    assert "nothing has been built in this data folder yet" in missing.stderr


def test_empty_jsonl_is_empty_and_says_why_beside(data):
    result = run("changes", "--format", "jsonl", "--since", "2025-01-01", data=data)

    assert "" == result.stdout
    assert "0 changes" in result.stderr


def test_exit_code_tells_whether_something_moved(data):
    moved = run("changes", "--exit-code", data=data)
    still = run("changes", "--exit-code", "--since", "2025-01-01", data=data)

    assert [1, 0] == [moved.exit_code, still.exit_code]


def test_html_report_escapes_and_loads_nothing(tmp_path):
    pages = list_pages()
    evil = [(at, url, page and page.replace("60", "&lt;script&gt;alert(1)&lt;/script&gt;")) for at, url, page in pages]
    folder = build_web(tmp_path, evil)

    result = run("changes", "--format", "html", data=folder)

    assert result.stdout.startswith("<!doctype html>")
    assert not re.search(r"<script|<link|<img|javascript:", result.stdout)
    assert "&lt;script&gt;" in result.stdout


def test_markdown_report_says_what_was_removed_and_added(data):
    result = run("changes", "--format", "md", "--document", "1-4", data=data)

    assert "### Example Code § 1-4" in result.stdout
    assert "~~[removed: 24]~~ **[added: 12]**" in result.stdout


def test_bad_date_is_a_usage_error(data):
    result = run("changes", "--since", "yesterday", data=data)

    assert 2 == result.exit_code
    assert "expected a date (2024-02-08)" in result.stderr


def test_instants_bound_to_the_second(data):
    count = [len(read_lines(run("changes", "--format", "jsonl", "--since", at, data=data))) for at in
             ("2024-07-16T12:00:00Z", "2024-07-16T07:00:01-05:00")]  # fmt: skip

    assert [1, 0] == count


# --- show


def test_rule_is_printed_as_an_outline_under_what_proves_it(data):
    result = run("show", "Example Code § 1-4", data=data)

    assert "(b) A broken seal is reported within 12 hours." in result.stdout
    assert f"{SITE}/code/1-4.html" in result.stdout
    assert re.search(r"sha256 [0-9a-f]{64}", result.stdout)
    assert "NOT CURRENT" not in result.stdout


def test_past_text_carries_a_banner(data):
    result = run("show", "1-4", "--as-of", "2024-02-01", data=data)

    assert "NOT CURRENT: text in force on 2024-02-01 until 2024-07-16" in result.stdout
    assert "within 24 hours" in result.stdout


def test_removed_rule_says_since_when(data):
    assert "REMOVED since 2024-02-05" in run("show", "1-1", data=data).stdout


def test_day_before_the_first_sight_is_no_error(data):
    result = run("show", "1-4", "--as-of", "2020-01-01", data=data)

    assert 0 == result.exit_code
    assert "Unknown before 2024-01-08" in result.stdout


def test_unknown_citation_ends_with_two(data):
    result = run("show", "9-99", data=data)

    assert (2, "") == (result.exit_code, result.stdout)


def test_json_answer_holds_dates_and_provisions(data):
    answer = read_lines(run("show", "1-4(b)", "--format", "json", "--as-of", "2024-02-01", data=data))[0]

    assert ("in_force", False, "b") == (answer["state"], answer["is_current"], answer["eid"])
    assert ["", "b"] == [part["eid"] for part in answer["provisions"]]


def test_page_of_many_documents_lists_them(data):
    result = run("show", "https://board.example.gov/rules", data=data)

    assert "holds 2 documents" in result.stdout
    assert "Example Rule 1.2 (us-xx/rules/1.2)" in result.stdout


def test_version_id_shows_that_version(data):
    answer = read_lines(run("show", "1-4", "--format", "json", "--as-of", "2024-02-01", data=data))[0]

    again = read_lines(run("show", answer["version"]["version"], "--format", "json", data=data))[0]

    assert answer["version"] == again["version"]


# --- diff


def test_two_days_of_a_rule_are_compared(data):
    result = run("diff", "1-4@2024-02-01", "1-4", data=data)

    assert "~ amended (b)" in result.stdout
    assert "within [-24-] {+12+} hours" in result.stdout


def test_equal_texts_have_no_difference(data):
    assert "No difference" in run("diff", "1-4", "us-xx/code/1-4", data=data).stdout


@pytest.mark.parametrize(
    ("form", "words"), [("md", "~~[removed: 24]~~"), ("html", "<del>"), ("json", '{"op":"delete","text":" 24"}')]
)
def test_comparison_is_printed_in_every_form(data, form, words):
    result = run("diff", "1-4@2024-02-01", "1-4", "--format", form, data=data)

    assert words in result.stdout


@pytest.mark.parametrize("second", ["1-4@2020-01-01", "1-4@soon", "1-4@2024-13-01", "nothing", "1-4(b)"])
def test_comparison_with_what_is_not_there_is_refused(data, second):
    result = run("diff", "1-4", second, data=data)

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr


# --- keeping


def test_doctor_ends_with_one_when_somebody_is_needed(data):
    result = run("doctor", "--today", "2024-07-17", data=data)

    assert 1 == result.exit_code
    assert "TO DO: us-xx-board-rules" in result.stdout
    assert "→ look at the page" in result.stdout


def test_doctor_ends_with_four_when_data_is_damaged(tmp_path):
    folder = build_web(tmp_path, list_pages()[:5])
    damage(folder / "archive.db")

    result = run("doctor", "--deep", "--today", "2024-01-09", data=folder)

    assert 4 == result.exit_code


def test_export_to_a_file_equals_export_to_stdout(data, tmp_path):
    out = tmp_path / "dump.jsonl"

    result = run("export", "--out", out, data=data)

    assert 0 == result.exit_code
    assert run("export", data=data).stdout_bytes == out.read_bytes()
    assert ["dump.jsonl"] == [path.name for path in tmp_path.iterdir()]


def test_export_cuts_at_a_day(data):
    rows = read_lines(run("export", "--known-at", "2024-01-08", data=data))

    assert {WEEKS[0]} == {row["wave_at"] for row in rows if "wave_at" in row}


def test_damaged_knowledge_base_gives_a_message_and_four(tmp_path):
    folder = build_web(tmp_path, list_pages()[:5])
    for leftover in folder.glob("kb.db-*"):
        leftover.unlink()
    raw = (folder / "kb.db").read_bytes()
    (folder / "kb.db").write_bytes(raw[:4096] + b"\xff" * (len(raw) - 4096))

    result = run("changes", data=folder)

    assert 4 == result.exit_code
    assert "kb doctor" in result.stderr


def test_archive_of_an_earlier_version_is_brought_up_by_the_build(tmp_path):
    earlier = MIGRATIONS[:2]
    open_database(tmp_path / "archive.db", application="statusquo archive", migrations=earlier).close()

    result = run("build", data=tmp_path)

    assert 0 == result.exit_code, result.stderr
    with closing(open_archive(tmp_path / "archive.db", read_only=True)) as db:
        assert len(MIGRATIONS) == db.execute("PRAGMA user_version").fetchone()[0]


def test_help_lists_the_commands_by_what_they_are_for():
    lines = [line.strip() for line in run("--help").output.splitlines()]

    assert ["Fill", "Ask", "Show", "Tell", "Keep"] == [line.partition(":")[0] for line in lines if ":  " in line]
    assert not any("\\b" in line for line in lines)


def test_every_option_has_help():
    commands = [main, *main.commands.values(), *main.commands["sources"].commands.values()]

    silent = [
        f"{command.name} {option.name}"
        for command in commands
        for option in command.params
        if option.param_type_name == "option" and not option.help
    ]

    assert [] == silent


@pytest.mark.parametrize("words", [(), ("sources",)])
def test_group_without_command_shows_its_help(words):
    assert "Commands:" in run(*words).output


# --- measuring


def test_unknown_evaluation_set_is_refused(tmp_path):
    declare(tmp_path)

    result = run("eval", "no-such-set", "--corpus", tmp_path, "--sources", tmp_path)

    assert (2, "") == (result.exit_code, result.stdout)
    assert "no-such-set" in result.stderr


def test_absent_evaluation_set_never_passes_the_gate(tmp_path):
    declare(tmp_path)

    told, gated = (run("eval", "dc", "--corpus", tmp_path, "--sources", tmp_path, *gate) for gate in ((), ("--gate",)))

    assert [0, 1] == [told.exit_code, gated.exit_code]
    assert "dc: NOT FOUND" in told.stdout
