"""WARC files are read record by record, packed as recorders pack, whole or broken, within bounds."""

import gzip
import os
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.warc.payload import join_chunks, unpack_payload
from kb.warc.records import Broken, Record, WarcError, check_warc, read_records
from tests.warcs import BODY, URL, Warc, list_lines, make_message, write_by_hand

WORDS = b"<p>A kite may fly by day.</p>" * 40
CHUNKED = b"4\r\n<p>A\r\n19;x=y\r\n kite may fly by day.</p>\r\n0\r\n\r\n"


def read(path, kinds=("response", "resource", "revisit")):
    return list(read_records(path, lambda kind, _: kind in kinds, lambda _: None))


def deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@pytest.mark.parametrize("name", ["web.warc", "web.warc.gz"])
def test_records_are_read_in_order_with_their_offsets(tmp_path, name):
    with Warc(tmp_path / name) as warc:
        warc.write(warc.writer.create_warcinfo_record("web", {"software": "a test"}))
        warc.add(http={"content-type": "text/html; charset=utf-8"})
        warc.add(f"{URL}/pdf", b"%PDF-", kind="resource", Content_Type="application/pdf")
        warc.add(kind="metadata", body=b"note: none")

    records = read(tmp_path / name)

    assert [("response", BODY), ("resource", b"%PDF-")] == [(record.kind, record.body) for record in records]
    assert warc.offsets[1:3] == [record.offset for record in records]
    assert (200, "text/html; charset=utf-8") == (records[0].status, records[0].http["content-type"])
    assert records[0].headers["warc-payload-digest"] in records[0].digests


@pytest.mark.parametrize("encoding", PACKERS)
def test_packed_payload_is_unpacked(encoding):
    packed = PACKERS[encoding](WORDS)

    found = unpack_payload(packed, {"content-encoding": encoding.upper()})
    cut = unpack_payload(packed[: len(packed) // 2], {"content-encoding": encoding})

    assert (WORDS, True) == (found.body, found.whole)
    assert not cut.whole
    assert WORDS.startswith(cut.body) or cut.body == packed[: len(packed) // 2]


def test_headers_of_a_packing_that_was_undone_are_passed_over():
    headers = {"transfer-encoding": "chunked", "content-encoding": "gzip, br, zstd, deflate"}

    found = unpack_payload(WORDS, headers)

    assert (WORDS, True) == (found.body, found.whole)


def test_deflate_without_a_frame_and_two_encodings_are_unpacked():
    assert WORDS == unpack_payload(deflate(WORDS), {"content-encoding": "deflate"}).body
    twice = brotli.compress(gzip.compress(WORDS))
    assert WORDS == unpack_payload(twice, {"content-encoding": "gzip, br"}).body


def test_chunks_are_joined_and_a_missing_end_is_told():
    whole = join_chunks(CHUNKED)
    cut = join_chunks(CHUNKED[:-7])

    assert (b"<p>A kite may fly by day.</p>", True) == (whole.body, whole.whole)
    assert (b"<p>A kite may fly by day.</p>", False) == (cut.body, cut.whole)


@pytest.mark.parametrize("encoding", PACKERS)
def test_bomb_is_not_unpacked_beyond_the_limit(encoding):
    bomb = PACKERS[encoding](bytes(64 << 20))
    tracemalloc.start()
    try:
        found = unpack_payload(bomb, {"content-encoding": encoding}, limit=1 << 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert found.body is None
    assert peak < 8 << 20


def test_bomb_of_a_member_is_too_large_and_the_next_record_is_read(tmp_path):
    path = tmp_path / "bomb.warc.gz"
    with Warc(path) as warc:
        warc.add(body=bytes(70 << 20))
        warc.add(f"{URL}/next")
    tracemalloc.start()
    try:
        bomb, after = read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert (True, None) == (bomb.too_large, bomb.body)
    assert BODY == after.body
    assert peak < 64 << 20


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "long.warc.gz"
    with Warc(path) as warc:
        for number in range(300):
            warc.add(f"{URL}/{number}", os.urandom(100_000))
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_records(path, lambda *_: True, lambda _: None))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert 300 == count
    assert peak < 4 << 20


@pytest.mark.parametrize("name", ["web.warc", "web.warc.gz"])
def test_broken_record_in_the_middle_is_named_by_its_offset_and_the_rest_is_read(tmp_path, name):
    with Warc(tmp_path / name) as warc:
        for number in range(4):
            warc.add(f"{URL}/{number}")
    data = bytearray((tmp_path / name).read_bytes())
    middle = warc.offsets[1]
    data[middle : middle + 40] = bytes(40)
    (tmp_path / name).write_bytes(data)

    records = read(tmp_path / name)

    assert [Record, Broken, Record, Record] == [type(record) for record in records]
    assert warc.offsets == [record.offset for record in records]


def test_file_cut_in_its_last_record_gives_the_others(tmp_path):
    for name in ("cut.warc", "cut.warc.gz"):
        with Warc(tmp_path / name) as warc:
            warc.add()
            warc.add(f"{URL}/2")
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: warc.offsets[1] + (len(data) - warc.offsets[1]) * 9 // 10])

        records = read(tmp_path / name)

        assert BODY == records[0].body
        assert isinstance(records[-1], Broken)
        assert warc.offsets[1] == records[-1].offset
        assert all(not record.whole for record in records[1:-1])


def test_whole_file_packed_as_one_member_is_read(tmp_path):
    with Warc(tmp_path / "plain.warc") as warc:
        warc.add()
        warc.add(f"{URL}/2")
    path = tmp_path / "one.warc.gz"
    path.write_bytes(gzip.compress((tmp_path / "plain.warc").read_bytes()))

    assert [BODY, BODY] == [record.body for record in read(path)]


@pytest.mark.parametrize(
    ("lines", "block", "reason"),
    [
        (["WARC/1.0", "WARC-Type: response", f"WARC-Target-URI: {URL}"], b"", "found an empty block"),
        (list_lines(), b"<p>no head</p>\r\n\r\n", "expected an HTTP status line"),
        ([*list_lines(), f"X: {'x' * 2_000_000}"], make_message(), "expected headers of at most"),
        (["WARC/0.1"], b"", "Invalid WARC record"),
    ],
)
def test_record_that_is_no_sound_one_is_told(tmp_path, lines, block, reason):
    path = write_by_hand(tmp_path / "bad.warc.gz", (lines, block), (list_lines(), make_message()))

    bad, good = read(path)

    assert reason in bad.reason
    assert BODY == good.body


def test_file_that_is_no_warc_is_refused(tmp_path):
    for name, data in (("a.warc", b"<html>"), ("b.warc.gz", gzip.compress(b"<html>")), ("c.warc", b"")):
        (tmp_path / name).write_bytes(data)

        with pytest.raises(WarcError, match="expected a WARC file"):
            check_warc(tmp_path / name)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_altered_bytes_never_crash_and_never_lose_a_record_before_them(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("fuzz")
    name = data.draw(st.sampled_from(["web.warc", "web.warc.gz"]))
    with Warc(folder / name) as warc:
        for number in range(3):
            warc.add(f"{URL}/{number}", http={"Content-Encoding": "gzip"}, body=gzip.compress(BODY, mtime=0))
    content = bytearray((folder / name).read_bytes())
    rest = len(content) - warc.offsets[1]
    for share in data.draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6)):
        place = warc.offsets[1] + int(share * rest)
        content[place] = data.draw(st.integers(0, 255))
    (folder / name).write_bytes(content)

    records = read(folder / name)

    assert BODY == records[0].body
