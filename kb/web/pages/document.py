"""A document as of a date: its text, whether that is current, its history and its proof."""

import sqlite3
from collections.abc import Mapping
from datetime import date
from typing import get_args
from urllib.parse import urlencode

import msgspec

from kb.consult import Choice, Moment, Question, choose_text, know_versions
from kb.errors import NotFoundError
from kb.lookup import AmbiguousCitationError, Target, find_targets
from kb.models import Provision, Strand
from kb.store.answers import list_facts_of
from kb.store.knowledge import read_version
from kb.store.pages import SourceState, count_waves, list_addresses, read_seen, read_sources
from kb.store.queries import (
    Lead,
    Named,
    VersionRow,
    count_later_changes,
    find_named,
    read_leads,
    read_version_rows,
)
from kb.store.timeline import read_text_hashes
from kb.tell.words import (
    END_OF_TIME,
    STRAND_LABELS,
    count_of,
    days_between,
    is_late,
    link_diff,
    link_document,
    parse_day,
    print_day,
)
from kb.web.answer import Answer
from kb.web.pages.cited import recall
from kb.web.pages.frame import Frame, read_frame, render, render_missing, show_sources
from kb.web.pages.history import find_coming, list_beside, list_steps, tell_validity, tell_witnesses
from kb.web.pages.outline import grow_tree, list_parts

# The longest id or date that anyone means, in characters.
LONGEST_NAME = 200
# A contents list helps from so many parts on.
CONTENTS_FROM = 6


class Banner(msgspec.Struct, frozen=True):
    """What stands between a reader and the text: a headline, sentences, and the path to what holds today."""

    title: str
    lines: tuple[str, ...]
    path: str = ""
    path_label: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A document at a moment: the text that answers, the one that holds today, and what is known of both.

    ``last_seen`` is the last good reading of the text shown, ``later_changes`` what was seen of its strand after it.
    """

    document: Named
    moment: Moment
    rows: tuple[VersionRow, ...]
    choice: Choice
    now: Choice
    provisions: tuple[Provision, ...] = ()
    last_seen: str = ""
    later_changes: int = 0
    lead: Lead | None = None

    @property
    def version(self) -> VersionRow | None:
        """Return the text that answers, None before the first sight."""
        return self.choice.version

    @property
    def is_current(self) -> bool:
        """Tell whether the text shown is the one in force today, as known now."""
        return self.choice.state == self.now.state == "in_force" and self.choice.version == self.now.version


def view_document(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/d/<document id>": the text in force on ``as_of`` as known on ``known_at``, by default today's."""
    frame = read_frame(db, asked)
    shown = find_shown(db, frame, asked)
    return shown if isinstance(shown, Answer) else _render_document(db, date_frame(frame, shown, asked), shown, asked)


def find_shown(db: sqlite3.Connection, frame: Frame, asked: Mapping[str, str]) -> Shown | Answer:
    """Return what is asked for of a document, or the page that says why it cannot be shown."""
    errors = check_question(asked)
    if errors:
        return render_missing(frame, "We cannot read this question", errors, status=400)
    named = find_named(db, asked["document"])
    if not named:
        return render_missing(frame, "No such document", explain_missing(db, asked["document"]))
    try:
        return choose_shown(db, named[0], read_question(asked))
    except NotFoundError as error:
        return render_missing(frame, "No such text", [str(error)])


def date_frame(frame: Frame, shown: Shown, asked: Mapping[str, str]) -> Frame:
    """Return the frame of a page that shows a document at a moment."""
    return msgspec.structs.replace(
        show_sources(frame, {row.source for row in shown.rows}),
        as_of=shown.moment.as_of.isoformat(),
        known_at=asked.get("known_at") or frame.known_at,
        last_checked=shown.last_seen or frame.last_checked,
    )


