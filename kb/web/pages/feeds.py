"""The feeds of changes, Atom (RFC 4287) and JSON Feed 1.1, for any filter of the list: one entry for each event.

What a feed says depends on the generation alone, not on the day: its bytes, and with them its ETag, stay. Ids are made
from the event's id and stay when the site moves to another host.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from html import unescape
from uuid import NAMESPACE_URL, uuid5

import msgspec

from kb.store.pages import Edition, Wanted, read_edition
from kb.store.timeline import FeedEvent, Telling, list_feed_events, read_tellings
from kb.tell.words import KIND_LABELS, NOT_LAW_LABELS, cite, count_of, keep_web, print_day, weigh
from kb.web.answer import Answer
from kb.web.pages.filters import Listing, read_listing, tell_filters, write_path
from kb.web.pages.frame import ENVIRONMENT, read_page_number

# Entries of one page of a feed; older ones stand on the next pages, linked as RFC 5005 has it.
FEED_SIZE = 30
# The redline of a change is left out of an entry where it is longer (characters), and of all that would pass the whole.
LONGEST_REDLINE = 4_000
LONGEST_ENTRY = 20_000
MEDIA_TYPES = {
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
}
# "<span class="vh">", "</ins>"
TAG = re.compile(r"<[^<>]*>")
# The white space inside a mark, before its first word and after its last: "<del><span class="vh">[removed: </span> 24"
MARK_START = re.compile(r"(<(?:del|ins)[^<>]*><span class=\"vh\">[^<>]*</span>)(\s+)")
MARK_END = re.compile(r"(\s+)(<span class=\"vh\">\]</span></(?:del|ins)>)")
# Names of our ids: the same event has the same id on whatever host the site stands.
IDS = uuid5(NAMESPACE_URL, "https://statusquo.invalid/")


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One change of an entry: its title, its sentence, its redline or (``absent``) why there is none, its path."""

    title: str
    sentence: str
    redline: str
    absent: str
    path: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One event as an entry: ids and instants, title, its changes and how many more there are, where it is official."""

    id: str
    path: str
    title: str
    updated: str
    changes: tuple[Told, ...]
    more: int
    official: str
    tags: tuple[tuple[str, str], ...]


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a feed: what it is narrowed to, its entries, when the latest was proven, and its neighbours' paths."""

    id: str
    title: str
    updated: str
    entries: tuple[Entry, ...]
    paths: Mapping[str, str]


