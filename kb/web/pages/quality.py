"""How often it is right: the figures that were measured, set by set, those that miss their limit first."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from itertools import groupby

import msgspec

from kb.store.overview import Measured, list_measured
from kb.web.answer import Answer
from kb.web.pages.frame import read_frame, render

# "≥ 0.995"
LIMIT = re.compile(r"(?P<sign>[≥≤]) (?P<value>[\d.]+)")
# A share of fewer cases says little.
FEW_CASES = 30
# What each set is, for readers; one that is not here is shown under its name alone.
SETS: Mapping[str, tuple[str, str]] = {
    "dc": ("The D.C. Code", "Section pages of one code as captured, against the official XML of the same days."),
    "dc-bare": ("The D.C. Code, nothing declared", "The same captures, with the main part of a page found unaided."),
    "cic-ri": (
        "Rhode Island, title pages",
        "Whole titles of a code on one page: sections read against headings printed.",
    ),
    "cic-ri-rerender": ("Rhode Island, rendered anew", "One release in several renderings: no rule may seem to move."),
    "cic-ri-broken": ("Rhode Island, a broken page", "A page with merge marks and every section twice: held back."),
    "cic-tn": ("Tennessee, title pages", "Sections read against the headings printed."),
    "cic-id": ("Idaho, title pages", "Sections read against the headings printed."),
    "cic-ak": ("Alaska, title pages", "Sections read against the headings printed."),
    "hi": ("Hawaii, section pages", "Captures over years: reading that loses and adds nothing."),
    "ota": ("Terms of services", "Noisy pages whose bytes differ at every capture, with the text beside each."),
    "ota-bare": ("Terms of services, nothing declared", "The same, with the main part of a page found unaided."),
    "edgi-pairs": ("Pages of agencies, by pairs", "Pairs of captures that people labelled as changed or not."),
    "extraction": ("Articles", "Pages whose main text people marked."),
    "official-fixtures": ("Official pages", "Single pages of official sites: reading that loses and adds nothing."),
    "tx-dshs": ("Texas, a department's pages", "Reading that loses and adds nothing."),
    "natures": (
        "Rule changed, or only its wording?",
        "Provisions labelled by hand; misses of one half are counted and never looked at.",
    ),
    "moving web": (
        "A web that moves",
        "2,000 generated pages crawled day by day, with known changes, faults and new skins.",
    ),
}
# What is told first, in a sentence: set, measure, and the sentence with its slots.
HEADLINES = (
    ("dc", "page: precision", "Of {cases} pages of a code said to have a rule change, {right} had one"),
    ("dc", "page: recall", "Of {cases} pages that had one, {right} were said to"),
    ("dc", "provision: precision", "Of {cases} single moves told in those pages, {right} were right"),
    ("dc", "provision: recall", "Of {cases} single moves that there were, {right} were told"),
    ("natures", "held: accuracy", "Whether a rule or only its wording moved was told rightly for {right} of {cases}"),
)


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as printed: what, how much, of how many, within which bounds, what is asked, and whether it is kept."""

    what: str
    figure: str
    of: str
    bounds: str
    asked: str
    kept: bool


class Set(msgspec.Struct, frozen=True, kw_only=True):
    """A set of pages with its title, what it is, and its figures."""

    name: str
    title: str
    words: str
    figures: tuple[Figure, ...]


def view_quality(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/quality": what was measured, the missed limits first, then every figure of every set."""
    measured = list_measured(db)
    sets = group_sets(measured)
    return render(
        "quality.html",
        read_frame(db, asked),
        headlines=tell_headlines(measured),
        missed=[(one, figure) for one in sets for figure in one.figures if not figure.kept],
        limits=sum(figure.asked != "" for one in sets for figure in one.figures),
        sets=sets,
        codes=sorted({one.code for one in measured}),
        few=FEW_CASES,
    )


def group_sets(measured: Sequence[Measured]) -> list[Set]:
    """Return the figures of each set, in the order in which they were measured."""
    return [
        Set(
            name=name,
            title=SETS.get(name, (name, ""))[0],
            words=SETS.get(name, (name, ""))[1],
            figures=tuple(print_figure(one) for one in group),
        )
        for name, group in groupby(measured, key=lambda one: one.corpus)
    ]


def print_figure(one: Measured) -> Figure:
    """Return a figure as readers are told it; a share is never rounded up to all."""
    is_share = one.low is not None and one.high is not None
    whole = one.cases == 0 and one.value.is_integer() and not one.measure.endswith("F1")
    return Figure(
        what=one.measure,
        figure=f"{cut(100 * one.value, 1)} %" if is_share else f"{int(one.value):,}" if whole else cut(one.value, 3),
        of=tell_cases(one, is_share=is_share),
        bounds="" if one.low is None or one.high is None else f"{cut(100 * one.low, 1)} to {cut(100 * one.high, 1)} %",
        asked=one.asked,
        kept=keeps_limit(one),
    )


def tell_cases(one: Measured, *, is_share: bool) -> str:
    """Return of how many cases a figure is, "" where it is of none."""
    if is_share:
        return f"{round(one.value * one.cases):,} of {one.cases:,}"
    return f"mean of {one.cases:,}" if one.cases else ""


def cut(value: float, places: int) -> str:
    """Return a number with so many places, cut and not rounded: 99.96 is "99.9"."""
    scale = 10**places
    # Without the errors of binary fractions, which would make 98.7 of 98.69999999.
    return f"{int(round(value * scale, 6)) / scale:.{places}f}"


def keeps_limit(one: Measured) -> bool:
    """Tell whether a figure is within the limit it is held to; one without a limit is."""
    limit = LIMIT.fullmatch(one.asked)
    if limit is None:
        return True
    bound = float(limit["value"])
    return one.value >= bound if limit["sign"] == "≥" else one.value <= bound


def tell_headlines(measured: Sequence[Measured]) -> list[str]:
    """Return the most telling figures as sentences; those that were not measured are left out."""
    found = {(one.corpus, one.measure): one for one in measured}
    told = [(found[corpus, measure], words) for corpus, measure, words in HEADLINES if (corpus, measure) in found]
    return [words.format(cases=f"{one.cases:,}", right=f"{round(one.value * one.cases):,}") for one, words in told]
