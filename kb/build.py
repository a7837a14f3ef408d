"""Build the knowledge base: read every new wave of the archive and follow each source through it.

The result is a pure function of archive, declarations and code: from scratch or step by step, with one worker or many,
the export has the same bytes. One build at a time writes (a lock on the data folder).
"""

import re
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import blake2b, sha256
from pathlib import Path

import msgspec

from kb.answer.facts import Fact
from kb.answering import derive_answers
from kb.compare.state import Seen, SourceState
from kb.compare.track import track_wave
from kb.errors import DamagedSnapshotError
from kb.history import settle_past, split_wave
from kb.incidents import find_answers, follow_incidents
from kb.marks import mark_address, read_marks
from kb.models import Fetch, Flaw, Page, Problem, Reading, Wave
from kb.read.jobs import Rendition
from kb.read.page import name_format, read_page, read_rendered
from kb.sources import Source, parse_source
from kb.store.archive import (
    WaveKey,
    fingerprint_wave,
    list_waves,
    open_archive,
    read_declarations,
    read_errors,
    read_snapshot,
    read_wave,
)
from kb.store.connection import data_lock, transaction
from kb.store.incidents import read_open_incidents, record_incidents
from kb.store.knowledge import (
    delete_source,
    open_knowledge,
    read_built_waves,
    read_digests,
    read_past_keys,
    read_state,
    read_version,
    record_source,
    record_wave,
)
from kb.store.renditions import read_rendition, read_tools

Progress = Callable[[int, int], None]
# Readings of known versions kept at hand; a title page holds some hundreds.
MOST_KEPT_READINGS = 1500
# Bytes of a page whose tags are compared, twice the largest title page known: of a trap they would fill the memory.
MOST_MARKUP = 8 * 1024 * 1024
# <h3 class="section": a tag with its class, as bytes; counted to tell a page that another program rendered
TAG = re.compile(rb'<([a-z][a-z0-9]*(?: class="[^"]*")?)')
# From this size on a page is a title of many documents, whose rendering moves text from one to the next.
LARGE_PAGE = 64 * 1024
# Pages handed to a worker at once.
CHUNK = 16


class BuildRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to build: the declarations, the facts, whether to start over, how many processes read, how long to wait."""

    sources: Sequence[Source] = ()
    facts: Sequence[Fact] = ()
    from_scratch: bool = False
    workers: int = 1
    wait_seconds: float = 0


class BuildResult(msgspec.Struct):
    """What a build did: waves read, pages judged, rows added, sources derived anew, snapshots found damaged.

    ``answers_moved`` tells whether any fact or the state of its anchor is another than before, ``flagged`` how many
    facts were found to rest on words that changed or are gone, ``facts_dropped`` how many stand in no folder any more.
    """

    waves: int = 0
    pages: int = 0
    versions: int = 0
    changes: int = 0
    suspects: int = 0
    answers_moved: bool = False
    flagged: int = 0
    facts_dropped: int = 0
    rederived: list[str] = []
    damaged: list[str] = []


class _Work(msgspec.Struct, frozen=True):
    """A wave to build and the fingerprint it is built under."""

    key: WaveKey
    fingerprint: str


def ignore_progress(done: int, total: int) -> None:
    """Show nothing."""


def build(data: Path, request: BuildRequest, *, progress: Progress = ignore_progress) -> BuildResult:
    """Bring kb.db up to the archive.

    Returns what was done. Raises BusyError if another build holds the folder, MissingDatabaseError without an archive.
    """
    with data_lock(data, "build", wait_seconds=request.wait_seconds):
        archive = _open_current(data / "archive.db")
        if request.from_scratch:
            for leftover in data.glob("kb.db*"):
                leftover.unlink()
        knowledge = open_knowledge(data / "kb.db")
        try:
            return _Build(data, archive, knowledge, request).run(progress)
        finally:
            knowledge.close()
            archive.close()


def _open_current(path: Path) -> sqlite3.Connection:
    """Open the archive for reading, brought up to this version first; raises MissingDatabaseError."""
    if path.is_file():
        open_archive(path).close()
    return open_archive(path, read_only=True)


def choose_sources(archive: sqlite3.Connection, declared: Sequence[Source]) -> dict[str, Source]:
    """Return the declaration of every source: today's where given, else the latest one the archive was filled with."""
    chosen = {row.source: (row.body, row.sha256) for row in read_declarations(archive)}
    kept = {
        name: parse_source(msgspec.json.decode(body), f"the archive's declaration of {name}")
        for name, (body, _) in chosen.items()
        if name not in {source.id for source in declared}
    }
    return kept | {source.id: source for source in declared}


