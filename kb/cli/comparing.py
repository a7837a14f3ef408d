"""The command that compares: what jurisdictions answer to a question, side by side, and which dates are ahead."""

import sqlite3
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from kb.answer.dates import DateRow
from kb.cli.frame import Day, Instant, data_option, make_console, read_clock, reading, say_plural
from kb.compare.redline import spell_controls
from kb.errors import UsageError
from kb.matrix import (
    FEDERAL,
    Cell,
    Wanted,
    find_places,
    find_questions,
    list_answering,
    list_notes,
    list_places,
    name_state,
    parse_scope,
    read_cells,
)
from kb.questions import read_codebook, read_questions
from kb.sheets import LEGEND, Sheets, encode_matrix, write_csv, write_workbook
from kb.store.facts import read_recorded_facts, read_steps
from kb.terminal import print_line
from kb.upcoming import list_dates

# From this width on answers stand in a table, else each in a paragraph behind its jurisdiction.
WIDE, NARROW = 100, 7
FORMS = ("table", "csv", "json", "xlsx")


@click.command()
@click.argument("questions", metavar="[QUESTION]...", nargs=-1)
@click.option(
    "--jurisdiction", metavar="ID", multiple=True, help="Of this jurisdiction (us, us-dc); may be given again."
)
@click.option("--all", "everything", is_flag=True, help="All jurisdictions; without QUESTION all questions too.")
@click.option("--scope", metavar="DIMENSION=TERM", multiple=True, help="Within this limit (profession=physician).")
@click.option("--as-of", type=Day(), help="The law's date: what applied on it.  [default: today]")
@click.option("--known-at", type=Instant(end=True), help="What was known then.  [default: now]")
@click.option("--upcoming", is_flag=True, help="List the dates ahead instead: effective, sunset, expiry, comment.")
@click.option("--format", "form", type=click.Choice(FORMS), default="table", show_default=True, help="How to write it.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file instead of stdout.")
@data_option
def compare(questions: tuple[str, ...], data: Path, **options: Any) -> None:
    """Compare what jurisdictions answer to a question, and say which of them are stricter than federal law.

    QUESTION is the id of a question or of a topic; without any the questions are listed. Jurisdictions without any
    fact on the questions are left out of a table and counted, unless --all asks for them.
    """
    form, out = options["form"], options["out"]
    if form == "xlsx" and out is None:
        raise UsageError("--format xlsx: expected --out FILE")
    if form == "table" and out is not None:
        raise UsageError("--out: expected with --format csv, json or xlsx")
    with reading(data) as db:
        if options["upcoming"]:
            _list_upcoming(db, questions, options)
        elif not questions and not options["everything"]:
            _list_questions(db)
        elif form == "table":
            _print_tables(db, _choose(db, questions, options), options)
        else:
            _write(_gather(db, _choose(db, questions, options), options), form, out)


def _choose(db: sqlite3.Connection, asked: tuple[str, ...], options: dict[str, Any]) -> Wanted:
    """Return what is to be compared; raises UsageError for a question, jurisdiction or limit that is unknown."""
    questions = find_questions(asked) if asked else read_questions()
    places = list_places(db)
    chosen = find_places(options["jurisdiction"], places)
    if not chosen:
        chosen = places if options["everything"] else list_answering(db, questions)
    now = read_clock()
    return Wanted(
        questions=questions,
        jurisdictions=tuple(sorted(chosen, key=lambda name: name != FEDERAL)),
        as_of=options["as_of"] or date.fromisoformat(now[:10]),
        known_at=options["known_at"] or now,
        scope=parse_scope(options["scope"]),
    )


def _is_current(options: dict[str, Any]) -> bool:
    """Tell whether the present was asked about: the law of today, with all that is known now."""
    today = date.fromisoformat(read_clock()[:10])
    return options["as_of"] in (None, today) and options["known_at"] is None


