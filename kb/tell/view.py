"""Lay a report out: its sections by urgency, its entries with their words. All forms print this and add no fact."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import chain
from typing import Literal

import msgspec

from kb.compare.redline import Span, redline, shorten_redline, spell_controls
from kb.tell.story import Ahead, Links, Moved, Report, Story, Touched, Unread
from kb.tell.words import (
    BINDINGS,
    EFFECT_LABELS,
    FACT_STATES,
    KIND_LABELS,
    NOT_LAW_LABELS,
    PROOF_LABELS,
    STRAND_LABELS,
    WEIGHT_LABELS,
    count_of,
    keep_web,
    print_day,
    say_id,
    weigh,
)
from kb.topics import read_vocabulary

Urgency = Literal["act", "force", "coming", "proposed", "other"]
SECTIONS: Mapping[Urgency, str] = {
    "act": "Act by a day in the next 30 days",
    "force": "Now in force, or with no day stated",
    "coming": "Coming later",
    "proposed": "Proposed, not law",
    "other": "Wording, numbers and notes only",
}
SOON = timedelta(days=30)
# Texts that guide and do not bind.
GUIDANCE = BINDINGS[4:8]
# Changes of one entry that are told in full; the others are counted and linked.
MOST_CHANGES = 3
# Signs of a redline that is shown; of a longer one its beginning, then a link.
LONGEST_REDLINE = 600
LONGEST_TITLE = 90
LONGEST_SUBJECT, LONGEST_PREHEADER = 70, 120
# Entries told in a line each once the room for full ones is used up; the rest is counted by place.
MOST_LINES = 60
MOST_FULL = 10
MOST_UNREAD = 20
MOST_TOUCHED = 6
MOST_UNCERTAIN = 20
MOST_FOLLOWS = 20
# Signs of a name or an answer, of a line that names several, of a sentence on what to do. Pages may print longer ones.
LONGEST_NAME, LONGEST_LINE, LONGEST_SENTENCE = 120, 200, 400
LONGEST_URL = 2_000
# Signs of a name that are looked at at all: many times what is shown of it.
LONGEST_READ = 10_000
# Room for the entries told in full, in bytes of the form that is printed: mail readers cut a message at 102,400.
FULL_BYTES = 42_000
# What is said where no coded answer tells a duty.
READ_THE_RULE = "Read the rule; we have no coded duty for it."
NOBODY_NAMED = "Nobody in particular is named: read who it binds."
# An answer whose words moved and that nobody has looked at since.
UNCERTAIN = ("needs_review", "broken")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An answer before and after a change, how it is proven, and what the change did to its words."""

    place: str
    title: str
    before: str
    after: str
    proof: str
    path: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an entry: what moved where, since when it applies, its redline or (``absent``) why it has none."""

    title: str
    citation: str
    force: str
    reason: str
    spans: tuple[Span, ...]
    is_cut_short: bool
    absent: str
    path: str
    url: str
    url_label: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A story in a line: its place, headline and page, and the first day by which to act ("" if none is near)."""

    place: str
    title: str
    path: str
    act_by: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One story as it is told: its headline, whom it concerns, what to do by when, its changes, how sure we are."""

    id: str
    head: Head
    who: str
    todo: tuple[str, ...]
    rows: tuple[Row, ...]
    changes: tuple[Change, ...]
    more: int
    sure: str
    seen: str
    note: str


class Section(msgspec.Struct, frozen=True):
    """Entries of one urgency, those of a place together; ``brief`` ones are told in a line, ``counted`` by place."""

    title: str
    full: tuple[Entry, ...]
    brief: tuple[Head, ...]
    counted: tuple[tuple[str, int], ...]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it is read, from its title down."""

    title: str
    preheader: str
    period: str
    lead: str
    earlier: str
    sections: tuple[Section, ...]
    uncertain: tuple[Row, ...]
    more_uncertain: int
    ahead: tuple[Ahead, ...]
    unread: tuple[Unread, ...]
    more_unread: int
    watch: str
    follows: tuple[str, ...]
    edition: str
    links: Links


