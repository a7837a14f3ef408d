"""Measure the site on a large base: processor time of its pages, answers a second, and how long readers wait.

Run with `make bench-site`; `--provisions` makes a smaller base, `--markdown` prints the table as docs/methods.md holds
it. Each figure stands beside a bare reference of the same run: a bare ASGI application on the same server, or the same
rows from a bare SQLite connection. Measuring informs, it judges nothing: the exit code is 0 whatever is measured.
"""

import argparse
import asyncio
import json
import random
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import quote, urlencode

from bench.load import HOST, Load, ask_all_the_time, ask_evenly, ask_in_turn, ask_once, read_cpu
from bench.site_base import FULL, SEED, find_base
from bench.tables import format_markdown, format_table
from kb.generations import FOLDER
from kb.serve import ServeRequest, start_server, stop_server

LASTING = 10.0
EVENLY = 16.0
SAMPLE = 60
CLIENTS = 8
SLOW_QUERIES = 9
SLOW = "/kb.json?" + urlencode(
    {"sql": "with recursive t(n) as (select 1 union all select n + 1 from t) select count(*) from t"}
)
# What no stranger may run: values without bound, functions that tell of the machine, and pragmas that name its paths.
FORBIDDEN = (
    "select printf('%.*c', 900000000, 'x')",
    "select length(zeroblob(900000000))",
    "select hex(randomblob(900000000))",
    "select group_concat(printf('%s', text)) from provisions",
    "with a as (select zeroblob(900000000) as b) select * from a, a as c",
    "select json_group_array(text) from provisions",
    "select load_extension('x')",
    "select * from pragma_database_list",
    "select * from pragma_compile_options",
    "select sqlite_version()",
)
REFUSED_TIMES = 10
COLUMNS = ("what", "measured", "reference", "ratio", "target", "ok")
# The same number of bytes as a page of ours, sent by the least that is an application.
BARE = """
import sys, uvicorn
body = b"x" * int(sys.argv[2])
start = {"type": "http.response.start", "status": 200, "headers": [
    (b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]}
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send(start)
        await send({"type": "http.response.body", "body": body})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off")
"""
BARE_BYTES = 16_000


class Row(NamedTuple):
    """One row of the table, as printed."""

    what: str
    measured: str
    reference: str = ""
    ratio: str = ""
    target: str = ""
    passed: str = ""


class Pages(NamedTuple):
    """A kind of page: its words, its group, and enough paths that no answer is asked for twice."""

    label: str
    group: str
    paths: list[str]


class Server(NamedTuple):
    """A running server: its port and process."""

    port: int
    pid: int

    def measure_cpu(self, paths: Sequence[str]) -> tuple[float, Load]:
        """Return the processor seconds a page costs the server, asked for one after another, and what came."""
        before = read_cpu(self.pid)
        load = asyncio.run(ask_in_turn(self.port, paths))
        return (read_cpu(self.pid) - before) / len(paths), load


# What is asked of a group of pages, in processor seconds each.
TARGETS = {"own pages": 0.015, "table pages": 0.035, "JSON": 0.006}


