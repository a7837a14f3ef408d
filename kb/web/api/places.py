"""Who is watched: jurisdictions and sources."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from kb.errors import NotFoundError
from kb.store.listings import JURISDICTIONS, SOURCES, list_rows
from kb.web.api.endpoint import Asked, Found, Paged, Parameters, check_known, list_asked, read_cursor
from kb.web.api.records import CrawlState, JurisdictionRecord, SourceRecord, make_record
from kb.web.api.values import JurisdictionId, SourceId


class JurisdictionsAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of jurisdictions."""


class JurisdictionAsked(Parameters, frozen=True, kw_only=True):
    """Parameters of one jurisdiction."""

    jurisdiction: JurisdictionId


class SourcesAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of sources."""

    jurisdiction: JurisdictionId | UnsetType = UNSET
    crawl_state: Annotated[CrawlState, Meta(description="Whether it may be read.")] | UnsetType = UNSET


class SourceAsked(Parameters, frozen=True, kw_only=True):
    """Parameters of one source."""

    source: SourceId


def list_jurisdictions(asked: Asked) -> Found:
    """Return the jurisdictions by id."""
    given: JurisdictionsAsked = asked.parameters
    after = read_cursor(given.cursor, len(JURISDICTIONS.order))
    rows, key = list_rows(asked.db, JURISDICTIONS, {}, after, given.limit)
    return Found(data=[make_record(JurisdictionRecord, row, "/sources") for row in rows], after=key)


def find_jurisdiction(asked: Asked) -> Found:
    """Return one jurisdiction; raises NotFoundError."""
    given: JurisdictionAsked = asked.parameters
    rows, _ = list_rows(asked.db, JURISDICTIONS, list_asked(given), None, 1)
    if not rows:
        there = ", ".join(sorted(asked.edition.names))
        raise NotFoundError(f"“{given.jurisdiction}” is no jurisdiction; there are {there}")
    return Found(data=make_record(JurisdictionRecord, rows[0], "/sources"))


def list_sources(asked: Asked) -> Found:
    """Return the sources by id."""
    given: SourcesAsked = asked.parameters
    check_known(asked, given.jurisdiction)
    after = read_cursor(given.cursor, len(SOURCES.order))
    rows, key = list_rows(asked.db, SOURCES, list_asked(given), after, given.limit)
    return Found(data=[make_record(SourceRecord, row, f"/s/{row['source']}") for row in rows], after=key)


def find_source(asked: Asked) -> Found:
    """Return one source; raises NotFoundError."""
    given: SourceAsked = asked.parameters
    rows, _ = list_rows(asked.db, SOURCES, list_asked(given), None, 1)
    if not rows:
        raise NotFoundError(f"We watch no source named “{given.source}”; /api/v1/sources lists those we watch")
    return Found(data=make_record(SourceRecord, rows[0], f"/s/{rows[0]['source']}"))
