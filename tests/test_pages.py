"""Every saved page is read as its expected JSON says: the layouts of page the reader must know."""

import json
from pathlib import Path

import msgspec
import pytest

from kb.read.page import read_page
from kb.sources import read_sources

PAGES = Path(__file__).parent / "pages"
URLS = {
    "us-xx-lists": "https://lists.example.gov/title12.html",
    "us-xx-word": "https://word.example.gov/ch009.html",
    "us-xx-typed": "https://typed.example.gov/s/12-7/",
    "us-xx-paths": "https://paths.example.gov/7-1201(Perm)",
    "us-xx-tables": "https://tables.example.gov/chapter12",
    "us-xx-board": "https://board.example.gov/fees",
}


def tell_page(page):
    """Return a page as plain values without what is empty, references aside: what an expected JSON holds."""
    return {
        "flaws": [flaw.code for flaw in page.flaws],
        "documents": [
            {
                "document": reading.document,
                "citation": reading.citation,
                "strand": reading.strand,
                "validity": msgspec.to_builtins(reading.validity),
                "acts": [msgspec.to_builtins(act) for act in reading.acts],
                "provisions": [
                    {name: value for name, value in msgspec.to_builtins(part).items() if value or name == "eid"}
                    for part in reading.provisions
                ],
            }
            for reading in page.readings
        ],
    }


@pytest.mark.parametrize("source", read_sources([PAGES]), ids=lambda source: source.id)
def test_saved_page_reads_as_expected(source):
    body = (PAGES / f"{source.id}.html").read_bytes()
    expected = json.loads((PAGES / f"{source.id}.json").read_text("utf-8"))

    actual = tell_page(read_page(body, source, URLS[source.id]))

    assert expected == actual


def test_every_saved_page_has_a_declaration_and_an_expected_json():
    declared = {source.id for source in read_sources([PAGES])}

    saved = {path.stem for path in PAGES.glob("*.html")}

    assert declared == saved == {path.stem for path in PAGES.glob("*.json")}
