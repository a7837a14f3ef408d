"""The documents tell the truth: every command and key is described, and nothing is promised that does not exist."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

from kb.cli import main

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDE = ROOT / "docs" / "add-a-source.md"
RECORDS = ROOT / "docs" / "decisions"

COMMAND = re.compile(r"\bkb( [a-z]+)+")  # "kb sources check"
TARGET = re.compile(r"\bmake ([a-z]+)")  # "make test"
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")  # "[words](docs/concepts.md)"
RECORD = re.compile(r"(\d{4})-[a-z0-9-]+\.md")  # "0001-record-decisions.md"
FENCED = re.compile(r"^ *```.*?^ *```|`[^`\n]+`", re.DOTALL | re.MULTILINE)  # "`kb build`"
PIN = re.compile(r"([A-Za-z0-9._-]+)==[^ @/]+")  # "lxml==6.1.3"
NAME = re.compile(r"[A-Za-z0-9._-]+")  # "lxml" of "lxml>=6.1,<7"
HEADING = re.compile(r"^#{1,2} (.+)$", re.MULTILINE)  # "## Decision"
DERIVED = re.compile(r"(^|/)(\.(?!ci/)[^/]+|data|dist|build|__pycache__|[^/]+\.egg-info)/")  # ".venv/bin/kb"
# Folders of the machine a change was written on, and addresses packages are downloaded from.
FOREIGN = re.compile(r"(?<![\w.-])/(work|farm|root)/|pypi\.org|python[h]osted|registry\.npmjs|deb\.debian\.org")


def walk_commands(command, path="kb"):
    """Yield every command with its full name: "kb build", "kb sources check"."""
    for name, child in getattr(command, "commands", {}).items():
        yield f"{path} {name}"
        yield from walk_commands(child, f"{path} {name}")


def walk_keys(schema):
    """Yield the name of every property a JSON Schema describes, at any depth."""
    children = list(schema.values()) if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield from schema["properties"]
    for child in children:
        yield from walk_keys(child)


def read_docs():
    return "\n".join(path.read_text("utf-8") for path in (README, *sorted((ROOT / "docs").rglob("*.md"))))


def list_code(text):
    return " \n".join(FENCED.findall(text))


def list_tracked():
    """List the files of this project: what git tracks or would, else what stands in no hidden or derived folder."""
    if shutil.which("git") is not None and (ROOT / ".git").exists():
        command = ["git", "ls-files", "-coz", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in ROOT.rglob("*") if not DERIVED.search(path.relative_to(ROOT).as_posix())]
    return sorted(path for path in paths if path.is_file())


def test_every_command_is_described():
    code = list_code(read_docs())

    missing = [name for name in walk_commands(main) if not re.search(rf"\b{name}\b", code)]

    assert [] == missing


def test_every_command_in_the_readme_exists():
    known = set(walk_commands(main))
    named = {match.group().strip() for match in COMMAND.finditer(list_code(README.read_text("utf-8")))}

    unknown = [name for name in sorted(named) if not any(f"{name} ".startswith(f"{command} ") for command in known)]

    assert [] == unknown


def test_every_option_of_the_readme_exists():
    options = {"--help"} | {flag for command in list_all(main) for option in command.params for flag in option.opts}
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", list_code(README.read_text("utf-8"))))

    assert set() == named - options


def list_all(command):
    children = getattr(command, "commands", {}).values()
    return [command, *(found for child in children for found in list_all(child))]


def test_every_command_says_what_it_does():
    silent = [command.name for command in list_all(main) if not (command.help or "").strip()]

    assert [] == silent
    assert isinstance(main, click.Group)


def test_every_make_target_in_the_docs_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    named = set(TARGET.findall(list_code(read_docs())))

    assert set() == named - targets


def test_every_key_of_a_source_declaration_is_described():
    schema = json.loads((ROOT / "schemas" / "source.schema.json").read_text("utf-8"))
    code = list_code(GUIDE.read_text("utf-8"))

    named = set(re.findall(r"(?<![\w.])([a-z_]+)(?:`|:)", code))
    missing = sorted(set(walk_keys(schema)) - named)

    assert [] == missing


def test_readme_fits_a_short_read():
    lines = len(README.read_text("utf-8").splitlines())

    assert lines <= 120, f"README.md has {lines} lines, limit 120"


def test_links_between_documents_lead_somewhere():
    pages = [README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [(page, link) for page in pages for link in LINK.findall(page.read_text("utf-8")) if ":" not in link]

    dead = [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()]

    assert [] == dead


def test_decision_records_are_numbered_without_gaps():
    names = sorted(path.name for path in RECORDS.iterdir())
    numbers = [int(match.group(1)) for name in names if (match := RECORD.fullmatch(name))]

    assert list(range(1, len(names) + 1)) == numbers


@pytest.mark.parametrize("record", sorted(RECORDS.glob("*.md")), ids=lambda path: path.stem)
def test_decision_record_tells_context_decision_and_consequences(record):
    headings = HEADING.findall(record.read_text("utf-8"))

    assert f"{int(record.name[:4])}. " == headings[0][: headings[0].find(" ") + 1]
    assert ["Context", "Decision", "Consequences"] == headings[1:4]


def test_pins_are_plain_and_cover_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()

    pins = [PIN.fullmatch(line) for line in lines if not line.startswith("#")]

    assert None not in pins
    assert set() == {NAME.match(text).group().lower() for text in asked} - {pin.group(1).lower() for pin in pins}


def test_no_file_names_a_machine_or_a_download_address():
    found = [
        f"{path.relative_to(ROOT)}:{number} {match.group()}"
        for path in list_tracked()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if (match := FOREIGN.search(line))
    ]

    assert [] == found


@pytest.mark.parametrize(
    "pieces", [("/", "root", "/data"), ("see /", "work", "/main"), ("https://pypi", ".org/simple")], ids="".join
)
def test_machine_paths_and_download_addresses_are_recognised(pieces):
    found = FOREIGN.search("".join(pieces))

    assert found is not None
