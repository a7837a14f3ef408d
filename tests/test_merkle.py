"""The log's hashing agrees with RFC 6962 and with the vectors of the Certificate Transparency project."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.merkle import (
    Leaf,
    compute_earlier_root,
    compute_proven_root,
    compute_root,
    encode_leaf,
    grow_tree,
    hash_leaf,
    hash_node,
    prove,
    write_canonical_json,
)


def leads(leaf, place, path, root):
    """Tell whether a path leads a leaf at (index, size) to a tree head."""
    return compute_proven_root(hash_leaf(leaf), *place, path) == root


# Leaves and tree heads of the reference implementation's merkle_tree tests.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def split_root(hashes):
    """Compute a tree head word for word as RFC 6962 defines it, as a second opinion."""
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    left = 1
    while left * 2 < len(hashes):
        left *= 2
    return hash_node(split_root(hashes[:left]), split_root(hashes[left:]))


@pytest.mark.parametrize("size", range(len(ROOTS)))
def test_tree_heads_are_those_of_certificate_transparency(size):
    hashes = [hash_leaf(bytes.fromhex(leaf)) for leaf in LEAVES[:size]]

    root = compute_root(hashes)

    assert ROOTS[size] == root.hex()


@given(st.integers(0, 70))
def test_tree_head_follows_the_definition_at_every_size(size):
    hashes = [hash_leaf(bytes([number])) for number in range(size)]

    root = compute_root(hashes)

    assert split_root(hashes) == root


def split_path(index, hashes):
    """Return an audit path word for word as RFC 6962 defines it, as a second opinion."""
    if len(hashes) < 2:
        return []
    left = 1
    while left * 2 < len(hashes):
        left *= 2
    if index < left:
        return [*split_path(index, hashes[:left]), split_root(hashes[left:])]
    return [*split_path(index - left, hashes[left:]), split_root(hashes[:left])]


@pytest.mark.parametrize("size", range(1, 36))
def test_every_leaf_is_proven_by_the_path_of_the_definition(size):
    leaves = [bytes([number]) for number in range(size)]
    hashes = [hash_leaf(leaf) for leaf in leaves]
    levels = grow_tree(hashes)

    paths = [prove(levels, index) for index in range(size)]

    assert split_root(hashes) == levels[-1]
    assert [split_path(index, hashes) for index in range(size)] == paths
    assert all(leads(leaf, (n, size), paths[n], levels[-1]) for n, leaf in enumerate(leaves))


@pytest.mark.parametrize("size", range(30))
def test_head_of_every_earlier_size_is_found_in_a_later_tree(size):
    hashes = [hash_leaf(bytes([number])) for number in range(29)]

    assert split_root(hashes[:size]) == compute_earlier_root(grow_tree(hashes), size)


@given(st.data())
def test_one_bit_altered_in_leaf_path_or_head_proves_nothing(data):
    size = data.draw(st.integers(1, 40))
    index = data.draw(st.integers(0, size - 1))
    leaves = [b"leaf %d" % number for number in range(size)]
    levels = grow_tree(hash_leaf(leaf) for leaf in leaves)
    parts = [leaves[index], levels[-1], *prove(levels, index)]
    which = data.draw(st.integers(0, len(parts) - 1))
    bit = data.draw(st.integers(0, len(parts[which]) * 8 - 1))
    altered = bytearray(parts[which])
    altered[bit // 8] ^= 1 << bit % 8
    parts[which] = bytes(altered)

    assert not leads(parts[0], (index, size), parts[2:], parts[1])


@pytest.mark.parametrize("index", [-1, 0, 1, 3, 5, 6])
def test_leaf_is_proven_at_its_own_place_only(index):
    levels = grow_tree(hash_leaf(bytes([number])) for number in range(5))

    assert not leads(bytes([2]), (index, 5), prove(levels, 2), levels[-1])


@pytest.mark.parametrize("cut", [0, 1, 2, 4])
def test_path_of_another_length_proves_nothing(cut):
    levels = grow_tree(hash_leaf(bytes([number])) for number in range(5))
    path = [*prove(levels, 2), levels[-1]][:cut]

    assert not leads(bytes([2]), (2, 5), path, levels[-1])


def test_leaf_is_canonical_json_of_the_frozen_fields():
    leaf = Leaf(
        headers={"etag": '"ä"', "date": "Sat, 01 Jun 2024 08:00:00 GMT"},
        log="log-1",
        observed_at="2024-06-01T08:00:00Z",
        run="run-1",
        seq=0,
        sha256=None,
        status=404,
        url="https://rules.example.gov/§1",
    )

    encoded = encode_leaf(leaf)

    expected = (
        '{"headers":{"date":"Sat, 01 Jun 2024 08:00:00 GMT","etag":"\\"ä\\""},"log":"log-1",'
        '"observed_at":"2024-06-01T08:00:00Z","run":"run-1","seq":0,"sha256":null,"status":404,'
        '"url":"https://rules.example.gov/§1"}'
    )
    assert expected.encode() == encoded


def test_canonical_json_does_not_depend_on_the_order_of_keys():
    one = write_canonical_json({"b": 1, "a": [True, None]})
    other = write_canonical_json({"a": [True, None], "b": 1})

    assert b'{"a":[true,null],"b":1}' == one == other
