"""Read what publishers print around the law: history notes, validity marks, notices, pending changes, repeal stubs."""

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from kb.models import Act, Validity
from kb.read.dates import DATE, DATE_PATTERN, DATE_SHAPE, parse_date, read_match


class Form(NamedTuple):
    """One way of citing an act or register issue: its name, its regex, and an example the regex matches whole.

    ``sequel`` is what follows the example in a note.
    """

    name: str
    pattern: str
    example: str
    sequel: str = ";"


_YEAR = r"(?:1[6-9]|20)\d\d"
_CHAPTER = r"\b[Cc](?:h(?:s|ap(?:ter)?)?|c)?\b\.?"
_NUMBERS = r"\d+(?:-\d+(?![\d/-]))?[A-Za-z]?\b(?:(?:, | & | and )\d+\b(?! [A-Z]))*"

# Tried in this order at every place of a note. The last thing printed in a match is the number that names the act,
# except where the year stands last ("ch 45 SLA 1982"): names are kept as printed.
ACTS = (
    Form("numbered", r"(?:[A-Z]\w{0,9}\. ?){0,4}\b(?:Law|Act|Resolution)s? (?:No\. )?R?\d+[-‑–]\d+", "D.C. Law 24-202"),
    Form("public", r"P(?:ub)?\. ?[LA]\.? ?(?:No\. )?\d+[-‑–]\d+|Public (?:Law|Act) \d+[-‑–]\d+", "P.A. 97-334"),
    Form("hyphened", rf"{_CHAPTER} ?\d+[-‑–]\d+(?!\d)", "ch. 73-331"),
    Form(
        "year_last",
        rf"{_CHAPTER} ?\d+,? (?:(?:[A-Z0-9][A-Za-z0-9]*\.? ){{1,2}}{_YEAR}\b|{_YEAR} (?:[A-Z]\w+ ){{1,2}}Session)",
        "ch 45 SLA 1982",
    ),
    Form(
        "body_first",
        rf"\b(?:Acts?|Laws|[A-Z]\w*\. ?L\.|(?:[A-Z]\. ?){{0,2}}L\.?|PL|RR|SL|St(?:at)?s?\.?)"
        rf" ?(?:Ex\. ?Sess\. )?(?:{_YEAR}|\d\d(?=,))\b(?:(?!{DATE_SHAPE})[^;§()\[\]]|\([A-Z]{{1,3}} [\d-]+\)){{0,40}}?"
        rf"(?:{_CHAPTER}|\bNos?\.|\bp\.|\bLB|\b[HS]\.?B\.|\bAct(?: No\.)?) ?{_NUMBERS}",
        "P.L. 2016, ch. 180",
    ),
    Form(
        "year_first",
        rf"\b(?:(?:\d?(?:Sp|Ex)\.? ?)?{_YEAR},? (?:(?:Sp|Ex)\. Sess\. [IVX]+, )?(?:[A-Z][a-z]+\. )?(?:Acts,? )?"
        r"|\d\d Acts, )"
        rf"(?:{_CHAPTER}|a\.|Nos?\.|Act(?: No\.)?|P\.A\.|LB) ?{_NUMBERS}",
        "2013 c 19",
    ),
    Form("volume_chapter", rf"\b\d{{1,3}} [A-Z]\w+\. Laws, {_CHAPTER} ?\d+", "58 Del. Laws, c. 424"),
    Form("act_number", r"\bP\. ?L\. ?\d+, No\. ?\d+", "P.L.233, No.64"),
    Form(
        "filing",
        r"(?<=#)\d{4,5}\b|\b\d{8}-[A-Z]{2}-\d+[A-Z]+|\b[A-Z]{2,5} \d{1,3}-\d{4}\b|\bWSR \d\d-\d\d-\d{3}"
        r"|\bR\.\d{4} d\.\d+",
        "BP 57-2024",
    ),
    # Not a day and a clock: "Nov. 19, 2019, 8:41 AM".
    Form("chapter_section", rf"(?<! \d, )(?<! \d\d, )\b{_YEAR}, \d+:\d+(?!\d| ?[AaPp]\.?[Mm])", "2016, 2:6"),
    Form("session_page", rf"\b{_YEAR}, \d{{2,4}}(?=[;)\].]|, eff)", "2017, 4431"),
)
# Reported only where the entry names no act: the issue or page that printed it, a bill, a chapter of the entry's year.
PRINTS = (
    Form("statutes_at_large", rf"\b\d{{1,3}} Stat\. \d+(?:, {_CHAPTER} ?\d+)?", "48 Stat. 1143, ch. 672"),
    Form(
        "register",
        r"\b\d{1,3} (?:[A-Z][a-z]*\.? ?){0,2}(?:FR|DCR|[A-Z]R|R\.|Reg(?:ister|\.)?|B\.) ?\d+",
        "39 FR 22142",
    ),
    Form("register_colon", r"\b[A-Z]{2} \d{1,3}:\d+", "LR 10:906"),
    Form(
        "register_issue",
        r"\b(?:[A-Z]\w{1,20} ){1,3}Register Vol(?:ume|\.) \d+, (?:Issue|No\.) \d+",
        "Virginia Register Volume 25, Issue 6",
    ),
    Form("rule_number", r"\b\d+(?:\.\d+){2,4} [A-Z]{3,5}\b", "16.19.20.41 NMAC"),
    Form("bill", r"\b(?:House|Senate|Assembly) Bill (?:No\. )?\d+|\b[HSA]\.?B\.? ?\d+", "House Bill 24"),
    Form("bare_chapter", r"\bch\. \d+", "ch. 792"),
    # A second act of a list whose first names the kind: "P.A. 102-490, eff. 1-1-24; 103-732, eff. 8-2-24"
    Form("bare_act", r"(?:(?<=; )|^)\d{2,4}-\d{1,4}(?=, (?:eff\.|ss?\. ?\d))", "103-732", ", eff."),
    Form("code_edition", r"\bC\d\d,(?: \d\d,)* §[\w.-]+\w", "C73, 75, 77, §204.207"),
)
_ACT = "|".join(form.pattern for form in ACTS)
_PRINT = "|".join(form.pattern for form in PRINTS)
ACT = re.compile(f"{_ACT}|{_PRINT}")
# What makes a line of note words a history note: an act, an issue that printed it, or a dated chapter.
NAMES_ACT = re.compile(f"{_ACT}|{'|'.join(form.pattern for form in PRINTS[:5])}|{DATE_SHAPE}, ch\\. \\d|\\[C\\d\\d\\b")
# "Filed November 9, 1982. Amended effective January 21, 1998": a rule's life told by dates alone
DATED_LIFE = re.compile(
    rf"(?i:\b(?:f\.|filed|adopted|readopted|amended|added|am|amd|comp))\b[^;\d]{{0,30}}?(?:{DATE_SHAPE})"
)
# "(Licensing Board; 8 EAC 5-5; filed Apr 24, 2008: 20080521-XX-8440FRA)": a filing in brackets, whoever filed it
FILED = re.compile(
    rf"[(\[][^()\[\]]*;[^()\[\]]*\b(?:re)?(?:filed|adopted) [^()\[\]]*?(?:{DATE_SHAPE})[^()\[\]]*[)\]]\.?"
)
# Ends of an entry: "; "  " -- "  ". Amended"  "as amended at"  " am."  "A, 12/17/2019" (an amendment of a rule)
_BREAK = (
    r"(?i:;|--|\b(?:as )?(?:amended|amendments?|added|repealed|renumbered|redesignated|readopted|am\.|amd\.|crt)"
    r"(?![\w-]))"
)
PIECE = re.compile(f"(?P<date>{DATE_PATTERN})|(?P<act>{_ACT})|(?P<print>{_PRINT})|(?P<stop>{_BREAK})")
# "§ 3(l)" is section 3  "§§ 2"  "s. 12": the section of an act that an entry cites
CITED = re.compile(r"(?:§+|\bs\.) ?(\d[\w-]*)")
# "eff. " "Imd. Eff. " "effective on " right before a date
BEFORE_DATE = re.compile(r"(?i)\beff?(?:ective)?\.?(?: date)?:?(?: on| from)? ?\Z")

