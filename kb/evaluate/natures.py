"""Score the nature of reported changes against labels made by hand: substantive, editorial or structural.

A label names its two texts by hash alone. It is held against the change reported for them; a label whose texts are in
no change counts as wrong, whatever the cause. Labels are *open* (misses are named) or *held* (counted, never named).
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import msgspec

from kb.compare.ids import ID_LENGTH, content_id
from kb.evaluate.figures import Figure, make_count, make_share, prefix_figures
from kb.models import ChangeRow, Nature
from kb.read.canonical import fold_text

ACCURACY_FLOOR = 0.95

Side = Literal["open", "held"]


class NatureLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One labelled pair of texts: where it stands, both hashes, the label and what two passes of reading said.

    ``doubt`` names the class of edits it belongs to where the definition can be read in two ways, "" elsewhere.
    """

    id: str
    set: str
    document: str
    part: Literal["text", "heading"]
    old_eid: str
    new_eid: str
    old_on: str
    new_on: str
    old_sha256: str
    new_sha256: str
    nature: Nature
    reason: str
    first: Nature
    second: Nature
    doubt: str = ""


class _Texts(NamedTuple):
    """What a label and its change have in common; eids may be read otherwise one day and are not part of it."""

    document: str
    part: str
    day: str
    old: str
    new: str


def hash_text(text: str) -> str:
    """Return the first 16 hex digits of the SHA-256 of a text in canonical form."""
    return hashlib.sha256(fold_text(text).encode()).hexdigest()[:ID_LENGTH]


def name_label(label: NatureLabel) -> str:
    """Return the id that a label must bear: the hash of where it stands and of both texts."""
    place = (label.set, label.document, label.old_eid, label.new_eid, label.part)
    return content_id(*place, label.old_sha256, label.new_sha256)


def choose_side(name: str) -> Side:
    """Return the side of a label by the hash of its id, so that nobody chooses it."""
    return "held" if hashlib.sha256(name.encode()).digest()[-1] % 2 else "open"


def read_labels(file: Path) -> tuple[NatureLabel, ...]:
    """Return the labels of a file, none where there is no such file; raises msgspec.DecodeError for a bad line."""
    lines = file.read_bytes().splitlines() if file.is_file() else []
    return tuple(msgspec.json.decode(line, type=NatureLabel) for line in lines)


# The natures by their weight for a reader.
WEIGHTS: tuple[Nature, ...] = ("substantive", "editorial", "structural")


class LabelledNatures:
    """The labels of a folder (``open.jsonl``, ``held.jsonl``) and what the builds heard so far say of them."""

    def __init__(self, folder: Path) -> None:
        """Read the labels."""
        self.labels: dict[Side, tuple[NatureLabel, ...]] = {
            side: read_labels(folder / f"{side}.jsonl") for side in get_args(Side)
        }
        self.heard: set[str] = set()
        self.told: dict[str, Nature] = {}

    def list_sets(self) -> list[str]:
        """Return the names of the sets that have labels, in order."""
        return sorted({label.set for labels in self.labels.values() for label in labels})

    def hear(self, name: str, changes: Iterable[ChangeRow]) -> None:
        """Note the natures that the build of a set gave to its labelled pairs."""
        own = [label for labels in self.labels.values() for label in labels if label.set == name]
        self.heard.add(name)
        self.told.update(find_natures(own, changes))

    def score(self) -> tuple[list[Figure], list[str]]:
        """Return the figures of both sides and how steady the labels are; misses of the open ones as sentences."""
        figures = [
            figure
            for side, labels in self.labels.items()
            for figure in prefix_figures(side, score_natures(labels, self.told))
        ]
        every = [label for labels in self.labels.values() for label in labels]
        return [*figures, measure_steadiness(every)], list_misses(self.labels["open"], self.told)


