"""What the build remembers of a source between two waves, and what one wave yields. Plain values, no logic."""

from datetime import date

import msgspec

from kb.models import Change, ChangeRow, Event, Fetch, Found, Judged, Page, Place, Problem, Reading, Shown, Version


class PageState(msgspec.Struct):
    """What is known of one URL: its last good bytes and text, whether it is missing or under suspicion since when.

    ``places`` are the documents last read from it, ``names`` the documents it names as a list and ``fresh`` those
    it did not name when it was first read completely; ``doubted`` are those it dropped while their own page still
    stood. ``dissents`` are documents that stand here with other words than where their text is taken from.
    ``restless`` counts the waves in a row in which its frame alone differed: its bytes move for no reason.
    ``markup`` counts the tags of a large page, to tell when another program renders it. ``suspect_frame`` names
    what a distrusted answer said, figures aside, ``first_frame`` what a short first sight without numbers did.
    ``confirmed`` says that two waves agreed on what stands there, ``complete`` that the page was whole.
    ``final_url`` is where its redirects led, ``read_at`` the instant it was last believed.
    """

    url: str
    sha256: str = ""
    shape: str = ""
    frame: str = ""
    tags: str = ""
    final_url: str = ""
    markup: dict[str, int] = {}
    length: int = 0
    places: tuple[Place, ...] = ()
    names: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    doubted: tuple[str, ...] = ()
    dissents: tuple[Place, ...] = ()
    read_at: str = ""
    missing_at: str = ""
    missing_wave: str = ""
    was_missing: bool = False
    suspect_text: str = ""
    suspect_at: str = ""
    suspect_wave: str = ""
    suspect_frame: str = ""
    first_frame: str = ""
    restless: int = 0
    confirmed: bool = False
    complete: bool = False


class StrandState(msgspec.Struct):
    """What is known of one strand: the versions shown now (earliest validity first) and the URLs it stands on.

    A strand with no version shown was removed; ``citation`` is kept for naming it.
    """

    citation: str
    shown: list[Shown] = []
    urls: list[str] = []


class Learned(msgspec.Struct, frozen=True):
    """A line that is left out of comparing: its ``key``, a ``text`` as it was printed, since which instant, and why.

    The key is "frame …" for lines alike but for figures, "place …" for whatever short line stands at an eid.
    """

    key: str
    text: str
    since: str
    reason: str


class SourceState(msgspec.Struct):
    """What is known of one source after its latest wave.

    ``fresh`` are documents that a list names now and did not name before; ``removed`` maps the hash of a removed
    document's law to the id of the change that reported it. ``learned`` are the lines left out of comparing, by key.
    """

    waves: int = 0
    pages: dict[str, PageState] = {}
    strands: dict[Place, StrandState] = {}
    fresh: set[str] = set()
    removed: dict[str, str] = {}
    learned: dict[str, Learned] = {}


class Told(msgspec.Struct, frozen=True):
    """A change found, the date from which it applies where the twins state it, and the readings it lies between."""

    change: Change
    effective_on: date | None = None
    old: Reading | None = None
    new: Reading | None = None


class Now(msgspec.Struct, frozen=True):
    """A reading that a page shows now, with the hash of its text; learned lines are left out of both.

    ``printed`` is the reading with them, None where it has none.
    """

    reading: Reading
    text_hash: str
    printed: Reading | None = None

    @property
    def begins(self) -> date | None:
        """Return the day from which the text says it applies, None where it states none."""
        return self.reading.validity.valid_from


class Showing(msgspec.Struct, frozen=True):
    """What one page shows of a strand in this wave, since when, and whether an earlier wave could have shown it."""

    fetch: Fetch
    now: tuple[Now, ...]
    first_sight: str
    provable: bool
    old_url: str = ""


class Gone(msgspec.Struct, frozen=True):
    """Proof that a document left an address: the URL, the first sight of its absence, and when it was proven."""

    url: str
    first_sight: str
    proven_at: str


class Seen(msgspec.Struct, frozen=True):
    """A page as the archive holds it: what was read, the hash of its frame (its bytes without digits) and its markup.

    ``markup`` counts the tags with their classes; it is taken of large pages only, {} stands for untaken. ``tags`` is a
    hash of all of them in order.
    """

    page: Page
    frame: str
    markup: dict[str, int] = {}
    tags: str = ""


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


class EventPage(msgspec.Struct, frozen=True):
    """A page that an event without changes of its own covers: rendered anew, moved to, or not to be trusted."""

    event_id: str
    url: str


class WaveResult(msgspec.Struct):
    """All rows that one wave adds.

    ``removed`` and ``added`` map the hashes of laws that went and came to their changes; ``found_words`` tell by which
    words a change was given a topic or profession.
    """

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
    added: dict[str, str] = {}
    found_words: list[tuple[str, Found]] = []
    learned: list[Learned] = []
    event_pages: list[EventPage] = []
