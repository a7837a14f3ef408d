"""What a page is: a path it answers, and the answer it gives from one published generation."""

import sqlite3
from collections.abc import Callable, Mapping

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """One answer: HTTP status, body and its type; ``headers`` are added to those every answer carries.

    ``file`` is sent in place of a body that is no text (a workbook). ``trouble`` says in words why something cannot be
    shown, a title and lines: programs that ask for JSON get it in place of the page.

    The security headers and ``X-Generation`` are set by the site, never by a page.
    """

    status: int
    body: str
    content_type: str = "text/html; charset=utf-8"
    headers: dict[str, str] = {}
    file: bytes = b""
    trouble: tuple[str, ...] = ()


View = Callable[[sqlite3.Connection, Mapping[str, str]], Answer]


class PageRoute(msgspec.Struct, frozen=True):
    """Where a page stands: a pattern over the whole path, and the view that answers it.

    ``pattern`` is a regular expression with named groups ("^/d/(?P<document>.+)$"). The view is a pure function of the
    generation, opened read-only (rows are ``sqlite3.Row``), and of the asked values: the pattern's named groups,
    percent-decoded, and the query string; a name in both is the pattern's, a name given twice has its first value.
    ``today`` is always there: the UTC date of the request ("2024-06-01"), and ``address``: the site's own
    ("https://law.example"), "" where it is not known; feeds and calendars write it before their paths.
    """

    pattern: str
    view: View
