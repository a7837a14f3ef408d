"""What a file is its bytes tell, whatever the server calls it."""

import pytest

from bench.typesetter import draw_page, set_column, write_pdf
from bench.word_writer import paragraph, write_docx
from kb.read.kinds import tell_kind
from kb.read.page import read_page
from tests.test_page import URL, codes, make_page_source

PDF = write_pdf([draw_page(set_column(["(a) The fee is $5.", "(b) It is due."]))])
DOCX = write_docx(paragraph("The fee is $5.", item=(1, 0)), paragraph("It is due.", item=(1, 0)))
RTF = rb"{\rtf1 (a) The fee is $5.\par (b) It is due.\par}"
HTML = b"<html><body><p>(a) The fee is $5.</p><p>(b) It is due.</p></body></html>"
TEXT = b"(a) The fee is $5.\n(b) It is due.\n"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


@pytest.mark.parametrize(
    ("body", "media_type", "kind"),
    [
        (PDF, "text/html", "pdf"),
        (b"\r\nHello\n" + PDF, "application/octet-stream", "pdf"),
        (DOCX, "application/octet-stream", "docx"),
        (DOCX, "text/html", "docx"),
        (RTF, "application/msword", "rtf"),
        (OLE, "application/msword", "doc"),
        (b"PK\x03\x04 a sheet", "application/octet-stream", "zip"),
        (HTML, "application/pdf", "html"),
        (HTML, "text/plain", "html"),
        (HTML, "", "html"),
        ("\ufeff<html><body>x".encode("utf-16"), "", "html"),
        (b"<p>He wrote %PDF-1.4 down</p>", "text/html", "html"),
        (TEXT, "text/plain", "text"),
        (TEXT, "application/octet-stream", "text"),
        (TEXT, "text/html", "html"),
        (b'<?xml version="1.0"?><act/>', "text/plain", "xml"),
        (b"no such thing", "application/pdf", "pdf"),
    ],
)
def test_a_kind_is_told_by_content_first(body, media_type, kind):
    assert kind == tell_kind(body, media_type)


@pytest.mark.parametrize("body", [PDF, DOCX, RTF, HTML, TEXT], ids=["pdf", "docx", "rtf", "html", "text"])
@pytest.mark.parametrize("media_type", ["", "application/octet-stream", "text/plain"])
def test_every_kind_is_read_into_the_same_provisions(body, media_type):
    page = read_page(body, make_page_source(), URL, media_type=media_type)

    told = [(part.eid, part.number, part.text) for part in page.readings[0].provisions if part.text]
    assert ([], [("a", "(a)", "The fee is $5."), ("b", "(b)", "It is due.")]) == (codes(page), told)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (OLE, "needs_converter"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "locked"),
        (b"PK\x03\x04 a sheet", "unreadable"),
        (write_pdf([b""]), "empty"),
        (write_pdf([]), "empty"),
        (write_pdf([b"BT ET"], key="goat"), "locked"),
        (PDF[:-30], "unreadable"),
        (write_pdf([b"q 100 0 0 100 72 600 cm 0 0 1 1 re f Q"]), "needs_ocr"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_holds_no_document(body, code):
    page = read_page(body, make_page_source(), URL, media_type="application/octet-stream")

    assert ((), [code]) == (page.readings, codes(page))
