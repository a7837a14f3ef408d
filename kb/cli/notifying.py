"""Commands that tell people: report (once, to read or keep) and notify (those who subscribed)."""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import click

from kb.cli.following import NOBODY, follow_options
from kb.cli.frame import Instant, data_option, read_clock, say_plural
from kb.cli.telling import MINUTE, print_delivered, print_told, send_news
from kb.delivering import Delivered, Delivery, deliver
from kb.errors import SOME_FAILED, StatusQuoError, UsageError
from kb.ledger import describe_standing, read_standing, record, retry, write_ledger
from kb.mail_settings import read_mail_settings
from kb.previewing import preview
from kb.store.connection import MissingDatabaseError
from kb.stories import Period, list_period, make_report, read_almanac
from kb.tell.follow import ANY, FIELDS, parse_follow
from kb.tell.forms import render_html, render_json, render_markdown, render_text
from kb.tell.story import Links, Report
from kb.telling import Told, open_current, tell

FORMS = ("html", "md", "txt", "json")
DAYS = 30
# How often the current publication is looked at, in seconds.
LOOK_SECONDS = 1.0
END = "9999-12-31T23:59:59Z"


@click.command()
@follow_options
@click.option("--since", type=Instant(end=False), help=f"Proven on this day or later.  [default: {DAYS} days before]")
@click.option("--until", type=Instant(end=True), help="Proven on this day or earlier.  [default: now]")
@click.option("--all", "everything", is_flag=True, help="Wording only, moves and notes too.")
@click.option("--format", "form", type=click.Choice(FORMS), default="txt", show_default=True, help="What is written.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it into this file.")
@data_option
def report(form: str, out: Path | None, data: Path, **options: Any) -> None:
    """Write a report of what moved in a time, as subscribers get it: what to do by when, what could not be checked.

    It is made from what is published, and says which sources were read in that time.
    """
    values = {name: options[name] for name in FIELDS}
    if options["everything"]:
        values |= {"nature": (ANY,), "part": (ANY,)}
    follow = parse_follow(values)
    now = read_clock()
    until = options["until"] or now
    since = options["since"] or f"{date.fromisoformat(until[:10]) - timedelta(days=DAYS)}T00:00:00Z"
    if since > until:
        raise UsageError(f"--since {since[:10]} is after --until {until[:10]}")
    settings = read_mail_settings(os.environ)
    with open_current(data) as db:
        stories = list_period(db, [follow], since, until)
        period = Period(since, until, date.fromisoformat(now[:10]))
        made = make_report(read_almanac(db), [follow], period, stories, Links(address=settings.address))
    _write(_print(made, form), out)


def _print(report: Report, form: str) -> bytes:
    if form == "json":
        return render_json(report) + b"\n"
    return {"html": render_html, "md": render_markdown, "txt": render_text}[form](report).encode()


def _write(body: bytes, out: Path | None) -> None:
    if out is None:
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
        return
    out.write_bytes(body)
    click.echo(f"wrote {out} ({len(body):,} bytes)")


