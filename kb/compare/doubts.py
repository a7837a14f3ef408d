"""Decide whether a page that answered is believed: why not, and what would prove that it is the rule after all."""

from collections.abc import Callable, Collection, Sequence
from typing import Literal

import msgspec

from kb.compare.proof import is_missing_long, proves_itself
from kb.compare.state import PageState, Seen
from kb.compare.trust import (
    LEAST_KEPT,
    LEAST_NUMBERED,
    SHORT,
    Cut,
    count_numbered,
    find_cut,
    has_lost_structure,
    is_doubled,
    list_texts,
    looks_refused,
    loses_whole_sections,
    measure_kept,
    speaks_of_law,
)
from kb.models import Flaw, Page, Reading

# What makes a doubted page believed: nothing, the same text in a wave at least 20 hours later, or in any later wave.
Proof = Literal["never", "long", "again"]
# So many addresses with one and the same text are one error page, not so many rules.
ALIKE = 3
# A list that loses so many of its names, and most of them, is taken for a cut one first.
LOST_NAMES, LEAST_NAMED = 4, 0.5
# A first sight that was never confirmed gives way to a page with so many times its text.
OUTGROWN = 2
# Of a first sight that broke off, nearly everything still stands; of a page that lost a word, nearly all its length.
MOST_GROWN = 0.9


class Doubt(msgspec.Struct, frozen=True):
    """Why a page is not believed at once, and what proves it."""

    flaw: Flaw
    proof: Proof


class Sight(msgspec.Struct, frozen=True):
    """A page as fetched beside what is known: its readings, which of them are known, how many addresses say the same.

    ``load`` returns what the page showed when it was last believed; ``elsewhere`` are texts that came to other pages;
    ``declared`` says that a selector found the main part where it should be. ``frame`` is what the page says, figures
    aside, ``before`` what those addresses said when they were last believed, and ``former`` how many addresses said
    what this one said at first.
    """

    seen: Seen
    known: tuple[bool, ...]
    alike: int
    load: Callable[[PageState], list[Reading]]
    elsewhere: Collection[str] = ()
    declared: bool = False
    frame: str = ""
    before: Collection[str] = ()
    former: int = 0

    @property
    def page(self) -> Page:
        """Return the page as read."""
        return self.seen.page

    @property
    def merged(self) -> bool:
        """Tell whether addresses that said different things say the same now."""
        return len(self.before) >= ALIKE and not all(self.known)


def doubt_page(page: PageState, sight: Sight) -> Doubt | None:
    """Return why a page is not believed at once, None for one that is."""
    if page.names:
        return _doubt_list(page, sight.page)
    if not page.places:
        return None if sight.declared else _doubt_first(sight.page)
    if _is_explained(page, sight):
        return None
    if sight.merged:
        return _doubt_merged(page, sight)
    if _keeps_known(page, sight):
        return _doubt_cut(page, sight)
    return _doubt_rest(page, sight)


def is_outgrown(page: PageState, sight: Sight) -> bool:
    """Tell whether what was seen of a page was no rule, or a broken one: now more stands there, or it stands once.

    A page that two waves agreed on is what it says, unless other addresses say it too. One that was missing before, or
    says of its law that it ended or never came, is what it says at once.
    """
    if (page.confirmed and sight.former < ALIKE) or page.was_missing or not page.places or sight.page.names:
        return False
    old, new = sight.load(page), sight.page.readings
    if any(map(proves_itself, old)) or looks_refused(new) or sight.alike >= ALIKE:
        return False
    if not page.confirmed and _was_broken(page, old, sight.page):
        return True
    lawless = not speaks_of_law((), old)
    grown = sight.page.length >= OUTGROWN * page.length or (lawless and count_numbered(new) >= LEAST_NUMBERED)
    nothing = count_numbered(old) == 0 and (lawless or not page.confirmed)
    # Single words ("the", "of") stand in any text; and a first sight of restless lines alone had nothing to keep.
    empty = not any(list_texts(reading) for reading in old)
    if not grown or not nothing:
        return False
    # A menu may be most of an error page, and is little of a rule.
    little = lawless and measure_kept(new, old, words=3) < LEAST_KEPT
    return empty or little or measure_kept(old, new, words=3) < LEAST_KEPT


def says_little(read: Page) -> bool:
    """Tell whether a page is short and without numbered provisions, as an answer in place of the rule is."""
    return bool(read.readings) and read.length < SHORT and count_numbered(read.readings) == 0


def _was_broken(page: PageState, old: Sequence[Reading], read: Page) -> bool:
    """Tell whether the first sight of a page broke off where it goes on now, or said everything twice."""
    if is_doubled(read.readings, old):
        return True
    if read.length <= page.length or len(old) != 1 or len(read.readings) != 1:
        return False
    if find_cut(read.readings[0], old[0]) is not None:
        return True
    return read.complete and not page.complete and measure_kept(old, read.readings) > MOST_GROWN


