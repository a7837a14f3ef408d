"""Score what the coders propose against what people read in the same provisions.

The labels name the sets that were read whole: there every proposal counts, and one without a label is wrong. A label is
found by its document, question and value, in its provision or in one that holds it or that it holds; where it states
dates, they are scored apart.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from kb.answer.coders import Proposal, propose
from kb.answer.coders.proposal import Value
from kb.declarations import load_yaml
from kb.errors import DeclarationError
from kb.evaluate.corpus import CorpusLine
from kb.evaluate.figures import Figure, make_count, make_share
from kb.models import Reading
from kb.read.canonical import fold_text
from kb.read.page import read_page
from kb.sources import Source, find_source

# The value of a label that says: nothing is to be proposed here.
NOTHING = "none_here"
PRECISION_FLOOR, RECALL_FLOOR = 0.95, 0.9
CONFIDENCES = ("high", "medium", "low")


class ProposalLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person reads in one provision for one question; ``why`` in the reader's own words."""

    document: str
    eid: str
    question: str
    value: Value
    effective_from: str = ""
    effective_to: str = ""
    why: str = ""


class ProposalLabels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The labels of a file and the sets of the corpus that were read whole for them."""

    sets: tuple[str, ...] = ()
    labels: tuple[ProposalLabel, ...] = ()


class Proposed(msgspec.Struct, frozen=True):
    """A proposal and whether its quote stands in the provision it names."""

    proposal: Proposal
    quoted: bool


def read_proposal_labels(path: Path) -> ProposalLabels:
    """Return the labels of a file, none where there is no such file; raises DeclarationError naming what is wrong."""
    if not path.is_file():
        return ProposalLabels()
    try:
        return msgspec.convert(load_yaml(path), ProposalLabels)
    except msgspec.ValidationError as error:
        raise DeclarationError(f"{path.name}: {error}") from error


def propose_from(corpus: Path, lines: Iterable[CorpusLine], sources: Sequence[Source]) -> Iterator[Proposed]:
    """Yield what is proposed from the last capture of every page, with the check of each quote."""
    last: dict[str, CorpusLine] = {}
    for line in sorted(lines, key=lambda line: line.observed_at):
        if line.status == 200 and line.path is not None:
            last[line.url] = line
    readings = (one for line in last.values() for one in _read_documents(corpus, line, sources))
    # A document that stands on several addresses is read at its last one.
    held = {(one.document, one.strand, one.validity): one for one in readings}
    for reading in held.values():
        yield from (Proposed(one, is_quoted(one, reading)) for one in propose(reading))


def _read_documents(corpus: Path, line: CorpusLine, sources: Sequence[Source]) -> tuple[Reading, ...]:
    source = find_source(sources, line.url)
    if source is None or line.path is None:
        return ()
    body = (corpus / line.path).read_bytes()
    return read_page(body, source.at(line.observed_at), line.url, media_type=line.media_type).readings


def is_quoted(proposal: Proposal, reading: Reading) -> bool:
    """Tell whether the quote of a proposal is a piece of what its provision prints."""
    own = (one for one in reading.provisions if one.eid == proposal.eid)
    return bool(proposal.quote) and any(proposal.quote in text for one in own for text in (one.text, one.heading))


def score_proposals(labels: Sequence[ProposalLabel], proposed: Sequence[Proposed]) -> tuple[list[Figure], list[str]]:
    """Return per question what was proposed, precision and recall, then all together; misses as sentences."""
    proposals = [one.proposal for one in proposed]
    wanted = [label for label in labels if label.value != NOTHING]
    questions = sorted({label.question for label in wanted} | {one.question for one in proposals})
    figures = [figure for question in questions for figure in _score_question(question, wanted, proposals)]
    right = [one for one in proposals if find_label(one, wanted) is not None]
    found = [label for label in wanted if _is_found(label, proposals)]
    figures += [
        make_share("all: precision", len(right), len(proposals), floor=PRECISION_FLOOR),
        make_share("all: recall", len(found), len(wanted), floor=RECALL_FLOOR),
        *_score_confidence(proposals, wanted),
        _score_dates(right, wanted),
        make_count("labels: nothing to propose", len(labels) - len(wanted)),
        make_count("invented: quote not in its provision", sum(not one.quoted for one in proposed), ceiling=0),
    ]
    return figures, _list_misses(labels, proposals)


def _score_question(question: str, wanted: Sequence[ProposalLabel], proposals: Sequence[Proposal]) -> list[Figure]:
    said = [one for one in proposals if one.question == question]
    true = [label for label in wanted if label.question == question]
    right = sum(find_label(one, true) is not None for one in said)
    return [
        make_count(f"{question}: proposed", len(said)),
        make_share(f"{question}: precision", right, len(said)),
        make_share(f"{question}: recall", sum(_is_found(label, said) for label in true), len(true)),
    ]


def _score_confidence(proposals: Sequence[Proposal], wanted: Sequence[ProposalLabel]) -> Iterator[Figure]:
    for confidence in CONFIDENCES:
        said = [one for one in proposals if one.confidence == confidence]
        right = sum(find_label(one, wanted) is not None for one in said)
        yield make_share(f"proposed with {confidence} confidence: precision", right, len(said))


def _score_dates(right: Sequence[Proposal], wanted: Sequence[ProposalLabel]) -> Figure:
    """Return the share of right proposals whose dates are those of a label, where either of them states one."""
    pairs = [(_dates_of(one), {_dates_of(label) for label in _list_matching(one, wanted)}) for one in right]
    stated = [(said, true) for said, true in pairs if said or true != {""}]
    return make_share("dates: right of those stated", sum(said in true for said, true in stated), len(stated))


def _dates_of(one: Proposal | ProposalLabel) -> str:
    return f"{one.effective_from}/{one.effective_to}" if one.effective_from or one.effective_to else ""


def find_label(proposal: Proposal, labels: Iterable[ProposalLabel]) -> ProposalLabel | None:
    """Return the label that a proposal bears out, None if there is none."""
    return next(iter(_list_matching(proposal, labels)), None)


def _list_matching(proposal: Proposal, labels: Iterable[ProposalLabel]) -> list[ProposalLabel]:
    return [label for label in labels if _matches(label, proposal)]


def _is_found(label: ProposalLabel, proposals: Iterable[Proposal]) -> bool:
    return any(_matches(label, one) for one in proposals)


def _matches(label: ProposalLabel, proposal: Proposal) -> bool:
    same = (label.document, label.question, label.value) == (proposal.document, proposal.question, proposal.value)
    return same and (is_within(label.eid, proposal.eid) or is_within(proposal.eid, label.eid))


def is_within(eid: str, other: str) -> bool:
    """Tell whether a provision is another one or stands below it; all stand below the document, ""."""
    return other in ("", eid) or eid.startswith(f"{other}__")


def _list_misses(labels: Sequence[ProposalLabel], proposals: Sequence[Proposal]) -> list[str]:
    wanted = [label for label in labels if label.value != NOTHING]
    wrong = [one for one in proposals if find_label(one, wanted) is None]
    missed = [label for label in wanted if not _is_found(label, proposals)]
    return [
        *(
            f"proposed {one.question} {one.value} ({one.confidence}), {_name_label(one, labels)}: "
            f"{one.document} {one.eid or 'document'}: {fold_text(one.quote)[:80]}"
            for one in wrong
        ),
        *(f"not proposed: {label.question} {label.value}: {label.document} {label.eid}" for label in missed),
    ]


def _name_label(proposal: Proposal, labels: Iterable[ProposalLabel]) -> str:
    place = (proposal.document, proposal.question)
    values = [str(label.value) for label in labels if (label.document, label.question) == place]
    return f"labelled {', '.join(values)}" if values else "no label"
