"""Measure what the answers cost: reading the files of facts, following the anchors, the whole matrix.

    python -m bench.answers

Builds the demonstration in a temporary folder (imported, no HTTP), with the facts that ship and its own. Each figure
is CPU time, and its ratio to a bare reference of the same run: parsing the same files with PyYAML's C loader.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import yaml

from kb.answering import derive_answers
from kb.coding import FACTS_VARIABLE, SHIPPED
from kb.demo import FACTS, DemoRequest, demo_facts, demo_sources, import_day, run_demo
from kb.matrix import Wanted, list_places, read_cells
from kb.questions import read_questions
from kb.store.knowledge import open_knowledge

# The facts as a whole may take a build so long, in seconds of CPU time.
LIMIT = 3.0
DAY = date(2026, 11, 28)
Result = TypeVar("Result")


def measure(task: Callable[[], Result]) -> tuple[float, Result]:
    """Run a task; returns its CPU time in seconds and what it returned."""
    begun = time.process_time()
    found = task()
    return time.process_time() - begun, found


def parse_bare() -> int:
    """Parse the same files with PyYAML's C loader and nothing else; returns the number of entries."""
    paths = [path for folder in (SHIPPED, FACTS) for path in sorted(folder.glob("*.yml"))]
    return sum(len(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)) for path in paths)


def main() -> int:
    """Measure everything and print a line each; returns 1 if reading and deriving together miss the limit."""
    os.environ.pop(FACTS_VARIABLE, None)
    sources = {source.id: source for source in demo_sources()}
    with TemporaryDirectory() as folder:
        data = Path(folder)
        run_demo(data, DemoRequest(collect=import_day))
        bare, entries = measure(parse_bare)
        read, facts = measure(demo_facts)
        with closing(open_knowledge(data / "kb.db")) as db:
            derive_answers(db, (), sources)
            derived, _ = measure(lambda: derive_answers(db, facts, sources))
            wanted = Wanted(
                questions=read_questions(),
                jurisdictions=list_places(db),
                as_of=DAY,
                known_at=f"{DAY}T23:59:59Z",
            )
            compared, cells = measure(lambda: list(read_cells(db, wanted)))
    print(f"{entries} entries of facts, bare YAML: {bare:.2f} s")
    print(f"read and checked: {read:.2f} s ({read / bare:.1f} x bare)")
    print(f"anchors followed and recorded: {derived:.2f} s")
    print(f"all of a build's answers: {read + derived:.2f} s (asked: under {LIMIT:g} s)")
    print(f"matrix of {len(cells)} cells: {compared:.2f} s ({1000 * compared / len(cells):.2f} ms a cell)")
    return int(read + derived >= LIMIT)


if __name__ == "__main__":
    sys.exit(main())
