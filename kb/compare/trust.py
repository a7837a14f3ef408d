"""Tell a page that is the rule from one that merely answers: an error page, a captcha, a login, a cut or empty page.

Structure and history decide: how much of the page's known text remains, whether its numbered provisions are gone,
whether other addresses say the same, whether the text breaks off. Words known from error pages are one vote of several
and never enough alone (DESIGN.md §5).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec

from kb.compare.eids import is_unnumbered, parent_of
from kb.models import Provision, Reading
from kb.read.canonical import fold_text
from kb.read.notes import is_repealed

# A page that keeps less than this share of its known text is not believed at once.
LEAST_KEPT = 0.25
# Error pages are short; a law of fewer numbered provisions than this may well be a plain text.
SHORT, LEAST_NUMBERED = 1500, 3
# "Page not found"  "Access denied"  "Please sign in"  "Scheduled maintenance"  "Verify you are human"  "Ray ID: 8f2"
REFUSAL = re.compile(
    r"\b(?:not (?:be )?(?:found|located|available)|no longer (?:exists|available)|unavailable|does not exist"
    r"|(?:access|permission|request) (?:is |was |has been )?(?:denied|blocked|rejected)|forbidden|unauthori[sz]ed"
    r"|captcha|(?:security|browser) (?:check|verification)|checking your|verify (?:that )?you(?: are|'re)"
    r"|unusual (?:traffic|activity)|too many requests|(?:log|sign) ?(?:in|on)\b|session (?:has |is )?(?:expired|timed)"
    r"|(?:enable|requires?) (?:javascript|cookies)|maintenance|temporarily|try again|come back|be right back"
    r"|(?:something|what) went wrong|service (?:is )?(?:down|offline)|(?:incident|support|ray) (?:id|number)\b"
    r"|bad gateway|gateway time-?out|server (?:error|is busy)|error (?:code|page|\d)|an error (?:has )?occurred)",
    re.IGNORECASE,
)
# A law may speak of one such thing; a page that speaks of nothing else says two.
LEAST_REFUSALS = 2
# A law of fewer signs is edited by the word: few runs of three words outlast an edit.
SHORT_LAW = 400
# "§ 12-3", "shall", "repealed by": words that law and what stands in for it use, and no one else
LEGAL = re.compile(
    r"§|\b(?:shall|statutes?|repeal\w*|rescind\w*|supersed\w*|recodif\w*|renumber\w*|regulations?|reserved)\b",
    re.IGNORECASE,
)
# "12-103.", "Permits for moorings": what names one section; "(a)" and "Fees" stand in many a text
NAME = re.compile(r"\d[-.:]\d|\w+\W+\w+\W+\w+")
# "Rule 12-103. Permits": the number of a section where it stands at the head of a text
SECTION_HEAD = re.compile(r"\A\W*(?:[A-Z][a-z]{0,8}\.? ?)?(\d+[A-Z]?(?:[-.:]\d+[A-Za-z]?)+)\b")
# Longer lines without a number are paragraphs, shorter ones may be a page's frame.
LONGEST_LINE = 160
# A text broken off after fewer signs may begin like many others.
LEAST_BROKEN = 12
# A text of fewer signs may stand twice on any page.
LEAST_TOLD = 40
# Share of a page's texts that stand on it twice as often from which it is taken for doubled.
MOST_DOUBLES = 0.5
# How a text ends that was not cut: "… days."  "… days;"  "(c)"
ENDED = re.compile(r"[.;:!?)\]\"'”’][\s\W]*$")


class Cut(msgspec.Struct, frozen=True):
    """Where a text breaks off: its last words, and how many provisions behind them are gone."""

    last: str
    lost: int


def measure_kept(
    old: Iterable[Reading], new: Sequence[Reading], elsewhere: Collection[str] = (), *, words: int = 0
) -> float:
    """Return the share (0 to 1) of a page's known text that it still shows, anywhere and under any number.

    Whole texts count first; of those that are gone, the runs of so many ``words`` that remain: three unless told,
    single words of a short text. What a stub stands for ("§ 5 [Repealed]"), and what came to other pages
    (``elsewhere``), is not missed.
    """
    stubs = {(reading.document, eid) for reading in new for eid in _list_stubs(reading)}
    before = Counter(text for reading in old for text in _list_missable(reading, stubs) if text not in elsewhere)
    after = Counter(text for reading in new for text in list_texts(reading))
    total, gone = _count_signs(before), before - after
    if total == 0:
        return 1.0
    kept = total - _count_signs(gone)
    if kept >= LEAST_KEPT * total:
        return kept / max(1, total)
    size = words or (1 if total < SHORT_LAW else 3)
    lost, fresh = _count_runs(gone, size), _count_runs(after - before, size)
    return (kept + _count_signs(gone) * (lost & fresh).total() / max(1, lost.total())) / total


def loses_whole_sections(old: Reading, new: Reading) -> bool:
    """Tell whether a document lost whole sections with headings, and nothing else about it was altered.

    A page that answers with something else is never made of that. One that breaks off may be: of several sections, all
    at its end, nothing tells whether they were repealed or cut.
    """
    before, after = _list_sections(old), _list_sections(new)
    lost = Counter(before) - Counter(after)
    if not lost or not after or Counter(after) - Counter(before) or list_texts(old)[:1] != list_texts(new)[:1]:
        return False
    broken_off = lost.total() > 1 and after == before[: len(after)]
    return not broken_off and all(heading for heading, *_ in (*lost, *after))


def _list_sections(reading: Reading) -> list[tuple[str, ...]]:
    """Return the sections below a document's root, each as its heading and the texts of all its parts."""
    sections: dict[str, list[str]] = {}
    for part in reading.provisions[1:]:
        top = part.eid.partition("__")[0]
        own = sections.setdefault(top, [fold_text(part.heading) if part.eid == top else ""])
        own.extend(fold_text(text) for text in (part.number, part.heading, part.text) if text)
    return [tuple(texts) for texts in sections.values()]


