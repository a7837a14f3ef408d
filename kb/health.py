"""Tell how each source stands on a day: fresh, stale, failing, blocked, suspect, closed or never read, since when, why.

Nothing here is stored: the state is computed from declarations, kb.db's rows and the date given.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal, get_args

import msgspec

from kb.cadence import tell_patience
from kb.incidents import Cause, map_causes
from kb.sources import Source
from kb.store.incidents import Incident, Rounds, read_incidents, read_rounds

State = Literal["failing", "blocked", "suspect", "stale", "never", "closed", "fresh"]
STATES: tuple[State, ...] = get_args(State)
# A person is needed for these, and for a source that is silent.
PRESSING: tuple[State, ...] = ("failing", "blocked", "suspect", "stale")
# The cause of a source whose declaration says that it is not crawled: known, and nobody's task today.
POLICY = "policy"

# A source's rhythm is known from this many days on which its rules moved: four intervals.
LEAST_MOVES = 5
# Silent is what has not moved for three of its usual intervals and for half as long again as ever before.
SILENT_MEDIANS = 3
SILENT_LONGEST = 1.5
# Where fewer than a tenth of the pages asked for are in trouble the source itself can be had; the incident is told.
PARTIAL_SHARE = 0.1
# The worst of several incidents decides.
WORST = {"failing": 0, "blocked": 1, "suspect": 2}
ADVICE: Mapping[State, str] = {
    "stale": "kb update reads what is due; what may not be crawled: capture it, and kb import it",
    "never": "kb crawl --source ID, or kb import a recording of it",
    "closed": "read its fallback, or capture it by hand and kb import it",
}
SILENT_ADVICE = "open its page: if rules moved there, the declaration looks in the wrong place; else nothing"
# The end of a day given as a date.
END_OF_DAY = "T23:59:59.999999Z"


class Rhythm(msgspec.Struct, frozen=True):
    """How often a source moves: on how many days its rules moved, the last of them, and the days between two of them.

    ``usual`` is the median of those, ``longest`` the most; 0 while there are not two days, ``last`` "" without any.
    """

    days: int = 0
    last: str = ""
    usual: float = 0
    longest: int = 0


class Silence(msgspec.Struct, frozen=True):
    """A source that usually moves and does not: since which day, and its rhythm in days (declared or its median)."""

    since: str
    days: int
    usual: float
    declared: bool


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a source stands on a day, since when ("" if unknown), by which cause ("" if none), why and what to do.

    ``last_checked`` is its last good reading; ``incidents`` are those open on that day, ``silence`` None if it is none.
    """

    source: str
    jurisdiction: str
    title: str
    state: State
    since: str
    cause: str
    reason: str
    advice: str
    last_checked: str
    incidents: tuple[Incident, ...] = ()
    silence: Silence | None = None

    @property
    def is_pressing(self) -> bool:
        """Tell whether the source needs a person today: it is in trouble that nobody declared, or silent."""
        return (self.state in PRESSING and self.cause != POLICY) or self.silence is not None

    @property
    def is_partial(self) -> bool:
        """Tell whether a few of its pages are in trouble while the source as a whole is not."""
        return bool(self.incidents) and self.state == "fresh"


class Outage(msgspec.Struct, frozen=True):
    """Open incidents of one cause on one host that cover several sources: the host's trouble, not theirs."""

    host: str
    cause: str
    since: str
    sources: tuple[str, ...]


