"""Derive the answers of a knowledge base: its facts, and the steps of their anchors through the texts of every wave."""

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from kb.answer.facts import Fact, Step
from kb.store.connection import transaction
from kb.store.facts import read_recorded_facts, read_steps, record_facts


def derive_answers(knowledge: sqlite3.Connection, facts: Sequence[Fact]) -> bool:
    """Put the facts in place of those recorded, and follow each anchor through the waves that are built.

    Returns whether anything is another than before; where nothing is, nothing is written.
    """
    steps: Mapping[str, Sequence[Step]] = {}
    known = {fact.id: msgspec.structs.replace(fact, file="") for fact in facts}
    before = {fact.id: fact for fact in read_recorded_facts(knowledge)}
    if before == known and read_steps(knowledge) == {name: list(own) for name, own in steps.items()}:
        return False
    with transaction(knowledge):
        record_facts(knowledge, facts, steps)
    return True
