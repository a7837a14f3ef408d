"""Say that something cannot be answered: as a short page, or to programs as problem details (RFC 9457)."""

from collections.abc import Mapping
from html import escape

import msgspec

from kb.web.answer import Answer
from kb.web.api.values import PROBLEM_TYPE, Problem

# Where answers are JSON, errors too.
API = "/api/"
PLAIN = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title} - Status Quo</title></head><body>
<h1>{title}</h1><p>{words}</p><p><a href="/">Home</a></p>
</body></html>
"""
UNPUBLISHED = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Nothing published yet - Status Quo</title></head><body>
<h1>Nothing is published yet</h1>
<p>Fill the data folder and publish it; this site shows it at once, no restart needed:</p>
<pre>kb import captures.jsonl
kb build
kb publish</pre>
<p>Or try the demonstration: <code>make demo</code>.</p>
</body></html>
"""
UNPUBLISHED_WORDS = "Nothing is published yet; run: kb import captures.jsonl, kb build, kb publish."


def refuse(path: str, status: int, title: str, words: str) -> Answer:
    """Return the answer to a request that cannot be met: JSON below /api/, else a short page."""
    if not path.startswith(API):
        return Answer(status, PLAIN.format(title=escape(title), words=escape(words)))
    problem = Problem(title=title, status=status, detail=words, instance=path)
    return Answer(status, msgspec.json.encode(problem).decode(), PROBLEM_TYPE)


def tell_unpublished(path: str) -> Answer:
    """Return the answer while nothing is published: what to run."""
    wait: Mapping[str, str] = {"retry-after": "30"}
    if path.startswith(API):
        answer = refuse(path, 503, "Nothing is published yet", UNPUBLISHED_WORDS)
        return msgspec.structs.replace(answer, headers=dict(wait))
    return Answer(503, UNPUBLISHED, headers=dict(wait))
