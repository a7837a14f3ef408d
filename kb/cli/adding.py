"""Commands that add a source: sources new, try, expect."""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.text import Text

from kb.adding.expecting import Difference, compare_expected, expect_source, read_saved, tell_page, write_expected
from kb.adding.fetching import FetchedPage, fetch_page
from kb.adding.growing import Given, check_owned, save_page, show_page, take_page
from kb.adding.saved import Place, SavedPage, choose_page, find_place, list_places, list_saved
from kb.adding.starting import LISTING, NewSource, start_source
from kb.cli.frame import make_console, read_clock, refuse, say_plural, sources_option
from kb.compare.eids import print_eid
from kb.errors import UsageError
from kb.models import Page, Reading
from kb.sources import default_sources_folder
from kb.terminal import print_line

DIFFERS = 1
SOME_FAILED = 3
# Provisions and pieces left out that are listed of a page; --all lists every one.
MOST_LISTED = 25
MOST_INDENT = 6
LONGEST_LINE = 200

url_option = click.option("--url", metavar="URL", default="", help="Page to read: a saved one, else fetched now.")
file_option = click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read this file as the page."
)
loopback_option = click.option("--allow-loopback", is_flag=True, help="Allow pages of this machine.")


def _list_folders(folders: Sequence[Path]) -> list[Path]:
    return [folder for folder in (default_sources_folder(), *folders) if folder.is_dir()]


@click.command("new")
@click.argument("name", metavar="ID")
@click.argument("url")
@click.option(
    "--sources",
    "folders",
    type=click.Path(file_okay=False, path_type=Path),
    multiple=True,
    help="Folder that the declaration goes to (made if it is not there); may be given again for others.",
)
@click.option(
    "--platform",
    type=click.Choice(["page", *LISTING]),
    default="page",
    show_default=True,
    help="How the place publishes: the page itself, or a list that leads to pages.",
)
@click.option("--jurisdiction", metavar="XX", help="Whose rules these are.  [default: as the id begins]")
@click.option(
    "--from",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take the page from this file instead of fetching it.",
)
@loopback_option
def new_source(name: str, url: str, folders: tuple[Path, ...], **options: Any) -> None:
    """Begin a source: fetch its page once, save it, and write a declaration to complete.

    Nothing is written unless all of it can be. Ends with 3 if the page cannot be had or holds no text.
    """
    into = folders[0] if folders else default_sources_folder()
    wanted = NewSource(id=name, url=url, into=into, folders=_list_folders(folders), today=read_clock()[:10], **options)
    started = start_source(wanted)
    click.echo(f"{started.declaration}: declared {name}")
    for key, reason in started.guess.reasons.items():
        click.echo(f"  {key} {reason}")
    click.echo(f"{started.page}: saved, {describe_page(started.guess.page)}")
    more = "".join(f" --sources {folder}" for folder in folders)
    click.echo(f"next: kb sources try {name}{more}")


def describe_page(page: Page) -> str:
    """Say in one line what was read from a page."""
    provisions = sum(len(reading.provisions) for reading in page.readings)
    parts = [say_plural(len(page.readings), "document"), say_plural(provisions, "provision")]
    if page.names:
        parts.append(f"names {say_plural(len(page.names), 'document')}")
    parts.append(f"{page.length:,} characters")
    return ", ".join(parts) + (f"; not to be believed: {page.flaws[0].code}" if page.flaws else "")


@click.command("try")
@click.argument("name", metavar="ID")
@sources_option
@url_option
@file_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or everything in full for machines.",
)
@click.option("--all", "everything", is_flag=True, help=f"List everything, not {MOST_LISTED} lines of a document.")
@loopback_option
@click.pass_context
def try_source(ctx: click.Context, /, name: str, folders: tuple[Path, ...], **options: Any) -> None:
    """Show what is read from a page of a source: its latest saved page, a file, or a URL.

    Nothing is stored. Ends with 3 if the page would not be believed.
    """
    place = find_place(_list_folders(folders), name)
    with TemporaryDirectory() as folder:
        saved = _choose_page(place, Path(folder), options)
        began = time.perf_counter()
        page = read_saved(place, saved)
        took = (time.perf_counter() - began) * 1000
    if options["form"] == "json":
        told = {"source": name, "url": saved.url, "date": saved.date, "milliseconds": round(took, 1)}
        told["flaws_found"] = [msgspec.to_builtins(flaw) for flaw in page.flaws]
        click.echo(msgspec.json.encode({**told, **tell_page(page, whole=True)}).decode())
    else:
        console = make_console()
        print_line(console, f"{name}  {saved.url}  ({saved.date})", style="bold")
        print_line(console, f"{describe_page(page)}; read in {took:.1f} ms")
        _print_page(console, page, most=None if options["everything"] else MOST_LISTED)
    if page.flaws:
        ctx.exit(SOME_FAILED)


def _choose_page(place: Place, folder: Path, options: dict[str, Any]) -> SavedPage:
    """Return the page asked for: a file, the saved one of a URL, else the URL fetched now; else the latest saved."""
    url, today = options["url"], read_clock()[:10]
    if options["file"] is not None:
        return show_page(place, take_page(place, Given(file=options["file"], url=url, day=today)), folder)
    if not url:
        return choose_page(place)
    kept = [page for page in list_saved(place) if page.url == url]
    if kept:
        return max(kept, key=lambda page: page.date)
    return show_page(place, _fetch(place, url, options), folder)


