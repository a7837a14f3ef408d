"""Measure notices: how long it takes to find out who is told what and to write it, and until a mail server has it.

`python -m bench.notices [--subscribers 1000] [--changes 200]` makes a publication with so many changes in one round,
and as many subscribers who each follow something of their own; then it tells, on one core, and hands every report to a
mail server on this machine. The bare reference prints the same number of e-mails of the same size and nothing else.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from statistics import median

from bench.faults import make_settings
from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.delivering import Delivery, deliver
from kb.publish import publish
from kb.sources import Source, read_sources
from kb.store.connection import transaction
from kb.store.outbox import list_waiting_messages, read_message
from kb.store.subscribers import Subscriber, add_subscriber, open_subscribers
from kb.tell.follow import Follow
from kb.tell.forms import print_entry, print_plain
from kb.tell.view import tell_story
from kb.telling import tell

DECLARATIONS = "jurisdiction: us-xx\nsources:\n"
SOURCE = """
  - id: us-xx-bench-{title}
    title: The Example Code, title {title}
    platform: page
    match: https://code.example.gov/{title}-
    document:
      work: code
      pattern: '/(?P<citation>\\d+-\\d+)$'
      cite: Example Code § {{citation}}
    select: {{main: article}}
    binding: statute
    topics: [telehealth, pdmp]
"""
WEEKS = ("2026-01-01T12:00:00Z", "2026-01-08T12:00:00Z")
WORDS = "nurse physician clinic record patient session report hour day fee board permit dose monitor visit".split()
TARGET_SECONDS, TARGET_HANDOVER = 20, 5
SEED = 7
# Titles of the code, each a source of its own: each makes an event.
TITLES = 20


def make_page(number: int, week: int, draw: random.Random) -> str:
    """Return a page of law with one paragraph that differs from week to week."""
    lines = "".join(f"<p>({letter}) A {' '.join(draw.choices(WORDS, k=25))}.</p>" for letter in "abc")
    days = 30 - 15 * week
    return (
        f"<html><body><article><h1>§ 1-{number}. Duties of a clinic</h1>{lines}"
        f"<p>(d) A physician shall report a visit by telehealth within {days} days.</p></article></body></html>"
    )


def fill(folder: Path, changes: int) -> tuple[Path, list[Source]]:
    """Make a data folder of two weeks, in the second of which so many paragraphs changed; returns it and sources."""
    (folder / "sources").mkdir()
    (folder / "sources" / "us-xx.yml").write_text(
        DECLARATIONS + "".join(SOURCE.format(title=title) for title in range(1, TITLES + 1)), "utf-8"
    )
    sources = list(read_sources([folder / "sources"]))
    for week, at in enumerate(WEEKS):
        lines = []
        for number in range(1, changes + 1):
            draw = random.Random(number)  # noqa: S311 - law of no meaning
            (folder / f"{week}-{number}.html").write_text(make_page(number, week, draw), "utf-8")
            line = {"url": f"https://code.example.gov/{number % TITLES + 1}-{number}", "observed_at": at, "status": 200}
            lines.append(json.dumps({**line, "path": f"{week}-{number}.html", "media_type": "text/html"}))
        file = folder / f"captures-{week}.jsonl"
        file.write_text("\n".join(lines) + "\n", "utf-8")
        import_captures(folder / "data", ImportRequest(file=file, sources=sources, now=at, token=str(week)))
        build(folder / "data", BuildRequest(sources=sources))
        if not week:
            publish(folder / "data", at, declared=sources)
            tell(folder / "data", at, make_settings(1))
    return folder / "data", sources


def subscribe(data: Path, count: int) -> None:
    """Write so many subscribers, who follow different things."""
    draw = random.Random(SEED)  # noqa: S311 - a sample needs no secret
    choices = [
        Follow(),
        Follow(jurisdictions=("us-xx",)),
        Follow(topics=("telehealth",)),
        Follow(professions=("physician",), natures=("substantive", "editorial")),
        Follow(jurisdictions=("us-xx", "us-tx"), topics=("pdmp", "telehealth")),
    ]
    with closing(open_subscribers(data)) as db, transaction(db):
        for number in range(count):
            one = Subscriber(
                id=f"s{number}",
                channel="mail",
                target=f"s{number}@d{number % 100}.example.org",
                secret=b"",
                state="active",
                created_at=WEEKS[0],
                confirmed_at=WEEKS[0],
                told_until=WEEKS[0],
                zone=draw.choice(("UTC", "America/Chicago", "America/New_York")),
            )
            add_subscriber(db, one, draw.sample(choices, k=draw.randint(1, 2)))


@contextmanager
def run_sink() -> Iterator[tuple[int, list[float]]]:
    """Run a mail server that takes everything; yields its port and the instants at which it took a message."""
    taken: list[float] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                taken.append(time.time())
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20))
    threading.Thread(target=loop.run_forever, daemon=True).start()
    try:
        yield server.sockets[0].getsockname()[1], taken
    finally:
        loop.call_soon_threadsafe(loop.stop)


def print_bare(count: int, size: int) -> float:
    """Return the seconds that printing so many plain e-mails of a size takes."""
    begun = time.process_time()
    for number in range(count):
        message = EmailMessage()
        message["Subject"] = f"Report {number}"
        message.set_content("x" * 70 + "\n" * (size // 140))
        message.add_alternative(("<p>" + "x" * 67 + "</p>\n") * (size // 140), subtype="html")
        message.as_bytes()
    return time.process_time() - begun


def main(arguments: Sequence[str]) -> int:
    """Measure and print the table; returns 0, whatever is measured."""
    parser = argparse.ArgumentParser(prog="python -m bench.notices", description=__doc__)
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--changes", type=int, default=200)
    options = parser.parse_args(arguments)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})
    with tempfile.TemporaryDirectory() as name, run_sink() as (port, taken):
        data, sources = fill(Path(name), options.changes)
        subscribe(data, options.subscribers)
        settings = make_settings(port)
        publish(data, _now(), declared=sources)
        copy = shutil.copytree(data, Path(name) / "copy")
        begun = time.process_time()
        told = tell(copy, _now(), settings)
        spent = time.process_time() - begun
        with closing(open_subscribers(copy)) as db:
            bodies = [len(read_message(db, message) or b"") for message, _, _ in list_waiting_messages(db)]
        bare = print_bare(options.subscribers, int(median(bodies)))
        tell_story.cache_clear()
        print_entry.cache_clear()
        print_plain.cache_clear()
        published = time.time()
        how = Delivery(settings=settings, tell_now=_now)
        tell(data, _now(), settings, lambda: deliver(data, how))
        deliver(data, how)
        waits = sorted(one - published for one in taken)
    print(f"{told.stories} stories, {told.notices:,} notices, {len(bodies):,} reports of {median(bodies):,.0f} bytes")
    ratio = spent / bare
    print(f"matched and written: {spent:.2f} s of one core (asked ≤ {TARGET_SECONDS}), {ratio:.1f} × bare e-mails")
    print(f"until a server has one: median {median(waits):.2f} s (asked ≤ {TARGET_HANDOVER}), last {waits[-1]:.2f} s")
    return 0


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
