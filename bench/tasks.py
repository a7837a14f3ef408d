"""One measurement per process: `python -m bench.tasks TASK PAGES` prints what it cost as one JSON object.

Costs are CPU seconds of the process (never wall-clock time), the least of several runs; a bare lxml parse of the same
pages is timed between them. Peak memory is that of the whole process (getrusage), with its libraries and inputs.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec
from lxml import html as lxml_html

from bench.statutes import MARKED_LAW, PLAIN_LAW, mark_up, write_sections, write_statutes, write_title
from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.compare.readings import compare_readings
from kb.compare.redline import redline
from kb.evaluate.corpus import CAPTURES, read_lines
from kb.evaluate.sets import CORPUS, SOURCES, drop_selectors
from kb.models import Reading
from kb.read.decode import decode_text
from kb.read.documents import cut_sections, read_section
from kb.read.html import Selectors, read_markup
from kb.read.page import read_page
from kb.sources import Source, parse_source, read_sources

PAGES = 200
RUNS = 5
SITE = "https://code.example.gov/"
SECTION_PAGES: Mapping[str, object] = {
    "id": "us-xx-code",
    "jurisdiction": "us-xx",
    "platform": "page",
    "match": [SITE],
    "document": {"work": "code", "pattern": r"/(?P<citation>[^/]+)\.html$"},
    "select": {"main": "main", "heading": "h1", "note": ".history"},
}
TITLE_PAGE: Mapping[str, object] = {
    **SECTION_PAGES,
    "document": {"work": "code", "from": "heading", "pattern": r"§ (?P<citation>\d+-\d+)"},
    "select": {"main": "main", "heading": "h3", "note": ".history"},
}


class Cost(msgspec.Struct, kw_only=True):
    """What a measurement cost: CPU seconds of the best run, the same for a bare lxml parse, pages, sizes in bytes."""

    seconds: float
    bare_seconds: float = 0.0
    pages: int = 1
    raw_bytes: int = 0
    stored_bytes: int = 0
    peak_bytes: int = 0


class Inputs(msgspec.Struct, frozen=True):
    """Pages to measure with: their source, URLs, bytes, the same with other frames, and the same with other law."""

    source: Source
    urls: Sequence[str]
    bodies: Sequence[bytes]
    restamped: Sequence[bytes]
    edited: Sequence[bytes]


def load_statutes() -> Inputs:
    """Return generated section pages of 20 KB, with hardly any markup."""
    return _make_inputs(PLAIN_LAW, bytes)


def load_marked() -> Inputs:
    """Return generated section pages of 20 KB, a third of it markup."""
    return _make_inputs(MARKED_LAW, mark_up)


def _make_inputs(law: int, dress: Callable[[bytes], bytes]) -> Inputs:
    bodies = list(map(dress, write_statutes(PAGES, law)))
    restamped = list(map(dress, write_statutes(PAGES, law, stamp="served today")))
    urls = [f"{SITE}12-{100 + page}.html" for page in range(PAGES)]
    source = parse_source(SECTION_PAGES, "the bench")
    return Inputs(source, urls, bodies, restamped, list(map(edit_law, bodies)))


def load_bare() -> Inputs:
    """Return recorded section pages of a real code whose source declares nothing, so that the main part is chosen."""
    inputs = load_recorded()
    return msgspec.structs.replace(inputs, source=drop_selectors(inputs.source))


def load_title() -> Inputs:
    """Return one generated title page of 4 MB."""
    body = write_title()
    return Inputs(parse_source(TITLE_PAGE, "the bench"), [f"{SITE}title-7.html"], [body], [body], [body])


def load_recorded() -> Inputs:
    """Return recorded section pages of a real code (the set dc), each section's first capture."""
    lines = [line for line in read_lines(CORPUS / CAPTURES) if line.set == "dc" and line.path is not None]
    first = {line.url: line.path or "" for line in reversed(lines)}
    urls = sorted(first)[:PAGES]
    source = next(one for one in read_sources([SOURCES]) if one.matches(urls[0]))
    bodies = [(CORPUS / first[url]).read_bytes() for url in urls]
    restamped = [body.replace(b"</head>", b"<!-- served today --></head>", 1) for body in bodies]
    return Inputs(source, urls, bodies, restamped, list(map(edit_law, bodies)))


