"""The shipped declarations: whole, consistent, and never saying more than is known."""

import json
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from click.testing import CliRunner

from kb.cli import main
from kb.questions import read_questions
from kb.registry import (
    Selection,
    choose_sources,
    count_addresses,
    find_doubts,
    find_missing_roles,
    list_answers,
    read_deny_list,
    read_places,
)
from kb.sources import find_source, parse_source, read_declared, read_sources
from kb.topics import read_vocabulary
from tests.crawling import crawl, read_rows

ROOT = Path(__file__).parents[1]
SHIPPED = ROOT / "crawlers" / "sources"
RESEARCH = ROOT.parent / "shared" / "research" / "jurisdictions.jsonl"
# On the tile map, but nothing is known of their rules yet.
LATER = ("us-as", "us-mp")
PLACES = {
    entry["id"]
    for entry in yaml.safe_load((ROOT / "schemas" / "jurisdictions.yml").read_text("utf-8"))["jurisdictions"]
} - {"us-xx", *LATER}


@pytest.fixture(scope="module")
def sources():
    return read_sources([SHIPPED])


def declare(**more):
    return parse_source(
        {
            "jurisdiction": "us-xx",
            "id": "us-xx-code",
            "platform": "page",
            "urls": ["https://code.example.gov/"],
            **more,
        },
        "us-xx.yml",
    )


def document(**more):
    return {"citation": "Example Code § 1", "questions": ["refill_limit"], **more}


def list_codes(*declared):
    return [(doubt.weight, doubt.code) for doubt in find_doubts(declared)]


def name_page(url):
    """Return what two spellings of one address have in common."""
    address = urlsplit(url.split("#")[0].split(" ")[0])
    query = f"?{unquote(address.query).lower()}" if address.query else ""
    return f"{(address.hostname or '').removeprefix('www.')}{unquote(address.path).rstrip('/').lower()}{query}"


# --- what ships


def test_every_jurisdiction_has_a_file_and_no_other_has():
    assert 55 == len(PLACES)
    assert PLACES == {path.stem for path in SHIPPED.glob("*.yml")}


def test_every_id_begins_with_its_jurisdiction(sources):
    assert [] == [source.id for source in sources if not source.id.startswith(f"{source.jurisdiction}-")]


def test_ids_of_federal_sources_are_not_taken_for_a_state(sources):
    states = tuple(f"{place}-" for place in PLACES - {"us"})

    assert [] == [source.id for source in sources if source.jurisdiction == "us" and source.id.startswith(states)]


def test_every_source_says_what_a_reader_of_the_registry_asks(sources):
    keys = {"authority", "title", "format", "binding", "cadence", "resolved"}

    assert [] == [(source.id, key) for source in sources for key in sorted(keys - set(source.body))]


def test_every_source_names_its_host_and_its_pages_stand_there(sources):
    hostless = [source.id for source in sources if source.hosts and not source.host and len(source.hosts) == 1]
    strange = [source.id for source in sources if source.host and source.hosts and source.host not in source.hosts]

    assert ([], []) == (hostless, strange)


def test_what_is_not_open_says_why_since_when_and_what_to_read_instead(sources):
    closed = [source for source in sources if source.crawl_policy.state != "open"]

    assert {"forbidden", "blocked", "js", "api_key"} == {source.crawl_policy.state for source in closed}
    assert [] == [
        source.id
        for source in closed
        if not (source.crawl_policy.reason and source.crawl_policy.checked_on and source.fallback)
    ]


def test_the_terms_that_forbid_robots_are_quoted(sources):
    (rules,) = [source for source in sources if source.crawl_policy.state == "forbidden"]

    assert "us-ga-rules" == rules.id
    assert "'You agree not to use any web crawler, scraper, or other robot'" in rules.crawl_policy.reason


def test_nothing_shipped_is_wrong_or_doubtful(sources):
    assert [] == find_doubts(sources)


def test_every_body_a_jurisdiction_should_have_is_there_or_its_absence_is_explained():
    places = read_places(SHIPPED)

    assert [] == find_missing_roles(places)
    assert [] == [body.id for place in places for body in place.authorities if not (body.name and body.kind)]


def test_every_document_is_named_and_answers_something(sources):
    documents = [entry for source in sources for entry in source.documents]

    assert [] == [entry for entry in documents if not (entry.citation or entry.title) or not entry.questions]
    assert [] == [entry.citation for entry in documents if entry.resolved == "seen" and not entry.url]


def test_no_document_is_registered_twice_in_one_jurisdiction(sources):
    names = [(source.jurisdiction, entry.citation or entry.url) for source in sources for entry in source.documents]

    assert [] == sorted({name for name in names if names.count(name) > 1})


