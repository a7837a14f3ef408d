"""What a reviewer sees: a fact, the words that prove it, what moved in them, why it is shown; and lists of facts."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kb.answer.agreement import FEWEST_PAIRS, Agreement
from kb.answer.facts import Fact, Step, Value, hash_words, spell_value
from kb.answer.urgency import URGENCIES, Case, Urgency
from kb.cli.frame import say_plural
from kb.compare.redline import Op, Span, redline, redline_text, shorten_redline, spell_controls
from kb.jurisdictions import read_jurisdictions
from kb.models import Provision
from kb.questions import Question, map_questions
from kb.scopes import read_terms
from kb.terminal import print_line, print_row

TITLES: Mapping[Urgency, str] = {
    "changed": "words changed",
    "broken": "words gone",
    "dates": "date ahead or passed",
    "conflict": "contradiction",
    "unreviewed": "not confirmed yet",
    "address": "reported, official page known",
    "rest": "the rest",
}
STYLES: Mapping[Urgency, str] = {
    "changed": "bold red", "broken": "bold red", "dates": "bold yellow", "conflict": "bold yellow",
    "unreviewed": "bold", "address": "bold", "rest": "dim",
}  # fmt: skip
MARK_STYLES: Mapping[Op, str] = {"equal": "", "delete": "red strike", "insert": "green underline"}
# Where one reason is that of all.
ALIKE: tuple[Urgency, ...] = ("unreviewed", "address", "rest")
# A provision of more signs is shown round its quote; the whole is a key away.
LONGEST_SHOWN = 900
# Digits of an id that are listed: enough to name a fact.
LISTED_DIGITS = 8


def print_case(console: Console, case: Case, words: Sequence[Provision]) -> None:
    """Print all of one fact that a decision needs: question, answer, why it is here, words, redline, addresses."""
    fact = case.fact
    _print_question(console, fact)
    print_row(console, "Answer", describe_value(fact.question, fact.value, fact.gap))
    for label, value in _list_answer(fact):
        print_row(console, label, value)
    print_row(console, "Why now", Text(case.reason, style=STYLES[case.urgency]))
    _print_words(console, case, words)
    for label, value in _list_proof(case):
        print_row(console, label, value)
    if case.standing.barrier:
        print_row(console, "Limit", Text(f"can be looked at, not confirmed: {case.standing.barrier}", style="yellow"))


def print_blind(console: Console, case: Case, words: Sequence[Provision]) -> None:
    """Print what a second coder needs, and nothing that tells the first value."""
    fact = case.fact
    question = map_questions()[fact.question]
    _print_question(console, fact)
    if question.coding:
        print_row(console, "Coding", question.coding)
    if fact.scope:
        print_row(console, "Scope", describe_scope(fact))
    if fact.citation:
        print_row(console, "Citation", fact.citation)
    for number, choice in enumerate(question.values, 1):
        print_row(console, "Values" if number == 1 else "", f"{choice.id}: {choice.label}")
    print_row(console, "" if question.values else "Values", describe_type(question))
    _print_quote(console, case, words)
    for label, value in _list_addresses(case):
        print_row(console, label, value)


def print_whole(console: Console, case: Case, words: Sequence[Provision], *, blind: bool) -> None:
    """Print the whole provision, what is below it, and the whole redline; ``blind`` leaves out what was agreed to."""
    step = case.standing.step
    for part in words:
        print_line(console, " ".join(filter(None, (part.number, part.heading, part.text))))
    if step is not None and step.old_text and not blind:
        print_line(console, "What moved since the words were last agreed to:", style="bold")
        print_row(console, "Changed", paint_marks(redline(step.old_text, step.new_text)))


def print_queue(console: Console, cases: Sequence[Case], *, shown: int) -> None:
    """Print facts to look at by urgency, one line each; of many the most urgent ones."""
    print_line(console, f"{say_plural(len(cases), 'fact')} to look at", style="bold")
    groups: defaultdict[Urgency, list[Case]] = defaultdict(list)
    for case in cases[:shown]:
        groups[case.urgency].append(case)
    totals = Counter(case.urgency for case in cases)
    for urgency in (name for name in URGENCIES if name in totals):
        print_line(console, f"{TITLES[urgency]} ({totals[urgency]:,})", style=STYLES[urgency])
        _print_rows(console, groups[urgency])
    if shown < len(cases):
        print_line(console, f"… {len(cases) - shown:,} more: kb review --list --limit 0")


def print_agreement(console: Console, measured: Sequence[Agreement]) -> None:
    """Print by question how often it was coded twice, how often alike, and how far apart."""
    table = Table(box=None, pad_edge=False, show_edge=False)
    table.add_column("question", overflow="fold")
    for name in ("coded twice", "alike", "divergence", "kappa"):
        table.add_column(name, justify="right")
    for one in measured:
        counts = (str(one.coded_twice), str(one.agreeing), f"{one.divergence:.0%}")
        table.add_row(one.question, *counts, describe_kappa(one))
    console.print(table)


def describe_kappa(measured: Agreement) -> str:
    """Return kappa as printed, or why there is none."""
    if measured.kappa is not None:
        return f"{measured.kappa:.2f}"
    return "too few" if measured.coded_twice < FEWEST_PAIRS else "not defined"


def view_case(case: Case) -> dict[str, object]:
    """Return what a program is told of a case."""
    fact, step = case.fact, case.standing.step
    plain = {name: getattr(fact, name) for name in (
        "jurisdiction", "question", "value", "gap", "scope", "binding", "citation", "url", "effective_from",
        "effective_to", "coded_on", "coded_by", "reviewed_on", "reviewed_by", "review_note",
    )}  # fmt: skip
    proof = {name: "" if step is None else getattr(step, name) for name in ("document", "eid", "quote", "text_hash")}
    told = {"urgency": case.urgency, "reason": case.reason, "due": case.due, "state": case.state}
    return {"fact": fact.id, **told, **plain, **proof, "barrier": case.standing.barrier}


def describe_value(question: str, value: Value | None, gap: str | None) -> str:
    """Return an answer in the words of the codebook, with its id."""
    if gap is not None:
        return gap.replace("_", " ")
    known = map_questions().get(question)
    if known is None or not known.values:
        unit = f" {known.unit}" if known is not None and known.unit else ""
        return f"{spell_value(value)}{unit}"
    return " + ".join(f"{known.label(one)} ({one})" for one in (value if isinstance(value, tuple) else (value,)))


def describe_scope(fact: Fact) -> str:
    """Return what an answer is limited to, in words."""
    known = read_terms()
    return "; ".join(
        f"{name}: {', '.join(known[name][term].name if term in known[name] else term for term in terms)}"
        for name, terms in fact.scope.items()
    )


def describe_type(question: Question) -> str:
    """Say in words what may be answered beside the values listed."""
    kinds = {
        "choice": "one of these",
        "choices": "one or more of these, joined by +",
        "boolean": "yes or no",
        "number": f"a number{f' of {question.unit}' if question.unit else ''}",
        "duration": "a duration: P90D, P6M, PT72H",
        "text": "a few words",
    }
    return f"{kinds[question.type]}; or law_silent, not_found, not_checked"


def paint_marks(spans: Iterable[Span]) -> Text:
    """Return a redline with signs and colour: a decision is made on it, on any terminal."""
    painted = Text()
    for span in spans:
        told = redline_text([span])
        # White space round a mark is not struck or underlined.
        body = told.strip() or told
        before, _, after = told.partition(body)
        painted.append(before).append(body, MARK_STYLES[span.op]).append(after)
    return painted


def _print_question(console: Console, fact: Fact) -> None:
    question = map_questions().get(fact.question)
    name = next((place.name for place in read_jurisdictions() if place.id == fact.jurisdiction), fact.jurisdiction)
    title = fact.question if question is None else question.title
    print_line(console, f"{name} ({fact.jurisdiction}): {title}", style="bold")
    if question is not None and question.wording:
        print_line(console, question.wording)


def _list_answer(fact: Fact) -> Iterator[tuple[str, str]]:
    """Yield the rows that say what was coded."""
    question = map_questions().get(fact.question)
    labels = {} if question is None else {detail.id: detail.label for detail in question.details}
    if fact.details:
        yield "Details", "; ".join(f"{labels.get(name, name)}: {spell_value(v)}" for name, v in fact.details.items())
    if fact.scope:
        yield "Scope", describe_scope(fact)
    begins = f"from {fact.effective_from}" if fact.effective_from else ""
    ends = f"to {fact.effective_to}" if fact.effective_to else ""
    then = f", then {spell_value(fact.reverts_to)}" if fact.reverts_to is not None else ""
    if begins or ends:
        yield "Applies", f"{' '.join(filter(None, (begins, ends)))}{then}"
    if fact.note:
        yield "Note", fact.note
    if fact.searched:
        yield "Searched", "; ".join(fact.searched)
    if fact.citation:
        yield "Citation", ", ".join(filter(None, (fact.citation, fact.binding.replace("_", " "), fact.authority)))


def _print_words(console: Console, case: Case, words: Sequence[Provision]) -> None:
    step = case.standing.step
    _print_quote(console, case, words)
    if step is not None and step.old_text:
        spans = shorten_redline(redline(step.old_text, step.new_text))
        print_row(console, "Changed", paint_marks(spans))


def _print_quote(console: Console, case: Case, words: Sequence[Provision]) -> None:
    """Print the words that prove a fact: the whole provision where it is short, else the quote and what is round it."""
    step, fact = case.standing.step, case.fact
    if step is not None:
        told = join_words(step, words)
        before, quote, after = told.partition(step.quote) if len(told) <= LONGEST_SHOWN else ("", "", "")
        if not quote:
            before, quote, after = f"…{step.prefix}", step.quote, f"{step.suffix}…"
        print_row(console, "Words were" if step.state == "broken" else "Words", _mark_quote(before, quote, after))
        if len(told) > LONGEST_SHOWN:
            print_row(console, "", Text(f"part of a provision of {len(told.split()):,} words", style="dim"))
    elif fact.anchor is not None:
        print_row(console, "Quote", f"{fact.anchor.quote} (as coded; in no archived text yet)")


def join_words(step: Step, words: Sequence[Provision]) -> str:
    """Return a provision's own words, "" where kb.db holds others than the step is about."""
    own = next((part for part in words if part.eid == step.eid), Provision(step.eid))
    told = "\n".join(filter(None, (own.heading, own.text)))
    return told if hash_words(told) == step.text_hash else ""


