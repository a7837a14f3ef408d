"""Guard the public site: what SQL strangers may run, how much it may cost, and what every answer must carry.

The figures come from attacks tried on a 486 MB generation: Datasette's own time limit is looked at between SQL steps
only, so one function that makes a huge value escapes it; hence the list of allowed functions and the length limit.
"""

import csv
import io
import sqlite3
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from kb.store.downloads import disarm_cells
from kb.store.public import limit_heap

# What SQLite hands to a function.
Value = str | bytes | int | float | None
# The longest text or row any statement may make, in bytes. Published texts are cut well below.
LONGEST_VALUE = 4_000_000
# All rows of one answer together, in characters.
LARGEST_ANSWER = 16_000_000
# What SQLite may hold in memory for all connections of the process together.
HEAP_BYTES = 512 * 1024 * 1024
# A page of our own that takes longer is given up. Pages take milliseconds; the rest is room for files of whole tables
# on a machine that is busy with other work, where 2 s were not always enough.
PAGE_SECONDS = 6.0
# SQL steps between two looks at the clock.
PROGRESS_STEPS = 1000
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
}

# Not here on purpose: printf, format, zeroblob, randomblob, hex, quote (values without bound, no look at the clock),
# json_group_array and json_group_object (gather without bound: 485 MB in half a second), load_extension,
# fts3_tokenizer, sqlite_* (say what machine this is), random ones, and custom ones of other plugins.
FUNCTIONS = frozenset(
    (
        "abs avg bm25 ceil ceiling char coalesce count cume_dist date datetime dense_rank escape_fts first_value floor "
        "glob group_concat highlight ifnull iif instr json json_array json_array_length json_each json_extract "
        "json_object json_quote json_tree json_type json_valid julianday lag last_value lead length like likelihood "
        "likely lower ltrim match max min mod nth_value ntile nullif percent_rank rank replace round row_number rtrim "
        "sign snippet strftime substr substring subtype sum time total trim typeof unicode unixepoch unlikely upper "
        "-> ->>"
    ).split()
)
# SQLite's own search for a text within a text, and trimming, take time by the product of both lengths, and no look at
# the clock: 4 s for a text of 1 MB, minutes for the longest one. Strangers get versions that take short ones only.
LONGEST_NEEDLE = 100
# What SQLite says of any function of ours that raised.
FUNCTION_FAILED = "user-defined function raised exception"

# What Datasette and FTS5 ask of themselves; none of these can change anything.
PRAGMAS = frozenset(
    """
    data_version database_list encoding foreign_key_list index_info index_list index_xinfo schema_version table_info
    table_xinfo
    """.split()
)
# The same as tables strangers can select from; pragma_database_list would tell a path of this machine.
PRAGMA_TABLES = frozenset(f"pragma_{name}" for name in PRAGMAS - {"database_list", "data_version"})
OTHER_TABLES = frozenset(("dbstat", "sqlite_dbpage", "sqlite_stmt", "bytecode", "tables_used", "fts3tokenize"))

# Inline scripts and styles stay off, and nobody else's page may frame ours or be sent to by our forms.
SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "strict-origin-when-cross-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class LongNeedleError(ValueError):
    """Raised when a text to look for, or a list of signs to trim, is longer than LONGEST_NEEDLE."""


class LargeAnswerError(sqlite3.OperationalError):
    """Raised when the rows of one answer are too large together to be sent."""


class LongArgumentError(sqlite3.OperationalError):
    """Raised for a statement in which a bounded function was given too much."""


@contextmanager
def _telling() -> Iterator[None]:
    """Say what SQLite says of a function of ours that refused its arguments in words that help."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if str(error) != FUNCTION_FAILED:
            raise
        raise LongArgumentError(
            f"instr, replace or trim was given too much: look for at most {LONGEST_NEEDLE} characters, "
            f"in results of at most {LONGEST_VALUE:,}"
        ) from error


class MeasuredCursor(sqlite3.Cursor):
    """A cursor that stops fetching rows when together they hold more than LARGEST_ANSWER characters."""

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        """Run a statement up to its first row; raises LongArgumentError."""
        with _telling():
            return super().execute(sql, parameters)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows, at most ``size``; raises LargeAnswerError and LongArgumentError."""
        rows: list[Any] = []
        room = LARGEST_ANSWER
        with _telling():
            while len(rows) < (self.arraysize if size is None else size) and (row := self.fetchone()) is not None:
                room -= sum(len(value) for value in row if isinstance(value, (str, bytes)))
                if room < 0:
                    raise LargeAnswerError(
                        f"the answer is larger than {LARGEST_ANSWER:,} characters: ask for less at once"
                    )
                rows.append(row)
        return rows


class GuardedConnection(sqlite3.Connection):
    """A connection whose cursors measure what they fetch."""

    def cursor(self, factory: Any = MeasuredCursor) -> Any:
        """Return a measuring cursor."""
        return super().cursor(factory)


