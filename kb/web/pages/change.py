"""One change: its redline, why it counts as what it counts as, its dates and its proof."""

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec
from markupsafe import Markup

from kb.compare.redline import Op, Span, redline, redline_html, spell_controls
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
from kb.web.answer import Answer
from kb.web.pages.frame import read_frame, render, render_missing, show_sources
from kb.web.pages.words import SIGNAL_LABELS, cite, link_document, print_day, print_instant, weigh

SITE = "Status Quo"
# Longer pairs of texts (signs, both together) would take more than a page's 20 ms to compare.
LONGEST_COMPARED = 40_000


class Marked(msgspec.Struct, frozen=True):
    """A change as shown: marks in one text, and the two texts side by side with their own marks."""

    inline: Markup
    before: Markup | None
    after: Markup | None
    gist: str


def view_change(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/c/<id>": the redline of one change with its reason, dates and proof."""
    frame = read_frame(db, asked)
    change = find_change(db, asked["change"])
    if change is None:
        return render_missing(frame, "No such change", [f"We hold no change with the id “{asked['change']}”."])
    row = change.row
    before, after = find_snapshots(db, change)
    older, newer = find_neighbours(db, change)
    return render(
        "change.html",
        show_sources(frame, [row.source]),
        change=row,
        weight=weigh(row),
        marked=mark_change(change),
        is_cut=change.is_cut,
        signals=[SIGNAL_LABELS[signal] for signal in row.signals],
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


def mark_change(change: FullChange) -> Marked:
    """Return the marked texts of a change; of very long ones the redline kept in the generation, and no sides."""
    row = change.row
    if len(row.old_text) + len(row.new_text) > LONGEST_COMPARED:
        return Marked(Markup(change.redline), None, None, "long text")  # noqa: S704 - our own markup, checked at publish
    spans = redline(row.old_text, row.new_text)
    inline = Markup(redline_html(spans))  # noqa: S704 - our own markup round escaped text
    return Marked(inline, _mark_side(spans, "delete"), _mark_side(spans, "insert"), tell_gist(spans))


def _mark_side(spans: Sequence[Span], op: Op) -> Markup:
    """Return one side's text: what was kept, and with marks what only this side has."""
    pieces = {"delete": Markup("<del>{}</del>"), "insert": Markup("<ins>{}</ins>"), "equal": Markup("{}")}
    parts = [pieces[span.op].format(spell_controls(span.text)) for span in spans if span.op in ("equal", op)]
    return Markup("").join(parts)


def tell_gist(spans: Sequence[Span]) -> str:
    """Say how many words were taken out and put in."""
    counts = {op: sum(len(span.text.split()) for span in spans if span.op == op) for op in ("delete", "insert")}
    told = [(counts["delete"], "removed"), (counts["insert"], "added")]
    return ", ".join(f"{n:,} {'word' if n == 1 else 'words'} {what}" for n, what in told if n) or "same words"


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
