"""The command that lets an operator subscribe somebody, see who is, and end it: subscribe."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import click

from kb.cli.following import NOBODY, follow_options
from kb.cli.frame import Instant, data_option, read_clock, say_plural
from kb.errors import NotFoundError, UsageError
from kb.hooks import spell_secret
from kb.ledger import mask_target
from kb.mail_settings import ADDRESS, SENDER, SERVER, read_mail_settings
from kb.store.connection import MissingDatabaseError
from kb.store.subscribers import list_subscribers, open_subscribers, read_follows, read_subscriber
from kb.subscribing import Mine, NotConfiguredError, Wish, ask, check_wish, stop, take
from kb.tell.follow import FIELDS, describe_follow, parse_follow
from kb.tell.period import Cadence
from kb.tell.words import count_of
from kb.telling import open_current, replay


@click.command()
@click.argument("target", required=False, metavar="[ADDRESS|URL]")
@follow_options
@click.option(
    "--cadence", type=click.Choice(get_args(Cadence)), default="immediate", show_default=True, help="How often."
)
@click.option("--zone", default="UTC", show_default=True, help="Time zone (America/Chicago).")
@click.option("--quiet", is_flag=True, help="A report comes when nothing moved, too (daily, weekly).")
@click.option("--confirmed", is_flag=True, help="They agreed already: nobody is asked back.")
@click.option(
    "--replay-since", type=Instant(end=False), help="Tell what was proven since this day again (--confirmed)."
)
@click.option("--list", "listing", is_flag=True, help="List who subscribes, addresses masked.")
@click.option("--end", "ended", metavar="ID", help="End a subscription.")
@click.option("--allow-loopback", is_flag=True, help="Allow webhooks of this machine.")
@data_option
def subscribe(target: str | None, data: Path, **options: Any) -> None:
    """Subscribe an e-mail address or a webhook to change reports; they are asked back before anything is sent.

    People do it themselves on the site, under /subscribe. Without an address: what --list and --end ask for.
    """
    if options["listing"]:
        _list(data)
    elif options["ended"]:
        _end(data, options["ended"])
    elif target is None:
        raise UsageError("expected an e-mail address or a webhook's URL, or --list or --end ID")
    else:
        _subscribe(data, target, options)


def _subscribe(data: Path, target: str, options: dict[str, Any]) -> None:
    follow = parse_follow({name: options[name] for name in FIELDS})
    wish = check_wish(
        Wish(
            channel="webhook" if "://" in target else "mail",
            target=target,
            follows=(follow,),
            cadence=options["cadence"],
            zone=options["zone"],
            tells_quiet=options["quiet"],
        ),
        allow_loopback=options["allow_loopback"],
    )
    if options["replay_since"] and not options["confirmed"]:
        raise UsageError("--replay-since: expected --confirmed beside it")
    now = read_clock()
    with closing(open_subscribers(data)) as db:
        if options["confirmed"]:
            one, is_new = take(db, wish, now)
            secret = one.secret if is_new and one.channel == "webhook" else b""
        else:
            secret = _ask(db, wish, now)
        click.echo(f"{mask_target(wish.target)}: {describe_follow(follow)}, {wish.cadence}")
        if secret:
            click.echo(f"signing secret, shown once: {spell_secret(secret)}")
        if not options["confirmed"]:
            click.echo("they are asked back: kb notify sends the message with the link")
        elif options["replay_since"]:
            with open_current(data) as public:
                count = replay(db, public, one, wish.follows, options["replay_since"])
            click.echo(f"{count_of(count, 'story', 'stories')} to be told again by the next kb notify")


def _ask(db: sqlite3.Connection, wish: Wish, now: str) -> bytes:
    try:
        return ask(db, wish, now, read_mail_settings(os.environ)).secret
    except NotConfiguredError:
        needed = f"{ADDRESS}, {SERVER} and {SENDER}" if wish.channel == "mail" else ADDRESS
        raise UsageError(
            f"to ask them back expected {needed} to be set, as docs/notices.md tells; "
            "with --confirmed nobody is asked back"
        ) from None


def _list(data: Path) -> None:
    try:
        db = open_subscribers(data, read_only=True)
    except MissingDatabaseError:
        click.echo(NOBODY)
        return
    with closing(db):
        found = list_subscribers(db)
        for one in found:
            told = "; ".join(describe_follow(follow) for follow in read_follows(db, one.id))
            target = mask_target(one.target) if one.target else "erased"
            click.echo(f"{one.id}  {one.state}  {one.cadence}  {target}  {told}")
    click.echo(f"{say_plural(len(found), 'subscriber')}")


def _end(data: Path, name: str) -> None:
    with closing(open_subscribers(data)) as db:
        one = read_subscriber(db, name)
        if one is None:
            raise NotFoundError(f"{name}: no such subscriber; kb subscribe --list names them")
        stop(db, Mine(one, read_follows(db, one.id)), read_clock(), "ended by the operator")
    click.echo(f"{name}: ended")
