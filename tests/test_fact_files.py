"""A file of facts is altered entry by entry: what was not decided on stays byte for byte."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.coding import SHIPPED
from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.fact_files import ChangedFileError, ReadOnlyFileError, Revision, add_entry, replace_file, set_key

FILE = """\
# Facts of the State of Example.

# --- prescriptions
- question: refill_limit   # asked of all
  value: not_checked
  note: 'It''s not read:
    the register was closed.'
  evidence:
  - {url: "https://law.example.gov/1", kind: official}   # the code
  coded_on: 2024-01-01
  coded_by: ana

# --- monitoring
- {question: pdmp_query_duty, value: not_checked, coded_on: '2024-01-01', coded_by: ana}
-   coded_by:   ben
    question:   step_therapy
    coded_on:   "2024-01-02"
    value:      law_silent
    note: |
      Silent.

# The end.
"""


def write(folder, text=FILE, name="us-xx.yml"):
    path = folder / name
    path.write_bytes(text.encode())
    return path


def list_changed(before, after):
    """Return the lines that are new, and those that are gone."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in new if line not in old], [line for line in old if line not in new]


@pytest.mark.parametrize("place", [0, 2])
def test_a_key_is_added_after_the_last_line_of_its_entry_and_nothing_else_moves(place):
    after = set_key(FILE, place, "reviewed_by", "cleo")

    indent = "  " if place == 0 else "    "
    last = "  coded_by: ana\n" if place == 0 else "      Silent.\n"
    assert FILE.replace(last, f"{last}{indent}reviewed_by: cleo\n") == after


def test_a_key_is_added_inside_the_braces_of_an_entry_on_one_line():
    after = set_key(FILE, 1, "review_note", "no, not {yet}")

    assert FILE.replace("coded_by: ana}", "coded_by: ana, review_note: 'no, not {yet}'}") == after


def test_a_trailing_comma_in_braces_is_not_doubled():
    text = "- {question: refill_limit, coded_by: ana, }\n"

    assert "- {question: refill_limit, coded_by: ana, reviewed_by: cleo}\n" == set_key(text, 0, "reviewed_by", "cleo")


def test_a_key_that_is_there_is_replaced_where_it_stands():
    after = set_key(FILE, 0, "note", "Read now.")

    added, gone = list_changed(FILE, after)
    assert ["  note: Read now."] == added
    assert ["  note: 'It''s not read:", "    the register was closed.'"] == gone


def test_a_block_of_lines_is_replaced_up_to_its_last_word():
    after = set_key(FILE, 2, "note", "Read.")

    assert FILE.replace("    note: |\n      Silent.\n", "    note: Read.\n") == after


def test_an_entry_is_added_at_the_end_below_the_last_comment():
    entry = {
        "question": "refill_limit",
        "value": True,
        "scope": {"profession": ["physician", "nurse"]},
        "evidence": [{"kind": "official", "url": "https://law.example.gov/1"}],
        "coded_on": "2024-02-01",
    }

    after = add_entry(FILE, entry)

    assert after.startswith(FILE)
    assert [
        "- question: refill_limit",
        "  value: true",
        "  scope: {profession: [physician, nurse]}",
        "  evidence:",
        "    - {kind: official, url: 'https://law.example.gov/1'}",
        "  coded_on: 2024-02-01",
    ] == after.removeprefix(FILE).splitlines()


def test_lines_end_as_those_of_the_file_and_a_missing_last_one_is_added():
    text = "- question: refill_limit\r\n  coded_by: ana"

    after = add_entry(set_key(text, 0, "reviewed_by", "cleo"), {"question": "step_therapy", "note": "x " * 80})

    assert [] == [line for line in after.split("\r\n") if "\n" in line]
    assert after.startswith("- question: refill_limit\r\n  coded_by: ana\r\n  reviewed_by: cleo\r\n- question: step")


def test_an_indented_list_stays_indented():
    text = "  - question: refill_limit\n    coded_by: ana\n"

    after = add_entry(set_key(text, 0, "reviewed_by", "cleo"), {"question": "step_therapy", "value": "law_silent"})

    assert f"{text}    reviewed_by: cleo\n  - question: step_therapy\n    value: law_silent\n" == after


NOTES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300)


@given(note=NOTES, place=st.sampled_from([0, 1, 2]), key=st.sampled_from(["note", "review_note"]))
def test_any_words_come_back_as_they_were_written(tmp_path_factory, note, place, key):
    path = write(tmp_path_factory.mktemp("facts"))
    revision = Revision(path, path.read_bytes())
    revision.set_keys(place, {key: note})
    revision.add_entry({"question": "rems", "note": note, "value": "not_checked"})
    path.write_bytes(revision.text.encode())

    body = load_yaml(path)

    assert (note, note) == (body[place][key], body[-1]["note"])
    assert [entry for at, entry in enumerate(revision.entries) if at != place] == [
        entry for at, entry in enumerate(body) if at != place
    ]


def test_a_file_is_replaced_whole_with_its_permissions_and_no_leftovers(tmp_path):
    path = write(tmp_path)
    path.chmod(0o640)
    revision = Revision(path, path.read_bytes())
    revision.set_keys(0, {"review_note": "2024-02-01 cleo: seen."})

    after = revision.write()

    assert (after, 0o640) == (path.read_bytes(), path.stat().st_mode & 0o777)
    assert [path] == list(tmp_path.iterdir())


