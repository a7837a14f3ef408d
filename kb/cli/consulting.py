"""Commands that ask: changes, show, diff."""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
from rich.console import Console

from kb.cli.frame import Day, Instant, data_option, make_console, read_clock, reading
from kb.compare.readings import compare_readings
from kb.compare.redline import redline
from kb.consult import Answer, Moment, Question, choose_text, consult
from kb.errors import NotFoundError, UsageError
from kb.impacts import find_impacts, spell_impact
from kb.lookup import VERSION_ID, Target, find_target, find_targets
from kb.models import Change, ChangeRow, Kind, Nature, Part, Strand
from kb.reports import (
    Summary,
    Touched,
    describe_hidden,
    describe_total,
    escape_markdown,
    name_versions,
    view_change,
    view_days,
    write_changes_html,
    write_changes_markdown,
    write_diff_html,
    write_diff_markdown,
)
from kb.store.knowledge import read_version
from kb.store.queries import (
    ChangeFilter,
    VersionRow,
    find_version_row,
    read_changes,
    read_watches,
    tally_changes,
)
from kb.terminal import print_answer, print_change, print_days, print_line

# A person at a terminal is shown so many at first; pipes and files get all.
LIMIT_ON_SCREEN = 100
# "us-xx/code/1-2@2024-02-08" -> "us-xx/code/1-2", "2024-02-08"
AT_DATE = re.compile(r"(.+)@(\d{4}-\d\d-\d\d\S*)")


def _repeated(name: str, help_text: str, choices: Iterable[str] | None = None) -> Callable[[Any], Any]:
    kind = click.Choice(list(choices)) if choices is not None else None
    return click.option(f"--{name}", multiple=True, type=kind, help=f"{help_text}; may be given again.")


@click.command()
@click.option("--since", type=Instant(end=False), help="First seen on this day or later.")
@click.option("--until", type=Instant(end=True), help="First seen on this day or earlier.")
@_repeated("jurisdiction", "Of this jurisdiction (us, us-dc)")
@_repeated("source", "Of this source")
@_repeated("topic", "On this topic")
@_repeated("nature", "Of this nature", get_args(Nature))
@_repeated("kind", "Of this kind", get_args(Kind))
@_repeated("part", "Of this part of a provision", get_args(Part))
@click.option("--document", default="", metavar="CITATION", help="Of this document (citation, id or URL).")
@click.option("--all", "everything", is_flag=True, help="List changes of notes among the others.")
@click.option("--impact", is_flag=True, help="Tell of each change the coded answers it touches, and how.")
@click.option("--beside", is_flag=True, help="As --impact, answers that rest on other provisions of the section too.")
@click.option("--touching-facts", is_flag=True, help="As --impact, and only changes that touch a coded answer.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "md", "html"]),
    default="table",
    show_default=True,
    help="For people (table, md, html) or for programs (jsonl: every column, every change).",
)
@click.option(
    "--limit",
    type=click.IntRange(0),
    help=f"Only the latest so many, 0 for all.  [default: all; {LIMIT_ON_SCREEN} on a screen]",
)
@click.option("--exit-code", is_flag=True, help="End with 1 if there is any change.")
@data_option
@click.pass_context
def changes(ctx: click.Context, /, data: Path, **options: Any) -> None:
    """List what moved in the rules, oldest first.

    A rule change is a substantive change of text or heading. Changes of editor's notes only are counted, not listed,
    unless --all or --part note asks for them. With --impact, --topic also finds what touches an answer on that topic.
    """
    form = options["form"]
    with reading(data) as db:
        touched = _find_touched(db, options)
        wanted = _make_filter(db, options, touched)
        summary = _summarise(db, wanted)
        if form == "jsonl":
            _write_lines(_encode_change(row, touched) for row in read_changes(db, wanted))
            if not summary.total:
                click.echo(_explain_empty(db, summary), err=True)
        else:
            _list_changes(db, wanted, summary, {**options, "touched": touched or {}})
    if options["exit_code"] and summary.total:
        ctx.exit(1)


def _find_touched(db: sqlite3.Connection, options: dict[str, Any]) -> Touched | None:
    """Return the answers that changes touch where they are asked for, else None."""
    is_asked = options["impact"] or options["beside"] or options["touching_facts"]
    return find_impacts(db, beside=options["beside"]) if is_asked else None


