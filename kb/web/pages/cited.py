"""What a person cited: the document or provision it leads to, old numbers followed to where the rule stands now."""

import sqlite3
from datetime import date

import msgspec

from kb.consult import Moment, Question, Trace, trace
from kb.errors import NotFoundError
from kb.lookup import AmbiguousCitationError, Target, find_targets, match_targets
from kb.tell.words import END_OF_TIME, cite, link_document

# Longer than any citation or phrase.
LONGEST_QUERY = 200


class Cited(msgspec.Struct, frozen=True):
    """A document or provision that was cited: its path, its citation, and what became of an old number."""

    path: str
    citation: str
    document: str
    notes: tuple[str, ...] = ()


def find_cited(db: sqlite3.Connection, query: str, today: str) -> list[Cited]:
    """Return what a query cites, old numbers followed to where they lead; nothing where it is no citation of one."""
    if not query or len(query) > LONGEST_QUERY:
        return []
    try:
        return [_follow(db, target, today) for target in match_targets(db, query)]
    except AmbiguousCitationError:
        return []


def advise(db: sqlite3.Connection, query: str) -> list[str]:
    """Return sentences that name the documents nearest to a query, or those of which it may mean any."""
    try:
        find_targets(db, query)
    except (NotFoundError, AmbiguousCitationError) as error:
        return str(error).splitlines()
    return []


def _follow(db: sqlite3.Connection, target: Target, today: str) -> Cited:
    """Follow a citation to the text of today; where a provision is not in it, to the document."""
    moment = Moment(date.fromisoformat(today), END_OF_TIME)
    question = Question(moment=moment, now=moment)
    try:
        found = trace(db, target, question)
    except NotFoundError as error:
        whole = trace(db, msgspec.structs.replace(target, eid=""), question)
        return _make_cited(msgspec.structs.replace(whole, notes=(*whole.notes, str(error))))
    return _make_cited(found)


def _make_cited(found: Trace) -> Cited:
    target = found.target
    strand = found.choice.version.strand if found.choice.version is not None else "current"
    path = link_document(target.document, target.eid, strand=strand)
    return Cited(path, cite(target.citation, target.eid), target.document, found.notes)


def recall(db: sqlite3.Connection, query: str, document: str, today: str) -> Cited | None:
    """Return what a search for a citation that led to a document's page found; None where it leads elsewhere.

    What the page then says of an old number is told anew, never taken from an address that anyone can write.
    """
    found = find_cited(db, query, today)
    return found[0] if len(found) == 1 and found[0].document == document else None