def _mark_quote(before: str, quote: str, after: str) -> Text:
    parts = (spell_controls(before), "»", spell_controls(quote), "«", spell_controls(after))
    return Text.assemble(parts[0], parts[1], (parts[2], "bold"), parts[3], parts[4])


def _list_proof(case: Case) -> Iterator[tuple[str, str]]:
    """Yield the rows that say where the answer comes from, and who saw it."""
    fact = case.fact
    yield from _list_addresses(case)
    for page in fact.evidence:
        yield "Evidence", f"{page.kind}{f', seen {page.seen_on}' if page.seen_on else ''}"
        if page.url:
            yield "", page.url
    sure = f", confidence {fact.confidence}"
    yield "Coded", f"{fact.coded_on} by {fact.coded_by}{sure}{_describe_second(fact)}"
    if fact.reviewed_on:
        yield "Reviewed", f"{fact.reviewed_on} by {fact.reviewed_by}{'' if fact.reviewed_text else ', looked at'}"
    if fact.review_note:
        yield "Said", fact.review_note


def _list_addresses(case: Case) -> Iterator[tuple[str, str]]:
    step, fact = case.standing.step, case.fact
    if step is not None:
        yield "Stands in", f"{step.citation or step.document}, seen {step.captured_at[:10]}"
        yield "Text", step.url
    if case.standing.address and (step is None or step.url != fact.url):
        yield "Official", fact.url


def _describe_second(fact: Fact) -> str:
    if fact.second is None:
        return ""
    return f"; second coder {fact.second.coded_by}: {spell_value(fact.second.value)}"


def _print_rows(console: Console, cases: Iterable[Case]) -> None:
    """Print one line a case; one that is too long for a terminal is cut with a sign."""
    rows = [(case.fact.id[:LISTED_DIGITS], case.fact.jurisdiction, case.fact.question, _tell(case)) for case in cases]
    widest = max((len(question) for _, _, question, _ in rows), default=0)
    overflow: Literal["ellipsis", "ignore"] = "ellipsis" if console.is_terminal else "ignore"
    for name, place, question, told in rows:
        line = Text(spell_controls(f"  {name}  {place:5}  {question:{widest}}  {told}"))
        console.print(line, no_wrap=True, overflow=overflow, crop=console.is_terminal)


def _tell(case: Case) -> str:
    """Tell what the title of a case's urgency leaves open: the reason, or where it is the same for all, the answer."""
    if case.urgency in ALIKE:
        fact = case.fact
        return ", ".join(filter(None, (fact.gap or spell_value(fact.value), fact.citation)))
    return case.reason