def _encode_change(row: ChangeRow, touched: Touched | None) -> str:
    """Write a change as a line of JSON; only where impact is asked for it has one key more."""
    if touched is None:
        return msgspec.json.encode(row).decode()
    impacts = [spell_impact(impact) for impact in touched.get((row.id, row.source), ())]
    return msgspec.json.encode({**msgspec.structs.asdict(row), "impact": impacts}).decode()


def _make_filter(db: sqlite3.Connection, options: dict[str, Any], touched: Touched | None) -> ChangeFilter:
    is_screen = options["form"] == "table" and sys.stdout.isatty()
    limit = options["limit"] if options["limit"] is not None else LIMIT_ON_SCREEN if is_screen else 0
    return ChangeFilter(
        since=options["since"] or "",
        until=options["until"] or "",
        document=find_target(db, options["document"]).document if options["document"] else "",
        jurisdictions=options["jurisdiction"],
        sources=options["source"],
        topics=options["topic"],
        natures=options["nature"],
        kinds=options["kind"],
        parts=options["part"],
        limit=limit,
        only=frozenset(touched or ()) if options["touching_facts"] else None,
        on_topic=frozenset(
            key
            for key, impacts in (touched or {}).items()
            if any(impact.topic in options["topic"] for impact in impacts)
        ),
    )


def _summarise(db: sqlite3.Connection, wanted: ChangeFilter) -> Summary:
    watches = [
        watch
        for watch in read_watches(db)
        if (not wanted.sources or watch.source in wanted.sources)
        and (not wanted.jurisdictions or watch.jurisdiction in wanted.jurisdictions)
    ]
    tallies = tally_changes(db, wanted)
    return Summary(tuple(tallies), tuple(watches), 0, 0)


def _explain_empty(db: sqlite3.Connection, summary: Summary) -> str:
    """Say which of the four emptinesses this is: nothing built, not covered, no match, nothing moved."""
    if not read_watches(db):
        return "0 changes: nothing has been built yet; run kb import FILE, then kb build."
    if not summary.watches:
        covered = ", ".join(watch.source for watch in read_watches(db))
        return f"0 changes: no source that is watched matches; watched are {covered}."
    others = sum(tally.count for tally in tally_changes(db, ChangeFilter()))
    without = f" Without these filters there are {others}." if others else ""
    return f"{describe_total(summary)}{without}"


def _list_changes(db: sqlite3.Connection, wanted: ChangeFilter, summary: Summary, options: dict[str, Any]) -> None:
    notes = options["everything"] or "note" in wanted.parts
    listed = list(read_changes(db, msgspec.structs.replace(wanted, notes=notes)))
    hidden = 0 if notes else sum(tally.count for tally in summary.tallies if tally.part == "note")
    summary = msgspec.structs.replace(summary, shown=len(listed), notes_hidden=hidden)
    lines = [describe_total(summary) if summary.total else _explain_empty(db, summary), *describe_hidden(summary)]
    if options["form"] == "table":
        console = make_console()
        print_days(console, view_days(listed, options["touched"]))
        if listed:
            console.print()
        for line in lines:
            print_line(console, line, style="bold")
    elif options["form"] == "md":
        _write_lines(["# Changes", "", *(f"{escape_markdown(line)}\n" for line in lines)])
        _write_lines(write_changes_markdown(listed, options["touched"]))
    else:
        _write_pieces(write_changes_html(listed, "Changes", lines, options["touched"]))


def _write_lines(lines: Iterable[str]) -> None:
    _write_pieces(f"{line}\n" for line in lines)


def _write_pieces(pieces: Iterable[str]) -> None:
    for piece in pieces:
        sys.stdout.write(piece)
    sys.stdout.flush()


@click.command()
@click.argument("citation", metavar="CITATION|URL")
@click.option("--as-of", type=Day(), help="The law's date: the text that applied on it.  [default: today]")
@click.option("--known-at", type=Instant(end=True), help="What could be known then.  [default: now]")
@click.option("--strand", type=click.Choice(get_args(Strand)), help="This strand instead of the first-ranked one.")
@click.option("--notes", is_flag=True, help="Print editor's and history notes too.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it."
)
@data_option
def show(citation: str, data: Path, **options: Any) -> None:
    """Print a rule as it stands, or as it stood on a day.

    CITATION is a citation ("Example Code § 12-305(b)"), a document id (us-xx/code/12-305#b), a URL or a version id.
    """
    with reading(data) as db:
        targets = find_targets(db, citation)
        if len(targets) > 1:
            _list_targets(citation, targets)
            return
        version = find_version_row(db, citation) if VERSION_ID.fullmatch(citation) else None
        answer = consult(db, targets[0], _make_question(options, version))
        if options["form"] == "json":
            _write_lines([_encode_answer(answer, notes=options["notes"])])
        else:
            print_answer(make_console(), answer, notes=options["notes"])