def _list_stubs(reading: Reading) -> set[str]:
    """Return the eids of provisions that say they are repealed, and of those whose only text says so."""
    counts = Counter(parent_of(part.eid) for part in reading.provisions[1:] if part.text)
    stubs = {part.eid for part in reading.provisions[1:] if is_repealed(part.heading) or is_repealed(part.text)}
    return stubs | {parent_of(eid) for eid in stubs if counts[parent_of(eid)] == 1 and parent_of(eid)}


def _list_missable(reading: Reading, stubs: Collection[tuple[str, str]]) -> Iterator[str]:
    """Yield the texts of a reading that no stub of the same document stands for."""
    own = tuple(eid for document, eid in stubs if document == reading.document)
    below = tuple(f"{eid}__" for eid in own)
    for part in reading.provisions:
        if part.eid not in own and not part.eid.startswith(below):
            yield from (fold_text(text) for text in (part.heading, part.text) if text)


def looks_refused(readings: Sequence[Reading]) -> bool:
    """Tell whether a page without numbered provisions is short and speaks as error pages, logins and captchas do."""
    texts = [text for reading in readings for text in list_texts(reading)]
    short = sum(map(len, texts)) < SHORT
    if not short or count_numbered(readings) > 0:
        return False
    return len({found.lower() for text in texts for found in REFUSAL.findall(text)}) >= LEAST_REFUSALS


def count_numbered(readings: Iterable[Reading]) -> int:
    """Return how many provisions of a page bear a printed number."""
    return sum(1 for reading in readings for part in reading.provisions if part.number and not is_unnumbered(part.eid))


def has_lost_structure(old: Sequence[Reading], new: Sequence[Reading]) -> bool:
    """Tell whether a page that was made of numbered provisions has none any more."""
    return count_numbered(old) >= LEAST_NUMBERED and count_numbered(new) == 0


def find_cut(old: Reading, new: Reading) -> Cut | None:
    """Return where a document's text breaks off within a sentence that used to go on, None if it does not.

    Nothing of what stood behind that sentence remains but lines without a number, which may be the page's frame.
    """
    stands = {fold_text(part.text) for part in new.provisions}
    texts = [fold_text(part.text) for part in old.provisions]
    for part in reversed(new.provisions):
        after = fold_text(part.text)
        at = -1
        if len(after) >= LEAST_BROKEN and ENDED.search(after) is None and after not in texts:
            longer = (at for at, text in enumerate(texts) if text.startswith(after) and text not in stands)
            at = next(longer, -1)
        if at >= 0:
            behind = {fold_text(lost.text) for lost in old.provisions[at + 1 :] if _is_law(lost)}
            return Cut(part.text, len(behind)) if behind.isdisjoint(stands) else None
        if _is_law(part):
            return None
    return None


def _is_law(part: Provision) -> bool:
    """Tell whether a provision is surely no line of a page's frame: it has a number, or is long."""
    return bool(part.text) and (bool(part.number) or len(part.text) > LONGEST_LINE)


def is_doubled(old: Iterable[Reading], new: Iterable[Reading]) -> bool:
    """Tell whether most texts of a page stand on it at least twice as often as they used to."""
    before, after = (
        Counter(text for reading in readings for text in list_texts(reading) if len(text) >= LEAST_TOLD)
        for readings in (old, new)
    )
    doubled = sum(1 for text, times in before.items() if after[text] >= 2 * times)
    return len(before) >= LEAST_NUMBERED and doubled > MOST_DOUBLES * len(before)


def speaks_of_law(old: Iterable[Reading], new: Iterable[Reading]) -> bool:
    """Tell whether a text that took a law's place speaks of law: cites it, or still names the page's own sections.

    What stands in for repealed or transferred law does; an error page, however it is worded, knows nothing of it.
    """
    told = list(new)
    words = " ".join(text for reading in told for text in list_texts(reading))
    if any(reading.references or reading.acts for reading in told) or LEGAL.search(words) is not None:
        return True
    parts = [part for reading in old for part in reading.provisions]
    names = (name for part in parts for name in (part.number, part.heading, *SECTION_HEAD.findall(part.text)))
    return any(NAME.search(name) is not None and fold_text(name).strip(" .()[]§") in words for name in names)


def list_texts(reading: Reading) -> list[str]:
    """Return the headings and texts of a reading in canonical form."""
    return [fold_text(text) for part in reading.provisions for text in (part.heading, part.text) if text]


def _count_signs(texts: Counter[str]) -> int:
    return sum(len(text) * times for text, times in texts.items())


def _count_runs(texts: Counter[str], size: int) -> Counter[tuple[str, ...]]:
    """Count the runs of so many words in texts."""
    runs: Counter[tuple[str, ...]] = Counter()
    for text in texts.elements():
        words = text.lower().split()
        runs.update(tuple(words[at : at + size]) for at in range(len(words) - size + 1))
    return runs
