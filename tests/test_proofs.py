"""Publications carry a proof for every capture they name, and an archive is proven against the heads they published."""

import sqlite3
from contextlib import closing

import msgspec
import pytest

from kb.merkle import compute_root, hash_leaf
from kb.store import public
from kb.store.archive import open_archive, write_leaf
from kb.store.log import Head, find_proof, read_heads, verify_archive
from tests.sites import copy_data, make_data, publish_at
from tests.test_merkle import leads


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proofs")
    data = make_data(folder / "data", folder / "web")
    publish_at(data)
    return data


@pytest.fixture
def data(made, tmp_path):
    return copy_data(made, tmp_path / "data")


def open_current(data):
    return closing(public.open_published(max((data / "public").glob("0*.db"))))


def verify(data):
    with open_current(data) as db, closing(open_archive(data / "archive.db", read_only=True)) as archive:
        return verify_archive(archive, read_heads(db))


def alter(data, *statements):
    """Do to an archive what its triggers forbid, as somebody with the file can."""
    with closing(sqlite3.connect(data / "archive.db")) as db:
        for name in ("fetches_stay", "fetches_last", "leaves_stay", "leaves_last"):
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(statement)
        db.commit()


def test_every_capture_that_a_version_names_is_proven_to_the_head_of_its_release(made):
    with open_current(made) as db:
        captures = {tuple(row) for row in db.execute("SELECT sha256, url FROM versions")}
        head = read_heads(db)[-1]
        proofs = {capture: find_proof(db, *capture) for capture in captures}

    assert captures
    for (sha256, url), proof in proofs.items():
        path = [bytes.fromhex(one) for one in proof.path]
        leaf = msgspec.json.decode(proof.leaf)
        assert (sha256, url, proof.seq, head.log_id) == (leaf["sha256"], leaf["url"], leaf["seq"], leaf["log"])
        assert (head.log_size, head.tree_head, head.generation) == (proof.size, proof.tree_head, proof.release)
        root = bytes.fromhex(head.tree_head)
        assert leads(proof.leaf.encode(), (proof.seq, proof.size), path, root)


def test_proof_is_of_the_first_capture_of_the_bytes(made):
    with open_current(made) as db, closing(open_archive(made / "archive.db", read_only=True)) as archive:
        first = {
            (row["sha256"], row["url"]): row["seq"]
            for row in archive.execute("SELECT sha256, url, MIN(seq) AS seq FROM fetches GROUP BY sha256, url")
        }
        rows = [((row["sha256"], row["url"]), row["seq"]) for row in db.execute("SELECT * FROM proofs")]

    assert rows == [(capture, first[capture]) for capture, _ in rows]


def test_capture_that_no_version_names_has_no_proof(made):
    with open_current(made) as db:
        assert find_proof(db, "0" * 64, "https://rules.example.gov/open/1-1") is None


def test_archive_leads_to_the_heads_of_all_releases(data):
    publish_at(data, 1)
    verdict = verify(data)

    assert (True, [1, 2]) == (verdict.is_sound, [head.generation for head in verdict.proven])


@pytest.mark.parametrize(
    "column",
    ["url", "observed_at", "sha256", "status", "headers", "run"],
)
def test_first_altered_row_is_named(data, column):
    values = {
        "url": "'https://other.example/'", "observed_at": "'2020-01-01T00:00:00Z'", "status": "500",
        "sha256": "NULL", "headers": "'[1]'", "run": "run || 'x'",
    }  # fmt: skip
    alter(data, *(f"UPDATE fetches SET {column} = {values[column]} WHERE seq = {seq}" for seq in (5, 3)))
    verdict = verify(data)

    assert verdict.altered.startswith("fetch 3 ")
    assert not verdict.is_sound


@pytest.mark.parametrize("seq", [0, 4])
def test_row_that_was_removed_is_named(data, seq):
    alter(data, f"DELETE FROM fetches WHERE seq = {seq}")

    assert verify(data).altered.startswith(f"fetch {seq}: expected the row, found none")


def test_log_that_was_cut_at_its_end_is_found_by_the_head(data):
    alter(data, "DELETE FROM leaves WHERE seq > 3", "DELETE FROM fetches WHERE seq > 3")
    verdict = verify(data)

    assert ("", "only 4 fetches") == (verdict.altered, verdict.mismatches[0].found)


def test_row_altered_together_with_its_leaf_is_found_between_two_heads(data):
    with open_current(data) as db:
        (head,) = read_heads(db)
    with closing(open_archive(data / "archive.db", read_only=True)) as archive:
        hashes = [row["hash"] for row in archive.execute("SELECT hash FROM leaves ORDER BY seq")]
    early = Head(0, head.log_id, 4, compute_root(hashes[:4]).hex())
    alter(data, "UPDATE fetches SET status = 500 WHERE seq = 6")
    with closing(sqlite3.connect(data / "archive.db")) as db:
        db.row_factory = sqlite3.Row
        row = dict(db.execute("SELECT * FROM fetches WHERE seq = 6").fetchone())
        own = hash_leaf(write_leaf(head.log_id, row))
        db.execute("UPDATE leaves SET hash = ? WHERE seq = 6", (own,))
        db.commit()
    with closing(open_archive(data / "archive.db", read_only=True)) as archive:
        verdict = verify_archive(archive, [head, early])

    assert ("", (early,), [(head, 4)]) == (
        verdict.altered,
        verdict.proven,
        [(one.head, one.since) for one in verdict.mismatches],
    )


def test_row_without_its_leaf_is_named(data):
    alter(data, "DELETE FROM leaves WHERE seq = 2")
    assert "expected its leaf, found none" in verify(data).altered


def test_last_row_that_was_removed_without_its_leaf_is_named(data):
    alter(data, "DELETE FROM fetches WHERE seq = (SELECT MAX(seq) FROM fetches)")
    last = verify(data).fetches

    assert f"fetch {last}: expected the row that was logged, found none" == verify(data).altered