# "Amended: Filed June 17, 2010;": the effective date that follows is that of this filing
JUST_FILED = re.compile(rf"(?i:\b(?:filed|f\.),? (?:{DATE_SHAPE})[;,]?\Z)")

# Words that history notes are made of, and laws are not: a line of these, numbers and initials alone is a note.
NOTE_WORDS = frozenset(
    "a act acting acts add added adj adopt adopted after al am amd amend amended amending amendment and ann apr april "
    "art article arts as assem at aug august auth authority authorized bill by c cc ch chap chapter chs code codified "
    "comp const cr created crt cum date dec december derived div ed eff effective emerg en enacted ex expires express "
    "ext extra feb february filed first form former formerly from gen general hb history house imd imp impl "
    "implementing in init initiative issue jan january jul july jun june l last law laws leg legislation legislature "
    "m mar march may measure mod modified new nmac no nos nov november oct october of operative ord orig original p "
    "page par part parts pp prior pt pts pub public r ra rd readopted rec recodified redes redesig redesignated reen "
    "reenact reenacted reg register regular ren renumber renumbered rep repeal repealed replaced res resolution rev "
    "revised revived rp rr rs rule s sb sec second secs section sections see senate sep sept september sess session "
    "source sp spec special ss st stat stats sub subch subsec supp suspend temporary th third through tit title to "
    "trans transferred vol volume".split()
)
# A word with what makes it an initial, a letter of a list or a collection: "Shan."  "(b)"  "Ok Reg"  "(Williams, §"
WORD = re.compile(
    r"\([A-Z][a-z]+, (?P<named>§)|(?<!\w)[A-Za-z][A-Za-z'’]*(?!\w)(?P<mark>\.|\)| (?:Reg(?:ister)?|Laws)\b)?"
    r"|(?P<quote>[\"“”])"
)
# History of Section. …   [Statutory Authority: …   (Source: …   HISTORICAL NOTE: …   History.—s. 1
LABELLED = re.compile(
    r"-{5,}|(?:Source:? )?The provisions of this §+ ?[\w.:-]+ (?:issued|adopted|amended|added|reserved)\b"
    r"|Original Rule (?:entitled|filed)\b|Authors?: "
    r"|[\[(*]*(?:HISTOR(?:Y|ICAL)|Histor(?:y|ical)|SOURCE|Source|CREDITS?|Credits?"
    r"|(?:[A-Z][\w/]+ )?(?:AUTHORITY|Authority|Implemented)|(?:Prior )?Effective Dates"
    r"|Latest Legislation|Last Revision Date|(?:Five[- ]Year )?Review (?:\([A-Z]+\) )?Dates?)"
    r"(?: (?:NOTE|Note|[oO]f (?:SECTION|[Ss]ection))S?s?)?(?:\s*[.:—–-]|(?= \d\. [A-Z]))"
)
# A stub says so in words of law, an item of a pending list is dated before a colon: neither is a history note.
NOT_HISTORY = re.compile(rf"\W*(?:(?i:repealed|deleted|rescinded)\b|{DATE_SHAPE}:)")
# "(1) Fees. [2021 c.667 §2]": no history begins with the number of a paragraph
LAW_LABEL = re.compile(r"\(\w{1,4}\) [A-Z]")
# "39 FR 22142": the federal gazette, cited by volume and page
GAZETTE = re.compile(r"\d FR \d")
ANY_DIGIT = re.compile(r"\d")
SPEAKS_LAW = re.compile(r"\b(?:shall|must|means|is|are|was|were)\b")
# "… of this section. [2021 c.667 §2]": where a trailing history note may begin
OPENED = re.compile(r"(?<!\S)\[(?=[A-Z\d§])")
MOST_OPENED = 4  # brackets tried from the end: trying all of a hostile line would cost its length squared


