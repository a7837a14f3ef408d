"""How the registry of sources is shown: doubts, and which questions its documents can answer."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from textwrap import fill

import click
import msgspec

from kb.cli.frame import say_plural
from kb.coding import FactCount
from kb.questions import read_questions
from kb.registry import ANSWERED, Answer, Doubt, count_addresses
from kb.sources import Source

# Warnings of one code that are listed before the rest is only counted.
MOST_LISTED = 5
# Characters a line of jurisdictions may have.
WIDTH = 100
LEGEND = """\
Questions, and for how many jurisdictions a registered document answers them: at an address that may be crawled
(reachable), at a closed one only (closed), known by its citation only (cited), or not at all (open)."""


def print_lines(doubts: Iterable[Doubt], answers: Iterable[Answer]) -> None:
    """Write one line of JSON a doubt, and one for each question of each jurisdiction."""
    for kind, rows in (("doubt", doubts), ("answer", answers)):
        for row in rows:
            click.echo(msgspec.json.encode({"kind": kind, **msgspec.structs.asdict(row)}).decode())


def print_doubts(doubts: Sequence[Doubt], *, everything: bool) -> None:
    """Write the errors, and of each kind of warning the first few."""
    told: Counter[str] = Counter()
    for doubt in doubts:
        told[doubt.code] += doubt.weight == "warning"
        if everything or doubt.weight == "error" or told[doubt.code] <= MOST_LISTED:
            click.echo(f"{doubt.weight}: {doubt.where}: {doubt.message}")
    for code, count in told.items():
        if count > MOST_LISTED and not everything:
            click.echo(f"warning: {count - MOST_LISTED} more of the kind {code!r} (--all lists them)")


def print_addresses(sources: Sequence[Source]) -> None:
    """Say how many documents are registered, and of how many the address was ever seen to answer."""
    count = count_addresses(sources)
    total = count.total()
    if total:
        click.echo(
            f"{say_plural(total, 'document')} registered: the address of {count['seen']} was seen to answer, that of "
            f"{count['unseen']} is known by name or pattern only, {count['none']} have none yet"
        )


def print_facts(count: FactCount) -> None:
    """Say how many answers are coded, in how many cells of those asked, and what stands in the others."""
    if not count.facts and not count.gaps:
        return
    rest = count.asked - count.cells - count.gaps
    why = f"{count.leads} leads, {count.not_found} not found"
    click.echo(
        f"{say_plural(count.facts, 'fact')} coded in {say_plural(count.cells, 'cell')} of {count.asked} "
        f"({say_plural(count.jurisdictions, 'jurisdiction')}, {say_plural(count.questions, 'question')}); "
        f"{count.gaps} more have leads or say where it was looked for ({why}), "
        f"{rest} are not checked"
    )


def print_answers(answers: Sequence[Answer], *, one_place: bool) -> None:
    """Write which questions the documents can answer: by question over all jurisdictions, or one by one for a few."""
    if one_place:
        _print_each(answers)
    else:
        click.echo(LEGEND)
        _print_counts(answers)
    click.echo()


def _print_counts(answers: Sequence[Answer]) -> None:
    """Write topic by topic how many jurisdictions have each answer, and below it where the question is open."""
    by_question: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for answer in answers:
        by_question[answer.question][answer.state].append(answer.jurisdiction)
    topic = ""
    for question in read_questions():
        found = by_question[question.id]
        if not found:
            continue
        if question.topic != topic:
            topic = question.topic
            click.echo(f"\n{topic}")
        counts = ", ".join(f"{len(found[state])} {state}" for state in ANSWERED if found[state])
        click.echo(f"  {question.id}: {counts}")
        if found["open"]:
            click.echo(_name_places(found["open"], everywhere=len(found) == 1))


def _name_places(places: Sequence[str], *, everywhere: bool) -> str:
    short = "everywhere" if everywhere and len(places) > 1 else " ".join(place.removeprefix("us-") for place in places)
    return fill(f"open in: {short}", width=WIDTH, initial_indent="    ", subsequent_indent="    ")


def _print_each(answers: Sequence[Answer]) -> None:
    """Write jurisdiction by jurisdiction each question, its answer and the documents that give it."""
    place = ""
    for answer in answers:
        if answer.jurisdiction != place:
            place = answer.jurisdiction
            click.echo(f"\n{place}")
        named = "; ".join(answer.documents[:MOST_LISTED])
        more = len(answer.documents) - MOST_LISTED
        by = f" ({named}{f'; {more} more' if more > 0 else ''})" if named else ""
        click.echo(f"  {answer.topic}, {answer.question}: {answer.state}{by}")
