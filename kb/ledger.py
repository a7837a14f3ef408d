"""What became of messages, for those who run the service: counts, the ledger of every try, bounces, another try."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from email import message_from_bytes
from email.policy import compat32
from pathlib import Path

import msgspec

from kb.errors import NotFoundError, UsageError
from kb.store.connection import transaction
from kb.store.downloads import disarm_cells
from kb.store.notices import list_told
from kb.store.outbox import (
    Count,
    count_bounced,
    count_messages,
    drop_waiting,
    find_next_due,
    find_subscriber_of,
    list_ledger,
    record_bounce,
    retry_parked,
)
from kb.store.subscribers import alter_subscriber, list_subscribers, open_subscribers, read_subscriber
from kb.tell.addresses import mask_address

COLUMNS = ("at outcome reply message subscriber channel kind release since until title sha256 events changes").split()
# "<3f2a…@law.example>", as a report of a bounce quotes it
MESSAGE_ID = re.compile(rb"^Message-ID:\s*(<[^<>\s]{1,200}>)", re.IGNORECASE | re.MULTILINE)
# "Status: 5.1.1" (RFC 3464)
STATUS = re.compile(rb"^Status:\s*([245])\.(\d{1,3})\.(\d{1,3})", re.IGNORECASE | re.MULTILINE)
LARGEST_BOUNCE = 1_000_000
# The address is not there, or takes nothing (RFC 3463; 5.0.0 is what many servers say of unknown users).
GONE = re.compile(r"5\.1\.\d+|5\.2\.1|5\.0\.0|complaint")
# A full mailbox or a filter may be another one's fault on one day; so many messages that came back are no accident.
MOST_BOUNCES = 3


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How the outbox stands: messages by state, subscribers by state, those parked (masked) and why, the next try."""

    messages: tuple[Count, ...]
    subscribers: Mapping[str, int]
    parked: tuple[tuple[str, str, str], ...]
    next_at: str


class Bounce(msgspec.Struct, frozen=True):
    """A bounce as recorded: of which message, with which status, and whether the subscriber was parked for it."""

    message: str
    status: str
    parked: bool


def read_standing(data: Path) -> Standing:
    """Return how the outbox of a data folder stands; raises MissingDatabaseError where nobody ever subscribed."""
    with closing(open_subscribers(data, read_only=True)) as db:
        subscribers = list_subscribers(db)
        counts: dict[str, int] = {}
        for one in subscribers:
            counts[one.state] = counts.get(one.state, 0) + 1
        parked = tuple((one.id, mask_target(one.target), one.reason) for one in subscribers if one.state == "parked")
        return Standing(
            messages=tuple(count_messages(db)), subscribers=counts, parked=parked, next_at=find_next_due(db)
        )


def mask_target(target: str) -> str:
    """Return where somebody is told, so that its owner knows it again and nobody else learns it."""
    if "@" in target and not target.startswith("https://"):
        return mask_address(target)
    return target.split("/")[2] + "/…" if target.count("/") > 2 else target


def describe_standing(standing: Standing) -> Iterator[str]:
    """Yield how the outbox stands, a line each."""
    told = ", ".join(f"{count} {state}" for state, count in sorted(standing.subscribers.items())) or "none"
    yield f"subscribers: {told}"
    for count in standing.messages:
        since = f", the oldest of {count.oldest}" if count.state in ("waiting", "parked") else ""
        reason = f": {count.reason}" if count.reason else ""
        yield f"{count.count} {count.kind} {count.state}{since}{reason}"
    if standing.next_at:
        yield f"next try: {standing.next_at}"
    for name, target, reason in standing.parked:
        yield f"parked subscriber {name} ({target}): {reason}"
    if not standing.messages:
        yield "no message was ever written"


def write_ledger(data: Path, since: str, until: str, *, form: str, with_addresses: bool) -> Iterator[str]:
    """Yield the ledger of a time as CSV or JSON lines: who was told what, when, by which release, with what outcome.

    Subscribers stand by id; their addresses only where asked for.
    """
    columns = [*COLUMNS, "target"] if with_addresses else COLUMNS
    with closing(open_subscribers(data, read_only=True)) as db:
        if form == "csv":
            yield _write_csv(columns)
        for row in list_ledger(db, since, until):
            told = list_told(db, row["message"]) if row["outcome"] != "begun" else []
            line = {
                **{name: row[name] for name in (*COLUMNS[:-2], "target")},
                "events": [event for event, _ in told],
                "changes": [change for _, changes in told for change in changes],
            }
            chosen = {name: line[name] for name in columns}
            if form == "csv":
                yield _write_csv([" ".join(one) if isinstance(one, list) else one for one in chosen.values()])
            else:
                yield f"{msgspec.json.encode(chosen).decode()}\n"


def _write_csv(cells: list[object] | list[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(disarm_cells(["" if cell is None else str(cell) for cell in cells]))
    return out.getvalue()


def retry(data: Path, message: str, now: str) -> int:
    """Put a parked message back into the outbox, or all ("all"); returns how many.

    Nobody who stopped, complained or bounced is written to again by it. Raises NotFoundError where none was put back.
    """
    with closing(open_subscribers(data)) as db:
        found = retry_parked(db, message, now)
    if not found:
        raise NotFoundError(f"{message}: expected the id of a parked message, or all; kb notify --status lists them")
    return found


def record(data: Path, raw: bytes, now: str) -> Bounce:
    """Record a bounce (RFC 3464) or a complaint (RFC 5965) sent back to us.

    A complaint, an address that is not there, and the third message that came back for good park the subscriber; who
    stopped stays stopped, so that no later try starts their reports again.
    Raises UsageError for a message that names none of ours, in words that hold no address.
    """
    if len(raw) > LARGEST_BOUNCE:
        raise UsageError(f"expected a bounce of at most {LARGEST_BOUNCE:,} bytes, found {len(raw):,}")
    try:
        name, status = read_bounce(raw)
    except RecursionError:
        raise UsageError("expected a bounce, found a message inside messages without end") from None
    with closing(open_subscribers(data)) as db:
        subscriber = find_subscriber_of(db, name)
        if not subscriber:
            raise UsageError("expected a bounce of one of our messages, found none of their ids in it")
        one = read_subscriber(db, subscriber)
        with transaction(db):
            record_bounce(db, name, status, now)
            is_hard = bool(GONE.fullmatch(status)) or count_bounced(db, subscriber) >= MOST_BOUNCES
            is_parked = is_hard and one is not None and one.state != "stopped"
            if is_parked:
                alter_subscriber(db, subscriber, state="parked", reason=f"bounced: {status}")
                drop_waiting(db, subscriber, "the address bounced", now)
    return Bounce(name, status, is_parked)


def read_bounce(raw: bytes) -> tuple[str, str]:
    """Return the id of the message a bounce is about and its status ("5.1.1", "complaint"); "" for what is not told."""
    message = message_from_bytes(raw, policy=compat32)
    parts = list(message.walk())
    decoded = [part.get_payload(decode=True) for part in parts if part.get_content_maintype() == "text"]
    text = b"\n".join([raw, *(one for one in decoded if isinstance(one, bytes))])
    own = str(message["Message-ID"] or "").strip()
    names = [found.decode("ascii", "replace") for found in MESSAGE_ID.findall(text)]
    name = next((one for one in names if one != own), "")
    if any(part.get_content_type() == "message/feedback-report" for part in parts):
        return name, "complaint"
    status = STATUS.search(text)
    return name, b".".join(status.groups()).decode() if status is not None else "unknown"
