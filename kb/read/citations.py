"""Read citations: what a text refers to, by body of law, number and provision. An unknown form is not reported."""

import re
from operator import itemgetter
from typing import NamedTuple

from kb.models import Reference


class Body(NamedTuple):
    """A body of law: its short key, the jurisdiction it is of and its names as printed before a number."""

    work: str
    home: str
    names: tuple[str, ...]


# Cited with the title first: "21 CFR 1308.13", "225 ILCS 60/".
TITLED = (
    Body("cfr", "us", ("C.F.R.",)),
    Body("usc", "us", ("U.S.C.", "U.S.C.A.", "U.S.C.S.")),
    Body("ilcs", "us-il", ("ILCS",)),
    Body("delcode", "us-de", ("Del. C.",)),
    Body("mrs", "us-me", ("M.R.S.", "M.R.S.A.")),
    Body("vsa", "us-vt", ("V.S.A.",)),
    Body("pacs", "us-pa", ("Pa.C.S.", "Pa. C.S.A.", "P.S.")),
    Body("pacode", "us-pa", ("Pa. Code",)),
    Body("nycrr", "us-ny", ("NYCRR",)),
    Body("dcmr", "us-dc", ("DCMR",)),
    Body("cmr", "us-ma", ("CMR",)),
    Body("kar", "us-ky", ("KAR",)),
    Body("tac", "us-tx", ("TAC", "Tex. Admin. Code")),
    Body("vac", "us-va", ("VAC",)),
    Body("ncac", "us-nc", ("NCAC",)),
    Body("aac", "us-ak", ("AAC",)),
)
# Cited by name: "RCW 69.50.208", "D.C. Official Code § 25-101", "Tex. Health & Safety Code § 481.034".
NAMED = (
    Body("dccode", "us-dc", ("D.C. Official Code", "D.C. Code")),
    Body("rcw", "us-wa", ("RCW",)),
    Body("wac", "us-wa", ("WAC",)),
    Body("ors", "us-or", ("O.R.S.",)),
    Body("oar", "us-or", ("O.A.R.",)),
    Body("njac", "us-nj", ("N.J.A.C.",)),
    Body("njsa", "us-nj", ("N.J.S.A.", "N.J.S.")),
    Body("rsa", "us-nh", ("RSA",)),
    Body("ksa", "us-ks", ("K.S.A.",)),
    Body("ocga", "us-ga", ("O.C.G.A.",)),
    Body("nrs", "us-nv", ("NRS",)),
    Body("nac", "us-nv", ("NAC",)),
    Body("ars", "us-az", ("A.R.S.",)),
    Body("as", "us-ak", ("AS", "Alaska Stat.")),
    Body("crs", "us-co", ("C.R.S.",)),
    Body("idahocode", "us-id", ("Idaho Code", "I.C.")),
    Body("tca", "us-tn", ("T.C.A.", "Tenn. Code Ann.", "Tennessee Code Annotated")),
    Body("rigl", "us-ri", ("R.I. Gen. Laws",)),
    Body("hrs", "us-hi", ("HRS", "Haw. Rev. Stat.")),
    Body("har", "us-hi", ("HAR",)),
    Body("mca", "us-mt", ("MCA",)),
    Body("mcl", "us-mi", ("MCL",)),
    Body("ndcc", "us-nd", ("N.D.C.C.",)),
    Body("sdcl", "us-sd", ("SDCL",)),
    Body("nmsa", "us-nm", ("NMSA 1978",)),
    Body("krs", "us-ky", ("KRS",)),
    Body("rsmo", "us-mo", ("RSMo",)),
    Body("ncgs", "us-nc", ("N.C.G.S.", "N.C. Gen. Stat.", "G.S.")),
    Body("orc", "us-oh", ("R.C.", "Ohio Rev. Code")),
    Body("vacode", "us-va", ("Va. Code", "Va. Code Ann.", "Code of Virginia")),
    Body("wvcode", "us-wv", ("W. Va. Code",)),
    Body("wyostat", "us-wy", ("W.S.", "Wyo. Stat.")),
    Body("misscode", "us-ms", ("Miss. Code", "Miss. Code Ann.")),
    Body("alacode", "us-al", ("Ala. Code", "Code of Alabama")),
    Body("flastat", "us-fl", ("Fla. Stat.", "Florida Statutes")),
    Body("minnstat", "us-mn", ("Minn. Stat.", "Minnesota Statutes")),
    Body("wisstat", "us-wi", ("Wis. Stat.",)),
    Body("utahcode", "us-ut", ("Utah Code", "Utah Code Ann.")),
    Body("txhsc", "us-tx", ("Tex. Health & Safety Code", "Health and Safety Code", "Health & Safety Code")),
    Body("txocc", "us-tx", ("Tex. Occ. Code", "Occupations Code")),
    Body("cabpc", "us-ca", ("Cal. Bus. & Prof. Code", "Business and Professions Code")),
)


