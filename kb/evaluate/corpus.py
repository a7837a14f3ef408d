"""Take one set out of a corpus of recorded pages: its captures are imported into an empty folder and built.

A corpus is a folder with a ``captures.jsonl`` whose lines name the ``set`` they belong to, and the pages they point to.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from kb.build import BuildRequest, BuildResult, build
from kb.captures import normalise_instant
from kb.collect import ImportRequest, import_captures
from kb.errors import CapturesError
from kb.models import ChangeRow
from kb.sources import Source
from kb.store.knowledge import open_knowledge
from kb.store.queries import ChangeFilter, read_changes

CAPTURES = "captures.jsonl"
# The day given to captures whose date is not known.
UNDATED = "2000-01-01T12:00:00Z"
# Measurements are repeatable: their runs bear a fixed name and instant.
IMPORTED_AT = "2000-01-01T00:00:00Z"
RUN = "evaluation"


class CorpusLine(msgspec.Struct, frozen=True):
    """One line of a corpus's captures: where and when it was recorded, the file of its bytes, the set it belongs to."""

    url: str
    observed_at: str
    status: int
    path: str | None = None
    media_type: str = ""
    set: str = ""


class BuiltSet(msgspec.Struct, frozen=True):
    """A set that was imported and built: its captures (with the dates used), the database, what the build did."""

    lines: tuple[CorpusLine, ...]
    knowledge: Path
    result: BuildResult
    remarks: tuple[str, ...] = ()

    def read_changes(self) -> list[ChangeRow]:
        """Return all changes the build derived."""
        with closing(self.open()) as db:
            return list(read_changes(db, ChangeFilter()))

    def open(self) -> sqlite3.Connection:
        """Open the built database for reading."""
        return open_knowledge(self.knowledge, read_only=True)


def read_lines(path: Path) -> Iterator[CorpusLine]:
    """Yield the lines of a corpus's captures; raises CapturesError for one that is not such a line."""
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            yield msgspec.json.decode(line, type=CorpusLine)
        except msgspec.DecodeError as error:
            raise CapturesError(f"{path}:{number}: {error}") from error


def build_set(
    folder: Path, corpus: Path, lines: Sequence[CorpusLine], *, sources: Sequence[Source], workers: int
) -> BuiltSet:
    """Import captures of a corpus into an empty folder and build them; returns where the result lies.

    A capture without a valid instant is dated UNDATED, and a remark says so. Raises what import and build raise.
    """
    dated = tuple(_date_line(line) for line in lines)
    file = _copy_captures(folder / "recorded", corpus, dated)
    data = folder / "data"
    data.mkdir()
    import_captures(data, ImportRequest(file=file, sources=sources, now=IMPORTED_AT, token=RUN))
    result = build(data, BuildRequest(sources=sources, from_scratch=True, workers=workers))
    return BuiltSet(dated, data / "kb.db", result, tuple(_remark_dates(lines, dated)))


def _date_line(line: CorpusLine) -> CorpusLine:
    try:
        return msgspec.structs.replace(line, observed_at=normalise_instant(line.observed_at))
    except ValueError:
        return msgspec.structs.replace(line, observed_at=UNDATED)


def _remark_dates(lines: Sequence[CorpusLine], dated: Sequence[CorpusLine]) -> Iterator[str]:
    undated = [old.observed_at for old, new in zip(lines, dated, strict=True) if new.observed_at == UNDATED]
    if undated:
        yield (
            f"{len(undated)} captures bear no valid date ({undated[0]!r}), which the import refuses: "
            f"dated {UNDATED[:10]} for this measurement"
        )


def _copy_captures(folder: Path, corpus: Path, lines: Sequence[CorpusLine]) -> Path:
    """Copy captures and their pages into a folder (an import reads no page outside the folder of its file)."""
    folder.mkdir(parents=True)
    for path in {line.path for line in lines if line.path is not None}:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(corpus / path, folder / path)
    file = folder / CAPTURES
    file.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return file