def edit_law(body: bytes) -> bytes:
    """Return a page whose law differs in one word."""
    return body.replace(b" may ", b" shall ", 1)


def parse_bare(inputs: Inputs) -> None:
    """Parse every page with lxml and do nothing else: the yardstick."""
    for body in inputs.bodies:
        lxml_html.document_fromstring(body)


def time_runs(inputs: Inputs, prepare: Callable[[Path], object], work: Callable[[Path], object]) -> Cost:
    """Return the least cost of RUNS runs; each gets an empty folder, ``prepare`` is not counted."""
    own, bare = [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory(prefix="kb-bench-") as name:
            prepare(Path(name))
            own.append(_time(partial(work, Path(name))))
        bare.append(_time(partial(parse_bare, inputs)))
    raw = sum(map(len, inputs.bodies))
    return Cost(seconds=min(own), bare_seconds=min(bare), pages=len(inputs.bodies), raw_bytes=raw)


def _time(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def prepare_nothing(_: Path) -> None:
    """Leave the folder empty."""


def measure_tree(inputs: Inputs) -> Cost:
    """Measure reading text and tree: bytes to provisions, without citations, notes' acts and dates.

    As with the bare parse, a page is let go before the next one is read.
    """

    def read(_: Path) -> None:
        for page in range(len(inputs.urls)):
            read_tree(inputs, page)

    return time_runs(inputs, prepare_nothing, read)


def read_tree(inputs: Inputs, page: int) -> list[Reading]:
    """Return the documents of one page without their fields."""
    select = inputs.source.select
    selectors = Selectors(
        select.main or "", select.heading or "", select.note or "", select.pending or "", inputs.source.remove
    )
    markup = read_markup(decode_text(inputs.bodies[page]).text, selectors)
    sections = cut_sections(markup.lines, inputs.source, inputs.urls[page])
    return [read_section(section, inputs.source, fields=False) for section in sections]


def measure_read(inputs: Inputs) -> Cost:
    """Measure reading whole pages: text, tree, citations, notes, acts, dates and checks."""

    def read(_: Path) -> None:
        for body, url in zip(inputs.bodies, inputs.urls, strict=True):
            read_page(body, inputs.source, url)

    return time_runs(inputs, prepare_nothing, read)


def read_all(inputs: Inputs, bodies: Sequence[bytes]) -> list[Reading]:
    """Return every document of the pages."""
    pages = (read_page(body, inputs.source, url) for url, body in zip(inputs.urls, bodies, strict=True))
    return [reading for page in pages for reading in page.readings]


def measure_compare(inputs: Inputs) -> Cost:
    """Measure comparing every page's document with the same one, a word of it edited."""
    pairs = list(zip(read_all(inputs, inputs.bodies), read_all(inputs, inputs.edited), strict=True))
    return time_runs(inputs, prepare_nothing, lambda _: [compare_readings(old, new) for old, new in pairs])


def measure_import(inputs: Inputs) -> Cost:
    """Measure archiving: captures file to archive.db, its size beside the raw bytes."""
    sizes: list[int] = []

    def archive(folder: Path) -> None:
        import_wave(folder, inputs, 1)
        sizes.append(sum(file.stat().st_size for file in folder.glob("archive.db*")))

    cost = time_runs(inputs, lambda folder: record_pages(folder, inputs, inputs.bodies, 1), archive)
    cost.stored_bytes = min(sizes)
    return cost


def measure_new(inputs: Inputs) -> Cost:
    """Measure building pages never seen before."""

    def prepare(folder: Path) -> None:
        record_pages(folder, inputs, inputs.bodies, 1)
        import_wave(folder, inputs, 1)

    return time_runs(inputs, prepare, lambda folder: build_pages(folder, inputs))


def measure_same(inputs: Inputs) -> Cost:
    """Measure building a second wave of the very same bytes."""
    return _measure_second(inputs, inputs.bodies)


def measure_restamped(inputs: Inputs) -> Cost:
    """Measure building a second wave of other bytes with the same text."""
    return _measure_second(inputs, inputs.restamped)


def measure_edited(inputs: Inputs) -> Cost:
    """Measure building a second wave in which every page's law changed."""
    return _measure_second(inputs, inputs.edited)


def _measure_second(inputs: Inputs, bodies: Sequence[bytes]) -> Cost:
    def prepare(folder: Path) -> None:
        record_pages(folder, inputs, inputs.bodies, 1)
        import_wave(folder, inputs, 1)
        build_pages(folder, inputs)
        record_pages(folder, inputs, bodies, 2)
        import_wave(folder, inputs, 2)

    return time_runs(inputs, prepare, lambda folder: build_pages(folder, inputs))


def measure_once(inputs: Inputs) -> Cost:
    """Measure importing and building once, for the memory of it."""
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as name:
        folder = Path(name)
        record_pages(folder, inputs, inputs.bodies, 1)
        import_wave(folder, inputs, 1)
        seconds = _time(lambda: build_pages(folder, inputs))
    return Cost(seconds=seconds, pages=len(inputs.bodies), raw_bytes=sum(map(len, inputs.bodies)))


def record_pages(folder: Path, inputs: Inputs, bodies: Sequence[bytes], day: int) -> None:
    """Write pages and their captures file, observed on a day of January 2024."""
    (folder / str(day)).mkdir()
    lines = []
    for number, (url, body) in enumerate(zip(inputs.urls, bodies, strict=True)):
        (folder / str(day) / f"{number}.html").write_bytes(body)
        instant = f"2024-01-{day:02}T08:00:00Z"
        line = {"url": url, "observed_at": instant, "status": 200, "path": f"{number}.html", "media_type": "text/html"}
        lines.append(msgspec.json.encode(line))
    (folder / str(day) / CAPTURES).write_bytes(b"\n".join(lines))


def import_wave(folder: Path, inputs: Inputs, day: int) -> None:
    """Archive the pages recorded on a day."""
    now = f"2024-01-{day:02}T09:00:00Z"
    file = folder / str(day) / CAPTURES
    import_captures(folder, ImportRequest(file=file, sources=[inputs.source], now=now, token=str(day)))


def build_pages(folder: Path, inputs: Inputs) -> None:
    """Build with one process."""
    build(folder, BuildRequest(sources=[inputs.source]))


def measure_sentence() -> Cost:
    """Measure the redline of a document of 394 KB in which one sentence was edited."""
    old = "\n".join(write_sections(394_000, 20))
    middle = old.index(" shall ", len(old) // 2)
    new = old[:middle] + " may, in writing and without delay, " + old[middle + len(" shall ") :]
    return Cost(seconds=min(_time(lambda: redline(old, new)) for _ in range(RUNS)), raw_bytes=len(old.encode()))


def measure_sections() -> Cost:
    """Measure the redline of about 189,000 words and signs in which three sections of ten were edited."""
    sections = write_sections(960_000, 200)
    edited = [
        text.replace(" shall ", " must ").replace(" the ", " any ", 5) if number % 10 < 3 else text
        for number, text in enumerate(sections)
    ]
    old, new = "\n".join(sections), "\n".join(edited)
    return Cost(seconds=min(_time(lambda: redline(old, new)) for _ in range(2)), raw_bytes=len(old.encode()))


LOADERS: Mapping[str, Callable[[], Inputs]] = {
    "statutes": load_statutes,
    "marked": load_marked,
    "title": load_title,
    "dc": load_recorded,
    "dc-bare": load_bare,
}
PAGE_TASKS: Mapping[str, Callable[[Inputs], Cost]] = {
    "tree": measure_tree,
    "read": measure_read,
    "compare": measure_compare,
    "import": measure_import,
    "new": measure_new,
    "same": measure_same,
    "restamped": measure_restamped,
    "edited": measure_edited,
    "once": measure_once,
}
TEXT_TASKS: Mapping[str, Callable[[], Cost]] = {"sentence": measure_sentence, "sections": measure_sections}


def main(task: str, pages: str = "") -> None:
    """Run one measurement and print its cost."""
    cost = TEXT_TASKS[task]() if task in TEXT_TASKS else PAGE_TASKS[task](LOADERS[pages]())
    # Linux counts ru_maxrss in KiB.
    cost.peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(msgspec.json.encode(cost).decode() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