class _Told(msgspec.Struct, frozen=True):
    """A state with its since-when, cause, reason and advice."""

    state: State
    since: str
    reason: str
    advice: str = ""
    cause: str = ""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a source until a day: its declaration in short, its rounds, moves and incidents.

    ``since`` and ``last_checked`` are its first round and its last good reading, ``steady_since`` the reading after
    which none was late; "" where there is none. ``rhythm`` is that of the days on which its rules moved.
    """

    source: str
    jurisdiction: str
    title: str
    cadence: str = "weekly"
    crawl_state: str = "open"
    crawl_reason: str = ""
    policy_since: str = ""
    fallback: str = ""
    moves_within: int = 0
    since: str = ""
    last_checked: str = ""
    steady_since: str = ""
    rhythm: Rhythm = Rhythm()
    incidents: tuple[Incident, ...] = ()


def judge_sources(knowledge: sqlite3.Connection | None, declared: Iterable[Source], day: date) -> list[Health]:
    """Return how every declared source stands at the end of a day, by id; ``knowledge`` is None if none was built."""
    until = f"{day.isoformat()}{END_OF_DAY}"
    rounds = {} if knowledge is None else read_rounds(knowledge, until)
    incidents: dict[str, list[Incident]] = defaultdict(list)
    for incident in [] if knowledge is None else read_incidents(knowledge, until):
        incidents[incident.source].append(incident)
    ordered = sorted(declared, key=lambda source: source.id)
    return [
        judge(describe_source(source, rounds.get(source.id, Rounds()), incidents[source.id]), day) for source in ordered
    ]


def describe_source(source: Source, rounds: Rounds, incidents: Iterable[Incident]) -> Subject:
    """Put together what is known of a source."""
    policy = source.crawl_policy
    return Subject(
        source=source.id,
        jurisdiction=source.jurisdiction,
        title=source.title,
        cadence=source.cadence,
        crawl_state=policy.state,
        crawl_reason=policy.reason,
        policy_since=policy.checked_on,
        fallback=source.fallback,
        moves_within=source.moves_within,
        since=rounds.waves[0] if rounds.waves else "",
        last_checked=rounds.good[-1] if rounds.good else "",
        steady_since=find_steady(rounds.good, source.cadence),
        rhythm=find_rhythm(rounds.moves),
        incidents=tuple(incidents),
    )


def find_steady(good: Sequence[str], cadence: str) -> str:
    """Return the good reading after which none came more than two rounds late, "" if there is none."""
    since = good[0] if good else ""
    for earlier, later in pairwise(good):
        if date.fromisoformat(later[:10]) - date.fromisoformat(earlier[:10]) > tell_patience(cadence):
            since = later
    return since


def judge(subject: Subject, day: date) -> Health:
    """Judge how a source stands on a day; the same subject and day give the same answer."""
    lasting = tuple(one for one in subject.incidents if one.closed_at is None)
    told = _find_barred(subject) or _find_unread(subject, lasting) or _find_trouble(lasting) or _find_age(subject, day)
    quiet = find_silence(subject.rhythm, day, expected=subject.moves_within) if told.state == "fresh" else None
    return Health(
        source=subject.source,
        jurisdiction=subject.jurisdiction,
        title=subject.title,
        state=told.state,
        since=told.since,
        cause=told.cause,
        reason=told.reason,
        advice=told.advice or (SILENT_ADVICE if quiet is not None else ""),
        last_checked=subject.last_checked,
        incidents=lasting,
        silence=quiet,
    )


def find_rhythm(moves: Sequence[str]) -> Rhythm:
    """Return the rhythm of the days (or instants), earliest first, on which a source's rules moved."""
    if not moves:
        return Rhythm()
    days = [date.fromisoformat(move[:10]) for move in moves]
    intervals = [(later - earlier).days for earlier, later in pairwise(days)]
    return Rhythm(len(days), moves[-1][:10], median(intervals or [0]), max(intervals, default=0))


def find_silence(rhythm: Rhythm, day: date, *, expected: int = 0) -> Silence | None:
    """Tell whether a source has not moved for much longer than it used to, or than declared (``expected`` days).

    ``rhythm`` is that of its moves until then. None where it is no silence, or where too little is known to tell.
    """
    if not rhythm.days:
        return None
    quiet = (day - date.fromisoformat(rhythm.last)).days
    if expected:
        return Silence(rhythm.last, quiet, expected, declared=True) if quiet > expected else None
    if rhythm.days < LEAST_MOVES:
        return None
    if quiet > SILENT_MEDIANS * rhythm.usual and quiet > SILENT_LONGEST * rhythm.longest:
        return Silence(rhythm.last, quiet, rhythm.usual, declared=False)
    return None