def _gather(db: sqlite3.Connection, wanted: Wanted, options: dict[str, Any]) -> Sheets:
    return Sheets(
        wanted=wanted,
        cells=tuple(read_cells(db, wanted)),
        facts=tuple(one for one in read_recorded_facts(db) if one.jurisdiction in wanted.jurisdictions),
        steps=read_steps(db),
        edition=read_codebook().version,
        is_current=_is_current(options),
    )


def _write(sheets: Sheets, form: str, out: Path | None) -> None:
    if form == "xlsx":
        body = write_workbook(sheets)
    else:
        text = "".join(write_csv(sheets.cells)) if form == "csv" else f"{encode_matrix(sheets)}\n"
        body = text.encode("utf-8", "surrogatepass")
    _put_out(body, out)
    if out is not None:
        click.echo(f"{out}: {say_plural(len(sheets.cells), 'answer')}")


def _put_out(body: bytes, out: Path | None) -> None:
    """Write to stdout or, whole or not at all, to a file."""
    if out is None:
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
        return
    part = out.with_name(f"{out.name}.part")
    part.write_bytes(body)
    part.replace(out)


def _print_tables(db: sqlite3.Connection, wanted: Wanted, options: dict[str, Any]) -> None:
    console = make_console()
    used: set[str] = set()
    for _, group in groupby(read_cells(db, wanted), key=lambda cell: cell.question.id):
        every = list(group)
        # Who is not asked is left out, unless that is all there is to say.
        asked = [cell for cell in every if options["everything"] or cell.status.state != "not_asked"]
        cells = asked or every
        _print_question(console, cells)
        _print_conflicts(console, cells)
        used |= {cell.status.state for cell in cells}
        used |= {name_state(cell.status.leading) for cell in cells}
    _print_legend(console, used)
    current = "" if _is_current(options) else "NOT CURRENT: "
    limits = "; ".join(f"{name} {', '.join(terms)}" for name, terms in wanted.scope.items())
    print_line(
        console,
        f"{current}As of {wanted.as_of}, as known at {wanted.known_at[:10]}{f', for {limits}' if limits else ''}. "
        "Not legal advice: read the official text.",
        style="bold" if current else "",
    )
    left_out = len(set(list_places(db)) - set(wanted.jurisdictions))
    if left_out and not options["jurisdiction"]:
        print_line(console, f"{say_plural(left_out, 'jurisdiction')} without any fact left out: --all shows them.")


def _print_question(console: Console, cells: Sequence[Cell]) -> None:
    question = cells[0].question
    console.print()
    print_line(console, f"{question.title} ({question.id})", style="bold")
    if console.width < WIDE or len(cells) == 1:
        for cell in cells:
            _print_cell(console, cell)
        return
    table = Table(box=None, pad_edge=False, show_edge=False, padding=(0, 2, 0, 0), expand=True)
    for name, ratio in (
        ("where", None),
        ("answer", 4),
        ("proof", None),
        ("citation", 3),
        ("since", None),
        ("notes", 4),
    ):
        table.add_column(name, overflow="fold", no_wrap=ratio is None, ratio=ratio)
    for cell in cells:
        where, answer, *others = _list_texts(cell)
        style = _choose_style(cell)
        table.add_row(Text(where, style=style), Text(answer, style=style), *map(Text, others))
    console.print(table)


def _print_cell(console: Console, cell: Cell) -> None:
    """Print a cell where a table would be too narrow: the answer on a line, what belongs to it below."""
    where, answer, proof, citation, since, notes = _list_texts(cell)
    told = " · ".join(filter(None, (proof, citation, since and f"since {since}", notes)))
    lines = [(line, _choose_style(cell)) for line in Text(answer).wrap(console, console.width - NARROW)]
    lines += [(line, "dim") for line in Text(told).wrap(console, console.width - NARROW) if told]
    for number, (line, style) in enumerate(lines):
        line.rstrip()
        line.stylize(style)
        console.print(Text(f"{'' if number else where:<{NARROW}}") + line, soft_wrap=True)


