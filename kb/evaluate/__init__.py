"""Measure how good the build is: sets of recorded pages with known changes, scored at page and provision level."""

from kb.evaluate.figures import Figure, SetResult
from kb.evaluate.sets import CORPUS, SOURCES, evaluate_sets, list_sets

__all__ = ["CORPUS", "SOURCES", "Figure", "SetResult", "evaluate_sets", "list_sets"]
