"""Search: a citation leads straight to its provision; words are found in the texts shown now and in what moved."""

import re
import sqlite3
from collections.abc import Iterable, Mapping

import msgspec
from markupsafe import Markup, escape

from kb.compare.redline import CONTROL_SIGN, spell_controls
from kb.store.answers import find_facts
from kb.store.overview import count_sources
from kb.store.searching import (
    MARK_END,
    MARK_START,
    MOST_RANKED,
    FoundChange,
    FoundProvision,
    Sought,
    count_found,
    count_word,
    search_changes,
    search_provisions,
)
from kb.tell.words import count_of, link_advice, link_document
from kb.topics import read_vocabulary
from kb.web.answer import Answer
from kb.web.pages.cited import LONGEST_QUERY, Cited, advise, find_cited
from kb.web.pages.filters import Option, label_value, write_path
from kb.web.pages.frame import Frame, read_frame, render, render_missing, show_sources

MOST_FOUND = 40
MOST_CHANGES = 12
MOST_FACTS = 8
# Answers hold no longer words; SQLite is spared them.
LONGEST_WORD = 60
# More words than that find nothing.
MOST_WORDS = 24
# Of a search without a hit so many words are looked for alone.
MOST_COUNTED = 8
# "\x02nurse\x03"
MARKED = re.compile(f"{MARK_START}([^{MARK_START}{MARK_END}]*){MARK_END}")


class Hit(msgspec.Struct, frozen=True):
    """A provision found: where it stands, its stretch of text, and whether that is shown no more."""

    found: FoundProvision
    path: str
    snippet: Markup


class Moved(msgspec.Struct, frozen=True):
    """A change found, with its stretch of text."""

    found: FoundChange
    snippet: Markup


