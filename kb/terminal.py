"""Print for a person at a terminal: lists of changes, outlines of law, comparisons.

Colour never carries meaning alone: without it redlines are marked [-old-]{+new+}. What a page wrote is never obeyed by
the terminal (control signs are spelled out).
"""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

from kb.compare.eids import print_eid
from kb.compare.redline import Span, redline_text, spell_controls
from kb.consult import Answer
from kb.models import Act, Provision
from kb.reports import ChangeView, DayView
from kb.store.queries import VersionRow

INDENT = 2
# Deeper provisions are not indented further, or their text would be a column of single words.
MOST_INDENT = 12
# A row of a header: its label's width.
LABEL_WIDTH = 11
LEAST_WIDTH = 40
# The longest line of prose that is easy to read; wider terminals leave the rest empty.
MOST_WIDTH = 100


def print_days(console: Console, days: Iterable[DayView]) -> int:
    """Print changes by day, source and document; returns how many were printed."""
    printed = 0
    for day in days:
        console.print()
        console.print(Text(day.title, style="bold reverse" if console.is_terminal else "bold"))
        for document in day.documents:
            print_line(console, document.title, style="bold", indent=INDENT)
            for change in document.changes:
                print_change(console, change, indent=2 * INDENT)
                printed += 1
    return printed


def print_change(console: Console, change: ChangeView, *, indent: int = INDENT) -> None:
    """Print one change: what moved, why it counts as what it does, its redline, and the answers it touches."""
    print_line(console, f"{change.title}: {change.reason}" if change.reason else change.title, indent=indent)
    if change.spans:
        print_wrapped(console, paint_redline(console, change.spans), indent + INDENT)
    for line in change.touches:
        print_line(console, line, style="bold", indent=indent + INDENT)


def paint_redline(console: Console, spans: Sequence[Span]) -> Text:
    """Return a redline as this terminal can show it: coloured, or with marks where there is no colour."""
    color = console.is_terminal and not console.no_color and console.color_system is not None
    return Text.from_ansi(redline_text(spans, color=color)) if color else Text(redline_text(spans))


def print_line(console: Console, line: str, *, style: str = "", indent: int = 0) -> None:
    """Print one paragraph, wrapped under its own beginning."""
    print_wrapped(console, Text(spell_controls(line), style=style), indent)


def print_wrapped(console: Console, text: Text, indent: int) -> None:
    """Print a text wrapped and indented, with no blanks at the ends of its lines: they would be copied along."""
    for line in text.wrap(console, _width(console) - indent, overflow="fold"):
        line.rstrip()
        console.print(Text(" " * indent) + line, soft_wrap=True)


def print_answer(console: Console, answer: Answer, *, notes: bool) -> None:
    """Print what a document said at a moment: what it is and how it stands, then its text as a numbered outline."""
    target, version = answer.target, answer.choice.version
    place = f" {print_eid(target.eid)}" if target.eid else ""
    print_line(console, f"{target.citation}{place}", style="bold")
    if version is not None and version.heading:
        print_line(console, version.heading, style="bold")
    for line in (*answer.notes, *describe_standing(answer)):
        print_line(console, line, style="bold yellow")
    if version is None:
        return
    for label, value in _describe_version(answer, version):
        print_row(console, label, value)
    console.print()
    print_provisions(console, answer.shown, chosen=target.eid)
    if notes:
        _print_notes(console, answer.shown)


def print_row(console: Console, label: str, value: str | Text) -> None:
    """Print one row of a header: its label, and its value wrapped beside it."""
    told = Text(spell_controls(value)) if isinstance(value, str) else value
    # An address or a hash stays in one piece, to be copied.
    lines = told.wrap(console, _width(console) - LABEL_WIDTH) if " " in told.plain else [told]
    for number, line in enumerate(lines):
        line.rstrip()
        lead = f"{'' if number else label:<{LABEL_WIDTH}}"
        console.print(Text.assemble((lead, "dim"), line), soft_wrap=True)


