"""What the archive tells a crawl: which run to go on with, what it has of each page, and what came of a run."""

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from kb.merkle import write_canonical_json

# When a page that is missing now was first found missing after it was last there.
LAST_ANSWERS = """
    WITH last AS (
        SELECT url, outcome, MAX(RTRIM(observed_at, 'Z')) AS latest
        FROM fetches
        WHERE source = :source
        GROUP BY url
    ),
    good AS (
        SELECT url, MAX(RTRIM(observed_at, 'Z')) AS latest
        FROM fetches
        WHERE source = :source AND outcome IN ('ok', 'not_modified', 'redirected')
        GROUP BY url
    ),
    pages AS (
        SELECT last.url AS url, last.outcome AS outcome, last.latest AS latest, good.latest AS good
        FROM last
        LEFT JOIN good ON good.url = last.url
    )
    SELECT pages.url AS url, pages.outcome AS outcome, pages.latest || 'Z' AS observed_at,
        COALESCE(
            (
                SELECT MIN(RTRIM(gone.observed_at, 'Z')) || 'Z' FROM fetches AS gone
                WHERE gone.source = :source AND gone.url = pages.url AND gone.outcome = 'missing'
                    AND RTRIM(gone.observed_at, 'Z') > COALESCE(pages.good, '')
            ),
            ''
        ) AS missing_since
    FROM pages
"""

# A conditional request is honest only if the page's very last answer was good: then the last body is what it confirms.
VALIDATORS = """
    SELECT wanted.value AS url, good.headers AS headers, good.final_url AS final_url, good.sha256 AS sha256
    FROM JSON_EACH(:urls) AS wanted
    JOIN fetches AS last ON last.seq = (
        SELECT seq FROM fetches
        WHERE source = :source AND url = wanted.value AND RTRIM(observed_at, 'Z') < RTRIM(:before, 'Z')
        ORDER BY RTRIM(observed_at, 'Z') DESC, seq DESC
        LIMIT 1
    )
    JOIN fetches AS good ON good.seq = (
        SELECT seq FROM fetches
        WHERE source = :source AND url = wanted.value AND RTRIM(observed_at, 'Z') < RTRIM(:before, 'Z')
            AND outcome = 'ok' AND sha256 IS NOT NULL
        ORDER BY RTRIM(observed_at, 'Z') DESC, seq DESC
        LIMIT 1
    )
    WHERE last.outcome IN ('ok', 'not_modified')
"""

# What came of each page, at its last fetch of the run, and the bytes it had before: its last good fetch of another
# run, not later than this one.
RUN_FETCHES = """
    SELECT fetches.source AS source, fetches.outcome AS outcome, fetches.status AS status, fetches.error AS error,
        fetches.sha256 AS sha256, fetches.url AS url,
        (
            SELECT earlier.sha256 FROM fetches AS earlier
            WHERE earlier.source = fetches.source AND earlier.url = fetches.url AND earlier.run <> fetches.run
                AND earlier.outcome = 'ok' AND earlier.observed_at <= fetches.observed_at
            ORDER BY RTRIM(earlier.observed_at, 'Z') DESC, earlier.seq DESC
            LIMIT 1
        ) AS before
    FROM fetches
    WHERE fetches.run = :run AND NOT EXISTS (
        SELECT 1 FROM fetches AS later
        WHERE later.source = fetches.source AND later.url = fetches.url AND later.run = fetches.run
            AND later.seq > fetches.seq
    )
    ORDER BY fetches.seq
"""


class CrawlNote(msgspec.Struct, frozen=True):
    """What a crawl's run is for: the due date its URLs share, and the instant it replays ("" for the live web)."""

    due_at: str
    replay_at: str = ""


class OpenCrawl(msgspec.Struct, frozen=True):
    """A crawl that was started and not closed."""

    run: str
    note: CrawlNote


class LastAnswer(msgspec.Struct, frozen=True):
    """What came of the last fetch of a page, when that was, and since when it was not found ("" where it was)."""

    outcome: str
    observed_at: str
    missing_since: str


class Validators(msgspec.Struct, frozen=True):
    """What the last good answer of a page lets a conditional request say, where it came from and its bytes' hash."""

    etag: str
    last_modified: str
    final_url: str
    sha256: str


class RunFetch(msgspec.Struct, frozen=True):
    """What came of one fetch of a run, with the hash of its bytes and of those the page had before (None: none)."""

    source: str
    url: str
    outcome: str
    status: int
    error: str
    sha256: str | None
    before: str | None


