"""Tell incidents: one for each source and cause, for as long as any of its pages is in that trouble.

Causes and what to do about them are data (schemas/incidents.yml). An incident opens with the first page in trouble and
closes by itself in the wave in which the last one answers well again. What is told of a wave depends on it and on
earlier ones only.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal

import msgspec

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.models import Judged, OpenIncident, Problem, Sighting, Trouble, Wave
from kb.share import share_path

CauseState = Literal["failing", "blocked", "suspect"]
# Outcomes of a fetch that say nothing against the page; what is missing is judged by the build.
JUDGED_OUTCOMES = ("ok", "not_modified", "missing", "redirected")
# Statuses from here on say that there is no page.
FIRST_FAILURE = 400
OTHER = "other"
DISTRUST = "suspect"
Answers = Mapping[str, Trouble | None]


class Cause(msgspec.Struct, frozen=True):
    """A cause as declared: its id, title, the health it gives a source, the codes that mean it, what to do."""

    id: str
    title: str
    state: CauseState
    codes: tuple[str, ...]
    advice: str


class Causes(msgspec.Struct, frozen=True):
    """The declared causes in their order, and codes of problems that are no incident."""

    causes: tuple[Cause, ...]
    notes: tuple[str, ...]


@lru_cache(maxsize=1)
def read_causes() -> Causes:
    """Return the shipped causes; raises DeclarationError if schemas/incidents.yml is not valid."""
    path = share_path("schemas", "incidents.yml")
    try:
        return msgspec.convert(load_yaml(path), Causes)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{path.name}: {error}") from error


@lru_cache(maxsize=1)
def _map_codes() -> dict[str, str]:
    return {code: cause.id for cause in read_causes().causes for code in cause.codes}


@lru_cache(maxsize=1)
def map_causes() -> dict[str, Cause]:
    """Return the declared causes by id."""
    return {cause.id: cause for cause in read_causes().causes}


def find_cause(code: str) -> Cause:
    """Return the cause that a code means ("dns", "status 503", "shrunk"); one that nobody declared is ``other``."""
    hundred = f"{code[:-2]}xx" if code.startswith("status ") else ""
    codes = _map_codes()
    return map_causes()[codes.get(code, codes.get(hundred, OTHER))]


def name_code(error: str, status: int, outcome: str) -> str:
    """Return the code of a failed fetch: that of its error, else its status, else its outcome."""
    code = error.partition(":")[0]
    if code in _map_codes() or (code and not code.startswith("status ") and ":" in error):
        return code
    return f"status {status}" if status >= FIRST_FAILURE else code or outcome


def find_answers(
    wave: Wave, errors: Mapping[tuple[str, str], str], judged: Iterable[Judged], problems: Iterable[Problem]
) -> dict[str, Trouble | None]:
    """Return what a wave says of each page: the trouble it is in, None where its last answer is a good one.

    ``errors`` holds what was said of failed fetches by (URL, instant).
    """
    verdicts = {(one.url, one.observed_at): one for one in judged}
    flaws: dict[tuple[str, str], Problem] = {}
    for problem in problems:
        if problem.code not in read_causes().notes:
            flaws.setdefault((problem.url, problem.observed_at), problem)
    answers: dict[str, Trouble | None] = {}
    for fetch in wave.fetches:
        key = (fetch.url, fetch.observed_at)
        if fetch.outcome not in JUDGED_OUTCOMES:
            error = errors.get(key, "")
            cause = find_cause(name_code(error, fetch.status, fetch.outcome)).id
            message = error or f"{fetch.outcome}, status {fetch.status}"
            answers[fetch.url] = Trouble(cause, fetch.url, message, fetch.observed_at)
        else:
            answers[fetch.url] = _find_distrust(verdicts.get(key), flaws.get(key))
    return answers


def _find_distrust(verdict: Judged | None, flaw: Problem | None) -> Trouble | None:
    if flaw is not None:
        message = flaw.message if find_cause(flaw.code).id != OTHER else f"{flaw.code}: {flaw.message}"
        return Trouble(find_cause(flaw.code).id, flaw.url, message, flaw.observed_at)
    if verdict is None or verdict.verdict != "suspect":
        return None
    return Trouble(find_cause(DISTRUST).id, verdict.url, "; ".join(verdict.reasons), verdict.observed_at)


def follow_incidents(
    wave: Wave, before: Mapping[str, OpenIncident], answers: Answers
) -> tuple[list[Sighting], dict[str, OpenIncident]]:
    """Follow the incidents of a source through one wave; ``before`` holds those that lasted until it, by cause.

    Returns what the wave says of each incident it touches, and the incidents that last after it. A page that the wave
    did not ask for stays in its trouble.
    """
    troubled: dict[str, list[Trouble]] = {}
    for url in sorted(answers):
        trouble = _keep_cause(answers[url], before)
        if trouble is not None:
            troubled.setdefault(trouble.cause, []).append(trouble)
    sightings, after = [], {}
    for cause in sorted({*before, *troubled}):
        seen, old = troubled.get(cause, []), before.get(cause)
        left = {url for url in old.urls if url not in answers} if old is not None else set()
        urls = tuple(sorted(left | {trouble.url for trouble in seen}))
        opened_at = old.opened_at if old is not None else min(trouble.at for trouble in seen)
        if urls:
            after[cause] = OpenIncident(opened_at, urls)
        if seen or not urls:
            told = _tell_open(seen) if seen else _tell_end(old.urls if old is not None else (), wave)
            counted = {"pages": len(urls), "asked": len(answers)}
            facts = {"source": wave.source, "cause": cause, "opened_at": opened_at, "wave_at": wave.at}
            sightings.append(msgspec.convert({**facts, **counted, **told}, Sighting))
    return sightings, after


def _keep_cause(trouble: Trouble | None, before: Mapping[str, OpenIncident]) -> Trouble | None:
    """Give a page whose bytes did not move the cause it was distrusted for before."""
    if trouble is None or trouble.cause != find_cause(DISTRUST).id:
        return trouble
    old = [name for name, one in before.items() if trouble.url in one.urls and map_causes()[name].state == "suspect"]
    is_repeat = trouble.message.startswith("not modified")
    return msgspec.structs.replace(trouble, cause=old[0]) if old and is_repeat else trouble


def _tell_open(seen: Iterable[Trouble]) -> dict[str, str]:
    first, *others = sorted(seen, key=lambda trouble: (trouble.at, trouble.url))
    last = max([first, *others], key=lambda trouble: trouble.at)
    return {"state": "open", "at": last.at, "url": first.url, "message": first.message}


def _tell_end(urls: Iterable[str], wave: Wave) -> dict[str, str]:
    good = [fetch for fetch in wave.fetches if fetch.url in set(urls)]
    last = max(good, key=lambda fetch: (fetch.observed_at, fetch.url))
    return {"state": "closed", "at": last.observed_at, "url": last.url, "message": f"{last.outcome}, {last.status}"}
