"""History comes in from web archives: what a source owns, as it was seen, whatever tool recorded it."""

import json
import subprocess
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner

from kb.cli import main
from kb.errors import DeclarationError, UnknownSourceError
from kb.marks import read_marks
from kb.snapshots import hash_body
from kb.sources import parse_source
from kb.store.archive import open_archive, read_snapshot, read_waves
from kb.warc.importing import WarcRequest, import_warcs
from kb.warc.records import WarcError
from tests.build import NOW, make_source
from tests.crawling import read_rows, write_sources
from tests.warcs import AT, BODY, IDENTICAL, NOT_MODIFIED, URL, Warc, list_lines, make_message, write_by_hand

RULES = make_source()
LATER = "2019-04-01T10:00:00Z"


def load(folder, *files, sources=(RULES,), run="7f3a", **options):
    """Import files into a new data folder; returns the result and the rows of fetches."""
    request = WarcRequest(**{"files": files, "sources": sources, "now": NOW, "token": run, **options})
    result = import_warcs(folder / "data", request)
    return result, read_rows(folder / "data", "SELECT * FROM fetches ORDER BY observed_at, seq")


def write(folder, *records, name="web.warc.gz"):
    with Warc(folder / name) as warc:
        for record in records:
            warc.add(**record)
    return folder / name


def revisit(at=LATER, profile=IDENTICAL, **fields):
    return {"kind": "revisit", "body": b"", "at": at, "WARC_Profile": profile, **fields}


def test_answers_of_a_source_are_archived_and_others_left_aside(tmp_path):
    path = write(
        tmp_path,
        {},
        {"url": f"{URL}/gone", "status": "404 Not Found", "at": "2019-03-02T10:00:00.25Z"},
        {"url": f"{URL}/file", "kind": "resource", "body": b"%PDF-1", "Content_Type": "application/pdf"},
        {"url": "https://elsewhere.example.org/logo.png"},
        {"kind": "request", "body": b"GET /1 HTTP/1.1\r\n\r\n"},
        {"kind": "metadata", "body": b"fetchTimeMs: 7"},
        {"url": "dns:rules.example.gov", "kind": "resource", "body": b"192.0.2.1", "Content_Type": "text/dns"},
    )

    result, rows = load(tmp_path, path)

    assert {"us-xx-rules": 3} == result.sources
    assert 1 == result.notes.elsewhere
    assert [] == result.notes.broken
    assert [(URL, AT, "ok", "text/html"), (f"{URL}/file", AT, "ok", "application/pdf"),
            (f"{URL}/gone", "2019-03-02T10:00:00.25Z", "missing", "text/html")] == [
        (row["url"], row["observed_at"], row["outcome"], row["media_type"]) for row in rows
    ]  # fmt: skip
    with closing(open_archive(tmp_path / "data" / "archive.db", read_only=True)) as db:
        assert BODY == read_snapshot(db, rows[0]["sha256"])
        assert ["2019-03-01", "2019-03-02"] == [wave.at[:10] for wave in read_waves(db)]


@pytest.mark.parametrize(
    "written",
    [
        "http://rules.example.gov/1",
        "http://rules.example.gov:80/1",
        "https://Rules.Example.gov:443/1",
        "HTTP://RULES.EXAMPLE.GOV/1",
        "https://rules.example.gov/1#top",
    ],
)
def test_spellings_of_a_url_are_one_page_and_the_spelling_recorded_is_kept(tmp_path, written):
    path = write(tmp_path, {"url": written})

    _, (row,) = load(tmp_path, path)

    assert URL == row["url"]
    assert f'<{written}>; rel="original"' == json.loads(row["headers"])["link"]


