"""Tell the law of a document from what publishers print round it: history notes, annotations, notices, banners."""

import re
from collections.abc import Sequence
from itertools import takewhile

import msgspec

from kb.models import Line
from kb.read.labels import HEADING_TAGS, LABEL, SECTION, Rank, match_section, read_label
from kb.read.notes import (
    is_bracketed,
    is_history,
    is_notice,
    is_pending,
    is_repealed,
    is_stamp,
    split_history,
    split_mark,
)

# Headings under which codifiers put what is no law: "History of Section."  "Cross References."  "NOTES TO DECISIONS"
_NOTES = (
    r"(?:(?:legislative|statutory|section) )?histor(?:y|ical)(?: (?:of sections?|(?:and [a-z]+ )?notes?))?"
    r"|sources?(?: notes?)?|credits?|annotations?|derivation|notes?|footnotes?"
    r"|(?:case|amendment|source|editor|compiler|revis[eo]r|reporter|publisher|codifier|code commissioner)"
    r"['’]?s?['’]? (?:notes?|comments?)|official comments?|notes (?:to|of) decisions|(?:judicial|court) decisions"
    r"|(?:cross|research|library|collateral)[- ]references?(?: and [a-z ]{4,20})?|law reviews?(?: and [a-z ]{4,30})?"
    r"|comparative (?:legislation|provisions)|reenactments?|repealed sections|effect of amendments?"
    r"|(?:opinions of (?:the )?attorney general|attorney general opinions)|statut\w+(?:/\w+)? (?:authority|implemented)"
    r"|former (?:law|sections?)|prior (?:law|codifications)|textbooks|decisions under prior law"
)
NOTE_HEADING = re.compile(rf"[\W\d]*(?:{_NOTES})\W*", re.IGNORECASE)
# Headings that stand over law as often as over notes: they go on with notes, and never begin them.
NOTE_SEQUEL = re.compile(
    r"\W*(?:amendments?|effective dates?|applicability|severability|short titles?|(?:delegation of )?authority|"
    r"(?:temporary|emergency) legislation|resolutions|executive orders|transfer of functions|legislative intent|"
    r"savings clauses?|references|comments?)\b.{0,60}",
    re.IGNORECASE,
)
# Facts that publishers print beside a text, above it or below: "Latest Legislation: House Bill 24 - 133rd …"
FACT = re.compile(
    r"\W*(?:latest legislation|last revision date|(?:prior )?effective dates?|effective"
    r"|[a-z/]+ (?:authority|implemented)|(?:five[- ]year )?review\b.{0,12}? dates?|promulgated under"
    r"|rule amplifies)\s*:",
    re.IGNORECASE,
)
FACT_LINES = 10
DUTY = re.compile(r"\b(?:shall|must|may)\b")
ENDED = re.compile(r"\b(?:repeal|reserved\b|renumbered\b|transferred\b|redesignated\b)", re.IGNORECASE)
# Links to other pages that a copy of the page left in its text: "Previous"  "Next"  "Vol06_Ch0321-0344"
FURNITURE = re.compile(r"\W*(?:(?:previous|next|back|top|back to top|print|share|home)\W*|\w+_[\w-]+)", re.IGNORECASE)

# "Rule 4-101. Fees"  "R11-103 | Seasons"  "Sec. 9.02 LIGHTS.": a line that may stand over a section, by its number
HEAD = re.compile(r"(?:[A-Z][A-Za-z]{0,8}\.? ?|§+ ?)?\d+[A-Z]?(?:[-\u2010-\u2013.:]\d+[A-Za-z]?)+\.?(?=[\s|]|$)")
DIGITS = re.compile(r"\d+")


class Parted(msgspec.Struct, frozen=True):
    """The lines of one document by part: ``law`` as lines, ``notes`` and ``pending`` as printed texts, in order.

    ``own_notes`` are those printed below one paragraph of the law, each with the place of its line in ``law``.
    """

    law: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    own_notes: tuple[tuple[int, str], ...] = ()


