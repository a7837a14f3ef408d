"""Learn which short lines of a source's pages move for no reason: stamps, counters, rotating notices, site banners.

A line is learned when it differs on most pages of one wave, when two fetches of one page within minutes disagree on
it, when it named both days on which it was seen, or when it states a clock time to the second or the name of a session.
What is learned holds from its wave on and never before; it is recorded and shown as learned. Numbered provisions, lines
with a word of duty and long lines are never learned (DESIGN.md §5).
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from kb.compare.eids import is_unnumbered, parent_of
from kb.compare.state import Learned
from kb.models import Provision, Reading
from kb.read.canonical import fold_text
from kb.read.dates import find_dates
from kb.read.notes import is_history, is_pending, is_repealed, read_validity

# A stamp or banner is a line; longer texts are paragraphs.
LONGEST = 160
# Fewer pages than this are no majority of anything.
LEAST_PAGES = 3
# Share of the pages read in a wave on which a line must differ.
MOST_PAGES = 0.5
# "November", "Tues", "pm": what stands for a moment beside its figures
MOMENT = re.compile(
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|fri(?:day)?"
    r"|sat(?:urday)?|sun(?:day)?|[ap]\.?m)\b\.?"
)
# "3f9a07c2d41b": a session's or request's name
TOKEN = re.compile(r"\b(?=[a-z]*\d)[0-9a-f]{8,}\b")
DIGITS = re.compile(r"\d+")
# "13:42:30": law names hours, never seconds
CLOCK = re.compile(r"\b\d{1,2}:\d{2}:\d{2}\b")
# "3f9a07c2d41b", "770041290035517": what only a machine counts or names so; law cites no such thing
SESSION = re.compile(r"\b(?:(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{8,}|\d{12,})\b", re.IGNORECASE)
# "shall", "may not": a line that speaks of duty or permission is law, however short
DUTY = re.compile(r"\b(?:shall|must|may|required|requires|prohibited|permitted|authorized|entitled)\b", re.IGNORECASE)


# "$", "30 hours", "5 mg", "2 percent": what law counts by; a line whose amount moved is never taken for a counter
AMOUNT = re.compile(
    r"[$%€£]|\b(?:dollars?|cents?|percent|minutes?|hours?|days?|weeks?|months?|years?|ages?|fees?|fines?|units?|credits?"
    r"|mg|mcg|ml|grams?|milligrams?|milliliters?|doses?|refills?|miles?|feet|minimum|maximum|least|most)\b",
    re.IGNORECASE,
)
# "Effective", "in force since", "applies from", "due by", "expires": a line that states when law applies is law
EFFECT = re.compile(
    r"\b(?:effective|in (?:force|effect)|operative|appl(?:y|ies|icable|ications?)|expir\w+|sunsets?|commenc\w+|enact\w*"
    r"|adopted|amended|valid (?:from|through|until|to)|due|deadline|beginning|terminat\w+)\b",
    re.IGNORECASE,
)
# "Rule 12-4. Permits", "§ 3.01 Fees": the number of a section before its name; not "1-5-2026 10:30"
SECTION_HEAD = re.compile(
    r"(?:(?i:rule|sec(?:tion)?s?|art(?:icle)?|ch(?:apter|ap)?|part|title|r)\b\.? ?|R|§+ ?)?"
    r"(?!\d{1,4}[-./]\d{1,2}[-./]\d{1,4}\b)\d+[A-Z]?(?:[-.:]\d+[A-Za-z]?)+\.?\s+\W*[A-Z]"
)
# "5 January 2026", "5th Jan. 2026": a day before its month
DAY_FIRST = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)? ([A-Z][a-z]{2,8})\.?,? (\d{4})\b")
# "Monday, January 12": a day without its year
NO_YEAR = re.compile(r"\b([A-Z][a-z]{2,8})\.? (\d{1,2})\b(?!,? \d{4})")
# "Last updated", "Current through": upkeep of a page, whose days may lag behind
UPKEEP = re.compile(
    r"\b(?:updated|reviewed|modified|refreshed|checked|verified|generated|printed|accessed|retrieved|visited|uploaded"
    r"|posted|current (?:as of|through))\b",
    re.IGNORECASE,
)
# A stamp may be a day ahead of the clock of a crawl elsewhere.
SLACK = timedelta(days=1)


class Restless(msgspec.Struct, frozen=True):
    """Two readings of one page between which its bytes moved, and the instant of the first.

    ``at_once`` says that only minutes lie between them.
    """

    old: Reading
    new: Reading
    seen_at: str = ""
    at_once: bool = False


class Move(msgspec.Struct, frozen=True):
    """How one short line of a page moved: its words before and after, "" where it did not stand, and when it stood."""

    old: str
    new: str
    seen_at: str = ""

    @property
    def shown(self) -> str:
        """Return the line as printed last."""
        return self.new or self.old


def take_frame(text: str) -> str:
    """Return a line with figures, names of moments and of sessions taken out: what a stamp and its successor share."""
    return DIGITS.sub("0", TOKEN.sub("0", MOMENT.sub("0", fold_text(text).lower())))


def learn_lines(pairs: Sequence[Restless], pages: int, since: str) -> list[Learned]:
    """Return what a wave teaches: ``pairs`` are its pages whose text differs from before, of ``pages`` in all."""
    moves: defaultdict[str, list[Move]] = defaultdict(list)
    sure: dict[str, str] = {}
    for pair in pairs:
        for key, move in _find_moved(_list_lines(pair.old), _list_lines(pair.new)).items():
            moves[key].append(msgspec.structs.replace(move, seen_at=pair.seen_at))
            if key.startswith("frame") and (reason := _find_machine(move.shown) or _find_today(moves[key][-1], since)):
                sure[key] = reason
            if pair.at_once:
                sure[key] = "differed between two fetches within minutes"
    wanted = max(LEAST_PAGES, MOST_PAGES * pages)
    most = {
        key: f"differed on {len(moved)} of {pages} pages at once"
        for key, moved in moves.items()
        if len(moved) >= wanted and _is_restless(moved, since)
    }
    return [Learned(key, moves[key][0].shown, since, reason) for key, reason in sorted((sure | most).items())]


def may_be_restless(before: Sequence[Reading], after: Sequence[Reading]) -> bool:
    """Tell whether a page moved in nothing but short lines of the kind that may be learned: a stamp, or a small fee.

    A second fetch within minutes tells which: law does not change between the two.
    """
    if len(before) != 1 or len(after) != 1:
        return False
    moved = _find_moved(_list_lines(before[0]), _list_lines(after[0]))
    restless = {key: Learned(key, move.shown, "", "") for key, move in moved.items()}
    # Lines that come and go shift the numbers of those beside them.
    old, new = ([_say_part(part) for part in mask_reading(one, restless).provisions] for one in (before[0], after[0]))
    return bool(moved) and old == new


def _say_part(part: Provision) -> tuple[str, ...]:
    return (part.number, part.heading, part.text, part.note, part.pending)


def _is_restless(moves: Sequence[Move], since: str) -> bool:
    """Tell whether a line that moved on most pages did so for no reason, and was not amended on all of them.

    A stamp names a day between the two sights; a counter says another number on each page and counts no amount of law.
    The same figure put for the same on every page is an amendment. A line with other words is a notice or a banner.
    """
    figures = [move for move in moves if take_frame(move.old) == take_frame(move.new)]
    if len(figures) < MOST_PAGES * len(moves):
        return True
    stamped = sum(1 for move in figures if _is_stamped(move, since))
    counted = {move.new for move in figures if AMOUNT.search(move.new) is None}
    return max(stamped, len(counted)) > MOST_PAGES * len(figures)


def _is_stamped(move: Move, since: str) -> bool:
    """Tell whether a line names a day on which it moved: no earlier than it stood otherwise, no later than now.

    A line of upkeep may name an earlier day or count copies of the page.
    """
    now = date.fromisoformat(since[:10])
    upkeep = UPKEEP.search(move.new) is not None
    before = date.min + SLACK if upkeep or not move.seen_at else date.fromisoformat(move.seen_at[:10])
    days = _find_days(move.new, now.year)
    return any(before - SLACK <= day <= now + SLACK for day in days) or (upkeep and not days)


def _find_days(text: str, year: int) -> tuple[date, ...]:
    turned = DAY_FIRST.sub(r"\2 \1, \3", text)
    return find_dates(NO_YEAR.sub(rf"\1 \2, {year}", turned))


def _find_machine(text: str) -> str:
    """Return why a line that moved was surely written by a machine, "" if it may have been a person."""
    if CLOCK.search(text) is not None:
        return "states a clock time to the second"
    return "names a session" if SESSION.search(text) is not None else ""


def _find_today(move: Move, since: str) -> str:
    """Return why a line was surely the day's own date: both times it named the day on which it was seen, else ""."""
    if not move.old or not move.seen_at or move.seen_at[:10] == since[:10]:
        return ""
    sights = (move.old, move.seen_at), (move.new, since)
    own = all(_names_day(text, date.fromisoformat(instant[:10])) for text, instant in sights)
    return "named both days on which it was seen" if own else ""


