"""Follow the words that prove a fact through the texts, instant by instant, and tell each time something moved (pure).

At an instant only what was known by then counts, so a later wave adds steps and alters none. Until the end of its
coding day a fact takes the text as it is; from then on the words are held against those coded or last reviewed.
"""

from collections.abc import Sequence

from kb.answer.anchor import Found, resolve_anchor, tell_words
from kb.answer.facts import Anchor, Cause, Fact, FactState, Step, hash_words
from kb.answer.steps import Sight, Turn, make_broken_step, make_step
from kb.answer.trail import Base, Course, Doubt, Place, Text, Trail, end_day
from kb.models import Provision

END_OF_TIME = "9999"


def follow_anchor(fact: Fact, trail: Trail) -> Course:
    """Follow the anchor of a fact to the last instant, or to the day on which the fact was superseded."""
    if fact.anchor is None:
        return Course()
    walk = _Walk(fact, fact.anchor)
    ends = end_day(fact.superseded_on) or END_OF_TIME
    since, at = "", trail.find_next("")
    while at is not None and at <= ends:
        walk.visit(at, trail.look(walk.place, at, since if at > walk.coded_at else at))
        since, at = at, trail.find_next(at)
    return Course(tuple(walk.steps), tuple(walk.doubts))


class _Walk:
    """One anchor on its way: where its words stood last, and which words were agreed to."""

    def __init__(self, fact: Fact, anchor: Anchor) -> None:
        self.fact = fact
        self.anchor = anchor
        self.place = Place(anchor.document, anchor.eid)
        self.coded_at = end_day(fact.coded_on)
        self.reviewed_at = end_day(fact.reviewed_on) if fact.reviewed_text else ""
        self.base: Base | None = None
        # Words by their hash: a reviewer may have seen an earlier text than the one that stands.
        self.known: dict[str, str] = {}
        # How many provisions of the last text had the words agreed to: of two alike none is known to have moved.
        self.alike = 0
        self.steps: list[Step] = []
        self.doubts: list[Doubt] = []
        self.doubtful: tuple[str, ...] = ()

    def visit(self, at: str, texts: Sequence[Text]) -> None:
        """Look at the texts of an instant, and take a step if the words stand otherwise than before."""
        sight = self._see(at, texts) if texts else None
        self._agree(at, sight)
        if sight is None:
            return
        self._note_doubt(sight)
        if at < self.coded_at and not sight.is_certain:
            return
        if sight.found is None:
            self._lose(sight)
        else:
            self._stand(sight, sight.found)

    def _see(self, at: str, texts: Sequence[Text]) -> Sight:
        """Choose the text that holds the words, else the one that nearly does, else the first."""
        base = None if at <= self.coded_at else self.base
        seen = [self._look_into(at, text, base) for text in texts]
        held = [one for one in seen if one.found is not None and one.found.how != "fuzzy"]
        if held:
            return held[0]
        return max(seen, key=lambda one: 0.0 if one.found is None else one.found.score)

    def _look_into(self, at: str, text: Text, base: Base | None) -> Sight:
        aim = text.eid if base is None else self._aim(text, base)
        found = resolve_anchor(Anchor(text.document, aim, self.anchor.quote), text.parts or ())
        if found is None:
            return Sight(at, text, None, is_certain=False)
        is_there = found.eid == aim if base is not None else found.how != "fuzzy"
        return Sight(at, text, found, is_certain=is_there and (found.is_sure or found.how == "fuzzy"))

    def _aim(self, text: Text, base: Base) -> str:
        """Return the provision to look in first: where the words agreed to stand now, if they left their place."""
        parts = text.parts or ()
        if any(part.eid == text.eid and self._holds(part, base) for part in parts):
            return text.eid
        same = _list_same(parts, base.text_hash)
        return same[0].eid if len(same) == 1 and self.alike <= 1 else text.eid

    def _holds(self, part: Provision, base: Base) -> bool:
        found = resolve_anchor(Anchor(self.anchor.document, part.eid, self.anchor.quote), (part,))
        return hash_words(tell_words(part)) == base.text_hash or (found is not None and found.how != "fuzzy")

    def _agree(self, at: str, sight: Sight | None) -> None:
        """Take words as agreed to: all seen until the fact is coded, the first found after it, and those reviewed."""
        found = None if sight is None else sight.found
        if found is not None:
            self.known[found.text_hash] = found.words
        if at <= self.coded_at or self.base is None:
            is_certain = sight is not None and sight.is_certain
            self.base = Base(found.text_hash, found.words) if found is not None and is_certain else None
        if at == self.reviewed_at:
            before = "" if self.base is None else self.base.words
            told = self.fact.reviewed_text
            self.base = Base(told, self.known.get(told, before), reviewed=True)

    def _judge(self, sight: Sight, found: Found) -> FactState:
        base = self.base
        if base is None or base.text_hash != found.text_hash:
            return "needs_review"
        # A reviewer may have agreed to a provision that only nearly holds the quote.
        if not sight.is_certain and not (base.reviewed and found.eid == sight.text.eid):
            return "needs_review"
        return "verified" if base.reviewed and sight.text.is_official else "anchored"

    def _stand(self, sight: Sight, found: Found) -> None:
        """Remember where the words stand; take a step if state, place or words are others than before."""
        last = self.steps[-1] if self.steps else None
        state = self._judge(sight, found)
        now = (state, sight.text.document, found.eid, found.text_hash)
        if last is None or now != (last.state, last.document, last.eid, last.text_hash):
            turn = Turn(self.fact, self.anchor, sight, self.base, last)
            self.steps.append(make_step(turn, found, state, self._tell_cause(sight.at, state, found, last)))
        if sight.at >= self.coded_at:
            self.place = Place(sight.text.document, found.eid)
        if self.base is not None and self.base.text_hash == found.text_hash:
            self.alike = len(_list_same(sight.text.parts or (), found.text_hash))

    def _tell_cause(self, at: str, state: FactState, found: Found, last: Step | None) -> Cause:
        if at == self.reviewed_at:
            return "review"
        if last is None:
            return "resolved"
        if last.state == "broken":
            return "restored"
        if found.text_hash == last.text_hash:
            return "moved"
        if at <= self.coded_at:
            return "resolved"
        return "words" if state == "needs_review" else "restored"

    def _lose(self, sight: Sight) -> None:
        last = self.steps[-1] if self.steps else None
        if last is None or last.state != "broken":
            self.steps.append(make_broken_step(Turn(self.fact, self.anchor, sight, self.base, last)))

    def _note_doubt(self, sight: Sight) -> None:
        """Note a quote that stands more than once in a text, when it first does so."""
        spots = () if sight.found is None else sight.found.spots
        places = tuple(spot.name for spot in spots) if len(spots) > 1 else ()
        told = (sight.text.document, *places) if places else ()
        if told and told != self.doubtful:
            self.doubts.append(
                Doubt(
                    fact=self.fact.id,
                    source=sight.text.source,
                    url=sight.text.url,
                    observed_at=sight.text.captured_at,
                    wave_at=f"{sight.at}Z",
                    citation=sight.text.citation,
                    places=places,
                )
            )
        self.doubtful = told


def _list_same(parts: Sequence[Provision], text_hash: str) -> list[Provision]:
    return [part for part in parts if hash_words(tell_words(part)) == text_hash]