def describe_standing(answer: Answer) -> list[str]:
    """Say in a sentence how the text shown stands to the law of today; nothing where it is simply in force."""
    choice, as_of = answer.choice, answer.moment.as_of
    where = f"kb show {answer.target.document}"
    if choice.version is None:
        known = answer.moment.known_at[:10]
        return [f"Unknown before {choice.since}, when our record of it starts; asked was {as_of}, as known at {known}."]
    sentences = {
        "in_force": [] if answer.is_current else [_describe_past(answer, choice.version)],
        "coming": [f"NOT YET IN FORCE: it says it applies from {choice.since}."],
        "expired": [
            f"NOT CURRENT: it says it ended on {choice.since}; its page still printed it on {answer.last_seen[:10]}."
        ],
        "removed": [f"REMOVED since {choice.since}: this is the last text that was seen."],
        "unknown_before": [],
    }
    found = sentences[choice.state]
    if choice.state != "in_force" and answer.now.state == "in_force":
        found.append(f"Another text is in force today: {where}")
    return found


def _describe_past(answer: Answer, version: VersionRow) -> str:
    until = f" until {version.closed_at[:10]}" if version.closed_at is not None else ""
    if answer.now.state == "removed":
        after = f"removed since {answer.now.since}"
    else:
        after = f"for the text of today: kb show {answer.target.document}"
    return f"NOT CURRENT: text in force on {answer.moment.as_of}{until}; {after}"


def _describe_version(answer: Answer, version: VersionRow) -> Iterator[tuple[str, str]]:
    """Yield the rows of the header: label and value."""
    others = f" (also: {', '.join(answer.others)})" if answer.others else ""
    here = [standing for standing in answer.standings if standing.gone_at is None]
    seen = f"first {version.observed_from[:10]}, last {answer.last_seen[:10]}"
    yield "Document", version.document
    yield "Strand", f"{version.strand}{others} · source {version.source}"
    yield "Official", here[-1].url if here else f"{version.url} (no longer there)"
    yield "Valid", _describe_validity(version)
    yield "Seen", f"{seen}{f', gone {version.closed_at[:10]}' if version.closed_at is not None else ''}"
    yield "As of", f"{answer.moment.as_of}, as known at {answer.moment.known_at[:10]}"
    yield "Version", version.version
    yield "Snapshot", f"sha256 {version.sha256}"
    if version.acts:
        yield "Acts", "; ".join(_describe_act(act) for act in version.acts)
    if answer.later_changes:
        plural = "s" if answer.later_changes > 1 else ""
        yield "Later", f"{answer.later_changes} change{plural}: kb changes --document {version.document}"


def _describe_validity(version: VersionRow) -> str:
    if version.valid_from is None and version.valid_to is None:
        return f"from {version.observed_from[:10]} as observed; the page states no dates"
    start = f"from {version.valid_from}" if version.valid_from is not None else ""
    end = f"until {version.valid_to}" if version.valid_to is not None else ""
    return f"{' '.join(filter(None, (start, end)))} as its page states"


def _describe_act(act: Act) -> str:
    return act.name if act.effective_on is None else f"{act.name} ({act.effective_on})"


def print_provisions(console: Console, parts: Sequence[Provision], *, chosen: str = "") -> None:
    """Print provisions as a numbered, indented outline; of the ancestors of the one chosen only number and heading."""
    for part in parts:
        if part.eid:
            is_above = bool(chosen) and part.eid != chosen and not part.eid.startswith(f"{chosen}__")
            _print_provision(console, part, "…" if is_above else part.text)
        if part.pending:
            print_line(console, f"Announced: {part.pending}", style="yellow", indent=INDENT)


def _print_provision(console: Console, part: Provision, text: str) -> None:
    indent = min(part.eid.count("__") * INDENT, MOST_INDENT)
    body = spell_controls(" ".join(filter(None, (part.heading, text))))
    lead = f"{' ' * indent}{spell_controls(part.number)} " if part.number else " " * indent
    lines = textwrap.wrap(
        f"{lead}{body}",
        width=_width(console),
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    printed = Text("\n".join(lines))
    printed.stylize("bold", 0, len(lead))
    console.print(printed, soft_wrap=True)


def _print_notes(console: Console, parts: Sequence[Provision]) -> None:
    for part in parts:
        if part.note:
            console.print()
            print_line(console, f"Notes{f' to {print_eid(part.eid)}' if part.eid else ''}", style="bold")
            for line in part.note.splitlines():
                print_line(console, line, style="dim", indent=INDENT)


def _width(console: Console) -> int:
    return max(LEAST_WIDTH, min(console.width, MOST_WIDTH))
