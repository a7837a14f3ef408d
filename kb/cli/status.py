"""The command status: how every source stands, what needs a person first."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.text import Text

from kb.authority import list_stale_citations
from kb.cli.citing import print_stale
from kb.cli.frame import Day, data_option, load_sources, make_console, read_clock, reading, say_plural, sources_option
from kb.compare.redline import spell_controls
from kb.health import (
    POLICY,
    STATES,
    Health,
    Outage,
    State,
    count_states,
    describe_incident,
    describe_silence,
    find_outages,
    judge_sources,
)
from kb.incidents import map_causes
from kb.sources import Source, parse_source
from kb.store.incidents import read_built_bodies
from kb.terminal import print_line

# Each state's look; its word is always printed.
STYLES: dict[State, str] = {
    "failing": "bold red",
    "blocked": "bold red",
    "suspect": "bold yellow",
    "stale": "yellow",
    "never": "dim",
    "closed": "dim",
    "fresh": "green",
}
SILENT = "silent"
# Sources of one cause that a person at a terminal is named one by one; --state lists all.
MOST_NAMED = 8


@click.command()
@sources_option
@click.option("--jurisdiction", "places", metavar="XX", multiple=True, help="Of this jurisdiction; may be given again.")
@click.option("--source", "names", metavar="ID", multiple=True, help="This source; may be given again.")
@click.option(
    "--state",
    "states",
    type=click.Choice([*STATES, SILENT]),
    multiple=True,
    help="In this state, all of them named; may be given again.",
)
@click.option("--citations", is_flag=True, help="Tell instead which rules cite law that moved since.")
@click.option("--at", "day", type=Day(), help="The day it is told for.  [default: today]")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl"]),
    default="table",
    show_default=True,
    help="For a person, or for programs.",
)
@click.option("--exit-code", is_flag=True, help="End with 1 if something needs a person.")
@data_option
@click.pass_context
def status(ctx: click.Context, /, day: date | None, data: Path, form: str, **options: Any) -> None:
    """Tell how every source stands on a day, since when, why, and what to do; what needs a person comes first.

    A source is failing, blocked, suspect, stale, never (read), closed or fresh; one that is fresh and has not moved
    for much longer than it used to is silent. With --citations, rules older than the statute they cite, and citations
    to what was repealed, removed or renumbered by that day.
    """
    on = day or date.fromisoformat(read_clock()[:10])
    if options["citations"]:
        rows = _find_stale(data, on, options)
        print_stale(make_console(), rows, form=form)
        ctx.exit(1 if options["exit_code"] and rows else 0)
    healths = _choose(_judge(data, load_sources(options["folders"]), on), options)
    if form == "jsonl":
        for health in healths:
            sys.stdout.buffer.write(msgspec.json.encode(health) + b"\n")
    else:
        console = make_console()
        print_status(console, healths, on, every=bool(options["states"] or options["names"]))
    if options["exit_code"] and any(health.is_pressing for health in healths):
        ctx.exit(1)


def _find_stale(data: Path, day: date, options: dict[str, Any]) -> list[dict[str, object]]:
    """Return the stale citations of the jurisdictions and sources asked for that are so by a day."""
    with reading(data) as db:
        rows = list(list_stale_citations(db))
    return [
        row
        for row in rows
        if str(row["since"]) <= day.isoformat()
        and (not options["places"] or row["jurisdiction"] in options["places"])
        and (not options["names"] or row["source"] in options["names"])
    ]


def print_status(console: Console, healths: Sequence[Health], day: date, *, every: bool = False) -> None:
    """Print what needs a person, then how many sources stand in each state; ``every`` names all sources asked for."""
    if not healths:
        print_line(console, "No source is declared, or none is as asked for; kb sources list names all there are.")
        return
    pressing = [health for health in healths if health.is_pressing]
    print_line(console, f"{_tell_title(healths, len(pressing))}, {day}", style="bold")
    for outage in find_outages(pressing):
        _print_outage(console, outage)
    for told in _group(pressing):
        _print_group(console, told, every=every)
    console.print()
    _print_counts(console, healths)
    _print_partial(console, healths)
    if every:
        _print_others(console, [health for health in healths if not health.is_pressing])
    if _is_unread(healths):
        print_line(console, "Nothing was ever read: kb update begins with what is due, kb import takes recordings.")


def _is_unread(healths: Sequence[Health]) -> bool:
    """Tell whether nothing was ever read, nor failed, of what is open to crawling; declared policies do not count."""
    return any(health.state == "never" for health in healths) and not any(
        health.last_checked or health.incidents for health in healths
    )


def _tell_title(healths: Sequence[Health], pressing: int) -> str:
    if pressing:
        return f"{say_plural(pressing, 'source')} of {len(healths):,} {'needs' if pressing == 1 else 'need'} you"
    return "Nothing was read yet" if _is_unread(healths) else "Nothing needs you"


def _judge(data: Path, declared: Sequence[Source], day: date) -> list[Health]:
    """Judge the sources declared, and those that kb.db was built from."""
    with ExitStack() as stack:
        knowledge = stack.enter_context(reading(data)) if (data / "kb.db").is_file() else None
        known = {source.id: source for source in declared}
        for name, body in ({} if knowledge is None else read_built_bodies(knowledge)).items():
            if name not in known:
                known[name] = parse_source(msgspec.json.decode(body), f"the declaration of {name} in kb.db")
        return judge_sources(knowledge, known.values(), day)


def _choose(healths: Iterable[Health], options: dict[str, Any]) -> list[Health]:
    chosen = []
    for health in healths:
        is_wanted = not options["places"] or health.jurisdiction in options["places"]
        is_wanted = is_wanted and (not options["names"] or health.source in options["names"])
        states = {health.state, *([SILENT] if health.silence is not None else [])}
        if is_wanted and (not options["states"] or states & set(options["states"])):
            chosen.append(health)
    return chosen


def _name_cause(health: Health) -> str:
    """Name what a source is grouped under: its cause, else that it is silent or late."""
    if health.cause:
        return map_causes()[health.cause].title if health.cause != POLICY else "Declared as not open"
    return "Silent for longer than usual" if health.silence is not None else "Not read for too long"


def _group(pressing: Iterable[Health]) -> list[list[Health]]:
    groups: dict[tuple[int, str], list[Health]] = defaultdict(list)
    for health in pressing:
        groups[STATES.index(health.state), _name_cause(health)].append(health)
    return [sorted(groups[key], key=lambda health: (health.since, health.source)) for key in sorted(groups)]


def _print_outage(console: Console, outage: Outage) -> None:
    count = say_plural(len(outage.sources), "source")
    line = f"{outage.host}: {map_causes()[outage.cause].title.lower()} since {outage.since[:10]}, {count}"
    print_line(console, f"host {line}", style="bold red")


def _print_group(console: Console, told: Sequence[Health], *, every: bool) -> None:
    first = told[0]
    word = SILENT if first.silence is not None else first.state
    console.print()
    print_line(console, f"{word}: {_name_cause(first)} ({len(told):,})", style=STYLES[first.state])
    print_line(console, f"→ {first.advice}", indent=2)
    shown = told if every else told[:MOST_NAMED]
    _print_rows(console, [_describe_row(health) for health in shown])
    if len(shown) < len(told):
        print_line(console, f"… {len(told) - len(shown):,} more: kb status --state {word}", indent=2)


def _describe_row(health: Health) -> tuple[str, str, str]:
    if health.silence is not None:
        return health.source, health.silence.since, describe_silence(health.silence).removeprefix("silent: ")
    return health.source, health.since, _tell_reason(health)


def _tell_reason(health: Health) -> str:
    """Tell why without what the group's title says already."""
    title = f"{map_causes()[health.cause].title}, " if health.cause in map_causes() else ""
    return health.reason.removeprefix(title)