def _names_day(text: str, day: date) -> bool:
    return any(abs(found - day) <= SLACK for found in _find_days(text, day.year))


def mask_reading(reading: Reading, learned: Mapping[str, Learned]) -> Reading:
    """Return a reading without its learned lines, the very reading where it has none."""
    if not learned:
        return reading
    holders = {parent_of(part.eid) for part in reading.provisions}
    kept = [_mask_note(part, learned) for part in reading.provisions if not _is_masked(part, holders, learned)]
    same = len(kept) == len(reading.provisions) and all(map(_is_same, kept, reading.provisions))
    return reading if same else msgspec.structs.replace(reading, provisions=tuple(kept))


def _is_same(one: Provision, other: Provision) -> bool:
    return one is other


def _is_masked(part: Provision, holders: Collection[str], learned: Mapping[str, Learned]) -> bool:
    return _is_line(part, holders) and not learned.keys().isdisjoint(_keys(part.eid, part.text))


def _mask_note(part: Provision, learned: Mapping[str, Learned]) -> Provision:
    if not part.note:
        return part
    lines = part.note.split("\n")
    kept = [line for line in lines if not _is_short(line) or f"frame {take_frame(line)}" not in learned]
    return part if len(kept) == len(lines) else msgspec.structs.replace(part, note="\n".join(kept))


