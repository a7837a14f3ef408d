"""The append-only log: how a fetch becomes a leaf and how leaves become one head (RFC 6962, section 2.1).

It proves "not altered since that head", not "the site said so". Nothing here reads a file or a clock.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence

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
    """Compute the tree head of leaf hashes in log order; returns 32 bytes, sha256 of nothing for an empty log."""
    tree = Tree()
    for leaf_hash in leaf_hashes:
        tree.append(leaf_hash)
    return tree.head


class Tree:
    """A tree that grows leaf by leaf and tells its head at any size.

    Complete subtrees are merged as they fill up, so memory grows with the logarithm of the log only.
    """

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[tuple[int, bytes]] = []

    def append(self, leaf_hash: bytes) -> None:
        """Add the hash of the next leaf."""
        height, subtree = 0, leaf_hash
        while self._subtrees and self._subtrees[-1][0] == height:
            subtree = hash_node(self._subtrees.pop()[1], subtree)
            height += 1
        self._subtrees.append((height, subtree))
        self.size += 1

    @property
    def head(self) -> bytes:
        """Return the tree head, 32 bytes; sha256 of nothing for a tree without leaves."""
        if not self._subtrees:
            return hashlib.sha256(b"").digest()
        _, root = self._subtrees[-1]
        for _, subtree in reversed(self._subtrees[:-1]):
            root = hash_node(subtree, root)
        return root


def prove_inclusion(leaf_hashes: Sequence[bytes], indexes: Collection[int]) -> dict[int, list[bytes]]:
    """Return the audit paths (RFC 6962 § 2.1.1) of leaves by their index, from the leaf up to the head.

    A node without a neighbour goes up as it is, which makes the tree of the RFC. Raises IndexError for a leaf there
    is not.
    """
    strange = [index for index in indexes if not 0 <= index < len(leaf_hashes)]
    if strange:
        raise IndexError(f"expected leaves 0 to {len(leaf_hashes) - 1}, found {strange[0]}")
    paths: dict[int, list[bytes]] = {index: [] for index in indexes}
    places = {index: index for index in indexes}
    level = list(leaf_hashes)
    while len(level) > 1:
        for index, place in places.items():
            neighbour = place ^ 1
            if neighbour < len(level):
                paths[index].append(level[neighbour])
            places[index] = place // 2
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hash_node(left, right) for left, right in pairs] + (level[-1:] if len(level) % 2 else [])
    return paths


def verify_inclusion(leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether an audit path leads from a leaf at an index to the head of a log of a size (RFC 9162 § 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf_hash
    for node in path:
        if not last:
            return False
        if place % 2 or place == last:
            found = hash_node(node, found)
            while not place % 2 and place:
                place, last = place // 2, last // 2
        else:
            found = hash_node(found, node)
        place, last = place // 2, last // 2
    return last == 0 and found == root
