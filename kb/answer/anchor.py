"""Find the words that prove a fact in a text: as printed, else but for typography, else nearly (pure).

White space, quotation marks and dashes are typography (``kb.read.canonical``); any other difference is one of words,
and words that are only nearly there never count as the ones that were coded.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from rapidfuzz import fuzz

from kb.answer.facts import Anchor, hash_words
from kb.compare.eids import print_eid
from kb.models import Provision
from kb.read.canonical import BLANKS, DASHES, DOUBLE_QUOTES, INVISIBLE, SINGLE_QUOTES, fold_text

# Likeness, of 100, below which a quote is gone: in the provision it was in or below it, and anywhere else, where
# boilerplate is alike. Measured: docs/methods.md, "Anchors".
LEAST_NEAR = 70.0
LEAST_FAR = 90.0
LIKENESS_OF_THE_SAME = 100.0
# Characters of context before and after a quote, cut at word limits.
CONTEXT = 32
# "20" is not in "200", "120", "20.5" or "1,200"; "ketamine" is not in "esketamine".
BEFORE_WORD = r"(?<!\w)(?<!\d[.,])"
AFTER_WORD = r"(?!\w)(?![.,]\d)"
# What a folded sign may have been in print.
PRINTED = {
    "'": f"['{SINGLE_QUOTES}]",
    '"': f'["{DOUBLE_QUOTES}]',
    "-": f"[-{DASHES}]",
    " ": rf"(?:[\s{BLANKS}]|(?:\s?\.){{5,}}+)(?:[\s{BLANKS}{INVISIBLE}]|(?:\s?\.){{5,}}+)*+",
}
UNSEEN = f"[{INVISIBLE}]*"

How = Literal["exact", "canonical", "fuzzy"]


class Spot(msgspec.Struct, frozen=True):
    """One place at which a quote stands: the provision, and the character of its words at which it begins."""

    eid: str
    begins: int

    @property
    def name(self) -> str:
        """Return the place as a person names it: "(a)(1) from character 14"."""
        return f"{print_eid(self.eid).strip() or 'the document itself'} from character {self.begins + 1}"


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Where a quote stands and how it was found, as a W3C TextQuoteSelector: quote as it stands, prefix and suffix.

    ``score`` is its likeness of 100. ``words`` are those of the provision (``tell_words``), ``text_hash`` their hash.
    ``spots`` are all places at which it stands; ``is_sure`` tells that the provision is the one meant: it was named, or
    no other holds the quote.
    """

    eid: str
    how: How
    score: float
    quote: str
    prefix: str
    suffix: str
    words: str
    text_hash: str
    spots: tuple[Spot, ...]
    is_sure: bool


class _Match(msgspec.Struct, frozen=True):
    """A stretch of a provision's words, from and to which character of their folded form."""

    part: Provision
    begins: int
    ends: int


def tell_words(part: Provision) -> str:
    """Return the words of a provision that prove and that a review is about: its heading, then its own text."""
    return "\n".join(text for text in (part.heading, part.text) if text)


def resolve_anchor(anchor: Anchor, parts: Sequence[Provision]) -> Found | None:
    """Find the quote of an anchor in a text: in the provision named, else below it, else anywhere, else nearly.

    Returns None where nothing is alike enough.
    """
    quote = fold_text(anchor.quote)
    if not quote:
        return None
    tiers = _rank_parts(anchor.eid, parts)
    for tier in tiers:
        matches = [match for part in tier for match in _match_words(quote, part)]
        if matches:
            return _make_found(anchor, matches, is_sure=tier is tiers[0] or len(matches) == 1)
    near = _match_nearly(quote, [*tiers[0], *tiers[1]], LEAST_NEAR) or _match_nearly(quote, tiers[2], LEAST_FAR)
    return None if near is None else _make_near(*near)


def _rank_parts(eid: str, parts: Sequence[Provision]) -> tuple[list[Provision], list[Provision], list[Provision]]:
    """Split the provisions of a text: the one named, those below it, the others. The document itself has all below."""
    tiers: tuple[list[Provision], list[Provision], list[Provision]] = ([], [], [])
    for part in parts:
        is_below = not eid or part.eid.startswith(f"{eid}__")
        tiers[0 if part.eid == eid else 1 if is_below else 2].append(part)
    return tiers


def _match_words(quote: str, part: Provision) -> Iterable[_Match]:
    """Yield every place at which a provision's words hold the quote, both folded, from word limit to word limit."""
    text = fold_text(tell_words(part))
    if quote not in text:
        return
    for match in re.finditer(_bound(quote, re.escape(quote)), text):
        yield _Match(part, match.start(), match.end())


