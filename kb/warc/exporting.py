"""Write the archive as WARC 1.1 files, for web archives and their tools, and for another archive of this project.

A repeat of bytes written before is a revisit record, a failed attempt a metadata record. Each record carries the facts
of its fetch (kb.warc.facts), so that an import restores runs and waves as they were. Nothing is written that the
archive does not keep: no request, no cookie, no authorisation.
"""

import re
import sqlite3
import uuid
from base64 import b32encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from hashlib import sha1
from http.client import responses
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import msgspec
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from kb.collect import Progress, ignore_progress
from kb.errors import DamagedSnapshotError, NotFoundError, UsageError
from kb.models import Transfer
from kb.store.archive import read_snapshot
from kb.store.transfer import TransferFilter, count_transfers, read_transfers
from kb.warc.facts import FACTS_HEADER, write_facts

# A file of a folder is ended at about this size, as web archives do.
LARGEST_FILE = 1024**3
# Answers that say what they say without bytes.
WITHOUT_BODY = ("missing", "redirected", "blocked", "error")
# What would end a header line.
LINE_ENDS = re.compile(r"[\r\n\0]+")
# Names of records are made from those of fetches, so that the same archive gives the same bytes.
NAMES = uuid.UUID("5d0c0c1e-6f0b-5f43-9a53-6a3a2e7c1a10")
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"


class WarcOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to write: the fetches wanted, into a file (``….warc`` or ``….warc.gz``) or a folder.

    ``now`` is the present instant, ``software`` names us and our version. ``largest`` is the size in bytes at which a
    file of a folder is ended.
    """

    target: Path
    wanted: TransferFilter = TransferFilter()
    now: str
    software: str = "statusquo"
    largest: int = LARGEST_FILE


class WarcExport(msgspec.Struct):
    """What was written: the files, records of fetches, revisits among them, and what had no sound bytes."""

    files: list[Path] = []
    fetches: int = 0
    revisits: int = 0
    without_bytes: int = 0
    damaged: list[str] = []


class _First(msgspec.Struct, frozen=True):
    """Where bytes were written first: the record's name, its URL and instant, and the digest of the bytes."""

    name: str
    url: str
    at: str
    digest: str


def export_warc(db: sqlite3.Connection, order: WarcOrder, *, progress: Progress = ignore_progress) -> WarcExport:
    """Write the fetches of all closed runs that are wanted, in the order they were recorded; returns what was written.

    Files are written under a temporary name and renamed when all are whole. A damaged snapshot is left out and named.
    Raises UsageError where a file of the folder would be replaced.
    """
    total = count_transfers(db, order.wanted)
    with ExitStack() as stack:
        writer = _Writer(order, stack)
        for done, transfer in enumerate(read_transfers(db, order.wanted), start=1):
            writer.write(transfer, _read_body(db, transfer, writer.result))
            progress(done, total)
        return writer.finish()


def _read_body(db: sqlite3.Connection, transfer: Transfer, result: WarcExport) -> bytes | None:
    if transfer.sha256 is None:
        return None
    try:
        return read_snapshot(db, transfer.sha256)
    except NotFoundError:
        result.without_bytes += 1
    except DamagedSnapshotError as error:
        result.damaged.append(f"{error} ({transfer.url})")
    return None


