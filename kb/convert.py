"""Let installed programs make text of archived files that no library of ours reads, and keep it in the archive.

Pages that are pictures go to tesseract, old Word documents to antiword. What they make depends on what is installed
here today; so it is made once, kept with the name and version of its program, and only then read by builds, which never
run a program (docs/decisions/0024).
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import groupby
from pathlib import Path

import msgspec

from kb.collect import ARCHIVE
from kb.errors import DamagedSnapshotError
from kb.read.bounds import read_bounded
from kb.read.jobs import Job, Picture, RecognisedPage, Rendition
from kb.read.kinds import is_encrypted, tell_kind
from kb.store.archive import open_archive, read_snapshot
from kb.store.renditions import Candidate, list_candidates, record_rendition

Progress = Callable[[int, int], None]

# Seconds a program may take for one page, or one document. A dense page takes ten.
MOST_SECONDS = 300
# Pages of one document that are recognised; the rest waits for a person. A scanned code of more belongs to a project.
MOST_PAGES = 400
# Languages that publishers of the United States and Puerto Rico print in, where their data is installed.
LANGUAGES = ("eng", "spa")
# "Version: 0.37  (21 Oct 2005)", "tesseract 5.3.0"
VERSION = re.compile(r"(?:Version: |tesseract v?)([\d.]+)")
# The program for each kind of file, and the package of Debian that brings it.
PACKAGES = {"tesseract": "tesseract-ocr", "antiword": "antiword"}
# Columns of a row of tesseract's table (tsv): a word has level 5.
WORD_LEVEL, COLUMNS = "5", 12


class Converted(msgspec.Struct):
    """What came of a conversion: texts made by program, files that wait for a program, and files it failed on."""

    made: Counter[str] = msgspec.field(default_factory=Counter)
    waiting: Counter[str] = msgspec.field(default_factory=Counter)
    failed: list[str] = []


class _ProgramFailedError(Exception):
    """Raised when a program ends with an error, or not in time; the message says which."""


def ignore_progress(done: int, total: int) -> None:
    """Show nothing."""


def convert(data: Path, now: str, *, progress: Progress = ignore_progress) -> Converted:
    """Make the texts that are missing, as far as the programs for it are installed.

    ``now`` is the instant each text is dated with. Returns what was made, what waits and what failed; what failed or
    waits is tried again the next time. Raises MissingDatabaseError without an archive.
    """
    result = Converted()
    if not (data / ARCHIVE).is_file():
        return result
    with closing(open_archive(data / ARCHIVE)) as db:
        candidates = list_candidates(db)
        for done, candidate in enumerate(candidates, 1):
            try:
                rendition = _convert_file(read_snapshot(db, candidate.sha256), candidate, result)
            except DamagedSnapshotError:
                continue  # the build names it
            except _ProgramFailedError as error:
                result.failed.append(f"{candidate.url}: {error}")
                continue
            if rendition is not None:
                record_rendition(db, candidate.sha256, rendition, now)
            progress(done, len(candidates))
    return result


def describe_converted(result: Converted) -> list[str]:
    """Say what a conversion did, a line each; nothing where nothing was to do."""
    return [
        *(f"text made of {count:,} {_say_files(count)} by {tool}" for tool, count in sorted(result.made.items())),
        *(
            f"{count:,} {_say_files(count)} cannot be read without {tool}: install it (Debian: {PACKAGES[tool]}), "
            "then run kb convert"
            for tool, count in sorted(result.waiting.items())
        ),
        *(f"not converted: {failed}" for failed in result.failed),
    ]


def _say_files(count: int) -> str:
    return "file" if count == 1 else "files"


def _convert_file(body: bytes, candidate: Candidate, result: Converted) -> Rendition | None:
    """Return what a program made of a file, a rendition without a tool where none is needed, None where it waits."""
    kind = tell_kind(body, candidate.media_type)
    if kind == "pdf":
        pictures = _draw_pictures(body)
        first = next(pictures, None)
        if first is None:
            return Rendition("")
        tool = _find_tool("tesseract", result)
        return None if tool is None else _recognise(first, pictures, tool, result)
    if kind == "doc" and not is_encrypted(body):
        tool = _find_tool("antiword", result)
        return None if tool is None else _convert_word(body, tool, result)
    return Rendition("")


def _find_tool(name: str, result: Converted) -> str | None:
    """Return the path of an installed program; where it is missing, the file is counted as waiting for it."""
    path = shutil.which(name)
    if path is None:
        result.waiting[name] += 1
    return path


def _draw_pictures(body: bytes) -> Iterator[Picture]:
    """Yield the pages of a PDF that are pictures, drawn one at a time."""
    picture = read_bounded(Job("draw", body)).picture
    for _ in range(MOST_PAGES):
        if picture is None:
            return
        yield picture
        picture = read_bounded(Job("draw", body, start=picture.page + 1)).picture


def _recognise(first: Picture, others: Iterator[Picture], tool: str, result: Converted) -> Rendition:
    known = _run([tool, "--list-langs"]).split()
    languages = "+".join(language for language in LANGUAGES if language in known) or "eng"
    pages = []
    for picture in (first, *others):
        printed = b"P5 %d %d 255\n%s" % (picture.width, picture.height, picture.dots)
        table = _run([tool, "stdin", "stdout", "-l", languages, "tsv"], printed)
        pages.append(RecognisedPage(picture.page, tuple(read_table(table, picture))))
    return _finish(tool, "--version", Rendition("tesseract", pages=tuple(pages)), result)


def read_table(table: str, picture: Picture) -> Iterator[tuple[str, float, float, float]]:
    """Yield the lines of tesseract's table of words: text, left and right edge and base line in points."""
    rows = [row.split("\t") for row in table.splitlines()]
    words = [row for row in rows if len(row) == COLUMNS and row[0] == WORD_LEVEL and row[11].strip()]
    for _, line in groupby(words, key=lambda row: row[1:5]):
        found = list(line)
        left, top, width, height = ([int(row[at]) for row in found] for at in range(6, 10))
        bottom = picture.height - sorted(map(sum, zip(top, height, strict=True)))[len(found) // 2]
        right = max(map(sum, zip(left, width, strict=True)))
        start, end, base = (round(edge / picture.scale, 1) for edge in (min(left), right, bottom))
        yield " ".join(row[11] for row in found), start, end, base


def _convert_word(body: bytes, tool: str, result: Converted) -> Rendition:
    with tempfile.NamedTemporaryFile(suffix=".doc") as file:
        file.write(body)
        file.flush()
        text = _run([tool, "-m", "UTF-8.txt", "-w", "0", file.name])
    if not text.strip():
        raise _ProgramFailedError("antiword found no text")
    return _finish(tool, "-h", Rendition("antiword", text), result)


def _finish(tool: str, asked: str, rendition: Rendition, result: Converted) -> Rendition:
    """Return a rendition with the version of the program that made it."""
    found = VERSION.search(_run([tool, asked], lenient=True))
    named = f"{rendition.tool} {found[1] if found is not None else 'of an unknown version'}"
    result.made[named] += 1
    return msgspec.structs.replace(rendition, tool=named)


def _run(command: list[str], given: bytes = b"", *, lenient: bool = False) -> str:
    """Return what a program prints; ``lenient`` takes its error output too and does not mind how it ends."""
    # One thread: several gain little on a page and make the result depend on the machine.
    surroundings = {**os.environ, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603
            command, input=given, capture_output=True, timeout=MOST_SECONDS, env=surroundings, check=False
        )
    except subprocess.TimeoutExpired:
        raise _ProgramFailedError(f"{Path(command[0]).name} took more than {MOST_SECONDS} s") from None
    if done.returncode != 0 and not lenient:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise _ProgramFailedError(f"{Path(command[0]).name} ended with {done.returncode}: {said}")
    return (done.stdout + (done.stderr if lenient else b"")).decode("utf-8", "replace")
