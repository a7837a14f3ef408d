"""Fetch one page, once and politely: by the crawler itself, in a process and a data folder of their own.

So robots.txt, certificates, addresses that are not the public web's, deadlines and sizes are treated as in any crawl,
and headers that are not kept are not seen here either.
"""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from kb.errors import StatusQuoError
from kb.store.archive import open_archive, read_snapshot
from kb.store.transfer import TransferFilter, read_transfers

# The id the page goes by while it is fetched.
FETCHED_ONCE = "us-page-fetched-once"
LONGEST_REASON = 300


class UnreachableError(StatusQuoError):
    """Raised when a page cannot be had, or holds nothing to read; the message says why."""

    exit_code = 3


class FetchedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page as it was fetched: the URL that answered, the day, and its bytes with their type and charset."""

    url: str
    date: str
    body: bytes
    media_type: str
    charset: str


def fetch_page(url: str, *, allow_loopback: bool = False) -> FetchedPage:
    """Fetch a page; raises UnreachableError with the crawler's reason where it gives no page."""
    with TemporaryDirectory() as folder:
        sources = Path(folder, "sources")
        sources.mkdir()
        declared = {"jurisdiction": "us", "sources": [{"id": FETCHED_ONCE, "platform": "page", "urls": [url]}]}
        (sources / "us.yml").write_text(json.dumps(declared), "utf-8")
        data = Path(folder, "data")
        data.mkdir()
        options = ["--sources", str(sources), "--source", FETCHED_ONCE, "--data", str(data)]
        command = [sys.executable, "-P", "-m", "crawlers.run", *options, *(["--allow-loopback"] * allow_loopback)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if not (data / "archive.db").is_file():
            reason = done.stderr.strip().rpartition("Error: ")[2] or f"the crawler ended with {done.returncode}"
            raise UnreachableError(f"{url}: expected a page, found none: {reason[:LONGEST_REASON]}")
        return _take_page(data, url)


def _take_page(data: Path, url: str) -> FetchedPage:
    with closing(open_archive(data / "archive.db", read_only=True)) as db:
        fetch = next(read_transfers(db, TransferFilter(sources=(FETCHED_ONCE,))), None)
        if fetch is None:
            raise UnreachableError(f"{url}: expected a page, found no answer")
        if fetch.outcome != "ok" or fetch.sha256 is None:
            reason = fetch.error or fetch.outcome
            raise UnreachableError(f"{url}: expected a page, found none: {reason}")
        return FetchedPage(
            url=fetch.final_url or url,
            date=fetch.observed_at[:10],
            body=read_snapshot(db, fetch.sha256),
            media_type=fetch.media_type,
            charset=fetch.charset,
        )
