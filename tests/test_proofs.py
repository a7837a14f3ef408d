"""That captures were not altered since is proven without us; what was altered is found and named."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from kb.cli import main
from kb.errors import NotFoundError, UsageError
from kb.merkle import compute_root, hash_leaf, prove_inclusion, verify_inclusion
from kb.verifying import verify_archive, verify_bundle
from tests.test_answer_pages import data, db, get, words  # noqa: F401 - the demonstration with its answers

HASHES = st.lists(st.binary(min_size=1, max_size=8), min_size=1, max_size=70).map(
    lambda leaves: [hash_leaf(leaf) for leaf in leaves]
)


@given(HASHES, st.data())
def test_every_leaf_is_proven_and_no_other_in_its_place(hashes, draw):
    root = compute_root(hashes)
    paths = prove_inclusion(hashes, range(len(hashes)))

    assert all(verify_inclusion(leaf, n, len(hashes), paths[n], root) for n, leaf in enumerate(hashes))
    index = draw.draw(st.integers(0, len(hashes) - 1))
    other = draw.draw(st.binary(min_size=32, max_size=32))
    path = paths[index]
    assert not verify_inclusion(other, index, len(hashes), path, root) or other == hashes[index]
    assert not verify_inclusion(hashes[index], index, len(hashes), [*path, other], root)
    assert not verify_inclusion(hashes[index], len(hashes), len(hashes), path, root)
    if path:
        assert not verify_inclusion(hashes[index], index, len(hashes), path[:-1], root)
        assert not verify_inclusion(hashes[index], index, len(hashes), [other, *path[1:]], root) or other == path[0]


def test_leaf_that_is_not_there_is_no_leaf_to_prove():
    with pytest.raises(IndexError, match="expected leaves 0 to 1"):
        prove_inclusion([b"a" * 32, b"b" * 32], [2])


@pytest.fixture(scope="module")
def bundle(db):  # noqa: F811
    """The bundle of an answer that a capture proves."""
    (fact,) = db.execute(
        "SELECT fact FROM fact_history JOIN proofs USING (sha256, url) "
        "WHERE fact_history.place = (SELECT MAX(place) FROM fact_history AS own WHERE own.fact = fact_history.fact) "
        "ORDER BY fact LIMIT 1"
    ).fetchone()
    return json.loads(get(db, f"/f/{fact}.json").body)


def test_bundle_is_proven_with_nothing_else(bundle):
    found = verify_bundle(json.dumps(bundle).encode())

    assert found.holds
    assert any("not that the site said so" in line for line in found.lines)


SPOILS = {
    "hash": lambda b: b.update(sha256="0" * 64),
    "address": lambda b: b.update(captured_from="https://elsewhere.example/"),
    "instant": lambda b: b.update(captured_at="2001-01-01T00:00:00Z"),
    "leaf": lambda b: b["inclusion_proof"].update(
        leaf=b["inclusion_proof"]["leaf"].replace('"status":200', '"status":404')
    ),
    "place": lambda b: b["inclusion_proof"].update(seq=b["inclusion_proof"]["seq"] + 1),
    "log": lambda b: b["inclusion_proof"].update(log_id="another"),
    "size": lambda b: b["inclusion_proof"].update(size=b["inclusion_proof"]["size"] * 2),
    "path": lambda b: b["inclusion_proof"]["path"].reverse(),
    "shorter path": lambda b: b["inclusion_proof"]["path"].pop(),
    "head": lambda b: b["inclusion_proof"].update(tree_head="0" * 64),
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_anything_altered_in_a_bundle_is_found(bundle, spoil):
    altered = json.loads(json.dumps(bundle))
    SPOILS[spoil](altered)

    assert altered != bundle
    assert not verify_bundle(json.dumps(altered).encode()).holds


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"\x00", b'{"permalink": 1}'])
def test_what_is_no_bundle_is_refused(raw):
    with pytest.raises(UsageError, match="expected a citation bundle"):
        verify_bundle(raw)


def test_answer_that_no_capture_proves_has_no_proof_and_says_so(db):  # noqa: F811
    (fact,) = db.execute("SELECT fact FROM facts WHERE fact NOT IN (SELECT fact FROM fact_history) LIMIT 1").fetchone()
    told = json.loads(get(db, f"/f/{fact}.json").body)

    assert told["inclusion_proof"] is None
    assert "No inclusion proof" in told["inclusion_proof_note"]
    with pytest.raises(UsageError, match="no proof"):
        verify_bundle(json.dumps(told).encode())


def test_page_of_an_answer_shows_the_proof(db, bundle):  # noqa: F811
    shown = words(db, bundle["permalink"])

    assert bundle["inclusion_proof"]["tree_head"] in shown
    assert "not that the site itself said so" in shown


def test_archive_holds_against_every_head_that_was_published(data):  # noqa: F811
    found = verify_archive(data)

    assert found.holds
    assert all("head" in line for line in found.lines)


@pytest.mark.parametrize(
    "change", ["UPDATE fetches SET status = 500 WHERE seq = 7", "UPDATE leaves SET hash = ZEROBLOB(32) WHERE seq = 7"]
)
def test_first_altered_fetch_is_named(data, tmp_path, change):  # noqa: F811
    copy = shutil.copytree(data, tmp_path / "data")
    with closing(sqlite3.connect(copy / "archive.db")) as archive:
        for trigger in ("fetches_stay", "leaves_stay"):
            archive.execute(f"DROP TRIGGER {trigger}")
        archive.execute(change)
        archive.commit()
    found = verify_archive(copy)
    result = CliRunner().invoke(main, ["--data", str(copy), "verify"])

    assert not found.holds
    assert all("fetch 7 is altered or missing" in line for line in found.lines)
    assert (1, "not proven") == (result.exit_code, result.output.splitlines()[-1])


def test_archive_is_held_against_a_head_kept_elsewhere(data, db):  # noqa: F811
    size, head = db.execute("SELECT log_size, tree_head FROM releases").fetchone()
    fewer = CliRunner().invoke(main, ["--data", str(data), "verify", "--head", f"{size}:{head}"])
    more = CliRunner().invoke(main, ["--data", str(data), "verify", "--head", f"{size + 5}:{head}"])
    other = CliRunner().invoke(main, ["--data", str(data), "verify", "--head", f"{size - 1}:{head}"])

    assert (0, "proven") == (fewer.exit_code, fewer.output.splitlines()[-1])
    assert (1, True) == (more.exit_code, f"fetch {size} is altered or missing" in more.output)
    assert (1, True) == (other.exit_code, f"told was {head}" in other.output)


@pytest.mark.parametrize("head", ["", "12", "x:" + "0" * 64, "-1:" + "0" * 64, "12:" + "0" * 63, "12:" + "Z" * 64])
def test_what_is_no_head_is_refused(data, head):  # noqa: F811
    result = CliRunner().invoke(main, ["--data", str(data), "verify", "--head", head])

    assert (2, True) == (result.exit_code, "expected a head as SIZE:HASH" in result.output)


def test_command_proves_a_bundle_without_a_data_folder(bundle, tmp_path):
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(bundle))
    result = CliRunner().invoke(main, ["--data", str(tmp_path / "none"), "verify", str(file)])

    assert (0, "proven") == (result.exit_code, result.output.splitlines()[-1])


def test_archive_without_a_publication_has_no_head(tmp_path):
    with pytest.raises(NotFoundError, match="no head"):
        verify_archive(tmp_path)
