"""Tell what kind of file bytes are, by what they hold before what they are called.

Servers send PDF files as HTML, pages of errors as PDF, and Word documents as anything.
"""

import re
from typing import Literal

Kind = Literal["html", "pdf", "xml", "docx", "doc", "rtf", "text", "zip"]

# Programs put a few lines before the first mark of a PDF; readers look so far for it (ISO 32000-1, annex H, note 13).
PDF_MARK, PDF_REACH = b"%PDF-", 1024
ZIP_MARK, OLE_MARK, RTF_MARK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"{\\rtf"
# What stands in the list of contents of every Word document, and names no other kind of package.
WORD_PART = b"word/"
# How the old container of Microsoft's names a Word document behind a password
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# "<!doctype html", "<body class=…>", "</p>": what no plain text holds
MARKUP = re.compile(
    rb"<(?:!doctype\s|/?(?:html|head|body|meta|title|div|span|p|br|h[1-6]|table|tr|td|ul|ol|li|pre|font|main|a)\b[^<>]*>)",
    re.IGNORECASE,
)
MARKUP_REACH = 65_536
# What servers call files whose kind they do not know, or that they are wrong about.
UNTOLD = frozenset(("", "application/octet-stream", "binary/octet-stream", "application/pdf", "application/msword"))


def tell_kind(body: bytes, media_type: str) -> Kind:
    """Return what kind of file a body is; ``media_type`` decides only between kinds that look alike."""
    marked = _read_mark(body)
    if marked is not None:
        return marked
    if is_xml(body, media_type):
        return "xml"
    if media_type in UNTOLD or (media_type.startswith("text/") and "html" not in media_type):
        return _tell_text(body, media_type)
    return "html"


def _read_mark(body: bytes) -> Kind | None:
    """Return the kind that the first bytes of a file tell, None where they tell none."""
    if body.startswith(ZIP_MARK):
        return "docx" if WORD_PART in body else "zip"
    if body.startswith(OLE_MARK):
        return "doc"
    if body[:64].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(RTF_MARK):
        return "rtf"
    at = body.find(PDF_MARK, 0, PDF_REACH)
    return "pdf" if at == 0 or (at > 0 and MARKUP.search(body, 0, at) is None) else None


def is_encrypted(body: bytes) -> bool:
    """Tell whether a container of Microsoft's holds a document that only a password opens."""
    return ENCRYPTED in body


def is_xml(body: bytes, media_type: str) -> bool:
    """Tell XML from HTML, which may be called XML and begin as such."""
    head = body[:300].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    return (media_type.endswith("xml") and "html" not in media_type) or (
        head.startswith(b"<?xml") and b"<html" not in head and b"<!doctype html" not in head
    )


def _tell_text(body: bytes, media_type: str) -> Kind:
    """Tell HTML, whatever it is called, from text without any markup."""
    plain = body.replace(b"\0", b"") if b"\0" in body[:64] else body
    if MARKUP.search(plain, 0, MARKUP_REACH) is not None:
        return "html"
    return "pdf" if media_type == "application/pdf" else "text"
