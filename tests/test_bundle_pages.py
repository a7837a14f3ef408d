"""Citation bundles on the site: of documents and answers, to print and to check."""

import json
import re
from contextlib import closing

import pytest

from kb.bundles import PROVES, PROVES_NOT, UNPROVEN, find_misfits, read_bundle
from tests.sites import FIRST, make_data, publish_at
from tests.test_answer_pages import data as demo  # noqa: F401 - a fixture
from tests.test_web_pages import ask, open_generation, read, text_of

TODAY = "2024-03-02"
PATH = "/d/us-xx/code/1-1"


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    path = publish_at(make_data(folder / "data", folder / "web")).path
    with closing(open_generation(path)) as opened:
        yield opened


def get(db, path):
    return ask(db, path, TODAY)


def load(db, path):
    return json.loads(get(db, path).body)


@pytest.mark.parametrize("query", ["", "?as_of=2024-02-01", "?as_of=2024-02-01&known_at=2024-02-01", "?strand=current"])
def test_bundle_of_a_document_proves_itself(db, query):
    answer = get(db, f"{PATH}/bundle.json{query}")

    assert 200 == answer.status
    assert [] == find_misfits(read_bundle(answer.body.encode()))


def test_bundle_is_of_the_text_of_the_day_asked_for(db):
    early, late = (load(db, f"{PATH}/bundle.json?as_of={day}") for day in ("2024-02-01", "2024-03-01"))
    rows = db.execute(
        "SELECT version, sha256, text_hash, url FROM versions WHERE document = 'us-xx/code/1-1' AND version IN (?, ?)",
        (early["version"], late["version"]),
    ).fetchall()

    assert early["version"] != late["version"]
    assert {tuple(row) for row in rows} == {
        (one["version"], one["sha256"], one["text_hash"], one["captured_from"]) for one in (early, late)
    }
    assert (FIRST, "/d/us-xx/code/1-1?as_of=2024-02-01") == (early["captured_at"], early["permalink"])
    assert (False, True) == (early["is_current"], late["is_current"])


def test_bundle_leads_to_the_head_of_the_release_shown(db):
    proof = load(db, f"{PATH}/bundle.json")["inclusion_proof"]
    release = db.execute("SELECT * FROM releases").fetchone()

    assert (release["tree_head"], release["log_size"], release["generation"], release["log_id"]) == (
        proof["tree_head"],
        proof["size"],
        proof["release"],
        proof["log_id"],
    )


def test_page_to_print_holds_all_that_the_bundle_proves_with(db):
    made = load(db, f"{PATH}/bundle.json?as_of=2024-02-01")
    told = " ".join(text_of(read(db, f"{PATH}/bundle?as_of=2024-02-01", TODAY), "main"))
    proof = made["inclusion_proof"]
    words = re.sub(r"\s+", " ", told)

    for value in (
        *(made[name] for name in ("citation", "permalink", "text_hash", "captured_at", "sha256", "captured_from")),
        *(proof[name] for name in ("log_id", "leaf", "tree_head")),
        *proof["path"],
        f"number {proof['seq']} of {proof['size']}",
        f"{PROVES} {PROVES_NOT}",
    ):
        assert value in words


def test_text_leads_to_its_bundle_and_the_bundle_to_its_json(db):
    links = [one.attributes["href"] for one in read(db, f"{PATH}?as_of=2024-02-01", TODAY).css("#cite ~ p a")]
    json_links = [
        one.attributes["href"] for one in read(db, f"{PATH}/bundle?as_of=2024-02-01", TODAY).css("#check ~ p a")
    ]

    assert [f"{PATH}/bundle?as_of=2024-02-01"] == links
    assert [f"{PATH}/bundle.json?as_of=2024-02-01"] == json_links


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{PATH}/bundle.json?as_of=2019-01-01", 404),
        (f"{PATH}/bundle?as_of=soon", 400),
        ("/d/us-xx/code/9-9/bundle", 404),
        (f"{PATH}/bundle?strand=mirror", 404),
        ("/f/feed/bundle", 404),
    ],
)
def test_what_is_not_on_record_has_no_bundle(db, path, status):
    assert status == get(db, path).status


def test_edition_without_a_proof_says_so(db):
    with closing(open_generation_copy(db)) as bare:
        bare.execute("DELETE FROM proofs")
        made = load(bare, f"{PATH}/bundle.json")

    assert (None, UNPROVEN, PROVES_NOT) == (made["inclusion_proof"], made["proves"], made["proves_not"])


def open_generation_copy(db):
    copy = type(db)(":memory:", isolation_level=None)
    copy.row_factory = db.row_factory
    db.backup(copy)
    return copy


def test_answers_have_a_page_to_print_and_lead_to_it(demo):  # noqa: F811 - the fixture
    name = json.loads((demo / "public" / "current.json").read_bytes())["file"]
    with closing(open_generation(demo / "public" / name)) as opened:
        facts = [row["fact"] for row in opened.execute("SELECT DISTINCT fact FROM fact_history WHERE sha256 <> ''")]
        fact = facts[0]
        proof = load(opened, f"/f/{fact}.json")["inclusion_proof"]
        misfits = [find_misfits(read_bundle(get(opened, f"/f/{one}.json").body.encode())) for one in facts]
        page = get(opened, f"/f/{fact}/bundle")
        told = get(opened, f"/f/{fact}").body

    assert facts
    assert [[]] * len(facts) == misfits
    assert (200, True) == (page.status, all(one in page.body for one in (proof["tree_head"], *proof["path"])))
    assert f'href="/f/{fact}/bundle"' in told
