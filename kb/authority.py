"""Find the citations of today's texts that rest on law that moved: what a board, or its reader, should look at."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from kb.answer.authority import MADE_UNDER, Citing, Held, Lead, Place, Shelf, Stale, find_stale, is_of_the_past
from kb.compare.eids import print_eid
from kb.models import ChangeRow
from kb.store.authority import read_all_leads, read_citing, read_last_sights, read_outlines, read_strands, read_words
from kb.store.impacts import read_changes_of


def find_stale_citations(db: sqlite3.Connection) -> list[Stale]:
    """Return the stale citations of the texts that stand, by document and in the order printed.

    Left out is a citation whose own sentence says that it means law that was, and one that repeats another of its
    provision.
    """
    strands = read_strands(db)
    shelf = Shelf(strands)
    pairs = [(citing, place) for citing in read_citing(db) if (place := shelf.find(citing)) is not None]
    held = _read_held(db, {place.document for _, place in pairs})
    under = {place.document: strands[place.document] for citing, place in pairs if citing.binding in MADE_UNDER}
    for name, seen in read_last_sights(db, under).items():
        held[name] = msgspec.structs.replace(held[name], last_seen=seen)
    found = [stale for citing, place in pairs if (stale := find_stale(citing, place, held[place.document])) is not None]
    words = read_words(db, [(stale.citing.version, stale.citing.reference.eid) for stale in found])
    meant = [stale for stale in found if not _is_of_the_past(stale, words)]
    return list({_key(stale): stale for stale in reversed(meant)}.values())[::-1]


def list_stale_citations(db: sqlite3.Connection) -> Iterator[dict[str, object]]:
    """Yield the stale citations as rows, each with what it points to, since when, and where the words stand now."""
    for stale in find_stale_citations(db):
        citing, reference = stale.citing, stale.citing.reference
        told = ("jurisdiction", "source", "document", "citation", "binding", "version", "url")
        yield {
            "why": stale.why,
            **{name: getattr(citing, name) for name in told},
            "eid": reference.eid,
            "text": reference.text,
            "age_on": stale.age.on,
            "age_basis": stale.age.basis,
            "cited_document": stale.target.document,
            "cited_eid": stale.target.eid,
            "since": stale.since,
            "change": stale.change,
            "now_document": "" if stale.now is None else stale.now.document,
            "now_eid": "" if stale.now is None else stale.now.eid,
        }


def describe_stale(row: Mapping[str, object]) -> str:
    """Say in one sentence what is stale about a citation, given as a row: who cites what, and what became of it."""
    place = f"{row['citation']} {print_eid(str(row['eid']))}".strip()
    who = f"{place} cites “{row['text']}” ({name_place(row, 'cited')})"
    since = f" since {row['since']}" if row["since"] else ""
    if row["why"] == "renumbered":
        now = name_place(row, "now")
        return f"{who}: {f'it is {now} now' if now else 'it bears another number'}{since}"
    if row["why"] in ("repealed", "removed"):
        return f"{who}: {row['why']}{since}"
    ages = {"stated": "says it is of", "acts": "was last altered", "observed": "came", "first_seen": "stood there"}
    age = f"its text {ages[str(row['age_basis'])]} {row['age_on']}"
    if row["why"] == "unclear":
        return f"{who}: {age}, the statute was seen to change {row['since']}; which came first is not known"
    return f"{who}: {age}; the statute changed {row['since']}"


def name_place(row: Mapping[str, object], side: str) -> str:
    """Return the document and provision a row names on a side (``cited``, ``now``): "us-xx/code/1-2 (b)"."""
    return f"{row[f'{side}_document']} {print_eid(str(row[f'{side}_eid']))}".strip()


def _read_held(db: sqlite3.Connection, documents: Collection[str]) -> dict[str, Held]:
    texts = read_outlines(db, documents)
    leads: Mapping[str, Sequence[Lead]] = read_all_leads(db, documents)
    changes: dict[str, list[ChangeRow]] = defaultdict(list)
    for change, _ in read_changes_of(db, documents):
        for document in {change.document, change.old_document or change.document}:
            changes[document].append(change)
    return {
        name: Held(tuple(texts.get(name, ())), tuple(changes.get(name, ())), tuple(leads.get(name, ())))
        for name in documents
    }


def _is_of_the_past(stale: Stale, words: Mapping[tuple[str, str], str]) -> bool:
    citing = stale.citing
    return is_of_the_past(words[citing.version, citing.reference.eid], citing.reference)


def _key(stale: Stale) -> tuple[str, str, Place, str]:
    citing: Citing = stale.citing
    return citing.document, citing.reference.eid, stale.target, stale.why