def main(arguments: Sequence[str]) -> int:
    """Measure everything and print the table; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.site", description=__doc__)
    parser.add_argument("--provisions", type=int, default=FULL, help="size of the base (1,000,000)")
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/methods.md")
    options = parser.parse_args(arguments)
    _tell("making the base, or finding it")
    base = find_base(options.provisions)
    file = base / FOLDER / "000001.db"
    with closing(sqlite3.connect(file)) as db:
        kinds = list_kinds(db)
        read_rows = measure_sqlite(db)
    size = file.stat().st_size / 1e6
    rows = [Row(f"base: {options.provisions:,} provisions", f"{size:,.0f} MB")]
    with run_bare() as bare, run_site(base) as site:
        rows += measure_pages(site, bare, kinds, read_rows)
        rows += measure_rates(site, bare, kinds)
        rows.append(measure_delay(site, kinds))
        rows.append(measure_refusals(site))
    print("\n".join((format_markdown if options.markdown else format_table)(COLUMNS, rows)))
    return 0


# --- what is asked for


def list_kinds(db: sqlite3.Connection) -> list[Pages]:
    """Return the kinds of pages with paths of rows drawn from the base."""
    draw = random.Random(SEED)  # noqa: S311 - a sample needs no secret

    def pick(query: str) -> list[str]:
        found = [str(row[0]) for row in db.execute(query)]
        return draw.sample(found, min(SAMPLE, len(found)))

    documents = pick("SELECT document FROM documents")
    sources = pick("SELECT source FROM sources")
    places = pick("SELECT DISTINCT jurisdiction FROM sources")
    versions = pick("SELECT version FROM versions")
    changes = pick("SELECT id FROM changes")
    more = pick("SELECT id FROM changes")
    events = pick("SELECT id FROM events")
    numbers = [str(number) for number in range(1, SAMPLE + 1)]
    texts = pick("SELECT text FROM provisions WHERE text <> '' LIMIT 3000")
    words = sorted({text.split()[1] for text in texts})[:20]
    return [
        Pages("first page", "own pages", [f"/?n={number}" for number in numbers]),
        Pages("a document", "own pages", [f"/d/{quote(one)}" for one in documents]),
        Pages("a change", "own pages", [f"/c/{one}" for one in changes]),
        Pages("an event", "own pages", [f"/e/{one}" for one in events]),
        Pages("changes of a source", "own pages", [f"/changes?source={one}" for one in sources]),
        Pages("changes since a day", "own pages", [f"/changes?since=2026-0{n % 8 + 2}-{n + 1:02}" for n in range(20)]),
        Pages("all changes, page by page", "own pages", [f"/changes?page={number}" for number in numbers]),
        Pages("all sources", "own pages", [f"/sources?n={number}" for number in numbers[:20]]),
        Pages("sources of a state", "own pages", [f"/sources?jurisdiction={place}" for place in places]),
        Pages("a source", "own pages", [f"/s/{one}" for one in sources]),
        Pages("words in the texts", "own pages", [f"/search?q={word}&words=1" for word in words]),
        Pages("words in one state", "own pages", [f"/search?q={word}&words=1&jurisdiction=us-tx" for word in words]),
        Pages("table of changes", "table pages", [f"/kb/changes?source={one}" for one in sources]),
        Pages("table of provisions", "table pages", [f"/kb/provisions?version={one}" for one in versions]),
        Pages("table of documents", "table pages", [f"/kb/documents?source={one}" for one in sources]),
        Pages("a row", "table pages", [f"/kb/versions/{one}" for one in versions]),
        Pages("changes, JSON of the table", "JSON", [f"/kb/changes.json?source={one}" for one in sources]),
        Pages("provisions, JSON of the table", "JSON", [f"/kb/provisions.json?version={one}" for one in versions]),
        Pages("changes, API", "JSON", [f"/api/v1/changes?source={one}" for one in sources]),
        Pages("one change, API", "JSON", [f"/api/v1/changes/{one}" for one in more]),
        Pages("a text, API", "JSON", [f"/api/v1/documents/{quote(one)}?as_of=2026-01-01" for one in documents]),
        Pages("provisions, API", "JSON", [f"/api/v1/versions/{one}/provisions" for one in versions]),
        Pages("words, API", "JSON", [f"/api/v1/search?q={word}" for word in words]),
    ]


def measure_sqlite(db: sqlite3.Connection) -> float:
    """Return the processor seconds that 50 changes of a source take from bare SQLite, as JSON."""
    sources = [row[0] for row in db.execute("SELECT source FROM sources LIMIT 100")]
    begun = time.process_time()
    for source in sources:
        rows = db.execute(
            "SELECT * FROM changes WHERE source = ? ORDER BY observed_at DESC LIMIT 50", (source,)
        ).fetchall()
        json.dumps(rows)
    return (time.process_time() - begun) / len(sources)


# --- servers


@contextmanager
def run_site(base: Path) -> Iterator[Server]:
    """Serve a base with the real command's server."""
    port = find_port()
    process = start_server(ServeRequest(base, port=port))
    try:
        wait_for(port, "/-/health")
        yield Server(port, process.pid)
    finally:
        stop_server(process)


@contextmanager
def run_bare() -> Iterator[Server]:
    """Serve the bare reference."""
    port = find_port()
    process = subprocess.Popen([sys.executable, "-c", BARE, str(port), str(BARE_BYTES)])
    try:
        wait_for(port, "/")
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def find_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def wait_for(port: int, path: str) -> None:
    """Wait until a server answers; raises ConnectionError after 20 seconds."""
    for _ in range(200):
        with suppress(ConnectionError):
            if asyncio.run(ask_once(port, path)) == 200:
                return
        time.sleep(0.1)
    raise ConnectionError(f"no server answers on port {port}")


# --- measuring


def measure_pages(site: Server, bare: Server, kinds: Sequence[Pages], read_rows: float) -> Iterator[Row]:
    """Yield what each kind of page costs, and the middle of each group, beside the bare answer."""
    _tell("processor time of each kind of page")
    nothing, _ = bare.measure_cpu(["/"] * 2_000)
    yield Row("a bare answer of 16 KB", say_ms(nothing))
    yield Row("50 changes of a source, bare SQLite and JSON", say_ms(read_rows))
    costs: dict[str, list[float]] = {}
    for kind in kinds:
        site.measure_cpu(kind.paths[-1:])
        cost, load = site.measure_cpu(kind.paths[:-1])
        costs.setdefault(kind.group, []).append(cost)
        label = f"{kind.label}{_tell_failed(load)}"
        yield _weigh(label, cost, read_rows if kind.group == "JSON" else nothing, TARGETS[kind.group])
    for group, found in costs.items():
        yield _weigh(
            f"{group}, the middle one", median(found), read_rows if group == "JSON" else nothing, TARGETS[group]
        )


def _weigh(label: str, cost: float, reference: float, target: float) -> Row:
    passed = "yes" if cost <= target else "no"
    return Row(label, say_ms(cost), say_ms(reference), f"{cost / reference:.1f}", f"≤ {target * 1000:g} ms", passed)


