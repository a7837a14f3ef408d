"""Commands that keep: doctor, export, eval."""

import os
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from kb.cli.frame import (
    INTEGRITY,
    Day,
    Instant,
    data_option,
    load_known,
    make_console,
    read_clock,
    reading,
    say_plural,
    sources_option,
)
from kb.cli.recordings import export_warc_files
from kb.doctor import Examination, Finding, examine, is_damaged, needs_action
from kb.errors import UsageError
from kb.evaluate.figures import Figure, SetResult
from kb.evaluate.sets import CORPUS, LABELS, SOURCES, evaluate_sets
from kb.export import write_export
from kb.mail_checkup import examine_notices
from kb.sources import read_sources
from kb.terminal import print_line

# The word and look of each weight.
WEIGHTS = {
    "ok": ("ok", "dim"),
    "note": ("note", ""),
    "act": ("TO DO", "bold yellow"),
    "damage": ("DAMAGED", "bold red"),
}
# Findings of one code that are listed before the rest is only counted.
MOST_LISTED = 5


@click.command()
@sources_option
@click.option("--today", type=Day(), help="The day freshness is judged on.  [default: today]")
@click.option("--deep", is_flag=True, help="Hash every stored page again.")
@click.option("--all", "everything", is_flag=True, help=f"List every finding, not {MOST_LISTED} of a kind.")
@data_option
@click.pass_context
def doctor(ctx: click.Context, /, folders: tuple[Path, ...], today: date | None, data: Path, **options: bool) -> None:
    """Examine a data folder, and say what to do about what is wrong.

    Ends with 0 if nothing needs you, 1 if something does, 4 if stored data is damaged.
    """
    day = today or date.fromisoformat(read_clock()[:10])
    examination = Examination(today=day, sources=load_known(folders, data), deep=options["deep"])
    findings = [*examine(data, examination), *examine_notices(data, os.environ, day)]
    _print_findings(make_console(), findings, everything=options["everything"])
    if is_damaged(findings):
        ctx.exit(INTEGRITY)
    if needs_action(findings):
        ctx.exit(1)


def _print_findings(console: Console, findings: list[Finding], *, everything: bool) -> None:
    seen: Counter[str] = Counter()
    totals = Counter(finding.code for finding in findings)
    for finding in findings:
        seen[finding.code] += 1
        if everything or seen[finding.code] <= MOST_LISTED:
            _print_finding(console, finding)
        elif seen[finding.code] == totals[finding.code]:
            print_line(console, f"… {totals[finding.code] - MOST_LISTED} more of {finding.code}: --all", indent=2)
    todo = sum(1 for finding in findings if needs_action([finding]))
    print_line(console, f"{say_plural(todo, 'thing')} to do" if todo else "Nothing to do.", style="bold")


def _print_finding(console: Console, finding: Finding) -> None:
    word, style = WEIGHTS[finding.weight]
    print_line(console, f"{word}: {finding.message}", style=style)
    if finding.advice:
        print_line(console, f"→ {finding.advice}", indent=2)


@click.command()
@click.option("--known-at", type=Instant(end=True), help="Only what was known then.  [default: everything]")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead of stdout.")
@click.option("--warc", type=click.Path(path_type=Path), help="Write the archive itself as WARC: a file or a folder.")
@click.option("--source", "names", metavar="ID", multiple=True, help="With --warc: this source; may be given again.")
@click.option("--since", type=Instant(end=False), help="With --warc: only what was observed from then on.")
@click.option("--until", type=Instant(end=True), help="With --warc: only what was observed until then.")
@data_option
@click.pass_context
def export(ctx: click.Context, /, known_at: str | None, out: Path | None, data: Path, **options: Any) -> None:
    """Write all derived data as JSON lines; the same archive gives the same bytes.

    With --warc write what was collected instead, as WARC 1.1 (a name that ends in .warc or .warc.gz is a file, any
    other a folder). Ends with 4 if a stored page is damaged: it is named and left out.
    """
    warc = options.pop("warc")
    if warc is None and any(options.values()):
        raise UsageError("--source, --since and --until: expected with --warc")
    if warc is not None:
        if known_at is not None or out is not None:
            raise UsageError("--known-at and --out: expected without --warc")
        ctx.exit(export_warc_files(data, warc, options))
    with reading(data) as db:
        if out is None:
            write_export(db, sys.stdout.buffer, known_at=known_at)
            sys.stdout.flush()
            return
        part = out.with_name(f"{out.name}.part")
        with part.open("wb") as file:
            lines = write_export(db, file, known_at=known_at)
        part.replace(out)
    click.echo(f"{out}: {say_plural(lines, 'row')}")


@click.command("eval")
@click.argument("names", metavar="[SET]...", nargs=-1)
@click.option(
    "--corpus",
    type=click.Path(file_okay=False, path_type=Path),
    default=CORPUS,
    show_default=True,
    help="Folder of the recorded pages and their known changes.",
)
@click.option(
    "--sources",
    "folders",
    type=click.Path(file_okay=False, path_type=Path),
    multiple=True,
    default=[SOURCES],
    show_default=True,
    help="Folder of the declarations of the corpus; may be given again.",
)
@click.option(
    "--labels",
    type=click.Path(file_okay=False, path_type=Path),
    default=LABELS,
    show_default=True,
    help="Folder of the labels that the sets natures and proposals are measured by.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that read pages.")
@click.option("--gate", is_flag=True, help="End with 1 if a figure is under its limit or a set is not there.")
@click.option("--misses", type=click.IntRange(0), default=0, show_default=True, help="Name so many misses of each set.")
@click.pass_context
def evaluate(
    ctx: click.Context, /, names: tuple[str, ...], folders: tuple[Path, ...], corpus: Path, labels: Path, **options: int
) -> None:
    """Measure precision, recall and more against recorded pages with known changes.

    Without a name all sets are measured.
    """
    console = make_console()
    results = []
    sources = read_sources(folders)
    for result in evaluate_sets(names, corpus, sources, workers=options["workers"], labels=labels):
        _print_result(console, result, misses=options["misses"])
        results.append(result)
    if options["gate"] and not all(result.passed for result in results):
        ctx.exit(1)


def _print_result(console: Console, result: SetResult, *, misses: int) -> None:
    verdict = "NOT FOUND" if not result.found else "passed" if result.passed else "UNDER ITS LIMITS"
    print_line(console, f"{result.name}: {verdict}", style="bold")
    for line in result.remarks:
        print_line(console, line, indent=2)
    for figure in result.figures:
        print_line(console, _describe_figure(figure), style="" if figure.passed else "bold red", indent=2)
    for miss in result.misses[:misses]:
        print_line(console, f"miss: {miss}", style="dim", indent=4)
    if len(result.misses) > misses:
        print_line(console, f"{len(result.misses) - misses} misses not named: --misses N", style="dim", indent=4)


def _describe_figure(figure: Figure) -> str:
    """Print a figure: shares with four digits, counts whole, beside what is asked of it."""
    value = f"{figure.value:.4f}" if figure.basis or figure.value % 1 else f"{figure.value:.0f}"
    limits = [f"{word} {limit:g}" for word, limit in (("≥", figure.floor), ("≤", figure.ceiling)) if limit is not None]
    asked = f"  asked {', '.join(limits)}{'' if figure.passed else ': MISSED'}" if limits else ""
    basis = f"  ({figure.basis})" if figure.basis else ""
    return f"{figure.label:<44} {value:>8}{basis}{asked}"
