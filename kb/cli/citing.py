"""What kb status --citations prints: the rules that rest on law that moved."""

import sys
from collections.abc import Mapping, Sequence

import msgspec
from rich.console import Console

from kb.answer.authority import Why
from kb.authority import describe_stale
from kb.cli.frame import say_plural
from kb.terminal import print_line

Row = Mapping[str, object]
TITLES: Mapping[Why, str] = {
    "behind": "older than the statute they cite",
    "unclear": "under a statute that changed, before or after them",
    "repealed": "to what is marked as repealed",
    "removed": "to what is gone",
    "renumbered": "to what bears another number",
}


def print_stale(console: Console, rows: Sequence[Row], *, form: str) -> None:
    """Print stale citations for a person, by why they are stale, or for programs as lines of JSON."""
    if form == "jsonl":
        for row in rows:
            sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
        return
    for why, title in TITLES.items():
        told = [row for row in rows if row["why"] == why]
        if told:
            subject = "rule" if why in ("behind", "unclear") else "citation"
            print_line(console, f"{say_plural(len(told), subject)} {title}", style="bold")
        for row in told:
            print_line(console, describe_stale(row), indent=2)
    print_line(console, f"{say_plural(len(rows), 'stale citation')} in the texts that stand.", style="bold")
