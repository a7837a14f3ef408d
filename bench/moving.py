"""Watch a moving web with the real spiders and no selectors, and write down every change and event by page.

    python -m bench.moving --root DIR --url http://127.0.0.1:PORT --epochs N --report FILE

``DIR`` is a working folder; the data lies in ``DIR/watched`` afterwards. The server answers ``/`` with links to one
list of pages a jurisdiction, and ``/__epoch/N`` by showing day N. Nothing is declared but those lists. Each line of the
report is ``{"epoch", "url", "kind", "nature", "part"}``: a change, told at both of its pages where it lies between two,
or an event's page.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

import msgspec

from kb.build import BuildRequest, build
from kb.evaluate.pages import is_rule_change
from kb.models import ChangeRow
from kb.sources import Source, read_sources
from kb.store.knowledge import open_knowledge
from kb.store.measures import list_event_pages
from kb.store.queries import ChangeFilter, read_changes

ROOT = Path(__file__).parents[1]
# <a href="/st/AL/">: a list of pages
LINK = re.compile(r'<a\b[^>]*\bhref="([^"#?]+/)"')
# What a host's name may not hold in a source's id: "AL", "new york"
NOT_ID = re.compile(r"[^a-z0-9]+")
LONGEST_WAIT = 60


class Line(msgspec.Struct, frozen=True):
    """One line of the report: what was told of a page on a day. ``nature`` is "structural" for an event's page."""

    epoch: int
    url: str
    kind: str
    nature: str
    part: str = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Crawl every epoch, build after each, and write the report; returns 0, or the crawler's exit code if it failed."""
    given = _read_arguments(arguments)
    data, declared = given.root / "watched", given.root / "sources"
    for leftover in (data, declared):
        shutil.rmtree(leftover, ignore_errors=True)
        leftover.mkdir(parents=True)
    sources = declare_lists(given.url, declared)
    told: set[str] = set()
    lines: list[Line] = []
    for epoch in range(given.epochs):
        _ask(f"{given.url}/__epoch/{epoch}")
        command = [sys.executable, "-m", "bench.impatient", "--data", str(data), "--sources", str(declared)]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        build(data, BuildRequest(sources=sources, workers=given.workers))
        fresh = list(_tell_news(data, epoch, told))
        rules = len({line.url for line in fresh if line.nature == "substantive"})
        print(f"epoch {epoch}: {len(fresh)} lines, rule changes on {rules} pages", flush=True)
        lines.extend(fresh)
    given.report.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return 0


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.moving", description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args(arguments)


def declare_lists(url: str, folder: Path) -> tuple[Source, ...]:
    """Declare each list of pages that the web's first page links to as a source, with nothing else said of it."""
    for number, href in enumerate(dict.fromkeys(LINK.findall(_ask(url + "/"))), start=1):
        name = NOT_ID.sub("-", href.lower()).strip("-")
        source = {"id": f"us-xx-{number}-{name}", "platform": "index", "start": [urljoin(url, href)]}
        body = {"jurisdiction": "us-xx", "sources": [source]}
        (folder / f"{number:04}.yml").write_text(json.dumps(body), "utf-8")
    return read_sources([folder])


def _ask(url: str) -> str:
    with urlopen(url, timeout=LONGEST_WAIT) as answer:  # noqa: S310 - the URL is the caller's own server
        return str(answer.read().decode("utf-8", "replace"))


def _tell_news(data: Path, epoch: int, told: set[str]) -> Iterator[Line]:
    """Yield what the latest build added; ``told`` remembers by identity what earlier ones did."""
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        changes = [change for change in read_changes(db, ChangeFilter()) if f"{change.source} {change.id}" not in told]
        events = [page for page in list_event_pages(db) if f"{page.event_id} {page.url}" not in told]
    told.update(f"{change.source} {change.id}" for change in changes)
    told.update(f"{page.event_id} {page.url}" for page in events)
    for change in changes:
        yield from _tell_change(change, epoch)
    for page in events:
        yield Line(epoch, page.url, page.kind, "structural")


def _tell_change(change: ChangeRow, epoch: int) -> Iterator[Line]:
    nature = "substantive" if is_rule_change(change) else "structural" if change.nature == "structural" else "editorial"
    for url in dict.fromkeys(url for url in (change.url, change.old_url) if url):
        yield Line(epoch, url, change.kind, nature, change.part)


if __name__ == "__main__":
    sys.exit(main())
