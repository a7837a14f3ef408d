"""Tell what a text is about and whom it binds, by the terms and citations of schemas/topics.yml."""

import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.models import Found
from kb.read.canonical import fold_text
from kb.share import domain_path

# "21 U.S.C. § 829(a)": what is dropped before citations are compared
_LOOSE = re.compile(r"[\s§.]+")


class Entry(msgspec.Struct, frozen=True):
    """One topic or profession as declared: its id, title, terms and citations."""

    id: str
    title: str = ""
    terms: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()


class Vocabulary(msgspec.Struct, frozen=True):
    """The declared topics and professions, in their order."""

    topics: tuple[Entry, ...]
    professions: tuple[Entry, ...]


@lru_cache(maxsize=1)
def read_vocabulary() -> Vocabulary:
    """Return the shipped vocabulary; raises DeclarationError if schemas/topics.yml is not valid."""
    path = domain_path("topics.yml")
    try:
        return msgspec.convert(load_yaml(path), Vocabulary)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{path.name}: {error}") from error


def find_topics(texts: Iterable[str]) -> tuple[Found, ...]:
    """Return the topics found in any of the texts, in the order of the vocabulary, each with its first words."""
    whole = fold_text("\n".join(texts)).lower()
    dense = _LOOSE.sub("", whole)
    found = {}
    for entry in read_vocabulary().topics:
        words = next((term for term in entry.terms if _stands_in(term, whole)), None)
        cited = next((cite for cite in entry.citations if _LOOSE.sub("", cite).lower() in dense), None)
        if words is not None or cited is not None:
            found[entry.id] = Found(entry.id, words or str(cited))
    return tuple(found.values())


def find_professions(texts: Iterable[str]) -> tuple[Found, ...]:
    """Return the professions named in any of the texts, in the order of the vocabulary.

    The longest name counts: "physician assistant" does not name a physician.
    """
    whole = fold_text("\n".join(texts)).lower()
    named = [(term, entry.id) for entry in read_vocabulary().professions for term in entry.terms]
    found: dict[str, Found] = {}
    for term, profession in sorted(named, key=lambda pair: (-len(pair[0]), pair)):
        if _stands_in(term, whole):
            found.setdefault(profession, Found(profession, term))
            whole = _pattern(term).sub(" ", whole)
    return tuple(found[entry.id] for entry in read_vocabulary().professions if entry.id in found)


def _stands_in(term: str, whole: str) -> bool:
    """Tell whether a term stands in a folded lower-case text; the plain search goes first, it is far cheaper."""
    return term.replace("*", "").split(" ")[0].lower() in whole and _pattern(term).search(whole) is not None


@lru_cache(maxsize=1000)
def _pattern(term: str) -> re.Pattern[str]:
    """Return the pattern of a term: whole words, "refill*" takes any ending."""
    return re.compile(rf"\b{re.escape(fold_text(term).lower()).replace(chr(92) + '*', '[a-z]*')}\b")