def view_search(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/search?q=": one citation leads to its provision; else what the words are found in.

    ``words=1`` asks for words even where a citation was typed; ``jurisdiction``, ``topic`` and ``past=1`` narrow and
    widen the search.
    """
    frame = read_frame(db, asked)
    query = " ".join(CONTROL_SIGN.sub(" ", asked.get("q", "")).split())
    watched = count_sources(db)
    errors = check_search(asked, query, frame, watched)
    if errors:
        return render_missing(frame, "We cannot search for this", errors, status=400)
    cited = find_cited(db, query, asked["today"])
    if len(cited) == 1 and not asked.get("words"):
        return redirect(cited[0], query)
    sought = read_sought(asked, query)
    found = search_provisions(db, sought, MOST_FOUND + 1) if sought.words else []
    moved = search_changes(db, sought, MOST_CHANGES) if sought.words else []
    places = count_found(db, sought) if sought.words else {}
    short = [word for word in sought.words if len(word) <= LONGEST_WORD]
    facts = find_facts(db, short, MOST_FACTS, sought.jurisdiction, sought.topic)
    nothing = not (cited or found or moved or facts)
    return render(
        "search.html",
        show_sources(frame, {*(one.source for one in found[:MOST_FOUND]), *(one.source for one in moved)}),
        query=query,
        asked=asked,
        cited=cited,
        advice=[link_advice(line) for line in advise(db, query)] if nothing and query else [],
        hits=[_make_hit(one) for one in found[:MOST_FOUND]],
        moved=[Moved(one, mark_snippet(one.snippet)) for one in moved],
        facts=facts,
        is_cut=len(found) > MOST_FOUND,
        places=[Option(place, place, count) for place, count in places.items()],
        total=sum(places.values()),
        most=MOST_RANKED,
        topics=[Option(entry.id, label_value("topic", entry.id), 0) for entry in read_vocabulary().topics],
        ways=list(list_ways(db, sought, asked, frame)) if nothing and sought.words else [],
        sources=sum(watched.values()),
    )


def check_search(asked: Mapping[str, str], query: str, frame: Frame, watched: Iterable[str]) -> list[str]:
    """Return a sentence for each part of a search that cannot be understood."""
    known = {*watched, *frame.edition.names}
    topics = [entry.id for entry in read_vocabulary().topics]
    errors = []
    if len(query) > LONGEST_QUERY:
        errors.append(f"A search has at most {LONGEST_QUERY} characters; this one has {len(query):,}.")
    place, topic = asked.get("jurisdiction", ""), asked.get("topic", "")
    if place and place not in known:
        errors.append(f"jurisdiction: “{place[:LONGEST_QUERY]}” is none of {', '.join(sorted(known))}")
    if topic and topic not in topics:
        errors.append(f"topic: “{topic[:LONGEST_QUERY]}” is none of {', '.join(topics)}")
    return errors


def read_sought(asked: Mapping[str, str], query: str) -> Sought:
    """Return what to look for: the words that hold a letter or figure, and what narrows the search."""
    words = [word for word in query.split(" ") if any(sign.isalnum() for sign in word)]
    topic = asked.get("topic", "")
    terms = next((entry.terms for entry in read_vocabulary().topics if entry.id == topic), ())
    return Sought(
        words=tuple(words[:MOST_WORDS]),
        jurisdiction=asked.get("jurisdiction", ""),
        topic=topic,
        terms=terms,
        past=bool(asked.get("past")),
    )


def redirect(cited: Cited, query: str) -> Answer:
    """Send a reader to the provision cited, whose page says what was searched and what became of an old number."""
    page, _, place = cited.path.partition("#")
    base, _, strand = page.partition("?strand=")
    chosen = {"searched": query, "strand": strand}
    location = write_path(base, chosen) + (f"#{place}" if place else "")
    return Answer(303, "", headers={"location": location})


def _make_hit(found: FoundProvision) -> Hit:
    day = (found.valid_from or found.observed_from) if found.closed_at is not None else None
    path = link_document(found.document, found.eid, day, found.strand)
    return Hit(found, path, mark_snippet(found.snippet))


def mark_snippet(snippet: str) -> Markup:
    """Return a stretch of crawled text with the words found in <mark>; all of it escaped."""
    parts: list[str] = []
    at = 0
    for match in MARKED.finditer(snippet):
        parts += [
            escape(spell_controls(snippet[at : match.start()])),
            f"<mark>{escape(spell_controls(match[1]))}</mark>",
        ]
        at = match.end()
    parts.append(escape(spell_controls(snippet[at:])))
    return Markup("".join(parts))  # noqa: S704 - each part is escaped


def list_ways(db: sqlite3.Connection, sought: Sought, asked: Mapping[str, str], frame: Frame) -> list[tuple[str, str]]:
    """Return what helps where nothing was found: a sentence, and the path that it leads to ("" for none)."""
    chosen = {name: asked.get(name, "") for name in ("q", "jurisdiction", "topic", "past")}
    widened = (
        ("jurisdiction", msgspec.structs.replace(sought, jurisdiction=""), "in all states"),
        ("topic", msgspec.structs.replace(sought, topic="", terms=()), "whatever the topic"),
        ("past", msgspec.structs.replace(sought, past=True), "among past texts too"),
    )
    ways = []
    for name, wider, where in widened:
        if wider == sought:
            continue
        count = len(search_provisions(db, wider, MOST_FOUND + 1))
        if count:
            more = "more than " if count > MOST_FOUND else ""
            path = write_path("/search", {**chosen, name: "1" if name == "past" else ""})
            ways.append((f"{more}{count_of(min(count, MOST_FOUND), 'provision')} {where}", path))
    if len(sought.words) > 1:
        ways += [_tell_word(db, word) for word in sought.words[:MOST_COUNTED]]
    place = sought.jurisdiction
    if place and place not in count_sources(db):
        ways.append((f"We do not watch {frame.edition.names.get(place, place)} yet", "/sources"))
    return ways


def _tell_word(db: sqlite3.Connection, word: str) -> tuple[str, str]:
    count = count_word(db, word)
    if not count:
        return f"“{word}” stands in no text we hold: is it spelled so?", ""
    more = "more than " if count >= MOST_RANKED else ""
    path = write_path("/search", {"q": word, "words": "1", "past": "1"})
    return f"“{word}” alone: {more}{count_of(count, 'provision')}, past ones too", path
