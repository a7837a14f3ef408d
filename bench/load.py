"""Ask a server over loopback: one request after another, as many as it can take, or evenly so many a second."""

import asyncio
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HOST = "127.0.0.1"
LENGTH = b"content-length: "


class Load(NamedTuple):
    """What came of a load: how long each answer took, in seconds, those that failed, and how long all of it took."""

    seconds: list[float]
    failed: int
    total: float

    @property
    def rate(self) -> float:
        """Return the answers a second."""
        return len(self.seconds) / self.total if self.total else 0.0

    def percentile(self, share: float) -> float:
        """Return the seconds within which this share of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Client:
    """One connection that stays open and asks for one page at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def get(self, path: str) -> int:
        """Ask for a page and read it to its end; returns its status."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(HOST, self._port, limit=8_000_000)
        assert self._reader is not None  # noqa: S101 - set together with the writer
        self._writer.write(f"GET {path} HTTP/1.1\r\nhost: {HOST}\r\n\r\n".encode())
        head = await self._reader.readuntil(b"\r\n\r\n")
        at = head.lower().find(LENGTH)
        if at >= 0:
            await self._reader.readexactly(int(head[at + len(LENGTH) : head.index(b"\r", at)]))
        else:
            await self._read_chunks(self._reader)
        return int(head[9:12])

    async def _read_chunks(self, reader: asyncio.StreamReader) -> None:
        """Read the body of an answer whose length was not told."""
        size = 1
        while size:
            size = int(await reader.readuntil(b"\r\n"), 16)
            await reader.readexactly(size + 2)

    async def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()


async def ask_once(port: int, path: str) -> int:
    """Ask for one page on a connection of its own; returns its status."""
    client = Client(port)
    try:
        return await client.get(path)
    finally:
        await client.close()


async def ask_in_turn(port: int, paths: Sequence[str], expected: int = 200) -> Load:
    """Ask for pages one after another; those with another status than expected have failed."""
    client, begun = Client(port), time.perf_counter()
    seconds: list[float] = []
    failed = 0
    for path in paths:
        start = time.perf_counter()
        failed += await client.get(path) != expected
        seconds.append(time.perf_counter() - start)
    await client.close()
    return Load(seconds, failed, time.perf_counter() - begun)


async def ask_all_the_time(port: int, paths: Sequence[str], clients: int, lasting: float) -> Load:
    """Let clients ask without a pause for so many seconds, each the next of the paths, over and over."""
    following = itertools.cycle(paths)
    begun = time.perf_counter()
    loads = await asyncio.gather(*(_ask_until(port, following, begun + lasting) for _ in range(clients)))
    seconds = [one for load in loads for one in load.seconds]
    return Load(seconds, sum(load.failed for load in loads), time.perf_counter() - begun)


async def _ask_until(port: int, following: Iterator[str], end: float) -> Load:
    client = Client(port)
    seconds: list[float] = []
    failed = 0
    while (start := time.perf_counter()) < end:
        failed += await client.get(next(following)) != 200
        seconds.append(time.perf_counter() - start)
    await client.close()
    return Load(seconds, failed, 0)


async def ask_evenly(port: int, paths: Sequence[str], rate: float) -> Load:
    """Ask for pages at so many a second, whether or not the earlier ones are answered; counted from the due time."""
    begun = time.perf_counter() + 0.05
    idle = [Client(port) for _ in range(64)]

    async def ask_at(place: int, path: str) -> tuple[float, int]:
        due = begun + place / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        client = idle.pop()
        status = await client.get(path)
        idle.append(client)
        return time.perf_counter() - due, status

    found = await asyncio.gather(*(ask_at(place, path) for place, path in enumerate(paths)))
    for client in idle:
        await client.close()
    failed = sum(status != 200 for _, status in found)
    return Load([seconds for seconds, _ in found], failed, time.perf_counter() - begun)


def read_cpu(pid: int) -> float:
    """Return the processor seconds a process has used, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
