"""Where the site's bar of links leads: only to pages that are answered."""

import re
from collections.abc import Iterable, Sequence

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """One link of the bar: its words, its path, and the section whose pages mark it as where the reader is."""

    label: str
    path: str
    section: str


# In the order readers meet them.
BAR = (
    Entry("Changes", "/changes", "changes"),
    Entry("Calendar", "/calendar", "calendar"),
    Entry("States", "/j", "states"),
    Entry("Questions", "/q", "questions"),
    Entry("Compare", "/compare", "compare"),
    Entry("Sources", "/sources", "sources"),
    Entry("Data", "/data", "data"),
    Entry("Methods", "/methods", "methods"),
)


class Routes:
    """The paths this site answers, told once when it starts."""

    def __init__(self) -> None:
        self._patterns: tuple[re.Pattern[str], ...] = ()
        self._bar: Sequence[Entry] = ()
        # Paths that our own pages ask about: few, and the same ones each time.
        self._known: dict[str, bool] = {}

    def announce(self, patterns: Iterable[str]) -> None:
        """Take the patterns of pages, beside those told before."""
        self._patterns += tuple(re.compile(pattern) for pattern in patterns)
        self._known.clear()
        self._bar = tuple(entry for entry in BAR if self.answer(entry.path))

    def answer(self, path: str) -> bool:
        """Tell whether a page of ours answers a path."""
        if path not in self._known:
            self._known[path] = any(pattern.search(path) is not None for pattern in self._patterns)
        return self._known[path]

    def list_bar(self) -> Sequence[Entry]:
        """Return the entries of the bar that lead somewhere."""
        return self._bar


ROUTES = Routes()