def _make_question(options: dict[str, Any], version: VersionRow | None) -> Question:
    now = read_clock()
    today = Moment(date.fromisoformat(now[:10]), now)
    as_of, strand = options["as_of"], options["strand"]
    if version is not None:
        as_of = as_of or version.valid_from or date.fromisoformat(version.observed_from[:10])
        strand = strand or version.strand
    return Question(moment=Moment(as_of or today.as_of, options["known_at"] or now), now=today, strand=strand)


def _list_targets(asked: str, targets: list[Target]) -> None:
    click.echo(f"{asked} holds {len(targets)} documents; ask for one of them:")
    for target in targets:
        click.echo(f"  {target.citation} ({target.document})")


def _encode_answer(answer: Answer, *, notes: bool) -> str:
    parts = answer.shown if notes else tuple(msgspec.structs.replace(part, note="") for part in answer.shown)
    return msgspec.json.encode(
        {
            "document": answer.target.document,
            "citation": answer.target.citation,
            "eid": answer.target.eid,
            "as_of": answer.moment.as_of,
            "known_at": answer.moment.known_at,
            "state": answer.choice.state,
            "since": answer.choice.since,
            "is_current": answer.is_current,
            "version": answer.choice.version,
            "last_seen": answer.last_seen,
            "locations": answer.standings,
            "other_strands": answer.others,
            "later_changes": answer.later_changes,
            "remarks": answer.notes,
            "provisions": parts,
        }
    ).decode()


@click.command()
@click.argument("old", metavar="A")
@click.argument("new", metavar="B")
@click.option("--strand", type=click.Choice(get_args(Strand)), help="This strand instead of the first-ranked one.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "md", "html", "json"]),
    default="text",
    show_default=True,
    help="How to print the redline.",
)
@data_option
def diff(old: str, new: str, strand: Strand | None, form: str, data: Path) -> None:
    """Compare two texts, provision by provision.

    A and B are each a citation, document id or URL, with @DATE for the text that applied on a day
    (us-xx/code/12-305@2024-02-08), or the id of a version.
    """
    with reading(data) as db:
        before, after = _find_version(db, old, strand), _find_version(db, new, strand)
        found = compare_readings(read_version(db, before.version), read_version(db, after.version))
    writers: dict[str, Callable[[], Iterator[str]]] = {
        "md": lambda: (f"{line}\n" for line in write_diff_markdown(before, after, found)),
        "html": lambda: write_diff_html(before, after, found),
        "json": lambda: iter([_encode_diff(before, after, found)]),
    }
    if form in writers:
        _write_pieces(writers[form]())
    else:
        _print_diff(make_console(), before, after, found)


def _find_version(db: sqlite3.Connection, asked: str, strand: Strand | None) -> VersionRow:
    row = find_version_row(db, asked)
    if row is not None:
        return row
    dated = AT_DATE.fullmatch(asked)
    day = Day().convert(dated[2], None, None) if dated else None
    target = find_target(db, dated[1] if dated else asked)
    if target.eid:
        raise UsageError(f"{asked!r}: expected a whole document, found a provision; leave out what follows its number")
    now = read_clock()
    moment = Moment(day or date.fromisoformat(now[:10]), now)
    choice = choose_text(db, target, Question(moment=moment, now=moment, strand=strand))
    if choice.version is None:
        raise NotFoundError(f"{asked}: unknown before {choice.since}, when our record of it starts")
    return choice.version


def _print_diff(console: Console, old: VersionRow, new: VersionRow, found: list[Change]) -> None:
    print_line(console, name_versions(old, new), style="bold")
    for mark, row in (("-", old), ("+", new)):
        print_line(console, f"{mark} {row.version} seen {row.observed_from} at {row.url}", style="dim")
    for change in found:
        print_change(console, view_change(change), indent=0)
    if not found:
        print_line(console, "No difference: the words are the same.")


def _encode_diff(old: VersionRow, new: VersionRow, found: list[Change]) -> str:
    listed = [
        {**msgspec.structs.asdict(change), "redline": redline(change.old_text, change.new_text)} for change in found
    ]
    return msgspec.json.encode({"old": old, "new": new, "changes": listed}).decode() + "\n"