def find_outages(healths: Iterable[Health]) -> list[Outage]:
    """Return the hosts whose trouble covers several sources, the widest first."""
    found: dict[tuple[str, str], list[Incident]] = defaultdict(list)
    for health in healths:
        for incident in health.incidents:
            if map_causes()[incident.cause].state != "suspect":
                found[incident.host, incident.cause].append(incident)
    outages = [
        Outage(host, cause, min(one.opened_at for one in told), tuple(sorted(one.source for one in told)))
        for (host, cause), told in found.items()
        if len(told) > 1
    ]
    return sorted(outages, key=lambda outage: (-len(outage.sources), outage.host, outage.cause))


def count_states(healths: Iterable[Health]) -> list[tuple[State, int]]:
    """Return how many sources stand in each state, the worst first; states without any are left out."""
    counted = Counter(health.state for health in healths)
    return [(state, counted[state]) for state in STATES if counted[state]]


def describe_silence(silence: Silence) -> str:
    """Say in a sentence how long a source has been silent, and against which rhythm."""
    rhythm = "declared to move within" if silence.declared else "usually moves every"
    return f"silent: nothing moved for {silence.days} days, {rhythm} {silence.usual:g}"


def _find_barred(subject: Subject) -> _Told | None:
    if subject.crawl_state == "open":
        return None
    state: State = "blocked" if subject.crawl_state == "blocked" else "closed"
    reason = f"{subject.crawl_state}: {subject.crawl_reason or 'no reason kept'}"
    advice = f"read {subject.fallback} instead" if subject.fallback else ADVICE["closed"]
    return _Told(state, subject.policy_since, reason, advice, cause=POLICY)


def _find_unread(subject: Subject, lasting: tuple[Incident, ...]) -> _Told | None:
    if subject.last_checked or lasting:
        return None
    if subject.since:
        return _Told("never", subject.since, "asked for, and no page of it could be read yet", ADVICE["never"])
    return _Told("never", "", "declared, and nothing of it was ever crawled or imported", ADVICE["never"])


def _find_trouble(incidents: tuple[Incident, ...]) -> _Told | None:
    whole = [one for one in incidents if one.pages >= PARTIAL_SHARE * one.asked]
    if not whole:
        return None
    worst = min(whole, key=lambda one: (WORST[map_causes()[one.cause].state], one.opened_at, one.cause))
    cause = map_causes()[worst.cause]
    return _Told(cause.state, worst.opened_at, describe_incident(worst, cause), cause.advice, cause=cause.id)


def describe_incident(incident: Incident, cause: Cause) -> str:
    """Say in a sentence what an incident is: its cause, its pages, and the first words of its evidence."""
    pages = "1 page" if incident.pages == 1 else f"{incident.pages:,} pages"
    return f"{cause.title}, {pages}: {incident.last_message} ({incident.last_url})"


def _find_age(subject: Subject, day: date) -> _Told:
    """Tell fresh from stale, and since when."""
    if not subject.last_checked:
        return _Told("never", subject.since, "no page of it could be read yet", ADVICE["never"])
    last, patience = date.fromisoformat(subject.last_checked[:10]), tell_patience(subject.cadence)
    if day - last > patience:
        reason = f"last read {last}, {(day - last).days} days ago; expected {subject.cadence}"
        return _Told("stale", (last + patience + timedelta(days=1)).isoformat(), reason, ADVICE["stale"])
    ended = max((one.closed_at or "" for one in subject.incidents), default="")
    return _Told("fresh", max(subject.steady_since, ended), f"last read {last}; expected {subject.cadence}")
