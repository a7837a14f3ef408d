"""What an anchor is followed along: places, the texts chosen for an instant, and what came of it (values)."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from kb.answer.facts import Step
from kb.compare.eids import print_eid
from kb.models import Provision

# The last second of a day: what is coded or reviewed on a day is known from then on.
DAY_ENDS = "T23:59:59"


class Place(msgspec.Struct, frozen=True):
    """Where words stand: a document and the provision in it."""

    document: str
    eid: str


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """The text of a document chosen for an instant; ``eid`` is where the words are to be looked for first.

    ``at`` is the instant this text came about. ``parts`` is None where the document was removed; then the other
    fields tell of its last text. ``is_official`` tells that it is its publisher's own, no copy of others.
    """

    document: str
    eid: str
    citation: str
    version: str
    source: str
    url: str
    sha256: str
    captured_at: str
    at: str
    parts: tuple[Provision, ...] | None
    is_official: bool

    def cite(self, eid: str) -> str:
        """Return the citation of a provision in it: "Example Code § 1-2 (a)(1)"."""
        return f"{self.citation} {print_eid(eid).strip()}".strip()


class Trail(Protocol):
    """The way a fact's anchor goes. Instants are UTC without their closing Z, so that text order is time order."""

    def find_next(self, after: str) -> str | None:
        """Return the next instant at which the anchor may stand otherwise, None if there is none."""

    def look(self, place: Place, at: str, since: str) -> Sequence[Text]:
        """Return the texts that may hold the words at an instant, the likeliest first; none: not known by then.

        Renumberings within a document are followed where they were told after ``since``.
        """


class Base(msgspec.Struct, frozen=True):
    """The words agreed to, when the fact was coded or by its reviewer.

    ``words`` are those of the hash; if we never held what the reviewer saw, those that were agreed to before.
    """

    text_hash: str
    words: str
    reviewed: bool = False


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """A quote that stands more than once in a text: ``places`` name each, as a person cites them."""

    fact: str
    source: str
    url: str
    observed_at: str
    wave_at: str
    citation: str
    places: tuple[str, ...]


class Course(msgspec.Struct, frozen=True):
    """What came of following an anchor: its steps and its doubts, each in order."""

    steps: tuple[Step, ...] = ()
    doubts: tuple[Doubt, ...] = ()


def end_day(day: str) -> str:
    """Return the last instant of a day without its closing Z, "" for no day."""
    return f"{day}{DAY_ENDS}" if day else ""
