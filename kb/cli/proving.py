"""The command that proves: a citation bundle by itself, or an archive against the heads its releases published."""

from contextlib import closing
from pathlib import Path

import click

from kb.bundles import HASH, PROVES, PROVES_NOT, Bundle, find_misfits, read_bundle
from kb.cli.frame import data_option, say_plural
from kb.collect import ARCHIVE
from kb.errors import NotFoundError, UsageError
from kb.generations import FOLDER, read_pointer
from kb.store.archive import open_archive
from kb.store.log import Head, Verdict, read_heads, verify_archive
from kb.store.public import open_published


@click.command()
@click.argument("bundle", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--head", "heads", multiple=True, metavar="SIZE:HASH", help="A tree head you kept, in place of published ones."
)
@data_option
@click.pass_context
def verify(ctx: click.Context, /, bundle: Path | None, heads: tuple[str, ...], data: Path) -> None:
    """Prove a citation bundle, or without one the archive against every tree head its releases published.

    BUNDLE is the JSON of /f/<fact>.json or /d/<document>/bundle.json; nothing else is needed, no network and no data
    folder. Ends with 0 if all fits, 1 if something does not, which is named.
    """
    if bundle is not None and heads:
        raise UsageError("a bundle brings its own head: give a bundle or --head, not both")
    if bundle is not None:
        read = read_bundle(bundle.read_bytes())
        misfits = [read] if isinstance(read, str) else find_misfits(read)
        _tell_bundle(read, misfits)
        ctx.exit(1 if misfits else 0)
    verdict = _verify_data(data, [parse_head(text) for text in heads])
    _tell_archive(verdict)
    ctx.exit(0 if verdict.is_sound else 1)


def _tell_bundle(bundle: Bundle | str, misfits: list[str]) -> None:
    if misfits or isinstance(bundle, str) or bundle.inclusion_proof is None:
        click.echo("NOT PROVEN")
        for line in misfits:
            click.echo(f"  {line}")
        return
    proof = bundle.inclusion_proof
    click.echo(f"proven: {bundle.captured_from}, captured {bundle.captured_at}, sha256 {bundle.sha256}")
    click.echo(f"  leaf {proof.seq} of {proof.size} in log {proof.log_id}")
    click.echo(f"  tree head {proof.tree_head}, published as release {proof.release} on {proof.published_at}")
    click.echo(f"{PROVES} {PROVES_NOT}")
    click.echo("Compare the tree head with one from elsewhere: whoever made this file could have made up both.")


def parse_head(text: str) -> Head:
    """Return a head written as SIZE:HASH; raises UsageError for anything else."""
    size, _, root = text.strip().partition(":")
    if not (size.isascii() and size.isdigit()) or HASH.fullmatch(root) is None:
        raise UsageError(
            f"expected a head as SIZE:HASH, the number of fetches and 64 hexadecimal digits, found {text!r}"
        )
    return Head(0, "", int(size), root)


def _verify_data(data: Path, given: list[Head]) -> Verdict:
    archive = data / ARCHIVE
    if not archive.is_file():
        raise NotFoundError(f"{archive}: expected an archive to prove, found none; for a bundle: kb verify BUNDLE.json")
    heads = given or _read_published_heads(data)
    with closing(open_archive(archive, read_only=True)) as db:
        return verify_archive(db, heads)


def _read_published_heads(data: Path) -> list[Head]:
    """Return the heads of all releases of a data folder; the current generation carries those before it."""
    pointer = read_pointer(data / FOLDER)
    if pointer is None:
        return []
    with closing(open_published(data / FOLDER / pointer.file)) as published:
        return read_heads(published)


def _tell_archive(verdict: Verdict) -> None:
    if verdict.is_sound:
        click.echo(f"proven: all {verdict.fetches} fetches are as they were logged")
    else:
        click.echo("NOT PROVEN")
    if verdict.altered:
        click.echo(f"  first altered row: {verdict.altered}")
    for one in verdict.mismatches:
        head = one.head
        name = f"release {head.generation}, log {head.log_id}" if head.generation else "the head given"
        click.echo(
            f"  {name}: expected head {head.tree_head} of {head.log_size} fetches, found {one.found}; "
            f"the first altered row lies from fetch {one.since} on"
        )
    if verdict.proven:
        last = verdict.proven[-1]
        numbers = say_plural(len(verdict.proven), "tree head")
        click.echo(f"  leads to {numbers}, the last {last.tree_head} of {last.log_size} fetches")
    elif verdict.is_sound:
        click.echo("  no tree head is published yet (kb publish), so only rows and their leaves were compared")
