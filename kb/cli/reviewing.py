"""The command review: facts looked at with a person or from a script; a second coder; how far coders agree."""

import sqlite3
import sys
from datetime import date
from pathlib import Path
from typing import Any, get_args

import click
import msgspec
from rich.console import Console

from kb.answer.agreement import measure_agreement
from kb.answer.facts import Fact, FactState
from kb.answer.urgency import Case
from kb.cli.frame import (
    data_option,
    facts_option,
    load_facts,
    load_known,
    make_console,
    read_clock,
    reading,
    say_plural,
    sources_option,
)
from kb.cli.proposing import show_proposals
from kb.cli.review_screens import print_agreement, print_case, print_queue, view_case
from kb.cli.review_session import SAID, AtTerminal, Session, Setting
from kb.coding import default_facts_folder
from kb.decisions import Desk
from kb.errors import UsageError
from kb.review import (
    Wanted,
    choose_cases,
    find_case,
    find_strangers,
    list_uncoded,
    name_reviewer,
    read_cases,
    read_files,
    read_words,
)
from kb.terminal import print_line

# A person at a terminal is shown so many at first; pipes and files get all.
LIMIT_ON_SCREEN = 40


class Docket(msgspec.Struct, frozen=True):
    """What a review begins with: the files of facts as they are, their facts, and the day."""

    files: dict[Path, bytes]
    facts: tuple[Fact, ...]
    today: str


@click.command()
@click.argument("fact", required=False, default="")
@click.option("--list", "listing", is_flag=True, help="List what is to be looked at instead of asking.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "jsonl", "yaml"]),
    default="table",
    show_default=True,
    help="For a person, or for programs; yaml: proposals as entries for a file of facts.",
)
@click.option("--jurisdiction", "places", metavar="XX", multiple=True, help="Of this jurisdiction; may be given again.")
@click.option("--question", "questions", metavar="ID", multiple=True, help="To this question; may be given again.")
@click.option(
    "--state",
    "states",
    type=click.Choice(get_args(FactState)),
    multiple=True,
    help="In this state (verified: also what is settled); may be given again.",
)
@click.option("--limit", type=click.IntRange(0), help="Only the most urgent so many, 0 for all.")
@click.option("--as", "name", envvar="KB_REVIEWER", show_envvar=True, default="", help="Who decides: a short name.")
@click.option("--accept", is_flag=True, help="Of FACT: these words say what it says.")
@click.option("--reject", metavar="REASON", help="Of FACT: withdraw it.")
@click.option("--value", metavar="V", help="Of FACT: this is the answer (with --second: the second coder's).")
@click.option(
    "--set", "settings", metavar="KEY=TEXT", multiple=True, help="Of FACT: correct a key; may be given again."
)
@click.option("--note", default="", metavar="TEXT", help="Of FACT: words for the record, alone or with a decision.")
@click.option("--second", is_flag=True, help="Code a second time, without seeing the first value.")
@click.option("--proposals", is_flag=True, help="Show what coders propose from the texts that stand, beside the facts.")
@click.option("--divergence", is_flag=True, help="Tell by question how far first and second coders agree.")
@sources_option
@facts_option
@data_option
def review(fact: str, data: Path, **options: Any) -> None:
    """Look at coded answers with a person, the most urgent first, and write what was decided into their files.

    Order: words that changed or are gone; dates within 90 days; contradictions; words nobody confirmed; reports whose
    official page is known; the rest. With FACT (an id, or its beginning) it shows one, or decides with --accept,
    --reject, --value, --set or --note. A fact without words on an official host is looked at, never verified.
    """
    chosen = _check_usage(fact, options)
    docket = _open_docket(data, options)
    if options["divergence"]:
        _tell_divergence(docket, options)
        return
    with reading(data) as db:
        if options["proposals"]:
            show_proposals(db, docket.facts, options)
            return
        cases = read_cases(db, docket.facts, date.fromisoformat(docket.today))
        if fact:
            case = find_case(cases, docket.facts, fact)
            _decide(_open_desk(docket, options), case, chosen, options) if chosen else _show(db, case, options)
        elif options["listing"] or options["form"] == "jsonl" or not _is_watched():
            _list(db, cases, docket, options)
        else:
            _ask(db, cases, docket, options)


def _check_usage(fact: str, options: dict[str, Any]) -> str:
    """Return the one decision asked for, "" for none; raises UsageError for several, and for one without a fact."""
    given = {
        "second": fact and options["second"],
        "accept": options["accept"],
        "reject": options["reject"] is not None,
        "edit": (options["value"] is not None and not options["second"]) or options["settings"],
    }
    chosen = [name for name, asked in given.items() if asked] or (["note"] if options["note"] else [])
    if options["form"] == "yaml" and not options["proposals"]:
        raise UsageError("--format yaml writes proposals only: kb review --proposals --format yaml")
    if len(chosen) > 1:
        raise UsageError(f"one decision at a time: expected one, found {' and '.join(chosen)}")
    if chosen and not fact:
        raise UsageError("a decision needs its FACT: kb review --list names them")
    if chosen == ["second"] and options["value"] is None:
        raise UsageError("--second of one FACT needs --value, the second coder's answer")
    if options["second"] and not fact and not (_is_watched() or options["listing"]):
        raise UsageError("--second asks a person at a terminal; in a script: kb review FACT --second --value V")
    return chosen[0] if chosen else ""


