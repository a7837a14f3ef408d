"""Tell which of two values is stricter on those who must obey, as far as the codebook ranks them."""

from typing import Literal

from kb.answer.facts import Value
from kb.models import Gap
from kb.questions import Question

Verdict = Literal["stricter", "laxer", "equal", "not_comparable"]
# What a law that says nothing asks for: less than any value does.
SILENCE = -1
# Who speaks without making law.
GUIDANCE = ("position_statement", "policy", "faq")


def rank_value(question: Question, value: Value | None, gap: Gap | None = None) -> int | None:
    """Return how strict a value is (higher is stricter; of several the strictest), None where it is not ranked."""
    if gap is not None:
        return SILENCE if gap == "law_silent" else None
    ranks = [question.rank(one) for one in (value if isinstance(value, tuple) else (value,))]
    known = [rank for rank in ranks if rank is not None]
    return max(known) if known and len(known) == len(ranks) else None


def compare_values(
    question: Question, one: tuple[Value | None, Gap | None], other: tuple[Value | None, Gap | None]
) -> Verdict:
    """Tell how one value (or gap) stands to another; the same is equal, whether ranked or not.

    A rule is stricter than a law's silence, ranked or not; what was not found compares with nothing.
    """
    gaps = (one[1], other[1])
    if "not_found" in gaps or "not_checked" in gaps:
        return "not_comparable"
    if one == other:
        return "equal"
    if "law_silent" in gaps:
        return "laxer" if one[1] == "law_silent" else "stricter"
    first, second = rank_value(question, one[0]), rank_value(question, other[0])
    if first is None or second is None:
        return "not_comparable"
    return "equal" if first == second else "stricter" if first > second else "laxer"
