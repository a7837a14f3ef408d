"""Kept answers are those a reader would get anew: of one generation, one day, no reader's own; and bounded."""

import asyncio
from datetime import UTC, datetime

import pytest

from kb.web import mount, operating
from kb.web.answer import Answer, PageRoute
from kb.web.cache import OVERHEAD, Kept, ResponseCache
from kb.web.mount import Site
from tests.sites import make_data, open_site, publish_at


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    made = make_data(folder / "data", folder / "web")
    publish_at(made)
    return made


@pytest.fixture
def asked():
    return []


@pytest.fixture
def site(monkeypatch, data, asked):
    def view(db, query):
        asked.append(dict(query))
        return Answer(int(query.get("status", "200")), f"answer {len(asked)} {query.get('fill', '') * 10}")

    def view_large(db, query):
        asked.append(dict(query))
        return Answer(200, "x" * 2_000_000)

    monkeypatch.setattr(mount, "PAGES", (PageRoute("^/page$", view), PageRoute("^/large$", view_large)))
    return open_site(monkeypatch, data)


def get_all(site, *requests):
    async def run():
        return [await site.client.get(path, headers=headers) for path, headers in requests]

    return asyncio.run(run())


def test_second_reader_gets_the_kept_answer(site, asked):
    first, second = get_all(site, ("/page?q=1", {}), ("/page?q=1", {}))

    assert (1, first.text, dict(first.headers)) == (len(asked), second.text, dict(second.headers))
    assert "public, max-age=0, s-maxage=60, must-revalidate" == first.headers["cache-control"]
    assert "vary" not in first.headers


@pytest.mark.parametrize("other", ["/page?q=2", "/page?q=1&r=", "/page", "/page?q=1#x"])
def test_other_questions_are_answered_anew(site, asked, other):
    get_all(site, ("/page?q=1", {}), (other, {}))

    assert len(asked) == (1 if "#" in other else 2)


@pytest.mark.parametrize("name", ["Cookie", "Authorization"])
def test_reader_who_is_named_gets_an_answer_of_their_own(site, asked, name):
    get_all(site, ("/page", {name: "a=b"}), ("/page", {}), ("/page", {name: "a=b"}))

    assert 3 == len(asked)


@pytest.mark.parametrize("path", ["/page?status=404", "/page?status=503", "/large"])
def test_errors_and_large_answers_are_not_kept(site, asked, path):
    first, second = get_all(site, (path, {}), (path, {}))

    assert (2, len(first.content)) == (len(asked), len(second.content))
    assert "etag" not in first.headers


def test_a_copy_that_is_still_good_is_not_sent_again(site, asked):
    (first,) = get_all(site, ("/page", {}))
    etag = first.headers["etag"]
    weak, among, other = get_all(
        site,
        ("/page", {"If-None-Match": f"W/{etag}"}),
        ("/page", {"If-None-Match": f'"x", {etag}'}),
        ("/page", {"If-None-Match": '"x"'}),
    )

    assert [(304, b""), (304, b""), (200, first.content)] == [
        (answer.status_code, answer.content) for answer in (weak, among, other)
    ]
    assert (etag, first.headers["x-generation"]) == (weak.headers["etag"], weak.headers["x-generation"])
    assert "nosniff" == weak.headers["x-content-type-options"]


def test_new_generation_is_answered_from_its_own_pages(site, data, asked):
    (before,) = get_all(site, ("/page", {}))
    number = publish_at(data, 7).generation
    (after,) = get_all(site, ("/page", {}))

    assert ("answer 1 ", "answer 2 ", str(number)) == (before.text, after.text, after.headers["x-generation"])


@pytest.mark.parametrize("path", ["/static/statusquo.css", "/kb/changes.json", "/kb/changes.csv"])
def test_files_and_tables_are_kept_too(site, path):
    first, second = get_all(site, (path, {}), (path, {}))
    (third,) = get_all(site, (path, {"If-None-Match": first.headers["etag"]}))

    assert (200, first.content, 304) == (first.status_code, second.content, third.status_code)
    assert first.headers["content-type"] == second.headers["content-type"]


@pytest.mark.parametrize("path", ["/changes.atom?kind=amended", "/changes.json", "/calendar.ics"])
def test_feeds_of_any_filter_are_sent_once_to_those_who_have_them(monkeypatch, data, path):
    site = open_site(monkeypatch, data)
    (first,) = get_all(site, (path, {}))
    second, other = get_all(
        site, (path, {"If-None-Match": first.headers["etag"]}), (f"{path.partition('?')[0]}?topic=pdmp", {})
    )

    assert (200, 304, b"") == (first.status_code, second.status_code, second.content)
    assert first.headers["etag"] != other.headers["etag"]


def test_sql_that_may_ask_for_the_time_is_not_kept(site):
    first, _ = get_all(site, ("/kb.json?sql=select+strftime('%25f','now')+as+a", {}), ("/page", {}))

    assert (200, False) == (first.status_code, "etag" in first.headers)


def test_of_many_who_ask_at_once_only_the_first_makes_the_answer(site, asked):
    async def run():
        return await asyncio.gather(*(site.client.get("/page?fill=a") for _ in range(9)))

    answers = asyncio.run(run())

    assert (1, {"answer 1 aaaaaaaaaa"}) == (len(asked), {answer.text for answer in answers})


def make_kept(size):
    return Kept([], b"x" * size, b'"e"')


def test_least_used_answers_go_when_there_is_no_room():
    cache = ResponseCache(3 * (OVERHEAD + 10))
    keys = [("2024-03-01", b"/", b"%d" % n) for n in range(4)]

    for key in keys[:3]:
        cache.keep(key, make_kept(10))
    cache.find(keys[0])
    cache.keep(keys[3], make_kept(10))

    assert [True, False, True, True] == [cache.find(key) is not None for key in keys]


def test_answers_never_hold_more_than_the_room_given():
    room = 40 * (OVERHEAD + 50)
    cache = ResponseCache(room)

    for n in range(1000):
        cache.keep(("2024-03-01", b"/", b"%d" % n), make_kept(n % 101))

    held = [cache.find(("2024-03-01", b"/", b"%d" % n)) for n in range(1000)]
    assert 0 < sum(len(kept.body) + OVERHEAD for kept in held if kept is not None) <= room


def test_yesterdays_answers_are_not_given_today():
    days = iter([1, 1, 2])
    sent = []

    async def app(scope, receive, send):
        sent.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a"})

    async def run():
        site = Site(app, FakeShelf(), lambda: datetime(2024, 3, next(days), tzinfo=UTC))
        for _ in range(3):
            await site({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}, None, drop)

    asyncio.run(run())

    assert ["/", "/"] == sent


async def drop(message):
    """Take a message of an answer and forget it."""


class FakeShelf:
    """A shelf with one generation that needs no file."""

    is_refusing = False

    def __init__(self):
        self.cache = ResponseCache()
        self.pointer = operating.Health("ok", 1)

    def take(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """Let go of nothing."""
