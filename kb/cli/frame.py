"""What all commands share: the group, the data folder, dates as options, how refusals and progress are shown."""

import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from kb.answer.facts import Fact
from kb.coding import default_facts_folder, read_facts
from kb.collect import ARCHIVE, ignore_progress
from kb.errors import NotFoundError, StatusQuoError
from kb.sources import Source, read_declared
from kb.store.archive import list_waves, open_archive
from kb.store.knowledge import open_knowledge

Command = TypeVar("Command", bound=Callable[..., Any])

# The end of a day given as a date: its last microsecond.
END_OF_DAY = "T23:59:59.999999Z"
# What SQLite says of a file whose bytes are not what it wrote.
DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
INTEGRITY = 4


class NothingBuiltError(NotFoundError):
    """Raised when a data folder is asked before anything was built in it."""


class RefusingGroup(click.Group):
    """A group whose commands end with one message where the house names a condition, and with no traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command chosen; every named condition and a damaged database end it with a message on stderr."""
        try:
            return super().invoke(ctx)
        except StatusQuoError as error:
            return refuse(ctx, str(error), error.exit_code)
        except sqlite3.DatabaseError as error:
            if not str(getattr(error, "sqlite_errorname", "")).startswith(DAMAGE):
                raise
            return refuse(ctx, f"a database is damaged ({error}): kb doctor says which", INTEGRITY)
        except OSError as error:
            if error.filename is None:
                raise
            return refuse(ctx, f"{error.filename}: {error.strerror}", click.UsageError.exit_code)


def refuse(ctx: click.Context, message: str, exit_code: int) -> NoReturn:
    """End a command with a message on stderr and the exit code of its condition."""
    click.echo(f"Error: {message}", err=True)
    ctx.exit(exit_code)


class Instant(click.ParamType[str]):
    """A date or an instant with its zone; a bare date means its first or its last moment in UTC."""

    name = "DATE"

    def __init__(self, *, end: bool) -> None:
        self.end = end

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return a UTC instant as text; a value that is neither date nor instant is a usage error."""
        text = str(value)
        try:
            if len(text) == len("2024-02-08"):
                return f"{date.fromisoformat(text)}{END_OF_DAY if self.end else 'T00:00:00Z'}"
            return _print_instant(datetime.fromisoformat(text))
        except ValueError:
            self.fail(f"{text!r}: expected a date (2024-02-08) or an instant (2024-02-08T12:00:00Z)", param, ctx)


class Day(click.ParamType[date]):
    """A date; of an instant its date in UTC."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """Return the date; a value that is none is a usage error."""
        if isinstance(value, date):
            return value
        return date.fromisoformat(Instant(end=False).convert(value, param, ctx)[:10])


def _print_instant(instant: datetime) -> str:
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_clock() -> str:
    """Return the present instant in UTC, to the second."""
    return _print_instant(datetime.now(UTC).replace(microsecond=0))


@click.group(cls=RefusingGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("statusquo"), prog_name="kb")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data"),
    envvar="KB_DATA",
    show_default=True,
    show_envvar=True,
    help="Folder of archive.db and kb.db.",
)
def main(data: Path) -> None:
    """Tell what the rules say today, what they said before, and prove both.

    \b
    Fill:     init, sources, import, crawl, convert, build, update
    Ask:      changes, show, diff, compare
    Show:     publish, serve, demo
    Tell:     subscribe, notify, report
    Keep:     status, review, doctor, verify, export, eval

    Begin with `kb demo`, or with `kb import captures.jsonl --sources FOLDER`, then `kb build`, then `kb changes`.

    Exit codes: 0 done, 1 a check found something, 2 wrong usage or input, 3 some sources failed, 4 damaged data.
    """  # noqa: D301 - click reads the sign itself: what follows keeps its lines


def _choose_data(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path:  # noqa: ARG001
    chosen = value if value is not None else ctx.find_root().params.get("data")
    return chosen if isinstance(chosen, Path) else Path("data")


def data_option(command: Command) -> Command:
    """Give a command the option --data too, so that it may stand before or after the command's name."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        callback=_choose_data,
        help="Folder of archive.db and kb.db, as before the command.",
    )(command)


def sources_option(command: Command) -> Command:
    """Give a command the option --sources, which adds folders of declarations to those that ship."""
    return click.option(
        "--sources",
        "folders",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        multiple=True,
        help="Folder of source declarations (*.yml) beside those that ship; may be given again.",
    )(command)


def load_sources(folders: tuple[Path, ...]) -> tuple[Source, ...]:
    """Read the declarations that ship and those of the folders given; raises DeclarationError."""
    return read_declared(folders)


def load_known(folders: tuple[Path, ...], data: Path, *, writing: bool = False) -> tuple[Source, ...]:
    """Read the declarations of the folders given, and of those that ship the ones the archive has captures of.

    A command that is ``writing`` anyway brings an archive of an earlier version up to this one first.
    """
    if not (data / ARCHIVE).is_file():
        return read_declared(folders, ())
    if writing:
        open_archive(data / ARCHIVE).close()
    with closing(open_archive(data / ARCHIVE, read_only=True)) as archive:
        return read_declared(folders, {key.source for key in list_waves(archive)})


def facts_option(command: Command) -> Command:
    """Give a command the option --facts, which adds folders of coded answers to those that ship."""
    return click.option(
        "--facts",
        "fact_folders",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        multiple=True,
        help="Folder of coded answers (*.yml) beside those that ship; may be given again.",
    )(command)


def load_facts(folders: tuple[Path, ...], sources: Iterable[Source]) -> tuple[Fact, ...]:
    """Read the facts that ship and those of the folders given; raises DeclarationError."""
    invented = sorted({source.jurisdiction for source in sources})
    return read_facts((default_facts_folder(), *folders), invented=invented)


@contextmanager
def reading(data: Path) -> Iterator[sqlite3.Connection]:
    """Open kb.db for reading; raises NothingBuiltError, saying what to run, where there is none."""
    path = data / "kb.db"
    if not path.is_file():
        step = "kb build" if (data / "archive.db").is_file() else "kb import FILE, then kb build"
        raise NothingBuiltError(f"{path}: nothing has been built in this data folder yet; run {step}")
    db = open_knowledge(path, read_only=True)
    try:
        yield db
    finally:
        db.close()


def make_console(*, stderr: bool = False) -> Console:
    """Return a console for stdout or stderr; words of the law are never coloured by chance."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


@contextmanager
def showing_progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr while a person is watching, nothing otherwise; yields what takes (done, total)."""
    if not sys.stderr.isatty():
        yield ignore_progress
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=make_console(stderr=True), transient=True) as bar:
        row = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(row, completed=done, total=total)


def say_plural(count: int, word: str) -> str:
    """Count something in words: "1 page", "2 pages"."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
