"""The API answers what its description says, pages to the end of its lists, and says what was wrong."""

import asyncio
import re
from contextlib import closing
from datetime import date

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from kb.errors import NotFoundError
from kb.store import public
from kb.web import mount
from kb.web.answer import PageRoute
from kb.web.api.endpoint import CursorError, Endpoint, Found, One, Parameters, make_view, read_cursor, write_cursor
from kb.web.api.endpoints import ENDPOINTS
from kb.web.api.openapi import make_document
from kb.web.api.page import view_api, write_openapi
from kb.web.api.values import Record
from tests.sites import make_data, open_site, publish_at

# Few enough for a slow machine, from a fixed seed: the same requests every time.
EXAMPLES = 25
LISTS = ("jurisdictions", "sources", "documents", "versions", "changes", "events")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    made = make_data(folder / "data", folder / "web")
    publish_at(made)
    return made


@pytest.fixture
def site(monkeypatch, data):
    return open_site(monkeypatch, data)


@pytest.fixture(scope="module")
def app(data):
    with pytest.MonkeyPatch.context() as patch:
        yield open_site(patch, data).app()


def get(site, path, **keys):
    async def ask():
        return await site.client.get(f"/api/v1{path}", **keys)

    return asyncio.run(ask())


def read(site, path):
    answer = get(site, path)
    assert 200 == answer.status_code, answer.text
    return answer.json()


schema = schemathesis.openapi.from_dict(msgspec.json.decode(write_openapi()))


@schema.parametrize()
@settings(
    max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
def test_every_endpoint_does_what_its_description_says(case, app):
    case.call_and_validate(app=app)


@pytest.mark.parametrize("name", LISTS)
def test_pages_of_a_list_hold_each_record_once_in_the_order_of_the_whole(site, name):
    whole = read(site, f"/{name}?limit=200")["data"]
    paged, path = [], f"/{name}?limit=2"
    while path is not None:
        page = read(site, path)
        paged += page["data"]
        path = page["next"] and page["next"].removeprefix("/api/v1")

    assert whole == paged
    assert len(whole) > 2


def test_provisions_of_a_text_are_paged_too(site):
    whole = read(site, "/provisions?document=us-xx/code/1-2")
    first = read(site, "/provisions?document=us-xx/code/1-2&limit=3")
    second = read(site, first["next"].removeprefix("/api/v1"))

    assert (None, whole["data"][:6]) == (whole["next_cursor"], first["data"] + second["data"])
    assert whole["data"] == read(site, f"/versions/{whole['data'][0]['version']}/provisions")["data"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("rules=true", {("amended", "substantive", "text")}),
        ("rules=false", set()),
        ("kind=removed", set()),
        ("nature=substantive&part=text", {("amended", "substantive", "text")}),
        ("since=2024-02-10&until=2024-02-10", {("amended", "substantive", "text")}),
        ("since=2024-02-11", set()),
        ("until=2024-02-09", set()),
        ("signal=number", {("amended", "substantive", "text")}),
        ("signal=modality", set()),
        ("topic=pdmp", set()),
        ("effective_since=2024-01-01", set()),
    ],
)
def test_filters_of_changes_choose(site, query, expected):
    found = read(site, f"/changes?{query}")["data"]

    assert expected == {(one["kind"], one["nature"], one["part"]) for one in found}


def test_filters_are_joined(site):
    everything = read(site, "/changes")["data"]
    some = read(site, f"/changes?source=us-xx-open&document={everything[0]['document']}")["data"]

    assert 4 == len(everything)
    assert [
        one for one in everything if (one["source"], one["document"]) == ("us-xx-open", everything[0]["document"])
    ] == some


def test_answer_says_when_it_is_true_and_where_it_is_from(site):
    answer = read(site, "/documents/us-xx/code/1-2")

    assert (True, 1) == (answer["is_current"], answer["edition"]["generation"])
    assert ("in_force", 2) == (answer["data"]["state"], len(read(site, "/versions?document=us-xx/code/1-2")["data"]))
    provenance = answer["data"]["provenance"]
    assert provenance["official_url"].startswith("https://rules.example.gov/")
    assert re.fullmatch("[0-9a-f]{64}", provenance["sha256"])
    assert "2024-02-10T12:00:00Z" == provenance["captured_at"] == provenance["last_checked"]


def test_text_of_a_past_day_is_that_days_and_not_current(site):
    past = read(site, "/documents/us-xx/code/1-2?as_of=2024-01-20")

    words = " ".join(one["text"] for one in past["data"]["provisions"])
    assert (False, "2024-01-20", "in_force", 1) == (
        past["is_current"],
        past["as_of"],
        past["data"]["state"],
        past["data"]["later_changes"],
    )
    assert ("ten days" in words, "thirty days" in words) == (True, False)


def test_what_was_known_then_leaves_out_what_was_learned_later(site):
    then = read(site, "/documents/us-xx/code/1-2?as_of=2024-02-20&known_at=2024-01-31")

    assert ("2024-01-31T23:59:59.999999Z", "2024-01-10T12:00:00Z") == (
        then["known_at"],
        then["data"]["version"]["observed_from"],
    )


def test_day_before_the_first_sight_is_unknown(site):
    answer = read(site, "/documents/us-xx/code/1-2?as_of=2020-01-01")["data"]

    assert ("unknown_before", None, []) == (answer["state"], answer["version"], answer["provisions"])


