"""Write down what was measured: docs/quality.md for people, rows of the public table ``quality`` for programs."""

from collections.abc import Iterable, Sequence
from math import sqrt

import msgspec

from kb.evaluate.figures import Figure, SetResult

# Two-sided 95 % of the normal distribution.
Z95 = 1.959964
HEAD = """# Quality
What reading and comparing were measured to be worth, set by set. `make eval` measures anew and writes this page and the
table `quality` of the site; what each figure means stands in [methods](methods.md). Made by code `{code}`.

Intervals are 95 % (Wilson), for shares of counted cases: they say what chance alone allows, not what other publishers
do. A figure of under 30 cases says little. "asked" is the limit a figure is held to when a change of this project is
checked; those without one are told, not held. The sets were looked at while this was written, but not the held labels.
"""


class QualityRow(msgspec.Struct, frozen=True):
    """One row of the public table ``quality``; ``low`` and ``high`` bound a share at 95 %, None for anything else."""

    corpus: str
    measure: str
    value: float
    cases: int
    low: float | None
    high: float | None
    asked: str
    code: str


def bound_share(value: float, cases: int) -> tuple[float, float]:
    """Return the Wilson 95 % interval of a share of so many cases (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    spread = Z95 * Z95 / cases
    centre = (value + spread / 2) / (1 + spread)
    reach = Z95 / (1 + spread) * sqrt(value * (1 - value) / cases + spread / (4 * cases))
    return max(0.0, centre - reach), min(1.0, centre + reach)


def list_quality(results: Iterable[SetResult], code: str) -> list[QualityRow]:
    """Return a row for every figure of the sets that were found, in their order."""
    return [_make_row(result.name, figure, code) for result in results if result.found for figure in result.figures]


def write_quality(results: Sequence[SetResult], code: str) -> str:
    """Return docs/quality.md: a table a set, and the sets that were not there by name."""
    absent = [result.name for result in results if not result.found]
    parts = [HEAD.format(code=code)]
    parts.extend(_write_set(result) for result in results if result.found)
    if absent:
        parts.append(f"## Not measured\nNot there when this was written: {', '.join(absent)}.\n")
    return "\n".join(parts)


def _write_set(result: SetResult) -> str:
    lines = [f"## {result.name}"]
    lines.extend(f"{remark[:1].upper()}{remark[1:]}.\n" for remark in result.remarks)
    lines.extend(("| what | figure | of | 95 % | asked |", "|---|---|---|---|---|"))
    lines.extend(_write_figure(_make_row(result.name, figure, ""), figure) for figure in result.figures)
    return "\n".join(lines) + "\n"


def _write_figure(row: QualityRow, figure: Figure) -> str:
    interval = "" if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}"
    mark = "" if figure.passed else " **missed**"
    return f"| {figure.label} | {print_value(figure.value)} | {figure.basis} | {interval} | {row.asked}{mark} |"


def print_value(value: float) -> str:
    """Return a figure as it is shown: shares with four digits, counts whole."""
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def _make_row(corpus: str, figure: Figure, code: str) -> QualityRow:
    cases = figure.cases
    low, high = bound_share(figure.value, cases) if cases and 0 <= figure.value <= 1 else (None, None)
    asked = [f"≥ {figure.floor:g}"] if figure.floor is not None else []
    asked += [f"≤ {figure.ceiling:g}"] if figure.ceiling is not None else []
    return QualityRow(corpus, figure.label, figure.value, cases, low, high, ", ".join(asked), code)
