"""Publish: write what is known now as one more generation, check it, and only then make it the current one.

A generation is drafted, compacted, checked and on disk before the pointer names it; killed at any moment, the last good
one stays current and the next publication clears up. Texts go out as their source's ``publish`` allows.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path

import msgspec

from kb.authority import list_stale_citations
from kb.compare.redline import Span, redline, redline_html
from kb.declarations import load_yaml
from kb.errors import StatusQuoError
from kb.generations import (
    FOLDER,
    Pointer,
    claim_unused,
    list_generations,
    read_pointer,
    sync_path,
    write_pointer,
)
from kb.health import find_rhythm, find_steady
from kb.impacts import list_impacts
from kb.incidents import map_causes
from kb.matrix import list_answers
from kb.publish_answers import list_facts, list_questions
from kb.share import domain_path, share_path
from kb.sources import Publish, Source, parse_source
from kb.store import public
from kb.store.archive import compute_tree_head, open_archive, read_log_id
from kb.store.connection import data_lock
from kb.store.downloads import record_downloads
from kb.store.incidents import Rounds, read_incidents, read_rounds
from kb.store.knowledge import open_knowledge
from kb.store.log import list_proofs, read_captures
from kb.store.queries import Watch, read_watches
from kb.upcoming import list_public_dates

# So many generations stay: the current one and those that readers may still be on.
KEPT = 3
# What a source marked ``quotes`` gives of a text, in characters.
LONGEST_QUOTE = 300
# Words before the edit that a quote of a changed text begins with, in characters.
QUOTE_LEAD = 60
# A longer text is cut, and says so: one hostile page must not make a row that no reader can load.
LONGEST_TEXT = 200_000
# A longer redline is shown as old block, new block.
LONGEST_REDLINE = 1_000_000
TEXTS = ("heading", "text", "note", "pending")
# What a step of an anchor quotes of the text it found.
QUOTED = ("quote", "prefix", "suffix")
# What a source lets out, from all to nothing.
STRICTNESS: tuple[Publish, ...] = ("text", "quotes", "none")
# Tables that go out as the canonical export has them.
AS_EXPORTED = ("locations", "versions", "citations", "crosswalk", "problems")


class BrokenGenerationError(StatusQuoError):
    """Raised when a new generation fails its checks; it is deleted and the last good one stays current."""

    exit_code = 4


class Published(msgspec.Struct, frozen=True):
    """What was published: the generation's number, its file, and the rows of every public table."""

    generation: int
    path: Path
    tables: dict[str, int]


class _Origin(msgspec.Struct, frozen=True):
    """What a generation is made from: both databases as they were at one moment, and the declarations built with."""

    knowledge: sqlite3.Connection
    archive: sqlite3.Connection
    sources: Mapping[str, Source]


def publish(data: Path, now: str, *, declared: Sequence[Source] = (), wait_seconds: float = 0) -> Published:
    """Publish the knowledge base of a data folder as a new generation, current from then on.

    ``now`` is the UTC instant it carries; ``declared`` sources are shown even where nothing was read of them yet.
    Returns what was published. Raises BusyError while another process publishes
    or builds, MissingDatabaseError without archive or kb.db, BrokenGenerationError if the generation is not sound.
    """
    folder = data / FOLDER
    with (
        data_lock(data, "publish", wait_seconds=wait_seconds),
        data_lock(data, "build", wait_seconds=wait_seconds),
        closing(open_archive(data / "archive.db", read_only=True)) as archive,
        closing(open_knowledge(data / "kb.db", read_only=True)) as knowledge,
    ):
        public.freeze(archive)
        public.freeze(knowledge)
        folder.mkdir(exist_ok=True)
        _remove_leftovers(folder)
        sources = {source.id: source for source in declared} | _read_sources(knowledge)
        number = _choose_number(folder)
        part = folder / f"{number:06}.part"
        with ExitStack() as on_failure:
            on_failure.callback(part.unlink, missing_ok=True)
            rows = _write_generation(part, _Origin(knowledge, archive, sources), number, now)
            on_failure.pop_all()
    return _release(folder, Pointer(number, f"{number:06}.db", now, rows))