def lay_out(report: Report, measure: Callable[[Entry], int], most: int = MOST_FULL) -> Page:
    """Return a report as it is read; ``measure`` tells how many bytes an entry takes in full in the form printed.

    ``most`` entries are told in full.
    """
    grouped: dict[Urgency, list[Story]] = {urgency: [] for urgency in SECTIONS}
    for story in report.stories:
        grouped[judge(story, report.today)].append(story)
    ordered = {urgency: _order(stories, report.today) for urgency, stories in grouped.items()}
    places = {story.jurisdiction: story.place for story in report.stories}
    uncertain = _list_uncertain(report.stories, places)
    return Page(
        title=title_report(report),
        preheader=_tell_next(report, list(chain.from_iterable(ordered.values()))),
        period=_tell_period(report),
        lead=tell_lead(report),
        earlier=_tell_earlier(report),
        sections=tuple(_fill_sections(ordered, report.today, measure, Room(FULL_BYTES, most))),
        uncertain=uncertain[:MOST_UNCERTAIN],
        more_uncertain=max(0, len(uncertain) - MOST_UNCERTAIN),
        ahead=tuple(msgspec.structs.replace(one, sentence=_clip(one.sentence, LONGEST_LINE)) for one in report.ahead),
        unread=tuple(_bound_unread(one) for one in report.watch.unread[:MOST_UNREAD]),
        more_unread=max(0, len(report.watch.unread) - MOST_UNREAD),
        watch=tell_watch(report),
        follows=tuple(_clip(line, LONGEST_LINE) for line in report.follows[:MOST_FOLLOWS]),
        edition=f"Edition {report.release}, published {print_day(report.published_at)}.",
        links=report.links,
    )


def _bound_unread(one: Unread) -> Unread:
    title, reason = _clip(one.title, LONGEST_NAME), _clip(one.reason, LONGEST_LINE)
    return msgspec.structs.replace(one, title=title, reason=reason, url=_keep_short(one.url))


def _keep_short(url: str) -> str:
    """Return a web address that a link may lead to, "" for one too long for mail readers."""
    return keep_web(url) if len(url) <= LONGEST_URL else ""


def _fill_sections(
    ordered: Mapping[Urgency, Sequence[Story]], today: date, measure: Callable[[Entry], int], room: "Room"
) -> Iterator[Section]:
    """Yield the sections that hold anything: what is most urgent is told in full, as far as the room goes."""
    lines_left = MOST_LINES
    for urgency, stories in ordered.items():
        full: list[Entry] = []
        for story in stories:
            entry = tell_story(story, today) if room.entries else None
            if entry is None or not room.take(measure(entry)):
                break
            full.append(entry)
        rest = stories[len(full) :]
        brief = tuple(tell_head(story, today) for story in rest[:lines_left])
        lines_left -= len(brief)
        counted = Counter(story.place for story in rest[len(brief) :])
        if stories:
            yield Section(SECTIONS[urgency], tuple(full), brief, tuple(counted.items()))


class Room:
    """How much may still be told in full: bytes, and entries; what does not fit ends it."""

    def __init__(self, size: int, entries: int) -> None:
        self.size, self.entries = size, entries

    def take(self, size: int) -> bool:
        """Take room for an entry; returns whether there was enough."""
        if size > self.size:
            self.entries = 0
            return False
        self.size, self.entries = self.size - size, self.entries - 1
        return True


def _order(stories: Sequence[Story], today: date) -> list[Story]:
    """Return stories with those of a place together: places by their first day to act by, then by name."""
    days = {story.id: find_act_by(story, today) or "9999" for story in stories}
    first: dict[str, str] = {}
    for story in stories:
        first[story.place] = min(first.get(story.place, "9999"), days[story.id])
    return sorted(stories, key=lambda one: (first[one.place], one.place, days[one.id], one.confirmed_at, one.id))


def find_act_by(story: Story, today: date) -> str:
    """Return the first day within the next 30 on which a rule change of a story takes effect, "" if there is none."""
    days = [one.effective_on for one in story.moved if judge_change(one, today) == "act"]
    return min((day.isoformat() for day in days if day is not None), default="")


def tell_head(story: Story, today: date) -> Head:
    """Return a story in a line."""
    return Head(
        place=story.place,
        title=_clip(_title(story), LONGEST_TITLE),
        path=f"/e/{story.event}",
        act_by=find_act_by(story, today),
    )


def judge(story: Story, today: date) -> Urgency:
    """Tell how urgent a story is: by its most urgent change that is a rule's, or the announcement of one."""
    return min((judge_change(moved, today) for moved in story.moved), key=list(SECTIONS).index)