def read_acts(note: str) -> tuple[Act, ...]:
    """Read the acts and register issues of a history note, each with the date that its own entry states.

    ``note`` is a line for which ``is_history`` holds. Returns the acts in printed order, named as printed and ending
    with the number that names them; an entry that names none but states a date is reported under its own words. The
    date is the effective date where the entry says which it is, else the only date it states, else None.
    """
    acts: list[Act] = []
    for entry in _split_entries(note):
        _read_entry(entry, acts)
    return tuple(acts)


def cite_acts(note: str) -> tuple[tuple[str, str], ...]:
    """Read the acts of a history note with the section of the act that each entry cites ("6", "" where none).

    ``note`` is a line for which ``is_history`` holds. Returns (name, section) in printed order, names as printed.
    """
    found: list[tuple[str, str]] = []
    for entry in _split_entries(note):
        for piece, sequel in pairwise([*entry, None]):
            if piece is not None and piece["act"]:
                end = sequel.start() if sequel is not None else len(note)
                cited = CITED.search(note, piece.end(), end)
                found.append((_trim(piece[0]), cited[1] if cited is not None else ""))
    return tuple(found)


def _split_entries(note: str) -> list[list[re.Match[str]]]:
    entries: list[list[re.Match[str]]] = [[]]
    for piece in PIECE.finditer(note):
        if piece["stop"]:
            entries.append([])
        entries[-1].append(piece)
    return entries


