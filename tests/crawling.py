"""Builders for crawls: sources on this machine, a server that misbehaves on request, the crawler as a child process."""

import json
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Bounds small enough for a test; everything else is as in a real crawl.
QUICK = {"KB_RETRY_WAIT": 0.05, "DOWNLOAD_TIMEOUT": 2, "DOWNLOAD_MAXSIZE": 1_000_000, "KB_DEAD_AFTER": 4}
SCRIPT = """
import sys
from crawlers import run, settings
for name, value in {settings!r}.items():
    setattr(settings, name, value)
{prelude}
sys.exit(run.main({arguments!r}))
"""


def write_sources(folder, *sources, jurisdiction="us-xx"):
    """Write a folder of declarations (JSON is YAML) and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [{"platform": "page", "host_delay": 0.1, **source} for source in sources]
    (folder / f"{jurisdiction}.yml").write_text(json.dumps({"jurisdiction": jurisdiction, "sources": entries}))
    return folder


def make_command(data, *arguments, settings=QUICK, prelude=""):
    script = SCRIPT.format(settings=settings, prelude=prelude, arguments=["--data", str(data), *map(str, arguments)])
    return [sys.executable, "-c", script]


def crawl(data, *arguments, prelude="", environment=None):
    """Crawl in a child process; returns its exit code, its summary (None: it printed none) and its log.

    ``prelude`` is Python run before it, to put limits on the process or faults into the code.
    """
    command = make_command(data, *arguments, prelude=prelude)
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else None, done.stderr


def read_rows(data, query, name="archive.db"):
    with sqlite3.connect(data / name) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query)]


def read_fetches(data):
    """Return the rows of all fetches by the last part of their URL."""
    return {row["url"].rpartition("/")[2]: row for row in read_rows(data, "SELECT * FROM fetches ORDER BY seq")}


class Site:
    """A server on this machine; ``pages`` maps a path to what its handler does.

    ``asked`` lists what was asked for, ``times`` when (seconds of the wall clock).
    """

    def __init__(self, pages, host="127.0.0.1"):
        self.pages = pages
        self.asked = []
        self.times = []
        self.server = ThreadingHTTPServer((host, 0), type("Handler", (Handler,), {"site": self}))
        self.server.daemon_threads = True
        self.url = f"http://{host}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_GET(self):
        self.site.times.append(time.time())
        self.site.asked.append((self.path, dict(self.headers)))
        page = self.site.pages.get(self.path)
        if page is None:
            self.answer(404, b"nothing here")
        else:
            page(self)

    def do_POST(self):
        self.sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def answer(self, status=200, body=b"<p>A license is required.</p>", /, **headers):
        self.send_response_only(status)
        usual = {"Content_Type": "text/html", "Content_Length": str(len(body))}
        for name, value in {**usual, **headers}.items():
            if value is not None:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def redirect_to(target, status=301):
    """Make a handler that leads elsewhere."""
    return lambda handler: handler.answer(status, b"", Location=target)
