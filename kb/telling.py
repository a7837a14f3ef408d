"""Find out what is news, whom it concerns, and write the reports that are due into the outbox; nothing is sent here.

News is what a round proved that came after the last one told of its source. So a base built anew, a better reader, a
page that came back, a site rebuilt or moved, and old captures brought in tell nothing, and what was held back is told
when it is proven. Each step is one transaction: wherever this ends, the next run goes on and nothing is told twice.
"""

import os
import secrets
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import msgspec

from kb.errors import NotFoundError
from kb.generations import FOLDER, ForeignGenerationError, hold_generation, read_pointer
from kb.mail_settings import MailSettings
from kb.store.connection import data_lock, transaction
from kb.store.news import find_publication, read_last_waves
from kb.store.notices import LAST, Stories, list_waiting, mark_told, move_cursors, read_cursors, write_story
from kb.store.outbox import Draft, erase_unaddressed, write_message
from kb.store.public import has_own_form, open_published
from kb.store.subscribers import (
    FILE,
    SIGNING,
    Subscriber,
    alter_subscriber,
    erase_targets,
    keep_secret,
    list_active,
    open_subscribers,
)
from kb.stories import Almanac, Period, make_report, read_almanac, read_stories
from kb.tell.follow import FIELDS, Follow, select_moved
from kb.tell.forms import spell_report
from kb.tell.letters import Letter
from kb.tell.mail import compose_report
from kb.tell.period import find_period_end, find_today
from kb.tell.story import Report, Story
from kb.tell.tokens import link_subscriber
from kb.tell.view import title_report

LOCK = "notify"
# How long one teller waits for another, in seconds.
WAIT_SECONDS = 120.0
# After so long the address of somebody who stopped, or who never confirmed, is erased.
KEPT_AFTER_STOP, KEPT_UNCONFIRMED = timedelta(days=30), timedelta(days=7)
# So many reports are written before those that stand there may go.
BETWEEN = 50
# Later than any instant: somebody who never confirmed.
NEVER = "9999"
Due = tuple[Subscriber, tuple[Follow, ...], tuple[tuple[str, tuple[int, ...]], ...]]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found: new stories, notices of them, reports written into the outbox; ``held`` could not be written.

    Held reports wait for mail to be set up. ``is_first`` tells that nothing had been told before: it only began.
    """

    release: int
    stories: int = 0
    notices: int = 0
    reports: int = 0
    quiet: int = 0
    held: int = 0
    is_first: bool = False


def tell(data: Path, now: str, settings: MailSettings, between: Callable[[], object] = int) -> Told:
    """Find the news of the current publication and write the reports that are due into the outbox.

    ``between`` is called each time some more of them stand there, so that they can go while others are written.
    Returns what was found. Raises NotFoundError where nothing is published, and BusyError where another run goes on
    for too long.
    """
    with (
        data_lock(data, LOCK, wait_seconds=WAIT_SECONDS),
        open_current(data) as public,
        closing(open_subscribers(data)) as db,
    ):
        begun = collect(db, public)
        written = write_due(db, public, now, settings, between)
        erase_old(db, now)
    return msgspec.structs.replace(written, stories=begun.stories, notices=begun.notices, is_first=begun.is_first)


@contextmanager
def open_current(data: Path) -> Iterator[sqlite3.Connection]:
    """Open the current publication for as long as the block runs; raises NotFoundError where there is none."""
    pointer = read_pointer(data / FOLDER)
    if pointer is None:
        raise NotFoundError("nothing is published yet; run: kb build, then kb publish")
    path = data / FOLDER / pointer.file
    descriptor = hold_generation(path)
    try:
        with closing(open_published(path)) as db:
            if not has_own_form(db):
                raise ForeignGenerationError(path)
            yield db
    finally:
        os.close(descriptor)


def collect(db: sqlite3.Connection, public: sqlite3.Connection) -> Told:
    """Write down the news of a publication and whom each story concerns; before anybody confirmed, where it begins."""
    almanac = read_almanac(public)
    reached = {**read_last_waves(public), LAST: almanac.edition.published_at}
    active = [one for one in list_active(db) if (one[0].confirmed_at or NEVER) <= almanac.edition.published_at]
    cursors = read_cursors(db) or find_beginning(public, active)
    if not cursors:
        with transaction(db):
            move_cursors(db, reached)
        return Told(release=almanac.edition.generation, is_first=True)
    stories = read_stories(public, cursors, default_after=cursors[LAST])
    with transaction(db):
        notices = sum(write_story(db, story, match(story, active)) for story in stories)
        move_cursors(db, reached)
    return Told(release=almanac.edition.generation, stories=len(stories), notices=notices)


def find_beginning(public: sqlite3.Connection, active: Iterable[tuple[Subscriber, Sequence[Follow]]]) -> dict[str, str]:
    """Return from where on to tell if nothing was told yet: after what was published when the first of them confirmed.

    Returns {} where nobody confirmed before the current publication: it is not news to anybody.
    """
    first = min((subscriber.confirmed_at or NEVER for subscriber, _ in active), default="")
    return {LAST: find_publication(public, first) or first} if first else {}


def match(story: Story, active: Iterable[tuple[Subscriber, Sequence[Follow]]]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the subscribers a story concerns, each with the places of the changes that do."""
    for subscriber, follows in active:
        places = select_moved(story, follows)
        if places:
            yield subscriber.id, places


