"""Compare jurisdictions: every question put to each of them, on one date and as known at one instant."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from kb.answer.answers import Answer, Asked, Reason, Status
from kb.answer.compose import Composition, Stricter, compose
from kb.answer.facts import Fact, spell_value
from kb.answer.scope import name_scope
from kb.answer.status import Steps, status
from kb.declarations import suggest
from kb.errors import UsageError
from kb.jurisdictions import read_jurisdictions
from kb.parts import list_parts
from kb.questions import Question, map_questions, read_codebook, read_questions
from kb.scopes import DIMENSIONS, Scope, read_terms
from kb.store.facts import read_recorded_facts, read_steps, read_watched_places

FEDERAL = "us"
# So many different values are named in a cell; more are counted.
MOST_NAMED = 2
# A federal level of which nothing is known is no floor.
NOTHING = ("not_asked", "not_checked", "unknown_before")
SIDES: Mapping[Stricter, str] = {
    "state": "stricter than federal",
    "federal": "federal is stricter",
    "equal": "as federal",
    "not_comparable": "not comparable to federal",
}


# Whether a state asks for more than federal law does.
STRICTER: Mapping[Stricter, str] = {
    "state": "yes",
    "federal": "no",
    "equal": "equal",
    "not_comparable": "not_comparable",
    "state_only": "",
    "federal_only": "",
    "neither": "",
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is compared: questions, of jurisdictions, within a scope, on a date, as known at an instant."""

    questions: tuple[Question, ...]
    jurisdictions: tuple[str, ...]
    as_of: date
    known_at: str
    scope: Scope = {}


class Cell(msgspec.Struct, frozen=True):
    """A question put to a jurisdiction: its status, and beside it the federal one where that is another."""

    question: Question
    status: Status
    composition: Composition | None = None

    @property
    def label(self) -> str:
        """Return the answer in a few words; several values are named, or counted where they are many."""
        told = list(dict.fromkeys(one.label for one in self.status.leading))
        if not told:
            return self.status.state.replace("_", " ")
        # What stands together is one answer; what contradicts, or holds for parts, is not.
        if self.status.state == "answered":
            return "; ".join(told)
        if len(told) <= MOST_NAMED:
            return " / ".join(told)
        limits = dict.fromkeys(name for one in self.status.leading for name in one.scope)
        return f"{len(told)} answers{' by ' if limits else ''}{', '.join(limits)}"

    @property
    def value(self) -> str:
        """Return the value as coded where there is exactly one, else ""."""
        told = {spell_value(one.value) or str(one.gap) for one in self.status.leading}
        return told.pop() if len(told) == 1 else ""


def read_cells(knowledge: sqlite3.Connection, wanted: Wanted) -> Iterator[Cell]:
    """Yield every cell of the comparison, question by question, the jurisdictions in the order asked for."""
    yield from compare_facts(read_recorded_facts(knowledge), read_steps(knowledge), wanted)


def compare_facts(known: Iterable[Fact], steps: Steps, wanted: Wanted) -> Iterator[Cell]:
    """Yield every cell as ``read_cells`` does, of facts already read: those of the places asked for and the federal."""
    facts: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in known:
        facts[fact.question, fact.jurisdiction].append(fact)
    for question in wanted.questions:
        floor = _answer(facts[question.id, FEDERAL], steps, wanted, (question, FEDERAL))
        for jurisdiction in wanted.jurisdictions:
            if jurisdiction == FEDERAL:
                yield Cell(question, floor)
                continue
            own = _answer(facts[question.id, jurisdiction], steps, wanted, (question, jurisdiction))
            has_floor = floor.state not in NOTHING and own.state != "not_asked"
            yield Cell(question, own, compose(own, floor, question) if has_floor else None)


def _answer(facts: Sequence[Fact], steps: Steps, wanted: Wanted, cell: tuple[Question, str]) -> Status:
    question, jurisdiction = cell
    asked = Asked(
        jurisdiction=jurisdiction,
        question=question,
        as_of=wanted.as_of,
        known_at=wanted.known_at,
        scope=wanted.scope,
    )
    return status(facts, steps, asked)


def list_answering(knowledge: sqlite3.Connection, questions: Sequence[Question]) -> tuple[str, ...]:
    """Return the jurisdictions that have any fact on one of the questions, in the order of the list."""
    asked = {question.id for question in questions}
    found = {fact.jurisdiction for fact in read_recorded_facts(knowledge) if fact.question in asked}
    return tuple(one for one in list_places(knowledge) if one in found)


def list_places(knowledge: sqlite3.Connection) -> tuple[str, ...]:
    """Return all jurisdictions asked: those listed, the invented ones only where they have facts or sources."""
    found = {fact.jurisdiction for fact in read_recorded_facts(knowledge)} | read_watched_places(knowledge)
    listed = [place.id for place in read_jurisdictions() if place.kind != "invented" or place.id in found]
    return (*listed, *sorted(found - {place.id for place in read_jurisdictions()}))


def find_questions(asked: Sequence[str]) -> tuple[Question, ...]:
    """Return the questions named by id or by topic, in the order asked for; raises UsageError naming the nearest."""
    known = map_questions()
    found: dict[str, Question] = {}
    for name in asked:
        chosen = [known[name]] if name in known else [one for one in read_questions() if one.topic == name]
        if not chosen:
            words = [*known, *(one.topic for one in read_questions())]
            raise UsageError(f"no question or topic {name!r}{suggest(name, words)}; kb compare lists them")
        found |= {one.id: one for one in chosen}
    return tuple(found.values())


