"""Tests of kb.declarations: what YAML would change silently is refused, what a schema finds is said in sentences."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from kb.declarations import Steps, find_problems, load_yaml, suggest
from kb.errors import DeclarationError

SCHEMA = Draft202012Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z]+$", "examples": ["board"]},
            "size": {"type": "integer", "minimum": 1},
            "mood": {"type": "string", "enum": ["open", "closed"]},
            "names": {"type": ["string", "array"], "minLength": 1, "minItems": 2, "items": {"type": "string"}},
        },
    }
)


def name_place(steps: Steps) -> str:
    return "/".join(map(str, ("x.yml", *steps)))


def find(body: object) -> list[str]:
    return [sentence for _, sentence in find_problems(body, SCHEMA, name_place)]


def load(tmp_path: Path, text: str) -> object:
    path = tmp_path / "x.yml"
    path.write_text(text, encoding="utf-8")
    return load_yaml(path)


def test_a_sound_declaration_has_no_problems() -> None:
    body = {"id": "board", "size": 3, "mood": "open", "names": ["a", "b"]}

    problems = find(body)

    assert [] == problems


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "b", "nmes": "x"}, "unknown key 'nmes' in x.yml; did you mean 'names'?"),
        ({"id": "b", "zzz": "x"}, "unknown key 'zzz' in x.yml"),
        ({}, "missing key 'id' in x.yml"),
        ({"id": "Board"}, "expected something like 'board', found 'Board' in x.yml/id"),
        ({"id": "b", "size": 0}, "expected at least 1, found 0 in x.yml/size"),
        ({"id": "b", "mood": "opne"}, "expected one of open closed, found 'opne' in x.yml/mood; did you mean 'open'?"),
        ({"id": "b", "names": ["x"]}, "expected at least 2 entries or characters, found ['x'] in x.yml/names"),
        ({"id": "b", "names": {}}, "expected a string or a list, found a mapping in x.yml/names"),
        (None, "expected a mapping, found nothing in x.yml"),
    ],
)
def test_each_problem_is_one_sentence_with_its_place(body: object, expected: str) -> None:
    problems = find(body)

    assert [expected] == problems


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("id: 12.10", "found a number (12.1) in x.yml/id (YAML reads a bare 12.10 as the number 12.1: quote it"),
        ("id: no", "found a boolean (False) in x.yml/id (YAML reads a bare on, off, yes or no as a boolean"),
        ("id: b\non: x", "unknown key True in x.yml (YAML reads a bare on, off, yes or no as a boolean"),
        ("id: 2024-02-08 10:00:00", "found an instant (2024-02-08 10:00:00) in x.yml/id (YAML reads it as an instant"),
    ],
)
def test_what_yaml_misreads_is_told_with_its_cure(tmp_path: Path, text: str, hint: str) -> None:
    body = load(tmp_path, text)

    problems = find(body)

    assert hint in problems[0]


def test_all_problems_are_listed() -> None:
    problems = find({"nmes": 1, "size": "x", "mood": 3})

    assert 4 == len(problems)


def test_days_are_loaded_as_text(tmp_path: Path) -> None:
    body = load(tmp_path, "id: 2024-02-08\nnames: [2024-02-09]")

    assert {"id": "2024-02-08", "names": ["2024-02-09"]} == body


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [", "x.yml line 3, column 1: not valid YAML"),
        ("a: 1\nb: 2\na: 3", "x.yml line 3, column 1: not valid YAML: key 'a' is given twice"),
        ("a: 2024-02-30", "x.yml: not valid YAML: day is out of range"),
        ("a: !!python/object:os.system {}", "x.yml line 1, column 4: not valid YAML: could not determine"),
        ("a: &a [*a]", "x.yml: not valid YAML: an alias (*name) stands inside the value it repeats"),
    ],
)
def test_yaml_that_cannot_be_trusted_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        load(tmp_path, text)

    assert str(refused.value).startswith(message)


def test_merge_keys_may_be_overridden(tmp_path: Path) -> None:
    body = load(tmp_path, "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}")

    assert {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}} == body


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_bytes(b"a: \xff\xfe\xfa")

    with pytest.raises(DeclarationError, match=r"x\.yml.*not valid YAML"):
        load_yaml(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"cannot read .*x\.yml: No such file"):
        load_yaml(tmp_path / "x.yml")


def test_only_near_words_are_suggested() -> None:
    near, far = suggest("slect", ["select", "remove"]), suggest("qqq", ["select", "remove"])

    assert ("; did you mean 'select'?", "") == (near, far)
