"""The one spider: asks for what the ledger leases, and says what came of each page."""

import logging
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, cast

from scrapy import Request, Spider
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.ledger import Answer, Job, Ledger
from crawlers.masking import MaskingFilter, MissingSecretError, holds_secret, mask
from crawlers.middlewares import read_headers
from crawlers.outcomes import explain_failure
from crawlers.platforms import find_all_links, is_settled, leads_on, list_seeds
from crawlers.platforms.links import ListPage
from crawlers.targets import Asked, UnknownDayError, find_target
from kb.captures import tell_outcome
from kb.compare.volatile import may_be_restless
from kb.errors import DamagedSnapshotError, NotFoundError
from kb.models import Capture, Outcome
from kb.read.page import MOST_TAGS, read_page
from kb.snapshots import hash_body, read_content_type

logger = logging.getLogger(__name__)


# The bytes are evidence and are never altered: what repeats a secret cannot be kept at all.
ECHO = "secret: the page repeats a secret of its request; it is not kept"


class StatusQuoSpider(Spider):
    """Crawls every source of a ledger until its frontier is empty."""

    name = "statusquo"

    def __init__(self, ledger: Ledger, masking: MaskingFilter, **facts: Any) -> None:
        super().__init__(**facts)
        self.ledger = ledger
        self.masking = masking

    async def start(self) -> AsyncIterator[Request]:
        """Yield requests as hosts keep up, storing answers in between, until nothing is left."""
        while not self.ledger.is_done():
            for job in self.ledger.lease_jobs():
                request = self._make_request(job)
                if request is not None:
                    yield request
            await self.ledger.wait()
            if self.ledger.failure is not None:
                raise CloseSpider("failure")

    def take_response(self, response: Response) -> Iterator[Answer]:
        """Turn the answer of a server into what is archived and followed."""
        meta = response.meta
        headers = _mask_headers(meta.get("sent_headers", {}), meta["secrets"])
        outcome = tell_outcome(response.status, {}, None)
        error = "" if outcome in ("ok", "not_modified") else f"status {response.status}"
        if "dataloss" in response.flags:
            outcome, error = "truncated", "cut: the answer ended before its end"
        body = response.body or (b"" if outcome == "ok" else None)
        if holds_secret(response.body, meta["secrets"]):
            outcome, error, body = "refused", ECHO, None
            logger.warning("%s: %s", meta["job"].lease.url, ECHO)
        capture = _make_capture(
            self,
            cast("Request", response.request),
            status=response.status,
            outcome=outcome,
            error=error,
            headers=headers,
            body=body,
        )
        if self._is_restless(meta["job"], capture):
            self.ledger.look_again(meta["job"])
        links = self._find_links(meta["job"], capture)
        yield Answer(meta["job"], capture, tuple(mask(url, meta["secrets"]) for url in links))

    def take_failure(self, failure: Failure) -> Iterator[Answer]:
        """Turn a request without a usable answer into a row that says what came of it."""
        # Scrapy hangs the request on the failure.
        request: Request = failure.request  # type: ignore[attr-defined]
        outcome, reason = explain_failure(cast("BaseException", failure.value))
        answer = request.meta.get("answer")
        headers = {} if answer is None else _mask_headers(read_headers(answer), request.meta["secrets"])
        if reason.startswith("unexpected:"):
            logger.error("%s: %s", request.meta["job"].lease.url, reason, exc_info=failure.value)
        capture = _make_capture(
            self,
            request,
            status=0 if answer is None else answer.status,
            outcome=outcome,
            error=mask(reason, request.meta["secrets"]),
            headers=headers,
        )
        yield Answer(request.meta["job"], capture)

    def _make_request(self, job: Job) -> Request | None:
        """Make the request of a job; one whose secret is missing is recorded as refused at once."""
        try:
            target = find_target(_make_asked(job), os.environ, self.ledger.read_latest_body)
        except MissingSecretError as error:
            self.ledger.record(Answer(job, _make_refusal(self, job, f"secret: {error}")))
            return None
        except UnknownDayError as error:
            self.ledger.record(Answer(job, _make_refusal(self, job, f"day: {error}")))
            return None
        secrets = target.secrets
        self.masking.secrets.update(secrets)
        known = job.validators
        return Request(
            target.url,
            method="POST" if target.body else "GET",
            body=target.body,
            callback=self.take_response,
            errback=self.take_failure,
            headers={**target.headers, **(_make_conditions(job) if target.is_same else {})},
            dont_filter=True,
            meta={
                "job": job,
                "source": job.source,
                "barred": self.ledger.course.barred,
                "secrets": secrets,
                "dated": target.dated,
                "last_final_url": known.final_url if known is not None else "",
            },
        )

    def _find_links(self, job: Job, capture: Capture) -> tuple[str, ...]:
        """Find where a list page leads; of one that has not changed, in the bytes we have."""
        media_type, charset = read_content_type(capture.media_type, capture.headers)
        if job.again or not leads_on(job.source, job.lease.url, job.depth, media_type):
            return ()
        body = self._read_list(job, capture)
        if body is None:
            return ()
        if (tags := body.count(b"<")) > MOST_TAGS:
            logger.warning("%s: its links are not followed: %d tags, more than %d", job.lease.url, tags, MOST_TAGS)
            return ()
        base = capture.final_url or job.lease.url
        links = find_all_links(job.source, ListPage(job.lease.url, base, body, charset, job.depth))
        for problem in links.problems:
            logger.warning("%s", problem)
        return tuple(url for url in links.urls if not self._is_had(job, url, links.moved_on))

    def _is_had(self, job: Job, url: str, moved_on: Mapping[str, str]) -> bool:
        """Tell whether a page need not be asked for: it is settled, or a trusted list says that it has not moved."""
        if is_settled(job.source, url):
            return self.ledger.is_had(job.source, url)
        return url in moved_on and self.ledger.is_had(job.source, url, moved_on[url])

    def _is_restless(self, job: Job, capture: Capture) -> bool:
        """Tell whether a page is to be looked at once more: it moved in short lines alone, which may move each time."""
        known, body = job.validators, capture.body
        if job.again or known is None or body is None or hash_body(body) == known.sha256:
            return False
        if not self.ledger.weigh(job.source):
            return False
        try:
            before = self.ledger.read_known_body(job)
        except (NotFoundError, DamagedSnapshotError):
            return False
        media_type, charset = read_content_type(capture.media_type, capture.headers)
        pages = (
            read_page(one, job.source, job.lease.url, media_type=media_type, charset=charset) for one in (before, body)
        )
        old, new = (() if page.flaws else page.readings for page in pages)
        return may_be_restless(old, new)

    def _read_list(self, job: Job, capture: Capture) -> bytes | None:
        if capture.outcome == "ok":
            return capture.body
        if capture.outcome != "not_modified":
            return None
        try:
            return self.ledger.read_known_body(job)
        except (NotFoundError, DamagedSnapshotError) as error:
            logger.warning("%s: its links are not known: %s", job.lease.url, error)
            return None


