"""The append-only log: how a fetch becomes a leaf and how leaves become one head (RFC 6962, section 2.1).

It proves "not altered since that head", not "the site said so". Nothing here reads a file or a clock.
"""

import hashlib
import json
from collections.abc import Iterable

import msgspec

# RFC 6962 tells leaves and inner nodes apart by a first byte, so that no leaf can pass for a node.
LEAF_MARK = b"\x00"
NODE_MARK = b"\x01"


class Leaf(msgspec.Struct, frozen=True, kw_only=True):
    """What the log vouches for of one fetch; ``seq`` is its index in the log, ``headers`` the kept headers.

    The names of these fields are the keys of the leaf's JSON and must never change: heads already published rest on
    them.
    """

    headers: dict[str, str]
    log: str
    observed_at: str
    run: str
    seq: int
    sha256: str | None
    status: int
    url: str


def write_canonical_json(value: object) -> bytes:
    """Write plain data as the one JSON text everybody gets: UTF-8, sorted keys, no spaces.

    For text, whole numbers and ASCII keys this is the JSON Canonicalization Scheme (RFC 8785).
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def encode_leaf(leaf: Leaf) -> bytes:
    """Write a leaf as canonical JSON; these bytes are what is hashed."""
    return write_canonical_json(msgspec.structs.asdict(leaf))


def hash_leaf(leaf: bytes) -> bytes:
    """Hash one leaf; returns sha256(0x00 || leaf), 32 bytes."""
    return hashlib.sha256(LEAF_MARK + leaf).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into their parent; returns sha256(0x01 || left || right), 32 bytes."""
    return hashlib.sha256(NODE_MARK + left + right).digest()


def compute_root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Compute the tree head of leaf hashes in log order; returns 32 bytes, sha256 of nothing for an empty log.

    Complete subtrees are merged as they fill up, so memory grows with the logarithm of the log only.
    """
    subtrees: list[tuple[int, bytes]] = []
    for leaf_hash in leaf_hashes:
        height, subtree = 0, leaf_hash
        while subtrees and subtrees[-1][0] == height:
            subtree = hash_node(subtrees.pop()[1], subtree)
            height += 1
        subtrees.append((height, subtree))
    if not subtrees:
        return hashlib.sha256(b"").digest()
    root = subtrees.pop()[1]
    while subtrees:
        root = hash_node(subtrees.pop()[1], root)
    return root