class _Parting:
    """What was found so far: the parts, whether notes are being read, and the widest heading that stood over law.

    ``headed`` says that the line before was a note's heading in a block of notes. ``loose`` counts the notes in
    brackets that stand alone below the last line of law (its own, if law goes on), and is -1 once other notes do;
    ``by_paragraph`` says that law went on before. ``heads`` tells how the numbers of sections are printed at the head
    of a line of law.
    """

    __slots__ = ("by_paragraph", "headed", "heads", "law", "loose", "notes", "noting", "own_notes", "pending", "widest")

    def __init__(self) -> None:
        self.law: list[Line] = []
        self.notes: list[str] = []
        self.pending: list[str] = []
        self.own_notes: list[tuple[int, str]] = []
        self.noting = False
        self.headed = False
        self.by_paragraph = False
        self.loose = 0
        self.heads: set[str] = set()
        self.widest = ""

    def take_law(self, line: Line) -> None:
        if self.loose:
            self._settle_loose(line)
        if line.tag in HEADING_TAGS and (not self.widest or line.tag < self.widest):
            self.widest = line.tag
        if not self.law:
            mark, rest = split_mark(line.text)
            if mark:
                self.notes.append(mark)
                line = msgspec.structs.replace(line, text=rest)
        if head := _shape_head(line):
            self.heads.add(head)
        law, note = split_history(line.text) if line.text[-2:].endswith(("]", "].")) else (line.text, "")
        if note:
            line = msgspec.structs.replace(line, text=law)
        self.law.append(line)
        if note:
            self.noting = True
            self.take_note(note)

    def take_note(self, note: str) -> None:
        """Take a note; one in brackets right below law is loose until it is known what follows."""
        alone = self.loose >= 0 and self.law and is_bracketed(note)
        if not alone and self.by_paragraph:
            self._keep_own()
        self.notes.append(note)
        self.loose = self.loose + 1 if alone else -1

    def _settle_loose(self, line: Line) -> None:
        """Give loose notes to the line of law above them where the same section goes on below."""
        if self._has_own() and not self._opens_section(line):
            self._give_loose()
            self.by_paragraph = True
        self.loose = 0

    def _has_own(self) -> bool:
        """Tell whether nothing but histories stands below the last line of law."""
        return self.loose > 0 and all(map(is_history, self.notes[-self.loose :]))

    def _keep_own(self) -> None:
        """Leave the last paragraph its own history where the others have theirs."""
        if self.by_paragraph and self._has_own():
            self._give_loose()

    def _give_loose(self) -> None:
        self.own_notes.extend((len(self.law) - 1, note) for note in self.notes[-self.loose :])
        del self.notes[-self.loose :]

    def take_noted(self, line: Line, following: Line | None) -> None:
        """Take a line that stands after a note: more notes, unless it opens a stretch of law or goes on with one."""
        self.noting, self.headed = True, False
        if self._opens_law(line) or (self._has_own() and self._goes_on(line, following)):
            self.noting = False
            self.take_law(line)
        else:
            self.take_note(print_line(line))

    def _opens_law(self, line: Line) -> bool:
        if line.tag in HEADING_TAGS:
            wide = bool(self.widest) and line.tag <= self.widest
            return wide and not NOTE_HEADING.fullmatch(line.text) and not NOTE_SEQUEL.fullmatch(line.text)
        return self._opens_section(line)

    def _opens_section(self, line: Line) -> bool:
        if line.tag in HEADING_TAGS or (_shape_head(line) in self.heads and not is_history(line.text)):
            return True
        if line.lead:
            return SECTION.match(f"{line.lead} A") is not None
        return match_section(line.text) is not None and not is_history(line.text)

    def _goes_on(self, line: Line, following: Line | None) -> bool:
        """Tell whether a line below a paragraph's history is law: it has the next number, or its own history."""
        if line.tag in HEADING_TAGS or is_notice(line.text) or _starts_notes(line):
            return False
        ranks = _ranks_of(line)
        if not ranks:
            return split_history(line.text)[1] != "" or _is_own(following)
        if any(rank.value == 1 and not rank.suffix for rank in ranks):
            return self.by_paragraph or self.law[-1].text.endswith((":", "—", ","))
        before = {(rank.style, rank.value) for law in self.law for rank in _ranks_of(law)}
        return any((rank.style, rank.value - (not rank.suffix)) in before for rank in ranks)

    def finish(self) -> Parted:
        """Return the parts."""
        self._keep_own()
        return Parted(tuple(self.law), tuple(self.notes), tuple(self.pending), tuple(self.own_notes))


def part_lines(lines: Sequence[Line]) -> Parted:
    """Tell law from notes and banners in the lines of one document.

    Once a note heading or a history note is met, what follows is notes, up to a heading as wide as one that stood
    over law, to a bold section number, or to a number printed as that of a section above. A history in brackets below
    one paragraph ends with it where the numbers of the law go on. A history above all of a text ("Adopted March 5,
    2020" below the title of a policy) is that one line. A stub that says the law ended stays law. Returns the parts.
    """
    # Facts stand at either end of a text.
    if any(line.text[-1:] == ":" for line in (*lines[:FACT_LINES], *lines[-FACT_LINES:])):
        lines = _join_facts(lines)
    parted = _part_below(lines)
    if len(parted.notes) < 2 or any(map(_tells_law, parted.law)) or not _speaks_below(lines):
        return parted
    start = next(at for at, line in enumerate(lines) if _is_bare_history(line))
    above = list(takewhile(_is_bare_history, lines[start:]))
    below = _part_below([*lines[:start], *lines[start + len(above) :]])
    return msgspec.structs.replace(below, notes=(*map(print_line, above), *below.notes)) if below.law else parted


