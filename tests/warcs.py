"""Builders for WARC files: written with warcio, or by hand where a tool writes otherwise than it."""

import gzip
from io import BytesIO

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

URL = "https://rules.example.gov/1"
AT = "2019-03-01T10:00:00Z"
BODY = b"<html><body><main><h1>Kites</h1><p>(a) A kite needs a license.</p></main></body></html>"
IDENTICAL = "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.0/revisit/server-not-modified"


class Warc:
    """A WARC file in the making; ``offsets`` are those at which its records begin."""

    def __init__(self, path, *, version="1.0"):
        self.path = path
        self.file = path.open("wb")
        self.offsets = []
        self.writer = WARCWriter(self.file, gzip=path.name.endswith(".gz"), warc_version=version)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def add(self, url=URL, body=BODY, *, kind="response", at=AT, **fields):
        """Add a record: ``status`` and ``http`` head its HTTP message, other ``fields`` are further WARC headers."""
        status, http = fields.pop("status", "200 OK"), fields.pop("http", None)
        pairs = [("Content-Type", "text/html")] if http is None else list(http.items())
        message = None if kind not in ("response", "revisit") else StatusAndHeaders(status, pairs, protocol="HTTP/1.1")
        headers = {"WARC-Date": at, **{name.replace("_", "-"): value for name, value in fields.items()}}
        record = self.writer.create_warc_record(
            url, kind, payload=BytesIO(body), length=len(body), http_headers=message, warc_headers_dict=headers
        )
        self.write(record)
        return record

    def write(self, record):
        self.offsets.append(self.file.tell())
        self.writer.write_record(record)


def write_by_hand(path, *records):
    """Write records of (header lines, block) as their bytes stand, each a gzip member where the name says so."""
    with path.open("wb") as file:
        for lines, block in records:
            head = "\r\n".join([*lines, f"Content-Length: {len(block)}"])
            data = f"{head}\r\n\r\n".encode() + block + b"\r\n\r\n"
            file.write(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


def list_lines(kind="response", url=URL, at=AT, *more):
    return ["WARC/1.0", f"WARC-Type: {kind}", f"WARC-Target-URI: {url}", f"WARC-Date: {at}", *more]


def make_message(body=BODY, *headers, status="200 OK"):
    return "\r\n".join([f"HTTP/1.1 {status}", *(headers or ("Content-Type: text/html",)), "", ""]).encode() + body
