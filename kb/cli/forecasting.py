"""Print what a crawl would ask of whom and when."""

from collections.abc import Sequence
from datetime import timedelta

import click
import msgspec
from rich.table import Table

from kb.cli.frame import make_console, say_plural
from kb.forecasts import Forecast, describe_skipped, total_seconds

# More sources than this that are not asked are told by reason.
MOST_LISTED = 12


def print_forecasts(forecasts: Sequence[Forecast], *, as_lines: bool) -> None:
    """Print a forecast: one JSON object a line, or a table, then the sources that are not asked and why."""
    if as_lines:
        for one in forecasts:
            click.echo(msgspec.json.encode(one).decode())
        return
    asked = [one for one in forecasts if not one.skipped]
    if asked:
        make_console().print(_make_table(asked))
    pages = say_plural(sum(one.pages for one in asked), "known page")
    hosts = say_plural(len({one.host for one in asked}), "host")
    click.echo(f"{pages} of {hosts}, {_say_duration(total_seconds(asked))} at least; nothing was asked")
    skipped = {one.source: one.skipped for one in forecasts if one.skipped}
    if len(skipped) > MOST_LISTED:
        # Each by itself is told as JSON lines.
        for line in describe_skipped(skipped, "asked"):
            click.echo(f"  {line}")
        return
    for name, reason in skipped.items():
        click.echo(f"  {name}: not asked ({reason})")


def _make_table(asked: Sequence[Forecast]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("source", "host", "pages", "if changed", "whole", "delay", "not before", "takes"):
        left = name in ("source", "host", "not before")
        table.add_column(name, justify="left" if left else "right", overflow="fold", no_wrap=name == "not before")
    for one in asked:
        counts = (f"{one.pages:,}", f"{one.conditional:,}", f"{one.whole:,}")
        earliest = f"{one.earliest[:16].replace('T', ' ')} UTC"
        times = (f"{one.delay:g} s", earliest, _say_duration(one.seconds))
        table.add_row(one.source, one.host, *counts, *times)
    return table


def _say_duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