def _part_below(lines: Sequence[Line]) -> Parted:
    """Part lines whose histories, if any, stand below their law."""
    parting = _Parting()
    for at, line in enumerate(lines):
        if line.part == "pending":
            parting.pending.append(print_line(line))
        elif line.part == "note":
            parting.take_note(print_line(line))
            # A block that ends with a note's heading leaves the note itself outside.
            parting.headed = NOTE_HEADING.fullmatch(line.text) is not None
        elif parting.noting or parting.headed:
            parting.take_noted(line, _get_line(lines, at + 1))
        elif line.tag in HEADING_TAGS and _heads_history(line, _get_line(lines, at + 1)):
            parting.noting = True
            parting.take_note(print_line(line))
        elif _is_law(line, parting):
            parting.take_law(line)
    return parting.finish()


def _tells_law(line: Line) -> bool:
    """Tell whether a line of law is more than a title: a numbered line, or a sentence."""
    numbered = line.path is not None or line.number != "" or _is_numbered(line.text)
    return numbered or line.text.rstrip("\"'”’)] ")[-1:] in (".", ";", ":")


def _is_bare_history(line: Line) -> bool:
    return line.part == "text" and line.tag not in HEADING_TAGS and not line.number and is_history(line.text)


def _speaks_below(lines: Sequence[Line]) -> bool:
    """Tell whether the first history of a text stands over sentences of duty, and nothing says that the law ended."""
    at = next((at for at, line in enumerate(lines[:FACT_LINES]) if _is_bare_history(line)), None)
    if at is None or any(ENDED.search(line.text) for line in lines):
        return False
    below = _get_line(lines, at + 1)
    noted = below is not None and _starts_notes(below) and not is_history(below.text)
    return not noted and any(line.part == "text" and DUTY.search(line.text) for line in lines[at + 1 :])


def _get_line(lines: Sequence[Line], at: int) -> Line | None:
    return lines[at] if at < len(lines) else None


def _heads_history(line: Line, following: Line | None) -> bool:
    """Tell whether a heading that may stand over law ("Authority") stands over a history."""
    return following is not None and NOTE_SEQUEL.fullmatch(line.text) is not None and is_history(following.text)


def _join_facts(lines: Sequence[Line]) -> list[Line]:
    """Join the name of a fact about the text ("Effective:") and its value, where the page sets them on two lines."""
    joined: list[Line] = []
    for line in lines:
        name = joined[-1] if joined else None
        if name is not None and name.part == line.part == "text" and name.text[-1:] == ":" and len(name.text) < 40:
            told = f"{name.text} {line.text}"
            if is_stamp(told) or (FACT.match(told) is not None and is_history(told)):
                joined[-1] = msgspec.structs.replace(name, text=told)
                continue
        joined.append(line)
    return joined


def _is_own(line: Line | None) -> bool:
    return line is not None and is_bracketed(line.text) and is_history(line.text)


def _ranks_of(line: Line) -> tuple[Rank, ...]:
    """Return what the first printed number of a line can stand for, () where it has none."""
    label = LABEL.match(f"{line.number} {line.text}" if line.number else line.text)
    return read_label(label[1]) if label is not None else ()


def _shape_head(line: Line) -> str:
    """Return how the number at the head of a line is printed, with its element; "" where there is none."""
    head = HEAD.match(line.text) if not line.number else None
    return f"{line.tag} {DIGITS.sub('0', head[0])}" if head is not None else ""


def _is_law(line: Line, parting: _Parting) -> bool:
    """Tell whether a line outside notes is law; if not, it is put where it belongs."""
    if line.path is not None or _is_numbered(line.text):
        return True
    if _starts_notes(line) and not _is_stub(line, parting):
        # Facts about a text may stand above it; what follows a history below it is more notes.
        parting.noting = bool(parting.law) or FACT.match(line.text) is None
        parting.take_note(print_line(line))
    elif is_notice(line.text) or is_stamp(line.text) or _is_furniture(line):
        parting.take_note(print_line(line))
    elif is_pending(line.text):
        parting.pending.append(print_line(line))
    else:
        return True
    return False


def _is_numbered(text: str) -> bool:
    """Tell whether a line begins with a short number in parentheses: no note does, and most lines of law do."""
    return text[:1] == "(" and (text[2:4] == ") " or text[3:5] == ") ")


def _starts_notes(line: Line) -> bool:
    if line.number:
        return False
    text = line.text
    if line.tag in HEADING_TAGS:
        return NOTE_HEADING.fullmatch(text) is not None
    if line.lead and NOTE_HEADING.fullmatch(line.lead) is not None:
        return True
    if len(text) < 60 and " " in text and NOTE_HEADING.fullmatch(text) is not None:
        return True
    return is_history(text)


def _is_furniture(line: Line) -> bool:
    return len(line.text) < 30 and not line.number and FURNITURE.fullmatch(line.text) is not None


def _is_stub(line: Line, parting: _Parting) -> bool:
    """Tell whether a document's first line says that its law ended: "[1965 c.556 §1; repealed by 1967 c.502 §21]"."""
    # The second form stands behind its section number, which is no part of the line any more.
    return not parting.law and (is_repealed(line.text) or is_repealed(f"00 {line.text}"))


def print_line(line: Line) -> str:
    """Return a line as printed, its number before its text."""
    return f"{line.number} {line.text}" if line.number else line.text
