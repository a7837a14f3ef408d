"""Read YAML that people write and check it against a JSON Schema, in sentences they can act on.

Shared by every kind of declaration (sources, questions, facts): loading refuses what YAML would silently change
(a key given twice, impossible dates), checking names each problem with its key path and file.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from kb.errors import DeclarationError

Steps = tuple[str | int, ...]
NamePlace = Callable[[Steps], str]

_KINDS: dict[type, str] = {
    dict: "a mapping",
    list: "a list",
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    date: "a date",
    datetime: "an instant",
    type(None): "nothing",
}
_JSON_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "null": "nothing",
}
# Where there are more names than this, a strange one is answered with the nearest instead of all.
MOST_LISTED = 40
# What YAML makes of bare words and numbers that were meant as text.
_TRAPS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((bool,), "YAML reads a bare on, off, yes or no as a boolean: quote it"),
    ((int, float), 'YAML reads a bare 12.10 as the number 12.1: quote it, "12.10"'),
    ((datetime,), "YAML reads it as an instant: quote it"),
)


class _Loader(yaml.CSafeLoader):
    """Load plain YAML, refusing a key that a mapping gives twice (PyYAML keeps the last one silently)."""


def _build_mapping(loader: _Loader, node: yaml.MappingNode) -> Iterator[dict[Any, Any]]:
    seen: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen and key.value != "<<":
            raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} is given twice", key.start_mark)
        seen.add(str(key.value))
    mapping: dict[Any, Any] = {}
    yield mapping
    loader.flatten_mapping(node)
    mapping.update(loader.construct_mapping(node))


_Loader.add_constructor("tag:yaml.org,2002:map", _build_mapping)


def load_yaml(path: Path) -> Any:
    """Load one YAML file into plain values, dates as ``YYYY-MM-DD`` text; raises DeclarationError with the line."""
    try:
        return _fold_dates(yaml.load(path.read_bytes(), Loader=_Loader), ())  # noqa: S506 - derived from CSafeLoader
    except OSError as error:
        raise DeclarationError(f"cannot read {path}: {error.strerror}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise DeclarationError(f"{path.name}{place}: not valid YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: a bare 2024-02-30 looks like a date to YAML and is none; or an alias that repeats itself.
        raise DeclarationError(f"{path.name}: not valid YAML: {error}") from error


def find_problems(body: object, validator: Draft202012Validator, name_place: NamePlace) -> list[tuple[Steps, str]]:
    """Compare a loaded declaration with its schema.

    Returns each problem as its key path (``("sources", 0, "id")``) and one sentence, ordered by path; ``name_place``
    turns a key path into the words that name file and place in the sentence. An empty list means the shape is right.
    """
    errors = sorted(validator.iter_errors(body), key=lambda error: [str(step) for step in error.absolute_path])
    # A value of the wrong type also fails every list of choices: only the type is told.
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    problems: list[tuple[Steps, str]] = []
    for error in errors:
        if error.validator == "enum" and tuple(error.absolute_path) in mistyped:
            continue
        steps = tuple(error.absolute_path)
        problems.extend((steps, sentence) for sentence in _describe(error, name_place(steps)))
    return list(dict.fromkeys(problems))


def suggest(found: object, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the nearest known word, or an empty string if none is near."""
    nearest = get_close_matches(str(found), list(known), n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def list_known(known: Iterable[str], strange: Iterable[str]) -> str:
    """Return the names there are, for a message on strange ones; of many the count and those near a strange one."""
    names = sorted(set(known))
    if len(names) <= MOST_LISTED:
        return ", ".join(names) or "none at all"
    near = dict.fromkeys(word for name in strange for word in get_close_matches(name, names))
    return f"{len(names)}, see kb sources list" + (f"; near: {', '.join(near)}" if near else "")


def _fold_dates(value: Any, parents: tuple[int, ...]) -> Any:
    if id(value) in parents:
        raise ValueError("an alias (*name) stands inside the value it repeats")
    inside = (*parents, id(value))
    if isinstance(value, dict):
        return {key: _fold_dates(item, inside) for key, item in value.items()}
    if isinstance(value, list):
        return [_fold_dates(item, inside) for item in value]
    return value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else value


def _describe(error: ValidationError, place: str) -> list[str]:
    describe = _SENTENCES.get(str(error.validator))
    if describe is None:
        return [f"{error.message} in {place}"]
    return [f"{sentence} in {place}{hint}" for sentence, hint in describe(error)]


def _demand(error: ValidationError) -> Any:
    return cast("Any", error.validator_value)


def _describe_unknown(error: ValidationError) -> Iterator[tuple[str, str]]:
    known: Mapping[str, object] = error.schema["properties"] if isinstance(error.schema, Mapping) else {}
    for key in (key for key in cast("Any", error.instance) if key not in known):
        trap = _name_trap(key)
        yield f"unknown key {key!r}", f" ({trap})" if trap else suggest(key, known)


def _describe_missing(error: ValidationError) -> Iterator[tuple[str, str]]:
    for key in (key for key in _demand(error) if key not in cast("Any", error.instance)):
        yield f"missing key {key!r}", ""


def _describe_type(error: ValidationError) -> Iterator[tuple[str, str]]:
    wanted = [_demand(error)] if isinstance(_demand(error), str) else list(_demand(error))
    expected = " or ".join(_JSON_KINDS[kind] for kind in wanted)
    trap = _name_trap(error.instance) if "string" in wanted else ""
    yield f"expected {expected}, found {_name_kind(error.instance)}", f" ({trap})" if trap else ""


def _describe_choice(error: ValidationError) -> Iterator[tuple[str, str]]:
    expected = " ".join(map(str, _demand(error)))
    yield f"expected one of {expected}, found {error.instance!r}", suggest(error.instance, _demand(error))


def _describe_pattern(error: ValidationError) -> Iterator[tuple[str, str]]:
    examples = error.schema.get("examples", []) if isinstance(error.schema, Mapping) else []
    wanted = f"something like {examples[0]!r}" if examples else f"a match of {_demand(error)}"
    yield f"expected {wanted}, found {error.instance!r}", ""


def _describe_empty(error: ValidationError) -> Iterator[tuple[str, str]]:
    yield f"expected at least {_demand(error)} entries or characters, found {error.instance!r}", ""


def _describe_minimum(error: ValidationError) -> Iterator[tuple[str, str]]:
    yield f"expected at least {_demand(error)}, found {error.instance!r}", ""


def _describe_any(error: ValidationError) -> Iterator[tuple[str, str]]:
    keys = [key for branch in _demand(error) for key in branch.get("required", [])]
    yield f"missing one of the keys {', '.join(map(repr, keys))}", ""


_SENTENCES: dict[str, Callable[[ValidationError], Iterator[tuple[str, str]]]] = {
    "additionalProperties": _describe_unknown,
    "required": _describe_missing,
    "type": _describe_type,
    "enum": _describe_choice,
    "pattern": _describe_pattern,
    "minLength": _describe_empty,
    "minItems": _describe_empty,
    "minProperties": _describe_empty,
    "minimum": _describe_minimum,
    "anyOf": _describe_any,
}


def _name_kind(value: object) -> str:
    kind = _KINDS.get(type(value), type(value).__name__)
    return kind if isinstance(value, dict | list | None) else f"{kind} ({value})"


def _name_trap(value: object) -> str:
    return next((hint for kinds, hint in _TRAPS if isinstance(value, kinds)), "")