def measure_rates(site: Server, bare: Server, kinds: Sequence[Pages]) -> Iterator[Row]:
    """Yield answers a second, kept and anew, and how long readers wait at a steady rate."""
    own = [kind.paths for kind in kinds if kind.group == "own pages"]
    kept = [path for paths in own for path in paths[:3]]
    _tell("kept answers a second")
    asyncio.run(ask_in_turn(site.port, kept))
    plain = _load(lambda: ask_all_the_time(bare.port, ["/"], CLIENTS, LASTING))
    found = _load(lambda: ask_all_the_time(site.port, kept, CLIENTS, LASTING))
    yield _rate("kept answers a second", found, plain, 2_000)
    _tell("pages a second, made anew")
    found = _load(lambda: ask_all_the_time(site.port, mix(own, "a", 4_000), 4, LASTING))
    yield _rate("pages a second, made anew", found, plain, 60)
    _tell("waiting at 16 pages a second")
    count = int(EVENLY * LASTING)
    plain = _load(lambda: ask_evenly(bare.port, ["/"] * count, EVENLY))
    found = _load(lambda: ask_evenly(site.port, mix(own, "b", count), EVENLY))
    worst, reference = found.percentile(0.99), plain.percentile(0.99)
    passed = "yes" if worst <= 0.06 and not found.failed else "no"
    ratio = f"{worst / reference:.1f}"
    told = say_ms(worst) + _tell_failed(found)
    yield Row("99 of 100 pages, 16 a second, within", told, say_ms(reference), ratio, "≤ 60 ms", passed)
    yield Row("half of them within", say_ms(median(found.seconds)), say_ms(median(plain.seconds)))


def mix(own: Sequence[Sequence[str]], mark: str, count: int) -> list[str]:
    """Return paths of all kinds in turn, each asked for once: a parameter that no page knows makes it another."""
    turns = (paths[place % len(paths)] for place in range(count) for paths in own)
    return [
        f"{path}{'&' if '?' in path else '?'}x{mark}={place}" for place, path in zip(range(count), turns, strict=False)
    ]


def measure_delay(site: Server, kinds: Sequence[Pages]) -> Row:
    """Return how much later a page comes while strangers' slow queries run."""
    _tell("a page beside nine slow queries")
    pages = next(kind.paths for kind in kinds if kind.label == "a document")

    async def run() -> tuple[Load, Load]:
        quiet = await ask_in_turn(site.port, [f"{path}?xq=1" for path in pages[:40]])
        slow = [asyncio.create_task(ask_once(site.port, f"{SLOW}&n={number}")) for number in range(SLOW_QUERIES)]
        await asyncio.sleep(0.3)
        busy = await ask_in_turn(site.port, [f"{path}?xb=1" for path in pages[:40]])
        await asyncio.gather(*slow)
        return quiet, busy

    quiet, busy = asyncio.run(run())
    delay = max(busy.seconds) - median(quiet.seconds)
    passed = "yes" if delay < 0.1 else "no"
    alone, ratio = say_ms(median(quiet.seconds)), f"{median(busy.seconds) / median(quiet.seconds):.1f}"
    return Row("delay beside nine slow queries, worst of 40 pages", say_ms(delay), alone, ratio, "< 100 ms", passed)


def measure_refusals(site: Server) -> Row:
    """Return how long the slowest refusal of SQL that no stranger may run took, beside an answer of one row."""
    _tell("SQL that is refused")
    allowed = asyncio.run(ask_in_turn(site.port, [f"/kb.json?sql=select+{one}" for one in range(REFUSED_TIMES)]))
    paths = [f"/kb.json?{urlencode({'sql': sql, 'n': one})}" for sql in FORBIDDEN for one in range(REFUSED_TIMES)]
    found = asyncio.run(ask_in_turn(site.port, paths, expected=400))
    worst, alone = max(found.seconds), median(allowed.seconds)
    passed = "yes" if worst < 0.1 and not found.failed else "no"
    label = f"forbidden SQL is refused, slowest of {len(paths)}{_tell_failed(found)}"
    return Row(label, say_ms(worst), say_ms(alone), f"{worst / alone:.1f}", "< 100 ms", passed)


def _load(ask: Callable[[], Coroutine[None, None, Load]]) -> Load:
    return asyncio.run(ask())


def _tell_failed(load: Load) -> str:
    return f", {load.failed} of {len(load.seconds)} failed" if load.failed else ""


def _rate(label: str, found: Load, plain: Load, target: int) -> Row:
    passed = "yes" if found.rate >= target else "no"
    ratio = f"{found.rate / plain.rate:.2f}"
    return Row(label, f"{found.rate:,.0f}{_tell_failed(found)}", f"{plain.rate:,.0f}", ratio, f"≥ {target:,}", passed)


# --- telling


def say_ms(seconds: float) -> str:
    """Return seconds as milliseconds."""
    return f"{seconds * 1000:,.2f} ms"


def _tell(words: str) -> None:
    print(f"measuring: {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
