"""Mount the site on Datasette: its hooks, the pages' routes, and the wrapper every request passes.

datasette/plugins/site.py hands register_routes, get_metadata, render_cell, handle_exception and asgi_wrapper to
Datasette; ``get_metadata`` is the one hook that 1.0 replaces by a configuration file.
"""

import logging
import os
import sqlite3
from asyncio import Semaphore, timeout
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from datasette import Response
from datasette.plugins import pm

from kb.compare.redline import CONTROL_SIGN, spell_controls
from kb.errors import NotFoundError, StatusQuoError
from kb.generations import FOLDER
from kb.serve import DATA_VARIABLE
from kb.web.address import read_address
from kb.web.answer import Answer, View
from kb.web.guard import (
    PAGE_SECONDS,
    SECURITY_HEADERS,
    FormulaGuard,
    LargeAnswerError,
    lift_time_limit,
    limit_time,
)
from kb.web.pages import PAGES
from kb.web.pages.frame import render_plain
from kb.web.swap import CURRENT, CurrentDatabases, Generation, Shelf
from kb.web.tables import make_metadata

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
# A pattern of paths and the view that answers it, as Datasette takes them.
Route = tuple[str, Callable[..., Awaitable[Response]]]
Headers = Sequence[tuple[bytes, bytes]]

# Questions of strangers that run at the same time; the other threads of Datasette stay free for pages.
MOST_QUESTIONS = 2
# How long such a question waits for its turn, in seconds.
QUESTION_WAIT = 5
# Query parameters that carry a stranger's SQL or make Datasette count and sort at will.
QUESTION_KEYS = ("sql", "_where", "_facet", "_facet_array", "_facet_date", "_facet_size", "_search")
# Only these of Datasette's inner pages are shown: the others tell about the machine.
OPEN_INNER_PATHS = ("/-/static/",)
LONGEST_CELL = 600
ERROR_TITLES = {400: "This cannot be answered", 403: "Forbidden", 404: "Not found"}
# What Datasette says of any path it does not know.
NO_DATABASE = "Database not found"
# Datasette's own answer to errors, replaced by ours.
LOUD_PLUGIN = "datasette.handle_exception"
# Nobody is recognised here.
DROPPED = {b"set-cookie"}

UNPUBLISHED = render_plain(
    503,
    "Nothing is published yet",
    "Fill the data folder and publish it; this site shows it at once, no restart needed:",
    commands=("kb import captures.jsonl", "kb build", "kb publish"),
    more="Or try the demonstration: make demo.",
)

logger = logging.getLogger(__name__)


def register_routes(tell_today: Callable[[], date]) -> list[Route]:
    """Give Datasette the pages' routes, which come before its own; ``tell_today`` is asked at every request."""
    return [(f"(?:{page.pattern})\\Z", _make_view(page.view, tell_today)) for page in PAGES]


def get_metadata() -> dict[str, Any]:
    """Give Datasette the descriptions of tables, columns and ready-made queries."""
    return make_metadata()


def render_cell(value: object) -> str | None:
    """Spell out signs that would re-order or hide what a reader sees; anything else is Datasette's to escape."""
    if isinstance(value, str) and CONTROL_SIGN.search(value) is not None:
        spelled = spell_controls(value)
        return spelled if len(spelled) <= LONGEST_CELL else f"{spelled[:LONGEST_CELL]}…"
    return None


def handle_exception(request: Any, exception: Exception) -> Response:
    """Answer with a short page or JSON that says what was wrong; only our own faults are logged, without values.

    Datasette's own hook prints every missing page with all local values, which takes 0.2 s of CPU each.
    """
    status = 400 if _is_refusal(exception) else int(getattr(exception, "status", 500))
    is_html = bool(getattr(exception, "message_is_html", False))
    words = "SQL query took too long. Ask for less at once." if is_html else str(exception)
    if status >= 500:
        logger.error("%s failed", request.path, exc_info=exception)
        words = "This page failed; the fault is ours and has been logged."
    if words == NO_DATABASE:
        words = f"There is no page {request.path}."
    title = str(getattr(exception, "title", None) or ERROR_TITLES.get(status, "Error"))
    if str(request.path).endswith(".json"):
        body = {"ok": False, "error": words, "status": status, "title": title}
        return Response.json(body, status=status)
    return _respond(_make_plain(status, title, words))


def _is_refusal(exception: Exception) -> bool:
    """Tell whether a question was refused or given up by the guard: the asker's doing, not a fault of ours."""
    codes = (sqlite3.SQLITE_AUTH, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOMEM)
    return (
        isinstance(exception, (LargeAnswerError, MemoryError)) or getattr(exception, "sqlite_errorcode", None) in codes
    )