def _release(folder: Path, pointer: Pointer) -> Published:
    """Give a checked generation its name, make it current, and remove the oldest."""
    path = folder / pointer.file
    path.with_suffix(".part").replace(path)
    sync_path(folder)
    write_pointer(folder, pointer)
    _prune(folder, pointer.generation)
    return Published(pointer.generation, path, pointer.rows)


def _remove_leftovers(folder: Path) -> None:
    """Remove what publications that were killed left behind."""
    for pattern in ("*.part*", "draft.db*", "*.draft"):
        for leftover in folder.glob(pattern):
            leftover.unlink()


def _choose_number(folder: Path) -> int:
    """Return the next number: one more than any generation, current or left behind, ever had."""
    pointer = read_pointer(folder)
    known = [number for number, _ in list_generations(folder)]
    return max([0 if pointer is None else pointer.generation, *known]) + 1


def _prune(folder: Path, current: int) -> None:
    """Remove all but the last generations; one that a reader still holds stays until the next time."""
    for number, path in list_generations(folder)[:-KEPT]:
        if number == current:
            continue
        with claim_unused(path) as unused:
            if unused:
                path.unlink()


def _read_sources(knowledge: sqlite3.Connection) -> dict[str, Source]:
    rows = public.read_rows(knowledge, public.SOURCES)
    return {
        str(row["source"]): parse_source(
            msgspec.json.decode(str(row["body"])), f"kb.db's declaration of {row['source']}"
        )
        for row in rows
    }


def _write_generation(part: Path, origin: _Origin, number: int, now: str) -> dict[str, int]:
    """Draft, compact and check a generation; returns its rows by table. Raises BrokenGenerationError."""
    draft_path = part.with_name("draft.db")
    with closing(public.make_draft(draft_path)) as draft:
        _fill(draft, origin, now)
        _record_release(draft, part.parent, origin.archive, (number, now))
        public.count_up(draft)
        tables = [name for name in public.count_tables(draft) if name != "downloads"]
        public.insert_rows(draft, "downloads", record_downloads(draft, tables))
        public.compact(draft, part)
    part.chmod(0o444)
    draft_path.unlink()
    with closing(public.open_published(part)) as finished:
        faults = public.find_faults(finished, origin.knowledge)
        if faults:
            raise BrokenGenerationError(f"generation {number} is not sound and was not published: {'; '.join(faults)}")
        rows = public.count_tables(finished)
    sync_path(part)
    return rows


def _fill(draft: sqlite3.Connection, origin: _Origin, now: str) -> None:
    """Copy every public table, parents before children."""
    knowledge, sources = origin.knowledge, origin.sources
    places = load_yaml(domain_path("jurisdictions.yml"))["jurisdictions"]
    tables: tuple[tuple[str, Iterator[dict[str, object]]], ...] = (
        ("jurisdictions", _list_jurisdictions(places, sources)),
        ("authorities", _list_authorities(sources)),
        ("sources", _list_sources(origin)),
        ("runs", public.read_rows(origin.archive, public.RUNS)),
        ("snapshots", public.read_rows(origin.archive, public.SNAPSHOTS)),
        ("fetches", public.read_fetches(origin.archive, public.read_verdicts(knowledge))),
        ("documents", _list_documents(origin)),
        ("provisions", _list_provisions(origin)),
        ("events", public.read_rows(knowledge, public.EVENTS)),
        ("suspects", public.read_rows(knowledge, public.SUSPECTS)),
        ("incidents", _list_incidents(origin)),
        ("learned", _list_learned(origin)),
        ("quality", iter(msgspec.json.decode(share_path("schemas", "quality.json").read_bytes()))),
        ("changes", _list_changes(origin)),
        *((name, public.read_exported(knowledge, name)) for name in AS_EXPORTED),
        ("stale_citations", list_stale_citations(knowledge)),
        ("questions", list_questions()),
        ("facts", list_facts(knowledge)),
        ("fact_history", _list_fact_history(origin)),
        ("answers", list_answers(knowledge, now)),
        ("dates", list_public_dates(knowledge, now, sources)),
    )
    for table, rows in tables:
        public.insert_rows(draft, table, rows)
    public.insert_rows(draft, "redlines", _list_redlines(draft))
    public.insert_rows(draft, "impacts", list_impacts(knowledge))
    public.insert_rows(draft, "proofs", list_proofs(origin.archive, read_captures(draft)))


