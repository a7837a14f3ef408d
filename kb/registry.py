"""Look over all declared sources together: what is wrong or doubtful in them, and which questions none can answer."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

import msgspec

from kb.declarations import load_yaml, suggest
from kb.errors import DeclarationError
from kb.jurisdictions import read_bodies
from kb.questions import Question, read_questions
from kb.share import domain_path
from kb.sources import Authority, Registered, Source
from kb.topics import read_vocabulary

Weight = Literal["error", "warning"]
# How well a question is answered, best first: a document has an address that may be crawled; only closed ones have
# it; only its citation is known; there is none.
Answered = Literal["reachable", "closed", "cited", "open"]
ANSWERED: tuple[Answered, ...] = get_args(Answered)


class Doubt(msgspec.Struct, frozen=True):
    """One thing wrong (``error``) or to be looked at (``warning``): its code, where, and what was found."""

    weight: Weight
    code: str
    where: str
    message: str


class Answer(msgspec.Struct, frozen=True):
    """How well the registered documents answer a question for a jurisdiction, and which they are."""

    jurisdiction: str
    topic: str
    question: str
    state: Answered
    documents: tuple[str, ...] = ()


class Absence(msgspec.Struct, frozen=True):
    """What a jurisdiction does not have (a role) or what is no source of it (an address), and why."""

    reason: str
    role: str = ""
    url: str = ""


class Place(msgspec.Struct, frozen=True):
    """The bodies of one jurisdiction's file, and what it says is absent."""

    jurisdiction: str
    authorities: tuple[Authority, ...] = ()
    absent: tuple[Absence, ...] = ()


class _Barred(msgspec.Struct, frozen=True):
    host: str
    reason: str


class DenyList(msgspec.Struct, frozen=True):
    """Hosts that are never official: ``denied`` ones are no evidence either, ``leads`` are evidence only."""

    denied: tuple[_Barred, ...]
    leads: tuple[_Barred, ...]

    def why_no_evidence(self, url: str) -> str:
        """Return why a page may not be evidence, "" if it may."""
        return _find_reason(self.denied, url)

    def why_no_source(self, url: str) -> str:
        """Return why a page may not be a source, "" if it may."""
        return _find_reason((*self.denied, *self.leads), url)


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which sources are meant: by jurisdiction, topic, platform and state of their crawl policy; empty: any."""

    jurisdictions: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def read_deny_list() -> DenyList:
    """Return the shipped list of hosts that are never official; raises DeclarationError if it is not valid."""
    path = domain_path("deny.yml")
    try:
        return msgspec.convert(load_yaml(path), DenyList)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{path.name}: {error}") from error


def read_places(folder: Path) -> tuple[Place, ...]:
    """Read the bodies and absences of every file of a folder whose sources are known to be valid."""
    return tuple(msgspec.convert(load_yaml(path), Place) for path in sorted(folder.glob("*.yml")))


def choose_sources(sources: Iterable[Source], selection: Selection) -> tuple[Source, ...]:
    """Return the sources of a selection; a source has a topic when it or a question it can answer has."""
    return tuple(source for source in sources if _is_selected(source, selection))


def find_doubts(sources: Sequence[Source]) -> list[Doubt]:
    """Find what is wrong or doubtful in declarations that are valid one by one: errors first, then by source."""
    found = [doubt for source in sources for doubt in _find_own(source)]
    found += _find_bad_fallbacks(sources)
    found += _find_shared(sources)
    return sorted(found, key=lambda doubt: (doubt.weight, doubt.where, doubt.code, doubt.message))


def find_missing_roles(places: Iterable[Place]) -> list[Doubt]:
    """Find the bodies that a jurisdiction should have, and neither has nor calls absent."""
    return [
        Doubt("warning", "role", place.jurisdiction, f"no authority is {' or '.join(roles)}, and none is called absent")
        for place in places
        for roles in read_bodies()
        if not set(roles) & {role for body in place.authorities for role in body.roles}
        and not set(roles) & {absence.role for absence in place.absent}
    ]


def list_answers(sources: Iterable[Source], jurisdictions: Iterable[str]) -> list[Answer]:
    """Tell for each jurisdiction and each question asked of it how well the registered documents answer it."""
    places = tuple(jurisdictions)
    found: defaultdict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    for asked, told in _list_told(sources, places):
        found[asked].append(told)
    return [
        _make_answer(place, question, sorted(found.get((place, question.id), [])))
        for place in places
        for question in read_questions()
        if question.concerns(place)
    ]


def _list_told(sources: Iterable[Source], places: Sequence[str]) -> Iterator[tuple[tuple[str, str], tuple[int, str]]]:
    """List which jurisdiction's question each document answers, how well, and its name."""
    for source, document in ((one, entry) for one in sources for entry in one.documents):
        told = (ANSWERED.index(_judge_document(source, document)), document.citation or document.title)
        for asked in product(_list_covered(source, document, places), document.questions):
            yield asked, told