def list_due(db: sqlite3.Connection, now: str) -> Iterator[Due]:
    """Yield the subscribers whose report is due: with what they follow, and the stories that wait for them."""
    waiting = list_waiting(db)
    for subscriber, follows in list_active(db):
        stories = tuple(waiting.get(subscriber.id, ()))
        if subscriber.cadence == "immediate":
            if stories:
                yield subscriber, follows, stories
        elif find_period_end(now, subscriber.cadence, subscriber.zone) > subscriber.told_until:
            yield subscriber, follows, stories


def write_due(
    db: sqlite3.Connection,
    public: sqlite3.Connection,
    now: str,
    settings: MailSettings,
    between: Callable[[], object] = int,
) -> Told:
    """Write the reports that are due into the outbox, a transaction each; quiet ones where they are wished for."""
    almanac = read_almanac(public)
    secret = keep_secret(db, SIGNING, secrets.token_bytes(32))
    known = Stories(db)
    counts: Counter[str] = Counter()
    for subscriber, follows, waiting in list_due(db, now):
        if subscriber.channel == "mail" and not settings.is_set:
            counts["held"] += 1
            continue
        with transaction(db):
            if waiting or subscriber.tells_quiet:
                stories = [known.read(story, places) for story, places in waiting]
                report = compose(almanac, subscriber, follows, stories, (now, settings.address, secret))
                draft = draft_message(report, subscriber, now, settings)
                write_message(db, draft, now)
                mark_told(db, subscriber.id, [story for story, _ in waiting], draft.id)
                counts["reports" if waiting else "quiet"] += 1
            alter_subscriber(db, subscriber.id, told_until=now)
        if counts.total() % BETWEEN == BETWEEN - 1:
            between()
    return Told(
        release=almanac.edition.generation,
        reports=counts["reports"] + counts["quiet"],
        quiet=counts["quiet"],
        held=counts["held"],
    )


def compose(
    almanac: Almanac,
    subscriber: Subscriber,
    follows: Sequence[Follow],
    stories: Sequence[Story],
    moment: tuple[str, str, bytes],
) -> Report:
    """Return the report of a subscriber; ``moment`` is now, the site's address, and the secret that signs links."""
    now, address, secret = moment
    today = date.fromisoformat(find_today(now, subscriber.zone))
    links = link_subscriber(address, secret, subscriber.id, link_report(follows, subscriber.told_until, now))
    period = Period(subscriber.told_until, now, today)
    return make_report(almanac, follows, period, stories, links)


def link_report(follows: Sequence[Follow], since: str, until: str) -> str:
    """Return the path of the same report on the site, of one follow; "" for several, which no page tells together."""
    if len(follows) != 1:
        return ""
    follow = msgspec.structs.asdict(follows[0])
    usual = msgspec.structs.asdict(Follow())
    asked = {name: ",".join(follow[field]) for name, field in FIELDS.items() if follow[field] != usual[field]}
    asked |= {"since": since[:10], "until": until[:10]}
    return f"/report?{urlencode(asked)}"


def draft_message(report: Report, subscriber: Subscriber, now: str, settings: MailSettings) -> Draft:
    """Return a report as a message for the outbox, under an id of its own."""
    token = secrets.token_hex(16)
    if subscriber.channel == "mail":
        name = f"<{token}@{settings.domain}>"
        letter = Letter(
            sender=settings.sender,
            to=subscriber.target,
            reply=settings.reply,
            message_id=name,
            at=now,
            stop=report.links.stop,
        )
        body = compose_report(report, letter)
    else:
        name = f"msg_{token}"
        body = msgspec.json.encode({"type": "report", "timestamp": now, "data": spell_report(report)})
    return Draft(
        id=name,
        subscriber=subscriber.id,
        kind="report",
        release=report.release,
        since=report.since,
        until=report.until,
        title=title_report(report),
        body=body,
    )


def replay(
    db: sqlite3.Connection, public: sqlite3.Connection, subscriber: Subscriber, follows: Sequence[Follow], since: str
) -> int:
    """Let a subscriber be told again what was proven after an instant; returns how many stories wait for them anew.

    What waits for them already is not told a second time.
    """
    collect(db, public)
    waiting = {story for story, _ in list_waiting(db).get(subscriber.id, ())}
    count = 0
    for story in read_stories(public, {}, default_after=since):
        places = () if story.id in waiting else select_moved(story, follows)
        # Under a name of its own a story may be told again to somebody who was told it.
        again = msgspec.structs.replace(story, id=f"{story.id}:again:{since}")
        count += write_story(db, again, [(subscriber.id, places)]) if places else 0
    alter_subscriber(db, subscriber.id, told_until=since)
    return count


def erase_old(db: sqlite3.Connection, now: str) -> int:
    """Erase addresses that are no longer needed; returns how many."""
    instant = datetime.fromisoformat(now)
    before = {"stopped_before": instant - KEPT_AFTER_STOP, "asked_before": instant - KEPT_UNCONFIRMED}
    with transaction(db):
        count = erase_targets(db, **{name: at.strftime("%Y-%m-%dT%H:%M:%SZ") for name, at in before.items()})
        erase_unaddressed(db, now)
    return count


def has_subscribers(data: Path) -> bool:
    """Tell whether a data folder has a file of subscribers: without one there is nobody to tell."""
    return (data / FILE).is_file()
