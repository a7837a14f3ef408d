"""Print a report: as an e-mail's HTML, as plain text, as Markdown, and as JSON."""

import textwrap
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec
from markupsafe import Markup

from kb.compare.redline import Span, spell_controls
from kb.tell.printing import load
from kb.tell.story import Report, Story, Unread
from kb.tell.view import MOST_FULL, Change, Entry, Head, Page, Row, Section, lay_out, link, tell_lead, title_report
from kb.tell.words import NOT_ADVICE, count_of, keep_web, print_day

# A longer HTML part is cut by mail readers (at 102,400 bytes), and with it what stands last.
MOST_BYTES = 98_000
# Columns of plain text.
WIDTH = 72
# Stories of the JSON form; more are counted, and stand on the site.
MOST_STORIES = 200
# Changes of a story in that form.
MOST_MOVED = 100
MARKS = {"equal": "{}", "delete": "[removed: {}]", "insert": "[added: {}]"}
# Signs that stand close to the word before them.
CLOSING = ("", *".,;:)”’")
# Signs that Markdown reads as markup wherever they stand.
MARKDOWN_SIGNS = frozenset("\\`*_{}[]<>#|~")


def render_html(report: Report) -> str:
    """Return a report as the HTML of an e-mail: one column, styles on their elements, nothing loaded from anywhere.

    What would pass 98,000 bytes is told with fewer stories in full.
    """
    address = report.links.address
    template = load("mail/report.html")
    for most in (MOST_FULL, 3, 0):
        page = lay_out(report, lambda entry: len(print_entry(entry, address).encode()), most)
        written = template.render(
            page=page, address=address, space_marks=space_marks, entry=lambda one: print_entry(one, address)
        )
        if len(written.encode()) <= MOST_BYTES:
            break
    return written


@lru_cache(maxsize=2048)
def print_entry(entry: Entry, address: str) -> Markup:
    """Return one entry as HTML. Kept: many subscribers read the same one."""
    module: Any = load("mail/pieces.html").make_module({"address": address, "space_marks": space_marks})
    return Markup(str(module.entry(entry)).strip())  # noqa: S704 - made by our own template, which escapes


# --- plain text and Markdown: the same lines in two dresses


class Dress(msgspec.Struct, frozen=True):
    """How lines are dressed: as plain text, or as Markdown (``is_marked``); ``address`` is the site's."""

    address: str
    is_marked: bool

    def head(self, level: int, text: str) -> Iterator[str]:
        """Yield a heading; in plain text the first two levels are underlined."""
        yield ""
        if self.is_marked:
            yield f"{'#' * level} {self.escape(text)}"
            yield ""
            return
        yield from self.wrap(text)
        if level <= len(RULES):
            yield RULES[level - 1] * min(WIDTH, len(spell_controls(text)))

    def say(self, text: str, *, first: str = "", then: str = "") -> Iterator[str]:
        """Yield a paragraph: in plain text wrapped, with what stands before its first and its other lines."""
        if self.is_marked:
            yield f"{first}{self.escape(text)}"
            return
        yield from self.wrap(text, first, then)

    def wrap(self, text: str, first: str = "", then: str = "") -> list[str]:
        """Return a text in lines of 72 columns; an address is never broken."""
        line = spell_controls(" ".join(text.split()))
        return textwrap.wrap(
            line, WIDTH, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
        ) or [first.rstrip()]

    def point(self, path: str, label: str, *, indent: str = "") -> Iterator[str]:
        """Yield a link: a line of its own in plain text, so that nothing breaks it."""
        url = path if keep_web(path) else link(self.address, path)
        if self.is_marked:
            named = self.escape(label)
            yield f"{indent}[{named}](<{url.replace('>', '%3E')}>)" if url else f"{indent}{named}"
            return
        yield from self.wrap(f"{label}:" if url or path else label, indent, indent)
        if url or path:
            yield f"{indent}{url or path}"

    def escape(self, text: str) -> str:
        """Return a text on one line that Markdown prints as it is; plain text stays."""
        line = spell_controls(" ".join(text.split()))
        if not self.is_marked:
            return line
        return "".join(f"\\{sign}" if sign in MARKDOWN_SIGNS else sign for sign in line)


