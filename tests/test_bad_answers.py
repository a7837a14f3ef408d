"""Servers that would break a crawl: each answer is bounded and named, the other pages are had, memory stays flat."""

import gzip
import re
import subprocess
import sys
import time
import zlib

import brotli
import pytest
import zstandard

from kb.read.page import MOST_TAGS, read_page
from tests.build import make_source
from tests.crawling import QUICK, ROOT, Site, make_command, read_fetches, read_rows, write_sources

SOURCE, GOOD = "us-xx-bad", "us-xx-good"
RULE = {"work": "r", "pattern": "(?P<citation>[a-z0-9-]+)$"}
# Bytes by which memory may grow; what a page may have is the bound of a real crawl.
MOST_GROWTH = 64 * 1024 * 1024
LARGEST = 32 * 1024 * 1024
SETTINGS = {**QUICK, "DOWNLOAD_MAXSIZE": LARGEST, "DOWNLOAD_TIMEOUT": 3, "KB_RETRIES": 0, "KB_DEAD_AFTER": 50}
# The peak of this process alone: what getrusage tells includes that of the process which started it.
MEASURED = """
import atexit
def note_peak():
    status = open("/proc/self/status").read()
    open({path!r}, "w").write(status.partition("VmHWM:")[2].split()[0])
atexit.register(note_peak)
"""
BUILD = """
import sys
from pathlib import Path
from kb.build import BuildRequest, build
from kb.sources import read_sources
result = build(Path(sys.argv[1]), BuildRequest(sources=read_sources([Path(sys.argv[2])])))
assert (0, 0) == (result.changes, len(result.damaged)), result
"""


def send_slowly(handler, head, piece):
    """Send a beginning, then a piece every tenth of a second for a minute, or until the other side hangs up."""
    handler.close_connection = True
    try:
        handler.wfile.write(head)
        for _ in range(600):
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(0.1)
    except OSError:
        return


