"""Score noisy pages, whose bytes always differ: whether a change of text is told exactly where the text changed."""

from collections.abc import Iterable, Sequence

import msgspec

from kb.evaluate.corpus import CorpusLine
from kb.evaluate.figures import Figure, make_scores, make_share, prefix_figures
from kb.models import ChangeRow


class NoisyPair(msgspec.Struct, frozen=True):
    """Two captures of a page, by the numbers in their file names, and whether people saw its text change."""

    doc: str
    a: str
    b: str
    text_changed: bool


def score_pairs(
    truth: Iterable[NoisyPair], lines: Sequence[CorpusLine], changes: Iterable[ChangeRow]
) -> tuple[list[Figure], list[str]]:
    """Return precision, recall and F1 of pairs with a change of text or heading of any nature (no floor)."""
    sights = {line.path: (line.url, line.observed_at) for line in lines}
    told = {(change.url, change.observed_at) for change in changes if change.part in ("text", "heading")}
    rows = [(one, sights.get(f"{lines[0].set}/{one.doc}/{one.b}.html") in told) for one in truth]
    flagged = [one for one, hit in rows if hit]
    changed = [one for one, _ in rows if one.text_changed]
    right = sum(one.text_changed for one in flagged)
    figures = [
        *make_scores(right, len(flagged), len(changed)),
        make_share(
            "unchanged pairs left alone",
            sum(not (one.text_changed or hit) for one, hit in rows),
            len(rows) - len(changed),
        ),
    ]
    misses = [
        f"{'false' if hit else 'missed'} change of text: {one.doc} {one.b}"
        for one, hit in rows
        if hit != one.text_changed
    ]
    return prefix_figures("noisy pages", figures), misses
