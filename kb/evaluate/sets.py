"""The evaluation sets: how each is measured, and the measuring of several in turn."""

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

import msgspec

from kb.build import BuildRequest, BuildResult, build
from kb.collect import ImportRequest, import_captures
from kb.errors import UsageError
from kb.evaluate.asof import TABLE, score_as_of
from kb.evaluate.completeness import score_completeness
from kb.evaluate.corpus import CAPTURES, CorpusLine, copy_captures, date_line, read_lines, remark_dates
from kb.evaluate.figures import Figure, SetResult, make_count, make_result
from kb.evaluate.natures import LabelledNatures
from kb.evaluate.noise import NoiseLimits, NoisyPair, list_named_pairs, score_pairs
from kb.evaluate.pages import PageTruth, score_pages
from kb.evaluate.paths import score_paths
from kb.evaluate.proposals import propose_from, read_proposal_labels, score_proposals
from kb.evaluate.provisions import BARE_FLOORS, PROVISION_FLOORS, ProvisionTruth, score_provisions
from kb.evaluate.texts import ARTICLE_FLOOR, ARTICLES, GOLD_FLOOR, read_articles, read_known_pages, score_texts
from kb.evaluate.titles import SectionMove, score_broken, score_moves, score_rerender, score_sections
from kb.models import ChangeRow
from kb.sources import Source, parse_source
from kb.store.knowledge import count_rows, open_knowledge
from kb.store.measures import count_verdicts, count_waves, list_events, list_numbered_places, list_standing
from kb.store.queries import ChangeFilter, read_changes

# Where the corpus is unpacked to, and where the sources of its sets are declared, unless told otherwise.
CORPUS = Path(".corpus")
SOURCES = Path("tests/corpus_sources")
# Where the labels of nature lie, and the name under which all sets that have some are measured by them.
LABELS = Path("tests/labels")
NATURES = "natures"
# What is proposed from the pages of all sets that these labels speak of.
PROPOSALS, PROPOSAL_LABELS = "proposals", "proposals.yml"
# Measurements are repeatable: their runs bear a fixed name and instant.
IMPORTED_AT = "2000-01-01T00:00:00Z"
RUN = "evaluation"
# What a set's folder may hold beside its pages: the truth it is measured against.
PAGE_TRUTH, PROVISION_TRUTH, PAIR_TRUTH = "truth_changes.jsonl", "truth_provisions.jsonl", "truth_pairs.jsonl"
# "dc-bare": the captures of the set "dc", read as if their sources declared no selector.
BARE = "-bare"

# A source that declares nothing, for pages that come without one.
UNDECLARED = {"id": "us-xx-undeclared", "jurisdiction": "us-xx", "platform": "page", "match": ["https://", "http://"]}

Score = tuple[list[Figure], list[str]]
Row = TypeVar("Row", bound=msgspec.Struct)


class BuiltSet(msgspec.Struct, frozen=True):
    """A set that was imported and built: its captures (with the dates used), the database, what the build did.

    ``bare`` says that its pages were read without their declared selectors, ``sources`` how they were read.
    """

    lines: tuple[CorpusLine, ...]
    knowledge: Path
    result: BuildResult
    remarks: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    bare: bool = False

    def read_changes(self) -> list[ChangeRow]:
        """Return all changes the build derived."""
        with closing(self.open()) as db:
            return list(read_changes(db, ChangeFilter()))

    def open(self) -> sqlite3.Connection:
        """Open the built database for reading."""
        return open_knowledge(self.knowledge, read_only=True)


def list_sets() -> tuple[str, ...]:
    """Return the names of all evaluation sets, in the order they are measured."""
    return (*SETS, NATURES, PROPOSALS)


def evaluate_sets(
    names: Sequence[str], corpus: Path, sources: Sequence[Source], *, workers: int = 1, labels: Path = LABELS
) -> Iterator[SetResult]:
    """Measure sets one after the other, each in a folder of its own that is removed afterwards.

    No names: all sets. A name also stands for the sets it begins ("cic-ri": "cic-ri-rerender" too), but for those read
    without selectors ("dc-bare"), which are named; "natures" and "proposals" for all sets that ``labels`` speak of.
    Returns an iterator that yields each set's result when it is measured. Raises UsageError for an unknown name,
    CapturesError for a corpus whose captures cannot be read, and what import and build raise.
    """
    captures = corpus / CAPTURES
    lines = list(read_lines(captures)) if captures.is_file() else []
    chosen = _choose_sets(names, [*list_sets(), *(line.set for line in lines)])
    request = BuildRequest(sources=sources, workers=workers)
    return _measure_sets(chosen, corpus, lines, request, labels)


