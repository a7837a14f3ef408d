"""The words that site and reports say things with: labels, sentences and dates, each as data or one small function."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, Protocol
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from kb.answer.facts import Effect, FactState
from kb.cadence import tell_patience
from kb.compare.eids import print_eid
from kb.compare.redline import spell_controls
from kb.models import EventKind, Kind, Nature, Part, Signal, Strand

# What a reader is told of a change first: whether the rule itself moved.
Weight = Literal["rule", "wording", "moved", "note", "pending"]

WEIGHT_LABELS: Mapping[Weight, str] = {
    "rule": "Rule changed",
    "wording": "Wording only",
    "moved": "Moved or renumbered",
    "note": "Editor’s note",
    "pending": "Coming change",
}
# Counted: one, many.
WEIGHT_NOUNS: Mapping[Weight, tuple[str, str]] = {
    "rule": ("rule change", "rule changes"),
    "wording": ("change of wording only", "changes of wording only"),
    "moved": ("provision moved or renumbered", "provisions moved or renumbered"),
    "note": ("change of editor’s notes", "changes of editor’s notes"),
    "pending": ("notice of a coming change", "notices of coming changes"),
}
KIND_LABELS: Mapping[Kind, str] = {
    "added": "New",
    "removed": "Removed",
    "amended": "Changed",
    "renumbered": "New number",
    "moved": "New place",
}
KIND_MARKS: Mapping[Kind, str] = {"added": "+", "removed": "−", "amended": "~", "renumbered": "#", "moved": "→"}
PART_LABELS: Mapping[Part, str] = {
    "text": "text",
    "heading": "heading",
    "note": "editor’s notes",
    "pending": "notices of coming change",
}
# Texts that bind nobody yet: what is said beside every change of theirs.
NOT_LAW_LABELS: Mapping[str, str] = {"bill": "Bill, not law", "proposal": "Proposed, not law"}
NATURE_WEIGHTS: Mapping[Nature, Weight] = {"substantive": "rule", "editorial": "wording", "structural": "moved"}
NATURE_LABELS: Mapping[Nature, str] = {
    "substantive": "the rule",
    "editorial": "wording only",
    "structural": "number or place",
}
NATURE_SENTENCES: Mapping[Weight, str] = {
    "rule": "The rule itself moved, not only its wording or number. In doubt a change is put here.",
    "wording": "The words moved, the rule did not: punctuation, spelling, drafting style or a more exact reference.",
    "moved": "The same words stand under another number or in another place. Never counted as a rule change.",
    "note": "The publisher’s notes moved, not the law’s own text. Not counted as a rule change.",
    "pending": "The publisher announces a change that is still to come. The text itself has not moved yet.",
}
EFFECT_LABELS: Mapping[Effect, str] = {
    "words_changed": "the words it rests on changed",
    "moved": "the words it rests on stand elsewhere now",
    "gone": "the words it rests on are gone",
    "around": "what stands above or below the words it rests on changed",
    "beside": "another provision of its section changed",
}
# How an answer stands to the law's own words.
PROOF_LABELS: Mapping[FactState, str] = {
    "reported": "as reported: no official text of it is archived here",
    "anchored": "its words stand in the archived text",
    "verified": "a person confirmed the words that stand",
    "needs_review": "its words changed and were not reviewed since",
    "broken": "its words stand nowhere now",
}
SIGNAL_LABELS: Mapping[Signal, str] = {
    "modality": "duty or permission (shall, may, must)",
    "number": "a number",
    "date": "a date",
    "negation": "a negation",
    "scope": "who or what is covered",
    "reference": "a reference to other law",
    "definition": "a definition",
}
# States of an answer and of what stands in its place: label, and what it means.
FACT_STATES: Mapping[str, tuple[str, str]] = {
    "verified": ("Checked by a person", "A person compared these exact words with the answer."),
    "anchored": ("Quoted from the law", "Our reader found these words; no person has confirmed the answer yet."),
    "reported": (
        "Reported, text not archived",
        "Read elsewhere, the rule is named; the official text is not archived here.",
    ),
    "needs_review": ("Wording changed since review", "The quoted words moved; the answer may be out of date."),
    "broken": ("Quoted words are gone", "The quote is no longer found. Do not rely on this answer."),
    "conflict": ("Sources disagree", "Two official texts say different things. Both are quoted; we do not choose."),
    "law_silent": (
        "The law says nothing on this",
        "The law was read and no provision answers; what silence means is said.",
    ),
    "not_found": ("Looked, found nothing", "Places and date of the search are named. No proof that no rule exists."),
    "not_checked": ("Not looked at yet", "Nobody has asked this question for this state."),
    "unknown_before": ("No record before a date", "What the text said before our first sight of it cannot be shown."),
}
EVENT_LABELS: Mapping[EventKind, str] = {
    "revision": "Text changed",
    "rerender": "Site rebuilt, same words",
    "relocation": "New addresses, same words",
    "incident": "Site trouble",
}
EVENT_SENTENCES: Mapping[EventKind, str] = {
    "revision": "The words of the law or its notes moved. The changes below were seen in one round of reading.",
    "rerender": "The publisher rebuilt its pages. The words are the same: no law changed.",
    "relocation": "Documents stand at other addresses. Their words are the same: no law changed.",
    "incident": "Pages could not be reached or trusted. This is trouble with the site: it says nothing of the law.",
}
STRAND_LABELS: Mapping[Strand, str] = {
    "current": "current text",
    "permanent": "permanent text, without temporary law",
    "pending": "text not yet in force",
    "mirror": "copy by another publisher",
}
POLICY_LABELS: Mapping[str, str] = {
    "open": "May be read",
    "forbidden": "Its rules forbid reading by machine",
    "js": "Needs a browser",
    "blocked": "Official site refuses us",
    "api_key": "Needs a key",
}
PUBLISH_LABELS: Mapping[str, str] = {
    "text": "shown in full",
    "quotes": "short quotes only, others hold rights",
    "none": "not shown, others hold rights",
}
# How a text stands to the day asked for; "{day}" is the day of that state.
STANDING_SENTENCES: Mapping[str, str] = {
    "in_force": "The text that holds on the day asked for.",
    "expired": "Not in force then: the text itself says that it ended on {day}.",
    "coming": "Not in force yet then: it starts to apply on {day}.",
    "removed": "Removed: it was last shown until {day}.",
    "unknown_before": "No record: we first saw it on {day}; what it said before we cannot show.",
}
# What became of a provision between two texts.
STATE_LABELS: Mapping[str, str] = {
    "same": "same words",
    "changed": "changed",
    "renumbered": "same words, other number",
    "added": "added",
    "removed": "removed",
}
WHOLE_LABELS: Mapping[Part, str] = {
    "text": "whole text",
    "heading": "its heading",
    "note": "its notes",
    "pending": "its notice",
}
# What happens on a day, as a sentence's verb.
DAY_VERBS: Mapping[str, str] = {
    "effective": "takes effect",
    "expiry": "ends",
    "sunset": "applies for the last day",
    "reverts": "falls back",
    "comment": "comments are due",
}
# What stands under everything that tells of law.
NOT_ADVICE = "Not legal advice, and not the official text: read the official page before you act."
# What a text can be, the most binding first.
BINDINGS = (
    "statute regulation order declaratory_ruling advisory_opinion position_statement policy faq bill proposal"
).split()
# An instant after all others: what is known by then is all that is known.
END_OF_TIME = "9999-12-31T23:59:59Z"
WEB_SCHEMES = ("https://", "http://")
# "2024-10-20"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# "D.C. Code § 7-1 (us-dc/code/7-1)": a suggestion with the id of its document
SUGGESTION = re.compile(r"\((?P<document>[a-z][a-z0-9-]*/\S+)\)\W*$")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
MONTH_NAMES = ("January February March April May June July August September October November December").split()
SNIPPET_SIGNS = 110


class Weighed(Protocol):
    """A change in whatever form: what its weight is told from."""

    @property
    def nature(self) -> Nature:
        """Return whether rule, wording or place moved."""

    @property
    def part(self) -> Part:
        """Return which part of the provision moved."""


def weigh(change: Weighed) -> Weight:
    """Tell what a reader must know first of a change: rule changed, wording only, moved, note or coming change."""
    if change.part == "note" or change.part == "pending":
        return change.part
    return NATURE_WEIGHTS[change.nature]


def parse_day(text: str) -> date | None:
    """Return the date a text is ("2024-10-20"), None where it is none."""
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        return None


def print_day(instant: str | date | None) -> str:
    """Return a date or an instant as a day with its month in letters: "Oct 20, 2024"; "" for none."""
    if not instant:
        return ""
    day = date.fromisoformat(str(instant)[:10])
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def print_instant(instant: str) -> str:
    """Return an instant as day and minute: "Oct 20, 2024, 12:00 UTC"; "" for none."""
    return f"{print_day(instant)}, {instant[11:16]} UTC" if instant else ""


def mark_day(instant: str | date | None, empty: str = "") -> Markup:
    """Return a <time> element that shows a day, or the words given where there is none."""
    if not instant:
        return escape(empty)
    # Markup.format costs ten times as much, and a page has hundreds of days.
    return Markup(f'<time datetime="{escape(str(instant))}">{print_day(instant)}</time>')  # noqa: S704 - escaped


def count_of(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 rule change", "1,209 rule changes"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def count_weight(weight: Weight, number: int) -> str:
    """Return how many changes of a weight there are: "2 rule changes", "1 change of wording only"."""
    return count_of(number, *WEIGHT_NOUNS[weight])


def days_between(earlier: str, later: str) -> int:
    """Return how many days lie between two days or instants."""
    return (date.fromisoformat(later[:10]) - date.fromisoformat(earlier[:10])).days


def is_late(last_read: str, cadence: str, today: str) -> bool:
    """Tell whether something was not read for more than twice its source's cadence, which is weekly unless known."""
    return days_between(last_read, today) > tell_patience(cadence).days


