"""What the law says: documents, their text at a moment, versions and provisions."""

import sqlite3
from datetime import date
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from kb.consult import Choice, Moment, Question, choose_text
from kb.errors import NotFoundError
from kb.lookup import Target, find_target
from kb.models import Strand
from kb.store.listings import DOCUMENTS, PROVISIONS, VERSIONS, Key, Row, list_rows
from kb.store.queries import count_later_changes, read_leads, read_version_rows
from kb.tell.words import link_document
from kb.web.api.endpoint import Asked, Found, Paged, Parameters, check_known, list_asked, read_cursor
from kb.web.api.records import DocumentRecord, ProvisionRecord, TextRecord, VersionRecord, make_record
from kb.web.api.values import (
    AsOf,
    Digest,
    DocumentId,
    JurisdictionId,
    KnownAt,
    Record,
    SourceId,
    VersionId,
    Word,
)

Below = Annotated[Word, Meta(description="This provision and all below it: b__1.")]
END_OF_TIME = "9999-12-31T23:59:59Z"
# More provisions than any document has in one answer; what is beyond is had from /provisions.
MOST_PROVISIONS = 5_000


class DocumentsAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of documents."""

    jurisdiction: JurisdictionId | UnsetType = UNSET
    source: SourceId | UnsetType = UNSET
    binding: Annotated[Word, Meta(description="Its binding level: statute, regulation, …")] | UnsetType = UNSET
    citation: Annotated[Word, Meta(description="Its citation exactly as printed.")] | UnsetType = UNSET
    standing: Annotated[bool, Meta(description="Whether its pages show it now.")] | UnsetType = UNSET


class MomentAsked(Parameters, frozen=True, kw_only=True):
    """Parameters that choose a text of a document."""

    document: DocumentId
    as_of: AsOf | UnsetType = UNSET
    known_at: KnownAt | UnsetType = UNSET
    strand: Strand | UnsetType = UNSET


class VersionsAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of versions."""

    document: DocumentId | UnsetType = UNSET
    source: SourceId | UnsetType = UNSET
    strand: Strand | UnsetType = UNSET
    sha256: Digest | UnsetType = UNSET


class VersionAsked(Parameters, frozen=True, kw_only=True):
    """Parameters of one version."""

    version: VersionId


class ProvisionsAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of provisions of a document at a moment."""

    document: DocumentId
    eid: Below | UnsetType = UNSET
    as_of: AsOf | UnsetType = UNSET
    known_at: KnownAt | UnsetType = UNSET
    strand: Strand | UnsetType = UNSET


class VersionProvisionsAsked(Paged, frozen=True, kw_only=True):
    """Parameters of the list of provisions of a version."""

    version: VersionId
    eid: Below | UnsetType = UNSET


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """A document's text at a moment: what answers then, what answers now, and the question asked."""

    target: Target
    question: Question
    choice: Choice
    now: Choice

    @property
    def is_current(self) -> bool:
        """Tell whether the text is the one in force today, as known now."""
        return self.choice.state == self.now.state == "in_force" and self.choice.version == self.now.version


def list_documents(asked: Asked) -> Found:
    """Return the documents by id."""
    given: DocumentsAsked = asked.parameters
    check_known(asked, given.jurisdiction)
    after = read_cursor(given.cursor, len(DOCUMENTS.order))
    rows, key = list_rows(asked.db, DOCUMENTS, list_asked(given), after, given.limit)
    return Found(data=[make_record(DocumentRecord, row, _link(row)) for row in rows], after=key)


def read_text(asked: Asked) -> Found:
    """Return a document's text at a moment; raises NotFoundError for a document or strand there is not."""
    given: MomentAsked = asked.parameters
    chosen = choose(asked, given.document, given)
    version = chosen.choice.version
    rows: list[Row] = []
    provisions: list[Row] = []
    if version is not None:
        rows, _ = list_rows(asked.db, VERSIONS, {"version": version.version}, None, 1)
        provisions, _ = list_rows(asked.db, PROVISIONS, {"version": version.version}, None, MOST_PROVISIONS)
    record = make_record(VersionRecord, rows[0], _link_version(rows[0])) if rows else None
    document = chosen.target.document
    known_at = chosen.question.moment.known_at
    leads = read_leads(asked.db, document, known_at) if chosen.choice.state == "removed" else []
    text = TextRecord(
        document=document,
        citation=chosen.target.citation,
        state=chosen.choice.state,
        since=chosen.choice.since,
        strands=tuple(sorted({row.strand for row in read_version_rows(asked.db, document)})),
        later_changes=count_later_changes(asked.db, version, END_OF_TIME) if version is not None else 0,
        moved_to=next((lead.document for lead in leads if lead.document != document), None),
        version=record,
        provisions=tuple(make_record(ProvisionRecord, row, _link_provision(row)) for row in provisions),
        permalink=link_document(document, "", chosen.question.moment.as_of),
        provenance=None if record is None else record.provenance,
    )
    return tell_moment(chosen, asked, text)


