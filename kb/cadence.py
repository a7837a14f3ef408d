"""Tell how long a source may go unread: the one measure of late that terminal, site and doctor share."""

from collections.abc import Mapping
from datetime import timedelta

# How often a source is looked at, in days, and how much later than that it counts as stale: a round may fail once.
CADENCE_DAYS: Mapping[str, int] = {"daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92, "yearly": 366}
STALE_AFTER_ROUNDS = 2


def tell_patience(cadence: str) -> timedelta:
    """Return how long a source looked at so often may go unread before it is stale; weekly where that is unknown."""
    return timedelta(days=CADENCE_DAYS.get(cadence, CADENCE_DAYS["weekly"]) * STALE_AFTER_ROUNDS)
