"""The recorded web: reading a captures file, and what the transport facts of an answer mean.

A captures file holds one JSON object a line, ``{"url", "observed_at", "status", "path"|null, "media_type",
"headers"?, "revisit"?}``; paths are relative to the file and other keys are ignored. It is read whole or refused
whole.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from kb.errors import CapturesError, StatusQuoError
from kb.models import Outcome
from kb.snapshots import hash_body

# What the status of an answer means for us; a status not named goes by its first digit. The outcome `refused` is in
# neither table: it is never a server's answer but our own refusal (robots.txt, a private address, a body too large).
OUTCOMES_BY_STATUS: Mapping[int, Outcome] = {
    204: "error",  # "no content": nothing to read, and no proof that the page is gone
    205: "error",
    206: "truncated",  # a part of the page, never asked for
    304: "not_modified",
    401: "blocked",
    403: "blocked",
    404: "missing",
    407: "blocked",
    410: "missing",
    451: "blocked",  # withheld for legal reasons
}
OUTCOMES_BY_DIGIT: Mapping[int, Outcome] = {
    1: "error",  # an interim answer whose final answer never came
    2: "ok",
    3: "redirected",
    4: "error",  # 429 among them: asked too often, says nothing of the page
    5: "error",
}

# Eighty times the largest code title measured in one page (3.3 MB), and far below what SQLite can hold in one row
# (1 GB); beyond it an answer is refused and its bytes are not kept.
LARGEST_BODY = 256 * 1024 * 1024
LISTED_ERRORS = 20
LONGEST_FOUND = 80

# 2024-02-08T12:00:00Z, 2024-02-08T07:00:00.25-05:00
INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
# https://code.example.gov/sections/1?print=yes
WEB_ADDRESS = re.compile(r"https?://[^\s/?#\x00-\x1f\x7f][^\s\x00-\x1f\x7f]*", re.IGNORECASE)
# 4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce
SHA256 = re.compile(r"[0-9a-f]{64}")


class CaptureLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a captures file, checked: a UTC instant, and the file that holds the bytes (None: no bytes).

    ``line`` counts from 1; ``size`` is the size of the bytes; ``headers`` have lower-case names and are not yet
    reduced to those kept; ``revisit`` is True or a sha256 while the bytes are those of an earlier capture.
    """

    line: int
    url: str
    observed_at: str
    status: int
    path: Path | None
    size: int
    media_type: str
    headers: dict[str, str]
    revisit: bool | str = False


class LineError(StatusQuoError):
    """Raised when one line of a captures file is wrong; says which key, what was expected and what was found."""

    def __init__(self, key: str, expected: str, found: object) -> None:
        shown = repr(found)
        if len(shown) > LONGEST_FOUND:
            shown = f"{shown[:LONGEST_FOUND]}…"
        super().__init__(f"{key}: expected {expected}, found {shown}")


def tell_outcome(status: int, headers: Mapping[str, str], size: int | None) -> Outcome:
    """Tell what came of a fetch from its status, its headers by lower-case name, and its size (None: no bytes)."""
    outcome = OUTCOMES_BY_STATUS.get(status) or OUTCOMES_BY_DIGIT[status // 100]
    if outcome != "ok" or size is None:
        return outcome
    if size > LARGEST_BODY:
        return "refused"
    return "truncated" if _is_cut(headers, size) else "ok"


def normalise_instant(text: str) -> str:
    """Write an RFC 3339 instant in UTC as "2024-02-08T12:00:00Z", with a fraction only where it is not zero.

    Raises ValueError when the text is no instant or names no offset from UTC.
    """
    if INSTANT.fullmatch(text) is None:
        raise ValueError(f"not an RFC 3339 instant: {text!r}")
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"outside the calendar: {text!r}") from error
    fraction = f".{instant.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{instant.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}Z"


def order_instant(instant: str) -> str:
    """Give the sorting key of a normalised instant: "12:00:00Z" comes before "12:00:00.5Z", as text it would not."""
    return instant.removesuffix("Z")


def read_captures(path: Path) -> list[CaptureLine]:
    """Read a captures file; returns its lines in file order.

    Raises CapturesError that names every wrong line (20 at most, then their number); nothing of it may then be used.
    """
    errors: list[str] = []
    try:
        with path.open("rb") as file:
            lines = list(_read_lines(path, file, errors))
    except OSError as error:
        raise CapturesError(f"{path}: expected a captures file, found: {error.strerror}") from error
    lines = list(_resolve_revisits(path, lines, errors))
    if errors:
        wrong = "1 line is wrong" if len(errors) == 1 else f"{len(errors)} lines are wrong"
        raise CapturesError(list_findings(f"{path}: refused whole, nothing was imported: {wrong}", errors))
    return lines


def list_findings(title: str, findings: Sequence[str]) -> str:
    """Write findings below their title as one message: 20 at most, then the number of the others."""
    rest = len(findings) - LISTED_ERRORS
    return "\n".join([title, *findings[:LISTED_ERRORS], *([f"… and {rest} more"] if rest > 0 else [])])


def _is_cut(headers: Mapping[str, str], size: int) -> bool:
    """Say whether the length announced is not the length received, where the two can be compared at all."""
    encoded = headers.get("content-encoding", "identity").strip().lower() not in ("", "identity")
    # A chunked message overrides its Content-Length (RFC 9112, 6.3).
    announced = headers.get("content-length", "").strip()
    comparable = not encoded and "transfer-encoding" not in headers and announced.isdecimal()
    return comparable and int(announced) != size