def asgi_wrapper(datasette: Any) -> Callable[[App], App]:
    """Let every request pass the site's guard, answered from the generation that is current then."""
    if pm.has_plugin(LOUD_PLUGIN):
        pm.unregister(name=LOUD_PLUGIN)
    shelf = Shelf(datasette, Path(os.environ.get(DATA_VARIABLE, "data")) / FOLDER)
    if not isinstance(datasette.databases, CurrentDatabases):
        datasette.databases = CurrentDatabases(datasette.databases)
    return lambda app: Site(app, shelf)


class Site:
    """The outermost application: refuses what is not public, picks the generation, adds what every answer carries."""

    def __init__(self, app: App, shelf: Shelf) -> None:
        self._app = app
        self._shelf = shelf
        self._questions = Semaphore(MOST_QUESTIONS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._shelf.take() as generation:
            dressed = _dress(send, generation)
            refusal = _refuse(scope, generation)
            if refusal is not None:
                await _send_answer(dressed, refusal)
            elif not _is_question(scope):
                await self._app(scope, receive, _guard_formulas(scope, dressed))
            else:
                await self._answer_question(scope, receive, _guard_formulas(scope, dressed))

    async def _answer_question(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a stranger's question when it is its turn."""
        try:
            async with timeout(QUESTION_WAIT):
                await self._questions.acquire()
        except TimeoutError:
            words = "Too many questions are being answered right now; try again in a few seconds."
            await _send_answer(send, _make_plain(503, "Busy", words))
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._questions.release()


def _make_view(view: View, tell_today: Callable[[], date]) -> Callable[..., Awaitable[Response]]:
    async def answer_page(request: Any) -> Response:
        generation = CURRENT.get()
        if generation is None:
            return _respond(UNPUBLISHED)
        asked = {key: request.args.get(key) for key in request.args}
        asked |= {key: unquote(value) for key, value in request.url_vars.items() if value is not None}
        asked |= {"today": tell_today().isoformat(), "address": read_address(os.environ)}
        return _respond(await generation.database.read_page(lambda db: _run_view(view, db, asked)))

    return answer_page


def _run_view(view: View, db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Run one page within its time; conditions our own errors name become pages that say so."""
    limit_time(db, PAGE_SECONDS)
    try:
        return view(db, asked)
    except NotFoundError as error:
        return _make_plain(404, "Not found", str(error))
    except StatusQuoError as error:
        return _make_plain(400, "This cannot be answered", str(error))
    except sqlite3.OperationalError as error:
        if str(error) != "interrupted":
            raise
        return _make_plain(503, "This took too long", "Ask for less at once.")
    finally:
        lift_time_limit(db)


def _respond(answer: Answer) -> Response:
    return Response(answer.file or answer.body, answer.status, dict(answer.headers), content_type=answer.content_type)


def _make_plain(status: int, title: str, words: str) -> Answer:
    return render_plain(status, title, words)


def _refuse(scope: Scope, generation: Generation | None) -> Answer | None:
    """Return the answer to a request that goes no further: a method that writes, an inner page, nothing published."""
    path = unquote(str(scope["path"]))
    if scope["method"] not in ("GET", "HEAD"):
        return _make_plain(405, "Method not allowed", "This site only answers questions.")
    if path.startswith("/-/") and not path.startswith(OPEN_INNER_PATHS):
        return _make_plain(404, "Not found", "There is no such page.")
    if generation is None and not path.startswith(("/-/static/", "/static/", "/favicon.ico")):
        return msgspec.structs.replace(UNPUBLISHED, headers={"retry-after": "30"})
    return None


def _is_question(scope: Scope) -> bool:
    """Tell whether a request carries a stranger's SQL or may make Datasette work hard."""
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return any(key.startswith(QUESTION_KEYS) for key, _ in asked)


def _dress(send: Send, generation: Generation | None) -> Send:
    """Add to an answer what all carry and take from it what none may: cookies."""
    extra = {**SECURITY_HEADERS, "x-generation": "none" if generation is None else str(generation.pointer.generation)}

    async def send_dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            own: Headers = message.get("headers", [])
            kept = [(name, value) for name, value in own if name.lower() not in DROPPED | extra_names]
            message = {**message, "headers": [*kept, *extra_headers]}
        await send(message)

    extra_headers = [(name.encode(), value.encode()) for name, value in extra.items()]
    extra_names = {name for name, _ in extra_headers}
    return send_dressed


def _guard_formulas(scope: Scope, send: Send) -> Send:
    """Pass CSV through the formula guard; its length is no longer known then."""
    asked = scope["query_string"].decode("latin-1")
    if not str(scope["path"]).endswith(".csv") and "_format=csv" not in asked:
        return send
    guard = FormulaGuard()

    async def send_guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message.get("headers", []) if pair[0].lower() != b"content-length"]
            message = {**message, "headers": kept}
        elif message["type"] == "http.response.body":
            more = bool(message.get("more_body", False))
            message = {**message, "body": guard.feed(message.get("body", b""), last=not more)}
        await send(message)

    return send_guarded


async def _send_answer(send: Send, answer: Answer) -> None:
    headers = {"content-type": answer.content_type, **answer.headers}
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": answer.body.encode()})
