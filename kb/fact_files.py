"""Alter a file of facts as a careful person would: keys of one entry are set, entries are added, all else stays.

Comments, order and layout of every other entry remain byte for byte, so that what git shows is what was decided. A file
is replaced whole, under a lock of its folder, only if it still is what was read, and only after it reads back valid.
"""

import fcntl
import os
import re
import shutil
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from kb.coding import read_facts
from kb.declarations import load_yaml
from kb.errors import DeclarationError, StatusQuoError
from kb.marks import read_day

# An entry as plain values, keys in the order of the file.
Entry = dict[str, Any]
# What YAML takes for the end of a line: "\r\n", "\n"
LINE_BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
# "2026-11-28"
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# "One space between words, none round them."
PLAIN_WORDS = re.compile(r"\S+( \S+)*")
# A text longer than this is folded over lines of the next width.
LONGEST_LINE = 100
WIDTH = 116
UNFOLDED = 1_000_000
ANY_WRITE = 0o222


class ChangedFileError(StatusQuoError):
    """Raised when a file of facts is no longer what it was when its facts were read."""


class ReadOnlyFileError(StatusQuoError):
    """Raised when a file of facts may not be written."""


class Revision:
    """A file of facts being altered: its text, and what the text must say when read."""

    def __init__(self, path: Path, before: bytes) -> None:
        self.path = path
        self.before = before
        self.text = before.decode("utf-8")
        self.entries: list[Entry] = load_yaml(path) or []

    def set_keys(self, place: int, keys: Mapping[str, Any]) -> None:
        """Set keys of the entry at a place: those it has are replaced, others added at its end."""
        for key, value in keys.items():
            self.text = set_key(self.text, place, key, value)
        self.entries[place] = {**self.entries[place], **keys}

    def add_entry(self, entry: Entry) -> None:
        """Add an entry at the end of the file."""
        self.text = add_entry(self.text, entry)
        self.entries.append(entry)

    def write(self) -> bytes:
        """Put the altered text in place of the file.

        Returns the bytes written. Raises ChangedFileError if the file is not what was read, ReadOnlyFileError if it may
        not be written, DeclarationError (and nothing is written) if the text would not read back valid and as meant.
        """
        after = self.text.encode("utf-8")
        replace_file(self.path, self.before, after, self.entries)
        return after


def set_key(text: str, place: int, key: str, value: Any) -> str:
    """Return the text with one key of the entry at a place set; everything else stays as it is."""
    node: yaml.MappingNode = _compose(text).value[place]
    starts = _find_starts(text)
    column = int(node.start_mark.column)
    given = next((pair for pair in node.value if pair[0].value == key), None)
    if given is not None:
        first, end = _offset(given[0].start_mark, starts), _find_end(given[1], text, starts)
        told = _flow_pair(key, value) if node.flow_style else _block_pair(key, value, text, column)
        return text[:first] + told + text[end:]
    end = _find_end(node, text, starts)
    if node.flow_style:
        inside = text[: end - 1].rstrip()
        comma = " " if inside.endswith(",") else ", "
        return inside + comma + _flow_pair(key, value) + text[end - 1 :]
    end = next((match.start() for match in LINE_BREAK.finditer(text, end)), len(text))
    told = _block_pair(key, value, text, column)
    return text[:end] + _line_end(text) + " " * column + told + text[end:]


def add_entry(text: str, entry: Mapping[str, Any]) -> str:
    """Return the text with an entry added at its end, indented as the others."""
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    dash = " " * (0 if root is None else _compose(text).start_mark.column)
    inner, line_end = f"{dash}  ", _line_end(text)
    pairs = [_block_pair(key, value, text, len(inner)) for key, value in entry.items()]
    complete = text if not text or LINE_BREAK.match(text[-1]) else text + line_end
    return f"{complete}{dash}- {(line_end + inner).join(pairs)}{line_end}"