def test_questions_have_topics_of_the_vocabulary_and_ids_of_their_own():
    questions = read_questions()
    topics = {entry.id for entry in read_vocabulary().topics}

    assert [] == [question.id for question in questions if question.topic not in topics]
    assert len(questions) == len({question.id for question in questions})


# --- what the research knows


@pytest.fixture(scope="module")
def research():
    if not RESEARCH.is_file():
        pytest.skip("the research lies beside the checkout of its authors only")
    return [json.loads(line) for line in RESEARCH.read_text("utf-8").splitlines()]


def list_known(sources, places):
    """List by jurisdiction the pages its file names in any way: as source, document, old address, evidence, absent."""
    known = {place.jurisdiction: set() for place in places}
    for place in places:
        known[place.jurisdiction] |= {absence.url for absence in place.absent}
    for source in sources:
        evidence = [page["url"] for holder in (source, *source.documents) for page in holder.evidence]
        documents = [entry.url for entry in source.documents]
        known[source.jurisdiction] |= {*source.urls, *source.start, *source.moved_from, *documents, *evidence}
    return {place: {name_page(url) for url in urls} for place, urls in known.items()}


def test_every_place_of_the_research_is_a_source_or_its_omission_is_explained(sources, research):
    known = list_known(sources, read_places(SHIPPED))

    rows = [(row["jurisdiction"], row["url"]) for row in research if row["kind"] in ("source", "authority")]

    assert 433 == len(rows)
    assert [] == [row for row in rows if name_page(row[1]) not in known[row[0]]]


def test_every_question_of_the_research_is_in_the_codebook(research):
    asked = {row["question"] for row in research if row.get("question")}

    assert set() == asked - {question.id for question in read_questions()}


def test_nothing_is_called_seen_that_the_research_did_not_see(sources, research):
    seen = {name_page(row["url"]) for row in research if row.get("url_status") == "seen"}
    seen |= {name_page(row["evidence"]) for row in research if str(row["evidence"]).startswith("http")}

    claimed = [entry.url for source in sources for entry in source.documents if entry.resolved == "seen"]
    places = [source for source in sources if source.resolved == "seen"]

    assert [] == [url for url in claimed if name_page(url) not in seen]
    assert [] == [
        source.id for source in places if not {name_page(url) for url in (*source.urls, *source.start)} & seen
    ]


def test_no_sentence_of_the_research_is_copied(research):
    shipped = " ".join(" ".join(path.read_text("utf-8").split()) for path in SHIPPED.glob("*.yml"))

    # Its first twelve words in a row: shorter runs are names and citations.
    openings = [row["statement"].split()[:12] for row in research if row.get("statement")]

    assert [] == [words for words in openings if len(words) == 12 and " ".join(words) in shipped]


# --- finding what is wrong


def test_a_question_nobody_asks_is_an_error_with_the_nearest_one():
    (doubt,) = find_doubts([declare(documents=[document(questions=["refil_limit"])])])

    assert ("error", "unknown question 'refil_limit'; did you mean 'refill_limit'?") == (doubt.weight, doubt.message)


@pytest.mark.parametrize("key", ["topics", "professions"])
def test_an_unknown_topic_or_profession_is_an_error(key):
    assert [("error", "unknown")] == list_codes(declare(**{key: ["nonsense"]}))


def test_a_mirror_is_never_a_source_but_may_be_evidence():
    mirror = "https://www.law.cornell.edu/rules/1"

    assert [("error", "barred")] == list_codes(declare(urls=[mirror]))
    assert [("error", "barred")] == list_codes(declare(documents=[document(url=mirror)]))
    assert [] == list_codes(declare(evidence=[{"url": mirror}]))


@pytest.mark.parametrize("holder", ["source", "document"])
def test_a_denied_host_is_no_evidence_under_any_of_its_names(holder):
    evidence = [{"url": "https://law.stateregstoday.com/ketamine"}]

    more = {"evidence": evidence} if holder == "source" else {"documents": [document(evidence=evidence)]}

    assert [("error", "barred")] == list_codes(declare(**more))


def test_a_host_that_only_ends_like_a_denied_one_is_not_denied():
    assert "" == read_deny_list().why_no_evidence("https://notstateregstoday.com/")


def test_a_fallback_must_exist_and_should_be_open():
    closed = {"state": "blocked", "reason": "Refuses us", "checked_on": "2026-05-01"}
    first = declare(crawl_policy=closed, fallback="us-xx-other")
    second = declare(id="us-xx-other", urls=["https://other.example.gov/"], crawl_policy=closed, fallback="us-xx-code")

    assert [("error", "fallback")] == list_codes(first)
    assert [("warning", "fallback")] * 2 == list_codes(first, second)
    assert [("warning", "closed")] == list_codes(declare(crawl_policy=closed))


