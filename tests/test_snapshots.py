"""Bytes come out of a snapshot as they went in, or their damage is named; headers that could harm stay out."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.errors import DamagedSnapshotError
from kb.snapshots import hash_body, keep_headers, pack, read_content_type, unpack

BODY = b"<p>No person shall practice without a license.</p>" * 20


@given(st.binary(max_size=2000))
def test_every_body_comes_out_as_it_went_in(body):
    packed = pack(body)

    assert body == unpack(packed)
    assert (hash_body(body), len(body)) == (packed.sha256, packed.size)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ({"body": b""}, "does not decompress"),
        ({"body": pack(BODY).body[:-9]}, "does not decompress"),
        ({"body": b"<html>"}, "does not decompress"),
        ({"size": len(BODY) + 1}, f"expected {len(BODY) + 1} bytes, found {len(BODY)}"),
        ({"body": pack(BODY.upper()).body}, f"found {hash_body(BODY.upper())}"),
        ({"codec": "lzma"}, "expected codec zstd, found 'lzma'"),
    ],
)
def test_damaged_snapshot_is_named_with_what_was_found(damage, found):
    packed = msgspec.structs.replace(pack(BODY), **damage)

    with pytest.raises(DamagedSnapshotError, match=packed.sha256) as caught:
        unpack(packed)

    assert found in str(caught.value)


def test_frame_that_claims_endless_bytes_is_refused_before_it_is_unpacked():
    # Frame header of RFC 8878: magic number, a descriptor saying that eight bytes of content size follow, those bytes.
    header = b"\x28\xb5\x2f\xfd\xe0" + (1 << 50).to_bytes(8, "little")
    packed = msgspec.structs.replace(pack(BODY), body=header)

    with pytest.raises(DamagedSnapshotError, match="found 1125899906842624"):
        unpack(packed)


@given(st.integers(0, len(pack(BODY).body) - 1), st.integers(1, 255))
def test_no_single_altered_byte_passes(position, mask):
    packed = pack(BODY)
    altered = bytearray(packed.body)
    altered[position] ^= mask

    with contextlib.suppress(DamagedSnapshotError):
        # Some bytes of a frame say nothing of its content: then the bytes must be the right ones.
        assert BODY == unpack(msgspec.structs.replace(packed, body=bytes(altered)))


def test_cookies_authorisation_and_client_addresses_are_dropped():
    headers = {
        "Set-Cookie": "session=1",
        "Authorization": "Bearer 1",
        "WWW-Authenticate": "Basic",
        "X-Forwarded-For": "192.0.2.7",
        "X-Client-IP": "192.0.2.7",
        "ETag": '"7"',
        "Last-Modified": "Sat, 01 Jun 2024 08:00:00 GMT",
    }

    kept = keep_headers(headers)

    assert {"etag": '"7"', "last-modified": "Sat, 01 Jun 2024 08:00:00 GMT"} == kept


@pytest.mark.parametrize(
    ("media_type", "header", "expected"),
    [
        ("text/html", "", ("text/html", "")),
        ("", 'Text/HTML; Charset="Windows-1252"', ("text/html", "windows-1252")),
        ("text/html", "text/html; charset=utf-8", ("text/html", "utf-8")),
        ("application/pdf; charset=binary", "text/html; charset=utf-8", ("application/pdf", "binary")),
        ("", "", ("", "")),
    ],
)
def test_media_type_and_charset_are_read_from_what_was_said(media_type, header, expected):
    assert expected == read_content_type(media_type, {"content-type": header} if header else {})