def say_id(name: str) -> str:
    """Return an id of a vocabulary as words: "advisory_opinion" as "advisory opinion"."""
    return name.replace("_", " ")


def name_page(strand: Strand) -> str:
    """Return what the page of a text is: the publisher's own, or a copy by another, which nobody may take for it."""
    return "copy by another publisher" if strand == "mirror" else "official page"


def cite(citation: str, eid: str | None) -> str:
    """Return a citation with its provision as a person writes it: "D.C. Code § 7-1(a)(2)"."""
    place = print_eid(eid or "")
    return f"{citation}{'' if place.startswith('(') or not place else ' '}{place}"


def link_document(document: str, eid: str | None = "", as_of: str | date | None = None, strand: str = "current") -> str:
    """Return the path of a document's page: of a provision, as of a date, in a strand that is not first-ranked."""
    day = str(as_of)[:10] if as_of else ""
    asked = {name: value for name, value in (("as_of", day), ("strand", strand)) if value and value != "current"}
    query = f"?{urlencode(asked)}" if asked else ""
    return f"/d/{quote(document, safe='/:()')}{query}{'#' + quote(eid, safe='') if eid else ''}"


def link_diff(document: str, old: str, new: str) -> str:
    """Return the path of the redline of two versions of a document."""
    return f"/d/{quote(document, safe='/:()')}/diff/{old}..{new}"


