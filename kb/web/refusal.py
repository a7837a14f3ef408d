"""Say that something cannot be answered: as a short page, or to programs as problem details (RFC 9457)."""

from collections.abc import Mapping

import msgspec

from kb.web.answer import Answer
from kb.web.api.values import PROBLEM_TYPE, Problem
from kb.web.pages.frame import render_plain

# Where answers are JSON, errors too.
API = "/api/"
JSON_ENDING = ".json"
JSON_TYPE = "application/json; charset=utf-8"
JSON_KINDS = frozenset(("application/json", "application/problem+json"))
PAGE_KINDS = frozenset(("text/html", "application/xhtml+xml"))
UNPUBLISHED = render_plain(
    503,
    "Nothing is published yet",
    "Fill the data folder and publish it; this site shows it at once, no restart needed:",
    commands=("kb import captures.jsonl", "kb build", "kb publish"),
    more="Or try the demonstration: make demo.",
)
FOREIGN = render_plain(
    503,
    "This site was upgraded",
    "Its edition was published by another version of the program. Publish it anew; this site shows it at once:",
    commands=("kb build", "kb publish"),
)
FOREIGN_WORDS = "The edition was published by another version of the program; run: kb build, kb publish."
UNPUBLISHED_WORDS = "Nothing is published yet; run: kb import captures.jsonl, kb build, kb publish."


def refuse(path: str, status: int, title: str, words: str) -> Answer:
    """Return the answer to a request that cannot be met: JSON below /api/, else a short page."""
    if not path.startswith(API):
        return render_plain(status, title, words)
    problem = Problem(title=title, status=status, detail=words, instance=path)
    return Answer(status, msgspec.json.encode(problem).decode(), PROBLEM_TYPE)


def speak(answer: Answer, path: str, accept: str) -> Answer:
    """Return an answer as it is sent: trouble as JSON to a program, which names JSON by its path or before HTML.

    Only what is never kept for others differs so: an answer with trouble is asked for anew each time.
    """
    if not answer.trouble or not (path.endswith(JSON_ENDING) or is_json_preferred(accept)):
        return answer
    title, *lines = answer.trouble
    body = {"ok": False, "error": " ".join(lines), "status": answer.status, "title": title}
    return Answer(answer.status, msgspec.json.encode(body).decode(), JSON_TYPE, answer.headers)


def is_json_preferred(accept: str) -> bool:
    """Tell whether an Accept header (RFC 9110 § 12.5.1) names JSON and no page; weights are not compared."""
    kinds = {one.partition(";")[0].strip().lower() for one in accept.split(",")}
    return bool(kinds & JSON_KINDS) and not kinds & PAGE_KINDS


def tell_unpublished(path: str, *, is_foreign: bool = False) -> Answer:
    """Return the answer while nothing is published, or nothing that this version can show: what to run."""
    wait: Mapping[str, str] = {"retry-after": "30"}
    if path.startswith(API):
        title, words = "Nothing is published yet", UNPUBLISHED_WORDS
        if is_foreign:
            title, words = "This site was upgraded", FOREIGN_WORDS
        return msgspec.structs.replace(refuse(path, 503, title, words), headers=dict(wait))
    return msgspec.structs.replace(FOREIGN if is_foreign else UNPUBLISHED, headers=dict(wait))