def _list_jurisdictions(places: list[dict[str, object]], sources: Mapping[str, Source]) -> Iterator[dict[str, object]]:
    """Yield the jurisdictions of the list, then those only a declaration names, by their id."""
    for place in places:
        yield {
            "jurisdiction": place["id"],
            "name": place["name"],
            "kind": place["kind"],
            "tile_row": place["row"],
            "tile_col": place["col"],
        }
    listed = {place["id"] for place in places}
    for name in sorted({source.jurisdiction for source in sources.values()} - listed):
        yield {"jurisdiction": name, "name": name, "kind": "", "tile_row": -1, "tile_col": -1}


def _list_authorities(sources: Mapping[str, Source]) -> Iterator[dict[str, object]]:
    """Yield each authority once, as the first of its sources declares it."""
    seen = set()
    for source in sources.values():
        authority = source.authority
        if authority is not None and authority.id not in seen:
            seen.add(authority.id)
            yield {
                "authority": authority.id,
                "jurisdiction": source.jurisdiction,
                "name": authority.name,
                "kind": authority.kind,
                "url": authority.url,
            }


def _list_sources(origin: _Origin) -> Iterator[dict[str, object]]:
    """Yield every source by its id, those never read with nothing seen."""
    watches = {watch.source: watch for watch in read_watches(origin.knowledge)}
    rounds = read_rounds(origin.knowledge)
    for name, source in sorted(origin.sources.items()):
        own = rounds.get(name, Rounds())
        steady = find_steady(own.good, source.cadence)
        yield {**_show_source(watches.get(name), source), "steady_since": steady, **show_rhythm(own.moves)}


def show_rhythm(moves: Sequence[str]) -> dict[str, object]:
    """Return what a source's row tells of the days on which its rules moved, earliest first."""
    rhythm = find_rhythm(moves)
    return {
        "moving_days": rhythm.days,
        "last_moved": rhythm.last,
        "usual_gap": float(rhythm.usual),
        "longest_gap": rhythm.longest,
    }


def _list_incidents(origin: _Origin) -> Iterator[dict[str, object]]:
    """Yield every incident with the host in trouble and what it makes of its source while it lasts."""
    for one in read_incidents(origin.knowledge):
        source = origin.sources[one.source]
        told = {"jurisdiction": source.jurisdiction, "state": map_causes()[one.cause].state, "host": one.host}
        yield {**msgspec.structs.asdict(one), **told}


def _show_source(watch: Watch | None, source: Source) -> dict[str, object]:
    """Return the row of a source: its declaration in short and how it was watched."""
    return {
        "source": source.id,
        "jurisdiction": source.jurisdiction,
        "authority": None if source.authority is None else source.authority.id,
        "title": source.title,
        "platform": source.platform,
        "url": next(iter((*source.start, *source.urls)), ""),
        "binding": source.binding,
        "topics": msgspec.json.encode(source.topics).decode(),
        "cadence": source.cadence,
        "publish": source.publish,
        "replica": int(source.replica),
        "crawl_state": source.crawl_policy.state,
        "crawl_reason": source.crawl_policy.reason,
        "policy_since": source.crawl_policy.checked_on,
        "fallback": source.fallback,
        "moves_within": source.moves_within,
        "since": "" if watch is None else watch.since,
        "last_checked": "" if watch is None else watch.last_checked,
        "waves": 0 if watch is None else watch.waves,
        "documents": 0 if watch is None else watch.documents,
    }


def _list_documents(origin: _Origin) -> Iterator[dict[str, object]]:
    for row in public.read_rows(origin.knowledge, public.DOCUMENTS):
        source = origin.sources[str(row["source"])]
        yield {**row, "jurisdiction": source.jurisdiction, "binding": source.binding}


def _list_provisions(origin: _Origin) -> Iterator[dict[str, object]]:
    """Yield the provisions with the hash of their whole text and as much of it as may go out."""
    owners = dict(public.read_version_sources(origin.knowledge))
    for row in public.read_exported(origin.knowledge, "provisions"):
        rights = origin.sources[owners[str(row["version"])]].publish
        shown = {name: _show_text(str(row[name]), rights) for name in TEXTS}
        cut = any(shown[name] != row[name] for name in TEXTS)
        yield {**row, **shown, "sha256": _hash(str(row["text"])), "cut": int(cut)}


