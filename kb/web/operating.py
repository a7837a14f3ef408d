"""What those who run the site see of it: whether it is well, and one line for every request, without who asked."""

import asyncio
import logging
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote

import msgspec

from kb.serve import ACCESS_LOG_VARIABLE
from kb.store.public import read_generation
from kb.tell.tokens import hide_token
from kb.web.answer import Answer
from kb.web.cache import Message, Scope, Send
from kb.web.swap import Generation

HEALTH_PATH = "/-/health"
# A question so small that takes longer means that pages wait.
HEALTH_SECONDS = 2.0
LONGEST_PATH = 300
# The server's own log names every reader's address.
SERVER_LOG = "uvicorn.access"


class Health(msgspec.Struct, frozen=True):
    """How the site is: ``ok``, ``unpublished``, or ``slow`` where a small question waits longer than HEALTH_SECONDS.

    ``refused`` tells that a newer generation is named and cannot be opened: the last good one is shown.
    """

    status: str
    generation: int | None = None
    published_at: str = ""
    refused: bool = False


async def tell_health(generation: Generation | None, *, refused: bool) -> Answer:
    """Return the answer for watchers: 200 where pages are answered, else 503."""
    if generation is None:
        return _print_health(Health("unpublished", refused=refused))
    pointer = generation.pointer
    status = "slow"
    with suppress(TimeoutError, sqlite3.Error):
        async with asyncio.timeout(HEALTH_SECONDS):
            await generation.database.read_page(read_generation)
            status = "ok"
    return _print_health(Health(status, pointer.generation, pointer.published_at, refused))


def _print_health(health: Health) -> Answer:
    body = msgspec.json.encode(health).decode()
    return Answer(200 if health.status == "ok" else 503, body, "application/json", {"cache-control": "no-store"})


class AccessLine(msgspec.Struct, frozen=True, kw_only=True):
    """One request as logged: nothing that tells who asked, nor what was searched for: ``asked`` holds names alone."""

    at: str
    method: str
    path: str
    asked: list[str]
    status: int
    bytes: int
    ms: float
    cache: str
    generation: int | None


class AccessLog:
    """Writes a JSON line for every request to a file, each in one write, so that the file may be moved away."""

    def __init__(self, file: BinaryIO, tell_now: Callable[[], datetime]) -> None:
        self._file = file
        self._tell_now = tell_now

    async def watch(self, scope: Scope, send: Send, answer: Callable[[Send], Awaitable[Mapping[str, Any]]]) -> None:
        """Let ``answer`` send its answer and write down what came of it; it returns how it came by it."""
        begun = time.perf_counter()
        status, size = 500, 0

        async def send_counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        told: Mapping[str, Any] = {"cache": "", "generation": None}
        try:
            told = await answer(send_counted)
        finally:
            line = AccessLine(
                at=self._tell_now().strftime("%Y-%m-%dT%H:%M:%SZ"),
                method=scope["method"],
                path=hide_token(unquote(str(scope["path"])))[:LONGEST_PATH],
                asked=sorted({name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"))}),
                status=status,
                bytes=size,
                ms=round((time.perf_counter() - begun) * 1000, 2),
                **told,
            )
            self._file.write(msgspec.json.encode(line) + b"\n")


def open_access_log(tell_now: Callable[[], datetime]) -> AccessLog | None:
    """Open the log the server was told to write, None where it was told none; "-" is standard output."""
    name = os.environ.get(ACCESS_LOG_VARIABLE, "")
    if not name:
        return None
    path = Path("/dev/stdout" if name == "-" else name)
    return AccessLog(path.open("ab", buffering=0), tell_now)


def silence_server() -> None:
    """Keep the server's own log, which holds readers' addresses, from being written."""
    log = logging.getLogger(SERVER_LOG)
    log.handlers.clear()
    log.propagate = False