def _read_entry(pieces: list[re.Match[str]], acts: list[Act]) -> None:
    """Append the acts of one entry; a lone effective date completes the act before it."""
    wanted = "act" if any(piece["act"] for piece in pieces) else "print"
    leading: date | None = None
    printed = any(piece["print"] and GAZETTE.search(piece[0]) for piece in pieces)
    named = 0
    for piece in pieces:
        if piece["date"]:
            stated = _is_effective(piece)
            if wanted == "print" and printed and not stated:
                # The date beside a page of the Federal Register is that of the issue.
                continue
            day = read_match(piece)
            if named == 0:
                leading = day if leading is None or stated else leading
            elif acts[-1].effective_on is None or stated:
                acts[-1] = Act(acts[-1].name, day)
        elif piece[wanted] and not (named and acts[-1].name == _trim(piece[0])):
            acts.append(Act(_trim(piece[0]), leading))
            named += 1
    if named == 0 and leading is not None:
        _read_dated_entry(pieces, leading, acts)


def _read_dated_entry(pieces: list[re.Match[str]], day: date, acts: list[Act]) -> None:
    """Append an entry that states dates but names no act, or complete the act or filing before it."""
    dates = [piece for piece in pieces if piece["date"]]
    note, start = dates[0].string, pieces[0].end() if pieces[0][0] == ";" else pieces[0].start()
    words = note[start : dates[-1].end()]
    lone = acts and BEFORE_DATE.fullmatch(note[start : dates[0].start()].lstrip(" ;,"))
    if lone and (acts[-1].effective_on is None or JUST_FILED.search(note, max(0, start - 80), start)):
        acts[-1] = Act(acts[-1].name, day)
    elif len(dates) > 1 and all(not note[a.end() : b.start()].strip(", ") for a, b in pairwise(dates)):
        acts.extend(Act(each[0], read_match(each)) for each in dates)
    elif len(words) <= 80:
        acts.append(Act(_trim(words), day))


def _is_effective(piece: re.Match[str]) -> bool:
    return BEFORE_DATE.search(piece.string, max(0, piece.start() - 24), piece.start()) is not None


def _trim(name: str) -> str:
    return name.strip(" ,;.-—[(")


def is_history(text: str) -> bool:
    """Tell whether a line is a history, source or authority note, and nothing but that.

    True for a labelled note with an act, date or section in it, and for an unlabelled line made of act citations,
    dates and the few words of such notes alone. A sentence of law that cites an act is never one; nor is a repeal stub.
    """
    label = LABELLED.match(text)
    if label is None and not _holds_note_words_only(text):
        return text[:1] in "([" and FILED.fullmatch(text) is not None and SPEAKS_LAW.search(text) is None
    if label:
        return ANY_DIGIT.search(text) is not None and SPEAKS_LAW.search(text, label.end()) is None
    if NOT_HISTORY.match(text) or LAW_LABEL.match(text) or text.rstrip()[-1:] in ";:," or is_repealed(text):
        return False
    return NAMES_ACT.search(text) is not None or DATED_LIFE.search(text) is not None


def _holds_note_words_only(text: str) -> bool:
    """Tell whether every word belongs to history notes; a word of law, met early in any sentence, ends the search."""
    for word in WORD.finditer(text):
        if word["quote"]:
            return False
        letters = word[0].rstrip(".)")
        if word["named"] or letters.lower() in NOTE_WORDS or letters.isupper() or not letters[1:].islower():
            continue
        if not word["mark"] or (len(letters) > 4 and word["mark"] in ".)"):
            return False
    return True