def _list_lines(reading: Reading) -> dict[str, list[str]]:
    """Return the short lines of a reading that may be learned, by their keys."""
    found: dict[str, list[str]] = defaultdict(list)
    holders = {parent_of(part.eid) for part in reading.provisions}
    for part in reading.provisions:
        if _is_line(part, holders):
            for key in _keys(part.eid, part.text):
                found[key].append(part.text)
        for line in part.note.split("\n") if part.note else ():
            if _is_short(line):
                found[f"frame {take_frame(line)}"].append(line)
    return found


def _find_moved(old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> dict[str, Move]:
    """Return the keys whose lines differ between two readings, each with a line that differs.

    A frame may come or go; at a place a line must stand both times, with other words.
    """
    moved = {}
    for key in (*old, *(key for key in new if key not in old)):
        before, after = old.get(key, []), new.get(key, [])
        if before == after or (key.startswith("place") and not _changed_words(before, after)):
            continue
        left = next((text for text in before if text not in after), before[0] if before else "")
        came = next((text for text in after if text not in before), after[0] if after else "")
        moved[key] = Move(left, came)
    return moved


def _changed_words(before: Iterable[str], after: Iterable[str]) -> bool:
    one, other = list(map(take_frame, before)), list(map(take_frame, after))
    return bool(one) and bool(other) and one != other


def _keys(eid: str, text: str) -> tuple[str, str]:
    return f"frame {take_frame(text)}", f"place {eid}"


def _is_line(part: Provision, holders: Collection[str]) -> bool:
    """Tell whether a provision is a lone short line without number or heading, which may be learned."""
    plain = is_unnumbered(part.eid) and not part.number and not part.heading and part.eid not in holders
    return plain and _is_short(part.text)


def _is_short(text: str) -> bool:
    """Tell whether a line is short and says nothing of law: no duty, no act, no date of effect, no coming change."""
    if not text or len(text) > LONGEST or DUTY.search(text) is not None:
        return False
    if EFFECT.search(text) is not None or SECTION_HEAD.match(text) is not None:
        return False
    return not (is_repealed(text) or is_history(text) or is_pending(text) or read_validity(text) is not None)
