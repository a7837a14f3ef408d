"""Read the bytes of a WARC file a piece at a time: each gzip member as a stream, or the plain file from an offset.

A damaged member is named by its offset, and the next sound one is found by its beginning.
"""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from kb.errors import StatusQuoError

BLOCK = 1 << 16
# What the lines of a record's headers may take together; beyond it they are no headers.
MOST_HEADER_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b\x08"
RECORD_MAGIC = b"WARC/"
# WARC/1.1 at the end of its line
FIRST_LINE = re.compile(rb"WARC/\d\.\d+\r?\n")
# Enough of a member to unpack its first line.
PROBE = 1024


class BrokenRecordError(StatusQuoError):
    """Raised when the bytes of a WARC file are no sound record; the message says what was expected and found."""


class RecordStream:
    """The unpacked bytes of one gzip member, or of a plain file from an offset to its end, read in small pieces."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        file.seek(offset)
        self.file = file
        self.offset = offset
        self.packed = is_packed(file, offset)
        self.unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self.buffer = bytearray()
        self.given = 0
        self.header_bytes = 0
        self.place = offset

    def tell_end(self) -> int:
        """Return the offset after a member that was read to its end."""
        return self.file.tell() - len(self.unpack.unused_data) if self.packed else self.offset + self.given

    def list_records(self) -> Iterator[int]:
        """Go from record to record, past blank lines; yields the offset of each, which is then ``place``.

        Of records within one gzip member it is the offset of the member. Each must be read to its end before the next.
        """
        while self._skip_blank():
            self.header_bytes = 0
            self.place = self.offset if self.packed else self.offset + self.given
            yield self.place

    def _skip_blank(self) -> bool:
        """Skip blank lines; returns False at the end."""
        while True:
            self._take(len(self.buffer) - len(self.buffer.lstrip(b"\r\n")))
            if self.buffer:
                return True
            if not self._fill():
                return False

    def read(self, size: int = BLOCK) -> bytes:
        """Read up to a number of bytes, fewer only at the end; raises BrokenRecordError for damaged data."""
        while len(self.buffer) < size and self._fill():
            pass
        return self._take(size)

    def readline(self, size: int | None = None) -> bytes:
        """Read one header line; raises BrokenRecordError where header lines do not end."""
        while (end := self.buffer.find(b"\n")) < 0:
            if len(self.buffer) > MOST_HEADER_BYTES or not self._fill():
                break
        line = self._take(min(end + 1 if end >= 0 else len(self.buffer), size or MOST_HEADER_BYTES))
        self.header_bytes += len(line)
        if self.header_bytes > MOST_HEADER_BYTES:
            raise BrokenRecordError(f"expected headers of at most {MOST_HEADER_BYTES} bytes, found more")
        return line

    def _take(self, size: int) -> bytes:
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        self.given += len(taken)
        return taken

    def _fill(self) -> bool:
        """Unpack a little more into the buffer; returns False at the end."""
        if not self.packed:
            block = self.file.read(BLOCK)
            self.buffer += block
            return bool(block)
        if self.unpack.eof:
            return False
        data = self.unpack.unconsumed_tail or self.file.read(BLOCK)
        if not data:
            raise BrokenRecordError("expected a whole gzip member, found the end of the file")
        try:
            self.buffer += self.unpack.decompress(data, BLOCK)
        except zlib.error as error:
            raise BrokenRecordError(f"expected a sound gzip member, found: {error}") from error
        return True


def is_packed(file: BinaryIO, offset: int) -> bool:
    """Tell whether a gzip member begins at an offset; the file stands at the offset afterwards."""
    file.seek(offset)
    packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    file.seek(offset)
    return packed


def begins_record(file: BinaryIO, offset: int) -> bool:
    """Tell whether a WARC record, packed or plain, begins at an offset."""
    file.seek(offset)
    head = file.read(PROBE)
    if not head.startswith(GZIP_MAGIC):
        return FIRST_LINE.match(head) is not None
    try:
        start = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, PROBE)
    except zlib.error:
        return False
    return FIRST_LINE.match(start.lstrip(b"\r\n")) is not None


def find_record(file: BinaryIO, offset: int) -> int | None:
    """Find the first record that begins at or after an offset; returns None where there is none."""
    overlap = len(RECORD_MAGIC) - 1
    while True:
        file.seek(offset)
        block = file.read(BLOCK)
        places = sorted({*_find_all(block, GZIP_MAGIC), *_find_all(block, RECORD_MAGIC)})
        for place in places:
            if begins_record(file, offset + place):
                return offset + place
        if len(block) < BLOCK:
            return None
        offset += len(block) - overlap


def _find_all(block: bytes, sign: bytes) -> list[int]:
    places, at = [], block.find(sign)
    while at >= 0:
        places.append(at)
        at = block.find(sign, at + 1)
    return places