def is_bracketed(text: str) -> bool:
    """Tell whether a line stands wholly in brackets, as histories of single paragraphs do: "[PL 2015, c. 488, §9]"."""
    return text[:1] in ("[", "(") and text.endswith(("]", ")", "].", ")."))


def split_history(text: str) -> tuple[str, str]:
    """Part a line of law from the history note in square brackets at its end; returns (law, note), "" where none."""
    if not text.endswith(("]", "].")) or is_history(text):
        return text, ""
    for opened in list(OPENED.finditer(text))[-MOST_OPENED:]:
        if is_history(text[opened.start() :]):
            return text[: opened.start()].rstrip(), text[opened.start() :]
    return text, ""


# [Effective until January 1, 2023.]  (Effective until July 1, 2027)  [Repealed January 1, 2022.]  (Superseded 07/01/19)
MARK_WORDS = r"(?:EFFECTIVE|Effective|Eff\.|Expires|Expired|Terminates|Superseded|SUPERSEDED|Repealed)"
_OF_SECTION = r"(?:(?:Sub)?[Ss]ection |Paragraph )?"
BRACKETED_MARK = re.compile(rf"\[{_OF_SECTION}(?i:{MARK_WORDS})\b[^\[\]]*\]|\({MARK_WORDS}\b[^()]*\)")
# Effective 5/6/2026   NOTE: Subsection A eff. until Jan. 1, 2024   * NB Effective January 1, 2025
_MARKED = r"(?:This )?(?i:(?:sub)?section|paragraph|subdivision|part)s?(?: [\w().-]+)?(?: is)? "
_MARK_VERB = r"(?i:effective(?: dates?)?|eff\.|expires|terminates|superseded|repealed(?= (?:as of|effective|on) ))"
_MARK_SEQUEL = r"(?i:and|until|through|to|expires|superseded|terminates|effective|on)\b"
BARE_MARK = re.compile(
    rf"\W*(?:NB |N\.B\. |(?:NOTE|Note): ?)?(?:{_MARKED})?{_MARK_VERB}:?"
    rf"(?: (?:as of|effective|on|from|until|through))?:? {DATE_SHAPE}(?:\W+|{_MARK_SEQUEL}|{DATE_SHAPE})*"
)
# One statement of a mark: "until January 1, 2023"  "Superseded 07/01/19"  "Effective 5/6/2026"  "through 7/17/2023"
STATEMENT = re.compile(
    r"(?i:(?<![a-z])(?P<verb>through|until|superseded|expire[sd]?|terminates|repealed|eff(?:ective)?\b\.?)"
    rf"(?: dates?)?:?(?: (?:effective|on|from|as of))*:? ){DATE_PATTERN}"
)
# [Effective on July 1, 2016. See the version effective until …]: what follows speaks of the twin
TWIN = re.compile(r"\bSee\b|\bFor (?:the )?(?:text|version|provisions)\b")

# *NOTE: … temporary legislation that will expire on May 4, 2023.   This subsection expires August 31, 2023.
# Not "licenses required by this chapter shall expire June 30, 1970": there something else ends.
EXPIRY = re.compile(
    r"(?i)(?:\blegislation(?: that| which)? (?:will|shall) expire|\bamendments? (?:will|shall) expire"
    r"|\b(?:emergency|temporary) (?:rule|regulation|order|legislation|act|law|amendment)s?(?: that| which)?"
    r" (?:(?:will|shall) expire|expires?)"
    r"|(?<!by )(?<!under )(?<!of )(?<!in )\bthis (?:sub)?(?:section|paragraph|division|chapter|part|rule|act)"
    rf"(?: \(\w+\))? (?:will expire|expires))(?: on| at the end of)? {DATE_PATTERN}"
)
# "*NOTE: "  "NOTE: "  "[NOTE: "  "Note 1. "  "Editor's notes. --"  "Compiler's Notes."  "NOTES TO DECISIONS"
NOTICE = re.compile(
    r"\W{0,3}(?:(?:NOTE|Note|N\.B\.)(?: \d+)?\s?[:.—–-]"
    r"|(?i:(?:editor|compiler|revis[eo]r|publisher|code commissioner|codifier|amendment)(?:['’]?s?)? notes?\b)"
    r"\s*(?:[:.—–-]|\Z)"
    r"|(?i:(?:notes to decisions|effect of amendments?|cross[- ]references?)\W*\Z))"
)