class _Build:
    """One build in progress."""

    def __init__(
        self, data: Path, archive: sqlite3.Connection, knowledge: sqlite3.Connection, request: BuildRequest
    ) -> None:
        self.data = data
        self.archive = archive
        self.knowledge = knowledge
        self.workers = request.workers
        self.sources = choose_sources(archive, request.sources)
        self.facts = request.facts
        self.states: dict[str, SourceState] = {}
        self.readings: OrderedDict[str, Reading] = OrderedDict()
        self.result = BuildResult()

    def run(self, progress: Progress) -> BuildResult:
        work = self._plan()
        with _Readers(self.data, self.archive, self.sources, self.workers) as readers:
            for done, one in enumerate(work):
                self._build_wave(one, readers)
                progress(done + 1, len(work))
        self.result.damaged.extend(readers.damaged)
        answers = derive_answers(self.knowledge, self.facts, self.sources)
        self.result.answers_moved, self.result.flagged = answers.is_other, answers.flagged
        self.result.facts_dropped = answers.dropped
        return self.result

    def _plan(self) -> list[_Work]:
        """Return the waves to build; a source with altered, older or vanished waves or keys is derived anew."""
        tools = read_tools(self.archive)
        work = [
            _Work(key, _fingerprint(read_wave(self.archive, key), tools))
            for key in list_waves(self.archive)
            if key.source in self.sources
        ]
        built = read_built_waves(self.knowledge)
        digests = read_digests(self.knowledge)
        by_source: dict[str, list[_Work]] = {}
        for one in work:
            by_source.setdefault(one.key.source, []).append(one)
        with transaction(self.knowledge):
            for source in sorted({*by_source, *digests}):
                self._reset_altered(source, by_source.get(source, []), built, digests)
        built = read_built_waves(self.knowledge)
        return [one for one in work if (one.key.source, one.key.at) not in built]

    def _reset_altered(
        self, source: str, work: Sequence[_Work], built: Mapping[tuple[str, str], str], digests: Mapping[str, str]
    ) -> None:
        mine = sorted(at for name, at in built if name == source)
        now = [(one.key.at, one.fingerprint) for one in work]
        before = [(at, built[source, at]) for at in mine]
        declared = self.sources[source].digest if source in self.sources else ""
        if now[: len(before)] != before or digests.get(source, declared) != declared:
            delete_source(self.knowledge, source)
            self.result.rederived.append(source)
        if source in self.sources:
            record_source(self.knowledge, _source_row(self.sources[source]))

    def _build_wave(self, one: _Work, readers: "_Readers") -> None:
        source = self.sources[one.key.source]
        state = self.states.get(source.id)
        if state is None:
            state = self.states[source.id] = read_state(self.knowledge, source.id)
        wave = read_wave(self.archive, one.key)
        readers.prepare(wave, {url: page.sha256 for url, page in state.pages.items()})
        notes = _Notes(readers.see, {url: page.shape for url, page in state.pages.items() if page.shape})
        today, past = split_wave(wave)
        result = track_wave(source, state, today, notes.see, self._load)
        if past:
            settle_past(state, result, past, notes.see, read_past_keys(self.knowledge, source.id))
        result.problems.extend(notes.list_problems(wave))
        for version in result.versions:
            self._keep(version.version, version.reading)
        answers = find_answers(wave, read_errors(self.archive, one.key), result.judged, result.problems)
        with transaction(self.knowledge):
            record_wave(self.knowledge, result, one.fingerprint)
            sightings, after = follow_incidents(wave, read_open_incidents(self.knowledge, source.id), answers)
            record_incidents(self.knowledge, source.id, sightings, after)
        self.result.waves += 1
        self.result.pages += len(result.judged)
        self.result.versions += len(result.versions)
        self.result.changes += len(result.changes)
        self.result.suspects += sum(1 for judged in result.judged if judged.verdict == "suspect")

    def _load(self, version: str) -> Reading:
        known = self.readings.get(version)
        if known is None:
            known = read_version(self.knowledge, version)
            self._keep(version, known)
        return known

    def _keep(self, version: str, reading: Reading) -> None:
        self.readings[version] = reading
        if len(self.readings) > MOST_KEPT_READINGS:
            self.readings.popitem(last=False)


def _fingerprint(wave: Wave, tools: Mapping[str, str]) -> str:
    """Return the fingerprint of a wave and of what programs made of its snapshots: a text made later is read anew."""
    made = sorted(f"{name} {tools[name]}" for name in {fetch.sha256 or "" for fetch in wave.fetches} if name in tools)
    told = fingerprint_wave(wave)
    return sha256(" ".join([told, *made]).encode()).hexdigest() if made else told


