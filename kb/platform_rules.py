"""What a declaration says of a way of publishing, made ready for use: interfaces, versions, canonical addresses."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

Body = Mapping[str, Any]

# The groups of a version's address that are days.
DAYS: tuple[str, ...] = ("valid_from", "valid_to")


class Paging(msgspec.Struct, frozen=True):
    """A query parameter that counts through a listing."""

    parameter: str
    first: int = 1
    step: int = 1


class Posted(msgspec.Struct, frozen=True):
    """Bodies sent with POST for the listing and for an entry's text; "" asks with GET."""

    list: str = ""
    each: str = ""


class ApiRule(msgspec.Struct, frozen=True):
    """Where the answers of an interface hold what: paths, and address templates of the texts of its entries."""

    items: str = ""
    each: str = ""
    next: str = ""
    page: Paging | None = None
    text: tuple[str, ...] = ()
    heading: str = ""
    note: str = ""
    citation: str = ""
    valid_from: str = ""
    valid_to: str = ""
    headers: dict[str, str] = {}
    post: Posted = Posted()


class EcfrRule(msgspec.Struct, frozen=True):
    """A title of the Code of Federal Regulations and the parts that are read; none named = all."""

    title: int
    parts: tuple[str, ...] = ()
    history: bool = False


class RegisterRule(msgspec.Struct, frozen=True):
    """Which documents of the Federal Register are read; empty filters ask for nothing."""

    agencies: tuple[str, ...] = ()
    cfr: dict[str, int] = {}
    term: str = ""
    types: tuple[str, ...] = ()
    since: str = ""


class VersionRule(msgspec.Struct, frozen=True):
    """How the addresses of a document's earlier texts are told, and which links lead to them.

    ``chain`` says that an earlier text links to the one before it.
    """

    pattern: re.Pattern[str]
    follow: tuple[str, ...] = ()
    dates: str = "%Y-%m-%d"
    chain: bool = False

    def read_marks(self, url: str) -> dict[str, str] | None:
        """Return what an address says of an earlier text (``citation``, ``valid_from``, ``valid_to``), None if none."""
        found = self.pattern.search(url)
        if found is None:
            return None
        groups: dict[str, str] = {name: value for name, value in found.groupdict().items() if value}
        days: dict[str, str] = {name: self._read_day(groups[name]) for name in DAYS if name in groups}
        told: dict[str, str] = {**groups, **days}
        return {name: value for name, value in told.items() if value}

    def _read_day(self, text: str) -> str:
        try:
            return datetime.strptime(text, self.dates).date().isoformat()  # noqa: DTZ007 - a day, no instant
        except ValueError:
            return ""


class Replacement(msgspec.Struct, frozen=True):
    """A part of an address that names the visit, and what stands in its place."""

    pattern: re.Pattern[str]
    replace: str


def build_api(body: Body | None) -> ApiRule | None:
    """Make the rule of an interface of its declaration."""
    if body is None:
        return None
    text = body.get("text", [])
    return msgspec.convert({**body, "text": [text] if isinstance(text, str) else text}, ApiRule)


def build_ecfr(body: Body | None) -> EcfrRule | None:
    """Make the rule of a title of its declaration."""
    if body is None:
        return None
    return msgspec.convert({**body, "parts": [str(part) for part in body.get("parts", [])]}, EcfrRule)


def build_register(body: Body | None) -> RegisterRule | None:
    """Make the rule of Federal Register documents of its declaration."""
    return None if body is None else msgspec.convert(body, RegisterRule)


def build_versions(body: Body | None) -> VersionRule | None:
    """Make the rule of earlier texts of its declaration."""
    if body is None:
        return None
    follow = body.get("follow", [])
    follow = (follow,) if isinstance(follow, str) else tuple(follow)
    return VersionRule(re.compile(body["pattern"]), follow, body.get("dates", "%Y-%m-%d"), body.get("chain", False))


def build_canonical(entries: Any) -> tuple[Replacement, ...]:
    """Make the replacements in addresses of their declaration."""
    return tuple(Replacement(re.compile(entry["pattern"]), entry["replace"]) for entry in entries or ())
