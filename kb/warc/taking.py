"""Turn the records of web archives into captures: which source owns each, when it was seen, and what came of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urljoin

import msgspec

from kb.captures import LARGEST_BODY, LineError, normalise_instant, tell_outcome
from kb.marks import mark_address
from kb.models import Capture, Outcome, Transfer
from kb.snapshots import hash_body, keep_headers
from kb.sources import Source
from kb.warc.facts import FACTS_HEADER, FactsError, make_capture, read_facts
from kb.warc.owners import Owners
from kb.warc.payload import LARGEST_PAYLOAD
from kb.warc.records import Broken, Headers, Record

FACTS = FACTS_HEADER.lower()
# Types of records that hold an answer of the web.
ANSWERS = ("response", "resource", "revisit")
NOT_MODIFIED = "server-not-modified"


class Piece(msgspec.Struct, frozen=True):
    """A capture to record, and the fetch of another archive that it was, if it was one."""

    capture: Capture
    transfer: Transfer | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A capture whose bytes are those of another one: where it stands, and the keys that name those bytes.

    A key is a digest as a recorder wrote it, "sha256:" and 64 digits, or a URL and an instant.
    """

    place: str
    capture: Capture
    keys: tuple[str, ...]
    transfer: Transfer | None = None


class Notes(msgspec.Struct):
    """What was met on the way: records of URLs nobody claims, redirects to the same page, and what is not whole.

    ``broken`` and ``lost`` (captures whose bytes are nowhere) are sentences that name file and offset.
    """

    elsewhere: int = 0
    same_page: int = 0
    known: int = 0
    broken: list[str] = []
    lost: list[str] = []


class Taker:
    """Takes records one after the other; what waits for the bytes of others is put aside in a file, not in memory."""

    def __init__(self, owners: Owners, declared: dict[str, Source], chosen: Source | None, aside: IO[bytes]) -> None:
        self.owners = owners
        self.declared = declared
        self.chosen = chosen
        self.aside = aside
        self.waiting = 0
        self.digests: dict[str, bytes] = {}
        self.notes = Notes()

    def wants(self, kind: str, headers: Headers) -> bool:
        """Tell whether a record holds an answer that a source owns, or facts that this project wrote."""
        if FACTS in headers:
            return True
        if kind not in ANSWERS:
            return False
        url = _read_target(headers)
        if self.find(url) is not None:
            return True
        self.notes.elsewhere += url.lower().startswith("http")
        return False

    def find(self, url: str) -> tuple[Source, str] | None:
        """Find the source that owns a URL and the spelling it claims; one source named by the caller owns all."""
        found = self.owners.find(url)
        return (self.chosen, found[1] if found else url) if self.chosen is not None else found

    def take(self, path: Path, record: Record | Broken) -> Iterator[Piece]:
        """Take one record of a file; yields the capture it is unless that waits for the bytes of another."""
        place = f"{path}: offset {record.offset}"
        try:
            if isinstance(record, Broken):
                self.notes.broken.append(f"{place}: {record.reason}")
            elif FACTS in record.headers:
                yield from self._take_own(place, record, read_facts(record.headers[FACTS]))
            else:
                yield from self._take_foreign(place, record)
        except LineError as error:
            self.notes.broken.append(f"{place}: {error}")

    def list_waiting(self) -> Iterator[Waiting]:
        """Yield what was put aside, in its order."""
        self.aside.seek(0)
        for line in self.aside:
            yield msgspec.json.decode(line, type=Waiting)

    def _put_aside(self, waiting: Waiting) -> None:
        self.aside.write(msgspec.json.encode(waiting) + b"\n")
        self.waiting += 1

    def _take_own(self, place: str, record: Record, transfer: Transfer) -> Iterator[Piece]:
        """Take a fetch that this project wrote: its facts as they were, once its bytes are proved."""
        source = self.declared.get(transfer.source)
        if source is None:
            found = self.find(transfer.url)
            if found is None:
                self.notes.elsewhere += 1
                return
            source = found[0]
        if record.kind == "revisit" and transfer.sha256 is not None:
            capture = make_capture(transfer, source.id, None)
            self._put_aside(Waiting(place, capture, (f"sha256:{transfer.sha256}",), transfer))
            return
        body = record.body if record.kind == "response" and transfer.sha256 is not None else None
        if body is not None:
            found_hash = self._learn(body, ())
            if found_hash != transfer.sha256:
                raise FactsError("payload", f"bytes of sha256 {transfer.sha256}", found_hash)
        yield Piece(make_capture(transfer, source.id, body), transfer)

    def _take_foreign(self, place: str, record: Record) -> Iterator[Piece]:
        written = _read_target(record.headers)
        found = self.find(written)
        if found is None:
            return
        source, url = found[0], _mark_past(*found)
        capture = _make_foreign(record, source.id, url, written)
        if capture.outcome == "redirected" and self._leads_to_itself(capture, written):
            self.notes.same_page += 1
        elif record.kind != "revisit" or capture.outcome == "not_modified":
            if capture.body is not None:
                digest = record.headers.get("warc-payload-digest", "")
                self._learn(capture.body, (*record.digests, digest, f"{url} {capture.observed_at}"))
            yield Piece(capture)
        else:
            self._put_aside(Waiting(place, capture, self._name_original(record, capture)))

    def _learn(self, body: bytes, names: tuple[str, ...]) -> str:
        """Remember by which names the bytes of a capture are called; returns their sha256."""
        found = hash_body(body)
        known = bytes.fromhex(found)
        self.digests[f"sha256:{found}"] = known
        self.digests.update({fold_key(name): known for name in names if name})
        return found

    def _name_original(self, record: Record, capture: Capture) -> tuple[str, ...]:
        """List what a revisit says of the capture whose bytes it has: its instant and URL, then its digest."""
        target = record.headers.get("warc-refers-to-target-uri", "").strip("<>")
        found = self.find(target) if target else None
        url = found[1] if found is not None else capture.url
        at = _read_instant(record.headers.get("warc-refers-to-date", ""))
        digest = record.headers.get("warc-payload-digest", "")
        return tuple(key for key in (f"{url} {at}" if at else "", fold_key(digest)) if key)

    def _leads_to_itself(self, capture: Capture, written: str) -> bool:
        """Tell whether a redirect only leads from one spelling of a page to another (http to https)."""
        try:
            target = urljoin(written, capture.headers.get("location", ""))
        except ValueError:
            return False
        found = self.owners.find(target)
        return found is not None and found[1] == capture.url


