"""One definition of an endpoint: its path, its parameters and its answer as types, and the function that reads it.

The parameters' types check what is asked and the record's type shapes what is answered; the OpenAPI document is made
from the same types, so that the two cannot differ.
"""

import sqlite3
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kb.errors import NotFoundError, StatusQuoError
from kb.store.pages import Edition, read_edition
from kb.web.answer import Answer, View
from kb.web.api.values import Record

BASE = "/api/v1"
JSON_TYPE = "application/json; charset=utf-8"
# What the site adds to what was asked (kb.web.answer.PageRoute).
OWN_VALUES = frozenset(("today", "address"))
LONGEST_CURSOR = 2_000
Cursor = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_CURSOR, description="Goes on where a page ended: its `next_cursor`.")
]
Limit = Annotated[int, Meta(ge=1, le=200, description="Records a page, at most.")]
# What SQLite holds as a whole number.
Whole = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
T = TypeVar("T")


class CursorError(NotFoundError):
    """Raised when a cursor is none that this list gave out."""


class ParameterError(StatusQuoError):
    """Raised when a request's parameters are none that the endpoint knows, or hold what they may not."""


class Parameters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be asked of an endpoint: a field for each parameter; those that stand in its path are required."""


class Paged(Parameters, frozen=True, kw_only=True):
    """Parameters of a list."""

    limit: Limit = 50
    cursor: Cursor | UnsetType = UNSET


class Asked(msgspec.Struct, frozen=True):
    """A request being answered: the generation, its edition, the UTC date of today, and the parameters."""

    db: sqlite3.Connection
    edition: Edition
    today: str
    parameters: Any


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint's function found: a record or a list of them, and the moment it is true of.

    "" for ``as_of`` and ``known_at`` is now; ``after`` is the key of the last record where the list goes on.
    """

    data: Any
    after: Sequence[str | int] | None = None
    as_of: str = ""
    known_at: str = ""
    is_current: bool = True


class EditionRecord(Record, frozen=True, kw_only=True):
    """The published generation an answer is from, and the last time any source of it was read."""

    generation: int
    published_at: str
    last_checked: str | None


class One(Record, Generic[T], frozen=True, kw_only=True):
    """An answer about one thing: the law's date, the instant of our knowledge, whether both are now, and the record."""

    as_of: str
    known_at: str
    is_current: bool
    edition: EditionRecord
    data: T


class Many(Record, Generic[T], frozen=True, kw_only=True):
    """An answer that is a page of a list: ``next_cursor`` and ``next`` (a path) lead on, null at the list's end."""

    as_of: str
    known_at: str
    is_current: bool
    edition: EditionRecord
    data: tuple[T, ...]
    next_cursor: str | None
    next: str | None


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """One path of the API: adding one to kb.web.api.endpoints serves it, describes it and tests it.

    ``path`` is below /api/v1 with parameters in braces; ``reply`` is One[…] or Many[…] of a record; ``example`` is a
    query or path that works on most bases, shown as a link. A parameter in ``slashed`` may hold slashes.
    """

    name: str
    path: str
    title: str
    description: str
    parameters: type[Parameters]
    reply: Any
    read: Callable[[Asked], Found]
    example: str
    slashed: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """Return the regular expression of its paths."""
        pattern = self.path
        for name in self.path_parameters:
            pattern = pattern.replace(f"{{{name}}}", f"(?P<{name}>{'.+' if name in self.slashed else '[^/]+'})")
        return f"^{BASE}{pattern}$"

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Return the names of the parameters that stand in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


def make_view(endpoint: Endpoint) -> View:
    """Return the view that answers an endpoint's requests."""

    def view(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
        given = {name: value for name, value in asked.items() if name not in OWN_VALUES}
        try:
            parameters = msgspec.convert(given, endpoint.parameters, strict=False)
        except msgspec.ValidationError as error:
            raise ParameterError(tell_wrong(endpoint, str(error))) from error
        request = Asked(db, read_edition(db), asked["today"], parameters)
        found = endpoint.read(request)
        cursor = write_cursor(found.after) if found.after is not None else None
        following = write_path(endpoint, {**given, "cursor": cursor}) if cursor is not None else None
        paging = {"next_cursor": cursor, "next": following} if isinstance(found.data, (list, tuple)) else {}
        body = msgspec.json.encode({**tell_moment(request, found), "data": found.data, **paging})
        return Answer(200, body.decode(), JSON_TYPE)

    return view


def tell_wrong(endpoint: Endpoint, words: str) -> str:
    """Say which parameter cannot be read, and which there are."""
    there = ", ".join(endpoint.parameters.__struct_fields__) or "none"
    return f"{words.replace(' - at `$.', ', in `')}. Parameters of {endpoint.path}: {there}."


def tell_moment(request: Asked, found: Found) -> dict[str, object]:
    """Return what every answer says first: the moment it is true of, and the edition it is from."""
    edition = request.edition
    return {
        "as_of": found.as_of or request.today,
        "known_at": found.known_at or edition.published_at,
        "is_current": found.is_current,
        "edition": EditionRecord(
            generation=edition.generation,
            published_at=edition.published_at,
            last_checked=edition.last_checked or None,
        ),
    }


def write_path(endpoint: Endpoint, given: Mapping[str, str]) -> str:
    """Return the path and query that ask an endpoint for these values."""
    path = BASE + endpoint.path
    for name in endpoint.path_parameters:
        path = path.replace(f"{{{name}}}", quote(given[name], safe="/:()" if name in endpoint.slashed else ":()"))
    query = urlencode({name: value for name, value in given.items() if name not in endpoint.path_parameters})
    return f"{path}?{query}" if query else path


def write_cursor(key: Sequence[str | int]) -> str:
    """Return a list's key as a word that fits into a URL."""
    return urlsafe_b64encode(msgspec.json.encode(list(key))).decode().rstrip("=")


def read_cursor(cursor: str | UnsetType, length: int) -> Sequence[str | int] | None:
    """Return the key of ``length`` parts that a cursor stands for, None for none; raises CursorError."""
    if cursor is UNSET:
        return None
    try:
        padded = f"{cursor}{'=' * (-len(str(cursor)) % 4)}".encode("ascii")
        key = msgspec.json.decode(urlsafe_b64decode(padded), type=list[str | Whole])
    except (ValueError, msgspec.MsgspecError) as error:
        raise CursorError(f"cursor: expected the next_cursor of a page of this list, found “{cursor}”") from error
    if len(key) != length:
        raise CursorError(f"cursor: expected the next_cursor of a page of this list, found “{cursor}”")
    return key


def list_asked(given: Parameters) -> dict[str, object]:
    """Return the parameters that were given, as the database compares them: days as text, truths as 0 and 1."""
    return {
        name: value.isoformat() if isinstance(value, date) else int(value) if isinstance(value, bool) else value
        for name, value in msgspec.structs.asdict(given).items()
        if value is not UNSET
    }


def check_known(asked: Asked, jurisdiction: str | UnsetType) -> None:
    """Refuse a jurisdiction that there is not; raises NotFoundError with those there are."""
    if jurisdiction is not UNSET and jurisdiction not in asked.edition.names:
        there = ", ".join(sorted(asked.edition.names))
        raise NotFoundError(f"“{jurisdiction}” is no jurisdiction; there are {there}")
