"""Citation bundles: what is needed to cite a text and to check, by its file alone, that it is the one logged."""

import re

import msgspec

from kb.merkle import Leaf, compute_proven_root, encode_leaf, hash_leaf
from kb.store.log import Proof

PROVES = (
    "It proves that the reading of this page, with its time and the hash of its bytes, was not altered since the tree "
    "head named here."
)
PROVES_NOT = "It does not prove that the site said so."
UNPROVEN = "No inclusion proof: the edition shown holds none for what is cited."
# Hashes are spelled in one way only, so that no altered letter passes.
HASH = re.compile(r"[0-9a-f]{64}")


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of a bundle that can be checked: the capture it names, and the proof that it was logged."""

    permalink: str
    sha256: str
    captured_from: str
    captured_at: str
    inclusion_proof: Proof | None


def prove_capture(proof: Proof | None) -> dict[str, object]:
    """Return what a bundle says of its proof: the proof itself and, a sentence each, what it proves and what not."""
    return {
        "inclusion_proof": proof,
        "proves": PROVES if proof is not None else UNPROVEN,
        "proves_not": PROVES_NOT,
    }


def read_logged_at(proof: Proof) -> str:
    """Return the instant at which the proven capture was made."""
    return msgspec.json.decode(proof.leaf, type=Leaf).observed_at


def read_bundle(text: bytes) -> Bundle | str:
    """Read a bundle; returns a sentence where the text is none."""
    try:
        return msgspec.json.decode(text, type=Bundle)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return f"bundle: expected the JSON of /f/….json or /d/…/bundle.json, found: {error}"


def find_misfits(bundle: Bundle) -> list[str]:
    """Check a bundle by itself; returns a sentence for each part that does not fit, none if it proves what it says."""
    proof = bundle.inclusion_proof
    if proof is None:
        return ["inclusion_proof: expected one, found none: this bundle proves nothing"]
    try:
        leaf = msgspec.json.decode(proof.leaf, type=Leaf)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return [f"leaf: expected a fetch as JSON, found: {error}"]
    told = {
        "sha256": (bundle.sha256, leaf.sha256),
        "captured_from": (bundle.captured_from, leaf.url),
        "captured_at": (bundle.captured_at, leaf.observed_at),
        "log_id": (proof.log_id, leaf.log),
        "seq": (proof.seq, leaf.seq),
    }
    misfits = [
        f"{name}: expected {logged} as in the leaf, found {found}"
        for name, (found, logged) in told.items()
        if found != logged
    ]
    if encode_leaf(leaf).decode() != proof.leaf:
        misfits.append("leaf: expected canonical JSON of the fields of a leaf, found another text")
    return misfits + _find_broken_path(proof)


def _find_broken_path(proof: Proof) -> list[str]:
    """Say why the path does not lead from the leaf to the head, nothing where it does."""
    named = (("tree_head", proof.tree_head), *((f"path[{place}]", one) for place, one in enumerate(proof.path)))
    misspelled = [
        f"{name}: expected 64 hexadecimal digits in small letters, found {text!r}"
        for name, text in named
        if HASH.fullmatch(text) is None
    ]
    if misspelled:
        return misspelled
    path = [bytes.fromhex(one) for one in proof.path]
    root = compute_proven_root(hash_leaf(proof.leaf.encode()), proof.seq, proof.size, path)
    if root is None:
        return [f"path: expected one from leaf {proof.seq} of {proof.size}, found one of {len(path)} hashes"]
    if root.hex() != proof.tree_head:
        return [f"tree_head: the leaf and its path lead to {root.hex()}, found {proof.tree_head}"]
    return []