RULES = "=-"


def render_text(report: Report) -> str:
    """Return a report as plain text of 72 columns: all of it, in the order of the other forms."""
    return _write(report, Dress(report.links.address, is_marked=False))


def render_markdown(report: Report) -> str:
    """Return a report as Markdown; what the law says is escaped, marks are words too."""
    return _write(report, Dress(report.links.address, is_marked=True))


def _write(report: Report, dress: Dress) -> str:
    page = lay_out(report, lambda entry: len(print_plain(entry, dress).encode()))
    lines = [*_write_head(page, dress)]
    for section in page.sections:
        lines += _write_section(section, page, dress)
    lines += _write_rest(page, dress)
    return "\n".join(lines).strip() + "\n"


def _write_head(page: Page, dress: Dress) -> Iterator[str]:
    yield from dress.head(1, page.title)
    yield from dress.say(f"Status Quo · {page.period}")
    yield ""
    yield from dress.say(page.lead)
    if page.links.earlier:
        yield ""
        yield from dress.say(page.earlier)
    for path, label in (
        (page.links.earlier, "The report of the time before"),
        (page.links.report, "This report on the site"),
        (page.links.manage, "Change what you get"),
        (page.links.stop, "Stop these reports"),
    ):
        if path:
            yield ""
            yield from dress.point(path, label)


def _write_section(section: Section, page: Page, dress: Dress) -> Iterator[str]:
    yield from dress.head(2, section.title)
    for entry in section.full:
        yield print_plain(entry, dress)
    if section.brief:
        yield ""
    for head in section.brief:
        yield from _write_brief(head, dress)
    if section.counted:
        told = ", ".join(f"{number} in {place}" for place, number in section.counted)
        yield ""
        yield from dress.say(f"And {told}.")
        yield from dress.point(page.links.report or "/changes", "All of them on the site")


def _write_brief(head: Head, dress: Dress) -> Iterator[str]:
    by = f" (by {print_day(head.act_by)})" if head.act_by else ""
    yield from dress.say(f"{head.title}{by}", first="- ", then="  ")
    url = link(dress.address, head.path)
    yield f"  <{url}>" if url and dress.is_marked else f"  {url or head.path}"


@lru_cache(maxsize=2048)
def print_plain(entry: Entry, dress: Dress) -> str:
    """Return one entry as plain text or Markdown. Kept: many subscribers read the same one."""
    return "\n".join(_write_entry(entry, dress))


def _write_entry(entry: Entry, dress: Dress) -> Iterator[str]:
    yield from dress.head(3, entry.head.title)
    if entry.note:
        yield from dress.say(entry.note)
        yield ""
    if entry.head.act_by:
        yield from dress.say(f"By {print_day(entry.head.act_by)}.")
        yield ""
    for line in entry.todo:
        yield from [*dress.say(f"What to do: {line}"), ""]
    yield from dress.say(f"Who: {entry.who}")
    for row in entry.rows:
        yield from _write_row(row, dress)
    for change in entry.changes:
        yield from _write_change(change, dress)
    if entry.more:
        yield ""
        yield from dress.say(f"And {count_of(entry.more, 'more change')}.")
    yield from ["", *dress.say(f"How sure: {entry.sure} {entry.seen}")]
    yield from ["", *dress.point(entry.head.path, "Permanent address")]


def _write_row(row: Row, dress: Dress) -> Iterator[str]:
    # Markdown joins the lines of a paragraph: each is an item there.
    inner = "  - " if dress.is_marked else "  "
    yield ""
    yield from dress.say(f"Answer: {row.title} ({row.place})", first="- ", then="  ")
    yield from dress.say(f"before: {row.before} → now: {row.after}", first=inner, then="  ")
    yield from dress.say(row.proof, first=inner, then="  ")


def _write_change(change: Change, dress: Dress) -> Iterator[str]:
    yield from dress.head(4, change.title)
    reason = f" {change.reason[0].upper()}{change.reason[1:]}." if change.reason else ""
    yield from dress.say(f"{change.force}{reason}")
    yield ""
    yield from _write_redline(change, dress)
    yield ""
    if change.url:
        yield from dress.point(change.url, change.url_label)