def guard_connection(db: sqlite3.Connection) -> None:
    """Let a connection read public tables with harmless functions, and bound what a statement may make."""
    limit_heap(db, HEAP_BYTES)
    for limit, value in LIMITS.items():
        db.setlimit(limit, value)
    db.set_authorizer(authorize)


def bound_functions(db: sqlite3.Connection) -> None:
    """Replace the text functions that a stranger could make run for minutes by ones that refuse long arguments."""
    for name, arguments, function in (
        ("instr", 2, find_text),
        ("replace", 3, replace_text),
        ("trim", 2, lambda text, signs: trim_text(text, signs, str.strip)),
        ("ltrim", 2, lambda text, signs: trim_text(text, signs, str.lstrip)),
        ("rtrim", 2, lambda text, signs: trim_text(text, signs, str.rstrip)),
    ):
        db.create_function(name, arguments, function, deterministic=True)


def find_text(text: Value, needle: Value) -> int | None:
    """Do what SQLite's instr does, for short needles; raises LongNeedleError."""
    if text is None or needle is None:
        return None
    return _spell(text).find(_check_needle(needle)) + 1


def replace_text(text: Value, needle: Value, new: Value) -> Value:
    """Do what SQLite's replace does, for short needles and bounded results; raises LongNeedleError."""
    if text is None or needle is None or _spell(needle) == "":
        return None if needle is None else text
    if new is None:
        return None
    whole, part, other = _spell(text), _check_needle(needle), _spell(new)
    if len(whole) + whole.count(part) * len(other) > LONGEST_VALUE:
        raise LongNeedleError(f"replace: expected a result of at most {LONGEST_VALUE} characters")
    return whole.replace(part, other)


def trim_text(text: Value, signs: Value, strip: Callable[[str, str], str]) -> str | None:
    """Do what SQLite's trim does, for few signs; raises LongNeedleError."""
    if text is None or signs is None:
        return None
    chosen = _check_needle(signs)
    return strip(_spell(text), chosen) if chosen else _spell(text)


def _check_needle(needle: Value) -> str:
    spelled = _spell(needle)
    if len(spelled) > LONGEST_NEEDLE:
        raise LongNeedleError(f"expected at most {LONGEST_NEEDLE} characters to look for, found {len(spelled)}")
    return spelled


def _spell(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def authorize(action: int, first: str | None, second: str | None, _schema: str | None, _trigger: str | None) -> int:
    """Decide on one step of a statement, as SQLite asks when it prepares it; returns SQLITE_OK or SQLITE_DENY."""
    return sqlite3.SQLITE_OK if _is_harmless(action, first or "", second or "") else sqlite3.SQLITE_DENY


def _is_harmless(action: int, first: str, second: str) -> bool:
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE):
        return True
    if action == sqlite3.SQLITE_READ:
        name = first.lower()
        return name in PRAGMA_TABLES if name.startswith("pragma_") else name not in OTHER_TABLES
    if action == sqlite3.SQLITE_FUNCTION:
        return second.lower() in FUNCTIONS
    if action == sqlite3.SQLITE_UPDATE:
        # Full text, JSON_EACH and the pragma tables ask so when they are first used; nothing is written: a statement
        # that would make a table asks for SQLITE_CREATE_TABLE too, and the file is opened as immutable.
        return first == "sqlite_master"
    return action == sqlite3.SQLITE_PRAGMA and first.lower() in PRAGMAS and _names_table(first, second)


def _names_table(pragma: str, value: str) -> bool:
    """Tell whether a PRAGMA's value, if any, is a name to look up and not a setting to make."""
    return value == "" or pragma.lower() not in ("schema_version", "data_version", "encoding")


def limit_time(db: sqlite3.Connection, seconds: float) -> None:
    """Interrupt whatever the connection runs once the seconds are over."""
    deadline = time.monotonic() + seconds
    db.set_progress_handler(lambda: int(time.monotonic() > deadline), PROGRESS_STEPS)


def lift_time_limit(db: sqlite3.Connection) -> None:
    """Let the connection run without a limit of time again."""
    db.set_progress_handler(None, 0)


class FormulaGuard:
    """Rewrites a stream of CSV so that no cell is run as a formula: such a cell gets an apostrophe in front."""

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, chunk: bytes, *, last: bool = False) -> bytes:
        """Take the next bytes; returns the whole rows that are safe to send now, all of them with ``last``."""
        text = self._rest + self._decoder.decode(chunk, last)
        whole = text if last else text[: _find_row_end(text)]
        self._rest = text[len(whole) :]
        if not whole:
            return b""
        out = io.StringIO()
        csv.writer(out).writerows(disarm_cells(row) for row in csv.reader(io.StringIO(whole, newline="")))
        return out.getvalue().encode("utf-8")


def _find_row_end(text: str) -> int:
    """Return where the last whole row ends: at a line's end outside of quotes; 0 if there is none."""
    end = text.rfind("\n") + 1
    while end and text.count('"', 0, end) % 2:
        end = text.rfind("\n", 0, end - 1) + 1
    return end