def test_two_sources_that_claim_one_page_are_told():
    other = declare(id="us-xx-rules", urls=["https://code.example.gov/rules"], match="https://code.example.gov/")

    (doubt,) = find_doubts([declare(), other])

    assert ("warning", "shared", "us-xx-code") == (doubt.weight, doubt.code, doubt.where)
    assert "claimed by us-xx-rules as well" in doubt.message


# --- what the documents answer


def ask(*declared, place="us-xx", question="refill_limit"):
    (answer,) = [answer for answer in list_answers(declared, [place]) if answer.question == question]
    return answer.state


def test_an_answer_is_as_good_as_its_best_document():
    closed = {"state": "js", "reason": "Needs a browser", "checked_on": "2026-05-01"}
    cited = declare(documents=[document()])
    barred = declare(crawl_policy=closed, documents=[document(url="https://code.example.gov/1")])
    reachable = declare(documents=[document(url="https://code.example.gov/1")])

    assert ["open", "cited", "closed", "reachable"] == [ask(one) for one in (declare(), cited, barred, reachable)]
    assert "reachable" == ask(cited, barred, reachable)


def test_a_document_answers_for_its_own_jurisdiction_unless_it_covers_others():
    own = declare(documents=[document()])
    others = declare(documents=[document(covers=["us-yy"])])
    everywhere = declare(documents=[document(covers="all")])

    assert ["cited", "open"] == [ask(own, place=place) for place in ("us-xx", "us-yy")]
    assert ["open", "cited"] == [ask(others, place=place) for place in ("us-xx", "us-yy")]
    assert ["cited", "cited"] == [ask(everywhere, place=place) for place in ("us-xx", "us-yy")]


def test_states_are_not_asked_what_only_federal_law_answers():
    questions = {place: {answer.question for answer in list_answers([], [place])} for place in ("us", "us-xx")}

    assert "rems" in questions["us"] - questions["us-xx"]
    assert "minor_consent" in questions["us-xx"] - questions["us"]
    assert "refill_limit" in questions["us"] & questions["us-xx"]


def test_addresses_are_counted_by_whether_they_were_seen():
    entries = [
        document(),
        document(url="https://a.example.gov/"),
        document(url="https://b.example.gov/", resolved="seen"),
    ]

    assert {"none": 1, "unseen": 1, "seen": 1} == dict(count_addresses([declare(documents=entries)]))


# --- documents as pages


def test_the_address_of_a_document_is_a_page_of_its_source():
    source = declare(
        urls=["https://code.example.gov/"],
        documents=[document(url="https://code.example.gov/1#a"), document(url="https://code.example.gov/1#b")],
    )

    assert ("https://code.example.gov/", "https://code.example.gov/1") == source.urls
    assert source.matches("https://code.example.gov/1")


def test_the_address_of_a_document_is_not_asked_for_where_an_interface_gives_the_text():
    ecfr = {"platform": "ecfr", "ecfr": {"title": 21}, "documents": [document(url="https://code.example.gov/1")]}

    assert ("https://code.example.gov/",) == declare(**ecfr).urls


def test_a_source_of_documents_alone_needs_no_other_address():
    source = declare(urls=["https://code.example.gov/1"])
    alone = parse_source({k: v for k, v in source.body.items() if k != "urls"} | {"documents": [document()]}, "x")

    assert () == alone.urls
    assert frozenset() == alone.hosts


# --- shipped and given


def write(folder, **more):
    folder.mkdir(exist_ok=True)
    entry = {"id": "us-oh-statutes", "platform": "page", "urls": ["https://given.example.gov/"], **more}
    (folder / "mine.yml").write_text(json.dumps({"jurisdiction": "us-oh", "sources": [entry]}), "utf-8")
    return folder


@pytest.fixture
def shipped(monkeypatch):
    monkeypatch.delenv("KB_SOURCES")


def test_all_shipped_sources_are_read_unless_some_are_wanted(shipped):
    assert len(read_sources([SHIPPED])) == len(read_declared([]))
    assert ["us-oh-statutes"] == [source.id for source in read_declared([], ["us-oh-statutes"])]
    assert {"us-oh"} == {source.jurisdiction for source in read_declared([], ["us-oh"])}
    assert () == read_declared([], [])


def test_a_given_source_stands_in_place_of_the_shipped_one(shipped, tmp_path):
    (found,) = [source for source in read_declared([write(tmp_path)]) if source.id == "us-oh-statutes"]

    assert (False, ("https://given.example.gov/",)) == (found.shipped, found.urls)


