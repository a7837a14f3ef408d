"""One change: its redline, why it counts as what it counts as, its dates and its proof."""

import sqlite3
from collections.abc import Mapping

from markupsafe import Markup

from kb.models import ChangeRow
from kb.store.pages import (
    FullChange,
    Snapshot,
    find_change,
    find_changes,
    find_neighbours,
    find_snapshots,
    read_sources,
)
from kb.store.published import read_touched
from kb.tell.words import SIGNAL_LABELS, cite, link_diff, link_document, print_day, print_instant, weigh
from kb.web.answer import Answer
from kb.web.pages.filters import label_value, write_path
from kb.web.pages.frame import read_frame, render, render_missing, show_sources
from kb.web.pages.sides import LONGEST_COMPARED, Marked, mark_texts

SITE = "Status Quo"
VIEWS = {"inline": "in one text", "side": "side by side"}
# An id that is none is printed no further than this.
LONGEST_SHOWN = 40


def view_change(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/c/<id>": the redline of one change with its reason, dates and proof."""
    frame = read_frame(db, asked)
    change = find_change(db, asked["change"])
    if change is None:
        return render_missing(frame, "No such change", explain_missing(asked["change"]))
    if asked.get("view", "inline") not in VIEWS:
        return render_missing(frame, "No such view", [f"A change is shown {' or '.join(VIEWS)}."], status=400)
    row = change.row
    before, after = find_snapshots(db, change)
    older, newer = find_neighbours(db, change)
    return render(
        "change.html",
        show_sources(frame, [row.source]),
        change=row,
        weight=weigh(row),
        marked=mark_change(change),
        view=asked.get("view", "inline"),
        views=[
            (name, label, f"/c/{row.id}" + (f"?view={name}" if name != "inline" else ""))
            for name, label in VIEWS.items()
        ],
        whole_path=_link_whole(before, after),
        is_cut=change.is_cut,
        signals=[SIGNAL_LABELS[signal] for signal in row.signals],
        subjects=list_subjects(row),
        dates=tell_dates(row, frame.today),
        before=before,
        after=after,
        older=older,
        newer=newer,
        related=find_changes(db, row.see_also),
        touched=read_touched(db, row.id, row.source),
        citations=write_citations(row, after or before),
        source=next(iter(read_sources(db, row.source)), None),
        as_of_before=_link_snapshot(before, row.old_eid),
        as_of_after=_link_snapshot(after, row.eid),
    )


def list_subjects(row: ChangeRow) -> list[tuple[str, str]]:
    """Return what a change is about and whom it binds, in words, each with the path of the changes that are too."""
    named = [("topic", topic) for topic in row.topics] + [("profession", name) for name in row.professions]
    return [(label_value(name, value), write_path("/changes", {name: value})) for name, value in named]


def explain_missing(change: str) -> list[str]:
    """Say that there is no such change and how to find one."""
    shown = change if len(change) <= LONGEST_SHOWN else f"{change[:LONGEST_SHOWN]}…"
    return [
        f"We hold no change with the id “{shown}”. An id is 16 figures and letters, as in the addresses of “Changes”.",
        "An id stays for good: one that is not here is of another site, or of a base filled from other pages.",
    ]


def _link_whole(before: Snapshot | None, after: Snapshot | None) -> str:
    """Return the path of the redline of the whole document, "" where it has one text only or another number now."""
    if before is None or after is None or before.document != after.document or before.version == after.version:
        return ""
    return link_diff(after.document, before.version, after.version)


def mark_change(change: FullChange) -> Marked:
    """Return the marked texts of a change; of very long ones the redline kept in the generation, and no sides."""
    row = change.row
    if len(row.old_text) + len(row.new_text) > LONGEST_COMPARED:
        return Marked(Markup(change.redline), None, None, "long text")  # noqa: S704 - our own markup, checked at publish
    return mark_texts(row.old_text, row.new_text)


def tell_dates(row: ChangeRow, today: str) -> list[tuple[str, str, str]]:
    """Return the three dates of a change: label, date in words, and a sentence that says what it means."""
    if row.effective_on is None:
        effective = ("not stated", "Neither the page nor the acts it names say when this applies.")
    else:
        coming = row.effective_on.isoformat() > today
        tense = "will apply" if coming else "applies"
        effective = (print_day(row.effective_on), f"From this day the new text {tense}, as the page or its acts state.")
    proof = "The same round of reading proved it."
    if row.confirmed_at != row.observed_at:
        proof = "Until this later round we held it back, because one answer alone did not prove it."
    return [
        ("In force from", *effective),
        (
            "First seen",
            print_instant(row.observed_at),
            "When we first read the text this way; it may have moved earlier.",
        ),
        ("Confirmed", print_instant(row.confirmed_at), proof),
    ]


def write_citations(row: ChangeRow, proof: Snapshot | None) -> list[tuple[str, str]]:
    """Return how to cite a change: as a sentence and as Markdown; the lawmaker first, this site last."""
    what = cite(row.citation, row.eid if row.eid is not None else row.old_eid)
    force = f", in force from {print_day(row.effective_on)}" if row.effective_on is not None else ""
    seen = f"change first seen {print_instant(row.observed_at)}"
    digest = f", sha256 {proof.sha256[:12]}" if proof is not None else ""
    url = row.url or row.old_url or ""
    return [
        ("Sentence", f"{what}{force}, {url} ({seen}{digest}, via {SITE}, /c/{row.id})."),
        ("Markdown", f"[{what}]({url}){force} ({seen}{digest}, via [{SITE}](/c/{row.id}))"),
    ]


def _link_snapshot(snapshot: Snapshot | None, eid: str | None) -> str:
    """Return the path of a version's text: on the day it states, else on the day it was seen first."""
    if snapshot is None:
        return ""
    return link_document(snapshot.document, eid, snapshot.valid_from or snapshot.observed_from, snapshot.strand)
