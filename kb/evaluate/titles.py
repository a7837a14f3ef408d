"""Score pages that hold a whole title of a code: every section found, and what moved between two releases.

The count of sections is taken from the raw page by a pattern of its own, independent of our reading.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from kb.evaluate.corpus import CorpusLine
from kb.evaluate.figures import Figure, make_count, make_share
from kb.evaluate.pages import is_rule_change
from kb.models import ChangeRow, Verdict
from kb.store.measures import EventCount, Standing

SECTIONS_FLOOR = 0.99
# <h3 id="t21c28s21-28-2.08"> → 21-28-2.08
SECTION_HEADING = re.compile(r'<h3\b[^>]*\bid="[^"]*?s(\d+[A-Za-z]?(?:[.-]\d+[A-Za-z]?)*)"')
# gov.xx.code.title.21.r70.html → (gov.xx.code.title.21, 70)
RELEASE = re.compile(r"([^/]+)\.r(\d+)\.html$")
# t21c28s21-28-2.08 → 21-28-2.08
SECTION_ID = re.compile(r"s(\d[^s]*)$")


class SectionMove(msgspec.Struct, frozen=True):
    """A section that differs between two releases of a title, derived from the pages by others (no gold truth)."""

    title: str
    a: int
    b: int
    section: str
    change: str


def score_sections(
    corpus: Path, lines: Iterable[CorpusLine], standing: Iterable[Standing]
) -> tuple[list[Figure], list[str]]:
    """Return how many of the sections that a page prints were read as documents, by number of them and by name."""
    read: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in standing:
        read[one.url, one.wave_at[:10]].add(one.document)
    fewer = more = named = printed = 0
    misses: list[str] = []
    for line in lines:
        names = [] if line.path is None else list_headings(corpus / line.path)
        documents = read[line.url, line.observed_at[:10]]
        fewer += min(len(names), len(documents))
        more += max(len(names), len(documents))
        unread = set(names) - {name_section(document) for document in documents}
        named += len(set(names)) - len(unread)
        printed += len(set(names))
        misses.extend(f"section not read: {name} of {line.path}" for name in sorted(unread))
    counts = make_share("sections: documents read against headings printed", fewer, more, floor=SECTIONS_FLOOR)
    return [counts, make_share("sections: printed and read by the same number", named, printed)], misses


def list_headings(file: Path) -> list[str]:
    """Return the numbers of the sections whose headings stand in a page's raw bytes, in lower case."""
    return [name.lower() for name in SECTION_HEADING.findall(file.read_text("utf-8", "replace"))]


def name_section(document: str) -> str:
    """Return the number in a document's id: us-xx/code/21-28-2.08 → 21-28-2.08."""
    return document.rpartition("/")[2].partition(":")[0]


def score_moves(
    derived: Iterable[SectionMove], lines: Sequence[CorpusLine], changes: Iterable[ChangeRow]
) -> list[Figure]:
    """Return how far the sections we report as changed are those of a derived list (a reference: no floor)."""
    days = dict(_list_releases(lines))
    theirs = {
        (match[1].lower(), days[one.title, one.b])
        for one in derived
        if (one.title, one.b) in days and (match := SECTION_ID.search(one.section)) is not None
    }
    rows = [change for change in changes if change.part in ("text", "heading")]
    ours = {_place(change) for change in rows}
    rules = {_place(change) for change in rows if is_rule_change(change)}
    return [
        make_share("changed sections: of the derived list, told", len(theirs & ours), len(theirs)),
        make_share("changed sections: of those told, on the derived list", len(theirs & ours), len(ours)),
        make_share("changed sections: rule changed, on the derived list", len(theirs & rules), len(rules)),
    ]


def _place(change: ChangeRow) -> tuple[str, str]:
    return name_section(change.document), change.observed_at[:10]


def _list_releases(lines: Iterable[CorpusLine]) -> Iterator[tuple[tuple[str, int], str]]:
    for line in lines:
        match = RELEASE.search(line.path or "")
        if match is not None:
            yield (match[1], int(match[2])), line.observed_at[:10]


def score_rerender(changes: Iterable[ChangeRow], events: Iterable[EventCount], waves: int) -> list[Figure]:
    """Return how one release rendered again and again was told: no rule change, one event for each transition."""
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    for event in events:
        kinds[event.wave_at].append(event.kind)
    single = sum(found == ["rerender"] for found in kinds.values())
    return [
        make_count("re-render: rule changes", sum(map(is_rule_change, changes)), ceiling=0),
        make_share("re-render: transitions told as one event", single, waves - 1, floor=1.0),
    ]


def score_broken(verdicts: dict[Verdict, int], versions: int) -> list[Figure]:
    """Return how a broken rendering was judged: suspect, and no version of the law."""
    return [
        make_share("broken page: held as suspect", verdicts.get("suspect", 0), sum(verdicts.values()), floor=1.0),
        make_count("broken page: versions", versions, ceiling=0),
    ]
