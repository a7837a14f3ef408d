"""Tell whether a fact answers a question asked within a scope, and how closely; the most specific one wins."""

from collections.abc import Sequence

import msgspec

from kb.scopes import Scope, read_terms, widen_term

# What names a scope whatever the order it was written in.
ScopeKey = tuple[tuple[str, tuple[str, ...]], ...]


class Match(msgspec.Struct, frozen=True):
    """How a fact's scope fits the one asked about.

    ``covers``: it holds for all of what is asked; else only for a part of it (it is limited further). ``dimensions``
    counts its limits that were asked for, ``distance`` how much wider its terms are than those asked for, in steps.
    """

    covers: bool
    dimensions: int
    distance: int

    @property
    def rank(self) -> tuple[int, int]:
        """Return what orders matches: the most specific first."""
        return (-self.dimensions, self.distance)


def match_scope(own: Scope, asked: Scope) -> Match | None:
    """Return how a scope fits the one asked about, None where the two have nothing in common.

    A dimension a fact does not name is not limited; one that is not asked for makes a limited fact a partial answer.
    Of several terms asked for in a dimension all must be covered. Terms reach narrower ones (``widen_term``).
    """
    covers, dimensions, distance = True, 0, 0
    for dimension, terms in own.items():
        wanted = asked.get(dimension, ())
        if not wanted:
            covers = False
            continue
        steps = [_measure_distance(dimension, one, terms) for one in wanted]
        reached = [step for step in steps if step is not None]
        if len(reached) == len(steps):
            dimensions, distance = dimensions + 1, distance + sum(reached)
        elif reached or _lie_within(dimension, terms, wanted):
            covers = False
        else:
            return None
    return Match(covers, dimensions, distance)


def key_scope(scope: Scope) -> ScopeKey:
    """Return a scope in one spelling, for comparing and sorting."""
    return tuple(sorted((dimension, tuple(sorted(terms))) for dimension, terms in scope.items()))


def name_scope(scope: Scope) -> str:
    """Return a scope in words, "physician, dentist; prescribing", "" for one that limits nothing."""
    terms = read_terms()
    return "; ".join(
        ", ".join(terms[dimension][term].name if term in terms.get(dimension, {}) else term for term in chosen).lower()
        for dimension, chosen in scope.items()
    )


def _measure_distance(dimension: str, asked: str, terms: Sequence[str]) -> int | None:
    """Return how many steps the nearest of the terms is wider than the one asked for, None if none is."""
    wider = widen_term(dimension, asked)
    return min((wider[term] for term in terms if term in wider), default=None)


def _lie_within(dimension: str, terms: Sequence[str], wanted: Sequence[str]) -> bool:
    return any(one in widen_term(dimension, term) for term in terms for one in wanted)
