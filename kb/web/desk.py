"""The site's desk: the few pages to which something may be sent. It stands before all others, and keeps nothing.

What is sent is bounded, comes from our own pages, and is never logged: a token in an address lets its holder act.
"""

import asyncio
import logging
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import cache
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from kb.delivering import Delivery, deliver
from kb.errors import StatusQuoError, UsageError
from kb.mail_settings import MailSettings, read_mail_settings
from kb.store.subscribers import open_subscribers
from kb.web.answer import Answer
from kb.web.cache import Scope
from kb.web.guard import PAGE_SECONDS, lift_time_limit, limit_time
from kb.web.pages.navigation import ROUTES
from kb.web.pages.subscribe import ClosedError, Visit, view_confirm, view_manage, view_stop, view_subscribe
from kb.web.refusal import refuse
from kb.web.swap import Generation

LARGEST_BODY = 65_536
DESK_METHODS = ("GET", "HEAD", "POST")
MOST_FIELDS = 300
# A connection to the internet gets at least such a network (RFC 6177).
CLIENT_PREFIX = 64
LONGEST_CLIENT = 100
FORM = "application/x-www-form-urlencoded"
# Webhooks to this machine are for trying things out alone.
LOOPBACK_VARIABLE = "KB_ALLOW_LOOPBACK_HOOKS"
View = Callable[[Visit], Answer]
ROUTES_OF_DESK: tuple[tuple[re.Pattern[str], View], ...] = (
    (re.compile(r"^/subscribe$"), view_subscribe),
    (re.compile(r"^/subscribe/confirm/(?P<token>[^/]+)$"), view_confirm),
    (re.compile(r"^/subscription/(?P<token>[^/]+)$"), view_manage),
    (re.compile(r"^/stop/(?P<token>[^/]+)$"), view_stop),
)
# Mail readers send this by themselves, from wherever they are, in either form that browsers know (RFC 8058 § 3.2).
ONE_CLICK = b"List-Unsubscribe=One-Click"
STOP = "/stop/"
# The file is written in milliseconds; who waits longer holds up others.
WAIT_SECONDS = 10.0
CLOSED = "Subscriptions cannot be read or written here at the moment. Nothing was altered: try again later."
# What keeps a file from being written that is no fault of the question (SQLite's primary result codes).
PRIMARY = 0xFF
WRITING_TROUBLE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
)
HEADERS = {"cache-control": "no-store", "x-robots-tag": "noindex"}

logger = logging.getLogger(__name__)
ROUTES.announce(["^/subscribe$"])


def is_desk(path: str) -> bool:
    """Tell whether a path is one of the desk's."""
    return any(pattern.match(path) for pattern, _ in ROUTES_OF_DESK)


class Desk:
    """Answers the pages to which something may be sent, for one data folder."""

    def __init__(self, data: Path, tell_now: Callable[[], datetime]) -> None:
        self._data = data
        self._tell_now = tell_now
        self._sending: set[asyncio.Task[Any]] = set()

    async def answer(self, scope: Scope, receive: Callable[[], Any], generation: Generation) -> Answer:
        """Answer one request to the desk."""
        path = unquote(str(scope["path"]))
        is_sent = scope["method"] == "POST"
        body = await read_body(receive) if is_sent else b""
        if is_sent and path.startswith(STOP) and is_one_click(body):
            body = ONE_CLICK
        problem = check_sent(scope, body) if is_sent else None
        if problem is not None:
            return _dress(refuse(path, *problem))
        loop = asyncio.get_running_loop()
        try:
            answer = await generation.database.read_page(
                lambda db: self._visit(
                    db, scope, body if is_sent else None, lambda: loop.call_soon_threadsafe(self._send)
                )
            )
        except ClosedError as error:
            return _dress(refuse(path, 503, "Not possible just now", str(error)))
        except StatusQuoError as error:
            return _dress(refuse(path, 400, "This cannot be answered", str(error)))
        except sqlite3.OperationalError as error:
            return _dress(refuse(path, 503, *tell_trouble(error)))
        return _dress(answer)

    def _visit(self, public: sqlite3.Connection, scope: Scope, body: bytes | None, tell: Callable[[], Any]) -> Answer:
        path = unquote(str(scope["path"]))
        view, found = next((view, match) for pattern, view in ROUTES_OF_DESK if (match := pattern.match(path)))
        now = self._tell_now()
        query = read_fields(scope["query_string"]) or {}
        asked = {
            **{name: ",".join(values) for name, values in query.items()},
            **found.groupdict(),
            "today": now.date().isoformat(),
        }
        try:
            settings = read_mail_settings(os.environ)
        except UsageError:
            settings = MailSettings()
        with ExitStack() as stack, _limited(public):
            return view(
                Visit(
                    public=public,
                    open_file=cache(lambda: stack.enter_context(closing(self._open()))),
                    asked=asked,
                    fields=read_fields(body),
                    settings=settings,
                    now=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    client=name_client(scope),
                    tell=tell,
                    allow_loopback=bool(os.environ.get(LOOPBACK_VARIABLE)),
                )
            )

    def _open(self) -> sqlite3.Connection:
        """Open the file of subscribers; raises ClosedError, and logs why, where it cannot be."""
        try:
            return open_subscribers(self._data, wait_seconds=WAIT_SECONDS)
        except (OSError, sqlite3.OperationalError, StatusQuoError) as error:
            logger.error("the file of subscribers cannot be opened: %s", error)
            raise ClosedError(CLOSED) from None

    def _send(self) -> None:
        """Send what asks for confirmation now, beside the requests that come."""
        task = asyncio.get_running_loop().create_task(asyncio.to_thread(self._deliver))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _deliver(self) -> None:
        how = Delivery(
            settings=read_mail_settings(os.environ),
            tell_now=lambda: self._tell_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            kinds=("confirm", "manage"),
            wait_seconds=60,
            allow_loopback=bool(os.environ.get(LOOPBACK_VARIABLE)),
        )
        deliver(self._data, how)