def _fold_name(name: str) -> str:
    return name.replace(".", "").replace(" ", "")


TITLED_WORKS = {_fold_name(name): body.work for body in TITLED for name in body.names}
NAMED_WORKS = {_fold_name(name): body.work for body in NAMED for name in body.names}
HOMES = {body.work: body.home for body in (*TITLED, *NAMED)}
LONGEST_NAME = 6  # words of "Cal. Bus. & Prof. Code Ann."

# "48-902.08"  "318-B:1"  "69.50.208"  "13:45H-1.2"  "246-945-330"  "1308.13"  "570/208"
_PIECE = r"(?:\d+[A-Za-z]{0,2}|[A-Z]{1,2}\d*)"
_NUMBER = rf"\d+[A-Za-z]{{0,2}}(?:[-‑–.:/]{_PIECE})*(?![\w%$]|[-‑.:/]\w)"
# "(b)"  "(b-1)"  "(1.5)"  "(iii)"
_STEP = r"\((?:\d{1,3}|[A-Za-z]{1,2}|[ivx]{1,6}|[IVX]{1,6})(?:[-.]\d{1,2}[a-z]?)?\)"
# "(b)(1)"  "(1) (8)"
_PATH = rf"{_STEP}(?: ?{_STEP})*+"
_UNIT = r"(?:[Ss]ub)?(?:section|paragraph|division|clause|item)s?"
_MORE = rf"(?:,? (?:and|or|to|through) {_PATH}|, {_PATH}(?=,? (?:and |or )?\())*"

# "§ 48-902.08(b)(1)"  "§§ 801"  "se|ction 4-1-101"  "RCW 69.50.208"  "Part 1308": mark or capital word, number.
# One class of first letters, so that the search skips to them; what stands before is looked up after. No name of a
# code has longer words: without the bound, a run of capitals would cost its length squared.
EXTERNAL = re.compile(
    rf"[§cA-Z](?:(?<=§)§? ?|(?<=c)tions? |(?<=[A-Z])(?P<word>[A-Za-z.]{{0,30}}+),? )"
    rf"(?P<number>{_NUMBER})(?P<steps> ?{_PATH})?"
)
SECTION_BEFORE = re.compile(r"\b[Ss]e\Z")
# What may stand between a body's name and the number: "21 CFR Part 1308", "K.S.A. Sec. 65-4101"
MARKS = frozenset(("Section", "Sections", "Sec.", "Secs.", "Part", "Parts"))
TITLE = re.compile(r"\(?(\d{1,3}(?:-[A-Z])?)")
# (a)(1) of this section   |   (2) of subsection (b)   |   (2) of this subsection; the unit stands before
INTERNAL = re.compile(
    rf"(?P<path>{_PATH})(?P<more>{_MORE})"
    rf"(?: of (?:this (?P<this>section|subsection|paragraph|subparagraph|subdivision)\b"
    rf"|(?P<outer_unit>{_UNIT}) (?P<outer>{_PATH})(?P<whole> of this section\b)?))?"
)
# "subsection " before "(a)"
UNIT_BEFORE = re.compile(rf"\b(?P<unit>{_UNIT}) \Z")
PATHS = re.compile(_PATH)
STEP = re.compile(r"\(([\w.-]+)\)")
# " to 37-1523"  ", 31-102"  " and § 31-103(a)"  " and (52)"
TAIL = re.compile(
    rf"(?P<glue>,? (?:and|or|to|through) |, | ?[–—] ?)(?:§§? ?)?"
    rf"(?:(?P<number>\d+[A-Za-z]{{0,2}}(?:[-‑.:/]{_PIECE})+(?![\w%]|[-‑.:/]\w))(?P<steps> ?{_PATH})?|(?P<only>{_PATH}))"
)
SEPARATOR = re.compile(r"[-‑–.:/]")
# A bare "§ 2" may belong to what stands before or behind it: "ch. 183, § 2"  "Rev. Stat. § 36-2604"  "§ 5 of the Act"
FOREIGN_BEFORE = re.compile(r"(?:\b[A-Z][\w.]*[.,]|\b(?:Code|Stat|Laws?|Acts?|Ann|Rules?|Const|Cl|Ed)\.?|[\d)]),? ?\Z")
FOREIGN_AFTER = re.compile(
    r",? (?:of|in) (?:the )?(?:[A-Z\d(]|said|such|that|act\b|this act\b|(?:title|chapter|article|part) [A-Z\d])"
)
# "section 37-3303, Idaho Code"
NAMED_AFTER = re.compile(r", (?P<name>(?:[A-Z][\w.]*,? ){0,4}[A-Z][\w.]*)")
ALONE = re.compile(rf"\s*(?P<number>{_NUMBER})(?P<steps> ?{_PATH})?\s*")


