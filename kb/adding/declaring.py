"""Write a new source into the file of its jurisdiction, so that nothing that stands there is touched."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urljoin

import msgspec
import yaml

from kb.declarations import load_yaml, suggest
from kb.errors import DeclarationError, UsageError
from kb.models import Page
from kb.share import domain_path
from kb.source_checks import find_source_problems

Body = dict[str, Any]

# Keys a person may want, as they stand commented out in a skeleton: name, example, meaning.
OPTIONS = (
    ("authority", "{authority}", "the body that publishes it: an id of this file's authorities"),
    ("binding", "regulation", "statute regulation order policy faq … : how binding the texts are"),
    ("select", "main", "the smallest element that holds the whole text and nothing else"),
    ("remove", "[.share, .print]", "elements to drop before reading"),
    ("document", "{{work: rules, from: heading, pattern: '(?P<citation>\\d+\\.\\d+)\\. '}}", "many documents a page"),
    ("match", "{site}sections/", "which URLs are its own; without it those that begin with start"),
    ("follow", "ul.sections a", "links of a list page that lead to its pages"),
    ("cadence", "monthly", "how often it is looked at; weekly if unsaid"),
    ("checks", "{{provisions_min: 5, must_contain: [license]}}", "what every page must pass to be believed"),
)

# A word that YAML takes for text as it stands, and those it takes for true, false or nothing.
PLAIN = re.compile(r"[a-z][a-z_-]*")
TRUTHS = ("yes", "no", "on", "off", "true", "false", "null", "y", "n")
# Those of them that only say something of list pages.
LISTING_KEYS = ("match", "follow")


class Guess(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of itself: its title, and keys of a declaration that read it better, with the reason of each."""

    title: str = ""
    keys: Body = {}
    reasons: dict[str, str] = {}
    page: Page


def find_jurisdiction(name: str, wanted: str | None) -> str:
    """Find the jurisdiction that a source's id begins with, or check the one named.

    Raises UsageError for one that there is not, or that the id does not begin with.
    """
    places = load_yaml(domain_path("jurisdictions.yml"))["jurisdictions"]
    known = [str(place["id"]) for place in places]
    if wanted is not None and wanted not in known:
        raise UsageError(f"jurisdiction {wanted!r}: expected one of {', '.join(known)}{suggest(wanted, known)}")
    parts = name.split("-")
    found = wanted or ("-".join(parts[:2]) if len(parts) > 2 and len(parts[1]) == 2 else "us")
    if found not in known or not name.startswith(f"{found}-"):
        expected = f"{wanted}-…" if wanted else "us-tx-…; us-… for a federal source"
        raise UsageError(f"id {name!r}: expected it to begin with its jurisdiction ({expected})")
    return found


def write_skeleton(declared: Body, guess: Guess, seen_on: str) -> str:
    """Write the entry of a new source as YAML: what is known of it, what was guessed and why, and what else can be."""
    lines = [f"- id: {declared['id']}"]
    if guess.title:
        lines.append(f"  title: {_quote(guess.title)}  # as the page calls itself")
    lines.append(f"  platform: {declared['platform']}")
    lines.extend(f"  {key}: {_quote(declared[key])}" for key in ("urls", "start") if key in declared)
    for key, value in guess.keys.items():
        lines.extend((f"  # {guess.reasons[key]}", f"  {key}: {_quote(value)}"))
    address = declared.get("start") or declared["urls"][0]
    lines.append(f"  evidence: [{{url: {_quote(address)}, kind: the page itself, seen_on: {_quote(seen_on)}}}]")
    lines.append("  # Uncomment what the page needs; docs/add-a-source.md tells every key.")
    names = {"authority": f"{declared['jurisdiction']}-board", "site": urljoin(address, "/")}
    for key, example, meaning in OPTIONS:
        if key not in guess.keys and (key not in LISTING_KEYS or "start" in declared):
            lines.append(f"  # {key}: {example.format(**names)}  # {meaning}")
    return "".join(f"{line}\n" for line in lines)


def add_entry(path: Path, jurisdiction: str, entry: str) -> str:
    """Return the text of a file of sources with one more entry; every other line stays as it is.

    Raises DeclarationError where the file is not valid, is another jurisdiction's, or cannot be added to.
    """
    if not path.is_file():
        text = f"jurisdiction: {jurisdiction}\nsources:\n" + _indent(entry, 2)
    else:
        before = _load_checked(path, jurisdiction)
        text = _insert(path, path.read_text("utf-8"), entry)
        _check_kept(path, before, text)
    problems = find_source_problems(_load_text(text, path), path.name)
    if problems:
        raise DeclarationError("\n".join(problems))
    return text


def _load_checked(path: Path, jurisdiction: str) -> Mapping[str, Any]:
    body = load_yaml(path)
    problems = find_source_problems(body, path.name)
    if problems:
        raise DeclarationError("\n".join(problems))
    if body["jurisdiction"] != jurisdiction:
        raise DeclarationError(f"{path}: expected sources of {jurisdiction}, found those of {body['jurisdiction']}")
    checked: Mapping[str, Any] = body
    return checked


def _insert(path: Path, text: str, entry: str) -> str:
    """Put an entry after the last one of ``sources``, before what follows it."""
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    pairs = root.value if isinstance(root, yaml.MappingNode) else []
    node = next(value for key, value in pairs if key.value == "sources")
    if node.flow_style:
        raise DeclarationError(f"{path}: expected sources one below the other after dashes, found them in brackets")
    lines = text.splitlines(keepends=True)
    column = node.start_mark.column
    end = _find_end(lines, node.end_mark.line if node.end_mark.column == 0 else len(lines), column)
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += "\n"
    return "".join([*lines[:end], _indent(entry, column), *lines[end:]])


def _find_end(lines: Sequence[str], end: int, column: int) -> int:
    """Return after which line the last entry ends: comments that stand deeper than its dash are its own."""
    end = min(end, len(lines))
    while end and _is_outside(lines[end - 1], column):
        end -= 1
    return end


def _is_outside(line: str, column: int) -> bool:
    plain = line.strip()
    return not plain or (plain.startswith("#") and len(line) - len(line.lstrip()) <= column)


def _check_kept(path: Path, before: Mapping[str, Any], text: str) -> None:
    """Make sure that the file says what it said, and one source more."""
    after = _load_text(text, path)
    kept = isinstance(after, dict) and {**after, "sources": after["sources"][:-1]} == before
    if not kept:
        raise DeclarationError(f"{path}: expected a list of sources that can be added to, found another shape")


def _load_text(text: str, path: Path) -> Any:
    with TemporaryDirectory() as folder:
        file = Path(folder, path.name)
        file.write_text(text, "utf-8")
        return load_yaml(file)


def _indent(entry: str, column: int) -> str:
    return "".join(f"{' ' * column}{line}" for line in entry.splitlines(keepends=True))


def _quote(value: Any) -> str:
    """Write a value as YAML on one line; texts in quotes, as JSON is YAML, patterns in single ones."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_quote(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_quote, value))}]"
    text = str(value)
    if PLAIN.fullmatch(text) and text not in TRUTHS:
        return text
    return "'" + text.replace("'", "''") + "'" if "\\" in text else json.dumps(text, ensure_ascii=False)
