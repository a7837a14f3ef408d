"""Judge the nature of an edit: substantive, editorial or structural, with the signals and one line of reason.

Two texts are brought to one style step by step (punctuation, codifier's brackets, list connectors, spelling of
references, drafting phrases); the step after which they agree is the reason why an edit is editorial. What still
differs is substantive unless a rule of ``EDITORIAL_RULES`` explains every single edit. In doubt: substantive.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from kb.compare.wording import (
    CONNECTOR,
    CONNECTOR_MOVED,
    DIVISIONS,
    NUMBER_RESTATED,
    NUMBER_WORDS,
    ONLY_STYLE,
    PLACEHOLDER,
    REFERENCE_NUMBER,
    SURE_DIVISIONS,
    UNITS,
    Edit,
    cut_words,
    find_edits,
    get_keys,
    has_same_words,
)
from kb.models import Nature, Part, Signal
from kb.read.canonical import fold_text, squeeze_text

# Longest reason and longest quotation within it, in signs.
REASON_LENGTH, QUOTE_LENGTH = 120, 40

# A printed label at the beginning of a text: "(a) ", "12. ".
LEADING_LABEL = re.compile(r"^(?:\([\w.-]{1,6}\)|\d{1,3}[.)])\s+")
# A codifier's bracket: "[Effective until January 1]", "[Reserved]", "[the]".
BRACKET = re.compile(r"\[([^\[\]]*)\]")
CODIFIER_LEAD = re.compile(
    r"(?:§|(?:effective|expire[sd]?|reserved|see|sic|editor'?s?|note|now|former(?:ly)?|text (?:as|of)"
    r"|as (?:amended|enacted)|renumbered|redesignated|codified|contingent|applicab(?:le|ility))\b)",
    re.IGNORECASE,
)
# A stub: "Repealed.", "[Repealed by Laws 2020, c. 3]", "Sec. 5. Expired"; not "Expired licenses", "Licenses, expired".
STUB = re.compile(
    r"^\W*(?:[^\[(]{0,80}[.;:\[(-]\s*"
    r"|(?:this )?(?:section|chapter|rule|part|paragraph) (?:[\w.-]+ )??(?:was |is |has been )?)?"
    r"(?P<state>repealed|expired|rescinded|abrogated)\b"
    r"(?:\W*|[\s.,;:\[(]+(?:by|effective|eff|see|pursuant|under|laws?|acts?|on|repealed|§|\d).{0,80})$",
    re.IGNORECASE,
)
# "subsection (i) of section 923 of title 18 of the United States Code" is 18 U.S.C. § 923(i).
FEDERAL_SECTION = re.compile(
    r"(?:(?:sub)?(?:section|paragraph)\s+(?P<below>(?:\(\w+\))+)\s+of\s+)?"
    r"(?:section|§)\s*(?P<section>\d+\w*)(?P<own>(?:\(\w+\))*)\s*(?:,|of)\s+title\s+(?P<title>\d+)"
    r"\s*(?:,|of)?\s*(?:the\s+)?(?:United States Code|U\.\s?S\.\s?C\.)",
    re.IGNORECASE,
)
# "500 dollars" is $500.
DOLLARS = re.compile(r"\b(\d[\d,]*)\s+dollars\b", re.IGNORECASE)
# A name: "the Mayor", "ABC".
NAME = re.compile(r"(?:[Tt]he |[Aa]n? )?[A-Z][A-Za-z]+")
# A name of letters, not "(4)" or "(a)": "title 21", "DOX".
NAME_LETTERS = re.compile(r"[^\W\d_]{2}")
# "ll" of "labelling".
DOUBLED_LETTER = re.compile(r"(.)\1")
# An abbreviation: "DHCF".
ABBREVIATION = re.compile(r"[A-Z][A-Z&]{1,7}")
# A text that defines a term: '"Board" means'.
DEFINITION = re.compile(
    r'"[^"]{2,80}"\W{0,3}(?:shall |does |do )?(?:not )?(?:mean|include|exclude|refer|is defined|ha(?:s|ve) the)',
    re.IGNORECASE,
)
# The first letter of a capitalised word: "Department".
CAPITAL = re.compile(r"\b[A-Z](?=[a-z])")

POINTERS = frozenset({"such", "said", "the", "that", "those", "these"})
# What codes call a numbered part of a section; its number tells which one is meant.
PROVISION_WORDS = frozenset("subsection subdivision paragraph subparagraph clause subclause item".split())
PRONOUNS = frozenset({"their", "they", "them", "themself"})
BETWEEN_REFERENCES = frozenset({"and", "or", "to", "through"})
CODE_ENDS = frozenset({"code", "statutes", "laws", "regulations"})
MODALS = frozenset(
    "may must will should can required requires require permitted authorized entitled prohibited".split()
)
DUTIES = frozenset({"must", "shall"})
NEGATIONS = frozenset("not no never neither nor none without cannot nothing".split())
SCOPE_WORDS = frozenset(
    "and or and/or all any both each either every only solely exclusively except unless if provided including excluding"
    " excludes other notwithstanding subject calendar business working licensed certified registered qualified"
    " authorized knowingly wilfully willfully before after until within least most".split()
)
DEFINING_WORDS = frozenset({"means", "includes", "excludes", "term", "defined", "definition"})
# Words of headings that name no subject of their own.
HEADING_FILLERS = frozenset(
    "a an and as at by for from in into of on or the to under with short title general generally provisions provision"
    " rules rule regulations duties responsibilities functions powers established establishment creation created"
    " requirements requirement required definitions defined terms term applicability other certain"
    " act article chapter code law laws part section statute statutes subchapter this title".split()
)
SAME_NAME = "the same under its new name"
# From this length on, words that differ in a doubled letter only are one word ("labelling"), not two ("later, latter").
LONG_WORD = 8
# An edit of more words than this is shown as text, whatever it holds.
LONG_EDIT = 8
# Letters by which two words of a heading count as one subject: "licensure", "licenses".
STEM = 5


class Judgement(msgspec.Struct, frozen=True):
    """The nature of an edit, the kinds of words that decided (in the order of kb.models.Signal) and one line why."""

    nature: Nature
    signals: tuple[Signal, ...]
    reason: str


class Case(NamedTuple):
    """What a rule may look at besides the edit: both texts, and names known to mean one thing (old to new)."""

    old: str
    new: str
    same: Mapping[str, str]

    def spell_names(self, old: str, new: str) -> tuple[str, str]:
        """Return both texts with names under their new form; bare numbers mean different things in different places."""
        names = {name: value for name, value in self.same.items() if NAME_LETTERS.search(name) is not None}
        if not names:
            return old, new
        pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names, key=len, reverse=True)))})\b")
        spelled = [pattern.sub(lambda match: names[match[0]], text) for text in (old, new)]
        return spelled[0], spelled[1]


def classify_edit(old: str, new: str, *, part: Part, same: Mapping[str, str] | None = None) -> Judgement:
    """Judge the edit of one part of a provision.

    ``same`` names what is proved elsewhere to be one thing, old name to new: "(4)" to "(5)" for a renumbered paragraph,
    "25-101" to "25-201" for a moved section, "DOX" to "DOY" for a renamed term, "title 21" to "this title" for the
    document's own. Without that proof a reference or name that differs is substantive. Notes never change a rule, so
    they are editorial; a banner that announces a coming change is substantive. Returns the judgement.
    """
    old, new = fold_text(old), fold_text(new)
    if old == new:
        return Judgement("structural", (), "same words")
    if part == "note":
        return Judgement("editorial", (), _say("note", old, new))
    if part == "pending":
        return Judgement("substantive", ("date",), _say("coming change", old, new))
    if LEADING_LABEL.sub("", old) == LEADING_LABEL.sub("", new):
        return Judgement("structural", (), "only the printed label moved")
    stub = _classify_stub(old, new)
    if stub is not None:
        return stub
    case = Case(old, new, same or {})
    return _classify_heading(case) if part == "heading" else _classify_text(case)


def classify_whole(text: str, kind: Literal["added", "removed"]) -> Judgement:
    """Judge a whole provision that was added or removed: substantive unless it is empty or a codifier's placeholder.

    A stub that says "Repealed" is substantive: it proves a repeal. Returns the judgement.
    """
    text = fold_text(text)
    if not squeeze_text(text) or PLACEHOLDER.search(text) is not None:
        return Judgement("editorial", (), f"only a placeholder was {kind}")
    words = cut_words(text)
    signals: list[Signal] = ["definition"] if DEFINITION.search(text) else []
    if any(word.key in MODALS for word in words):
        signals.insert(0, "modality")
    return Judgement("substantive", tuple(signals), _say(kind, text, ""))


def _classify_stub(old: str, new: str) -> Judgement | None:
    """Judge a text that became, or ceased to be, a stub, a placeholder or nothing; None when it did not."""
    if not old or not new:
        return classify_whole(new, "added") if new else classify_whole(old, "removed")
    was, now = STUB.search(old), STUB.search(new)
    if now is not None and was is None:
        return Judgement("substantive", (), _say(now["state"].lower(), old, ""))
    if was is not None and now is None:
        return Judgement("substantive", (), _say(f"no longer {was['state'].lower()}", "", new))
    was, now = PLACEHOLDER.search(old), PLACEHOLDER.search(new)
    if was is None and now is None:
        return None
    if was is not None and now is not None:
        return Judgement("editorial", (), "only a placeholder was reworded")
    return classify_whole(new, "added") if now is None else classify_whole(old, "removed")


def _classify_heading(case: Case) -> Judgement:
    """Judge a heading: editorial when reworded, substantive when it names a new subject or loses one."""
    old, new = case.old, case.new
    if squeeze_text(old) == squeeze_text(new):
        return Judgement("editorial", (), "heading: only punctuation, case or spacing moved")
    plain = _drop_brackets(old, new, short=True)
    if squeeze_text(plain[0]) == squeeze_text(plain[1]):
        return Judgement("editorial", (), "heading: only a codifier's bracket moved")
    before, after = _find_subjects(plain[0], case.same), _find_subjects(plain[1], {})
    lost = " ".join(word for stem, word in before.items() if stem not in after)
    gained = " ".join(word for stem, word in after.items() if stem not in before)
    if gained or lost:
        return Judgement("substantive", ("scope",), _say("heading names another subject", lost, gained))
    return Judgement("editorial", (), _say("heading reworded", old, new))


def _find_subjects(heading: str, same: Mapping[str, str]) -> dict[str, str]:
    """Return the words of a heading that name a subject, by the stem of what they are called now."""
    words = [word.key for word in cut_words(heading, styled=False)]
    return {same.get(word, word)[:STEM]: word for word in words if word not in HEADING_FILLERS}


def _classify_text(case: Case) -> Judgement:
    """Judge the words of a provision, step by step towards one style."""
    old, new = case.old, case.new
    for reason, step in (*STEPS, (SAME_NAME, case.spell_names)):
        old, new = step(old, new)
        if has_same_words(old, new):
            return Judgement("editorial", (), reason)
    return _classify_edits(case._replace(old=old, new=new))


def _classify_edits(case: Case) -> Judgement:
    """Judge word by word what is left after all steps."""
    styled = find_edits(case.old, case.new)
    reasons = [_explain_editorial(edit, case) for edit in styled]
    if styled and None not in reasons:
        return Judgement("editorial", (), _say(str(reasons[0]), *styled[0].shown))
    plain = find_edits(case.old, case.new, styled=False)
    if not styled and plain:
        return _judge_style(plain)
    if not styled:
        # Letters or digits differ that belong to no word ("/_files/15/a"): in doubt it is the rule that moved.
        return Judgement("substantive", (), "signs differ that are part of no word")
    return _judge_substantive([edit for edit in plain if not _is_without_effect(edit, case)] or styled, case)


def _judge_style(edits: Sequence[Edit]) -> Judgement:
    """Judge texts that are one in the common style; a number stated twice, or no longer so, may come to differ."""
    for edit in edits:
        words = edit.old or edit.new
        if not (edit.old and edit.new) and any(word.key in NUMBER_WORDS or word.key.isdigit() for word in words):
            return Judgement("substantive", ("number",), _say(NUMBER_RESTATED, *edit.shown))
    return Judgement("editorial", (), _say(ONLY_STYLE, *edits[0].shown))


def _is_without_effect(edit: Edit, case: Case) -> bool:
    """Tell whether an edit differs in style only, or an editorial rule explains it."""
    old, new = edit.restyled
    if get_keys(old) == get_keys(new):
        return True
    return _explain_editorial(edit, case) is not None


def _drop_brackets(old: str, new: str, *, short: bool = False) -> tuple[str, str]:
    """Return both texts without the codifier's brackets that stand in one of them only.

    ``short``: any bracket of one or two words is a codifier's, as in a heading ("[Not required]").
    """
    before, after = Counter(map(squeeze_text, BRACKET.findall(old))), Counter(map(squeeze_text, BRACKET.findall(new)))
    lone = [_find_lone(old, before - after, short=short), _find_lone(new, after - before, short=short)]
    if all(lone):
        return old, new
    return _cut_out(old, lone[0]), _cut_out(new, lone[1])


def _find_lone(text: str, counts: Mapping[str, int], *, short: bool) -> list[re.Match[str]]:
    """Return the codifier's brackets of a text whose squeezed content is among the counted."""
    lone = [match for match in BRACKET.finditer(text) if squeeze_text(match[1]) in counts]
    return [match for match in lone if _is_codifiers(match[1], short=short)]


