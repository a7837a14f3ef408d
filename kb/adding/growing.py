"""Save a further page of a source, from the web or from a file, beside those it has."""

from pathlib import Path

import msgspec

from kb.adding.fetching import FetchedPage
from kb.adding.saved import EXPECTED, MEDIA_TYPES, Place, SavedPage, find_only_url, list_saved, name_file
from kb.adding.writing import render_json, write_whole
from kb.errors import UsageError


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A page in a file, as a person names it: its URL ("": the source's only one) and the day it was seen."""

    file: Path
    url: str
    day: str


def take_page(place: Place, given: Given) -> FetchedPage:
    """Take a page from a file; raises UsageError where its URL is not said, or is not the source's."""
    url = given.url or find_only_url(place.source)
    if not url:
        raise UsageError(f"{place.source.id}: expected --url with {given.file}, as the source has several pages")
    check_owned(place, url)
    ending = given.file.suffix.lower().lstrip(".")
    media_type = MEDIA_TYPES.get("html" if ending == "htm" else ending, "text/html")
    return FetchedPage(url=url, date=given.day, body=given.file.read_bytes(), media_type=media_type, charset="")


def check_owned(place: Place, url: str) -> None:
    """Raise UsageError for a URL that is not the source's."""
    if not place.source.matches(url):
        raise UsageError(f"{url}: expected a page of {place.source.id}, found none of its own ('match' says which are)")


def save_page(place: Place, page: FetchedPage, *, replace: bool = False) -> Path:
    """Save a page with the facts of how it was had; returns its file.

    Raises UsageError where another page of that URL and day is saved, unless it is to be replaced.
    """
    path = _find_saved(place, page) or name_file(place, page.date, page.url, page.media_type)
    if path.is_file() and path.read_bytes() != page.body and not replace:
        raise UsageError(f"{path}: expected no other page of that day, found one; --update replaces it")
    write_whole(path, page.body)
    expected = path.with_name(path.name.rpartition(".")[0] + EXPECTED)
    if not expected.is_file():
        facts = {"url": page.url, "media_type": page.media_type, "charset": page.charset}
        write_whole(expected, render_json({name: value for name, value in facts.items() if value}).encode())
    return path


def _find_saved(place: Place, page: FetchedPage) -> Path | None:
    return next((saved.path for saved in list_saved(place) if (saved.url, saved.date) == (page.url, page.date)), None)


def show_page(place: Place, page: FetchedPage, folder: Path) -> SavedPage:
    """Put a page into a folder, to be read and not kept."""
    path = folder / name_file(place, page.date, page.url, page.media_type).name
    path.write_bytes(page.body)
    return SavedPage(path=path, date=page.date, url=page.url, media_type=page.media_type, charset=page.charset)
