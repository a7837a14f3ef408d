"""What the pages ask of published answers: the codebook, cells of the matrix, facts with their steps, dates, changes.

Read-only questions of a generation, whose tables are those of kb.store.public.
"""

import sqlite3
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from kb.answer.dates import DateRow
from kb.answer.facts import Anchor, Fact, FactState, Step, Value
from kb.questions import GAPS, Question
from kb.store.facts import STEP_COLUMNS

# Columns of published facts that hold JSON, and of published questions.
FACT_JSON = ("details", "scope", "searched", "evidence")
QUESTION_JSON = ("details", "compatible", "contradicting", "scope")
PLAIN_FACT = tuple(name for name in Fact.__struct_fields__ if name not in ("id", "file", "anchor", "second"))
# Several choices stand joined in the column.
JOINT = " + "


class Asked(msgspec.Struct, frozen=True):
    """A question as published: its place in the codebook, whose edition it is, and itself."""

    place: int
    edition: int
    question: Question


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A step of an anchor with the fact's jurisdiction and what it answered: one line of a history."""

    fact: str
    jurisdiction: str
    label: str
    citation: str
    wave_at: str
    state: FactState
    cause: str
    reason: str


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """A fact whose words stand in a document: where, what it answers, and how it stands."""

    fact: str
    jurisdiction: str
    question: str
    title: str
    label: str
    eid: str
    state: FactState
    quote: str


class Touch(msgspec.Struct, frozen=True, kw_only=True):
    """A change that touched a fact: what it did to its words."""

    change: str
    effect: str
    quote_stands: bool
    citation: str
    reason: str
    observed_at: str


class FoundFact(msgspec.Struct, frozen=True, kw_only=True):
    """A fact in which words were found: whose, to what, and the answer in words."""

    fact: str
    jurisdiction: str
    title: str
    label: str
    state: FactState
    citation: str


class Near(msgspec.Struct, frozen=True):
    """A provision as it stands beside the one that proves a fact."""

    eid: str
    number: str
    heading: str
    text: str


class Authority(msgspec.Struct, frozen=True):
    """A body whose rules are watched: its name, its kind and its address."""

    name: str
    kind: str
    url: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """A jurisdiction's answers counted: how many questions concern it, and how many cells are in which state."""

    jurisdiction: str
    kind: str
    asked: int
    answered: int
    proven: int
    doubtful: int


# --- the codebook


def read_published_questions(db: sqlite3.Connection, question: str = "") -> dict[str, Asked]:
    """Return the published questions by id, in the order of the codebook, or the one asked for."""
    rows = db.execute(
        """
        SELECT * FROM questions
        WHERE :question = '' OR question = :question
        ORDER BY place
        """,
        {"question": question},
    )
    return {row["question"]: Asked(row["place"], row["edition"], _make_question(row)) for row in rows}


def _make_question(row: sqlite3.Row) -> Question:
    told = {name: msgspec.json.decode(row[name]) for name in QUESTION_JSON}
    plain = ("topic", "title", "asked_of", "wording", "type", "unit", "coding", "silent", "action")
    why = {name: row[f"for_{name}"] for name in ("compliance", "journalists", "providers")}
    choices = msgspec.json.decode(row["choices"])
    return msgspec.convert(
        {**told, **{name: row[name] for name in plain}, "id": row["question"], "why": why, "values": choices}, Question
    )


# --- cells