def test_a_file_that_changed_since_it_was_read_is_left_alone(tmp_path):
    path = write(tmp_path)
    revision = Revision(path, path.read_bytes())
    revision.set_keys(0, {"reviewed_by": "cleo", "reviewed_on": "2024-02-01"})
    other = path.read_text() + "# one more line\n"
    path.write_text(other)

    with pytest.raises(ChangedFileError, match=r"us-xx\.yml: it changed since it was read"):
        revision.write()

    assert (other, [path]) == (path.read_text(), list(tmp_path.iterdir()))


def test_what_would_not_read_back_valid_is_refused_with_its_own_name_and_line(tmp_path):
    path = write(tmp_path)
    revision = Revision(path, path.read_bytes())
    revision.set_keys(0, {"effective_from": "2024-05-01", "effective_to": "2024-01-01"})

    with pytest.raises(DeclarationError) as told:
        revision.write()

    assert f"{path} line 13: it ends on 2024-01-01, before it begins on 2024-05-01" in str(told.value)
    assert "nothing was written" in str(told.value)
    assert (FILE, [path]) == (path.read_text(), list(tmp_path.iterdir()))


def test_a_layout_that_holds_no_entry_of_its_own_lines_is_refused(tmp_path):
    path = write(tmp_path, "[{question: refill_limit, value: not_checked, coded_on: '2024-01-01', coded_by: ana}]\n")
    revision = Revision(path, path.read_bytes())

    with pytest.raises(DeclarationError, match="each on lines of its own"):
        revision.set_keys(0, {"review_note": "x"})


def test_an_alias_that_would_carry_words_to_another_entry_is_refused(tmp_path):
    shared = "- {question: refill_limit, value: not_checked, note: &n Same., coded_on: '2024-01-01', coded_by: ana}\n"
    other = "- {question: rems, value: not_checked, note: *n, coded_on: '2024-01-01', coded_by: ana}\n"
    path = write(tmp_path, shared + other)
    revision = Revision(path, path.read_bytes())
    revision.set_keys(0, {"note": "Other."})

    with pytest.raises(DeclarationError):
        revision.write()

    assert shared + other == path.read_text()


def test_a_file_without_write_permission_is_refused_also_for_root(tmp_path):
    path = write(tmp_path)
    path.chmod(0o444)

    with pytest.raises(ReadOnlyFileError, match=r"us-xx.yml: may not be written; review a copy"):
        replace_file(path, path.read_bytes(), b"[]\n")

    assert FILE == path.read_text()


def test_a_link_to_a_file_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "facts").mkdir()
    real = write(tmp_path / "real")
    link = tmp_path / "facts" / "us-xx.yml"
    link.symlink_to(real)
    revision = Revision(link, link.read_bytes())
    revision.set_keys(0, {"review_note": "seen"})

    after = revision.write()

    assert (True, after) == (link.is_symlink(), real.read_bytes())


WRITER = """
import sys
from pathlib import Path
from kb.fact_files import ChangedFileError, Revision
path, name = Path(sys.argv[1]), sys.argv[2]
for number in range(20):
    while True:
        revision = Revision(path, path.read_bytes())
        if revision.before != path.read_bytes():
            continue
        revision.add_entry({"question": "rems", "value": "not_checked", "coded_on": "2024-01-01",
                            "coded_by": f"{name}-{number}"})
        try:
            revision.write()
            break
        except ChangedFileError:
            continue
"""


def test_of_two_that_write_at_once_no_decision_is_lost(tmp_path):
    path = write(tmp_path)
    env = {**os.environ, "PYTHONPATH": str(Path.cwd())}

    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, name], env=env) for name in ("ana", "ben")]

    assert [0, 0] == [writer.wait() for writer in writers]
    assert {f"{name}-{number}" for name in ("ana", "ben") for number in range(20)} == {
        entry["coded_by"] for entry in load_yaml(path)[3:]
    }


def test_days_stand_bare_and_long_words_folded_as_people_write_them():
    words = "A rule of many words " * 9

    after = add_entry("", {"question": "rems", "note": words.strip(), "coded_on": "2024-02-30", "seen": ["2024-02-29"]})

    lines = after.splitlines()
    assert ["- question: rems", "  note: >-"] == lines[:2]
    assert words.split() == " ".join(lines[2:-2]).split()
    assert (True, 2) == (all(line.startswith("    A ") or len(line) <= 120 for line in lines), len(lines[2:-2]))
    assert ["  coded_on: '2024-02-30'", "  seen: [2024-02-29]"] == lines[-2:]


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yml")), ids=lambda path: path.stem)
def test_every_file_that_ships_can_be_altered_entry_by_entry(tmp_path, path):
    copy = write(tmp_path, path.read_text("utf-8"), path.name)
    revision = Revision(copy, copy.read_bytes())
    first = {**revision.entries[0], "coded_by": "ana"}
    places = (0, len(revision.entries) // 2, len(revision.entries) - 1)
    for place in places:
        revision.set_keys(place, {"review_note": f"2030-01-01 ana: seen {place}."})
    revision.add_entry(first)

    revision.write()

    added, gone = list_changed(path.read_text("utf-8"), copy.read_text("utf-8"))
    assert [] == gone
    assert len(set(places)) == len([line for line in added if line.startswith("  review_note: ")])