class _Writer:
    """Writes one fetch after the other, into as many files as they need."""

    def __init__(self, order: WarcOrder, stack: ExitStack) -> None:
        self.order = order
        self.stack = stack
        self.result = WarcExport()
        self.parts: list[tuple[Path, Path]] = []
        self.open_files: list[BinaryIO] = []
        self.first: dict[str, _First] = {}
        self.is_single = order.target.name.endswith((".warc", ".warc.gz"))
        self.out, self.writer = self._open_file()

    def write(self, transfer: Transfer, body: bytes | None) -> None:
        """Write one fetch: in full, as a repeat of bytes written before, or as an attempt that brought none."""
        if not self.is_single and self.out.tell() >= self.order.largest:
            self.out, self.writer = self._open_file()
        self.writer.write_record(self._make_record(transfer, body))
        self.result.fetches += 1

    def finish(self) -> WarcExport:
        """Give the files their names."""
        for file in self.open_files:
            file.close()
        for part, path in self.parts:
            part.replace(path)
        self.result.files = [path for _, path in self.parts]
        return self.result

    def _open_file(self) -> tuple[BinaryIO, WARCWriter]:
        path = self.order.target
        if not self.is_single:
            path.mkdir(parents=True, exist_ok=True)
            path = path / f"statusquo-{len(self.parts) + 1:05d}.warc.gz"
            if path.exists():
                raise UsageError(f"{path}: expected a folder without such a file, found one; name an empty folder")
        part = path.with_name(f"{path.name}.part")
        self.stack.callback(part.unlink, missing_ok=True)
        out: BinaryIO = self.stack.enter_context(part.open("wb"))
        self.open_files.append(out)
        self.parts.append((part, path))
        writer = WARCWriter(out, gzip=path.name.endswith(".gz"), warc_version="1.1")
        info = f"software: {self.order.software}\r\nformat: WARC File Format 1.1\r\n".encode()
        facts = {
            "WARC-Record-ID": _name_record(f"{self.order.now} {path.name}"),
            "WARC-Date": self.order.now,
            "WARC-Filename": path.name,
        }
        writer.write_record(
            writer.create_warc_record(
                "", "warcinfo", payload=BytesIO(info), length=len(info), warc_headers_dict=facts,
                warc_content_type="application/warc-fields",
            )
        )  # fmt: skip
        return out, writer

    def _make_record(self, transfer: Transfer, body: bytes | None) -> ArcWarcRecord:
        name = _name_record(f"{transfer.run.run} {transfer.seq}")
        headers = {
            "WARC-Record-ID": name,
            "WARC-Date": transfer.observed_at,
            FACTS_HEADER: write_facts(transfer),
        }
        first = None if transfer.sha256 is None else self.first.get(transfer.sha256)
        if transfer.outcome == "truncated":
            headers["WARC-Truncated"] = "unspecified"
        if first is not None:
            self.result.revisits += 1
            return self._make_revisit(transfer, headers, first)
        if body is not None and transfer.sha256 is not None:
            digest = f"sha1:{b32encode(sha1(body, usedforsecurity=False).digest()).decode()}"
            self.first[transfer.sha256] = _First(name, transfer.url, transfer.observed_at, digest)
            return self._make_response(transfer, headers, body)
        if transfer.outcome == "not_modified":
            headers["WARC-Profile"] = NOT_MODIFIED
            return self._make(transfer, "revisit", headers, http=_write_http(transfer, None))
        if transfer.outcome in WITHOUT_BODY and transfer.sha256 is None and transfer.status:
            headers["WARC-Truncated"] = "unspecified"  # there may have been bytes; none were kept
            return self._make_response(transfer, headers, None)
        return self._make_note(transfer, headers)

    def _make_revisit(self, transfer: Transfer, headers: dict[str, str], first: _First) -> ArcWarcRecord:
        headers["WARC-Refers-To"] = first.name
        return self.writer.create_revisit_record(
            transfer.url,
            digest=first.digest,
            refers_to_uri=first.url,
            refers_to_date=first.at,
            http_headers=_write_http(transfer, None),
            warc_headers_dict=headers,
        )

    def _make_response(self, transfer: Transfer, headers: dict[str, str], body: bytes | None) -> ArcWarcRecord:
        http = _write_http(transfer, body)
        return self._make(transfer, "response", headers, payload=body or b"", http=http)

    def _make_note(self, transfer: Transfer, headers: dict[str, str]) -> ArcWarcRecord:
        """Make the record of a fetch without an answer, or whose bytes are no longer kept."""
        lines = {"outcome": transfer.outcome, "status": transfer.status, "error": transfer.error}
        text = "".join(f"{name}: {LINE_ENDS.sub(' ', str(value))}\r\n" for name, value in lines.items())
        return self._make(transfer, "metadata", headers, payload=text.encode(), http=None)

    def _make(
        self,
        transfer: Transfer,
        kind: str,
        headers: dict[str, str],
        *,
        payload: bytes = b"",
        http: StatusAndHeaders | None,
    ) -> ArcWarcRecord:
        return self.writer.create_warc_record(
            transfer.url,
            kind,
            payload=BytesIO(payload),
            length=len(payload),
            warc_headers_dict=headers,
            http_headers=http,
        )


def _write_http(transfer: Transfer, body: bytes | None) -> StatusAndHeaders:
    """Write the head of the answer from the kept headers; the bytes follow unpacked, and their length is said so."""
    status = transfer.status or 200
    kept = dict(_name_kept(transfer.headers))
    if body is not None and transfer.outcome != "truncated":
        kept["Content-Length"] = str(len(body))
    phrase = responses.get(status, "")
    return StatusAndHeaders(f"{status} {phrase}".strip(), list(kept.items()), protocol="HTTP/1.1")


def _name_kept(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in headers.items():
        if name != "content-encoding":
            yield name.title(), LINE_ENDS.sub(" ", value)


def _name_record(name: str) -> str:
    return f"<urn:uuid:{uuid.uuid5(NAMES, name)}>"
