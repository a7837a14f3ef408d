"""Say what is not covered: places without a source, sources that cannot be read, topics that nobody watches."""

import sqlite3
from collections.abc import Sequence

import msgspec

from kb.store.lagging import read_watched_topics
from kb.store.overview import read_coverage
from kb.store.pages import SourceState
from kb.topics import read_vocabulary


class Gaps(msgspec.Struct, frozen=True):
    """What is not covered: jurisdictions without a source, and with none that was read; sources closed to us or unread.

    ``topics`` are those that no source of any place declares, by title; ``thin`` counts of each other topic the places
    whose sources declare it.
    """

    without: tuple[str, ...]
    unread_places: tuple[str, ...]
    closed: int
    unread: int
    topics: tuple[str, ...]
    thin: tuple[tuple[str, int], ...]
    places: int


def find_gaps(db: sqlite3.Connection, sources: Sequence[SourceState]) -> Gaps:
    """Return what is not covered, by what sources declare and by what of them was ever read."""
    coverage = [one for one in read_coverage(db) if one.kind != "invented"]
    watched = {one.jurisdiction for one in sources}
    read = {one.jurisdiction for one in sources if one.last_checked}
    declared = read_watched_topics(db)
    counts = {entry.title or entry.id: len(declared.get(entry.id, ())) for entry in read_vocabulary().topics}
    return Gaps(
        without=tuple(one.jurisdiction for one in coverage if one.jurisdiction not in watched),
        unread_places=tuple(one.jurisdiction for one in coverage if one.jurisdiction in watched - read),
        closed=sum(one.crawl_state != "open" for one in sources),
        unread=sum(not one.last_checked for one in sources),
        topics=tuple(title for title, count in counts.items() if not count),
        thin=tuple(sorted(((title, count) for title, count in counts.items() if count), key=lambda one: one[1])),
        places=len(coverage),
    )