def choose_shown(db: sqlite3.Connection, document: Named, question: Question) -> Shown:
    """Choose what is shown of a document; raises NotFoundError for a strand it does not have."""
    target = Target(document.document, document.citation)
    rows = tuple(read_version_rows(db, document.document))
    choice = choose_text(db, target, question)
    version = choice.version
    if version is None:
        return Shown(document=document, moment=question.moment, rows=rows, choice=choice, now=choice)
    leads = read_leads(db, document.document, question.moment.known_at) if choice.state == "removed" else []
    today = Question(moment=question.now, now=question.now, strand=version.strand)
    return Shown(
        document=document,
        moment=question.moment,
        rows=rows,
        choice=choice,
        now=choose_text(db, target, today),
        provisions=read_version(db, version.version).provisions,
        last_seen=read_seen(db, version.version),
        later_changes=count_later_changes(db, version, question.now.known_at),
        lead=next((lead for lead in leads if lead.document != document.document), None),
    )


def check_question(asked: Mapping[str, str]) -> list[str]:
    """Return a sentence for each part of the question that cannot be understood."""
    errors = [
        f"{name}: “{asked[name][:LONGEST_NAME]}” is no date; write it as 2024-07-01"
        for name in ("as_of", "known_at")
        if asked.get(name) and parse_day(asked[name]) is None
    ]
    strand = asked.get("strand")
    if strand and strand not in get_args(Strand):
        errors.append(f"strand: “{strand[:LONGEST_NAME]}” is none of {', '.join(get_args(Strand))}")
    return errors


def read_question(asked: Mapping[str, str]) -> Question:
    """Return the question on both time axes; a day of knowledge counts to its end."""
    today = date.fromisoformat(asked["today"])
    known_at = f"{asked['known_at']}T23:59:59.999999Z" if asked.get("known_at") else END_OF_TIME
    strand = asked.get("strand")
    return Question(
        moment=Moment(parse_day(asked.get("as_of", "")) or today, known_at),
        now=Moment(today, END_OF_TIME),
        strand=msgspec.convert(strand, Strand) if strand else None,
    )


def explain_missing(db: sqlite3.Connection, document: str) -> list[str]:
    """Say what is nearest to a document there is not."""
    if len(document) > LONGEST_NAME:
        return [f"“{document[:LONGEST_NAME]}…” is longer than any document’s id."]
    try:
        nearest = find_targets(db, document)
    except (NotFoundError, AmbiguousCitationError) as error:
        return str(error).splitlines()
    return [f"“{document}” is none; did you mean {nearest[0].citation} ({nearest[0].document})?"]


def _render_document(db: sqlite3.Connection, frame: Frame, shown: Shown, asked: Mapping[str, str]) -> Answer:
    version = shown.version
    document = shown.document.document
    known = know_versions(shown.rows, shown.moment.known_at)
    beside = [] if version is None else list_beside(known, version, read_text_hashes(db, document))
    coming = None if version is None else find_coming(known, version, shown.moment.as_of)
    source = next(iter(read_sources(db, (version or shown.rows[0]).source)), None)
    tree = grow_tree(shown.provisions)
    path = link_document(document)
    banner = tell_banner(shown, frame.today)
    answer = render(
        "document.html",
        frame,
        status=200 if version is not None else 404,
        shown=shown,
        version=version,
        source=source,
        withheld=tell_withheld(source),
        asked=asked,
        path=path,
        banner=banner,
        late=tell_late(shown, source, frame.today),
        validity=tell_validity(version) if version is not None else "",
        root=shown.provisions[0] if shown.provisions else None,
        tree=tree,
        contents=tree if len(tree) >= CONTENTS_FROM else [],
        notes=list(list_parts(shown.provisions, "note")),
        pending=list(list_parts(shown.provisions, "pending")),
        facts=list_facts_of(db, document),
        addresses=list_addresses(db, version.version) if version is not None else [],
        beside=beside,
        witnesses=tell_witnesses(beside),
        coming=coming,
        coming_path="" if coming is None or version is None else link_diff(document, version.version, coming.version),
        steps=list_steps(shown.rows, count_waves(db, document), version or shown.rows[0], shown.now.version),
        searched=asked.get("searched", ""),
        cited=recall(db, asked.get("searched", ""), document, frame.today),
        permalink=link_document(document, "", frame.as_of, (version or shown.rows[0]).strand),
        citation=write_citation(shown),
        bundle_path=link_bundle(document, frame.as_of, asked),
    )
    trouble = () if version is not None or banner is None else (banner.title, *banner.lines)
    return msgspec.structs.replace(answer, headers={"Link": f'<{path}>; rel="canonical"'}, trouble=trouble)


