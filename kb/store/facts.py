"""Facts in kb.db: the coded answers as last read from their folders, and each step of their anchors.

Both are derived anew by every build: facts are an input, like declarations, and few.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kb.answer.facts import Fact, Step
from kb.models import Problem

FACTS = """
    DROP TABLE facts;
    DROP TABLE fact_history;
    CREATE TABLE facts (
        fact TEXT PRIMARY KEY, jurisdiction TEXT NOT NULL, question TEXT NOT NULL, place INTEGER NOT NULL, value TEXT,
        gap TEXT, details TEXT NOT NULL, scope TEXT NOT NULL, basis TEXT NOT NULL, binding TEXT NOT NULL,
        authority TEXT NOT NULL, citation TEXT NOT NULL, url TEXT NOT NULL, note TEXT NOT NULL, searched TEXT NOT NULL,
        effective_from TEXT NOT NULL, effective_to TEXT NOT NULL, reverts_to TEXT, anchor TEXT, evidence TEXT NOT NULL,
        confidence TEXT NOT NULL, coded_on TEXT NOT NULL, coded_by TEXT NOT NULL, second TEXT,
        reviewed_on TEXT NOT NULL, reviewed_by TEXT NOT NULL, reviewed_text TEXT NOT NULL, review_note TEXT NOT NULL,
        superseded_on TEXT NOT NULL, replica INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX facts_by_question ON facts (question, jurisdiction, place);
    CREATE TABLE fact_history (
        fact TEXT NOT NULL, place INTEGER NOT NULL, at TEXT NOT NULL, wave_at TEXT NOT NULL, state TEXT NOT NULL,
        cause TEXT NOT NULL, how TEXT NOT NULL, score REAL NOT NULL, document TEXT NOT NULL, eid TEXT NOT NULL,
        citation TEXT NOT NULL, version TEXT NOT NULL, source TEXT NOT NULL, url TEXT NOT NULL, sha256 TEXT NOT NULL,
        captured_at TEXT NOT NULL, quote TEXT NOT NULL, prefix TEXT NOT NULL, suffix TEXT NOT NULL,
        text_hash TEXT NOT NULL, old_text TEXT NOT NULL, new_text TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (fact, place)
    ) STRICT;
    CREATE INDEX fact_history_by_document ON fact_history (document, eid);
"""
# Columns that hold JSON: what is no plain text.
STRUCTURED = ("value", "details", "scope", "searched", "reverts_to", "anchor", "evidence", "second")
COLUMNS = tuple("fact" if name == "id" else name for name in Fact.__struct_fields__ if name != "file")
STEP_COLUMNS = Step.__struct_fields__


def record_facts(db: sqlite3.Connection, facts: Iterable[Fact], steps: Mapping[str, Iterable[Step]]) -> None:
    """Put facts and the steps of their anchors, by fact, in place of all there were; call it inside a transaction."""
    db.execute("DELETE FROM facts")
    db.execute("DELETE FROM fact_history")
    db.executemany(
        f"""INSERT INTO facts ({", ".join(COLUMNS)}) VALUES ({", ".join(f":{name}" for name in COLUMNS)})""",
        (_spell_fact(fact) for fact in facts),
    )
    db.executemany(
        f"""INSERT INTO fact_history (place, {", ".join(STEP_COLUMNS)})
            VALUES (:place, {", ".join(f":{name}" for name in STEP_COLUMNS)})""",
        (
            {"place": place, **msgspec.structs.asdict(step)}
            for name in sorted(steps)
            for place, step in enumerate(steps[name])
        ),
    )


def read_recorded_facts(db: sqlite3.Connection, *, jurisdiction: str = "", question: str = "") -> list[Fact]:
    """Return the facts of a jurisdiction or question ("": of all), by jurisdiction, in the order they were coded."""
    rows = db.execute(
        f"""SELECT {", ".join(COLUMNS)} FROM facts
            WHERE (:jurisdiction = '' OR jurisdiction = :jurisdiction) AND (:question = '' OR question = :question)
            ORDER BY jurisdiction, place, fact""",
        {"jurisdiction": jurisdiction, "question": question},
    )
    return [_make_fact(row) for row in rows]


def read_steps(db: sqlite3.Connection, *, jurisdiction: str = "", question: str = "") -> dict[str, list[Step]]:
    """Return the steps of the anchors of a jurisdiction's or question's facts ("": of all), by fact, in order."""
    rows = db.execute(
        f"""SELECT {", ".join(f"fact_history.{name}" for name in STEP_COLUMNS)} FROM fact_history
            JOIN facts ON facts.fact = fact_history.fact
            WHERE (:jurisdiction = '' OR jurisdiction = :jurisdiction) AND (:question = '' OR question = :question)
            ORDER BY fact_history.fact, fact_history.place""",
        {"jurisdiction": jurisdiction, "question": question},
    )
    found: dict[str, list[Step]] = {}
    for row in rows:
        found.setdefault(row["fact"], []).append(msgspec.convert(dict(row), Step))
    return found


def record_anchor_problems(db: sqlite3.Connection, problems: Iterable[Problem]) -> None:
    """Put the problems of anchors in place of all there were; call it inside a transaction."""
    db.execute("""DELETE FROM problems WHERE code = 'anchor_ambiguous'""")
    db.executemany(
        """INSERT INTO problems (source, url, observed_at, wave_at, code, message)
           VALUES (:source, :url, :observed_at, :wave_at, :code, :message)""",
        (msgspec.structs.asdict(problem) for problem in problems),
    )


def read_anchor_problems(db: sqlite3.Connection) -> list[Problem]:
    """Return the problems of anchors, in the order of the export."""
    rows = db.execute(
        """SELECT source, url, observed_at, wave_at, code, message FROM problems WHERE code = 'anchor_ambiguous'
           ORDER BY source, url, observed_at, wave_at, code, message"""
    )
    return [Problem(**dict(row)) for row in rows]


class StandingText(msgspec.Struct, frozen=True):
    """A version that its page shows now, and whose rule it is."""

    version: str
    jurisdiction: str
    citation: str
    url: str


def list_standing_texts(db: sqlite3.Connection, jurisdictions: Sequence[str]) -> list[StandingText]:
    """Return the texts shown now by sources of the jurisdictions (empty: of all), by document; no copies of others."""
    rows = db.execute(
        """SELECT version, jurisdiction, citation, versions.url FROM versions
           JOIN sources ON sources.source = versions.source
           WHERE closed_at IS NULL AND strand <> 'mirror'
               AND (:wanted = '[]' OR jurisdiction IN (SELECT value FROM JSON_EACH(:wanted)))
           ORDER BY document, strand, versions.source, valid_from, version""",
        {"wanted": msgspec.json.encode(list(jurisdictions)).decode()},
    )
    return [StandingText(*row) for row in rows]


def read_watched_places(db: sqlite3.Connection) -> set[str]:
    """Return the jurisdictions of the sources that are built."""
    return {row[0] for row in db.execute("SELECT DISTINCT jurisdiction FROM sources")}


def _spell_fact(fact: Fact) -> dict[str, object]:
    fields = msgspec.to_builtins(fact)
    plain = {name: fields.get(name) for name in Fact.__struct_fields__ if name not in ("id", "file")}
    structured = {
        name: None if plain[name] is None else msgspec.json.encode(plain[name]).decode() for name in STRUCTURED
    }
    return {**plain, **structured, "fact": fact.id, "replica": int(fact.replica)}


def _make_fact(row: sqlite3.Row) -> Fact:
    fields = dict(row)
    for name in STRUCTURED:
        fields[name] = None if fields[name] is None else msgspec.json.decode(fields[name])
    fields["replica"] = bool(fields["replica"])
    fields["id"] = fields.pop("fact")
    return msgspec.convert(fields, Fact)