def link_advice(line: str) -> tuple[str, str]:
    """Return a line of advice and the path it leads to, "" where it ends in no document's id."""
    named = SUGGESTION.search(line)
    return line.strip(), link_document(named["document"]) if named is not None else ""


def keep_web(url: str | None) -> str:
    """Return a URL that may stand in a link, "" for anything that is no web address (javascript:, data:)."""
    return url if url and url.lower().startswith(WEB_SCHEMES) else ""


def mark_words(text: str, words: Sequence[str]) -> Markup:
    """Return a stretch of a text round the first of the words found, each word in <mark>."""
    safe = spell_controls(text)
    found = re.compile("|".join(re.escape(word) for word in words), re.IGNORECASE)
    first = found.search(safe)
    start = max(0, first.start() - SNIPPET_SIGNS if first is not None else 0)
    start = safe.rfind(" ", 0, start) + 1 if start else 0
    end = safe.find(" ", start + 3 * SNIPPET_SIGNS)
    piece = safe[start : end if end > 0 else len(safe)]
    parts: list[Markup] = []
    at = 0
    for match in found.finditer(piece):
        parts += [escape(piece[at : match.start()]), Markup("<mark>{}</mark>").format(match[0])]
        at = match.end()
    cut = "…" if end > 0 else ""
    return Markup("{}{}{}{}").format("…" if start else "", Markup("").join(parts), piece[at:], cut)
