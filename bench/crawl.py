"""Measure what the archive's guarantees cost: CPU of a crawl of unchanged pages against a bare Scrapy fetch of them.

``python -m bench.crawl [PAGES]`` serves the pages on this machine from a process of its own and fetches them in turn
with Scrapy as it comes and with this project's spider. Printed are CPU milliseconds a page (start of the process
taken off: an empty crawl of the same kind) and their ratio, which is to be 1.3 at most. ``python -m bench.crawl memory
[PAGES]`` crawls 10,000 pages for the first time and again, and prints the peak memory of each, to be 200 MB at most.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGES = 2000
MEMORY_PAGES = 10_000
ROUNDS = 3
MOST_RATIO = 1.3
MOST_MB = 200
ROOT = Path(__file__).parents[1]
# 20 KB, the mean of a section page of the codes measured.
LINE = b"<p>(a) A licensee shall renew the license within 30 days.</p>\n"
PAGE = b"<html><body><main>" + LINE * 330 + b"</main></body></html>"

BARE_SPIDER = """
import sys
from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess

class Bare(Spider):
    name = "bare"
    async def start(self):
        for number in range(int(sys.argv[2])):
            yield Request(f"{sys.argv[1]}/pages/{number}", callback=self.parse)
    def parse(self, response):
        pass

process = CrawlerProcess({"LOG_LEVEL": "WARNING", "CONCURRENT_REQUESTS": 32, "CONCURRENT_REQUESTS_PER_DOMAIN": 16})
process.crawl(Bare)
process.start()
"""

BARE = ("-c", BARE_SPIDER)
OURS = ("-m", "bench.impatient")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    validating = True

    def do_GET(self) -> None:
        """Answer a page, or 304 to who has it."""
        if self.path == "/robots.txt":
            return self._send(404, b"")
        unchanged = self.validating and self.headers.get("If-None-Match") is not None
        return self._send(304, b"") if unchanged else self._send(200, PAGE + self.path.encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response_only(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.validating:
            self.send_header("ETag", '"one"')
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the interface of http.server
        """Write no line a request."""


def serve() -> None:
    """Serve the pages, with validators on one port and without on another, until the parent closes our input."""
    plain = type("Plain", (_Handler,), {"validating": False})
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in (_Handler, plain)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(" ".join(str(server.server_address[1]) for server in servers) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


def measure_cpu(command: Sequence[str], arguments: Sequence[str]) -> float:
    """Run Python with a command in a child process; returns the CPU seconds it used."""
    before = os.times()
    # A folder without declarations in place of the sources that ship: none of those is read or crawled here.
    alone = {**os.environ, "KB_SOURCES": str(ROOT / "bench")}
    subprocess.run([sys.executable, *command, *arguments], cwd=ROOT, env=alone, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def measure_peak(command: Sequence[str], arguments: Sequence[str]) -> float:
    """Run Python with a command in a child process; returns the peak of its memory in MB."""
    child = os.posix_spawn(
        sys.executable,
        [sys.executable, *command, *arguments],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )
    _, status, usage = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"the crawl ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss / 1024


def write_source(folder: Path, url: str, pages: int) -> str:
    """Declare a source of that many pages; returns the folder."""
    folder.mkdir(parents=True)
    source = {
        "id": "us-xx-bench",
        "platform": "page",
        "urls": [f"{url}/pages/{number}" for number in range(pages)] or [f"{url}/robots.txt"],
        "document": {"work": "rules", "pattern": r"/pages/(?P<citation>\d+)$"},
    }
    (folder / "us-xx.yml").write_text(json.dumps({"jurisdiction": "us-xx", "sources": [source]}), "utf-8")
    return str(folder)


def measure_pair(url: str, folder: Path, pages: int) -> tuple[float, float]:
    """Return the CPU milliseconds a page of the bare fetch and of a crawl that finds nothing new: least of rounds."""
    full = ["--data", str(folder / "data"), "--sources", write_source(folder / "full", url, pages)]
    empty = ["--data", str(folder / "none"), "--sources", write_source(folder / "empty", url, 0)]
    measure_cpu(OURS, full)
    bare = min(measure_cpu(BARE, [url, str(pages)]) for _ in range(ROUNDS))
    ours = min(measure_cpu(OURS, full) for _ in range(ROUNDS))
    bare -= min(measure_cpu(BARE, [url, "0"]) for _ in range(ROUNDS))
    ours -= min(measure_cpu(OURS, empty) for _ in range(ROUNDS))
    return 1000 * bare / pages, 1000 * ours / pages


def print_ratios(ports: Sequence[str], folder: Path, pages: int) -> None:
    """Measure both kinds of unchanged page and print the figures."""
    for name, port in zip(("304", "same bytes"), ports, strict=True):
        bare, ours = measure_pair(f"http://127.0.0.1:{port}", folder / port, pages)
        ok = "ok" if ours <= MOST_RATIO * bare else "missed"
        figures = f"bare {bare:.2f}, ours {ours:.2f} ms CPU a page, ratio {ours / bare:.2f} (target {MOST_RATIO}: {ok})"
        print(f"{pages} unchanged pages ({name}): {figures}")


def print_memory(ports: Sequence[str], folder: Path, pages: int) -> None:
    """Measure the memory of a first crawl and of one that finds nothing new, and print it."""
    sources = write_source(folder / "memory", f"http://127.0.0.1:{ports[0]}", pages)
    for name in ("new", "304"):
        peak = measure_peak(OURS, ["--data", str(folder / "data"), "--sources", sources])
        ok = "ok" if peak <= MOST_MB else "missed"
        print(f"{pages} pages ({name}): peak {peak:.0f} MB (target {MOST_MB}: {ok})")


def main(arguments: Sequence[str]) -> None:
    """Serve the pages from a child process and measure what was asked for."""
    wants_memory = arguments[:1] == ["memory"]
    count = arguments[1:] if wants_memory else arguments
    pages = int(count[0]) if count else (MEMORY_PAGES if wants_memory else PAGES)
    command = [sys.executable, "-m", "bench.crawl", "serve"]
    server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        ports = server.stdout.readline().split() if server.stdout is not None else []
        with tempfile.TemporaryDirectory() as folder:
            (print_memory if wants_memory else print_ratios)(ports, Path(folder), pages)
    finally:
        if server.stdin is not None:
            server.stdin.close()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        main(sys.argv[1:])