def test_earlier_text_that_a_publisher_keeps_is_marked_as_one(tmp_path):
    body = {"id": "us-xx-rules", "jurisdiction": "us-xx", "platform": "page", "match": ["https://rules.example.gov/"]}
    versions = {"pattern": r"/(?P<citation>\d+)/(?P<valid_from>[\d-]+)$"}
    source = parse_source({**body, "versions": versions}, "a test")

    _, (row,) = load(tmp_path, write(tmp_path, {"url": f"{URL}/2015-07-01"}), sources=(source,))

    assert {"past": "1", "citation": "1", "valid_from": "2015-07-01"} == read_marks(row["url"])
    assert row["url"].startswith(f"{URL}/2015-07-01#")


def test_port_of_its_own_is_another_site(tmp_path):
    with pytest.raises(UnknownSourceError, match="found none"):
        load(tmp_path, write(tmp_path, {"url": "https://rules.example.gov:8443/1"}))


def test_redirect_to_another_spelling_is_left_aside_and_one_elsewhere_is_kept(tmp_path):
    moved = {"status": "301 Moved Permanently", "body": b""}
    path = write(
        tmp_path,
        {"url": "http://rules.example.gov:80/1", "http": {"Location": "https://rules.example.gov/1"}, **moved},
        {"url": f"{URL}/old", "http": {"Location": "/1/new"}, **moved},
    )

    result, (row,) = load(tmp_path, path)

    assert 1 == result.notes.same_page
    assert (f"{URL}/old", 301, "redirected", "/1/new") == (
        row["url"], row["status"], row["outcome"], json.loads(row["headers"])["location"],
    )  # fmt: skip


def test_revisit_has_the_bytes_its_digest_names_wherever_they_stand(tmp_path):
    with Warc(tmp_path / "first.warc.gz") as warc:
        digest = warc.add().rec_headers.get_header("WARC-Payload-Digest")
        warc.add(body=b"<p>other</p>", at="2019-03-09T10:00:00Z")
    again = write(tmp_path, revisit(WARC_Payload_Digest=digest.replace("sha1", "SHA1")), name="again.warc")

    # The revisit comes before what it revisits: files are given in any order.
    result, rows = load(tmp_path, again, tmp_path / "first.warc.gz")

    assert [] == result.notes.lost
    assert (LATER, hash_body(BODY), "ok", 200) == tuple(
        rows[-1][name] for name in ("observed_at", "sha256", "outcome", "status")
    )


def test_revisit_has_the_bytes_of_the_instant_it_refers_to_also_of_an_earlier_import(tmp_path):
    load(tmp_path, write(tmp_path, {"url": "http://rules.example.gov:80/1"}))
    refers = {"WARC_Refers_To_Target_URI": "http://rules.example.gov:80/1", "WARC_Refers_To_Date": AT}
    path = write(tmp_path, revisit(**refers, WARC_Payload_Digest="sha1:UNKNOWN"), name="later.warc.gz")

    result, rows = load(tmp_path, path, run="8a4b")

    assert [] == result.notes.lost
    assert [hash_body(BODY)] * 2 == [row["sha256"] for row in rows]


def test_revisit_of_bytes_that_are_nowhere_is_told_and_nothing_is_invented(tmp_path):
    path = write(tmp_path, {}, revisit(WARC_Payload_Digest="sha1:UNKNOWN"))

    result, rows = load(tmp_path, path)

    assert [AT] == [row["observed_at"] for row in rows]
    assert [f"{URL} of {LATER}"] == [line.partition(": ")[2].partition(": ")[2] for line in result.notes.lost]


def test_server_that_said_not_modified_confirms_without_bytes(tmp_path):
    path = write(tmp_path, {}, revisit(profile=NOT_MODIFIED, status="304 Not Modified"))

    _, rows = load(tmp_path, path)

    assert [("ok", 200), ("not_modified", 304)] == [(row["outcome"], row["status"]) for row in rows]