def _make_asked(job: Job) -> Asked:
    last = job.validators.final_url if job.validators is not None else ""
    # Only a title of the federal code is asked for by a day that a page of its source tells.
    seeds = list_seeds(job.source) if job.source.ecfr is not None else ()
    return Asked(job.source, job.lease.url, last, seeds)


def _make_conditions(job: Job) -> dict[str, str]:
    """Return the headers that ask for a page only if it differs from what we have."""
    known = job.validators
    if known is None:
        return {}
    named = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in named.items() if value}


def _make_capture(spider: StatusQuoSpider, request: Request, **facts: Any) -> Capture:
    """Make the capture of a request that was sent, perhaps several times and on to other addresses."""
    secrets: Mapping[str, str] = request.meta["secrets"]
    job: Job = request.meta["job"]
    hops = request.meta.get("hops", ())
    headers: Mapping[str, str] = facts["headers"]
    return Capture(
        url=job.lease.url,
        observed_at=spider.ledger.course.clock(),
        source=job.source.id,
        media_type=headers.get("content-type", ""),
        final_url=mask(request.url, secrets) if hops or request.meta["dated"] else "",
        redirects=tuple(mask(url, secrets) for url in (*hops[1:], request.url)) if hops else (),
        elapsed_ms=round(1000 * request.meta.get("download_latency", 0.0)),
        **facts,
    )


def _make_refusal(spider: StatusQuoSpider, job: Job, reason: str) -> Capture:
    outcome: Outcome = "refused"
    return Capture(
        url=job.lease.url,
        observed_at=spider.ledger.course.clock(),
        status=0,
        source=job.source.id,
        outcome=outcome,
        error=reason,
    )


def _mask_headers(headers: Mapping[str, str], secrets: Mapping[str, str]) -> dict[str, str]:
    return {name: mask(value, secrets) for name, value in headers.items()}
