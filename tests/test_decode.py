"""Bytes become text the way browsers read them, save that valid UTF-8 is always believed."""

import pytest

from kb.read.canonical import fold_text
from kb.read.decode import decode_text
from kb.read.page import read_page
from kb.sources import parse_source

SIGN = "§ 7–1. Fees\n"


def test_valid_utf8_wins_over_a_wrong_declaration() -> None:
    body = f'<meta charset="iso-8859-1">{SIGN}'.encode()

    decoded = decode_text(body, "windows-1252")

    assert ("utf-8", True, ()) == (decoded.encoding, SIGN in decoded.text, decoded.flaws)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"\xef\xbb\xbf" + SIGN.encode(), "utf-8"),
        (b"\xff\xfe" + SIGN.encode("utf-16-le"), "utf-16-le"),
        (b"\xfe\xff" + SIGN.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_a_byte_order_mark_decides_and_is_dropped(body: bytes, encoding: str) -> None:
    decoded = decode_text(body)

    assert (SIGN, encoding, ()) == (decoded.text, decoded.encoding, decoded.flaws)


@pytest.mark.parametrize("charset", ["iso-8859-1", '"ISO-8859-1"', "us-ascii", "", "utf-8", "no-such-charset"])
def test_windows_1252_is_read_where_latin_1_or_nothing_usable_is_said(charset: str) -> None:
    decoded = decode_text("§ 5 “fee” – €9".encode("windows-1252"), charset)

    assert ("§ 5 “fee” – €9", "cp1252") == (decoded.text, decoded.encoding)


@pytest.mark.parametrize(
    "head",
    [
        b'<meta charset="windows-1251">',
        b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">',
        b'<?xml version="1.0" encoding="windows-1251"?>',
    ],
)
def test_a_declaration_inside_the_page_is_believed_when_the_bytes_fit(head: bytes) -> None:
    decoded = decode_text(head + "закон".encode("windows-1251"))

    assert ("cp1251", True) == (decoded.encoding, decoded.text.endswith("закон"))


def test_the_http_charset_comes_before_the_one_in_the_page() -> None:
    decoded = decode_text(b'<meta charset="koi8-r">' + "закон".encode("windows-1251"), "windows-1251")

    assert "cp1251" == decoded.encoding


@pytest.mark.parametrize("codec", ["unicode_escape", "utf-7", "rot13", "zlib"])
def test_a_page_cannot_choose_a_codec_that_is_no_charset(codec: str) -> None:
    decoded = decode_text(b"\\x41 +AEE- \xa7", codec)

    assert ("\\x41 +AEE- §", "cp1252") == (decoded.text, decoded.encoding)


def test_utf16_without_a_mark_is_read_when_the_server_says_so() -> None:
    decoded = decode_text(SIGN.encode("utf-16-be"), "UTF-16BE")

    assert (SIGN, ()) == (decoded.text, decoded.flaws)


def test_one_cut_character_does_not_turn_a_utf8_page_into_mojibake() -> None:
    body = (SIGN * 20).encode() + "§".encode()[:1]

    decoded = decode_text(body, "windows-1252")

    assert ("utf-8", SIGN * 20 + "\ufffd", ()) == (decoded.encoding, decoded.text, decoded.flaws)


def test_three_odd_bytes_in_a_big_page_are_no_flaw() -> None:
    body = b"Text of the rule. " * 60_000 + b"\x81\x00\x0b"

    assert () == decode_text(body).flaws


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"%PDF-1.7 whatever", "binary"),
        (b"PK\x03\x04 a document", "binary"),
        (b"law \x00\x00\x00\x00\x00\x00", "binary"),
        (b"law \x81\x8d\x8f\x90\x9d", "encoding"),
        ("law " + "\ufffd" * 9, "encoding"),
        (b"law \x01\x02\x03\x04\x05", "encoding"),
    ],
)
def test_what_is_not_text_is_named(body: bytes | str, code: str) -> None:
    decoded = decode_text(body if isinstance(body, bytes) else body.encode())

    assert [code] == [flaw.code for flaw in decoded.flaws]


def test_an_empty_page_decodes_to_nothing_without_a_flaw() -> None:
    decoded = decode_text(b"")

    assert ("", "utf-8", ()) == (decoded.text, decoded.encoding, decoded.flaws)


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        ("Â§ 12 cafÃ© â€œxâ€\u009d", "§ 12 café “x”"),
        ("ยง 12", "§ 12"),
        ("Â§ 12 Â\u00a0ÂȘ", "§ 12 \u00a0ÂȘ"),
    ],
)
def test_text_encoded_twice_is_read_as_meant(printed, meant):
    assert meant == decode_text(printed.encode()).text


