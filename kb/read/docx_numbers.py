"""Print the numbers that Word counts by itself: a list's definition says how each level counts and what it prints.

ECMA-376 part 1, 17.9: paragraphs name a list (``numId``) and a level; the list refers to a definition that several
lists may share, and with it their count.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

import msgspec
from lxml import etree

from kb.read.labels import print_ordinal

# "%1.%2": what a level prints, with the count of each level put in
COUNT = re.compile(r"%([1-9])")
MOST_LEVELS = 9
_CARDINALS = (
    "One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen Fifteen Sixteen Seventeen "
    "Eighteen Nineteen Twenty"
).split()
_ORDINALS = (
    "First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh Twelfth Thirteenth Fourteenth Fifteenth "
    "Sixteenth Seventeenth Eighteenth Nineteenth Twentieth"
).split()


def _print_nothing(_: int) -> str:
    return ""


def _print_ending(value: int) -> str:
    """Return "1st", "2nd", "11th"."""
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def _print_word(words: list[str]) -> Callable[[int], str]:
    return lambda value: words[value - 1] if 0 < value <= len(words) else str(value)


# How a count is printed, by the name of its format; one that is not named here counts in figures.
PRINTERS: Mapping[str, Callable[[int], str]] = MappingProxyType(
    {
        "lowerLetter": lambda value: print_ordinal("a", value),
        "upperLetter": lambda value: print_ordinal("A", value),
        "lowerRoman": lambda value: print_ordinal("i", value),
        "upperRoman": lambda value: print_ordinal("I", value),
        "decimalZero": lambda value: f"{value:02}",
        "ordinal": _print_ending,
        "cardinalText": _print_word(_CARDINALS),
        "ordinalText": _print_word(_ORDINALS),
        "bullet": _print_nothing,
        "none": _print_nothing,
    }
)


class Level(msgspec.Struct, frozen=True):
    """How one level of a list counts: its first number, its format, what it prints, whether it ever begins anew.

    ``style`` is the paragraph style that belongs to the level, "" if none does; ``legal`` prints all levels in figures.
    """

    start: int = 1
    style: str = ""
    form: str = "decimal"
    text: str = ""
    legal: bool = False
    restarts: bool = True


class ListRule(msgspec.Struct, frozen=True):
    """One list: the definition whose count it shares, its levels, and those it begins at a number of its own."""

    shared: str
    levels: Mapping[int, Level]
    begins: Mapping[int, int]


def name_of(element: etree._Element) -> str:
    """Return an element's name without its namespace: strict and transitional files differ only there."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def find_child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """Return the first descendant along a path of names, None where there is none."""
    for name in path:
        element = next((child for child in element if name_of(child) == name), None) if element is not None else None
    return element


def read_value(element: etree._Element | None, name: str = "val") -> str:
    """Return an attribute by its name without namespace, "" where it is missing."""
    if element is None:
        return ""
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), "")


def read_count(element: etree._Element | None, name: str = "val", otherwise: int = 0) -> int:
    """Return an attribute as a whole number, ``otherwise`` where it is none that anyone would print."""
    value = read_value(element, name)
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else otherwise


def _list_children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if name_of(child) == name)


def read_lists(root: etree._Element | None) -> dict[str, ListRule]:
    """Read the lists of a numbering part, by their ids; {} where a file has none."""
    if root is None:
        return {}
    shared = {read_value(one, "abstractNumId"): _read_levels(one) for one in _list_children(root, "abstractNum")}
    styled = {
        read_value(find_child(one, "styleLink")): read_value(one, "abstractNumId")
        for one in _list_children(root, "abstractNum")
        if find_child(one, "styleLink") is not None
    }
    linked = {
        read_value(one, "abstractNumId"): styled.get(read_value(find_child(one, "numStyleLink")), "")
        for one in _list_children(root, "abstractNum")
        if find_child(one, "numStyleLink") is not None
    }
    lists = {}
    for one in _list_children(root, "num"):
        named = read_value(find_child(one, "abstractNumId"))
        target = linked.get(named) or named
        lists[read_value(one, "numId")] = _read_list(one, target, shared.get(target, {}))
    return lists


def _read_levels(element: etree._Element) -> dict[int, Level]:
    return {read_count(level, "ilvl"): _read_level(level) for level in _list_children(element, "lvl")}


def _read_level(element: etree._Element) -> Level:
    restart = find_child(element, "lvlRestart")
    return Level(
        start=read_count(find_child(element, "start"), otherwise=1),
        style=read_value(find_child(element, "pStyle")),
        form=read_value(find_child(element, "numFmt")) or "decimal",
        text=read_value(find_child(element, "lvlText")),
        legal=is_on(find_child(element, "isLgl")),
        restarts=restart is None or read_value(restart) != "0",
    )


def is_on(element: etree._Element | None) -> bool:
    """Tell whether a switch is there and not turned off."""
    return element is not None and read_value(element) not in ("0", "false", "off", "none")


def _read_list(element: etree._Element, shared: str, levels: Mapping[int, Level]) -> ListRule:
    own = dict(levels)
    begins = {}
    for override in _list_children(element, "lvlOverride"):
        at = read_count(override, "ilvl")
        level = find_child(override, "lvl")
        if level is not None:
            own[at] = _read_level(level)
        start = find_child(override, "startOverride")
        if start is not None:
            begins[at] = read_count(start, otherwise=1)
    return ListRule(shared, own, begins)


class Numbers:
    """The counts of a document being read."""

    def __init__(self, lists: Mapping[str, ListRule]) -> None:
        """Begin with nothing counted."""
        self.lists = lists
        self.counts: dict[str, dict[int, int]] = {}
        self.begun: set[str] = set()

    def find_level(self, name: str, style: str) -> int:
        """Return the level of a list that belongs to a paragraph style, 0 if none does."""
        rule = self.lists.get(name)
        levels = rule.levels.items() if rule is not None else ()
        return next((at for at, level in levels if style and level.style == style), 0)

    def count(self, name: str, at: int) -> str:
        """Count one paragraph of a list; returns what Word prints before it ("(a)", "1.", "" for a bullet)."""
        rule = self.lists.get(name)
        level = rule.levels.get(at) if rule is not None and 0 <= at < MOST_LEVELS else None
        if rule is None or level is None:
            return ""
        counts = self.counts.setdefault(rule.shared, {})
        if name not in self.begun:
            self.begun.add(name)
            for begun in rule.begins:
                counts.pop(begun, None)
        start = rule.begins.get(at, level.start)
        counts[at] = counts[at] + 1 if at in counts else start
        for deeper in [one for one in counts if one > at and rule.levels.get(one, Level()).restarts]:
            del counts[deeper]
        if level.form in ("bullet", "none") and "%" not in level.text:
            return "" if level.form == "bullet" else level.text
        return COUNT.sub(lambda found: self._print(rule, level, int(found[1]) - 1), level.text).strip()

    def _print(self, rule: ListRule, asked: Level, at: int) -> str:
        level = rule.levels.get(at, Level())
        value = self.counts[rule.shared].setdefault(at, rule.begins.get(at, level.start))
        return str(value) if asked.legal else PRINTERS.get(level.form, str)(value)
