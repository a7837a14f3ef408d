"""Files of every format, crawled over HTTP under whatever name, become documents; what cannot be read stops nothing."""

import json
from collections import Counter

import pytest

from bench.papers import PAPERS, write_papers
from bench.typesetter import draw_page, set_column, set_line, typeset, write_pdf
from bench.word_writer import paragraph, table, write_docx
from kb.build import BuildRequest, build
from kb.collect import ImportRequest, import_captures
from kb.evaluate.completeness import count_characters
from kb.read.kinds import tell_kind
from kb.read.page import read_page
from kb.sources import parse_source, read_sources
from kb.update import UpdateRequest, update
from tests.build import NOW, make_line, write_captures
from tests.crawling import Site, write_sources
from tests.example_web import export

PLACE = "https://rules.example.gov/"
LAW = ["(a) The fee for a goat is nine dollars a year.", "(b) The fee is paid to the clerk."]
RAISED = [LAW[0].replace("nine", "twelve"), LAW[1]]


def set_html(law):
    return f"<html><body>{''.join(f'<p>{text}</p>' for text in law)}</body></html>".encode()


def set_rtf(law):
    return ("{\\rtf1 " + "".join(f"{text}\\par " for text in law) + "}").encode()


FORMATS = {
    "pdf": lambda law: typeset(law, wide=60),
    "docx": lambda law: write_docx(*(paragraph(text[4:], item=(1, 0)) for text in law)),
    "rtf": set_rtf,
    "text": lambda law: "\n".join(law).encode(),
    "html": set_html,
}
# Each is served under a name that is not its own.
CALLED = {"pdf": "text/html", "docx": "application/octet-stream", "rtf": "application/msword", "text": "text/plain",
          "html": "application/pdf"}  # fmt: skip
BROKEN = {
    "cut": typeset(LAW)[:-60],
    "locked": write_pdf([draw_page(set_column(LAW))], key="goat"),
    "blank": write_pdf([b""]),
    "none": write_pdf([]),
    "picture": write_pdf([b"q 100 0 0 100 72 600 cm 0 0 1 1 re f Q"]),
    "word": write_docx(*map(paragraph, LAW))[:-50],
    "bomb": write_docx(parts={"word/document.xml": b" " * 70_000_000}),
}
CODES = {"cut": "unreadable", "locked": "locked", "blank": "empty", "none": "empty", "picture": "needs_ocr",
         "word": "unreadable", "bomb": "huge"}  # fmt: skip


def rows(lines, name):
    return [row for row in map(json.loads, lines) if row["table"] == name]


