"""The words of the house as values: what is read, compared and recorded.

Every value is frozen and holds plain data. Names are those of docs/concepts.md; dates end in ``_on`` (a
``datetime.date``), instants in ``_at`` (UTC, RFC 3339 text with a trailing ``Z``, so that text order is time order).
"""

from datetime import date
from typing import Literal

import msgspec

Part = Literal["text", "heading", "note", "pending"]
Kind = Literal["added", "removed", "amended", "renumbered", "moved"]
Nature = Literal["substantive", "editorial", "structural"]
Signal = Literal["modality", "number", "date", "negation", "scope", "reference", "definition"]
EventKind = Literal["revision", "rerender", "relocation", "incident"]
Strand = Literal["current", "permanent", "pending", "mirror"]
Outcome = Literal["ok", "not_modified", "redirected", "missing", "blocked", "refused", "error", "truncated"]
Verdict = Literal["version", "same", "suspect", "removed", "noise"]
ValidBasis = Literal["stated", "observed"]
# What an answer can be limited to, and what stands in place of one: the law was read and says nothing; looked for and
# not found; not looked for yet.
Dimension = Literal["profession", "drug", "event", "setting"]
Gap = Literal["law_silent", "not_found", "not_checked"]

# How somebody is told.
Channel = Literal["mail", "webhook"]

PARTS: tuple[Part, ...] = ("text", "heading", "note", "pending")


class Line(msgspec.Struct, frozen=True):
    """One line of a page: a paragraph, heading, list item or table row, in reading order.

    ``text`` is the printed text with white space collapsed; it still begins with its printed number unless the
    markup told the number apart, which then stands in ``number`` ("(a)", "1.", "iv"). ``path`` is the whole chain of
    numbers where the publisher states it (``("a", "1")``), else None. ``level`` is the nesting depth told by markup
    (lists, indents; 0 = untold). ``tag`` is the element that held the line (h1…h6, p, li, tr, …), ``anchor`` its id,
    ``lead`` the text of a bold run at the line's start (a catchline), "" if none.
    """

    text: str
    part: Part = "text"
    number: str = ""
    path: tuple[str, ...] | None = None
    level: int = 0
    tag: str = "p"
    anchor: str = ""
    lead: str = ""


class Provision(msgspec.Struct, frozen=True):
    """An addressable part of a document with its parts, each the printed text ("" where there is none).

    ``eid`` is "" for the document itself, else the printed numbers joined by "__" (``b__1__iii``); unnumbered
    paragraphs are ``p1`` … under their parent, table rows ``r_<first cell>``, repeats end in ``~2``.
    ``number`` is the number as printed ("(iii)"), "" where none is printed.
    """

    eid: str
    number: str = ""
    heading: str = ""
    text: str = ""
    note: str = ""
    pending: str = ""


class Act(msgspec.Struct, frozen=True):
    """One entry of a history note: the act or register issue as printed and the date it states, None if none."""

    name: str
    effective_on: date | None = None


# The work of a reference that is a link to another publisher's site; its number is the address.
WEB = "web"


class Reference(msgspec.Struct, frozen=True):
    """A citation as printed: where it stands (``eid``), its ``text``, and what it points to.

    ``work`` is a short name of the cited body of law ("cfr", "usc", "code" for the document's own code, "web" for a
    link to a page of others, "" unknown), ``number`` the cited section as printed (of a link its address),
    ``target_eid`` the cited provision below it ("" for the whole section).
    """

    eid: str
    text: str
    work: str
    number: str
    target_eid: str = ""


class Validity(msgspec.Struct, frozen=True):
    """When a text says it applies: from and to (exclusive) dates, None where open; ``basis`` says who told."""

    valid_from: date | None = None
    valid_to: date | None = None
    basis: ValidBasis = "observed"


class Reading(msgspec.Struct, frozen=True):
    """One document as read from one page: its identity, provisions in reading order (the root first) and fields."""

    document: str
    citation: str
    strand: Strand
    provisions: tuple[Provision, ...]
    validity: Validity = Validity()
    acts: tuple[Act, ...] = ()
    references: tuple[Reference, ...] = ()


class Flaw(msgspec.Struct, frozen=True):
    """Why a page cannot be trusted or was read with loss: a short ``code`` and a sentence with what was found."""

    code: str
    message: str


class LeftOut(msgspec.Struct, frozen=True):
    """Words of a page's main part that stand in no provision, as printed, and why.

    ``outside``: above the first document, or under a heading wider than the document's (a table of contents, the next
    chapter's title). ``heading``: the document's own number before its catchline, or the heading printed once more.
    ``layout``: what belongs to the printed page: its running head and foot, its number, the numbers of its lines.
    """

    why: Literal["outside", "heading", "layout"]
    text: str