async def read_body(receive: Callable[[], Any]) -> bytes:
    """Return what was sent, one byte more than is allowed of anything longer."""
    body = b""
    more = True
    while more and len(body) <= LARGEST_BODY:
        message = await receive()
        body += message.get("body", b"")
        more = bool(message.get("more_body", False))
    return body[: LARGEST_BODY + 1]


def read_fields(body: bytes | None) -> dict[str, list[str]] | None:
    """Return the fields of a form that was sent, None where none was; raises UsageError for more than a form has."""
    if body is None:
        return None
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise UsageError(f"expected at most {MOST_FIELDS} fields") from None


def tell_trouble(error: sqlite3.OperationalError) -> tuple[str, str]:
    """Return what is said where a page took too long or the file cannot be written now; raises any other trouble."""
    if str(error) == "interrupted":
        return "This took too long", "Narrow what you follow and try again."
    if getattr(error, "sqlite_errorcode", 0) & PRIMARY not in WRITING_TROUBLE:
        raise error
    logger.error("the file of subscribers cannot be written: %s", error)
    return "Not possible just now", CLOSED


def is_one_click(body: bytes) -> bool:
    """Tell whether this is what mail readers send to end it: as a form of either kind, or nothing at all."""
    name, value = ONE_CLICK.split(b"=")
    return body.strip() in (b"", ONE_CLICK) or (name in body and value in body)


def name_client(scope: Scope) -> str:
    """Return what tells askers apart: an IPv4 address, or the network of an IPv6 one, of which a person has many.

    Never "", which is an operator: where no address is known all are one.
    """
    host = str((scope.get("client") or ("",))[0])
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host[:LONGEST_CLIENT] or "unknown"
    if isinstance(address, IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ip_network((int(address), CLIENT_PREFIX), strict=False))


@contextmanager
def _limited(public: sqlite3.Connection) -> Iterator[None]:
    """Bound how long a page may ask the publication."""
    limit_time(public, PAGE_SECONDS)
    try:
        yield
    finally:
        lift_time_limit(public)


def check_sent(scope: Scope, body: bytes) -> tuple[int, str, str] | None:
    """Return why what was sent is refused (status, title, words), None where it is not."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if len(body) > LARGEST_BODY:
        return 413, "Too much", f"A form of ours holds at most {LARGEST_BODY:,} bytes."
    if body != ONE_CLICK and headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return 415, "Not a form", f"Expected a form as {FORM}."
    if body != ONE_CLICK and is_foreign(headers):
        return (
            403,
            "Sent from elsewhere",
            "Forms of this site are sent from its own pages alone: open it and try again.",
        )
    return None


def is_foreign(headers: Mapping[str, str]) -> bool:
    """Tell whether a form was sent from a page of somebody else, as far as the browser says."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin", "")
    known = {headers.get("host", ""), urlsplit(os.environ.get("KB_ADDRESS", "")).netloc}
    return bool(origin) and origin != "null" and urlsplit(origin).netloc not in known


def _dress(answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, headers={**answer.headers, **HEADERS})
