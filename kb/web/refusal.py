"""Say that something cannot be answered: as a short page, or to programs as problem details (RFC 9457)."""

from collections.abc import Mapping

import msgspec

from kb.web.answer import Answer
from kb.web.api.values import PROBLEM_TYPE, Problem
from kb.web.pages.frame import render_plain

# Where answers are JSON, errors too.
API = "/api/"
UNPUBLISHED = render_plain(
    503,
    "Nothing is published yet",
    "Fill the data folder and publish it; this site shows it at once, no restart needed:",
    commands=("kb import captures.jsonl", "kb build", "kb publish"),
    more="Or try the demonstration: make demo.",
)
UNPUBLISHED_WORDS = "Nothing is published yet; run: kb import captures.jsonl, kb build, kb publish."


def refuse(path: str, status: int, title: str, words: str) -> Answer:
    """Return the answer to a request that cannot be met: JSON below /api/, else a short page."""
    if not path.startswith(API):
        return render_plain(status, title, words)
    problem = Problem(title=title, status=status, detail=words, instance=path)
    return Answer(status, msgspec.json.encode(problem).decode(), PROBLEM_TYPE)


def tell_unpublished(path: str) -> Answer:
    """Return the answer while nothing is published: what to run."""
    wait: Mapping[str, str] = {"retry-after": "30"}
    if path.startswith(API):
        answer = refuse(path, 503, "Nothing is published yet", UNPUBLISHED_WORDS)
        return msgspec.structs.replace(answer, headers=dict(wait))
    return msgspec.structs.replace(UNPUBLISHED, headers=dict(wait))
