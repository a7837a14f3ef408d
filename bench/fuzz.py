"""Read and compare damaged pages, many thousands of them, and count crashes and hangs.

Run with `python -m bench.fuzz --cases 20000 --seed 1`; `--case K` runs one case alone and shows its error. Each case
takes a real page (of the corpus and of the saved pages of the tests), damages it, reads it with and without the
source's selectors and compares it with its original. A crash is any exception; a hang is a case that takes more CPU
time than its bound. The exit code is 1 if there is any. `--format pdf` (`docx`, `rtf`, `text`) damages such files
instead. They are read in a process apart, which may end: how often it did is told, and is neither crash nor hang here.
"""

import argparse
import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from bench.mutations import make_chance, mutate, mutate_file
from bench.papers import PAPERS, write_papers
from kb.compare.readings import compare_readings
from kb.compare.redline import redline, redline_html
from kb.evaluate.corpus import CAPTURES, date_line, read_lines
from kb.evaluate.sets import CORPUS, SOURCES
from kb.models import Reading
from kb.read.page import read_page
from kb.sources import Selectors, Source, find_source, parse_source, read_sources

SAVED = Path("tests/pages")
DEMO = Path("kb/demo_web")
# What declares the files that are written here.
PAPER_URL = "https://papers.example.gov/1"
PAPER_SOURCE = {"id": "us-xx-papers", "jurisdiction": "us-xx", "platform": "page"}
# Larger pages are cut to a window of this size: a case shall cost milliseconds.
WINDOW = 60_000
# CPU seconds after which a case is a hang, and how many times that before its process is ended from outside.
MOST_SECONDS, PATIENCE = 2.0, 10
# What a page says when the process that read it did not come to its end.
ENDED = ("crashed", "too_slow")
# Documents of a page that are compared, and changes of each whose redline is made.
MOST_COMPARED = 40


class Original(msgspec.Struct, frozen=True):
    """A page to be damaged: its bytes, the source that declares how it is read, and its address."""

    body: bytes
    source: Source
    url: str
    name: str
    media_type: str = ""


class Told(msgspec.Struct, frozen=True):
    """What became of the cases: how many were run, a line for each crash and hang, and for each end of a reader."""

    cases: int
    crashes: tuple[str, ...] = ()
    hangs: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()


def read_originals(corpus: Path, saved: Path = SAVED) -> tuple[tuple[Original, ...], ...]:
    """Return the saved pages of the tests and, where the corpus is present, the pages of each of its sets, once."""
    sources = read_sources([saved])
    shelves: dict[str, list[Original]] = {}
    for source in sources:
        url = (*source.urls, *source.start, *source.match)[0]
        own = Original((saved / f"{source.id}.html").read_bytes(), source, url, source.id)
        shelves.setdefault(str(saved), []).append(own)
    for one in _read_recorded(corpus) if (corpus / CAPTURES).is_file() else ():
        shelves.setdefault(one.name.partition("/")[0], []).append(one)
    return tuple(map(tuple, shelves.values()))


def _read_recorded(corpus: Path) -> Iterator[Original]:
    sources = read_sources([SOURCES])
    seen: set[str] = set()
    for line in map(date_line, read_lines(corpus / CAPTURES)):
        source = find_source(sources, line.url)
        if line.path is None or line.status != 200 or line.path in seen or source is None:
            continue
        seen.add(line.path)
        yield Original((corpus / line.path).read_bytes(), source.at(line.observed_at), line.url, line.path)


def read_files(kind: str) -> tuple[Original, ...]:
    """Return the files of one kind that are written for damaging, and those of the demonstration."""
    source = parse_source({**PAPER_SOURCE, "urls": [PAPER_URL]}, "the files that are written for damaging")
    found = [*write_papers(kind), *(path.read_bytes() for path in sorted(DEMO.rglob(f"*.{kind}")))]
    return tuple(Original(body, source, PAPER_URL, f"{kind} {at}", PAPERS[kind]) for at, body in enumerate(found))


def strip_selectors(source: Source) -> Source:
    """Return a source without its selectors: its pages are read by the automatic reading."""
    return msgspec.structs.replace(source, select=Selectors(), remove=())