def list_versions(asked: Asked) -> Found:
    """Return the versions by document, strand and first sight."""
    given: VersionsAsked = asked.parameters
    wanted = list_asked(given)
    if given.document is not UNSET:
        wanted["document"] = find_target(asked.db, given.document).document
    after = read_cursor(given.cursor, len(VERSIONS.order))
    rows, key = list_rows(asked.db, VERSIONS, wanted, after, given.limit)
    return Found(data=[make_record(VersionRecord, row, _link_version(row)) for row in rows], after=key)


def find_version(asked: Asked) -> Found:
    """Return one version; it is current while its pages show it. Raises NotFoundError."""
    given: VersionAsked = asked.parameters
    row = _find_version(asked.db, given.version)
    return Found(data=make_record(VersionRecord, row, _link_version(row)), is_current=row["closed_at"] is None)


def list_version_provisions(asked: Asked) -> Found:
    """Return the provisions of a version in reading order; raises NotFoundError."""
    given: VersionProvisionsAsked = asked.parameters
    row = _find_version(asked.db, given.version)
    found, key = _read_provisions(asked, given, given.version)
    return Found(data=found, after=key, is_current=row["closed_at"] is None)


def list_provisions(asked: Asked) -> Found:
    """Return the provisions of a document's text at a moment; raises NotFoundError where there is no such text."""
    given: ProvisionsAsked = asked.parameters
    chosen = choose(asked, given.document, given)
    version = chosen.choice.version
    if version is None:
        first = chosen.choice.since
        raise NotFoundError(f"{chosen.target.citation}: we first saw it on {first}; what it said before is not known")
    found, key = _read_provisions(asked, given, version.version)
    return msgspec.structs.replace(tell_moment(chosen, asked, found), after=key)


def _read_provisions(
    asked: Asked, given: ProvisionsAsked | VersionProvisionsAsked, version: str
) -> tuple[list[ProvisionRecord], Key | None]:
    after = read_cursor(given.cursor, len(PROVISIONS.order))
    wanted = {"version": version, **({} if given.eid is UNSET else {"eid": given.eid})}
    rows, key = list_rows(asked.db, PROVISIONS, wanted, after, given.limit)
    return [make_record(ProvisionRecord, row, _link_provision(row)) for row in rows], key


def choose(asked: Asked, name: str, given: MomentAsked | ProvisionsAsked) -> Chosen:
    """Choose the text of a document that answers for a moment; raises NotFoundError."""
    today = date.fromisoformat(asked.today)
    as_of = today if given.as_of is UNSET else given.as_of
    known_at = END_OF_TIME if given.known_at is UNSET else f"{given.known_at.isoformat()}T23:59:59.999999Z"
    now = Moment(today, END_OF_TIME)
    question = Question(moment=Moment(as_of, known_at), now=now, strand=None if given.strand is UNSET else given.strand)
    target = find_target(asked.db, name)
    choice = choose_text(asked.db, target, question)
    strand = question.strand if choice.version is None else choice.version.strand
    later = choose_text(asked.db, target, Question(moment=now, now=now, strand=strand))
    return Chosen(target=target, question=question, choice=choice, now=later)


def tell_moment(chosen: Chosen, asked: Asked, data: Record | list[ProvisionRecord]) -> Found:
    """Return what was found with the moment it is true of."""
    moment = chosen.question.moment
    known_at = "" if moment.known_at == END_OF_TIME else min(moment.known_at, asked.edition.published_at)
    return Found(data=data, as_of=moment.as_of.isoformat(), known_at=known_at, is_current=chosen.is_current)


def _find_version(db: sqlite3.Connection, version: str) -> Row:
    rows, _ = list_rows(db, VERSIONS, {"version": version}, None, 1)
    if not rows:
        raise NotFoundError(f"We hold no version with the id “{version}”; /api/v1/versions?document=… lists them")
    return rows[0]


def _link(row: Row) -> str:
    return link_document(str(row["document"]), strand=str(row["strand"]))


def _link_version(row: Row) -> str:
    since = str(row["valid_from"] or row["observed_from"])
    return link_document(str(row["document"]), "", since, str(row["strand"]))


def _link_provision(row: Row) -> str:
    return link_document(str(row["document"]), str(row["eid"]), str(row["captured_at"]), str(row["strand"]))
