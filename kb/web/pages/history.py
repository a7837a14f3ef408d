"""A document's history: its versions, what each brought, and the other texts that stand beside the one shown."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

import msgspec

from kb.store.pages import WaveCount
from kb.store.queries import VersionRow
from kb.web.pages.words import STRAND_LABELS, WEIGHT_LABELS, Weight, count_weight, link_document, print_day, weigh


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One version in a document's history: what it brought, where to read it, whether it is the one shown."""

    version: VersionRow
    brought: tuple[str, ...]
    changes_path: str
    text_path: str
    is_shown: bool
    is_rule: bool


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Another text of the same document: a twin with other dates, another strand, or another source's copy."""

    label: str
    validity: str
    path: str


def list_steps(rows: Sequence[VersionRow], counts: Iterable[WaveCount], shown: VersionRow) -> list[Step]:
    """Return the versions of the strand shown, the latest first, each with the changes its wave brought."""
    brought: dict[str, dict[Weight, int]] = {}
    seen: dict[str, str] = {}
    for one in counts:
        if (one.source, one.strand) == (shown.source, shown.strand):
            weights = brought.setdefault(one.wave_at, {})
            weights[weigh(one)] = weights.get(weigh(one), 0) + one.count
            seen[one.wave_at] = one.observed_at[:10]
    own = [row for row in rows if (row.source, row.strand) == (shown.source, shown.strand)]
    return [_make_step(row, brought.get(row.wave_at, {}), seen.get(row.wave_at, ""), shown) for row in reversed(own)]


def _make_step(row: VersionRow, weights: Mapping[Weight, int], seen: str, shown: VersionRow) -> Step:
    query = {"document": row.document, "nature": "any", "part": "any", "since": seen, "until": seen}
    return Step(
        version=row,
        brought=tuple(count_weight(weight, weights[weight]) for weight in WEIGHT_LABELS if weight in weights),
        changes_path=f"/changes?{urlencode(query)}" if seen else "",
        text_path=link_document(row.document, "", row.valid_from or row.observed_from, row.strand),
        is_shown=row.version == shown.version,
        is_rule="rule" in weights,
    )


def list_beside(known: Sequence[VersionRow], shown: VersionRow) -> list[Beside]:
    """Return the other texts of the document that its pages show as known then."""
    standing = [row for row in known if row.closed_at is None]
    return [
        Beside(
            label=_tell_beside(row, shown),
            validity=tell_validity(row),
            path=link_document(row.document, "", row.valid_from or row.observed_from, row.strand),
        )
        for row in standing
        if row.version != shown.version
    ]


def _tell_beside(row: VersionRow, shown: VersionRow) -> str:
    if (row.strand, row.source) == (shown.strand, shown.source):
        return "same text for another time"
    return STRAND_LABELS[row.strand] + (f", {row.source}" if row.source != shown.source else "")


def tell_validity(row: VersionRow) -> str:
    """Say from when and until when a text applies, and who says so."""
    start, end = print_day(row.valid_from), print_day(row.valid_to)
    if start or end:
        words = f"from {start}" if start else ""
        return f"{words} {f'until {end}' if end else ''}".strip() + ", as its page states"
    return "its page states no dates; what we say rests on when we saw it"
