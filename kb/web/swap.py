"""Move the running site from one generation to the next, without a restart, an error or a mixed answer.

Every request takes the generation that is current when it begins and is answered from it to its last byte; Datasette's
own pages included, as the databases it sees are those of the request. A generation that is no longer current is closed
when its last request ends.
"""

import asyncio
import logging
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from threading import Lock
from typing import Any

from datasette.database import Database

from kb.generations import (
    POINTER,
    BrokenPointerError,
    ForeignGenerationError,
    Pointer,
    hold_generation,
    read_pointer,
)
from kb.store.public import has_own_form, map_file, open_published, read_generation
from kb.web.cache import ResponseCache
from kb.web.guard import GuardedConnection, bound_functions, guard_connection
from kb.web.tables import DATABASE

# A publisher may remove a generation between our reading its name and opening it.
OPEN_ATTEMPTS = 5
# Questions of strangers that run at the same time, each in a thread of its own: those of pages stay free.
MOST_QUESTIONS = 2
# How much such a thread stands back (nice value): where the processors are busy, pages go first.
QUESTION_NICENESS = 10

logger = logging.getLogger(__name__)
# Whether the request at hand is a stranger's question.
ASKING: ContextVar[bool] = ContextVar("asking", default=False)


class GenerationDatabase(Database):  # type: ignore[misc]  # Datasette ships no types
    """A generation as Datasette's database: connections of its own, lent to one question at a time.

    Datasette 0.65 keeps a connection per thread under the database's name (its issue 2465): a new file under an old
    name would never be read, and nothing could be closed.
    """

    def __init__(self, datasette: Any, path: Path, pointer: Pointer, questions: Executor | None = None) -> None:
        super().__init__(datasette, str(path), is_mutable=False)
        with closing(open_published(path)) as db:
            if not has_own_form(db):
                raise ForeignGenerationError(path)
        self._questions = questions
        self.name = self.route = DATABASE
        # Datasette would hash the whole file to name it.
        self.cached_hash = f"{pointer.generation:064}"
        self._cached_table_counts = dict(pointer.rows)
        self._pages = Pool(self._open)
        self._strangers = Pool(self._open_for_strangers)
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            with self._pages.lend() as db:
                found = read_generation(db)
            if found != pointer.generation:
                raise BrokenPointerError(f"{path}: expected generation {pointer.generation}, found {found}")
            on_failure.pop_all()

    async def execute_fn(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run what Datasette asks, on its own or a stranger's behalf, in one of its threads; returns the result."""
        return await self._run(self._strangers, fn)

    async def execute(self, sql: str, params: Any = None, **keys: Any) -> Any:
        """Run a statement as Datasette does, but print nothing of one that fails: what strangers ask is nobody's."""
        return await super().execute(sql, params, **{**keys, "log_sql_errors": False})

    async def read_page(self, fn: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run the questions of one of our own pages on one connection; returns the result."""
        return await self._run(self._pages, fn)

    def connect(self, write: bool = False) -> sqlite3.Connection:  # noqa: FBT001, FBT002 - Datasette's signature
        """Open a guarded connection for reading; raises sqlite3.OperationalError where writing is asked for."""
        if write:
            raise sqlite3.OperationalError("a generation is never written to")
        return self._open_for_strangers()

    def close(self) -> None:
        """Close every connection: idle ones now, lent ones when they come back."""
        self._pages.close()
        self._strangers.close()

    async def _run(self, pool: "Pool", fn: Callable[[sqlite3.Connection], Any]) -> Any:
        def in_thread() -> Any:
            with pool.lend() as db:
                return fn(db)

        executor = self._questions if ASKING.get() and self._questions is not None else self.ds.executor
        return await asyncio.get_running_loop().run_in_executor(executor, in_thread)

    def _open(self) -> sqlite3.Connection:
        address = f"{Path(self.path).absolute().as_uri()}?immutable=1"
        db = sqlite3.connect(
            address, uri=True, isolation_level=None, check_same_thread=False, factory=GuardedConnection
        )
        with ExitStack() as on_failure:
            on_failure.callback(db.close)
            self.ds._prepare_connection(db, self.name)  # noqa: SLF001 - where plugins add their functions
            map_file(db)
            guard_connection(db)
            on_failure.pop_all()
        return db

    def _open_for_strangers(self) -> sqlite3.Connection:
        db = self._open()
        bound_functions(db)
        return db


class Pool:
    """Connections that wait to be lent; after closing, those still out are closed when they come back."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._idle: deque[sqlite3.Connection] = deque()
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def lend(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to one thread for as long as the block runs."""
        with self._lock:
            idle = self._idle.pop() if self._idle else None
        db = self._connect() if idle is None else idle
        try:
            yield db
        finally:
            self._take_back(db)

    def close(self) -> None:
        """Close the idle connections and lend none of them again."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        for db in idle:
            db.close()

    def _take_back(self, db: sqlite3.Connection) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(db)
                return
        db.close()


class Generation:
    """A published generation in use: its pointer, its database, its kept answers, and how many requests it answers."""

    def __init__(self, datasette: Any, folder: Path, pointer: Pointer, questions: Executor | None = None) -> None:
        path = folder / pointer.file
        self.pointer = pointer
        self.cache = ResponseCache()
        with ExitStack() as on_failure:
            self._descriptor = hold_generation(path)
            on_failure.callback(os.close, self._descriptor)
            self.database = GenerationDatabase(datasette, path, pointer, questions)
            on_failure.pop_all()
        self._users = 0
        self._retired = False

    def enter(self) -> None:
        """Begin to answer a request."""
        self._users += 1

    def leave(self) -> None:
        """End a request; the last one closes a generation that was retired."""
        self._users -= 1
        self._close_if_done()

    def retire(self) -> None:
        """Take no more requests."""
        self._retired = True
        self._close_if_done()

    def _close_if_done(self) -> None:
        if self._retired and self._users == 0:
            self.database.close()
            os.close(self._descriptor)


# The generation the request at hand is answered from; None outside of requests and before anything was published.
CURRENT: ContextVar[Generation | None] = ContextVar("generation", default=None)


class Shelf:
    """Holds the current generation of a folder and looks at the pointer at every request."""

    def __init__(self, datasette: Any, folder: Path) -> None:
        self._datasette = datasette
        self._folder = folder
        self._mark: tuple[int, int] | None = None
        self._refused: tuple[int, int] | None = None
        # Whether what is refused was published by another version of this program.
        self.is_foreign = False
        self._generation: Generation | None = None
        self._questions = ThreadPoolExecutor(MOST_QUESTIONS, "questions", _stand_back)

    @property
    def is_refusing(self) -> bool:
        """Tell whether the pointer names a generation that cannot be opened."""
        return self._refused is not None and self._refused != self._mark

    @contextmanager
    def take(self) -> Iterator[Generation | None]:
        """Give a request the current generation for as long as the block runs; None if nothing is published."""
        self._follow_pointer()
        generation = self._generation
        if generation is None:
            yield None
            return
        generation.enter()
        token = CURRENT.set(generation)
        try:
            yield generation
        finally:
            CURRENT.reset(token)
            generation.leave()

    def close(self) -> None:
        """Let go of the current generation."""
        if self._generation is not None:
            self._generation.retire()
        self._generation, self._mark = None, None
        self._questions.shutdown()

    def _follow_pointer(self) -> None:
        """Move to the generation the pointer names now; stay with the last good one if that cannot be opened."""
        mark = self._read_mark()
        if mark is None or mark == self._mark:
            return
        new = self._open_current(quiet=mark == self._refused)
        if new is None:
            self._refused = mark
            return
        if self._generation is not None:
            self._generation.retire()
        self._generation, self._mark, self._refused = new, mark, None

    def _open(self, pointer: Pointer) -> Generation:
        return Generation(self._datasette, self._folder, pointer, self._questions)

    def _read_mark(self) -> tuple[int, int] | None:
        """Tell pointers apart without reading them: by inode and time of writing."""
        try:
            found = (self._folder / POINTER).stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _open_current(self, *, quiet: bool) -> Generation | None:
        problem: Exception | None = None
        for _ in range(OPEN_ATTEMPTS):
            try:
                pointer = read_pointer(self._folder)
                return None if pointer is None else self._open(pointer)
            except (OSError, sqlite3.Error, BrokenPointerError, ForeignGenerationError) as error:
                problem = error
                self.is_foreign = isinstance(error, ForeignGenerationError)
        if not quiet:
            logger.warning("the current generation cannot be opened, the last good one stays: %s", problem)
        return None


def _stand_back() -> None:
    """Let this thread go behind those of pages, where the system knows niceness of threads (Linux does)."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, QUESTION_NICENESS)


class CurrentDatabases(Mapping[str, Any]):
    """The databases Datasette sees: the generation of the request at hand; its inner ones answer by name only."""

    def __init__(self, inner: Mapping[str, Any]) -> None:
        self._inner = dict(inner)

    def __getitem__(self, name: str) -> Any:
        generation = CURRENT.get()
        if name == DATABASE and generation is not None:
            return generation.database
        return self._inner[name]

    def __iter__(self) -> Iterator[str]:
        return iter(() if CURRENT.get() is None else (DATABASE,))

    def __len__(self) -> int:
        return 0 if CURRENT.get() is None else 1
