"""Keep answers that cannot differ: those of one generation, day, path and query, in bounded memory.

A generation never changes and has a cache of its own, which goes with it: nothing has to be made invalid. An answer's
ETag is the hash of its body, so that a reader's copy stays good wherever its bytes do: across restarts, upgrades and
generations in which the page did not move.
"""

from asyncio import Event
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import blake2b
from typing import Any

import msgspec

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
# The UTC day, the path as sent, and the query string: what an answer of one generation hangs on.
Key = tuple[str, bytes, bytes]
Header = tuple[bytes, bytes]

# All kept answers of a generation together, and the largest single one, in bytes.
MOST_BYTES = 64 * 1024 * 1024
LARGEST_KEPT = 1024 * 1024
# What one kept answer costs beside its body: headers, key, the room round them.
OVERHEAD = 2_000
# A reader's browser asks each time whether its copy is still good; caches between may keep a page for a minute: so soon
# is a new generation seen by all.
FRESH = b"public, max-age=0, s-maxage=60, must-revalidate"
# Style sheets, scripts and pictures, which only an upgrade changes.
STATIC_FRESH = b"public, max-age=600"
STATIC_PATHS = (b"/static/", b"/-/static/")
PRIVATE = (b"cookie", b"authorization")


class Kept(msgspec.Struct, frozen=True):
    """An answer as it was sent: its headers with the ETag among them, and its body."""

    headers: list[Header]
    body: bytes
    etag: bytes


class ResponseCache:
    """The kept answers of one generation; the least used go first when there are too many bytes."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._coming: dict[Key, Event] = {}
        self._room = most_bytes

    def find(self, key: Key) -> Kept | None:
        """Return the kept answer to a question, None if there is none."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def keep(self, key: Key, kept: Kept) -> None:
        """Keep an answer, and let the least used go until there is room."""
        if key in self._kept:
            return
        self._kept[key] = kept
        self._room -= len(kept.body) + OVERHEAD
        while self._room < 0:
            _, gone = self._kept.popitem(last=False)
            self._room += len(gone.body) + OVERHEAD

    async def answer(self, key: Key, scope: Scope, send: Send, make: Callable[[Send], Awaitable[None]]) -> str:
        """Send the kept answer, else let ``make`` send one and keep it; returns "hit" or "miss".

        Of many who ask the same at once only the first makes the answer.
        """
        coming = self._coming.get(key)
        if coming is not None:
            await coming.wait()
        kept = self.find(key)
        if kept is not None:
            await send_kept(kept, scope, send)
            return "hit"
        mine = self._coming[key] = Event()
        try:
            await make(Keeper(self, key, scope, send))
        finally:
            if self._coming.get(key) is mine:
                del self._coming[key]
            mine.set()
        return "miss"


class Keeper:
    """Takes an answer's messages, sends them on, and keeps a whole one that is worth keeping."""

    def __init__(self, cache: ResponseCache, key: Key, scope: Scope, send: Send) -> None:
        self._cache, self._key, self._scope, self._send = cache, key, scope, send
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        """Take the next message: what may be kept is held back until it is whole or too large."""
        if message["type"] == "http.response.start" and may_keep(message):
            self._start = message
            return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        has_more = bool(message.get("more_body", False))
        if len(self._body) > LARGEST_KEPT:
            start, self._start = self._start, None
            await self._send(start)
            await self._send({"type": "http.response.body", "body": bytes(self._body), "more_body": has_more})
        elif not has_more:
            kept = make_kept(self._key[1], self._start["headers"], bytes(self._body))
            self._cache.keep(self._key, kept)
            await send_kept(kept, self._scope, self._send)


def make_key(day: str, scope: Scope) -> Key | None:
    """Return under what an answer is kept, None for a request whose answer is not: one that names its reader."""
    if scope["method"] != "GET" or any(name.lower() in PRIVATE for name, _ in scope["headers"]):
        return None
    path = scope.get("raw_path") or str(scope["path"]).encode()
    return day, path.partition(b"?")[0], scope["query_string"]


def may_keep(start: Message) -> bool:
    """Tell whether an answer that begins so is the same for everyone who asks."""
    if start["status"] != 200:
        return False
    return not any(name.lower() == b"cache-control" and b"no-store" in value for name, value in start["headers"])


def make_kept(path: bytes, headers: list[Header], body: bytes) -> Kept:
    """Return an answer with what lets others keep it too: its hash as ETag, and for how long it is fresh."""
    etag = b'"' + blake2b(body, digest_size=12).hexdigest().encode() + b'"'
    fresh = STATIC_FRESH if path.startswith(STATIC_PATHS) else FRESH
    # Nobody is recognised here: an answer varies by nothing that a reader sends.
    own = {b"etag", b"cache-control", b"content-length", b"vary"}
    rest = [(name, value) for name, value in headers if name.lower() not in own]
    length = (b"content-length", str(len(body)).encode())
    return Kept([*rest, (b"etag", etag), (b"cache-control", fresh), length], body, etag)


async def send_kept(kept: Kept, scope: Scope, send: Send) -> None:
    """Send a kept answer, or only say that the reader's own copy is still good."""
    if is_known(kept.etag, scope):
        headers = [pair for pair in kept.headers if pair[0] not in (b"content-length", b"content-type")]
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": kept.headers})
    await send({"type": "http.response.body", "body": kept.body})


def is_known(etag: bytes, scope: Scope) -> bool:
    """Tell whether the reader says that it holds these bytes (If-None-Match)."""
    for name, value in scope["headers"]:
        if name.lower() == b"if-none-match":
            return value.strip() == b"*" or etag in [one.strip().removeprefix(b"W/") for one in value.split(b",")]
    return False
