"""Put changes into words: the lines that every way of printing shares, and the Markdown and HTML reports."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from kb.compare.eids import print_eid
from kb.compare.redline import Span, redline, redline_html, redline_markdown, shorten_redline, spell_controls
from kb.impacts import ChangeKey, Impact, describe_impact
from kb.models import Change, ChangeRow
from kb.store.queries import Tally, VersionRow, Watch

# A sign for each kind, beside the word: a list is scanned by signs and read by words.
MARKS = {"added": "+", "removed": "−", "amended": "~", "renumbered": "#", "moved": "→"}
PART_WORDS = {"text": "", "heading": "heading", "note": "note", "pending": "announcement"}
# Words of one added or removed text that a list shows; jsonl and `kb diff` have all of it.
MOST_WORDS = 60
TEMPLATES = Path(__file__).parent / "templates"
# The answers that each change touches.
Touched = Mapping[ChangeKey, Sequence[Impact]]
NOTHING_TOUCHED: Touched = {}


class Summary(msgspec.Struct, frozen=True):
    """What a list of changes rests on: how many there are of each sort, what was left out, and how it was watched."""

    tallies: tuple[Tally, ...]
    watches: tuple[Watch, ...]
    shown: int
    notes_hidden: int

    @property
    def total(self) -> int:
        """Count all changes that match."""
        return sum(tally.count for tally in self.tallies)


class ChangeView(msgspec.Struct, frozen=True):
    """One change ready to print: its line of words, its redline, and a line for each answer it touches."""

    title: str
    reason: str
    spans: tuple[Span, ...]
    id: str = ""
    touches: tuple[str, ...] = ()


class DocumentView(msgspec.Struct, frozen=True):
    """The changes of one document on one day."""

    title: str
    url: str
    changes: tuple[ChangeView, ...]


class DayView(msgspec.Struct, frozen=True):
    """The changes of one source on one day."""

    title: str
    documents: tuple[DocumentView, ...]


# --- words


def is_rule_change(nature: str, part: str) -> bool:
    """Tell whether a change is one of law: substantive, in text or heading (DESIGN.md §5)."""
    return nature == "substantive" and part in ("text", "heading")


def describe_change(change: Change | ChangeRow) -> str:
    """Say in one line what moved where: "~ amended (a)(1) · substantive · number"."""
    words = [f"{MARKS[change.kind]} {change.kind} {_describe_place(change)}", change.nature, ", ".join(change.signals)]
    return spell_controls(" · ".join(filter(None, words)))


def _describe_place(change: Change | ChangeRow) -> str:
    before, after = print_eid(change.old_eid or ""), print_eid(change.eid or "")
    place = f"{before} → {after}" if before and after and before != after else after or before
    count = f"({change.count} provisions)" if change.count > 1 else ""
    whole = "" if place or PART_WORDS[change.part] else "whole document"
    return " ".join(filter(None, (place or whole, PART_WORDS[change.part], count)))


# How one of a kind is called.
ONE_OF = {"rule changes": "rule change", "announcements": "announcement"}


def describe_tallies(tallies: Sequence[Tally]) -> str:
    """Count changes in words: "12 rule changes, 3 editorial, 5 of notes"."""
    sums: dict[str, int] = {}
    for tally in tallies:
        name = _name_tally(tally)
        sums[name] = sums.get(name, 0) + tally.count
    order = ("rule changes", "announcements", "editorial", "structural", "in notes")
    return ", ".join(
        f"{sums[name]} {ONE_OF.get(name, name) if sums[name] == 1 else name}" for name in order if name in sums
    )


def _name_tally(tally: Tally) -> str:
    if is_rule_change(tally.nature, tally.part):
        return "rule changes"
    if tally.part in ("note", "pending"):
        return "in notes" if tally.part == "note" else "announcements"
    return tally.nature


def describe_watches(watches: Sequence[Watch]) -> str:
    """Say since when and until when was watched: "1 source watched since 2022-12-29, last checked 2024-10-20"."""
    read = [watch for watch in watches if watch.since]
    if not watches:
        return "no source is watched"
    sources = f"{len(watches)} source{'s' if len(watches) > 1 else ''}"
    if not read:
        return f"{sources}, none of which could be read yet"
    since, until = min(watch.since for watch in read), max(watch.last_checked for watch in read)
    unread = f", {len(watches) - len(read)} of them never read" if len(read) < len(watches) else ""
    return f"{sources} watched since {since[:10]}, last checked {until[:10]}{unread}"


def describe_total(summary: Summary) -> str:
    """Say in one line how many changes match and what that rests on; an empty list says what was watched."""
    watched = describe_watches(summary.watches)
    if not summary.total:
        return f"0 changes: {watched}."
    plural = "s" if summary.total > 1 else ""
    return f"{summary.total} change{plural} ({describe_tallies(summary.tallies)}); {watched}."


def describe_hidden(summary: Summary) -> list[str]:
    """Say what a list leaves out and how to see it; nothing where it leaves out nothing."""
    lines = []
    if summary.notes_hidden:
        are = "change of notes only is" if summary.notes_hidden == 1 else "changes of notes only are"
        lines.append(f"{summary.notes_hidden} {are} not shown: --all or --part note shows them.")
    earlier = summary.total - summary.shown - summary.notes_hidden
    if earlier > 0:
        lines.append(
            f"{earlier} earlier {'change is' if earlier == 1 else 'changes are'} not shown: --limit 0 shows all."
        )
    return lines


def make_redline(old: str, new: str) -> tuple[Span, ...]:
    """Return the redline of two texts, shortened for a list: some words round each edit, the beginning of long ones."""
    return tuple(_cut_span(span) for span in shorten_redline(redline(old, new)))


def _cut_span(span: Span) -> Span:
    words = span.text.split(" ")
    if span.op == "equal" or len(words) <= MOST_WORDS:
        return span
    left = len(words) - MOST_WORDS
    return msgspec.structs.replace(span, text=f"{' '.join(words[:MOST_WORDS])} … ({left} more words)")


# --- reports


def view_change(change: Change | ChangeRow) -> ChangeView:
    """Make one change ready to print."""
    name = change.id if isinstance(change, ChangeRow) else ""
    spans = make_redline(change.old_text, change.new_text) if change.old_text != change.new_text else ()
    return ChangeView(describe_change(change), spell_controls(change.reason), spans, name)


def view_days(rows: Iterable[ChangeRow], touched: Touched = NOTHING_TOUCHED) -> Iterator[DayView]:
    """Group changes, in their order, by day and source and then by document, each with the answers it touches."""
    for (day, source), of_day in groupby(rows, key=lambda row: (row.observed_at[:10], row.source)):
        documents = groupby(of_day, key=lambda row: (row.document, row.strand))
        yield DayView(f"{day} · {source}", tuple(_view_document(list(group), touched) for _, group in documents))


def _view_document(rows: Sequence[ChangeRow], touched: Touched) -> DocumentView:
    first = rows[0]
    strand = "" if first.strand == "current" else f" [{first.strand}]"
    heading = f": {first.heading}" if first.heading and not (first.eid or first.old_eid) else ""
    effective = next((f" (effective {row.effective_on})" for row in rows if row.effective_on is not None), "")
    title = spell_controls(f"{first.citation}{strand}{heading}{effective}")
    views = (msgspec.structs.replace(view_change(row), touches=_tell_touched(row, touched)) for row in rows)
    return DocumentView(title, first.url, tuple(views))


def _tell_touched(row: ChangeRow, touched: Touched) -> tuple[str, ...]:
    return tuple(spell_controls(describe_impact(impact)) for impact in touched.get((row.id, row.source), ()))


def write_changes_markdown(rows: Iterable[ChangeRow], touched: Touched = NOTHING_TOUCHED) -> Iterator[str]:
    """Yield the lines of a Markdown list of changes, by day and document."""
    for day in view_days(rows, touched):
        yield f"\n## {escape_markdown(day.title)}\n"
        for document in day.documents:
            yield f"### {escape_markdown(document.title)}\n"
            yield f"<{document.url.replace('>', '%3E')}>\n"
            for change in document.changes:
                yield from _write_change(change)
            yield ""


def _write_change(change: ChangeView) -> Iterator[str]:
    reason = f" · {escape_markdown(change.reason)}" if change.reason else ""
    yield f"- **{escape_markdown(change.title)}**{reason}"
    if change.spans:
        marked = " ".join(redline_markdown(change.spans).split())
        yield f"  {marked}"
    for line in change.touches:
        yield f"  - {escape_markdown(line)}"


def write_changes_html(
    rows: Iterable[ChangeRow], title: str, lines: Sequence[str], touched: Touched = NOTHING_TOUCHED
) -> Iterator[str]:
    """Yield the pieces of one standalone page of changes: no script, nothing loaded, all text escaped."""
    yield from _load_template("changes.html").generate(title=title, lines=lines, days=view_days(rows, touched))


def write_diff_markdown(old: VersionRow, new: VersionRow, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the lines of a Markdown comparison of two versions."""
    yield f"# {escape_markdown(name_versions(old, new))}\n"
    for change in changes:
        yield from _write_change(view_change(change))


def write_diff_html(old: VersionRow, new: VersionRow, changes: Sequence[Change]) -> Iterator[str]:
    """Yield the pieces of one standalone page that compares two versions."""
    views = tuple(view_change(change) for change in changes)
    title = name_versions(old, new)
    days = [DayView(f"{len(changes)} differences", (DocumentView(new.citation, new.url, views),))]
    yield from _load_template("changes.html").generate(title=title, lines=(), days=days)


def name_versions(old: VersionRow, new: VersionRow) -> str:
    """Name two versions that are compared: "Example Code § 1: text of 2024-01-01 and of 2024-03-01"."""
    if old.document == new.document:
        return f"{new.citation}: text of {old.observed_from[:10]} and of {new.observed_from[:10]}"
    return f"{old.citation} ({old.observed_from[:10]}) and {new.citation} ({new.observed_from[:10]})"


def escape_markdown(text: str) -> str:
    """Return a text whose signs Markdown does not read as markup."""
    return redline_markdown([Span("equal", " ".join(text.split()))])


def _load_template(name: str) -> Template:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters["redline"] = lambda spans: Markup(redline_html(spans))  # noqa: S704 - redline_html escapes
    return environment.get_template(name)
