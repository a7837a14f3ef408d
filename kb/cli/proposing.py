"""How proposals are shown: to a person beside the facts there are, to programs, as entries for a file of facts."""

import sqlite3
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import click
import msgspec
import yaml
from rich.console import Console

from kb.answer.facts import Fact
from kb.cli.frame import make_console, say_plural
from kb.compare.eids import print_eid
from kb.proposing import Standing, Suggestion, list_suggestions
from kb.terminal import print_line

STANDINGS: Mapping[Standing, str] = {
    "new": "nothing is coded yet",
    "known": "coded, and anchored in this document",
    "anchors": "coded alike; these words could prove it",
    "differs": "coded otherwise",
}


def show_proposals(db: sqlite3.Connection, facts: Sequence[Fact], options: Mapping[str, Any]) -> None:
    """Write what coders propose from the texts that stand, as asked for; nothing of it is recorded."""
    found = list_suggestions(db, facts, jurisdictions=options["places"], questions=options["questions"])
    shown = islice(found, options["limit"] or None)
    if options["form"] == "jsonl":
        for one in shown:
            sys.stdout.buffer.write(msgspec.json.encode(one) + b"\n")
    elif options["form"] == "yaml":
        for one in shown:
            entry = yaml.safe_dump([one.write_entry()], sort_keys=False, allow_unicode=True, width=118)
            click.echo(f"# {one.jurisdiction}: {STANDINGS[one.standing]}\n{entry}", nl=False)
    else:
        _print_all(make_console(), list(shown))


def _print_all(console: Console, shown: Sequence[Suggestion]) -> None:
    if not shown:
        print_line(console, "Nothing is proposed from the texts that stand here.")
        return
    for one in shown:
        proposal = one.proposal
        print_line(console, f"{one.jurisdiction} {proposal.question}: {one.label}", style="bold")
        place = f"{one.citation} {print_eid(proposal.eid)}".strip()
        print_line(console, f"“{proposal.quote}” ({place})", indent=2)
        named = f" ({', '.join(one.facts)})" if one.facts else ""
        print_line(console, f"{proposal.reason}; confidence {proposal.confidence}", indent=2)
        print_line(console, f"{STANDINGS[one.standing]}{named}", indent=2)
    counts = Counter(one.standing for one in shown)
    told = ", ".join(f"{counts[name]} {words}" for name, words in STANDINGS.items() if counts[name])
    console.print()
    print_line(console, f"{say_plural(len(shown), 'proposal')}: {told}. Proposals are never published; a person codes.")
