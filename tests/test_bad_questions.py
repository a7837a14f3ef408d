"""Whatever is asked, the site answers: with what was asked for, or with what there is instead, never with a trace."""

import asyncio
import json
from contextlib import closing
from html import unescape
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kb.publish import publish
from kb.store.pages import Wanted
from kb.store.timeline import combine_changes
from kb.web.pages.feeds import TAG, space_marks, strip_markup
from kb.web.pages.sides import mark_texts
from kb.web.refusal import is_json_preferred
from tests.example_web import build_web
from tests.sites import open_site
from tests.test_feeds import ask
from tests.test_web_pages import open_generation

CHANGE, EVENT = "ffe7441d50ee66cb", "e96c256018b47844"
# Every page with the parameters it takes; "{}" stands for one of a path.
QUESTIONS = {
    "/changes": "jurisdiction topic profession nature kind binding part source since until document page",
    "/changes/report": "jurisdiction since document",
    "/changes.atom": "jurisdiction topic since page",
    "/changes.json": "nature part until document page",
    "/calendar": "jurisdiction topic kind source since until",
    "/calendar.ics": "jurisdiction kind since",
    "/search": "q words jurisdiction topic past",
    "/beside": "left right as_of",
    "/c/{}": "view",
    f"/c/{CHANGE}": "view",
    "/e/{}": "page",
    "/d/{}": "as_of known_at strand searched",
    "/d/us-xx/code/1-4": "as_of known_at strand searched",
    "/d/us-xx/code/1-4/diff/{}..today": "view all",
    "/d/us-xx/code/1-4/diff": "old new",
    "/d/us-xx/code/1-4/beside/{}": "as_of",
    "/j/{}": "as_of known_at",
    "/j/us-tx": "as_of known_at",
    "/q/{}": "as_of known_at",
    "/q/refill_limit": "as_of known_at profession drug event setting value sort",
    "/f/{}": "",
    "/f/{}/bundle": "",
    "/d/{}/bundle": "as_of known_at strand",
    "/d/us-xx/code/1-4/bundle": "as_of known_at strand",
    "/d/us-xx/code/1-4/bundle.json": "as_of known_at strand",
    "/compare": "question jurisdiction as_of known_at differ layout",
    "/compare.json": "question jurisdiction as_of known_at",
    "/compare.csv": "question jurisdiction as_of known_at",
    "/": "map",
}
# What people and machines type; hypothesis finds more.
ODD = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="/\n"), min_size=1, max_size=60),
    st.sampled_from(
        [
            "0000-00-00",
            "9999-12-31",
            "0001-01-01",
            "2024-02-30",
            "' OR 1=1 --",
            '") OR (x',
            "%00",
            "<script>alert(1)</script>",
            "https://code.example.gov/code/1-4.html",
            "us-xx",
            "us-xx/code/1-4".replace("/", "%2F"),
            "1-4(b)",
            "any",
            "\u202eabc",
            "x" * 3000,
            "-1",
            "1" * 40,
        ]
    ),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    made = build_web(tmp_path_factory.mktemp("example"))
    publish(made, "2024-07-18T06:00:00Z")
    return made


@pytest.fixture(scope="module")
def site(data):
    with closing(open_generation(data / "public" / "000001.db")) as db:
        yield db


@pytest.mark.parametrize("page", QUESTIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=ODD)
@example(odd="9999-12-31")
@example(odd="0001-01-01")
def test_any_value_of_any_parameter_is_answered(site, page, odd):
    for name in QUESTIONS[page].split():
        # A slash would make another path of it, which no page of these answers.
        path = page.format(quote(odd.replace("/", "|"), safe=""))
        answer = ask(site, f"{path}?{urlencode({name: odd})}")

        assert answer.status in (200, 303, 400, 404), (page, name, odd)
        assert "Traceback" not in answer.body
        assert "<script>" not in answer.body or not answer.content_type.startswith("text/html")
        if len(odd) > 1000:
            assert len(answer.body) < 60_000, (page, name)


# --- through the server


def fetch(data, monkeypatch, path, **asked):
    monkeypatch.setenv("KB_ADDRESS", "https://law.example")
    site = open_site(monkeypatch, data)

    async def run():
        return await site.client.get(path, follow_redirects=False, **asked)

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/changes?jurisdiction=us-xx", 200, "text/html"),
        ("/changes.atom?jurisdiction=us-xx", 200, "application/atom+xml"),
        ("/changes.json", 200, "application/feed+json"),
        ("/changes/report", 200, "text/html"),
        ("/calendar", 200, "text/html"),
        ("/calendar.ics", 200, "text/calendar"),
        ("/d/us-xx/code/1-1/diff/2024-01-08..2024-01-20", 200, "text/html"),
        ("/d/us-xx/code/1-4/beside/us-xx/code/1-20", 200, "text/html"),
        ("/search?q=clinic", 200, "text/html"),
        ("/changes?kind=melted", 400, "text/html"),
        ("/changes.json?kind=melted", 400, "application/json"),
        ("/changes.atom?kind=melted", 400, "text/plain"),
        ("/calendar?kind=melted", 400, "text/html"),
        ("/calendar.ics?kind=melted", 400, "text/plain"),
        ("/search?q=" + "x" * 300, 400, "text/html"),
        ("/c/nothing", 404, "text/html"),
        ("/e/nothing", 404, "text/html"),
        ("/d/us-xx/code/1-1/diff/x..y", 404, "text/html"),
        ("/d/us-xx/code/1-4?as_of=1990-01-01", 404, "text/html"),
        ("/changes.xml", 404, "text/html"),
    ],
)
def test_server_answers_each_question_in_its_form(data, monkeypatch, path, status, kind):
    answer = fetch(data, monkeypatch, path)

    assert (status, kind) == (answer.status_code, answer.headers["content-type"].partition(";")[0])
    assert "Traceback" not in answer.text


