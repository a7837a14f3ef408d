"""Examine a data folder: is everything there, sound, built and fresh; what should somebody do about it."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from kb.cadence import tell_patience
from kb.errors import DamagedSnapshotError, StatusQuoError
from kb.health import ADVICE
from kb.sources import Source
from kb.store.archive import list_waves, open_archive, read_declarations, read_snapshot
from kb.store.knowledge import open_knowledge, read_built_waves
from kb.store.queries import (
    Watch,
    check_integrity,
    count_problems,
    list_snapshots,
    read_open_suspects,
    read_watches,
)

Weight = Literal["ok", "note", "act", "damage"]

# Waves, pages and hashes named one by one before the rest is only counted.
MOST_NAMED = 5


class Finding(msgspec.Struct, frozen=True):
    """One thing found: how much it weighs, its code, what was found where, and what to do ("" for a mere note)."""

    weight: Weight
    code: str
    message: str
    advice: str = ""


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """What to examine: the day that is today, the sources declared now, and whether to hash every snapshot again."""

    today: date
    sources: Sequence[Source] = ()
    deep: bool = False


def examine(data: Path, examination: Examination) -> list[Finding]:
    """Examine a data folder; nothing in it is altered. Returns the findings, in the order they were looked for."""
    with ExitStack() as stack:
        archive = _open(data / "archive.db", open_archive, stack)
        knowledge = _open(data / "kb.db", open_knowledge, stack)
        findings: list[Finding] = []
        for name, database in (("archive.db", archive), ("kb.db", knowledge)):
            findings.append(database if isinstance(database, Finding) else _examine_file(data / name, database))
        if any(finding.weight == "damage" for finding in findings):
            return findings
        if isinstance(archive, sqlite3.Connection):
            findings.extend(_examine_archive(archive, examination))
        if isinstance(knowledge, sqlite3.Connection):
            findings.extend(_examine_knowledge(knowledge, examination))
        if isinstance(archive, sqlite3.Connection) and isinstance(knowledge, sqlite3.Connection):
            findings.extend(_find_unbuilt(archive, knowledge))
        return findings


def is_damaged(findings: Iterable[Finding]) -> bool:
    """Tell whether something stored is not what was stored."""
    return any(finding.weight == "damage" for finding in findings)


def needs_action(findings: Iterable[Finding]) -> bool:
    """Tell whether somebody must do something."""
    return any(finding.weight in ("act", "damage") for finding in findings)


def _open(path: Path, opener: Callable[..., sqlite3.Connection], stack: ExitStack) -> sqlite3.Connection | Finding:
    if not path.is_file():
        advice = "kb import FILE fills it" if path.name == "archive.db" else "kb build makes it"
        return Finding("act", "missing", f"{path}: there is no such database yet", advice)
    try:
        db = opener(path, read_only=True)
    except StatusQuoError as error:
        return Finding("act", "unreadable", str(error), "see the message")
    except sqlite3.DatabaseError as error:
        return _damaged(path, str(error))
    stack.callback(db.close)
    return db


def _damaged(path: Path, found: str) -> Finding:
    is_archive = path.name == "archive.db"
    advice = "restore it from a backup" if is_archive else "delete it, then kb build makes it again"
    return Finding("damage", "damaged_file", f"{path}: {found}", advice)


def _examine_file(path: Path, db: sqlite3.Connection) -> Finding:
    found = check_integrity(db)
    if found:
        return _damaged(path, _name_some(found))
    return Finding("ok", "sound", f"{path.name}: opens, and its structure is sound")


def _examine_archive(archive: sqlite3.Connection, examination: Examination) -> Iterator[Finding]:
    yield from _find_foreign(archive, examination.sources)
    yield from _find_silent(archive, examination.sources)
    if examination.deep:
        yield from _rehash(archive)


def _find_foreign(archive: sqlite3.Connection, sources: Sequence[Source]) -> Iterator[Finding]:
    declared = {source.id for source in sources} | {row.source for row in read_declarations(archive)}
    for source in sorted({key.source for key in list_waves(archive)} - declared):
        yield Finding(
            "act",
            "foreign",
            f"{source}: the archive holds captures of it, but no declaration",
            "declare it (--sources)",
        )


def _find_silent(archive: sqlite3.Connection, sources: Sequence[Source]) -> Iterator[Finding]:
    captured = {key.source for key in list_waves(archive)}
    for source in sources:
        if source.id not in captured:
            yield Finding("act", "silent", f"{source.id}: declared, but never captured", "kb import a recording of it")


def _rehash(archive: sqlite3.Connection) -> Iterator[Finding]:
    hashes = list_snapshots(archive)
    damaged = 0
    for sha256 in hashes:
        try:
            read_snapshot(archive, sha256)
        except DamagedSnapshotError as error:
            damaged += 1
            yield Finding("damage", "damaged_snapshot", str(error), "restore archive.db from a backup")
    yield Finding("ok", "rehashed", f"{len(hashes) - damaged} of {len(hashes)} snapshots are what their hashes say")


def _examine_knowledge(knowledge: sqlite3.Connection, examination: Examination) -> Iterator[Finding]:
    watches = read_watches(knowledge)
    for watch in watches:
        yield from _find_stale(watch, examination.today)
    for suspect in read_open_suspects(knowledge):
        reasons = "; ".join(suspect.reasons)
        message = f"{suspect.source}: {suspect.url} is not trusted since {suspect.observed_at[:10]}: {reasons}"
        advice = "look at the page; its last good text stands until a later capture settles it"
        yield Finding("act", "suspect", message, advice)
    for problem in count_problems(knowledge):
        yield Finding(
            "note",
            "problem",
            f"{problem.source}: {problem.code} {problem.count}×, last {problem.last_at[:10]}: {problem.message}",
        )


def _find_stale(watch: Watch, today: date) -> Iterator[Finding]:
    if not watch.last_checked:
        message = f"{watch.source}: no page of it could be read yet ({watch.waves} waves)"
        yield Finding("act", "unread", message, "look at its pages and its declaration")
        return
    checked = date.fromisoformat(watch.last_checked[:10])
    message = f"{watch.source}: last checked {checked}, {(today - checked).days} days ago (cadence {watch.cadence})"
    if today - checked > tell_patience(watch.cadence):
        yield Finding("act", "stale", message, ADVICE["stale"])
    else:
        yield Finding("ok", "fresh", message)


def _find_unbuilt(archive: sqlite3.Connection, knowledge: sqlite3.Connection) -> Iterator[Finding]:
    built = set(read_built_waves(knowledge))
    waiting = [f"{key.source} {key.at}" for key in list_waves(archive) if (key.source, key.at) not in built]
    if waiting:
        yield Finding("act", "unbuilt", f"{len(waiting)} waves are not built: {_name_some(waiting)}", "kb build")


def _name_some(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{'; '.join(names[:MOST_NAMED])}{more}"