def run_case(originals: Sequence[Sequence[Original]], seed: int, case: int) -> str:
    """Damage one page, read it both ways and compare it with its original; returns what was done, in words.

    Raises whatever reading and comparing raise: that is what is looked for.
    """
    chance = make_chance(f"{seed}:{case}")
    # Sets differ in size by a thousand times: a set is chosen first, then a page of it.
    original = chance.choice(chance.choice(originals))
    is_file = original.media_type != ""
    start = 0 if is_file else chance.randint(0, max(0, len(original.body) - WINDOW))
    whole = original.body if is_file else original.body[start : start + WINDOW]
    body, ways = mutate_file(whole, chance) if is_file else mutate(whole, chance)
    told = f"case {case}: {original.name} from {start}, {' + '.join(ways)}"
    for source in (original.source,) if is_file else (original.source, strip_selectors(original.source)):
        before = read_page(whole, source, original.url, media_type=original.media_type).readings
        after = read_page(body, source, original.url, media_type=original.media_type)
        _compare(before, after.readings)
        told += "".join(f" ({flaw.code})" for flaw in after.flaws if flaw.code in ENDED)
    return told


def _compare(before: Sequence[Reading], after: Sequence[Reading]) -> None:
    """Compare documents of one id, or the first ones of both pages where no id is in both."""
    known = {reading.document: reading for reading in before}
    pairs = [(known[one.document], one) for one in after if one.document in known] or [
        *zip(before, after, strict=False)
    ]
    for old, new in pairs[:MOST_COMPARED]:
        for change in islice(compare_readings(old, new), MOST_COMPARED):
            redline_html(redline(change.old_text, change.new_text))


def fuzz(
    originals: Sequence[Sequence[Original]], cases: int, seed: int, *, seconds: float = MOST_SECONDS, first: int = 0
) -> Told:
    """Run cases in a process of its own, started again after each one that ends it; returns what came of it."""
    # A forked process would inherit the locks of its parent's threads.
    context = multiprocessing.get_context("spawn")
    at = first
    crashes: list[str] = []
    hangs: list[str] = []
    ended: list[str] = []
    while at < first + cases:
        receiver, sender = context.Pipe(duplex=False)
        worker = context.Process(target=_run_cases, args=(originals, seed, range(at, first + cases), seconds, sender))
        worker.start()
        sender.close()
        at, slow, lost_readers = _follow(receiver, at)
        worker.join()
        hangs.extend(slow)
        ended.extend(lost_readers)
        if worker.exitcode != 0:
            lost = hangs if worker.exitcode == -signal.SIGPROF else crashes
            lost.append(f"case {at}: ended with {worker.exitcode}")
            at += 1
    return Told(cases, tuple(crashes), tuple(hangs), tuple(ended))


def _follow(receiver: Connection, at: int) -> tuple[int, list[str], list[str]]:
    """Take what a worker tells until it ends; returns the case it was at, and the slow and unread ones before."""
    slow: list[str] = []
    ended: list[str] = []
    try:
        while True:
            told, took, bound = receiver.recv()
            at += 1
            if took > bound:
                slow.append(f"{told}: {took:.1f} s")
            if told.endswith(tuple(f"({code})" for code in ENDED)):
                ended.append(told)
    except EOFError:
        return at, slow, ended


def _run_cases(
    originals: Sequence[Sequence[Original]], seed: int, cases: range, seconds: float, sender: Connection
) -> None:
    for case in cases:
        # A case that never ends (a regular expression cannot be interrupted) is ended by the system, and told as hang.
        signal.setitimer(signal.ITIMER_PROF, seconds * PATIENCE)
        begun = time.process_time()
        told = run_case(originals, seed, case)
        sender.send((told, time.process_time() - begun, seconds))


def main(arguments: Sequence[str]) -> int:
    """Run the cases and print what became of them; returns 1 if any crashed or hung."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="begin with this case")
    parser.add_argument("--case", type=int, help="run this case alone, in this process")
    parser.add_argument("--format", choices=("html", *PAPERS), default="html")
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    options = parser.parse_args(arguments)
    originals = read_originals(options.corpus) if options.format == "html" else (read_files(options.format),)
    if options.case is not None:
        begun = time.process_time()
        print(run_case(originals, options.seed, options.case), f"{time.process_time() - begun:.2f} s")
        return 0
    told = fuzz(originals, options.cases, options.seed, first=options.first)
    for line in (*told.crashes, *told.hangs, *told.ended):
        print(line)
    print(
        f"{told.cases} cases of {sum(map(len, originals))} pages: {len(told.crashes)} crashes, {len(told.hangs)} hangs"
        + (f", {len(told.ended)} times the process that reads ended" if options.format != "html" else "")
    )
    return 1 if told.crashes or told.hangs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
