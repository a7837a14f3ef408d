"""Measure how alike a quote is to what became of it, and to other law: the floors below which an anchor is gone.

    python -m bench.anchors DATA [--seed 7]

``DATA`` is a built data folder. Quotes of five to twenty-five words are drawn from texts before they were amended and
held against the amended text (``amended``), and from standing texts and held against every other provision of their
document (``other law``): one of them, and the likest. Prints the share of quotes at or above each floor, and what
became of quotes of documents that changed, as if they had been coded when first seen, with the CPU time it took.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from kb.answer.anchor import align_words, tell_words
from kb.answer.facts import Anchor, Fact
from kb.answering import follow_facts
from kb.read.canonical import fold_text
from kb.store.knowledge import open_knowledge, read_version
from kb.store.queries import ChangeFilter, list_named, read_changes, read_version_rows

FLOORS = (50, 60, 70, 75, 80, 85, 90, 95)
SHORTEST, LONGEST, QUOTES = 5, 25, 4
# A text of fewer characters ("(a) Repealed.") proves nothing.
LEAST_TEXT = 40
LEAST_QUOTE = 20


def draw_quotes(text: str, draw: random.Random) -> Iterator[str]:
    """Yield runs of words of a text that are long enough to prove something."""
    words = text.split()
    for _ in range(QUOTES):
        count = min(draw.randint(SHORTEST, LONGEST), len(words))
        start = draw.randrange(len(words) - count + 1)
        quote = " ".join(words[start : start + count])
        if len(quote) >= LEAST_QUOTE:
            yield quote


def measure_likeness(quote: str, text: str) -> float:
    """Return the likeness of a quote to the stretch of a text most like it, of 100."""
    found = align_words(quote, text, 0.1)
    return 0.0 if found is None else found[2]


def measure_amended(data: Path, nature: str, draw: random.Random) -> list[float]:
    """Return the likeness of quotes that an amendment touched to the amended text."""
    likeness = []
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        for change in read_changes(db, ChangeFilter(kinds=("amended",), parts=("text",))):
            old, new = fold_text(change.old_text), fold_text(change.new_text)
            if change.nature == nature and len(old) >= LEAST_TEXT:
                likeness += [measure_likeness(quote, new) for quote in draw_quotes(old, draw) if quote not in new]
    return likeness


def measure_other_law(data: Path, draw: random.Random) -> tuple[list[float], list[float]]:
    """Return the likeness of quotes to one other provision of their document, and to the likest of them."""
    one, likest = [], []
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        for named in list_named(db):
            row = next((row for row in read_version_rows(db, named.document) if row.closed_at is None), None)
            texts = (
                []
                if row is None
                else _list_texts(tell_words(part) for part in read_version(db, row.version).provisions)
            )
            for quote, others in _draw_pairs(texts, draw):
                one.append(measure_likeness(quote, draw.choice(others)))
                likest.append(max(measure_likeness(quote, other) for other in others))
    return one, likest


def _list_texts(words: Iterator[str]) -> list[str]:
    return [text for text in map(fold_text, words) if len(text) >= LEAST_TEXT]


def _draw_pairs(texts: Sequence[str], draw: random.Random) -> Iterator[tuple[str, list[str]]]:
    if len(texts) < 3:
        return
    own = draw.choice(texts)
    for quote in draw_quotes(own, draw):
        others = [text for text in texts if text is not own and quote not in text]
        if others:
            yield quote, others


def list_coded(data: Path, draw: random.Random) -> list[Fact]:
    """Return facts with a quote of the first version of each document that has several, coded the day it was seen."""
    facts: list[Fact] = []
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        for named in list_named(db):
            first, *later = read_version_rows(db, named.document)
            own = [part for part in read_version(db, first.version).provisions if len(part.text) >= LEAST_TEXT]
            for part in draw.sample(own, 1 if own and later else 0):
                quote = next(draw_quotes(part.text, draw), part.text)
                anchor = Anchor(named.document, part.eid, quote)
                facts.append(_make_fact(f"{len(facts):05}", anchor, first.wave_at[:10]))
    return facts


def _make_fact(name: str, anchor: Anchor, day: str) -> Fact:
    return Fact(
        id=name,
        jurisdiction=anchor.document.partition("/")[0],
        question="any",
        place=0,
        value=True,
        gap=None,
        anchor=anchor,
        coded_on=day,
    )


def print_following(data: Path, facts: Sequence[Fact]) -> None:
    """Follow facts through all waves; print how many end in each state, the steps taken, and the time it took."""
    with closing(open_knowledge(data / "kb.db", read_only=True)) as db:
        begun = time.process_time()
        courses = follow_facts(db, facts, {})
        taken = time.process_time() - begun
    ends = [course.steps[-1].state if course.steps else "reported" for course in courses.values()]
    causes = [step.cause for course in courses.values() for step in course.steps]
    print(f"followed {len(facts)} quotes in {taken:.1f} s: {_list_counts(ends)}; steps: {_list_counts(causes)}")


def _list_counts(told: Sequence[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in Counter(told).most_common())


def print_shares(title: str, likeness: Sequence[float]) -> None:
    """Print the share of quotes at or above each floor."""
    shares = [sum(1 for one in likeness if one >= floor) / max(1, len(likeness)) for floor in FLOORS]
    print(f"| {title} | {len(likeness)} | " + " | ".join(f"{100 * share:.1f} %" for share in shares) + " |")


def main() -> None:
    """Measure a data folder and print the table of docs/methods.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    asked = parser.parse_args()
    draw = random.Random(asked.seed)  # noqa: S311  # a sample, no secret
    print("| quotes | drawn | " + " | ".join(f"≥ {floor}" for floor in FLOORS) + " |")
    print("|---|---|" + "---|" * len(FLOORS))
    for nature in ("editorial", "substantive"):
        print_shares(f"amended, {nature}", measure_amended(asked.data, nature, draw))
    one, likest = measure_other_law(asked.data, draw)
    print_shares("other law: one other provision", one)
    print_shares("other law: the likest of the document", likest)
    print_following(asked.data, list_coded(asked.data, draw))


if __name__ == "__main__":
    main()
