"""List the days of coded answers that were corrected: each keeps the id it had first, and counts its moves."""

import sqlite3
from collections.abc import Mapping
from datetime import date

from kb.agenda import Day, make_id
from kb.answer.corrected import CorrectedDay, follow_corrections
from kb.questions import Question
from kb.store.answers import read_corrected_facts, read_published_questions


def list_corrected(db: sqlite3.Connection) -> list[Day]:
    """Return the days of answers that were corrected, under the ids they had first."""
    questions = {name: asked.question for name, asked in read_published_questions(db).items()}
    corrected = follow_corrections(read_corrected_facts(db, questions), questions)
    return [_make_corrected(one, questions) for one in corrected]


def _make_corrected(one: CorrectedDay, questions: Mapping[str, Question]) -> Day:
    row, first = one.latest, one.first
    return Day(
        id=make_id(first.kind, first.jurisdiction, first.question, first.title, first.day),
        kind=row.kind,
        day=date.fromisoformat(row.day),
        jurisdiction=row.jurisdiction,
        citation=row.citation,
        title=row.title,
        url=row.url,
        known_at=f"{one.known_on}T00:00:00Z" if one.known_on else "",
        question=row.question,
        topics=(questions[row.question].topic,),
        sequence=len(one.moved_from) + one.is_dropped,
        moved_from=one.moved_from,
        is_dropped=one.is_dropped,
    )