@pytest.mark.parametrize("text", ["Âge et cafÃ", "ÂÃ", "§ 12 é"])
def test_letters_that_only_look_encoded_twice_are_kept(text):
    assert text == decode_text(text.encode()).text


URL = "https://rules.example.gov/1"
SOURCE = parse_source({"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "urls": [URL]}, "a test")
# What a page holds that some charsets lack it prints as references, as all programs do.
LAW = "<p>(a) The board’s fee — “§ 12‑3” — is $5 – or 4 in the café of Señor Núñez.</p><p>(b) Müller ½ naïve • ©</p>"
TEXTS = [
    'The board\'s fee - "§ 12-3" - is $5 - or 4 in the café of Señor Núñez.',
    "Müller ½ naïve • ©",
]
# As pages call them; what Python calls them where it knows another name.
CHARSETS = {
    "utf-8": "utf-8", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be", "iso-8859-1": "latin-1",
    "iso-8859-2": "iso8859-2",
    "iso-8859-7": "iso8859-7", "iso-8859-9": "iso8859-9", "iso-8859-15": "iso8859-15", "us-ascii": "ascii",
    "windows-1250": "cp1250", "windows-1251": "cp1251", "windows-1252": "cp1252", "windows-1254": "cp1254",
    "windows-1257": "cp1257", "macintosh": "mac-roman", "koi8-r": "koi8-r", "x-sjis": "cp932", "euc-jp": "euc_jp",
    "gb2312": "gbk", "gb18030": "gb18030", "big5": "big5", "euc-kr": "cp949", "x-mac-cyrillic": "mac-cyrillic",
    "ibm866": "cp866",
}  # fmt: skip


def write_law(charset, *, meta=""):
    head = f'<meta charset="{meta}">' if meta else "<title>Law</title>"
    return f"<html><head>{head}</head><body>{LAW}</body></html>".encode(CHARSETS[charset], "xmlcharrefreplace")


def read_law(body, charset=""):
    page = read_page(body, SOURCE, URL, media_type="text/html", charset=charset)
    assert () == page.flaws
    return [fold_text(part.text) for part in page.readings[0].provisions if part.text]


def test_there_are_more_than_twenty_charsets():
    assert len(CHARSETS) >= 20


@pytest.mark.parametrize("charset", CHARSETS)
def test_one_law_in_any_charset_is_one_text_where_the_charset_is_told(charset):
    told = [read_law(write_law(charset), charset), read_law(write_law(charset), f'"{charset.upper()}"')]
    if not charset.startswith("utf-16"):
        told.append(read_law(write_law(charset, meta=charset)))
        told.append(read_law(write_law(charset, meta=charset), "no-such-charset"))

    assert [TEXTS] * len(told) == told


@pytest.mark.parametrize("said", ["", *CHARSETS])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16le", "utf-16be", "us-ascii"])
def test_charsets_that_show_themselves_are_read_whatever_is_said(charset, said):
    assert TEXTS == read_law(write_law(charset, meta=said if "16" not in charset else ""), said)


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("said", ["", "iso-8859-1", "utf-8", "big5"])
def test_a_byte_order_mark_is_believed_before_what_is_said(mark, said):
    assert TEXTS == read_law(f"<html><body>{LAW}</body></html>".encode(mark), said)


@pytest.mark.parametrize("codec", ["utf-32-le", "utf-32-be"])
def test_letters_of_four_bytes_show_themselves(codec):
    assert TEXTS == read_law(f"<html><body>{LAW}</body></html>".encode(codec))


@pytest.mark.parametrize("said", ["", "utf-8", "utf8", "utf-16", "iso-8859-1", "us-ascii", "nonsense"])
def test_the_charset_of_windows_is_read_where_what_is_said_cannot_be(said):
    assert TEXTS == read_law(write_law("windows-1252"), said)


@pytest.mark.parametrize("media_type", ["text/plain", "application/octet-stream", ""])
@pytest.mark.parametrize("charset", ["utf-8", "utf-16le", "windows-1252"])
def test_plain_text_is_decoded_as_pages_are(media_type, charset):
    body = f"(a) {TEXTS[0]}\n(b) {TEXTS[1]}\n".encode(CHARSETS[charset])

    page = read_page(body, SOURCE, URL, media_type=media_type)

    assert TEXTS == [part.text for part in page.readings[0].provisions if part.text]