def test_a_page_claimed_by_a_given_and_a_shipped_source_is_the_given_ones(shipped, tmp_path):
    page = "https://codes.ohio.gov/ohio-revised-code/section-3719.41"
    given = write(tmp_path, id="us-oh-mine", urls=[page])

    assert "us-oh-mine" == find_source(read_declared([given]), page).id
    assert "us-oh-statutes" == find_source(read_declared([]), page).id


def test_another_folder_may_stand_in_place_of_the_shipped_one(monkeypatch, tmp_path):
    monkeypatch.setenv("KB_SOURCES", str(write(tmp_path)))

    assert [("us-oh-statutes", True)] == [(source.id, source.shipped) for source in read_declared([])]


def test_a_build_and_a_doctor_leave_out_shipped_sources_of_which_nothing_was_captured(shipped, tmp_path):
    assert 0 == run("demo", "--data", tmp_path).exit_code

    built = run("build", "--data", tmp_path)
    examined = run("doctor", "--data", tmp_path, "--today", "2026-07-01", "--all")

    assert (0, 0) == (built.exit_code, examined.exit_code)
    assert "us-oh" not in examined.stdout
    assert "never captured" not in examined.stdout


def test_a_replay_leaves_out_shipped_sources_of_other_hosts(shipped, tmp_path):
    page = "https://codes.ohio.gov/ohio-revised-code/section-3719.41"
    line = {
        "url": page,
        "observed_at": "2024-01-10T12:00:00Z",
        "status": 200,
        "path": "a.html",
        "media_type": "text/html",
    }
    robots = {**line, "url": "https://codes.ohio.gov/robots.txt", "status": 404, "path": None}
    (tmp_path / "a.html").write_bytes(b"<main><h1>Section 3719.41</h1><p>(A) The board shall list them.</p></main>")
    file = tmp_path / "captures.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in (line, robots)), "utf-8")

    _, summary, log = crawl(tmp_path / "data", "--replay", file, "--at", "2024-01-10")

    assert {"us-oh-statutes"} == {name for name, came in summary["sources"].items() if not came["skipped"]}, log
    assert {"us-oh-rules", "us-oh-statutes"} >= set(summary["sources"])
    assert [page] == [row["url"] for row in read_rows(tmp_path / "data", "SELECT url FROM fetches WHERE status = 200")]


# --- choosing and telling


def test_sources_are_chosen_by_jurisdiction_topic_platform_and_policy(sources):
    def count(**wanted):
        return {source.id for source in choose_sources(sources, Selection(**wanted))}

    assert count(jurisdictions=("us-ga",), policies=("forbidden",)) == {"us-ga-rules"}
    assert count(platforms=("ecfr",)) == {"us-ecfr"}
    assert "us-oh-statutes" in count(topics=("minors",))
    assert "us-oh-nursing-board" not in count(topics=("minors",))


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def test_the_check_tells_what_is_registered_and_what_is_open(shipped):
    result = run("sources", "check")

    assert 0 == result.exit_code
    assert "of 55 jurisdictions" in result.stdout
    assert "all valid" in result.stdout
    assert "  clinic_advertising: 54 open\n    open in: ak al ar" in result.stdout
    assert "was seen to answer" in result.stdout


def test_the_check_tells_one_jurisdiction_question_by_question(shipped):
    result = run("sources", "check", "--jurisdiction", "us-ga")

    assert "\nus-ga\n  legal_status, ketamine_schedule: cited (O.C.G.A. 16-13-27" in result.stdout
    assert "clinic_advertising: open\n" in result.stdout


def test_the_check_is_machine_readable(shipped):
    result = run("sources", "check", "--format", "jsonl", "--jurisdiction", "us-ga")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    (schedule,) = [line for line in lines if line.get("question") == "ketamine_schedule"]
    assert {"kind", "jurisdiction", "topic", "question", "state", "documents"} == set(schedule)
    assert ("answer", "us-ga", "cited") == (schedule["kind"], schedule["jurisdiction"], schedule["state"])


def test_an_error_between_declarations_fails_the_check(tmp_path):
    result = run("sources", "check", "--sources", write(tmp_path, fallback="us-oh-nothing"))

    assert 1 == result.exit_code
    assert "error: us-oh-statutes: unknown fallback 'us-oh-nothing'" in result.stdout


def test_the_list_is_narrowed(shipped, tmp_path):
    result = run("sources", "list", "--jurisdiction", "us-ga", "--policy", "forbidden", "--data", tmp_path)

    assert 0 == result.exit_code
    assert "us-ga-rules" in result.stdout
    assert "us-ga-statutes" not in result.stdout


def test_tests_themselves_declare_what_they_crawl():
    assert "KB_SOURCES" in os.environ
