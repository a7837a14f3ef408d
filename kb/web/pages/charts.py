"""Draw small figures: a row of months, and how old what we know is. Each says in words what it shows."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

import msgspec

from kb.tell.words import MONTHS, count_of

# Ages, in days, that freshness is told for.
AGES = (1, 7, 30, 90)
# Units of the drawings.
BAR, BAR_GAP, HEIGHT = 7, 3, 44
LINE_WIDTH, LINE_HEIGHT = 480, 20


class Bar(msgspec.Struct, frozen=True):
    """One bar: where it stands and how long it is; an empty one is drawn as a stub."""

    x: float
    width: float
    height: float
    empty: bool


class Sparkline(msgspec.Struct, frozen=True):
    """Counts of months as bars, the earliest first, and what they show as a sentence."""

    bars: tuple[Bar, ...]
    sentence: str
    width: int


class Ages(msgspec.Struct, frozen=True):
    """How old readings are: shares read within each of AGES, as percentages, and the bar that shows them.

    ``shares`` holds (days, documents, percentage); the bar's pieces stand for those between two ages, the last piece,
    ``older``, for those beyond the last.
    """

    total: int
    shares: tuple[tuple[int, int, str], ...]
    pieces: tuple[Bar, ...]
    older: tuple[int, str]
    sentence: str


def draw_months(counts: Mapping[str, int], today: str, months: int, noun: str) -> Sparkline:
    """Draw the counts of the last months, keyed "2024-07", this one included."""
    names = list_months(today, months)
    values = [counts.get(name, 0) for name in names]
    most = max(values, default=0)
    bars = tuple(
        Bar(n * (BAR + BAR_GAP), BAR, round(max(2, HEIGHT * value / most), 1) if value else 1, value == 0)
        for n, value in enumerate(values)
    )
    told = f"{count_of(sum(values), noun)} from {name_month(names[0])} to {name_month(names[-1])}"
    if most:
        told += f"; the most, {most:,}, in {name_month(names[values.index(most)])}"
    return Sparkline(bars, f"{told}.", months * (BAR + BAR_GAP) - BAR_GAP)


def list_months(today: str, months: int) -> list[str]:
    """Return the last months as "2024-07", the earliest first."""
    last = int(today[:4]) * 12 + int(today[5:7]) - 1
    return [f"{n // 12}-{n % 12 + 1:02}" for n in range(last - months + 1, last + 1)]


def name_month(month: str) -> str:
    """Return "2024-07" as "Jul 2024"."""
    return f"{MONTHS[int(month[5:7]) - 1]} {month[:4]}"


def draw_ages(read_on: Mapping[str, int], today: str) -> Ages:
    """Draw how many documents were last read how long ago; ``read_on`` counts them by day."""
    total = sum(read_on.values())
    since = [(date.fromisoformat(today) - timedelta(days=days)).isoformat() for days in AGES]
    within = [sum(count for day, count in read_on.items() if day >= first) for first in since]
    shares = tuple((days, count, tell_share(count, total)) for days, count in zip(AGES, within, strict=True))
    told = ", ".join(f"{share} within {count_of(days, 'day')}" for days, _, share in shares)
    beyond = total - within[-1]
    return Ages(
        total,
        shares,
        _cut_bar([0, *within, total]),
        (beyond, tell_share(beyond, total)),
        f"Of {count_of(total, 'document')}, read again: {told}.",
    )


def tell_share(count: int, total: int) -> str:
    """Return a share as a percentage that never rounds up to all nor down to nothing: "99 %", "under 1 %"."""
    if total == 0 or count == 0:
        return "0 %"
    percent = 100 * count / total
    return "under 1 %" if percent < 1 else f"{int(percent)} %"


def _cut_bar(ends: Sequence[int]) -> tuple[Bar, ...]:
    total = ends[-1] or 1
    places = [LINE_WIDTH * end / total for end in ends]
    return tuple(
        Bar(round(left, 2), round(right - left, 2), LINE_HEIGHT, right == left) for left, right in pairwise(places)
    )