def send_much(handler, head, piece):
    """Send a beginning, then pieces until the other side hangs up, two GB at most."""
    handler.close_connection = True
    try:
        handler.wfile.write(head)
        for _ in range(2_000_000_000 // len(piece)):
            handler.wfile.write(piece)
    except OSError:
        return


def deflate_zeros(make):
    """Pack a GB of zeros, a MB at a time."""
    packer = make()
    parts = [packer.compress(bytes(1 << 20)) for _ in range(1024)]
    return b"".join([*parts, packer.flush()])


def pack_brotli():
    packer = brotli.Compressor(quality=5)
    return b"".join([*(packer.process(bytes(1 << 20)) for _ in range(256)), packer.finish()])


def answer_packed(encoding, body):
    return lambda handler: handler.answer(200, body, Content_Encoding=encoding)


def loop(handler):
    number = int(handler.path.rpartition("-")[2] or 0) if "-" in handler.path else 0
    handler.answer(302, b"", Location=f"/loop-{number + 1}")


OK_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
LINKS = b"<html><body>" + b"".join(b'<a href="/l/%d">%d</a>\n' % (n, n) for n in range(1_000_000)) + b"</body></html>"
NESTED = b"<table><tr><td>x" * 200 + b"A license is required." + b"</td></tr></table>" * 200
BAD = {
    # path: (what the server does, outcome, beginning of the reason)
    "drip-body": (lambda h: send_slowly(h, OK_HEAD + b"Content-Length: 100000\r\n\r\n", b"p"), "error", "timeout:"),
    "drip-head": (lambda h: send_slowly(h, OK_HEAD + b"X-Slow: ", b"p"), "error", "timeout:"),
    "drip-lines": (lambda h: send_slowly(h, OK_HEAD, b"X-Slow: 1\r\n"), "error", "timeout:"),
    "endless": (lambda h: send_much(h, OK_HEAD + b"\r\n", b"<p>again</p>" * 5000), "refused", "size:"),
    "flood-lines": (lambda h: send_much(h, OK_HEAD, b"X-Flood: 1\r\n" * 1000), "refused", "size: "),
    "flood-line": (lambda h: send_much(h, OK_HEAD + b"X-Flood: ", b"f" * 10_000), "refused", "size: "),
    "flood-cookies": (lambda h: send_much(h, OK_HEAD, b"Set-Cookie: a=b\r\n" * 1000), "refused", "size: "),
    "gzip": (answer_packed("gzip", deflate_zeros(lambda: zlib.compressobj(wbits=31))), "refused", "size:"),
    "deflate": (answer_packed("deflate", deflate_zeros(zlib.compressobj)), "refused", "size:"),
    "raw-deflate": (answer_packed("deflate", deflate_zeros(lambda: zlib.compressobj(wbits=-15))), "refused", "size:"),
    "brotli": (answer_packed("br", pack_brotli()), "refused", "size:"),
    "zstd": (answer_packed("zstd", zstandard.compress(bytes(1 << 28))), "refused", "size:"),
    "twice": (answer_packed("gzip, gzip", gzip.compress(gzip.compress(bytes(1 << 27)))), "refused", "size:"),
    "loop": (loop, "error", "redirects:"),
    "links": (lambda h: h.answer(200, LINKS), "ok", ""),
    "nested": (lambda h: h.answer(200, NESTED), "ok", ""),
}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """Crawl good pages alone, then beside everything bad; returns the folder and both peaks of memory in bytes."""
    folder = tmp_path_factory.mktemp("bad")
    good = {f"/good-{number}": lambda handler: handler.answer() for number in range(20)}
    site = Site(
        {**good, **{f"/{name}": bad[0] for name, bad in BAD.items()}, **{f"/loop-{n}": loop for n in range(1, 99)}}
    )
    quiet = {"id": GOOD, "urls": [site.url.replace("127.0.0.1", "localhost") + path for path in good], "document": RULE}
    # A list page among them: its million links are looked at.
    bad = {"id": SOURCE, "platform": "index", "start": f"{site.url}/", "urls": [f"{site.url}/{name}" for name in BAD]}
    bad |= {"match": f"{site.url}/", "document": RULE, "start": f"{site.url}/links"}
    runs = {"alone": [quiet], "beside": [quiet, bad]}
    peaks, logs = {}, {}
    for name, sources in runs.items():
        declared = write_sources(folder / f"sources-{name}", *sources)
        prelude = MEASURED.format(path=str(folder / f"{name}.peak"))
        options = ("--sources", declared, "--allow-loopback")
        command = make_command(folder / name, *options, settings=SETTINGS, prelude=prelude)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        peaks[name], logs[name] = int((folder / f"{name}.peak").read_text()) * 1024, done.stderr
    yield folder, peaks, logs
    site.close()


def test_endless_answers_of_many_hosts_at_once_share_one_room(crawled, tmp_path):
    _, peaks, _ = crawled
    pages = {"/endless": BAD["endless"][0], "/good": lambda handler: handler.answer()}
    sites = [Site(pages, host=f"127.0.0.{number}") for number in range(2, 8)]
    entries = [
        {"id": f"us-xx-{number}", "urls": [f"{site.url}/endless", f"{site.url}/good"], "document": RULE}
        for number, site in enumerate(sites)
    ]
    sources = write_sources(tmp_path / "sources", *entries)
    options = ("--sources", sources, "--allow-loopback")
    prelude = MEASURED.format(path=str(tmp_path / "peak"))

    subprocess.run(
        make_command(tmp_path / "data", *options, settings={**SETTINGS, "DOWNLOAD_TIMEOUT": 30}, prelude=prelude),
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    for site in sites:
        site.close()

    rows = read_rows(tmp_path / "data", "SELECT url, outcome, error FROM fetches")
    growth = int((tmp_path / "peak").read_text()) * 1024 - peaks["alone"]
    assert {("endless", "refused"), ("good", "ok")} == {(row["url"].rpartition("/")[2], row["outcome"]) for row in rows}
    assert 12 == len(rows)
    assert growth <= MOST_GROWTH, f"{growth / 1024 / 1024:.0f} MB"


@pytest.mark.parametrize("name", BAD)
def test_bad_answer_is_bounded_and_named(crawled, name):
    folder, _, _ = crawled
    _, outcome, reason = BAD[name]

    row = read_fetches(folder / "beside")[name]

    assert (outcome, True) == (row["outcome"], row["error"].startswith(reason))


def test_other_pages_are_had_and_memory_stays_flat(crawled):
    folder, peaks, logs = crawled

    rows = read_fetches(folder / "beside")
    growth = peaks["beside"] - peaks["alone"]

    assert {"ok"} == {row["outcome"] for name, row in rows.items() if name.startswith("good-")}
    assert len(BAD) + 20 == len(rows)
    assert growth <= MOST_GROWTH, f"{growth / 1024 / 1024:.0f} MB"
    assert re.search(r"/links: its links are not followed: \d+ tags, more than", logs["beside"])


def test_build_of_bad_pages_is_bounded_and_reports_no_change(crawled):
    folder, _, _ = crawled

    peaks = []
    for name in ("alone", "beside"):
        script = MEASURED.format(path=str(folder / "build.peak")) + BUILD
        command = [sys.executable, "-c", script, folder / name, folder / f"sources-{name}"]
        subprocess.run(command, cwd=ROOT, check=True)
        peaks.append(int((folder / "build.peak").read_text()) * 1024)

    assert peaks[1] - peaks[0] <= MOST_GROWTH, peaks


def test_page_of_a_million_links_is_not_read_and_tables_in_tables_are():
    source = make_source()

    links = read_page(LINKS, source, "https://rules.example.gov/1", media_type="text/html")
    nested = read_page(NESTED, source, "https://rules.example.gov/1", media_type="text/html")

    assert [("huge", f"more than {MOST_TAGS}")] == [(flaw.code, flaw.message[-16:]) for flaw in links.flaws]
    assert "A license is required." in str(nested.readings[0].provisions)
