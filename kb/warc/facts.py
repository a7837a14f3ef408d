"""What this project writes into a WARC record beside what WARC knows: the facts of a fetch, so that none is lost.

They stand in one header of the record, ``StatusQuo-Fetch``, as JSON in ASCII; other programs pass over it.
"""

import json

import msgspec

from kb.captures import LineError, normalise_instant, read_address
from kb.models import Capture, Transfer

FACTS_HEADER = "StatusQuo-Fetch"
MOST_STATUS = 599


class FactsError(LineError):
    """Raised when the facts in a record are not those of a fetch."""


def write_facts(transfer: Transfer) -> str:
    """Write the facts of a fetch as one line of ASCII."""
    return json.dumps(msgspec.to_builtins(transfer), ensure_ascii=True, separators=(",", ":"), sort_keys=True)


def read_facts(text: str) -> Transfer:
    """Read the facts of a fetch; raises FactsError for anything else."""
    try:
        transfer = msgspec.json.decode(text, type=Transfer)
        read_address(transfer.url)
        for instant in (transfer.observed_at, transfer.run.started_at, transfer.run.closed_at):
            _check_instant(instant)
        if not 0 <= transfer.status <= MOST_STATUS or not transfer.run.run:
            raise ValueError(f"{transfer.status} in run {transfer.run.run!r}")
    except (msgspec.DecodeError, ValueError, LineError) as error:
        # What was found is not repeated: it may hold what must be kept nowhere.
        raise FactsError(FACTS_HEADER, "the facts of a fetch", type(error).__name__) from error
    return transfer


def _check_instant(instant: str) -> None:
    """Raise ValueError unless an instant is written as the archive writes it: in UTC, with T and Z."""
    normalise_instant(instant)
    if instant[10] != "T" or not instant.endswith("Z"):
        raise ValueError(instant)


def make_capture(transfer: Transfer, source: str, body: bytes | None) -> Capture:
    """Make the capture that a fetch was, for the archive of today."""
    return Capture(
        url=transfer.url,
        observed_at=transfer.observed_at,
        status=transfer.status,
        source=source,
        outcome=transfer.outcome,
        body=body,
        media_type=f"{transfer.media_type}; charset={transfer.charset}" if transfer.charset else transfer.media_type,
        headers=transfer.headers,
        final_url=transfer.final_url,
        redirects=transfer.redirects,
        elapsed_ms=transfer.elapsed_ms,
        error=transfer.error,
    )
