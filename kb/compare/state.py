"""What the build remembers of a source between two waves, and what one wave yields. Plain values, no logic."""

from datetime import date

import msgspec

from kb.models import Change, ChangeRow, Event, Judged, Place, Problem, Reading, Shown, Version
from kb.topics import Found


class PageState(msgspec.Struct):
    """What is known of one URL: its last good bytes and text, whether it is missing or under suspicion since when.

    ``places`` are the documents last read from it, ``names`` the documents it names as a list and ``fresh`` those it
    did not name when it was first read completely; ``doubted`` are those it dropped while their own page still stood.
    ``dissents`` are documents that stand here with other words than where their text is taken from. ``restless`` tells
    that its frame changed before while its text and markup stood still: its bytes differ for no reason.
    """

    url: str
    sha256: str = ""
    shape: str = ""
    frame: str = ""
    markup: dict[str, int] = {}
    length: int = 0
    places: tuple[Place, ...] = ()
    names: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    dissents: tuple[Place, ...] = ()
    missing_at: str = ""
    missing_wave: str = ""
    was_missing: bool = False
    suspect_text: str = ""
    suspect_at: str = ""
    suspect_wave: str = ""
    restless: bool = False


class StrandState(msgspec.Struct):
    """What is known of one strand: the versions shown now (earliest validity first) and the URLs it stands on.

    A strand with no version shown was removed; ``citation`` is kept for naming it.
    """

    citation: str
    shown: list[Shown] = []
    urls: list[str] = []


class SourceState(msgspec.Struct):
    """What is known of one source after its latest wave.

    ``fresh`` are documents that a list names now and did not name before; ``removed`` maps the hash of a removed
    document's law to the id of the change that reported it.
    """

    waves: int = 0
    pages: dict[str, PageState] = {}
    strands: dict[Place, StrandState] = {}
    fresh: set[str] = set()
    removed: dict[str, str] = {}


class Told(msgspec.Struct, frozen=True):
    """A change found, the date from which it applies where the twins state it, and the readings it lies between."""

    change: Change
    effective_on: date | None = None
    old: Reading | None = None
    new: Reading | None = None


class LocationRow(msgspec.Struct, frozen=True):
    """A document begins (``gone`` False) or ceases to stand on a URL, at an instant."""

    place: Place
    url: str
    at: str
    gone: bool = False


class Closing(msgspec.Struct, frozen=True):
    """A version that is no longer shown since an instant."""

    version: str
    at: str


class DocumentRow(msgspec.Struct, frozen=True):
    """A document met for the first time in a source: since when, and whether it was added or is baseline."""

    place: Place
    citation: str
    at: str
    baseline: bool


class WaveResult(msgspec.Struct):
    """All rows that one wave adds; ``found_words`` tell by which words a change was given a topic or profession."""

    source: str
    wave_at: str
    judged: list[Judged] = []
    problems: list[Problem] = []
    documents: list[DocumentRow] = []
    locations: list[LocationRow] = []
    versions: list[Version] = []
    closings: list[Closing] = []
    changes: list[ChangeRow] = []
    events: list[Event] = []
    pages: list[PageState] = []
    removed: dict[str, str] = {}
    found_words: list[tuple[str, Found]] = []
