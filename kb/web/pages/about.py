"""What this is and how it works: the method in words, and licence, limits and corrections."""

import sqlite3
from collections.abc import Mapping

from kb.store.overview import count_covered, list_corrections, read_coverage, read_release
from kb.web.answer import Answer
from kb.web.pages.frame import read_frame, render
from kb.web.pages.sources import HEALTH_LABELS


def view_methods(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/methods": how a page becomes dated law, what counts as a rule change, and what proof is worth."""
    return render("methods.html", read_frame(db, asked), source_states=list(HEALTH_LABELS.values()))


def view_about(db: sqlite3.Connection, asked: Mapping[str, str]) -> Answer:
    """Answer "/about": what this is, for whom, its limits, its licence, and what was corrected."""
    return render(
        "about.html",
        read_frame(db, asked),
        covered=count_covered(read_coverage(db)),
        release=read_release(db),
        corrections=list_corrections(db),
    )
