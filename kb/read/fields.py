"""Find values in the answer of an interface, JSON or XML alike, by a path of steps.

``result.sections[*].text`` is the text of every section: steps are names of keys or elements, ``@name`` an attribute,
``[0]`` an entry by its place, ``[*]`` every entry, ``**`` any depth. A list is gone through without being named.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from lxml import etree

from kb.errors import UnreadablePageError
from kb.read.decode import decode_text

# "sections[*]" -> "sections", "[*]"; "@id"; "**"
STEP = re.compile(r"\[(?:\*|\d+)\]|[^.\[\]]+")
# {id} {result.id} {@number} in an address template; ${KEY}, "{ id }" and '{"query"' are no place of one
PLACE = re.compile(r"(?<!\$)\{([A-Za-z_@*][\w.@*\[\]-]*)\}")
# No answer of an interface known names more; beyond it an answer is a trap.
MOST_VALUES = 50_001
# Values of JSON are told apart by commas, elements of XML by tags. Beyond these an answer is made to fill the memory:
# 48 MB of empty lists would take a gigabyte.
MOST_COMMAS, MOST_TAGS = 1_000_000, 600_000
# Deeper than any answer of law nests.
DEEPEST = 60


def parse_answer(body: bytes) -> Any:
    """Return the tree of an answer: plain values of JSON or the root element of XML.

    XML is read without entities, network or document types; raises UnreadablePageError saying what is wrong.
    """
    refuse_parts(body)
    if body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<":
        return _parse_xml(body)
    try:
        return _decode_json(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadablePageError(f"malformed JSON: {error or 'nested too deep'}") from error


def refuse_parts(body: bytes) -> None:
    """Raise UnreadablePageError for a body of more values or tags than any answer of law has."""
    is_xml = body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"
    mark, most = (b"<", MOST_TAGS) if is_xml else (b",", MOST_COMMAS)
    if (found := body.count(mark)) > most:
        raise UnreadablePageError(f"expected at most {most} {'tags' if is_xml else 'values'}, found {found}")


def _decode_json(body: bytes) -> Any:
    """Decode JSON, which is UTF-8 by its standard; what is not is read as web pages are."""
    try:
        return msgspec.json.decode(body)
    except UnicodeDecodeError:
        return msgspec.json.decode(decode_text(body).text)


def _parse_xml(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(body.removeprefix(b"\xef\xbb\xbf"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadablePageError(f"malformed XML: {error}") from error


def find_values(tree: Any, path: str) -> list[Any]:
    """Return every value a path leads to, in order; a list at its end is its entries."""
    found: list[Any] = [tree]
    for step in STEP.findall(path):
        found = [value for one in found for value in _take_step(one, step)][:MOST_VALUES]
    return [value for one in found for value in (one if isinstance(one, list) else [one])][:MOST_VALUES]


def has_path(tree: Any, path: str) -> bool:
    """Tell whether an answer holds what a path leads to, be it an empty list."""
    steps = STEP.findall(path)
    found: list[Any] = [tree]
    for step in steps:
        found = [value for one in found for value in _take_step(one, step)][:MOST_VALUES]
    return bool(found) or _is_empty_element(tree, steps)


def _is_empty_element(tree: Any, steps: list[str]) -> bool:
    """Tell whether XML holds the element round the entries: an empty list is written as one without children."""
    return etree.iselement(tree) and len(steps) > 1 and has_path(tree, ".".join(steps[:-1]))


def find_text(tree: Any, path: str) -> str:
    """Return the first printable value a path leads to, "" for none and for no path."""
    return next((text for text in map(print_value, find_values(tree, path)) if text), "") if path else ""


def print_value(value: Any) -> str:
    """Return a value as text: words and figures as they are, an XML element's words; "" for nothing or a structure."""
    if isinstance(value, str):
        return value
    if etree.iselement(value):
        return "".join(str(text) for text in value.itertext())
    if value is None or isinstance(value, dict | list | bool):
        return ""
    return str(value)


def fill_template(template: str, entry: Any, spell: Any = str) -> str:
    """Put the values of an entry into the places of a template; "" where the entry lacks one."""
    told = {path: find_text(entry, path) for path in PLACE.findall(template)}
    return "" if not all(told.values()) else PLACE.sub(lambda place: spell(told[place[1]]), template)


def _take_step(value: Any, step: str) -> Iterable[Any]:
    if step == "**":
        return _walk(value, DEEPEST)
    if step[0] == "[":
        return _take_place(value, step[1:-1])
    if isinstance(value, list):
        return [found for one in value for found in _take_step(one, step)]
    if isinstance(value, dict):
        return [value[step]] if step in value else []
    return _take_child(value, step) if etree.iselement(value) else []


def _take_place(value: Any, place: str) -> Iterable[Any]:
    entries = value if isinstance(value, list) else [value]
    return entries if place == "*" else entries[int(place) : int(place) + 1]


def _take_child(element: etree._Element, step: str) -> list[Any]:
    if step[0] == "@":
        return [value for name, value in element.attrib.items() if _local(str(name)) == step[1:]]
    return [child for child in element if isinstance(child.tag, str) and _local(child.tag) == step]


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _walk(value: Any, depth: int) -> Iterator[Any]:
    """Yield a value and all that lies below it; a list is its entries."""
    if not isinstance(value, list):
        yield value
    if depth > 0:
        inside = value.values() if isinstance(value, dict) else value
        for one in inside if isinstance(value, dict | list) or etree.iselement(value) else ():
            yield from _walk(one, depth - 1)
