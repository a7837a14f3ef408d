"""What was found to be told: stories, whom each concerns, and through which round every source was told."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kb.store.connection import transaction
from kb.tell.follow import narrow_story
from kb.tell.story import Story

# Under this name the instant of the publication that was told last: from it on, sources not seen before are told.
LAST = ""


def read_cursors(db: sqlite3.Connection) -> dict[str, str]:
    """Return through which instant each source was told, and under LAST that of the last publication; {} at first."""
    return dict(db.execute("SELECT source, told_through FROM cursors").fetchall())


def move_cursors(db: sqlite3.Connection, told: Mapping[str, str]) -> None:
    """Move cursors on; none goes back."""
    db.executemany(
        """
        INSERT INTO cursors VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET told_through = excluded.told_through
        WHERE RTRIM(excluded.told_through, 'Z') > RTRIM(told_through, 'Z')
        """,
        list(told.items()),
    )


def write_story(db: sqlite3.Connection, story: Story, concerned: Iterable[tuple[str, Sequence[int]]]) -> int:
    """Write a story and a notice for each subscriber concerned, unless they have one; returns how many are new."""
    with transaction(db):
        db.execute(
            "INSERT INTO stories VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (story.id, story.source, story.confirmed_at, story.release, msgspec.json.encode(story).decode()),
        )
        rows = [(subscriber, story.id, msgspec.json.encode(places).decode()) for subscriber, places in concerned]
        before = db.total_changes
        db.executemany("INSERT INTO notices (subscriber, story, moved) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", rows)
        return db.total_changes - before


def list_waiting(db: sqlite3.Connection) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    """Return by subscriber the stories not told yet, by id, each with the places of its changes that concern them."""
    found: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    rows = db.execute(
        """
        SELECT subscriber, story, moved FROM notices JOIN stories ON stories.id = story
        WHERE message IS NULL ORDER BY RTRIM(confirmed_at, 'Z'), story
        """
    )
    for row in rows:
        found.setdefault(row["subscriber"], []).append((row["story"], tuple(msgspec.json.decode(row["moved"]))))
    return found


class Stories:
    """The stories of a file, each read once and narrowed to what concerns a reader once."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._whole: dict[str, Story] = {}
        self._narrowed: dict[tuple[str, tuple[int, ...]], Story] = {}

    def read(self, story: str, places: tuple[int, ...]) -> Story:
        """Return a story with only the changes at some places."""
        key = (story, places)
        if key not in self._narrowed:
            if story not in self._whole:
                row = self._db.execute("SELECT body FROM stories WHERE id = ?", (story,)).fetchone()
                self._whole[story] = msgspec.json.decode(row["body"], type=Story)
            self._narrowed[key] = narrow_story(self._whole[story], places)
        return self._narrowed[key]


def mark_told(db: sqlite3.Connection, subscriber: str, stories: Iterable[str], message: str) -> None:
    """Write down which message tells stories to a subscriber."""
    db.executemany(
        "UPDATE notices SET message = ? WHERE subscriber = ? AND story = ? AND message IS NULL",
        [(message, subscriber, story) for story in stories],
    )


def forget_waiting(db: sqlite3.Connection, subscriber: str) -> int:
    """Remove the notices of a subscriber that no message told; returns how many."""
    return db.execute("DELETE FROM notices WHERE subscriber = ? AND message IS NULL", (subscriber,)).rowcount


def list_told(db: sqlite3.Connection, message: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the stories a message told, each with the ids of its changes."""
    rows = db.execute(
        """
        SELECT story, moved, body FROM notices JOIN stories ON stories.id = story
        WHERE message = ? ORDER BY story
        """,
        (message,),
    )
    told = []
    for row in rows:
        story = msgspec.json.decode(row["body"], type=Story)
        told.append((story.event, tuple(story.moved[place].id for place in msgspec.json.decode(row["moved"]))))
    return told