def _fetch(place: Place, url: str, options: dict[str, Any]) -> FetchedPage:
    check_owned(place, url)
    page = fetch_page(url, allow_loopback=options["allow_loopback"])
    check_owned(place, page.url)  # a redirect may have led to a page of none
    return page


def _print_page(console: Console, page: Page, *, most: int | None) -> None:
    for flaw in page.flaws:
        print_line(console, f"not to be believed: {flaw.code}: {flaw.message}", style="bold red")
    for name in page.names[:most]:
        print_line(console, f"names {name}", indent=2)
    _print_rest(console, len(page.names), most, "documents named")
    for reading in page.readings[:most]:
        _print_reading(console, reading, most)
    _print_rest(console, len(page.readings), most, "documents")
    for piece in page.left_out[:most]:
        print_line(console, f"left out ({piece.why}): {_cut(piece.text)}", style="dim")
    _print_rest(console, len(page.left_out), most, "left out")


def _print_reading(console: Console, reading: Reading, most: int | None) -> None:
    strand = "" if reading.strand == "current" else f", {reading.strand}"
    console.print()
    print_line(console, f"{reading.citation}  ({reading.document}{strand})", style="bold")
    validity = reading.validity
    if validity.valid_from or validity.valid_to:
        print_line(console, f"valid from {validity.valid_from or '…'} to {validity.valid_to or '…'}", indent=2)
    for part in reading.provisions[:most]:
        depth = part.eid.count("__") + bool(part.eid)
        place = f"{print_eid(part.eid)} " if part.eid else ""
        words = "  ".join(filter(None, (part.heading, part.text)))
        print_line(console, f"{place}{_cut(words)}", indent=2 + 2 * min(depth, MOST_INDENT))
        for word, text in (("note", part.note), ("pending", part.pending)):
            if text:
                print_line(console, f"{word}: {_cut(text)}", style="dim", indent=4 + 2 * min(depth, MOST_INDENT))
    _print_rest(console, len(reading.provisions), most, "provisions")


def _print_rest(console: Console, count: int, most: int | None, what: str) -> None:
    if most is not None and count > most:
        print_line(console, f"… {count - most} more {what}: --all", style="dim", indent=2)


def _cut(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= LONGEST_LINE else f"{plain[:LONGEST_LINE].rsplit(' ', 1)[0]} …"


@click.command("expect")
@click.argument("names", metavar="[ID]...", nargs=-1)
@sources_option
@click.option("--url", metavar="URL", default="", help="Save this page too, fetched now or from --file.")
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Save this file as a page of it."
)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="With --file: the day it was seen.  [today]")
@click.option("--update", is_flag=True, help="Accept what is read now where it differs.")
@loopback_option
@click.pass_context
def expect_sources(ctx: click.Context, /, names: tuple[str, ...], folders: tuple[Path, ...], **options: Any) -> None:
    """Write what must be read from the saved pages of a source (of all, without ID), and what changed between days.

    What is written already is compared: where it differs the lines are shown and the command ends with 1, unless
    --update accepts them.
    """
    known = _list_folders(folders)
    places = [find_place(known, name) for name in names] or list_places(known)
    if options["url"] or options["file"] is not None:
        if len(names) != 1:
            raise UsageError("--url and --file: expected the id of one source")
        click.echo(f"{_save(places[0], options)}: saved")
    elif names:
        for place in places:
            choose_page(place)
    differences = [found for place in places for found in _expect(place, accept=options["update"])]
    if differences and not options["update"]:
        refuse(ctx, f"{say_plural(len(differences), 'file')} not as expected; accept with --update", DIFFERS)


def _save(place: Place, options: dict[str, Any]) -> Path:
    day = read_clock()[:10] if options["day"] is None else options["day"].date().isoformat()
    if options["file"] is not None:
        page = take_page(place, Given(file=options["file"], url=options["url"], day=day))
    else:
        page = _fetch(place, options["url"], options)
    return save_page(place, page, replace=options["update"])


def _expect(place: Place, *, accept: bool) -> list[Difference]:
    """Write what is missing, show what differs, and accept it if that is asked."""
    found = expect_source(place)
    missing, differences = compare_expected(found)
    console = make_console()
    for difference in differences:
        title = f"{difference.path}: {'accepted' if accept else 'not as expected'}"
        console.print(Text(title, style="bold"), soft_wrap=True)
        for line in difference.lines[2:]:
            console.print(Text(line, style=DIFF_STYLES.get(line[:1], "dim")), soft_wrap=True)
    accepted = [difference.path for difference in differences] if accept else []
    write_expected({path: found[path] for path in (*missing, *accepted)})
    for path in missing:
        click.echo(f"{path}: written")
    as_expected = len(found) - len(missing) - len(differences)
    if as_expected:
        click.echo(f"{place.source.id}: {say_plural(as_expected, 'file')} as expected")
    return differences


DIFF_STYLES = {"-": "red", "+": "green"}
