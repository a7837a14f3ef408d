"""Content ids: the same content has the same id on every machine and in every build (DESIGN.md §5)."""

import hashlib
from collections.abc import Sequence

import msgspec

from kb.models import WEB, Change, EventKind, Place, Reading
from kb.read.canonical import fold_text

# Sixteen hexadecimal digits: 64 bits; a clash among ten million changes has odds of 1 in 370,000.
ID_LENGTH = 16


def content_id(*fields: object) -> str:
    """Return the first 16 hex digits of the SHA-256 of the fields as a JSON array (UTF-8, no spaces)."""
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()[:ID_LENGTH]


def change_id(place: Place, change: Change, observed_at: str) -> str:
    """Return the id of a change: document, strand, both eids, part, both canonical texts and the first sight."""
    return content_id(
        place.document,
        place.strand,
        change.old_eid,
        change.eid,
        change.part,
        fold_text(change.old_text),
        fold_text(change.new_text),
        observed_at,
    )


def event_id(source: str, wave_at: str, kind: EventKind) -> str:
    """Return the id of an event: its source, wave and kind."""
    return content_id(source, wave_at, kind)


def text_hash(reading: Reading) -> str:
    """Return the hash of a reading's canonical text: every part of every provision, with its eid.

    Where links lead away from the site, their targets are hashed too: a text that sends readers elsewhere is another.
    """
    rows = (
        f"{part.eid}\x00{part.heading}\x00{part.text}\x00{part.note}\x00{part.pending}\x01"
        for part in reading.provisions
    )
    text = fold_text("".join((*rows, *_list_targets(reading))))
    return hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]


def version_id(source: str, place: Place, hashed: str, validity: Sequence[object], observed_from: str) -> str:
    """Return the id of a version: where it stands, its text, its stated validity and its first sight."""
    return content_id(source, place.document, place.strand, hashed, validity, observed_from)


def _list_targets(reading: Reading) -> list[str]:
    """Return where the links of a reading lead, one line each, for its hash."""
    return [f"{one.eid}\x00{one.text}\x00{one.number}" for one in reading.references if one.work == WEB]