@click.command()
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C: tell each publication at once, send what is due.")
@click.option("--dry-run", is_flag=True, help="Say who would be told what; write and send nothing.")
@click.option(
    "--preview",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the reports that are due or waiting into this folder, to be looked at; send nothing.",
)
@click.option("--status", is_flag=True, help="Say what waits, what failed and why.")
@click.option("--retry", "again", metavar="ID", help="Put a parked message back, or all of them (all).")
@click.option("--bounce", type=click.File("rb"), help="Record a bounce that a mail server sent (a file, - for stdin).")
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write who was told what, when and with what outcome into a file (.csv, .jsonl).",
)
@click.option("--since", type=Instant(end=False), help="With --ledger: tries on this day or later.")
@click.option("--until", type=Instant(end=True), help="With --ledger: tries on this day or earlier.")
@click.option("--with-addresses", is_flag=True, help="With --ledger: addresses too. Keep such a file to yourself.")
@click.option("--allow-loopback", is_flag=True, help="Allow webhooks of this machine.")
@data_option
@click.pass_context
def notify(ctx: click.Context, /, data: Path, **options: Any) -> None:
    """Tell subscribers what moved: find what is news, write the reports that are due, send them.

    Safe to run from cron as often as wished: nothing is told twice, and what could not be sent is tried again. Ends
    with 3 if something could not be sent.
    """
    if options["bounce"] is not None:
        found = record(data, options["bounce"].read(), read_clock())
        click.echo(f"recorded: {found.status}{', the subscriber is parked' if found.parked else ''}")
    elif options["again"]:
        click.echo(f"{say_plural(retry(data, options['again'], read_clock()), 'message')} put back: kb notify sends")
    elif options["ledger"] is not None:
        _export(data, options)
    elif options["status"]:
        _tell_status(data)
    elif options["dry_run"] or options["folder"] is not None:
        for line in preview(data, read_clock(), read_mail_settings(os.environ), options["folder"]):
            click.echo(line)
    else:
        _run(ctx, data, options)


def _run(ctx: click.Context, data: Path, options: dict[str, Any]) -> None:
    settings = read_mail_settings(os.environ)
    allowed = options["allow_loopback"]
    how = Delivery(settings=settings, tell_now=read_clock, wait_seconds=MINUTE, allow_loopback=allowed)
    if options["watch"]:
        watch(data, how)
        return
    if not send_news(data, how):
        ctx.exit(SOME_FAILED)


def watch(data: Path, how: Delivery) -> None:
    """Tell every publication when it is made, and send what is due, until Ctrl-C or SIGTERM."""
    with _asked_to_end() as asked, suppress(KeyboardInterrupt):
        click.echo(f"watching {data} (Ctrl-C ends it)")
        _look_on(data, how, asked)
    click.echo("ended")


def _look_on(data: Path, how: Delivery, asked: Sequence[int]) -> None:
    """Look at what is published every second; tell a new publication at once, and what is due every minute.

    What cannot be done now is said and tried again a minute later.
    """
    seen, last = "", ""
    while not asked:
        mark, now = _read_mark(data), read_clock()
        if mark and (mark != seen or now[:16] != last):
            try:
                _say_if_any(tell(data, now, how.settings), deliver(data, how))
            except StatusQuoError as error:
                click.echo(f"not told yet: {error}", err=True)
            seen, last = mark, now[:16]
        time.sleep(LOOK_SECONDS)


def _read_mark(data: Path) -> str:
    try:
        return str((data / "public" / "current.json").stat().st_mtime_ns)
    except FileNotFoundError:
        return ""


def _say_if_any(told: Told, done: Delivered) -> None:
    if told.stories or told.reports or done.sent or done.deferred or done.parked:
        print_told(told)
        print_delivered(done)


@contextmanager
def _asked_to_end() -> Iterator[Sequence[int]]:
    """Yield a list that holds the signals by which this process was asked to end: what is at hand is finished first.

    Asked a second time, it ends at once; what was under way is gone on with by the next run.
    """
    asked: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        if len(asked) > 1:
            raise KeyboardInterrupt

    before = {one: signal.signal(one, note) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield asked
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _tell_status(data: Path) -> None:
    try:
        standing = read_standing(data)
    except MissingDatabaseError:
        click.echo(NOBODY)
        return
    for line in describe_standing(standing):
        click.echo(line)


def _export(data: Path, options: dict[str, Any]) -> None:
    path: Path = options["ledger"]
    form = path.suffix.removeprefix(".")
    if form not in ("csv", "jsonl"):
        raise UsageError(f"--ledger {path.name}: expected a name that ends in .csv or .jsonl")
    lines = write_ledger(
        data, options["since"] or "", options["until"] or END, form=form, with_addresses=options["with_addresses"]
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        count = sum(1 for line in lines if file.write(line))
    click.echo(f"wrote {path} ({say_plural(count, 'line')})")
