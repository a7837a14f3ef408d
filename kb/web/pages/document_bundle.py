"""The citation bundle of a document: as JSON that `kb verify` checks offline, and as a page to print."""

import sqlite3
from collections.abc import Mapping

from kb.bundles import prove_capture, read_logged_at
from kb.store.log import find_proof
from kb.store.timeline import read_text_hashes
from kb.tell.words import link_document
from kb.web.answer import Answer
from kb.web.pages.bundle import render_bundle
from kb.web.pages.document import Shown, date_frame, find_shown, link_bundle, write_citation
from kb.web.pages.frame import Frame, read_frame, render_json, render_missing

NO_TEXT = "No text of this day is on record, so there is nothing to cite."


def view_document_bundle(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/d/<document id>/bundle" and the same with ".json": what cites and proves the text of ``as_of``."""
    frame = read_frame(db, asked)
    shown = find_shown(db, frame, asked)
    if isinstance(shown, Answer):
        return shown
    frame = date_frame(frame, shown, asked)
    if shown.version is None:
        return render_missing(frame, "No such text", [NO_TEXT])
    made = make_document_bundle(db, frame, shown)
    if asked.get("form") == "json":
        return render_json(made)
    path = link_bundle(shown.document.document, frame.as_of, asked, ".json")
    return render_bundle(frame, made, str(made["permalink"]), path)


def make_document_bundle(db: sqlite3.Connection, frame: Frame, shown: Shown) -> dict[str, object]:
    """Return what is needed to cite the text shown and to check it: permalink, citation, hashes, capture, proof."""
    version = shown.version
    if version is None:
        return {"ok": False}
    proof = find_proof(db, version.sha256, version.url)
    return {
        "ok": True,
        "permalink": link_document(version.document, "", frame.as_of, version.strand),
        "as_of": frame.as_of,
        "known_at": frame.known_at,
        "edition": frame.edition.generation,
        "is_current": shown.is_current,
        "document": version.document,
        "strand": version.strand,
        "version": version.version,
        "citation": version.citation,
        "url": version.url,
        "text_hash": read_text_hashes(db, version.document)[version.version],
        "observed_from": version.observed_from,
        "last_seen": shown.last_seen,
        "captured_at": version.observed_from if proof is None else read_logged_at(proof),
        "sha256": version.sha256,
        "captured_from": version.url,
        **prove_capture(proof),
        "cite_as": write_citation(shown),
    }
