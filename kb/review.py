"""Look at facts with a person: which, in what order, the words that prove them, and who may confirm what."""

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from kb.answer.facts import Fact, FactState, Step
from kb.answer.urgency import Case, Standing, list_cases
from kb.declarations import suggest
from kb.errors import NotFoundError, UsageError
from kb.models import Provision
from kb.registry import read_deny_list
from kb.store.facts import read_recorded_facts, read_steps
from kb.store.incidents import read_built_bodies
from kb.store.knowledge import read_version
from kb.store.queries import find_version_row

# "reviewer-1"; as schemas/fact.schema.json has it
PERSON = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
# So much of an id names a fact, if no other begins alike.
SHORTEST_ID = 4
UNREAD = "no official text of it is archived, it is only reported"


class Reviewer(msgspec.Struct, frozen=True):
    """Who reviews, and the day it is (YYYY-MM-DD)."""

    name: str
    today: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases are wanted: by jurisdiction, question and state (empty: any)."""

    jurisdictions: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    states: tuple[FactState, ...] = ()


def name_reviewer(name: str, today: str) -> Reviewer:
    """Return a reviewer; raises UsageError where no name is given, or one that is no short name."""
    if not name:
        raise UsageError("who reviews? give --as NAME or set KB_REVIEWER; the name is recorded with each decision")
    if PERSON.fullmatch(name) is None:
        raise UsageError(f"--as {name!r}: expected a short name in small letters, like 'reviewer-1', and no address")
    return Reviewer(name, today)


def read_cases(db: sqlite3.Connection, facts: Sequence[Fact], today: date) -> list[Case]:
    """Return every standing fact as a case, the most urgent first; facts are those of the files as they are now."""
    return list_cases(facts, find_standings(db, facts), today)


def choose_cases(cases: Iterable[Case], wanted: Wanted) -> list[Case]:
    """Return the cases wanted, in order; what is settled only where verified facts are asked for."""
    return [
        case
        for case in cases
        if (not wanted.jurisdictions or case.fact.jurisdiction in wanted.jurisdictions)
        and (not wanted.questions or case.fact.question in wanted.questions)
        and (case.state in wanted.states if wanted.states else not case.is_settled)
    ]


def find_case(cases: Iterable[Case], facts: Iterable[Fact], asked: str) -> Case:
    """Find the case of a fact by its id, or the beginning of one.

    Raises NotFoundError for an unknown id, one that means several, and one of an entry that was superseded.
    """
    known = {case.fact.id: case for case in cases}
    if asked in known:
        return known[asked]
    old = next((fact for fact in facts if fact.id == asked), None)
    if old is not None:
        raise NotFoundError(f"fact {asked} was superseded on {old.superseded_on}; kb review --list names what stands")
    found = [name for name in known if len(asked) >= SHORTEST_ID and name.startswith(asked)]
    if len(found) == 1:
        return known[found[0]]
    if found:
        raise NotFoundError(f"{asked!r} is the beginning of {len(found)} facts: {', '.join(sorted(found))}")
    raise NotFoundError(f"no fact {asked!r}{suggest(asked, known)}; kb review --list names all there are")


def find_standings(db: sqlite3.Connection, facts: Iterable[Fact]) -> dict[str, Standing]:
    """Find how the words of each fact stand: its latest step, and whether they can confirm anything.

    An entry written since the last build has the steps of the one whose anchor it shares.
    """
    steps = {name: own[-1] for name, own in read_steps(db).items() if own}
    shared = {
        fact.anchor: steps[fact.id] for fact in read_recorded_facts(db) if fact.anchor is not None and fact.id in steps
    }
    replicas = _find_replicas(db)
    found = {}
    for fact in facts:
        step = steps.get(fact.id) or (None if fact.anchor is None else shared.get(fact.anchor))
        barrier = _find_barrier(db, fact, step, replicas)
        found[fact.id] = Standing(step, barrier, "" if _bar_host(fact.url) else fact.url)
    return found


def find_strangers(db: sqlite3.Connection, facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts kb.db was built with that stand in no file given."""
    known = {fact.id for fact in facts}
    return [fact for fact in read_recorded_facts(db) if fact.id not in known and not fact.superseded_on]


def read_words(db: sqlite3.Connection, step: Step | None) -> tuple[Provision, ...]:
    """Return the provision where a fact's words stand, with what is below it; nothing where kb.db does not hold it."""
    if step is None or find_version_row(db, step.version) is None:
        return ()
    parts = read_version(db, step.version).provisions
    return tuple(part for part in parts if not step.eid or part.eid == step.eid or part.eid.startswith(f"{step.eid}__"))


def list_uncoded(cases: Iterable[Case], coder: str) -> list[Case]:
    """Return the cases a second coder can code: of another coder, coded once, with words or an official page."""
    open_ones = [
        case
        for case in cases
        if case.fact.second is None
        and case.fact.coded_by != coder
        and case.fact.gap in (None, "law_silent")
        and case.state != "broken"
        and (case.standing.step is not None or case.standing.address)
    ]
    return sorted(open_ones, key=lambda case: case.standing.step is None)


def read_files(folders: Iterable[Path]) -> dict[Path, bytes]:
    """Read the files of facts of the folders as they are, before their facts are read: see ``Desk``."""
    return {path: path.read_bytes() for folder in folders for path in sorted(folder.glob("*.yml"))}


def _find_replicas(db: sqlite3.Connection) -> set[str]:
    """Return the sources whose pages are invented or retold."""
    bodies: Mapping[str, str] = read_built_bodies(db)
    return {name for name, body in bodies.items() if msgspec.json.decode(body).get("replica")}


def _find_barrier(db: sqlite3.Connection, fact: Fact, step: Step | None, replicas: set[str]) -> str:
    """Say why the words of a fact can confirm nothing, "" if they can."""
    if step is None:
        return UNREAD
    version = find_version_row(db, step.version)
    if step.state == "broken":
        return "its words are gone"
    if version is None:
        return "the text its words stand in is not in kb.db"
    if version.strand == "mirror":
        return "its words were read from a mirror, not from their publisher"
    if step.source in replicas and not fact.replica:
        return "its words stand in a replica, which proves nothing outside its demonstration"
    return _bar_host(step.url) or _bar_host(version.url)


def _bar_host(url: str) -> str:
    """Say why the host of an address is not official, "" if nothing is known against it."""
    reason = read_deny_list().why_no_source(url)
    return f"{urlsplit(url).hostname} is not official ({reason})" if reason else ""