def judge_change(moved: Moved, today: date) -> Urgency:
    """Tell how urgent a change is on a day: by the day it takes effect, if it is one of a rule that binds."""
    if weigh(moved) not in ("rule", "pending"):
        return "other"
    if moved.binding in NOT_LAW_LABELS:
        return "proposed"
    day = moved.effective_on
    if day is None or day <= today:
        return "coming" if day is None and (moved.part == "pending" or moved.strand == "pending") else "force"
    return "act" if day <= today + SOON else "coming"


# --- words


def title_report(report: Report) -> str:
    """Return the subject of a report, 70 signs at most, facts first: never that something "is available"."""
    rules = _list_rules(report)
    period = print_span(report.since, report.until) if report.since else f"to {print_day(report.until)}"
    if not report.stories:
        silence = _tell_silence(report)
        whole = f"{silence} ({period})"
        return _clip(whole if len(whole) <= LONGEST_SUBJECT else silence, LONGEST_SUBJECT)
    places = sorted({story.place for story in (rules or report.stories)})
    if len(report.stories) == 1:
        return _clip(_title(report.stories[0]), LONGEST_SUBJECT)
    named = places[0] if len(places) == 1 else f"{len(places)} jurisdictions"
    number = sum(len(_rules_of(story)) for story in rules)
    told = count_of(number, "rule change") if number else count_of(_count_moved(report), "other change")
    return _clip(f"{told} in {named} ({period})", LONGEST_SUBJECT)


def _title(story: Story) -> str:
    """Return a headline: who or what rule, what moved, from when; the place stands first."""
    moved = _rules_of(story) or story.moved
    first = moved[0]
    days = sorted({one.effective_on for one in moved if one.effective_on is not None})
    force = f", from {print_day(days[0])}" if len(days) == 1 else ""
    law = f" ({NOT_LAW_LABELS[first.binding].lower()})" if first.binding in NOT_LAW_LABELS else ""
    if len(moved) == 1:
        gist = first.reason or KIND_LABELS[first.kind].lower()
        return f"{story.place}{law}: {first.citation}: {gist}{force}"
    documents = len({one.document for one in moved})
    noun = "rule change" if moved is not story.moved or weigh(first) == "rule" else "other change"
    where = f" in {documents} documents" if documents > 1 else f" in {_cite_document(first)}"
    return f"{story.place}{law}: {count_of(len(moved), noun)}{where}{force}"


def _cite_document(moved: Moved) -> str:
    """Return the citation of a change without the provision's own letters, where it ends in them."""
    return moved.citation.partition("(")[0].strip() or moved.citation


def _rules_of(story: Story) -> tuple[Moved, ...]:
    return tuple(moved for moved in story.moved if weigh(moved) == "rule")


def _list_rules(report: Report) -> list[Story]:
    return [story for story in report.stories if _rules_of(story)]


def _count_moved(report: Report) -> int:
    return sum(len(story.moved) for story in report.stories)


def _tell_earlier(report: Report) -> str:
    if not report.links.earlier:
        return ""
    return f"Before {print_day(report.since)} more moved in the time asked for than one report tells."


def _tell_period(report: Report) -> str:
    if not report.since:
        return f"Everything on record until {print_day(report.until)}"
    return print_span(report.since, report.until)


def print_span(since: str, until: str) -> str:
    """Return a period as words, a year that both its ends have said once: "Oct 29 to Nov 28, 2026"."""
    first = print_day(since)
    return f"{first.partition(',')[0] if since[:4] == until[:4] else first} to {print_day(until)}"


def tell_lead(report: Report) -> str:
    """Say in a sentence what a report holds: its rule changes, days ahead, and what could not be checked."""
    rules = sum(len(_rules_of(story)) for story in report.stories)
    others = _count_moved(report) - rules
    unread = count_of(len(report.watch.unread), "source")
    if not report.stories:
        checked = count_of(report.watch.checked, "source")
        return f"{_tell_silence(report)}. {checked} checked; {len(report.watch.unread)} could not be checked."
    told = [count_of(rules, "rule change")] if rules else []
    told += [count_of(others, "other change")] if others else []
    ahead = f", {count_of(len(report.ahead), 'date')} ahead" if report.ahead else ""
    return f"{' and '.join(told)}{ahead}; {unread} could not be read."


def _tell_silence(report: Report) -> str:
    """Say what it means that nothing is told: nothing moved only where most of the sources were read."""
    checked, unread = report.watch.checked, len(report.watch.unread)
    if not checked + unread + report.watch.resting:
        return "We watch no source of what is followed here"
    if unread > checked:
        return f"We cannot say what moved: {unread} of {checked + unread} sources unread"
    return f"Nothing moved in {count_of(checked, 'source')} checked"


