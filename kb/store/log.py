"""The log over the archive: proofs of single fetches to publish, and whether the archive is still what it was."""

import sqlite3
from collections.abc import Collection, Iterator

import msgspec

from kb.merkle import HASH_BYTES, compute_earlier_root, grow_tree, hash_leaf, prove, write_canonical_json
from kb.store.archive import read_log_id, write_leaf

# What a leaf is written from.
FACTS = "fetches.seq AS seq, run, url, observed_at, status, headers, sha256"
CAPTURES = "SELECT DISTINCT sha256, url FROM versions"


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """That a capture stands in the log of a release: its leaf as text and the audit path to the tree head."""

    log_id: str
    seq: int
    leaf: str
    path: tuple[str, ...]
    size: int
    tree_head: str
    release: int
    published_at: str


class Head(msgspec.Struct, frozen=True):
    """A tree head: the release that published it, the log, how many leaves, and the root in hex.

    One that somebody kept names no release (0) and no log ("").
    """

    generation: int
    log_id: str
    log_size: int
    tree_head: str


class Mismatch(msgspec.Struct, frozen=True):
    """A published head that the archive does not lead to; ``since`` is the size of the last head before that fits."""

    head: Head
    since: int
    found: str


class Verdict(msgspec.Struct, frozen=True):
    """What an archive was found to be: its fetches, the heads it leads to, what is altered.

    ``altered`` says of the first row that is not as it was logged what it is; "" where every row is its leaf.
    """

    fetches: int
    proven: tuple[Head, ...]
    mismatches: tuple[Mismatch, ...]
    altered: str

    @property
    def is_sound(self) -> bool:
        """Tell whether every row is its leaf and every published head is led to."""
        return not (self.mismatches or self.altered)


def read_captures(draft: sqlite3.Connection) -> set[tuple[str, str]]:
    """Return the captures that published versions name, as (sha256, url)."""
    return {(row[0], row[1]) for row in draft.execute(CAPTURES)}


def list_proofs(archive: sqlite3.Connection, wanted: Collection[tuple[str, str]]) -> Iterator[dict[str, object]]:
    """Yield the proof of the first fetch of every wanted capture (sha256, url), in log order."""
    log_id = read_log_id(archive)
    levels = grow_tree(row[0] for row in archive.execute("SELECT hash FROM leaves ORDER BY seq"))
    size = archive.execute("SELECT COUNT(*) FROM leaves").fetchone()[0]
    left = set(wanted)
    for row in archive.execute(f"SELECT {FACTS} FROM fetches WHERE sha256 IS NOT NULL ORDER BY seq"):
        key = (row["sha256"], row["url"])
        if key in left:
            left.remove(key)
            yield {
                "sha256": key[0],
                "url": key[1],
                "log_id": log_id,
                "seq": row["seq"],
                "leaf": write_leaf(log_id, dict(row)).decode(),
                "path": write_canonical_json([one.hex() for one in prove(levels, row["seq"])]).decode(),
                "size": size,
            }


def find_proof(published: sqlite3.Connection, sha256: str, url: str) -> Proof | None:
    """Return the proof of a capture that a generation carries, with the head it leads to; None if there is none."""
    row = published.execute(
        """
        SELECT proofs.log_id, seq, leaf, path, size, tree_head, generation AS release, published_at FROM proofs
        JOIN releases ON generation = (SELECT MAX(generation) FROM releases)
        WHERE sha256 = :sha256 AND url = :url
        """,
        {"sha256": sha256, "url": url},
    ).fetchone()
    return None if row is None else Proof(**{**dict(row), "path": tuple(msgspec.json.decode(row["path"]))})


def read_heads(published: sqlite3.Connection) -> list[Head]:
    """Return the tree heads of all releases up to a generation, in their order."""
    rows = published.execute("SELECT generation, log_id, log_size, tree_head FROM releases ORDER BY generation")
    return [Head(**dict(row)) for row in rows]


def verify_archive(archive: sqlite3.Connection, heads: Collection[Head]) -> Verdict:
    """Prove an archive against published tree heads: every leaf is hashed again from its fetch.

    Where rows were altered together with their leaves, only a head can tell; the row then lies between two heads.
    """
    log_id = read_log_id(archive)
    hashes: list[bytes] = []
    altered = ""
    for row in archive.execute(
        f"SELECT {FACTS}, hash FROM fetches LEFT JOIN leaves ON leaves.seq = fetches.seq ORDER BY fetches.seq"
    ):
        own = _hash_row(log_id, row)
        altered = altered or _tell_altered(row, own, len(hashes))
        hashes.append(own)
    levels = grow_tree(hashes)
    proven: list[Head] = []
    mismatches: list[Mismatch] = []
    for head in sorted(heads, key=lambda head: head.log_size):
        found = _tell_misfit(head, log_id, len(hashes), levels)
        if found:
            mismatches.append(Mismatch(head, proven[-1].log_size if proven else 0, found))
        else:
            proven.append(head)
    return Verdict(len(hashes), tuple(proven), tuple(mismatches), altered or _tell_extra(archive))


def _hash_row(log_id: str, row: sqlite3.Row) -> bytes:
    """Hash a fetch again; a row that no leaf can be written of gives a hash that no leaf has."""
    try:
        return hash_leaf(write_leaf(log_id, dict(row)))
    except msgspec.MsgspecError:
        return bytes(HASH_BYTES)


def _tell_altered(row: sqlite3.Row, own: bytes, place: int) -> str:
    """Say what is wrong with a row, "" where it stands in its place and is as it was logged."""
    if row["seq"] != place:
        return f"fetch {place}: expected the row, found none (the next is {row['seq']})"
    if row["hash"] is None:
        return f"fetch {place} of {row['url']}: expected its leaf, found none"
    if row["hash"] != own:
        return (
            f"fetch {place} of {row['url']} at {row['observed_at']}: expected the row that was logged "
            f"(leaf {row['hash'].hex()}), found another ({own.hex()})"
        )
    return ""


def _tell_misfit(head: Head, log_id: str, size: int, levels: list[bytes]) -> str:
    """Say what the archive holds in place of a head, "" where it leads to it."""
    if head.log_id not in ("", log_id):
        return f"log {log_id}"
    if head.log_size > size:
        return f"only {size} fetches"
    root = compute_earlier_root(levels, head.log_size).hex()
    return "" if root == head.tree_head else f"head {root}"


def _tell_extra(archive: sqlite3.Connection) -> str:
    row = archive.execute("SELECT MIN(seq) FROM leaves WHERE seq NOT IN (SELECT seq FROM fetches)").fetchone()
    return "" if row[0] is None else f"fetch {row[0]}: expected the row that was logged, found none"
