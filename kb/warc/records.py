"""Read the records of a WARC file one after the other, with memory that does not grow with the file.

Of a broken record its offset and the reason are told, and reading goes on with the next sound one.
"""

import hashlib
import re
from base64 import b32encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeadersParser, StatusAndHeadersParserException

from kb.errors import StatusQuoError
from kb.warc.payload import LARGEST_PAYLOAD, unpack_payload
from kb.warc.streams import BLOCK, BrokenRecordError, RecordStream, begins_record, find_record

# HTTP/1.1 200 OK
STATUS_LINE = re.compile(r"(?:HTTP/\d(?:\.\d)? )?(\d{3})\b")
# Types whose block is an HTTP message, and the one whose block is the payload itself.
HTTP_TYPES = ("response", "revisit")
PAYLOAD_TYPES = (*HTTP_TYPES, "resource", "metadata")

# What the bytes of a file may end in when they are no sound record.
UNREADABLE = (BrokenRecordError, ArchiveLoadFailed, StatusAndHeadersParserException, EOFError, UnicodeDecodeError)
LONGEST_REASON = 300

Headers = dict[str, str]
Wants = Callable[[str, Headers], bool]
Limit = Callable[[Headers], int]


class WarcError(StatusQuoError):
    """Raised when a file is no WARC file, or holds nothing that can be imported; the message names the file."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One record that was wanted: its offset, type and headers (by lower-case name), and what its block holds.

    ``status`` and ``http`` are those of the HTTP answer, 0 and empty where the block holds none. ``body`` is the
    unpacked payload, None where there is none or where it is too large (``too_large``). ``whole`` is False where it
    ends too early. ``digests`` name the payload as recorders do ("sha1:…").
    """

    offset: int
    kind: str
    headers: Headers
    status: int = 0
    http: Headers = {}
    body: bytes | None = None
    whole: bool = True
    too_large: bool = False
    digests: tuple[str, ...] = ()


class Broken(msgspec.Struct, frozen=True):
    """A part of a file that could not be read: where it begins, and why."""

    offset: int
    reason: str


def _limit_payload(headers: Headers) -> int:  # noqa: ARG001 - the same for every record
    return LARGEST_PAYLOAD


def is_warc(path: Path) -> bool:
    """Tell whether a file is meant as WARC: by its name, or by how it begins."""
    if path.name.endswith((".warc", ".warc.gz")):
        return True
    with path.open("rb") as file:
        return begins_record(file, 0)


def check_warc(path: Path) -> None:
    """Raise WarcError unless a file begins with a WARC record, packed by gzip or plain."""
    with path.open("rb") as file:
        if not begins_record(file, 0):
            raise WarcError(f"{path}: expected a WARC file, found: no record at its beginning")


def read_records(
    path: Path, wants: Wants, tell: Callable[[int], None], limit: Limit = _limit_payload
) -> Iterator[Record | Broken]:
    """Read the records of a file that ``wants`` (given type and headers) chooses, and what is broken between them.

    ``tell`` is called with the offset reached; ``limit`` tells how large the payload of a record may be.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        offset: int | None = 0
        while offset is not None and offset < size:
            stream = RecordStream(file, offset)
            try:
                yield from _read_stream(stream, wants, limit, tell)
                offset = stream.tell_end()
            except UNREADABLE as error:
                yield Broken(stream.place, " ".join(str(error).split())[:LONGEST_REASON])
                offset = find_record(file, stream.place + 1)
        tell(size)


_LOADER = ArcWarcRecordLoader(arc2warc=False)
_HTTP = StatusAndHeadersParser([], verify=False)


def _read_stream(
    stream: RecordStream, wants: Wants, limit: Limit, tell: Callable[[int], None]
) -> Iterator[Record | Broken]:
    for place in stream.list_records():
        tell(place)
        yield from _read_record(stream, wants, limit)


def _read_record(stream: RecordStream, wants: Wants, limit: Limit) -> Iterator[Record]:
    """Read one record and what is left of it; yields it if it is wanted."""
    # Its block is limited to the length it states by warcio's loader.
    record = _LOADER.parse_record_stream(stream, known_format="warc", no_record_parse=True)
    headers = _name_headers(record.rec_headers.headers)
    kind = headers.get("warc-type", "")
    length = headers.get("content-length", "").strip()
    if not length.isdecimal():
        raise BrokenRecordError(f"expected a Content-Length, found {length!r}")
    if kind in PAYLOAD_TYPES and wants(kind, headers):
        yield _read_block(record.raw_stream, Record(offset=stream.place, kind=kind, headers=headers), limit(headers))
    while record.raw_stream.read(BLOCK):
        pass
    if record.raw_stream.limit > 0:
        raise BrokenRecordError(f"expected a block of {length} bytes, found {record.raw_stream.limit} fewer")


def _read_block(block: Any, record: Record, limit: int) -> Record:
    if record.kind not in HTTP_TYPES:
        return _read_payload(block, record, limit)
    try:
        answer = _HTTP.parse(block)
    except EOFError as error:
        if record.kind == "revisit":
            return record  # it may hold no HTTP message at all
        raise BrokenRecordError("expected an HTTP message, found an empty block") from error
    status = STATUS_LINE.match(f"{answer.protocol} {answer.statusline}".strip())
    if status is None:
        raise BrokenRecordError(f"expected an HTTP status line, found {answer.protocol} {answer.statusline}"[:200])
    told = msgspec.structs.replace(record, status=int(status[1]), http=_name_headers(answer.headers))
    return told if record.kind == "revisit" else _read_payload(block, told, limit)


def _read_payload(block: Any, record: Record, limit: int) -> Record:
    raw = bytearray()
    digest = hashlib.sha1(usedforsecurity=False)
    while piece := block.read(BLOCK):
        digest.update(piece)
        raw += piece
        if len(raw) > limit:
            return msgspec.structs.replace(record, too_large=True)
    unpacked = unpack_payload(bytes(raw), record.http, limit)
    return msgspec.structs.replace(
        record,
        body=unpacked.body,
        whole=unpacked.whole and block.limit == 0,
        too_large=unpacked.body is None,
        digests=(f"sha1:{b32encode(digest.digest()).decode()}",),
    )


def _name_headers(pairs: list[tuple[str, str]]) -> Headers:
    """Return headers by lower-case name, repeated ones joined by commas (RFC 9110, 5.3)."""
    named: Headers = {}
    for name, value in pairs:
        key = name.lower()
        named[key] = f"{named[key]}, {value}" if key in named else value
    return named
