"""An archive written as WARC and read into an empty one is the same archive: the same export, byte for byte."""

import json
import os
from contextlib import closing

import pytest
from click.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from kb.build import BuildRequest, build
from kb.cli import main
from kb.collect import ImportRequest, import_captures
from kb.errors import UsageError
from kb.sources import parse_source, read_sources
from kb.store import archive
from kb.store.archive import open_archive
from kb.store.transfer import TransferFilter
from kb.warc.exporting import WarcOrder, export_warc
from kb.warc.importing import WarcRequest, import_warcs
from tests.build import NOW, make_line, make_source, write_captures
from tests.crawling import Site, crawl, read_rows, redirect_to, write_sources
from tests.example_web import build_web, declare, export

FETCHES = """
    SELECT source, url, final_url, redirects, observed_at, status, outcome, media_type, charset, headers, sha256, size,
        elapsed_ms, error FROM fetches ORDER BY seq
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """An archive of imports over ten weeks."""
    folder = tmp_path_factory.mktemp("recorded")
    build_web(folder)
    return folder / "data", declare(folder / "sources")


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """An archive of three crawls of one day: pages changed, unchanged, moved, missing, refused and never reached."""
    folder = tmp_path_factory.mktemp("crawled")
    page = "<html><body><main><h1>Rules</h1><p>(a) {}</p><p>(b) A kite stays low.</p></main></body></html>"
    said = {"text": "A kite needs a license."}
    site = Site({
        "/1": lambda handler: handler.answer(200, page.format(said["text"]).encode(), Set_Cookie="SESSION=planted"),
        "/2": lambda handler: handler.answer(304 if "If-None-Match" in handler.headers else 200, b"<p>(a) Still.</p>"
                                             if "If-None-Match" not in handler.headers else b"", ETag='"7"'),
        "/old": redirect_to("/1"),
        "/away": redirect_to("https://elsewhere.example.org/"),
        "/api?key=planted-key": lambda handler: handler.answer(200, b"<p>(a) Open.</p>", Server="planted-server"),
        "/busy": lambda handler: handler.answer(500, b"busy"),
    })  # fmt: skip
    urls = [f"{site.url}{path}" for path in ("/1", "/2", "/old", "/away", "/busy", "/gone")]
    urls += ["http://127.0.0.1:1/dead", f"{site.url}/api?key=${{KB_TEST_KEY}}"]
    document = {"work": "rules", "pattern": "/(?P<citation>[^/]+)$"}
    names = write_sources(folder / "sources", {"id": "us-xx-rules", "urls": urls, "document": document})
    data = folder / "data"
    for text in ("A kite needs a license.", "A kite needs a permit.", "A kite needs a permit."):
        said["text"] = text
        environment = {**os.environ, "KB_TEST_KEY": "planted-key"}
        crawl(data, "--sources", names, "--allow-loopback", environment=environment)
    site.close()
    sources = read_sources([names])
    build(data, BuildRequest(sources=sources))
    return data, sources


def write(data, target, **options):
    with closing(open_archive(data / "archive.db", read_only=True)) as db:
        return export_warc(db, WarcOrder(**{"target": target, "now": NOW, **options}))


def load(folder, files, sources, run="copy"):
    return import_warcs(folder / "copy", WarcRequest(files=files, sources=sources, now=NOW, token=run))


def copy(folder, data, sources, *, name="out.warc.gz", **options):
    """Move an archive by way of WARC into a new data folder and build it there."""
    done = write(data, folder / name, **options)
    result = load(folder, done.files, sources)
    build(folder / "copy", BuildRequest(sources=sources))
    return folder / "copy", done, result


@pytest.mark.parametrize("name", ["out.warc.gz", "out.warc", "folder"])
@pytest.mark.parametrize("origin", ["recorded", "crawled"])
def test_round_trip_gives_the_same_export_byte_for_byte(tmp_path, request, origin, name):
    data, sources = request.getfixturevalue(origin)

    there, done, result = copy(tmp_path, data, sources, name=name, largest=2000)

    assert [] == result.notes.broken == result.notes.lost
    assert done.revisits > 0
    assert read_rows(data, FETCHES.replace("ORDER BY seq", "ORDER BY url, observed_at, run")) == read_rows(
        there, FETCHES.replace("ORDER BY seq", "ORDER BY url, observed_at, run")
    )
    assert export(data) == export(there)
    assert (len(done.files) > 1) == (name == "folder")


def test_crawls_of_one_day_stay_waves_of_their_own(tmp_path, crawled):
    data, sources = crawled

    there, _, result = copy(tmp_path, data, sources)

    runs = "SELECT run, kind, started_at, closed_at FROM runs ORDER BY run"
    assert 3 == result.restored
    assert read_rows(data, runs) == read_rows(there, runs)
    assert ["amended"] == [row["kind"] for line in export(there) if (row := json.loads(line))["table"] == "changes"]


def test_import_into_the_same_archive_adds_nothing(tmp_path, crawled):
    data, sources = crawled
    there, done, _ = copy(tmp_path, data, sources)
    before = len(read_rows(there, FETCHES))

    again = load(tmp_path, done.files, sources, "again")

    assert (0, before) == (again.counts.fetches, again.notes.known)
    assert before == len(read_rows(there, FETCHES))


def test_restoring_that_dies_is_not_built_and_is_gone_on_with(tmp_path, crawled, monkeypatch):
    data, sources = crawled
    done = write(data, tmp_path / "out.warc.gz")
    make, made = archive._record_batch, []

    def stop(*given):
        made.append(make(*given))
        if len(made) == 3:
            raise KeyboardInterrupt
        return made[-1]

    monkeypatch.setattr(archive, "BATCH_CAPTURES", 4)
    monkeypatch.setattr(archive, "_record_batch", stop)
    with pytest.raises(KeyboardInterrupt):
        load(tmp_path, done.files, sources)
    half = len(read_rows(tmp_path / "copy", FETCHES))
    built = build(tmp_path / "copy", BuildRequest(sources=sources))
    again = load(tmp_path, done.files, sources, "again")
    build(tmp_path / "copy", BuildRequest(sources=sources))

    assert 0 < half < done.fetches
    assert 0 == built.waves
    assert (half, done.fetches - half) == (again.notes.known, again.counts.fetches)
    assert export(data) == export(tmp_path / "copy")


def test_source_under_its_new_name_takes_what_was_exported_under_the_old(tmp_path, recorded):
    data, sources = recorded
    done = write(data, tmp_path / "out.warc.gz")
    renamed = [
        parse_source({**source.body, "id": f"{source.id}-new", "aliases": [source.id]}, "a test") for source in sources
    ]

    result = load(tmp_path, done.files, renamed)

    assert {"us-xx-board-rules-new": 6, "us-xx-code-new": 34} == result.sources


def test_part_of_an_archive_and_then_the_rest_of_it_lose_nothing(tmp_path, recorded):
    data, sources = recorded
    first = write(data, tmp_path / "first.warc.gz", wanted=TransferFilter(until="2024-02-01T00:00:00Z"))
    rest = write(data, tmp_path / "rest.warc.gz", wanted=TransferFilter(since="2024-02-01T00:00:00Z"))

    for number, done in enumerate((first, rest)):
        load(tmp_path, done.files, sources, f"part{number}")
        build(tmp_path / "copy", BuildRequest(sources=sources))

    assert first.fetches > 0 < rest.fetches
    assert export(data) == export(tmp_path / "copy")


def test_other_programs_read_what_is_written(tmp_path, crawled):
    data, _ = crawled
    write(data, tmp_path / "out.warc.gz")

    with (tmp_path / "out.warc.gz").open("rb") as file:
        records = [
            (record.rec_type, record.rec_headers, record.http_headers, record.content_stream().read(),
             record.digest_checker.passed)
            for record in ArchiveIterator(file, check_digests="raise")
        ]  # fmt: skip

    assert {"warcinfo", "response", "revisit", "metadata"} == {kind for kind, *_ in records}
    assert {"WARC/1.1"} == {headers.protocol for _, headers, *_ in records}
    assert False not in {passed for *_, passed in records}
    pages = [body for kind, headers, _, body, _ in records
             if kind == "response" and headers.get_header("WARC-Target-URI").endswith("/1")]  # fmt: skip
    assert [True, True] == [b"A kite needs" in page for page in pages]
    for kind, _, http, body, _ in records:
        assert kind != "response" or int(http.get_header("Content-Length")) == len(body)


def test_no_request_cookie_or_key_is_written(tmp_path, crawled):
    data, _ = crawled
    write(data, tmp_path / "out.warc")

    text = (tmp_path / "out.warc").read_bytes()

    assert b"api?key=${KB_TEST_KEY}" in text
    assert [] == [word for word in (b"planted", b"Cookie", b"WARC-Type: request", b"User-Agent") if word in text]


def test_same_archive_gives_the_same_bytes(tmp_path, recorded):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(recorded[0], tmp_path / name / "out.warc.gz")

    assert (tmp_path / "a" / "out.warc.gz").read_bytes() == (tmp_path / "b" / "out.warc.gz").read_bytes()


def test_source_and_days_choose_what_is_written(tmp_path, recorded):
    wanted = TransferFilter(sources=("us-xx-board-rules",), since="2024-01-10T00:00:00Z", until="2024-02-01T00:00:00Z")

    done = write(recorded[0], tmp_path / "out.warc", wanted=wanted)

    text = (tmp_path / "out.warc").read_text()
    assert 2 == done.fetches
    assert "code.example.gov" not in text
    assert "2024-01-08" not in text


def test_headers_that_would_break_the_record_are_one_line(tmp_path):
    evil = {"Content-Type": "text/html", "ETag": "a\r\nSet-Cookie: planted\r\n\r\n<script>"}
    source = make_source()
    path = write_captures(tmp_path, make_line(headers=evil))
    wanted = {"file": path, "sources": (source,), "now": NOW, "token": "a"}
    import_captures(tmp_path / "data", ImportRequest(**wanted))

    done = write(tmp_path / "data", tmp_path / "out.warc")
    result = load(tmp_path, done.files, (source,))

    assert 1 == result.counts.fetches
    assert b"\r\nSet-Cookie" not in (tmp_path / "out.warc").read_bytes()
    assert read_rows(tmp_path / "data", FETCHES) == read_rows(tmp_path / "copy", FETCHES)


def test_facts_that_do_not_fit_their_bytes_are_told_and_not_imported(tmp_path, recorded):
    data, sources = recorded
    write(data, tmp_path / "out.warc")
    text = (tmp_path / "out.warc").read_bytes()
    (tmp_path / "out.warc").write_bytes(text.replace(b"fee of 40 dollars", b"fee of 90 dollars", 1))

    result = load(tmp_path, [tmp_path / "out.warc"], sources)

    assert 1 == len(result.notes.broken)
    assert "expected bytes of sha256" in result.notes.broken[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"outcome":"ok"', '"outcome":"ko"'),
        ('"kind":"import"', '"kind":"imports"'),
        ('"status":200', '"status":9200'),
        ('"status":200', '"status":"200"'),
        ('"observed_at":"2024-01-08T12:00:00Z"', '"observed_at":"2024-01-08 12:00:00Z"'),
        ('"observed_at":"2024-01-08T12:00:00Z"', '"observed_at":"2024-01-08T12:00:00+00:00"'),
        ('"url":"https://', '"url":"https://name:word@'),
        ('"elapsed_ms":0', '"elapsed_ms":null'),
        ("StatusQuo-Fetch: {", "StatusQuo-Fetch: [{"),
    ],
)
def test_facts_that_are_none_are_told_and_not_imported(tmp_path, recorded, old, new):
    data, sources = recorded
    write(data, tmp_path / "out.warc", wanted=TransferFilter(until="2024-01-09T00:00:00Z"))
    text = (tmp_path / "out.warc").read_bytes()
    assert old.encode() in text
    (tmp_path / "out.warc").write_bytes(text.replace(old.encode(), new.encode(), 1))

    result = load(tmp_path, [tmp_path / "out.warc"], sources)

    (told,) = result.notes.broken
    assert "StatusQuo-Fetch: expected the facts of a fetch" in told


# --- the command


def run(*words):
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, [str(word) for word in words])


def test_command_writes_a_file_and_says_so(tmp_path, recorded):
    result = run("export", "--warc", tmp_path / "out.warc.gz", "--since", "2024-02-01", "--data", recorded[0])

    assert 0 == result.exit_code, result.output
    assert "exported 12 captures" in result.stdout
    assert ["out.warc.gz"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--since", "2024-02-01"], "expected with --warc"),
        (["--warc", "{folder}/x.warc", "--out", "{folder}/x"], "expected without --warc"),
        (["--warc", "{folder}"], "found one; name an empty folder"),
    ],
)
def test_command_refuses_options_that_do_not_fit(tmp_path, recorded, words, message):
    (tmp_path / "statusquo-00001.warc.gz").write_bytes(b"kept")

    result = run("export", *(word.format(folder=tmp_path) for word in words), "--data", recorded[0])

    assert 2 == result.exit_code
    assert message in result.stderr
    assert [b"kept"] == [path.read_bytes() for path in tmp_path.iterdir()]


def test_export_that_fails_leaves_no_file(tmp_path, recorded, monkeypatch):
    def stop(done, total):
        raise UsageError("stop")

    with closing(open_archive(recorded[0] / "archive.db", read_only=True)) as db, pytest.raises(UsageError):
        export_warc(db, WarcOrder(target=tmp_path / "out.warc", now=NOW), progress=stop)

    assert [] == list(tmp_path.iterdir())


def test_damaged_snapshot_is_left_out_named_and_ends_with_four(tmp_path, recorded):
    data = tmp_path / "data"
    data.mkdir()
    with closing(open_archive(recorded[0] / "archive.db", read_only=True)) as db:
        db.execute("VACUUM INTO ?", (str(data / "archive.db"),))
    with closing(open_archive(data / "archive.db")) as db:
        db.execute("UPDATE snapshots SET body = X'00' WHERE id = 1")

    result = run("export", "--warc", tmp_path / "out.warc", "--data", data)

    assert 4 == result.exit_code
    assert "damaged snapshot, left out: " in result.stderr
    assert "exported 40 captures" in result.stdout