def _choose_sets(names: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the sets asked for, those of the corpus that no measure was written for among them."""
    every = list(dict.fromkeys(known))
    unknown = [name for name in names if name not in every]
    if unknown:
        raise UsageError(f"evaluation set {unknown[0]!r}: expected one of {', '.join(every)}")
    return [one for one in every if not names or any(_stands_for(name, one) for name in names)]


def _stands_for(name: str, one: str) -> bool:
    return one == name or (one.startswith(f"{name}-") and not one.endswith(BARE))


def _choose_measure(name: str, corpus: Path) -> Callable[["BuiltSet", Path], Score]:
    """Return how a set is measured: by the truth in its folder, else as its name says, else by counts alone."""
    folder = corpus / name.removesuffix(BARE)
    if (folder / PAGE_TRUTH).is_file():
        return _measure_code
    if (folder / PAIR_TRUTH).is_file():
        return _measure_noise
    return SETS.get(name, _measure_nothing)


def _measure_sets(
    names: Sequence[str],
    corpus: Path,
    lines: Sequence[CorpusLine],
    request: BuildRequest,
    labels: Path,
) -> Iterator[SetResult]:
    natures = LabelledNatures(labels)
    for name in names:
        own = [line for line in lines if line.set == name.removesuffix(BARE)]
        if name == NATURES:
            yield _measure_natures(corpus, lines, request, natures)
        elif name == PROPOSALS:
            yield _measure_proposals(corpus, lines, request, labels / PROPOSAL_LABELS)
        elif own:
            yield _measure_set(name, corpus, own, request, natures if NATURES in names else None)
        elif (corpus / name / TABLE).is_file():
            with tempfile.TemporaryDirectory(prefix="kb-eval-") as folder:
                figures, misses = score_as_of(corpus / name, Path(folder, "kb.db"))
            yield make_result(name, figures, misses=misses)
        elif (corpus / name / ARTICLES).is_file():
            figures, misses = score_texts(read_articles(corpus / name, parse_source(UNDECLARED, name)), ARTICLE_FLOOR)
            yield make_result(name, figures, misses=misses)
        else:
            remark = f"{corpus / CAPTURES}: expected captures of the set, found none"
            yield SetResult(name, found=False, remarks=(remark,))


def _measure_set(
    name: str, corpus: Path, lines: Sequence[CorpusLine], request: BuildRequest, natures: LabelledNatures | None
) -> SetResult:
    bare = name.endswith(BARE)
    if bare:
        request = msgspec.structs.replace(request, sources=tuple(map(drop_selectors, request.sources)))
    with tempfile.TemporaryDirectory(prefix="kb-eval-") as folder:
        built = msgspec.structs.replace(build_set(Path(folder), corpus, lines, request), bare=bare)
        figures, misses = _choose_measure(name, corpus)(built, corpus)
        counts = _count_built(built)
        if natures is not None and not bare:
            natures.hear(name, built.read_changes())
    whole, losses = score_completeness(corpus, built.lines, request.sources)
    remarks = list(built.remarks)
    return make_result(name, [*figures, *whole, *counts], remarks=remarks, misses=[*misses, *losses])


def drop_selectors(source: Source) -> Source:
    """Return a source as if it declared no selector: its pages are read automatically."""
    body = {key: value for key, value in source.body.items() if key not in ("select", "remove", "history")}
    return parse_source(body, source.id)


def _measure_natures(
    corpus: Path, lines: Sequence[CorpusLine], request: BuildRequest, natures: LabelledNatures
) -> SetResult:
    """Measure the nature of changes by the labels of all sets; sets that were measured before are not built again."""
    absent = []
    for name in natures.list_sets():
        own = [line for line in lines if line.set == name]
        if not own:
            absent.append(name)
        elif name not in natures.heard:
            with tempfile.TemporaryDirectory(prefix="kb-eval-") as folder:
                natures.hear(name, build_set(Path(folder), corpus, own, request).read_changes())
    if not natures.told:
        return SetResult(NATURES, found=False, remarks=(f"{corpus}: expected the texts of labels, found none",))
    remarks = [f"labels of {', '.join(absent)} count as wrong: the corpus has no such set"] if absent else []
    figures, misses = natures.score()
    return make_result(NATURES, figures, remarks=remarks, misses=misses)


def _measure_proposals(corpus: Path, lines: Sequence[CorpusLine], request: BuildRequest, path: Path) -> SetResult:
    """Measure what is proposed from the last pages of the sets that were read whole for the labels."""
    labels = read_proposal_labels(path)
    own = [line for line in lines if line.set in labels.sets]
    if not own:
        return SetResult(PROPOSALS, found=False, remarks=(f"{corpus}: expected the pages of labels, found none",))
    absent = sorted(set(labels.sets) - {line.set for line in own})
    remarks = [f"labels of {', '.join(absent)} count as missed: the corpus has no such set"] if absent else []
    figures, misses = score_proposals(labels.labels, list(propose_from(corpus, own, request.sources)))
    return make_result(PROPOSALS, figures, remarks=remarks, misses=misses)


def build_set(folder: Path, corpus: Path, lines: Sequence[CorpusLine], request: BuildRequest) -> BuiltSet:
    """Import captures of a corpus into an empty folder and build them; returns where the result lies.

    A capture without a valid instant is dated, and a remark says so. Raises what import and build raise.
    """
    dated = tuple(map(date_line, lines))
    file = copy_captures(folder / "recorded", corpus, dated)
    data = folder / "data"
    data.mkdir()
    import_captures(data, ImportRequest(file=file, sources=request.sources, now=IMPORTED_AT, token=RUN))
    result = build(data, request)
    return BuiltSet(dated, data / "kb.db", result, tuple(remark_dates(lines, dated)), tuple(request.sources))


def _count_built(built: BuiltSet) -> list[Figure]:
    """Return what came of importing and building a set, whatever it is."""
    with closing(built.open()) as db:
        rows = count_rows(db, ("documents", "versions", "provisions", "changes", "problems"))
        verdicts = count_verdicts(db)
    return [
        make_count("built: captures", len(built.lines)),
        *(make_count(f"built: {table}", count) for table, count in rows.items()),
        *(make_count(f"built: pages judged {verdict}", count) for verdict, count in verdicts.items()),
        make_count("built: damaged snapshots", len(built.result.damaged), ceiling=0),
    ]


def _measure_code(built: BuiltSet, corpus: Path) -> Score:
    """Measure section pages with page truth, provision truth and official XML."""
    changes = built.read_changes()
    with closing(built.open()) as db:
        places = list_numbered_places(db)
    folder = corpus / built.lines[0].set
    # A set that is held to all floors fails where a truth is missing; another one is measured by what it brings.
    whole = folder.name in SETS
    floors = BARE_FLOORS if built.bare else PROVISION_FLOORS
    scores = [score_pages(_read_rows(folder / PAGE_TRUTH, PageTruth), changes)]
    if whole or (folder / PROVISION_TRUTH).is_file():
        scores.append(score_provisions(_read_rows(folder / PROVISION_TRUTH, ProvisionTruth), changes, floors))
    if whole or (folder / "xml").is_dir():
        scores.append(score_paths(places, folder / "xml"))
        scores.append(score_texts(read_known_pages(corpus, built.lines, built.sources), GOLD_FLOOR))
    return [figure for figures, _ in scores for figure in figures], [miss for _, misses in scores for miss in misses]


def _measure_titles(built: BuiltSet, corpus: Path) -> Score:
    """Measure title pages: their sections and, where a list of them was derived, their changed sections."""
    with closing(built.open()) as db:
        standing = list_standing(db)
    figures, misses = score_sections(corpus, built.lines, standing)
    derived = corpus / built.lines[0].set / "derived_section_changes.jsonl"
    if derived.is_file():
        figures.extend(score_moves(_read_rows(derived, SectionMove), built.lines, built.read_changes()))
    return figures, misses


def _measure_rerender(built: BuiltSet, _: Path) -> Score:
    with closing(built.open()) as db:
        events, waves = list_events(db), sum(count_waves(db).values())
    changes = built.read_changes()
    misses = [f"{one.event_kind}: {one.citation} {one.kind} {one.part}: {one.reason}" for one in changes]
    return score_rerender(changes, events, waves), misses


def _measure_broken(built: BuiltSet, _: Path) -> Score:
    with closing(built.open()) as db:
        return score_broken(count_verdicts(db), count_rows(db, ("versions",))["versions"]), []


def _measure_noise(built: BuiltSet, corpus: Path) -> Score:
    truth = _read_rows(corpus / built.lines[0].set / PAIR_TRUTH, NoisyPair)
    limits = NoiseLimits(false=1, missed=1) if built.bare else NoiseLimits()
    figures, misses = score_pairs(truth, built.lines, built.read_changes(), limits)
    known = list(read_known_pages(corpus, built.lines, built.sources))
    texts, unread = score_texts(known, GOLD_FLOOR) if known else ([], [])
    return [*figures, *texts], [*misses, *unread]


def _measure_named_pairs(built: BuiltSet, _: Path) -> Score:
    return score_pairs(list_named_pairs(built.lines), built.lines, built.read_changes(), NoiseLimits())


def _measure_nothing(_: BuiltSet, __: Path) -> Score:
    """Measure no more than that the set was imported and built."""
    return [], []


def _read_rows(path: Path, kind: type[Row]) -> list[Row]:
    return [msgspec.json.decode(line, type=kind) for line in path.read_bytes().splitlines()]


SETS: Mapping[str, Callable[[BuiltSet, Path], Score]] = {
    "dc": _measure_code,
    "dc-bare": _measure_code,
    "cic-ri": _measure_titles,
    "cic-ri-rerender": _measure_rerender,
    "cic-ri-broken": _measure_broken,
    "cic-tn": _measure_titles,
    "cic-id": _measure_titles,
    "cic-ak": _measure_titles,
    "hi": _measure_nothing,
    "ota": _measure_noise,
    "ota-bare": _measure_noise,
    "edgi-pairs": _measure_named_pairs,
    "extraction": _measure_nothing,
    "official-fixtures": _measure_nothing,
    "tx-dshs": _measure_nothing,
    "legal-epi": _measure_nothing,
}
