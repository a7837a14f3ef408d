"""Tell which citations rest on law that moved: a rule older than the statute it cites, a number that leads nowhere now.

Nothing is guessed: a citation that fits no document we hold, or several, is left out; where it is not known whether the
rule or the statute's change came first, that is what is told.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

import msgspec

from kb.answer.impact import is_within
from kb.models import Act, ChangeRow, Reference
from kb.read.canonical import fold_text
from kb.read.citations import HOMES
from kb.read.notes import is_repealed

# Why a citation is stale: its rule is older than what it cites; it cites what changed, and which came first is not
# known; what it cites is marked as repealed, is gone, or bears another number.
Why = Literal["behind", "unclear", "repealed", "removed", "renumbered"]
# How the age of a text is known: it says so, its history of enactment does, it was seen to come, it was there at first.
AgeBasis = Literal["stated", "acts", "observed", "first_seen"]

STATUTE = "statute"
# What is made under a statute, and must follow it.
MADE_UNDER = frozenset(
    ("regulation", "order", "declaratory_ruling", "advisory_opinion", "position_statement", "policy", "faq")
)
# "[Renumbered as AS 08.88.990.]"  "63-24-109. [Transferred.]"  "[Amended and Redesignated.]"
ELSEWHERE = re.compile(
    r"(?:[^\[\]]{0,300}?[\[(])?\W*(?:Amended and )?"
    r"(?:Renumbered|Transferred|Redesignated|Recodified)\b[^\[\]]{0,200}?[\])]?\.?"
)
# "former § 12-3"  "§ 12-3, repealed by": the text itself speaks of law that was
FORMER_BEFORE = re.compile(
    r"\b(?:former(?:ly)?|repealed|repealing|predecessor|previous(?:ly)?|prior to the repeal of)\b[^.;]{0,60}\Z",
    re.IGNORECASE,
)
FORMER_AFTER = re.compile(
    r"[^.;]{0,60}\b(?:repealed|as (?:it|that (?:section|provision)) (?:existed|read|stood|was in effect)"
    r"|in effect (?:on|before|until|prior)|now (?:section|§)|renumbered|recodified)\b",
    re.IGNORECASE,
)


class Citing(msgspec.Struct, frozen=True, kw_only=True):
    """One citation in a text that stands, with what is known of that text's age.

    ``is_first`` tells that the text was there when its document was first seen: how old it is was not seen.
    """

    version: str
    jurisdiction: str
    source: str
    document: str
    citation: str
    binding: str
    url: str
    reference: Reference
    valid_from: date | None
    acts: tuple[Act, ...]
    observed_from: str
    is_first: bool


class Place(NamedTuple):
    """A provision: its document and eid, "" for all of it."""

    document: str
    eid: str


class Lead(NamedTuple):
    """Where the words of a place went, and since when."""

    old: Place
    new: Place
    since: str


class Held(msgspec.Struct, frozen=True):
    """What is known of one cited document.

    ``texts`` are the texts that stand now, each by eid its heading and words ("…" for long ones). ``last_seen`` tells
    when the text was last read that a later one replaced, by the first sight of that one.
    """

    texts: tuple[Mapping[str, tuple[str, str]], ...] = ()
    changes: tuple[ChangeRow, ...] = ()
    leads: tuple[Lead, ...] = ()
    last_seen: Mapping[str, str] = {}


class Age(NamedTuple):
    """From when a text is, and who says so."""

    on: str
    basis: AgeBasis


class Stale(msgspec.Struct, frozen=True, kw_only=True):
    """One stale citation: why, what it points to, since when, by which change, and where its words stand now."""

    why: Why
    citing: Citing
    age: Age
    target: Place
    since: str
    change: str = ""
    now: Place | None = None


# --- what a citation points to


class Shelf:
    """The documents we hold, found by the number a citation prints."""

    def __init__(self, documents: Iterable[str]) -> None:
        """Take the ids of all documents."""
        self._known = set(documents)
        self._numbered: dict[tuple[str, str], list[str]] = defaultdict(list)
        for document in sorted(self._known):
            jurisdiction, _, rest = document.partition("/")
            self._numbered[jurisdiction, rest.partition("/")[2]].append(document)

    def find(self, citing: Citing) -> Place | None:
        """Return what a citation points to; None where we hold no such document, or more than one."""
        told = citing.reference
        if told.work == "self":
            return Place(citing.document, told.target_eid)
        number = told.number.lower().replace("–", "-").replace("‑", "-")
        if told.work == "code":
            jurisdiction, work = citing.document.split("/")[:2]
            own = f"{jurisdiction}/{work}/{number}"
            found = [own] if own in self._known else self._numbered.get((jurisdiction, number), [])
        else:
            found = self._numbered.get((HOMES.get(told.work, ""), number), [])
        return Place(found[0], told.target_eid) if len(found) == 1 else None


# --- whether it is stale


def find_stale(citing: Citing, target: Place, held: Held) -> Stale | None:
    """Tell whether a citation of a place is stale, and why; None where nothing we know speaks against it."""
    if target.document == citing.document and not target.eid:
        return None
    return _find_gone(citing, target, held) or _find_behind(citing, target, held)


def is_of_the_past(text: str, reference: Reference) -> bool:
    """Tell whether the words round a citation say that they mean law that was: "former § 12-3"."""
    before, found, after = fold_text(text).partition(fold_text(reference.text))
    return bool(found) and (FORMER_BEFORE.search(before) is not None or FORMER_AFTER.match(after) is not None)


def read_age(citing: Citing) -> Age:
    """Return from when a text is: as it states, else its latest act, else as it was seen."""
    if citing.valid_from is not None:
        return Age(citing.valid_from.isoformat(), "stated")
    days = [act.effective_on for act in citing.acts if act.effective_on is not None]
    if days:
        return Age(max(days).isoformat(), "acts")
    return Age(citing.observed_from[:10], "first_seen" if citing.is_first else "observed")


def _find_gone(citing: Citing, target: Place, held: Held) -> Stale | None:
    states = {_judge_text(text, target.eid) for text in held.texts}
    lead = _follow(target, held.leads)
    if "stands" in states:
        # A number that was given to other words since: the citing text, older than that, means the first ones.
        is_reused = lead is not None and citing.document != target.document and citing.observed_from < lead.since
        return _make(citing, target, "renumbered", lead=lead) if is_reused else None
    removal = _find_removal(target, held.changes)
    if lead is not None and (removal is None or removal.observed_at <= lead.since):
        return _make(citing, target, "renumbered", lead=lead)
    for _, why in STUBS:
        if why in states:
            return _make(citing, target, why, change=removal)
    return _make(citing, target, "removed", change=removal) if removal is not None else None


def _judge_text(text: Mapping[str, tuple[str, str]], eid: str) -> str:
    """Return how a place stands in one text: it stands, is marked repealed or renumbered, or is not there ("")."""
    if eid and (whole := _judge_text(text, "")) != "stands":
        return whole
    below = [words for name, words in text.items() if is_within(name, eid)]
    # A heading names what was there; only where nothing stands below it does its own mark tell.
    parts = [body for _, body in below if body] or [heading for heading, _ in below if heading]
    for judge, why in STUBS:
        if parts and all(judge(part) for part in parts):
            return why
    return "stands" if below else ""


def _is_elsewhere(text: str) -> bool:
    """Tell whether a heading or a whole text only says that the law stands under another number."""
    return ELSEWHERE.fullmatch(text) is not None


STUBS: tuple[tuple[Callable[[str], bool], Why], ...] = ((is_repealed, "repealed"), (_is_elsewhere, "renumbered"))


def _follow(target: Place, leads: Iterable[Lead]) -> Lead | None:
    """Return the latest lead away from a place or from one above it, with where the place itself stands now."""
    found = [lead for lead in leads if lead.old.document == target.document and is_within(target.eid, lead.old.eid)]
    if not found:
        return None
    last = max(found, key=lambda lead: (lead.since, len(lead.old.eid)))
    below = target.eid[len(last.old.eid) :].removeprefix("__")
    now = Place(last.new.document, "__".join(filter(None, (last.new.eid, below))))
    return None if now == target else Lead(target, now, last.since)


def _find_removal(target: Place, changes: Iterable[ChangeRow]) -> ChangeRow | None:
    """Return the last change that took a place out, alone or with what it stood in, or put a stub there."""
    gone = [
        change
        for change in changes
        if (change.kind == "removed" or (change.kind == "amended" and is_repealed(change.new_text)))
        and change.nature == "substantive"
        and (change.old_document or change.document) == target.document
        and change.old_eid is not None
        and is_within(target.eid, change.old_eid)
    ]
    return max(gone, key=lambda change: change.observed_at, default=None)


def _find_behind(citing: Citing, target: Place, held: Held) -> Stale | None:
    """Tell whether a rule is older than the last rule change of the statute provision it cites."""
    if citing.binding not in MADE_UNDER:
        return None
    moved = [change for change in held.changes if change.binding == STATUTE and _moves(change, target)]
    if not moved:
        return None
    last = max(moved, key=tell_day)
    age = read_age(citing)
    if _is_older(age, last, held):
        return _make(citing, target, "behind", change=last)
    is_known = age.on >= tell_day(last) and age.basis != "first_seen"
    return None if is_known else _make(citing, target, "unclear", change=last)


def _is_older(age: Age, change: ChangeRow, held: Held) -> bool:
    """Tell whether a text was there before a change for certain: before its effect, or while the old text stood."""
    if change.effective_on is not None:
        return age.on < change.effective_on.isoformat()
    return age.on <= held.last_seen.get(change.observed_at, "")[:10]


def _moves(change: ChangeRow, target: Place) -> bool:
    """Tell whether a change is one of law, in a place, above or below it.

    What brought the place itself was known to a text that cites it, whenever we saw either.
    """
    if change.nature != "substantive" or change.part not in ("text", "heading"):
        return False
    if change.kind == "added" and change.eid is not None and is_within(target.eid, change.eid):
        return False
    sides = ((change.document, change.eid), (change.old_document or change.document, change.old_eid))
    return any(
        document == target.document and eid is not None and (is_within(eid, target.eid) or is_within(target.eid, eid))
        for document, eid in sides
    )


def tell_day(change: ChangeRow) -> str:
    """Return the day of a change: that of its effect where it is stated, else that of its first sight."""
    return change.observed_at[:10] if change.effective_on is None else change.effective_on.isoformat()


def _make(
    citing: Citing, target: Place, why: Why, *, lead: Lead | None = None, change: ChangeRow | None = None
) -> Stale:
    since = lead.since[:10] if lead is not None else tell_day(change) if change is not None else ""
    return Stale(
        why=why,
        citing=citing,
        age=read_age(citing),
        target=target,
        since=since,
        change="" if change is None else change.id,
        now=None if lead is None else lead.new,
    )
