"""Saved pages of a source: where they lie, what they are called, and what is known of how each was fetched.

A page lies at ``pages/<source>/<date>.html`` beside the file that declares its source, or ``<date>.<name>.html`` where
there are several of a day. ``<page>.expected.json`` beside it holds the page's URL, its type, and what must be read.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kb.errors import DeclarationError, NotFoundError, UnknownSourceError
from kb.sources import Source, read_source_file

PAGES = "pages"
EXPECTED = ".expected.json"
# 2024-02-08.html, 2024-02-08.section-12-3.pdf
PAGE_NAME = re.compile(r"(?P<date>\d{4}-\d{2}-\d{2})(?:\.(?P<name>[a-z0-9-]+))?\.(?:html|pdf|xml|txt|json|docx|rtf)")
# What stands between the words of an address.
BETWEEN = re.compile(r"[^a-z0-9]+")
MEDIA_TYPES = {
    "html": "text/html",
    "pdf": "application/pdf",
    "xml": "application/xml",
    "txt": "text/plain",
    "json": "application/json",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "rtf": "application/rtf",
}
LONGEST_NAME = 60


class SavedPage(msgspec.Struct, frozen=True, kw_only=True):
    """One saved page: its file, the day it was seen, and its URL, media type and charset ("" where unknown)."""

    path: Path
    date: str
    url: str
    media_type: str
    charset: str = ""

    @property
    def expected(self) -> Path:
        """Return the file that says what must be read from it."""
        return self.path.with_name(self.path.name.rpartition(".")[0] + EXPECTED)

    @property
    def observed_at(self) -> str:
        """Return the instant it stands for: noon of its day."""
        return f"{self.date}T12:00:00Z"


class Place(msgspec.Struct, frozen=True):
    """Where a source is declared, and the folder of its saved pages."""

    source: Source
    file: Path

    @property
    def folder(self) -> Path:
        """Return the folder of its saved pages, whether there is one or not."""
        return self.file.parent / PAGES / self.source.id


def read_name(path: Path) -> str:
    """Return the part of a page's file name that tells it from others of its day, "" where there is none."""
    found = PAGE_NAME.fullmatch(path.name)
    return (found["name"] or "") if found is not None else ""


def list_places(folders: Sequence[Path]) -> list[Place]:
    """List the sources of folders with the files that declare them; the declarations must be valid."""
    files = [path for folder in folders for path in sorted(folder.glob("*.yml"))]
    return [Place(source, file) for file in files for source in read_source_file(file)]


def find_place(folders: Sequence[Path], name: str) -> Place:
    """Find the source of an id; raises UnknownSourceError naming those there are."""
    files = [path for folder in folders for path in sorted(folder.glob("*.yml"))]
    # A registry has thousands of sources: only files that hold the word at all are read.
    near = [path for path in files if name.encode() in path.read_bytes()]
    for path in near:
        for source in read_source_file(path):
            if source.id == name:
                return Place(source, path)
    places = list_places(folders)
    known = ", ".join(sorted(place.source.id for place in places)) or "none at all"
    raise UnknownSourceError(f"source {name!r}: expected the id of a declared source ({known})")


def list_saved(place: Place) -> list[SavedPage]:
    """List the saved pages of a source by day and name; raises DeclarationError where the URL of one is not known."""
    return list(_read_saved(place))


def _read_saved(place: Place) -> Iterator[SavedPage]:
    for path in sorted(place.folder.glob("*")) if place.folder.is_dir() else ():
        found = None if path.name.endswith(EXPECTED) else PAGE_NAME.fullmatch(path.name)
        if found is not None:
            yield name_page(place, path, found["date"])


def name_page(place: Place, path: Path, date: str) -> SavedPage:
    """Tell what is known of a page: what its expected JSON says, else what the declaration and its ending say."""
    page = SavedPage(path=path, date=date, url="", media_type=MEDIA_TYPES.get(path.suffix[1:], ""))
    told = read_expected(page.expected) if page.expected.is_file() else {}
    url = told.get("url") or find_only_url(place.source)
    if not url:
        raise DeclarationError(f"{path}: expected its URL in {page.expected.name}; kb sources expect --url writes it")
    facts = {name: str(told[name]) for name in ("media_type", "charset") if name in told}
    return msgspec.structs.replace(page, url=str(url), **facts)


def read_expected(path: Path) -> dict[str, Any]:
    """Read what must be read from a page; raises DeclarationError for a file that is no JSON object."""
    try:
        told = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DeclarationError(f"{path}: expected JSON, found: {error}") from error
    if not isinstance(told, dict):
        raise DeclarationError(f"{path}: expected a JSON object, found {type(told).__name__}")
    return told


def find_only_url(source: Source) -> str:
    """Return the one page a source names, "" where it names several or none."""
    named = dict.fromkeys((*source.urls, *source.start))
    return next(iter(named)) if len(named) == 1 else ""


def choose_page(place: Place) -> SavedPage:
    """Return the latest saved page of a source; raises NotFoundError where there is none."""
    pages = list_saved(place)
    if not pages:
        raise NotFoundError(f"{place.source.id}: no page is saved in {place.folder}; give one with --file or --url")
    return max(pages, key=lambda page: page.date)


def name_file(place: Place, date: str, url: str, media_type: str) -> Path:
    """Name the file of a page to save: by its day, and by the end of its URL where the source has several pages."""
    name = "" if url == find_only_url(place.source) else _shorten(url)
    if any(page.date == date and name == read_name(page.path) and page.url != url for page in list_saved(place)):
        # What a listing says of a page stands in its fragment: another page under the same path.
        name = f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:6]}".strip("-")
    ending = next((ending for ending, known in MEDIA_TYPES.items() if known == media_type), "html")
    if media_type.endswith("xml") and "html" not in media_type:
        ending = "xml"
    return place.folder / f"{date}{name and f'.{name}'}.{ending}"


def _shorten(url: str) -> str:
    address = urlsplit(url)
    told = f"{address.path} {address.query}".lower().replace(".html", "")
    return BETWEEN.sub("-", told).strip("-")[-LONGEST_NAME:].strip("-") or "page"
