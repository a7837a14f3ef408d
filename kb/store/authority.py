"""What kb.db tells of citations: those of the texts that stand, and what became of the documents they name."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec
from msgspec.structs import replace

from kb.answer.authority import Citing, Lead, Place
from kb.models import WEB, Reference
from kb.store.impacts import RANK
from kb.store.queries import END_OF_TIME, VERSION_SEEN

# Longer than any stub ("Repealed by …"): a text beyond it is only told to be one.
LONGEST_STUB = 900


def read_citing(db: sqlite3.Connection) -> Iterator[Citing]:
    """Yield the citations of the texts that stand, of each document in one strand only, in the order printed."""
    rows = db.execute(
        f"""
        WITH standing AS MATERIALIZED (
            SELECT versions.version, jurisdiction, versions.source, versions.document, versions.citation,
                COALESCE(JSON_EXTRACT(sources.body, '$.binding'), '') AS binding, url, valid_from, acts, observed_from,
                EXISTS (SELECT 1 FROM documents WHERE documents.document = versions.document
                    AND documents.source = versions.source AND baseline AND watched_since >= observed_from) AS is_first
            FROM versions
            JOIN sources ON sources.source = versions.source
            WHERE closed_at IS NULL AND ({RANK}) = (
                SELECT MIN({RANK}) FROM versions AS others
                WHERE others.document = versions.document AND others.closed_at IS NULL)
        )
        SELECT standing.*, citations.eid, citations.text, work, number, target_eid
        FROM standing
        JOIN citations ON citations.version = standing.version
        WHERE work <> :web
        ORDER BY standing.document, standing.version, citations.place
        """,
        {"web": WEB},
    )
    for _, printed in groupby(rows, key=itemgetter("version")):
        citing = None
        for row in printed:
            reference = Reference(row["eid"], row["text"], row["work"], row["number"], row["target_eid"])
            citing = _make_citing(row, reference) if citing is None else replace(citing, reference=reference)
            yield citing


def _make_citing(row: sqlite3.Row, reference: Reference) -> Citing:
    told = {name: row[name] for name in Citing.__struct_fields__ if name != "reference"}
    acts = msgspec.json.decode(row["acts"])
    return msgspec.convert({**told, "acts": acts, "is_first": bool(row["is_first"]), "reference": reference}, Citing)


def read_strands(db: sqlite3.Connection) -> dict[str, str]:
    """Return all documents, in order, each with the first-ranked of the strands it ever had."""
    rows = db.execute(f"""SELECT DISTINCT document, strand FROM documents ORDER BY document, {RANK} DESC""")
    return {row["document"]: row["strand"] for row in rows}


def read_outlines(db: sqlite3.Connection, documents: Collection[str]) -> dict[str, list[dict[str, tuple[str, str]]]]:
    """Return the texts of documents that stand now, each by eid its heading and words, "…" for long ones."""
    rows = db.execute(
        """
        SELECT document, versions.version, eid, provisions.heading,
            CASE WHEN LENGTH(text) > :longest THEN '…' ELSE text END AS words
        FROM versions JOIN provisions ON provisions.version = versions.version
        WHERE closed_at IS NULL AND document IN (SELECT value FROM JSON_EACH(:documents))
        ORDER BY document, versions.version, place
        """,
        {"documents": _list(documents), "longest": LONGEST_STUB},
    )
    texts: dict[str, dict[str, dict[str, tuple[str, str]]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        texts[row["document"]][row["version"]][row["eid"]] = (row["heading"], row["words"])
    return {document: list(versions.values()) for document, versions in texts.items()}


def read_last_sights(db: sqlite3.Connection, documents: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return when each replaced text of documents, given with their strand, was last read, by when it was replaced."""
    rows = db.execute(
        f"""
        SELECT document, strand, closed_at, ({VERSION_SEEN}) AS seen FROM versions
        WHERE closed_at IS NOT NULL AND document IN (SELECT value FROM JSON_EACH(:documents))
        ORDER BY document, closed_at, seen
        """,
        {"documents": _list(documents), "cut": END_OF_TIME},
    )
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if documents[row["document"]] == row["strand"] and row["seen"] is not None:
            found[row["document"]][row["closed_at"]] = row["seen"]
    return found


def read_all_leads(db: sqlite3.Connection, documents: Collection[str]) -> dict[str, list[Lead]]:
    """Return where the provisions of documents went when they got other numbers, by the document left."""
    rows = db.execute(
        """
        SELECT old_document, old_eid, document, eid, since FROM crosswalk
        WHERE old_document IN (SELECT value FROM JSON_EACH(:documents))
        ORDER BY old_document, since, old_eid, document, eid
        """,
        {"documents": _list(documents)},
    )
    found: dict[str, list[Lead]] = defaultdict(list)
    for row in rows:
        old, new = Place(row["old_document"], row["old_eid"]), Place(row["document"], row["eid"])
        found[old.document].append(Lead(old, new, row["since"]))
    return found


def read_words(db: sqlite3.Connection, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return the texts of provisions, by (version, eid)."""
    found = {}
    for version, eid in dict.fromkeys(places):
        row = db.execute(
            "SELECT text FROM provisions WHERE version = :version AND eid = :eid", {"version": version, "eid": eid}
        ).fetchone()
        found[version, eid] = "" if row is None else str(row[0])
    return found


def _list(names: Collection[str]) -> str:
    return msgspec.json.encode(sorted(names)).decode()