def _write_redline(change: Change, dress: Dress) -> Iterator[str]:
    if not change.spans:
        yield from dress.say(change.absent)
        return
    told = " ".join(mark_words(change.spans).split())
    more = " (cut short)" if change.is_cut_short else ""
    yield from dress.say(f"{told}{more}", first="> ", then="> ")


def mark_words(spans: Iterable[Span]) -> str:
    """Return a redline as words: "The clinic [removed: may] [added: must] report"."""
    return "".join(f"{MARKS[span.op].format(span.text)}{gap}" for span, gap in space_marks(spans))


def space_marks(spans: Iterable[Span]) -> list[tuple[Span, str]]:
    """Return spans without white space at their ends, each with the space that stands between it and the next."""
    line = [msgspec.structs.replace(span, text=span.text.strip()) for span in spans if span.text.strip()]
    after = [*(span.text[0] for span in line[1:]), ""]
    return [(span, "" if sign in CLOSING else " ") for span, sign in zip(line, after, strict=True)]


def _write_rest(page: Page, dress: Dress) -> Iterator[str]:
    if page.uncertain:
        yield from dress.head(2, "Still uncertain")
        yield from dress.say("The words these answers rest on moved, and no person has looked at them since.")
        for row in page.uncertain:
            yield from _write_row(row, dress)
        yield from [f"\nAnd {page.more_uncertain} more."] if page.more_uncertain else []
    if page.ahead:
        yield from dress.head(2, "Dates ahead")
        for day in page.ahead:
            yield from dress.say(f"{print_day(day.day)} {day.place}: {day.sentence}", first="- ", then="  ")
    yield from dress.head(2, "What we could not check")
    yield from dress.say(page.watch)
    for one in page.unread:
        yield from _write_unread(one, dress)
    if page.more_unread:
        yield from dress.say(f"And {page.more_unread} more.", first="- ")
    yield from dress.head(2, "Why you get this")
    for line in page.follows:
        yield from dress.say(line, first="- ", then="  ")
    yield from ["", *dress.say(f"{page.edition} {NOT_ADVICE}")]


def _write_unread(one: Unread, dress: Dress) -> Iterator[str]:
    since = f", last read {print_day(one.since)}" if one.since else ""
    yield from dress.say(f"{one.place}: {one.title}: {one.reason}{since}", first="- ", then="  ")
    if keep_web(one.url):
        yield from dress.point(one.url, "Look yourself", indent="  ") if dress.is_marked else [f"  {one.url}"]


# --- JSON


def render_json(report: Report) -> bytes:
    """Return a report as JSON (schemas/report.schema.json): what the other forms say, as data."""
    return msgspec.json.encode(spell_report(report))


def spell_report(report: Report) -> dict[str, object]:
    """Return a report as plain values; texts of editions in which others hold rights are left out."""
    return {
        "title": title_report(report),
        "summary": tell_lead(report),
        "since": report.since,
        "until": report.until,
        "earlier": link(report.links.address, report.links.earlier) or report.links.earlier,
        "release": report.release,
        "published_at": report.published_at,
        "follows": list(report.follows),
        "checked": report.watch.checked,
        "resting": report.watch.resting,
        "unread": msgspec.to_builtins(report.watch.unread),
        "stories": [_spell_story(story, report) for story in report.stories[:MOST_STORIES]],
        "more_stories": max(0, len(report.stories) - MOST_STORIES),
        "ahead": msgspec.to_builtins(report.ahead),
        "notice": NOT_ADVICE,
    }


def _spell_story(story: Story, report: Report) -> dict[str, object]:
    """Return a story as data: no word of an edition in which others hold rights, the first changes of endless ones."""
    first = story.moved[:MOST_MOVED]
    shown = tuple(msgspec.structs.replace(one, old_text="", new_text="") if one.is_cut else one for one in first)
    spelled: dict[str, object] = msgspec.to_builtins(msgspec.structs.replace(story, moved=shown))
    more = max(0, len(story.moved) - MOST_MOVED)
    return {**spelled, "more_moved": more, "address": link(report.links.address, f"/e/{story.event}")}
