"""Find what is wrong with a declaration of sources: its shape by the schema, then all that a schema cannot tell.

Kept apart from ``kb.sources`` so that reading a sound declaration stays short to follow.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any, get_args

from jsonschema import Draft202012Validator
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from kb.declarations import NamePlace, Steps, find_problems, suggest
from kb.models import Strand
from kb.share import share_path

Body = dict[str, Any]
Faults = Iterator[tuple[Steps, str]]

STRANDS: tuple[Strand, ...] = get_args(Strand)


def find_source_problems(body: Any, file: str) -> list[str]:
    """Find every problem of a file of sources (``jurisdiction``, ``authorities``, ``sources``), loaded as plain values.

    Returns one sentence for each, naming what was found and where in ``file``; an empty list if it is sound.
    """
    name_place = _name_places(body, file)
    shape = find_problems(body, _read_schema(), name_place)
    sentences = [sentence for _, sentence in shape]
    # Only where the frame of the file is sound can its sources be looked into.
    if any(len(steps) < 2 or steps[0] != "sources" for steps, _ in shape):
        return sentences
    misshapen = {steps[:2] for steps, _ in shape}
    sound = {index: entry for index, entry in enumerate(body["sources"]) if ("sources", index) not in misshapen}
    return sentences + [f"{fault} in {name_place(steps)}" for steps, fault in _find_all_faults(body, sound)]


@cache
def _read_schema() -> Draft202012Validator:
    return Draft202012Validator(json.loads(share_path("schemas", "source.schema.json").read_text("utf-8")))


def _name_places(body: Any, file: str) -> NamePlace:
    """Make the function that names a key path: "us-xx.yml sources[0] (us-xx-code) select.main"."""

    def name_place(steps: Steps) -> str:
        source = _find_id(body, steps)
        head, rest = (steps[:2], steps[2:]) if source else ((), steps)
        return " ".join(filter(None, (file, _join_steps(head), source, _join_steps(rest))))

    return name_place


def _join_steps(steps: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _find_id(body: Any, steps: Steps) -> str:
    if len(steps) < 2 or steps[0] != "sources":
        return ""
    entry = body["sources"][steps[1]]
    return f"({entry['id']})" if isinstance(entry, dict) and "id" in entry else ""


def _find_all_faults(body: Body, sound: dict[int, Body]) -> Faults:
    for index, entry in sound.items():
        yield from ((("sources", index, *steps), fault) for steps, fault in _find_faults(entry))
    yield from _find_clashes(body, sound)


def _find_clashes(body: Body, sound: dict[int, Body]) -> Faults:
    """Find what only the whole file shows: an id given twice, an authority that is not declared."""
    known = [authority["id"] for authority in body.get("authorities", [])]
    names: set[str] = set()
    for index, entry in sound.items():
        if entry["id"] in names:
            yield ("sources", index), f"source id {entry['id']!r} is declared twice"
        names.add(entry["id"])
        authority = entry.get("authority")
        if isinstance(authority, str) and "authorities" in body and authority not in known:
            yield ("sources", index, "authority"), f"unknown authority {authority!r}{suggest(authority, known)}"


def _find_faults(entry: Body) -> Faults:
    """Find the faults of one source, by key path below it."""
    yield from _find_reading_faults(entry)
    for key in ("urls", "start"):
        yield from _try_each(entry, key, _find_login_fault)
    yield from _try_each(entry, "match", _find_match_fault)
    yield from _try_each(entry, "follow", _find_selector_fault)
    yield from _find_platform_faults(entry)
    yield from _try_each(entry.get("crawl_policy", {}), "checked_on", _find_day_fault, ("crawl_policy",))
    yield from _try_each(entry.get("certificate", {}), "checked_on", _find_day_fault, ("certificate",))
    for index, page in enumerate(entry.get("evidence", [])):
        yield from _try_each(page, "seen_on", _find_day_fault, ("evidence", index))
    for index, era in enumerate(entry.get("history", [])):
        yield from _try_each(era, "until", _find_day_fault, ("history", index))
        # How many pages there are decides whether one page can be one document; an earlier era has today's pages.
        for steps, fault in _find_reading_faults({"urls": entry.get("urls", []), **era}):
            yield ("history", index, *steps), fault


# The keys that only one platform knows.
_OWN_KEYS = ("api", "ecfr", "federal_register", "sitemap")


def _find_platform_faults(entry: Body) -> Faults:
    """Find keys of a platform that the source is not of, keys that are missing, and patterns that do not compile."""
    platform = entry["platform"]
    if platform == "api" and "api" not in entry:
        yield (), "platform 'api' needs the key 'api', found none"
    for key in _OWN_KEYS:
        if key in entry and key != platform:
            yield (key,), f"{key!r} belongs to platform {key!r}, found platform {platform!r}"
    yield from _try_each(entry.get("versions", {}), "pattern", _find_pattern_fault, ("versions",))
    yield from _try_each(entry.get("versions", {}), "follow", _find_selector_fault, ("versions",))
    for index, part in enumerate(entry.get("canonical", [])):
        yield from _try_each(part, "pattern", _find_pattern_fault, ("canonical", index))


def _find_reading_faults(entry: Body) -> Faults:
    """Find the faults of the keys that say how a page is read: those that ``history`` may replace."""
    select = entry.get("select", {})
    if isinstance(select, str):
        yield from _try_each(entry, "select", _find_selector_fault)
    else:
        for key in select:
            yield from _try_each(select, key, _find_selector_fault, ("select",))
    yield from _try_each(entry, "remove", _find_selector_fault)
    for key in entry.get("dates", {}):
        yield from _try_each(entry["dates"], key, _find_selector_fault, ("dates",))
    if "document" in entry:
        for steps, fault in _find_document_faults(entry["document"], len(entry.get("urls", []))):
            yield ("document", *steps), fault


def _find_document_faults(rule: Body, pages: int) -> Faults:
    pattern = rule.get("pattern")
    origin = rule.get("from", "page" if pattern is None else "url")
    if origin == "page" and pattern is not None:
        yield ("pattern",), "'from: page' takes no pattern, found one"
    if origin == "page" and pages > 1:
        yield ("from",), f"'from: page' names the one page by the source's id, found {pages} urls: use 'from: url'"
    if origin != "page" and pattern is None:
        yield ("from",), f"'from: {origin}' needs a pattern, found none"
    if pattern is not None:
        yield from _try_each(rule, "pattern", _find_pattern_fault)
        yield from _find_group_faults(pattern)


def _find_group_faults(pattern: str) -> Faults:
    if _find_pattern_fault(pattern):
        return
    groups = re.compile(pattern).groupindex
    if "citation" not in groups:
        yield ("pattern",), f"expected a named group (?P<citation>…), found none in {pattern!r}"
    for name in groups:
        if name not in ("citation", *STRANDS):
            yield ("pattern",), f"expected groups named citation or {' '.join(STRANDS)}, found {name!r}"


def _try_each(body: Any, key: str, find_fault: Callable[[str], str], base: Steps = ()) -> Faults:
    """Try a value, or each of a list of values; yields the key path and the fault of those that have one."""
    value = body.get(key) if isinstance(body, dict) else None
    if isinstance(value, list):
        tried = [((*base, key, index), find_fault(item)) for index, item in enumerate(value)]
    else:
        tried = [((*base, key), find_fault(value))] if value is not None else []
    yield from (found for found in tried if found[1])


def _find_login_fault(url: str) -> str:
    login, at, _ = url.partition("//")[2].partition("/")[0].rpartition("@")
    # The name of the fault must not repeat what may be a password.
    return f"expected an address without a log-in, found one of {len(login)} characters" if at else ""


def _find_match_fault(pattern: str) -> str:
    return _find_pattern_fault(pattern) if pattern.startswith("^") else ""


def _find_pattern_fault(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        return f"bad regular expression {pattern!r}: {error.msg} at character {(error.pos or 0) + 1}"
    return ""


def _find_selector_fault(selector: str) -> str:
    try:
        LexborHTMLParser("<p>").css(selector)
    except SelectolaxError:
        return f"bad CSS selector {selector!r}"
    return ""


def _find_day_fault(day: str) -> str:
    try:
        date.fromisoformat(day)
    except ValueError:
        return f"expected a day like 2024-02-08, found {day!r}"
    return ""
