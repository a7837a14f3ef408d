"""Search: what is cited first, then the words of the texts shown now."""

import sqlite3
from collections.abc import Mapping

from markupsafe import Markup

from kb.errors import NotFoundError
from kb.lookup import AmbiguousCitationError, Target, find_targets
from kb.store.pages import Found, find_words, read_sources
from kb.web.answer import Answer
from kb.web.pages.frame import read_frame, render, show_sources
from kb.web.pages.words import cite, link_advice, link_document, mark_words

MOST_FOUND = 40
# Longer than any citation or phrase; what is beyond is cut and said so.
LONGEST_QUERY = 200


def view_search(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/search?q=": documents whose citation, id or address was typed, then provisions that hold the words."""
    frame = read_frame(db, asked)
    query = asked.get("q", "").strip()[:LONGEST_QUERY]
    words = [word for word in query.split() if any(sign.isalnum() for sign in word)]
    targets, advice = find_cited(db, query)
    found = find_words(db, words, MOST_FOUND + 1)
    return render(
        "search.html",
        show_sources(frame, {one.source for one in found[:MOST_FOUND]}),
        query=query,
        targets=[(link_document(one.document, one.eid), cite(one.citation, one.eid), one.document) for one in targets],
        advice=[] if targets or found else [link_advice(line) for line in advice],
        found=[
            (one, link_document(one.document, one.eid, strand=one.strand), _snippet(one, words))
            for one in found[:MOST_FOUND]
        ],
        is_cut=len(found) > MOST_FOUND,
        sources=read_sources(db),
    )


def find_cited(db: sqlite3.Connection, query: str) -> tuple[list[Target], list[str]]:
    """Return the documents a query cites, or the sentences that say what is nearest."""
    if not query:
        return [], []
    try:
        return find_targets(db, query), []
    except (NotFoundError, AmbiguousCitationError) as error:
        return [], str(error).splitlines()


def _snippet(found: Found, words: list[str]) -> Markup:
    return mark_words(f"{found.heading} {found.text}".strip(), words)