def read_references(eid: str, text: str, base: str = "") -> tuple[Reference, ...]:
    """Read every citation of a provision's text whose form is known.

    ``eid`` is where the text stands, ``base`` the id of its document ("us-dc/code/48-902.08"), so that a code cited by
    its full name inside itself is its own. Returns references in printed order; of a range the first and the last, of a
    list each. ``work`` is "self" with number "" for provisions of the same document, "code" for a bare section number,
    else the key of the body cited; ``number`` carries the title before a dash where the body has titles ("21-1308.13").
    """
    found: list[tuple[int, Reference]] = []
    position = 0
    while match := EXTERNAL.search(text, position):
        position = _read_external(eid, match, base, found)
    if "(" in text:
        for match in INTERNAL.finditer(text):
            _read_internal(eid, match, found)
        found.sort(key=itemgetter(0))
    return tuple(reference for _, reference in found)


def parse_citation(text: str) -> tuple[str, str, str]:
    """Read what a person typed ("D.C. Code § 48-902.08(a)(1)") into (work, number, eid).

    ``work`` is "" where the text names no known body; all three are "" where it holds no section number at all.
    """
    match = EXTERNAL.search(text)
    if match is not None:
        title, work, _ = _find_name(match)
        return work, _join_title(title, match["number"]), "__".join(_steps(match["steps"]))
    alone = ALONE.fullmatch(text)
    return ("", alone["number"], "__".join(_steps(alone["steps"]))) if alone else ("", "", "")


def _read_external(eid: str, match: re.Match[str], base: str, found: list[tuple[int, Reference]]) -> int:
    """Add a citation and the list or range that follows it; returns where reading goes on."""
    title, work, start = _find_name(match)
    work = _own_or(work, base) if work else _work_of_bare(match, start, base)
    if not work:
        return match.end()
    text, steps = match.string, _steps(match["steps"])
    number = _join_title(title, match["number"])
    found.append((start, Reference(eid, text[start : match.end()].strip(), work, number, "__".join(steps))))
    position, listed = match.end(), False
    while tail := TAIL.match(text, position):
        following = _continue(tail, match["number"], steps, listed=listed)
        if following is None:
            break
        steps = following
        number = _join_title(title, tail["number"]) if tail["number"] else number
        begin = tail.end("glue")
        found.append((begin, Reference(eid, text[begin : tail.end()].strip(), work, number, "__".join(steps))))
        position, listed = tail.end(), tail["glue"] == ", "
    return position


def _find_name(match: re.Match[str]) -> tuple[str, str, int]:
    """Look up the body named before a number; returns (title, work, start), ("", "", start) where none is known."""
    text, start = match.string, match.start()
    if match["word"] is not None and text[start : match.end("word")] not in MARKS:
        end = match.end("word")
    else:
        start -= 2 if text[start] == "c" else 0
        end = start
    words = text[max(0, end - 48) : end].rstrip(" ,").split(" ")
    for count in range(min(LONGEST_NAME, len(words)), 0, -1):
        name = _fold_name("".join(words[-count:]).lstrip("(“[,;"))
        if name in NAMED_WORKS:
            return "", NAMED_WORKS[name], _start_of(text, words[-count:], end)
        title = TITLE.fullmatch(words[-count - 1]) if name in TITLED_WORKS and count < len(words) else None
        if title:
            return title[1], TITLED_WORKS[name], _start_of(text, words[-count - 1 :], end)
    return "", "", start