def _list_changes(origin: _Origin) -> Iterator[dict[str, object]]:
    """Yield the changes with the hashes of both whole texts and as much of them as may go out."""
    for row in public.read_rows(origin.knowledge, public.CHANGES):
        rights = origin.sources[str(row["source"])].publish
        old, new = str(row["old_text"]), str(row["new_text"])
        shown = _show_pair(old, new, rights)
        hidden = {"reason": "", "heading": ""} if rights == "none" else {}
        yield {
            **row,
            **hidden,
            "old_text": shown[0],
            "new_text": shown[1],
            "old_sha256": _hash(old),
            "new_sha256": _hash(new),
            "cut": int(shown != (old, new)),
        }


def _list_fact_history(origin: _Origin) -> Iterator[dict[str, object]]:
    """Yield the steps of the anchors with as much of the quoted texts as may go out.

    The words agreed to may be those of an earlier step's source, so that the strictest rights of a fact's steps hold.
    """
    strictest: dict[object, Publish] = {}
    for row in public.read_exported(origin.knowledge, "fact_history"):
        source = origin.sources.get(str(row["source"]))
        own: Publish = "text" if source is None else source.publish
        rights = strictest[row["fact"]] = max(strictest.get(row["fact"], own), own, key=STRICTNESS.index)
        old, new = _show_pair(str(row["old_text"]), str(row["new_text"]), rights)
        quoted = {name: _show_text(str(row[name]), own) for name in QUOTED}
        yield {**row, **quoted, "old_text": old, "new_text": new}


def _list_learned(origin: _Origin) -> Iterator[dict[str, object]]:
    """Yield the lines left out of comparing, with as much of them as may go out."""
    for row in public.read_rows(origin.knowledge, public.LEARNED):
        yield {**row, "text": _show_text(str(row["text"]), origin.sources[str(row["source"])].publish)}


def _list_redlines(draft: sqlite3.Connection) -> Iterator[dict[str, object]]:
    """Yield the redline of every change over the texts that go out."""
    for change, source, old, new in public.read_change_texts(draft):
        yield {"change": change, "source": source, "html": _draw_redline(old, new)}


def _draw_redline(old: str, new: str) -> str:
    html = redline_html(redline(old, new))
    if len(html) <= LONGEST_REDLINE:
        return html
    blocks = (Span("delete", old), Span("insert", new))
    return redline_html(span for span in blocks if span.text)


def _show_text(text: str, rights: Publish) -> str:
    """Return as much of a text as its source's rights let out: all of it, its beginning, or nothing."""
    if rights == "none":
        return ""
    return _cut(text, LONGEST_QUOTE if rights == "quotes" else LONGEST_TEXT)


def _show_pair(old: str, new: str, rights: Publish) -> tuple[str, str]:
    """Return as much of a changed text as may go out; a quote begins shortly before the first edit."""
    if rights != "quotes" or max(len(old), len(new)) <= LONGEST_QUOTE:
        return _show_text(old, rights), _show_text(new, rights)
    alike = next(
        (n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new))
    )
    start = max(0, alike - QUOTE_LEAD) if old and new else 0
    return _cut(old[start:], LONGEST_QUOTE), _cut(new[start:], LONGEST_QUOTE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _hash(text: str) -> str:
    """Hash a printed text (SHA-256, 64 digits); "" for no text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if text else ""


def _record_release(
    draft: sqlite3.Connection, folder: Path, archive: sqlite3.Connection, release: tuple[int, str]
) -> None:
    """Carry the releases of the last generation over and add this one with the head of the archive's log."""
    pointer = read_pointer(folder)
    last = None if pointer is None else folder / pointer.file
    if last is not None and last.is_file():
        with closing(public.open_published(last)) as published:
            public.insert_rows(draft, "releases", public.read_rows(published, public.RELEASES))
    size, head = compute_tree_head(archive)
    row = {
        "generation": release[0],
        "published_at": release[1],
        "log_id": read_log_id(archive),
        "log_size": size,
        "tree_head": head.hex(),
    }
    public.insert_rows(draft, "releases", iter([row]))