def _open_docket(data: Path, options: dict[str, Any]) -> Docket:
    """Read the files as they are, then their facts: what changes in between is refused when it is written."""
    files = read_files((default_facts_folder(), *options["fact_folders"]))
    facts = load_facts(options["fact_folders"], load_known(options["folders"], data))
    return Docket(files, facts, read_clock()[:10])


def _open_desk(docket: Docket, options: dict[str, Any]) -> Desk:
    return Desk(docket.files, name_reviewer(options["name"], docket.today))


def _is_watched() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _tell_divergence(docket: Docket, options: dict[str, Any]) -> None:
    wanted = options["questions"]
    measured = [one for one in measure_agreement(docket.facts) if not wanted or one.question in wanted]
    if options["form"] == "jsonl":
        _write_lines(measured)
    elif measured:
        print_agreement(make_console(), measured)
    else:
        click.echo("No answer was coded twice yet: kb review --second begins.")


def _choose(cases: list[Case], options: dict[str, Any], *, limit: int = 0) -> list[Case]:
    """Return the cases asked for: those to look at, or those a second coder can code."""
    second = options["second"]
    wanted = Wanted(
        jurisdictions=options["places"],
        questions=options["questions"],
        states=options["states"] or (get_args(FactState) if second else ()),
    )
    chosen = choose_cases(cases, wanted)
    chosen = list_uncoded(chosen, options["name"]) if second else chosen
    return chosen[:limit] if limit else chosen


def _list(db: sqlite3.Connection, cases: list[Case], docket: Docket, options: dict[str, Any]) -> None:
    """List what is to be looked at; a limit cuts what programs get, and what a person is shown of it."""
    if options["form"] == "jsonl":
        _write_lines(view_case(case) for case in _choose(cases, options, limit=options["limit"] or 0))
        return
    chosen = _choose(cases, options)
    console = make_console()
    if chosen:
        most = LIMIT_ON_SCREEN if console.is_terminal else 0
        limit = most if options["limit"] is None else options["limit"]
        print_queue(console, chosen, shown=limit or len(chosen))
    else:
        print_line(console, _explain_empty(cases, options))
    _name_strangers(console, db, docket)


def _explain_empty(cases: list[Case], options: dict[str, Any]) -> str:
    """Say which emptiness it is: nothing coded, nothing as asked, nothing left to do."""
    if not cases:
        return "No fact is coded: kb/facts holds those that ship, --facts names a folder of yours."
    if options["second"]:
        return "Nothing is left to code a second time."
    if not _choose(cases, {**options, "states": get_args(FactState)}):
        return f"None of {say_plural(len(cases), 'fact')} is of the jurisdiction and question asked for."
    if options["states"]:
        return f"None of {say_plural(len(cases), 'fact')} is as asked; states: {' '.join(get_args(FactState))}."
    return f"Nothing is left to look at: of {say_plural(len(cases), 'fact')} those asked for are confirmed."


def _name_strangers(console: Console, db: sqlite3.Connection, docket: Docket) -> None:
    strangers = find_strangers(db, docket.facts)
    if strangers:
        told = f"{say_plural(len(strangers), 'fact')} of kb.db stand in no folder given here"
        print_line(console, f"{told}: name theirs with --facts, or kb build anew.", style="dim")


def _show(db: sqlite3.Connection, case: Case, options: dict[str, Any]) -> None:
    if options["form"] == "jsonl":
        _write_lines([view_case(case)])
        return
    print_case(make_console(), case, read_words(db, case.standing.step))


def _decide(desk: Desk, case: Case, chosen: str, options: dict[str, Any]) -> None:
    """Write one decision and say what was done, where, and of what could not be verified why."""
    note = options["note"]
    decisions = {
        "accept": lambda: desk.accept(case, note),
        "reject": lambda: desk.reject(case, " ".join(filter(None, (options["reject"], note)))),
        "edit": lambda: desk.edit(case, _read_changes(options), note),
        "second": lambda: desk.code_second(case, options["value"]),
        "note": lambda: desk.note(case, note),
    }
    done = decisions[chosen]()
    why = f": {case.standing.barrier}" if done.verb == "looked" else ""
    click.echo(f"{done.fact.id}: {SAID[done.verb]}{why}")
    click.echo(f"written to {done.path}; git diff shows it, kb build takes it up")


def _read_changes(options: dict[str, Any]) -> dict[str, str]:
    """Return what an edit sets, by key; raises UsageError for a setting without its sign."""
    changes = {} if options["value"] is None else {"value": options["value"]}
    for setting in options["settings"]:
        key, sign, text = setting.partition("=")
        if not sign:
            raise UsageError(f"--set {setting!r}: expected KEY=TEXT, for example scope.profession=nurse")
        changes[key.strip()] = text.strip()
    return changes


def _ask(db: sqlite3.Connection, cases: list[Case], docket: Docket, options: dict[str, Any]) -> None:
    """Hold a session with the person at the terminal."""
    console = make_console()
    chosen = _choose(cases, options, limit=options["limit"] or 0)
    if not chosen:
        print_line(console, _explain_empty(cases, options))
        _name_strangers(console, db, docket)
        return
    setting = Setting(
        console, AtTerminal(), _open_desk(docket, options), lambda case: read_words(db, case.standing.step)
    )
    Session(setting, chosen, blind=options["second"]).hold()


def _write_lines(rows: Any) -> None:
    for row in rows:
        sys.stdout.buffer.write(msgspec.json.encode(row) + b"\n")
