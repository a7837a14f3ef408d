"""One fact: the answer, the words that prove it in their place, every step they took, and a bundle to cite it with."""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
from markupsafe import Markup

from kb.answer.facts import Fact, Step, Value
from kb.answer.scope import name_scope
from kb.bundles import prove_capture, read_logged_at
from kb.compare.redline import redline, redline_html, spell_controls
from kb.questions import Question
from kb.store.answers import (
    Asked,
    Near,
    find_fact,
    list_near_facts,
    list_near_provisions,
    list_touches,
    make_fact,
    read_fact_steps,
    read_last_seen,
    read_published_facts,
    read_published_questions,
)
from kb.store.log import find_proof
from kb.tell.words import cite, keep_web, link_document, print_day
from kb.web.answer import Answer
from kb.web.pages.answer_words import PAGE_LABELS, PROOF_SENTENCES, print_length, print_stated
from kb.web.pages.bundle import render_bundle
from kb.web.pages.cells import CellView
from kb.web.pages.frame import Frame, read_frame, render, render_json, render_missing, show_sources
from kb.web.pages.moments import Moment, compute_cells

NEAREST_SHOWN = 5
# Provisions shown before and after the one that proves an answer.
CONTEXT = 2
# What a number behind an id counts: later reviews of the same answer.
REVIEW = "-"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A fact with all that is known of it: its question, its steps, entries of the same answer, and where it stands."""

    fact: Fact
    asked: Asked
    label: str
    steps: Sequence[Step]
    chain: Sequence[Fact]

    @property
    def question(self) -> Question:
        """Return the question it answers."""
        return self.asked.question

    @property
    def last(self) -> Step | None:
        """Return the last step of its anchor, None where no text proved it yet."""
        return self.steps[-1] if self.steps else None

    @property
    def state(self) -> str:
        """Return how it stands to the law's own words."""
        return "reported" if self.last is None else self.last.state


class Shown(msgspec.Struct, frozen=True):
    """A provision of the context: its number, its text, the quoted words in it marked, whether it is the one."""

    eid: str
    number: str
    text: Markup
    is_proof: bool


