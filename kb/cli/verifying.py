"""The command that proves: verify."""

from pathlib import Path

import click

from kb.cli.frame import data_option
from kb.errors import UsageError
from kb.verifying import parse_head, verify_archive, verify_bundle


@click.command()
@click.argument("bundle", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--head", "heads", multiple=True, metavar="SIZE:HASH", help="A head you kept, instead of those published."
)
@data_option
@click.pass_context
def verify(ctx: click.Context, bundle: Path | None, heads: tuple[str, ...], data: Path) -> None:
    """Prove that what is cited, or the whole archive, was not altered since its head was published.

    With a BUNDLE (the .json of an answer's page) the proof in it is checked, without a data folder and without the
    site. Without one every fetch of the archive is hashed again and held against the heads of all publications, or
    those given; the first altered one is named. Ends with 1 where anything does not hold.
    """
    if bundle is not None and heads:
        raise UsageError("a bundle brings its own head: give a bundle or --head, not both")
    given = [parse_head(one) for one in heads]
    found = verify_archive(data, given) if bundle is None else verify_bundle(bundle.read_bytes())
    for line in found.lines:
        click.echo(line)
    click.echo("proven" if found.holds else "not proven")
    if not found.holds:
        ctx.exit(1)