def read_cell_rows(
    db: sqlite3.Connection, questions: Collection[str] = (), jurisdictions: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return rows of the table answers, of the questions and jurisdictions named (none named: all), in their order."""
    rows = db.execute(
        """
        SELECT answers.* FROM answers JOIN questions USING (question)
        WHERE (:questions = '[]' OR question IN (SELECT value FROM JSON_EACH(:questions)))
            AND (:jurisdictions = '[]' OR jurisdiction IN (SELECT value FROM JSON_EACH(:jurisdictions)))
        ORDER BY place, jurisdiction
        """,
        {"questions": _json(questions), "jurisdictions": _json(jurisdictions)},
    )
    return [dict(row) for row in rows]


def count_heads(db: sqlite3.Connection) -> list[Head]:
    """Count the cells of each jurisdiction that has any, by name."""
    rows = db.execute(
        """
        SELECT answers.jurisdiction, kind, TOTAL(state <> 'not_asked') AS asked,
            TOTAL(state IN ('answered', 'limited', 'conflict', 'law_silent')) AS answered,
            TOTAL(proof IN ('anchored', 'verified')) AS proven,
            TOTAL(proof IN ('needs_review', 'broken') OR state = 'conflict') AS doubtful
        FROM answers JOIN jurisdictions USING (jurisdiction)
        GROUP BY 1 ORDER BY name
        """
    )
    return [msgspec.convert(dict(row), Head, strict=False) for row in rows]


def count_answered(db: sqlite3.Connection) -> dict[str, int]:
    """Count the jurisdictions that answer each question, by question."""
    rows = db.execute(
        """
        SELECT question, TOTAL(state IN ('answered', 'limited', 'conflict', 'law_silent')) FROM answers
        GROUP BY 1
        """
    )
    return {name: int(count) for name, count in rows}


# --- facts


def read_published_facts(
    db: sqlite3.Connection, questions: Mapping[str, Question], jurisdictions: Collection[str] = ()
) -> list[Fact]:
    """Return the facts on questions, of the jurisdictions named (none named: all), in the order they were coded."""
    rows = db.execute(
        """
        SELECT * FROM facts
        WHERE question IN (SELECT value FROM JSON_EACH(:questions))
            AND (:jurisdictions = '[]' OR jurisdiction IN (SELECT value FROM JSON_EACH(:jurisdictions)))
        ORDER BY jurisdiction, place, fact
        """,
        {"questions": _json(questions), "jurisdictions": _json(jurisdictions)},
    )
    return [make_fact(row, questions[row["question"]]) for row in rows]


def read_corrected_facts(db: sqlite3.Connection, questions: Mapping[str, Question]) -> list[Fact]:
    """Return all entries of the answers of which one that stated a day was superseded, as the edition knows them."""
    rows = db.execute(
        """
        SELECT facts.* FROM facts
        WHERE coded_on <= (SELECT SUBSTR(MAX(published_at), 1, 10) FROM releases)
            AND (jurisdiction, question, scope) IN (
                SELECT jurisdiction, question, scope FROM facts
                WHERE effective_from || effective_to <> ''
                    AND superseded_on BETWEEN '0' AND (SELECT SUBSTR(MAX(published_at), 1, 10) FROM releases)
            )
        ORDER BY jurisdiction, question, place
        """
    )
    return [make_fact(row, questions[row["question"]]) for row in rows if row["question"] in questions]


def find_fact(db: sqlite3.Connection, fact: str) -> sqlite3.Row | None:
    """Return the row of a fact, None if there is none."""
    row: sqlite3.Row | None = db.execute("""SELECT * FROM facts WHERE fact = :fact""", {"fact": fact}).fetchone()
    return row


def list_near_facts(db: sqlite3.Connection, fact: str, limit: int) -> list[str]:
    """Return ids of facts that begin as one does that there is not, else none."""
    rows = db.execute(
        """
        SELECT fact FROM facts WHERE fact >= :start AND fact < :start || 'g'
        ORDER BY fact LIMIT :limit
        """,
        {"start": fact[:4] or "g", "limit": limit},
    )
    return [row["fact"] for row in rows]


def make_fact(row: sqlite3.Row, question: Question) -> Fact:
    """Return a published row as the fact it was made of; where it was declared is not told."""
    told = {name: row[name] for name in PLAIN_FACT}
    told |= {name: msgspec.json.decode(row[name]) for name in FACT_JSON}
    told["id"] = row["fact"]
    told["replica"] = bool(row["replica"])
    told["value"] = None if row["gap"] is not None else parse_value(row["value"], question)
    told["reverts_to"] = parse_value(row["reverts_to"], question) if row["reverts_to"] else None
    told["anchor"] = Anchor(row["document"], row["eid"], row["quote"]) if row["document"] else None
    return msgspec.convert(told, Fact)


def parse_value(text: str, question: Question) -> Value:
    """Return a value as coded from how it is published (``kb.answer.facts.spell_value``)."""
    if text in GAPS:
        return text
    if question.type == "choices":
        return tuple(text.split(JOINT))
    if question.type == "boolean":
        return text == "yes"
    if question.type == "number":
        return float(text) if "." in text else int(text)
    return text


def read_fact_steps(db: sqlite3.Connection, facts: Collection[str]) -> dict[str, list[Step]]:
    """Return the steps of the anchors of facts, by fact, in order."""
    rows = db.execute(
        f"""SELECT {", ".join(STEP_COLUMNS)} FROM fact_history
            WHERE fact IN (SELECT value FROM JSON_EACH(:facts))
            ORDER BY fact, place""",
        {"facts": _json(facts)},
    )
    found: dict[str, list[Step]] = {}
    for row in rows:
        found.setdefault(row["fact"], []).append(msgspec.convert(dict(row), Step))
    return found


# --- what belongs to facts


def read_last_seen(db: sqlite3.Connection, documents: Collection[str]) -> dict[str, str]:
    """Return when documents were last read again from any of their sources."""
    rows = db.execute(
        """
        SELECT document, MAX(last_seen) FROM documents
        WHERE document IN (SELECT value FROM JSON_EACH(:documents))
        GROUP BY document
        """,
        {"documents": _json(documents)},
    )
    return {document: seen for document, seen in rows if seen}


def count_limits(db: sqlite3.Connection, question: str, limit: int) -> list[tuple[str, str]]:
    """Return what the facts on a question are limited to, as dimension and term, the most frequent first."""
    rows = db.execute(
        """
        SELECT limits.key, terms.value FROM facts, JSON_EACH(facts.scope) AS limits, JSON_EACH(limits.value) AS terms
        WHERE question = :question AND superseded_on = ''
        GROUP BY 1, 2 ORDER BY COUNT(*) DESC, 1, 2 LIMIT :limit
        """,
        {"question": question, "limit": limit},
    )
    return [(name, term) for name, term in rows]


def list_moved(db: sqlite3.Connection, question: str, limit: int) -> list[Moved]:
    """Return the steps of the anchors of a question's facts that followed the first, the latest first."""
    rows = db.execute(
        """
        SELECT facts.fact, jurisdiction, label, fact_history.citation, wave_at, fact_history.state, cause, reason
        FROM facts JOIN fact_history ON fact_history.fact = facts.fact
        WHERE question = :question AND cause <> 'resolved'
        ORDER BY wave_at DESC, jurisdiction, facts.fact LIMIT :limit
        """,
        {"question": question, "limit": limit},
    )
    return [msgspec.convert(dict(row), Moved) for row in rows]


def list_days(
    db: sqlite3.Connection, *, jurisdiction: str = "", question: str = "", since: str = "", limit: int = 100
) -> list[DateRow]:
    """Return the days from one on that matter to a jurisdiction or a question ("": to all), the next first."""
    rows = db.execute(
        """
        SELECT * FROM dates
        WHERE (:jurisdiction = '' OR jurisdiction = :jurisdiction) AND (:question = '' OR question = :question)
            AND day >= :since
        ORDER BY day, jurisdiction, kind, subject LIMIT :limit
        """,
        {"jurisdiction": jurisdiction, "question": question, "since": since, "limit": limit},
    )
    return [msgspec.convert(dict(row), DateRow) for row in rows]


def list_facts_of(db: sqlite3.Connection, document: str) -> list[Beside]:
    """Return the facts that stand and whose words stand, or stood last, in a document, by provision."""
    rows = db.execute(
        """
        SELECT facts.fact, jurisdiction, facts.question, title, label, last.eid, last.state, last.quote
        FROM fact_history AS last
        JOIN facts ON facts.fact = last.fact
        JOIN questions ON questions.question = facts.question
        WHERE last.document = :document AND superseded_on = ''
            AND last.place = (SELECT MAX(place) FROM fact_history AS own WHERE own.fact = last.fact)
        ORDER BY last.eid, questions.place, facts.fact
        """,
        {"document": document},
    )
    return [msgspec.convert(dict(row), Beside) for row in rows]


def list_authorities(db: sqlite3.Connection, jurisdiction: str) -> list[Authority]:
    """Return the bodies of a jurisdiction whose sources are declared, by name."""
    rows = db.execute(
        """
        SELECT name, kind, url FROM authorities
        WHERE jurisdiction = :jurisdiction
        ORDER BY name
        """,
        {"jurisdiction": jurisdiction},
    )
    return [Authority(*row) for row in rows]


def list_near_provisions(db: sqlite3.Connection, version: str, eid: str, reach: int) -> list[Near]:
    """Return a provision of a version with so many before and after it, those without words left out; else none."""
    rows = db.execute(
        """
        SELECT own.eid, own.number, own.heading, own.text FROM provisions AS it
        JOIN provisions AS own ON own.version = it.version AND own.place BETWEEN it.place - :reach AND it.place + :reach
        WHERE it.version = :version AND it.eid = :eid AND (own.text <> '' OR own.heading <> '')
        ORDER BY own.place
        """,
        {"version": version, "eid": eid, "reach": reach},
    )
    return [Near(*row) for row in rows]


def list_touches(db: sqlite3.Connection, fact: str) -> list[Touch]:
    """Return the changes that touched a fact, the latest first."""
    rows = db.execute(
        """
        SELECT change, effect, quote_stands, citation, reason, observed_at FROM impacts
        JOIN changes ON changes.id = impacts.change AND changes.source = impacts.source
        WHERE fact = :fact
        ORDER BY observed_at DESC, change
        """,
        {"fact": fact},
    )
    return [msgspec.convert({**dict(row), "quote_stands": bool(row["quote_stands"])}, Touch) for row in rows]


def find_facts(
    db: sqlite3.Connection, words: Collection[str], limit: int, jurisdiction: str = "", topic: str = ""
) -> list[FoundFact]:
    """Return facts that stand and hold all words: in place, question, answer, citation or note.

    A jurisdiction and a topic ("" for any) narrow them.
    """
    if not words:
        return []
    rows = db.execute(
        """
        SELECT fact, facts.jurisdiction, title, label, state, citation FROM facts
        JOIN questions ON questions.question = facts.question
        JOIN jurisdictions ON jurisdictions.jurisdiction = facts.jurisdiction
        WHERE superseded_on = '' AND gap IS NULL
            AND :jurisdiction IN ('', facts.jurisdiction) AND :topic IN ('', topic) AND NOT EXISTS (
            SELECT 1 FROM JSON_EACH(:words) WHERE INSTR(
                LOWER(name || ' ' || title || ' ' || label || ' ' || citation || ' ' || facts.note), value) = 0)
        ORDER BY questions.place, name, facts.place LIMIT :limit
        """,
        {
            "words": _json([word.lower() for word in words]),
            "limit": limit,
            "jurisdiction": jurisdiction,
            "topic": topic,
        },
    )
    return [msgspec.convert(dict(row), FoundFact) for row in rows]


def _json(values: Collection[str]) -> str:
    return msgspec.json.encode(list(values)).decode()