def _mark_past(source: Source, url: str) -> str:
    """Say of the address of an earlier text that it is one, as a crawl says it of the links that lead there."""
    told = None if source.versions is None else source.versions.read_marks(unquote(url))
    return url if told is None else mark_address(url, {"past": "1", **told})


def fold_key(name: str) -> str:
    """Fold the spelling of a digest: recorders write ``sha1:ABC…`` and ``SHA1:abc…``."""
    return name.strip().lower() if name.lower().startswith(("sha", "md5")) else name


def _read_target(headers: Headers) -> str:
    """Return the URL of a record; some versions of wget write it in angle brackets."""
    return headers.get("warc-target-uri", "").strip("<> ").replace(" ", "%20")


def _read_instant(found: str) -> str:
    try:
        return normalise_instant(found)
    except ValueError:
        return ""


def _make_foreign(record: Record, source: str, url: str, written: str) -> Capture:
    """Make the capture of a record that another program wrote."""
    at = _read_instant(record.headers.get("warc-date", ""))
    if not at:
        raise LineError("WARC-Date", "an instant, as 2024-02-08T12:00:00Z", record.headers.get("warc-date"))
    headers = {**record.http}
    if record.kind == "resource":
        headers["content-type"] = record.headers.get("content-type", "")
    status = record.status or 200
    if NOT_MODIFIED in record.headers.get("warc-profile", ""):
        status = 304
    outcome, error = _judge(record, status, headers)
    if written != url:
        # As web archives themselves name the page they have recorded (RFC 7089, 2.2.1).
        headers["link"] = ", ".join(filter(None, (headers.get("link"), f'<{written}>; rel="original"')))
    return Capture(
        url=url,
        observed_at=at,
        status=status,
        source=source,
        outcome=outcome,
        body=record.body,
        media_type=headers.get("content-type", ""),
        headers=keep_headers(headers),
        error=error,
    )


def _judge(record: Record, status: int, headers: Headers) -> tuple[Outcome, str]:
    """Tell what came of a recorded answer, and why it is not whole where it is not."""
    if not 100 <= status <= 599:
        raise LineError("status", "a whole number from 100 to 599", status)
    if record.too_large:
        return "refused", f"body: expected at most {LARGEST_PAYLOAD} bytes, found more"
    outcome = tell_outcome(status, headers, None if record.body is None else len(record.body))
    truncated = record.headers.get("warc-truncated", "")
    segment = "warc-segment-number" in record.headers
    if outcome == "ok" and (truncated or segment or not record.whole):
        part = "it is one of several parts" if segment else "it ends early"
        return "truncated", f"cut: the recorder ended it ({truncated})" if truncated else f"cut: {part}"
    return outcome, ""


def choose_limit(headers: Headers) -> int:
    """Return how large the payload of a record may be: what this project wrote was within its own bound."""
    return LARGEST_BODY if FACTS in headers else LARGEST_PAYLOAD