def link_bundle(document: str, as_of: str, asked: Mapping[str, str], form: str = "") -> str:
    """Return the path of the bundle of the text shown: of its day, its day of knowledge and its strand."""
    query = {"as_of": as_of} | {name: asked[name] for name in ("known_at", "strand") if asked.get(name)}
    return f"{link_document(document)}/bundle{form}?{urlencode(query)}"


def tell_withheld(source: SourceState | None) -> str:
    """Say why a source's texts are not shown in full, "" where they are."""
    policy = source.publish if source is not None else "text"
    return {
        "text": "",
        "quotes": "Others hold rights in this edition: we show numbers, hashes and short quotes. Read it there.",
        "none": "Others hold rights in this edition: we show that it exists and when it moved. Read it there.",
    }[policy]


def tell_banner(shown: Shown, today: str) -> Banner | None:
    """Say why the text shown is not the one in force today, None where it is."""
    if shown.is_current:
        return None
    since = print_day(shown.choice.since)
    told = {
        "in_force": ("Past text, not current", f"You read the text that held on {print_day(shown.moment.as_of)}."),
        "expired": ("Not current", f"The text itself says that it ended on {since}; its page still showed it then."),
        "coming": ("Not in force yet", f"This text starts to apply on {since}, as its page states."),
        "removed": ("Not current", f"This text was removed; it was last shown until {since}."),
        "unknown_before": ("No record", f"We first saw this document on {since}; what it said before we cannot show."),
    }
    title, line = told[shown.choice.state]
    later = ""
    if shown.later_changes and shown.choice.state != "removed":
        later = f"{count_of(shown.later_changes, 'change')} seen since this text."
    lines = tuple(line for line in (line, later) if line)
    if shown.lead is not None:
        return Banner(title, lines, link_document(shown.lead.document), f"It is now {shown.lead.document}")
    if shown.choice.state == "unknown_before" and shown.rows:
        return Banner(
            title, lines, link_document(shown.document.document, "", shown.choice.since), "Go to the first text"
        )
    if shown.moment.as_of.isoformat() < today:
        return Banner(title, lines, link_document(shown.document.document), "Go to the text of today")
    return Banner(title, lines)


def tell_late(shown: Shown, source: SourceState | None, today: str) -> str:
    """Say that a text still shown was not read again for longer than its source's cadence allows, "" where it was."""
    last_seen = shown.last_seen
    if source is None or shown.version is None or shown.version.closed_at is not None:
        return ""
    if not is_late(last_seen, source.cadence, today):
        return ""
    age = count_of(days_between(last_seen, today), "day")
    return f"Not read again since {print_day(last_seen)}, {age} ago (expected {source.cadence})."


def write_citation(shown: Shown) -> str:
    """Return how to cite the text shown: citation, date, official address, proof; "" where no text is shown."""
    version = shown.version
    if version is None:
        return ""
    strand = "" if version.strand == "current" else f" ({STRAND_LABELS[version.strand]})"
    held = "text in force on" if shown.choice.state == "in_force" else "last text on record, asked for"
    return (
        f"{version.citation}{strand}, {held} {print_day(shown.moment.as_of)}, {version.url} "
        f"(captured {version.observed_from}, last read {shown.last_seen}, sha256 {version.sha256[:12]}, "
        f"via Status Quo, {link_document(version.document, '', shown.moment.as_of, version.strand)})."
    )
