"""Say what is asked of a server for a page: its address with secrets and days filled in, its headers and its body."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import urldefrag

import msgspec

from crawlers.masking import NAME, expand_url
from kb.errors import StatusQuoError, UnreadablePageError
from kb.marks import read_marks
from kb.read.fields import parse_answer
from kb.read.listing import find_date
from kb.sources import Source

# What stands in an address for the day a title was last brought up to date.
CURRENT = "/current/"
# Gives the last good bytes of a page, by source and address.
ReadBody = Callable[[str, str], bytes | None]


class UnknownDayError(StatusQuoError):
    """Raised when a page is asked for by a day that no list of titles has told yet."""


class Asked(msgspec.Struct, frozen=True):
    """A page to ask for: its source and address, the address that answered last, and where its source starts."""

    source: Source
    url: str
    last_final_url: str
    seeds: tuple[str, ...]


class Target(msgspec.Struct, frozen=True):
    """What a request carries; ``dated`` tells that its address holds a day, ``is_same`` that the last one was this.

    ``secrets`` holds each spelling of a secret with the name to write instead.
    """

    url: str
    headers: dict[str, str]
    secrets: dict[str, str]
    body: bytes = b""
    dated: bool = False
    is_same: bool = True


def find_target(asked: Asked, environment: Mapping[str, str], read_body: ReadBody) -> Target:
    """Find what to send for a page.

    ``read_body`` gives the last good bytes of a page by source and URL. Raises MissingSecretError and UnknownDayError.
    """
    environment = _keep_declared(asked.source, environment)
    address = urldefrag(asked.url).url
    plain = _fill_day(asked, address, read_body)
    dated = plain != address
    url, secrets = expand_url(plain, environment)
    headers: dict[str, str] = {}
    for name, value in (asked.source.api.headers if asked.source.api is not None else {}).items():
        headers[name], more = _expand_header(value, environment)
        secrets |= more
    body = read_marks(asked.url).get("post", "").encode()
    if body:
        headers.setdefault("Content-Type", "application/json")
    is_same = not body and (not dated or asked.last_final_url == plain)
    return Target(url, headers, secrets, body, dated, is_same)


def _keep_declared(source: Source, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the secrets that a declaration names: a link on a page must not be able to ask for others."""
    return {name: environment[name] for name in _list_secrets(source) if name in environment}


@lru_cache(maxsize=1024)
def _list_secrets(source: Source) -> frozenset[str]:
    """Return the names of the variables a declaration names; asked for at every page."""
    return frozenset(NAME.findall(msgspec.json.encode(source.body).decode()))


def _expand_header(value: str, environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Fill in the environment variables a header names, as they are."""
    _, secrets = expand_url(value, environment)
    for name in [name for name in secrets.values() if name in value]:
        value = value.replace(name, environment[name[2:-1]])
    return value, secrets


def _fill_day(asked: Asked, url: str, read_body: ReadBody) -> str:
    """Put the day a title was last brought up to date into its address; today's may not be known to the server yet."""
    rule = asked.source.ecfr
    if rule is None or CURRENT not in url or not url.startswith(asked.source.start):
        return url
    for titles in (seed for seed in asked.seeds if seed.startswith(asked.source.start)):
        day = _read_day(read_body(asked.source.id, titles), rule.title)
        if day:
            return url.replace(CURRENT, f"/{day}/", 1)
    raise UnknownDayError(f"{url}: no list of titles says when title {rule.title} was brought up to date")


def _read_day(body: bytes | None, title: int) -> str:
    try:
        return "" if body is None else find_date(parse_answer(body), title)
    except UnreadablePageError:
        return ""
