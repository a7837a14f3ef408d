"""The running site moves to a new generation without a restart, an error, a mixed answer or a leaked handle."""

import asyncio
import re
import sqlite3
from contextlib import closing

import pytest

from kb.generations import POINTER, Pointer, read_pointer, write_pointer
from kb.store.public import map_file, open_published
from kb.web import mount, swap
from kb.web.answer import Answer, PageRoute
from kb.web.swap import GenerationDatabase
from tests.sites import copy_data, count_handles, make_data, open_site, publish_at

GENERATIONS, READERS = 20, 8
# A page of our own in two questions, Datasette's JSON, a stranger's SQL, a table page, a stream.
PATHS = (
    "/twice",
    "/kb/releases.json?_sort_desc=generation&_size=1&_shape=array",
    "/kb.json?sql=select+max(generation)+as+generation+from+releases&_shape=array",
    "/kb/releases?_sort_desc=generation&_size=1",
    "/kb/releases.csv?_sort_desc=generation&_stream=on",
)
ROW = re.compile(r'"generation": (\d+)|/kb/releases/(\d+)"|^(\d+),2024', re.MULTILINE)  # '"generation": 3'


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    return make_data(folder / "data", folder / "web")


@pytest.fixture
def data(made, tmp_path):
    return copy_data(made, tmp_path / "data")


def count_generation(db):
    return db.execute("SELECT MAX(generation) FROM releases").fetchone()[0]


def view_twice(db, asked):
    """Read the generation twice, with work between, as a page of several questions does."""
    first = count_generation(db)
    db.execute("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 20000) SELECT MAX(x) FROM n")
    return Answer(200, f'"generation": {first} "generation": {count_generation(db)}')


@pytest.fixture
def site(monkeypatch, data):
    monkeypatch.setattr(mount, "PAGES", (PageRoute("^/twice$", view_twice),))
    return open_site(monkeypatch, data)


async def read_until(site, done, seen):
    """Ask for one page after the other until the publisher has ended, and once more; note what does not fit."""
    last_round = False
    while not last_round:
        last_round = done.is_set()
        for path in PATHS:
            response = await site.client.get(path)
            told = {number for found in ROW.findall(response.text) for number in found if number}
            newest = {max(told, key=int)} if "csv" in path and told else told
            seen.append((response.status_code, response.headers["x-generation"], newest))


async def publish_many(data, done):
    for minute in range(1, GENERATIONS):
        await asyncio.to_thread(publish_at, data, minute)
    done.set()


def test_twenty_generations_under_eight_readers_give_no_error_and_no_mixed_answer(site, data):
    publish_at(data, 0)
    seen, done = [], asyncio.Event()

    async def run():
        await site.client.get("/twice")
        before = count_handles(data)
        await asyncio.gather(publish_many(data, done), *(read_until(site, done, seen) for _ in range(READERS)))
        return before, count_handles(data)

    before, after = asyncio.run(run())

    wrong = [answer for answer in seen if answer[0] != 200 or {answer[1]} != answer[2]]
    assert [] == wrong
    assert {"1", str(GENERATIONS)} <= {answer[1] for answer in seen}
    threads = 4
    assert before <= after <= 1 + 2 * threads  # the held file, and two pools of a connection for each thread


def test_request_in_flight_is_answered_from_the_generation_it_began_with(monkeypatch, data):
    publish_at(data, 1)
    entered = []

    def view_slowly(db, asked):
        first = count_generation(db)
        if not entered:
            entered.append(first)
            publish_at(data, 2)
        return Answer(200, f"{first} {count_generation(db)}")

    monkeypatch.setattr(mount, "PAGES", (PageRoute("^/slow$", view_slowly),))
    site = open_site(monkeypatch, data)

    async def run():
        return [await site.client.get("/slow") for _ in range(2)]

    answers = asyncio.run(run())

    assert ["1 1", "2 2"] == [answer.text for answer in answers]
    assert ["1", "2"] == [answer.headers["x-generation"] for answer in answers]


def test_handles_of_a_left_generation_are_closed(site, data):
    publish_at(data, 1)

    async def run():
        await site.client.get("/twice")
        publish_at(data, 2)
        await site.client.get("/twice")

    asyncio.run(run())

    assert 2 == count_handles(data / "public" / "000002.db")
    assert 0 == count_handles(data / "public" / "000001.db")


def test_lent_connection_is_closed_when_it_comes_back(site, data):
    pointer = Pointer(1, "000001.db", "2024-03-01T01:00:00Z", {})
    database = GenerationDatabase(site, publish_at(data, 1).path, pointer)

    with database._pages.lend() as db:
        database.close()
        assert 1 == count_generation(db)

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        count_generation(db)


def test_generation_is_never_opened_for_writing(site, data):
    database = GenerationDatabase(site, publish_at(data).path, read_pointer(data / "public"))

    with pytest.raises(sqlite3.OperationalError, match="never written"):
        database.connect(write=True)


def test_generation_is_read_through_a_map_of_its_file(data):
    with closing(open_published(publish_at(data, 1).path)) as db:
        before = db.execute("PRAGMA mmap_size").fetchone()[0]
        map_file(db)

        assert 0 == before < db.execute("PRAGMA mmap_size").fetchone()[0]
        assert 1 == count_generation(db)


def test_nothing_published_says_what_to_run_and_moves_on_by_itself(site, data):
    async def run():
        empty = [await site.client.get(path) for path in ("/", "/twice", "/kb/changes.json")]
        publish_at(data, 1)
        return empty, await site.client.get("/twice")

    empty, full = asyncio.run(run())

    assert [(503, "none", True)] * 3 == [
        (page.status_code, page.headers["x-generation"], "kb publish" in page.text) for page in empty
    ]
    assert (200, "1") == (full.status_code, full.headers["x-generation"])


@pytest.mark.parametrize("damage", ["pointer", "lost file", "not a database", "another generation"])
def test_damaged_publication_is_not_moved_to(site, data, damage):
    publish_at(data, 1)
    folder = data / "public"

    async def run():
        await site.client.get("/twice")
        if damage == "pointer":
            (folder / POINTER).write_text("{")
        else:
            write_pointer(folder, Pointer(2, "000002.db", "2024-03-01T01:02:00Z", {}))
        if damage == "not a database":
            (folder / "000002.db").write_bytes(b"\x00" * 5000)
        if damage == "another generation":
            (folder / "000002.db").write_bytes((folder / "000001.db").read_bytes())
        return await site.client.get("/twice")

    answer = asyncio.run(run())

    assert (200, "1") == (answer.status_code, answer.headers["x-generation"])
    assert 0 == count_handles(folder / "000002.db")


def test_damaged_publication_is_left_for_the_next_good_one(site, data):
    publish_at(data, 1)

    async def run():
        await site.client.get("/twice")
        write_pointer(data / "public", Pointer(2, "000002.db", "2024-03-01T01:02:00Z", {}))
        await site.client.get("/twice")
        publish_at(data, 3)
        return await site.client.get("/twice")

    assert "3" == asyncio.run(run()).headers["x-generation"]


def test_outside_of_a_request_no_generation_is_seen(site, data):
    publish_at(data)

    async def run():
        await site.client.get("/twice")

    asyncio.run(run())

    assert ([], 0, None) == (list(site.databases), len(site.databases), swap.CURRENT.get())
