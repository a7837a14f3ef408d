"""Read coded answers: kb/facts/<jurisdiction>.yml and folders of one's own, each entry checked against the codebook.

Every refusal names file, line and reason, and all of them are told at once.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import yaml
from jsonschema import Draft202012Validator

from kb.answer.facts import Fact, Value
from kb.declarations import find_problems, load_yaml, suggest
from kb.errors import DeclarationError
from kb.jurisdictions import read_jurisdictions
from kb.questions import GAPS, AnswerType, Question, map_questions
from kb.scopes import read_terms
from kb.share import domain_folder, share_path

FACTS_VARIABLE = "KB_FACTS"
SHIPPED = Path(__file__).parent / "facts"
ID_LENGTH = 16
# "P90D", "P6M", "PT72H", "P1Y6M"
DURATION = re.compile(r"P(?=[\dT])(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?)?")
# What makes an entry the same answer, whoever reviews it later.
IDENTITY = (
    "question", "value", "details", "scope", "citation", "effective_from", "effective_to", "evidence", "coded_on",
    "coded_by",
)  # fmt: skip
LONGEST_TEXT = 120
# Keys that hold a day, or a month or year where no more is known, and the length of a whole day.
DATED = ("effective_from", "effective_to", "coded_on", "reviewed_on", "superseded_on")
FULL_DATE = len("2026-11-28")
Entry = Mapping[str, Any]
# A problem of an entry: the keys that lead to it, and a sentence.
Found = tuple[tuple[str | int, ...], str]


def default_facts_folder() -> Path:
    """Return the folder of the facts that ship, that of the domain in use, or the one KB_FACTS puts in its place."""
    replaced = os.environ.get(FACTS_VARIABLE)
    return Path(replaced) if replaced else domain_folder("facts") or SHIPPED


def read_facts(folders: Iterable[Path], *, invented: Sequence[str] = ()) -> tuple[Fact, ...]:
    """Read the facts of every ``*.yml`` of the folders, by jurisdiction and in the order they were coded.

    ``invented`` names jurisdictions beyond the list (those of one's own sources). Raises DeclarationError listing
    every problem with file and line: an unknown question, value, scope or jurisdiction, a date that ends before it
    begins, an answer given twice.
    """
    known = {place.id for place in read_jurisdictions()} | set(invented)
    facts: list[Fact] = []
    problems: list[str] = []
    for path in dict.fromkeys(path for folder in folders for path in _list_files(folder)):
        try:
            facts += read_fact_file(path, known=known)
        except DeclarationError as error:
            problems.append(str(error))
    problems += _find_repeated(facts)
    if problems:
        raise DeclarationError("\n".join(problems))
    return tuple(sorted(facts, key=lambda fact: fact.jurisdiction))


def read_fact_file(path: Path, *, known: set[str]) -> list[Fact]:
    """Read one jurisdiction's facts in their order; raises DeclarationError listing its problems with their lines."""
    jurisdiction = path.stem
    if jurisdiction not in known:
        raise DeclarationError(f"{path}: unknown jurisdiction {jurisdiction!r}{suggest(jurisdiction, known)}")
    body = load_yaml(path) or []
    problems = find_problems(body, _validator(), _name_place)
    if not problems:
        problems = [
            ((place, *steps), f"{words} in {_name_place((place, *steps))}")
            for place, entry in enumerate(body)
            for steps, words in _find_unfit(entry)
        ]
    if problems:
        raise DeclarationError("\n".join(_locate(path, problems)))
    return _number(_make_fact(entry, jurisdiction, place, path) for place, entry in enumerate(body))


class FactCount(msgspec.Struct, frozen=True):
    """How many facts are coded and how many entries say why there is none, and in how many cells of how many.

    A cell is a question of a jurisdiction; ``cells`` counts those with a coded fact, ``gaps`` those with a reason only,
    ``asked`` all that are asked. ``leads`` name a rule or a page whose content was not good enough to code.
    """

    facts: int
    cells: int
    not_found: int
    leads: int
    gaps: int
    asked: int
    jurisdictions: int
    questions: int


def count_facts(facts: Sequence[Fact]) -> FactCount:
    """Count what is coded of the jurisdictions that have facts, over the questions each of them is asked."""
    places = {fact.jurisdiction for fact in facts}
    questions = tuple(map_questions().values())
    coded = {(fact.jurisdiction, fact.question) for fact in facts if fact.gap is None}
    named = {(fact.jurisdiction, fact.question) for fact in facts}
    return FactCount(
        facts=sum(fact.gap is None for fact in facts),
        cells=len(coded),
        not_found=sum(fact.gap == "not_found" for fact in facts),
        leads=sum(fact.gap == "not_checked" for fact in facts),
        gaps=len(named - coded),
        asked=sum(question.concerns(place) for place in places for question in questions),
        jurisdictions=len(places),
        questions=len(questions),
    )


def parse_value(question: Question, value: Any) -> Value | None:
    """Return a plain value as the question's type holds it, None if the question does not allow it."""
    return _parse(question.type, value, tuple(choice.id for choice in question.values))


def _parse(kind: AnswerType, value: Any, allowed: Sequence[str]) -> Value | None:
    if kind == "choices":
        several = isinstance(value, list) and bool(value) and set(value) <= set(allowed)
        return tuple(value) if several else None
    fits = {
        "choice": isinstance(value, str) and value in allowed,
        "boolean": isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "duration": isinstance(value, str) and DURATION.fullmatch(value) is not None,
        "text": isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT,
    }[kind]
    return value if fits else None


def _find_unfit(entry: Entry) -> Iterator[Found]:
    """Yield what of a well-formed entry the codebook and the vocabulary do not know."""
    questions = map_questions()
    question = questions.get(entry["question"])
    if question is None:
        yield ("question",), f"unknown question {entry['question']!r}{suggest(entry['question'], questions)}"
        return
    if entry["value"] == "not_found" and not entry.get("searched"):
        yield ("value",), "not_found without 'searched': say where it was looked for"
    for key in ("value", "reverts_to"):
        yield from _find_bad_value(question, entry.get(key), key)
    if "second" in entry:
        yield from _find_bad_value(question, entry["second"]["value"], "second")
    yield from _find_bad_details(question, entry.get("details", {}))
    yield from _find_bad_scope(question, entry.get("scope", {}))
    yield from _find_bad_dates(entry)


def _find_bad_value(question: Question, value: Any, key: str) -> Iterator[Found]:
    if value is None or value in GAPS or parse_value(question, value) is not None:
        return
    allowed = [choice.id for choice in question.values]
    expected = f"one of {' '.join(allowed)}" if allowed else f"a {question.type}"
    hint = suggest(value, allowed) if isinstance(value, str) else ""
    yield (key,), f"unknown value {value!r} for {question.id}: expected {expected}, or {', '.join(GAPS)}{hint}"


def _find_bad_details(question: Question, details: Entry) -> Iterator[Found]:
    known = {detail.id: detail for detail in question.details}
    for name, value in details.items():
        if name not in known:
            yield ("details", name), f"unknown detail {name!r} of {question.id}{suggest(name, known)}"
        elif _parse(known[name].type, value, known[name].values) is None:
            yield ("details", name), f"expected a {known[name].type}, found {value!r}"


def _find_bad_scope(question: Question, scope: Entry) -> Iterator[Found]:
    for dimension, terms in scope.items():
        if dimension not in question.scope:
            limits = ", ".join(question.scope) or "nothing"
            yield ("scope", dimension), f"{question.id} is not limited by {dimension}, only by {limits}"
        for term in terms:
            if term not in read_terms()[dimension]:
                yield (
                    ("scope", dimension),
                    f"unknown {dimension} {term!r}{suggest(term, read_terms()[dimension])}",
                )


def _find_bad_dates(entry: Entry) -> Iterator[Found]:
    for key in DATED:
        if len(entry.get(key, "")) == FULL_DATE and not _is_day(entry[key]):
            yield (key,), f"no calendar has the day {entry[key]}"
    begins, ends = entry.get("effective_from", ""), entry.get("effective_to", "")
    # Text order is time order up to the precision both have.
    shared = min(len(begins), len(ends))
    if shared and begins[:shared] > ends[:shared]:
        yield ("effective_to",), f"it ends on {ends}, before it begins on {begins}"
    if "reverts_to" in entry and not ends:
        yield ("reverts_to",), "reverts_to without effective_to: say when"
    for key in ("reviewed_on", "superseded_on"):
        if entry.get(key, "9999") < entry["coded_on"]:
            yield (key,), f"{key} {entry[key]} is before coded_on {entry['coded_on']}"
    if bool(entry.get("reviewed_on")) != bool(entry.get("reviewed_by")):
        yield ("reviewed_on",), "reviewed_on and reviewed_by stand together"


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _find_repeated(facts: Iterable[Fact]) -> Iterator[str]:
    """Yield entries that two files give, or one file gives twice without superseding one."""
    standing = Counter((fact.jurisdiction, fact.id.partition("-")[0]) for fact in facts if not fact.superseded_on)
    for (jurisdiction, name), count in standing.items():
        if count > 1:
            question = next(fact.question for fact in facts if fact.id.partition("-")[0] == name)
            yield f"{jurisdiction}: {count} entries of {question} are the same answer ({name}); supersede all but one"


def _make_fact(entry: Entry, jurisdiction: str, place: int, path: Path) -> Fact:
    question = map_questions()[entry["question"]]
    is_gap = entry["value"] in GAPS
    typed = {detail.id: detail for detail in question.details}
    fields: dict[str, Any] = {
        **entry,
        "id": _make_id(jurisdiction, entry),
        "jurisdiction": jurisdiction,
        "place": place,
        "gap": entry["value"] if is_gap else None,
        "value": None if is_gap else parse_value(question, entry["value"]),
        "details": {
            name: _parse(typed[name].type, value, typed[name].values)
            for name, value in entry.get("details", {}).items()
        },
        "anchor": {"eid": "", **entry["anchor"]} if "anchor" in entry else None,
        "evidence": [{"url": "", **page} for page in entry.get("evidence", [])],
        "file": str(path),
    }
    return msgspec.convert(fields, Fact)


def _make_id(jurisdiction: str, entry: Entry) -> str:
    told = [jurisdiction, *(entry.get(key) for key in IDENTITY)]
    return sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:ID_LENGTH]


