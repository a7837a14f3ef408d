"""What the process that reads files is asked and answers, and how both sides say it.

A message is a length of four bytes and as many bytes of MessagePack.
"""

from typing import IO, Literal

import msgspec

from kb.models import Extract

# What a process ends with when it cannot have the memory it asks for.
OUT_OF_MEMORY = 66


class RecognisedPage(msgspec.Struct, frozen=True):
    """The lines recognised on one page, each with left and right edge and base line in points from the lower left."""

    page: int
    lines: tuple[tuple[str, float, float, float], ...]


class Rendition(msgspec.Struct, frozen=True):
    """What a named program (``tool``: name and version) made of a file: a text of one paragraph a line, or pages."""

    tool: str
    text: str = ""
    pages: tuple[RecognisedPage, ...] = ()


class Picture(msgspec.Struct, frozen=True):
    """A page drawn in shades of grey: its number, width and height in dots, dots a point, and one byte a dot."""

    page: int
    width: int
    height: int
    scale: float
    dots: bytes


class Job(msgspec.Struct, frozen=True):
    """A file to read, with what was recognised of it; or (``draw``) a PDF of which a page is to be drawn.

    What is drawn is the first page from ``start`` on that is a picture. A plain text comes as UTF-8.
    """

    task: Literal["pdf", "docx", "rtf", "text", "draw"]
    body: bytes
    rendition: Rendition | None = None
    start: int = 1


class Answer(msgspec.Struct, frozen=True):
    """What came of a job: what was read, or what was drawn (None: no page is a picture)."""

    extract: Extract = Extract()
    picture: Picture | None = None


def read_message(stream: IO[bytes]) -> bytes | None:
    """Return the next message of a stream, None where it ends."""
    head = stream.read(4)
    size = int.from_bytes(head, "big")
    body = stream.read(size) if len(head) == 4 else b""
    return body if len(head) == 4 and len(body) == size else None


def write_message(stream: IO[bytes], message: bytes) -> None:
    """Write a message so that the other side has all of it."""
    stream.write(len(message).to_bytes(4, "big") + message)
    stream.flush()
