"""What a page is read as is held, word by word, against the text it is known to hold."""

import gzip
import json

import pytest

from kb.evaluate.corpus import CorpusLine
from kb.evaluate.sets import drop_selectors, evaluate_sets
from kb.evaluate.texts import (
    Compared,
    Scores,
    compare_words,
    count_words,
    print_page,
    read_articles,
    read_known_pages,
    score_texts,
    strip_markdown,
)
from kb.models import Page, Provision, Reading
from kb.sources import parse_source

SITE = "https://code.example.gov/sections/"
DAY = "2024-03-02"
XMLNS = "https://code.dccouncil.us/schemas/dc-library"
PAGE = "<html><body><main><h1>§ 7-1. Kites.</h1><p>(a) No kite shall fly at night.</p></main></body></html>"


def make_page(*provisions):
    return Page((Reading("us-xx/code/7-1", "7-1", "current", provisions),), 0, "")


def declare_code(**fields):
    document = {"work": "code", "pattern": r"/sections/(?P<citation>[^/]+?)\.html$"}
    body = {"id": "us-xx-code", "jurisdiction": "us-xx", "platform": "page", "match": [SITE], "document": document}
    return parse_source({**body, **fields}, "a test")


def write_file(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("read", "known", "expected"),
    [
        ("No kite flies", "no KITE flies.", Scores(1.0, 1.0, 1.0)),
        ("a kite a kite", "a kite", Scores(0.5, 1.0, 4 / 6)),
        ("kite", "a kite flies here", Scores(1.0, 0.25, 2 / 5)),
        ("menu", "kite", Scores(0.0, 0.0, 0.0)),
        ("", "", Scores(0.0, 0.0, 0.0)),
        ("the board’s kite", "the board's kite", Scores(1.0, 1.0, 1.0)),
    ],
)
def test_words_are_compared_as_multisets_without_case_and_typography(read, known, expected):
    assert expected == compare_words(read, known)


def test_notes_and_banners_are_printed_only_when_asked_for():
    page = make_page(Provision("", heading="Kites", note="2001 c.5", pending="Soon"), Provision("a", "(a)", "", "Fly."))

    assert "Kites\n\n(a)\n\nFly." == print_page(page).strip()
    assert {"2001 c.5", "Soon"} <= set(print_page(page, notes=True).split("\n"))


def test_means_are_taken_over_pages_and_pages_under_the_floor_are_named():
    pages = [
        Compared("good", make_page(Provision("", text="no kite")), "no kite"),
        Compared("bad", make_page(Provision("", text="menu no kite menu")), "no kite"),
    ]

    figures, misses = score_texts(pages, 0.9)

    found = {figure.label: (round(figure.value, 3), figure.passed) for figure in figures}
    assert (0.75, True) == found["text: precision"]
    assert (1.0, True) == found["text: recall"]
    assert (0.833, False) == found["text: F1"]
    assert ["text of bad: F1 0.67 (precision 0.50, recall 1.00)"] == misses


def test_no_pages_pass_no_floor():
    figures, _ = score_texts([], 0.5)

    assert not next(figure for figure in figures if figure.label == "text: F1").passed


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("[our terms](https://terms.example.org/a_(b)?c=1)", "our terms"),
        ('[fees](/fees "The fees") rise', "fees rise"),
        (r"snake\_case and \*stars\*", "snake_case and *stars*"),
        ("(a) in brackets [1]", "(a) in brackets [1]"),
    ],
)
def test_targets_of_links_in_markdown_are_no_words(written, printed):
    assert count_words(printed) == count_words(strip_markdown(written))


def test_a_page_is_compared_with_the_markdown_beside_it_and_one_without_is_left_out(tmp_path):
    write_file(tmp_path / "ota/terms/1.html", PAGE)
    write_file(tmp_path / "ota/terms/1.version.md", "Kites.\n---\n\n(a) No kite shall fly at night.")
    lines = [
        CorpusLine(f"{SITE}7-{at}.html", f"{DAY}T12:00:00Z", 200, f"ota/terms/{at}.html", set="ota") for at in "12"
    ]

    (one,) = read_known_pages(tmp_path, lines, [declare_code()])

    assert ("ota/terms/1.html", 1.0) == (one.name, compare_words(print_page(one.page), one.known).recall)


def test_a_section_is_compared_with_its_official_xml_of_the_day_without_its_notes(tmp_path):
    write_file(tmp_path / "code/1.html", PAGE.replace("Kites.", "Kites. [Expired]"))
    official = (
        f'<section xmlns="{XMLNS}"><reason>Expired</reason><num>7-1</num><heading>Kites.</heading>'
        "<para><num>(a)</num><text>No kite shall fly at night.</text></para>"
        '<annotations><annotation type="History">2001 c.5</annotation></annotations></section>'
    )
    write_file(tmp_path / f"code/xml/7-1/{DAY}.xml", official)
    line = CorpusLine(f"{SITE}7-1.html", f"{DAY}T12:00:00Z", 200, "code/1.html", set="code")

    (one,) = read_known_pages(tmp_path, [line], [declare_code()])

    assert 1.0 == compare_words(print_page(one.page), one.known).f1


def test_articles_of_a_collection_are_read_beside_their_marked_texts(tmp_path):
    name = "0a" * 32
    write_file(tmp_path / f"extraction/html/{name}.html.gz", gzip.compress(PAGE.encode()))
    marked = {name: {"articleBody": "(a) No kite shall fly at night.", "url": "https://kites.example.org/night"}}
    write_file(tmp_path / "extraction/ground-truth.json", json.dumps(marked))

    (one,) = read_articles(tmp_path / "extraction", declare_code())
    (result,) = evaluate_sets(["extraction"], tmp_path, [])

    assert (f"{name[:12]} (https://kites.example.org/night)", marked[name]["articleBody"]) == (one.name, one.known)
    assert (1.0, True) == (next(f.value for f in result.figures if f.label == "text: recall"), result.found)


def test_a_source_without_its_selectors_keeps_everything_else():
    source = declare_code(select="p", remove=[".menu"], title="Code", history=[{"until": DAY, "select": "div"}])

    bare = drop_selectors(source)

    assert (None, (), ()) == (bare.select.main, bare.remove, bare.eras)
    assert (source.id, "Code", source.document) == (bare.id, bare.title, bare.document)