def _make_answer(place: str, question: Question, told: Sequence[tuple[int, str]]) -> Answer:
    state = ANSWERED[told[0][0]] if told else "open"
    return Answer(place, question.topic, question.id, state, tuple(dict.fromkeys(name for _, name in told)))


def count_addresses(sources: Iterable[Source]) -> Counter[str]:
    """Count the documents registered, and by whether their address was ever seen to answer: seen unseen none."""
    documents = [document for source in sources for document in source.documents]
    return Counter(document.resolved if document.url else "none" for document in documents)


def _find_reason(barred: Iterable[_Barred], url: str) -> str:
    host = urlsplit(url).hostname or ""
    return next((entry.reason for entry in barred if host == entry.host or host.endswith(f".{entry.host}")), "")


def _is_selected(source: Source, selection: Selection) -> bool:
    known = _topics()
    topics = {*source.topics, *(known[name] for entry in source.documents for name in entry.questions)}
    return (
        (not selection.jurisdictions or source.jurisdiction in selection.jurisdictions)
        and (not selection.platforms or source.platform in selection.platforms)
        and (not selection.policies or source.crawl_policy.state in selection.policies)
        and (not selection.topics or bool(topics & set(selection.topics)))
    )


def _topics() -> defaultdict[str, str]:
    return defaultdict(str, {question.id: question.topic for question in read_questions()})


def _find_own(source: Source) -> Iterator[Doubt]:
    """Find what one source shows by itself."""
    yield from _find_unknown(source)
    barred = read_deny_list()
    for url in (*source.urls, *source.start):
        if reason := barred.why_no_source(url):
            yield Doubt("error", "barred", source.id, f"{url} is never a source ({reason})")
    for page in (*source.evidence, *(page for entry in source.documents for page in entry.evidence)):
        if reason := barred.why_no_evidence(page["url"]):
            yield Doubt("error", "barred", source.id, f"{page['url']} is no evidence ({reason})")
    if source.crawl_policy.state != "open" and not source.fallback:
        yield Doubt("warning", "closed", source.id, f"{source.crawl_policy.state}, and no fallback is named")


def _find_unknown(source: Source) -> Iterator[Doubt]:
    questions = {question.id for question in read_questions()}
    vocabulary = read_vocabulary()
    named = (
        ("question", questions, [name for entry in source.documents for name in entry.questions]),
        ("topic", {entry.id for entry in vocabulary.topics}, source.topics),
        ("profession", {entry.id for entry in vocabulary.professions}, source.professions),
    )
    for word, known, names in named:
        for name in dict.fromkeys(name for name in names if name not in known):
            yield Doubt("error", "unknown", source.id, f"unknown {word} {name!r}{suggest(name, known)}")


def _find_bad_fallbacks(sources: Sequence[Source]) -> Iterator[Doubt]:
    known = {source.id: source for source in sources}
    for source in sources:
        if not source.fallback:
            continue
        if source.fallback not in known:
            message = f"unknown fallback {source.fallback!r}{suggest(source.fallback, known)}"
            yield Doubt("error", "fallback", source.id, message)
        elif known[source.fallback].crawl_policy.state != "open":
            yield Doubt("warning", "fallback", source.id, f"its fallback {source.fallback} is not open either")


def _find_shared(sources: Sequence[Source]) -> Iterator[Doubt]:
    """Find pages named by one source that another claims as well; only sources of one host can."""
    by_host: defaultdict[str, list[Source]] = defaultdict(list)
    for source in sources:
        for host in source.hosts:
            by_host[host].append(source)
    for source in sources:
        for url in dict.fromkeys((*source.urls, *source.start)):
            others = [one.id for one in by_host[urlsplit(url).hostname or ""] if one is not source and one.matches(url)]
            if others:
                yield Doubt("warning", "shared", source.id, f"{url} is claimed by {' and '.join(others)} as well")


def _judge_document(source: Source, document: Registered) -> Answered:
    if not document.url:
        return "cited"
    return "reachable" if source.crawl_policy.state == "open" else "closed"


def _list_covered(source: Source, document: Registered, places: Sequence[str]) -> Sequence[str]:
    if document.covers == "all":
        return places
    return document.covers or (source.jurisdiction,)
