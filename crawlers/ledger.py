"""The book of one crawl: which pages are asked for, and what came of them, stored so that a kill loses nothing.

A page is leased from the frontier, asked for once, and acknowledged in the transaction that stores its answer and the
links found on it. What was not stored is still leased, and is asked for again by whoever goes on with the crawl.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress

import msgspec
from twisted.python.failure import Failure

from crawlers.hosts import HostBook
from kb.models import Capture
from kb.sources import Source
from kb.store.archive import read_snapshot, record_captures
from kb.store.connection import transaction
from kb.store.crawls import LastAnswer, Validators, read_last_answers, read_validators
from kb.store.frontier import Claim, Lease, add_urls, lease_source
from kb.store.hosts import record_decisions, record_notes

# Pages of one source in work at once: enough to keep its host busy, few enough that large sources leave room and that
# a crawl which is stopped, and ends what it has begun, does not keep its user waiting at a page a second.
WINDOW = 8
# Pages in work at once over all sources, each a few KB of memory.
MOST_IN_WORK = 4096
# In a replay nobody waits.
REPLAY_WINDOW = 32
# Stored at the latest after so many answers, bytes or seconds. A sync to disk costs about as much as five answers.
BATCH_ANSWERS = 64
BATCH_BYTES = 8 * 1024 * 1024
BATCH_SECONDS = 0.5
# A page that moved in short lines alone is looked at once more so many seconds later: instants are kept in seconds.
LOOK_AFTER = 2.0
# So many pages of a source and crawl are weighed for a second look; of more pages the wave itself tells what moves.
MOST_LOOKS = 2
# Longer than any page may take with all its attempts: a lease ends early only for a crawler that died.
LEASE_SECONDS = 3600
# After every instant of an archive.
END_OF_TIME = "9999"


class Job(msgspec.Struct, frozen=True):
    """A page to ask for now: its lease, its source, and what a conditional request may say (None: nothing).

    ``again`` marks the second look at a page within one crawl.
    """

    lease: Lease
    source: Source
    validators: Validators | None = None
    again: bool = False

    @property
    def depth(self) -> int:
        """Return how many links lie between a start page and this one; pages near the start are asked for first."""
        return -self.lease.priority


class Answer(msgspec.Struct, frozen=True):
    """What came of a job: the capture to archive and the URLs it leads to."""

    job: Job
    capture: Capture
    links: tuple[str, ...] = ()


class Course(msgspec.Struct, frozen=True):
    """What a crawl is: its run, the due date its pages share, its sources, and whose last answers are not trusted.

    ``clock`` gives the instant an answer is observed at; ``suspects`` holds URLs by source id; ``window`` is the number
    of pages of a source in work at once, ``looks`` that of pages weighed for a second look; ``barred`` holds the
    declared sources that must not be crawled.
    """

    run: str
    due_at: str
    sources: Mapping[str, Source]
    clock: Callable[[], str]
    suspects: Mapping[str, frozenset[str]] = {}
    window: int = WINDOW
    looks: int = MOST_LOOKS
    barred: tuple[Source, ...] = ()


class Ledger:
    """Leases pages and stores answers of one crawl; ``failure`` holds what stopped it: a store, or a fault of ours.

    ``listeners`` are told of every answer as it is taken. ``hosts`` takes what is learnt of hosts, stored with answers.
    """

    def __init__(self, db: sqlite3.Connection, course: Course, hosts: HostBook | None = None) -> None:
        self.db = db
        self.course = course
        self.hosts = hosts if hosts is not None else HostBook()
        self.failure: BaseException | None = None
        self.last: dict[str, dict[str, LastAnswer]] = {}
        self.asked = dict.fromkeys(course.sources, 0)
        self.open = dict.fromkeys(course.sources, True)
        self.answers: list[Answer] = []
        self.size = 0
        self.stored_at = time.monotonic()
        self.answered = asyncio.Event()
        self.weighed = dict.fromkeys(course.sources, 0)
        self.again: list[tuple[float, Job]] = []
        self.listeners: list[Callable[[Answer], None]] = []

    def lease_jobs(self) -> list[Job]:
        """Lease pages of every source that has few in work; returns what to ask for now, second looks first."""
        now = time.monotonic()
        jobs = [job for due_at, job in self.again if due_at <= now]
        self.again = [(due_at, job) for due_at, job in self.again if due_at > now]
        window = max(2, min(self.course.window, MOST_IN_WORK // max(1, len(self.open))))
        for source, is_open in self.open.items():
            if is_open and self.asked[source] <= window // 2:
                jobs += self._lease(source, window - self.asked[source])
        return jobs

    def record(self, answer: Answer) -> None:
        """Take an answer to be stored with the next batch."""
        self.answers.append(answer)
        self.size += len(answer.capture.body or b"")
        self.asked[answer.job.source.id] -= 1
        self.answered.set()
        for listen in self.listeners:
            listen(answer)

    def weigh(self, source: Source) -> bool:
        """Tell whether one more page of a source may be weighed for a second look, and count it."""
        if self.weighed[source.id] >= self.course.looks:
            return False
        self.weighed[source.id] += 1
        return True

    def look_again(self, job: Job) -> None:
        """Ask for a page once more in a moment, whole."""
        self.asked[job.source.id] += 1
        self.again.append((time.monotonic() + LOOK_AFTER, Job(job.lease, job.source, again=True)))

    def note_failure(self, failure: Failure) -> None:
        """Take note of a fault in our own code, after which an answer will never come: the crawl ends."""
        self.failure = failure.value
        self.answered.set()

    def is_done(self) -> bool:
        """Tell whether nothing is in work, nothing waits to be stored and nothing is left to lease."""
        return not self.answers and not any(self.asked.values()) and not any(self.open.values())

    async def wait(self) -> None:
        """Wait for an answer, a short time at most, and store what is due; raises sqlite3.Error."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.answered.wait(), BATCH_SECONDS)
        self.answered.clear()
        full = len(self.answers) >= BATCH_ANSWERS or self.size >= BATCH_BYTES
        waited = time.monotonic() - self.stored_at >= BATCH_SECONDS
        if self.has_news and (full or waited or not any(self.asked.values())):
            self.store()

    @property
    def has_news(self) -> bool:
        """Tell whether anything waits to be stored."""
        return bool(self.answers) or self.hosts.has_news

    def store(self) -> None:
        """Store the answers taken so far, with their links and acknowledgements: all of it or nothing."""
        try:
            with transaction(self.db):
                self._store(self.answers)
                self._store_hosts()
        except sqlite3.Error as error:
            self.failure = error
            raise
        self.open |= {answer.job.source.id: True for answer in self.answers if answer.links}
        self.answers, self.size, self.stored_at = [], 0, time.monotonic()

    def read_known_body(self, job: Job) -> bytes:
        """Read the bytes a page had when it was last seen; raises NotFoundError and DamagedSnapshotError."""
        return read_snapshot(self.db, job.validators.sha256 if job.validators is not None else "")

    def read_latest_body(self, source: str, url: str) -> bytes | None:
        """Read the bytes of the last good answer of a page of a source, None if it never had one."""
        known = read_validators(self.db, source, [url], END_OF_TIME).get(url)
        return None if known is None else read_snapshot(self.db, known.sha256)

    def is_had(self, source: Source, url: str, moved_on: str = "") -> bool:
        """Tell whether a page was had when last asked for, is trusted, and has not moved since a day (any: "")."""
        if url in self.course.suspects.get(source.id, frozenset()):
            return False
        if source.id not in self.last:
            self.last[source.id] = read_last_answers(self.db, source.id)
        last = self.last[source.id].get(url)
        if last is None or last.outcome not in ("ok", "not_modified"):
            return False
        # A day is over before what is said of it counts: a page may move twice on one.
        return moved_on[:10] < last.observed_at[:10]

    def _store(self, answers: Iterable[Answer]) -> None:
        done = [(answer.job.source.id, answer.job.lease.url) for answer in answers]
        record_captures(self.db, self.course.run, [answer.capture for answer in answers], acknowledge=done)
        for answer in answers:
            if answer.links:
                priority = -(answer.job.depth + 1)
                add_urls(self.db, answer.job.source.id, answer.links, due_at=self.course.due_at, priority=priority)

    def _store_hosts(self) -> None:
        notes, decisions = self.hosts.take()
        record_notes(self.db, self.course.run, self.course.clock(), notes)
        record_decisions(self.db, self.course.run, decisions)

    def _lease(self, source: str, limit: int) -> list[Job]:
        leases = lease_source(self.db, source, Claim(self.course.run, self.course.due_at, LEASE_SECONDS, limit))
        self.open[source] = len(leases) == limit
        self.asked[source] += len(leases)
        urls = [lease.url for lease in leases]
        known = read_validators(self.db, source, urls, self.course.clock()) if urls else {}
        suspects = self.course.suspects.get(source, frozenset())
        return [
            Job(lease, self.course.sources[source], None if lease.url in suspects else known.get(lease.url))
            for lease in leases
        ]
