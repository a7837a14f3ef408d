"""Say what is asked of a server for a page: its address with secrets and days filled in, its headers and its body."""

from collections.abc import Callable, Mapping
from urllib.parse import urldefrag

import msgspec

from crawlers.ledger import Job
from crawlers.masking import expand_url
from crawlers.platforms import list_seeds
from kb.errors import StatusQuoError, UnreadablePageError
from kb.marks import read_marks
from kb.read.fields import parse_answer
from kb.read.listing import find_date

# What stands in an address for the day a title was last brought up to date.
CURRENT = "/current/"


class UnknownDayError(StatusQuoError):
    """Raised when a page is asked for by a day that no list of titles has told yet."""


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


def find_target(job: Job, environment: Mapping[str, str], read_body: Callable[[str, str], bytes | None]) -> Target:
    """Find what to send for a page.

    ``read_body`` gives the last good bytes of a page by source and URL. Raises MissingSecretError and UnknownDayError.
    """
    plain = _fill_day(job, urldefrag(job.lease.url).url, read_body)
    dated = plain != urldefrag(job.lease.url).url
    url, secrets = expand_url(plain, environment)
    headers: dict[str, str] = {}
    for name, value in (job.source.api.headers if job.source.api is not None else {}).items():
        headers[name], more = _expand_header(value, environment)
        secrets |= more
    body = _expand_body(read_marks(job.lease.url).get("post", ""))
    if body:
        headers.setdefault("Content-Type", "application/json")
    last = job.validators.final_url if job.validators is not None else ""
    return Target(url, headers, secrets, body, dated, not body and (not dated or last == plain))


def _expand_header(value: str, environment: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Fill in the environment variables a header names, as they are."""
    _, secrets = expand_url(value, environment)
    for name in [name for name in secrets.values() if name in value]:
        value = value.replace(name, environment[name[2:-1]])
    return value, secrets


def _expand_body(text: str) -> bytes:
    return text.encode()


def _fill_day(job: Job, url: str, read_body: Callable[[str, str], bytes | None]) -> str:
    """Put the day a title was last brought up to date into its address; today's may not be known to the server yet."""
    rule = job.source.ecfr
    if rule is None or CURRENT not in url:
        return url
    for titles in list_seeds(job.source):
        day = _read_day(read_body(job.source.id, titles), rule.title)
        if day:
            return url.replace(CURRENT, f"/{day}/", 1)
    raise UnknownDayError(f"{url}: no list of titles says when title {rule.title} was brought up to date")


def _read_day(body: bytes | None, title: int) -> str:
    try:
        return "" if body is None else find_date(parse_answer(body), title)
    except UnreadablePageError:
        return ""
