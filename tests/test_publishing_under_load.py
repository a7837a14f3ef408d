"""Twenty generations are published while eight readers and a browser use the real server: nothing fails or is mixed."""

import http.client
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Semaphore

import pytest
from playwright.sync_api import sync_playwright

from kb.serve import ServeRequest, start_server, stop_server
from tests.sites import count_handles, find_port, make_data, publish_at, wait_for

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
GENERATIONS, READERS = 20, 8
# Each tells in its body which generation it was made from.
TOLD = {
    "/": re.compile(r"edition (\d+)"),
    "/changes": re.compile(r"edition (\d+)"),
    "/d/us-xx/code/1-2": re.compile(r"edition (\d+)"),
    "/api/v1/changes?limit=1": re.compile(r'"generation":(\d+)'),
    "/kb/releases.json?_sort_desc=generation&_size=1&_shape=array": re.compile(r'"generation": (\d+)'),
    "/kb.json?sql=select+max(generation)+as+generation+from+releases&_shape=array": re.compile(r'"generation": (\d+)'),
}
# In one process: two pools of a connection for each of six threads, the held file; two generations while one drains.
MOST_HANDLES = 2 * (1 + 2 * 6)


@pytest.fixture
def data(tmp_path):
    made = make_data(tmp_path / "data", tmp_path / "web")
    publish_at(made, 0)
    return made


@pytest.fixture
def server(data):
    port = find_port()
    process = start_server(ServeRequest(data, port=port))
    wait_for(port)
    yield port, process.pid
    stop_server(process)


# What Chromium says of a request that it ended itself.
GIVEN_UP = "net::ERR_ABORTED"


def read_all_the_time(port, done):
    """Ask for page after page; return what did not fit, how many were asked, and the generations seen."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    wrong, seen, count = [], set(), 0
    last_round = False
    while not last_round:
        last_round = done.is_set()
        for path, told in TOLD.items():
            connection.request("GET", path)
            answer = connection.getresponse()
            numbers = set(told.findall(answer.read().decode()))
            generation = answer.headers["x-generation"]
            count += 1
            seen.add(int(generation))
            if (answer.status, numbers) != (200, {generation}):
                wrong.append((path, answer.status, generation, numbers))
    connection.close()
    return wrong, count, seen


def browse_all_the_time(port, done, turns):
    """Visit pages with a browser, telling each one; return what did not fit and the generations seen."""
    wrong, seen = [], set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # What the browser gives up itself when it leaves a page (its icon, mostly) is no failure of the site.
        page.on("requestfailed", lambda request: wrong.extend([request.url] * (request.failure != GIVEN_UP)))
        while not (done.is_set() and seen):
            for path in ("/", "/changes", "/d/us-xx/code/1-2"):
                answer = page.goto(f"http://127.0.0.1:{port}{path}", wait_until="load")
                shown = re.findall(r"edition (\d+)", page.inner_text("body"))
                seen.add(answer.headers["x-generation"])
                if (answer.status, set(shown)) != (200, {answer.headers["x-generation"]}):
                    wrong.append((path, answer.status, shown))
                turns.release()
        browser.close()
    return wrong, seen


def publish_many(data, done, turns):
    """Publish one generation for each page the browser has opened."""
    try:
        for minute in range(1, GENERATIONS + 1):
            turns.acquire(timeout=20)
            publish_at(data, minute)
    finally:
        done.set()


@pytest.mark.skipif(CHROMIUM is None, reason="no browser: on Debian, apt-get install --no-install-recommends chromium")
def test_twenty_generations_under_eight_readers_and_a_browser(server, data):
    port, process = server
    done, turns = Event(), Semaphore(0)

    with ThreadPoolExecutor(READERS + 2) as threads:
        readers = [threads.submit(read_all_the_time, port, done) for _ in range(READERS)]
        browser = threads.submit(browse_all_the_time, port, done, turns)
        threads.submit(publish_many, data, done, turns).result()
        read = [reader.result() for reader in readers]
        wrong, seen = browser.result()

    assert ([], []) == ([one for found, _, _ in read for one in found], wrong)
    generations = set().union(*(numbers for _, _, numbers in read))
    assert {GENERATIONS + 1} <= generations
    assert len(generations) > GENERATIONS // 2
    assert len(seen) > GENERATIONS // 2
    assert 0 < count_handles(data, process) <= MOST_HANDLES


def test_old_generations_are_let_go(server, data):
    port, process = server
    done = Event()
    done.set()

    for minute in range(1, 6):
        publish_at(data, minute)
        read_all_the_time(port, done)
    names = {path.name for path in (data / "public").glob("*.db")}

    assert {"000004.db", "000005.db", "000006.db"} == names
    assert [0, 0] == [count_handles(data / "public" / f"00000{number}.db", process) for number in (4, 5)]
    assert json.loads((data / "public" / "current.json").read_text())["generation"] == 6