def _start_of(text: str, words: list[str], end: int) -> int:
    """Return where the name made of ``words`` begins; brackets before it are not part of it."""
    start = text.rindex(words[0] + " ", 0, end) if len(words) > 1 else text.rindex(words[0], 0, end)
    return start + len(words[0]) - len(words[0].lstrip("(“[,;"))


def _join_title(title: str, number: str) -> str:
    return f"{title}-{number}" if title else number


def _continue(tail: re.Match[str], first: str, steps: list[str], *, listed: bool) -> list[str] | None:
    """Return the steps of the next item, None where the tail is none: a sentence may go on with ", and (2)"."""
    if tail["number"]:
        return _steps(tail["steps"]) if _same_style(first, tail["number"]) else None
    is_joined = (
        "," not in tail["glue"]
        or listed
        or tail.string.startswith((", (", ", and (", ", or (", " and (", " or ("), tail.end())
    )
    return (_beside(steps, _steps(tail["only"])) or None) if steps and is_joined else None


def _work_of_bare(match: re.Match[str], start: int, base: str) -> str:
    """Return "code" for a bare section of the document's own code, a key where the name follows, "" if unsure."""
    number, text = match["number"], match.string
    word = text[match.start() : match.end("word")] if match["word"] is not None else ""
    if word and word not in ("Section", "Sections"):
        return ""
    if text[match.start()] == "c" and not SECTION_BEFORE.search(text, max(0, start - 4), start + 2):
        return ""
    if (not SEPARATOR.search(number) and len(number) < 3) or FOREIGN_BEFORE.search(text, max(0, start - 24), start):
        return ""
    named = NAMED_AFTER.match(text, match.end())
    work = NAMED_WORKS.get(_fold_name(named["name"])) if named else None
    if work:
        return _own_or(work, base)
    return "" if FOREIGN_AFTER.match(text, match.end()) else "code"


def _own_or(work: str, base: str) -> str:
    return "code" if base.startswith(f"{HOMES[work]}/code/") else work


def _steps(path: str | None) -> list[str]:
    return STEP.findall(path) if path else []


def _same_style(first: str, other: str) -> bool:
    one, two = SEPARATOR.search(first), SEPARATOR.search(other)
    return one is not None and two is not None and one[0] == two[0]


def _read_internal(eid: str, match: re.Match[str], found: list[tuple[int, Reference]]) -> None:
    """Add a reference to the same document and its list, unless it is of something else or not certain."""
    before = UNIT_BEFORE.search(match.string, max(0, match.start() - 16), match.start())
    unit = before["unit"] if before else ""
    steps = _resolve_path(eid, match, unit)
    if steps is None:
        return
    start = before.start() if before else match.start()
    found.append((start, Reference(eid, match.string[start : match.end()], "self", "", "__".join(steps))))
    for item in PATHS.finditer(match["more"]):
        steps = _beside(steps, _steps(item[0]))
        if steps:
            found.append((match.start("more"), Reference(eid, item[0], "self", "", "__".join(steps))))


def _resolve_path(eid: str, match: re.Match[str], unit: str) -> list[str] | None:
    """Return the full steps of the first provision a match names, None where they are not certain."""
    steps = _steps(match["path"])
    if match["this"] == "section":
        return steps
    if not unit:
        return None
    if match["outer"]:
        is_top = match["whole"] or match["outer_unit"].lower().startswith("subsection")
        return None if not is_top or _goes_on(match) else _steps(match["outer"]) + steps
    if match["this"]:
        return _beside(eid.split("__"), steps, floor=1) or eid.split("__") + steps if eid else None
    return steps if unit.lower().startswith("subsection") and not _goes_on(match) else None


def _goes_on(match: re.Match[str]) -> bool:
    return match.string.startswith((" of ", ", section", " in section", " of§"), match.end())


def _beside(steps: list[str], other: list[str], floor: int = 0) -> list[str]:
    """Put ``other`` where the deepest step of its style stands: "(a)(1)" and "(2)" make a, 2; [] where none has it."""
    for depth in range(len(steps) - 1, floor - 1, -1):
        if other and _style(steps[depth], depth) == _style(other[0], depth):
            return steps[:depth] + other
    return []


def _style(step: str, depth: int) -> str:
    if step[0].isdigit():
        return "number"
    case = "upper" if step[0].isupper() else "lower"
    is_roman = depth > 0 and not step.lower().strip("ivx")
    return f"{case} roman" if is_roman else case