def tell_watch(report: Report) -> str:
    """Say how many sources a report rests on: read, not readable, and not due."""
    watch = report.watch
    resting = f" {count_of(watch.resting, 'source')} read less often and not due in this time." if watch.resting else ""
    last = f", the last on {print_day(watch.last_checked)}" if watch.last_checked else ""
    return (
        f"{count_of(watch.checked, 'source')} of what you follow read{last}; "
        f"{len(watch.unread)} could not be checked.{resting}"
    )


def _tell_next(report: Report, ordered: Sequence[Story]) -> str:
    """Return the line that mail readers show beside the subject: what to do first, and by when."""
    if not ordered:
        return tell_lead(report)
    first = tell_story(ordered[0], report.today)
    by = f"By {print_day(first.head.act_by)}: " if first.head.act_by else ""
    return _clip(f"{by}{first.todo[0]}", LONGEST_PREHEADER)


def _list_uncertain(stories: Iterable[Story], places: Mapping[str, str]) -> tuple[Row, ...]:
    """Return the answers whose words moved and that nobody has looked at since, each once."""
    touched = (one for story in stories for moved in story.moved for one in moved.touched)
    return tuple({one.fact: _make_row(one, places) for one in touched if one.state in UNCERTAIN}.values())


@lru_cache(maxsize=4096)
def tell_story(story: Story, today: date) -> Entry:
    """Return a story as it is told on a day. Kept: many subscribers read the same one."""
    moved = sorted(story.moved, key=lambda one: list(SECTIONS).index(judge_change(one, today)))
    touched = list({one.fact: one for change in moved for one in change.touched}.values())
    return Entry(
        id=story.id,
        head=tell_head(story, today),
        who=_tell_who(moved),
        todo=_tell_todo(touched),
        rows=_list_rows(touched, {story.jurisdiction: story.place})[:MOST_TOUCHED],
        changes=tuple(_tell_change(one, today) for one in moved[:MOST_CHANGES]),
        more=max(0, len(moved) - MOST_CHANGES),
        sure=_tell_sure(story, touched),
        seen=(
            f"Seen {print_day(story.observed_at)}, confirmed {print_day(story.confirmed_at)}. "
            f"Source: {_clip(story.title, LONGEST_NAME)}."
        ),
        note="Demonstration: a paraphrase, not the law’s own words." if story.replica else "",
    )


def _tell_who(moved: Sequence[Moved]) -> str:
    known = {one.id: one.title or say_id(one.id) for one in read_vocabulary().professions}
    named = dict.fromkeys(name for one in moved for name in one.professions)
    if not named:
        return NOBODY_NAMED
    told = ", ".join(known.get(name, say_id(name)) for name in named)
    return told if all(one.professions for one in moved) else f"{told}; other changes here name nobody in particular"


def _tell_todo(touched: Sequence[Touched]) -> tuple[str, ...]:
    actions = dict.fromkeys(_clip(one.action, LONGEST_SENTENCE) for one in touched if one.action)
    checks = {
        f"Re-check “{_clip(one.title, LONGEST_NAME)}”: the answer was coded on the old words."
        for one in touched
        if one.state in UNCERTAIN
    }
    return (*actions, *sorted(checks))[:MOST_TOUCHED] or (READ_THE_RULE,)


def _list_rows(touched: Sequence[Touched], places: Mapping[str, str]) -> tuple[Row, ...]:
    """Return the answers touched, those to one question together: the new entry is what became of the old one."""
    grouped: dict[tuple[str, str], list[Touched]] = {}
    for one in touched:
        grouped.setdefault((one.jurisdiction, one.question), []).append(one)
    rows = []
    for group in grouped.values():
        gone = [one for one in group if not one.quote_stands]
        stands = [one for one in group if one.quote_stands]
        if len(gone) == 1 and len(stands) == 1:
            group = [msgspec.structs.replace(gone[0], became=gone[0].became or stands[0].label)]
        rows += [_make_row(one, places) for one in group]
    return tuple(rows)


