"""One text in four layouts and four dresses, nothing declared: every section is read, and no dress changes it."""

import random
import re
from collections import Counter

import pytest

from bench.statutes import MARKED_LAW, PLAIN_LAW, mark_up, write_statutes
from kb.evaluate.sets import drop_selectors
from kb.evaluate.texts import count_words, print_page
from kb.read.page import read_page
from kb.sources import parse_source, read_sources
from tests.test_pages import PAGES, URLS

SITE = "https://state.example.gov/"
WHO = ("The board", "A pilot", "The keeper of strings", "A child under nine")
DOES = ("may fly a kite", "shall wind the string", "must not cut a line", "files a report")
WHEN = ("within 30 days.", "unless the wind is above 20 knots.", "on a form of the board, as § 3-14 says.", "at night.")
SKINS = ("plain", "grid-12", "tw-p-4 mt-2", "widget content-sidebar")


def write_law(draw, sections):
    """Return invented sections: a heading and paragraphs each; one may be a repealed stub."""
    say = lambda: f"{draw.choice(WHO)} {draw.choice(DOES)} {draw.choice(WHEN)}"  # noqa: E731
    return [
        ("[Repealed]", ["Repealed."])
        if not draw.randrange(6)
        else (f"Kites {at}", [say() for _ in range(draw.randint(2, 9))])
        for at in range(sections)
    ]


def lay_out(layout, at, heading, paragraphs, skin):
    """Return one section in one of four layouts of real sites."""
    title, numbered = f"§ 3-{10 + at}. {heading}.", [f"({one}) {text}" for one, text in enumerate(paragraphs, 1)]
    level = "h2" if skin == SKINS[1] else "h3"
    if layout == "boxes":
        body = "".join(f"<p>{text}</p>" for text in numbered) + f"<p class=hist>[1999 c.{at}]</p>"
        return f'<div class="section {skin}" id="s{at}"><{level}>{title}</{level}>{body}</div>'
    if layout == "tables":
        rows = "".join(f"<tr><td>({one})</td><td>{text}</td></tr>" for one, text in enumerate(paragraphs, 1))
        return f'<table class="{skin}"><tr><th>{title}</th></tr>{rows}<tr><td colspan=2>[1999 c.{at}]</td></tr></table>'
    if layout == "typed":
        return f"<a name=s{at}></a><p><b>{title}</b><br>{'<br><br>'.join(numbered)}<br><i>[1999 c.{at}]</i><hr>"
    items = "".join(f"<li><span>{text}</span></li>" for text in paragraphs)
    return f"<article><{level}>{title}</{level}><ol>{items}</ol><small>[1999 c.{at}]</small></article>"


def dress(draw, layout, law, skin, *, landmark):
    """Return a page with a law in a frame of its own: menus, tickers, counters and forms drawn anew."""
    chapters = "".join(
        f"<li><a href=/c/{at};s={draw.random()}>Chapter {at}</a></li>" for at in range(draw.randint(5, 40))
    )
    offer = f"<div class=ad>Call {draw.randint(1, 9999)} today for tickets to the state fair</div>"
    sections = "".join(lay_out(layout, at, *section, skin) for at, section in enumerate(law))
    main = "main" if landmark else "div"
    return (
        f'<html><body class="{skin}"><header><div>State of Example</div><nav><ul>{chapters}</ul></nav>{offer}</header>'
        f"<aside class=sidebar>{offer}<p>Visitors: {draw.randint(1, 10**7)}</p><form><input name=q></form></aside>"
        f"<{main} id=content><h1>Chapter 3. Kites and strings</h1><p class=tools><a href=/print>Print</a></p>{sections}"
        f"</{main}><footer><p>© 2024 State of Example. Page generated in {draw.random()} seconds.</p>{offer}</footer>"
        f"</body></html>"
    ).encode()


def read_words(body, source):
    """Return the words of the text that a page is read as, in order."""
    return re.findall(r"\w+", print_page(read_page(body, source, f"{SITE}c3.html")))


@pytest.fixture(scope="module")
def undeclared():
    return parse_source({"id": "us-xx-c3", "jurisdiction": "us-xx", "platform": "page", "match": [SITE]}, "a test")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("landmark", [True, False], ids=["main", "no-landmark"])
@pytest.mark.parametrize("layout", ["boxes", "tables", "typed", "articles"])
def test_every_section_is_read_whatever_the_dress(undeclared, layout, landmark, seed):
    draw = random.Random(seed)  # noqa: S311 (repeatable, not secret)
    law = write_law(draw, draw.randint(2, 9))

    read = [read_words(dress(draw, layout, law, skin, landmark=landmark), undeclared) for skin in SKINS]

    said = Counter(re.findall(r"\w+", " ".join(" ".join([heading, *paragraphs]) for heading, paragraphs in law)))
    assert {} == dict(said - Counter(read[0]))
    assert [read[0]] * len(SKINS) == read


@pytest.mark.parametrize("source", read_sources([PAGES]), ids=lambda source: source.id)
def test_a_saved_page_loses_no_word_when_nothing_is_declared(source):
    body = (PAGES / f"{source.id}.html").read_bytes()

    declared, bare = (
        count_words(print_page(read_page(body, one, URLS[source.id]), notes=True))
        for one in (source, drop_selectors(source))
    )

    assert {} == dict(declared - bare)


@pytest.mark.parametrize(("size", "finish"), [(PLAIN_LAW, bytes), (MARKED_LAW, mark_up)], ids=["plain", "marked"])
def test_generated_statutes_read_alike_with_and_without_a_declaration(undeclared, size, finish):
    declared = parse_source({**undeclared.body, "select": {"main": "main", "note": ".history"}}, "a test")

    pages = [finish(page) for page in write_statutes(3, size)]

    assert [read_words(page, declared) for page in pages] == [read_words(page, undeclared) for page in pages]