def replace_file(path: Path, before: bytes, after: bytes, entries: Sequence[Mapping[str, Any]] | None = None) -> None:
    """Put new bytes in place of a file of facts, whole or not at all.

    ``entries`` is what the new text must say. Raises ChangedFileError if the file is not ``before`` any more,
    ReadOnlyFileError if it may not be written, DeclarationError if the new text is not valid or says something else.
    """
    target = path.resolve()
    with _locked(target.parent, path):
        if target.read_bytes() != before:
            raise ChangedFileError(f"{path}: it changed since it was read; nothing was written, begin again")
        draft = _draft(target, path)
        try:
            with draft.open("wb") as file:
                file.write(after)
                file.flush()
                os.fsync(file.fileno())
            _check(draft, path, entries)
            shutil.copymode(target, draft)
            draft.replace(target)
        finally:
            shutil.rmtree(draft.parent)


@contextmanager
def _locked(folder: Path, path: Path) -> Iterator[None]:
    """Hold a folder's lock; whoever waits for it then sees the file as it was left."""
    if not path.stat().st_mode & ANY_WRITE or not os.access(path, os.W_OK) or not os.access(folder, os.W_OK):
        raise ReadOnlyFileError(
            f"{path}: may not be written; review a copy of the folder of facts that is yours (KB_FACTS names it)"
        )
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(target: Path, path: Path) -> Path:
    """Return a place for the new file beside the old one, under its own name: that says whose facts they are."""
    try:
        return Path(tempfile.mkdtemp(prefix=".review-", dir=target.parent)) / target.name
    except OSError as error:
        raise ReadOnlyFileError(f"{path}: nothing can be written beside it: {error.strerror}") from error


def _check(draft: Path, path: Path, entries: Sequence[Mapping[str, Any]] | None) -> None:
    try:
        read_facts((draft.parent,), invented=(path.stem,))
    except DeclarationError as error:
        told = str(error).replace(str(draft), str(path))
        raise DeclarationError(f"{told}; nothing was written") from error
    if entries is not None and load_yaml(draft) != [dict(entry) for entry in entries]:
        raise DeclarationError(
            f"{path}: its layout does not let one entry be altered alone: expected a list of entries beginning with "
            "'- question:'; nothing was written"
        )


def _compose(text: str) -> yaml.SequenceNode:
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    if not isinstance(root, yaml.SequenceNode) or root.flow_style:
        raise DeclarationError("expected a list of entries beginning with '- question:', each on lines of its own")
    return root


def _find_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in LINE_BREAK.finditer(text))]


def _offset(mark: yaml.Mark, starts: Sequence[int]) -> int:
    return starts[mark.line] + mark.column


def _find_end(node: yaml.Node, text: str, starts: Sequence[int]) -> int:
    """Return where a node's own words end: YAML counts blank lines and comments after a block to it, a reader not."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        parts = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
        return max(_find_end(part, text, starts) for part in parts)
    return len(text[: _offset(node.end_mark, starts)].rstrip())


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _flow_pair(key: str, value: Any) -> str:
    return _dump({key: value})[1:-1]


def _block_pair(key: str, value: Any, text: str, indent: int) -> str:
    """Write a key and its value as lines, the first of which stands at ``indent`` already."""
    if isinstance(value, list) and any(isinstance(part, dict) for part in value):
        lines = [f"{key}:", *(f"  - {_dump(part)}" for part in value)]
    elif isinstance(value, str) and len(value) > LONGEST_LINE and value.isprintable() and PLAIN_WORDS.fullmatch(value):
        folded = textwrap.wrap(value, WIDTH - indent, break_long_words=False, break_on_hyphens=False)
        lines = [f"{key}: >-", *(f"  {line}" for line in folded)]
    else:
        lines = f"{key}: {_dump(value)}".replace("\n", "\n  ").split("\n")
    return (_line_end(text) + " " * indent).join(lines)


def _dump(value: Any) -> str:
    """Write a value on one line; words with line breaks in them take more."""
    plain = _bare_days(value)
    told: str = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, sort_keys=False, width=UNFOLDED)
    return told.removesuffix("\n").removesuffix("\n...")


def _bare_days(value: Any) -> Any:
    """Return a value with its days as days, so that they are written without quotes, as people write them."""
    if isinstance(value, dict):
        return {key: _bare_days(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_bare_days(part) for part in value]
    is_day = isinstance(value, str) and DAY.fullmatch(value) is not None
    return read_day(value) or value if is_day else value
