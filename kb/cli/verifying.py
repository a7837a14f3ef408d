"""The command that proves: verify."""

from pathlib import Path

import click

from kb.cli.frame import data_option
from kb.verifying import verify_archive, verify_bundle


@click.command()
@click.argument("bundle", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@data_option
@click.pass_context
def verify(ctx: click.Context, bundle: Path | None, data: Path) -> None:
    """Prove that what is cited, or the whole archive, was not altered since its head was published.

    With a BUNDLE (the .json of an answer's page) the proof in it is checked, without a data folder and without the
    site. Without one every fetch of the archive is hashed again and held against the heads of all publications; the
    first altered one is named. Ends with 1 where anything does not hold.
    """
    found = verify_archive(data) if bundle is None else verify_bundle(bundle.read_bytes())
    for line in found.lines:
        click.echo(line)
    click.echo("proven" if found.holds else "not proven")
    if not found.holds:
        ctx.exit(1)
