"""What is told, as values: stories of what moved, the answers it touches, what could not be read, and whole reports.

A story is made once, when the change that it tells is first published, and kept: what was told never depends on what
was read later. None of these values names a subscriber.
"""

from datetime import date

import msgspec

from kb.answer.facts import Effect, FactState
from kb.models import Kind, Nature, Part, Signal, Strand


class Touched(msgspec.Struct, frozen=True, kw_only=True):
    """A coded answer that a change touches: what it says, how it is proven, what the change did to its words.

    ``label`` is the answer in words ("Required"), ``became`` what it is after the change where a person coded that
    already ("" = not coded yet). ``action`` is the codebook's template, filled, of an anchored answer alone; else "".
    """

    fact: str
    jurisdiction: str
    question: str
    title: str
    label: str
    state: FactState
    effect: Effect
    quote_stands: bool
    became: str = ""
    action: str = ""


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One change as it is told. ``citation`` names the provision as a person writes it ("22 TAC § 172.5(b)").

    ``is_cut`` tells that others hold rights in the edition: no text and no redline is shown of it then.
    """

    id: str
    document: str
    strand: Strand
    eid: str
    citation: str
    heading: str
    kind: Kind
    part: Part
    nature: Nature
    signals: tuple[Signal, ...]
    reason: str
    count: int
    effective_on: date | None
    topics: tuple[str, ...]
    professions: tuple[str, ...]
    binding: str
    url: str
    cause: str
    old_text: str
    new_text: str
    is_cut: bool
    touched: tuple[Touched, ...] = ()


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """What one wave of one source proved: the changes of one event that share ``confirmed_at``, in reading order.

    ``id`` names event and instant; ``release`` is the generation that told it first.
    """

    id: str
    event: str
    jurisdiction: str
    place: str
    source: str
    title: str
    observed_at: str
    confirmed_at: str
    release: int
    replica: bool
    moved: tuple[Moved, ...]


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A source that could not be read in a period: since when ("" = never read), why, and where to look oneself."""

    source: str
    jurisdiction: str
    place: str
    title: str
    since: str
    reason: str
    url: str


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What a report rests on: how many sources were read in its period, which were not, and when last one was.

    ``resting`` counts sources that are read less often and were not due.
    """

    checked: int
    unread: tuple[Unread, ...]
    last_checked: str
    resting: int = 0


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """A day to come that a text or an answer states: what happens then (a sentence), and the page that shows it."""

    day: date
    jurisdiction: str
    place: str
    sentence: str
    path: str


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reader goes on: the site ("" = its address is not known), this report there, their own page, the end.

    ``earlier`` leads to the report of the time before, where more moved in the time asked for than one report tells.
    """

    address: str = ""
    report: str = ""
    earlier: str = ""
    manage: str = ""
    stop: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a report says; its forms add no fact. ``until`` is an instant, ``since`` too ("" = since ever).

    ``stories`` hold only the changes that concern the reader, each story once. ``follows`` says in words what is
    followed, a line each. ``today`` is the reader's day, by which days to come are judged.
    """

    since: str
    until: str
    today: date
    release: int
    published_at: str
    stories: tuple[Story, ...]
    watch: Watch
    ahead: tuple[Ahead, ...] = ()
    follows: tuple[str, ...] = ()
    links: Links = Links()
