"""A citation bundle as a page to print: what is cited, the proof of the log, how to check it."""

from collections.abc import Mapping

from kb.tell.words import keep_web
from kb.web.answer import Answer
from kb.web.pages.frame import Frame, render

# What the page prints of a bundle, in this order; what a bundle does not have is left out.
PRINTED = {
    "citation": "Citation",
    "cite_as": "Cite as",
    "permalink": "Permalink",
    "answer": "Answer",
    "quote": "Words that prove it",
    "as_of": "Law of",
    "known_at": "As known on",
    "text_hash": "Hash of the text",
    "captured_at": "Captured",
    "sha256": "SHA-256 of the bytes",
    "captured_from": "Captured from",
}


def render_bundle(frame: Frame, made: Mapping[str, object], back: str, path: str) -> Answer:
    """Print a bundle; ``back`` is the path of what it cites, ``path`` that of its JSON."""
    told = [(label, str(made[name])) for name, label in PRINTED.items() if made.get(name)]
    official = keep_web(str(made["captured_from"] or made["url"]))
    return render("bundle.html", frame, made=made, told=told, official=official, back=back, path=path)
