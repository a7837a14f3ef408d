"""Print what a crawl would ask of whom and when."""

from collections.abc import Sequence
from datetime import timedelta

import click
import msgspec
from rich.table import Table

from kb.cli.frame import make_console, say_plural
from kb.forecasts import Forecast, total_seconds


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
    for one in forecasts:
        if one.skipped:
            click.echo(f"  {one.source}: not asked ({one.skipped})")


def _make_table(asked: Sequence[Forecast]) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("source", "host", "pages", "if changed", "whole", "delay", "not before", "takes"):
        table.add_column(name, justify="left" if name in ("source", "host", "not before") else "right")
    for one in asked:
        counts = (f"{one.pages:,}", f"{one.conditional:,}", f"{one.whole:,}")
        times = (f"{one.delay:g} s", one.earliest, _say_duration(one.seconds))
        table.add_row(one.source, one.host, *counts, *times)
    return table


def _say_duration(seconds: float) -> str:
    return str(timedelta(seconds=round(seconds)))
