"""Begin a source: fetch or take its page, guess what its declaration needs, and write both at once or neither."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from kb.adding.declaring import Guess, add_entry, find_jurisdiction, write_skeleton
from kb.adding.fetching import FetchedPage, UnreachableError, fetch_page
from kb.adding.guessing import Sample, guess_keys
from kb.adding.saved import EXPECTED, MEDIA_TYPES, Place, list_places, name_file
from kb.adding.writing import render_json, write_together
from kb.captures import LineError, read_address
from kb.errors import DeclarationError, UsageError
from kb.models import Page
from kb.sources import find_source, parse_source

# Platforms that begin at a list of pages; the others name their pages.
LISTING = ("index", "contents", "sitemap", "feed")
# What the lists begin with that are no pages: <urlset xmlns="…">, <feed xmlns="…">, <rss version="2.0">
XML_LISTS = {"sitemap": (b"<urlset", b"<sitemapindex"), "feed": (b"<rss", b"<feed", b"<rdf:RDF")}
# Where in a file such a beginning must stand.
HEAD = 4096


class NewSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source to begin: its id and URL, the folder it goes to, and what is known of it.

    ``folders`` are those of all declarations, where its id and URL must be free. ``file`` is a saved page to take
    instead of fetching one, seen on ``today``.
    """

    id: str
    url: str
    into: Path
    folders: Sequence[Path]
    today: str
    platform: str = "page"
    jurisdiction: str | None = None
    file: Path | None = None
    allow_loopback: bool = False


class Started(msgspec.Struct, frozen=True):
    """What was written: the declaration's file, the page's, and what the automatic reading gives of it."""

    declaration: Path
    page: Path
    guess: Guess


def start_source(wanted: NewSource) -> Started:
    """Begin a source; nothing is written unless all of it can be.

    Raises UsageError and DeclarationError for what cannot be declared, UnreachableError for a page that cannot be had
    or holds no text.
    """
    jurisdiction = find_jurisdiction(wanted.id, wanted.jurisdiction)
    _check_free(wanted)
    path = wanted.into / f"{jurisdiction}.yml"
    declared = _declare(wanted, jurisdiction, wanted.url)
    # What is wrong with the file is told before anybody's server is asked.
    add_entry(path, jurisdiction, write_skeleton(declared, _no_guess(), wanted.today))
    page = _take_file(wanted) if wanted.file is not None else _fetch(wanted)
    declared = _declare(wanted, jurisdiction, page.url)
    guess = _guess(declared, page)
    _check_page(wanted.platform, page, guess)
    text = add_entry(path, jurisdiction, write_skeleton(declared, guess, page.date))
    place = Place(parse_source({**declared, **guess.keys}, path.name), path)
    saved = name_file(place, page.date, page.url, page.media_type)
    facts = {"url": page.url, "media_type": page.media_type, "charset": page.charset}
    expected = saved.with_name(saved.name.rpartition(".")[0] + EXPECTED)
    told = render_json({name: value for name, value in facts.items() if value})
    write_together({saved: page.body, expected: told.encode(), path: text.encode()})
    return Started(path, saved, guess)


def _no_guess() -> Guess:
    return Guess(page=Page(readings=(), length=0, shape=""))


def _declare(wanted: NewSource, jurisdiction: str, url: str) -> dict[str, Any]:
    place: dict[str, Any] = {"start": url} if wanted.platform in LISTING else {"urls": [url]}
    return {"jurisdiction": jurisdiction, "id": wanted.id, "platform": wanted.platform, **place}


def _check_free(wanted: NewSource) -> None:
    """Refuse an id or a URL that another source has."""
    try:
        read_address(wanted.url)
    except LineError as error:
        raise UsageError(str(error)) from error
    places = list_places(wanted.folders)
    for place in places:
        if place.source.id == wanted.id or wanted.id in place.source.aliases:
            raise UsageError(f"id {wanted.id!r}: expected a free one, found a source of that id in {place.file}")
    owner = find_source([place.source for place in places], wanted.url)
    if owner is not None:
        raise DeclarationError(f"{wanted.url}: expected a page of no source yet, found one of {owner.id}")


def _fetch(wanted: NewSource) -> FetchedPage:
    return fetch_page(wanted.url, allow_loopback=wanted.allow_loopback)


def _take_file(wanted: NewSource) -> FetchedPage:
    path = wanted.file or Path()
    ending = path.suffix.lower().lstrip(".").replace("htm", "html").replace("htmll", "html")
    return FetchedPage(
        url=wanted.url,
        date=wanted.today,
        body=path.read_bytes(),
        media_type=MEDIA_TYPES.get(ending, "text/html"),
        charset="",
    )


def _guess(declared: dict[str, Any], page: FetchedPage) -> Guess:
    sample = Sample(declared=declared, url=page.url, body=page.body, media_type=page.media_type, charset=page.charset)
    return guess_keys(sample)


def _check_page(platform: str, page: FetchedPage, guess: Guess) -> None:
    """Refuse what is not what its platform begins at."""
    signs = XML_LISTS.get(platform)
    if signs is None:
        _check_text(guess.page, page.url)
    elif not any(sign in page.body[:HEAD] for sign in signs):
        raise UnreachableError(f"{page.url}: expected a {platform}, found none; nothing was written")


def _check_text(page: Page, url: str) -> None:
    """Refuse a page that holds nothing to read: neither a text nor links to documents."""
    if page.names or any(part.text or part.heading for reading in page.readings for part in reading.provisions):
        return
    if page.left_out and not any(flaw.code != "no_document" for flaw in page.flaws):
        return
    found = page.flaws[0].message if page.flaws else "no text"
    raise UnreachableError(
        f"{url}: expected a page with a text, found: {found}; nothing was written (a page made by scripts: save it "
        "from a browser and name the file with --from)"
    )