def test_server_sends_a_citation_straight_to_its_provision(data, monkeypatch):
    answer = fetch(data, monkeypatch, "/search", params={"q": "Example Code § 1-4(b)"})

    assert 303 == answer.status_code
    assert answer.headers["location"].startswith("/d/us-xx/code/1-4?searched=Example+Code")
    assert answer.headers["location"].endswith("#b")


def test_feed_of_the_server_names_the_address_its_operator_set_not_the_host_asked(data, monkeypatch):
    feed = json.loads(fetch(data, monkeypatch, "/changes.json", headers={"host": "evil.example"}).text)

    assert "https://law.example/changes.json" == feed["feed_url"]
    assert "evil" not in json.dumps(feed)


# --- what must always hold


WORDS = st.lists(
    st.sampled_from("a clinic shall may pay fees of 40 60 dollars ; . (b) <b> & licence".split()), max_size=30
)


@given(old=WORDS.map(" ".join), new=WORDS.map(" ".join))
def test_each_side_without_its_marks_is_the_text_itself(old, new):
    marked = mark_texts(old, new)

    assert old == unmark(marked.before)
    assert new == unmark(marked.after)


def unmark(markup):
    """Take the marks and their spoken words out of one side of a redline."""
    spoken = ("[removed: ", "[added: ", "[moved from here: ", "[moved here: ", "]")
    for words in spoken:
        markup = markup.replace(f'<span class="vh">{words}</span>', "")
    return unescape(TAG.sub("", markup))


@given(old=WORDS.map(" ".join), new=WORDS.map(" ".join))
def test_white_space_outside_of_marks_changes_no_word(old, new):
    markup = str(mark_texts(old, new).inline)

    assert "".join(strip_markup(markup).split()) == "".join(strip_markup(space_marks(markup)).split())


def test_marks_keep_their_white_space_outside():
    markup = str(mark_texts("within 24 hours", "within 12 hours").inline)

    assert "within [removed: 24] [added: 12] hours" == strip_markup(space_marks(markup))


def test_counts_made_when_published_are_those_of_the_changes(site):
    kept = {
        frozenset((name, str(getattr(one, name))) for name in one.__struct_fields__)
        for one in combine_changes(site, Wanted())
    }
    counted = combine_changes(site, Wanted(since="2000-01-01"))

    assert kept == {frozenset((name, str(getattr(one, name))) for name in one.__struct_fields__) for one in counted}


TROUBLE = (
    ("/j/us-zz", 404, "No such"),
    ("/q/nothing", 404, "No such question"),
    ("/f/nothing", 404, "No such answer"),
    ("/d/us-xx/code/9-9", 404, ""),
    ("/c/nothing", 404, "No such change"),
    ("/e/nothing", 404, ""),
    ("/d/us-xx/code/1-4?as_of=1990-01-01", 404, ""),
    ("/d/us-xx/code/1-4?as_of=soon", 400, "We cannot read this question"),
    ("/changes?kind=melted", 400, "These filters cannot be read"),
    ("/calendar?kind=melted", 400, "These filters cannot be read"),
    ("/compare?question=nothing", 400, "This cannot be compared"),
    ("/nothing/at/all", 404, "Not found"),
    ("/-/threads", 404, "Not found"),
)


@pytest.mark.parametrize(("path", "status", "title"), TROUBLE)
def test_programs_are_told_of_trouble_in_json_and_people_on_a_page(data, monkeypatch, path, status, title):
    told = fetch(data, monkeypatch, path, headers={"accept": "application/json"})
    page = fetch(data, monkeypatch, path, headers={"accept": "text/html,application/json;q=0.9,*/*;q=0.8"})

    assert (status, "application/json") == (told.status_code, told.headers["content-type"].partition(";")[0])
    assert (status, "text/html") == (page.status_code, page.headers["content-type"].partition(";")[0])
    assert {"ok", "error", "status", "title"} == set(told.json())
    assert told.json()["title"].startswith(title)
    assert len(told.json()["error"]) > 20


def test_path_that_names_json_is_answered_in_json(data, monkeypatch):
    told = fetch(data, monkeypatch, "/nothing.json")

    assert (404, "application/json") == (told.status_code, told.headers["content-type"].partition(";")[0])
    assert "There is no page /nothing.json." in told.json()["error"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", True),
        ("application/problem+json, */*", True),
        ("text/html", False),
        ("text/html,application/json", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_json_is_only_for_who_asks_for_it(accept, expected):
    assert expected == is_json_preferred(accept)
