"""What a fact can be limited to: the terms of schemas/topics.yml for profession, drug, event and setting."""

from collections.abc import Mapping
from functools import lru_cache
from typing import get_args

import msgspec

from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.models import Dimension
from kb.share import domain_path

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)
# What an answer is limited to: terms by dimension; a dimension left out is not limited.
Scope = Mapping[str, tuple[str, ...]]


class Term(msgspec.Struct, frozen=True):
    """One term of a dimension: its id, its title, and the wider terms whose rules reach it too."""

    id: str
    title: str = ""
    within: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the words a reader sees: the title, else the id spelled out."""
        return self.title or self.id.replace("_", " ")


class _Terms(msgspec.Struct, frozen=True):
    professions: tuple[Term, ...]
    drugs: tuple[Term, ...]
    events: tuple[Term, ...]
    settings: tuple[Term, ...]


@lru_cache(maxsize=1)
def read_terms() -> Mapping[str, Mapping[str, Term]]:
    """Return the terms of each dimension by id; raises DeclarationError if schemas/topics.yml is not valid."""
    path = domain_path("topics.yml")
    try:
        known = msgspec.convert(load_yaml(path), _Terms)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{path.name}: {error}") from error
    return {name: {term.id: term for term in getattr(known, f"{name}s")} for name in DIMENSIONS}


@lru_cache(maxsize=1000)
def widen_term(dimension: str, term: str) -> Mapping[str, int]:
    """Return a term and all wider ones, each with its distance: 0 the term itself, 1 what it is within, and so on.

    A term that is not known is only itself.
    """
    terms = read_terms().get(dimension, {})
    found = {term: 0}
    reached = [term]
    while reached:
        wider = [name for known in reached if known in terms for name in terms[known].within]
        reached = [name for name in dict.fromkeys(wider) if name not in found]
        found |= dict.fromkeys(reached, max(found.values()) + 1)
    return found