def _bound(quote: str, pattern: str) -> str:
    """Keep a pattern from beginning or ending inside a word or a number."""
    before = BEFORE_WORD if quote[0].isalnum() else ""
    after = AFTER_WORD if quote[-1].isalnum() else ""
    return f"{before}{pattern}{after}"


def _match_nearly(quote: str, parts: Iterable[Provision], least: float) -> tuple[_Match, float] | None:
    """Return the stretch most like the quote and its likeness, the first of equals, None below the least."""
    best: tuple[_Match, float] | None = None
    for part in parts:
        text = fold_text(tell_words(part))
        floor = least if best is None else best[1]
        found = align_words(quote, text, floor)
        if found is not None and (best is None or found[2] > best[1]):
            best = _Match(part, *_widen(text, found[0], found[1])), found[2]
    return best


def align_words(quote: str, text: str, least: float) -> tuple[int, int, float] | None:
    """Return the stretch of a text most like a quote, and its likeness; a text shorter than it is one stretch."""
    if len(text) <= len(quote):
        likeness = fuzz.ratio(quote, text, score_cutoff=least)
        return (0, len(text), likeness) if likeness else None
    aligned = fuzz.partial_ratio_alignment(quote, text, score_cutoff=least)
    return None if aligned is None else (aligned.dest_start, aligned.dest_end, aligned.score)


def _widen(text: str, begins: int, ends: int) -> tuple[int, int]:
    """Widen a stretch to whole words, without white space at its ends."""
    while 0 < begins < len(text) and text[begins - 1 : begins + 1].isalnum():
        begins -= 1
    while 0 < ends < len(text) and text[ends - 1 : ends + 1].isalnum():
        ends += 1
    held = text[begins:ends]
    return begins + len(held) - len(held.lstrip()), ends - len(held) + len(held.rstrip())


def _make_found(anchor: Anchor, matches: Sequence[_Match], *, is_sure: bool) -> Found:
    match = matches[0]
    found = _capture(match, how="canonical", score=LIKENESS_OF_THE_SAME)
    return msgspec.structs.replace(
        found,
        how="exact" if found.quote == anchor.quote else "canonical",
        spots=tuple(Spot(one.part.eid, one.begins) for one in matches),
        is_sure=is_sure,
    )


def _make_near(match: _Match, likeness: float) -> Found:
    return _capture(match, how="fuzzy", score=round(likeness, 1))


def _capture(match: _Match, *, how: How, score: float) -> Found:
    """Take a stretch out of a provision's words as printed, with its context."""
    words = tell_words(match.part)
    folded = fold_text(words)
    printed = _find_printed(words, folded, match)
    # Where letters and their accents are composed otherwise in print, the folded words stand for them.
    words_shown, (begins, ends) = (folded, (match.begins, match.ends)) if printed is None else (words, printed)
    return Found(
        eid=match.part.eid,
        how=how,
        score=score,
        quote=words_shown[begins:ends],
        prefix=_cut_prefix(words_shown[:begins]),
        suffix=_cut_suffix(words_shown[ends:]),
        words=words,
        text_hash=hash_words(words),
        spots=(Spot(match.part.eid, match.begins),),
        is_sure=False,
    )


def _find_printed(words: str, folded: str, match: _Match) -> tuple[int, int] | None:
    """Return the stretch of the printed words that folds to the one matched, None if it cannot be told."""
    quote = folded[match.begins : match.ends]
    # Where folding took nothing away, places are the same; a pattern of every sign is costly to make.
    if len(words) == len(folded) and fold_text(words[match.begins : match.ends]) == quote:
        return match.begins, match.ends
    pattern = UNSEEN.join(PRINTED.get(sign, re.escape(sign)) for sign in quote)
    found = [one.span() for one in re.finditer(_bound(quote, pattern), words)]
    same = re.finditer(_bound(quote, re.escape(quote)), folded)
    before = sum(1 for one in same if one.start() < match.begins)
    return found[before] if before < len(found) else None


def _cut_prefix(text: str) -> str:
    """Return the end of the text before a quote, of some 32 characters from a word's beginning on."""
    if len(text) <= CONTEXT:
        return text
    cut = text[-CONTEXT:]
    return cut if text[-CONTEXT - 1].isspace() else cut[_find_space(cut) :]


def _cut_suffix(text: str) -> str:
    """Return the beginning of the text after a quote, of some 32 characters to a word's end."""
    if len(text) <= CONTEXT:
        return text
    cut = text[:CONTEXT]
    return cut if text[CONTEXT].isspace() else cut[: len(cut) - _find_space(cut[::-1])]


def _find_space(text: str) -> int:
    """Return where the first white space of a text stands, its length if it has none."""
    return next((place for place, sign in enumerate(text) if sign.isspace()), len(text))
