"""What the archive's log proves: that captures stand in it, and that no fetch was altered since a head was told."""

import sqlite3
from collections.abc import Collection, Iterator

import msgspec

from kb.merkle import Tree, encode_leaf, hash_leaf, prove_inclusion, write_canonical_json
from kb.store.archive import read_leaf, read_log_id


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """That a capture stands in the log: its leaf as it was hashed, its index, the path to the head (hexadecimal)."""

    sha256: str
    url: str
    log_id: str
    seq: int
    leaf: str
    path: tuple[str, ...]


def prove_captures(db: sqlite3.Connection, captures: Collection[tuple[str, str]]) -> list[Proof]:
    """Return for captures, named by hash and address, the proof of the first fetch of each that the log holds."""
    rows = db.execute(
        """
        SELECT MIN(fetches.seq) AS first, fetches.* FROM JSON_EACH(:captures) AS wanted
        JOIN fetches ON fetches.sha256 = JSON_EXTRACT(wanted.value, '$[0]')
            AND fetches.url = JSON_EXTRACT(wanted.value, '$[1]')
        GROUP BY fetches.sha256, fetches.url ORDER BY first
        """,
        {"captures": write_canonical_json([list(one) for one in captures]).decode()},
    ).fetchall()
    if not rows:
        return []
    log_id = read_log_id(db)
    hashes = [row["hash"] for row in db.execute("SELECT hash FROM leaves ORDER BY seq")]
    paths = prove_inclusion(hashes, [row["seq"] for row in rows])
    return [
        Proof(
            sha256=row["sha256"],
            url=row["url"],
            log_id=log_id,
            seq=row["seq"],
            leaf=encode_leaf(read_leaf(log_id, dict(row))).decode(),
            path=tuple(node.hex() for node in paths[row["seq"]]),
        )
        for row in rows
    ]


def list_heads(db: sqlite3.Connection, sizes: Collection[int]) -> Iterator[tuple[int, bytes, int | None]]:
    """Yield for sizes of the log, rising: the head its fetches make, and the first altered fetch before it, if any.

    Every fetch is hashed again and held against its leaf: a row altered later is found by its number.
    """
    log_id, tree, altered = read_log_id(db), Tree(), None
    wanted = sorted(set(sizes))
    for row in db.execute("SELECT fetches.*, leaves.hash AS kept FROM fetches JOIN leaves USING (seq) ORDER BY seq"):
        if wanted and wanted[0] == tree.size:
            yield wanted.pop(0), tree.head, altered
        found = hash_leaf(encode_leaf(read_leaf(log_id, dict(row))))
        if altered is None and (found != row["kept"] or row["seq"] != tree.size):
            altered = row["seq"]
        tree.append(found)
    for size in wanted:
        yield size, tree.head, tree.size if altered is None and size > tree.size else altered
