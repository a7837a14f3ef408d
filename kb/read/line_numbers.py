"""Take the line numbers of a bill or a typed opinion off its lines, and put its sentences together again.

Such pages number every printed line, in a column of a table, before the line, or glued to its first word, and begin
anew on each page. The numbers are layout: they name nothing, and every edit moves them.
"""

import re
from collections.abc import Sequence
from statistics import median

import msgspec

from kb.models import Line
from kb.read.labels import LABEL

# "7 | the board", "12 shall issue", "1Providing", "2.14 of the fee": the number before a printed line
NUMBERED = re.compile(r"(?:(?P<page>\d{1,3})\.)?(?P<number>\d{1,3})(?: \| | |(?=[A-Za-z“\"(§]))")
# No line of type is longer; fewer lines in a row prove nothing.
LONGEST, FEWEST = 160, 8
# A list's items are sentences or names; lines of type break off anywhere and fill the width. These shares of the lines
# must do so, where full is this share of the longest, and half of them must have this length.
UNENDED, LOWER, FULL, WIDE, LONG = 0.5, 0.3, 0.5, 0.75, 30
ENDS = (".", ";", ":", "?", "!", "”", '"')


class Typed(msgspec.Struct, frozen=True):
    """One printed line: its number as printed, the words after it, and the line of the page it was cut from."""

    number: str
    text: str
    line: Line


def drop_line_numbers(lines: Sequence[Line]) -> tuple[list[Line], tuple[str, ...]]:
    """Return the lines of a page without the numbers of its printed lines, and these numbers; most pages have none."""
    kept: list[Line] = []
    dropped: list[str] = []
    run: list[Typed] = []
    for line in lines:
        typed = _cut_typed(line, run[-1] if run else None) if line.text[:1].isdigit() and not line.number else []
        if typed:
            run.extend(typed)
            continue
        kept.extend(_close_run(run, dropped))
        run = []
        kept.append(line)
    kept.extend(_close_run(run, dropped))
    return kept, tuple(dropped)


def _cut_typed(line: Line, before: Typed | None) -> list[Typed]:
    """Cut a line at the numbers that go on from the one before it; [] where it does not begin with the next one."""
    found = NUMBERED.match(line.text)
    if found is None or (before is not None and not _follows(before.number, found)):
        return []
    typed: list[Typed] = []
    text = line.text
    while found is not None:
        start, number = found.end(), found[0].rstrip(" |")
        found = _find_next(text, start, number)
        words = text[start : found.start() if found is not None else len(text)].strip()
        if len(words) > LONGEST:
            return []
        typed.append(Typed(number, words, line))
    return typed


def _find_next(text: str, start: int, number: str) -> re.Match[str] | None:
    """Return where the next printed line's number stands within the length of a line."""
    at = text.find(" ", start)
    while 0 <= at < start + LONGEST:
        found = NUMBERED.match(text, at + 1)
        if found is not None and _follows(number, found):
            return found
        at = text.find(" ", at + 1)
    return None


def _follows(number: str, found: re.Match[str]) -> bool:
    """Tell whether a number is the next one on its page, or the first of the next page."""
    before = NUMBERED.match(f"{number} ")
    if before is None or (before["page"] is None) != (found["page"] is None):
        return False
    value, last = int(found["number"]), int(before["number"])
    return value == last + 1 or (value == 1 and last >= FEWEST)


def _close_run(run: Sequence[Typed], dropped: list[str]) -> list[Line]:
    """Return a run's lines without numbers where they are lines of type, as they were where they are not."""
    if not _is_typed(run):
        return list(dict.fromkeys(typed.line for typed in run))
    dropped.extend(typed.number for typed in run)
    joined: list[Line] = []
    for typed in run:
        if joined and not _starts_anew(joined[-1].text, typed.text):
            joined[-1] = msgspec.structs.replace(joined[-1], text=f"{joined[-1].text} {typed.text}".strip())
        elif typed.text:
            joined.append(msgspec.structs.replace(typed.line, text=typed.text, tag="p", lead=""))
    return joined


def _is_typed(run: Sequence[Typed]) -> bool:
    """Tell lines of type from the items of a numbered list: lines break off in the middle of a sentence."""
    texts = [typed.text for typed in run if typed.text]
    if len(texts) < FEWEST:
        return False
    unended = sum(not text.endswith(ENDS) for text in texts)
    lower = sum(text[0].islower() for text in texts)
    wide = sum(len(text) >= WIDE * max(map(len, texts)) for text in texts)
    shares = (unended >= UNENDED * len(texts), lower >= LOWER * len(texts), wide >= FULL * len(texts))
    return all(shares) and median(map(len, texts)) >= LONG and not any(" | " in text for text in texts)


def _starts_anew(before: str, text: str) -> bool:
    """Tell whether a printed line begins a paragraph: by its label, or as a sentence after one that ended."""
    return LABEL.match(text) is not None or (before.endswith(ENDS) and not text[:1].islower())
