"""Decide what became of documents that left their page, list or address."""

from typing import get_args

from kb.compare.draft import WaveDraft
from kb.compare.state import Gone, PageState
from kb.models import Fetch, Flaw, Place, Strand

STRANDS: tuple[Strand, ...] = get_args(Strand)


def settle_endings(draft: WaveDraft) -> None:
    """Take documents from the addresses that lost them; those that stand nowhere any more are ``gone`` in the draft."""
    _Endings(draft).settle()


class _Endings:
    """The endings of one wave."""

    def __init__(self, draft: WaveDraft) -> None:
        self.draft = draft

    def settle(self) -> None:
        """Decide what became of addresses that answered "not found" and of documents that left a page or list."""
        self._settle_lists()
        for fetch, page, proven in self.draft.missing:
            self._settle_address(fetch, page, proven=proven)
        for fetch, page, place, proven in self.draft.missing_names:
            self._settle_name(fetch, page, place, proven=proven)
        for (place, url), gone in self.draft.vanished.items():
            if place in self.draft.state.pages[url].places:
                continue
            if self.draft.state.strands[place].urls == [url]:
                self.draft.gone[place] = gone
            else:
                self.draft.leave(place, gone)

    def _settle_lists(self) -> None:
        """Take documents that no list names any more for gone, unless their own page was read in this very wave."""
        named = (
            {name for page in self.draft.state.pages.values() for name in page.names} if self.draft.unlisted else set()
        )
        for name, fetch in self.draft.unlisted.items():
            places = [Place(name, strand) for strand in STRANDS] if name not in named else []
            for place in places:
                strand = self.draft.state.strands.get(place)
                if strand is None or not strand.shown or place in self.draft.gone:
                    continue
                if self.draft.stands_elsewhere(place, strand, ""):
                    self.draft.touch(fetch.url).doubted += (name,)
                    message = f"{name} is no longer listed at {fetch.url}, but its own page stands"
                    self.draft.note_problem(fetch, Flaw("unlisted", message))
                else:
                    url = strand.urls[-1] if strand.urls else fetch.url
                    self.draft.gone[place] = Gone(url, fetch.observed_at, fetch.observed_at)

    def _settle_address(self, fetch: Fetch, page: PageState, *, proven: bool) -> None:
        if not page.missing_at:
            self.draft.judge(fetch, "suspect", "not found, but found again in the same wave")
            return
        gone = Gone(fetch.url, page.missing_at, fetch.observed_at)
        page.places = tuple(place for place in page.places if not self._leaves_address(place, gone, proven=proven))
        if page.places or (page.names and not proven):
            message = f"not found; unavailable since {page.missing_at}"
            self.draft.suspect(fetch, [Flaw("unavailable", message)])
        else:
            page.length = 0
            self.draft.judge(fetch, "removed", f"not found since {page.missing_at}")

    def _settle_name(self, fetch: Fetch, page: PageState, place: Place, *, proven: bool) -> None:
        """Take a document for gone when an address that names it stays empty and none of its own was read since."""
        strand = self.draft.state.strands[place]
        read_since = any(self.draft.state.pages[url].read_at >= page.missing_at for url in strand.urls)
        if proven and strand.shown and not read_since:
            self.draft.gone.setdefault(place, Gone(strand.urls[-1], page.missing_at, fetch.observed_at))
            self.draft.judge(fetch, "removed", f"not found since {page.missing_at}, and nowhere else since")
        else:
            self.draft.judge(fetch, "noise", f"not found; {place.document} is known at another address")

    def _leaves_address(self, place: Place, gone: Gone, *, proven: bool) -> bool:
        """Take a document from a missing address if it stands elsewhere or its absence is proven."""
        if place in self.draft.gone:
            return True
        strand = self.draft.state.strands[place]
        other = self.draft.stands_elsewhere(place, strand, gone.url)
        if other:
            self.draft.relocated.add(other)
        elif not proven:
            return False
        if strand.urls == [gone.url]:
            self.draft.gone[place] = gone
        else:
            self.draft.leave(place, gone)
        return True