def test_cut_answers_are_truncated(tmp_path):
    chunked = {"Transfer-Encoding": "chunked", "Content-Type": "text/html"}
    path = write(
        tmp_path,
        {"url": f"{URL}/a", "WARC_Truncated": "length"},
        {"url": f"{URL}/b", "http": {"Content-Length": "9999"}},
        {"url": f"{URL}/c", "http": chunked, "body": b"5\r\n<p>No\r\n"},
        {"url": f"{URL}/d", "WARC_Segment_Number": "1"},
        {"url": f"{URL}/e", "http": chunked, "body": b"5\r\n<p>Ok\r\n0\r\n\r\n"},
        {"url": f"{URL}/f", "status": "404 Not Found", "WARC_Truncated": "time"},
    )

    _, rows = load(tmp_path, path)

    assert {"a": "truncated", "b": "truncated", "c": "truncated", "d": "truncated", "e": "ok", "f": "missing"} == {
        row["url"][-1]: row["outcome"] for row in rows
    }


def test_bomb_is_refused_and_its_bytes_are_not_kept(tmp_path):
    _, (row,) = load(tmp_path, write(tmp_path, {"body": bytes(49 << 20)}))

    assert ("refused", None) == (row["outcome"], row["sha256"])
    assert "expected at most" in row["error"]


def test_wget_writes_brackets_and_no_digests_and_other_orders_of_headers(tmp_path):
    lines = ["WARC/1.0", "warc-date: 2019-03-01T10:00:00Z", f"WARC-TARGET-URI: <{URL}>", "warc-type: response",
             "Content-Type: application/http;msgtype=response"]  # fmt: skip
    path = write_by_hand(
        tmp_path / "wget.warc.gz",
        (["WARC/1.0", "WARC-Type: warcinfo", "WARC-Date: 2019-03-01T10:00:00Z"], b"software: Wget/1.21\r\n"),
        (list_lines("request"), b"GET /1 HTTP/1.1\r\nCookie: SESSION=cookie-of-us\r\n\r\n"),
        (lines, make_message(BODY, "content-type: TEXT/HTML; charset=UTF-8", "set-cookie: SESSION=secret")),
        (list_lines("resource", "metadata://gnu.org/software/wget/warc/wget.log"), b"log"),
    )

    result, (row,) = load(tmp_path, path)

    assert [] == result.notes.broken
    assert (URL, "text/html", "utf-8", hash_body(BODY)) == tuple(
        row[name] for name in ("url", "media_type", "charset", "sha256")
    )


def test_secrets_of_requests_and_answers_are_kept_nowhere(tmp_path):
    headers = {
        "Content-Type": "text/html",
        "Set-Cookie": "SESSION=planted-1",
        "X-Api-Key": "planted-2",
        "X-Forwarded-For": "203.0.113.7",
    }
    path = write(
        tmp_path,
        {"http": headers, "WARC_IP_Address": "203.0.113.8"},
        {"kind": "request", "body": b"GET /1 HTTP/1.1\r\nAuthorization: Bearer planted-3\r\n\r\n"},
        {"url": "https://user:planted-4@rules.example.gov/1"},
    )

    result, rows = load(tmp_path, path)

    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").iterdir())
    assert 1 == len(rows)
    assert 1 == result.notes.elsewhere
    assert [] == [word for word in (b"planted", b"203.0.113", b"SESSION", b"Bearer") if word in kept]


def test_record_without_a_date_is_told_and_the_rest_is_imported(tmp_path):
    path = write_by_hand(
        tmp_path / "web.warc",
        (["WARC/1.0", "WARC-Type: response", f"WARC-Target-URI: {URL}"], make_message()),
        (list_lines(), make_message()),
    )

    result, rows = load(tmp_path, path)

    assert 1 == len(rows)
    assert "web.warc: offset 0: WARC-Date: expected an instant" in result.notes.broken[0]


def test_two_sources_that_claim_one_url_are_an_error(tmp_path):
    with pytest.raises(DeclarationError, match="claimed by"):
        load(tmp_path, write(tmp_path, {}), sources=(RULES, make_source("us-xx-other")))


