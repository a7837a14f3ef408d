"""The command import, for recordings and files of web archives, and how export writes the latter."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import closing
from glob import glob
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from kb.captures import LISTED_ERRORS
from kb.cli.frame import (
    INTEGRITY,
    data_option,
    load_sources,
    read_clock,
    say_plural,
    showing_progress,
    sources_option,
)
from kb.collect import ARCHIVE, ImportRequest, choose_source, import_captures
from kb.errors import UsageError
from kb.sources import Source
from kb.store.archive import open_archive
from kb.store.transfer import FOREVER, TransferFilter
from kb.warc.exporting import WarcOrder, export_warc
from kb.warc.importing import WarcRequest, WarcResult, import_warcs
from kb.warc.records import is_warc

SOME_FAILED = 3


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@sources_option
@click.option("--source", metavar="ID", help="Attribute all captures to this source, whatever their URLs.")
@data_option
@click.pass_context
def import_(
    ctx: click.Context, /, files: tuple[str, ...], folders: tuple[Path, ...], source: str | None, data: Path
) -> None:
    """Archive a recording (captures.jsonl), whole or not at all, or files of web archives (WARC, WARC.gz).

    Each capture goes to the source that claims its URL. A bad line of captures.jsonl or a page of it that no source
    claims refuses the whole recording, naming it. Of WARC files (several, or a pattern in quotes) what no source claims
    is left aside; ends with 3 if a part of them is broken: it is named, the rest is imported.
    """
    paths = list_files(files)
    sources = load_sources(folders)
    if len(paths) > 1 or is_warc(paths[0]):
        ctx.exit(import_warc_files(data, paths, sources, source))
    request = ImportRequest(file=paths[0], sources=sources, source=source, now=read_clock(), token=secrets.token_hex(4))
    with showing_progress("importing") as progress:
        result = import_captures(data, request, progress=progress)
    counts = result.counts
    click.echo(
        f"imported {say_plural(counts.fetches, 'capture')} of {say_plural(len(result.sources), 'source')}: "
        f"{say_plural(counts.snapshots, 'new snapshot')}, {counts.raw_bytes:,} bytes kept in {counts.stored_bytes:,}"
    )
    for name, count in result.sources.items():
        click.echo(f"  {name}: {count:,}")


def list_files(names: Sequence[str]) -> list[Path]:
    """List the files that names and patterns ("archive/*.warc.gz") stand for, each once.

    Raises UsageError for one that stands for none.
    """
    found: dict[Path, None] = {}
    for name in names:
        paths = [Path(name)] if Path(name).is_file() else sorted(map(Path, glob(name)))  # noqa: PTH207 - may be absolute
        files = [path for path in paths if path.is_file()]
        if not files:
            raise UsageError(f"{name}: expected a file, found none")
        found.update(dict.fromkeys(files))
    return list(found)


def import_warc_files(data: Path, files: Sequence[Path], sources: Sequence[Source], source: str | None) -> int:
    """Import WARC files and say what came of it; returns the exit code."""
    request = WarcRequest(
        files=files,
        sources=sources,
        source=None if source is None else choose_source(sources, source),
        now=read_clock(),
        token=secrets.token_hex(4),
    )
    with showing_progress("importing (bytes)") as progress:
        result = import_warcs(data, request, progress=progress)
    _print_import(result)
    return SOME_FAILED if result.notes.broken else 0


def _print_import(result: WarcResult) -> None:
    counts, notes = result.counts, result.notes
    click.echo(
        f"imported {say_plural(counts.fetches, 'capture')} of {say_plural(len(result.sources), 'source')}: "
        f"{say_plural(counts.snapshots, 'new snapshot')}, {counts.raw_bytes:,} bytes kept in {counts.stored_bytes:,}"
    )
    for name, count in result.sources.items():
        click.echo(f"  {name}: {count:,}")
    told = {
        "archived before": notes.known,
        "of URLs that no source claims": notes.elsewhere,
        "redirects from one spelling of a page to another": notes.same_page,
    }
    for words, count in told.items():
        if count:
            click.echo(f"left aside: {count:,} {words}")
    _list_findings("revisits of bytes that are nowhere", notes.lost)
    _list_findings("broken", notes.broken)


def _list_findings(title: str, findings: Sequence[str]) -> None:
    for finding in findings[:LISTED_ERRORS]:
        click.echo(f"{title}: {finding}", err=True)
    if len(findings) > LISTED_ERRORS:
        click.echo(f"{title}: … and {len(findings) - LISTED_ERRORS} more", err=True)


def export_warc_files(data: Path, target: Path, options: Mapping[str, Any]) -> int:
    """Write the archive as WARC and say what was written; returns the exit code."""
    wanted = TransferFilter(sources=options["names"], since=options["since"] or "", until=options["until"] or FOREVER)
    order = WarcOrder(target=target, wanted=wanted, now=read_clock(), software=f"statusquo/{version('statusquo')}")
    with closing(open_archive(data / ARCHIVE, read_only=True)) as db, showing_progress("exporting") as progress:
        done = export_warc(db, order, progress=progress)
    for path in done.files:
        click.echo(f"{path}: {path.stat().st_size:,} bytes")
    click.echo(
        f"exported {say_plural(done.fetches, 'capture')}, {say_plural(done.revisits, 'revisit')} among them"
        + (f"; without bytes, as they were taken down: {done.without_bytes:,}" if done.without_bytes else "")
    )
    _list_findings("damaged snapshot, left out", done.damaged)
    return INTEGRITY if done.damaged else 0
