"""Score the paths of numbered provisions against the official XML of the same section and day.

The XML states every path outright; our reading of the page works them out from printed numbers and layout. Both are
taken as multisets of eids per page: a path is right when it stands in both.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from kb.evaluate.figures import Figure, make_share
from kb.evaluate.pages import Pair, locate_url
from kb.evaluate.provisions import REPEAT
from kb.read.xml import read_xml_lines
from kb.store.measures import NumberedPlace

PATH_FLOOR = 0.99


def score_paths(places: Iterable[NumberedPlace], folder: Path) -> tuple[list[Figure], list[str]]:
    """Return the share of right paths among those stated or read, whichever are more, page by page.

    ``folder`` holds <section>/<day>.xml; versions without a file there are not scored.
    """
    read: defaultdict[Pair, Counter[str]] = defaultdict(Counter)
    for place in places:
        eid = "__".join(REPEAT.sub("", segment) for segment in place.eid.split("__"))
        read[locate_url(place.url, place.observed_from)][eid] += 1
    right = whole = exact = pages = 0
    misses: list[str] = []
    for pair, ours in sorted(read.items()):
        file = folder / pair.section / f"{pair.day}.xml"
        if not file.is_file():
            continue
        official = read_official_paths(file)
        right += (ours & official).total()
        whole += max(ours.total(), official.total())
        pages += 1
        exact += ours == official
        misses.extend(f"path not read: {pair.section} on {pair.day}: {eid}" for eid in sorted(official - ours))
        misses.extend(f"path wrongly read: {pair.section} on {pair.day}: {eid}" for eid in sorted(ours - official))
    shares = [
        make_share("path: right", right, whole, floor=PATH_FLOOR),
        make_share("path: pages all right", exact, pages),
    ]
    return shares, misses


def read_official_paths(file: Path) -> Counter[str]:
    """Return the eids an official XML file states for its numbered provisions."""
    documents, _ = read_xml_lines(file.read_bytes())
    return Counter(
        "__".join(line.path)
        for document in documents
        for line in document.lines
        if line.part == "text" and line.number and line.path
    )
