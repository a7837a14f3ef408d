"""Score noisy pages, whose bytes always differ: whether a change of text is told exactly where the text changed."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from kb.evaluate.corpus import CorpusLine
from kb.evaluate.figures import Figure, make_count, make_scores, make_share, prefix_figures
from kb.models import ChangeRow

# How the files of a labelled pair are named: "truepos-fees-a.html", "truepos-fees-b.html", "falsepos-menu-a.html"
CHANGED, UNCHANGED = "truepos-", "falsepos-"
AFTER = "-b.html"


class NoisyPair(msgspec.Struct, frozen=True):
    """Two captures of a page, by the numbers in their file names, and whether people saw its text change."""

    doc: str
    a: str
    b: str
    text_changed: bool


class NoiseLimits(msgspec.Struct, frozen=True):
    """What is asked of noisy pages: at most so many false alarms, and at most so many changes of text missed."""

    false: int = 0
    missed: int = 0


def score_pairs(
    truth: Iterable[NoisyPair], lines: Sequence[CorpusLine], changes: Iterable[ChangeRow], limits: NoiseLimits
) -> tuple[list[Figure], list[str]]:
    """Return precision, recall and F1 of pairs with a change of text or heading of any nature, held to the limits."""
    sights = {line.path: (line.url, line.observed_at) for line in lines}
    told = {(change.url, change.observed_at) for change in changes if change.part in ("text", "heading")}
    rows = [(one, sights.get(f"{lines[0].set}/{_name_file(one)}") in told) for one in truth]
    flagged = [one for one, hit in rows if hit]
    changed = [one for one, _ in rows if one.text_changed]
    right = sum(one.text_changed for one in flagged)
    figures = [
        *make_scores(right, len(flagged), len(changed)),
        make_share(
            "unchanged pairs left alone", len(rows) - len(changed) - (len(flagged) - right), len(rows) - len(changed)
        ),
        make_count("false alarms", len(flagged) - right, ceiling=limits.false),
        make_count("changes of text missed", len(changed) - right, ceiling=limits.missed),
    ]
    misses = [
        f"{'false' if hit else 'missed'} change of text: {one.doc} {one.b}"
        for one, hit in rows
        if hit != one.text_changed
    ]
    return prefix_figures("noisy pages", figures), misses


def _name_file(pair: NoisyPair) -> str:
    """Return the file of a pair's later capture within its set: by number in its page's folder, or by name."""
    return f"{pair.doc}/{pair.b}.html" if pair.a else f"{pair.doc}{AFTER}"


def list_named_pairs(lines: Iterable[CorpusLine]) -> Iterator[NoisyPair]:
    """Yield the pairs whose file names say whether people saw a change of text."""
    for line in lines:
        name = (line.path or "").rpartition("/")[2]
        if name.endswith(AFTER) and name.startswith((CHANGED, UNCHANGED)):
            yield NoisyPair(name.removesuffix(AFTER), "", "later", name.startswith(CHANGED))
