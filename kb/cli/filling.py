"""Commands that fill a data folder: init, sources, convert, build."""

import secrets
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from kb.build import BuildRequest, BuildResult
from kb.build import build as build_knowledge
from kb.cli.frame import (
    INTEGRITY,
    data_option,
    facts_option,
    load_facts,
    load_known,
    load_sources,
    make_console,
    read_clock,
    reading,
    say_plural,
    showing_progress,
    sources_option,
)
from kb.cli.registering import print_addresses, print_answers, print_doubts, print_facts, print_lines
from kb.coding import count_facts
from kb.collect import ARCHIVE
from kb.convert import convert as convert_files
from kb.convert import describe_converted
from kb.errors import DeclarationError
from kb.registry import Selection, choose_sources, find_doubts, find_missing_roles, list_answers, read_places
from kb.sources import Source, default_sources_folder
from kb.store.archive import ensure_log, open_archive
from kb.store.knowledge import open_knowledge
from kb.store.queries import Watch, read_watches


@click.command()
@data_option
def init(data: Path) -> None:
    """Make an empty data folder; what is there already stays."""
    had = (data / ARCHIVE).is_file()
    now = read_clock()
    with closing(open_archive(data / ARCHIVE)) as archive:
        ensure_log(archive, f"{now}-{secrets.token_hex(4)}", now)
    open_knowledge(data / "kb.db").close()
    click.echo(f"{data}: {'was there already' if had else 'ready'}; next: kb import FILE")


@click.group()
def sources() -> None:
    """List, check or add sources."""


@sources.command("list")
@click.option("--jurisdiction", "jurisdictions", metavar="XX", multiple=True, help="Its sources; may be given again.")
@click.option("--topic", "topics", metavar="TOPIC", multiple=True, help="Those that can answer one of its questions.")
@click.option("--platform", "platforms", metavar="NAME", multiple=True, help="Those that publish so.")
@click.option("--policy", "policies", metavar="STATE", multiple=True, help="Those whose crawl policy is this: open …")
@sources_option
@data_option
def list_sources(folders: tuple[Path, ...], data: Path, **wanted: tuple[str, ...]) -> None:
    """List the declared sources and those a knowledge base was built from, and what was captured of each."""
    declared = choose_sources(load_sources(folders), Selection(**wanted))
    watches = {} if any(wanted.values()) and not declared else _read_known(data)
    console = make_console()
    rows = {source.id: _describe_declared(source, watches.get(source.id)) for source in declared}
    elsewhere = [watch for watch in watches.values() if watch.source not in rows and not any(wanted.values())]
    rows |= {watch.source: _describe_watch(watch) for watch in elsewhere}
    if not rows:
        console.print("No source is declared; --sources FOLDER names a folder of declarations.")
        return
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("source", no_wrap=True)
    table.add_column("documents", justify="right", no_wrap=True)
    table.add_column("last checked", no_wrap=True)
    table.add_column("cadence", no_wrap=True)
    table.add_column("title")
    for row in sorted(rows):
        table.add_row(row, *rows[row])
    console.print(table)
    if declared:
        console.print(_count_sources(declared))
    if elsewhere:
        console.print(f"{say_plural(len(elsewhere), 'source')} built from declarations not given here (--sources).")


def _describe_declared(source: Source, watch: Watch | None) -> tuple[str, str, str, Text]:
    seen = (str(watch.documents), watch.last_checked[:10] or "never") if watch is not None else ("-", "never")
    barred = "" if source.crawl_policy.state == "open" else f" (crawling: {source.crawl_policy.state})"
    return (*seen, source.cadence, Text(f"{source.title}{barred}"))


def _describe_watch(watch: Watch) -> tuple[str, str, str, Text]:
    return str(watch.documents), watch.last_checked[:10] or "never", watch.cadence, Text(watch.title)


