"""Crawl a recorded set over HTTP as it stood on many dates, import the same states, and hold the changes together.

    python -m bench.replay [--corpus DIR] [--sources DIR] [--set dc] [--source us-dc-code] [--dates 12]

Prints the number of changes of both ways; ends with 1 unless they are equal row by row.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from kb.build import BuildRequest, build
from kb.captures import CaptureLine, order_instant, read_captures
from kb.collect import ImportRequest, import_captures
from kb.evaluate.corpus import CAPTURES
from kb.models import ChangeRow
from kb.sources import Source, read_sources
from kb.store.knowledge import open_knowledge
from kb.store.queries import ChangeFilter, read_changes
from kb.update import crawl

OK = 200
TOKEN = "replay"  # noqa: S105 (the name of a run, no secret)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare both ways for one set; returns 0 if they tell the same changes, 1 if not."""
    given = _read_arguments(arguments)
    sources = [source for source in read_sources([given.sources]) if source.id == given.source]
    with tempfile.TemporaryDirectory(prefix="kb-replay-") as name:
        folder = Path(name)
        file = _choose_lines(given.corpus, given.set, folder)
        lines = read_captures(file)
        dates = _choose_dates(lines, given.dates)
        for day in dates:
            options = ["--replay", str(file), "--at", day, "--sources", str(given.sources), "--source", given.source]
            crawl(folder / "crawled", options)
            _import_day(folder, lines, day, sources)
        crawled, imported = (_list_changes(folder / way, sources) for way in ("crawled", "imported"))
    print(f"{len(dates)} dates: {len(crawled)} changes crawled, {len(imported)} imported, equal: {crawled == imported}")
    return 0 if crawled and crawled == imported else 1


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.replay", description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path(".corpus"))
    parser.add_argument("--sources", type=Path, default=Path("tests/corpus_sources"))
    parser.add_argument("--set", default="dc")
    parser.add_argument("--source", default="us-dc-code")
    parser.add_argument("--dates", type=int, default=12)
    return parser.parse_args(arguments)


def _choose_lines(corpus: Path, name: str, folder: Path) -> Path:
    """Write the captures of one set to a file of its own beside links to the recorded pages."""
    for way in ("web", "crawled", "imported"):
        (folder / way).mkdir()
    kept = [line for line in (corpus / CAPTURES).read_text().splitlines() if json.loads(line)["set"] == name]
    (folder / "web" / CAPTURES).write_text("\n".join(kept) + "\n")
    pages = folder / "web" / name
    pages.mkdir()
    for page in {json.loads(line)["path"] for line in kept} - {None}:
        target = folder / "web" / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((corpus / page).read_bytes())
    return folder / "web" / CAPTURES


def _choose_dates(lines: Sequence[CaptureLine], count: int) -> list[str]:
    """Return so many of the recorded dates, spread over all of them, the first and the last among them."""
    days = sorted({line.observed_at[:10] for line in lines})
    steps = max(1, count - 1)
    return sorted({days[round(step * (len(days) - 1) / steps)] for step in range(count)})


def _import_day(folder: Path, lines: Sequence[CaptureLine], day: str, sources: Sequence[Source]) -> None:
    """Import the web as it stood at the end of a day: the latest capture of every address, at its last instant."""
    known = max((file.stem for file in (folder / "web").glob("????-??-??.jsonl")), default="")
    standing = sorted(
        (line for line in lines if line.observed_at[:10] <= day), key=lambda line: order_instant(line.observed_at)
    )
    latest = {line.url: line for line in standing}
    instant = standing[-1].observed_at
    web = folder / "web"
    rows = [
        {
            "url": line.url,
            "observed_at": instant,
            "status": line.status,
            "path": None if line.path is None else str(line.path.relative_to(web.resolve())),
            "media_type": line.media_type,
        }
        for line in latest.values()
        # A page recorded as lost is one observation: it counts on the first day after it, as it does for the crawler.
        if line.status == OK or line.observed_at[:10] > known
    ]
    file = web / f"{day}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    request = ImportRequest(file=file, sources=sources, now=instant, token=TOKEN)
    import_captures(folder / "imported", request)


def _list_changes(data: Path, sources: Sequence[Source]) -> list[ChangeRow]:
    build(data, BuildRequest(sources=sources))
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        return sorted(read_changes(db, ChangeFilter()), key=lambda row: (row.id, row.document))


if __name__ == "__main__":
    sys.exit(main())
