"""Name the published generations: which one is current, and who still holds an older one.

A generation is one file, ``public/000001.db``, never altered after it was published. ``public/current.json`` names the
current one and is only ever replaced whole.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from kb.errors import StatusQuoError

FOLDER = "public"
POINTER = "current.json"
# "000012.db"
GENERATION_FILE = re.compile(r"(\d{6,})\.db")


class BrokenPointerError(StatusQuoError):
    """Raised when public/current.json is there and cannot be read as a pointer to a generation."""

    exit_code = 4


class ForeignGenerationError(StatusQuoError):
    """Raised when the current generation has the tables of another version of this program."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: published by another version of this program; run: kb publish")


class Pointer(msgspec.Struct, frozen=True):
    """What the pointer says: the current generation's number, file name, instant and rows of each table."""

    generation: int
    file: str
    published_at: str
    rows: dict[str, int]


def read_pointer(folder: Path) -> Pointer | None:
    """Read which generation is current in a folder of generations; None before anything was published.

    Raises BrokenPointerError if the pointer is damaged or names something else than a generation.
    """
    path = folder / POINTER
    try:
        pointer = msgspec.json.decode(path.read_bytes(), type=Pointer)
    except FileNotFoundError:
        return None
    except msgspec.MsgspecError as error:
        raise BrokenPointerError(f"{path}: expected the name of a generation, found: {error}") from error
    if GENERATION_FILE.fullmatch(pointer.file) is None:
        raise BrokenPointerError(f"{path}: expected the name of a generation, found {pointer.file!r}")
    return pointer


def write_pointer(folder: Path, pointer: Pointer) -> None:
    """Make a generation the current one, at once and for good: the pointer is on disk when this returns."""
    draft = folder / f"{POINTER}.draft"
    draft.write_bytes(msgspec.json.encode(pointer) + b"\n")
    sync_path(draft)
    draft.replace(folder / POINTER)
    sync_path(folder)


def list_generations(folder: Path) -> list[tuple[int, Path]]:
    """Return the generations that lie in a folder, published or not, by number."""
    found = ((GENERATION_FILE.fullmatch(path.name), path) for path in folder.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match is not None)


def hold_generation(path: Path) -> int:
    """Open a generation and mark it as in use until the returned descriptor is closed; raises OSError if it is gone."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    with ExitStack() as on_failure:
        on_failure.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink == 0:
            raise FileNotFoundError(f"{path}: removed while it was opened")
        on_failure.pop_all()
    return descriptor


@contextmanager
def claim_unused(path: Path) -> Iterator[bool]:
    """Tell whether nobody holds a generation; while the block runs nobody can begin to."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def sync_path(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