# Effective: March 31, 2021   [Effective until 7/1/2025]; not "This subsection expires …", which is law
OWN_WORDS = re.compile(rf"\W*{_MARKED}")
# Last Update: 7/18/24   Last updated July 18, 2024 at 7:45 AM   Current through Register Vol. 49, No. 20, May 15, 2024
STAMP = re.compile(
    r"\W*(?i:(?:page |this page was )?last (?:updated?|modified|reviewed|revised|revision)(?: date| on)?"
    r"|(?:text )?(?:is )?current (?:through|as of)|accessed)\b[^;]{0,40}?"
    rf"(?:{DATE_SHAPE}|[A-Z][a-z]{{2,8}}\.? \d{{4}}|\d{{4}})[^;]{{0,40}}"
)
# What a stamp or mark begins with: nearly every line is told by this alone.
STAMP_OPENING = re.compile(
    r"\W*(?i:eff|last|page|this page|text|current|accessed|n\.?b|note|supers|termin|expire|repealed)"
)
# effective 1/20/2023through 7/17/2023   Effective 2/22/2017, Expires 2/22/2027
TERM = re.compile(
    rf"(?i:eff(?:ective|\.)?):? (?P<begin>{DATE_SHAPE}),? ?"
    rf"(?i:(?P<last>through)|(?:until|to|expires):?) ?(?P<end>{DATE_SHAPE})"
)

_UNIT = r"(?:section|subsection|chapter|subchapter|article|part|title|rule|regulation|document|statute|page|provision)"
_CHANGED = r"(?:amended|repealed|changed|affected|superseded|replaced|renumbered|modified)"
# Pending Changes   There are pending amendments …   This section will be changed by the following pending documents
# This section is amended effective …   This section may be affected by …   As amended by P.A. 1-2, effective on …
PENDING = re.compile(
    r"\W*(?i:pending (?:changes|amendments?)\b|there are pending\b"
    rf"|(?:this|the following) {_UNIT}s? (?:will be {_CHANGED}\b|may be {_CHANGED} by\b"
    r"|is amended,? effective\b|has pending\b)"
    rf"|effective {DATE_SHAPE}, this {_UNIT} (?:will be|is amended)\b)"
    rf"|\W*As amended by (?P<by>[^;]{{3,80}}?),? effective\b"
    r"|\W*" + DATE_SHAPE + rf": ?(?:{_ACT}|{_PRINT})\W*\Z"
)
# effective January 1, 2025   on July 1, 2024   beginning 1/1/2026
COMING = re.compile(rf"(?i:\b(?:effective(?: on)?|on|beginning) ){DATE_PATTERN}")

# "53-9-113. [Repealed.]"  "Fees. [Repealed, § 40 ch 53 SLA 2012.]"  "165.420 [Amended by …; repealed by 1971 c.743]"
ENDED = r"(?:Repealed|REPEALED|Expired|EXPIRED|Rescinded|RESCINDED|Deleted by amendment|Terminated)"
BRACKETED_STUB = re.compile(
    rf"(?:[^\[\]]{{0,300}}?[^\s\[\]]\s+|\W*)[\[(]{ENDED}\b(?! [A-Z][a-z]+ \d)[^\[\]]{{0,300}}[\])]\.?"
    r"|\W*[\w.:-]{2,20}\s+\[[^\[\]]{0,600}[;,] repealed by [^\[\];]{4,200}\]"
)
# "Repealed."  "(7) Repealed."  "§329-38.2 REPEALED. L 2018, c 153, §4."  "Repealed by S.L. 2014, ch. 275, effective …"
BARE_STUB = re.compile(
    rf"(?:\([\w.-]{{1,5}}\)\s*|(?:§+ ?|Sec(?:tion|s)?\.? )?\d[\w.:‑–-]*\s+)*{ENDED}"
    r"(?:\W*|\s*[.,;:(—–-][\s\S]{0,300}| (?:by|eff(?:ective|\.)|on) [\s\S]{0,40}\d[\s\S]{0,300})"
)


