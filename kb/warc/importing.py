"""Backfill: archive what other web archives recorded of the pages we watch, from WARC files of any size."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain, groupby
from pathlib import Path
from tempfile import TemporaryFile

import msgspec

from kb.captures import list_findings
from kb.collect import ARCHIVE, Progress, ignore_progress
from kb.errors import NotFoundError, UnknownSourceError
from kb.models import Capture, Run
from kb.sources import Source
from kb.store.archive import (
    Counts,
    close_run,
    ensure_log,
    open_archive,
    read_snapshot,
    record_captures,
    record_declarations,
    start_run,
)
from kb.store.transfer import BodyAt, close_restored, find_body_at, has_fetch, restore_run
from kb.warc.owners import Owners
from kb.warc.records import check_warc, read_records
from kb.warc.taking import Notes, Piece, Taker, Waiting, choose_limit


class WarcRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to import: WARC files, the sources declared, and the one all answers belong to (None: by URL).

    ``now`` (a UTC instant) and ``token`` (random) name the run, and the log if the archive is new.
    """

    files: Sequence[Path]
    sources: Sequence[Source]
    source: Source | None = None
    now: str
    token: str


class WarcResult(msgspec.Struct, frozen=True):
    """What was imported: what was recorded, the captures of each source, the runs restored, and what was met."""

    counts: Counts
    sources: dict[str, int]
    restored: int
    notes: Notes


def import_warcs(data: Path, request: WarcRequest, *, progress: Progress = ignore_progress) -> WarcResult:
    """Archive every answer in the files that belongs to a source; what nobody claims is left aside and counted.

    A broken part of a file is noted, the rest is imported. ``progress`` is called with bytes read and their total. An
    import that dies leaves its runs open, and they are never built; importing again is harmless. Raises WarcError for
    a file that is none, UnknownSourceError where no record belongs to a source, DeclarationError where two claim one.
    """
    for path in request.files:
        check_warc(path)
    with TemporaryFile() as aside:
        former = {alias: source for source in request.sources for alias in source.aliases}
        declared = former | {source.id: source for source in request.sources}
        taker = Taker(Owners(request.sources), declared, request.source, aside)
        pieces = _read_pieces(request.files, taker, progress)
        first = next(pieces, None)
        if first is None and not taker.waiting:
            raise UnknownSourceError(_describe_nothing(request.files, taker.notes))
        with closing(open_archive(data / ARCHIVE)) as db:
            recorder = _Recorder(db, request, taker.notes)
            recorder.record(chain(() if first is None else (first,), pieces))
            recorder.record(_find_bodies(db, taker))
            return recorder.finish()


def _read_pieces(files: Sequence[Path], taker: Taker, progress: Progress) -> Iterator[Piece]:
    total, before = sum(path.stat().st_size for path in files), 0
    for path in files:
        for record in read_records(path, taker.wants, _count_from(before, total, progress), choose_limit):
            yield from taker.take(path, record)
        before += path.stat().st_size


def _count_from(before: int, total: int, progress: Progress) -> Callable[[int], None]:
    return lambda offset: progress(before + offset, total)


def _describe_nothing(files: Sequence[Path], notes: Notes) -> str:
    shown = ", ".join(map(str, files[:3])) + (" …" if len(files) > 3 else "")
    title = (
        f"{shown}: nothing was imported: expected an answer of a declared source, found none "
        f"({notes.elsewhere} of other URLs, {len(notes.broken)} broken)"
    )
    return list_findings(title, notes.broken)


def _find_bodies(db: sqlite3.Connection, taker: Taker) -> Iterator[Piece]:
    """Yield what was put aside with the bytes it shares with another capture; what shares none is noted as lost."""
    for waiting in taker.list_waiting():
        sha256 = _find_hash(db, taker, waiting)
        try:
            body = read_snapshot(db, sha256)
        except NotFoundError:
            capture = waiting.capture
            taker.notes.lost.append(f"{waiting.place}: {capture.url} of {capture.observed_at}")
            continue
        yield Piece(msgspec.structs.replace(waiting.capture, body=body), waiting.transfer)


def _find_hash(db: sqlite3.Connection, taker: Taker, waiting: Waiting) -> str:
    """Find the hash of the bytes that one of the keys names, in the files or in the archive; "" if there is none."""
    for key in waiting.keys:
        known = taker.digests.get(key)
        if known is not None:
            return known.hex()
    for key in waiting.keys:
        url, _, at = key.rpartition(" ")
        if not url:
            found: str | None = key.removeprefix("sha256:") if key.startswith("sha256:") else None
        else:
            found = find_body_at(db, BodyAt(waiting.capture.source, url, at))
        if found is not None:
            return found
    return ""


class _Recorder:
    """Writes captures into runs: those of another archive of this project into the runs they had there."""

    def __init__(self, db: sqlite3.Connection, request: WarcRequest, notes: Notes) -> None:
        self.db = db
        self.request = request
        self.notes = notes
        self.run = f"{request.now}-{request.token}"
        self.restored: dict[Run, bool] = {}
        self.counts = Counts()
        self.sources: dict[str, int] = {}
        self.is_started = False
        ensure_log(db, self.run, request.now)

    def record(self, pieces: Iterator[Piece]) -> None:
        """Record captures in order, those of one run together."""
        for run, group in groupby(pieces, key=self._choose_run):
            self.counts += record_captures(self.db, run, self._count(group))

    def finish(self) -> WarcResult:
        """Close the runs; from now on they are built."""
        declared = {source.id: source for source in self.request.sources}
        used = {name: declared[name].body for name in self.sources}
        record_declarations(self.db, used, self.request.now)
        for run, is_open in self.restored.items():
            if is_open:
                close_restored(self.db, run)
        if self.is_started:
            close_run(self.db, self.run, self.request.now)
        restored = sum(self.restored.values())
        return WarcResult(self.counts, dict(sorted(self.sources.items())), restored, self.notes)

    def _choose_run(self, piece: Piece) -> str:
        """Name the run a capture goes to; days of imports are waves of their own, whatever run holds them."""
        run = None if piece.transfer is None else piece.transfer.run
        if run is not None and run.kind == "crawl":
            if run not in self.restored:
                self.restored[run] = restore_run(self.db, run)
            if self.restored[run]:
                return run.run
        if not self.is_started:
            start_run(self.db, self.run, "import", self.request.now)
            self.is_started = True
        return self.run

    def _count(self, pieces: Iterator[Piece]) -> Iterator[Capture]:
        """Yield the captures that the archive does not hold yet."""
        for piece in pieces:
            if piece.transfer is not None and has_fetch(self.db, piece.transfer):
                self.notes.known += 1
                continue
            source = piece.capture.source
            self.sources[source] = self.sources.get(source, 0) + 1
            yield piece.capture
