"""What the API answers with: one type for each thing, its fields named and explained for the OpenAPI document."""

from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from kb.models import EventKind, Kind, Nature, Part, Signal, Strand, ValidBasis
from kb.tell.words import keep_web
from kb.web.api.values import Record

Instant = Annotated[str, Meta(description="A UTC instant: 2024-07-01T12:00:00Z.")]
Path = Annotated[str, Meta(description="A path of this site.")]
State = Literal["in_force", "expired", "coming", "removed", "unknown_before"]
Coverage = Literal["not_watched", "declared", "watched"]
CrawlState = Literal["open", "forbidden", "js", "blocked", "api_key"]
Rights = Annotated[
    Literal["text", "quotes", "none"],
    Meta(description="How much of its texts may be shown: all, up to 300 characters each, or none."),
]
LISTS = frozenset(("signals", "topics", "professions", "see_also"))
FLAGS = frozenset(("standing", "replica", "cut"))
T = TypeVar("T", bound="Record")


class Provenance(Record, frozen=True, kw_only=True):
    """Where a record is from: the official address, the archived bytes it was read from, and when they were seen.

    ``sha256`` is the hash of the snapshot; null where a record is not read from one page.
    """

    source: str
    official_url: str | None
    sha256: str | None
    captured_at: Instant | None
    last_checked: Instant | None


class JurisdictionRecord(Record, frozen=True, kw_only=True):
    """A state, territory or the federal level, and how much of it is watched."""

    jurisdiction: str
    name: str
    kind: str
    state: Coverage
    sources: int
    documents: int
    changes: int
    rule_changes: int
    since: Instant | None
    last_checked: Instant | None


class SourceRecord(Record, frozen=True, kw_only=True):
    """A place that is watched: whose it is, how it is read, and what came of it."""

    source: str
    jurisdiction: str
    authority: str | None
    authority_name: str
    title: str
    platform: str
    binding: str
    topics: tuple[str, ...]
    cadence: str
    rights: Rights
    replica: Annotated[bool, Meta(description="A paraphrase for demonstration, not the law's own words.")]
    crawl_state: CrawlState
    crawl_reason: str
    since: Instant | None
    documents: int
    changes: int
    rule_changes: int
    open_suspects: int
    permalink: Path
    provenance: Provenance


class DocumentRecord(Record, frozen=True, kw_only=True):
    """A document as one source shows it in one strand."""

    document: str
    strand: Strand
    source: str
    jurisdiction: str
    citation: str
    heading: str
    binding: str
    versions: int
    changes: int
    standing: Annotated[bool, Meta(description="Its pages show it now.")]
    watched_since: Instant
    version: Annotated[str | None, Meta(description="Its text shown now, else the last one that was.")]
    permalink: Path
    provenance: Provenance


class VersionRecord(Record, frozen=True, kw_only=True):
    """One state of a document's text: when it applies by its own word, and when it was seen."""

    version: str
    document: str
    strand: Strand
    source: str
    jurisdiction: str
    citation: str
    heading: str
    text_hash: str
    valid_from: date | None
    valid_to: date | None
    valid_basis: Annotated[ValidBasis, Meta(description="Whether the page states its dates or only our reading does.")]
    observed_from: Instant
    last_seen: Instant
    closed_at: Instant | None
    permalink: Path
    provenance: Provenance


class ProvisionRecord(Record, frozen=True, kw_only=True):
    """An addressable part of a version, its words as printed."""

    version: str
    document: str
    strand: Strand
    source: str
    citation: str
    place: int
    eid: str
    number: str
    heading: str
    text: str
    note: str
    pending: str
    text_sha256: Annotated[str, Meta(description="Hash of the whole text, also where the source's rights cut it.")]
    cut: Annotated[bool, Meta(description="Cut because of the source's rights or its length.")]
    permalink: Path
    provenance: Provenance


class TextRecord(Record, frozen=True, kw_only=True):
    """A document at a moment: how its text stands to that moment, the version that answers, and its provisions.

    ``version`` is null before the first sight (``unknown_before``); ``since`` is the day the state began.
    """

    document: str
    citation: str
    state: State
    since: str
    strands: tuple[Strand, ...]
    later_changes: Annotated[int, Meta(description="Changes seen after this text.")]
    moved_to: Annotated[str | None, Meta(description="The document that stands in its place now.")]
    version: VersionRecord | None
    provisions: tuple[ProvisionRecord, ...]
    permalink: Path
    provenance: Provenance | None


class ChangeRecord(Record, frozen=True, kw_only=True):
    """What moved in one provision between two versions. A rule change is substantive and in text or heading."""

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
    observed_at: Instant
    confirmed_at: Instant
    effective_on: date | None
    cause: str
    see_also: tuple[str, ...]
    cut: Annotated[bool, Meta(description="Texts cut because of the source's rights or their length.")]
    permalink: Path
    provenance: Provenance


class EventRecord(Record, frozen=True, kw_only=True):
    """Changes of one source that were seen together, or what happened to its site that is no change of law."""

    id: str
    source: str
    jurisdiction: str
    kind: EventKind
    title: str
    observed_at: Instant
    pages: int
    changes: int
    rule_changes: int
    permalink: Path
    provenance: Provenance


class HitRecord(Record, frozen=True, kw_only=True):
    """A provision of a text shown now that holds the words, or a document that was cited (``is_cited``)."""

    document: str
    citation: str
    eid: str
    is_cited: bool
    jurisdiction: str | None
    strand: Strand | None
    heading: str
    snippet: Annotated[str, Meta(description="A stretch of the text round the first word found; plain text.")]
    permalink: Path
    provenance: Provenance | None


def make_record(kind: type[T], row: dict[str, Any], permalink: str) -> T:
    """Return a row of a listing as a record: lists read, flags told, provenance put apart."""
    plain = {name: msgspec.json.decode(value) if name in LISTS else value for name, value in row.items()}
    plain |= {name: bool(plain[name]) for name in FLAGS if name in plain}
    told = {name: plain.get(name) for name in Provenance.__struct_fields__}
    told["official_url"] = keep_web(told["official_url"]) or None
    return msgspec.convert({**plain, "permalink": permalink, "provenance": told}, kind)
