"""Measure how far two coders agree: by question the share that diverges, and Cohen's kappa.

Kappa sets agreement against what chance gives: (observed - expected) / (1 - expected), expected from how often each
coder gave each value (Cohen, A coefficient of agreement for nominal scales, 1960).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from kb.answer.facts import Fact, Value, spell_value

# With fewer pairs kappa says more about chance than about the coders.
FEWEST_PAIRS = 5
# The values of one law as two coders gave them, first and second.
Pair = tuple[str, str]


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """How often a question was coded twice, how often alike, the share that diverges, and kappa.

    ``kappa`` is None where there are too few pairs, or where both coders gave one value only: chance explains all.
    """

    question: str
    coded_twice: int
    agreeing: int
    divergence: float
    kappa: float | None


def measure_agreement(facts: Iterable[Fact]) -> list[Agreement]:
    """Measure the questions coded twice, in alphabetical order.

    Each coding counts once, also after it was reviewed or corrected: a correction does not make coders agree.
    """
    pairs: defaultdict[str, dict[str, Pair]] = defaultdict(dict)
    for fact in facts:
        if fact.second is not None:
            # "…-2" is a later review of the same coding.
            pairs[fact.question][fact.id.partition("-")[0]] = (
                _spell(fact.value if fact.gap is None else fact.gap),
                _spell(fact.second.value),
            )
    return [_measure(question, list(pairs[question].values())) for question in sorted(pairs)]


def find_kappa(pairs: Sequence[Pair]) -> float | None:
    """Return Cohen's kappa, None for too few pairs or where chance alone would make the coders agree."""
    count = len(pairs)
    if count < FEWEST_PAIRS:
        return None
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    # Whole numbers until the end: where both gave one value only, the difference is zero, not nearly so.
    expected = sum(firsts[value] * seconds[value] for value in firsts)
    observed = sum(first == second for first, second in pairs) * count
    return None if expected == count * count else (observed - expected) / (count * count - expected)


def _measure(question: str, pairs: Sequence[Pair]) -> Agreement:
    agreeing = sum(first == second for first, second in pairs)
    return Agreement(
        question=question,
        coded_twice=len(pairs),
        agreeing=agreeing,
        divergence=1 - agreeing / len(pairs),
        kappa=find_kappa(pairs),
    )


def _spell(value: Value | None) -> str:
    """Spell a value so that the order of several does not matter."""
    return spell_value(tuple(sorted(value)) if isinstance(value, tuple) else value)
