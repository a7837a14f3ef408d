"""Mount the site on Datasette: its hooks, the pages' routes, and the wrapper every request passes.

datasette/plugins/site.py hands register_routes, get_metadata, render_cell, handle_exception and asgi_wrapper to
Datasette; ``get_metadata`` is the one hook that 1.0 replaces by a configuration file.
"""

import logging
import os
import sqlite3
from asyncio import Semaphore, timeout
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
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
from kb.store.canned import CANNED
from kb.web.address import read_address
from kb.web.answer import Answer, View
from kb.web.api.page import API_PAGES
from kb.web.cache import Message, Scope, Send, make_key
from kb.web.desk import DESK_METHODS, Desk, is_desk
from kb.web.guard import (
    PAGE_SECONDS,
    SECURITY_HEADERS,
    FormulaGuard,
    LargeAnswerError,
    lift_time_limit,
    limit_time,
)
from kb.web.operating import HEALTH_PATH, open_access_log, silence_server, tell_health
from kb.web.originals import PREFIX, is_served, view_original
from kb.web.pages import PAGES
from kb.web.pages.navigation import ROUTES
from kb.web.refusal import refuse, speak, tell_unpublished
from kb.web.swap import ASKING, CURRENT, MOST_QUESTIONS, CurrentDatabases, Generation, Shelf
from kb.web.tables import DATABASE, make_metadata

