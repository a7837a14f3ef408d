"""What must be read from saved pages, as JSON that a person can check and a test compares.

Texts stand in it by their first words and a hash, so that the words of a real page need not be kept; anything short
stands whole.
"""

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kb.adding.saved import Place, SavedPage, list_saved, read_expected
from kb.adding.writing import render_json, write_whole
from kb.build import see_page
from kb.compare.state import SourceState
from kb.compare.track import track_wave
from kb.errors import DeclarationError
from kb.marks import is_past
from kb.models import ChangeRow, Fetch, Page, Provision, Reading, Wave
from kb.read.page import read_page

# The report of what changed between the days of a source's saved pages.
CHANGES = "changes.expected.json"
# Words of a text that are shown; a text a little longer stands whole.
SHOWN_WORDS = 8
WHOLE_WORDS = 12

Told = dict[str, Any]


class Difference(msgspec.Struct, frozen=True):
    """One expectation that does not hold: its file, and the lines that differ ("-" expected, "+" found)."""

    path: Path
    lines: tuple[str, ...]


def read_saved(place: Place, page: SavedPage) -> Page:
    """Read a saved page as its source was declared on its day."""
    body = page.path.read_bytes()
    source = place.source.at(page.observed_at)
    return read_page(body, source, page.url, media_type=page.media_type, charset=page.charset)


def tell_page(page: Page, *, whole: bool = False) -> Told:
    """Tell what was read from a page as plain values; ``whole``: with every text in full."""
    spell = str if whole else shorten_text
    told: Told = {"flaws": [flaw.code for flaw in page.flaws], "documents": []}
    told["documents"] = [_tell_reading(reading, spell) for reading in page.readings]
    if page.names:
        told["names"] = list(page.names)
    if page.left_out:
        told["left_out"] = [{"why": piece.why, "text": spell(piece.text)} for piece in page.left_out]
    return told


def _tell_reading(reading: Reading, spell: Any) -> Told:
    validity = reading.validity
    facts = {
        "document": reading.document,
        "citation": reading.citation,
        "strand": "" if reading.strand == "current" else reading.strand,
        "valid_from": str(validity.valid_from or ""),
        "valid_to": str(validity.valid_to or ""),
        "acts": [str(act.name) for act in reading.acts],
        "provisions": [_tell_provision(part, spell) for part in reading.provisions],
    }
    return {name: value for name, value in facts.items() if value}


def _tell_provision(part: Provision, spell: Any) -> Told:
    texts = {name: spell(getattr(part, name)) for name in ("heading", "text", "note", "pending")}
    return {"eid": part.eid, **{name: value for name, value in {"number": part.number, **texts}.items() if value}}


def shorten_text(text: str) -> str:
    """Shorten a text to its first words, the number of the others and a hash; a short one stands whole."""
    words = text.split()
    if len(words) <= WHOLE_WORDS:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return f"{' '.join(words[:SHOWN_WORDS])} … +{len(words) - SHOWN_WORDS} {digest}"


def tell_changes(place: Place, pages: Sequence[SavedPage]) -> list[Told]:
    """Tell what changed from day to day, as the build reports it: the pages of one day are one wave."""
    # An earlier text that the publisher keeps is part of the history, never a change.
    pages = [page for page in pages if not is_past(page.url)]
    state = SourceState()
    readings: dict[str, Reading] = {}
    told: list[Told] = []
    for wave, bodies in _list_waves(place, pages):

        def see(fetch: Fetch, bodies: Sequence[bytes] = bodies) -> Any:
            return see_page(bodies[fetch.seq], place.source, fetch)

        result = track_wave(place.source, state, wave, see, readings.__getitem__)
        readings |= {version.version: version.reading for version in result.versions}
        told.extend(_tell_change(row) for row in result.changes)
    return told


def _list_waves(place: Place, pages: Sequence[SavedPage]) -> Iterator[tuple[Wave, list[bytes]]]:
    for day in sorted({page.date for page in pages}):
        mine = sorted((page for page in pages if page.date == day), key=lambda page: page.url)
        bodies = [page.path.read_bytes() for page in mine]
        fetches = tuple(_make_fetch(place, page, seq, bodies[seq]) for seq, page in enumerate(mine))
        yield Wave(mine[0].observed_at, place.source.id, fetches), bodies


def _make_fetch(place: Place, page: SavedPage, seq: int, body: bytes) -> Fetch:
    return Fetch(
        seq=seq,
        run="saved",
        source=place.source.id,
        url=page.url,
        observed_at=page.observed_at,
        status=200,
        outcome="ok",
        sha256=hashlib.sha256(body).hexdigest(),
        media_type=page.media_type,
        charset=page.charset,
        size=len(body),
    )


def _tell_change(row: ChangeRow) -> Told:
    names = ("kind", "part", "nature", "document", "old_document", "eid", "old_eid", "heading", "old_text", "new_text")
    facts = {"observed_on": row.observed_at[:10], **{name: getattr(row, name) for name in names}}
    facts |= {"signals": list(row.signals), "reason": row.reason, "effective_on": str(row.effective_on or "")}
    for text in ("old_text", "new_text"):
        facts[text] = shorten_text(facts[text])
    for name in ("document", "eid"):
        if facts[f"old_{name}"] == facts[name]:
            del facts[f"old_{name}"]
    return {name: value for name, value in facts.items() if value}


def expect_source(place: Place) -> dict[Path, Told | list[Told]]:
    """Work out what must be read from every saved page of a source, and, of two days, what changed; by file."""
    pages = list_saved(place)
    found: dict[Path, Told | list[Told]] = {}
    for page in pages:
        facts = {"url": page.url, "media_type": page.media_type, "charset": page.charset}
        told = tell_page(read_saved(place, page))
        found[page.expected] = {**{name: value for name, value in facts.items() if value}, **told}
    if len({page.date for page in pages if not is_past(page.url)}) > 1:
        found[place.folder / CHANGES] = tell_changes(place, pages)
    return found


def compare_expected(found: Mapping[Path, Told | list[Told]]) -> tuple[list[Path], list[Difference]]:
    """Compare what is read now with what is expected; returns the files not written yet, and what differs."""
    missing, differences = [], []
    for path, told in found.items():
        expected = _read_told(path)
        if expected is None or _is_longer(told, expected):
            missing.append(path)
        elif expected != told:
            differences.append(Difference(path, tuple(_list_differences(expected, told))))
    return missing, differences


def _is_longer(told: Any, expected: Any) -> bool:
    """Tell whether a report of changes only goes on where the expected one ended, as with the page of a further day."""
    return isinstance(told, list) and told != expected and told[: len(expected)] == expected


def _list_differences(expected: Any, told: Any) -> Iterator[str]:
    before, after = render_json(expected).splitlines(), render_json(told).splitlines()
    yield from difflib.unified_diff(before, after, "expected", "found", lineterm="", n=1)


def _read_told(path: Path) -> Any:
    """Read an expectation; None where there is none, or only the facts of how a page was fetched."""
    if not path.is_file():
        return None
    if path.name == CHANGES:
        try:
            return json.loads(path.read_text("utf-8"))
        except ValueError as error:
            raise DeclarationError(f"{path}: expected JSON, found: {error}") from error
    told = read_expected(path)
    return told if "documents" in told else None


def write_expected(found: Mapping[Path, Told | list[Told]]) -> None:
    """Write expectations, each whole or not at all."""
    for path, told in found.items():
        write_whole(path, render_json(told).encode())