def test_files_crawled_under_any_name_are_read_and_a_changed_word_is_one_change(tmp_path):
    shown = {f"/{name}": law for name, law in dict.fromkeys(FORMATS, LAW).items()}

    def serve(path):
        name = path[1:]
        return lambda handler: handler.answer(200, FORMATS[name](shown[path]), Content_Type=CALLED[name])

    site = Site({path: serve(path) for path in shown})
    document = {"work": "rules", "pattern": r"/(?P<citation>[^/]+)$"}
    source = {"id": "us-xx-files", "urls": [f"{site.url}{path}" for path in shown], "document": document}
    folder = write_sources(tmp_path / "sources", source)
    options = ["--sources", str(folder), "--source", "us-xx-files", "--allow-loopback"]
    sources = read_sources([folder])

    for now, law in (("2024-06-01T08:00:00Z", LAW), ("2024-06-09T08:00:00Z", RAISED)):
        shown.update(dict.fromkeys(shown, law))
        update(tmp_path / "data", UpdateRequest(sources=sources, now=now, crawl=options))

    site.close()
    lines = export(tmp_path / "data")
    changes = {row["document"].rpartition("/")[2]: (row["kind"], row["eid"]) for row in rows(lines, "changes")}
    assert dict.fromkeys(FORMATS, ("amended", "a")) == changes
    assert len(FORMATS) == len(rows(lines, "changes"))
    assert [] == rows(lines, "problems")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Return a data folder with sound and broken files of two days, and the source that declares them."""
    folder = tmp_path_factory.mktemp("archive")
    document = {"work": "rules", "pattern": r"/(?P<citation>[^/]+)$"}
    told = {"id": "us-xx-files", "jurisdiction": "us-xx", "platform": "page", "match": [PLACE], "document": document}
    source = parse_source(told, "a test")
    for day, law in (("2024-01-02", LAW), ("2024-02-02", RAISED)):
        bodies = {**{name: write(law) for name, write in FORMATS.items()}, **BROKEN}
        facts = {"observed_at": f"{day}T08:00:00Z", "media_type": "application/octet-stream"}
        lines = [make_line(f"{PLACE}{name}", path=f"{day}/{name}", **facts) for name in bodies]
        file = write_captures(folder, *lines, bodies={f"{day}/{name}": body for name, body in bodies.items()})
        import_captures(folder / "data", ImportRequest(file=file, sources=[source], now=NOW, token=day))
    return folder / "data", source


def test_files_that_cannot_be_read_are_named_and_the_others_built(archive):
    data, source = archive

    result = build(data, BuildRequest(sources=[source], from_scratch=True))

    lines = export(data)
    told = {row["url"].removeprefix(PLACE): row["code"] for row in rows(lines, "problems")}
    assert CODES == told
    assert (2 * len(BROKEN), 2 * len(FORMATS), len(FORMATS)) == (result.suspects, result.versions, result.changes)
    assert set(FORMATS) == {row["document"].rpartition("/")[2] for row in rows(lines, "documents")}


def test_any_number_of_processes_builds_the_same_rows_of_files(archive):
    data, source = archive
    built = []
    for workers in (1, 2, 3):
        build(data, BuildRequest(sources=[source], from_scratch=True, workers=workers))
        built.append(export(data))

    assert built[0] == built[1] == built[2]


@pytest.mark.parametrize("kind", PAPERS)
def test_every_character_of_a_file_is_told_once(kind):
    source = parse_source({"id": "us-xx-files", "jurisdiction": "us-xx", "platform": "page", "urls": [PLACE]}, "a test")

    for body, words in PRINTED[kind]:
        page = read_page(body, source, PLACE, media_type=PAPERS[kind])
        parts = [part for reading in page.readings for part in reading.provisions]
        told = [text for part in parts for text in (part.number, part.heading, part.text, part.note, part.pending)]
        counts = count_characters([*told, *(piece.text for piece in page.left_out)])
        counts.pop("|", None)
        assert Counter(count_characters(words)) == counts


def make_bill():
    lines = [f"{at + 1} the keeper of the goat shall then pay what is due {'abc'[at % 3]}" for at in range(9)]
    return write_pdf([draw_page([set_line(line, 700 - 20 * at) for at, line in enumerate(lines)])]), lines


MARK = '<w:footnoteReference w:id="1"/>'
# Files, and all that they print.
PRINTED = {
    "pdf": [make_bill(), (typeset(LAW, wide=30, rows=3, head="Goats"), [*LAW, "Goats", "Page 1", "Goats", "Page 2"])],
    "docx": [
        (
            write_docx(*(paragraph(text[4:], item=(1, 0)) for text in LAW), table(["x", "y"], ["(1)", "z"])),
            [*LAW, "xy", "(1)z"],
        ),
        (write_docx(paragraph("Goats", style="Heading1"), paragraph("Eat.", MARK), notes=("Hay.",)), ["GoatsEat.Hay."]),
    ],
    "rtf": [(set_rtf(LAW), LAW)],
    "text": [("\f".join(f"GOATS\n\n{text}" for text in LAW).encode(), ["GOATS", *LAW, "GOATS"])],
}


def test_files_written_for_damaging_are_of_their_kinds():
    kinds = {kind: {tell_kind(body, PAPERS[kind]) for body in write_papers(kind)} for kind in PAPERS}

    assert {kind: {kind} for kind in PAPERS} == kinds
