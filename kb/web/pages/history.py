"""A document's history: its versions, what each brought, and the other texts that stand beside the one shown."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from urllib.parse import urlencode

import msgspec

from kb.store.pages import WaveCount
from kb.store.queries import VersionRow
from kb.tell.words import (
    STRAND_LABELS,
    WEIGHT_LABELS,
    Weight,
    count_of,
    count_weight,
    link_diff,
    link_document,
    print_day,
    weigh,
)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One version in a document's history: what it brought, where to read it, whether it is the one shown.

    ``before_path`` leads to its redline against the version before, ``now_path`` against the one of today; "" for none.
    """

    version: VersionRow
    brought: tuple[str, ...]
    changes_path: str
    text_path: str
    before_path: str
    now_path: str
    is_shown: bool
    is_rule: bool


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Another text of the same document: a twin with other dates, another strand, or another source's copy.

    ``agrees`` tells of another source's copy whether it has the same words; None where the law itself has other words.
    """

    label: str
    validity: str
    path: str
    diff_path: str
    agrees: bool | None


def list_steps(
    rows: Sequence[VersionRow], counts: Iterable[WaveCount], shown: VersionRow, now: VersionRow | None
) -> list[Step]:
    """Return the versions of the strand shown, the latest first, each with the changes its wave brought."""
    brought: dict[str, dict[Weight, int]] = {}
    seen: dict[str, str] = {}
    for one in counts:
        if (one.source, one.strand) == (shown.source, shown.strand):
            weights = brought.setdefault(one.wave_at, {})
            weights[weigh(one)] = weights.get(weigh(one), 0) + one.count
            seen[one.wave_at] = one.observed_at[:10]
    own = [row for row in rows if (row.source, row.strand) == (shown.source, shown.strand)]
    steps = []
    for row, before in zip(own, [None, *own], strict=False):
        step = _make_step(row, brought.get(row.wave_at, {}), seen.get(row.wave_at, ""))
        paths = {"before_path": _link_pair(before, row), "now_path": _link_pair(row, now)}
        steps.append(msgspec.structs.replace(step, **paths, is_shown=row.version == shown.version))
    return steps[::-1]


def _make_step(row: VersionRow, weights: Mapping[Weight, int], seen: str) -> Step:
    query = {"document": row.document, "nature": "any", "part": "any", "since": seen, "until": seen}
    return Step(
        version=row,
        brought=tuple(count_weight(weight, weights[weight]) for weight in WEIGHT_LABELS if weight in weights),
        changes_path=f"/changes?{urlencode(query)}" if seen else "",
        text_path=_link_text(row),
        before_path="",
        now_path="",
        is_shown=False,
        is_rule="rule" in weights,
    )


def _link_pair(old: VersionRow | None, new: VersionRow | None) -> str:
    """Return the path of the redline of two versions, "" where one is missing or both are one."""
    if old is None or new is None or old.version == new.version:
        return ""
    return link_diff(new.document, old.version, new.version)


def _link_text(row: VersionRow) -> str:
    return link_document(row.document, "", row.valid_from or row.observed_from, row.strand)


def list_beside(known: Sequence[VersionRow], shown: VersionRow, hashes: Mapping[str, str]) -> list[Beside]:
    """Return the other texts of the document that its pages show as known then; ``hashes`` are those of all texts."""
    standing = [row for row in known if row.closed_at is None and row.version != shown.version]
    return [
        Beside(
            label=_tell_beside(row, shown),
            validity=tell_validity(row),
            path=_link_text(row),
            diff_path=_link_pair(shown, row),
            agrees=hashes.get(row.version) == hashes.get(shown.version) if _is_witness(row, shown) else None,
        )
        for row in standing
    ]


def _is_witness(row: VersionRow, shown: VersionRow) -> bool:
    """Tell whether a text should say the same: another source's copy of the text shown, for the same time."""
    return row.source != shown.source and row.strand in (shown.strand, "mirror") and row.valid_from == shown.valid_from


def tell_witnesses(beside: Iterable[Beside]) -> str:
    """Say how many other places show this text and whether they agree, "" where it is read in one place only."""
    witnesses = [one for one in beside if one.agrees is not None]
    if not witnesses:
        return ""
    agree = sum(one.agrees is True for one in witnesses)
    differ = len(witnesses) - agree
    told = [words for words in (f"{agree} agree" if agree else "", f"{differ} differ" if differ else "") if words]
    return f"We read this text in {count_of(len(witnesses) + 1, 'place')}; of the others {', '.join(told)}."


def find_coming(known: Sequence[VersionRow], shown: VersionRow, as_of: date) -> VersionRow | None:
    """Return the next text of the same strand that its page already shows and that applies after a day, if any."""
    coming = [
        row
        for row in known
        if (row.source, row.strand, row.closed_at) == (shown.source, shown.strand, None)
        and row.valid_from is not None
        and row.valid_from > as_of
        and row.version != shown.version
    ]
    return min(coming, key=lambda row: (str(row.valid_from), row.version), default=None)


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
