"""Let installed programs make text of archived files that no library of ours reads, and keep it in the archive.

Pages that are pictures go to tesseract, old Word documents to antiword or catdoc. What they make depends on what is
installed here today; so it is made once, kept with the name and version of its program, and only then read by builds,
which never run a program (docs/decisions/0024).
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
# The program of util-linux that bounds another one's memory (bytes) and processor time: files come from strangers.
BOUNDER, MOST_MEMORY = shutil.which("prlimit"), 4 * 1024**3
# Pages of one document that are recognised; the rest waits for a person. A scanned code of more belongs to a project.
MOST_PAGES = 400
# Languages that publishers of the United States and Puerto Rico print in, where their data is installed.
LANGUAGES = ("eng", "spa")
# "Version: 0.37  (21 Oct 2005)", "tesseract 5.3.0", "Catdoc Version 0.95"
VERSION = re.compile(r"(?:Version:? |tesseract v?)([\d.]+)")
# What each kind of file waits for, and the packages of Debian that bring it.
PACKAGES = {"tesseract": "tesseract-ocr", "antiword or catdoc": "antiword catdoc"}
# Programs that read old Word documents, and how they print a paragraph a line. The first one prints the numbers of
# lists; the second one reads what the first one fails on.
WORD_PROGRAMS = {"antiword": ("-m", "UTF-8.txt", "-w", "0"), "catdoc": ("-d", "utf-8", "-w")}
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
        tool = shutil.which("tesseract")
        if tool is None:
            result.waiting["tesseract"] += 1
        return None if tool is None else _recognise(first, pictures, tool, result)
    if kind == "doc" and not is_encrypted(body):
        return _convert_word(body, result)
    return Rendition("")


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


def _convert_word(body: bytes, result: Converted) -> Rendition | None:
    """Return the text that the first program makes which does not fail; raises what the last one says."""
    programs = [(name, path) for name in WORD_PROGRAMS if (path := shutil.which(name)) is not None]
    if not programs:
        result.waiting["antiword or catdoc"] += 1
        return None
    said: list[str] = []
    for name, path in programs:
        try:
            text = _read_word(body, [path, *WORD_PROGRAMS[name]])
        except _ProgramFailedError as error:
            said.append(str(error))
            continue
        return _finish(path, "-V" if name == "catdoc" else "-h", Rendition(name, text), result)
    raise _ProgramFailedError("; ".join(said))


def _read_word(body: bytes, command: list[str]) -> str:
    with tempfile.NamedTemporaryFile(suffix=".doc") as file:
        file.write(body)
        file.flush()
        text = _run([*command, file.name])
    if not text.strip():
        raise _ProgramFailedError(f"{Path(command[0]).name} found no text")
    return text


def _finish(tool: str, asked: str, rendition: Rendition, result: Converted) -> Rendition:
    """Return a rendition with the version of the program that made it."""
    found = VERSION.search(_run([tool, asked], lenient=True))
    named = f"{rendition.tool} {found[1] if found is not None else 'of an unknown version'}"
    result.made[named] += 1
    return msgspec.structs.replace(rendition, tool=named)


def _run(command: list[str], given: bytes = b"", *, lenient: bool = False) -> str:
    """Return what a program prints; ``lenient`` takes its error output too and does not mind how it ends."""
    # One thread: several gain little on a page and make the result depend on the machine.
    bounded = [BOUNDER, f"--as={MOST_MEMORY}", f"--cpu={MOST_SECONDS}", *command] if BOUNDER is not None else command
    surroundings = {**os.environ, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # noqa: S603
            bounded, input=given, capture_output=True, timeout=MOST_SECONDS, env=surroundings, check=False
        )
    except subprocess.TimeoutExpired:
        raise _ProgramFailedError(f"{Path(command[0]).name} took more than {MOST_SECONDS} s") from None
    if done.returncode != 0 and not lenient:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise _ProgramFailedError(f"{Path(command[0]).name} ended with {done.returncode}: {said}")
    return (done.stdout + (done.stderr if lenient else b"")).decode("utf-8", "replace")
