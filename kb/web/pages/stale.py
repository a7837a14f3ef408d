"""The citations that lag: rules older than the statute they cite, citations of law that is gone or renumbered."""

import sqlite3
from collections import Counter
from collections.abc import Mapping

import msgspec

from kb.compare.eids import print_eid
from kb.store.lagging import StaleCitation, count_stale, list_stale
from kb.tell.words import cite, link_document
from kb.web.answer import Answer
from kb.web.pages.filters import write_path
from kb.web.pages.frame import Slice, read_frame, read_page_number, render, render_missing, show_sources

BASE = "/citations"
WHY_LABELS: Mapping[str, str] = {
    "repealed": "Cites what was repealed",
    "removed": "Cites what was taken out",
    "renumbered": "Cites an old number",
    "behind": "Older than the statute it cites",
    "unclear": "Perhaps older than the statute it cites",
}


class Lag(msgspec.Struct, frozen=True, kw_only=True):
    """A citation that lags, as shown: who cites what, what became of it, and where the words stand now."""

    row: StaleCitation
    label: str
    place: str
    path: str
    cited: str
    cited_path: str
    now: str
    now_path: str


def view_stale(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/citations": one page of the citations that lag, all or of a jurisdiction or of a kind."""
    frame = read_frame(db, asked)
    chosen = {name: asked[name].strip() for name in ("jurisdiction", "why") if asked.get(name, "").strip()}
    names = frame.edition.names
    if chosen.get("jurisdiction", next(iter(names), "")) not in names or chosen.get("why", "behind") not in WHY_LABELS:
        lines = [f"why is one of {', '.join(WHY_LABELS)}; jurisdiction an id as us-or: /j lists them."]
        return render_missing(frame, "These filters cannot be read", lines, status=400)
    counts = count_stale(db, chosen.get("jurisdiction", ""))
    total = counts.get(chosen["why"], 0) if "why" in chosen else counts.total()
    shown = Slice(read_page_number(asked), total)
    rows = list_stale(db, chosen.get("jurisdiction", ""), chosen.get("why", ""), (shown.size, shown.offset))
    return render(
        "citations.html",
        show_sources(frame, {row.source for row in rows}),
        lags=[_show(row) for row in rows],
        counts=_list_kinds(counts, chosen),
        chosen=chosen,
        shown=shown,
        all_path=write_path(BASE, {name: value for name, value in chosen.items() if name != "why"}),
        path_to=lambda page: write_path(BASE, {**chosen, "page": str(page)}),
    )


def _list_kinds(counts: Counter[str], chosen: Mapping[str, str]) -> list[tuple[str, str, int, str]]:
    return [(why, label, counts[why], write_path(BASE, {**chosen, "why": why})) for why, label in WHY_LABELS.items()]


def _show(row: StaleCitation) -> Lag:
    return Lag(
        row=row,
        label=WHY_LABELS[row.why],
        place=cite(row.citation, row.eid),
        path=link_document(row.document, row.eid),
        cited=f"{row.cited_document} {print_eid(row.cited_eid)}".strip(),
        cited_path=link_document(row.cited_document, row.cited_eid),
        now=f"{row.now_document} {print_eid(row.now_eid)}".strip(),
        now_path=link_document(row.now_document, row.now_eid) if row.now_document else "",
    )


def tell_counts(counts: Counter[str]) -> str:
    """Return how many citations lag, in words; "" for none."""
    return ", ".join(f"{counts[why]} {label.lower()}" for why, label in WHY_LABELS.items() if counts[why])