def find_places(asked: Sequence[str], places: Sequence[str]) -> tuple[str, ...]:
    """Return jurisdictions asked for, each once; raises UsageError naming the nearest of an unknown one."""
    for name in asked:
        if name not in places:
            raise UsageError(f"no jurisdiction {name!r}{suggest(name, places)}")
    return tuple(dict.fromkeys(asked))


def parse_scope(asked: Sequence[str]) -> Scope:
    """Read limits as "profession=physician" into a scope; raises UsageError naming what is unknown and the nearest."""
    scope: dict[str, tuple[str, ...]] = {}
    for text in asked:
        dimension, sign, term = text.partition("=")
        if not sign or dimension not in DIMENSIONS:
            raise UsageError(f"scope {text!r}: expected DIMENSION=TERM, the dimension one of {', '.join(DIMENSIONS)}")
        if term not in read_terms()[dimension]:
            raise UsageError(f"unknown {dimension} {term!r}{suggest(term, read_terms()[dimension])}")
        scope[dimension] = (*scope.get(dimension, ()), term)
    return scope


def list_notes(cell: Cell) -> list[str]:
    """Return what a reader must know beside the answer, in a few words each."""
    told = cell.status
    notes = []
    if told.state == "conflict":
        notes.append("contradictory: " + " / ".join(one.citation or one.binding for one in told.leading))
    notes += _note_limits(told)
    notes += [
        _note_layer(reason) for one in told.answers for reason in one.why if reason.code in ("stricter", "guidance")
    ]
    notes += [f"ends {one.effective_to}" for one in told.leading if one.effective_to]
    same = {one.label for one in told.leading}
    notes += [f"from {one.effective_from}: {'the same' if {one.label} == same else one.label}" for one in told.coming]
    ended = {one.fact for one in told.leading if one.reverted}
    past = told.lapsed if told.leading else told.lapsed[:1]
    notes += [f"until {one.effective_to}: {one.label}" for one in past if one.fact in ended or not told.leading]
    notes += [f"{one.binding} pending: {one.label}" for one in told.pending]
    if cell.composition is not None and told.leading:
        notes += _note_side(cell.question, cell.composition.stricter)
    notes += [f"seen since {one.why[0].values['seen_on']}: {one.label}; not known before" for one in told.unseen[:1]]
    return list(dict.fromkeys([*notes, *_note_gaps(told)]))


def _note_gaps(told: Status) -> Iterator[str]:
    """Yield what stands in an empty cell: where it was looked for, and the first lead that nobody has followed yet."""
    if told.state == "not_found" and told.searched:
        yield f"searched: {told.searched[0]}"
    if told.state in ("not_found", "not_checked") and told.leads:
        first = told.leads[0]
        more = f" and {len(told.leads) - 1} more" if len(told.leads) > 1 else ""
        yield f"{first.citation and 'lead: '}{first.citation or first.note or first.url}{more}"


def _note_layer(reason: Reason) -> str:
    """Return in a few words that one kind of text is stricter than another."""
    told = reason.values
    if reason.code == "guidance":
        return f"{told['binding']} asks for more ({told['value']})"
    return f"{told['binding']} stricter than {told['other_binding']} ({told['other']})"


def _note_side(question: Question, stricter: Stricter) -> list[str]:
    """Return which side is stricter; of a question whose values are not ranked it is not said that they are not."""
    is_ranked = any(choice.strictness is not None for choice in question.values)
    return [SIDES[stricter]] if stricter in SIDES and (is_ranked or stricter != "not_comparable") else []


def _note_limits(told: Status) -> Iterator[str]:
    """Yield which limits the answers shown have, and how many more there are for parts of what is asked."""
    first = told.leading[0] if told.leading else None
    if told.state == "limited" and len({one.label for one in told.leading}) <= MOST_NAMED:
        yield "only for " + " / ".join(dict.fromkeys(name_scope(one.scope) for one in told.leading))
    elif told.answers and first is not None and first.scope:
        yield f"for {name_scope(first.scope)}"
    if told.answers and told.narrower:
        limits = dict.fromkeys(name for one in told.narrower for name in one.scope)
        yield f"{len(told.narrower)} more by {', '.join(limits)}"


def name_state(answers: Sequence[Answer]) -> str:
    """Return how the answers shown stand to the law's own words: the least proven of them speaks for all."""
    order = ("broken", "needs_review", "reported", "anchored", "verified")
    states = {one.state for one in answers}
    return next((state for state in order if state in states), "")


def list_answers(knowledge: sqlite3.Connection, now: str) -> Iterator[dict[str, object]]:
    """Yield what every jurisdiction answers to every question on the day of an instant, as known then."""
    wanted = Wanted(
        questions=read_codebook().questions,
        jurisdictions=list_places(knowledge),
        as_of=date.fromisoformat(now[:10]),
        known_at=now,
    )
    for cell in read_cells(knowledge, wanted):
        yield show_cell(cell)


def show_cell(cell: Cell) -> dict[str, object]:
    """Return a cell as a row of the table ``answers``."""
    told = cell.status
    first = next(iter(told.leading), None)
    shown = ("confidence", "citation", "url", "effective_from", "effective_to")
    return {
        "jurisdiction": told.jurisdiction,
        "question": told.question,
        "state": told.state,
        "value": cell.value,
        "label": cell.label,
        "notes": "; ".join(list_notes(cell)),
        "proof": name_state(told.leading),
        "answers": len(told.answers) + len(told.narrower),
        "scopes": _json([one.scope for one in told.leading]),
        **{name: "" if first is None else getattr(first, name) for name in shown},
        "stricter_than_federal": "" if cell.composition is None else STRICTER[cell.composition.stricter],
        "conflicts": len(told.conflicts),
        "fact": None if first is None else first.fact,
        "why": _json(told.why),
        "searched": _json(told.searched),
        "parts": _json(list_parts(told)),
    }


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
