"""Commands that keep a data folder current and show it: crawl, update, publish, serve, demo."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kb.cli.filling import describe_build
from kb.cli.forecasting import print_forecasts
from kb.cli.frame import (
    INTEGRITY,
    data_option,
    facts_option,
    load_facts,
    load_known,
    make_console,
    read_clock,
    reading,
    say_plural,
    showing_progress,
    sources_option,
)
from kb.cli.telling import tell_subscribers
from kb.convert import describe_converted
from kb.demo import DemoRequest, demo_sources, run_demo
from kb.demo_report import print_report, read_report
from kb.errors import SOME_FAILED
from kb.forecasts import describe_skipped, forecast_crawl
from kb.publish import Published
from kb.publish import publish as publish_generation
from kb.serve import ServeRequest
from kb.serve import serve as serve_site
from kb.update import CrawlOutcome, UpdateRequest, describe_failures, describe_moved
from kb.update import crawl as run_crawler
from kb.update import update as run_update

# Port of the site where none is named, as every page of the manual says.
PORT = 8001
# Sources that are told one by one, whatever came of them; of more only those where something moved or failed.
MOST_LINES = 40


def web_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which web is crawled: the live one, a recorded one, or this machine's."""
    options = (
        click.option(
            "--replay", type=click.Path(exists=True, dir_okay=False), help="Crawl this recorded web (captures.jsonl)."
        ),
        click.option("--at", metavar="DATE", help="With --replay: the day or instant at which it stands."),
        click.option("--allow-loopback", is_flag=True, help="Allow pages of this machine."),
        click.option(
            "--progress",
            type=click.Choice(["auto", "live", "lines", "jsonl", "none"]),
            default="auto",
            show_default=True,
            help="How progress is shown on stderr: live to a person who watches, else a line now and then.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.option("--due", is_flag=True, help="Only sources whose cadence has passed.")
@click.option("--source", "names", metavar="ID", multiple=True, help="This source; may be given again.")
@click.option("--jurisdiction", "places", metavar="XX", multiple=True, help="Its sources; may be given again.")
@click.option("--dry-run", is_flag=True, help="Say what would be asked of whom and when; ask nobody.")
@click.option(
    "--format", "form", type=click.Choice(("table", "jsonl")), default="table", show_default=True, help="Of --dry-run."
)
@sources_option
@web_options
@data_option
@click.pass_context
def crawl(ctx: click.Context, /, data: Path, **options: object) -> None:
    """Fetch the pages of sources into the archive, politely; an interrupted crawl goes on where it was.

    Ends with 3 if some sources failed: what came of the others is stored.
    """
    if options["dry_run"]:
        print_forecasts(forecast_crawl(data, _spell_options(options)), as_lines=options["form"] == "jsonl")
        return
    outcome = run_crawler(data, _spell_options(options))
    print_crawl(outcome)
    if outcome.is_failed:
        ctx.exit(SOME_FAILED)


def _spell_options(options: dict[str, object]) -> list[str]:
    """Return the options as the crawler's own command line takes them."""
    spelled = [f"--{name.replace('_', '-')}" for name in ("due", "allow_loopback") if options.get(name)]
    for name, key in (("--source", "names"), ("--jurisdiction", "places"), ("--sources", "folders")):
        values = options.get(key)
        for value in values if isinstance(values, tuple) else ():
            spelled.extend((name, str(value)))
    for name in ("replay", "at", "progress"):
        if options.get(name):
            spelled.extend((f"--{name}", str(options[name])))
    return spelled


def print_crawl(outcome: CrawlOutcome) -> None:
    """Say source by source what came of a crawl."""
    if not outcome.sources:
        click.echo("nothing to crawl: no source is declared or due")
    are_many = len(outcome.sources) > MOST_LINES
    quiet = 0
    for name, came in outcome.sources.items():
        if are_many and came.is_quiet:
            quiet += not came.skipped
            continue
        if came.skipped:
            click.echo(f"  {name}: not crawled ({came.skipped})")
            continue
        failed = "".join(f", {count} failed: {reason}" for reason, count in came.failed.items())
        click.echo(
            f"  {name}: {say_plural(came.fetched, 'page')} ({came.new} new, {came.changed} changed, {came.same} the "
            f"same), {came.missing} missing{failed}"
        )
    if quiet:
        click.echo(f"  and {say_plural(quiet, 'source')} with no new, changed or missing page")
    for line in (*(describe_skipped(outcome.skipped_sources) if are_many else ()), *describe_failures(outcome)):
        click.echo(line)
    if not outcome.closed:
        click.echo("the crawl is not at its end: run it again to go on")


@click.command()
@sources_option
@data_option
def publish(folders: tuple[Path, ...], data: Path) -> None:
    """Write the next generation of the public site; the running site moves to it by itself.

    A generation that fails its checks is refused and the last good one stays.
    """
    with reading(data):  # where nothing is built, this says what to run
        done = publish_generation(data, read_clock(), declared=load_known(folders, data))
    _print_published(done)


def _print_published(done: Published) -> None:
    rows = sum(done.tables.values())
    click.echo(f"published generation {done.generation}: {say_plural(rows, 'row')} in {done.path}")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port to listen on.")
@click.option(
    "--access-log",
    metavar="FILE",
    default="",
    help="Write a JSON line for each request, without who asked; - is stdout.",
)
@click.option("--archive", is_flag=True, help="Hand out captured pages too, as attachments.")
@data_option
def serve(host: str, port: int, access_log: str, archive: bool, data: Path) -> None:
    """Serve the published site until Ctrl-C; it follows every new generation without a restart."""
    click.echo(f"serving {data} on http://{host}:{port} (Ctrl-C ends it)")
    serve_site(ServeRequest(data, host, port, access_log, archive))


@click.command()
@sources_option
@web_options
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that read pages.")
@facts_option
@data_option
@click.pass_context
def update(ctx: click.Context, /, workers: int, data: Path, **options: Any) -> None:
    """Crawl what is due, convert, build, publish and tell subscribers: the one command for cron. A broken one goes on.

    With --replay, all that is recorded and not yet archived is crawled, due or not. Ends with 3 if some sources failed
    or some subscribers could not be told, with 4 if a stored page is damaged.
    """
    spelled = _spell_options({**options, "due": not options["replay"]})
    sources = load_known(options["folders"], data, writing=True)
    facts = load_facts(options["fact_folders"], sources)
    request = UpdateRequest(sources=sources, facts=facts, now=read_clock(), workers=workers, crawl=spelled)
    result = run_update(data, request)
    print_crawl(result.crawl)
    for line in describe_converted(result.converted):
        click.echo(line)
    click.echo(describe_build(result.build))
    for damaged in result.build.damaged:
        click.echo(f"damaged snapshot, left out: {damaged}", err=True)
    for line in describe_moved(result.moved):
        click.echo(line)
    if result.published is not None:
        _print_published(result.published)
    else:
        click.echo("nothing new to publish: the site is up to date")
    is_told = tell_subscribers(data)
    _print_advice(result.crawl)
    if result.build.damaged:
        ctx.exit(INTEGRITY)
    if result.crawl.is_failed or not is_told:
        ctx.exit(SOME_FAILED)


def _print_advice(outcome: CrawlOutcome) -> None:
    """Say what to do next: try again what failed, then look at what else needs a person."""
    if outcome.failed_sources:
        names = " ".join(f"--source {name}" for name in outcome.failed_sources)
        click.echo(f"failed, and asked for again when due; to try now: kb crawl {names}")
    click.echo("every change: kb changes; what needs you: kb status")


@click.command()
@data_option
def demo(data: Path) -> None:
    """Fill the data folder from the recorded web that ships with the project, and report what moved in it.

    The pages are paraphrases for demonstration: nothing is fetched from the internet.
    """
    request = DemoRequest(publish=lambda folder: publish_generation(folder, read_clock(), declared=demo_sources()))
    with showing_progress("crawling the recorded web") as progress:
        run_demo(data, request, progress=progress)
    with reading(data) as db:
        print_report(make_console(), read_report(db))