def test_nothing_is_made_where_nothing_can_be_imported(tmp_path):
    page = tmp_path / "page.warc"
    page.write_bytes(b"<html>")
    stray = write(tmp_path, {"url": "https://elsewhere.example.org/"})

    with pytest.raises(WarcError, match=r"page\.warc: expected a WARC file"):
        load(tmp_path, stray, page)
    with pytest.raises(UnknownSourceError, match="1 of other URLs"):
        load(tmp_path, stray)

    assert not (tmp_path / "data").exists()


def test_source_named_by_the_caller_owns_all(tmp_path):
    result, _ = load(tmp_path, write(tmp_path, {"url": "http://elsewhere.example.org/a"}), source=RULES)

    assert {"us-xx-rules": 1} == result.sources


# --- the command


def run(*words):
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, [str(word) for word in words])


@pytest.fixture
def sources(tmp_path):
    return write_sources(tmp_path / "sources", {"id": "us-xx-rules", "match": "https://rules.example.gov/"})


def test_command_takes_a_pattern_and_tells_what_came_of_it(tmp_path, sources):
    write(tmp_path, {}, {"url": "https://elsewhere.example.org/"}, name="a.warc.gz")
    write(tmp_path, {"at": LATER}, name="b.warc.gz")

    result = run("import", tmp_path / "*.warc.gz", "--sources", sources, "--data", tmp_path / "data")

    assert 0 == result.exit_code, result.output
    assert "imported 2 captures of 1 source: 1 new snapshot" in result.stdout
    assert "left aside: 1 of URLs that no source claims" in result.stdout


def test_command_ends_with_three_and_names_what_is_broken(tmp_path, sources):
    path = write(tmp_path, {}, {"url": f"{URL}/2"})
    path.write_bytes(path.read_bytes()[:-20])

    result = run("import", path, "--sources", sources, "--data", tmp_path / "data")

    assert 3 == result.exit_code
    assert "imported 1 capture of 1 source" in result.stdout
    assert "web.warc.gz: offset" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none-*.warc"], "none-*.warc: expected a file, found none"),
        (["{page}"], "expected a WARC file"),
        (["{page}", "{captures}"], "expected a WARC file"),
        (["{web}", "--source", "us-xx-none"], "expected the id of a declared source"),
    ],
)
def test_command_refuses_what_it_cannot_import(tmp_path, sources, words, message):
    (tmp_path / "page.warc").write_bytes(b"<html>")
    (tmp_path / "captures.jsonl").write_text("")
    write(tmp_path, {})
    places = {"page": tmp_path / "page.warc", "captures": tmp_path / "captures.jsonl", "web": tmp_path / "web.warc.gz"}

    result = run(
        "import", *(word.format(**places) for word in words), "--sources", sources, "--data", tmp_path / "data"
    )

    assert 2 == result.exit_code
    assert message in result.stderr
    assert not (tmp_path / "data").exists()


def test_import_that_dies_is_never_built_and_is_harmless_to_repeat(tmp_path, sources):
    path = write(tmp_path, *({"url": f"{URL}/{number}", "body": b"%d" % number} for number in range(1200)))
    script = (
        "import os, sys\nfrom kb.store import archive\nfrom kb.cli import main\nmake = archive._record_batch\n"
        "done = []\ndef stop(*given):\n    done.append(make(*given))\n    os._exit(9) if len(done) == 2 else None\n"
        "    return done[-1]\narchive._record_batch = stop\nmain(sys.argv[1:])\n"
    )
    words = ["import", path, "--sources", sources, "--data", tmp_path / "data"]

    died = subprocess.run([sys.executable, "-c", script, *map(str, words)], check=False)
    with closing(open_archive(tmp_path / "data" / "archive.db", read_only=True)) as db:
        built = list(read_waves(db))
    again = run(*words)

    assert 9 == died.returncode
    assert [] == built
    assert "imported 1,200 captures" in again.stdout
    with closing(open_archive(tmp_path / "data" / "archive.db", read_only=True)) as db:
        assert [1200] == [len(wave.fetches) for wave in read_waves(db)]
