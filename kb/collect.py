"""Collect the recorded web: archive the captures of a file as one run, attributed to the sources we watch."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from kb.captures import LARGEST_BODY, CaptureLine, list_findings, read_captures, tell_outcome
from kb.declarations import list_known
from kb.errors import UnknownSourceError
from kb.models import Capture
from kb.sources import Source, find_source
from kb.store.archive import (
    Counts,
    close_run,
    ensure_log,
    open_archive,
    record_captures,
    record_declarations,
    start_run,
)

ARCHIVE = "archive.db"

Progress = Callable[[int, int], None]


class ImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to import: a captures file, the sources declared, and the one all captures belong to (None: by URL).

    ``now`` (a UTC instant) and ``token`` (random) name the run, and the log if the archive is new.
    """

    file: Path
    sources: Sequence[Source]
    source: str | None = None
    now: str
    token: str


class ImportResult(msgspec.Struct, frozen=True):
    """What was imported: the run, what it recorded, and the number of captures of each source."""

    run: str
    counts: Counts
    sources: dict[str, int]


def ignore_progress(done: int, total: int) -> None:
    """Take note of nothing."""


def import_captures(data: Path, request: ImportRequest, *, progress: Progress = ignore_progress) -> ImportResult:
    """Archive every capture of a file, or none, as one run in the data folder.

    ``progress`` is called with the captures handed to the archive so far and their total. A run that dies stays open
    and is never built; importing the file again is harmless. Raises CapturesError, UnknownSourceError, and
    DeclarationError where two sources claim one URL.
    """
    lines = read_captures(request.file)
    owners = _attribute(lines, request)
    run = f"{request.now}-{request.token}"
    used = {source.id: source.body for source in owners.values()}
    with closing(open_archive(data / ARCHIVE)) as db:
        ensure_log(db, run, request.now)
        start_run(db, run, "import", request.now)
        record_declarations(db, used, request.now)
        counts = record_captures(db, run, _load_captures(lines, owners, progress))
        close_run(db, run, request.now)
    return ImportResult(run, counts, _count_sources(lines, owners))


def _attribute(lines: Sequence[CaptureLine], request: ImportRequest) -> dict[str, Source]:
    """Find the source of every URL; raises UnknownSourceError listing the URLs nobody claims."""
    urls = dict.fromkeys(line.url for line in lines)
    if request.source is not None:
        return dict.fromkeys(urls, choose_source(request.sources, request.source))
    claims = {url: source for url in urls if (source := find_source(request.sources, url)) is not None}
    strays = [url for url in urls if url not in claims]
    if strays:
        title = (
            f"{request.file}: nothing was imported: expected a declared source for every URL, found none for "
            f"{len(strays)} of {len(urls)}; declare them or name their source with --source"
        )
        raise UnknownSourceError(list_findings(title, strays))
    return claims


def choose_source(sources: Sequence[Source], name: str) -> Source:
    """Find the source of an id; raises UnknownSourceError naming those there are."""
    for source in sources:
        if source.id == name:
            return source
    known = list_known((source.id for source in sources), [name])
    raise UnknownSourceError(f"source {name!r}: expected the id of a declared source ({known})")


def _load_captures(lines: Sequence[CaptureLine], owners: dict[str, Source], progress: Progress) -> Iterator[Capture]:
    """Read the bytes of one capture after the other, never holding more than the archive's batch."""
    for done, line in enumerate(lines, start=1):
        yield _load_capture(line, owners[line.url].id)
        progress(done, len(lines))


def _load_capture(line: CaptureLine, source: str) -> Capture:
    """Make the capture of a line; bytes beyond the limit are not kept, and the fetch says so."""
    too_large = line.size > LARGEST_BODY
    found = f"body: expected at most {LARGEST_BODY} bytes, found {line.size}" if too_large else ""
    return Capture(
        url=line.url,
        observed_at=line.observed_at,
        status=line.status,
        source=source,
        outcome=tell_outcome(line.status, line.headers, None if line.path is None else line.size),
        body=None if line.path is None or too_large else line.path.read_bytes(),
        media_type=line.media_type,
        headers=line.headers,
        error=found,
    )


def _count_sources(lines: Sequence[CaptureLine], owners: dict[str, Source]) -> dict[str, int]:
    """Count the captures of each source, by its id in alphabetical order."""
    counts: dict[str, int] = {}
    for line in lines:
        counts[owners[line.url].id] = counts.get(owners[line.url].id, 0) + 1
    return dict(sorted(counts.items()))
