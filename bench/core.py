"""Measure speed, memory and size of the core, each in a process of its own, and show them beside their targets.

Run with `make bench`; `--markdown` prints the table as docs/methods.md holds it. Measuring informs, it judges nothing:
the exit code is 0 whatever is measured.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.tables import format_markdown, format_table

MEGABYTE = 1_000_000
CORPUS = Path(".corpus/captures.jsonl")
PAGES = {
    "statutes": "generated 20 KB pages, hardly any markup",
    "marked": "generated 20 KB pages, a third markup",
    "dc": "recorded pages (dc)",
    "dc-bare": "recorded pages (dc), nothing declared",
    "title": "generated 4 MB title page",
    "": "generated text",
}
COLUMNS = ("what", "pages", "measured", "times bare lxml", "peak MB", "target", "ok")


class Limit(NamedTuple):
    """What is asked of a measurement: which of its values ("times", "rate", "peak", "ms"), the bound, and its sense."""

    value: str
    bound: float
    at_most: bool = True


class Task(NamedTuple):
    """One row: its words, the task and pages of bench.tasks that measure it, its target."""

    label: str
    name: str
    pages: str = ""
    limit: Limit | None = None


class Row(NamedTuple):
    """One row of the table, as printed."""

    label: str
    pages: str
    measured: str
    times: str
    peak: str
    target: str
    passed: str


TASKS = (
    Task("read text and tree", "tree", "statutes", Limit("times", 5)),
    Task("read text and tree", "tree", "marked", Limit("times", 5)),
    Task("read text and tree", "tree", "dc", Limit("times", 2.5)),
    Task("read text and tree", "tree", "dc-bare"),
    Task("read with citations, notes and dates", "read", "statutes", Limit("times", 14)),
    Task("read with citations, notes and dates", "read", "marked", Limit("times", 14)),
    Task("read with citations, notes and dates", "read", "dc"),
    Task("compare with an edited text", "compare", "statutes"),
    Task("compare with an edited text", "compare", "dc"),
    Task("import", "import", "statutes"),
    Task("import", "import", "dc"),
    Task("build new pages", "new", "statutes", Limit("rate", 450, at_most=False)),
    Task("build new pages", "new", "marked", Limit("rate", 450, at_most=False)),
    Task("build new pages", "new", "dc"),
    Task("build unchanged pages (same bytes)", "same", "statutes", Limit("rate", 3000, at_most=False)),
    Task("build unchanged pages (same text, other bytes)", "restamped", "statutes"),
    Task("build edited pages", "edited", "statutes"),
    Task("build one page of 2,000 sections", "once", "title", Limit("peak", 300)),
    Task("redline of 394 KB, one sentence edited", "sentence", "", Limit("ms", 25)),
    Task("redline of 189,000 tokens, 30 % of sections edited", "sections", "", Limit("ms", 400)),
)


def main(arguments: Sequence[str]) -> int:
    """Measure everything and print the table; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m bench.core", description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/methods.md")
    parser.add_argument("--only", metavar="TASK", help="measure only the rows of one task, such as 'tree'")
    options = parser.parse_args(arguments)
    tasks = [task for task in TASKS if options.only in (None, task.name)]
    if not CORPUS.is_file():
        print(f"{CORPUS}: no recorded pages there, rows that need them are left out", file=sys.stderr)
        tasks = [task for task in tasks if not task.pages.startswith("dc")]
    rows = list(_measure_rows(tasks))
    print("\n".join((format_markdown if options.markdown else format_table)(COLUMNS, rows)))
    return 0


def _measure_rows(tasks: Sequence[Task]) -> Iterator[Row]:
    for task in tasks:
        print(f"measuring: {task.label}, {PAGES[task.pages]}", file=sys.stderr)
        cost = run_task(task)
        yield make_row(task, cost)
        if task.name == "import":
            share = cost["stored_bytes"] / cost["raw_bytes"]
            yield Row("archive bytes per raw byte", PAGES[task.pages], f"{share:.3f}", "", "", "", "")


def run_task(task: Task) -> dict[str, float]:
    """Measure one row in a new process; returns its cost in seconds and bytes."""
    command = [sys.executable, "-m", "bench.tasks", task.name, *([task.pages] if task.pages else [])]
    found = subprocess.run(command, check=True, capture_output=True, text=True)
    cost: dict[str, float] = json.loads(found.stdout)
    return cost


def make_row(task: Task, cost: dict[str, float]) -> Row:
    """Return a cost as it is printed, beside the task's target."""
    values = {
        "rate": cost["pages"] / cost["seconds"],
        "ms": cost["seconds"] * 1000,
        "peak": cost["peak_bytes"] / MEGABYTE,
        "times": cost["seconds"] / cost["bare_seconds"] if cost["bare_seconds"] else 0.0,
    }
    many = cost["pages"] > 1
    return Row(
        task.label,
        PAGES[task.pages],
        f"{values['rate']:,.0f} pages per CPU-second" if many else f"{values['ms']:,.1f} ms",
        f"{values['times']:.1f}" if values["times"] else "",
        f"{values['peak']:.0f}",
        describe_limit(task.limit),
        judge(task.limit, values),
    )


def describe_limit(limit: Limit | None) -> str:
    """Return a target in words, "" for none."""
    if limit is None:
        return ""
    unit = {"times": "× lxml", "rate": " pages per CPU-second", "peak": " MB", "ms": " ms"}[limit.value]
    return f"{'≤' if limit.at_most else '≥'} {limit.bound:,g}{unit}"


def judge(limit: Limit | None, values: dict[str, float]) -> str:
    """Return whether a target is met: yes, no, or "" where there is none."""
    if limit is None:
        return ""
    found = values[limit.value]
    return "yes" if (found <= limit.bound if limit.at_most else found >= limit.bound) else "no"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
