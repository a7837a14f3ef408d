"""Make a large base for measuring the site: invented law of every jurisdiction, 1,000,000 provisions in some 500 MB.

It is laid out, counted up, compacted and indexed by the code that publishes, and kept in a temporary folder from run to
run; another layout, or another text of this file, makes another base.
"""

import random
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from hashlib import blake2b, sha256
from pathlib import Path
from typing import NamedTuple

from kb.generations import FOLDER, Pointer, write_pointer
from kb.jurisdictions import read_jurisdictions
from kb.publish import show_rhythm
from kb.store import public
from kb.store.public_tables import COUNTS, FINISH, SCHEMA

Row = dict[str, object]

FULL = 1_000_000
SEED = 7
FIRST_SEEN, SECOND_SEEN, CHECKED = "2025-03-03T06:00:00Z", "2026-02-02T06:00:00Z", "2026-11-20T06:00:00Z"
PUBLISHED = "2026-11-21T06:00:00Z"
# Provisions a text has, and how much of everything else there is for each million of them.
PARTS = 20
SOURCES_A_MILLION = 400
# One document in four has an earlier version.
PAST_EVERY = 4
CHANGES_A_PAST = 8
TOPICS = ("pdmp", "telehealth", "licensing", "clinics", "prescribers")
WORDS = (
    "license board physician nurse pharmacist patient record dose drug substance schedule fee renewal inspection "
    "clinic sedation ketamine prescription dispense administer order register report signature supervision emergency "
    "telehealth examination facility permit hearing notice penalty day hour month application certificate training"
).split()
JOINS = (
    "shall may must shall not unless except within before after under by for of and or the a each any no such".split()
)
SYLLABLES = "ta re mo li san ver con ped fi lu gra nor tis bel cor mun".split()


class Document(NamedTuple):
    """A document of the base: its id, the source and jurisdiction it is from, and its number."""

    id: str
    source: str
    jurisdiction: str
    number: int


def find_base(provisions: int = FULL) -> Path:
    """Return the data folder of a base of so many provisions, made now if there is none."""
    made_of = f"{SCHEMA}{COUNTS}{FINISH}{Path(__file__).read_text('utf-8')}"
    name = f"site-{provisions}-{sha256(made_of.encode()).hexdigest()[:12]}"
    home = Path(tempfile.gettempdir()) / "statusquo-bench"
    folder = home / name
    if not (folder / FOLDER / "current.json").is_file():
        for old in home.glob(f"site-{provisions}-*"):
            shutil.rmtree(old)
        make_base(folder, provisions)
    return folder


def make_base(folder: Path, provisions: int) -> None:
    """Make a base in a data folder and publish it as generation 1."""
    target = folder / FOLDER
    target.mkdir(parents=True)
    draft_path, path = target / "draft.db", target / "000001.db"
    documents = list_documents(provisions)
    with closing(public.make_draft(draft_path)) as draft:
        for table, rows in list_tables(documents):
            public.insert_rows(draft, table, rows)
        public.count_up(draft)
        public.compact(draft, path)
    draft_path.unlink()
    with closing(public.open_published(path)) as done:
        write_pointer(target, Pointer(1, path.name, PUBLISHED, public.count_tables(done)))


