"""The demonstration: fill a data folder from the small recorded web that ships with this project, day by day.

The recorded web (``kb/demo_web``) holds paraphrases: changes of real jurisdictions are real ones with their dates and
evidence, everything else happens in the State of Example. Each day of capture is collected as the web stood then,
built, and at the end all is published.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

import msgspec

from kb.answer.facts import Fact
from kb.build import BuildRequest, build
from kb.captures import CaptureLine, order_instant, read_captures
from kb.coding import default_facts_folder, read_facts
from kb.collect import ARCHIVE, ImportRequest, import_captures
from kb.errors import StatusQuoError
from kb.sources import SOURCES_VARIABLE, Source, find_source, read_sources
from kb.store.archive import list_waves, open_archive

WEB = Path(__file__).parent / "demo_web"
CAPTURES = WEB / "captures.jsonl"
SOURCES = WEB / "sources"
FACTS = WEB / "facts"
# The hour (UTC) at which a day's web is looked at: after all of its captures.
HOUR = "12:00:00Z"


class DemoCrawlError(StatusQuoError):
    """Raised when the crawl of a day of the demonstration fails; the message ends with what the crawler said."""

    exit_code = 3


class DemoDay(msgspec.Struct, frozen=True):
    """A day of the recorded web: its date, and the ids of the sources recorded by then."""

    date: str
    sources: tuple[str, ...]


def crawl_day(data: Path, day: DemoDay) -> None:
    """Crawl the recorded web as it stood on a day, with the real spiders over HTTP on this machine.

    Raises DemoCrawlError when the crawler ends with an error.
    """
    chosen = [part for name in day.sources for part in ("--source", name)]
    command = [sys.executable, "-P", "-m", "crawlers.run", "--replay", str(CAPTURES), "--at", day.date]
    # In place of the sources that ship: the demonstration crawls its own web only, and does not read theirs.
    own = {**os.environ, SOURCES_VARIABLE: str(SOURCES)}
    command += ["--data", str(data), *chosen]
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise DemoCrawlError(f"the crawl of {day.date} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")


def import_day(data: Path, day: DemoDay) -> None:
    """Archive the recorded web as it stood on a day, without HTTP: the latest capture of every page up to then."""
    lines = list_standing(read_captures(CAPTURES), day)
    instant = f"{day.date}T{HOUR}"
    with TemporaryDirectory() as folder:
        file = Path(folder, "captures.jsonl")
        file.write_bytes(b"".join(_restate(line, instant, Path(folder)) for line in lines))
        # A run that died keeps its name: each attempt has its own.
        wanted = ImportRequest(file=file, sources=demo_sources(), now=instant, token=token_hex(4))
        import_captures(data, wanted)


def list_standing(lines: Iterable[CaptureLine], day: DemoDay) -> list[CaptureLine]:
    """Return the latest capture of every URL up to a day, for the day's sources, by URL."""
    declared = [source for source in demo_sources() if source.id in day.sources]
    latest = {line.url: line for line in _ordered(lines) if line.observed_at[:10] <= day.date}
    return [latest[url] for url in sorted(latest) if find_source(declared, url) is not None]


def _restate(line: CaptureLine, instant: str, folder: Path) -> bytes:
    """Write a capture as one of another instant, its bytes copied into the folder."""
    name = None
    if line.path is not None:
        name = f"{line.line}{line.path.suffix}"
        shutil.copyfile(line.path, folder / name)
    fields = {
        "url": line.url,
        "observed_at": instant,
        "status": line.status,
        "path": name,
        "media_type": line.media_type,
        "headers": line.headers,
    }
    return msgspec.json.encode(fields) + b"\n"


class DemoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """How to run the demonstration: what fills the archive for a day, what publishes, how many processes read."""

    collect: Callable[[Path, DemoDay], None] = crawl_day
    publish: Callable[[Path], object] | None = None
    workers: int = 1


class DemoResult(msgspec.Struct, frozen=True):
    """What was done: the days collected now, and those found in the archive already."""

    collected: tuple[str, ...]
    known: tuple[str, ...]


Progress = Callable[[int, int], None]


def ignore_progress(done: int, total: int) -> None:
    """Show nothing."""


def demo_sources() -> tuple[Source, ...]:
    """Return the declarations of the recorded web, by id; each is marked ``replica``."""
    return read_sources([SOURCES])


def demo_facts() -> tuple[Fact, ...]:
    """Return the facts of the recorded web, marked ``replica``, and beside them those that ship."""
    return read_facts((default_facts_folder(), FACTS), invented=[source.jurisdiction for source in demo_sources()])


def list_demo_days() -> tuple[DemoDay, ...]:
    """Return the days of the recorded web, earliest first.

    A source belongs to a day from its first capture on: asked for earlier, its pages would answer "not found" and look
    like new law later.
    """
    declared = demo_sources()
    first: dict[str, str] = {}
    for line in _ordered(read_captures(CAPTURES)):
        source = find_source(declared, line.url)
        if source is not None:
            first.setdefault(source.id, line.observed_at[:10])
    dates = sorted({line.observed_at[:10] for line in read_captures(CAPTURES)})
    return tuple(DemoDay(date, tuple(sorted(name for name in first if first[name] <= date))) for date in dates)


def run_demo(data: Path, request: DemoRequest, *, progress: Progress = ignore_progress) -> DemoResult:
    """Collect and build every day of the recorded web in a data folder, then publish.

    Days that the archive holds already are not collected again, so that a second run or one after an interruption is
    harmless. Returns what was done; raises what the collecting, building and publishing raise.
    """
    days = list_demo_days()
    facts = demo_facts()
    known = _known_days(data, {name for day in days for name in day.sources})
    for done, day in enumerate(days, start=1):
        if day.date not in known:
            request.collect(data, day)
        build(data, BuildRequest(sources=demo_sources(), facts=facts, workers=request.workers))
        progress(done, len(days))
    if request.publish is not None:
        request.publish(data)
    dates = [day.date for day in days]
    return DemoResult(
        collected=tuple(date for date in dates if date not in known),
        known=tuple(date for date in dates if date in known),
    )


def _ordered(lines: Iterable[CaptureLine]) -> list[CaptureLine]:
    return sorted(lines, key=lambda line: order_instant(line.observed_at))


def _known_days(data: Path, sources: set[str]) -> set[str]:
    """Return the days that the archive holds of the demonstration's sources, none if there is no archive yet."""
    if not (data / ARCHIVE).is_file():
        return set()
    with closing(open_archive(data / ARCHIVE, read_only=True)) as archive:
        return {wave.at[:10] for wave in list_waves(archive) if wave.source in sources}