def write_note(note: CrawlNote) -> str:
    """Write what a crawl is for as the text that ``start_run`` keeps."""
    return write_canonical_json(msgspec.structs.asdict(note)).decode()


def find_open_crawl(db: sqlite3.Connection) -> OpenCrawl | None:
    """Find the crawl that was begun last and never closed: its process died, or was stopped."""
    row = db.execute(
        """
        SELECT run, note FROM runs
        WHERE kind = 'crawl' AND closed_at IS NULL
        ORDER BY started_at DESC, run DESC
        LIMIT 1
        """
    ).fetchone()
    return None if row is None else OpenCrawl(row["run"], msgspec.json.decode(row["note"], type=CrawlNote))


def read_last_crawls(db: sqlite3.Connection) -> dict[str, str]:
    """Return when each source was last crawled to the end: the start of the latest closed crawl, by source id."""
    rows = db.execute(
        """
        SELECT seen.source AS source, MAX(runs.started_at) AS started_at
        FROM (SELECT DISTINCT run, source FROM fetches) AS seen
        JOIN runs ON runs.run = seen.run
        WHERE runs.kind = 'crawl' AND runs.closed_at IS NOT NULL
        GROUP BY seen.source
        """
    )
    return {row["source"]: row["started_at"] for row in rows}


def count_asked(db: sqlite3.Connection, day: str) -> dict[str, int]:
    """Count the requests that crawls made on a UTC day (YYYY-MM-DD), redirects included, by URL."""
    rows = db.execute(
        """
        SELECT url, SUM(1 + JSON_ARRAY_LENGTH(redirects)) AS asked
        FROM fetches
        JOIN runs ON runs.run = fetches.run
        WHERE runs.kind = 'crawl' AND SUBSTR(runs.started_at, 1, 10) >= DATE(:day, '-7 days')
            AND fetches.observed_at BETWEEN :day || 'T' AND :day || 'U'
        GROUP BY url
        """,
        {"day": day},
    )
    return {row["url"]: row["asked"] for row in rows}


def has_wave_at(db: sqlite3.Connection, source: str, instant: str) -> bool:
    """Tell whether closed runs hold answers of a source for this very instant."""
    found = db.execute(
        """
        SELECT 1 FROM fetches
        JOIN runs ON runs.run = fetches.run
        WHERE fetches.source = :source AND fetches.observed_at = :instant AND runs.closed_at IS NOT NULL
        LIMIT 1
        """,
        {"source": source, "instant": instant},
    )
    return found.fetchone() is not None


def read_last_answers(db: sqlite3.Connection, source: str) -> dict[str, LastAnswer]:
    """Return what came of the last fetch of every page of a source, by URL."""
    rows = db.execute(LAST_ANSWERS, {"source": source})
    return {row["url"]: LastAnswer(row["outcome"], row["observed_at"], row["missing_since"]) for row in rows}


def read_validators(db: sqlite3.Connection, source: str, urls: Iterable[str], before: str) -> dict[str, Validators]:
    """Return what we may say in a conditional request for each URL, as known before an instant.

    A page whose last answer was not good, or that was never seen, is left out.
    """
    facts = {"source": source, "urls": write_canonical_json(list(urls)).decode(), "before": before}
    return {row["url"]: _make_validators(row) for row in db.execute(VALIDATORS, facts)}


def read_run_fetches(db: sqlite3.Connection, run: str) -> Iterator[RunFetch]:
    """Read what came of every fetch of a run, in the order they were recorded."""
    for row in db.execute(RUN_FETCHES, {"run": run}):
        yield RunFetch(**dict(row))


def _make_validators(row: sqlite3.Row) -> Validators:
    headers = msgspec.json.decode(row["headers"], type=dict[str, str])
    return Validators(headers.get("etag", ""), headers.get("last-modified", ""), row["final_url"], row["sha256"])


def read_suspect_urls(knowledge: sqlite3.Connection, source: str) -> set[str]:
    """Return the pages of a source whose last answer the build did not trust; ``knowledge`` is an open kb.db."""
    rows = knowledge.execute(
        """
        SELECT url, verdict, MAX(RTRIM(observed_at, 'Z')) AS latest FROM verdicts
        WHERE source = :source
        GROUP BY url
        """,
        {"source": source},
    )
    return {row["url"] for row in rows if row["verdict"] == "suspect"}