def _print_rows(console: Console, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print one line for each source: id, day and why; a line that is too long for the terminal is cut with a sign."""
    widest = max((len(name) for name, _, _ in rows), default=0)
    for name, since, why in rows:
        line = Text(spell_controls(f"  {name:{widest}}  {since[:10] or 'unknown':10}  {why}"))
        console.print(line, no_wrap=True, overflow="ellipsis", crop=console.is_terminal)


def _print_counts(console: Console, healths: Sequence[Health]) -> None:
    counted = Text(", ").join(Text(f"{count:,} {state}", style=STYLES[state]) for state, count in count_states(healths))
    quiet = sum(1 for health in healths if health.silence is not None)
    told = f"{say_plural(len(healths), 'source')}: "
    console.print(Text(told) + counted + Text(f", {quiet} {SILENT}" if quiet else ""))


def _print_partial(console: Console, healths: Sequence[Health]) -> None:
    partial = [health for health in healths if health.is_partial]
    if not partial:
        return
    print_line(console, f"In {say_plural(len(partial), 'source')} a few pages are in trouble while the rest is read:")
    shown = [(health.source, health.incidents[0]) for health in partial[:MOST_NAMED]]
    told = [(name, one.opened_at, describe_incident(one, map_causes()[one.cause])) for name, one in shown]
    _print_rows(console, told)
    if len(partial) > MOST_NAMED:
        print_line(console, f"… {len(partial) - MOST_NAMED:,} more: kb status --format jsonl", indent=2)


def _print_others(console: Console, healths: Sequence[Health]) -> None:
    told = [(health.source, health.since, f"{health.state}: {health.reason}") for health in healths]
    _print_rows(console, told)
