"""Tell which facts a change touches, and how: its words altered, moved or gone, or what stands around them."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from kb.answer.facts import Effect, Fact, Step
from kb.models import ChangeRow
from kb.read.canonical import fold_text, squeeze_text

# Which text a place is counted in: the one before a change, the one after it, or whichever has it.
Side = Literal["before", "after", "either"]


class Hold(msgspec.Struct, frozen=True):
    """Where the words of a fact stood when a change came: document, eid, quote, and in which text that place is."""

    fact: str
    document: str
    eid: str
    quote: str
    side: Side


class Touch(msgspec.Struct, frozen=True):
    """How one change touches one fact; ``quote_stands`` tells whether its quoted words stand after it as before."""

    change: ChangeRow
    hold: Hold
    effect: Effect
    quote_stands: bool


def find_hold(fact: Fact, steps: Sequence[Step], at: str) -> Hold | None:
    """Return where a fact was anchored just before an instant; None for a fact that never named any words.

    The last step before it tells; else the first one after it, or the declared anchor: words that were still to come.
    """
    before = [step for step in steps if step.at.rstrip("Z") < at.rstrip("Z")]
    if before:
        last = before[-1]
        return Hold(fact.id, last.document, last.eid, last.quote, "after" if last.state == "broken" else "before")
    if steps:
        return Hold(fact.id, steps[0].document, steps[0].eid, steps[0].quote, "after")
    if fact.anchor is None:
        return None
    return Hold(fact.id, fact.anchor.document, fact.anchor.eid, fact.anchor.quote, "either")


def find_touches(changes: Sequence[ChangeRow], hold: Hold) -> Iterator[Touch]:
    """Yield how each of the changes of one event touches a fact; notes touch none, nor do other documents.

    Only together they tell: a provision may be taken out from under its parent before the parent goes.
    """
    told = [one for one in changes if one.part != "note" and hold.document in (one.document, _document_before(one))]
    carrier = max((str(one.old_eid) for one in told if _covers_before(one, hold)), key=len, default="")
    for change in told:
        effect = _judge(change, hold, carrier)
        yield Touch(change, hold, effect, _quote_stands(change, hold, effect))


def is_within(eid: str, root: str) -> bool:
    """Tell whether a provision is another one or stands below it; all stand below the document's own ""."""
    return root in ("", eid) or eid.startswith(f"{root}__")


def _document_before(change: ChangeRow) -> str:
    return change.old_document or change.document


def _covers_before(change: ChangeRow, hold: Hold) -> bool:
    here = _document_before(change) == hold.document
    return here and change.old_eid is not None and is_within(hold.eid, change.old_eid)


def _judge(change: ChangeRow, hold: Hold, carrier: str) -> Effect:
    effect: Effect = "beside"
    if hold.side != "after":
        effect = _judge_before(change, hold, carrier)
    if hold.side != "before" and effect == "beside":
        effect = _judge_after(change, hold)
    return effect


def _judge_before(change: ChangeRow, hold: Hold, carrier: str) -> Effect:
    """Judge by the text before the change; ``carrier`` is the deepest root in it that some change took hold of."""
    if not _covers_before(change, hold):
        below = change.eid if change.old_eid is None else change.old_eid
        is_below = below not in (None, hold.eid) and is_within(str(below), hold.eid)
        return _judge_near(change, hold) if is_below else "beside"
    is_own = change.old_eid == hold.eid
    if is_own and change.kind == "removed":
        return "gone"
    if is_own and change.kind == "amended":
        return "words_changed"
    if change.old_eid != carrier:
        return "around"
    is_led = change.kind in ("amended", "renumbered", "moved")
    is_elsewhere = (change.eid, change.document) != (change.old_eid, hold.document)
    return "moved" if is_led and is_elsewhere else _judge_near(change, hold)


def _judge_near(change: ChangeRow, hold: Hold) -> Effect:
    """Judge a change above or below: where it carries the quoted words, it did to them what it did to its own.

    The text of a provision that was divided into paragraphs is told with the first of them, and the reverse. A root may
    have gone while a part of it stayed: then the words of that part are not among those removed.
    """
    quote = squeeze_text(hold.quote)
    if quote not in squeeze_text(change.old_text):
        return "around"
    if change.kind == "removed":
        return "gone"
    return "moved" if change.kind != "amended" and quote in squeeze_text(change.new_text) else "words_changed"


def _judge_after(change: ChangeRow, hold: Hold) -> Effect:
    """Judge by the text after the change, for words that this or a later one brought."""
    if change.eid is None or change.document != hold.document:
        return "beside"
    if change.eid != hold.eid and not (change.kind != "amended" and is_within(hold.eid, change.eid)):
        near = is_within(hold.eid, change.eid) or is_within(change.eid, hold.eid)
        return "around" if near else "beside"
    return "moved" if change.kind in ("moved", "renumbered") else "words_changed"


def _quote_stands(change: ChangeRow, hold: Hold, effect: Effect) -> bool:
    if effect == "words_changed":
        return fold_text(hold.quote) in fold_text(change.new_text)
    return effect != "gone"