def _read_lines(path: Path, texts: Iterable[bytes], errors: list[str]) -> Iterator[CaptureLine]:
    """Read every line that is not blank; what is wrong goes to ``errors``."""
    folder = path.parent.resolve()
    for number, text in enumerate(texts, start=1):
        try:
            if text.strip():
                yield _read_line(number, text, folder)
        except LineError as error:
            errors.append(f"{path}:{number}: {error}")


def _read_line(number: int, text: bytes, folder: Path) -> CaptureLine:
    """Read one line; raises LineError for the first thing wrong with it."""
    fields = _decode_object(text)
    status = _read_status(fields.get("status"))
    revisit = _read_revisit(fields.get("revisit"))
    path, size = _find_body(fields.get("path"), folder)
    if path is None and revisit is False and tell_outcome(status, {}, None) == "ok":
        raise LineError("path", f"a file or a revisit for status {status}", None)
    return CaptureLine(
        line=number,
        url=read_address(fields.get("url")),
        observed_at=_read_instant(fields.get("observed_at")),
        status=status,
        path=path,
        size=size,
        media_type=_read_media_type(fields.get("media_type")),
        headers=_read_headers(fields.get("headers")),
        revisit=revisit if path is None else False,
    )


def _decode_object(text: bytes) -> dict[str, object]:
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LineError("line", "one JSON object", f"{error}") from error
    if not isinstance(fields, dict):
        raise LineError("line", "one JSON object", fields)
    return fields


def read_address(found: object) -> str:
    """Read a web address; one that carries a name or password is refused, as secrets are never archived.

    Raises LineError.
    """
    expected = "an http or https address without a user name"
    if not isinstance(found, str) or WEB_ADDRESS.fullmatch(found) is None:
        raise LineError("url", expected, found)
    try:
        address = urlsplit(found)
        port_is_readable = address.port is None or address.port > 0
    except ValueError as error:
        raise LineError("url", expected, found) from error
    if not address.hostname or "@" in address.netloc or not port_is_readable:
        raise LineError("url", expected, found)
    return found


def _read_instant(found: object) -> str:
    try:
        return normalise_instant(found if isinstance(found, str) else "")
    except ValueError as error:
        raise LineError("observed_at", "an instant with its offset, as 2024-02-08T12:00:00Z", found) from error


def _read_status(found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or not 100 <= found <= 599:
        raise LineError("status", "a whole number from 100 to 599", found)
    return found


def _read_revisit(found: object) -> bool | str:
    if found is None or isinstance(found, bool):
        return found or False
    if isinstance(found, str) and SHA256.fullmatch(found):
        return found
    raise LineError("revisit", "true, false or a sha256 in lower-case digits", found)


def _read_media_type(found: object) -> str:
    if found is None or isinstance(found, str):
        return found or ""
    raise LineError("media_type", "a text", found)


def _read_headers(found: object) -> dict[str, str]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(value, str | int) for value in found.values()):
        raise LineError("headers", "an object of texts", found)
    return {name.lower(): str(value) for name, value in found.items()}


def _find_body(found: object, folder: Path) -> tuple[Path | None, int]:
    """Find the file of a capture's bytes inside the folder; returns it with its size, (None, 0) for no bytes."""
    if found is None:
        return None, 0
    if not isinstance(found, str) or Path(found).is_absolute():
        raise LineError("path", "a path relative to the captures file, or null", found)
    try:
        path = (folder / found).resolve()
        if not path.is_relative_to(folder):
            raise LineError("path", "a file in the captures file's own folder", found)
        if not path.is_file():
            raise LineError("path", "an existing file", found)
        return path, path.stat().st_size
    except (OSError, ValueError) as error:
        raise LineError("path", "an existing file", found) from error


def _resolve_revisits(path: Path, lines: Sequence[CaptureLine], errors: list[str]) -> Iterator[CaptureLine]:
    """Give every revisit the bytes of the earlier capture of its URL; what cannot be found goes to ``errors``."""
    if not any(line.revisit for line in lines):
        yield from lines
        return
    earlier: dict[str, list[CaptureLine]] = {}
    resolved: dict[int, CaptureLine] = {}
    for line in sorted(lines, key=lambda line: (order_instant(line.observed_at), line.line)):
        known = earlier.setdefault(line.url, [])
        original = _find_original(line, known)
        if original is None:
            error = LineError("revisit", "an earlier capture of this URL with these bytes", line.revisit)
            errors.append(f"{path}:{line.line}: {error}")
            continue
        resolved[line.line] = msgspec.structs.replace(line, path=original.path, size=original.size, revisit=False)
        if original.path is not None:
            known.append(resolved[line.line])
    yield from (resolved[line.line] for line in lines if line.line in resolved)


def _find_original(line: CaptureLine, earlier: Sequence[CaptureLine]) -> CaptureLine | None:
    """Find the capture whose bytes a line has: itself, or for a revisit the latest earlier one with those bytes."""
    if line.revisit is False:
        return line
    for capture in reversed(earlier):
        if line.revisit is True or (capture.path and hash_body(capture.path.read_bytes()) == line.revisit):
            return capture
    return None