def _is_codifiers(content: str, *, short: bool) -> bool:
    """Tell whether a bracket's content is a codifier's: a known lead, or one or two words without force."""
    if STUB.search(content) is not None:
        return False
    if CODIFIER_LEAD.match(content.strip()) is not None:
        return True
    words = get_keys(cut_words(content))
    weighty = frozenset[str]() if short else MODALS | NEGATIONS | SCOPE_WORDS | DIVISIONS
    return len(words) <= 2 and weighty.isdisjoint(words) and not any(word[0].isdigit() for word in words)


def _cut_out(text: str, brackets: Iterable[re.Match[str]]) -> str:
    """Return the text without the given stretches."""
    for match in reversed(list(brackets)):
        text = f"{text[: match.start()]} {text[match.end() :]}"
    return text


def _drop_connectors(old: str, new: str) -> tuple[str, str]:
    """Return both texts without a list connector at the end, where one of them has it: "; and" against "."."""
    was, now = CONNECTOR.search(old), CONNECTOR.search(new)
    if (was is None) == (now is None):
        return old, new
    return CONNECTOR.sub("", old), CONNECTOR.sub("", new)


def _spell_references(old: str, new: str) -> tuple[str, str]:
    """Return both texts with references to federal law, and amounts of money, in their short form."""
    return _spell_reference(old), _spell_reference(new)


