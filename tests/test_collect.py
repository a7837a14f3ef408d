"""A captures file is archived as one run, attributed to its sources: all of it or nothing."""

import subprocess
import sys

import pytest

from kb.collect import ImportRequest, import_captures
from kb.errors import CapturesError, DeclarationError, UnknownSourceError
from kb.snapshots import hash_body
from kb.store.archive import fingerprint_waves, open_archive, read_declarations, read_snapshot, read_waves
from tests.build import NOW, URL, make_line, make_source, write_captures

LATER = "2024-06-02T08:00:00Z"
BOARD = make_source("us-xx-board", "https://board.example.gov/")
RULES = make_source()


def request(path, sources=(RULES, BOARD), **options):
    return ImportRequest(**({"file": path, "sources": sources, "now": NOW, "token": "7f3a"} | options))


def read_archive(data):
    return open_archive(data / "archive.db", read_only=True)


def test_captures_are_attributed_to_the_source_that_matches_them(tmp_path):
    board = make_line("https://board.example.gov/news", status=404, path=None)
    path = write_captures(tmp_path, make_line(), make_line(f"{URL}/cut", headers={"Content-Length": "7"}), board)

    result = import_captures(tmp_path / "data", request(path))

    db = read_archive(tmp_path / "data")
    assert f"{NOW}-7f3a" == result.run
    assert {"us-xx-board": 1, "us-xx-rules": 2} == result.sources
    assert (3, 1) == (result.counts.fetches, result.counts.snapshots)
    assert [("us-xx-board", ["missing"]), ("us-xx-rules", ["ok", "truncated"])] == [
        (wave.source, sorted(fetch.outcome for fetch in wave.fetches)) for wave in read_waves(db)
    ]
    assert b"<p>A license is required.</p>" == read_snapshot(db, hash_body(b"<p>A license is required.</p>"))


def test_declarations_used_are_kept_with_the_run(tmp_path):
    path = write_captures(tmp_path, make_line())

    import_captures(tmp_path / "data", request(path))

    (kept,) = read_declarations(read_archive(tmp_path / "data"))
    assert (RULES.id, NOW, RULES.digest) == (kept.source, kept.first_used_at, kept.sha256)


def test_source_named_by_the_caller_owns_all_captures(tmp_path):
    path = write_captures(tmp_path, make_line(), make_line("https://elsewhere.example.org/"))

    result = import_captures(tmp_path / "data", request(path, source="us-xx-board"))

    assert {"us-xx-board": 2} == result.sources


def test_url_that_no_source_matches_is_refused_by_name_and_nothing_is_imported(tmp_path):
    strays = [make_line(f"https://elsewhere.example.org/{number}") for number in range(22)]
    path = write_captures(tmp_path, make_line(), *strays, strays[0])

    with pytest.raises(UnknownSourceError) as caught:
        import_captures(tmp_path / "data", request(path))

    lines = str(caught.value).split("\n")
    assert "found none for 22 of 23" in lines[0]
    assert [f"https://elsewhere.example.org/{number}" for number in range(20)] == lines[1:21]
    assert ["… and 2 more"] == lines[21:]
    assert not (tmp_path / "data").exists()


def test_unknown_source_is_refused_naming_those_there_are(tmp_path):
    path = write_captures(tmp_path, make_line())

    with pytest.raises(UnknownSourceError, match=r"'us-yy': expected .*\(us-xx-board, us-xx-rules\)"):
        import_captures(tmp_path / "data", request(path, source="us-yy"))


def test_url_claimed_by_two_sources_is_refused(tmp_path):
    path = write_captures(tmp_path, make_line())

    with pytest.raises(DeclarationError, match=URL):
        import_captures(tmp_path / "data", request(path, sources=(RULES, make_source("us-xx-twin"))))


def test_file_with_one_bad_line_leaves_the_archive_as_it_was(tmp_path):
    data = tmp_path / "data"
    import_captures(data, request(write_captures(tmp_path, make_line())))
    before = list(fingerprint_waves(read_archive(data)))

    with pytest.raises(CapturesError):
        import_captures(data, request(write_captures(tmp_path, make_line(), make_line(status=0)), now=LATER))

    after = read_archive(data)
    assert before == list(fingerprint_waves(after))
    assert 1 == after.execute("SELECT COUNT(*) FROM runs").fetchone()[0]


def test_second_import_is_harmless_and_progress_is_told(tmp_path):
    path, told = write_captures(tmp_path, make_line(), make_line(f"{URL}/2")), []
    import_captures(tmp_path, request(path), progress=lambda done, total: told.append((done, total)))
    before = list(fingerprint_waves(read_archive(tmp_path)))

    result = import_captures(tmp_path, request(path, now=LATER))

    assert [(1, 2), (2, 2)] == told
    assert (2, 0) == (result.counts.fetches, result.counts.snapshots)
    assert before == list(fingerprint_waves(read_archive(tmp_path)))


KILLED_IMPORT = """
import os, pathlib, sys
from kb.collect import ImportRequest, import_captures
from kb.store import archive
from tests.build import NOW, make_source

archive.BATCH_CAPTURES = 5
folder, last = pathlib.Path(sys.argv[1]), int(sys.argv[2])
asked = ImportRequest(file=folder / "captures.jsonl", sources=[make_source()], now=NOW, token="killed")
import_captures(folder, asked, progress=lambda done, total: done == last and os.kill(os.getpid(), 9))
"""


@pytest.mark.parametrize(("last", "stored"), [(1, 0), (7, 5), (20, 15)])
def test_import_killed_between_batches_leaves_nothing_in_any_wave(tmp_path, last, stored):
    path = write_captures(tmp_path, *[make_line(f"{URL}/{number}") for number in range(20)])
    killed = subprocess.run([sys.executable, "-c", KILLED_IMPORT, str(tmp_path), str(last)], check=False)
    db = open_archive(tmp_path / "archive.db")
    left = db.execute("SELECT COUNT(*) FROM fetches").fetchone()[0]
    waves = list(read_waves(db))

    import_captures(tmp_path, request(path))

    assert (-9, stored, []) == (killed.returncode, left, waves)
    assert [20] == [len(wave.fetches) for wave in read_waves(db)]
    assert "ok" == db.execute("PRAGMA integrity_check").fetchone()[0]