def view_feed(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/changes.atom" and "/changes.json": the latest events that hold changes of the filter."""
    form = asked["form"]
    listing = read_listing(db, asked)
    if listing.errors:
        return refuse_feed(form, listing.errors)
    feed = make_feed(db, listing, form, read_page_number(asked))
    address = asked.get("address", "")
    body = write_atom(feed, address) if form == "atom" else write_json(feed, address)
    return Answer(200, body, MEDIA_TYPES[form])


def refuse_feed(form: str, errors: Sequence[str]) -> Answer:
    """Answer a feed whose filters cannot be read: as JSON where JSON was asked for, else in plain text."""
    title = "These filters cannot be read"
    if form != "json":
        return Answer(400, "\n".join([f"{title}:", *errors, ""]), "text/plain; charset=utf-8")
    body = {"ok": False, "status": 400, "title": title, "error": "; ".join(errors), "errors": list(errors)}
    return Answer(400, msgspec.json.encode(body).decode(), "application/json; charset=utf-8")


def make_feed(db: sqlite3.Connection, listing: Listing, form: str, page: int) -> Feed:
    """Return one page of the feed of a listing; reads one event more than it shows, to know of a next page."""
    edition = read_edition(db)
    wanted = listing.wanted
    events = list_feed_events(db, wanted, FEED_SIZE + 1, (page - 1) * FEED_SIZE)
    told = read_tellings(db, wanted, [event.id for event in events[:FEED_SIZE]])
    entries = tuple(_make_entry(event, told[event.id], edition) for event in events[:FEED_SIZE])
    base = f"/changes.{form}"
    chosen = listing.chosen
    numbers = {"self": page, "first": 1, "previous": page - 1, "next": page + 1 if len(events) > FEED_SIZE else 0}
    paths = {name: write_path(base, {**chosen, "page": str(n)}) for name, n in numbers.items() if n}
    narrowed = tell_filters(chosen, edition.names)
    return Feed(
        id=make_id(write_path("/changes", chosen)),
        title=f"{_name_changes(wanted)[1].capitalize()}{': ' if narrowed else ''}{narrowed} – Status Quo",
        updated=max((entry.updated for entry in entries), default=edition.published_at),
        entries=entries,
        paths={**paths, "page": write_path("/changes", chosen)},
    )


def make_id(name: str) -> str:
    """Return the permanent id of a feed or an entry, a URI that names no host."""
    return uuid5(IDS, name).urn


def _name_changes(wanted: Wanted) -> tuple[str, str]:
    is_rule = wanted.natures == ("substantive",) and wanted.parts == ("text", "heading")
    return ("rule change", "rule changes") if is_rule else ("change", "changes")


def _make_entry(event: FeedEvent, told: Sequence[Telling], edition: Edition) -> Entry:
    room = LONGEST_ENTRY
    changes = []
    for one in told:
        markup = one.redline if len(one.redline) <= min(LONGEST_REDLINE, room) else ""
        room -= len(markup)
        changes.append(_tell_change(one, markup))
    return Entry(
        id=make_id(f"/e/{event.id}"),
        path=f"/e/{event.id}",
        title=_title_entry(event, told, edition),
        updated=event.confirmed_at,
        changes=tuple(changes),
        more=event.changes - len(changes),
        official=next((url for one in told if one.change.strand != "mirror" and (url := keep_web(one.url))), ""),
        tags=_list_tags(event, told),
    )


def _title_entry(event: FeedEvent, told: Sequence[Telling], edition: Edition) -> str:
    """Return a headline that says where, what and from when: "Texas: 22 TAC § 172.5(b): "must" → "may"."""
    place = edition.names.get(event.jurisdiction) or event.jurisdiction.upper()
    first = told[0].change
    if first.binding in NOT_LAW_LABELS:
        place += f" ({NOT_LAW_LABELS[first.binding].lower()})"
    days = sorted({one.change.effective_on for one in told if one.change.effective_on is not None})
    force = f" (in force from {print_day(days[0])})" if len(days) == 1 else ""
    if event.changes == 1:
        where = cite(first.citation, first.eid if first.eid is not None else first.old_eid)
        return f"{place}: {where}: {first.reason or KIND_LABELS[first.kind].lower()}{force}"
    are_rules = all(weigh(one.change) == "rule" for one in told)
    others = f" and {count_of(event.documents - 1, 'other document')}" if event.documents > 1 else ""
    number = count_of(event.changes, "rule change" if are_rules else "change")
    return f"{place}: {number} in {first.citation}{others}{force}"


def _tell_change(one: Telling, markup: str) -> Told:
    change = one.change
    where = cite(change.citation, change.eid if change.eid is not None else change.old_eid)
    day = change.effective_on
    said = (
        change.reason,
        f"in force from {print_day(day)}" if day is not None else "effective date not stated",
        f"first seen {print_day(change.observed_at)}",
        change.cause and f"cause: {change.cause}",
    )
    return Told(
        title=f"{KIND_LABELS[change.kind]}: {where} {change.heading}".strip(),
        sentence=". ".join(f"{words[0].upper()}{words[1:].rstrip('.')}" for words in said if words) + ".",
        redline=space_marks(markup),
        absent="" if markup else _tell_absence(one),
        path=f"/c/{change.id}",
    )


def _tell_absence(one: Telling) -> str:
    """Say why a change is told without its redline."""
    if one.redline:
        return "The text is long: its redline stands on the change’s own page."
    if one.is_cut:
        return "Others hold rights in this edition: its words are not shown here."
    return "No words moved: only the number or the place did."


def space_marks(markup: str) -> str:
    """Return a redline whose marks keep their white space outside, so that it reads well without its style too."""
    return MARK_END.sub(r"\2\1", MARK_START.sub(r"\2\1", markup))


def _list_tags(event: FeedEvent, told: Sequence[Telling]) -> tuple[tuple[str, str], ...]:
    """Return what an entry can be sorted by: pairs of filter and value, in the order of the filters."""
    found: dict[tuple[str, str], None] = {("jurisdiction", event.jurisdiction): None, ("source", event.source): None}
    for one in told:
        found |= {("topic", topic): None for topic in one.topics}
        found |= {("profession", name): None for name in one.professions}
        found |= {("nature", one.change.nature): None, ("kind", one.change.kind): None}
        found |= {("binding", one.binding): None} if one.binding else {}
    return tuple(found)


def write_atom(feed: Feed, address: str) -> str:
    """Return a feed as Atom; links are relative to the feed where the site's address is not known."""
    template = ENVIRONMENT.get_template("changes.atom")
    return template.render(feed=feed, address=address, write_content=lambda entry: write_content(entry, address))


def write_content(entry: Entry, address: str) -> str:
    """Return the body of an entry as HTML: its changes with their redlines, whose marks are words too."""
    return ENVIRONMENT.get_template("entry.html").render(entry=entry, address=address)


def write_json(feed: Feed, address: str) -> str:
    """Return a feed as JSON Feed 1.1."""
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": address + feed.paths["page"],
        "feed_url": address + feed.paths["self"],
        "description": "What moved in the law and its notes, seen by rereading official pages. Not legal advice.",
        "language": "en",
        "authors": [{"name": "Status Quo"}],
    }
    more = {"next_url": address + feed.paths["next"]} if "next" in feed.paths else {}
    entries = [_write_json_entry(entry, address) for entry in feed.entries]
    return msgspec.json.encode({**head, **more, "items": entries}).decode()


def _write_json_entry(entry: Entry, address: str) -> dict[str, object]:
    content = write_content(entry, address)
    official = {"external_url": entry.official} if entry.official else {}
    return {
        "id": entry.id,
        "url": address + entry.path,
        **official,
        "title": entry.title,
        "content_html": content,
        "content_text": strip_markup(content),
        "date_published": entry.updated,
        "date_modified": entry.updated,
        "tags": [f"{scheme}:{value}" for scheme, value in entry.tags],
        "_statusquo": {"event": entry.path.removeprefix("/e/"), "changes": len(entry.changes) + entry.more},
    }


def strip_markup(markup: str) -> str:
    """Return the words of our own markup, one line a block."""
    lines = (unescape(TAG.sub("", line)).strip() for line in markup.splitlines())
    return "\n".join(line for line in lines if line)
