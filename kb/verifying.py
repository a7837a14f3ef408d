"""Verify: a citation bundle without anything else, and an archive against the heads that were published."""

import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from kb.errors import NotFoundError, UsageError
from kb.generations import FOLDER, read_pointer
from kb.merkle import hash_leaf, verify_inclusion
from kb.store.archive import open_archive
from kb.store.log import list_heads
from kb.store.public import list_releases, open_published

LARGEST_BUNDLE = 10_000_000


class Proven(msgspec.Struct, frozen=True):
    """What a check found: whether it holds, and in words what was checked and what does not fit."""

    holds: bool
    lines: tuple[str, ...]


class _Inclusion(msgspec.Struct):
    log_id: str
    seq: int
    leaf: str
    path: tuple[str, ...]
    size: int
    tree_head: str
    release: int


class _Bundle(msgspec.Struct):
    permalink: str
    sha256: str
    captured_from: str
    captured_at: str
    inclusion_proof: _Inclusion | None


class _Leaf(msgspec.Struct):
    log: str
    observed_at: str
    seq: int
    sha256: str | None
    url: str


def verify_bundle(raw: bytes) -> Proven:
    """Check the proof of a citation bundle (/f/<id>.json) with nothing but the bundle.

    Returns what was found. Raises UsageError for a file that is no bundle, and for one that holds no proof.
    """
    try:
        bundle = msgspec.json.decode(raw[:LARGEST_BUNDLE], type=_Bundle)
        proof = bundle.inclusion_proof
        leaf = None if proof is None else msgspec.json.decode(proof.leaf, type=_Leaf)
        nodes = [] if proof is None else [bytes.fromhex(node) for node in proof.path]
        head = b"" if proof is None else bytes.fromhex(proof.tree_head)
    except (msgspec.MsgspecError, ValueError) as error:
        raise UsageError(f"expected a citation bundle as /f/<id>.json gives it: {error}") from None
    if proof is None or leaf is None:
        raise UsageError("this bundle holds no proof: no capture of an official text proves its answer")
    checks = {
        "the leaf names the hash of the bundle": leaf.sha256 == bundle.sha256,
        "the leaf names the address of the bundle": leaf.url == bundle.captured_from,
        "the leaf is no later than the capture told": leaf.observed_at.rstrip("Z") <= bundle.captured_at.rstrip("Z"),
        "the leaf is that of its place in its log": (leaf.seq, leaf.log) == (proof.seq, proof.log_id),
        "the path leads to the tree head": verify_inclusion(
            hash_leaf(proof.leaf.encode()), proof.seq, proof.size, nodes, head
        ),
    }
    failed = [words for words, holds in checks.items() if not holds]
    if failed:
        return Proven(holds=False, lines=tuple(f"does not hold: {words}" for words in failed))
    said = (
        f"{bundle.sha256} of {leaf.url}, read {leaf.observed_at}, is leaf {leaf.seq} of log {leaf.log}",
        f"the path leads to the head {proof.tree_head} of {proof.size} leaves, published with edition {proof.release}",
        "so these bytes were in that archive then and were not altered since; not that the site said so",
    )
    return Proven(holds=True, lines=said)


class Head(msgspec.Struct, frozen=True):
    """A head of the log that was told once: how many fetches it covers, its hash (hexadecimal), who told it."""

    size: int
    sha256: str
    told: str


def parse_head(text: str) -> Head:
    """Return a head written as SIZE:HASH; raises UsageError for anything else."""
    size, _, found = text.strip().partition(":")
    if not (size.isascii() and size.isdigit()) or not re.fullmatch(r"[0-9a-f]{64}", found):
        raise UsageError(
            f"expected a head as SIZE:HASH, the number of fetches and 64 hexadecimal digits, found {text!r}"
        )
    return Head(int(size), found, "the head given")


def verify_archive(data: Path, heads: Sequence[Head] = ()) -> Proven:
    """Check an archive against heads, or every one that its publications told; names the first altered fetch.

    Raises NotFoundError without heads where nothing was published, as there is nothing to hold it against.
    """
    told = heads or _list_told(data)
    with closing(open_archive(data / "archive.db", read_only=True)) as archive:
        found = {size: (head, altered) for size, head, altered in list_heads(archive, [one.size for one in told])}
    judged = [_judge(one, *found[one.size]) for one in told]
    return Proven(holds=all(holds for holds, _ in judged), lines=tuple(line for _, line in judged))


def _list_told(data: Path) -> list[Head]:
    pointer = read_pointer(data / FOLDER)
    if pointer is None:
        raise NotFoundError("nothing is published yet: there is no head to hold the archive against")
    with closing(open_published(data / FOLDER / pointer.file)) as public:
        releases = list_releases(public)
    return [Head(one.log_size, one.tree_head, f"edition {one.generation} of {one.published_at}") for one in releases]


def _judge(told: Head, found: bytes, altered: int | None) -> tuple[bool, str]:
    """Tell whether the archive still makes a head, and in words."""
    name = f"{told.told}, {told.size:,} fetches"
    if altered is not None:
        return False, f"{name}: fetch {altered} is altered or missing"
    if found.hex() != told.sha256:
        return False, f"{name}: the head is {found.hex()}, told was {told.sha256}"
    return True, f"{name}: head {told.sha256}"
