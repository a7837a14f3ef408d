"""Bytes become text the way browsers read them, save that valid UTF-8 is always believed."""

import pytest

from kb.read.decode import decode_text

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

    assert ("§ 5 “fee” – €9", "windows-1252") == (decoded.text, decoded.encoding)


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

    assert ("windows-1251", True) == (decoded.encoding, decoded.text.endswith("закон"))


def test_the_http_charset_comes_before_the_one_in_the_page() -> None:
    decoded = decode_text(b'<meta charset="koi8-r">' + "закон".encode("windows-1251"), "windows-1251")

    assert "windows-1251" == decoded.encoding


@pytest.mark.parametrize("codec", ["unicode_escape", "utf-7", "rot13", "zlib"])
def test_a_page_cannot_choose_a_codec_that_is_no_charset(codec: str) -> None:
    decoded = decode_text(b"\\x41 +AEE- \xa7", codec)

    assert ("\\x41 +AEE- §", "windows-1252") == (decoded.text, decoded.encoding)


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