def _spell_reference(text: str) -> str:
    """Return the text with long references and amounts in short form."""
    text = FEDERAL_SECTION.sub(
        lambda match: f"{match['title']} U.S.C. § {match['section']}{match['own']}{match['below'] or ''}", text
    )
    return DOLLARS.sub(r"$\1", text)


STEPS: tuple[tuple[str, Callable[[str, str], tuple[str, str]]], ...] = (
    ("only punctuation, case or spacing moved", lambda old, new: (old, new)),
    ("only a codifier's bracket moved", _drop_brackets),
    (CONNECTOR_MOVED, _drop_connectors),
    ("only the form of a reference moved", _spell_references),
)


def _explain_editorial(edit: Edit, case: Case) -> str | None:
    """Return why an edit has no effect, None when no rule explains it."""
    return next((reason for reason, rule in EDITORIAL_RULES if rule(edit, case)), None)


def _is_known_same(edit: Edit, case: Case) -> bool:
    """Tell whether other changes prove that both names mean one thing."""
    named = bool(edit.old) and case.same.get(edit.old_text) == edit.new_text
    return named and not any(kind == "number" for kind, _ in edit.moved)


def _is_spelling(edit: Edit, _: Case) -> bool:
    """Tell whether only spaces, hyphens or a doubled letter differ: "sub-paragraph", "labelling"."""
    old, new = squeeze_text(edit.old_text), squeeze_text(edit.new_text)
    if not old.isalpha() or min(len(old), len(new)) < LONG_WORD:
        return old.isalpha() and old == new
    return DOUBLED_LETTER.sub(r"\1", old) == DOUBLED_LETTER.sub(r"\1", new)