def _number(facts: Iterable[Fact]) -> list[Fact]:
    """Give an entry that repeats an earlier one (a later review of the same answer) the next number: "…-2"."""
    seen: Counter[str] = Counter()
    numbered = []
    for fact in facts:
        seen[fact.id] += 1
        count = seen[fact.id]
        numbered.append(fact if count == 1 else msgspec.structs.replace(fact, id=f"{fact.id}-{count}"))
    return numbered


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(share_path("schemas", "fact.schema.json").read_text("utf-8")))


def _name_place(steps: tuple[str | int, ...]) -> str:
    return ".".join(str(step) for step in steps[1:]) or "the entry"


def _locate(path: Path, problems: Sequence[Found]) -> Iterator[str]:
    """Yield the problems with file and line, found by composing the file once more."""
    root = yaml.compose(path.read_bytes(), Loader=yaml.CSafeLoader)
    for steps, words in problems:
        yield f"{path} line {_find_line(root, steps)}: {words}"


def _find_line(node: yaml.Node | None, steps: Sequence[str | int]) -> int:
    """Return the line (from 1) of what the keys lead to, or of the last of them that is there."""
    line = 1 if node is None else node.start_mark.line + 1
    for step in steps:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
        elif isinstance(node, yaml.MappingNode):
            found = next((pair for pair in node.value if pair[0].value == step), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
            continue
        else:
            return line
        line = node.start_mark.line + 1
    return line


def _list_files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DeclarationError(f"no folder of facts at {folder}")
    return sorted(folder.glob("*.yml"))
