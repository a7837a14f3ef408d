"""Crawl pages of this machine without the waits that other people's servers deserve: ``python -m bench.impatient …``.

Takes the arguments of ``kb crawl``. Politeness waits, it does not work: without it the same work is done sooner.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from crawlers import run, settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Crawl as ``kb crawl --allow-loopback`` does, as fast as the server answers; returns its exit code."""
    # A folder without declarations in place of the sources that ship: none of those is crawled without the waits.
    os.environ["KB_SOURCES"] = str(Path(__file__).parent)
    settings.DOWNLOAD_DELAY, settings.AUTOTHROTTLE_ENABLED, settings.LOG_LEVEL = 0, False, "WARNING"
    settings.CONCURRENT_REQUESTS_PER_DOMAIN = 16
    run.collect_delays = lambda sources: {}  # noqa: ARG005 - the same name as the function it stands for
    return run.main([*(sys.argv[1:] if arguments is None else arguments), "--allow-loopback"])


if __name__ == "__main__":
    sys.exit(main())
