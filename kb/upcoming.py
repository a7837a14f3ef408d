"""List the dates that answers and texts state: what takes effect, ends, reverts, or is open for comment until when."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import date

import msgspec

from kb.answer.dates import DateRow, list_fact_dates
from kb.answer.known import select_known
from kb.questions import map_questions
from kb.sources import Source
from kb.store.dates import read_stated_dates
from kb.store.facts import read_recorded_facts


def list_dates(
    knowledge: sqlite3.Connection, known_at: str, *, since: date | None = None, hides: Callable[[str], bool]
) -> Iterator[DateRow]:
    """Yield every date of the facts known at an instant and of the texts, from a day on, in order.

    ``hides`` tells of a source's id whether its headings are withheld.
    """
    first = "" if since is None else since.isoformat()
    facts = select_known(read_recorded_facts(knowledge), known_at)
    rows = [row for row in list_fact_dates(facts, dict(map_questions())) if row.day >= first]
    for told in read_stated_dates(knowledge, known_at, first):
        shown = "" if hides(told["source"]) else told["heading"]
        rows.append(
            DateRow(
                jurisdiction=told["jurisdiction"],
                day=told["day"],
                kind="effective" if told["kind"] == "effective" else "expiry",
                subject=told["document"],
                question="",
                title=shown,
                citation=told["citation"],
                url=told["url"],
                stated=told["day"],
            )
        )
    yield from sorted(rows, key=lambda row: (row.day, row.jurisdiction, row.question, row.subject, row.kind))


def list_public_dates(
    knowledge: sqlite3.Connection, now: str, sources: Mapping[str, Source]
) -> Iterator[dict[str, object]]:
    """Yield every date of answers and texts; the headings of sources whose texts are withheld stay out."""
    for row in list_dates(knowledge, now, hides=lambda name: sources[name].publish == "none"):
        yield msgspec.structs.asdict(row)