def view_fact(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/f/<fact>": the evidence of one coded answer; with ".json" or "/bundle" behind it what cites it."""
    frame = read_frame(db, asked)
    found = read_evidence(db, asked["fact"])
    if found is None:
        return render_missing(frame, "No such answer", explain_fact(db, asked["fact"]))
    if asked.get("form") == "json":
        return render_json(make_bundle(db, frame, found))
    frame = show_sources(frame, [found.last.source]) if found.last is not None else frame
    if asked.get("form") == "bundle":
        return render_bundle(frame, make_bundle(db, frame, found), f"/f/{found.fact.id}", f"/f/{found.fact.id}.json")
    return _render_fact(db, frame, found)


def read_evidence(db: sqlite3.Connection, fact: str) -> Evidence | None:
    """Return a fact with its question, steps and the entries of the same answer; None if there is no such fact."""
    row = find_fact(db, fact)
    if row is None:
        return None
    asked = read_published_questions(db, row["question"])[row["question"]]
    own = make_fact(row, asked.question)
    cell = read_published_facts(db, {row["question"]: asked.question}, [own.jurisdiction])
    root = own.id.partition(REVIEW)[0]
    return Evidence(
        fact=own,
        asked=asked,
        label=asked.question.say(own.value, own.gap),
        steps=read_fact_steps(db, [own.id]).get(own.id, []),
        chain=[one for one in cell if one.id != own.id and _is_kin(one, own, root)],
    )


def _is_kin(one: Fact, own: Fact, root: str) -> bool:
    """Tell whether another entry is a review of the same answer, or stood in its place: same scope, one superseded."""
    if one.id.partition(REVIEW)[0] == root:
        return True
    return one.scope == own.scope and bool(one.superseded_on or own.superseded_on)


def explain_fact(db: sqlite3.Connection, fact: str) -> list[str]:
    """Say which facts are named nearly so."""
    near = list_near_facts(db, fact, NEAREST_SHOWN)
    told = [f"We hold no answer with the id “{fact}”."]
    return [
        *told,
        f"Some that begin alike: {', '.join(near)}."
        if near
        else "Answers are found by state (/j) or by question (/q).",
    ]


def make_bundle(db: sqlite3.Connection, frame: Frame, found: Evidence) -> dict[str, object]:
    """Return what is needed to cite an answer and to check it: permalink, citation, quote, capture, hash, proof."""
    fact, last = found.fact, found.last
    proof = find_proof(db, last.sha256, last.url) if last is not None else None
    captured_at = last.captured_at if last is not None else ""
    return {
        "ok": True,
        "permalink": f"/f/{fact.id}",
        "as_of": frame.as_of,
        "known_at": frame.known_at,
        "edition": frame.edition.generation,
        "is_current": not fact.superseded_on,
        "jurisdiction": fact.jurisdiction,
        "question": fact.question,
        "answer": found.label,
        "value": fact.value,
        "gap": fact.gap,
        "scope": fact.scope,
        "details": fact.details,
        "state": found.state,
        "state_means": PROOF_SENTENCES[found.state],  # type: ignore[index]
        "citation": fact.citation,
        "binding": fact.binding,
        "url": fact.url,
        "effective_from": fact.effective_from,
        "effective_to": fact.effective_to,
        "quote": last.quote if last is not None else "",
        "provision": None if last is None else {"document": last.document, "eid": last.eid, "citation": last.citation},
        "captured_at": captured_at if proof is None else read_logged_at(proof),
        "sha256": last.sha256 if last is not None else "",
        "captured_from": last.url if last is not None else "",
        "evidence": fact.evidence,
        "coded_on": fact.coded_on,
        "reviewed_on": fact.reviewed_on,
        "superseded_on": fact.superseded_on,
        "replica": fact.replica,
        **prove_capture(proof),
        "cite_as": write_citation(found),
    }


def write_citation(found: Evidence) -> str:
    """Return how to cite an answer: the rule first, then where it was captured, this site last."""
    fact, last = found.fact, found.last
    what = fact.citation or fact.jurisdiction
    since = f", in force since {print_stated(fact.effective_from)}" if fact.effective_from else ""
    if last is None:
        told = f"as reported, coded {fact.coded_on}; via Status Quo, /f/{fact.id}"
        return f"{what}{since}, {fact.url or 'no address known'} ({told})."
    return (
        f"{cite(last.citation, last.eid)}{since}, {last.url} (captured {last.captured_at}, sha256 {last.sha256[:12]}, "
        f"via Status Quo, /f/{fact.id})."
    )


def _render_fact(db: sqlite3.Connection, frame: Frame, found: Evidence) -> Answer:
    fact, last = found.fact, found.last
    cell = read_cell(db, frame, found)
    answer = render(
        "fact.html",
        frame,
        found=found,
        fact=fact,
        question=found.question,
        scope=name_scope(fact.scope),
        details=list_details(fact, found.question),
        proof=PROOF_SENTENCES[found.state],  # type: ignore[index]
        basis=tell_basis(fact),
        context=show_context(db, last) if last is not None else [],
        place_path=link_document(last.document, last.eid) if last is not None else "",
        last_seen=read_last_seen(db, [last.document]).get(last.document, "") if last is not None else "",
        changed=mark_review(last),
        cell=cell,
        contested=[one for line in cell.lines for one in [line.part] if one.contested and one.fact != fact.id],
        is_contested=any(line.part.contested and line.part.fact == fact.id for line in cell.lines),
        is_leading=any(line.part.fact == fact.id for line in cell.lines),
        touches=list_touches(db, fact.id),
        citation=write_citation(found),
        official=keep_web(fact.url or (last.url if last is not None else "")),
    )
    return msgspec.structs.replace(answer, headers={"Link": f'</f/{fact.id}>; rel="canonical"'})


def read_cell(db: sqlite3.Connection, frame: Frame, found: Evidence) -> CellView:
    """Return the cell the fact belongs to, of today."""
    moment = Moment(as_of=date.fromisoformat(frame.today), known_at=frame.known_at)
    question = found.question
    (cell,) = compute_cells(db, {question.id: question}, [found.fact.jurisdiction], moment)
    return cell


def list_details(fact: Fact, question: Question) -> list[tuple[str, str]]:
    """Return the figures beside the value, each with its label."""
    labels = {one.id: (one.label, one.unit) for one in question.details}
    kinds = {one.id: one.type for one in question.details}
    told = []
    for name, value in fact.details.items():
        label, unit = labels.get(name, (name.replace("_", " "), ""))
        told.append((label, f"{say_detail(value, kinds.get(name, ''))} {unit}".strip()))
    return told


def say_detail(value: Value, kind: str) -> str:
    """Return a figure in words: ids of choices spelled out, durations as people say them."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(say_detail(one, kind) for one in value)
    return str(value).replace("_", " ") if kind.startswith("choice") else print_length(str(value))


def tell_basis(fact: Fact) -> str:
    """Say in a sentence what a fact rests on, as nobody but its coder saw it."""
    kinds = list(dict.fromkeys(PAGE_LABELS[page.kind] for page in fact.evidence))
    seen = [page.seen_on for page in fact.evidence if page.seen_on]
    origin = f" from {' and '.join(kinds)}" if kinds else ""
    told = f"Coded on {print_day(fact.coded_on)}{origin}"
    return f"{told}{f', seen {print_stated(min(seen))}' if seen else ''}."


def show_context(db: sqlite3.Connection, step: Step) -> list[Shown]:
    """Return the provision that holds the quoted words, the words marked, with its neighbours."""
    return [_show_provision(one, step) for one in list_near_provisions(db, step.version, step.eid, CONTEXT)]


def _show_provision(one: Near, step: Step) -> Shown:
    is_proof = one.eid == step.eid
    text = f"{one.heading} {one.text}".strip()
    marked = mark_quote(text, step.quote) if is_proof else Markup("{}").format(spell_controls(text))
    return Shown(one.eid, one.number, marked, is_proof)


def mark_quote(text: str, quote: str) -> Markup:
    """Return a text with a quote in it marked; as it is where the quote does not stand in it to the letter."""
    before, found, after = text.partition(quote) if quote else (text, "", "")
    if not found:
        return Markup("{}").format(spell_controls(text))
    return Markup("{}<mark>{}</mark>{}").format(*map(spell_controls, (before, found, after)))


def mark_review(step: Step | None) -> Markup | None:
    """Return what changed since the words were last agreed to, marked; None where nothing did."""
    if step is None or step.old_text == step.new_text:
        return None
    return Markup(redline_html(redline(step.old_text, step.new_text)))  # noqa: S704 - our own markup round escaped text