class _Notes:
    """Watches the pages of a wave as they are read: which turned into another format, which a machine read."""

    def __init__(self, see: Callable[[Fetch], Seen], shapes: Mapping[str, str]) -> None:
        self._see = see
        self.shapes = shapes
        self.found: list[tuple[Fetch, Flaw]] = []

    def see(self, fetch: Fetch) -> Seen:
        """Return what a fetch's page says, and note what is odd about it; what is odd makes no page wrong."""
        seen = self._see(fetch)
        before, now = name_format(self.shapes.get(fetch.url, "")), name_format(seen.page.shape)
        if before and now and before != now:
            told = f"the page was {before} when last believed and is {now} now: {fetch.url}"
            self.found.append((fetch, Flaw("format_changed", told)))
        if seen.page.tool:
            self.found.append((fetch, Flaw("read_by_machine", f"its text was made by {seen.page.tool}: {fetch.url}")))
        return seen

    def list_problems(self, wave: Wave) -> Iterator[Problem]:
        """Yield what was noted as problems of the wave."""
        for fetch, flaw in self.found:
            yield Problem(
                source=wave.source,
                url=fetch.url,
                observed_at=fetch.observed_at,
                wave_at=wave.at,
                code=flaw.code,
                message=flaw.message,
            )


def _source_row(source: Source) -> dict[str, str]:
    return {
        "source": source.id,
        "jurisdiction": source.jurisdiction,
        "authority": source.authority.id if source.authority is not None else "",
        "title": source.title,
        "platform": source.platform,
        "digest": source.digest,
        "body": msgspec.json.encode(source.body).decode(),
    }


def see_page(body: bytes, source: Source, fetch: Fetch, rendition: Rendition | None = None) -> Seen:
    """Read one fetched page under the declaration of its day, with what a program made of it where one did.

    Its frame is a hash of its bytes without figures, its tags are one of the tags with their classes alone.
    """
    # What a redirect leads to is the page of its own address: an old address then shows the document that stands there.
    url = fetch.url
    if fetch.final_url and source.matches(fetch.final_url):
        url = mark_address(source.canonicalise(fetch.final_url), read_marks(fetch.url))
    rule = source.at(fetch.observed_at)
    if rendition is not None:
        page = read_rendered(body, rule, url, rendition)
    else:
        page = read_page(body, rule, url, media_type=fetch.media_type, charset=fetch.charset)
    tags = TAG.findall(body, 0, MOST_MARKUP)
    frame, shape = (
        blake2b(text.translate(None, b"0123456789"), digest_size=8).hexdigest() for text in (body, b"<".join(tags))
    )
    markup = Counter(tag.decode() for tag in tags) if len(body) >= LARGE_PAGE else {}
    return Seen(page, frame, dict(markup), shape)


class _Readers:
    """Reads the pages of a wave ahead, in this process or in several; order and number of workers change nothing."""

    def __init__(self, data: Path, archive: sqlite3.Connection, sources: Mapping[str, Source], workers: int) -> None:
        self.archive = archive
        self.sources = sources
        self.damaged: list[str] = []
        self.ahead: Iterator[tuple[Fetch, Seen]] = iter(())
        self.pool = (
            ProcessPoolExecutor(workers, initializer=_start_reader, initargs=(data, dict(sources)))
            if workers > 1
            else None
        )
        self.ready: dict[int, Seen] = {}

    def __enter__(self) -> "_Readers":
        return self

    def __exit__(self, *_: object) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)

    def prepare(self, wave: Wave, known: Mapping[str, str]) -> None:
        """Start reading the pages of a wave whose bytes are not known already."""
        self.ready.clear()
        if self.pool is None:
            self.ahead = iter(())
            return
        wanted = [fetch for fetch in wave.fetches if fetch.outcome == "ok" and fetch.sha256 != known.get(fetch.url)]
        results = self.pool.map(_read_remote, wanted, chunksize=CHUNK)
        self.ahead = zip(wanted, results, strict=True)

    def see(self, fetch: Fetch) -> Seen:
        """Return what a fetch's page says."""
        while fetch.seq not in self.ready:
            found = next(self.ahead, None)
            if found is None:
                return self._note(fetch, _read_local(self.archive, self.sources[fetch.source], fetch))
            self.ready[found[0].seq] = found[1]
        return self._note(fetch, self.ready.pop(fetch.seq))

    def _note(self, fetch: Fetch, seen: Seen) -> Seen:
        if any(flaw.code == "damaged" for flaw in seen.page.flaws):
            self.damaged.append(f"{fetch.sha256} ({fetch.url})")
        return seen


def _read_local(archive: sqlite3.Connection, source: Source, fetch: Fetch) -> Seen:
    try:
        body = read_snapshot(archive, fetch.sha256 or "")
    except DamagedSnapshotError as error:
        return Seen(Page(readings=(), length=0, shape="", flaws=(Flaw("damaged", str(error)),)), "")
    return see_page(body, source, fetch, read_rendition(archive, fetch.sha256 or ""))


# What a reader process holds: its own connection and the declarations.
_REMOTE: dict[str, tuple[sqlite3.Connection, Mapping[str, Source]]] = {}


def _start_reader(data: Path, sources: Mapping[str, Source]) -> None:
    _REMOTE["reader"] = (open_archive(data / "archive.db", read_only=True), sources)


def _read_remote(fetch: Fetch) -> Seen:
    archive, sources = _REMOTE["reader"]
    return _read_local(archive, sources[fetch.source], fetch)
