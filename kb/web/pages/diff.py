"""The redline of two versions of one document: every provision that moved, inline or side by side."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from kb.compare.readings import compare_readings
from kb.consult import Moment, Question, choose_text
from kb.lookup import Target
from kb.models import Change, Reading
from kb.store.knowledge import read_version
from kb.store.pages import SourceState, read_sources
from kb.store.queries import Named, VersionRow, find_named, read_version_rows
from kb.tell.words import (
    END_OF_TIME,
    WEIGHT_LABELS,
    Weight,
    count_weight,
    link_diff,
    link_document,
    parse_day,
    print_day,
    weigh,
)
from kb.web.answer import Answer
from kb.web.pages.document import explain_missing, tell_withheld
from kb.web.pages.filters import write_path
from kb.web.pages.frame import Frame, read_frame, render, render_missing, show_sources
from kb.web.pages.history import tell_validity
from kb.web.pages.sides import Stretch, list_stretches, tell_length

# "3f2a9c0d1e4b5a67"
VERSION_ID = re.compile(r"[0-9a-f]{16}")
VIEWS = {"inline": "in one text", "side": "side by side"}
# So many versions are named where one is not found; the document's page names all.
MOST_NAMED = 12
LONGEST_NAME = 40


class Side(msgspec.Struct, frozen=True):
    """One of the two versions as shown: its row, when it applies in words, and the path of its text."""

    version: VersionRow
    validity: str
    path: str


def view_diff(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/d/<document>/diff/<a>..<b>": what moved between two versions, each named by its id or by a day.

    A day names the text that applied then, "today" the text of today. Without marks for ``view=side`` the two texts
    stand side by side; ``all=1`` prints what did not move too.
    """
    frame = read_frame(db, asked)
    named = find_named(db, asked["document"])
    if not named:
        return render_missing(frame, "No such document", explain_missing(db, asked["document"]))
    rows = read_version_rows(db, named[0].document)
    found = [find_side(db, named[0], rows, asked.get(name, ""), asked["today"]) for name in ("old", "new")]
    errors = [one for one in found if isinstance(one, str)]
    sides = [one for one in found if isinstance(one, VersionRow)]
    if errors or asked.get("view", "inline") not in VIEWS:
        wrong = [] if asked.get("view", "inline") in VIEWS else ["view is inline or side"]
        known = [f"Versions there are: {', '.join(_name_version(row) for row in rows[-MOST_NAMED:])}."]
        is_missing = not wrong and all(asked.get(name) for name in ("old", "new"))
        status = 404 if is_missing else 400
        return render_missing(frame, "No such comparison", [*errors, *wrong, *known], status=status)
    source = next(iter(read_sources(db, sides[1].source)), None)
    frame = show_sources(frame, {row.source for row in sides})
    return _render_diff(frame, (sides[0], sides[1]), source, [read_version(db, row.version) for row in sides], asked)


def find_side(
    db: sqlite3.Connection, named: Named, rows: Sequence[VersionRow], asked: str, today: str
) -> VersionRow | str:
    """Return the version of a document that is asked for by its id or by a day, or a sentence why there is none."""
    shown = asked if len(asked) <= LONGEST_NAME else f"{asked[:LONGEST_NAME]}…"
    if VERSION_ID.fullmatch(asked):
        row = next((row for row in rows if row.version == asked), None)
        return row or f"{named.citation} has no version “{asked}”."
    day = date.fromisoformat(today) if asked == "today" else parse_day(asked)
    if day is None:
        return f"“{shown}” names no version: give its id, a day such as 2024-07-01, or “today”."
    moment = Moment(day, END_OF_TIME)
    choice = choose_text(db, Target(named.document, named.citation), Question(moment=moment, now=moment))
    if choice.version is None:
        first = f"We first saw {named.citation} on {print_day(choice.since)}"
        return f"{first}; what it said on {print_day(day)} we cannot show."
    return choice.version


def _name_version(row: VersionRow) -> str:
    return f"{row.version} (seen {print_day(row.observed_from)})"


def _render_diff(
    frame: Frame,
    sides: tuple[VersionRow, VersionRow],
    source: SourceState | None,
    readings: Sequence[Reading],
    asked: Mapping[str, str],
) -> Answer:
    old, new = sides
    withheld = tell_withheld(source) or tell_length(readings)
    changes = [] if withheld else compare_readings(readings[0], readings[1])
    stretches: list[Stretch] = []
    if not withheld:
        stretches = list_stretches(readings[0].provisions, readings[1].provisions, changes)
    base = link_diff(new.document, old.version, new.version)
    view = asked.get("view", "inline")
    chosen = {"view": view if view != "inline" else "", "all": asked.get("all", "")}
    since, until = sorted((old.observed_from[:10], new.observed_from[:10]))
    told = {"document": new.document, "nature": "any", "part": "any", "since": since, "until": until}
    answer = render(
        "diff.html",
        frame,
        old=Side(old, tell_validity(old), _link_text(old)),
        new=Side(new, tell_validity(new), _link_text(new)),
        gist=tell_counts(changes),
        weights={weigh(change) for change in changes},
        stretches=stretches,
        withheld=withheld,
        source=source,
        view=view,
        views=[(name, label, write_path(base, {**chosen, "view": name if name != "inline" else ""}))
               for name, label in VIEWS.items()],
        shows_all=bool(asked.get("all")),
        all_path=write_path(base, {**chosen, "all": "" if asked.get("all") else "1"}),
        told_path=write_path("/changes", told),
        turned=link_diff(new.document, new.version, old.version) if old.version != new.version else "",
    )  # fmt: skip
    return msgspec.structs.replace(answer, headers={"Link": f'<{base}>; rel="canonical"'})


def tell_counts(changes: Sequence[Change]) -> str:
    """Say what two texts come to: "2 rule changes, 1 change of wording only"; "" where the words are the same."""
    counts: dict[Weight, int] = {}
    for change in changes:
        counts[weigh(change)] = counts.get(weigh(change), 0) + 1
    return ", ".join(count_weight(weight, counts[weight]) for weight in WEIGHT_LABELS if weight in counts)


def _link_text(row: VersionRow) -> str:
    return link_document(row.document, "", row.valid_from or row.observed_from, row.strand)
