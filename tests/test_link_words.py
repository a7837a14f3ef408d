"""A table of files: the row says which document a file is where the link itself says "PDF"."""

import pytest

from kb.build import BuildRequest, build
from kb.read.link_words import list_chosen_links
from kb.sources import find_naming, parse_source, read_sources
from tests.crawling import Site, crawl, read_rows, write_sources

DOCUMENT = {"work": "opinions", "from": "link", "pattern": r"Opinion (?P<citation>\d+)"}


@pytest.fixture
def site():
    made = Site({})
    yield made
    made.close()


def answer(body):
    return lambda handler: handler.answer(200, f"<html><body><main>{body}</main></body></html>".encode())


def make_table(*rows):
    cells = "".join(f'<tr><td>Opinion {number}</td><td>{day}</td><td><a href="{href}">PDF</a></td></tr>'
                    for number, day, href in rows)  # fmt: skip
    return answer(f"<table>{cells}</table>")


def run(folder, sources):
    crawl(folder / "data", "--sources", sources, "--allow-loopback")
    build(folder / "data", BuildRequest(sources=read_sources([sources])))


def test_rows_name_files_and_a_row_that_leaves_the_table_is_a_removal(site, tmp_path):
    site.pages = {
        "/list": make_table(("12", "1/2/2024", "/f/a17"), ("13", "1/2/2024", "/f/b2")),
        "/f/a17": answer("<p>(a) A nurse may fly a kite of ten feet.</p>"),
        "/f/b2": answer("<p>(a) A nurse may hold a line.</p>"),
        "/f/a18": answer("<p>(a) A nurse may fly a kite of thirty feet.</p>"),
    }
    keys = {"platform": "index", "start": f"{site.url}/list", "match": f"{site.url}/f/", "select": "main"}
    sources = write_sources(tmp_path / "s", {"id": "us-xx-opinions", "follow": "tr", "document": DOCUMENT, **keys})

    run(tmp_path, sources)
    site.pages["/list"] = make_table(("12", "2/2/2024", "/f/a18"))
    run(tmp_path, sources)

    rows = read_rows(tmp_path / "data", "SELECT kind, document, new_text FROM changes ORDER BY document", "kb.db")
    assert [("amended", "us-xx/opinions/12", "A nurse may fly a kite of thirty feet.")] == [
        tuple(row.values()) for row in rows[:1]
    ]
    assert [("removed", "us-xx/opinions/13")] == [(row["kind"], row["document"]) for row in rows[1:]]


def test_own_words_of_a_link_come_first_and_a_row_of_several_links_names_none():
    keys = {"platform": "index", "start": "https://x.example.gov/", "follow": "p", "document": DOCUMENT}
    source = parse_source({"id": "us-xx-a", "jurisdiction": "us-xx", **keys}, "a test")
    html = """<p>Opinion 1 <a href=1>text</a></p><p>Opinion 9 <a href=2>Opinion 2</a></p>
        <p>Opinion 3 <a href=3>PDF</a> <a href=4>Word</a></p><p><a name=x>Opinion 5</a></p>"""

    found = [
        (href, " ".join(words.split())) for href, words in list_chosen_links(html, source.follow, find_naming(source))
    ]

    assert [("1", "Opinion 1 text"), ("2", "Opinion 2"), ("3", "PDF"), ("4", "Word")] == found
