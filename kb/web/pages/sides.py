"""Two texts as shown: word by word with marks, in one text or side by side, provision by provision."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Literal

import msgspec
from markupsafe import Markup

from kb.compare.align import Pair, align_provisions
from kb.compare.eids import print_eid
from kb.compare.redline import Op, Span, redline, redline_html, spell_controls
from kb.models import Change, Part, Provision, Reading
from kb.read.canonical import fold_text
from kb.tell.words import Weight, weigh

# Longer pairs of texts (signs, both together) would take more than a page's time to compare.
LONGEST_COMPARED = 40_000
# All pairs of one page together; the rest is shown as old block, new block.
MOST_COMPARED = 200_000

# An announcement stands above all, a heading above its text.
SHOWN_PARTS: tuple[Part, ...] = ("pending", "heading", "text", "note")

# Two documents of more provisions, both together, are not compared on a page: that would take seconds.
MOST_PROVISIONS = 3_000
TOO_LONG = "These texts are too long to be compared on a page; read each by itself, or let “kb diff” compare them."

State = Literal["same", "changed", "renumbered", "added", "removed"]


class Marked(msgspec.Struct, frozen=True):
    """Two texts with marks: in one text, and as two, each with its own marks; and what they come to in words."""

    inline: Markup
    before: Markup | None
    after: Markup | None
    gist: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One part of one provision in both texts: where it stands, what became of it, its marks, and why it counts."""

    place: str
    old_place: str
    part: Part
    state: State
    marked: Marked
    reason: str = ""
    weight: Weight | None = None


class Stretch(msgspec.Struct, frozen=True):
    """Rows that follow each other: all unchanged (to be folded), or each with a change."""

    is_same: bool
    rows: tuple[Row, ...]


def mark_texts(old: str, new: str) -> Marked:
    """Return the marked forms of two texts; two very long ones stand as blocks."""
    if old == new:
        same = _escape(new)
        return Marked(same, same, same, "same words")
    if len(old) + len(new) > LONGEST_COMPARED:
        return mark_blocks(old, new)
    spans = redline(old, new)
    return _mark_spans(spans, tell_gist(spans))


def mark_blocks(old: str, new: str) -> Marked:
    """Return two long texts as one removed and one added block."""
    return _mark_spans([span for span in (Span("delete", old), Span("insert", new)) if span.text], "long text")


def _mark_spans(spans: Sequence[Span], gist: str) -> Marked:
    inline = Markup(redline_html(spans))  # noqa: S704 - our own markup round escaped text
    return Marked(inline, _mark_side(spans, "delete"), _mark_side(spans, "insert"), gist)


def _mark_side(spans: Sequence[Span], op: Op) -> Markup:
    """Return one side's text: what was kept, and with marks what only this side has."""
    kept = (span for span in spans if span.op in ("equal", op))
    return Markup(redline_html(kept))  # noqa: S704 - our own markup round escaped text


def _escape(text: str) -> Markup:
    return Markup("{}").format(spell_controls(text))


def tell_gist(spans: Iterable[Span]) -> str:
    """Say how many words were taken out and put in."""
    counts: dict[Op, int] = {}
    for span in spans:
        counts[span.op] = counts.get(span.op, 0) + len(span.text.split())
    told = [(counts.get("delete", 0), "removed"), (counts.get("insert", 0), "added")]
    return ", ".join(f"{n:,} {'word' if n == 1 else 'words'} {what}" for n, what in told if n) or "same words"


def tell_length(readings: Iterable[Reading]) -> str:
    """Say that texts are too long to be compared on a page, "" where they are not."""
    return TOO_LONG if sum(len(reading.provisions) for reading in readings) > MOST_PROVISIONS else ""


def list_stretches(old: Sequence[Provision], new: Sequence[Provision], changes: Iterable[Change]) -> list[Stretch]:
    """Return all parts of two texts of one document in reading order, changed ones marked, unchanged ones together.

    The editor's notes stand below the law, as on its own page: they are often longer than all of it.
    """
    told = {(change.part, change.eid, change.old_eid): change for change in changes}
    drafts = [row for pair in pair_in_order(old, new) for row in _make_rows(pair, told)]
    rows = sorted(drafts, key=lambda draft: draft[0].part == "note")
    room = MOST_COMPARED
    bounded = []
    for row in rows:
        room -= 0 if row[1] == row[2] else len(row[1]) + len(row[2])
        bounded.append(_finish_row(*row, is_over=room < 0))
    groups = groupby(bounded, key=lambda row: (row.state == "same", row.part == "note"))
    return [Stretch(same, tuple(group)) for (same, _), group in groups]


def pair_in_order(old: Sequence[Provision], new: Sequence[Provision]) -> list[Pair]:
    """Return the pairs in the new text's order, each removed provision after the one it stood behind."""
    pairs = [Pair(old[0], new[0]), *align_provisions(old[1:], new[1:])]
    places = {part.eid: place for place, part in enumerate(old)}
    gone = {places[pair.old.eid]: pair for pair in pairs if pair.new is None and pair.old is not None}
    ordered: list[Pair] = []
    for pair in pairs:
        if pair.new is None:
            continue
        ordered.append(pair)
        place = places[pair.old.eid] + 1 if pair.old is not None else -1
        while place in gone:
            ordered.append(gone.pop(place))
            place += 1
    return [*ordered, *(gone[place] for place in sorted(gone))]


Draft = tuple[Row, str, str]


def _make_rows(pair: Pair, told: dict[tuple[Part, str | None, str | None], Change]) -> Iterator[Draft]:
    """Yield a row without marks for each part that either side has, with both texts."""
    before, after = pair.old or Provision(""), pair.new or Provision("")
    for part in SHOWN_PARTS:
        old, new = getattr(before, part), getattr(after, part)
        if not old and not new:
            continue
        old_eid = None if pair.old is None else pair.old.eid
        eid = None if pair.new is None else pair.new.eid
        change = told.get((part, eid, old_eid))
        empty = Marked(Markup(""), None, None, "")
        yield (
            Row(
                place=print_eid(eid or ""),
                old_place=print_eid(old_eid or ""),
                part=part,
                state=_tell_state(pair, old, new),
                marked=empty,
                reason="" if change is None else change.reason,
                weight=None if change is None else weigh(change),
            ),
            old,
            new,
        )


def _tell_state(pair: Pair, old: str, new: str) -> State:
    if pair.old is None:
        return "added"
    if pair.new is None:
        return "removed"
    if fold_text(old) != fold_text(new):
        return "changed"
    return "same" if pair.old.number == pair.new.number else "renumbered"


def _finish_row(row: Row, old: str, new: str, *, is_over: bool) -> Row:
    """Mark a row's texts; what only one side has stands unmarked, since the whole of it is added or removed."""
    if row.state != "changed":
        text = old if row.state == "removed" else new
        return msgspec.structs.replace(row, marked=mark_texts(text, text))
    return msgspec.structs.replace(row, marked=mark_blocks(old, new) if is_over else mark_texts(old, new))
