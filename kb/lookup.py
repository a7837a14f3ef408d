"""Find the documents a person means: by citation in any known form, document id, address or version id."""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote, urldefrag

import msgspec
from rapidfuzz import process

from kb.errors import NotFoundError, StatusQuoError
from kb.read.citations import HOMES, parse_citation
from kb.store.queries import (
    Named,
    find_named,
    find_numbered,
    find_standing,
    find_version_row,
    list_named,
    list_urls,
)

# "48-902.08(a)(1)" -> "(a)(1)"
STEPS = re.compile(r"(?:\s*\([^()\s]+\))+\s*$")
# "(a)(1)" -> "a", "1"
STEP = re.compile(r"\(([^()\s]+)\)")
# "3f2a9c0d1e4b5a67"
VERSION_ID = re.compile(r"[0-9a-f]{16}")
# "https://rules.example.gov/", "http://"
WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
# "us-tx/" of "us-tx/code/1-2": what is meant stands in the same jurisdiction
HOME = re.compile(r"[a-z]{2}(-[a-z]{2})?/")
# "902" of "48-902.8a": the longest one is likely to be as it was meant
DIGITS = re.compile(r"\d+")
# What may stand behind an address and names the same page.
PAGE_ENDINGS = ("", "/")
MOST_SUGGESTIONS = 5
# Below this likeness (of 100) a suggestion would not be what was meant.
LEAST_LIKE = 60
# What an address may hold unescaped.
URL_SIGNS = ":/?&=#"


class AmbiguousCitationError(StatusQuoError):
    """Raised when several documents answer to what was asked; the message names them."""


class Target(msgspec.Struct, frozen=True):
    """What was found: a document, the provision asked for ("" for all of it) and the URL it was asked by, if any."""

    document: str
    citation: str
    eid: str = ""
    url: str = ""


def find_targets(db: sqlite3.Connection, asked: str) -> list[Target]:
    """Find the documents named by a citation, a document id (``us-xx/code/1-2#a__1``), a URL or a version id.

    A URL may name many documents, anything else one. Raises NotFoundError with the nearest names there are, and
    AmbiguousCitationError naming the documents that fit.
    """
    found = match_targets(db, asked)
    if found:
        return found
    text = asked.strip()
    if WEB_ADDRESS.match(text):
        nearest = _list_nearest(text, list_urls(db))
        raise NotFoundError(f"{text}: no document we hold stands or stood there{nearest}")
    name = text.removeprefix("/d/").partition("#")[0]
    raise NotFoundError(f"{asked!r} is no citation, document or version we hold{_suggest(db, name)}")


def match_targets(db: sqlite3.Connection, asked: str) -> list[Target]:
    """Find the documents named as ``find_targets`` does, but return nothing where none fits, which costs nothing."""
    text = asked.strip()
    if WEB_ADDRESS.match(text):
        return [Target(one.document, one.citation, url=text) for one in find_standing(db, spell_url(text))]
    row = find_version_row(db, text) if VERSION_ID.fullmatch(text) else None
    if row is not None:
        return [Target(row.document, row.citation)]
    name, _, eid = text.removeprefix("/d/").partition("#")
    steps = STEPS.search(name)
    whole = find_named(db, name)
    found = whole or _find_cited(db, name[: steps.start()] if steps else name)
    if not found:
        return []
    one = _choose_one(asked, found)
    path = STEP.findall(steps[0]) if steps and not whole else []
    return [Target(one.document, one.citation, eid or "__".join(path))]


def find_target(db: sqlite3.Connection, asked: str) -> Target:
    """Find the one document named; raises what ``find_targets`` raises, and for a page that holds several."""
    targets = find_targets(db, asked)
    return targets[0] if len(targets) == 1 else _refuse_many(asked, targets)


def _refuse_many(asked: str, targets: Sequence[Named | Target]) -> Target:
    names = [f"  {one.citation} ({one.document})" for one in targets[:MOST_SUGGESTIONS]]
    more = [f"  and {len(targets) - MOST_SUGGESTIONS} more"] if len(targets) > MOST_SUGGESTIONS else []
    title = f"{asked!r} names {len(targets)} documents; give the id of one:"
    raise AmbiguousCitationError("\n".join([title, *names, *more]))


def _choose_one(asked: str, found: Sequence[Named]) -> Target:
    if len({one.document for one in found}) > 1:
        return _refuse_many(asked, found)
    return Target(found[0].document, found[0].citation)


def spell_url(url: str) -> list[str]:
    """Return the spellings of an address that name the same page: escaped or not, with or without a last slash."""
    plain = urldefrag(url).url.rstrip("/")
    forms = (plain, unquote(plain), quote(unquote(plain), safe=URL_SIGNS))
    spelled = {form + end for form in forms for end in PAGE_ENDINGS}
    return sorted({other for form in spelled for other in (form, _swap_scheme(form))})


def _swap_scheme(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{'http' if scheme.lower() == 'https' else 'https'}{mark}{rest}"


def _find_cited(db: sqlite3.Connection, words: str) -> list[Named]:
    """Find what a citation in any known form names: "D.C. Official Code § 1-2" as well as "1-2"."""
    named = find_named(db, words)
    work, number, _ = parse_citation(words)
    if named or not number:
        return named
    number = number.replace("–", "-").replace("‑", "-")
    found = find_numbered(db, {number, number.partition("-")[2] or number} if work else {number})
    home = HOMES.get(work, "")
    return [one for one in found if one.document.startswith(f"{home}/")] if home else found


def _suggest(db: sqlite3.Connection, name: str) -> str:
    if not any(sign.isdigit() for sign in name) and "/" not in name:
        return ""  # words, not a citation: comparing them with every name takes long and finds nothing meant
    home = HOME.match(name.lower())
    digits = max(DIGITS.findall(name), key=len, default="")
    near = (list_named(db, home[0] if home else "", part) for part in (digits, ""))
    named = next((found for found in near if found), None) or list_named(db)
    if not named:
        return ": the knowledge base holds no document yet"
    choices = {one.document: one.citation for one in named}
    by_citation = process.extract(name, choices, limit=MOST_SUGGESTIONS, score_cutoff=LEAST_LIKE)
    by_id = process.extract(name.lower(), list(choices), limit=MOST_SUGGESTIONS, score_cutoff=LEAST_LIKE)
    scores = {str(found[2]): float(found[1]) for found in by_citation}
    for found in by_id:
        scores[str(found[0])] = max(scores.get(str(found[0]), 0.0), float(found[1]))
    best = sorted(scores, key=lambda document: (-scores[document], document))[:MOST_SUGGESTIONS]
    return _list_lines([f"{choices[document]} ({document})" for document in best])


def _list_nearest(text: str, choices: Sequence[str]) -> str:
    found = process.extract(text, choices, limit=MOST_SUGGESTIONS, score_cutoff=LEAST_LIKE)
    return _list_lines([str(one[0]) for one in found])


def _list_lines(lines: Iterable[str]) -> str:
    listed = "".join(f"\n  {line}" for line in lines)
    return f"; the nearest are:{listed}" if listed else ""