def find_natures(labels: Iterable[NatureLabel], changes: Iterable[ChangeRow]) -> dict[str, Nature]:
    """Return the nature reported for the texts of each label, by its id; labels without such a change are left out.

    Where the same texts stand at several places of a document, the change with the label's eids is taken. Where the two
    provisions were told apart (one left, one came, or each has another partner), what was told of both counts, the
    weightiest of it: a reader of either is told that.
    """
    rows_at: defaultdict[tuple[str, str, str], list[ChangeRow]] = defaultdict(list)
    found: defaultdict[_Texts, list[ChangeRow]] = defaultdict(list)
    for row in changes:
        texts = (hash_text(row.old_text), hash_text(row.new_text))
        found[_Texts(row.document, row.part, row.observed_at[:10], *texts)].append(row)
        rows_at[row.document, row.part, row.observed_at[:10]].append(row)
    told: dict[str, Nature] = {}
    for label in labels:
        rows = found.get(_Texts(label.document, label.part, label.new_on, label.old_sha256, label.new_sha256), [])
        if rows:
            told[label.id] = min(rows, key=lambda row: _is_elsewhere(row, label)).nature
            continue
        natures = _tell_apart(label, rows_at[label.document, label.part, label.new_on])
        if natures:
            told[label.id] = min(natures, key=WEIGHTS.index)
    return told


def _tell_apart(label: NatureLabel, rows: Sequence[ChangeRow]) -> list[Nature]:
    """Return what was told of both texts of a label where they were not told as one change, [] if one is not told."""
    old = [row.nature for row in rows if _says(row.old_text, row.old_number, label.old_sha256)]
    new = [row.nature for row in rows if _says(row.new_text, row.new_number, label.new_sha256)]
    return [*old, *new] if old and new else []


def _says(text: str, number: str, sha256: str) -> bool:
    """Tell whether a text, or the first provision of a subtree's text without its number, is the one of a hash."""
    first = text.partition("\n")[0].removeprefix(number).strip()
    return sha256 in (hash_text(text), hash_text(first))


def _is_elsewhere(row: ChangeRow, label: NatureLabel) -> bool:
    return (row.old_eid, row.eid) != (label.old_eid, label.new_eid)


def score_natures(labels: Sequence[NatureLabel], told: Mapping[str, Nature]) -> list[Figure]:
    """Return accuracy, labels found, precision and recall of each nature, and how often one was taken for another."""
    pairs = Counter((label.nature, told.get(label.id)) for label in labels)
    right = sum(count for (true, said), count in pairs.items() if true == said)
    found = sum(label.id in told for label in labels)
    natures: tuple[Nature, ...] = get_args(Nature)
    return [
        make_share("accuracy", right, len(labels), floor=ACCURACY_FLOOR),
        make_share("labels found", found, len(labels)),
        *(figure for nature in natures for figure in _score_nature(nature, pairs)),
        *(
            make_count(f"{true} told as {said}", pairs[true, said])
            for true in natures
            for said in natures
            if true != said and pairs[true, said]
        ),
    ]


def _score_nature(nature: Nature, pairs: Mapping[tuple[Nature, Nature | None], int]) -> list[Figure]:
    right = pairs.get((nature, nature), 0)
    said = sum(count for (_, other), count in pairs.items() if other == nature)
    true = sum(count for (other, _), count in pairs.items() if other == nature)
    return [make_share(f"{nature}: precision", right, said), make_share(f"{nature}: recall", right, true)]


def list_misses(labels: Iterable[NatureLabel], told: Mapping[str, Nature]) -> list[str]:
    """Return every label that was told otherwise or not found, as a sentence."""
    return [
        f"{told.get(label.id, 'not found')}, labelled {label.nature}: {label.id} {label.document} {label.part} "
        f"{label.new_eid or 'section'} on {label.new_on} ({label.doubt or label.reason})"
        for label in labels
        if told.get(label.id) != label.nature
    ]


def measure_steadiness(labels: Sequence[NatureLabel]) -> Figure:
    """Return Cohen's kappa of the two passes: (observed agreement - chance) / (1 - chance); 0 without labels.

    Chance is the agreement of two readers who give each nature as often as the passes did, but at random. The formula
    is that of J. Cohen, A coefficient of agreement for nominal scales (1960).
    """
    count = max(1, len(labels))
    same = sum(label.first == label.second for label in labels)
    first, second = Counter(label.first for label in labels), Counter(label.second for label in labels)
    chance = sum(first[nature] * second[nature] for nature in first) / count**2
    kappa = (same / count - chance) / (1 - chance) if chance < 1 else 1.0
    return Figure("two passes of labelling: Cohen's kappa", kappa, f"{same} of {len(labels)} alike")