def _is_pointer(edit: Edit, _: Case) -> bool:
    """Tell whether "such" stands for "the" or the like; "a" for "the" may mean another thing."""
    old, new = ({word.key for word in words} for words in (edit.old, edit.new))
    return len(edit.old) == len(edit.new) == 1 and "such" in old | new and POINTERS.issuperset(old | new)


def _is_pronoun(edit: Edit, case: Case) -> bool:
    """Tell whether a pronoun stands for the noun it meant: "their" against "the applicant's"."""
    short, long = sorted((get_keys(edit.old), get_keys(edit.new)), key=len)
    if len(short) != 1 or len(long) != 2 or short[0] not in PRONOUNS or long[0] != "the":
        return False
    noun = long[1].removesuffix("'s")
    return noun in {"person", "individual"} or min(case.old.lower().count(noun), case.new.lower().count(noun)) > 0


def _is_named_code(edit: Edit, _: Case) -> bool:
    """Tell whether a reference only gained the name of its code: "§ 5" became "Example Code § 5"."""
    words = edit.new
    if edit.old or not words or len(words) > 6 or words[-1].key not in CODE_ENDS:
        return False
    named = all(part[0].isupper() or part in {"of", "and"} for part in edit.new_text.split())
    return named and bool(edit.after) and edit.after[0].key == "§"