def list_documents(provisions: int) -> list[Document]:
    """Return the documents, the sources' shares alike; a quarter of them has two versions."""
    places = [place.id for place in read_jurisdictions()]
    texts = provisions // PARTS
    sources = max(len(places), texts * PARTS * SOURCES_A_MILLION // FULL)
    found = []
    for number in range(texts * PAST_EVERY // (PAST_EVERY + 1)):
        place = places[number % sources % len(places)]
        source = f"{place}-source-{number % sources}"
        found.append(
            Document(f"{place}/code-{number % sources}/{number // sources + 1}-{number}", source, place, number)
        )
    return found


def has_past(document: Document) -> bool:
    """Tell whether a document has an earlier version, and changes between the two."""
    return document.number * 2_654_435_761 % 2**32 // 97 % PAST_EVERY == 0


def name_version(document: Document, *, is_past: bool) -> str:
    """Return the id of a document's version."""
    return make_id(f"{document.id} {is_past}")


def make_id(text: str) -> str:
    """Return 16 digits that stand for a text."""
    return blake2b(text.encode(), digest_size=8).hexdigest()


def list_tables(documents: list[Document]) -> Iterator[tuple[str, Iterator[Row]]]:
    """Yield every table that pages read, with its rows, parents first."""
    yield "jurisdictions", _list_jurisdictions()
    yield "sources", _list_sources(documents)
    yield "documents", (_make_document(one) for one in documents)
    yield "locations", (_make_location(one) for one in documents)
    yield "fetches", _list_fetches(documents)
    yield "versions", _list_versions(documents)
    yield "provisions", _list_provisions(documents)
    yield "events", _list_events(documents)
    yield "changes", _list_changes(documents)
    yield "redlines", _list_redlines(documents)
    release = {"generation": 1, "published_at": PUBLISHED, "log_id": "bench", "log_size": 0, "tree_head": "0" * 64}
    yield "releases", iter([release])


def _list_jurisdictions() -> Iterator[Row]:
    for place in read_jurisdictions():
        yield {"jurisdiction": place.id, "name": place.name, "kind": "state", "tile_row": -1, "tile_col": -1}


def _list_sources(documents: list[Document]) -> Iterator[Row]:
    counts: dict[str, int] = {}
    moves: dict[str, set[str]] = {}
    for one in documents:
        if has_past(one):
            moves.setdefault(one.source, set()).add(name_wave(one))
    for one in documents:
        counts[one.source] = counts.get(one.source, 0) + 1
    places = {one.source: one.jurisdiction for one in documents}
    for source, count in counts.items():
        yield {
            **dict.fromkeys(("crawl_reason", "policy_since", "fallback", "steady_since"), ""),
            "source": source, "jurisdiction": places[source], "authority": None, "title": f"Code of {source}",
            "platform": "page", "url": f"https://{source}.example.gov/", "binding": "statute", "topics": '["pdmp"]',
            "cadence": "weekly", "publish": "text", "replica": 0, "crawl_state": "open", "moves_within": 0,
            "since": FIRST_SEEN, "last_checked": CHECKED, "waves": 40, "documents": count,
            **show_rhythm(sorted(moves.get(source, ()))),
        }  # fmt: skip


def _make_document(one: Document) -> Row:
    return {
        "document": one.id, "strand": "current", "source": one.source, "jurisdiction": one.jurisdiction,
        "citation": f"Code {one.source} § {one.number}", "binding": "statute", "watched_since": FIRST_SEEN,
        "baseline": 1, "wave_at": FIRST_SEEN,
    }  # fmt: skip


def _make_location(one: Document) -> Row:
    return {
        "document": one.id, "strand": "current", "source": one.source, "url": _locate(one), "first_seen": FIRST_SEEN,
        "last_seen": CHECKED, "wave_at": FIRST_SEEN, "gone_at": None, "gone_wave": None,
    }  # fmt: skip


def _list_fetches(documents: list[Document]) -> Iterator[Row]:
    for one in documents:
        yield {
            "seq": one.number, "run": "1", "source": one.source, "url": _locate(one), "observed_at": CHECKED,
            "status": 304, "outcome": "not_modified", "media_type": "text/html", "size": 0, "sha256": None,
            "verdict": "same", "reasons": "[]", "is_last": 1,
        }  # fmt: skip


def _locate(one: Document) -> str:
    return f"https://{one.source}.example.gov/{one.number}"


def _list_versions(documents: list[Document]) -> Iterator[Row]:
    for one in documents:
        for is_past in (True, False) if has_past(one) else (False,):
            began = SECOND_SEEN if has_past(one) and not is_past else FIRST_SEEN
            version = name_version(one, is_past=is_past)
            yield {
                "version": version, "document": one.id, "strand": "current", "source": one.source,
                "citation": f"Code {one.source} § {one.number}", "heading": f"{WORDS[one.number % len(WORDS)]} rules",
                "url": _locate(one), "sha256": sha256(version.encode()).hexdigest(), "text_hash": version,
                "valid_from": None, "valid_to": None, "valid_basis": "observed", "acts": "[]", "observed_from": began,
                "last_seen": SECOND_SEEN if is_past else CHECKED, "wave_at": began,
                "closed_at": SECOND_SEEN if is_past else None, "closed_wave": SECOND_SEEN if is_past else None,
            }  # fmt: skip


def write_sentences() -> list[str]:
    """Return sentences whose words are as rare and common as those of a language are (Zipf's law)."""
    dice = random.Random(SEED)  # noqa: S311 - invented law needs no secret
    words = [*WORDS, *("".join(dice.choices(SYLLABLES, k=3)) for _ in range(4_000))]
    weights = [1 / rank for rank in range(3, len(words) + 3)]
    sentences = []
    for _ in range(20_000):
        length = dice.randint(9, 24)
        content = dice.choices(words, weights, k=length)
        pairs = (f"{dice.choice(JOINS)} {word}" for word in content[: length // 2])
        sentences.append(f"{' '.join(pairs)}.".capitalize())
    return sentences


SENTENCES = write_sentences()


def write_text(one: Document, place: int, *, is_past: bool) -> str:
    """Return the text of a provision: a past version differs in its first CHANGES_A_PAST parts."""
    at = one.number * PARTS + place
    days = 10 if is_past and place <= CHANGES_A_PAST else 30
    return f"{SENTENCES[at * 7919 % len(SENTENCES)]} Within {days} days of event {at}."


def _list_provisions(documents: list[Document]) -> Iterator[Row]:
    for one in documents:
        for is_past in (True, False) if has_past(one) else (False,):
            version = name_version(one, is_past=is_past)
            for place in range(PARTS):
                text = write_text(one, place, is_past=is_past) if place else ""
                letter = chr(96 + place) if place else ""
                yield {
                    "version": version, "place": place, "eid": letter, "number": f"({letter})" if letter else "",
                    "heading": "" if place else f"{WORDS[one.number % len(WORDS)]} rules", "text": text, "note": "",
                    "pending": "", "sha256": sha256(text.encode()).hexdigest(), "cut": 0,
                }  # fmt: skip


def name_wave(one: Document) -> str:
    """Return the instant of the wave in which a document moved: its source has some twenty in 200 days."""
    day = (one.number // 2_000 * 10 + int(one.source.rpartition("-")[2])) % 200
    return f"2026-{day // 28 + 2:02}-{day % 28 + 1:02}T06:00:00Z"


def name_event(one: Document) -> str:
    """Return the id of the event that a document's changes belong to."""
    return make_id(f"{one.source} {name_wave(one)}")


def _list_events(documents: list[Document]) -> Iterator[Row]:
    moved: dict[str, list[Document]] = {}
    for one in documents:
        if has_past(one):
            moved.setdefault(name_event(one), []).append(one)
    for event, members in moved.items():
        yield {
            "id": event, "source": members[0].source, "wave_at": name_wave(members[0]), "kind": "revision",
            "title": "rules or notes changed", "pages": len(members), "changes": len(members) * CHANGES_A_PAST,
        }  # fmt: skip


def name_change(one: Document, place: int) -> str:
    """Return the id of the change of a provision."""
    return make_id(f"{one.id} {place}")


def name_effect(one: Document) -> str | None:
    """Return the coming day on which one change in eighty takes effect, None for the others."""
    return f"2027-{one.number % 12 + 1:02}-{one.number % 28 + 1:02}" if one.number % 10 == 3 else None


def _list_changes(documents: list[Document]) -> Iterator[Row]:
    for one in documents:
        for place in range(1, CHANGES_A_PAST + 1) if has_past(one) else ():
            yield _make_change(one, place)


def _make_change(one: Document, place: int) -> Row:
    wave, letter, citation = name_wave(one), chr(96 + place), f"Code {one.source} § {one.number}"
    is_rule = place % 2 == 0
    return {
        "id": name_change(one, place), "event_id": name_event(one), "event_kind": "revision", "kind": "amended",
        "part": "text", "nature": "substantive" if is_rule else "editorial", "signals": '["number"]',
        "reason": "deadline changed: “10 days” → “30 days”", "count": 1, "jurisdiction": one.jurisdiction,
        "source": one.source, "strand": "current", "document": one.id, "old_document": one.id, "citation": citation,
        "old_citation": citation, "url": _locate(one), "old_url": _locate(one), "eid": letter, "old_eid": letter,
        "old_number": f"({letter})", "new_number": f"({letter})", "heading": "",
        "old_text": write_text(one, place, is_past=True), "new_text": write_text(one, place, is_past=False),
        "topics": f'["{TOPICS[one.number % len(TOPICS)]}"]', "professions": '["nurse"]', "binding": "statute",
        "observed_at": wave, "confirmed_at": wave, "effective_on": name_effect(one) if place == 2 else None,
        "cause": "", "see_also": "[]", "wave_at": wave, "place": place, "old_sha256": "0" * 64,
        "new_sha256": "1" * 64, "cut": 0,
    }  # fmt: skip


def _list_redlines(documents: list[Document]) -> Iterator[Row]:
    for one in documents:
        for place in range(1, CHANGES_A_PAST + 1) if has_past(one) else ():
            text = write_text(one, place, is_past=False)
            html = text.replace("30 days", "<del>10</del><ins>30</ins> days")
            yield {"change": name_change(one, place), "source": one.source, "html": html}