def _print_conflicts(console: Console, cells: Sequence[Cell]) -> None:
    """Print contradictions in full: both answers with their words, or with ours where none are archived."""
    for cell in cells:
        for conflict in cell.status.conflicts:
            print_line(console, f"{cell.status.jurisdiction} contradicts itself:", style="yellow")
            for one in (conflict.one, conflict.other):
                words = f"“{one.quote}”" if one.quote else one.note or "no words recorded"
                print_line(console, f"{one.label} ({one.citation or one.binding or one.fact}): {words}", indent=NARROW)


def _list_texts(cell: Cell) -> tuple[str, str, str, str, str, str]:
    """Return the texts of a row: where, answer, proof, citation, since when, notes."""
    told = cell.status
    first = next(iter(told.leading), None)
    proof = name_state(told.leading).replace("_", " ")
    cited = ("", "") if first is None else (first.citation or first.binding.replace("_", " "), first.effective_from)
    shown = (told.jurisdiction, cell.label, proof, *cited, "; ".join(list_notes(cell)))
    where, answer, proof, citation, since, notes = map(spell_controls, shown)
    return where, answer, proof, citation, since, notes


def _choose_style(cell: Cell) -> str:
    """Return how a cell stands out: the federal floor, what contradicts itself, what is no answer."""
    told = cell.status
    if not told.leading:
        return "dim"
    return "yellow" if told.state == "conflict" else "bold" if told.jurisdiction == FEDERAL else ""


def _print_legend(console: Console, used: Iterable[str]) -> None:
    console.print()
    for name in LEGEND:
        if name in used:
            print_line(console, f"{name.replace('_', ' ')}: {LEGEND[name]}", style="dim")


def _list_questions(db: sqlite3.Connection) -> None:
    console = make_console()
    places: dict[str, set[str]] = {}
    for fact in read_recorded_facts(db):
        places.setdefault(fact.question, set()).add(fact.jurisdiction)
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("topic", "question", "what is asked", "facts in"):
        table.add_column(name, overflow="fold", justify="right" if name == "facts in" else "left")
    for question in read_questions():
        count = len(places.get(question.id, ()))
        table.add_row(question.topic, question.id, question.title, str(count) if count else "–")
    console.print(table)
    print_line(console, "kb compare QUESTION (or a topic) shows the answers; --all those of every question.")


def _list_upcoming(db: sqlite3.Connection, asked: tuple[str, ...], options: dict[str, Any]) -> None:
    """List the dates from the law's date on: of the questions and jurisdictions asked for, else all."""
    wanted = _choose(db, asked, options)
    questions = {question.id for question in wanted.questions} | (set() if asked else {""})
    rows = [
        row
        for row in list_dates(db, wanted.known_at, since=wanted.as_of, hides=lambda _: False)
        if row.question in questions and (not options["jurisdiction"] or row.jurisdiction in wanted.jurisdictions)
    ]
    if options["form"] == "json":
        told = {"as_of": wanted.as_of, "known_at": wanted.known_at, "is_current": _is_current(options), "dates": rows}
        _put_out(msgspec.json.encode(told) + b"\n", options["out"])
    elif options["form"] != "table":
        raise UsageError("--upcoming: expected --format table or json")
    else:
        _print_dates(make_console(), rows, wanted)


def _print_dates(console: Console, rows: Sequence[DateRow], wanted: Wanted) -> None:
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in ("day", "where", "what", "of", "citation"):
        table.add_column(name, overflow="fold", no_wrap=name in ("day", "where", "what"))
    # Several facts may rest on one rule.
    shown = dict.fromkeys((row.day, row.jurisdiction, row.kind, row.title or row.subject, row.citation) for row in rows)
    for row in shown:
        table.add_row(*map(spell_controls, row))
    if shown:
        console.print(table)
    print_line(console, f"{say_plural(len(shown), 'date')} from {wanted.as_of} on, as known at {wanted.known_at[:10]}.")
