"""What moved: changes and events; and search."""

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from kb.errors import NotFoundError
from kb.lookup import AmbiguousCitationError, Target, match_targets
from kb.models import EventKind, Kind, Nature, Part, Signal, Strand
from kb.store.listings import CHANGES, EVENTS, Row, list_rows, search_words
from kb.tell.words import link_document, mark_words
from kb.web.api.endpoint import Asked, Found, Paged, Parameters, check_known, list_asked, read_cursor
from kb.web.api.records import ChangeRecord, EventRecord, HitRecord, make_record
from kb.web.api.values import (
    ChangeId,
    DocumentId,
    EventId,
    JurisdictionId,
    Since,
    SourceId,
    Until,
    Word,
)


class ChangesAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of changes; each narrows it."""

    since: Since | UnsetType = UNSET
    until: Until | UnsetType = UNSET
    effective_since: Annotated[date, Meta(description="In force from this day or later.")] | UnsetType = UNSET
    effective_until: Annotated[date, Meta(description="In force from this day or earlier.")] | UnsetType = UNSET
    jurisdiction: JurisdictionId | UnsetType = UNSET
    source: SourceId | UnsetType = UNSET
    document: DocumentId | UnsetType = UNSET
    event: EventId | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    nature: Nature | UnsetType = UNSET
    part: Part | UnsetType = UNSET
    strand: Strand | UnsetType = UNSET
    binding: Annotated[Word, Meta(description="A binding level: statute, regulation, …")] | UnsetType = UNSET
    topic: Annotated[Word, Meta(description="A topic's id: pdmp.")] | UnsetType = UNSET
    profession: Annotated[Word, Meta(description="A profession's id.")] | UnsetType = UNSET
    signal: Annotated[Signal, Meta(description="What in the words moved.")] | UnsetType = UNSET
    rules: Annotated[bool, Meta(description="Rule changes only, or all but them.")] | UnsetType = UNSET


class ChangeAsked(Parameters, frozen=True, kw_only=True):
    """Parameters of one change."""

    id: ChangeId


class EventsAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of events."""

    since: Since | UnsetType = UNSET
    until: Until | UnsetType = UNSET
    jurisdiction: JurisdictionId | UnsetType = UNSET
    source: SourceId | UnsetType = UNSET
    kind: EventKind | UnsetType = UNSET


class EventAsked(Parameters, frozen=True, kw_only=True):
    """Parameters of one event."""

    id: EventId


class SearchAsked(Parameters, frozen=True, kw_only=True):
    """Parameters of search."""

    q: Annotated[str, Meta(min_length=1, max_length=200, description="A citation, an address, or words.")]
    limit: Annotated[int, Meta(ge=1, le=100, description="Provisions that hold the words, at most.")] = 20


def list_changes(asked: Asked) -> Found:
    """Return the changes wanted, the latest first."""
    given: ChangesAsked = asked.parameters
    check_known(asked, given.jurisdiction)
    after = read_cursor(given.cursor, len(CHANGES.order))
    rows, key = list_rows(asked.db, CHANGES, list_asked(given), after, given.limit)
    return Found(data=[make_record(ChangeRecord, row, f"/c/{row['id']}") for row in rows], after=key)


def find_change(asked: Asked) -> Found:
    """Return one change; raises NotFoundError."""
    given: ChangeAsked = asked.parameters
    rows, _ = list_rows(asked.db, CHANGES, list_asked(given), None, 1)
    if not rows:
        raise NotFoundError(f"We hold no change with the id “{given.id}”; /api/v1/changes lists those we hold")
    return Found(data=make_record(ChangeRecord, rows[0], f"/c/{given.id}"))


def list_events(asked: Asked) -> Found:
    """Return the events wanted, the latest first."""
    given: EventsAsked = asked.parameters
    check_known(asked, given.jurisdiction)
    after = read_cursor(given.cursor, len(EVENTS.order))
    rows, key = list_rows(asked.db, EVENTS, list_asked(given), after, given.limit)
    return Found(data=[make_record(EventRecord, row, f"/e/{row['id']}") for row in rows], after=key)


def find_event(asked: Asked) -> Found:
    """Return one event; raises NotFoundError."""
    given: EventAsked = asked.parameters
    rows, _ = list_rows(asked.db, EVENTS, list_asked(given), None, 1)
    if not rows:
        raise NotFoundError(f"We hold no event with the id “{given.id}”; /api/v1/events lists those we hold")
    return Found(data=make_record(EventRecord, rows[0], f"/e/{given.id}"))


def search(asked: Asked) -> Found:
    """Return the documents a query cites, then the provisions of the texts shown now that hold its words."""
    given: SearchAsked = asked.parameters
    words = [word for word in given.q.split() if any(sign.isalnum() for sign in word)]
    cited = [_tell_cited(target) for target in _find_cited(asked, given.q)]
    return Found(data=[*cited, *(_tell_hit(row, words) for row in search_words(asked.db, words, given.limit))])


def _find_cited(asked: Asked, query: str) -> list[Target]:
    try:
        return match_targets(asked.db, query)
    except AmbiguousCitationError:
        return []


def _tell_cited(target: Target) -> HitRecord:
    return HitRecord(
        document=target.document,
        citation=target.citation,
        eid=target.eid,
        is_cited=True,
        jurisdiction=target.document.partition("/")[0],
        strand=None,
        heading="",
        snippet="",
        permalink=link_document(target.document, target.eid),
        provenance=None,
    )


def _tell_hit(row: Row, words: list[str]) -> HitRecord:
    heading, text = str(row["heading"]), str(row["text"])
    link = link_document(str(row["document"]), str(row["eid"]), strand=str(row["strand"]))
    snippet = mark_words(f"{heading} {text}".strip(), words).striptags()
    told = {**row, "heading": heading or row["title"], "snippet": snippet, "is_cited": False}
    return make_record(HitRecord, told, link)
