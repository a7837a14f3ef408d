"""Fill the history of documents with earlier texts that their publisher keeps: versions that were, never changes now.

An earlier text has an address of its own that says so (``kb.marks``). It is no witness of today's text, so it is set
apart before a wave is compared; it becomes a version with the term it states, closed when it is first seen.
"""

from collections.abc import Callable, Iterable
from datetime import date

import msgspec

from kb.compare.ids import text_hash, version_id
from kb.compare.state import Closing, Seen, SourceState, WaveResult
from kb.marks import is_past
from kb.models import Fetch, Judged, Place, Problem, Reading, Verdict, Version, Wave

# What tells an earlier text from another: document, strand, text and the days it states.
PastKey = tuple[str, str, str, date | None, date | None]


def split_wave(wave: Wave) -> tuple[Wave, tuple[Fetch, ...]]:
    """Return a wave without its earlier texts, and the fetches of these in order."""
    past = tuple(fetch for fetch in wave.fetches if is_past(fetch.url))
    if not past:
        return wave, ()
    rest = tuple(fetch for fetch in wave.fetches if not is_past(fetch.url))
    return msgspec.structs.replace(wave, fetches=rest), past


def settle_past(
    state: SourceState, result: WaveResult, fetches: Iterable[Fetch], see: Callable[[Fetch], Seen], known: set[PastKey]
) -> None:
    """Add the earlier texts of a wave to its rows, each once; one of a document that no page shows is a problem.

    ``known`` holds those that are recorded already, and takes the new ones.
    """
    for fetch in fetches:
        if fetch.outcome != "ok":
            verdict: Verdict = "same" if fetch.outcome == "not_modified" else "noise"
            _judge(result, fetch, verdict, f"an earlier text, answered {fetch.status}")
            continue
        page = see(fetch).page
        alone = [one for one in page.readings if Place(one.document, one.strand) not in state.strands]
        told = [f"{one.document} has earlier texts and no text of today at {fetch.url}" for one in alone]
        faults = [*(flaw.message for flaw in page.flaws), *told]
        if faults:
            _judge(result, fetch, "suspect", *faults)
            result.problems.extend(_make_problem(result, fetch, fault) for fault in faults)
            continue
        fresh = [version for one in page.readings if (version := _make_version(result, fetch, one, known)) is not None]
        result.versions.extend(fresh)
        result.closings.extend(Closing(version.version, fetch.observed_at) for version in fresh)
        _judge(result, fetch, "version" if fresh else "same", "an earlier text")


def _make_version(result: WaveResult, fetch: Fetch, reading: Reading, known: set[PastKey]) -> Version | None:
    hashed, term = text_hash(reading), reading.validity
    key = (reading.document, reading.strand, hashed, term.valid_from, term.valid_to)
    if key in known:
        return None
    known.add(key)
    dates = (term.valid_from, term.valid_to, "past")
    return Version(
        version=version_id(result.source, Place(reading.document, reading.strand), hashed, dates, fetch.observed_at),
        source=result.source,
        url=fetch.url,
        sha256=fetch.sha256 or "",
        text_hash=hashed,
        observed_from=fetch.observed_at,
        wave_at=result.wave_at,
        reading=reading,
    )


def _judge(result: WaveResult, fetch: Fetch, verdict: Verdict, *reasons: str) -> None:
    result.judged.append(
        Judged(
            source=result.source,
            wave_at=result.wave_at,
            url=fetch.url,
            observed_at=fetch.observed_at,
            status=fetch.status,
            sha256=fetch.sha256,
            verdict=verdict,
            reasons=reasons,
        )
    )


def _make_problem(result: WaveResult, fetch: Fetch, message: str) -> Problem:
    return Problem(
        source=result.source,
        url=fetch.url,
        observed_at=fetch.observed_at,
        wave_at=result.wave_at,
        code="earlier_text",
        message=message,
    )
