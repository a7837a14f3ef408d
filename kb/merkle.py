"""The append-only log: how a fetch becomes a leaf and how leaves become one head (RFC 6962, section 2.1).

It proves "not altered since that head", not "the site said so". Nothing here reads a file or a clock.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence

import msgspec

# RFC 6962 tells leaves and inner nodes apart by a first byte, so that no leaf can pass for a node.
LEAF_MARK = b"\x00"
NODE_MARK = b"\x01"
HASH_BYTES = 32


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


def grow_tree(leaf_hashes: Iterable[bytes]) -> list[bytes]:
    """Hash a log's whole tree once, so that many leaves can be proven; returns its levels, leaves first.

    A level is its nodes' hashes one after another: 64 bytes a leaf in all. A node without a neighbour goes up as it
    is, which makes the tree of the RFC.
    """
    levels = [b"".join(leaf_hashes)]
    while len(levels[-1]) > HASH_BYTES:
        below, pair = levels[-1], 2 * HASH_BYTES
        whole = len(below) - len(below) % pair
        nodes = (hashlib.sha256(NODE_MARK + below[at : at + pair]).digest() for at in range(0, whole, pair))
        levels.append(b"".join(nodes) + below[whole:])
    return levels


def prove(levels: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path (RFC 6962, section 2.1.1) of a leaf in a tree that ``grow_tree`` made, lowest first."""
    path = []
    for level in levels[:-1]:
        at = (index ^ 1) * HASH_BYTES
        if at < len(level):
            path.append(level[at : at + HASH_BYTES])
        index >>= 1
    return path


def compute_earlier_root(levels: Sequence[bytes], size: int) -> bytes:
    """Compute the tree head a log had at an earlier size, from the tree that ``grow_tree`` made of it since."""
    subtrees = []
    start = 0
    for height in reversed(range(size.bit_length())):
        if size >> height & 1:
            at = (start >> height) * HASH_BYTES
            subtrees.append(levels[height][at : at + HASH_BYTES])
            start += 1 << height
    if not subtrees:
        return hashlib.sha256(b"").digest()
    root = subtrees.pop()
    while subtrees:
        root = hash_node(subtrees.pop(), root)
    return root


def compute_proven_root(leaf_hash: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes | None:
    """Compute the tree head that an audit path leads a leaf to (RFC 9162, section 2.1.3.2).

    None where no tree of ``size`` leaves has a path of that length at ``index``.
    """
    at, last, root = index, size - 1, leaf_hash
    if not 0 <= at <= last:
        return None
    for beside in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            root = hash_node(beside, root)
            while at and at % 2 == 0:
                at, last = at >> 1, last >> 1
        else:
            root = hash_node(root, beside)
        at, last = at >> 1, last >> 1
    return root if last == 0 else None