Receive = Callable[[], Awaitable[Message]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
# A pattern of paths and the view that answers it, as Datasette takes them.
Route = tuple[str, Callable[..., Awaitable[Response]]]
Headers = Sequence[tuple[bytes, bytes]]

# How long such a question waits for its turn, in seconds.
QUESTION_WAIT = 5
# Query parameters that carry a stranger's SQL or make Datasette count and sort at will.
QUESTION_KEYS = ("sql", "_where", "_facet", "_facet_array", "_facet_date", "_facet_size", "_search")
SQL_KEYS = ("sql", "_where")
# Where the ready-made queries stand: their SQL is ours, what it is asked with is not.
CANNED_PATHS = tuple(f"/{DATABASE}/{name}" for name in CANNED)
# Only these of Datasette's inner pages are shown: the others tell about the machine.
OPEN_INNER_PATHS = ("/-/static/",)
# Where the tables stood before: links to them are kept.
OLD_TABLES = "/public"
LONGEST_CELL = 600
ERROR_TITLES = {400: "This cannot be answered", 403: "Forbidden", 404: "Not found"}
# What Datasette says of any path it does not know.
NO_DATABASE = "Database not found"
# Datasette's own answer to errors, replaced by ours.
LOUD_PLUGIN = "datasette.handle_exception"
# Nobody is recognised here.
DROPPED = {b"set-cookie"}
POLICY = b"content-security-policy"

# The bar leads to the API as well.
ROUTES.announce(page.pattern for page in API_PAGES)

logger = logging.getLogger(__name__)


def register_routes(tell_today: Callable[[], date]) -> list[Route]:
    """Give Datasette the pages' routes, which come before its own; ``tell_today`` is asked at every request."""
    return [(f"(?:{page.pattern})\\Z", _make_view(page.view, tell_today)) for page in (*PAGES, *API_PAGES)]


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
    return _respond(refuse(str(request.path), status, title, words), request)


def _is_refusal(exception: Exception) -> bool:
    """Tell whether a question was refused or given up by the guard: the asker's doing, not a fault of ours."""
    codes = (sqlite3.SQLITE_AUTH, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOMEM)
    return (
        isinstance(exception, (LargeAnswerError, MemoryError)) or getattr(exception, "sqlite_errorcode", None) in codes
    )


def asgi_wrapper(datasette: Any, tell_now: Callable[[], datetime]) -> Callable[[App], App]:
    """Let every request pass the site's guard, answered from the generation that is current then."""
    if pm.has_plugin(LOUD_PLUGIN):
        pm.unregister(name=LOUD_PLUGIN)
    shelf = Shelf(datasette, Path(os.environ.get(DATA_VARIABLE, "data")) / FOLDER)
    if not isinstance(datasette.databases, CurrentDatabases):
        datasette.databases = CurrentDatabases(datasette.databases)
    return lambda app: Site(app, shelf, tell_now)


class Site:
    """The outermost application: refuses what is not public, picks the generation, adds what every answer carries."""

    def __init__(self, app: App, shelf: Shelf, tell_now: Callable[[], datetime]) -> None:
        self._app = app
        self._shelf = shelf
        self._tell_now = tell_now
        self._questions = Semaphore(MOST_QUESTIONS)
        self._log = open_access_log(tell_now)
        self._desk = Desk(Path(os.environ.get(DATA_VARIABLE, "data")), tell_now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            silence_server()
            await self._app(scope, receive, send)
        elif self._log is None:
            await self._answer(scope, receive, send)
        else:
            await self._log.watch(scope, send, lambda counted: self._answer(scope, receive, counted))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> dict[str, object]:
        """Answer one request; returns how: by the cache or not, and from which generation."""
        with self._shelf.take() as generation:
            refusal = _refuse(scope) or self._refuse_unpublished(scope, generation)
            number = None if generation is None else generation.pointer.generation
            key = make_key(self._tell_now().date().isoformat(), scope)
            if generation is not None and is_desk(unquote(str(scope["path"]))) and scope["method"] in DESK_METHODS:
                refusal = await self._desk.answer(scope, receive, generation)
            if generation is not None and refusal is None and str(scope["path"]).startswith(PREFIX):
                path = unquote(str(scope["path"]))
                refusal = await generation.database.read_page(lambda db: view_original(db, path))
            if scope["path"] == HEALTH_PATH:
                refusal = await tell_health(generation, refused=self._shelf.is_refusing)
            if refusal is not None:
                refusal = speak(refusal, str(scope["path"]), _read_accept(scope))
            if refusal is not None or generation is None:
                await self._make(refusal, scope, receive, _dress(send, generation))
            elif key is None or _is_sql(scope):
                await self._make(None, scope, receive, _dress(send, generation))
            else:

                async def make(keeping: Send) -> None:
                    await self._make(None, scope, receive, _dress(keeping, generation))

                return {"cache": await generation.cache.answer(key, scope, send, make), "generation": number}
            return {"cache": "", "generation": number}

    def _refuse_unpublished(self, scope: Scope, generation: Generation | None) -> Answer | None:
        path = unquote(str(scope["path"]))
        if generation is not None or path.startswith(("/-/static/", "/static/", "/favicon.ico")):
            return None
        return tell_unpublished(path, is_foreign=self._shelf.is_foreign)

    async def _make(self, refusal: Answer | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Make an answer anew: a refusal, a page of ours, one of Datasette's, or a stranger's question."""
        if refusal is not None:
            await _send_answer(send, refusal)
        elif not _is_question(scope):
            await self._app(scope, receive, _guard_formulas(scope, send))
        else:
            await self._answer_question(scope, receive, _guard_formulas(scope, send))

    async def _answer_question(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a stranger's question when it is its turn, in threads of its own."""
        try:
            async with timeout(QUESTION_WAIT):
                await self._questions.acquire()
        except TimeoutError:
            words = "Too many questions are being answered right now; try again in a few seconds."
            await _send_answer(send, refuse(str(scope["path"]), 503, "Busy", words))
            return
        token = ASKING.set(True)
        try:
            await self._app(scope, receive, send)
        finally:
            ASKING.reset(token)
            self._questions.release()


def _make_view(view: View, tell_today: Callable[[], date]) -> Callable[..., Awaitable[Response]]:
    async def answer_page(request: Any) -> Response:
        generation = CURRENT.get()
        if generation is None:
            return _respond(tell_unpublished(request.path), request)
        given = {key: request.args.get(key) for key in request.args}
        given |= {key: unquote(value) for key, value in request.url_vars.items() if value is not None}
        # No text of ours holds this sign, and SQLite's full-text search takes it for the end of a question.
        asked = {key: value.replace(chr(0), " ") for key, value in given.items()}
        asked |= {"today": tell_today().isoformat(), "address": read_address(os.environ)}
        asked |= {"archive": "1"} if is_served() else {}
        answer = await generation.database.read_page(lambda db: _run_view(view, db, request.path, asked))
        return _respond(answer, request)

    return answer_page


def _run_view(view: View, db: sqlite3.Connection, path: str, asked: Mapping[str, str]) -> Answer:
    """Run one page within its time; conditions our own errors name become answers that say so."""
    limit_time(db, PAGE_SECONDS)
    try:
        return view(db, asked)
    except NotFoundError as error:
        return refuse(path, 404, "Not found", str(error))
    except StatusQuoError as error:
        return refuse(path, 400, "This cannot be answered", str(error))
    except sqlite3.OperationalError as error:
        if str(error) != "interrupted":
            raise
        return refuse(path, 503, "This took too long", "Ask for less at once.")
    finally:
        lift_time_limit(db)


def _respond(answer: Answer, request: Any) -> Response:
    told = speak(answer, str(request.path), str(request.headers.get("accept", "")))
    return Response(told.file or told.body, told.status, dict(told.headers), content_type=told.content_type)


def _refuse(scope: Scope) -> Answer | None:
    """Return the answer to a request that goes no further: a method that writes, an inner page."""
    path = unquote(str(scope["path"]))
    if path == OLD_TABLES or path.startswith((f"{OLD_TABLES}/", f"{OLD_TABLES}.")):
        return _redirect(scope)
    if scope["method"] not in ("GET", "HEAD"):
        answer = refuse(path, 405, "Method not allowed", "This site only answers questions.")
        return msgspec.structs.replace(answer, headers={"allow": "GET, HEAD"})
    if path.startswith("/-/") and not path.startswith(OPEN_INNER_PATHS):
        return refuse(path, 404, "Not found", "There is no such page.")
    return None


def _redirect(scope: Scope) -> Answer:
    """Send a link to the tables where they stood once on to where they stand, with what it asks."""
    path = (scope.get("raw_path") or str(scope["path"]).encode()).partition(b"?")[0].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    target = f"/{DATABASE}{path[len(OLD_TABLES) :]}{'?' if query else ''}{query}"
    return Answer(301, "", headers={"location": target, "cache-control": "max-age=86400"})


def _read_accept(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name.lower() == b"accept"), "")


def _is_question(scope: Scope) -> bool:
    """Tell whether a request carries a stranger's SQL or may make Datasette work hard."""
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return str(scope["path"]).startswith(CANNED_PATHS) or any(key.startswith(QUESTION_KEYS) for key, _ in asked)


def _is_sql(scope: Scope) -> bool:
    """Tell whether a request carries a stranger's SQL, which may ask for the time of day: never the same twice."""
    asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return any(key in SQL_KEYS for key, _ in asked)


def _dress(send: Send, generation: Generation | None) -> Send:
    """Add to an answer what all carry and take from it what none may: cookies."""
    extra = {**SECURITY_HEADERS, "x-generation": "none" if generation is None else str(generation.pointer.generation)}

    async def send_dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            own: Headers = message.get("headers", [])
            # A stricter policy of an answer's own stays.
            strict = {name.lower() for name, value in own if name.lower() == POLICY and value.startswith(b"sandbox")}
            kept = [(name, value) for name, value in own if name.lower() not in (DROPPED | extra_names) - strict]
            message = {**message, "headers": [*kept, *(pair for pair in extra_headers if pair[0] not in strict)]}
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
    body = answer.file or answer.body.encode()
    headers = {"content-type": answer.content_type, "content-length": str(len(body)), **answer.headers}
    await send(
        {
            "type": "http.response.start",
            "status": answer.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
