"""Write a step of an anchor: where its words stand, how they differ from those agreed to, and why in words (pure)."""

import msgspec

from kb.answer.anchor import Found, tell_words
from kb.answer.facts import Anchor, Cause, Fact, FactState, Step, hash_words
from kb.answer.trail import Base, Text
from kb.compare.eids import print_eid


class Sight(msgspec.Struct, frozen=True):
    """What was seen of the words at an instant: ``found`` is None where they are gone.

    ``is_certain`` tells that they stand in the provision meant, not just in one that holds the same words.
    """

    at: str
    text: Text
    found: Found | None
    is_certain: bool


class Turn(msgspec.Struct, frozen=True):
    """All a step is made of: the fact and its anchor, what was seen, the words agreed to, and the step before."""

    fact: Fact
    anchor: Anchor
    sight: Sight
    base: Base | None
    last: Step | None


def make_step(turn: Turn, found: Found, state: FactState, cause: Cause) -> Step:
    """Make the step of an anchor whose words were found."""
    text = turn.sight.text
    old, new = _compare(turn, found) if state == "needs_review" else ("", "")
    return Step(
        fact=turn.fact.id,
        at=text.at,
        wave_at=f"{turn.sight.at}Z",
        state=state,
        cause=cause,
        how=found.how,
        score=found.score,
        document=text.document,
        eid=found.eid,
        citation=text.citation,
        version=text.version,
        source=text.source,
        url=text.url,
        sha256=text.sha256,
        captured_at=text.captured_at,
        quote=found.quote,
        prefix=found.prefix,
        suffix=found.suffix,
        text_hash=found.text_hash,
        old_text=old,
        new_text=new,
        reason=_explain_doubt(turn, found) if state == "needs_review" else _explain(turn, found, state, cause),
    )


def make_broken_step(turn: Turn) -> Step:
    """Make the step of an anchor whose words are gone; it keeps where they stood last, else where they were sought.

    ``new_text`` is what stands there now, "" for nothing.
    """
    text = turn.sight.text
    held = turn.last
    if held is None:
        nothing = Found(
            eid=turn.anchor.eid, how="fuzzy", score=0.0, quote=turn.anchor.quote, prefix="", suffix="", words="",
            text_hash="", spots=(), is_sure=False,
        )  # fmt: skip
        held = make_step(turn, nothing, "broken", "gone")
    gone = f"{text.citation} was removed" if text.parts is None else f"the quote stands nowhere in {text.citation}"
    return msgspec.structs.replace(
        held,
        at=text.at,
        wave_at=f"{turn.sight.at}Z",
        state="broken",
        cause="gone",
        how="",
        score=0.0,
        old_text="" if turn.base is None else turn.base.words,
        new_text=next((tell_words(part) for part in text.parts or () if part.eid == text.eid), ""),
        reason=gone if turn.last is None else f"{gone}; it stood in {_cite(turn.last)}",
    )


def _compare(turn: Turn, found: Found) -> tuple[str, str]:
    """Return the words agreed to and those that stand, nothing where they are the same."""
    if turn.base is None:
        return (turn.anchor.quote, found.quote) if found.how == "fuzzy" else ("", "")
    # Of a review of words that we never held, those that were agreed to before are shown.
    is_same = found.text_hash in (turn.base.text_hash, hash_words(turn.base.words))
    return ("", "") if is_same else (turn.base.words, found.words)


def _explain(turn: Turn, found: Found, state: FactState, cause: Cause) -> str:
    """Say how the words agreed to stand."""
    here = turn.sight.text.cite(found.eid)
    if cause == "review":
        whose = "" if state == "verified" else ", in a text that is not the publisher's own"
        return f"{turn.fact.reviewed_by} confirmed the words of {here}{whose}"
    if cause == "restored":
        return f"the words agreed to stand in {here} again"
    if cause == "moved" and turn.last is not None:
        before = _cite(turn.last)
        return f"the words of {before} stand in {here}" if before != here else f"another source shows {here}"
    return f"the quote stands in {here}"


def _explain_doubt(turn: Turn, found: Found) -> str:
    """Say why a person must look."""
    here, base = turn.sight.text.cite(found.eid), turn.base
    if base is not None and base.text_hash != found.text_hash:
        return f"the words of {here} are not those that were {'reviewed' if base.reviewed else 'coded'}"
    if found.how == "fuzzy":
        return f"{here} holds words that are only like the quote ({found.score:.0f} of 100)"
    if base is None:
        return f"the quote stands in {turn.sight.text.citation} more than once: which place is meant is not known"
    return f"the same words stand elsewhere too: {here} may not be the place meant"


def _cite(step: Step) -> str:
    return f"{step.citation} {print_eid(step.eid).strip()}".strip()
