"""Learn which short lines of a source's pages move for no reason: stamps, counters, rotating notices, site banners.

A line is learned when it differs on most pages of one wave, when two fetches of one page within minutes disagree on
it, or when it states a clock time to the second or the name of a session. What is learned holds from its wave on and
never before; it is recorded and shown as learned. Numbered provisions, lines with a word of duty and long lines are
never learned (DESIGN.md §5).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from kb.compare.eids import is_unnumbered, parent_of
from kb.compare.state import Learned
from kb.models import Provision, Reading
from kb.read.canonical import fold_text
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


class Restless(msgspec.Struct, frozen=True):
    """Two readings of one page between which its bytes moved; ``at_once`` says that only minutes lie between them."""

    old: Reading
    new: Reading
    at_once: bool = False


def take_frame(text: str) -> str:
    """Return a line with figures, names of moments and of sessions taken out: what a stamp and its successor share."""
    return DIGITS.sub("0", TOKEN.sub("0", MOMENT.sub("0", fold_text(text).lower())))


def learn_lines(pairs: Sequence[Restless], pages: int, since: str) -> list[Learned]:
    """Return what a wave teaches: ``pairs`` are its pages whose text differs from before, of ``pages`` in all."""
    votes: Counter[str] = Counter()
    shown: dict[str, str] = {}
    sure: dict[str, str] = {}
    for pair in pairs:
        moved = _find_moved(_list_lines(pair.old), _list_lines(pair.new))
        votes.update(moved.keys())
        shown.update({key: text for key, text in moved.items() if key not in shown})
        for key, text in moved.items():
            if key.startswith("frame") and (reason := _find_machine(text)):
                sure[key] = reason
        if pair.at_once:
            sure.update(dict.fromkeys(moved, "differed between two fetches within minutes"))
    wanted = max(LEAST_PAGES, MOST_PAGES * pages)
    most = {key: f"differed on {count} of {pages} pages at once" for key, count in votes.items() if count >= wanted}
    return [Learned(key, shown[key], since, reason) for key, reason in sorted((sure | most).items())]


def _find_machine(text: str) -> str:
    """Return why a line that moved was surely written by a machine, "" if it may have been a person."""
    if CLOCK.search(text) is not None:
        return "states a clock time to the second"
    return "names a session" if SESSION.search(text) is not None else ""


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


def _find_moved(old: Mapping[str, list[str]], new: Mapping[str, list[str]]) -> dict[str, str]:
    """Return the keys whose lines differ between two readings, each with a line that differs.

    A frame may come or go; at a place a line must stand both times, with other words.
    """
    moved = {}
    for key in (*old, *(key for key in new if key not in old)):
        before, after = old.get(key, []), new.get(key, [])
        if before == after or (key.startswith("place") and not _changed_words(before, after)):
            continue
        lone = [text for text in (*after, *before) if text not in before or text not in after]
        moved[key] = next(iter([*lone, *after, *before]))
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
    return not (is_repealed(text) or is_history(text) or is_pending(text) or read_validity(text) is not None)