def is_proven(doubt: Doubt, page: PageState, frame: str, instant: str, wave_at: str) -> bool:
    """Tell whether a doubted page is believed now: an earlier wave showed the same, and time enough has passed.

    The same but for figures and session names, which ``frame`` leaves out.
    """
    if doubt.proof == "never" or not page.suspect_text or page.suspect_frame != frame or page.suspect_wave == wave_at:
        return False
    return doubt.proof == "again" or is_missing_long(page.suspect_at, instant)


def _doubt_list(page: PageState, read: Page) -> Doubt | None:
    lost = set(page.names) - set(read.names)
    if not read.names:
        return Doubt(Flaw("list_lost", f"expected a list of {len(page.names)} documents, found none"), "long")
    if len(lost) >= LOST_NAMES and len(lost) > (1 - LEAST_NAMED) * len(page.names):
        return Doubt(Flaw("list_shrunk", f"{len(lost)} of {len(page.names)} documents are no longer listed"), "again")
    return None


def _doubt_first(read: Page) -> Doubt | None:
    if read.readings and looks_refused(read.readings):
        return Doubt(Flaw("refused", "expected a rule, found what reads like an error or login page"), "never")
    return None


def _is_explained(page: PageState, sight: Sight) -> bool:
    """Tell whether a page says itself why its law is gone: "Repealed.", beside documents known already."""
    readings = sight.page.readings
    stubs = [known or proves_itself(reading) for reading, known in zip(readings, sight.known, strict=True)]
    places = {(reading.document, reading.strand) for reading in readings}
    return bool(stubs) and all(stubs) and {(place.document, place.strand) for place in page.places} <= places


def _keeps_known(page: PageState, sight: Sight) -> bool:
    """Tell whether enough of the known text remains; documents that are known as they stand need no reading again."""
    readings = zip(sight.page.readings, sight.known, strict=True)
    kept = sum(measure_length(reading) for reading, known in readings if known)
    if not page.length or kept >= LEAST_KEPT * page.length:
        return True
    old, new = sight.load(page), sight.page.readings
    if measure_kept(old, new, sight.elsewhere) >= LEAST_KEPT:
        return True
    if sight.page.length >= LEAST_KEPT * page.length:
        # As much law as before, in other words: a rule may be rewritten, an error page is no law.
        return not (has_lost_structure(old, new) or looks_refused(new) or sight.alike >= ALIKE)
    whole = page.complete and sight.page.complete and len(old) == len(new) == 1
    return whole and loses_whole_sections(old[0], new[0])


def measure_length(reading: Reading) -> int:
    """Return the characters of law in a reading, headings included."""
    return sum(len(part.text) + len(part.heading) for part in reading.provisions)


def _doubt_merged(page: PageState, sight: Sight) -> Doubt:
    """Say why a page that says what others say since is doubted: one answer for all, unless it speaks of their law."""
    flaw = Flaw("alike", f"{sight.alike} addresses say the same, which used to say different things")
    lent = sight.frame in sight.before
    speaks = not lent and speaks_of_law(sight.load(page), sight.page.readings)
    return Doubt(flaw, "again" if speaks else "never")


def _doubt_cut(page: PageState, sight: Sight) -> Doubt | None:
    read = sight.page
    if read.length > page.length and is_doubled(sight.load(page), read.readings):
        return Doubt(Flaw("doubled", "most of the page's text stands on it twice"), "never")
    if read.length >= page.length:
        return None
    if page.complete and not read.complete:
        # A page may be served without that tag from some day on, and lose a word by an amendment.
        little = read.length > MOST_GROWN * page.length
        flaw = Flaw("truncated", "the page ends without its end tag, and part of its text is gone")
        return Doubt(flaw, "long" if little else "never")
    if len(read.readings) == 1 and len(page.places) == 1:
        cut = next((cut for old in sight.load(page)[-1:] if (cut := find_cut(old, read.readings[0]))), None)
        return None if cut is None else _tell_cut(cut)
    return None


def _tell_cut(cut: Cut) -> Doubt:
    """Say where a page breaks off; one that lost all that stood behind is broken however often it is seen."""
    message = f"the text breaks off after '…{cut.last[-40:]}', where it used to go on"
    return Doubt(Flaw("truncated", message), "never" if cut.lost else "long")


def _doubt_rest(page: PageState, sight: Sight) -> Doubt:
    """Say why a page that keeps less than a quarter of its known text is doubted, and how long."""
    readings: Sequence[Reading] = sight.page.readings
    old = sight.load(page)
    kept = round(100 * measure_kept(old, readings))
    message = f"only {kept} % of the known text is left"
    if sight.alike >= ALIKE:
        return Doubt(Flaw("shrunk", f"{message}, and {sight.alike} addresses say the same"), "never")
    if looks_refused(readings):
        return Doubt(Flaw("shrunk", f"{message}, and it reads like an error or login page"), "never")
    if has_lost_structure(old, readings) and not speaks_of_law(old, readings):
        return Doubt(Flaw("shrunk", f"{message}, and what stands there says nothing of law"), "never")
    return Doubt(Flaw("shrunk", message), "long" if has_lost_structure(old, readings) else "again")
