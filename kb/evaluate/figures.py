"""What a measurement yields: named figures with the limits they are held to."""

from collections.abc import Sequence

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One measured value: ``basis`` says of how many ("270 of 272"), ``floor`` and ``ceiling`` what is asked of it.

    Shares run from 0 to 1, counts are whole. ``passed`` is True where nothing is asked; ``cases`` is what a share is
    of, 0 for anything else.
    """

    label: str
    value: float
    basis: str = ""
    floor: float | None = None
    ceiling: float | None = None
    passed: bool = True
    cases: int = 0


class SetResult(msgspec.Struct, frozen=True):
    """What was measured on one set: its figures, remarks on how, and every miss as a sentence.

    ``found`` is False for a set that is not in the corpus; such a set is never passed.
    """

    name: str
    found: bool
    figures: tuple[Figure, ...] = ()
    remarks: tuple[str, ...] = ()
    misses: tuple[str, ...] = ()
    passed: bool = False


def make_count(label: str, value: int, *, ceiling: int | None = None, floor: int | None = None) -> Figure:
    """Return a whole number, held to its limits."""
    passed = (ceiling is None or value <= ceiling) and (floor is None or value >= floor)
    return Figure(label, value, "", floor, ceiling, passed)


def make_share(label: str, part: int, whole: int, *, floor: float | None = None) -> Figure:
    """Return part / whole, held to its floor; nothing of nothing is 0, so that an empty measurement never passes."""
    value = part / max(1, whole)
    return Figure(label, value, f"{part} of {whole}", floor, None, floor is None or value >= floor, whole)


def make_mean(label: str, values: Sequence[float], *, floor: float | None = None) -> Figure:
    """Return the mean of the values of pages, held to its floor; that of no pages is 0."""
    value = sum(values) / max(1, len(values))
    return Figure(label, value, f"mean of {len(values)}", floor, None, floor is None or value >= floor)


def make_scores(right: int, said: int, true: int, *, floors: tuple[float, float] | None = None) -> list[Figure]:
    """Return precision (right / said), recall (right / true) and F1, their harmonic mean.

    ``floors`` are those of precision and recall.
    """
    precision_floor, recall_floor = floors if floors is not None else (None, None)
    return [
        make_share("precision", right, said, floor=precision_floor),
        make_share("recall", right, true, floor=recall_floor),
        Figure("F1", 2 * right / max(1, said + true)),
    ]


def prefix_figures(prefix: str, figures: list[Figure]) -> list[Figure]:
    """Return the figures with their labels set under a heading ("page: precision")."""
    return [msgspec.structs.replace(figure, label=f"{prefix}: {figure.label}") for figure in figures]


def make_result(
    name: str, figures: list[Figure], *, remarks: list[str] | None = None, misses: list[str] | None = None
) -> SetResult:
    """Return the result of a set that is there; it passes when all its figures do."""
    passed = all(figure.passed for figure in figures)
    return SetResult(name, True, tuple(figures), tuple(remarks or ()), tuple(misses or ()), passed)