def read_validity(text: str) -> Validity | None:
    """Read a mark saying from when or until when a text applies, out of a heading, a bracket or a short line.

    Returns the stated interval (``valid_to`` exclusive: "until" and "superseded" name the first day without it,
    "through" the last day with it), or None where the text holds no such mark or the mark no date. A sentence of law
    that says when something takes effect is no mark.
    """
    if len(text) > 600 or ("20" not in text and "/" not in text and "-" not in text):
        return None
    mark = BRACKETED_MARK.search(text)
    stated = mark[0] if mark else (text if len(text) <= 200 and BARE_MARK.fullmatch(text) else "")
    if not stated:
        return None
    twin = TWIN.search(stated)
    return _read_statements(stated[: twin.start()] if twin else stated)


def _read_statements(mark: str) -> Validity | None:
    valid_from: date | None = None
    valid_to: date | None = None
    for statement in STATEMENT.finditer(mark):
        day, verb = read_match(statement), statement["verb"].lower()
        if verb.startswith("eff"):
            valid_from = valid_from or day
        elif valid_to is None and day is not None:
            valid_to = day + timedelta(days=1) if verb == "through" else day
    return Validity(valid_from, valid_to, "stated") if valid_from or valid_to else None


def split_mark(text: str) -> tuple[str, str]:
    """Part a validity mark in brackets from the law it stands before; returns (mark, law), "" where there is none."""
    mark = BRACKETED_MARK.match(text) if text.startswith(("[", "(")) else None
    rest = text[mark.end() :].strip() if mark is not None else ""
    return (mark[0], rest) if mark is not None and rest and _read_statements(mark[0]) is not None else ("", text)


def read_expiry(text: str) -> date | None:
    """Read the day on which temporary or emergency law ends out of a note that says so; None where none is stated."""
    found = EXPIRY.search(text) if "xpire" in text else None
    return read_match(found) if found else None


def is_stamp(text: str) -> bool:
    """Tell whether a short line says no more than when the text was set, printed or looked at, or applies."""
    if len(text) > 160 or STAMP_OPENING.match(text) is None:
        return False
    if STAMP.fullmatch(text) is not None:
        return True
    whole = BRACKETED_MARK.fullmatch(text) or (OWN_WORDS.match(text) is None and BARE_MARK.fullmatch(text))
    return bool(whole) and read_validity(text) is not None


def read_term(history: str) -> Validity | None:
    """Read how long a rule stands that its history note gives a term, None where the latest entry gives it none.

    None too for a text that is no history note.
    """
    terms = list(TERM.finditer(history))
    if not terms or not is_history(history):
        return None
    days = [(read_match(found), found.start()) for found in DATE.finditer(history)]
    term = max(terms, key=lambda found: parse_date(found["begin"]) or date.min)
    begin, end = parse_date(term["begin"]), parse_date(term["end"])
    outside = (day for day, at in days if day is not None and not term.start() <= at < term.end())
    if begin is None or end is None or any(day > begin for day in outside):
        return None
    return Validity(begin, end + timedelta(days=1) if term["last"] else end, "stated")


def is_notice(text: str) -> bool:
    """Tell whether a line is a notice of the publisher ("*NOTE: …", "Editor's notes"), not law."""
    return NOTICE.match(text) is not None


def is_pending(text: str) -> bool:
    """Tell whether a line is a banner announcing a change to come; a law's own sunset clause is none."""
    return len(text) <= 1000 and PENDING.match(text) is not None


def read_pending(text: str) -> tuple[date | None, str]:
    """Read the date and the cause (the act as printed) of an announced change; (None, "") parts where not stated."""
    dated = COMING.search(text)
    cause = ACT.search(text)
    banner = PENDING.match(text)
    named = _trim(cause[0]) if cause else ((banner["by"] or "").strip() if banner else "")
    return (read_match(dated) if dated else parse_date(text)), named


def is_repealed(text: str) -> bool:
    """Tell whether a heading or a whole text is a stub proving that the law there has ended.

    "Repealed", "Expired", "Rescinded", "Terminated" and "Deleted by amendment" prove an end. "Reserved" (never was),
    "Omitted" and "Obsolete" (an editor's choice), "Renumbered" and "Transferred" (stands elsewhere) do not.
    """
    if len(text) > 900:
        return False
    bracketed = text.endswith(("]", ")", "].", ").")) and BRACKETED_STUB.fullmatch(text)
    return bool(bracketed or BARE_STUB.fullmatch(text))
