"""What commands that tell subscribers share: find the news, send it, say what came of it."""

import os
import time
from pathlib import Path

import click

from kb.cli.frame import read_clock, say_plural
from kb.delivering import Delivered, Delivery, deliver
from kb.errors import StatusQuoError
from kb.mail_settings import read_mail_settings
from kb.tell.words import count_of
from kb.telling import Told, has_subscribers, tell

# How long a run waits until mail services take more, in seconds.
MINUTE = 60.0


def tell_subscribers(data: Path) -> bool:
    """Tell subscribers what is published, where there are any; returns whether all that was due went out.

    Trouble with settings is said, and nothing raised: what was published stays published.
    """
    if not has_subscribers(data):
        return True
    try:
        settings = read_mail_settings(os.environ)
        return send_news(data, Delivery(settings=settings, tell_now=read_clock, wait_seconds=MINUTE))
    except StatusQuoError as error:
        click.echo(f"subscribers were not told: {error}", err=True)
        return False


def send_news(data: Path, how: Delivery) -> bool:
    """Tell what is news and send all that is due, while it is still written; returns whether all of it went out.

    Where mail services take no more at once, it goes on a minute later.
    """
    runs: list[Delivered] = []
    told = tell(data, how.tell_now(), how.settings, lambda: runs.append(deliver(data, how)))
    print_told(told)
    runs.append(deliver(data, how))
    while runs[-1].limited:
        time.sleep(MINUTE)
        runs.append(deliver(data, how))
    done = Delivered(
        sent=sum(one.sent for one in runs),
        deferred=sum(one.deferred for one in runs),
        parked=sum(one.parked for one in runs),
        busy=runs[-1].busy,
    )
    print_delivered(done)
    return not (told.held or done.deferred or done.parked)


def print_told(told: Told) -> None:
    """Say what a run found to be told."""
    if told.is_first:
        click.echo(f"first run: what is published (edition {told.release}) is known, what comes from now on is told")
        return
    quiet = f" ({told.quiet} quiet)" if told.quiet else ""
    click.echo(
        f"edition {told.release}: {count_of(told.stories, 'new story', 'new stories')}, "
        f"{say_plural(told.notices, 'notice')}, {say_plural(told.reports, 'report')} written{quiet}"
    )
    if told.held:
        click.echo(f"{say_plural(told.held, 'report')} held back until mail is set up: kb doctor says what is missing")


def print_delivered(done: Delivered) -> None:
    """Say what a run sent."""
    if done.busy:
        click.echo("another run is sending: this one leaves it all to that")
        return
    click.echo(f"{done.sent} sent, {done.deferred} put off, {done.parked} parked")
    if done.parked:
        click.echo("what is parked, and why: kb notify --status")
