"""A citation bundle proves itself with nothing but its file, and any altered byte of what it proves is found."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from kb.bundles import PROVES, PROVES_NOT, find_misfits, prove_capture, read_bundle, read_logged_at
from kb.cli import main
from kb.merkle import Leaf, encode_leaf, grow_tree, hash_leaf, prove
from kb.store.log import Proof, read_heads
from tests.sites import make_data, publish_at
from tests.test_proofs import alter, open_current


def make_leaf(seq):
    return Leaf(
        headers={"etag": '"ä"'},
        log="log-1",
        observed_at=f"2024-06-01T08:00:{seq:02}Z",
        run="run-1",
        seq=seq,
        sha256=hash_leaf(b"%d" % seq).hex(),
        status=200,
        url=f"https://rules.example.gov/§{seq}",
    )


def make_bundle(seq=5, size=13):
    leaves = [make_leaf(number) for number in range(size)]
    levels = grow_tree(hash_leaf(encode_leaf(leaf)) for leaf in leaves)
    proof = Proof(
        log_id="log-1",
        seq=seq,
        leaf=encode_leaf(leaves[seq]).decode(),
        path=tuple(one.hex() for one in prove(levels, seq)),
        size=size,
        tree_head=levels[-1].hex(),
        release=3,
        published_at="2024-07-01T00:00:00Z",
    )
    return {
        "permalink": "/f/abc",
        "sha256": leaves[seq].sha256,
        "captured_from": leaves[seq].url,
        "captured_at": leaves[seq].observed_at,
        **json.loads(json.dumps(prove_capture(None))),
        "inclusion_proof": {name: getattr(proof, name) for name in proof.__struct_fields__},
    }


def check(bundle):
    read = read_bundle(json.dumps(bundle).encode())
    return [read] if isinstance(read, str) else find_misfits(read)


def run(*words):
    return CliRunner(env={"COLUMNS": "200", "KB_DATA": "/nowhere"}).invoke(main, ["verify", *map(str, words)])


@pytest.mark.parametrize(("seq", "size"), [(0, 1), (0, 2), (5, 13), (12, 13), (7, 8)])
def test_bundle_as_it_was_made_fits(seq, size):
    assert [] == check(make_bundle(seq, size))


def replace_sign(text, place, sign):
    return f"{text[:place]}{sign}{text[place + 1 :]}"


@given(st.data())
def test_any_altered_sign_of_leaf_hash_path_or_head_is_found(data):
    bundle = make_bundle()
    proof = bundle["inclusion_proof"]
    holder, name = data.draw(
        st.sampled_from(
            [(proof, "leaf"), (proof, "tree_head"), (proof, "log_id"), (proof, "path")]
            + [(bundle, name) for name in ("sha256", "captured_from", "captured_at")]
        )
    )
    texts = list(holder[name]) if name == "path" else [holder[name]]
    which = data.draw(st.integers(0, len(texts) - 1))
    place = data.draw(st.integers(0, len(texts[which]) - 1))
    sign = data.draw(st.characters(codec="utf-8").filter(lambda sign: sign != texts[which][place]))
    texts[which] = replace_sign(texts[which], place, sign)
    holder[name] = texts if name == "path" else texts[0]

    assert check(bundle)


@pytest.mark.parametrize("name", ["tree_head", "path", "sha256"])
def test_hash_in_capitals_is_no_hash_of_ours(name):
    bundle = make_bundle()
    proof = bundle["inclusion_proof"]
    holder = bundle if name == "sha256" else proof
    holder[name] = [one.upper() for one in holder[name]] if name == "path" else holder[name].upper()

    assert check(bundle)


@pytest.mark.parametrize("seq", [-1, 4, 6, 13, 10**30])
def test_another_place_in_the_log_is_found(seq):
    bundle = make_bundle()
    bundle["inclusion_proof"]["seq"] = seq

    assert check(bundle)


@pytest.mark.parametrize("change", [lambda path: path[:-1], lambda path: [*path, path[0]], lambda path: path[::-1]])
def test_path_with_other_hashes_is_found(change):
    bundle = make_bundle()
    bundle["inclusion_proof"]["path"] = change(bundle["inclusion_proof"]["path"])

    assert 1 == len(check(bundle))


def test_bundle_says_in_a_sentence_each_what_it_proves_and_what_not():
    assert ("not altered since the tree head" in PROVES, "the site said so" in PROVES_NOT) == (True, True)
    assert [1, 1] == [PROVES.count("."), PROVES_NOT.count(".")]


def test_bundle_without_a_proof_proves_nothing():
    assert ["inclusion_proof: expected one, found none: this bundle proves nothing"] == check(
        {**make_bundle(), "inclusion_proof": None}
    )


def test_command_proves_a_bundle_without_a_data_folder(tmp_path):
    file = tmp_path / "bundle.json"
    file.write_text(json.dumps(make_bundle()), "utf-8")
    done = run(file)

    assert 0 == done.exit_code
    assert "proven: https://rules.example.gov/§5, captured 2024-06-01T08:00:05Z" in done.output
    assert f"{PROVES} {PROVES_NOT}" in done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "bundle: expected the JSON"),
        ("[]", "bundle: expected the JSON"),
        ('{"permalink": "/f/abc"}', "bundle: expected the JSON"),
        (json.dumps(make_bundle()).replace("2024-06-01T08:00:05Z", "2024-06-01T08:00:06Z", 1), "captured_at: expected"),
    ],
)
def test_command_says_what_does_not_fit(tmp_path, text, told):
    file = tmp_path / "bundle.json"
    file.write_text(text, "utf-8")
    done = run(file)

    assert 1 == done.exit_code
    assert done.output.startswith("NOT PROVEN\n")
    assert told in done.output


def test_command_proves_an_archive_and_names_its_first_altered_row(tmp_path):
    data = make_data(tmp_path / "data", tmp_path / "web")
    assert "no tree head is published yet" in run("--data", data).output
    publish_at(data)
    sound = run("--data", data)
    alter(data, "UPDATE fetches SET url = 'https://other.example/' WHERE seq = 4")
    altered = run("--data", data)

    assert (0, 1) == (sound.exit_code, altered.exit_code)
    assert "proven: all 10 fetches are as they were logged\n  leads to 1 tree head" in sound.output
    assert "NOT PROVEN\n  first altered row: fetch 4 of https://other.example/" in altered.output
    assert "release 1, log " in altered.output


def test_command_without_archive_and_bundle_says_what_it_needs(tmp_path):
    done = run("--data", tmp_path)

    assert 2 == done.exit_code
    assert "expected an archive to prove, found none" in done.output


def test_command_proves_an_archive_against_a_head_kept_elsewhere(tmp_path):
    data = make_data(tmp_path / "data", tmp_path / "web")
    publish_at(data)
    with open_current(data) as db:
        head = read_heads(db)[-1]
    size = head.log_size
    fits = run("--data", data, "--head", f"{size}:{head.tree_head}")
    later = run("--data", data, "--head", f"{size + 5}:{head.tree_head}")
    other = run("--data", data, "--head", f"{size - 1}:{head.tree_head}")

    assert (0, True) == (fits.exit_code, f"the last {head.tree_head} of {size} fetches" in fits.output)
    assert (1, True) == (later.exit_code, f"found only {size} fetches" in later.output)
    assert (1, True) == (other.exit_code, f"the head given: expected head {head.tree_head}" in other.output)


@pytest.mark.parametrize("head", ["", "12", f"x:{'0' * 64}", f"-1:{'0' * 64}", f"1:{'0' * 63}", f"1:{'Z' * 64}"])
def test_what_is_no_head_is_refused(tmp_path, head):
    result = run("--data", tmp_path, "--head", head)

    assert (2, True) == (result.exit_code, "expected a head as SIZE:HASH" in result.output)


def test_time_of_a_proven_capture_is_that_of_its_leaf():
    proof = read_bundle(json.dumps(make_bundle(seq=7)).encode()).inclusion_proof

    assert "2024-06-01T08:00:07Z" == read_logged_at(proof)