def test_withheld_texts_stay_withheld(site):
    found = read(site, "/provisions?document=us-xx/code/1-1&limit=200")["data"]
    withheld = read(site, "/changes?source=us-xx-withheld")["data"]

    assert {"us-xx-open"} == {one["source"] for one in found}
    assert [("", "", "", True)] == [(one["old_text"], one["new_text"], one["reason"], one["cut"]) for one in withheld]


def test_search_finds_what_is_cited_then_what_holds_the_words(site):
    cited = read(site, "/search?q=us-xx/code/1-2")["data"]
    found = read(site, "/search?q=fee&limit=1")["data"]

    assert [("us-xx/code/1-2", True)] == [(one["document"], one["is_cited"]) for one in cited]
    assert [("A fee is due", False)] == [(one["snippet"].rstrip(".")[-12:], one["is_cited"]) for one in found]


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/changes?kind=x", 400, "in `kind`. Parameters of /changes: limit, cursor, since"),
        ("/changes?since=yesterday", 400, "in `since`"),
        ("/changes?limit=0", 400, "in `limit`"),
        ("/changes?nothing=1", 400, "nothing"),
        ("/changes?cursor=x", 404, "cursor: expected the next_cursor"),
        ("/changes?jurisdiction=us-zz", 404, "there are us, us-"),
        ("/changes/0123456789abcdef", 404, "no change with the id"),
        ("/versions/0123456789abcdef", 404, "no version"),
        ("/events/x", 404, "no event"),
        ("/sources/x", 404, "no source"),
        ("/jurisdictions/us-zz", 404, "no jurisdiction"),
        ("/documents/us-xx/code/1-9", 404, "us-xx/code/1-2"),
        ("/documents/us-xx/code/1-2?strand=pending", 404, "it has current"),
        ("/provisions", 400, "document"),
        ("/versions/0123456789abcdef/provisions", 404, "no version"),
        ("/provisions?document=us-xx/code/1-2&as_of=2020-01-01", 404, "first saw it"),
        ("/search", 400, "Parameters of /search: q, limit"),
        ("/nothing", 404, "/api/v1/openapi.json"),
    ],
)
def test_what_cannot_be_answered_says_what_there_is(site, path, status, words):
    answer = get(site, path)

    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance"} == problem.keys()
    assert (status, True) == (problem["status"], words in problem["detail"])


def test_other_methods_and_an_empty_folder_are_told_as_problems(monkeypatch, site, tmp_path):
    async def ask(other):
        return await other.client.post("/api/v1/changes"), await other.client.get("/api/v1/changes")

    posted, _ = asyncio.run(ask(site))
    _, empty = asyncio.run(ask(open_site(monkeypatch, tmp_path)))

    assert (405, "GET, HEAD", 405) == (posted.status_code, posted.headers["allow"], posted.json()["status"])
    assert (503, "30", True) == (
        empty.status_code,
        empty.headers["retry-after"],
        "kb publish" in empty.json()["detail"],
    )


def test_one_definition_serves_and_describes_an_endpoint(monkeypatch, data):
    class Asked(Parameters, frozen=True, kw_only=True):
        """What a sum is made of."""

        a: int
        b: int = 1

    class Total(Record, frozen=True, kw_only=True):
        """A sum."""

        total: int

    def add(asked):
        if asked.parameters.a < 0:
            raise NotFoundError("a is below zero")
        return Found(data=Total(total=asked.parameters.a + asked.parameters.b))

    endpoint = Endpoint(
        name="add",
        path="/sums/{a}",
        title="Sum",
        description="Adds.",
        parameters=Asked,
        reply=One[Total],
        read=add,
        example="/sums/1",
    )
    monkeypatch.setattr(mount, "API_PAGES", (PageRoute(endpoint.pattern, make_view(endpoint)),))
    site = open_site(monkeypatch, data)

    told = make_document([endpoint])["paths"]["/sums/{a}"]["get"]

    assert {"total": 5} == get(site, "/sums/2?b=3").json()["data"]
    assert [400, 404] == [get(site, path).status_code for path in ("/sums/two", "/sums/-1")]
    assert [("a", "path", True), ("b", "query", False)] == [
        (one["name"], one["in"], one["required"]) for one in told["parameters"]
    ]


def test_description_is_served_as_it_is_made(site):
    answer = get(site, "/openapi.json")

    assert write_openapi() == answer.text
    assert "3.1.0" == answer.json()["openapi"]


def test_page_explains_every_endpoint_and_parameter(data):
    with closing(public.open_published(data / "public" / "000001.db")) as db:
        page = view_api(db, {"today": date(2024, 3, 1).isoformat()}).body

    missing = [one.path for one in ENDPOINTS if f"<code>GET /api/v1{one.path}</code>" not in page]
    assert [] == missing
    fields = {name for one in ENDPOINTS for name in one.parameters.__struct_fields__}
    assert [] == [name for name in sorted(fields) if f"<dt><code>{name}</code>" not in page]


@pytest.mark.parametrize("key", [[], ["a"], ["§", 3, "x/y"]])
def test_cursor_gives_back_the_key_it_was_made_of(key):
    assert key == read_cursor(write_cursor(key), len(key))


@pytest.mark.parametrize("cursor", ["", "x", "§", "WyJhIl0", "bnVsbA", "W3t9XQ", write_cursor([2**70])])
def test_cursor_that_is_none_is_refused(cursor):
    with pytest.raises(CursorError, match="next_cursor"):
        read_cursor(cursor, 2 if cursor == "WyJhIl0" else 1)