def _is_own_reference(edit: Edit, _: Case) -> bool:
    """Tell whether a reference only gained or lost "of this section" after its number."""
    keys = get_keys(edit.old or edit.new)
    if (edit.old and edit.new) or len(keys) != 3 or keys[:2] != ["of", "this"] or keys[2] not in DIVISIONS:
        return False
    if not edit.before:
        return False
    # A number of a whole code ("§ 12-305") needs no title, one of an act ("section 5") does.
    return edit.before[-1].label or REFERENCE_NUMBER.fullmatch(edit.before[-1].key) is not None


def _is_section_sign(edit: Edit, _: Case) -> bool:
    """Tell whether a section's number only gained its sign: "12-305" became "§ 12-305"."""
    signed = not edit.old and get_keys(edit.new) == ["§"]
    return signed and bool(edit.after) and REFERENCE_NUMBER.fullmatch(edit.after[0].key) is not None


def _is_division_word(edit: Edit, _: Case) -> bool:
    """Tell whether a reference only calls its target otherwise: "subdivision (3)" became "subsection (3)"."""
    keys = [*get_keys(edit.old), *get_keys(edit.new)]
    named = len(edit.old) == len(edit.new) == 1 and PROVISION_WORDS.issuperset(keys)
    return named and bool(edit.after) and edit.after[0].label


def _is_repeated_label(edit: Edit, case: Case) -> bool:
    """Tell whether a reference only repeats the label it stood under: "(a)(1) or (3)" became "(a)(1) or (a)(3)"."""
    words = edit.old or edit.new
    if (edit.old and edit.new) or not all(word.label for word in (*words, *edit.after[:1])):
        return False
    if not edit.after or not edit.before or edit.before[-1].key not in BETWEEN_REFERENCES:
        return False
    chain = "".join(f"({key})" for key in get_keys(words))
    return all(f"{chain}(" in text.lower() for text in (case.old, case.new))


def _is_abbreviation(edit: Edit, case: Case) -> bool:
    """Tell whether an abbreviation follows its term, which stands in the same text."""
    pair = (edit.old_text.strip("()"), case.old), (edit.new_text.strip("()"), case.new)
    return all(ABBREVIATION.fullmatch(short) and short in _initials(text) for short, text in pair)


def _is_written_out(edit: Edit, _: Case) -> bool:
    """Tell whether an abbreviation stands for the name it is made of: "DHCF", "Department of Health Care Finance"."""
    short, long = sorted((edit.old_text, edit.new_text), key=len)
    return ABBREVIATION.fullmatch(short) is not None and _initials(long) == short


def _is_named_division(edit: Edit, _: Case) -> bool:
    """Tell whether a reference only gained or lost the word for its division: "under (2)", "under paragraph (2)"."""
    keys = get_keys(edit.old or edit.new)
    alone = not (edit.old and edit.new) and len(keys) == 1 and keys[0] in SURE_DIVISIONS
    return alone and bool(edit.after) and edit.after[0].label


def _initials(text: str) -> str:
    """Return the first letters of all capitalised words."""
    return "".join(CAPITAL.findall(text))


EDITORIAL_RULES: tuple[tuple[str, Callable[[Edit, Case], bool]], ...] = (
    (SAME_NAME, _is_known_same),
    ("only spelling", _is_spelling),
    ("only a pointing word", _is_pointer),
    ("only a pronoun", _is_pronoun),
    ("a reference made more exact", _is_named_code),
    ("a reference made more exact", _is_own_reference),
    ("a reference made more exact", _is_repeated_label),
    ("a reference made more exact", _is_named_division),
    ("a reference made more exact", _is_section_sign),
    ("a reference names its target otherwise", _is_division_word),
    ("an abbreviation written out", _is_written_out),
    ("an abbreviation follows its term", _is_abbreviation),
)


def _judge_substantive(edits: Sequence[Edit], case: Case) -> Judgement:
    """Return the judgement of edits that no rule explains: all their signals, and the weightiest one's reason."""
    found = [(edit, _find_signals(edit, case)) for edit in edits]
    signals = tuple(signal for signal in SIGNALS if any(signal in own for _, own in found))
    weights = {signal: weight for weight, signal in enumerate(SIGNALS)}
    edit, own = min(found, key=lambda pair: min((weights[signal] for signal in pair[1]), default=len(weights)))
    return Judgement("substantive", signals, _say(_name_edit(edit, own), *edit.shown))