class Extract(msgspec.Struct, frozen=True):
    """What a file that is no web page holds: its lines in reading order, why they may be incomplete, what they lack."""

    lines: tuple[Line, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class Page(msgspec.Struct, frozen=True):
    """What one snapshot says: its documents, the documents it names by link, its size of text and its markup's shape.

    ``flaws`` empty means the page passed its checks. ``shape`` is a hash of the main part's markup without its text;
    ``names`` holds ids of documents that a list page links to; ``complete`` says that the page was read to its end tag.
    ``left_out`` holds what of the main part went into no provision: with it, every printed character is accounted for.
    ``tool`` names the program and version that made its text, "" where its bytes were read as they are.
    """

    readings: tuple[Reading, ...]
    length: int
    shape: str
    flaws: tuple[Flaw, ...] = ()
    names: tuple[str, ...] = ()
    complete: bool = False
    left_out: tuple[LeftOut, ...] = ()
    tool: str = ""


class Capture(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded answer of the web: what a captures line or a crawl hands to the archive.

    ``headers`` holds response headers by lower-case name; the archive keeps only those on its allow-list.
    ``body`` is None where no bytes were received. ``observed_at`` is a UTC instant ("2024-02-08T12:00:00Z").
    """

    url: str
    observed_at: str
    status: int
    source: str
    outcome: Outcome = "ok"
    body: bytes | None = None
    media_type: str = ""
    headers: dict[str, str] = {}
    final_url: str = ""
    redirects: tuple[str, ...] = ()
    elapsed_ms: int = 0
    error: str = ""


class Fetch(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the archive's fetches: transport facts only, in the order they were recorded (``seq``).

    ``final_url`` is the address that answered in the end, where redirects led to another.
    """

    seq: int
    run: str
    source: str
    url: str
    observed_at: str
    status: int
    outcome: Outcome
    sha256: str | None
    media_type: str
    charset: str
    size: int
    final_url: str = ""


class Wave(msgspec.Struct, frozen=True):
    """The fetches of one source in one run (imports: in one UTC day), ordered by (url, instant, sha256).

    ``at`` is the latest instant in the wave; waves are ordered by (``at``, ``source``).
    """

    at: str
    source: str
    fetches: tuple[Fetch, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What moved in one part of one provision between two versions of a strand. Texts are as printed.

    ``akin`` holds the eids of the added (or removed) provisions whose words stand, edited, in this removed (or added)
    one: related, but not proven to be the same.
    """

    kind: Kind
    part: Part
    nature: Nature
    eid: str | None
    old_eid: str | None
    new_number: str = ""
    old_number: str = ""
    heading: str = ""
    old_text: str = ""
    new_text: str = ""
    signals: tuple[Signal, ...] = ()
    reason: str = ""
    count: int = 1
    akin: tuple[str, ...] = ()


class ChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A change as published: the columns of DESIGN.md §5, in their order, and the wave that derived it."""

    id: str
    event_id: str
    event_kind: EventKind
    kind: Kind
    part: Part
    nature: Nature
    signals: tuple[Signal, ...]
    reason: str
    count: int
    jurisdiction: str
    source: str
    strand: Strand
    document: str
    old_document: str | None
    citation: str
    old_citation: str | None
    url: str
    old_url: str | None
    eid: str | None
    old_eid: str | None
    old_number: str
    new_number: str
    heading: str
    old_text: str
    new_text: str
    topics: tuple[str, ...]
    professions: tuple[str, ...]
    binding: str
    observed_at: str
    confirmed_at: str
    effective_on: date | None
    cause: str
    see_also: tuple[str, ...]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that belong together: one source, one wave, one kind; ``pages`` and ``changes`` count what it covers."""

    id: str
    source: str
    wave_at: str
    kind: EventKind
    title: str
    pages: int
    changes: int


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one fetch, with its reasons as sentences."""

    source: str
    wave_at: str
    url: str
    observed_at: str
    status: int
    sha256: str | None
    verdict: Verdict
    reasons: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation on our data that failed: where, since when, a code and a sentence."""

    source: str
    url: str
    observed_at: str
    wave_at: str
    code: str
    message: str


class Trouble(msgspec.Struct, frozen=True):
    """Why one page could not be had or believed: its cause (schemas/incidents.yml), and what was said of it, when."""

    cause: str
    url: str
    message: str
    at: str


class OpenIncident(msgspec.Struct, frozen=True):
    """An incident of a source that lasts: when it began, and the pages it covers now."""

    opened_at: str
    urls: tuple[str, ...]


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """What one wave says of an incident: it is open or closed, at which instant, how many pages of how many asked.

    ``url`` and ``message`` are the evidence: the first page in trouble, or the last one that came back.
    """

    source: str
    cause: str
    opened_at: str
    wave_at: str
    state: Literal["open", "closed"]
    at: str
    pages: int
    asked: int
    url: str
    message: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One state of a strand's text as first seen: its id, text hash, snapshot and reading."""

    version: str
    source: str
    url: str
    sha256: str
    text_hash: str
    observed_from: str
    wave_at: str
    reading: Reading


class Shown(msgspec.Struct, frozen=True):
    """A version that its page shows now: enough to tell whether a later reading is the same."""

    version: str
    text_hash: str
    valid_from: date | None
    valid_to: date | None


class Place(msgspec.Struct, frozen=True):
    """A document's strand: the key under which versions follow each other within one source."""

    document: str
    strand: Strand


class Found(msgspec.Struct, frozen=True):
    """A topic or profession found in a text, and the words that told it."""

    id: str
    words: str


class Run(msgspec.Struct, frozen=True):
    """A run as it is moved: its name, its kind, and when it was started and closed."""

    run: str
    kind: Literal["import", "crawl"]
    started_at: str
    closed_at: str


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """One fetch as it is moved between archives, with the run it belongs to."""

    run: Run
    seq: int
    source: str
    url: str
    final_url: str
    redirects: tuple[str, ...]
    observed_at: str
    status: int
    outcome: Outcome
    media_type: str
    charset: str
    headers: dict[str, str]
    sha256: str | None
    elapsed_ms: int
    error: str