def _make_row(touched: Touched, places: Mapping[str, str]) -> Row:
    is_same = touched.quote_stands and touched.state not in UNCERTAIN
    stands = "the quoted words stand" if touched.quote_stands else EFFECT_LABELS[touched.effect]
    stands = f"{stands}; coded anew since" if touched.became else stands
    after = "unchanged" if (touched.became or (touched.label if is_same else "")) == touched.label else touched.became
    return Row(
        place=places.get(touched.jurisdiction, touched.jurisdiction.upper()),
        title=_clip(touched.title, LONGEST_NAME),
        before=_clip(touched.label, LONGEST_LINE) or "no answer",
        after=_clip(after, LONGEST_LINE) or "not re-coded yet",
        proof=f"{FACT_STATES[touched.state][0]}: {stands}",
        path=f"/f/{touched.fact}",
    )


def _tell_sure(story: Story, touched: Sequence[Touched]) -> str:
    """Say how sure we are: how the change was proven, how it was sorted, and how the answers it touches are proven."""
    proof = (
        "one round of reading the official page proved it"
        if story.confirmed_at == story.observed_at
        else "held back until a later round of reading proved it"
    )
    # An answer may be proven by other words than those that moved: it says nothing of these then.
    proven = [one for one in touched if one.quote_stands or one.became or one.state in UNCERTAIN]
    states = dict.fromkeys(PROOF_LABELS[one.state] if one in proven else EFFECT_LABELS[one.effect] for one in touched)
    told = f" Answers: {'; '.join(states)}." if states else ""
    return f"{proof[0].upper()}{proof[1:]}; sorted by a program, in doubt as a rule change.{told}"


def _tell_change(moved: Moved, today: date) -> Change:
    spans, is_short = _mark(moved)
    weight = weigh(moved)
    tags = [] if weight == "rule" else [WEIGHT_LABELS[weight]]
    tags += [NOT_LAW_LABELS[moved.binding]] if moved.binding in NOT_LAW_LABELS else []
    tags += [say_id(moved.binding)] if moved.binding in GUIDANCE else []
    tags += [STRAND_LABELS[moved.strand]] if moved.strand != "current" else []
    tail = f" ({', '.join(tags)})" if tags else ""
    heading = f" {_clip(moved.heading, LONGEST_NAME)}" if moved.heading else ""
    citation = _clip(moved.citation, LONGEST_NAME)
    count = f", {count_of(moved.count, 'provision')}" if moved.count > 1 else ""
    return Change(
        title=f"{KIND_LABELS[moved.kind]}: {citation}{heading}{count}{tail}",
        citation=citation,
        force=_tell_force(moved, today),
        reason=_clip(moved.reason, LONGEST_LINE),
        spans=spans,
        is_cut_short=is_short,
        absent="" if spans else _tell_absence(moved),
        path=f"/c/{moved.id}",
        url=_keep_short(moved.url),
        url_label=f"{'Copy by another publisher' if moved.strand == 'mirror' else 'Official text'} of {citation}",
    )


def _tell_force(moved: Moved, today: date) -> str:
    day = moved.effective_on
    if day is None:
        return "Effective date not stated."
    cause = f" ({_clip(moved.cause, LONGEST_LINE)})" if moved.cause else ""
    return f"In force {'from' if day > today else 'since'} {print_day(day)}, as the page or its acts state{cause}."


def _mark(moved: Moved) -> tuple[tuple[Span, ...], bool]:
    """Return the redline of a change, its beginning where it is long, and whether it was cut short."""
    if moved.is_cut or moved.old_text == moved.new_text:
        return (), False
    spans = shorten_redline(redline(moved.old_text, moved.new_text))
    kept: list[Span] = []
    room = LONGEST_REDLINE
    for span in spans:
        if len(span.text) > room:
            return (*kept, *_cut(span, room)), True
        kept.append(span)
        room -= len(span.text)
    return tuple(kept), False


def _cut(span: Span, room: int) -> tuple[Span, ...]:
    start = span.text[:room].rpartition(" ")[0]
    return (msgspec.structs.replace(span, text=f"{start} …"),) if start else ()


def _tell_absence(moved: Moved) -> str:
    if moved.is_cut:
        return "Others hold rights in this edition, or the text is very long: its words are not shown here."
    return "No words moved: only the number or the place did."


def _clip(text: str, longest: int) -> str:
    """Return a text on one line, cut at a word where it is longer; signs that hide or turn words are spelled out."""
    line = spell_controls(" ".join(text[:LONGEST_READ].split()))
    return line if len(line) <= longest else f"{line[: longest - 1].rpartition(' ')[0] or line[: longest - 1]}…"


def link(address: str, path: str) -> str:
    """Return the full address of a page of the site, "" where the site's address is not known."""
    return f"{address}{path}" if address and path else ""
