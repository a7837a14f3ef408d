"""Take the payload of a recorded HTTP answer out of its packing: chunks, then content encodings, always bounded.

A few kilobytes can unpack to gigabytes, so nothing is unpacked beyond a limit. Recorders differ: many keep the headers
of the packing and store the payload unpacked, so a payload that is not packed as its headers say is taken as it is.
"""

import zlib
from collections.abc import Callable, Mapping
from io import BytesIO

import brotli
import msgspec
import zstandard

# The largest payload kept, packed or not: what the crawler and the reader of pages allow too.
LARGEST_PAYLOAD = 48 * 1024 * 1024
PIECE = 1 << 16
GZIP_MAGIC = b"\x1f\x8b"
# The window that every receiver must grant (RFC 9659).
ZSTD_WINDOW = 8 * 1024 * 1024
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class Unpacked(msgspec.Struct, frozen=True):
    """Bytes taken out of a packing: None where they are too many; ``whole`` is False where they end too early."""

    body: bytes | None
    whole: bool = True


def unpack_payload(raw: bytes, headers: Mapping[str, str], limit: int = LARGEST_PAYLOAD) -> Unpacked:
    """Take the entity out of a payload as its HTTP headers (by lower-case name) say it is packed."""
    entity, whole = raw, True
    if "chunked" in headers.get("transfer-encoding", "").lower():
        joined = join_chunks(raw)
        entity, whole = joined.body or b"", joined.whole
    for name in reversed(headers.get("content-encoding", "").lower().split(",")):
        unpack = UNPACKERS.get(name.strip())
        found = Unpacked(entity) if unpack is None or not entity else unpack(entity, limit)
        if found.body is None:
            return found
        entity, whole = found.body, whole and found.whole
    return Unpacked(entity, whole)


def join_chunks(raw: bytes) -> Unpacked:
    """Join the chunks of a chunked message (RFC 9112, 7.1); bytes that begin with no chunk are taken as joined."""
    chunks, at = bytearray(), 0
    while True:
        end = raw.find(b"\r\n", at, at + 1024)
        size = _read_chunk_size(raw[at:end]) if end >= 0 else None
        if size is None:
            return Unpacked(bytes(chunks), whole=False) if at else Unpacked(raw)
        if size == 0:
            return Unpacked(bytes(chunks))
        chunk = raw[end + 2 : end + 2 + size]
        chunks += chunk
        at = end + 2 + size + 2
        if len(chunk) < size:
            return Unpacked(bytes(chunks), whole=False)


def _read_chunk_size(line: bytes) -> int | None:
    digits = line.partition(b";")[0].strip()
    try:
        return int(digits, 16) if digits.isalnum() else None
    except ValueError:
        return None


def _unpack_gzip(data: bytes, limit: int) -> Unpacked:
    return _inflate(data, limit, zlib.MAX_WBITS | 16) if data.startswith(GZIP_MAGIC) else Unpacked(data)


def _unpack_deflate(data: bytes, limit: int) -> Unpacked:
    """Unpack what is called deflate: with zlib's frame (RFC 9110, 8.4.1.2), or without, as many servers send it."""
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        found = _inflate(data, limit, bits)
        if found.body is None or found.body:
            return found
    return Unpacked(data)


def _inflate(data: bytes, limit: int, bits: int) -> Unpacked:
    """Unpack deflated data, several members one after another too; damage ends it as a cut does."""
    out, rest = bytearray(), data
    while rest:
        unpack = zlib.decompressobj(bits)
        try:
            while not unpack.eof and rest and len(out) <= limit:
                out += unpack.decompress(rest, PIECE)
                rest = unpack.unconsumed_tail
        except zlib.error:
            return Unpacked(bytes(out), whole=False)
        if len(out) > limit:
            return Unpacked(None)
        if not unpack.eof:
            return Unpacked(bytes(out), whole=False)
        rest = unpack.unused_data if unpack.unused_data.startswith(GZIP_MAGIC) else b""
    return Unpacked(bytes(out))


def _unpack_brotli(data: bytes, limit: int) -> Unpacked:
    """Unpack brotli, which has no mark at its beginning: what cannot be unpacked at all is taken as it is."""
    unpack, out = brotli.Decompressor(), bytearray()
    try:
        out += unpack.process(data, output_buffer_limit=PIECE)
        while not unpack.is_finished() and len(out) <= limit:
            piece = unpack.process(b"", output_buffer_limit=PIECE)
            if not piece:
                return Unpacked(bytes(out), whole=False)
            out += piece
    except brotli.error:
        return Unpacked(bytes(out), whole=False) if out else Unpacked(data)
    return Unpacked(None) if len(out) > limit else Unpacked(bytes(out))


def _unpack_zstd(data: bytes, limit: int) -> Unpacked:
    if not data.startswith(ZSTD_MAGIC):
        return Unpacked(data)
    out = bytearray()
    try:
        size = zstandard.frame_content_size(data)
        if size > limit:
            return Unpacked(None)
        unpack = zstandard.ZstdDecompressor(max_window_size=max(limit, ZSTD_WINDOW))
        reader = unpack.stream_reader(BytesIO(data), read_across_frames=True)
        while len(out) <= limit and (piece := reader.read(PIECE)):
            out += piece
    except zstandard.ZstdError:
        return Unpacked(bytes(out), whole=False)
    # The reader does not tell a frame that ends early; where its size is stated that does.
    return Unpacked(None) if len(out) > limit else Unpacked(bytes(out), whole=len(out) >= size)


UNPACKERS: Mapping[str, Callable[[bytes, int], Unpacked]] = {
    "gzip": _unpack_gzip,
    "x-gzip": _unpack_gzip,
    "deflate": _unpack_deflate,
    "br": _unpack_brotli,
    "zstd": _unpack_zstd,
}
