"""What a crawl would ask of whom and when, told without asking anybody."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from kb.errors import StatusQuoError

# So many sources of one reason are named, the rest counted.
MOST_NAMED = 5


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """What a crawl would ask one host for one source, or why (``skipped``) it would ask nothing for the source.

    ``pages`` are those known now, ``conditional`` of them are asked for only if they changed, ``whole`` entirely;
    ``delay`` and ``seconds`` (all pages, at that delay) are in seconds; ``earliest`` is a UTC instant.
    """

    source: str
    host: str = ""
    pages: int = 0
    conditional: int = 0
    whole: int = 0
    delay: float = 0.0
    earliest: str = ""
    seconds: float = 0.0
    skipped: str = ""


class ForecastFailedError(StatusQuoError):
    """Raised when the crawler ends without its forecast, with the exit code it gave; its message stands above."""

    def __init__(self, returned: int) -> None:
        super().__init__(f"the crawler ended with {returned} and no forecast; its message stands above")
        self.exit_code = returned


def forecast_crawl(data: Path, options: Sequence[str]) -> list[Forecast]:
    """Let the crawler say what it would do; returns it by source and host. Raises ForecastFailedError."""
    command = [sys.executable, "-P", "-m", "crawlers.run", "--data", str(data), "--dry-run", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=os.environ, check=False)  # noqa: S603
    if done.returncode:
        raise ForecastFailedError(done.returncode)
    return [msgspec.json.decode(line, type=Forecast) for line in done.stdout.splitlines()]


def total_seconds(forecasts: Sequence[Forecast]) -> float:
    """Return how long the crawl would take at least: hosts are asked at the same time, each page by page."""
    hosts: dict[str, float] = {}
    for one in forecasts:
        hosts[one.host] = hosts.get(one.host, 0.0) + one.seconds
    return max(hosts.values(), default=0.0)


def describe_skipped(skipped: Mapping[str, str], done: str = "crawled") -> list[str]:
    """Say by reason which sources (reasons by id) are not crawled; those alike but for their figures stand together."""
    places: dict[str, list[str]] = defaultdict(list)
    for name, reason in skipped.items():
        places[reason.partition(":")[0]].append(name)
    return [
        f"not {done}: {reason}: {', '.join(names[:MOST_NAMED])}"
        + (f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else "")
        for reason, names in sorted(places.items(), key=lambda told: (-len(told[1]), told[0]))
    ]
