"""Tell the law of a document from what publishers print round it: history notes, annotations, notices, banners."""

import re
from collections.abc import Sequence

import msgspec

from kb.models import Line
from kb.read.labels import HEADING_TAGS, SECTION
from kb.read.notes import is_history, is_notice, is_pending, is_repealed, split_history, split_mark

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
# Links to other pages that a copy of the page left in its text: "Previous"  "Next"  "Vol06_Ch0321-0344"
FURNITURE = re.compile(r"\W*(?:(?:previous|next|back|top|back to top|print|share|home)\W*|\w+_[\w-]+)", re.IGNORECASE)

# "Rule 4-101. Fees"  "R11-103 | Seasons"  "Sec. 9.02 LIGHTS.": a line that may stand over a section, by its number
HEAD = re.compile(r"(?:[A-Z][A-Za-z]{0,8}\.? ?|§+ ?)?\d+[A-Z]?(?:[-\u2010-\u2013.:]\d+[A-Za-z]?)+\.?(?=[\s|]|$)")
LONGEST_HEAD = 150
DIGITS = re.compile(r"\d+")


class Parted(msgspec.Struct, frozen=True):
    """The lines of one document by part: ``law`` as lines, ``notes`` and ``pending`` as printed texts, in order."""

    law: tuple[Line, ...]
    notes: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


class _Parting:
    """What was found so far: the parts, whether notes are being read, and the widest heading that stood over law.

    ``headed`` says that the line before was a note's heading in a block of notes, ``heads`` how the numbers of
    sections are printed at the head of a line of law.
    """

    __slots__ = ("headed", "heads", "law", "notes", "noting", "pending", "widest")

    def __init__(self) -> None:
        self.law: list[Line] = []
        self.notes: list[str] = []
        self.pending: list[str] = []
        self.noting = False
        self.headed = False
        self.heads: set[str] = set()
        self.widest = ""

    def take_law(self, line: Line) -> None:
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
            self.notes.append(note)
            self.noting = True
            line = msgspec.structs.replace(line, text=law)
        self.law.append(line)

    def take_noted(self, line: Line) -> None:
        """Take a line that stands after a note: more notes, unless it opens another stretch of law."""
        self.noting, self.headed = True, False
        if self._opens_law(line):
            self.noting = False
            self.take_law(line)
        else:
            self.notes.append(_printed(line))

    def _opens_law(self, line: Line) -> bool:
        if line.tag in HEADING_TAGS:
            wide = bool(self.widest) and line.tag <= self.widest
            return wide and not NOTE_HEADING.fullmatch(line.text) and not NOTE_SEQUEL.fullmatch(line.text)
        if _shape_head(line) in self.heads and not is_history(line.text):
            return True
        if line.lead:
            return SECTION.match(f"{line.lead} A") is not None
        return line.text.startswith("§") and SECTION.match(line.text) is not None and not is_history(line.text)


def part_lines(lines: Sequence[Line]) -> Parted:
    """Tell law from notes and banners in the lines of one document.

    Once a note heading or a history note is met, what follows is notes, up to a heading as wide as one that stood
    over law, to a bold section number, or to a number printed as that of a section above. A stub that says the law
    ended stays law. Returns the parts.
    """
    parting = _Parting()
    for line in lines:
        if line.part == "pending":
            parting.pending.append(_printed(line))
        elif line.part == "note":
            parting.notes.append(_printed(line))
            # A block that ends with a note's heading leaves the note itself outside.
            parting.headed = NOTE_HEADING.fullmatch(line.text) is not None
        elif parting.noting or parting.headed:
            parting.take_noted(line)
        elif _is_law(line, parting):
            parting.take_law(line)
    return Parted(tuple(parting.law), tuple(parting.notes), tuple(parting.pending))


def _shape_head(line: Line) -> str:
    """Return how the number at the head of a short line is printed, with its element; "" where there is none."""
    head = HEAD.match(line.text) if len(line.text) <= LONGEST_HEAD and not line.number else None
    return f"{line.tag} {DIGITS.sub('0', head[0])}" if head is not None else ""


def _is_law(line: Line, parting: _Parting) -> bool:
    """Tell whether a line outside notes is law; if not, it is put where it belongs."""
    if line.path is not None or _is_numbered(line.text):
        return True
    if _starts_notes(line) and not _is_stub(line, parting):
        parting.noting = True
        parting.notes.append(_printed(line))
    elif is_notice(line.text) or _is_furniture(line):
        parting.notes.append(_printed(line))
    elif is_pending(line.text):
        parting.pending.append(_printed(line))
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


def _printed(line: Line) -> str:
    return f"{line.number} {line.text}" if line.number else line.text
