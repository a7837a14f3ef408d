"""Take the captures of one set out of a corpus of recorded pages.

A corpus is a folder with a ``captures.jsonl`` whose lines name the ``set`` they belong to, and the pages they point to.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from kb.captures import normalise_instant
from kb.errors import CapturesError

CAPTURES = "captures.jsonl"
# The day given to captures whose date is not known.
UNDATED = "2000-01-01T12:00:00Z"


class CorpusLine(msgspec.Struct, frozen=True):
    """One line of a corpus's captures: where and when it was recorded, the file of its bytes, the set it belongs to."""

    url: str
    observed_at: str
    status: int
    path: str | None = None
    media_type: str = ""
    set: str = ""


def read_lines(path: Path) -> Iterator[CorpusLine]:
    """Yield the lines of a corpus's captures; raises CapturesError for one that is not such a line."""
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            yield msgspec.json.decode(line, type=CorpusLine)
        except msgspec.DecodeError as error:
            raise CapturesError(f"{path}:{number}: {error}") from error


def date_line(line: CorpusLine) -> CorpusLine:
    """Return a line with its instant in UTC, UNDATED where it has none that is valid."""
    try:
        return msgspec.structs.replace(line, observed_at=normalise_instant(line.observed_at))
    except ValueError:
        return msgspec.structs.replace(line, observed_at=UNDATED)


def remark_dates(lines: Sequence[CorpusLine], dated: Sequence[CorpusLine]) -> Iterator[str]:
    """Yield a remark on captures that were dated, nothing when all dates were valid."""
    undated = [old.observed_at for old, new in zip(lines, dated, strict=True) if new.observed_at == UNDATED]
    if undated:
        yield (
            f"{len(undated)} captures bear no valid date ({undated[0]!r}), which the import refuses: "
            f"dated {UNDATED[:10]} for this measurement"
        )


def copy_captures(folder: Path, corpus: Path, lines: Sequence[CorpusLine]) -> Path:
    """Copy captures and their pages into a folder (an import reads no page outside the folder of its file)."""
    folder.mkdir(parents=True)
    for path in {line.path for line in lines if line.path is not None}:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(corpus / path, folder / path)
    file = folder / CAPTURES
    file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return file