def _find_signals(edit: Edit, case: Case) -> set[Signal]:
    """Return the kinds of words that an edit moved."""
    return {signal for signal, rule in SIGNAL_RULES if rule(edit, case)}


def _moves_kind(kind: str) -> Callable[[Edit, Case], bool]:
    """Return a rule: the edit moves a word of this kind."""
    return lambda edit, _: any(own == kind for own, _ in edit.moved)


def _moves_words(words: frozenset[str]) -> Callable[[Edit, Case], bool]:
    """Return a rule: the edit moves one of these words."""
    return lambda edit, _: any(own == "plain" and key in words for own, key in edit.moved)


def _moves_definition(edit: Edit, case: Case) -> bool:
    """Tell whether the edit touches what a term means."""
    return _moves_words(DEFINING_WORDS)(edit, case) or any(DEFINITION.search(text) for text in (case.old, case.new))


def _moves_scope(edit: Edit, case: Case) -> bool:
    """Tell whether the edit moves a qualifier or connector, or puts one body or name in the place of another."""
    return _moves_words(SCOPE_WORDS)(edit, case) or _is_renamed_body(edit)


def _is_renamed_body(edit: Edit) -> bool:
    """Tell whether a name was replaced by another: "the Mayor" by "the Department"."""
    if not edit.before or any(kind == "date" for kind, _ in edit.moved):
        return False
    return all(NAME.match(text) is not None for text in (edit.old_text, edit.new_text))


SIGNAL_RULES: tuple[tuple[Signal, Callable[[Edit, Case], bool]], ...] = (
    ("modality", _moves_words(MODALS)),
    ("number", _moves_kind("number")),
    ("date", _moves_kind("date")),
    ("negation", _moves_words(NEGATIONS)),
    ("scope", _moves_scope),
    ("reference", _moves_kind("reference")),
    ("definition", _moves_definition),
)
SIGNALS: tuple[Signal, ...] = tuple(signal for signal, _ in SIGNAL_RULES)


def _name_edit(edit: Edit, signals: set[Signal]) -> str:
    """Return in a few words what an edit did."""
    action = "deleted" if not edit.new else "changed" if edit.old else "added"
    if max(len(edit.old), len(edit.new)) > LONG_EDIT:
        return f"text {action}"
    signal = next((signal for signal in SIGNALS if signal in signals), "words" if action == "changed" else "text")
    return NAMERS[signal](edit, action) if signal in NAMERS else f"{signal} {action}"


def _name_modality(edit: Edit, action: str) -> str:
    """Return whether a permission became a duty, the reverse, or what else happened."""
    old, new = set(get_keys(edit.old)), set(get_keys(edit.new))
    if "may" in old and not DUTIES.isdisjoint(new):
        return "permission became duty"
    return "duty became permission" if "may" in new and not DUTIES.isdisjoint(old) else f"duty or permission {action}"


def _name_number(edit: Edit, action: str) -> str:
    """Return what a number measures, by the words beside it, and what happened to it."""
    near = {*get_keys(edit.old), *get_keys(edit.new), *get_keys(edit.before), *get_keys(edit.after)}
    return f"{next((name for name, words in UNITS.items() if not words.isdisjoint(near)), 'number')} {action}"


def _name_scope(edit: Edit, action: str) -> str:
    """Return whether a name or the scope moved, and what happened to it."""
    return f"body or name {action}" if _is_renamed_body(edit) else f"scope {action}"


NAMERS: dict[str, Callable[[Edit, str], str]] = {
    "modality": _name_modality,
    "number": _name_number,
    "scope": _name_scope,
}


def _say(label: str, old: str, new: str) -> str:
    """Return one line: the label with the old and new words, whichever there are."""
    quotes = [f'"{_trim(text)}"' for text in (old, new) if text]
    return _cut_reason(f"{label}: {' → '.join(quotes)}" if quotes else label)


def _trim(text: str) -> str:
    """Return the beginning of a text, cut at a word, with "…" where it goes on."""
    return text if len(text) <= QUOTE_LENGTH else f"{text[: QUOTE_LENGTH - 1].rsplit(' ', 1)[0]}…"


def _cut_reason(reason: str) -> str:
    """Return the reason no longer than one line may be."""
    return reason if len(reason) <= REASON_LENGTH else f"{reason[: REASON_LENGTH - 1]}…"
