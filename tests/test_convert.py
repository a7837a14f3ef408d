"""What an installed program reads is kept in the archive, marked as such, and read by every build alike."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from bench.typesetter import draw_page, scan, set_line, typeset, write_pdf
from bench.word_writer import paragraph, write_doc, write_docx
from kb.build import BuildRequest, build
from kb.cli import main
from kb.collect import ImportRequest, import_captures
from kb.convert import WORD_PROGRAMS, convert, describe_converted, read_table
from kb.read.jobs import Picture, Rendition
from kb.sources import parse_source, read_sources
from kb.store.archive import open_archive
from kb.store.renditions import read_rendition, read_tools
from kb.update import UpdateRequest, update
from tests.build import make_line, write_captures
from tests.crawling import Site, write_sources
from tests.example_web import export

URL = "https://rules.example.gov/fees.pdf"
NOW = "2024-06-01T08:00:00Z"
TEXT = ["Section 7-101. Fees.", "(a) The fee for a goat is nine dollars a year.", "(b) The fee is paid to the clerk."]
SOURCE = parse_source({"id": "us-xx-fees", "jurisdiction": "us-xx", "platform": "page", "urls": [URL]}, "a test")
NEEDS = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed here")


def archive(folder, *days):
    """Import one capture a day of the page: (day, body, media type)."""
    data = folder / "data"
    for day, body, media_type in days:
        path = f"{day}.bin"
        line = make_line(URL, observed_at=f"{day}T08:00:00Z", path=path, media_type=media_type)
        file = write_captures(folder, line, bodies={path: body})
        import_captures(data, ImportRequest(file=file, sources=[SOURCE], now=NOW, token=day))
    return data


def build_all(data, **keys):
    build(data, BuildRequest(sources=[SOURCE], **keys))
    return export(data)


def rows(lines, table):
    return [row for row in map(json.loads, lines) if row["table"] == table]


def codes(lines):
    return sorted(row["code"] for row in rows(lines, "problems"))


@NEEDS
def test_a_scanned_document_waits_then_is_recognised_and_marked(tmp_path):
    data = archive(tmp_path, ("2024-01-02", scan(typeset(TEXT, size=12)), "application/pdf"))
    before = build_all(data)

    made = convert(data, NOW)
    after = build_all(data)

    assert (["needs_ocr"], []) == (codes(before), rows(before, "versions"))
    assert ["read_by_machine"] == codes(after)
    assert [f"text made of 1 file by {next(iter(made.made))}"] == describe_converted(made)
    told = {row["number"]: row["text"] for row in rows(after, "provisions") if row["number"]}
    assert TEXT[1][4:] == told["(a)"]
    (note,) = [row["note"] for row in rows(after, "provisions") if row["note"]]
    assert "made by a program (tesseract)" in note
    assert [] == rows(after, "changes")


@NEEDS
def test_what_was_made_stands_and_every_build_gives_the_same_rows(tmp_path):
    days = [("2024-01-02", TEXT), ("2024-02-02", [*TEXT[:2], "(b) No."])]
    data = archive(tmp_path, *((day, scan(typeset(text, size=12)), "application/pdf") for day, text in days))
    build_all(data)
    convert(data, NOW)
    stepwise = build_all(data)

    again = convert(data, "2025-01-01T00:00:00Z")

    assert ({}, {}) == (again.made, again.waiting)
    assert stepwise == build_all(data, from_scratch=True) == build_all(data, from_scratch=True, workers=2)
    assert [("amended", "7-101__b")] == [(row["kind"], row["eid"]) for row in rows(stepwise, "changes")]


@NEEDS
def test_only_the_pages_that_are_pictures_are_recognised(tmp_path):
    mixed = write_pdf([draw_page([set_line("Section 7-101. Fees.", 700, size=12)]), *scan_pages(["(a) Goats."])])
    data = archive(tmp_path, ("2024-01-02", mixed, "application/octet-stream"))

    convert(data, NOW)

    with closing(open_archive(data / "archive.db", read_only=True)) as db:
        (name,) = read_tools(db)
        rendition = read_rendition(db, name)
    assert [2] == [page.page for page in rendition.pages]
    assert "(a) Goats." in rendition.pages[0].lines[0]


def scan_pages(texts):
    """Return the drawing of one scanned page."""
    body = scan(write_pdf([draw_page([set_line(text, 700, size=12) for text in texts])]))
    start = body.index(b"stream\n", body.index(b"/Contents")) + 7
    return [body[start : body.index(b"\nendstream", start)]]


def test_without_the_program_a_file_waits_and_the_command_says_what_to_install(tmp_path, monkeypatch):
    data = archive(tmp_path, ("2024-01-02", scan(typeset(TEXT)), "application/pdf"))
    monkeypatch.setenv("PATH", str(tmp_path))

    told = describe_converted(convert(data, NOW))

    assert ["1 file cannot be read without tesseract: install it (Debian: tesseract-ocr), then run kb convert"] == told
    assert {"tesseract": 1} == convert(data, NOW).waiting


@pytest.mark.skipif(not {*filter(shutil.which, WORD_PROGRAMS)}, reason="no program for old Word documents is installed")
def test_an_old_word_document_waits_then_is_converted_and_marked(tmp_path):
    data = archive(tmp_path, ("2024-01-02", write_doc(*TEXT), "application/msword"))
    before = build_all(data)

    (tool,) = convert(data, NOW).made
    after = build_all(data)

    assert (["needs_converter"], ["read_by_machine"]) == (codes(before), codes(after))
    assert tool.split()[0] in WORD_PROGRAMS
    told = {row["number"]: row["text"] for row in rows(after, "provisions") if row["number"]}
    assert TEXT[2][4:] == told["(b)"]


def test_an_old_word_document_waits_for_either_program(tmp_path, monkeypatch):
    data = archive(tmp_path, ("2024-01-02", write_doc(*TEXT), "application/msword"))
    monkeypatch.setenv("PATH", str(tmp_path))

    told = describe_converted(convert(data, NOW))

    install = "install it (Debian: antiword catdoc), then run kb convert"
    assert [f"1 file cannot be read without antiword or catdoc: {install}"] == told


def test_the_second_program_reads_what_the_first_one_fails_on(tmp_path, monkeypatch):
    data = archive(tmp_path, ("2024-01-02", write_doc(*TEXT), "application/msword"))
    for name, script in (("antiword", "exit 139"), ("catdoc", "echo '(a) Goats.'; echo 'Catdoc Version 0.95' >&2")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    assert {"catdoc 0.95": 1} == convert(data, NOW).made


def test_a_program_that_fails_is_named_and_the_file_is_tried_again(tmp_path, monkeypatch):
    data = archive(tmp_path, ("2024-01-02", scan(typeset(TEXT)), "application/pdf"))
    broken = tmp_path / "bin" / "tesseract"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho 'no data' >&2\nexit 7\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:/bin:/usr/bin")

    told = [describe_converted(convert(data, NOW)) for _ in range(2)]

    assert [[f"not converted: {URL}: tesseract ended with 7: no data"]] * 2 == told


def test_a_file_that_needs_no_program_is_looked_at_once(tmp_path, monkeypatch):
    data = archive(tmp_path, ("2024-01-02", write_docx(paragraph("Goats.")), "application/octet-stream"))
    convert(data, NOW)
    monkeypatch.setattr("kb.convert.tell_kind", None)  # a second look would fail

    assert [] == describe_converted(convert(data, NOW))


def test_what_was_made_is_never_altered(tmp_path):
    data = archive(tmp_path, ("2024-01-02", write_docx(paragraph("Goats.")), "application/octet-stream"))
    convert(data, NOW)

    with closing(open_archive(data / "archive.db")) as db, pytest.raises(sqlite3.IntegrityError, match="never altered"):
        db.execute("UPDATE renditions SET tool = 'another'")


def test_no_archive_is_nothing_to_convert(tmp_path):
    assert [] == describe_converted(convert(tmp_path, NOW))


def test_a_page_that_turns_into_another_format_is_told_and_its_text_compared(tmp_path):
    html = f"<html><body><p>{TEXT[0]}</p><p>{TEXT[1]}</p><p>{TEXT[2]}</p></body></html>".encode()
    login = b"<html><body><p>Please sign in. Access denied to this page: session expired.</p></body></html>"
    edited = [*TEXT[:2], "(b) The fee is paid to the court."]
    data = archive(
        tmp_path,
        ("2024-01-02", html, "text/html"),
        ("2024-02-02", typeset(TEXT), "text/html"),
        ("2024-03-02", typeset(edited, wide=40), "text/html"),
        ("2024-04-02", login, "application/pdf"),
    )

    lines = build_all(data)

    told = [row for row in rows(lines, "problems") if row["code"] == "format_changed"]
    assert ["2024-02-02", "2024-04-02"] == sorted(row["observed_at"][:10] for row in told)
    assert {f"the page was HTML when last believed and is PDF now: {URL}"} <= {row["message"] for row in told}
    assert ["2024-03-02"] == [row["observed_at"][:10] for row in rows(lines, "changes")]


def test_lines_of_a_table_of_words_stand_where_they_were_seen():
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"
    rows = [
        "5 1 1 1 1 1 300 600 120 50 96 (a)",
        "5 1 1 1 1 2 450 600 240 62 95 Goats,",
        "4 1 1 1 2 0 300 700 120 50 -1 x",
        "5 1 1 1 2 1 300 700 120 50 96 and",
        "5 1 1 1 2 2 0 0 1 1 95 ",
    ]
    picture = Picture(1, 2550, 3300, 300 / 72, b"")

    lines = list(read_table("\n".join([head, *(row.replace(" ", "\t") for row in rows)]), picture))

    assert [("(a) Goats,", 72.0, 165.6, 633.1), ("and", 72.0, 100.8, 612.0)] == lines


def test_a_rendition_without_a_tool_says_that_none_is_needed():
    assert ("", "", ()) == (Rendition("").tool, Rendition("").text, Rendition("").pages)


@NEEDS
def test_an_update_recognises_a_scan_it_crawled_and_says_so(tmp_path):
    body = scan(typeset(TEXT, size=12))
    site = Site({"/fees.pdf": lambda handler: handler.answer(200, body, Content_Type="text/html")})
    folder = write_sources(tmp_path / "sources", {"id": "us-xx-fees", "urls": [f"{site.url}/fees.pdf"]})
    options = ["--sources", str(folder), "--source", "us-xx-fees", "--allow-loopback"]

    result = update(tmp_path / "data", UpdateRequest(sources=read_sources([folder]), now=NOW, crawl=options))

    site.close()
    lines = export(tmp_path / "data")
    assert (1, 1, ["read_by_machine"]) == (result.converted.made.total(), len(rows(lines, "versions")), codes(lines))


def test_the_command_says_what_it_did_and_what_to_install(tmp_path, monkeypatch):
    data = archive(tmp_path, ("2024-01-02", scan(typeset(TEXT)), "application/pdf"))
    monkeypatch.setenv("PATH", str(tmp_path))

    told = [CliRunner().invoke(main, ["convert", "--data", str(path)]) for path in (data, tmp_path / "none")]

    assert [0, 0] == [one.exit_code for one in told]
    assert "1 file cannot be read without tesseract: install it (Debian: tesseract-ocr)" in told[0].output
    assert "nothing to convert" in told[1].output