@sources.command("check")
@click.option("--jurisdiction", "places", metavar="XX", multiple=True, help="Say this one's questions one by one.")
@click.option("--all", "everything", is_flag=True, help="List every warning, not the first of a kind.")
@click.option(
    "--format", "form", type=click.Choice(["table", "jsonl"]), default="table", help="For people or for machines."
)
@sources_option
@facts_option
@click.pass_context
def check_sources(ctx: click.Context, /, folders: tuple[Path, ...], places: tuple[str, ...], **options: Any) -> None:
    """Check all declarations and facts, and tell which questions they answer.

    Ends with 1 if one is not valid or names what does not exist; what is only doubtful is a warning.
    """
    try:
        declared = load_sources(folders)
        facts = load_facts(options["fact_folders"], declared)
    except DeclarationError as error:
        click.echo(str(error), err=True)
        ctx.exit(1)
    doubts = [*find_doubts(declared), *find_missing_roles(read_places(default_sources_folder()))]
    registered = {source.jurisdiction for source in declared if source.documents}
    answers = list_answers(declared, sorted(set(places) or registered))
    if options["form"] == "jsonl":
        print_lines(doubts, answers)
    else:
        print_doubts(doubts, everything=options["everything"])
        if answers:
            print_answers(answers, one_place=bool(places))
        print_addresses(declared)
        print_facts(count_facts([fact for fact in facts if not places or fact.jurisdiction in places]))
    wrong = sum(doubt.weight == "error" for doubt in doubts)
    verdict = say_plural(wrong, "error") if wrong else "all valid"
    click.echo(f"{_count_sources(declared)}: {verdict}", err=options["form"] == "jsonl")
    if wrong:
        ctx.exit(1)


def _read_known(data: Path) -> dict[str, Watch]:
    if not (data / "kb.db").is_file():
        return {}
    with reading(data) as db:
        return {watch.source: watch for watch in read_watches(db)}


def _count_sources(declared: tuple[Source, ...]) -> str:
    places = len({source.jurisdiction for source in declared})
    closed = sum(1 for source in declared if source.crawl_policy.state != "open")
    barred = f", {closed} of them not open to crawling" if closed else ""
    return f"{say_plural(len(declared), 'source')} of {say_plural(places, 'jurisdiction')}{barred}"


@click.command()
@data_option
def convert(data: Path) -> None:
    """Make text of archived files that need a program to be read, where it is installed: scans, old Word documents.

    What is made is kept in the archive, and read by the next build. Pages that are pictures need tesseract, old Word
    documents antiword or catdoc.
    """
    with showing_progress("converting") as progress:
        result = convert_files(data, read_clock(), progress=progress)
    for line in describe_converted(result) or ["nothing to convert"]:
        click.echo(line)


@click.command()
@sources_option
@facts_option
@click.option("--from-scratch", is_flag=True, help="Delete kb.db and derive everything again.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that read pages.")
@click.option(
    "--wait", type=click.FloatRange(0), default=0, show_default=True, help="Seconds to wait for another build."
)
@data_option
@click.pass_context
def build(
    ctx: click.Context, /, folders: tuple[Path, ...], fact_folders: tuple[Path, ...], data: Path, **options: float
) -> None:
    """Derive documents, versions, changes and answers from archive and facts; only what is new is read.

    Ends with 4 if a stored page is damaged: it is named and left out, the rest is built.
    """
    declared = load_known(folders, data, writing=True)
    request = BuildRequest(
        sources=declared,
        facts=load_facts(fact_folders, declared),
        from_scratch=bool(options["from_scratch"]),
        workers=int(options["workers"]),
        wait_seconds=options["wait"],
    )
    with showing_progress("building") as progress:
        result = build_knowledge(data, request, progress=progress)
    click.echo(describe_build(result))
    for damaged in result.damaged:
        click.echo(f"damaged snapshot, left out: {damaged}", err=True)
    if result.damaged:
        ctx.exit(INTEGRITY)


def describe_build(result: BuildResult) -> str:
    """Say in one line what a build did."""
    dropped = (
        f"; {say_plural(result.facts_dropped, 'fact')} recorded before stand in no folder read now: --facts names one"
        if result.facts_dropped
        else ""
    )
    flagged = f"; the words of {say_plural(result.flagged, 'answer')} changed or are gone" if result.flagged else ""
    if not result.waves:
        answers = "; the answers were derived anew" if result.answers_moved else ""
        return f"nothing new: every wave of the archive is built{answers}{flagged}{dropped}"
    again = f"; derived anew: {', '.join(result.rederived)}" if result.rederived else ""
    return (
        f"built {say_plural(result.waves, 'wave')}, {say_plural(result.pages, 'page')}: "
        f"{say_plural(result.versions, 'new version')}, {say_plural(result.changes, 'change')}, "
        f"{say_plural(result.suspects, 'page')} not trusted{again}{flagged}{dropped}"
    )
